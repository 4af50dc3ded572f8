//! One open sandbox: its store, what it serves, and the way a request takes through it.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::registry::{Registry, Served};
use super::request::{Call, Reply};
use super::routes::{ObjectPath, Route};
use super::status::{Answer, Refusal};
use super::store::{Key, Store};
use super::write::{self, Place};
use super::{controllers, delete, discovery, meta, openapi, read, special};

#[derive(Debug)]
pub struct State {
    pub store: Store,
    pub registry: Registry,
}

impl State {
    pub fn new(store: Store) -> State {
        let registry = Registry::new(&store);
        State { store, registry }
    }

    /// Makes what every cluster starts with, once.
    pub fn bootstrap(&mut self, now: &str) -> std::io::Result<()> {
        if self.store.is_empty() {
            controllers::bootstrap(self, now);
            self.store.commit()?;
        }
        Ok(())
    }

    /// One request, one transaction: its own writes and what the controllers make of them.
    pub fn handle(&mut self, route: &Route, call: &Call) -> Answer<Reply> {
        let answer = self.dispatch(route, call);
        if answer.is_err() {
            self.store.roll_back();
            return answer;
        }
        controllers::run(self, &call.now);
        self.store
            .commit()
            .map_err(|e| Refusal::internal(format!("the sandbox cannot write its store: {e}")))?;
        answer
    }

    fn dispatch(&mut self, route: &Route, call: &Call) -> Answer<Reply> {
        if let Route::Objects(path) = route {
            return self.objects(path, call);
        }
        if call.method != Method::GET && call.method != Method::HEAD {
            return Err(Refusal::method_not_allowed());
        }
        let aggregated = discovery::wants_aggregated(&call.accept);
        match route {
            Route::Version => Ok(Reply::ok(super::version())),
            Route::Health => Ok(Reply::Text("ok".to_owned())),
            Route::Core if aggregated => Ok(Reply::ok(discovery::aggregated(&self.registry, true))),
            Route::Core => Ok(Reply::ok(discovery::core_versions())),
            Route::Groups if aggregated => Ok(Reply::ok(discovery::aggregated(&self.registry, false))),
            Route::Groups => Ok(Reply::ok(discovery::group_list(&self.registry))),
            Route::Group(name) => {
                discovery::group(&self.registry, name).map(Reply::ok).ok_or_else(Refusal::no_page)
            }
            Route::Resources { group, version } => discovery::resource_list(&self.registry, group, version)
                .map(Reply::ok)
                .ok_or_else(Refusal::no_page),
            Route::OpenApi => Ok(Reply::ok(openapi::index(&self.registry))),
            Route::OpenApiOf { group, version } => {
                openapi::document(&self.registry, group, version).map(Reply::ok).ok_or_else(Refusal::no_page)
            }
            Route::Objects(_) | Route::Unknown => Err(Refusal::no_page()),
        }
    }

    fn objects(&mut self, path: &ObjectPath, call: &Call) -> Answer<Reply> {
        if !self.registry.iter().any(|s| s.group == path.group && s.version == path.version) {
            return Err(Refusal::no_page());
        }
        let served = self
            .registry
            .get(&path.group, &path.version, &path.plural)
            .filter(|s| s.namespaced || path.namespace.is_empty())
            .ok_or_else(Refusal::not_served)?;
        let place = Place { served: &served, namespace: &path.namespace, name: &path.name, sub: &path.sub };
        if !path.sub.is_empty() && served.sub(&path.sub).is_none() {
            return Err(Refusal::not_served());
        }
        // An object of a namespaced kind is reached through its namespace only.
        if served.namespaced
            && path.namespace.is_empty()
            && (!path.name.is_empty() || call.method == Method::POST)
        {
            if call.method == Method::POST && special::is_review(&served) {
                return special::review(self, &served, call);
            }
            return Err(if path.name.is_empty() {
                Refusal::method_not_allowed()
            } else {
                Refusal::not_served()
            });
        }
        let verb = verb(call, path)?;
        if path.sub.is_empty() && !served.can(verb) {
            return Err(Refusal::method_not_allowed());
        }
        if path.sub.is_empty() {
            match verb {
                "get" => read::get(self, place),
                "list" => read::list(self, place, call),
                "watch" => read::watch(self, place, call),
                "create" if special::is_review(&served) => special::review(self, &served, call),
                "create" => write::create(self, place, call),
                "update" => write::update(self, place, call),
                "patch" => write::patch(self, place, call),
                "delete" => delete::one(self, place, call),
                _ => delete::collection(self, place, call),
            }
        } else {
            special::subresource(self, place, verb, call)
        }
    }

    /// A namespaced object needs its namespace, and one that is not going away.
    pub fn check_namespace_exists(&self, served: &Served, namespace: &str, name: &str) -> Answer<()> {
        if !served.namespaced {
            return Ok(());
        }
        let Some(found) = self.store.get(&Key::new("namespaces", "", namespace)) else {
            return Err(Refusal::not_found("namespaces", namespace));
        };
        if meta::is_deleting(found) {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            );
            let mut refusal = Refusal::forbidden(&served.resource, name, &why);
            if let Some(details) = refusal.details.as_object_mut() {
                let cause = json!([{"reason": "NamespaceTerminating", "message": format!("namespace {namespace} is being terminated"), "field": "metadata.namespace"}]);
                details.insert("causes".to_owned(), cause);
            }
            return Err(refusal);
        }
        Ok(())
    }

    pub fn object(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.store.get(&Key::new(resource, namespace, name)).cloned()
    }
}

/// Kubernetes' verb of a request.
fn verb(call: &Call, path: &ObjectPath) -> Answer<&'static str> {
    let named = !path.name.is_empty();
    let watching = call.flag("watch");
    Ok(match (call.method.as_str(), named) {
        ("GET" | "HEAD", true) => "get",
        ("GET" | "HEAD", false) if watching => "watch",
        ("GET" | "HEAD", false) => "list",
        ("POST", false) => "create",
        ("POST", true) if !path.sub.is_empty() => "create",
        ("PUT", true) => "update",
        ("PATCH", true) => "patch",
        ("DELETE", true) => "delete",
        ("DELETE", false) => "deletecollection",
        _ => return Err(Refusal::method_not_allowed()),
    })
}

/// `Status` of a deletion that was carried out.
pub fn deleted(served: &Served, name: &str, uid: &str) -> Reply {
    let mut details = json!({"name": name, "kind": served.plural, "uid": uid});
    if !served.group.is_empty()
        && let Some(map) = details.as_object_mut()
    {
        map.insert("group".to_owned(), served.group.clone().into());
    }
    Reply::Json {
        code: StatusCode::OK,
        body: json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}),
        warnings: Vec::new(),
    }
}
