//! Rendered files to documents: split, sorted by kind, hooks told apart, objects read.
//!
//! In: the text of each template. Out: [`Sorted`]. Follows Helm's `pkg/release/v1/util`
//! (`SplitManifests`, `SortManifests`, `InstallOrder`).

use super::engine::Output;
use super::head::{Head, HeadOnly};
use super::kept::{Kept, ReadDocuments};
use super::{Hook, HookEvent, Object};
use crate::chart::metadata::scalar_text;
use crate::gotmpl::yaml::{self, Root};
use serde_json::{Map, Value};

/// Order in which kinds are installed. Data of Helm's `InstallOrder`; uninstalling goes the other way round,
/// but for these pairs: see [`uninstall_rank`].
const INSTALL_ORDER: &[&str] = &[
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Helm's `UninstallOrder`, which is not quite the reverse: Services go before what they select.
const UNINSTALL_ORDER: &[&str] = &[
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
    "CronJob",
    "Job",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "DaemonSet",
    "RoleBindingList",
    "RoleBinding",
    "RoleList",
    "Role",
    "ClusterRoleBindingList",
    "ClusterRoleBinding",
    "ClusterRoleList",
    "ClusterRole",
    "CustomResourceDefinition",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ConfigMap",
    "SecretList",
    "Secret",
    "ServiceAccount",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "LimitRange",
    "ResourceQuota",
    "NetworkPolicy",
    "Namespace",
    "PriorityClass",
];

/// Sorts by position in an order; unknown kinds come last, by name.
fn rank<'k>(kind: &'k str, order: &[&str]) -> (usize, &'k str) {
    match order.iter().position(|k| *k == kind) {
        Some(at) => (at, ""),
        None => (usize::MAX, kind),
    }
}

/// Key by which objects are installed: stable-sort with it.
pub fn install_rank(kind: &str) -> (usize, &str) {
    rank(kind, INSTALL_ORDER)
}

/// Key by which objects are removed: stable-sort with it.
pub fn uninstall_rank(kind: &str) -> (usize, &str) {
    rank(kind, UNINSTALL_ORDER)
}

/// One document that is no hook.
#[derive(Clone, Debug)]
pub(super) struct Document<'f> {
    /// Full template path.
    pub(super) path: &'f str,
    pub(super) text: &'f str,
    pub(super) kind: String,
    pub(super) objects: Vec<Object>,
}

#[derive(Debug, Default)]
pub(super) struct Sorted<'f> {
    pub(super) hooks: Vec<Hook>,
    pub(super) documents: Vec<Document<'f>>,
    pub(super) warnings: Vec<String>,
    /// What was read of the files now, by their place among them; nothing where objects were wanted, too.
    pub(super) read: Vec<(usize, ReadDocuments)>,
}

/// A document that is not YAML, or no object.
#[derive(Debug)]
pub(super) struct BadManifest {
    pub(super) path: String,
    /// Without `YAML parse error on PATH: `.
    pub(super) message: String,
    /// The document, and where in it, if known.
    pub(super) text: String,
    pub(super) offset: Option<usize>,
}

/// How many documents a chart may render to; each is kept as text and as objects.
const MAX_DOCUMENTS: usize = 50_000;

/// How much of a document is kept besides its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Its objects.
    Objects,
    /// Nothing: objects stay empty, though every document is read and refused as otherwise.
    Text,
}

/// Splits and sorts rendered files, given sorted by path; partials and blank files are skipped. What `known` has read
/// of the same text is not read again.
pub(super) fn sort<'f>(
    files: &'f [Output],
    keep: Keep,
    known: Option<&Kept>,
) -> Result<Sorted<'f>, BadManifest> {
    let mut sorted = Sorted::default();
    for (place, Output { path, text: content, invalid }) in files.iter().enumerate() {
        let base = path.rsplit('/').next().unwrap_or(path);
        if base.starts_with('_') || content.trim().is_empty() {
            continue;
        }
        if let Some(bytes) = invalid {
            return Err(not_utf8(path, content, bytes));
        }
        if keep == Keep::Text
            && let Some(file) = known.and_then(|known| known.read(path, content))
        {
            for (range, head) in &file.documents {
                sorted.room(path)?;
                sorted.add(path, content.get(range.clone()).unwrap_or_default(), head.clone(), Vec::new());
            }
            continue;
        }
        let mut read = Vec::new();
        for text in split(content) {
            sorted.room(path)?;
            let (head, objects) = read_document(path, text, keep)?;
            if keep == Keep::Text {
                let start = text.as_ptr().addr() - content.as_ptr().addr();
                read.push((start..start + text.len(), head.clone()));
            }
            sorted.add(path, text, head, objects);
        }
        if !read.is_empty() {
            sorted.read.push((place, read));
        }
    }
    sorted.documents.sort_by(|a, b| install_rank(&a.kind).cmp(&install_rank(&b.kind)));
    sorted.hooks.sort_by(|a, b| install_rank(&a.kind).cmp(&install_rank(&b.kind)));
    Ok(sorted)
}

/// YAML's own words for bytes that are no text.
fn not_utf8(path: &str, text: &str, bytes: &[u8]) -> BadManifest {
    let read = yaml::decode::<Value>(bytes, Root::Any);
    let (message, offset) = match read {
        Err(e) => (e.to_string(), e.offset()),
        // The bytes are behind the first document.
        Ok(_) => ("error converting YAML to JSON: yaml: invalid leading UTF-8 octet".to_owned(), None),
    };
    BadManifest { path: path.to_owned(), message, text: text.to_owned(), offset }
}

