use super::*;

fn parse_str(text: &str) -> (ast::File, Vec<String>) {
    let mut diags = Diags::default();
    let file = parse(FileId(0), text, &mut diags);
    let mut map = SourceMap::default();
    map.add("x.rel", text);
    let list = diags.into_sorted();
    let show = |d: crate::diag::Diag| {
        let mut out = format!("{}: {}", d.code, d.message);
        for l in &d.labels {
            let (line, col) = map.line_col(l.span.file, l.span.start);
            out += &format!("\n    {line}:{col} `{}` {}", map.slice(l.span), l.text);
        }
        if let Some(h) = d.help {
            out += &format!("\n    help: {h}");
        }
        out
    };
    (file, list.into_iter().map(show).collect())
}

#[test]
fn smoke() {
    let text = std::fs::read_to_string("/tmp/t.rel").unwrap();
    let (file, errors) = parse_str(&text);
    if std::env::var("AST").is_ok() {
        eprintln!("{file:#?}");
    }
    for e in errors {
        eprintln!("{e}");
    }
    eprintln!("complete {}", file.complete);
}
