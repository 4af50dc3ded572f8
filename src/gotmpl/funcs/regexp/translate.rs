//! Patterns in Go's syntax rewritten for the `regex` crate.
//!
//! In: a pattern for Go's `regexp`. Out: a pattern of the same meaning for `regex`, with the names of the
//! groups, or Go's own error. The whole pattern is parsed here (Go's `regexp/syntax`, Perl mode), and every
//! literal is written out as a code point, so nothing depends on where the two syntaxes differ: `\d \w \s
//! \b` are ASCII, `{` may stand for itself, `\Q..\E` and octal escapes exist, classes do not nest.

use std::fmt::Write as _;

use regex::Regex;

/// Deepest nesting of groups accepted.
const MAX_DEPTH: usize = 1000;
/// Most copies a repetition may ask for, nested ones multiplied.
const MAX_REPEAT: u32 = 1000;

/// An error with the text of Go's `syntax.Error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Go's name for what is wrong.
    pub code: &'static str,
    /// The part of the pattern at fault.
    pub expr: String,
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.code, self.expr)
    }
}

fn err<T>(code: &'static str, expr: &str) -> Result<T, SyntaxError> {
    Err(SyntaxError { code, expr: expr.to_owned() })
}

/// A pattern for `regex`, and the name of each of its groups, the whole match first (empty: unnamed).
pub struct Translated {
    pub pattern: String,
    pub names: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Flags {
    fold: bool,
    multi_line: bool,
    dot_newline: bool,
    swap_greed: bool,
}

impl Flags {
    /// All four flags, so that the group does not depend on what surrounds it.
    fn write(self, out: &mut String) {
        let all = [(self.fold, 'i'), (self.multi_line, 'm'), (self.dot_newline, 's'), (self.swap_greed, 'U')];
        out.push_str("(?");
        out.extend(all.iter().filter(|(on, _)| *on).map(|(_, letter)| *letter));
        if all.iter().any(|(on, _)| !on) {
            out.push('-');
            out.extend(all.iter().filter(|(on, _)| !on).map(|(_, letter)| *letter));
        }
    }
}

/// What is open: the whole pattern, or a group in it.
struct Frame {
    /// Flags to return to at the closing parenthesis.
    flags: Flags,
    /// Highest product of repetitions seen in it.
    weight: u32,
    /// The same of the last item, `None` where a repetition would have nothing to repeat.
    last: Option<u32>,
}

struct Translator<'a> {
    whole: &'a str,
    out: String,
    names: Vec<String>,
    flags: Flags,
    /// A change of flags not yet written: a repetition after it still belongs to the item before it.
    pending: bool,
    stack: Vec<Frame>,
}

/// Translates a pattern.
pub fn translate(pattern: &[u8]) -> Result<Translated, SyntaxError> {
    let whole = match std::str::from_utf8(pattern) {
        Ok(whole) => whole,
        Err(e) => {
            let rest = pattern.get(e.valid_up_to()..).unwrap_or_default();
            return err("invalid UTF-8", &String::from_utf8_lossy(rest));
        }
    };
    let flags = Flags { fold: false, multi_line: false, dot_newline: false, swap_greed: false };
    let mut translator = Translator {
        whole,
        out: String::with_capacity(whole.len() * 2),
        names: vec![String::new()],
        flags,
        pending: false,
        stack: vec![Frame { flags, weight: 1, last: None }],
    };
    translator.run()?;
    Ok(Translated { pattern: translator.out, names: translator.names })
}

/// The first character and the rest.
fn next(text: &str) -> Option<(char, &str)> {
    let mut chars = text.chars();
    chars.next().map(|c| (c, chars.as_str()))
}

/// What was consumed of `text` when `rest` is left of it.
fn consumed<'a>(text: &'a str, rest: &str) -> &'a str {
    text.get(..text.len() - rest.len()).unwrap_or(text)
}

/// `text` without its first `n` bytes, which are ASCII.
fn skip(text: &str, n: usize) -> &str {
    text.get(n..).unwrap_or_default()
}

