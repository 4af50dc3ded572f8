//! A release: Helm's install, upgrade and rollback (`pkg/action/{install,upgrade,rollback}.go`).

use super::event::ApplyEvent;
use super::node::{Failure, Node};
use super::store::{draft, set_status};
use super::uninstall::remove_objects;
use super::{errors, hooks, wait};
use crate::diag::Diag;
use crate::eval::desired::OnFailure;
use crate::plan::destroy::{owned_by, reference, uninstall_rank};
use crate::plan::inventory::Entry;
use crate::plan::object::{canonical, mark_owned, text};
use crate::plan::record::Record;
use crate::plan::{Action, ObjectOp, ObjectRef, ReleaseOp, Revision};

/// Installs, upgrades or repairs; gives the inventory's entry.
pub(super) async fn apply(node: &Node<'_>, op: &ReleaseOp, entry: &Entry) -> Result<Entry, Failure> {
    let keep = |diag: Diag| Failure { diag, entry: Some(Entry { unfinished: true, ..entry.clone() }) };
    node.send_all(&op.crds).await.map_err(keep)?;
    let Some(revision) = &op.revision else {
        repair(node, op).await.map_err(keep)?;
        return Ok(entry.clone());
    };
    // The record to be superseded is read first: whoever may not read it may not go on.
    let mut former = match op.deployed_revision {
        Some(version) => node.read_record(&op.name, &op.namespace, version).await.map_err(keep)?,
        None => None,
    };
    let first = former
        .as_ref()
        .map(|r| text(&r.body, &["info", "first_deployed"]).to_owned())
        .filter(|t| !t.is_empty());
    let version = op.last_revision.saturating_add(1);
    let (status, description) = if op.install {
        ("pending-install", "Initial install underway")
    } else {
        ("pending-upgrade", "Preparing upgrade")
    };
    let mut record = draft(&op.name, &op.namespace, version, revision, status, description, first.as_deref());
    if let Some(former) = &former {
        record.labels.clone_from(&former.labels);
    }
    for cut_short in &op.cut_short {
        close_pending(node, op, *cut_short).await.map_err(keep)?;
    }
    node.create_record(&mut record).await.map_err(keep)?;
    let diag = match proceed(node, op, revision, &mut record, former.as_mut()).await {
        Ok(()) => return Ok(entry.clone()),
        Err(diag) => diag,
    };
    let told = if op.install {
        format!("Release {:?} failed: {}", op.name, diag.message)
    } else {
        format!("Upgrade {:?} failed: {}", op.name, diag.message)
    };
    set_status(&mut record, "failed", Some(&told));
    // The failure itself matters more than that it could not be written down; the pending record says enough.
    let _ = node.update_record(&mut record).await;
    if op.on_failure == OnFailure::Stop {
        return Err(keep(diag));
    }
    let back = Node { started: tokio::time::Instant::now(), ..*node };
    match op.deployed_revision {
        Some(version) => match roll_back(&back, op, version, &record).await {
            Ok(()) => Err(Failure {
                diag: diag.note(format!("rolled back to revision {version}")),
                entry: Some(rolled_back(entry, &record)),
            }),
            Err(second) => Err(keep(errors::rollback_failed(diag, &second))),
        },
        None => match undo_install(&back, op, revision).await {
            Ok(()) => {
                let left = (!entry.objects.is_empty()).then(|| Entry { unfinished: true, ..entry.clone() });
                Err(Failure {
                    diag: diag.note("uninstalled again, since `on_failure` is `rollback`"),
                    entry: left,
                })
            }
            Err(second) => Err(keep(errors::rollback_failed(diag, &second))),
        },
    }
}

/// A revision that nobody works on any more is no longer pending: Helm would refuse to go on from it.
async fn close_pending(node: &Node<'_>, op: &ReleaseOp, version: u32) -> Result<(), Diag> {
    let Some(mut record) = node.read_record(&op.name, &op.namespace, version).await? else { return Ok(()) };
    let told = format!("Cut short, taken up by revision {}", op.last_revision.saturating_add(1));
    set_status(&mut record, "failed", Some(&told));
    node.update_record(&mut record).await
}

/// After a rollback the release is whole, but not what the source says.
fn rolled_back(entry: &Entry, failed: &Record) -> Entry {
    Entry {
        revision: failed.version().saturating_add(1),
        digest: String::new(),
        unfinished: false,
        ..entry.clone()
    }
}

async fn proceed(
    node: &Node<'_>,
    op: &ReleaseOp,
    revision: &Revision,
    record: &mut Record,
    former: Option<&mut Record>,
) -> Result<(), Diag> {
    let (before, after, done) = if op.install {
        ("pre-install", "post-install", "Install complete")
    } else {
        ("pre-upgrade", "post-upgrade", "Upgrade complete")
    };
    hooks::run(node, &revision.hooks, before, record).await?;
    node.send_all(&op.objects).await?;
    node.delete_all(&ordered(&op.prune), Some((&op.name, &op.namespace))).await?;
    if op.wait {
        wait::until_ready(node, &references(&op.objects)).await?;
    }
    hooks::run(node, &revision.hooks, after, record).await?;
    if let Some(former) = former {
        set_status(former, "superseded", None);
        node.update_record(former).await?;
    }
    set_status(record, "deployed", Some(done));
    node.update_record(record).await?;
    node.trim_history(&op.name, &op.namespace, record.version()).await
}

