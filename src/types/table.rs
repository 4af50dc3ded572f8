//! The table of blocks: which attributes and nested blocks each kind takes, and their types. Data only.

use super::domain::Domain;
use super::ty::{EnumTy, Handle, Ty};
use std::sync::Arc;

/// The shape of one kind of block.
#[derive(Debug)]
pub struct Shape {
    pub kind: &'static str,
    pub labels: usize,
    pub attrs: &'static [Attr],
    /// Kinds of nested blocks; their shapes are found by [`nested`].
    pub blocks: &'static [&'static str],
}

#[derive(Debug)]
pub struct Attr {
    pub name: &'static str,
    pub ty: AttrTy,
    pub required: bool,
    /// How a value looks, for the message when it is missing.
    pub example: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub enum AttrTy {
    String,
    Strings,
    StringMap,
    Bool,
    Duration,
    Version,
    QuantityMap,
    /// A closed set of words.
    Words(&'static [&'static str]),
    /// Any data; secrets may enter.
    Any,
    /// A reference to a block of this kind.
    Block(Handle),
    /// Such a reference, or a string.
    BlockOrString(Handle),
    /// Read by its own rule in `blocks`.
    Own,
}

impl AttrTy {
    pub fn ty(&self) -> Ty {
        match self {
            AttrTy::String => Ty::String,
            AttrTy::Strings => Ty::list(Ty::String),
            AttrTy::StringMap => Ty::map(Ty::String),
            AttrTy::Bool => Ty::Bool,
            AttrTy::Duration => Ty::Domain(Domain::Duration),
            AttrTy::Version => Ty::Domain(Domain::Version),
            AttrTy::QuantityMap => Ty::map(Ty::Domain(Domain::Quantity)),
            AttrTy::Words(words) => Ty::Enum(EnumTy {
                cases: Arc::new(words.iter().map(|w| (*w).into()).collect()),
                declared: true,
            }),
            AttrTy::Any | AttrTy::Own => Ty::Any,
            AttrTy::Block(handle) | AttrTy::BlockOrString(handle) => Ty::Handle(*handle),
        }
    }
}

const fn attr(name: &'static str, ty: AttrTy) -> Attr {
    Attr { name, ty, required: false, example: "" }
}

const fn required(name: &'static str, ty: AttrTy, example: &'static str) -> Attr {
    Attr { name, ty, required: true, example }
}

use AttrTy::*;

/// Blocks that stand at the top level.
pub const TOP: &[Shape] = &[
    Shape { kind: "stack", labels: 1, attrs: &[attr("requires", Own)], blocks: &[] },
    Shape {
        kind: "variable",
        labels: 1,
        attrs: &[attr("type", Own), attr("default", Own), attr("description", Own)],
        blocks: &["validation"],
    },
    Shape { kind: "locals", labels: 0, attrs: &[], blocks: &[] },
    Shape {
        kind: "output",
        labels: 1,
        attrs: &[required("value", Own, "…"), attr("description", Own)],
        blocks: &[],
    },
    Shape {
        kind: "module",
        labels: 1,
        attrs: &[required("source", Own, "\"../modules/name\""), attr("for_each", Own)],
        blocks: &[],
    },
    Shape {
        kind: "cluster",
        labels: 1,
        attrs: &[
            attr("context", String),
            attr("in_cluster", Bool),
            attr("kubeconfig", String),
            attr("kubernetes", Version),
            attr("sandbox", Bool),
        ],
        blocks: &[],
    },
    Shape {
        kind: "repository",
        labels: 1,
        attrs: &[required("url", String, "\"https://charts.example.com\"")],
        blocks: &[],
    },
    Shape {
        kind: "namespace",
        labels: 1,
        attrs: &[
            attr("annotations", StringMap),
            attr("cluster", Block(Handle::Cluster)),
            attr("depends_on", Own),
            attr("for_each", Own),
            attr("labels", StringMap),
            attr("name", String),
            attr("pod_security", Words(&["privileged", "baseline", "restricted"])),
            attr("prevent_destroy", Bool),
            attr("quota", QuantityMap),
        ],
        blocks: &["limits", "network_policy", "role_binding"],
    },
    Shape {
        kind: "release",
        labels: 1,
        attrs: &[
            attr("allow", StringMap),
            attr("allow_unknown", Strings),
            required("chart", String, "\"./charts/name\""),
            attr("cluster", Block(Handle::Cluster)),
            attr("depends_on", Own),
            attr("for_each", Own),
            attr("name", String),
            required("namespace", BlockOrString(Handle::Namespace), "namespace.name"),
            attr("on_failure", Words(&["rollback", "stop"])),
            attr("prevent_destroy", Bool),
            attr("repository", BlockOrString(Handle::Repository)),
            attr("set", Own),
            attr("skip_schema_validation", Bool),
            attr("timeout", Duration),
            attr("values", Own),
            attr("version", Version),
            attr("wait", Bool),
        ],
        blocks: &["values", "patch"],
    },
    Shape {
        kind: "manifest",
        labels: 1,
        attrs: &[
            attr("cluster", Block(Handle::Cluster)),
            attr("depends_on", Own),
            attr("file", String),
            attr("files", Strings),
            attr("for_each", Own),
            attr("namespace", BlockOrString(Handle::Namespace)),
            attr("object", Own),
            attr("prevent_destroy", Bool),
            attr("timeout", Duration),
            attr("wait", Bool),
        ],
        blocks: &["object"],
    },
    Shape {
        kind: "check",
        labels: 1,
        attrs: &[
            required("condition", Own, "…"),
            required("error_message", Own, "\"what is wrong and what to do\""),
        ],
        blocks: &[],
    },
];

const NESTED: &[Shape] = &[
    Shape {
        kind: "validation",
        labels: 0,
        attrs: &[
            required("condition", Own, "…"),
            required("error_message", Own, "\"what is wrong and what to do\""),
        ],
        blocks: &[],
    },
    Shape {
        kind: "limits",
        labels: 0,
        attrs: &[
            attr("default", QuantityMap),
            attr("default_request", QuantityMap),
            attr("max", QuantityMap),
            attr("max_limit_request_ratio", QuantityMap),
            attr("min", QuantityMap),
            attr("type", Words(&["Container", "Pod", "PersistentVolumeClaim"])),
        ],
        blocks: &[],
    },
    Shape {
        kind: "network_policy",
        labels: 1,
        attrs: &[required("spec", Any, "network.deny_all_ingress()")],
        blocks: &[],
    },
    Shape {
        kind: "role_binding",
        labels: 1,
        attrs: &[
            attr("groups", Strings),
            required("role", String, "\"admin\""),
            attr("service_accounts", Strings),
            attr("users", Strings),
        ],
        blocks: &[],
    },
];

/// Kinds that the language has and this version does not carry out; using one is an error, never ignored.
pub const UNSUPPORTED: &[&str] = &["secret", "patch", "test", "moved", "removed"];

pub fn top(kind: &str) -> Option<&'static Shape> {
    TOP.iter().find(|s| s.kind == kind)
}

pub fn nested(kind: &str) -> Option<&'static Shape> {
    NESTED.iter().find(|s| s.kind == kind)
}
