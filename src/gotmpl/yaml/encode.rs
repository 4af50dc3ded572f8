//! Values to YAML: Helm's `toYaml` and `toYamlPretty`.
//!
//! In: anything that implements [`Encode`]. Out: a block style document. `toYaml` goes through JSON in Go and
//! is emitted by yaml v2: lines fold at 80 columns, lists are not indented below their key. `toYamlPretty` is
//! emitted straight by yaml v3: no folding, lists indented. The emitter's notions of column, white space and
//! indentation are libyaml's; documents hold no anchors, tags (but `!!binary`) or flow collections that are
//! not empty, so little else of it is needed.

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::fuel::{self, MAX_TEXT};
use super::super::str::Str;
use super::decode::replace_invalid;
use super::resolve::Flavor;
use super::style::{Analysis, Style, analyze};
use super::tree::{MAX_DEPTH, NodeKind, Tree};
use super::{Error, json, number, order};

/// A value as an encoder sees it, one level at a time.
pub enum View<'a, T> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Float32(f32),
    /// Go's `string`: bytes that should be UTF-8.
    Str(&'a [u8]),
    /// Go's `[]byte`.
    Bytes(&'a [u8]),
    /// `nil`: a nil slice, which is `null` in JSON yet `[]` in YAML.
    List {
        items: &'a [T],
        nil: bool,
    },
    /// Entries in byte order of their keys, or in the order of a struct's fields. `nil` as for a list.
    Map {
        entries: Vec<(&'a [u8], &'a T)>,
        nil: bool,
    },
}

/// A kind of value that can be written.
pub trait Encode: Sized {
    /// Shows the value to `see`; a map may be borrowed meanwhile.
    fn view<R>(&self, see: impl FnOnce(View<'_, Self>) -> R) -> R;

    /// Shows the value as TOML sees it.
    fn view_toml<R>(&self, see: impl FnOnce(View<'_, Self>) -> R) -> R {
        self.view(see)
    }

    /// What TOML has for it, where that is not what JSON would have.
    fn toml(&self) -> Option<Str> {
        None
    }
}

impl Encode for serde_json::Value {
    fn view<R>(&self, see: impl FnOnce(View<'_, Self>) -> R) -> R {
        use serde_json::Value;
        see(match self {
            Value::Null => View::Null,
            Value::Bool(b) => View::Bool(*b),
            Value::Number(n) => match (n.as_i64(), n.as_u64()) {
                (Some(i), _) => View::Int(i),
                (None, Some(u)) => View::Uint(u),
                _ => View::Float(n.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(s) => View::Str(s.as_bytes()),
            Value::Array(items) => View::List { items, nil: false },
            Value::Object(map) => {
                View::Map { entries: map.iter().map(|(k, v)| (k.as_bytes(), v)).collect(), nil: false }
            }
        })
    }
}

/// Helm's `yaml.Marshal`: the document with its final line break. Fails where Go's detour through JSON does.
pub fn encode<T: Encode>(value: &T) -> Result<String, Box<Error>> {
    document(value, Flavor::V2)
}

/// `toYaml`: without the final line break, and empty for what cannot be written.
pub fn to_yaml<T: Encode>(value: &T) -> String {
    trimmed(encode(value))
}

/// `toYamlPretty`: lists indented, long lines left alone; empty for what cannot be written.
pub fn to_yaml_pretty<T: Encode>(value: &T) -> String {
    trimmed(document(value, Flavor::V3))
}

fn trimmed(document: Result<String, Box<Error>>) -> String {
    let mut text = document.unwrap_or_default();
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

fn document<T: Encode>(value: &T, flavor: Flavor) -> Result<String, Box<Error>> {
    let mut emitter = Emitter {
        out: String::with_capacity(256),
        flavor,
        width: if flavor == Flavor::V2 { 80 } else { usize::MAX },
        column: 0,
        whitespace: true,
        indention: true,
        depth: 0,
    };
    emitter.node(value, -1, Place::Other)?;
    emitter.indent(0);
    Ok(emitter.out)
}

/// What matters about where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// After `key:`; a list may stay at the key's indentation.
    Value,
    Other,
}

const STEP: usize = 2;
/// Bytes of a key that still goes without `?`.
const SIMPLE_KEY: usize = 128;
/// Characters of a key, as JSON, that Go's yaml finds its `:` after.
const JSON_KEY: usize = 1024;

struct Emitter {
    out: String,
    flavor: Flavor,
    /// Column after which a space becomes a line break.
    width: usize,
    column: usize,
    /// The last character was white space, or nothing is written yet.
    whitespace: bool,
    /// The line holds nothing but indentation and the indicators of enclosing collections.
    indention: bool,
    depth: usize,
}

type Emitted = Result<(), Box<Error>>;

impl Emitter {
    fn node<T: Encode>(&mut self, value: &T, indent: isize, place: Place) -> Emitted {
        value.view(|view| match view {
            View::Null => self.bare("null"),
            View::Bool(b) => self.bare(if b { "true" } else { "false" }),
            View::Int(i) => self.numeric(|out| number::integer(i, out)),
            View::Uint(u) => self.numeric(|out| {
                let _ = write!(out, "{u}");
            }),
            View::Float(f) => self.float(f, |out| number::general(f, out)),
            View::Float32(f) => match self.flavor {
                // JSON prints the float32's own shortest digits; read back, they are another float64.
                Flavor::V2 if f.is_finite() => {
                    let wide = f.to_string().parse().unwrap_or(f64::from(f));
                    self.float(wide, |_| {})
                }
                _ => self.float(f64::from(f), |out| number::general_f32(f, out)),
            },
            View::Str(bytes) => self.string(bytes, indent),
            View::Bytes(bytes) => match self.flavor {
                Flavor::V2 => self.string(STANDARD.encode(bytes).as_bytes(), indent),
                Flavor::V3 => {
                    let items: Vec<serde_json::Value> = bytes.iter().map(|b| (*b).into()).collect();
                    self.list(&items, indent, place)
                }
            },
            View::List { nil: true, .. } | View::Map { nil: true, .. } if self.flavor == Flavor::V2 => {
                self.bare("null")
            }
            View::List { items: [], .. } => self.bare("[]"),
            View::List { items, .. } => self.list(items, indent, place),
            View::Map { entries, .. } if entries.is_empty() => self.bare("{}"),
            View::Map { entries, .. } => self.map(entries, indent),
        })
    }

    fn enter(&mut self) -> Emitted {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::raw(format!(
                "json: unsupported value: nested deeper than {MAX_DEPTH} levels"
            )));
        }
        if self.out.len() > MAX_TEXT || fuel::spend(2).is_err() {
            return Err(Error::raw("json: unsupported value: too large".to_owned()));
        }
        Ok(())
    }

    fn list<T: Encode>(&mut self, items: &[T], indent: isize, place: Place) -> Emitted {
        self.enter()?;
        let indent = match indent {
            ..0 => 0,
            _ if self.flavor == Flavor::V2 && place == Place::Value => indent,
            _ => indent + STEP as isize,
        };
        for item in items {
            self.indent(indent);
            self.indicator('-', true);
            self.node(item, indent, Place::Other)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn map<T: Encode>(&mut self, mut entries: Vec<(&[u8], &T)>, indent: isize) -> Emitted {
        self.enter()?;
        let indent = if indent < 0 { 0 } else { indent + STEP as isize };
        order::sort(&mut entries, self.flavor);
        for (key, value) in entries {
            self.indent(indent);
            if self.simple_key(key)? {
                self.indicator(':', false);
                self.node(value, indent, Place::Value)?;
            } else {
                self.indicator('?', true);
                self.string(key, indent)?;
                self.indent(indent);
                self.indicator(':', true);
                self.node(value, indent, Place::Other)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Writes a key that fits before its `:`; false, with nothing written, for one that does not.
    fn simple_key(&mut self, key: &[u8]) -> Result<bool, Box<Error>> {
        let text = self.text(key)?;
        if self.flavor == Flavor::V2 && !json::fits_key(key, JSON_KEY) {
            return Err(Error::plain("did not find expected ',' or '}'"));
        }
        let (text, tagged) = match text {
            Text::Plain(text) => (text, false),
            Text::Binary(text) => (Cow::Owned(text), true),
        };
        let tag = if tagged { BINARY.len() } else { 0 };
        let analysis = analyze(&text, self.flavor, tagged);
        if analysis.multiline || text.len() + tag > SIMPLE_KEY {
            return Ok(false);
        }
        if tagged {
            self.word(BINARY, true);
        }
        self.scalar(&text, analysis, 0, true);
        Ok(true)
    }

    // What Go's detours make of a string.

    fn string(&mut self, bytes: &[u8], indent: isize) -> Emitted {
        let indent = if indent < 0 { STEP } else { indent as usize + STEP };
        match self.text(bytes)? {
            Text::Plain(text) => {
                let analysis = analyze(&text, self.flavor, false);
                self.scalar(&text, analysis, indent, false);
            }
            Text::Binary(text) => {
                let analysis = analyze(&text, self.flavor, true);
                self.word(BINARY, true);
                self.scalar(&text, analysis, indent, false);
            }
        }
        Ok(())
    }

    fn text<'b>(&self, bytes: &'b [u8]) -> Result<Text<'b>, Box<Error>> {
        if bytes.iter().all(|b| *b < 0x7f) {
            return Ok(Text::Plain(Cow::Borrowed(std::str::from_utf8(bytes).unwrap_or_default())));
        }
        match (self.flavor, std::str::from_utf8(bytes)) {
            (Flavor::V3, Ok(text)) => Ok(Text::Plain(Cow::Borrowed(text))),
            (Flavor::V3, Err(_)) => Ok(Text::Binary(wrapped_base64(bytes))),
            (Flavor::V2, Ok(text)) => through_json(Cow::Borrowed(text)).map(Text::Plain),
            (Flavor::V2, Err(_)) => {
                through_json(Cow::Owned(replace_invalid(bytes.to_vec()))).map(Text::Plain)
            }
        }
    }

    // Scalars that need no analysis.

    fn bare(&mut self, text: &str) -> Emitted {
        self.word(text, true);
        Ok(())
    }

    fn numeric(&mut self, write: impl FnOnce(&mut String)) -> Emitted {
        if !self.whitespace {
            self.out.push(' ');
        }
        write(&mut self.out);
        // No number is long enough to make the column matter before the line ends.
        self.column += 1;
        self.whitespace = false;
        self.indention = false;
        Ok(())
    }

    fn float(&mut self, f: f64, general: impl FnOnce(&mut String)) -> Emitted {
        match self.flavor {
            Flavor::V2 if f.is_finite() => self.numeric(|out| number::yaml(f, out)),
            Flavor::V2 => {
                let name = if f.is_nan() {
                    "NaN"
                } else if f > 0.0 {
                    "+Inf"
                } else {
                    "-Inf"
                };
                Err(Error::raw(format!("error marshaling into JSON: json: unsupported value: {name}")))
            }
            Flavor::V3 => self.numeric(general),
        }
    }

    // The emitter proper.

    /// ASCII text on the current line.
    fn word(&mut self, text: &str, spaced: bool) {
        if spaced && !self.whitespace {
            self.out.push(' ');
            self.column += 1;
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = false;
        self.indention = false;
    }

    /// `-`, `?` and `:`. Of these, all but the `:` of a simple key keep a following collection on their line.
    fn indicator(&mut self, c: char, spaced: bool) {
        if spaced && !self.whitespace {
            self.out.push(' ');
            self.column += 1;
        }
        self.out.push(c);
        self.column += 1;
        self.whitespace = false;
        self.indention &= spaced;
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// Goes to column `indent`, on a new line if this one has got further.
    fn indent(&mut self, indent: isize) {
        let indent = usize::try_from(indent).unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break();
        }
        const SPACES: &str = "                                                                ";
        while self.column < indent {
            let n = (indent - self.column).min(SPACES.len());
            self.out.push_str(SPACES.get(..n).unwrap_or(" "));
            self.column += n;
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn scalar(&mut self, text: &str, analysis: Analysis, indent: usize, key: bool) {
        match analysis.style {
            Style::Literal if !key => return self.literal(text, indent),
            Style::Plain => {
                if !self.whitespace {
                    self.out.push(' ');
                    self.column += 1;
                }
                // Bytes bound characters: what cannot reach the limit needs no look at its spaces.
                if key || self.column.saturating_add(text.len()) <= self.width {
                    self.piece(text, analysis.ascii);
                } else {
                    self.plain(text, indent);
                }
            }
            Style::Single => self.single(text, indent, key),
            Style::Double | Style::Literal => self.double(text, indent, key),
        }
        self.whitespace = false;
        self.indention = false;
    }

    /// The quote or indicator a scalar begins with.
    fn open(&mut self, quote: char) {
        if !self.whitespace {
            self.out.push(' ');
            self.column += 1;
        }
        self.out.push(quote);
        self.column += 1;
        self.whitespace = false;
        self.indention = false;
    }

    fn piece(&mut self, text: &str, ascii: bool) {
        self.out.push_str(text);
        self.column += if ascii { text.len() } else { text.chars().count() };
        self.indention &= text.is_empty();
    }

    fn fold(&mut self, indent: usize) {
        self.indent(indent as isize);
    }

    fn plain(&mut self, text: &str, indent: usize) {
        let mut rest = text;
        let mut spaces = false;
        while let Some((word, after)) = rest.split_once(' ') {
            if !word.is_empty() {
                self.piece(word, false);
                spaces = false;
            }
            if !spaces && self.column > self.width && !after.starts_with(' ') {
                self.fold(indent);
            } else {
                self.piece(" ", true);
            }
            spaces = true;
            rest = after;
        }
        self.piece(rest, false);
    }

    fn single(&mut self, text: &str, indent: usize, key: bool) {
        self.open('\'');
        let mut spaces = false;
        let mut breaks = false;
        let mut chars = text.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            match c {
                ' ' => {
                    let last = chars.peek().is_none();
                    let before_space = matches!(chars.peek(), Some((_, ' ')));
                    if !key && !spaces && self.column > self.width && i > 0 && !last && !before_space {
                        self.fold(indent);
                    } else {
                        self.piece(" ", true);
                    }
                    spaces = true;
                }
                '\u{85}' | '\u{2028}' | '\u{2029}' => {
                    self.out.push(c);
                    self.column = 0;
                    self.indention = true;
                    breaks = true;
                }
                _ => {
                    if breaks {
                        self.fold(indent);
                    }
                    if c == '\'' {
                        self.out.push(c);
                        self.column += 1;
                    }
                    self.out.push(c);
                    self.column += 1;
                    self.indention = false;
                    spaces = false;
                    breaks = false;
                }
            }
        }
        self.out.push('\'');
        self.column += 1;
    }

    fn double(&mut self, text: &str, indent: usize, key: bool) {
        self.open('"');
        // libyaml means to escape a byte order mark, but looks for it at the start of the text each time.
        let escape_all = text.starts_with('\u{feff}');
        let mut spaces = false;
        let mut chars = text.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            if escape_all || matches!(c, '"' | '\\') || !is_printable(c) {
                let start = self.out.len();
                escape(c, &mut self.out);
                self.column += self.out.len() - start;
                spaces = false;
            } else if c == ' ' {
                let next = chars.peek().map(|(_, c)| *c);
                if !key && !spaces && self.column > self.width && i > 0 && next.is_some() {
                    self.fold(indent);
                    if next == Some(' ') {
                        self.out.push('\\');
                        self.column += 1;
                    }
                } else {
                    self.out.push(' ');
                    self.column += 1;
                }
                spaces = true;
            } else {
                self.out.push(c);
                self.column += 1;
                spaces = false;
            }
        }
        self.out.push('"');
        self.column += 1;
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.open('|');
        if text.starts_with([' ', '\n', '\u{85}', '\u{2028}', '\u{2029}']) {
            self.out.push('2');
        }
        let is_break = |c: char| matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}');
        let mut tail = text.chars().rev();
        match (tail.next().is_some_and(is_break), tail.next()) {
            (false, _) => self.out.push('-'),
            (true, None) => self.out.push('+'),
            (true, Some(c)) if is_break(c) => self.out.push('+'),
            _ => {}
        }
        self.line_break();
        self.indention = true;
        self.whitespace = true;
        for line in text.split_inclusive(is_break) {
            let content = line.trim_end_matches(is_break);
            if !content.is_empty() {
                self.indent(indent as isize);
                self.out.push_str(content);
                self.column += content.len();
                self.indention = false;
            }
            let ending = line.get(content.len()..).unwrap_or_default();
            if !ending.is_empty() {
                self.out.push_str(ending);
                self.column = 0;
                self.indention = true;
            }
        }
    }
}

/// A string as the emitter gets it.
enum Text<'a> {
    Plain(Cow<'a, str>),
    /// Base64 of what is not UTF-8, for a `!!binary` tag.
    Binary(String),
}

const BINARY: &str = "!!binary";

/// What of a string is left when Go has written it as JSON and read it as YAML: an error for characters YAML
/// does not allow unescaped, and U+0085 folded like the line break it is in YAML.
fn through_json(text: Cow<'_, str>) -> Result<Cow<'_, str>, Box<Error>> {
    let mut next_line = false;
    for c in text.chars() {
        match c {
            '\u{85}' => next_line = true,
            '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                return Err(Error::plain("control characters are not allowed"));
            }
            _ => {}
        }
    }
    if !next_line {
        return Ok(text);
    }
    let mut quoted = String::new();
    json::string(text.as_bytes(), &mut quoted);
    let tree = Tree::parse(quoted.as_bytes())?;
    Ok(match tree.root().and_then(|id| tree.node(id)).map(|n| &n.kind) {
        Some(NodeKind::Scalar { text, .. }) => Cow::Owned(text.to_string()),
        _ => text,
    })
}

/// Base64 in lines of 70 characters, each ended by a line break if there are several.
fn wrapped_base64(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < LINE {
        return encoded;
    }
    let mut out = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out
}

/// What may stand in double quotes as it is: no controls, no line breaks, nothing beyond the Basic
/// Multilingual Plane.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn escape(c: char, out: &mut String) {
    let short = match c {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let v = c as u32;
            let _ = match v {
                0..=0xff => write!(out, "\\x{v:02X}"),
                0x100..=0xffff => write!(out, "\\u{v:04X}"),
                _ => write!(out, "\\U{v:08X}"),
            };
            return;
        }
    };
    out.push('\\');
    out.push(short);
}
