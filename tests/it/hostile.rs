//! Hostile charts: each ends in a clear error, soon, in bounded memory, and without a panic.
//!
//! What Helm refuses is refused in its words where it has any; where it would go on for ever, run out of memory
//! or die of its stack, the words are ours.

#![cfg(unix)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const META: &str = "apiVersion: v2\nname: h\nversion: 0.1.0\n";
const OK: &str = "a: 1\n";

/// Far more than any case takes in a debug build on a busy machine, and far less than for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// Address space in KiB, of which far less is used.
const MEMORY: usize = 1 << 20;

/// A chart in a directory of its own, and how it is rendered.
struct Hostile {
    dir: tempfile::TempDir,
    flags: Vec<String>,
}

impl Hostile {
    fn new() -> Self {
        let hostile = Self { dir: tempfile::tempdir().unwrap(), flags: Vec::new() };
        hostile.with("Chart.yaml", META)
    }

    fn template(text: &str) -> Self {
        Self::new().with("templates/t.yaml", text)
    }

    fn values(text: impl AsRef<[u8]>) -> Self {
        Self::template(OK).with("values.yaml", text)
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join("h").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    fn link(self, name: &str, target: &str) -> Self {
        symlink(target, self.path(name)).unwrap();
        self
    }

    fn pipe(self, name: &str) -> Self {
        assert!(Command::new("mkfifo").arg(self.path(name)).status().unwrap().success());
        self
    }

    /// Flags; `CHART` in them is the chart's directory.
    fn flags(mut self, flags: &[&str]) -> Self {
        let dir = self.dir.path().join("h");
        self.flags.extend(flags.iter().map(|flag| flag.replace("CHART", dir.to_str().unwrap())));
        self
    }

    fn fails(self, expected: &str) {
        let chart = self.dir.path().join("h");
        fails(&chart, &self.flags, expected);
    }

    fn renders(self) {
        let (code, err) = run(&self.dir.path().join("h"), &self.flags);
        assert_eq!(code, Some(0), "{err}");
    }
}

/// The exit code, none where it had to be stopped or died, and what was said.
fn run(chart: &Path, flags: &[String]) -> (Option<i32>, String) {
    let started = Instant::now();
    let said = tempfile::NamedTempFile::new().unwrap();
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -v {MEMORY}; ulimit -c 0; exec \"$@\""), "sh"])
        .arg(env!("CARGO_BIN_EXE_relc"))
        .args(["chart", "template", "rel"])
        .arg(chart)
        .args(flags)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said.reopen().unwrap())
        .spawn()
        .unwrap();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let said = String::from_utf8_lossy(&fs::read(said.path()).unwrap()).into_owned();
    (code, said)
}

