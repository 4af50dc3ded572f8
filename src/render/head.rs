//! What Helm reads of every document before it knows what to do with it: kind, name and annotations.
//!
//! In: a document, whole or as [`HeadOnly`]. Out: [`Head`]. Follows `SimpleHead` in Helm's `pkg/release/v1/util`.

use crate::chart::metadata::scalar_text;
use crate::gotmpl::yaml::{Build, Shape};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A document of which only what [`Head`] needs is built; the rest is checked and its shape kept.
#[derive(Debug)]
pub(super) struct HeadOnly(pub(super) Value);

impl Build for HeadOnly {
    type Table = Map<String, Value>;

    fn null() -> Self {
        HeadOnly(Value::null())
    }

    fn boolean(b: bool) -> Self {
        HeadOnly(Value::boolean(b))
    }

    fn number(f: f64) -> Self {
        HeadOnly(Value::number(f))
    }

    fn string(s: Cow<'_, str>) -> Self {
        HeadOnly(Value::string(s))
    }

    fn list(_: Vec<Self>) -> Self {
        HeadOnly(Value::Array(Vec::new()))
    }

    fn entry(map: &mut Self::Table, key: Cow<'_, str>, value: Self) {
        // Of what is not wanted, a null stands for any scalar, and those are never asked for.
        if !value.0.is_null() || is_wanted(&key) {
            map.insert(key.into_owned(), value.0);
        }
    }

    fn map(map: Self::Table) -> Self {
        HeadOnly(Value::Object(map))
    }

    fn shape_only(key: &str) -> Option<fn(Shape) -> Self> {
        if is_wanted(key) { None } else { Some(HeadOnly::outline) }
    }
}

impl HeadOnly {
    fn outline(shape: Shape) -> Self {
        HeadOnly(match shape {
            Shape::Null | Shape::Scalar => Value::Null,
            Shape::List => Value::Array(Vec::new()),
            Shape::Map => Value::Object(Map::new()),
        })
    }
}

/// Whether an entry of that name is part of a head, wherever it stands.
fn is_wanted(key: &str) -> bool {
    let field = match key.len() {
        4 => "kind",
        10 => "apiVersion",
        8 => "metadata",
        11 => "annotations",
        _ => return key.starts_with("helm.sh/"),
    };
    key.eq_ignore_ascii_case(field) || (key.len() == 4 && key.eq_ignore_ascii_case("name"))
}

/// What Helm reads of every document.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Head {
    /// # Errors
    /// Go's words for a value of the wrong type.
    pub(super) fn of(document: &Value) -> Result<Head, String> {
        let mut head = Head::default();
        let Some(fields) = table(document, "Go value of type util.SimpleHead")? else { return Ok(head) };
        for (key, value) in fields {
            if key.eq_ignore_ascii_case("kind") {
                head.kind = text(value, "SimpleHead.kind")?;
            } else if key.eq_ignore_ascii_case("apiVersion") {
                text(value, "SimpleHead.apiVersion")?;
            } else if key.eq_ignore_ascii_case("metadata") {
                let owner = "Go struct field SimpleHead.metadata of type struct { Name string \"json:\\\"name\\\"\"; \
                             Annotations map[string]string \"json:\\\"annotations\\\"\" }";
                let Some(metadata) = table(value, owner)? else { continue };
                for (key, value) in metadata {
                    if key.eq_ignore_ascii_case("name") {
                        head.name = text(value, ".metadata.name")?;
                    } else if key.eq_ignore_ascii_case("annotations") {
                        let owner = "Go struct field .metadata.annotations of type map[string]string";
                        for (key, value) in table(value, owner)?.into_iter().flatten() {
                            head.annotations.insert(key.clone(), text(value, ".metadata.annotations")?);
                        }
                    }
                }
            }
        }
        Ok(head)
    }
}

fn text(value: &Value, field: &str) -> Result<String, String> {
    scalar_text(value).ok_or_else(|| mismatch(value, &format!("Go struct field {field} of type string")))
}

fn table<'v>(value: &'v Value, wanted: &str) -> Result<Option<&'v Map<String, Value>>, String> {
    match value {
        Value::Object(map) => Ok(Some(map)),
        Value::Null => Ok(None),
        other => Err(mismatch(other, wanted)),
    }
}

fn mismatch(found: &Value, wanted: &str) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    format!("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into {wanted}")
}
