//! `match`: patterns against the subject's type, exhaustiveness, cases that are never reached.

use super::super::errors;
use super::super::expect::Expect;
use super::super::ir::{Arm, E, Expr, ExprKind, Pattern};
use super::super::ty::{Ty, unify};
use super::super::{Checker, Cx};
use crate::source::Span;
use crate::syntax::ast;

impl Checker<'_> {
    pub(super) fn match_expr(
        &mut self,
        cx: &mut Cx,
        subject: &ast::Expr,
        arms: &[ast::Arm],
        span: Span,
        expect: Option<&Expect>,
    ) -> E {
        let subject = self.infer(cx, subject, None);
        let (subject_ty, secret) = subject.ty.reveal();
        let subject_ty = subject_ty.clone();
        let mut seen: Vec<(Pattern, Span)> = Vec::new();
        let mut out = Vec::new();
        let mut ty: Option<Ty> = None;
        for arm in arms {
            let mut patterns = Vec::new();
            for written in &arm.patterns {
                let pattern = lower(&written.kind);
                if let Some((_, first)) = seen.iter().find(|(p, _)| *p == Pattern::Wildcard) {
                    self.diags.push(errors::unreachable_arm(
                        written.span,
                        *first,
                        "`_` above takes everything",
                    ));
                } else if let Some((_, first)) = seen.iter().find(|(p, _)| *p == pattern) {
                    self.diags.push(errors::unreachable_arm(written.span, *first, "it is given above"));
                } else {
                    self.check_pattern(&pattern, written.span, &subject, &subject_ty);
                }
                seen.push((pattern.clone(), written.span));
                patterns.push(pattern);
            }
            let body = self.infer_part(cx, &arm.body, expect);
            ty = Some(ty.map_or_else(|| body.ty.clone(), |ty| unify(&ty, &body.ty)));
            out.push(Arm { patterns, body });
        }
        self.check_exhaustive(&subject, &subject_ty, &seen, span);
        let ty = ty.unwrap_or(Ty::Error).secret_if(secret);
        Expr::new(ExprKind::Match { subject, arms: out }, ty, span)
    }

    fn check_pattern(&mut self, pattern: &Pattern, span: Span, subject: &E, ty: &Ty) {
        let fits = match (pattern, ty) {
            (Pattern::Wildcard | Pattern::Null, _) | (_, Ty::Any | Ty::Error | Ty::Null) => true,
            (Pattern::Bool(_), Ty::Bool) => true,
            (Pattern::Int(_), ty) => ty.is_numeric(),
            (Pattern::Float(_), Ty::Number) => true,
            (Pattern::Str(case), Ty::Enum(cases)) => {
                // What a literal is known to be says nothing about what it may be changed to.
                if cases.declared && !cases.has(case) {
                    self.diags.push(errors::not_a_case(case, cases, span, ""));
                }
                true
            }
            (Pattern::Str(text), Ty::Domain(domain)) => {
                if let Err(reason) = domain.check(text) {
                    self.diags.push(errors::bad_form(*domain, text, &reason, span, ""));
                }
                true
            }
            (Pattern::Str(_), ty) => ty.is_stringy(),
            _ => false,
        };
        if !fits {
            let text = match pattern {
                Pattern::Str(text) => format!("`\"{text}\"`"),
                Pattern::Bool(b) => format!("`{b}`"),
                Pattern::Int(n) => format!("`{n}`"),
                Pattern::Float(n) => format!("`{n}`"),
                Pattern::Null => "`null`".into(),
                Pattern::Wildcard => "`_`".into(),
            };
            self.diags.push(errors::wrong_pattern(span, &text, subject));
        }
    }

    fn check_exhaustive(&mut self, subject: &E, ty: &Ty, seen: &[(Pattern, Span)], span: Span) {
        let has = |wanted: &Pattern| seen.iter().any(|(p, _)| p == wanted);
        if has(&Pattern::Wildcard) {
            return;
        }
        let cases: Vec<(String, Pattern)> = match ty {
            Ty::Error => return,
            Ty::Bool => [true, false].map(|b| (b.to_string(), Pattern::Bool(b))).to_vec(),
            Ty::Enum(e) => e.cases.iter().map(|c| (format!("\"{c}\""), Pattern::Str(c.clone()))).collect(),
            Ty::Null if has(&Pattern::Null) => return,
            _ => {
                self.diags.push(errors::needs_wildcard(subject, span));
                return;
            }
        };
        let missing: Vec<String> =
            cases.into_iter().filter(|(_, pattern)| !has(pattern)).map(|(name, _)| name).collect();
        if !missing.is_empty() {
            self.diags.push(errors::missing_cases(subject, &missing, span));
        }
    }
}

fn lower(kind: &ast::PatternKind) -> Pattern {
    match kind {
        ast::PatternKind::Wildcard => Pattern::Wildcard,
        ast::PatternKind::Null => Pattern::Null,
        ast::PatternKind::Bool(b) => Pattern::Bool(*b),
        ast::PatternKind::Int(n) => Pattern::Int(*n),
        ast::PatternKind::Float(n) => Pattern::Float(*n),
        ast::PatternKind::Str(s) => Pattern::Str(s.as_str().into()),
    }
}
