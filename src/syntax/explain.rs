//! What pest could not parse, in words.
//!
//! In: pest's furthest position and the rules it tried there, and the tokens of the failing part. Out: a [`Diag`]: what
//! was expected after what, what was found, and, for the mistakes people make, what to write instead. Must not know:
//! how the part was cut out.

use pest::error::{Error, ErrorVariant, InputLocation};

use super::grammar::Rule;
use super::messages as say;
use super::scan::{Tok, TokKind, punct_len};
use crate::diag::{Diag, codes};
use crate::source::{FileId, Span};

/// Where the failing part stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    File,
    Header,
    Body,
    Object,
    /// In a body, and the following lines go on with it.
    Continued,
}

/// The surroundings of a syntax error.
struct Site<'a> {
    file: FileId,
    /// The text as written.
    source: &'a str,
    /// Where the parser stopped.
    at: usize,
    /// End of the token found there.
    end: usize,
    found: &'a str,
    /// The last token before it, and the one after it.
    before: Option<Tok>,
    next: &'a str,
    expected: Vec<Rule>,
    place: Place,
    /// The first token of the part.
    first: &'a str,
    in_string: bool,
}

pub(super) fn explain(
    file: FileId,
    source: &str,
    text: &str,
    error: &Error<Rule>,
    base: usize,
    tokens: &[Tok],
    place: Place,
) -> Diag {
    let offset = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.clone(),
        // The only custom error is the parser's own guard against deep recursion.
        ErrorVariant::CustomError { .. } => {
            return say::too_deep(Span::new(file, base + offset, base + offset));
        }
    };
    let raw = base + offset;
    let inside = tokens.iter().find(|t| t.kind == TokKind::Str && t.start < raw && raw < t.end);
    // Inside a string the tokens do not help; elsewhere the position may lie before blanks and comments.
    let (at, end) = match inside {
        Some(string) => word_at(text, skip_blanks(text, raw, string.end), string.end),
        None => match tokens.iter().find(|t| t.start >= raw) {
            Some(t) => (t.start, t.end),
            None => {
                (raw.max(tokens.last().map_or(raw, |t| t.end)), raw.max(tokens.last().map_or(raw, |t| t.end)))
            }
        },
    };
    let before = tokens.iter().rev().find(|t| t.end <= at && t.kind != TokKind::Newline).copied();
    let slice = |t: Option<&Tok>| t.and_then(|t| source.get(t.start..t.end)).unwrap_or("");
    let site = Site {
        file,
        source,
        at,
        end,
        found: source.get(at..end).unwrap_or(""),
        before: if inside.is_some() { None } else { before },
        next: slice(tokens.iter().find(|t| t.start >= end && end > at)),
        expected,
        place,
        first: slice(tokens.first()),
        in_string: inside.is_some(),
    };
    special(&site).unwrap_or_else(|| general(&site))
}

fn skip_blanks(text: &str, mut at: usize, end: usize) -> usize {
    while at < end && text.as_bytes().get(at).is_some_and(|b| matches!(b, b' ' | b'\t' | 0x0B)) {
        at += 1;
    }
    at
}

/// The word or sign at a position inside a string's `${}`.
fn word_at(text: &str, at: usize, limit: usize) -> (usize, usize) {
    let rest = text.get(at..limit).unwrap_or("");
    let Some(first) = rest.chars().next() else { return (at, at) };
    let len = if first.is_alphanumeric() || first == '_' {
        rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len())
    } else if first == char::from(super::scan::BROKEN) {
        // One byte of it may be a part of a longer character of the source.
        rest.find(|c| c != first).unwrap_or(rest.len())
    } else if first.is_ascii() {
        punct_len(rest.as_bytes())
    } else {
        first.len_utf8()
    };
    (at, at + len)
}

