//! Values made to be of a type.
//!
//! In: a value, and the type it must be of. Out: the value, with defaults filled in and forms checked. The type checker
//! has said that this may work; here it is seen whether it does.

use super::value::{Value, ValueKind};
use crate::types::domain::Domain;
use crate::types::ir::E;
use crate::types::ty::Ty;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a value is not of a type.
#[derive(Debug)]
pub struct Problem {
    /// Where inside, such as `.limits.cpu`; empty at the top.
    pub path: String,
    pub expected: String,
    /// What it is instead; without its text when that is secret.
    pub found: String,
    pub help: Option<String>,
}

/// A number as values hold it: whole ones whole, so that `10 / 2` is `5` wherever it is written.
pub fn number(n: f64) -> ValueKind {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if n.fract() == 0.0 && n.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
        return ValueKind::Int(n as i64);
    }
    ValueKind::Float(n)
}

/// A scalar as text: what templates write.
pub fn text(kind: &ValueKind) -> Option<Arc<str>> {
    Some(match kind {
        ValueKind::String(text) => text.clone(),
        ValueKind::Int(n) => n.to_string().into(),
        ValueKind::Float(n) => n.to_string().into(),
        ValueKind::Bool(b) => b.to_string().into(),
        _ => return None,
    })
}

pub fn as_f64(kind: &ValueKind) -> Option<f64> {
    match kind {
        #[expect(clippy::cast_precision_loss, reason = "arithmetic on mixed numbers is that of floats")]
        ValueKind::Int(n) => Some(*n as f64),
        ValueKind::Float(n) => Some(*n),
        _ => None,
    }
}

/// What a value is, for messages.
pub fn describe(value: &Value) -> String {
    let shown = |text: String| if value.secret { String::new() } else { format!(" `{text}`") };
    match &value.kind {
        ValueKind::Null => "null".into(),
        ValueKind::Bool(b) => format!("the bool{}", shown(b.to_string())),
        ValueKind::Int(n) => format!("the number{}", shown(n.to_string())),
        ValueKind::Float(n) => format!("the number{}", shown(n.to_string())),
        ValueKind::String(text) if text.chars().count() <= 60 => {
            format!("the string{}", shown(text.to_string()))
        }
        ValueKind::String(text) => {
            format!("the string{}", shown(format!("{}…", text.chars().take(57).collect::<String>())))
        }
        ValueKind::List(items) => format!("a list of {}", items.len()),
        ValueKind::Map(_) => "a map".into(),
        ValueKind::Pending(_) => "a value that is not known yet".into(),
    }
}

/// The value as the type wants it. `defaults` evaluates what a type says for absent fields.
pub fn convert(
    value: &Value,
    ty: &Ty,
    defaults: &mut dyn FnMut(&E) -> Option<Value>,
) -> Result<Value, Box<Problem>> {
    let with = |kind| Ok(Value { kind, origin: value.origin, secret: value.secret });
    let wrong = |expected: &str, help: Option<String>| {
        Err(Box::new(Problem {
            path: String::new(),
            expected: expected.to_owned(),
            found: describe(value),
            help,
        }))
    };
    match (ty, &value.kind) {
        (_, ValueKind::Null | ValueKind::Pending(_))
        | (Ty::Any | Ty::Error | Ty::Handle(_) | Ty::Param(_), _) => Ok(value.clone()),
        (Ty::Secret(of), _) => Ok(convert(value, of, defaults)?.taint(true)),
        (Ty::Null, _) => wrong("null", None),
        (Ty::Bool, ValueKind::Bool(_))
        | (Ty::Int, ValueKind::Int(_))
        | (Ty::Number, ValueKind::Int(_) | ValueKind::Float(_))
        | (Ty::String, ValueKind::String(_)) => Ok(value.clone()),
        (Ty::Bool, _) => wrong("a bool", None),
        (Ty::Int, ValueKind::Float(_)) => {
            wrong("a whole number", Some("round with `floor(…)` or `ceil(…)`".into()))
        }
        (Ty::Int, _) => wrong("a whole number", None),
        (Ty::Number, _) => wrong("a number", None),
        (Ty::String, ValueKind::Int(_) | ValueKind::Float(_) | ValueKind::Bool(_)) => {
            wrong("a string", Some("convert it with `tostring(…)`".into()))
        }
        (Ty::String, _) => wrong("a string", None),
        (Ty::Enum(cases), ValueKind::String(text)) => {
            if !cases.declared || cases.has(text) {
                return Ok(value.clone());
            }
            let known: Vec<&str> = cases.cases.iter().map(|c| &**c).collect();
            let near = crate::diag::nearest(text, known.iter().copied());
            wrong(&format!("one of `{}`", known.join("`, `")), near.map(|n| format!("did you mean `{n}`?")))
        }
        (Ty::Enum(_), _) => wrong("a string", None),
        (Ty::Domain(domain), kind) => match (domain, kind) {
            (Domain::Port, ValueKind::Int(n)) if (1..=65535).contains(n) => Ok(value.clone()),
            (Domain::Quantity, ValueKind::Int(n)) => with(ValueKind::String(n.to_string().into())),
            (Domain::Quantity, ValueKind::Float(n)) => with(ValueKind::String(n.to_string().into())),
            (domain, ValueKind::String(text)) if *domain != Domain::Port => match domain.check(text) {
                Ok(()) => Ok(value.clone()),
                Err(_) if value.secret => wrong(&article(*domain), Some(domain.example().into())),
                Err(reason) => {
                    wrong(&format!("{} ({reason})", article(*domain)), Some(domain.example().into()))
                }
            },
            (domain, _) => wrong(&article(*domain), Some(domain.example().into())),
        },
        (Ty::List(of), ValueKind::List(items)) => {
            with(ValueKind::List(Arc::new(convert_all(items, of, defaults)?)))
        }
        (Ty::Set(of), ValueKind::List(items)) => {
            with(ValueKind::List(Arc::new(set_of(convert_all(items, of, defaults)?))))
        }
        (Ty::List(_) | Ty::Set(_), _) => wrong("a list", None),
        (Ty::Map(of), ValueKind::Map(entries)) => {
            let mut out = BTreeMap::new();
            for (name, item) in entries.iter() {
                let item = convert(item, of, defaults).map_err(|p| inside(&format!(".{name}"), p))?;
                out.insert(name.clone(), item);
            }
            with(ValueKind::Map(Arc::new(out)))
        }
        (Ty::Map(_), _) => wrong("a map", None),
        (Ty::Object(object), ValueKind::Map(entries)) => {
            let mut out = BTreeMap::new();
            if let Some(unknown) = entries.keys().find(|k| !object.fields.contains_key(*k)) {
                let known: Vec<&str> = object.fields.keys().map(|k| &**k).collect();
                let near = crate::diag::nearest(unknown, known.iter().copied());
                return wrong(
                    &format!("{ty}"),
                    Some(match near {
                        Some(near) => format!("there is no field `{unknown}`; did you mean `{near}`?"),
                        None => {
                            format!("there is no field `{unknown}`; its fields are `{}`", known.join("`, `"))
                        }
                    }),
                );
            }
            for (name, field) in &object.fields {
                match (entries.get(name), &field.default) {
                    (Some(item), _) if !(matches!(item.kind, ValueKind::Null) && field.default.is_some()) => {
                        let item =
                            convert(item, &field.ty, defaults).map_err(|p| inside(&format!(".{name}"), p))?;
                        out.insert(name.clone(), item);
                    }
                    (_, Some(default)) => {
                        if let Some(item) = defaults(default) {
                            out.insert(name.clone(), item);
                        }
                    }
                    (None, None) if !field.optional => {
                        return wrong(&format!("{ty}"), Some(format!("its field `{name}` is missing")));
                    }
                    _ => {}
                }
            }
            with(ValueKind::Map(Arc::new(out)))
        }
        (Ty::Object(_), _) => wrong(&format!("{ty}"), None),
    }
}

