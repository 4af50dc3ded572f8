//! The engine in process, one thread: loading, the first rendering (which parses the templates) and the ones after
//! it (which do not), once for the same release and once for another with a value of its own, beside Helm's own
//! engine where Go is installed. Prints ratios, asserts nothing.
//!
//! What is timed of relc does more than what is timed of Helm: dependencies, values, templates, but also the
//! splitting, checking and sorting of manifests.

#![expect(clippy::disallowed_methods, reason = "clocks, files and processes are what a benchmark is about")]

mod support;

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::{Options, left_out, load, measured, ratios, render, render_as, shown};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Clone, Copy)]
struct Times {
    load: Duration,
    first: Duration,
    second: Duration,
    other: Duration,
}

fn main() {
    let options = Options::read();
    let measured = measured(&options, |path| measure(path, options.runs));

    let nanos = |time: Duration| time.as_nanos() as f64;
    let pairs = |pick: fn(&Times) -> (Duration, Duration)| -> Vec<(f64, f64)> {
        measured.iter().map(|(_, t)| pick(t)).map(|(a, b)| (nanos(a), nanos(b))).collect()
    };
    let total = |pick: fn(&Times) -> Duration| measured.iter().map(|(_, t)| pick(t)).sum::<Duration>();
    println!(
        "relc: load {:?}, first rendering {:?}, second {:?}, of another release {:?}, all charts together",
        total(|t| t.load),
        total(|t| t.first),
        total(|t| t.second),
        total(|t| t.other)
    );
    ratios("parsed once: first rendering / second", &pairs(|t| (t.first, t.second)));
    ratios("parsed once: first / another release", &pairs(|t| (t.first, t.other)));
    ratios("parsed once: load and first / second", &pairs(|t| (t.load + t.first, t.second)));

    match helm(&measured, options.runs) {
        Err(why) => println!("Helm's engine was not measured: {why}"),
        Ok(helm) => {
            let both = |theirs: fn(&Helm) -> f64, ours: fn(&Times) -> Duration| -> Vec<(f64, f64)> {
                measured.iter().filter_map(|(p, t)| Some((theirs(helm.get(p)?), nanos(ours(t))))).collect()
            };
            let refused: Vec<String> =
                measured.iter().filter(|(p, _)| !helm.contains_key(p)).map(|(p, _)| shown(p)).collect();
            left_out("Helm's engine refused it", &refused);
            ratios("load: Helm / relc", &both(|h| h.load, |t| t.load));
            ratios("values and rendering: Helm / relc, first", &both(|h| h.values + h.render, |t| t.first));
            ratios("values and rendering: Helm / relc, second", &both(|h| h.values + h.render, |t| t.second));
            ratios("rendering only: Helm / all of relc's first", &both(|h| h.render, |t| t.first));
        }
    }
}

/// The least times of some runs, each from a chart loaded anew.
fn measure(path: &Path, runs: usize) -> Option<Times> {
    let mut best: Option<Times> = None;
    let values = Map::from_iter([("fullnameOverride".to_owned(), Value::from("another"))]);
    for _ in 0..runs {
        let (chart, load) = timed(|| load(path));
        let chart = chart?;
        let (_, first) = timed(|| render(&chart));
        let (_, second) = timed(|| render(&chart));
        let (_, other) = timed(|| render_as(&chart, "other", &values));
        let so_far = best.unwrap_or(Times { load, first, second, other });
        best = Some(Times {
            load: so_far.load.min(load),
            first: so_far.first.min(first),
            second: so_far.second.min(second),
            other: so_far.other.min(other),
        });
    }
    best
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let done = std::hint::black_box(work());
    (done, started.elapsed())
}

/// Nanoseconds.
struct Helm {
    load: f64,
    values: f64,
    render: f64,
}

/// Builds benches/helm with the installed Go and runs it on the charts, on one processor.
fn helm(charts: &[(PathBuf, Times)], runs: usize) -> Result<BTreeMap<PathBuf, Helm>, String> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/helm");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("helm-engine");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(&module)
        .output()
        .map_err(|why| format!("`go` cannot be run ({why}); install Go to compare"))?;
    if !built.status.success() {
        return Err(format!(
            "`go build` in benches/helm failed:\n{}",
            String::from_utf8_lossy(&built.stderr)
        ));
    }
    let output = Command::new(&program)
        .arg(runs.to_string())
        .args(charts.iter().map(|(path, _)| path))
        .env("GOMAXPROCS", "1")
        .output()
        .map_err(|why| format!("{} cannot be run: {why}", program.display()))?;
    let mut found = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut fields = line.split('\t');
        let path = fields.next().unwrap_or_default();
        let numbers: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
        if let [load, values, render] = *numbers.as_slice() {
            found.insert(PathBuf::from(path), Helm { load, values, render });
        }
    }
    Ok(found)
}
