//! What the built-in kinds look like: resources, types, list types, merge keys.
//!
//! In: kubernetes.txt, a table of facts written by generate.py from a release's own OpenAPI documents. Out:
//! [`Schema`], an arena of [`Type`]s that decoding, defaulting, strategic merge and server-side apply walk.
//! CRDs build a `Schema` of their own (see `crd`). Must not know: objects, requests.
//!
//! Format of the table, a line each, fields split by blanks:
//! - `resource GROUPVERSION PLURAL KIND ns|cluster VERBS SHORTNAMES CATEGORIES SUB=GROUP/VERSION/KIND=VERBS …`
//! - `kind GROUPVERSION KIND TYPE`
//! - `type NAME [atomic]`, followed by its fields, each indented by one blank: `NAME[!] TYPE [map:KEYS | set]
//!   [atomic] [patch:STRATEGY:KEY] [zero] [null] [=DEFAULT]`. `!` is required, `[T]` a list, `{T}` a map;
//!   `zero`: a zero value is not written; `null`: a missing value is written as null.

mod parse;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

/// Index into [`Schema::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// How the items of a list are told apart when it is merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Not at all: the list is one value.
    Atomic,
    Set,
    /// By the values of these keys.
    Map(Vec<String>),
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
        fields: BTreeMap<String, Field>,
        /// Fields not listed are kept (`x-kubernetes-preserve-unknown-fields`).
        open: bool,
    },
}

#[derive(Clone, Debug)]
pub struct Type {
    /// `core.v1.Container`; empty for lists, maps, scalars and the types of CRDs.
    pub name: String,
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
    pub key: String,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub ty: TypeId,
    pub atomic: bool,
    pub patch: Option<Patch>,
    pub empty: Empty,
    /// From OpenAPI: a real default, or the zero value of a field that is always written.
    pub default: Option<Value>,
}

/// A subresource of a built-in resource and the kind it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sub {
    pub name: String,
    pub group: String,
    pub version: String,
    pub kind: String,
    pub verbs: Vec<String>,
}

/// A built-in resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builtin {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub kind: String,
    pub namespaced: bool,
    pub verbs: Vec<String>,
    pub short_names: Vec<String>,
    pub categories: Vec<String>,
    pub subresources: Vec<Sub>,
}

#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub types: Vec<Type>,
    pub resources: Vec<Builtin>,
    /// By `apiVersion` and kind.
    kinds: BTreeMap<(String, String), TypeId>,
    names: BTreeMap<String, TypeId>,
}

impl Schema {
    /// The built-in kinds; parsed on first use.
    pub fn builtin() -> &'static Schema {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| parse::parse(include_str!("kubernetes.txt")))
    }

    pub fn kind(&self, api_version: &str, kind: &str) -> Option<TypeId> {
        self.kinds.get(&(api_version.to_owned(), kind.to_owned())).copied()
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
            return self.add(Type { name: String::new(), shape: Shape::Any, atomic: false });
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
