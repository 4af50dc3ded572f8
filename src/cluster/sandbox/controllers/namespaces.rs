//! Namespaces: what every one contains, and emptying one that is deleted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::create;
use crate::cluster::sandbox::delete::{self, Propagation};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

/// A self-signed placeholder: clients only check that the key is there.
const ROOT_CA: &str = "# the sandbox serves no TLS, so there is no authority to trust\n";

pub fn namespace(state: &mut State, key: &Key, object: &Arc<Value>, now: &str) {
    if meta::is_deleting(object) {
        empty(state, key, now);
        return;
    }
    let name = &key.name;
    if state.object("serviceaccounts", name, "default").is_none() {
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}});
        create(state, account, now);
    }
    if state.object("configmaps", name, "kube-root-ca.crt").is_none() {
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "kube-root-ca.crt", "namespace": name, "annotations": {
                "kubernetes.io/description": "The authority of this cluster's API server; a sandbox has none."}},
            "data": {"ca.crt": ROOT_CA},
        });
        create(state, map, now);
    }
}

fn empty(state: &mut State, key: &Key, now: &str) {
    for content in state.store.in_namespace(&key.name) {
        if let Some(live) = state.store.get(&content).cloned() {
            delete::start(state, &content, &live, Propagation::Background, now);
        }
    }
    finish(state, key);
}

fn finish(state: &mut State, key: &Key) {
    if !state.store.in_namespace(&key.name).is_empty() {
        return;
    }
    let Some(live) = state.store.get(key).cloned() else { return };
    if meta::list(&live, "/metadata/finalizers").is_empty() {
        state.store.remove(key);
    }
}

/// An object of a namespace is gone; if the namespace waited for that, it goes too.
pub fn content_removed(state: &mut State, namespace: &str) {
    if namespace.is_empty() {
        return;
    }
    let key = Key::new("namespaces", "", namespace);
    if state.store.get(&key).is_some_and(|n| meta::is_deleting(n)) {
        finish(state, &key);
    }
}
