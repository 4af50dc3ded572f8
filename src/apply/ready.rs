//! Whether an object has become what it should be: pure rules over its live JSON.
//!
//! The rules are kstatus' (`cli-utils/pkg/kstatus/status`), which Helm waits by: a Job is ready once it has
//! started, a custom resource follows its `Ready` condition, what has no status is ready as soon as it exists.

use serde_json::Value;

use crate::plan::object::{at, text};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ready,
    /// Not yet, and what is missing.
    Waiting(String),
    /// It will not get ready by itself.
    Failed(String),
}

/// The status of a live object.
pub(super) fn status(object: &Value) -> Status {
    if !text(object, &["metadata", "deletionTimestamp"]).is_empty() {
        return Status::Waiting("it is being deleted".to_owned());
    }
    let group = text(object, &["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
    match (group, text(object, &["kind"])) {
        ("apps", "Deployment") => deployment(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => replica_set(object),
        ("", "Pod") => pod(object),
        ("batch", "Job") => job(object),
        ("", "PersistentVolumeClaim") => phase(object, "Bound"),
        ("", "Namespace") => phase(object, "Active"),
        ("", "Service") => service(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => crd(object),
        ("apiregistration.k8s.io", "APIService") => needs(object, "Available"),
        _ => generic(object),
    }
}

/// The end of a hook: Jobs and Pods have to finish, everything else only to exist (Helm's `WatchUntilReady`).
pub(super) fn finished(object: &Value) -> Status {
    match (text(object, &["apiVersion"]), text(object, &["kind"])) {
        ("v1", "Pod") => match text(object, &["status", "phase"]) {
            "Succeeded" => Status::Ready,
            "Failed" => Status::Failed(pod_trouble(object).unwrap_or_else(|| "the pod failed".to_owned())),
            phase => {
                Status::Waiting(pod_trouble(object).unwrap_or_else(|| format!("the pod is {}", shown(phase))))
            }
        },
        ("batch/v1", "Job") => match (condition(object, "Complete"), condition(object, "Failed")) {
            (Some(c), _) if c.is("True") => Status::Ready,
            (_, Some(c)) if c.is("True") => Status::Failed(c.words()),
            _ => Status::Waiting(format!(
                "{} of {} completions",
                number(object, &["status", "succeeded"], 0),
                number(object, &["spec", "completions"], 1)
            )),
        },
        _ => Status::Ready,
    }
}

fn shown(phase: &str) -> &str {
    if phase.is_empty() { "not started" } else { phase }
}

pub(super) struct Condition<'a> {
    status: &'a str,
    reason: &'a str,
    message: &'a str,
}

impl Condition<'_> {
    pub fn is(&self, status: &str) -> bool {
        self.status == status
    }

    /// `Reason: message`
    pub fn words(&self) -> String {
        match (self.reason, self.message) {
            ("", message) => message.to_owned(),
            (reason, "") => reason.to_owned(),
            (reason, message) => format!("{reason}: {message}"),
        }
    }
}

pub(super) fn condition<'a>(object: &'a Value, name: &str) -> Option<Condition<'a>> {
    let list = at(object, &["status", "conditions"])?.as_array()?;
    let found = list.iter().find(|c| text(c, &["type"]) == name)?;
    Some(Condition {
        status: text(found, &["status"]),
        reason: text(found, &["reason"]),
        message: text(found, &["message"]),
    })
}

fn number(object: &Value, path: &[&str], default: i64) -> i64 {
    at(object, path).and_then(Value::as_i64).unwrap_or(default)
}

/// The controller has not seen the last change yet. `needed`: it always reports what it has seen.
fn unobserved(object: &Value, needed: bool) -> Option<Status> {
    let observed = at(object, &["status", "observedGeneration"]).and_then(Value::as_i64);
    let wanted = number(object, &["metadata", "generation"], 0);
    let behind = observed.map_or(needed, |seen| seen < wanted);
    behind.then(|| Status::Waiting("its controller has not seen it yet".to_owned()))
}

fn waiting(what: impl Into<String>) -> Status {
    Status::Waiting(what.into())
}

