//! Cutting, wrapping and abbreviating text, by bytes as Go does.
//!
//! Bytes in, bytes out. A function that Go lets run past the end of a string gives that panic's message.

/// Go's message for a slice out of range, as `text/template` reports it.
pub fn slice_panic(detail: &str) -> String {
    format!("runtime error: slice bounds out of range {detail}")
}

/// sprig's `trunc`: the first `count` bytes, or with a negative count the last.
pub fn trunc(count: i64, text: &[u8]) -> &[u8] {
    let len = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let index = |n: i64| usize::try_from(n).unwrap_or(0);
    if count < 0 {
        let from = len.saturating_add(count);
        return if from > 0 { text.get(index(from)..).unwrap_or_default() } else { text };
    }
    if len > count { text.get(..index(count)).unwrap_or_default() } else { text }
}

/// sprig's `substr`; the error is Go's panic.
pub fn substr(start: i64, end: i64, text: &[u8]) -> Result<&[u8], String> {
    let len = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let cut = |from: i64, to: i64| {
        let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        range.and_then(|(from, to)| text.get(from..to))
    };
    if start < 0 {
        return match cut(0, end) {
            Some(text) => Ok(text),
            None if end < 0 => Err(slice_panic(&format!("[:{end}]"))),
            None => Err(slice_panic(&format!("[:{end}] with length {len}"))),
        };
    }
    if end < 0 || end > len {
        return cut(start, len).ok_or_else(|| slice_panic(&format!("[{start}:{len}]")));
    }
    cut(start, end).ok_or_else(|| slice_panic(&format!("[{start}:{end}]")))
}

/// goutils' `AbbreviateFull`; where that gives an error, sprig has the empty text.
pub fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let len = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if text.is_empty() || width < 4 {
        return Vec::new();
    }
    if len <= width {
        return text.to_vec();
    }
    let from = |n: i64| text.get(usize::try_from(n).unwrap_or(0)..).unwrap_or_default();
    let room = width - 3;
    let mut offset = offset.min(len);
    if len - offset < room {
        offset = len - room;
    }
    if offset <= 4 {
        let mut out = trunc(room, text).to_vec();
        out.extend_from_slice(b"...");
        return out;
    }
    if width < 7 {
        return Vec::new();
    }
    let mut out = b"...".to_vec();
    if offset + room < len {
        out.extend_from_slice(&abbreviate(from(offset), 0, room));
    } else {
        out.extend_from_slice(from(len - room));
    }
    out
}

/// goutils' `WrapCustom`: breaks lines at spaces, long words too with `break_words`. A line break in the
/// text is a character like any other.
pub fn wrap(text: &[u8], width: i64, newline: &[u8], break_words: bool) -> Vec<u8> {
    let newline: &[u8] = if newline.is_empty() { b"\n" } else { newline };
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let mut out = Vec::with_capacity(text.len() + text.len() / width * newline.len());
    let mut rest = text;
    while rest.len() > width {
        if let Some(after) = rest.strip_prefix(b" ") {
            rest = after;
            continue;
        }
        let line_end = rest.iter().take(width + 1).rposition(|b| *b == b' ');
        // Where the line ends and the next begins; a long word that may not be broken runs to its end.
        let (end, next) = match line_end {
            Some(space) => (space, space + 1),
            None if break_words => (width, width),
            None => match rest.iter().skip(width).position(|b| *b == b' ') {
                Some(space) => (width + space, width + space + 1),
                None => break,
            },
        };
        out.extend_from_slice(rest.get(..end).unwrap_or_default());
        out.extend_from_slice(newline);
        rest = rest.get(next..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// goutils' `DeleteWhiteSpace`, which takes each byte for a character of its own: a text with a space loses
/// its UTF-8.
pub fn nospace(text: &[u8]) -> Vec<u8> {
    let space = |b: &u8| char::from(*b).is_whitespace();
    if !text.iter().any(space) {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    for &byte in text.iter().filter(|b| !space(b)) {
        super::runes::push(&mut out, char::from(byte));
    }
    out
}

/// `strings.Replace` with no limit. An empty `old` matches before each rune and at the end.
pub fn replace(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + new.len());
    if old.is_empty() {
        for (at, _, width) in super::runes::runes(text) {
            out.extend_from_slice(new);
            out.extend_from_slice(text.get(at..at + width).unwrap_or_default());
        }
        out.extend_from_slice(new);
        return out;
    }
    let mut rest = text;
    while let Some(at) = find(rest, old) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend_from_slice(new);
        rest = rest.get(at + old.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// How often `needle` occurs; an empty one between all bytes.
pub fn count(text: &[u8], needle: &[u8]) -> usize {
    match needle {
        [] => text.len(),
        [one] => memchr::memchr_iter(*one, text).count(),
        _ => memchr::memmem::find_iter(text, needle).count(),
    }
}

/// `strings.Index`: where `needle` first occurs.
pub fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [one] => memchr::memchr(*one, text),
        _ => memchr::memmem::find(text, needle),
    }
}

/// `strings.Split` (`limit` < 0) and `strings.SplitN`; `None` where Go gives a nil slice (limit 0).
pub fn split<'t>(text: &'t [u8], separator: &[u8], limit: i64) -> Option<Vec<&'t [u8]>> {
    if limit == 0 {
        return None;
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut rest = text;
    if separator.is_empty() {
        for (at, _, width) in super::runes::runes(text) {
            if parts.len() + 1 == limit {
                break;
            }
            parts.push(text.get(at..at + width).unwrap_or_default());
            rest = text.get(at + width..).unwrap_or_default();
        }
        if !rest.is_empty() {
            parts.push(rest);
        }
        return Some(parts);
    }
    while parts.len() + 1 < limit {
        let Some(at) = find(rest, separator) else { break };
        parts.push(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + separator.len()..).unwrap_or_default();
    }
    parts.push(rest);
    Some(parts)
}

/// sprig's `indent`: `pad` before the text and after each line break.
pub fn indent(pad: &[u8], text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(pad);
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        let (line, after) = rest.split_at_checked(at + 1).unwrap_or((rest, &[]));
        out.extend_from_slice(line);
        out.extend_from_slice(pad);
        rest = after;
    }
    out.extend_from_slice(rest);
}

/// `strings.TrimSpace`.
pub fn trim_space(text: &[u8]) -> &[u8] {
    trim_matches(text, char::is_whitespace)
}

/// `strings.Trim`: without the runes of `cutset` at both ends.
pub fn trim<'t>(text: &'t [u8], cutset: &[u8]) -> &'t [u8] {
    if cutset.is_empty() {
        return text;
    }
    if cutset.is_ascii() {
        // A bad byte stands for U+FFFD, which no ASCII set holds.
        let keep = |b: &u8| !cutset.contains(b);
        let from = text.iter().position(keep).unwrap_or(text.len());
        let to = text.iter().rposition(keep).map_or(from, |at| at + 1);
        return text.get(from..to).unwrap_or_default();
    }
    trim_matches(text, |c| super::runes::runes(cutset).any(|(_, member, _)| member == c))
}

fn trim_matches(mut text: &[u8], drop: impl Fn(char) -> bool) -> &[u8] {
    loop {
        let (c, width) = super::runes::decode(text);
        if width == 0 || !drop(c) {
            break;
        }
        text = text.get(width..).unwrap_or_default();
    }
    loop {
        let (c, width) = super::runes::decode_last(text);
        if width == 0 || !drop(c) {
            break;
        }
        text = text.get(..text.len() - width).unwrap_or_default();
    }
    text
}
