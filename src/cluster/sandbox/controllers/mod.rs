//! The controllers of the sandbox: what makes workloads ready.
//!
//! In: the changes a request made. Out: further changes in the same transaction, until nothing changes any
//! more. No clock but the request's: a Deployment is available as soon as it is there, unless its pod
//! template carries the annotation [`FAIL`], by which tests and people can see failures:
//! `ImagePullBackOff`, `CrashLoopBackOff` or `never-ready`.

pub mod crd;
mod daemon_sets;
mod deployments;
mod endpoints;
mod gc;
mod jobs;
mod misc;
mod namespaces;
pub mod pods;
mod stateful_sets;
mod storage;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::apply::managers::{Managers, Writer};
use super::apply::typed::Ty;
use super::meta;
use super::registry::Registry;
use super::state::State;
use super::store::{Event, Key};
use super::write;

/// Set on a pod or pod template to make its pods fail.
pub const FAIL: &str = "sandbox.relc.dev/fail";

/// The one node.
pub const NODE: &str = "sandbox";

const MANAGER: &str = "kube-controller-manager";

/// More than any sane cluster needs for one request; a loop between controllers ends here.
const MAX_EVENTS: usize = 50_000;

/// Lets every controller see every change.
pub fn run(state: &mut State, now: &str) {
    let mut at = 0;
    let mut touched = BTreeSet::new();
    loop {
        while let Some(event) = state.store.pending().get(at).cloned() {
            at += 1;
            if at > MAX_EVENTS {
                return;
            }
            if matches!(event.key.resource.as_str(), "pods" | "services") {
                touched.insert(event.key.namespace.clone());
            }
            reconcile(state, &event, now);
        }
        if touched.is_empty() {
            return;
        }
        for namespace in std::mem::take(&mut touched) {
            endpoints::namespace(state, &namespace, now);
            misc::disruption_budgets(state, &namespace, now);
        }
        // What was just written concerns neither pods nor services, but may have dependents.
        if at >= state.store.pending().len() {
            return;
        }
    }
}

fn reconcile(state: &mut State, event: &Event, now: &str) {
    let key = &event.key;
    if key.resource == "customresourcedefinitions.apiextensions.k8s.io" {
        state.registry = Registry::new(&state.store);
    }
    let Some(new) = &event.new else {
        if let Some(old) = &event.old {
            gc::removed(state, old, now);
            namespaces::content_removed(state, &key.namespace);
            crd::instance_removed(state, &key.resource, now);
            // A controller makes up for what it lost.
            owner(state, old, now);
            if key.resource == "persistentvolumeclaims" {
                storage::claim_removed(state, old, now);
            }
            if key.resource == "pods" {
                storage::release_claims(state, &key.namespace);
            }
        }
        return;
    };
    // Only the latest state of an object matters.
    if state.store.get(key).is_none_or(|live| !Arc::ptr_eq(live, new)) {
        return;
    }
    if gc::written(state, key, new, now) {
        return;
    }
    match key.resource.as_str() {
        "namespaces" => namespaces::namespace(state, key, new, now),
        "deployments.apps" => deployments::deployment(state, key, now),
        "replicasets.apps" => {
            deployments::replica_set(state, key, now);
            owner(state, new, now);
        }
        "statefulsets.apps" => stateful_sets::stateful_set(state, key, now),
        "daemonsets.apps" => daemon_sets::daemon_set(state, key, now),
        "jobs.batch" => jobs::job(state, key, now),
        "pods" => {
            pods::pod(state, key, now);
            owner(state, new, now);
        }
        "persistentvolumeclaims" => storage::claim(state, key, now),
        "persistentvolumes" => storage::volume(state, key, now),
        "services" => misc::service(state, key, now),
        "customresourcedefinitions.apiextensions.k8s.io" => crd::crd(state, key, now),
        "apiservices.apiregistration.k8s.io" => misc::api_service(state, key, now),
        "horizontalpodautoscalers.autoscaling" => misc::autoscaler(state, key, now),
        "poddisruptionbudgets.policy" => misc::disruption_budget(state, key, now),
        "resourcequotas" => misc::quota(state, key, now),
        _ => {}
    }
}

