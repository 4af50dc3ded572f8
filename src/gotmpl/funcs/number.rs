//! Numbers read from text as Go's `strconv` reads them, and the decimals of shopspring/decimal 1.4 that
//! sprig's `addf`, `mulf` and the like compute with.

use num_bigint::BigInt;

/// `strconv.ParseInt(text, 0, 64)`: a sign, a prefix for the base, underscores between digits; `None` for any error.
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, body) = split_sign(text);
    let (base, digits) = match body {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', b'b' | b'B', digits @ ..] => (2, digits),
        [b'0', b'o' | b'O', digits @ ..] => (8, digits),
        [b'0', digits @ ..] if !digits.is_empty() => (8, digits),
        _ => (10, body),
    };
    if !underscores_fine(body) {
        return None;
    }
    parse_digits(digits, base, negative)
}

/// `strconv.ParseInt(text, base, 64)` for a base of 8 or 10; `None` for any error.
pub fn parse_int_base(text: &[u8], base: u32) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    if digits.contains(&b'_') {
        return None;
    }
    parse_digits(digits, base, negative)
}

/// As [`parse_int_base`] of base 10, but a number out of range is the nearest limit, as Go returns it beside the error.
pub fn parse_int_saturating(text: &[u8]) -> i64 {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    parse_digits(digits, 10, negative).unwrap_or(if negative { i64::MIN } else { i64::MAX })
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

fn parse_digits(digits: &[u8], base: u32, negative: bool) -> Option<i64> {
    let mut value: u64 = 0;
    let mut any = false;
    for &byte in digits.iter().filter(|b| **b != b'_') {
        let digit = char::from(byte).to_digit(base)?;
        value = value.checked_mul(base.into())?.checked_add(digit.into())?;
        any = true;
    }
    if !any {
        return None;
    }
    if negative { 0i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

/// Whether underscores stand only between digits, or between a base prefix and a digit.
fn underscores_fine(body: &[u8]) -> bool {
    if !body.contains(&b'_') {
        return true;
    }
    let prefixed = matches!(body, [b'0', b'b' | b'B' | b'o' | b'O' | b'x' | b'X', ..]);
    let hex = matches!(body, [b'0', b'x' | b'X', ..]);
    // What stood before: a digit (or the prefix), an underscore, something else.
    let mut before = if prefixed { b'0' } else { b'^' };
    for &byte in body.iter().skip(if prefixed { 2 } else { 0 }) {
        let digit = byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit());
        if digit {
            before = b'0';
        } else if byte == b'_' {
            if before != b'0' {
                return false;
            }
            before = b'_';
        } else {
            if before == b'_' {
                return false;
            }
            before = b'!';
        }
    }
    before != b'_'
}

/// `strconv.ParseFloat(text, 64)`; `None` for any error, a number out of range included.
pub fn parse_float(text: &[u8]) -> Option<f64> {
    let (negative, body) = split_sign(text);
    if !underscores_fine(body) {
        return None;
    }
    let sign = if negative { -1.0 } else { 1.0 };
    if body.eq_ignore_ascii_case(b"inf") || body.eq_ignore_ascii_case(b"infinity") {
        return Some(sign * f64::INFINITY);
    }
    if text.eq_ignore_ascii_case(b"nan") {
        return Some(f64::NAN);
    }
    let plain: Vec<u8> = body.iter().copied().filter(|b| *b != b'_').collect();
    if let [b'0', b'x' | b'X', hex @ ..] = plain.as_slice() {
        return parse_hex_float(hex).map(|value| sign * value);
    }
    if !plain.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
        || plain.first().is_none_or(|b| matches!(b, b'+' | b'-'))
    {
        return None;
    }
    let value: f64 = std::str::from_utf8(&plain).ok()?.parse().ok()?;
    value.is_finite().then_some(sign * value)
}

/// `1.8p3`: hexadecimal digits, and a binary exponent that must be there.
fn parse_hex_float(text: &[u8]) -> Option<f64> {
    let mut mantissa: u64 = 0;
    let (mut exponent, mut seen, mut point, mut sticky) = (0i32, false, false, false);
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        match char::from(byte).to_digit(16) {
            Some(digit) => {
                seen = true;
                if mantissa >> 59 == 0 {
                    mantissa = mantissa << 4 | u64::from(digit);
                    exponent -= if point { 4 } else { 0 };
                } else {
                    sticky |= digit != 0;
                    exponent = exponent.saturating_add(if point { 0 } else { 4 });
                }
            }
            None if byte == b'.' && !point => point = true,
            None => break,
        }
        rest = after;
    }
    let [b'p' | b'P', power @ ..] = rest else {
        return None;
    };
    let (negative, digits) = split_sign(power);
    if !seen || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let power =
        digits.iter().fold(0i32, |n, b| n.saturating_mul(10).saturating_add(i32::from(b - b'0')).min(10_000));
    exponent = exponent.saturating_add(if negative { -power } else { power });
    let value = scale(mantissa | u64::from(sticky), exponent);
    value.is_finite().then_some(value)
}

/// `mantissa * 2^exponent`, rounded once to the nearest even.
fn scale(mantissa: u64, exponent: i32) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let shift = mantissa.leading_zeros();
    let mantissa = mantissa << shift;
    // The value is 1.xxx * 2^top.
    let top = exponent.saturating_add(63 - i32::try_from(shift).unwrap_or(0));
    if top > 1023 {
        return f64::INFINITY;
    }
    let keep = if top >= -1022 { 53 } else { 53 - (-1022 - top) };
    if keep < 0 {
        return 0.0;
    }
    let drop = u32::try_from(64 - keep).unwrap_or(64);
    let kept = mantissa.checked_shr(drop).unwrap_or(0);
    let lost = if drop >= 64 { mantissa } else { mantissa & ((1 << drop) - 1) };
    let half = 1u64 << (drop - 1).min(63);
    let kept = kept + u64::from(lost > half || lost == half && kept & 1 == 1);
    // The bits above the fraction overflow into the exponent as they should.
    let biased = u64::try_from(top + 1023).unwrap_or(0);
    f64::from_bits(if top >= -1022 { ((biased - 1) << 52) + kept } else { kept })
}

