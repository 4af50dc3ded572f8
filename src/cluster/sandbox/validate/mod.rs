//! What the API server refuses, in its words.
//!
//! In: an object that is decoded and defaulted. Out: [`FieldError`]s. The rules are those of
//! `pkg/apis/*/validation` for the kinds people deploy; what is not checked here is accepted.

mod config;
pub mod names;
mod pods;
mod services;
mod workloads;

use serde_json::{Value, json};

use super::meta;
use super::registry::Served;
use super::status::FieldError;

type Errors = Vec<FieldError>;

/// Of a new object.
pub fn create(served: &Served, object: &Value) -> Errors {
    let mut errors = Errors::new();
    metadata(served, object, &mut errors);
    kind(served, object, &mut errors);
    errors
}

/// Of a changed object; `sub` is the subresource it was written through.
pub fn update(served: &Served, old: &Value, new: &Value, sub: &str) -> Errors {
    let mut errors = Errors::new();
    metadata(served, new, &mut errors);
    if meta::is_deleting(new) {
        let had = meta::strings(old, "/metadata/finalizers");
        for finalizer in meta::strings(new, "/metadata/finalizers").iter().filter(|f| !had.contains(f)) {
            errors.push(FieldError::forbidden(
                "metadata.finalizers",
                &format!("no new finalizers can be added if the object is being deleted, found new finalizers []string{{{finalizer:?}}}"),
            ));
        }
    }
    if sub == "status" {
        return errors;
    }
    kind(served, new, &mut errors);
    match served.resource.as_str() {
        "deployments.apps" | "replicasets.apps" | "daemonsets.apps" | "statefulsets.apps" | "jobs.batch" => {
            workloads::update(served, old, new, &mut errors);
        }
        "services" => services::update(old, new, &mut errors),
        "configmaps" | "secrets" => config::update(served, old, new, &mut errors),
        "persistentvolumeclaims" => config::claim_update(old, new, &mut errors),
        "pods" if sub.is_empty() => pods::update(old, new, &mut errors),
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io"
            if old.get("roleRef") != new.get("roleRef") =>
        {
            // Printed with the names of the Go fields.
            let of = |key: &str| meta::text(new, &format!("/roleRef/{key}"));
            let shown = json!({"APIGroup": of("apiGroup"), "Kind": of("kind"), "Name": of("name")});
            errors.push(FieldError::invalid("roleRef", &shown, "cannot change roleRef"));
        }
        "storageclasses.storage.k8s.io" => {
            for field in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
                if old.get(field) != new.get(field) {
                    errors.push(FieldError::forbidden(field, &format!("updates to {field} are forbidden.")));
                }
            }
        }
        "priorityclasses.scheduling.k8s.io" if old.get("value") != new.get("value") => {
            errors.push(FieldError::forbidden("value", "may not be changed in an update."));
        }
        "customresourcedefinitions.apiextensions.k8s.io" => {
            for field in ["group", "scope"] {
                let of = |o: &Value| o.get("spec").and_then(|s| s.get(field)).cloned().unwrap_or_default();
                if of(old) != of(new) {
                    errors.push(FieldError::invalid(format!("spec.{field}"), &of(new), IMMUTABLE));
                }
            }
        }
        _ => {}
    }
    errors
}

pub(super) const IMMUTABLE: &str = "field is immutable";

fn kind(served: &Served, object: &Value, errors: &mut Errors) {
    if let Some(custom) = &served.custom {
        errors.extend(custom.validate(object));
        return;
    }
    match served.resource.as_str() {
        "pods" => pods::pod(object, errors),
        "deployments.apps" | "replicasets.apps" | "daemonsets.apps" | "statefulsets.apps" => {
            workloads::controller(served, object, errors);
        }
        "jobs.batch" => workloads::job(object, errors),
        "cronjobs.batch" => workloads::cron_job(object, errors),
        "services" => services::service(object, errors),
        "ingresses.networking.k8s.io" => services::ingress(object, errors),
        "networkpolicies.networking.k8s.io" => services::network_policy(object, errors),
        "configmaps" | "secrets" => config::data(served, object, errors),
        "persistentvolumeclaims" => config::claim(object, errors),
        "customresourcedefinitions.apiextensions.k8s.io" => config::crd(object, errors),
        "horizontalpodautoscalers.autoscaling" => config::autoscaler(object, errors),
        "poddisruptionbudgets.policy" => config::disruption_budget(object, errors),
        "roles.rbac.authorization.k8s.io" | "clusterroles.rbac.authorization.k8s.io" => {
            config::role(object, errors);
        }
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => {
            config::binding(object, errors);
        }
        _ => {}
    }
}

fn metadata(served: &Served, object: &Value, errors: &mut Errors) {
    let name = meta::name(object);
    if name.is_empty() {
        errors.push(FieldError::required("metadata.name", "name or generateName is required"));
    } else {
        let problems = match served.resource.as_str() {
            "services" => names::dns1035_label(name),
            "namespaces" => names::dns1123_label(name),
            _ if served.group == "rbac.authorization.k8s.io" => names::path_segment(name),
            "customresourcedefinitions.apiextensions.k8s.io" | "apiservices.apiregistration.k8s.io" => {
                names::dns1123_subdomain(name)
            }
            _ => names::dns1123_subdomain(name),
        };
        for why in problems {
            errors.push(FieldError::invalid("metadata.name", &name.into(), &why));
        }
    }
    labels(object, "/metadata/labels", "metadata.labels", errors);
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    let mut size = 0;
    for (key, value) in annotations.into_iter().flatten() {
        size += key.len() + value.as_str().map_or(0, str::len);
        for why in names::qualified_name(&key.to_lowercase()) {
            errors.push(FieldError::invalid("metadata.annotations", &key.as_str().into(), &why));
        }
    }
    if size > 256 << 10 {
        errors.push(FieldError::too_long("metadata.annotations", 256 << 10));
    }
    for (i, finalizer) in meta::strings(object, "/metadata/finalizers").iter().enumerate() {
        for why in names::qualified_name(finalizer) {
            errors.push(FieldError::invalid(format!("metadata.finalizers[{i}]"), &(*finalizer).into(), &why));
        }
    }
    for (i, owner) in meta::list(object, "/metadata/ownerReferences").iter().enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if meta::text(owner, &format!("/{field}")).is_empty() {
                let at = format!("metadata.ownerReferences[{i}].{field}");
                errors.push(FieldError::invalid(
                    at,
                    &"".into(),
                    &format!("{} must not be empty", if field == "apiVersion" { "version" } else { field }),
                ));
            }
        }
    }
}

/// Syntax of a map of labels.
pub(super) fn labels(object: &Value, pointer: &str, field: &str, errors: &mut Errors) {
    for (key, value) in object.pointer(pointer).and_then(Value::as_object).into_iter().flatten() {
        for why in names::qualified_name(key) {
            errors.push(FieldError::invalid(field, &key.as_str().into(), &why));
        }
        let text = value.as_str().unwrap_or_default();
        for why in names::label_value(text) {
            errors.push(FieldError::invalid(field, &text.into(), &why));
        }
    }
}
