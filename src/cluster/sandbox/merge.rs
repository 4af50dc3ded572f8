//! The three older kinds of patch: JSON patch, JSON merge patch, strategic merge patch.

use serde_json::{Map, Value};

use crate::kubernetes::{Field, Patch, Schema, Shape, TypeId};

/// RFC 7386.
pub fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    let map = super::meta::as_map(target);
    for (key, value) in patch {
        if value.is_null() {
            map.remove(key);
        } else {
            merge_patch(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Why a JSON patch does not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchError {
    /// The patch itself is no patch.
    Malformed(String),
    /// A path is missing or a test failed; the server does not say which.
    Refused,
}

/// RFC 6902, all or nothing.
pub fn json_patch(target: &Value, patch: &Value) -> Result<Value, PatchError> {
    let Value::Array(steps) = patch else {
        return Err(PatchError::Malformed("a JSON patch is an array of operations".to_owned()));
    };
    let mut out = target.clone();
    for step in steps {
        apply_step(&mut out, step)?;
    }
    Ok(out)
}

fn apply_step(out: &mut Value, step: &Value) -> Result<(), PatchError> {
    let text = |key: &str| step.get(key).and_then(Value::as_str);
    let malformed = |what: &str| PatchError::Malformed(format!("{what} in operation {step}"));
    let op = text("op").ok_or_else(|| malformed("no `op`"))?;
    let path = text("path").ok_or_else(|| malformed("no `path`"))?;
    let value = || step.get("value").cloned().ok_or_else(|| malformed("no `value`"));
    let from = || text("from").ok_or_else(|| malformed("no `from`"));
    match op {
        "add" => add(out, path, value()?).ok_or(PatchError::Refused),
        "remove" => take(out, path).map(drop).ok_or(PatchError::Refused),
        "replace" => {
            let value = value()?;
            let slot = out.pointer_mut(path).ok_or(PatchError::Refused)?;
            *slot = value;
            Ok(())
        }
        "move" => {
            let moved = take(out, from()?).ok_or(PatchError::Refused)?;
            add(out, path, moved).ok_or(PatchError::Refused)
        }
        "copy" => {
            let copied = out.pointer(from()?).cloned().ok_or(PatchError::Refused)?;
            add(out, path, copied).ok_or(PatchError::Refused)
        }
        "test" => {
            let wanted = step.get("value").unwrap_or(&Value::Null);
            let found = out.pointer(path).unwrap_or(&Value::Null);
            if found == wanted {
                return Ok(());
            }
            Err(PatchError::Refused)
        }
        other => Err(malformed(&format!("unknown `op` {other:?}"))),
    }
}

fn parent(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn add(out: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *out = value;
        return Some(());
    }
    let (above, last) = parent(path)?;
    match out.pointer_mut(above)? {
        Value::Object(map) => {
            map.insert(last, value);
        }
        Value::Array(list) if last == "-" => list.push(value),
        Value::Array(list) => {
            let at: usize = last.parse().ok()?;
            if at > list.len() {
                return None;
            }
            list.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn take(out: &mut Value, path: &str) -> Option<Value> {
    let (above, last) = parent(path)?;
    match out.pointer_mut(above)? {
        Value::Object(map) => map.remove(&last),
        Value::Array(list) => {
            let at: usize = last.parse().ok()?;
            (at < list.len()).then(|| list.remove(at))
        }
        _ => None,
    }
}

/// Merges by the kind's patch tags: lists with a merge key item by item, `$patch`, `$retainKeys`,
/// `$deleteFromPrimitiveList` and `$setElementOrder` as documented for the API.
pub fn strategic(schema: &Schema, ty: TypeId, target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if patch.get("$patch").and_then(Value::as_str) == Some("replace") {
        let mut whole = patch.clone();
        whole.remove("$patch");
        *target = Value::Object(whole);
        return;
    }
    let map = super::meta::as_map(target);
    if let Some(Value::Array(keep)) = patch.get("$retainKeys") {
        map.retain(|key, _| keep.iter().any(|k| k.as_str() == Some(key)));
    }
    for (key, value) in patch {
        if let Some(name) = key.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(Value::Array(list)), Value::Array(gone)) = (map.get_mut(name), value) {
                list.retain(|v| !gone.contains(v));
            }
        } else if !key.starts_with('$') {
            one_field(schema, ty, map, key, value);
        }
    }
    for (key, order) in patch {
        if let (Some(name), Value::Array(order)) = (key.strip_prefix("$setElementOrder/"), order)
            && let Some(Value::Array(list)) = map.get_mut(name)
        {
            let key =
                field_of(schema, ty, name).and_then(|f| f.patch.as_ref()).map_or("", |p| p.key.as_ref());
            let before = list.clone();
            reorder(list, order, &before, key);
        }
    }
}

fn field_of<'a>(schema: &'a Schema, ty: TypeId, name: &str) -> Option<&'a Field> {
    match schema.shape(ty) {
        Shape::Struct { fields, .. } => fields.get(name),
        _ => None,
    }
}

fn one_field(schema: &Schema, ty: TypeId, map: &mut Map<String, Value>, key: &str, value: &Value) {
    if value.is_null() || value.get("$patch").and_then(Value::as_str) == Some("delete") {
        map.remove(key);
        return;
    }
    let inner = match schema.shape(ty) {
        Shape::Struct { fields, .. } => fields.get(key).map(|f| (f.ty, f.patch.as_ref())),
        Shape::Map { value } => Some((*value, None)),
        _ => None,
    };
    match (inner, value) {
        (Some((ty, tags)), Value::Array(items)) => {
            let merged = merge_list(schema, ty, tags, map.get(key), items);
            map.insert(key.to_owned(), Value::Array(merged));
        }
        (Some((ty, _)), Value::Object(_)) if !matches!(schema.shape(ty), Shape::Any) => {
            strategic(schema, ty, map.entry(key.to_owned()).or_insert(Value::Null), value);
        }
        (_, Value::Object(_)) => merge_patch(map.entry(key.to_owned()).or_insert(Value::Null), value),
        (_, other) => {
            map.insert(key.to_owned(), other.clone());
        }
    }
}

fn merge_list(
    schema: &Schema,
    ty: TypeId,
    tags: Option<&Patch>,
    old: Option<&Value>,
    items: &[Value],
) -> Vec<Value> {
    let replaces = items.iter().any(|i| i.get("$patch").and_then(Value::as_str) == Some("replace"));
    let plain = || items.iter().filter(|i| i.get("$patch").is_none()).cloned().collect();
    let (Some(tags), Some(Value::Array(old)), Shape::List { item, .. }) = (tags, old, schema.shape(ty))
    else {
        return plain();
    };
    if !tags.merge || replaces {
        return plain();
    }
    let mut out = old.clone();
    for patch in items {
        if tags.key.is_empty() {
            if !out.contains(patch) {
                out.push(patch.clone());
            }
            continue;
        }
        let id = patch.get(tags.key.as_ref());
        let found = out.iter().position(|o| id.is_some() && o.get(tags.key.as_ref()) == id);
        let delete = patch.get("$patch").and_then(Value::as_str) == Some("delete");
        match (found, delete) {
            (Some(at), true) => {
                out.remove(at);
            }
            (Some(at), false) => {
                if let Some(slot) = out.get_mut(at) {
                    strategic(schema, *item, slot, patch);
                }
            }
            (None, true) => {}
            (None, false) => {
                let mut new = Value::Object(Map::new());
                strategic(schema, *item, &mut new, patch);
                out.push(new);
            }
        }
    }
    reorder(&mut out, items, old, &tags.key);
    out
}

/// Items of the patch come in its order. Items only the server has keep their order among themselves, and go
/// before an item of the patch only if the server had that one too, and later.
fn reorder(list: &mut Vec<Value>, order: &[Value], server: &[Value], key: &str) {
    let same = |a: &Value, b: &Value| {
        if key.is_empty() { a == b } else { a.get(key).is_some() && a.get(key) == b.get(key) }
    };
    let place = |item: &Value, among: &[Value]| among.iter().position(|o| same(o, item));
    let (mut patched, only): (Vec<Value>, Vec<Value>) =
        list.drain(..).partition(|i| place(i, order).is_some());
    patched.sort_by_key(|i| place(i, order));
    let (mut left, mut right) = (only.into_iter().peekable(), patched.into_iter().peekable());
    loop {
        let next = match (left.peek(), right.peek()) {
            (None, None) => return,
            (None, Some(_)) => right.next(),
            (Some(_), None) => left.next(),
            (Some(l), Some(r)) => match (place(l, server), place(r, server)) {
                (Some(l), Some(r)) if l < r => left.next(),
                _ => right.next(),
            },
        };
        list.extend(next);
    }
}
