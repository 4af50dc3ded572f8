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
