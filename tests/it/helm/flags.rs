//! `--set` and its kin: paths, lists, escapes, types.

use super::draw::Draw;
use relc::chart::values::ValueFlags;

#[derive(Clone, Debug)]
pub struct Flag {
    kind: &'static str,
    text: String,
}

/// One to three flags on the same root key, which no other case has.
pub fn case(draw: &mut Draw) -> Vec<Flag> {
    let root = draw.name();
    (0..1 + draw.below(3)).map(|_| flag(draw, &root)).collect()
}

fn flag(draw: &mut Draw, root: &str) -> Flag {
    const KINDS: &[&str] = &["--set", "--set", "--set", "--set-string", "--set-json", "--set-literal"];
    let kind = KINDS[draw.below(KINDS.len())];
    let mut text = format!("{root}{}={}", path(draw), value(draw, kind));
    while kind != "--set-literal" && draw.once_in(5) {
        text.push_str(&format!(",{root}{}={}", path(draw), value(draw, kind)));
    }
    if draw.once_in(60) {
        text.push_str(draw.of(&[",", "=", "{", "}", "\\", "[", ",,", " "]));
    }
    Flag { kind, text }
}

fn path(draw: &mut Draw) -> String {
    let mut path = String::new();
    for _ in 0..draw.below(4) {
        match draw.below(16) {
            0 | 1 | 8 | 9 => path.push_str(draw.of(&["[0]", "[1]", "[2]", "[0][1]"])),
            2 => path.push_str(
                draw.of(&["[-1]", "[a]", "[]", "[ 1 ]", "[0", "0]", "[1.5]", "[01]", "..", ".", "[0]x"]),
            ),
            3 => path.push_str(draw.of(&[
                ".a\\.b",
                ".a\\,b",
                ".a\\=b",
                ".a\\[0\\]",
                ".\\",
                ".a b",
                ".é",
                ".{a}",
                ".\"q\"",
                ".a\\\\b",
            ])),
            _ => path.push_str(draw.of(&[".a", ".b", ".c", ".a.b"])),
        }
    }
    path
}

fn value(draw: &mut Draw, kind: &str) -> String {
    if kind == "--set-json" {
        return draw
            .of(&[
                "1",
                "1.5",
                "\"t\"",
                "null",
                "true",
                "[]",
                "{}",
                "[1,\"a\",null]",
                "{\"a\":{\"b\":1},\"c\":null}",
                "1e3",
                "12345678901234567890",
                "-0",
                " 1 ",
                "x",
                "",
                "{",
                "[1",
                "\"\\u00e9\"",
                "1 2",
                "{\"a\":1}x",
                "'a'",
                "01",
                "{\"a\":1,\"a\":2}",
            ])
            .to_owned();
    }
    match draw.below(6) {
        0 => draw
            .of(&[
                "{}",
                "{a}",
                "{a,b}",
                "{1,true,null}",
                "{a\\,b}",
                "{{a},b}",
                "{a",
                "{,}",
                "{a,}",
                "{a},b",
                "{ a , b }",
                "{a\\}b}",
                "}",
                "{}x",
            ])
            .to_owned(),
        1 => draw
            .of(&[
                "a\\,b", "a\\=b", "a=b", "\\", "a\\nb", "a\\\\b", " a ", "a b", "\"q\"", "'q'", "[x]", "a.b",
            ])
            .to_owned(),
        _ => draw.scalar().replace(',', "\\,").replace('\0', ""),
    }
}

pub fn helms(set: &[Flag]) -> Vec<String> {
    set.iter().map(|flag| format!("{}={}", flag.kind, flag.text)).collect()
}

pub fn relcs(set: &[Flag]) -> ValueFlags {
    let mut flags = ValueFlags::default();
    for flag in set {
        let into = match flag.kind {
            "--set" => &mut flags.set,
            "--set-string" => &mut flags.string,
            "--set-json" => &mut flags.json,
            _ => &mut flags.literal,
        };
        into.push(flag.text.clone());
    }
    flags
}
