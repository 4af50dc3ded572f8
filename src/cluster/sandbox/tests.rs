//! Wire tests: the sandbox through `kube::Client`.
//!
//! What is asserted about codes, reasons, messages and managed fields was seen on a real kube-apiserver
//! v1.34.4.

mod apply;
mod custom;
mod objects;
mod store;
mod validation;
mod watch;
mod workloads;

use std::path::Path;

use http::Request;
use kube::client::Body;
use serde_json::{Value, json};

use super::Sandbox;

const JSON: &str = "application/json";
const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const PATCH: &str = "application/json-patch+json";

/// A client of the sandbox in a directory.
fn client(dir: &Path) -> kube::Client {
    kube::client::ClientBuilder::new(Sandbox::open(dir).unwrap(), "default").build()
}

/// One request, its code and body whatever it is.
async fn send(
    client: &kube::Client,
    method: &str,
    path: &str,
    content_type: &str,
    body: &str,
) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", content_type)
        .header("accept", "application/json")
        .header("user-agent", "test/1")
        .body(Body::from(body.as_bytes().to_vec()))
        .unwrap();
    let response = client.send(request).await.unwrap();
    let code = response.status().as_u16();
    let bytes = response.into_body().collect_bytes().await.unwrap();
    (
        code,
        serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into()),
    )
}

/// A fresh cluster.
struct Fresh {
    client: kube::Client,
    _dir: tempfile::TempDir,
}

impl Fresh {
    fn new() -> Fresh {
        let dir = tempfile::tempdir().unwrap();
        Fresh { client: client(dir.path()), _dir: dir }
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        send(&self.client, "GET", path, JSON, "").await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        send(&self.client, "POST", path, JSON, &body.to_string()).await
    }

    async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        send(&self.client, "PUT", path, JSON, &body.to_string()).await
    }

    async fn patch(&self, path: &str, kind: &str, body: Value) -> (u16, Value) {
        send(&self.client, "PATCH", path, kind, &body.to_string()).await
    }

    async fn apply(&self, path: &str, manager: &str, body: Value) -> (u16, Value) {
        self.patch(&format!("{path}?fieldManager={manager}"), APPLY, body).await
    }

    async fn delete(&self, path: &str) -> (u16, Value) {
        send(&self.client, "DELETE", path, JSON, "").await
    }
}

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

fn deployment(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    })
}

fn message(answer: &(u16, Value)) -> &str {
    answer.1["message"].as_str().unwrap_or_default()
}
