//! Facts recorded from Helm (`facts.jsonl`).

use serde_json::{Map, Value, json};

use super::{General, Schema, SharedText, plain};
use proptest::prelude::*;

fn check(schema: &[u8], values: &Map<String, Value>) -> Result<(), String> {
    Schema::new(&SharedText::new(schema.into())).check(values)
}

/// What the general validator says, which is asked only where the plain schema says nothing.
fn validate(schema: &[u8], values: &Map<String, Value>) -> Result<(), String> {
    General::read(schema)?.check(values)
}

fn fits_plainly(schema: &[u8], values: &Map<String, Value>) -> bool {
    plain::read(schema).is_some_and(|plain| plain.takes(values))
}

#[test]
fn reports_as_helm() {
    let mut wrong = Vec::new();
    for line in include_str!("facts.jsonl").lines().filter(|line| !line.starts_with("//")) {
        let (schema, values, expected): (Value, Map<String, Value>, Option<String>) =
            serde_json::from_str(line).unwrap();
        let got = check(schema.to_string().as_bytes(), &values).err();
        if got != expected {
            wrong.push(format!("{schema} {values:?}\n  expected {expected:?}\n  found    {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn values(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn whole_floats_are_integers() {
    // What comes from YAML is a float; draft 4 would not take it for an integer.
    for draft in ["http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema"] {
        let schema = json!({"$schema": draft, "properties": {"port": {"type": "integer"}}});
        assert_eq!(check(schema.to_string().as_bytes(), &values(json!({"port": 8080.0}))), Ok(()));
        assert_eq!(
            check(schema.to_string().as_bytes(), &values(json!({"port": 8080.5}))),
            Err("- at '/port': got number, want integer\n".to_owned())
        );
    }
}

#[test]
fn other_documents_are_not_fetched() {
    let schema = br#"{"properties": {"a": {"$ref": "https://example.invalid/a.json"}}}"#;
    assert_eq!(
        check(schema, &values(json!({"a": 1}))),
        Err("failing loading \"https://example.invalid/a.json\": schemas of other documents are not fetched"
            .to_owned())
    );
    // Helm lets names it cannot resolve pass.
    assert_eq!(check(br#"{"properties": {"a": {"$ref": "urn:a:b"}}}"#, &values(json!({"a": 1}))), Ok(()));
}

#[test]
fn what_is_no_schema() {
    assert_eq!(check(b"{", &Map::new()), Err("unexpected EOF".to_owned()));
    assert!(check(b"{\"a\": 1,}", &Map::new()).unwrap_err().starts_with("invalid character '}'"));
}

#[test]
fn checks_that_multiply_are_refused() {
    let chain = |leaf: serde_json::Value| {
        let mut defs: Map<String, serde_json::Value> = (0..40)
            .map(|i| {
                let next = json!({"$ref": format!("#/$defs/d{}", i + 1)});
                (format!("d{i}"), json!({"allOf": [next, next]}))
            })
            .collect();
        defs.insert("d40".to_owned(), leaf);
        json!({"$defs": defs, "$ref": "#/$defs/d0"}).to_string()
    };
    let nested = (0..30).fold(json!(1), |inner, _| json!([inner]));
    let node = json!({"type": "array", "items": {"$ref": "#/$defs/n"}});
    let alternatives = json!({"$defs": {"n": {"anyOf": [node, node, {"type": "string"}]}},
        "properties": {"a": {"$ref": "#/$defs/n"}}});
    for (schema, values) in [
        (chain(json!({"type": "string"})), json!({"a": 1})),
        (chain(json!({"properties": {"a": {"$ref": "#"}}})), json!({"a": {"a": 1}})),
        (alternatives.to_string(), json!({"a": nested})),
    ] {
        let error = check(schema.as_bytes(), &values.as_object().cloned().unwrap()).unwrap_err();
        assert!(error.contains("would take too long"), "{error}");
    }
    // A schema that leads to itself, over values that do not.
    let tree = json!({"$defs": {"n": {"properties": {"l": {"$ref": "#/$defs/n"}, "r": {"$ref": "#/$defs/n"}},
        "anyOf": [{"required": ["v"]}, {"required": ["l"]}]}}, "$ref": "#/$defs/n"});
    let deep = (0..60).fold(json!({"v": 1}), |inner, _| json!({"l": inner, "r": {"v": 2}}));
    assert_eq!(check(tree.to_string().as_bytes(), &values(deep)), Ok(()));
}

#[test]
fn endless_failures_are_cut() {
    let schema = json!({"properties": {"a": {"items": {"type": "string"}}}}).to_string();
    let report = check(schema.as_bytes(), &values(json!({"a": vec![1; 20_000]}))).unwrap_err();
    assert!(report.ends_with(
        "- at '/a/9999': got number, want string\n- and more: the first 10000 failures are listed\n"
    ));
}

#[test]
fn the_fast_yes_agrees_with_helm() {
    for line in include_str!("facts.jsonl").lines().filter(|line| !line.starts_with("//")) {
        let (schema, values, expected): (Value, Map<String, Value>, Option<String>) =
            serde_json::from_str(line).unwrap();
        assert!(
            expected.is_none() || !fits_plainly(schema.to_string().as_bytes(), &values),
            "{schema} {values:?}"
        );
    }
}

#[test]
fn the_fast_yes_is_given_where_it_should_be() {
    let schema = json!({
        "$schema": "http://json-schema.org/schema#", "title": "values", "type": "object",
        "required": ["image"], "additionalProperties": {"type": ["string", "null"]},
        "properties": {
            "image": {"type": "object", "properties": {"tag": {"type": "string", "default": "", "form": true}}},
            "replicas": {"type": "integer", "minimum": 1, "maximum": 9},
            "hosts": {"type": "array", "items": {"type": "string"}},
            "mode": {"enum": ["a", "b", null, 1]},
        }
    });
    let fits = |values: Value| fits_plainly(schema.to_string().as_bytes(), values.as_object().unwrap());
    assert!(fits(
        json!({"image": {"tag": "1"}, "replicas": 2.0, "hosts": ["x"], "mode": 1.0, "other": null})
    ));
    for wrong in [
        json!({}),
        json!({"image": {"tag": 1}}),
        json!({"image": {}, "replicas": 0}),
        json!({"image": {}, "replicas": 10.0}),
        json!({"image": {}, "replicas": 1.5}),
        json!({"image": {}, "hosts": [1]}),
        json!({"image": {}, "mode": "c"}),
        json!({"image": {}, "other": 1}),
    ] {
        assert!(!fits(wrong.clone()), "{wrong}");
    }
    // Not plain, or no schema.
    for schema in [
        json!({"$ref": "#"}),
        json!({"type": "text"}),
        json!({"type": []}),
        json!({"required": []}),
        json!({"title": 1}),
        json!({"$schema": "https://example.invalid/draft"}),
        json!({"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}),
        json!({"items": true}),
        json!({"enum": ["a", "a"]}),
        json!([]),
        json!(true),
    ] {
        assert!(!fits_plainly(schema.to_string().as_bytes(), &Map::new()), "{schema}");
    }
}

/// Schemas of mostly plain keywords over two names, some of them with mistakes.
fn schemas() -> impl Strategy<Value = Value> {
    let types = prop_oneof![
        6 => prop::sample::select(vec!["null", "boolean", "integer", "number", "string", "array", "object"])
            .prop_map(Value::from),
        1 => Just(json!(["string", "null"])),
        1 => Just(json!(["integer", "number", "object"])),
        1 => Just(json!("text")),
    ];
    let scalar = scalars();
    let keyword = prop_oneof![
        6 => types.prop_map(|t| ("type", t)),
        1 => prop::collection::vec(scalar, 0..3).prop_map(|c| ("enum", Value::Array(c))),
        1 => prop::sample::subsequence(vec!["a", "b"], 0..=2).prop_map(|names| ("required", json!(names))),
        1 => (-2..3).prop_map(|n| ("minimum", json!(n))),
        1 => (-2.5..3.0).prop_map(|n: f64| ("maximum", json!(n))),
        1 => any::<bool>().prop_map(|b| ("additionalProperties", json!(b))),
        1 => Just(("description", json!("text"))),
        1 => Just(("deprecated", json!(1))),
        1 => Just(("minLength", json!(1))),
        1 => Just(("default", json!({"$ref": 1}))),
    ];
    let flat = prop::collection::vec(keyword, 0..3)
        .prop_map(|found| found.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>());
    flat.clone().prop_map(Value::Object).prop_recursive(3, 24, 3, move |inner| {
        (flat.clone(), prop::collection::vec((0..5usize, inner), 0..3)).prop_map(|(mut map, below)| {
            for (place, schema) in below {
                match place {
                    0 => drop(map.insert("items".into(), schema)),
                    1 => drop(map.insert("additionalProperties".into(), schema)),
                    place => {
                        let name = if place == 2 { "b" } else { "a" };
                        let all = map.entry("properties").or_insert_with(|| json!({}));
                        all.as_object_mut().unwrap().insert(name.into(), schema);
                    }
                }
            }
            Value::Object(map)
        })
    })
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..3).prop_map(|n| json!(f64::from(n))),
        (-2.0..3.0).prop_map(|n: f64| json!(n)),
        "[ab]{0,2}".prop_map(Value::from),
    ]
}

fn documents() -> impl Strategy<Value = Value> {
    scalars().prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|m| json!(m)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn the_fast_yes_is_the_validators(schema in schemas(), values in prop::collection::btree_map("[abc]", documents(), 0..3)) {
        let values: Map<String, Value> = values.into_iter().collect();
        let text = schema.to_string();
        if fits_plainly(text.as_bytes(), &values) {
            prop_assert_eq!(validate(text.as_bytes(), &values), Ok(()));
        }
    }
}
