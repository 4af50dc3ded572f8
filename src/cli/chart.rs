//! `relc chart …`: working with Helm charts directly.

use super::{Context, Exit, chart_check, chart_schema, chart_template};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
enum Command {
    /// Render a chart and print its manifests, as `helm template` does.
    Template(Box<chart_template::Args>),
    /// Check values files against everything a chart reads: keys that nothing looks at, its schema.
    Check(Box<chart_check::Args>),
    /// Print what a chart accepts as a JSON Schema: every key that its templates, defaults, comments and schema know.
    Schema(Box<chart_schema::Args>),
}

pub fn run(args: &Args, context: &Context<'_>) -> Exit {
    match &args.command {
        Command::Template(args) => chart_template::run(args, context),
        Command::Check(args) => chart_check::run(args, context),
        Command::Schema(args) => chart_schema::run(args, context),
    }
}
