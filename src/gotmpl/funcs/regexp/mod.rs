//! Go's `regexp` over the `regex` crate: its syntax, its errors, its rules for empty matches and for `$1`.
//!
//! In: patterns and texts as bytes. Out: matches and rewritten texts as bytes. A text that is not UTF-8 is
//! matched as Go does, each bad byte standing for U+FFFD.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use regex::{Regex, RegexBuilder, bytes};

use super::super::fuel::{self, MAX_ITEMS, MAX_TEXT};
use super::runes;
pub use translate::SyntaxError;
use translate::translate;

#[cfg(test)]
mod tests;
mod translate;

/// Largest compiled programs, in bytes, and what compiling takes of a render's budget: first as a pattern of any
/// real chart, then as Go would still accept it, but for classes of thousands of characters repeated hundreds of
/// times, which take far more as UTF-8.
const SIZES: [(usize, usize); 2] = [(256 << 10, 10_000), (16 << 20, 3_000_000)];

/// A search reads this many bytes in a step of the budget.
const BYTES_A_STEP: usize = 32;

/// A pattern as the regex crate compiled it.
#[derive(Debug)]
enum Program {
    /// For ASCII texts alone, where a byte is a character: most texts are, and compiling `.` or `[^a]` for all of
    /// Unicode takes longer than a template around it.
    Ascii(bytes::Regex),
    Unicode(Regex),
}

impl Program {
    fn find_at(&self, text: &str, at: usize) -> Option<Span> {
        match self {
            Self::Ascii(regex) => regex.find_at(text.as_bytes(), at).map(|m| (m.start(), m.end())),
            Self::Unicode(regex) => regex.find_at(text, at).map(|m| (m.start(), m.end())),
        }
    }

    /// The whole match, then its groups.
    fn captures_at(&self, text: &str, at: usize) -> Option<Vec<Option<Span>>> {
        Some(match self {
            Self::Ascii(regex) => {
                let captures = regex.captures_at(text.as_bytes(), at)?;
                captures.iter().map(|group| group.map(|m| (m.start(), m.end()))).collect()
            }
            Self::Unicode(regex) => {
                let captures = regex.captures_at(text, at)?;
                captures.iter().map(|group| group.map(|m| (m.start(), m.end()))).collect()
            }
        })
    }
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Regexp {
    program: Program,
    names: Vec<String>,
    /// Whether the pattern is the empty text, which `split` treats apart.
    blank: bool,
    /// Whether it needed more than the first of [`SIZES`].
    large: bool,
}

type Known = HashMap<Vec<u8>, Result<Rc<Regexp>, SyntaxError>>;

/// Compiled patterns by their Go text, for one render: those for ASCII texts, and those for all others.
#[derive(Debug, Default)]
pub struct Cache {
    ascii: Known,
    others: Known,
    large: usize,
}

impl Cache {
    /// How many patterns are known.
    pub fn len(&self) -> usize {
        self.ascii.len() + self.others.len()
    }

    /// How many of them are large.
    pub fn large(&self) -> usize {
        self.large
    }

    /// The pattern compiled for a text, from memory when it was met before.
    pub fn get(&mut self, pattern: &[u8], text: &[u8]) -> Result<Rc<Regexp>, SyntaxError> {
        let ascii = text.is_ascii();
        let known = if ascii { &mut self.ascii } else { &mut self.others };
        if let Some(known) = known.get(pattern) {
            return known.clone();
        }
        let compiled = Regexp::compile(pattern, ascii).map(Rc::new);
        self.large += usize::from(compiled.as_ref().is_ok_and(|regexp| regexp.large));
        known.insert(pattern.to_vec(), compiled.clone());
        compiled
    }
}

/// A text as the regex crate wants it, with the way back to the bytes where bad ones were replaced.
struct Haystack<'t> {
    text: Cow<'t, str>,
    /// For each replaced byte, the offset in `text` just after its U+FFFD.
    replaced: Vec<usize>,
}

impl<'t> Haystack<'t> {
    fn new(bytes: &'t [u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self { text: Cow::Borrowed(text), replaced: Vec::new() };
        }
        let (mut text, mut replaced) = (String::with_capacity(bytes.len() + 16), Vec::new());
        for (_, c, width) in runes::runes(bytes) {
            text.push(c);
            if c == runes::RUNE_ERROR && width == 1 {
                replaced.push(text.len());
            }
        }
        Self { text: Cow::Owned(text), replaced }
    }

    /// The offset in the original bytes: a replaced byte became three.
    fn original(&self, at: usize) -> usize {
        at - 2 * self.replaced.partition_point(|end| *end <= at)
    }
}

type Span = (usize, usize);

