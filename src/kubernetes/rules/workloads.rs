//! Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and CronJobs: `pkg/apis/apps` and `pkg/apis/batch`.

use super::super::check::whole;
use super::super::fault::{At, FaultKind, Faults};
use super::super::names;
use super::{config, given, int, list, map, meta, not_negative, pods, text, text_or};
use serde_json::Value;

pub(super) fn controller(kind: &str, object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("spec");
    let Some(spec) = given(object, "spec") else {
        return faults.required(&at, "");
    };
    let template = given(spec, "template");
    let template_at = at.field("template");
    let labels = template.and_then(|t| t.get("metadata")).and_then(|m| m.get("labels"));
    let no_match = |faults: &mut Faults, field: &str| {
        let at_meta = template_at.field("metadata");
        let why = format!("the labels do not match `spec.{field}`");
        faults.push(FaultKind::Invalid, &at_meta.field("labels"), why);
    };
    if kind == "ReplicationController" {
        let own = map(spec, "selector");
        let fits =
            own.into_iter().flatten().all(|(key, value)| labels.and_then(|l| l.get(key)) == Some(value));
        if !fits {
            no_match(faults, "selector");
        }
    } else {
        match given(spec, "selector") {
            None => faults.required(&at.field("selector"), "it tells which pods belong to this object"),
            Some(selector) => {
                meta::selector(selector, &at.field("selector"), faults);
                if meta::is_empty(selector) {
                    faults.push(
                        FaultKind::Invalid,
                        &at.field("selector"),
                        "an empty selector picks every pod",
                    );
                } else if !meta::matches(selector, labels) {
                    no_match(faults, "selector.matchLabels");
                }
            }
        }
    }
    not_negative(spec, &["replicas", "minReadySeconds", "revisionHistoryLimit"], &at, faults);
    let claims = list(spec, "volumeClaimTemplates");
    match template {
        None => faults.required(&template_at, ""),
        Some(template) => {
            pods::template(Some(template), &template_at, claims, faults);
            always_restarted(template, &template_at, faults);
        }
    }
    match kind {
        "Deployment" => deployment(spec, &at, faults),
        "StatefulSet" => stateful_set(spec, claims, &at, faults),
        "DaemonSet" => {
            let strategy = at.field("updateStrategy");
            if let Some(rolling) = given(spec, "updateStrategy").and_then(|s| given(s, "rollingUpdate")) {
                let at = strategy.field("rollingUpdate");
                int_or_percent(rolling, "maxUnavailable", &at, faults);
                int_or_percent(rolling, "maxSurge", &at, faults);
                if amount(rolling, "maxUnavailable") == Some(0)
                    && amount(rolling, "maxSurge").unwrap_or(0) == 0
                {
                    faults.push(
                        FaultKind::Required,
                        &at.field("maxUnavailable"),
                        "must not be 0 while `maxSurge` is 0",
                    );
                }
            }
        }
        _ => {}
    }
}

fn always_restarted(template: &Value, at: &At<'_>, faults: &mut Faults) {
    let spec = template.get("spec").unwrap_or(&Value::Null);
    let at = at.field("spec");
    let policy = text_or(spec, "restartPolicy", "Always");
    if matches!(policy, "Never" | "OnFailure") {
        let why = format!("`{policy}` is for pods and Jobs; here it has to be `Always`");
        faults.push(FaultKind::NotSupported, &at.field("restartPolicy"), why);
    }
    if given(spec, "activeDeadlineSeconds").is_some() {
        faults.forbidden(&at.field("activeDeadlineSeconds"), "it is for pods and Jobs only");
    }
}

fn deployment(spec: &Value, at: &At<'_>, faults: &mut Faults) {
    let at_strategy = at.field("strategy");
    let strategy = given(spec, "strategy").unwrap_or(&Value::Null);
    let rolling = given(strategy, "rollingUpdate");
    let at_rolling = at_strategy.field("rollingUpdate");
    if let ("Recreate", Some(_)) = (text(strategy, "type"), rolling) {
        faults.forbidden(&at_rolling, "it must not be given when the strategy's `type` is `Recreate`");
    }
    if let Some(rolling) = rolling {
        int_or_percent(rolling, "maxUnavailable", &at_rolling, faults);
        int_or_percent(rolling, "maxSurge", &at_rolling, faults);
        if amount(rolling, "maxUnavailable") == Some(0) && amount(rolling, "maxSurge") == Some(0) {
            faults.push(
                FaultKind::Invalid,
                &at_rolling.field("maxUnavailable"),
                "must not be 0 while `maxSurge` is 0",
            );
        }
    }
    not_negative(spec, &["progressDeadlineSeconds"], at, faults);
    let deadline = int(spec, "progressDeadlineSeconds").unwrap_or(600);
    if deadline <= int(spec, "minReadySeconds").unwrap_or(0) {
        faults.invalid(
            &at.field("progressDeadlineSeconds"),
            deadline,
            "has to be more than `minReadySeconds`",
        );
    }
}

