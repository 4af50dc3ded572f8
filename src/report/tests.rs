use super::*;
use crate::diag::codes;
use crate::source::Span;

fn example() -> (Vec<Diag>, SourceMap) {
    let mut sources = SourceMap::default();
    let file = sources.add("main.rel", "replicas = \"three\"\n");
    let other = sources.add("variables.rel", "variable \"n\" {}\n");
    let diag = Diag::error(codes::SYNTAX, "expected a number, found a string")
        .at(Span::new(file, 11, 18), "this is a string")
        .at(Span::new(other, 0, 12), "declared here")
        .help("write `3`")
        .note("numbers have no quotes");
    (vec![diag], sources)
}

#[test]
fn a_person_sees_the_line_and_the_next_step() {
    let (diags, sources) = example();
    let text = render(&diags, &sources, Format::Human, false);
    for piece in ["E0101", "main.rel:1:12", "this is a string", "declared here", "write `3`", "1 error"] {
        assert!(text.contains(piece), "{piece} is missing in:\n{text}");
    }
}

#[test]
fn a_program_gets_positions() {
    let (diags, sources) = example();
    let text = render(&diags, &sources, Format::Json, false);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["format_version"], 1);
    assert_eq!(json["diagnostics"][0]["labels"][0]["column"], 12);
    assert_eq!(json["diagnostics"][0]["labels"][0]["end_column"], 19);
}

#[test]
fn long_lines_and_messages_are_shown_in_part() {
    let mut sources = SourceMap::default();
    let long = format!("a: 1\nb: \"{}é = {}\"\n", "x".repeat(200_000), "y".repeat(200_000));
    let file = sources.add("long.rel", &*long);
    for (start, end) in
        [(5, 400_000), (200_005, 200_009), (200_010, 400_012), (0, 400_012), (400_010, 400_016)]
    {
        let diag =
            Diag::error(codes::SYNTAX, "é".repeat(1_000_000) + " cause").at(Span::new(file, start, end), "é");
        let text = render(&[diag], &sources, Format::Human, false);
        assert!(text.len() < 100_000, "{start}..{end}: {} bytes", text.len());
        assert!(text.contains("long.rel:") && text.contains("cause") && text.contains("left out"), "{text}");
    }
    let diag = Diag::error(codes::SYNTAX, "no").at(Span::new(file, 200_010, 200_013), "here");
    let text = render(&[diag], &sources, Format::Human, false);
    assert!(text.contains("long.rel:2:200006") && text.contains("here"), "{text}");
}
