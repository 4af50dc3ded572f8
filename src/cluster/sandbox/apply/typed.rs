//! Walks over objects by their schema: validation, field sets, comparison, merging, removal.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::set::{Elem, Set, field, show};
use crate::kubernetes::{Field, Fields, ListKind, Scalar, Schema, Shape, TypeId};

/// A type of a schema, or "whatever the value is".
#[derive(Clone, Copy)]
pub struct Ty<'a> {
    schema: &'a Schema,
    id: Option<TypeId>,
    /// The field says `x-kubernetes-map-type: atomic`.
    atomic: bool,
}

/// How a value is walked.
enum Kind<'a> {
    /// One value: a scalar, or a list or map that is merged as a whole.
    Leaf,
    List {
        item: Ty<'a>,
        kind: &'a ListKind,
    },
    Map {
        value: Ty<'a>,
    },
    Struct {
        fields: &'a Fields,
    },
}

impl<'a> Ty<'a> {
    pub fn new(schema: &'a Schema, id: TypeId) -> Self {
        Ty { schema, id: Some(id), atomic: false }
    }

    fn deduced(self) -> Self {
        Ty { id: None, atomic: false, ..self }
    }

    fn of_field(self, field: &Field) -> Self {
        Ty { schema: self.schema, id: Some(field.ty), atomic: field.atomic }
    }

    fn kind(&self, value: Option<&Value>) -> Kind<'a> {
        let schema = self.schema;
        let Some(id) = self.id else { return self.deduced_kind(value) };
        if self.atomic || schema.get(id).is_some_and(|t| t.atomic) {
            return Kind::Leaf;
        }
        let with = |id: &TypeId| Ty { schema, id: Some(*id), atomic: false };
        match schema.shape(id) {
            Shape::Scalar(_) | Shape::Any | Shape::List { kind: ListKind::Atomic, .. } => Kind::Leaf,
            Shape::Deduced => self.deduced_kind(value),
            Shape::List { item, kind } => Kind::List { item: with(item), kind },
            Shape::Map { value } => Kind::Map { value: with(value) },
            Shape::Struct { fields, .. } => Kind::Struct { fields },
        }
    }

    fn deduced_kind(&self, value: Option<&Value>) -> Kind<'a> {
        match value {
            Some(Value::Object(_)) => Kind::Map { value: self.deduced() },
            _ => Kind::Leaf,
        }
    }

    /// The type below a path element, and whether the element is a field the schema declares.
    pub fn child(&self, elem: &str) -> (Ty<'a>, bool) {
        let name = elem.strip_prefix("f:");
        match (self.kind(None), name) {
            (Kind::Struct { fields }, Some(name)) => match fields.get(name) {
                Some(field) => (self.of_field(field), true),
                None => (self.deduced(), false),
            },
            (Kind::Map { value }, _) => (value, false),
            (Kind::List { item, .. }, _) => (item, false),
            _ => (self.deduced(), false),
        }
    }

    /// The keys' default values matter: a port without protocol is `TCP`.
    fn item_elem(&self, item: Ty<'a>, kind: &ListKind, value: &Value) -> Result<Elem, String> {
        match kind {
            ListKind::Map(keys) => {
                let Value::Object(map) = value else {
                    return Err("associative list with keys may not have non-map elements".to_owned());
                };
                let fields = match item.kind(Some(value)) {
                    Kind::Struct { fields } => Some(fields),
                    _ => None,
                };
                let mut found = Map::new();
                for key in keys {
                    let default = || fields.and_then(|f| f.get(key)).and_then(|f| f.default.clone());
                    if let Some(v) = map.get(key.as_ref()).cloned().or_else(default) {
                        found.insert(key.clone().into_owned(), v);
                    }
                }
                if found.is_empty() {
                    let keys: Vec<String> = keys.iter().map(|k| format!("\"{k}\"")).collect();
                    return Err(format!(
                        "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
                        keys.join(", ")
                    ));
                }
                Ok(format!("k:{}", Value::Object(found)))
            }
            ListKind::Set | ListKind::Atomic => match value {
                Value::Object(_) | Value::Array(_) => Err("invalid set element".to_owned()),
                scalar => Ok(format!("v:{scalar}")),
            },
        }
    }

    fn items<'v>(&self, item: Ty<'a>, kind: &ListKind, value: Option<&'v Value>) -> Vec<(Elem, &'v Value)> {
        let list = value.and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|v| self.item_elem(item, kind, v).ok().map(|elem| (elem, v)))
            .collect()
    }
}

