//! CRDs and their objects.

use super::*;

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const WIDGETS: &str = "/apis/example.com/v1/namespaces/default/widgets";

fn crd() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "required": ["size"], "properties": {
                        "size": {"type": "integer", "minimum": 1, "maximum": 5},
                        "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
                        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                        "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
                            "items": {"type": "object", "required": ["id"], "properties": {
                                "id": {"type": "string"}, "n": {"type": "string"}}}},
                    }},
                    "status": {"type": "object", "properties": {"ok": {"type": "boolean"}}},
                }}}}],
        },
    })
}

fn widget(spec: Value) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec})
}

async fn with_crd() -> Fresh {
    let cluster = Fresh::new();
    assert_eq!(cluster.get(WIDGETS).await.0, 404);
    assert_eq!(cluster.apply(&format!("{CRDS}/widgets.example.com"), "relc", crd()).await.0, 201);
    cluster
}

#[tokio::test]
async fn a_crd_is_established_and_served() {
    let cluster = with_crd().await;
    let (_, live) = cluster.get(&format!("{CRDS}/widgets.example.com")).await;
    let established =
        live["status"]["conditions"].as_array().unwrap().iter().find(|c| c["type"] == "Established");
    assert_eq!(established.unwrap()["status"], "True");
    assert_eq!(live["spec"]["names"]["listKind"], "WidgetList");
    let (_, list) = cluster.get("/apis/example.com/v1").await;
    assert_eq!(list["resources"][0]["kind"], "Widget");
    let second = cluster.apply(&format!("{CRDS}/widgets.example.com"), "relc", crd()).await.1;
    assert_eq!(second["metadata"]["resourceVersion"], live["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn custom_objects_are_pruned_defaulted_and_checked() {
    let cluster = with_crd().await;
    let (code, made) =
        cluster.post(WIDGETS, widget(json!({"size": 2, "typo": 1, "free": {"a": {"b": 1}}}))).await;
    assert_eq!(code, 201);
    assert_eq!(made["spec"], json!({"size": 2, "color": "red", "free": {"a": {"b": 1}}}));
    let bad = cluster.post(WIDGETS, widget(json!({"size": 9, "color": "green"}))).await;
    assert_eq!(bad.0, 422);
    assert_eq!(
        message(&bad),
        "Widget.example.com \"w\" is invalid: [spec.color: Unsupported value: \"green\": supported values: \"red\", \"blue\", spec.size: Invalid value: 9: spec.size in body should be less than or equal to 5]"
    );
    let none = cluster.post(WIDGETS, widget(json!({}))).await;
    assert_eq!(message(&none), "Widget.example.com \"w\" is invalid: spec.size: Required value");
    let typo = cluster.apply(&format!("{WIDGETS}/w"), "relc", widget(json!({"size": 2, "typo": 1}))).await;
    assert_eq!(
        message(&typo),
        "failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.typo: field not declared in schema"
    );
    let unsupported = cluster.patch(&format!("{WIDGETS}/w"), STRATEGIC, json!({})).await;
    assert_eq!(unsupported.0, 415);
}

#[tokio::test]
async fn lists_of_custom_objects_merge_by_their_keys() {
    let cluster = with_crd().await;
    let path = format!("{WIDGETS}/w");
    cluster.apply(&path, "one", widget(json!({"size": 1, "parts": [{"id": "a", "n": "1"}]}))).await;
    let (_, both) =
        cluster.apply(&path, "two", widget(json!({"size": 1, "parts": [{"id": "b", "n": "2"}]}))).await;
    assert_eq!(both["spec"]["parts"], json!([{"id": "a", "n": "1"}, {"id": "b", "n": "2"}]));
    let conflict =
        cluster.apply(&path, "two", widget(json!({"size": 1, "parts": [{"id": "a", "n": "9"}]}))).await;
    assert_eq!(
        message(&conflict),
        "Apply failed with 1 conflict: conflict with \"one\": .spec.parts[id=\"a\"].n"
    );
}

#[tokio::test]
async fn the_status_is_written_through_its_own_door() {
    let cluster = with_crd().await;
    cluster.post(WIDGETS, widget(json!({"size": 1}))).await;
    let path = format!("{WIDGETS}/w");
    let (_, live) = cluster
        .patch(&format!("{path}/status"), MERGE, json!({"status": {"ok": true}, "spec": {"size": 4}}))
        .await;
    assert_eq!((&live["status"]["ok"], &live["spec"]["size"]), (&json!(true), &json!(1)));
    assert_eq!(live["metadata"]["generation"], 1);
    let (_, live) = cluster.patch(&path, MERGE, json!({"status": {"ok": false}, "spec": {"size": 4}})).await;
    assert_eq!((&live["status"]["ok"], &live["spec"]["size"]), (&json!(true), &json!(4)));
    assert_eq!(live["metadata"]["generation"], 2);
}

#[tokio::test]
async fn a_crd_takes_its_objects_along() {
    let cluster = with_crd().await;
    let mut held = widget(json!({"size": 1}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.post(WIDGETS, held).await;
    cluster.delete(&format!("{CRDS}/widgets.example.com")).await;
    assert_eq!(cluster.get(&format!("{CRDS}/widgets.example.com")).await.0, 200);
    cluster.patch(&format!("{WIDGETS}/w"), MERGE, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(cluster.get(&format!("{CRDS}/widgets.example.com")).await.0, 404);
    assert_eq!(cluster.get(WIDGETS).await.0, 404);
}
