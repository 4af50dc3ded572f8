//! [`Desired`]: the evaluated stack, every instance expanded, every value with its origin.
//!
//! What `eval` returns and `render`, `graph`, `plan` read. Plain data: nothing here knows syntax, types or
//! a cluster. Lists are in a fixed order: by address, except releases, which come after those they refer to.

use super::value::Value;
use crate::source::Span;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The name of a thing across plans, state and logs: `release.shop["eu"]`, `module.lower.namespace.web`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(Arc<str>);

impl Address {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Address(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything a stack wants to exist.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// The `stack` block's label, or the root directory's name.
    pub stack: String,
    pub clusters: Vec<Cluster>,
    pub namespaces: Vec<Namespace>,
    pub releases: Vec<Release>,
    pub manifests: Vec<Manifest>,
    pub outputs: Vec<Output>,
    /// `check` blocks that can only be decided once releases are rendered.
    pub checks: Vec<PendingCheck>,
}

/// A `cluster` block. A stack without one gets the implicit `cluster.default`, the sandbox.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub address: Address,
    /// The block's label.
    pub name: String,
    pub target: ClusterTarget,
    /// What to render and validate for while offline, such as `1.34` or `1.34.2`; `None`: relc's default.
    pub kubernetes: Option<String>,
    pub span: Option<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterTarget {
    /// The embedded API, kept under `.relc/` of the stack's directory.
    Sandbox,
    /// A kubeconfig (`None`: `$KUBECONFIG` or the usual file) and a context in it (`None`: its current one).
    Kubeconfig {
        path: Option<PathBuf>,
        context: Option<String>,
    },
    InCluster,
}

/// A `namespace` block with the objects that its shorthands (quota, limits, …) stand for.
#[derive(Clone, Debug)]
pub struct Namespace {
    pub address: Address,
    /// The Kubernetes name.
    pub name: String,
    /// Address of the cluster it is in.
    pub cluster: Address,
    /// The Namespace object first, then what lives in it (ResourceQuota, LimitRange, NetworkPolicy, …).
    pub objects: Vec<DeclaredObject>,
    pub prevent_destroy: bool,
    pub depends_on: Vec<Address>,
    pub span: Span,
}

/// A `manifest` block: raw objects, in the order written.
#[derive(Clone, Debug)]
pub struct Manifest {
    pub address: Address,
    pub cluster: Address,
    /// Where objects without `metadata.namespace` go, when their kind is namespaced.
    pub namespace: Option<String>,
    pub objects: Vec<DeclaredObject>,
    pub wait: bool,
    pub timeout: Duration,
    pub prevent_destroy: bool,
    pub depends_on: Vec<Address>,
    pub span: Span,
}

/// One Kubernetes object written in the source; may hold pending values.
#[derive(Clone, Debug)]
pub struct DeclaredObject {
    pub body: Value,
    pub span: Span,
}

/// A `release` block instance.
#[derive(Clone, Debug)]
pub struct Release {
    pub address: Address,
    /// The Helm release name: the label, with `-KEY` for a `for_each` instance, unless `name` says otherwise.
    pub name: String,
    pub cluster: Address,
    /// The Kubernetes namespace's name.
    pub namespace: String,
    pub chart: ChartRef,
    /// Layers as written (`values` blocks and expressions, then `set`), later ones win, merged as Helm
    /// merges `-f` files. A layer is a map value, or pending as a whole.
    pub values: Vec<Value>,
    pub wait: bool,
    pub timeout: Duration,
    pub on_failure: OnFailure,
    /// Codes of findings about the values and the rendered objects that are accepted, each with the reason.
    pub allow: BTreeMap<String, String>,
    /// Paths into the values below which keys that the chart does not know are accepted.
    pub allow_unknown: Vec<String>,
    /// Values are not checked against the schemas of the chart and its dependencies.
    pub skip_schema_validation: bool,
    pub prevent_destroy: bool,
    /// What must be there first: the namespace block, referenced releases, explicit `depends_on`.
    pub depends_on: Vec<Address>,
    /// Releases whose rendering this one's values read; a subset of `depends_on`.
    pub reads: Vec<Address>,
    pub span: Span,
}

/// Where a chart comes from.
#[derive(Clone, Debug)]
pub struct ChartRef {
    pub source: ChartSource,
    /// Exact version asked for, if any.
    pub version: Option<String>,
    /// The `chart = …` expression, for findings about the chart.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChartSource {
    /// A directory or `.tgz`, already joined with the directory of the module that names it.
    Path(PathBuf),
    /// A chart of a repository.
    Repository { url: String, name: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    Rollback,
    Stop,
}

/// A `check` block whose condition refers to rendered releases.
#[derive(Clone, Debug)]
pub struct PendingCheck {
    pub name: String,
    /// A bool, once it is resolved.
    pub condition: Value,
    /// A string, once it is resolved.
    pub message: Value,
}

/// An `output` of the root module.
#[derive(Clone, Debug)]
pub struct Output {
    pub name: String,
    pub value: Value,
    pub span: Span,
}
