//! The command line as a person and a CI job meet it: the README's commands, exit codes, JSON shapes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn relc(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_relc"))
        .args(args)
        .env_remove("KUBECONFIG")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() == ".relc" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// A copy of the quickstart, so that its sandbox starts empty.
fn quickstart() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let stack = dir.path().join("quickstart");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart"), &stack);
    (dir, stack)
}

/// A stack owns what is recorded under its name, so a name shared by accident would have one directory remove
/// what another one made.
#[test]
fn a_stack_without_a_block_is_named_by_its_directory_however_that_is_written() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["shop", "blog"] {
        let stack = dir.path().join(name);
        std::fs::create_dir_all(stack.join("sub")).unwrap();
        let text = "cluster \"c\" { sandbox = true }\nnamespace \"n\" { cluster = cluster.c }\n";
        std::fs::write(stack.join("main.rel"), text).unwrap();
        for (from, path) in [("", "."), ("", "./"), ("sub", ".."), ("", &*format!("../{name}"))] {
            let output = Command::new(env!("CARGO_BIN_EXE_relc"))
                .args(["plan", path])
                .current_dir(stack.join(from))
                .env("NO_COLOR", "1")
                .output()
                .unwrap();
            let expected = format!("Plan for stack \"{name}\":");
            assert!(out(&output).starts_with(&expected), "{path}: {}{}", out(&output), err(&output));
        }
    }
}

#[test]
fn quickstart_creates_then_changes_nothing_then_leaves_nothing() {
    let (_keep, stack) = quickstart();
    let dir = stack.to_str().unwrap();

    let planned = relc(&["plan", dir, "--detailed-exitcode"]);
    assert_eq!(code(&planned), 2, "{}", err(&planned));
    assert!(out(&planned).starts_with("Plan for stack \"quickstart\": 4 to create"), "{}", out(&planned));

    let first = relc(&["apply", dir, "--auto-approve"]);
    assert_eq!(code(&first), 0, "{}", err(&first));
    assert!(out(&first).contains("shop_url = \"https://shop.example.com\""), "{}", out(&first));
    assert!(!out(&first).contains("quickstart-only") && !err(&first).contains("quickstart-only"));

    let second = relc(&["apply", dir, "--auto-approve"]);
    assert_eq!(code(&second), 0, "{}", err(&second));
    assert!(out(&second).contains("no changes (4 unchanged)"), "{}", out(&second));
    assert_eq!(code(&relc(&["plan", dir, "--detailed-exitcode"])), 0);

    let larger = relc(&["plan", dir, "-v", "size=large"]);
    assert!(out(&larger).contains("spec.replicas: 1 -> 3"), "{}", out(&larger));

    let gone = relc(&["destroy", dir, "--auto-approve"]);
    assert_eq!(code(&gone), 0, "{}", err(&gone));
    let again = relc(&["destroy", dir, "--auto-approve"]);
    assert!(out(&again).contains("no changes"), "{}", out(&again));
}

#[test]
fn apply_without_a_terminal_refuses_and_says_how_to_go_on() {
    let (_keep, stack) = quickstart();
    let dir = stack.to_str().unwrap();
    let refused = relc(&["apply", dir]);
    assert_eq!(code(&refused), 1);
    assert!(err(&refused).contains("--auto-approve"), "{}", err(&refused));
    let planned = relc(&["plan", dir, "--detailed-exitcode"]);
    assert_eq!(code(&planned), 2, "something was applied");
}

#[test]
fn a_plan_as_json_has_the_promised_shape() {
    let (_keep, stack) = quickstart();
    let planned = relc(&["plan", stack.to_str().unwrap(), "--format", "json"]);
    let plan: Value = serde_json::from_str(&out(&planned)).unwrap();
    assert_eq!(plan["format_version"], 1);
    for action in ["create", "upgrade", "no_op", "adopt", "repair", "replace", "destroy"] {
        assert!(plan["summary"][action].is_u64(), "{action} is missing in {}", plan["summary"]);
    }
    let change = &plan["changes"][0];
    assert_eq!(change["address"], "namespace.data");
    assert_eq!(change["action"], "create");
    assert_eq!(change["objects"][0]["kind"], "Namespace");
    assert!(!out(&planned).contains("quickstart-only"), "a secret is in the plan");
}

#[test]
fn findings_as_json_have_positions() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.rel"), "release \"x\" {\n  chart = 3\n}\n").unwrap();
    let checked = relc(&["check", dir.path().to_str().unwrap(), "--format", "json"]);
    assert_eq!(code(&checked), 1);
    let found: Value = serde_json::from_str(&out(&checked)).unwrap();
    let list = found["diagnostics"].as_array().unwrap();
    assert!(list.len() >= 2, "both mistakes in one run: {found}");
    assert!(list.iter().all(|d| d["code"].as_str().unwrap().starts_with('E')));
    assert!(list.iter().any(|d| d["labels"][0]["line"] == 2), "{found}");
}

