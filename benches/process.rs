//! `relc chart template` against `helm template`, as processes: processor time, wall time and peak memory. Needs
//! a helm binary in `RELC_BENCH_HELM`. Prints ratios, asserts nothing.

#![expect(clippy::disallowed_methods, reason = "clocks, files and processes are what a benchmark is about")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use support::{Options, measured, ratios, shown};

const HELM: &str = "RELC_BENCH_HELM";
const RELC: &str = env!("CARGO_BIN_EXE_relc");
/// Makes this program run one command and print what it took. Resource usage is only known of all children
/// together, so each command needs a parent of its own, and that one small: what a process held before it became
/// another program counts as its peak.
const MEASURE: &str = "--measure-one";

/// Of one process: seconds, seconds, and KiB.
#[derive(Clone, Copy)]
struct Cost {
    cpu: f64,
    wall: f64,
    peak: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, program, rest @ ..] = arguments.as_slice()
        && flag == MEASURE
    {
        return measure_one(program, rest);
    }
    let Some(helm) = std::env::var_os(HELM).filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return println!("nothing was measured: {HELM} does not name a helm binary");
    };
    let options = Options::read();
    let mut costs = measured(&options, |path| {
        let relc = least(Path::new(RELC), &["chart", "template"], path, options.runs);
        let theirs = least(&helm, &["template"], path, options.runs);
        theirs.zip(relc)
    });
    let pairs = |pick: fn(&Cost) -> f64| -> Vec<(f64, f64)> {
        costs.iter().map(|(_, (helm, relc))| (pick(helm), pick(relc))).collect()
    };
    ratios("processor time: helm template / relc", &pairs(|c| c.cpu));
    ratios("wall time: helm template / relc", &pairs(|c| c.wall));
    ratios("peak memory: helm template / relc", &pairs(|c| c.peak));
    costs.sort_by(|(_, (a, b)), (_, (c, d))| (a.cpu / b.cpu).total_cmp(&(c.cpu / d.cpu)));
    println!("the least ratios:");
    for (path, (helm, relc)) in costs.iter().take(10) {
        println!(
            "  {:<44} cpu {:7.1} / {:6.1} ms   peak {:5.1} / {:4.1} MiB",
            shown(path),
            helm.cpu * 1e3,
            relc.cpu * 1e3,
            helm.peak / 1024.0,
            relc.peak / 1024.0
        );
    }
}

fn arguments(command: &mut Command, path: &Path) {
    command.arg("bench").arg(path).args(["--kube-version", "1.34.0"]);
}

/// The least of each cost in some runs; none if the command fails.
fn least(program: &Path, subcommand: &[&str], path: &Path, runs: usize) -> Option<Cost> {
    let mut best: Option<Cost> = None;
    for _ in 0..runs {
        let mut command = Command::new(std::env::current_exe().ok()?);
        command.arg(MEASURE).arg(program).args(subcommand);
        arguments(&mut command, path);
        let printed = command.output().ok()?.stdout;
        let numbers: Vec<f64> =
            String::from_utf8_lossy(&printed).split_whitespace().filter_map(|n| n.parse().ok()).collect();
        let [cpu, wall, peak] = *numbers.as_slice() else { return None };
        let so_far = best.unwrap_or(Cost { cpu, wall, peak });
        best =
            Some(Cost { cpu: so_far.cpu.min(cpu), wall: so_far.wall.min(wall), peak: so_far.peak.min(peak) });
    }
    best
}

/// Runs a command and prints its cost, or nothing if it fails.
fn measure_one(program: &str, arguments: &[String]) {
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let wall = started.elapsed().as_secs_f64();
    if let (Ok(true), Some((cpu, peak))) = (status.map(|s| s.success()), usage_of_children()) {
        println!("{cpu} {wall} {peak}");
    }
}

/// Processor time in seconds and peak memory in KiB.
#[cfg(unix)]
fn usage_of_children() -> Option<(f64, i64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Some((seconds(usage.user_time()) + seconds(usage.system_time()), usage.max_rss()))
}

/// Only known on Unix; elsewhere every chart is reported as not measured.
#[cfg(not(unix))]
fn usage_of_children() -> Option<(f64, i64)> {
    None
}
