//! `html`, `js`, `urlquery`.

use super::super::strconv::{decode_rune, is_print};

pub(super) fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            byte => out.push(*byte),
        }
    }
    out
}

pub(super) fn js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(byte) = rest.first() {
        let (c, width) = decode_rune(rest);
        match byte {
            b'\\' => out.extend_from_slice(br"\\"),
            b'\'' => out.extend_from_slice(br"\'"),
            b'"' => out.extend_from_slice(br#"\""#),
            b'<' | b'>' | b'&' | b'=' | 0..=0x1f => {
                out.extend_from_slice(format!("\\u{byte:04X}").as_bytes())
            }
            0x20..=0x7f => out.push(*byte),
            _ => {
                let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
                if is_print(c) {
                    out.extend_from_slice(rest.get(..width).unwrap_or_default());
                } else {
                    out.extend_from_slice(format!("\\u{:04X}", u32::from(c)).as_bytes());
                }
            }
        }
        rest = rest.get(width..).unwrap_or_default();
    }
    out
}

/// Go's `url.QueryEscape`.
pub(super) fn url_query(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' => out.push(b'+'),
            b'-' | b'_' | b'.' | b'~' => out.push(*byte),
            byte if byte.is_ascii_alphanumeric() => out.push(*byte),
            byte => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}
