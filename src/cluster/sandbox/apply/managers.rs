//! `metadata.managedFields`: one entry per manager, operation and subresource.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::set::{Set, show};
use super::typed::{self, Changes, Ty};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Apply,
    Update,
}

/// Who an entry belongs to. Appliers have one entry whatever version they apply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    operation: Operation,
    manager: String,
    /// Empty for `Apply`.
    api_version: String,
    subresource: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    api_version: String,
    time: Option<String>,
    set: Set,
}

/// The decoded list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Managers {
    entries: BTreeMap<Id, Entry>,
}

/// One field another manager holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// `"helm" using apps/v1`.
    pub manager: String,
    pub path: String,
}

/// Who writes, as what and when.
#[derive(Clone, Debug)]
pub struct Writer<'a> {
    pub manager: &'a str,
    pub api_version: &'a str,
    /// Empty for the object itself.
    pub subresource: &'a str,
    pub now: &'a str,
}

/// What is applied to what.
#[derive(Clone, Copy, Debug)]
pub struct Application<'a> {
    /// As it is, or Go's empty object where there is none.
    pub live: &'a Value,
    pub config: &'a Value,
    /// Take fields from other managers instead of refusing.
    pub force: bool,
    /// The kind has a `status` subresource, so the object itself has no say in it.
    pub has_status: bool,
}

/// What a writer of an object or of its status may own: the other half is reset.
fn filtered(set: Set, subresource: &str, has_status: bool) -> Set {
    match subresource {
        "" if has_status => set.without(&["f:status"]),
        "status" => set.only("f:status").union(&set.only("f:metadata")),
        _ => set,
    }
}

fn stripped(set: Set) -> Set {
    const META: &[&str] = &[
        "f:name",
        "f:namespace",
        "f:creationTimestamp",
        "f:selfLink",
        "f:uid",
        "f:clusterName",
        "f:generation",
        "f:managedFields",
        "f:resourceVersion",
    ];
    let mut out = set.without(&["f:apiVersion"]).without(&["f:kind"]);
    for name in META {
        out = out.without(&["f:metadata", name]);
    }
    out.difference(&{
        let mut only = Set::default();
        only.insert(&["f:metadata".to_owned()]);
        only
    })
}

impl Managers {
    /// Of an object; entries that are not understood are dropped.
    pub fn of(object: &Value) -> Managers {
        let mut entries = BTreeMap::new();
        let list = object.pointer("/metadata/managedFields").and_then(Value::as_array);
        for item in list.into_iter().flatten() {
            let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let operation = if text("operation") == "Apply" { Operation::Apply } else { Operation::Update };
            let api_version = text("apiVersion");
            let id = Id {
                operation,
                manager: text("manager"),
                api_version: if operation == Operation::Apply { String::new() } else { api_version.clone() },
                subresource: text("subresource"),
            };
            let time = item.get("time").and_then(Value::as_str).map(str::to_owned);
            let set = Set::from_json(item.get("fieldsV1").unwrap_or(&Value::Null));
            entries.insert(id, Entry { api_version, time, set });
        }
        Managers { entries }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether anybody manages this field.
    pub fn own(&self, path: &[&str]) -> bool {
        self.entries.values().any(|e| e.set.contains(path))
    }

    /// Writes the list into an object, sorted as the API server sorts it.
    pub fn write(&self, object: &mut Value) {
        let Some(Value::Object(meta)) = object.get_mut("metadata") else { return };
        let mut list: Vec<(&Id, &Entry)> = self.entries.iter().filter(|(_, e)| !e.set.is_empty()).collect();
        list.sort_by(|(a, x), (b, y)| {
            (a.operation, &x.time, &a.manager, &x.api_version, &a.subresource).cmp(&(
                b.operation,
                &y.time,
                &b.manager,
                &y.api_version,
                &b.subresource,
            ))
        });
        if list.is_empty() {
            meta.remove("managedFields");
            return;
        }
        let encoded = list.into_iter().map(|(id, entry)| {
            let mut out = Map::new();
            out.insert("apiVersion".to_owned(), entry.api_version.clone().into());
            out.insert("fieldsType".to_owned(), "FieldsV1".into());
            out.insert("fieldsV1".to_owned(), entry.set.to_json());
            out.insert("manager".to_owned(), id.manager.clone().into());
            let operation = if id.operation == Operation::Apply { "Apply" } else { "Update" };
            out.insert("operation".to_owned(), operation.into());
            if !id.subresource.is_empty() {
                out.insert("subresource".to_owned(), id.subresource.clone().into());
            }
            if let Some(time) = &entry.time {
                out.insert("time".to_owned(), time.clone().into());
            }
            Value::Object(out)
        });
        let encoded = Value::Array(encoded.collect());
        meta.insert("managedFields".to_owned(), encoded);
    }

    /// The same, whenever it was written.
    pub fn same_but_time(&self, other: &Managers) -> bool {
        let untimed = |m: &Managers| {
            m.entries
                .iter()
                .map(|(id, e)| (id.clone(), (e.api_version.clone(), e.set.clone())))
                .collect::<Vec<_>>()
        };
        untimed(self) == untimed(other)
    }

    /// Takes written fields from the other managers; without force the conflicts come back instead.
    fn take(&mut self, changes: &Changes, writer: &Id, force: bool) -> Result<(), Vec<Conflict>> {
        let written = changes.written();
        let mut conflicts = Vec::new();
        for (id, entry) in self.entries.iter().filter(|(id, _)| *id != writer) {
            let common = entry.set.intersection(&written);
            conflicts.extend(common.paths().iter().map(|p| Conflict { manager: print(id), path: show(p) }));
        }
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        for (id, entry) in &mut self.entries {
            if id != writer {
                entry.set = entry.set.difference(&written).difference(&changes.removed);
            }
        }
        self.entries.retain(|_, e| !e.set.is_empty());
        Ok(())
    }

    /// Records a write that is no apply: it owns what it changed.
    pub fn update(&mut self, ty: &Ty<'_>, old: &Value, new: &Value, writer: &Writer<'_>, has_status: bool) {
        let mut changes = typed::compare(ty, &bare(old), &bare(new));
        changes.added = filtered(changes.added, writer.subresource, has_status);
        changes.modified = filtered(changes.modified, writer.subresource, has_status);
        changes.removed = filtered(changes.removed, writer.subresource, has_status);
        let id = Id {
            operation: Operation::Update,
            manager: writer.manager.to_owned(),
            api_version: writer.api_version.to_owned(),
            subresource: writer.subresource.to_owned(),
        };
        // With force nothing is refused.
        let _ = self.take(&changes, &id, true);
        let written = stripped(changes.written());
        let own = self.entries.get(&id).map(|e| e.set.difference(&changes.removed)).unwrap_or_default();
        let set = own.union(&written);
        let before = self.entries.get(&id).and_then(|e| e.time.clone());
        let time = if written.is_empty() { before } else { Some(writer.now.to_owned()) };
        if set.is_empty() {
            self.entries.remove(&id);
        } else {
            self.entries.insert(id, Entry { api_version: writer.api_version.to_owned(), time, set });
        }
    }

    /// Merges a configuration into the live object. `None`: nothing changes.
    pub fn apply(
        &mut self,
        ty: &Ty<'_>,
        application: &Application<'_>,
        writer: &Writer<'_>,
    ) -> Result<Option<Value>, Vec<Conflict>> {
        let Application { live, config, force, has_status } = *application;
        let live = bare(live);
        if self.entries.is_empty() && live.get("metadata").is_some_and(|m| m.get("uid").is_some()) {
            // An object nobody recorded: whatever it has belongs to a manager of this name.
            let empty = json!({});
            let before = Writer { manager: "before-first-apply", ..writer.clone() };
            self.update(ty, &empty, &live, &before, has_status);
        }
        let id = Id {
            operation: Operation::Apply,
            manager: writer.manager.to_owned(),
            api_version: String::new(),
            subresource: writer.subresource.to_owned(),
        };
        let merged = typed::merge(ty, &live, config);
        let last = self.entries.get(&id).map(|e| e.set.clone()).unwrap_or_default();
        let set = filtered(typed::field_set(ty, config), writer.subresource, has_status);
        let time = self.entries.get(&id).and_then(|e| e.time.clone());
        self.entries.insert(
            id.clone(),
            Entry { api_version: writer.api_version.to_owned(), time, set: stripped(set.clone()) },
        );
        let pruned = self.prune(ty, merged, &last, &set);
        let mut changes = typed::compare(ty, &live, &pruned);
        changes.added = filtered(changes.added, writer.subresource, has_status);
        changes.modified = filtered(changes.modified, writer.subresource, has_status);
        changes.removed = filtered(changes.removed, writer.subresource, has_status);
        self.take(&changes, &id, force)?;
        if pruned == live {
            return Ok(None);
        }
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.time = Some(writer.now.to_owned());
        }
        Ok(Some(pruned))
    }