fn fails(chart: &Path, flags: &[String], expected: &str) {
    let (code, said) = run(chart, flags);
    // Drawn in a box: the words count, not where lines break.
    let words = |text: &str| text.replace(['│', '×'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = said.chars().take(2_000).collect();
    assert_eq!(code, Some(1), "expected `{expected}`, got:\n{shown}");
    assert!(words(&said).contains(&words(expected)), "expected `{expected}`, got:\n{shown}");
    assert!(!said.contains("panicked") && said.len() < 200_000, "{} bytes:\n{shown}", said.len());
}

const USED_UP: &str = "gave up after";
const LARGE: &str = "value is too large";
const CYCLE: &str = "value is nested more than 1000 levels deep, or contains itself";

/// `{{$d}}` and `{{$e}}`: small to keep, endless to walk.
const DOUBLED: &str = "{{$d := dict}}{{range 60}}{{$d = dict \"a\" $d \"b\" $d}}{{end}}\
                       {{$e := dict}}{{range 60}}{{$e = dict \"a\" $e \"b\" $e}}{{end}}";
/// `{{$s}}` contains itself.
const SELF: &str = "{{$s := dict}}{{$_ := set $s \"s\" $s}}";

#[test]
fn recursion_ends() {
    for (template, expected) in [
        (
            "{{define \"a\"}}{{include \"a\" .}}{{end}}{{include \"a\" .}}",
            "rendering template has a nested reference name: a",
        ),
        (
            "{{define \"a\"}}{{include \"b\" .}}{{end}}{{define \"b\"}}{{include \"a\" .}}{{end}}{{include \"a\" .}}",
            "rendering template has a nested reference name",
        ),
        (
            "{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}",
            "exceeded maximum template depth",
        ),
        ("{{tpl .Values.t .}}", "exceeded maximum template depth"),
    ] {
        Hostile::template(template).with("values.yaml", "t: '{{tpl .Values.t .}}'\n").fails(expected);
    }
}

#[test]
fn loops_end() {
    let doubling: String = (0..60)
        .map(|i| {
            format!(
                "{{{{define \"a{i}\"}}}}{{{{include \"a{n}\" .}}}}{{{{include \"a{n}\" .}}}}{{{{end}}}}",
                n = i + 1
            )
        })
        .collect::<String>()
        + "{{define \"a60\"}}{{repeat 1000000 \"x\" | sha256sum}}{{end}}{{include \"a0\" .}}";
    for template in [
        "{{range 1000000000000}}{{$x := repeat 100000 \"x\"}}{{end}}",
        "{{range until 100000}}{{range until 100000}}{{$x := repeat 100000 \"x\"}}{{end}}{{end}}",
        "{{$x := repeat 1000000 \"a\"}}{{range until 1000000}}{{$y := sha256sum $x}}{{end}}",
        "{{$x := repeat 1000000 \"a\"}}{{range until 1000000}}{{$y := regexMatch \"(a*)*(a*)*(a*)*b\" $x}}{{end}}",
        "{{$l := until 100000}}{{range until 1000000}}{{$x := has -1 $l}}{{end}}",
        "{{$d := dict}}{{range $i := until 1000000}}{{$_ := set $d (toString $i) (printf \"%0500d\" $i)}}{{end}}",
        "{{$l := list}}{{range until 1000}}{{$l = append $l (until 100000)}}{{end}}",
        "{{range $i := until 1000000}}{{tpl (printf \"%s%d\" (repeat 1000 \"{{if 1}}{{end}}\") $i) $}}{{end}}",
    ] {
        Hostile::template(template).fails(USED_UP);
    }
    Hostile::template(&doubling).fails(USED_UP);
}

#[test]
fn texts_and_lists_have_a_limit() {
    for (template, expected) in [
        ("{{repeat 1000000000 \"x\"}}", "strings: Repeat output length overflow"),
        ("{{indent 1000000000 \"a\\nb\"}}", "strings: Repeat output length overflow"),
        ("{{until 1000000000}}", "range of 1000000000 numbers is longer than 1000000"),
        ("{{untilStep 0 1000000000 1}}", "range of 1000000000 numbers is longer than 1000000"),
        ("{{seq 1 1000000000}}", "is longer than 1000000"),
        ("{{randAlphaNum 1000000000}}", "makeslice: len out of range"),
        ("{{printf (repeat 1000 \"%1000000[1]d\") 1}}", LARGE),
        ("{{$x := \"aaaaaaaa\"}}{{range 100}}{{$x = printf \"%s%s\" $x $x}}{{end}}", LARGE),
        ("{{$x := \"aaaaaaaa\"}}{{range 100}}{{$x = replace \"a\" $x $x}}{{end}}", "result is larger than"),
        (
            "{{define \"d\"}}{{.}}{{.}}{{end}}{{$x := \"aaaaaaaa\"}}{{range 100}}{{$x = include \"d\" $x}}{{end}}",
            "larger than",
        ),
        ("{{$l := list 1}}{{range 100}}{{$l = concat $l $l}}{{end}}", "result is larger than 1000000 items"),
        ("{{repeat 10000000 \"a\" | splitList \"\"}}", "result is larger than 1000000 items"),
        ("{{regexReplaceAll \"\" (repeat 100000 \"a\") (repeat 100000 \"a\")}}", "larger than"),
        ("{{mustRegexMatch \"((((a{100}){100}){100}){100})\" \"a\"}}", "error parsing regexp"),
    ] {
        Hostile::template(template).fails(expected);
    }
    // Go's rules for these do no harm.
    Hostile::template("a: {{untilStep 0 10 0}}").renders();
    Hostile::template("a: {{printf \"%999999999d\" 1 | quote}}").renders();
}

#[test]
fn values_that_are_endless_to_walk() {
    for (template, expected) in [
        ("{{$d}}", LARGE),
        ("{{deepCopy $d}}", LARGE),
        ("{{merge $d $e}}", LARGE),
        ("{{mustToYaml $d}}", "json: unsupported value: too large"),
        ("{{mustToJson $d}}", "too large"),
        ("{{mustToToml $d}}", LARGE),
        ("{{$s}}", CYCLE),
        ("{{deepCopy $s}}", CYCLE),
    ] {
        Hostile::template(&format!("{DOUBLED}{SELF}{template}")).fails(expected);
    }
    // What swallows its errors, or compares, has an answer soon.
    Hostile::template(&format!(
        "{DOUBLED}{SELF}a: {{{{deepEqual $d $e}}}}{{{{toYaml $s}}}}{{{{toJson $d}}}}"
    ))
    .renders();
    let deep = "{{$d := dict}}{{range until 100000}}{{$d = dict \"a\" $d}}{{end}}";
    Hostile::template(&format!("{deep}{{{{$d}}}}")).fails(CYCLE);
}

/// Nine to the ninth power of values in nine lines.
fn bomb() -> String {
    let mut text = "a: &a [l, l, l, l, l, l, l, l, l]\n".to_owned();
    for (of, name) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        text.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 9].join(", ")));
    }
    text
}

