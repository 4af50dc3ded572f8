//! Helm's release records: Secrets `sh.helm.release.v1.NAME.vN`.
//!
//! A record stays JSON here, so that what this version of relc does not know survives when only its status
//! changes. Encoding as in Helm's `pkg/storage/driver/{secrets,util}.go`: JSON, gzip, base64, and once more
//! base64 by the Secret itself.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::input::Hook;
use super::object::{ObjectRef, integers, text};
use super::op::Revision;
use crate::gotmpl::yaml;

pub(crate) const SECRET_TYPE: &str = "helm.sh/release.v1";
/// All records but those superseded, which no decision needs.
pub(crate) const LIVE_RECORDS: &str = "owner=helm,status!=superseded";
/// A release is small; a record that unpacks to more is damaged or hostile.
const MAX_PLAIN: u64 = 256 << 20;

/// Labels the storage sets itself; all others are the user's and are carried on.
const SYSTEM_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Helm's release object.
    pub body: Value,
    /// Labels a user put on the release.
    pub labels: BTreeMap<String, String>,
    pub resource_version: String,
}

impl Record {
    /// # Errors
    /// In words, when the Secret holds no release.
    pub fn from_secret(secret: &Value) -> Result<Record, String> {
        let data = text(secret, &["data", "release"]);
        let once = STANDARD.decode(data).map_err(|e| e.to_string())?;
        let twice = STANDARD.decode(&once).map_err(|e| e.to_string())?;
        // Records from before Helm compressed them have no gzip header.
        let plain = if twice.starts_with(&[0x1f, 0x8b, 0x08]) {
            let mut plain = Vec::new();
            GzDecoder::new(twice.as_slice())
                .take(MAX_PLAIN)
                .read_to_end(&mut plain)
                .map_err(|e| e.to_string())?;
            plain
        } else {
            twice
        };
        let body: Value = serde_json::from_slice(&plain).map_err(|e| e.to_string())?;
        if !body.is_object() || text(&body, &["name"]).is_empty() {
            return Err("it holds no release".to_owned());
        }
        let labels = secret.get("metadata").and_then(|m| m.get("labels")).and_then(Value::as_object);
        let labels = labels
            .into_iter()
            .flatten()
            .filter(|(k, _)| !SYSTEM_LABELS.contains(&k.as_str()))
            .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
            .collect();
        Ok(Record {
            body,
            labels,
            resource_version: text(secret, &["metadata", "resourceVersion"]).to_owned(),
        })
    }

    /// The Secret to write. `stamp` is the label to set (`createdAt` or `modifiedAt`) with the Unix time.
    pub fn to_secret(&self, stamp: (&str, i64)) -> Value {
        let plain = serde_json::to_vec(&self.body).unwrap_or_default();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory does not fail.
        let packed = encoder.write_all(&plain).and_then(|()| encoder.finish()).unwrap_or_default();
        let mut labels: serde_json::Map<String, Value> =
            self.labels.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect();
        labels.insert("name".into(), self.name().into());
        labels.insert("owner".into(), "helm".into());
        labels.insert("status".into(), self.status().into());
        labels.insert("version".into(), self.version().to_string().into());
        labels.insert(stamp.0.into(), stamp.1.to_string().into());
        let mut metadata = json!({
            "name": secret_name(self.name(), self.version()),
            "namespace": self.namespace(),
            "labels": labels,
        });
        if let Some(map) = metadata.as_object_mut().filter(|_| !self.resource_version.is_empty()) {
            map.insert("resourceVersion".into(), self.resource_version.clone().into());
        }
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "type": SECRET_TYPE,
            "data": { "release": STANDARD.encode(STANDARD.encode(packed)) },
        })
    }

    pub fn name(&self) -> &str {
        text(&self.body, &["name"])
    }

    pub fn namespace(&self) -> &str {
        text(&self.body, &["namespace"])
    }

    pub fn version(&self) -> u32 {
        self.body.get("version").and_then(Value::as_u64).and_then(|v| u32::try_from(v).ok()).unwrap_or(0)
    }

    pub fn status(&self) -> &str {
        text(&self.body, &["info", "status"])
    }

    pub fn is_pending(&self) -> bool {
        self.status().starts_with("pending-")
    }

    pub fn chart_name(&self) -> &str {
        text(&self.body, &["chart", "metadata", "name"])
    }

    pub fn chart_version(&self) -> &str {
        text(&self.body, &["chart", "metadata", "version"])
    }

    pub fn manifest(&self) -> &str {
        text(&self.body, &["manifest"])
    }

    /// Objects of the manifest, in its order.
    ///
    /// # Errors
    /// In words, when a document is not YAML.
    pub fn objects(&self) -> Result<Vec<Value>, String> {
        documents(self.manifest())
    }

    pub fn hooks(&self) -> Vec<Hook> {
        let list = self.body.get("hooks").and_then(Value::as_array);
        list.into_iter().flatten().map(hook_from).collect()
    }

    /// Whether this revision says the same as `wanted` would: chart version, values, manifest and hooks.
    pub fn says(&self, wanted: &Revision) -> bool {
        let empty = |v: &Value| v.is_null() || v.as_object().is_some_and(serde_json::Map::is_empty);
        let config = integers(self.body.get("config").unwrap_or(&Value::Null));
        let wanted_config = integers(&wanted.config);
        let same_config = config == wanted_config || (empty(&config) && empty(&wanted_config));
        let hooks = self.hooks();
        let same_hooks = hooks.len() == wanted.hooks.len()
            && hooks.iter().zip(&wanted.hooks).all(|(a, b)| {
                a.path == b.path
                    && a.manifest.trim() == b.manifest.trim()
                    && a.events == b.events
                    && a.weight == b.weight
            });
        same_config
            && same_hooks
            && self.chart_name() == text(&wanted.chart, &["metadata", "name"])
            && self.chart_version() == text(&wanted.chart, &["metadata", "version"])
            && self.manifest().trim() == wanted.manifest.trim()
    }
}

