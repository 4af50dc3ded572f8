//! What `lookup` would find if a rendering were on its cluster.

use super::Lookup;
use super::stack::RenderedStack;
use crate::eval::Desired;
use crate::eval::desired::Address;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The objects of one cluster by apiVersion and kind, namespace and name.
#[derive(Debug, Default)]
pub(super) struct Objects(BTreeMap<(String, String), BTreeMap<(String, String), Value>>);

/// What the releases and blocks of a stack put onto each cluster.
pub(super) fn by_cluster(desired: &Desired, stack: &RenderedStack) -> BTreeMap<Address, Objects> {
    let mut clusters: BTreeMap<Address, Objects> = BTreeMap::new();
    for release in &desired.releases {
        let Some(rendered) = stack.releases.get(&release.address) else { continue };
        let objects = clusters.entry(release.cluster.clone()).or_default();
        for object in &rendered.rendered.objects {
            objects.add(&object.value, &release.namespace);
        }
    }
    clusters
}

impl Objects {
    fn add(&mut self, object: &Value, namespace: &str) {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let meta = object.get("metadata");
        let of = |key: &str| text(meta.and_then(|m| m.get(key)));
        let kind = (text(object.get("apiVersion")), text(object.get("kind")));
        let place = match of("namespace") {
            none if none.is_empty() => namespace.to_owned(),
            own => own,
        };
        let mut stored = object.clone();
        if kind.1 == "Secret" {
            store_secret(&mut stored);
        }
        self.0.entry(kind).or_default().insert((place, of("name")), stored);
    }
}

/// A Secret's `stringData` ends up in `data`, in base64.
fn store_secret(secret: &mut Value) {
    let Some(map) = secret.as_object_mut() else { return };
    let Some(Value::Object(plain)) = map.remove("stringData") else { return };
    let data = map.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if let Some(data) = data.as_object_mut() {
        for (key, value) in plain {
            let text = value.as_str().unwrap_or_default();
            data.insert(key, STANDARD.encode(text).into());
        }
    }
}

impl Lookup for Objects {
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let none = Value::Object(Map::new());
        let Some(objects) = self.0.get(&(api_version.to_owned(), kind.to_owned())) else { return Ok(none) };
        if name.is_empty() {
            let items: Vec<&Value> = objects
                .iter()
                .filter(|((place, _), _)| namespace.is_empty() || place == namespace)
                .map(|(_, object)| object)
                .collect();
            return Ok(json!({ "apiVersion": api_version, "kind": format!("{kind}List"), "items": items }));
        }
        // Kinds without a namespace are asked for without one, and are filed under that of their release.
        let found = objects
            .iter()
            .find(|((place, own), _)| own == name && (namespace.is_empty() || place == namespace));
        Ok(found.map_or(none, |(_, object)| object.clone()))
    }
}
