//! Jobs: their pods run to the end at once, or fail as the template's annotation says.

use serde_json::{Value, json};

use super::{FAIL, condition, create, live, owned, pod_from, pods, put_status};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

pub fn job(state: &mut State, key: &Key, now: &str) {
    let Some(job) = live(state, key) else { return };
    let finished = meta::list(&job, "/status/conditions").iter().any(|c| {
        matches!(meta::text(c, "/type"), "Complete" | "Failed") && meta::text(c, "/status") == "True"
    });
    if finished {
        return;
    }
    if meta::flag(&job, "/spec/suspend") {
        let suspended = condition(&job, "Suspended", "True", "JobSuspended", "Job suspended", now);
        return put_status(state, key, json!({"conditions": [suspended]}), now);
    }
    let template = job.pointer("/spec/template").cloned().unwrap_or_default();
    let parallelism = meta::int(&job, "/spec/parallelism").unwrap_or(1).max(0);
    let wanted = meta::int(&job, "/spec/completions").unwrap_or(parallelism).max(0);
    // A failing job shows one pod; more would show the same.
    let count = if meta::annotation(&template, FAIL).is_some() { wanted.min(1) } else { wanted };
    for index in 0..count {
        let name = format!("{}-{}", key.name, meta::suffix(&format!("{}/{index}", meta::uid(&job)), 5));
        let pod_key = Key::new("pods", &key.namespace, &name);
        if state.store.get(&pod_key).is_none()
            && create(state, pod_from(&template, &job, &name), now).is_some()
        {
            pods::pod(state, &pod_key, now);
        }
    }
    let Some(job) = live(state, key) else { return };
    let own = owned(state, &job, "pods");
    let in_phase = |phase: &str| own.iter().filter(|(_, p)| meta::text(p, "/status/phase") == phase).count();
    let (succeeded, failed) = (in_phase("Succeeded"), in_phase("Failed"));
    let active = own.len() - succeeded - failed;
    let start = match meta::text(&job, "/status/startTime") {
        "" => now.to_owned(),
        known => known.to_owned(),
    };
    let mut status = json!({
        "startTime": start, "ready": 0, "terminating": 0, "uncountedTerminatedPods": {},
    });
    let Some(map) = status.as_object_mut() else { return };
    let count = |map: &mut serde_json::Map<String, Value>, key: &str, n: i64| {
        if n > 0 {
            map.insert(key.to_owned(), n.into());
        }
    };
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    count(map, "active", number(active));
    count(map, "succeeded", number(succeeded));
    if failed > 0 {
        let limit = meta::int(&job, "/spec/backoffLimit").unwrap_or(6);
        count(map, "failed", limit.saturating_add(1));
        let why = "Job has reached the specified backoff limit";
        map.insert(
            "conditions".to_owned(),
            finish(&job, "FailureTarget", "Failed", "BackoffLimitExceeded", why, now),
        );
    } else if number(succeeded) >= wanted {
        map.insert("completionTime".to_owned(), now.into());
        let why = "Reached expected number of succeeded pods";
        map.insert(
            "conditions".to_owned(),
            finish(&job, "SuccessCriteriaMet", "Complete", "CompletionsReached", why, now),
        );
    }
    put_status(state, key, status, now);
}

fn finish(job: &Value, first: &str, last: &str, reason: &str, message: &str, now: &str) -> Value {
    let made = |kind: &str| {
        let mut made = condition(job, kind, "True", reason, message, now);
        if let Some(map) = made.as_object_mut() {
            map.insert("lastProbeTime".to_owned(), now.into());
        }
        made
    };
    json!([made(first), made(last)])
}
