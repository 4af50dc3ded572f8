//! A contract as a JSON Schema, for editors and other tools.
//!
//! Types are given only where the chart's schema or comments declare them and the default agrees; a null is always taken, since
//! it deletes a default. Where templates hand a map on whole, other properties are left open.

use super::Contract;
use super::check::closed;
use super::keys::{KeyId, Keys};
use serde_json::{Map, Value, json};

/// The JSON Schema (2020-12) of a chart's values.
pub fn json_schema(contract: &Contract, title: &str) -> Value {
    let mut schema = place(contract, Keys::ROOT);
    if let Some(map) = schema.as_object_mut() {
        map.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        map.insert("title".to_owned(), json!(title));
        map.insert("type".to_owned(), json!("object"));
    }
    schema
}

fn place(contract: &Contract, id: KeyId) -> Value {
    let keys = &contract.keys;
    let key = keys.get(id);
    let mut schema = Map::new();
    if let Some(text) = &key.description {
        schema.insert("description".to_owned(), json!(text));
    }
    if key.deprecated {
        schema.insert("deprecated".to_owned(), json!(true));
    }
    let properties: Map<String, Value> =
        key.names().map(|(name, below)| (name.to_owned(), place(contract, below))).collect();
    match &key.default {
        // The parts of a map have theirs.
        None | Some(Value::Null) => {}
        Some(Value::Object(map)) if !map.is_empty() => {}
        Some(value) => {
            schema.insert("default".to_owned(), whole(value));
        }
    }
    let closed = closed(contract, &[id]);
    let declared = key.declared_type.as_deref().and_then(json_type);
    let agreed = declared.filter(|declared| agrees(declared, key.default.as_ref()));
    if let Some(name) = agreed.or(closed.then_some("object")) {
        schema.insert("type".to_owned(), json!([name, "null"]));
    }
    if let Some(each) = key.each() {
        let each = place(contract, each);
        let list = matches!(key.default, Some(Value::Array(_)));
        let map = matches!(&key.default, Some(Value::Object(_))) || !properties.is_empty();
        if !list {
            schema.insert("additionalProperties".to_owned(), each.clone());
        }
        if !map {
            schema.insert("items".to_owned(), each);
        }
    } else if closed {
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    if !properties.is_empty() {
        schema.insert("properties".to_owned(), Value::Object(properties));
    }
    Value::Object(schema)
}

/// Numbers without the fraction that YAML's reader gave them.
fn whole(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => json!(float as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(whole).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), whole(value))).collect(),
        _ => value.clone(),
    }
}

/// The type that a comment's or schema's word means.
fn json_type(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "string" | "tpl/string" => "string",
        "bool" | "boolean" => "boolean",
        "int" | "integer" => "integer",
        "number" | "float" => "number",
        "object" | "map" | "dict" => "object",
        "array" | "list" => "array",
        _ => return None,
    })
}

fn agrees(declared: &str, default: Option<&Value>) -> bool {
    match default {
        None | Some(Value::Null) => true,
        Some(Value::Bool(_)) => declared == "boolean",
        Some(Value::Number(number)) => {
            declared == "number"
                || declared == "integer" && number.as_f64().is_some_and(|float| float.fract() == 0.0)
        }
        Some(Value::String(_)) => declared == "string",
        Some(Value::Array(_)) => declared == "array",
        Some(Value::Object(_)) => declared == "object",
    }
}
