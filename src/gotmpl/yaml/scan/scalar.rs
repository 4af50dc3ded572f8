//! The four kinds of scalar: plain, two quoted ones, and blocks.

use super::{Mark, Scanned, Scanner, Text, TokenKind, stops_plain, width};

/// White space and line breaks between two stretches of text: kept as it is on one line, folded over several.
#[derive(Default)]
struct Gap {
    /// Blanks on the line, as a slice of the input.
    blanks: (usize, usize),
    first_break: Option<&'static str>,
    more_breaks: String,
}

impl Gap {
    fn is_empty(&self) -> bool {
        self.first_break.is_none() && self.blanks.0 == self.blanks.1
    }

    /// Writes what the gap stands for: one line break folds to a space, several lose the first. A separator
    /// (U+2028, U+2029) is never folded.
    fn flush(&mut self, text: &mut Text<'_>) {
        match self.first_break.take() {
            None => text.slice(self.blanks.0, self.blanks.1),
            Some("\n") if self.more_breaks.is_empty() => text.own().push(' '),
            Some(first) => {
                let out = text.own();
                if first != "\n" {
                    out.push_str(first);
                }
                out.push_str(&self.more_breaks);
            }
        }
        self.more_breaks.clear();
        self.blanks = (0, 0);
    }
}

