//! Names and small facts of Kubernetes objects as JSON.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// `helm.sh/resource-policy: keep` exempts an object from deletion.
const RESOURCE_POLICY: &str = "helm.sh/resource-policy";
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub(crate) const RELEASE_NAME: &str = "meta.helm.sh/release-name";
pub(crate) const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// The name of an object on a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectRef {
    pub api_version: String,
    pub kind: String,
    /// Empty for kinds without namespace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    pub name: String,
}

impl ObjectRef {
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The same object whatever version it is written in.
    pub fn same_object(&self, other: &ObjectRef) -> bool {
        self.key() == other.key()
    }

    /// Group, kind, namespace, name: identity across versions.
    pub fn key(&self) -> (String, String, String, String) {
        (self.group().to_owned(), self.kind.clone(), self.namespace.clone(), self.name.clone())
    }
}

/// `Deployment web/frontend`, `ClusterRole admin`.
impl std::fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// The text at `path`, empty if there is none.
pub(crate) fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    at(object, path).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, key| value.get(key))
}

pub(crate) fn annotation<'a>(object: &'a Value, name: &str) -> &'a str {
    text(object, &["metadata", "annotations", name])
}

/// Helm compares the value in any case and with blanks around it.
pub(crate) fn is_kept(object: &Value) -> bool {
    annotation(object, RESOURCE_POLICY).trim().eq_ignore_ascii_case("keep")
}

/// Deleting it deletes data that no chart can bring back.
pub(crate) fn holds_data(reference: &ObjectRef) -> bool {
    matches!(
        (reference.group(), reference.kind.as_str()),
        ("", "Namespace" | "PersistentVolumeClaim" | "PersistentVolume")
            | ("apps", "StatefulSet")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
    )
}

/// What `apply` sends: integral floats as integers (YAML in Helm has only floats, the API server wants
/// integers as such), no `status`, no nulls at the top of `metadata` that only an encoder left there.
pub(crate) fn canonical(body: &Value) -> Value {
    let mut out = integers(body);
    if let Some(map) = out.as_object_mut() {
        map.remove("status");
        encode_string_data(map);
        if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
            // Server-side apply refuses an object that carries its own bookkeeping.
            for key in
                ["managedFields", "creationTimestamp", "resourceVersion", "uid", "generation", "selfLink"]
            {
                metadata.remove(key);
            }
            for key in ["labels", "annotations"] {
                if metadata.get(key).is_some_and(Value::is_null) {
                    metadata.remove(key);
                }
            }
        }
    }
    out
}

/// `stringData` is a convenience of writing: the server merges it into `data` and forgets it, so that what
/// was applied through it could never be removed again.
fn encode_string_data(object: &mut Map<String, Value>) {
    if object.get("kind").and_then(Value::as_str) != Some("Secret")
        || object.get("apiVersion").and_then(Value::as_str) != Some("v1")
    {
        return;
    }
    let Some(Value::Object(plain)) = object.remove("stringData") else { return };
    let data = object.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if !data.is_object() {
        *data = Value::Object(Map::new());
    }
    if let Some(data) = data.as_object_mut() {
        for (key, value) in plain {
            let encoded = match value {
                Value::String(text) => STANDARD.encode(text).into(),
                // Not a string: the server's to refuse, under the name it was written.
                other => other,
            };
            data.insert(key, encoded);
        }
    }
}

pub(crate) fn integers(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(integer(number).unwrap_or_else(|| number.clone())),
        Value::Array(list) => Value::Array(list.iter().map(integers).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), integers(v))).collect()),
        other => other.clone(),
    }
}

fn integer(number: &Number) -> Option<Number> {
    // Beyond 2^53 a float no longer says which integer was meant.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_f64() {
        return None;
    }
    let float = number.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53")]
    let whole = (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)?;
    Some(Number::from(whole))
}

/// Sets what Helm sets on every object of a release (`pkg/action/validate.go`, `setMetadataVisitor`).
pub(crate) fn mark_owned(body: &mut Value, release: &str, namespace: &str) {
    set(body, "labels", MANAGED_BY, "Helm");
    set(body, "annotations", RELEASE_NAME, release);
    set(body, "annotations", RELEASE_NAMESPACE, namespace);
}

pub(crate) fn annotate(body: &mut Value, key: &str, value: &str) {
    set(body, "annotations", key, value);
}

fn set(body: &mut Value, section: &str, key: &str, value: &str) {
    let Some(map) = body.as_object_mut() else { return };
    let metadata = map.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    let Some(metadata) = metadata.as_object_mut() else { return };
    let section = metadata.entry(section).or_insert_with(|| Value::Object(Map::new()));
    if let Some(section) = section.as_object_mut() {
        section.insert(key.to_owned(), value.into());
    }
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|b| format!("{b:02x}")).collect()
}