impl<'a> Translator<'a> {
    fn run(&mut self) -> Result<(), SyntaxError> {
        let mut rest = self.whole;
        // The text from the start of the repetition just before, if there was one.
        let mut last_repeat = "";
        while let Some((c, after)) = next(rest) {
            let mut repeat = "";
            rest = match c {
                '(' if after.starts_with('?') => self.special_group(rest)?,
                '(' => {
                    self.open_group("(", String::new())?;
                    after
                }
                '|' => {
                    self.flush_flags();
                    self.out.push('|');
                    self.top().last = None;
                    after
                }
                ')' => {
                    self.close_group()?;
                    after
                }
                '^' => self.item(if self.flags.multi_line { "(?m:^)" } else { r"\A" }, after),
                '$' => self.item(if self.flags.multi_line { "(?m:$)" } else { r"\z" }, after),
                '.' => self.item(if self.flags.dot_newline { "(?s:.)" } else { r"[^\n]" }, after),
                '[' => self.class(rest)?,
                '*' | '+' | '?' => {
                    repeat = rest;
                    self.repeat(&c.to_string(), None, rest, after, last_repeat)?
                }
                '{' => match parse_repeat(rest) {
                    None => self.literal(c, after),
                    Some((bounds, after)) => {
                        repeat = rest;
                        self.counted_repeat(bounds, rest, after, last_repeat)?
                    }
                },
                '\\' => self.escape(rest)?,
                _ => self.literal(c, after),
            };
            last_repeat = repeat;
        }
        if self.stack.len() != 1 {
            return err("missing closing )", self.whole);
        }
        Ok(())
    }

    #[expect(clippy::expect_used, reason = "the bottom frame is never popped: close_group checks")]
    fn top(&mut self) -> &mut Frame {
        self.stack.last_mut().expect("bottom frame")
    }

    fn flush_flags(&mut self) {
        if std::mem::take(&mut self.pending) {
            self.flags.write(&mut self.out);
            self.out.push(')');
        }
    }

