//! `--reproducible`, and what `relc check` says of charts that need it.

use std::path::Path;
use std::process::{Command, Output};

const CHART: &[(&str, &str)] = &[
    ("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
    (
        "templates/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: foo\ndata:\n  password: {{ randAlphaNum 10 | b64enc }}\n",
    ),
];

/// The well-behaved way: what is on the cluster is kept.
const KEPT: &str = r#"{{- $old := lookup "v1" "Secret" .Release.Namespace "kept" }}
apiVersion: v1
kind: Secret
metadata:
  name: kept
stringData:
  password: {{ if $old }}{{ $old.data.password | b64dec }}{{ else }}{{ randAlphaNum 10 }}{{ end }}
"#;

const EVERYTHING: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: all
  annotations:
    sum: {{ include (print $.Template.BasePath "/secret.yaml") . | sha256sum }}
data:
  now: {{ now | date "2006-01-02 15:04:05.000 MST" | quote }}
  zoned: {{ now | htmlDate }} {{ ago 946684700 }}
  uuid: {{ uuidv4 }}
  int: "{{ randInt 1 1000000 }}"
  bytes: {{ randBytes 8 }}
  letters: {{ randAlpha 9 }}{{ randNumeric 9 }}{{ randAscii 9 | b64enc }}
  shuffle: {{ shuffle "abcdefghijklmnop" }}
  hashes: {{ htpasswd "a" "b" }} {{ bcrypt "a" }}
  aes: {{ encryptAES "k" "v" }}
  tpl: {{ tpl "{{ randAlpha 9 }}" . }}
{{- $ca := genCA "x" 1 }}{{ $c := genSignedCert "y" nil nil 1 $ca }}
{{- $ec := genPrivateKey "ecdsa" }}{{ $ed := genPrivateKey "ed25519" }}
  ca: {{ $ca.Cert | b64enc }} {{ $ca.Key | b64enc }}
  cert: {{ $c.Cert | b64enc }} {{ (genSelfSignedCert "y" nil nil 1).Cert | b64enc }}
  ec: {{ $ec | b64enc }} {{ (genCAWithKey "e" 1 $ec).Cert | b64enc }}
  ed: {{ $ed | b64enc }} {{ (genCAWithKey "e" 1 $ed).Cert | b64enc }}
"#;

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn relc(args: &[&str], env: &[(&str, &str)]) -> (String, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_relc"))
        .args(args)
        .env("NO_COLOR", "1")
        .env_remove("SOURCE_DATE_EPOCH")
        .envs(env.iter().copied())
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{err}");
    (String::from_utf8(output.stdout).unwrap(), err)
}

#[test]
fn the_same_bytes_come_out_every_time() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), CHART);
    write(dir.path(), &[("templates/all.yaml", EVERYTHING), ("templates/kept.yaml", KEPT)]);
    let chart = dir.path().to_str().unwrap();
    let render = |flag: &str, env: &[(&str, &str)]| relc(&["chart", "template", "r", chart, flag], env);
    let (first, warned) = render("--reproducible", &[("TZ", "Asia/Tokyo")]);
    assert!(warned.contains("E0508") && warned.contains("not secret"), "{warned}");
    assert_eq!(first, render("--reproducible", &[]).0);
    assert!(first.contains("now: \"2000-01-01 00:00:00.000 UTC\""), "{first}");
    let field = |text: &str, name: &str| {
        text.lines().find_map(|l| l.trim().strip_prefix(name).map(str::to_owned)).unwrap()
    };
    let (other, _) = render("--reproducible=2", &[("SOURCE_DATE_EPOCH", "86400")]);
    assert!(other.contains("now: \"1970-01-02 00:00:00.000 UTC\""), "{other}");
    for name in
        ["sum:", "uuid:", "int:", "bytes:", "letters:", "shuffle:", "hashes:", "aes:", "tpl:", "ca:", "cert:"]
    {
        assert_ne!(field(&first, name), field(&other, name), "{name} does not follow the seed");
    }
    // Another release of the same chart has other passwords.
    let (sibling, _) = relc(&["chart", "template", "s", chart, "--reproducible"], &[]);
    assert_ne!(field(&first, "password:"), field(&sibling, "password:"));
    // A template's values do not depend on what other templates ask for.
    std::fs::remove_file(dir.path().join("templates/all.yaml")).unwrap();
    assert_eq!(field(&first, "password:"), field(&render("--reproducible", &[]).0, "password:"));
}

#[test]
fn a_chart_that_asks_for_nothing_is_not_warned_about() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[
            CHART[0],
            ("templates/a.yaml", "kind: A\napiVersion: v1\nmetadata: {name: {{ now | date \"2006\" }}}\n"),
        ],
    );
    let (_, err) = relc(&["chart", "template", dir.path().to_str().unwrap(), "--reproducible"], &[]);
    assert_eq!(err, "");
}

fn stack(templates: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("app"), CHART);
    write(&dir.path().join("app"), templates);
    let main = "cluster \"main\" { sandbox = true }\nrelease \"x\" {\n  cluster   = cluster.main\n  namespace = \"n\"\n  \
                chart     = \"./app\"\n}\n";
    write(dir.path(), &[("main.rel", main)]);
    dir
}

#[test]
fn check_names_what_changes_with_every_render() {
    let dir = stack(&[("templates/kept.yaml", KEPT)]);
    let path = dir.path().to_str().unwrap();
    let (out, err) = relc(&["check", path], &[]);
    assert!(out.starts_with("ok:"), "{out}");
    let text: String = err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("E0507"), "{err}");
    assert!(text.contains("Secret/foo data.password changes with every render (randAlphaNum at"), "{err}");
    assert!(err.contains("secret.yaml:6"), "{err}");
    assert!(!text.contains("kept"), "what is looked up and kept does not change: {err}");
    assert_eq!(relc(&["check", path, "--reproducible"], &[]).1, "");
    // Only the names are wanted here; all in one object is told in one line.
    let dir = stack(&[("templates/all.yaml", EVERYTHING)]);
    let (_, err) = relc(&["check", dir.path().to_str().unwrap()], &[]);
    assert!(err.contains("ConfigMap/all data.aes, data.bytes"), "{err}");
    assert!(err.contains("Secret/foo data.password (randAlphaNum at templates/secret.yaml:6)"), "{err}");
}

#[test]
fn a_stack_that_renders_the_same_is_not_warned_about() {
    let dir = stack(&[("templates/secret.yaml", KEPT)]);
    assert_eq!(relc(&["check", dir.path().to_str().unwrap()], &[]).1, "");
}
