//! Upper, lower, camel, snake: the case functions of Go's `strings`, goutils 1.1.1 and xstrings 1.5.
//!
//! Bytes in, bytes out, read rune by rune. The word rules of `snakecase` and `kebabcase` are those of
//! xstrings' `convert.go`, oddities included.

use super::runes::{self, RUNE_ERROR, push};

/// `strings.ToUpper`.
pub fn upper(text: &[u8]) -> Vec<u8> {
    if text.is_ascii() { text.to_ascii_uppercase() } else { runes::map(text, runes::to_upper) }
}

/// `strings.ToLower`.
pub fn lower(text: &[u8]) -> Vec<u8> {
    if text.is_ascii() { text.to_ascii_lowercase() } else { runes::map(text, runes::to_lower) }
}

/// `strings.Title`: a letter after anything that is no letter, digit or underscore, in title case.
pub fn title(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut before = ' ';
    for (_, c, _) in runes::runes(text) {
        push(&mut out, if is_separator(before) { runes::to_title(c) } else { c });
        before = c;
    }
    out
}

fn is_separator(c: char) -> bool {
    if c.is_ascii() {
        return !(c.is_ascii_alphanumeric() || c == '_');
    }
    !(runes::is_letter(c) || runes::is_digit(c)) && runes::is_space(c)
}

/// goutils' `Uncapitalize`: the first letter of each word in lower case.
pub fn untitle(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut first = true;
    for (_, c, _) in runes::runes(text) {
        if runes::is_space(c) {
            first = true;
            push(&mut out, c);
        } else {
            push(&mut out, if first { runes::to_lower(c) } else { c });
            first = false;
        }
    }
    out
}

/// goutils' `SwapCase`: lower case at the start of a word becomes title case, otherwise upper and lower trade places.
pub fn swapcase(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut after_space = true;
    for (_, c, _) in runes::runes(text) {
        let swapped = if runes::is_upper(c) || runes::is_title(c) {
            after_space = false;
            runes::to_lower(c)
        } else if runes::is_lower(c) {
            if std::mem::take(&mut after_space) { runes::to_title(c) } else { runes::to_upper(c) }
        } else {
            after_space = runes::is_space(c);
            c
        };
        push(&mut out, swapped);
    }
    out
}

/// goutils' `Initials`, which takes each byte for a character of its own.
pub fn initials(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut gap = true;
    for &byte in text {
        let c = char::from(byte);
        if runes::is_space(c) {
            gap = true;
        } else if std::mem::take(&mut gap) {
            push(&mut out, c);
        }
    }
    out
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || runes::is_space(c)
}

/// xstrings' `ToPascalCase`: leading connectors stay, others go and raise the letter after them.
pub fn camelcase(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut chars = runes::runes(text).map(|(_, c, _)| c);
    let Some(mut current) = chars.next() else {
        return out;
    };
    while is_connector(current) {
        push(&mut out, current);
        match chars.next() {
            Some(c) => current = c,
            // A text of nothing but connectors has its last one written twice.
            None => {
                push(&mut out, current);
                return out;
            }
        }
    }
    let mut upper_run = runes::is_upper(current);
    current = runes::to_upper(current);
    for c in chars {
        let before = std::mem::replace(&mut current, c);
        if is_connector(c) && is_connector(before) {
            push(&mut out, before);
            continue;
        }
        if is_connector(before) {
            upper_run = runes::is_upper(c);
            current = runes::to_upper(c);
        } else {
            if upper_run {
                if runes::is_upper(c) {
                    current = runes::to_lower(c);
                } else {
                    upper_run = false;
                }
            }
            push(&mut out, before);
        }
    }
    push(&mut out, current);
    out
}

/// xstrings' `ToSnakeCase`.
pub fn snakecase(text: &[u8]) -> Vec<u8> {
    separate(text, '_')
}

/// xstrings' `ToKebabCase`.
pub fn kebabcase(text: &[u8]) -> Vec<u8> {
    separate(text, '-')
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punct,
    Other,
}

struct Words<'t> {
    rest: &'t [u8],
    kind: Kind,
    word: &'t [u8],
}

impl<'t> Words<'t> {
    fn new(text: &'t [u8]) -> Self {
        let mut words = Self { rest: text, kind: Kind::Invalid, word: &[] };
        words.advance();
        words
    }

