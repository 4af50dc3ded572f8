//! Expectations: the type a place asks for, with the reason, and the messages when an expression is not of it.

use super::errors;
use super::ir::{E, Expr, ExprKind, Reason};
use super::ty::{Ty, assign};
use super::{Checker, Cx};
use crate::modules::DeclKind;
use crate::source::Span;
use crate::syntax::ast;
use std::sync::Arc;

/// What a place asks for.
#[derive(Clone, Debug)]
pub struct Expect {
    pub ty: Ty,
    pub why: Arc<Reason>,
}

impl Expect {
    pub fn new(ty: Ty, what: impl Into<String>) -> Self {
        Expect { ty, why: Arc::new(Reason { what: what.into(), declared: None }) }
    }

    pub fn declared(ty: Ty, what: impl Into<String>, declared: Span) -> Self {
        Expect { ty, why: Arc::new(Reason { what: what.into(), declared: Some(declared) }) }
    }

    /// Nothing in particular; any value but a handle.
    pub fn any(what: impl Into<String>) -> Self {
        Expect::new(Ty::Any, what)
    }

    /// The same reason for a part of the value.
    pub fn part(&self, ty: &Ty) -> Expect {
        Expect { ty: ty.clone(), why: self.why.clone() }
    }
}

impl Checker<'_> {
    /// The expression, made to be what is expected; reported where it cannot be.
    pub fn check(&mut self, cx: &mut Cx, expr: &ast::Expr, expect: &Expect) -> E {
        let found = self.infer(cx, expr, Some(expect));
        self.coerce(cx, found, expect)
    }

    pub fn coerce(&mut self, cx: &Cx, found: E, expect: &Expect) -> E {
        if found.is_error() || found.ty.is_error() {
            return found;
        }
        if let Some(diag) = self.literal_problem(&found, &expect.ty) {
            self.diags.push(errors::with_reason(diag, &expect.why));
            return Expr::error(found.span);
        }
        match assign(&found.ty, &expect.ty) {
            Ok(()) if needs_work(&found.ty, &expect.ty) => {
                let span = found.span;
                let kind = ExprKind::Convert { expr: found, why: expect.why.clone() };
                Expr::new(kind, expect.ty.clone(), span)
            }
            Ok(()) => found,
            Err(mismatch) => {
                let origin = self.declared_at(cx, &found);
                self.diags.push(errors::mismatch(&found, &mismatch, expect, origin));
                Expr::error(found.span)
            }
        }
    }

    /// Number literals that are of the type but not in its range.
    fn literal_problem(&self, found: &E, to: &Ty) -> Option<crate::diag::Diag> {
        let ExprKind::Int(n) = &found.kind else { return None };
        let (Ty::Domain(super::domain::Domain::Port), false) = to.reveal() else { return None };
        (!(1..=65535).contains(n)).then(|| errors::port_range(*n, found.span))
    }

    /// Where the type of a plain reference comes from.
    fn declared_at(&self, cx: &Cx, found: &E) -> Option<(Span, String)> {
        match &found.kind {
            ExprKind::Variable(name) => {
                let id = self.resolved.module(cx.module)?.find(DeclKind::Variable, name)?.id;
                let (ty, span) = self.memo.variables.get(&id)?;
                Some((*span, format!("`var.{name}` is declared as `{ty}`")))
            }
            ExprKind::Local(name) => {
                let span = self.resolved.module(cx.module)?.find(DeclKind::Local, name)?.name_span;
                Some((span, format!("`local.{name}` is defined here")))
            }
            ExprKind::Convert { expr, .. } => self.declared_at(cx, expr),
            ExprKind::Attr { base, .. } | ExprKind::Index { base, .. } => self.declared_at(cx, base),
            _ => None,
        }
    }
}

/// Whether a value of `from`, which may stand for `to`, has to be looked at or changed at evaluation.
fn needs_work(from: &Ty, to: &Ty) -> bool {
    match (from, to) {
        (_, Ty::Any | Ty::Error) | (Ty::Error | Ty::Null, _) => false,
        (Ty::Secret(a), Ty::Secret(b)) => needs_work(a, b),
        (_, Ty::Secret(_)) => true,
        (Ty::List(a) | Ty::Set(a), Ty::List(b)) | (Ty::Set(a), Ty::Set(b)) | (Ty::Map(a), Ty::Map(b)) => {
            needs_work(a, b)
        }
        (Ty::Object(a), Ty::Map(b)) => a.fields.values().any(|f| needs_work(&f.ty, b)),
        (Ty::Object(a), Ty::Object(b)) => b.fields.iter().any(|(name, wanted)| match a.fields.get(name) {
            Some(found) => found.optional && wanted.default.is_some() || needs_work(&found.ty, &wanted.ty),
            None => wanted.default.is_some(),
        }),
        (Ty::Enum(_), Ty::Enum(_) | Ty::String | Ty::Domain(_)) => false,
        (Ty::Domain(_), Ty::String) | (Ty::Int, Ty::Number) => false,
        (a, b) => a != b,
    }
}
