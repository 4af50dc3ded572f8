//! Brings an object into the form the API server stores and returns.
//!
//! In: JSON as a client sent it. Out: the same as Go's structs would read and write it: unknown fields
//! dropped (and reported), nulls dropped, quantities canonical, empty values written or not as the field's
//! tags say. Errors are worded as Go's decoder words them, since people search for them.

use base64::Engine as _;
use serde_json::{Map, Value};

use crate::kubernetes::{Empty, Field, Fields, Scalar, Schema, Shape, TypeId, quantity};

/// Fields that were dropped, as paths: `spec.template.spec.containers[0].imagee`.
pub type Unknown = Vec<String>;

struct Walk<'a> {
    schema: &'a Schema,
    unknown: Unknown,
}

/// Where a value is: for Go's message (`EnvVar.spec.containers.env.value`) and for unknown fields.
#[derive(Clone)]
struct Place<'a> {
    owner: &'a str,
    go: String,
    path: String,
}

/// Checks and reduces `value` to what its type knows.
pub fn decode(schema: &Schema, ty: TypeId, value: Value) -> Result<(Value, Unknown), String> {
    let mut walk = Walk { schema, unknown: Unknown::new() };
    let value = walk.value(ty, value, &Place { owner: "", go: String::new(), path: String::new() })?;
    Ok((value.unwrap_or_else(|| Value::Object(Map::new())), walk.unknown))
}

impl Walk<'_> {
    /// `None`: null, which says nothing.
    fn value(&mut self, ty: TypeId, value: Value, place: &Place<'_>) -> Result<Option<Value>, String> {
        if value.is_null() {
            return Ok(None);
        }
        let schema = self.schema;
        match (schema.shape(ty), value) {
            (Shape::Any | Shape::Deduced, value) => Ok(Some(value)),
            (Shape::Scalar(scalar), value) => scalar_value(*scalar, value, place).map(Some),
            (Shape::List { item, .. }, Value::Array(list)) => {
                let mut out = Vec::with_capacity(list.len());
                for (i, v) in list.into_iter().enumerate() {
                    let inner = Place { path: format!("{}[{i}]", place.path), ..place.clone() };
                    // A null item is the item's zero value.
                    let zero = || match schema.shape(*item) {
                        Shape::Struct { .. } | Shape::Map { .. } => Value::Object(Map::new()),
                        _ => Value::String(String::new()),
                    };
                    out.push(self.value(*item, v, &inner)?.unwrap_or_else(zero));
                }
                Ok(Some(Value::Array(out)))
            }
            (Shape::Map { value: inner }, Value::Object(map)) => {
                let mut out = Map::new();
                for (key, v) in map {
                    let at = Place {
                        // Go does not say which key of a map.
                        go: place.go.clone(),
                        path: join(&place.path, &key),
                        owner: place.owner,
                    };
                    let zero = match schema.shape(*inner) {
                        Shape::Scalar(Scalar::String | Scalar::Byte) => Some(Value::String(String::new())),
                        _ => None,
                    };
                    if let Some(v) = self.value(*inner, v, &at)?.or(zero) {
                        out.insert(key, v);
                    }
                }
                Ok(Some(Value::Object(out)))
            }
            (Shape::Struct { fields, open }, Value::Object(map)) => {
                self.fields(ty, fields, *open, map, place).map(Some)
            }
            (_, other) => Err(mismatch(&other, &go_type(schema, ty), place)),
        }
    }

    fn fields(
        &mut self,
        ty: TypeId,
        fields: &Fields,
        open: bool,
        map: Map<String, Value>,
        place: &Place<'_>,
    ) -> Result<Value, String> {
        let schema = self.schema;
        let owner = schema.get(ty).map_or("", |t| short(&t.name));
        let mut out = Map::new();
        for (key, v) in map {
            let Some(field) = fields.get(key.as_str()) else {
                if open {
                    out.insert(key, v);
                } else {
                    self.unknown.push(join(&place.path, &key));
                }
                continue;
            };
            let at = Place { owner, go: join(&place.go, &key), path: join(&place.path, &key) };
            if let Some(v) = self.value(field.ty, v, &at)? {
                out.insert(key, v);
            }
        }
        Ok(Value::Object(out))
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn go_type(schema: &Schema, ty: TypeId) -> String {
    match schema.shape(ty) {
        Shape::Scalar(scalar) => go_scalar(*scalar).to_owned(),
        Shape::List { item, .. } => format!("[]{}", go_type(schema, *item)),
        Shape::Map { value } => format!("map[string]{}", go_type(schema, *value)),
        Shape::Struct { .. } => {
            let name = schema.get(ty).map_or("", |t| t.name.as_ref());
            let mut parts = name.rsplit('.');
            let (kind, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            format!("{version}.{kind}")
        }
        Shape::Any | Shape::Deduced => "interface {}".to_owned(),
    }
}

fn go_scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::String | Scalar::Duration => "string",
        Scalar::Int32 => "int32",
        Scalar::Int64 => "int64",
        Scalar::Double => "float64",
        Scalar::Bool => "bool",
        Scalar::Byte => "[]uint8",
        Scalar::Quantity => "resource.Quantity",
        Scalar::IntOrString => "intstr.IntOrString",
        Scalar::Time => "v1.Time",
        Scalar::MicroTime => "v1.MicroTime",
    }
}

