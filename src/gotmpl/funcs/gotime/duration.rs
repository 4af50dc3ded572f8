//! Go's `time.Duration`: a count of nanoseconds, written like `1h2m3.5s`.

use super::quote;

/// Nanoseconds in a second, a minute, an hour.
pub const SECOND: i64 = 1_000_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;

/// The largest magnitude, of the most negative duration.
const LIMIT: u64 = 1 << 63;

/// `time.ParseDuration`; the error is Go's.
pub fn parse(text: &[u8]) -> Result<i64, String> {
    let fail = |what: &str| format!("time: {what} {}", quote(text));
    let invalid = || fail("invalid duration");
    let (negative, mut rest) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while let Some(&first) = rest.first() {
        if first != b'.' && !first.is_ascii_digit() {
            return Err(invalid());
        }
        let (whole, after) = leading_int(rest).ok_or_else(invalid)?;
        let mut digits = after.len() != rest.len();
        rest = after;
        let (mut fraction, mut scale) = (0, 1.0);
        if let Some(after) = rest.strip_prefix(b".") {
            let tail;
            (fraction, scale, tail) = leading_fraction(after);
            digits |= tail.len() != after.len();
            rest = tail;
        }
        if !digits {
            return Err(invalid());
        }
        let end = rest.iter().position(|b| *b == b'.' || b.is_ascii_digit()).unwrap_or(rest.len());
        let (unit, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        if unit.is_empty() {
            return Err(fail("missing unit in duration"));
        }
        rest = after;
        let Some(nanos) = unit_nanos(unit) else {
            return Err(fail(&format!("unknown unit {} in duration", quote(unit))));
        };
        let mut value = whole.checked_mul(nanos).filter(|v| *v <= LIMIT).ok_or_else(invalid)?;
        if fraction > 0 {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "Go computes the fraction in float64, and it is below one unit"
            )]
            let part = (fraction as f64 * (nanos as f64 / scale)) as u64;
            value += part;
        }
        total = total.checked_add(value).filter(|v| *v <= LIMIT).ok_or_else(invalid)?;
    }
    if negative {
        return Ok(0i64.wrapping_sub_unsigned(total));
    }
    i64::try_from(total).map_err(|_| invalid())
}

fn unit_nanos(unit: &[u8]) -> Option<u64> {
    Some(match unit {
        b"ns" => 1,
        b"us" => 1_000,
        b"ms" => 1_000_000,
        b"s" => 1_000_000_000,
        b"m" => 60_000_000_000,
        b"h" => 3_600_000_000_000,
        // The micro sign and the Greek letter.
        _ if unit == "µs".as_bytes() || unit == "μs".as_bytes() => 1_000,
        _ => return None,
    })
}

/// The number at the start, perhaps empty and then 0; `None` above 2^63.
pub(super) fn leading_int(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let mut value: u64 = 0;
    for digit in digits {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|v| *v <= LIMIT)?;
    }
    Some((value, rest))
}

/// Digits after a point, as many as fit, and the power of ten they are to be divided by.
fn leading_fraction(text: &[u8]) -> (u64, f64, &[u8]) {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    let (mut value, mut scale) = (0u64, 1.0);
    for digit in digits {
        if value > (LIMIT - 1) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > LIMIT {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value, scale, rest)
}

/// `Duration.String`.
pub fn format(nanos: i64) -> String {
    let mut rest = nanos.unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    if rest < 1_000_000_000 {
        let (unit, digits) = match rest {
            0..1_000 => ("ns", 0),
            1_000..1_000_000 => ("µs", 3),
            _ => ("ms", 6),
        };
        let scale = 10u64.pow(digits);
        return format!("{sign}{}{}{unit}", rest / scale, fraction(rest % scale, digits));
    }
    let nano = rest % 1_000_000_000;
    rest /= 1_000_000_000;
    let mut out = sign.to_owned();
    let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
    if hours > 0 {
        out.push_str(&format!("{hours}h"));
    }
    if hours > 0 || minutes > 0 {
        out.push_str(&format!("{minutes}m"));
    }
    out.push_str(&format!("{seconds}{}s", fraction(nano, 9)));
    out
}

/// A decimal fraction without trailing zeros, empty for 0.
fn fraction(value: u64, digits: u32) -> String {
    if value == 0 {
        return String::new();
    }
    let text = format!(".{value:0width$}", width = digits as usize);
    text.trim_end_matches('0').to_owned()
}

/// `Duration.Round`: to the nearest multiple of `unit`, halves away from zero.
pub fn round(nanos: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return nanos;
    }
    let rest = (nanos % unit).unsigned_abs();
    let down = rest.wrapping_add(rest) < unit.unsigned_abs();
    let (rest, unit) = (i64::try_from(rest).unwrap_or(0), unit);
    match (nanos < 0, down) {
        (true, true) => nanos + rest,
        (true, false) => nanos.checked_sub(unit - rest).unwrap_or(i64::MIN),
        (false, true) => nanos - rest,
        (false, false) => nanos.checked_add(unit - rest).unwrap_or(i64::MAX),
    }
}

/// `Duration.Truncate`: to a multiple of `unit`, towards zero.
pub fn truncate(nanos: i64, unit: i64) -> i64 {
    if unit <= 0 { nanos } else { nanos - nanos % unit }
}

#[expect(clippy::cast_precision_loss, reason = "Go's own conversion, whole and fraction apart")]
fn in_unit(nanos: i64, unit: i64) -> f64 {
    (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64
}

/// `Duration.Seconds`.
pub fn seconds(nanos: i64) -> f64 {
    in_unit(nanos, SECOND)
}

/// `Duration.Minutes`.
pub fn minutes(nanos: i64) -> f64 {
    in_unit(nanos, MINUTE)
}

/// `Duration.Hours`.
pub fn hours(nanos: i64) -> f64 {
    in_unit(nanos, HOUR)
}
