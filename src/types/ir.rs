//! The typed program: what `check` makes of the syntax trees and `eval` runs.
//!
//! In: nothing. Out: plain data. Names are resolved, every expression has its type, conversions are explicit
//! ([`ExprKind::Convert`]), block shapes have been checked. What was wrong is [`ExprKind::Error`] and has been
//! reported. Must not know: syntax trees, values.

use super::signatures::Signature;
use super::ty::{Handle, Ty};
use crate::source::Span;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Expressions are shared, since a pending value keeps the one that makes it.
pub type E = Arc<Expr>;

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Ty,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    /// Reported already; evaluation of whatever needs it stops silently.
    Error,
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    Template(Vec<Piece>),
    List(Vec<E>),
    Object(Vec<(Key, E)>),
    /// `var.name`
    Variable(Arc<str>),
    /// `local.name`
    Local(Arc<str>),
    EachKey,
    EachValue,
    /// A loop variable, parameter, function local, or ([`SPLAT_ITEM`]) the element of a splat.
    Bound(Arc<str>),
    /// A block that is pointed to. A `for_each` one is a map of its instances.
    Block {
        handle: Handle,
        name: Arc<str>,
    },
    /// `module.name`: the object of its outputs, or a map of those.
    Module(Arc<str>),
    /// `.name` of an object or map. `default`: what an optional field reads as while absent.
    Attr {
        base: E,
        name: Arc<str>,
        default: Option<E>,
    },
    Index {
        base: E,
        index: E,
    },
    /// A known property of a handle: `release.x.name`, `release.x.service("n").dns`.
    HandleAttr {
        base: E,
        handle: Handle,
        name: Arc<str>,
    },
    /// `release.x.service("n")`, `release.x.service("n").port("sql")`.
    Method {
        base: E,
        handle: Handle,
        name: Arc<str>,
        args: Vec<E>,
        name_span: Span,
    },
    Splat {
        base: E,
        each: E,
    },
    /// `args` in the order of the parameters, variadic ones at the end. `expand`: the last is a list of more.
    Builtin {
        signature: &'static Signature,
        args: Vec<E>,
        expand: bool,
    },
    Call {
        function: Arc<Function>,
        args: Vec<E>,
        expand: bool,
    },
    Not(E),
    Neg(E),
    Binary {
        op: BinaryOp,
        left: E,
        right: E,
    },
    Conditional {
        cond: E,
        then: E,
        otherwise: E,
    },
    ForList {
        key: Option<Arc<str>>,
        value_name: Arc<str>,
        iter: E,
        value: E,
        cond: Option<E>,
    },
    ForObject {
        key_name: Option<Arc<str>>,
        value_name: Arc<str>,
        iter: E,
        key: E,
        value: E,
        group: bool,
        cond: Option<E>,
    },
    Match {
        subject: E,
        arms: Vec<Arm>,
    },
    /// The value made to be of the expression's type, or an error where it is not.
    Convert {
        expr: E,
        why: Arc<Reason>,
    },
}

/// Name of the element at hand in a splat; no identifier can be it.
pub const SPLAT_ITEM: &str = "[*]";

/// Why a type is asked for, for messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reason {
    /// Such as "`timeout` of a release"; empty when there is nothing to say.
    pub what: String,
    /// Where the type was declared.
    pub declared: Option<Span>,
}

#[derive(Clone, Debug)]
pub enum Key {
    Name(Arc<str>),
    Expr(E),
}

#[derive(Clone, Debug)]
pub enum Piece {
    Lit(Arc<str>),
    Interp(E),
    If { cond: E, then: Vec<Piece>, otherwise: Vec<Piece> },
    For { key: Option<Arc<str>>, value_name: Arc<str>, iter: E, body: Vec<Piece> },
}

#[derive(Clone, Debug)]
pub struct Arm {
    pub patterns: Vec<Pattern>,
    pub body: E,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    Wildcard,
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Arc<str>),
}

/// Operators with the kind of thing they work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    Coalesce,
    Or,
    And,
    Eq,
    Ne,
    Compare(Comparison, Operand),
    Arithmetic(Arithmetic, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    Number,
    Quantity,
    Duration,
    Version,
}

