//! Any value as a number, as spf13/cast 1.7 makes it: what cannot be converted is 0.

use super::super::value::Value;
use super::number;

/// `cast.ToInt64`, and `cast.ToInt` on 64-bit machines. Text is read with Go's base prefixes after `.0` is cut off.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Bool(on) => i64::from(*on),
        Value::Int(_, n) => *n,
        Value::Uint(_, n) => n.cast_signed(),
        Value::Float32(f) => float_to_int(f64::from(*f)),
        Value::Float(f) => float_to_int(*f),
        Value::Str(text) => number::parse_int(trim_zero_decimal(text)).unwrap_or(0),
        _ => 0,
    }
}

/// `cast.ToFloat64`.
#[expect(clippy::cast_precision_loss, reason = "Go converts so too")]
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Bool(on) => f64::from(u8::from(*on)),
        Value::Int(_, n) => *n as f64,
        Value::Uint(_, n) => *n as f64,
        Value::Float32(f) => f64::from(*f),
        Value::Float(f) => *f,
        Value::Str(text) => number::parse_float(text).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// Go's `int64(f)` on amd64: towards zero, and the least number where it does not fit.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn float_to_int(f: f64) -> i64 {
    // 2^63, exactly.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&f) { f as i64 } else { i64::MIN }
}

/// Cuts a fraction of zeros: `12.00` to `12`; anything else stays.
fn trim_zero_decimal(text: &[u8]) -> &[u8] {
    let zeros = text.iter().rev().take_while(|b| **b == b'0').count();
    match text.get(..text.len() - zeros) {
        Some([whole @ .., b'.']) if zeros > 0 => whole,
        _ => text,
    }
}
