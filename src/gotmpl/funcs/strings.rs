//! sprig's functions on text. The work is done in `text` and `casing`.

use super::super::fuel::MAX_TEXT;
use super::super::func::{Ctx, Func, FuncError};
use super::super::str::Str;
use super::super::strconv;
use super::super::types::{INT, STRING_MAP, STRING_SLICE};
use super::super::value::{List, Map, Value};
use super::common::{
    ANY, BOOL, Res, TEXT, arg, check_items, check_len, int, part_of, print, string, strings, strslice,
    strval, text,
};
use super::{casing, runes, text as cut};

/// The functions of this file.
pub(super) const FUNCS: &[Func] = &[
    Func::new("hello", &[], TEXT, |_, _| Ok(Value::literal("Hello!"))),
    Func::new("abbrev", &[INT, TEXT], TEXT, |_, a| {
        if int(a, 0) < 4 { Ok(arg(a, 1).clone()) } else { string(cut::abbreviate(text(a, 1), 0, int(a, 0))) }
    }),
    Func::new("abbrevboth", &[INT, INT, TEXT], TEXT, |_, a| {
        let (left, right) = (int(a, 0), int(a, 1));
        if right < 4 || left > 0 && right < 7 {
            return Ok(arg(a, 2).clone());
        }
        string(cut::abbreviate(text(a, 2), left, right))
    }),
    Func::new("trunc", &[INT, TEXT], TEXT, |_, a| part_of(arg(a, 1), cut::trunc(int(a, 0), text(a, 1)))),
    Func::new("trim", &[TEXT], TEXT, |_, a| part_of(arg(a, 0), cut::trim_space(text(a, 0)))),
    Func::new("upper", &[TEXT], TEXT, |_, a| string(casing::upper(text(a, 0)))),
    Func::new("lower", &[TEXT], TEXT, |_, a| string(casing::lower(text(a, 0)))),
    Func::new("title", &[TEXT], TEXT, |_, a| string(casing::title(text(a, 0)))),
    Func::new("untitle", &[TEXT], TEXT, |_, a| string(casing::untitle(text(a, 0)))),
    Func::new("swapcase", &[TEXT], TEXT, |_, a| string(casing::swapcase(text(a, 0)))),
    Func::new("snakecase", &[TEXT], TEXT, |_, a| string(casing::snakecase(text(a, 0)))),
    Func::new("camelcase", &[TEXT], TEXT, |_, a| string(casing::camelcase(text(a, 0)))),
    Func::new("kebabcase", &[TEXT], TEXT, |_, a| string(casing::kebabcase(text(a, 0)))),
    Func::new("initials", &[TEXT], TEXT, |_, a| string(casing::initials(text(a, 0)))),
    Func::new("nospace", &[TEXT], TEXT, |_, a| string(cut::nospace(text(a, 0)))),
    Func::new("shuffle", &[TEXT], TEXT, shuffle),
    Func::new("substr", &[INT, INT, TEXT], TEXT, |_, a| {
        part_of(arg(a, 2), cut::substr(int(a, 0), int(a, 1), text(a, 2))?)
    }),
    Func::new("repeat", &[INT, TEXT], TEXT, |_, a| {
        let mut out = Vec::new();
        repeat(&mut out, text(a, 1), int(a, 0))?;
        string(out)
    }),
    Func::new("trimall", &[TEXT, TEXT], TEXT, trim_all),
    Func::new("trimAll", &[TEXT, TEXT], TEXT, trim_all),
    Func::new("trimSuffix", &[TEXT, TEXT], TEXT, |_, a| {
        let whole = text(a, 1);
        part_of(arg(a, 1), whole.strip_suffix(text(a, 0)).unwrap_or(whole))
    }),
    Func::new("trimPrefix", &[TEXT, TEXT], TEXT, |_, a| {
        let whole = text(a, 1);
        part_of(arg(a, 1), whole.strip_prefix(text(a, 0)).unwrap_or(whole))
    }),
    Func::new("wrap", &[INT, TEXT], TEXT, |_, a| string(cut::wrap(text(a, 1), int(a, 0), b"", false))),
    Func::new("wrapWith", &[INT, TEXT, TEXT], TEXT, |_, a| {
        let lines = text(a, 2).len() / usize::try_from(int(a, 0)).unwrap_or(0).max(1);
        check_len(lines.saturating_mul(text(a, 1).len()))?;
        string(cut::wrap(text(a, 2), int(a, 0), text(a, 1), true))
    }),
    Func::new("contains", &[TEXT, TEXT], BOOL, |_, a| {
        Ok(Value::Bool(cut::find(text(a, 1), text(a, 0)).is_some()))
    }),
    Func::new("hasPrefix", &[TEXT, TEXT], BOOL, |_, a| Ok(Value::Bool(text(a, 1).starts_with(text(a, 0))))),
    Func::new("hasSuffix", &[TEXT, TEXT], BOOL, |_, a| Ok(Value::Bool(text(a, 1).ends_with(text(a, 0))))),
    Func::variadic("quote", &[ANY], TEXT, quote),
    Func::variadic("squote", &[ANY], TEXT, squote),
    Func::variadic("cat", &[ANY], TEXT, cat),
    Func::new("indent", &[INT, TEXT], TEXT, |_, a| {
        let out = indent(Vec::with_capacity(indented_len(a)), a)?;
        string(out)
    }),
    Func::new("nindent", &[INT, TEXT], TEXT, |_, a| {
        let mut out = Vec::with_capacity(indented_len(a) + 1);
        out.push(b'\n');
        string(indent(out, a)?)
    }),
    Func::new("replace", &[TEXT, TEXT, TEXT], TEXT, |_, a| {
        let (old, new, whole) = (text(a, 0), text(a, 1), text(a, 2));
        if !old.is_empty() && cut::find(whole, old).is_none() {
            return Ok(arg(a, 2).clone());
        }
        let count = if old.is_empty() { whole.len() + 1 } else { cut::count(whole, old) };
        check_len(whole.len() + count.saturating_mul(new.len().saturating_sub(old.len())))?;
        string(cut::replace(whole, old, new))
    }),
    Func::new("plural", &[TEXT, TEXT, INT], TEXT, |_, a| {
        Ok(arg(a, if int(a, 2) == 1 { 0 } else { 1 }).clone())
    }),
    Func::new("toString", &[ANY], TEXT, |_, a| string(strval(arg(a, 0))?)),
    Func::new("toStrings", &[ANY], STRING_SLICE, |_, a| match arg(a, 0) {
        Value::List(list) if list.ty() == STRING_SLICE => Ok(arg(a, 0).clone()),
        other => Ok(Value::List(List::strings(strslice(other)?))),
    }),
    Func::new("join", &[TEXT, ANY], TEXT, join),
    Func::new("split", &[TEXT, TEXT], STRING_MAP, |_, a| {
        check_items(cut::count(text(a, 1), text(a, 0)))?;
        Ok(numbered(cut::split(text(a, 1), text(a, 0), -1)))
    }),
    Func::new("splitn", &[TEXT, INT, TEXT], STRING_MAP, |_, a| {
        check_items(cut::count(text(a, 2), text(a, 0)))?;
        Ok(numbered(cut::split(text(a, 2), text(a, 0), int(a, 1))))
    }),
    Func::new("splitList", &[TEXT, TEXT], STRING_SLICE, |_, a| {
        check_items(cut::count(text(a, 1), text(a, 0)))?;
        strings(cut::split(text(a, 1), text(a, 0), -1).unwrap_or_default())
    }),
];

