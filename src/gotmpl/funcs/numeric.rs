//! sprig's numbers: conversions, integer and decimal arithmetic, ranges.

use super::super::fuel::MAX_ITEMS;
use super::super::func::{Ctx, Func, FuncError};
use super::super::types::{INT, INT_SLICE, INT64};
use super::super::value::{List, Value};
use super::cast::{to_float, to_int};
use super::common::{ANY, FLOAT, Res, TEXT, arg, fail, int, print, rest, string, text};
use super::number::{self, Decimal};

/// The functions of this file.
pub(super) const FUNCS: &[Func] = &[
    Func::new("atoi", &[TEXT], INT, |_, a| Ok(Value::int(number::parse_int_saturating(text(a, 0))))),
    Func::new("int64", &[ANY], INT64, |_, a| Ok(Value::int64(to_int(arg(a, 0))))),
    Func::new("int", &[ANY], INT, |_, a| Ok(Value::int(to_int(arg(a, 0))))),
    Func::new("float64", &[ANY], FLOAT, |_, a| Ok(Value::Float(to_float(arg(a, 0))))),
    Func::new("toDecimal", &[ANY], INT64, |_, a| {
        Ok(Value::int64(number::parse_int_base(&print(arg(a, 0))?, 8).unwrap_or(0)))
    }),
    Func::new("add1", &[ANY], INT64, |_, a| Ok(Value::int64(to_int(arg(a, 0)).wrapping_add(1)))),
    Func::variadic("add", &[ANY], INT64, |_, a| {
        Ok(Value::int64(a.iter().fold(0, |sum: i64, n| sum.wrapping_add(to_int(n)))))
    }),
    Func::new("sub", &[ANY, ANY], INT64, |_, a| {
        Ok(Value::int64(to_int(arg(a, 0)).wrapping_sub(to_int(arg(a, 1)))))
    }),
    Func::new("div", &[ANY, ANY], INT64, |_, a| divide(a, i64::wrapping_div)),
    Func::new("mod", &[ANY, ANY], INT64, |_, a| divide(a, i64::wrapping_rem)),
    Func::variadic("mul", &[ANY, ANY], INT64, |_, a| {
        Ok(Value::int64(a.iter().fold(1, |product: i64, n| product.wrapping_mul(to_int(n)))))
    }),
    Func::new("add1f", &[ANY], FLOAT, |_, a| decimal(arg(a, 0), &[Value::int(1)], |x, y| Ok(x.add(y)))),
    Func::variadic("addf", &[ANY], FLOAT, |_, a| decimal(&Value::Float(0.0), a, |x, y| Ok(x.add(y)))),
    Func::variadic("subf", &[ANY, ANY], FLOAT, |_, a| decimal(arg(a, 0), rest(a, 1), |x, y| Ok(x.sub(y)))),
    Func::variadic("divf", &[ANY, ANY], FLOAT, |_, a| decimal(arg(a, 0), rest(a, 1), Decimal::div)),
    Func::variadic("mulf", &[ANY, ANY], FLOAT, |_, a| decimal(arg(a, 0), rest(a, 1), |x, y| Ok(x.mul(y)))),
    Func::variadic("max", &[ANY, ANY], INT64, max),
    Func::variadic("biggest", &[ANY, ANY], INT64, max),
    Func::variadic("min", &[ANY, ANY], INT64, |_, a| {
        Ok(Value::int64(a.iter().map(to_int).min().unwrap_or(0)))
    }),
    Func::variadic("maxf", &[ANY, ANY], FLOAT, |_, a| extreme(a, |x, y| x > y)),
    Func::variadic("minf", &[ANY, ANY], FLOAT, |_, a| extreme(a, |x, y| x < y)),
    Func::new("ceil", &[ANY], FLOAT, |_, a| Ok(Value::Float(to_float(arg(a, 0)).ceil()))),
    Func::new("floor", &[ANY], FLOAT, |_, a| Ok(Value::Float(to_float(arg(a, 0)).floor()))),
    Func::variadic("round", &[ANY, INT, FLOAT], FLOAT, round),
    Func::new("until", &[INT], INT_SLICE, |_, a| {
        let count = int(a, 0);
        ints(range(0, count, if count < 0 { -1 } else { 1 })?)
    }),
    Func::new("untilStep", &[INT, INT, INT], INT_SLICE, |_, a| ints(range(int(a, 0), int(a, 1), int(a, 2))?)),
    Func::variadic("seq", &[INT], TEXT, seq),
];

