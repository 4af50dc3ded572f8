//! What can be wrong with values, and how it is said.

use super::suggest::{Likely, Slip, slip};
use crate::diag::{Diag, codes};
use crate::source::{FileId, Span};
use serde_json::Value;

/// A step into values as a user gave them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(String),
    Index(usize),
}

impl Step {
    /// As a reader of YAML finds it.
    pub fn name(&self) -> String {
        match self {
            Step::Key(name) => name.clone(),
            Step::Index(index) => index.to_string(),
        }
    }
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
    NearMiss { meant: String, slip: Slip },
    /// The value goes to a field of Kubernetes objects whose types, of these names, have no such field.
    UnknownField { types: Vec<String>, meant: Option<String> },
    /// Templates look for keys in what has none.
    WrongShape { expected: Shape, found: Shape },
    /// A text where `true` or `false` is expected: every text is true.
    QuotedBool { text: String },
    /// A null takes a default away.
    Deletes,
    /// A list replaces the default list: so many of its entries are gone.
    Replaces { lost: usize, of: usize },
    /// It does not meet the chart's schema: Helm's words, and those on what it tried.
    Schema { text: String, more: Vec<String> },
    /// The chart asks not to use it.
    Deprecated { why: Option<String> },
}

/// What a value is, without what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Map,
    List,
    Text,
    Number,
    Bool,
    Null,
}

impl Shape {
    pub fn of(value: &Value) -> Shape {
        match value {
            Value::Null => Shape::Null,
            Value::Bool(_) => Shape::Bool,
            Value::Number(_) => Shape::Number,
            Value::String(_) => Shape::Text,
            Value::Array(_) => Shape::List,
            Value::Object(_) => Shape::Map,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Shape::Map => "a map",
            Shape::List => "a list",
            Shape::Text => "a text",
            Shape::Number => "a number",
            Shape::Bool => "a boolean",
            Shape::Null => "null",
        }
    }
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

impl InFile<'_> {
    fn exactly(&self, names: &[String]) -> Option<Span> {
        self.documents.iter().rev().find_map(|(start, tree)| {
            let (key, _) = tree.find(names.iter().map(String::as_str))?;
            let span = &tree.node(key)?.span;
            Some(Span::new(self.file, start + span.start as usize, start + span.end as usize))
        })
    }
}

/// Values files laid over each other: the last one that has a key is shown.
pub struct Layers<'l, 't>(pub &'l [InFile<'t>]);

impl Places for Layers<'_, '_> {
    fn key(&self, path: &Path) -> Option<Span> {
        let names: Vec<String> = path.iter().map(Step::name).collect();
        // What a merge brought in, or nobody gave, has no place of its own: that of what is around it is shown.
        (1..=names.len()).rev().find_map(|length| {
            let names = names.get(..length)?;
            self.0.iter().rev().find_map(|file| file.exactly(names))
        })
    }
}

impl Places for InFile<'_> {
    fn key(&self, path: &Path) -> Option<Span> {
        Layers(std::slice::from_ref(self)).key(path)
    }
}

impl Finding {
    /// Whether nothing at all reads the key.
    pub fn is_unread(&self) -> bool {
        matches!(self.kind, Kind::Unknown { .. })
    }

    /// Whether it says that a key is not known.
    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::Unknown { .. } | Kind::NearMiss { .. } | Kind::UnknownField { .. })
    }

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
                let message = format!("unknown key `{path}`");
                let sure = likely.as_ref().is_some_and(Likely::is_sure);
                let diag = match sure {
                    true => Diag::error(codes::UNKNOWN_VALUE, message),
                    false => Diag::warning(codes::UNKNOWN_VALUE, message),
                };
                let diag = at(diag, "nothing in the chart reads this");
                match likely {
                    Some(Likely::Sibling { name, .. }) => diag.help(format!("did you mean `{name}`?")),
                    Some(Likely::Elsewhere { path }) => {
                        let around = path.strip_suffix(&format!(".{name}"));
                        match around {
                            Some(around) => {
                                diag.help(format!("`{name}` is under `{around}`: write `{path}`"))
                            }
                            None => diag.help(format!("there is a `{name}` at `{path}`")),
                        }
                    }
                    None => diag,
                }
            }
            Kind::NearMiss { meant, slip: how } => {
                let message = format!("`{path}` is almost `{meant}`");
                let diag = match how {
                    Slip::Sure => Diag::error(codes::NEAR_MISS, message),
                    Slip::Perhaps => Diag::warning(codes::NEAR_MISS, message),
                };
                at(diag, "any key is taken here, but a default has nearly this name")
                    .help(format!("did you mean `{meant}`?"))
            }
            Kind::UnknownField { types, meant } => {
                let message = format!("unknown key `{path}`: no field `{name}` in {}", listed(&types));
                // A field is known by its name only, so without a likely one it may be another's.
                let diag = match meant.as_deref().is_some_and(|meant| slip(&name, meant) == Some(Slip::Sure))
                {
                    true => Diag::error(codes::UNKNOWN_FIELD, message),
                    false => Diag::warning(codes::UNKNOWN_FIELD, message),
                };
                let diag = at(diag, "Kubernetes has no such field");
                match meant {
                    Some(meant) => diag.help(format!("did you mean `{meant}`?")),
                    None => diag,
                }
            }
            Kind::WrongShape { expected, found } => {
                let (expected, found) = (expected.words(), found.words());
                let message = format!("`{path}` is {expected} to the chart, not {found}");
                at(Diag::error(codes::VALUE_SHAPE, message), "the templates look for keys in it")
            }
            Kind::QuotedBool { text } => {
                let message = format!("`{path}` is a boolean in the chart, and a text here");
                at(Diag::warning(codes::VALUE_SHAPE, message), "a text is true, whatever it says")
                    .help(format!("write {text} without quotes"))
            }
            Kind::Deletes => {
                let message = format!("null deletes the default of `{path}`");
                at(Diag::remark(codes::VALUE_REPLACED, message), "no default any more")
            }
            Kind::Replaces { lost, of } => {
                let message =
                    format!("`{path}` replaces the chart's list: {lost} of its {of} entries are gone");
                at(Diag::remark(codes::VALUE_REPLACED, message), "lists are replaced, not merged")
            }
            Kind::Schema { text, more } => {
                let message = match path.as_str() {
                    "" => format!("the values do not meet the chart's schema: {text}"),
                    path => format!("`{path}` does not meet the chart's schema: {text}"),
                };
                let diag = at(Diag::error(codes::CHART_SCHEMA, message), "values.schema.json asks otherwise");
                more.into_iter().fold(diag, Diag::note)
            }
            Kind::Deprecated { why } => {
                let diag = Diag::warning(codes::VALUE_DEPRECATED, format!("`{path}` is deprecated"));
                let diag = at(diag, "the chart asks not to use this");
                match why.as_deref().and_then(|text| text.lines().next()) {
                    Some(text) => diag.help(text.to_owned()),
                    None => diag,
                }
            }
        }
    }
}

/// `a`, `b` or `c`, in backticks.
fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "it".to_owned(),
    }
}
