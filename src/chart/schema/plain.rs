//! A fast yes for schemas that say nothing difficult.
//!
//! In: a schema as written, and values. Out: whether the values certainly fit. Nearly all charts' schemas are
//! types, names and defaults; compiling them for the general validator, and checking them against their
//! draft's own schema, would take a fifth of a rendering. Here the answer is either yes or nothing: whatever is
//! not understood, not well-formed in every draft, or does not fit, is left to the validator, whose word counts.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The schema, if it says nothing difficult.
pub(super) fn read(schema: &[u8]) -> Option<Plain> {
    serde_json::from_slice(schema).ok()
}

/// A schema made of the keywords that mean the same in all drafts from 4 to 2020-12.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// A bit for each type that is allowed; nothing where `type` is not given.
    types: Option<u8>,
    properties: BTreeMap<String, Plain>,
    required: Vec<String>,
    /// What all other properties must be.
    additional: Additional,
    items: Option<Box<Plain>>,
    choices: Option<Vec<Value>>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    /// It names a draft, which only the outermost schema may.
    names_draft: bool,
}

#[derive(Debug, Default)]
enum Additional {
    #[default]
    Any,
    Forbidden,
    Like(Box<Plain>),
}

const NULL: u8 = 1;
const BOOLEAN: u8 = 2;
const INTEGER: u8 = 4;
/// Of a schema, any number; of a value, one that is no integer.
const NUMBER: u8 = 8;
const STRING: u8 = 16;
const ARRAY: u8 = 32;
const OBJECT: u8 = 64;

/// Choices are compared with each other, so a list must not be endless.
const MOST_CHOICES: usize = 64;

/// Numbers beyond are not exact, so that limits and integers become a matter of opinion.
const EXACT: f64 = 9e15;

impl Plain {
    /// Whether the values fit the schema; `false` says nothing.
    pub(super) fn takes(&self, values: &Map<String, Value>) -> bool {
        self.fits_map(values) && self.allows(OBJECT)
    }

    fn allows(&self, found: u8) -> bool {
        let Some(types) = self.types else { return true };
        types & found != 0 || (found == INTEGER && types & NUMBER != 0)
    }

    fn fits(&self, value: &Value) -> bool {
        let found = match value {
            Value::Null => NULL,
            Value::Bool(_) => BOOLEAN,
            Value::String(_) => STRING,
            Value::Number(number) => match number.as_f64() {
                Some(number) if number.abs() < EXACT => {
                    let limits = self.minimum.is_none_or(|least| number >= least)
                        && self.maximum.is_none_or(|most| number <= most);
                    if !limits {
                        return false;
                    }
                    if number.fract() == 0.0 { INTEGER } else { NUMBER }
                }
                _ => return false,
            },
            Value::Array(items) => {
                if self.items.as_ref().is_some_and(|each| !items.iter().all(|item| each.fits(item))) {
                    return false;
                }
                ARRAY
            }
            Value::Object(map) => {
                if !self.fits_map(map) {
                    return false;
                }
                OBJECT
            }
        };
        self.allows(found)
            && self.choices.as_ref().is_none_or(|choices| choices.iter().any(|c| same(c, value)))
    }

    fn fits_map(&self, map: &Map<String, Value>) -> bool {
        self.choices.is_none()
            && self.required.iter().all(|name| map.contains_key(name))
            && map.iter().all(|(name, value)| match (self.properties.get(name), &self.additional) {
                (Some(schema), _) => schema.fits(value),
                (None, Additional::Any) => true,
                (None, Additional::Forbidden) => false,
                (None, Additional::Like(schema)) => schema.fits(value),
            })
    }
}

/// Certain equality: of scalars.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(_) | Value::Object(_), _) => false,
        _ => a == b,
    }
}

/// What a name in a schema asks for.
enum Keyword {
    Type,
    Properties,
    Required,
    AdditionalProperties,
    Items,
    Enum,
    Minimum,
    Maximum,
    Draft,
    /// Must be text and means nothing here.
    Text,
    /// Must be true or false and means nothing here.
    Flag,
    /// Not a keyword of any draft, or one without rules.
    Ignored,
}

/// Keywords of some draft that are not understood here.
const DIFFICULT: &[&str] = &[
    "$anchor",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$ref",
    "$vocabulary",
    "additionalItems",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "id",
    "if",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
];

/// Values of `$schema` that name a draft, or leave the choice to the validator.
const DRAFTS: &[&str] = &[
    "http://json-schema.org/schema#",
    "https://json-schema.org/schema#",
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

impl<'de> Deserialize<'de> for Keyword {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Keyword;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a keyword")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Keyword, E> {
                Ok(match name {
                    "type" => Keyword::Type,
                    "properties" => Keyword::Properties,
                    "required" => Keyword::Required,
                    "additionalProperties" => Keyword::AdditionalProperties,
                    "items" => Keyword::Items,
                    "enum" => Keyword::Enum,
                    "minimum" => Keyword::Minimum,
                    "maximum" => Keyword::Maximum,
                    "$schema" => Keyword::Draft,
                    "title" | "description" | "$comment" => Keyword::Text,
                    "readOnly" | "writeOnly" | "deprecated" => Keyword::Flag,
                    other if DIFFICULT.binary_search(&other).is_ok() => {
                        return Err(E::custom(DIFFICULT_SCHEMA));
                    }
                    _ => Keyword::Ignored,
                })
            }
        }
        from.deserialize_identifier(Name)
    }
}

