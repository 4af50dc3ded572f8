//! Deployments and ReplicaSets.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{condition, controller_ref, create, live, owned, pod_from, put, put_status, template_hash};
use crate::cluster::sandbox::delete::{self, Propagation};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

fn number(object: &Value, pointer: &str) -> i64 {
    meta::int(object, pointer).unwrap_or(0)
}

fn revision(object: &Value) -> i64 {
    meta::annotation(object, REVISION).and_then(|r| r.parse().ok()).unwrap_or(0)
}

pub fn deployment(state: &mut State, key: &Key, now: &str) {
    let Some(deployment) = live(state, key) else { return };
    let sets = owned(state, &deployment, "replicasets.apps");
    let template = deployment.pointer("/spec/template").cloned().unwrap_or_default();
    let hash = template_hash(&template);
    let name = format!("{}-{hash}", key.name);
    let wanted = number(&deployment, "/spec/replicas");
    let current = sets.iter().find(|(k, _)| k.name == name).map(|(_, o)| o.clone());
    let latest = sets.iter().map(|(_, o)| revision(o)).max().unwrap_or(0);
    let number_of = match &current {
        Some(set) if revision(set) == latest => latest,
        _ => latest + 1,
    };
    if meta::flag(&deployment, "/spec/paused") {
        return status(state, key, &name, None, now);
    }
    match current {
        None => {
            let set = new_set(&deployment, &template, &name, &hash, wanted, number_of);
            create(state, set, now);
        }
        Some(set) => {
            let mut object = (*set).clone();
            annotate(&mut object, wanted, number_of);
            meta::child(&mut object, "spec").insert("replicas".to_owned(), wanted.into());
            bump_if_changed(&set, &mut object);
            let set_key = Key::new("replicasets.apps", &key.namespace, &name);
            put(state, &set_key, &set, object, "", now);
        }
    }
    let set_key = Key::new("replicasets.apps", &key.namespace, &name);
    super::deployments::replica_set(state, &set_key, now);
    let ready = state.store.get(&set_key).map_or(0, |s| number(s, "/status/readyReplicas"));
    let recreate = meta::text(&deployment, "/spec/strategy/type") == "Recreate";
    if ready >= wanted || recreate {
        for (old_key, old) in sets.iter().filter(|(k, _)| k.name != name) {
            scale_down(state, old_key, old, now);
        }
        trim(state, &deployment, &name, now);
    }
    status(state, key, &name, Some(number_of), now);
}

fn new_set(
    deployment: &Value,
    template: &Value,
    name: &str,
    hash: &str,
    replicas: i64,
    revision: i64,
) -> Value {
    let mut template = template.clone();
    let labels = {
        let metadata = meta::metadata(&mut template);
        let labels = meta::as_map(metadata.entry("labels").or_insert(Value::Null));
        labels.insert(HASH.to_owned(), hash.into());
        Value::Object(labels.clone())
    };
    let mut selector = deployment.pointer("/spec/selector").cloned().unwrap_or_default();
    let by_labels = meta::as_map(meta::as_map(&mut selector).entry("matchLabels").or_insert(Value::Null));
    by_labels.insert(HASH.to_owned(), hash.into());
    let mut set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": name, "namespace": meta::namespace(deployment), "labels": labels,
            "ownerReferences": [controller_ref(deployment)],
        },
        "spec": {"replicas": replicas, "selector": selector, "template": template,
            "minReadySeconds": deployment.pointer("/spec/minReadySeconds")},
    });
    annotate(&mut set, replicas, revision);
    set
}

fn annotate(set: &mut Value, replicas: i64, revision: i64) {
    let metadata = meta::metadata(set);
    let annotations = meta::as_map(metadata.entry("annotations").or_insert(Value::Null));
    annotations.insert(REVISION.to_owned(), revision.to_string().into());
    annotations.insert("deployment.kubernetes.io/desired-replicas".to_owned(), replicas.to_string().into());
}

fn bump_if_changed(old: &Value, new: &mut Value) {
    if old.get("spec") != new.get("spec") {
        let next = number(old, "/metadata/generation") + 1;
        meta::metadata(new).insert("generation".to_owned(), next.into());
    }
}

fn scale_down(state: &mut State, key: &Key, set: &Value, now: &str) {
    if number(set, "/spec/replicas") == 0 {
        return;
    }
    let mut object = set.clone();
    meta::child(&mut object, "spec").insert("replicas".to_owned(), 0.into());
    bump_if_changed(set, &mut object);
    put(state, key, set, object, "", now);
    replica_set(state, key, now);
}

/// Old sets beyond the history limit.
fn trim(state: &mut State, deployment: &Value, current: &str, now: &str) {
    let limit =
        usize::try_from(meta::int(deployment, "/spec/revisionHistoryLimit").unwrap_or(10)).unwrap_or(10);
    let mut old: Vec<(Key, Arc<Value>)> = owned(state, deployment, "replicasets.apps")
        .into_iter()
        .filter(|(k, o)| k.name != current && number(o, "/spec/replicas") == 0)
        .collect();
    old.sort_by_key(|(_, o)| std::cmp::Reverse(revision(o)));
    for (key, object) in old.into_iter().skip(limit) {
        delete::start(state, &key, &object, Propagation::Background, now);
    }
}

