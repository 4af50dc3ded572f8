//! Pods and pod templates: `ValidatePodSpec` of `pkg/apis/core/validation`.

use super::super::fault::{At, FaultKind, Faults};
use super::super::names;
use super::super::quantity::Quantity;
use super::{flag, given, int, list, map, meta, not_negative, syntax, text, text_or};
use crate::kubernetes::check::{plain, whole};
use serde_json::Value;

pub(super) fn pod(object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("spec");
    match given(object, "spec") {
        Some(spec) => pod_spec(spec, &at, &[], true, faults),
        None => faults.required(&at.field("containers"), "a pod needs a container"),
    }
}

/// A `PodTemplateSpec`; `claims` are the volume claim templates that count as volumes.
pub(super) fn template(value: Option<&Value>, at: &At<'_>, claims: &[Value], faults: &mut Faults) {
    let Some(value) = value else { return };
    if let Some(own) = given(value, "metadata") {
        meta::labels_and_annotations(own, &at.field("metadata"), faults);
    }
    let at = at.field("spec");
    match given(value, "spec") {
        Some(spec) => pod_spec(spec, &at, claims, false, faults),
        None => faults.required(&at.field("containers"), "a pod needs a container"),
    }
}

/// What the containers of a pod may refer to.
struct Pod<'v> {
    volumes: &'v [Value],
    claims: &'v [Value],
    host_network: bool,
    is_pod: bool,
}

impl Pod<'_> {
    fn has_volume(&self, name: &str) -> bool {
        let own = self.volumes.iter().any(|volume| text(volume, "name") == name);
        own || self.claims.iter().any(|claim| claim.get("metadata").map_or("", |m| text(m, "name")) == name)
    }
}

fn pod_spec(spec: &Value, at: &At<'_>, claims: &[Value], is_pod: bool, faults: &mut Faults) {
    let volumes = list(spec, "volumes");
    all_volumes(volumes, claims, &at.field("volumes"), faults);
    let pod = Pod { volumes, claims, host_network: flag(spec, "hostNetwork"), is_pod };
    let (containers, inits) = (list(spec, "containers"), list(spec, "initContainers"));
    let at_containers = at.field("containers");
    if containers.is_empty() {
        faults.required(&at_containers, "a pod needs a container");
    }
    for (index, container) in containers.iter().enumerate() {
        let at = at_containers.item(index);
        self::container(container, &pod, &at, faults);
        lifecycle_and_probes(container, &at, faults);
        unique_name(container, containers.iter().take(index), &at, faults);
    }
    host_ports(containers, &at_containers, pod.host_network, faults);
    let at_inits = at.field("initContainers");
    for (index, container) in inits.iter().enumerate() {
        let at = at_inits.item(index);
        self::container(container, &pod, &at, faults);
        if text(container, "restartPolicy") == "Always" {
            lifecycle_and_probes(container, &at, faults);
        } else {
            for name in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if given(container, name).is_some() {
                    let why = "an init container may have it with `restartPolicy: Always` only";
                    faults.forbidden(&at.field(name), why);
                }
            }
        }
        unique_name(container, containers.iter().chain(inits.iter().take(index)), &at, faults);
    }
    meta::labels(spec, "nodeSelector", at, faults);
    syntax(spec, "serviceAccountName", names::subdomain, at, faults);
    syntax(spec, "nodeName", names::subdomain, at, faults);
    syntax(spec, "priorityClassName", names::subdomain, at, faults);
    syntax(spec, "runtimeClassName", names::subdomain, at, faults);
    // A StatefulSet sets these itself.
    if claims.is_empty() {
        syntax(spec, "hostname", names::label, at, faults);
        syntax(spec, "subdomain", names::label, at, faults);
    }
    if let Some(n) = int(spec, "activeDeadlineSeconds").filter(|n| !(1..=i64::from(i32::MAX)).contains(n)) {
        faults.invalid(&at.field("activeDeadlineSeconds"), n, "has to be between 1 and 2147483647");
    }
    tolerations(spec, &at.field("tolerations"), faults);
    host_aliases(spec, &at.field("hostAliases"), faults);
    dns(spec, at, faults);
    if let Some(affinity) = given(spec, "affinity") {
        self::affinity(affinity, &at.field("affinity"), faults);
    }
    spread(spec, &at.field("topologySpreadConstraints"), faults);
    if let Some(security) = given(spec, "securityContext") {
        let at = at.field("securityContext");
        ids(security, &["runAsUser", "runAsGroup", "fsGroup"], &at, faults);
        profile(security, "seccompProfile", &at, faults);
        profile(security, "appArmorProfile", &at, faults);
        sysctls(security, &at.field("sysctls"), faults);
    }
    if pod.host_network && given(spec, "hostUsers").and_then(Value::as_bool) == Some(false) {
        faults.forbidden(&at.field("hostNetwork"), "it must not be true while `hostUsers` is false");
    }
}

