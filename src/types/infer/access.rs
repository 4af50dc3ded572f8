//! References: names, attributes, indexes, splats, and methods of handles.

use super::super::domain::Domain;
use super::super::errors;
use super::super::expect::Expect;
use super::super::ir::{self, E, Expr, ExprKind};
use super::super::ty::{Field, Handle, Ty, enumeration, unify};
use super::super::{Checker, Cx};
use crate::modules::{DeclId, DeclKind, Target};
use crate::source::Span;
use crate::syntax::ast;
use std::sync::Arc;

/// Attributes and methods of a handle: name and type of the attributes, name of the methods.
fn members(handle: Handle) -> (Vec<(&'static str, Ty)>, &'static [&'static str]) {
    let string = || Ty::String;
    match handle {
        Handle::Cluster => (vec![("kubernetes", string()), ("name", string())], &[]),
        Handle::Namespace => (vec![("cluster", Ty::Handle(Handle::Cluster)), ("name", string())], &[]),
        Handle::Repository => (vec![("url", string())], &[]),
        Handle::Manifest => (vec![], &[]),
        Handle::Release => (
            vec![("chart", string()), ("name", string()), ("namespace", string()), ("version", string())],
            &["ingress", "object", "service"],
        ),
        Handle::Service => (
            vec![
                ("dns", string()),
                ("labels", Ty::map(string())),
                ("name", string()),
                ("namespace", string()),
                ("selector", Ty::map(string())),
                ("type", string()),
            ],
            &["port"],
        ),
        Handle::Ingress => (
            vec![
                ("class", string()),
                ("host", string()),
                ("hosts", Ty::list(string())),
                ("labels", Ty::map(string())),
                ("name", string()),
                ("namespace", string()),
            ],
            &[],
        ),
    }
}

/// Parameters of a method, how many of them may be left out, and what it gives.
fn method(handle: Handle, name: &str) -> Option<(&'static str, &'static [&'static str], usize, Ty)> {
    Some(match (handle, name) {
        (Handle::Release, "service") => ("service(name: string)", &["name"], 0, Ty::Handle(Handle::Service)),
        (Handle::Release, "ingress") => ("ingress(name: string)", &["name"], 0, Ty::Handle(Handle::Ingress)),
        (Handle::Release, "object") => ("object(kind: string, name: string)", &["kind", "name"], 0, Ty::Any),
        (Handle::Service, "port") => ("port(name?: string)", &["name"], 1, Ty::Domain(Domain::Port)),
        _ => return None,
    })
}

impl Checker<'_> {
    pub(super) fn bare_name(&mut self, cx: &mut Cx, name: &ast::Name, span: Span) -> E {
        // A name that is nothing has been reported by `modules`.
        self.bound(cx, &name.text, span)
    }

    /// What a resolved reference means.
    fn reference(&mut self, cx: &mut Cx, target: Target, span: Span) -> E {
        let id = match target {
            Target::EachKey | Target::EachValue => {
                let Some((key, value)) = &cx.each else { return Expr::error(span) };
                return if target == Target::EachKey {
                    Expr::new(ExprKind::EachKey, key.clone(), span)
                } else {
                    Expr::new(ExprKind::EachValue, value.clone(), span)
                };
            }
            Target::Decl(id) => id,
        };
        let resolved = self.resolved;
        let Some(decl) = resolved.decl(id) else { return Expr::error(span) };
        if let Some(what) = cx.constant {
            self.diags.push(errors::not_constant(what, &decl.address(), span));
            return Expr::error(span);
        }
        let name: Arc<str> = decl.name.as_str().into();
        let (kind, ty) = match decl.kind {
            DeclKind::Variable => (ExprKind::Variable(name), self.variable(id).0),
            DeclKind::Local => {
                let ty = self.local(id).ty.clone();
                (ExprKind::Local(name), ty)
            }
            DeclKind::Module => (ExprKind::Module(name), self.module_call_ty(id)),
            DeclKind::Cluster => self.block(id, Handle::Cluster, name),
            DeclKind::Repository => self.block(id, Handle::Repository, name),
            DeclKind::Namespace => self.block(id, Handle::Namespace, name),
            DeclKind::Release => self.block(id, Handle::Release, name),
            DeclKind::Manifest => self.block(id, Handle::Manifest, name),
            // A `secret` block, reported where it is declared.
            _ => return Expr::error(span),
        };
        if ty.is_error() { Expr::error(span) } else { Expr::new(kind, ty, span) }
    }

    /// Whether what is referred to at `span` has a `for_each`.
    fn has_instances(&mut self, span: Span) -> bool {
        match self.resolved.refs.get(&span) {
            Some(Target::Decl(id)) => self.for_each(*id).is_some(),
            _ => false,
        }
    }

    fn block(&mut self, id: DeclId, handle: Handle, name: Arc<str>) -> (ExprKind, Ty) {
        let keys = self.for_each(id);
        let ty = instances(Ty::Handle(handle), keys.as_ref().map(|e| &e.ty));
        (ExprKind::Block { handle, name }, ty)
    }

    pub(super) fn attr(&mut self, cx: &mut Cx, base: &ast::Expr, name: &ast::Name, span: Span) -> E {
        if let Some(target) = self.resolved.refs.get(&span) {
            return self.reference(cx, *target, span);
        }
        if let ast::ExprKind::Var(root) = &base.kind
            && cx.lookup(&root.text).is_none()
        {
            // What is not declared has been reported by `modules`.
            return Expr::error(span);
        }
        let base = self.infer(cx, base, None);
        self.attr_of(base, name, span)
    }

    fn attr_of(&mut self, base: E, name: &ast::Name, span: Span) -> E {
        let (ty, secret) = base.ty.reveal();
        let ty = ty.clone();
        let text: Arc<str> = name.text.as_str().into();
        match &ty {
            Ty::Error => Expr::error(span),
            Ty::Handle(handle) => {
                let (attrs, methods) = members(*handle);
                if let Some((_, attr_ty)) = attrs.iter().find(|(n, _)| *n == name.text) {
                    let kind = ExprKind::HandleAttr { base, handle: *handle, name: text };
                    return Expr::new(kind, attr_ty.clone(), span);
                }
                let known: Vec<&str> = attrs.iter().map(|(n, _)| *n).collect();
                self.diags.push(errors::no_handle_attr(handle, &name.text, name.span, &known, methods));
                Expr::error(span)
            }
            Ty::Object(object) => match object.fields.get(&text) {
                Some(field) => {
                    let ty = field.ty.clone().secret_if(secret);
                    let default = field.default.clone();
                    Expr::new(ExprKind::Attr { base, name: text, default }, ty, span)
                }
                None => {
                    let diag = match &base.kind {
                        ExprKind::Block { handle, name: block } => {
                            let first = object.fields.keys().next().map(|k| &**k);
                            errors::choose_instance(handle.word(), block, first, name.span)
                        }
                        ExprKind::Module(module) if self.has_instances(base.span) => {
                            let first = object.fields.keys().next().map(|k| &**k);
                            errors::choose_instance("module", module, first, name.span)
                        }
                        ExprKind::Module(module) => {
                            let what = format!("module `{module}`");
                            errors::no_output(object, &name.text, name.span, &what)
                        }
                        _ => errors::no_field(object, &name.text, name.span, base.span, "this object"),
                    };
                    self.diags.push(diag);
                    Expr::error(span)
                }
            },
            Ty::Map(of) => {
                if let (ExprKind::Block { handle, name: block }, Ty::Handle(_)) = (&base.kind, &**of) {
                    self.diags.push(errors::choose_instance(handle.word(), block, None, name.span));
                    return Expr::error(span);
                }
                let ty = (**of).clone().secret_if(secret);
                Expr::new(ExprKind::Attr { base, name: text, default: None }, ty, span)
            }
            Ty::Any => {
                Expr::new(ExprKind::Attr { base, name: text, default: None }, Ty::Any.secret_if(secret), span)
            }
            other => {
                self.diags.push(errors::no_fields(other, &name.text, base.span));
                Expr::error(span)
            }
        }
    }

    pub(super) fn index(&mut self, cx: &mut Cx, base: &ast::Expr, index: &ast::Expr, span: Span) -> E {
        let base = self.infer(cx, base, None);
        let index = self.infer(cx, index, None);
        let (ty, base_secret) = base.ty.reveal();
        let (index_ty, index_secret) = index.ty.reveal();
        let secret = base_secret || index_secret;
        let (ty, index_ty) = (ty.clone(), index_ty.clone());
        if ty.is_error() || index_ty.is_error() {
            return Expr::error(span);
        }
        let wanted = match &ty {
            Ty::List(_) => Ty::Int,
            Ty::Map(_) | Ty::Object(_) => Ty::String,
            Ty::Any => Ty::Any,
            Ty::Set(_) => {
                self.diags.push(
                    errors::not_indexable(&ty, base.span)
                        .help("a set has no order; make it a list with `tolist(…)`"),
                );
                return Expr::error(span);
            }
            _ => {
                self.diags.push(errors::not_indexable(&ty, base.span));
                return Expr::error(span);
            }
        };
        let what = if wanted == Ty::Int { "the index of a list" } else { "the key of a map" };
        let index = self.coerce(cx, index, &Expect::new(wanted.secret_if(index_secret), what));
        let result = match &ty {
            Ty::List(of) | Ty::Map(of) => (**of).clone(),
            Ty::Object(object) => {
                let keys: Vec<Arc<str>> = match &index_ty {
                    Ty::Enum(cases) => cases.cases.to_vec(),
                    _ => object.fields.keys().cloned().collect(),
                };
                if let Some(key) = keys.iter().find(|k| !object.fields.contains_key(*k)) {
                    let known: Vec<&str> = object.fields.keys().map(|k| &**k).collect();
                    let diag = match &base.kind {
                        ExprKind::Block { handle, name } => {
                            let what = format!("`{}.{name}`", handle.word());
                            errors::no_instance(&known, key, &what, index.span)
                        }
                        ExprKind::Module(name) => {
                            errors::no_instance(&known, key, &format!("`module.{name}`"), index.span)
                        }
                        _ => errors::no_field(object, key, index.span, base.span, "this object"),
                    };
                    self.diags.push(diag);
                    return Expr::error(span);
                }
                let fields = keys.iter().filter_map(|k| object.fields.get(k));
                fields
                    .fold(None, |acc: Option<Ty>, f| Some(acc.map_or(f.ty.clone(), |acc| unify(&acc, &f.ty))))
                    .unwrap_or(Ty::Any)
            }
            _ => Ty::Any,
        };
        Expr::new(ExprKind::Index { base, index }, result.secret_if(secret), span)
    }

    pub(super) fn splat(&mut self, cx: &mut Cx, base: &ast::Expr, each: &ast::Expr, span: Span) -> E {
        let base = self.infer(cx, base, None);
        let (ty, secret) = base.ty.reveal();
        let item = match ty {
            Ty::List(of) | Ty::Set(of) => (**of).clone(),
            other => other.clone(),
        };
        let mark = cx.scope.len();
        cx.bind(ir::SPLAT_ITEM, item);
        let each = self.infer(cx, each, None);
        cx.scope.truncate(mark);
        let ty = Ty::list(each.ty.clone()).secret_if(secret);
        Expr::new(ExprKind::Splat { base, each }, ty, span)
    }

    pub(super) fn method_call(
        &mut self,
        cx: &mut Cx,
        base: &ast::Expr,
        name: &ast::Name,
        args: &ast::Args,
        span: Span,
    ) -> E {
        if let ast::ExprKind::Var(root) = &base.kind
            && cx.lookup(&root.text).is_none()
        {
            let Some(Target::Decl(id)) = self.resolved.refs.get(&span).copied() else {
                return Expr::error(span);
            };
            return self.user_call(cx, id, &format!("{}.{}", root.text, name.text), args, span);
        }
        let base = self.infer(cx, base, None);
        let args_ir: Vec<E> = args.list.iter().map(|arg| self.infer(cx, arg, None)).collect();
        let ty = base.ty.reveal().0.clone();
        let Ty::Handle(handle) = &ty else {
            match (&ty, &base.kind) {
                (Ty::Error, _) => {}
                (Ty::Object(o), ExprKind::Block { handle, name: block }) => {
                    let first = o.fields.keys().next().map(|k| &**k);
                    self.diags.push(errors::choose_instance(handle.word(), block, first, name.span));
                }
                (Ty::Map(_), ExprKind::Block { handle, name: block }) => {
                    self.diags.push(errors::choose_instance(handle.word(), block, None, name.span));
                }
                _ => self.diags.push(errors::no_method(&ty, &name.text, name.span, &[])),
            }
            return Expr::error(span);
        };
        let Some((signature, params, optional, result)) = method(*handle, &name.text) else {
            let (attrs, methods) = members(*handle);
            let diag = if attrs.iter().any(|(n, _)| *n == name.text) {
                errors::attr_not_method(&name.text, name.span)
            } else {
                errors::no_method(&ty, &name.text, name.span, methods)
            };
            self.diags.push(diag);
            return Expr::error(span);
        };
        let signature = format!("signature: `{signature}`");
        if let Some(dots) = args.expand {
            self.diags.push(errors::no_expand(&signature, &name.text, dots));
            return Expr::error(span);
        }
        if args_ir.len() + optional < params.len() {
            let missing = params.get(args_ir.len()..).unwrap_or(&[]);
            self.diags.push(errors::too_few(&signature, &name.text, missing, span));
            return Expr::error(span);
        }
        if let Some(extra) = args_ir.get(params.len()) {
            let diag = errors::too_many(&signature, &name.text, params.len(), args_ir.len(), extra.span);
            self.diags.push(diag);
            return Expr::error(span);
        }
        let checked: Vec<E> = args_ir
            .into_iter()
            .zip(params)
            .map(|(arg, param)| {
                let expect = Expect::new(Ty::String, format!("`{param}` of `{}`", name.text));
                self.coerce(cx, arg, &expect)
            })
            .collect();
        let kind = ExprKind::Method {
            base,
            handle: *handle,
            name: name.text.as_str().into(),
            args: checked,
            name_span: name.span,
        };
        Expr::new(kind, result, span)
    }
}

/// The type of a block that is pointed to: itself, or its instances by key.
pub fn instances(of: Ty, for_each: Option<&Ty>) -> Ty {
    let Some(ty) = for_each else { return of };
    let keys = match ty.reveal().0 {
        Ty::List(keys) | Ty::Set(keys) => (**keys).clone(),
        Ty::Object(object) => enumeration(object.fields.keys().cloned()),
        _ => Ty::String,
    };
    match keys {
        // The cases are all keys there can be; fewer may come out of a filter.
        Ty::Enum(cases) => Ty::object(cases.cases.iter().map(|c| (c.clone(), Field::optional(of.clone())))),
        _ => Ty::map(of),
    }
}
