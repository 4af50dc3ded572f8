//! YAML documents, mostly well-formed, and the template that reads and writes them.

use super::draw::Draw;

/// The template's body, and the document it reads from `path`.
pub fn case(draw: &mut Draw, path: &str) -> (String, Vec<u8>) {
    let mut text = String::new();
    if draw.once_in(12) {
        text.push_str(draw.of(&[
            "---\n",
            "# first\n",
            "%YAML 1.1\n---\n",
            "\u{feff}",
            "\n\n",
            "--- # c\n",
            "...\n",
            "---\n---\n",
        ]));
    }
    let list = draw.once_in(5);
    let start = text.len();
    block(draw, &mut text, 0, 3, list);
    // Go looks for the mark at the start of its buffer, wherever that is at the time.
    let body = text.split_off(start).replace('\u{feff}', "");
    text.push_str(&body);
    if draw.once_in(12) {
        text.push_str(draw.of(&["...\n", "---\n", "# last", "\n\n", "--- \na: b\n", "\t", "]", "a"]));
    }
    let read = if list { "fromYamlArray" } else { "fromYaml" };
    let get = format!("(.Files.Get {path:?} | {read})");
    let write = draw.of(&[
        "toYaml",
        "toYaml",
        "toJson",
        "toYamlPretty",
        "toPrettyJson",
        "printf \"%v\"",
        "printf \"%#v\"",
        "toToml",
        "toRawJson",
    ]);
    // Both, since a writer may hide what a reader got wrong.
    (format!("{{{{ {get} | toJson }}}} {{{{ {get} | {write} }}}}"), text.into_bytes())
}

fn pad(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

/// A mapping or a list in block style, from the start of a line.
fn block(draw: &mut Draw, text: &mut String, indent: usize, depth: usize, list: bool) {
    let step = if draw.once_in(10) { 1 + draw.below(4) } else { 2 };
    for at in 0..1 + draw.below(4) {
        if draw.once_in(15) {
            text.push_str(draw.of(&["\n", "# comment\n", "   # indented\n", "  \n"]));
        }
        pad(text, indent);
        if list {
            text.push('-');
        } else {
            let key = key(draw, at);
            text.push_str(&key);
            text.push(':');
        }
        if draw.once_in(15) {
            text.push_str(draw.of(&[
                " !!str",
                " !!int",
                " !!float",
                " !!binary",
                " !custom",
                " &anchor",
                " !!null",
                " !!bool",
                " !!map",
                " !!seq",
            ]));
        }
        match draw.below(if depth == 0 { 7 } else { 11 }) {
            0..=3 => {
                text.push(' ');
                scalar(draw, text, indent);
            }
            4 => literal(draw, text, indent),
            5 => {
                text.push(' ');
                flow(draw, text, 2);
                text.push('\n');
            }
            6 => {
                let other = draw.of(&[
                    " *anchor",
                    "",
                    " ~",
                    " ''",
                    " \"\"",
                    "\t",
                    "  # nothing",
                    " {}",
                    " []",
                    " &anchor a",
                    " &anchor {k: v}",
                ]);
                text.push_str(other);
                text.push('\n');
            }
            _ => {
                text.push('\n');
                let list = draw.once_in(3);
                // A list may stand under its key without indentation.
                let deeper = if list && draw.once_in(2) {
                    indent + usize::from(!text.ends_with(":\n"))
                } else {
                    indent + step
                };
                block(draw, text, deeper, depth - 1, list);
            }
        }
    }
}

fn key(draw: &mut Draw, at: usize) -> String {
    match draw.below(14) {
        0 => quoted(draw),
        1 => draw
            .of(&[
                "<<",
                "yes",
                "1",
                "1.5",
                "null",
                "~",
                "0x10",
                "a b",
                "a2",
                "a10",
                "é",
                "? k",
                "01",
                "1e3",
                "on",
                "2024-02-29",
            ])
            .to_owned(),
        2 => "same".to_owned(),
        3 => draw.scalar().replace(['\n', '\r'], " "),
        _ => format!("k{at}"),
    }
}

fn quoted(draw: &mut Draw) -> String {
    let inner = draw.text();
    if draw.once_in(2) {
        return format!("'{}'", inner.replace('\'', "''").replace(['\n', '\r'], " "));
    }
    if draw.once_in(4) {
        let escape = draw.of(&[
            "\\x41",
            "\\u00e9",
            "\\U0001F600",
            "\\t",
            "\\0",
            "\\e",
            "\\_",
            "\\N",
            "\\L",
            "\\/",
            "\\ ",
            "\\q",
            "\\ud83d",
            "\\x4",
        ]);
        return format!("\"{escape}\"");
    }
    format!("\"{}\"", inner.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], "\\n"))
}

fn scalar(draw: &mut Draw, text: &mut String, indent: usize) {
    match draw.below(6) {
        0 => text.push_str(&quoted(draw)),
        1 => {
            // Over several lines.
            text.push_str(draw.of(&["word", "\"double", "'single"]));
            let end = if text.ends_with("word") {
                ""
            } else if text.ends_with("double") {
                "\""
            } else {
                "'"
            };
            for _ in 0..1 + draw.below(3) {
                text.push('\n');
                if draw.once_in(4) {
                    text.push('\n');
                }
                pad(text, indent + 1 + draw.below(3));
                text.push_str(draw.of(&["more", "and more", "x  ", "# no", "1"]));
            }
            text.push_str(end);
        }
        _ => text.push_str(&draw.scalar().replace(['\n', '\r'], " ")),
    }
    if draw.once_in(10) {
        text.push_str(draw.of(&[" # comment", " ", "\t", " #", "#no"]));
    }
    text.push('\n');
}

/// A literal or folded scalar.
fn literal(draw: &mut Draw, text: &mut String, indent: usize) {
    text.push(' ');
    text.push_str(draw.of(&["|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "| # c", "|-2"]));
    text.push('\n');
    let deeper = indent + 2;
    for _ in 0..draw.below(5) {
        if !draw.once_in(4) {
            pad(text, deeper + if draw.once_in(4) { draw.below(4) } else { 0 });
            let line = draw.of(&[
                "line",
                "  more",
                "# no comment",
                "- a",
                "k: v",
                "trailing  ",
                "\ttab",
                "é ☃",
                "\"",
                "---",
                "a line that is long enough to be folded by a writer that counts its columns up to eighty",
            ]);
            text.push_str(line);
        }
        text.push('\n');
    }
}

fn flow(draw: &mut Draw, text: &mut String, depth: usize) {
    let mapping = draw.once_in(2);
    text.push(if mapping { '{' } else { '[' });
    for at in 0..draw.below(4) {
        if at > 0 {
            text.push_str(draw.of(&[", ", ",", ", ", " , "]));
        }
        if mapping {
            let key = key(draw, at);
            text.push_str(&key);
            text.push_str(draw.of(&[": ", ": ", ": ", ":", " : "]));
        }
        if depth > 0 && draw.once_in(4) {
            flow(draw, text, depth - 1);
        } else if draw.once_in(3) {
            text.push_str(&quoted(draw));
        } else {
            let plain = draw.scalar().replace(['\n', '\r', ',', '[', ']', '{', '}'], "");
            text.push_str(&plain);
        }
    }
    if draw.once_in(12) {
        text.push(',');
    }
    text.push(if mapping { '}' } else { ']' });
}
