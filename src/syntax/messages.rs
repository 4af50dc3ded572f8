//! The wording of this stage's errors.

use crate::diag::{Diag, codes};
use crate::source::Span;

/// Text of the user in a message: one line, not too long.
pub(super) fn shorten(text: &str) -> String {
    const MAX: usize = 32;
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() > MAX {
        return format!("{}…", line.chars().take(MAX).collect::<String>());
    }
    if line.len() < text.trim_end().len() { format!("{line}…") } else { line.to_string() }
}

fn partner(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

// --------------------------------------------------------------------------------------- the guard

pub(super) fn too_deep(at: Span) -> Diag {
    Diag::error(codes::TOO_DEEP, format!("nested more than {} levels deep", super::scan::MAX_DEPTH))
        .at(at, "this level is one too many")
        .help("give an inner part a name in `locals { }` and use it by that name")
}

pub(super) fn too_long(at: Span) -> Diag {
    Diag::error(codes::TOO_DEEP, "this expression is too large to evaluate")
        .at(at, "its parts nest or chain too far")
        .help("give parts of it names in `locals { }`, or use `join`, `sum` or `coalesce` over a list")
}

pub(super) fn too_large() -> Diag {
    let limit = crate::source::SourceMap::MAX_LEN >> 20;
    Diag::error(codes::UNREADABLE, format!("the file is larger than {limit} MiB"))
}

pub(super) fn too_many(last: Span, more: usize) -> Diag {
    Diag::error(codes::SYNTAX, format!("{more} more errors in this file are not shown"))
        .at(last, "the last one shown is here")
        .help("is it a `.rel` file at all?")
}

pub(super) fn never_closed(open: Span, bracket: char, instead: Option<Span>, end: Span) -> Diag {
    let diag = Diag::error(codes::UNCLOSED, format!("`{bracket}` is never closed"));
    let close = partner(bracket);
    let diag = diag.at(open, format!("no `{close}` belongs to this"));
    match instead {
        Some(at) => diag
            .at(at, "stands further left, so it seems to close an outer one")
            .help(format!("add a `{close}` before that line")),
        None => diag
            .at(end, format!("`{close}` was expected at the latest here"))
            .help(format!("add the missing `{close}`")),
    }
}

pub(super) fn mismatched(open: Span, bracket: char, at: Span, found: char) -> Diag {
    let close = partner(bracket);
    Diag::error(codes::UNCLOSED, format!("expected `{close}` to close `{bracket}`, found `{found}`"))
        .at(open, format!("no `{close}` belongs to this"))
        .at(at, format!("expected `{close}` at the latest here"))
        .help(format!("add a `{close}`, or remove the `{bracket}`"))
}

pub(super) fn unexpected_close(at: Span, found: char, open: Span) -> Diag {
    Diag::error(codes::UNCLOSED, format!("`{found}` closes nothing"))
        .at(at, "no such bracket is open here")
        .at(open, "this is what is open")
        .help(format!("remove the `{found}`"))
}

pub(super) fn stray_close(at: Span, found: char) -> Diag {
    Diag::error(codes::UNCLOSED, format!("`{found}` closes nothing"))
        .at(at, "everything before it is closed already")
        .help(format!("remove it, or look above for a `{found}` too many"))
}

pub(super) fn unterminated_string(at: Span, content: Option<&str>) -> Diag {
    let diag =
        Diag::error(codes::UNTERMINATED, "this string is not closed").at(at, "a `\"` is missing at the end");
    let open = content.map_or(0, |c| c.matches("${").count());
    if open > content.map_or(0, |c| c.matches('}').count()) {
        return diag.help("the `${` in it is not closed by a `}` either");
    }
    diag.help("close it on its line; for text of several lines use `<<EOT` … `EOT`, for a line break `\\n`")
}

pub(super) fn unterminated_heredoc(at: Span, word: &str) -> Diag {
    Diag::error(codes::UNTERMINATED, format!("the text opened by `<<{word}` has no end"))
        .at(at, format!("no later line consists of `{word}` alone"))
        .help(format!("write `{word}` on a line of its own behind the text"))
}

pub(super) fn heredoc_end_not_alone(at: Span, word: &str, after: &str, open: Span) -> Diag {
    Diag::error(codes::UNTERMINATED, format!("`{word}` must stand alone on the line that ends the text"))
        .at(at, format!("followed by `{}`", shorten(after)))
        .at(open, "opened here")
        .help(format!("move `{}` to the next line", shorten(after)))
}

pub(super) fn unterminated_comment(at: Span) -> Diag {
    Diag::error(codes::UNTERMINATED, "this comment is not closed")
        .at(at, "no `*/` follows")
        .help("close it with `*/`, or use `#`, which ends with its line")
}

pub(super) fn bad_escape(at: Span, text: &str) -> Diag {
    let diag = Diag::error(codes::BAD_TEXT, format!("unknown escape `{text}`")).at(at, "no such escape");
    match text.chars().nth(1) {
        Some('u' | 'U') => diag.help("write `\\u` with four or `\\U` with eight hexadecimal digits of a Unicode character"),
        Some('$' | '{') => diag.help("write `$${` for a literal `${`"),
        _ => diag.help(
            "known are \\n \\r \\t \\\" \\\\ \\uXXXX; a backslash itself is written `\\\\`, or stands as it is in `<<EOT` text",
        ),
    }
}

pub(super) fn foreign_quotes(at: Span, quote: char, content: &str) -> Diag {
    let kind = if quote == '\'' {
        "single quotes do not make a string"
    } else {
        "typographic quotes do not make a string"
    };
    let diag = Diag::error(codes::BAD_CHARACTER, kind).at(at, format!("`{quote}` instead of `\"`"));
    if content.is_empty() {
        diag.help("write \"…\"")
    } else {
        diag.help(format!("write \"{}\"", shorten(&content.replace('"', "\\\""))))
    }
}

pub(super) fn invisible(at: Span, c: char) -> Diag {
    Diag::error(codes::BAD_CHARACTER, format!("invisible character U+{:04X}", u32::from(c)))
        .at(at, "here")
        .help("remove it; it often comes with text copied from a web page or a chat")
}

pub(super) fn foreign_char(at: Span, c: char) -> Diag {
    Diag::error(codes::BAD_CHARACTER, format!("`{c}` is not part of the language"))
        .at(at, "not expected anywhere outside of strings and comments")
        .help("put text in quotes")
}

pub(super) fn semicolon(at: Span) -> Diag {
    Diag::error(codes::BAD_CHARACTER, "`;` separates nothing here")
        .at(at, "not needed")
        .help("end an attribute with a line break or a comma")
}

pub(super) fn bare_interpolation(at: Span) -> Diag {
    Diag::error(codes::SYNTAX, "`${ }` stands only inside a string")
        .at(at, "not in a string")
        .help("write the expression itself, without `${` and `}`")
}

pub(super) fn bad_number(at: Span, text: &str) -> Diag {
    let diag = Diag::error(codes::BAD_NUMBER, format!("`{text}` is not a number"))
        .at(at, "neither a number nor a name");
    if text.starts_with("0x") || text.contains('_') {
        return diag.help("numbers are decimal, without separators");
    }
    diag.help(format!("quantities, durations, versions and addresses are strings: write \"{text}\""))
}

pub(super) fn number_range(at: Span, text: &str) -> Diag {
    Diag::error(codes::BAD_NUMBER, format!("the number `{}` is out of range", shorten(text)))
        .at(at, "does not fit into 64 bits")
        .help("if it is an identifier rather than a quantity, write it as a string")
}

// -------------------------------------------------------------------------------------- the grammar

const PARENTHESES: &str = "an expression ends with its line; inside parentheses it may go on over several";

pub(super) fn continued_line(at: Span) -> Diag {
    Diag::error(codes::SYNTAX, "an expression ends with its line")
        .at(at, "it cannot go on in another line")
        .help("put parentheses around the whole expression to break it over several lines")
}

pub(super) fn ends_in_operator(at: Span, operator: &str, found: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected a value after `{operator}`, found {found}"))
        .at(at, "expected a value after this")
        .help(PARENTHESES)
}

pub(super) fn half_conditional(at: Span, before: &str, found: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected `:` after `{}`, found {found}", shorten(before)))
        .at(at, "expected `:` and the other value after this")
        .help("a conditional has both values: `condition ? a : b`")
        .note(PARENTHESES)
}

pub(super) fn no_name_after_dot(at: Span, found: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected a name after `.`, found {found}"))
        .at(at, "expected a name")
        .help("a key that is no name is written `[\"key\"]`")
}

pub(super) fn not_a_pattern(at: Span, found: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("`{}` is no pattern", shorten(found)))
        .at(at, "expected a literal or `_`")
        .help(format!("write \"{}\" for text; `_` stands for all other values", shorten(found)))
}

