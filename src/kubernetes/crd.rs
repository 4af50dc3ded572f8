//! Objects of custom resources against the `openAPIV3Schema` of their CRD.
//!
//! In: a CRD as it was rendered, an object of it. Out: [`Faults`]: unknown fields where a schema is closed, and what the
//! schema's own rules refuse, as `apiextensions-apiserver` decides it. Defaults of the schema count as given. Rules in
//! CEL (`x-kubernetes-validations`) are not run.

use super::check::{check, described, is_base64, is_duration, is_time, whole};
use super::fault::{At, FaultKind, Faults};
use super::schema::Schema;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Schemas nest no deeper than this; a CRD whose does is not followed further.
const MAX_DEPTH: usize = 200;

/// One version of a custom kind.
#[derive(Clone, Copy, Debug)]
pub struct CustomKind<'c> {
    pub group: &'c str,
    pub version: &'c str,
    pub kind: &'c str,
    pub namespaced: bool,
    /// With `served: false` an API server knows the version, but takes no objects of it.
    pub served: bool,
    pub deprecated: bool,
    schema: &'c Value,
    /// Of the whole CRD: fields that no schema names are kept.
    keeps_unknown: bool,
}

static NO_SCHEMA: Value = Value::Null;

/// The versions a CRD declares, in its order.
pub fn custom_kinds(crd: &Value) -> impl Iterator<Item = CustomKind<'_>> {
    let spec = crd.get("spec").unwrap_or(&NO_SCHEMA);
    let namespaced = spec.get("scope").and_then(Value::as_str) == Some("Namespaced");
    let group = spec.get("group").and_then(Value::as_str).unwrap_or_default();
    let kind = spec.pointer("/names/kind").and_then(Value::as_str).unwrap_or_default();
    let keeps_unknown = spec.get("preserveUnknownFields").and_then(Value::as_bool).unwrap_or_default();
    let versions = spec.get("versions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    versions.iter().map(move |version| CustomKind {
        group,
        version: version.get("name").and_then(Value::as_str).unwrap_or_default(),
        kind,
        namespaced,
        served: version.get("served").and_then(Value::as_bool).unwrap_or_default(),
        deprecated: version.get("deprecated").and_then(Value::as_bool).unwrap_or_default(),
        schema: version.pointer("/schema/openAPIV3Schema").unwrap_or(&NO_SCHEMA),
        keeps_unknown,
    })
}

/// Compiled patterns, of all schemas of a run.
#[derive(Debug, Default)]
pub struct Patterns(RefCell<BTreeMap<String, Option<regex::Regex>>>);

impl Patterns {
    /// A pattern that cannot be read (it is Go's dialect) is not enforced.
    fn fits(&self, pattern: &str, text: &str) -> bool {
        let mut known = self.0.borrow_mut();
        if !known.contains_key(pattern) {
            known.insert(pattern.to_owned(), regex::Regex::new(pattern).ok());
        }
        known.get(pattern).is_none_or(|p| p.as_ref().is_none_or(|p| p.is_match(text)))
    }
}

/// Checks an object against its kind; `builtin` has the type of `metadata`.
pub fn check_custom(
    kind: &CustomKind<'_>,
    builtin: &Schema,
    patterns: &Patterns,
    object: &Value,
    faults: &mut Faults,
) {
    let walk = Walk { builtin, patterns };
    let keeps = kind.keeps_unknown || is_set(kind.schema, "x-kubernetes-preserve-unknown-fields");
    walk.unknown(kind.schema, object, &At::ROOT, Level { resource: true, keeps, depth: 0 }, faults);
    walk.metadata(object, &At::ROOT, faults);
    let typed = !faults.0.iter().any(|fault| fault.kind == FaultKind::Type && !fault.apply_only);
    if typed {
        walk.value(kind.schema, object, &At::ROOT, 0, faults);
    }
}

struct Walk<'a> {
    builtin: &'a Schema,
    patterns: &'a Patterns,
}

#[derive(Clone, Copy)]
struct Level {
    /// `apiVersion`, `kind` and `metadata` are known without being named.
    resource: bool,
    /// Unknown fields stay here and below until a schema says otherwise.
    keeps: bool,
    depth: usize,
}

