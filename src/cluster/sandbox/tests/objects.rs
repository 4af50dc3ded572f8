//! Creating, reading, replacing, patching, deleting.

use super::*;

#[tokio::test]
async fn a_created_object_carries_what_the_server_adds() {
    let cluster = Fresh::new();
    let (code, made) = cluster.post(MAPS, map("a", json!({"k": "v"}))).await;
    assert_eq!(code, 201);
    let metadata = &made["metadata"];
    assert!(!metadata["uid"].as_str().unwrap().is_empty());
    assert!(metadata["resourceVersion"].as_str().unwrap().parse::<u64>().is_ok());
    assert_eq!(metadata["namespace"], "default");
    assert_eq!(metadata["managedFields"][0]["manager"], "test");
    assert_eq!(metadata["managedFields"][0]["fieldsV1"], json!({"f:data": {".": {}, "f:k": {}}}));
    assert_eq!(cluster.get(&format!("{MAPS}/a")).await, (200, made));
}

#[tokio::test]
async fn refusals_are_worded_as_kubernetes_words_them() {
    let cluster = Fresh::new();
    cluster.post(MAPS, map("a", json!({}))).await;
    let twice = cluster.post(MAPS, map("a", json!({}))).await;
    assert_eq!((twice.0, message(&twice)), (409, "configmaps \"a\" already exists"));
    assert_eq!(twice.1["reason"], "AlreadyExists");
    let missing = cluster.get(&format!("{MAPS}/b")).await;
    assert_eq!((missing.0, message(&missing)), (404, "configmaps \"b\" not found"));
    let nowhere = cluster.post("/api/v1/namespaces/no/configmaps", map("a", json!({}))).await;
    assert_eq!((nowhere.0, message(&nowhere)), (404, "namespaces \"no\" not found"));
    let unknown = cluster.get("/api/v1/namespaces/default/foos").await;
    assert_eq!((unknown.0, message(&unknown)), (404, "the server could not find the requested resource"));
    assert_eq!(cluster.get("/apis/foo.dev/v1/foos").await, (404, json!("404 page not found\n")));
    let elsewhere = json!({"metadata": {"name": "x", "namespace": "other"}});
    let other = cluster.post(MAPS, elsewhere).await;
    assert_eq!(other.0, 400);
    assert_eq!(
        message(&other),
        "the namespace of the provided object does not match the namespace sent on the request"
    );
    let typed =
        cluster.post(DEPLOYMENTS, json!({"metadata": {"name": "x"}, "spec": {"replicas": "x"}})).await;
    assert_eq!(
        message(&typed),
        "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    );
    let strict = cluster
        .post(&format!("{MAPS}?fieldValidation=Strict"), json!({"metadata": {"name": "x"}, "dota": {}}))
        .await;
    assert_eq!(
        message(&strict),
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"dota\""
    );
}

#[tokio::test]
async fn a_put_needs_the_version_it_was_made_from() {
    let cluster = Fresh::new();
    let (_, made) = cluster.post(MAPS, map("a", json!({"k": "1"}))).await;
    let path = format!("{MAPS}/a");
    let mut next = made.clone();
    next["data"]["k"] = "2".into();
    assert_eq!(cluster.put(&path, next.clone()).await.0, 200);
    let stale = cluster.put(&path, next).await;
    assert_eq!(stale.0, 409);
    assert_eq!(
        message(&stale),
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
    // Without one it replaces whatever is there.
    assert_eq!(cluster.put(&path, map("a", json!({"k": "3"}))).await.1["data"]["k"], "3");
    assert_eq!(cluster.put(&format!("{MAPS}/b"), map("b", json!({}))).await.0, 404);
}

#[tokio::test]
async fn an_update_that_changes_nothing_keeps_the_version() {
    let cluster = Fresh::new();
    let (_, made) = cluster.post(DEPLOYMENTS, deployment("d", "x:1")).await;
    let (_, live) = cluster.get(&format!("{DEPLOYMENTS}/d")).await;
    assert_eq!(made["metadata"]["generation"], 1);
    let (_, same) = cluster.put(&format!("{DEPLOYMENTS}/d"), live.clone()).await;
    assert_eq!(same["metadata"]["resourceVersion"], live["metadata"]["resourceVersion"]);
    let change = json!({"spec": {"replicas": 3}});
    let (_, changed) = cluster.patch(&format!("{DEPLOYMENTS}/d"), MERGE, change).await;
    assert_eq!(changed["metadata"]["generation"], 2);
}

#[tokio::test]
async fn the_older_patches_work() {
    let cluster = Fresh::new();
    cluster.post(MAPS, map("a", json!({"k": "1", "l": "2"}))).await;
    let path = format!("{MAPS}/a");
    let (_, merged) = cluster.patch(&path, MERGE, json!({"data": {"k": null, "m": "3"}})).await;
    assert_eq!(merged["data"], json!({"l": "2", "m": "3"}));
    let (_, patched) =
        cluster.patch(&path, PATCH, json!([{"op": "replace", "path": "/data/l", "value": "9"}])).await;
    assert_eq!(patched["data"]["l"], "9");
    let failed = cluster.patch(&path, PATCH, json!([{"op": "test", "path": "/data/l", "value": "1"}])).await;
    assert_eq!((failed.0, failed.1["reason"].as_str()), (422, Some("Invalid")));
    assert_eq!(cluster.patch(&path, "application/foo", json!({})).await.0, 415);
}

#[tokio::test]
async fn a_strategic_patch_merges_lists_by_their_key() {
    let cluster = Fresh::new();
    cluster.post(DEPLOYMENTS, deployment("d", "x:1")).await;
    let containers = |c: Value| json!({"spec": {"template": {"spec": {"containers": c}}}});
    let path = format!("{DEPLOYMENTS}/d");
    let (_, two) = cluster.patch(&path, STRATEGIC, containers(json!([{"name": "side", "image": "y"}]))).await;
    let names: Vec<&Value> = two["spec"]["template"]["spec"]["containers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["name"])
        .collect();
    assert_eq!(names, ["side", "main"]);
    let gone = containers(json!([{"name": "side", "$patch": "delete"}]));
    let (_, one) = cluster.patch(&path, STRATEGIC, gone).await;
    assert_eq!(one["spec"]["template"]["spec"]["containers"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn dry_runs_leave_nothing_behind() {
    let cluster = Fresh::new();
    let before = cluster.get(MAPS).await.1["metadata"]["resourceVersion"].clone();
    assert_eq!(cluster.post(&format!("{MAPS}?dryRun=All"), map("a", json!({}))).await.0, 201);
    assert_eq!(cluster.apply(&format!("{MAPS}/b"), "x&dryRun=All", map("b", json!({}))).await.0, 201);
    let d = deployment("d", "x");
    assert_eq!(cluster.apply(&format!("{DEPLOYMENTS}/d"), "x&dryRun=All", d).await.0, 201);
    assert_eq!(cluster.delete(&format!("{MAPS}/kube-root-ca.crt?dryRun=All")).await.0, 200);
    assert_eq!(cluster.get(MAPS).await.1["metadata"]["resourceVersion"], before);
    let wrong = cluster.post(&format!("{MAPS}?dryRun=Some"), map("a", json!({}))).await;
    assert_eq!(wrong.0, 422);
}

#[tokio::test]
async fn lists_are_narrowed_and_cut_into_pages() {
    let cluster = Fresh::new();
    for i in 0..5 {
        let mut object = map(&format!("m{i}"), json!({}));
        object["metadata"]["labels"] = json!({"n": i.to_string(), "g": "x"});
        cluster.post(MAPS, object).await;
    }
    let names = |list: &Value| -> Vec<String> {
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, some) = cluster.get(&format!("{MAPS}?labelSelector=n+in+(1,3),g")).await;
    assert_eq!(names(&some), ["m1", "m3"]);
    let (_, others) = cluster.get(&format!("{MAPS}?labelSelector=g%3Dx,n+notin+(0,1,2)")).await;
    assert_eq!(names(&others), ["m3", "m4"]);
    let (_, one) = cluster.get(&format!("{MAPS}?fieldSelector=metadata.name%3Dm2")).await;
    assert_eq!(names(&one), ["m2"]);
    let (_, first) = cluster.get(&format!("{MAPS}?labelSelector=g&limit=2")).await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    let (_, second) = cluster.get(&format!("{MAPS}?labelSelector=g&limit=9&continue={token}")).await;
    assert_eq!(
        (names(&first), names(&second)),
        (vec!["m0".into(), "m1".into()], vec!["m2".into(), "m3".into(), "m4".into()])
    );
    assert_eq!(cluster.get(&format!("{MAPS}?labelSelector=%3D")).await.0, 400);
    assert_eq!(cluster.delete(&format!("{MAPS}?labelSelector=g")).await.0, 200);
    let (_, left) = cluster.get(MAPS).await;
    assert_eq!(names(&left), ["kube-root-ca.crt"]);
}

#[tokio::test]
async fn finalizers_hold_an_object_until_they_are_gone() {
    let cluster = Fresh::new();
    let mut object = map("a", json!({}));
    object["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.post(MAPS, object).await;
    let path = format!("{MAPS}/a");
    let (code, marked) = cluster.delete(&path).await;
    assert_eq!((code, marked["kind"].as_str()), (200, Some("ConfigMap")));
    assert!(marked["metadata"]["deletionTimestamp"].is_string());
    let again = cluster.post(MAPS, map("a", json!({}))).await;
    assert_eq!(message(&again), "object is being deleted: configmaps \"a\" already exists");
    cluster.patch(&path, MERGE, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(cluster.get(&path).await.0, 404);
}

#[tokio::test]
async fn deletion_checks_its_preconditions() {
    let cluster = Fresh::new();
    cluster.post(MAPS, map("a", json!({}))).await;
    let body = json!({"preconditions": {"uid": "other"}}).to_string();
    let refused = send(&cluster.client, "DELETE", &format!("{MAPS}/a"), JSON, &body).await;
    assert_eq!(refused.0, 409);
    assert!(message(&refused).contains("the UID in the precondition (other) does not match"));
}

#[tokio::test]
async fn a_namespace_takes_its_content_along() {
    let cluster = Fresh::new();
    let (_, made) = cluster.post("/api/v1/namespaces", json!({"metadata": {"name": "n"}})).await;
    assert_eq!(made["metadata"]["labels"]["kubernetes.io/metadata.name"], "n");
    assert_eq!(made["status"]["phase"], "Active");
    assert_eq!(cluster.get("/api/v1/namespaces/n/serviceaccounts/default").await.0, 200);
    assert_eq!(cluster.get("/api/v1/namespaces/n/configmaps/kube-root-ca.crt").await.0, 200);
    let mut held = map("held", json!({}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.post("/api/v1/namespaces/n/configmaps", held).await;
    let (_, going) = cluster.delete("/api/v1/namespaces/n").await;
    assert_eq!(going["status"]["phase"], "Terminating");
    let late = cluster.post("/api/v1/namespaces/n/configmaps", map("late", json!({}))).await;
    assert_eq!(late.0, 403);
    assert_eq!(
        message(&late),
        "configmaps \"late\" is forbidden: unable to create new content in namespace n because it is being terminated"
    );
    let release = json!({"metadata": {"finalizers": null}});
    cluster.patch("/api/v1/namespaces/n/configmaps/held", MERGE, release).await;
    assert_eq!(cluster.get("/api/v1/namespaces/n").await.0, 404);
    assert_eq!(cluster.delete("/api/v1/namespaces/kube-system").await.0, 403);
}

#[tokio::test]
async fn secrets_take_plain_text_and_return_base64() {
    let cluster = Fresh::new();
    let body = json!({"metadata": {"name": "s"}, "stringData": {"a": "1"}, "data": {"b": "Mg=="}});
    let (_, made) = cluster.post("/api/v1/namespaces/default/secrets", body).await;
    assert_eq!(made["data"], json!({"a": "MQ==", "b": "Mg=="}));
    assert_eq!((made["type"].as_str(), made.get("stringData")), (Some("Opaque"), None));
}

#[tokio::test]
async fn both_kinds_of_discovery_agree() {
    let cluster = Fresh::new();
    let discovery = kube::Discovery::new(cluster.client.clone()).run_aggregated().await.unwrap();
    let legacy = kube::Discovery::new(cluster.client.clone()).run().await.unwrap();
    let kinds = |d: &kube::Discovery| {
        let mut all: Vec<String> = d
            .groups()
            .flat_map(|g| g.recommended_resources())
            .map(|(r, c)| format!("{} {} {:?} {:?}", r.api_version, r.kind, c.scope, c.operations.len()))
            .collect();
        all.sort();
        all
    };
    assert_eq!(kinds(&discovery), kinds(&legacy));
    assert!(kinds(&discovery).iter().any(|k| k.starts_with("apps/v1 Deployment Namespaced")));
}
