//! Between `Value` and `serde_json::Value`, the form in which values and objects travel between stages.

use std::fmt;

use base64::Engine as _;

use super::super::str::Str;
use super::super::types::ANY_MAP;
use super::nesting::{MAX_NESTING, deeper};
use super::{List, Map, Value};

/// Why a value has no JSON form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotJson {
    /// A number that is infinite or not a number.
    Number(f64),
    /// Nested too deep, or containing itself.
    TooDeep,
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The words of Go's encoding/json.
            Self::Number(number) => {
                let name = if number.is_nan() {
                    "NaN"
                } else if *number > 0.0 {
                    "+Inf"
                } else {
                    "-Inf"
                };
                write!(f, "json: unsupported value: {name}")
            }
            Self::TooDeep => super::TooDeep.fmt(f),
        }
    }
}

impl std::error::Error for NotJson {}

impl Value {
    /// From JSON: a float is a `float64`, an integer an `int64` (a `uint64` if it only fits there).
    /// serde_json bounds the nesting of what it parses; what was built otherwise is cut at `MAX_NESTING` with nil.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Self {
        from_json(json, 0)
    }

    /// To JSON, by the rules of Go's `encoding/json`: a nil slice or map is `null`, `[]byte` is base64, bytes that
    /// are not UTF-8 become U+FFFD. Floats stay floats.
    ///
    /// # Errors
    /// [`NotJson`] for what JSON cannot hold.
    pub fn to_json(&self) -> Result<serde_json::Value, NotJson> {
        to_json(self, 0)
    }
}

fn from_json(json: &serde_json::Value, depth: usize) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Array(_) | Json::Object(_) if depth > MAX_NESTING => Value::Nil,
        Json::Array(_) | Json::Object(_) => deeper(|| from_level(json, depth)),
        _ => from_level(json, depth),
    }
}

fn from_level(json: &serde_json::Value, depth: usize) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => {
            if let Some(int) = number.as_i64() {
                Value::int64(int)
            } else if let Some(uint) = number.as_u64() {
                Value::Uint(super::super::types::UintKind::Uint64, uint)
            } else {
                Value::Float(number.as_f64().unwrap_or(f64::NAN))
            }
        }
        Json::String(text) => Value::Str(Str::from(text.as_str())),
        Json::Array(items) => Value::List(items.iter().map(|item| from_json(item, depth + 1)).collect()),
        Json::Object(entries) => Value::Map(Map::from_table(
            ANY_MAP,
            entries
                .iter()
                .map(|(key, value)| (Str::from(key.as_str()), from_json(value, depth + 1)))
                .collect(),
        )),
    }
}

fn to_json(value: &Value, depth: usize) -> Result<serde_json::Value, NotJson> {
    match value {
        Value::Map(_) | Value::List(_) | Value::Object(_) if depth > MAX_NESTING => Err(NotJson::TooDeep),
        Value::Map(_) | Value::List(_) | Value::Object(_) => deeper(|| to_level(value, depth)),
        _ => to_level(value, depth),
    }
}

/// The text, with U+FFFD for what is not UTF-8.
fn text(bytes: &Str) -> String {
    match bytes.as_str() {
        Some(text) => text.to_owned(),
        None => bytes.to_str_lossy().into_owned(),
    }
}

fn to_level(value: &Value, depth: usize) -> Result<serde_json::Value, NotJson> {
    use serde_json::Value as Json;
    let float =
        |number: f64| serde_json::Number::from_f64(number).map(Json::Number).ok_or(NotJson::Number(number));
    let array = |list: &List| {
        list.items()
            .iter()
            .map(|item| to_json(item, depth + 1))
            .collect::<Result<Vec<_>, _>>()
            .map(Json::Array)
    };
    Ok(match value {
        Value::Nil => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(_, number) => Json::from(*number),
        Value::Uint(_, number) => Json::from(*number),
        Value::Float32(number) => float(f64::from(*number))?,
        Value::Float(number) => float(*number)?,
        Value::Str(bytes) => Json::String(text(bytes)),
        Value::Bytes(bytes) => Json::String(base64::engine::general_purpose::STANDARD.encode(&**bytes)),
        Value::List(list) if list.is_nil() => Json::Null,
        Value::List(list) => array(list)?,
        Value::Map(map) if map.is_nil() => Json::Null,
        Value::Map(map) => Json::Object(map.read(|entries| {
            let entries = entries.iter();
            entries
                .map(|(key, value)| Ok((text(key), to_json(value, depth + 1)?)))
                .collect::<Result<_, NotJson>>()
        })?),
        Value::Object(object) => to_json(&object.plain(), depth + 1)?,
    })
}