#[test]
fn wrong_arguments_are_errors_not_changes() {
    for args in [&["plan", "--no-such-flag"][..], &["no-such-command"], &["check", "-v", "x", "."]] {
        let output = relc(args);
        assert_eq!(code(&output), 1, "{args:?}");
        assert!(!err(&output).is_empty(), "{args:?}");
    }
    let missing = relc(&["check", "no/such/directory"]);
    assert_eq!(code(&missing), 1);
    assert!(err(&missing).contains("no/such/directory"), "{}", err(&missing));
}

#[test]
fn every_code_can_be_explained() {
    for (number, text) in relc::diag::codes::ALL {
        let output = relc(&["explain", number.0]);
        assert_eq!(code(&output), 0);
        assert!(out(&output).contains(text));
    }
    let unknown = relc(&["explain", "E9999"]);
    assert_eq!(code(&unknown), 1);
}

#[test]
fn the_readmes_commands_are_the_ones_tested() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let commands: Vec<&str> =
        readme.split("```sh\n").skip(1).filter_map(|block| block.split("\n```").next()).collect();
    assert_eq!(commands, ["cargo run --release -- apply examples/quickstart --auto-approve", "cargo test"]);
}

#[test]
fn the_version_names_the_helm_it_follows() {
    let version = out(&relc(&["--version"]));
    assert!(version.contains(relc::render::HELM_VERSION), "{version}");
}

#[test]
fn a_file_in_place_of_the_directory_is_told_apart() {
    let (_keep, stack) = quickstart();
    let output = relc(&["check", stack.join("main.rel").to_str().unwrap()]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("it is a file, not a directory"), "{}", err(&output));
    assert!(err(&output).contains("name the directory, not a file in it"), "{}", err(&output));
}

/// What goes into files is what is printed otherwise, and that is held against Helm's (`charts.rs`).
#[test]
fn a_chart_is_rendered_into_a_directory() {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts/subcharts/chart");
    let chart = chart.to_str().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let into = dir.path().to_str().unwrap();
    let printed = relc(&["chart", "template", "rel", chart]);
    let written = relc(&["chart", "template", "rel", chart, "--output-dir", into]);
    assert_eq!((code(&printed), code(&written)), (0, 0), "{}{}", err(&printed), err(&written));
    let told = out(&written);
    let files: std::collections::BTreeSet<&str> =
        told.lines().filter_map(|line| line.strip_prefix("wrote ")).collect();
    assert!(!files.is_empty(), "{told}");
    let mut in_files: Vec<String> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        in_files.extend(text.split("---\n# Source: ").skip(1).map(|d| d.trim_end().to_owned()));
    }
    let all = out(&printed);
    let mut in_print: Vec<String> =
        all.split("---\n# Source: ").skip(1).map(|d| d.trim_end().to_owned()).collect();
    in_files.sort();
    in_print.sort();
    assert_eq!(in_files, in_print);
}

#[test]
fn a_flag_of_helm_that_is_not_offered_says_what_to_do_instead() {
    let output = relc(&["chart", "template", "rel", "somewhere", "--post-renderer", "kustomize"]);
    assert_eq!(code(&output), 1);
    let text = err(&output);
    assert!(text.contains("`--post-renderer` is not offered") && text.contains("pipe the output"), "{text}");
}

