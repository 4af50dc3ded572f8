//! `relc check [DIR]`: compiles and renders the stack without a network.

use super::clock::Reproducible;
use super::stack::Stack;
use super::{Context, Exit, print};
use crate::report::Format;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    stack: Stack,
    #[command(flatten)]
    reproducible: Reproducible,
}

pub fn run(args: &Args, context: &Context<'_>) -> Exit {
    let mut run = args.stack.run_at(context, args.reproducible.seed(context));
    let rendered = run.check();
    if let (Some(stack), Format::Human) = (&rendered, args.stack.output.format) {
        let objects: usize = stack.releases.values().map(|r| r.rendered.objects.len()).sum::<usize>()
            + stack.plain.values().map(Vec::len).sum::<usize>();
        print(&format!("ok: {} releases, {objects} objects\n", stack.releases.len()));
    }
    args.stack.finish(run, context)
}
