//! Go's view of text: strings are bytes, read as UTF-8 rune by rune, each bad byte standing for U+FFFD.
//!
//! Character classes and case mappings follow Go's `unicode` package: classes by general category, and
//! case by the simple one-to-one mappings (`ß` has no upper case; `İ` lowers to `i`).

use std::sync::LazyLock;

use regex::Regex;

/// What a bad byte decodes to.
pub const RUNE_ERROR: char = char::REPLACEMENT_CHARACTER;

/// The first rune and its width in bytes; a bad byte gives U+FFFD and 1, an empty text U+FFFD and 0.
pub fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else {
        return (RUNE_ERROR, 0);
    };
    if first < 0x80 {
        return (char::from(first), 1);
    }
    let width = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (RUNE_ERROR, 1),
    };
    match bytes.get(..width).and_then(|head| std::str::from_utf8(head).ok()).and_then(|s| s.chars().next()) {
        Some(c) => (c, width),
        None => (RUNE_ERROR, 1),
    }
}

/// The last rune and its width in bytes, as [`decode`].
pub fn decode_last(bytes: &[u8]) -> (char, usize) {
    for width in 1..=bytes.len().min(4) {
        let tail = bytes.get(bytes.len() - width..).unwrap_or_default();
        if let Ok(text) = std::str::from_utf8(tail) {
            return (text.chars().next().unwrap_or(RUNE_ERROR), width);
        }
    }
    (RUNE_ERROR, usize::from(!bytes.is_empty()))
}

/// The runes of a text, with their byte offsets and widths.
pub fn runes(bytes: &[u8]) -> impl Iterator<Item = (usize, char, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..)?;
        if rest.is_empty() {
            return None;
        }
        let (c, width) = decode(rest);
        let here = at;
        at += width;
        Some((here, c, width))
    })
}

/// Appends a rune as UTF-8.
pub fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Rewrites a text rune by rune. Bad bytes become U+FFFD where the text changes at all, as in Go's `strings.Map`.
pub fn map(bytes: &[u8], mapping: impl Fn(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (_, c, _) in runes(bytes) {
        push(&mut out, mapping(c));
    }
    out
}

/// Upper case, one rune to one rune.
pub fn to_upper(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    match c {
        // Letters whose full upper case is several characters, but which have a simple one.
        '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => shift(c, 8),
        '\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}' => shift(c, 9),
        _ => single(c, c.to_uppercase()),
    }
}

/// Lower case, one rune to one rune.
pub fn to_lower(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    if c == '\u{130}' {
        return 'i';
    }
    single(c, c.to_lowercase())
}

/// Title case, one rune to one rune.
pub fn to_title(c: char) -> char {
    match c {
        '\u{1C4}'..='\u{1C6}' => '\u{1C5}',
        '\u{1C7}'..='\u{1C9}' => '\u{1C8}',
        '\u{1CA}'..='\u{1CC}' => '\u{1CB}',
        '\u{1F1}'..='\u{1F3}' => '\u{1F2}',
        // Georgian letters are their own title case.
        '\u{10D0}'..='\u{10FA}' | '\u{10FD}'..='\u{10FF}' => c,
        _ => to_upper(c),
    }
}

fn shift(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}

fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

macro_rules! class {
    ($(#[$doc:meta])* $name:ident, $pattern:literal) => {
        $(#[$doc])*
        pub fn $name(c: char) -> bool {
            static CLASS: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("constant pattern"));
            CLASS.is_match(c.encode_utf8(&mut [0; 4]))
        }
    };
}

class!(
    /// General category L.
    is_letter, r"^\p{L}"
);
class!(
    /// General category Lu.
    is_upper, r"^\p{Lu}"
);
class!(
    /// General category Ll.
    is_lower, r"^\p{Ll}"
);
class!(
    /// General category Lt.
    is_title, r"^\p{Lt}"
);
class!(
    /// General category N.
    is_number, r"^\p{N}"
);
class!(
    /// General category Nd.
    is_digit, r"^\p{Nd}"
);
class!(
    /// General category P.
    is_punct, r"^\p{P}"
);

/// White space as Go's `unicode.IsSpace` has it (Unicode's White_Space).
pub fn is_space(c: char) -> bool {
    c.is_whitespace()
}