    fn item<'t>(&mut self, text: &str, after: &'t str) -> &'t str {
        self.flush_flags();
        self.out.push_str(text);
        self.top().last = Some(1);
        after
    }

    fn literal<'t>(&mut self, c: char, after: &'t str) -> &'t str {
        self.flush_flags();
        write_char(&mut self.out, c);
        self.top().last = Some(1);
        after
    }

    fn open_group(&mut self, opening: &str, name: String) -> Result<(), SyntaxError> {
        self.flush_flags();
        self.out.push_str(opening);
        if opening == "(" {
            self.names.push(name);
        }
        self.stack.push(Frame { flags: self.flags, weight: 1, last: None });
        if self.stack.len() > MAX_DEPTH {
            return err("expression nests too deeply", self.whole);
        }
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), SyntaxError> {
        if self.stack.len() < 2 {
            return err("unexpected )", self.whole);
        }
        self.pending = false;
        self.out.push(')');
        if let Some(closed) = self.stack.pop() {
            self.flags = closed.flags;
            let top = self.top();
            top.weight = top.weight.max(closed.weight);
            top.last = Some(closed.weight);
        }
        Ok(())
    }

    /// A repetition; `weight` is the number of copies for a counted one.
    fn repeat<'t>(
        &mut self,
        text: &str,
        weight: Option<u32>,
        before: &'t str,
        mut after: &'t str,
        last_repeat: &str,
    ) -> Result<&'t str, SyntaxError> {
        let lazy = after.starts_with('?');
        if lazy {
            after = skip(after, 1);
        }
        if !last_repeat.is_empty() {
            return err("invalid nested repetition operator", consumed(last_repeat, after));
        }
        let Some(last) = self.top().last else {
            return err("missing argument to repetition operator", consumed(before, after));
        };
        let product = match weight {
            None => last,
            Some(0) => 1,
            Some(copies) => copies.saturating_mul(last),
        };
        if weight.is_some_and(|copies| copies >= 2) && product > MAX_REPEAT {
            return err("invalid repeat count", consumed(before, after));
        }
        let top = self.top();
        top.last = Some(product);
        top.weight = top.weight.max(product);
        self.out.push_str(text);
        if lazy {
            self.out.push('?');
        }
        Ok(after)
    }

    fn counted_repeat<'t>(
        &mut self,
        (min, max): (Option<u32>, Option<u32>),
        before: &'t str,
        after: &'t str,
        last_repeat: &str,
    ) -> Result<&'t str, SyntaxError> {
        let bad = err("invalid repeat count", consumed(before, after));
        let Some(min) = min else { return bad };
        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || min > max) {
            return bad;
        }
        let text = match max {
            Some(max) => format!("{{{min},{max}}}"),
            None => format!("{{{min},}}"),
        };
        // `{0}` repeats nothing; `{0,}` is a star and multiplies nothing.
        let weight = match max {
            Some(max) => max,
            None => min.max(1),
        };
        self.repeat(&text, Some(weight), before, after, last_repeat)
    }

    /// `(?P<name>`, `(?<name>`, `(?flags)`, `(?flags:`; `text` starts with `(?`.
    fn special_group<'t>(&mut self, text: &'t str) -> Result<&'t str, SyntaxError> {
        let bytes = text.as_bytes();
        let python = bytes.len() > 4 && text.starts_with("(?P<");
        let plain = bytes.len() > 3 && text.starts_with("(?<");
        if python || plain {
            let Some((head, after)) = text.split_once('>') else {
                return err("invalid named capture", text);
            };
            let name = skip(head, if python { 4 } else { 3 });
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return err("invalid named capture", consumed(text, after));
            }
            self.open_group("(", name.to_owned())?;
            return Ok(after);
        }
        let mut flags = self.flags;
        let (mut on, mut seen) = (true, false);
        let mut rest = skip(text, 2);
        while let Some((c, after)) = next(rest) {
            rest = after;
            match c {
                'i' => flags.fold = on,
                'm' => flags.multi_line = on,
                's' => flags.dot_newline = on,
                'U' => flags.swap_greed = on,
                '-' if on => {
                    on = false;
                    seen = false;
                    continue;
                }
                ':' | ')' if on || seen => {
                    if c == ':' {
                        let mut opening = String::new();
                        flags.write(&mut opening);
                        opening.push(':');
                        self.open_group(&opening, String::new())?;
                        self.flags = flags;
                    } else {
                        self.pending |= flags != self.flags;
                        self.flags = flags;
                    }
                    return Ok(rest);
                }
                _ => break,
            }
            seen = true;
        }
        err("invalid or unsupported Perl syntax", consumed(text, rest))
    }

    /// An escape outside a class; `text` starts with the backslash.
    fn escape<'t>(&mut self, text: &'t str) -> Result<&'t str, SyntaxError> {
        let after = skip(text, 2);
        match text.as_bytes().get(1) {
            Some(b'A') => return Ok(self.item(r"\A", after)),
            Some(b'z') => return Ok(self.item(r"\z", after)),
            Some(b'b') => return Ok(self.item(r"(?-u:\b)", after)),
            Some(b'B') => return Ok(self.item(r"(?-u:\B)", after)),
            Some(b'C') => return err("invalid escape sequence", consumed(text, after)),
            Some(b'Q') => {
                let (literals, after) = after.split_once(r"\E").unwrap_or((after, ""));
                for c in literals.chars() {
                    self.literal(c, "");
                }
                return Ok(after);
            }
            _ => {}
        }
        let mut class = String::new();
        if let Some(after) = class_escape(text, &mut class)? {
            return Ok(self.item(&format!("[{class}]"), after));
        }
        let (code, after) = parse_escape(text)?;
        match char::from_u32(code) {
            Some(c) => Ok(self.literal(c, after)),
            // A surrogate occurs in no text.
            None => Ok(self.item(r"[^\x{0}-\x{10FFFF}]", after)),
        }
    }

    /// A bracketed class; `text` starts with the bracket.
    fn class<'t>(&mut self, text: &'t str) -> Result<&'t str, SyntaxError> {
        let mut out = String::from("[");
        let mut rest = skip(text, 1);
        if rest.starts_with('^') {
            out.push('^');
            rest = skip(rest, 1);
        }
        let start = out.len();
        let mut first = true;
        while first || !rest.starts_with(']') {
            first = false;
            if let Some(after) = named_class(rest, &mut out)? {
                rest = after;
                continue;
            }
            if let Some(after) = class_escape(rest, &mut out)? {
                rest = after;
                continue;
            }
            let range = rest;
            let (low, after) = class_char(rest, text)?;
            rest = after;
            let mut high = low;
            if rest.len() >= 2 && rest.starts_with('-') && !rest.starts_with("-]") {
                (high, rest) = class_char(skip(rest, 1), text)?;
                if high < low {
                    return err("invalid character class range", consumed(range, rest));
                }
            }
            write_range(&mut out, low, high);
        }
        if out.len() == start {
            // Nothing but surrogates: the class of no character.
            out.push_str(r"[^\x{0}-\x{10FFFF}]");
        }
        out.push(']');
        Ok(self.item(&out, skip(rest, 1)))
    }
}

