//! The guard before the parser.
//!
//! In: the text of a file. Out: a [`Scan`]: the text with insignificant line breaks marked (same length, so the same
//! offsets), its tokens with their nesting depth, and errors about what a grammar cannot explain: unclosed
//! brackets, strings and comments, characters that are no part of the language, nesting too deep to recurse over.
//! Must not know: the grammar beyond its tokens.
//!
//! Text with broken brackets is scanned a second time, in a careful [`Mode`], which takes more of what looks like a
//! boundary for one (an item's head in the first column, the end of a line inside `${}`), so that one missing
//! bracket does not hide the rest of the file.

#![expect(clippy::indexing_slicing, reason = "offsets come from walking this very text; `at` checks the end")]

use super::findings::Findings;
use super::messages as say;
use crate::source::{FileId, Span};

/// Brackets, strings and interpolations may nest this deep. Parser, lowering and every later stage recurse over the
/// tree; the deepest real values file seen nests 20 levels.
pub const MAX_DEPTH: usize = 96;

/// In place of a line break that separates nothing.
pub const SOFT_BREAK: u8 = 0x0B;
/// In place of the line break before a heredoc's closing word.
pub const HEREDOC_STOP: u8 = 0x0C;
/// In place of what has been reported and cannot be parsed.
pub const BROKEN: u8 = 0x1A;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokKind {
    Ident,
    Number,
    /// A whole string or heredoc.
    Str,
    Open,
    Close,
    /// A line break that separates.
    Newline,
    Comma,
    /// Any other punctuation.
    Punct,
    /// Reported already.
    Broken,
}

#[derive(Clone, Copy, Debug)]
pub struct Tok {
    pub kind: TokKind,
    pub start: usize,
    pub end: usize,
    /// Brackets open around the token; a bracket itself counts as outside.
    pub depth: usize,
}

#[derive(Debug)]
pub struct Scan {
    /// What the grammar reads.
    pub text: String,
    pub tokens: Vec<Tok>,
    /// Ranges of whole top-level items, in order.
    pub items: Vec<Chunk>,
    /// False when the scan gave up before the end of the text.
    pub complete: bool,
}

/// The range of a top-level item.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    pub start: usize,
    pub end: usize,
    /// Range in [`Scan::tokens`].
    pub first: usize,
    pub last: usize,
    /// Its brackets do not match; reported already.
    pub damaged: bool,
}

pub fn scan(file: FileId, text: &str, diags: &mut Findings) -> Scan {
    let plain = Scanner::new(file, text, Mode { careful: false, strings: false }).run();
    let done = if plain.unbalanced {
        Scanner::new(file, text, Mode { careful: true, strings: plain.open_text }).run()
    } else {
        plain
    };
    diags.append(done.diags);
    Scan {
        // Only ASCII was written, over whole characters.
        text: String::from_utf8(done.out).unwrap_or_default(),
        tokens: done.tokens,
        items: done.items,
        complete: done.complete,
    }
}

#[derive(Clone, Copy)]
struct Mode {
    /// An item's head in the first column ends what is still open.
    careful: bool,
    /// So does the end of a line inside `${}` of a quoted string, and a heredoc's word that is not alone.
    strings: bool,
}

/// Something open.
#[derive(Clone, Debug)]
struct Frame {
    kind: FrameKind,
    pos: usize,
    /// `?` still without their `:`.
    questions: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum FrameKind {
    /// `(`, `[` or `{`. Line breaks inside are soft or not.
    Bracket {
        open: u8,
        soft: bool,
    },
    /// `${` or `%{` inside a string or heredoc.
    Interp,
    /// `${` outside of any string: reported, read as a parenthesis.
    Bare,
    Str,
    Heredoc {
        word: String,
    },
}

impl FrameKind {
    fn is_text(&self) -> bool {
        matches!(self, FrameKind::Str | FrameKind::Heredoc { .. })
    }
}

struct Scanner<'a> {
    file: FileId,
    text: &'a str,
    bytes: &'a [u8],
    out: Vec<u8>,
    mode: Mode,
    frames: Vec<Frame>,
    i: usize,
    tokens: Vec<Tok>,
    items: Vec<Chunk>,
    /// First token of the item being read.
    item_first: usize,
    item_damaged: bool,
    /// The first pair of brackets whose closing one stands further left than the line of its opening one: where a
    /// bracket is missing, that is most likely the one.
    suspect: Option<(usize, usize)>,
    unbalanced: bool,
    /// The text ended inside a string or heredoc.
    open_text: bool,
    /// `?` without `:` outside of all brackets.
    questions: usize,
    too_deep: bool,
    complete: bool,
    diags: Findings,
}

