//! A rendering that failed, with everything a person needs to find the place.

use crate::chart::Place;
use crate::diag::{Code, Diag, codes};
use crate::source::SourceMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenderErrorKind {
    /// A template that is not one.
    Parse,
    /// A template that failed while it ran, `fail` and `required` included.
    Execute,
    /// A rendered document that is not YAML, or no object.
    Manifest,
    /// Values that cannot be combined or that a schema refuses.
    Values,
    /// The chart does not want this version of Kubernetes.
    KubeVersion,
    /// The release's name.
    Name,
}

/// One step of the way into the failing place, outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Full template path, `CHART/templates/FILE`.
    pub template: String,
    /// From 1; 0 when unknown.
    pub line: u32,
    /// From 1, in bytes; 0 when unknown.
    pub column: u32,
    /// The `define` that was running, and the expression, as Go prints it.
    pub executing: String,
    pub expression: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    pub kind: RenderErrorKind,
    /// The root chart's name.
    pub chart: String,
    /// Full template path of the innermost place; empty when no template is involved.
    pub file: String,
    pub line: u32,
    pub column: u32,
    /// The innermost message, in Helm's words.
    pub message: String,
    /// What Helm prints after `Error: `.
    pub full: String,
    pub frames: Vec<Frame>,
    /// The innermost place with its text, when it is a file of the chart.
    pub place: Option<Place>,
}

impl RenderError {
    pub(crate) fn plain(kind: RenderErrorKind, chart: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        RenderError {
            kind,
            chart: chart.to_owned(),
            file: String::new(),
            line: 0,
            column: 0,
            full: message.clone(),
            message,
            frames: Vec::new(),
            place: None,
        }
    }

    pub fn code(&self) -> Code {
        match self.kind {
            RenderErrorKind::Parse => codes::TEMPLATE_SYNTAX,
            RenderErrorKind::Execute => codes::TEMPLATE_FAILED,
            RenderErrorKind::Manifest => codes::MANIFEST_INVALID,
            RenderErrorKind::Values => codes::VALUES_REFUSED,
            RenderErrorKind::KubeVersion => codes::KUBE_VERSION,
            RenderErrorKind::Name => codes::RELEASE_NAME,
        }
    }

    /// As a finding; the template the error points into is added to `sources`.
    pub fn into_diag(self, sources: &mut SourceMap) -> Diag {
        let mut diag = Diag::error(self.code(), self.message.clone());
        if let Some(place) = &self.place {
            diag = diag.at(place.span(sources), "in this template");
        } else if !self.file.is_empty() {
            diag = diag.note(format!("in {}:{}:{}", self.file, self.line, self.column));
        }
        // The innermost frame is the label.
        for frame in self.frames.iter().rev().skip(1) {
            diag = diag.note(format!(
                "reached from {}:{}:{}, in `{}`",
                frame.template, frame.line, frame.column, frame.expression
            ));
        }
        diag
    }
}

impl std::fmt::Display for RenderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.full)
    }
}

impl std::error::Error for RenderError {}
