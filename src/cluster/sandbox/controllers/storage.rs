//! Claims: each gets a volume of its own, whatever its class.

use serde_json::{Value, json};

use super::{create, live, put, put_status};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

pub fn claim(state: &mut State, key: &Key, now: &str) {
    let Some(claim) = live(state, key) else { return };
    let bound = meta::text(&claim, "/status/phase") == "Bound";
    let named = meta::text(&claim, "/spec/volumeName").to_owned();
    let volume = if named.is_empty() { format!("pvc-{}", meta::uid(&claim)) } else { named };
    let size = claim.pointer("/spec/resources/requests").cloned().unwrap_or_default();
    if !bound && state.object("persistentvolumes", "", &volume).is_none() {
        let object = json!({
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {"name": volume, "annotations": {"pv.kubernetes.io/provisioned-by": "sandbox.relc.dev/none"}},
            "spec": {
                "capacity": size, "accessModes": claim.pointer("/spec/accessModes"),
                "volumeMode": claim.pointer("/spec/volumeMode"), "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": claim.pointer("/spec/storageClassName"),
                "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": key.name,
                    "namespace": key.namespace, "uid": meta::uid(&claim)},
                "csi": {"driver": "sandbox.relc.dev", "volumeHandle": volume},
            },
        });
        create(state, object, now);
        let volume_key = Key::new("persistentvolumes", "", &volume);
        put_status(state, &volume_key, json!({"phase": "Bound", "lastPhaseTransitionTime": now}), now);
    }
    if !bound {
        let mut object = (*claim).clone();
        meta::child(&mut object, "spec").insert("volumeName".to_owned(), volume.into());
        let metadata = meta::metadata(&mut object);
        let annotations = meta::as_map(metadata.entry("annotations").or_insert(Value::Null));
        annotations.insert("pv.kubernetes.io/bind-completed".to_owned(), "yes".into());
        put(state, key, &claim, object, "", now);
    }
    // A bound claim that asks for more gets it.
    let status = json!({
        "phase": "Bound", "accessModes": claim.pointer("/spec/accessModes"), "capacity": size,
    });
    put_status(state, key, status, now);
}

/// Its volume goes with it, as the reclaim policy says.
pub fn claim_removed(state: &mut State, claim: &Value) {
    let key = Key::new("persistentvolumes", "", meta::text(claim, "/spec/volumeName"));
    let reclaimed = state.store.get(&key).is_some_and(|v| {
        meta::text(v, "/spec/persistentVolumeReclaimPolicy") == "Delete"
            && meta::text(v, "/spec/claimRef/uid") == meta::uid(claim)
    });
    if reclaimed {
        state.store.remove(&key);
    }
}
