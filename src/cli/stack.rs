//! What check, plan, apply and destroy share: the directory, its variables, findings, a runtime.

use super::{Context, Exit, Output, clock, eprint, print};
use crate::diag::{Diag, codes};
use crate::driver::{Inputs, Planned, Run};
use crate::render::Seed;
use crate::report::{self, Format};
use std::collections::BTreeMap;
use std::path::PathBuf;

// Which stack, with which variables. (A doc comment here would become the help text of every command.)
#[derive(Debug, clap::Args)]
pub struct Stack {
    /// The directory of .rel files.
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Set a variable; RELC_VAR_NAME in the environment does the same and is meant for secrets.
    #[arg(short = 'v', long = "var", value_name = "NAME=VALUE")]
    pub vars: Vec<String>,
    #[command(flatten)]
    pub output: Output,
}

// How far an apply or destroy may go at once.
#[derive(Debug, clap::Args)]
pub struct Execution {
    /// Do not ask; needed where there is no terminal.
    #[arg(long)]
    pub auto_approve: bool,
    /// Changes in progress at the same time, per cluster.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallelism: u16,
}

impl Stack {
    /// The run this command line asks for, on today's clock.
    pub fn run<'a>(&self, context: &Context<'a>) -> Run<'a> {
        self.run_at(context, Ok(clock::now(context.world)))
    }

    /// The run, with a clock and a randomness.
    pub fn run_at<'a>(&self, context: &Context<'a>, seed: Result<Seed, Box<Diag>>) -> Run<'a> {
        let mut vars = BTreeMap::new();
        let mut wrong = Vec::new();
        for text in &self.vars {
            match text.split_once('=') {
                Some((name, value)) if !name.is_empty() => {
                    vars.insert(name.to_owned(), value.to_owned());
                }
                _ => wrong.push(not_an_assignment(text)),
            }
        }
        let seed = seed.unwrap_or_else(|diag| {
            wrong.push(*diag);
            clock::now(context.world)
        });
        let mut run = Run::new(context.world, &self.dir, Inputs { vars }, seed);
        for diag in wrong {
            run.diags.push(diag);
        }
        run
    }

    /// Prints what a run has found, sorted; in JSON only where there is no other document to print.
    pub fn finish(&self, run: Run<'_>, context: &Context<'_>) -> Exit {
        let exit = if run.diags.has_errors() { Exit::Errors } else { Exit::Done };
        let Run { diags, sources, .. } = run;
        let diags = diags.into_sorted();
        match self.output.format {
            Format::Json => print(&report::render(&diags, &sources, Format::Json, false)),
            Format::Human => eprint(&report::render(&diags, &sources, Format::Human, context.color_err())),
        }
        exit
    }

    /// Warnings of a run that goes on; in JSON they would be a second document, so they go to standard error.
    pub fn warn(&self, run: &mut Run<'_>, context: &Context<'_>) {
        let diags = std::mem::take(&mut run.diags).into_sorted();
        eprint(&report::render(&diags, &run.sources, Format::Human, context.color_err()));
    }

    pub fn show_plan(&self, planned: &Planned, context: &Context<'_>) {
        print(&match self.output.format {
            Format::Human => report::plan::human(&planned.plan, context.color_out()),
            Format::Json => format!("{:#}\n", planned.plan.to_json()),
        });
    }
}

/// Runs the part of a command that talks to clusters.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Exit> {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => Ok(runtime.block_on(future)),
        Err(error) => {
            eprint(&format!("error: no threads to work with: {error}\n"));
            Err(Exit::Errors)
        }
    }
}

fn not_an_assignment(text: &str) -> Diag {
    Diag::error(codes::BAD_VARIABLE, format!("expected `NAME=VALUE` after `--var`, found `{text}`"))
        .help("for example `--var environment=prod`")
}