pub(super) fn computed_key(at: Span, before: &str) -> Diag {
    let before = shorten(before);
    Diag::error(codes::SYNTAX, format!("expected `=` after `{before}`, found `(`"))
        .at(at, "expected `=`")
        .help(format!("put parentheses around a computed key: `({before}(…)) = …`"))
}

pub(super) fn unknown_directive(at: Span, found: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("`%{{{}}}` is no directive", shorten(found)))
        .at(at, "expected `if` or `for`")
        .help("known are `%{if}`, `%{else}`, `%{endif}`, `%{for}` and `%{endfor}`; write `%%{` for a literal `%{`")
}

pub(super) fn stray_directive(at: Span, found: &str, open: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("`%{{{found}}}` without `%{{{open}}}`"))
        .at(at, format!("no `%{{{open} …}}` is open here"))
        .help("write `%%{` for a literal `%{`")
}

pub(super) fn wrong_directive(at: Span, found: &str, want: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected `%{{{want}}}`, found `%{{{found}}}`"))
        .at(at, format!("expected `{want}`"))
        .help("directives close in the order in which they were opened")
}

pub(super) fn open_directive(at: Span, open: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("`%{{{open}}}` is not closed"))
        .at(at, format!("expected `%{{end{open}}}` at the latest here"))
        .help(format!("add `%{{end{open}}}`"))
}

