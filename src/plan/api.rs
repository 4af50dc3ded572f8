//! Objects in and out of a cluster as JSON: the few calls planning and applying are made of.
//!
//! Every failure is worded by the cluster's own `explain`, so that it names the verb, the resource and the
//! namespace. "Not found" is an answer here, not a failure.

use std::sync::Arc;

use futures_util::StreamExt;
use http::Request;
use kube::api::{WatchEvent, WatchParams};
use serde_json::{Value, json};

use super::inventory::FIELD_MANAGER;
use super::object::ObjectRef;
use crate::cluster::{Call, Cluster, ClusterError, ErrorKind, Resource};

/// A page of a list; small enough for the API server to answer from one read.
const PAGE: u32 = 500;

/// How to send a server-side apply.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Apply {
    pub dry_run: bool,
    pub force: bool,
}

/// A cluster as seen by planning and applying.
#[derive(Clone, Copy)]
pub(crate) struct Api<'a> {
    pub cluster: &'a Cluster,
}

impl<'a> Api<'a> {
    pub fn new(cluster: &'a Cluster) -> Self {
        Api { cluster }
    }

    /// The resource of an object's kind.
    pub async fn resource(&self, object: &ObjectRef) -> Result<Arc<Resource>, ClusterError> {
        match self.find(object).await? {
            Some(found) => Ok(found),
            None => Err(ClusterError::new(
                ErrorKind::UnknownKind,
                &self.cluster.name,
                format!(
                    "cluster `{}` does not serve {} of `{}`",
                    self.cluster.name, object.kind, object.api_version
                ),
            )
            .help("install the CRD or the API service that serves it, or use an apiVersion this server has")),
        }
    }

    /// The same, `None` where the server does not serve the kind.
    pub async fn find(&self, object: &ObjectRef) -> Result<Option<Arc<Resource>>, ClusterError> {
        self.cluster.discovery().find_for(&object.api_version, &object.kind).await
    }

    pub async fn get(&self, resource: &Resource, object: &ObjectRef) -> Result<Option<Value>, ClusterError> {
        let path = path(resource, object, &[]);
        self.send("get", resource, object, Request::get(path), None).await.map(Some).or_else(absent)
    }

