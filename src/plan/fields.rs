//! Field ownership: `metadata.managedFields` and the fields of a conflict.
//!
//! [`in_sync`] answers without a request whether applying an object would change nothing: relc applied just
//! these fields before, and each still has the value wanted. It errs only towards "no", which costs a dry
//! run. The format is Kubernetes' FieldsV1 (`structured-merge-diff/fieldpath/serialize-pe.go`): `f:` a field,
//! `k:` a list item by its keys, `v:` a set's member, `i:` an index, `.` the thing itself.

use serde_json::{Map, Value};

use super::inventory::FIELD_MANAGER;
use super::object::at;

/// True if applying `desired` to `live` would change nothing, ownership included.
pub(crate) fn in_sync(desired: &Value, live: &Value) -> bool {
    let Some(set) = applied_set(live, desired) else { return false };
    let Some(wanted) = desired.as_object() else { return false };
    let covered = |key: &str| set.contains_key(&format!("f:{key}"));
    // What names the object is not in any field set.
    for (key, value) in wanted {
        let fine = match key.as_str() {
            "apiVersion" | "kind" => true,
            "metadata" => metadata_in_sync(set.get("f:metadata"), value, live.get("metadata")),
            _ => {
                covered(key)
                    && set.get(&format!("f:{key}")).is_some_and(|s| child(s, Some(value), live.get(key)))
            }
        };
        if !fine {
            return false;
        }
    }
    set.keys().all(|k| k.strip_prefix("f:").is_some_and(|name| wanted.contains_key(name)))
}

fn applied_set<'a>(live: &'a Value, desired: &Value) -> Option<&'a Map<String, Value>> {
    let entries = at(live, &["metadata", "managedFields"])?.as_array()?;
    let mut ours = entries.iter().filter(|e| is_ours(e));
    let entry = ours.next()?;
    // A set written for another version names other fields.
    let same_version = entry.get("apiVersion") == desired.get("apiVersion");
    if ours.next().is_some() || !same_version {
        return None;
    }
    entry.get("fieldsV1")?.as_object()
}

fn is_ours(entry: &Value) -> bool {
    entry.get("manager").and_then(Value::as_str) == Some(FIELD_MANAGER)
        && entry.get("operation").and_then(Value::as_str) == Some("Apply")
        && entry.get("subresource").is_none()
}

/// relc's field set on a live object, for comparing before and after.
pub(crate) fn own_set(live: &Value) -> Option<&Value> {
    at(live, &["metadata", "managedFields"])?.as_array()?.iter().find(|e| is_ours(e))?.get("fieldsV1")
}

fn metadata_in_sync(set: Option<&Value>, wanted: &Value, live: Option<&Value>) -> bool {
    let empty = Map::new();
    let set = set.and_then(Value::as_object).unwrap_or(&empty);
    let Some(wanted) = wanted.as_object() else { return false };
    let named = |key: &str| matches!(key, "name" | "namespace");
    let all_owned = wanted.iter().filter(|(k, _)| !named(k)).all(|(key, value)| {
        set.get(&format!("f:{key}")).is_some_and(|s| child(s, Some(value), live.and_then(|l| l.get(key))))
    });
    all_owned && set.keys().all(|k| k.strip_prefix("f:").is_some_and(|name| wanted.contains_key(name)))
}

/// One place in the set, the wish and the cluster.
fn child(set: &Value, wanted: Option<&Value>, live: Option<&Value>) -> bool {
    let (Some(set), Some(wanted), Some(live)) = (set.as_object(), wanted, live) else { return false };
    let owns_parts = set.keys().any(|k| k != ".");
    if !owns_parts {
        // A leaf, or something owned as a whole.
        return wanted == live;
    }
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => {
            set.iter().filter(|(k, _)| *k != ".").all(|(key, inner)| {
                key.strip_prefix("f:").is_some_and(|name| child(inner, wanted.get(name), live.get(name)))
            }) && wanted.keys().all(|k| set.contains_key(&format!("f:{k}")))
        }
        (Value::Array(wanted), Value::Array(live)) => {
            let parts: Vec<(&String, &Value)> = set.iter().filter(|(k, _)| *k != ".").collect();
            parts.len() == wanted.len()
                && parts.into_iter().all(|(key, inner)| item(key, inner, wanted, live))
        }
        _ => false,
    }
}

fn item(key: &str, inner: &Value, wanted: &[Value], live: &[Value]) -> bool {
    if let Some(keys) = key.strip_prefix("k:") {
        let Ok(Value::Object(keys)) = serde_json::from_str::<Value>(keys) else { return false };
        // The wish may leave a key to its default (`protocol`); the live item has them all.
        let fits =
            |v: &Value, all: bool| keys.iter().all(|(k, want)| v.get(k).map_or(!all, |have| have == want));
        let mut candidates = wanted.iter().filter(|v| fits(v, false));
        let (Some(one), None) = (candidates.next(), candidates.next()) else { return false };
        return child(inner, Some(one), live.iter().find(|v| fits(v, true)));
    }
    if let Some(value) = key.strip_prefix("v:") {
        let Ok(value) = serde_json::from_str::<Value>(value) else { return false };
        return wanted.contains(&value) && live.contains(&value);
    }
    let Some(index) = key.strip_prefix("i:").and_then(|i| i.parse::<usize>().ok()) else { return false };
    child(inner, wanted.get(index), live.get(index))
}

/// A field another manager holds with another value, from the causes of a 409.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// As the server writes it: `.spec.replicas`, `.spec.containers[name="web"].image`.
    pub path: String,
    /// `kube-controller-manager` for an autoscaler, `kubectl` for `kubectl scale`.
    pub manager: String,
}

