//! Type checking: the resolved program in, the typed one out.
//!
//! In: [`Resolved`]. Out: [`TypedStack`], whose expressions all have types and whose blocks have the shapes of the
//! [`table`]; every mistake in the run's [`Diags`]. Must not know: values, files, clusters, charts.
//!
//! Declarations are checked when first needed and once only; each module is checked once, however many instances
//! it has.

mod blocks;
pub mod domain;
mod errors;
mod expect;
mod infer;
pub mod ir;
mod releases;
pub mod signatures;
pub mod table;
pub mod ty;
mod type_expr;

#[cfg(test)]
mod tests;

pub use ir::TypedStack;
pub use ty::Ty;

use crate::diag::Diags;
use crate::modules::{DeclId, DeclItem, DeclKind, ModuleId, Resolved};
use crate::source::Span;
use crate::syntax::ast;
use expect::Expect;
use ir::E;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Checks the whole program.
pub fn check(resolved: &Resolved, diags: &mut Diags) -> TypedStack {
    let mut checker = Checker { resolved, diags, memo: Memo::default() };
    for id in &resolved.order {
        checker.module(*id);
    }
    let root = checker.module(resolved.root);
    let releases = resolved
        .releases
        .iter()
        .filter_map(|(instance, decl)| {
            Some((resolved.instance(*instance)?.path.clone(), resolved.decl(*decl)?.name.clone()))
        })
        .collect();
    TypedStack { name: checker.stack_name(), root, releases }
}

struct Checker<'a> {
    resolved: &'a Resolved,
    diags: &'a mut Diags,
    memo: Memo,
}

/// What has been checked. `None` and [`Ty::Error`] stand for what is being checked right now: a cycle, reported by
/// `modules`.
#[derive(Default)]
struct Memo {
    variables: BTreeMap<DeclId, (Ty, Span)>,
    locals: BTreeMap<DeclId, E>,
    functions: BTreeMap<DeclId, Option<Arc<ir::Function>>>,
    aliases: BTreeMap<DeclId, Ty>,
    for_each: BTreeMap<DeclId, Option<E>>,
    modules: BTreeMap<ModuleId, Arc<ir::Module>>,
}

/// What stands around an expression.
struct Cx {
    module: ModuleId,
    /// Variables of loops, parameters, locals of functions; the innermost last.
    scope: Vec<(Arc<str>, Ty)>,
    /// Types of `each.key` and `each.value`.
    each: Option<(Ty, Ty)>,
    /// Set where nothing but literals and functions may stand: the name of that place.
    constant: Option<&'static str>,
}

impl Cx {
    fn new(module: ModuleId) -> Self {
        Cx { module, scope: Vec::new(), each: None, constant: None }
    }

    fn constant(module: ModuleId, what: &'static str) -> Self {
        Cx { constant: Some(what), ..Cx::new(module) }
    }

    fn bind(&mut self, name: &str, ty: Ty) {
        self.scope.push((name.into(), ty.modest()));
    }

    fn lookup(&self, name: &str) -> Option<&Ty> {
        self.scope.iter().rev().find(|(n, _)| &**n == name).map(|(_, ty)| ty)
    }
}