/// A decimal: `value * 10^exp`.
#[derive(Debug, Clone)]
pub struct Decimal {
    value: BigInt,
    exp: i64,
}

/// Digits after the point that a division keeps (shopspring's `DivisionPrecision`).
const DIVISION_PRECISION: i64 = 16;

impl Decimal {
    /// From the shortest digits of a float; the error is the library's panic.
    pub fn from_f64(value: f64) -> Result<Self, String> {
        if value.is_nan() {
            return Err("Cannot create a Decimal from NaN".to_owned());
        }
        if value.is_infinite() {
            return Err(format!("Cannot create a Decimal from {}Inf", if value < 0.0 { '-' } else { '+' }));
        }
        let text = format!("{value:e}");
        let (mantissa, exp) = text.split_once('e').unwrap_or((&text, "0"));
        let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits = mantissa.replace('.', "");
        Ok(Self {
            value: digits.parse().unwrap_or_default(),
            exp: exp.parse::<i64>().unwrap_or(0) - i64::try_from(fraction).unwrap_or(0),
        })
    }

    /// The nearest float.
    pub fn to_f64(&self) -> f64 {
        // Rust reads decimal text correctly rounded.
        format!("{}e{}", self.value, self.exp).parse().unwrap_or(0.0)
    }

    fn scaled_to(&self, exp: i64) -> BigInt {
        &self.value * power_of_ten(self.exp - exp)
    }

    fn combine(&self, other: &Self, op: impl Fn(BigInt, BigInt) -> BigInt) -> Self {
        let exp = self.exp.min(other.exp);
        Self { value: op(self.scaled_to(exp), other.scaled_to(exp)), exp }
    }

    /// The sum.
    pub fn add(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a + b)
    }

    /// The difference.
    pub fn sub(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a - b)
    }

    /// The product.
    pub fn mul(&self, other: &Self) -> Self {
        Self { value: &self.value * &other.value, exp: self.exp + other.exp }
    }

    /// The quotient to 16 digits after the point, halves away from zero; the error is the library's panic.
    pub fn div(&self, other: &Self) -> Result<Self, String> {
        let zero = BigInt::ZERO;
        if other.value == zero {
            return Err("decimal division by 0".to_owned());
        }
        let shift = self.exp - other.exp + DIVISION_PRECISION;
        let (dividend, divisor) = if shift < 0 {
            (self.value.clone(), &other.value * power_of_ten(-shift))
        } else {
            (&self.value * power_of_ten(shift), other.value.clone())
        };
        let mut quotient = &dividend / &divisor;
        let rest = &dividend % &divisor;
        let twice = BigInt::from(rest.magnitude().clone()) * 2;
        if twice >= BigInt::from(divisor.magnitude().clone()) {
            let negative = (self.value < zero) != (other.value < zero);
            quotient += if negative { -1 } else { 1 };
        }
        Ok(Self { value: quotient, exp: -DIVISION_PRECISION })
    }
}

fn power_of_ten(exp: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exp.max(0)).unwrap_or(0))
}
