//! Watches.

use futures_util::{StreamExt as _, TryStreamExt as _};
use kube::api::{Api, DynamicObject, PostParams, WatchEvent, WatchParams};
use kube::core::{ApiResource, GroupVersionKind};

use super::*;

fn maps(client: &kube::Client) -> Api<DynamicObject> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "ConfigMap"));
    Api::namespaced_with(client.clone(), "default", &kind)
}

fn show(event: &WatchEvent<DynamicObject>) -> String {
    match event {
        WatchEvent::Added(o) => format!("added {}", o.metadata.name.as_deref().unwrap()),
        WatchEvent::Modified(o) => format!("modified {}", o.metadata.name.as_deref().unwrap()),
        WatchEvent::Deleted(o) => format!("deleted {}", o.metadata.name.as_deref().unwrap()),
        WatchEvent::Bookmark(_) => "bookmark".to_owned(),
        WatchEvent::Error(e) => format!("error {}", e.code),
    }
}

#[tokio::test]
async fn a_watch_tells_what_happens() {
    let cluster = Fresh::new();
    let api = maps(&cluster.client);
    let version = cluster.get(MAPS).await.1["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let stream = api.watch(&WatchParams::default().labels("g=x"), &version).await.unwrap().boxed();
    let writer = tokio::spawn(async move {
        let mut object = map("a", json!({}));
        object["metadata"]["labels"] = json!({"g": "x"});
        cluster.post(MAPS, map("unseen", json!({}))).await;
        cluster.post(MAPS, object).await;
        cluster.patch(&format!("{MAPS}/a"), MERGE, json!({"data": {"k": "v"}})).await;
        // Out of the selector is as good as deleted.
        cluster.patch(&format!("{MAPS}/a"), MERGE, json!({"metadata": {"labels": {"g": "y"}}})).await;
        cluster
    });
    let seen: Vec<String> = stream.take(3).map_ok(|e| show(&e)).try_collect().await.unwrap();
    assert_eq!(seen, ["added a", "modified a", "deleted a"]);
    writer.await.unwrap();
}

#[tokio::test]
async fn a_watch_from_the_beginning_starts_with_what_is_there() {
    let cluster = Fresh::new();
    let api = maps(&cluster.client);
    let object: DynamicObject = serde_json::from_value(map("a", json!({}))).unwrap();
    api.create(&PostParams::default(), &object).await.unwrap();
    let stream = api.watch(&WatchParams::default(), "0").await.unwrap().boxed();
    let seen: Vec<String> = stream.take(2).map_ok(|e| show(&e)).try_collect().await.unwrap();
    assert_eq!(seen, ["added a", "added kube-root-ca.crt"]);
}

#[tokio::test]
async fn a_watch_ends_when_its_time_is_over() {
    let cluster = Fresh::new();
    let api = maps(&cluster.client);
    let version = cluster.get(MAPS).await.1["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let stream = api.watch(&WatchParams::default().timeout(1), &version).await.unwrap();
    let seen: Vec<_> = stream.try_collect().await.unwrap();
    assert!(seen.is_empty());
}

#[tokio::test]
async fn a_version_from_before_is_gone() {
    let cluster = Fresh::new();
    let gone = cluster.get(&format!("{MAPS}?watch=true&resourceVersion=1&timeoutSeconds=1")).await;
    // The beginning of a fresh cluster is still known; before an earlier run's end it is not.
    assert_eq!(gone.0, 200);
    let dir = tempfile::tempdir().unwrap();
    drop(super::client(dir.path()));
    tokio::task::yield_now().await;
    let reopened = super::store::reopen(dir.path()).await;
    let gone =
        send(&reopened, "GET", &format!("{MAPS}?watch=true&resourceVersion=1&timeoutSeconds=1"), JSON, "")
            .await;
    assert_eq!((gone.0, gone.1["reason"].as_str()), (410, Some("Expired")));
}
