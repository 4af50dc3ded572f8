//! Functions on numbers.

use super::{Args, Given};
use crate::eval::value::{Value, ValueKind};

/// Elements that `range` makes at most.
const MAX_RANGE: usize = 65_536;

pub fn call(name: &str, args: &Args<'_>) -> Option<Given> {
    Some(match name {
        "abs" => match args.get(0).map(|v| &v.kind) {
            Ok(ValueKind::Int(n)) => {
                n.checked_abs().ok_or_else(|| "the result is too large".into()).and_then(|n| args.whole(n))
            }
            _ => args.float(0).and_then(|n| args.num(n.abs())),
        },
        "ceil" => args.float(0).and_then(|n| rounded(args, n.ceil())),
        "floor" => args.float(0).and_then(|n| rounded(args, n.floor())),
        "log" => log(args),
        "max" => extreme(args, |a, b| a > b),
        "min" => extreme(args, |a, b| a < b),
        "parseint" => parseint(args),
        "pow" => args.float(0).and_then(|base| args.num(base.powf(args.float(1)?))),
        "signum" => args.float(0).and_then(|n| args.whole(if n > 0.0 { 1 } else { -i64::from(n < 0.0) })),
        "sum" => sum(args),
        "range" => range(args),
        _ => return None,
    })
}

fn rounded(args: &Args<'_>, n: f64) -> Given {
    if n.abs() > 9.0e15 {
        return Err(format!("`{n}` is too large for a whole number"));
    }
    args.num(n)
}

fn log(args: &Args<'_>) -> Given {
    let (n, base) = (args.float(0)?, args.float(1)?);
    if n <= 0.0 || base <= 0.0 || base == 1.0 {
        return Err(format!("there is no logarithm of `{n}` to the base `{base}`"));
    }
    // Exact where these are.
    args.num(if base == 10.0 {
        n.log10()
    } else if base == 2.0 {
        n.log2()
    } else {
        n.ln() / base.ln()
    })
}

fn extreme(args: &Args<'_>, better: fn(f64, f64) -> bool) -> Given {
    let mut best: Option<(f64, &Value)> = None;
    for n in 0..args.values.len() {
        let value = args.float(n)?;
        if best.is_none_or(|(b, _)| better(value, b)) {
            best = Some((value, args.get(n)?));
        }
    }
    best.map(|(_, value)| value.clone()).ok_or_else(|| "there are no numbers".into())
}

fn parseint(args: &Args<'_>) -> Given {
    let (text, base) = (args.str(0)?, args.int(1)?);
    let radix = u32::try_from(base).ok().filter(|b| (2..=36).contains(b));
    let radix = radix.ok_or_else(|| format!("the base `{base}` is not from 2 to 36"))?;
    match i64::from_str_radix(text, radix) {
        Ok(n) if !text.starts_with('+') => args.whole(n),
        _ => Err(format!("`{text}` is not a whole number in base {base}")),
    }
}

fn sum(args: &Args<'_>) -> Given {
    let items = args.list(0)?;
    let whole = items.iter().try_fold(0_i64, |acc, item| match item.kind {
        ValueKind::Int(n) => acc.checked_add(n),
        _ => None,
    });
    match whole {
        Some(n) => args.whole(n),
        None => args.num(args.numbers(0)?.iter().sum()),
    }
}

fn range(args: &Args<'_>) -> Given {
    let (start, limit, step) = match args.values.len() {
        1 => (0.0, args.float(0)?, None),
        2 => (args.float(0)?, args.float(1)?, None),
        _ => (args.float(0)?, args.float(1)?, Some(args.float(2)?)),
    };
    let step = step.unwrap_or(if limit < start { -1.0 } else { 1.0 });
    if step == 0.0 {
        return Err("the step is 0".into());
    }
    if (step > 0.0) != (limit > start) && limit != start {
        return Err(format!("a step of `{step}` never leads from `{start}` to `{limit}`"));
    }
    let count = ((limit - start) / step).ceil();
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    if count > MAX_RANGE as f64 || !count.is_finite() {
        return Err(format!("the range has more than {MAX_RANGE} elements"));
    }
    let mut out = Vec::new();
    let mut n = 0_u32;
    loop {
        let at = start + f64::from(n) * step;
        if (step > 0.0 && at >= limit) || (step < 0.0 && at <= limit) {
            break;
        }
        out.push(args.num(at)?);
        n += 1;
    }
    args.items(out)
}
