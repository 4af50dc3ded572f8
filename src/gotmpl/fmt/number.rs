//! Numbers under the verbs and flags of `printf`.

use super::super::strconv::{self, FloatBits, QuoteStyle};
use super::Printer;

impl Printer<'_> {
    /// An integer under a verb; false if the verb does not fit.
    pub(super) fn integer(&mut self, magnitude: u64, negative: bool, signed: bool, verb: char) -> bool {
        let text = match verb {
            'v' if self.flags.sharp_v && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(format!("{magnitude:x}"), "0x", magnitude, negative);
                self.flags.sharp = sharp;
                return true;
            }
            'v' | 'd' => (magnitude.to_string(), ""),
            'b' => (format!("{magnitude:b}"), "0b"),
            'o' => (format!("{magnitude:o}"), "0"),
            'O' => (format!("{magnitude:o}"), "0o"),
            'x' => (format!("{magnitude:x}"), "0x"),
            'X' => (format!("{magnitude:X}"), "0X"),
            'c' => {
                let c = self.rune(magnitude, negative);
                self.pad(c.encode_utf8(&mut [0; 4]).as_bytes());
                return true;
            }
            'q' => {
                let c = self.rune(magnitude, negative);
                let style = if self.flags.plus { QuoteStyle::Ascii } else { QuoteStyle::Printable };
                let mut quoted = vec![b'\''];
                strconv::push_escaped_char(&mut quoted, c, b'\'', style);
                quoted.push(b'\'');
                self.pad(&quoted);
                return true;
            }
            'U' => {
                self.unicode(if negative { magnitude.wrapping_neg() } else { magnitude });
                return true;
            }
            _ => return false,
        };
        if verb == 'O' {
            // The prefix belongs to the verb, not to the `#` flag, which adds a leading 0 of its own.
            let lead = if self.flags.sharp && !text.0.starts_with('0') { "0" } else { "" };
            let sharp = std::mem::replace(&mut self.flags.sharp, true);
            self.digits(format!("{lead}{}", text.0), "0o", magnitude, negative);
            self.flags.sharp = sharp;
        } else {
            self.digits(text.0, text.1, magnitude, negative);
        }
        true
    }

    fn rune(&self, magnitude: u64, negative: bool) -> char {
        if negative {
            return char::REPLACEMENT_CHARACTER;
        }
        u32::try_from(magnitude).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn digits(&mut self, digits: String, prefix: &str, magnitude: u64, negative: bool) {
        let flags = self.flags;
        let sign = if negative {
            "-"
        } else if flags.plus {
            "+"
        } else if flags.space {
            " "
        } else {
            ""
        };
        let least = match (flags.precision, flags.width) {
            (Some(0), width) if magnitude == 0 => {
                // Precision 0 of value 0 is nothing but padding.
                let zero = std::mem::replace(&mut self.flags.zero, false);
                self.fill(width.unwrap_or(0));
                self.flags.zero = zero;
                return;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => width.saturating_sub(sign.len()),
            _ => 0,
        };
        let mut text = String::with_capacity(digits.len() + 4);
        text.push_str(sign);
        let zeros = least.saturating_sub(digits.len());
        if flags.sharp && !(prefix == "0" && (zeros > 0 || digits.starts_with('0'))) {
            text.push_str(prefix);
        }
        text.extend(std::iter::repeat_n('0', zeros));
        text.push_str(&digits);
        self.pad_number(text.as_bytes());
    }

    fn unicode(&mut self, code: u64) {
        let precision = self.flags.precision.map_or(4, |precision| precision.max(4));
        let digits = format!("{code:X}");
        let mut text = "U+".to_owned();
        text.extend(std::iter::repeat_n('0', precision.saturating_sub(digits.len())));
        text.push_str(&digits);
        if self.flags.sharp
            && let Some(c) = u32::try_from(code).ok().and_then(char::from_u32)
            && strconv::is_print(c)
        {
            text.push_str(&format!(" '{c}'"));
        }
        self.pad_number(text.as_bytes());
    }

    /// Sign, `#` and padding of a float that is already digits.
    pub(super) fn signed_float(&mut self, text: String, verb: char, precision: Option<usize>) {
        let flags = self.flags;
        let (mut sign, mut body) = match text.strip_prefix('-') {
            Some(body) => ('-', body.to_owned()),
            None => ('+', text.strip_prefix('+').unwrap_or(&text).to_owned()),
        };
        if flags.space && sign == '+' && !flags.plus {
            sign = ' ';
        }
        if body == "Inf" || body == "NaN" {
            let shown = if body == "NaN" && !flags.space && !flags.plus {
                body
            } else if body == "Inf" && sign == '+' && !flags.plus {
                // Go keeps the sign of infinity only where it writes one anyway.
                format!("+{body}")
            } else {
                format!("{sign}{body}")
            };
            self.pad_number(shown.as_bytes());
            return;
        }
        if flags.sharp && verb != 'b' {
            sharpen(&mut body, verb, precision);
        }
        if flags.plus || sign != '+' {
            let width = flags.width.unwrap_or(0);
            if flags.zero && !flags.minus && width > body.len() + 1 {
                self.push_char(sign);
                self.fill(width - body.len() - 1);
                self.out.extend_from_slice(body.as_bytes());
                return;
            }
            body.insert(0, sign);
        }
        self.pad(body.as_bytes());
    }
}

/// `%#g`: always a decimal point, and trailing zeros up to the precision.
fn sharpen(body: &mut String, verb: char, precision: Option<usize>) {
    let hex = matches!(verb, 'x' | 'X');
    let mut digits = match verb {
        'v' | 'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let split =
        body.find(|c: char| matches!(c, 'p' | 'P') || !hex && matches!(c, 'e' | 'E')).unwrap_or(body.len());
    let tail = body.split_off(split);
    let mut nonzero = false;
    let mut point = false;
    for c in body.chars() {
        if c == '.' {
            point = true;
            continue;
        }
        nonzero |= c != '0';
        if nonzero {
            digits = digits.saturating_sub(1);
        }
    }
    if !point {
        if body == "0" {
            digits = digits.saturating_sub(1);
        }
        body.push('.');
    }
    body.extend(std::iter::repeat_n('0', digits));
    body.push_str(&tail);
}

/// `%b` (`4503599627370496p-52`) and `%x` (`0x1.8p+01`).
pub(super) fn binary_float(number: f64, bits: FloatBits, verb: char, precision: Option<usize>) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let (mantissa_bits, bias) = match bits {
        FloatBits::B32 => (23_u32, 127_i64),
        FloatBits::B64 => (52, 1023),
    };
    #[expect(clippy::cast_possible_truncation, reason = "a float32 widened by the caller")]
    let raw = match bits {
        FloatBits::B32 => u64::from((number as f32).to_bits()),
        FloatBits::B64 => number.to_bits(),
    };
    let exponent_mask = match bits {
        FloatBits::B32 => 0xff,
        FloatBits::B64 => 0x7ff,
    };
    let mut mantissa = raw & ((1 << mantissa_bits) - 1);
    let stored = i64::try_from(raw >> mantissa_bits & exponent_mask).unwrap_or(0);
    let mut exponent = if stored == 0 { 1 - bias } else { stored - bias };
    if stored != 0 {
        mantissa |= 1 << mantissa_bits;
    }
    if verb == 'b' {
        return format!("{sign}{mantissa}p{:+}", exponent - i64::from(mantissa_bits));
    }
    if mantissa == 0 {
        exponent = 0;
    }
    // Move the leading one to bit 60, so that it is the first of sixteen hexadecimal digits' lowest bit.
    let mut digits = mantissa << (60 - mantissa_bits);
    while digits != 0 && digits >> 60 == 0 {
        digits <<= 1;
        exponent -= 1;
    }
    if let Some(precision) = precision
        && precision < 15
    {
        let shift = u32::try_from(precision * 4).unwrap_or(60);
        let extra = digits << shift & ((1 << 60) - 1);
        digits >>= 60 - shift;
        if extra | (digits & 1) > 1 << 59 {
            digits += 1;
        }
        digits <<= 60 - shift;
        if digits >> 61 != 0 {
            digits >>= 1;
            exponent += 1;
        }
    }
    let mut fraction = format!("{:015x}", digits & ((1 << 60) - 1));
    match precision {
        Some(precision) => {
            fraction.truncate(precision);
            while fraction.len() < precision {
                fraction.push('0');
            }
        }
        None => fraction.truncate(fraction.trim_end_matches('0').len()),
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    let text =
        format!("{sign}0x{}{point}{fraction}p{exponent_sign}{:02}", digits >> 60, exponent.unsigned_abs());
    if verb == 'X' { text.to_ascii_uppercase() } else { text }
}