fn unique_name<'v>(
    container: &Value,
    mut before: impl Iterator<Item = &'v Value>,
    at: &At<'_>,
    faults: &mut Faults,
) {
    let name = text(container, "name");
    if !name.is_empty() && before.any(|other| text(other, "name") == name) {
        faults.duplicate(&at.field("name"), name);
    }
}

/// Two containers of a pod cannot listen on one port of the node.
fn host_ports(containers: &[Value], at: &At<'_>, host_network: bool, faults: &mut Faults) {
    let mut seen: Vec<(i64, &str, &str)> = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let at = at.item(index);
        let at = at.field("ports");
        for (n, port) in list(container, "ports").iter().enumerate() {
            let mut host = int(port, "hostPort").unwrap_or(0);
            if host == 0 && host_network {
                host = int(port, "containerPort").unwrap_or(0);
            }
            if host == 0 {
                continue;
            }
            let key = (host, text_or(port, "protocol", "TCP"), text(port, "hostIP"));
            if seen.contains(&key) {
                faults.duplicate(&at.item(n).field("hostPort"), format_args!("{}/{host}", key.1));
            }
            seen.push(key);
        }
    }
}

fn container(container: &Value, pod: &Pod<'_>, at: &At<'_>, faults: &mut Faults) {
    let name = text(container, "name");
    faults.well_formed(name, names::label, &at.field("name"));
    let image = text(container, "image");
    if image.is_empty() {
        faults.required(&at.field("image"), "a container needs an image");
    } else if pod.is_pod && image.trim() != image {
        faults.invalid(&at.field("image"), image, "must not begin or end with blanks");
    }
    ports(list(container, "ports"), pod, &at.field("ports"), faults);
    env(list(container, "env"), &at.field("env"), faults);
    let at_from = at.field("envFrom");
    for (index, source) in list(container, "envFrom").iter().enumerate() {
        let at = at_from.item(index);
        syntax(source, "prefix", names::env, &at, faults);
        let refs: Vec<&str> =
            ["configMapRef", "secretRef"].into_iter().filter(|f| given(source, f).is_some()).collect();
        match refs.as_slice() {
            [] => faults.push(FaultKind::Invalid, &at, "it needs `configMapRef` or `secretRef`"),
            [one] => named_reference(source, one, &at, faults),
            _ => faults.push(FaultKind::Invalid, &at, "it takes one of `configMapRef` and `secretRef`"),
        }
    }
    mounts(container, pod, at, faults);
    if let Some(resources) = given(container, "resources") {
        self::resources(resources, &at.field("resources"), faults);
    }
    if let Some(security) = given(container, "securityContext") {
        security_context(security, &at.field("securityContext"), faults);
    }
}

fn ports(ports: &[Value], pod: &Pod<'_>, at: &At<'_>, faults: &mut Faults) {
    for (index, port) in ports.iter().enumerate() {
        let at = at.item(index);
        let name = text(port, "name");
        if !name.is_empty() {
            if let Some(why) = names::port_name(name) {
                faults.invalid(&at.field("name"), name, why);
            } else if ports.iter().take(index).any(|other| text(other, "name") == name) {
                faults.duplicate(&at.field("name"), name);
            }
        }
        let number = int(port, "containerPort").unwrap_or(0);
        if number == 0 {
            faults.required(&at.field("containerPort"), "");
        } else if let Some(why) = names::port(number) {
            faults.invalid(&at.field("containerPort"), number, why);
        }
        if let Some(host) = int(port, "hostPort").filter(|n| *n != 0) {
            if let Some(why) = names::port(host) {
                faults.invalid(&at.field("hostPort"), host, why);
            } else if pod.host_network && host != number {
                let why = "has to be the same as `containerPort` while `hostNetwork` is true";
                faults.invalid(&at.field("hostPort"), host, why);
            }
        }
    }
}

const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

const VOLUME_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

const RESOURCE_FIELDS: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