fn is_set(schema: &Value, name: &str) -> bool {
    schema.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

fn text<'s>(schema: &'s Value, name: &str) -> &'s str {
    schema.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'s>(schema: &'s Value, name: &str) -> &'s [Value] {
    schema.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn count(schema: &Value, name: &str) -> Option<usize> {
    schema.get(name).and_then(Value::as_f64).filter(|n| *n >= 0.0).map(|n| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts are small and not negative"
        )]
        let n = n as usize;
        n
    })
}

impl Walk<'_> {
    fn metadata(&self, object: &Value, at: &At<'_>, faults: &mut Faults) {
        if let (Some(metadata), Some(ty)) = (object.get("metadata"), self.builtin.named("meta.v1.ObjectMeta"))
        {
            check(self.builtin, ty, metadata, &at.field("metadata"), faults);
        }
    }

    fn unknown(&self, schema: &Value, value: &Value, at: &At<'_>, level: Level, faults: &mut Faults) {
        if level.depth > MAX_DEPTH {
            return;
        }
        let below = |schema: &Value| Level {
            resource: false,
            keeps: is_set(schema, "x-kubernetes-preserve-unknown-fields"),
            depth: level.depth + 1,
        };
        match value {
            Value::Object(map) => {
                let known = properties(schema);
                let additional = schema.get("additionalProperties");
                let embedded = is_set(schema, "x-kubernetes-embedded-resource");
                if embedded {
                    self.metadata(value, at, faults);
                }
                for (key, inner) in map {
                    if (level.resource || embedded)
                        && matches!(key.as_str(), "apiVersion" | "kind" | "metadata")
                    {
                        continue;
                    }
                    if let Some(own) = known.and_then(|k| k.get(key)) {
                        self.unknown(own, inner, &at.field(key), below(own), faults);
                        continue;
                    }
                    match additional {
                        Some(own @ Value::Object(_)) => {
                            self.unknown(own, inner, &at.key(key), below(own), faults)
                        }
                        Some(Value::Bool(true)) => {}
                        _ if level.keeps || schema.is_null() => {}
                        _ => unknown_field(known, map, key, &at.field(key), faults),
                    }
                }
            }
            Value::Array(items) => {
                if let Some(own) = schema.get("items") {
                    for (index, inner) in items.iter().enumerate() {
                        self.unknown(own, inner, &at.item(index), below(own), faults);
                    }
                }
            }
            _ => {}
        }
    }

    fn value(&self, schema: &Value, value: &Value, at: &At<'_>, depth: usize, faults: &mut Faults) {
        let wanted = text(schema, "type");
        if value.is_null() {
            // Where an object is created, a null that is not allowed says nothing.
            let taken = wanted.is_empty()
                || is_set(schema, "nullable")
                || schema.get("default").is_some()
                || is_set(schema, "x-kubernetes-preserve-unknown-fields");
            if !taken {
                let why = "it must not be null: server-side apply refuses it".to_owned();
                faults.apply_only(FaultKind::Type, at, why);
            }
            return;
        }
        if depth > MAX_DEPTH {
            return;
        }
        let fits = match value {
            _ if wanted.is_empty() => true,
            Value::Bool(_) => wanted == "boolean",
            Value::Number(n) => wanted == "number" || (wanted == "integer" && whole(n).is_some()),
            Value::String(_) => wanted == "string",
            Value::Array(_) => wanted == "array",
            Value::Object(_) => wanted == "object",
            Value::Null => true,
        };
        if !fits {
            let wanted = match wanted {
                "boolean" => "a boolean",
                "number" => "a number",
                "integer" => "an integer",
                "string" => "a text",
                "array" => "a list",
                _ => "a map",
            };
            let why = format!("expected {wanted}, found {}", described(value));
            return faults.push(FaultKind::Type, at, why);
        }
        if is_set(schema, "x-kubernetes-int-or-string") {
            let fits = value.is_string() || matches!(value, Value::Number(n) if whole(n).is_some());
            if !fits {
                let why = format!("expected an integer or a text, found {}", described(value));
                return faults.push(FaultKind::Type, at, why);
            }
        }
        let allowed = list(schema, "enum");
        if !allowed.is_empty() && !allowed.iter().any(|own| same(own, value)) {
            let names: Vec<String> = allowed.iter().map(shown).collect();
            faults.not_supported(at, &shown(value), &names);
        }
        match value {
            Value::String(own) => self.string(schema, own, at, faults),
            Value::Number(own) => number(schema, own.as_f64().unwrap_or_default(), at, faults),
            Value::Array(items) => {
                array(schema, items, at, faults);
                if let Some(own) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.value(own, item, &at.item(index), depth + 1, faults);
                    }
                }
            }
            Value::Object(map) => self.object(schema, map, at, depth, faults),
            _ => {}
        }
        self.combined(schema, value, at, depth, faults);
    }

    /// The first thing that is wrong with a text, as an API server stops there too.
    fn string(&self, schema: &Value, own: &str, at: &At<'_>, faults: &mut Faults) {
        let length = own.chars().count();
        if let Some(most) = count(schema, "maxLength").filter(|most| length > *most) {
            return faults.push(
                FaultKind::Invalid,
                at,
                format!("it has {length} characters, and {most} is the most"),
            );
        }
        if let Some(least) = count(schema, "minLength").filter(|least| length < *least) {
            return faults.push(
                FaultKind::Invalid,
                at,
                format!("it has {length} characters, and {least} is the least"),
            );
        }
        let pattern = text(schema, "pattern");
        if !pattern.is_empty() && !self.patterns.fits(pattern, own) {
            return faults.invalid(at, own, format_args!("does not match `{pattern}`"));
        }
        let format = text(schema, "format");
        let fits = match format {
            "date-time" => is_time(own),
            "ipv4" => own.parse::<std::net::Ipv4Addr>().is_ok(),
            "ipv6" => own.parse::<std::net::Ipv6Addr>().is_ok(),
            "cidr" => super::names::cidr(own).is_some(),
            "byte" => is_base64(own),
            "duration" => is_duration(own),
            _ => true,
        };
        if !fits {
            faults.invalid(at, own, format_args!("is no `{format}`"));
        }
    }

    fn object(
        &self,
        schema: &Value,
        map: &Map<String, Value>,
        at: &At<'_>,
        depth: usize,
        faults: &mut Faults,
    ) {
        let known = properties(schema);
        let own = |name: &str| known.and_then(|k| k.get(name));
        for name in list(schema, "required").iter().filter_map(Value::as_str) {
            let there = map
                .get(name)
                .is_some_and(|v| !v.is_null() || own(name).is_some_and(|s| is_set(s, "nullable")));
            if !there && own(name).is_none_or(|schema| schema.get("default").is_none()) {
                faults.required(&at.field(name), "");
            }
        }
        if let Some(most) = count(schema, "maxProperties").filter(|most| map.len() > *most) {
            faults.push(
                FaultKind::Invalid,
                at,
                format!("it has {} entries, and {most} is the most", map.len()),
            );
        }
        if let Some(least) = count(schema, "minProperties").filter(|least| map.len() < *least) {
            faults.push(
                FaultKind::Invalid,
                at,
                format!("it has {} entries, and {least} is the least", map.len()),
            );
        }
        for (key, value) in map {
            if depth == 0 && key == "metadata" {
                continue;
            }
            if let Some(schema) = own(key) {
                self.value(schema, value, &at.field(key), depth + 1, faults);
            } else if let Some(schema) = schema.get("additionalProperties").filter(|a| a.is_object()) {
                self.value(schema, value, &at.key(key), depth + 1, faults);
            }
        }
    }

    /// `allOf`, `anyOf`, `oneOf`, `not`: structural schemas allow them for values only.
    fn combined(&self, schema: &Value, value: &Value, at: &At<'_>, depth: usize, faults: &mut Faults) {
        let passes = |schema: &Value| {
            let mut own = Faults::default();
            self.value(schema, value, at, depth + 1, &mut own);
            own.0.iter().all(|fault| fault.apply_only)
        };
        for schema in list(schema, "allOf") {
            self.value(schema, value, at, depth + 1, faults);
        }
        let any = list(schema, "anyOf");
        if !any.is_empty() && !any.iter().any(passes) {
            faults.push(FaultKind::Invalid, at, alternatives("it fits none of the forms it may have", any));
        }
        let one = list(schema, "oneOf");
        if !one.is_empty() {
            match one.iter().filter(|schema| passes(schema)).count() {
                0 => faults.push(
                    FaultKind::Invalid,
                    at,
                    alternatives("it fits none of the forms it may have", one),
                ),
                1 => {}
                _ => faults.push(
                    FaultKind::Invalid,
                    at,
                    alternatives("it fits several forms, and may fit one only", one),
                ),
            }
        }
        if schema.get("not").is_some_and(passes) {
            faults.push(FaultKind::Invalid, at, "it has a form that its schema excludes");
        }
    }
}

