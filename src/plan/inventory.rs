//! The inventory: what a stack owns on a cluster.
//!
//! One Secret `relc-inventory.STACK` in namespace `relc-system` per stack and cluster, made by the first
//! apply, removed when a destroy leaves nothing. It holds names only, no values. Helm's records stay the
//! truth about releases; the inventory says which of them, and which other objects, are this stack's.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::object::{ObjectRef, text};

/// Namespace of inventories and locks.
pub const SYSTEM_NAMESPACE: &str = "relc-system";
/// Field manager of everything relc applies, and value of `app.kubernetes.io/managed-by` on its own objects.
pub const FIELD_MANAGER: &str = "relc";

const FORMAT_VERSION: u32 = 1;
const SECRET_TYPE: &str = "relc.dev/inventory.v1";
const DATA_KEY: &str = "inventory";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inventory {
    pub format_version: u32,
    pub stack: String,
    /// Counts the writes.
    pub serial: u64,
    pub entries: BTreeMap<String, Entry>,
    /// Of the Secret it was read from; empty if it was not.
    #[serde(skip)]
    pub resource_version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    Namespace,
    Release,
    Manifest,
}

/// What one address owns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub kind: EntryKind,
    /// Release name, or name of the namespace; empty for a manifest.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Objects that deletion has to remove. For a release: its CRDs only, the rest is in Helm's record.
    pub objects: Vec<Owned>,
    /// Addresses this one needs, so that they are destroyed after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    #[serde(default)]
    pub prevent_destroy: bool,
    /// Hash of what was wanted when it was last applied: tells a change of the source from one on the cluster.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// Revision of Helm's record that relc wrote last; 0 for what is no release.
    #[serde(default)]
    pub revision: u32,
    /// An apply that touches it began and has not said that it finished.
    #[serde(default)]
    pub unfinished: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    #[serde(flatten)]
    pub object: ObjectRef,
    /// relc created it. Namespaces and CRDs that were there before are never deleted.
    #[serde(default)]
    pub created: bool,
}

impl Inventory {
    pub fn new(stack: &str) -> Self {
        Inventory {
            format_version: FORMAT_VERSION,
            stack: stack.to_owned(),
            serial: 0,
            entries: BTreeMap::new(),
            resource_version: String::new(),
        }
    }

    /// `relc-inventory.STACK`, with what a Kubernetes name may not hold replaced.
    pub fn secret_name(stack: &str) -> String {
        format!("relc-inventory.{}", resource_name(stack))
    }

    /// # Errors
    /// In words, when the Secret does not hold an inventory this version of relc can read.
    pub fn from_secret(secret: &Value) -> Result<Self, String> {
        let data = secret
            .get("data")
            .and_then(|d| d.get(DATA_KEY))
            .and_then(Value::as_str)
            .ok_or("it has no key `inventory`")?;
        let packed = STANDARD.decode(data).map_err(|e| e.to_string())?;
        let mut plain = String::new();
        GzDecoder::new(packed.as_slice()).read_to_string(&mut plain).map_err(|e| e.to_string())?;
        let mut inventory: Inventory = serde_json::from_str(&plain).map_err(|e| e.to_string())?;
        if inventory.format_version != FORMAT_VERSION {
            return Err(format!(
                "it has format {}, this relc reads format {FORMAT_VERSION}",
                inventory.format_version
            ));
        }
        text(secret, &["metadata", "resourceVersion"]).clone_into(&mut inventory.resource_version);
        Ok(inventory)
    }

    /// The Secret to be written, with the `resourceVersion` it was read at.
    pub fn to_secret(&self) -> Value {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory does not fail.
        let packed = encoder.write_all(&plain).and_then(|()| encoder.finish()).unwrap_or_default();
        let mut metadata = json!({
            "name": Self::secret_name(&self.stack),
            "namespace": SYSTEM_NAMESPACE,
            "labels": { "app.kubernetes.io/managed-by": FIELD_MANAGER, "relc.dev/stack": label_value(&self.stack) },
        });
        if let Some(map) = metadata.as_object_mut().filter(|_| !self.resource_version.is_empty()) {
            map.insert("resourceVersion".into(), self.resource_version.clone().into());
        }
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "type": SECRET_TYPE,
            "data": { DATA_KEY: STANDARD.encode(packed) },
        })
    }
}

/// A stack's name as part of a DNS-1123 subdomain.
pub(crate) fn resource_name(stack: &str) -> String {
    let name: String = stack
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .take(200)
        .collect();
    let trimmed = name.trim_matches('-');
    if trimmed.is_empty() { "stack".to_owned() } else { trimmed.to_owned() }
}

fn label_value(stack: &str) -> String {
    resource_name(stack).chars().take(63).collect::<String>().trim_matches('-').to_owned()
}
