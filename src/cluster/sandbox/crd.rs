//! Custom resources: from a CRD's `openAPIV3Schema` to a [`Schema`], pruning, defaulting and validation.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::meta;
use super::status::FieldError;
use crate::kubernetes::{Empty, Field, Fields, ListKind, Name, Scalar, Schema, Shape, Type, TypeId};

/// A served version of a CRD.
#[derive(Debug)]
pub struct Custom {
    pub schema: Schema,
    pub root: TypeId,
    /// `openAPIV3Schema`; null without one.
    raw: Value,
    /// `subresources.scale`, if there is one.
    pub scale: Option<Value>,
}

pub fn is_established(crd: &Value) -> bool {
    meta::list(crd, "/status/conditions")
        .iter()
        .any(|c| meta::text(c, "/type") == "Established" && meta::text(c, "/status") == "True")
}

fn preserves(raw: &Value) -> bool {
    meta::flag(raw, "/x-kubernetes-preserve-unknown-fields")
}

fn embedded(raw: &Value) -> bool {
    meta::flag(raw, "/x-kubernetes-embedded-resource")
}

impl Custom {
    pub fn new(version: &Value) -> Custom {
        let raw = version.pointer("/schema/openAPIV3Schema").cloned().unwrap_or_default();
        let mut schema = Schema::default();
        let mut built = Builder { schema: &mut schema };
        let root = built.object(&raw, true);
        Custom { schema, root, raw, scale: version.pointer("/subresources/scale").cloned() }
    }

    /// Drops unknown fields; returns their paths.
    pub fn prune(&self, value: &mut Value) -> Vec<String> {
        let mut dropped = Vec::new();
        prune(&self.raw, value, "", true, preserves(&self.raw), &mut dropped);
        dropped
    }

    pub fn default(&self, value: &mut Value) {
        default(&self.raw, value);
    }

    pub fn validate(&self, value: &Value) -> Vec<FieldError> {
        let mut errors = Vec::new();
        validate(&self.raw, value, "", &mut errors);
        errors
    }
}

struct Builder<'a> {
    schema: &'a mut Schema,
}

impl Builder<'_> {
    fn add(&mut self, shape: Shape, atomic: bool) -> TypeId {
        self.schema.add(Type { name: Name::default(), shape, atomic })
    }

    fn object(&mut self, raw: &Value, resource: bool) -> TypeId {
        let atomic = meta::text(raw, "/x-kubernetes-map-type") == "atomic";
        let mut fields = Fields::default();
        for (name, inner) in raw.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let ty = self.any(inner);
            fields.insert(name.clone(), field(ty, inner.get("default").cloned()));
        }
        if resource {
            let builtin = super::builtin();
            if let Some(id) = builtin.named("meta.v1.ObjectMeta") {
                let meta = self.schema.import(builtin, id, &mut BTreeMap::new());
                fields.insert("metadata", field(meta, None));
            }
            for name in ["apiVersion", "kind"] {
                let ty = self.add(Shape::Scalar(Scalar::String), false);
                fields.insert(name, field(ty, None));
            }
        }
        let open = preserves(raw) || raw.is_null();
        self.add(Shape::Struct { fields, open }, atomic)
    }

    fn any(&mut self, raw: &Value) -> TypeId {
        if meta::flag(raw, "/x-kubernetes-int-or-string") {
            return self.add(Shape::Scalar(Scalar::IntOrString), false);
        }
        match meta::text(raw, "/type") {
            "object" if embedded(raw) => self.object(raw, true),
            "object" if raw.get("properties").is_some() => self.object(raw, false),
            "object" => {
                let atomic = meta::text(raw, "/x-kubernetes-map-type") == "atomic";
                match raw.get("additionalProperties").filter(|a| a.is_object()) {
                    Some(inner) => {
                        let value = self.any(inner);
                        self.add(Shape::Map { value }, atomic)
                    }
                    None => self.add(Shape::Deduced, atomic),
                }
            }
            "array" => {
                let item = self.any(raw.get("items").unwrap_or(&Value::Null));
                let kind = match meta::text(raw, "/x-kubernetes-list-type") {
                    "map" => ListKind::Map(
                        meta::strings(raw, "/x-kubernetes-list-map-keys")
                            .into_iter()
                            .map(|key| Name::from(key.to_owned()))
                            .collect(),
                    ),
                    "set" => ListKind::Set,
                    _ => ListKind::Atomic,
                };
                self.add(Shape::List { item, kind }, false)
            }
            "string" => self.add(Shape::Scalar(Scalar::String), false),
            "boolean" => self.add(Shape::Scalar(Scalar::Bool), false),
            "integer" | "number" => self.add(Shape::Scalar(Scalar::Double), false),
            _ => self.add(Shape::Deduced, false),
        }
    }
}

