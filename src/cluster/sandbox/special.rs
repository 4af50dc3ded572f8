//! Subresources, and kinds that are questions rather than objects.

use http::StatusCode;
use serde_json::{Value, json};

use super::registry::Served;
use super::request::{Call, Reply};
use super::state::State;
use super::status::{Answer, Refusal};
use super::store::Key;
use super::write::{self, Place};
use super::{delete, meta, read, scale};

/// Access and token reviews: created, answered, never stored.
pub fn is_review(served: &Served) -> bool {
    matches!(served.group.as_str(), "authorization.k8s.io" | "authentication.k8s.io")
}

/// Whoever opened the sandbox may do everything.
pub fn review(_state: &State, served: &Served, call: &Call) -> Answer<Reply> {
    let mut object = call.object()?;
    let map = meta::as_map(&mut object);
    map.insert("apiVersion".to_owned(), served.api_version().into());
    map.insert("kind".to_owned(), served.kind.clone().into());
    let user = json!({"username": "sandbox", "groups": ["system:masters", "system:authenticated"]});
    let status = match served.kind.as_str() {
        "SelfSubjectRulesReview" => json!({
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}], "incomplete": false,
        }),
        "SelfSubjectReview" => json!({"userInfo": user}),
        "TokenReview" => json!({"authenticated": true, "user": user}),
        _ => json!({"allowed": true, "reason": "a sandbox allows everything"}),
    };
    map.insert("status".to_owned(), status);
    Ok(Reply::Json { code: StatusCode::CREATED, body: object, warnings: Vec::new() })
}

pub fn subresource(state: &mut State, place: Place<'_>, verb: &str, call: &Call) -> Answer<Reply> {
    let allowed = place.served.sub(place.sub).is_some_and(|s| s.verbs.iter().any(|v| v == verb));
    if !allowed {
        return Err(Refusal::method_not_allowed());
    }
    match (place.sub, verb) {
        ("scale", "get") => scale::get(state, place),
        ("log", "get") => log(state, place, call),
        ("eviction", "create") => evict(state, place, call),
        ("binding", "create") => Err(Refusal::bad_request("pods of a sandbox are bound by the sandbox")),
        ("token", "create") => token(state, place, call),
        ("exec" | "attach" | "portforward" | "proxy", _) => Err(Refusal::bad_request(format!(
            "a sandbox runs no containers: `{}` is not available",
            place.sub
        ))),
        (_, "get") => read::get(state, place),
        (_, "update") => write::update(state, place, call),
        (_, "patch") => write::patch(state, place, call),
        _ => Err(Refusal::method_not_allowed()),
    }
}

fn find(state: &State, place: Place<'_>) -> Answer<std::sync::Arc<Value>> {
    let key = Key::new(&place.served.resource, place.namespace, place.name);
    state.store.get(&key).cloned().ok_or_else(|| Refusal::not_found(&place.served.resource, place.name))
}

/// No container runs, so there is nothing but a line that says so; failing ones leave their reason.
fn log(state: &State, place: Place<'_>, call: &Call) -> Answer<Reply> {
    let pod = find(state, place)?;
    let names: Vec<&str> = ["/spec/containers", "/spec/initContainers"]
        .iter()
        .flat_map(|p| meta::list(&pod, p))
        .map(|c| meta::text(c, "/name"))
        .collect();
    let asked = call.param("container");
    if !asked.is_empty() && !names.contains(&asked) {
        return Err(Refusal::bad_request(format!("container {asked} is not valid for pod {}", place.name)));
    }
    if asked.is_empty() && meta::list(&pod, "/spec/containers").len() > 1 {
        return Err(Refusal::bad_request(format!(
            "a container name must be specified for pod {}, choose one of: [{}]",
            place.name,
            names.join(" ")
        )));
    }
    let container = if asked.is_empty() { names.first().copied().unwrap_or_default() } else { asked };
    let statuses = meta::list(&pod, "/status/containerStatuses");
    let own = statuses.iter().find(|s| meta::text(s, "/name") == container);
    let waiting = own.map_or("", |s| meta::text(s, "/state/waiting/reason"));
    Ok(match waiting {
        "ImagePullBackOff" => {
            let message = format!(
                "container {container:?} in pod {:?} is waiting to start: trying and failing to pull image",
                place.name
            );
            return Err(Refusal::bad_request(message));
        }
        "CrashLoopBackOff" => Reply::Text(super::controllers::pods::CRASH_LOG.to_owned()),
        _ => Reply::Text("sandbox: this container is simulated and writes no log\n".to_owned()),
    })
}

fn evict(state: &mut State, place: Place<'_>, call: &Call) -> Answer<Reply> {
    let pod = find(state, place)?;
    if !call.dry_run("CreateOptions")? {
        let key = Key::new(&place.served.resource, place.namespace, place.name);
        delete::start(state, &key, &pod, delete::Propagation::Background, &call.now);
    }
    let body =
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(Reply::Json { code: StatusCode::CREATED, body, warnings: Vec::new() })
}

fn token(state: &State, place: Place<'_>, call: &Call) -> Answer<Reply> {
    let account = find(state, place)?;
    let mut object = call.object().unwrap_or_else(|_| json!({}));
    let map = meta::as_map(&mut object);
    map.insert("kind".to_owned(), "TokenRequest".into());
    map.insert("apiVersion".to_owned(), "authentication.k8s.io/v1".into());
    let token = format!("sandbox-{}", meta::uid(&account));
    map.insert("status".to_owned(), json!({"token": token, "expirationTimestamp": call.now}));
    Ok(Reply::Json { code: StatusCode::CREATED, body: object, warnings: Vec::new() })
}
