//! TOML out as `github.com/BurntSushi/toml` v1.6 writes it.
//!
//! In: anything that implements [`Encode`]. Out: text. Maps are sorted by key, plain values before tables; tables
//! nested in tables are indented by two spaces, as that library does. Reading is only for templates, and there.

use std::fmt::Write;

use super::super::fuel::{self, MAX_TEXT};
use super::super::value::MAX_PARTS;
use super::encode::{Encode, View};
use super::tree::MAX_DEPTH;
use super::{Error, number};

/// `toml.Encoder.Encode`. Nil is no document.
pub fn encode_toml<T: Encode>(value: &T) -> Result<String, Box<Error>> {
    if value.view_toml(|view| matches!(view, View::Null)) {
        // Go panics there, and the template fails with these words.
        return fail("reflect: call of reflect.Value.Type on zero Value");
    }
    let mut writer = Writer { out: String::new(), path: Vec::new(), depth: 0 };
    writer.encode(value)?;
    Ok(writer.out)
}

/// What TOML calls a value; the difference decides between `key = …`, `[table]` and `[[tables]]`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Nil,
    Plain,
    Table,
    Tables,
}

struct Writer {
    out: String,
    /// Keys from the root, as they are written in a table header.
    path: Vec<String>,
    depth: usize,
}

type Written<T> = Result<T, Box<Error>>;

fn fail<T>(message: &str) -> Written<T> {
    Err(Error::raw(message.to_owned()))
}

fn shape<T: Encode>(value: &T, depth: usize) -> Written<Shape> {
    shape_within(value, depth, &mut 0)
}

/// `parts` counts the values seen: a list may hold another many times over.
fn shape_within<T: Encode>(value: &T, depth: usize, parts: &mut usize) -> Written<Shape> {
    if depth > MAX_DEPTH {
        return fail("toml: nested too deep");
    }
    *parts += 1;
    if *parts > MAX_PARTS || fuel::spend(1).is_err() {
        return fail("toml: value is too large");
    }
    value.view_toml(|view| match view {
        View::Null | View::List { nil: true, .. } | View::Map { nil: true, .. } => Ok(Shape::Nil),
        View::Map { .. } => Ok(Shape::Table),
        View::List { items, .. } => {
            let mut all_tables = !items.is_empty();
            for item in items {
                match shape_within(item, depth + 1, parts)? {
                    Shape::Nil => return fail("toml: cannot encode array with nil element"),
                    Shape::Table => {}
                    _ => all_tables = false,
                }
            }
            Ok(if all_tables { Shape::Tables } else { Shape::Plain })
        }
        _ => Ok(Shape::Plain),
    })
}

