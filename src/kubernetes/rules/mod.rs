//! What an API server refuses beyond types: the rules of Kubernetes' `pkg/apis/*/validation`, for new objects.
//!
//! In: an object whose values have their types, not defaulted: an absent field stands for its default. Out: [`Faults`].
//! Where a rule depends on what a cluster allows, nothing is said.

mod config;
mod meta;
mod network;
mod pods;
mod workloads;

use super::check::whole;
use super::fault::{At, Faults};
use super::schema::Kind;
use serde_json::{Map, Value};

/// Of a built-in kind.
pub fn rules(kind: &Kind, object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    meta::object(kind.group(), kind.kind, object, &root, faults);
    let Some(map) = object.as_object() else { return };
    match (kind.group(), kind.kind) {
        ("", "Pod") => pods::pod(object, faults),
        ("", "PodTemplate") => pods::template(object.get("template"), &root.field("template"), &[], faults),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => {
            workloads::controller(kind.kind, object, faults);
        }
        ("", "ReplicationController") => workloads::controller(kind.kind, object, faults),
        ("batch", "Job") => workloads::job(object, faults),
        ("batch", "CronJob") => workloads::cron_job(object, faults),
        ("", "Service") => network::service(object, faults),
        ("networking.k8s.io", "Ingress") => network::ingress(object, faults),
        ("networking.k8s.io", "NetworkPolicy") => network::policy(object, faults),
        ("", "ConfigMap") => config::config_map(map, faults),
        ("", "Secret") => config::secret(map, faults),
        ("", "PersistentVolumeClaim") => config::claim(object.get("spec"), &root.field("spec"), faults),
        ("autoscaling", "HorizontalPodAutoscaler") => config::autoscaler(kind.version(), object, faults),
        ("policy", "PodDisruptionBudget") => config::disruption_budget(object, faults),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => config::role(kind.kind, object, faults),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            config::binding(kind.kind, object, faults);
        }
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => {
            config::webhooks(object, faults);
        }
        ("storage.k8s.io", "StorageClass") if text(object, "provisioner").is_empty() => {
            faults.required(&root.field("provisioner"), "");
        }
        ("networking.k8s.io", "IngressClass") => {
            let spec = given(object, "spec").unwrap_or(&Value::Null);
            let (at, controller) = (root.field("spec"), text(spec, "controller"));
            if controller.is_empty() {
                faults.required(&at.field("controller"), "");
            } else if controller
                .split_once('/')
                .is_none_or(|(domain, _)| super::names::subdomain(domain).is_some())
            {
                faults.invalid(
                    &at.field("controller"),
                    controller,
                    "has to be a domain and a path, such as `example.com/ingress`",
                );
            }
        }
        ("scheduling.k8s.io", "PriorityClass") => config::priority_class(object, faults),
        _ => {}
    }
}

/// Of an object of a CRD: only what every object has.
pub fn custom_rules(group: &str, kind: &str, object: &Value, faults: &mut Faults) {
    meta::object(group, kind, object, &At::ROOT, faults);
}

/// A field that is there and not null.
fn given<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.get(name).filter(|v| !v.is_null())
}

/// Empty where there is none.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The default where the field is absent or empty.
fn text_or<'v>(value: &'v Value, name: &str, default: &'v str) -> &'v str {
    match text(value, name) {
        "" => default,
        text => text,
    }
}

fn int(value: &Value, name: &str) -> Option<i64> {
    match value.get(name)? {
        Value::Number(n) => whole(n),
        _ => None,
    }
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn map<'v>(value: &'v Value, name: &str) -> Option<&'v Map<String, Value>> {
    value.get(name).and_then(Value::as_object)
}

fn not_negative(value: &Value, names: &[&str], at: &At<'_>, faults: &mut Faults) {
    for name in names {
        if let Some(n) = int(value, name).filter(|n| *n < 0) {
            faults.invalid(&at.field(name), n, "must not be negative");
        }
    }
}

/// What a name has to be, where the field is given.
fn syntax(
    value: &Value,
    name: &str,
    rule: fn(&str) -> Option<&'static str>,
    at: &At<'_>,
    faults: &mut Faults,
) {
    let text = text(value, name);
    if !text.is_empty()
        && let Some(why) = rule(text)
    {
        faults.invalid(&at.field(name), text, why);
    }
}
