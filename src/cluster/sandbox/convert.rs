//! Between the version an object is stored at and the one it is asked for.
//!
//! Only one built-in kind has two served versions: HorizontalPodAutoscaler (v1 and v2, stored as v2). CRDs are
//! converted as `strategy: None` says: the apiVersion changes, nothing else.

use serde_json::{Map, Value, json};

use super::meta;
use super::registry::Served;

const OTHER_METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";

/// As stored.
pub fn to_storage(served: &Served, mut object: Value) -> Value {
    if served.version == served.storage_version {
        return object;
    }
    if served.resource == "horizontalpodautoscalers.autoscaling" {
        to_v2(&mut object);
    }
    meta::as_map(&mut object).insert("apiVersion".to_owned(), served.storage_api_version().into());
    object
}

/// As asked for.
pub fn to_version(served: &Served, object: &Value) -> Value {
    let mut out = object.clone();
    if served.version == served.storage_version || meta::text(&out, "/apiVersion") == served.api_version() {
        return out;
    }
    if served.resource == "horizontalpodautoscalers.autoscaling" {
        to_v1(&mut out);
    }
    meta::as_map(&mut out).insert("apiVersion".to_owned(), served.api_version().into());
    out
}

fn to_v2(object: &mut Value) {
    let spec = meta::child(object, "spec");
    let mut metrics = Vec::new();
    if let Some(target) = spec.remove("targetCPUUtilizationPercentage") {
        metrics.push(json!({
            "type": "Resource",
            "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}},
        }));
    }
    let kept = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    if let Some(Value::String(text)) = kept.and_then(|a| a.remove(OTHER_METRICS))
        && let Ok(Value::Array(others)) = serde_json::from_str(&text)
    {
        metrics.extend(others);
    }
    if !metrics.is_empty() {
        meta::child(object, "spec").insert("metrics".to_owned(), Value::Array(metrics));
    }
}

fn is_cpu(metric: &Value) -> bool {
    meta::text(metric, "/type") == "Resource"
        && meta::text(metric, "/resource/name") == "cpu"
        && metric.pointer("/resource/target/averageUtilization").is_some()
}

fn to_v1(object: &mut Value) {
    let spec = meta::child(object, "spec");
    let Some(Value::Array(metrics)) = spec.remove("metrics") else { return };
    spec.remove("behavior");
    let cpu = metrics.iter().find(|m| is_cpu(m));
    if let Some(target) = cpu.and_then(|m| m.pointer("/resource/target/averageUtilization")) {
        spec.insert("targetCPUUtilizationPercentage".to_owned(), target.clone());
    }
    let others: Vec<&Value> = metrics.iter().filter(|m| !is_cpu(m)).collect();
    if !others.is_empty() {
        let text = serde_json::to_string(&others).unwrap_or_default();
        let metadata = meta::metadata(object);
        let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
        meta::as_map(annotations).insert(OTHER_METRICS.to_owned(), text.into());
    }
}
