//! Functions on lists, sets, maps and objects. A set is a list in order, without repetition.

use super::{Args, Given};
use crate::eval::convert::{same, set_of};
use crate::eval::run::MAX_PARTS;
use crate::eval::value::{Value, ValueKind};
use std::collections::BTreeMap;
use std::sync::Arc;

pub fn call(name: &str, args: &Args<'_>) -> Option<Given> {
    Some(match name {
        "alltrue" => bools(args).and_then(|b| args.bool(b.iter().all(|b| *b))),
        "anytrue" => bools(args).and_then(|b| args.bool(b.iter().any(|b| *b))),
        "chunklist" => chunklist(args),
        "coalesce" => coalesce(args),
        "coalescelist" => coalescelist(args),
        "compact" => args.list(0).and_then(|items| {
            let full = |v: &&Value| {
                !matches!(&v.kind, ValueKind::Null)
                    && !matches!(&v.kind, ValueKind::String(s) if s.is_empty())
            };
            args.items(items.iter().filter(full).cloned().collect())
        }),
        "concat" => concat(args),
        "contains" => args.list(0).and_then(|items| {
            let wanted = args.get(1)?;
            args.bool(items.iter().any(|item| same(&item.kind, &wanted.kind)))
        }),
        "distinct" => args.list(0).and_then(|items| args.items(distinct(items))),
        "element" => element(args),
        "flatten" => args.list(0).and_then(|items| {
            let mut out = Vec::new();
            flatten(items, &mut out)?;
            args.items(out)
        }),
        "index" => args.list(0).and_then(|items| {
            let wanted = args.get(1)?;
            match items.iter().position(|item| same(&item.kind, &wanted.kind)) {
                Some(n) => args.whole(i64::try_from(n).unwrap_or(i64::MAX)),
                None => Err("the list does not contain the value".into()),
            }
        }),
        "keys" => args.map(0).and_then(|entries| args.texts(entries.keys().cloned())),
        "length" => length(args),
        "lookup" => lookup(args),
        "matchkeys" => matchkeys(args),
        "merge" => merge(args),
        "one" => args.list(0).and_then(|items| match items {
            [] => Ok(Value::new(ValueKind::Null, args.span)),
            [only] => Ok(only.clone()),
            many => Err(format!("expected a list of one element or none, found {}", many.len())),
        }),
        "reverse" => args.list(0).and_then(|items| args.items(items.iter().rev().cloned().collect())),
        "setintersection" => sets(args, |all, next| {
            all.retain(|a| next.iter().any(|b| same(&a.kind, &b.kind)));
        }),
        "setproduct" => setproduct(args),
        "setsubtract" => sets(args, |all, next| {
            all.retain(|a| !next.iter().any(|b| same(&a.kind, &b.kind)));
        }),
        "setunion" => sets(args, |all, next| all.extend(next.iter().cloned())),
        "slice" => slice(args),
        "sort" => args.strings(0).and_then(|mut texts| {
            texts.sort_unstable();
            args.texts(texts)
        }),
        "transpose" => transpose(args),
        "values" => args.map(0).and_then(|entries| args.items(entries.values().cloned().collect())),
        "zipmap" => zipmap(args),
        _ => return None,
    })
}

fn bools(args: &Args<'_>) -> Result<Vec<bool>, String> {
    args.list(0)?
        .iter()
        .map(|item| match item.kind {
            ValueKind::Bool(b) => Ok(b),
            _ => Err("expected a list of bools".into()),
        })
        .collect()
}

fn chunklist(args: &Args<'_>) -> Given {
    let (items, size) = (args.list(0)?, args.size(1)?);
    if size == 0 {
        return args.items(vec![args.items(items.to_vec())?]);
    }
    let chunks: Result<Vec<Value>, String> =
        items.chunks(size).map(|chunk| args.items(chunk.to_vec())).collect();
    args.items(chunks?)
}

/// The first that is neither null nor an empty string.
fn coalesce(args: &Args<'_>) -> Given {
    let full = |v: &&Value| match &v.kind {
        ValueKind::Null => false,
        ValueKind::String(text) => !text.is_empty(),
        _ => true,
    };
    args.values.iter().find(full).cloned().ok_or_else(|| "all arguments are null or empty".into())
}

fn coalescelist(args: &Args<'_>) -> Given {
    for n in 0..args.values.len() {
        if matches!(args.get(n)?.kind, ValueKind::Null) {
            continue;
        }
        if !args.list(n)?.is_empty() {
            return Ok(args.get(n)?.clone());
        }
    }
    Err("all lists are null or empty".into())
}

fn concat(args: &Args<'_>) -> Given {
    let mut out = Vec::new();
    let mut secret = false;
    for n in 0..args.values.len() {
        secret |= args.get(n)?.secret;
        let items = args.list(n)?;
        if out.len() + items.len() > MAX_PARTS {
            return Err("the result has more than a million elements".into());
        }
        out.extend_from_slice(items);
    }
    Ok(args.items(out)?.taint(secret))
}

fn distinct(items: &[Value]) -> Vec<Value> {
    // Strings, which nearly all are, without comparing each with each.
    let mut seen: std::collections::BTreeSet<&str> = std::collections::BTreeSet::new();
    let mut out: Vec<Value> = Vec::new();
    for item in items {
        let new = match &item.kind {
            ValueKind::String(text) => seen.insert(text),
            kind => !out.iter().any(|other| same(&other.kind, kind)),
        };
        if new {
            out.push(item.clone());
        }
    }
    out
}

