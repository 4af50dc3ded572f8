use super::*;
use crate::chart;
use crate::source::{FileId, MemoryWorld};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn span(at: u32) -> Span {
    Span { file: FileId(0), start: at, end: at + 1 }
}

fn map(at: u32, entries: &[(&str, Value)]) -> Value {
    let entries: BTreeMap<Arc<str>, Value> =
        entries.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect();
    Value::new(ValueKind::Map(Arc::new(entries)), span(at))
}

fn text(at: u32, text: &str) -> Value {
    Value::new(ValueKind::String(text.into()), span(at))
}

#[test]
fn the_last_layer_decides_then_the_outermost_chart() {
    let world = MemoryWorld::default()
        .with_file(
            "/c/Chart.yaml",
            "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {name: s, version: 1.0.0, alias: t}\n",
        )
        .with_file("/c/values.yaml", "a: 1\nt:\n  x: outer\nglobal: {g: 1}\n")
        .with_file("/c/charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n")
        .with_file("/c/charts/s/values.yaml", "# first\nx: inner\ny: [1, 2]\n");
    let chart = chart::load(&world, Path::new("/c")).unwrap();
    let layers = [
        map(1, &[("b", text(2, "old")), ("key", text(3, "hidden").taint(true))]),
        map(4, &[("b", text(5, "new"))]),
    ];
    let merged = json!({
        "a": 1.0, "b": "new", "key": "hidden", "made": {},
        "t": {"x": "outer", "y": [1.0, 2.0], "global": {"g": 1.0}},
    });
    let shown: Vec<String> = values(&layers, &chart, &merged)
        .into_iter()
        .map(|leaf| {
            let origin = match leaf.origin {
                Origin::Source(span) => format!("@{}", span.start),
                Origin::Default { chart, line } => format!("{chart}:{line}"),
                Origin::Chart => "chart".to_owned(),
            };
            let value = leaf.value.map_or_else(|| "secret".to_owned(), |value| value.to_string());
            format!("{}={value} {origin}", written(&leaf.path))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "a=1.0 c:1",
            "b=\"new\" @5",
            "key=secret @3",
            "made={} chart",
            "t.global.g=1.0 c:4",
            "t.x=\"outer\" c:3",
            "t.y[0]=1.0 c/charts/t:3",
            "t.y[1]=2.0 c/charts/t:3",
        ]
    );
}

#[test]
fn paths_are_written_as_people_write_them() {
    let path = [Step::Key("a".into()), Step::Index(0), Step::Key("b.c".into())];
    assert_eq!(written(&path), "a[0].\"b.c\"");
}
