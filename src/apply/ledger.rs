//! The inventory on a cluster, and the namespace it lives in.
//!
//! Written twice per apply: before anything is touched, with every entry that will be (so that an apply cut
//! short leaves word of what it began), and at the end. The first write also proves that nobody applied since
//! the plan was made.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::errors;
use super::node::{Node, Pauses, deletion_state};
use super::wait::Told;
use crate::cluster::{ClusterError, ErrorKind};
use crate::diag::Diag;
use crate::plan::api::Api;
use crate::plan::inventory::{Entry, FIELD_MANAGER, Inventory, SYSTEM_NAMESPACE};
use crate::plan::object::{MANAGED_BY, ObjectRef, text};

/// On the namespace: who wrote there first, last.
const LAST_USE: &str = "relc.dev/last-use";
/// How often a claim is tried again when others claim at the same time. Any of their writes does for ours, too.
const CLAIMS: u32 = 5;

pub(super) fn system_namespace() -> ObjectRef {
    ObjectRef {
        api_version: "v1".into(),
        kind: "Namespace".into(),
        namespace: String::new(),
        name: SYSTEM_NAMESPACE.into(),
    }
}

fn secret(name: &str) -> ObjectRef {
    ObjectRef {
        api_version: "v1".into(),
        kind: "Secret".into(),
        namespace: SYSTEM_NAMESPACE.into(),
        name: name.into(),
    }
}

/// Why a first write was refused.
#[derive(Debug)]
pub(super) enum Refusal {
    /// `relc-system` is on its way out, or out: another stack's destroy found it empty.
    NoNamespace(ClusterError),
    Other(Diag),
}

impl From<ClusterError> for Refusal {
    fn from(error: ClusterError) -> Refusal {
        // A name that is created is only ever missing for want of its namespace.
        match error.kind {
            ErrorKind::Terminating | ErrorKind::NotFound => Refusal::NoNamespace(error),
            _ => Refusal::Other(error.into()),
        }
    }
}

impl From<Diag> for Refusal {
    fn from(diag: Diag) -> Refusal {
        Refusal::Other(diag)
    }
}

impl From<Refusal> for Diag {
    fn from(refusal: Refusal) -> Diag {
        match refusal {
            Refusal::NoNamespace(error) => error.into(),
            Refusal::Other(diag) => diag,
        }
    }
}

