//! Values that threads share: what a chart's values.yaml says, read once and rendered many times.
//!
//! In: YAML or JSON. Out: maps of the engine that look and behave like any other, but hold their contents only once
//! something asks for them, one level at a time ([`Map::frozen`]). So a render pays for the values it looks at, and
//! copying what nobody has looked at costs nothing.

use std::sync::Arc;

use super::super::str::FrozenStr;
use super::super::types::ANY_MAP;
use super::entries::by_key;
use super::nesting::{ENTRY_SIZE, LIST_SIZE, MAP_SIZE};
use super::{Entries, List, Map, Value};

/// What values of YAML and JSON can be; immutable, `Send + Sync`.
#[derive(Clone, Debug, PartialEq)]
pub enum Frozen {
    /// The nil interface.
    Nil,
    /// `bool`
    Bool(bool),
    /// `int64`
    Int(i64),
    /// `uint64`
    Uint(u64),
    /// `float64`
    Float(f64),
    /// `string`
    Str(FrozenStr),
    /// `[]interface {}`
    List(Arc<FrozenList>),
    /// `map[string]interface {}`
    Map(Arc<FrozenMap>),
}

/// Items, and what they come to.
#[derive(Debug, Default, PartialEq)]
pub struct FrozenList {
    items: Box<[Frozen]>,
    extent: Extent,
}

/// Entries sorted by key, and what they come to.
#[derive(Debug, Default, PartialEq)]
pub struct FrozenMap {
    entries: Box<[(FrozenStr, Frozen)]>,
    extent: Extent,
    /// There is a nil among the entries, or in a map that is reached through maps alone.
    nils: bool,
}

/// What walking a value comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Extent {
    /// Levels of lists and maps, and how many there are of them.
    pub depth: usize,
    pub parts: usize,
    /// What all of them take of a render's budget when they are copied.
    pub weight: usize,
}

impl Extent {
    fn around<'f>(own: usize, inner: impl Iterator<Item = &'f Frozen>) -> Self {
        let mut sum = Self { depth: 1, parts: 1, weight: own };
        for value in inner {
            let Self { depth, parts, weight } = value.extent();
            sum.depth = sum.depth.max(depth + 1);
            sum.parts += parts;
            sum.weight += weight;
        }
        sum
    }
}

impl Frozen {
    /// A list.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        let extent = Extent::around(LIST_SIZE, items.iter());
        Self::List(Arc::new(FrozenList { items: items.into(), extent }))
    }

    /// From JSON, as [`Value::from_json`].
    #[must_use]
    pub fn from_json(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(int), _) => Self::Int(int),
                (None, Some(uint)) => Self::Uint(uint),
                (None, None) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Str(FrozenStr::from(&*text)),
            Json::Array(items) => Self::list(items.into_iter().map(Self::from_json).collect()),
            Json::Object(entries) => Self::Map(Arc::new(FrozenMap::from_json(entries))),
        }
    }

    /// The value, its maps unread.
    fn thaw(&self) -> Value {
        match self {
            Self::Nil => Value::Nil,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(int) => Value::int64(*int),
            Self::Uint(uint) => Value::Uint(super::super::types::UintKind::Uint64, *uint),
            Self::Float(float) => Value::Float(*float),
            Self::Str(text) => Value::Str(text.thaw()),
            Self::List(list) => Value::List(List::new(list.items.iter().map(Self::thaw).collect())),
            Self::Map(map) => Value::Map(Map::frozen(map)),
        }
    }

    /// As [`Value::to_json`].
    fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Nil => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(int) => Json::from(*int),
            Self::Uint(uint) => Json::from(*uint),
            Self::Float(float) => Json::from(*float),
            Self::Str(text) => Json::String(text.to_text()),
            Self::List(list) => Json::Array(list.items.iter().map(Self::to_json).collect()),
            Self::Map(map) => Json::Object(map.to_json()),
        }
    }

    fn extent(&self) -> Extent {
        match self {
            Self::List(list) => list.extent,
            Self::Map(map) => map.extent,
            _ => Extent::default(),
        }
    }
}

impl FrozenMap {
    /// Of two entries of a key, the later counts.
    #[must_use]
    pub fn new(mut entries: Vec<(FrozenStr, Frozen)>) -> Self {
        by_key(&mut entries);
        let own = MAP_SIZE + entries.len() * ENTRY_SIZE;
        let extent = Extent::around(own, entries.iter().map(|(_, value)| value));
        let nils = entries.iter().any(|(_, value)| match value {
            Frozen::Nil => true,
            Frozen::Map(map) => map.nils,
            _ => false,
        });
        Self { entries: entries.into(), extent, nils }
    }

    /// From a JSON object.
    #[must_use]
    pub fn from_json(entries: serde_json::Map<String, serde_json::Value>) -> Self {
        let pair = |(key, value): (String, _)| (FrozenStr::from(&*key), Frozen::from_json(value));
        Self::new(entries.into_iter().map(pair).collect())
    }

    /// As a JSON object.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        self.entries.iter().map(|(key, value)| (key.to_text(), value.to_json())).collect()
    }

    /// Whether there is a nil in this map, or in one that is reached through maps alone.
    #[must_use]
    pub(super) const fn has_nils(&self) -> bool {
        self.nils
    }

    pub(super) const fn extent(&self) -> Extent {
        self.extent
    }

    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries, their maps unread.
    pub(super) fn thaw(&self) -> Entries {
        let mut entries = Entries::with_capacity(self.entries.len());
        for (key, value) in &self.entries {
            entries.insert(key.thaw(), value.thaw());
        }
        entries
    }
}

impl Map {
    /// A `map[string]interface {}` of its own with these contents, which are read when something asks for them.
    #[must_use]
    pub fn frozen(contents: &Arc<FrozenMap>) -> Self {
        Self::of_frozen(ANY_MAP, Arc::clone(contents))
    }
}