fn env(vars: &[Value], at: &At<'_>, faults: &mut Faults) {
    for (index, var) in vars.iter().enumerate() {
        let at = at.item(index);
        let name = text(var, "name");
        faults.well_formed(name, names::env, &at.field("name"));
        let Some(from) = given(var, "valueFrom") else { continue };
        let at = at.field("valueFrom");
        const SOURCES: &[&str] =
            &["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
        let sources = SOURCES.iter().filter(|source| given(from, source).is_some()).count();
        if sources == 0 {
            let why = "it needs one of `fieldRef`, `resourceFieldRef`, `configMapKeyRef` and `secretKeyRef`";
            faults.push(FaultKind::Invalid, &at, why);
        } else if !text(var, "value").is_empty() {
            faults.push(FaultKind::Invalid, &at, "it must not be given beside `value`");
        } else if sources > 1 {
            faults.push(FaultKind::Invalid, &at, "only one source can be given");
        }
        for field in ["configMapKeyRef", "secretKeyRef"] {
            let Some(key) = given(from, field) else { continue };
            let at = at.field(field);
            let name = text(key, "name");
            faults.well_formed(name, names::subdomain, &at.field("name"));
            let own = text(key, "key");
            faults.well_formed(own, names::config_key, &at.field("key"));
        }
        field_refs(from, ENV_FIELDS, false, &at, faults);
    }
}

/// `fieldRef` and `resourceFieldRef`.
fn field_refs(from: &Value, allowed: &[&str], in_volume: bool, at: &At<'_>, faults: &mut Faults) {
    if let Some(field) = given(from, "fieldRef") {
        let at_field = at.field("fieldRef");
        let at = at_field.field("fieldPath");
        let path = text(field, "fieldPath");
        match path.split_once('[') {
            _ if path.is_empty() => faults.required(&at, ""),
            Some(("metadata.annotations" | "metadata.labels", key)) => {
                let key = key.trim_end_matches(']').trim_matches(['\'', '"']);
                if let Some(why) = names::annotation(key) {
                    faults.invalid(&at, key, why);
                }
            }
            _ if allowed.contains(&path) => {}
            // The names of an older API.
            _ if matches!(path, "spec.host") && !in_volume => {}
            _ => faults.not_supported(&at, path, allowed),
        }
    }
    if let Some(resource) = given(from, "resourceFieldRef") {
        let at = at.field("resourceFieldRef");
        let name = text(resource, "resource");
        if in_volume && text(resource, "containerName").is_empty() {
            faults.required(&at.field("containerName"), "");
        } else if name.is_empty() {
            faults.required(&at.field("resource"), "");
        } else if !RESOURCE_FIELDS.contains(&name)
            && !name.starts_with("requests.hugepages-")
            && !name.starts_with("limits.hugepages-")
        {
            faults.not_supported(&at.field("resource"), name, RESOURCE_FIELDS);
        }
    }
}

fn named_reference(value: &Value, field: &str, at: &At<'_>, faults: &mut Faults) {
    let at = at.field(field);
    let name = value.get(field).map_or("", |v| text(v, "name"));
    faults.well_formed(name, names::subdomain, &at.field("name"));
}

fn mounts(container: &Value, pod: &Pod<'_>, at: &At<'_>, faults: &mut Faults) {
    let mounts = list(container, "volumeMounts");
    let at_mounts = at.field("volumeMounts");
    let privileged = given(container, "securityContext").is_some_and(|s| flag(s, "privileged"));
    for (index, mount) in mounts.iter().enumerate() {
        let at = at_mounts.item(index);
        let name = text(mount, "name");
        if name.is_empty() {
            faults.required(&at.field("name"), "");
        } else if !pod.has_volume(name) {
            let all = pod.volumes.iter().map(|volume| text(volume, "name"));
            let near = crate::kubernetes::nearest(name, all);
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let why = format!("there is no volume `{name}`");
            faults.push_help(FaultKind::Invalid, &at.field("name"), why, help);
        }
        let path = text(mount, "mountPath");
        if path.is_empty() {
            faults.required(&at.field("mountPath"), "");
        } else if mounts.iter().take(index).any(|other| text(other, "mountPath") == path) {
            faults.push(
                FaultKind::Invalid,
                &at.field("mountPath"),
                format!("something is mounted at `{path}` already"),
            );
        }
        descending(mount, "subPath", &at, faults);
        descending(mount, "subPathExpr", &at, faults);
        if !text(mount, "subPath").is_empty() && !text(mount, "subPathExpr").is_empty() {
            faults.push(
                FaultKind::Invalid,
                &at.field("subPathExpr"),
                "it must not be given beside `subPath`",
            );
        }
        if text(mount, "mountPropagation") == "Bidirectional" && !privileged {
            let why = "`Bidirectional` is for privileged containers only";
            faults.forbidden(&at.field("mountPropagation"), why);
        }
    }
    let at_devices = at.field("volumeDevices");
    for (index, device) in list(container, "volumeDevices").iter().enumerate() {
        let at = at_devices.item(index);
        let name = text(device, "name");
        if name.is_empty() {
            faults.required(&at.field("name"), "");
        } else if !pod.has_volume(name) {
            faults.push(FaultKind::Invalid, &at.field("name"), format!("there is no volume `{name}`"));
        }
        if text(device, "devicePath").is_empty() {
            faults.required(&at.field("devicePath"), "");
        }
    }
}

/// A relative path that stays inside.
fn descending(value: &Value, name: &str, at: &At<'_>, faults: &mut Faults) {
    let path = text(value, name);
    if path.starts_with('/') {
        faults.invalid(&at.field(name), path, "has to be a relative path");
    } else if path.split('/').any(|part| part == "..") {
        faults.invalid(&at.field(name), path, "must not hold `..`");
    }
}

fn lifecycle_and_probes(container: &Value, at: &At<'_>, faults: &mut Faults) {
    if let Some(lifecycle) = given(container, "lifecycle") {
        let at = at.field("lifecycle");
        for name in ["postStart", "preStop"] {
            if let Some(value) = given(lifecycle, name) {
                handler(value, &["exec", "httpGet", "tcpSocket", "sleep"], &at.field(name), faults);
            }
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = given(container, name) else { continue };
        let at = at.field(name);
        handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], &at, faults);
        const COUNTS: &[&str] = &[
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ];
        not_negative(probe, COUNTS, &at, faults);
        // Zero stands for the default.
        let successes = int(probe, "successThreshold").unwrap_or(1);
        if name != "readinessProbe" && !matches!(successes, 0 | 1) {
            faults.invalid(&at.field("successThreshold"), successes, "has to be 1");
        }
        if let Some(grace) = int(probe, "terminationGracePeriodSeconds") {
            let at = at.field("terminationGracePeriodSeconds");
            if name == "readinessProbe" {
                faults.push(FaultKind::Invalid, &at, "a readiness probe takes none");
            } else if grace <= 0 {
                faults.invalid(&at, grace, "has to be more than 0");
            }
        }
    }
}