    fn advance(&mut self) {
        let (kind, len) = next_word(self.rest);
        self.kind = kind;
        (self.word, self.rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
    }

    fn is(&self, kinds: &[Kind]) -> bool {
        kinds.contains(&self.kind)
    }
}

fn separate(text: &[u8], connector: char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    if text.is_empty() {
        return out;
    }
    let mut words = Words::new(text);
    while !words.rest.is_empty() {
        if words.kind != Kind::Connector {
            write_word(&mut out, words.kind, words.word, connector);
        }
        let (before, last) = (words.kind, words.word);
        words.advance();
        match before {
            Kind::Number => {
                write_run(&mut out, &mut words, connector);
                if !words.is(&[Kind::Invalid, Kind::Punct, Kind::Connector]) {
                    push(&mut out, connector);
                }
            }
            Kind::Connector => write_word(&mut out, before, last, connector),
            Kind::Punct => {}
            _ if words.kind != Kind::Number => {
                if !words.is(&[Kind::Connector, Kind::Punct]) {
                    push(&mut out, connector);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                let number = words.word;
                words.advance();
                if words.kind == Kind::Alphabet {
                    // Lower case after a number: the number begins a word (`http2xx` is `http_2xx`).
                    push(&mut out, connector);
                    write_word(&mut out, Kind::Number, number, connector);
                    write_run(&mut out, &mut words, connector);
                    if !words.is(&[Kind::Invalid, Kind::Connector, Kind::Punct]) {
                        push(&mut out, connector);
                    }
                } else {
                    // Otherwise it ends the word before (`Bld4Floor` is `bld4_floor`).
                    write_word(&mut out, Kind::Number, number, connector);
                    if !words.is(&[Kind::Connector, Kind::Punct]) {
                        push(&mut out, connector);
                    }
                }
            }
        }
    }
    write_word(&mut out, words.kind, words.word, connector);
    out
}

/// Writes the letters and numbers that follow each other.
fn write_run(out: &mut Vec<u8>, words: &mut Words<'_>, connector: char) {
    while words.is(&[Kind::Alphabet, Kind::Number]) {
        write_word(out, words.kind, words.word, connector);
        words.advance();
    }
}

fn write_word(out: &mut Vec<u8>, kind: Kind, word: &[u8], connector: char) {
    if !matches!(kind, Kind::Upper | Kind::Connector) {
        out.extend_from_slice(word);
        return;
    }
    for (_, c, _) in runes::runes(word) {
        push(
            out,
            if is_connector(c) {
                connector
            } else if runes::is_upper(c) {
                runes::to_lower(c)
            } else {
                c
            },
        );
    }
}

fn is_alphabet(c: char) -> bool {
    let cjk = matches!(c, '\u{3400}'..='\u{4D85}' | '\u{4E00}'..='\u{9FCC}' | '\u{20000}'..='\u{2B81D}');
    if c.is_ascii() { c.is_ascii_alphabetic() } else { runes::is_letter(c) && !cjk }
}

/// The next rune that is not U+FFFD, with the width of all that was passed; `before` where there is none.
fn next_valid(text: &[u8], before: char) -> (char, usize) {
    let mut width = 0;
    for (_, c, this) in runes::runes(text) {
        width += this;
        if c != RUNE_ERROR {
            return (c, width);
        }
    }
    (before, width)
}

fn tail(text: &[u8], from: usize) -> &[u8] {
    text.get(from..).unwrap_or_default()
}

/// How far from `at` on runes satisfy `fits`; also the last rune looked at and the width of the last one taken.
fn take_while(
    text: &[u8],
    mut at: usize,
    mut c: char,
    fits: impl Fn(char, usize) -> bool,
) -> (usize, char, usize) {
    let mut last = 0;
    while at < text.len() {
        let (next, width) = next_valid(tail(text, at), c);
        c = next;
        if !fits(c, width) || width == 0 {
            break;
        }
        at += width;
        last = width;
    }
    (at, c, last)
}

/// The kind and length of the word at the start.
fn next_word(text: &[u8]) -> (Kind, usize) {
    if text.is_empty() {
        return (Kind::Invalid, 0);
    }
    let (first, width) = next_valid(text, RUNE_ERROR);
    if first == RUNE_ERROR {
        return (Kind::Invalid, width);
    }
    let run = |fits: &dyn Fn(char) -> bool| take_while(text, width, first, |c, _| fits(c)).0;
    if is_connector(first) {
        (Kind::Connector, run(&is_connector))
    } else if runes::is_punct(first) {
        (Kind::Punct, run(&runes::is_punct))
    } else if runes::is_upper(first) {
        (Kind::Upper, upper_word(text, width, first))
    } else if is_alphabet(first) {
        (Kind::Alphabet, run(&|c| is_alphabet(c) && !runes::is_upper(c)))
    } else if runes::is_number(first) {
        (Kind::Number, run(&runes::is_number))
    } else {
        let other = |c| !(is_connector(c) || is_alphabet(c) || runes::is_number(c) || runes::is_punct(c));
        (Kind::Other, run(&other))
    }
}

/// A word that starts with a capital: `Server`, or `HTTP` of `HTTPServer`.
fn upper_word(text: &[u8], width: usize, first: char) -> usize {
    if text.len() == width {
        return width;
    }
    let (second, second_width) = next_valid(tail(text, width), first);
    if runes::is_upper(second) {
        let start = width + second_width;
        let (end, last, last_width) = take_while(text, start, second, |c, _| runes::is_upper(c));
        let last_width = if last_width == 0 { second_width } else { last_width };
        // The last capital belongs to the next word when letters follow it.
        if end < text.len() && is_alphabet(last) { end - last_width } else { end }
    } else if is_alphabet(second) {
        take_while(text, width + second_width, second, |c, _| is_alphabet(c) && !runes::is_upper(c)).0
    } else {
        width
    }
}
