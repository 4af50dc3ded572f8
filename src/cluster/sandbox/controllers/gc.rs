//! Garbage collection by owner references, and finalizers the cluster itself puts.

use std::sync::Arc;

use serde_json::Value;

use crate::cluster::sandbox::delete::{self, Propagation};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

/// An object is gone: so is what only it owned.
pub fn removed(state: &mut State, object: &Value, now: &str) {
    let uid = meta::uid(object);
    for key in state.store.dependents(uid) {
        release(state, &key, uid, now);
    }
    // An owner that waits for its dependents may go on.
    for owner in meta::list(object, "/metadata/ownerReferences") {
        let owner = state.store.by_uid(meta::text(owner, "/uid"));
        if let Some((key, live)) = owner
            && meta::has_finalizer(&live, FOREGROUND)
        {
            foreground(state, &key, &live, now);
        }
    }
}

const FOREGROUND: &str = "foregroundDeletion";

fn release(state: &mut State, key: &Key, uid: &str, now: &str) {
    let Some(live) = state.store.get(key).cloned() else { return };
    let others = meta::list(&live, "/metadata/ownerReferences")
        .iter()
        .any(|o| meta::text(o, "/uid") != uid && state.store.has_uid(meta::text(o, "/uid")));
    if others {
        delete::disown(state, key, uid);
    } else {
        delete::start(state, key, &live, Propagation::Background, now);
    }
}

/// After a write. True if the object is on its way out and nothing else has to look at it.
pub fn written(state: &mut State, key: &Key, object: &Arc<Value>, now: &str) -> bool {
    if meta::is_deleting(object) {
        if meta::has_finalizer(object, FOREGROUND) {
            foreground(state, key, object, now);
            return true;
        }
        const GO_ON: &[&str] = &[
            "namespaces",
            "customresourcedefinitions.apiextensions.k8s.io",
            "persistentvolumeclaims",
            "persistentvolumes",
        ];
        return !GO_ON.contains(&key.resource.as_str());
    }
    let owners = meta::list(object, "/metadata/ownerReferences");
    let orphaned = !owners.is_empty() && owners.iter().all(|o| !state.store.has_uid(meta::text(o, "/uid")));
    if orphaned {
        delete::start(state, key, object, Propagation::Background, now);
    }
    orphaned
}

/// Dependents first; the owner when none that blocks it is left.
fn foreground(state: &mut State, key: &Key, owner: &Arc<Value>, now: &str) {
    let uid = meta::uid(owner).to_owned();
    let mut blocked = false;
    for dependent in state.store.dependents(&uid) {
        let Some(live) = state.store.get(&dependent).cloned() else { continue };
        let blocks = meta::list(&live, "/metadata/ownerReferences")
            .iter()
            .any(|o| meta::text(o, "/uid") == uid && meta::flag(o, "/blockOwnerDeletion"));
        let waiting = if meta::is_deleting(&live) {
            Some(live)
        } else {
            delete::start(state, &dependent, &live, Propagation::Foreground, now)
        };
        blocked |= blocks && waiting.is_some();
    }
    if !blocked {
        let Some(live) = state.store.get(key).cloned() else { return };
        let mut object = (*live).clone();
        meta::drop_finalizer(&mut object, FOREGROUND);
        if meta::list(&object, "/metadata/finalizers").is_empty() {
            state.store.remove(key);
        } else if object != *live {
            state.store.put(key.clone(), object);
        }
    }
}
