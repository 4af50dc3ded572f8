//! Server-side apply.

use super::*;

fn entry<'a>(object: &'a Value, manager: &str) -> &'a Value {
    let list = object["metadata"]["managedFields"].as_array().unwrap();
    &list.iter().find(|e| e["manager"] == manager).unwrap()["fieldsV1"]
}

#[tokio::test]
async fn the_same_apply_twice_changes_nothing() {
    let cluster = Fresh::new();
    let path = format!("{DEPLOYMENTS}/d");
    let mut body = deployment("d", "nginx:1.27");
    body["spec"]["template"]["spec"]["containers"][0]["resources"] =
        json!({"requests": {"cpu": 0.5, "memory": "1024Mi"}});
    body["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([{"containerPort": 80}]);
    body["spec"]["template"]["spec"]["hostNetwork"] = false.into();
    assert_eq!(cluster.apply(&path, "relc", body.clone()).await.0, 201);
    let (_, first) = cluster.get(&path).await;
    let requests = &first["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"];
    assert_eq!(*requests, json!({"cpu": "500m", "memory": "1Gi"}));
    let (code, second) = cluster.apply(&path, "relc", body).await;
    assert_eq!((code, &second), (200, &first));
}

#[tokio::test]
async fn managers_own_what_they_apply() {
    let cluster = Fresh::new();
    let path = format!("{DEPLOYMENTS}/d");
    let (_, made) = cluster.apply(&path, "relc", deployment("d", "x:1")).await;
    assert_eq!(
        *entry(&made, "relc"),
        json!({"f:spec": {
            "f:selector": {},
            "f:template": {
                "f:metadata": {"f:labels": {"f:app": {}}},
                "f:spec": {"f:containers": {"k:{\"name\":\"main\"}": {".": {}, "f:image": {}, "f:name": {}}}},
            },
        }})
    );
    assert_eq!(made["metadata"]["managedFields"][0]["operation"], "Apply");
    assert_eq!(made["metadata"]["managedFields"][0].get("subresource"), None);
}

#[tokio::test]
async fn a_field_of_another_manager_is_a_conflict() {
    let cluster = Fresh::new();
    let path = format!("{DEPLOYMENTS}/d");
    cluster.apply(&path, "relc", deployment("d", "x:1")).await;
    let mut other = deployment("d", "x:2");
    let one = cluster.apply(&path, "other", other.clone()).await;
    assert_eq!((one.0, one.1["reason"].as_str()), (409, Some("Conflict")));
    assert_eq!(
        message(&one),
        "Apply failed with 1 conflict: conflict with \"relc\": .spec.template.spec.containers[name=\"main\"].image"
    );
    assert_eq!(one.1["details"]["causes"][0]["reason"], "FieldManagerConflict");
    other["spec"]["template"]["metadata"]["labels"]["app"] = "e".into();
    let two = cluster.apply(&path, "other", other).await;
    assert_eq!(
        message(&two),
        "Apply failed with 2 conflicts: conflicts with \"relc\":\n- .spec.template.metadata.labels.app\n- .spec.template.spec.containers[name=\"main\"].image"
    );
    // An update by a client is a manager too, and says with what.
    cluster
        .patch(&format!("{path}?fieldManager=kubectl-edit"), MERGE, json!({"spec": {"replicas": 3}}))
        .await;
    let mut replicas = deployment("d", "x:1");
    replicas["spec"]["replicas"] = 1.into();
    let third = cluster.apply(&path, "relc", replicas.clone()).await;
    assert_eq!(
        message(&third),
        "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using apps/v1: .spec.replicas"
    );
    let (code, forced) = cluster.apply(&path, "relc&force=true", replicas).await;
    assert_eq!((code, forced["spec"]["replicas"].as_i64()), (200, Some(1)));
    let managers = forced["metadata"]["managedFields"].as_array().unwrap();
    assert!(!managers.iter().any(|m| m["manager"] == "kubectl-edit"));
}

#[tokio::test]
async fn equal_values_are_shared_and_stay_with_the_last_owner() {
    let cluster = Fresh::new();
    let path = format!("{MAPS}/a");
    cluster.apply(&path, "one", map("a", json!({"x": "1", "y": "1"}))).await;
    let (code, shared) = cluster.apply(&path, "two", map("a", json!({"x": "1"}))).await;
    assert_eq!(code, 200);
    assert_eq!(*entry(&shared, "two"), json!({"f:data": {"f:x": {}}}));
    // `one` gives both up: `y` goes, `x` is still owned by `two`.
    let (_, left) = cluster.apply(&path, "one", map("a", json!({}))).await;
    assert_eq!(left["data"], json!({"x": "1"}));
    assert_eq!(cluster.apply(&path, "two", map("a", json!({}))).await.1.get("data"), None);
}

#[tokio::test]
async fn list_items_no_longer_applied_are_removed_with_their_defaults() {
    let cluster = Fresh::new();
    let path = "/api/v1/namespaces/default/services/s";
    let service = |ports: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": {"a": "b"}, "ports": ports}});
    let both = json!([{"name": "http", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]);
    let (_, made) = cluster.apply(path, "relc", service(both)).await;
    assert_eq!(
        made["spec"]["ports"][0],
        json!({"name": "http", "port": 80, "protocol": "TCP", "targetPort": 80})
    );
    assert!(made["spec"]["clusterIP"].as_str().unwrap().starts_with("10.96."));
    let (_, one) = cluster.apply(path, "relc", service(json!([{"name": "http", "port": 80}]))).await;
    assert_eq!(one["spec"]["ports"].as_array().unwrap().len(), 1);
    assert_eq!(one["spec"]["clusterIP"], made["spec"]["clusterIP"]);
}

#[tokio::test]
async fn what_others_added_stays() {
    let cluster = Fresh::new();
    let path = format!("{DEPLOYMENTS}/d");
    cluster.apply(&path, "relc", deployment("d", "x:1")).await;
    let sidecar = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"template":
        {"spec": {"containers": [{"name": "side", "image": "s"}]}}}});
    cluster.apply(&path, "mesh", sidecar).await;
    let (_, after) = cluster.apply(&path, "relc", deployment("d", "x:2")).await;
    let containers = after["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    assert_eq!(containers.iter().map(|c| c["image"].as_str().unwrap()).collect::<Vec<_>>(), ["x:2", "s"]);
}

