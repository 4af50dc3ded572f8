//! What an apply does while it does it, one line a change, and its closing report.

use super::style::Style;
use crate::apply::{ApplyEvent, ApplyReport, Outcome, Pending};
use crate::diag::Diag;
use crate::plan::{Action, ObjectRef};
use serde_json::{Value, json};
use std::time::Duration;

/// One line for an event; `None` for those too small to print.
pub fn line(event: &ApplyEvent, color: bool) -> Option<String> {
    let style = Style { color };
    Some(match event {
        ApplyEvent::Started { address, action } => format!("{address}: {}", doing(*action)),
        // The plan has named every object; only what happens out of its order is said again.
        ApplyEvent::Object { .. } => return None,
        ApplyEvent::Hook { address, hook, event } => {
            format!("{address}: {event} hook {}", name(hook))
        }
        ApplyEvent::Waiting { address, pending, elapsed } => {
            style.dim(&format!("{address}: waiting for {} ({})", waited_for(pending), seconds(*elapsed)))
        }
        ApplyEvent::RollingBack { address, revision } => style.yellow(&match revision {
            Some(revision) => format!("{address}: rolling back to revision {revision}"),
            None => format!("{address}: removing what was installed"),
        }),
        ApplyEvent::Done { address, action, elapsed } => {
            style.green(&format!("{address}: {} in {}", done(*action), seconds(*elapsed)))
        }
        ApplyEvent::Failed { address, elapsed, .. } => {
            style.red(&format!("{address}: failed after {}", seconds(*elapsed)))
        }
        ApplyEvent::Skipped { address, because } => {
            style.yellow(&format!("{address}: skipped, because {because} failed"))
        }
    })
}

fn doing(action: Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Upgrade => "upgrading",
        Action::NoOp => "checking",
        Action::Adopt => "adopting",
        Action::Repair => "repairing",
        Action::Replace => "replacing",
        Action::Destroy => "destroying",
    }
}

fn done(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Upgrade => "upgraded",
        Action::NoOp => "unchanged",
        Action::Adopt => "adopted",
        Action::Repair => "repaired",
        Action::Replace => "replaced",
        Action::Destroy => "destroyed",
    }
}

fn name(object: &ObjectRef) -> String {
    format!("{} {}", object.kind, object.name)
}

/// The first few things waited for, each with its reason.
fn waited_for(pending: &[Pending]) -> String {
    const SHOWN: usize = 3;
    let mut parts: Vec<String> =
        pending.iter().take(SHOWN).map(|p| format!("{} ({})", name(&p.object), p.why)).collect();
    if let Some(more) = pending.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        parts.push(format!("{more} more"));
    }
    parts.join(", ")
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1}s", elapsed.as_secs_f64())
}

/// Failures of an apply, as findings.
pub fn failures(report: &ApplyReport) -> Vec<Diag> {
    let of_nodes = report.results.iter().filter_map(|result| match &result.outcome {
        Outcome::Failed(diag) => Some(diag.clone()),
        _ => None,
    });
    report.problems.iter().cloned().chain(of_nodes).collect()
}

/// The closing line: `applied: 4 done, 1 failed, 2 skipped in 3.2s`.
pub fn closing(report: &ApplyReport) -> String {
    let count = |wanted: fn(&Outcome) -> bool| report.results.iter().filter(|r| wanted(&r.outcome)).count();
    let parts: Vec<String> = [
        (count(|o| matches!(o, Outcome::Done)), "done"),
        (count(|o| matches!(o, Outcome::Unchanged)), "unchanged"),
        (count(|o| matches!(o, Outcome::Failed(_))), "failed"),
        (count(|o| matches!(o, Outcome::Skipped { .. })), "skipped"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    let stopped = if report.interrupted { ", interrupted" } else { "" };
    format!("{}{stopped} in {}", parts.join(", "), seconds(report.elapsed))
}

/// The report as JSON; `format_version` 1.
pub fn json(report: &ApplyReport, outputs: &std::collections::BTreeMap<String, Value>) -> Value {
    let results: Vec<Value> = report
        .results
        .iter()
        .map(|result| {
            let (outcome, detail) = match &result.outcome {
                Outcome::Done => ("done", Value::Null),
                Outcome::Unchanged => ("unchanged", Value::Null),
                Outcome::Failed(diag) => ("failed", diag.message.clone().into()),
                Outcome::Skipped { because } => ("skipped", because.clone().into()),
            };
            json!({
                "address": result.address,
                "action": result.action.as_str(),
                "outcome": outcome,
                "detail": detail,
                "seconds": result.elapsed.as_secs_f64(),
            })
        })
        .collect();
    json!({
        "format_version": super::json::FORMAT_VERSION,
        "success": report.is_success(),
        "interrupted": report.interrupted,
        "problems": report.problems.iter().map(|d| d.message.clone()).collect::<Vec<_>>(),
        "results": results,
        "outputs": outputs,
    })
}
