//! Directories to modules, names to declarations.
//!
//! In: a directory, through [`World`]. Out: [`Resolved`]: every module that the stack uses, loaded once; its
//! declarations by kind; what each reference refers to; the order in which declarations, modules and releases depend on
//! each other. Must not know: types of values, which attributes a block has, charts, clusters.
//!
//! Steps: [`load`] reads directories, imports and the sources of nested modules into a [`ModuleTree`] and fills each
//! module's table of declarations; [`resolve`] binds references, finds cycles and orders.
//!
//! # For the next stage
//! * A reference is looked up in [`Resolved::refs`] by the span of the expression that makes it: for `local.x` the
//!   [`ExprKind::Attr`] node, for `aws.irsa(…)` the [`ExprKind::MethodCall`], for `f(…)` the [`ExprKind::Call`], for a type
//!   alias the [`ExprKind::Var`] (or `Attr`, when imported). A [`ExprKind::Var`] that is in no scope and not in `refs` has been reported.
//! * A [`ExprKind::Call`] that is not in `refs` calls a built-in function, or nothing: that is reported by `types`, which knows
//!   the built-in ones. The same goes for type names.
//! * Everything said in [`Module::order`] comes after what it refers to, and [`Resolved::order`] lists the modules so that
//!   libraries and child modules come before those who use them.
//!
//! [`ExprKind::Attr`]: crate::syntax::ast::ExprKind::Attr
//! [`ExprKind::Call`]: crate::syntax::ast::ExprKind::Call
//! [`ExprKind::MethodCall`]: crate::syntax::ast::ExprKind::MethodCall
//! [`ExprKind::Var`]: crate::syntax::ast::ExprKind::Var
//! [`World`]: crate::source::World

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::source::{FileId, Span};
use crate::syntax::ast;

mod decls;
pub mod kinds;
mod load;
mod messages;
mod order;
mod resolve;
mod stdlib;

pub use kinds::DeclKind;
pub use load::{ModuleTree, load};
pub use resolve::resolve;
pub use stdlib::LIBRARIES;

/// Index in [`Resolved::modules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// Index in [`Module::decls`] of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeclId {
    pub module: ModuleId,
    pub index: u32,
}

/// Index in [`Resolved::instances`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub u32);

/// What a module was loaded from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A directory of `.rel` files, with its path as given from the root (`.` or `deploy/prod/../modules/x`, normalised).
    Directory(PathBuf),
    /// A file of functions and types that is imported: the embedded `std/NAME`, or one on disk.
    Std(&'static str),
    File(PathBuf),
}

/// A directory of files, or a library.
#[derive(Clone, Debug)]
pub struct Module {
    pub id: ModuleId,
    pub origin: Origin,
    /// What relative paths in the module start from. For a library, the directory of its file.
    pub dir: PathBuf,
    /// In the order of their names.
    pub files: Vec<FileId>,
    /// In the order of files and text.
    pub decls: Vec<Decl>,
    /// By the name that the module's text uses for them.
    pub imports: BTreeMap<String, Import>,
    /// Imports that have not been followed yet; empty once the tree is loaded.
    import_list: Vec<ast::Import>,
    /// Names of imports that failed; that has been reported, so their uses are passed over in silence.
    lost_imports: BTreeSet<String>,
    /// All declarations, each after those it refers to. Members of a cycle (reported) come in the order of the text.
    pub order: Vec<DeclId>,
    /// False when a declaration was lost to a syntax error.
    pub complete: bool,
    /// False when anything in it was lost to a syntax error, so that nothing can be called unused.
    intact: bool,
}

#[derive(Clone, Debug)]
pub struct Import {
    pub name: ast::Name,
    pub library: ModuleId,
    pub span: Span,
}

/// One declared thing: a block, one attribute of `locals`, a function, a type.
#[derive(Clone, Debug)]
pub struct Decl {
    pub id: DeclId,
    pub kind: DeclKind,
    /// The label; empty for kinds without one (`stack` may have none, `moved`, `removed`).
    pub name: String,
    /// Where the name stands, or the head of a block without one.
    pub name_span: Span,
    pub item: DeclItem,
}

