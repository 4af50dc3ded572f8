//! Services, Ingresses and NetworkPolicies: `pkg/apis/core`, `pkg/apis/networking`.

use super::super::fault::{At, FaultKind, Faults};
use super::super::names;
use super::{given, int, list, meta, text, text_or};
use crate::kubernetes::check::whole;
use serde_json::Value;

pub(super) fn service(object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("spec");
    let spec = given(object, "spec").unwrap_or(&Value::Null);
    let kind = text_or(spec, "type", "ClusterIP");
    let headless = text(spec, "clusterIP") == "None";
    let ports = list(spec, "ports");
    let at_ports = at.field("ports");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        faults.required(&at_ports, "a Service needs a port, unless it is headless (`clusterIP: None`)");
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless => {
            let why = format!("`None` is not for Services of type `{kind}`");
            faults.push(FaultKind::Invalid, &at.field("clusterIP"), why);
        }
        "ExternalName" => {
            let name = text(spec, "externalName");
            let bare = name.strip_suffix('.').unwrap_or(name);
            if name.is_empty() {
                faults.required(&at.field("externalName"), "the type `ExternalName` needs it");
            } else if let Some(why) = names::subdomain(bare) {
                faults.invalid(&at.field("externalName"), name, why);
            }
            for field in ["clusterIP", "ipFamilyPolicy"] {
                if !text(spec, field).is_empty() {
                    faults.forbidden(&at.field(field), "it is not for Services of type `ExternalName`");
                }
            }
        }
        _ => {}
    }
    for (index, port) in ports.iter().enumerate() {
        let at = at_ports.item(index);
        let before = || ports.iter().take(index);
        let name = text(port, "name");
        if name.is_empty() && ports.len() > 1 {
            faults.required(&at.field("name"), "each of several ports needs a name");
        } else if !name.is_empty() {
            if let Some(why) = names::label(name) {
                faults.invalid(&at.field("name"), name, why);
            } else if before().any(|other| text(other, "name") == name) {
                faults.duplicate(&at.field("name"), name);
            }
        }
        let number = int(port, "port").unwrap_or(0);
        let protocol = text_or(port, "protocol", "TCP");
        if let Some(why) = names::port(number) {
            faults.invalid(&at.field("port"), number, why);
        }
        let same = |other: &Value| {
            int(other, "port").unwrap_or(0) == number && text_or(other, "protocol", "TCP") == protocol
        };
        if before().any(same) {
            faults.duplicate(&at, format_args!("{number}/{protocol}"));
        }
        target_port(port, &at, headless, faults);
        node_port(port, kind, before(), protocol, &at, faults);
    }
    meta::labels(spec, "selector", &at, faults);
    let affinity = text_or(spec, "sessionAffinity", "None");
    if affinity == "None" && given(spec, "sessionAffinityConfig").is_some() {
        faults
            .forbidden(&at.field("sessionAffinityConfig"), "it is for the session affinity `ClientIP` only");
    }
    let balanced = kind == "LoadBalancer";
    let outside = balanced || kind == "NodePort" || !list(spec, "externalIPs").is_empty();
    if !text(spec, "externalTrafficPolicy").is_empty() && !outside {
        let why = format!("`externalTrafficPolicy` is not for Services of type `{kind}`");
        faults.push(FaultKind::Invalid, &at.field("externalTrafficPolicy"), why);
    }
    if !text(spec, "loadBalancerClass").is_empty() && !balanced {
        faults.forbidden(&at.field("loadBalancerClass"), "it is for Services of type `LoadBalancer` only");
    }
    if given(spec, "allocateLoadBalancerNodePorts").is_some() && !balanced {
        let why = "it is for Services of type `LoadBalancer` only";
        faults.forbidden(&at.field("allocateLoadBalancerNodePorts"), why);
    }
    if int(spec, "healthCheckNodePort").is_some_and(|n| n != 0)
        && !(balanced && text(spec, "externalTrafficPolicy") == "Local")
    {
        let why = "it needs the type `LoadBalancer` and `externalTrafficPolicy: Local`";
        faults.push(FaultKind::Invalid, &at.field("healthCheckNodePort"), why);
    }
    let ranges = list(spec, "loadBalancerSourceRanges");
    let at_ranges = at.field("loadBalancerSourceRanges");
    if !ranges.is_empty() && !balanced {
        faults.forbidden(&at_ranges, "it is for Services of type `LoadBalancer` only");
    }
    for (index, range) in ranges.iter().filter_map(Value::as_str).enumerate() {
        if names::cidr(range.trim()).is_none() {
            faults.invalid(&at_ranges.item(index), range, "has to be a range such as `10.0.0.0/8`");
        }
    }
    let at_ips = at.field("externalIPs");
    for (index, ip) in list(spec, "externalIPs").iter().filter_map(Value::as_str).enumerate() {
        if let Some(why) = names::ip(ip) {
            faults.invalid(&at_ips.item(index), ip, why);
        }
    }
    let ip = text(spec, "clusterIP");
    if !headless && !ip.is_empty() && names::ip(ip).is_some() {
        faults.invalid(&at.field("clusterIP"), ip, "has to be an IP address or `None`");
    }
}