fn mismatch(value: &Value, wanted: &str, place: &Place<'_>) -> String {
    let found = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        // Go names the number only where the kind fits and the value does not.
        Value::Number(n) if wanted.starts_with("int") || wanted == "float64" => format!("number {n}"),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(_) => "object".to_owned(),
    };
    if place.go.is_empty() {
        return format!("json: cannot unmarshal {found} into Go value of type {wanted}");
    }
    format!(
        "json: cannot unmarshal {found} into Go struct field {}.{} of type {wanted}",
        place.owner, place.go
    )
}

fn scalar_value(scalar: Scalar, value: Value, place: &Place<'_>) -> Result<Value, String> {
    let wrong = |value: &Value| Err(mismatch(value, go_scalar(scalar), place));
    match (scalar, value) {
        (Scalar::String | Scalar::Duration, v @ Value::String(_)) | (Scalar::Bool, v @ Value::Bool(_)) => {
            Ok(v)
        }
        (Scalar::Int32, Value::Number(n)) => match n.as_i64() {
            Some(i) if i32::try_from(i).is_ok() => Ok(Value::from(i)),
            _ => wrong(&Value::Number(n)),
        },
        (Scalar::Int64, Value::Number(n)) => match n.as_i64() {
            Some(i) => Ok(Value::from(i)),
            None => wrong(&Value::Number(n)),
        },
        (Scalar::Double, v @ Value::Number(_)) => Ok(v),
        (Scalar::Byte, Value::String(text)) => bytes(&text).map(Value::String),
        (Scalar::Quantity, Value::String(text)) if text.is_empty() => Ok(Value::from("0")),
        (Scalar::Quantity, Value::String(text)) => quantity_value(&text),
        (Scalar::Quantity, Value::Number(n)) => quantity_value(&n.to_string()),
        (Scalar::IntOrString, v @ Value::String(_)) => Ok(v),
        (Scalar::IntOrString, Value::Number(n)) => match n.as_i64().filter(|i| i32::try_from(*i).is_ok()) {
            Some(i) => Ok(Value::from(i)),
            None => Err(format!("json: cannot unmarshal number {n} into Go value of type int32")),
        },
        (Scalar::Time, Value::String(text)) => match text.parse::<jiff::Timestamp>() {
            Ok(time) => Ok(Value::from(super::clock::seconds(time))),
            Err(_) => Err(format!(
                "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
            )),
        },
        (Scalar::MicroTime, Value::String(text)) => match text.parse::<jiff::Timestamp>() {
            Ok(time) => Ok(Value::from(super::clock::micros(time))),
            Err(_) => Err(format!(
                "parsing time {text:?} as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse {text:?} as \"2006\""
            )),
        },
        (_, other) => wrong(&other),
    }
}

fn quantity_value(text: &str) -> Result<Value, String> {
    quantity::canonical(text).map(Value::String).ok_or_else(|| quantity::SYNTAX.to_owned())
}

fn bytes(text: &str) -> Result<String, String> {
    // Go ignores line breaks inside base64.
    let clean: String = text.chars().filter(|c| *c != '\n' && *c != '\r').collect();
    match base64::engine::general_purpose::STANDARD.decode(&clean) {
        Ok(_) => Ok(clean),
        Err(base64::DecodeError::InvalidByte(at, _)) => {
            Err(format!("illegal base64 data at input byte {at}"))
        }
        Err(_) => {
            Err(format!("illegal base64 data at input byte {}", clean.len().saturating_sub(clean.len() % 4)))
        }
    }
}

/// Writes what Go always writes and leaves out what it leaves out; for objects that passed [`decode`].
pub fn encode(schema: &Schema, ty: TypeId, value: &mut Value) {
    match (schema.shape(ty), value) {
        (Shape::List { item, .. }, Value::Array(list)) => {
            for v in list {
                encode(schema, *item, v);
            }
        }
        (Shape::Map { value: inner }, Value::Object(map)) => {
            for (_, v) in map.iter_mut() {
                encode(schema, *inner, v);
            }
        }
        (Shape::Struct { fields, .. }, Value::Object(map)) => {
            for (name, field) in fields.iter() {
                encode_field(schema, name, field, map);
            }
        }
        _ => {}
    }
}

fn encode_field(schema: &Schema, name: &str, field: &Field, map: &mut Map<String, Value>) {
    if let Some(v) = map.get_mut(name) {
        encode(schema, field.ty, v);
        if field.empty == Empty::Drop && is_zero(v) {
            map.remove(name);
        } else if field.empty == Empty::Null && v.as_array().is_some_and(Vec::is_empty) {
            // An empty list does not survive the way through the store's encoding.
            *v = Value::Null;
        }
        return;
    }
    let absent = match (&field.default, schema.shape(field.ty)) {
        // The zero value of something that is always written. Real defaults were set before.
        (Some(Value::Object(_)), Shape::Struct { .. }) => Some(Value::Object(Map::new())),
        (Some(zero), Shape::Scalar(_)) if is_zero(zero) && field.empty == Empty::Keep => Some(zero.clone()),
        _ if field.empty == Empty::Null => Some(Value::Null),
        _ => None,
    };
    if let Some(mut v) = absent {
        encode(schema, field.ty, &mut v);
        map.insert(name.to_owned(), v);
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(s) => s.is_empty(),
        Value::Array(a) => a.is_empty(),
        Value::Object(o) => o.is_empty(),
    }
}
