//! Functions on text.

use super::{Args, Given, format};
use crate::eval::run::MAX_STRING;
use crate::eval::value::{Value, ValueKind};
use regex::{Regex, RegexBuilder};
use std::collections::BTreeMap;
use std::sync::Arc;

pub fn call(name: &str, args: &Args<'_>) -> Option<Given> {
    Some(match name {
        "chomp" => args.str(0).and_then(|s| args.text(s.trim_end_matches(['\n', '\r']))),
        "endswith" => pair(args, |s, t| s.ends_with(t)),
        "startswith" => pair(args, |s, t| s.starts_with(t)),
        "strcontains" => pair(args, |s, t| s.contains(t)),
        "format" => args.str(0).and_then(|f| {
            let rest = args.values.get(1..).unwrap_or(&[]);
            args.text(format::format(f, &rest.iter().collect::<Vec<_>>())?)
        }),
        "formatlist" => formatlist(args),
        "indent" => indent(args),
        "join" => args.str(0).and_then(|s| args.text(args.strings(1)?.join(s))),
        "lower" => args.str(0).and_then(|s| args.text(s.to_lowercase())),
        "upper" => args.str(0).and_then(|s| args.text(s.to_uppercase())),
        "regex" => regex_first(args),
        "regexall" => regex_all(args),
        "replace" => replace(args),
        "split" => args.str(0).and_then(|separator| {
            let text = args.str(1)?;
            if separator.is_empty() {
                return args.texts(text.chars().map(String::from));
            }
            args.texts(text.split(separator))
        }),
        "strrev" => args.str(0).and_then(|s| args.text(s.chars().rev().collect::<String>())),
        "substr" => substr(args),
        "title" => args.str(0).and_then(|s| args.text(title(s))),
        "trim" => args.str(0).and_then(|s| {
            let set: Vec<char> = args.str(1)?.chars().collect();
            args.text(s.trim_matches(|c| set.contains(&c)))
        }),
        "trimprefix" => args.str(0).and_then(|s| args.text(s.strip_prefix(args.str(1)?).unwrap_or(s))),
        "trimsuffix" => args.str(0).and_then(|s| args.text(s.strip_suffix(args.str(1)?).unwrap_or(s))),
        "trimspace" => args.str(0).and_then(|s| args.text(s.trim())),
        _ => return None,
    })
}

fn pair(args: &Args<'_>, test: fn(&str, &str) -> bool) -> Given {
    args.bool(test(args.str(0)?, args.str(1)?))
}

/// Every list argument gives one result per element; others stay the same for all.
fn formatlist(args: &Args<'_>) -> Given {
    let pattern = args.str(0)?;
    let rest = args.values.get(1..).unwrap_or(&[]);
    let mut count = None;
    for value in rest {
        if let ValueKind::List(items) = &value.kind {
            match count {
                Some(n) if n != items.len() => {
                    return Err(format!("the lists have different lengths: {n} and {}", items.len()));
                }
                _ => count = Some(items.len()),
            }
        }
    }
    let mut out = Vec::new();
    for n in 0..count.unwrap_or(1) {
        let row: Vec<&Value> = rest
            .iter()
            .filter_map(|value| match &value.kind {
                ValueKind::List(items) => items.get(n),
                _ => Some(value),
            })
            .collect();
        out.push(format::format(pattern, &row)?);
    }
    args.texts(out)
}

fn indent(args: &Args<'_>) -> Given {
    let spaces = args.size(0)?;
    let text = args.str(1)?;
    if spaces > 1_000 || spaces.saturating_mul(text.matches('\n').count()) > MAX_STRING {
        return Err(format!("`{spaces}` spaces are too many"));
    }
    args.text(text.replace('\n', &format!("\n{}", " ".repeat(spaces))))
}

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|error| {
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
        format!("`{pattern}` is not a regular expression: {reason}")
    })
}

/// Named groups as a map, unnamed ones as a list, no groups as the text itself.
fn captured(regex: &Regex, captures: &regex::Captures<'_>, args: &Args<'_>) -> Given {
    let group = |m: Option<regex::Match<'_>>| match m {
        Some(m) => Value::new(ValueKind::String(m.as_str().into()), args.span),
        None => Value::new(ValueKind::Null, args.span),
    };
    let names: Vec<&str> = regex.capture_names().flatten().collect();
    if !names.is_empty() {
        let entries: BTreeMap<Arc<str>, Value> =
            names.into_iter().map(|name| (name.into(), group(captures.name(name)))).collect();
        return args.entries(entries);
    }
    if captures.len() == 1 {
        return Ok(group(captures.get(0)));
    }
    args.items((1..captures.len()).map(|n| group(captures.get(n))).collect())
}

fn regex_first(args: &Args<'_>) -> Given {
    let regex = compile(args.str(0)?)?;
    match regex.captures(args.str(1)?) {
        Some(captures) => captured(&regex, &captures, args),
        None => Err("the pattern does not match".into()),
    }
}

fn regex_all(args: &Args<'_>) -> Given {
    let regex = compile(args.str(0)?)?;
    let found: Result<Vec<Value>, String> =
        regex.captures_iter(args.str(1)?).map(|captures| captured(&regex, &captures, args)).collect();
    args.items(found?)
}

/// A substring between slashes is a regular expression, whose groups the replacement may name as `$1`.
fn replace(args: &Args<'_>) -> Given {
    let (text, wanted, with) = (args.str(0)?, args.str(1)?, args.str(2)?);
    let pattern = wanted.strip_prefix('/').and_then(|w| w.strip_suffix('/')).filter(|w| !w.is_empty());
    let longest = text.len().saturating_add(1).saturating_mul(with.len().max(1));
    if longest > 64 * MAX_STRING {
        return Err("the result could be longer than 16 MiB".into());
    }
    match pattern {
        Some(pattern) => args.text(compile(pattern)?.replace_all(text, with).into_owned()),
        None => args.text(text.replace(wanted, with)),
    }
}

fn substr(args: &Args<'_>) -> Given {
    let text = args.str(0)?;
    let chars: Vec<char> = text.chars().collect();
    let len = i64::try_from(chars.len()).unwrap_or(i64::MAX);
    let offset = args.int(1)?;
    let start = if offset < 0 { (len + offset).max(0) } else { offset.min(len) };
    let length = args.int(2)?;
    // -1: up to the end.
    let end = if length < 0 { len } else { start.saturating_add(length).min(len) };
    let (start, end) = (usize::try_from(start).unwrap_or(0), usize::try_from(end).unwrap_or(0));
    args.text(chars.get(start..end).unwrap_or(&[]).iter().collect::<String>())
}

/// The first letter of every word in upper case.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = true;
    for c in text.chars() {
        if start && c.is_alphabetic() {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        start = !(c.is_alphanumeric() || c == '_' || c == '\'');
    }
    out
}