impl<'a> Scanner<'a> {
    fn break_text(&mut self) -> &'static str {
        match self.read_break() {
            "\u{2028}" => "\u{2028}",
            "\u{2029}" => "\u{2029}",
            _ => "\n",
        }
    }

    pub(super) fn scan_plain(&mut self) -> Scanned<()> {
        let start = self.mark();
        let mut end = start;
        let mut text = Text::new(self.text, self.pos);
        let mut gap = Gap::default();
        let mut folded = false;
        let indent = self.indent + 1;
        loop {
            if self.at_document_mark() || self.at(0) == b'#' {
                break;
            }
            let run = self.pos;
            self.plain_run();
            if self.pos > run {
                if !gap.is_empty() {
                    gap.flush(&mut text);
                }
                folded = false;
                text.slice(run, self.pos);
                end = self.mark();
            }
            if !self.is_blank(0) && !self.is_break(0) {
                break;
            }
            loop {
                if self.is_blank(0) {
                    if folded && (self.column() as isize) < indent && self.at(0) == b'\t' {
                        return self.fail("found a tab character that violates indentation");
                    }
                    if !folded {
                        if gap.blanks.0 == gap.blanks.1 {
                            gap.blanks = (self.pos, self.pos);
                        }
                        gap.blanks.1 = self.pos + 1;
                    }
                    self.skip_ascii(1);
                } else if self.is_break(0) {
                    let text = self.break_text();
                    if folded {
                        gap.more_breaks.push_str(text);
                    } else {
                        gap.first_break = Some(text);
                        folded = true;
                    }
                } else {
                    break;
                }
            }
            if self.flow_level == 0 && (self.column() as isize) < indent {
                break;
            }
        }
        self.tokens.push_back(super::Token {
            kind: TokenKind::Scalar { text: text.finish(), plain: true },
            start,
            end,
        });
        // Having passed a line break, the scanner stands where a key may begin.
        if folded {
            self.simple_key_allowed = true;
        }
        Ok(())
    }

    /// Passes the characters of a plain scalar up to a blank, a break or an indicator that ends it.
    fn plain_run(&mut self) {
        loop {
            while let Some(&b) = self.src.get(self.pos) {
                if stops_plain(b) {
                    break;
                }
                self.pos += 1;
            }
            match self.at(0) {
                b' ' | b'\t' | b'\r' | b'\n' | 0 => return,
                b':' if self.is_blankz(1) => return,
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if self.flow_level > 0 => return,
                0xc2 | 0xe2 if self.is_break(0) => return,
                _ => self.skip(),
            }
        }
    }

    pub(super) fn scan_quoted(&mut self, quote: u8) -> Scanned<()> {
        let start = self.mark();
        self.skip_ascii(1);
        let mut text = Text::new(self.text, self.pos);
        let mut gap = Gap::default();
        loop {
            if self.at_document_mark() {
                return self.fail("found unexpected document indicator");
            }
            if self.at(0) == 0 {
                return self.fail("found unexpected end of stream");
            }
            let mut folded = self.quoted_run(quote, &mut text)?;
            if self.at(0) == quote {
                break;
            }
            loop {
                if self.is_blank(0) {
                    if !folded {
                        if gap.blanks.0 == gap.blanks.1 {
                            gap.blanks = (self.pos, self.pos);
                        }
                        gap.blanks.1 = self.pos + 1;
                    }
                    self.skip_ascii(1);
                } else if self.is_break(0) {
                    let text = self.break_text();
                    if folded {
                        gap.more_breaks.push_str(text);
                    } else {
                        gap.first_break = Some(text);
                        folded = true;
                    }
                } else {
                    break;
                }
            }
            if folded && gap.first_break.is_none() {
                // After an escaped line break, only the empty lines that follow it count.
                text.own().push_str(&gap.more_breaks);
                gap = Gap::default();
            } else {
                gap.flush(&mut text);
            }
        }
        self.skip_ascii(1);
        self.push(TokenKind::Scalar { text: text.finish(), plain: false }, start);
        Ok(())
    }

    /// Reads up to a blank, a break or the closing quote; true if it ended with an escaped line break.
    fn quoted_run(&mut self, quote: u8, text: &mut Text<'_>) -> Scanned<bool> {
        loop {
            let run = self.pos;
            while let Some(&b) = self.src.get(self.pos) {
                match b {
                    b' ' | b'\t' | b'\r' | b'\n' | b'\\' | b'\'' | b'"' => break,
                    0xc2 | 0xe2 if self.is_break(0) => break,
                    0x80.. => self.skip(),
                    _ => self.pos += 1,
                }
            }
            if self.pos > run {
                text.slice(run, self.pos);
            }
            match (self.at(0), quote) {
                (b'\'', b'\'') if self.at(1) == b'\'' => {
                    text.own().push('\'');
                    self.skip_ascii(2);
                }
                (c, _) if c == quote => return Ok(false),
                (b'\\', b'"') if self.is_break(1) => {
                    text.own();
                    self.skip_ascii(1);
                    self.skip_break();
                    return Ok(true);
                }
                (b'\\', b'"') => self.escape(text)?,
                (b'\'' | b'"' | b'\\', _) => {
                    text.slice(self.pos, self.pos + 1);
                    self.skip_ascii(1);
                }
                _ => return Ok(false),
            }
        }
    }

    fn escape(&mut self, text: &mut Text<'_>) -> Scanned<()> {
        let digits = match self.at(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            other => {
                let c = match other {
                    b'0' => '\0',
                    b'a' => '\x07',
                    b'b' => '\x08',
                    b't' | b'\t' => '\t',
                    b'n' => '\n',
                    b'v' => '\x0b',
                    b'f' => '\x0c',
                    b'r' => '\r',
                    b'e' => '\x1b',
                    b' ' | b'"' | b'\'' | b'\\' => char::from(other),
                    b'N' => '\u{85}',
                    b'_' => '\u{a0}',
                    b'L' => '\u{2028}',
                    b'P' => '\u{2029}',
                    _ => return self.fail("found unknown escape character"),
                };
                text.own().push(c);
                self.skip_ascii(2);
                return Ok(());
            }
        };
        self.skip_ascii(2);
        let mut value = 0u32;
        for i in 0..digits {
            match char::from(self.at(i)).to_digit(16) {
                Some(digit) => value = value.wrapping_shl(4) | digit,
                None => return self.fail("did not find expected hexdecimal number"),
            }
        }
        match char::from_u32(value) {
            Some(c) => text.own().push(c),
            None => return self.fail("found invalid Unicode character escape code"),
        }
        self.skip_ascii(digits);
        Ok(())
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Scanned<()> {
        let start = self.mark();
        self.skip_ascii(1);
        let (keep, increment) = self.block_header()?;
        let mut indent = match increment {
            0 => 0,
            n if self.indent >= 0 => self.indent as usize + n,
            n => n,
        };
        let mut text = Text::new(self.text, self.pos);
        let mut breaks = String::new();
        let mut leading = "";
        let mut end = self.block_breaks(&mut indent, &mut breaks)?;
        let mut leading_blank = false;
        while self.column() == indent && self.at(0) != 0 {
            let blank = self.is_blank(0);
            if !literal && !leading_blank && !blank && leading == "\n" {
                if breaks.is_empty() {
                    text.own().push(' ');
                }
            } else if !leading.is_empty() {
                text.own().push_str(leading);
            }
            if !breaks.is_empty() {
                text.own().push_str(&breaks);
                breaks.clear();
            }
            leading_blank = blank;
            let run = self.pos;
            self.line_rest();
            text.slice(run, self.pos);
            leading = if self.is_break(0) { self.break_text() } else { "" };
            end = self.block_breaks(&mut indent, &mut breaks)?;
        }
        if keep != Chomp::Strip && !leading.is_empty() {
            text.own().push_str(leading);
        }
        if keep == Chomp::Keep && !breaks.is_empty() {
            text.own().push_str(&breaks);
        }
        self.tokens.push_back(super::Token {
            kind: TokenKind::Scalar { text: text.finish(), plain: false },
            start,
            end,
        });
        Ok(())
    }

    /// Passes what is left of a line.
    fn line_rest(&mut self) {
        let line = self.line_ahead();
        if line.is_ascii() {
            self.pos += line.len();
            return;
        }
        while let Some(&b) = self.src.get(self.pos) {
            match b {
                b'\r' | b'\n' => return,
                0xc2 | 0xe2 if self.is_break(0) => return,
                0x80.. => {
                    let w = width(b);
                    self.pos += w;
                    self.line_start = self.line_start.wrapping_add(w - 1);
                }
                _ => self.pos += 1,
            }
        }
    }

    /// Chomping and indentation indicators, in either order, and the end of the header line.
    fn block_header(&mut self) -> Scanned<(Chomp, usize)> {
        let mut keep = Chomp::Clip;
        let mut increment = 0;
        let mut seen_chomp = false;
        for _ in 0..2 {
            match self.at(0) {
                c @ (b'+' | b'-') if !seen_chomp => {
                    seen_chomp = true;
                    keep = if c == b'+' { Chomp::Keep } else { Chomp::Strip };
                    self.skip_ascii(1);
                }
                b'0' if increment == 0 => return self.fail("found an indentation indicator equal to 0"),
                c @ b'1'..=b'9' if increment == 0 => {
                    increment = usize::from(c - b'0');
                    self.skip_ascii(1);
                }
                _ => break,
            }
        }
        self.skip_blanks();
        self.skip_comment();
        if !self.is_breakz(0) {
            return self.fail("did not find expected comment or line break");
        }
        self.skip_break();
        Ok((keep, increment))
    }

    /// Passes indentation and empty lines, finding the indentation if it is not yet known (0).
    fn block_breaks(&mut self, indent: &mut usize, breaks: &mut String) -> Scanned<Mark> {
        let mut end = self.mark();
        let mut deepest = 0;
        loop {
            let most = if *indent == 0 { usize::MAX } else { indent.saturating_sub(self.column()) };
            let rest = self.src.get(self.pos..).unwrap_or_default();
            self.pos += rest.iter().take(most).take_while(|b| **b == b' ').count();
            deepest = deepest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.at(0) == b'\t' {
                return self.fail("found a tab character where an indentation space is expected");
            }
            if !self.is_break(0) {
                break;
            }
            breaks.push_str(self.break_text());
            end = self.mark();
        }
        if *indent == 0 {
            *indent = deepest.max(usize::try_from(self.indent + 1).unwrap_or(0)).max(1);
        }
        Ok(end)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Clip,
    Strip,
    Keep,
}
