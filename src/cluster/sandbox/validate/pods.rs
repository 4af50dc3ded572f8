//! Pods and pod templates.

use serde_json::Value;

use super::{Errors, names};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::status::FieldError;
use crate::kubernetes::quantity::Quantity;

pub fn pod(object: &Value, errors: &mut Errors) {
    spec(object.get("spec").unwrap_or(&Value::Null), "spec", errors);
}

/// A `PodTemplateSpec` at `at`.
pub fn template(object: &Value, at: &str, errors: &mut Errors) {
    super::labels(object, "/metadata/labels", &format!("{at}.labels"), errors);
    spec(object.get("spec").unwrap_or(&Value::Null), &format!("{at}.spec"), errors);
}

fn spec(spec: &Value, at: &str, errors: &mut Errors) {
    let volumes = volumes(spec, at, errors);
    let containers = meta::list(spec, "/containers");
    if containers.is_empty() {
        errors.push(FieldError::required(format!("{at}.containers"), ""));
    }
    let mut seen = Vec::new();
    let claims: Vec<&str> = Vec::new();
    for (list, items) in [("containers", containers), ("initContainers", meta::list(spec, "/initContainers"))]
    {
        for (i, container) in items.iter().enumerate() {
            let here = format!("{at}.{list}[{i}]");
            let name = meta::text(container, "/name");
            if !name.is_empty() && seen.contains(&name) {
                errors.push(FieldError::duplicate(format!("{here}.name"), &name.into()));
            }
            seen.push(name);
            self::container(container, &here, &volumes, &claims, errors);
        }
    }
    one_of(spec, at, "restartPolicy", &["Always", "Never", "OnFailure"], errors);
    one_of(spec, at, "dnsPolicy", &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"], errors);
    super::labels(spec, "/nodeSelector", &format!("{at}.nodeSelector"), errors);
    let account = meta::text(spec, "/serviceAccountName");
    if !account.is_empty() {
        for why in names::dns1123_subdomain(account) {
            errors.push(FieldError::invalid(format!("{at}.serviceAccountName"), &account.into(), &why));
        }
    }
    if let Some(grace) = meta::int(spec, "/terminationGracePeriodSeconds").filter(|g| *g < 0) {
        let field = format!("{at}.terminationGracePeriodSeconds");
        errors.push(FieldError::invalid(field, &grace.into(), "must be greater than or equal to 0"));
    }
    for (i, toleration) in meta::list(spec, "/tolerations").iter().enumerate() {
        let here = format!("{at}.tolerations[{i}]");
        one_of(toleration, &here, "operator", &["Equal", "Exists"], errors);
        one_of(toleration, &here, "effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"], errors);
        if meta::text(toleration, "/key").is_empty() && meta::text(toleration, "/operator") != "Exists" {
            let operator: Value = meta::text(toleration, "/operator").into();
            let why =
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.push(FieldError::invalid(format!("{here}.operator"), &operator, why));
        }
    }
}

/// An optional text that has to be one of some.
pub fn one_of(object: &Value, at: &str, field: &str, allowed: &[&str], errors: &mut Errors) {
    let given = meta::text(object, &format!("/{field}"));
    if !given.is_empty() && !allowed.contains(&given) {
        errors.push(FieldError::unsupported(format!("{at}.{field}"), &given.into(), allowed));
    }
}