fn field(ty: TypeId, default: Option<Value>) -> Field {
    Field { ty, required: false, atomic: false, patch: None, empty: Empty::Keep, default, values: Vec::new() }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// `keep`: unknown fields stay here and below until a schema says otherwise.
fn prune(raw: &Value, value: &mut Value, path: &str, resource: bool, keep: bool, dropped: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let properties = raw.get("properties").and_then(Value::as_object);
            let additional = raw.get("additionalProperties");
            let resource = resource || embedded(raw);
            map.retain(|key, inner| {
                let at = join(path, key);
                if resource && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
                    return true;
                }
                if let Some(known) = properties.and_then(|p| p.get(key)) {
                    prune(known, inner, &at, false, preserves(known), dropped);
                    return true;
                }
                match additional {
                    Some(known @ Value::Object(_)) => {
                        prune(known, inner, &at, false, preserves(known), dropped);
                        true
                    }
                    Some(Value::Bool(true)) => true,
                    _ if keep || raw.is_null() => true,
                    _ => {
                        dropped.push(at);
                        false
                    }
                }
            });
        }
        Value::Array(list) => {
            if let Some(items) = raw.get("items") {
                for (i, inner) in list.iter_mut().enumerate() {
                    prune(items, inner, &format!("{path}[{i}]"), false, preserves(items), dropped);
                }
            }
        }
        _ => {}
    }
}

fn default(raw: &Value, value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in raw.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let nullable = meta::flag(inner, "/nullable");
                if let Some(preset) = inner.get("default")
                    && map.get(key).is_none_or(|v| v.is_null() && !nullable)
                {
                    map.insert(key.clone(), preset.clone());
                }
                if let Some(v) = map.get_mut(key) {
                    default(inner, v);
                }
            }
            // A null that is not allowed says nothing.
            let properties = raw.get("properties");
            map.retain(|key, v| {
                let known = properties.and_then(|p| p.get(key));
                !(v.is_null() && known.is_some_and(|k| !meta::flag(k, "/nullable") && !preserves(k)))
            });
            if let Some(inner) = raw.get("additionalProperties").filter(|a| a.is_object()) {
                let own = properties.and_then(Value::as_object);
                for (key, v) in map.iter_mut() {
                    if own.is_none_or(|p| !p.contains_key(key)) {
                        default(inner, v);
                    }
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = raw.get("items") {
                list.iter_mut().for_each(|v| default(items, v));
            }
        }
        _ => {}
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { "<nil>".to_owned() } else { path.to_owned() }
}

