//! Our own charts against what Helm printed for them (`tests/charts/record.sh` records).

use relc::chart;
use relc::render::{self, Capabilities, KubeVersion, Offline, Request, Seed};
use relc::source::DiskWorld;
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

fn values_file(dir: &Path, case: &str) -> Option<PathBuf> {
    (case != "default").then(|| dir.join(format!("{case}.values.yaml")))
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_relc"));
        command.args(["chart", "template", "rel"]).arg(dir.join("chart"));
        command.args(["--namespace", "ns", "--kube-version", "1.34.0"]);
        if let Ok(flags) = fs::read_to_string(dir.join("flags")) {
            command.args(flags.lines());
        }
        if let Some(values) = values_file(&dir, &case) {
            command.arg("-f").arg(values);
        }
        let output = command.current_dir(&dir).output().unwrap();
        let got = String::from_utf8_lossy(&output.stdout);
        let wanted = fs::read_to_string(&golden).unwrap();
        if !output.status.success() {
            failures.push(format!("{}:\n{}", golden.display(), String::from_utf8_lossy(&output.stderr)));
        } else if let Some(difference) = difference(&got, &wanted) {
            failures.push(format!("{}: {difference}", golden.display()));
        }
    }
    assert!(failures.is_empty(), "{} differ\n{}", failures.len(), failures.join("\n"));
}

/// What Helm says after `Error: `, from loading to rendering.
fn failure(dir: &Path, case: &str) -> Option<String> {
    let chart = match chart::load(&DiskWorld, &dir.join("chart")) {
        Ok(chart) => chart,
        Err(error) => return Some(error.message),
    };
    if let Err(error) = chart.check_installable() {
        return Some(error.message);
    }
    let values = values_file(dir, case).map(|path| chart::read_values(&fs::read(path).unwrap()).unwrap());
    let capabilities = Capabilities::offline(KubeVersion::parse("1.34.0").unwrap(), &[]);
    let request = Request {
        chart: &chart,
        name: "rel",
        namespace: "ns",
        revision: 1,
        is_upgrade: false,
        values: &values.unwrap_or_default(),
        capabilities: &capabilities,
        lookup: &Offline,
        seed: &Seed::reproducible("", 0),
        include_crds: false,
        subchart_notes: false,
        skip_schema_validation: false,
        text_only: false,
    };
    render::render(&request).err().map(|error| error.full.into())
}

#[test]
fn errors_are_helms() {
    let mut failures = Vec::new();
    for (dir, case, golden) in goldens(".expected.err") {
        let wanted = fs::read_to_string(&golden).unwrap();
        match failure(&dir, &case) {
            None => failures.push(format!("{}: rendered, though Helm refuses", golden.display())),
            Some(got) => {
                if let Some(difference) = difference(got.trim_end(), wanted.trim_end()) {
                    failures.push(format!("{}: {difference}", golden.display()));
                }
            }
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
        for name in &names {
            let case = name.strip_suffix(".expected.yaml").or_else(|| name.strip_suffix(".expected.err"));
            assert!(case.is_none_or(|c| cases.contains(&c)), "{name} in {} has no case", dir.display());
        }
    }
}
