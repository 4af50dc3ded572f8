//! What a run has to say, printed: findings, plans and the progress of an apply.
//!
//! In: [`Diags`] with their [`SourceMap`], plans, events. Out: text for a person ([`human`]) or JSON for a
//! program ([`json`]). Must not know: how any of it was found. The only place that uses miette.

mod excerpt;
pub mod human;
pub mod json;
pub mod plan;
pub mod progress;
mod style;

use crate::diag::{Diag, Severity};
use crate::source::SourceMap;
use std::io::IsTerminal;

/// How findings and plans are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    #[default]
    Human,
    Json,
}

/// Whether to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// `auto` follows the stream and the NO_COLOR convention.
    pub fn enabled(self, stream: &impl IsTerminal, no_color: bool) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream.is_terminal() && !no_color,
        }
    }
}

/// Findings of a run in printing order.
pub fn render(diags: &[Diag], sources: &SourceMap, format: Format, color: bool) -> String {
    match format {
        Format::Human => human::findings(diags, sources, color),
        Format::Json => json::findings(diags, sources),
    }
}

fn count(diags: &[Diag], severity: Severity) -> usize {
    diags.iter().filter(|d| d.severity == severity).count()
}

#[cfg(test)]
mod tests;
