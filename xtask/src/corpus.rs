//! `cargo xtask corpus`: real charts, rendered by Helm and by relc.

use crate::Options;
use crate::outcome::{compare, helm, relc, report};
use std::fs;
use std::path::{Path, PathBuf};

struct Case {
    name: String,
    chart: PathBuf,
    values: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<bool, String> {
    let cases: Vec<Case> =
        cases(&options.corpus)?.into_iter().filter(|c| c.name.contains(&options.only)).collect();
    report(
        &cases,
        |case| case.name.clone(),
        |case| {
            let values = case.values.as_deref();
            let first = helm(&options.helm, &case.chart, values)?;
            let ours = relc(&options.relc, &case.chart, values)?;
            let second =
                if first == ours { first.clone() } else { helm(&options.helm, &case.chart, values)? };
            Ok(compare(&first, &second, &ours))
        },
    )
}

/// Folders and archives of the corpus, each with its own values and with those of its `ci` folder.
fn cases(corpus: &Path) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for chart in listed(corpus)? {
        let name = chart.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !chart.join("Chart.yaml").is_file() && !name.ends_with(".tgz") {
            continue;
        }
        cases.push(Case { name: name.clone(), chart: chart.clone(), values: None });
        for values in listed(&chart.join("ci")).unwrap_or_default() {
            if values.extension().is_some_and(|ending| ending == "yaml") {
                let case = values.file_stem().unwrap_or_default().to_string_lossy();
                cases.push(Case {
                    name: format!("{name}@{case}"),
                    chart: chart.clone(),
                    values: Some(values.clone()),
                });
            }
        }
    }
    if cases.is_empty() {
        return Err(format!("no chart in {}", corpus.display()));
    }
    Ok(cases)
}

/// What is in a folder, sorted.
pub fn listed(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(dir).map_err(|why| format!("{}: {why}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}