/// What is wrong with an applied object, as `.spec.replicas: expected numeric (int or float), got string`.
pub fn validate(ty: &Ty<'_>, value: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    check(ty, value, &mut Vec::new(), &mut errors);
    errors
}

fn at_path(at: &[Elem], text: &str) -> String {
    format!("{}: {text}", show(at))
}

fn check(ty: &Ty<'_>, value: &Value, at: &mut Vec<Elem>, errors: &mut Vec<String>) {
    if value.is_null() {
        return;
    }
    let shape = ty.id.map_or(&Shape::Deduced, |id| ty.schema.shape(id));
    match (shape, value) {
        (Shape::Any | Shape::Deduced, _) => {}
        (Shape::Scalar(scalar), v) => {
            if let Some(text) = scalar_error(*scalar, v) {
                errors.push(at_path(at, &text));
            }
        }
        (Shape::List { item, kind }, Value::Array(list)) => {
            let item = Ty { schema: ty.schema, id: Some(*item), atomic: false };
            let mut seen = std::collections::BTreeSet::new();
            for (i, v) in list.iter().enumerate() {
                let elem = match kind {
                    ListKind::Atomic => format!("i:{i}"),
                    kind => match ty.item_elem(item, kind, v) {
                        Ok(elem) => elem,
                        Err(text) => return errors.push(at_path(at, &format!("element {i}: {text}"))),
                    },
                };
                if !seen.insert(elem.clone()) && *kind != ListKind::Atomic {
                    errors.push(at_path(
                        at,
                        &format!("duplicate entries for key {}", show(std::slice::from_ref(&elem))),
                    ));
                }
                at.push(elem);
                check(&item, v, at, errors);
                at.pop();
            }
        }
        (Shape::Map { value: inner }, Value::Object(map)) => {
            let inner = Ty { schema: ty.schema, id: Some(*inner), atomic: false };
            for (key, v) in map {
                at.push(field(key));
                check(&inner, v, at, errors);
                at.pop();
            }
        }
        (Shape::Struct { fields, open }, Value::Object(map)) => {
            for (key, v) in map {
                at.push(field(key));
                match fields.get(key) {
                    Some(f) => check(&ty.of_field(f), v, at, errors),
                    None if *open => {}
                    None => errors.push(format!("{}: field not declared in schema", show(at))),
                }
                at.pop();
            }
        }
        (Shape::List { .. }, other) => {
            errors.push(at_path(at, &format!("expected list, got &{{{}}}", plain(other))))
        }
        (_, other) => errors.push(at_path(at, &format!("expected map, got &{{{}}}", plain(other)))),
    }
}

/// A value as Go's `%v` prints it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(s) => s.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(plain).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let parts: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", plain(v))).collect();
            format!("map[{}]", parts.join(" "))
        }
        other => other.to_string(),
    }
}

/// A value as Go's `%#v` prints it.
fn syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(s) => format!("{s:?}"),
        Value::Array(list) => {
            format!("[]interface {{}}{{{}}}", list.iter().map(syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let parts: Vec<String> = map.iter().map(|(k, v)| format!("{k:?}:{}", syntax(v))).collect();
            format!("map[string]interface {{}}{{{}}}", parts.join(", "))
        }
        other => other.to_string(),
    }
}

/// How Go prints its wrapper around a value where it expected a scalar.
fn describe(value: &Value) -> String {
    format!("&value.valueUnstructured{{Value:{}}}", syntax(value))
}

