//! What the API server does differently from kind to kind: its "strategies".

use serde_json::{Map, Value, json};

use super::delete::Propagation;
use super::meta;
use super::registry::Served;
use super::state::State;
use super::status::{Answer, FieldError, Refusal};

/// Kinds whose `metadata.generation` counts changes of their spec. Custom resources always do.
pub fn has_generation(served: &Served) -> bool {
    const WITH: &[&str] = &[
        "deployments.apps",
        "daemonsets.apps",
        "statefulsets.apps",
        "replicasets.apps",
        "replicationcontrollers",
        "pods",
        "jobs.batch",
        "cronjobs.batch",
        "ingresses.networking.k8s.io",
        "ingressclasses.networking.k8s.io",
        "networkpolicies.networking.k8s.io",
        "poddisruptionbudgets.policy",
        "customresourcedefinitions.apiextensions.k8s.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "flowschemas.flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        "priorityclasses.scheduling.k8s.io",
        "endpointslices.discovery.k8s.io",
        "csidrivers.storage.k8s.io",
        "deviceclasses.resource.k8s.io",
    ];
    served.custom.is_some() || WITH.contains(&served.resource.as_str())
}

pub fn spec_changed(served: &Served, old: &Value, new: &Value) -> bool {
    let part = |object: &Value| -> Map<String, Value> {
        let map = object.as_object().cloned().unwrap_or_default();
        let skip = |key: &str| {
            matches!(key, "metadata" | "apiVersion" | "kind") || (key == "status" && served.has_status())
        };
        map.into_iter().filter(|(k, _)| !skip(k)).collect()
    };
    // Deployments count a change of their annotations too.
    let annotated = served.resource == "deployments.apps"
        && old.pointer("/metadata/annotations") != new.pointer("/metadata/annotations");
    annotated || part(old) != part(new)
}

/// Kinds whose deletion is answered with the object instead of a `Status`.
pub fn answers_with_deleted(served: &Served) -> bool {
    const THESE: &[&str] = &[
        "pods",
        "services",
        "serviceaccounts",
        "persistentvolumes",
        "persistentvolumeclaims",
        "resourcequotas",
        "podtemplates",
        "storageclasses.storage.k8s.io",
        "csidrivers.storage.k8s.io",
        "csinodes.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
    ];
    THESE.contains(&served.resource.as_str())
}

/// A PUT of a missing object creates it.
pub fn creates_on_update(served: &Served) -> bool {
    const THESE: &[&str] = &[
        "endpoints",
        "events",
        "events.events.k8s.io",
        "leases.coordination.k8s.io",
        "limitranges",
        "services",
        "roles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
    ];
    THESE.contains(&served.resource.as_str())
}

/// A PUT may leave out the version it replaces.
pub fn updates_unconditionally(served: &Served) -> bool {
    const NOT: &[&str] = &[
        "leases.coordination.k8s.io",
        "poddisruptionbudgets.policy",
        "apiservices.apiregistration.k8s.io",
        "customresourcedefinitions.apiextensions.k8s.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "csidrivers.storage.k8s.io",
        "csinodes.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "runtimeclasses.node.k8s.io",
        "customresourcedefinitions",
    ];
    served.custom.is_none() && !NOT.contains(&served.resource.as_str())
}

pub fn default_propagation(served: &Served) -> Propagation {
    // Compatibility of batch/v1: `kubectl delete` asks for Background itself.
    if served.resource == "jobs.batch" { Propagation::Orphan } else { Propagation::Background }
}

pub fn check_delete(served: &Served, name: &str) -> Answer<()> {
    if served.resource == "namespaces" && matches!(name, "default" | "kube-system" | "kube-public") {
        return Err(Refusal::forbidden("namespaces", name, "this namespace may not be deleted"));
    }
    Ok(())
}

/// A namespace stays until its own finalizers, kept in the spec, are gone.
pub fn kept_while_deleting(served: &Served, object: &Value) -> bool {
    served.resource == "namespaces" && !meta::list(object, "/spec/finalizers").is_empty()
}

