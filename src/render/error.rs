//! A rendering that failed, with everything a person needs to find the place.

use super::Crd;
use super::context::Templates;
use super::engine::Output;
use super::manifest::BadManifest;
use crate::chart::{Chart, Place};
use crate::diag::{Code, Diag, codes};
use crate::gotmpl::error::{ExecError, ParseError};
use crate::gotmpl::strconv;
use crate::source::{ReadError, SourceMap};
use std::fmt::Write as _;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenderErrorKind {
    /// A template that is not one.
    Parse,
    /// A template that failed while it ran, `fail` and `required` included.
    Execute,
    /// A rendered document that is not YAML, or no object.
    Manifest,
    /// Values that cannot be combined.
    Values,
    /// Values that a chart's values.schema.json refuses.
    Schema,
    /// The chart does not want this version of Kubernetes.
    KubeVersion,
    /// The release's name.
    Name,
    /// A file of the chart that cannot be read, or was changed since the chart was loaded.
    File,
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
    pub chart: Box<str>,
    /// Full template path of the innermost place; empty when no template is involved.
    pub file: String,
    pub line: u32,
    pub column: u32,
    /// The innermost message, in Helm's words.
    pub message: Box<str>,
    /// What Helm prints after `Error: `.
    pub full: Box<str>,
    pub frames: Vec<Frame>,
    /// The innermost place with its text, when it is a file of the chart.
    pub place: Option<Box<Place>>,
}

impl RenderError {
    pub(crate) fn plain(kind: RenderErrorKind, chart: &str, message: impl Into<String>) -> Self {
        let message: Box<str> = message.into().into();
        RenderError {
            kind,
            chart: chart.into(),
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
            RenderErrorKind::Schema => codes::CHART_SCHEMA,
            RenderErrorKind::KubeVersion => codes::KUBE_VERSION,
            RenderErrorKind::Name => codes::RELEASE_NAME,
            RenderErrorKind::File => codes::CHART_NOT_FOUND,
        }
    }

    /// Whether a schema refers to other documents, so that no values can ever fit.
    fn needs_other_documents(&self) -> bool {
        self.kind == RenderErrorKind::Schema && self.message.contains(crate::chart::schema::NOT_FETCHED)
    }

