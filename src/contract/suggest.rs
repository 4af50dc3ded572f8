//! What a key that does not exist may have been meant to be.

use super::finding::{Path, Step};
use super::keys::{self, KeyId, Keys};
use serde_json::Value;

/// What a key was probably meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Likely {
    /// A key at the same place.
    Sibling(String),
    /// A key elsewhere: its path.
    Elsewhere(String),
}

/// The best guess, if any is good enough: a key at the same place, else the same key at another place.
pub fn likely<'k>(
    known: &Keys,
    path: &Path,
    name: &str,
    value: &Value,
    siblings: impl Iterator<Item = &'k str>,
) -> Option<Likely> {
    match nearest(name, siblings) {
        Some(other) => Some(Likely::Sibling(other)),
        None => elsewhere(known, path, name, value).map(Likely::Elsewhere),
    }
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
fn elsewhere(known: &Keys, path: &Path, name: &str, value: &Value) -> Option<String> {
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
    best.filter(|_| !tied).map(|(_, id)| known.path(id))
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

/// Whether one name is the other with a slip of the fingers: a letter left out, doubled or swapped with the next.
/// Names that differ in a digit are counted things.
pub fn slip(typed: &str, meant: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (typed.chars().collect(), meant.chars().collect());
    let front = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let shorter = a.len().min(b.len());
    if shorter < 3 || a == b {
        return false;
    }
    let middle = |text: &[char]| -> Vec<char> {
        let back = back.min(shorter - front.min(shorter));
        text.iter().skip(front).take(text.len() - back - front.min(shorter)).copied().collect()
    };
    let (x, y) = (middle(&a), middle(&b));
    if x.iter().chain(&y).any(char::is_ascii_digit) {
        return false;
    }
    match (x.as_slice(), y.as_slice()) {
        ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([p, q], [r, s]) => p == s && q == r,
        _ => false,
    }
}
