//! `set`: Helm's dotted paths, as one more layer of values.
//!
//! In: paths with values, and the layers they come after. Out: a layer. Paths are read as Helm's strvals reads the left
//! side of `--set`: dots between keys, `[n]` for elements, a backslash before a dot that belongs to a key.

use crate::eval::value::{Value, ValueKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Helm's limit on an index (`strvals.MaxIndex`).
const MAX_INDEX: usize = 65_536;
const MAX_DEPTH: usize = 30;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(Arc<str>),
    Index(usize),
}

/// All paths as one layer; otherwise those that cannot be read or set, each with the reason.
pub fn layer(
    entries: &BTreeMap<Arc<str>, Value>,
    before: &[Value],
    secret: bool,
) -> Result<Value, Vec<(String, String)>> {
    let mut parsed = Vec::new();
    let mut unread = Vec::new();
    for (path, value) in entries {
        match parse(path) {
            Ok(steps) => parsed.push((path, steps, value.clone().taint(secret))),
            Err(reason) => unread.push((path.to_string(), reason)),
        }
    }
    if !unread.is_empty() {
        return Err(unread);
    }
    let mut root =
        Value::new(ValueKind::Map(Arc::default()), crate::source::Span::new(crate::source::FileId(0), 0, 0));
    for (path, steps, value) in parsed {
        root.origin = value.origin;
        let mut done = Vec::new();
        root = put(Some(root), &steps, value, before, &mut done)
            .map_err(|reason| vec![(path.to_string(), reason)])?;
    }
    Ok(root)
}

fn put(
    at: Option<Value>,
    steps: &[Step],
    value: Value,
    before: &[Value],
    done: &mut Vec<Step>,
) -> Result<Value, String> {
    let Some((step, rest)) = steps.split_first() else { return Ok(value) };
    let origin = value.origin;
    match step {
        Step::Key(key) => {
            let mut entries = match at.map(|v| v.kind) {
                Some(ValueKind::Map(entries)) => Arc::unwrap_or_clone(entries),
                _ => BTreeMap::new(),
            };
            done.push(step.clone());
            let inner = put(entries.remove(key), rest, value, before, done)?;
            entries.insert(key.clone(), inner);
            Ok(Value::new(ValueKind::Map(Arc::new(entries)), origin))
        }
        Step::Index(index) => {
            let mut items = match at.map(|v| v.kind) {
                Some(ValueKind::List(items)) => Arc::unwrap_or_clone(items),
                // A layer replaces lists as a whole, so the elements that earlier ones gave are taken along.
                _ => find(before, done)?.unwrap_or_default(),
            };
            while items.len() <= *index {
                items.push(Value::new(ValueKind::Null, origin));
            }
            done.push(step.clone());
            if let Some(slot) = items.get_mut(*index) {
                let old = std::mem::replace(slot, Value::new(ValueKind::Null, origin));
                *slot = put(Some(old), rest, value, before, done)?;
            }
            Ok(Value::new(ValueKind::List(Arc::new(items)), origin))
        }
    }
}

/// The list that the last of the earlier layers has at a path.
fn find(before: &[Value], path: &[Step]) -> Result<Option<Vec<Value>>, String> {
    for layer in before.iter().rev() {
        let mut at = Some(layer);
        for step in path {
            at = match (at.map(|v| &v.kind), step) {
                (Some(ValueKind::Pending(_)), _) => {
                    return Err("the list it changes is not known before rendering".into());
                }
                (Some(ValueKind::Map(entries)), Step::Key(key)) => entries.get(key),
                (Some(ValueKind::List(items)), Step::Index(index)) => items.get(*index),
                _ => None,
            };
        }
        if let Some(ValueKind::List(items)) = at.map(|v| &v.kind) {
            return Ok(Some(items.to_vec()));
        }
    }
    Ok(None)
}

/// The steps of a path.
pub fn parse(path: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut key = String::new();
    let mut chars = path.chars().peekable();
    let mut after_index = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => key.extend(chars.next()),
            '.' => {
                if key.is_empty() && !after_index {
                    return Err("a key is empty".into());
                }
                if !key.is_empty() {
                    steps.push(Step::Key(std::mem::take(&mut key).into()));
                }
                after_index = false;
                if chars.peek().is_none() {
                    return Err("it ends with a dot".into());
                }
            }
            '[' => {
                if !key.is_empty() {
                    steps.push(Step::Key(std::mem::take(&mut key).into()));
                }
                let mut digits = String::new();
                loop {
                    match chars.next() {
                        Some(']') => break,
                        Some(c) => digits.push(c),
                        None => return Err("a `[` is not closed".into()),
                    }
                }
                let index: usize = digits.parse().map_err(|_| format!("`{digits}` is not an index"))?;
                if index > MAX_INDEX {
                    return Err(format!("the index `{index}` is larger than {MAX_INDEX}"));
                }
                if steps.is_empty() {
                    return Err("it begins with an index".into());
                }
                steps.push(Step::Index(index));
                after_index = true;
            }
            c if after_index => return Err(format!("`{c}` follows an index; a dot is missing")),
            c => key.push(c),
        }
    }
    if !key.is_empty() {
        steps.push(Step::Key(key.into()));
    }
    if steps.is_empty() {
        return Err("it is empty".into());
    }
    if steps.len() > MAX_DEPTH {
        return Err(format!("it is deeper than {MAX_DEPTH} levels"));
    }
    Ok(steps)
}