pub(crate) fn secret_name(release: &str, version: u32) -> String {
    format!("sh.helm.release.v1.{release}.v{version}")
}

pub(crate) fn secret_ref(release: &str, namespace: &str, version: u32) -> ObjectRef {
    ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        namespace: namespace.to_owned(),
        name: secret_name(release, version),
    }
}

/// A hook as the record has it.
pub(crate) fn hook_json(hook: &Hook, last_run: &Value) -> Value {
    let mut out = json!({
        "name": hook.name,
        "kind": hook.kind,
        "path": hook.path,
        "manifest": hook.manifest,
        "events": hook.events,
        "last_run": last_run,
    });
    // Helm leaves out what is zero.
    if let Some(map) = out.as_object_mut() {
        if hook.weight != 0 {
            map.insert("weight".into(), hook.weight.into());
        }
        if !hook.delete_policies.is_empty() {
            map.insert("delete_policies".into(), hook.delete_policies.clone().into());
        }
        if !hook.output_log_policies.is_empty() {
            map.insert("output_log_policies".into(), hook.output_log_policies.clone().into());
        }
    }
    out
}

fn hook_from(hook: &Value) -> Hook {
    let list = |key: &str| -> Vec<String> {
        let items = hook.get(key).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let manifest = text(hook, &["manifest"]).to_owned();
    let body = documents(&manifest).ok().and_then(|d| d.into_iter().next()).unwrap_or(Value::Null);
    Hook {
        name: text(hook, &["name"]).to_owned(),
        kind: text(hook, &["kind"]).to_owned(),
        path: text(hook, &["path"]).to_owned(),
        body,
        manifest,
        events: list("events"),
        weight: hook.get("weight").and_then(Value::as_i64).unwrap_or(0),
        delete_policies: list("delete_policies"),
        output_log_policies: list("output_log_policies"),
    }
}

/// The objects of a manifest text; lists are opened, empty documents left out.
pub(crate) fn documents(manifest: &str) -> Result<Vec<Value>, String> {
    let mut out = Vec::new();
    let mut document = String::new();
    for line in manifest.lines() {
        // Within a document `---` at the start of a line cannot be content: block scalars are indented.
        if line.starts_with("---") {
            flush(&mut document, &mut out)?;
        } else {
            document.push_str(line);
            document.push('\n');
        }
    }
    flush(&mut document, &mut out)?;
    Ok(out)
}

fn flush(document: &mut String, out: &mut Vec<Value>) -> Result<(), String> {
    let text = std::mem::take(document);
    let value: Value = yaml::decode(text.as_bytes(), yaml::Root::Any).map_err(|e| e.to_string())?;
    match value {
        Value::Null => {}
        Value::Object(ref map)
            if map.get("kind").and_then(Value::as_str).is_some_and(|k| k.ends_with("List"))
                && map.contains_key("items") =>
        {
            let items = map.get("items").and_then(Value::as_array);
            out.extend(items.into_iter().flatten().map(integers));
        }
        other => out.push(integers(&other)),
    }
    Ok(())
}
