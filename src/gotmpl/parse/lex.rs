//! The lexer: a template's bytes in, tokens out, one at a time. Trim markers are dealt with here; the parser never
//! sees them. Knows nothing of grammar or functions.

use super::super::fmt::quote_lossy;
use super::super::strconv::{decode_rune, is_print};
use super::offset;

/// What a token is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Error,
    Bool,
    /// A printable ASCII character without a meaning of its own, such as a comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Kind {
    /// Keywords print as `<word>` in messages; Go counts `.` and `nil` among them.
    const fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::Break
                | Self::Continue
                | Self::Dot
                | Self::Define
                | Self::Else
                | Self::End
                | Self::If
                | Self::Nil
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

fn keyword(word: &[u8]) -> Option<Kind> {
    Some(match word {
        b"block" => Kind::Block,
        b"break" => Kind::Break,
        b"continue" => Kind::Continue,
        b"define" => Kind::Define,
        b"else" => Kind::Else,
        b"end" => Kind::End,
        b"if" => Kind::If,
        b"range" => Kind::Range,
        b"nil" => Kind::Nil,
        b"template" => Kind::Template,
        b"with" => Kind::With,
        b"true" | b"false" => Kind::Bool,
        _ => return None,
    })
}

/// A token: bytes `start..end` of the text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token {
    pub kind: Kind,
    /// There is space in front of it, inside the same action.
    pub spaced: bool,
    /// Of what is in quotes: there is a backslash in it.
    pub escaped: bool,
    pub start: u32,
    pub end: u32,
}

pub(super) struct Lexer<'t> {
    text: &'t [u8],
    pos: usize,
    start: usize,
    inside_action: bool,
    paren_depth: usize,
    /// The words of the error token. After it comes nothing but the end.
    failed: Option<Box<str>>,
}

const LEFT: &[u8] = b"{{";
const RIGHT: &[u8] = b"}}";

/// Where the next `first` with `second` behind it is. There is little text between two actions: a search for one byte
/// is set up faster than one for both.
fn find_pair(text: &[u8], first: u8, second: u8) -> Option<usize> {
    memchr::memchr_iter(first, text).find(|at| text.get(at + 1) == Some(&second))
}

/// Where the next [`LEFT`] is.
fn find_left(text: &[u8]) -> Option<usize> {
    find_pair(text, b'{', b'{')
}

/// Exactly the four characters that trim markers and Go's lexer take for space.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Letters, digits and the underscore of ASCII.
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, within 256")]
static WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    table
};

fn is_word(byte: u8) -> bool {
    WORD.get(usize::from(byte)).copied().unwrap_or(false)
}

fn is_alphanumeric(c: Option<char>) -> bool {
    c.is_some_and(|c| c == '_' || c.is_alphanumeric())
}

/// Whether there is anything in a text but text.
pub(in super::super) fn has_action(text: &[u8]) -> bool {
    find_left(text).is_some()
}

/// The line of a place in a text, from 1. Only errors ask for it.
pub(super) fn line(text: &[u8], place: u32) -> u32 {
    let before = text.get(..place as usize).unwrap_or(text);
    let newlines = memchr::memchr_iter(b'\n', before).count();
    u32::try_from(newlines).unwrap_or(u32::MAX).saturating_add(1)
}

impl<'t> Lexer<'t> {
    pub const fn new(text: &'t [u8]) -> Self {
        Self { text, pos: 0, start: 0, inside_action: false, paren_depth: 0, failed: None }
    }

    /// A token of this lexer as Go's messages show it.
    pub fn describe(&self, token: Token) -> String {
        let value = self.text.get(token.start as usize..token.end as usize).unwrap_or_default();
        match (token.kind, &self.failed) {
            (Kind::Error, Some(words)) => words.to_string(),
            (Kind::Eof, _) => "EOF".to_owned(),
            (kind, _) if kind.is_keyword() => format!("<{}>", String::from_utf8_lossy(value)),
            _ if value.len() > 10 => {
                let mut end = 0;
                for _ in 0..10 {
                    end += decode_rune(value.get(end..).unwrap_or_default()).1;
                }
                format!("{}...", quote_lossy(value.get(..end).unwrap_or_default()))
            }
            _ => quote_lossy(value),
        }
    }

