//! `relc chart schema CHART`: what a chart accepts, as a JSON Schema.

use super::{Context, Exit, Output, eprint, print};
use crate::chart;
use crate::contract::{Contract, export};
use crate::report;
use crate::source::SourceMap;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A directory or a .tgz archive.
    #[arg(value_name = "CHART")]
    chart: PathBuf,
    #[command(flatten)]
    output: Output,
}

pub fn run(args: &Args, context: &Context<'_>) -> Exit {
    let mut sources = SourceMap::default();
    match chart::load(context.world, &args.chart) {
        Ok(chart) => {
            let schema = export::json_schema(&Contract::of(&chart), &format!("values of {}", chart.id()));
            print(&format!("{schema:#}\n"));
            Exit::Done
        }
        Err(error) => {
            let found = [error.into_diag(&mut sources)];
            eprint(&report::render(&found, &sources, args.output.format, context.color_err()));
            Exit::Errors
        }
    }
}
