//! Services and Ingresses.

use serde_json::Value;

use super::pods::one_of;
use super::{Errors, IMMUTABLE, names};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::status::FieldError;

pub fn service(object: &Value, errors: &mut Errors) {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let kind = meta::text(spec, "/type");
    one_of(spec, "spec", "type", &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], errors);
    one_of(spec, "spec", "sessionAffinity", &["ClientIP", "None"], errors);
    let ports = meta::list(spec, "/ports");
    let headless = meta::text(spec, "/clusterIP") == "None";
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(FieldError::required("spec.ports", ""));
    }
    if kind == "ExternalName" && meta::text(spec, "/externalName").is_empty() {
        errors.push(FieldError::required("spec.externalName", ""));
    }
    if kind == "LoadBalancer" && headless {
        errors.push(FieldError::invalid(
            "spec.clusterIPs[0]",
            &"None".into(),
            "may not be set to 'None' for LoadBalancer services",
        ));
    }
    let (mut seen_names, mut seen): (Vec<&str>, Vec<(i64, &str)>) = (Vec::new(), Vec::new());
    for (i, port) in ports.iter().enumerate() {
        let here = format!("spec.ports[{i}]");
        let name = meta::text(port, "/name");
        if name.is_empty() && ports.len() > 1 {
            errors.push(FieldError::required(format!("{here}.name"), ""));
        } else if !name.is_empty() {
            for why in names::dns1123_label(name) {
                errors.push(FieldError::invalid(format!("{here}.name"), &name.into(), &why));
            }
            if seen_names.contains(&name) {
                errors.push(FieldError::duplicate(format!("{here}.name"), &name.into()));
            }
            seen_names.push(name);
        }
        let number = meta::int(port, "/port").unwrap_or(0);
        for why in names::port_number(number) {
            errors.push(FieldError::invalid(format!("{here}.port"), &number.into(), &why));
        }
        let protocol = meta::text(port, "/protocol");
        one_of(port, &here, "protocol", &["SCTP", "TCP", "UDP"], errors);
        match port.get("targetPort") {
            Some(Value::String(target)) => {
                for why in names::port_name(target) {
                    errors.push(FieldError::invalid(
                        format!("{here}.targetPort"),
                        &target.as_str().into(),
                        &why,
                    ));
                }
            }
            Some(target) => {
                for why in names::port_number(target.as_i64().unwrap_or(0)) {
                    errors.push(FieldError::invalid(format!("{here}.targetPort"), target, &why));
                }
            }
            None => {}
        }
        if seen.contains(&(number, protocol)) {
            let shown = serde_json::json!({"port": number, "protocol": protocol});
            errors.push(FieldError::duplicate(here.clone(), &shown));
        }
        seen.push((number, protocol));
        if let Some(node_port) = meta::int(port, "/nodePort").filter(|p| *p != 0) {
            if !matches!(kind, "NodePort" | "LoadBalancer") {
                let why = "may not be used when `type` is 'ClusterIP'";
                errors.push(FieldError::forbidden(format!("{here}.nodePort"), why));
            } else if !(30_000..=32_767).contains(&node_port) {
                let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
                errors.push(FieldError::invalid(format!("{here}.nodePort"), &node_port.into(), why));
            }
        }
    }
    super::labels(spec, "/selector", "spec.selector", errors);
}

pub fn update(old: &Value, new: &Value, errors: &mut Errors) {
    let kind = |o: &Value| meta::text(o, "/spec/type").to_owned();
    if kind(old) == "ExternalName" || kind(new) == "ExternalName" {
        return;
    }
    let (was, is) = (meta::text(old, "/spec/clusterIP"), meta::text(new, "/spec/clusterIP"));
    if !was.is_empty() && was != is {
        let shown = new.pointer("/spec/clusterIPs").cloned().unwrap_or_else(|| serde_json::json!([is]));
        let why =
            if is.is_empty() { "primary clusterIP can not be unset" } else { "may not change once set" };
        errors.push(FieldError::invalid("spec.clusterIPs[0]", &shown, why));
    }
    let class = |o: &Value| o.pointer("/spec/loadBalancerClass").cloned().unwrap_or_default();
    if kind(old) == "LoadBalancer" && kind(new) == "LoadBalancer" && class(old) != class(new) {
        errors.push(FieldError::invalid("spec.loadBalancerClass", &class(new), IMMUTABLE));
    }
}

pub fn ingress(object: &Value, errors: &mut Errors) {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    if meta::list(spec, "/rules").is_empty() && spec.get("defaultBackend").is_none() {
        errors.push(FieldError::invalid(
            "spec",
            &Value::Null,
            "either `defaultBackend` or `rules` must be specified",
        ));
    }
    for (i, rule) in meta::list(spec, "/rules").iter().enumerate() {
        let host = meta::text(rule, "/host");
        let bare = host.strip_prefix("*.").unwrap_or(host);
        if !host.is_empty() {
            for why in names::dns1123_subdomain(bare) {
                errors.push(FieldError::invalid(format!("spec.rules[{i}].host"), &host.into(), &why));
            }
        }
        let Some(http) = rule.get("http") else { continue };
        let paths = meta::list(http, "/paths");
        if paths.is_empty() {
            errors.push(FieldError::required(format!("spec.rules[{i}].http.paths"), ""));
        }
        for (j, path) in paths.iter().enumerate() {
            let here = format!("spec.rules[{i}].http.paths[{j}]");
            let kind = meta::text(path, "/pathType");
            let allowed = &["Exact", "ImplementationSpecific", "Prefix"];
            if kind.is_empty() {
                errors.push(FieldError::required(format!("{here}.pathType"), "pathType must be specified"));
            } else {
                one_of(path, &here, "pathType", allowed, errors);
            }
            let text = meta::text(path, "/path");
            if matches!(kind, "Exact" | "Prefix") && !text.starts_with('/') {
                errors.push(FieldError::invalid(
                    format!("{here}.path"),
                    &text.into(),
                    "must be an absolute path",
                ));
            }
            backend(path.get("backend").unwrap_or(&Value::Null), &format!("{here}.backend"), errors);
        }
    }
    if let Some(default) = spec.get("defaultBackend") {
        backend(default, "spec.defaultBackend", errors);
    }
}

fn backend(backend: &Value, at: &str, errors: &mut Errors) {
    let (service, resource) = (backend.get("service"), backend.get("resource"));
    match (service, resource) {
        (Some(_), Some(_)) => {
            errors.push(FieldError::invalid(at, &"".into(), "cannot set both resource and service backends"));
        }
        (None, None) => errors.push(FieldError::required(at, "")),
        (Some(service), None) => {
            let name = meta::text(service, "/name");
            if name.is_empty() {
                errors.push(FieldError::required(format!("{at}.service.name"), ""));
            }
            let (port_name, number) = (meta::text(service, "/port/name"), meta::int(service, "/port/number"));
            if port_name.is_empty() && number.is_none_or(|n| n == 0) {
                let why = "port name or number is required";
                errors.push(FieldError::required(at, why));
            }
        }
        (None, Some(_)) => {}
    }
}

pub fn network_policy(object: &Value, errors: &mut Errors) {
    for (i, kind) in meta::strings(object, "/spec/policyTypes").iter().enumerate() {
        if !matches!(*kind, "Ingress" | "Egress") {
            let at = format!("spec.policyTypes[{i}]");
            errors.push(FieldError::unsupported(at, &(*kind).into(), &["Ingress", "Egress"]));
        }
    }
}