/// Before validation of a new object; `metadata.uid` is set.
pub fn prepare_create(state: &State, served: &Served, object: &mut Value) {
    match served.resource.as_str() {
        "namespaces" => {
            meta::child(object, "spec").insert("finalizers".to_owned(), json!(["kubernetes"]));
            meta::child(object, "status").insert("phase".to_owned(), "Active".into());
        }
        "pods" => pod(object),
        "persistentvolumeclaims" => {
            meta::child(object, "status").insert("phase".to_owned(), "Pending".into());
            protect(object, "kubernetes.io/pvc-protection");
            claim(state, object);
        }
        "persistentvolumes" => {
            meta::child(object, "status").insert("phase".to_owned(), "Pending".into());
            protect(object, "kubernetes.io/pv-protection");
        }
        "daemonsets.apps" => set_generation(object, 1),
        "jobs.batch" => job(object),
        "customresourcedefinitions.apiextensions.k8s.io" => super::controllers::crd::initial_status(object),
        _ => {}
    }
}

/// Priority, service account and the tolerations every pod gets from admission.
fn pod(object: &mut Value) {
    let spec = meta::child(object, "spec");
    let account = spec.get("serviceAccountName").and_then(Value::as_str).unwrap_or("default").to_owned();
    spec.insert("serviceAccountName".to_owned(), account.clone().into());
    spec.insert("serviceAccount".to_owned(), account.into());
    spec.entry("priority").or_insert_with(|| 0.into());
    spec.entry("preemptionPolicy").or_insert_with(|| "PreemptLowerPriority".into());
    let tolerations = meta_list(spec, "tolerations");
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covered = tolerations.iter().any(|t| {
            let effect = meta::text(t, "/effect");
            (effect.is_empty() || effect == "NoExecute")
                && matches!(meta::text(t, "/key"), k if k == key || k.is_empty())
        });
        if !covered {
            tolerations.push(
                json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
            );
        }
    }
    let class = qos(object);
    let status = meta::child(object, "status");
    status.insert("phase".to_owned(), "Pending".into());
    status.insert("qosClass".to_owned(), class.into());
}

fn meta_list<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Vec<Value> {
    let slot = map.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    if !slot.is_array() {
        *slot = Value::Array(Vec::new());
    }
    match slot {
        Value::Array(list) => list,
        _ => unreachable!("an array was put here"),
    }
}

