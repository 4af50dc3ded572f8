//! What templates among the values themselves read: `{{ .Values.a.b }}` in a text that a chart gives to `tpl`.

use super::finding::{Path, Step};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Paths that texts among the values read, as dotted names.
#[derive(Debug, Default)]
pub struct Reads(BTreeSet<Vec<String>>);

impl Reads {
    /// Of all texts in there.
    pub fn of(values: &Map<String, Value>) -> Reads {
        let mut reads = Reads::default();
        values.values().for_each(|value| reads.value(value));
        reads
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) if text.contains("{{") => self.text(text),
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(map) => map.values().for_each(|value| self.value(value)),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        for rest in text.split(".Values.").skip(1) {
            let end =
                rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(rest.len());
            let path = rest.get(..end).unwrap_or_default().split('.').filter(|name| !name.is_empty());
            self.0.insert(path.map(str::to_owned).collect());
        }
        for rest in text.split("index ").skip(1) {
            let Some(rest) = rest.trim_start_matches('$').strip_prefix(".Values") else { continue };
            let names = rest.split('"').skip(1).step_by(2);
            self.0.insert(names.map(str::to_owned).collect());
        }
    }

    /// Whether a place is read, or lies on the way to one that is, or below one. A text may belong to a subchart, whose
    /// values begin further down.
    pub fn contains(&self, path: &Path) -> bool {
        let names = |from: usize| {
            path.iter().skip(from).filter_map(|step| match step {
                Step::Key(name) => Some(name.as_str()),
                Step::Index(_) => None,
            })
        };
        self.0.iter().any(|read| {
            !read.is_empty()
                && (0..path.len())
                    .any(|from| names(from).zip(read).all(|(a, b)| a == b) && names(from).next().is_some())
        })
    }
}