fn target_port(port: &Value, at: &At<'_>, _headless: bool, faults: &mut Faults) {
    let at = at.field("targetPort");
    match given(port, "targetPort") {
        // An empty name, and 0, stand for `port`.
        Some(Value::String(name)) if !name.is_empty() => {
            if let Some(why) = names::port_name(name) {
                faults.invalid(&at, name, why);
            }
        }
        Some(Value::Number(n)) => {
            let number = whole(n).unwrap_or(0);
            if number != 0
                && let Some(why) = names::port(number)
            {
                faults.invalid(&at, number, why);
            }
        }
        _ => {}
    }
}

fn node_port<'v>(
    port: &Value,
    kind: &str,
    mut before: impl Iterator<Item = &'v Value>,
    protocol: &str,
    at: &At<'_>,
    faults: &mut Faults,
) {
    let Some(number) = int(port, "nodePort").filter(|n| *n != 0) else { return };
    let at = at.field("nodePort");
    if !matches!(kind, "NodePort" | "LoadBalancer") {
        return faults.forbidden(&at, format!("it is not for Services of type `{kind}`"));
    }
    if let Some(why) = names::port(number) {
        faults.invalid(&at, number, why);
    } else if before
        .any(|other| int(other, "nodePort") == Some(number) && text_or(other, "protocol", "TCP") == protocol)
    {
        faults.duplicate(&at, number);
    }
}

pub(super) fn ingress(object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("spec");
    let spec = given(object, "spec").unwrap_or(&Value::Null);
    let rules = list(spec, "rules");
    if rules.is_empty() && given(spec, "defaultBackend").is_none() {
        faults.push(FaultKind::Invalid, &at, "it needs `rules` or `defaultBackend`");
    }
    if let Some(default) = given(spec, "defaultBackend") {
        backend(default, &at.field("defaultBackend"), faults);
    }
    let at_tls = at.field("tls");
    for (index, tls) in list(spec, "tls").iter().enumerate() {
        let at = at_tls.item(index);
        syntax_secret(tls, &at, faults);
        let at = at.field("hosts");
        for (index, host) in list(tls, "hosts").iter().filter_map(Value::as_str).enumerate() {
            if let Some(why) = host_rule(host) {
                faults.invalid(&at.item(index), host, why);
            }
        }
    }
    let at_rules = at.field("rules");
    for (index, rule) in rules.iter().enumerate() {
        let at = at_rules.item(index);
        let host = text(rule, "host");
        if !host.is_empty() {
            if host.parse::<std::net::IpAddr>().is_ok() {
                faults.invalid(&at.field("host"), host, "has to be a DNS name, not an address");
            } else if let Some(why) = host_rule(host) {
                faults.invalid(&at.field("host"), host, why);
            }
        }
        let Some(http) = given(rule, "http") else { continue };
        let at = at.field("http");
        let at_paths = at.field("paths");
        let paths = list(http, "paths");
        if paths.is_empty() {
            faults.required(&at_paths, "it needs a path");
        }
        for (index, path) in paths.iter().enumerate() {
            ingress_path(path, &at_paths.item(index), faults);
        }
    }
}

fn syntax_secret(tls: &Value, at: &At<'_>, faults: &mut Faults) {
    super::syntax(tls, "secretName", names::subdomain, at, faults);
}

fn host_rule(host: &str) -> Option<&'static str> {
    if host.contains('*') { names::wildcard(host) } else { names::subdomain(host) }
}

fn ingress_path(path: &Value, at: &At<'_>, faults: &mut Faults) {
    let own = text(path, "path");
    match text(path, "pathType") {
        "" => faults.required(&at.field("pathType"), "`Exact`, `ImplementationSpecific` or `Prefix`"),
        "Exact" | "Prefix" => {
            if !own.starts_with('/') {
                faults.invalid(&at.field("path"), own, "has to begin with `/`");
            } else if ["//", "/./", "/../", "%2f", "%2F"].iter().any(|bad| own.contains(bad))
                || own.ends_with("/..")
                || own.ends_with("/.")
            {
                faults.invalid(&at.field("path"), own, "must not hold `//`, `/./`, `/../` or `%2f`");
            }
        }
        _ if !own.is_empty() && !own.starts_with('/') => {
            faults.invalid(&at.field("path"), own, "has to begin with `/`");
        }
        _ => {}
    }
    backend(path.get("backend").unwrap_or(&Value::Null), &at.field("backend"), faults);
}

