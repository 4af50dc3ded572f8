//! What in a rendering is another each time: the calls that asked for the time or for chance, and the fields
//! that two renderings do not agree in.

use super::{Object, Rendered};
use serde_json::Value;
use std::collections::BTreeSet;

/// A call of a function whose result would be another at the next render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volatile {
    pub function: String,
    /// Full path of the file the call is written in.
    pub template: String,
    /// From 1; 0 where it is in a text given to `tpl`.
    pub line: u32,
    /// Full path of the template that was being rendered: the same, or one that includes it.
    pub file: String,
}

impl Volatile {
    /// Whether it makes passwords, keys or tokens, rather than dates and names.
    pub fn makes_secrets(&self) -> bool {
        let name = self.function.as_str();
        name.starts_with("rand")
            || name.starts_with("gen")
            || matches!(name, "bcrypt" | "htpasswd" | "encryptAES")
    }
}

/// A field that two renderings do not agree in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unstable {
    /// `Secret/name`.
    pub object: String,
    /// `data.password`; empty where the object as a whole is there only once.
    pub path: String,
    /// `randAlphaNum at templates/secret.yaml:12`: all calls that were made for the object's file.
    pub calls: Vec<String>,
}

/// The fields of the first rendering that are others in the second, in the order of the first's objects.
pub fn unstable(chart: &str, first: &Rendered, second: &Rendered) -> Vec<Unstable> {
    let mut found = Vec::new();
    let (ours, theirs) = (all(first), all(second));
    for (n, object) in ours.iter().enumerate() {
        let mut paths = BTreeSet::new();
        match theirs.get(n) {
            Some(other) if other.kind == object.kind && other.source == object.source => {
                compare(&object.value, &other.value, String::new(), &mut paths);
            }
            _ => {
                paths.insert(String::new());
            }
        }
        let calls: Vec<String> = first
            .volatile
            .iter()
            .filter(|call| call.file == object.source)
            .map(|call| place(chart, call))
            .collect();
        found.extend(paths.into_iter().map(|path| Unstable {
            object: format!("{}/{}", object.kind, object.name),
            path,
            calls: calls.clone(),
        }));
    }
    found
}

fn all(rendered: &Rendered) -> Vec<&Object> {
    rendered.objects.iter().chain(rendered.hooks.iter().flat_map(|hook| &hook.objects)).collect()
}

fn place(chart: &str, call: &Volatile) -> String {
    let template =
        call.template.strip_prefix(chart).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&call.template);
    match call.line {
        0 => format!("{} in a text of {template}", call.function),
        line => format!("{} at {template}:{line}", call.function),
    }
}

/// Objects come from YAML, whose reader bounds how deep they are.
fn compare(a: &Value, b: &Value, path: String, found: &mut BTreeSet<String>) {
    match (a, b) {
        _ if a == b => {}
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let below = member(&path, key);
                compare(a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), below, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                compare(a, b, format!("{path}[{n}]"), found);
            }
        }
        _ => {
            found.insert(path);
        }
    }
}

fn member(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{key:?}]"),
    }
}