fn stateful_set(spec: &Value, claims: &[Value], at: &At<'_>, faults: &mut Faults) {
    let strategy = given(spec, "updateStrategy").unwrap_or(&Value::Null);
    let at_strategy = at.field("updateStrategy");
    if let Some(rolling) = given(strategy, "rollingUpdate") {
        let at = at_strategy.field("rollingUpdate");
        if text(strategy, "type") == "OnDelete" {
            faults.push(FaultKind::Invalid, &at, "it is for the strategy `RollingUpdate` only");
        }
        not_negative(rolling, &["partition"], &at, faults);
    }
    syntax_label(spec, "serviceName", at, faults);
    let at = at.field("volumeClaimTemplates");
    for (index, claim) in claims.iter().enumerate() {
        let at = at.item(index);
        config::claim(claim.get("spec"), &at.field("spec"), faults);
    }
}

fn syntax_label(value: &Value, name: &str, at: &At<'_>, faults: &mut Faults) {
    super::syntax(value, name, names::label, at, faults);
}

/// An `IntOrString` as a number; of a percentage, what stands before the `%`.
fn amount(value: &Value, name: &str) -> Option<i64> {
    match value.get(name)? {
        Value::Number(n) => whole(n),
        Value::String(text) => names::percent(text),
        _ => None,
    }
}

pub(super) fn int_or_percent(value: &Value, name: &str, at: &At<'_>, faults: &mut Faults) {
    match value.get(name) {
        Some(Value::String(text)) => match names::percent(text) {
            None => faults.invalid(&at.field(name), text, "has to be a number or a percentage such as `25%`"),
            Some(n) if n > 100 && name == "maxUnavailable" => {
                faults.invalid(&at.field(name), text, "must not be more than `100%`");
            }
            Some(_) => {}
        },
        Some(Value::Number(n)) => {
            if let Some(n) = whole(n).filter(|n| *n < 0) {
                faults.invalid(&at.field(name), n, "must not be negative");
            }
        }
        _ => {}
    }
}

pub(super) fn job(object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("spec");
    match given(object, "spec") {
        Some(spec) => {
            job_spec(spec, &at, faults);
            if given(spec, "selector").is_some() && !super::flag(spec, "manualSelector") {
                faults.push(
                    FaultKind::Invalid,
                    &at.field("selector"),
                    "Kubernetes makes the selector of a Job itself",
                );
            }
        }
        None => faults.required(&at, ""),
    }
    name_length(object, 63, "has to be at most 63 characters: it becomes a label of its pods", faults);
}

/// Kinds from whose name others are made take shorter ones.
fn name_length(object: &Value, most: usize, why: &str, faults: &mut Faults) {
    let name = object.get("metadata").map_or("", |m| text(m, "name"));
    if name.len() > most {
        faults.invalid(&At::ROOT.field("metadata").field("name"), name, why);
    }
}

fn job_spec(spec: &Value, at: &At<'_>, faults: &mut Faults) {
    const COUNTS: &[&str] = &[
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    not_negative(spec, COUNTS, at, faults);
    if text(spec, "completionMode") == "Indexed" {
        if given(spec, "completions").is_none() {
            faults.required(&at.field("completions"), "the completion mode `Indexed` needs it");
        }
    } else {
        for name in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] {
            if given(spec, name).is_some() {
                faults.push(FaultKind::Invalid, &at.field(name), "it needs the completion mode `Indexed`");
            }
        }
    }
    let at_template = at.field("template");
    let Some(template) = given(spec, "template") else {
        return faults.required(&at_template, "");
    };
    pods::template(Some(template), &at_template, &[], faults);
    let at_spec = at_template.field("spec");
    let policy = template.get("spec").map_or("", |s| text(s, "restartPolicy"));
    if matches!(policy, "" | "Always") {
        let why = "a Job's pods need `restartPolicy`: `OnFailure` or `Never`";
        faults.required(&at_spec.field("restartPolicy"), why);
    } else if given(spec, "podFailurePolicy").is_some() && policy != "Never" {
        faults.invalid(
            &at_spec.field("restartPolicy"),
            policy,
            "has to be `Never` with a `podFailurePolicy`",
        );
    }
}