    /// Removes what this applier applied before, does not now, and nobody else owns.
    fn prune(&self, ty: &Ty<'_>, merged: Value, last: &Set, applied: &Set) -> Value {
        if last.is_empty() {
            return merged;
        }
        let empty = || Value::Object(Map::new());
        let last_named = last.with_named_parents(ty);
        let mut pruned = typed::remove(ty, &merged, &last_named).unwrap_or_else(empty);
        let merged_set = typed::field_set(ty, &merged).with_named_parents(ty);
        let owned =
            self.entries.values().fold(applied.clone(), |all, e| all.union(&e.set)).with_named_parents(ty);
        let pruned_set = typed::field_set(ty, &pruned).with_named_parents(ty);
        pruned = typed::remove(ty, &merged, &merged_set.difference(&pruned_set.union(&owned)))
            .unwrap_or_else(empty);
        let pruned_set = typed::field_set(ty, &pruned).with_named_parents(ty);
        let gone = merged_set.difference(&pruned_set).intersection(&last_named);
        // What lost all it had is null here, not gone: it was not removed from whoever else owns it. Decoding
        // drops it later.
        typed::remove(ty, &merged, &gone).unwrap_or_else(empty)
    }
}

/// An object without its managed fields.
fn bare(object: &Value) -> Value {
    let mut out = object.clone();
    if let Some(Value::Object(meta)) = out.get_mut("metadata") {
        meta.remove("managedFields");
    }
    out
}

fn print(id: &Id) -> String {
    let mut out = format!("{:?}", id.manager);
    if !id.subresource.is_empty() {
        out.push_str(&format!(" with subresource {:?}", id.subresource));
    }
    if id.operation == Operation::Update {
        out.push_str(&format!(" using {}", id.api_version));
    }
    out
}

/// Kubernetes' sentence about conflicts.
pub fn conflict_message(conflicts: &[Conflict]) -> String {
    if let [only] = conflicts {
        return format!("Apply failed with 1 conflict: conflict with {}: {}", only.manager, only.path);
    }
    let mut by_manager: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for conflict in conflicts {
        by_manager.entry(&conflict.manager).or_default().push(&conflict.path);
    }
    let mut lines = Vec::new();
    for (manager, paths) in by_manager {
        lines.push(format!("conflicts with {manager}:"));
        lines.extend(paths.iter().map(|p| format!("- {p}")));
    }
    format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
}