fn divide(a: &[Value], op: fn(i64, i64) -> i64) -> Res {
    let (dividend, divisor) = (to_int(arg(a, 0)), to_int(arg(a, 1)));
    if divisor == 0 {
        return fail("runtime error: integer divide by zero");
    }
    Ok(Value::int64(op(dividend, divisor)))
}

/// Folds decimals made of the shortest digits of each number, so that 0.1 and 0.2 add up to 0.3.
fn decimal(
    first: &Value,
    others: &[Value],
    op: impl Fn(&Decimal, &Decimal) -> Result<Decimal, String>,
) -> Res {
    let mut result = Decimal::from_f64(to_float(first))?;
    for other in others {
        result = op(&result, &Decimal::from_f64(to_float(other))?)?;
    }
    Ok(Value::Float(result.to_f64()))
}

fn max(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    Ok(Value::int64(a.iter().map(to_int).max().unwrap_or(0)))
}

/// Go's `math.Max` and `math.Min`: NaN wins over everything but an infinity of the right sign.
fn extreme(a: &[Value], better: fn(f64, f64) -> bool) -> Res {
    let best_of_all = if better(1.0, 0.0) { f64::INFINITY } else { f64::NEG_INFINITY };
    let mut result = to_float(arg(a, 0));
    for other in rest(a, 1).iter().map(to_float) {
        result = if result == best_of_all || other == best_of_all {
            best_of_all
        } else if result.is_nan() || other.is_nan() {
            f64::NAN
        } else if result == 0.0 && other == 0.0 {
            // Of the two zeros, Max takes the positive and Min the negative one.
            let negative = if best_of_all > 0.0 {
                result.is_sign_negative() && other.is_sign_negative()
            } else {
                result.is_sign_negative() || other.is_sign_negative()
            };
            if negative { -0.0 } else { 0.0 }
        } else if better(other, result) {
            other
        } else {
            result
        };
    }
    Ok(Value::Float(result))
}

/// sprig's `round`: up from `.5`, or from the third argument, at so many places.
fn round(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let up_from = match a.get(2) {
        Some(on) => to_float(on),
        None => 0.5,
    };
    #[expect(clippy::cast_precision_loss, reason = "Go converts so too")]
    let power = 10f64.powf(int(a, 1) as f64);
    let digit = power * to_float(arg(a, 0));
    let rounded = if digit.fract() >= up_from { digit.ceil() } else { digit.floor() };
    Ok(Value::Float(rounded / power))
}

/// sprig's `untilStep`.
fn range(start: i64, stop: i64, step: i64) -> Result<Vec<i64>, FuncError> {
    let (distance, step_size) = if stop < start {
        (start.abs_diff(stop), if step < 0 { step.unsigned_abs() } else { 0 })
    } else {
        (stop.abs_diff(start), u64::try_from(step).unwrap_or(0))
    };
    if step_size == 0 {
        return Ok(Vec::new());
    }
    let count = usize::try_from(distance.div_ceil(step_size)).unwrap_or(usize::MAX);
    if count > MAX_ITEMS {
        return fail(format!("range of {count} numbers is longer than {MAX_ITEMS}"));
    }
    let mut numbers = Vec::with_capacity(count);
    let mut next = start;
    for _ in 0..count {
        numbers.push(next);
        next = next.wrapping_add(step);
    }
    Ok(numbers)
}

fn ints(numbers: Vec<i64>) -> Res {
    Ok(Value::List(List::with_elem(INT, numbers.into_iter().map(Value::int).collect())))
}

/// sprig's `seq`, after the Unix command: last; first last; first step last.
fn seq(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let down = |first: i64, last: i64| if last < first { -1 } else { 1 };
    let (first, step, last) = match a.len() {
        1 => (1, down(1, int(a, 0)), int(a, 0)),
        2 => (int(a, 0), down(int(a, 0), int(a, 1)), int(a, 1)),
        3 => {
            let (first, step, last) = (int(a, 0), int(a, 1), int(a, 2));
            if last < first && step > 0 {
                return string("");
            }
            (first, step, last)
        }
        _ => return string(""),
    };
    let numbers = range(first, last.wrapping_add(down(first, last)), step)?;
    let words: Vec<String> = numbers.iter().map(i64::to_string).collect();
    string(words.join(" "))
}
