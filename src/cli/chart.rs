//! `relc chart …`: working with Helm charts directly.

use super::{Context, Exit, chart_template};

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
}

pub fn run(args: &Args, context: &Context<'_>) -> Exit {
    match &args.command {
        Command::Template(args) => chart_template::run(args, context),
    }
}
