//! What is refused, in Kubernetes' words.

use super::*;

async fn refused(path: &str, body: Value) -> String {
    let answer = Fresh::new().post(path, body).await;
    assert_eq!((answer.0, answer.1["reason"].as_str()), (422, Some("Invalid")), "{}", answer.1);
    message(&answer).to_owned()
}

#[tokio::test]
async fn deployments() {
    assert_eq!(
        refused(DEPLOYMENTS, json!({"metadata": {"name": "d"}, "spec": {}})).await,
        "Deployment.apps \"d\" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`, spec.template.spec.containers: Required value]"
    );
    let mut body = deployment("d", "x");
    body["spec"]["selector"]["matchLabels"]["app"] = "e".into();
    assert_eq!(
        refused(DEPLOYMENTS, body).await,
        "Deployment.apps \"d\" is invalid: spec.template.metadata.labels: Invalid value: {\"app\":\"d\"}: `selector` does not match template `labels`"
    );
    let mut body = deployment("d", "");
    body["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] =
        json!([{"name": "no", "mountPath": "/x"}]);
    assert_eq!(
        refused(DEPLOYMENTS, body).await,
        "Deployment.apps \"d\" is invalid: [spec.template.spec.containers[0].image: Required value, spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"no\"]"
    );
    let cluster = Fresh::new();
    cluster.post(DEPLOYMENTS, deployment("d", "x")).await;
    let mut moved = deployment("d", "x");
    moved["spec"]["selector"]["matchLabels"]["app"] = "e".into();
    moved["spec"]["template"]["metadata"]["labels"]["app"] = "e".into();
    let fixed = cluster.put(&format!("{DEPLOYMENTS}/d"), moved).await;
    assert_eq!(
        message(&fixed),
        "Deployment.apps \"d\" is invalid: spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"e\"}}: field is immutable"
    );
}

#[tokio::test]
async fn services() {
    let services = "/api/v1/namespaces/default/services";
    assert_eq!(
        refused(
            services,
            json!({"metadata": {"name": "s"}, "spec": {"type": "Foo", "ports": [{"port": 80}]}})
        )
        .await,
        "Service \"s\" is invalid: spec.type: Unsupported value: \"Foo\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\""
    );
    let cluster = Fresh::new();
    cluster.post(services, json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})).await;
    let moved =
        cluster.patch(&format!("{services}/s"), MERGE, json!({"spec": {"clusterIP": "10.96.9.9"}})).await;
    assert!(message(&moved).contains("may not change once set"), "{}", message(&moved));
}

#[tokio::test]
async fn names_labels_and_keys() {
    let name = refused(MAPS, map("Bad_Name", json!({}))).await;
    assert!(name.starts_with("ConfigMap \"Bad_Name\" is invalid: metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of"), "{name}");
    let key = refused(MAPS, map("a", json!({"a b": "1"}))).await;
    assert!(key.contains("data[a b]: Invalid value: \"a b\": a valid config key must consist of"), "{key}");
    let mut object = map("a", json!({}));
    object["metadata"]["labels"] = json!({"x": "-"});
    assert!(
        refused(MAPS, object).await.contains("metadata.labels: Invalid value: \"-\": a valid label must be")
    );
    let nameless = refused(MAPS, json!({"metadata": {}})).await;
    assert_eq!(
        nameless,
        "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required"
    );
}

#[tokio::test]
async fn immutable_data_and_sizes() {
    let cluster = Fresh::new();
    let mut fixed = map("a", json!({"k": "1"}));
    fixed["immutable"] = true.into();
    cluster.post(MAPS, fixed).await;
    let changed = cluster.patch(&format!("{MAPS}/a"), MERGE, json!({"data": {"k": "2"}})).await;
    assert_eq!(
        message(&changed),
        "ConfigMap \"a\" is invalid: data: Forbidden: field is immutable when `immutable` is set"
    );
    let big = "x".repeat(1_100_000);
    let too_big = json!({"metadata": {"name": "s"}, "stringData": {"k": big}});
    assert_eq!(
        refused("/api/v1/namespaces/default/secrets", too_big).await,
        "Secret \"s\" is invalid: data: Too long: may not be more than 1048576 bytes"
    );
}
