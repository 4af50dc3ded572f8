//! Values against a contract.
//!
//! In: one layer of values as a user gives it (a file, flags), and a [`Contract`]. Out: [`Finding`]s as plain data,
//! each at a path in those values. Wording and positions are [`super::finding`]'s.
//!
//! Values are walked from the root with the *set* of places that a key may be at: what a template reads by name and
//! what it reads as any key (`range`) both count. A key of which no place is known is an error only where the
//! templates certainly look at keys one by one; where they hand a map on whole, only what is almost the name of
//! a default is.

use super::Contract;
use super::finding::{Finding, Kind, Path, Step};
use super::keys::{Key, KeyId, Source};
use super::suggest;
use serde_json::{Map, Value};

/// Everything that is wrong with these values.
pub fn check(contract: &Contract, values: &Map<String, Value>) -> Vec<Finding> {
    let mut walk = Walk { contract, path: Vec::new(), found: Vec::new() };
    walk.map(&[super::keys::Keys::ROOT], values);
    walk.found
}

struct Walk<'a> {
    contract: &'a Contract,
    path: Path,
    found: Vec<Finding>,
}

impl<'a> Walk<'a> {
    fn key(&self, id: KeyId) -> &'a Key {
        self.contract.keys.get(id)
    }

    fn value(&mut self, at: &[KeyId], value: &Value) {
        match value {
            Value::Object(map) => self.map(at, map),
            Value::Array(items) => {
                let below: Vec<KeyId> = at.iter().filter_map(|&id| self.key(id).each()).collect();
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Step::Index(index));
                    self.value(&below, item);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn map(&mut self, at: &[KeyId], map: &Map<String, Value>) {
        if at.is_empty() {
            return;
        }
        let closed = self.closed(at);
        for (name, value) in map {
            let mut below: Vec<KeyId> = Vec::new();
            let mut named = false;
            for &id in at {
                if let Some(key) = self.key(id).name(name) {
                    named = true;
                    below.push(key);
                }
                below.extend(self.key(id).each());
            }
            self.path.push(Step::Key(name.clone()));
            if !named {
                self.unnamed(at, name, value, map, closed);
            }
            self.value(&below, value);
            self.path.pop();
        }
    }

    /// A key that nothing knows by name.
    fn unnamed(&mut self, at: &[KeyId], name: &str, value: &Value, given: &Map<String, Value>, closed: bool) {
        let siblings: Vec<(&str, KeyId)> = at.iter().flat_map(|&id| self.key(id).names()).collect();
        if closed {
            let names = siblings.iter().map(|(name, _)| *name);
            let likely = suggest::likely(&self.contract.keys, &self.path, name, value, names);
            self.found.push(Finding { path: self.path.clone(), kind: Kind::Unknown { likely } });
            return;
        }
        let defaults = siblings.iter().filter(|(other, id)| {
            !given.contains_key(*other)
                && self.key(*id).default.as_ref().is_some_and(|default| same_shape(default, value))
        });
        if let Some((other, _)) = defaults.into_iter().find(|(other, _)| suggest::slip(name, other)) {
            let meant = (*other).to_owned();
            self.found.push(Finding { path: self.path.clone(), kind: Kind::NearMiss { meant } });
        }
    }

    /// Whether it is certain that no other keys than the known ones are looked at.
    fn closed(&self, at: &[KeyId]) -> bool {
        let read = |id: KeyId| {
            let by_name = |source| matches!(source, Source::Template | Source::Schema | Source::Helm);
            self.key(id)
                .names()
                .any(|(_, below)| self.key(below).sources.iter().any(|&source| by_name(source)))
        };
        let open = |id: KeyId| !self.key(id).sinks.is_empty() || self.key(id).each().is_some();
        at.iter().any(|&id| read(id)) && !at.iter().any(|&id| open(id))
    }
}

/// Whether one value may stand for the other: a map is no text, a null is anything.
fn same_shape(a: &Value, b: &Value) -> bool {
    let shape = |value: &Value| match value {
        Value::Null => 0,
        Value::Array(_) => 1,
        Value::Object(_) => 2,
        _ => 3,
    };
    let (a, b) = (shape(a), shape(b));
    a == b || a == 0 || b == 0
}
