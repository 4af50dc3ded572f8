//! Claims: each gets a volume of its own, whatever its class.

use serde_json::{Value, json};

use super::{create, live, put, put_status};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

pub fn claim(state: &mut State, key: &Key, now: &str) {
    let Some(claim) = live(state, key) else { return release(state, key) };
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

/// A claim that is being deleted goes when no pod uses it.
fn release(state: &mut State, key: &Key) {
    let used = state.store.list("pods", &key.namespace).any(|(_, pod)| {
        let ended = matches!(meta::text(pod, "/status/phase"), "Succeeded" | "Failed");
        let claims = meta::list(pod, "/spec/volumes").iter();
        !ended && claims.map(|v| meta::text(v, "/persistentVolumeClaim/claimName")).any(|c| c == key.name)
    });
    if !used {
        finish(state, key, "kubernetes.io/pvc-protection");
    }
}

/// Takes the last finalizer off and lets the object go.
fn finish(state: &mut State, key: &Key, finalizer: &str) {
    let Some(live) = state.store.get(key).filter(|o| meta::is_deleting(o)).cloned() else { return };
    let mut object = (*live).clone();
    meta::drop_finalizer(&mut object, finalizer);
    if meta::list(&object, "/metadata/finalizers").is_empty() {
        state.store.remove(key);
    } else if object != *live {
        state.store.put(key.clone(), object);
    }
}

/// A pod is gone; claims of its namespace may have waited for that.
pub fn release_claims(state: &mut State, namespace: &str) {
    let waiting: Vec<Key> = state
        .store
        .list("persistentvolumeclaims", namespace)
        .filter(|(_, c)| meta::is_deleting(c))
        .map(|(k, _)| k.clone())
        .collect();
    for key in waiting {
        release(state, &key);
    }
}

/// A volume nobody claims is available; one that is being deleted goes when its claim has.
pub fn volume(state: &mut State, key: &Key, now: &str) {
    let Some(volume) = state.store.get(key).cloned() else { return };
    let claim = meta::text(&volume, "/spec/claimRef/uid");
    let claimed = !claim.is_empty() && state.store.has_uid(claim);
    if meta::is_deleting(&volume) {
        if !claimed {
            finish(state, key, "kubernetes.io/pv-protection");
        }
    } else if claim.is_empty() {
        let since = meta::text(&volume, "/status/lastPhaseTransitionTime");
        let since = if since.is_empty() { now } else { since };
        put_status(state, key, json!({"phase": "Available", "lastPhaseTransitionTime": since}), now);
    }
}

/// Its volume goes with it, or is kept, as the reclaim policy says.
pub fn claim_removed(state: &mut State, claim: &Value, now: &str) {
    let key = Key::new("persistentvolumes", "", meta::text(claim, "/spec/volumeName"));
    let Some(volume) = state.store.get(&key).cloned() else { return };
    if meta::text(&volume, "/spec/claimRef/uid") != meta::uid(claim) {
        return;
    }
    if meta::text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Delete" || meta::is_deleting(&volume) {
        state.store.remove(&key);
    } else {
        put_status(state, &key, json!({"phase": "Released", "lastPhaseTransitionTime": now}), now);
    }
}
