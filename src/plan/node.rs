//! What becomes of a node: its action, its operation and its entry in the inventory.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster::{Compared, Live, objects_of};
use super::destroy::{Standing, existing, record_objects, standing};
use super::errors;
use super::input::{ManifestNode, Node, NodeKind, ReleaseNode};
use super::inventory::{Entry, EntryKind, Owned};
use super::live::Records;
use super::model::{Action, Change, ChartStep, ObjectChange};
use super::object::{ObjectRef, holds_data, integers, sha256, text};
use super::op::{ObjectOp, ObjectsOp, Operation, ReleaseOp, Revision};
use super::record::Record;
use crate::diag::Diags;

/// Namespaces are not waited for beyond this; a manifest says itself.
const NAMESPACE_TIMEOUT: u64 = 120;

/// What is known of a node before its objects are compared.
pub(super) struct State<'a> {
    entry: Option<&'a Entry>,
    records: Option<&'a Records>,
    digest: String,
    revision: Option<Revision>,
    /// The last record says what is wanted.
    same: bool,
}

impl<'a> State<'a> {
    pub fn of(live: &'a Live<'a>, node: &Node) -> Self {
        let entry = live.entry(&node.address);
        match &node.kind {
            NodeKind::Release(release) => {
                let revision = revision(release);
                let records = live.records(&release.namespace, &release.name);
                let same = records.and_then(Records::last).is_some_and(|r| r.says(&revision));
                let digest = hash(&json!([
                    text(&revision.chart, &["metadata", "name"]),
                    text(&revision.chart, &["metadata", "version"]),
                    revision.config,
                    revision.manifest,
                    revision.hooks.iter().map(|h| h.manifest.as_str()).collect::<Vec<_>>(),
                ]));
                State { entry, records, digest, revision: Some(revision), same }
            }
            _ => {
                let bodies: Vec<&Value> = objects_of(node).iter().map(|o| &o.body).collect();
                State { entry, records: None, digest: hash(&json!(bodies)), revision: None, same: true }
            }
        }
    }

    /// The source says something else than what was applied last.
    pub fn changed(&self) -> bool {
        self.entry.is_none_or(|e| e.digest != self.digest)
    }
}

fn hash(value: &Value) -> String {
    sha256(&serde_json::to_vec(&integers(value)).unwrap_or_default())
}

fn revision(release: &ReleaseNode) -> Revision {
    Revision {
        chart: integers(&release.chart),
        config: integers(&release.config),
        manifest: release.manifest.clone(),
        notes: release.notes.clone(),
        hooks: release.hooks.clone(),
    }
}

pub(super) async fn decide(
    live: &Live<'_>,
    node: &Node,
    state: State<'_>,
    crds: Vec<Compared>,
    objects: Vec<Compared>,
) -> Result<Change, Diags> {
    match &node.kind {
        NodeKind::Release(release) => self::release(live, node, release, state, crds, objects).await,
        NodeKind::Namespace(namespace) => {
            let op = ManifestNode {
                objects: Vec::new(),
                wait: true,
                timeout: std::time::Duration::from_secs(NAMESPACE_TIMEOUT),
            };
            plain(live, node, EntryKind::Namespace, &namespace.name, &op, state, objects).await
        }
        NodeKind::Manifest(manifest) => {
            plain(live, node, EntryKind::Manifest, "", manifest, state, objects).await
        }
    }
}

