//! ConfigMaps, Secrets, claims, RBAC, autoscalers, disruption budgets, webhooks.

use super::super::check::{is_base64, plain};
use super::super::fault::{At, FaultKind, Faults};
use super::super::names;
use super::workloads::int_or_percent;
use super::{given, int, list, meta, text, text_or};
use serde_json::{Map, Value};

/// Of all values of a ConfigMap or Secret together.
const MAX_SIZE: usize = 1 << 20;

type Object = Map<String, Value>;

fn size(object: &Object, field: &str, encoded: bool) -> usize {
    let all = object.get(field).and_then(Value::as_object);
    let sizes = all.into_iter().flatten().map(|(_, value)| {
        let text = value.as_str().unwrap_or_default();
        // Base64 has four characters for three bytes.
        if encoded { text.trim_end_matches('=').len() * 3 / 4 } else { text.len() }
    });
    sizes.sum()
}

fn keys(object: &Object, field: &str, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field(field);
    for (key, _) in object.get(field).and_then(Value::as_object).into_iter().flatten() {
        if let Some(why) = names::config_key(key) {
            faults.invalid(&at.key(key), key, why);
        }
    }
}

fn too_large(size: usize, at: &At<'_>, faults: &mut Faults) {
    if size > MAX_SIZE {
        faults.push(
            FaultKind::Invalid,
            at,
            format!("the values take {size} bytes together, and 1048576 is the most"),
        );
    }
}

pub(super) fn config_map(object: &Object, faults: &mut Faults) {
    let root = At::ROOT;
    keys(object, "data", faults);
    keys(object, "binaryData", faults);
    too_large(size(object, "data", false) + size(object, "binaryData", true), &root.field("data"), faults);
    let data = object.get("data").and_then(Value::as_object);
    let at = root.field("binaryData");
    for (key, _) in object.get("binaryData").and_then(Value::as_object).into_iter().flatten() {
        if data.is_some_and(|d| d.contains_key(key)) {
            faults.push(FaultKind::Invalid, &at.key(key), format!("`{key}` is in `data`, too"));
        }
    }
}

pub(super) fn secret(object: &Object, faults: &mut Faults) {
    let root = At::ROOT;
    keys(object, "data", faults);
    keys(object, "stringData", faults);
    too_large(size(object, "data", true) + size(object, "stringData", false), &root.field("data"), faults);
    let value =
        |field: &str, key: &str| object.get(field).and_then(|data| data.get(key)).and_then(Value::as_str);
    // A null is an empty value, which is one.
    let has = |key: &str| {
        ["data", "stringData"]
            .iter()
            .any(|field| object.get(*field).is_some_and(|data| data.get(key).is_some()))
    };
    let at = root.field("data");
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
    let needed: &[&str] = match kind {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    };
    for key in needed.iter().filter(|key| !has(key)) {
        faults.required(&at.key(key), &format!("a Secret of type `{kind}` needs it"));
    }
    match kind {
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            faults.required(&at.key("username"), "a Secret of this type needs `username` or `password`");
        }
        "kubernetes.io/service-account-token" => {
            let named = object.get("metadata").and_then(|m| m.get("annotations"));
            if named.is_none_or(|a| text(a, "kubernetes.io/service-account.name").is_empty()) {
                let at_meta = root.field("metadata");
                let at = at_meta.field("annotations");
                faults.required(
                    &at.key("kubernetes.io/service-account.name"),
                    "a Secret of this type needs it",
                );
            }
        }
        "kubernetes.io/dockerconfigjson" | "kubernetes.io/dockercfg" => {
            for key in needed {
                json_inside(value("data", key), value("stringData", key), &at.key(key), faults);
            }
        }
        _ => {}
    }
}

/// Registry credentials are JSON.
fn json_inside(encoded: Option<&str>, plain: Option<&str>, at: &At<'_>, faults: &mut Faults) {
    use base64::Engine as _;
    let decoded = match (plain, encoded) {
        (Some(plain), _) => plain.as_bytes().to_vec(),
        (None, Some(encoded)) if is_base64(encoded) => {
            let clean: String = encoded.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
            base64::engine::general_purpose::STANDARD.decode(clean).unwrap_or_default()
        }
        _ => return,
    };
    if serde_json::from_slice::<serde::de::IgnoredAny>(&decoded).is_err() {
        faults.push(FaultKind::Invalid, at, "the value is no JSON");
    }
}