fn scalar_error(scalar: Scalar, value: &Value) -> Option<String> {
    match (scalar, value) {
        (Scalar::Int32 | Scalar::Int64 | Scalar::Double, Value::Number(_)) => None,
        (Scalar::Int32 | Scalar::Int64 | Scalar::Double, other) => {
            let go = match other {
                Value::String(_) => "string",
                Value::Bool(_) => "bool",
                Value::Array(_) => "[]interface {}",
                _ => "map[string]interface {}",
            };
            Some(format!("expected numeric (int or float), got {go}"))
        }
        (Scalar::Bool, Value::Bool(_)) => None,
        (Scalar::Bool, other) => Some(format!("expected boolean, got &{{{}}}", plain(other))),
        (Scalar::IntOrString | Scalar::Quantity, Value::String(_) | Value::Number(_)) => None,
        (Scalar::IntOrString | Scalar::Quantity, other) => {
            Some(format!("expected any scalar, got &{{{}}}", plain(other)))
        }
        (_, Value::String(_)) => None,
        (_, other) => Some(format!("expected string, got {}", describe(other))),
    }
}

/// The fields an object sets.
pub fn field_set(ty: &Ty<'_>, value: &Value) -> Set {
    let mut out = Set::default();
    gather(ty, value, &mut Vec::new(), &mut out);
    out
}

fn gather(ty: &Ty<'_>, value: &Value, at: &mut Vec<Elem>, out: &mut Set) {
    match (ty.kind(Some(value)), value) {
        (Kind::Leaf, _) => out.insert(at),
        (Kind::List { item, kind }, Value::Array(_)) => {
            for (elem, v) in ty.items(item, kind, Some(value)) {
                at.push(elem);
                gather(&item, v, at, out);
                out.insert(at);
                at.pop();
            }
        }
        (Kind::Map { value: inner }, Value::Object(map)) => {
            for (key, v) in map {
                at.push(field(key));
                gather(&inner, v, at, out);
                out.insert(at);
                at.pop();
            }
        }
        (Kind::Struct { fields }, Value::Object(map)) => {
            for (key, v) in map {
                let inner = fields.get(key).map_or_else(|| ty.deduced(), |f| ty.of_field(f));
                at.push(field(key));
                gather(&inner, v, at, out);
                let empty = v.is_null() || v.as_object().is_some_and(Map::is_empty);
                if empty || fields.get(key).is_none() {
                    out.insert(at);
                }
                at.pop();
            }
        }
        _ => {}
    }
}

/// What differs between two objects.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub added: Set,
    pub modified: Set,
    pub removed: Set,
}

impl Changes {
    /// Both kinds of change that take a field from whoever had it.
    pub fn written(&self) -> Set {
        self.added.union(&self.modified)
    }
}

pub fn compare(ty: &Ty<'_>, old: &Value, new: &Value) -> Changes {
    let mut out = Changes::default();
    diff(ty, Some(old), Some(new), &mut Vec::new(), &mut out);
    out
}

fn note(old: Option<&Value>, new: Option<&Value>, at: &[Elem], out: &mut Changes) {
    match (old, new) {
        (None, Some(_)) => out.added.insert(at),
        (Some(_), None) => out.removed.insert(at),
        (Some(a), Some(b)) if !same(a, b) => out.modified.insert(at),
        _ => {}
    }
}

/// Numbers are equal by value, however they are spelled.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(a, b)| same(a, b)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(k, a)| y.get(k).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn vacant(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(a)) => a.is_empty(),
        Some(Value::Object(o)) => o.is_empty(),
        Some(_) => false,
    }
}

