//! `format`: the verbs of Terraform's, which are a part of C's.

use crate::eval::convert::{as_f64, describe, text};
use crate::eval::value::{Value, ValueKind};

/// No column is wider.
const MAX_WIDTH: usize = 1_000;

#[derive(Default)]
struct Spec {
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    hash: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// The pattern with its verbs replaced by the arguments.
pub fn format(pattern: &str, args: &[&Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    let mut next = 0;
    let mut used = 0;
    let mut explicit = false;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.peek().copied() {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                '#' => spec.hash = true,
                _ => break,
            }
            chars.next();
        }
        let number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| -> Result<Option<usize>, String> {
            let mut digits = String::new();
            while let Some(d) = chars.peek().filter(|d| d.is_ascii_digit()) {
                digits.push(*d);
                chars.next();
            }
            match digits.as_str() {
                "" => Ok(None),
                digits => match digits.parse::<usize>() {
                    Ok(n) if n <= MAX_WIDTH => Ok(Some(n)),
                    _ => Err(format!("the width `{digits}` is larger than {MAX_WIDTH}")),
                },
            }
        };
        spec.width = number(&mut chars)?;
        if chars.peek() == Some(&'.') {
            chars.next();
            spec.precision = Some(number(&mut chars)?.unwrap_or(0));
        }
        if chars.peek() == Some(&'[') {
            chars.next();
            let index = number(&mut chars)?;
            if chars.next() != Some(']') {
                return Err("a `[` in the format is not closed".into());
            }
            let index = index.filter(|i| *i > 0).ok_or_else(|| "arguments are counted from 1".to_owned())?;
            next = index - 1;
            explicit = true;
        }
        let Some(verb) = chars.next() else { return Err("the format ends with a `%`".into()) };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let Some(value) = args.get(next) else {
            return Err(format!("the verb `%{verb}` has no argument: there are {}", args.len()));
        };
        next += 1;
        used = used.max(next);
        let text = one(verb, &spec, value)?;
        out.push_str(&pad(&text, &spec));
    }
    if used < args.len() && !explicit {
        return Err(format!("the format uses {used} arguments, found {}", args.len()));
    }
    Ok(out)
}

fn one(verb: char, spec: &Spec, value: &Value) -> Result<String, String> {
    let wrong = |expected: &str| Err(format!("`%{verb}` expects {expected}, found {}", describe(value)));
    let float = || as_f64(&value.kind);
    let sign = |negative: bool| match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    Ok(match verb {
        'v' => match text(&value.kind) {
            Some(text) => text.to_string(),
            None => match (&value.kind, super::encoding::json(value)) {
                (ValueKind::Null, _) => "null".into(),
                (_, Some(json)) => json,
                _ => return wrong("a value"),
            },
        },
        's' => match text(&value.kind) {
            Some(text) => truncate(&text, spec.precision),
            None => return wrong("a string"),
        },
        'q' => match text(&value.kind) {
            Some(text) => serde_json::Value::String(truncate(&text, spec.precision)).to_string(),
            None => return wrong("a string"),
        },
        't' => match &value.kind {
            ValueKind::Bool(b) => b.to_string(),
            _ => return wrong("a bool"),
        },
        'd' | 'b' | 'o' | 'x' | 'X' => {
            let n = match (&value.kind, float()) {
                (ValueKind::Int(n), _) => *n,
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "cut to the whole part, as Terraform does"
                )]
                (_, Some(f)) if f.abs() < 9e18 => f.trunc() as i64,
                (ValueKind::String(_), _) if matches!(verb, 'x' | 'X') => {
                    let text = text(&value.kind).unwrap_or_default();
                    let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
                    return Ok(if verb == 'X' { hex.to_uppercase() } else { hex });
                }
                _ => return wrong("a number"),
            };
            let digits = match verb {
                'b' => format!("{:b}", n.unsigned_abs()),
                'o' => format!("{:o}", n.unsigned_abs()),
                'x' => format!("{:x}", n.unsigned_abs()),
                'X' => format!("{:X}", n.unsigned_abs()),
                _ => n.unsigned_abs().to_string(),
            };
            let mark = match verb {
                'x' if spec.hash => "0x",
                'X' if spec.hash => "0X",
                'o' if spec.hash => "0",
                'b' if spec.hash => "0b",
                _ => "",
            };
            format!("{}{mark}{digits}", sign(n < 0))
        }
        'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
            let Some(n) = float() else { return wrong("a number") };
            let size = n.abs();
            let digits = match verb {
                'f' | 'F' => format!("{size:.*}", spec.precision.unwrap_or(6)),
                'e' | 'E' => exponent(&format!("{size:.*e}", spec.precision.unwrap_or(6))),
                _ => general(size, spec.precision),
            };
            let digits = if verb.is_ascii_uppercase() { digits.to_uppercase() } else { digits };
            format!("{}{digits}", sign(n.is_sign_negative() && n != 0.0))
        }
        other => return Err(format!("there is no verb `%{other}` (v, s, q, d, b, o, x, f, e, g, t)")),
    })
}

/// Rust writes `1e6`; the field writes two digits and a sign.
fn exponent(text: &str) -> String {
    let (digits, power) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |p| ('-', p));
    format!("{digits}e{sign}{power:0>2}")
}

/// The shorter of the two notations.
fn general(n: f64, precision: Option<usize>) -> String {
    let power = if n == 0.0 { 0.0 } else { n.log10().floor() };
    let large = precision.map_or(21.0, |p| f64::from(u32::try_from(p.max(1)).unwrap_or(u32::MAX)));
    if power < -4.0 || power >= large {
        return match precision {
            Some(p) => exponent(&format!("{n:.*e}", p.saturating_sub(1))),
            None => exponent(&format!("{n:e}")),
        };
    }
    match precision {
        None => n.to_string(),
        Some(p) => {
            #[expect(clippy::cast_possible_truncation, reason = "between -4 and a thousand")]
            let places = i64::try_from(p).unwrap_or(6) - 1 - power as i64;
            let text = format!("{n:.*}", usize::try_from(places).unwrap_or(0));
            if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                text
            }
        }
    }
}

fn truncate(text: &str, precision: Option<usize>) -> String {
    precision.map_or_else(|| text.to_owned(), |p| text.chars().take(p).collect())
}

fn pad(text: &str, spec: &Spec) -> String {
    let missing = spec.width.unwrap_or(0).saturating_sub(text.chars().count());
    if missing == 0 {
        return text.to_owned();
    }
    if spec.minus {
        return format!("{text}{}", " ".repeat(missing));
    }
    if spec.zero {
        let digits = text.trim_start_matches(['+', '-', ' ']);
        let sign = text.strip_suffix(digits).unwrap_or("");
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    format!("{}{text}", " ".repeat(missing))
}
