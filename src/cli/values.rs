//! `relc values RELEASE [DIR]`: the merged values of a release, each with where it comes from.

use super::stack::Stack;
use super::{Context, Exit, print};
use crate::driver::ReleaseValues;
use crate::provenance::{Leaf, Origin, written};
use crate::report::Format;
use crate::source::SourceMap;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The release: its address, or its label alone.
    release: String,
    #[command(flatten)]
    stack: Stack,
}

pub fn run(args: &Args, context: &Context<'_>) -> Exit {
    let mut run = args.stack.run(context);
    let Some(found) = run.values_of(&args.release) else { return args.stack.finish(run, context) };
    print(&match args.stack.output.format {
        Format::Human => human(&found, &run.sources),
        Format::Json => format!("{:#}\n", as_json(&found, &run.sources)),
    });
    args.stack.warn(&mut run, context);
    Exit::Done
}

/// A value that is longer is cut; JSON has all of it.
const WIDEST: usize = 60;

fn human(found: &ReleaseValues, sources: &SourceMap) -> String {
    let mut out = format!("{} ({})\n", found.address, found.chart);
    for leaf in &found.leaves {
        let value = match &leaf.value {
            Some(value) => shortened(&value_text(value)),
            None => "(secret)".to_owned(),
        };
        out.push_str(&format!("{} = {value}  # {}\n", written(&leaf.path), place(leaf, sources)));
    }
    out
}

fn as_json(found: &ReleaseValues, sources: &SourceMap) -> Value {
    let leaves = found.leaves.iter().map(|leaf| {
        let (path, origin) = (written(&leaf.path), place(leaf, sources));
        match &leaf.value {
            Some(value) => json!({ "path": path, "value": value, "origin": origin }),
            None => json!({ "path": path, "secret": true, "origin": origin }),
        }
    });
    json!({ "release": found.address, "chart": found.chart, "values": leaves.collect::<Vec<_>>() })
}

/// Helm's numbers are all floats; one that is whole reads better without its point.
fn value_text(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number}"),
        _ => value.to_string(),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        return text.to_owned();
    }
    text.chars().take(WIDEST - 1).chain(['…']).collect()
}

fn place(leaf: &Leaf, sources: &SourceMap) -> String {
    match &leaf.origin {
        Origin::Source(span) => {
            let (line, _) = sources.line_col(span.file, span.start);
            format!("{}:{line}", sources.path(span.file).display())
        }
        Origin::Default { chart, line } => format!("{chart}/values.yaml:{line}"),
        Origin::Chart => "the chart".to_owned(),
    }
}