fn trim_all(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    part_of(arg(a, 1), cut::trim(text(a, 1), text(a, 0)))
}

/// `strings.Repeat`, appended; the error is Go's panic.
fn repeat(out: &mut Vec<u8>, unit: &[u8], count: i64) -> Result<(), String> {
    if count < 0 {
        return Err("strings: negative Repeat count".to_owned());
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if unit.len().checked_mul(count).is_none_or(|len| len > MAX_TEXT) {
        return Err("strings: Repeat output length overflow".to_owned());
    }
    for _ in 0..count {
        out.extend_from_slice(unit);
    }
    Ok(())
}

/// Room for the text and its indentation, guessing lines of 32 bytes.
fn indented_len(a: &[Value]) -> usize {
    let pad = usize::try_from(int(a, 0)).unwrap_or(0).min(64);
    let len = text(a, 1).len();
    len + (len / 32 + 1) * pad
}

fn indent(mut out: Vec<u8>, a: &[Value]) -> Result<Vec<u8>, String> {
    const SPACES: &[u8; 64] = &[b' '; 64];
    match usize::try_from(int(a, 0)).ok().and_then(|n| SPACES.get(..n)) {
        Some(pad) => cut::indent(pad, text(a, 1), &mut out),
        None => {
            let mut pad = Vec::new();
            repeat(&mut pad, b" ", int(a, 0))?;
            let lines = memchr::memchr_iter(b'\n', text(a, 1)).count();
            if pad.len().saturating_mul(lines) > MAX_TEXT {
                return Err("strings: Repeat output length overflow".to_owned());
            }
            cut::indent(&pad, text(a, 1), &mut out);
        }
    }
    Ok(out)
}

/// Joins what `write` makes of each argument that is not nil.
fn spaced(a: &[Value], write: impl Fn(&mut Vec<u8>, &Value) -> Result<(), FuncError>) -> Res {
    let mut out = Vec::new();
    for (index, value) in a.iter().filter(|value| !value.is_nil()).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        write(&mut out, value)?;
        check_len(out.len())?;
    }
    string(out)
}

fn quote(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    spaced(a, |out, value| {
        let text = strval(value)?;
        let plain = |b: &u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
        if text.iter().all(plain) {
            out.reserve(text.len() + 2);
            out.push(b'"');
            out.extend_from_slice(&text);
            out.push(b'"');
        } else {
            strconv::push_quoted(out, &text, b'"', strconv::QuoteStyle::Printable);
        }
        Ok(())
    })
}

fn squote(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    spaced(a, |out, value| {
        out.push(b'\'');
        out.extend_from_slice(&print(value)?);
        out.push(b'\'');
        Ok(())
    })
}

fn cat(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    spaced(a, |out, value| {
        out.extend_from_slice(&print(value)?);
        Ok(())
    })
}

fn join(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let separator = text(a, 0);
    let mut out = Vec::new();
    for (index, item) in strslice(arg(a, 1))?.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(separator);
        }
        out.extend_from_slice(item);
        check_len(out.len())?;
    }
    string(out)
}

/// `_0`, `_1`, … with the parts.
fn numbered(parts: Option<Vec<&[u8]>>) -> Value {
    let parts = parts.unwrap_or_default();
    let entries =
        parts.iter().enumerate().map(|(n, part)| (Str::from(format!("_{n}")), Value::Str(Str::new(part))));
    Value::Map(Map::from_table(STRING_MAP, entries.collect()))
}

/// xstrings' `Shuffle`: Fisher and Yates over the runes.
fn shuffle(ctx: &mut Ctx<'_>, a: &[Value]) -> Res {
    let mut all: Vec<char> = runes::runes(text(a, 0)).map(|(_, c, _)| c).collect();
    for i in (1..all.len()).rev() {
        let j = super::random::below(ctx, i as u64 + 1);
        all.swap(i, usize::try_from(j).unwrap_or(i));
    }
    string(all.into_iter().collect::<String>())
}
