//! Rendered objects against the API of the Kubernetes release they are for.
//!
//! In: objects with the place they come from, a release's types and CRDs ([`crate::kubernetes`]). Out: [`Finding`]s, with
//! codes and severities, and what they look like to a person: at the key in the rendered document, and at the release.
//! Must not know: how objects are rendered, clusters.

mod place;
mod stack;
mod wording;

use crate::diag::{Code, Diag, Severity};
use crate::kubernetes::{Customs, Path, Version, custom_kinds, object};
use crate::source::{SourceMap, Span};
use serde_json::Value;

pub use place::Places;
pub use stack::stack;

/// An object and where it was written.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub value: &'a Value,
    pub origin: Origin<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// A document that a template rendered: `CHART/templates/x.yaml`, and its text.
    Document { path: &'a str, text: &'a str },
    /// An object of a `.rel` file.
    Source(Span),
}

/// Something that is wrong, or worth a word, of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which of the objects that were given.
    pub subject: usize,
    pub severity: Severity,
    pub code: Code,
    /// Empty: the object as a whole.
    pub path: Path,
    pub message: String,
    pub help: Option<String>,
}

/// The custom kinds of the CRDs among some objects.
pub fn customs<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Customs<'a> {
    Customs::new(objects.into_iter().filter(|value| is_crd(value)).flat_map(custom_kinds))
}

/// Checks the objects of one release, or block, for a cluster of a version with these custom kinds.
pub fn objects(version: Version, subjects: &[Subject<'_>], customs: &Customs<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: Vec<(usize, Identity<'_>)> = Vec::new();
    for (index, subject) in subjects.iter().enumerate() {
        let report = object(version, customs, subject.value);
        if !report.is_clean() {
            wording::findings(index, subject.value, version, report, &mut findings);
        }
        seen.extend(identity(subject.value).map(|identity| (index, identity)));
    }
    seen.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
    for pair in seen.windows(2) {
        if let [(_, first), (index, second)] = pair
            && first == second
        {
            findings.push(wording::twice(*index, second));
        }
    }
    findings.sort_by_key(|finding| finding.subject);
    findings
}

/// What an API server tells objects apart by: group, kind, namespace as written, name.
pub(crate) type Identity<'a> = (&'a str, &'a str, &'a str, &'a str);

fn identity(value: &Value) -> Option<Identity<'_>> {
    let text = |value: &'_ Value, name: &str| -> bool { value.get(name).is_some_and(Value::is_string) };
    let metadata = value.get("metadata")?;
    // Helm makes hooks anew, one after the other, and leaves a CRD alone that is there.
    let is_hook = metadata.get("annotations").is_some_and(|a| a.get("helm.sh/hook").is_some());
    if !text(metadata, "name") || is_hook || is_crd(value) {
        return None;
    }
    fn of<'v>(value: &'v Value, name: &str) -> &'v str {
        value.get(name).and_then(Value::as_str).unwrap_or_default()
    }
    let group = of(value, "apiVersion").split_once('/').map_or("", |(group, _)| group);
    Some((group, of(value, "kind"), of(metadata, "namespace"), of(metadata, "name")))
}

/// Whether it brings custom kinds, in the form that API servers take since 1.22.
pub fn is_crd(value: &Value) -> bool {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    text("kind") == Some("CustomResourceDefinition") && text("apiVersion") == Some("apiextensions.k8s.io/v1")
}

impl Finding {
    /// As it is shown to a person. `places` remembers which documents are among the sources already.
    pub fn into_diag(self, subject: &Subject<'_>, places: &mut Places, sources: &mut SourceMap) -> Diag {
        let what = wording::name_of(subject.value);
        let message = match self.path.0.is_empty() {
            true => format!("{what}: {}", self.message),
            false => format!("{what}, `{}`: {}", self.path, self.message),
        };
        let diag = Diag {
            severity: self.severity,
            code: self.code,
            message,
            labels: Vec::new(),
            help: self.help,
            notes: Vec::new(),
        };
        match subject.origin {
            Origin::Source(span) => diag.at(span, "in this object"),
            Origin::Document { path, text } if wording::is_secret(subject.value) => {
                // The document itself is not for everybody's eyes.
                let _ = text;
                diag.note(format!("in `{path}`, which is not shown since it is a Secret"))
            }
            Origin::Document { path, text } => {
                let span = places.find(path, text, &self.path, sources);
                diag.at(span, "here")
            }
        }
    }
}

#[cfg(test)]
mod tests;
