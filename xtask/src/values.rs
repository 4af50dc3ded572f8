//! `cargo xtask values`: whether every values.yaml of a corpus comes out of `toYaml` as it does in Helm.
//!
//! Each becomes the values, and a file, of a chart of one template. Text is printed as a block scalar, so that nothing
//! in it is taken for a manifest.

use crate::Options;
use crate::corpus::listed;
use crate::outcome::{compare, helm, relc, report};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

const TEMPLATE: &str = r#"values: |2
  {{- toYaml .Values | nindent 2 }}
pretty: |2
  {{- toYamlPretty .Values | nindent 2 }}
read: |2
  {{- .Files.Get "copy.txt" | fromYaml | toYaml | nindent 2 }}
again: |2
  {{- .Files.Get "copy.txt" | fromYaml | toYaml | fromYaml | toYaml | nindent 2 }}
json: |2
  {{- .Files.Get "copy.txt" | fromYaml | toJson | nindent 2 }}
"#;

pub fn run(options: &Options) -> Result<bool, String> {
    let mut files = Vec::new();
    find(&options.corpus, &mut files)?;
    files.retain(|file| file.to_string_lossy().contains(&options.only));
    let scratch = std::env::temp_dir().join(format!("relc-xtask-{}", std::process::id()));
    let made = AtomicUsize::new(0);
    let result = report(
        &files,
        |file| file.display().to_string(),
        |file| {
            let chart = scratch.join(made.fetch_add(1, Ordering::Relaxed).to_string());
            make(&chart, file).map_err(|why| format!("{}: {why}", chart.display()))?;
            let wanted = helm(&options.helm, &chart, None)?;
            let got = relc(&options.relc, &chart, None)?;
            Ok(compare(&wanted, &wanted, &got))
        },
    );
    if let Err(why) = fs::remove_dir_all(&scratch) {
        eprintln!("{}: {why}", scratch.display());
    }
    result
}

fn make(chart: &Path, values: &Path) -> std::io::Result<()> {
    fs::create_dir_all(chart.join("templates"))?;
    fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: values\nversion: 1.0.0\n")?;
    fs::write(chart.join("templates/values.yaml"), TEMPLATE)?;
    fs::copy(values, chart.join("values.yaml"))?;
    fs::copy(values, chart.join("copy.txt"))?;
    Ok(())
}

/// Every values.yaml below a folder, those of subcharts included.
fn find(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    for path in listed(dir)? {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            find(&path, found)?;
        } else if path.file_name().is_some_and(|name| name == "values.yaml") {
            found.push(path);
        }
    }
    Ok(())
}
