//! The template engine's values, read and written without a detour over `serde_json`.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::fuel;
use super::super::str::{FrozenStr, Str};
use super::super::types::ANY_MAP;
use super::super::value::{
    ENTRY_SIZE, Entries, Frozen, FrozenMap, LIST_SIZE, List, MAP_SIZE, Map, Object, Value,
};
use super::decode::Build;
use super::encode::{Encode, View};

impl Build for Value {
    type Table = Entries;

    fn null() -> Self {
        Value::Nil
    }

    fn boolean(b: bool) -> Self {
        Value::Bool(b)
    }

    fn number(f: f64) -> Self {
        Value::Float(f)
    }

    fn string(s: Cow<'_, str>) -> Self {
        if s.len() >= 64 {
            fuel::note(s.len() / 8);
        }
        Value::Str(match s {
            Cow::Borrowed(s) => Str::from(s),
            Cow::Owned(s) => Str::from(s),
        })
    }

    fn list(items: Vec<Self>) -> Self {
        fuel::note(LIST_SIZE);
        Value::List(List::new(items))
    }

    fn entry(map: &mut Self::Table, key: Cow<'_, str>, value: Self) {
        map.insert(Str::from(&*key), value);
    }

    fn map(map: Self::Table) -> Self {
        fuel::note(MAP_SIZE + map.len() * ENTRY_SIZE);
        Value::Map(Map::from_table(ANY_MAP, map))
    }
}

impl Build for Frozen {
    type Table = Vec<(FrozenStr, Frozen)>;

    fn null() -> Self {
        Frozen::Nil
    }

    fn boolean(b: bool) -> Self {
        Frozen::Bool(b)
    }

    fn number(f: f64) -> Self {
        Frozen::Float(f)
    }

    fn string(s: Cow<'_, str>) -> Self {
        Frozen::Str(FrozenStr::from(&*s))
    }

    fn list(items: Vec<Self>) -> Self {
        Frozen::list(items)
    }

    fn entry(map: &mut Self::Table, key: Cow<'_, str>, value: Self) {
        map.push((FrozenStr::from(&*key), value));
    }

    fn map(map: Self::Table) -> Self {
        Frozen::Map(Arc::new(FrozenMap::new(map)))
    }
}

impl Encode for Value {
    fn view<R>(&self, see: impl FnOnce(View<'_, Self>) -> R) -> R {
        match self {
            Value::Nil => see(View::Null),
            Value::Bool(b) => see(View::Bool(*b)),
            Value::Int(_, i) => see(View::Int(*i)),
            Value::Uint(_, u) => see(View::Uint(*u)),
            Value::Float32(f) => see(View::Float32(*f)),
            Value::Float(f) => see(View::Float(*f)),
            Value::Str(s) => see(View::Str(s.as_bytes())),
            Value::Bytes(b) => see(View::Bytes(b)),
            Value::List(list) => see(View::List { items: list.items(), nil: list.is_nil() }),
            Value::Map(map) => map.read(|table| {
                let entries = table.iter().map(|(key, value)| (key.as_bytes(), value)).collect();
                see(View::Map { entries, nil: map.is_nil() })
            }),
            Value::Object(object) => view_object(object.as_ref(), object.members(), see),
        }
    }

    fn view_toml<R>(&self, see: impl FnOnce(View<'_, Self>) -> R) -> R {
        match self {
            Value::Object(object) => view_object(object.as_ref(), object.toml_members(), see),
            _ => self.view(see),
        }
    }

    fn toml(&self) -> Option<Str> {
        match self {
            Value::Object(object) => object.toml(),
            _ => None,
        }
    }
}

/// An object by its members, where their order matters.
fn view_object<R>(
    object: &dyn Object,
    members: Option<Vec<(&'static str, Value)>>,
    see: impl FnOnce(View<'_, Value>) -> R,
) -> R {
    match members {
        None => object.plain().view(see),
        Some(members) => {
            let entries = members.iter().map(|(name, value)| (name.as_bytes(), value)).collect();
            see(View::Map { entries, nil: false })
        }
    }
}