/// A namespace or manifest.
async fn plain(
    live: &Live<'_>,
    node: &Node,
    kind: EntryKind,
    name: &str,
    manifest: &ManifestNode,
    state: State<'_>,
    compared: Vec<Compared>,
) -> Result<Change, Diags> {
    let wanted: BTreeSet<_> = compared.iter().map(|(_, op)| op.object.key()).collect();
    let former = state.entry.iter().flat_map(|e| &e.objects);
    let gone: Vec<ObjectRef> = former
        .filter(|o| !wanted.contains(&o.object.key()) && o.may_be_deleted())
        .map(|o| o.object.clone())
        .collect();
    let prune = existing(live.api, &gone).await?;

    let quiet = all_quiet(&compared) && prune.is_empty();
    let fresh = !compared.iter().any(|(c, _)| c.action != Action::Create);
    let unfinished = state.entry.is_some_and(|e| e.unfinished);
    let action = match state.entry {
        None if fresh => Action::Create,
        None => Action::Adopt,
        // A manifest may still have been waited for; a namespace that is as wanted is done.
        Some(_) if quiet && (!unfinished || kind == EntryKind::Namespace) => Action::NoOp,
        Some(_) if compared.iter().any(|(c, _)| c.action == Action::Replace) => Action::Replace,
        Some(_) if state.changed() => Action::Upgrade,
        Some(_) => Action::Repair,
    };
    let reason = if unfinished && action == Action::Repair { "the last apply was cut short" } else { "" };
    let entry = Entry {
        kind,
        name: name.to_owned(),
        namespace: String::new(),
        objects: owned(&compared, state.entry),
        after: Vec::new(),
        prevent_destroy: node.prevent_destroy,
        digest: state.digest.clone(),
        revision: 0,
        unfinished: false,
    };
    let (mut changes, ops): (Vec<ObjectChange>, Vec<ObjectOp>) = compared.into_iter().unzip();
    changes.extend(prune.iter().map(destroyed));
    let operation = if action == Action::NoOp {
        Operation::Nothing
    } else {
        Operation::Objects(ObjectsOp {
            objects: ops,
            prune,
            wait: manifest.wait,
            timeout_seconds: manifest.timeout.as_secs(),
        })
    };
    Ok(change(node, action, reason, None, changes, operation, entry))
}

async fn release(
    live: &Live<'_>,
    node: &Node,
    release: &ReleaseNode,
    state: State<'_>,
    crds: Vec<Compared>,
    compared: Vec<Compared>,
) -> Result<Change, Diags> {
    let none = Records::default();
    let records = state.records.unwrap_or(&none);
    let last = records.last().filter(|r| r.status() != "uninstalled");
    let deployed = records.deployed();
    if let Some(record) =
        last.filter(|r| state.entry.is_none() && (r.is_pending() || r.status() == "uninstalling"))
    {
        let since = text(&record.body, &["info", "last_deployed"]);
        let mut diags = Diags::default();
        diags.push(errors::busy(
            node.address.as_str(),
            &release.name,
            &release.namespace,
            record.status(),
            since,
            node.span,
        ));
        return Err(diags);
    }

    let wanted: BTreeSet<_> = compared.iter().chain(&crds).map(|(_, op)| op.object.key()).collect();
    let (mut former, mut keep): (Vec<ObjectRef>, Vec<ObjectRef>) = (Vec::new(), Vec::new());
    for record in &records.revisions {
        let (objects, kept) = record_objects(live.api, record).await?;
        former.extend(objects.into_iter().filter(|o| !wanted.contains(&o.key())));
        keep.extend(kept.into_iter().filter(|o| !wanted.contains(&o.key())));
    }
    let Standing { owned: prune, kept } =
        standing(live.api, former, keep, &release.name, &release.namespace).await?;

    let quiet = all_quiet(&compared) && all_quiet(&crds) && prune.is_empty();
    let verdict =
        verdict(&state, last, deployed, quiet, compared.iter().any(|(c, _)| c.action == Action::Replace));
    let chart_to = text(&release.chart, &["metadata", "version"]).to_owned();
    let chart = ChartStep {
        name: text(&release.chart, &["metadata", "name"]).to_owned(),
        from: deployed.or(last).map(|r| r.chart_version().to_owned()),
        to: Some(chart_to),
    };
    let last_revision = records.last().map_or(0, Record::version);
    let entry = Entry {
        kind: EntryKind::Release,
        name: release.name.clone(),
        namespace: release.namespace.clone(),
        objects: owned(&crds, state.entry),
        after: Vec::new(),
        prevent_destroy: node.prevent_destroy,
        digest: state.digest.clone(),
        revision: if verdict.new_revision { last_revision.saturating_add(1) } else { last_revision },
        unfinished: false,
    };
    let (mut changes, crd_ops): (Vec<ObjectChange>, Vec<ObjectOp>) = crds.into_iter().unzip();
    let (more, ops): (Vec<ObjectChange>, Vec<ObjectOp>) = compared.into_iter().unzip();
    changes.extend(more);
    changes.extend(prune.iter().map(destroyed));
    let operation = if verdict.action == Action::NoOp {
        Operation::Nothing
    } else {
        Operation::Release(Box::new(ReleaseOp {
            name: release.name.clone(),
            namespace: release.namespace.clone(),
            revision: state.revision.filter(|_| verdict.new_revision),
            install: deployed.is_none(),
            last_revision,
            deployed_revision: deployed.map(Record::version),
            cut_short: records.revisions.iter().filter(|r| r.is_pending()).map(Record::version).collect(),
            crds: crd_ops,
            objects: ops,
            prune,
            wait: release.wait,
            timeout_seconds: release.timeout.as_secs(),
            on_failure: release.on_failure,
        }))
    };
    let change = change(node, verdict.action, &verdict.reason, Some(chart), changes, operation, entry);
    Ok(Change { kept, ..change })
}