/// A schema that refers to another document fits no values here; the finding says how to go on, and that works.
#[test]
fn a_schema_of_another_document_can_be_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let chart = dir.path().join("chart");
    std::fs::create_dir_all(chart.join("templates")).unwrap();
    std::fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: c\nversion: 0.1.0\n").unwrap();
    std::fs::write(chart.join("values.schema.json"), r#"{"$ref": "https://example.invalid/values.json"}"#)
        .unwrap();
    std::fs::write(chart.join("templates/a.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
        .unwrap();
    let stack = |more: &str| {
        let head = "cluster \"c\" { sandbox = true }\nnamespace \"n\" { cluster = cluster.c }\n";
        let release =
            format!("release \"r\" {{\n  namespace = namespace.n\n  chart = \"./chart\"\n{more}}}\n");
        std::fs::write(dir.path().join("main.rel"), format!("{head}{release}")).unwrap();
        relc(&["check", dir.path().to_str().unwrap(), "--format", "json"])
    };
    let refused = stack("");
    let text = format!("{}{}", out(&refused), err(&refused)).replace('\\', "");
    assert_eq!(code(&refused), 1, "{text}");
    assert!(text.contains("failing loading \"https://example.invalid/values.json\""), "{text}");
    assert!(text.contains("`skip_schema_validation = true` in the release"), "{text}");
    let accepted = stack("  skip_schema_validation = true\n");
    assert_eq!(code(&accepted), 0, "{}", err(&accepted));
    let path = chart.to_str().unwrap();
    assert_eq!(code(&relc(&["chart", "template", "x", path])), 1);
    assert_eq!(code(&relc(&["chart", "template", "x", path, "--skip-schema-validation"])), 0);
}

/// In Go's words, with the first name of the path that is not there.
#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_named_with_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let chart = dir.path().join("chart");
    std::fs::create_dir_all(chart.join("templates")).unwrap();
    std::fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: c\nversion: 0.1.0\n").unwrap();
    std::fs::write(chart.join(".helmignore"), "skipped\n").unwrap();
    let shown = chart.display().to_string();
    for (link, target, why) in [
        (
            "templates/a.yaml",
            "missing.txt",
            format!("lstat {shown}/templates/missing.txt: no such file or directory"),
        ),
        ("templates/b.yaml", "../no/x", format!("lstat {shown}/no: no such file or directory")),
        ("skipped", "/nonexistent/x", "lstat /nonexistent: no such file or directory".to_owned()),
        ("loop", "loop", "EvalSymlinks: too many links".to_owned()),
    ] {
        let at = chart.join(link);
        std::os::unix::fs::symlink(target, &at).unwrap();
        let refused = relc(&["chart", "template", "x", &shown, "--format", "json"]);
        let text = format!("{}{}", out(&refused), err(&refused)).replace('\\', "");
        let expected = format!("error evaluating symlink {}: {why}", at.display());
        assert!(code(&refused) == 1 && text.contains(&expected), "{expected}\n{text}");
        std::fs::remove_file(&at).unwrap();
    }
}

/// Neither a chart that is missing nor a cluster that does not answer keeps the other mistakes for the next run.
#[test]
fn plan_says_all_that_is_wrong_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let templates = dir.path().join("bad/templates");
    std::fs::create_dir_all(&templates).unwrap();
    std::fs::write(dir.path().join("bad/Chart.yaml"), "apiVersion: v2\nname: bad\nversion: 1.0.0\n").unwrap();
    std::fs::write(templates.join("a.yaml"), "{{ fail \"no host\" }}\n").unwrap();
    let plan = |text: &str| {
        std::fs::write(dir.path().join("main.rel"), text).unwrap();
        relc(&["plan", dir.path().to_str().unwrap()])
    };
    let bad = "release \"bad\" {\n  namespace = namespace.web\n  chart = \"./bad\"\n}\n";

    let missing = "release \"gone\" {\n  namespace = namespace.web\n  chart = \"./gone\"\n}\n";
    let sandbox =
        "stack \"s\" {}\ncluster \"c\" { sandbox = true }\nnamespace \"web\" { cluster = cluster.c }\n";
    let planned = plan(&format!("{sandbox}{missing}{bad}"));
    assert_eq!(code(&planned), 1);
    assert!(err(&planned).contains("gone"), "{}", err(&planned));
    assert!(err(&planned).contains("no host"), "{}", err(&planned));

    let away = "stack \"s\" {}\ncluster \"c\" {\n  kubeconfig = \"./none\"\n  context = \"x\"\n}\nnamespace \"web\" { cluster = cluster.c }\n";
    let planned = plan(&format!("{away}{bad}"));
    assert_eq!(code(&planned), 1);
    assert!(err(&planned).contains("none"), "{}", err(&planned));
    assert!(err(&planned).contains("no host"), "{}", err(&planned));
}

/// A chart without a schema, whose template reads keys by name, hands one map on and ranges over another.
fn chart_without_schema(dir: &Path) -> PathBuf {
    let chart = dir.join("chart");
    std::fs::create_dir_all(chart.join("templates")).unwrap();
    std::fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: c\nversion: 0.1.0\n").unwrap();
    let values = "# How many\nreplicas: 1\nimage:\n  repository: r\n  # tag: x\nlabels:\n  team: a\n";
    std::fs::write(chart.join("values.yaml"), values).unwrap();
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n    {{- toYaml .Values.labels | nindent 4 }}\n\
                    data:\n  a: {{ .Values.replicas | quote }}\n  b: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"\n\
                    {{- range $k, $v := .Values.extra }}\n  {{ $k }}: {{ $v }}\n{{- end }}\n";
    std::fs::write(chart.join("templates/a.yaml"), template).unwrap();
    chart
}

