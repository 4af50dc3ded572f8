//! DER, as much of it as keys and certificates need: writing nested values, reading them one by one; and PEM.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Tags of the universal types used here, `SEQUENCE` and `SET` with the bit of constructed values.
pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const NULL: u8 = 0x05;
pub const OID: u8 = 0x06;
pub const UTF8_STRING: u8 = 0x0C;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;
pub const PRINTABLE_STRING: u8 = 0x13;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;

/// A value of a tag with these contents.
pub fn value(tag: u8, contents: &[u8]) -> Vec<u8> {
    let len = contents.len();
    let mut out = Vec::with_capacity(len + 6);
    out.push(tag);
    match u8::try_from(len) {
        Ok(short @ 0..=0x7F) => out.push(short),
        _ => {
            let bytes = len.to_be_bytes();
            let zeros = bytes.iter().take_while(|b| **b == 0).count();
            let bytes = bytes.get(zeros..).unwrap_or_default();
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(8));
            out.extend_from_slice(bytes);
        }
    }
    out.extend_from_slice(contents);
    out
}

/// A value whose contents are other values.
pub fn nested(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    value(tag, &parts.concat())
}

/// A non-negative integer given as big-endian bytes.
pub fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    let mut contents = bytes.get(zeros..).unwrap_or_default().to_vec();
    // A leading bit set would read as a sign.
    if contents.first().is_none_or(|first| first & 0x80 != 0) {
        contents.insert(0, 0);
    }
    value(INTEGER, &contents)
}

/// A bit string of whole bytes.
pub fn bits(bytes: &[u8]) -> Vec<u8> {
    nested(BIT_STRING, &[&[0], bytes])
}

/// A value read: its tag, its contents, and all its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Item<'d> {
    pub tag: u8,
    pub contents: &'d [u8],
    pub whole: &'d [u8],
}

/// Reads values one after the other.
#[derive(Debug, Clone)]
pub struct Reader<'d>(&'d [u8]);

impl<'d> Reader<'d> {
    pub fn new(bytes: &'d [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag of the next value.
    pub fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next value; `None` where there is none, or not a whole one.
    pub fn any(&mut self) -> Option<Item<'d>> {
        let [tag, first, rest @ ..] = self.0 else {
            return None;
        };
        let (len, header) = if *first < 0x80 {
            (usize::from(*first), 2)
        } else {
            let count = usize::from(first & 0x7F);
            if count == 0 || count > 4 {
                return None;
            }
            let len = rest.get(..count)?.iter().fold(0usize, |len, b| len << 8 | usize::from(*b));
            (len, 2 + count)
        };
        let (whole, after) = self.0.split_at_checked(header.checked_add(len)?)?;
        self.0 = after;
        Some(Item { tag: *tag, contents: whole.get(header..)?, whole })
    }

    /// The next value if it has the tag.
    pub fn expect(&mut self, tag: u8) -> Option<Item<'d>> {
        if self.peek() == Some(tag) { self.any() } else { None }
    }

    /// The inside of the next value if it has the tag.
    pub fn enter(&mut self, tag: u8) -> Option<Reader<'d>> {
        self.expect(tag).map(|item| Reader(item.contents))
    }
}

/// A PEM block, as Go's `pem.Encode` writes one without headers.
pub fn to_pem(label: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// The first PEM block of a text: its label and its bytes (`pem.Decode`).
pub fn from_pem(text: &[u8]) -> Option<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(text);
    let mut rest: &str = &text;
    loop {
        let start = rest.find("-----BEGIN ")?;
        // Only at the start of a line.
        let at_line_start = start == 0 || rest.as_bytes().get(start - 1) == Some(&b'\n');
        let after = rest.get(start + "-----BEGIN ".len()..)?;
        rest = after;
        if !at_line_start {
            continue;
        }
        let (label, body) = after.split_once("-----")?;
        if label.contains('\n') {
            continue;
        }
        let Some((body, _)) = body.split_once(&format!("-----END {label}-----")) else {
            continue;
        };
        // Headers (`Proc-Type: …`) end with an empty line.
        let body = match body.split_once("\n\n") {
            Some((headers, body)) if headers.contains(':') => body,
            _ => body,
        };
        let clean: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        if let Ok(bytes) = STANDARD.decode(clean) {
            return Some((label.to_owned(), bytes));
        }
    }
}