impl<'a> Scanner<'a> {
    fn new(file: FileId, text: &'a str, mode: Mode) -> Self {
        Scanner {
            file,
            text,
            bytes: text.as_bytes(),
            out: text.as_bytes().to_vec(),
            mode,
            frames: Vec::new(),
            i: 0,
            tokens: Vec::new(),
            items: Vec::new(),
            item_first: 0,
            item_damaged: false,
            suspect: None,
            unbalanced: false,
            open_text: false,
            questions: 0,
            too_deep: false,
            complete: true,
            diags: Findings::default(),
        }
    }

    fn at(&self, i: usize) -> u8 {
        self.bytes.get(i).copied().unwrap_or(0)
    }

    fn char_at(&self, i: usize) -> Option<char> {
        self.text.get(i..).and_then(|t| t.chars().next())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn patch(&mut self, start: usize, end: usize, with: u8) {
        let end = end.min(self.out.len());
        if start < end {
            self.out[start..end].fill(with);
        }
    }

    fn push_tok(&mut self, kind: TokKind, start: usize, end: usize) {
        let depth = self.frames.len();
        self.tokens.push(Tok { kind, start, end, depth });
    }

    /// Tokens are recorded for code only, not for what stands inside a string's `${}`.
    fn in_string(&self) -> bool {
        self.frames.iter().any(|f| f.kind.is_text())
    }

    fn tok(&mut self, kind: TokKind, start: usize, end: usize) {
        if !self.in_string() {
            self.push_tok(kind, start, end);
        }
    }

    fn soft(&self) -> bool {
        match self.frames.last().map(|f| &f.kind) {
            Some(FrameKind::Bracket { soft, .. }) => *soft,
            Some(_) => true,
            None => false,
        }
    }

    fn run(mut self) -> Self {
        if self.text.starts_with('\u{FEFF}') {
            self.patch(0, 3, b' ');
            self.i = 3;
        }
        while self.i < self.bytes.len() {
            match self.frames.last().map(|f| &f.kind) {
                Some(FrameKind::Str) => self.step_string(),
                Some(FrameKind::Heredoc { .. }) => self.step_heredoc(),
                _ => self.step_code(),
            }
            if self.too_deep || self.frames.len() > MAX_DEPTH {
                let at = self.i.saturating_sub(1);
                self.diags.push(say::too_deep(self.span(at, self.i)));
                self.complete = false;
                // What came before this item can still be parsed.
                self.frames.clear();
                self.item_first = self.tokens.len();
                break;
            }
        }
        if !self.frames.is_empty() {
            self.unclosed(self.bytes.len());
        }
        self.end_item();
        self
    }

    // ---------------------------------------------------------------------------------------- code

    fn step_code(&mut self) {
        let (i, c) = (self.i, self.at(self.i));
        match c {
            b' ' | b'\t' => self.i += 1,
            b'\r' if self.at(i + 1) == b'\n' => {
                self.patch(i, i + 1, b' ');
                self.i += 1;
            }
            b'\n' => self.newline(),
            b'#' => self.skip_line(),
            b'/' if self.at(i + 1) == b'/' => self.skip_line(),
            b'/' if self.at(i + 1) == b'*' => self.block_comment(),
            b'"' => {
                self.push(FrameKind::Str, i);
                self.i += 1;
            }
            b'<' if self.at(i + 1) == b'<' && self.heredoc_start() => {}
            b'{' | b'(' | b'[' => self.open(c),
            b'}' | b')' | b']' => self.close(c),
            b'\'' => self.quoted(i, 1, '\''),
            b'$' if self.at(i + 1) == b'{' => {
                self.diags.push(say::bare_interpolation(self.span(i, i + 2)));
                self.patch(i, i + 1, b' ');
                self.patch(i + 1, i + 2, b'(');
                self.tok(TokKind::Open, i, i + 2);
                self.push(FrameKind::Bare, i);
                self.i += 2;
            }
            b';' => {
                self.diags.push(say::semicolon(self.span(i, i + 1)));
                self.patch(i, i + 1, if self.soft() { b' ' } else { b',' });
                self.tok(TokKind::Comma, i, i + 1);
                self.i += 1;
            }
            b'0'..=b'9' => self.number(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.ident(),
            b',' => {
                self.tok(TokKind::Comma, i, i + 1);
                self.i += 1;
            }
            0x20..=0x7e => {
                let len = punct_len(&self.bytes[i..]);
                if &self.bytes[i..i + len] == b"?" {
                    self.question();
                } else if c == b':' {
                    let open = self.questions_here();
                    *open = open.saturating_sub(1);
                }
                self.tok(TokKind::Punct, i, i + len);
                self.i += len;
            }
            _ => self.other_char(),
        }
    }

    fn questions_here(&mut self) -> &mut usize {
        self.frames.last_mut().map_or(&mut self.questions, |f| &mut f.questions)
    }

    /// A `? :` in the middle of another nests like a bracket: the parser recurses over it.
    fn question(&mut self) {
        *self.questions_here() += 1;
        let nested = self.questions + self.frames.iter().map(|f| f.questions).sum::<usize>();
        self.too_deep = nested + self.frames.len() > MAX_DEPTH;
    }

    fn newline(&mut self) {
        let i = self.i;
        self.i += 1;
        if self.soft() {
            // In a quoted string an interpolation that runs over the line is rather an unterminated string, once it is
            // known that something is missing.
            if self.mode.strings
                && let Some(pos) = self.enclosing_line_string()
            {
                self.i = i;
                self.unterminated_string(pos);
                return;
            }
            if self.mode.careful && self.head_follows(self.i) {
                self.unclosed(i);
                self.end_item();
                return;
            }
            self.patch(i, i + 1, SOFT_BREAK);
            return;
        }
        if self.mode.careful && !self.frames.is_empty() && self.head_follows(self.i) {
            self.unclosed(i);
            self.end_item();
            return;
        }
        self.tok(TokKind::Newline, i, i + 1);
        if self.frames.is_empty() {
            self.end_item();
        }
        *self.questions_here() = 0;
    }

    /// The outermost quoted string that the current position is inside of, when no heredoc lies between.
    fn enclosing_line_string(&self) -> Option<usize> {
        let mut found = None;
        for frame in self.frames.iter().rev() {
            match frame.kind {
                FrameKind::Heredoc { .. } => break,
                FrameKind::Str => found = Some(frame.pos),
                _ => {}
            }
        }
        found
    }

    /// Whether the line at `i` looks like the head of a top-level item: `word "label" {` from the first column.
    fn head_follows(&self, i: usize) -> bool {
        let line = self.text.get(i..).and_then(|t| t.lines().next()).unwrap_or("");
        if !line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return false;
        }
        let Some((head, _)) = line.split_once('{') else {
            return line.starts_with("import \"") || line.starts_with("function ");
        };
        let words = head.split_whitespace().count();
        head.ends_with(' ')
            && words <= 3
            && !head.contains(['=', ':', '(', '[', ','])
            && (words > 1 || head.trim_end() == "locals")
    }

    fn skip_line(&mut self) {
        let rest = &self.bytes[self.i..];
        self.i += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    }

    fn block_comment(&mut self) {
        let start = self.i;
        match self.text.get(start + 2..).and_then(|t| t.find("*/")) {
            Some(len) => self.i = start + 2 + len + 2,
            None => {
                self.diags.push(say::unterminated_comment(self.span(start, start + 2)));
                self.patch(start, self.bytes.len(), b' ');
                self.i = self.bytes.len();
            }
        }
    }

    fn ident(&mut self) {
        let start = self.i;
        let rest = self.text.get(start..).unwrap_or("");
        let len = rest
            .char_indices()
            .find(|(n, c)| !(c.is_alphanumeric() || *c == '_' || (*c == '-' && *n > 0)))
            .map_or(rest.len(), |(n, _)| n);
        self.i += len.max(1);
        self.tok(TokKind::Ident, start, self.i);
    }

    fn number(&mut self) {
        let start = self.i;
        let digits = |s: &Self, mut i: usize| {
            while s.at(i).is_ascii_digit() {
                i += 1;
            }
            i
        };
        let mut end = digits(self, start);
        // `list.0.1`: the digits are two indices, not a fraction.
        let after_dot = start > 0 && self.at(start - 1) == b'.';
        if !after_dot && self.at(end) == b'.' && self.at(end + 1).is_ascii_digit() {
            end = digits(self, end + 1);
        }
        if matches!(self.at(end), b'e' | b'E') {
            let sign = usize::from(matches!(self.at(end + 1), b'+' | b'-'));
            if self.at(end + 1 + sign).is_ascii_digit() {
                end = digits(self, end + 1 + sign);
            }
        }
        let mut whole = end;
        let more = |s: &Self, i: usize| {
            s.char_at(i).is_some_and(|c| c.is_alphanumeric() || c == '_')
                || (s.at(i) == b'.' && s.at(i + 1).is_ascii_digit())
                || (s.at(i) == b'-' && s.at(i + 1).is_ascii_digit() && i > end)
        };
        while !after_dot && more(self, whole) {
            whole += self.char_at(whole).map_or(1, char::len_utf8);
        }
        self.i = whole;
        if whole > end {
            let text = self.text.get(start..whole).unwrap_or("");
            self.diags.push(say::bad_number(self.span(start, whole), text));
            self.patch(start, whole, BROKEN);
            self.tok(TokKind::Broken, start, whole);
        } else {
            self.tok(TokKind::Number, start, end);
        }
    }

    fn open(&mut self, c: u8) {
        let i = self.i;
        self.tok(TokKind::Open, i, i + 1);
        let soft = c != b'{' || self.for_follows(i + 1);
        self.push(FrameKind::Bracket { open: c, soft }, i);
        self.i += 1;
    }

    /// Whether `for NAME` follows: a comprehension, not an object with a key `for`.
    fn for_follows(&self, mut i: usize) -> bool {
        loop {
            match self.at(i) {
                b' ' | b'\t' | b'\r' | b'\n' => i += 1,
                b'#' => i += self.bytes[i..].iter().position(|b| *b == b'\n').unwrap_or(self.bytes.len()),
                _ => break,
            }
        }
        self.bytes.get(i..i + 3) == Some(b"for")
            && self.bytes[i + 3..].iter().position(|b| !matches!(b, b' ' | b'\t')).is_some_and(|n| {
                n > 0 && (self.at(i + 3 + n).is_ascii_alphabetic() || self.at(i + 3 + n) == b'_')
            })
    }

    fn close(&mut self, c: u8) {
        let i = self.i;
        self.i += 1;
        let want = match c {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        let closes = |f: &Frame| match f.kind {
            FrameKind::Bracket { open, .. } => open == want,
            FrameKind::Interp | FrameKind::Bare => c == b'}',
            _ => false,
        };
        let here = self.span(i, i + 1);
        let Some(top) = self.frames.last().cloned() else {
            self.unbalanced = true;
            self.item_damaged = true;
            self.diags.push(say::stray_close(here, char::from(c)));
            self.patch(i, i + 1, b' ');
            return;
        };
        if closes(&top) {
            self.frames.pop();
            match top.kind {
                FrameKind::Bracket { .. } => self.note_indent(top.pos, i),
                FrameKind::Bare => self.patch(i, i + 1, b')'),
                _ => return,
            }
            self.tok(TokKind::Close, i, i + 1);
            return;
        }
        self.unbalanced = true;
        if self.mode.strings
            && let Some(pos) = self.enclosing_line_string()
        {
            self.unterminated_string(pos);
            return;
        }
        self.item_damaged = true;
        let open = match top.kind {
            FrameKind::Bracket { .. } => self.span(top.pos, top.pos + 1),
            _ => self.span(top.pos, top.pos + 2),
        };
        // What it closes further out, with nothing but brackets between: all that is open inside was forgotten.
        let outer = self.frames.iter().rposition(closes);
        match outer.filter(|n| self.frames[*n..].iter().all(|f| !f.kind.is_text())) {
            Some(n) => {
                self.diags.push(say::mismatched(open, char::from(self.at(top.pos)), here, char::from(c)));
                self.frames.truncate(n);
                self.tok(TokKind::Close, i, i + 1);
            }
            None => {
                self.diags.push(say::unexpected_close(here, char::from(c), open));
                // In the place of a value it stands for a broken one.
                let value = self.tokens.last().is_some_and(|t| t.kind == TokKind::Punct);
                self.patch(i, i + 1, if value { BROKEN } else { b' ' });
                if value {
                    self.tok(TokKind::Broken, i, i + 1);
                }
            }
        }
    }

    fn push(&mut self, kind: FrameKind, pos: usize) {
        self.frames.push(Frame { kind, pos, questions: 0 });
    }

    fn line_indent(&self, pos: usize) -> usize {
        let start = self.text.get(..pos).and_then(|t| t.rfind('\n')).map_or(0, |n| n + 1);
        self.bytes[start..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
    }

    fn note_indent(&mut self, open: usize, close: usize) {
        let before = self.text.get(..close).unwrap_or("");
        let first_in_line = before.rsplit('\n').next().is_some_and(|l| l.trim().is_empty())
            && self.text.get(open..close).is_some_and(|t| t.contains('\n'));
        if self.suspect.is_none() && first_in_line && self.line_indent(close) < self.line_indent(open) {
            self.suspect = Some((open, close));
        }
    }

    /// Something is open where the file or an item ends.
    fn unclosed(&mut self, end: usize) {
        self.unbalanced = true;
        self.item_damaged = true;
        self.open_text = self.in_string();
        let text = self.frames.iter().find(|f| f.kind.is_text()).cloned();
        match (text, self.frames.last().cloned()) {
            (Some(Frame { kind: FrameKind::Heredoc { word }, pos, .. }), _) => {
                self.diags.push(say::unterminated_heredoc(self.span(pos, pos + 2 + word.len()), &word));
                self.patch(pos, end, BROKEN);
                self.push_tok(TokKind::Broken, pos, end);
            }
            (Some(string), _) => {
                self.diags.push(say::unterminated_string(self.span(string.pos, string.pos + 1), None));
                self.patch(string.pos, end, BROKEN);
                self.push_tok(TokKind::Broken, string.pos, end);
            }
            (None, Some(top)) => {
                let suspect = self.suspect.filter(|(open, _)| self.item_start() <= *open);
                let pos = suspect.map_or(top.pos, |(open, _)| open);
                let closer = suspect.map(|(_, c)| self.span(c, c + 1));
                let end = self.span(end, end);
                self.diags.push(say::never_closed(
                    self.span(pos, pos + 1),
                    char::from(self.at(pos)),
                    closer,
                    end,
                ));
            }
            (None, None) => {}
        }
        self.frames.clear();
        self.suspect = None;
    }

    fn item_start(&self) -> usize {
        self.tokens.get(self.item_first).map_or(0, |t| t.start)
    }

    fn end_item(&mut self) {
        let range = self.item_first..self.tokens.len();
        let mut tokens = self.tokens[range.clone()].iter().filter(|t| t.kind != TokKind::Newline);
        if let Some(first) = tokens.next() {
            let last = tokens.next_back().unwrap_or(first);
            self.items.push(Chunk {
                start: first.start,
                end: last.end,
                first: range.start,
                last: range.end,
                damaged: self.item_damaged,
            });
        }
        self.item_first = self.tokens.len();
        self.item_damaged = false;
        self.suspect = None;
    }

    /// A quote that is none of ours: `'` or a typographic one.
    fn quoted(&mut self, start: usize, width: usize, open: char) {
        let closers: &[char] = match open {
            '\'' => &['\''],
            '‘' | '’' | '‚' => &['’', '‘', '\''],
            _ => &['”', '“', '"', '„'],
        };
        let line_end =
            self.text.get(start..).and_then(|t| t.find('\n')).map_or(self.bytes.len(), |n| start + n);
        let inner = self.text.get(start + width..line_end).unwrap_or("");
        let found = inner.char_indices().find(|(_, c)| closers.contains(c));
        match found {
            Some((n, c)) => {
                let content = inner.get(..n).unwrap_or("");
                let close = start + width + n;
                let end = close + c.len_utf8();
                self.diags.push(say::foreign_quotes(self.span(start, end), open, content));
                if content.contains(['"', '\\']) || content.contains("${") || content.contains("%{") {
                    self.patch(start, end, BROKEN);
                } else {
                    self.patch(start, start + width, b' ');
                    self.patch(start + width - 1, start + width, b'"');
                    self.patch(close, end, b' ');
                    self.patch(close, close + 1, b'"');
                }
                self.tok(TokKind::Str, start, end);
                self.i = end;
            }
            None => {
                self.diags.push(say::foreign_quotes(self.span(start, start + width), open, ""));
                self.patch(start, start + width, BROKEN);
                self.tok(TokKind::Broken, start, start + width);
                self.i = start + width;
            }
        }
    }

    fn other_char(&mut self) {
        let i = self.i;
        let Some(c) = self.char_at(i) else {
            self.i += 1;
            return;
        };
        let width = c.len_utf8();
        match c {
            '“' | '”' | '„' | '‘' | '’' | '‚' => self.quoted(i, width, c),
            c if c.is_alphabetic() => self.ident(),
            c if c.is_whitespace() || c.is_control() || is_invisible(c) => {
                self.diags.push(say::invisible(self.span(i, i + width), c));
                self.patch(i, i + width, b' ');
                self.i += width;
            }
            _ => {
                self.diags.push(say::foreign_char(self.span(i, i + width), c));
                self.patch(i, i + width, BROKEN);
                self.tok(TokKind::Broken, i, i + width);
                self.i += width;
            }
        }
    }

    // ------------------------------------------------------------------------------------- strings

    fn step_string(&mut self) {
        let (i, c) = (self.i, self.at(self.i));
        match c {
            b'"' => {
                self.i += 1;
                if let Some(frame) = self.frames.pop() {
                    self.tok(TokKind::Str, frame.pos, i + 1);
                }
            }
            b'\\' => self.escape(),
            b'\n' => {
                let pos = self.enclosing_line_string().unwrap_or(i);
                self.unterminated_string(pos);
            }
            b'$' | b'%' => self.maybe_interpolation(c),
            0..=0x1f if c != b'\t' => self.control_in_text(),
            0x7f => self.control_in_text(),
            _ => self.i += 1,
        }
    }

    fn control_in_text(&mut self) {
        let i = self.i;
        // A line break of Windows: the string ends at the `\n`, which is the next byte.
        if !(self.at(i) == b'\r' && self.at(i + 1) == b'\n') {
            self.diags.push(say::invisible(self.span(i, i + 1), char::from(self.at(i))));
        }
        self.patch(i, i + 1, b' ');
        self.i += 1;
    }

    fn maybe_interpolation(&mut self, c: u8) {
        let i = self.i;
        if self.at(i + 1) == c && self.at(i + 2) == b'{' {
            self.i += 3;
        } else if self.at(i + 1) == b'{' {
            if c == b'%' {
                self.directive(i + 2);
            }
            self.push(FrameKind::Interp, i);
            self.i += 2;
        } else {
            self.i += 1;
        }
    }

    /// `%{if}` and `%{for}` nest like brackets, too.
    fn directive(&mut self, at: usize) {
        let word = self.text.get(at..).unwrap_or("").trim_start_matches(['~', ' ', '\t']);
        let nested: usize = self.frames.iter().map(|f| f.questions).sum();
        if word.starts_with("if") || word.starts_with("for") {
            *self.questions_here() += 1;
            self.too_deep = nested + self.frames.len() > MAX_DEPTH;
        } else if word.starts_with("end") {
            let open = self.questions_here();
            *open = open.saturating_sub(1);
        }
    }

    fn escape(&mut self) {
        let i = self.i;
        let hex = |s: &Self, n: usize| {
            let digits = s.bytes.get(i + 2..i + 2 + n)?;
            let value = digits.iter().try_fold(0u32, |v, b| Some(v * 16 + char::from(*b).to_digit(16)?))?;
            char::from_u32(value)
        };
        let ok = match self.at(i + 1) {
            b'n' | b'r' | b't' | b'"' | b'\\' => Some(2),
            b'u' => hex(self, 4).map(|_| 6),
            b'U' => hex(self, 8).map(|_| 10),
            _ => None,
        };
        match ok {
            Some(len) => self.i += len,
            None => {
                let width = self.char_at(i + 1).filter(|c| *c != '\n').map_or(0, char::len_utf8);
                let text = self.text.get(i..i + 1 + width).unwrap_or("\\");
                self.diags.push(say::bad_escape(self.span(i, i + 1 + width), text));
                self.patch(i, i + 1, b'_');
                self.i += 1;
            }
        }
    }

    /// The string opened at `pos` is not closed on its line.
    fn unterminated_string(&mut self, pos: usize) {
        let outer = self.frames.iter().position(|f| f.kind == FrameKind::Str && f.pos == pos);
        self.frames.truncate(outer.unwrap_or(0));
        let line_end = self.text.get(pos..).and_then(|t| t.find('\n')).map_or(self.bytes.len(), |n| pos + n);
        let line = self.text.get(pos..line_end).unwrap_or("");
        // Closing brackets and commas at the end of the line are rather meant to follow the string, and so is the
        // brace of a block whose label lacks its quote.
        let body = line.trim_end();
        let body = body.strip_suffix(" {").unwrap_or(body);
        let content = body.trim_end_matches([')', ']', '}', ',', ' ', '\t']);
        let content = if content.len() <= 1 { body } else { content };
        let end = pos + content.len().max(1);
        self.diags.push(say::unterminated_string(self.span(pos, end), Some(content)));
        let label = body.len() < line.trim_end().len();
        if label && !content.contains(['\\', '$', '%']) {
            self.patch(end, end + 1, b'"');
            self.tok(TokKind::Str, pos, end);
            self.i = end + 1;
        } else {
            self.patch(pos, end, BROKEN);
            self.tok(TokKind::Broken, pos, end);
            self.i = end;
        }
    }

    // ------------------------------------------------------------------------------------ heredocs

    /// Enters a heredoc when one starts here.
    fn heredoc_start(&mut self) -> bool {
        let start = self.i;
        let mut i = start + 2 + usize::from(self.at(start + 2) == b'-');
        let rest = self.text.get(i..).unwrap_or("");
        let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or("");
        if !word.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return false;
        }
        i += len;
        while matches!(self.at(i), b' ' | b'\t' | b'\r') {
            self.patch(i, i + 1, b' ');
            i += 1;
        }
        if self.at(i) != b'\n' {
            return false;
        }
        self.push(FrameKind::Heredoc { word: word.to_string() }, start);
        self.i = i;
        true
    }

    fn step_heredoc(&mut self) {
        let (i, c) = (self.i, self.at(self.i));
        match c {
            b'\n' => {
                if !self.heredoc_end(i) {
                    self.i += 1;
                }
            }
            b'$' | b'%' => self.maybe_interpolation(c),
            b'\r' if self.at(i + 1) == b'\n' => self.i += 1,
            0..=0x1f if c != b'\t' => self.control_in_text(),
            _ => self.i += 1,
        }
    }

    /// Whether the line after the line break at `i` closes the heredoc; if so, leaves it.
    fn heredoc_end(&mut self, i: usize) -> bool {
        let Some(Frame { kind: FrameKind::Heredoc { word }, pos, .. }) = self.frames.last().cloned() else {
            return false;
        };
        let line = self.text.get(i + 1..).and_then(|t| t.split('\n').next()).unwrap_or("");
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let Some(after) = trimmed.strip_prefix(word.as_str()) else { return false };
        let end = i + 1 + indent + word.len();
        if !after.trim().is_empty() {
            let more = after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
            if more || !self.mode.strings {
                return false;
            }
            self.diags.push(say::heredoc_end_not_alone(
                self.span(end - word.len(), end),
                &word,
                after.trim(),
                self.span(pos, pos + 2),
            ));
        }
        self.frames.pop();
        self.patch(i, i + 1, HEREDOC_STOP);
        self.tok(TokKind::Str, pos, end);
        self.i = end;
        true
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{AD}')
}

/// Length of the punctuation at the start of `rest`.
pub(super) fn punct_len(rest: &[u8]) -> usize {
    const LONG: [&[u8]; 10] = [b"...", b"==", b"!=", b"<=", b">=", b"=>", b"->", b"&&", b"||", b"??"];
    LONG.iter().find(|p| rest.starts_with(p)).map_or(1, |p| p.len())
}
