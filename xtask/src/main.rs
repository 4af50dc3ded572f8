//! Commands for those who work on relc. `cargo xtask` lists them.

#![allow(
    clippy::disallowed_methods,
    reason = "the rule that files are read through `World` is relc's, not its tools'"
)]

mod corpus;
mod kubernetes;
mod outcome;
mod values;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

const USAGE: &str = "\
usage: cargo xtask corpus CORPUS --helm HELM [--relc RELC] [--only TEXT]
       cargo xtask values CORPUS --helm HELM [--relc RELC] [--only TEXT]
       cargo xtask kubernetes MODULES VERSION...

corpus  Renders every chart of a folder of charts, with its own values and with each of its ci/*.yaml, by Helm and by
        relc, and compares: bytes (lines that differ between two runs of Helm left out), or the innermost message.
values  Carries every values.yaml below the folder through `toYaml`, as .Values and read by fromYaml, likewise.

kubernetes  Writes src/kubernetes/table.txt from the Go modules of Kubernetes' releases; CONTRIBUTING.md tells how.

The first two print the first difference of each case and `same N of M`, and exit 1 unless all are the same.
--helm  a Helm 4.3.1 binary
--relc  a relc binary; without it, `cargo build --release` makes one
--only  only the cases whose name contains this";

/// What both commands take.
struct Options {
    corpus: PathBuf,
    helm: PathBuf,
    relc: PathBuf,
    only: String,
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    if command == "kubernetes" {
        return finish(kubernetes::run(args));
    }
    let run = match command.as_str() {
        "corpus" => corpus::run,
        "values" => values::run,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    finish(options(args).and_then(|options| run(&options)))
}

fn finish(result: Result<bool, String>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let (mut corpus, mut helm, mut relc, mut only) = (None, None, None, String::new());
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--helm" => helm = Some(program(value()?)?),
            "--relc" => relc = Some(program(value()?)?),
            "--only" => only = value()?,
            _ if arg.starts_with('-') || corpus.is_some() => {
                return Err(format!("unexpected {arg}\n{USAGE}"));
            }
            _ => corpus = Some(PathBuf::from(arg)),
        }
    }
    let corpus = corpus.ok_or(format!("which folder of charts?\n{USAGE}"))?;
    let helm = helm.ok_or(format!("which Helm?\n{USAGE}"))?;
    let relc = relc.map_or_else(build, Ok)?;
    Ok(Options { corpus, helm, relc, only })
}

/// A path in full, since programs are started in other folders; a bare name is looked up by the system.
fn program(path: String) -> Result<PathBuf, String> {
    if !path.contains('/') {
        return Ok(path.into());
    }
    std::fs::canonicalize(&path).map_err(|why| format!("{path}: {why}"))
}

fn build() -> Result<PathBuf, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo).args(["build", "--release"]).current_dir(&root).status();
    if !built.is_ok_and(|status| status.success()) {
        return Err("relc does not build".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/relc"))
}