struct Verdict {
    action: Action,
    reason: String,
    /// Write a revision and run hooks; else only objects are set right.
    new_revision: bool,
}

fn verdict(
    state: &State<'_>,
    last: Option<&Record>,
    deployed: Option<&Record>,
    quiet: bool,
    replaces: bool,
) -> Verdict {
    let say =
        |action, reason: &str, new_revision| Verdict { action, reason: reason.to_owned(), new_revision };
    let Some(last) = last else {
        return match state.entry {
            Some(entry) if entry.unfinished => say(Action::Create, "the last apply was cut short", true),
            Some(_) => say(Action::Repair, "uninstalled outside of relc", true),
            None => say(Action::Create, "", true),
        };
    };
    let Some(entry) = state.entry else {
        let reason =
            format!("release made by another tool, revision {} is `{}`", last.version(), last.status());
        return say(Action::Adopt, &reason, !state.same || last.status() != "deployed");
    };
    if last.status() != "deployed" {
        let reason = match last.status() {
            "failed" => {
                format!("revision {} failed: {}", last.version(), text(&last.body, &["info", "description"]))
            }
            status => format!("revision {} was cut short, it is still `{status}`", last.version()),
        };
        let action = match deployed {
            Some(_) if !state.same => Action::Upgrade,
            _ => Action::Repair,
        };
        return say(if replaces { Action::Replace } else { action }, &reason, true);
    }
    if state.same {
        return match (quiet, entry.unfinished) {
            (true, _) => say(Action::NoOp, "", false),
            (false, true) => say(Action::Repair, "the last apply was cut short", false),
            (false, false) if replaces => say(Action::Replace, "", false),
            (false, false) => say(Action::Repair, "changed outside of relc", false),
        };
    }
    if replaces {
        return say(Action::Replace, "", true);
    }
    if state.changed() {
        return say(Action::Upgrade, "", true);
    }
    say(Action::Repair, &format!("revision {} was made outside of relc", last.version()), true)
}

fn all_quiet(compared: &[Compared]) -> bool {
    compared.iter().all(|(c, _)| c.action == Action::NoOp)
}

/// What the node owns when it is applied. `created` stays true once it was.
fn owned(compared: &[Compared], entry: Option<&Entry>) -> Vec<Owned> {
    let before = |object: &ObjectRef| {
        entry.and_then(|e| e.objects.iter().find(|o| o.object.same_object(object))).is_some_and(|o| o.created)
    };
    compared
        .iter()
        .map(|(change, op)| Owned {
            object: op.object.clone(),
            created: change.action == Action::Create || before(&op.object),
        })
        .collect()
}

pub(super) fn destroyed(object: &ObjectRef) -> ObjectChange {
    ObjectChange {
        api_version: object.api_version.clone(),
        kind: object.kind.clone(),
        name: object.name.clone(),
        namespace: object.namespace.clone(),
        action: Action::Destroy,
        fields: Vec::new(),
        left_alone: Vec::new(),
        data_loss: holds_data(object),
        unseen: false,
        source: None,
    }
}

fn change(
    node: &Node,
    action: Action,
    reason: &str,
    chart: Option<ChartStep>,
    objects: Vec<ObjectChange>,
    operation: Operation,
    entry: Entry,
) -> Change {
    Change {
        address: node.address.to_string(),
        cluster: String::new(),
        action,
        reason: reason.to_owned(),
        chart,
        objects,
        kept: Vec::new(),
        after: Vec::new(),
        operation,
        entry: Some(entry),
        former: None,
    }
}
