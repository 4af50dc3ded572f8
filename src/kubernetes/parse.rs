//! Reads table.txt. A line that is not understood is left out; a test asserts that there is none.

use std::collections::BTreeMap;

use super::schema::{Empty, Field, Fields, Kind, ListKind, Name, Patch, Scalar, Schema, Shape, Type, TypeId};
use super::{TABLE, Version};

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

/// What an API server of the release serves, alpha and beta versions included.
pub fn resources(version: Version) -> Vec<Builtin> {
    lines(TABLE, version)
        .filter_map(|(holds, line)| line.strip_prefix("resource ").filter(|_| holds))
        .filter_map(resource)
        .collect()
}

/// Lines without their range, and whether they hold in a release.
pub(super) fn lines(text: &'static str, version: Version) -> impl Iterator<Item = (bool, &'static str)> {
    text.lines().map(move |line| match line.strip_prefix('@').and_then(|l| l.split_once(' ')) {
        Some((range, rest)) => {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            let holds = from.parse().is_ok_and(|from| version.minor() >= from)
                && to.parse().is_ok_and(|to| version.minor() <= to);
            (holds, rest)
        }
        None => (true, line),
    })
}

/// What `api` lines say of a kind: deprecated, removed, replacement.
pub(super) type Fate = (Option<u8>, Option<u8>, Option<&'static str>);

/// `GROUPVERSION KIND …` of an `api` line.
pub(super) fn api(rest: &'static str) -> Option<((&'static str, &'static str), Fate)> {
    let mut words = rest.split(' ');
    let key = (words.next()?, words.next()?);
    let (deprecated, removed) = (words.next()?.parse().ok(), words.next()?.parse().ok());
    let replacement = words.next().filter(|word| *word != "-");
    Some((key, (deprecated, removed, replacement)))
}

pub(super) fn schema(text: &'static str, version: Version) -> Schema {
    let mut schema = Schema::default();
    let mut fates: BTreeMap<(&str, &str), Fate> = BTreeMap::new();
    let mut served: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    // Names first: types refer to each other in any order.
    for (holds, line) in lines(text, version) {
        if let Some(rest) = line.strip_prefix("type ").filter(|_| holds) {
            let mut words = rest.split(' ');
            let name = Name::Borrowed(words.next().unwrap_or_default());
            let atomic = words.next() == Some("atomic");
            let shape = Shape::Struct { fields: Fields::default(), open: false };
            schema.add(Type { name, shape, atomic });
        } else if let Some((key, fate)) = line.strip_prefix("api ").and_then(api) {
            fates.insert(key, fate);
        } else if let Some(rest) = line.strip_prefix("resource ").filter(|_| holds)
            && let [group_version, _, kind, scope, verbs, ..] = rest.split(' ').collect::<Vec<_>>().as_slice()
            && verbs.contains("create")
        {
            served.insert((group_version, kind), *scope == "ns");
        }
    }
    let mut structs = Structs::over(schema);
    for (holds, line) in lines(text, version) {
        if let Some(rest) = line.strip_prefix("type ") {
            structs.begin(rest.split(' ').next().unwrap_or_default(), holds);
        } else if !holds {
        } else if let Some(rest) = line.strip_prefix(' ') {
            structs.field(rest);
        } else if let Some(rest) = line.strip_prefix("kind ")
            && let [api_version, kind, name] = rest.split(' ').collect::<Vec<_>>().as_slice()
            && let Some(ty) = structs.schema.named(name)
        {
            let namespaced = served.get(&(*api_version, *kind));
            let (deprecated, removed, replacement) =
                fates.get(&(*api_version, *kind)).copied().unwrap_or_default();
            structs.schema.kinds.push(Kind {
                api_version,
                kind,
                ty,
                creatable: namespaced.is_some(),
                namespaced: namespaced.copied().unwrap_or_default(),
                deprecated,
                removed,
                replacement,
            });
        }
    }
    structs.end();
    let mut schema = structs.schema;
    schema.kinds.sort_by_key(|kind| (kind.api_version, kind.kind));
    schema
}

/// The fields of one type after the other.
pub(super) struct Structs {
    schema: Schema,
    /// Of the types that have no name: a scalar, or a list or map of one, is made once.
    scalars: BTreeMap<&'static str, TypeId>,
    current: Option<(&'static str, TypeId)>,
    fields: Vec<(Name, Field)>,
}

impl Structs {
    pub(super) fn over(schema: Schema) -> Structs {
        Structs { schema, scalars: BTreeMap::new(), current: None, fields: Vec::new() }
    }

    /// A type whose two headings hold in different releases has its fields after the second.
    fn begin(&mut self, name: &'static str, holds: bool) {
        if self.current.is_some_and(|(own, _)| own != name) {
            self.end();
        }
        if holds {
            self.current = self.schema.named(name).map(|id| (name, id));
        }
    }

    fn end(&mut self) {
        let made: Fields = std::mem::take(&mut self.fields).into_iter().collect();
        if let Some((_, id)) = self.current.take()
            && let Some(Type { shape: Shape::Struct { fields, .. }, .. }) =
                self.schema.types.get_mut(id.0 as usize)
        {
            *fields = made;
        }
    }

    fn field(&mut self, text: &'static str) {
        if self.current.is_some()
            && let Some(field) = self.read(text)
        {
            self.fields.push(field);
        }
    }

    pub(super) fn read(&mut self, text: &'static str) -> Option<(Name, Field)> {
        let mut words = text.split(' ');
        let word = words.next()?;
        let name = word.strip_suffix('!');
        let kind = words.next()?;
        let mut field = Field {
            ty: TypeId(0),
            required: name.is_some(),
            atomic: false,
            patch: None,
            // Lists and maps are `omitempty` unless the table says otherwise.
            empty: if kind.starts_with(['[', '{']) { Empty::Drop } else { Empty::Keep },
            default: None,
            values: Vec::new(),
        };
        let mut list_kind = ListKind::Atomic;
        for word in words {
            if let Some(keys) = word.strip_prefix("map:") {
                list_kind = ListKind::Map(keys.split(',').map(Name::Borrowed).collect());
            } else if let Some(tags) = word.strip_prefix("patch:") {
                let (strategies, key) = tags.split_once(':')?;
                field.patch = Some(Patch {
                    merge: strategies.split(',').any(|s| s == "merge"),
                    retain_keys: strategies.split(',').any(|s| s == "retainKeys"),
                    key: key.into(),
                });
            } else if let Some(values) = word.strip_prefix("enum:") {
                field.values = values.split('|').map(Name::Borrowed).collect();
            } else if let Some(json) = word.strip_prefix('=') {
                field.default = Some(serde_json::from_str(json).ok()?);
            } else {
                match word {
                    "set" => list_kind = ListKind::Set,
                    "atomic" => field.atomic = true,
                    "zero" => field.empty = Empty::Drop,
                    "null" => field.empty = Empty::Null,
                    _ => return None,
                }
            }
        }
        field.ty = self.type_of(kind, list_kind)?;
        Some((name.unwrap_or(word).into(), field))
    }

    fn type_of(&mut self, text: &'static str, list_kind: ListKind) -> Option<TypeId> {
        let shared = list_kind == ListKind::Atomic;
        if let Some(id) = self.scalars.get(text).filter(|_| shared) {
            return Some(*id);
        }
        let shape = if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            Shape::List { item: self.type_of(inner, ListKind::Atomic)?, kind: list_kind }
        } else if let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
            Shape::Map { value: self.type_of(inner, ListKind::Atomic)? }
        } else {
            match text {
                "string" => Shape::Scalar(Scalar::String),
                "int32" => Shape::Scalar(Scalar::Int32),
                "int64" => Shape::Scalar(Scalar::Int64),
                "double" => Shape::Scalar(Scalar::Double),
                "bool" => Shape::Scalar(Scalar::Bool),
                "byte" => Shape::Scalar(Scalar::Byte),
                "quantity" => Shape::Scalar(Scalar::Quantity),
                "intstr" => Shape::Scalar(Scalar::IntOrString),
                "time" => Shape::Scalar(Scalar::Time),
                "microtime" => Shape::Scalar(Scalar::MicroTime),
                "duration" => Shape::Scalar(Scalar::Duration),
                "any" => Shape::Any,
                name => return self.schema.named(name),
            }
        };
        let id = self.schema.add(Type { name: Name::default(), shape, atomic: false });
        if shared {
            self.scalars.insert(text, id);
        }
        Some(id)
    }
}

fn list(text: &str) -> Vec<String> {
    if text == "-" { Vec::new() } else { text.split(',').map(str::to_owned).collect() }
}

pub(super) fn resource(text: &str) -> Option<Builtin> {
    let mut words = text.split(' ');
    let gv = words.next()?;
    let (group, version) = gv.split_once('/').unwrap_or(("", gv));
    let mut made = Builtin {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: words.next()?.to_owned(),
        kind: words.next()?.to_owned(),
        namespaced: words.next()? == "ns",
        verbs: list(words.next()?),
        short_names: list(words.next()?),
        categories: list(words.next()?),
        subresources: Vec::new(),
    };
    for word in words {
        let (name, rest) = word.split_once('=')?;
        let (gvk, verbs) = rest.split_once('=')?;
        let mut parts = gvk.split('/');
        made.subresources.push(Sub {
            name: name.to_owned(),
            group: parts.next()?.to_owned(),
            version: parts.next()?.to_owned(),
            kind: parts.next()?.to_owned(),
            verbs: list(verbs),
        });
    }
    Some(made)
}
