//! Waiting for objects, and the cause when it was in vain.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde_json::Value;
use tokio::time::Instant;

use super::errors;
use super::event::{ApplyEvent, Pending};
use super::node::{Node, Pauses};
use super::ready::{self, Status};
use crate::diag::Diag;
use crate::plan::ObjectRef;
use crate::plan::object::{at, text};

/// Looks in flight at a time.
const LOOKS: usize = 8;
/// Never silent for longer.
const SILENCE: Duration = Duration::from_secs(10);
/// How long to wait between questions about pods, and for how many objects to ask.
const TROUBLE: Duration = Duration::from_secs(3);
const TROUBLED: usize = 3;

/// Says what is waited for when that changes, and now and then when it does not.
pub(super) struct Told<'a> {
    node: &'a Node<'a>,
    last: Vec<Pending>,
    at: Instant,
}

impl<'a> Told<'a> {
    pub fn new(node: &'a Node<'a>) -> Self {
        Told { node, last: Vec::new(), at: Instant::now() }
    }

    pub fn tell(&mut self, pending: &[(ObjectRef, String)]) {
        let pending: Vec<Pending> = pending
            .iter()
            .map(|(object, why)| Pending { object: object.clone(), why: why.clone() })
            .collect();
        // The first look comes at once; what is over in a moment need not be told.
        let due = if self.last.is_empty() {
            self.at.elapsed() >= Duration::from_secs(1)
        } else {
            self.last != pending || self.at.elapsed() >= SILENCE
        };
        if due {
            let elapsed = self.node.started.elapsed();
            (self.node.events)(ApplyEvent::Waiting {
                address: self.node.address.to_owned(),
                pending: pending.clone(),
                elapsed,
            });
            self.last = pending;
            self.at = Instant::now();
        }
    }
}

/// What the pods of slow objects say, so that whoever watches need not wait for the timeout to learn why.
struct Troubles {
    of: BTreeMap<ObjectRef, String>,
    at: Instant,
}

impl Troubles {
    /// Lists pods for the first few objects, now and then.
    async fn look(&mut self, node: &Node<'_>, left: &[(&ObjectRef, String, Option<Value>)]) {
        if self.at.elapsed() < TROUBLE {
            return;
        }
        self.of.clear();
        for (object, _, live) in left.iter().take(TROUBLED) {
            let Some(live) = live.as_ref().filter(|_| object.kind != "Pod") else { continue };
            let pods = pods_of(node, object, live).await;
            let found = pods
                .iter()
                .find_map(|pod| Some((text(pod, &["metadata", "name"]), ready::pod_trouble(pod)?)));
            if let Some((pod, trouble)) = found {
                self.of.insert((*object).clone(), format!("pod {pod}: {trouble}"));
            }
        }
        self.at = Instant::now();
    }

    fn add_to(&self, object: &ObjectRef, why: &str) -> String {
        match self.of.get(object) {
            Some(trouble) => format!("{why}; {trouble}"),
            None => why.to_owned(),
        }
    }
}

/// Waits until all objects are ready.
///
/// # Errors
/// Names the object that failed or was not ready in time, and why.
pub(super) async fn until_ready(node: &Node<'_>, objects: &[ObjectRef]) -> Result<(), Diag> {
    until(node, objects, None, ready::status).await
}

/// Waits until a hook has ended. `created` is the object as the server answered to its creation.
///
/// A Job with `ttlSecondsAfterFinished: 0` is removed the moment it ends, often between two looks. What is gone is
/// therefore looked up in the server's history since its creation, whose last word on it holds the outcome.
///
/// # Errors
/// As [`until_ready`].
pub(super) async fn until_finished(node: &Node<'_>, object: &ObjectRef, created: &Value) -> Result<(), Diag> {
    until(node, std::slice::from_ref(object), Some(created), ready::finished).await
}

/// Waits until all objects satisfy `rule`.
pub(super) async fn until(
    node: &Node<'_>,
    objects: &[ObjectRef],
    created: Option<&Value>,
    rule: fn(&Value) -> Status,
) -> Result<(), Diag> {
    let mut pending: Vec<&ObjectRef> = objects.iter().filter(|o| rule_applies(o)).collect();
    let mut pauses = Pauses::new();
    let mut told = Told::new(node);
    let mut troubles = Troubles { of: BTreeMap::new(), at: Instant::now() };
    loop {
        let looks = stream::iter(pending)
            .map(|object| look(node, object, created, rule))
            .buffered(LOOKS)
            .collect::<Vec<_>>()
            .await;
        let mut left: Vec<(&ObjectRef, String, Option<Value>)> = Vec::new();
        for result in looks {
            match result? {
                (_, Status::Ready, _) => {}
                (object, Status::Failed(why), live) => {
                    let cause = cause(node, object, live.as_ref()).await;
                    return Err(errors::failed(node.address, object, &why, cause));
                }
                (object, Status::Waiting(why), live) => left.push((object, why, live)),
            }
        }
        let Some((first, why, live)) = left.first() else { return Ok(()) };
        if node.is_late() {
            let cause = cause(node, first, live.as_ref()).await;
            let others: Vec<String> = left.iter().skip(1).map(|(o, why, _)| format!("{o}: {why}")).collect();
            return Err(errors::not_ready(node.address, first, why, node.timeout, cause, &others));
        }
        troubles.look(node, &left).await;
        let pending_now: Vec<(ObjectRef, String)> =
            left.iter().map(|(o, why, _)| ((*o).clone(), troubles.add_to(o, why))).collect();
        told.tell(&pending_now);
        pending = left.into_iter().map(|(o, _, _)| o).collect();
        pauses.next().await;
    }
}