fn backend(backend: &Value, at: &At<'_>, faults: &mut Faults) {
    match (given(backend, "service"), given(backend, "resource")) {
        (Some(_), Some(_)) => {
            faults.push(FaultKind::Invalid, at, "it takes one of `service` and `resource`");
        }
        (None, None) => faults.required(at, "it needs `service` or `resource`"),
        (Some(service), None) => {
            let at = at.field("service");
            let name = text(service, "name");
            if name.is_empty() {
                faults.required(&at.field("name"), "");
            } else if let Some(why) = names::label_1035(name) {
                faults.invalid(&at.field("name"), name, why);
            }
            let at_port = at.field("port");
            let port = given(service, "port").unwrap_or(&Value::Null);
            let (name, number) = (text(port, "name"), int(port, "number").unwrap_or(0));
            match (name.is_empty(), number) {
                (true, 0) => faults.required(&at_port, "it needs `name` or `number`"),
                (false, n) if n != 0 => {
                    faults.push(FaultKind::Invalid, &at_port, "it takes one of `name` and `number`");
                }
                (true, number) => {
                    if let Some(why) = names::port(number) {
                        faults.invalid(&at_port.field("number"), number, why);
                    }
                }
                (false, _) => {
                    if let Some(why) = names::port_name(name) {
                        faults.invalid(&at_port.field("name"), name, why);
                    }
                }
            }
        }
        (None, Some(resource)) => {
            let at = at.field("resource");
            for field in ["kind", "name"] {
                if text(resource, field).is_empty() {
                    faults.required(&at.field(field), "");
                }
            }
        }
    }
}

pub(super) fn policy(object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("spec");
    let Some(spec) = given(object, "spec") else { return };
    if let Some(selector) = given(spec, "podSelector") {
        meta::selector(selector, &at.field("podSelector"), faults);
    }
    let types = list(spec, "policyTypes");
    if types.len() > 2 {
        faults.push(
            FaultKind::Invalid,
            &at.field("policyTypes"),
            "there are only two of them: `Ingress` and `Egress`",
        );
    }
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        let at = at.field(direction);
        for (index, rule) in list(spec, direction).iter().enumerate() {
            let at = at.item(index);
            let at_ports = at.field("ports");
            for (index, port) in list(rule, "ports").iter().enumerate() {
                policy_port(port, &at_ports.item(index), faults);
            }
            let at_peers = at.field(peers);
            for (index, peer) in list(rule, peers).iter().enumerate() {
                policy_peer(peer, &at_peers.item(index), faults);
            }
        }
    }
}

fn policy_port(port: &Value, at: &At<'_>, faults: &mut Faults) {
    let end = int(port, "endPort");
    match given(port, "port") {
        Some(Value::Number(n)) => {
            let number = whole(n).unwrap_or(0);
            if let Some(why) = names::port(number) {
                faults.invalid(&at.field("port"), number, why);
            }
            if let Some(end) = end.filter(|end| *end < number || names::port(*end).is_some()) {
                faults.invalid(&at.field("endPort"), end, "has to be between `port` and 65535");
            }
        }
        Some(Value::String(name)) => {
            if let Some(why) = names::port_name(name) {
                faults.invalid(&at.field("port"), name, why);
            }
            if end.is_some() {
                faults.push(FaultKind::Invalid, &at.field("endPort"), "it needs a `port` that is a number");
            }
        }
        _ if end.is_some() => {
            faults.push(FaultKind::Invalid, &at.field("endPort"), "it needs a `port`");
        }
        _ => {}
    }
}

fn policy_peer(peer: &Value, at: &At<'_>, faults: &mut Faults) {
    let mut selectors = 0;
    for name in ["podSelector", "namespaceSelector"] {
        if let Some(selector) = given(peer, name) {
            selectors += 1;
            meta::selector(selector, &at.field(name), faults);
        }
    }
    let Some(block) = given(peer, "ipBlock") else {
        if selectors == 0 {
            faults.required(at, "it needs `podSelector`, `namespaceSelector` or `ipBlock`");
        }
        return;
    };
    if selectors > 0 {
        faults.forbidden(at, "`ipBlock` must not be given beside a selector");
    }
    let at = at.field("ipBlock");
    let range = text(block, "cidr");
    if range.is_empty() {
        return faults.required(&at.field("cidr"), "");
    }
    let Some(outer) = names::cidr(range) else {
        return faults.invalid(&at.field("cidr"), range, "has to be a range such as `10.0.0.0/8`");
    };
    let at = at.field("except");
    for (index, text) in list(block, "except").iter().filter_map(Value::as_str).enumerate() {
        if !names::cidr(text).is_some_and(|inner| names::inside(outer, inner)) {
            faults.invalid(&at.item(index), text, format_args!("has to be a range inside of `{range}`"));
        }
    }
}