fn validate(raw: &Value, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if value.is_null() && meta::flag(raw, "/nullable") {
        return;
    }
    let wanted = meta::text(raw, "/type");
    let found = type_name(value);
    let fits = wanted.is_empty()
        || wanted == found
        || (wanted == "number" && found == "integer")
        || (wanted == "integer" && value.as_f64().is_some_and(|f| f.fract() == 0.0))
        || (wanted == "object" && found == "null" && preserves(raw));
    if !fits {
        let detail = format!("{} in body must be of type {wanted}: {found:?}", at(path));
        let mut error = FieldError::invalid(at(path), &Value::from(found), &detail);
        error.reason = "FieldValueTypeInvalid";
        errors.push(error);
        enumeration(raw, value, path, errors);
        return;
    }
    if meta::flag(raw, "/x-kubernetes-int-or-string")
        && !value.is_string()
        && !value.is_i64()
        && !value.is_u64()
    {
        errors.push(FieldError::invalid(
            at(path),
            value,
            &format!("{} in body must be of type integer,string: {found:?}", at(path)),
        ));
    }
    enumeration(raw, value, path, errors);
    match value {
        Value::String(text) => string(raw, text, path, errors),
        Value::Number(_) => number(raw, value, path, errors),
        Value::Array(list) => {
            array(raw, list, path, errors);
        }
        Value::Object(map) => object(raw, map, path, errors),
        _ => {}
    }
    combined(raw, value, path, errors);
}

fn enumeration(raw: &Value, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if let Some(list) = raw.get("enum").and_then(Value::as_array)
        && !list.contains(value)
    {
        let names: Vec<String> =
            list.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        errors.push(FieldError::unsupported(at(path), value, &names));
    }
}

/// The first thing that is wrong with a text, as the server stops there too.
fn string(raw: &Value, text: &str, path: &str, errors: &mut Vec<FieldError>) {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let shown = Value::from(text);
    if let Some(max) = meta::int(raw, "/maxLength").filter(|max| length > *max) {
        let mut error = FieldError::too_long(at(path), usize::try_from(max).unwrap_or(0));
        error.message = format!("Too long: may not be more than {max} bytes");
        return errors.push(error);
    }
    if let Some(min) = meta::int(raw, "/minLength").filter(|min| length < *min) {
        let detail = format!("{} in body should be at least {min} chars long", at(path));
        return errors.push(FieldError::invalid(at(path), &shown, &detail));
    }
    let pattern = meta::text(raw, "/pattern");
    // A pattern our engine cannot read (it is Go's RE2 dialect) is not enforced.
    if !pattern.is_empty() && regex::Regex::new(pattern).is_ok_and(|p| !p.is_match(text)) {
        let detail = format!("{} in body should match '{pattern}'", at(path));
        return errors.push(FieldError::invalid(at(path), &shown, &detail));
    }
    let format_ok = match meta::text(raw, "/format") {
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        _ => true,
    };
    if !format_ok {
        let format = meta::text(raw, "/format");
        let detail = format!("{} in body must be of type {format}: {shown}", at(path));
        errors.push(FieldError::invalid(at(path), &shown, &detail));
    }
}

fn number(raw: &Value, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let Some(n) = value.as_f64() else { return };
    let limit = |key: &str| raw.get(key).and_then(Value::as_f64);
    if let Some(min) = limit("minimum") {
        let strict = meta::flag(raw, "/exclusiveMinimum");
        if n < min || (strict && n == min) {
            let than = if strict { "greater than" } else { "greater than or equal to" };
            errors.push(FieldError::invalid(
                at(path),
                value,
                &format!("{} in body should be {than} {min}", at(path)),
            ));
        }
    }
    if let Some(max) = limit("maximum") {
        let strict = meta::flag(raw, "/exclusiveMaximum");
        if n > max || (strict && n == max) {
            let than = if strict { "less than" } else { "less than or equal to" };
            errors.push(FieldError::invalid(
                at(path),
                value,
                &format!("{} in body should be {than} {max}", at(path)),
            ));
        }
    }
    if let Some(step) = limit("multipleOf").filter(|s| *s != 0.0)
        && (n / step).fract() != 0.0
    {
        errors.push(FieldError::invalid(
            at(path),
            value,
            &format!("{} in body should be a multiple of {step}", at(path)),
        ));
    }
}

