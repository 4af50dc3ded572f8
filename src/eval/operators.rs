//! Binary operators on values.

use super::convert::{as_f64, number, same};
use super::errors;
use super::run::{Run, Stop};
use super::scope::Env;
use super::value::{Value, ValueKind};
use crate::source::Span;
use crate::types::domain::{Quantity, QuantityForm, Version, parse_duration, print_duration};
use crate::types::ir::{Arithmetic, BinaryOp, Comparison, E, Operand};
use std::cmp::Ordering;

impl Run<'_> {
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: &E,
        right: &E,
        env: &Env,
        span: Span,
    ) -> Result<Value, Stop> {
        let a = self.known(left, env)?;
        // These do not always need their right side.
        match op {
            BinaryOp::Coalesce => {
                return match a.kind {
                    ValueKind::Null => Ok(self.eval(right, env)?.taint(a.secret)),
                    _ => Ok(a),
                };
            }
            BinaryOp::And | BinaryOp::Or => {
                let first = self.truth(&a, left.span)?;
                let decided = (op == BinaryOp::Or) == first;
                if decided {
                    return Ok(Value { kind: ValueKind::Bool(first), origin: span, secret: a.secret });
                }
                let b = self.known(right, env)?;
                let second = self.truth(&b, right.span)?;
                return Ok(Value {
                    kind: ValueKind::Bool(second),
                    origin: span,
                    secret: a.secret || b.secret,
                });
            }
            _ => {}
        }
        let b = self.known(right, env)?;
        let kind = match op {
            BinaryOp::Eq | BinaryOp::Ne => {
                let (a, b) = (self.force_deep(a.clone())?, self.force_deep(b.clone())?);
                let secret = a.has_secret() || b.has_secret();
                let equal = same(&a.kind, &b.kind) == (op == BinaryOp::Eq);
                return Ok(Value { kind: ValueKind::Bool(equal), origin: span, secret });
            }
            BinaryOp::Compare(comparison, operand) => {
                let order = self.order(operand, &a, &b, left, right)?;
                ValueKind::Bool(match comparison {
                    Comparison::Lt => order == Ordering::Less,
                    Comparison::Le => order != Ordering::Greater,
                    Comparison::Gt => order == Ordering::Greater,
                    Comparison::Ge => order != Ordering::Less,
                })
            }
            BinaryOp::Arithmetic(arithmetic, operand) => {
                self.arithmetic(arithmetic, operand, &a, &b, left, right, span)?
            }
            BinaryOp::Coalesce | BinaryOp::And | BinaryOp::Or => return Err(Stop::Failed),
        };
        Ok(Value { kind, origin: span, secret: a.secret || b.secret })
    }

    fn order(
        &mut self,
        operand: Operand,
        a: &Value,
        b: &Value,
        left: &E,
        right: &E,
    ) -> Result<Ordering, Stop> {
        Ok(match operand {
            Operand::Number => {
                if let (ValueKind::Int(a), ValueKind::Int(b)) = (&a.kind, &b.kind) {
                    return Ok(a.cmp(b));
                }
                let (a, b) = (self.float(a, left)?, self.float(b, right)?);
                a.partial_cmp(&b).unwrap_or(Ordering::Equal)
            }
            Operand::Quantity => self.quantity(a, left)?.compare(self.quantity(b, right)?),
            Operand::Duration => self.nanos(a, left)?.cmp(&self.nanos(b, right)?),
            Operand::Version => self.version(a, left)?.compare(&self.version(b, right)?),
        })
    }

    #[expect(clippy::too_many_arguments, reason = "both operands with their expressions")]
    fn arithmetic(
        &mut self,
        arithmetic: Arithmetic,
        operand: Operand,
        a: &Value,
        b: &Value,
        left: &E,
        right: &E,
        span: Span,
    ) -> Result<ValueKind, Stop> {
        match operand {
            Operand::Number => self.numbers(arithmetic, a, b, left, right, span),
            Operand::Quantity => {
                let scale = |q: Quantity, by: f64| scaled(q.nanos, by).map(|nanos| Quantity { nanos, ..q });
                let result = match arithmetic {
                    Arithmetic::Add | Arithmetic::Sub => {
                        let (x, y) = (self.quantity(a, left)?, self.quantity(b, right)?);
                        let nanos =
                            if arithmetic == Arithmetic::Add { x.nanos + y.nanos } else { x.nanos - y.nanos };
                        let form = if x.nanos == 0 { y.form } else { x.form };
                        Some(Quantity { nanos, form })
                    }
                    Arithmetic::Mul => match as_f64(&a.kind) {
                        Some(by) => scale(self.quantity(b, right)?, by),
                        None => {
                            let by = self.float(b, right)?;
                            scale(self.quantity(a, left)?, by)
                        }
                    },
                    _ => match as_f64(&b.kind) {
                        Some(0.0) => return self.fail(errors::division_by_zero(right.span)),
                        Some(by) => scale(self.quantity(a, left)?, 1.0 / by),
                        None => {
                            let (x, y) = (self.quantity(a, left)?, self.quantity(b, right)?);
                            return self.ratio(x.nanos, y.nanos, right);
                        }
                    },
                };
                match result.filter(|q| q.nanos.abs() < i128::from(i64::MAX) * 1_000_000_000) {
                    Some(q) => {
                        // Fractions of a byte mean nothing; sums of bytes keep their binary form.
                        let form = if q.nanos % 1_000_000_000 == 0 { q.form } else { QuantityForm::Decimal };
                        Ok(ValueKind::String(Quantity { form, ..q }.print().into()))
                    }
                    None => self.fail(errors::overflow(span)),
                }
            }
            Operand::Duration => {
                let result = match arithmetic {
                    Arithmetic::Add => Some(self.nanos(a, left)? + self.nanos(b, right)?),
                    Arithmetic::Sub => Some(self.nanos(a, left)? - self.nanos(b, right)?),
                    Arithmetic::Mul => match as_f64(&a.kind) {
                        Some(by) => scaled(self.nanos(b, right)?, by),
                        None => {
                            let by = self.float(b, right)?;
                            scaled(self.nanos(a, left)?, by)
                        }
                    },
                    _ => match as_f64(&b.kind) {
                        Some(0.0) => return self.fail(errors::division_by_zero(right.span)),
                        Some(by) => scaled(self.nanos(a, left)?, 1.0 / by),
                        None => {
                            let (x, y) = (self.nanos(a, left)?, self.nanos(b, right)?);
                            return self.ratio(x, y, right);
                        }
                    },
                };
                match result.filter(|n| n.abs() < i128::from(i64::MAX)) {
                    Some(nanos) => Ok(ValueKind::String(print_duration(nanos).into())),
                    None => self.fail(errors::overflow(span)),
                }
            }
            Operand::Version => Err(Stop::Failed),
        }
    }

    fn numbers(
        &mut self,
        arithmetic: Arithmetic,
        a: &Value,
        b: &Value,
        left: &E,
        right: &E,
        span: Span,
    ) -> Result<ValueKind, Stop> {
        if let (ValueKind::Int(x), ValueKind::Int(y)) = (&a.kind, &b.kind) {
            let whole = match arithmetic {
                Arithmetic::Add => x.checked_add(*y),
                Arithmetic::Sub => x.checked_sub(*y),
                Arithmetic::Mul => x.checked_mul(*y),
                Arithmetic::Div | Arithmetic::Rem if *y == 0 => {
                    return self.fail(errors::division_by_zero(right.span));
                }
                Arithmetic::Rem => x.checked_rem(*y),
                Arithmetic::Div if x.checked_rem(*y) == Some(0) => x.checked_div(*y),
                Arithmetic::Div => {
                    #[expect(
                        clippy::cast_precision_loss,
                        reason = "what does not divide evenly is a float"
                    )]
                    return Ok(number(*x as f64 / *y as f64));
                }
            };
            return match whole {
                Some(n) => Ok(ValueKind::Int(n)),
                None => self.fail(errors::overflow(span)),
            };
        }
        let (x, y) = (self.float(a, left)?, self.float(b, right)?);
        let result = match arithmetic {
            Arithmetic::Add => x + y,
            Arithmetic::Sub => x - y,
            Arithmetic::Mul => x * y,
            Arithmetic::Div | Arithmetic::Rem if y == 0.0 => {
                return self.fail(errors::division_by_zero(right.span));
            }
            Arithmetic::Div => x / y,
            Arithmetic::Rem => x % y,
        };
        if result.is_finite() { Ok(number(result)) } else { self.fail(errors::overflow(span)) }
    }

    #[expect(clippy::cast_precision_loss, reason = "a ratio is a float")]
    fn ratio(&mut self, a: i128, b: i128, right: &E) -> Result<ValueKind, Stop> {
        if b == 0 {
            return self.fail(errors::division_by_zero(right.span));
        }
        Ok(number(a as f64 / b as f64))
    }

    fn float(&mut self, value: &Value, expr: &E) -> Result<f64, Stop> {
        match as_f64(&value.kind) {
            Some(n) => Ok(n),
            None => self.fail(errors::expected("a number", value, expr.span)),
        }
    }

    fn quantity(&mut self, value: &Value, expr: &E) -> Result<Quantity, Stop> {
        let found = match &value.kind {
            ValueKind::String(text) => Quantity::parse(text).ok(),
            kind => as_f64(kind).and_then(Quantity::from_f64),
        };
        match found {
            Some(quantity) => Ok(quantity),
            None => self.fail(errors::expected("a quantity", value, expr.span)),
        }
    }

    fn nanos(&mut self, value: &Value, expr: &E) -> Result<i128, Stop> {
        match &value.kind {
            ValueKind::String(text) => match parse_duration(text) {
                Ok(nanos) => Ok(nanos),
                Err(_) => self.fail(errors::expected("a duration", value, expr.span)),
            },
            _ => self.fail(errors::expected("a duration", value, expr.span)),
        }
    }

    fn version(&mut self, value: &Value, expr: &E) -> Result<Version, Stop> {
        match &value.kind {
            ValueKind::String(text) => match Version::parse(text) {
                Ok(version) => Ok(version),
                Err(_) => self.fail(errors::expected("a version", value, expr.span)),
            },
            _ => self.fail(errors::expected("a version", value, expr.span)),
        }
    }
}

/// A whole number of billionths times a factor, rounded.
fn scaled(nanos: i128, by: f64) -> Option<i128> {
    if by.fract() == 0.0 && by.abs() < 1e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and bounded")]
        return nanos.checked_mul(by as i128);
    }
    #[expect(clippy::cast_precision_loss, reason = "a fraction of a quantity is rounded")]
    let result = nanos as f64 * by;
    #[expect(clippy::cast_possible_truncation, reason = "bounded here")]
    (result.is_finite() && result.abs() < 1e36).then(|| result.round() as i128)
}
