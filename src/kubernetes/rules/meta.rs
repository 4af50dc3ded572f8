//! Metadata, labels and selectors: `ValidateObjectMeta`, `ValidateLabelSelector`.

use super::super::fault::{At, FaultKind, Faults};
use super::super::names;
use super::{given, list, map, text};
use serde_json::Value;

/// Of all annotations' keys and values together.
const MAX_ANNOTATIONS: usize = 256 << 10;

pub(super) fn object(group: &str, kind: &str, object: &Value, root: &At<'_>, faults: &mut Faults) {
    let at = root.field("metadata");
    let Some(meta) = given(object, "metadata") else {
        return faults.required(&at.field("name"), "every object needs a name");
    };
    let name = text(meta, "name");
    if name.is_empty() {
        if text(meta, "generateName").is_empty() {
            faults.required(&at.field("name"), "every object needs a name");
        }
    } else if let Some(why) = name_rule(group, kind)(name) {
        faults.invalid(&at.field("name"), name, why);
    }
    let namespace = text(meta, "namespace");
    if !namespace.is_empty()
        && let Some(why) = names::label(namespace)
    {
        faults.invalid(&at.field("namespace"), namespace, why);
    }
    labels_and_annotations(meta, &at, faults);
    let finalizers = at.field("finalizers");
    for (index, finalizer) in list(meta, "finalizers").iter().filter_map(Value::as_str).enumerate() {
        if let Some(why) = names::qualified(finalizer) {
            faults.invalid(&finalizers.item(index), finalizer, why);
        }
    }
    let owners = at.field("ownerReferences");
    for (index, owner) in list(meta, "ownerReferences").iter().enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if text(owner, field).is_empty() {
                faults.required(&owners.item(index).field(field), "");
            }
        }
    }
}

fn name_rule(group: &str, kind: &str) -> fn(&str) -> Option<&'static str> {
    match (group, kind) {
        ("", "Service") => names::label_1035,
        ("", "Namespace") => names::label,
        ("rbac.authorization.k8s.io" | "authentication.k8s.io" | "authorization.k8s.io", _) => {
            names::path_segment
        }
        ("certificates.k8s.io" | "flowcontrol.apiserver.k8s.io" | "internal.apiserver.k8s.io", _) => |_| None,
        ("apps", "StatefulSet") => names::label,
        _ => names::subdomain,
    }
}

pub(super) fn labels_and_annotations(meta: &Value, at: &At<'_>, faults: &mut Faults) {
    labels(meta, "labels", at, faults);
    let annotations = at.field("annotations");
    let mut size = 0;
    for (key, value) in map(meta, "annotations").into_iter().flatten() {
        size += key.len() + value.as_str().map_or(0, str::len);
        if let Some(why) = names::annotation(key) {
            faults.invalid(&annotations.key(key), key, why);
        }
    }
    if size > MAX_ANNOTATIONS {
        let why = format!("they take {size} bytes together, and 262144 is the most");
        faults.push(FaultKind::Invalid, &annotations, why);
    }
}

/// A map of labels.
pub(super) fn labels(value: &Value, field: &str, at: &At<'_>, faults: &mut Faults) {
    let at = at.field(field);
    for (key, value) in map(value, field).into_iter().flatten() {
        if let Some(why) = names::qualified(key) {
            faults.invalid(&at.key(key), key, why);
        }
        let value = value.as_str().unwrap_or_default();
        if let Some(why) = names::label_value(value) {
            faults.invalid(&at.key(key), value, why);
        }
    }
}

/// A `LabelSelector`.
pub(super) fn selector(value: &Value, at: &At<'_>, faults: &mut Faults) {
    labels(value, "matchLabels", at, faults);
    let at = at.field("matchExpressions");
    for (index, expression) in list(value, "matchExpressions").iter().enumerate() {
        let at = at.item(index);
        let count = list(expression, "values").len();
        match text(expression, "operator") {
            "In" | "NotIn" if count == 0 => {
                faults.required(&at.field("values"), "`In` and `NotIn` need values");
            }
            "Exists" | "DoesNotExist" if count > 0 => {
                faults.forbidden(&at.field("values"), "`Exists` and `DoesNotExist` take no values");
            }
            "" => faults.required(&at.field("operator"), ""),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let all = ["DoesNotExist", "Exists", "In", "NotIn"];
                faults.not_supported(&at.field("operator"), other, &all);
            }
        }
        let key = text(expression, "key");
        if let Some(why) = names::qualified(key) {
            faults.invalid(&at.field("key"), key, why);
        }
        for (index, value) in list(expression, "values").iter().filter_map(Value::as_str).enumerate() {
            if let Some(why) = names::label_value(value) {
                faults.invalid(&at.field("values").item(index), value, why);
            }
        }
    }
}

/// Whether a selector says anything.
pub(super) fn is_empty(selector: &Value) -> bool {
    map(selector, "matchLabels").is_none_or(serde_json::Map::is_empty)
        && list(selector, "matchExpressions").is_empty()
}

/// Whether it picks an object with these labels.
pub fn matches(selector: &Value, labels: Option<&Value>) -> bool {
    let of = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str);
    let all = map(selector, "matchLabels").into_iter().flatten();
    let wanted = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for (key, value) in all {
        if of(key) != Some(wanted(value).as_str()) {
            return false;
        }
    }
    list(selector, "matchExpressions").iter().all(|expression| {
        let own = of(text(expression, "key"));
        let listed =
            own.is_some_and(|own| list(expression, "values").iter().any(|v| v.as_str() == Some(own)));
        match text(expression, "operator") {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => own.is_some(),
            "DoesNotExist" => own.is_none(),
            _ => false,
        }
    })
}
