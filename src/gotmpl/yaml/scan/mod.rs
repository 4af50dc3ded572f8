//! Characters to tokens, as libyaml does it: indentation becomes block starts and ends, and a `:` turns what
//! stood before it into a key.
//!
//! In: the text of one stream. Out: [`Token`]s on demand, in an order with just the look-ahead
//! libyaml has, because that decides which of two errors is reported. Text of scalars is borrowed from the
//! input wherever no escape or folded line break changed it.
//!
//! A column is `pos - line_start`: passing a character of several bytes moves `line_start` along, so that
//! columns count characters as the indentation rules want.

pub mod input;
mod scalar;

use std::borrow::Cow;
use std::collections::VecDeque;

use super::Error;

/// A place in the text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    pub pos: u32,
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug)]
pub enum TokenKind<'a> {
    StreamStart,
    StreamEnd,
    Version(u8, u8),
    TagDirective(Box<TagParts<'a>>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag(Box<TagParts<'a>>),
    Scalar { text: Cow<'a, str>, plain: bool },
}

/// A tag's handle (`!`, `!!`, `!name!`, or none) and the rest; for a directive, the prefix.
#[derive(Clone, Debug)]
pub struct TagParts<'a> {
    pub handle: &'a str,
    pub rest: String,
}

#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub kind: TokenKind<'a>,
    pub start: Mark,
    pub end: Mark,
}

/// A token that turns out to be a key if a `:` follows in time.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    /// Whether the head of the queue waits for it. Closing an empty flow collection makes Go's scanner forget
    /// the collection's own key, so that it is handed out as if it could be none.
    awaited: bool,
    token: usize,
    mark: Mark,
}

/// Characters between the start of a key without `?` and its `:`.
const KEY_LIMIT: usize = 1024;
/// Nesting of block or flow collections libyaml's Go port accepts.
const DEPTH_LIMIT: usize = 10_000;

pub struct Scanner<'a> {
    text: &'a str,
    src: &'a [u8],
    broken: Option<&'static str>,
    pos: usize,
    line: usize,
    line_start: usize,
    started: bool,
    flow_level: usize,
    /// Column of the innermost block collection, -1 outside.
    indent: isize,
    indents: Vec<isize>,
    simple_key_allowed: bool,
    /// One per flow level.
    simple_keys: Vec<SimpleKey>,
    tokens: VecDeque<Token<'a>>,
    /// Tokens taken from the head of `tokens` so far.
    taken: usize,
    /// Whether the head of `tokens` is known not to become a key any more.
    ready: bool,
}

type Scanned<T> = Result<T, Box<Error>>;

/// Owned text of a scalar, begun only when a plain slice of the input no longer will do.
struct Text<'a> {
    text: &'a str,
    start: usize,
    /// Where the slice from `start` ends; unused once `owned`.
    end: usize,
    owned: Option<String>,
}

impl<'a> Text<'a> {
    fn new(text: &'a str, start: usize) -> Self {
        Text { text, start, end: start, owned: None }
    }

    /// Adds `text[from..to]`; stays a slice as long as pieces join.
    fn slice(&mut self, from: usize, to: usize) {
        match &mut self.owned {
            None if from == self.end => self.end = to,
            None if self.end == self.start => (self.start, self.end) = (from, to),
            _ => {
                let piece = self.text.get(from..to).unwrap_or_default();
                self.own().push_str(piece);
            }
        }
    }

    fn own(&mut self) -> &mut String {
        let so_far = self.text.get(self.start..self.end).unwrap_or_default();
        self.owned.get_or_insert_with(|| String::from(so_far))
    }

    fn finish(self) -> Cow<'a, str> {
        match self.owned {
            Some(owned) => Cow::Owned(owned),
            None => Cow::Borrowed(self.text.get(self.start..self.end).unwrap_or_default()),
        }
    }
}

