//! ConfigMaps, Secrets, claims, CRDs, RBAC, autoscalers, disruption budgets.

use serde_json::{Map, Value};

use super::{Errors, IMMUTABLE, names};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::registry::Served;
use crate::cluster::sandbox::status::FieldError;

/// Of all values of a ConfigMap or Secret together.
const MAX_SIZE: usize = 1 << 20;

pub fn data(served: &Served, object: &Value, errors: &mut Errors) {
    let secret = served.resource == "secrets";
    let map = |key: &str| object.get(key).and_then(Value::as_object);
    let mut size = 0;
    for field in ["data", "binaryData"] {
        for (key, value) in map(field).into_iter().flatten() {
            for why in names::config_key(key) {
                errors.push(FieldError::invalid(format!("{field}[{key}]"), &key.as_str().into(), &why));
            }
            let length = value.as_str().map_or(0, str::len);
            // Base64 has four characters for three bytes.
            size += if secret || field == "binaryData" { length / 4 * 3 } else { length };
        }
    }
    if size > MAX_SIZE {
        errors.push(FieldError::too_long(if secret { "data" } else { "" }, MAX_SIZE));
    }
    let twice = map("binaryData")
        .into_iter()
        .flat_map(Map::keys)
        .filter(|k| map("data").is_some_and(|d| d.contains_key(*k)));
    for key in twice {
        let why = format!("duplicate of key {key:?} in binaryData");
        errors.push(FieldError::invalid(format!("data[{key}]"), &key.as_str().into(), &why));
    }
    if secret {
        let needed: &[&str] = match meta::text(object, "/type") {
            "kubernetes.io/tls" => &["tls.crt", "tls.key"],
            "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
            "kubernetes.io/dockercfg" => &[".dockercfg"],
            "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
            _ => &[],
        };
        for key in needed {
            if map("data").is_none_or(|d| !d.contains_key(*key)) {
                errors.push(FieldError::required(format!("data[{key}]"), ""));
            }
        }
    }
}

pub fn update(served: &Served, old: &Value, new: &Value, errors: &mut Errors) {
    if meta::flag(old, "/immutable") {
        if !meta::flag(new, "/immutable") {
            errors.push(FieldError::forbidden("immutable", "field is immutable when `immutable` is set"));
        }
        for field in ["data", "binaryData"] {
            if old.get(field) != new.get(field) {
                errors.push(FieldError::forbidden(field, "field is immutable when `immutable` is set"));
            }
        }
    }
    if served.resource == "secrets" && old.get("type") != new.get("type") {
        errors.push(FieldError::invalid("type", new.get("type").unwrap_or(&Value::Null), IMMUTABLE));
    }
}

pub fn claim(object: &Value, errors: &mut Errors) {
    let modes = meta::strings(object, "/spec/accessModes");
    if modes.is_empty() {
        errors.push(FieldError::required("spec.accessModes", "at least 1 access mode is required"));
    }
    let known = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    for mode in modes.iter().filter(|m| !known.contains(m)) {
        errors.push(FieldError::unsupported("spec.accessModes", &(*mode).into(), &known));
    }
    if object.pointer("/spec/resources/requests/storage").is_none() {
        errors.push(FieldError::required("spec.resources[storage]", ""));
    }
}

pub fn claim_update(old: &Value, new: &Value, errors: &mut Errors) {
    let fixed = |o: &Value| {
        let mut spec = o.get("spec").cloned().unwrap_or_default();
        let map = meta::as_map(&mut spec);
        map.remove("resources");
        map.remove("volumeAttributesClassName");
        spec
    };
    // A claim is bound to its volume by an update.
    let unbound = meta::text(old, "/spec/volumeName").is_empty();
    let (mut was, is) = (fixed(old), fixed(new));
    if unbound {
        meta::set(meta::as_map(&mut was), "volumeName", is.get("volumeName").cloned());
    }
    if was != is {
        errors.push(FieldError::forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
        ));
    }
    let size = |o: &Value| {
        let text = meta::text(o, "/spec/resources/requests/storage").to_owned();
        crate::kubernetes::quantity::Quantity::parse(&text).map(|q| q.nanos())
    };
    if let (Some(was), Some(is)) = (size(old), size(new))
        && is < was
    {
        errors.push(FieldError::forbidden(
            "spec.resources.requests.storage",
            "field can not be less than status.capacity",
        ));
    }
}

pub fn role(object: &Value, errors: &mut Errors) {
    for (i, rule) in meta::list(object, "/rules").iter().enumerate() {
        let here = format!("rules[{i}]");
        if meta::list(rule, "/verbs").is_empty() {
            errors
                .push(FieldError::required(format!("{here}.verbs"), "verbs must contain at least one value"));
        }
        if meta::list(rule, "/nonResourceURLs").is_empty() {
            if meta::list(rule, "/apiGroups").is_empty() {
                let why = "resource rules must supply at least one api group";
                errors.push(FieldError::required(format!("{here}.apiGroups"), why));
            }
            if meta::list(rule, "/resources").is_empty() {
                let why = "resource rules must supply at least one resource";
                errors.push(FieldError::required(format!("{here}.resources"), why));
            }
        } else if meta::text(object, "/kind") == "Role" {
            let shown = rule.get("nonResourceURLs").cloned().unwrap_or_default();
            let why = "namespaced rules cannot apply to non-resource URLs";
            errors.push(FieldError::invalid(format!("{here}.nonResourceURLs"), &shown, why));
        }
    }
}

