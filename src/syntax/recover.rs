//! Parsing item by item, and finding every mistake of an item that did not parse as a whole.
//!
//! In: a [`Scan`]. Out: the items of the file; what is broken is narrowed down to single attributes, entries and block
//! headers, each of which is reported by [`explain`]. Must not know: wording.
//!
//! An item that parses goes through the grammar once. Only for one that does not, its tokens tell where its parts
//! begin and end, and each part is tried alone.

use pest::Parser as _;

use super::ast::*;
use super::explain::{Place, explain, is_operator};
use super::findings::Findings;
use super::grammar::{RelParser, Rule};
use super::lower::Lower;
use super::messages as say;
use super::scan::{Chunk, Scan, Tok, TokKind};
use crate::source::{FileId, Span};

pub(super) struct Recover<'a> {
    pub file: FileId,
    pub source: &'a str,
    pub scan: &'a Scan,
    pub diags: &'a mut Findings,
    /// Brackets of the item at hand do not match: its attributes may stand in another block than was meant.
    pub damaged: bool,
}

impl<'a> Recover<'a> {
    fn lower(&mut self, base: usize) -> Lower<'_> {
        Lower { file: self.file, base, source: self.source, diags: self.diags, height: 0 }
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.scan.text.get(start..end).unwrap_or("")
    }

    fn tokens(&self, first: usize, last: usize) -> &'a [Tok] {
        self.scan.tokens.get(first..last).unwrap_or(&[])
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// All items of the file; false when one was lost.
    pub fn file(&mut self) -> (Vec<Item>, bool) {
        let mut items = Vec::new();
        let mut complete = self.scan.complete;
        for chunk in &self.scan.items {
            match RelParser::parse(Rule::file, self.slice(chunk.start, chunk.end)) {
                Ok(pairs) => items.extend(self.lower(chunk.start).items(pairs)),
                Err(error) => match self.broken_item(chunk, &error) {
                    Some(item) => items.push(item),
                    None => complete = false,
                },
            }
        }
        (items, complete)
    }

    fn broken_item(&mut self, chunk: &Chunk, error: &pest::error::Error<Rule>) -> Option<Item> {
        self.damaged = chunk.damaged;
        let tokens = trim(self.tokens(chunk.first, chunk.last));
        let word = tokens.first().map(|t| self.slice(t.start, t.end)).unwrap_or("");
        let keyword = matches!(word, "import" | "function" | "type");
        if !keyword && let Some(block) = self.broken_block(tokens) {
            return Some(Item::Block(block));
        }
        if !chunk.damaged {
            self.report(error, chunk.start, tokens, Place::File);
        }
        None
    }

    fn report(&mut self, error: &pest::error::Error<Rule>, base: usize, tokens: &[Tok], place: Place) {
        let diag = explain(self.file, self.source, &self.scan.text, error, base, tokens, place);
        // Where the scanner has overwritten the text, it has said why.
        let at = diag.labels.first().map_or(0, |label| label.span.start as usize);
        if self.scan.text.as_bytes().get(at) != Some(&super::scan::BROKEN) {
            self.diags.push(diag);
        }
    }

    /// A block some part of which is broken; `None` when the tokens do not look like a block.
    fn broken_block(&mut self, tokens: &'a [Tok]) -> Option<Block> {
        let open = tokens.iter().position(|t| t.kind == TokKind::Open)?;
        let brace = tokens.get(open)?;
        let head = tokens.get(..open)?;
        if self.slice(brace.start, brace.end) != "{"
            || head.is_empty()
            || head.iter().any(|t| matches!(t.kind, TokKind::Punct | TokKind::Comma | TokKind::Newline))
        {
            return None;
        }
        let start = head.first()?.start;
        let head_end = head.last()?.end;
        let (kind, labels) = match RelParser::parse(Rule::lone_header, self.slice(start, head_end)) {
            Ok(pairs) => self.lower(start).header(pairs)?,
            Err(error) => {
                self.report(&error, start, head, Place::Header);
                self.salvage_header(head)?
            }
        };
        let rest = tokens.get(open + 1..)?;
        // The brace that closes it, or the end of the item when it is missing.
        let close = rest.iter().position(|t| t.kind == TokKind::Close && t.depth == brace.depth);
        let inside = rest.get(..close.unwrap_or(rest.len())).unwrap_or(rest);
        let end = close.and_then(|n| rest.get(n)).map_or(rest.last().map_or(brace.end, |t| t.end), |t| t.end);
        let after = close.and_then(|n| rest.get(n + 1..)).unwrap_or(&[]);
        if let Some(next) = trim(after).first() {
            let found = self.span(next.start, next.end);
            self.diags.push(say::after_block(found, self.slice(next.start, next.end)));
        }
        let body = self.broken_body(inside, brace.depth + 1, self.span(brace.start, end));
        let header = self.span(start, head_end);
        Some(Block { kind, labels, body, doc: None, header, span: self.span(start, end) })
    }

    /// The kind and labels that can still be made out, so that references to the block do not fail, too.
    fn salvage_header(&mut self, head: &[Tok]) -> Option<(Name, Vec<Name>)> {
        let mut names = Vec::new();
        for tok in head {
            let text = self.slice(tok.start, tok.end);
            if let Ok(pairs) = RelParser::parse(Rule::lone_header, text) {
                names.extend(self.lower(tok.start).header(pairs).map(|(kind, _)| kind));
            }
        }
        let labels = names.split_off(names.len().min(1));
        Some((names.pop()?, labels))
    }

    fn broken_body(&mut self, inside: &'a [Tok], depth: usize, span: Span) -> Body {
        let mut items = Vec::new();
        let mut complete = !self.damaged;
        let mut parts = split(inside, depth).into_iter().peekable();
        while let Some(part) = parts.next() {
            let (start, end) = extent(part);
            match RelParser::parse(Rule::lone_item, self.slice(start, end)) {
                Ok(pairs) => items.extend(self.lower(start).body_items(pairs)),
                Err(error) => {
                    if let Some(block) = self.broken_block(part) {
                        items.push(BodyItem::Block(block));
                        continue;
                    }
                    // An expression broken over several lines is one mistake.
                    let mut continued = false;
                    while parts.next_if(|next| self.continues(part, next)).is_some() {
                        continued = true;
                    }
                    if !self.broken_value(part, depth) && balanced(part) {
                        let place = if continued { Place::Continued } else { Place::Body };
                        self.report(&error, start, part, place);
                    }
                    match self.salvage_attr(part) {
                        Some(attr) => items.push(BodyItem::Attr(attr)),
                        None => complete = false,
                    }
                }
            }
        }
        Body { items, span, complete }
    }

    /// Whether `next` only goes on with the expression of `part`.
    fn continues(&self, part: &[Tok], next: &[Tok]) -> bool {
        let text = |t: Option<&Tok>| t.map_or("", |t| self.slice(t.start, t.end));
        // A minus may as well begin something new.
        let operator = |t: &str| t != "-" && is_operator(t);
        let first = text(next.first());
        operator(first)
            || (operator(text(part.last())) || text(part.last()) == "-") && !self.is_assignment(next)
    }

    fn is_assignment(&self, part: &[Tok]) -> bool {
        part.get(1).is_some_and(|t| self.slice(t.start, t.end) == "=")
    }

    /// Looks for mistakes inside an object that is the value of an attribute; true when one was reported.
    fn broken_value(&mut self, part: &'a [Tok], depth: usize) -> bool {
        let Some(value) = part.get(2..).filter(|_| {
            part.get(1).is_some_and(|t| matches!(self.slice(t.start, t.end), "=" | ":") && t.depth == depth)
        }) else {
            return false;
        };
        let (Some(open), Some(close)) = (value.first(), value.last()) else { return false };
        let is_object = self.slice(open.start, open.end) == "{"
            && close.kind == TokKind::Close
            && close.depth == depth
            && value.iter().filter(|t| t.kind == TokKind::Close && t.depth == depth).count() == 1;
        if !is_object {
            return false;
        }
        let inside = value.get(1..value.len().saturating_sub(1)).unwrap_or(&[]);
        if self.slice(open.end, open.end + 40).trim_start_matches([' ', '\u{0B}']).starts_with("for ") {
            return false;
        }
        let before = self.diags.count();
        for entry in split(inside, depth + 1) {
            let (start, end) = extent(entry);
            if let Err(error) = RelParser::parse(Rule::lone_entry, self.slice(start, end))
                && !self.broken_value(entry, depth + 1)
                && balanced(entry)
            {
                self.report(&error, start, entry, Place::Object);
            }
        }
        self.diags.count() > before
    }

    /// `name = …` with a broken value.
    fn salvage_attr(&mut self, part: &[Tok]) -> Option<Attr> {
        let name = part.first()?;
        let sign = part.get(1)?;
        if !matches!(self.slice(sign.start, sign.end), "=" | ":" | "==") {
            return None;
        }
        let pairs = RelParser::parse(Rule::lone_header, self.slice(name.start, name.end)).ok()?;
        let (name, _) = self.lower(name.start).header(pairs)?;
        let (start, end) = extent(part.get(2..).unwrap_or(&[]));
        let value = self.span(start.max(sign.end), end.max(sign.end));
        Some(Attr { span: name.span.to(value), name, value: Expr::new(ExprKind::Error, value) })
    }
}

/// Without line breaks and commas at both ends.
fn trim(tokens: &[Tok]) -> &[Tok] {
    let is_gap = |t: &Tok| matches!(t.kind, TokKind::Newline);
    let start = tokens.iter().position(|t| !is_gap(t)).unwrap_or(tokens.len());
    let end = tokens.iter().rposition(|t| !is_gap(t)).map_or(start, |n| n + 1);
    tokens.get(start..end).unwrap_or(&[])
}

/// The parts between the separators of a depth.
fn split(tokens: &[Tok], depth: usize) -> Vec<&[Tok]> {
    tokens
        .split(|t| t.depth <= depth && matches!(t.kind, TokKind::Newline | TokKind::Comma))
        .filter(|part| !part.is_empty())
        .collect()
}

fn extent(part: &[Tok]) -> (usize, usize) {
    (part.first().map_or(0, |t| t.start), part.last().map_or(0, |t| t.end))
}

/// Whether all brackets of the part are closed in it; if not, that has been reported.
fn balanced(part: &[Tok]) -> bool {
    let opened = part.iter().filter(|t| t.kind == TokKind::Open).count();
    opened == part.iter().filter(|t| t.kind == TokKind::Close).count()
}
