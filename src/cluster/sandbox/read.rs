//! Getting, listing and watching.

use base64::Engine as _;
use http::StatusCode;
use serde_json::{Value, json};

use super::convert;
use super::request::{Call, Reply};
use super::select::Selector;
use super::state::State;
use super::status::{Answer, Refusal};
use super::store::Key;
use super::watch::{Filter, Watch};
use super::write::Place;

pub fn get(state: &State, place: Place<'_>) -> Answer<Reply> {
    let served = place.served;
    let key = Key::new(&served.resource, place.namespace, place.name);
    let found = state.store.get(&key).ok_or_else(|| Refusal::not_found(&served.resource, place.name))?;
    Ok(Reply::ok(convert::to_version(served, found)))
}

pub fn selector(place: Place<'_>, call: &Call) -> Answer<Selector> {
    let selector = Selector::parse(call.param("labelSelector"), call.param("fieldSelector"))?;
    selector.check_fields(&place.served.plural)?;
    Ok(selector)
}

pub fn list(state: &State, place: Place<'_>, call: &Call) -> Answer<Reply> {
    let served = place.served;
    let selector = selector(place, call)?;
    let limit: usize = call.param("limit").parse().unwrap_or(0);
    let from = match call.param("continue") {
        "" => None,
        token => Some(decode_token(token).ok_or_else(|| {
            Refusal::bad_request("continue key is not valid: encoded continue token is malformed")
        })?),
    };
    let mut items = Vec::new();
    let mut next = None;
    let mut remaining = 0usize;
    for (key, object) in state.store.list(&served.resource, place.namespace) {
        let position = (key.namespace.clone(), key.name.clone());
        if from.as_ref().is_some_and(|f| position < *f) || !selector.matches(object) {
            continue;
        }
        if limit > 0 && items.len() >= limit {
            next.get_or_insert(position);
            remaining += 1;
            continue;
        }
        items.push(convert::to_version(served, object));
    }
    let mut metadata = json!({"resourceVersion": state.store.version().to_string()});
    if let (Some((namespace, name)), Some(map)) = (next, metadata.as_object_mut()) {
        map.insert("continue".to_owned(), encode_token(&namespace, &name).into());
        if call.param("labelSelector").is_empty() && call.param("fieldSelector").is_empty() {
            map.insert("remainingItemCount".to_owned(), remaining.into());
        }
    }
    if let (Some(_), Some(map)) = (&served.custom, metadata.as_object_mut()) {
        map.entry("continue").or_insert_with(|| "".into());
    }
    if served.custom.is_none() {
        // Items of built-in lists do not repeat what the list says.
        for item in items.iter_mut().filter_map(Value::as_object_mut) {
            item.remove("kind");
            item.remove("apiVersion");
        }
    }
    let body = json!({
        "kind": served.list_kind, "apiVersion": served.api_version(), "metadata": metadata, "items": items,
    });
    Ok(Reply::Json { code: StatusCode::OK, body, warnings: Vec::new() })
}

fn encode_token(namespace: &str, name: &str) -> String {
    let text = json!({"v": "relc", "namespace": namespace, "name": name}).to_string();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

fn decode_token(token: &str) -> Option<(String, String)> {
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Some((text("namespace")?, text("name")?))
}

pub fn watch(state: &State, place: Place<'_>, call: &Call) -> Answer<Reply> {
    let filter = Filter {
        served: state
            .registry
            .get(&place.served.group, &place.served.version, &place.served.plural)
            .ok_or_else(Refusal::not_served)?,
        namespace: place.namespace.to_owned(),
        selector: selector(place, call)?,
    };
    let version = call.param("resourceVersion");
    let wants_initial = match call.param("sendInitialEvents") {
        "" => matches!(version, "" | "0"),
        _ => call.flag("sendInitialEvents"),
    };
    let from = match version {
        "" | "0" => state.store.version(),
        text => text.parse().map_err(|_| {
            Refusal::bad_request(format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"))
        })?,
    };
    let mut first = Vec::new();
    if wants_initial {
        let version = state.store.version();
        for (_, object) in state.store.list(&place.served.resource, place.namespace) {
            first.extend(filter.initial(object));
        }
        if call.flag("sendInitialEvents") && call.flag("allowWatchBookmarks") {
            first.push(filter.bookmark(version, true));
        }
    }
    let from = if wants_initial { state.store.version() } else { from };
    if let Err(oldest) = state.store.since(from.min(state.store.version())) {
        return Err(Refusal::expired(format!("too old resource version: {from} ({oldest})")));
    }
    let timeout = call.param("timeoutSeconds").parse::<u64>().ok().filter(|t| *t > 0);
    Ok(Reply::Watch(Watch {
        filter,
        from,
        first,
        bookmarks: call.flag("allowWatchBookmarks"),
        timeout: std::time::Duration::from_secs(timeout.unwrap_or(1800)),
        changed: state.store.subscribe(),
    }))
}
