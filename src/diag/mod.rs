//! Findings as plain data.
//!
//! In: nothing but [`Span`]s. Out: [`Diag`] with a [`Code`], collected in [`Diags`] across the whole run.
//! Must not know: who finds, who prints. Wording lives in small constructor functions at the foot of the
//! stage that finds the mistake; every code is listed, once, in [`codes`].

pub mod codes;

pub use codes::Code;

use crate::source::Span;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
    Note,
}

/// A piece of source text with what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// One finding. Messages are lowercase, without final period, the user's text in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diag {
    pub severity: Severity,
    pub code: Code,
    pub message: String,
    /// The first label is the primary one. Empty when there is no source to show (a cluster, a flag).
    pub labels: Vec<Label>,
    /// What to do next.
    pub help: Option<String>,
    /// More lines of context, shown after the source.
    pub notes: Vec<String>,
}

impl Diag {
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Diag::new(Severity::Error, code, message)
    }

    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Diag::new(Severity::Warning, code, message)
    }

    /// Something to know that is not wrong.
    pub fn remark(code: Code, message: impl Into<String>) -> Self {
        Diag::new(Severity::Note, code, message)
    }

    fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Diag { severity, code, message: message.into(), labels: Vec::new(), help: None, notes: Vec::new() }
    }

    /// Adds a place; the first one added is the primary.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }
}

/// All findings of a run, in the order they were made.
#[derive(Clone, Debug, Default)]
pub struct Diags {
    list: Vec<Diag>,
    /// Where in `list` those of a code and place are: a broken file may give many thousands.
    places: BTreeMap<(Code, Option<Span>), Vec<usize>>,
}

impl Diags {
    pub fn push(&mut self, diag: Diag) {
        let place = (diag.code, diag.labels.first().map(|label| label.span));
        let there = self.places.entry(place).or_default();
        // The same mistake reached by two ways (a module used twice) is one mistake.
        if !there.iter().any(|&n| self.list.get(n) == Some(&diag)) {
            there.push(self.list.len());
            self.list.push(diag);
        }
    }

    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Diag> {
        self.list.iter()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn append(&mut self, other: Diags) {
        for diag in other.list {
            self.push(diag);
        }
    }

    /// Sorted by file and position for printing; findings without a place come last.
    pub fn into_sorted(mut self) -> Vec<Diag> {
        self.list
            .sort_by_key(|d| d.labels.first().map_or((1, None), |l| (0, Some((l.span.file, l.span.start)))));
        self.list
    }
}

/// The candidate closest to `word`, when it is close enough to be what was meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|c| (strsim::osa_distance(&word.to_lowercase(), &c.to_lowercase()), c))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}