impl Site<'_> {
    fn span(&self) -> Span {
        Span::new(self.file, self.at, self.end)
    }

    fn expects(&self, rule: Rule) -> bool {
        self.expected.contains(&rule)
    }

    fn before_text(&self) -> &str {
        self.before.and_then(|t| self.source.get(t.start..t.end)).unwrap_or("")
    }

    fn at_end(&self) -> bool {
        self.found.is_empty() || self.found == "\n"
    }

    fn expects_value(&self) -> bool {
        // Wherever a value may begin, a number may.
        self.expects(Rule::number) && self.expects(Rule::match_word)
            || self.expected.iter().any(|r| matches!(r, Rule::expr | Rule::operation | Rule::operand))
    }

    fn found_value(&self) -> bool {
        self.found.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '_' | '[' | '{' | '<'))
    }
}

/// The mistakes that have a message of their own.
fn special(s: &Site<'_>) -> Option<Diag> {
    let span = s.span();
    let before = s.before_text();
    let before_span = s.before.map_or(span, |t| Span::new(s.file, t.start, t.end));
    let body = matches!(s.place, Place::Body | Place::Continued | Place::File);

    if s.in_string
        && let Some(diag) = directive(s)
    {
        return Some(diag);
    }
    if before == "." && s.expects(Rule::ident) {
        return Some(say::no_name_after_dot(if s.at_end() { before_span } else { span }, &found(s)));
    }
    if s.place == Place::File
        && let Some(diag) = keyword(s)
    {
        return Some(diag);
    }
    if s.place == Place::Continued || body && s.before.is_none() && s.found != "-" && is_operator(s.found) {
        return Some(say::continued_line(if s.at_end() { before_span } else { span }));
    }
    if s.expects_value() && s.at_end() && is_operator(before) {
        return Some(say::ends_in_operator(before_span, before, &found(s)));
    }
    if s.found == "-" && s.before.is_none() && s.place != Place::Header {
        return Some(say::yaml_item(span));
    }
    if body && s.expects(Rule::assign) && s.found == ":" && s.first == before {
        return Some(say::colon_in_body(span, before));
    }
    if s.expects(Rule::assign) && s.found == "==" {
        return Some(say::double_equals(span, before));
    }
    if s.expects(Rule::assign) && s.found == "=>" {
        return Some(say::arrow_in_entry(span, before));
    }
    if s.expects(Rule::fat_arrow) && matches!(s.found, "=" | ":" | "->") {
        return Some(say::not_an_arrow(span, s.found));
    }
    if s.expects(Rule::pattern) && s.next == "=>" && s.found_value() {
        return Some(say::not_a_pattern(span, s.found));
    }
    if s.expects(Rule::assign) && s.expects(Rule::colon) && s.found == "(" {
        return Some(say::computed_key(span, before));
    }
    if s.expects(Rule::colon) && s.expects(Rule::question) && !s.expects(Rule::assign) && s.at_end() {
        return Some(say::half_conditional(before_span, before, &found(s)));
    }
    if s.expects(Rule::assign) && s.found == "." {
        return Some(say::dotted_key(span, before, s.next));
    }
    if body && s.expects(Rule::assign) && matches!(s.found, "+" | "-" | "*" | "/" | "?") && s.next == "=" {
        return Some(say::compound_assign(span, s.found));
    }
    if s.in_string
        && (s.expects(Rule::plain_string) || s.expects(Rule::string_text))
        && s.found.starts_with(['$', '%'])
    {
        return Some(say::template_as_name(span));
    }
    if s.expects(Rule::rbracket) && s.expects(Rule::comma) && s.found_value() {
        return Some(say::missing_comma(before_span, span, "elements", s.found));
    }
    if s.expects(Rule::rparen) && s.expects(Rule::comma) && s.found_value() {
        return Some(say::missing_comma(before_span, span, "arguments", s.found));
    }
    if matches!(s.found, "and" | "or" | "not" | "is") && !s.expects_value() {
        return Some(say::word_operator(span, s.found));
    }
    if matches!(s.found, "&" | "|") && !s.in_string {
        return Some(say::single_operator(span, s.found));
    }
    if s.expects_value() && before == "=" && s.at_end() {
        return Some(say::no_value(before_span, span, s.first));
    }
    if body && s.expects(Rule::assign) && s.first == before && s.found_value() {
        return Some(say::no_assign(span, before, s.found));
    }
    if body && s.expects(Rule::assign) && s.at_end() {
        return Some(say::lone_word(before_span, before));
    }
    if (s.expects(Rule::newline) || s.expects(Rule::EOI)) && s.next == "=" && s.found_value() {
        return Some(say::two_on_a_line(span, s.found));
    }
    match before {
        "not" if s.found_value() => return Some(say::word_operator(before_span, before)),
        "if" if s.found_value() => return Some(say::if_expression(before_span)),
        _ => {}
    }
    let two_strings = before.starts_with('"') && s.found.starts_with('"');
    if two_strings && (s.expects(Rule::newline) || s.expects(Rule::EOI)) {
        return Some(say::two_strings(before_span.to(span)));
    }
    None
}