fn deployment(object: &Value) -> Status {
    if at(object, &["spec", "paused"]).and_then(Value::as_bool) == Some(true) {
        return Status::Ready;
    }
    if let Some(status) = unobserved(object, true) {
        return status;
    }
    if let Some(c) = condition(object, "Progressing").filter(|c| c.reason == "ProgressDeadlineExceeded") {
        return Status::Failed(c.words());
    }
    let wanted = number(object, &["spec", "replicas"], 1);
    let updated = number(object, &["status", "updatedReplicas"], 0);
    let total = number(object, &["status", "replicas"], 0);
    let ready = number(object, &["status", "readyReplicas"], 0);
    let available = number(object, &["status", "availableReplicas"], 0);
    let trouble = condition(object, "ReplicaFailure")
        .filter(|c| c.is("True"))
        .map(|c| format!(" ({})", c.words()))
        .unwrap_or_default();
    if updated < wanted {
        return waiting(format!("{updated} of {wanted} replicas updated{trouble}"));
    }
    if total > updated {
        return waiting(format!("{} old replicas still there", total.saturating_sub(updated)));
    }
    if ready < wanted {
        return waiting(format!("{ready} of {wanted} replicas ready{trouble}"));
    }
    if available < wanted {
        return waiting(format!("{available} of {wanted} replicas available"));
    }
    Status::Ready
}

fn stateful_set(object: &Value) -> Status {
    if let Some(status) = unobserved(object, true) {
        return status;
    }
    if text(object, &["spec", "updateStrategy", "type"]) == "OnDelete" {
        return Status::Ready;
    }
    let wanted = number(object, &["spec", "replicas"], 1);
    let total = number(object, &["status", "replicas"], 0);
    let ready = number(object, &["status", "readyReplicas"], 0);
    let updated = number(object, &["status", "updatedReplicas"], 0);
    let partition = number(object, &["spec", "updateStrategy", "rollingUpdate", "partition"], 0);
    if total < wanted {
        return waiting(format!("{total} of {wanted} replicas created"));
    }
    if ready < wanted {
        return waiting(format!("{ready} of {wanted} replicas ready"));
    }
    let to_update = wanted.saturating_sub(partition).max(0);
    // Nothing is counted as updated while there is only one revision.
    let one_revision =
        text(object, &["status", "currentRevision"]) == text(object, &["status", "updateRevision"]);
    if !one_revision && updated < to_update {
        return waiting(format!("{updated} of {to_update} replicas updated"));
    }
    Status::Ready
}

fn daemon_set(object: &Value) -> Status {
    if let Some(status) = unobserved(object, true) {
        return status;
    }
    if text(object, &["spec", "updateStrategy", "type"]) == "OnDelete" {
        return Status::Ready;
    }
    let wanted = number(object, &["status", "desiredNumberScheduled"], 0);
    for (field, what) in [
        ("currentNumberScheduled", "scheduled"),
        ("updatedNumberScheduled", "updated"),
        ("numberAvailable", "available"),
        ("numberReady", "ready"),
    ] {
        let have = number(object, &["status", field], 0);
        if have < wanted {
            return waiting(format!("{have} of {wanted} pods {what}"));
        }
    }
    Status::Ready
}

fn replica_set(object: &Value) -> Status {
    if let Some(status) = unobserved(object, true) {
        return status;
    }
    if let Some(c) = condition(object, "ReplicaFailure").filter(|c| c.is("True")) {
        return waiting(c.words());
    }
    let wanted = number(object, &["spec", "replicas"], 1);
    let ready = number(object, &["status", "readyReplicas"], 0);
    if ready < wanted { waiting(format!("{ready} of {wanted} replicas ready")) } else { Status::Ready }
}

fn pod(object: &Value) -> Status {
    match text(object, &["status", "phase"]) {
        "Succeeded" => Status::Ready,
        "Failed" => Status::Failed(pod_trouble(object).unwrap_or_else(|| "the pod failed".to_owned())),
        "Running" if condition(object, "Ready").is_some_and(|c| c.is("True")) => Status::Ready,
        phase => waiting(pod_trouble(object).unwrap_or_else(|| format!("the pod is {}", shown(phase)))),
    }
}

