//! What a key that does not exist may have been meant to be.

use super::finding::{Path, Step};
use super::keys::{self, KeyId, Keys, Source};
use serde_json::Value;

/// What a key was probably meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Likely {
    /// A key at the same place.
    Sibling { name: String, sure: bool },
    /// A key elsewhere: its path.
    Elsewhere { path: String },
}

impl Likely {
    /// Whether it hardly can have been meant otherwise. Keys at other places often are what an older chart had here.
    pub fn is_sure(&self) -> bool {
        matches!(self, Likely::Sibling { sure: true, .. })
    }
}

/// The best guess, if any is good enough: a key at the same place, else the same key at another place.
pub fn likely(
    known: &Keys,
    path: &Path,
    name: &str,
    value: &Value,
    siblings: &[(&str, KeyId)],
) -> Option<Likely> {
    match nearest(name, siblings.iter().map(|(other, _)| *other)) {
        Some(meant) => {
            // In the items of a list, where no default shows what there is, templates often read a part only.
            let listed = path.iter().any(|step| matches!(step, Step::Index(_)));
            let told = siblings.iter().any(|(other, id)| *other == meant && documented(known, *id));
            // `enable` beside `enabled`: authors of charts themselves leave a last letter out, and the key behind.
            let cut = meant.strip_prefix(name).is_some_and(|rest| rest.len() == 1 && !name.ends_with(rest));
            let sure = (told || !listed) && !cut && distance(name, &meant) <= 1;
            Some(Likely::Sibling { name: meant, sure })
        }
        None => elsewhere(known, path, name, value),
    }
}

/// Whether the chart itself shows a key to those who use it.
fn documented(known: &Keys, id: KeyId) -> bool {
    known
        .get(id)
        .sources
        .iter()
        .any(|source| matches!(source, Source::Default | Source::Schema | Source::Comment))
}

/// The name that is nearest, if it is near.
pub fn nearest<'k>(name: &str, names: impl Iterator<Item = &'k str>) -> Option<String> {
    let limit = (name.chars().count() / 3).max(1);
    names
        .map(|other| (distance(name, other), other))
        .filter(|(distance, other)| *distance <= limit && *other != name)
        .min()
        .map(|(_, other)| other.to_owned())
}

/// Edits between two keys; upper and lower case, `-` and `_` are confused most easily.
fn distance(a: &str, b: &str) -> usize {
    let plain = |text: &str| -> String { text.chars().filter(|c| !matches!(c, '-' | '_')).collect() };
    strsim::osa_distance(&plain(a).to_lowercase(), &plain(b).to_lowercase())
}

/// A key of the same name at another place: the only one, or the one that fits what is below and lies nearest.
fn elsewhere(known: &Keys, path: &Path, name: &str, value: &Value) -> Option<Likely> {
    let mut best: Option<((usize, usize), KeyId)> = None;
    let mut tied = false;
    for id in known.ids() {
        if !matches!(&known.get(id).step, keys::Step::Name(other) if **other == *name) {
            continue;
        }
        let fitting = match value {
            Value::Object(map) => map.keys().filter(|k| known.get(id).name(k).is_some()).count(),
            _ => 0,
        };
        let score = (fitting, common(known, id, path));
        match &best {
            Some((other, _)) if *other > score => {}
            Some((other, _)) if *other == score => tied = true,
            _ => {
                tied = false;
                best = Some((score, id));
            }
        }
    }
    let (_, id) = best.filter(|_| !tied)?;
    Some(Likely::Elsewhere { path: known.path(id) })
}

/// How many steps two paths share from the root.
fn common(known: &Keys, id: KeyId, path: &Path) -> usize {
    let steps = known.steps(id);
    let same = |(own, given): &(&keys::Step, &Step)| match (own, given) {
        (keys::Step::Name(a), Step::Key(b)) => **a == **b,
        (keys::Step::Each, _) => true,
        _ => false,
    };
    steps.into_iter().zip(path).take_while(same).count()
}

/// How one name came to be the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// A letter left out, doubled, added or swapped with the next: hardly ever are two keys so alike.
    Sure,
    /// Another letter in the place of one, or the last one missing: `api` and `app` are two keys as often as not.
    Perhaps,
}

/// Whether one name is the other with a slip of the fingers.
///
/// What kinds of names lie that near to each other where both are meant was counted in the values of 1,500 charts: those
/// with and without an `s` (`http`, `https`, plurals), with another digit, with another first letter (`tls`, `mtls`).
pub fn slip(typed: &str, meant: &str) -> Option<Slip> {
    let (a, b): (Vec<char>, Vec<char>) = (typed.chars().collect(), meant.chars().collect());
    let shorter = a.len().min(b.len());
    let front = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count().min(shorter - front);
    let (x, y) = (a.get(front..a.len() - back)?, b.get(front..b.len() - back)?);
    match (x, y) {
        ([extra], []) | ([], [extra]) if shorter >= 2 && front > 0 => {
            let longer = if a.len() > b.len() { &a } else { &b };
            let doubled = longer.get(front - 1) == Some(extra);
            let last = back == 0;
            let pair = match extra {
                's' | 'S' if !doubled => last || longer.get(..front).is_some_and(ends_in_http),
                digit if digit.is_ascii_digit() => !doubled || last,
                _ => false,
            };
            let cut = last && a.len() < b.len() && !doubled;
            (!pair).then_some(if cut { Slip::Perhaps } else { Slip::Sure })
        }
        ([p, q], [r, s]) if shorter >= 3 && p == s && q == r => Some(Slip::Sure),
        ([p], [q]) if shorter >= 5 && front > 0 && p.is_alphabetic() && q.is_alphabetic() => {
            // `fooBar` and `foobar`: one that has both means both.
            Some(if p.eq_ignore_ascii_case(q) { Slip::Sure } else { Slip::Perhaps })
        }
        _ => None,
    }
}

fn ends_in_http(text: &[char]) -> bool {
    let tail: String = text.iter().rev().take(4).rev().collect();
    tail.eq_ignore_ascii_case("http")
}

#[cfg(test)]
mod tests;