const IMPORT: &str = "import \"std/aws\"`, or `import \"../lib/names\" as names";

/// Mistakes in the heads of `function`, `type` and `import`, which could be blocks of that name as well.
fn keyword(s: &Site<'_>) -> Option<Diag> {
    let before = s.before_text();
    let at = match s.before {
        Some(t) if s.at_end() => Span::new(s.file, t.start, t.end),
        _ => s.span(),
    };
    let (what, shape) = match s.first {
        "function" => {
            let what = match before {
                "function" => "a name",
                "->" | ":" => "a type",
                _ if s.expects(Rule::lparen) && s.found == "{" => "`(`",
                ")" if s.expects(Rule::arrow) || s.at_end() => "`=` or `{`",
                _ if s.expects(Rule::colon) && s.found_value() => "`:`",
                _ => return None,
            };
            (what, "function name(a: string, b: int = 1) -> string = …")
        }
        "type" => {
            let what = match before {
                "type" => "a name",
                "=" if s.at_end() => "a type",
                _ if s.expects(Rule::assign) => "`=`",
                _ => return None,
            };
            (what, "type name = object({ a = string })")
        }
        "import"
            if before != "import" && !before.starts_with('"') && s.place == Place::File && before != "as" =>
        {
            let at = s.before.map_or(at, |t| Span::new(s.file, t.start, t.end));
            return Some(say::keyword_shape(
                at,
                "a path in quotes",
                "import",
                &format!("`{before}`"),
                IMPORT,
            ));
        }
        "import" => {
            let what = match before {
                "import" => "a path in quotes",
                "as" => "a name",
                _ if s.expects(Rule::EOI) => "a line break",
                _ => return None,
            };
            (what, IMPORT)
        }
        _ => return None,
    };
    Some(say::keyword_shape(at, what, before, &found(s), shape))
}

/// Mistakes with `%{…}`.
fn directive(s: &Site<'_>) -> Option<Diag> {
    let span = s.span();
    if s.expects(Rule::if_word) && s.expects(Rule::for_word) && !s.expects_value() {
        return Some(match s.found {
            "else" | "endif" | "endfor" if s.expects(Rule::endfor_word) => {
                say::wrong_directive(span, s.found, "endfor")
            }
            "else" | "endif" | "endfor" if s.expects(Rule::endif_word) => {
                say::wrong_directive(span, s.found, "endif")
            }
            "else" | "endif" => say::stray_directive(span, s.found, "if"),
            "endfor" => say::stray_directive(span, s.found, "for"),
            other => say::unknown_directive(span, other),
        });
    }
    let ends = s.found.is_empty() || s.found == "\"" || s.found == "\n" || s.found == "\u{0C}";
    if ends && s.expects(Rule::tpl_endif) {
        return Some(say::open_directive(span, "if"));
    }
    if ends && s.expects(Rule::tpl_endfor) {
        return Some(say::open_directive(span, "for"));
    }
    None
}

/// Whether an expression goes on after it.
pub(super) fn is_operator(text: &str) -> bool {
    matches!(
        text,
        "?" | ":"
            | "&&"
            | "||"
            | "??"
            | "+"
            | "-"
            | "*"
            | "/"
            | "%"
            | "=="
            | "!="
            | "<"
            | "<="
            | ">"
            | ">="
            | "."
    )
}

