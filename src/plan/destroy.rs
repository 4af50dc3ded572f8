//! Removal of nodes: those that left the source, or all of a stack.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use super::api::Api;
use super::cluster::Live;
use super::errors;
use super::input::Address;
use super::inventory::{Entry, EntryKind, Owned};
use super::live::{CONCURRENCY, Key, Records, fetch};
use super::model::{Action, Change, ChartStep, ObjectChange};
use super::node::destroyed;
use super::object::{MANAGED_BY, ObjectRef, RELEASE_NAME, RELEASE_NAMESPACE, annotation, is_kept, text};
use super::op::{DeleteOp, Operation, UninstallOp};
use super::record::Record;
use crate::diag::{Diag, Diags};

/// How long a removal may take. Helm's default for everything.
const TIMEOUT: u64 = 300;

/// Place in the order of removal: Helm's, but for kinds it does not list, which go first here: custom resources
/// need their controller, and their CRD, to be finalized.
pub(crate) fn uninstall_rank(kind: &str) -> usize {
    match crate::render::uninstall_rank(kind) {
        (usize::MAX, _) => 0,
        (place, _) => place.saturating_add(1),
    }
}

/// Changes that remove the inventory's entries for which `gone` says so.
pub(super) async fn removed(
    live: &Live<'_>,
    cluster: &Address,
    gone: impl Fn(&str) -> bool,
    diags: &mut Diags,
) -> Vec<(String, Entry, Change)> {
    let entries = live.held.inventory.iter().flat_map(|i| &i.entries).filter(|(address, _)| gone(address));
    let results = stream::iter(entries)
        .map(|(address, entry)| async move { (address, entry, remove(live, cluster, address, entry).await) })
        .buffered(CONCURRENCY)
        .collect::<Vec<_>>()
        .await;
    let mut out = Vec::new();
    for (address, entry, result) in results {
        match result {
            Ok(change) => out.push((address.clone(), entry.clone(), change)),
            Err(found) => diags.append(found),
        }
    }
    out
}

async fn remove(live: &Live<'_>, cluster: &Address, address: &str, entry: &Entry) -> Result<Change, Diags> {
    let deletable: Vec<ObjectRef> =
        entry.objects.iter().filter(|o| o.may_be_deleted()).map(|o| o.object.clone()).collect();
    let (objects, kept, chart, operation) = match entry.kind {
        EntryKind::Release => {
            let records = live.records(&entry.namespace, &entry.name);
            let (op, chart) = uninstall(live.api, entry, records, deletable).await?;
            let objects: Vec<ObjectChange> = op.objects.iter().chain(&op.crds).map(destroyed).collect();
            (objects, op.kept.clone(), chart, Operation::Uninstall(Box::new(op)))
        }
        EntryKind::Namespace | EntryKind::Manifest => {
            let mut objects = existing(live.api, &deletable).await?;
            objects.sort_by_key(|o| uninstall_rank(&o.kind));
            (
                objects.iter().map(destroyed).collect(),
                Vec::new(),
                None,
                Operation::DeleteObjects(DeleteOp { objects, timeout_seconds: TIMEOUT }),
            )
        }
    };
    Ok(Change {
        address: address.to_owned(),
        cluster: cluster.to_string(),
        action: Action::Destroy,
        reason: String::new(),
        chart,
        objects,
        kept,
        after: Vec::new(),
        operation,
        entry: None,
        former: Some(entry.clone()),
    })
}

async fn uninstall(
    api: Api<'_>,
    entry: &Entry,
    records: Option<&Records>,
    crds: Vec<ObjectRef>,
) -> Result<(UninstallOp, Option<ChartStep>), Diags> {
    let mut wanted = Vec::new();
    let mut keep = Vec::new();
    for record in records.iter().flat_map(|r| &r.revisions) {
        let (objects, kept) = record_objects(api, record).await?;
        wanted.extend(objects);
        keep.extend(kept);
    }
    let Standing { owned: mut objects, mut kept } =
        standing(api, wanted, keep, &entry.name, &entry.namespace).await?;
    objects.sort_by_key(|o| uninstall_rank(&o.kind));
    let last = records.and_then(Records::last);
    let chart = last.map(|r| ChartStep {
        name: r.chart_name().to_owned(),
        from: Some(r.chart_version().to_owned()),
        to: None,
    });
    let found = found(api, &crds).await?;
    let (kept_crds, crds): (Vec<_>, Vec<_>) = crds
        .into_iter()
        .filter(|o| found.contains_key(&o.key()))
        .partition(|o| found.get(&o.key()).is_some_and(is_kept));
    kept.extend(kept_crds);
    let op = UninstallOp {
        name: entry.name.clone(),
        namespace: entry.namespace.clone(),
        hooks: last.map(Record::hooks).unwrap_or_default(),
        objects,
        kept,
        crds,
        timeout_seconds: TIMEOUT,
    };
    Ok((op, chart))
}

