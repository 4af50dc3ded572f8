//! Functions that change or tell the type of a value.

use super::{Args, Given};
use crate::eval::convert::{self, convert, describe, set_of, text};
use crate::eval::value::{Value, ValueKind};
use crate::types::domain::Domain;
use crate::types::ty::Ty;

pub fn call(name: &str, args: &Args<'_>) -> Option<Given> {
    if let Some(domain) = Domain::ALL.iter().find(|d| d.name() == name) {
        return Some(args.get(0).and_then(|value| {
            convert(value, &Ty::Domain(*domain), &mut |_| None)
                .map_err(|p| format!("expected {}, found {}", p.expected, p.found))
        }));
    }
    Some(match name {
        "sensitive" | "tolist" | "tomap" => args.get(0).cloned(),
        "toset" => args.get(0).and_then(|v| match &v.kind {
            ValueKind::Null => Ok(v.clone()),
            _ => Ok(args.items(set_of(args.list(0)?.to_vec()))?.taint(v.secret)),
        }),
        "tostring" => scalar(args, |v| text(&v.kind).map(ValueKind::String), "a string, number or bool"),
        "tonumber" => scalar(
            args,
            |v| match &v.kind {
                ValueKind::Int(_) | ValueKind::Float(_) => Some(v.kind.clone()),
                ValueKind::String(text) => match text.parse::<i64>() {
                    Ok(n) => Some(ValueKind::Int(n)),
                    Err(_) => text.parse::<f64>().ok().filter(|n| n.is_finite()).map(convert::number),
                },
                _ => None,
            },
            "a number, or a string that holds one",
        ),
        "tobool" => scalar(
            args,
            |v| match &v.kind {
                ValueKind::Bool(_) => Some(v.kind.clone()),
                ValueKind::String(text) => text.parse().ok().map(ValueKind::Bool),
                _ => None,
            },
            "a bool, `\"true\"` or `\"false\"`",
        ),
        "type" => args.get(0).and_then(|v| {
            args.text(match &v.kind {
                ValueKind::Null => "null",
                ValueKind::Bool(_) => "bool",
                ValueKind::Int(_) => "int",
                ValueKind::Float(_) => "number",
                ValueKind::String(_) => "string",
                ValueKind::List(_) => "list(any)",
                ValueKind::Map(_) => "map(any)",
                ValueKind::Pending(_) => "any",
            })
        }),
        _ => return None,
    })
}

fn scalar(args: &Args<'_>, make: fn(&Value) -> Option<ValueKind>, expected: &str) -> Given {
    let value = args.get(0)?;
    if matches!(value.kind, ValueKind::Null) {
        return Ok(value.clone());
    }
    match make(value) {
        Some(kind) => Ok(Value::new(kind, args.span)),
        None => Err(format!("expected {expected}, found {}", describe(value))),
    }
}