fn handler(value: &Value, kinds: &[&str], at: &At<'_>, faults: &mut Faults) {
    let mut own = kinds.iter().filter(|kind| given(value, kind).is_some());
    let Some(first) = own.next() else {
        let list: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
        return faults.required(at, &format!("it needs one of {}", list.join(", ")));
    };
    for second in own {
        faults.forbidden(&at.field(second), format!("it must not be given beside `{first}`"));
    }
    let Some(action) = given(value, first) else { return };
    let at = at.field(first);
    match *first {
        "exec" if list(action, "command").is_empty() => faults.required(&at.field("command"), ""),
        "httpGet" => {
            port_or_name(action, &at, faults);
            let headers = at.field("httpHeaders");
            for (index, header) in list(action, "httpHeaders").iter().enumerate() {
                let name = text(header, "name");
                if let Some(why) = names::header(name) {
                    faults.invalid(&headers.item(index).field("name"), name, why);
                }
            }
        }
        "tcpSocket" => port_or_name(action, &at, faults),
        "grpc" => {
            let port = int(action, "port").unwrap_or(0);
            if let Some(why) = names::port(port) {
                faults.invalid(&at.field("port"), port, why);
            }
        }
        _ => {}
    }
}

fn port_or_name(value: &Value, at: &At<'_>, faults: &mut Faults) {
    let at = at.field("port");
    match given(value, "port") {
        Some(Value::String(name)) => {
            if let Some(why) = names::port_name(name) {
                faults.invalid(&at, name, why);
            }
        }
        Some(Value::Number(n)) => {
            let port = whole(n).unwrap_or(0);
            if let Some(why) = names::port(port) {
                faults.invalid(&at, port, why);
            }
        }
        _ => faults.required(&at, ""),
    }
}

/// Limits and requests of a container.
pub(super) fn resources(value: &Value, at: &At<'_>, faults: &mut Faults) {
    let (at_limits, at_requests) = (at.field("limits"), at.field("requests"));
    let limits = map(value, "limits");
    for (name, amount) in limits.into_iter().flatten() {
        resource(name, amount, &at_limits.key(name), faults);
    }
    for (name, amount) in map(value, "requests").into_iter().flatten() {
        let at = at_requests.key(name);
        resource(name, amount, &at, faults);
        let overcommit =
            !name.contains('/') && !name.starts_with("hugepages-") || name.starts_with("kubernetes.io/");
        let Some(limit) = limits.and_then(|l| l.get(name)).filter(|l| !l.is_null()) else {
            if !overcommit {
                faults.push(FaultKind::Required, &at_limits, format!("`{name}` needs a limit"));
            }
            continue;
        };
        if let (Some(request), Some(most)) = (quantity(amount), quantity(limit)) {
            if request > most {
                let why = format!("is more than the limit of `{}`", plain(limit));
                faults.invalid(&at, plain(amount), why);
            } else if !overcommit && request != most {
                faults.invalid(&at, plain(amount), format!("has to be the limit, `{}`", plain(limit)));
            }
        }
    }
}

