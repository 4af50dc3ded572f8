use super::capabilities::KubeVersion;
use super::glob::Glob;
use super::*;

#[test]
fn documents_are_cut_at_dashes() {
    let split = |text: &str| split_manifests(text).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(split("a: 1\n---\nb: 2\n"), ["a: 1\n", "b: 2\n"]);
    assert_eq!(split("---\n---  \t\n\n  \n---\na"), ["a"]);
    assert_eq!(split("---a: 1\n---b: 2"), ["a: 1\n", "b: 2"]);
    assert_eq!(split("-----\nx"), ["--\nx"]);
    assert_eq!(split("x: |\n  ---\n  y"), ["x: |\n  ---\n  y"]);
    assert_eq!(split("--- # note\na"), ["# note\na"]);
    assert_eq!(split("------\n---"), ["---\n"]);
    assert_eq!(split(" \n\t"), Vec::<String>::new());
}

#[test]
fn kinds_have_their_order() {
    let mut kinds = ["Zeta", "Ingress", "Pod", "Alpha", "Namespace", "Service", "PriorityClass"];
    kinds.sort_by_key(|k| install_rank(k));
    assert_eq!(kinds, ["PriorityClass", "Namespace", "Service", "Pod", "Ingress", "Alpha", "Zeta"]);
    kinds.sort_by_key(|k| uninstall_rank(k));
    assert_eq!(kinds, ["Ingress", "Service", "Pod", "Namespace", "PriorityClass", "Alpha", "Zeta"]);
}

#[test]
fn globs_are_gobwas() {
    let yes = [
        ("*", "a"),
        ("**", "a/b"),
        ("a/*", "a/b"),
        ("a/**", "a/b/c"),
        ("{a,b/*}.txt", "b/x.txt"),
        ("[a-c]x", "bx"),
        ("[!a]x", "bx"),
        ("[abc]", "c"),
        ("?", "a"),
        ("a\\*", "a*"),
        ("{x,y{1,2}}", "y2"),
        ("", ""),
        ("**.yaml", "a/b.yaml"),
    ];
    for (pattern, name) in yes {
        assert!(Glob::new(pattern).matches(name), "{pattern} {name}");
    }
    let no = [
        ("*", "a/b"),
        ("a/*", "a/b/c"),
        ("?", "/"),
        ("[!a]x", "ax"),
        ("{a,b}", "c"),
        ("a", "ab"),
        ("[a-c]", "d"),
    ];
    for (pattern, name) in no {
        assert!(!Glob::new(pattern).matches(name), "{pattern} {name}");
    }
    // What cannot be read matches everything.
    for broken in ["[a", "{a", "[a-z0-9]"] {
        assert!(Glob::new(broken).matches("any/thing"), "{broken}");
    }
}

#[test]
fn kubernetes_versions_are_read() {
    let read = |text: &str| KubeVersion::parse(text).map(|v| (v.version, v.normalized, v.major, v.minor));
    let owned =
        |a: &str, b: &str, c: &str, d: &str| Ok((a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned()));
    assert_eq!(read("1.34"), owned("v1.34", "v1.34", "1", "34"));
    assert_eq!(read("v1.33.4-gke.1245000"), owned("v1.33.4-gke.1245000", "v1.33.4", "1", "33"));
    assert_eq!(read("1.31-gke.3"), owned("v1.31-gke.3", "v1.31", "1", "31"));
    assert_eq!(read("1").unwrap_err().0, "illegal version string \"1\"");
    assert_eq!(read("x").unwrap_err().0, "could not parse \"x\" as version");
    assert_eq!(read("01.2").unwrap_err().0, "illegal zero-prefixed version component \"01\" in \"01.2\"");
}

#[test]
fn release_names_are_checked() {
    for good in ["a", "a-b", "a.b", "0", &"x".repeat(53)] {
        assert_eq!(check_name(good), Ok(()), "{good}");
    }
    for bad in ["", "A", "-a", "a-", "a..b", "a_b", &"x".repeat(54)] {
        assert!(check_name(bad).is_err(), "{bad}");
    }
}

