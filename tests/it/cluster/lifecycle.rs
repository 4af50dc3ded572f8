//! Create, change, repair, remove.

use super::cases;
use super::fixture::{Fixture, Release, words};
use relc::plan::Action;
use serde_json::json;

cases! { create_then_nothing upgrade_prunes_what_is_gone edits_and_deletions_are_repaired destroy_leaves_nothing }

pub(super) const WEB: &str = "---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  colour: green
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
      targetPort: 8080
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      serviceAccountName: web
      containers:
        - name: web
          image: example.com/web:1
          ports:
            - containerPort: 8080
          resources:
            limits:
              cpu: 1000m
              memory: 64Mi
          env:
            - name: COLOUR
              valueFrom:
                configMapKeyRef:
                  name: web
                  key: colour
";

async fn create_then_nothing(on: Fixture) {
    let stack = on.stack().namespace().release(Release::new("web", WEB));
    let actions = on.apply(&stack).await;
    assert_eq!(actions["namespace.main"], Action::Create);
    assert_eq!(actions["release.web"], Action::Create);
    assert_eq!(on.history(&on.id, "web").await, ["1 deployed"]);
    let deployment = on.get("apps/v1", "Deployment", &on.id, "web").await.unwrap();
    assert_eq!(deployment["metadata"]["labels"]["app.kubernetes.io/managed-by"], "Helm");
    assert_eq!(deployment["metadata"]["annotations"]["meta.helm.sh/release-name"], "web");
    assert_eq!(deployment["status"]["readyReplicas"], 2);
    on.settled(&stack).await;
    on.destroy(&stack).await;
}

async fn upgrade_prunes_what_is_gone(on: Fixture) {
    let stack = on.stack().namespace().release(Release::new("web", WEB));
    on.apply(&stack).await;
    let smaller: String = WEB
        .replace("web:1", "web:2")
        .split("---\n")
        .filter(|d| !d.contains("kind: Service\n"))
        .collect::<Vec<_>>()
        .join("---\n");
    let second = on.stack().namespace().release(Release::new("web", &smaller));
    let plan = on.plan(&second).await;
    let change = plan.changes.iter().find(|c| c.address == "release.web").unwrap();
    assert_eq!(change.action, Action::Upgrade);
    let objects: Vec<String> = change
        .objects
        .iter()
        .map(|o| {
            format!(
                "{} {} {}",
                o.action,
                o.kind,
                o.fields.iter().map(|f| f.path.as_str()).collect::<Vec<_>>().join(",")
            )
        })
        .collect();
    assert_eq!(
        objects,
        [
            "no_op ServiceAccount ",
            "no_op ConfigMap ",
            "upgrade Deployment spec.template.spec.containers[name=\"web\"].image",
            "destroy Service ",
        ]
    );
    assert!(on.apply_plan(&plan).await.is_success());
    assert!(on.get("v1", "Service", &on.id, "web").await.is_none());
    assert_eq!(on.history(&on.id, "web").await, ["1 superseded", "2 deployed"]);
    on.settled(&second).await;
    on.destroy(&second).await;
}

async fn edits_and_deletions_are_repaired(on: Fixture) {
    let stack = on.stack().namespace().release(Release::new("web", WEB));
    on.apply(&stack).await;
    on.patch("v1", "ConfigMap", &on.id, "web", "kubectl-edit", json!({ "data": { "colour": "red" } })).await;
    on.delete("v1", "Service", &on.id, "web").await;
    let plan = on.plan(&stack).await;
    let change = plan.changes.iter().find(|c| c.address == "release.web").unwrap();
    assert_eq!((change.action, change.reason.as_str()), (Action::Repair, "changed outside of relc"));
    assert!(on.apply_plan(&plan).await.is_success());
    let config = on.get("v1", "ConfigMap", &on.id, "web").await.unwrap();
    assert_eq!(config["data"]["colour"], "green");
    assert!(on.get("v1", "Service", &on.id, "web").await.is_some());
    // A repair is no new revision.
    assert_eq!(on.history(&on.id, "web").await, ["1 deployed"]);
    on.settled(&stack).await;
    on.destroy(&stack).await;
}

async fn destroy_leaves_nothing(on: Fixture) {
    let manifest =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\n  namespace: $NS\ndata:\n  a: b\n";
    let stack = on.stack().namespace().release(Release::new("web", WEB)).manifest("extra", manifest);
    on.apply(&stack).await;
    on.settled(&stack).await;
    let report = on.destroy(&stack).await;
    assert!(report.is_success(), "{report:#?}");
    assert!(on.get("v1", "Namespace", "", &on.id).await.is_none());
    let inventory = format!("relc-inventory.{}", on.id);
    assert!(on.get("v1", "Secret", "relc-system", &inventory).await.is_none());
    let again = on.try_plan(&stack).await.map_err(|d| words(&d)).unwrap();
    assert!(again.changes.iter().all(|c| c.action == Action::Create));
}
