//! Key order of emitted maps: natural, so `a2` comes before `a10`, as `go.yaml.in/yaml` sorts.
//!
//! In: entries in byte order. Out: the same entries in Go's order. Go's comparison is no total order in odd
//! cases (there its own result depends on its random map order), so the sort must not rely on one.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

use super::resolve::Flavor;

/// Sorts entries by their keys. Merge sort: it neither panics nor loses entries whatever the comparison says,
/// and is linear for what is in order already, which keys mostly are.
pub fn sort<T: Copy>(entries: &mut Vec<(&[u8], T)>, flavor: Flavor) {
    let ordered = entries.windows(2).all(|pair| match pair {
        [a, b] => !less(b.0, a.0, flavor),
        _ => true,
    });
    if ordered {
        return;
    }
    let mut from = std::mem::take(entries);
    let mut to = Vec::with_capacity(from.len());
    let mut width = 1;
    while width < from.len() {
        to.clear();
        for pair in from.chunks(width * 2) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, flavor, &mut to);
        }
        std::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    *entries = from;
}

fn merge<'a, T: Copy>(
    left: &[(&'a [u8], T)],
    right: &[(&'a [u8], T)],
    flavor: Flavor,
    to: &mut Vec<(&'a [u8], T)>,
) {
    let mut left = left.iter().peekable();
    let mut right = right.iter().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if less(b.0, a.0, flavor) { right.next() } else { left.next() };
        to.extend(next.copied());
    }
    to.extend(left.copied());
    to.extend(right.copied());
}

/// Whether `a` sorts before `b`.
pub fn less(a: &[u8], b: &[u8], flavor: Flavor) -> bool {
    let common = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (Some(&x), Some(&y)) = (a.get(common), b.get(common)) else { return a.len() < b.len() };
    let before = common.checked_sub(1).and_then(|i| a.get(i)).copied();
    if x >= 0x80 || y >= 0x80 || before.is_some_and(|c| c >= 0x80) {
        return less_chars(a, b, flavor);
    }
    let after_digit = before.is_some_and(|c| c.is_ascii_digit());
    if let Some(result) = by_letter(x.is_ascii_alphabetic(), y.is_ascii_alphabetic(), after_digit, flavor) {
        return result.unwrap_or(x < y);
    }
    let prefix = a.get(..common).unwrap_or_default();
    let carried = (x == b'0' || y == b'0')
        && prefix.iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != b'0');
    let (tail_a, tail_b) = (a.get(common..).unwrap_or_default(), b.get(common..).unwrap_or_default());
    let run = |tail: &[u8]| {
        let n = tail.iter().take_while(|c| c.is_ascii_digit()).count();
        let value = tail.iter().take(n).fold(i64::from(carried), |v, c| {
            v.wrapping_mul(10).wrapping_add(i64::from(c.wrapping_sub(b'0')))
        });
        (n, value, tail.get(n).is_some_and(|c| *c >= 0x80))
    };
    let ((len_a, value_a, odd_a), (len_b, value_b, odd_b)) = (run(tail_a), run(tail_b));
    if odd_a || odd_b {
        return less_chars(a, b, flavor);
    }
    (value_a, len_a, x) < (value_b, len_b, y)
}

/// Decides where a letter is involved: `Some(None)` leaves it to the characters, `None` to the numbers.
fn by_letter(a: bool, b: bool, after_digit: bool, flavor: Flavor) -> Option<Option<bool>> {
    match (a, b) {
        (true, true) => Some(None),
        (false, false) => None,
        _ if flavor == Flavor::V3 && after_digit => Some(Some(a)),
        _ => Some(Some(b)),
    }
}

/// The same over characters, for keys beyond ASCII.
fn less_chars(a: &[u8], b: &[u8], flavor: Flavor) -> bool {
    let a: Vec<char> = String::from_utf8_lossy(a).chars().collect();
    let b: Vec<char> = String::from_utf8_lossy(b).chars().collect();
    let common = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (Some(&x), Some(&y)) = (a.get(common), b.get(common)) else { return a.len() < b.len() };
    let prefix = a.get(..common).unwrap_or_default();
    let after_digit = prefix.last().is_some_and(|c| is_digit(*c));
    if let Some(result) = by_letter(is_letter(x), is_letter(y), after_digit, flavor) {
        return result.unwrap_or(x < y);
    }
    let carried =
        (x == '0' || y == '0') && prefix.iter().rev().take_while(|c| is_digit(**c)).any(|c| *c != '0');
    let run = |tail: &[char]| {
        let n = tail.iter().take_while(|c| is_digit(**c)).count();
        let value = tail.iter().take(n).fold(i64::from(carried), |v, c| {
            v.wrapping_mul(10).wrapping_add(i64::from(*c as u32) - i64::from(b'0'))
        });
        (value, n)
    };
    let tail = |s: &[char]| run(s.get(common..).unwrap_or_default());
    let ((value_a, len_a), (value_b, len_b)) = (tail(&a), tail(&b));
    (value_a, len_a, x).cmp(&(value_b, len_b, y)) == Ordering::Less
}

fn is_letter(c: char) -> bool {
    // Go's unicode.IsLetter is general category L, which is less than `char::is_alphabetic`.
    static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}$").ok());
    c.is_ascii_alphabetic() || (!c.is_ascii() && matches_class(&LETTER, c))
}

fn is_digit(c: char) -> bool {
    static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}$").ok());
    c.is_ascii_digit() || (!c.is_ascii() && matches_class(&DIGIT, c))
}

fn matches_class(class: &Option<Regex>, c: char) -> bool {
    class.as_ref().is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4])))
}
