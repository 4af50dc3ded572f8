//! Reaching clusters: kubeconfigs, messages, retries, discovery.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use kube::client::{Body, ClientBuilder};
use kube::core::GroupVersionKind;

use super::error::{Call, ErrorKind};
use super::*;
use crate::source::MemoryWorld;

const KUBECONFIG: &str = r#"
apiVersion: v1
kind: Config
clusters:
  - {name: here, cluster: {server: "http://127.0.0.1:1"}}
  - {name: open, cluster: {server: "https://127.0.0.1:1", insecure-skip-tls-verify: true}}
users:
  - {name: me, user: {}}
contexts:
  - {name: prod-eks, context: {cluster: here, user: me}}
  - {name: open, context: {cluster: open, user: me}}
  - {name: broken, context: {cluster: gone, user: me}}
"#;

async fn refused(context: Option<&str>) -> ClusterError {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), KUBECONFIG.as_bytes()).unwrap();
    let target = Target::Kubeconfig { path: Some(path.clone()), context: context.map(str::to_owned) };
    let mut error = connect("prod", &target, &MemoryWorld::default()).await.unwrap_err();
    error.message = error.message.replace(&path.display().to_string(), "FILE");
    error
}

#[tokio::test]
async fn a_kubeconfig_that_does_not_fit_is_explained() {
    let typo = refused(Some("prod-esk")).await;
    assert_eq!(typo.kind, ErrorKind::UnknownContext);
    assert_eq!(
        typo.message,
        "context `prod-esk` of cluster `prod` is not in FILE; it has `prod-eks`, `open`, `broken`"
    );
    assert_eq!(typo.help.as_deref(), Some("did you mean `prod-eks`?"));
    let none = refused(None).await;
    assert_eq!(
        none.message,
        "cluster `prod` names no context, and FILE has no current one; it has `prod-eks`, `open`, `broken`"
    );
    let broken = refused(Some("broken")).await;
    assert_eq!(broken.kind, ErrorKind::Kubeconfig);
    assert_eq!(broken.message, "context `broken` of FILE cannot be used: its cluster `gone` is not defined");
    let insecure = refused(Some("open")).await;
    assert_eq!(insecure.kind, ErrorKind::Insecure);
    assert!(insecure.message.contains("insecure-skip-tls-verify"));
}

#[tokio::test]
async fn a_missing_kubeconfig_is_named() {
    let world = MemoryWorld::default().with_env("HOME", "/no/such/home");
    let target = Target::Kubeconfig { path: None, context: None };
    let error = connect("prod", &target, &world).await.unwrap_err();
    assert_eq!(error.message, "no kubeconfig for cluster `prod`: /no/such/home/.kube/config does not exist");
    let target = Target::Kubeconfig { path: None, context: None };
    let error = connect("prod", &target, &MemoryWorld::default()).await.unwrap_err();
    assert!(error.message.contains("neither KUBECONFIG nor HOME is set"));
}

#[tokio::test]
async fn an_unreachable_cluster_is_told_at_once() {
    let began = tokio::time::Instant::now();
    let error = refused(Some("prod-eks")).await;
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert!(
        error.message.starts_with("cannot reach cluster `prod` at http://127.0.0.1:1: "),
        "{}",
        error.message
    );
    assert!(error.message.contains("refused"), "{}", error.message);
    assert!(began.elapsed().as_secs() < 5);
    let diag = crate::diag::Diag::from(error);
    assert_eq!(diag.code, crate::diag::codes::UNREACHABLE);
}

#[tokio::test]
async fn outside_a_pod_there_is_no_cluster_to_be_in() {
    let error = connect("prod", &Target::InCluster, &MemoryWorld::default()).await.unwrap_err();
    assert!(error.message.starts_with("cluster `prod` is `in_cluster`, but this is no pod of a cluster"));
}

/// A server that gives the answers of a list, one a request; the last one again and again.
struct Scripted {
    client: kube::Client,
    asked: Arc<AtomicUsize>,
}

