//! Which fields differ between an object as it is and as it would be.

use serde_json::Value;

use super::model::FieldChange;

/// Bookkeeping of the server, not the user's concern.
const IGNORED_METADATA: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"];
/// A longer value says nothing more to a reader.
const SHOWN: usize = 120;

/// Fields that differ, sorted by path. `secret` masks values.
pub(crate) fn diff(before: &Value, after: &Value, secret: bool) -> Vec<FieldChange> {
    let mut walk = Walk { out: Vec::new(), secret };
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else { return walk.out };
    for key in keys(old, new) {
        match key {
            "status" | "apiVersion" | "kind" => {}
            "metadata" => {
                let empty = serde_json::Map::new();
                let side = |m: Option<&'_ Value>| {
                    m.and_then(Value::as_object).cloned().unwrap_or_else(|| empty.clone())
                };
                let (old, new) = (side(old.get(key)), side(new.get(key)));
                for field in keys(&old, &new).into_iter().filter(|k| !IGNORED_METADATA.contains(k)) {
                    walk.compare(&format!("metadata.{field}"), old.get(field), new.get(field));
                }
            }
            _ => walk.compare(key, old.get(key), new.get(key)),
        }
    }
    walk.out.sort_by(|a, b| a.path.cmp(&b.path));
    walk.out
}

fn keys<'a>(
    old: &'a serde_json::Map<String, Value>,
    new: &'a serde_json::Map<String, Value>,
) -> Vec<&'a str> {
    let mut keys: Vec<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

struct Walk {
    out: Vec<FieldChange>,
    secret: bool,
}

impl Walk {
    fn compare(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (a, b) if a == b => {}
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                for key in keys(a, b) {
                    self.compare(&join(path, key), a.get(key), b.get(key));
                }
            }
            (Some(Value::Array(a)), Some(Value::Array(b))) => self.lists(path, a, b),
            (old, new) => {
                let masked = self.secret && (path.starts_with("data") || path.starts_with("stringData"));
                let show =
                    |v: Option<&Value>| v.map(|v| if masked { "(sensitive)".to_owned() } else { shorten(v) });
                self.out.push(FieldChange { path: path.to_owned(), from: show(old), to: show(new) });
            }
        }
    }

    fn lists(&mut self, path: &str, a: &[Value], b: &[Value]) {
        match (named(a), named(b)) {
            (Some(a), Some(b)) => {
                let mut names: Vec<&str> = a.iter().chain(&b).map(|(name, _)| *name).collect();
                names.sort_unstable();
                names.dedup();
                let find = |list: &[(&str, &'_ Value)], name: &str| {
                    list.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).clone())
                };
                for name in names {
                    self.compare(
                        &format!("{path}[name={name:?}]"),
                        find(&a, name).as_ref(),
                        find(&b, name).as_ref(),
                    );
                }
            }
            _ => {
                for index in 0..a.len().max(b.len()) {
                    self.compare(&format!("{path}[{index}]"), a.get(index), b.get(index));
                }
            }
        }
    }
}

/// Items by `name`, if every one has one and no two share it.
fn named(list: &[Value]) -> Option<Vec<(&str, &Value)>> {
    let named: Vec<(&str, &Value)> = list
        .iter()
        .map(|v| v.get("name").and_then(Value::as_str).map(|name| (name, v)))
        .collect::<Option<_>>()?;
    let mut names: Vec<&str> = named.iter().map(|(n, _)| *n).collect();
    names.sort_unstable();
    let unique = names.windows(2).all(|pair| pair.first() != pair.last());
    unique.then_some(named)
}

fn join(path: &str, key: &str) -> String {
    if key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        format!("{path}.{key}")
    } else {
        format!("{path}[{key:?}]")
    }
}

fn shorten(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let flat = text.replace('\n', "\\n");
    if flat.chars().count() <= SHOWN {
        return flat;
    }
    let cut: String = flat.chars().take(SHOWN).collect();
    format!("{cut}…")
}
