//! An object against its type: what an API server says while it decodes.
//!
//! In: a schema, a type, JSON as a chart rendered it (numbers are f64). Out: [`Faults`]: unknown fields, values of another
//! type, numbers and texts that the type cannot hold. What a value means beyond its type is in `rules`.

use super::fault::{At, FaultKind, Faults};
use super::quantity::Quantity;
use super::schema::{Empty, Field, Fields, ListKind, Scalar, Schema, Shape, TypeId};
use base64::Engine as _;
use serde_json::{Map, Number, Value};

/// Deeper than any document that could be read.
const MAX_DEPTH: usize = 1_000;

/// Checks `value` against a type. Null says nothing anywhere, as in Go.
pub fn check(schema: &Schema, ty: TypeId, value: &Value, at: &At<'_>, faults: &mut Faults) {
    Walk { schema, faults }.value(ty, value, at, 0);
}

struct Walk<'a> {
    schema: &'a Schema,
    faults: &'a mut Faults,
}

impl Walk<'_> {
    fn value(&mut self, ty: TypeId, value: &Value, at: &At<'_>, depth: usize) {
        let schema = self.schema;
        if depth > MAX_DEPTH {
            return;
        }
        match (schema.shape(ty), value) {
            (_, Value::Null) | (Shape::Any | Shape::Deduced, _) => {}
            (Shape::Scalar(scalar), value) => {
                if let Some(why) = scalar_fault(*scalar, value) {
                    let help = scalar_help(*scalar, value);
                    self.faults.push_help(FaultKind::Type, at, why, help);
                }
            }
            (Shape::List { item, kind }, Value::Array(list)) => {
                for (index, value) in list.iter().enumerate() {
                    self.value(*item, value, &at.item(index), depth + 1);
                }
                self.told_apart(*item, kind, list, at);
            }
            (Shape::Map { value: inner }, Value::Object(map)) => {
                for (key, value) in map {
                    self.value(*inner, value, &at.key(key), depth + 1);
                }
            }
            (Shape::Struct { fields, open }, Value::Object(map)) => {
                for (name, value) in map {
                    match fields.get(name) {
                        Some(field) => self.field(field, value, &at.field(name), depth),
                        None if *open => {}
                        None => unknown(schema, fields, map, &at.field(name), name, self.faults),
                    }
                }
            }
            (shape, other) => {
                let wanted = match shape {
                    Shape::List { .. } => "a list",
                    _ => "a map",
                };
                self.faults.push(
                    FaultKind::Type,
                    at,
                    format!("expected {wanted}, found {}", described(other)),
                );
            }
        }
    }

    fn field(&mut self, field: &Field, value: &Value, at: &At<'_>, depth: usize) {
        self.value(field.ty, value, at, depth + 1);
        if field.values.is_empty() {
            return;
        }
        match value {
            // An empty text stands for an absent one, unless Go tells the two apart.
            Value::String(text) if text.is_empty() && (field.empty != Empty::Keep || field.required) => {}
            Value::String(text) => self.one_of(field, text, at),
            Value::Array(list) => {
                for (index, item) in list.iter().enumerate() {
                    if let Value::String(text) = item {
                        self.one_of(field, text, &at.item(index));
                    }
                }
            }
            _ => {}
        }
    }

    fn one_of(&mut self, field: &Field, text: &str, at: &At<'_>) {
        if !field.values.iter().any(|value| value == text) {
            self.faults.not_supported(at, text, &field.values);
        }
    }

    /// Server-side apply merges lists item by item and refuses two that it cannot tell apart.
    fn told_apart(&mut self, item: TypeId, kind: &ListKind, list: &[Value], at: &At<'_>) {
        let keys = match kind {
            ListKind::Atomic => return,
            ListKind::Set => &[][..],
            ListKind::Map(keys) => keys.as_slice(),
        };
        let fields = match self.schema.shape(item) {
            Shape::Struct { fields, .. } => Some(fields),
            _ => None,
        };
        let part = |value: &'_ Value, key: &str| -> Option<Value> {
            let default = || fields.and_then(|f| f.get(key)).and_then(|f| f.default.clone());
            value.get(key).filter(|v| !v.is_null()).cloned().or_else(default)
        };
        let same = |a: &Value, b: &Value| match keys {
            [] => a == b,
            keys => a.is_object() && b.is_object() && keys.iter().all(|k| part(a, k) == part(b, k)),
        };
        // Lists are short; those that are not are not worth quadratic time.
        const MANY: usize = 500;
        for (index, value) in list.iter().enumerate().take(MANY) {
            if !keys.is_empty() && value.is_object() && keys.iter().all(|key| part(value, key).is_none()) {
                let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                let message =
                    format!("it has no {}, by which server-side apply tells items apart", names.join(" or "));
                self.faults.apply_only(FaultKind::Required, &at.item(index), message);
                continue;
            }
            if list.iter().take(index).any(|before| same(before, value)) {
                let shown: Vec<String> = match keys {
                    [] => vec![plain(value)],
                    keys => keys
                        .iter()
                        .filter_map(|key| Some(format!("{key} {}", plain(&part(value, key)?))))
                        .collect(),
                };
                let message = format!(
                    "`{}` is there twice: server-side apply tells items apart by it",
                    shown.join(", ")
                );
                self.faults.apply_only(FaultKind::Duplicate, &at.item(index), message);
            }
        }
    }
}

/// As it was probably written.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(n) => number(n),
        other => other.to_string(),
    }
}

/// As it was probably written: `8080`, not `8080.0`.
pub(super) fn number(n: &Number) -> String {
    match whole(n) {
        Some(i) => i.to_string(),
        None => n.to_string(),
    }
}

