//! What findings are called and how they are worded.

use super::{Finding, Identity};
use crate::diag::{Code, Severity, codes};
use crate::kubernetes::{Fault, FaultKind, KindFault, Path, PathStep, Report, Version};
use serde_json::Value;

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// `Deployment/web` in backticks.
pub(super) fn name_of(value: &Value) -> String {
    let kind = match text(value, "kind") {
        "" => "object",
        kind => kind,
    };
    let metadata = value.get("metadata").unwrap_or(&Value::Null);
    match (text(metadata, "name"), text(metadata, "generateName")) {
        ("", "") => format!("`{kind}` without a name"),
        ("", prefix) => format!("`{kind}/{prefix}…`"),
        (name, _) => format!("`{kind}/{name}`"),
    }
}

pub(super) fn is_secret(value: &Value) -> bool {
    text(value, "kind") == "Secret"
}

pub(super) fn findings(
    subject: usize,
    value: &Value,
    version: Version,
    report: Report,
    findings: &mut Vec<Finding>,
) {
    findings.extend(report.kind.map(|fault| of_kind(subject, value, version, fault)));
    for fault in report.faults {
        findings.push(of_fault(subject, value, fault));
    }
}

fn of_fault(subject: usize, value: &Value, fault: Fault) -> Finding {
    let code = match fault.kind {
        FaultKind::Unknown => codes::OBJECT_FIELD,
        FaultKind::Type => codes::FIELD_TYPE,
        FaultKind::Required => codes::FIELD_MISSING,
        FaultKind::NotSupported => codes::FIELD_CHOICE,
        FaultKind::Invalid => codes::FIELD_VALUE,
        FaultKind::Forbidden => codes::FIELD_FORBIDDEN,
        FaultKind::Duplicate => codes::FIELD_TWICE,
    };
    // What stands in a Secret is not repeated.
    let inside = matches!(fault.path.0.first(), Some(PathStep::Field(f)) if f == "data" || f == "stringData");
    let message = match fault.kind {
        FaultKind::Type if inside && is_secret(value) => "expected text, found something else".to_owned(),
        _ => fault.message,
    };
    let severity = if fault.apply_only { Severity::Warning } else { Severity::Error };
    Finding { subject, severity, code, path: fault.path, message, help: fault.help }
}

fn written((api_version, kind): &(String, String)) -> String {
    format!("write `apiVersion: {api_version}` with `kind: {kind}`")
}

fn of_kind(subject: usize, value: &Value, version: Version, fault: KindFault) -> Finding {
    let (api, kind) = (text(value, "apiVersion"), text(value, "kind"));
    let finding =
        |severity: Severity, code: Code, field: &str, message: String, help: Option<String>| Finding {
            subject,
            severity,
            code,
            path: Path(vec![PathStep::Field(field.to_owned())]),
            message,
            help,
        };
    match fault {
        KindFault::Nameless => {
            let field = if api.is_empty() { "apiVersion" } else { "kind" };
            let message = "every object needs `apiVersion` and `kind`".to_owned();
            finding(Severity::Error, codes::NO_SUCH_KIND, field, message, None)
        }
        KindFault::Unknown { meant } => {
            let message = format!("Kubernetes {version} knows no `{kind}` in `{api}`");
            finding(Severity::Error, codes::NO_SUCH_KIND, "kind", message, meant.as_ref().map(written))
        }
        KindFault::NoCrd => {
            let message = format!("no CRD for `{kind}` of `{api}` is known: its fields are not checked");
            finding(Severity::Note, codes::UNCHECKED_KIND, "kind", message, None)
        }
        KindFault::Retired(gone) => {
            let since = gone.removed.map_or(String::new(), |minor| format!(" since 1.{minor}"));
            let message = format!("`{kind}` of `{api}` is not served{since}, and the cluster is {version}");
            let help = gone.replacement.as_ref().map(written);
            let help = help.unwrap_or_else(|| "there is nothing that replaces it; leave it out".to_owned());
            finding(Severity::Error, codes::REMOVED_API, "apiVersion", message, Some(help))
        }
        KindFault::Deprecated { since, removed, replacement } => {
            let since = since.map_or(String::new(), |minor| format!(" since 1.{minor}"));
            let end = removed.map_or(String::new(), |minor| format!("; 1.{minor} serves it no longer"));
            let message = format!("`{kind}` of `{api}` is deprecated{since}{end}");
            let help = replacement.as_ref().map(written);
            finding(Severity::Warning, codes::DEPRECATED_API, "apiVersion", message, help)
        }
        KindFault::OffByDefault => {
            let message = format!("`{api}` is served only by clusters that turned it on");
            finding(Severity::Warning, codes::OPTIONAL_API, "apiVersion", message, None)
        }
    }
}

pub(super) fn twice(subject: usize, (_, kind, namespace, name): &Identity<'_>) -> Finding {
    let place = if namespace.is_empty() { String::new() } else { format!(" in namespace `{namespace}`") };
    Finding {
        subject,
        severity: Severity::Warning,
        code: codes::OBJECT_TWICE,
        path: Path(vec![PathStep::Field("metadata".to_owned()), PathStep::Field("name".to_owned())]),
        message: format!("there is a `{kind}` of the name `{name}`{place} already"),
        help: Some("the later one would overwrite the earlier one: rename or remove one of them".to_owned()),
    }
}
