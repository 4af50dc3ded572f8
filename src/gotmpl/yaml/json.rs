//! JSON in and out as Go's `encoding/json` does it.
//!
//! In and out: bytes and anything that implements [`Build`] or [`Encode`]. Written compactly, keys in byte
//! order, `<`, `>`, `&` and the line separators escaped, bytes that are not UTF-8 replaced. Errors read as Go's.

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::fuel::{self, MAX_TEXT};
use super::super::strconv::{QuoteStyle, push_escaped_char};
use super::decode::{Build, Root, replace_invalid};
use super::encode::{Encode, View};
use super::tree::MAX_DEPTH;
use super::{Error, number};

/// `json.Marshal`.
pub fn encode_json<T: Encode>(value: &T) -> Result<String, Box<Error>> {
    let mut out = String::new();
    write(value, 0, &mut out)?;
    Ok(out)
}

/// `toJson`: empty for what JSON cannot hold.
pub fn to_json<T: Encode>(value: &T) -> String {
    encode_json(value).unwrap_or_default()
}

fn write<T: Encode>(value: &T, depth: usize, out: &mut String) -> Result<(), Box<Error>> {
    if depth > MAX_DEPTH {
        return Err(Error::raw(format!("json: unsupported value: nested deeper than {MAX_DEPTH} levels")));
    }
    if out.len() > MAX_TEXT || fuel::spend(1).is_err() {
        return Err(Error::raw("json: unsupported value: too large".to_owned()));
    }
    value.view(|view| {
        match view {
            View::Null | View::List { nil: true, .. } | View::Map { nil: true, .. } => out.push_str("null"),
            View::Bool(b) => out.push_str(if b { "true" } else { "false" }),
            View::Int(i) => number::integer(i, out),
            View::Uint(u) => {
                let _ = write!(out, "{u}");
            }
            View::Float(f) if f.is_finite() => number::json(f, out),
            View::Float32(f) if f.is_finite() => number::json_f32(f, out),
            View::Float(_) | View::Float32(_) => {
                let f = match view {
                    View::Float32(f) => f64::from(f),
                    View::Float(f) => f,
                    _ => 0.0,
                };
                let name = if f.is_nan() {
                    "NaN"
                } else if f > 0.0 {
                    "+Inf"
                } else {
                    "-Inf"
                };
                return Err(Error::raw(format!("json: unsupported value: {name}")));
            }
            View::Str(bytes) => string(bytes, out),
            View::Bytes(bytes) => {
                out.push('"');
                STANDARD.encode_string(bytes, out);
                out.push('"');
            }
            View::List { items, .. } => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write(item, depth + 1, out)?;
                }
                out.push(']');
            }
            View::Map { entries, .. } => {
                out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    string(key, out);
                    out.push(':');
                    write(*value, depth + 1, out)?;
                }
                out.push('}');
            }
        }
        Ok(())
    })
}

/// Bytes that stand for themselves inside a string.
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, within 256")]
static PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0x20;
    while b < 0x80 {
        table[b] = !matches!(b as u8, b'"' | b'\\' | b'<' | b'>' | b'&');
        b += 1;
    }
    table
};

/// A string with its quotes.
pub fn string(bytes: &[u8], out: &mut String) {
    out.push('"');
    let plain = bytes.iter().take_while(|b| PLAIN.get(usize::from(**b)).copied().unwrap_or(false)).count();
    let (head, rest) = bytes.split_at_checked(plain).unwrap_or((bytes, &[]));
    out.push_str(std::str::from_utf8(head).unwrap_or_default());
    if !rest.is_empty() {
        escaped(rest, out);
    }
    out.push('"');
}

fn escaped(bytes: &[u8], out: &mut String) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if escape_width(c) > 1 {
                escape(c, out);
            } else {
                out.push(c);
            }
        }
        for _ in chunk.invalid() {
            out.push_str("\\ufffd");
        }
    }
}

/// Characters an escaped `c` takes; 1 if it needs no escape.
fn escape_width(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\x08' | '\x0c' => 2,
        '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    }
}

fn escape(c: char, out: &mut String) {
    let short = match c {
        '"' | '\\' => c,
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\x08' => 'b',
        '\x0c' => 'f',
        _ => {
            let _ = write!(out, "\\u{:04x}", c as u32);
            return;
        }
    };
    out.push('\\');
    out.push(short);
}

