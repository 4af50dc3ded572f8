//! What values.schema.json names.

use super::charts::Instance;
use super::keys::{KeyId, Keys, Source};
use super::sink::Sink;
use serde_json::{Map, Value};

/// Schemas refer to themselves; deeper than this no key is looked for.
const MAX_DEPTH: usize = 24;

/// Adds the properties that a chart's schema names. Whether values meet it is checked by the schema itself.
pub fn read(instance: &Instance<'_>, keys: &mut Keys) {
    let Some(text) = &instance.chart.schema else { return };
    let Ok(root) = serde_json::from_slice::<Value>(text) else { return };
    Reader { root: &root, keys }.schema(&root, instance.root, 0);
}

struct Reader<'a> {
    root: &'a Value,
    keys: &'a mut Keys,
}

impl Reader<'_> {
    fn schema(&mut self, schema: &Value, at: KeyId, depth: usize) {
        let Some(schema) = schema.as_object().filter(|_| depth < MAX_DEPTH) else { return };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|path| self.target(path)) {
            self.schema(&target, at, depth + 1);
        }
        for word in ["allOf", "anyOf", "oneOf"] {
            for part in schema.get(word).and_then(Value::as_array).into_iter().flatten() {
                self.schema(part, at, depth + 1);
            }
        }
        for word in ["if", "then", "else"] {
            if let Some(part) = schema.get(word) {
                self.schema(part, at, depth + 1);
            }
        }
        let text = |name| schema.get(name).and_then(Value::as_str).map(str::to_owned);
        if at != Keys::ROOT {
            if schema.get("deprecated") == Some(&Value::Bool(true)) {
                self.keys.deprecate(at);
            }
            self.keys.describe(at, text("description").or_else(|| text("title")), text("type"));
        }
        for (name, property) in object(schema, "properties") {
            let below = self.keys.enter(at, name, Source::Schema);
            self.schema(property, below, depth + 1);
        }
        for (_, property) in object(schema, "patternProperties") {
            let each = self.keys.enter_each(at, Source::Schema);
            self.schema(property, each, depth + 1);
        }
        match schema.get("additionalProperties") {
            Some(Value::Object(one)) if !one.is_empty() => {
                let each = self.keys.enter_each(at, Source::Schema);
                self.schema(&Value::Object(one.clone()), each, depth + 1);
            }
            // Said where nothing else is: the author means a map of whatever.
            Some(Value::Bool(true) | Value::Object(_)) if object(schema, "properties").next().is_none() => {
                self.keys.sink(at, &Sink::Anywhere);
            }
            _ => {}
        }
        for word in ["items", "prefixItems"] {
            match schema.get(word) {
                Some(item @ Value::Object(_)) => {
                    let each = self.keys.enter_each(at, Source::Schema);
                    self.schema(item, each, depth + 1);
                }
                Some(Value::Array(items)) => {
                    for item in items {
                        let each = self.keys.enter_each(at, Source::Schema);
                        self.schema(item, each, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    /// What a `$ref` within the schema leads to.
    fn target(&self, path: &str) -> Option<Value> {
        self.root.pointer(path.strip_prefix('#')?).cloned()
    }
}

fn object<'s>(schema: &'s Map<String, Value>, name: &str) -> impl Iterator<Item = (&'s String, &'s Value)> {
    schema.get(name).and_then(Value::as_object).into_iter().flatten()
}
