use super::*;

fn parse_str(text: &str) -> (ast::File, Vec<String>) {
    let mut diags = Diags::default();
    let file = parse(FileId(0), text, &mut diags);
    let list = diags.into_sorted();
    (file, list.into_iter().map(|d| format!("{}: {}", d.code, d.message)).collect())
}

#[test]
fn smoke() {
    let (file, errors) = parse_str("a \"b\" {\n  x = 1 + 2 * 3\n y = \"a${b.c}d\"\n}\n");
    assert_eq!(errors, Vec::<String>::new());
    eprintln!("{file:#?}");
}
