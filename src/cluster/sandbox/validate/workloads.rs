//! Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs, CronJobs.

use serde_json::Value;

use super::{Errors, IMMUTABLE, pods};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::registry::Served;
use crate::cluster::sandbox::select::label_selector;
use crate::cluster::sandbox::status::FieldError;

pub fn controller(served: &Served, object: &Value, errors: &mut Errors) {
    let selector = object.pointer("/spec/selector");
    let requirements = selector.map_or(0, |s| {
        s.get("matchLabels").and_then(Value::as_object).map_or(0, serde_json::Map::len)
            + meta::list(s, "/matchExpressions").len()
    });
    match selector {
        None | Some(Value::Null) => errors.push(FieldError::required("spec.selector", "")),
        Some(selector) if requirements == 0 => {
            let why = format!("empty selector is invalid for {}", kind_word(&served.kind));
            errors.push(FieldError::invalid("spec.selector", &go_selector(selector), &why));
        }
        Some(_) => super::labels(object, "/spec/selector/matchLabels", "spec.selector.matchLabels", errors),
    }
    if let Some(replicas) = meta::int(object, "/spec/replicas").filter(|r| *r < 0) {
        errors.push(FieldError::invalid(
            "spec.replicas",
            &replicas.into(),
            "must be greater than or equal to 0",
        ));
    }
    let template = object.pointer("/spec/template").unwrap_or(&Value::Null);
    let labels = template.pointer("/metadata/labels");
    // No selector at all matches nothing.
    let matched = match selector {
        None | Some(Value::Null) => false,
        Some(selector) => requirements == 0 || label_selector(selector, labels),
    };
    if !matched {
        let shown = labels.cloned().unwrap_or_default();
        let why = "`selector` does not match template `labels`";
        errors.push(FieldError::invalid("spec.template.metadata.labels", &shown, why));
    }
    let mut with_claims = template.clone();
    if served.kind == "StatefulSet" {
        mount_claims(object, &mut with_claims);
    }
    pods::template(&with_claims, "spec.template", errors);
    let policy = meta::text(template, "/spec/restartPolicy");
    if policy != "Always" {
        errors.push(FieldError::unsupported("spec.template.spec.restartPolicy", &policy.into(), &["Always"]));
    }
    strategy(served, object, errors);
}

/// Claim templates count as volumes of the pods.
fn mount_claims(object: &Value, template: &mut Value) {
    let names: Vec<Value> = meta::list(object, "/spec/volumeClaimTemplates")
        .iter()
        .map(|c| serde_json::json!({"name": meta::name(c), "emptyDir": {}}))
        .collect();
    let own: Vec<String> =
        meta::list(template, "/spec/volumes").iter().map(|v| meta::text(v, "/name").to_owned()).collect();
    let spec = meta::child(template, "spec");
    let volumes = spec.entry("volumes").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = volumes {
        list.extend(names.into_iter().filter(|n| !own.iter().any(|o| o == meta::text(n, "/name"))));
    }
}

fn strategy(served: &Served, object: &Value, errors: &mut Errors) {
    match served.kind.as_str() {
        "Deployment" => {
            let kind = meta::text(object, "/spec/strategy/type");
            if !matches!(kind, "Recreate" | "RollingUpdate") {
                let supported = &["Recreate", "RollingUpdate"];
                errors.push(FieldError::unsupported("spec.strategy.type", &kind.into(), supported));
            }
            if kind == "Recreate" && object.pointer("/spec/strategy/rollingUpdate").is_some() {
                errors.push(FieldError::forbidden(
                    "spec.strategy.rollingUpdate",
                    "may not be specified when strategy `type` is 'Recreate'",
                ));
            }
            let zero = |key: &str| {
                let value = object.pointer(&format!("/spec/strategy/rollingUpdate/{key}"));
                value.is_some_and(|v| v.as_i64() == Some(0) || v.as_str() == Some("0%"))
            };
            if zero("maxUnavailable") && zero("maxSurge") {
                let value = object
                    .pointer("/spec/strategy/rollingUpdate/maxUnavailable")
                    .cloned()
                    .unwrap_or_default();
                let why = "may not be 0 when `maxSurge` is 0";
                errors.push(FieldError::invalid("spec.strategy.rollingUpdate.maxUnavailable", &value, why));
            }
        }
        "StatefulSet" => {
            let kind = meta::text(object, "/spec/updateStrategy/type");
            if !matches!(kind, "OnDelete" | "RollingUpdate") {
                errors.push(FieldError::invalid(
                    "spec.updateStrategy",
                    &kind.into(),
                    "must be 'RollingUpdate' or 'OnDelete'",
                ));
            }
        }
        _ => {}
    }
}