#[test]
fn values_files_are_checked_against_a_chart() {
    let dir = tempfile::tempdir().unwrap();
    let chart = chart_without_schema(dir.path());
    let chart = chart.to_str().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = file("good.yaml", "image: {tag: x}\nlabels: {app: b}\nextra: {any: 1}\nglobal: {}\n");
    let output = relc(&["chart", "check", chart, "-f", &good]);
    assert_eq!(code(&output), 0, "{}", err(&output));

    // All that is wrong at once, in all files, each at its key.
    let bad = file("bad.yaml", "image:\n  repositry: x\nlabels:\n  taem: b\n");
    let worse = file("worse.yaml", "replica: 2\n");
    let output = relc(&["chart", "check", chart, "-f", &bad, "-f", &worse, "--format", "json"]);
    assert_eq!(code(&output), 1);
    let found: Value = serde_json::from_str(&out(&output)).unwrap();
    let mut places: Vec<(String, String)> = found["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (d["code"].as_str().unwrap().to_owned(), d["labels"][0]["line"].to_string()))
        .collect();
    places.sort();
    assert_eq!(
        places,
        [("E0411".into(), "1".into()), ("E0411".into(), "2".into()), ("E0412".into(), "4".into())]
    );

    // What nothing resembles is a warning.
    let old = file("old.yaml", "somethingElse: 2\n");
    let output = relc(&["chart", "check", chart, "-f", &old]);
    assert_eq!(code(&output), 0);
    assert!(err(&output).contains("unknown key `somethingElse`"), "{}", err(&output));

    let output = relc(&["chart", "check", chart, "--set", "image.repositry=x"]);
    assert_eq!(code(&output), 1);

    let schema: Value = serde_json::from_str(&out(&relc(&["chart", "schema", chart]))).unwrap();
    assert_eq!(schema["properties"]["replicas"]["description"], "How many");
    assert_eq!(schema["properties"]["replicas"]["default"], 1);
    assert_eq!(schema["properties"]["image"]["additionalProperties"], false);
}

#[test]
fn values_of_releases_are_checked_against_their_charts() {
    let dir = tempfile::tempdir().unwrap();
    chart_without_schema(dir.path());
    let stack = |more: &str| {
        let text = format!(
            "cluster \"c\" {{ sandbox = true }}\nnamespace \"n\" {{ cluster = cluster.c }}\nrelease \"r\" {{\n  \
             namespace = namespace.n\n  chart = \"./chart\"\n{more}}}\n"
        );
        std::fs::write(dir.path().join("main.rel"), text).unwrap();
        relc(&["check", dir.path().to_str().unwrap(), "--format", "json"])
    };
    let good = stack("  values { image { tag = \"x\" } }\n");
    assert_eq!(code(&good), 0, "{}{}", out(&good), err(&good));
    let bad = stack("  values { image { repositry = \"x\" } }\n");
    assert_eq!(code(&bad), 1);
    let found: Value = serde_json::from_str(&out(&bad)).unwrap();
    let label = &found["diagnostics"][0]["labels"][0];
    assert_eq!((label["line"].as_u64(), label["column"].as_u64()), (Some(6), Some(20)), "{found:#}");
    let allowed = stack("  values { image { repositry = \"x\" } }\n  allow_unknown = [\"image\"]\n");
    assert_eq!(code(&allowed), 0, "{}", err(&allowed));
}

/// What the source gives, what a chart gives, and never a secret.
#[test]
fn the_values_of_a_release_say_where_they_come_from() {
    let (_dir, stack) = quickstart();
    let dir = stack.to_str().unwrap();
    let shown = relc(&["values", "shop", dir]);
    assert_eq!(code(&shown), 0, "{}", err(&shown));
    let text = out(&shown);
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
    assert!(line("database.port = 5432").contains("main.rel:"), "{text}");
    assert!(line("service.port = 80").ends_with("# web/values.yaml:9"), "{text}");
    assert!(line("database.password = ").contains("(secret)"), "{text}");
    let shown = relc(&["values", "release.shop", dir, "--format", "json"]);
    let json: Value = serde_json::from_str(&out(&shown)).unwrap();
    let password = json["values"].as_array().unwrap().iter().find(|leaf| leaf["path"] == "database.password");
    assert_eq!(password.unwrap()["secret"], true);
    assert!(password.unwrap().get("value").is_none());
    let missing = relc(&["values", "shopp", dir]);
    assert_eq!(code(&missing), 1);
    assert!(err(&missing).contains("did you mean `shop`?"), "{}", err(&missing));
}

#[test]
fn every_command_says_what_it_does() {
    let help = |args: &[&str]| out(&relc(args)).lines().next().unwrap_or_default().to_owned();
    assert_eq!(help(&["check", "--help"]), "Compile and render a stack, without a network");
    assert_eq!(
        help(&["values", "--help"]),
        "Show the merged values of a release, each with where it comes from"
    );
    assert_eq!(
        help(&["chart", "template", "--help"]),
        "Render a chart and print its manifests, as `helm template` does"
    );
}
