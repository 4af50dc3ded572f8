//! How a scalar may be written: what libyaml's analysis of its text allows.
//!
//! In: the text. Out: a [`Style`]. Hot: most strings are short ASCII, settled by one pass over a table.

use super::resolve::{Flavor, Scalar, is_base60, old_bool, resolve};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What an analysis found out about a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Analysis {
    pub style: Style,
    /// Holds a line break of any kind, so it cannot be a simple key.
    pub multiline: bool,
    pub ascii: bool,
}

/// Bytes without any meaning for the choice of style, wherever they stand but first.
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, within 256")]
static SAFE: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0x21;
    while b < 0x7f {
        table[b] = b != b':' as usize && b != b'#' as usize;
        b += 1;
    }
    table
};

/// The style for a string. `tagged`: it follows a tag, so it cannot be mistaken for something else.
pub fn analyze(text: &str, flavor: Flavor, tagged: bool) -> Analysis {
    let b = text.as_bytes();
    let Some(&first) = b.first() else {
        return Analysis {
            style: if tagged { Style::Plain } else { Style::Double },
            multiline: false,
            ascii: true,
        };
    };
    let lone = b.get(1).is_none_or(|c| matches!(c, b' ' | b'\t'));
    let mut indicators = match first {
        b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%'
        | b'@' | b'`' => true,
        b'?' | b':' => lone,
        b'-' => lone || b.starts_with(b"---"),
        b'.' => b.starts_with(b"..."),
        _ => false,
    };
    let mut found = Found::default();
    let mut i = 0;
    while let Some(&c) = b.get(i) {
        if SAFE.get(usize::from(c)).copied().unwrap_or(false) {
            found.previous = Previous::Other;
            i += 1;
            continue;
        }
        match c {
            b':' => {
                indicators |= i > 0 && b.get(i + 1).is_none_or(|c| matches!(c, b' ' | b'\t'));
                found.previous = Previous::Other;
                i += 1;
            }
            b'#' => {
                indicators |= i > 0 && found.previous != Previous::Other;
                found.previous = Previous::Other;
                i += 1;
            }
            b' ' => {
                found.space(i == 0, i + 1 == b.len());
                i += 1;
            }
            _ => i += found.unusual(b, i, flavor),
        }
    }
    let plain_wanted = tagged || is_plain_string(text, flavor);
    Analysis {
        style: found.choose(indicators, plain_wanted),
        multiline: found.line_breaks,
        ascii: !found.beyond_ascii,
    }
}

/// Whether the text, written plain, would be read back as this string by any YAML 1.1 reader.
fn is_plain_string(text: &str, flavor: Flavor) -> bool {
    matches!(resolve(text, flavor), Scalar::Str)
        && !is_base60(text)
        && !(flavor == Flavor::V3 && old_bool(text).is_some())
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Previous {
    #[default]
    Other,
    Space,
    Break,
    /// Separates a `#` from what is before it, but is no space.
    Tab,
}

#[derive(Default)]
struct Found {
    previous: Previous,
    newline: bool,
    line_breaks: bool,
    edge: bool,
    trailing_space: bool,
    break_space: bool,
    space_break: bool,
    special: bool,
    tab: bool,
    beyond_ascii: bool,
}

impl Found {
    fn space(&mut self, first: bool, last: bool) {
        self.edge |= first || last;
        self.trailing_space |= last;
        self.break_space |= self.previous == Previous::Break;
        self.previous = Previous::Space;
    }

    /// Tabs, breaks, controls and everything beyond ASCII; gives the width of the character.
    fn unusual(&mut self, b: &[u8], i: usize, flavor: Flavor) -> usize {
        let c = b.get(i).copied().unwrap_or(0);
        let next = |n: usize| b.get(i + n).copied().unwrap_or(0);
        let (width, is_break, printable) = match c {
            b'\n' => (1, true, true),
            b'\r' => (1, true, false),
            b'\t' if flavor == Flavor::V3 => {
                self.tab = true;
                (1, false, true)
            }
            0x00..=0x7f => (1, false, false),
            0xc2..=0xdf => (2, c == 0xc2 && next(1) == 0x85, c != 0xc2 || next(1) >= 0xa0),
            0xe2 if next(1) == 0x80 && matches!(next(2), 0xa8 | 0xa9) => (3, true, true),
            0xef => (3, false, !matches!((next(1), next(2)), (0xbb, 0xbf) | (0xbf, 0xbe | 0xbf))),
            0xe0..=0xee => (3, false, true),
            _ => (4, false, false),
        };
        self.newline |= c == b'\n';
        self.beyond_ascii |= c >= 0x80;
        self.special |= !printable;
        if is_break {
            self.line_breaks = true;
            self.edge |= i == 0 || i + width == b.len();
            self.space_break |= self.previous == Previous::Space;
            self.previous = Previous::Break;
        } else {
            self.previous = if c == b'\t' || c == 0 { Previous::Tab } else { Previous::Other };
        }
        width
    }

    fn choose(&self, indicators: bool, plain_wanted: bool) -> Style {
        let unquotable = self.space_break || self.special;
        if self.newline {
            return if unquotable || self.trailing_space { Style::Double } else { Style::Literal };
        }
        if !plain_wanted {
            return Style::Double;
        }
        let single = !(self.break_space || unquotable || self.tab);
        match single && !indicators && !self.edge && !self.line_breaks {
            true => Style::Plain,
            false if single => Style::Single,
            false => Style::Double,
        }
    }
}
