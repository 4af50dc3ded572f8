//! Pods: scheduled, started and ready at once, or failing as their annotation says.

use serde_json::{Value, json};

use super::{FAIL, NODE, condition, create, live, put, put_status};
use crate::cluster::sandbox::meta;
use crate::cluster::sandbox::state::State;
use crate::cluster::sandbox::store::Key;

/// What a crashing container is said to have written.
pub const CRASH_LOG: &str = "sandbox: simulated crash: exiting with code 1\n";

pub fn is_ready(pod: &Value) -> bool {
    meta::list(pod, "/status/conditions")
        .iter()
        .any(|c| meta::text(c, "/type") == "Ready" && meta::text(c, "/status") == "True")
}

/// How a pod ends up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Running,
    /// Runs, but its probe never succeeds.
    NeverReady,
    /// The image cannot be pulled.
    NoImage,
    Crashing,
    /// Ran to its end.
    Succeeded,
    Failed,
}

fn fate(pod: &Value) -> Fate {
    let once = matches!(meta::text(pod, "/spec/restartPolicy"), "Never" | "OnFailure");
    match meta::annotation(pod, FAIL) {
        Some("ImagePullBackOff") => Fate::NoImage,
        Some("CrashLoopBackOff") if once => Fate::Failed,
        Some("CrashLoopBackOff") => Fate::Crashing,
        Some("never-ready") => Fate::NeverReady,
        _ if once => Fate::Succeeded,
        _ => Fate::Running,
    }
}

pub fn pod(state: &mut State, key: &Key, now: &str) {
    let Some(pod) = live(state, key) else { return };
    if meta::text(&pod, "/spec/nodeName").is_empty() {
        let mut object = (*pod).clone();
        meta::child(&mut object, "spec").insert("nodeName".to_owned(), NODE.into());
        put(state, key, &pod, object, "", now);
    }
    let Some(pod) = live(state, key) else { return };
    if meta::text(&pod, "/status/startTime").is_empty() {
        let fate = fate(&pod);
        put_status(state, key, status(&pod, fate, now), now);
        tell(state, key, &pod, fate, now);
    }
}

fn status(pod: &Value, fate: Fate, now: &str) -> Value {
    let ready = fate == Fate::Running;
    let ended = matches!(fate, Fate::Succeeded | Fate::Failed);
    let yes = |b: bool| if b { "True" } else { "False" };
    let (reason, message) = match fate {
        Fate::Running => ("", String::new()),
        Fate::Succeeded => ("PodCompleted", String::new()),
        Fate::Failed => ("PodFailed", String::new()),
        _ => {
            let names: Vec<&str> =
                meta::list(pod, "/spec/containers").iter().map(|c| meta::text(c, "/name")).collect();
            ("ContainersNotReady", format!("containers with unready status: [{}]", names.join(" ")))
        }
    };
    let conditions: Vec<Value> = [
        ("PodReadyToStartContainers", yes(!ended), "", ""),
        ("Initialized", "True", if fate == Fate::Succeeded { "PodCompleted" } else { "" }, ""),
        ("Ready", yes(ready), reason, message.as_str()),
        ("ContainersReady", yes(ready), reason, message.as_str()),
        ("PodScheduled", "True", "", ""),
    ]
    .into_iter()
    .map(|(kind, status, reason, message)| {
        let mut made = condition(pod, kind, status, reason, message, now);
        if let Some(map) = made.as_object_mut() {
            map.retain(|_, v| v.as_str() != Some(""));
            map.insert("lastProbeTime".to_owned(), Value::Null);
            map.insert(
                "observedGeneration".to_owned(),
                pod.pointer("/metadata/generation").cloned().unwrap_or_default(),
            );
        }
        made
    })
    .collect();
    let phase = match fate {
        Fate::Running | Fate::NeverReady | Fate::Crashing => "Running",
        Fate::NoImage => "Pending",
        Fate::Succeeded => "Succeeded",
        Fate::Failed => "Failed",
    };
    let ip = address(meta::uid(pod));
    let containers: Vec<Value> =
        meta::list(pod, "/spec/containers").iter().map(|c| container_status(c, fate, now)).collect();
    let mut out = json!({
        "phase": phase, "conditions": conditions, "hostIP": "192.0.2.1", "hostIPs": [{"ip": "192.0.2.1"}],
        "podIP": ip, "podIPs": [{"ip": ip}], "startTime": now, "containerStatuses": containers,
        "qosClass": pod.pointer("/status/qosClass"), "observedGeneration": pod.pointer("/metadata/generation"),
    });
    let inits: Vec<Value> = meta::list(pod, "/spec/initContainers")
        .iter()
        .map(|c| {
            let sidecar = meta::text(c, "/restartPolicy") == "Always";
            container_status(c, if sidecar { Fate::Running } else { Fate::Succeeded }, now)
        })
        .collect();
    if let (false, Some(map)) = (inits.is_empty(), out.as_object_mut()) {
        map.insert("initContainerStatuses".to_owned(), Value::Array(inits));
    }
    out
}