#[tokio::test]
async fn an_applied_object_has_to_fit_the_schema() {
    let cluster = Fresh::new();
    let mut body = map("a", json!({}));
    body["dota"] = json!({});
    let typo = cluster.apply(&format!("{MAPS}/a"), "relc", body).await;
    assert_eq!(typo.0, 500);
    assert_eq!(
        message(&typo),
        "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .dota: field not declared in schema"
    );
    let unnamed = cluster.patch(&format!("{MAPS}/a"), APPLY, map("a", json!({}))).await;
    assert_eq!((unnamed.0, unnamed.1["reason"].as_str()), (422, Some("Invalid")));
    assert_eq!(
        message(&unnamed),
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
    );
}

#[tokio::test]
async fn yaml_is_taken_too() {
    let cluster = Fresh::new();
    let body = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\ndata:\n  a: \"1\"\n";
    let (code, made) = send(&cluster.client, "PATCH", &format!("{MAPS}/y?fieldManager=k"), APPLY, body).await;
    assert_eq!((code, made["data"]["a"].as_str()), (201, Some("1")));
}

#[tokio::test]
async fn a_scale_is_owned_where_replicas_are() {
    let cluster = Fresh::new();
    let path = format!("{DEPLOYMENTS}/d");
    cluster.apply(&path, "relc", deployment("d", "x")).await;
    let (_, scale) = cluster.get(&format!("{path}/scale")).await;
    assert_eq!((scale["kind"].as_str(), scale["spec"]["replicas"].as_i64()), (Some("Scale"), Some(1)));
    cluster.patch(&format!("{path}/scale?fieldManager=hpa"), MERGE, json!({"spec": {"replicas": 3}})).await;
    let (_, live) = cluster.get(&path).await;
    assert_eq!(
        (live["spec"]["replicas"].as_i64(), live["status"]["readyReplicas"].as_i64()),
        (Some(3), Some(3))
    );
    // Applying what says nothing of replicas leaves the three.
    let (_, after) = cluster.apply(&path, "relc", deployment("d", "x")).await;
    assert_eq!(after["spec"]["replicas"], 3);
}
