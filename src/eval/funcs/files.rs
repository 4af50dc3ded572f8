//! Functions that read files, relative to the directory of the module that names them.

use crate::eval::build::join;
use crate::eval::convert::set_of;
use crate::eval::errors;
use crate::eval::run::{Run, Stop};
use crate::eval::scope::Env;
use crate::eval::value::{Value, ValueKind};
use crate::source::{ReadError, Span};
use regex::Regex;
use std::path::Path;
use std::sync::Arc;

/// Files that `fileset` looks at, and how deep it goes.
const MAX_FILES: usize = 10_000;
const MAX_DEPTH: usize = 32;

pub fn call(run: &mut Run<'_>, name: &str, values: &[Value], span: Span, env: &Env) -> Result<Value, Stop> {
    let text = |n: usize| match values.get(n).map(|v| &v.kind) {
        Some(ValueKind::String(text)) => Some(text.clone()),
        _ => None,
    };
    let Some(path) = text(0) else { return Err(Stop::Failed) };
    match name {
        "file" => match read(run, &path, env) {
            Some(Ok(text)) => Ok(Value::new(ValueKind::String(text), span)),
            Some(Err(error)) => run.fail(errors::unreadable(&path, &error, span)),
            None => run.fail(errors::file_too_late(&path, span)),
        },
        "fileexists" => match read(run, &path, env) {
            Some(found) => {
                let exists = !matches!(found, Err(ReadError::NotFound));
                Ok(Value::new(ValueKind::Bool(exists), span))
            }
            None => run.fail(errors::file_too_late(&path, span)),
        },
        _ => {
            let Some(pattern) = text(1) else { return Err(Stop::Failed) };
            fileset(run, &path, &pattern, span, env)
        }
    }
}

/// The text of a file, read once for all. `None`: there is no outside to read from, and it was not read before.
pub fn read(run: &mut Run<'_>, path: &str, env: &Env) -> Option<Result<Arc<str>, ReadError>> {
    let full = join(&env.instance.module.dir, path);
    if let Some(known) = env.instance.files.get(&full) {
        return Some(known);
    }
    let text = run.world?.read_text(&full).map(Arc::from);
    env.instance.files.put(full, text.clone());
    Some(text)
}

fn fileset(run: &mut Run<'_>, dir: &str, pattern: &str, span: Span, env: &Env) -> Result<Value, Stop> {
    let Some(world) = run.world else { return run.fail(errors::file_too_late(dir, span)) };
    let root = join(&env.instance.module.dir, dir);
    let Some(regex) = glob(pattern) else {
        return run.fail(errors::function_failed(
            "fileset",
            "the pattern is not valid",
            span,
            "fileset(directory: string, pattern: string) -> set(string)",
        ));
    };
    let mut found = Vec::new();
    let mut seen = 0;
    let mut stack: Vec<(String, usize)> = vec![(String::new(), 0)];
    while let Some((below, depth)) = stack.pop() {
        let at = if below.is_empty() { root.clone() } else { root.join(Path::new(&below)) };
        let entries = match world.list(&at) {
            Ok(entries) => entries,
            // A directory that is not there holds no files.
            Err(ReadError::NotFound) => continue,
            Err(error) => return run.fail(errors::unreadable(&at.to_string_lossy(), &error, span)),
        };
        for entry in entries {
            seen += 1;
            let name = if below.is_empty() { entry.name } else { format!("{below}/{}", entry.name) };
            if entry.is_dir {
                if depth < MAX_DEPTH {
                    stack.push((name, depth + 1));
                }
            } else if regex.is_match(&name) {
                found.push(Value::new(ValueKind::String(name.into()), span));
            }
        }
        if seen > MAX_FILES {
            return run.fail(errors::too_large(span));
        }
    }
    Ok(Value::new(ValueKind::List(Arc::new(set_of(found))), span))
}

/// `*` and `?` within a name, `**` across directories, `{a,b}` either.
fn glob(pattern: &str) -> Option<Regex> {
    let mut out = String::from("^");
    let mut chars = pattern.chars().peekable();
    let mut braces = 0;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                if chars.peek() == Some(&'/') {
                    chars.next();
                    out.push_str("(?:.*/)?");
                } else {
                    out.push_str(".*");
                }
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => {
                braces += 1;
                out.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
            }
            ',' if braces > 0 => out.push('|'),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push('$');
    Regex::new(&out).ok()
}
