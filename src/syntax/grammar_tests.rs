//! Every rule of the grammar with a text it accepts and one it rejects.

use std::collections::BTreeSet;

use pest::Parser as _;

use super::grammar::{RelParser, Rule};

/// Rule, accepted, rejected. `\u{b}` is a line break inside brackets, `\u{c}` the one that ends a heredoc, as the scan
/// writes them.
#[rustfmt::skip]
const EXAMPLES: &[(Rule, &str, &str)] = &[
    (Rule::file, "a = 1\n\nimport \"std/x\"\n b \"c\" { }  # end\n", "a = 1 b = 2"),
    (Rule::newline, "\n", " "),
    (Rule::import, "import \"../lib/x\" as x", "import x"),
    (Rule::function, "function f(a: int, b: map(string) = {}, c...: any) -> int = a", "function f = 1"),
    (Rule::params, "a, b: int,", "a b"),
    (Rule::param, "a...: list(string)", "a...b"),
    (Rule::param_type, "object({a = string})", "="),
    (Rule::param_default, "{}", "="),
    (Rule::returns, "map(string)", "{"),
    (Rule::function_value, "= a + 1", "== 1"),
    (Rule::type_alias, "type t = enum(\"a\", \"b\")", "type t { a = 1 }"),
    (Rule::block, "values \"x\" y { a = 1, b { } }", "values = { }"),
    (Rule::block_body, "{\n a = 1\n\n b = 2, c { }\n}", "{ a = 1 b = 2 }"),
    (Rule::attribute, "\"a.b\" = 1", "a.b = 1"),
    (Rule::key, "pod-security", "9"),
    (Rule::label, "\"kube-prometheus-stack\"", "\"${x}\""),
    (Rule::lone_header, "release \"a\"", "release \"a\" {"),
    (Rule::lone_item, "a = 1", "a = 1\nb = 2"),
    (Rule::lone_entry, "(a) : 1", "a b"),
    (Rule::expr, "a ? b : c ?? d ? e : f", "a ? b"),
    (Rule::operation, "1 + 2 * -3 / 4 % 5 - 6", "1 +"),
    (Rule::operand, "!-a.b[0].c(1)", "a."),
    (Rule::coalesce, "??", "?"),
    (Rule::or, "||", "|"),
    (Rule::and, "&&", "&"),
    (Rule::eq, "==", "="),
    (Rule::ne, "!=", "!"),
    (Rule::le, "<=", "<"),
    (Rule::ge, ">=", ">"),
    (Rule::lt, "<", "<<"),
    (Rule::gt, ">", "<"),
    (Rule::add, "+", "-"),
    (Rule::sub, "-", "->"),
    (Rule::mul, "*", "/"),
    (Rule::div, "/", "*"),
    (Rule::rem, "%", "&"),
    (Rule::not, "!", "!="),
    (Rule::neg, "-", "+"),
    (Rule::group, "(1 +\u{b} 2)", "(1 + 2"),
    (Rule::literal, "null", "nullable"),
    (Rule::null, "null", "nil"),
    (Rule::yes, "true", "True"),
    (Rule::no, "false", "no"),
    (Rule::variable, "release", "1a"),
    (Rule::call, "merge(a, b...)", "merge(a b)"),
    (Rule::broken, "\u{1a}\u{1a}", "a"),
    (Rule::args, "(1,\u{b} 2,)", "(,)"),
    (Rule::ellipsis, "...", ".."),
    (Rule::index, "[a.b]", "[]"),
    (Rule::splat_full, "[ * ]", "[**]"),
    (Rule::splat_attr, ".*", "*"),
    (Rule::method, ".service(\"x\")", ".service"),
    (Rule::get, ".kube-prometheus-stack", ".9"),
    (Rule::legacy_index, ".0", ".a"),
    (Rule::digits, "012", "a"),
    (Rule::list, "[1, \"a\", [2],]", "[1 2]"),
    (Rule::object, "{ a = 1, \"b\" : 2\n (c) = 3, 4 = 5, \"${d}\" = 6 }", "{ a }"),
    (Rule::entry, "a = 1", "a => 1"),
    (Rule::entry_key, "(upper(x))", "upper(x)"),
    (Rule::for_list, "[for k, v in m : \"${k}=${v}\" if v != null]", "[for in m : k]"),
    (Rule::for_object, "{for v in m : v.k => v... if true}", "{for v in m : v}"),
    (Rule::for_vars, "k, v", "k, v,"),
    (Rule::for_if, "if a", "if"),
    (Rule::match_expr, "match x {\n \"a\" | \"b\" => 1\n _ => 2, null => 3 }", "match x { y => 1 }"),
    (Rule::arm, "1 | 2 => \"few\"", "1 = 2"),
    (Rule::patterns, "\"a\" | -1.5 | true | null", "a | b"),
    (Rule::pattern, "_", "_x"),
    (Rule::negative, "-3", "- 3"),
    (Rule::wildcard, "_", "_a"),
    (Rule::ident, "größe_2-b", "-a"),
    (Rule::number, "1.5e-3", "1_000"),
    (Rule::import_word, "import", "importer"),
    (Rule::as_word, "as", "ass"),
    (Rule::function_word, "function", "func"),
    (Rule::type_word, "type", "types"),
    (Rule::for_word, "for", "for_each"),
    (Rule::in_word, "in", "int"),
    (Rule::if_word, "if", "iff"),
    (Rule::match_word, "match", "matches"),
    (Rule::else_word, "else", "elsewhere"),
    (Rule::endif_word, "endif", "endiff"),
    (Rule::endfor_word, "endfor", "endforce"),
    (Rule::assign, "=", "=="),
    (Rule::colon, ":", "="),
    (Rule::comma, ",", ";"),
    (Rule::question, "?", "??"),
    (Rule::fat_arrow, "=>", "->"),
    (Rule::arrow, "->", "=>"),
    (Rule::pipe, "|", "||"),
    (Rule::lbrace, "{", "("),
    (Rule::rbrace, "}", ")"),
    (Rule::lparen, "(", "["),
    (Rule::rparen, ")", "]"),
    (Rule::lbracket, "[", "{"),
    (Rule::rbracket, "]", "}"),
    (Rule::plain_string, "\"a $${b} \\n\"", "\"a ${b}\""),
    (Rule::string, "\"a ${b(\"c ${d}\")} %{ if x }y%{ else }z%{ endif } \\u00e9\"", "\"a ${b\""),
    (Rule::string_text, "a\\t$b%c$${d}%%{e}", "\\x"),
    (Rule::interpolation, "${~ a ~}", "${}"),
    (Rule::trim, "~", "-"),
    (Rule::template_end, "}", "{"),
    (Rule::string_if, "%{ if a }b%{ else }c%{ endif }", "%{ if a }b"),
    (Rule::string_then, "a${b}", "\\x"),
    (Rule::string_else, "a${b}", "\\x"),
    (Rule::string_for, "%{ for k, v in m ~}${v}%{ endfor }", "%{ for k, v in m }x%{ endif }"),
    (Rule::tpl_if, "%{ if a == 1 }", "%{ if }"),
    (Rule::tpl_else, "%{~ else ~}", "%{ else if }"),
    (Rule::tpl_endif, "%{ endif }", "%{ end }"),
    (Rule::tpl_for, "%{ for x in y }", "%{ for x }"),
    (Rule::tpl_endfor, "%{endfor}", "%{ endif }"),
    (Rule::heredoc, "<<-EOT\n a ${b} \\x\u{c}  EOT", "<<EOT\n a\nEOT"),
    (Rule::heredoc_open, "<<-EOT ", "<< EOT"),
    (Rule::heredoc_text, "a\nb $${c} \\n", "${a}"),
    (Rule::heredoc_end, "\u{c}  EOT", "\nEOT"),
    (Rule::heredoc_if, "%{ if a }\nb\n%{ endif }", "%{ if a }\u{c}EOT"),
    (Rule::heredoc_then, "a\n${b}", "%{ endif }"),
    (Rule::heredoc_else, "a\n${b}", "%{ endif }"),
    (Rule::heredoc_for, "%{ for x in y }\n${x}\n%{ endfor }", "%{ for x in y }"),
];

fn whole(rule: Rule, text: &str) -> bool {
    RelParser::parse(rule, text).is_ok_and(|pairs| pairs.as_str().len() == text.len())
}

#[test]
fn every_rule_accepts_and_rejects() {
    let mut wrong = Vec::new();
    for (rule, accepted, rejected) in EXAMPLES {
        if !whole(*rule, accepted) {
            wrong.push(format!("{rule:?} should accept {accepted:?}"));
        }
        if whole(*rule, rejected) {
            wrong.push(format!("{rule:?} should reject {rejected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Silent rules (`_{`) are tested through those that use them.
#[test]
fn every_rule_has_an_example() {
    let tested: BTreeSet<String> = EXAMPLES.iter().map(|(rule, ..)| format!("{rule:?}")).collect();
    let grammar = include_str!("../../grammar/rel.pest");
    let rules = grammar.lines().filter_map(|line| {
        let (name, body) = line.split_once('=')?;
        let name = name.trim();
        let is_rule = !name.is_empty()
            && !line.starts_with([' ', '/'])
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        (is_rule && !body.trim_start().starts_with('_')).then(|| name.to_string())
    });
    let missing: Vec<String> = rules.filter(|r| !tested.contains(r)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
