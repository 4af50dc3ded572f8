//! The characters and tokens of TOML, with the errors of `github.com/BurntSushi/toml`.
//!
//! In: bytes. Out: the text of names, strings, numbers and dates, as far as no key has to be known for them. An
//! error names the line that library counts, which for a line break may be either side of it.

use super::super::super::strconv::{self, QuoteStyle, decode_rune};
use super::super::runes;

/// A line and what is wrong there.
pub(super) struct Fault {
    pub line: i64,
    pub message: String,
}

pub(super) type Lexed<T> = Result<T, Fault>;

/// A value as it is written. What is composed of other values is only announced.
pub(super) enum Token<'t> {
    Text(&'t str),
    /// Text with escapes.
    Escaped(&'t str),
    /// The same, over several lines.
    Lines(&'t str),
    RawLines(&'t str),
    Bool(bool),
    Integer(&'t str),
    Float(&'t str),
    Datetime(&'t str),
    Array,
    InlineTable,
}

/// What may follow in an array or an inline table.
#[derive(PartialEq, Eq)]
pub(super) enum Item {
    Another,
    End,
}

pub(super) struct Lexer<'t> {
    text: &'t [u8],
    pub at: usize,
    /// From 1.
    pub line: i64,
}

pub(super) fn quoted(text: &str) -> String {
    String::from_utf8_lossy(&strconv::quote(text.as_bytes())).into_owned()
}

/// `%q` of a rune; the end of the text is rune 0 there.
fn quoted_char(c: Option<char>) -> String {
    let mut out = vec![b'\''];
    strconv::push_escaped_char(&mut out, c.unwrap_or('\0'), b'\'', QuoteStyle::Printable);
    out.push(b'\'');
    String::from_utf8_lossy(&out).into_owned()
}

fn named_char(c: Option<char>) -> String {
    c.map_or_else(|| "end of file".to_owned(), |c| format!("'{c}'"))
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The next character; `None` at the end.
    pub fn peek(&self) -> Lexed<Option<char>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(first) = rest.first() else { return Ok(None) };
        let (Some(c), _) = decode_rune(rest) else {
            return self.fault(format!("invalid UTF-8 byte: 0x{first:02x}"));
        };
        let control = c.is_ascii_control() && !matches!(c, '\t' | '\r' | '\n');
        if control || c == '\r' && rest.get(1) != Some(&b'\n') {
            return self
                .fault(format!("TOML files cannot contain control characters: '0x{:02x}'", u32::from(c)));
        }
        Ok(Some(c))
    }

    fn pass(&mut self, c: char) {
        self.at += c.len_utf8();
        if c == '\n' {
            self.line += 1;
        }
    }

    /// Takes the next character.
    pub fn next(&mut self) -> Lexed<Option<char>> {
        let c = self.peek()?;
        if let Some(c) = c {
            self.pass(c);
        }
        Ok(c)
    }

    pub fn accept(&mut self, wanted: char) -> Lexed<bool> {
        let found = self.peek()? == Some(wanted);
        if found {
            self.pass(wanted);
        }
        Ok(found)
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) -> Lexed<()> {
        while let Some(c) = self.peek()?.filter(|c| skipped(*c)) {
            self.pass(c);
        }
        Ok(())
    }

    pub fn skip_blanks(&mut self) -> Lexed<()> {
        self.skip(is_blank)
    }

    /// What is written from `start` to here. It has been looked at character by character, so it is text.
    fn since(&self, start: usize) -> &'t str {
        self.between(start, self.at)
    }

    fn between(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// An error where the lexer stands.
    fn fault<T>(&self, message: impl Into<String>) -> Lexed<T> {
        Err(Fault { line: self.line, message: message.into() })
    }

    /// An error about a character just taken. The end of a text that ends its last line is on that line.
    fn about<T>(&self, c: Option<char>, message: impl Into<String>) -> Lexed<T> {
        let ended =
            c.is_none() && self.at.checked_sub(1).and_then(|last| self.text.get(last)) == Some(&b'\n');
        Err(Fault { line: self.line - i64::from(ended), message: message.into() })
    }

    /// An error about a line break or an end just taken: always one line up.
    fn above<T>(&self, message: impl Into<String>) -> Lexed<T> {
        Err(Fault { line: self.line - 1, message: message.into() })
    }

    /// To the next table or key: its first character, not yet taken.
    pub fn top(&mut self) -> Lexed<Option<char>> {
        loop {
            self.skip(|c| is_blank(c) || is_break(c))?;
            if !self.accept('#')? {
                return self.peek();
            }
            self.comment()?;
        }
    }

    /// The rest of a line after a table or a key with its value.
    pub fn top_end(&mut self) -> Lexed<()> {
        self.skip_blanks()?;
        match self.next()? {
            Some('#') => self.comment(),
            Some(c) if is_break(c) => Ok(()),
            None => Ok(()),
            c => {
                let found = quoted_char(c);
                self.about(
                    c,
                    format!(
                        "expected a top-level item to end with a newline, comment, or EOF, but got {found} instead"
                    ),
                )
            }
        }
    }

    fn comment(&mut self) -> Lexed<()> {
        self.skip(|c| !is_break(c))
    }

    /// One part of a table's name.
    pub fn table_name(&mut self) -> Lexed<Token<'t>> {
        self.skip_blanks()?;
        match self.peek()? {
            Some(']') | None => self.fault("unexpected end of table name (table names cannot be empty)"),
            Some('.') => self.fault("unexpected table separator (table names cannot be empty)"),
            _ => self.name(),
        }
    }

    /// Whether a table's name has another part.
    pub fn table_name_end(&mut self) -> Lexed<Item> {
        self.skip_blanks()?;
        match self.next()? {
            Some('.') => Ok(Item::Another),
            Some(']') => Ok(Item::End),
            c => {
                let found = quoted_char(c);
                self.about(c, format!("expected '.' or ']' to end table name, but got {found} instead"))
            }
        }
    }

    /// The second bracket behind the name of an array of tables.
    pub fn array_table_end(&mut self) -> Lexed<()> {
        match self.next()? {
            Some(']') => Ok(()),
            c => {
                let found = quoted_char(c);
                self.about(
                    c,
                    format!("expected end of table array name delimiter ']', but got {found} instead"),
                )
            }
        }
    }

    /// To the first part of a key.
    pub fn key_start(&mut self) -> Lexed<()> {
        self.skip_blanks()?;
        match self.peek()? {
            Some('=') | None => self.fault("unexpected '=': key name appears blank"),
            Some('.') => self.fault("unexpected '.': keys cannot start with a '.'"),
            Some(_) => Ok(()),
        }
    }

    /// One part of a key.
    pub fn key_name(&mut self) -> Lexed<Token<'t>> {
        self.skip_blanks()?;
        match self.peek()? {
            Some('=') | None => self.fault("unexpected '='"),
            Some('.') => self.fault("unexpected '.'"),
            Some(_) => self.name(),
        }
    }

    /// Whether a key has another part; its `=` is taken.
    pub fn key_end(&mut self) -> Lexed<Item> {
        self.skip_blanks()?;
        match self.next()? {
            Some('.') => Ok(Item::Another),
            Some('=') => Ok(Item::End),
            None => self.about(None, "unexpected EOF; expected key separator '='"),
            c => {
                let message = format!("expected '.' or '=', but got {} instead", quoted_char(c));
                if c == Some('\n') { self.above(message) } else { self.about(c, message) }
            }
        }
    }

    fn name(&mut self) -> Lexed<Token<'t>> {
        if self.accept('"')? {
            return self.string();
        }
        if self.accept('\'')? {
            return self.raw_string();
        }
        let start = self.at;
        self.skip(is_bare)?;
        Ok(Token::Text(self.since(start)))
    }

    /// To the next value of an array, or past its end.
    pub fn array_item(&mut self) -> Lexed<Item> {
        loop {
            self.skip(|c| is_blank(c) || is_break(c))?;
            match self.peek()? {
                Some('#') => self.comment()?,
                Some(',') => return self.fault("unexpected comma"),
                Some(']') => {
                    self.next()?;
                    return Ok(Item::End);
                }
                _ => return Ok(Item::Another),
            }
        }
    }

    /// Past the comma behind a value of an array, or past its end.
    pub fn array_separator(&mut self) -> Lexed<Item> {
        loop {
            self.skip(|c| is_blank(c) || is_break(c))?;
            match self.next()? {
                Some('#') => self.comment()?,
                Some(',') => return Ok(Item::Another),
                Some(']') => return Ok(Item::End),
                c => {
                    let found = named_char(c);
                    return self.about(
                        c,
                        format!("expected a comma (',') or array terminator (']'), but got {found}"),
                    );
                }
            }
        }
    }

    /// To the next key of an inline table, or past its end.
    pub fn table_item(&mut self) -> Lexed<Item> {
        loop {
            self.skip(|c| is_blank(c) || is_break(c))?;
            match self.peek()? {
                Some('#') => self.comment()?,
                Some(',') => return self.fault("unexpected comma"),
                Some('}') => {
                    self.next()?;
                    return Ok(Item::End);
                }
                _ => return Ok(Item::Another),
            }
        }
    }

    /// Past the comma behind a value of an inline table, or past its end.
    pub fn table_separator(&mut self) -> Lexed<Item> {
        loop {
            self.skip(|c| is_blank(c) || is_break(c))?;
            match self.next()? {
                Some('#') => self.comment()?,
                Some(',') => {
                    self.skip_blanks()?;
                    if self.peek()? != Some('}') {
                        return Ok(Item::Another);
                    }
                }
                Some('}') => return Ok(Item::End),
                c => {
                    let found = named_char(c);
                    return self.about(
                        c,
                        format!(
                            "expected a comma or an inline table terminator '}}', but got {found} instead"
                        ),
                    );
                }
            }
        }
    }

    /// A value, up to the start of what it is composed of.
    pub fn value(&mut self) -> Lexed<Token<'t>> {
        self.skip_blanks()?;
        let start = self.at;
        if let Some(digit) = self.peek()?.filter(char::is_ascii_digit) {
            self.pass(digit);
            return if digit == '0' { self.after_zero(start) } else { self.number_or_date(start) };
        }
        let c = self.next()?;
        match c {
            Some('[') => return Ok(Token::Array),
            Some('{') => return Ok(Token::InlineTable),
            Some('"') => {
                if !self.accept('"')? {
                    return self.string();
                }
                return if self.accept('"')? { self.lines('"') } else { Ok(Token::Text("")) };
            }
            Some('\'') => {
                if !self.accept('\'')? {
                    return self.raw_string();
                }
                return if self.accept('\'')? { self.lines('\'') } else { Ok(Token::Text("")) };
            }
            Some('.') => return self.fault("floats must start with a digit, not '.'"),
            Some('-' | '+') => return self.after_sign(start),
            // Accepts `nnf` and `inan`, too, and has them refused as numbers.
            Some('i' | 'n')
                if self.accept('n')? && self.accept('f')? || self.accept('a')? && self.accept('n')? =>
            {
                return Ok(Token::Float(self.since(start)));
            }
            _ => {}
        }
        match c {
            Some(letter) if runes::is_letter(letter) => {
                // One character back: of `into`, the `in` was taken in the hope of an `inf`.
                let back = self.between(start, self.at).chars().next_back().map_or(0, char::len_utf8);
                self.at = self.at.saturating_sub(back);
                self.word()
            }
            None => self.about(None, "unexpected EOF; expected value"),
            Some(found) => {
                let message = format!("expected value but found {} instead", quoted_char(Some(found)));
                if found == '\n' { self.above(message) } else { self.fault(message) }
            }
        }
    }

    fn word(&mut self) -> Lexed<Token<'t>> {
        let start = self.at;
        self.skip(runes::is_letter)?;
        match self.since(start) {
            "true" => Ok(Token::Bool(true)),
            "false" => Ok(Token::Bool(false)),
            other => self.fault(format!("expected value but found {} instead", quoted(other))),
        }
    }

    fn number_or_date(&mut self, start: usize) -> Lexed<Token<'t>> {
        self.skip(|c| c.is_ascii_digit())?;
        match self.peek()? {
            Some('-' | ':') => {
                self.skip(|c| {
                    c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+')
                })?;
                Ok(Token::Datetime(self.since(start).trim_matches(' ')))
            }
            Some('_') => self.decimal(start),
            Some('.' | 'e' | 'E') => self.float(start),
            _ => Ok(Token::Integer(self.since(start))),
        }
    }

    fn decimal(&mut self, start: usize) -> Lexed<Token<'t>> {
        self.skip(|c| c.is_ascii_digit() || c == '_')?;
        match self.peek()? {
            Some('.' | 'e' | 'E') => self.float(start),
            _ => Ok(Token::Integer(self.since(start))),
        }
    }

    /// Anything that looks like a part of a float; what it is worth is seen when it is read.
    fn float(&mut self, start: usize) -> Lexed<Token<'t>> {
        self.skip(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | '-' | '+' | 'e' | 'E'))?;
        Ok(Token::Float(self.since(start)))
    }

    fn after_sign(&mut self, start: usize) -> Lexed<Token<'t>> {
        let c = self.next()?;
        match c {
            Some('i') if self.accept('n')? && self.accept('f')? => Ok(Token::Float(self.since(start))),
            Some('n') if self.accept('a')? && self.accept('n')? => Ok(Token::Float(self.since(start))),
            Some('i' | 'n') => self.fault(format!("invalid float: '{}'", self.since(start))),
            Some('.') => self.fault("floats must start with a digit, not '.'"),
            Some('0') => match self.peek()? {
                Some(base @ ('b' | 'o' | 'x')) => self.fault(format!(
                    "cannot use sign with non-decimal numbers: '{}{base}'",
                    self.since(start)
                )),
                _ => self.decimal(start),
            },
            Some('1'..='9') => self.decimal(start),
            c => self.about(c, format!("expected a digit but got {}", quoted_char(c))),
        }
    }

    fn after_zero(&mut self, start: usize) -> Lexed<Token<'t>> {
        let (name, radix) = match self.peek()? {
            Some(c) if c.is_ascii_digit() => return self.number_or_date(start),
            Some('_') => return self.decimal(start),
            Some('.' | 'e' | 'E') => return self.float(start),
            Some('b') => ("a binary", 2),
            Some('o') => ("an octal", 8),
            Some('x') => ("a hexadecimal", 16),
            _ => return Ok(Token::Integer(self.since(start))),
        };
        self.next()?;
        let first = self.peek()?;
        if !first.is_some_and(|c| c.is_digit(radix)) {
            let (before, c) = (self.since(start), first.unwrap_or('\0'));
            return self.fault(format!("not {name} number: '{before}{c}'"));
        }
        self.skip(|c| c.is_digit(radix) || c == '_')?;
        Ok(Token::Integer(self.since(start)))
    }

    /// The rest of a string in double quotes.
    fn string(&mut self) -> Lexed<Token<'t>> {
        let start = self.at;
        let mut escaped = false;
        loop {
            let end = self.at;
            match self.next()? {
                None => return self.about(None, "unexpected EOF; expected '\"'"),
                Some(c) if is_break(c) => return self.above("strings cannot contain newlines"),
                Some('\\') => {
                    escaped = true;
                    self.escape(start)?;
                }
                Some('"') => {
                    let text = self.between(start, end);
                    return Ok(if escaped { Token::Escaped(text) } else { Token::Text(text) });
                }
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Lexed<Token<'t>> {
        let start = self.at;
        loop {
            let end = self.at;
            match self.next()? {
                None => return self.about(None, "unexpected EOF; expected \"'\""),
                Some(c) if is_break(c) => return self.above("strings cannot contain newlines"),
                Some('\'') => return Ok(Token::Text(self.between(start, end))),
                Some(_) => {}
            }
        }
    }

    /// The rest of a string in three quotes, which may hold up to two of them, also at its end.
    fn lines(&mut self, quote: char) -> Lexed<Token<'t>> {
        let (start, basic) = (self.at, quote == '"');
        let five = if basic { "\"\"\"\"\"" } else { "'''''" };
        loop {
            let c = self.next()?;
            if c.is_none() {
                let closing = if basic { "'\"\"\"'" } else { "\"'''\"" };
                return self.about(None, format!("unexpected EOF; expected {closing}"));
            }
            if basic && c == Some('\\') {
                if self.peek()?.is_some_and(is_break) {
                    self.next()?;
                } else {
                    self.escape(start)?;
                }
                continue;
            }
            if c != Some(quote) {
                continue;
            }
            let first = self.at;
            if !self.accept(quote)? || !self.accept(quote)? {
                self.at = first;
                continue;
            }
            if self.peek()? != Some(quote) {
                let text = self.between(start, self.at.saturating_sub(3));
                return Ok(if basic { Token::Lines(text) } else { Token::RawLines(text) });
            }
            let so_far = self.since(start);
            let behind_escape = basic && so_far.strip_suffix(five).is_some_and(|text| text.ends_with('\\'));
            if so_far.ends_with(five) && !behind_escape {
                let six = if basic { "'\"\"\"\"\"\"'" } else { "\"''''''\"" };
                return self.fault(format!("unexpected {six}"));
            }
            self.at = first;
        }
    }

    /// What is behind a backslash in the string that began at `start`.
    fn escape(&mut self, start: usize) -> Lexed<()> {
        let (kind, digits) = match self.next()? {
            Some('e' | 'b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\') => return Ok(()),
            Some('x') => ("two hexadecimal digits after '\\x'", 2),
            Some('u') => ("four hexadecimal digits after '\\u'", 4),
            Some('U') => ("eight hexadecimal digits after '\\U'", 8),
            Some(c) => return self.fault(format!("invalid escape in string '\\{c}'")),
            None => return self.above("invalid escape in string '\\\0'"),
        };
        for _ in 0..digits {
            let c = self.next()?;
            if !c.is_some_and(|c| c.is_ascii_hexdigit()) {
                return self
                    .about(c, format!("expected {kind}, but got {} instead", quoted(self.since(start))));
            }
        }
        Ok(())
    }
}