/// One character so that `regex` takes it as itself, inside a class and outside.
fn write_char(out: &mut String, c: char) {
    if c.is_ascii() && !c.is_ascii_alphanumeric() {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\x{:02X}", u32::from(c));
    } else {
        out.push(c);
    }
}

/// A range inside a class, less the surrogates.
fn write_range(out: &mut String, low: u32, high: u32) {
    let low = if (0xD800..=0xDFFF).contains(&low) { 0xE000 } else { low };
    let high = if (0xD800..=0xDFFF).contains(&high) { 0xD7FF } else { high };
    if let (Some(low), Some(high)) = (char::from_u32(low), char::from_u32(high))
        && low <= high
    {
        write_char(out, low);
        if low != high {
            out.push('-');
            write_char(out, high);
        }
    }
}

/// `[:alpha:]` and the like.
fn named_class<'t>(text: &'t str, out: &mut String) -> Result<Option<&'t str>, SyntaxError> {
    if text.len() <= 2 || !text.starts_with("[:") {
        return Ok(None);
    }
    let Some((name, after)) = skip(text, 2).split_once(":]") else {
        return Ok(None);
    };
    let known = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
        "upper", "word", "xdigit",
    ];
    if !known.contains(&name.strip_prefix('^').unwrap_or(name)) {
        return err("invalid character class range", consumed(text, after));
    }
    let _ = write!(out, "[:{name}:]");
    Ok(Some(after))
}

/// `\d`, `\pL` and the like, written for the inside of a class.
fn class_escape<'t>(text: &'t str, out: &mut String) -> Result<Option<&'t str>, SyntaxError> {
    let Some(&letter) = text.strip_prefix('\\').and_then(|rest| rest.as_bytes().first()) else {
        return Ok(None);
    };
    let class = match letter {
        b'd' => "0-9",
        b'D' => "[^0-9]",
        b's' => r"\t\n\f\r\x20",
        b'S' => r"[^\t\n\f\r\x20]",
        b'w' => "0-9A-Za-z_",
        b'W' => "[^0-9A-Za-z_]",
        b'p' | b'P' => return unicode_class(text, letter == b'P', out).map(Some),
        _ => return Ok(None),
    };
    out.push_str(class);
    Ok(Some(skip(text, 2)))
}

