//! What both benchmarks share: which charts are measured, which are left out, and how ratios are printed.

use relc::chart::{self, Chart};
use relc::render::{self, Capabilities, KubeVersion, Offline, Rendered, Request, Seed};
use relc::source::DiskWorld;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// A folder of chart directories to measure instead of the charts of this repository.
pub const CORPUS: &str = "RELC_BENCH_CORPUS";
/// How often each chart is measured; the least time counts.
pub const RUNS: &str = "RELC_BENCH_RUNS";
/// Set to measure charts that make keys as well.
pub const KEYS: &str = "RELC_BENCH_KEYS";

/// What `cargo bench -- …` may give instead of the variables: one folder, and `--with-keys`.
pub struct Options {
    pub charts: Vec<PathBuf>,
    pub runs: usize,
    pub with_keys: bool,
}

impl Options {
    pub fn read() -> Options {
        let mut folder = std::env::var_os(CORPUS).filter(|path| !path.is_empty()).map(PathBuf::from);
        let mut with_keys = std::env::var_os(KEYS).is_some();
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--with-keys" => with_keys = true,
                "" => {}
                // Cargo's own.
                flag if flag.starts_with("--") => {}
                path => folder = Some(PathBuf::from(path)),
            }
        }
        let runs = std::env::var(RUNS).ok().and_then(|n| n.parse().ok()).filter(|n| *n > 0).unwrap_or(5);
        let charts = match folder {
            Some(folder) => {
                println!("charts of `{}`, the best of {runs} runs", folder.display());
                charts_in(&folder)
            }
            None => {
                println!("{CORPUS} is not set: the charts of this repository, the best of {runs} runs");
                let root = Path::new(env!("CARGO_MANIFEST_DIR"));
                let mut all = charts_in(&root.join("tests/charts"));
                all.extend(charts_in(&root.join("examples/quickstart/charts")));
                all
            }
        };
        Options { charts, runs, with_keys }
    }
}

fn charts_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        // The charts of tests/charts lie one folder deeper.
        .flat_map(|path| [path.join("chart"), path])
        .filter(|path| path.join("Chart.yaml").is_file())
        .collect();
    found.sort();
    found
}

/// Functions that make keys or hash passwords slowly on purpose. Their time is that of the cryptography, which is
/// the same work in both programs, and for keys a matter of luck.
const KEY_MAKERS: &[&str] = &[
    "genCA",
    "genCAWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genPrivateKey",
    "bcrypt",
    "htpasswd",
];

/// Loads and renders a chart with its default values.
pub fn load(path: &Path) -> Option<Chart> {
    chart::load(&DiskWorld, path).ok().filter(|chart| chart.check_installable().is_ok())
}

pub fn render(chart: &Chart) -> Option<Rendered> {
    render_as(chart, "bench", &Map::new())
}

/// The same for another release, with values of its own.
pub fn render_as(chart: &Chart, name: &str, values: &Map<String, Value>) -> Option<Rendered> {
    let request = Request {
        chart,
        name,
        namespace: "default",
        revision: 1,
        is_upgrade: false,
        values,
        capabilities: &Capabilities::offline(KubeVersion::parse("1.34.0").ok()?, &[]),
        lookup: &Offline,
        seed: &Seed { random: None, ..Seed::reproducible("", 1_700_000_000) },
        include_crds: false,
        subchart_notes: false,
        skip_schema_validation: false,
        text_only: true,
    };
    render::render(&request).ok()
}

/// Whether one of [`KEY_MAKERS`] was called.
fn makes_keys(rendered: &Rendered) -> bool {
    rendered.volatile.iter().any(|call| KEY_MAKERS.contains(&call.function.as_str()))
}

/// Measures every chart that renders and may be measured, and says what was left out. `measure` gives nothing for
/// a chart that fails after all.
pub fn measured<T>(options: &Options, mut measure: impl FnMut(&Path) -> Option<T>) -> Vec<(PathBuf, T)> {
    let mut done = Vec::new();
    let (mut failing, mut keys) = (Vec::new(), Vec::new());
    for path in &options.charts {
        match load(path).and_then(|chart| render(&chart)) {
            Some(rendered) if !options.with_keys && makes_keys(&rendered) => keys.push(shown(path)),
            rendered => match rendered.and_then(|_| measure(path)) {
                Some(result) => done.push((path.clone(), result)),
                None => failing.push(shown(path)),
            },
        }
    }
    left_out("it does not render with its default values", &failing);
    left_out("it makes keys or password hashes (--with-keys measures it)", &keys);
    done
}

/// A chart's name for tables.
pub fn shown(chart: &Path) -> String {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match chart.parent() {
        Some(parent) if name(chart) == "chart" => name(parent),
        _ => name(chart),
    }
}

/// Prints the spread of ratios, and that of the sums.
pub fn ratios(what: &str, pairs: &[(f64, f64)]) {
    let mut each: Vec<f64> =
        pairs.iter().filter(|(_, under)| *under > 0.0).map(|(over, under)| over / under).collect();
    each.sort_by(f64::total_cmp);
    let at = |share: f64| each.get(((each.len() - 1) as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    if each.is_empty() {
        return println!("{what:<46} nothing to compare");
    }
    let (over, under) = pairs.iter().fold((0.0, 0.0), |(a, b), (over, under)| (a + over, b + under));
    println!(
        "{what:<46} min {:6.2}  p10 {:6.2}  median {:6.2}  max {:6.2}  sum {:6.2}  ({} charts)",
        at(0.0),
        at(0.1),
        at(0.5),
        at(1.0),
        over / under,
        each.len()
    );
}

/// Says what was left out and why; at most a few names.
pub fn left_out(why: &str, charts: &[String]) {
    if charts.is_empty() {
        return;
    }
    let some: Vec<&str> = charts.iter().take(8).map(String::as_str).collect();
    let more = if charts.len() > some.len() { ", …" } else { "" };
    println!("left out, {why}: {} ({}{more})", charts.len(), some.join(", "));
}
