//! Types, fields and kinds as an arena. CRDs build a [`Schema`] of their own from the same parts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::{Version, parse};

/// Borrowed from the table, or owned by a CRD.
pub type Name = Cow<'static, str>;

/// Index into the types of a [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    String,
    Int32,
    Int64,
    Double,
    Bool,
    /// Base64 text.
    Byte,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    /// Go's: `1h30m`.
    Duration,
}

/// How the items of a list are told apart when it is merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Not at all: the list is one value.
    Atomic,
    Set,
    /// By the values of these keys.
    Map(Vec<Name>),
}

#[derive(Clone, Debug)]
pub enum Shape {
    Scalar(Scalar),
    /// Anything, as one value.
    Any,
    /// Anything, told apart by what it is: objects merge by key, lists are one value.
    Deduced,
    List {
        item: TypeId,
        kind: ListKind,
    },
    Map {
        value: TypeId,
    },
    Struct {
        fields: Fields,
        /// Fields not listed are kept (`x-kubernetes-preserve-unknown-fields`).
        open: bool,
    },
}

#[derive(Clone, Debug)]
pub struct Type {
    /// `core.v1.Container`; empty for lists, maps, scalars and the types of CRDs.
    pub name: Name,
    pub shape: Shape,
    /// Merged as one value.
    pub atomic: bool,
}

/// What is written for an absent or empty value, as Go's struct tags have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// A pointer: what was given is kept, zero or not.
    Keep,
    /// `omitempty` on a plain value, list or map: zero is not written.
    Drop,
    /// No `omitempty`: a missing value is written as null.
    Null,
}

/// The strategic merge patch tags of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    pub merge: bool,
    pub retain_keys: bool,
    /// Empty for lists of scalars.
    pub key: Name,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub ty: TypeId,
    /// As the OpenAPI document says: Go always writes it. Not every such field has to be given.
    pub required: bool,
    pub atomic: bool,
    pub patch: Option<Patch>,
    pub empty: Empty,
    /// From OpenAPI: a real default, or the zero value of a field that is always written.
    pub default: Option<Value>,
    /// The values of an enum, of the field or of each item of it; empty where there is none.
    pub values: Vec<Name>,
}

/// The fields of a struct, by name.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(Name, Field)>);

impl Fields {
    pub fn get(&self, name: &str) -> Option<&Field> {
        let at = self.0.binary_search_by(|(own, _)| own.as_ref().cmp(name)).ok()?;
        self.0.get(at).map(|(_, field)| field)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.0.iter().map(|(name, field)| (name.as_ref(), field))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    pub fn insert(&mut self, name: impl Into<Name>, field: Field) {
        let name = name.into();
        match self.0.binary_search_by(|(own, _)| own.cmp(&name)) {
            Ok(at) => {
                if let Some(slot) = self.0.get_mut(at) {
                    slot.1 = field;
                }
            }
            Err(at) => self.0.insert(at, (name, field)),
        }
    }
}

impl FromIterator<(Name, Field)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Name, Field)>>(fields: I) -> Self {
        let mut fields: Vec<_> = fields.into_iter().collect();
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        Fields(fields)
    }
}

/// A built-in kind at one version.
#[derive(Clone, Debug)]
pub struct Kind {
    /// `apps/v1`.
    pub api_version: &'static str,
    pub kind: &'static str,
    pub ty: TypeId,
    /// Objects of it can be made: it is not only what a subresource speaks.
    pub creatable: bool,
    pub namespaced: bool,
    /// The minor release that deprecated it.
    pub deprecated: Option<u8>,
    /// The minor release that is to serve it no longer.
    pub removed: Option<u8>,
    /// `GROUP/VERSION/KIND`.
    pub replacement: Option<&'static str>,
}

impl Kind {
    pub fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    pub fn version(&self) -> &'static str {
        self.api_version.split_once('/').map_or(self.api_version, |(_, version)| version)
    }

    /// `v1`, not `v1beta1`. Alpha and, since 1.24, new beta APIs are served only where an API server is told to.
    pub fn is_stable(&self) -> bool {
        let version = self.version();
        version.strip_prefix('v').is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit()))
    }
}

#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub(super) types: Vec<Type>,
    /// By `apiVersion` and kind.
    pub(super) kinds: Vec<Kind>,
    names: BTreeMap<Name, TypeId>,
}

impl Schema {
    /// The built-in kinds of a release; read from the table when a release is first asked for.
    pub fn of(version: Version) -> &'static Schema {
        const COUNT: usize = (Version::LATEST.0 - Version::OLDEST.0 + 1) as usize;
        static SCHEMAS: [OnceLock<Schema>; COUNT] = [const { OnceLock::new() }; COUNT];
        static NONE: OnceLock<Schema> = OnceLock::new();
        SCHEMAS.get(version.index()).unwrap_or(&NONE).get_or_init(|| parse::schema(super::TABLE, version))
    }

    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&Kind> {
        let order = |own: &Kind| (own.api_version, own.kind).cmp(&(api_version, kind));
        let at = self.kinds.binary_search_by(order).ok()?;
        self.kinds.get(at)
    }

    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    pub fn named(&self, name: &str) -> Option<TypeId> {
        self.names.get(name).copied()
    }

    pub fn get(&self, id: TypeId) -> Option<&Type> {
        self.types.get(id.0 as usize)
    }

    pub fn shape(&self, id: TypeId) -> &Shape {
        self.get(id).map_or(&Shape::Any, |t| &t.shape)
    }

    /// Every field of that name, with the type it is a field of; a kind's `status` and what is below it included.
    pub fn fields_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Type, &'a Field)> {
        self.types.iter().filter_map(move |ty| match &ty.shape {
            Shape::Struct { fields, .. } => fields.get(name).map(|field| (ty, field)),
            _ => None,
        })
    }

    pub fn add(&mut self, ty: Type) -> TypeId {
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        if !ty.name.is_empty() {
            self.names.insert(ty.name.clone(), id);
        }
        self.types.push(ty);
        id
    }

    /// Copies a type of another schema with all it refers to.
    pub fn import(&mut self, from: &Schema, id: TypeId, done: &mut BTreeMap<TypeId, TypeId>) -> TypeId {
        if let Some(copied) = done.get(&id) {
            return *copied;
        }
        let Some(source) = from.get(id) else {
            return self.add(Type { name: Name::default(), shape: Shape::Any, atomic: false });
        };
        let copied = self.add(Type { name: source.name.clone(), shape: Shape::Any, atomic: source.atomic });
        done.insert(id, copied);
        let shape = match &source.shape {
            Shape::List { item, kind } => {
                Shape::List { item: self.import(from, *item, done), kind: kind.clone() }
            }
            Shape::Map { value } => Shape::Map { value: self.import(from, *value, done) },
            Shape::Struct { fields, open } => Shape::Struct {
                fields: fields
                    .0
                    .iter()
                    .map(|(name, field)| {
                        (name.clone(), Field { ty: self.import(from, field.ty, done), ..field.clone() })
                    })
                    .collect(),
                open: *open,
            },
            other => other.clone(),
        };
        if let Some(slot) = self.types.get_mut(copied.0 as usize) {
            slot.shape = shape;
        }
        copied
    }
}
