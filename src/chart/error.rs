//! What can be wrong with a chart, in Helm's words where Helm has any.

use super::Chart;
use crate::diag::{Code, Diag, codes};
use crate::source::{SourceMap, Span};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartErrorKind {
    /// Nothing at the path.
    Missing,
    /// Something is there, but it is no chart.
    NotAChart,
    /// Chart.yaml, Chart.lock, requirements.yaml: not YAML, wrong types or invalid content.
    Metadata,
    /// values.yaml, a values file or a `--set` that cannot be read.
    Values,
    /// The archive is broken, unsafe or too large.
    Archive,
    /// Chart.yaml names dependencies that `charts/` lacks.
    Dependencies,
    /// A library chart where an application is needed.
    NotInstallable,
    /// Values that the chart's schema refuses.
    Schema,
}

/// A line of one of the chart's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    pub text: Arc<str>,
    /// From 1; 0 when the whole file is meant.
    pub line: u32,
    /// From 1, in bytes; 0 when the whole line is meant.
    pub column: u32,
}

impl Place {
    /// Registers the text and returns the span of the line from the column on, blanks trimmed.
    pub fn span(&self, sources: &mut SourceMap) -> Span {
        let file = sources.add(self.path.clone(), self.text.clone());
        let mut start = 0;
        for (number, line) in (1u32..).zip(self.text.split_inclusive('\n')) {
            if number >= self.line {
                let kept = line.trim_end().len();
                let indent = line.len() - line.trim_start().len();
                let skip = if self.column > 0 { self.column as usize - 1 } else { indent };
                let from = (start + skip.min(kept)).min(self.text.len());
                return Span::new(file, from, (start + kept).max(from));
            }
            start += line.len();
        }
        Span::new(file, self.text.len(), self.text.len())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartError {
    pub kind: ChartErrorKind,
    /// What Helm says after `Error: `.
    pub message: String,
    pub place: Option<Place>,
    pub help: Option<String>,
}

impl ChartError {
    pub fn new(kind: ChartErrorKind, message: impl Into<String>) -> Self {
        ChartError { kind, message: message.into(), place: None, help: None }
    }

    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Points at a byte of a file, where the reader knows it.
    #[must_use]
    pub(crate) fn at_offset(self, path: &Path, data: &[u8], offset: Option<usize>) -> Self {
        let (Some(offset), Ok(text)) = (offset, std::str::from_utf8(data)) else { return self };
        let before = data.get(..offset).unwrap_or(data);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let line = count(before.iter().filter(|b| **b == b'\n').count() + 1);
        let column = count(before.rsplit(|b| *b == b'\n').next().map_or(0, <[u8]>::len) + 1);
        self.at(Place { path: path.to_owned(), text: Arc::from(text), line, column })
    }

    /// Puts the same failure one level out, as Helm's `%w` chains do.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        self.message = format!("{prefix}: {}", self.message);
        self
    }

    pub fn code(&self) -> Code {
        match self.kind {
            ChartErrorKind::Missing | ChartErrorKind::NotAChart => codes::CHART_NOT_FOUND,
            ChartErrorKind::Metadata => codes::CHART_METADATA,
            ChartErrorKind::Values => codes::CHART_VALUES,
            ChartErrorKind::Archive => codes::CHART_ARCHIVE,
            ChartErrorKind::Dependencies => codes::CHART_DEPENDENCIES,
            ChartErrorKind::NotInstallable => codes::CHART_NOT_INSTALLABLE,
            ChartErrorKind::Schema => codes::CHART_SCHEMA,
        }
    }

    /// As a finding; the file the error points into is added to `sources`.
    pub fn into_diag(self, sources: &mut SourceMap) -> Diag {
        let mut diag = Diag::error(self.code(), self.message.clone());
        if let Some(place) = &self.place {
            diag = diag.at(place.span(sources), "here");
        }
        if let Some(help) = self.help {
            diag = diag.help(help);
        }
        diag
    }
}

impl std::fmt::Display for ChartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ChartError {}

pub(super) fn missing(path: &Path) -> ChartError {
    ChartError::new(ChartErrorKind::Missing, format!("path \"{}\" not found", path.display()))
        .help("a chart is a directory with a Chart.yaml, or a .tgz archive of one")
}

pub(super) fn not_installable(chart: &Chart) -> ChartError {
    ChartError::new(
        ChartErrorKind::NotInstallable,
        format!("{} charts are not installable", chart.metadata.kind),
    )
    .help(format!("`{}` is meant to be a dependency of another chart", chart.name()))
}

pub(super) fn missing_dependencies(chart: &Chart, missing: &[&str]) -> ChartError {
    ChartError::new(
        ChartErrorKind::Dependencies,
        format!(
            "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' \
             to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
            missing.join(", ")
        ),
    )
    .help(format!("put each of them, as a folder or .tgz, under `{}`", chart.origin.join("charts").display()))
}