pub(super) fn yaml_item(at: Span) -> Diag {
    Diag::error(codes::SYNTAX, "expected a name, found `-`")
        .at(at, "an item of a YAML list")
        .help("lists are written in brackets: `name = [\"a\", \"b\"]`")
}

pub(super) fn colon_in_body(at: Span, name: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected `=` after `{name}`, found `:`"))
        .at(at, "expected `=`")
        .help(format!("write `{name} = …`, or `{name} {{ … }}` for a block; `:` stands only inside `{{ }}` that is a value"))
}

pub(super) fn double_equals(at: Span, name: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected `=` after `{}`, found `==`", shorten(name)))
        .at(at, "this compares")
        .help("use a single `=` to give a value")
}

pub(super) fn arrow_in_entry(at: Span, name: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected `=` after `{}`, found `=>`", shorten(name)))
        .at(at, "expected `=`")
        .help("`=>` belongs to the arms of `match` and to `{for k, v in … : k => v}`")
}

pub(super) fn not_an_arrow(at: Span, found: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected `=>`, found `{found}`"))
        .at(at, "expected `=>`")
        .help("`=>` stands between pattern and value in `match`, and between key and value in `{for k, v in … : k => v}`")
}

pub(super) fn dotted_key(at: Span, before: &str, next: &str) -> Diag {
    let key = format!("{}.{}", before.trim_matches('"'), next);
    Diag::error(codes::SYNTAX, format!("expected `=` after `{}`, found `.`", shorten(before)))
        .at(at, "a name holds no dots")
        .help(format!("quote a key that holds dots, `\"{key}\" = …`, or nest: `{before} {{ {next} … }}`"))
}