    /// As a finding; the template the error points into is added to `sources`.
    pub fn into_diag(self, sources: &mut SourceMap) -> Diag {
        let mut diag = Diag::error(self.code(), &*self.message);
        if let Some(place) = &self.place {
            diag = diag.at(place.span(sources), "in this template");
        } else if !self.file.is_empty() {
            diag = diag.note(format!("in {}:{}:{}", self.file, self.line, self.column));
        }
        if self.needs_other_documents() {
            diag = diag.help(
                "write the schema into the chart's values.schema.json instead of its address, or leave the check out: \
                 `skip_schema_validation = true` in the release, `--skip-schema-validation` on the command line",
            );
        }
        // The innermost frame is the label; of a recursion, both ends tell enough.
        const SHOWN: usize = 6;
        let outer: Vec<&Frame> = self.frames.iter().rev().skip(1).collect();
        let hidden = outer.len().saturating_sub(SHOWN);
        for (at, frame) in outer.iter().enumerate() {
            if hidden > 1 && at == SHOWN / 2 {
                diag = diag.note(format!("{hidden} more calls"));
            }
            if hidden > 1 && (SHOWN / 2..SHOWN / 2 + hidden).contains(&at) {
                continue;
            }
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

/// What `required` and `fail` wrap their message in; Helm unwraps it when it reports.
pub(super) const FAIL_START: &str = "HELM_ERR_START";
pub(super) const FAIL_END: &str = "HELM_ERR_END";

/// An error that has no place of its own.
const NO_TEMPLATE: &str = "template: no template ";

/// The text of a template, for pointing into it, under the path that an editor can open.
fn place(templates: &Templates<'_>, path: &str, line: u32, column: u32) -> Option<Box<Place>> {
    let template = templates.by_path.get(path)?;
    let file = template.chart.templates.get(template.index)?;
    let text = file.text()?;
    Some(Box::new(Place {
        path: template.chart.origin.join(&file.name),
        text: Arc::from(text),
        line,
        column,
    }))
}

/// `parse error at (FILE:LINE): MESSAGE`, after Helm's `cleanupParseError`.
pub(super) fn parse_error(chart: &Chart, templates: &Templates<'_>, error: &ParseError) -> RenderError {
    let printed = error.to_string();
    // Helm keeps what follows the last colon of Go's message.
    let message = printed.rsplit(": ").next().unwrap_or(&printed).to_owned();
    let full = match printed.split(": ").nth(1) {
        Some(location) => format!("parse error at ({location}): {message}"),
        None => format!("parse error in ({}): {printed}", error.template),
    };
    RenderError {
        kind: RenderErrorKind::Parse,
        chart: chart.name().into(),
        file: error.template.clone(),
        line: error.line,
        column: 0,
        message: error.message.as_str().into(),
        full: full.into(),
        frames: Vec::new(),
        place: place(templates, &error.template, error.line, 0),
    }
}

/// After Helm's `reformatExecErrorMsg`.
pub(super) fn exec_error(chart: &Chart, templates: &Templates<'_>, error: &ExecError) -> RenderError {
    let frames: Vec<Frame> = error
        .frames()
        .filter_map(|frame| frame.at.as_ref())
        .map(|at| Frame {
            template: at.parse_name.clone(),
            line: at.line,
            column: at.column + 1,
            executing: at.template.clone(),
            expression: at.context.clone(),
        })
        .collect();
    let printed = error.to_string();
    let (message, full) = match failed_on_purpose(&printed) {
        Some(words) => {
            let location = printed.split(": ").nth(1).unwrap_or_default();
            (words.to_owned(), format!("execution error at ({location}): {words}"))
        }
        None => (innermost_message(error), several_lines(error).unwrap_or(printed)),
    };
    let last = frames.last();
    RenderError {
        kind: RenderErrorKind::Execute,
        chart: chart.name().into(),
        file: last.map(|f| f.template.clone()).unwrap_or_default(),
        line: last.map_or(0, |f| f.line),
        column: last.map_or(0, |f| f.column),
        place: last.and_then(|f| place(templates, &f.template, f.line, f.column)),
        message: message.into(),
        full: full.into(),
        frames,
    }
}

/// The words given to `required` or `fail`. Greedy, as Helm's pattern is.
fn failed_on_purpose(printed: &str) -> Option<&str> {
    let (_, rest) = printed.split_once(FAIL_START)?;
    rest.rsplit_once(FAIL_END).map(|(words, _)| words)
}

fn innermost_message(error: &ExecError) -> String {
    let inner = error.innermost();
    let mut message = inner.message.clone();
    if let Some(parse) = &inner.parse {
        message.push_str(&parse.to_string());
    }
    message
}

/// Helm's form of an error that comes from templates all the way down: location, expression and message of
/// each frame on lines of their own. `None` where it gives Go's single line: when some function's own error,
/// `tpl` included, is part of the chain.
fn several_lines(error: &ExecError) -> Option<String> {
    let mut out = String::new();
    let mut previous = None;
    for frame in error.frames() {
        let Some(at) = &frame.at else {
            if !frame.message.starts_with(NO_TEMPLATE) {
                return None;
            }
            let _ok = writeln!(out, "{}", frame.message);
            continue;
        };
        // An inner template's text follows the message after one blank; Helm cuts there.
        let own = frame.message.as_str();
        let absent = own.strip_prefix("error calling include: ").filter(|rest| rest.starts_with(NO_TEMPLATE));
        let is_call = own.starts_with("error calling ");
        if is_call && absent.is_none() && (frame.cause.is_none() || own != "error calling include: ") {
            return None;
        }
        let message = own.trim_end();
        let message = message.find(" template:").and_then(|cut| message.get(..cut)).unwrap_or(message);
        let text = format!(
            "{}:{}:{}\n  executing {} at <{}>:\n    {message}\n",
            at.parse_name,
            at.line,
            at.column,
            String::from_utf8_lossy(&strconv::quote(at.template.as_bytes())),
            at.context
        );
        if previous.as_ref() != Some(&text) {
            out.push_str(&text);
        }
        previous = Some(text);
        if let Some(absent) = absent {
            out.push_str(absent);
        }
    }
    Some(out.trim().to_owned())
}

/// `YAML parse error on FILE: …`.
pub(super) fn bad_manifest(chart: &Chart, bad: BadManifest, files: &[Output]) -> RenderError {
    // The place is in what was rendered, since no template line corresponds to it for sure.
    let rendered = files.iter().find(|f| f.path == bad.path).map_or("", |f| f.text.as_str());
    let place = place_in_text(format!("{} (rendered)", bad.path), rendered, &bad);
    let message = format!("YAML parse error on {}: {}", bad.path, bad.message);
    RenderError {
        line: place.line,
        full: message.clone().into(),
        message: message.into(),
        place: Some(place),
        file: bad.path,
        ..RenderError::plain(RenderErrorKind::Manifest, chart.name(), "")
    }
}

pub(super) fn unreadable(chart: &Chart, name: &str, why: &ReadError) -> RenderError {
    let path = chart.origin.join(name);
    let message = format!("error reading {}: {why}", path.display());
    RenderError::plain(RenderErrorKind::File, chart.name(), message)
}

/// A file of `crds/` that is not YAML; Helm finds out when it installs it.
pub(super) fn bad_crd(chart: &Chart, crd: &Crd, bad: &BadManifest) -> RenderError {
    let place = place_in_text(crd.filename.clone(), &crd.text(), bad);
    let message = format!("failed to install CRD {}: {}", crd.filename, bad.message);
    RenderError {
        line: place.line,
        place: Some(place),
        file: crd.filename.clone(),
        ..RenderError::plain(RenderErrorKind::Manifest, chart.name(), message)
    }
}

fn place_in_text(path: String, whole: &str, bad: &BadManifest) -> Box<Place> {
    let start = whole.find(&bad.text).unwrap_or(0);
    let before = whole.get(..start + bad.offset.unwrap_or(0)).unwrap_or_default();
    let line = u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX);
    Box::new(Place { path: path.into(), text: Arc::from(whole), line, column: 0 })
}