/// Loads a chart with a template and a README.md of some pages, lets `meddle` at the folder, and renders.
#[expect(clippy::disallowed_methods, reason = "a chart on the disk")]
fn after(template: &str, meddle: impl Fn(&std::path::Path)) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    std::fs::create_dir(root.join("templates")).unwrap();
    std::fs::write(root.join("Chart.yaml"), "apiVersion: v2\nname: late\nversion: 1.0.0\n").unwrap();
    std::fs::write(root.join("templates/a.yaml"), template).unwrap();
    let readme = format!("\u{feff}first\n{}", "more\n".repeat(4000));
    std::fs::write(root.join("README.md"), readme).unwrap();
    let chart = crate::chart::load(&crate::source::DiskWorld, root).unwrap();
    meddle(root);
    let request = Request {
        chart: &chart,
        name: "x",
        namespace: "default",
        revision: 1,
        is_upgrade: false,
        values: &serde_json::Map::new(),
        capabilities: &Capabilities::offline(KubeVersion::parse("1.34").unwrap(), &[]),
        lookup: &Offline,
        seed: &Seed::reproducible("", 1_700_000_000),
        include_crds: false,
        subchart_notes: false,
        skip_schema_validation: false,
        text_only: true,
    };
    render(&request).map(|r| r.manifest).map_err(|e| format!("{} {}: {}", e.code(), e.file, e.message))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a chart on the disk")]
fn a_file_is_read_when_it_is_asked_for() {
    const GET: &str = "a: {{ index (.Files.Lines \"README.md\") 0 }}\n";
    const RANGE: &str = "{{ range $name, $data := .Files }}a: {{ len $data }}\n{{ end }}";
    assert_eq!(after(GET, |_| {}).unwrap(), "---\n# Source: late/templates/a.yaml\na: first\n\n");
    assert_eq!(after(RANGE, |_| {}).unwrap(), "---\n# Source: late/templates/a.yaml\na: 20006\n\n");
    // It is open: its name may go.
    #[cfg(unix)]
    {
        let gone = after(GET, |root| std::fs::remove_file(root.join("README.md")).unwrap()).unwrap();
        assert!(gone.contains("a: first"), "{gone}");
    }
    let changed = |root: &std::path::Path| std::fs::write(root.join("README.md"), "other\n").unwrap();
    let told = after(GET, changed).unwrap_err();
    assert!(
        told.contains("templates/a.yaml") && told.contains("error reading README.md: the file was changed"),
        "{told}"
    );
    let told = after(RANGE, changed).unwrap_err();
    assert!(told.contains("README.md: the file was changed while it was in use"), "{told}");
    // Nobody asked.
    assert!(after("a: b\n", changed).unwrap().contains("a: b"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a chart on the disk")]
fn a_record_and_crds_hold_what_was_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    std::fs::create_dir(root.join("crds")).unwrap();
    std::fs::write(root.join("Chart.yaml"), "apiVersion: v2\nname: late\nversion: 1.0.0\n").unwrap();
    let crd = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n{}", "# more\n".repeat(4000));
    std::fs::write(root.join("crds/x.yaml"), &crd).unwrap();
    let chart = crate::chart::load(&crate::source::DiskWorld, root).unwrap();
    let request = |values: &serde_json::Map<String, Value>| {
        let capabilities = Capabilities::offline(KubeVersion::parse("1.34").unwrap(), &[]);
        render(&Request {
            chart: &chart,
            name: "x",
            namespace: "default",
            revision: 1,
            is_upgrade: false,
            values,
            capabilities: &capabilities,
            lookup: &Offline,
            seed: &Seed::reproducible("", 1_700_000_000),
            include_crds: false,
            subchart_notes: false,
            skip_schema_validation: false,
            text_only: false,
        })
    };
    let rendered = request(&serde_json::Map::new()).unwrap();
    assert_eq!(rendered.crds.first().unwrap().text(), crd);
    assert_eq!(rendered.record_chart["files"][0]["name"], "crds/x.yaml");
    // A second rendering has it already.
    std::fs::write(root.join("crds/x.yaml"), "other").unwrap();
    assert_eq!(request(&serde_json::Map::new()).unwrap().crds.first().unwrap().text(), crd);
}