/// Whether a key, quoted and escaped, takes no more than `limit` characters, and stays on one line for a
/// reader to whom U+0085 is a line break.
pub fn fits_key(key: &[u8], limit: usize) -> bool {
    if key.len() * 6 + 2 <= limit && key.is_ascii() {
        return true;
    }
    let mut length = 2;
    for chunk in key.utf8_chunks() {
        length += chunk.valid().chars().map(escape_width).sum::<usize>() + chunk.invalid().len() * 6;
        if chunk.valid().contains('\u{85}') {
            return false;
        }
    }
    length <= limit
}

/// `json.Unmarshal` into the kind of value `root` names. An error's text is Go's.
pub fn decode_json<B: Build>(bytes: &[u8], root: Root) -> Result<B, Box<Error>> {
    let mut parser = Parser { src: bytes, pos: 0, late: None };
    parser.blanks();
    let found = match parser.peek() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "bool",
        Some(b'n') => "null",
        _ => "number",
    };
    let value = parser.value(0)?;
    parser.blanks();
    if parser.peek().is_some() {
        return parser.unexpected("after top-level value");
    }
    let fits = match root {
        Root::Any => true,
        Root::Map => found == "object" || found == "null",
        Root::List => found == "array" || found == "null",
    };
    if !fits {
        let wanted = if root == Root::List { "[]interface {}" } else { "map[string]interface {}" };
        return Err(Error::raw(format!("json: cannot unmarshal {found} into Go value of type {wanted}")));
    }
    match parser.late {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

/// Reads one value at the head of `bytes` and tells how many of them it takes, as Go's `json.Decoder` does.
pub fn decode_json_prefix<B: Build>(bytes: &[u8]) -> Result<(B, usize), Box<Error>> {
    let mut parser = Parser { src: bytes, pos: 0, late: None };
    let value = parser.value(0)?;
    match parser.late {
        Some(error) => Err(error),
        None => Ok((value, parser.pos)),
    }
}

struct Parser<'a> {
    src: &'a [u8],
    pos: usize,
    /// A number too large for a float64, reported once everything is known to be well formed.
    late: Option<Box<Error>>,
}

