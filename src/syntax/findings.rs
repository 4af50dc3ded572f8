//! The errors of one file, not more than anyone reads.
//!
//! A file that is no `.rel` file at all has an error on every line; comparing and printing a million of them would
//! look like a hang.

use super::messages as say;
use crate::diag::{Diag, Diags};
use crate::source::{FileId, Span};

const LIMIT: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Diag>,
    count: usize,
}

impl Findings {
    pub fn push(&mut self, diag: Diag) {
        self.count += 1;
        if self.list.len() < LIMIT {
            self.list.push(diag);
        }
    }

    /// How many were found, kept or not.
    pub fn count(&self) -> usize {
        self.count
    }

    pub fn append(&mut self, other: Findings) {
        let dropped = other.count - other.list.len();
        other.list.into_iter().for_each(|d| self.push(d));
        self.count += dropped;
    }

    /// Hands them to the run.
    /// Whatever was said about half a character is said about the whole one.
    pub fn finish(mut self, file: FileId, text: &str, diags: &mut Diags) {
        for label in self.list.iter_mut().flat_map(|d| &mut d.labels) {
            let (start, end) = (label.span.start as usize, label.span.end as usize);
            let start = text.floor_char_boundary(start);
            label.span =
                Span::new(label.span.file, start, text.ceil_char_boundary(end.min(text.len())).max(start));
        }

        let last = self.list.last().and_then(|d| d.labels.first()).map(|l| l.span);
        let dropped = self.count - self.list.len();
        self.list.into_iter().for_each(|d| diags.push(d));
        if dropped > 0 {
            diags.push(say::too_many(last.unwrap_or(Span::new(file, 0, 0)), dropped));
        }
    }
}