/// What forms there are, where each is told by the fields it requires.
fn alternatives(what: &str, schemas: &[Value]) -> String {
    let names: Vec<String> = schemas
        .iter()
        .map(|schema| {
            list(schema, "required")
                .iter()
                .map(|name| format!("`{}`", shown(name)))
                .collect::<Vec<_>>()
                .join(" and ")
        })
        .filter(|names| !names.is_empty())
        .collect();
    if names.len() == schemas.len() {
        format!("{what}: with {}", names.join(", with "))
    } else {
        what.to_owned()
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(n) => super::check::number(n),
        other => other.to_string(),
    }
}

/// Numbers are the same whatever their kind.
fn same(a: &Value, b: &Value) -> bool {
    a == b || (a.is_number() && a.as_f64() == b.as_f64())
}

fn number(schema: &Value, own: f64, at: &At<'_>, faults: &mut Faults) {
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    if let Some(least) = limit("minimum") {
        let strict = is_set(schema, "exclusiveMinimum");
        if own < least || (strict && own == least) {
            let than = if strict { "more than" } else { "at least" };
            faults.invalid(at, own, format_args!("has to be {than} {least}"));
        }
    }
    if let Some(most) = limit("maximum") {
        let strict = is_set(schema, "exclusiveMaximum");
        if own > most || (strict && own == most) {
            let than = if strict { "less than" } else { "at most" };
            faults.invalid(at, own, format_args!("has to be {than} {most}"));
        }
    }
    if let Some(step) = limit("multipleOf").filter(|step| *step != 0.0)
        && (own / step).fract() != 0.0
    {
        faults.invalid(at, own, format_args!("has to be a multiple of {step}"));
    }
}

