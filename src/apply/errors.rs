//! The words of what applying meets.

use std::time::Duration;

use serde_json::Value;

use crate::cluster::ClusterError;
use crate::diag::{Diag, codes};
use crate::plan::ObjectRef;
use crate::plan::object::text;

fn with_notes(mut diag: Diag, notes: impl IntoIterator<Item = String>) -> Diag {
    for note in notes {
        diag = diag.note(note);
    }
    diag
}

pub(super) fn about(error: ClusterError, address: &str) -> Diag {
    Diag::from(error).note(format!("while applying `{address}`"))
}

pub(super) fn conflict(address: &str, object: &ObjectRef, field: &str, manager: &str) -> Diag {
    Diag::error(
        codes::CLUSTER_CONFLICT,
        format!("`{}` of {object} is held by field manager `{manager}`", field.trim_start_matches('.')),
    )
    .help("it was not when this was planned; plan again")
    .note(format!("while applying `{address}`"))
}

pub(super) fn stale_object(address: &str, object: &ObjectRef) -> Diag {
    Diag::error(codes::STALE_PLAN, format!("{object} is not the object it was when this was planned"))
        .help("plan again")
        .note(format!("while applying `{address}`"))
}

pub(super) fn stale_release(address: &str, name: &str, namespace: &str, revision: u32) -> Diag {
    Diag::error(
        codes::STALE_PLAN,
        format!("release `{name}` in namespace `{namespace}` changed since this was planned: it has a revision {revision} already"),
    )
    .help("plan again")
    .note(format!("while applying `{address}`"))
}

pub(super) fn stale_inventory(stack: &str, cluster: &str) -> Diag {
    Diag::error(
        codes::STALE_PLAN,
        format!("stack `{stack}` was applied to cluster `{cluster}` by someone else since this was planned"),
    )
    .help("plan again")
}

pub(super) fn locked(stack: &str, cluster: &str, holder: &str, since: &str) -> Diag {
    Diag::error(
        codes::LOCKED,
        format!("stack `{stack}` on cluster `{cluster}` is being applied by {holder} since {since}"),
    )
    .help("wait for it to finish; if it died, its lock ends by itself within half a minute")
}

pub(super) fn lost_lock(stack: &str, cluster: &str, why: &str) -> Diag {
    Diag::error(codes::LOCKED, format!("the lock of stack `{stack}` on cluster `{cluster}` was lost: {why}"))
        .help("what had begun was finished, nothing new was started; apply again")
}

pub(super) fn failed(address: &str, object: &ObjectRef, why: &str, cause: Vec<String>) -> Diag {
    let diag = Diag::error(codes::NOT_READY, format!("{object} of `{address}` failed: {why}"));
    with_notes(diag, cause)
}

pub(super) fn stopped_waiting(address: &str, object: &ObjectRef) -> Diag {
    Diag::error(
        codes::NOT_DELETED,
        format!("`{address}` was stopped while it waited for {object} to be gone"),
    )
    .help("nothing was changed there; apply again")
}

pub(super) fn not_ready(
    address: &str,
    object: &ObjectRef,
    why: &str,
    timeout: Duration,
    cause: Vec<String>,
    others: &[String],
) -> Diag {
    let diag = Diag::error(
        codes::NOT_READY,
        format!("{object} of `{address}` is not ready after {}s: {why}", timeout.as_secs()),
    )
    .help("mend the cause, or give it a longer `timeout`");
    with_notes(diag, cause.into_iter().chain(others.iter().map(|o| format!("also not ready: {o}"))))
}

pub(super) fn not_deleted(address: &str, object: &ObjectRef, why: &str, live: Option<&Value>) -> Diag {
    let conditions = live.and_then(|l| l.get("status")?.get("conditions")?.as_array()).into_iter().flatten();
    // A namespace says in its conditions what is left in it.
    let told = conditions
        .filter(|c| text(c, &["status"]) == "True")
        .map(|c| text(c, &["message"]).to_owned())
        .filter(|m| !m.is_empty());
    let diag = Diag::error(codes::NOT_DELETED, format!("{object} of `{address}` is still there: {why}"))
        .help("a finalizer's controller has to run until it is done; look at it with `kubectl get -o yaml`");
    with_notes(diag, told)
}

pub(super) fn hook(address: &str, hook: &ObjectRef, event: &str, path: &str, cause: &Diag) -> Diag {
    let mut diag = Diag::error(
        codes::HOOK_FAILED,
        format!("{event} hook {hook} of `{address}` failed: {}", cause.message),
    )
    .note(format!("template {path}"));
    diag.help.clone_from(&cause.help);
    with_notes(diag, cause.notes.iter().cloned())
}

pub(super) fn bad_hook(address: &str, name: &str, path: &str) -> Diag {
    Diag::error(codes::HOOK_FAILED, format!("hook `{name}` of `{address}` is no Kubernetes object"))
        .note(format!("template {path}"))
}

pub(super) fn too_big(address: &str, name: &str, bytes: usize) -> Diag {
    Diag::error(
        codes::RECORD_TOO_BIG,
        format!("the record of release `{name}` (`{address}`) takes {bytes} bytes, a Secret holds 1048576"),
    )
    .help("make the chart smaller: large files and unused subcharts are stored with every revision")
}

pub(super) fn unreadable(address: &str, name: &str, revision: u32, why: &str) -> Diag {
    Diag::error(
        codes::RECORD_UNREADABLE,
        format!("revision {revision} of release `{name}` (`{address}`) cannot be read: {why}"),
    )
    .help("`helm history` shows which revisions there are")
}

/// The release failed, and then so did the way back.
pub(super) fn rollback_failed(first: Diag, second: &Diag) -> Diag {
    let told = format!("rolling back failed too: {}", second.message);
    with_notes(first.note(told), second.notes.iter().cloned())
}

pub(super) fn unknown_cluster(address: &str) -> Diag {
    Diag::error(codes::STALE_PLAN, format!("the plan is for `{address}`, which was not connected"))
        .help("plan again")
}

pub(super) fn interrupted(address: &str) -> Diag {
    Diag::error(codes::NOT_READY, format!("`{address}` was interrupted")).help("apply again to finish it")
}
