//! The `scale` subresource of workloads and of custom resources that have one.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::registry::Served;
use super::request::{Call, Reply};
use super::state::State;
use super::status::{Answer, Refusal};
use super::store::Key;
use super::write::{self, Fields, Place};
use super::{convert, merge, meta};

fn pointers(served: &Served) -> (String, String, String) {
    let scale = served.custom.as_ref().and_then(|c| c.scale.as_ref());
    let path = |key: &str, default: &str| {
        let dotted = scale.map_or("", |s| meta::text(s, &format!("/{key}")));
        if dotted.is_empty() { default.to_owned() } else { dotted.replace('.', "/") }
    };
    (
        path("specReplicasPath", "/spec/replicas"),
        path("statusReplicasPath", "/status/replicas"),
        path("labelSelectorPath", "/status/selector"),
    )
}

fn view(served: &Served, object: &Value) -> Value {
    let (spec, status, selector) = pointers(served);
    let replicas = |pointer: &str| meta::int(object, pointer).unwrap_or(0);
    let labels = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let selector = match labels {
        Some(labels) => {
            let parts: Vec<String> =
                labels.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
            parts.join(",")
        }
        None => meta::text(object, &selector).to_owned(),
    };
    let metadata = object.get("metadata").cloned().unwrap_or_default();
    let mut kept = serde_json::Map::new();
    for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        meta::set(&mut kept, key, metadata.get(key).cloned());
    }
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": kept,
        "spec": {"replicas": replicas(&spec)},
        "status": {"replicas": replicas(&status), "selector": selector},
    })
}

pub fn get(state: &State, place: Place<'_>) -> Answer<Reply> {
    let live = find(state, place)?;
    Ok(Reply::ok(view(place.served, &live)))
}

fn find(state: &State, place: Place<'_>) -> Answer<Arc<Value>> {
    let key = Key::new(&place.served.resource, place.namespace, place.name);
    state.store.get(&key).cloned().ok_or_else(|| Refusal::not_found(&place.served.resource, place.name))
}

pub fn update(
    state: &mut State,
    place: Place<'_>,
    scale: &Value,
    call: &Call,
    manager: &str,
    dry: bool,
) -> Answer<Reply> {
    let live = find(state, place)?;
    write_scale(state, place, &live, scale, call, manager, dry)
}

pub fn patch(
    state: &mut State,
    place: Place<'_>,
    live: &Arc<Value>,
    call: &Call,
    manager: &str,
    dry: bool,
) -> Answer<Reply> {
    let current = view(place.served, live);
    let patch = call.object()?;
    let scale = match call.content_type.as_str() {
        "application/json-patch+json" => merge::json_patch(&current, &patch)
            .map_err(|_| Refusal::bad_request("the patch of the scale does not apply"))?,
        _ => {
            let mut out = current.clone();
            merge::merge_patch(&mut out, &patch);
            out
        }
    };
    write_scale(state, place, live, &scale, call, manager, dry)
}

fn write_scale(
    state: &mut State,
    place: Place<'_>,
    live: &Arc<Value>,
    scale: &Value,
    call: &Call,
    manager: &str,
    dry: bool,
) -> Answer<Reply> {
    let served = place.served;
    let wanted = meta::int(scale, "/spec/replicas").unwrap_or(0);
    if wanted < 0 {
        let error = super::status::FieldError::invalid(
            "spec.replicas",
            &Value::from(wanted),
            "must be greater than or equal to 0",
        );
        return Err(Refusal::invalid("Scale", "autoscaling", place.name, &[error]));
    }
    let mut object = convert::to_version(served, live);
    let (pointer, _, _) = pointers(served);
    match object.pointer_mut(&pointer) {
        Some(slot) => *slot = wanted.into(),
        None => {
            meta::child(&mut object, "spec").insert("replicas".to_owned(), wanted.into());
        }
    }
    let done = write::replace(state, place, live, object, call, Fields::Update(manager), dry)?;
    Ok(Reply::Json {
        code: StatusCode::OK,
        body: view(served, &convert::to_version(served, &done)),
        warnings: Vec::new(),
    })
}