pub(super) fn quantity(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => Quantity::parse(text).map(Quantity::nanos),
        Value::Number(n) => Quantity::parse(&n.to_string()).map(Quantity::nanos),
        _ => None,
    }
}

fn resource(name: &str, amount: &Value, at: &At<'_>, faults: &mut Faults) {
    let standard = matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    if let Some(why) = names::qualified(name) {
        faults.invalid(at, name, why);
    } else if !standard && !name.contains('/') {
        let help = crate::kubernetes::nearest(name, ["cpu", "memory", "ephemeral-storage"]);
        let help = help.map(|near| format!("did you mean `{near}`?"));
        let why =
            format!("`{name}` is no resource of a container; others have a domain, such as `nvidia.com/gpu`");
        faults.push_help(FaultKind::Invalid, at, why, help);
    }
    let Some(nanos) = quantity(amount) else { return };
    if nanos < 0 {
        faults.invalid(at, plain(amount), "must not be negative");
    } else if name.contains('/') && nanos % 1_000_000_000 != 0 {
        faults.invalid(at, plain(amount), "has to be an integer");
    }
}

fn security_context(value: &Value, at: &At<'_>, faults: &mut Faults) {
    ids(value, &["runAsUser", "runAsGroup"], at, faults);
    profile(value, "seccompProfile", at, faults);
    profile(value, "appArmorProfile", at, faults);
    if given(value, "allowPrivilegeEscalation").and_then(Value::as_bool) == Some(false) {
        if flag(value, "privileged") {
            let why = "it must not be false while `privileged` is true";
            faults.push(FaultKind::Invalid, &at.field("allowPrivilegeEscalation"), why);
        }
        let added = given(value, "capabilities").map(|c| list(c, "add")).unwrap_or_default();
        if added.iter().any(|c| c.as_str() == Some("CAP_SYS_ADMIN")) {
            let why = "it must not be false while the capability `CAP_SYS_ADMIN` is added";
            faults.push(FaultKind::Invalid, &at.field("allowPrivilegeEscalation"), why);
        }
    }
}

fn ids(value: &Value, names: &[&str], at: &At<'_>, faults: &mut Faults) {
    for name in names {
        if let Some(id) = int(value, name).filter(|id| !(0..=i64::from(i32::MAX)).contains(id)) {
            faults.invalid(&at.field(name), id, "has to be between 0 and 2147483647");
        }
    }
}

fn profile(value: &Value, name: &str, at: &At<'_>, faults: &mut Faults) {
    let Some(profile) = given(value, name) else { return };
    let at = at.field(name);
    let local = text(profile, "localhostProfile");
    match text(profile, "type") {
        "" => faults.required(&at.field("type"), ""),
        "Localhost" if local.is_empty() => {
            faults.required(&at.field("localhostProfile"), "the type `Localhost` needs it");
        }
        "Localhost" => descending(profile, "localhostProfile", &at, faults),
        _ if given(profile, "localhostProfile").is_some() => {
            let why = "it is for the type `Localhost` only";
            faults.push(FaultKind::Invalid, &at.field("localhostProfile"), why);
        }
        _ => {}
    }
}

fn sysctls(security: &Value, at: &At<'_>, faults: &mut Faults) {
    let all = list(security, "sysctls");
    for (index, sysctl) in all.iter().enumerate() {
        let at = at.item(index);
        let name = text(sysctl, "name");
        if name.is_empty() {
            faults.required(&at.field("name"), "");
        } else if all.iter().take(index).any(|other| text(other, "name") == name) {
            faults.duplicate(&at.field("name"), name);
        }
    }
}

fn tolerations(spec: &Value, at: &At<'_>, faults: &mut Faults) {
    for (index, toleration) in list(spec, "tolerations").iter().enumerate() {
        let at = at.item(index);
        let (key, operator, value) =
            (text(toleration, "key"), text(toleration, "operator"), text(toleration, "value"));
        if key.is_empty() {
            if operator != "Exists" {
                let why = "without `key` it has to be `Exists`, which tolerates every taint";
                faults.push(FaultKind::Invalid, &at.field("operator"), why);
            }
        } else if let Some(why) = names::qualified(key) {
            faults.invalid(&at.field("key"), key, why);
        }
        if given(toleration, "tolerationSeconds").is_some() && text(toleration, "effect") != "NoExecute" {
            let why = "it has to be `NoExecute` with `tolerationSeconds`";
            faults.push(FaultKind::Invalid, &at.field("effect"), why);
        }
        match operator {
            "Exists" if !value.is_empty() => {
                faults.push(FaultKind::Invalid, &at.field("value"), "`Exists` takes no value");
            }
            "" | "Equal" => {
                if let Some(why) = names::label_value(value) {
                    faults.invalid(&at.field("value"), value, why);
                }
            }
            _ => {}
        }
    }
}

