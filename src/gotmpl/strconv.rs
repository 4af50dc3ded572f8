//! Go's `strconv`: floats as text, quoted strings. Bytes in, bytes out; knows nothing of values.

use super::printable::PRINTABLE;

/// How to write a float: Go's format characters `e`, `E`, `f`, `g`, `G`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatFormat {
    /// `-d.dddde±dd`
    Exponent,
    /// `-ddd.dddd`
    Fixed,
    /// Whichever of the two suits the exponent.
    General,
}

/// More digits than any float64 has after its point.
const MAX_DIGITS: usize = 1_100;

/// Which width of float the shortest digits must identify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatBits {
    /// `float32`
    B32,
    /// `float64`
    B64,
}

/// Decimal digits `d1 d2 d3 …` meaning `0.d1d2d3… × 10^point`; zero has none.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

/// Splits the output of Rust's `{:e}`, which is correctly rounded, or shortest without a precision, as Go's is.
fn decimal_of(scientific: &str) -> Decimal {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    if digits.iter().all(|digit| *digit == b'0') {
        return Decimal { digits: Vec::new(), point: 0 };
    }
    Decimal { digits, point: exponent.parse::<i32>().unwrap_or(0) + 1 }
}

/// Corrects the shortest digits of a float64 that lies exactly between two candidates: Rust takes the upper one,
/// Go the even one. Only numbers with nearly all their digits come in question.
pub fn settle_tie(digits: &mut [u8], number: f64) {
    const LEAST: usize = 15;
    let Some((last, before)) = digits.split_last_mut() else { return };
    if before.len() + 1 < LEAST || *last == b'0' || (*last - b'0').is_multiple_of(2) {
        return;
    }
    let exact = format!("{:.40e}", number.abs());
    let mut exact = exact.bytes().take_while(|c| *c != b'e').filter(u8::is_ascii_digit);
    let same = before.iter().all(|digit| exact.next() == Some(*digit));
    if same
        && exact.next() == Some(*last - 1)
        && exact.next() == Some(b'5')
        && exact.all(|digit| digit == b'0')
    {
        *last -= 1;
    }
}

fn trim_zeros(digits: &mut Vec<u8>) {
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
}

/// Go's `strconv.FormatFloat`; `precision: None` asks for the shortest digits that read back as the same number.
#[must_use]
pub fn format_float(number: f64, format: FloatFormat, precision: Option<usize>, bits: FloatBits) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let magnitude = number.abs();
    let mut out = String::with_capacity(24);
    if number.is_sign_negative() {
        out.push('-');
    }
    let shortest = || {
        #[expect(clippy::cast_possible_truncation, reason = "the number is a float32 widened by the caller")]
        let mut decimal = match bits {
            FloatBits::B32 => decimal_of(&format!("{:e}", magnitude as f32)),
            FloatBits::B64 => decimal_of(&format!("{magnitude:e}")),
        };
        trim_zeros(&mut decimal.digits);
        if bits == FloatBits::B64 {
            settle_tie(&mut decimal.digits, magnitude);
        }
        decimal
    };
    // A float64 has no more digits than this; Rust's own formatting refuses large precisions.
    let digits = precision.map(|precision| precision.min(MAX_DIGITS));
    match (format, digits) {
        (FloatFormat::Exponent, None) => {
            let decimal = shortest();
            let after = decimal.digits.len().saturating_sub(1);
            push_exponent(&mut out, &decimal, after);
        }
        (FloatFormat::Exponent, Some(digits)) => {
            let wanted = precision.unwrap_or(digits);
            push_exponent(&mut out, &decimal_of(&format!("{magnitude:.digits$e}")), wanted);
        }
        (FloatFormat::Fixed, None) => {
            let decimal = shortest();
            let after =
                i32::try_from(decimal.digits.len()).unwrap_or(i32::MAX).saturating_sub(decimal.point).max(0);
            push_fixed(&mut out, &decimal, usize::try_from(after).unwrap_or(0));
        }
        (FloatFormat::Fixed, Some(digits)) => {
            out.push_str(&format!("{magnitude:.digits$}"));
            out.extend(std::iter::repeat_n('0', precision.unwrap_or(0).saturating_sub(digits)));
        }
        (FloatFormat::General, precision) => {
            let (decimal, threshold) = match precision {
                None => (shortest(), 6),
                Some(precision) => {
                    let precision = precision.max(1);
                    let after = precision - 1;
                    let mut decimal = decimal_of(&format!("{magnitude:.after$e}"));
                    trim_zeros(&mut decimal.digits);
                    let count = decimal.digits.len();
                    // A whole number whose digits all fit keeps its plain form only up to those digits.
                    let whole = i32::try_from(count).is_ok_and(|count| count >= decimal.point);
                    (decimal, if precision > count && whole { count } else { precision })
                }
            };
            let exponent = decimal.point - 1;
            let zero = decimal.digits.is_empty();
            if !zero && (exponent < -4 || exponent >= i32::try_from(threshold).unwrap_or(i32::MAX)) {
                let after = decimal.digits.len().saturating_sub(1);
                push_exponent(&mut out, &decimal, after);
            } else {
                let after = i32::try_from(decimal.digits.len())
                    .unwrap_or(i32::MAX)
                    .saturating_sub(decimal.point)
                    .max(0);
                push_fixed(&mut out, &decimal, usize::try_from(after).unwrap_or(0));
            }
        }
    }
    out
}

