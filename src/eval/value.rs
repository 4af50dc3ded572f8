//! Values of the language, each with where it was written and whether it is secret.
//!
//! In: literals and results of evaluation. Out: [`Value`], convertible to JSON once nothing in it is
//! pending. Must not know: syntax trees (a pending value holds its computation behind [`Thunk`]).

use super::desired::Address;
use crate::diag::Diag;
use crate::source::Span;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A value with its origin. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Value {
    pub kind: ValueKind,
    /// The expression that made it.
    pub origin: Span,
    /// Computed from a `secret(T)`: never printed, never in names, labels or plan files.
    pub secret: bool,
}

#[derive(Clone, Debug)]
pub enum ValueKind {
    Null,
    Bool(bool),
    /// Whole numbers stay whole; they become JSON floats only on the way to Helm.
    Int(i64),
    Float(f64),
    String(Arc<str>),
    List(Arc<Vec<Value>>),
    Map(Arc<BTreeMap<Arc<str>, Value>>),
    /// Known once the releases it reads are rendered.
    Pending(Arc<dyn Thunk>),
}

/// A computation that waits for other releases to be rendered.
pub trait Thunk: std::fmt::Debug + Send + Sync {
    /// The releases it reads.
    fn reads(&self) -> &[Address];
    /// The value; never pending again when every release of [`Thunk::reads`] is in `renderings`.
    fn resolve(&self, renderings: &dyn Renderings) -> Result<Value, Box<Diag>>;
}

/// What has been rendered so far, as typed references see it.
pub trait Renderings {
    /// All objects of a rendered release, hooks excluded; `None`: not rendered yet.
    fn objects(&self, release: &Address) -> Option<&[Json]>;
    /// The namespace objects without one of their own go to.
    fn namespace(&self, release: &Address) -> Option<&str>;
}

impl Value {
    pub fn new(kind: ValueKind, origin: Span) -> Self {
        Value { kind, origin, secret: false }
    }

    /// Secret as well, when what it was computed from is.
    #[must_use]
    pub fn taint(mut self, secret: bool) -> Self {
        self.secret |= secret;
        self
    }

    /// The same value made by another expression.
    #[must_use]
    pub fn from(mut self, origin: Span) -> Self {
        self.origin = origin;
        self
    }

    /// Whether anything in it, at any depth, is secret.
    pub fn has_secret(&self) -> bool {
        self.secret
            || match &self.kind {
                ValueKind::List(items) => items.iter().any(Value::has_secret),
                ValueKind::Map(entries) => entries.values().any(Value::has_secret),
                _ => false,
            }
    }

    /// Adds the releases that must be rendered before all of it is known.
    pub fn reads(&self, out: &mut Vec<Address>) {
        match &self.kind {
            ValueKind::Pending(thunk) => {
                for address in thunk.reads() {
                    if !out.contains(address) {
                        out.push(address.clone());
                    }
                }
            }
            ValueKind::List(items) => items.iter().for_each(|item| item.reads(out)),
            ValueKind::Map(entries) => entries.values().for_each(|value| value.reads(out)),
            _ => {}
        }
    }

    /// Whether it has no more parts and bytes of text than these, which are used up, and levels. Stops at the limit, so that a
    /// value whose parts are shared a million times over costs no more than the limit to refuse.
    pub fn fits(&self, parts: &mut usize, bytes: &mut usize, depth: usize) -> bool {
        let (Some(left), Some(depth)) = (parts.checked_sub(1), depth.checked_sub(1)) else { return false };
        *parts = left;
        match &self.kind {
            ValueKind::String(text) => match bytes.checked_sub(text.len()) {
                Some(left) => {
                    *bytes = left;
                    true
                }
                None => false,
            },
            ValueKind::List(items) => items.iter().all(|item| item.fits(parts, bytes, depth)),
            ValueKind::Map(entries) => entries.values().all(|value| value.fits(parts, bytes, depth)),
            _ => true,
        }
    }

    /// Fills in everything pending, at any depth.
    pub fn resolve(&self, renderings: &dyn Renderings) -> Result<Value, Box<Diag>> {
        let kind = match &self.kind {
            ValueKind::Pending(thunk) => {
                let mut value = thunk.resolve(renderings)?.resolve(renderings)?;
                value.secret |= self.secret;
                return Ok(value);
            }
            ValueKind::List(items) => ValueKind::List(Arc::new(
                items.iter().map(|item| item.resolve(renderings)).collect::<Result<_, _>>()?,
            )),
            ValueKind::Map(entries) => ValueKind::Map(Arc::new(
                entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), value.resolve(renderings)?)))
                    .collect::<Result<_, Box<Diag>>>()?,
            )),
            other => other.clone(),
        };
        Ok(Value { kind, origin: self.origin, secret: self.secret })
    }

    /// As Helm would have read it from a values file: every number a float. `None` while pending.
    pub fn to_helm_json(&self) -> Option<Json> {
        self.to_json_with(|int| {
            #[expect(clippy::cast_precision_loss, reason = "Helm's own values go through float64 too")]
            let float = int as f64;
            serde_json::Number::from_f64(float).map_or(Json::Null, Json::Number)
        })
    }

    /// As a Kubernetes object wants it: whole numbers whole. `None` while pending.
    pub fn to_json(&self) -> Option<Json> {
        self.to_json_with(|int| Json::Number(int.into()))
    }

    fn to_json_with(&self, int: fn(i64) -> Json) -> Option<Json> {
        Some(match &self.kind {
            ValueKind::Null => Json::Null,
            ValueKind::Bool(b) => Json::Bool(*b),
            ValueKind::Int(i) => int(*i),
            ValueKind::Float(f) => serde_json::Number::from_f64(*f).map_or(Json::Null, Json::Number),
            ValueKind::String(s) => Json::String(s.to_string()),
            ValueKind::List(items) => {
                Json::Array(items.iter().map(|item| item.to_json_with(int)).collect::<Option<_>>()?)
            }
            ValueKind::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| Some((key.to_string(), value.to_json_with(int)?)))
                    .collect::<Option<_>>()?,
            ),
            ValueKind::Pending(_) => return None,
        })
    }
}