fn host_aliases(spec: &Value, at: &At<'_>, faults: &mut Faults) {
    for (index, alias) in list(spec, "hostAliases").iter().enumerate() {
        let at = at.item(index);
        let ip = text(alias, "ip");
        if let Some(why) = names::ip(ip) {
            faults.invalid(&at.field("ip"), ip, why);
        }
        let at = at.field("hostnames");
        for (index, host) in list(alias, "hostnames").iter().filter_map(Value::as_str).enumerate() {
            if let Some(why) = names::subdomain(host) {
                faults.invalid(&at.item(index), host, why);
            }
        }
    }
}

fn dns(spec: &Value, at: &At<'_>, faults: &mut Faults) {
    let at = at.field("dnsConfig");
    let config = given(spec, "dnsConfig");
    let servers = config.map(|c| list(c, "nameservers")).unwrap_or_default();
    if text(spec, "dnsPolicy") == "None" && servers.is_empty() {
        return faults.required(&at.field("nameservers"), "the DNS policy `None` needs a nameserver");
    }
    const MOST: usize = 3;
    if servers.len() > MOST {
        faults.push(FaultKind::Invalid, &at.field("nameservers"), "there can be at most 3");
    }
    let options = config.map(|c| list(c, "options")).unwrap_or_default();
    for (index, option) in options.iter().enumerate() {
        if text(option, "name").is_empty() {
            faults.required(&at.field("options").item(index).field("name"), "");
        }
    }
    for (index, server) in servers.iter().filter_map(Value::as_str).enumerate() {
        if let Some(why) = names::ip(server) {
            faults.invalid(&at.field("nameservers").item(index), server, why);
        }
    }
}

fn affinity(affinity: &Value, at: &At<'_>, faults: &mut Faults) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    if let Some(node) = given(affinity, "nodeAffinity") {
        let at = at.field("nodeAffinity");
        if let Some(required) = given(node, REQUIRED) {
            let at = at.field(REQUIRED);
            let at = at.field("nodeSelectorTerms");
            let terms = list(required, "nodeSelectorTerms");
            if terms.is_empty() {
                faults.required(&at, "it needs a term");
            }
            for (index, term) in terms.iter().enumerate() {
                node_term(term, true, &at.item(index), faults);
            }
        }
        let at = at.field(PREFERRED);
        for (index, term) in list(node, PREFERRED).iter().enumerate() {
            let at = at.item(index);
            weight(term, &at, faults);
            if let Some(preference) = given(term, "preference") {
                node_term(preference, false, &at.field("preference"), faults);
            }
        }
    }
    for name in ["podAffinity", "podAntiAffinity"] {
        let Some(pods) = given(affinity, name) else { continue };
        let at = at.field(name);
        let at_required = at.field(REQUIRED);
        for (index, term) in list(pods, REQUIRED).iter().enumerate() {
            pod_term(term, &at_required.item(index), faults);
        }
        let at_preferred = at.field(PREFERRED);
        for (index, term) in list(pods, PREFERRED).iter().enumerate() {
            let at = at_preferred.item(index);
            weight(term, &at, faults);
            pod_term(
                term.get("podAffinityTerm").unwrap_or(&Value::Null),
                &at.field("podAffinityTerm"),
                faults,
            );
        }
    }
}

fn weight(term: &Value, at: &At<'_>, faults: &mut Faults) {
    let weight = int(term, "weight").unwrap_or(0);
    if !(1..=100).contains(&weight) {
        faults.invalid(&at.field("weight"), weight, "has to be between 1 and 100");
    }
}

fn pod_term(term: &Value, at: &At<'_>, faults: &mut Faults) {
    for name in ["labelSelector", "namespaceSelector"] {
        if let Some(selector) = given(term, name) {
            meta::selector(selector, &at.field(name), faults);
        }
    }
    let key = text(term, "topologyKey");
    faults.well_formed(key, names::qualified, &at.field("topologyKey"));
}