/// Reads one document; no objects where only text is kept.
fn read_document(path: &str, text: &str, keep: Keep) -> Result<(Head, Vec<Object>), BadManifest> {
    let bad = |message: String, offset| BadManifest {
        path: path.to_owned(),
        message,
        text: text.to_owned(),
        offset,
    };
    let unreadable = |e: Box<yaml::Error>| bad(e.to_string(), e.offset());
    let value = match keep {
        Keep::Objects => yaml::decode(text.as_bytes(), Root::Any).map_err(unreadable)?,
        Keep::Text => yaml::decode::<HeadOnly>(text.as_bytes(), Root::Any).map_err(unreadable)?.0,
    };
    let head = Head::of(&value).map_err(|why| bad(why, None))?;
    let objects = if keep == Keep::Objects { objects(value, path, text) } else { Vec::new() };
    Ok((head, objects))
}

impl<'f> Sorted<'f> {
    /// Whether one more document may come.
    fn room(&self, path: &str) -> Result<(), BadManifest> {
        if self.documents.len() + self.hooks.len() < MAX_DOCUMENTS {
            return Ok(());
        }
        let message = format!("the chart renders to more than {MAX_DOCUMENTS} documents");
        Err(BadManifest { path: path.to_owned(), message, text: String::new(), offset: None })
    }

    fn add(&mut self, path: &'f str, text: &'f str, head: Head, objects: Vec<Object>) {
        let Some(events) = head.annotations.get("helm.sh/hook") else {
            self.documents.push(Document { path, text, kind: head.kind, objects });
            return;
        };
        let Some(events) = events.split(',').map(event).collect::<Option<Vec<_>>>() else {
            self.warnings.push(format!("{path}: skipping unknown hooks `{events}`"));
            return;
        };
        let list = |annotation: &str| -> Vec<String> {
            let Some(text) = head.annotations.get(annotation) else { return Vec::new() };
            text.split(',').map(|part| part.trim().to_lowercase()).collect()
        };
        self.hooks.push(Hook {
            events,
            weight: head.annotations.get("helm.sh/hook-weight").and_then(|w| go_atoi(w)).unwrap_or(0),
            delete_policies: list("helm.sh/hook-delete-policy"),
            output_log_policies: list("helm.sh/hook-output-log-policy"),
            name: head.name,
            kind: head.kind,
            path: path.to_owned(),
            manifest: text.to_owned(),
            objects,
        });
    }
}

/// Go's `strconv.Atoi`, which takes a sign and no blanks.
fn go_atoi(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn event(name: &str) -> Option<HookEvent> {
    Some(match name.trim().to_lowercase().as_str() {
        "pre-install" => HookEvent::PreInstall,
        "post-install" => HookEvent::PostInstall,
        "pre-delete" => HookEvent::PreDelete,
        "post-delete" => HookEvent::PostDelete,
        "pre-upgrade" => HookEvent::PreUpgrade,
        "post-upgrade" => HookEvent::PostUpgrade,
        "pre-rollback" => HookEvent::PreRollback,
        "post-rollback" => HookEvent::PostRollback,
        // The second is Helm 2's name.
        "test" | "test-success" => HookEvent::Test,
        _ => return None,
    })
}

/// `SplitManifests`: cuts wherever a line begins with `---`, even `---apiVersion: v1`.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text.trim_start());
    // What follows a separator's dashes is not the start of a line.
    let mut at_line_start = true;
    std::iter::from_fn(move || {
        let current = rest?;
        let mut at = 0;
        let cut = loop {
            let Some(tail) = current.get(at..) else { break None };
            if at_line_start && tail.starts_with("---") {
                break Some(at);
            }
            at_line_start = true;
            match tail.find('\n') {
                Some(newline) => at += newline + 1,
                None => break None,
            }
        };
        match cut {
            Some(at) => {
                let (document, tail) = current.split_at(at);
                let tail = tail.strip_prefix("---").unwrap_or(tail).trim_start_matches([' ', '\t']);
                rest = Some(tail);
                at_line_start = false;
                Some(document)
            }
            None => {
                rest = None;
                Some(current)
            }
        }
    })
    .filter(|document| !document.trim().is_empty())
    .map(str::trim_start)
}

/// The objects of a file of `crds/`.
///
/// # Errors
/// A document that is not YAML.
pub(super) fn crd_objects(text: &str, source: &str) -> Result<Vec<Object>, BadManifest> {
    let mut found = Vec::new();
    for document in split(text) {
        let value: Value = yaml::decode(document.as_bytes(), Root::Any).map_err(|e| BadManifest {
            path: source.to_owned(),
            message: e.to_string(),
            text: document.to_owned(),
            offset: e.offset(),
        })?;
        found.extend(objects(value, source, document));
    }
    Ok(found)
}

/// The objects of a document: one, none (comments only), or the items of a list.
pub(super) fn objects(value: Value, source: &str, text: &str) -> Vec<Object> {
    let Value::Object(map) = &value else { return Vec::new() };
    if map.is_empty() {
        return Vec::new();
    }
    let field = |map: &Map<String, Value>, key: &str| map.get(key).and_then(scalar_text).unwrap_or_default();
    if field(map, "kind").ends_with("List") && map.get("items").is_some_and(Value::is_array) {
        let Value::Object(mut map) = value else { return Vec::new() };
        let Some(Value::Array(items)) = map.remove("items") else { return Vec::new() };
        return items.into_iter().flat_map(|item| objects(item, source, text)).collect();
    }
    let metadata = map.get("metadata").and_then(Value::as_object);
    let object = Object {
        api_version: field(map, "apiVersion"),
        kind: field(map, "kind"),
        name: metadata.map(|m| field(m, "name")).unwrap_or_default(),
        namespace: metadata.and_then(|m| m.get("namespace")).and_then(scalar_text).filter(|n| !n.is_empty()),
        source: source.to_owned(),
        text: text.to_owned(),
        value,
    };
    vec![object]
}
