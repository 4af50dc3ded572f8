//! Discovery documents, aggregated and per group.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::meta;
use super::registry::{Registry, Served};

/// What `Accept` asks for.
pub fn wants_aggregated(accept: &str) -> bool {
    accept.contains("as=APIGroupDiscoveryList") && accept.contains("g=apidiscovery.k8s.io;v=v2;")
        || accept.contains("v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList")
}

pub const AGGREGATED_TYPE: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// `/api` (core) or `/apis` in one document.
pub fn aggregated(registry: &Registry, core: bool) -> Value {
    let groups = if core { vec![(String::new(), vec!["v1".to_owned()])] } else { registry.groups() };
    let items: Vec<Value> = groups
        .into_iter()
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|version| {
                    let resources: Vec<Value> = registry
                        .iter()
                        .filter(|s| s.group == group && s.version == *version)
                        .map(|s| aggregated_resource(s))
                        .collect();
                    json!({"version": version, "resources": resources, "freshness": "Current"})
                })
                .collect();
            let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn aggregated_resource(served: &Served) -> Value {
    let mut out = json!({
        "resource": served.plural,
        "responseKind": {"group": served.group, "version": served.version, "kind": served.kind},
        "scope": if served.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": served.singular,
        "verbs": served.verbs,
    });
    let Some(map) = out.as_object_mut() else { return out };
    if !served.short_names.is_empty() {
        map.insert("shortNames".to_owned(), json!(served.short_names));
    }
    if !served.categories.is_empty() {
        map.insert("categories".to_owned(), json!(served.categories));
    }
    let subs: Vec<Value> = served
        .subs
        .iter()
        .map(|s| {
            json!({
                "subresource": s.name, "verbs": s.verbs,
                "responseKind": {"group": s.group, "version": s.version, "kind": s.kind},
            })
        })
        .collect();
    if !subs.is_empty() {
        map.insert("subresources".to_owned(), Value::Array(subs));
    }
    out
}

/// The old answer of `/api`.
pub fn core_versions() -> Value {
    json!({
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "sandbox"}],
    })
}

/// The old answer of `/apis`.
pub fn group_list(registry: &Registry) -> Value {
    let groups: Vec<Value> = registry.groups().iter().map(|(g, v)| group_entry(g, v)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn group_entry(group: &str, versions: &[String]) -> Value {
    let all: Vec<Value> =
        versions.iter().map(|v| json!({"groupVersion": meta::api_version(group, v), "version": v})).collect();
    json!({"name": group, "versions": all, "preferredVersion": all.first()})
}

/// `/apis/GROUP`.
pub fn group(registry: &Registry, name: &str) -> Option<Value> {
    let (group, versions) = registry.groups().into_iter().find(|(g, _)| g == name)?;
    let mut out = group_entry(&group, &versions);
    if let Some(map) = out.as_object_mut() {
        map.insert("kind".to_owned(), "APIGroup".into());
        map.insert("apiVersion".to_owned(), "v1".into());
    }
    Some(out)
}

/// `/api/v1`, `/apis/GROUP/VERSION`.
pub fn resource_list(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let mut resources: BTreeMap<String, Value> = BTreeMap::new();
    for served in registry.iter().filter(|s| s.group == group && s.version == version) {
        let mut entry = json!({
            "name": served.plural, "singularName": served.singular, "namespaced": served.namespaced,
            "kind": served.kind, "verbs": served.verbs,
        });
        if let Some(map) = entry.as_object_mut() {
            if !served.short_names.is_empty() {
                map.insert("shortNames".to_owned(), json!(served.short_names));
            }
            if !served.categories.is_empty() {
                map.insert("categories".to_owned(), json!(served.categories));
            }
        }
        resources.insert(served.plural.clone(), entry);
        for sub in &served.subs {
            let name = format!("{}/{}", served.plural, sub.name);
            let mut entry = json!({
                "name": name, "singularName": "", "namespaced": served.namespaced, "kind": sub.kind, "verbs": sub.verbs,
            });
            if (sub.group.as_str(), sub.version.as_str()) != (group, version)
                && let Some(map) = entry.as_object_mut()
            {
                map.insert("group".to_owned(), sub.group.clone().into());
                map.insert("version".to_owned(), sub.version.clone().into());
            }
            resources.insert(name, entry);
        }
    }
    if resources.is_empty() {
        return None;
    }
    let resources: Vec<Value> = resources.into_values().collect();
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": meta::api_version(group, version),
        "resources": resources,
    }))
}