impl Regexp {
    /// Compiles a pattern in Go's syntax, perhaps for ASCII texts alone.
    pub fn compile(pattern: &[u8], ascii: bool) -> Result<Self, SyntaxError> {
        let translated = translate(pattern)?;
        let source = &translated.pattern;
        // What is beyond ASCII, or a class of Unicode's, would mean something else.
        let ascii = ascii && source.is_ascii() && !source.contains(r"\p") && !source.contains(r"\P");
        for (index, (size, steps)) in SIZES.into_iter().enumerate() {
            if fuel::spend(steps).is_err() {
                break;
            }
            let program = if ascii {
                let mut builder = bytes::RegexBuilder::new(source);
                let limits = builder.size_limit(size).dfa_size_limit(1 << 20).nest_limit(4096);
                limits.unicode(false).build().map(Program::Ascii)
            } else {
                let mut builder = RegexBuilder::new(source);
                let limits = builder.size_limit(size).dfa_size_limit(1 << 20).nest_limit(4096);
                limits.build().map(Program::Unicode)
            };
            if let Ok(program) = program {
                let blank = pattern.is_empty();
                return Ok(Self { program, names: translated.names, blank, large: index > 0 });
            }
        }
        Err(SyntaxError { code: "expression too large", expr: String::from_utf8_lossy(pattern).into_owned() })
    }

    /// Whether the pattern occurs in the text.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.program.find_at(&Haystack::new(text).text, 0).is_some()
    }

    /// The first match, else an empty text (`FindString`).
    pub fn find<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let hay = Haystack::new(text);
        match self.program.find_at(&hay.text, 0) {
            None => &[],
            Some((from, to)) => slice(text, (hay.original(from), hay.original(to))),
        }
    }

    /// The first `n` matches, all with a negative `n` (`FindAllString`); `None` where Go has a nil slice.
    pub fn find_all<'t>(&self, text: &'t [u8], n: i64) -> Option<Vec<&'t [u8]>> {
        let found: Vec<_> = self.spans(text, n).into_iter().map(|span| slice(text, span)).collect();
        if found.is_empty() { None } else { Some(found) }
    }

    /// The text around up to `n` matches, all with a negative `n` (`Split`); `None` where Go has a nil slice.
    pub fn split<'t>(&self, text: &'t [u8], n: i64) -> Option<Vec<&'t [u8]>> {
        if n == 0 {
            return None;
        }
        if !self.blank && text.is_empty() {
            return Some(vec![text]);
        }
        let mut parts = Vec::new();
        let (mut begin, mut end) = (0, 0);
        for (from, to) in self.spans(text, n) {
            if n > 0 && i64::try_from(parts.len()).is_ok_and(|len| len == n - 1) {
                break;
            }
            end = from;
            if to != 0 {
                parts.push(slice(text, (begin, end)));
            }
            begin = to;
        }
        if end != text.len() {
            parts.push(slice(text, (begin, text.len())));
        }
        Some(parts)
    }

    /// Replaces each match; `$1`, `${name}` and `$$` are expanded (`ReplaceAllString`).
    pub fn replace_all<'t>(&self, text: &'t [u8], replacement: &[u8]) -> Cow<'t, [u8]> {
        if !replacement.contains(&b'$') {
            return self.replace_all_literal(text, replacement);
        }
        let hay = Haystack::new(text);
        self.replace_with(text, &hay, |at, out| {
            let mut groups = self.program.captures_at(&hay.text, at)?;
            let whole = groups.first().copied().flatten()?;
            for (from, to) in groups.iter_mut().flatten() {
                (*from, *to) = (hay.original(*from), hay.original(*to));
            }
            self.expand(out, replacement, text, &groups);
            Some(whole)
        })
    }

    /// Replaces each match by the replacement as it is (`ReplaceAllLiteralString`).
    pub fn replace_all_literal<'t>(&self, text: &'t [u8], replacement: &[u8]) -> Cow<'t, [u8]> {
        let hay = Haystack::new(text);
        self.replace_with(text, &hay, |at, out| {
            let whole = self.program.find_at(&hay.text, at)?;
            out.extend_from_slice(replacement);
            Some(whole)
        })
    }

    /// `next` finds a match from an offset on and appends its replacement.
    fn replace_with<'t>(
        &self,
        text: &'t [u8],
        hay: &Haystack<'t>,
        next: impl Fn(usize, &mut Vec<u8>) -> Option<Span>,
    ) -> Cow<'t, [u8]> {
        let mut out: Option<Vec<u8>> = None;
        let mut replacement = Vec::new();
        let (mut last_end, mut at) = (0, 0);
        while at <= hay.text.len() {
            replacement.clear();
            if out.as_ref().map_or(0, Vec::len) > MAX_TEXT || fuel::spend(search(&hay.text, at)).is_err() {
                // Too large to be a result, or no budget for one: whoever called this function finds out.
                break;
            }
            let Some((from, to)) = next(at, &mut replacement) else { break };
            let out = out.get_or_insert_with(|| Vec::with_capacity(text.len() + replacement.len()));
            out.extend_from_slice(slice(text, (hay.original(last_end), hay.original(from))));
            // An empty match right after another match is not replaced.
            if to > last_end || from == 0 {
                out.extend_from_slice(&replacement);
            }
            last_end = to;
            at = advance(&hay.text, at, to);
        }
        match out {
            None => Cow::Borrowed(text),
            Some(mut out) => {
                out.extend_from_slice(slice(text, (hay.original(last_end), text.len())));
                Cow::Owned(out)
            }
        }
    }

    /// Byte ranges of the first `n` matches, all with a negative `n`.
    fn spans(&self, text: &[u8], n: i64) -> Vec<Span> {
        let hay = Haystack::new(text);
        let limit = usize::try_from(n).unwrap_or(usize::MAX);
        let mut spans = Vec::new();
        let (mut at, mut previous_end) = (0, None);
        while spans.len() < limit && at <= hay.text.len() {
            if spans.len() > MAX_ITEMS || fuel::spend(search(&hay.text, at)).is_err() {
                break;
            }
            let Some((from, to)) = self.program.find_at(&hay.text, at) else { break };
            let mut accepted = true;
            if to == at {
                // An empty match right after another match is none.
                accepted = previous_end != Some(from);
                at = advance(&hay.text, at, to);
            } else {
                at = to;
            }
            previous_end = Some(to);
            if accepted {
                spans.push((hay.original(from), hay.original(to)));
            }
        }
        spans
    }

    fn expand(&self, out: &mut Vec<u8>, template: &[u8], text: &[u8], spans: &[Option<Span>]) {
        let mut rest = template;
        while let Some(dollar) = rest.iter().position(|b| *b == b'$') {
            out.extend_from_slice(slice(rest, (0, dollar)));
            rest = slice(rest, (dollar + 1, rest.len()));
            if let Some(after) = rest.strip_prefix(b"$") {
                out.push(b'$');
                rest = after;
                continue;
            }
            let Some((name, after)) = reference(rest) else {
                out.push(b'$');
                continue;
            };
            rest = after;
            let span = match number(name) {
                Some(n) => spans.get(n).copied().flatten(),
                None => {
                    let named = self.names.iter().zip(spans).filter(|(known, _)| known.as_bytes() == name);
                    named.filter_map(|(_, span)| *span).next()
                }
            };
            if let Some(span) = span {
                out.extend_from_slice(slice(text, span));
            }
        }
        out.extend_from_slice(rest);
    }
}

