//! As much OpenAPI as kubectl and helm ask for before they apply something.
//!
//! They look up whether a kind's PATCH takes `fieldValidation`; finding it, they leave validation to the server. So
//! the documents list paths with that parameter, and no schemas.

use serde_json::{Map, Value, json};

use super::meta;
use super::registry::{Registry, Served};

fn root_of(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

/// `/openapi/v3`: where the documents are.
pub fn index(registry: &Registry) -> Value {
    let mut paths = Map::new();
    for served in registry.iter() {
        let root = root_of(&served.group, &served.version);
        let url = format!("/openapi/v3/{root}");
        paths.entry(root).or_insert_with(|| json!({"serverRelativeURL": url}));
    }
    json!({"paths": paths})
}

/// `/openapi/v3/apis/GROUP/VERSION`.
pub fn document(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let mut paths = Map::new();
    for served in registry.iter().filter(|s| s.group == group && s.version == version) {
        let root = root_of(group, version);
        let place = if served.namespaced { "/namespaces/{namespace}" } else { "" };
        let collection = format!("/{root}{place}/{}", served.plural);
        let operation = operation(served);
        paths.insert(format!("{collection}/{{name}}"), json!({"put": operation, "patch": operation}));
        paths.insert(collection, json!({"post": operation}));
    }
    if paths.is_empty() {
        return None;
    }
    Some(json!({
        "openapi": "3.0.0", "info": {"title": "relc sandbox", "version": super::VERSION}, "paths": paths,
        "components": {"schemas": {}},
    }))
}

fn operation(served: &Served) -> Value {
    json!({
        "x-kubernetes-group-version-kind": {
            "group": served.group, "version": served.version, "kind": served.kind,
        },
        "operationId": format!("write{}{}", meta::api_version(&served.group, &served.version), served.kind),
        "parameters": [
            {"name": "dryRun", "in": "query", "schema": {"type": "string"}},
            {"name": "fieldManager", "in": "query", "schema": {"type": "string"}},
            {"name": "fieldValidation", "in": "query", "schema": {"type": "string"}},
        ],
        "responses": {"200": {"description": "OK"}},
    })
}
