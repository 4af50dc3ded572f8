//! Operators.

use super::super::domain::Domain;
use super::super::errors;
use super::super::expect::Expect;
use super::super::ir::{Arithmetic, BinaryOp, Comparison, E, Expr, ExprKind, Operand};
use super::super::ty::{Ty, assign, unify};
use super::super::{Checker, Cx};
use crate::source::{Span, Spanned};
use crate::syntax::ast;

impl Checker<'_> {
    pub(super) fn unary(
        &mut self,
        cx: &mut Cx,
        op: &Spanned<ast::UnaryOp>,
        expr: &ast::Expr,
        span: Span,
    ) -> E {
        let inner = self.infer(cx, expr, None);
        let (ty, secret) = inner.ty.reveal();
        let ty = ty.clone();
        match op.node {
            ast::UnaryOp::Not if matches!(ty, Ty::Bool | Ty::Any | Ty::Error) => {
                Expr::new(ExprKind::Not(inner), Ty::Bool.secret_if(secret), span)
            }
            ast::UnaryOp::Neg if ty.is_numeric() || ty.is_open() => {
                let ty = if matches!(ty, Ty::Domain(_)) { Ty::Int } else { ty };
                match inner.kind {
                    // A literal, so that ranges of literals are checked.
                    ExprKind::Int(n) => Expr::new(ExprKind::Int(n.wrapping_neg()), ty, span),
                    ExprKind::Float(n) => Expr::new(ExprKind::Float(-n), ty, span),
                    _ => Expr::new(ExprKind::Neg(inner), ty.secret_if(secret), span),
                }
            }
            op_kind => {
                let expected = if op_kind == ast::UnaryOp::Not { "bools" } else { "numbers" };
                self.diags.push(errors::bad_operand(op_kind.as_str(), &ty, inner.span, op.span, expected));
                Expr::error(span)
            }
        }
    }

    pub(super) fn binary(
        &mut self,
        cx: &mut Cx,
        op: &Spanned<ast::BinaryOp>,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
        expect: Option<&Expect>,
    ) -> E {
        let pushed = expect.filter(|_| op.node == ast::BinaryOp::Coalesce);
        let left = self.infer_part(cx, left, pushed);
        let right = self.infer_part(cx, right, pushed);
        let (l, left_secret) = left.ty.reveal();
        let (r, right_secret) = right.ty.reveal();
        let (l, r, secret) = (l.clone(), r.clone(), left_secret || right_secret);
        if left.is_error() || right.is_error() {
            return Expr::error(span);
        }
        let (kind, ty) = match op.node {
            ast::BinaryOp::Coalesce => (BinaryOp::Coalesce, unify(&l, &r)),
            ast::BinaryOp::And | ast::BinaryOp::Or => {
                for (operand, ty) in [(&left, &l), (&right, &r)] {
                    if !matches!(ty, Ty::Bool | Ty::Any | Ty::Error) {
                        let diag = errors::bad_operand(op.node.as_str(), ty, operand.span, op.span, "bools");
                        self.diags.push(diag);
                        return Expr::error(span);
                    }
                }
                (if op.node == ast::BinaryOp::And { BinaryOp::And } else { BinaryOp::Or }, Ty::Bool)
            }
            ast::BinaryOp::Eq | ast::BinaryOp::Ne => {
                self.comparable(op, &left, &right);
                (if op.node == ast::BinaryOp::Eq { BinaryOp::Eq } else { BinaryOp::Ne }, Ty::Bool)
            }
            ast::BinaryOp::Lt => return self.compare(op, Comparison::Lt, left, right, secret, span),
            ast::BinaryOp::Le => return self.compare(op, Comparison::Le, left, right, secret, span),
            ast::BinaryOp::Gt => return self.compare(op, Comparison::Gt, left, right, secret, span),
            ast::BinaryOp::Ge => return self.compare(op, Comparison::Ge, left, right, secret, span),
            ast::BinaryOp::Add => return self.arithmetic(op, Arithmetic::Add, left, right, secret, span),
            ast::BinaryOp::Sub => return self.arithmetic(op, Arithmetic::Sub, left, right, secret, span),
            ast::BinaryOp::Mul => return self.arithmetic(op, Arithmetic::Mul, left, right, secret, span),
            ast::BinaryOp::Div => return self.arithmetic(op, Arithmetic::Div, left, right, secret, span),
            ast::BinaryOp::Rem => return self.arithmetic(op, Arithmetic::Rem, left, right, secret, span),
        };
        Expr::new(ExprKind::Binary { op: kind, left, right }, ty.secret_if(secret), span)
    }

    /// Reports a comparison whose answer is known from the types alone.
    fn comparable(&mut self, op: &Spanned<ast::BinaryOp>, left: &E, right: &E) {
        let (l, r) = (left.ty.reveal().0, right.ty.reveal().0);
        if l.is_open() || r.is_open() || matches!(l, Ty::Null) || matches!(r, Ty::Null) {
            return;
        }
        // A case that a declared enumeration does not have is a misspelling, not a comparison.
        for (declared, other) in [(l, right), (r, left)] {
            let (Ty::Enum(cases), Ty::Enum(lit)) = (declared, other.ty.reveal().0) else { continue };
            if let Some(case) = lit.cases.iter().find(|c| cases.declared && !lit.declared && !cases.has(c)) {
                self.diags.push(errors::not_a_case(case, cases, other.span, ""));
                return;
            }
        }
        if matches!(l, Ty::Handle(_)) || matches!(r, Ty::Handle(_)) || matches!(unify(l, r), Ty::Any) {
            self.diags.push(errors::never_equal(op.node.as_str(), left, right, op.span));
        }
    }

    fn compare(
        &mut self,
        op: &Spanned<ast::BinaryOp>,
        comparison: Comparison,
        left: E,
        right: E,
        secret: bool,
        span: Span,
    ) -> E {
        let Some(operand) = self.operands(op, &left, &right) else { return Expr::error(span) };
        let kind = BinaryOp::Compare(comparison, operand);
        Expr::new(ExprKind::Binary { op: kind, left, right }, Ty::Bool.secret_if(secret), span)
    }

    fn arithmetic(
        &mut self,
        op: &Spanned<ast::BinaryOp>,
        arithmetic: Arithmetic,
        left: E,
        right: E,
        secret: bool,
        span: Span,
    ) -> E {
        let (l, r) = (left.ty.reveal().0.clone(), right.ty.reveal().0.clone());
        let scaled = |domain: &Ty, factor: &Ty| {
            matches!(domain, Ty::Domain(Domain::Quantity | Domain::Duration)) && factor.is_numeric()
        };
        let (operand, ty) = match arithmetic {
            Arithmetic::Mul if scaled(&l, &r) => (operand_of(&l), l),
            Arithmetic::Mul if scaled(&r, &l) => (operand_of(&r), r),
            Arithmetic::Div if scaled(&l, &r) => (operand_of(&l), l),
            _ => {
                let Some(operand) = self.operands(op, &left, &right) else { return Expr::error(span) };
                let ty = match (operand, arithmetic) {
                    (Operand::Number, Arithmetic::Div) => Ty::Number,
                    (Operand::Number, _) => match (&l, &r) {
                        (Ty::Any, _) | (_, Ty::Any) => Ty::Number,
                        _ => match unify(&l, &r) {
                            Ty::Domain(_) => Ty::Int,
                            other => other,
                        },
                    },
                    (Operand::Quantity | Operand::Duration, Arithmetic::Div) => Ty::Number,
                    (Operand::Quantity, Arithmetic::Add | Arithmetic::Sub) => Ty::Domain(Domain::Quantity),
                    (Operand::Duration, Arithmetic::Add | Arithmetic::Sub) => Ty::Domain(Domain::Duration),
                    _ => {
                        self.diags.push(errors::mixed_operands(op.node.as_str(), &left, &right, op.span));
                        return Expr::error(span);
                    }
                };
                (operand, ty)
            }
        };
        let kind = BinaryOp::Arithmetic(arithmetic, operand);
        Expr::new(ExprKind::Binary { op: kind, left, right }, ty.secret_if(secret), span)
    }

    /// What both sides are; reported when there is no such thing.
    fn operands(&mut self, op: &Spanned<ast::BinaryOp>, left: &E, right: &E) -> Option<Operand> {
        let (l, r) = (left.ty.reveal().0, right.ty.reveal().0);
        let number = |ty: &Ty| ty.is_numeric() || ty.is_open();
        if number(l) && number(r) {
            return Some(Operand::Number);
        }
        for (this, other) in [(l, right), (r, left)] {
            let ordered = matches!(this, Ty::Domain(Domain::Quantity | Domain::Duration | Domain::Version));
            if ordered {
                match assign(other.ty.reveal().0, this) {
                    Ok(()) => return Some(operand_of(this)),
                    Err(m) => {
                        if let super::super::ty::Why::Form { text, reason } = &m.why
                            && let Ty::Domain(domain) = this
                        {
                            self.diags.push(errors::bad_form(*domain, text, reason, other.span, ""));
                            return None;
                        }
                    }
                }
                self.diags.push(errors::mixed_operands(op.node.as_str(), left, right, op.span));
                return None;
            }
        }
        let (bad, ty) = if number(l) { (right, r) } else { (left, l) };
        let expected = match op.node {
            ast::BinaryOp::Rem => "numbers",
            ast::BinaryOp::Add | ast::BinaryOp::Sub | ast::BinaryOp::Mul | ast::BinaryOp::Div => {
                "numbers, quantities and durations"
            }
            _ => "numbers, quantities, durations and versions",
        };
        self.diags.push(errors::bad_operand(op.node.as_str(), ty, bad.span, op.span, expected));
        None
    }
}

fn operand_of(ty: &Ty) -> Operand {
    match ty {
        Ty::Domain(Domain::Quantity) => Operand::Quantity,
        Ty::Domain(Domain::Duration) => Operand::Duration,
        Ty::Domain(Domain::Version) => Operand::Version,
        _ => Operand::Number,
    }
}