impl Checker<'_> {
    /// Type of a variable, and where it is said.
    fn variable(&mut self, id: DeclId) -> (Ty, Span) {
        if let Some(known) = self.memo.variables.get(&id) {
            return known.clone();
        }
        let resolved = self.resolved;
        let Some((decl, block)) = resolved.decl(id).and_then(|d| Some((d, d.block()?))) else {
            return (Ty::Error, Span { file: crate::source::FileId(0), start: 0, end: 0 });
        };
        self.memo.variables.insert(id, (Ty::Error, decl.name_span));
        let found = match (block.body.attr("type"), block.body.attr("default")) {
            (Some(ty), _) => (self.type_of(id.module, &ty.value), ty.value.span),
            (None, Some(default)) => {
                // Only scalars say enough: `[]` and `{}` are examples, not types.
                let mut own = Diags::default();
                let value = {
                    let mut quiet = Checker { resolved, diags: &mut own, memo: Memo::default() };
                    quiet.infer(
                        &mut Cx::constant(id.module, "the default of a variable"),
                        &default.value,
                        None,
                    )
                };
                let ty = match value.ty.widen() {
                    ty @ (Ty::Bool | Ty::Int | Ty::Number | Ty::String) => ty,
                    _ => Ty::Any,
                };
                (ty, default.value.span)
            }
            (None, None) => (Ty::Any, decl.name_span),
        };
        self.memo.variables.insert(id, found.clone());
        found
    }

    fn local(&mut self, id: DeclId) -> E {
        if let Some(known) = self.memo.locals.get(&id) {
            return known.clone();
        }
        let resolved = self.resolved;
        let Some(DeclItem::Local(attr)) = resolved.decl(id).map(|d| &d.item) else {
            return ir::Expr::error(Span { file: crate::source::FileId(0), start: 0, end: 0 });
        };
        self.memo.locals.insert(id, ir::Expr::error(attr.value.span));
        let value = self.infer(&mut Cx::new(id.module), &attr.value, None);
        let value = ir::Expr::new(value.kind.clone(), value.ty.modest(), value.span);
        self.memo.locals.insert(id, value.clone());
        value
    }

    /// The type that an alias stands for.
    fn alias(&mut self, id: DeclId, at: Span) -> Ty {
        if let Some(known) = self.memo.aliases.get(&id) {
            return known.clone();
        }
        let resolved = self.resolved;
        let Some(decl) = resolved.decl(id) else { return Ty::Error };
        let DeclItem::Type(alias) = &decl.item else {
            self.diags.push(errors::bad_type(
                format!("`{}` is not a type", decl.address()),
                at,
                "expected a type",
            ));
            return Ty::Error;
        };
        self.memo.aliases.insert(id, Ty::Error);
        if type_expr::is_built_in(&alias.name.text) {
            self.diags.push(errors::built_in("type", &alias.name.text, alias.name.span));
        }
        let ty = self.type_of(id.module, &alias.ty);
        self.memo.aliases.insert(id, ty.clone());
        ty
    }

    /// A function of the language, for a call at `at`. `None`: it has mistakes, which are reported.
    fn function(&mut self, id: DeclId, at: Span) -> Option<Arc<ir::Function>> {
        if let Some(known) = self.memo.functions.get(&id) {
            return known.clone();
        }
        let resolved = self.resolved;
        let decl = resolved.decl(id)?;
        let DeclItem::Function(function) = &decl.item else {
            self.diags.push(errors::not_a_function(&decl.address(), at));
            return None;
        };
        self.memo.functions.insert(id, None);
        if signatures::signature(&function.name.text).is_some() {
            self.diags.push(errors::built_in("function", &function.name.text, function.name.span));
        }
        let checked = self.check_function(id.module, function);
        self.memo.functions.insert(id, Some(checked.clone()));
        Some(checked)
    }

    fn check_function(&mut self, module: ModuleId, function: &ast::Function) -> Arc<ir::Function> {
        let mut cx = Cx::constant(module, "a function");
        let mut params = Vec::new();
        for param in &function.params {
            let ty = param.ty.as_ref().map_or(Ty::Any, |ty| self.type_of(module, ty));
            let default = param.default.as_ref().map(|default| {
                let expect =
                    Expect::declared(ty.clone(), format!("the default of `{}`", param.name.text), param.span);
                self.check(&mut Cx::constant(module, "a default of a parameter"), default, &expect)
            });
            let inner = if param.variadic { Ty::list(ty.clone()) } else { ty.clone() };
            cx.bind(&param.name.text, inner);
            params.push(ir::Param {
                name: param.name.text.as_str().into(),
                ty,
                default,
                variadic: param.variadic,
            });
        }
        let mut locals = Vec::new();
        for local in &function.locals {
            let value = self.infer(&mut cx, &local.value, None);
            cx.bind(&local.name.text, value.ty.clone());
            locals.push((local.name.text.as_str().into(), value));
        }
        let result = match &function.returns {
            Some(returns) => {
                let ty = self.type_of(module, returns);
                let expect = Expect::declared(
                    ty.clone(),
                    format!("the result of `{}`", function.name.text),
                    returns.span,
                );
                let result = self.check(&mut cx, &function.result, &expect);
                // The declared type, not what the body happens to be.
                if result.is_error() || result.ty == ty {
                    result
                } else {
                    ir::Expr::new(result.kind.clone(), ty, result.span)
                }
            }
            None => {
                let result = self.infer(&mut cx, &function.result, None);
                ir::Expr::new(result.kind.clone(), result.ty.modest().widen(), result.span)
            }
        };
        Arc::new(ir::Function {
            name: function.name.text.as_str().into(),
            params,
            locals,
            result,
            span: function.header,
        })
    }

    /// The `for_each` of a block.
    fn for_each(&mut self, id: DeclId) -> Option<E> {
        if let Some(known) = self.memo.for_each.get(&id) {
            return known.clone();
        }
        self.memo.for_each.insert(id, None);
        let resolved = self.resolved;
        let decl = resolved.decl(id)?;
        if !decl.kind.takes_for_each() {
            return None;
        }
        let attr = decl.block()?.body.attr("for_each")?;
        let value = self.infer(&mut Cx::new(id.module), &attr.value, None);
        let (ty, secret) = value.ty.reveal();
        let bad = match ty {
            Ty::List(of) | Ty::Set(of) => !(of.is_stringy() || of.is_open()),
            Ty::Map(_) | Ty::Object(_) | Ty::Any | Ty::Error => false,
            _ => true,
        };
        let secret = secret || ty.elements().is_some_and(|(_, of)| bad && of.reveal().1);
        let value = if secret {
            self.diags.push(errors::secret_for_each(value.span));
            ir::Expr::error(value.span)
        } else if bad {
            self.diags.push(errors::bad_for_each(ty, value.span));
            ir::Expr::error(value.span)
        } else {
            value
        };
        self.memo.for_each.insert(id, Some(value.clone()));
        Some(value)
    }

    /// What `each.key` and `each.value` are under this `for_each`.
    fn each(for_each: Option<&E>) -> Option<(Ty, Ty)> {
        let ty = for_each?.ty.reveal().0;
        Some(match ty {
            Ty::List(of) | Ty::Set(of) => ((**of).clone(), (**of).clone()),
            Ty::Any => (Ty::String, Ty::Any),
            other => other.elements().unwrap_or((Ty::Error, Ty::Error)),
        })
    }

    /// `module.name`: the outputs of a module block, by name.
    fn module_call_ty(&mut self, id: DeclId) -> Ty {
        let resolved = self.resolved;
        let Some(source) = resolved.sources.get(&id) else { return Ty::Error };
        let module = self.module(*source);
        let outputs = module
            .outputs
            .iter()
            .map(|(name, output)| (name.clone(), ty::Field::required(output.value.ty.modest())));
        let object = Ty::object(outputs.collect::<Vec<_>>());
        let keys = self.for_each(id);
        infer::instances(object, keys.as_ref().map(|e| &e.ty))
    }

    /// Names declared in a module, for suggestions.
    fn names(&self, module: ModuleId, kind: DeclKind) -> Vec<String> {
        let Some(module) = self.resolved.module(module) else { return Vec::new() };
        module.of_kind(kind).map(|d| d.name.clone()).collect()
    }

    fn stack_name(&self) -> String {
        let Some(root) = self.resolved.module(self.resolved.root) else { return String::new() };
        match root.of_kind(DeclKind::Stack).find(|d| !d.name.is_empty()) {
            Some(decl) => decl.name.clone(),
            // Two directories must not share a name by accident: each would remove what the other made.
            None => self.resolved.name.clone().unwrap_or_else(|| "stack".into()),
        }
    }
}
