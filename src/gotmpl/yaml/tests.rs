//! Facts recorded from Go (`facts/*.jsonl`, one `[input, expected]` a line), and what no table can show.

use serde_json::Value;

use super::tree::{MAX_DEPTH, Tree};
use super::{Error, Root, decode, decode_json, encode, encode_json, encode_toml, to_yaml, to_yaml_pretty};

/// Checks every line of a table; all that differ are reported together.
fn facts(table: &str, run: impl Fn(&str) -> Result<String, Box<Error>>) {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for line in table.lines().filter(|line| !line.starts_with("//")) {
        let (input, expected): (String, Value) = serde_json::from_str(line).unwrap();
        let expected = match &expected {
            Value::String(text) => Ok(text.clone()),
            error => Err(error["error"].as_str().unwrap().to_owned()),
        };
        let got = run(&input).map_err(|e| e.to_string());
        seen += 1;
        if got != expected {
            wrong.push(format!("{input:?}\n  expected {expected:?}\n  found    {got:?}"));
        }
    }
    assert!(seen > 0);
    assert!(wrong.is_empty(), "{} of {seen} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn json(text: &str) -> Value {
    decode_json(text.as_bytes(), Root::Any).unwrap()
}

#[test]
fn reads_yaml_as_helm() {
    let run = |root| move |input: &str| encode_json(&decode::<Value>(input.as_bytes(), root)?);
    facts(include_str!("facts/decode.jsonl"), run(Root::Any));
    facts(include_str!("facts/root_map.jsonl"), run(Root::Map));
    facts(include_str!("facts/root_list.jsonl"), run(Root::List));
}

#[test]
fn writes_yaml_as_helm() {
    // toYaml drops the error, so its wording is nobody's business.
    let table = include_str!("facts/encode.jsonl");
    for line in table.lines().filter(|line| line.contains("\"error\": ")) {
        let (input, _): (String, Value) = serde_json::from_str(line).unwrap();
        assert_eq!(to_yaml(&json(&input)), "", "{input}");
    }
    let good: Vec<&str> = table.lines().filter(|line| !line.contains("\"error\": ")).collect();
    facts(&good.join("\n"), |input| encode(&json(input)));
    facts(include_str!("facts/pretty.jsonl"), |input| {
        let text = to_yaml_pretty(&json(input));
        // Go's document ends with a line break unless a literal block ends with a separator.
        Ok(if text.ends_with(['\u{2028}', '\u{2029}']) { text } else { text + "\n" })
    });
}

#[test]
fn reads_and_writes_json_as_go() {
    let run = |root| move |input: &str| encode_json(&decode_json::<Value>(input.as_bytes(), root)?);
    facts(include_str!("facts/json.jsonl"), run(Root::Any));
    facts(include_str!("facts/json_map.jsonl"), run(Root::Map));
}

#[test]
fn writes_toml_as_helm() {
    facts(include_str!("facts/toml.jsonl"), |input| encode_toml(&json(input)));
}

#[test]
fn bytes_that_are_not_utf8() {
    use crate::gotmpl::value::Value;
    let value = Value::string(&b"a\xffb\xe2\x82"[..]);
    assert_eq!(encode_json(&value).unwrap(), r#""a\ufffdb\ufffd\ufffd""#);
    assert_eq!(to_yaml(&value), "a\u{fffd}b\u{fffd}\u{fffd}");
    assert_eq!(to_yaml_pretty(&value), "!!binary Yf9i4oI=");
    assert_eq!(to_yaml(&Value::Bytes(crate::gotmpl::str::Str::new(b"\x00\x01").into())), "AAE=");
    assert_eq!(to_yaml_pretty(&Value::Bytes(crate::gotmpl::str::Str::new(b"\x00\x01").into())), "- 0\n- 1");
}

#[test]
fn the_engines_own_values() {
    use crate::gotmpl::types::ANY_MAP;
    use crate::gotmpl::value::{List, Map, Value};
    let value: Value = decode(b"b: [1, x, null]\na: {c: 1.5}\n", Root::Map).unwrap();
    assert_eq!(to_yaml(&value), "a:\n  c: 1.5\nb:\n- 1\n- x\n- null");
    assert_eq!(to_yaml_pretty(&value), "a:\n  c: 1.5\nb:\n  - 1\n  - x\n  - null");
    let nil = Value::Map(Map::nil(ANY_MAP));
    assert_eq!((to_yaml(&nil), to_yaml_pretty(&nil)), ("null".to_owned(), "{}".to_owned()));
    // An integer prints in full where the same float would not.
    let numbers = Value::List(List::new(vec![Value::int(1_000_000), Value::Float(1e6)]));
    assert_eq!(to_yaml_pretty(&numbers), "- 1000000\n- 1e+06");
}

#[test]
fn a_map_that_contains_itself_is_refused() {
    use crate::gotmpl::value::{Map, Value};
    let map = Map::new();
    map.insert("self", Value::Map(map.clone()));
    assert_eq!(to_yaml(&Value::Map(map.clone())), "");
    assert!(encode_json(&Value::Map(map.clone())).is_err());
    assert!(encode_toml(&Value::Map(map.clone())).is_err());
    map.clear();
}

#[test]
fn deep_nesting_is_refused() {
    for text in ["[".repeat(20_000), "{a: ".repeat(5_000), "- ".repeat(20_000), "? ".repeat(5_000)] {
        let error = decode::<Value>(text.as_bytes(), Root::Any).unwrap_err().to_string();
        assert!(error.contains(&format!("exceeded max depth of {MAX_DEPTH}")), "{error}");
    }
    assert!(decode_json::<Value>("[".repeat(20_000).as_bytes(), Root::Any).is_err());
    let deep = MAX_DEPTH - 1;
    let text = format!("{}{}", "[".repeat(deep), "]".repeat(deep));
    let value: Value = decode(text.as_bytes(), Root::Any).unwrap();
    assert_eq!(encode(&value).unwrap().len(), (deep - 1) * 2 + 3);
    assert_eq!(encode_json(&value).unwrap(), text);
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let item = format!("*a{}", i - 1);
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", [item.as_str(); 9].join(", ")));
    }
    let error = decode::<Value>(bomb.as_bytes(), Root::Any).unwrap_err().to_string();
    assert_eq!(error, "error converting YAML to JSON: yaml: document contains excessive aliasing");
}

#[test]
fn nodes_know_their_bytes() {
    let text = "\u{feff}é: 1\nimage:\n  tag: \"v1\" # c\n  args: [a, b c]\n";
    let tree = Tree::parse(text.as_bytes()).unwrap();
    let shown = |path: &[&str]| {
        let (key, value) = tree.find(path.iter().copied()).unwrap();
        let text = |id| {
            let span = &tree.node(id).unwrap().span;
            text.get(span.start as usize..span.end as usize).unwrap()
        };
        (text(key), text(value))
    };
    assert_eq!(shown(&["é"]), ("é", "1"));
    assert_eq!(shown(&["image", "tag"]), ("tag", "\"v1\""));
    assert_eq!(shown(&["image", "args"]), ("args", "[a, b c]"));
    assert_eq!(shown(&["image", "args", "1"]), ("b c", "b c"));
    assert_eq!(shown(&["image"]), ("image", "tag: \"v1\" # c\n  args: [a, b c]"));
    assert!(tree.find(["image", "nothing"]).is_none());
}

#[test]
fn errors_know_their_place() {
    let error = decode::<Value>(b"a: 1\nb: [\n", Root::Map).unwrap_err();
    assert_eq!(error.offset(), Some(10));
}

proptest::proptest! {
    /// Whatever is read and written reads back the same, in every form.
    #[test]
    fn round_trips(text in "[ -~\n\t\u{e9}\u{2028}\u{1f600}]{0,120}", number: f64, key in ".{0,40}") {
        let number = if number.is_finite() { Value::from(number) } else { Value::Null };
        let value = serde_json::json!({"t": text, "l": [text, number, {"k": number}], "e": {}, key: [[text]]});
        let compact = encode_json(&value).unwrap();
        proptest::prop_assert_eq!(&decode_json::<Value>(compact.as_bytes(), Root::Any).unwrap(), &value);
        if let Ok(yaml) = encode(&value) {
            let back = decode::<Value>(yaml.as_bytes(), Root::Any).unwrap();
            proptest::prop_assert_eq!(encode(&back).unwrap(), yaml);
        }
    }

    /// No input makes the readers panic.
    #[test]
    fn arbitrary_input_is_survived(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), text in "[-?:,\\[\\]{}#&*!|>'\"%@` \na0.~<]{0,80}") {
        let _ = decode::<Value>(&bytes, Root::Any);
        let _ = decode::<Value>(text.as_bytes(), Root::Any);
        let _ = decode_json::<Value>(&bytes, Root::Any);
        let _ = to_yaml_pretty(&Value::String(text));
    }
}

#[test]
fn ties_between_shortest_digits_go_to_the_even_one() {
    use crate::gotmpl::strconv::{FloatBits, FloatFormat, format_float};
    assert_eq!(
        format_float(1_296_771_135_370_604.2, FloatFormat::General, None, FloatBits::B64),
        "1.2967711353706042e+15"
    );
    assert_eq!(encode_json(&Value::from(1_296_771_135_370_604.2)).unwrap(), "1296771135370604.2");
}
