//! Bytes to characters: encodings, and which characters a YAML document may hold.
//!
//! In: the bytes of a stream. Out: the text the scanner may see and, if the bytes go bad somewhere, the
//! problem that is due once the scanner asks for more. Go's reader decodes 512 bytes at a time and fails for
//! the whole piece, so a syntax error before that piece is reported first; the cut is made where Go makes it.

use std::borrow::Cow;

/// The readable part of a stream.
pub struct Input<'a> {
    pub text: Cow<'a, str>,
    /// Bytes of a byte order mark dropped in front of `text`.
    pub skipped: usize,
    /// The problem behind the last character of `text`, if it is not simply the end.
    pub broken: Option<&'static str>,
}

const PIECE: usize = 512;

/// Beyond this, positions would not fit their fields.
const LIMIT: usize = u32::MAX as usize - 8;

pub fn decode(bytes: &[u8]) -> Input<'_> {
    match bytes {
        _ if bytes.len() > LIMIT => {
            Input { text: Cow::Borrowed(""), skipped: 0, broken: Some("input is too long") }
        }
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest, 3),
        _ => utf8(bytes, 0),
    }
}

fn utf8(bytes: &[u8], skipped: usize) -> Input<'_> {
    let (text, mut problem) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(e) => {
            let good =
                bytes.get(..e.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default();
            (good, Some((good.len(), malformed(bytes.get(good.len()..).unwrap_or_default()))))
        }
    };
    if let Some(at) = first_control(text.as_bytes()) {
        problem = Some((at, "control characters are not allowed"));
    }
    let Some((at, problem)) = problem else {
        return Input { text: Cow::Borrowed(text), skipped, broken: None };
    };
    // Walk the pieces as Go's buffer does; a character cut by the end of a piece moves to the next one. The
    // byte order mark is part of the first piece.
    let width = lead_width(bytes.get(at).copied().unwrap_or(0)).unwrap_or(1);
    let mut start = 0;
    let mut end = PIECE - skipped;
    while end < at + width && start < at {
        start = end.min(at);
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        end = start + PIECE;
    }
    if at + width > bytes.len() {
        start = at;
    }
    let text = text.get(..start).unwrap_or_default();
    Input { text: Cow::Borrowed(text), skipped, broken: Some(problem) }
}

/// How many bytes a sequence that begins with `lead` claims to have.
fn lead_width(lead: u8) -> Option<usize> {
    match lead {
        0x00..=0x7f => Some(1),
        0xc0..=0xdf => Some(2),
        0xe0..=0xef => Some(3),
        0xf0..=0xf7 => Some(4),
        _ => None,
    }
}

/// Why the sequence at the head of `bytes` is not UTF-8, in the order Go's reader checks.
fn malformed(bytes: &[u8]) -> &'static str {
    let Some(width) = bytes.first().and_then(|b| lead_width(*b)) else {
        return "invalid leading UTF-8 octet";
    };
    let Some(sequence) = bytes.get(..width) else { return "incomplete UTF-8 octet sequence" };
    if sequence.iter().skip(1).any(|b| b & 0xc0 != 0x80) {
        return "invalid trailing UTF-8 octet";
    }
    let first = sequence.first().map_or(0, |b| u32::from(*b) & (0x7f >> width));
    let value = sequence.iter().skip(1).fold(first, |n, b| n << 6 | u32::from(b & 0x3f));
    if value < [0, 0, 0x80, 0x800, 0x10000].get(width).copied().unwrap_or(0) {
        return "invalid length of a UTF-8 sequence";
    }
    "invalid Unicode character"
}

/// The first character outside YAML's printable set.
fn first_control(bytes: &[u8]) -> Option<usize> {
    // Most stretches hold no byte that could belong to one; asked without branches, that takes little time.
    const STRETCH: usize = 64;
    let suspicious = |b: u8| {
        (b < 0x20) & (b != b'\n') & (b != b'\r') & (b != b'\t') | (b == 0x7f) | (b == 0xc2) | (b == 0xef)
    };
    bytes
        .chunks(STRETCH)
        .enumerate()
        .filter(|(_, stretch)| stretch.iter().fold(false, |found, b| found | suspicious(*b)))
        .find_map(|(n, stretch)| control_between(bytes, n * STRETCH, n * STRETCH + stretch.len()))
}

fn control_between(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    let mut i = start;
    while i < end {
        let b = bytes.get(i)?;
        let bad = match b {
            0x20..=0x7e | b'\n' | b'\r' | b'\t' => false,
            0x00..=0x1f | 0x7f => true,
            0xc2 => matches!(bytes.get(i + 1), Some(0x80..=0x84 | 0x86..=0x9f)),
            0xef => matches!(bytes.get(i + 1..i + 3), Some([0xbf, 0xbe | 0xbf])),
            _ => false,
        };
        if bad {
            return Some(i);
        }
        i += 1;
    }
    None
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Input<'static> {
    let mut text = String::new();
    let mut broken = None;
    let mut at = 0;
    let next = |at: usize| match bytes.get(at..at + 2) {
        Some([a, b]) => Some(unit([*a, *b])),
        _ => None,
    };
    while at < bytes.len() {
        let Some(first) = next(at) else {
            broken = Some("incomplete UTF-16 character");
            break;
        };
        at += 2;
        let value = match first {
            0xdc00..=0xdfff => {
                broken = Some("unexpected low surrogate area");
                break;
            }
            0xd800..=0xdbff => match next(at) {
                None => {
                    broken = Some("incomplete UTF-16 surrogate pair");
                    break;
                }
                Some(low @ 0xdc00..=0xdfff) => {
                    at += 2;
                    0x10000 + ((u32::from(first) & 0x3ff) << 10) + (u32::from(low) & 0x3ff)
                }
                Some(_) => {
                    broken = Some("expected low surrogate area");
                    break;
                }
            },
            _ => u32::from(first),
        };
        let c = char::from_u32(value).unwrap_or_default();
        let mut buffer = [0; 4];
        if first_control(c.encode_utf8(&mut buffer).as_bytes()).is_some() {
            broken = Some("control characters are not allowed");
            break;
        }
        text.push(c);
    }
    if broken.is_some() {
        text.clear();
    }
    Input { text: Cow::Owned(text), skipped: 0, broken }
}
