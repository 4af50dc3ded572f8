//! What can be wrong with values, and how it is said.

use super::suggest::Likely;
use crate::diag::{Diag, codes};
use crate::source::{FileId, Span};

/// A step into values as a user gave them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(String),
    Index(usize),
}

/// A place in values as a user gave them.
pub type Path = Vec<Step>;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The key it is about.
    pub path: Path,
    pub kind: Kind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing looks at a key of this name.
    Unknown { likely: Option<Likely> },
    /// Any key may be here, but this one is almost that of a default.
    NearMiss { meant: String },
}

/// A path as people write it: `a.b[0].c`.
pub fn written(path: &Path) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// Where a finding is shown.
pub trait Places {
    /// The key at a path.
    fn key(&self, path: &Path) -> Option<Span>;
}

/// Values that were written in no file.
pub struct Nowhere;

impl Places for Nowhere {
    fn key(&self, _: &Path) -> Option<Span> {
        None
    }
}

/// A values file.
pub struct InFile<'t> {
    pub file: FileId,
    /// Its documents, each with the byte that it begins at.
    pub documents: Vec<(usize, crate::gotmpl::yaml::tree::Tree<'t>)>,
}

impl Places for InFile<'_> {
    fn key(&self, path: &Path) -> Option<Span> {
        let names: Vec<String> = path
            .iter()
            .map(|step| match step {
                Step::Key(name) => name.clone(),
                Step::Index(index) => index.to_string(),
            })
            .collect();
        // What a merge brought in has no place of its own: that of what is around it is shown.
        (1..=names.len()).rev().find_map(|length| {
            self.documents.iter().rev().find_map(|(start, tree)| {
                let (key, _) = tree.find(names.iter().take(length).map(String::as_str))?;
                let span = &tree.node(key)?.span;
                Some(Span::new(self.file, start + span.start as usize, start + span.end as usize))
            })
        })
    }
}

impl Finding {
    /// As it is shown to a person.
    pub fn into_diag(self, places: &dyn Places) -> Diag {
        let path = written(&self.path);
        let name = match self.path.last() {
            Some(Step::Key(name)) => name.clone(),
            _ => path.clone(),
        };
        let span = places.key(&self.path);
        let at = |diag: Diag, text: &str| match span {
            Some(span) => diag.at(span, text),
            None => diag,
        };
        match self.kind {
            Kind::Unknown { likely } => {
                let diag = Diag::error(codes::UNKNOWN_VALUE, format!("unknown key `{path}`"));
                match likely {
                    Some(Likely::Sibling(meant)) => {
                        at(diag, "nothing in the chart reads this").help(format!("did you mean `{meant}`?"))
                    }
                    Some(Likely::Elsewhere(meant)) => at(diag, "nothing in the chart reads this")
                        .help(format!("there is a `{name}` at `{meant}`")),
                    None => at(diag, "nothing in the chart reads this"),
                }
            }
            Kind::NearMiss { meant } => {
                let diag = Diag::error(codes::NEAR_MISS, format!("`{path}` is almost `{meant}`"));
                at(diag, "any key is taken here, but a default has nearly this name")
                    .help(format!("did you mean `{meant}`?"))
            }
        }
    }
}