/// What a search from `at` on takes of the budget: at worst it reads all the rest.
fn search(text: &str, at: usize) -> usize {
    1 + (text.len() - at) / BYTES_A_STEP
}

fn slice(bytes: &[u8], (from, to): Span) -> &[u8] {
    bytes.get(from..to).unwrap_or_default()
}

/// Where to search next after a match that was searched from `at` and ended at `to`: at least one character on.
fn advance(text: &str, at: usize, to: usize) -> usize {
    let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    if at + width > to { at + width } else { to }
}

/// The name after a `$`, braces removed, and the rest; `None` where the dollar is text.
fn reference(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (braced, body) = match rest.strip_prefix(b"{") {
        Some(body) => (true, body),
        None => (false, rest),
    };
    let letter = |c: char| {
        c == '_'
            || c.is_ascii_alphanumeric()
            || (!c.is_ascii() && (runes::is_letter(c) || runes::is_digit(c)))
    };
    let end = runes::runes(body).find(|(_, c, _)| !letter(*c)).map_or(body.len(), |(at, ..)| at);
    let (name, after) = body.split_at_checked(end)?;
    if name.is_empty() {
        return None;
    }
    let after = if braced { after.strip_prefix(b"}")? } else { after };
    Some((name, after))
}

/// A group number: digits without a leading zero.
fn number(name: &[u8]) -> Option<usize> {
    if name.len() > 1 && name.first() == Some(&b'0') || name.len() > 9 || !name.iter().all(u8::is_ascii_digit)
    {
        return None;
    }
    std::str::from_utf8(name).ok()?.parse().ok()
}

/// Escapes what has a meaning in patterns (`QuoteMeta`).
pub fn quote_meta(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2);
    for &b in text {
        if br"\.+*?()|[]{}^$".contains(&b) {
            out.push(b'\\');
        }
        out.push(b);
    }
    out
}

/// The message of Go's `MustCompile`, which sprig's functions without `must` use.
pub fn must_compile_message(pattern: &[u8], error: &SyntaxError) -> Vec<u8> {
    let mut out = b"regexp: Compile(".to_vec();
    // Go's CanBackquote: UTF-8 without control characters (a tab is fine), backquotes and byte order marks.
    let plain = std::str::from_utf8(pattern).is_ok_and(|text| {
        !text.chars().any(|c| (c < ' ' && c != '\t') || matches!(c, '`' | '\u{7f}' | '\u{feff}'))
    });
    if plain {
        out.push(b'`');
        out.extend_from_slice(pattern);
        out.push(b'`');
    } else {
        out.extend(super::super::strconv::quote(pattern));
    }
    out.extend_from_slice(format!("): {error}").as_bytes());
    out
}
