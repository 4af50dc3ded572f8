//! What charts looked up on a cluster while they were rendered for a plan: the questions, and a fingerprint of
//! each answer. The answers themselves are part of what was rendered, and may be secret.

use super::object::sha256;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One question that `lookup` put to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedUp {
    /// Address of the cluster.
    pub cluster: String,
    pub api_version: String,
    pub kind: String,
    /// Empty: all namespaces, or a kind without one.
    pub namespace: String,
    /// Empty: a list was asked for.
    pub name: String,
    /// How many objects were found.
    pub found: usize,
    /// The object's, or the list's.
    pub resource_version: Option<String>,
    /// The SHA-256 of the answer, in hexadecimal; empty where nothing was found.
    pub sha256: String,
}

impl LookedUp {
    /// `question`: apiVersion, kind, namespace and name. `answer`: an object, a list, or an empty map.
    pub fn new(cluster: &str, question: [&str; 4], answer: &Value) -> Self {
        let [api_version, kind, namespace, name] = question.map(str::to_owned);
        let there = answer.as_object().is_some_and(|map| !map.is_empty());
        let found = match answer.get("items").and_then(Value::as_array) {
            Some(items) if name.is_empty() => items.len(),
            _ => usize::from(there),
        };
        let version = answer.get("metadata").and_then(|m| m.get("resourceVersion")).and_then(Value::as_str);
        LookedUp {
            cluster: cluster.to_owned(),
            api_version,
            kind,
            namespace,
            name,
            found,
            resource_version: version.map(str::to_owned),
            sha256: if there { sha256(answer.to_string().as_bytes()) } else { String::new() },
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut out = json!({
            "cluster": self.cluster,
            "apiVersion": self.api_version,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "found": self.found,
        });
        if let (Some(map), false) = (out.as_object_mut(), self.sha256.is_empty()) {
            map.insert("sha256".into(), self.sha256.clone().into());
            map.insert("resourceVersion".into(), self.resource_version.clone().into());
        }
        out
    }
}
