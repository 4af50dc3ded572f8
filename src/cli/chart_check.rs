//! `relc chart check CHART -f FILE…`: plain values files against what a chart accepts.

use super::value_args::{ValueArgs, WithStdin};
use super::{Context, Exit, Output, eprint, print};
use crate::chart::{self, Chart, merge_maps};
use crate::contract::finding::{InFile, Layers, Nowhere, Places, written};
use crate::contract::{Contract, check, report as contract_report};
use crate::diag::{Diags, Severity};
use crate::render::{self, Capabilities, KubeVersion, Offline, RenderError, RenderErrorKind, Request, Seed};
use crate::report::{self, Format};
use crate::source::{SourceMap, World};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub struct Args {
    /// A directory or a .tgz archive.
    #[arg(value_name = "CHART")]
    chart: PathBuf,
    #[command(flatten)]
    values: ValueArgs,
    /// Exit 1 for warnings, too: for every key that nothing reads.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    output: Output,
}

pub fn run(args: &Args, context: &Context<'_>) -> Exit {
    let mut sources = SourceMap::default();
    let mut diags = Diags::default();
    findings(args, &WithStdin(context.world), &mut sources, &mut diags);
    let warned = diags.iter().any(|diag| diag.severity == Severity::Warning);
    let failed = diags.has_errors() || args.strict && warned;
    let format = args.output.format;
    let found = diags.into_sorted();
    if !found.is_empty() || format != Format::Human {
        let text = report::render(&found, &sources, format, context.color_err());
        if format == Format::Json { print(&text) } else { eprint(&text) }
    }
    if failed {
        return Exit::Errors;
    }
    if format == Format::Human && !warned {
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
    let mut files = Vec::new();
    let mut unknown: BTreeSet<String> = BTreeSet::new();
    let mut check = |values: &Map<String, Value>, places: &dyn Places, diags: &mut Diags| {
        for finding in check::check(&contract, values) {
            if finding.is_unknown() {
                unknown.insert(written(&finding.path));
            }
            diags.push(finding.into_diag(places));
        }
    };
    for file in flags.read_files(world) {
        match file {
            Ok(file) => {
                let text = String::from_utf8_lossy(&file.data).into_owned();
                let place = InFile { file: sources.add(&file.path, text), documents: file.documents };
                check(&file.values, &place, diags);
                files.push(place);
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
        Ok(()) => check(&set, &Nowhere, diags),
        Err(error) => {
            complete = false;
            diags.push(error.into_diag(sources));
        }
    }
    if !complete {
        return;
    }
    match merged(&chart, &all) {
        Ok(()) => {}
        Err(error) if error.kind == RenderErrorKind::Schema => {
            for finding in contract_report::findings(&chart, &error.message) {
                // What was found already is not said again in other words.
                if !unknown.contains(&written(&finding.path)) {
                    diags.push(finding.into_diag(&Layers(&files)));
                }
            }
        }
        Err(error) => diags.push(error.into_diag(sources)),
    }
}

/// What Helm checks before it renders: whether layers fit onto each other, and the schema.
fn merged(chart: &Chart, values: &Map<String, Value>) -> Result<(), RenderError> {
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
    render::values(&request).map(|_| ())
}
