//! From a path in an object to its key in the rendered document.

use crate::gotmpl::yaml::tree::Tree;
use crate::kubernetes::{Path, PathStep};
use crate::source::{FileId, SourceMap, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The documents that findings point into.
#[derive(Debug, Default)]
pub struct Places {
    /// By path, then by text: a template renders several documents.
    files: BTreeMap<(String, String), FileId>,
}

impl Places {
    /// The key at a path, or what is nearest around it that is written.
    pub fn find(&mut self, name: &str, text: &str, path: &Path, sources: &mut SourceMap) -> Span {
        let key = (name.to_owned(), text.to_owned());
        let file = match self.files.get(&key) {
            Some(file) => *file,
            None => {
                let file = sources.add(format!("{name} (rendered)"), Arc::<str>::from(text));
                self.files.insert(key, file);
                file
            }
        };
        let (start, end) = key_span(text, path).unwrap_or_else(|| first_line(text));
        Span::new(file, start, end)
    }
}

fn key_span(text: &str, path: &Path) -> Option<(usize, usize)> {
    let tree = Tree::parse(text.as_bytes()).ok()?;
    let names: Vec<String> = path
        .0
        .iter()
        .map(|step| match step {
            PathStep::Field(name) | PathStep::Key(name) => name.clone(),
            PathStep::Item(index) => index.to_string(),
        })
        .collect();
    (1..=names.len()).rev().find_map(|length| {
        let (key, _) = tree.find(names.iter().take(length).map(String::as_str))?;
        let span = &tree.node(key)?.span;
        // An item stands for itself, and may be long: its first line is enough.
        let (start, end) = (span.start as usize, span.end as usize);
        let line = text.get(start..end)?.find('\n').map_or(end, |at| start + at);
        Some((start, line))
    })
}

/// The first line that says something.
fn first_line(text: &str) -> (usize, usize) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let own = line.trim();
        if !own.is_empty() && !own.starts_with('#') {
            return (start, start + line.trim_end().len());
        }
        start += line.len();
    }
    (0, text.len().min(1))
}
