//! Default values, as the API server fills them in.
//!
//! Most belong to a type wherever it occurs, and stand in [`TABLE`]; those that depend on other fields are
//! functions below. Source: `pkg/apis/*/v1/defaults.go` of Kubernetes. An absent value and a zero one of a
//! field that does not keep zeros are the same here, since decoding drops the latter.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::meta;
use super::registry::Served;
use crate::kubernetes::{Empty, Schema, Shape, TypeId};

/// Type, then fields with their default as JSON.
const TABLE: &[(&str, &[(&str, &str)])] = &[
    (
        "core.v1.PodSpec",
        &[
            ("dnsPolicy", r#""ClusterFirst""#),
            ("restartPolicy", r#""Always""#),
            ("securityContext", "{}"),
            ("terminationGracePeriodSeconds", "30"),
            ("schedulerName", r#""default-scheduler""#),
        ],
    ),
    (
        "core.v1.Container",
        &[("terminationMessagePath", r#""/dev/termination-log""#), ("terminationMessagePolicy", r#""File""#)],
    ),
    (
        "core.v1.EphemeralContainer",
        &[("terminationMessagePath", r#""/dev/termination-log""#), ("terminationMessagePolicy", r#""File""#)],
    ),
    (
        "core.v1.Probe",
        &[
            ("timeoutSeconds", "1"),
            ("periodSeconds", "10"),
            ("successThreshold", "1"),
            ("failureThreshold", "3"),
        ],
    ),
    ("core.v1.HTTPGetAction", &[("path", r#""/""#), ("scheme", r#""HTTP""#)]),
    ("core.v1.GRPCAction", &[("service", r#""""#)]),
    ("core.v1.SecretVolumeSource", &[("defaultMode", "420")]),
    ("core.v1.ConfigMapVolumeSource", &[("defaultMode", "420")]),
    ("core.v1.DownwardAPIVolumeSource", &[("defaultMode", "420")]),
    ("core.v1.ProjectedVolumeSource", &[("defaultMode", "420")]),
    ("core.v1.ServiceAccountTokenProjection", &[("expirationSeconds", "3600")]),
    ("core.v1.HostPathVolumeSource", &[("type", r#""""#)]),
    ("core.v1.ObjectFieldSelector", &[("apiVersion", r#""v1""#)]),
    ("core.v1.ServiceSpec", &[("sessionAffinity", r#""None""#), ("type", r#""ClusterIP""#)]),
    ("core.v1.PersistentVolumeClaimSpec", &[("volumeMode", r#""Filesystem""#)]),
    (
        "core.v1.PersistentVolumeSpec",
        &[("persistentVolumeReclaimPolicy", r#""Retain""#), ("volumeMode", r#""Filesystem""#)],
    ),
    ("core.v1.Secret", &[("type", r#""Opaque""#)]),
    ("core.v1.EndpointPort", &[("protocol", r#""TCP""#)]),
    ("core.v1.ReplicationControllerSpec", &[("replicas", "1")]),
    ("discovery.v1.EndpointPort", &[("name", r#""""#), ("protocol", r#""TCP""#)]),
    (
        "apps.v1.DeploymentSpec",
        &[("replicas", "1"), ("revisionHistoryLimit", "10"), ("progressDeadlineSeconds", "600")],
    ),
    (
        "apps.v1.StatefulSetSpec",
        &[
            ("replicas", "1"),
            ("podManagementPolicy", r#""OrderedReady""#),
            ("revisionHistoryLimit", "10"),
            ("persistentVolumeClaimRetentionPolicy", "{}"),
        ],
    ),
    (
        "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
        &[("whenDeleted", r#""Retain""#), ("whenScaled", r#""Retain""#)],
    ),
    ("apps.v1.DaemonSetSpec", &[("revisionHistoryLimit", "10")]),
    ("apps.v1.ReplicaSetSpec", &[("replicas", "1")]),
    (
        "batch.v1.CronJobSpec",
        &[
            ("concurrencyPolicy", r#""Allow""#),
            ("suspend", "false"),
            ("successfulJobsHistoryLimit", "3"),
            ("failedJobsHistoryLimit", "1"),
        ],
    ),
    ("networking.v1.NetworkPolicyPort", &[("protocol", r#""TCP""#)]),
    ("networking.v1.IngressClassParametersReference", &[("scope", r#""Cluster""#)]),
    ("autoscaling.v1.HorizontalPodAutoscalerSpec", &[("minReplicas", "1")]),
    ("autoscaling.v2.HorizontalPodAutoscalerSpec", &[("minReplicas", "1")]),
    ("rbac.v1.RoleRef", &[("apiGroup", r#""rbac.authorization.k8s.io""#)]),
    (
        "admissionregistration.v1.MutatingWebhook",
        &[
            ("failurePolicy", r#""Fail""#),
            ("matchPolicy", r#""Equivalent""#),
            ("namespaceSelector", "{}"),
            ("objectSelector", "{}"),
            ("timeoutSeconds", "10"),
            ("reinvocationPolicy", r#""Never""#),
        ],
    ),
    (
        "admissionregistration.v1.ValidatingWebhook",
        &[
            ("failurePolicy", r#""Fail""#),
            ("matchPolicy", r#""Equivalent""#),
            ("namespaceSelector", "{}"),
            ("objectSelector", "{}"),
            ("timeoutSeconds", "10"),
        ],
    ),
    ("admissionregistration.v1.RuleWithOperations", &[("scope", r#""*""#)]),
    ("admissionregistration.v1.NamedRuleWithOperations", &[("scope", r#""*""#)]),
    ("admissionregistration.v1.ServiceReference", &[("port", "443")]),
    ("admissionregistration.v1.ValidatingAdmissionPolicySpec", &[("failurePolicy", r#""Fail""#)]),
    (
        "admissionregistration.v1.MatchResources",
        &[("matchPolicy", r#""Equivalent""#), ("namespaceSelector", "{}"), ("objectSelector", "{}")],
    ),
    ("apiextensions.v1.ServiceReference", &[("port", "443")]),
    ("apiextensions.v1.CustomResourceConversion", &[("strategy", r#""None""#)]),
    ("apiextensions.v1.CustomResourceDefinitionSpec", &[("conversion", "{}")]),
    ("apiregistration.v1.ServiceReference", &[("port", "443")]),
    ("storage.v1.StorageClass", &[("reclaimPolicy", r#""Delete""#), ("volumeBindingMode", r#""Immediate""#)]),
    (
        "storage.v1.CSIDriverSpec",
        &[
            ("attachRequired", "true"),
            ("podInfoOnMount", "false"),
            ("storageCapacity", "false"),
            ("fsGroupPolicy", r#""ReadWriteOnceWithFSType""#),
            ("volumeLifecycleModes", r#"["Persistent"]"#),
            ("requiresRepublish", "false"),
            ("seLinuxMount", "false"),
        ],
    ),
    ("scheduling.v1.PriorityClass", &[("preemptionPolicy", r#""PreemptLowerPriority""#)]),
    ("flowcontrol.v1.FlowSchemaSpec", &[("matchingPrecedence", "1000")]),
];

type Defaults = BTreeMap<&'static str, Vec<(&'static str, Value)>>;

fn table() -> &'static Defaults {
    static PARSED: OnceLock<Defaults> = OnceLock::new();
    PARSED.get_or_init(|| {
        TABLE
            .iter()
            .map(|(ty, fields)| {
                (
                    *ty,
                    fields
                        .iter()
                        .filter_map(|(f, json)| Some((*f, serde_json::from_str(json).ok()?)))
                        .collect(),
                )
            })
            .collect()
    })
}

/// Fills in what is missing.
pub fn apply(served: &Served, object: &mut Value) {
    if served.custom.is_some() {
        return;
    }
    if let Some(ty) = served.ty {
        match served.resource.as_str() {
            "secrets" => secret(object),
            "deployments.apps" => deployment(object),
            "statefulsets.apps" => stateful_set(object),
            "daemonsets.apps" => daemon_set(object),
            "replicasets.apps" => from_template(object),
            "replicationcontrollers" => from_template(object),
            "jobs.batch" => job(object),
            "pods" => pod(object),
            "namespaces" => namespace(object),
            "networkpolicies.networking.k8s.io" => network_policy(object),
            "horizontalpodautoscalers.autoscaling" if served.version == "v2" => autoscaler(object),
            "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => {
                binding(object);
            }
            "customresourcedefinitions.apiextensions.k8s.io" => crd(object),
            _ => {}
        }
        walk(served.schema(), ty, object);
    }
}

fn walk(schema: &Schema, ty: TypeId, value: &mut Value) {
    match (schema.shape(ty), value) {
        (Shape::List { item, .. }, Value::Array(list)) => {
            list.iter_mut().for_each(|v| walk(schema, *item, v))
        }
        (Shape::Map { value: inner }, Value::Object(map)) => {
            map.iter_mut().for_each(|(_, v)| walk(schema, *inner, v));
        }
        (Shape::Struct { fields, .. }, Value::Object(map)) => {
            let name = schema.get(ty).map_or("", |t| t.name.as_ref());
            for (field, default) in table().get(name).into_iter().flatten() {
                preset(map, field, default);
            }
            by_type(name, map);
            for (key, field) in fields.iter() {
                if !map.contains_key(key)
                    && let Some(default) =
                        field.default.as_ref().filter(|d| !is_zero(d) && field.empty != Empty::Null)
                {
                    map.insert(key.to_owned(), default.clone());
                }
                if let Some(v) = map.get_mut(key) {
                    walk(schema, field.ty, v);
                } else if matches!(field.default, Some(Value::Object(_)))
                    && matches!(schema.shape(field.ty), Shape::Struct { .. })
                {
                    // A struct that is always there may have defaults of its own.
                    let mut made = Value::Object(Map::new());
                    walk(schema, field.ty, &mut made);
                    if made.as_object().is_some_and(|m| !m.is_empty()) {
                        map.insert(key.to_owned(), made);
                    }
                }
            }
        }
        _ => {}
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(s) => s.is_empty(),
        Value::Array(a) => a.is_empty(),
        Value::Object(o) => o.is_empty(),
    }
}

fn preset(map: &mut Map<String, Value>, field: &str, default: &Value) {
    let absent = match map.get(field) {
        None | Some(Value::Null) => true,
        // Zero of a plain field means absent; these defaults never stand for a kept zero.
        Some(Value::String(s)) => s.is_empty(),
        Some(Value::Number(n)) => {
            n.as_i64() == Some(0)
                && matches!(
                    field,
                    "timeoutSeconds" | "periodSeconds" | "successThreshold" | "failureThreshold"
                )
        }
        Some(_) => false,
    };
    if absent {
        map.insert(field.to_owned(), default.clone());
    }
}

fn by_type(name: &str, map: &mut Map<String, Value>) {
    match name {
        "core.v1.Container" | "core.v1.EphemeralContainer" => {
            let image = map.get("image").and_then(Value::as_str).unwrap_or_default();
            let policy = if is_latest(image) { "Always" } else { "IfNotPresent" };
            preset(map, "imagePullPolicy", &policy.into());
        }
        "core.v1.Volume" if map.keys().all(|k| k == "name") => {
            map.insert("emptyDir".to_owned(), json!({}));
        }
        "core.v1.PodSpec" => pod_spec(map),
        "core.v1.PersistentVolumeClaim" => {
            // Also inside a StatefulSet's templates.
            let status = meta::as_map(map.entry("status").or_insert(Value::Null));
            preset(status, "phase", &"Pending".into());
        }
        "core.v1.ServiceSpec" => service(map),
        "core.v1.LimitRangeItem" => limit_range(map),
        _ => {}
    }
}

/// No tag and no digest, or the tag `latest`.
fn is_latest(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

fn pod_spec(map: &mut Map<String, Value>) {
    // The old name of the same field.
    let account = map.get("serviceAccountName").or_else(|| map.get("serviceAccount")).cloned();
    if let Some(account) = account {
        map.insert("serviceAccountName".to_owned(), account.clone());
        map.insert("serviceAccount".to_owned(), account);
    }
}

fn service(map: &mut Map<String, Value>) {
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let affinity = map.get("sessionAffinity").and_then(Value::as_str).unwrap_or_default().to_owned();
    if affinity == "ClientIP" {
        let config = meta::as_map(map.entry("sessionAffinityConfig").or_insert(Value::Null));
        let client = meta::as_map(config.entry("clientIP").or_insert(Value::Null));
        preset(client, "timeoutSeconds", &10_800.into());
    } else {
        map.remove("sessionAffinityConfig");
    }
    for port in map.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let number = port.get("port").cloned();
        let port = meta::as_map(port);
        preset(port, "protocol", &"TCP".into());
        if port.get("targetPort").is_none_or(is_zero) {
            meta::set(port, "targetPort", number);
        }
    }
    let external = map.get("externalIPs").and_then(Value::as_array).is_some_and(|e| !e.is_empty());
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && external) {
        preset(map, "externalTrafficPolicy", &"Cluster".into());
    }
    if kind != "ExternalName" {
        preset(map, "internalTrafficPolicy", &"Cluster".into());
    }
    if kind == "LoadBalancer" && !map.contains_key("allocateLoadBalancerNodePorts") {
        map.insert("allocateLoadBalancerNodePorts".to_owned(), true.into());
    }
}

fn limit_range(map: &mut Map<String, Value>) {
    if map.get("type").and_then(Value::as_str) != Some("Container") {
        return;
    }
    let fill = |map: &mut Map<String, Value>, to: &str, from: &str| {
        let Some(Value::Object(source)) = map.get(from).cloned() else { return };
        let target = meta::as_map(map.entry(to).or_insert(Value::Null));
        for (key, value) in source {
            target.entry(key).or_insert(value);
        }
    };
    fill(map, "default", "max");
    fill(map, "defaultRequest", "default");
    fill(map, "defaultRequest", "min");
}

/// `stringData` is written into `data` and never read back.
fn secret(object: &mut Value) {
    use base64::Engine as _;
    let Some(Value::Object(plain)) = meta::as_map(object).remove("stringData") else { return };
    if plain.is_empty() {
        return;
    }
    let data = meta::child(object, "data");
    for (key, value) in plain {
        let text = value.as_str().unwrap_or_default();
        data.insert(key, base64::engine::general_purpose::STANDARD.encode(text).into());
    }
}

fn inner<'a>(object: &'a mut Value, keys: &[&str]) -> &'a mut Map<String, Value> {
    let mut at = meta::as_map(object);
    for key in keys {
        at = meta::as_map(at.entry(*key).or_insert(Value::Null));
    }
    at
}

fn deployment(object: &mut Value) {
    let strategy = inner(object, &["spec", "strategy"]);
    preset(strategy, "type", &"RollingUpdate".into());
    if strategy.get("type").and_then(Value::as_str) == Some("RollingUpdate") {
        let rolling = meta::as_map(strategy.entry("rollingUpdate").or_insert(Value::Null));
        rolling.entry("maxUnavailable").or_insert_with(|| "25%".into());
        rolling.entry("maxSurge").or_insert_with(|| "25%".into());
    }
}

fn stateful_set(object: &mut Value) {
    let strategy = inner(object, &["spec", "updateStrategy"]);
    let unsaid = strategy.get("type").is_none_or(is_zero);
    preset(strategy, "type", &"RollingUpdate".into());
    // A strategy that is only named keeps no parameters.
    if unsaid {
        strategy.entry("rollingUpdate").or_insert(Value::Null);
    }
    if strategy.get("type").and_then(Value::as_str) == Some("RollingUpdate")
        && let Some(rolling) = strategy.get_mut("rollingUpdate")
    {
        meta::as_map(rolling).entry("partition").or_insert_with(|| 0.into());
    }
    let claims = object.pointer_mut("/spec/volumeClaimTemplates").and_then(Value::as_array_mut);
    for claim in claims.into_iter().flatten() {
        let claim = meta::as_map(claim);
        claim.insert("apiVersion".to_owned(), "v1".into());
        claim.insert("kind".to_owned(), "PersistentVolumeClaim".into());
    }
}

fn daemon_set(object: &mut Value) {
    let strategy = inner(object, &["spec", "updateStrategy"]);
    preset(strategy, "type", &"RollingUpdate".into());
    if strategy.get("type").and_then(Value::as_str) == Some("RollingUpdate") {
        let rolling = meta::as_map(strategy.entry("rollingUpdate").or_insert(Value::Null));
        rolling.entry("maxUnavailable").or_insert_with(|| 1.into());
        rolling.entry("maxSurge").or_insert_with(|| 0.into());
    }
}

/// Labels and selector come from the pod template if left out.
fn from_template(object: &mut Value) {
    let Some(labels) = object.pointer("/spec/template/metadata/labels").cloned() else { return };
    let metadata = meta::metadata(object);
    if metadata.get("labels").is_none_or(is_zero) {
        metadata.insert("labels".to_owned(), labels.clone());
    }
    if meta::text(object, "/apiVersion") == "v1" {
        let spec = meta::child(object, "spec");
        if spec.get("selector").is_none_or(is_zero) {
            spec.insert("selector".to_owned(), labels);
        }
    }
}

fn job(object: &mut Value) {
    let labels = object.pointer("/spec/template/metadata/labels").cloned();
    let metadata = meta::metadata(object);
    if let Some(labels) = labels.filter(|_| metadata.get("labels").is_none_or(is_zero)) {
        metadata.insert("labels".to_owned(), labels);
    }
    let spec = meta::child(object, "spec");
    if !spec.contains_key("completions") && !spec.contains_key("parallelism") {
        spec.insert("completions".to_owned(), 1.into());
    }
    spec.entry("parallelism").or_insert_with(|| 1.into());
    let limit = if spec.contains_key("backoffLimitPerIndex") { i64::from(i32::MAX) } else { 6 };
    spec.entry("backoffLimit").or_insert_with(|| limit.into());
    spec.entry("completionMode").or_insert_with(|| "NonIndexed".into());
    spec.entry("suspend").or_insert_with(|| false.into());
    let replacement = if spec.contains_key("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    spec.entry("podReplacementPolicy").or_insert_with(|| replacement.into());
    spec.entry("manualSelector").or_insert_with(|| false.into());
}

/// Only for pods themselves: a template keeps what it says (`DefaultHostNetworkHostPortsInPodTemplates`).
fn host_ports(spec: &mut Map<String, Value>) {
    for list in ["containers", "initContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        let ports =
            containers.flat_map(|c| c.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten());
        for port in ports {
            let number = port.get("containerPort").cloned();
            let port = meta::as_map(port);
            if port.get("hostPort").is_none_or(is_zero) {
                meta::set(port, "hostPort", number);
            }
        }
    }
}

fn pod(object: &mut Value) {
    let spec = meta::child(object, "spec");
    if spec.get("hostNetwork") == Some(&Value::Bool(true)) {
        host_ports(spec);
    }
    spec.entry("enableServiceLinks").or_insert_with(|| true.into());
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(Value::Object(limits)) = container.pointer("/resources/limits").cloned() else {
                continue;
            };
            let requests = inner(container, &["resources", "requests"]);
            for (key, value) in limits {
                requests.entry(key).or_insert(value);
            }
        }
    }
}

fn namespace(object: &mut Value) {
    let name = meta::name(object).to_owned();
    if !name.is_empty() {
        inner(object, &["metadata", "labels"]).insert("kubernetes.io/metadata.name".to_owned(), name.into());
    }
}

fn network_policy(object: &mut Value) {
    let egress = object.pointer("/spec/egress").is_some_and(|e| !is_zero(e));
    let spec = meta::child(object, "spec");
    if spec.get("policyTypes").is_none_or(is_zero) {
        spec.insert(
            "policyTypes".to_owned(),
            if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) },
        );
    }
}

fn autoscaler(object: &mut Value) {
    let spec = meta::child(object, "spec");
    if spec.get("metrics").is_none_or(is_zero) {
        spec.insert(
            "metrics".to_owned(),
            json!([{"type": "Resource", "resource": {"name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": 80}}}]),
        );
    }
    if let Some(Value::Object(behavior)) = spec.get_mut("behavior") {
        let up = meta::as_map(behavior.entry("scaleUp").or_insert(Value::Null));
        up.entry("stabilizationWindowSeconds").or_insert_with(|| 0.into());
        up.entry("selectPolicy").or_insert_with(|| "Max".into());
        up.entry("policies").or_insert_with(|| {
            json!([{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}])
        });
        let down = meta::as_map(behavior.entry("scaleDown").or_insert(Value::Null));
        down.entry("selectPolicy").or_insert_with(|| "Max".into());
        down.entry("policies")
            .or_insert_with(|| json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]));
    }
}

fn binding(object: &mut Value) {
    for subject in
        meta::as_map(object).get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten()
    {
        let user = matches!(meta::text(subject, "/kind"), "User" | "Group");
        let subject = meta::as_map(subject);
        if user {
            preset(subject, "apiGroup", &"rbac.authorization.k8s.io".into());
        }
    }
}

fn crd(object: &mut Value) {
    let kind = meta::text(object, "/spec/names/kind").to_owned();
    if kind.is_empty() {
        return;
    }
    let names = inner(object, &["spec", "names"]);
    preset(names, "singular", &kind.to_lowercase().into());
    preset(names, "listKind", &format!("{kind}List").into());
}
