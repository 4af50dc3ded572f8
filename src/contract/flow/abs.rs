//! What a template's expression can be, when the values are not known.
//!
//! Sets that only grow: keys of values whose value it may be, texts made of such values, constants, maps and lists
//! that the template makes itself. What is none of these is nothing: it cannot lead to a key.

use crate::contract::keys::KeyId;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How many constants are told apart.
const MAX_CONSTANTS: usize = 24;

/// In a constant: whatever text.
pub const WHATEVER: char = '\0';

/// A map that a template makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub usize);

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Abs {
    /// The values of these keys.
    pub keys: BTreeSet<KeyId>,
    /// A text, YAML or JSON, of a whole value, perhaps among other text.
    pub text: Option<Rc<Abs>>,
    /// Strings, with [`WHATEVER`] for parts that are not known. None: no string, or any.
    pub constants: BTreeSet<String>,
    /// Maps that the template makes.
    pub objects: BTreeSet<ObjectId>,
    /// What a list that the template makes holds.
    pub items: Option<Rc<Abs>>,
    /// The same where all items are known strings, in their order.
    pub sequence: Option<Rc<Vec<String>>>,
    /// The context of a chart, as in `.` at the top of its files.
    pub roots: BTreeSet<usize>,
    /// `.Subcharts` of a chart.
    pub subcharts: BTreeSet<usize>,
    /// `.Files` of a chart, a file of it or its content.
    pub files: BTreeSet<usize>,
}

impl Abs {
    pub fn constant(text: impl Into<String>) -> Abs {
        Abs { constants: BTreeSet::from([text.into()]), ..Abs::default() }
    }

    pub fn root(instance: usize) -> Abs {
        Abs { roots: BTreeSet::from([instance]), ..Abs::default() }
    }

    pub fn object(id: ObjectId) -> Abs {
        Abs { objects: BTreeSet::from([id]), ..Abs::default() }
    }

    /// A list. One inside others, deeper than anybody builds them, is not told from the outer one.
    pub fn list(items: Abs) -> Abs {
        let depth = std::iter::successors(items.items.as_ref(), |items| items.items.as_ref()).count();
        if depth >= 3 {
            return items;
        }
        Abs { items: Some(Rc::new(items)), ..Abs::default() }
    }

    /// A list of strings.
    pub fn sequence(texts: Vec<String>) -> Abs {
        let items = Abs { constants: texts.iter().cloned().collect(), ..Abs::default() };
        Abs { sequence: Some(Rc::new(texts)), ..Abs::list(items) }
    }

    /// A text made of the whole of a value. What is a text already stays what it is.
    pub fn text_of(value: Abs) -> Abs {
        // A constant as YAML may be written otherwise; what holds nothing leads nowhere.
        let inner = value.text.clone();
        let mut value = Abs { constants: BTreeSet::new(), sequence: None, text: None, ..value };
        if let Some(inner) = inner {
            value.join(&inner);
        }
        if value.is_empty() {
            return Abs::default();
        }
        Abs { text: Some(Rc::new(value)), ..Abs::default() }
    }

    /// The strings that it may be, if there are some and none has a part that is not known.
    pub fn known(&self) -> Option<&BTreeSet<String>> {
        let known = !self.constants.is_empty() && self.constants.iter().all(|text| !text.contains(WHATEVER));
        known.then_some(&self.constants)
    }

    pub fn is_empty(&self) -> bool {
        *self == Abs::default()
    }

    /// About how much work it is to look at.
    pub fn size(&self) -> usize {
        1 + self.keys.len() + self.objects.len() + self.constants.len()
    }

    /// Either.
    pub fn join(&mut self, other: &Abs) {
        self.keys.extend(&other.keys);
        self.constants.extend(other.constants.iter().cloned());
        if self.constants.len() > MAX_CONSTANTS {
            self.constants = BTreeSet::from([WHATEVER.to_string()]);
        }
        self.objects.extend(&other.objects);
        self.roots.extend(&other.roots);
        self.subcharts.extend(&other.subcharts);
        self.files.extend(&other.files);
        if self.sequence != other.sequence {
            self.sequence = None;
        }
        join_part(&mut self.text, other.text.as_ref());
        join_part(&mut self.items, other.items.as_ref());
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: &Abs) -> Abs {
        if self.is_empty() {
            return other.clone();
        }
        let mut all = self;
        all.join(other);
        all
    }

    /// Only what a text made of it still holds: what was a text before, and files.
    pub fn as_text(&self) -> Abs {
        Abs { text: self.text.clone(), files: self.files.clone(), ..Abs::default() }
    }
}

fn join_part(part: &mut Option<Rc<Abs>>, other: Option<&Rc<Abs>>) {
    let Some(other) = other else { return };
    *part = Some(match part.take() {
        None => Rc::clone(other),
        Some(own) if own == *other => own,
        Some(own) => Rc::new((*own).clone().or(other)),
    });
}

/// A map that a template makes.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// What it holds under names that are known.
    pub fields: BTreeMap<String, Abs>,
    /// What it holds under others.
    pub rest: Abs,
    /// Maps merged into it.
    pub merged: Abs,
}

/// Strings joined: every one of the first followed by every one of the second.
pub fn concat(first: &BTreeSet<String>, second: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for a in first {
        for b in second {
            if all.len() >= MAX_CONSTANTS || a.len() + b.len() > 400 {
                return BTreeSet::from([WHATEVER.to_string()]);
            }
            let mut text = a.clone();
            // Two unknown parts side by side are one.
            let more = if a.ends_with(WHATEVER) { b.trim_start_matches(WHATEVER) } else { b };
            text.push_str(more);
            all.insert(text);
        }
    }
    all
}

/// Whether a name may be what a pattern with unknown parts stands for.
pub fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split(WHATEVER);
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