/// The objects a record's manifest names, those to be kept apart, namespaces filled in.
pub(super) async fn record_objects(
    api: Api<'_>,
    record: &Record,
) -> Result<(Vec<ObjectRef>, Vec<ObjectRef>), Diags> {
    let bodies = record.objects().map_err(|why| {
        let diag = errors::unreadable_manifest(record.name(), record.namespace(), record.version(), &why);
        one(diag)
    })?;
    let mut objects = Vec::new();
    let mut keep = Vec::new();
    for body in &bodies {
        // An API that the cluster no longer serves has no objects to remove either.
        let Some(object) = reference(api, body, record.namespace()).await? else { continue };
        if is_kept(body) { keep.push(object) } else { objects.push(object) }
    }
    Ok((objects, keep))
}

/// Names an object of a manifest; `None` if its kind is not served.
pub(crate) async fn reference(
    api: Api<'_>,
    body: &Value,
    default_namespace: &str,
) -> Result<Option<ObjectRef>, Diags> {
    let mut object = ObjectRef {
        api_version: text(body, &["apiVersion"]).to_owned(),
        kind: text(body, &["kind"]).to_owned(),
        namespace: text(body, &["metadata", "namespace"]).to_owned(),
        name: text(body, &["metadata", "name"]).to_owned(),
    };
    let Some(resource) = api.find(&object).await.map_err(|e| one(e.into()))? else { return Ok(None) };
    if !resource.namespaced {
        object.namespace.clear();
    } else if object.namespace.is_empty() {
        default_namespace.clone_into(&mut object.namespace);
    }
    Ok(Some(object))
}

/// Those that exist and carry Helm's marks of this release, or none at all but relc's fields.
pub(crate) async fn owned_by(
    api: Api<'_>,
    objects: &[ObjectRef],
    release: &str,
    namespace: &str,
) -> Result<Vec<ObjectRef>, Diags> {
    let live = found(api, objects).await?;
    let ours = |o: &&ObjectRef| live.get(&o.key()).is_some_and(|l| is_owned_by(l, release, namespace));
    Ok(objects.iter().filter(ours).cloned().collect())
}

/// What stands of objects that are no longer wanted.
pub(super) struct Standing {
    /// This release's, to be removed.
    pub owned: Vec<ObjectRef>,
    /// To stay: the chart said so, or the live object does.
    pub kept: Vec<ObjectRef>,
}

/// Parts what a release's manifests named: `keep` are those that their manifest wants kept.
pub(super) async fn standing(
    api: Api<'_>,
    mut objects: Vec<ObjectRef>,
    mut keep: Vec<ObjectRef>,
    release: &str,
    namespace: &str,
) -> Result<Standing, Diags> {
    for list in [&mut objects, &mut keep] {
        list.sort_by_key(ObjectRef::key);
        list.dedup_by_key(|o| o.key());
    }
    let live = found(api, objects.iter().chain(&keep)).await?;
    let is_there = |o: &ObjectRef| live.contains_key(&o.key());
    let says_keep = |o: &ObjectRef| live.get(&o.key()).is_some_and(is_kept);
    objects.retain(|o| live.get(&o.key()).is_some_and(|l| is_owned_by(l, release, namespace)));
    keep.retain(|o| is_there(o) && !objects.iter().any(|other| other.same_object(o)));
    let (kept, owned): (Vec<_>, Vec<_>) = objects.into_iter().partition(says_keep);
    keep.extend(kept);
    Ok(Standing { owned, kept: keep })
}

async fn found<'o>(
    api: Api<'_>,
    objects: impl IntoIterator<Item = &'o ObjectRef>,
) -> Result<BTreeMap<Key, Value>, Diags> {
    let mut diags = Diags::default();
    let live = fetch(api, objects.into_iter().map(|o| (o, false)), &mut diags).await;
    if diags.has_errors() { Err(diags) } else { Ok(live) }
}

/// Helm's ownership rule (`pkg/action/validate.go`, `checkOwnership`).
pub(crate) fn is_owned_by(live: &Value, release: &str, namespace: &str) -> bool {
    text(live, &["metadata", "labels", MANAGED_BY]) == "Helm"
        && annotation(live, RELEASE_NAME) == release
        && annotation(live, RELEASE_NAMESPACE) == namespace
}

/// Those that exist.
pub(super) async fn existing(api: Api<'_>, objects: &[ObjectRef]) -> Result<Vec<ObjectRef>, Diags> {
    let live = found(api, objects).await?;
    Ok(objects.iter().filter(|o| live.contains_key(&o.key())).cloned().collect())
}

fn one(diag: Diag) -> Diags {
    let mut diags = Diags::default();
    diags.push(diag);
    diags
}

impl Owned {
    /// Namespaces and CRDs that relc found when it came are not its to delete.
    pub fn may_be_deleted(&self) -> bool {
        self.created || !matches!(self.object.kind.as_str(), "Namespace" | "CustomResourceDefinition")
    }
}
