//! The built-in functions' work. Their signatures are in `types::signatures`.
//!
//! In: values of the types that the signature says, unless they were `any`. Out: a value, or why there is none.
//! Facts about the functions are Terraform's where it has them; `tests.rs` pins them.

mod collections;
mod conversions;
mod encoding;
pub mod files;
mod format;
mod hashes;
mod networks;
mod numbers;
mod strings;

#[cfg(test)]
mod tests;

use super::convert::{as_f64, describe, number};
use super::errors;
use super::run::{MAX_PARTS, MAX_STRING, Run, Stop};
use super::scope::Env;
use super::value::{Value, ValueKind};
use crate::source::Span;
use crate::types::signatures::{Rule, Signature};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a function gives: a value, or what went wrong, as a sentence about its arguments.
type Given = Result<Value, String>;

/// Calls a built-in function with known arguments.
pub fn call(
    run: &mut Run<'_>,
    signature: &'static Signature,
    values: &[Value],
    span: Span,
    env: &Env,
) -> Result<Value, Stop> {
    if signature.rule == Rule::File {
        return files::call(run, signature.name, values, span, env);
    }
    let args = Args { values, span };
    let name = signature.name;
    let given = strings::call(name, &args)
        .or_else(|| numbers::call(name, &args))
        .or_else(|| collections::call(name, &args))
        .or_else(|| encoding::call(name, &args))
        .or_else(|| hashes::call(name, &args))
        .or_else(|| networks::call(name, &args))
        .or_else(|| conversions::call(name, &args));
    match given {
        Some(Ok(value)) => Ok(value),
        Some(Err(message)) => {
            // A function's complaint may quote an argument.
            let secret = values.iter().any(Value::has_secret);
            let message = if secret { "it does not work on these arguments".to_owned() } else { message };
            run.fail(errors::function_failed(name, &message, span, signature.text))
        }
        None => Err(Stop::Failed),
    }
}

/// Arguments with checked access.
pub struct Args<'a> {
    pub values: &'a [Value],
    pub span: Span,
}

impl<'a> Args<'a> {
    pub fn get(&self, n: usize) -> Result<&'a Value, String> {
        self.values.get(n).ok_or_else(|| format!("argument {} is missing", n + 1))
    }

    fn wrong<T>(&self, n: usize, expected: &str) -> Result<T, String> {
        Err(format!("expected {expected}, found {}", describe(self.get(n)?)))
    }

    pub fn str(&self, n: usize) -> Result<&'a str, String> {
        match &self.get(n)?.kind {
            ValueKind::String(text) => Ok(text),
            _ => self.wrong(n, "a string"),
        }
    }

    pub fn int(&self, n: usize) -> Result<i64, String> {
        match &self.get(n)?.kind {
            ValueKind::Int(i) => Ok(*i),
            _ => self.wrong(n, "a whole number"),
        }
    }

    /// A whole number from 0.
    pub fn size(&self, n: usize) -> Result<usize, String> {
        let i = self.int(n)?;
        usize::try_from(i).map_err(|_| format!("`{i}` is negative"))
    }

    pub fn float(&self, n: usize) -> Result<f64, String> {
        match as_f64(&self.get(n)?.kind) {
            Some(f) => Ok(f),
            None => self.wrong(n, "a number"),
        }
    }

    pub fn list(&self, n: usize) -> Result<&'a [Value], String> {
        match &self.get(n)?.kind {
            ValueKind::List(items) => Ok(items),
            _ => self.wrong(n, "a list"),
        }
    }

    pub fn map(&self, n: usize) -> Result<&'a BTreeMap<Arc<str>, Value>, String> {
        match &self.get(n)?.kind {
            ValueKind::Map(entries) => Ok(entries),
            _ => self.wrong(n, "a map"),
        }
    }

    pub fn strings(&self, n: usize) -> Result<Vec<&'a str>, String> {
        self.list(n)?
            .iter()
            .map(|item| match &item.kind {
                ValueKind::String(text) => Ok(&**text),
                _ => Err(format!("expected a list of strings, found {} in it", describe(item))),
            })
            .collect()
    }

    pub fn numbers(&self, n: usize) -> Result<Vec<f64>, String> {
        self.list(n)?
            .iter()
            .map(|item| {
                as_f64(&item.kind).ok_or_else(|| format!("expected numbers, found {} in it", describe(item)))
            })
            .collect()
    }

    // Results.

    pub fn text(&self, text: impl Into<Arc<str>>) -> Given {
        let text = text.into();
        if text.len() > MAX_STRING {
            return Err("the result is longer than 16 MiB".into());
        }
        Ok(Value::new(ValueKind::String(text), self.span))
    }

    pub fn bool(&self, b: bool) -> Given {
        Ok(Value::new(ValueKind::Bool(b), self.span))
    }

    pub fn whole(&self, n: i64) -> Given {
        Ok(Value::new(ValueKind::Int(n), self.span))
    }

    pub fn num(&self, n: f64) -> Given {
        if n.is_finite() {
            Ok(Value::new(number(n), self.span))
        } else {
            Err("the result is not a number".into())
        }
    }

    pub fn items(&self, items: Vec<Value>) -> Given {
        if items.len() > MAX_PARTS {
            return Err("the result has more than a million elements".into());
        }
        Ok(Value::new(ValueKind::List(Arc::new(items)), self.span))
    }

    pub fn texts<T: Into<Arc<str>>>(&self, texts: impl IntoIterator<Item = T>) -> Given {
        self.items(texts.into_iter().map(|t| Value::new(ValueKind::String(t.into()), self.span)).collect())
    }

    pub fn entries(&self, entries: BTreeMap<Arc<str>, Value>) -> Given {
        Ok(Value::new(ValueKind::Map(Arc::new(entries)), self.span))
    }
}