pub fn binding(object: &Value, errors: &mut Errors) {
    let kind = meta::text(object, "/roleRef/kind");
    let allowed: &[&str] = if meta::text(object, "/kind") == "RoleBinding" {
        &["Role", "ClusterRole"]
    } else {
        &["ClusterRole"]
    };
    if !allowed.contains(&kind) {
        errors.push(FieldError::unsupported("roleRef.kind", &kind.into(), allowed));
    }
    if meta::text(object, "/roleRef/name").is_empty() {
        errors.push(FieldError::required("roleRef.name", ""));
    }
    let cluster = meta::text(object, "/kind") == "ClusterRoleBinding";
    for (i, subject) in meta::list(object, "/subjects").iter().enumerate() {
        let here = format!("subjects[{i}]");
        let kind = meta::text(subject, "/kind");
        if meta::text(subject, "/name").is_empty() {
            errors.push(FieldError::required(format!("{here}.name"), ""));
        }
        match kind {
            // A RoleBinding has a namespace of its own to fall back on.
            "ServiceAccount" if cluster && meta::text(subject, "/namespace").is_empty() => {
                errors.push(FieldError::required(format!("{here}.namespace"), ""));
            }
            "ServiceAccount" | "User" | "Group" => {}
            other => {
                let known = &["ServiceAccount", "User", "Group"];
                errors.push(FieldError::unsupported(format!("{here}.kind"), &other.into(), known));
            }
        }
    }
}

pub fn autoscaler(object: &Value, errors: &mut Errors) {
    let max = meta::int(object, "/spec/maxReplicas").unwrap_or(0);
    let min = meta::int(object, "/spec/minReplicas").unwrap_or(1);
    if max < 1 {
        errors.push(FieldError::invalid("spec.maxReplicas", &max.into(), "must be greater than 0"));
    }
    if max < min {
        let why = "must be greater than or equal to `minReplicas`";
        errors.push(FieldError::invalid("spec.maxReplicas", &max.into(), why));
    }
    for field in ["kind", "name"] {
        if meta::text(object, &format!("/spec/scaleTargetRef/{field}")).is_empty() {
            errors.push(FieldError::required(format!("spec.scaleTargetRef.{field}"), ""));
        }
    }
}

pub fn disruption_budget(object: &Value, errors: &mut Errors) {
    let has = |field: &str| object.pointer(&format!("/spec/{field}")).is_some();
    if has("minAvailable") && has("maxUnavailable") {
        let spec = object.get("spec").cloned().unwrap_or_default();
        let why = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid("spec", &spec, why));
    }
}

pub fn crd(object: &Value, errors: &mut Errors) {
    let text = |pointer: &str| meta::text(object, pointer).to_owned();
    let (group, plural, name) = (text("/spec/group"), text("/spec/names/plural"), text("/metadata/name"));
    if group.is_empty() {
        errors.push(FieldError::required("spec.group", ""));
    }
    if name != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid("metadata.name", &name.as_str().into(), why));
    }
    for field in ["plural", "singular", "kind", "listKind"] {
        let value = text(&format!("/spec/names/{field}"));
        if value.is_empty() {
            errors.push(FieldError::required(format!("spec.names.{field}"), ""));
        } else {
            for why in names::dns1035_label(&value.to_lowercase()) {
                errors.push(FieldError::invalid(format!("spec.names.{field}"), &value.as_str().into(), &why));
            }
        }
    }
    let scope = text("/spec/scope");
    if !matches!(scope.as_str(), "Cluster" | "Namespaced") {
        let known = &["Cluster", "Namespaced"];
        errors.push(if scope.is_empty() {
            FieldError::required("spec.scope", "")
        } else {
            FieldError::unsupported("spec.scope", &scope.as_str().into(), known)
        });
    }
    let versions = meta::list(object, "/spec/versions");
    let stored = versions.iter().filter(|v| meta::flag(v, "/storage")).count();
    if stored != 1 {
        let shown = Value::Array(versions.iter().map(|v| meta::text(v, "/name").into()).collect());
        errors.push(FieldError::invalid(
            "spec.versions",
            &shown,
            "must have exactly one version marked as storage version",
        ));
    }
    for (i, version) in versions.iter().enumerate() {
        let at = format!("spec.versions[{i}].schema.openAPIV3Schema");
        match version.pointer("/schema/openAPIV3Schema") {
            None => errors.push(FieldError::required(at, "schemas are required")),
            Some(schema) => {
                structural(schema, &at, true, errors);
            }
        }
    }
}

/// Structural schemas: every level says its type.
fn structural(schema: &Value, at: &str, root: bool, errors: &mut Errors) {
    let free = meta::flag(schema, "/x-kubernetes-int-or-string")
        || meta::flag(schema, "/x-kubernetes-preserve-unknown-fields");
    let kind = meta::text(schema, "/type");
    if root && kind != "object" {
        errors.push(if kind.is_empty() {
            FieldError::required(format!("{at}.type"), "must not be empty at the root")
        } else {
            FieldError::invalid(format!("{at}.type"), &kind.into(), "must be object at the root")
        });
    } else if kind.is_empty() && !free {
        errors.push(FieldError::required(
            format!("{at}.type"),
            "must not be empty for specified object fields",
        ));
    }
    for (name, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if root && name == "metadata" {
            continue;
        }
        structural(inner, &format!("{at}.properties[{name}]"), false, errors);
    }
    if let Some(items) = schema.get("items") {
        structural(items, &format!("{at}.items"), false, errors);
    }
    if let Some(inner) = schema.get("additionalProperties").filter(|a| a.is_object()) {
        structural(inner, &format!("{at}.additionalProperties"), false, errors);
    }
}
