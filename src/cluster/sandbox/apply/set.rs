//! Sets of fields (`FieldsV1`).
//!
//! A path element is kept in its FieldsV1 spelling: `f:NAME` a field, `k:{…}` the item of a list with these
//! key values, `v:VALUE` the item of a set. Spelling is canonical (sorted keys, compact JSON), so equal
//! elements are equal strings.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::typed::Ty;

pub type Elem = String;

/// The element of a field.
pub fn field(name: &str) -> Elem {
    format!("f:{name}")
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    members: BTreeSet<Elem>,
    children: BTreeMap<Elem, Set>,
}

impl Set {
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.values().all(Set::is_empty)
    }

    pub fn insert(&mut self, path: &[Elem]) {
        if let Some((last, parents)) = path.split_last() {
            let mut at = self;
            for elem in parents {
                at = at.children.entry(elem.clone()).or_default();
            }
            at.members.insert(last.clone());
        }
    }

    pub fn has(&self, elem: &str) -> bool {
        self.members.contains(elem)
    }

    /// Whether a path is a member.
    pub fn contains(&self, path: &[&str]) -> bool {
        match path {
            [] => false,
            [last] => self.members.contains(*last),
            [first, rest @ ..] => self.children.get(*first).is_some_and(|c| c.contains(rest)),
        }
    }

    /// What lies below an element.
    pub fn below(&self, elem: &str) -> Option<&Set> {
        self.children.get(elem).filter(|s| !s.is_empty())
    }

    #[must_use]
    pub fn union(&self, other: &Set) -> Set {
        let mut out = self.clone();
        out.members.extend(other.members.iter().cloned());
        for (elem, set) in &other.children {
            let merged = out.children.get(elem).map_or_else(|| set.clone(), |own| own.union(set));
            out.children.insert(elem.clone(), merged);
        }
        out
    }

    #[must_use]
    pub fn difference(&self, other: &Set) -> Set {
        let mut out =
            Set { members: self.members.difference(&other.members).cloned().collect(), ..Set::default() };
        for (elem, set) in &self.children {
            let left = other.children.get(elem).map_or_else(|| set.clone(), |o| set.difference(o));
            if !left.is_empty() {
                out.children.insert(elem.clone(), left);
            }
        }
        out
    }

    #[must_use]
    pub fn intersection(&self, other: &Set) -> Set {
        let mut out =
            Set { members: self.members.intersection(&other.members).cloned().collect(), ..Set::default() };
        for (elem, set) in &self.children {
            if let Some(common) =
                other.children.get(elem).map(|o| set.intersection(o)).filter(|s| !s.is_empty())
            {
                out.children.insert(elem.clone(), common);
            }
        }
        out
    }

    /// Leaves out an element with all that is below it.
    #[must_use]
    pub fn without(mut self, path: &[&str]) -> Set {
        self.cut(path);
        self
    }

    fn cut(&mut self, path: &[&str]) {
        match path {
            [] => {}
            [last] => {
                self.members.remove(*last);
                self.children.remove(*last);
            }
            [first, rest @ ..] => {
                if let Some(child) = self.children.get_mut(*first) {
                    child.cut(rest);
                    if child.is_empty() {
                        self.children.remove(*first);
                    }
                }
            }
        }
    }

    /// Only an element with all that is below it.
    #[must_use]
    pub fn only(&self, elem: &str) -> Set {
        let mut out = Set::default();
        if self.members.contains(elem) {
            out.members.insert(elem.to_owned());
        }
        if let Some(child) = self.children.get(elem) {
            out.children.insert(elem.to_owned(), child.clone());
        }
        out
    }

    /// Makes struct fields on the way to a member members too, as pruning needs them.
    #[must_use]
    pub fn with_named_parents(&self, ty: &Ty<'_>) -> Set {
        let mut out = Set { members: self.members.clone(), ..Set::default() };
        for (elem, set) in &self.children {
            let (inner, named) = ty.child(elem);
            if named {
                out.members.insert(elem.clone());
            }
            out.children.insert(elem.clone(), set.with_named_parents(&inner));
        }
        out
    }

    /// Every member's path.
    pub fn paths(&self) -> Vec<Vec<Elem>> {
        let mut out = Vec::new();
        self.collect(&mut Vec::new(), &mut out);
        out
    }

    fn collect(&self, at: &mut Vec<Elem>, out: &mut Vec<Vec<Elem>>) {
        for elem in &self.members {
            at.push(elem.clone());
            out.push(at.clone());
            at.pop();
        }
        for (elem, set) in &self.children {
            at.push(elem.clone());
            set.collect(at, out);
            at.pop();
        }
    }

    /// As `fieldsV1`.
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        for elem in &self.members {
            if self.below(elem).is_none() {
                out.insert(elem.clone(), Value::Object(Map::new()));
            }
        }
        for (elem, set) in &self.children {
            if set.is_empty() {
                continue;
            }
            let mut inner = set.to_json();
            if let (true, Value::Object(map)) = (self.members.contains(elem), &mut inner) {
                map.insert(".".to_owned(), Value::Object(Map::new()));
            }
            out.insert(elem.clone(), inner);
        }
        Value::Object(out)
    }

    /// From `fieldsV1`; what is not understood is left out.
    pub fn from_json(value: &Value) -> Set {
        let mut out = Set::default();
        let Value::Object(map) = value else { return out };
        for (elem, inner) in map.iter().filter(|(e, _)| e.as_str() != ".") {
            let elem = canonical(elem);
            let below = Set::from_json(inner);
            let member = below.is_empty() || inner.get(".").is_some();
            if member {
                out.members.insert(elem.clone());
            }
            if !below.is_empty() {
                out.children.insert(elem, below);
            }
        }
        out
    }
}

fn canonical(elem: &str) -> Elem {
    // serde_json's maps are sorted and print compactly: parsing and printing makes the spelling canonical.
    for prefix in ["k:", "v:"] {
        if let Some(value) =
            elem.strip_prefix(prefix).and_then(|json| serde_json::from_str::<Value>(json).ok())
        {
            return format!("{prefix}{value}");
        }
    }
    elem.to_owned()
}

/// A path as Kubernetes prints it: `.spec.containers[name="app"].image`.
pub fn show(path: &[Elem]) -> String {
    let mut out = String::new();
    for elem in path {
        if let Some(name) = elem.strip_prefix("f:") {
            out.push('.');
            out.push_str(name);
        } else if let Some(value) = elem.strip_prefix("v:") {
            out.push_str(&format!("[={value}]"));
        } else if let Some(Ok(Value::Object(keys))) = elem.strip_prefix("k:").map(serde_json::from_str) {
            let parts: Vec<String> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
            out.push_str(&format!("[{}]", parts.join(",")));
        } else {
            out.push_str(&format!("[{}]", elem.trim_start_matches("i:")));
        }
    }
    out
}