fn push_exponent(out: &mut String, decimal: &Decimal, after: usize) {
    let digit = |index: usize| char::from(decimal.digits.get(index).copied().unwrap_or(b'0'));
    out.push(digit(0));
    if after > 0 {
        out.push('.');
        out.extend((1..=after).map(digit));
    }
    let exponent = if decimal.digits.is_empty() { 0 } else { decimal.point - 1 };
    out.push('e');
    out.push(if exponent < 0 { '-' } else { '+' });
    out.push_str(&format!("{:02}", exponent.unsigned_abs()));
}

fn push_fixed(out: &mut String, decimal: &Decimal, after: usize) {
    let digit = |index: i64| {
        usize::try_from(index)
            .ok()
            .and_then(|index| decimal.digits.get(index))
            .copied()
            .map_or('0', char::from)
    };
    let point = i64::from(decimal.point);
    if point > 0 {
        out.extend((0..point).map(digit));
    } else {
        out.push('0');
    }
    if after > 0 {
        out.push('.');
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        out.extend((point..point.saturating_add(after)).map(digit));
    }
}

/// Go's `strconv.IsPrint`.
#[must_use]
pub fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    let code = u32::from(c);
    let index = PRINTABLE.partition_point(|(_, end)| *end < code);
    PRINTABLE.get(index).is_some_and(|(start, _)| *start <= code)
}

/// The first character of `bytes` as Go decodes it: `None` and one byte for what is not UTF-8.
#[must_use]
pub fn decode_rune(bytes: &[u8]) -> (Option<char>, usize) {
    let Some(first) = bytes.first() else { return (None, 0) };
    if first.is_ascii() {
        return (Some(char::from(*first)), 1);
    }
    let width = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (None, 1),
    };
    match bytes
        .get(..width)
        .and_then(|head| std::str::from_utf8(head).ok())
        .and_then(|text| text.chars().next())
    {
        Some(c) => (Some(c), width),
        None => (None, 1),
    }
}

/// How a quoted string treats characters outside ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteStyle {
    /// Printable characters stay (`strconv.Quote`).
    Printable,
    /// Everything outside ASCII is escaped (`strconv.QuoteToASCII`).
    Ascii,
}

/// Go's `strconv.Quote`: a double-quoted Go string literal.
#[must_use]
pub fn quote(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    push_quoted(&mut out, bytes, b'"', QuoteStyle::Printable);
    out
}

/// Appends a quoted literal with the given quote character.
pub fn push_quoted(out: &mut Vec<u8>, bytes: &[u8], quote: u8, style: QuoteStyle) {
    out.push(quote);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (c, width) = decode_rune(rest);
        match c {
            Some(c) => push_escaped_char(out, c, quote, style),
            None => {
                out.extend_from_slice(format!("\\x{:02x}", rest.first().copied().unwrap_or(0)).as_bytes())
            }
        }
        rest = rest.get(width..).unwrap_or_default();
    }
    out.push(quote);
}

/// Appends one character as it stands inside a literal with the given quote character.
pub fn push_escaped_char(out: &mut Vec<u8>, c: char, quote: u8, style: QuoteStyle) {
    let escape = match c {
        '\\' => Some(b'\\'),
        '\u{7}' => Some(b'a'),
        '\u{8}' => Some(b'b'),
        '\u{c}' => Some(b'f'),
        '\n' => Some(b'n'),
        '\r' => Some(b'r'),
        '\t' => Some(b't'),
        '\u{b}' => Some(b'v'),
        c if c == char::from(quote) => Some(quote),
        _ => None,
    };
    if let Some(escape) = escape {
        out.extend_from_slice(&[b'\\', escape]);
    } else if c.is_ascii() && !c.is_ascii_control() || style == QuoteStyle::Printable && is_print(c) {
        let mut buf = [0; 4];
        out.extend_from_slice(c.encode_utf8(&mut buf).as_bytes());
    } else {
        let code = u32::from(c);
        let escaped = match code {
            0..=0x1f | 0x7f => format!("\\x{code:02x}"),
            0x80..=0xffff => format!("\\u{code:04x}"),
            _ => format!("\\U{code:08x}"),
        };
        out.extend_from_slice(escaped.as_bytes());
    }
}