/// The `spec` of a claim.
pub(super) fn claim(spec: Option<&Value>, at: &At<'_>, faults: &mut Faults) {
    let spec = spec.unwrap_or(&Value::Null);
    let modes = list(spec, "accessModes");
    if modes.is_empty() {
        faults.required(&at.field("accessModes"), "a claim needs an access mode, such as `ReadWriteOnce`");
    }
    let once = modes.iter().any(|mode| mode.as_str() == Some("ReadWriteOncePod"));
    if once && modes.len() > 1 {
        faults.forbidden(&at.field("accessModes"), "`ReadWriteOncePod` has to be the only one");
    }
    let at_resources = at.field("resources");
    let at_requests = at_resources.field("requests");
    let storage =
        given(spec, "resources").and_then(|r| given(r, "requests")).and_then(|r| given(r, "storage"));
    match storage {
        None => faults.required(&at_requests.key("storage"), "a claim needs a size"),
        Some(size) => {
            if super::pods::quantity(size).is_some_and(|n| n <= 0) {
                let shown = plain(size);
                faults.invalid(&at_requests.key("storage"), shown, "has to be more than 0");
            }
        }
    }
    super::syntax(spec, "storageClassName", names::subdomain, at, faults);
    if let Some(selector) = given(spec, "selector") {
        meta::selector(selector, &at.field("selector"), faults);
    }
}

pub(super) fn role(kind: &str, object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("rules");
    for (index, rule) in list(object, "rules").iter().enumerate() {
        let at = at.item(index);
        if list(rule, "verbs").is_empty() {
            faults.required(&at.field("verbs"), "a rule needs a verb");
        }
        let urls = list(rule, "nonResourceURLs");
        if urls.is_empty() {
            if list(rule, "apiGroups").is_empty() {
                faults.required(
                    &at.field("apiGroups"),
                    "a rule for resources needs an API group; the core one is `\"\"`",
                );
            }
            if list(rule, "resources").is_empty() {
                faults.required(&at.field("resources"), "a rule needs a resource");
            }
            continue;
        }
        if kind == "Role" {
            let why = "only a ClusterRole can be about URLs that are no resources";
            faults.push(FaultKind::Invalid, &at.field("nonResourceURLs"), why);
        }
        if ["apiGroups", "resources", "resourceNames"].iter().any(|f| !list(rule, f).is_empty()) {
            let why = "a rule is about URLs or about resources, not both";
            faults.push(FaultKind::Invalid, &at.field("nonResourceURLs"), why);
        }
    }
    if let Some(aggregation) = given(object, "aggregationRule") {
        let at = root.field("aggregationRule");
        let at = at.field("clusterRoleSelectors");
        let selectors = list(aggregation, "clusterRoleSelectors");
        if selectors.is_empty() {
            faults.required(&at, "it needs a selector");
        }
        for (index, selector) in selectors.iter().enumerate() {
            meta::selector(selector, &at.item(index), faults);
        }
    }
}

