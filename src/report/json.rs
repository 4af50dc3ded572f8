//! Findings as JSON: `{"format_version":1,"errors":N,"warnings":N,"diagnostics":[…]}`.

use super::count;
use crate::diag::{Diag, Label, Severity};
use crate::source::SourceMap;
use serde_json::{Value, json};

/// Raised when a field changes its meaning or goes away; new fields do not raise it.
pub const FORMAT_VERSION: u32 = 1;

pub fn findings(diags: &[Diag], sources: &SourceMap) -> String {
    let list: Vec<Value> = diags.iter().map(|d| finding(d, sources)).collect();
    let document = json!({
        "format_version": FORMAT_VERSION,
        "errors": count(diags, Severity::Error),
        "warnings": count(diags, Severity::Warning),
        "diagnostics": list,
    });
    format!("{document:#}\n")
}

/// One finding; lines and columns from 1, columns in characters, ends exclusive.
pub fn finding(diag: &Diag, sources: &SourceMap) -> Value {
    let severity = match diag.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    json!({
        "severity": severity,
        "code": diag.code.0,
        "message": diag.message,
        "help": diag.help,
        "notes": diag.notes,
        "labels": diag.labels.iter().map(|l| label(l, sources)).collect::<Vec<_>>(),
    })
}

fn label(label: &Label, sources: &SourceMap) -> Value {
    let (line, column) = sources.line_col(label.span.file, label.span.start);
    let (end_line, end_column) = sources.line_col(label.span.file, label.span.end);
    json!({
        "file": sources.path(label.span.file),
        "line": line, "column": column, "end_line": end_line, "end_column": end_column,
        "text": label.text,
    })
}
