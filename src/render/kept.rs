//! What one render of a chart leaves for the next, whatever that one is asked for: templates gathered, documents read.
//!
//! Lives in the chart and goes with it. Everything is kept under all that it depends on and compared before it is
//! used, so that no result ever depends on what was rendered before. Nothing is copied for it: texts are moved here
//! when a render is done with them.

use super::context::Templates;
use super::head::Head;
use crate::chart::Chart;
use crate::gotmpl::set::TemplateSet;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// See the module.
#[derive(Default)]
pub(super) struct Kept {
    set: Mutex<Option<Gathered>>,
    files: Mutex<BTreeMap<String, Arc<ReadFile>>>,
}

/// The templates of a chart and its subcharts, and which they are: each path, its chart's address, its place there. The
/// charts belong to the one this is kept in, so that no other comes to lie where one was.
struct Gathered {
    of: Vec<(String, usize, usize)>,
    set: Arc<TemplateSet>,
}

/// What a template printed, and what Helm reads of its documents.
#[derive(Debug)]
pub(super) struct ReadFile {
    pub(super) text: String,
    pub(super) documents: ReadDocuments,
}

/// Where in its text each document is, and what was read of it.
pub(super) type ReadDocuments = Vec<(Range<usize>, Head)>;

impl Kept {
    pub(super) fn of(chart: &Chart) -> Option<&Kept> {
        chart.kept()
    }

    /// The set of just these templates, if they were gathered last.
    pub(super) fn set(&self, templates: &Templates<'_>) -> Option<Arc<TemplateSet>> {
        let kept = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let gathered = kept.as_ref()?;
        let same = gathered.of.len() == templates.order.len()
            && gathered
                .of
                .iter()
                .zip(identities(templates))
                .all(|((path, chart, index), wanted)| (path.as_str(), *chart, *index) == wanted);
        same.then(|| Arc::clone(&gathered.set))
    }

    pub(super) fn keep_set(&self, templates: &Templates<'_>, set: &Arc<TemplateSet>) {
        let of = identities(templates).map(|(path, chart, index)| (path.to_owned(), chart, index)).collect();
        let gathered = Gathered { of, set: Arc::clone(set) };
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = Some(gathered);
    }

    /// What was read of a template's output, if that was the same last time.
    pub(super) fn read(&self, path: &str, text: &str) -> Option<Arc<ReadFile>> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.get(path).filter(|file| file.text == text).map(Arc::clone)
    }

    /// Keeps what was read of some outputs.
    pub(super) fn keep_read(&self, read: Vec<(String, ReadFile)>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.extend(read.into_iter().map(|(path, file)| (path, Arc::new(file))));
    }
}

fn identities<'t>(templates: &'t Templates<'_>) -> impl Iterator<Item = (&'t str, usize, usize)> {
    templates.order.iter().map(|path| match templates.by_path.get(path) {
        Some(template) => (path.as_str(), std::ptr::from_ref(template.chart).addr(), template.index),
        None => (path.as_str(), 0, 0),
    })
}
