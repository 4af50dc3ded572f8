//! Go's `path`: slash-separated names, cleaned lexically. On the systems Helm's charts are rendered on,
//! `path/filepath` does the same.

use super::super::func::Func;
use super::super::value::Value;
use super::common::{BOOL, TEXT, string, text};

/// The functions of this file.
pub(super) const FUNCS: &[Func] = &[
    Func::new("base", &[TEXT], TEXT, |_, a| string(base(text(a, 0)))),
    Func::new("dir", &[TEXT], TEXT, |_, a| string(dir(text(a, 0)))),
    Func::new("clean", &[TEXT], TEXT, |_, a| string(clean(text(a, 0)))),
    Func::new("ext", &[TEXT], TEXT, |_, a| string(ext(text(a, 0)))),
    Func::new("isAbs", &[TEXT], BOOL, |_, a| Ok(Value::Bool(text(a, 0).starts_with(b"/")))),
    Func::new("osBase", &[TEXT], TEXT, |_, a| string(base(text(a, 0)))),
    Func::new("osDir", &[TEXT], TEXT, |_, a| string(dir(text(a, 0)))),
    Func::new("osClean", &[TEXT], TEXT, |_, a| string(clean(text(a, 0)))),
    Func::new("osExt", &[TEXT], TEXT, |_, a| string(ext(text(a, 0)))),
    Func::new("osIsAbs", &[TEXT], BOOL, |_, a| Ok(Value::Bool(text(a, 0).starts_with(b"/")))),
];

/// What follows the last slash, slashes at the end aside.
fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path.iter().rposition(|b| *b != b'/').map_or(0, |at| at + 1);
    let path = path.get(..end).unwrap_or_default();
    if path.is_empty() {
        return b"/";
    }
    path.rsplit(|b| *b == b'/').next().unwrap_or(path)
}

fn dir(path: &[u8]) -> Vec<u8> {
    let end = path.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
    clean(path.get(..end).unwrap_or_default())
}

/// From the last dot of the last element on.
fn ext(path: &[u8]) -> &[u8] {
    let name = path.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
    match path.iter().rposition(|b| *b == b'.') {
        Some(dot) if dot >= name => path.get(dot..).unwrap_or_default(),
        _ => &[],
    }
}

/// The shortest name for the same place, without looking at any disk.
fn clean(path: &[u8]) -> Vec<u8> {
    if path.is_empty() {
        return b".".to_vec();
    }
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match parts.last() {
                Some(&last) if last != b".." => _ = parts.pop(),
                _ if rooted => {}
                _ => parts.push(part),
            },
            _ => parts.push(part),
        }
    }
    let mut out = if rooted { b"/".to_vec() } else { Vec::new() };
    out.extend_from_slice(&parts.join(&b'/'));
    if out.is_empty() { b".".to_vec() } else { out }
}
