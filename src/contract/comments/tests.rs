use super::super::defaults::add_text;
use super::*;

/// The keys of a values.yaml, with those that its comments tell after a `+`.
fn keys(text: &str) -> (Keys, Vec<String>) {
    let mut keys = Keys::default();
    add_text(text, &mut keys);
    read_text(text, Keys::ROOT, &mut keys);
    let mut told: Vec<String> =
        keys.ids().filter(|&id| keys.get(id).sources == [Source::Comment]).map(|id| keys.path(id)).collect();
    told.sort();
    (keys, told)
}

fn told(text: &str) -> Vec<String> {
    keys(text).1
}

fn description(text: &str, path: &str) -> Option<String> {
    let (keys, _) = keys(text);
    let id = keys.ids().find(|&id| keys.path(id) == path)?;
    keys.get(id).description.clone()
}

#[test]
fn commented_keys_belong_where_they_are_indented() {
    assert_eq!(told("a: 1\n# b: 2\nc:\n  d: 1\n  # e: 2\n  f: 3\n"), ["b", "c.e"]);
    assert_eq!(told("c:\n  d: 1\n\n# e: 2\nf: 3\n"), ["e"]);
    assert_eq!(
        told("r: {}\n  # limits:\n  #   cpu: 100m\n  # requests:\n  #   cpu: 50m\n"),
        ["r.limits", "r.limits.cpu", "r.requests", "r.requests.cpu"]
    );
    assert_eq!(told("c:\n  d:\n    x: 1\n  # y: 1\n"), ["c.y"]);
    assert_eq!(told("c:\n  d:\n    x: 1\n  #  y: 1\n"), ["c.d.y"]);
    assert_eq!(told("c:\n  d: 1\n#  e: 2\n"), ["c.e"]);
    assert_eq!(told("c:\n  d: 1\n#   e: 2\n"), ["c.e"]);
    assert_eq!(told("#a:\n#  b: 1\n#c: 2\n"), ["a", "a.b", "c"]);
}

#[test]
fn commented_items() {
    assert_eq!(
        told("hosts: []\n#  - host: a\n#    paths: [ / ]\n"),
        ["hosts[*]", "hosts[*].host", "hosts[*].paths"]
    );
    assert_eq!(
        told("hosts: []\n# - host: a\n#   paths:\n#     - path: /\n"),
        ["hosts[*]", "hosts[*].host", "hosts[*].paths", "hosts[*].paths[*]", "hosts[*].paths[*].path"]
    );
    assert_eq!(
        told("a: {}\n# tolerations:\n# - key: x\n#   operator: y\n"),
        ["tolerations", "tolerations[*]", "tolerations[*].key", "tolerations[*].operator"]
    );
    assert_eq!(told("a: 1\n# b: {c: 1, d: [{e: 2}]}\n"), ["b", "b.c", "b.d", "b.d[*]", "b.d[*].e"]);
}

#[test]
fn sentences_are_no_keys() {
    for text in [
        "# Note: this is read once.\na: 1\n",
        "# ref: https://example.org/x\na: 1\n",
        "# The values are:\na: 1\n",
        "# a word about something: it is long and has no end\na: 1\n",
        "# important: do not touch this, ever\na: 1\n",
        "# see http://x.y:80/\na: 1\n",
        "text: |\n  # key: value\n  # other: value\nb: 1\n",
        "text: >-\n  some\n\n  # key: value\n\nb: 1\n",
        "# options: one of fast, slow, and none at all\na: 1\n",
    ] {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn texts_in_comments_hold_no_keys() {
    assert_eq!(told("a: 1\n# config: |\n#   server:\n#     port: 1\n# b: 1\n"), ["b", "config"]);
}

#[test]
fn annotations_name_keys_and_describe_them() {
    let text = "## @section Common\n## @param image.registry [string] Where it comes from\n\
                ## @param extra[0].name The name\n## @extra image.tag Which one\nimage:\n  registry: x\n";
    assert_eq!(told(text), ["extra", "extra[*]", "extra[*].name", "image.tag"]);
    assert_eq!(description(text, "image.registry").as_deref(), Some("Where it comes from"));
    assert_eq!(description(text, "image.tag").as_deref(), Some("Which one"));
    let text = "# -- (int) How many\n# of them\n# @default -- 3\ncount: 1\n# a.b -- Elsewhere\n";
    assert_eq!(description(text, "count").as_deref(), Some("How many\nof them"));
    assert_eq!(description(text, "a.b").as_deref(), Some("Elsewhere"));
    assert_eq!(told(text), ["a", "a.b"]);
}

#[test]
fn comments_above_and_behind_describe() {
    assert_eq!(description("# How many\na: 1\n", "a").as_deref(), Some("How many"));
    assert_eq!(description("a: 1 # how many\n", "a").as_deref(), Some("how many"));
    assert_eq!(description("# Not this\n\na: 1\n", "a"), None);
    assert_eq!(description("c:\n  # How many\n  # b: 2\n  a: 1\n", "c.a").as_deref(), Some("How many"));
}
