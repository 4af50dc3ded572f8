//! StatefulSets: numbered pods with claims of their own.

use serde_json::{Value, json};

use super::{create, live, owned, pod_from, pods, put_status, template_hash};
use crate::cluster::sandbox::delete::{self, Propagation};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

const HASH: &str = "controller-revision-hash";

pub fn stateful_set(state: &mut State, key: &Key, now: &str) {
    let Some(set) = live(state, key) else { return };
    let wanted = meta::int(&set, "/spec/replicas").unwrap_or(1).max(0);
    let start = meta::int(&set, "/spec/ordinals/start").unwrap_or(0);
    let template = set.pointer("/spec/template").cloned().unwrap_or_default();
    let revision = format!("{}-{}", key.name, template_hash(&template));
    let on_delete = meta::text(&set, "/spec/updateStrategy/type") == "OnDelete";
    let partition = meta::int(&set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    let parallel = meta::text(&set, "/spec/podManagementPolicy") == "Parallel";
    let ordinal = |name: &str| name.rsplit('-').next().and_then(|n| n.parse::<i64>().ok());
    for (pod_key, pod) in owned(state, &set, "pods") {
        let number = ordinal(&pod_key.name).unwrap_or(i64::MAX);
        let surplus = number < start || number >= start + wanted;
        let outdated =
            meta::label(&pod, HASH) != Some(revision.as_str()) && !on_delete && number >= partition;
        if surplus || outdated {
            delete::start(state, &pod_key, &pod, Propagation::Background, now);
        }
    }
    for number in start..start + wanted {
        let name = format!("{}-{number}", key.name);
        let pod_key = Key::new("pods", &key.namespace, &name);
        if state.store.get(&pod_key).is_none() {
            claims(state, &set, number, now);
            if create(state, numbered(&set, &template, &name, number, &revision), now).is_none() {
                break;
            }
            pods::pod(state, &pod_key, now);
        }
        // In order: the next one waits until this one is ready.
        if !parallel && !state.store.get(&pod_key).is_some_and(|p| pods::is_ready(p)) {
            break;
        }
    }
    status(state, key, &revision, now);
}

fn claims(state: &mut State, set: &Value, number: i64, now: &str) {
    for template in meta::list(set, "/spec/volumeClaimTemplates") {
        let name = format!("{}-{}-{number}", meta::name(template), meta::name(set));
        if state.object("persistentvolumeclaims", meta::namespace(set), &name).is_some() {
            continue;
        }
        let mut claim = template.clone();
        let labels = set.pointer("/spec/selector/matchLabels").cloned();
        let metadata = meta::metadata(&mut claim);
        metadata.insert("name".to_owned(), name.into());
        metadata.insert("namespace".to_owned(), meta::namespace(set).into());
        if !metadata.contains_key("labels") {
            meta::set(metadata, "labels", labels);
        }
        let map = meta::as_map(&mut claim);
        map.insert("apiVersion".to_owned(), "v1".into());
        map.insert("kind".to_owned(), "PersistentVolumeClaim".into());
        map.remove("status");
        create(state, claim, now);
    }
}

fn numbered(set: &Value, template: &Value, name: &str, number: i64, revision: &str) -> Value {
    let mut pod = pod_from(template, set, name);
    let metadata = meta::metadata(&mut pod);
    let labels = meta::as_map(metadata.entry("labels").or_insert(Value::Null));
    labels.insert(HASH.to_owned(), revision.into());
    labels.insert("statefulset.kubernetes.io/pod-name".to_owned(), name.into());
    labels.insert("apps.kubernetes.io/pod-index".to_owned(), number.to_string().into());
    let spec = meta::child(&mut pod, "spec");
    spec.insert("hostname".to_owned(), name.into());
    if let Some(service) = set.pointer("/spec/serviceName").and_then(Value::as_str).filter(|s| !s.is_empty())
    {
        spec.insert("subdomain".to_owned(), service.into());
    }
    let volumes = spec.entry("volumes").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = volumes {
        for claim in meta::list(set, "/spec/volumeClaimTemplates") {
            let volume = meta::name(claim);
            list.retain(|v| meta::text(v, "/name") != volume);
            let claim_name = format!("{volume}-{name}");
            list.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": claim_name}}));
        }
    }
    pod
}

fn status(state: &mut State, key: &Key, revision: &str, now: &str) {
    let Some(set) = live(state, key) else { return };
    let pods = owned(state, &set, "pods");
    let ready = pods.iter().filter(|(_, p)| pods::is_ready(p)).count();
    let updated = pods.iter().filter(|(_, p)| meta::label(p, HASH) == Some(revision)).count();
    let wanted = usize::try_from(meta::int(&set, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
    let before = meta::text(&set, "/status/currentRevision").to_owned();
    let complete = updated == pods.len() && ready >= wanted;
    let current = if complete || before.is_empty() { revision.to_owned() } else { before };
    let on_current = pods.iter().filter(|(_, p)| meta::label(p, HASH) == Some(current.as_str())).count();
    let mut status = json!({
        "observedGeneration": set.pointer("/metadata/generation"), "replicas": pods.len(),
        "readyReplicas": ready, "availableReplicas": ready, "currentReplicas": on_current,
        "updatedReplicas": updated, "currentRevision": current, "updateRevision": revision, "collisionCount": 0,
    });
    if let Some(map) = status.as_object_mut() {
        map.retain(|k, v| {
            matches!(k.as_str(), "replicas" | "availableReplicas" | "collisionCount") || v.as_u64() != Some(0)
        });
    }
    put_status(state, key, status, now);
}
