//! Deleting: preconditions, finalizers, propagation.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::request::{Call, Reply};
use super::state::{State, deleted};
use super::status::{Answer, Refusal};
use super::store::Key;
use super::write::Place;
use super::{convert, kinds, meta, read};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    Background,
    Foreground,
    Orphan,
}

#[derive(Clone, Debug, Default)]
struct Options {
    uid: Option<String>,
    version: Option<String>,
    propagation: Option<Propagation>,
    dry: bool,
}

fn options(call: &Call) -> Answer<Options> {
    let body: Value = if call.body.is_empty() { json!({}) } else { call.object()? };
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let named = text("/propagationPolicy").or_else(|| call.query.get("propagationPolicy").cloned());
    let propagation = match named.as_deref() {
        None | Some("") => None,
        Some("Background") => Some(Propagation::Background),
        Some("Foreground") => Some(Propagation::Foreground),
        Some("Orphan") => Some(Propagation::Orphan),
        Some(other) => {
            let error = super::status::FieldError::unsupported(
                "propagationPolicy",
                &Value::from(other),
                &["Foreground", "Background", "Orphan", "nil"],
            );
            return Err(Refusal::invalid("DeleteOptions", "meta.k8s.io", "", &[error]));
        }
    };
    let dry = call.dry_run("DeleteOptions")? || meta::strings(&body, "/dryRun").contains(&"All");
    Ok(Options {
        uid: text("/preconditions/uid"),
        version: text("/preconditions/resourceVersion"),
        propagation,
        dry,
    })
}

pub fn one(state: &mut State, place: Place<'_>, call: &Call) -> Answer<Reply> {
    let served = place.served;
    let options = options(call)?;
    let key = Key::new(&served.resource, place.namespace, place.name);
    let live =
        state.store.get(&key).cloned().ok_or_else(|| Refusal::not_found(&served.resource, place.name))?;
    let conflict = |what: &str, wanted: &str, found: &str| {
        let why = format!(
            "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). The object might have been deleted and then recreated"
        );
        // Here, and only here, the server calls it by its kind.
        Refusal::conflict(&meta::qualified(&served.kind, &served.group), place.name, &why)
    };
    if let Some(uid) = options.uid.as_deref().filter(|u| *u != meta::uid(&live)) {
        return Err(conflict("UID", uid, meta::uid(&live)));
    }
    let version = meta::text(&live, "/metadata/resourceVersion");
    if let Some(wanted) = options.version.as_deref().filter(|v| *v != version) {
        return Err(conflict("ResourceVersion", wanted, version));
    }
    kinds::check_delete(served, place.name)?;
    let propagation = options.propagation.unwrap_or_else(|| kinds::default_propagation(served));
    if options.dry {
        return Ok(deleted(served, place.name, meta::uid(&live)));
    }
    match start(state, &key, &live, propagation, &call.now) {
        None if kinds::answers_with_deleted(served) => Ok(Reply::ok(convert::to_version(served, &live))),
        None => Ok(deleted(served, place.name, meta::uid(&live))),
        Some(waiting) => Ok(Reply::Json {
            code: StatusCode::OK,
            body: convert::to_version(served, &waiting),
            warnings: Vec::new(),
        }),
    }
}

/// Removes an object, or marks it and leaves the rest to its finalizers; then the marked object comes back.
pub fn start(
    state: &mut State,
    key: &Key,
    live: &Arc<Value>,
    propagation: Propagation,
    now: &str,
) -> Option<Arc<Value>> {
    let mut object = (**live).clone();
    let metadata = meta::metadata(&mut object);
    let mut finalizers: Vec<Value> =
        metadata.get("finalizers").and_then(Value::as_array).cloned().unwrap_or_default();
    match propagation {
        Propagation::Foreground => push(&mut finalizers, "foregroundDeletion"),
        Propagation::Orphan => orphan(state, meta::uid(live)),
        Propagation::Background => {}
    }
    let definition = key.resource == "customresourcedefinitions.apiextensions.k8s.io";
    if definition {
        push(&mut finalizers, super::controllers::crd::CLEANUP);
    }
    if finalizers.is_empty() && key.resource != "namespaces" {
        state.store.remove(key);
        return None;
    }
    let metadata = meta::metadata(&mut object);
    if !finalizers.is_empty() {
        metadata.insert("finalizers".to_owned(), Value::Array(finalizers));
    }
    let marked = metadata.contains_key("deletionTimestamp");
    if marked && **live == object {
        return Some(live.clone());
    }
    let metadata = meta::metadata(&mut object);
    if !marked {
        metadata.insert("deletionTimestamp".to_owned(), now.into());
        if key.resource != "namespaces" && !definition {
            metadata.insert("deletionGracePeriodSeconds".to_owned(), 0.into());
            let generation = metadata.get("generation").and_then(Value::as_i64);
            if let Some(generation) = generation {
                metadata.insert("generation".to_owned(), (generation + 1).into());
            }
        }
    }
    if key.resource == "namespaces" {
        meta::child(&mut object, "status").insert("phase".to_owned(), "Terminating".into());
    }
    Some(state.store.put(key.clone(), object))
}

fn push(finalizers: &mut Vec<Value>, name: &str) {
    if !finalizers.iter().any(|f| f.as_str() == Some(name)) {
        finalizers.push(name.into());
    }
}

/// Lets the dependents live without this owner.
fn orphan(state: &mut State, uid: &str) {
    for key in state.store.dependents(uid) {
        disown(state, &key, uid);
    }
}

/// Takes an owner off an object.
pub fn disown(state: &mut State, key: &Key, uid: &str) {
    let Some(live) = state.store.get(key).cloned() else { return };
    let mut object = (*live).clone();
    let metadata = meta::metadata(&mut object);
    if let Some(Value::Array(owners)) = metadata.get_mut("ownerReferences") {
        owners.retain(|o| meta::text(o, "/uid") != uid);
        if owners.is_empty() {
            metadata.remove("ownerReferences");
        }
        state.store.put(key.clone(), object);
    }
}

pub fn collection(state: &mut State, place: Place<'_>, call: &Call) -> Answer<Reply> {
    let served = place.served;
    let options = options(call)?;
    let selector = read::selector(place, call)?;
    let Reply::Json { body, .. } = read::list(state, place, call)? else { return Err(Refusal::not_served()) };
    let found: Vec<(Key, Arc<Value>)> = state
        .store
        .list(&served.resource, place.namespace)
        .filter(|(_, o)| selector.matches(o))
        .map(|(k, o)| (k.clone(), o.clone()))
        .collect();
    if !options.dry {
        let propagation = options.propagation.unwrap_or_else(|| kinds::default_propagation(served));
        for (key, live) in found {
            if kinds::check_delete(served, &key.name).is_ok() {
                start(state, &key, &live, propagation, &call.now);
            }
        }
    }
    Ok(Reply::ok(body))
}