pub(super) fn compound_assign(at: Span, op: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected `=`, found `{op}=`"))
        .at(at, "values never change once given")
        .help("give the new value a name of its own")
}

pub(super) fn template_as_name(at: Span) -> Diag {
    Diag::error(codes::SYNTAX, "a name cannot be computed")
        .at(at, "only fixed text may stand here")
        .help("for computed keys use an object as value, `name = { \"${…}\" = … }`; for several alike blocks use `for_each`")
}

pub(super) fn missing_comma(before: Span, at: Span, what: &str, found: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected `,` between {what}, found `{}`", shorten(found)))
        .at(Span { start: before.end, ..at }, "a `,` is missing before this")
        .help(format!("separate {what} with commas"))
}

pub(super) fn word_operator(at: Span, word: &str) -> Diag {
    let sign = match word {
        "and" => "&&",
        "or" => "||",
        "not" => "!",
        _ => "==",
    };
    Diag::error(codes::SYNTAX, format!("`{word}` is no operator"))
        .at(at, format!("written `{sign}`"))
        .help(format!("use `{sign}`"))
}

pub(super) fn single_operator(at: Span, sign: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("`{sign}` is no operator"))
        .at(at, "found here")
        .help(format!("did you mean `{sign}{sign}`?"))
}

pub(super) fn no_value(sign: Span, at: Span, name: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected a value for `{}`, found the end of the line", shorten(name)))
        .at(if at.is_empty() { sign } else { at }, "expected a value here")
        .help("a value begins on the line of its `=`")
}

pub(super) fn no_assign(at: Span, name: &str, found: &str) -> Diag {
    let found = shorten(found);
    Diag::error(codes::SYNTAX, format!("expected `=` or `{{` after `{}`, found `{found}`", shorten(name)))
        .at(at, "expected `=` before this")
        .help(format!("write `{} = {found}`", shorten(name)))
}

pub(super) fn lone_word(at: Span, name: &str) -> Diag {
    let name = shorten(name);
    Diag::error(codes::SYNTAX, format!("expected `=` or `{{` after `{name}`, found the end of the line"))
        .at(at, "neither a value nor a block follows")
        .help("give it a value with `=`, or open a block with `{` on the same line")
}

pub(super) fn two_on_a_line(at: Span, found: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected a line break or `,` before `{}`", shorten(found)))
        .at(at, "begins another attribute")
        .help("put each attribute on a line of its own, or a comma between them")
}

pub(super) fn keyword_shape(at: Span, what: &str, before: &str, found: &str, shape: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected {what} after `{}`, found {found}", shorten(before)))
        .at(at, format!("expected {what}"))
        .help(format!("write `{shape}`"))
}

pub(super) fn if_expression(at: Span) -> Diag {
    Diag::error(codes::SYNTAX, "`if` begins no expression")
        .at(at, "not a value")
        .help("choose with `condition ? a : b`, or with `match`")
}

pub(super) fn two_strings(at: Span) -> Diag {
    Diag::error(codes::SYNTAX, "two strings side by side are not joined")
        .at(at, "an operator or a comma is missing between them")
        .help("write one string, with `${…}` for the parts that are computed")
}

pub(super) fn after_block(at: Span, found: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("expected a line break after `}}`, found `{}`", shorten(found)))
        .at(at, "begins something new")
        .help("put it on a line of its own")
}

pub(super) fn after_result(at: Span, name: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("`{name}` stands behind the function's `result`"))
        .at(at, "never used")
        .help("`result` is the last line of a function's body")
}

pub(super) fn block_in_function(at: Span, kind: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("a function's body holds no blocks, found `{kind}`"))
        .at(at, "a block")
        .help(format!("write an object: `{kind} = {{ … }}`"))
}

pub(super) fn no_result(at: Span, name: &str) -> Diag {
    Diag::error(codes::SYNTAX, format!("function `{name}` has no `result`"))
        .at(at, "gives no value")
        .help("end its body with `result = …`")
}