/// Makes sure that `relc-system` is there, waiting for a former one to be gone. `node` is the cluster: what is
/// waited for is told under its address, no longer than its timeout.
pub(super) async fn ensure_namespace(node: &Node<'_>, stop: &AtomicBool) -> Result<(), Diag> {
    let api = node.api;
    let object = system_namespace();
    let resource = api.resource(&object).await?;
    let mut pauses = Pauses::new();
    let mut told = Told::new(node);
    loop {
        let live = api.get(&resource, &object).await?;
        let Some(live) = live else {
            let body = json!({
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": { "name": SYSTEM_NAMESPACE, "labels": { MANAGED_BY: FIELD_MANAGER } },
            });
            match api.create(&resource, &object, &body).await {
                Ok(_) => return Ok(()),
                // Someone else made it, or it is still being deleted.
                Err(error) if error.kind == ErrorKind::AlreadyExists && !node.is_late() => {
                    pauses.next().await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
        };
        if !is_going(&live) {
            return Ok(());
        }
        if stop.load(Ordering::Relaxed) {
            return Err(errors::stopped_waiting(node.address, &object));
        }
        let why = deletion_state(&live);
        if node.is_late() {
            return Err(errors::not_deleted(node.address, &object, &why, Some(&live)));
        }
        told.tell(&[(object.clone(), why)]);
        pauses.next().await;
    }
}

/// Says on `relc-system` that it is in use, after the first write into it.
///
/// [`remove_namespace`] looks at the namespace, then at what is in it, then deletes the namespace it looked at if it
/// is unchanged. So it either sees what was written, or finds the namespace changed by this, or was first, which
/// is what this then sees.
pub(super) async fn claim_namespace(api: Api<'_>, holder: &str) -> Result<(), Refusal> {
    let object = system_namespace();
    let resource = api.resource(&object).await?;
    let gone = |message: &str| {
        Refusal::NoNamespace(ClusterError::new(ErrorKind::NotFound, &api.cluster.name, message))
    };
    let mut pauses = Pauses::new();
    for _ in 0..CLAIMS {
        let live = api.get(&resource, &object).await?.filter(|live| !is_going(live));
        let Some(mut live) = live else { return Err(gone("namespace `relc-system` was removed meanwhile")) };
        if text(&live, &["metadata", "labels", MANAGED_BY]) != FIELD_MANAGER {
            // relc did not make it and removes it never.
            return Ok(());
        }
        let Some(metadata) = live.get_mut("metadata").and_then(Value::as_object_mut) else { return Ok(()) };
        let said = format!("{holder} at {}", jiff::Timestamp::now());
        match metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            Some(annotations) => drop(annotations.insert(LAST_USE.into(), said.into())),
            None => drop(metadata.insert("annotations".into(), json!({ LAST_USE: said }))),
        }
        match api.update(&resource, &object, &live).await {
            Ok(_) => return Ok(()),
            // Who may not change namespaces can do no more than look.
            Err(error) if error.kind == ErrorKind::Forbidden => return Ok(()),
            Err(error) if error.kind == ErrorKind::Conflict => pauses.next().await,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn is_going(live: &Value) -> bool {
    !text(live, &["metadata", "deletionTimestamp"]).is_empty()
}

/// Writes the inventory as the successor of what it was read from.
///
/// # Errors
/// [`Refusal::NoNamespace`] only for a first write.
pub(super) async fn write(api: Api<'_>, inventory: &mut Inventory) -> Result<(), Refusal> {
    let first = inventory.resource_version.is_empty();
    inventory.serial = inventory.serial.saturating_add(1);
    let object = secret(&Inventory::secret_name(&inventory.stack));
    let resource = api.resource(&object).await?;
    let body = inventory.to_secret();
    let result = if first {
        api.create(&resource, &object, &body).await
    } else {
        api.update(&resource, &object, &body).await
    };
    match result {
        Ok(after) => {
            text(&after, &["metadata", "resourceVersion"]).clone_into(&mut inventory.resource_version);
            Ok(())
        }
        Err(error)
            if matches!(error.kind, ErrorKind::AlreadyExists | ErrorKind::Conflict)
                || (error.kind == ErrorKind::NotFound && !first) =>
        {
            Err(errors::stale_inventory(&inventory.stack, &api.cluster.name).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Marks what is about to be touched. `planned` has the entry each address will have, none for removals.
pub(super) fn begin(inventory: &mut Inventory, planned: &BTreeMap<String, Option<Entry>>) {
    for (address, entry) in planned {
        match (entry, inventory.entries.get_mut(address)) {
            (Some(new), Some(old)) => {
                // Until it is done, both what was and what will be is ours.
                let more = new
                    .objects
                    .iter()
                    .filter(|o| !old.objects.iter().any(|k| k.object.same_object(&o.object)))
                    .cloned();
                let more: Vec<_> = more.collect();
                old.objects.extend(more);
                old.unfinished = true;
            }
            (Some(new), None) => {
                inventory.entries.insert(address.clone(), Entry { unfinished: true, ..new.clone() });
            }
            (None, Some(old)) => old.unfinished = true,
            (None, None) => {}
        }
    }
}

/// Removes an empty inventory.
pub(super) async fn remove(api: Api<'_>, stack: &str) -> Result<(), Diag> {
    let object = secret(&Inventory::secret_name(stack));
    let resource = api.resource(&object).await?;
    api.delete(&resource, &object, None).await?;
    Ok(())
}

/// What holds a person's own things, and so keeps a namespace.
const CONTENTS: [(&str, &str); 6] = [
    ("v1", "Secret"),
    ("coordination.k8s.io/v1", "Lease"),
    ("v1", "ConfigMap"),
    ("v1", "ServiceAccount"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Pod"),
];

/// Removes `relc-system` when relc made it and it is empty. Others may write into it at any time, see
/// [`claim_namespace`].
pub(super) async fn remove_namespace(api: Api<'_>) -> Result<(), Diag> {
    let namespace = system_namespace();
    let resource = api.resource(&namespace).await?;
    let Some(seen) = api.get(&resource, &namespace).await? else { return Ok(()) };
    if is_going(&seen) || text(&seen, &["metadata", "labels", MANAGED_BY]) != FIELD_MANAGER {
        return Ok(());
    }
    for (api_version, kind) in CONTENTS {
        let object = ObjectRef { api_version: api_version.into(), kind: kind.into(), ..secret("") };
        let resource = api.resource(&object).await?;
        let left = match api.list(&resource, Some(SYSTEM_NAMESPACE), "").await {
            Ok(left) => left,
            // What cannot be seen may be there.
            Err(error) if error.kind == ErrorKind::Forbidden => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if !left.iter().all(|object| is_in_every_namespace(kind, object)) {
            return Ok(());
        }
    }
    match api.delete_unchanged(&resource, &namespace, &seen).await {
        Ok(_) => Ok(()),
        // Someone took it into use meanwhile, or removed it as well.
        Err(error) if error.kind == ErrorKind::Conflict => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What Kubernetes, OpenShift or a service mesh put into every namespace.
fn is_in_every_namespace(kind: &str, object: &Value) -> bool {
    let name = text(object, &["metadata", "name"]);
    match kind {
        "ServiceAccount" => matches!(name, "default" | "builder" | "deployer"),
        "Secret" => matches!(
            text(object, &["type"]),
            "kubernetes.io/service-account-token" | "kubernetes.io/dockercfg"
        ),
        "ConfigMap" => name.ends_with("ca.crt") || name.ends_with("-ca-root-cert"),
        _ => false,
    }
}