fn scripted(answers: &[(u16, &str)]) -> Scripted {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let answers: Vec<(u16, String)> = answers.iter().map(|(c, b)| (*c, (*b).to_owned())).collect();
    let answers = Arc::new(Mutex::new(answers));
    let service = tower::service_fn(move |_: Request<Body>| {
        count.fetch_add(1, Ordering::SeqCst);
        let mut list = answers.lock().unwrap();
        let (code, body) = if list.len() > 1 { list.remove(0) } else { list[0].clone() };
        async move {
            let response = Response::builder().status(code).body(Full::<Bytes>::from(body)).unwrap();
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let inner = ClientBuilder::new(service, "default").build();
    Scripted { client: ClientBuilder::new(Retry::new(inner), "default").build(), asked }
}

async fn ask(server: &Scripted, method: &str, kind: &str, body: &str) -> u16 {
    let request = Request::builder().method(method).uri("/api/v1/x").header("content-type", kind);
    let request = request.body(Body::from(body.as_bytes().to_vec())).unwrap();
    server.client.send(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn what_cannot_happen_twice_is_tried_again() {
    let json = "application/json";
    for (method, code, tries) in [
        ("GET", 500, 2),
        ("GET", 504, 2),
        ("PATCH", 503, 2),
        ("DELETE", 502, 2),
        ("POST", 429, 2),
        // It may have been created.
        ("POST", 500, 1),
        ("PUT", 504, 1),
        ("GET", 404, 1),
        ("PATCH", 422, 1),
    ] {
        let server = scripted(&[(code, "{}"), (200, "{}")]);
        ask(&server, method, json, "{}").await;
        assert_eq!(server.asked.load(Ordering::SeqCst), tries, "{method} {code}");
    }
    // The server's own trouble passes; an object that does not fit its schema stays as it is.
    for (answer, tries) in [
        (r#"{"kind": "Status", "reason": "InternalError", "message": "etcdserver: leader changed"}"#, 2),
        (r#"{"kind": "Status", "message": "failed to create typed patch object"}"#, 1),
    ] {
        let server = scripted(&[(500, answer), (200, "{}")]);
        ask(&server, "PATCH", "application/apply-patch+yaml", "{}").await;
        assert_eq!(server.asked.load(Ordering::SeqCst), tries, "{answer}");
    }
    // An eviction refused for a disruption budget is an answer.
    let server = scripted(&[(429, "{}")]);
    let request = Request::post("/api/v1/namespaces/n/pods/p/eviction").body(Body::empty()).unwrap();
    assert_eq!(server.client.send(request).await.unwrap().status(), 429);
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_lost_race_is_run_again_but_not_a_conflict() {
    let raced =
        r#"{"message": "Operation cannot be fulfilled on x: the object has been modified; please apply"}"#;
    let owned = r#"{"message": "Apply failed with 1 conflict: conflict with \"helm\": .spec.replicas"}"#;
    let kind = "application/apply-patch+yaml";
    for (answer, body, tries) in
        [(raced, "{}", 2), (owned, "{}", 1), (raced, r#"{"metadata": {"resourceVersion": "3"}}"#, 1)]
    {
        let server = scripted(&[(409, answer), (200, "{}")]);
        let code = ask(&server, "PATCH", kind, body).await;
        assert_eq!(server.asked.load(Ordering::SeqCst), tries, "{answer} {body}");
        assert_eq!(code == 200, tries == 2);
    }
}

#[tokio::test]
async fn forbidden_names_verb_resource_and_namespace() {
    let said = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, "reason": "Forbidden",
        "message": "deployments.apps is forbidden: User \"me\" cannot list resource"}"#;
    let server = scripted(&[(403, said)]);
    let error = server
        .client
        .request::<serde_json::Value>(Request::get("/x").body(Vec::new()).unwrap())
        .await
        .unwrap_err();
    let call = Call { verb: "list", resource: "deployments.apps", namespace: Some("shop"), name: None };
    let told = ClusterError::from_kube("prod", "https://api", &call, &error);
    assert_eq!(
        told.message,
        "not allowed to list deployments.apps in namespace `shop` on cluster `prod` (403)"
    );
    assert!(told.help.unwrap().contains("kubectl auth can-i list deployments.apps -n shop"));
    assert_eq!(
        told.notes,
        ["the server says: deployments.apps is forbidden: User \"me\" cannot list resource"]
    );
    assert_eq!(told.kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_namespace_on_its_way_out_is_no_matter_of_rights() {
    let said = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"secrets \"x\" is forbidden: unable to create new content in namespace shop because it is being terminated","reason":"Forbidden","details":{"name":"x","kind":"secrets","causes":[{"reason":"NamespaceTerminating","message":"namespace shop is being terminated","field":"metadata.namespace"}]},"code":403}"#;
    let server = scripted(&[(403, said)]);
    let request = Request::get("/x").body(Vec::new()).unwrap();
    let error = server.client.request::<serde_json::Value>(request).await.unwrap_err();
    let call = Call { verb: "create", resource: "secrets", namespace: Some("shop"), name: Some("x") };
    let told = ClusterError::from_kube("prod", "https://api", &call, &error);
    assert_eq!(told.kind, ErrorKind::Terminating);
    assert!(told.message.contains("because it is being terminated"), "{}", told.message);
    assert!(told.help.unwrap().contains("kubectl get namespace shop -o yaml"));
}

#[tokio::test]
async fn a_sandbox_is_a_cluster_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let target = Target::Sandbox { dir: dir.path().join("prod") };
    let cluster = connect("prod", &target, &MemoryWorld::default()).await.unwrap();
    assert_eq!((cluster.version.major, cluster.version.minor), (1, 34));
    let deployments = cluster.discovery().find_for("apps/v1", "Deployment").await.unwrap().unwrap();
    assert_eq!((deployments.qualified().as_str(), deployments.namespaced), ("deployments.apps", true));
    assert_eq!(deployments.path(Some("x")), "/apis/apps/v1/namespaces/x/deployments");
    assert!(deployments.can("patch") && deployments.subresources.contains(&"scale".to_owned()));
    let nothing = GroupVersionKind::gvk("example.com", "v1", "Widget");
    assert_eq!(cluster.discovery().find(&nothing).await.unwrap(), None);
    let versions = cluster.discovery().api_versions().await.unwrap();
    assert!(versions.contains(&"apps/v1".to_owned()) && versions.contains(&"v1/Pod".to_owned()));
}
