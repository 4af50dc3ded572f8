//! The inventory on a cluster, and the namespace it lives in.
//!
//! Written twice per apply: before anything is touched, with every entry that will be (so that an apply cut
//! short leaves word of what it began), and at the end. The first write also proves that nobody applied since
//! the plan was made.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use super::errors;
use crate::cluster::{ClusterError, ErrorKind};
use crate::diag::Diag;
use crate::plan::api::Api;
use crate::plan::inventory::{Entry, FIELD_MANAGER, Inventory, SYSTEM_NAMESPACE};
use crate::plan::object::{MANAGED_BY, ObjectRef, text};

/// A namespace on its way out is usually gone in a few seconds.
const TERMINATION: Duration = Duration::from_secs(60);

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

/// Makes sure that `relc-system` is there, waiting for a former one to be gone.
pub(super) async fn ensure_namespace(api: Api<'_>) -> Result<(), ClusterError> {
    let object = system_namespace();
    let resource = api.resource(&object).await?;
    let started = Instant::now();
    loop {
        match api.get(&resource, &object).await? {
            Some(live) if text(&live, &["metadata", "deletionTimestamp"]).is_empty() => return Ok(()),
            // Creating into it would be refused; the refusal says why if it lasts.
            Some(_) if started.elapsed() > TERMINATION => return Ok(()),
            Some(_) => sleep(Duration::from_millis(300)).await,
            None => {
                let body = json!({
                    "apiVersion": "v1",
                    "kind": "Namespace",
                    "metadata": { "name": SYSTEM_NAMESPACE, "labels": { MANAGED_BY: FIELD_MANAGER } },
                });
                match api.create(&resource, &object, &body).await {
                    Ok(_) => return Ok(()),
                    Err(error) if error.kind == ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// Writes the inventory as the successor of what it was read from.
pub(super) async fn write(api: Api<'_>, inventory: &mut Inventory) -> Result<(), Diag> {
    inventory.serial = inventory.serial.saturating_add(1);
    let object = secret(&Inventory::secret_name(&inventory.stack));
    let resource = api.resource(&object).await?;
    let body = inventory.to_secret();
    let result = if inventory.resource_version.is_empty() {
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
            if matches!(error.kind, ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::NotFound) =>
        {
            Err(errors::stale_inventory(&inventory.stack, &api.cluster.name))
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

/// Removes an empty inventory, and the namespace if no other stack keeps anything there.
pub(super) async fn remove(api: Api<'_>, stack: &str) -> Result<(), Diag> {
    let object = secret(&Inventory::secret_name(stack));
    let resource = api.resource(&object).await?;
    api.delete(&resource, &object, None).await?;
    Ok(())
}

/// Removes `relc-system` when relc made it and nothing of relc's is left in it.
pub(super) async fn remove_namespace(api: Api<'_>) -> Result<(), Diag> {
    let namespace = system_namespace();
    let resource = api.resource(&namespace).await?;
    let Some(live) = api.get(&resource, &namespace).await? else { return Ok(()) };
    if text(&live, &["metadata", "labels", MANAGED_BY]) != FIELD_MANAGER {
        return Ok(());
    }
    let ours = format!("{MANAGED_BY}={FIELD_MANAGER}");
    for kind in [("v1", "Secret"), ("coordination.k8s.io/v1", "Lease")] {
        let object = ObjectRef { api_version: kind.0.into(), kind: kind.1.into(), ..secret("") };
        let resource = api.resource(&object).await?;
        let left: Vec<Value> = api.list(&resource, Some(SYSTEM_NAMESPACE), &ours).await?;
        if !left.is_empty() {
            return Ok(());
        }
    }
    let uid = text(&live, &["metadata", "uid"]).to_owned();
    api.delete(&resource, &namespace, Some(&uid)).await?;
    Ok(())
}