impl Conflict {
    /// Tools that people deploy and repair with: relc takes fields back from them. Everything else is a
    /// controller (an autoscaler, an injector) and keeps what it holds.
    pub fn is_tool(&self) -> bool {
        is_tool(&self.manager)
    }
}

pub(crate) fn is_tool(manager: &str) -> bool {
    let lower = manager.to_lowercase();
    const TOOLS: [&str; 9] =
        ["kubectl", "helm", "terraform", "before-first-apply", "relc", "k9s", "lens", "tofu", "opentofu"];
    TOOLS.iter().any(|tool| lower.starts_with(tool)) || lower == "go-http-client" || lower == "curl"
}

/// Managers whose fields become relc's when it takes an object over from the tool that made it.
pub(crate) fn is_predecessor(manager: &str) -> bool {
    let lower = manager.to_lowercase();
    lower == "helm"
        || lower.starts_with("terraform")
        || lower.starts_with("kubectl-client-side-apply")
        || lower == "before-first-apply"
}

pub(crate) fn conflicts(status: &kube::core::Status) -> Vec<Conflict> {
    let causes = status.details.iter().flat_map(|d| d.causes.iter());
    causes
        .filter(|c| c.reason == "FieldManagerConflict")
        .map(|c| Conflict { path: c.field.clone(), manager: quoted(&c.message).unwrap_or_default() })
        .collect()
}

/// The first `"…"` of a message such as `conflict with "kubectl-edit" using apps/v1`.
fn quoted(message: &str) -> Option<String> {
    let (_, rest) = message.split_once('"')?;
    let (name, _) = rest.split_once('"')?;
    Some(name.to_owned())
}

/// Removes the field at `path` (a conflict's) from an object; `false` if it is not there.
pub(crate) fn remove(object: &mut Value, path: &str) -> bool {
    let Some(rest) = path.strip_prefix('.') else { return false };
    remove_in(object, rest)
}

fn remove_in(value: &mut Value, path: &str) -> bool {
    match value {
        Value::Object(map) => {
            // Names may hold dots, so the longest key that fits is the one meant.
            let key = map
                .keys()
                .filter(|k| {
                    path.strip_prefix(k.as_str()).is_some_and(|r| r.is_empty() || r.starts_with(['.', '[']))
                })
                .max_by_key(|k| k.len())
                .cloned();
            let Some(key) = key else { return false };
            let rest = path.strip_prefix(key.as_str()).unwrap_or_default();
            if rest.is_empty() {
                return map.remove(&key).is_some();
            }
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            let removed = map.get_mut(&key).is_some_and(|inner| remove_in(inner, rest));
            // Nothing left to say about it: an empty map would claim the parent.
            if removed && map.get(&key).is_some_and(|v| v.as_object().is_some_and(Map::is_empty)) {
                map.remove(&key);
            }
            removed
        }
        Value::Array(list) => {
            let Some((selector, rest)) = path.strip_prefix('[').and_then(|p| p.split_once(']')) else {
                return false;
            };
            let Some(index) = position(list, selector) else { return false };
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            if rest.is_empty() {
                list.remove(index);
                return true;
            }
            list.get_mut(index).is_some_and(|inner| remove_in(inner, rest))
        }
        _ => false,
    }
}

/// `name="web"`, `containerPort=80,protocol="TCP"`, `="member"`, `0`.
fn position(list: &[Value], selector: &str) -> Option<usize> {
    if let Ok(index) = selector.parse::<usize>() {
        return (index < list.len()).then_some(index);
    }
    if let Some(member) = selector.strip_prefix('=') {
        let member: Value = serde_json::from_str(member).ok()?;
        return list.iter().position(|v| *v == member);
    }
    let keys: Vec<(&str, Value)> = selector
        .split(',')
        .map(|part| {
            let (key, value) = part.split_once('=')?;
            Some((key, serde_json::from_str(value).ok()?))
        })
        .collect::<Option<_>>()?;
    list.iter().position(|v| keys.iter().all(|(key, want)| v.get(key).is_none_or(|have| have == want)))
}

/// `managedFields` in which everything predecessors held is relc's, by apply; `None` if nothing was theirs.
/// The same that kubectl does when it moves from client-side to server-side apply (`csaupgrade`).
pub(crate) fn taken_over(live: &Value) -> Option<Value> {
    let entries = at(live, &["metadata", "managedFields"])?.as_array()?;
    let theirs = |e: &Value| {
        e.get("manager").and_then(Value::as_str).is_some_and(is_predecessor) && e.get("subresource").is_none()
    };
    let api_version = live.get("apiVersion")?;
    // A set written for another version cannot be merged without the server's conversion.
    let mergeable = |e: &Value| e.get("apiVersion") == Some(api_version);
    if !entries.iter().any(|e| theirs(e) && mergeable(e)) {
        return None;
    }
    let mut ours = Value::Object(Map::new());
    let mut rest = Vec::new();
    for entry in entries {
        if mergeable(entry) && (theirs(entry) || is_ours(entry)) {
            if let Some(fields) = entry.get("fieldsV1") {
                union(&mut ours, fields);
            }
        } else {
            rest.push(entry.clone());
        }
    }
    rest.push(serde_json::json!({
        "manager": FIELD_MANAGER,
        "operation": "Apply",
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": ours,
    }));
    Some(Value::Array(rest))
}

fn union(into: &mut Value, from: &Value) {
    let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) else { return };
    for (key, value) in from {
        union(into.entry(key.clone()).or_insert_with(|| Value::Object(Map::new())), value);
    }
}