fn qos(pod: &Value) -> &'static str {
    let (mut any, mut guaranteed) = (false, true);
    for pointer in ["/spec/containers", "/spec/initContainers"] {
        for container in meta::list(pod, pointer) {
            let of =
                |kind: &str, name: &str| container.pointer(&format!("/resources/{kind}/{name}")).cloned();
            for name in ["cpu", "memory"] {
                let (request, limit) = (of("requests", name), of("limits", name));
                any |= request.is_some() || limit.is_some();
                guaranteed &= limit.is_some() && request.is_none_or(|r| Some(r) == limit);
            }
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// Storage in use is not deleted under its users.
fn protect(object: &mut Value, finalizer: &str) {
    let list = meta_list(meta::metadata(object), "finalizers");
    if !list.iter().any(|f| f.as_str() == Some(finalizer)) {
        list.push(finalizer.into());
    }
}

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// An old field of DaemonSets that apps/v1 keeps as an annotation.
fn set_generation(object: &mut Value, generation: i64) {
    let annotations = meta::as_map(meta::metadata(object).entry("annotations").or_insert(Value::Null));
    annotations.insert(TEMPLATE_GENERATION.to_owned(), generation.to_string().into());
}

/// A claim without a class gets the default one.
fn claim(state: &State, object: &mut Value) {
    let spec = meta::child(object, "spec");
    if spec.contains_key("storageClassName") || spec.contains_key("volumeName") {
        return;
    }
    let default = state.store.list("storageclasses.storage.k8s.io", "").find(|(_, class)| {
        meta::annotation(class, "storageclass.kubernetes.io/is-default-class") == Some("true")
    });
    if let Some((key, _)) = default {
        spec.insert("storageClassName".to_owned(), key.name.clone().into());
    }
}

/// The selector and labels by which a job finds its pods.
fn job(object: &mut Value) {
    if meta::flag(object, "/spec/manualSelector") {
        return;
    }
    let (uid, name) = (meta::uid(object).to_owned(), meta::name(object).to_owned());
    let spec = meta::child(object, "spec");
    spec.insert("selector".to_owned(), json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}));
    let template = meta::as_map(spec.entry("template").or_insert(Value::Null));
    let metadata = meta::as_map(template.entry("metadata").or_insert(Value::Null));
    let labels = meta::as_map(metadata.entry("labels").or_insert(Value::Null));
    for (key, value) in [
        ("batch.kubernetes.io/controller-uid", &uid),
        ("controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
        ("job-name", &name),
    ] {
        labels.insert(key.to_owned(), value.clone().into());
    }
    let labels = Value::Object(labels.clone());
    let metadata = meta::metadata(object);
    if metadata.get("labels").and_then(Value::as_object).is_none_or(Map::is_empty) {
        metadata.insert("labels".to_owned(), labels);
    }
}

/// Before validation of a changed object: what an update keeps if it does not say otherwise.
pub fn prepare_update(served: &Served, old: &Value, new: &mut Value) {
    match served.resource.as_str() {
        "services" => service(old, new),
        "daemonsets.apps" => {
            let before = meta::annotation(old, TEMPLATE_GENERATION).and_then(|g| g.parse().ok()).unwrap_or(1);
            let changed = old.pointer("/spec/template") != new.pointer("/spec/template");
            set_generation(new, before + i64::from(changed));
        }
        "namespaces" => {
            let kept = old.pointer("/spec/finalizers").cloned();
            let spec = meta::child(new, "spec");
            if !spec.contains_key("finalizers") {
                meta::set(spec, "finalizers", kept);
            }
        }
        "persistentvolumeclaims" => {
            let spec = meta::child(new, "spec");
            for key in ["volumeName", "storageClassName"] {
                if !spec.contains_key(key) {
                    meta::set(spec, key, old.get("spec").and_then(|s| s.get(key)).cloned());
                }
            }
        }
        "pods" => {
            let spec = meta::child(new, "spec");
            for key in ["nodeName", "serviceAccount", "serviceAccountName", "priority", "preemptionPolicy"] {
                if !spec.contains_key(key) {
                    meta::set(spec, key, old.get("spec").and_then(|s| s.get(key)).cloned());
                }
            }
        }
        "jobs.batch" => {
            let spec = meta::child(new, "spec");
            if !spec.contains_key("selector") {
                meta::set(spec, "selector", old.pointer("/spec/selector").cloned());
            }
        }
        _ => {}
    }
}

/// Addresses and node ports stay with a service whose new version does not name them, and go with a type
/// that has none. Source: `pkg/registry/core/service`, `patchAllocatedValues` and `dropTypeDependentFields`.
fn service(old: &Value, new: &mut Value) {
    let kind = |o: &Value| meta::text(o, "/spec/type").to_owned();
    let (was, is) = (kind(old), kind(new));
    let old_spec = old.get("spec").and_then(Value::as_object).cloned().unwrap_or_default();
    let old_ports = meta::list(old, "/spec/ports").to_vec();
    let spec = meta::child(new, "spec");
    let addressed = |kind: &str| kind != "ExternalName";
    let exposed = |kind: &str| matches!(kind, "NodePort" | "LoadBalancer");
    const ADDRESS: &[&str] = &["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"];
    if addressed(&was) && addressed(&is) {
        let given = spec.get("clusterIP").filter(|ip| ip.as_str() != Some(""));
        if given.is_none_or(|ip| Some(ip) == old_spec.get("clusterIP")) {
            keep_absent(spec, &old_spec, ADDRESS);
        }
    } else if addressed(&was) {
        drop_same(spec, &old_spec, ADDRESS);
        drop_same(spec, &old_spec, &["internalTrafficPolicy"]);
    }
    let same = |port: &Value| {
        old_ports
            .iter()
            .find(|o| o.get("port") == port.get("port") && o.get("protocol") == port.get("protocol"))
    };
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let before = same(port).and_then(|o| o.get("nodePort")).cloned();
        let port = meta::as_map(port);
        if exposed(&was) && exposed(&is) && !port.contains_key("nodePort") {
            meta::set(port, "nodePort", before);
        } else if exposed(&was) && !exposed(&is) && port.get("nodePort") == before.as_ref() {
            port.remove("nodePort");
        }
    }
    if was == "LoadBalancer" && is == "LoadBalancer" {
        keep_absent(spec, &old_spec, &["healthCheckNodePort"]);
    } else if was == "LoadBalancer" {
        drop_same(
            spec,
            &old_spec,
            &["healthCheckNodePort", "allocateLoadBalancerNodePorts", "loadBalancerClass"],
        );
    }
    if exposed(&was) && !exposed(&is) {
        drop_same(spec, &old_spec, &["externalTrafficPolicy"]);
    }
}

