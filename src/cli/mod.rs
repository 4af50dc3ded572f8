//! The command line: clap's tree and the hand-over to one file per command.
//!
//! In: arguments. Out: an exit code: 0 done or nothing to change, 1 errors, 2 changes (with
//! `--detailed-exitcode`), 130 interrupted.

mod apply;
mod chart;
mod chart_check;
mod chart_flags;
mod chart_schema;
mod chart_template;
mod check;
mod clock;
mod explain;
mod output_dir;
mod plan;
mod stack;
mod value_args;
mod values;

use crate::report::{Color, Format};
use crate::source::{DiskWorld, World};
use clap::{Args, Parser, Subcommand};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::LazyLock;

/// Type-checked Kubernetes clusters, namespaces and Helm releases.
#[derive(Debug, Parser)]
#[command(name = "relc", version = VERSION.as_str(), disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
}

// Only the flags of the command that runs are put together: all of them take as long as a small template.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    /// Compile and render a stack, without a network.
    Check(check::Args),
    /// Show what apply would do to the live clusters; changes nothing.
    Plan(plan::Args),
    /// Make the clusters what the stack says.
    Apply(apply::Args),
    /// Remove everything the stack owns.
    Destroy(apply::Args),
    /// Show the merged values of a release, each with where it comes from.
    Values(values::Args),
    /// Work with Helm charts.
    Chart(chart::Args),
    /// Explain a code that a finding carries, such as E0101.
    Explain(explain::Args),
}

/// relc's version, and that of the Helm whose rendering it follows.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    format!("{} (renders as Helm {})", env!("CARGO_PKG_VERSION"), crate::render::HELM_VERSION)
});

// What every command that prints findings takes. (A doc comment would become its help text.)
#[derive(Debug, Args)]
pub struct Output {
    /// How findings and plans are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// What a command may use of the outside.
pub struct Context<'a> {
    pub world: &'a dyn World,
    pub color: Color,
    no_color: bool,
}

impl Context<'_> {
    /// Whether findings, which go to standard error, are coloured.
    pub fn color_err(&self) -> bool {
        self.color.enabled(&std::io::stderr(), self.no_color)
    }

    /// Whether plans, which go to standard output, are coloured.
    pub fn color_out(&self) -> bool {
        self.color.enabled(&std::io::stdout(), self.no_color)
    }

    /// Whether there is a person to ask.
    pub fn interactive(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Errors,
    Changes,
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Errors => 1,
            Exit::Changes => 2,
            Exit::Interrupted => 130,
        })
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap's own code for wrong arguments is 2, which here means "there are changes".
            let code = if error.use_stderr() { Exit::Errors } else { Exit::Done };
            // A closed pipe is not worth a second message.
            let _closed = error.print();
            return code.into();
        }
    };
    let world = DiskWorld;
    let no_color = world.env("NO_COLOR").is_some_and(|v| !v.is_empty());
    let context = Context { world: &world, color: cli.color, no_color };
    match cli.command {
        Command::Check(args) => check::run(&args, &context),
        Command::Plan(args) => plan::run(&args, &context),
        Command::Apply(args) => apply::run(&args, apply::What::Apply, &context),
        Command::Destroy(args) => apply::run(&args, apply::What::Destroy, &context),
        Command::Values(args) => values::run(&args, &context),
        Command::Chart(args) => chart::run(&args, &context),
        Command::Explain(args) => explain::run(&args),
    }
    .into()
}

/// Writes to standard output; a reader that went away (`relc plan | head`) is no error.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _closed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error.
pub fn eprint(text: &str) {
    let mut out = std::io::stderr().lock();
    let _closed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