/// The revision is written together with the status, as the real controller does.
fn status(state: &mut State, key: &Key, current: &str, revision: Option<i64>, now: &str) {
    let Some(deployment) = live(state, key) else { return };
    let sets = owned(state, &deployment, "replicasets.apps");
    let sum = |pointer: &str| sets.iter().map(|(_, o)| number(o, pointer)).sum::<i64>();
    let own = sets.iter().find(|(k, _)| k.name == current).map(|(_, o)| o.clone()).unwrap_or_default();
    let wanted = number(&deployment, "/spec/replicas");
    let updated = number(&own, "/status/replicas");
    let (replicas, ready, available) =
        (sum("/status/replicas"), sum("/status/readyReplicas"), sum("/status/availableReplicas"));
    let complete = updated == wanted && replicas == wanted && available == wanted;
    let tolerated = if number(&deployment, "/spec/replicas") <= 1 { 0 } else { wanted / 4 };
    let enough = available >= wanted - tolerated;
    let (reason, verb) = if complete {
        ("NewReplicaSetAvailable", "has successfully progressed")
    } else {
        ("ReplicaSetUpdated", "is progressing")
    };
    let mut conditions = vec![
        if enough {
            condition(
                &deployment,
                "Available",
                "True",
                "MinimumReplicasAvailable",
                "Deployment has minimum availability.",
                now,
            )
        } else {
            let why = "Deployment does not have minimum availability.";
            condition(&deployment, "Available", "False", "MinimumReplicasUnavailable", why, now)
        },
        condition(
            &deployment,
            "Progressing",
            "True",
            reason,
            &format!("ReplicaSet \"{current}\" {verb}."),
            now,
        ),
    ];
    if meta::flag(&deployment, "/spec/paused") {
        conditions.truncate(1);
        conditions.push(condition(
            &deployment,
            "Progressing",
            "Unknown",
            "DeploymentPaused",
            "Deployment is paused",
            now,
        ));
    }
    for condition in conditions.iter_mut().filter_map(Value::as_object_mut) {
        let time = condition.get("lastTransitionTime").cloned();
        meta::set(condition, "lastUpdateTime", time);
    }
    let status = json!({
        "observedGeneration": deployment.pointer("/metadata/generation"), "replicas": replicas,
        "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": available,
        "unavailableReplicas": (wanted.max(replicas) - available).max(0), "conditions": conditions,
    });
    let mut object = (*deployment).clone();
    meta::as_map(&mut object).insert("status".to_owned(), without_zeros(status));
    if let Some(revision) = revision {
        let metadata = meta::metadata(&mut object);
        let annotations = meta::as_map(metadata.entry("annotations").or_insert(Value::Null));
        annotations.insert(REVISION.to_owned(), revision.to_string().into());
    }
    put(state, key, &deployment, object, "status", now);
}

/// Counts of zero are not written, as `omitempty` has it.
fn without_zeros(mut status: Value) -> Value {
    if let Some(map) = status.as_object_mut() {
        map.retain(|k, v| k == "replicas" || v.as_i64() != Some(0));
        if map.get("replicas").and_then(Value::as_i64) == Some(0) && map.contains_key("updatedReplicas") {
            map.remove("replicas");
        }
    }
    status
}

pub fn replica_set(state: &mut State, key: &Key, now: &str) {
    let Some(set) = live(state, key) else { return };
    let wanted = usize::try_from(number(&set, "/spec/replicas")).unwrap_or(0);
    let mut pods = owned(state, &set, "pods");
    while pods.len() > wanted {
        if let Some((pod_key, pod)) = pods.pop() {
            delete::start(state, &pod_key, &pod, Propagation::Background, now);
        }
    }
    let template = set.pointer("/spec/template").cloned().unwrap_or_default();
    let mut index = 0;
    while pods.len() < wanted && index < wanted * 2 + 10 {
        let name =
            format!("{}-{}", key.name, meta::suffix(&format!("{}/{index}/{}", key.name, meta::uid(&set)), 5));
        index += 1;
        let pod_key = Key::new("pods", &key.namespace, &name);
        if state.store.get(&pod_key).is_some() {
            continue;
        }
        let Some(pod) = create(state, pod_from(&template, &set, &name), now) else { break };
        super::pods::pod(state, &pod_key, now);
        pods.push((pod_key, pod));
    }
    let pods = owned(state, &set, "pods");
    let ready = pods.iter().filter(|(_, p)| super::pods::is_ready(p)).count();
    let status = json!({
        "replicas": pods.len(), "fullyLabeledReplicas": pods.len(), "readyReplicas": ready,
        "availableReplicas": ready, "observedGeneration": set.pointer("/metadata/generation"),
    });
    put_status(state, key, without_zeros(status), now);
}
