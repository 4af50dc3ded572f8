use super::ast::{Expr, ExprKind, Item, Piece};
use super::*;
use crate::diag::codes;

fn parsed(text: &str) -> (ast::File, Vec<crate::diag::Diag>) {
    let mut diags = Diags::default();
    let file = parse(FileId(0), text, &mut diags);
    (file, diags.into_sorted())
}

/// The expression as nested lists, for comparing.
fn show(e: &Expr) -> String {
    let all = |list: &[Expr]| list.iter().map(show).collect::<Vec<_>>().join(" ");
    match &e.kind {
        ExprKind::Error => "error".into(),
        ExprKind::Null => "null".into(),
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Float(n) => format!("{n:?}"),
        ExprKind::Str(s) => format!("{s:?}"),
        ExprKind::Template(pieces) => format!("(tpl {})", show_pieces(pieces)),
        ExprKind::List(items) => format!("[{}]", all(items)),
        ExprKind::Object(entries) => {
            let entry = |n: &ast::Entry| match &n.key {
                ast::EntryKey::Name(name) => format!("{}={}", name.text, show(&n.value)),
                ast::EntryKey::Expr(key) => format!("({})={}", show(key), show(&n.value)),
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
        }
        ExprKind::Var(n) => n.text.clone(),
        ExprKind::Attr { base, name } => format!("(. {} {})", show(base), name.text),
        ExprKind::Index { base, index } => format!("(at {} {})", show(base), show(index)),
        ExprKind::Splat { base, each } => format!("(splat {} {})", show(base), show(each)),
        ExprKind::SplatItem => "@".into(),
        ExprKind::Call { name, args } => {
            format!("({} {}{})", name.text, all(&args.list), if args.expand.is_some() { "..." } else { "" })
        }
        ExprKind::MethodCall { base, name, args } => {
            format!("({}.{} {})", show(base), name.text, all(&args.list))
        }
        ExprKind::Unary { op, expr } => format!("({} {})", op.node.as_str(), show(expr)),
        ExprKind::Binary { op, left, right } => {
            format!("({} {} {})", op.node.as_str(), show(left), show(right))
        }
        ExprKind::Conditional { cond, then, otherwise } => {
            format!("(? {} {} {})", show(cond), show(then), show(otherwise))
        }
        ExprKind::ForList { iter, value, .. } => format!("(for {} {})", show(iter), show(value)),
        ExprKind::ForObject { iter, key, value, group, .. } => {
            format!("(forobj {} {} {} {group})", show(iter), show(key), show(value))
        }
        ExprKind::Match { subject, arms } => {
            let arms: Vec<String> =
                arms.iter().map(|a| format!("{}:{}", a.patterns.len(), show(&a.body))).collect();
            format!("(match {} {})", show(subject), arms.join(" "))
        }
    }
}

fn show_pieces(pieces: &[Piece]) -> String {
    let piece = |p: &Piece| match p {
        Piece::Lit { text, .. } => format!("{text:?}"),
        Piece::Interp(e) => show(e),
        Piece::If { cond, then, otherwise, .. } => {
            format!("(if {} [{}] [{}])", show(cond), show_pieces(then), show_pieces(otherwise))
        }
        Piece::For { iter, body, .. } => format!("(each {} [{}])", show(iter), show_pieces(body)),
    };
    pieces.iter().map(piece).collect::<Vec<_>>().join(" ")
}

fn expr(text: &str) -> String {
    let (file, diags) = parsed(&format!("x = {text}\n"));
    assert!(diags.is_empty(), "{diags:#?}");
    match &file.items[0] {
        Item::Attr(attr) => show(&attr.value),
        other => panic!("{other:?}"),
    }
}

#[test]
fn operators_bind_as_in_hcl() {
    assert_eq!(expr("1 + 2 * 3 - 4"), "(- (+ 1 (* 2 3)) 4)");
    assert_eq!(expr("!a && b || c == d + 1"), "(|| (&& (! a) b) (== c (+ d 1)))");
    assert_eq!(expr("a ?? b ?? c || d"), "(?? a (?? b (|| c d)))");
    assert_eq!(expr("a < 1 != b >= 2"), "(!= (< a 1) (>= b 2))");
    assert_eq!(expr("-a.b * -2"), "(* (- (. a b)) -2)");
    assert_eq!(expr("a ? b : c ? d : e"), "(? a b (? c d e))");
    assert_eq!(expr("a ? b ? 1 : 2 : 3"), "(? a (? b 1 2) 3)");
    assert_eq!(expr("(1 + 2) * 3"), "(* (+ 1 2) 3)");
}

#[test]
fn dashes_belong_to_names() {
    assert_eq!(expr("local.x-1"), "(. local x-1)");
    assert_eq!(expr("local.x - 1"), "(- (. local x) 1)");
    assert_eq!(expr("a -1"), "(- a 1)");
    assert_eq!(
        expr("release.kube-prometheus-stack.service(\"x\").dns"),
        "(. ((. release kube-prometheus-stack).service \"x\") dns)"
    );
}

#[test]
fn splats_reach_as_far_as_in_hcl() {
    assert_eq!(expr("a[*].b[0].c"), "(splat a (. (at (. @ b) 0) c))");
    assert_eq!(expr("a.*.b[0]"), "(at (splat a (. @ b)) 0)");
    assert_eq!(expr("a[*].b[*].c"), "(splat (splat a (. @ b)) (. @ c))");
    assert_eq!(expr("a.0.b"), "(. (at a 0) b)");
    assert_eq!(expr("a.0.1"), "(at (at a 0) 1)");
}

#[test]
fn collections_take_both_separators() {
    assert_eq!(
        expr("{ a = 1, \"b.c\" : 2\n (d) = 3, \"${e}\" = 4, 5 = 6 }"),
        "{a=1 b.c=2 (d)=3 ((tpl e))=4 5=6}"
    );
    assert_eq!(expr("[1,\n  2, # two\n  3,\n]"), "[1 2 3]");
    assert_eq!(expr("[ { a = 1\n b = 2 }, ]"), "[{a=1 b=2}]");
    assert_eq!(expr("{\n for k, v in m :\n k => v...\n}"), "(forobj m k v true)");
    assert_eq!(expr("{ for = 1 }"), "{for=1}");
    assert_eq!(expr("match x {\n \"a\" | \"b\" => 1\n\n _ => f(a, b...)\n}"), "(match x 2:1 1:(f a b...))");
}

#[test]
fn templates_keep_their_pieces() {
    assert_eq!(expr(r#""a\n\"\u00e9$${b}%%{c}$5 100%""#), r#""a\n\"é${b}%{c}$5 100%""#);
    assert_eq!(expr(r#""a ${b("c ${d}")} e""#), r#"(tpl "a " (b (tpl "c " d)) " e")"#);
    assert_eq!(expr(r#""${x}""#), "(tpl x)");
    assert_eq!(expr(r#""a  ${~ b ~}  c""#), r#"(tpl "a" b "c")"#);
    assert_eq!(
        expr(r#""%{ if a }x${y}%{ else }z%{ endif }%{ for k, v in m }${k}%{ endfor }""#),
        r#"(tpl (if a ["x" y] ["z"]) (each m [k]))"#
    );
}

#[test]
fn heredocs() {
    assert_eq!(expr("<<EOT\n  a\n\n b\\n\nEOT"), r#""  a\n\n b\\n\n""#);
    assert_eq!(expr("<<-EOT\n    a\n\n      b ${c}\n    EOT"), r#"(tpl "a\n\n  b " c "\n")"#);
    assert_eq!(expr("<<EOT\nEOT"), r#""""#);
    assert_eq!(expr("f(<<EOT\na EOT\nEOTX\nEOT\n, 1)"), r#"(f "a EOT\nEOTX\n" 1)"#);
    assert_eq!(expr("<<EOT\r\na\r\nb\r\nEOT\r"), r#""a\nb\n""#);
    assert_eq!(expr("<<-EOT\n  %{ if a ~}\n  x\n  %{ endif ~}\n  EOT"), r#"(tpl (if a ["x\n"] []))"#);
    assert_eq!(expr("<<EOT\n${a}\nEOT"), r#"(tpl a "\n")"#);
}

#[test]
fn spans_cover_exactly_what_is_written() {
    let text = "release \"a\" { # c\n  x = f( 1 , y ) . z   # d\n}  \n";
    let (file, _) = parsed(text);
    let at = |span: crate::source::Span| text.get(span.start as usize..span.end as usize).unwrap();
    let Item::Block(block) = &file.items[0] else { panic!() };
    assert_eq!(at(block.header), "release \"a\"");
    assert_eq!(at(block.body.span), "{ # c\n  x = f( 1 , y ) . z   # d\n}");
    let attr = block.body.attr("x").unwrap();
    assert_eq!(at(attr.span), "x = f( 1 , y ) . z");
    let ExprKind::Attr { base, name } = &attr.value.kind else { panic!() };
    assert_eq!((at(base.span), at(name.span)), ("f( 1 , y )", "z"));
}

#[test]
fn comments_above_an_item_are_its_documentation() {
    let (file, _) = parsed("# not this\n\n# One.\n// Two.\nfunction f(x) = x\n");
    let Item::Function(f) = &file.items[0] else { panic!() };
    assert_eq!(f.doc.as_deref(), Some("One.\nTwo."));
}

#[test]
fn what_is_broken_does_not_hide_the_rest() {
    let (file, diags) = parsed("a \"x\" {\n  b 1\n  c = 2\n  d { e = }\n}\nf \"y\" { g = 3 }\n");
    assert_eq!(diags.len(), 2);
    assert!(file.complete);
    let blocks: Vec<&ast::Block> =
        file.items.iter().filter_map(|i| if let Item::Block(b) = i { Some(b) } else { None }).collect();
    assert_eq!(blocks.len(), 2);
    assert!(!blocks[0].body.complete);
    assert_eq!(show(&blocks[0].body.attr("c").unwrap().value), "2");
    assert!(blocks[0].body.blocks_of("d").next().unwrap().body.attr("e").unwrap().value.is_error());
}

#[test]
fn nothing_is_missing_from_a_block_that_is_not_closed() {
    let (file, _) = parsed("a \"x\" {\n  b = 1\n\nf \"y\" { g = 3 }\n");
    let complete: Vec<bool> = file
        .items
        .iter()
        .filter_map(|i| if let Item::Block(b) = i { Some(b.body.complete) } else { None })
        .collect();
    assert_eq!(complete, [false, true]);
}

#[test]
fn nesting_is_limited_in_every_way_it_can_be_written() {
    let many = |open: &str, close: &str, n: usize| format!("x = {}1{}\n", open.repeat(n), close.repeat(n));
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{a=", "}"),
        ("f(", ")"),
        ("a.f(", ")"),
        ("[for x in y : ", "]"),
        ("match x { _ => ", " }"),
        ("\"${", "}\""),
        ("true ? ", " : 1"),
        ("x[", "]"),
    ] {
        let (_, diags) = parsed(&many(open, close, 20));
        assert!(diags.is_empty(), "{open}: {diags:?}");
        for n in [200, 20_000] {
            let (_, diags) = parsed(&many(open, close, n));
            assert!(diags.iter().any(|d| d.code == codes::TOO_DEEP), "{open} {n}: {diags:?}");
        }
    }
    for (first, more) in
        [("1", " + 1"), ("a", ".b"), ("a", "[0]"), ("a", ".*"), ("a", " ?? a"), ("a", "[*]"), ("a", "(1)")]
    {
        let (_, diags) = parsed(&format!("x = {first}{}\n", more.repeat(50_000)));
        assert!(!diags.is_empty(), "{more}");
    }
    for prefix in ["!", "-"] {
        let (_, diags) = parsed(&format!("x = {}a\n", prefix.repeat(50_000)));
        assert!(!diags.is_empty(), "{prefix}");
    }
    let nested = "a {\n".repeat(5_000) + &"}\n".repeat(5_000);
    assert!(parsed(&nested).1.iter().any(|d| d.code == codes::TOO_DEEP));
    let directives = format!("x = \"{}{}\"\n", "%{ if a }".repeat(5_000), "%{ endif }".repeat(5_000));
    assert!(parsed(&directives).1.iter().any(|d| d.code == codes::TOO_DEEP));
}

#[test]
fn depth_at_the_limit_fits_a_small_stack() {
    for (open, close) in [("a {\n", "}\n"), ("x = [[[[", "]]]]\n")] {
        let n = if open.starts_with('a') { scan::MAX_DEPTH } else { 1 };
        let text = open.repeat(n) + &close.repeat(n);
        assert!(parsed(&text).1.is_empty());
    }
    let n = scan::MAX_DEPTH - 1;
    let text = format!("x = {}1{}\n", "[".repeat(n), "]".repeat(n));
    let (_, diags) = parsed(&text);
    assert!(diags.is_empty(), "{diags:?}");
    let text = format!("x = {}1{}\n", "{ a = f([".repeat(n / 3), "]) }".repeat(n / 3));
    assert!(parsed(&text).1.is_empty());
}

#[test]
fn odd_bytes() {
    assert!(parsed("\u{feff}a = 1\r\nb = 2\r\n").1.is_empty());
    assert!(parsed("").1.is_empty());
    assert!(parsed("\n\n# only a comment").1.is_empty());
    assert_eq!(parsed("a = \0 1\n").1[0].code, codes::BAD_CHARACTER);
    assert_eq!(parsed("a\u{a0}= 1\n").1.len(), 1);
    assert_eq!(parsed("a = \"x\u{7}\"\n").1[0].code, codes::BAD_CHARACTER);
}

#[test]
fn what_is_no_rel_file_is_reported_briefly() {
    for text in [
        "@".repeat(200_000),
        "a 1\n".repeat(20_000),
        "a { b 1\n".repeat(20_000),
        ")".repeat(200_000),
        "\"a\n".repeat(50_000),
    ] {
        let (_, diags) = parsed(&text);
        assert!((1..=102).contains(&diags.len()), "{}", diags.len());
    }
}

mod random {
    use super::*;
    use proptest::prelude::*;

    /// Pieces of the language in any order reach deeper than random characters do.
    fn soup() -> impl Strategy<Value = String> {
        let words = [
            "release",
            "\"a\"",
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "=",
            ":",
            ",",
            "\n",
            " ",
            "for",
            "in",
            "if",
            "match",
            "=>",
            "->",
            "?",
            "??",
            ".",
            "...",
            "*",
            "-",
            "!",
            "${",
            "%{",
            "\"",
            "\\",
            "<<EOT\n",
            "<<-EOT\n",
            "\nEOT\n",
            "EOT",
            "1",
            "1.5",
            "1e9",
            "true",
            "null",
            "_",
            "|",
            "&&",
            "==",
            "function f",
            "import",
            "type t",
            "#",
            "//",
            "/*",
            "*/",
            "~",
            "endif",
            "else",
            "endfor",
            "'",
            "“",
            "”",
            "é",
            "\u{a0}",
            "\0",
            "\r\n",
            ";",
            "@",
            "locals",
            "x",
            "y-z",
        ];
        prop::collection::vec(prop::sample::select(words.to_vec()), 0..60).prop_map(|w| w.concat())
    }

    fn check(text: &str) {
        let (file, diags) = parsed(text);
        for diag in &diags {
            for label in &diag.labels {
                let (start, end) = (label.span.start as usize, label.span.end as usize);
                assert!(start <= end && end <= text.len(), "{diag:?}");
                assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{diag:?}");
            }
        }
        if !file.complete {
            assert!(!diags.is_empty(), "lost without a word: {text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_text_is_parsed_or_reported(text in ".{0,200}") {
            check(&text);
        }

        #[test]
        fn any_words_are_parsed_or_reported(text in soup()) {
            check(&text);
        }
    }
}
