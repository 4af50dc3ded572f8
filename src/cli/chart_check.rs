//! `relc chart check CHART -f FILE…`: plain values files against what a chart accepts.

use super::value_args::{ValueArgs, WithStdin};
use super::{Context, Exit, Output, eprint, print};
use crate::chart::{self, Chart, merge_maps};
use crate::contract::finding::{InFile, Nowhere};
use crate::contract::{Contract, check};
use crate::diag::{Diags, Severity};
use crate::render::{self, Capabilities, KubeVersion, Offline, Request, Seed};
use crate::report::{self, Format};
use crate::source::{SourceMap, World};
use serde_json::{Map, Value};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub struct Args {
    /// A directory or a .tgz archive.
    #[arg(value_name = "CHART")]
    chart: PathBuf,
    #[command(flatten)]
    values: ValueArgs,
    #[command(flatten)]
    output: Output,
}

pub fn run(args: &Args, context: &Context<'_>) -> Exit {
    let mut sources = SourceMap::default();
    let mut diags = Diags::default();
    findings(args, &WithStdin(context.world), &mut sources, &mut diags);
    let failed = diags.has_errors();
    let format = args.output.format;
    let found = diags.into_sorted();
    if !found.is_empty() || format != Format::Human {
        eprint(&report::render(&found, &sources, format, context.color_err()));
    }
    if failed {
        return Exit::Errors;
    }
    if format == Format::Human && found.iter().all(|diag| diag.severity != Severity::Warning) {
        print("ok: every key is known to the chart\n");
    }
    Exit::Done
}

fn findings(args: &Args, world: &dyn World, sources: &mut SourceMap, diags: &mut Diags) {
    let chart = match chart::load(world, &args.chart) {
        Ok(chart) => chart,
        Err(error) => return diags.push(error.into_diag(sources)),
    };
    let contract = Contract::of(&chart);
    let flags = args.values.flags();
    let mut all = Map::new();
    let mut complete = true;
    for file in flags.read_files(world) {
        match file {
            Ok(file) => {
                let text = String::from_utf8_lossy(&file.data).into_owned();
                let place = InFile { file: sources.add(&file.path, text), documents: file.documents };
                for finding in check::check(&contract, &file.values) {
                    diags.push(finding.into_diag(&place));
                }
                merge_maps(&mut all, file.values);
            }
            Err(error) => {
                complete = false;
                diags.push(error.into_diag(sources));
            }
        }
    }
    let mut set = Map::new();
    // Alone, so that what a file says is not found twice; then over the files, as it takes effect.
    match flags.set_in(&mut set, world).and_then(|()| flags.set_in(&mut all, world)) {
        Ok(()) => {
            for finding in check::check(&contract, &set) {
                diags.push(finding.into_diag(&Nowhere));
            }
        }
        Err(error) => {
            complete = false;
            diags.push(error.into_diag(sources));
        }
    }
    if complete {
        merged(&chart, &all, sources, diags);
    }
}

/// What Helm checks before it renders: whether layers fit onto each other, and the schema.
fn merged(chart: &Chart, values: &Map<String, Value>, sources: &mut SourceMap, diags: &mut Diags) {
    let request = Request {
        chart,
        name: "release-name",
        namespace: "default",
        revision: 1,
        is_upgrade: false,
        values,
        capabilities: &Capabilities::offline(KubeVersion::default(), &[]),
        lookup: &Offline,
        seed: &Seed::reproducible("", 0),
        include_crds: false,
        subchart_notes: false,
        skip_schema_validation: false,
        text_only: true,
    };
    if let Err(error) = render::values(&request) {
        diags.push(error.into_diag(sources));
    }
}