    /// All objects of a kind in a namespace (`None`: everywhere), page by page.
    pub async fn list(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<Value>, ClusterError> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let mut query = vec![("limit", PAGE.to_string())];
            if !selector.is_empty() {
                query.push(("labelSelector", selector.to_owned()));
            }
            if !after.is_empty() {
                query.push(("continue", after));
            }
            let uri = format!("{}?{}", resource.path(namespace), encode(&query));
            let place = ObjectRef {
                api_version: resource.api.api_version.clone(),
                kind: resource.api.kind.clone(),
                namespace: namespace.unwrap_or_default().to_owned(),
                name: String::new(),
            };
            let mut page = self.send("list", resource, &place, Request::get(uri), None).await?;
            after = super::object::text(&page, &["metadata", "continue"]).to_owned();
            if let Some(Value::Array(list)) = page.get_mut("items").map(Value::take) {
                // Items of a list do not repeat what the list says of them all.
                items.extend(list.into_iter().map(|mut item| {
                    if let Some(map) = item.as_object_mut() {
                        map.insert("apiVersion".into(), resource.api.api_version.clone().into());
                        map.insert("kind".into(), resource.api.kind.clone().into());
                    }
                    item
                }));
            }
            if after.is_empty() {
                return Ok(items);
            }
        }
    }

    /// Objects of a kind in a namespace chosen by a field selector, the first page.
    pub async fn list_fields(
        &self,
        resource: &Resource,
        namespace: &str,
        fields: &str,
    ) -> Result<Vec<Value>, ClusterError> {
        let query = encode(&[("fieldSelector", fields.to_owned()), ("limit", PAGE.to_string())]);
        let uri = format!("{}?{query}", resource.path(Some(namespace)));
        let place = ObjectRef {
            api_version: resource.api.api_version.clone(),
            kind: resource.api.kind.clone(),
            namespace: namespace.to_owned(),
            name: String::new(),
        };
        let mut page = self.send("list", resource, &place, Request::get(uri), None).await?;
        Ok(page.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default())
    }

    /// The last lines of a container's log; `previous` for the run before the present one.
    pub async fn log(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        previous: bool,
    ) -> Result<String, kube::Error> {
        let query = encode(&[
            ("container", container.to_owned()),
            ("tailLines", "10".to_owned()),
            ("previous", previous.to_string()),
        ]);
        let uri = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log?{query}");
        let request = Request::get(uri).body(Vec::new()).map_err(kube::Error::HttpError)?;
        self.cluster.client.request_text(request).await
    }

    /// Server-side apply as `relc`; gives the object as the server has (or would have) it.
    pub async fn apply(
        &self,
        resource: &Resource,
        object: &ObjectRef,
        body: &Value,
        how: Apply,
    ) -> Result<Value, ClusterError> {
        let mut query =
            vec![("fieldManager", FIELD_MANAGER.to_owned()), ("fieldValidation", "Strict".to_owned())];
        if how.force {
            query.push(("force", "true".to_owned()));
        }
        if how.dry_run {
            query.push(("dryRun", "All".to_owned()));
        }
        let request = Request::patch(path(resource, object, &query))
            .header(http::header::CONTENT_TYPE, "application/apply-patch+yaml");
        self.send("patch", resource, object, request, Some(body)).await
    }

    /// The last state of an object that is gone, from the server's history since `created`. `None` when it is
    /// still there, or when the server does not remember so far back.
    pub async fn last_seen(&self, resource: &Resource, object: &ObjectRef, created: &Value) -> Option<Value> {
        let version = created.pointer("/metadata/resourceVersion")?.as_str()?;
        let namespace = (!object.namespace.is_empty()).then_some(object.namespace.as_str());
        let api = resource.api(self.cluster.client.clone(), namespace);
        let named = WatchParams::default().fields(&format!("metadata.name={}", object.name)).timeout(1);
        let mut events = Box::pin(api.watch(&named, version).await.ok()?);
        while let Some(event) = events.next().await {
            if let Ok(WatchEvent::Deleted(last)) = event {
                return serde_json::to_value(last).ok();
            }
        }
        None
    }

    pub async fn create(
        &self,
        resource: &Resource,
        object: &ObjectRef,
        body: &Value,
    ) -> Result<Value, ClusterError> {
        let query = encode(&[("fieldManager", FIELD_MANAGER.to_owned())]);
        let uri = format!("{}?{query}", resource.path(some(&object.namespace)));
        self.send("create", resource, object, json_body(Request::post(uri)), Some(body)).await
    }

    /// Replaces the whole object; with `metadata.resourceVersion` in the body only that version of it.
    pub async fn update(
        &self,
        resource: &Resource,
        object: &ObjectRef,
        body: &Value,
    ) -> Result<Value, ClusterError> {
        let uri = path(resource, object, &[("fieldManager", FIELD_MANAGER.to_owned())]);
        self.send("update", resource, object, json_body(Request::put(uri)), Some(body)).await
    }

    pub async fn json_patch(
        &self,
        resource: &Resource,
        object: &ObjectRef,
        patch: &Value,
    ) -> Result<Value, ClusterError> {
        let uri = path(resource, object, &[("fieldManager", FIELD_MANAGER.to_owned())]);
        let request = Request::patch(uri).header(http::header::CONTENT_TYPE, "application/json-patch+json");
        self.send("patch", resource, object, request, Some(patch)).await
    }

    /// Deletes with background propagation, as Helm does; `false` if it was gone already. With a `uid` only
    /// that very object.
    pub async fn delete(
        &self,
        resource: &Resource,
        object: &ObjectRef,
        uid: Option<&str>,
    ) -> Result<bool, ClusterError> {
        let preconditions = uid.map(|uid| json!({ "uid": uid }));
        self.delete_if(resource, object, preconditions).await
    }

    /// The same, if the object is as it was in `seen`; otherwise a conflict.
    pub async fn delete_unchanged(
        &self,
        resource: &Resource,
        object: &ObjectRef,
        seen: &Value,
    ) -> Result<bool, ClusterError> {
        let of = |field: &str| super::object::text(seen, &["metadata", field]).to_owned();
        let preconditions = json!({ "uid": of("uid"), "resourceVersion": of("resourceVersion") });
        self.delete_if(resource, object, Some(preconditions)).await
    }

    async fn delete_if(
        &self,
        resource: &Resource,
        object: &ObjectRef,
        preconditions: Option<Value>,
    ) -> Result<bool, ClusterError> {
        let mut options =
            json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background" });
        if let (Some(preconditions), Some(map)) = (preconditions, options.as_object_mut()) {
            map.insert("preconditions".into(), preconditions);
        }
        let request = json_body(Request::delete(path(resource, object, &[])));
        match self.send("delete", resource, object, request, Some(&options)).await {
            Ok(_) => Ok(true),
            Err(e) if e.kind == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }

    async fn send(
        &self,
        verb: &str,
        resource: &Resource,
        object: &ObjectRef,
        request: http::request::Builder,
        body: Option<&Value>,
    ) -> Result<Value, ClusterError> {
        let bytes = body.map(|b| serde_json::to_vec(b).unwrap_or_default()).unwrap_or_default();
        let answer = match request.body(bytes) {
            Ok(request) => self.cluster.client.request::<Value>(request).await,
            Err(error) => Err(kube::Error::HttpError(error)),
        };
        answer.map_err(|error| {
            let qualified = resource.qualified();
            let call = Call {
                verb,
                resource: &qualified,
                namespace: some(&object.namespace),
                name: some(&object.name),
            };
            self.cluster.explain(&call, &error)
        })
    }
}

fn absent(error: ClusterError) -> Result<Option<Value>, ClusterError> {
    // A kind that vanished meanwhile (its CRD was deleted) has no objects either.
    if matches!(error.kind, ErrorKind::NotFound | ErrorKind::UnknownKind) { Ok(None) } else { Err(error) }
}

fn json_body(builder: http::request::Builder) -> http::request::Builder {
    builder.header(http::header::CONTENT_TYPE, "application/json")
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|t| !t.is_empty())
}

fn path(resource: &Resource, object: &ObjectRef, query: &[(&str, String)]) -> String {
    let name: String = url::form_urlencoded::byte_serialize(object.name.as_bytes()).collect();
    // RBAC names may hold `:`, which the serializer escapes; `+` for a blank cannot occur in a path.
    let collection = resource.path(some(&object.namespace));
    if query.is_empty() {
        format!("{collection}/{name}")
    } else {
        format!("{collection}/{name}?{}", encode(query))
    }
}

fn encode(query: &[(&str, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish()
}
