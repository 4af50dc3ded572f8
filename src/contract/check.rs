//! Values against a contract.
//!
//! In: one layer of values as a user gives it (a file, flags), and a [`Contract`]. Out: [`Finding`]s as plain data,
//! each at a path in those values. Wording and positions are [`super::finding`]'s.
//!
//! Values are walked from the root with the *set* of places that a key may be at: what a template reads by name and
//! what it reads as any key (`range`) both count. A key of which no place is known is an error only where the
//! templates certainly look at keys one by one, or hand the map on to a field of which Kubernetes knows all keys;
//! in other maps, only what is almost the name of a default is.

use super::Contract;
use super::fields::{self, Types};
use super::finding::{Finding, Kind, Path, Shape, Step};
use super::keys::{Key, KeyId, Keys, Source};
use super::reads::Reads;
use super::suggest::{self, Slip};
use serde_json::{Map, Value};

/// Everything that is wrong with these values.
pub fn check(contract: &Contract, values: &Map<String, Value>) -> Vec<Finding> {
    let reads = Reads::of(values);
    let mut walk = Walk { contract, reads, path: Vec::new(), found: Vec::new() };
    walk.map(&Place { keys: vec![Keys::ROOT], types: None }, values);
    walk.found
}

/// Where a value is, in the contract.
struct Place {
    /// All keys that it is at.
    keys: Vec<KeyId>,
    /// What Kubernetes takes there, if that is known.
    types: Option<Types>,
}

struct Walk<'a> {
    contract: &'a Contract,
    /// What templates among the values read.
    reads: Reads,
    path: Path,
    found: Vec<Finding>,
}

impl<'a> Walk<'a> {
    fn key(&self, id: KeyId) -> &'a Key {
        self.contract.keys.get(id)
    }

    fn find(&mut self, kind: Kind) {
        self.found.push(Finding { path: self.path.clone(), kind });
    }

    fn value(&mut self, at: &Place, value: &Value) {
        match value {
            Value::Object(map) => self.map(at, map),
            Value::Array(items) => {
                let keys = at.keys.iter().filter_map(|&id| self.key(id).each()).collect();
                let below = self.place(keys, at.types.as_ref().and_then(Types::items));
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Step::Index(index));
                    self.value(&below, item);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    /// A place, with what its sinks tell of its type besides what the one around it does.
    fn place(&self, keys: Vec<KeyId>, inherited: Option<Types>) -> Place {
        let sinks = || keys.iter().flat_map(|&id| &self.key(id).sinks);
        let types = match sinks().next() {
            None => inherited,
            Some(_) => fields::of_sinks(sinks()).map(|types| types.or(inherited)),
        };
        Place { keys, types }
    }

    fn map(&mut self, at: &Place, map: &Map<String, Value>) {
        if at.keys.is_empty() && at.types.is_none() {
            return;
        }
        let closed = self.closed(&at.keys);
        for (name, value) in map {
            let named: Vec<KeyId> = at.keys.iter().filter_map(|&id| self.key(id).name(name)).collect();
            self.path.push(Step::Key(name.clone()));
            if named.is_empty() {
                self.unnamed(at, name, value, map, closed);
            } else {
                self.named(&named, value);
            }
            let mut below = named;
            below.extend(at.keys.iter().filter_map(|&id| self.key(id).each()));
            let types = at.types.as_ref().and_then(|types| types.field(name));
            let below = self.place(below, types);
            self.value(&below, value);
            self.path.pop();
        }
    }

    /// A key that nothing knows by name.
    fn unnamed(&mut self, at: &Place, name: &str, value: &Value, given: &Map<String, Value>, closed: bool) {
        if self.reads.contains(&self.path) {
            return;
        }
        let siblings: Vec<(&str, KeyId)> = at.keys.iter().flat_map(|&id| self.key(id).names()).collect();
        if closed {
            let likely = suggest::likely(&self.contract.keys, &self.path, name, value, &siblings);
            return self.find(Kind::Unknown { likely });
        }
        if let Some(types) = &at.types
            && let Some(names) = types.lacking(name)
        {
            let known = siblings.iter().map(|(name, _)| *name).chain(names.fields.iter().map(|name| &**name));
            let meant = suggest::nearest(name, known);
            return self.find(Kind::UnknownField { types: names.types, meant });
        }
        let defaults = siblings.iter().filter(|(other, id)| {
            !given.contains_key(*other)
                && self.key(*id).default.as_ref().is_some_and(|default| same_shape(default, value))
        });
        let slips = defaults.filter_map(|(other, _)| Some((suggest::slip(name, other)?, *other)));
        if let Some((slip, other)) = slips.min_by_key(|(slip, _)| *slip == Slip::Perhaps) {
            let meant = other.to_owned();
            self.find(Kind::NearMiss { meant, slip });
        }
    }

    /// A key that is known: whether the value can be what belongs there.
    fn named(&mut self, keys: &[KeyId], value: &Value) {
        if keys.iter().any(|&id| self.key(id).deprecated) {
            let why = keys.iter().find_map(|&id| self.key(id).description.clone());
            self.find(Kind::Deprecated { why });
        }
        let Some(default) = keys.iter().find_map(|&id| self.key(id).default.as_ref()) else { return };
        match (default, value) {
            (Value::Null, Value::Null) => {}
            (_, Value::Null) => self.find(Kind::Deletes),
            (Value::Object(map), Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Bool(_))
                if !map.is_empty() && truthy(value) && self.closed(keys) =>
            {
                self.find(Kind::WrongShape { expected: Shape::Map, found: Shape::of(value) });
            }
            (Value::Bool(_), Value::String(text)) if matches!(text.as_str(), "true" | "false") => {
                self.find(Kind::QuotedBool { text: text.clone() });
            }
            (Value::Array(old), Value::Array(new)) => {
                let lost = old.iter().filter(|entry| !new.contains(entry)).count();
                if lost > 0 {
                    self.find(Kind::Replaces { lost, of: old.len() });
                }
            }
            _ => {}
        }
    }

    fn closed(&self, at: &[KeyId]) -> bool {
        closed(self.contract, at)
    }
}

/// Whether it is certain that no other keys than the known ones are looked at.
pub fn closed(contract: &Contract, at: &[KeyId]) -> bool {
    let keys = &contract.keys;
    let by_name = |source: &Source| matches!(source, Source::Template | Source::Schema | Source::Helm);
    let read = |id: KeyId| keys.get(id).names().any(|(_, below)| keys.get(below).sources.iter().any(by_name));
    let open = |id: KeyId| {
        let key = keys.get(id);
        !key.sinks.is_empty() || key.each().is_some_and(|each| keys.get(each).listed)
    };
    contract.complete && at.iter().any(|&id| read(id)) && !at.iter().any(|&id| open(id))
}

/// What Go's templates take for true.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// Whether one value may stand for the other: a map is no text, a null is anything.
fn same_shape(a: &Value, b: &Value) -> bool {
    let shape = |value: &Value| match value {
        Value::Null => None,
        value => Some(Shape::of(value)),
    };
    match (shape(a), shape(b)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
