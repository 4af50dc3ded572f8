//! Removal: a release as Helm uninstalls it (`pkg/action/uninstall.go`), or plain objects.

use super::hooks;
use super::node::Node;
use super::store::{now, set_status};
use crate::diag::Diag;
use crate::plan::record::Record;
use crate::plan::{DeleteOp, Hook, ObjectRef, UninstallOp};

/// Uninstalls a release; its records go last, so that what is cut short can be done again.
pub(super) async fn uninstall(node: &Node<'_>, op: &UninstallOp) -> Result<(), Diag> {
    if let Some(mut record) = last_record(node, op).await? {
        remove_objects(node, &mut record, &op.hooks, &op.objects).await?;
        node.purge_history(&op.name, &op.namespace).await?;
    }
    remove_crds(node, &op.crds).await
}

async fn last_record(node: &Node<'_>, op: &UninstallOp) -> Result<Option<Record>, Diag> {
    let Some(version) = node.last_version(&op.name, &op.namespace).await? else { return Ok(None) };
    node.read_record(&op.name, &op.namespace, version).await
}

/// Hooks and objects, the record saying `uninstalling` meanwhile.
pub(super) async fn remove_objects(
    node: &Node<'_>,
    record: &mut Record,
    hooks: &[Hook],
    objects: &[ObjectRef],
) -> Result<(), Diag> {
    let (name, namespace) = (record.name().to_owned(), record.namespace().to_owned());
    set_status(record, "uninstalling", Some("Deletion in progress (or silently failed)"));
    if let Some(info) = record.body.get_mut("info").and_then(serde_json::Value::as_object_mut) {
        info.insert("deleted".into(), now().into());
    }
    hooks::run(node, hooks, "pre-delete", record).await?;
    node.update_record(record).await?;
    node.delete_all(objects, Some((&name, &namespace))).await?;
    hooks::run(node, hooks, "post-delete", record).await
}

/// CRDs that the stack brought go when nothing of their kind is left; else they stay, as Helm leaves them.
async fn remove_crds(node: &Node<'_>, crds: &[ObjectRef]) -> Result<(), Diag> {
    let mut unused = Vec::new();
    for crd in crds {
        let Some(resource) = node.api.find(crd).await.map_err(|e| node.fail(e))? else { continue };
        let Some(live) = node.api.get(&resource, crd).await.map_err(|e| node.fail(e))? else { continue };
        if !node.has_instances(&live).await? {
            unused.push(crd.clone());
        }
    }
    node.delete_all(&unused, None).await?;
    if !unused.is_empty() {
        node.api.cluster.discovery().invalidate().await;
    }
    Ok(())
}

pub(super) async fn delete(node: &Node<'_>, op: &DeleteOp) -> Result<(), Diag> {
    node.delete_all(&op.objects, None).await
}
