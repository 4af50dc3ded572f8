//! What is compiled for ASCII texts alone finds there what is compiled for all texts.

use super::Regexp;
use proptest::prelude::*;

/// Patterns of a few pieces, most of which are well formed.
fn patterns() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "a",
        "b",
        "Z",
        "0",
        "-",
        "é",
        ".",
        "^",
        "$",
        "|",
        "(",
        ")",
        "(?:",
        "(?i)",
        "(?s)",
        "(?m)",
        "*",
        "+",
        "?",
        "*?",
        "{2}",
        "{0,1}",
        "[ab]",
        "[^a]",
        "[^-a-z0-9]",
        "[[:alpha:]]",
        "[é-ü]",
        r"\d",
        r"\W",
        r"\s",
        r"\b",
        r"\B",
        r"\pL",
        r"[^\PN]",
        r"\x{17F}",
        r"\.",
        r"\z",
        r"\A",
        "k",
    ];
    proptest::collection::vec(proptest::sample::select(PIECES), 1..7).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn ascii_programs_agree(pattern in patterns(), text in r"[abkKSZ0\-\. \n_]{0,12}") {
        let text = text.as_bytes();
        match (Regexp::compile(pattern.as_bytes(), true), Regexp::compile(pattern.as_bytes(), false)) {
            (Ok(ascii), Ok(unicode)) => {
                prop_assert_eq!(ascii.is_match(text), unicode.is_match(text));
                prop_assert_eq!(ascii.find(text), unicode.find(text));
                prop_assert_eq!(ascii.find_all(text, -1), unicode.find_all(text, -1));
                prop_assert_eq!(ascii.split(text, -1), unicode.split(text, -1));
                prop_assert_eq!(ascii.replace_all(text, b"<$1>"), unicode.replace_all(text, b"<$1>"));
            }
            (ascii, unicode) => prop_assert_eq!(ascii.err(), unicode.err()),
        }
    }
}
