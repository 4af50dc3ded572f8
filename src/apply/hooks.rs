//! Hooks: by event and weight, one after the other, deleted by policy (Helm's `pkg/action/hooks.go`).

use super::errors;
use super::event::ApplyEvent;
use super::node::{Node, is_crd};
use super::store::{now, set_hook};
use super::wait;
use crate::diag::Diag;
use crate::plan::api::Apply;
use crate::plan::destroy::reference;
use crate::plan::object::canonical;
use crate::plan::record::Record;
use crate::plan::{Hook, ObjectRef};

const BEFORE_CREATION: &str = "before-hook-creation";
const SUCCEEDED: &str = "hook-succeeded";
const FAILED: &str = "hook-failed";

/// Runs the hooks of one event.
///
/// # Errors
/// Names the first hook that failed; those after it do not run.
pub(super) async fn run(
    node: &Node<'_>,
    hooks: &[Hook],
    event: &str,
    record: &mut Record,
) -> Result<(), Diag> {
    let mut chosen: Vec<&Hook> = hooks.iter().filter(|h| h.events.iter().any(|e| e == event)).collect();
    chosen.sort_by(|a, b| (a.weight, &a.name).cmp(&(b.weight, &b.name)));
    let mut done: Vec<(&Hook, ObjectRef)> = Vec::new();
    for hook in chosen {
        let bad = || errors::bad_hook(node.address, &hook.name, &hook.path);
        let object = reference(node.api, &hook.body, record.namespace())
            .await
            .map_err(|d| d.iter().next().cloned().unwrap_or_else(bad))?;
        let object = object.ok_or_else(bad)?;
        let started = now();
        set_hook(record, hook, &started, None, "Running");
        node.update_record(record).await?;
        let result = one(node, hook, &object, event).await;
        let phase = if result.is_ok() { "Succeeded" } else { "Failed" };
        set_hook(record, hook, &started, Some(&now()), phase);
        if let Err(diag) = result {
            let told = errors::hook(node.address, &object, event, &hook.path, &diag);
            // What cannot be cleaned up must not hide why the hook failed.
            let _ = clean(node, hook, &object, FAILED).await;
            for (hook, object) in done.iter().rev() {
                let _ = clean(node, hook, object, SUCCEEDED).await;
            }
            return Err(told);
        }
        done.push((hook, object));
    }
    for (hook, object) in done.iter().rev() {
        clean(node, hook, object, SUCCEEDED).await?;
    }
    Ok(())
}

async fn one(node: &Node<'_>, hook: &Hook, object: &ObjectRef, event: &str) -> Result<(), Diag> {
    clean(node, hook, object, BEFORE_CREATION).await?;
    (node.events)(ApplyEvent::Hook {
        address: node.address.to_owned(),
        hook: object.clone(),
        event: event.to_owned(),
    });
    let resource = node.api.resource(object).await.map_err(|e| node.fail(e))?;
    let mut body = canonical(&hook.body);
    if let Some(metadata) = body
        .get_mut("metadata")
        .and_then(serde_json::Value::as_object_mut)
        .filter(|_| !object.namespace.is_empty())
    {
        metadata.insert("namespace".into(), object.namespace.clone().into());
    }
    let created =
        node.api.apply(&resource, object, &body, Apply::default()).await.map_err(|e| node.fail(e))?;
    wait::until_finished(node, object, &created).await
}

/// Deletes the hook's object if its policy says so at this point. CRDs never go: their objects would, too.
async fn clean(node: &Node<'_>, hook: &Hook, object: &ObjectRef, when: &str) -> Result<(), Diag> {
    let by_default = hook.delete_policies.is_empty() && when == BEFORE_CREATION;
    if is_crd(object) || !(by_default || hook.delete_policies.iter().any(|p| p == when)) {
        return Ok(());
    }
    let Some(resource) = node.api.find(object).await.map_err(|e| node.fail(e))? else { return Ok(()) };
    if node.api.delete(&resource, object, None).await.map_err(|e| node.fail(e))? {
        node.gone(std::slice::from_ref(object)).await?;
    }
    Ok(())
}
