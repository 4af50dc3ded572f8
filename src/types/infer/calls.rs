//! Calls: of built-in functions by their signatures, and of the language's own.

use super::super::errors;
use super::super::expect::Expect;
use super::super::ir::{self, E, Expr, ExprKind};
use super::super::signatures::{self, ParamKind, Rule, Signature};
use super::super::ty::{Field, ObjectTy, Ty, unify};
use super::super::{Checker, Cx};
use crate::diag::Diags;
use crate::modules::{DeclId, DeclKind, Target};
use crate::source::Span;
use crate::syntax::ast;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Functions that give a whole number when given whole numbers.
const CLOSED_OVER_INTS: &[&str] = &["abs", "max", "min", "range", "sum"];

/// What the type variables of a signature stand for in a call.
type Bindings = [Option<Ty>; 3];

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        cx: &mut Cx,
        name: &ast::Name,
        args: &ast::Args,
        span: Span,
        expect: Option<&Expect>,
    ) -> E {
        if let Some(Target::Decl(id)) = self.resolved.refs.get(&span).copied() {
            return self.user_call(cx, id, &name.text, args, span);
        }
        if name.text == "template" || name.text == "templatefile" {
            self.diags.push(errors::unsupported_function(&name.text, name.span));
            return Expr::error(span);
        }
        let Some(signature) = signatures::signature(&name.text) else {
            let own = self.names(cx.module, DeclKind::Function);
            let known = signatures::all().map(|s| s.name).chain(own.iter().map(String::as_str));
            self.diags.push(errors::unknown_function(&name.text, name.span, known));
            return Expr::error(span);
        };
        self.builtin_call(cx, signature, args, span, expect)
    }

    fn builtin_call(
        &mut self,
        cx: &mut Cx,
        signature: &'static Signature,
        args: &ast::Args,
        span: Span,
        expect: Option<&Expect>,
    ) -> E {
        let help = format!("signature: `{}`", signature.text);
        let variadic = signature.params.last().is_some_and(|p| p.kind == ParamKind::Variadic);
        let required: Vec<&str> =
            signature.params.iter().filter(|p| p.kind == ParamKind::Required).map(|p| p.name).collect();
        if let (Some(dots), false) = (args.expand, variadic) {
            self.diags.push(errors::no_expand(&help, signature.name, dots));
            return Expr::error(span);
        }
        let given = args.list.len() - usize::from(args.expand.is_some());
        if given < required.len() && args.expand.is_none() {
            let missing = required.get(given..).unwrap_or(&[]);
            self.diags.push(errors::too_few(&help, signature.name, missing, span));
            return Expr::error(span);
        }
        if let (Some(extra), false) = (args.list.get(signature.params.len()), variadic) {
            let takes = signature.params.len();
            self.diags.push(errors::too_many(&help, signature.name, takes, args.list.len(), extra.span));
            return Expr::error(span);
        }
        let try_like = matches!(signature.rule, Rule::Try | Rule::Can);
        let mut found = Vec::new();
        for (n, arg) in args.list.iter().enumerate() {
            // What is expected of the whole is expected of every alternative.
            let pushed =
                expect.filter(|_| try_like && signature.rule == Rule::Try && n + 1 == args.list.len());
            found.push(self.infer(cx, arg, pushed));
        }
        if found.iter().any(|arg| arg.ty.is_error()) {
            return Expr::error(span);
        }
        let mut secret = false;
        let mut bindings: Bindings = [None, None, None];
        let patterns: Vec<Ty> = (0..found.len())
            .map(|n| {
                let param = signature.params.get(n).or(signature.params.last());
                let ty = param.map_or(Ty::Any, |p| p.ty.clone());
                let expanded = args.expand.is_some() && n + 1 == found.len();
                if expanded { Ty::list(ty) } else { ty }
            })
            .collect();
        for (arg, pattern) in found.iter_mut().zip(&patterns) {
            let ty = if signature.rule.keeps_parts() {
                lift(&arg.ty, pattern, &mut secret)
            } else {
                let (ty, s) = arg.ty.reveal_deep();
                secret |= s;
                ty
            };
            bind(pattern, &ty, &mut bindings);
            if ty != arg.ty {
                *arg = Expr::new(arg.kind.clone(), ty, arg.span);
            }
        }
        let mut own = Diags::default();
        std::mem::swap(self.diags, &mut own);
        let found: Vec<E> = found
            .into_iter()
            .zip(&patterns)
            .enumerate()
            .map(|(n, (arg, pattern))| {
                let name = signature.params.get(n).or(signature.params.last()).map_or("", |p| p.name);
                let what = format!("`{name}` of `{}`", signature.name);
                self.coerce(cx, arg, &Expect::new(fill(pattern, &bindings), what))
            })
            .collect();
        std::mem::swap(self.diags, &mut own);
        for diag in own.into_sorted() {
            self.diags.push(errors::bad_argument(diag, signature));
        }
        if found.iter().any(|arg| arg.is_error()) {
            return Expr::error(span);
        }
        let ty = self.result_type(signature, &found, args.expand.is_some(), &bindings).secret_if(secret);
        if signature.name == "type"
            && let Some(arg) = found.first()
            && !ty.is_error()
            && !matches!(arg.ty, Ty::Any)
        {
            let text = arg.ty.to_string();
            return Expr::new(ExprKind::Str(text.as_str().into()), Ty::String, span);
        }
        Expr::new(ExprKind::Builtin { signature, args: found, expand: args.expand.is_some() }, ty, span)
    }

    fn result_type(&mut self, signature: &Signature, args: &[E], expanded: bool, bindings: &Bindings) -> Ty {
        let first = args.first().map_or(Ty::Any, |a| a.ty.clone());
        match signature.rule {
            Rule::Merge if !expanded => merged(args),
            Rule::Flatten => match first {
                Ty::List(of) | Ty::Set(of) => Ty::list(flattened(&of)),
                _ => Ty::list(Ty::Any),
            },
            Rule::Keys => Ty::list(
                first.elements().map_or(Ty::String, |(key, _)| if key.is_open() { Ty::String } else { key }),
            ),
            Rule::Values => Ty::list(first.elements().map_or(Ty::Any, |(_, value)| value)),
            Rule::Lookup => {
                let whole = first.elements().map_or(Ty::Any, |(_, value)| value);
                let named = match (&first, args.get(1).and_then(|k| k.as_str())) {
                    (Ty::Object(object), Some(key)) => object.fields.get(key).map(|f| f.ty.clone()),
                    _ => None,
                };
                let of = named.unwrap_or(whole);
                args.get(2).map_or(of.clone(), |default| unify(&of, &default.ty))
            }
            Rule::Try => args
                .iter()
                .fold(None, |acc: Option<Ty>, a| Some(acc.map_or(a.ty.clone(), |acc| unify(&acc, &a.ty))))
                .unwrap_or(Ty::Any),
            _ => {
                let whole = CLOSED_OVER_INTS.contains(&signature.name)
                    && args.iter().all(|a| match &a.ty {
                        Ty::List(of) => matches!(**of, Ty::Int),
                        ty => matches!(ty, Ty::Int),
                    });
                match fill(&signature.returns, bindings) {
                    Ty::Number if whole => Ty::Int,
                    Ty::List(of) if whole && matches!(*of, Ty::Number) => Ty::list(Ty::Int),
                    other => other,
                }
            }
        }
    }

    pub(super) fn user_call(
        &mut self,
        cx: &mut Cx,
        id: DeclId,
        name: &str,
        args: &ast::Args,
        span: Span,
    ) -> E {
        let Some(function) = self.function(id, span) else { return Expr::error(span) };
        let help = format!("signature: `{}`", signature_of(&function));
        let variadic = function.params.last().is_some_and(|p| p.variadic);
        let fixed = function.params.len() - usize::from(variadic);
        let required: Vec<&str> =
            function.params.iter().filter(|p| p.default.is_none() && !p.variadic).map(|p| &*p.name).collect();
        if let (Some(dots), false) = (args.expand, variadic) {
            self.diags.push(errors::no_expand(&help, name, dots));
            return Expr::error(span);
        }
        let given = args.list.len() - usize::from(args.expand.is_some());
        if given < required.len() {
            let missing = required.get(given..).unwrap_or(&[]);
            self.diags.push(errors::too_few(&help, name, missing, span));
            return Expr::error(span);
        }
        if let (Some(extra), false) = (args.list.get(fixed), variadic) {
            self.diags.push(errors::too_many(&help, name, fixed, args.list.len(), extra.span));
            return Expr::error(span);
        }
        let mut secret = false;
        let mut out = Vec::new();
        for (n, arg) in args.list.iter().enumerate() {
            let Some(param) = function.params.get(n).or(function.params.last()) else { continue };
            let expanded = args.expand.is_some() && n + 1 == args.list.len();
            let ty = if expanded { Ty::list(param.ty.clone()) } else { param.ty.clone() };
            let expect = Expect::declared(ty, format!("`{}` of `{name}`", param.name), function.span);
            // Literals are checked against the parameter; a secret is let through and taints the result.
            let mut found = self.infer(cx, arg, Some(&expect));
            let (revealed, s) = found.ty.reveal_deep();
            if s && !matches!(expect.ty, Ty::Secret(_)) {
                secret = true;
                found = Expr::new(found.kind.clone(), revealed, found.span);
            }
            out.push(self.coerce(cx, found, &expect));
        }
        if out.iter().any(|arg| arg.is_error()) || function.result.ty.is_error() {
            return Expr::error(span);
        }
        let ty = function.result.ty.clone().secret_if(secret);
        let kind = ExprKind::Call { function: function.clone(), args: out, expand: args.expand.is_some() };
        Expr::new(kind, ty, span)
    }
}

