use super::super::defaults::add_text;
use super::super::finding::written;
use super::super::sink::Sink;
use super::super::suggest::Likely;
use super::*;

/// A contract of default values, of paths that templates read by key, and of those that they hand on whole.
fn contract(defaults: &str, read: &[&str], sunk: &[(&str, Sink)]) -> Contract {
    let mut keys = Keys::default();
    add_text(defaults, &mut keys);
    let enter = |keys: &mut Keys, path: &str| {
        path.split('.').fold(Keys::ROOT, |at, name| match name {
            "*" => keys.enter_each(at, Source::Template),
            name => keys.enter(at, name, Source::Template),
        })
    };
    for path in read {
        enter(&mut keys, path);
    }
    for (path, sink) in sunk {
        let id = enter(&mut keys, path);
        keys.sink(id, sink);
    }
    Contract { keys, complete: true }
}

fn found(contract: &Contract, values: &str) -> Vec<(String, Kind)> {
    let values = crate::chart::read_values(values.as_bytes()).unwrap();
    check(contract, &values).into_iter().map(|f| (written(&f.path), f.kind)).collect()
}

fn sibling(name: &str) -> Kind {
    Kind::Unknown { likely: Some(Likely::Sibling { name: name.to_owned(), sure: true }) }
}

#[test]
fn a_key_that_nothing_reads() {
    let contract = contract("image:\n  tag: x\n", &["image.tag", "image.repository", "list.*.name"], &[]);
    assert_eq!(found(&contract, "image: {repository: a, tag: b}\n"), []);
    assert_eq!(
        found(&contract, "image: {repositry: a}\n"),
        [("image.repositry".into(), sibling("repository"))]
    );
    assert_eq!(found(&contract, "imgae: {tag: a}\n"), [("imgae".into(), sibling("image"))]);
    assert_eq!(found(&contract, "list: [{name: a}, {nme: b}]\n").len(), 1);
    assert_eq!(
        found(&contract, "image: {what: a}\n"),
        [("image.what".into(), Kind::Unknown { likely: None })]
    );
}

#[test]
fn a_key_at_another_place() {
    let contract = contract("", &["primary.persistence.size", "primary.image", "other"], &[]);
    let elsewhere = Kind::Unknown { likely: Some(Likely::Elsewhere { path: "primary.persistence".into() }) };
    assert_eq!(found(&contract, "persistence: {size: 1}\n"), [("persistence".into(), elsewhere)]);
}

#[test]
fn maps_that_are_handed_on_take_any_key_but_a_slip() {
    let contract = contract("labels: {team: a, port1: x}\n", &["other"], &[("labels", Sink::Anywhere)]);
    assert_eq!(found(&contract, "labels: {app: a, port2: y}\n"), []);
    assert_eq!(
        found(&contract, "labels: {taem: a}\n"),
        [("labels.taem".into(), Kind::NearMiss { meant: "team".into(), slip: Slip::Sure })]
    );
    // Both are given: two names. Another shape: another thing.
    assert_eq!(found(&contract, "labels: {taem: a, team: b}\n"), []);
    assert_eq!(found(&contract, "labels: {taem: {}}\n"), []);
}

#[test]
fn fields_of_kubernetes() {
    let contract = contract(
        "",
        &["resources.preset", "x"],
        &[("resources", Sink::Field("resources".into())), ("probe", Sink::Field("livenessProbe".into()))],
    );
    assert_eq!(found(&contract, "resources: {preset: a, limits: {cpu: 1, what: 2}, requests: {}}\n"), []);
    let kinds = found(&contract, "resources: {limit: {cpu: 1}}\n");
    assert!(
        matches!(&*kinds, [(path, Kind::UnknownField { meant: Some(meant), .. })]
        if path == "resources.limit" && meant == "limits"),
        "{kinds:?}"
    );
    let kinds = found(&contract, "probe: {httpGet: {path: /, prt: 80}}\n");
    assert!(
        matches!(&*kinds, [(path, Kind::UnknownField { meant: Some(meant), .. })]
        if path == "probe.httpGet.prt" && meant == "port"),
        "{kinds:?}"
    );
}

#[test]
fn what_texts_among_the_values_read() {
    let contract = contract("", &["host", "sub.x"], &[]);
    assert_eq!(found(&contract, "host: \"{{ .Values.domain.name }}\"\ndomain: {name: a}\n"), []);
    assert_eq!(found(&contract, "host: \"{{ .Values.domain }}\"\ndomains: a\n").len(), 1);
}

#[test]
fn shapes_and_what_goes_away() {
    let contract = contract("a: {b: 1}\nc: true\nd: [1, 2]\ne: x\n", &["a.b", "c", "d", "e"], &[]);
    let shape = Kind::WrongShape { expected: Shape::Map, found: Shape::Text };
    assert_eq!(found(&contract, "a: text\n"), [("a".into(), shape)]);
    assert_eq!(found(&contract, "a: false\n"), []);
    assert_eq!(found(&contract, "c: \"false\"\n"), [("c".into(), Kind::QuotedBool { text: "false".into() })]);
    assert_eq!(found(&contract, "d: [3]\n"), [("d".into(), Kind::Replaces { lost: 2, of: 2 })]);
    assert_eq!(found(&contract, "d: [1, 2, 3]\n"), []);
    assert_eq!(found(&contract, "e: null\n"), [("e".into(), Kind::Deletes)]);
}