fn array(raw: &Value, list: &[Value], path: &str, errors: &mut Vec<FieldError>) {
    let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
    if let Some(max) = meta::int(raw, "/maxItems").filter(|max| count > *max) {
        errors.push(FieldError {
            reason: "FieldValueTooMany",
            field: at(path),
            message: format!("Too many: {count}: must have at most {max} items"),
        });
    }
    if let Some(min) = meta::int(raw, "/minItems").filter(|min| count < *min) {
        let detail = format!("{} in body should have at least {min} items", at(path));
        errors.push(FieldError::invalid(at(path), &Value::from(count), &detail));
    }
    if let Some(items) = raw.get("items") {
        for (i, v) in list.iter().enumerate() {
            validate(items, v, &format!("{path}[{i}]"), errors);
        }
    }
    let keys = meta::strings(raw, "/x-kubernetes-list-map-keys");
    let mut seen: Vec<Value> = Vec::new();
    for (i, v) in list.iter().enumerate() {
        let identity = match meta::text(raw, "/x-kubernetes-list-type") {
            "map" => {
                let own = keys.iter().filter_map(|k| v.get(*k).map(|x| ((*k).to_owned(), x.clone())));
                Value::Object(own.collect::<Map<_, _>>())
            }
            "set" => v.clone(),
            _ => return,
        };
        if seen.contains(&identity) {
            errors.push(FieldError::duplicate(format!("{path}[{i}]"), &identity));
        }
        seen.push(identity);
    }
}

fn object(raw: &Value, map: &Map<String, Value>, path: &str, errors: &mut Vec<FieldError>) {
    for name in meta::strings(raw, "/required") {
        if !map.contains_key(name) {
            errors.push(FieldError::required(join(path, name), ""));
        }
    }
    let count = i64::try_from(map.len()).unwrap_or(i64::MAX);
    if let Some(max) = meta::int(raw, "/maxProperties").filter(|max| count > *max) {
        let detail = format!("{} in body should have at most {max} properties", at(path));
        errors.push(FieldError::invalid(at(path), &Value::from(count), &detail));
    }
    if let Some(min) = meta::int(raw, "/minProperties").filter(|min| count < *min) {
        let detail = format!("{} in body should have at least {min} properties", at(path));
        errors.push(FieldError::invalid(at(path), &Value::from(count), &detail));
    }
    let properties = raw.get("properties").and_then(Value::as_object);
    for (key, v) in map {
        if path.is_empty() && key == "metadata" {
            continue;
        }
        let known = properties.and_then(|p| p.get(key));
        if let Some(inner) = known.or_else(|| raw.get("additionalProperties").filter(|a| a.is_object())) {
            validate(inner, v, &join(path, key), errors);
        }
    }
}

/// `allOf`, `anyOf`, `oneOf`, `not`: structural schemas allow them for value validation.
fn combined(raw: &Value, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let passes = |schema: &Value| {
        let mut own = Vec::new();
        validate(schema, value, path, &mut own);
        own.is_empty()
    };
    for schema in meta::list(raw, "/allOf") {
        validate(schema, value, path, errors);
    }
    let shown = || match value {
        Value::Object(_) | Value::Array(_) => Value::from(type_name(value)),
        v => v.clone(),
    };
    let any = meta::list(raw, "/anyOf");
    if !any.is_empty() && !any.iter().any(passes) {
        errors.push(FieldError::invalid(
            at(path),
            &shown(),
            &format!("{} in body must validate at least one schema (anyOf)", at(path)),
        ));
    }
    let one = meta::list(raw, "/oneOf");
    if !one.is_empty() && one.iter().filter(|s| passes(s)).count() != 1 {
        errors.push(FieldError::invalid(
            at(path),
            &shown(),
            &format!("{} in body must validate one and only one schema (oneOf)", at(path)),
        ));
    }
    if raw.get("not").is_some_and(passes) {
        errors.push(FieldError::invalid(
            at(path),
            &shown(),
            &format!("{} in body must not validate the schema (not)", at(path)),
        ));
    }
}
