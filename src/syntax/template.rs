//! Strings and heredocs to pieces.
//!
//! In: pairs of the grammar's template rules. Out: [`ExprKind::Str`] or [`ExprKind::Template`]: escapes replaced,
//! trim markers applied, shared indentation of `<<-` removed. Must not know: what interpolated values are.
//!
//! A template is first flattened to literals and markers, since trimming and indentation look across the borders of
//! `%{if}` and `%{for}`, and then nested again.

use super::ast::*;
use super::grammar::Rule;
use super::lower::{Lower, P, inner};
use crate::source::Span;

enum Flat {
    Lit(String, Span),
    /// Something between `${`/`%{` and `}`, with `~` on its left and right side or not.
    Mark(Mark, bool, bool, Span),
}

enum Mark {
    Interp(Expr),
    If(Expr),
    Else,
    EndIf,
    For(ForVars, Expr),
    EndFor,
}

/// A `string`.
pub(super) fn string(lower: &mut Lower<'_>, pair: P<'_>) -> Expr {
    let span = lower.span(&pair);
    let mut flat = Vec::new();
    flatten(lower, inner(pair), &mut flat);
    finish(flat, span)
}

/// A `heredoc`.
pub(super) fn heredoc(lower: &mut Lower<'_>, pair: P<'_>) -> Expr {
    let span = lower.span(&pair);
    let mut flat = Vec::new();
    let mut flush = false;
    let mut open_end = 0;
    for part in inner(pair) {
        let at = lower.span(&part);
        match part.as_rule() {
            Rule::heredoc_open => {
                flush = part.as_str().starts_with("<<-");
                open_end = at.end;
            }
            // The line break before the closing word belongs to the text, unless that word comes at once.
            Rule::heredoc_end if at.start > open_end => {
                flat.push(Flat::Lit("\n".to_string(), Span { end: at.start + 1, ..at }));
            }
            Rule::heredoc_end => {}
            _ => flatten(lower, std::iter::once(part), &mut flat),
        }
    }
    join_literals(&mut flat);
    for item in &mut flat {
        // Line breaks of Windows become plain ones.
        if let Flat::Lit(text, _) = item
            && text.contains('\r')
        {
            *text = text.replace("\r\n", "\n");
        }
    }
    if flush {
        remove_indent(&mut flat);
    }
    finish(flat, span)
}

fn flatten<'p>(lower: &mut Lower<'_>, parts: impl Iterator<Item = P<'p>>, out: &mut Vec<Flat>) {
    for part in parts {
        let span = lower.span(&part);
        match part.as_rule() {
            Rule::string_text => out.push(Flat::Lit(unescape(part.as_str()), span)),
            Rule::heredoc_text => out.push(Flat::Lit(unescape_heredoc(part.as_str()), span)),
            Rule::interpolation
            | Rule::tpl_if
            | Rule::tpl_else
            | Rule::tpl_endif
            | Rule::tpl_for
            | Rule::tpl_endfor => {
                if let Some(mark) = marker(lower, part) {
                    out.push(mark);
                }
            }
            // string_if, string_then, …: only groups, not nested deeper than the scan allows
            _ => flatten(lower, inner(part), out),
        }
    }
}

fn marker(lower: &mut Lower<'_>, pair: P<'_>) -> Option<Flat> {
    let span = lower.span(&pair);
    let rule = pair.as_rule();
    let text = pair.as_str();
    let left = text.get(2..).is_some_and(|t| t.starts_with('~'));
    let right = text.ends_with("~}");
    let mut parts = inner(pair).filter(|p| p.as_rule() != Rule::trim);
    let mark = match rule {
        Rule::interpolation => Mark::Interp(lower.expr(parts.next()?)),
        Rule::tpl_if => Mark::If(lower.expr(parts.next()?)),
        Rule::tpl_for => Mark::For(lower.for_vars(parts.next()?)?, lower.expr(parts.next()?)),
        Rule::tpl_else => Mark::Else,
        Rule::tpl_endif => Mark::EndIf,
        _ => Mark::EndFor,
    };
    Some(Flat::Mark(mark, left, right, span))
}

fn finish(mut flat: Vec<Flat>, span: Span) -> Expr {
    trim(&mut flat);
    join_literals(&mut flat);
    if flat.iter().all(|f| matches!(f, Flat::Lit(..))) {
        let text =
            flat.into_iter().map(|f| if let Flat::Lit(text, _) = f { text } else { String::new() }).collect();
        return Expr::new(ExprKind::Str(text), span);
    }
    let mut rest = flat.into_iter();
    let (pieces, _) = nest(&mut rest);
    Expr::new(ExprKind::Template(pieces), span)
}

fn join_literals(flat: &mut Vec<Flat>) {
    let mut out: Vec<Flat> = Vec::with_capacity(flat.len());
    for item in flat.drain(..) {
        match (out.last_mut(), item) {
            (Some(Flat::Lit(text, span)), Flat::Lit(more, at)) => {
                text.push_str(&more);
                *span = span.to(at);
            }
            (_, Flat::Lit(text, _)) if text.is_empty() => {}
            (_, item) => out.push(item),
        }
    }
    *flat = out;
}

