//! `relc apply [DIR]` and `relc destroy [DIR]`: plan, ask, carry out, report.

use super::stack::{Execution, Stack, block_on};
use super::{Context, Exit, eprint, print};
use crate::apply::{self, ApplyEvent, ApplyReport, Options};
use crate::diag::Diag;
use crate::driver::Planned;
use crate::report::{self, Format, progress};
use crate::source::SourceMap;
use std::collections::BTreeMap;
use std::io::BufRead;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    stack: Stack,
    #[command(flatten)]
    execution: Execution,
}

/// Which plan is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Apply,
    Destroy,
}

pub fn run(args: &Args, what: What, context: &Context<'_>) -> Exit {
    match block_on(carry_out(args, what, context)) {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn carry_out(args: &Args, what: What, context: &Context<'_>) -> Exit {
    let Args { stack, execution } = args;
    let mut run = stack.run(context);
    let planned = match what {
        What::Apply => run.plan().await,
        What::Destroy => run.plan_destroy().await,
    };
    let Some(planned) = planned else { return stack.finish(run, context) };
    stack.warn(&mut run, context);
    let quiet = stack.output.format == Format::Json;
    if !quiet {
        stack.show_plan(&planned, context);
    }
    if planned.plan.is_empty() {
        finish(args, &ApplyReport::default(), &planned, &run.sources, context);
        return Exit::Done;
    }
    if !execution.auto_approve && !approved(what, context) {
        return Exit::Errors;
    }
    let report = execute(args, &planned, context).await;
    finish(args, &report, &planned, &run.sources, context)
}

async fn execute(args: &Args, planned: &Planned, context: &Context<'_>) -> ApplyReport {
    let color = context.color_err();
    let say = |event: ApplyEvent| {
        if let Some(line) = progress::line(&event, color) {
            eprint(&format!("{line}\n"));
        }
    };
    let mut options = Options::new(holder(context));
    options.parallelism = usize::from(args.execution.parallelism);
    apply::apply(&planned.plan, &planned.clusters, &options, &say).await
}

/// Who applies, for those who meet the lock: the CI job, or the person and the machine.
fn holder(context: &Context<'_>) -> String {
    let var = |name: &str| context.world.env(name).filter(|text| !text.is_empty());
    if let Some(job) = var("CI_JOB_URL").or_else(|| var("GITHUB_RUN_ID").map(|id| format!("GitHub run {id}")))
    {
        return job;
    }
    let user = var("USER").or_else(|| var("USERNAME")).unwrap_or_else(|| "somebody".into());
    match var("HOSTNAME") {
        Some(host) => format!("{user}@{host}"),
        None => format!("{user}, process {}", std::process::id()),
    }
}

/// Asks on a terminal; without one, says how to go on.
fn approved(what: What, context: &Context<'_>) -> bool {
    let verb = match what {
        What::Apply => "apply this plan",
        What::Destroy => "destroy all of this",
    };
    if !context.interactive() {
        eprint(&format!(
            "error: there is no terminal to ask whether to {verb}; nothing was changed\n  help: read the plan above and \
             run the command again with `--auto-approve`\n"
        ));
        return false;
    }
    eprint(&format!("\nDo you want to {verb}? Only `yes` is taken as an answer: "));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" {
        return true;
    }
    eprint("nothing was changed\n");
    false
}

fn finish(
    args: &Args,
    report: &ApplyReport,
    planned: &Planned,
    sources: &SourceMap,
    context: &Context<'_>,
) -> Exit {
    let failures: Vec<Diag> = progress::failures(report);
    eprint(&report::render(&failures, sources, Format::Human, context.color_err()));
    match args.stack.output.format {
        Format::Json => print(&format!("{:#}\n", progress::json(report, &planned.outputs))),
        Format::Human => {
            if !report.results.is_empty() {
                print(&format!("\n{}\n", progress::closing(report)));
            }
            if report.is_success() {
                print(&outputs(&planned.outputs));
            }
        }
    }
    match (report.interrupted, report.is_success()) {
        (true, _) => Exit::Interrupted,
        (_, true) => Exit::Done,
        (_, false) => Exit::Errors,
    }
}

fn outputs(outputs: &BTreeMap<String, serde_json::Value>) -> String {
    let lines: String = outputs.iter().map(|(name, value)| format!("  {name} = {value}\n")).collect();
    if lines.is_empty() { lines } else { format!("\noutputs:\n{lines}") }
}
