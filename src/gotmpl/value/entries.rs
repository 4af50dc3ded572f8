//! The entries of a map, sorted by key.
//!
//! Nearly all maps of a chart have few entries and are read far more often than written: those are one vector. A map
//! that outgrows [`FEW`] out of order becomes a tree, so that no sequence of writes is quadratic.

use std::collections::{BTreeMap, btree_map};
use std::slice;

use super::super::str::{Str, prefix};
use super::Value;

/// The most entries among which a new one is squeezed in, or from which one is taken, by moving the others.
const FEW: usize = 128;

/// Keys with their values, sorted by key.
#[derive(Clone, Debug)]
pub struct Entries(Kept);

#[derive(Clone, Debug)]
enum Kept {
    /// Sorted, without duplicates. More than [`FEW`] if they came in order.
    Vector(Vec<(Str, Value)>),
    Tree(BTreeMap<Str, Value>),
}

impl Entries {
    /// No entries.
    #[must_use]
    pub const fn new() -> Self {
        Self(Kept::Vector(Vec::new()))
    }

    /// No entries yet, and room for some.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self(Kept::Vector(Vec::with_capacity(count)))
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::Vector(entries) => entries.len(),
            Kept::Tree(entries) => entries.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        match &self.0 {
            Kept::Vector(entries) => {
                let place = find(entries, key).ok()?;
                entries.get(place).map(|(_, value)| value)
            }
            Kept::Tree(entries) => entries.get(key),
        }
    }

    /// The value of a key, and where it is, which is looked at first the next time.
    #[must_use]
    pub fn get_near(&self, key: &[u8], hint: usize) -> Option<(&Value, usize)> {
        match &self.0 {
            Kept::Vector(entries) => {
                if let Some((known, value)) = entries.get(hint)
                    && known.as_bytes() == key
                {
                    return Some((value, hint));
                }
                let place = find(entries, key).ok()?;
                entries.get(place).map(|(_, value)| (value, place))
            }
            Kept::Tree(entries) => entries.get(key).map(|value| (value, hint)),
        }
    }

    /// Sets a key; the value it had is returned.
    pub fn insert(&mut self, key: Str, value: Value) -> Option<Value> {
        match &mut self.0 {
            Kept::Vector(entries) => {
                // In order is how most maps are built.
                if entries.last().is_none_or(|(last, _)| *last < key) {
                    entries.push((key, value));
                    return None;
                }
                match find(entries, &key) {
                    Ok(place) => entries.get_mut(place).map(|(_, old)| std::mem::replace(old, value)),
                    Err(place) if entries.len() < FEW => {
                        entries.insert(place, (key, value));
                        None
                    }
                    Err(_) => {
                        let mut tree: BTreeMap<Str, Value> = std::mem::take(entries).into_iter().collect();
                        tree.insert(key, value);
                        self.0 = Kept::Tree(tree);
                        None
                    }
                }
            }
            Kept::Tree(entries) => entries.insert(key, value),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        match &mut self.0 {
            Kept::Vector(entries) if entries.len() <= FEW => {
                let place = find(entries, key).ok()?;
                Some(entries.remove(place).1)
            }
            Kept::Vector(entries) => {
                let mut tree: BTreeMap<Str, Value> = std::mem::take(entries).into_iter().collect();
                let removed = tree.remove(key);
                self.0 = Kept::Tree(tree);
                removed
            }
            Kept::Tree(entries) => entries.remove(key),
        }
    }

    /// All, by key.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        match &self.0 {
            Kept::Vector(entries) => Iter::Vector(entries.iter()),
            Kept::Tree(entries) => Iter::Tree(entries.iter()),
        }
    }

    /// The keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &Str> {
        self.iter().map(|(key, _)| key)
    }

    /// The values, by their keys.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }
}

/// Where a key is, or where it belongs.
fn find(entries: &[(Str, Value)], key: &[u8]) -> Result<usize, usize> {
    let wanted = prefix(key);
    entries.binary_search_by(|(known, _)| known.prefix().cmp(&wanted).then_with(|| known.as_bytes().cmp(key)))
}

impl Default for Entries {
    fn default() -> Self {
        Self::new()
    }
}

/// Sorts entries by their keys; of two of a key, the later stays.
pub(super) fn by_key<K: Ord, V>(entries: &mut Vec<(K, V)>) {
    if entries.is_sorted_by(|a, b| a.0 < b.0) {
        return;
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            std::mem::swap(later, kept);
        }
        same
    });
}

impl FromIterator<(Str, Value)> for Entries {
    /// Of two of a key, the later.
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Self {
        let mut entries: Vec<(Str, Value)> = entries.into_iter().collect();
        by_key(&mut entries);
        Self(Kept::Vector(entries))
    }
}

/// Over entries by key. See [`Entries::iter`].
#[derive(Clone)]
pub enum Iter<'a> {
    #[doc(hidden)]
    Vector(slice::Iter<'a, (Str, Value)>),
    #[doc(hidden)]
    Tree(btree_map::Iter<'a, Str, Value>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Str, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Vector(entries) => entries.next().map(|(key, value)| (key, value)),
            Self::Tree(entries) => entries.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Vector(entries) => entries.size_hint(),
            Self::Tree(entries) => entries.size_hint(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Entries {
    type Item = (&'a Str, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}
