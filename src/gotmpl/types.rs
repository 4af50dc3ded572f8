//! Go's types, as far as a template can see them: what `%T`, `typeOf` and `kindOf` print, and which value may be
//! passed where. Knows names and assignability, no values.

use std::fmt;

/// A Go type. `Type::Slice(&Type::String)` is `[]string`, `Type::Map(&Type::Any)` is `map[string]interface {}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `interface {}`
    Any,
    /// `bool`
    Bool,
    /// `int`, `int8`, …
    Int(IntKind),
    /// `uint`, `uint8`, …
    Uint(UintKind),
    /// `float32`
    Float32,
    /// `float64`
    Float64,
    /// `string`
    String,
    /// A slice of the element type.
    Slice(&'static Type),
    /// A map from `string` to the element type; templates meet no other keys.
    Map(&'static Type),
    /// A defined type such as Helm's `common.Values`.
    Named(&'static Named),
    /// The type of a native object, by the name [`super::value::Object::type_name`] gives.
    Object(&'static str),
    /// `reflect.Value`: as a parameter, takes whatever there is, even nothing. Only for the built-ins.
    Reflect,
}

/// A defined type: its qualified name and what it is made of.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// As `%T` prints it, for example `common.Values`.
    pub name: &'static str,
    /// The underlying type.
    pub underlying: Type,
}

/// The sizes of signed integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IntKind {
    /// `int`, 64 bits here
    Int,
    /// `int8`
    Int8,
    /// `int16`
    Int16,
    /// `int32`, also `rune`
    Int32,
    /// `int64`
    Int64,
}

/// The sizes of unsigned integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UintKind {
    /// `uint`, 64 bits here
    Uint,
    /// `uint8`, also `byte`
    Uint8,
    /// `uint16`
    Uint16,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
}

/// `int`
pub const INT: Type = Type::Int(IntKind::Int);
/// `int64`
pub const INT64: Type = Type::Int(IntKind::Int64);
/// `uint32`
pub const UINT32: Type = Type::Uint(UintKind::Uint32);
/// `[]interface {}`
pub const ANY_SLICE: Type = Type::Slice(&Type::Any);
/// `[]string`
pub const STRING_SLICE: Type = Type::Slice(&Type::String);
/// `[]int`
pub const INT_SLICE: Type = Type::Slice(&INT);
/// `[]uint8`, which is `[]byte`
pub const BYTES: Type = Type::Slice(&Type::Uint(UintKind::Uint8));
/// `map[string]interface {}`
pub const ANY_MAP: Type = Type::Map(&Type::Any);
/// `map[string]string`
pub const STRING_MAP: Type = Type::Map(&Type::String);
/// Helm's `common.Values`, the type of `.Values` at the root of a chart.
pub const HELM_VALUES: Type = Type::Named(&Named { name: "common.Values", underlying: ANY_MAP });

/// Go's `reflect.Kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No value at all.
    Invalid,
    /// `bool`
    Bool,
    /// A signed integer.
    Int(IntKind),
    /// An unsigned integer.
    Uint(UintKind),
    /// `float32`
    Float32,
    /// `float64`
    Float64,
    /// `string`
    String,
    /// `slice`
    Slice,
    /// `map`
    Map,
    /// `struct`
    Struct,
    /// `ptr`
    Ptr,
    /// `func`
    Func,
    /// `interface`
    Interface,
}

impl Kind {
    /// The kind's name, as `kindOf` gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int(kind) => kind.name(),
            Self::Uint(kind) => kind.name(),
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Ptr => "ptr",
            Self::Func => "func",
            Self::Interface => "interface",
        }
    }
}

impl IntKind {
    /// The type's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
        }
    }

    /// How many bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Int8 => 8,
            Self::Int16 => 16,
            Self::Int32 => 32,
            Self::Int | Self::Int64 => 64,
        }
    }
}

impl UintKind {
    /// The type's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
        }
    }

    /// How many bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Uint8 => 8,
            Self::Uint16 => 16,
            Self::Uint32 => 32,
            Self::Uint | Self::Uint64 => 64,
        }
    }
}

impl Type {
    /// What the type is made of: itself unless it is a defined type.
    #[must_use]
    pub const fn underlying(self) -> Self {
        match self {
            Self::Named(named) => named.underlying,
            other => other,
        }
    }

    /// The element type of a slice or map.
    #[must_use]
    pub const fn elem(self) -> Option<Self> {
        match self.underlying() {
            Self::Slice(elem) | Self::Map(elem) => Some(*elem),
            _ => None,
        }
    }

    /// Whether `nil` is a value of the type.
    #[must_use]
    pub const fn can_be_nil(self) -> bool {
        matches!(self.underlying(), Self::Any | Self::Slice(_) | Self::Map(_) | Self::Reflect)
    }

    /// Go's assignability: identical types, or identical underlying types of which one has no name; everything
    /// fits `interface {}`.
    #[must_use]
    pub fn assignable_to(self, target: Self) -> bool {
        match (self, target) {
            (_, Self::Any | Self::Reflect) => true,
            (Self::Named(_), Self::Named(_)) => self == target,
            (Self::Named(named), other) | (other, Self::Named(named)) => named.underlying == other,
            _ => self == target,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("interface {}"),
            Self::Bool => f.write_str("bool"),
            Self::Int(kind) => f.write_str(kind.name()),
            Self::Uint(kind) => f.write_str(kind.name()),
            Self::Float32 => f.write_str("float32"),
            Self::Float64 => f.write_str("float64"),
            Self::String => f.write_str("string"),
            Self::Slice(elem) => write!(f, "[]{elem}"),
            Self::Map(elem) => write!(f, "map[string]{elem}"),
            Self::Named(named) => f.write_str(named.name),
            Self::Object(name) => f.write_str(name),
            Self::Reflect => f.write_str("reflect.Value"),
        }
    }
}