/// A function's signature, as it is written.
pub fn signature_of(function: &ir::Function) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|p| {
            let mark = if p.variadic {
                "..."
            } else if p.default.is_some() {
                "?"
            } else {
                ""
            };
            format!("{}{mark}: {}", p.name, p.ty)
        })
        .collect();
    format!("{}({}) -> {}", function.name, params.join(", "), function.result.ty)
}

/// The type without the secrets that lie where the pattern names a concrete type; those taint the result. A secret in
/// the place of a type variable stays part of what the variable stands for.
fn lift(ty: &Ty, pattern: &Ty, secret: &mut bool) -> Ty {
    match (ty, pattern) {
        (_, Ty::Param(_) | Ty::Any) => ty.clone(),
        (Ty::Secret(of), _) => {
            *secret = true;
            lift(of, pattern, secret)
        }
        (Ty::List(of), Ty::List(p) | Ty::Set(p)) => Ty::list(lift(of, p, secret)),
        (Ty::Set(of), Ty::List(p) | Ty::Set(p)) => Ty::set(lift(of, p, secret)),
        (Ty::Map(of), Ty::Map(p)) => Ty::map(lift(of, p, secret)),
        (Ty::Object(o), Ty::Map(p)) => Ty::object(
            o.fields
                .iter()
                .map(|(n, f)| (n.clone(), Field { ty: lift(&f.ty, p, secret), ..f.clone() }))
                .collect::<Vec<_>>(),
        ),
        _ => ty.clone(),
    }
}