pub(super) fn cron_job(object: &Value, faults: &mut Faults) {
    let root = At::ROOT;
    let at = root.field("spec");
    let Some(spec) = given(object, "spec") else {
        return faults.required(&at, "");
    };
    let schedule = text(spec, "schedule");
    if schedule.is_empty() {
        faults.required(&at.field("schedule"), "");
    } else if let Some(why) = schedule_fault(schedule) {
        faults.invalid(&at.field("schedule"), schedule, why);
    }
    not_negative(
        spec,
        &["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"],
        &at,
        faults,
    );
    name_length(object, 52, "has to be at most 52 characters: its Jobs get a suffix of 11", faults);
    if let Some(zone) = given(spec, "timeZone").and_then(Value::as_str) {
        let known = jiff::tz::TimeZone::get(zone).is_ok() && !zone.eq_ignore_ascii_case("local");
        if !known {
            faults.invalid(&at.field("timeZone"), zone, "is no time zone of the IANA database");
        }
        if schedule.contains("TZ") {
            faults.invalid(&at.field("schedule"), schedule, "must not name a time zone beside `timeZone`");
        }
    } else if schedule.contains("TZ") {
        faults.invalid(&at.field("schedule"), schedule, "must not name a time zone; use `timeZone`");
    }
    let at_job = at.field("jobTemplate");
    match given(spec, "jobTemplate").and_then(|t| given(t, "spec")) {
        Some(job) => job_spec(job, &at_job.field("spec"), faults),
        None => faults.required(&at_job.field("spec"), ""),
    }
}

/// A field of a schedule: lowest and highest number, and names that stand for numbers.
struct CronField {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const CRON: [CronField; 5] = [
    CronField { name: "minute", min: 0, max: 59, names: &[] },
    CronField { name: "hour", min: 0, max: 23, names: &[] },
    CronField { name: "day of the month", min: 1, max: 31, names: &[] },
    CronField {
        name: "month",
        min: 1,
        max: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    CronField {
        name: "day of the week",
        min: 0,
        max: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// As the cron library that Kubernetes uses reads it.
fn schedule_fault(schedule: &str) -> Option<String> {
    const NAMED: &[&str] = &["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    if NAMED.contains(&schedule) {
        return None;
    }
    if let Some(every) = schedule.strip_prefix("@every ") {
        let fits = super::super::check::is_duration(every);
        return (!fits).then(|| "has to be `@every` and a duration such as `1h30m`".to_owned());
    }
    if schedule.starts_with('@') {
        return Some(format!("is none of {}", NAMED.join(", ")));
    }
    let schedule = match schedule.split_once(' ') {
        Some((zone, rest)) if zone.starts_with("TZ=") || zone.starts_with("CRON_TZ=") => rest,
        _ => schedule,
    };
    let count = schedule.split_whitespace().count();
    if count != CRON.len() {
        return Some(format!(
            "has {count} fields, and a schedule has 5: minute, hour, day, month, day of the week"
        ));
    }
    schedule.split_whitespace().zip(&CRON).find_map(|(text, field)| {
        let fits = text.split(',').all(|part| cron_part(part, field).is_some());
        (!fits).then(|| format!("`{text}` is no {} ({} to {})", field.name, field.min, field.max))
    })
}

/// `*`, `5`, `1-5`, `*/10`, `1-30/5`, `mon-fri`.
fn cron_part(part: &str, field: &CronField) -> Option<()> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step.parse::<u32>().ok().filter(|n| *n > 0)?)),
        None => (part, None),
    };
    let number = |text: &str| {
        let named = field.names.iter().position(|name| text.eq_ignore_ascii_case(name));
        let named = named.and_then(|at| u32::try_from(at).ok()).map(|at| at + field.min);
        named.or_else(|| text.parse().ok())
    };
    let (from, to) = match range.split_once('-') {
        _ if matches!(range, "*" | "?") => (field.min, field.max),
        Some((from, to)) => (number(from)?, number(to)?),
        None => {
            let from = number(range)?;
            (from, if step.is_some() { field.max } else { from })
        }
    };
    (from >= field.min && to <= field.max && from <= to).then_some(())
}
