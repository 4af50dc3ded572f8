//! [`Input`]: what a stack wants on its clusters, rendered.
//!
//! Comes from `render` (the driver converts), goes to `graph` and `plan`. Plain data without secrets' origin
//! or charts' sources: only what has to be on a cluster and in Helm's record.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::eval::desired::{Address, OnFailure};
use crate::source::Span;

/// A rendered stack.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The stack's name; names its inventory and lock on each cluster.
    pub stack: String,
    /// Clusters with what goes onto each, by address.
    pub clusters: Vec<ClusterInput>,
}

#[derive(Clone, Debug)]
pub struct ClusterInput {
    pub address: Address,
    /// In dependency order, if the caller has one; `graph` orders anyway.
    pub nodes: Vec<Node>,
}

/// One thing with an address: what is planned, applied, reported and destroyed as a unit.
#[derive(Clone, Debug)]
pub struct Node {
    pub address: Address,
    /// Addresses that must be applied first, of any cluster. Unknown ones are a bug of the caller and ignored.
    pub depends_on: Vec<Address>,
    pub prevent_destroy: bool,
    pub kind: NodeKind,
    /// The block in the source, for findings.
    pub span: Option<Span>,
}

#[derive(Clone, Debug)]
pub enum NodeKind {
    Namespace(NamespaceNode),
    Release(Box<ReleaseNode>),
    Manifest(ManifestNode),
}

/// A `namespace` block.
#[derive(Clone, Debug)]
pub struct NamespaceNode {
    /// The Kubernetes name.
    pub name: String,
    /// The Namespace object first, then what lives in it.
    pub objects: Vec<Object>,
}

/// A `manifest` block.
#[derive(Clone, Debug)]
pub struct ManifestNode {
    /// In the order written. Objects of namespaced kinds carry their `metadata.namespace`, or get `default`.
    pub objects: Vec<Object>,
    pub wait: bool,
    pub timeout: Duration,
}

/// A `release` block, rendered.
#[derive(Clone, Debug)]
pub struct ReleaseNode {
    /// Helm release name.
    pub name: String,
    pub namespace: String,
    /// `chart` of Helm's record, in its JSON shape: `metadata`, `lock`, `templates` and `files` (`name`, base64
    /// `data`), `values`, `schema` (base64). Helm's source: `pkg/chart/v2/chart.go`.
    pub chart: Value,
    /// `config` of Helm's record: the user's values, before coalescing.
    pub config: Value,
    /// The rendered manifest as Helm stores it: documents with `# Source:` comments, in install order, no hooks.
    pub manifest: String,
    pub hooks: Vec<Hook>,
    /// Objects of the `crds/` directories; Helm keeps them out of the manifest.
    pub crds: Vec<Object>,
    /// The manifest's objects, in install order.
    pub objects: Vec<Object>,
    /// Rendered NOTES.txt.
    pub notes: String,
    pub wait: bool,
    pub timeout: Duration,
    pub on_failure: OnFailure,
}

/// A Kubernetes object to be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// As rendered. Numbers may be f64 throughout (as YAML gives them); integral ones are sent as integers.
    pub body: Value,
    /// The template it came from, `chart/templates/x.yaml`, for messages.
    pub source: Option<String>,
    /// The block or value in the source it came from.
    pub span: Option<Span>,
}

impl Object {
    pub fn new(body: Value) -> Self {
        Object { body, source: None, span: None }
    }
}

/// A chart hook, in the shape of Helm's record (`pkg/release/v1/hook.go`) plus its parsed body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hook {
    pub name: String,
    pub kind: String,
    /// The template.
    pub path: String,
    /// Its YAML text, for the record.
    pub manifest: String,
    /// Parsed `manifest`.
    pub body: Value,
    /// `pre-install`, `post-upgrade`, `test`, …
    pub events: Vec<String>,
    pub weight: i64,
    /// `before-hook-creation`, `hook-succeeded`, `hook-failed`; empty means the first.
    pub delete_policies: Vec<String>,
    pub output_log_policies: Vec<String>,
}