const DIFFICULT_SCHEMA: &str = "not a plain schema";

/// The bit of a type's name.
fn type_bit(name: &str) -> Option<u8> {
    Some(match name {
        "null" => NULL,
        "boolean" => BOOLEAN,
        "integer" => INTEGER,
        "number" => NUMBER,
        "string" => STRING,
        "array" => ARRAY,
        "object" => OBJECT,
        _ => return None,
    })
}

/// `type`: a name, or a list of different ones.
struct Types(u8);

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Types;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a type or several")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Types, E> {
                type_bit(name).map(Types).ok_or_else(|| E::custom(DIFFICULT_SCHEMA))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Types, A::Error> {
                let mut types = 0;
                while let Some(Types(bit)) = names.next_element()? {
                    if types & bit != 0 || !bit.is_power_of_two() {
                        return Err(A::Error::custom(DIFFICULT_SCHEMA));
                    }
                    types |= bit;
                }
                if types == 0 { Err(A::Error::custom(DIFFICULT_SCHEMA)) } else { Ok(Types(types)) }
            }
        }
        from.deserialize_any(Names)
    }
}

/// Text that is checked to be text and dropped; `$schema` has a list of its own.
struct Text(bool);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Text;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(DRAFTS.contains(&text)))
            }
        }
        from.deserialize_str(Any)
    }
}

/// `properties`.
struct Properties(BTreeMap<String, Plain>);

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Properties;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("schemas by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
                let mut found = BTreeMap::new();
                while let Some((name, Inner(schema))) = map.next_entry::<String, Inner>()? {
                    // Of equal names the last counts, as for the validator.
                    found.insert(name, schema);
                }
                Ok(Properties(found))
            }
        }
        from.deserialize_map(Entries)
    }
}

/// A schema inside another.
struct Inner(Plain);

impl<'de> Deserialize<'de> for Inner {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let plain = Plain::deserialize(from)?;
        if plain.names_draft { Err(D::Error::custom(DIFFICULT_SCHEMA)) } else { Ok(Inner(plain)) }
    }
}

impl<'de> Deserialize<'de> for Additional {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct BoolOrSchema;
        impl<'de> Visitor<'de> for BoolOrSchema {
            type Value = Additional;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a boolean or a schema")
            }

            fn visit_bool<E: Error>(self, allowed: bool) -> Result<Additional, E> {
                Ok(if allowed { Additional::Any } else { Additional::Forbidden })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Additional, A::Error> {
                let inner = Inner::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Additional::Like(Box::new(inner.0)))
            }
        }
        from.deserialize_any(BoolOrSchema)
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Schema;
        impl<'de> Visitor<'de> for Schema {
            type Value = Plain;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a schema")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plain, A::Error> {
                let mut plain = Plain::default();
                while let Some(keyword) = map.next_key::<Keyword>()? {
                    plain.read(keyword, &mut map)?;
                }
                Ok(plain)
            }
        }
        from.deserialize_map(Schema)
    }
}

impl Plain {
    fn read<'de, A: MapAccess<'de>>(&mut self, keyword: Keyword, map: &mut A) -> Result<(), A::Error> {
        let difficult = || A::Error::custom(DIFFICULT_SCHEMA);
        match keyword {
            Keyword::Type => self.types = Some(map.next_value::<Types>()?.0),
            Keyword::Properties => self.properties = map.next_value::<Properties>()?.0,
            Keyword::AdditionalProperties => self.additional = map.next_value()?,
            Keyword::Items => self.items = Some(Box::new(map.next_value::<Inner>()?.0)),
            Keyword::Required => {
                let mut names: Vec<String> = map.next_value()?;
                names.sort();
                // Draft 4 wants one at least, all drafts want them different.
                if names.is_empty() || names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
                    return Err(difficult());
                }
                self.required = names;
            }
            Keyword::Enum => {
                let choices: Vec<Value> = map.next_value()?;
                let different = (1..).zip(choices.iter().take(MOST_CHOICES)).all(|(next, a)| {
                    !matches!(a, Value::Array(_) | Value::Object(_))
                        && !choices.iter().skip(next).any(|b| same(a, b))
                });
                if choices.is_empty() || choices.len() > MOST_CHOICES || !different {
                    return Err(difficult());
                }
                self.choices = Some(choices);
            }
            Keyword::Minimum => self.minimum = Some(map.next_value::<f64>()?),
            Keyword::Maximum => self.maximum = Some(map.next_value::<f64>()?),
            Keyword::Draft => {
                if !map.next_value::<Text>()?.0 {
                    return Err(difficult());
                }
                self.names_draft = true;
            }
            Keyword::Text => {
                map.next_value::<Text>()?;
            }
            Keyword::Flag => {
                map.next_value::<bool>()?;
            }
            Keyword::Ignored => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