fn diff(ty: &Ty<'_>, old: Option<&Value>, new: Option<&Value>, at: &mut Vec<Elem>, out: &mut Changes) {
    let kind = ty.kind(new.filter(|v| !v.is_null()).or(old));
    // A deduced type that changed its nature is one changed value.
    let unlike = ty.id.is_none()
        && matches!((old, new), (Some(a), Some(b)) if a.is_object() != b.is_object() && !a.is_null() && !b.is_null());
    if unlike || matches!(kind, Kind::Leaf) || (vacant(old) && vacant(new)) {
        return note(old, new, at, out);
    }
    match kind {
        Kind::Leaf => {}
        Kind::List { item, kind } => {
            let (was, is) = (grouped(ty.items(item, kind, old)), grouped(ty.items(item, kind, new)));
            for (elem, a) in &was {
                let b = is.get(elem).map_or(&[] as &[&Value], Vec::as_slice);
                at.push(elem.clone());
                diff_items(&item, a, b, at, out);
                at.pop();
            }
            for (elem, b) in is.iter().filter(|(e, _)| !was.contains_key(*e)) {
                at.push(elem.clone());
                diff_items(&item, &[], b, at, out);
                at.pop();
            }
        }
        Kind::Map { value } => diff_maps(old, new, at, out, |_| value),
        Kind::Struct { fields } => {
            diff_maps(old, new, at, out, |key| {
                fields.get(key).map_or_else(|| ty.deduced(), |f| ty.of_field(f))
            });
        }
    }
    if !at.is_empty() {
        match (old, new) {
            (None, Some(_)) => out.added.insert(at),
            (Some(_), None) => out.removed.insert(at),
            _ => {}
        }
    }
}

fn grouped<'v>(items: Vec<(Elem, &'v Value)>) -> BTreeMap<Elem, Vec<&'v Value>> {
    let mut out: BTreeMap<Elem, Vec<&'v Value>> = BTreeMap::new();
    for (elem, v) in items {
        out.entry(elem).or_default().push(v);
    }
    out
}

/// Items that share a key (updates may send such) are one value.
fn diff_items(item: &Ty<'_>, old: &[&Value], new: &[&Value], at: &mut Vec<Elem>, out: &mut Changes) {
    match (old, new) {
        ([] | [_], [] | [_]) => diff(item, old.first().copied(), new.first().copied(), at, out),
        (a, b) if a.len() >= 2 && b.len() >= 2 => {
            if a.len() != b.len() || a.iter().zip(b).any(|(x, y)| !same(x, y)) {
                out.modified.insert(at);
            }
        }
        (_, b) if b.len() < 2 => {
            if let Some(b) = b.first() {
                diff(item, None, Some(b), at, out);
            }
            out.removed.insert(at);
        }
        (a, _) => {
            if let Some(a) = a.first() {
                diff(item, Some(a), None, at, out);
            }
            out.added.insert(at);
        }
    }
}

fn diff_maps<'t>(
    old: Option<&Value>,
    new: Option<&Value>,
    at: &mut Vec<Elem>,
    out: &mut Changes,
    ty_of: impl Fn(&str) -> Ty<'t>,
) {
    let empty = Map::new();
    let was = old.and_then(Value::as_object).unwrap_or(&empty);
    let is = new.and_then(Value::as_object).unwrap_or(&empty);
    for (key, a) in was {
        at.push(field(key));
        diff(&ty_of(key), Some(a), is.get(key), at, out);
        at.pop();
    }
    for (key, b) in is.iter().filter(|(k, _)| !was.contains_key(*k)) {
        at.push(field(key));
        diff(&ty_of(key), None, Some(b), at, out);
        at.pop();
    }
}

/// `new` laid over `old`.
pub fn merge(ty: &Ty<'_>, old: &Value, new: &Value) -> Value {
    overlay(ty, Some(old), Some(new)).unwrap_or_else(|| Value::Object(Map::new()))
}

fn overlay(ty: &Ty<'_>, old: Option<&Value>, new: Option<&Value>) -> Option<Value> {
    let Some(over) = new else { return old.cloned() };
    let kind = ty.kind(Some(over).filter(|v| !v.is_null()).or(old));
    if matches!(kind, Kind::Leaf) || (vacant(old) && vacant(new)) {
        return Some(over.clone());
    }
    match kind {
        Kind::Leaf => Some(over.clone()),
        Kind::List { item, kind } => Some(Value::Array(overlay_list(ty, &item, kind, old, over))),
        Kind::Map { value } => Some(overlay_map(old, over, |_| value)),
        Kind::Struct { fields } => Some(overlay_map(old, over, |key| {
            fields.get(key).map_or_else(|| ty.deduced(), |f| ty.of_field(f))
        })),
    }
}

