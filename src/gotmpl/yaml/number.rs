//! Numbers as Go's `strconv` prints them, over Rust's shortest round-trip digits.
//!
//! In: an `f64` (or `f32`). Out: text appended to a `String`. Knows nothing of YAML or JSON documents, only
//! the three ways their Go encoders spell a float.

use std::fmt::Write;

use super::super::strconv;

/// Shortest round-trip decimal: `digits` (no leading or trailing zero, at most 17) with the decimal point
/// after `point` of them.
struct Decimal {
    negative: bool,
    digits: [u8; 24],
    len: usize,
    point: i32,
}

/// `fmt::Write` into the digits of a [`Decimal`], splitting off sign, point and exponent as they pass.
struct Collect {
    out: Decimal,
    exponent: i32,
    exponent_negative: bool,
    in_exponent: bool,
}

impl Write for Collect {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        for b in s.bytes() {
            match b {
                b'-' if self.in_exponent => self.exponent_negative = true,
                b'-' => self.out.negative = true,
                b'e' => self.in_exponent = true,
                b'0'..=b'9' if self.in_exponent => self.exponent = self.exponent * 10 + i32::from(b - b'0'),
                b'0'..=b'9' => {
                    if let Some(slot) = self.out.digits.get_mut(self.out.len) {
                        *slot = b;
                        self.out.len += 1;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Decimal {
    fn collect(write: impl FnOnce(&mut Collect)) -> Decimal {
        let mut sink = Collect {
            out: Decimal { negative: false, digits: [0; 24], len: 0, point: 0 },
            exponent: 0,
            exponent_negative: false,
            in_exponent: false,
        };
        write(&mut sink);
        let exponent = if sink.exponent_negative { -sink.exponent } else { sink.exponent };
        let mut out = sink.out;
        out.point = exponent + 1;
        if out.digits() == b"0" {
            out.point = 0;
            out.len = 0;
        }
        out
    }

    fn of(f: f64) -> Decimal {
        let mut shortest = Decimal::collect(|sink| {
            let _ = write!(sink, "{f:e}");
        });
        let len = shortest.len;
        strconv::settle_tie(shortest.digits.get_mut(..len).unwrap_or_default(), f);
        shortest
    }

    fn of_f32(f: f32) -> Decimal {
        Decimal::collect(|sink| {
            let _ = write!(sink, "{f:e}");
        })
    }

    fn digits(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }

    fn sign(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
    }

    /// Go's `%f` with the least number of decimals.
    fn fixed(&self, out: &mut String) {
        self.sign(out);
        let digits = self.digits();
        if self.point <= 0 {
            out.push('0');
        }
        let mut written = 0;
        for (i, b) in digits.iter().enumerate() {
            if i as i32 == self.point.max(0) || (i == 0 && self.point <= 0) {
                out.push('.');
                out.extend(std::iter::repeat_n('0', usize::try_from(-self.point).unwrap_or(0)));
            }
            out.push(char::from(*b));
            written += 1;
        }
        out.extend(std::iter::repeat_n('0', usize::try_from(self.point - written).unwrap_or(0)));
    }

    /// Go's `%e` with the least number of decimals and at least `pad` exponent digits.
    fn scientific(&self, pad: usize, out: &mut String) {
        self.sign(out);
        let digits = self.digits();
        out.push(digits.first().map_or('0', |b| char::from(*b)));
        if digits.len() > 1 {
            out.push('.');
            out.extend(digits.iter().skip(1).map(|b| char::from(*b)));
        }
        let exponent = if self.len == 0 { 0 } else { self.point - 1 };
        let _ = write!(out, "e{}{:0pad$}", if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs());
    }

    /// Go's `%g` with the least number of digits: an exponent below -4 or from 6 up is written out.
    fn general(&self, out: &mut String) {
        let exponent = if self.len == 0 { 0 } else { self.point - 1 };
        if (-4..6).contains(&exponent) {
            self.fixed(out);
        } else {
            self.scientific(2, out);
        }
    }
}

/// Integers up to here are exact in an `f64` and print alike in every style that does not use an exponent.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// `f` as an exact integer, if it is one; minus zero is not.
fn exact_integer(f: f64) -> Option<i64> {
    let i = f as i64;
    (f.abs() < EXACT && i as f64 == f && (i != 0 || f.is_sign_positive())).then_some(i)
}

/// A decimal integer.
pub fn integer(i: i64, out: &mut String) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = i.unsigned_abs();
    loop {
        at -= 1;
        if let Some(slot) = digits.get_mut(at) {
            *slot = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 || at == 0 {
            break;
        }
    }
    if i < 0 {
        out.push('-');
    }
    out.push_str(digits.get(at..).and_then(|d| std::str::from_utf8(d).ok()).unwrap_or_default());
}

/// `strconv.FormatFloat(f, 'g', -1, 64)`, with YAML's names for what is not finite.
pub fn general(f: f64, out: &mut String) {
    match special(f) {
        Some(name) => out.push_str(name),
        None => match exact_integer(f) {
            Some(i) if i.unsigned_abs() < 1_000_000 => integer(i, out),
            _ => Decimal::of(f).general(out),
        },
    }
}

/// `strconv.FormatFloat(f, 'g', -1, 32)`, with YAML's names for what is not finite: how float keys are spelled.
pub fn general_f32(f: f32, out: &mut String) {
    match special(f64::from(f)) {
        Some(name) => out.push_str(name),
        None => Decimal::of_f32(f).general(out),
    }
}

fn special(f: f64) -> Option<&'static str> {
    if f.is_nan() {
        Some(".nan")
    } else if f.is_infinite() {
        Some(if f > 0.0 { ".inf" } else { "-.inf" })
    } else {
        None
    }
}

/// A finite float as `encoding/json` writes it: no exponent from 1e-6 up to 1e21.
pub fn json(f: f64, out: &mut String) {
    if let Some(i) = exact_integer(f) {
        return integer(i, out);
    }
    let magnitude = f.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        Decimal::of(f).scientific(1, out);
    } else {
        Decimal::of(f).fixed(out);
    }
}

/// A finite float as it leaves `toYaml`: written as JSON, read back by the YAML resolver, which makes an
/// integer of what looks like one and fits 64 bits, and written again.
pub fn yaml(f: f64, out: &mut String) {
    if let Some(i) = exact_integer(f) {
        return integer(i, out);
    }
    if f == 0.0 {
        out.push('0');
        return;
    }
    if f.abs() >= 1e21 || f.fract() != 0.0 {
        return general(f, out);
    }
    let start = out.len();
    Decimal::of(f).fixed(out);
    let fits =
        out.get(start..).is_some_and(|text| text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok());
    if !fits {
        out.truncate(start);
        Decimal::of(f).general(out);
    }
}

/// A finite `float32` as `encoding/json` writes it.
pub fn json_f32(f: f32, out: &mut String) {
    let magnitude = f.abs();
    let decimal = Decimal::of_f32(f);
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        decimal.scientific(1, out);
    } else {
        decimal.fixed(out);
    }
}