/// A `function`, checked; shared by its calls.
#[derive(Debug)]
pub struct Function {
    pub name: Arc<str>,
    pub params: Vec<Param>,
    pub locals: Vec<(Arc<str>, E)>,
    pub result: E,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Param {
    pub name: Arc<str>,
    pub ty: Ty,
    pub default: Option<E>,
    pub variadic: bool,
}

/// The whole checked stack.
#[derive(Clone, Debug, Default)]
pub struct TypedStack {
    /// The `stack` block's label, or the root directory's name.
    pub name: String,
    pub root: Arc<Module>,
    /// Every release block, each after those whose rendering it refers to: names of the module blocks that lead to
    /// it, and its own.
    pub releases: Vec<(Vec<String>, String)>,
}

/// One module, checked once however often it is instantiated.
#[derive(Debug, Default)]
pub struct Module {
    /// Directory that paths in it are relative to.
    pub dir: PathBuf,
    pub variables: BTreeMap<Arc<str>, Variable>,
    pub locals: BTreeMap<Arc<str>, E>,
    pub outputs: BTreeMap<Arc<str>, Output>,
    pub calls: BTreeMap<Arc<str>, ModuleCall>,
    pub clusters: BTreeMap<Arc<str>, Cluster>,
    pub repositories: BTreeMap<Arc<str>, Repository>,
    pub namespaces: BTreeMap<Arc<str>, Namespace>,
    pub releases: BTreeMap<Arc<str>, Release>,
    pub manifests: BTreeMap<Arc<str>, Manifest>,
    pub checks: Vec<Check>,
    /// Local values, `module` blocks and blocks with a head, each after those it refers to.
    pub order: Vec<Ordered>,
}

/// What is worked out once for every instance of a module.
#[derive(Clone, Debug)]
pub enum Ordered {
    Local(Arc<str>),
    Call(Arc<str>),
    Block(Handle, Arc<str>),
}

#[derive(Debug)]
pub struct Variable {
    pub ty: Ty,
    pub default: Option<E>,
    pub description: Option<String>,
    pub validations: Vec<Condition>,
    /// The block's header.
    pub span: Span,
    /// The `type = …` expression, or the header.
    pub ty_span: Span,
}

/// `condition` and `error_message`.
#[derive(Debug)]
pub struct Condition {
    pub condition: E,
    pub message: E,
    pub span: Span,
}

#[derive(Debug)]
pub struct Check {
    pub name: Arc<str>,
    pub body: Condition,
}

#[derive(Debug)]
pub struct Output {
    pub value: E,
    pub span: Span,
}

#[derive(Debug)]
pub struct ModuleCall {
    pub module: Arc<Module>,
    pub for_each: Option<E>,
    pub inputs: BTreeMap<Arc<str>, E>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Cluster {
    pub context: Option<E>,
    pub kubeconfig: Option<E>,
    pub in_cluster: Option<E>,
    pub sandbox: Option<E>,
    pub kubernetes: Option<E>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Repository {
    pub url: E,
    pub span: Span,
}

#[derive(Debug)]
pub struct Namespace {
    pub for_each: Option<E>,
    pub cluster: Option<E>,
    pub name: Option<E>,
    pub labels: Option<E>,
    pub annotations: Option<E>,
    pub pod_security: Option<E>,
    pub quota: Option<E>,
    pub limits: Vec<Limits>,
    pub network_policies: Vec<NetworkPolicy>,
    pub role_bindings: Vec<RoleBinding>,
    pub prevent_destroy: Option<E>,
    pub depends_on: Vec<E>,
    pub span: Span,
}

/// A `limits` block: fields of a LimitRange's item for containers.
#[derive(Debug)]
pub struct Limits {
    pub fields: BTreeMap<&'static str, E>,
    pub span: Span,
}

#[derive(Debug)]
pub struct NetworkPolicy {
    pub name: Arc<str>,
    pub spec: E,
    pub span: Span,
}

#[derive(Debug)]
pub struct RoleBinding {
    pub name: Arc<str>,
    pub role: E,
    pub groups: Option<E>,
    pub users: Option<E>,
    pub service_accounts: Option<E>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Release {
    pub for_each: Option<E>,
    pub name: Option<E>,
    pub cluster: Option<E>,
    /// A namespace handle or a string.
    pub namespace: E,
    pub repository: Option<E>,
    pub chart: E,
    pub version: Option<E>,
    /// `values` blocks and expressions in the order written.
    pub values: Vec<E>,
    pub set: Option<E>,
    pub wait: Option<E>,
    pub timeout: Option<E>,
    pub on_failure: Option<E>,
    pub prevent_destroy: Option<E>,
    pub allow: Option<E>,
    pub allow_unknown: Option<E>,
    pub skip_schema_validation: Option<E>,
    pub depends_on: Vec<E>,
    /// The header.
    pub span: Span,
}

#[derive(Debug)]
pub struct Manifest {
    pub for_each: Option<E>,
    pub cluster: Option<E>,
    pub namespace: Option<E>,
    pub file: Option<E>,
    pub files: Option<E>,
    pub objects: Vec<E>,
    pub wait: Option<E>,
    pub timeout: Option<E>,
    pub prevent_destroy: Option<E>,
    pub depends_on: Vec<E>,
    pub span: Span,
}

impl Expr {
    pub fn new(kind: ExprKind, ty: Ty, span: Span) -> E {
        Arc::new(Expr { kind, ty, span })
    }

    pub fn error(span: Span) -> E {
        Expr::new(ExprKind::Error, Ty::Error, span)
    }

    pub fn is_error(&self) -> bool {
        matches!(self.kind, ExprKind::Error)
    }

    /// Adds the expressions directly inside this one.
    pub fn children<'a>(&'a self, out: &mut Vec<&'a E>) {
        match &self.kind {
            ExprKind::Error
            | ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Str(_)
            | ExprKind::Variable(_)
            | ExprKind::Local(_)
            | ExprKind::EachKey
            | ExprKind::EachValue
            | ExprKind::Bound(_)
            | ExprKind::Block { .. }
            | ExprKind::Module(_) => {}
            ExprKind::Template(pieces) => piece_children(pieces, out),
            ExprKind::List(items) => out.extend(items),
            ExprKind::Object(entries) => {
                for (key, value) in entries {
                    if let Key::Expr(key) = key {
                        out.push(key);
                    }
                    out.push(value);
                }
            }
            ExprKind::Attr { base, .. } | ExprKind::HandleAttr { base, .. } => out.push(base),
            ExprKind::Not(inner) | ExprKind::Neg(inner) | ExprKind::Convert { expr: inner, .. } => {
                out.push(inner)
            }
            ExprKind::Index { base, index } => out.extend([base, index]),
            ExprKind::Method { base, args, .. } => {
                out.push(base);
                out.extend(args);
            }
            ExprKind::Splat { base, each } => out.extend([base, each]),
            ExprKind::Builtin { args, .. } | ExprKind::Call { args, .. } => out.extend(args),
            ExprKind::Binary { left, right, .. } => out.extend([left, right]),
            ExprKind::Conditional { cond, then, otherwise } => out.extend([cond, then, otherwise]),
            ExprKind::ForList { iter, value, cond, .. } => {
                out.extend([iter, value]);
                out.extend(cond);
            }
            ExprKind::ForObject { iter, key, value, cond, .. } => {
                out.extend([iter, key, value]);
                out.extend(cond);
            }
            ExprKind::Match { subject, arms } => {
                out.push(subject);
                out.extend(arms.iter().map(|a| &a.body));
            }
        }
    }

    /// The text of a string literal, seen through conversions.
    pub fn as_str(&self) -> Option<&Arc<str>> {
        match &self.kind {
            ExprKind::Str(s) => Some(s),
            ExprKind::Convert { expr, .. } => expr.as_str(),
            _ => None,
        }
    }
}

fn piece_children<'a>(pieces: &'a [Piece], out: &mut Vec<&'a E>) {
    for piece in pieces {
        match piece {
            Piece::Lit(_) => {}
            Piece::Interp(expr) => out.push(expr),
            Piece::If { cond, then, otherwise } => {
                out.push(cond);
                piece_children(then, out);
                piece_children(otherwise, out);
            }
            Piece::For { iter, body, .. } => {
                out.push(iter);
                piece_children(body, out);
            }
        }
    }
}