    fn rest(&self, from: usize) -> &'t [u8] {
        self.text.get(from..).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    /// The next character without consuming it: `Some(None)` is a byte that is not UTF-8, `None` the end.
    fn peek(&self) -> Option<(Option<char>, usize)> {
        match decode_rune(self.rest(self.pos)) {
            (_, 0) => None,
            other => Some(other),
        }
    }

    fn next(&mut self) -> Option<Option<char>> {
        let (c, width) = self.peek()?;
        self.pos += width;
        Some(c)
    }

    fn emit(&mut self, kind: Kind) -> Token {
        let (start, end) = (offset(self.start), offset(self.pos));
        self.start = self.pos;
        Token { kind, start, end, ..Token::default() }
    }

    /// Ends the text here with an error.
    #[cold]
    pub fn error(&mut self, message: impl Into<Box<str>>) -> Token {
        self.failed = Some(message.into());
        let place = offset(self.start);
        Token { kind: Kind::Error, start: place, end: place, ..Token::default() }
    }

    pub fn next_token(&mut self) -> Token {
        if self.failed.is_some() {
            let place = offset(self.start);
            return Token { kind: Kind::Eof, start: place, end: place, ..Token::default() };
        }
        if self.inside_action { self.inside() } else { self.text_token() }
    }

    fn text_token(&mut self) -> Token {
        loop {
            let Some(found) = find_left(self.rest(self.pos)) else {
                self.pos = self.text.len();
                let kind = if self.pos > self.start { Kind::Text } else { Kind::Eof };
                return self.emit(kind);
            };
            if found > 0 {
                let delim = self.pos + found;
                let mut end = delim;
                if self.trim_after_left(delim + LEFT.len()) {
                    while end > self.start && self.byte(end - 1).is_some_and(is_space) {
                        end -= 1;
                    }
                }
                self.pos = end;
                let token = (end > self.start).then(|| self.emit(Kind::Text));
                self.pos = delim;
                self.start = delim;
                if let Some(token) = token {
                    return token;
                }
            }
            // At the left delimiter.
            self.pos += LEFT.len();
            let marker = if self.trim_after_left(self.pos) { 2 } else { 0 };
            if self.rest(self.pos + marker).starts_with(b"/*") {
                self.pos += marker;
                self.start = self.pos;
                if let Some(error) = self.comment() {
                    return error;
                }
                continue;
            }
            let token = self.emit(Kind::LeftDelim);
            self.inside_action = true;
            self.pos += marker;
            self.start = self.pos;
            self.paren_depth = 0;
            return token;
        }
    }

    fn trim_after_left(&self, at: usize) -> bool {
        self.byte(at) == Some(b'-') && self.byte(at + 1).is_some_and(is_space)
    }

