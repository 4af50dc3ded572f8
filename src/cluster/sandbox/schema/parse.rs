//! Reads kubernetes.txt. A line that is not understood is left out; a test asserts that there is none.

use std::collections::BTreeMap;

use super::{Builtin, Empty, Field, ListKind, Patch, Scalar, Schema, Shape, Sub, Type, TypeId};

pub(super) fn parse(text: &str) -> Schema {
    let mut schema = Schema::default();
    // Names first: types refer to each other in any order.
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("type ") {
            let mut words = rest.split(' ');
            let name = words.next().unwrap_or_default().to_owned();
            let atomic = words.next() == Some("atomic");
            schema.add(Type { name, shape: Shape::Struct { fields: BTreeMap::new(), open: false }, atomic });
        }
    }
    let mut current: Option<TypeId> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("type ") {
            current = schema.named(rest.split(' ').next().unwrap_or_default());
        } else if let Some(rest) = line.strip_prefix("kind ") {
            if let [gv, kind, name] = rest.split(' ').collect::<Vec<_>>().as_slice()
                && let Some(id) = schema.named(name)
            {
                schema.kinds.insert(((*gv).to_owned(), (*kind).to_owned()), id);
            }
        } else if let Some(rest) = line.strip_prefix("resource ") {
            schema.resources.extend(resource(rest));
        } else if let Some(rest) = line.strip_prefix(' ')
            && let Some(owner) = current
            && let Some((name, field)) = field(&mut schema, rest)
            && let Some(Type { shape: Shape::Struct { fields, .. }, .. }) =
                schema.types.get_mut(owner.0 as usize)
        {
            fields.insert(name, field);
        }
    }
    schema
}

fn list(text: &str) -> Vec<String> {
    if text == "-" { Vec::new() } else { text.split(',').map(str::to_owned).collect() }
}

fn resource(text: &str) -> Option<Builtin> {
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

fn field(schema: &mut Schema, text: &str) -> Option<(String, Field)> {
    let mut words = text.split(' ');
    let word = words.next()?;
    let name = word.strip_suffix('!').unwrap_or(word);
    let kind = words.next()?;
    let mut field = Field {
        ty: TypeId(0),
        atomic: false,
        patch: None,
        // Lists and maps are `omitempty` unless the table says otherwise.
        empty: if kind.starts_with(['[', '{']) { Empty::Drop } else { Empty::Keep },
        default: None,
    };
    let mut list_kind = ListKind::Atomic;
    for word in words {
        if let Some(keys) = word.strip_prefix("map:") {
            list_kind = ListKind::Map(list(keys));
        } else if let Some(tags) = word.strip_prefix("patch:") {
            let (strategies, key) = tags.split_once(':')?;
            field.patch = Some(Patch {
                merge: strategies.split(',').any(|s| s == "merge"),
                retain_keys: strategies.split(',').any(|s| s == "retainKeys"),
                key: key.to_owned(),
            });
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
    field.ty = type_of(schema, kind, list_kind)?;
    Some((name.to_owned(), field))
}

fn type_of(schema: &mut Schema, text: &str, list_kind: ListKind) -> Option<TypeId> {
    let shape = if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        Shape::List { item: type_of(schema, inner, ListKind::Atomic)?, kind: list_kind }
    } else if let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
        Shape::Map { value: type_of(schema, inner, ListKind::Atomic)? }
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
            "any" => Shape::Any,
            name => return schema.named(name),
        }
    };
    Some(schema.add(Type { name: String::new(), shape, atomic: false }))
}

#[cfg(test)]
mod tests {
    use super::super::{ListKind, Schema, Shape};
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let text = include_str!("kubernetes.txt");
        let mut schema = Schema::builtin().clone();
        for line in text.lines() {
            let understood = if let Some(rest) = line.strip_prefix("resource ") {
                resource(rest).is_some()
            } else if let Some(rest) = line.strip_prefix(' ') {
                field(&mut schema, rest).is_some()
            } else if let Some(rest) = line.strip_prefix("kind ") {
                rest.split(' ').nth(2).is_some_and(|name| schema.named(name).is_some())
            } else {
                line.starts_with("type ") || line.starts_with('#')
            };
            assert!(understood, "{line}");
        }
    }

    #[test]
    fn list_types_are_known() {
        let schema = Schema::builtin();
        let Shape::Struct { fields, .. } = schema.shape(schema.named("core.v1.Container").unwrap()) else {
            panic!()
        };
        let Shape::List { kind, .. } = schema.shape(fields["ports"].ty) else { panic!() };
        assert_eq!(*kind, ListKind::Map(vec!["containerPort".to_owned(), "protocol".to_owned()]));
        assert!(schema.kind("apps/v1", "Deployment").is_some());
    }
}
