//! What a plain scalar means: the YAML 1.1 types as `go.yaml.in/yaml` v2 (and, where told, v3) sees them.
//!
//! In: the text of one scalar. Out: a [`Scalar`]. Used both ways: the reader asks what a scalar is, the
//! writer whether a string would be read back as something else. Base 60 numbers are strings to the reader
//! but quoted by the writer; timestamps are recognised (they get quoted) yet stay text.

/// The type and value of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// Only for what is beyond `i64`.
    Uint(u64),
    Float(f64),
    Timestamp,
    Str,
}

impl Scalar {
    /// Short tag name, as error messages give it.
    pub fn tag(self) -> &'static str {
        match self {
            Scalar::Null => "!!null",
            Scalar::Bool(_) => "!!bool",
            Scalar::Int(_) | Scalar::Uint(_) => "!!int",
            Scalar::Float(_) => "!!float",
            Scalar::Timestamp => "!!timestamp",
            Scalar::Str => "!!str",
        }
    }
}

/// Which library's rules: v2 reads and writes values, v3 only serves `toYamlPretty`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    V2,
    V3,
}

/// Resolves an untagged plain scalar.
pub fn resolve(text: &str, flavor: Flavor) -> Scalar {
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match first {
        b'0'..=b'9' | b'+' | b'-' => named(text, flavor).unwrap_or_else(|| numeric(text, flavor)),
        b'.' => named(text, flavor).or_else(|| dotted_float(text).map(Scalar::Float)).unwrap_or(Scalar::Str),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            named(text, flavor).unwrap_or(Scalar::Str)
        }
        // The merge key is only looked for where a mapping key is expected: there `<<` is compared as text.
        _ => Scalar::Str,
    }
}

fn named(text: &str, flavor: Flavor) -> Option<Scalar> {
    if text.len() > 5 {
        return None;
    }
    Some(match text {
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ if flavor == Flavor::V2 => Scalar::Bool(old_bool(text)?),
        _ => return None,
    })
}

/// The booleans of YAML 1.1 that v3 no longer reads but still quotes.
pub fn old_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn numeric(text: &str, flavor: Flavor) -> Scalar {
    if is_timestamp(text) {
        return Scalar::Timestamp;
    }
    let owned;
    let plain = if text.contains('_') {
        owned = text.replace('_', "");
        owned.as_str()
    } else {
        text
    };
    if let Some(number) = integer(plain) {
        return number;
    }
    if is_decimal_float(plain)
        && let Some(f) = finite(plain)
    {
        return Scalar::Float(f);
    }
    // What follows a binary (v3: octal) prefix is parsed once more, so a sign there is accepted.
    let radixes: &[(&str, u32)] = if flavor == Flavor::V2 { &[("0b", 2)] } else { &[("0b", 2), ("0o", 8)] };
    for &(prefix, radix) in radixes {
        if let Some(rest) = plain.strip_prefix(prefix) {
            if let Some(i) = signed(rest, radix) {
                return Scalar::Int(i);
            }
            if let Some(u) = unsigned(rest, radix) {
                return Scalar::Uint(u);
            }
        }
    }
    Scalar::Str
}

/// Go's `ParseInt` and then `ParseUint` with base 0: a `0x`, `0o`, `0b` prefix or a leading zero (octal).
fn integer(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, digits.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    let magnitude = unsigned(digits, radix)?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(i) => Some(Scalar::Int(i)),
        Err(_) if text.starts_with('+') => None,
        Err(_) => Some(Scalar::Uint(magnitude)),
    }
}

fn unsigned(digits: &str, radix: u32) -> Option<u64> {
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

fn signed(text: &str, radix: u32) -> Option<i64> {
    i64::from_str_radix(text, radix).ok()
}

/// `[-+]? ( .digits | digits [. digits*] ) [ e [-+]? digits ]`
fn is_decimal_float(text: &str) -> bool {
    let mut b = text.as_bytes();
    if let [b'-' | b'+', rest @ ..] = b {
        b = rest;
    }
    let whole = digits(b);
    b = b.get(whole..).unwrap_or_default();
    if let [b'.', rest @ ..] = b {
        let decimals = digits(rest);
        if whole == 0 && decimals == 0 {
            return false;
        }
        b = rest.get(decimals..).unwrap_or_default();
    } else if whole == 0 {
        return false;
    }
    if let [b'e' | b'E', rest @ ..] = b {
        let rest = if let [b'-' | b'+', rest @ ..] = rest { rest } else { rest };
        let exponent = digits(rest);
        return exponent > 0 && exponent == rest.len();
    }
    b.is_empty()
}

fn digits(b: &[u8]) -> usize {
    b.iter().take_while(|c| c.is_ascii_digit()).count()
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|f: &f64| f.is_finite())
}