fn trim(flat: &mut [Flat]) {
    let mut after = false;
    for n in 0..flat.len() {
        let next_trims = matches!(flat.get(n + 1), Some(Flat::Mark(_, true, _, _)));
        match flat.get_mut(n) {
            Some(Flat::Lit(text, _)) => {
                if after {
                    *text = text.trim_start().to_string();
                }
                if next_trims {
                    text.truncate(text.trim_end().len());
                }
                after = false;
            }
            Some(Flat::Mark(_, _, right, _)) => after = *right,
            None => {}
        }
    }
}

/// Takes off every line the indentation that all lines with content share; counts blanks, as HCL does.
fn remove_indent(flat: &mut [Flat]) {
    let mut least: Option<usize> = None;
    let mut at_line_start = true;
    for n in 0..flat.len() {
        let continues = matches!(flat.get(n + 1), Some(Flat::Mark(..)));
        match flat.get(n) {
            Some(Flat::Lit(text, _)) => {
                let lines: Vec<&str> = text.split('\n').collect();
                let count = lines.len();
                for (k, line) in lines.into_iter().enumerate() {
                    if k == 0 && !at_line_start {
                        continue;
                    }
                    let last = k + 1 == count;
                    let blank = line.trim_matches([' ', '\t', '\r']).is_empty();
                    if !blank || (last && continues) {
                        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
                        least = Some(least.map_or(indent, |l| l.min(indent)));
                    }
                }
                at_line_start = false;
            }
            Some(Flat::Mark(..)) => {
                if at_line_start {
                    least = Some(0);
                }
                at_line_start = false;
            }
            None => {}
        }
    }
    let least = least.unwrap_or(0);
    let mut at_line_start = true;
    for item in flat {
        if let Flat::Lit(text, _) = item {
            let lines = text.split('\n').enumerate().map(|(k, line)| {
                if k == 0 && !at_line_start {
                    return line;
                }
                let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
                line.get(least.min(indent)..).unwrap_or(line)
            });
            let joined = lines.collect::<Vec<_>>().join("\n");
            *text = joined;
        }
        at_line_start = false;
    }
}

/// What ended a group of pieces.
enum End {
    Else,
    Close(Span),
    Text,
}

fn nest(rest: &mut std::vec::IntoIter<Flat>) -> (Vec<Piece>, End) {
    let mut out = Vec::new();
    while let Some(item) = rest.next() {
        match item {
            Flat::Lit(text, span) => out.push(Piece::Lit { text, span }),
            Flat::Mark(mark, _, _, span) => match mark {
                Mark::Interp(expr) => out.push(Piece::Interp(expr)),
                Mark::If(cond) => {
                    let (then, end) = nest(rest);
                    let (otherwise, end) = match end {
                        End::Else => nest(rest),
                        other => (Vec::new(), other),
                    };
                    let span = if let End::Close(close) = end { span.to(close) } else { span };
                    out.push(Piece::If { cond, then, otherwise, span });
                }
                Mark::For(vars, iter) => {
                    let (body, end) = nest(rest);
                    let span = if let End::Close(close) = end { span.to(close) } else { span };
                    out.push(Piece::For { vars, iter, body, span });
                }
                Mark::Else => return (out, End::Else),
                Mark::EndIf | Mark::EndFor => return (out, End::Close(span)),
            },
        }
    }
    (out, End::Text)
}

/// Replaces the escapes of a quoted string; the grammar has let only valid ones through.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(n) = rest.find(['\\', '$', '%']) {
        let (before, tail) = rest.split_at(n);
        out.push_str(before);
        let mut chars = tail.chars();
        let first = chars.next().unwrap_or('\\');
        if first != '\\' {
            let skip = if tail.starts_with("$${") || tail.starts_with("%%{") { 1 } else { 0 };
            let keep = if skip == 1 { 2 } else { 1 };
            out.push_str(tail.get(skip..skip + keep).unwrap_or(""));
            rest = tail.get(skip + keep..).unwrap_or("");
            continue;
        }
        let (c, len) = match chars.next() {
            Some('n') => ('\n', 2),
            Some('r') => ('\r', 2),
            Some('t') => ('\t', 2),
            Some('u') => (hex(tail.get(2..6)), 6),
            Some('U') => (hex(tail.get(2..10)), 10),
            Some(c) => (c, 1 + c.len_utf8()),
            None => ('\\', 1),
        };
        out.push(c);
        rest = tail.get(len..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

fn hex(digits: Option<&str>) -> char {
    digits.and_then(|d| u32::from_str_radix(d, 16).ok()).and_then(char::from_u32).unwrap_or('\u{FFFD}')
}

/// In a heredoc only `$${` and `%%{` are escapes.
fn unescape_heredoc(text: &str) -> String {
    text.replace("$${", "${").replace("%%{", "%{")
}