/// Kinds that are ready as soon as they exist need no look.
fn rule_applies(object: &ObjectRef) -> bool {
    let plain = match object.group() {
        "" => matches!(
            object.kind.as_str(),
            "ConfigMap"
                | "Secret"
                | "ServiceAccount"
                | "ResourceQuota"
                | "LimitRange"
                | "Endpoints"
                | "PersistentVolume"
        ),
        "rbac.authorization.k8s.io"
        | "admissionregistration.k8s.io"
        | "scheduling.k8s.io"
        | "storage.k8s.io" => true,
        "networking.k8s.io" => matches!(object.kind.as_str(), "NetworkPolicy" | "IngressClass" | "Ingress"),
        "batch" => object.kind == "CronJob",
        _ => false,
    };
    !plain
}

async fn look<'o>(
    node: &Node<'_>,
    object: &'o ObjectRef,
    created: Option<&Value>,
    rule: fn(&Value) -> Status,
) -> Result<(&'o ObjectRef, Status, Option<Value>), Diag> {
    let Some(resource) = node.api.find(object).await.map_err(|e| node.fail(e))? else {
        return Ok((object, Status::Waiting("its kind is not served yet".to_owned()), None));
    };
    match node.api.get(&resource, object).await.map_err(|e| node.fail(e))? {
        Some(live) => Ok((object, rule(&live), Some(live))),
        None => {
            let last = match created {
                Some(created) => node.api.last_seen(&resource, object, created).await,
                None => None,
            };
            let status = last.as_ref().map_or_else(|| Status::Waiting("it is not there".to_owned()), rule);
            Ok((object, status, last))
        }
    }
}

/// What else is known: the pods' trouble, their last words, warnings about the object. Best effort: who may
/// not read pods or events gets less, never another error.
pub(super) async fn cause(node: &Node<'_>, object: &ObjectRef, live: Option<&Value>) -> Vec<String> {
    let mut out = Vec::new();
    let pods = match live {
        Some(live) if object.kind == "Pod" => vec![live.clone()],
        Some(live) => pods_of(node, object, live).await,
        None => Vec::new(),
    };
    let troubled = pods.iter().filter_map(|pod| Some((pod, ready::pod_trouble(pod)?)));
    for (pod, trouble) in troubled.take(3) {
        let name = text(pod, &["metadata", "name"]);
        out.push(format!("pod {name}: {trouble}"));
        out.extend(last_words(node, &object.namespace, pod).await);
    }
    out.extend(warnings(node, object).await);
    out
}

async fn pods_of(node: &Node<'_>, object: &ObjectRef, live: &Value) -> Vec<Value> {
    let Some(labels) = at(live, &["spec", "selector", "matchLabels"]).and_then(Value::as_object) else {
        return Vec::new();
    };
    let selector: Vec<String> =
        labels.iter().filter_map(|(k, v)| Some(format!("{k}={}", v.as_str()?))).collect();
    let pod = ObjectRef {
        api_version: "v1".into(),
        kind: "Pod".into(),
        namespace: object.namespace.clone(),
        name: String::new(),
    };
    let Ok(resource) = node.api.resource(&pod).await else { return Vec::new() };
    node.api.list(&resource, Some(&object.namespace), &selector.join(",")).await.unwrap_or_default()
}

/// The last lines of the log of the container that ended badly.
async fn last_words(node: &Node<'_>, namespace: &str, pod: &Value) -> Vec<String> {
    let statuses = ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .filter_map(|l| at(pod, &["status", l])?.as_array());
    let bad = statuses.flatten().find(|c| {
        let ended = |path: &[&str]| at(c, path).and_then(Value::as_i64).is_some_and(|code| code != 0);
        ended(&["state", "terminated", "exitCode"]) || ended(&["lastState", "terminated", "exitCode"])
    });
    let Some(container) = bad.map(|c| text(c, &["name"])) else { return Vec::new() };
    let previous = bad.is_some_and(|c| at(c, &["state", "terminated"]).is_none());
    let log = node
        .api
        .log(namespace, text(pod, &["metadata", "name"]), container, previous)
        .await
        .unwrap_or_default();
    log.lines().map(|line| format!("  | {line}")).collect()
}

/// The newest warnings about the object.
async fn warnings(node: &Node<'_>, object: &ObjectRef) -> Vec<String> {
    let event = ObjectRef {
        api_version: "v1".into(),
        kind: "Event".into(),
        namespace: object.namespace.clone(),
        name: String::new(),
    };
    let Ok(resource) = node.api.resource(&event).await else { return Vec::new() };
    let namespace = if object.namespace.is_empty() { "default" } else { object.namespace.as_str() };
    let fields =
        format!("involvedObject.kind={},involvedObject.name={},type=Warning", object.kind, object.name);
    let events = node.api.list_fields(&resource, namespace, &fields).await.unwrap_or_default();
    let mut lines: Vec<(String, String)> = events
        .iter()
        .map(|e| {
            (
                text(e, &["lastTimestamp"]).to_owned(),
                format!("{}: {}", text(e, &["reason"]), text(e, &["message"])),
            )
        })
        .collect();
    lines.sort();
    lines.dedup_by(|a, b| a.1 == b.1);
    lines.into_iter().rev().take(2).map(|(_, line)| line).collect()
}
