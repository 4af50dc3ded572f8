//! Findings for a person, drawn by miette: the source line underlined, expected and found, the next step.

use super::count;
use super::excerpt::{self, Excerpt};
use crate::diag::{Diag, Severity};
use crate::source::{FileId, SourceMap};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use std::fmt;
use std::sync::Arc;

/// All findings, one after another, with a closing count when there is any.
pub fn findings(diags: &[Diag], sources: &SourceMap, color: bool) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(110);
    let mut out = String::new();
    for diag in diags {
        let view = View::new(diag, sources);
        // Writing into a String does not fail; should the drawing itself, the plain text still serves.
        if handler.render_report(&mut out, &view).is_err() {
            out.push_str(&format!("{}: {}\n", diag.code, view.message));
        }
        for note in &diag.notes {
            out.push_str("  note: ");
            out.push_str(&excerpt::message(note).replace('\n', "\n        "));
            out.push('\n');
        }
        out.push('\n');
    }
    if let Some(line) = closing(diags) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn closing(diags: &[Diag]) -> Option<String> {
    let counts = [(Severity::Error, "error"), (Severity::Warning, "warning")];
    let parts: Vec<String> = counts
        .into_iter()
        .map(|(severity, name)| (count(diags, severity), name))
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| format!("{n} {name}{}", if n == 1 { "" } else { "s" }))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// One finding as miette sees it. Labels in other files than the primary one become related views,
/// since miette draws one source per diagnostic.
struct View {
    severity: Severity,
    code: String,
    message: String,
    help: Option<String>,
    source: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    related: Vec<View>,
}

impl View {
    fn new(diag: &Diag, sources: &SourceMap) -> View {
        let mut files: Vec<FileId> = Vec::new();
        for label in &diag.labels {
            if !files.contains(&label.span.file) {
                files.push(label.span.file);
            }
        }
        let mut parts = files.into_iter().map(|file| {
            let source = source(sources, file);
            let labels = diag
                .labels
                .iter()
                .filter(|l| l.span.file == file)
                .map(|l| {
                    let text = (!l.text.is_empty()).then(|| l.text.clone());
                    let start = l.span.start as usize;
                    LabeledSpan::new(text, start, source.shown(start, l.span.len()))
                })
                .collect();
            (source, labels)
        });
        let (source, labels) = parts.next().map_or((None, Vec::new()), |(s, l)| (Some(s), l));
        let related = parts
            .map(|(source, labels)| View {
                severity: Severity::Note,
                code: String::new(),
                message: String::from("also here"),
                help: None,
                source: Some(source),
                labels,
                related: Vec::new(),
            })
            .collect();
        View {
            severity: diag.severity,
            code: diag.code.to_string(),
            message: excerpt::message(&diag.message).into_owned(),
            help: diag.help.clone(),
            source,
            labels,
            related,
        }
    }
}

fn source(sources: &SourceMap, file: FileId) -> Excerpt {
    let text = sources.get(file).map_or_else(|| Arc::from(""), |f| f.text.clone());
    Excerpt { name: sources.path(file).display().to_string(), text }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for View {}

impl Diagnostic for View {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.code.is_empty()).then(|| Box::new(&self.code) as Box<dyn fmt::Display + 'a>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|h| Box::new(h) as Box<dyn fmt::Display + 'a>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|s| s as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        (!self.related.is_empty()).then(|| {
            Box::new(self.related.iter().map(|v| v as &dyn Diagnostic))
                as Box<dyn Iterator<Item = &dyn Diagnostic>>
        })
    }
}
