use super::path_match::Pattern;
use super::*;
use crate::source::MemoryWorld;
use std::io::Write;

fn matches(pattern: &str, name: &str) -> bool {
    Pattern::parse(pattern).unwrap().matches(name)
}

#[test]
fn patterns_are_gos() {
    assert!(matches("*.tgz", "a.tgz"));
    assert!(!matches("*.tgz", "dir/a.tgz"));
    assert!(matches("templates/.?*", "templates/.hidden"));
    assert!(!matches("templates/.?*", "templates/."));
    assert!(matches("[a-c]?[^x]", "bzy"));
    assert!(!matches("[a-c]?[^x]", "bzx"));
    assert!(matches(r"a\*b", "a*b"));
    assert!(matches("a*b*c", "aXbYbZc"));
    assert!(!matches("a*b*c", "aXbYbZ"));
    assert!(matches("", ""));
    for bad in ["[", "[]", "[a", "[a-", "[-x]", "\\"] {
        assert!(Pattern::parse(bad).is_err(), "{bad}");
    }
}

fn ignored(rules: &str, path: &str, is_dir: bool) -> bool {
    ignore::Rules::parse(rules).unwrap().ignores(path, is_dir)
}

#[test]
fn helmignore_is_helms_not_gits() {
    assert!(ignored("*.bak\n", "a/b/x.bak", false));
    assert!(ignored("docs/\n", "docs", true));
    assert!(!ignored("docs/\n", "docs", false));
    assert!(ignored("/top.txt", "top.txt", false));
    assert!(!ignored("/top.txt", "sub/top.txt", false));
    assert!(ignored("ci/x.yaml", "ci/x.yaml", false));
    assert!(!ignored("# note\n\n", "note", false));
    // A negated rule leaves out everything else.
    assert!(ignored("!keep.txt", "other.txt", false));
    assert!(!ignored("!keep.txt", "keep.txt", false));
    // Helm's own rule.
    assert!(ignored("", "templates/.swp", false));
    assert_eq!(ignore::Rules::parse("a\nb/**\n").unwrap_err().0, 2);
    assert!(!ignored("\u{feff}# note", "note", false));
}

fn world() -> MemoryWorld {
    MemoryWorld::default()
        .with_file("/c/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: 1.10\n")
        .with_file("/c/values.yaml", "a: 1\n---\nb: {c: true}\n")
        .with_file("/c/templates/a.yaml", "kind: A\n")
        .with_file("/c/templates/.hidden", "no")
        .with_file("/c/README.md", "# shop")
        .with_file("/c/charts/db/Chart.yaml", "apiVersion: v1\nname: db\nversion: 0.1.0\n")
        .with_file("/c/charts/db/requirements.yaml", "dependencies: []\n")
        .with_file("/c/charts/_scratch/Chart.yaml", ": not yaml")
        .with_file("/c/charts/README.md", "not a chart")
        .with_file("/c/crds/x.yaml", "kind: CustomResourceDefinition")
}

#[test]
fn a_folder_is_loaded() {
    let chart = load(&world().with_file("/c/charts/.ignored", ""), Path::new("/c"));
    // `charts/README.md` is a folder name without a chart in it, as far as Helm can tell.
    let error = chart.unwrap_err();
    assert_eq!(error.message, "error unpacking subchart README.md in shop: Chart.yaml file is missing");

    let world = world().with_file("/c/.helmignore", "charts/README.md\n");
    let chart = load(&world, Path::new("/c")).unwrap();
    assert_eq!(chart.name(), "shop");
    assert_eq!(chart.metadata.app_version, "1.1");
    assert_eq!(
        serde_json::Value::Object(chart.values.to_json()),
        serde_json::json!({"a": 1.0, "b": {"c": true}})
    );
    let templates: Vec<&str> = chart.templates.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(templates, ["templates/a.yaml"]);
    let names = |files: &[RawFile]| files.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&chart.files), [".helmignore", "README.md", "crds/x.yaml"]);
    assert_eq!(chart.dependencies.len(), 1);
    let db = chart.dependencies.first().unwrap();
    assert_eq!(names(&db.files), ["requirements.yaml"]);
}

fn tgz(entries: &[(&str, &str)]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut tar = tar::Builder::new(gzip);
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        // set_path refuses what is to be tested here.
        let field = &mut header.as_gnu_mut().unwrap().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, content.as_bytes()).unwrap();
    }
    let mut gzip = tar.into_inner().unwrap();
    gzip.flush().unwrap();
    gzip.finish().unwrap()
}

const CHART_YAML: &str = "apiVersion: v2\nname: packed\nversion: 1.0.0\n";

#[test]
fn an_archive_is_loaded() {
    let inner =
        tgz(&[("db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 2.0.0\n"), ("db/values.yaml", "x: 1")]);
    let bytes = tgz(&[("packed/Chart.yaml", CHART_YAML), ("packed/values.yaml", "\u{feff}a: b\n")]);
    let chart = load_archive(&bytes, Path::new("packed.tgz")).unwrap();
    assert_eq!(chart.id(), "packed-1.0.0");
    assert_eq!(chart.values.to_json().get("a"), Some(&Value::from("b")));

    let world = MemoryWorld::default()
        .with_file("/c/Chart.yaml", CHART_YAML)
        .with_file("/c/charts/db-2.0.0.tgz", inner);
    let chart = load(&world, Path::new("/c")).unwrap();
    assert_eq!(chart.dependencies.first().unwrap().name(), "db");
}