/// Finds what the type variables of a pattern stand for.
fn bind(pattern: &Ty, ty: &Ty, bindings: &mut Bindings) {
    match (pattern, ty) {
        (Ty::Param(n), ty) => {
            let Some(slot) = bindings.get_mut(usize::from(*n)) else { return };
            *slot = Some(match slot.take() {
                None => ty.clone(),
                Some(old) => match unify(&old, ty) {
                    // Nothing in common: the first one stands, so that the other is reported.
                    Ty::Any if !old.is_open() && !ty.is_open() => old,
                    joined => joined,
                },
            });
        }
        (Ty::List(p) | Ty::Set(p), Ty::List(of) | Ty::Set(of)) | (Ty::Map(p), Ty::Map(of)) => {
            bind(p, of, bindings)
        }
        (Ty::Map(p), Ty::Object(object)) => object.fields.values().for_each(|f| bind(p, &f.ty, bindings)),
        (Ty::Secret(p), of) => bind(p, of.reveal().0, bindings),
        _ => {}
    }
}

fn fill(pattern: &Ty, bindings: &Bindings) -> Ty {
    match pattern {
        Ty::Param(n) => bindings.get(usize::from(*n)).and_then(Clone::clone).unwrap_or(Ty::Any),
        Ty::List(of) => Ty::list(fill(of, bindings)),
        Ty::Set(of) => Ty::set(fill(of, bindings)),
        Ty::Map(of) => Ty::map(fill(of, bindings)),
        Ty::Secret(of) => fill(of, bindings).into_secret(),
        other => other.clone(),
    }
}

fn merged(args: &[E]) -> Ty {
    let mut fields: Option<BTreeMap<Arc<str>, Field>> = Some(BTreeMap::new());
    let mut of: Option<Ty> = None;
    let mut any_secret = false;
    for arg in args {
        let (ty, secret) = arg.ty.reveal();
        any_secret |= secret;
        match ty {
            Ty::Object(object) => {
                if let Some(fields) = &mut fields {
                    for (name, field) in &object.fields {
                        let joined = match fields.get(name) {
                            Some(old) if field.optional => {
                                Field { ty: unify(&old.ty, &field.ty), optional: old.optional, default: None }
                            }
                            _ => Field { default: None, ..field.clone() },
                        };
                        fields.insert(name.clone(), joined);
                    }
                }
            }
            Ty::Null => continue,
            _ => fields = None,
        }
        if let Some((_, value)) = ty.elements() {
            let empty = matches!(ty, Ty::Object(o) if o.fields.is_empty());
            if !empty {
                of = Some(of.map_or(value.clone(), |of| unify(&of, &value)));
            }
        }
    }
    match fields {
        Some(fields) => Ty::Object(Arc::new(ObjectTy { fields })),
        None => Ty::map(of.unwrap_or(Ty::Any)),
    }
    .secret_if(any_secret)
}

fn flattened(of: &Ty) -> Ty {
    match of.reveal() {
        (Ty::List(inner) | Ty::Set(inner), secret) => flattened(inner).secret_if(secret),
        _ => of.clone(),
    }
}