/// "expected A or B after `x`, found `y`"
fn general(s: &Site<'_>) -> Diag {
    let mut wanted: Vec<&str> = Vec::new();
    for rule in &s.expected {
        if let Some(text) = describe(*rule, s.place)
            && !wanted.contains(&text)
        {
            wanted.push(text);
        }
    }
    if s.expects_value() {
        // Whatever else can begin where a value can is no help; what closes there is.
        wanted.retain(|w| matches!(*w, "`)`" | "`]`" | "`}`"));
        wanted.insert(0, "a value");
    } else if wanted.len() > 1 {
        // Any value may be followed by a call or an index.
        wanted.retain(|w| !matches!(*w, "`(`" | "`[`"));
    }
    if s.before.is_some() && s.before_text() != s.first && s.expects(Rule::lbrace) {
        // One label is enough for every block there is.
        wanted.retain(|w| *w != "a label in quotes");
    }
    wanted.sort_by_key(|w| w.starts_with('`'));
    let list = match wanted.as_slice() {
        [] if s.before.is_none() => "a name".to_string(),
        [] => "something else".to_string(),
        [one] => (*one).to_string(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    };
    let after = match s.before_text() {
        "" => String::new(),
        text => format!(" after `{}`", say::shorten(text)),
    };
    let message = format!("expected {list}{after}, found {}", found(s));
    match s.before {
        Some(t) if s.at_end() => Diag::error(codes::SYNTAX, message)
            .at(Span::new(s.file, t.start, t.end), format!("expected {list} after this")),
        _ => Diag::error(codes::SYNTAX, message).at(s.span(), format!("expected {list} here")),
    }
}

fn found(s: &Site<'_>) -> String {
    if !s.at_end() {
        return format!("`{}`", say::shorten(s.found));
    }
    // The part may end before its line does: at the bracket that closes what it stands in.
    let rest = s.source.get(s.at..).unwrap_or("");
    let line = rest.lines().next().unwrap_or("").trim_start();
    match line.chars().next() {
        _ if rest.trim().is_empty() => "the end of the file".to_string(),
        None | Some('#') => "the end of the line".to_string(),
        Some('/') if line.starts_with("//") || line.starts_with("/*") => "the end of the line".to_string(),
        Some(c) => format!("`{c}`"),
    }
}

/// What a rule stands for in a sentence; `None` for what may always follow and would only be noise.
fn describe(rule: Rule, place: Place) -> Option<&'static str> {
    Some(match rule {
        Rule::args => "`(`",
        Rule::returns | Rule::param_type => "a type",
        Rule::param_default => "a default value",
        Rule::ident => "a name",
        Rule::key | Rule::attribute | Rule::block | Rule::import | Rule::function | Rule::type_alias => {
            "a name"
        }
        Rule::label => "a label in quotes",
        Rule::plain_string => "text in quotes",
        Rule::entry | Rule::entry_key => "a key",
        Rule::arm | Rule::pattern | Rule::patterns => "a pattern",
        Rule::params | Rule::param => "a parameter",
        Rule::for_vars => "the name of a variable",
        Rule::in_word => "`in`",
        Rule::assign => "`=`",
        Rule::colon => "`:`",
        Rule::comma if place != Place::Header => "`,`",
        Rule::fat_arrow => "`=>`",
        Rule::arrow => "`->`",
        Rule::lbrace | Rule::block_body => "`{`",
        Rule::rbrace | Rule::template_end => "`}`",
        Rule::lparen => "`(`",
        Rule::rparen => "`)`",
        Rule::lbracket => "`[`",
        Rule::rbracket => "`]`",
        Rule::newline => "a line break",
        Rule::EOI if place != Place::Header => "a line break",
        Rule::digits => "a number",
        Rule::endif_word => "`endif`",
        Rule::endfor_word => "`endfor`",
        Rule::function_value => "`=`",
        _ => return None,
    })
}