/// What the new version does not mention stays as it was.
fn keep_absent(new: &mut Map<String, Value>, old: &Map<String, Value>, keys: &[&str]) {
    for key in keys {
        if !new.contains_key(*key) {
            meta::set(new, key, old.get(*key).cloned());
        }
    }
}

/// What is only there because it was there goes.
fn drop_same(new: &mut Map<String, Value>, old: &Map<String, Value>, keys: &[&str]) {
    for key in keys {
        if new.get(*key).is_some() && new.get(*key) == old.get(*key) {
            new.remove(*key);
        }
    }
}

/// After validation: addresses and ports, unique in the cluster.
pub fn allocate(state: &State, served: &Served, object: &mut Value) -> Answer<()> {
    if served.resource != "services" {
        return Ok(());
    }
    let kind = meta::text(object, "/spec/type").to_owned();
    let own = (meta::namespace(object).to_owned(), meta::name(object).to_owned());
    let others = || {
        state
            .store
            .list("services", "")
            .filter(|(k, _)| (k.namespace.as_str(), k.name.as_str()) != (own.0.as_str(), own.1.as_str()))
            .map(|(_, o)| o)
    };
    let seed = meta::digest(&format!("{}/{}", own.0, own.1));
    let named = meta::text(object, "/spec/clusterIP").to_owned();
    let spec = meta::child(object, "spec");
    if kind == "ExternalName" {
        for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            spec.remove(key);
        }
        return Ok(());
    }
    let address = if named.is_empty() {
        let free = (0..65_000u64)
            .map(|i| cluster_ip(seed.wrapping_add(i)))
            .find(|ip| !others().any(|o| meta::text(o, "/spec/clusterIP") == ip));
        free.ok_or_else(|| Refusal::internal("failed to allocate a serviceIP: range is full"))?
    } else {
        if named != "None" && others().any(|o| meta::text(o, "/spec/clusterIP") == named) {
            let error = FieldError::invalid(
                "spec.clusterIPs",
                &json!([named]),
                "failed to allocate IP: provided IP is already allocated",
            );
            return Err(Refusal::invalid("Service", "", &own.1, &[error]));
        }
        named
    };
    spec.insert("clusterIP".to_owned(), address.clone().into());
    spec.entry("clusterIPs").or_insert_with(|| json!([address]));
    spec.entry("ipFamilies").or_insert_with(|| json!(["IPv4"]));
    spec.entry("ipFamilyPolicy").or_insert_with(|| "SingleStack".into());
    if !matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        return Ok(());
    }
    let used: Vec<i64> = others()
        .flat_map(|o| meta::list(o, "/spec/ports").iter().filter_map(|p| meta::int(p, "/nodePort")))
        .collect();
    let mut taken = used.clone();
    let wants = kind == "NodePort" || spec.get("allocateLoadBalancerNodePorts") != Some(&Value::Bool(false));
    for (i, port) in meta_list(spec, "ports").iter_mut().enumerate() {
        if let Some(given) = meta::int(port, "/nodePort").filter(|p| *p != 0) {
            if used.contains(&given) {
                let error = FieldError::invalid(
                    format!("spec.ports[{i}].nodePort"),
                    &Value::from(given),
                    "provided port is already allocated",
                );
                return Err(Refusal::invalid("Service", "", &own.1, &[error]));
            }
            taken.push(given);
        } else if wants {
            let start = i64::try_from(seed.wrapping_add(i as u64) % 2768).unwrap_or(0);
            let free = (0..2768).map(|n| 30_000 + (start + n) % 2768).find(|p| !taken.contains(p));
            let free =
                free.ok_or_else(|| Refusal::internal("failed to allocate a nodePort: range is full"))?;
            taken.push(free);
            meta::as_map(port).insert("nodePort".to_owned(), free.into());
        }
    }
    let local = spec.get("externalTrafficPolicy").and_then(Value::as_str) == Some("Local");
    if kind == "LoadBalancer" && local && !spec.contains_key("healthCheckNodePort") {
        let free = (30_000..32_768).rev().find(|p| !taken.contains(p)).unwrap_or(32_767);
        spec.insert("healthCheckNodePort".to_owned(), free.into());
    }
    Ok(())
}

/// From 10.96.0.0/16; .0.1 belongs to `kubernetes`.
fn cluster_ip(seed: u64) -> String {
    let host = 10 + seed % 65_000;
    format!("10.96.{}.{}", host / 256, host % 256)
}
