//! Facts recorded from Helm's strvals (`facts.jsonl`).

use serde_json::{Map, Value, json};

use super::{Mode, set};

fn base() -> Map<String, Value> {
    let base = json!({"a": {"b": 1.0}, "l": [1.0, {"x": 2.0}, [3.0]], "n": null, "s": "t", "e": {}});
    base.as_object().unwrap().clone()
}

/// A reader like the one the facts were recorded with.
fn read(path: &str) -> Result<String, String> {
    if path.starts_with('x') {
        return Err(format!("open {path}: no such file or directory"));
    }
    Ok(format!("<{path}>"))
}

/// The same without the difference between integers and floats, which JSON facts do not record.
fn floats(value: Value) -> Value {
    match value {
        Value::Number(n) => Value::from(n.as_f64().unwrap()),
        Value::Array(items) => items.into_iter().map(floats).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, floats(value))).collect(),
        other => other,
    }
}

#[test]
fn sets_as_helm() {
    let mut wrong = Vec::new();
    for line in include_str!("facts.jsonl").lines().filter(|line| !line.starts_with("//")) {
        let (flag, on_base, text, expected): (String, bool, String, Value) =
            serde_json::from_str(line).unwrap();
        let mode = match flag.as_str() {
            "s" => Mode::Typed,
            "t" => Mode::Text,
            "j" => Mode::Json,
            "f" => Mode::File(&read),
            _ => Mode::Literal,
        };
        let mut values = if on_base { base() } else { Map::new() };
        let got = match set(&mut values, &text, &mode) {
            Ok(()) => Value::Object(values),
            // Helm shows the text of a JSON flag rather than what is wrong with it.
            Err(_) if flag == "j" && expected["error"].is_string() => continue,
            Err(error) => json!({ "error": error }),
        };
        if floats(got.clone()) != floats(expected.clone()) {
            wrong.push(format!("{flag} {text:?}\n  expected {expected}\n  found    {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn integers_stay_integers() {
    let mut values = Map::new();
    set(&mut values, "n=1,f=1.5", &Mode::Typed).unwrap();
    set(&mut values, "j=1", &Mode::Json).unwrap();
    assert_eq!(Value::Object(values), json!({"n": 1, "f": "1.5", "j": 1.0}));
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_is_survived(text in "[ab.,=\\[\\]{}\\\\0-9 \"é]{0,60}") {
        for mode in [Mode::Typed, Mode::Json, Mode::Literal] {
            let _ = set(&mut base(), &text, &mode);
        }
    }
}