fn kind_word(kind: &str) -> &'static str {
    match kind {
        "Deployment" => "deployment",
        "StatefulSet" => "statefulset",
        "DaemonSet" => "daemonset",
        _ => "replicaset",
    }
}

/// A selector as Go prints one inside an error.
fn go_selector(selector: &Value) -> Value {
    let mut out = serde_json::Map::new();
    for (go, json) in [("matchLabels", "matchLabels"), ("matchExpressions", "matchExpressions")] {
        if let Some(v) = selector.get(json) {
            out.insert(go.to_owned(), v.clone());
        }
    }
    Value::Object(out)
}

pub fn job(object: &Value, errors: &mut Errors) {
    let template = object.pointer("/spec/template").unwrap_or(&Value::Null);
    pods::template(template, "spec.template", errors);
    restart(template, "spec.template", errors);
    for field in
        ["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"]
    {
        if let Some(n) = meta::int(object, &format!("/spec/{field}")).filter(|n| *n < 0) {
            errors.push(FieldError::invalid(
                format!("spec.{field}"),
                &n.into(),
                "must be greater than or equal to 0",
            ));
        }
    }
}

fn restart(template: &Value, at: &str, errors: &mut Errors) {
    let policy = meta::text(template, "/spec/restartPolicy");
    if !matches!(policy, "OnFailure" | "Never") {
        let field = format!("{at}.spec.restartPolicy");
        if matches!(policy, "" | "Always") {
            errors.push(FieldError::required(field, "valid values: \"OnFailure\", \"Never\""));
        } else {
            errors.push(FieldError::unsupported(field, &policy.into(), &["OnFailure", "Never"]));
        }
    }
}

pub fn cron_job(object: &Value, errors: &mut Errors) {
    let schedule = meta::text(object, "/spec/schedule");
    if schedule.is_empty() {
        errors.push(FieldError::required("spec.schedule", ""));
    } else if let Some(why) = schedule_error(schedule) {
        errors.push(FieldError::invalid("spec.schedule", &schedule.into(), &why));
    }
    let name = meta::name(object);
    if name.len() > 52 {
        errors.push(FieldError::invalid("metadata.name", &name.into(), "must be no more than 52 characters"));
    }
    pods::one_of(
        object.get("spec").unwrap_or(&Value::Null),
        "spec",
        "concurrencyPolicy",
        &["Allow", "Forbid", "Replace"],
        errors,
    );
    let template = object.pointer("/spec/jobTemplate/spec/template").unwrap_or(&Value::Null);
    pods::template(template, "spec.jobTemplate.spec.template", errors);
    restart(template, "spec.jobTemplate.spec.template", errors);
}

fn schedule_error(schedule: &str) -> Option<String> {
    const NAMED: &[&str] = &["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    if NAMED.contains(&schedule) || schedule.starts_with("@every ") {
        return None;
    }
    let schedule = match schedule.split_once(' ') {
        Some((zone, rest)) if zone.starts_with("TZ=") || zone.starts_with("CRON_TZ=") => rest,
        _ => schedule,
    };
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != 5 {
        return Some(
            format!("expected exactly 5 fields, found {}: {fields:?}", fields.len())
                .replace("\", \"", " ")
                .replace(['"'], ""),
        );
    }
    None
}

/// What cannot change once a workload exists.
pub fn update(served: &Served, old: &Value, new: &Value, errors: &mut Errors) {
    match served.kind.as_str() {
        "StatefulSet" => stateful_set(old, new, errors),
        "Job" => job_update(old, new, errors),
        _ => {
            let selector = |o: &Value| o.pointer("/spec/selector").cloned().unwrap_or_default();
            if selector(old) != selector(new) {
                errors.push(FieldError::invalid("spec.selector", &go_selector(&selector(new)), IMMUTABLE));
            }
        }
    }
}

fn stateful_set(old: &Value, new: &Value, errors: &mut Errors) {
    const MUTABLE: &[&str] = &[
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let fixed = |o: &Value| {
        let mut spec = o.get("spec").and_then(Value::as_object).cloned().unwrap_or_default();
        spec.retain(|k, _| !MUTABLE.contains(&k.as_str()));
        spec
    };
    if fixed(old) != fixed(new) {
        errors.push(FieldError::forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ));
    }
}

fn job_update(old: &Value, new: &Value, errors: &mut Errors) {
    for field in
        ["completions", "selector", "template", "completionMode", "podFailurePolicy", "backoffLimitPerIndex"]
    {
        let of = |o: &Value| o.get("spec").and_then(|s| s.get(field)).cloned().unwrap_or_default();
        let (was, is) = (of(old), of(new));
        if was != is {
            errors.push(FieldError::invalid(format!("spec.{field}"), &is, IMMUTABLE));
        }
    }
}