fn volumes<'a>(spec: &'a Value, at: &str, errors: &mut Errors) -> Vec<&'a str> {
    let mut seen: Vec<&str> = Vec::new();
    for (i, volume) in meta::list(spec, "/volumes").iter().enumerate() {
        let here = format!("{at}.volumes[{i}]");
        let name = meta::text(volume, "/name");
        if name.is_empty() {
            errors.push(FieldError::required(format!("{here}.name"), ""));
        }
        for why in names::dns1123_label(name).into_iter().filter(|_| !name.is_empty()) {
            errors.push(FieldError::invalid(format!("{here}.name"), &name.into(), &why));
        }
        if seen.contains(&name) {
            errors.push(FieldError::duplicate(format!("{here}.name"), &name.into()));
        }
        let mut sources: Vec<&str> =
            volume.as_object().into_iter().flat_map(|m| m.keys()).map(String::as_str).collect();
        sources.retain(|k| *k != "name");
        // The server looks at them in this order, the rest after.
        sources.sort_by_key(|k| {
            ["emptyDir", "hostPath", "secret", "nfs", "persistentVolumeClaim"]
                .iter()
                .position(|o| o == k)
                .unwrap_or(9)
        });
        if let [_, second, ..] = sources.as_slice() {
            let why = "may not specify more than 1 volume type";
            errors.push(FieldError::forbidden(format!("{here}.{second}"), why));
            // A volume that is wrong is no volume to mount.
            continue;
        }
        seen.push(name);
        if volume.get("configMap").is_some() && meta::text(volume, "/configMap/name").is_empty() {
            errors.push(FieldError::required(format!("{here}.configMap.name"), ""));
        }
        if volume.get("secret").is_some() && meta::text(volume, "/secret/secretName").is_empty() {
            errors.push(FieldError::required(format!("{here}.secret.secretName"), ""));
        }
        if volume.get("persistentVolumeClaim").is_some()
            && meta::text(volume, "/persistentVolumeClaim/claimName").is_empty()
        {
            errors.push(FieldError::required(format!("{here}.persistentVolumeClaim.claimName"), ""));
        }
        if volume.get("hostPath").is_some() && meta::text(volume, "/hostPath/path").is_empty() {
            errors.push(FieldError::required(format!("{here}.hostPath.path"), ""));
        }
    }
    seen
}

fn container(container: &Value, at: &str, volumes: &[&str], claims: &[&str], errors: &mut Errors) {
    let name = meta::text(container, "/name");
    if name.is_empty() {
        errors.push(FieldError::required(format!("{at}.name"), ""));
    } else {
        for why in names::dns1123_label(name) {
            errors.push(FieldError::invalid(format!("{at}.name"), &name.into(), &why));
        }
    }
    let image = meta::text(container, "/image");
    if image.is_empty() {
        errors.push(FieldError::required(format!("{at}.image"), ""));
    } else if image.trim() != image {
        let why = "must not have leading or trailing whitespace";
        errors.push(FieldError::invalid(format!("{at}.image"), &image.into(), why));
    }
    one_of(container, at, "terminationMessagePolicy", &["FallbackToLogsOnError", "File"], errors);
    ports(container, at, errors);
    for (i, env) in meta::list(container, "/env").iter().enumerate() {
        let here = format!("{at}.env[{i}]");
        let name = meta::text(env, "/name");
        if name.is_empty() {
            errors.push(FieldError::required(format!("{here}.name"), ""));
        }
        for why in names::env_name(name) {
            errors.push(FieldError::invalid(format!("{here}.name"), &name.into(), &why));
        }
        if !meta::text(env, "/value").is_empty() && env.get("valueFrom").is_some() {
            let why = "may not be specified when `value` is not empty";
            errors.push(FieldError::invalid(format!("{here}.valueFrom"), &"".into(), why));
        }
        for (source, field) in
            [("configMapKeyRef", "key"), ("secretKeyRef", "key"), ("fieldRef", "fieldPath")]
        {
            let from = env.pointer(&format!("/valueFrom/{source}"));
            if from.is_some_and(|f| meta::text(f, &format!("/{field}")).is_empty()) {
                errors.push(FieldError::required(format!("{here}.valueFrom.{source}.{field}"), ""));
            }
        }
    }
    let mut paths: Vec<&str> = Vec::new();
    for (i, mount) in meta::list(container, "/volumeMounts").iter().enumerate() {
        let here = format!("{at}.volumeMounts[{i}]");
        let name = meta::text(mount, "/name");
        let path = meta::text(mount, "/mountPath");
        if name.is_empty() {
            errors.push(FieldError::required(format!("{here}.name"), ""));
        } else if !volumes.contains(&name) && !claims.contains(&name) {
            errors.push(FieldError {
                reason: "FieldValueNotFound",
                field: format!("{here}.name"),
                message: format!("Not found: {name:?}"),
            });
        }
        if path.is_empty() {
            errors.push(FieldError::required(format!("{here}.mountPath"), ""));
        } else if paths.contains(&path) {
            errors.push(FieldError::invalid(format!("{here}.mountPath"), &path.into(), "must be unique"));
        }
        paths.push(path);
    }
    one_of(container, at, "imagePullPolicy", &["Always", "IfNotPresent", "Never"], errors);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(found) = container.get(probe) {
            handler(found, &format!("{at}.{probe}"), errors);
        }
    }
    resources(container, at, errors);
}