/// Bytes that need a look while a plain scalar is read.
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, within 256")]
const fn plain_stops() -> [bool; 256] {
    let mut table = [false; 256];
    let stops = b"\0 \t\r\n:,?[]{}\xc2\xe2";
    let mut i = 0;
    while i < stops.len() {
        table[stops[i] as usize] = true;
        i += 1;
    }
    // Every other lead byte too, for the column.
    let mut b = 0x80;
    while b < 256 {
        table[b] = true;
        b += 1;
    }
    table
}

static PLAIN_STOP: [bool; 256] = plain_stops();

fn stops_plain(b: u8) -> bool {
    PLAIN_STOP.get(usize::from(b)).copied().unwrap_or(true)
}

fn width(b: u8) -> usize {
    match b {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
}

impl<'a> Scanner<'a> {
    /// A scanner of `text`, behind which, if it does not simply end, there is the problem `broken`.
    pub fn new(text: &'a str, broken: Option<&'static str>) -> Self {
        Scanner {
            text,
            src: text.as_bytes(),
            broken,
            pos: 0,
            line: 0,
            line_start: 0,
            started: false,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            tokens: VecDeque::new(),
            taken: 0,
            ready: false,
        }
    }

    /// The next token, left in place.
    #[inline]
    pub fn peek(&mut self) -> Scanned<&Token<'a>> {
        if !self.ready {
            self.fetch_more()?;
        }
        self.tokens.front().ok_or_else(|| Error::plain("did not find expected <stream-start>"))
    }

    /// Takes the token last peeked.
    pub fn take(&mut self) -> Scanned<Token<'a>> {
        self.peek()?;
        self.ready = false;
        self.taken += 1;
        self.tokens.pop_front().ok_or_else(|| Error::plain("did not find expected <stream-start>"))
    }

    // Looking at characters.

    fn at(&self, offset: usize) -> u8 {
        self.src.get(self.pos + offset).copied().unwrap_or(0)
    }

    fn column(&self) -> usize {
        self.pos.wrapping_sub(self.line_start)
    }

    fn mark(&self) -> Mark {
        // A stream beyond 4 GiB has been refused.
        Mark { pos: self.pos as u32, line: self.line as u32, column: self.column() as u32 }
    }

    fn break_width(&self, offset: usize) -> usize {
        match self.at(offset) {
            b'\r' if self.at(offset + 1) == b'\n' => 2,
            b'\r' | b'\n' => 1,
            0xc2 if self.at(offset + 1) == 0x85 => 2,
            0xe2 if self.at(offset + 1) == 0x80 && matches!(self.at(offset + 2), 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    fn is_break(&self, offset: usize) -> bool {
        self.break_width(offset) > 0
    }

    fn is_breakz(&self, offset: usize) -> bool {
        self.at(offset) == 0 || self.is_break(offset)
    }

    fn is_blank(&self, offset: usize) -> bool {
        matches!(self.at(offset), b' ' | b'\t')
    }

    fn is_blankz(&self, offset: usize) -> bool {
        match self.at(offset) {
            b' ' | b'\t' | b'\r' | b'\n' | 0 => true,
            0xc2 | 0xe2 => self.is_break(offset),
            _ => false,
        }
    }

    fn at_document_mark(&self) -> bool {
        self.column() == 0
            && matches!((self.at(0), self.at(1), self.at(2)), (b'-', b'-', b'-') | (b'.', b'.', b'.'))
            && self.is_blankz(3)
    }

    // Moving on.

    /// Passes one character that is not a line break.
    fn skip(&mut self) {
        let w = width(self.at(0));
        self.pos += w;
        self.line_start = self.line_start.wrapping_add(w - 1);
    }

    fn skip_ascii(&mut self, n: usize) {
        self.pos += n;
    }

    fn skip_break(&mut self) {
        let w = self.break_width(0);
        if w > 0 {
            self.pos += w;
            self.line += 1;
            self.line_start = self.pos;
        }
    }

    /// Passes a line break and gives it as it counts in a scalar.
    fn read_break(&mut self) -> &'a str {
        let text = match self.at(0) {
            0xe2 => self.text.get(self.pos..self.pos + 3).unwrap_or_default(),
            _ => "\n",
        };
        self.skip_break();
        text
    }

    /// Passes a comment, up to its line break. The column it leaves is only good for not being 0.
    #[inline]
    fn skip_comment(&mut self) {
        if self.at(0) == b'#' {
            self.pass_comment();
        }
    }

    #[inline(never)]
    fn pass_comment(&mut self) {
        let line = self.line_ahead();
        if line.is_ascii() {
            self.pos += line.len();
            return;
        }
        loop {
            let rest = self.src.get(self.pos..).unwrap_or_default();
            let stop = |b: &u8| matches!(b, b'\n' | b'\r' | 0xc2 | 0xe2);
            self.pos += rest.iter().position(stop).unwrap_or(rest.len());
            if self.is_breakz(0) {
                return;
            }
            self.skip();
        }
    }

    /// The bytes before the next carriage return or line feed, which are all there are of breaks among ASCII.
    fn line_ahead(&self) -> &'a [u8] {
        let rest = self.src.get(self.pos..).unwrap_or_default();
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip_ascii(1);
        }
    }

    // Errors.

    fn fail<T>(&self, problem: &str) -> Scanned<T> {
        // libyaml counts lines from nought; Go adds one for the scanner, yet leaves the first line unnamed.
        let line = if self.line == 0 { 0 } else { self.line + 1 };
        Err(Error::at(problem, line, self.pos))
    }

    /// Fails with the reader's problem once fewer than `n` characters of a broken stream are left.
    #[inline]
    fn require(&self, n: usize) -> Scanned<()> {
        match self.broken {
            None => Ok(()),
            Some(problem) => self.require_of_broken(n, problem),
        }
    }

    #[cold]
    fn require_of_broken(&self, n: usize, problem: &str) -> Scanned<()> {
        let left = self.text.get(self.pos..).unwrap_or_default();
        if left.chars().take(n).count() < n { Err(Error::at(problem, 0, self.text.len())) } else { Ok(()) }
    }

    // Tokens.

    fn push(&mut self, kind: TokenKind<'a>, start: Mark) {
        let end = self.mark();
        self.tokens.push_back(Token { kind, start, end });
    }

    /// Makes the head of the queue ready.
    #[inline(never)]
    fn fetch_more(&mut self) -> Scanned<()> {
        loop {
            if !self.tokens.is_empty() {
                let head = self.taken;
                let Some(level) = self.simple_keys.iter().position(|k| k.awaited && k.token == head) else {
                    break;
                };
                if !self.key_still_possible(level)? {
                    break;
                }
            }
            let fetched = self.fetch_next();
            if self.started {
                self.require(1)?;
            }
            fetched?;
        }
        self.ready = true;
        Ok(())
    }

    fn key_still_possible(&mut self, level: usize) -> Scanned<bool> {
        let (line, column) = (self.line, self.column());
        let Some(key) = self.simple_keys.get_mut(level) else { return Ok(false) };
        if !key.possible {
            return Ok(false);
        }
        // Both columns lie on one line here, so their distance is the distance in characters.
        if (key.mark.line as usize) < line || key.mark.column as usize + KEY_LIMIT < column {
            if key.required {
                return self.fail("could not find expected ':'");
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_simple_key(&mut self) -> Scanned<()> {
        if self.simple_key_allowed {
            let mark = self.mark();
            let key = SimpleKey {
                possible: true,
                awaited: true,
                required: self.flow_level == 0 && self.indent == mark.column as isize,
                token: self.taken + self.tokens.len(),
                mark,
            };
            self.remove_simple_key()?;
            if let Some(slot) = self.simple_keys.last_mut() {
                *slot = key;
            }
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Scanned<()> {
        match self.simple_keys.last_mut() {
            Some(key) if key.possible && key.required => self.fail("could not find expected ':'"),
            Some(key) => {
                if key.possible {
                    (key.possible, key.awaited) = (false, false);
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Opens a block collection at `column`, before token number `token` or at the end of the queue.
    fn roll_indent(
        &mut self,
        column: usize,
        token: Option<usize>,
        kind: TokenKind<'a>,
        mark: Mark,
    ) -> Scanned<()> {
        if self.flow_level > 0 || self.indent >= column as isize {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column as isize;
        if self.indents.len() > DEPTH_LIMIT {
            return self.fail(&format!("exceeded max depth of {DEPTH_LIMIT}"));
        }
        self.insert(token, kind, mark);
        Ok(())
    }

    /// Puts a token before token number `before`; last if that has been taken already or there is none.
    fn insert(&mut self, before: Option<usize>, kind: TokenKind<'a>, mark: Mark) {
        let at = before.and_then(|n| n.checked_sub(self.taken)).unwrap_or(usize::MAX).min(self.tokens.len());
        self.tokens.insert(at, Token { kind, start: mark, end: mark });
    }

    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(TokenKind::BlockEnd, self.mark());
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_next(&mut self) -> Scanned<()> {
        if !self.started {
            self.require(1)?;
            self.started = true;
            self.push(TokenKind::StreamStart, self.mark());
            return Ok(());
        }
        self.scan_to_next_token();
        self.unroll_indent(self.column() as isize);
        self.require(4)?;
        let c = self.at(0);
        let column = self.column();
        if c == 0 {
            return self.fetch_stream_end();
        }
        if column == 0 {
            if c == b'%' {
                return self.fetch_directive();
            }
            if self.at_document_mark() {
                let kind = if c == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
                self.unroll_indent(-1);
                self.remove_simple_key()?;
                self.simple_key_allowed = false;
                return self.indicator(3, kind);
            }
        }
        let in_flow = self.flow_level > 0;
        match c {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.indicator(1, TokenKind::FlowEntry)
            }
            b'-' if self.is_blankz(1) => self.fetch_block_entry(),
            b'?' if in_flow || self.is_blankz(1) => self.fetch_key(),
            b':' if in_flow || self.is_blankz(1) => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(c == b'*'),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if !in_flow => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.scan_block_scalar(c == b'|')
            }
            b'\'' | b'"' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                self.scan_quoted(c)
            }
            b' ' | b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => self.cannot_start(),
            b'-' if self.is_blank(1) => self.cannot_start(),
            b'?' | b':' if in_flow || self.is_blankz(1) => self.cannot_start(),
            _ => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                self.scan_plain()
            }
        }
    }

    fn cannot_start(&self) -> Scanned<()> {
        self.fail("found character that cannot start any token")
    }

    fn indicator(&mut self, n: usize, kind: TokenKind<'a>) -> Scanned<()> {
        let start = self.mark();
        self.skip_ascii(n);
        self.push(kind, start);
        Ok(())
    }

    fn scan_to_next_token(&mut self) {
        loop {
            // Go only ever looks for a byte order mark at the start of its buffer, so elsewhere it is text.
            if self.pos == 0 && self.src.starts_with(&[0xef, 0xbb, 0xbf]) {
                self.skip();
            }
            // A tab separates tokens, but may not stand where it could be taken for indentation.
            loop {
                let rest = self.src.get(self.pos..).unwrap_or_default();
                self.pos += rest.iter().take_while(|b| **b == b' ').count();
                if self.at(0) != b'\t' || (self.flow_level == 0 && self.simple_key_allowed) {
                    break;
                }
                self.skip_ascii(1);
            }
            self.skip_comment();
            if !self.is_break(0) {
                return;
            }
            self.skip_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    fn fetch_stream_end(&mut self) -> Scanned<()> {
        if self.column() != 0 {
            self.line += 1;
            self.line_start = self.pos;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(TokenKind::StreamEnd, self.mark());
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind<'a>) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey { token: self.taken + self.tokens.len(), ..SimpleKey::default() });
        self.flow_level += 1;
        if self.flow_level > DEPTH_LIMIT {
            return self.fail(&format!("exceeded max depth of {DEPTH_LIMIT}"));
        }
        self.simple_key_allowed = true;
        self.indicator(1, kind)
    }

    fn fetch_flow_end(&mut self, kind: TokenKind<'a>) -> Scanned<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let closed = self.simple_keys.pop().unwrap_or_default().token;
            for key in self.simple_keys.iter_mut().filter(|key| key.token == closed) {
                key.awaited = false;
            }
        }
        self.simple_key_allowed = false;
        self.indicator(1, kind)
    }

    fn fetch_block_entry(&mut self) -> Scanned<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fail("block sequence entries are not allowed in this context");
            }
            self.roll_indent(self.column(), None, TokenKind::BlockSequenceStart, self.mark())?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.indicator(1, TokenKind::BlockEntry)
    }

    fn fetch_key(&mut self) -> Scanned<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fail("mapping keys are not allowed in this context");
            }
            self.roll_indent(self.column(), None, TokenKind::BlockMappingStart, self.mark())?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.indicator(1, TokenKind::Key)
    }

    fn fetch_value(&mut self) -> Scanned<()> {
        let level = self.simple_keys.len().saturating_sub(1);
        if self.key_still_possible(level)? {
            let key = self.simple_keys.get(level).copied().unwrap_or_default();
            self.insert(Some(key.token), TokenKind::Key, key.mark);
            self.roll_indent(
                key.mark.column as usize,
                Some(key.token),
                TokenKind::BlockMappingStart,
                key.mark,
            )?;
            if let Some(slot) = self.simple_keys.get_mut(level) {
                (slot.possible, slot.awaited) = (false, false);
            }
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.fail("mapping values are not allowed in this context");
                }
                self.roll_indent(self.column(), None, TokenKind::BlockMappingStart, self.mark())?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.indicator(1, TokenKind::Value)
    }

    /// The letters, digits, `-` and `_` from here on.
    fn word(&mut self) -> &'a str {
        let start = self.pos;
        while is_word(self.at(0)) {
            self.skip_ascii(1);
        }
        self.text.get(start..self.pos).unwrap_or_default()
    }

    fn fetch_anchor(&mut self, alias: bool) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.skip_ascii(1);
        let name = self.word();
        let ended =
            self.is_blankz(0) || matches!(self.at(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ended {
            return self.fail("did not find expected alphabetic or numeric character");
        }
        self.push(if alias { TokenKind::Alias(name) } else { TokenKind::Anchor(name) }, start);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Scanned<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.skip_ascii(1);
        let name = self.word();
        if name.is_empty() {
            return self.fail("could not find expected directive name");
        }
        if !self.is_blankz(0) {
            return self.fail("found unexpected non-alphabetical character");
        }
        let kind = match name {
            "YAML" => {
                self.skip_blanks();
                let major = self.version_number()?;
                if self.at(0) != b'.' {
                    return self.fail("did not find expected digit or '.' character");
                }
                self.skip_ascii(1);
                TokenKind::Version(major, self.version_number()?)
            }
            "TAG" => {
                self.skip_blanks();
                let handle = self.tag_handle(true)?;
                if !self.is_blank(0) {
                    return self.fail("did not find expected whitespace");
                }
                self.skip_blanks();
                let prefix = self.tag_uri("")?;
                if !self.is_blankz(0) {
                    return self.fail("did not find expected whitespace or line break");
                }
                TokenKind::TagDirective(Box::new(TagParts { handle, rest: prefix }))
            }
            _ => return self.fail("found unknown directive name"),
        };
        let end = self.mark();
        self.skip_blanks();
        self.skip_comment();
        if !self.is_breakz(0) {
            return self.fail("did not find expected comment or line break");
        }
        self.skip_break();
        self.tokens.push_back(Token { kind, start, end });
        Ok(())
    }

    fn version_number(&mut self) -> Scanned<u8> {
        let mut value = 0;
        let mut length = 0;
        while self.at(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return self.fail("found extremely long version number");
            }
            value = value * 10 + (self.at(0) - b'0');
            self.skip_ascii(1);
        }
        if length == 0 {
            return self.fail("did not find expected version number");
        }
        Ok(value)
    }

    fn fetch_tag(&mut self) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        let (handle, suffix);
        if self.at(1) == b'<' {
            self.skip_ascii(2);
            handle = "";
            suffix = self.tag_uri("")?;
            if self.at(0) != b'>' {
                return self.fail("did not find the expected '>'");
            }
            self.skip_ascii(1);
        } else {
            let head = self.tag_handle(false)?;
            if head.len() > 1 && head.ends_with('!') {
                handle = head;
                suffix = self.tag_uri("")?;
            } else {
                let uri = self.tag_uri(head)?;
                // A lone `!` has no handle, only the suffix `!`.
                (handle, suffix) = if uri.is_empty() { ("", head.to_owned()) } else { ("!", uri) };
            }
        }
        if !self.is_blankz(0) {
            return self.fail("did not find expected whitespace or line break");
        }
        self.push(TokenKind::Tag(Box::new(TagParts { handle, rest: suffix })), start);
        Ok(())
    }

    fn tag_handle(&mut self, directive: bool) -> Scanned<&'a str> {
        if self.at(0) != b'!' {
            return self.fail("did not find expected '!'");
        }
        let start = self.pos;
        self.skip_ascii(1);
        self.word();
        if self.at(0) == b'!' {
            self.skip_ascii(1);
        } else if directive && self.pos - start != 1 {
            return self.fail("did not find expected '!'");
        }
        Ok(self.text.get(start..self.pos).unwrap_or_default())
    }

    /// The rest of a tag after `head`, of which the leading `!` does not count.
    fn tag_uri(&mut self, head: &str) -> Scanned<String> {
        let mut out: Vec<u8> = head.as_bytes().get(1..).unwrap_or_default().to_vec();
        let mut any = !head.is_empty();
        while is_word(self.at(0)) || b";/?:@&=+$,.!~*'()[]%".contains(&self.at(0)) {
            any = true;
            if self.at(0) == b'%' {
                self.uri_escape(&mut out)?;
            } else {
                out.push(self.at(0));
                self.skip_ascii(1);
            }
        }
        if !any {
            return self.fail("did not find expected tag URI");
        }
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    fn uri_escape(&mut self, out: &mut Vec<u8>) -> Scanned<()> {
        let hex = |b: u8| char::from(b).to_digit(16);
        let mut left = None;
        loop {
            let (b'%', Some(high), Some(low)) = (self.at(0), hex(self.at(1)), hex(self.at(2))) else {
                return self.fail("did not find URI escaped octet");
            };
            let octet = (high << 4 | low) as u8;
            let rest = match left {
                None => match octet {
                    0x00..=0x7f => 0,
                    0xc0..=0xdf => 1,
                    0xe0..=0xef => 2,
                    0xf0..=0xf7 => 3,
                    _ => return self.fail("found an incorrect leading UTF-8 octet"),
                },
                Some(_) if octet & 0xc0 != 0x80 => {
                    return self.fail("found an incorrect trailing UTF-8 octet");
                }
                Some(n) => n - 1,
            };
            out.push(octet);
            self.skip_ascii(3);
            if rest == 0 {
                return Ok(());
            }
            left = Some(rest);
        }
    }
}
