//! Expressions of the syntax tree to typed ones.
//!
//! In: an expression, what stands around it ([`Cx`]) and, where known, what is expected of it. Out: an
//! [`ir::Expr`](super::ir::Expr) of some type; not necessarily of the expected one, which [`Checker::check`] sees to.
//! An expectation is pushed down into literals, so that a mistake is reported at the innermost place.

mod access;
mod calls;
mod matches;
mod operators;

pub use access::instances;

use super::errors;
use super::expect::Expect;
use super::ir::{self, E, Expr, ExprKind, Key};
use super::ty::{Field, ObjectTy, Ty, unify};
use super::{Checker, Cx};
use crate::source::Span;
use crate::syntax::ast;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Checker<'_> {
    /// The typed expression, with its own type. Never fails: what is wrong is reported and has type [`Ty::Error`].
    pub fn infer(&mut self, cx: &mut Cx, expr: &ast::Expr, expect: Option<&Expect>) -> E {
        let span = expr.span;
        let make = |kind, ty| Expr::new(kind, ty, span);
        match &expr.kind {
            ast::ExprKind::Error => Expr::error(span),
            ast::ExprKind::Null => make(ExprKind::Null, Ty::Null),
            ast::ExprKind::Bool(b) => make(ExprKind::Bool(*b), Ty::Bool),
            ast::ExprKind::Int(n) => make(ExprKind::Int(*n), Ty::Int),
            ast::ExprKind::Float(n) => make(ExprKind::Float(*n), Ty::Number),
            ast::ExprKind::Str(text) => make(ExprKind::Str(text.as_str().into()), Ty::literal(text)),
            ast::ExprKind::Template(pieces) => self.template(cx, pieces, span, expect),
            ast::ExprKind::List(items) => self.list(cx, items, span, expect),
            ast::ExprKind::Object(entries) => self.object(cx, entries, span, expect),
            ast::ExprKind::Var(name) => self.bare_name(cx, name, span),
            ast::ExprKind::Attr { base, name } => self.attr(cx, base, name, span),
            ast::ExprKind::Index { base, index } => self.index(cx, base, index, span),
            ast::ExprKind::Splat { base, each } => self.splat(cx, base, each, span),
            ast::ExprKind::SplatItem => self.bound(cx, ir::SPLAT_ITEM, span),
            ast::ExprKind::Call { name, args } => self.call(cx, name, args, span, expect),
            ast::ExprKind::MethodCall { base, name, args } => self.method_call(cx, base, name, args, span),
            ast::ExprKind::Unary { op, expr } => self.unary(cx, op, expr, span),
            ast::ExprKind::Binary { op, left, right } => self.binary(cx, op, left, right, span, expect),
            ast::ExprKind::Conditional { cond, then, otherwise } => {
                let (cond, secret) = self.condition(cx, cond, "the condition of `? :`");
                let then = self.infer_part(cx, then, expect);
                let otherwise = self.infer_part(cx, otherwise, expect);
                let ty = unify(&then.ty, &otherwise.ty).secret_if(secret);
                make(ExprKind::Conditional { cond, then, otherwise }, ty)
            }
            ast::ExprKind::ForList { vars, iter, value, cond } => {
                let (iter, value, cond, secret) =
                    self.for_parts(cx, vars, iter, cond.as_deref(), |checker, cx| {
                        let part = expect.and_then(|e| element_of(&e.ty).map(|ty| e.part(&ty)));
                        checker.infer_part(cx, value, part.as_ref())
                    });
                let ty = Ty::list(value.ty.clone()).secret_if(secret);
                let (key, value_name) = names(vars);
                make(ExprKind::ForList { key, value_name, iter, value, cond }, ty)
            }
            ast::ExprKind::ForObject { vars, iter, key, value, group, cond } => {
                let (iter, (key, value), cond, secret) =
                    self.for_parts(cx, vars, iter, cond.as_deref(), |checker, cx| {
                        let (key, key_secret) = checker.key_expr(cx, key);
                        let part =
                            expect.filter(|_| !group).and_then(|e| value_of(&e.ty).map(|ty| e.part(&ty)));
                        let value = checker.infer_part(cx, value, part.as_ref());
                        ((key, key_secret), value)
                    });
                let (key, key_secret) = key;
                let of = if *group { Ty::list(value.ty.clone()) } else { value.ty.clone() };
                let ty = Ty::map(of).secret_if(secret || key_secret);
                let (key_name, value_name) = names(vars);
                make(ExprKind::ForObject { key_name, value_name, iter, key, value, group: *group, cond }, ty)
            }
            ast::ExprKind::Match { subject, arms } => self.match_expr(cx, subject, arms, span, expect),
        }
    }

    /// Like [`Checker::check`] when something is expected: for branches, whose mistakes are best told apart.
    fn infer_part(&mut self, cx: &mut Cx, expr: &ast::Expr, expect: Option<&Expect>) -> E {
        match expect {
            Some(expect) => self.check(cx, expr, expect),
            None => self.infer(cx, expr, None),
        }
    }

    /// A bool, and whether it is secret.
    pub(super) fn condition(&mut self, cx: &mut Cx, expr: &ast::Expr, what: &str) -> (E, bool) {
        let found = self.infer(cx, expr, None);
        let secret = found.ty.reveal().1;
        let expect = Expect::new(Ty::Bool.secret_if(secret), what);
        (self.coerce(cx, found, &expect), secret)
    }

    /// What stands for a map's key: text, or a number or bool that is written as text.
    fn key_expr(&mut self, cx: &mut Cx, expr: &ast::Expr) -> (E, bool) {
        let key = self.infer(cx, expr, None);
        let (ty, secret) = key.ty.reveal();
        if ty.is_stringy() || ty.is_numeric() || ty.is_open() || matches!(ty, Ty::Bool) {
            return (key, secret);
        }
        self.diags.push(errors::not_text(ty, key.span));
        (Expr::error(key.span), secret)
    }

    fn template(&mut self, cx: &mut Cx, pieces: &[ast::Piece], span: Span, expect: Option<&Expect>) -> E {
        if let [ast::Piece::Interp(only)] = pieces {
            // The value itself, as in HCL.
            return self.infer(cx, only, expect);
        }
        let mut secret = false;
        let pieces = self.pieces(cx, pieces, &mut secret);
        Expr::new(ExprKind::Template(pieces), Ty::String.secret_if(secret), span)
    }

    fn pieces(&mut self, cx: &mut Cx, pieces: &[ast::Piece], secret: &mut bool) -> Vec<ir::Piece> {
        let mut out = Vec::new();
        for piece in pieces {
            out.push(match piece {
                ast::Piece::Lit { text, .. } => ir::Piece::Lit(text.as_str().into()),
                ast::Piece::Interp(expr) => {
                    let (expr, s) = self.key_expr(cx, expr);
                    *secret |= s;
                    ir::Piece::Interp(expr)
                }
                ast::Piece::If { cond, then, otherwise, .. } => {
                    let (cond, s) = self.condition(cx, cond, "the condition of `%{if}`");
                    *secret |= s;
                    let then = self.pieces(cx, then, secret);
                    ir::Piece::If { cond, then, otherwise: self.pieces(cx, otherwise, secret) }
                }
                ast::Piece::For { vars, iter, body, .. } => {
                    let mut inner = false;
                    let (iter, body, _, s) = self
                        .for_parts(cx, vars, iter, None, |checker, cx| checker.pieces(cx, body, &mut inner));
                    *secret |= s | inner;
                    let (key, value_name) = names(vars);
                    ir::Piece::For { key, value_name, iter, body }
                }
            });
        }
        out
    }

    /// The parts of any `for`, checked with its variables in scope. The last result: whether it goes over a secret.
    fn for_parts<R>(
        &mut self,
        cx: &mut Cx,
        vars: &ast::ForVars,
        iter: &ast::Expr,
        cond: Option<&ast::Expr>,
        body: impl FnOnce(&mut Self, &mut Cx) -> R,
    ) -> (E, R, Option<E>, bool) {
        let iter = self.infer(cx, iter, None);
        let (ty, secret) = iter.ty.reveal();
        let (key_ty, value_ty) = ty.elements().unwrap_or_else(|| {
            self.diags.push(errors::not_iterable(ty, iter.span, "`for`"));
            (Ty::Error, Ty::Error)
        });
        let mark = cx.scope.len();
        if let Some(key) = &vars.key {
            cx.bind(&key.text, key_ty.secret_if(secret));
        }
        cx.bind(&vars.value.text, value_ty.secret_if(secret));
        let body = body(self, cx);
        let mut cond_secret = false;
        let cond = cond.map(|cond| {
            let (cond, s) = self.condition(cx, cond, "the `if` of a `for`");
            cond_secret = s;
            cond
        });
        cx.scope.truncate(mark);
        (iter, body, cond, secret || cond_secret)
    }

    fn list(&mut self, cx: &mut Cx, items: &[ast::Expr], span: Span, expect: Option<&Expect>) -> E {
        let part = expect.and_then(|e| element_of(&e.ty).map(|ty| (e, e.part(&ty))));
        if let Some((expect, part)) = part {
            let items: Vec<E> = items.iter().map(|item| self.check(cx, item, &part)).collect();
            // What was inferred stays when it says more: the cases of literals, for keys of `for_each`.
            let ty = match part.ty {
                Ty::Any | Ty::String => Ty::list(common(items.iter().map(|i| &i.ty))),
                _ => match expect.ty.reveal().0 {
                    Ty::Set(_) => Ty::list(part.ty),
                    other => other.clone(),
                },
            };
            return Expr::new(ExprKind::List(items), ty, span);
        }
        let items: Vec<E> = items.iter().map(|item| self.infer(cx, item, None)).collect();
        let ty = Ty::list(common(items.iter().map(|i| &i.ty)));
        Expr::new(ExprKind::List(items), ty, span)
    }

    fn object(&mut self, cx: &mut Cx, entries: &[ast::Entry], span: Span, expect: Option<&Expect>) -> E {
        let shape = expect.map(|e| (e, e.ty.reveal().0.clone()));
        let mut keys: BTreeMap<Arc<str>, Span> = BTreeMap::new();
        let mut out: Vec<(Key, E)> = Vec::new();
        let mut fields: BTreeMap<Arc<str>, Field> = BTreeMap::new();
        let mut open: Option<Ty> = None;
        let mut secret = false;
        for entry in entries {
            let (key, part) = match &entry.key {
                ast::EntryKey::Name(name) => {
                    let key: Arc<str> = name.text.as_str().into();
                    if let Some(first) = keys.insert(key.clone(), name.span) {
                        self.diags.push(errors::duplicate_key(&name.text, name.span, first));
                        continue;
                    }
                    let part = match &shape {
                        Some((e, Ty::Object(object))) => match object.fields.get(&key) {
                            Some(field) => Some(e.part(&field.ty)),
                            None => {
                                let what = format!("{}this object", prefix(&e.why.what));
                                let diag = errors::no_field(object, &name.text, name.span, span, &what);
                                self.diags.push(errors::with_reason(diag, &e.why));
                                continue;
                            }
                        },
                        Some((e, ty)) => value_of(ty).map(|of| e.part(&of)),
                        None => None,
                    };
                    (Key::Name(key), part)
                }
                ast::EntryKey::Expr(key) => {
                    let (key, s) = self.key_expr(cx, key);
                    secret |= s;
                    let part = shape.as_ref().and_then(|(e, ty)| value_of(ty).map(|of| e.part(&of)));
                    (Key::Expr(key), part)
                }
            };
            let value = self.infer_part(cx, &entry.value, part.as_ref());
            match &key {
                Key::Name(name) => {
                    fields.insert(name.clone(), Field::required(value.ty.clone()));
                }
                Key::Expr(_) => {
                    open = Some(open.map_or(value.ty.clone(), |ty| unify(&ty, &value.ty)));
                }
            }
            out.push((key, value));
        }
        let mut ty = match open {
            None => Ty::Object(Arc::new(ObjectTy { fields })),
            Some(of) => Ty::map(fields.values().fold(of, |acc, f| unify(&acc, &f.ty))),
        };
        if let (Some((e, Ty::Object(object))), Ty::Object(found)) = (&shape, &ty) {
            for (name, field) in &object.fields {
                if found.fields.contains_key(name) || keys.contains_key(name) {
                    continue;
                }
                match &field.default {
                    Some(default) => out.push((Key::Name(name.clone()), default.clone())),
                    None if field.optional => {}
                    None => self.diags.push(errors::missing_field(name, field, span, &e.why)),
                }
            }
            ty = Ty::Object(object.clone());
        }
        Expr::new(ExprKind::Object(out), ty.secret_if(secret), span)
    }

    pub(super) fn bound(&mut self, cx: &Cx, name: &str, span: Span) -> E {
        match cx.lookup(name) {
            Some(ty) => Expr::new(ExprKind::Bound(name.into()), ty.clone(), span),
            None => Expr::error(span),
        }
    }
}

fn names(vars: &ast::ForVars) -> (Option<Arc<str>>, Arc<str>) {
    (vars.key.as_ref().map(|k| k.text.as_str().into()), vars.value.text.as_str().into())
}

fn prefix(what: &str) -> String {
    if what.is_empty() { String::new() } else { format!("{what}: ") }
}

/// What all of these have in common; `any` when there are none.
fn common<'a>(types: impl Iterator<Item = &'a Ty>) -> Ty {
    types
        .fold(None, |acc: Option<Ty>, ty| Some(acc.map_or_else(|| ty.clone(), |acc| unify(&acc, ty))))
        .unwrap_or(Ty::Any)
}

/// The expected type of a list's elements.
fn element_of(ty: &Ty) -> Option<Ty> {
    match ty {
        Ty::List(of) | Ty::Set(of) => Some((**of).clone()),
        Ty::Secret(of) => element_of(of),
        _ => None,
    }
}

/// The expected type of a map's values.
fn value_of(ty: &Ty) -> Option<Ty> {
    match ty {
        Ty::Map(of) => Some((**of).clone()),
        Ty::Secret(of) => value_of(of),
        _ => None,
    }
}
