//! `Value`: what a Go template computes with.
//!
//! Cheap to clone: scalars and short strings are copied, the rest is counted. Maps are shared and mutable, as Go's
//! are (Helm's `set` is seen through every alias); lists cannot be changed by any template function, so they are
//! immutable, and a slice of a list shares its items. One thread only; `serde_json::Value` is the form that
//! crosses threads. Knows nothing of templates.

mod convert;
mod entries;
mod frozen;
mod list;
mod map;
mod nesting;
mod object;
#[cfg(test)]
mod tests;

pub use convert::NotJson;
pub use entries::Entries;
pub use frozen::{Frozen, FrozenMap};
pub use list::List;
pub use map::Map;
pub(super) use nesting::{ENTRY_SIZE, LIST_SIZE, MAP_SIZE, Walk};
pub use nesting::{MAX_NESTING, MAX_PARTS, TooLarge};
pub use object::Object;

use std::rc::Rc;

use super::str::{Bytes, Str};
use super::types::{BYTES, IntKind, Kind, Type, UintKind};

/// A Go value of dynamic type.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// The nil interface.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// A signed integer of the given size; always within it.
    Int(IntKind, i64),
    /// An unsigned integer of the given size; always within it.
    Uint(UintKind, u64),
    /// `float32`
    Float32(f32),
    /// `float64`, the type of every number that came through YAML or JSON
    Float(f64),
    /// `string`
    Str(Str),
    /// `[]byte`
    Bytes(Bytes),
    /// A slice
    List(List),
    /// A map with string keys
    Map(Map),
    /// Anything else: a struct, a pointer, a defined type with methods
    Object(Rc<dyn Object>),
}

impl Value {
    /// An `int`.
    #[must_use]
    pub const fn int(number: i64) -> Self {
        Self::Int(IntKind::Int, number)
    }

    /// An `int64`.
    #[must_use]
    pub const fn int64(number: i64) -> Self {
        Self::Int(IntKind::Int64, number)
    }

    /// A `string` that lives as long as the program.
    #[must_use]
    pub const fn literal(text: &'static str) -> Self {
        Self::Str(Str::literal(text))
    }

    /// A `string`.
    pub fn string(text: impl Into<Str>) -> Self {
        Self::Str(text.into())
    }

    /// The zero value of a type: what a missing key of a typed map yields.
    #[must_use]
    pub fn zero(ty: Type) -> Self {
        match ty.underlying() {
            Type::Any | Type::Reflect | Type::Object(_) | Type::Named(_) => Self::Nil,
            Type::Bool => Self::Bool(false),
            Type::Int(kind) => Self::Int(kind, 0),
            Type::Uint(kind) => Self::Uint(kind, 0),
            Type::Float32 => Self::Float32(0.0),
            Type::Float64 => Self::Float(0.0),
            Type::String => Self::Str(Str::empty()),
            Type::Slice(elem) => Self::List(List::nil(*elem)),
            Type::Map(_) => Self::Map(Map::nil(ty)),
        }
    }

    /// Whether this is the nil interface.
    #[must_use]
    pub const fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// Whether this is nil of any type: the nil interface, a nil slice, a nil map.
    #[must_use]
    pub fn is_nil_of_any_type(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::List(list) => list.is_nil(),
            Self::Map(map) => map.is_nil(),
            _ => false,
        }
    }

    /// Go's truth: not the zero value, not empty.
    #[must_use]
    pub fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(_, value) => *value != 0,
            Self::Uint(_, value) => *value != 0,
            Self::Float32(value) => *value != 0.0,
            Self::Float(value) => *value != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.truth(),
        }
    }

    /// The dynamic type; `None` for the nil interface.
    #[must_use]
    pub fn ty(&self) -> Option<Type> {
        Some(match self {
            Self::Nil => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(kind, _) => Type::Int(*kind),
            Self::Uint(kind, _) => Type::Uint(*kind),
            Self::Float32(_) => Type::Float32,
            Self::Float(_) => Type::Float64,
            Self::Str(_) => Type::String,
            Self::Bytes(_) => BYTES,
            Self::List(list) => list.ty(),
            Self::Map(map) => map.ty(),
            Self::Object(object) => Type::Object(object.type_name()),
        })
    }

    /// What `%T` and sprig's `typeOf` print; `<nil>` for the nil interface.
    #[must_use]
    pub fn type_name(&self) -> String {
        self.ty().map_or_else(|| "<nil>".to_owned(), |ty| ty.to_string())
    }

    /// Go's `reflect.ValueOf(v).Kind()`.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Invalid,
            Self::Bool(_) => Kind::Bool,
            Self::Int(kind, _) => Kind::Int(*kind),
            Self::Uint(kind, _) => Kind::Uint(*kind),
            Self::Float32(_) => Kind::Float32,
            Self::Float(_) => Kind::Float64,
            Self::Str(_) => Kind::String,
            Self::Bytes(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Object(object) => object.kind(),
        }
    }

    /// The text of a `string`.
    #[must_use]
    pub const fn as_str(&self) -> Option<&Str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The map.
    #[must_use]
    pub const fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list.
    #[must_use]
    pub const fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The elements of anything of kind slice: a list, `[]byte` (as `uint8`s), an object such as
    /// `.Capabilities.APIVersions`.
    #[must_use]
    pub fn elements(&self) -> Option<List> {
        match self {
            Self::List(list) => Some(list.clone()),
            Self::Bytes(bytes) => Some(List::with_elem(
                Type::Uint(UintKind::Uint8),
                bytes.iter().map(|byte| Self::Uint(UintKind::Uint8, u64::from(*byte))).collect(),
            )),
            Self::Object(object) if object.kind() == Kind::Slice => object.elements(),
            _ => None,
        }
    }

    /// How long a string, slice or map is.
    #[expect(clippy::len_without_is_empty, reason = "Go's `len`, which only some values have")]
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        match self {
            Self::Str(text) => Some(text.len()),
            Self::Bytes(bytes) => Some(bytes.len()),
            Self::List(list) => Some(list.len()),
            Self::Map(map) => Some(map.len()),
            Self::Object(object) => object.len(),
            _ => None,
        }
    }

    /// Go's `reflect.DeepEqual`: same types and same contents all the way down; NaN equals nothing.
    /// Values too large to walk compare unequal.
    #[must_use]
    pub fn deep_equal(&self, other: &Self) -> bool {
        nesting::deep_equal(self, other, &mut Walk::default()).unwrap_or(false)
    }

    /// A copy that shares no map with this value.
    ///
    /// # Errors
    /// [`TooLarge`] for a value that contains itself, is nested beyond [`MAX_NESTING`] or has too many parts.
    pub fn deep_copy(&self) -> Result<Self, TooLarge> {
        nesting::deep_copy(self, &mut Walk::default())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Self::Str(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(Str::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(Str::from(text))
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}