fn ports(container: &Value, at: &str, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, port) in meta::list(container, "/ports").iter().enumerate() {
        let here = format!("{at}.ports[{i}]");
        let name = meta::text(port, "/name");
        if !name.is_empty() {
            for why in names::port_name(name) {
                errors.push(FieldError::invalid(format!("{here}.name"), &name.into(), &why));
            }
            if seen.contains(&name) {
                errors.push(FieldError::duplicate(format!("{here}.name"), &name.into()));
            }
            seen.push(name);
        }
        match meta::int(port, "/containerPort") {
            None | Some(0) => errors.push(FieldError::required(format!("{here}.containerPort"), "")),
            Some(number) => {
                for why in names::port_number(number) {
                    errors.push(FieldError::invalid(format!("{here}.containerPort"), &number.into(), &why));
                }
            }
        }
        one_of(port, &here, "protocol", &["SCTP", "TCP", "UDP"], errors);
    }
}

fn handler(probe: &Value, at: &str, errors: &mut Errors) {
    const KINDS: &[&str] = &["exec", "httpGet", "tcpSocket", "grpc"];
    let given: Vec<&&str> = KINDS.iter().filter(|k| probe.get(**k).is_some()).collect();
    match given.as_slice() {
        [] => errors.push(FieldError::required(at, "must specify a handler type")),
        [_] => {}
        [_, second, ..] => {
            errors.push(FieldError::forbidden(
                format!("{at}.{second}"),
                "may not specify more than 1 handler type",
            ));
        }
    }
}

fn resources(container: &Value, at: &str, errors: &mut Errors) {
    let limits = container.pointer("/resources/limits").and_then(Value::as_object);
    let requests = container.pointer("/resources/requests").and_then(Value::as_object);
    for (kind, map) in [("limits", limits), ("requests", requests)] {
        for (name, value) in map.into_iter().flatten() {
            let field = format!("{at}.resources.{kind}[{name}]");
            let known = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage")
                || name.starts_with("hugepages-")
                || name.contains('/');
            if !known {
                let why = "must be a standard resource for containers";
                errors.push(FieldError::invalid(field.clone(), &name.as_str().into(), why));
                let why = "must be a standard resource type or fully qualified";
                errors.push(FieldError::invalid(field.clone(), &name.as_str().into(), why));
            }
            if Quantity::parse(value.as_str().unwrap_or_default()).is_some_and(|q| q.nanos() < 0) {
                errors.push(FieldError::invalid(field, value, "must be greater than or equal to 0"));
            }
        }
    }
    for (name, request) in requests.into_iter().flatten() {
        let number = |v: &Value| Quantity::parse(v.as_str().unwrap_or_default()).map(Quantity::nanos);
        let Some(limit) = limits.and_then(|l| l.get(name)) else { continue };
        if let (Some(r), Some(l)) = (number(request), number(limit))
            && r > l
        {
            let why = format!(
                "must be less than or equal to {name} limit of {}",
                limit.as_str().unwrap_or_default()
            );
            errors.push(FieldError::invalid(format!("{at}.resources.requests"), request, &why));
        }
    }
}

/// Of a running pod only images, deadlines and new tolerations may change.
pub fn update(old: &Value, new: &Value, errors: &mut Errors) {
    let comparable = |pod: &Value| {
        let mut spec = pod.get("spec").cloned().unwrap_or_default();
        for list in ["containers", "initContainers"] {
            for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                meta::as_map(container).remove("image");
                meta::as_map(container).remove("imagePullPolicy");
            }
        }
        let map = meta::as_map(&mut spec);
        for key in ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"] {
            map.remove(key);
        }
        spec
    };
    if comparable(old) != comparable(new) {
        errors.push(FieldError::forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        ));
    }
}