impl Writer {
    fn enter(&mut self) -> Written<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return fail("toml: nested too deep");
        }
        if self.out.len() > MAX_TEXT || fuel::spend(2).is_err() {
            fail("toml: value is too large")
        } else {
            Ok(())
        }
    }

    fn encode<T: Encode>(&mut self, value: &T) -> Written<()> {
        match shape(value, self.depth)? {
            Shape::Nil => Ok(()),
            Shape::Table => {
                // Top-level tables are set apart.
                if self.path.len() == 1 {
                    self.line_break();
                }
                if !self.path.is_empty() {
                    self.header("[", "]");
                }
                self.table(value)
            }
            Shape::Tables => {
                if self.path.is_empty() {
                    return fail("toml: top-level values must be Go maps or structs");
                }
                value.view_toml(|view| {
                    let View::List { items, .. } = view else { return Ok(()) };
                    for item in items {
                        self.line_break();
                        self.header("[[", "]]");
                        self.table(item)?;
                    }
                    Ok(())
                })
            }
            Shape::Plain => {
                if let Some(key) = self.path.last().cloned() {
                    self.indent();
                    self.out.push_str(&key);
                    self.out.push_str(" = ");
                }
                self.element(value)?;
                if !self.path.is_empty() {
                    self.line_break();
                }
                Ok(())
            }
        }
    }

    fn line_break(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.path.len().saturating_sub(1)));
    }

    fn header(&mut self, open: &str, close: &str) {
        self.indent();
        let path = self.path.join(".");
        self.out.push_str(open);
        self.out.push_str(&path);
        self.out.push_str(close);
        self.line_break();
    }

    fn table<T: Encode>(&mut self, value: &T) -> Written<()> {
        self.enter()?;
        value.view_toml(|view| {
            let View::Map { entries, .. } = view else { return Written::Ok(()) };
            for (key, value) in ordered(&entries, self.depth)? {
                self.path.push(quoted_key(key));
                self.encode(value)?;
                self.path.pop();
            }
            Ok(())
        })?;
        self.depth -= 1;
        Ok(())
    }

    /// A value on one line: what stands in arrays and behind `=`.
    fn element<T: Encode>(&mut self, value: &T) -> Written<()> {
        self.enter()?;
        if let Some(text) = value.toml() {
            self.out.push_str(&text.to_str_lossy());
            self.depth -= 1;
            return Ok(());
        }
        value.view_toml(|view| {
            match view {
                View::Null => return fail("toml: cannot encode array with nil element"),
                View::Bool(b) => self.out.push_str(if b { "true" } else { "false" }),
                View::Int(i) => number::integer(i, &mut self.out),
                View::Uint(u) => {
                    let _ = write!(self.out, "{u}");
                }
                View::Float(f) => self.float(f, |out| number::general(f, out)),
                View::Float32(f) => self.float(f64::from(f), |out| number::general_f32(f, out)),
                View::Str(bytes) => quote(bytes, &mut self.out),
                View::Bytes(bytes) => {
                    self.out.push('[');
                    for (i, b) in bytes.iter().enumerate() {
                        let _ = write!(self.out, "{}{b}", if i > 0 { ", " } else { "" });
                    }
                    self.out.push(']');
                }
                View::List { items, .. } => {
                    self.out.push('[');
                    for (i, item) in items.iter().enumerate() {
                        if i > 0 {
                            self.out.push_str(", ");
                        }
                        self.element(item)?;
                    }
                    self.out.push(']');
                }
                View::Map { entries, .. } => self.inline_table(&entries)?,
            }
            Ok(())
        })?;
        self.depth -= 1;
        Ok(())
    }

    fn inline_table<T: Encode>(&mut self, entries: &[(&[u8], &T)]) -> Written<()> {
        self.out.push('{');
        let all = ordered(entries, self.depth)?;
        let count = all.len();
        for (i, (key, value)) in all.into_iter().enumerate() {
            if shape(value, self.depth)? == Shape::Nil {
                continue;
            }
            self.out.push_str(&quoted_key(key));
            self.out.push_str(" = ");
            self.element(value)?;
            if i + 1 != count {
                self.out.push_str(", ");
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn float(&mut self, f: f64, write: impl FnOnce(&mut String)) {
        if !f.is_finite() {
            if f.is_sign_negative() {
                self.out.push('-');
            }
            self.out.push_str(if f.is_nan() { "nan" } else { "inf" });
            return;
        }
        let start = self.out.len();
        write(&mut self.out);
        if !self.out.get(start..).unwrap_or_default().contains(['e', '.']) {
            self.out.push_str(".0");
        }
    }
}

/// Entries in the order they are written: plain values, then what makes tables, each by key.
fn ordered<'a, T: Encode>(entries: &[(&'a [u8], &'a T)], depth: usize) -> Written<Vec<(&'a [u8], &'a T)>> {
    let mut plain = Vec::with_capacity(entries.len());
    let mut tables = Vec::new();
    for (key, value) in entries {
        match shape(*value, depth)? {
            Shape::Table | Shape::Tables => tables.push((*key, *value)),
            Shape::Nil | Shape::Plain => plain.push((*key, *value)),
        }
    }
    plain.append(&mut tables);
    Ok(plain)
}

/// A key as it is written, in quotes where it needs them.
pub fn quoted_key(key: &[u8]) -> String {
    let bare = !key.is_empty() && key.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let mut out = String::new();
    if bare {
        out.push_str(std::str::from_utf8(key).unwrap_or_default());
    } else {
        quote(key, &mut out);
    }
    out
}

fn quote(bytes: &[u8], out: &mut String) {
    out.push('"');
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