#[test]
fn yaml_bombs() {
    let expected = "document contains excessive aliasing";
    Hostile::values(bomb()).fails(expected);
    Hostile::values("").with("f.yaml", bomb()).flags(&["-f", "CHART/f.yaml"]).fails(expected);
    Hostile::template(&bomb()).fails(expected);
    Hostile::template(OK).with("Chart.yaml", format!("{META}{}", bomb())).fails(expected);
    let from = "{{fromYaml .Values.bomb | toYaml}}";
    let quoted = serde_json::json!({"bomb": bomb()}).to_string();
    Hostile::template(from).with("values.yaml", &quoted).renders();
    Hostile::template("{{mustToJson (fromYaml .Values.bomb).Error}}")
        .with("values.yaml", &quoted)
        .fails(expected);
    Hostile::values("a: &a [*a]\n").fails("contains itself");
    for text in
        [format!("a: {}", "[".repeat(100_000)), (0..3_000).map(|i| format!("{:i$}a:\n", "")).collect()]
    {
        Hostile::values(&text).fails("exceeded max depth");
        Hostile::template(&text).fails("exceeded max depth");
    }
}

#[test]
fn templates_out_of_measure() {
    for (template, expected) in [
        (format!("{{{{{}1{}}}}}", "(".repeat(50_000), ")".repeat(50_000)), "max expression depth exceeded"),
        ("{{if 1}}".repeat(50_000) + &"{{end}}".repeat(50_000), "max nesting depth exceeded"),
        (
            (0..5_000).map(|i| format!("{{{{$v{i} := 1}}}}")).collect(),
            "more than 2000 variables in one place",
        ),
        (format!("{{{{list {}}}}}", "1 ".repeat(1_100_000)), "template has more than 1000000 tokens"),
        (format!("{{{{\"{}\" | fail}}}}", "x".repeat(300_000)), "bytes left out"),
    ] {
        Hostile::template(&template).fails(expected);
    }
}

