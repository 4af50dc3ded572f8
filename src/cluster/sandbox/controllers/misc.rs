//! Smaller controllers, and the objects a cluster starts with.

use serde_json::{Value, json};

use super::{NODE, condition, live, pods, put_status};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::select::label_selector;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

/// A load balancer gets an address that documentation may use (RFC 5737, TEST-NET-3).
pub fn service(state: &mut State, key: &Key, now: &str) {
    let Some(service) = live(state, key) else { return };
    if meta::text(&service, "/spec/type") != "LoadBalancer" {
        if service.pointer("/status/loadBalancer/ingress").is_some() {
            put_status(state, key, json!({"loadBalancer": {}}), now);
        }
        return;
    }
    let address = format!("203.0.113.{}", 1 + meta::digest(&format!("{}/{}", key.namespace, key.name)) % 254);
    put_status(state, key, json!({"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}), now);
}

pub fn api_service(state: &mut State, key: &Key, now: &str) {
    let Some(object) = live(state, key) else { return };
    let available = if object.pointer("/spec/service").is_some() {
        condition(&object, "Available", "True", "Passed", "all checks passed", now)
    } else {
        condition(&object, "Available", "True", "Local", "Local APIServices are always available", now)
    };
    put_status(state, key, json!({"conditions": [available]}), now);
}

pub fn autoscaler(state: &mut State, key: &Key, now: &str) {
    let Some(object) = live(state, key) else { return };
    let resource = match meta::text(&object, "/spec/scaleTargetRef/kind") {
        "StatefulSet" => "statefulsets.apps",
        "ReplicaSet" => "replicasets.apps",
        _ => "deployments.apps",
    };
    let target = state.object(resource, &key.namespace, meta::text(&object, "/spec/scaleTargetRef/name"));
    let Some(target) = target else {
        let why = "the HPA controller was unable to get the target's current scale: not found";
        let failed = condition(&object, "AbleToScale", "False", "FailedGetScale", why, now);
        return put_status(
            state,
            key,
            json!({"currentMetrics": null, "desiredReplicas": 0, "conditions": [failed]}),
            now,
        );
    };
    let current = meta::int(&target, "/spec/replicas").unwrap_or(1);
    let status = json!({
        "currentReplicas": current, "desiredReplicas": current, "currentMetrics": null,
        "conditions": [
            condition(&object, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size", now),
            condition(&object, "ScalingActive", "True", "ValidMetricFound", "the HPA was able to successfully calculate a replica count", now),
            condition(&object, "ScalingLimited", "False", "DesiredWithinRange", "the desired count is within the acceptable range", now),
        ],
    });
    put_status(state, key, status, now);
}

pub fn disruption_budgets(state: &mut State, namespace: &str, now: &str) {
    let keys: Vec<Key> =
        state.store.list("poddisruptionbudgets.policy", namespace).map(|(k, _)| k.clone()).collect();
    for key in keys {
        disruption_budget(state, &key, now);
    }
}

pub fn disruption_budget(state: &mut State, key: &Key, now: &str) {
    let Some(object) = live(state, key) else { return };
    let selector = object.pointer("/spec/selector").cloned().unwrap_or_default();
    let (mut expected, mut healthy) = (0i64, 0i64);
    for (_, pod) in state.store.list("pods", &key.namespace) {
        if label_selector(&selector, pod.pointer("/metadata/labels")) {
            expected += 1;
            healthy += i64::from(pods::is_ready(pod));
        }
    }
    let share = |value: &Value| match value {
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            (expected * percent + 99) / 100
        }
        other => other.as_i64().unwrap_or(0),
    };
    let desired = match (object.pointer("/spec/minAvailable"), object.pointer("/spec/maxUnavailable")) {
        (Some(min), _) => share(min),
        (None, Some(max)) => (expected - share(max)).max(0),
        (None, None) => 0,
    };
    let allowed = (healthy - desired).max(0);
    let (status, reason) =
        if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let mut made = condition(&object, "DisruptionAllowed", status, reason, "", now);
    if let Some(map) = made.as_object_mut() {
        map.insert(
            "observedGeneration".to_owned(),
            object.pointer("/metadata/generation").cloned().unwrap_or_default(),
        );
    }
    let status = json!({
        "observedGeneration": object.pointer("/metadata/generation"), "currentHealthy": healthy,
        "desiredHealthy": desired, "disruptionsAllowed": allowed, "expectedPods": expected, "conditions": [made],
    });
    put_status(state, key, status, now);
}

/// Quotas are shown, not enforced.
pub fn quota(state: &mut State, key: &Key, now: &str) {
    let Some(object) = live(state, key) else { return };
    let Some(Value::Object(hard)) = object.pointer("/spec/hard").cloned() else { return };
    let used: serde_json::Map<String, Value> = hard.keys().map(|k| (k.clone(), "0".into())).collect();
    put_status(state, key, json!({"hard": hard, "used": used}), now);
}

const NODE_LABELS: &[(&str, &str)] = &[
    ("beta.kubernetes.io/arch", "amd64"),
    ("beta.kubernetes.io/os", "linux"),
    ("kubernetes.io/arch", "amd64"),
    ("kubernetes.io/hostname", NODE),
    ("kubernetes.io/os", "linux"),
];

/// Whether the node has the labels a pod asks for. Labels the node does not know at all do not count: a
/// sandbox stands for whatever nodes the real cluster has.
pub fn node_matches(selector: Option<&Value>) -> bool {
    let wanted = selector.and_then(Value::as_object);
    wanted.into_iter().flatten().all(|(key, value)| {
        NODE_LABELS.iter().find(|(k, _)| k == key).is_none_or(|(_, v)| value.as_str() == Some(*v))
    })
}

pub fn initial_objects(now: &str) -> Vec<Value> {
    let labels: serde_json::Map<String, Value> =
        NODE_LABELS.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
    let everything = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let role = |name: &str, rules: Value| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name,
            "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}, "rules": rules})
    };
    let class = |name: &str, value: i64| {
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value,
            "description": "Used for system critical pods that must run in the cluster."})
    };
    let _ = now;
    vec![
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE, "labels": labels}}),
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "sandbox.relc.dev/none",
            "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kubernetes", "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]}}),
        class("system-cluster-critical", 2_000_000_000),
        class("system-node-critical", 2_000_001_000),
        role("cluster-admin", everything.clone()),
        role("admin", everything.clone()),
        role("edit", everything),
        role("view", json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}])),
    ]
}

pub fn node_status(state: &mut State, now: &str) {
    let key = Key::new("nodes", "", NODE);
    let Some(node) = live(state, &key) else { return };
    let size = json!({"cpu": "64", "memory": "256Gi", "pods": "10000", "ephemeral-storage": "1Ti"});
    let mut ready = condition(&node, "Ready", "True", "KubeletReady", "kubelet is posting ready status", now);
    if let Some(map) = ready.as_object_mut() {
        map.insert("lastHeartbeatTime".to_owned(), now.into());
    }
    let status = json!({
        "capacity": size, "allocatable": size, "conditions": [ready],
        "addresses": [{"type": "InternalIP", "address": "192.0.2.1"}, {"type": "Hostname", "address": NODE}],
        "nodeInfo": {"architecture": "amd64", "operatingSystem": "linux", "osImage": "relc sandbox",
            "kernelVersion": "", "containerRuntimeVersion": "sandbox://0", "kubeletVersion": super::super::VERSION,
            "kubeProxyVersion": "", "bootID": "", "machineID": "", "systemUUID": ""},
    });
    put_status(state, &key, status, now);
}
