//! The source tree itself: imports run one way, files stay small, codes are unique and used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The stages in the order data flows; a module may use those before it, and itself. `gotmpl`, a leaf, serves all. The engine (`gotmpl`) imports
/// nothing of ours, so it comes first: `types` and `eval` read YAML with it.
const STAGES: &[&str] = &[
    "gotmpl",
    "kubernetes",
    "source",
    "diag",
    "syntax",
    "modules",
    "types",
    "eval",
    "chart",
    "contract",
    "render",
    "validate",
    "provenance",
    "graph",
    "cluster",
    "plan",
    "apply",
    "report",
    "driver",
    "cli",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
}

fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files(&root().join("src"), ".rs", &mut found);
    let name = |p: &Path| p.strip_prefix(root().join("src")).unwrap().to_string_lossy().into_owned();
    found.iter().map(|p| (name(p), fs::read_to_string(p).unwrap())).collect()
}

fn stage(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap_or(file)
}

/// Names after `crate::` in a text, braces included.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String =
        text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (i, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    c if depth == 0 && start && c.is_alphabetic() => {
                        found.insert(word(&group[i..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            found.insert(word(rest));
        }
    }
    found
}

#[test]
fn imports_run_one_way() {
    let rank: BTreeMap<&str, usize> = STAGES.iter().enumerate().map(|(i, s)| (*s, i)).collect();
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let from = stage(&file);
        if matches!(from, "lib" | "main") {
            continue;
        }
        let Some(own) = rank.get(from) else {
            wrong.push(format!("src/{file}: `{from}` is no stage"));
            continue;
        };
        for used in imports(&text) {
            match rank.get(used.as_str()) {
                Some(other) if other > own => wrong.push(format!("src/{file} uses the later stage `{used}`")),
                Some(_) if matches!(from, "gotmpl" | "kubernetes") && used != from => {
                    wrong.push(format!("src/{file}: {from} is a leaf, yet it uses `{used}`"));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(file, lines)| *lines > 1000 && !file.ends_with("table.rs") && !file.contains("tests"))
        .map(|(file, lines)| format!("src/{file}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "over 1,000 lines; split by subject:\n{}", long.join("\n"));
}

/// The tools run relc as a program: nothing may come to depend on what the library happens to export.
#[test]
fn tools_do_not_link_relc() {
    let manifest = fs::read_to_string(root().join("xtask/Cargo.toml")).unwrap();
    assert!(!manifest.contains("dependencies"), "xtask is to build in seconds");
}

#[test]
fn every_module_says_what_it_is() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(file, text)| !file.contains("tests") && !text.starts_with("//!"))
        .map(|(file, _)| file)
        .collect();
    assert!(silent.is_empty(), "no //! header: {silent:?}");
}

#[test]
fn codes_are_unique_and_used() {
    let all = relc::diag::codes::ALL;
    let numbers: BTreeSet<&str> = all.iter().map(|(code, _)| code.0).collect();
    assert_eq!(numbers.len(), all.len(), "a number is given twice");
    let table = fs::read_to_string(root().join("src/diag/codes.rs")).unwrap();
    let text: String = sources().into_iter().filter(|(f, _)| f != "diag/codes.rs").map(|(_, t)| t).collect();
    let unused: Vec<&str> = table
        .lines()
        .filter_map(|l| l.trim().split_once(" = \"E").map(|(name, _)| name))
        .filter(|name| !text.contains(name))
        .collect();
    assert!(unused.is_empty(), "codes nobody finds: {unused:?}");
}

#[test]
fn no_machine_path_is_committed() {
    let mut found = Vec::new();
    for dir in ["src", "tests", "examples", "docs", "grammar", "stdlib", "xtask"] {
        for ending in [".rs", ".rel", ".md", ".sh", ".yaml", ".pest"] {
            files(&root().join(dir), ending, &mut found);
        }
    }
    let machine = ["/wo", "rk/"].concat();
    let named: Vec<&PathBuf> =
        found.iter().filter(|p| fs::read_to_string(p).is_ok_and(|t| t.contains(&machine))).collect();
    assert!(named.is_empty(), "{named:?}");
}