/// Objects only: the record says already what is wanted.
async fn repair(node: &Node<'_>, op: &ReleaseOp) -> Result<(), Diag> {
    node.send_all(&op.objects).await?;
    node.delete_all(&ordered(&op.prune), Some((&op.name, &op.namespace))).await?;
    if op.wait {
        let touched: Vec<ObjectRef> =
            op.objects.iter().filter(|o| o.action != Action::NoOp).map(|o| o.object.clone()).collect();
        wait::until_ready(node, &touched).await?;
    }
    Ok(())
}

fn references(ops: &[ObjectOp]) -> Vec<ObjectRef> {
    ops.iter().map(|o| o.object.clone()).collect()
}

fn ordered(objects: &[ObjectRef]) -> Vec<ObjectRef> {
    let mut objects = objects.to_vec();
    objects.sort_by_key(|o| uninstall_rank(&o.kind));
    objects
}

/// Helm's answer to a failed first install: nothing stays.
async fn undo_install(node: &Node<'_>, op: &ReleaseOp, revision: &Revision) -> Result<(), Diag> {
    (node.events)(ApplyEvent::RollingBack { address: node.address.to_owned(), revision: None });
    let objects = ordered(&references(&op.objects));
    // Hooks for deletion run as in any uninstall; they find what the install left.
    let version = op.last_revision.saturating_add(1);
    let Some(mut record) = node.read_record(&op.name, &op.namespace, version).await? else { return Ok(()) };
    remove_objects(node, &mut record, &revision.hooks, &objects).await?;
    node.purge_history(&op.name, &op.namespace).await
}

/// Makes the deployed revision's manifest true again, as a new revision.
async fn roll_back(node: &Node<'_>, op: &ReleaseOp, version: u32, failed: &Record) -> Result<(), Diag> {
    (node.events)(ApplyEvent::RollingBack { address: node.address.to_owned(), revision: Some(version) });
    let Some(mut former) = node.read_record(&op.name, &op.namespace, version).await? else {
        return Err(errors::unreadable(node.address, &op.name, version, "it is gone"));
    };
    let unreadable = |why: &str| errors::unreadable(node.address, &op.name, version, why);
    let bodies = former.objects().map_err(|why| unreadable(&why))?;
    let mut ops = Vec::new();
    for body in &bodies {
        let found = reference(node.api, body, &op.namespace)
            .await
            .map_err(|d| d.iter().next().cloned().unwrap_or_else(|| unreadable("")))?;
        let Some(object) = found else { continue };
        let mut body = canonical(body);
        if let Some(metadata) = body
            .get_mut("metadata")
            .and_then(serde_json::Value::as_object_mut)
            .filter(|_| !object.namespace.is_empty())
        {
            metadata.insert("namespace".into(), object.namespace.clone().into());
        }
        mark_owned(&mut body, &op.name, &op.namespace);
        // What was contested stays with whoever holds it: only fields that relc had are set back.
        let planned = op.objects.iter().find(|o| o.object.same_object(&object));
        ops.push(ObjectOp {
            body,
            action: Action::Upgrade,
            force: planned.is_some_and(|p| p.force),
            takeover: false,
            uid: None,
            object,
        });
    }
    let revision = Revision {
        chart: former.body.get("chart").cloned().unwrap_or_default(),
        config: former.body.get("config").cloned().unwrap_or_default(),
        manifest: former.manifest().to_owned(),
        notes: text(&former.body, &["info", "notes"]).to_owned(),
        hooks: former.hooks(),
    };
    let next = failed.version().saturating_add(1);
    let first = text(&former.body, &["info", "first_deployed"]).to_owned();
    let description = format!("Rollback to {version}");
    let mut record =
        draft(&op.name, &op.namespace, next, &revision, "pending-rollback", &description, Some(&first));
    record.labels.clone_from(&former.labels);
    if let Some(info) = record.body.get_mut("info").and_then(serde_json::Value::as_object_mut) {
        info.insert("rollback_revision".into(), version.into());
    }
    node.create_record(&mut record).await?;
    let result = restore(node, op, &ops, &revision, &mut record).await;
    match &result {
        Ok(()) => {
            set_status(&mut former, "superseded", None);
            node.update_record(&mut former).await?;
            set_status(&mut record, "deployed", Some(&description));
        }
        Err(diag) => set_status(
            &mut record,
            "failed",
            Some(&format!("Rollback {:?} failed: {}", op.name, diag.message)),
        ),
    }
    node.update_record(&mut record).await?;
    result
}

async fn restore(
    node: &Node<'_>,
    op: &ReleaseOp,
    ops: &[ObjectOp],
    revision: &Revision,
    record: &mut Record,
) -> Result<(), Diag> {
    hooks::run(node, &revision.hooks, "pre-rollback", record).await?;
    node.send_all(ops).await?;
    let added: Vec<ObjectRef> = references(&op.objects)
        .into_iter()
        .filter(|o| !ops.iter().any(|kept| kept.object.same_object(o)))
        .collect();
    let owned = owned_by(node.api, &added, &op.name, &op.namespace).await;
    let owned =
        owned.map_err(|d| d.iter().next().cloned().unwrap_or_else(|| errors::interrupted(node.address)))?;
    node.delete_all(&ordered(&owned), Some((&op.name, &op.namespace))).await?;
    if op.wait {
        wait::until_ready(node, &references(ops)).await?;
    }
    hooks::run(node, &revision.hooks, "post-rollback", record).await
}