/// A float that begins with its point: here Go's own parser is asked, which takes an underscore between
/// two digits.
fn dotted_float(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return if is_decimal_float(text) { finite(text) } else { None };
    }
    let b = text.as_bytes();
    for (i, c) in b.iter().enumerate() {
        if *c == b'_' {
            let between = i > 0 && [i - 1, i + 1].iter().all(|at| b.get(*at).is_some_and(u8::is_ascii_digit));
            if !between {
                return None;
            }
        }
    }
    let plain = text.replace('_', "");
    if is_decimal_float(&plain) { finite(&plain) } else { None }
}

/// Whether a YAML 1.1 reader that knows base 60 would take the text for a number (`1:30`).
pub fn is_base60(text: &str) -> bool {
    let b = text.as_bytes();
    if !matches!(b.first(), Some(b'+' | b'-' | b'0'..=b'9')) || !b.contains(&b':') {
        return false;
    }
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (head, tail) = text.split_once(':').unwrap_or((text, ""));
    if !head.starts_with(|c: char| c.is_ascii_digit())
        || !head.bytes().all(|c| c.is_ascii_digit() || c == b'_')
    {
        return false;
    }
    let (groups, fraction) = match tail.split_once('.') {
        Some((groups, fraction)) => (groups, fraction),
        None => (tail, ""),
    };
    fraction.bytes().all(|c| c.is_ascii_digit() || c == b'_')
        && groups.split(':').all(|g| matches!(g.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// Whether Go's yaml takes the text for a timestamp: `YYYY-M-D`, with a time after `T`, `t` (zone needed)
/// or spaces (no zone).
pub fn is_timestamp(text: &str) -> bool {
    let b = text.as_bytes();
    let [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', rest @ ..] = b else { return false };
    let year = b.iter().take(4).fold(0u32, |n, c| n * 10 + u32::from(c - b'0'));
    date_and_time(year, rest).is_some()
}

fn date_and_time(year: u32, rest: &[u8]) -> Option<()> {
    let (month, rest) = small_number(rest)?;
    if !(1..=12).contains(&month) {
        return None;
    }
    let (day, rest) = small_number(rest.strip_prefix(b"-")?)?;
    if day < 1 || day > days_in(month, year) {
        return None;
    }
    let (zoned, mut rest) = match rest {
        [] => return Some(()),
        [b'T' | b't', rest @ ..] => (true, rest),
        [b' ', ..] => (false, rest.trim_ascii_start_spaces()),
        _ => return None,
    };
    for (limit, separator) in [(24, b':'), (60, b':'), (60, 0)] {
        let (n, after) = small_number(rest)?;
        if n >= limit {
            return None;
        }
        rest = if separator == 0 { after } else { after.strip_prefix(&[separator])? };
    }
    if let [b'.' | b',', fraction @ ..] = rest {
        let n = digits(fraction);
        if n > 0 {
            rest = fraction.get(n..)?;
        }
    }
    match (zoned, rest) {
        (false, []) | (true, [b'Z']) => Some(()),
        (true, [b'+' | b'-', h1, h2, b':', m1, m2]) => {
            let two = |a: &u8, b: &u8| {
                (a.is_ascii_digit() && b.is_ascii_digit())
                    .then(|| u32::from(a - b'0') * 10 + u32::from(b - b'0'))
            };
            (two(h1, h2)? <= 24 && two(m1, m2)? <= 60).then_some(())
        }
        _ => None,
    }
}

/// One or two digits, as Go's time parser takes them.
fn small_number(b: &[u8]) -> Option<(u32, &[u8])> {
    match b {
        [a @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
            Some((u32::from(a - b'0') * 10 + u32::from(c - b'0'), rest))
        }
        [a @ b'0'..=b'9', rest @ ..] => Some((u32::from(a - b'0'), rest)),
        _ => None,
    }
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

trait TrimSpaces {
    fn trim_ascii_start_spaces(&self) -> &Self;
}

impl TrimSpaces for [u8] {
    fn trim_ascii_start_spaces(&self) -> &[u8] {
        let n = self.iter().take_while(|c| **c == b' ').count();
        self.get(n..).unwrap_or_default()
    }
}
