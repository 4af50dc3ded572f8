//! `eq` and `lt`, from which the other comparisons follow.

use std::rc::Rc;

use super::super::fmt;
use super::super::func::FuncError;
use super::super::types::Kind;
use super::super::value::Value;

/// What can be compared with what; integers of all sizes are alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Int,
    Uint,
    Float,
    Str,
    Other,
}

fn basic(value: &Value) -> Basic {
    match value {
        Value::Bool(_) => Basic::Bool,
        Value::Int(..) => Basic::Int,
        Value::Uint(..) => Basic::Uint,
        Value::Float32(_) | Value::Float(_) => Basic::Float,
        Value::Str(_) => Basic::Str,
        Value::Object(object) => match object.kind() {
            Kind::Int(_) => Basic::Int,
            _ => Basic::Other,
        },
        _ => Basic::Other,
    }
}

/// Both as plain integers, where one at least is of a defined integer type, such as `time.Duration`.
fn integers(a: &Value, b: &Value) -> Option<(Value, Value)> {
    let plain = |value: &Value| match value {
        Value::Object(object) if basic(value) == Basic::Int => object.plain(),
        other => other.clone(),
    };
    if !matches!((a, b), (Value::Object(_), _) | (_, Value::Object(_))) {
        return None;
    }
    let (a, b) = (plain(a), plain(b));
    let whole = |value: &Value| matches!(value, Value::Int(..) | Value::Uint(..));
    (whole(&a) && whole(&b)).then_some((a, b))
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float32(number) => Some(f64::from(*number)),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

fn incompatible(a: &Value, b: &Value) -> FuncError {
    format!("incompatible types for comparison: {} and {}", a.type_name(), b.type_name()).into()
}

fn shown(value: &Value, format: &[u8]) -> Result<String, FuncError> {
    Ok(String::from_utf8_lossy(&fmt::sprintf(format, std::slice::from_ref(value))?).into_owned())
}

/// Whether the first equals any of the others.
pub(super) fn eq<'v>(first: &Value, others: impl IntoIterator<Item = &'v Value>) -> Result<bool, FuncError> {
    for other in others {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(a: &Value, b: &Value) -> Result<bool, FuncError> {
    Ok(match (a, b) {
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(_, a), Value::Int(_, b)) => a == b,
        (Value::Uint(_, a), Value::Uint(_, b)) => a == b,
        (Value::Int(_, int), Value::Uint(_, uint)) | (Value::Uint(_, uint), Value::Int(_, int)) => {
            u64::try_from(*int).is_ok_and(|int| int == *uint)
        }
        _ => match (float(a), float(b)) {
            (Some(a), Some(b)) => a == b,
            _ => {
                if let Some((a, b)) = integers(a, b) {
                    return equal(&a, &b);
                }
                if basic(a) == basic(b) {
                    return equal_others(a, b);
                }
                if !a.is_nil() && !b.is_nil() {
                    return Err(incompatible(a, b));
                }
                false
            }
        },
    })
}

/// Neither has a basic kind: nil, lists, maps, objects. Only nil and objects can be compared.
fn equal_others(a: &Value, b: &Value) -> Result<bool, FuncError> {
    let (kind_a, kind_b) = (a.kind(), b.kind());
    if kind_a != kind_b && kind_a != Kind::Invalid && kind_b != Kind::Invalid {
        return Err(format!(
            "non-comparable types {}: {}, {}: {}",
            shown(a, b"%s")?,
            a.type_name(),
            b.type_name(),
            shown(b, b"%v")?
        )
        .into());
    }
    if a.is_nil_of_any_type() || b.is_nil_of_any_type() {
        return Ok(a.is_nil_of_any_type() == b.is_nil_of_any_type());
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if !matches!(kind_b, Kind::Map | Kind::Slice) => {
            Ok(Rc::ptr_eq(a, b) || kind_b != Kind::Ptr && a.equals(b.as_ref()))
        }
        _ => Err(format!("non-comparable type {}: {}", shown(b, b"%s")?, b.type_name()).into()),
    }
}

pub(super) fn lt(a: &Value, b: &Value) -> Result<bool, FuncError> {
    Ok(match (a, b) {
        (Value::Str(a), Value::Str(b)) => a < b,
        (Value::Int(_, a), Value::Int(_, b)) => a < b,
        (Value::Uint(_, a), Value::Uint(_, b)) => a < b,
        (Value::Int(_, int), Value::Uint(_, uint)) => u64::try_from(*int).map_or(true, |int| int < *uint),
        (Value::Uint(_, uint), Value::Int(_, int)) => u64::try_from(*int).is_ok_and(|int| *uint < int),
        _ => match (float(a), float(b)) {
            (Some(a), Some(b)) => a < b,
            _ => {
                if let Some((a, b)) = integers(a, b) {
                    return lt(&a, &b);
                }
                let (kind_a, kind_b) = (basic(a), basic(b));
                if kind_a == Basic::Other || kind_b == Basic::Other || kind_a == kind_b {
                    return Err("invalid type for comparison".into());
                }
                return Err(incompatible(a, b));
            }
        },
    })
}

pub(super) fn le(a: &Value, b: &Value) -> Result<bool, FuncError> {
    Ok(lt(a, b)? || equal(a, b)?)
}
