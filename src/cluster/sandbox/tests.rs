//! Wire tests: the sandbox through `kube::Client`.

mod compare;

use std::path::Path;

use http::Request;
use kube::client::Body;
use serde_json::Value;

use super::Sandbox;

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
