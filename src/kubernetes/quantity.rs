//! Kubernetes' quantities (`500m`, `2Gi`, `1e3`) in their canonical form.
//!
//! The API server writes every quantity back canonically, so `0.5` comes back as `500m` and `1024Mi` as
//! `1Gi`; without that a second plan would never be empty. Source of the rules: apimachinery's
//! `pkg/api/resource` documentation.

/// A value as `digits * 10^exponent`, exact, with the notation it was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// In billionths: the smallest unit a quantity can hold; finer digits are rounded up.
    nanos: i128,
    notation: Notation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
    Decimal,
    Binary,
    Exponent,
}

const NANO: i128 = 1_000_000_000;
/// Values above are capped, as Kubernetes caps them (2^63 - 1).
const MAX: i128 = i64::MAX as i128 * NANO;

/// What the API server says of a text that is no quantity.
pub const SYNTAX: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

impl Quantity {
    pub fn parse(text: &str) -> Option<Quantity> {
        let text = text.trim();
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at_checked(end)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let (notation, factor, exponent) = scale(suffix)?;
        let nanos = value(whole, fraction, factor, exponent)?.min(MAX);
        Some(Quantity { nanos: if negative { -nanos } else { nanos }, notation })
    }

    /// Billionths of one.
    pub fn nanos(self) -> i128 {
        self.nanos
    }
}

/// Notation, power of two and power of ten of a suffix.
fn scale(suffix: &str) -> Option<(Notation, u32, i32)> {
    const DECIMAL: &[(&str, i32)] = &[
        ("n", -9),
        ("u", -6),
        ("m", -3),
        ("", 0),
        ("k", 3),
        ("M", 6),
        ("G", 9),
        ("T", 12),
        ("P", 15),
        ("E", 18),
    ];
    const BINARY: &[(&str, u32)] = &[("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
    if let Some((_, power)) = DECIMAL.iter().find(|(s, _)| *s == suffix) {
        return Some((Notation::Decimal, 0, *power));
    }
    if let Some((_, power)) = BINARY.iter().find(|(s, _)| *s == suffix) {
        return Some((Notation::Binary, *power, 0));
    }
    let digits = suffix.strip_prefix(['e', 'E'])?;
    let power: i32 = digits.strip_prefix('+').unwrap_or(digits).parse().ok()?;
    (-100..=100).contains(&power).then_some((Notation::Exponent, 0, power))
}

/// `whole.fraction * 2^binary * 10^exponent` in nanos, rounded up, saturating.
fn value(whole: &str, fraction: &str, binary: u32, exponent: i32) -> Option<i128> {
    // 20 digits are more than 2^63; more fraction digits than 30 cannot matter after rounding up.
    let mut digits: i128 = 0;
    let mut scale: i32 = exponent + 9;
    let mut inexact = false;
    for c in whole.chars() {
        digits = digits.saturating_mul(10).saturating_add(i128::from(c.to_digit(10)?));
        if digits > MAX {
            digits = MAX;
        }
    }
    for (i, c) in fraction.chars().enumerate() {
        let digit = i128::from(c.to_digit(10)?);
        if i < 15 && digits < MAX / 10 {
            digits = digits * 10 + digit;
            scale -= 1;
        } else if digit != 0 {
            inexact = true;
        }
    }
    let mut value = digits.checked_shl(binary).filter(|v| v >> binary == digits).unwrap_or(i128::MAX / 4);
    while scale > 0 {
        value = value.saturating_mul(10);
        scale -= 1;
    }
    while scale < 0 && value > 0 {
        inexact |= value % 10 != 0;
        value /= 10;
        scale += 1;
    }
    Some(if inexact { value.saturating_add(1) } else { value })
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        // Below 1024 the binary suffixes have nothing to say (as Kubernetes does it).
        if self.notation == Notation::Binary && self.nanos.abs() >= 1024 * NANO && self.nanos % NANO == 0 {
            let mut number = self.nanos / NANO;
            let mut power = 0usize;
            while number % 1024 == 0 && power < 6 {
                number /= 1024;
                power += 1;
            }
            let suffix = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].get(power).copied().unwrap_or_default();
            return write!(f, "{number}{suffix}");
        }
        let mut number = self.nanos;
        let mut power = -9i32;
        while number % 1000 == 0 && power < 18 {
            number /= 1000;
            power += 3;
        }
        if self.notation == Notation::Exponent {
            return if power == 0 { write!(f, "{number}") } else { write!(f, "{number}e{power}") };
        }
        let suffix = match power {
            -9 => "n",
            -6 => "u",
            -3 => "m",
            3 => "k",
            6 => "M",
            9 => "G",
            12 => "T",
            15 => "P",
            18 => "E",
            _ => "",
        };
        write!(f, "{number}{suffix}")
    }
}

/// The canonical text of a quantity, `None` if it is none.
pub fn canonical(text: &str) -> Option<String> {
    Quantity::parse(text).map(|q| q.to_string())
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn the_canonical_form_is_that_of_kubernetes() {
        for (given, wanted) in [
            ("0", "0"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1.5", "1500m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("512Ki", "512Ki"),
            ("0.5Ki", "512"),
            ("1073741824", "1073741824"),
            ("1000000000", "1G"),
            ("1e3", "1e3"),
            ("1E", "1E"),
            ("100e-3", "100e-3"),
            ("0.0000000001", "1n"),
            ("+1k", "1k"),
            ("-0.1", "-100m"),
            ("9223372036854775807", "9223372036854775807"),
        ] {
            assert_eq!(canonical(given).as_deref(), Some(wanted), "{given}");
        }
        for given in ["", "x", "1x", "1..2", "--1", "1ee3", ".", "m"] {
            assert_eq!(canonical(given), None, "{given}");
        }
    }
}
