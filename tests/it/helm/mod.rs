//! Generated templates, documents and flags: what relc makes of them against a real Helm.
//!
//! Runs where `RELC_TEST_HELM` names a helm binary. Starting Helm takes far longer than any case, so that one process
//! answers hundreds: each case is a template of its own in one chart, and prints its result in base64. A case that
//! relc refuses is given to a Helm of its own, since one refused template ends the whole rendering.

mod documents;
mod draw;
mod flags;
mod manifests;
mod templates;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use draw::Draw;
use relc::chart;
use relc::chart::values::ValueFlags;
use relc::render::{self, Capabilities, KubeVersion, Offline, Request, Seed};
use relc::source::DiskWorld;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The binary, or a word on why nothing is tested.
fn helm(test: &str) -> Option<String> {
    let helm = std::env::var("RELC_TEST_HELM").ok().filter(|path| !path.is_empty());
    if helm.is_none() {
        eprintln!("{test}: skipped, since RELC_TEST_HELM names no helm binary");
    }
    helm
}

/// The number in an environment variable, or what holds without one.
fn number(variable: &str, otherwise: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// A source of cases for one test; the seed is printed so that a finding can be had again.
fn source(test: &str) -> Draw {
    let seed = number("RELC_TEST_SEED", 1);
    eprintln!("{test}: RELC_TEST_SEED={seed}");
    Draw::new(seed, test)
}

/// How many cases a test draws.
fn cases(otherwise: u64) -> usize {
    usize::try_from(number("RELC_TEST_CASES", otherwise)).unwrap()
}

/// What `{{ .Values }}` of every chart here is.
const VALUES: &str = r#"
s: text
empty: ""
odd: "a: b #c 'd' \"e\" {{ f }} é ☃ 😀"
lines: "one\ntwo\n\n  three \n"
n: 7
neg: -3
big: 12345678901
f: 3.75
yes: true
no: false
nil: null
num: "42"
date: "2024-02-29"
list: [a, 1, true, null, 2.5, {k: v}, [x]]
names: [b, a, c, a, ""]
ints: [3, 1, 2]
none: []
map: {a: 1, b: {c: {d: deep}}, "x.y": z, list: [1, 2], e: ""}
labels: {app: web, tier: "back end", v10: a, v9: b}
void: {}
pairs: [{name: p, value: 1}, {name: q, value: two}]
"#;

/// One template: its file, and the expression whose text is compared.
pub struct Case {
    /// Definitions and such, printing nothing.
    pub head: String,
    /// What is printed.
    pub body: String,
}

impl Case {
    fn file(&self, at: usize) -> String {
        format!(
            "{}{{{{- define \"c{at}\" }}}}{}{{{{ end }}}}\nc{at}: {{{{ include \"c{at}\" (dict \"Values\" (deepCopy .Values) \"Files\" .Files) | b64enc }}}}\n",
            self.head, self.body
        )
    }
}

/// A chart with these templates, and other files of it.
fn write_chart(dir: &Path, templates: &[(usize, String)], files: &[(String, Vec<u8>)]) {
    fs::create_dir_all(dir.join("templates")).unwrap();
    fs::write(dir.join("Chart.yaml"), "apiVersion: v2\nname: drawn\nversion: 1.0.0\n").unwrap();
    fs::write(dir.join("values.yaml"), VALUES).unwrap();
    for (path, content) in files {
        fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
        fs::write(dir.join(path), content).unwrap();
    }
    for (at, text) in templates {
        fs::write(dir.join(format!("templates/c{at}.yaml")), text).unwrap();
    }
}

/// Printed manifests, or the message.
type Answer = Result<String, String>;

fn ask_helm(helm: &str, chart: &Path, flags: &[String]) -> Answer {
    let mut command = Command::new(helm);
    command.args(["template", "rel"]).arg(chart).args(["--namespace", "ns", "--kube-version", "1.34.0"]);
    let output = command.args(flags).env("TZ", "UTC").output().unwrap();
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let message = said.find("Error: ").map_or(said.as_str(), |at| &said[at + "Error: ".len()..]);
    let message = message.split("\n\nUse --debug flag").next().unwrap();
    Err(message.trim_end().to_owned())
}

fn ask_relc(chart: &Path, flags: &ValueFlags) -> Answer {
    let values = flags.merge(&DiskWorld).map_err(|error| error.message.trim_end().to_owned())?;
    let chart = chart::load(&DiskWorld, chart).map_err(|error| error.message)?;
    let capabilities = Capabilities::offline(KubeVersion::parse("1.34.0").unwrap(), &[]);
    let request = Request {
        chart: &chart,
        name: "rel",
        namespace: "ns",
        revision: 1,
        is_upgrade: false,
        values: &values,
        capabilities: &capabilities,
        lookup: &Offline,
        seed: &Seed::reproducible("", 0),
        include_crds: false,
        subchart_notes: false,
        skip_schema_validation: false,
        text_only: true,
    };
    match render::render(&request) {
        Ok(rendered) => Ok(rendered.manifest),
        Err(error) => Err(error.full.trim_end().to_owned()),
    }
}

/// `c7: BASE64` of every line that is one.
fn results(manifests: &str) -> BTreeMap<usize, String> {
    let mut found = BTreeMap::new();
    for line in manifests.lines() {
        let Some((at, text)) = line.strip_prefix('c').and_then(|rest| rest.split_once(':')) else {
            continue;
        };
        let Ok(at) = at.parse() else { continue };
        let bytes = STANDARD.decode(text.trim()).unwrap_or_default();
        found.insert(at, bytes.escape_ascii().to_string());
    }
    found
}

/// Helm has no answer to a map that was made to hold itself.
fn crashed(message: &str) -> bool {
    message.starts_with("runtime: goroutine stack exceeds")
}

/// How many refused cases of a batch are given to Helm, a process each.
const REFUSED: usize = 60;

/// Compares the cases, and ends the test with those that differ.
fn compare(helm: &str, cases: &[Case], files: &[(String, Vec<u8>)]) {
    let mut wrong = Vec::new();
    let (mut printed, mut refused) = (Vec::new(), Vec::new());
    for (at, case) in cases.iter().enumerate() {
        let alone = tempfile::tempdir().unwrap();
        write_chart(alone.path(), &[(at, case.file(at))], files);
        match ask_relc(alone.path(), &ValueFlags::default()) {
            Ok(text) => printed.push((at, results(&text).remove(&at).unwrap_or_default())),
            Err(message) => refused.push((at, message)),
        }
    }
    // Together, until Helm refuses none of them.
    let mut together = printed.clone();
    loop {
        let chart = tempfile::tempdir().unwrap();
        let templates: Vec<(usize, String)> =
            together.iter().map(|(at, _)| (*at, cases[*at].file(*at))).collect();
        write_chart(chart.path(), &templates, files);
        match ask_helm(helm, chart.path(), &[]) {
            Ok(text) => {
                let helms = results(&text);
                for (at, relcs) in &together {
                    let helms = helms.get(at).map_or("nothing", String::as_str);
                    if helms != relcs {
                        wrong.push(format!("{}\n  Helm: {helms}\n  relc: {relcs}", cases[*at].file(*at)));
                    }
                }
                break;
            }
            Err(message) => {
                let named =
                    together.iter().position(|(at, _)| message.contains(&format!("templates/c{at}.yaml")));
                let at = named.unwrap_or_else(|| panic!("Helm refuses all: {message}"));
                let (at, relcs) = together.remove(at);
                if crashed(&message) {
                    continue;
                }
                wrong.push(format!("{}\n  Helm: {message}\n  relc: {relcs}", cases[at].file(at)));
            }
        }
    }
    for (at, relcs) in refused.iter().take(REFUSED) {
        let alone = tempfile::tempdir().unwrap();
        write_chart(alone.path(), &[(*at, cases[*at].file(*at))], files);
        let helms = match ask_helm(helm, alone.path(), &[]) {
            Ok(text) => format!("prints {}", results(&text).remove(at).unwrap_or_default()),
            Err(message) => message,
        };
        if helms != *relcs && !crashed(&helms) {
            wrong.push(format!("{}\n  Helm: {helms}\n  relc: {relcs}", cases[*at].file(*at)));
        }
    }
    eprintln!(
        "{} print, {} are refused, {} asked alone",
        printed.len(),
        refused.len(),
        refused.len().min(REFUSED)
    );
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

/// Actions, pipelines and every function, with arguments that mostly fit.
#[test]
fn drawn_templates_are_helms() {
    let Some(helm) = helm("drawn_templates_are_helms") else { return };
    let mut draw = source("templates");
    let cases: Vec<Case> = (0..cases(500)).map(|_| templates::case(&mut draw)).collect();
    compare(&helm, &cases, &[]);
}

/// YAML as people write it and as nobody does, read by `fromYaml` and written again.
#[test]
fn drawn_documents_are_helms() {
    let Some(helm) = helm("drawn_documents_are_helms") else { return };
    let mut draw = source("documents");
    let mut files = Vec::new();
    let mut cases_of = Vec::new();
    for at in 0..cases(500) {
        let path = format!("documents/{at}");
        let (body, text) = documents::case(&mut draw, &path);
        files.push((path, text));
        cases_of.push(Case { head: String::new(), body });
    }
    compare_documents(&helm, &cases_of, &files);
}

/// As [`compare`], with the document shown where one differs.
fn compare_documents(helm: &str, cases: &[Case], files: &[(String, Vec<u8>)]) {
    let chart = tempfile::tempdir().unwrap();
    let templates: Vec<(usize, String)> =
        cases.iter().enumerate().map(|(at, case)| (at, case.file(at))).collect();
    write_chart(chart.path(), &templates, files);
    // Of several keys that JSON cannot hold, Go names one at random.
    let runs: Vec<_> = (0..6).map(|_| results(&ask_helm(helm, chart.path(), &[]).unwrap())).collect();
    let relcs = results(&ask_relc(chart.path(), &ValueFlags::default()).unwrap());
    let mut wrong = Vec::new();
    for (at, (_, document)) in files.iter().enumerate() {
        let relcs = relcs.get(&at);
        if !runs.iter().any(|run| run.get(&at) == relcs) {
            let helms = runs[0].get(&at);
            let document = String::from_utf8_lossy(document);
            wrong.push(format!("{}\n{document:?}\n  Helm: {helms:?}\n  relc: {relcs:?}", cases[at].body));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

/// Documents, hooks and their order: whole outputs, a chart of a few files each.
#[test]
fn drawn_manifests_are_helms() {
    let Some(helm) = helm("drawn_manifests_are_helms") else { return };
    let mut draw = source("manifests");
    let mut wrong = Vec::new();
    let (mut printed, all) = (0, cases(100));
    for _ in 0..all {
        let files: Vec<(String, Vec<u8>)> = manifests::case(&mut draw)
            .into_iter()
            .map(|(name, text)| (format!("templates/{name}"), text.into_bytes()))
            .collect();
        let chart = tempfile::tempdir().unwrap();
        write_chart(chart.path(), &[], &files);
        let (helms, relcs) = (ask_helm(&helm, chart.path(), &[]), run_relc(chart.path()));
        printed += usize::from(helms.is_ok());
        let same = match (&helms, &relcs) {
            (Ok(helms), Ok(relcs)) => helms == relcs,
            (Err(helms), Err(relcs)) => helms.ends_with(relcs.trim_end()),
            _ => false,
        };
        if !same {
            let files: Vec<_> =
                files.iter().map(|(name, text)| (name, String::from_utf8_lossy(text))).collect();
            wrong.push(format!("{files:?}\n  Helm: {helms:?}\n  relc: {relcs:?}"));
        }
    }
    eprintln!("{printed} of {all} print");
    assert!(wrong.is_empty(), "{} of {all} differ\n{}", wrong.len(), wrong.join("\n\n"));
}

/// The command line, whose output has the hooks, too; of a refusal the innermost message.
fn run_relc(chart: &Path) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relc"));
    command.args(["chart", "template", "rel"]).arg(chart).args([
        "--namespace",
        "ns",
        "--kube-version",
        "1.34.0",
    ]);
    let output = command.args(["--format", "json"]).env("TZ", "UTC").output().unwrap();
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let findings: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    let all = findings["diagnostics"].as_array().unwrap();
    Err(all.iter().find(|d| d["severity"] == "error").unwrap()["message"].as_str().unwrap().to_owned())
}

/// Paths and values of `--set` and its kin.
#[test]
fn drawn_flags_are_helms() {
    let Some(helm) = helm("drawn_flags_are_helms") else { return };
    let mut draw = source("flags");
    let sets: Vec<Vec<flags::Flag>> = (0..cases(300)).map(|_| flags::case(&mut draw)).collect();
    let chart = tempfile::tempdir().unwrap();
    write_chart(chart.path(), &[(0, "c0: {{ toJson .Values | b64enc }}\n".to_owned())], &[]);
    let mut wrong = Vec::new();
    // A value lands under a key of its own, so that the flags of many cases go into one command.
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for set in &sets {
        match ask_relc(chart.path(), &flags::relcs(set)) {
            Ok(_) => accepted.push(set.as_slice()),
            Err(message) => refused.push((set.as_slice(), message)),
        }
    }
    for many in accepted.chunks(60) {
        if ask_both(&helm, chart.path(), &many.concat()).is_err() {
            for set in many {
                wrong.extend(ask_both(&helm, chart.path(), set).err());
            }
        }
    }
    for (set, _) in refused.iter().take(REFUSED) {
        wrong.extend(ask_both(&helm, chart.path(), set).err());
    }
    eprintln!("{} accepted, {} refused", accepted.len(), refused.len());
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), sets.len(), wrong.join("\n\n"));
}

fn ask_both(helm: &str, chart: &Path, set: &[flags::Flag]) -> Result<(), String> {
    let clear = |answer: Answer| match answer {
        Ok(text) => results(&text).remove(&0).unwrap_or_default(),
        Err(message) => message,
    };
    let helms = clear(ask_helm(helm, chart, &flags::helms(set)));
    let relcs = clear(ask_relc(chart, &flags::relcs(set)));
    if helms == relcs {
        Ok(())
    } else {
        Err(format!("{:?}\n  Helm: {helms}\n  relc: {relcs}", flags::helms(set)))
    }
}