/// What keeps a pod from running, if it says so: unschedulable, a container that waits or ended badly.
pub(super) fn pod_trouble(pod: &Value) -> Option<String> {
    if let Some(c) = condition(pod, "PodScheduled").filter(|c| c.is("False")) {
        return Some(c.words());
    }
    let lists = ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .filter_map(|l| at(pod, &["status", l])?.as_array());
    for container in lists.flatten() {
        let name = text(container, &["name"]);
        let state = |path: &[&str]| at(container, path).filter(|v| v.is_object());
        // `ContainerCreating` and `PodInitializing` are the normal course.
        if let Some(wait) = state(&["state", "waiting"])
            .filter(|w| !matches!(text(w, &["reason"]), "ContainerCreating" | "PodInitializing"))
        {
            let mut words = format!("container `{name}`: {}", reason_and_message(wait));
            if let Some(last) = state(&["lastState", "terminated"]) {
                words.push_str(&format!(", it last ended with exit code {}", number(last, &["exitCode"], 0)));
            }
            return Some(words);
        }
        if let Some(end) = state(&["state", "terminated"]).filter(|t| number(t, &["exitCode"], 0) != 0) {
            return Some(format!(
                "container `{name}` ended with exit code {} ({})",
                number(end, &["exitCode"], 0),
                reason_and_message(end)
            ));
        }
    }
    let message = text(pod, &["status", "message"]);
    (!message.is_empty()).then(|| format!("{}: {message}", text(pod, &["status", "reason"])))
}

fn reason_and_message(state: &Value) -> String {
    match (text(state, &["reason"]), text(state, &["message"])) {
        ("", message) => message.to_owned(),
        (reason, "") => reason.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

fn job(object: &Value) -> Status {
    if condition(object, "Complete").is_some_and(|c| c.is("True")) {
        return Status::Ready;
    }
    if let Some(c) = condition(object, "Failed").filter(|c| c.is("True")) {
        return Status::Failed(c.words());
    }
    let suspended = at(object, &["spec", "suspend"]).and_then(Value::as_bool) == Some(true);
    if suspended || !text(object, &["status", "startTime"]).is_empty() {
        Status::Ready
    } else {
        waiting("the job has not started")
    }
}

fn phase(object: &Value, wanted: &str) -> Status {
    match text(object, &["status", "phase"]) {
        phase if phase == wanted => Status::Ready,
        "Lost" => Status::Failed("its volume is gone".to_owned()),
        "" => waiting("it has no phase yet"),
        phase => waiting(format!("its phase is {phase}")),
    }
}

fn service(object: &Value) -> Status {
    // As kstatus and Helm: an address from outside is not waited for, clusters without a balancer exist.
    if text(object, &["spec", "type"]) == "LoadBalancer" && text(object, &["spec", "clusterIP"]).is_empty() {
        return waiting("it has no address yet");
    }
    Status::Ready
}

fn crd(object: &Value) -> Status {
    if let Some(c) = condition(object, "NamesAccepted").filter(|c| c.is("False")) {
        return Status::Failed(c.words());
    }
    if let Some(c) = condition(object, "Established").filter(|c| c.is("False") && c.reason != "Installing") {
        return Status::Failed(c.words());
    }
    needs(object, "Established")
}

fn needs(object: &Value, name: &str) -> Status {
    match condition(object, name) {
        Some(c) if c.is("True") => Status::Ready,
        Some(c) => waiting(c.words()),
        None => waiting(format!("it is not yet `{name}`")),
    }
}

fn generic(object: &Value) -> Status {
    if let Some(status) = unobserved(object, false) {
        return status;
    }
    if let Some(c) = condition(object, "Stalled").filter(|c| c.is("True")) {
        return Status::Failed(c.words());
    }
    if let Some(c) = condition(object, "Reconciling").filter(|c| c.is("True")) {
        return waiting(c.words());
    }
    match condition(object, "Ready") {
        Some(c) if !c.is("True") => waiting(c.words()),
        _ => Status::Ready,
    }
}