type Parsed<T> = Result<T, Box<Error>>;

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.src.get(self.pos).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.pos += 1;
        }
    }

    /// Go's message for the character here; the end of the input counts as a space where a space would be wrong.
    fn unexpected<T>(&self, context: &str) -> Parsed<T> {
        let shown = match self.peek().unwrap_or(b' ') {
            b'\'' => r"'\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            c => {
                let mut shown = vec![b'\''];
                push_escaped_char(&mut shown, char::from(c), b'"', QuoteStyle::Printable);
                shown.push(b'\'');
                String::from_utf8_lossy(&shown).into_owned()
            }
        };
        Err(Error::raw(format!("invalid character {shown} {context}")))
    }

    fn ended<T>(&self) -> Parsed<T> {
        Err(Error::raw("unexpected end of JSON input".to_owned()))
    }

    fn value<B: Build>(&mut self, depth: usize) -> Parsed<B> {
        self.blanks();
        if fuel::spend(2).is_err() {
            return Err(Error::raw("value is too large".to_owned()));
        }
        let Some(c) = self.peek() else { return self.ended() };
        match c {
            b'{' | b'[' if depth >= MAX_DEPTH => self.unexpected("exceeded max depth"),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => Ok(B::string(self.string()?)),
            b't' => self.literal("true").map(|()| B::boolean(true)),
            b'f' => self.literal("false").map(|()| B::boolean(false)),
            b'n' => self.literal("null").map(|()| B::null()),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.unexpected("looking for beginning of value"),
        }
    }

    fn literal(&mut self, word: &str) -> Parsed<()> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                return self.unexpected(&format!("in literal {word} (expecting '{}')", char::from(expected)));
            }
            self.pos += 1;
        }
        Ok(())
    }

    fn digits(&mut self) -> bool {
        let start = self.pos;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.pos += 1;
        }
        self.pos > start
    }

    fn number<B: Build>(&mut self) -> Parsed<B> {
        let start = self.pos;
        if self.peek() == Some(b'-') {
            self.pos += 1;
        }
        if self.peek() == Some(b'0') {
            self.pos += 1;
        } else if !self.digits() {
            return self.unexpected("in numeric literal");
        }
        if self.peek() == Some(b'.') {
            self.pos += 1;
            if !self.digits() {
                return self.unexpected("after decimal point in numeric literal");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.pos += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.pos += 1;
            }
            if !self.digits() {
                return self.unexpected("in exponent of numeric literal");
            }
        }
        let text = self.src.get(start..self.pos).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("0");
        let f: f64 = text.parse().unwrap_or(0.0);
        if !f.is_finite() && self.late.is_none() {
            self.late = Some(Error::raw(format!(
                "json: cannot unmarshal number {text} into Go value of type float64"
            )));
        }
        Ok(B::number(f))
    }

    fn array<B: Build>(&mut self, depth: usize) -> Parsed<B> {
        self.pos += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.pos += 1;
            return Ok(B::list(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            match self.peek() {
                Some(b',') => self.pos += 1,
                Some(b']') => {
                    self.pos += 1;
                    return Ok(B::list(items));
                }
                Some(_) => return self.unexpected("after array element"),
                None => return self.ended(),
            }
        }
    }

    fn object<B: Build>(&mut self, depth: usize) -> Parsed<B> {
        self.pos += 1;
        let mut map = B::Table::default();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.pos += 1;
            return Ok(B::map(map));
        }
        loop {
            self.blanks();
            match self.peek() {
                Some(b'"') => {}
                Some(_) => return self.unexpected("looking for beginning of object key string"),
                None => return self.ended(),
            }
            let key = self.string()?;
            self.blanks();
            match self.peek() {
                Some(b':') => self.pos += 1,
                Some(_) => return self.unexpected("after object key"),
                None => return self.ended(),
            }
            let value = self.value(depth + 1)?;
            B::entry(&mut map, key, value);
            self.blanks();
            match self.peek() {
                Some(b',') => self.pos += 1,
                Some(b'}') => {
                    self.pos += 1;
                    return Ok(B::map(map));
                }
                Some(_) => return self.unexpected("after object key:value pair"),
                None => return self.ended(),
            }
        }
    }

    fn string(&mut self) -> Parsed<Cow<'a, str>> {
        self.pos += 1;
        let start = self.pos;
        let mut owned: Option<Vec<u8>> = None;
        let mut run = start;
        loop {
            match self.peek() {
                None => return self.ended(),
                Some(b'"') => break,
                Some(0..0x20) => return self.unexpected("in string literal"),
                Some(b'\\') => {
                    let out = owned.get_or_insert_default();
                    out.extend_from_slice(self.src.get(run..self.pos).unwrap_or_default());
                    self.pos += 1;
                    let c = self.escape()?;
                    let out = owned.get_or_insert_default();
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    run = self.pos;
                }
                Some(_) => self.pos += 1,
            }
        }
        let tail = self.src.get(run..self.pos).unwrap_or_default();
        self.pos += 1;
        Ok(match owned {
            Some(mut bytes) => {
                bytes.extend_from_slice(tail);
                Cow::Owned(replace_invalid(bytes))
            }
            None => match std::str::from_utf8(tail) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => Cow::Owned(replace_invalid(tail.to_vec())),
            },
        })
    }

    fn escape(&mut self) -> Parsed<char> {
        let plain = match self.peek() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.pos += 1;
                return self.unicode();
            }
            _ => return self.unexpected("in string escape code"),
        };
        self.pos += 1;
        Ok(plain)
    }

    fn hex4(&mut self) -> Parsed<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|c| char::from(c).to_digit(16)) else {
                return self.unexpected("in \\u hexadecimal character escape");
            };
            value = value << 4 | digit;
            self.pos += 1;
        }
        Ok(value)
    }

    fn unicode(&mut self) -> Parsed<char> {
        let first = self.hex4()?;
        if let 0xd800..=0xdbff = first {
            // A low half joins; anything else stands for itself, after a replacement character.
            let after = self.pos;
            if self.src.get(after..).is_some_and(|rest| rest.starts_with(b"\\u")) {
                self.pos += 2;
                if let low @ 0xdc00..=0xdfff = self.hex4()? {
                    let value = 0x10000 + ((first & 0x3ff) << 10) + (low & 0x3ff);
                    return Ok(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                self.pos = after;
            }
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}
