//! What values.yaml holds.

use super::charts::Instance;
use super::keys::{KeyId, Keys, Source};
use serde_json::Value;

/// Adds the defaults of a chart. A chart around it, read before, has the last word on a value.
pub fn read(instance: &Instance<'_>, keys: &mut Keys) {
    for (name, value) in instance.chart.values.to_json() {
        let at = keys.enter(instance.root, &name, Source::Default);
        add(at, &value, keys);
    }
}

fn add(at: KeyId, value: &Value, keys: &mut Keys) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let below = keys.enter(at, name, Source::Default);
                add(below, value, keys);
            }
        }
        Value::Array(items) => {
            for item in items.iter().filter(|item| !item.is_null()) {
                let each = keys.enter_each(at, Source::Default);
                add(each, item, keys);
            }
        }
        _ => {}
    }
    if keys.get(at).default.is_none() {
        keys.set_default(at, value.clone());
    }
}

/// Adds a values.yaml as its chart has it.
#[cfg(test)]
pub fn add_text(text: &str, keys: &mut Keys) {
    for (name, value) in crate::chart::read_values(text.as_bytes()).unwrap() {
        let at = keys.enter(Keys::ROOT, &name, Source::Default);
        add(at, &value, keys);
    }
}