/// A number without fraction that fits 64 bits.
pub(super) fn whole(n: &Number) -> Option<i64> {
    n.as_i64().or_else(|| {
        let f = n.as_f64()?;
        #[expect(clippy::cast_possible_truncation, reason = "compared with what it was before")]
        let i = f as i64;
        // 2^63 itself does not fit.
        #[expect(clippy::cast_precision_loss, reason = "a number that is not exact is none of a chart's")]
        let same = i as f64 == f && f < 9_223_372_036_854_775_807.0;
        same.then_some(i)
    })
}

/// What a value is, with the value where it is short.
pub(super) fn described(value: &Value) -> String {
    const LONG: usize = 40;
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => format!("the boolean `{b}`"),
        Value::Number(n) => format!("the number `{}`", number(n)),
        Value::String(text) if text.chars().count() > LONG || text.contains('\n') => "a text".to_owned(),
        Value::String(text) => format!("the text `{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
    }
}

/// Why a value is none of a type.
fn scalar_fault(scalar: Scalar, value: &Value) -> Option<String> {
    let wanted = match scalar {
        Scalar::String => "a text",
        Scalar::Int32 | Scalar::Int64 => "an integer",
        Scalar::Double => "a number",
        Scalar::Bool => "a boolean",
        Scalar::Byte => "base64 text",
        Scalar::Quantity => "a quantity such as `500m` or `2Gi`",
        Scalar::IntOrString => "an integer or a text",
        Scalar::Time | Scalar::MicroTime => "a time such as `2006-01-02T15:04:05Z`",
        Scalar::Duration => "a duration such as `1h30m`",
    };
    let wrong = || Some(format!("expected {wanted}, found {}", described(value)));
    match (scalar, value) {
        (Scalar::String, Value::String(_)) | (Scalar::Bool, Value::Bool(_)) => None,
        (Scalar::Double, Value::Number(_)) => None,
        (Scalar::IntOrString, Value::String(_)) => None,
        (Scalar::Int32 | Scalar::IntOrString, Value::Number(n)) => match whole(n) {
            Some(i) if i32::try_from(i).is_ok() => None,
            Some(i) => Some(format!("`{i}` does not fit into 32 bits")),
            None => wrong(),
        },
        (Scalar::Int64, Value::Number(n)) => {
            if whole(n).is_some() {
                None
            } else {
                wrong()
            }
        }
        (Scalar::Byte, Value::String(text)) => {
            (!is_base64(text)).then(|| "the text is not base64".to_owned())
        }
        (Scalar::Quantity, Value::Number(_)) => None,
        (Scalar::Quantity, Value::String(text)) => {
            if Quantity::parse(text).is_some() {
                None
            } else {
                wrong()
            }
        }
        (Scalar::Time, Value::String(text)) => {
            if is_time(text) {
                None
            } else {
                wrong()
            }
        }
        (Scalar::MicroTime, Value::String(text)) => {
            if is_time(text) {
                None
            } else {
                wrong()
            }
        }
        (Scalar::Duration, Value::String(text)) => {
            if is_duration(text) {
                None
            } else {
                wrong()
            }
        }
        _ => wrong(),
    }
}

fn scalar_help(scalar: Scalar, value: &Value) -> Option<String> {
    match (scalar, value) {
        (Scalar::String, Value::Bool(_) | Value::Number(_)) => {
            Some("quote it in the template (`| quote`), or in the values".to_owned())
        }
        (Scalar::Int32 | Scalar::Int64, Value::String(text)) if text.parse::<i64>().is_ok() => {
            Some("give it without quotes, or convert it in the template (`| int`)".to_owned())
        }
        (Scalar::Bool, Value::String(text)) if matches!(text.as_str(), "true" | "false") => {
            Some("give it without quotes".to_owned())
        }
        _ => None,
    }
}

/// Go's decoder ignores line breaks.
pub(super) fn is_base64(text: &str) -> bool {
    let engine = &base64::engine::general_purpose::STANDARD;
    if text.contains(['\n', '\r']) {
        let clean: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        return engine.decode(clean).is_ok();
    }
    engine.decode(text).is_ok()
}

/// RFC 3339 with a time zone.
pub(super) fn is_time(text: &str) -> bool {
    text.contains(['T', 't']) && text.parse::<jiff::Timestamp>().is_ok()
}

/// Go's `time.ParseDuration`.
pub(super) fn is_duration(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    let mut rest = rest;
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (digits, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if !digits.contains(|c: char| c.is_ascii_digit()) || digits.matches('.').count() > 1 {
            return false;
        }
        let unit = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"].into_iter().find_map(|unit| {
            let after = tail.strip_prefix(unit)?;
            (after.is_empty() || after.starts_with(|c: char| c.is_ascii_digit() || c == '.')).then_some(after)
        });
        let Some(after) = unit else { return false };
        rest = after;
    }
    true
}

fn unknown(
    schema: &Schema,
    fields: &Fields,
    given: &Map<String, Value>,
    at: &At<'_>,
    name: &str,
    faults: &mut Faults,
) {
    let free = fields.names().filter(|known| !given.contains_key(*known));
    let help = super::nearest(name, free).map(|near| format!("did you mean `{near}`?"));
    let help = help.or_else(|| {
        // Written one level too high.
        let inside = fields.iter().find(|(_, field)| match schema.shape(field.ty) {
            Shape::Struct { fields, .. } => fields.get(name).is_some(),
            _ => false,
        });
        inside.map(|(outer, _)| format!("`{name}` is a field of `{outer}`"))
    });
    faults.push_help(FaultKind::Unknown, at, format!("there is no field `{name}`"), help);
}
