use serde_json::{Value, json};

use super::ValueFlags;
use crate::source::MemoryWorld;

fn world() -> MemoryWorld {
    MemoryWorld::default()
        .with_file("a.yaml", "image: {repo: x, tag: 1}\nlist: [1]\ngone: null\n")
        .with_file("b.yaml", "image: {tag: 2}\n---\nlist: [2, 3]\nimage: {extra: true}\n")
        .with_file("list.yaml", "- 1\n")
        .with_file("broken.yaml", "a: 1\nb: [\n")
        .with_file("note.txt", "hello\n")
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn files_then_flags_by_kind() {
    let flags = ValueFlags {
        files: strings(&["a.yaml", "b.yaml"]),
        json: strings(&[r#"{"image": {"tag": 3, "json": [1]}}"#, "list[0]=9"]),
        set: strings(&["image.tag=4,n=5"]),
        string: strings(&["n=6"]),
        file: strings(&["note=note.txt"]),
        literal: strings(&["lit=a,b"]),
    };
    assert_eq!(
        Value::Object(flags.merge(&world()).unwrap()),
        json!({
            "image": {"repo": "x", "tag": 4, "extra": true, "json": [1.0]},
            "list": [9.0, 3.0],
            "gone": null,
            "n": "6",
            "note": "hello\n",
            "lit": "a,b",
        })
    );
}

#[test]
fn errors_in_helms_words() {
    let file = |path: &str| ValueFlags { files: strings(&[path]), ..ValueFlags::default() };
    let message = |flags: ValueFlags| flags.merge(&world()).unwrap_err().message;
    assert_eq!(message(file("none.yaml")), "open none.yaml: no such file or directory");
    assert_eq!(
        message(file("list.yaml")),
        "failed to parse list.yaml: cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: \
         json: cannot unmarshal array into Go value of type map[string]interface {}"
    );
    let broken = file("broken.yaml").merge(&world()).unwrap_err();
    assert_eq!(
        broken.message,
        "failed to parse broken.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: line 2: \
         did not find expected node content"
    );
    assert_eq!(broken.place.unwrap().line, 3);
    let json = ValueFlags { json: strings(&["a=tru"]), ..ValueFlags::default() };
    assert_eq!(message(json), "failed parsing --set-json data a=tru");
    let json = ValueFlags { json: strings(&["{"]), ..ValueFlags::default() };
    assert_eq!(message(json), "failed parsing --set-json data JSON: {");
    let set = ValueFlags { set: strings(&["a"]), ..ValueFlags::default() };
    assert_eq!(message(set), "failed parsing --set data: key \"a\" has no value");
    let gone = ValueFlags { file: strings(&["a=none"]), ..ValueFlags::default() };
    assert_eq!(message(gone), "failed parsing --set-file data: open none: no such file or directory");
}
