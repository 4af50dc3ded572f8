//! Facts recorded from Helm (`facts.jsonl`).

use serde_json::{Map, Value, json};

use super::check;

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