/// Reconciles the controller of an object.
fn owner(state: &mut State, object: &Value, now: &str) {
    let owners = meta::list(object, "/metadata/ownerReferences");
    let Some(owner) = owners.iter().find(|o| meta::flag(o, "/controller")) else { return };
    let (namespace, name) = (meta::namespace(object), meta::text(owner, "/name"));
    let key = |resource: &str| Key::new(resource, namespace, name);
    match meta::text(owner, "/kind") {
        "ReplicaSet" => deployments::replica_set(state, &key("replicasets.apps"), now),
        "Deployment" => deployments::deployment(state, &key("deployments.apps"), now),
        "StatefulSet" => stateful_sets::stateful_set(state, &key("statefulsets.apps"), now),
        "DaemonSet" => daemon_sets::daemon_set(state, &key("daemonsets.apps"), now),
        "Job" => jobs::job(state, &key("jobs.batch"), now),
        _ => {}
    }
}

/// The live object, unless it is being deleted.
fn live(state: &State, key: &Key) -> Option<Arc<Value>> {
    state.store.get(key).filter(|o| !meta::is_deleting(o)).cloned()
}

/// Writes a status if it differs; records the controller as its manager.
fn put_status(state: &mut State, key: &Key, status: Value, now: &str) {
    let Some(live) = state.store.get(key).cloned() else { return };
    if live.get("status") == Some(&status) {
        return;
    }
    let mut object = (*live).clone();
    meta::as_map(&mut object).insert("status".to_owned(), status);
    put(state, key, &live, object, "status", now);
}

/// Writes an object as the controller manager does.
fn put(state: &mut State, key: &Key, live: &Value, mut object: Value, sub: &str, now: &str) {
    if let Some(served) = state.registry.stored(&key.resource) {
        write::settle(&served, &mut object);
        if object == *live {
            return;
        }
        if let Some(ty) = served.ty {
            let mut managers = Managers::of(live);
            let api_version = served.api_version();
            let writer = Writer { manager: MANAGER, api_version: &api_version, subresource: sub, now };
            managers.update(&Ty::new(served.schema(), ty), live, &object, &writer, served.has_status());
            managers.write(&mut object);
        }
    }
    state.store.put(key.clone(), object);
}

/// Creates an object through the usual path; one that exists already or is refused stays as it is.
fn create(state: &mut State, object: Value, now: &str) -> Option<Arc<Value>> {
    let served = state.registry.kind(meta::text(&object, "/apiVersion"), meta::text(&object, "/kind"))?;
    write::make(state, &served, object, MANAGER, now).ok()
}

/// An owner reference by which a controller claims an object.
fn controller_ref(owner: &Value) -> Value {
    json!({
        "apiVersion": owner.get("apiVersion"), "kind": owner.get("kind"), "name": meta::name(owner),
        "uid": meta::uid(owner), "controller": true, "blockOwnerDeletion": true,
    })
}

/// Objects of a resource that name this owner, sorted by name.
fn owned(state: &State, owner: &Value, resource: &str) -> Vec<(Key, Arc<Value>)> {
    state
        .store
        .dependents(meta::uid(owner))
        .into_iter()
        .filter(|k| k.resource == resource)
        .filter_map(|k| state.store.get(&k).cloned().map(|o| (k, o)))
        .collect()
}

/// A condition as most kinds have it; the old transition time stays while the status does.
fn condition(old: &Value, kind: &str, status: &str, reason: &str, message: &str, now: &str) -> Value {
    let before = meta::list(old, "/status/conditions")
        .iter()
        .find(|c| meta::text(c, "/type") == kind && meta::text(c, "/status") == status);
    let time = before.map_or(now, |c| meta::text(c, "/lastTransitionTime"));
    json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": time})
}

/// A pod of a controller, from its template.
fn pod_from(template: &Value, owner: &Value, name: &str) -> Value {
    let metadata = template.get("metadata").cloned().unwrap_or_default();
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": meta::namespace(owner), "ownerReferences": [controller_ref(owner)]},
        "spec": template.get("spec"),
    });
    let own = meta::metadata(&mut pod);
    for key in ["labels", "annotations", "finalizers"] {
        meta::set(own, key, metadata.get(key).cloned());
    }
    pod
}

/// A hash of a template, as pods are told apart by.
fn template_hash(template: &Value) -> String {
    meta::suffix(&template.to_string(), 10)
}

/// What exists before anybody asks.
pub fn bootstrap(state: &mut State, now: &str) {
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        create(state, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}), now);
    }
    for object in misc::initial_objects(now) {
        create(state, object, now);
    }
    misc::node_status(state, now);
    run(state, now);
}
