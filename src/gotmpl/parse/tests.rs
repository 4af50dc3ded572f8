use super::ast::{Node, Operand};
use super::*;

fn parsed(text: &str) -> Arc<Tree> {
    Arc::clone(parse("t", text.as_bytes(), &Funcs::new()).unwrap().main().unwrap())
}

fn source(tree: &Tree, span: Span) -> &str {
    std::str::from_utf8(tree.source.bytes(span)).unwrap()
}

/// The first pipeline of an action.
fn pipe(tree: &Tree) -> &ast::Pipe {
    tree.source
        .all(tree.root)
        .iter()
        .find_map(|node| match node {
            Node::Action(pipe) => Some(pipe),
            _ => None,
        })
        .unwrap()
}

#[test]
fn trees_cross_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Parsed>();
    shared::<crate::gotmpl::set::TemplateSet>();
}

#[test]
fn spans_cover_what_was_written() {
    let tree = parsed("é {{- $x := print  .Values.a.b (1 | print).c  \"q\" -}} {{$x.y}}");
    let pipe = pipe(&tree);
    assert_eq!(source(&tree, pipe.span), "$x := print  .Values.a.b (1 | print).c  \"q\"");
    let nodes = &tree.source;
    assert_eq!(source(&tree, nodes.all(pipe.decl)[0].span), "$x");
    let args = nodes.all(nodes.all(pipe.commands)[0].args);
    let Operand::Field(idents) = args[1] else { panic!("{args:?}") };
    let span = nodes.span(&args[1]);
    assert_eq!(source(&tree, span), ".Values.a.b");
    assert_eq!(
        nodes.all(idents).iter().map(|ident| source(&tree, ident.span)).collect::<Vec<_>>(),
        ["Values", "a", "b"]
    );
    // Go's position of a chain is its second identifier.
    assert_eq!(nodes.pos(&args[1]) - span.start, 7);
    let Operand::Chain(chain) = args[2] else { panic!("{args:?}") };
    let chain = nodes.one(chain).unwrap();
    assert_eq!(source(&tree, chain.span), "(1 | print).c");
    assert_eq!(source(&tree, nodes.all(chain.fields)[0].span), "c");
    assert_eq!(source(&tree, nodes.span(&args[3])), "\"q\"");
}

#[test]
fn nodes_print_as_go_prints_them() {
    for (text, shown) in [
        ("{{ print   1 \"a\"|len }}", "print 1 \"a\" | len"),
        ("{{$x:=( print .a.b ).c}}", "$x := (print .a.b).c"),
        ("{{ `raw` }}", "`raw`"),
        ("{{ print nil true . $ 0x1F }}", "print nil true . $ 0x1F"),
    ] {
        let tree = parsed(text);
        assert_eq!(tree.source.show(pipe(&tree)).to_string(), shown);
    }
}

#[test]
fn trim_markers_take_go_s_four_spaces_only() {
    let texts = |text: &str| {
        let tree = parsed(text);
        let texts: Vec<String> = tree
            .source
            .all(tree.root)
            .iter()
            .filter_map(|node| match node {
                Node::Text(span) => Some(source(&tree, *span).to_owned()),
                _ => None,
            })
            .collect();
        texts
    };
    assert_eq!(texts("a \t\r\n{{- 1 -}} \t\r\nb"), ["a", "b"]);
    assert_eq!(texts("a\u{a0}\u{b}{{- 1 -}}\u{c}b"), ["a\u{a0}\u{b}", "\u{c}b"]);
    assert_eq!(texts("a {{- /* c */}} b"), ["a", " b"]);
    assert_eq!(texts("a {{/* c */ -}} b"), ["a ", "b"]);
    assert_eq!(texts("a {{-1}} b"), ["a ", " b"]);
}

#[test]
fn the_last_definition_with_a_body_stays() {
    let body = |texts: &[&str]| {
        let mut set = crate::gotmpl::set::TemplateSet::new(Arc::new(Funcs::new()));
        for text in texts {
            set.parse("f", text.as_bytes()).unwrap();
        }
        let tree = set.get(b"d").unwrap();
        tree.source.text.len()
    };
    let (short, long) = ("{{define \"d\"}}a{{end}}", "{{define \"d\"}}bbbb{{end}}");
    assert_eq!(body(&[short, long]), long.len());
    assert_eq!(body(&[long, "{{define \"d\"}} {{/* c */}}\n{{end}}"]), long.len());
}

#[test]
fn any_text_is_parsed_or_refused() {
    // Every prefix of a template with everything in it, and every byte of it damaged.
    let text = "{{define \"a\"}}{{- range $i, $e := .x | print 0x1p-2 'c' `r` (nil).y -}}{{break}}{{else}}é{{end}}{{end}}\
                {{if eq 1 1.5e3}}{{template \"a\" $.z}}{{else if true}}{{with $v := 1}}{{$v}}{{end}}{{end}}{{/* */}}";
    for end in 0..=text.len() {
        let _ = parse("t", &text.as_bytes()[..end], &Funcs::new());
        for damage in [b"{{".as_slice(), b"}}", b"\"", b"(", b"\xff", b".", b"$", b"\n"] {
            let mut bytes = text.as_bytes().to_vec();
            bytes.splice(end..end, damage.iter().copied());
            let _ = parse("t", &bytes, &Funcs::new());
        }
    }
}

#[test]
fn a_text_under_another_name_shares_its_nodes() {
    let text = b"{{define \"d\"}}{{.x}}{{end}}{{template \"d\" .}}";
    let parsed = parse("a", text, &Funcs::new()).unwrap();
    let renamed = parsed.renamed("b").unwrap();
    let names = |parsed: &Parsed| parsed.trees.iter().map(|tree| tree.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&parsed), [b"d".as_slice().into(), b"a".as_slice().into()]);
    assert_eq!(names(&renamed), [b"d".as_slice().into(), b"b".as_slice().into()]);
    assert!(renamed.trees.iter().all(|tree| &*tree.source.name == "b"));
    assert!(Arc::ptr_eq(&parsed.trees[0].source.text, &renamed.trees[0].source.text));
    // Here the name decides which of two templates there is.
    assert!(parsed.renamed("d").is_none());
    assert!(parse("d", text, &Funcs::new()).is_err());
}

#[test]
fn errors_are_at_the_line_go_names() {
    let line = |text: &str| {
        let error = parse("t", text.as_bytes(), &Funcs::new()).unwrap_err();
        format!("{}: {}", error.line, error.message)
    };
    assert_eq!(line("{{ nil.x\n\n}}"), "1: unexpected . after term \"nil\"");
    assert_eq!(line("\n{{ print\n $x }}"), "3: undefined variable \"$x\"");
    assert_eq!(line("{{ if 1\n"), "2: unclosed action started at t:1");
    assert_eq!(line("{{ range $i\n, $j\n, $k := 1}}"), "3: too many declarations in range");
}
