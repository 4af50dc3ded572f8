//! A plan for a person: the summary first, then what changes, field by field; what does not in one line.

use super::style::Style;
use crate::plan::{Action, Change, ChartStep, FieldChange, ObjectChange, Plan};
use std::fmt::Write;

/// Field changes shown per object; a whole new object is one line anyway.
const MAX_FIELDS: usize = 40;

pub fn human(plan: &Plan, color: bool) -> String {
    let style = Style { color };
    let mut out = String::new();
    // Writing into a String does not fail.
    let _ok = write_plan(&mut out, plan, style);
    out
}

fn write_plan(out: &mut String, plan: &Plan, style: Style) -> std::fmt::Result {
    writeln!(out, "{}", style.bold(&summary(plan)))?;
    let several_clusters = plan.clusters.len() > 1;
    for change in plan.changes.iter().filter(|c| c.action != Action::NoOp) {
        write_change(out, change, several_clusters, style)?;
    }
    let unchanged: Vec<&str> =
        plan.changes.iter().filter(|c| c.action == Action::NoOp).map(|c| c.address.as_str()).collect();
    if !unchanged.is_empty() && !plan.is_empty() {
        writeln!(out, "\n  {}", style.dim(&format!("unchanged: {}", unchanged.join(", "))))?;
    }
    for change in plan.changes.iter().filter(|c| c.action == Action::NoOp) {
        for object in &change.objects {
            for field in &object.left_alone {
                let what = format!("{}: {} of {} {}", change.address, field.path, object.kind, object.name);
                let line = format!("{what} is left to `{}`, which owns it", field.manager);
                writeln!(out, "  {}", style.dim(&line))?;
            }
        }
    }
    let lost =
        plan.changes.iter().flat_map(|c| &c.objects).filter(|o| o.data_loss && removes(o.action)).count();
    if lost > 0 {
        let objects =
            if lost == 1 { "1 object with data goes" } else { &format!("{lost} objects with data go") };
        writeln!(out, "\n{}", style.red(&format!("{objects} away for good (marked `data loss`)")))?;
    }
    Ok(())
}

fn removes(action: Action) -> bool {
    matches!(action, Action::Destroy | Action::Replace)
}

/// `Plan for stack "x": 2 to create, 1 unchanged`.
pub fn summary(plan: &Plan) -> String {
    let counts = plan.summary();
    let words = [
        (Action::Create, "to create"),
        (Action::Upgrade, "to upgrade"),
        (Action::Adopt, "to adopt"),
        (Action::Repair, "to repair"),
        (Action::Replace, "to replace"),
        (Action::Destroy, "to destroy"),
        (Action::NoOp, "unchanged"),
    ];
    let parts: Vec<String> = words
        .into_iter()
        .filter_map(|(action, word)| {
            let n = counts.get(&action).copied().unwrap_or(0);
            (n > 0).then(|| format!("{n} {word}"))
        })
        .collect();
    if plan.is_empty() {
        return format!("Stack \"{}\": no changes{}", plan.stack, suffix(&parts));
    }
    format!("Plan for stack \"{}\": {}", plan.stack, parts.join(", "))
}

fn suffix(parts: &[String]) -> String {
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

fn write_change(out: &mut String, change: &Change, several_clusters: bool, style: Style) -> std::fmt::Result {
    let mut line = format!("{} {}  {}", sign(change.action), change.address, change.action.as_str());
    if let Some(step) = &change.chart {
        let _ok = write!(line, "  {}", chart(step));
    }
    if several_clusters {
        let _ok = write!(line, "  on {}", change.cluster);
    }
    writeln!(out, "\n  {}", paint(change.action, &line, style))?;
    if !change.reason.is_empty() {
        writeln!(out, "      {}", style.dim(&change.reason))?;
    }
    for object in change.objects.iter().filter(|o| o.action != Action::NoOp || !o.left_alone.is_empty()) {
        write_object(out, object, style)?;
    }
    let same = change.objects.iter().filter(|o| o.action == Action::NoOp).count();
    if same > 0 {
        let objects = if same == 1 { "1 object unchanged" } else { &format!("{same} objects unchanged") };
        writeln!(out, "      {}", style.dim(objects))?;
    }
    for object in &change.kept {
        let text = format!(
            "kept: {} {}{} (the chart says helm.sh/resource-policy: keep)",
            object.kind,
            place(&object.namespace),
            object.name
        );
        writeln!(out, "      {}", style.dim(&text))?;
    }
    Ok(())
}

fn chart(step: &ChartStep) -> String {
    match (&step.from, &step.to) {
        (Some(from), Some(to)) if from != to => format!("{} {from} -> {to}", step.name),
        (_, Some(version)) | (Some(version), None) => format!("{} {version}", step.name),
        (None, None) => step.name.clone(),
    }
}

fn write_object(out: &mut String, object: &ObjectChange, style: Style) -> std::fmt::Result {
    let line = format!("{} {} {}{}", sign(object.action), object.kind, place(&object.namespace), object.name);
    let loss =
        if object.data_loss && removes(object.action) { style.red("  data loss") } else { String::new() };
    writeln!(out, "      {}{loss}", paint(object.action, &line, style))?;
    if !matches!(object.action, Action::Create | Action::Destroy) {
        for field in object.fields.iter().take(MAX_FIELDS) {
            writeln!(out, "          {}", step(field))?;
        }
        if let Some(more) = object.fields.len().checked_sub(MAX_FIELDS).filter(|n| *n > 0) {
            writeln!(out, "          {}", style.dim(&format!("and {more} more fields")))?;
        }
    }
    for field in &object.left_alone {
        let text = format!("{} is left to `{}`, which owns it", field.path, field.manager);
        writeln!(out, "          {}", style.dim(&text))?;
    }
    Ok(())
}

fn place(namespace: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!("{namespace}/") }
}

fn step(field: &FieldChange) -> String {
    match (&field.from, &field.to) {
        (Some(from), Some(to)) => format!("{}: {from} -> {to}", field.path),
        (None, Some(to)) => format!("{}: + {to}", field.path),
        (Some(from), None) => format!("{}: - {from}", field.path),
        (None, None) => field.path.clone(),
    }
}

pub(super) fn sign(action: Action) -> &'static str {
    match action {
        Action::Create => "+",
        Action::Upgrade | Action::Repair => "~",
        Action::Adopt => ">",
        Action::Replace => "±",
        Action::Destroy => "-",
        Action::NoOp => " ",
    }
}

fn paint(action: Action, text: &str, style: Style) -> String {
    match action {
        Action::Create => style.green(text),
        Action::Upgrade | Action::Repair | Action::Adopt => style.yellow(text),
        Action::Replace | Action::Destroy => style.red(text),
        Action::NoOp => style.dim(text),
    }
}