fn array(schema: &Value, items: &[Value], at: &At<'_>, faults: &mut Faults) {
    let length = items.len();
    if let Some(most) = count(schema, "maxItems").filter(|most| length > *most) {
        faults.push(FaultKind::Invalid, at, format!("it has {length} items, and {most} is the most"));
    }
    if let Some(least) = count(schema, "minItems").filter(|least| length < *least) {
        faults.push(FaultKind::Invalid, at, format!("it has {length} items, and {least} is the least"));
    }
    let keys = list(schema, "x-kubernetes-list-map-keys");
    let kind = text(schema, "x-kubernetes-list-type");
    let alike = |a: &Value, b: &Value| match kind {
        "map" => {
            a.is_object()
                && b.is_object()
                && keys.iter().filter_map(Value::as_str).all(|k| a.get(k) == b.get(k))
        }
        _ => a == b,
    };
    if !matches!(kind, "map" | "set") && !is_set(schema, "uniqueItems") {
        return;
    }
    for (index, item) in items.iter().enumerate() {
        if items.iter().take(index).any(|before| alike(before, item)) {
            faults.push(FaultKind::Duplicate, &at.item(index), "an item like this is there already");
        }
    }
}

fn unknown_field(
    known: Option<&Map<String, Value>>,
    given: &Map<String, Value>,
    name: &str,
    at: &At<'_>,
    faults: &mut Faults,
) {
    let free = known.into_iter().flatten().map(|(k, _)| k.as_str()).filter(|k| !given.contains_key(*k));
    let help = super::nearest(name, free).map(|near| format!("did you mean `{near}`?"));
    let help = help.or_else(|| {
        let mut all = known.into_iter().flatten();
        let inside = all.find(|(_, schema)| properties(schema).is_some_and(|p| p.contains_key(name)));
        inside.map(|(outer, _)| format!("`{name}` is a field of `{outer}`"))
    });
    faults.push_help(FaultKind::Unknown, at, format!("there is no field `{name}`"), help);
}