#[derive(Clone, Debug)]
pub enum DeclItem {
    Block(Arc<ast::Block>),
    Local(Arc<ast::Attr>),
    Function(Arc<ast::Function>),
    Type(Arc<ast::TypeAlias>),
}

/// What a reference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// `var.x`, `local.x`, `release.x`, `module.x`, …, a function of this module or an imported one, a type alias.
    Decl(DeclId),
    /// `each.key`, `each.value` of the block with `for_each` that the reference stands in.
    EachKey,
    EachValue,
}

/// One use of a module: the root, or a `module` block of another instance. A block with `for_each` is one instance here;
/// its keys are known only to evaluation.
#[derive(Clone, Debug)]
pub struct Instance {
    pub id: InstanceId,
    pub module: ModuleId,
    /// Names of the `module` blocks that lead here from the root.
    pub path: Vec<String>,
    /// The instance and the `module` block in it that makes this one.
    pub parent: Option<(InstanceId, DeclId)>,
    /// By `module` block. One whose source could not be loaded has no entry.
    pub children: BTreeMap<DeclId, InstanceId>,
}

/// The whole program with names bound.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub modules: Vec<Module>,
    pub root: ModuleId,
    /// Name of the root directory, for a stack that does not name itself.
    pub name: Option<String>,
    /// Modules after the libraries and child modules that they use.
    pub order: Vec<ModuleId>,
    /// The directory module of each `module` block; one whose source could not be loaded has no entry.
    pub sources: BTreeMap<DeclId, ModuleId>,
    /// By span of the referring expression; see the module's comment.
    pub refs: BTreeMap<Span, Target>,
    /// The root first, parents before children.
    pub instances: Vec<Instance>,
    /// Every release of every instance, each after the releases whose rendering it refers to.
    pub releases: Vec<(InstanceId, DeclId)>,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Directory(path) | Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Std(name) => write!(f, "std/{name}"),
        }
    }
}

impl Module {
    pub fn decl(&self, id: DeclId) -> Option<&Decl> {
        self.decls.get(id.index as usize).filter(|_| id.module == self.id)
    }

    pub fn of_kind(&self, kind: DeclKind) -> impl Iterator<Item = &Decl> {
        self.decls.iter().filter(move |d| d.kind == kind)
    }

    /// The declaration that a name means; the first one, when it is (wrongly) declared twice.
    pub fn find(&self, kind: DeclKind, name: &str) -> Option<&Decl> {
        self.of_kind(kind).find(|d| d.name == name)
    }

    pub fn is_library(&self) -> bool {
        !matches!(self.origin, Origin::Directory(_))
    }
}

impl Resolved {
    pub fn module(&self, id: ModuleId) -> Option<&Module> {
        self.modules.get(id.0 as usize)
    }

    pub fn decl(&self, id: DeclId) -> Option<&Decl> {
        self.module(id.module)?.decl(id)
    }

    pub fn instance(&self, id: InstanceId) -> Option<&Instance> {
        self.instances.get(id.0 as usize)
    }

    pub fn target(&self, expr: &ast::Expr) -> Option<Target> {
        self.refs.get(&expr.span).copied()
    }
}

impl Decl {
    pub fn block(&self) -> Option<&ast::Block> {
        match &self.item {
            DeclItem::Block(block) => Some(block),
            _ => None,
        }
    }

    /// As it is referred to: `local.x`, `release.db`, `module.m`; for what cannot be referred to, `output "x"`.
    pub fn address(&self) -> String {
        match self.kind.root() {
            Some("") => self.name.clone(),
            Some(root) => format!("{root}.{}", self.name),
            None if self.name.is_empty() => self.kind.word().to_string(),
            None => format!("{} \"{}\"", self.kind.word(), self.name),
        }
    }
}

#[cfg(test)]
mod tests;