pub(super) fn binding(kind: &str, object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("roleRef");
    let role = given(object, "roleRef").unwrap_or(&Value::Null);
    let group = text_or(role, "apiGroup", RBAC);
    if group != RBAC {
        faults.not_supported(&at.field("apiGroup"), group, &[RBAC]);
    }
    let own = text(role, "kind");
    let allowed: &[&str] = if kind == "RoleBinding" { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if own.is_empty() {
        faults.required(&at.field("kind"), "");
    } else if !allowed.contains(&own) {
        faults.not_supported(&at.field("kind"), own, allowed);
    }
    let name = text(role, "name");
    if name.is_empty() {
        faults.required(&at.field("name"), "");
    } else if let Some(why) = names::path_segment(name) {
        faults.invalid(&at.field("name"), name, why);
    }
    let at = root.field("subjects");
    for (index, subject) in list(object, "subjects").iter().enumerate() {
        let at = at.item(index);
        let name = text(subject, "name");
        if name.is_empty() {
            faults.required(&at.field("name"), "");
        }
        let group = text(subject, "apiGroup");
        match text(subject, "kind") {
            "ServiceAccount" => {
                if !name.is_empty()
                    && let Some(why) = names::subdomain(name)
                {
                    faults.invalid(&at.field("name"), name, why);
                }
                if !group.is_empty() {
                    faults.not_supported(&at.field("apiGroup"), group, &[""]);
                }
                if kind == "ClusterRoleBinding" && text(subject, "namespace").is_empty() {
                    faults.required(&at.field("namespace"), "a ServiceAccount is in a namespace");
                }
            }
            "User" | "Group" => {
                if !matches!(group, "" | RBAC) {
                    faults.not_supported(&at.field("apiGroup"), group, &[RBAC]);
                }
            }
            "" => faults.required(&at.field("kind"), "`ServiceAccount`, `User` or `Group`"),
            other => faults.not_supported(&at.field("kind"), other, &["ServiceAccount", "User", "Group"]),
        }
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";

pub(super) fn autoscaler(version: &str, object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("spec");
    let spec = given(object, "spec").unwrap_or(&Value::Null);
    let least = int(spec, "minReplicas").unwrap_or(1);
    if least < 1 {
        faults.invalid(&at.field("minReplicas"), least, "has to be at least 1");
    }
    match int(spec, "maxReplicas").unwrap_or(0) {
        most if most < 1 => faults.invalid(&at.field("maxReplicas"), most, "has to be at least 1"),
        most if most < least => {
            faults.invalid(
                &at.field("maxReplicas"),
                most,
                format_args!("is less than `minReplicas`, {least}"),
            );
        }
        _ => {}
    }
    let at_target = at.field("scaleTargetRef");
    let target = given(spec, "scaleTargetRef").unwrap_or(&Value::Null);
    for name in ["kind", "name"] {
        if text(target, name).is_empty() {
            faults.required(&at_target.field(name), "");
        }
    }
    if version == "v1" {
        return;
    }
    let at = at.field("metrics");
    for (index, metric) in list(spec, "metrics").iter().enumerate() {
        self::metric(metric, &at.item(index), faults);
    }
}

fn metric(metric: &Value, at: &At<'_>, faults: &mut Faults) {
    let kind = text(metric, "type");
    let field = match kind {
        "" => return faults.required(&at.field("type"), ""),
        "Object" => "object",
        "Pods" => "pods",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "External" => "external",
        other => {
            let all = ["ContainerResource", "External", "Object", "Pods", "Resource"];
            return faults.not_supported(&at.field("type"), other, &all);
        }
    };
    let Some(source) = given(metric, field) else {
        return faults.required(&at.field(field), &format!("the type `{kind}` needs it"));
    };
    let at = at.field(field);
    if matches!(field, "resource" | "containerResource") && text(source, "name").is_empty() {
        faults.required(&at.field("name"), "");
    }
    let at_target = at.field("target");
    let target = given(source, "target").unwrap_or(&Value::Null);
    match text(target, "type") {
        "" => faults.required(&at_target.field("type"), "`Utilization`, `Value` or `AverageValue`"),
        "Utilization" | "Value" | "AverageValue" => {}
        other => {
            faults.not_supported(&at_target.field("type"), other, &["Utilization", "Value", "AverageValue"]);
        }
    }
    if let Some(percent) = int(target, "averageUtilization").filter(|n| *n < 1) {
        faults.invalid(&at_target.field("averageUtilization"), percent, "has to be more than 0");
    }
    let given_targets =
        ["averageUtilization", "averageValue", "value"].iter().filter(|f| given(target, f).is_some());
    if given_targets.count() == 0 {
        faults.required(&at_target, "it needs `averageUtilization`, `averageValue` or `value`");
    }
}

pub(super) fn disruption_budget(object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("spec");
    let spec = given(object, "spec").unwrap_or(&Value::Null);
    if given(spec, "minAvailable").is_some() && given(spec, "maxUnavailable").is_some() {
        faults.push(FaultKind::Invalid, &at, "it takes one of `minAvailable` and `maxUnavailable`");
    }
    for name in ["minAvailable", "maxUnavailable"] {
        int_or_percent(spec, name, &at, faults);
    }
    if let Some(selector) = given(spec, "selector") {
        meta::selector(selector, &at.field("selector"), faults);
    }
}

pub(super) fn priority_class(object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    const MOST: i64 = 1_000_000_000;
    let value = int(object, "value").unwrap_or(0);
    let name = object.get("metadata").map_or("", |m| text(m, "name"));
    if value > MOST && !name.starts_with("system-") {
        faults.forbidden(
            &root.field("value"),
            format!("`{value}` is more than {MOST}, the most for a class of a user"),
        );
    }
    if name.starts_with("system-") && !matches!(name, "system-node-critical" | "system-cluster-critical") {
        let at = root.field("metadata");
        faults.forbidden(&at.field("name"), "names that begin with `system-` are Kubernetes' own");
    }
}

pub(super) fn webhooks(object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("webhooks");
    let all = list(object, "webhooks");
    for (index, hook) in all.iter().enumerate() {
        let at = at.item(index);
        let name = text(hook, "name");
        let full = name.split('.').count() >= 3 && names::subdomain(name).is_none();
        if !full {
            faults.invalid(
                &at.field("name"),
                name,
                "has to be a name with at least three parts, such as `a.example.com`",
            );
        } else if all.iter().take(index).any(|other| text(other, "name") == name) {
            faults.duplicate(&at.field("name"), name);
        }
        match text(hook, "sideEffects") {
            "" => faults.required(&at.field("sideEffects"), "`None` or `NoneOnDryRun`"),
            "None" | "NoneOnDryRun" => {}
            other => faults.not_supported(&at.field("sideEffects"), other, &["None", "NoneOnDryRun"]),
        }
        let reviews = list(hook, "admissionReviewVersions");
        let at_reviews = at.field("admissionReviewVersions");
        if reviews.is_empty() {
            faults.required(&at_reviews, "usually `[\"v1\"]`");
        }
        for (index, review) in reviews.iter().filter_map(Value::as_str).enumerate() {
            if let Some(why) = names::label_1035(review) {
                faults.invalid(&at_reviews.item(index), review, why);
            } else if reviews.iter().take(index).any(|other| other.as_str() == Some(review)) {
                faults.duplicate(&at_reviews.item(index), review);
            }
        }
        let read = |review: &Value| matches!(review.as_str(), Some("v1" | "v1beta1"));
        if !reviews.is_empty() && !reviews.iter().any(read) {
            faults.push(FaultKind::Invalid, &at_reviews, "one of them has to be `v1` or `v1beta1`");
        }
        if let Some(n) = int(hook, "timeoutSeconds").filter(|n| !(1..=30).contains(n)) {
            faults.invalid(&at.field("timeoutSeconds"), n, "has to be between 1 and 30");
        }
        for name in ["namespaceSelector", "objectSelector"] {
            if let Some(selector) = given(hook, name) {
                meta::selector(selector, &at.field(name), faults);
            }
        }
        client_config(hook, &at, faults);
        let at_rules = at.field("rules");
        for (index, rule) in list(hook, "rules").iter().enumerate() {
            let at = at_rules.item(index);
            for name in ["operations", "apiGroups", "apiVersions", "resources"] {
                let values = list(rule, name);
                let blank = values.iter().position(|v| name != "apiGroups" && v.as_str() == Some(""));
                if values.is_empty() {
                    faults.required(&at.field(name), "");
                } else if let Some(index) = blank.filter(|_| name != "operations") {
                    faults.required(&at.field(name).item(index), "");
                } else if name != "resources"
                    && values.len() > 1
                    && values.iter().any(|v| v.as_str() == Some("*"))
                {
                    faults.push(FaultKind::Invalid, &at.field(name), "`*` has to be the only one");
                }
            }
        }
    }
}

fn client_config(hook: &Value, at: &At<'_>, faults: &mut Faults) {
    let at = at.field("clientConfig");
    let config = given(hook, "clientConfig").unwrap_or(&Value::Null);
    match (given(config, "url"), given(config, "service")) {
        (None, None) | (Some(_), Some(_)) => {
            faults.required(&at, "it needs one of `url` and `service`");
        }
        (Some(url), None) => {
            let url = url.as_str().unwrap_or_default();
            if !url.starts_with("https://") {
                faults.invalid(&at.field("url"), url, "has to begin with `https://`");
            }
        }
        (None, Some(service)) => {
            let at = at.field("service");
            for name in ["namespace", "name"] {
                if text(service, name).is_empty() {
                    faults.required(&at.field(name), "");
                }
            }
            if let Some(port) = int(service, "port")
                && let Some(why) = names::port(port)
            {
                faults.invalid(&at.field("port"), port, why);
            }
            if let Some(path) = given(service, "path").and_then(Value::as_str) {
                let parts = path.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest));
                let fits =
                    |rest: &str| rest.is_empty() || rest.split('/').all(|p| names::subdomain(p).is_none());
                if !parts.is_some_and(fits) {
                    faults.invalid(
                        &at.field("path"),
                        path,
                        "has to begin with `/`, its parts lower-case names",
                    );
                }
            }
        }
    }
}