#[test]
fn bytes_that_are_no_text() {
    for (template, expected) in [
        (&b"a: \"\0\"\n"[..], "control characters are not allowed"),
        (b"{{\0}}", "unrecognized character in action: U+0000"),
        (b"a: \xFF\xFE\n", "invalid"),
    ] {
        Hostile::new().with("templates/t.yaml", template).fails(expected);
    }
    Hostile::values(b"a: \xFF\n").fails("UTF-8");
    Hostile::values(b"a: \"\0\"\n").fails("control characters are not allowed");
    Hostile::template(OK).with("values.schema.json", b"\xFF\0{").fails("invalid character");
}

#[test]
fn flags_out_of_measure() {
    let deep = format!("{}=1", vec!["a"; 1_000].join("."));
    let list = format!("a={}", "{".repeat(50_000));
    let json = format!("a={}", "[".repeat(50_000));
    for (flags, expected) in [
        (
            ["--set", "a[1000000000]=1"],
            "index of 1000000000 is greater than maximum supported index of 65536",
        ),
        (["--set", "a[-1]=1"], "negative -1 index not allowed"),
        (["--set", &deep], "value name nested level is greater than maximum supported nested level of 30"),
        (["--set", &list], "list must terminate with '}'"),
        (["--set-json", &json], "failed parsing --set-json data"),
        (["--set-file", "a=/dev/zero"], "larger than 100 MiB"),
        (["-f", "/dev/zero"], "larger than 100 MiB"),
    ] {
        Hostile::values("").flags(&flags).fails(expected);
    }
}

