//! Two stacks at work at the same time: what one does between two steps of the other, made to happen there.
//!
//! On the sandbox only: each test has one of its own, while all share a real cluster and its `relc-system`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Method, Request};
use kube::client::Body;
use relc::cluster::Cluster;
use serde_json::json;

use super::fixture::{Fixture, Stack};

type Deed = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Fixture {
    /// The same cluster; before the first request of this method whose path ends so is sent on, `deed` is done.
    async fn before(
        &self,
        method: Method,
        path: &'static str,
        deed: impl Fn() -> Deed + Send + Sync + 'static,
    ) -> Fixture {
        let (inner, deed) = (self.cluster.client.clone(), Arc::new(deed));
        let done = Arc::new(AtomicBool::new(false));
        let service = tower::service_fn(move |request: Request<Body>| {
            let (inner, deed, done) = (inner.clone(), deed.clone(), done.clone());
            let meant = request.method() == method && request.uri().path().ends_with(path);
            async move {
                if meant && !done.swap(true, Ordering::Relaxed) {
                    deed().await;
                }
                inner.send(request).await
            }
        });
        let client = kube::Client::new(service, "default");
        let cluster = Cluster::new("test", "sandbox", client).await.unwrap();
        self.on(cluster)
    }

    /// Deletes `relc-system`, which is held by a finalizer for some time.
    fn removal(&self) -> impl Fn() -> Deed + Send + Sync + 'static {
        let cluster = self.cluster.clone();
        move || {
            let on = Fixture::of(cluster.clone());
            Box::pin(async move {
                let held = json!({ "metadata": { "finalizers": ["example.com/slow"] } });
                on.patch("v1", "Namespace", "", "relc-system", "test", held).await;
                on.delete("v1", "Namespace", "", "relc-system").await;
                tokio::spawn(async move {
                    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
                    let free = json!({ "metadata": { "finalizers": null } });
                    on.patch("v1", "Namespace", "", "relc-system", "test", free).await;
                });
            })
        }
    }
}

fn other(on: &Fixture) -> Stack {
    Stack { id: format!("{}-other", on.id), ..on.stack() }.namespace()
}

/// Applies and destroys a stack while `relc-system` is deleted before the first such request.
async fn survives(method: Method, path: &'static str) {
    let on = Fixture::sandbox("survives").await;
    on.apply(&other(&on)).await;
    let stack = on.stack().namespace();
    let disturbed = on.before(method, path, on.removal()).await;
    disturbed.apply(&stack).await;
    let told = disturbed.take_events();
    assert!(told.iter().any(|e| e == "cluster.test waiting"), "nobody was told: {told:?}");
    on.settled(&stack).await;
    assert!(on.destroy(&stack).await.is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_namespace_is_removed_before_the_lock() {
    survives(Method::POST, "/leases").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_namespace_is_removed_before_the_inventory() {
    survives(Method::POST, "/namespaces/relc-system/secrets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_namespace_is_removed_after_the_inventory() {
    survives(Method::PUT, "/namespaces/relc-system").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_leaves_a_namespace_that_came_into_use() {
    let on = Fixture::sandbox("a_destroy_leaves").await;
    let stack = on.stack().namespace();
    on.apply(&stack).await;
    let (cluster, second) = (on.cluster.clone(), other(&on));
    let deed = {
        let second = second.clone();
        move || -> Deed {
            let (on, second) = (Fixture::of(cluster.clone()), second.clone());
            // An apply stays on its thread.
            let apply = move || drop(tokio::runtime::Handle::current().block_on(on.apply(&second)));
            Box::pin(async move { tokio::task::spawn_blocking(apply).await.unwrap() })
        }
    };
    let disturbed = on.before(Method::DELETE, "/namespaces/relc-system", deed).await;
    let report = disturbed.destroy(&stack).await;
    assert!(report.is_success(), "{report:#?}");
    on.settled(&second).await;
    assert!(on.destroy(&second).await.is_success());
    assert!(on.get("v1", "Namespace", "", "relc-system").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_leaves_what_a_person_put_there() {
    let on = Fixture::sandbox("a_destroy_keeps").await;
    let stack = on.stack().namespace();
    on.apply(&stack).await;
    let body = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "ci", "namespace": "relc-system" } });
    on.create("v1", "ServiceAccount", "relc-system", "kubectl-create", body).await;
    assert!(on.destroy(&stack).await.is_success());
    assert!(on.get("v1", "ServiceAccount", "relc-system", "ci").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_waits_can_be_stopped() {
    let on = Fixture::sandbox("an_apply_that_waits").await;
    let stack = on.stack().namespace();
    let plan = on.plan(&stack).await;
    let body = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "relc-system", "finalizers": ["example.com/never"] } });
    on.create("v1", "Namespace", "", "test", body).await;
    on.delete("v1", "Namespace", "", "relc-system").await;
    let options = relc::apply::Options::new("a test");
    let stop = |_| options.stop.store(true, Ordering::Relaxed);
    let report = relc::apply::apply(&plan, &on.clusters(), &options, &stop).await;
    let told: Vec<&str> = report.problems.iter().map(|d| d.message.as_str()).collect();
    let wanted = "`cluster.test` was stopped while it waited for Namespace relc-system to be gone";
    assert_eq!(told, [wanted]);
    assert!(report.interrupted && on.get("v1", "Namespace", "", &on.id).await.is_none());
}
