//! `relc plan [DIR]`: what apply would do. Reads only.

use super::stack::{Stack, block_on};
use super::{Context, Exit};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    stack: Stack,
    /// Exit with 2 when there is something to do.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub fn run(args: &Args, context: &Context<'_>) -> Exit {
    let mut run = args.stack.run(context);
    let planned = match block_on(run.plan()) {
        Ok(planned) => planned,
        Err(exit) => return exit,
    };
    let Some(planned) = planned else { return args.stack.finish(run, context) };
    args.stack.warn(&mut run, context);
    args.stack.show_plan(&planned, context);
    if args.detailed_exitcode && !planned.plan.is_empty() { Exit::Changes } else { Exit::Done }
}