#[test]
fn schemas_that_do_not_end() {
    let twice = |i: usize| {
        format!(
            r##""d{i}": {{"allOf": [{{"$ref": "#/$defs/d{n}"}}, {{"$ref": "#/$defs/d{n}"}}]}}"##,
            n = i + 1
        )
    };
    let chain: Vec<String> = (0..40).map(twice).collect();
    for (schema, expected) in [
        (
            format!(
                r##"{{"$defs": {{{}, "d40": {{"type": "string"}}}}, "$ref": "#/$defs/d0"}}"##,
                chain.join(", ")
            ),
            "would take too long",
        ),
        (r#"{"$ref": "http://127.0.0.1:1/x.json"}"#.to_owned(), "are not fetched"),
        (r#"{"$ref": "file:///etc/passwd"}"#.to_owned(), "are not fetched"),
        ("{\"not\":".repeat(20_000), "values don't meet the specifications of the schema(s)"),
    ] {
        Hostile::values(OK).with("values.schema.json", schema).fails(expected);
    }
    for schema in [
        r##"{"$ref": "#"}"##,
        r##"{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}"##,
    ] {
        Hostile::values(OK).with("values.schema.json", schema).renders();
    }
}

#[test]
fn directories_with_more_than_files() {
    let irregular = "cannot load irregular file";
    Hostile::template(OK).pipe("pipe").fails(irregular);
    Hostile::template(OK).pipe("values.yaml").fails(irregular);
    Hostile::template(OK).link("zero", "/dev/zero").fails(irregular);
    Hostile::template(OK).link("templates/random.yaml", "/dev/urandom").fails(irregular);
    Hostile::template(OK).link("loop", ".").fails("Too many levels of symbolic links");
    Hostile::template(OK).link("templates/loop", "..").fails("folders are nested more than 64 deep");
    Hostile::template(OK).link("x/a", ".").link("x/b", ".").fails("Too many levels of symbolic links");
    Hostile::template(OK).link("dangling", "/nowhere").fails("dangling");
    Hostile::template(OK).link("self", "self").fails("self");
    let sparse = Hostile::template(OK);
    fs::File::create(sparse.path("big")).unwrap().set_len(8 << 30).unwrap();
    sparse.fails("larger than");
    let rules = Hostile::template(OK).with(".helmignore", format!("x{}\n", "y".repeat(600)).repeat(10_000));
    (0..100)
        .fold(rules, |hostile, i| hostile.with(&format!("{}{i}", "a".repeat(100)), ""))
        .fails("too many for so many files");
}

/// An archive of a whole chart and of what `more` adds.
fn archive(more: impl FnOnce(&mut tar::Builder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = tar::Builder::new(&mut bytes);
    entry(&mut archive, "h/Chart.yaml", META.as_bytes(), tar::EntryType::Regular);
    entry(&mut archive, "h/templates/t.yaml", OK.as_bytes(), tar::EntryType::Regular);
    more(&mut archive);
    archive.finish().unwrap();
    drop(archive);
    bytes
}

fn entry(archive: &mut tar::Builder<&mut Vec<u8>>, name: &str, data: &[u8], kind: tar::EntryType) {
    let mut header = tar::Header::new_gnu();
    // By hand: the crate's own way refuses the names that are wanted here.
    let field = &mut header.as_gnu_mut().unwrap().name;
    field[..name.len()].copy_from_slice(name.as_bytes());
    if kind.is_symlink() || kind.is_hard_link() {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_entry_type(kind);
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    archive.append(&header, data).unwrap();
}

fn gzip(parts: &[&[u8]]) -> Vec<u8> {
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    parts.iter().for_each(|part| zip.write_all(part).unwrap());
    zip.finish().unwrap()
}

fn packed(bytes: &[u8], expected: Option<&str>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.tgz");
    fs::write(&path, bytes).unwrap();
    match expected {
        Some(expected) => fails(&path, &[], expected),
        None => assert_eq!(run(&path, &[]).0, Some(0)),
    }
}

#[test]
fn archives_that_reach_out() {
    use tar::EntryType as Type;
    for (name, kind, expected) in [
        ("h/../../etc/x", Type::Regular, Some("chart illegally references parent directory")),
        ("../x", Type::Regular, None),
        ("/etc/x", Type::Regular, None),
        ("h//etc/x", Type::Regular, Some("chart illegally contains absolute paths")),
        ("h/c:/x", Type::Regular, Some("chart contains illegally named files")),
        ("h/link", Type::Symlink, None),
        ("h/link", Type::Link, None),
        ("h/device", Type::Char, None),
        ("h/pipe", Type::Fifo, None),
        ("h/values.yaml", Type::Regular, None),
    ] {
        packed(&gzip(&[&archive(|tar| entry(tar, name, b"a: 1\n", kind))]), expected);
    }
}

#[test]
fn archives_that_do_not_end() {
    let start = {
        let mut bytes = archive(|_| {});
        bytes.truncate(bytes.len() - 1024);
        bytes
    };
    let promise = |kind: tar::EntryType, size: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_path("h/big").unwrap();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let zeros = vec![0; 1 << 20];
    let large = "decompressed chart is larger than the maximum size 104857600";
    packed(&gzip(&[&start, &promise(tar::EntryType::Regular, 8 << 30), &zeros]), Some(large));
    packed(
        &gzip(&[&start, &promise(tar::EntryType::Regular, 90 << 20), &zeros]),
        Some("unable to load chart archive"),
    );
    for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader] {
        packed(&gzip(&[&start, &promise(kind, 1 << 30), &zeros]), Some("unable to load chart archive"));
    }
    let mut members = gzip(&[&start]);
    members.extend(gzip(&[]).repeat(20_000));
    packed(&members, Some("more than 10000 gzip members"));
    packed(
        &gzip(&[&archive(|tar| {
            (0..100_001).for_each(|i| entry(tar, &format!("h/f{i}"), b"", tar::EntryType::Regular))
        })]),
        Some("100000"),
    );
    let mut nested = gzip(&[&archive(|_| {})]);
    for _ in 0..20 {
        nested = gzip(&[&archive(|tar| entry(tar, "h/charts/h.tgz", &nested, tar::EntryType::Regular))]);
    }
    packed(&nested, Some("16"));
    packed(&gzip(&[&start])[..100], Some("unable to load chart archive"));
    packed(b"", Some("h.tgz"));
    packed(b"\x1F\x8B\x08 and then no more of it", Some("h.tgz"));
}
