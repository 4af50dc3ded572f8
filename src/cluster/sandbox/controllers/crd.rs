//! CRDs: accepted and established at once; their objects go before they do.

use serde_json::{Value, json};

use super::{condition, put_status};
use crate::cluster::sandbox::delete::{self, Propagation};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

pub const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Of a CRD that nobody has looked at yet.
pub fn initial_status(object: &mut Value) {
    let stored: Vec<Value> = stored_versions(object);
    let status =
        json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored});
    meta::as_map(object).insert("status".to_owned(), status);
}

fn stored_versions(object: &Value) -> Vec<Value> {
    let versions = meta::list(object, "/spec/versions").iter();
    versions.filter(|v| meta::flag(v, "/storage")).filter_map(|v| v.get("name").cloned()).collect()
}

pub fn crd(state: &mut State, key: &Key, now: &str) {
    let Some(object) = state.store.get(key).cloned() else { return };
    if meta::is_deleting(&object) {
        return remove(state, key, now);
    }
    let mut stored =
        object.pointer("/status/storedVersions").and_then(Value::as_array).cloned().unwrap_or_default();
    for version in stored_versions(&object) {
        if !stored.contains(&version) {
            stored.push(version);
        }
    }
    let status = json!({
        "conditions": [
            condition(&object, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now),
            condition(&object, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now),
        ],
        "acceptedNames": object.pointer("/spec/names"), "storedVersions": stored,
    });
    put_status(state, key, status, now);
}

fn remove(state: &mut State, key: &Key, now: &str) {
    let instances: Vec<_> = state.store.list(&key.name, "").map(|(k, o)| (k.clone(), o.clone())).collect();
    for (instance, live) in instances {
        delete::start(state, &instance, &live, Propagation::Background, now);
    }
    if state.store.list(&key.name, "").next().is_some() {
        // Some have finalizers; the last of them to go comes back here.
        return;
    }
    let Some(live) = state.store.get(key).cloned() else { return };
    let mut object = (*live).clone();
    meta::drop_finalizer(&mut object, CLEANUP);
    if meta::list(&object, "/metadata/finalizers").is_empty() {
        state.store.remove(key);
    } else if object != *live {
        state.store.put(key.clone(), object);
    }
}

/// An object of some resource is gone; if its CRD waited for that, it goes too.
pub fn instance_removed(state: &mut State, resource: &str, now: &str) {
    let key = Key::new("customresourcedefinitions.apiextensions.k8s.io", "", resource);
    if state.store.get(&key).is_some_and(|c| meta::is_deleting(c)) {
        remove(state, &key, now);
    }
}
