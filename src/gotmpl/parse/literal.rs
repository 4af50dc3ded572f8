//! Constants as Go's `strconv` reads them: strings, characters, numbers.

use super::super::fmt::quote_lossy;
use super::super::strconv::decode_rune;

/// Go's `strconv.Unquote`; its only error is `invalid syntax`. `None` for what means just what is between its quotes.
pub(super) fn unquote(literal: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let invalid = || "invalid syntax".to_owned();
    let quote = *literal.first().ok_or_else(invalid)?;
    let body = literal.get(1..literal.len().saturating_sub(1)).ok_or_else(invalid)?;
    if quote == b'`' {
        if memchr::memchr(b'\r', body).is_none() {
            return Ok(None);
        }
        // As Go does, so that a template means the same under Windows' line ends.
        return Ok(Some(body.iter().copied().filter(|byte| *byte != b'\r').collect()));
    }
    if memchr::memchr3(b'\\', b'\n', quote, body).is_none() {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while !rest.is_empty() {
        let (unit, width) = unquote_char(rest, quote).ok_or_else(invalid)?;
        match unit {
            Unit::Byte(byte) => out.push(byte),
            Unit::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = rest.get(width..).unwrap_or_default();
    }
    Ok(Some(out))
}

enum Unit {
    /// `\x41`, `\101`, or a byte that is not UTF-8
    Byte(u8),
    Char(char),
}

/// One character or escape, and how many bytes it took.
fn unquote_char(text: &[u8], quote: u8) -> Option<(Unit, usize)> {
    let first = *text.first()?;
    if first == quote || first == b'\n' {
        return None;
    }
    if first != b'\\' {
        let (c, width) = decode_rune(text);
        return Some((c.map_or(Unit::Byte(first), Unit::Char), width));
    }
    let escape = *text.get(1)?;
    let simple = match escape {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' => b'\\',
        b'\'' | b'"' if escape == quote => escape,
        b'x' | b'u' | b'U' => {
            let count = match escape {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            let mut code = 0_u32;
            for digit in text.get(2..2 + count)? {
                code = code.checked_mul(16)? + char::from(*digit).to_digit(16)?;
            }
            let unit = match escape {
                b'x' => Unit::Byte(u8::try_from(code).ok()?),
                _ => Unit::Char(char::from_u32(code)?),
            };
            return Some((unit, 2 + count));
        }
        b'0'..=b'7' => {
            let mut code = 0_u32;
            for digit in text.get(1..4)? {
                code = code * 8 + char::from(*digit).to_digit(8)?;
            }
            return Some((Unit::Byte(u8::try_from(code).ok()?), 4));
        }
        _ => return None,
    };
    Some((Unit::Byte(simple), 2))
}

/// What a number constant can be: see [`super::ast::Number`].
#[derive(Default)]
pub(super) struct Numeric {
    pub int: Option<i64>,
    pub uint: Option<u64>,
    pub float: Option<f64>,
}

pub(super) fn char_constant(text: &[u8]) -> Result<Numeric, String> {
    let body = text.get(1..).unwrap_or_default();
    let (unit, width) = unquote_char(body, b'\'').ok_or("invalid syntax")?;
    if body.get(width..) != Some(b"'") {
        return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
    }
    let code = match unit {
        Unit::Byte(byte) if byte.is_ascii() || body.first() == Some(&b'\\') => u32::from(byte),
        Unit::Byte(_) => u32::from(char::REPLACEMENT_CHARACTER),
        Unit::Char(c) => u32::from(c),
    };
    Ok(Numeric { int: Some(i64::from(code)), uint: Some(u64::from(code)), float: Some(f64::from(code)) })
}

/// The digits of a Go literal without its underscores, which may stand only between digits or after a prefix.
fn without_underscores(text: &str) -> Option<String> {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !body.contains('_') {
        return Some(text.to_owned());
    }
    let lower = body.to_ascii_lowercase();
    let prefixed = lower.starts_with("0x") || lower.starts_with("0o") || lower.starts_with("0b");
    let hex = lower.starts_with("0x");
    let digits = if prefixed { lower.get(2..)? } else { lower.as_str() };
    let mut previous = if prefixed { '0' } else { '!' };
    for c in digits.chars() {
        let digit = c.is_ascii_digit() || hex && c.is_ascii_hexdigit();
        if c == '_' && previous != '0' || previous == '_' && !digit {
            return None;
        }
        previous = if c == '_' {
            '_'
        } else if digit {
            '0'
        } else {
            '!'
        };
    }
    (previous != '_').then(|| text.replace('_', ""))
}

/// Go's `strconv.ParseUint(text, 0, 64)`.
fn parse_uint(text: &str) -> Option<u64> {
    // A base prefix is what allows underscores.
    let clean = without_underscores(text)?;
    let lower = clean.to_ascii_lowercase();
    if lower.starts_with(['+', '-']) {
        return None;
    }
    if let Some(digits) = lower.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok();
    }
    if let Some(digits) = lower.strip_prefix("0b") {
        return u64::from_str_radix(digits, 2).ok();
    }
    if let Some(digits) = lower.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok();
    }
    if lower.len() > 1
        && let Some(digits) = lower.strip_prefix('0')
    {
        return u64::from_str_radix(digits, 8).ok();
    }
    lower.parse().ok()
}

fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = i128::from(parse_uint(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// Go's `strconv.ParseFloat`, decimal and hexadecimal.
fn parse_float(text: &str) -> Option<f64> {
    let clean = without_underscores(text)?;
    let (negative, body) = match clean.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, clean.strip_prefix('+').unwrap_or(&clean)),
    };
    let magnitude = match body.strip_prefix("0x").or_else(|| body.strip_prefix("0X")) {
        Some(hex) => parse_hex_float(hex)?,
        None if body.bytes().any(|byte| byte.is_ascii_digit()) => {
            body.parse().ok().filter(|f: &f64| f.is_finite())?
        }
        None => return None,
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// `1.8p3` after its `0x`; the exponent is required. Mantissas beyond 64 bits lose their lowest digits.
fn parse_hex_float(hex: &str) -> Option<f64> {
    let (mantissa, exponent) = hex.split_once(['p', 'P'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (mut value, mut scale, mut seen, mut point) = (0_u64, 0_i32, false, false);
    for c in mantissa.chars() {
        if c == '.' && !point {
            point = true;
            continue;
        }
        let digit = c.to_digit(16)?;
        seen = true;
        if value >> 60 == 0 {
            value = value << 4 | u64::from(digit);
            scale -= if point { 4 } else { 0 };
        } else if !point {
            scale = scale.checked_add(4)?;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "rounded to nearest, as the format asks")]
    let value = value as f64 * 2_f64.powi(scale.checked_add(exponent)?);
    (seen && value.is_finite()).then_some(value)
}

/// What nearly all numbers are: decimal digits, few enough for every type.
fn small(text: &str) -> Option<Numeric> {
    const MOST: usize = 9;
    let decimal = text.len() <= MOST && text.bytes().all(|byte| byte.is_ascii_digit());
    if !decimal || text.len() > 1 && text.starts_with('0') {
        return None;
    }
    let number: u32 = text.parse().ok()?;
    Some(Numeric { int: Some(number.into()), uint: Some(number.into()), float: Some(number.into()) })
}

/// A number that is neither a character nor complex.
pub(super) fn number(text: &str) -> Result<Numeric, String> {
    if let Some(number) = small(text) {
        return Ok(number);
    }
    let mut number = Numeric { uint: parse_uint(text), int: parse_int(text), float: None };
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    #[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
    if let Some(int) = number.int {
        number.float = Some(int as f64);
    } else if let Some(uint) = number.uint {
        number.float = Some(uint as f64);
    } else if let Some(float) = parse_float(text) {
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quote_lossy(text.as_bytes())));
        }
        number.float = Some(float);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::float_cmp,
            reason = "exactly the test whether the float is a whole number in range"
        )]
        {
            let limit = 9_223_372_036_854_775_808.0;
            if float >= -limit && float < limit && float.trunc() == float {
                number.int = Some(float as i64);
            }
            if float >= 0.0 && float < 2.0 * limit && float.trunc() == float {
                number.uint = Some(float as u64);
            }
        }
    } else {
        return Err(format!("illegal number syntax: {}", quote_lossy(text.as_bytes())));
    }
    Ok(number)
}