#[test]
fn unsafe_archives_are_refused() {
    let cases = [
        ("packed/../../etc/passwd", "chart illegally references parent directory"),
        ("packed//etc/passwd", "chart illegally contains absolute paths"),
        ("packed", "chart illegally contains content outside the base directory: \"packed\""),
        ("packed/c:/x", "chart contains illegally named files"),
        ("Chart.yaml/x", "chart yaml not in base directory"),
        ("packed\\..\\..\\x", "chart illegally references parent directory"),
    ];
    for (name, message) in cases {
        let error = load_archive(&tgz(&[(name, "x")]), Path::new("x.tgz")).unwrap_err();
        assert_eq!(error.message, message, "{name}");
    }
    let error = load_archive(&tgz(&[]), Path::new("x.tgz")).unwrap_err();
    assert_eq!(error.message, "no files in chart archive");
    let error = load_archive(b"a: b", Path::new("values.yaml")).unwrap_err();
    assert_eq!(error.message, "file 'values.yaml' seems to be a YAML file, but expected a gzipped archive");
    let error = load_archive(b"\x1f\x8b\x08 cut off", Path::new("x.tgz")).unwrap_err();
    assert_eq!(error.kind, ChartErrorKind::Archive);
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = "\0".repeat(11 << 20);
    let entries: Vec<(String, &str)> = (0..10).map(|n| (format!("packed/f{n}"), zeros.as_str())).collect();
    let entries: Vec<(&str, &str)> = entries.iter().map(|(n, c)| (n.as_str(), *c)).collect();
    let error = load_archive(&tgz(&entries), Path::new("x.tgz")).unwrap_err();
    assert_eq!(error.message, "decompressed chart is larger than the maximum size 104857600");
}

fn metadata_error(chart_yaml: &str) -> ChartError {
    load(&MemoryWorld::default().with_file("/c/Chart.yaml", chart_yaml), Path::new("/c")).unwrap_err()
}

#[test]
fn broken_chart_yaml_is_named() {
    let error = metadata_error("apiVersion: v2\nname: [\n");
    assert!(
        error.message.starts_with("cannot load Chart.yaml: error converting YAML to JSON: yaml: line"),
        "{error}"
    );
    assert!(error.place.is_some());
    let cases = [
        ("apiVersion: v2\nversion: 1.0.0\n", "validation: chart.metadata.name is required"),
        ("apiVersion: v2\nname: a\n", "validation: chart.metadata.version is required"),
        ("apiVersion: v2\nname: a\nversion: x\n", "validation: chart.metadata.version \"x\" is invalid"),
        ("apiVersion: v2\nname: a/b\nversion: 1.0.0\n", "validation: chart.metadata.name \"a/b\" is invalid"),
        (
            "apiVersion: v2\nname: a\nversion: 1.0.0\ntype: thing\n",
            "validation: chart.metadata.type must be application or library",
        ),
        (
            "apiVersion: v2\nname: [x]\nversion: 1.0.0\n",
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into \
             Go struct field Metadata.name of type string",
        ),
        (
            "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n- name: x\n- name: x\n",
            "validation: more than one dependency with name or alias \"x\"",
        ),
        ("apiVersion: v9\nname: a\nversion: 1.0.0\n", "unsupported chart version"),
    ];
    for (text, message) in cases {
        assert_eq!(metadata_error(text).message, message);
    }
}

#[test]
fn what_is_no_chart_is_told_apart() {
    let world = world();
    assert_eq!(load(&world, Path::new("/nowhere")).unwrap_err().kind, ChartErrorKind::Missing);
    let error = load(&world, Path::new("/c/charts")).unwrap_err();
    assert_eq!(error.kind, ChartErrorKind::NotAChart);
    assert_eq!(error.help.as_deref(), Some("these folders inside it are charts: _scratch, db"));
    let error = load(&world, Path::new("/c/README.md")).unwrap_err();
    assert!(error.message.contains("does not appear to be a gzipped archive"), "{error}");
}

#[test]
fn missing_dependencies_are_listed() {
    let world = MemoryWorld::default().with_file(
        "/c/Chart.yaml",
        format!("{CHART_YAML}dependencies:\n- {{name: db, version: 1.x}}\n- {{name: cache, version: 1.x}}\n"),
    );
    let chart = load(&world, Path::new("/c")).unwrap();
    let error = chart.check_installable().unwrap_err();
    assert!(error.message.ends_with("missing in charts/ directory: db, cache"), "{error}");
}

#[test]
fn documents_of_values_are_merged() {
    let read = |text: &str| read_values(text.as_bytes()).map(Value::Object);
    assert_eq!(read("").unwrap(), serde_json::json!({}));
    assert_eq!(
        read("a: {x: 1, z: 2}\n--- # more\na: {z: null}\nb: [1]").unwrap(),
        serde_json::json!({"a": {"x": 1.0, "z": null}, "b": [1.0]})
    );
    assert_eq!(
        read("a: 1\n--- b: 2\n").unwrap_err().message,
        "error reading yaml document: invalid Yaml document separator: b: 2"
    );
    assert_eq!(
        read("- 1").unwrap_err().message,
        "cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array \
         into Go value of type map[string]interface {}"
    );
}