/// `\pN`, `\p{Greek}`, `\P{^Lu}`; `text` starts with the backslash.
fn unicode_class<'t>(text: &'t str, negated: bool, out: &mut String) -> Result<&'t str, SyntaxError> {
    const CODE: &str = "invalid character class range";
    let (name, after) = match next(skip(text, 2)) {
        // Go looks the missing letter up as an empty name.
        None => return err(CODE, text),
        Some(('{', rest)) => match rest.split_once('}') {
            Some(split) => split,
            None => return err(CODE, text),
        },
        Some((_, rest)) => (skip(consumed(text, rest), 2), rest),
    };
    let sequence = consumed(text, after);
    let (name, negated) = match name.strip_prefix('^') {
        Some(name) => (name, !negated),
        None => (name, negated),
    };
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' '))
    {
        return err(CODE, sequence);
    }
    // Go knows general categories and scripts, and no other properties.
    for property in ["gc", "sc"] {
        let class = format!(r"\{}{{{property}={name}}}", if negated { 'P' } else { 'p' });
        if Regex::new(&class).is_ok() {
            out.push_str(&class);
            return Ok(after);
        }
    }
    err(CODE, sequence)
}

fn class_char<'t>(text: &'t str, whole: &str) -> Result<(u32, &'t str), SyntaxError> {
    match next(text) {
        None => err("missing closing ]", whole),
        Some(('\\', _)) => parse_escape(text),
        Some((c, after)) => Ok((u32::from(c), after)),
    }
}

/// An escape for one character; `text` starts with the backslash.
fn parse_escape(text: &str) -> Result<(u32, &str), SyntaxError> {
    const CODE: &str = "invalid escape sequence";
    let Some((c, mut rest)) = next(skip(text, 1)) else {
        return err("trailing backslash at end of expression", "");
    };
    let simple = match c {
        'a' => '\u{7}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '0'..='7' => {
            if c != '0' && !rest.starts_with(|c: char| c.is_digit(8)) {
                // A back reference.
                return err(CODE, consumed(text, rest));
            }
            let mut code = c.to_digit(8).unwrap_or_default();
            for _ in 0..2 {
                let Some((digit, after)) = next(rest).and_then(|(c, after)| Some((c.to_digit(8)?, after)))
                else {
                    break;
                };
                code = code * 8 + digit;
                rest = after;
            }
            return Ok((code, rest));
        }
        'x' => return parse_hex(text, rest),
        _ if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
        _ => return err(CODE, consumed(text, rest)),
    };
    Ok((u32::from(simple), rest))
}

/// `\x41` or `\x{10FFFF}`; `rest` is what follows the `x`.
fn parse_hex<'t>(text: &'t str, rest: &'t str) -> Result<(u32, &'t str), SyntaxError> {
    const CODE: &str = "invalid escape sequence";
    let Some((first, mut rest)) = next(rest) else {
        return err(CODE, text);
    };
    if first != '{' {
        let Some((second, after)) = next(rest) else {
            return err(CODE, text);
        };
        return match (first.to_digit(16), second.to_digit(16)) {
            (Some(x), Some(y)) => Ok((x * 16 + y, after)),
            _ => err(CODE, consumed(text, after)),
        };
    }
    let (mut code, mut digits) = (0, 0);
    while let Some((c, after)) = next(rest) {
        rest = after;
        match c.to_digit(16) {
            Some(digit) => {
                code = code * 16 + digit;
                digits += 1;
                if code > 0x10_FFFF {
                    break;
                }
            }
            None if c == '}' && digits > 0 => return Ok((code, rest)),
            None => break,
        }
    }
    err(CODE, consumed(text, rest))
}

type Bounds = (Option<u32>, Option<u32>);

/// `{n}`, `{n,}` or `{n,m}`; `None` where the brace is a literal. A first number of `None` is too large.
fn parse_repeat(text: &str) -> Option<(Bounds, &str)> {
    let (min, rest) = parse_int(skip(text, 1))?;
    if let Some(after) = rest.strip_prefix('}') {
        return Some(((min, min), after));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(after) = rest.strip_prefix('}') {
        return Some(((min, None), after));
    }
    let (max, rest) = parse_int(rest)?;
    let after = rest.strip_prefix('}')?;
    Some(((max.and(min), max), after))
}

/// A number without leading zeros; `None` inside where it is huge.
fn parse_int(text: &str) -> Option<(Option<u32>, &str)> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse::<u32>().ok().filter(|n| *n < 1_000_000_000), rest))
}
