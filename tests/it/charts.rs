//! Our own charts against what Helm printed for them (`tests/charts/record.sh` records).

use relc::chart::values::ValueFlags;
use relc::chart::{self, Chart, ChartError};
use relc::render::{self, Capabilities, KubeVersion, Offline, Request, Seed};
use relc::source::DiskWorld;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts")
}

/// Folder, case, golden.
fn goldens(ending: &str) -> Vec<(PathBuf, String, PathBuf)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let dir = entry.unwrap().path();
        if !dir.is_dir() {
            continue;
        }
        for file in fs::read_dir(&dir).unwrap() {
            let file = file.unwrap().path();
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if let Some(case) = name.strip_suffix(ending) {
                found.push((dir.clone(), case.to_owned(), file));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no goldens *{ending}");
    found
}

/// The first line in which two texts differ.
fn difference(got: &str, wanted: &str) -> Option<String> {
    if got == wanted {
        return None;
    }
    let (mut got, mut wanted) = (got.lines(), wanted.lines());
    for number in 1.. {
        let (g, w) = (got.next(), wanted.next());
        if g != w || g.is_none() {
            return Some(format!("line {number}:\n  relc: {g:?}\n  Helm: {w:?}"));
        }
    }
    None
}

#[test]
fn manifests_are_helms() {
    let mut failures = Vec::new();
    for (dir, case, golden) in goldens(".expected.yaml") {
        let wanted = fs::read_to_string(&golden).unwrap();
        match command(&dir, &flags_of(&dir, &case)) {
            Err(message) => failures.push(format!("{}: {message}", golden.display())),
            Ok(got) => {
                if let Some(difference) = difference(&got, &wanted) {
                    failures.push(format!("{}: {difference}", golden.display()));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} differ\n{}", failures.len(), failures.join("\n"));
}

/// What the library needs of a case's flags.
struct Case {
    values: ValueFlags,
    kube_version: String,
    api_versions: Vec<String>,
    is_upgrade: bool,
    include_crds: bool,
    skip_schema_validation: bool,
}

impl Case {
    /// `None` if there is a flag that only the command line knows.
    fn new(dir: &Path, flags: &[String]) -> Option<Case> {
        let mut case = Case {
            values: ValueFlags::default(),
            kube_version: "1.34.0".into(),
            api_versions: Vec::new(),
            is_upgrade: false,
            include_crds: false,
            skip_schema_validation: false,
        };
        for flag in flags {
            let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
            match name {
                "--values" => case.values.files.push(dir.join(value).to_string_lossy().into_owned()),
                "--set-json" => case.values.json.push(value.into()),
                "--set" => case.values.set.push(value.into()),
                "--set-string" => case.values.string.push(value.into()),
                "--set-literal" => case.values.literal.push(value.into()),
                "--kube-version" => case.kube_version = value.into(),
                "--api-versions" => case.api_versions.extend(value.split(',').map(str::to_owned)),
                "--is-upgrade" => case.is_upgrade = true,
                "--include-crds" => case.include_crds = true,
                "--skip-schema-validation" => case.skip_schema_validation = true,
                _ => return None,
            }
        }
        Some(case)
    }

    /// What Helm prints, or what it says after `Error: `, from loading to rendering.
    fn render(&self, chart: &Result<Chart, ChartError>) -> Result<String, String> {
        self.render_as("rel", true, chart)
    }

    fn render_as(
        &self,
        name: &str,
        text_only: bool,
        chart: &Result<Chart, ChartError>,
    ) -> Result<String, String> {
        let values = self.values.merge(&DiskWorld).map_err(|e| e.message.clone())?;
        let chart = chart.as_ref().map_err(|e| e.message.clone())?;
        chart.check_installable().map_err(|e| e.message)?;
        let capabilities =
            Capabilities::offline(KubeVersion::parse(&self.kube_version).unwrap(), &self.api_versions);
        let request = Request {
            chart,
            name,
            namespace: "ns",
            revision: 1,
            is_upgrade: self.is_upgrade,
            values: &values,
            capabilities: &capabilities,
            lookup: &Offline,
            seed: &Seed::reproducible("", 0),
            include_crds: self.include_crds,
            subchart_notes: false,
            skip_schema_validation: self.skip_schema_validation,
            text_only,
        };
        let rendered = render::render(&request).map_err(|e| String::from(e.full))?;
        let mut out = format!("{}\n", rendered.manifest.trim());
        for hook in &rendered.hooks {
            out.push_str(&format!("---\n# Source: {}\n{}\n", hook.path, hook.manifest));
        }
        Ok(out)
    }
}

/// The command line on a case: what it prints, or the message it ends with.
fn command(dir: &Path, flags: &[String]) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relc"));
    command.args(["chart", "template", "rel", "chart", "--namespace", "ns", "--kube-version", "1.34.0"]);
    command.args(["--format", "json"]).args(flags).env("TZ", "UTC").current_dir(dir);
    let output = command.output().unwrap();
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let findings: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    let all = findings["diagnostics"].as_array().unwrap();
    Err(all.iter().find(|d| d["severity"] == "error").unwrap()["message"].as_str().unwrap().to_owned())
}

fn flags_of(dir: &Path, case: &str) -> Vec<String> {
    let mut flags = Vec::new();
    if let Ok(text) = fs::read_to_string(dir.join("flags")) {
        flags.extend(text.lines().map(str::to_owned));
    }
    if case != "default" {
        flags.push(format!("--values={case}.values.yaml"));
    }
    flags
}

#[test]
fn errors_are_helms() {
    let mut failures = Vec::new();
    for (dir, case, golden) in goldens(".expected.err") {
        let wanted = fs::read_to_string(&golden).unwrap();
        let flags = flags_of(&dir, &case);
        let got = match Case::new(&dir, &flags) {
            Some(case) => case.render(&chart::load(&DiskWorld, &dir.join("chart"))),
            None => command(&dir, &flags),
        };
        match got {
            Ok(_) => failures.push(format!("{}: rendered, though Helm refuses", golden.display())),
            Err(got) => {
                if let Some(difference) = difference(got.trim_end(), wanted.trim_end()) {
                    failures.push(format!("{}: {difference}", golden.display()));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} differ\n{}", failures.len(), failures.join("\n"));
}

/// The charts with a file `cases`: flags, one case a line.
#[test]
fn cases_are_helms() {
    let mut failures = Vec::new();
    for (dir, _, golden) in goldens("cases.expected") {
        let chart = chart::load(&DiskWorld, &dir.join("chart"));
        let wanted = fs::read_to_string(&golden).unwrap();
        let mut wanted: BTreeMap<&str, &str> =
            wanted.split("== ").filter_map(|part| part.split_once('\n')).collect();
        for line in fs::read_to_string(dir.join("cases")).unwrap().lines() {
            let flags: Vec<String> = line.replace(" --", "\n--").lines().map(str::to_owned).collect();
            let got = match Case::new(&dir, &flags) {
                // A path in a message is as it was given.
                Some(case) => case.render(&chart).map_err(|e| e.replace(&format!("{}/", dir.display()), "")),
                None => command(&dir, &flags),
            };
            let got = got.unwrap_or_else(|e| e.trim_end().lines().map(|l| format!("! {l}\n")).collect());
            match wanted.remove(line) {
                None => failures.push(format!("{}: no golden of {line}", dir.display())),
                Some(wanted) => {
                    if let Some(difference) = difference(&got, wanted) {
                        failures.push(format!("{} {line}: {difference}", dir.display()));
                    }
                }
            }
        }
        assert!(wanted.is_empty(), "{}: goldens without a case: {:?}", golden.display(), wanted.keys());
    }
    assert!(failures.is_empty(), "{} differ\n{}", failures.len(), failures.join("\n"));
}

/// All cases of a chart that the library can render.
fn cases_of(dir: &Path) -> Vec<Case> {
    let mut flags: Vec<Vec<String>> = vec![flags_of(dir, "default")];
    for entry in fs::read_dir(dir).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        flags.extend(name.strip_suffix(".values.yaml").map(|case| flags_of(dir, case)));
    }
    for line in fs::read_to_string(dir.join("cases")).unwrap_or_default().lines() {
        flags.push(line.replace(" --", "\n--").lines().map(str::to_owned).collect());
    }
    // Another cluster asks for other capabilities.
    let mut elsewhere = flags_of(dir, "default");
    elsewhere.extend(["--kube-version=1.29.3".to_owned(), "--api-versions=a.example/v1".to_owned()]);
    flags.push(elsewhere);
    flags.iter().filter_map(|flags| Case::new(dir, flags)).collect()
}

/// What a chart keeps from one render for the next must not be seen in any result.
#[test]
fn renders_of_one_chart_do_not_see_each_other() {
    let mut failures = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let dir = entry.unwrap().path();
        if !dir.join("chart").is_dir() {
            continue;
        }
        let load = || chart::load(&DiskWorld, &dir.join("chart"));
        let cases = cases_of(&dir);
        let manners = [("rel", true), ("another", true), ("rel", false)];
        let renders: Vec<(&Case, &str, bool)> =
            cases.iter().flat_map(|case| manners.map(|(name, text_only)| (case, name, text_only))).collect();
        let alone: Vec<Result<String, String>> =
            renders.iter().map(|(case, name, text_only)| case.render_as(name, *text_only, &load())).collect();
        let shared = load();
        let mut render = |index: usize, after: usize| {
            let ((case, name, text_only), alone) = (&renders[index], &alone[index]);
            if case.render_as(name, *text_only, &shared) != *alone {
                failures.push(format!("{}: render {index} after {after}", dir.display()));
            }
        };
        // Every pair where they are few and quick, else each after its neighbours.
        let slow = dir.ends_with("functions-crypto");
        if renders.len() <= 9 && !slow {
            for first in 0..renders.len() {
                for second in 0..renders.len() {
                    render(first, second);
                    render(second, first);
                }
            }
        } else {
            (1..renders.len()).for_each(|index| render(index, index - 1));
            (1..renders.len()).rev().for_each(|index| render(index - 1, index));
        }
    }
    assert!(failures.is_empty(), "{} differ\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_case_has_its_golden() {
    for entry in fs::read_dir(folder()).unwrap() {
        let dir = entry.unwrap().path();
        if !dir.is_dir() {
            continue;
        }
        let names: Vec<String> = fs::read_dir(&dir)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        let has = |name: &str| names.iter().any(|n| n == name);
        let mut cases: Vec<&str> = names.iter().filter_map(|n| n.strip_suffix(".values.yaml")).collect();
        cases.push("default");
        for case in &cases {
            let recorded = has(&format!("{case}.expected.yaml")) || has(&format!("{case}.expected.err"));
            assert!(recorded, "{} has no golden for {case}", dir.display());
        }
        assert_eq!(has("cases"), has("cases.expected"), "{}", dir.display());
        for name in &names {
            let case = name.strip_suffix(".expected.yaml").or_else(|| name.strip_suffix(".expected.err"));
            assert!(case.is_none_or(|c| cases.contains(&c)), "{name} in {} has no case", dir.display());
        }
    }
}