fn container_status(container: &Value, fate: Fate, now: &str) -> Value {
    let image = meta::text(container, "/image");
    let ended = |code: i64, reason: &str| json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": now, "finishedAt": now}});
    let running = json!({"running": {"startedAt": now}});
    let (ready, started, restarts, state, last) = match fate {
        Fate::Running => (true, true, 0, running, json!({})),
        Fate::NeverReady => (false, true, 0, running, json!({})),
        Fate::NoImage => {
            let message = format!(
                "Back-off pulling image \"{image}\": ErrImagePull: failed to pull and unpack image \"{image}\": not found"
            );
            (
                false,
                false,
                0,
                json!({"waiting": {"reason": "ImagePullBackOff", "message": message}}),
                json!({}),
            )
        }
        Fate::Crashing => {
            let name = meta::text(container, "/name");
            let message = format!("back-off 5m0s restarting failed container={name}");
            (
                false,
                false,
                5,
                json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}),
                ended(1, "Error"),
            )
        }
        Fate::Succeeded => (false, false, 0, ended(0, "Completed"), json!({})),
        Fate::Failed => (false, false, 0, ended(1, "Error"), json!({})),
    };
    json!({
        "name": container.get("name"), "image": image, "imageID": "", "ready": ready, "started": started,
        "restartCount": restarts, "state": state, "lastState": last,
    })
}

/// Somewhere in 10.244.0.0/16.
fn address(uid: &str) -> String {
    let host = meta::digest(uid) % 65_000 + 10;
    format!("10.244.{}.{}", host / 256, host % 256)
}

/// The event a person would find.
fn tell(state: &mut State, key: &Key, pod: &Value, fate: Fate, now: &str) {
    let container = meta::list(pod, "/spec/containers").first().cloned().unwrap_or_default();
    let (name, image) = (meta::text(&container, "/name"), meta::text(&container, "/image"));
    let (reason, message) = match fate {
        Fate::NoImage => (
            "Failed",
            format!(
                "Failed to pull image \"{image}\": failed to pull and unpack image \"{image}\": not found"
            ),
        ),
        Fate::Crashing | Fate::Failed => (
            "BackOff",
            format!(
                "Back-off restarting failed container {name} in pod {}_{}({})",
                key.name,
                key.namespace,
                meta::uid(pod)
            ),
        ),
        Fate::NeverReady => {
            ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503".to_owned())
        }
        Fate::Running | Fate::Succeeded => return,
    };
    let event = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": format!("{}.{}", key.name, meta::suffix(meta::uid(pod), 10)), "namespace": key.namespace},
        "involvedObject": {
            "apiVersion": "v1", "kind": "Pod", "name": key.name, "namespace": key.namespace, "uid": meta::uid(pod),
            "resourceVersion": pod.pointer("/metadata/resourceVersion"), "fieldPath": format!("spec.containers{{{name}}}"),
        },
        "reason": reason, "message": message, "type": "Warning", "count": 5, "firstTimestamp": now,
        "lastTimestamp": now, "source": {"component": "kubelet", "host": NODE},
        "reportingComponent": "kubelet", "reportingInstance": NODE,
    });
    create(state, event, now);
}