    /// Whether a right delimiter is at `at`, and whether it has a trim marker.
    fn right_delim(&self, at: usize) -> Option<bool> {
        let rest = self.rest(at);
        if rest.first().copied().is_some_and(is_space)
            && rest.get(1) == Some(&b'-')
            && rest.get(2..).is_some_and(|rest| rest.starts_with(RIGHT))
        {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    /// Skips a comment; the token is an error.
    fn comment(&mut self) -> Option<Token> {
        let Some(end) = find_pair(self.rest(self.pos + 2), b'*', b'/') else {
            return Some(self.error("unclosed comment"));
        };
        self.pos += 2 + end + 2;
        let Some(trim) = self.right_delim(self.pos) else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        self.pos += RIGHT.len() + if trim { 2 } else { 0 };
        if trim {
            self.skip_space();
        }
        self.start = self.pos;
        None
    }

    fn skip_space(&mut self) {
        while self.byte(self.pos).is_some_and(is_space) {
            self.pos += 1;
        }
    }

    fn right(&mut self, trim: bool) -> Token {
        if trim {
            self.pos += 2;
            self.start = self.pos;
        }
        self.pos += RIGHT.len();
        let token = self.emit(Kind::RightDelim);
        if trim {
            self.skip_space();
            self.start = self.pos;
        }
        self.inside_action = false;
        token
    }

    /// The next token, if it is a field right here with a plain name, which those of a chain are.
    pub fn next_field(&mut self) -> Option<Token> {
        if !self.inside_action || self.failed.is_some() || self.byte(self.pos) != Some(b'.') {
            return None;
        }
        let rest = self.rest(self.pos + 1);
        let len = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
        let end = self.pos + 1 + len;
        if rest.first().is_none_or(|first| !is_word(*first) || first.is_ascii_digit())
            || !self.terminator(end)
        {
            return None;
        }
        self.pos = end;
        Some(self.emit(Kind::Field))
    }

    fn inside(&mut self) -> Token {
        let from = self.pos;
        if self.byte(from).is_some_and(is_space) {
            self.skip_space();
            // The last space may be the one that belongs to a trim marker.
            if self.byte(self.pos) == Some(b'-') && self.right_delim(self.pos - 1) == Some(true) {
                self.pos -= 1;
            }
            self.start = self.pos;
        }
        let spaced = self.pos > from;
        Token { spaced, ..self.word() }
    }

    fn word(&mut self) -> Token {
        let Some(first) = self.byte(self.pos) else { return self.error("unclosed action") };
        match first {
            b' ' | b'\t' | b'\r' | b'\n' | b'}' => match self.right_delim(self.pos) {
                Some(trim) if self.paren_depth == 0 => self.right(trim),
                Some(_) => self.error("unclosed left paren"),
                None => {
                    self.pos += 1;
                    self.emit(Kind::Char)
                }
            },
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.identifier(),
            b'.' if self.byte(self.pos + 1).is_some_and(|next| !next.is_ascii_digit()) => {
                self.pos += 1;
                self.name(Kind::Field, Kind::Dot)
            }
            b'.' | b'+' | b'-' | b'0'..=b'9' => self.number(),
            0x80.. => self.beyond_ascii(),
            _ => {
                self.pos += 1;
                self.sign(first)
            }
        }
    }

    /// A token that begins with a sign, which has been consumed.
    fn sign(&mut self, sign: u8) -> Token {
        match sign {
            b'=' => self.emit(Kind::Assign),
            b':' => {
                if self.next() == Some(Some('=')) {
                    self.emit(Kind::Declare)
                } else {
                    self.error("expected :=")
                }
            }
            b'|' => self.emit(Kind::Pipe),
            b'"' => self.quoted(b'"', Kind::String, "unterminated quoted string"),
            b'\'' => self.quoted(b'\'', Kind::CharConstant, "unterminated character constant"),
            b'`' => match memchr::memchr(b'`', self.rest(self.pos)) {
                Some(end) => {
                    self.pos += end + 1;
                    self.emit(Kind::RawString)
                }
                None => self.error("unterminated raw quoted string"),
            },
            b'$' => self.name(Kind::Variable, Kind::Variable),
            b'(' => {
                self.paren_depth += 1;
                self.emit(Kind::LeftParen)
            }
            b')' => {
                if self.paren_depth == 0 {
                    return self.error("unexpected right paren");
                }
                self.paren_depth -= 1;
                self.emit(Kind::RightParen)
            }
            b' '..=b'~' => self.emit(Kind::Char),
            control => self.unrecognized(char::from(control)),
        }
    }

    fn beyond_ascii(&mut self) -> Token {
        let (c, width) = self.peek().unwrap_or((None, 1));
        if is_alphanumeric(c) {
            return self.identifier();
        }
        self.pos += width;
        self.unrecognized(c.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn unrecognized(&mut self, c: char) -> Token {
        self.error(format!("unrecognized character in action: {}", show_char(Some(c))))
    }

    fn at_terminator(&self) -> bool {
        self.terminator(self.pos)
    }

    fn terminator(&self, at: usize) -> bool {
        match self.byte(at) {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(b'}') => self.byte(at + 1) == Some(b'}'),
            _ => false,
        }
    }

    #[inline(always)]
    fn skip_alphanumeric(&mut self) {
        let rest = self.rest(self.pos);
        self.pos += rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
        if self.byte(self.pos).is_some_and(|byte| !byte.is_ascii()) {
            self.skip_beyond_ascii();
        }
    }

    #[cold]
    fn skip_beyond_ascii(&mut self) {
        while let Some((c, width)) = self.peek() {
            if !is_alphanumeric(c) {
                break;
            }
            self.pos += width;
        }
    }

    fn bad_character(&mut self) -> Token {
        let c = self.peek().map_or(Some('\0'), |(c, _)| c);
        self.error(format!("bad character {}", show_char(c)))
    }

    fn name(&mut self, kind: Kind, bare: Kind) -> Token {
        if self.at_terminator() {
            return self.emit(bare);
        }
        self.skip_alphanumeric();
        if self.at_terminator() { self.emit(kind) } else { self.bad_character() }
    }

    fn identifier(&mut self) -> Token {
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let word = self.text.get(self.start..self.pos).unwrap_or_default();
        self.emit(keyword(word).unwrap_or(Kind::Identifier))
    }

    fn quoted(&mut self, quote: u8, kind: Kind, unterminated: &str) -> Token {
        let mut escaped = false;
        loop {
            let Some(plain) = memchr::memchr3(quote, b'\\', b'\n', self.rest(self.pos)) else {
                return self.error(unterminated);
            };
            self.pos += plain;
            match (self.byte(self.pos), self.byte(self.pos + 1)) {
                (Some(b'\\'), Some(next)) if next != b'\n' => {
                    escaped = true;
                    self.pos += 2;
                }
                (Some(found), _) if found == quote => {
                    self.pos += 1;
                    return Token { escaped, ..self.emit(kind) };
                }
                _ => return self.error(unterminated),
            }
        }
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let found = self.byte(self.pos).is_some_and(|byte| set.contains(&byte));
        if found {
            self.pos += 1;
        }
        found
    }

    fn accept_run(&mut self, set: &[u8]) {
        while self.accept(set) {}
    }

    fn number(&mut self) -> Token {
        let mut good = self.scan_number();
        let mut kind = Kind::Number;
        if good && matches!(self.byte(self.pos), Some(b'+' | b'-')) {
            good = self.scan_number() && self.byte(self.pos - 1) == Some(b'i');
            kind = Kind::Complex;
        }
        if good {
            return self.emit(kind);
        }
        let text = self.text.get(self.start..self.pos).unwrap_or_default();
        self.error(format!("bad number syntax: {}", quote_lossy(text)))
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &[u8] = b"0123456789_";
        self.accept(b"+-");
        let mut digits = DECIMAL;
        let mut exponent: &[u8] = b"eE";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
                exponent = b"pP";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
                exponent = b"";
            } else if self.accept(b"bB") {
                digits = b"01_";
                exponent = b"";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(DECIMAL);
        }
        self.accept(b"i");
        if let Some((c, width)) = self.peek()
            && is_alphanumeric(c)
        {
            self.pos += width;
            return false;
        }
        true
    }
}

/// Go's `%#U`.
fn show_char(c: Option<char>) -> String {
    let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
    let code = format!("U+{:04X}", u32::from(c));
    if is_print(c) { format!("{code} '{c}'") } else { code }
}