fn convert_all(
    items: &[Value],
    of: &Ty,
    defaults: &mut dyn FnMut(&E) -> Option<Value>,
) -> Result<Vec<Value>, Box<Problem>> {
    let mut out = Vec::with_capacity(items.len());
    for (n, item) in items.iter().enumerate() {
        out.push(convert(item, of, defaults).map_err(|p| inside(&format!("[{n}]"), p))?);
    }
    Ok(out)
}

fn article(domain: Domain) -> String {
    let article = if domain == Domain::Arn { "an" } else { "a" };
    format!("{article} {}", domain.name())
}

fn inside(step: &str, mut problem: Box<Problem>) -> Box<Problem> {
    problem.path.insert_str(0, step);
    problem
}

/// Without repetition, in a fixed order.
pub fn set_of(mut items: Vec<Value>) -> Vec<Value> {
    items.sort_by(compare);
    items.dedup_by(|a, b| same(&a.kind, &b.kind));
    items
}

/// An order of all values, for sets: by kind, then by content.
pub fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    let rank = |kind: &ValueKind| match kind {
        ValueKind::Null => 0,
        ValueKind::Bool(_) => 1,
        ValueKind::Int(_) | ValueKind::Float(_) => 2,
        ValueKind::String(_) => 3,
        ValueKind::List(_) => 4,
        ValueKind::Map(_) => 5,
        ValueKind::Pending(_) => 6,
    };
    match (&a.kind, &b.kind) {
        (ValueKind::Bool(a), ValueKind::Bool(b)) => a.cmp(b),
        (ValueKind::Int(a), ValueKind::Int(b)) => a.cmp(b),
        (ValueKind::String(a), ValueKind::String(b)) => a.cmp(b),
        (ValueKind::List(a), ValueKind::List(b)) => {
            let parts = a.iter().zip(b.iter()).map(|(a, b)| compare(a, b)).find(|o| o.is_ne());
            parts.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (ValueKind::Map(a), ValueKind::Map(b)) => {
            let parts =
                a.iter().zip(b.iter()).map(|((ka, va), (kb, vb))| ka.cmp(kb).then_with(|| compare(va, vb)));
            parts.clone().find(|o| o.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (a, b) => match (as_f64(a), as_f64(b)) {
            (Some(a), Some(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            _ => rank(a).cmp(&rank(b)),
        },
    }
}

/// Equality: numbers by value, containers by parts.
pub fn same(a: &ValueKind, b: &ValueKind) -> bool {
    match (a, b) {
        (ValueKind::Null, ValueKind::Null) => true,
        (ValueKind::Bool(a), ValueKind::Bool(b)) => a == b,
        (ValueKind::Int(a), ValueKind::Int(b)) => a == b,
        (ValueKind::String(a), ValueKind::String(b)) => a == b,
        (ValueKind::List(a), ValueKind::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(&a.kind, &b.kind))
        }
        (ValueKind::Map(a), ValueKind::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|((ka, va), (kb, vb))| ka == kb && same(&va.kind, &vb.kind))
        }
        (a, b) => matches!((as_f64(a), as_f64(b)), (Some(a), Some(b)) if a == b),
    }
}
