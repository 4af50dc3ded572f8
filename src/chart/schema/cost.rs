//! How long checking would take, found out before: a schema of a hundred lines can ask for 2^40 checks.
//!
//! In: schema and values as JSON. Out: whether the checks, counted as a validator does them that follows every
//! reference and tries every alternative, stay below a bound. The count takes each pair of a schema and a value
//! once, so that it is quick where the checks are not. Keywords that need no look at other schemas count nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// How many pairs of a schema and a value may be checked: about two seconds.
const MAX_CHECKS: u64 = 5_000_000;
/// How deep schemas may lead to one another; values are never nested deeper.
const MAX_DEPTH: usize = 400;

/// Keywords with one schema for the value itself, with several, and with named ones.
const SELF: [&str; 4] = ["not", "if", "then", "else"];
const SELF_LIST: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const SELF_NAMED: [&str; 2] = ["dependentSchemas", "dependencies"];
/// Keywords with a schema for each entry or item.
const EACH_ENTRY: [&str; 2] = ["additionalProperties", "unevaluatedProperties"];
const EACH_ITEM: [&str; 4] = ["items", "additionalItems", "contains", "unevaluatedItems"];
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// What of a schema bounds the checks of any values against it.
pub(super) struct Bounds {
    /// How many parts it has, where no reference makes it larger than it looks.
    nodes: Option<u64>,
    /// How many schemas it has, references replaced by what they lead to; none if one leads back to itself.
    schemas: Option<u64>,
}

impl Bounds {
    pub(super) fn of(schema: &Value) -> Bounds {
        if !refers(schema) {
            return Bounds { nodes: Some(nodes(schema)), schemas: None };
        }
        Bounds { nodes: None, schemas: Count::of(schema).schemas(schema, 0) }
    }

    /// Whether the values are checked against the schema, whose bounds these are, in reasonable time and memory.
    pub(super) fn allow(&self, schema: &Value, values: &Map<String, Value>) -> bool {
        let size = nodes_of(values);
        // Without references nothing multiplies, and nothing needs to be remembered.
        if self.nodes.is_some_and(|nodes| nodes.saturating_mul(size) < 10 * MAX_CHECKS) {
            return true;
        }
        // Each value meets each part of the schema once at most, references replaced by what they lead to.
        let schemas = match self.nodes {
            Some(_) => Count::of(schema).schemas(schema, 0),
            None => self.schemas,
        };
        if schemas.is_some_and(|schemas| schemas.saturating_mul(size) < MAX_CHECKS) {
            return true;
        }
        let values = Value::Object(values.clone());
        Count::of(schema).checks(schema, &values, 0) <= MAX_CHECKS
    }
}

fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(keywords) => {
            keywords.iter().any(|(keyword, below)| REFERENCES.contains(&keyword.as_str()) || refers(below))
        }
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

fn nodes_of(values: &Map<String, Value>) -> u64 {
    values.values().map(nodes).fold(1, u64::saturating_add)
}

fn nodes(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().map(nodes).fold(1, u64::saturating_add),
        Value::Object(entries) => nodes_of(entries),
        _ => 1,
    }
}

struct Count<'s> {
    root: &'s Value,
    /// By address: schemas are not moved while they are counted. None while one is being counted.
    schemas: BTreeMap<*const Value, Option<u64>>,
    checks: BTreeMap<(*const Value, *const Value), Option<u64>>,
}

impl<'s> Count<'s> {
    const fn of(root: &'s Value) -> Self {
        Count { root, schemas: BTreeMap::new(), checks: BTreeMap::new() }
    }

    /// What a reference leads to; one by name or into another document leads nowhere here.
    fn target(&self, reference: &Value) -> Option<&'s Value> {
        let fragment = reference.as_str()?.strip_prefix('#')?;
        self.root.pointer(&fragment.replace("%25", "%").replace("%24", "$"))
    }

    /// How many schemas there are below this one, itself included; none if it leads back to itself.
    fn schemas(&mut self, schema: &'s Value, depth: usize) -> Option<u64> {
        let children: &mut dyn Iterator<Item = &'s Value> = match schema {
            Value::Object(keywords) => &mut keywords.values(),
            Value::Array(items) => &mut items.iter(),
            _ => return Some(1),
        };
        if let Some(known) = self.schemas.get(&std::ptr::from_ref(schema)) {
            return *known;
        }
        if depth > MAX_DEPTH {
            return None;
        }
        self.schemas.insert(schema, None);
        let mut count: u64 = 1;
        for child in children {
            count = count.saturating_add(self.schemas(child, depth + 1)?);
        }
        for reference in REFERENCES {
            if let Some(target) = schema.get(reference).and_then(|r| self.target(r)) {
                count = count.saturating_add(self.schemas(target, depth + 1)?);
            }
        }
        self.schemas.insert(schema, Some(count));
        Some(count)
    }

    /// How many checks one value takes; a pair met again within itself is no check of a validator that ends.
    fn checks<'v>(&mut self, schema: &'s Value, value: &'v Value, depth: usize) -> u64 {
        let Value::Object(keywords) = schema else { return 1 };
        let pair = (std::ptr::from_ref(schema), std::ptr::from_ref(value));
        if let Some(known) = self.checks.get(&pair) {
            return known.unwrap_or(0);
        }
        // Counting, too, must end soon.
        if depth > MAX_DEPTH || self.checks.len() as u64 > MAX_CHECKS / 5 {
            return u64::MAX;
        }
        self.checks.insert(pair, None);
        let mut total: u64 = 1;
        let mut add = |more: u64| total = total.saturating_add(more);
        for (keyword, below) in keywords {
            let keyword = keyword.as_str();
            if REFERENCES.contains(&keyword) {
                if let Some(target) = self.target(below) {
                    add(self.checks(target, value, depth + 1));
                }
            } else if SELF.contains(&keyword) {
                add(self.checks(below, value, depth + 1));
            } else if SELF_LIST.contains(&keyword) {
                for branch in below.as_array().into_iter().flatten() {
                    add(self.checks(branch, value, depth + 1));
                }
            } else if SELF_NAMED.contains(&keyword) {
                for branch in below.as_object().into_iter().flat_map(Map::values) {
                    add(self.checks(branch, value, depth + 1));
                }
            } else if let Value::Object(entries) = value {
                match keyword {
                    "properties" => {
                        for (name, schema) in below.as_object().into_iter().flatten() {
                            if let Some(entry) = entries.get(name) {
                                add(self.checks(schema, entry, depth + 1));
                            }
                        }
                    }
                    // Which names a pattern fits is not asked here.
                    "patternProperties" => {
                        for schema in below.as_object().into_iter().flat_map(Map::values) {
                            for entry in entries.values() {
                                add(self.checks(schema, entry, depth + 1));
                            }
                        }
                    }
                    _ if EACH_ENTRY.contains(&keyword) => {
                        for entry in entries.values() {
                            add(self.checks(below, entry, depth + 1));
                        }
                    }
                    _ => {}
                }
            } else if let Value::Array(items) = value {
                match below {
                    Value::Array(schemas) if matches!(keyword, "items" | "prefixItems") => {
                        for (schema, item) in schemas.iter().zip(items) {
                            add(self.checks(schema, item, depth + 1));
                        }
                    }
                    _ if EACH_ITEM.contains(&keyword) => {
                        for item in items {
                            add(self.checks(below, item, depth + 1));
                        }
                    }
                    _ => {}
                }
            }
        }
        self.checks.insert(pair, Some(total));
        total
    }
}