/// Counts on from the start again beyond the end.
fn element(args: &Args<'_>) -> Given {
    let (items, index) = (args.list(0)?, args.int(1)?);
    let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if len == 0 {
        return Err("the list is empty".into());
    }
    let at = usize::try_from(index.rem_euclid(len)).unwrap_or(0);
    items
        .get(at)
        .cloned()
        .map(|v| v.taint(args.values.iter().any(|v| v.secret)))
        .ok_or_else(|| "out of range".into())
}

fn flatten(items: &[Value], out: &mut Vec<Value>) -> Result<(), String> {
    for item in items {
        match &item.kind {
            ValueKind::List(inner) => flatten(inner, out)?,
            ValueKind::Pending(_) => {
                return Err("part of the list is only known once a release is rendered".into());
            }
            _ => out.push(item.clone()),
        }
        if out.len() > MAX_PARTS {
            return Err("the result has more than a million elements".into());
        }
    }
    Ok(())
}

fn length(args: &Args<'_>) -> Given {
    let len = match &args.get(0)?.kind {
        ValueKind::String(text) => text.chars().count(),
        ValueKind::List(items) => items.len(),
        ValueKind::Map(entries) => entries.len(),
        _ => {
            return Err(format!(
                "expected a string, list or map, found {}",
                crate::eval::convert::describe(args.get(0)?)
            ));
        }
    };
    args.whole(i64::try_from(len).unwrap_or(i64::MAX))
}

fn lookup(args: &Args<'_>) -> Given {
    let (entries, key) = (args.map(0)?, args.str(1)?);
    let secret = args.values.iter().take(2).any(|v| v.secret);
    match (entries.get(key), args.values.get(2)) {
        (Some(found), _) => Ok(found.clone().taint(secret)),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(format!("there is no key `{key}`, and no default")),
    }
}

fn matchkeys(args: &Args<'_>) -> Given {
    let (values, keys, wanted) = (args.list(0)?, args.list(1)?, args.list(2)?);
    if values.len() != keys.len() {
        return Err(format!("there are {} values and {} keys", values.len(), keys.len()));
    }
    let chosen = values.iter().zip(keys).filter(|(_, key)| wanted.iter().any(|w| same(&w.kind, &key.kind)));
    args.items(chosen.map(|(value, _)| value.clone()).collect())
}

/// Later ones win; only the outermost level is merged, as Terraform does.
fn merge(args: &Args<'_>) -> Given {
    let mut out: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    let mut secret = false;
    for n in 0..args.values.len() {
        let value = args.get(n)?;
        secret |= value.secret;
        if !matches!(value.kind, ValueKind::Null) {
            out.extend(args.map(n)?.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
    }
    Ok(args.entries(out)?.taint(secret))
}

fn sets(args: &Args<'_>, step: fn(&mut Vec<Value>, &[Value])) -> Given {
    let mut all: Vec<Value> = Vec::new();
    for n in 0..args.values.len() {
        let next = args.list(n)?;
        if all.len() + next.len() > MAX_PARTS {
            return Err("the result has more than a million elements".into());
        }
        if n == 0 {
            all = next.to_vec();
        } else {
            step(&mut all, next);
        }
    }
    args.items(set_of(all))
}

fn setproduct(args: &Args<'_>) -> Given {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for n in 0..args.values.len() {
        let items = args.list(n)?;
        if rows.len().saturating_mul(items.len()).saturating_mul(n + 1) > MAX_PARTS {
            return Err("the result has more than a million elements".into());
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                items.iter().map(move |item| {
                    let mut row = row.clone();
                    row.push(item.clone());
                    row
                })
            })
            .collect();
    }
    let rows: Result<Vec<Value>, String> = rows.into_iter().map(|row| args.items(row)).collect();
    args.items(rows?)
}

fn slice(args: &Args<'_>) -> Given {
    let (items, start, end) = (args.list(0)?, args.size(1)?, args.size(2)?);
    match items.get(start..end) {
        Some(part) => args.items(part.to_vec()),
        None => Err(format!("there is no part from {start} to {end}: the list has {} elements", items.len())),
    }
}

fn transpose(args: &Args<'_>) -> Given {
    let mut out: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for (key, value) in args.map(0)? {
        let ValueKind::List(items) = &value.kind else {
            return Err("expected a map of lists of strings".into());
        };
        for item in items.iter() {
            let ValueKind::String(name) = &item.kind else {
                return Err("expected a map of lists of strings".into());
            };
            out.entry(name.clone()).or_default().push(Value::new(ValueKind::String(key.clone()), args.span));
        }
    }
    let entries: Result<BTreeMap<Arc<str>, Value>, String> =
        out.into_iter().map(|(name, keys)| Ok((name, args.items(keys)?))).collect();
    args.entries(entries?)
}

fn zipmap(args: &Args<'_>) -> Given {
    let (keys, values) = (args.strings(0)?, args.list(1)?);
    if keys.len() != values.len() {
        return Err(format!("there are {} keys and {} values", keys.len(), values.len()));
    }
    args.entries(keys.into_iter().zip(values).map(|(k, v)| (k.into(), v.clone())).collect())
}