fn node_term(term: &Value, strict: bool, at: &At<'_>, faults: &mut Faults) {
    let at_labels = at.field("matchExpressions");
    for (index, expression) in list(term, "matchExpressions").iter().enumerate() {
        let at = at_labels.item(index);
        let values = list(expression, "values");
        match text(expression, "operator") {
            "In" | "NotIn" if values.is_empty() => {
                faults.required(&at.field("values"), "`In` and `NotIn` need values");
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                faults.forbidden(&at.field("values"), "`Exists` and `DoesNotExist` take no values");
            }
            "Gt" | "Lt" if values.len() != 1 => {
                faults.required(&at.field("values"), "`Gt` and `Lt` need one value");
            }
            "" => faults.required(&at.field("operator"), ""),
            _ => {}
        }
        let key = text(expression, "key");
        if let Some(why) = names::qualified(key) {
            faults.invalid(&at.field("key"), key, why);
        }
        for (index, value) in values.iter().filter_map(Value::as_str).enumerate().filter(|_| strict) {
            if let Some(why) = names::label_value(value) {
                faults.invalid(&at.field("values").item(index), value, why);
            }
        }
    }
    let at_fields = at.field("matchFields");
    for (index, expression) in list(term, "matchFields").iter().enumerate() {
        let at = at_fields.item(index);
        let key = text(expression, "key");
        if key != "metadata.name" {
            faults.invalid(&at.field("key"), key, "has to be `metadata.name`");
        }
        if list(expression, "values").len() != 1 {
            faults.required(&at.field("values"), "it needs one value");
        }
    }
}

fn spread(spec: &Value, at: &At<'_>, faults: &mut Faults) {
    let all = list(spec, "topologySpreadConstraints");
    for (index, constraint) in all.iter().enumerate() {
        let at = at.item(index);
        let skew = int(constraint, "maxSkew").unwrap_or(0);
        if skew <= 0 {
            faults.invalid(&at.field("maxSkew"), skew, "has to be more than 0");
        }
        let (key, action) = (text(constraint, "topologyKey"), text(constraint, "whenUnsatisfiable"));
        if key.is_empty() {
            faults.required(&at.field("topologyKey"), "");
        }
        if action.is_empty() {
            faults.required(&at.field("whenUnsatisfiable"), "`DoNotSchedule` or `ScheduleAnyway`");
        }
        let same =
            |other: &Value| text(other, "topologyKey") == key && text(other, "whenUnsatisfiable") == action;
        if all.iter().take(index).any(same) {
            faults.duplicate(&at, format_args!("{key}, {action}"));
        }
        if let Some(domains) = int(constraint, "minDomains") {
            if domains <= 0 {
                faults.invalid(&at.field("minDomains"), domains, "has to be more than 0");
            } else if action != "DoNotSchedule" {
                let why = "it needs `whenUnsatisfiable: DoNotSchedule`";
                faults.push(FaultKind::Invalid, &at.field("minDomains"), why);
            }
        }
        if let Some(selector) = given(constraint, "labelSelector") {
            meta::selector(selector, &at.field("labelSelector"), faults);
        }
    }
}

fn all_volumes(volumes: &[Value], claims: &[Value], at: &At<'_>, faults: &mut Faults) {
    for (index, volume) in volumes.iter().enumerate() {
        let at = at.item(index);
        let name = text(volume, "name");
        // The volume of a claim template takes the place of one with its name.
        if claims.iter().any(|c| c.get("metadata").map_or("", |m| text(m, "name")) == name) {
            continue;
        }
        if name.is_empty() {
            faults.required(&at.field("name"), "");
        } else if let Some(why) = names::label(name) {
            faults.invalid(&at.field("name"), name, why);
        } else if volumes.iter().take(index).any(|other| text(other, "name") == name) {
            faults.duplicate(&at.field("name"), name);
        }
        volume_source(volume, &at, faults);
    }
}

fn volume_source(volume: &Value, at: &At<'_>, faults: &mut Faults) {
    // Without a source it is an emptyDir.
    let mut sources =
        volume.as_object().into_iter().flatten().filter(|(key, value)| *key != "name" && !value.is_null());
    let first = sources.next().map(|(key, value)| (key.as_str(), value));
    for (second, _) in sources {
        let first = first.map_or("", |(key, _)| key);
        faults.forbidden(&at.field(second), format!("it must not be given beside `{first}`"));
    }
    let Some((kind, source)) = first else { return };
    let at = at.field(kind);
    let required = |name: &str, faults: &mut Faults| {
        if text(source, name).is_empty() {
            faults.required(&at.field(name), "");
        }
    };
    match kind {
        "secret" => {
            required("secretName", faults);
            mode(source, "defaultMode", &at, faults);
            items(source, &at, faults);
        }
        "configMap" => {
            required("name", faults);
            mode(source, "defaultMode", &at, faults);
            items(source, &at, faults);
        }
        "persistentVolumeClaim" => required("claimName", faults),
        "hostPath" => {
            required("path", faults);
            if text(source, "path").split('/').any(|part| part == "..") {
                faults.invalid(&at.field("path"), text(source, "path"), "must not hold `..`");
            }
        }
        "emptyDir" => {
            if let Some(size) = source.get("sizeLimit").and_then(quantity).filter(|n| *n < 0) {
                faults.invalid(&at.field("sizeLimit"), size / 1_000_000_000, "must not be negative");
            }
        }
        "nfs" => {
            required("server", faults);
            required("path", faults);
            let path = text(source, "path");
            if !path.is_empty() && !path.starts_with('/') {
                faults.invalid(&at.field("path"), path, "has to be an absolute path");
            }
        }
        "csi" => required("driver", faults),
        "image" => {}
        "downwardAPI" => {
            mode(source, "defaultMode", &at, faults);
            downward(source, &at, faults);
        }
        "projected" => projected(source, &at, faults),
        "ephemeral" => {
            let at = at.field("volumeClaimTemplate");
            match given(source, "volumeClaimTemplate") {
                Some(template) => super::config::claim(template.get("spec"), &at.field("spec"), faults),
                None => faults.required(&at, ""),
            }
        }
        _ => {}
    }
}

