//! Between `Value` and `serde_json::Value`, the form in which values and objects travel between stages.

use std::fmt;

use base64::Engine as _;

use super::super::str::Str;
use super::super::types::ANY_MAP;
use super::nesting::Walk;
use super::{List, Map, TooLarge, Value};

/// Why a value has no JSON form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotJson {
    /// A number that is infinite or not a number.
    Number(f64),
    /// Too large to walk, or containing itself.
    TooLarge(TooLarge),
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
            Self::TooLarge(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for NotJson {}

impl From<TooLarge> for NotJson {
    fn from(why: TooLarge) -> Self {
        Self::TooLarge(why)
    }
}

impl Value {
    /// From JSON: a float is a `float64`, an integer an `int64` (a `uint64` if it only fits there).
    /// serde_json bounds the nesting of what it parses; what was built otherwise and is too large to walk
    /// becomes nil.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Self {
        from_json(json, &mut Walk::default()).unwrap_or_default()
    }

    /// To JSON, by the rules of Go's `encoding/json`: a nil slice or map is `null`, `[]byte` is base64, bytes that
    /// are not UTF-8 become U+FFFD. Floats stay floats.
    ///
    /// # Errors
    /// [`NotJson`] for what JSON cannot hold.
    pub fn to_json(&self) -> Result<serde_json::Value, NotJson> {
        to_json(self, &mut Walk::default())
    }
}

fn from_json(json: &serde_json::Value, walk: &mut Walk) -> Result<Value, TooLarge> {
    use serde_json::Value as Json;
    Ok(match json {
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
        Json::Array(items) => {
            let items = walk.step(|walk| items.iter().map(|item| from_json(item, walk)).collect())?;
            Value::List(List::new(items))
        }
        Json::Object(entries) => {
            let pair = |(key, value): (&String, _), walk: &mut Walk| {
                Ok((Str::from(key.as_str()), from_json(value, walk)?))
            };
            let table = walk.step(|walk| entries.iter().map(|entry| pair(entry, walk)).collect())?;
            Value::Map(Map::from_table(ANY_MAP, table))
        }
    })
}

/// The text, with U+FFFD for what is not UTF-8.
fn text(bytes: &Str) -> String {
    match bytes.as_str() {
        Some(text) => text.to_owned(),
        None => bytes.to_str_lossy().into_owned(),
    }
}

fn to_json(value: &Value, walk: &mut Walk) -> Result<serde_json::Value, NotJson> {
    use serde_json::Value as Json;
    let float =
        |number: f64| serde_json::Number::from_f64(number).map(Json::Number).ok_or(NotJson::Number(number));
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
        Value::Map(map) if map.is_nil() => Json::Null,
        // The walk's own errors and what is no JSON are two things: one inside the other.
        Value::List(list) => walk
            .step(|walk| Ok(list.items().iter().map(|item| to_json(item, walk)).collect::<Result<_, _>>()))?
            .map(Json::Array)?,
        Value::Map(map) if let Some(frozen) = map.unread() => Json::Object(frozen.to_json()),
        Value::Map(map) => walk
            .step(|walk| {
                Ok(map.read(|entries| {
                    let entries = entries.iter();
                    entries
                        .map(|(key, value)| Ok((text(key), to_json(value, walk)?)))
                        .collect::<Result<_, NotJson>>()
                }))
            })?
            .map(Json::Object)?,
        Value::Object(object) => walk.step(|walk| Ok(to_json(&object.plain(), walk)))??,
    })
}