fn overlay_map<'t>(old: Option<&Value>, over: &Value, ty_of: impl Fn(&str) -> Ty<'t>) -> Value {
    let mut out = old.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Value::Object(map) = over {
        for (key, v) in map {
            if let Some(merged) = overlay(&ty_of(key), out.get(key), Some(v)) {
                out.insert(key.clone(), merged);
            }
        }
    }
    Value::Object(out)
}

/// The applied order leads; items only the old list has keep their place between their neighbours.
fn overlay_list(
    ty: &Ty<'_>,
    item: &Ty<'_>,
    kind: &ListKind,
    old: Option<&Value>,
    over: &Value,
) -> Vec<Value> {
    let left = ty.items(*item, kind, old);
    let right = ty.items(*item, kind, Some(over));
    let in_left: BTreeMap<&Elem, &Value> = left.iter().map(|(e, v)| (e, *v)).collect();
    let in_right: BTreeMap<&Elem, &Value> = right.iter().map(|(e, v)| (e, *v)).collect();
    let mut shared = right.iter().map(|(e, _)| e).filter(|e| in_left.contains_key(e)).peekable();
    let mut done = std::collections::BTreeSet::new();
    let mut out = Vec::with_capacity(left.len().max(right.len()));
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        if let (Some((le, lv)), Some((re, rv))) = (left.get(l), right.get(r)) {
            if le == re {
                out.extend(overlay(item, Some(lv), Some(rv)));
                done.insert(re);
                (l, r) = (l + 1, r + 1);
                shared.next();
                continue;
            }
            if in_right.contains_key(le) && shared.peek().is_some_and(|next| *next != le) {
                l += 1;
                continue;
            }
        }
        if let Some((le, lv)) = left.get(l) {
            if !in_right.contains_key(le) {
                out.push((*lv).clone());
                l += 1;
                continue;
            }
            if done.contains(le) {
                l += 1;
            }
        }
        if let Some((re, rv)) = right.get(r) {
            out.extend(overlay(item, in_left.get(re).copied(), Some(rv)));
            done.insert(re);
            r += 1;
            if shared.peek().is_some_and(|next| *next == re) {
                shared.next();
            }
        }
    }
    out
}

/// The object without the fields of a set; containers that become empty go too.
pub fn remove(ty: &Ty<'_>, value: &Value, gone: &Set) -> Option<Value> {
    match (ty.kind(Some(value)), value) {
        (Kind::Leaf, _) if !value.is_array() && !value.is_object() => Some(value.clone()),
        // Reached only through a set that names something inside an atomic value: nothing of it remains.
        (Kind::Leaf, _) => None,
        (Kind::List { item, kind }, Value::Array(list)) => {
            let mut out = Vec::new();
            for v in list {
                let Ok(elem) = ty.item_elem(item, kind, v) else { continue };
                if gone.has(&elem) {
                    continue;
                }
                match gone.below(&elem) {
                    Some(below) => out.push(remove(&item, v, below).unwrap_or(Value::Null)),
                    None => out.push(v.clone()),
                }
            }
            (!out.is_empty()).then_some(Value::Array(out))
        }
        (Kind::Map { .. } | Kind::Struct { .. }, Value::Object(map)) => {
            let mut out = Map::new();
            for (key, v) in map {
                let elem = field(key);
                if gone.has(&elem) {
                    continue;
                }
                match gone.below(&elem) {
                    Some(below) => {
                        let (inner, _) = ty.child(&elem);
                        if let Some(left) = remove(&inner, v, below) {
                            out.insert(key.clone(), left);
                        } else {
                            out.insert(key.clone(), Value::Null);
                        }
                    }
                    None => {
                        out.insert(key.clone(), v.clone());
                    }
                }
            }
            (!out.is_empty()).then_some(Value::Object(out))
        }
        (_, other) => Some(other.clone()),
    }
}