fn mode(value: &Value, name: &str, at: &At<'_>, faults: &mut Faults) {
    if let Some(mode) = int(value, name).filter(|m| !(0..=0o777).contains(m)) {
        faults.invalid(
            &at.field(name),
            mode,
            "has to be between 0 and 0777 (511): YAML reads `0644` as octal, `644` not",
        );
    }
}

/// A relative path inside a volume.
fn inner_path(value: &Value, at: &At<'_>, faults: &mut Faults) {
    let path = text(value, "path");
    if path.is_empty() {
        return faults.required(&at.field("path"), "");
    }
    descending(value, "path", at, faults);
    if path.starts_with("..") && !path.split('/').any(|part| part == "..") {
        faults.invalid(&at.field("path"), path, "must not begin with `..`");
    }
}

fn items(source: &Value, at: &At<'_>, faults: &mut Faults) {
    let at = at.field("items");
    for (index, item) in list(source, "items").iter().enumerate() {
        let at = at.item(index);
        if text(item, "key").is_empty() {
            faults.required(&at.field("key"), "");
        }
        inner_path(item, &at, faults);
        mode(item, "mode", &at, faults);
    }
}

fn downward(source: &Value, at: &At<'_>, faults: &mut Faults) {
    let at = at.field("items");
    for (index, file) in list(source, "items").iter().enumerate() {
        let at = at.item(index);
        inner_path(file, &at, faults);
        mode(file, "mode", &at, faults);
        match (given(file, "fieldRef"), given(file, "resourceFieldRef")) {
            (None, None) => faults.required(&at, "it needs `fieldRef` or `resourceFieldRef`"),
            (Some(_), Some(_)) => {
                faults.push(FaultKind::Invalid, &at, "it takes one of `fieldRef` and `resourceFieldRef`");
            }
            _ => {}
        }
        field_refs(file, VOLUME_FIELDS, true, &at, faults);
    }
}

fn projected(source: &Value, at: &At<'_>, faults: &mut Faults) {
    mode(source, "defaultMode", at, faults);
    let at = at.field("sources");
    let mut paths: Vec<&str> = Vec::new();
    for (index, part) in list(source, "sources").iter().enumerate() {
        let at = at.item(index);
        const KINDS: &[&str] = &[
            "secret",
            "configMap",
            "downwardAPI",
            "serviceAccountToken",
            "clusterTrustBundle",
            "podCertificate",
        ];
        let own: Vec<(&str, &Value)> =
            KINDS.iter().filter_map(|kind| given(part, kind).map(|value| (*kind, value))).collect();
        if own.len() > 1 {
            faults.forbidden(&at, "only one source can be given in an item");
        }
        for (kind, value) in own {
            let at = at.field(kind);
            match kind {
                "secret" | "configMap" => {
                    if text(value, "name").is_empty() {
                        faults.required(&at.field("name"), "");
                    }
                    items(value, &at, faults);
                }
                "downwardAPI" => downward(value, &at, faults),
                "serviceAccountToken" => {
                    if let Some(n) = int(value, "expirationSeconds").filter(|n| *n < 600) {
                        faults.invalid(&at.field("expirationSeconds"), n, "has to be at least 600");
                    }
                    if text(value, "path").is_empty() {
                        faults.required(&at.field("path"), "");
                    }
                }
                _ => {}
            }
            let at_items = at.field("items");
            for (index, path) in list(value, "items").iter().map(|item| text(item, "path")).enumerate() {
                if !path.is_empty() && paths.contains(&path) {
                    faults.duplicate(&at_items.item(index).field("path"), path);
                }
                paths.push(path);
            }
        }
    }
}
