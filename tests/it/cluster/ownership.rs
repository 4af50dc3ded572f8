//! Whose an object, a field, a release is.

use std::io::Write as _;

use super::cases;
use super::fixture::{Fixture, Release, words};
use super::lifecycle::WEB;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use relc::plan::Action;
use serde_json::{Value, json};

cases! {
    a_release_of_helm_is_adopted
    an_uninstalled_release_comes_back
    a_field_of_a_controller_is_left_alone
    another_releases_object_is_refused
    a_strangers_object_is_refused
    two_stacks_cannot_have_one_object
    an_existing_namespace_is_adopted_and_survives
    a_second_apply_meets_the_lock
    a_stale_plan_is_refused
    what_left_the_source_is_destroyed_unless_protected
    a_refused_object_is_named
    a_missing_namespace_is_named
    a_forbidden_request_is_named
}

const CONFIG: &str = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  colour: green\n";

async fn make_namespace(on: &Fixture) {
    let body = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": on.id } });
    on.create("v1", "Namespace", "", "kubectl-create", body).await;
}

fn config_of(on: &Fixture, release: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": "web", "namespace": on.id,
            "labels": { "app.kubernetes.io/managed-by": "Helm" },
            "annotations": { "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": on.id },
        },
        "data": { "colour": "green" },
    })
}

/// A record as Helm writes it, of a chart `test` in the given version.
async fn make_record(on: &Fixture, release: &str, version: &str, manifest: &str) {
    let body = json!({
        "name": release, "namespace": on.id, "version": 1, "manifest": manifest, "apply_method": "ssa",
        "info": {
            "first_deployed": "2026-01-02T03:04:05.678901234Z", "last_deployed": "2026-01-02T03:04:05.678901234Z",
            "description": "Install complete", "status": "deployed",
        },
        "chart": {
            "metadata": { "name": "test", "version": version, "apiVersion": "v2" },
            "lock": null, "templates": [], "values": {}, "schema": null, "files": [],
        },
    });
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(body.to_string().as_bytes()).unwrap();
    let inner = STANDARD.encode(gzip.finish().unwrap());
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {
            "name": format!("sh.helm.release.v1.{release}.v1"), "namespace": on.id,
            "labels": { "name": release, "owner": "helm", "status": "deployed", "version": "1", "modifiedAt": "1767323045" },
        },
        "data": { "release": STANDARD.encode(inner) },
    });
    on.create("v1", "Secret", &on.id, "helm", secret).await;
}

async fn a_release_of_helm_is_adopted(on: Fixture) {
    make_namespace(&on).await;
    on.create("v1", "ConfigMap", &on.id, "helm", config_of(&on, "web")).await;
    make_record(&on, "web", "1.0.0", CONFIG).await;
    let stack = on.stack().namespace().release(Release::new("web", CONFIG));
    let actions = on.apply(&stack).await;
    assert_eq!(actions["release.web"], Action::Adopt);
    // The same content: no new revision, nothing deployed again.
    assert_eq!(on.history(&on.id, "web").await, ["1 deployed"]);
    let config = on.get("v1", "ConfigMap", &on.id, "web").await.unwrap();
    let managers: Vec<&str> = config["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["manager"].as_str().unwrap())
        .collect();
    assert_eq!(managers, ["relc"], "what Helm managed is relc's now");
    on.settled(&stack).await;

    let fewer = CONFIG.replace("data:\n  colour: green\n", "data:\n  shape: round\n");
    let second = on.stack().namespace().release(Release::new("web", &fewer));
    assert_eq!(on.apply(&second).await["release.web"], Action::Upgrade);
    let config = on.get("v1", "ConfigMap", &on.id, "web").await.unwrap();
    assert_eq!(
        config["data"],
        json!({ "shape": "round" }),
        "a field Helm set goes when it is no longer wanted"
    );
    assert!(on.destroy(&second).await.is_success());
}

async fn an_uninstalled_release_comes_back(on: Fixture) {
    let stack = on.stack().namespace().release(Release::new("web", CONFIG));
    on.apply(&stack).await;
    on.delete("v1", "ConfigMap", &on.id, "web").await;
    on.delete("v1", "Secret", &on.id, "sh.helm.release.v1.web.v1").await;
    let plan = on.plan(&stack).await;
    let change = plan.changes.iter().find(|c| c.address == "release.web").unwrap();
    assert_eq!((change.action, change.reason.as_str()), (Action::Repair, "uninstalled outside of relc"));
    assert!(on.apply_plan(&plan).await.is_success());
    assert_eq!(on.history(&on.id, "web").await, ["1 deployed"]);
    on.settled(&stack).await;
    assert!(on.destroy(&stack).await.is_success());
}

async fn a_field_of_a_controller_is_left_alone(on: Fixture) {
    let stack = on.stack().namespace().release(Release::new("web", WEB));
    on.apply(&stack).await;
    on.patch("apps/v1", "Deployment", &on.id, "web", "some-autoscaler", json!({ "spec": { "replicas": 5 } }))
        .await;
    let plan = on.plan(&stack).await;
    let deployment = plan.changes.iter().flat_map(|c| &c.objects).find(|o| o.kind == "Deployment").unwrap();
    let left: Vec<(&str, &str)> =
        deployment.left_alone.iter().map(|f| (f.path.as_str(), f.manager.as_str())).collect();
    assert_eq!(left, [("spec.replicas", "some-autoscaler")]);
    on.apply(&stack).await;
    assert_eq!(on.get("apps/v1", "Deployment", &on.id, "web").await.unwrap()["spec"]["replicas"], 5);
    on.settled(&stack).await;

    let second = on.stack().namespace().release(Release::new("web", &WEB.replace("web:1", "web:2")));
    on.apply(&second).await;
    let live = on.get("apps/v1", "Deployment", &on.id, "web").await.unwrap();
    assert_eq!(live["spec"]["replicas"], 5);
    assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["image"], "example.com/web:2");
    assert!(on.destroy(&second).await.is_success());
}

async fn another_releases_object_is_refused(on: Fixture) {
    make_namespace(&on).await;
    on.create("v1", "ConfigMap", &on.id, "helm", config_of(&on, "other")).await;
    let stack = on.stack().namespace().release(Release::new("web", CONFIG));
    let told = words(&on.try_plan(&stack).await.unwrap_err());
    assert!(
        told.starts_with("E0720: ")
            && told.contains(&format!("belongs to Helm release `other` in namespace `{}`", on.id)),
        "{told}"
    );
    on.delete("v1", "Namespace", "", &on.id).await;
}

async fn a_strangers_object_is_refused(on: Fixture) {
    make_namespace(&on).await;
    let body = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "web" }, "data": { "colour": "red" } });
    on.create("v1", "ConfigMap", &on.id, "kubectl-create", body).await;
    let stack = on.stack().namespace().release(Release::new("web", CONFIG));
    let told = words(&on.try_plan(&stack).await.unwrap_err());
    assert!(
        told.contains("exists already and belongs to no release") && told.contains("kubectl annotate"),
        "{told}"
    );
    on.delete("v1", "Namespace", "", &on.id).await;
}

async fn two_stacks_cannot_have_one_object(on: Fixture) {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\n  namespace: $NS\ndata:\n  a: b\n";
    let first = on.stack().namespace().manifest("extra", text);
    on.apply(&first).await;
    let mut second = first.clone();
    second.nodes.remove(0);
    let mut input = second.input();
    input.stack = format!("{}-second", on.id);
    let told = words(&on.plan_input(&input).await.unwrap_err());
    assert!(told.contains(&format!("belongs to relc stack `{}`", on.id)), "{told}");
    let twice = first.clone().manifest("again", text);
    let told = words(&on.try_plan(&twice).await.unwrap_err());
    assert!(told.contains("is wanted twice: by `manifest.extra` and by `manifest.again`"), "{told}");
    assert!(on.destroy(&first).await.is_success());
}

async fn an_existing_namespace_is_adopted_and_survives(on: Fixture) {
    make_namespace(&on).await;
    let stack = on.stack().namespace().release(Release::new("web", CONFIG));
    assert_eq!(on.apply(&stack).await["namespace.main"], Action::Adopt);
    on.settled(&stack).await;
    assert!(on.destroy(&stack).await.is_success());
    assert!(on.get("v1", "ConfigMap", &on.id, "web").await.is_none());
    assert!(
        on.get("v1", "Namespace", "", &on.id).await.is_some(),
        "relc deletes no namespace that it did not make"
    );
    on.delete("v1", "Namespace", "", &on.id).await;
}

async fn a_second_apply_meets_the_lock(on: Fixture) {
    let stack = on.stack().namespace();
    on.apply(&stack).await;
    let now = jiff::Timestamp::now();
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": format!("relc-lock.{}", on.id), "namespace": "relc-system" },
        "spec": { "holderIdentity": "ada@ci", "leaseDurationSeconds": 30, "acquireTime": format!("{now:.6}"), "renewTime": format!("{now:.6}") },
    });
    on.create("coordination.k8s.io/v1", "Lease", "relc-system", "relc", lease).await;
    let more = stack.clone().release(Release::new("web", CONFIG));
    let report = on.try_apply(&more).await;
    let told: Vec<&str> = report.problems.iter().map(|d| d.message.as_str()).collect();
    assert!(told.len() == 1 && told[0].contains("is being applied by ada@ci since "), "{told:?}");
    assert!(on.history(&on.id, "web").await.is_empty(), "nothing was started");

    // An apply that died half a minute ago holds nothing.
    let past = now.checked_sub(jiff::SignedDuration::from_secs(60)).unwrap();
    let name = format!("relc-lock.{}", on.id);
    let spec = json!({ "spec": { "renewTime": format!("{past:.6}") } });
    on.patch("coordination.k8s.io/v1", "Lease", "relc-system", &name, "relc", spec).await;
    on.apply(&more).await;
    assert!(on.get("coordination.k8s.io/v1", "Lease", "relc-system", &name).await.is_none());
    assert!(on.destroy(&more).await.is_success());
}

async fn a_stale_plan_is_refused(on: Fixture) {
    let stack = on.stack().namespace();
    on.apply(&stack).await;
    let more = stack.clone().release(Release::new("web", CONFIG));
    let plan = on.plan(&more).await;
    on.apply(&stack.clone().release(Release::new("other", &CONFIG.replace("name: web", "name: other"))))
        .await;
    let report = on.apply_plan(&plan).await;
    let told: Vec<&str> = report.problems.iter().map(|d| d.message.as_str()).collect();
    assert!(told.len() == 1 && told[0].contains("by someone else since this was planned"), "{told:?}");
    assert!(on.get("v1", "ConfigMap", &on.id, "web").await.is_none());
    assert!(on.destroy(&more).await.is_success());
}

async fn what_left_the_source_is_destroyed_unless_protected(on: Fixture) {
    let mut release = Release::new("web", CONFIG);
    let kept = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n  annotations:\n    helm.sh/resource-policy: keep\n";
    release.manifest.push_str(kept);
    release.prevent_destroy = true;
    on.apply(&on.stack().namespace().release(release.clone())).await;
    let told = words(&on.try_plan(&on.stack().namespace()).await.unwrap_err());
    assert!(told.contains("`release.web` would be destroyed, but sets `prevent_destroy`"), "{told}");
    release.prevent_destroy = false;
    let stack = on.stack().namespace().release(release);
    on.apply(&stack).await;
    let plan = on.plan(&on.stack().namespace()).await;
    let change = plan.changes.iter().find(|c| c.address == "release.web").unwrap();
    assert_eq!(change.action, Action::Destroy);
    assert_eq!(change.kept.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["kept"]);
    assert!(change.objects.iter().all(|o| o.name != "kept"));
    assert_eq!(
        plan.to_json()["changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|c| c["kept"][0]["name"] == "kept")
            .count(),
        1
    );
    assert!(on.apply_plan(&plan).await.is_success());
    assert!(on.get("v1", "ConfigMap", &on.id, "web").await.is_none());
    assert!(on.get("v1", "ConfigMap", &on.id, "kept").await.is_some());
    assert!(on.history(&on.id, "web").await.is_empty());
    assert!(on.destroy(&on.stack().namespace()).await.is_success());
}

async fn a_refused_object_is_named(on: Fixture) {
    on.apply(&on.stack().namespace()).await;
    let text = WEB.replace("containerPort: 8080", "containerPort: 808080");
    let stack = on.stack().namespace().release(Release::new("web", &text));
    let told = words(&on.try_plan(&stack).await.unwrap_err());
    assert!(told.starts_with("E0710: "), "{told}");
    assert!(told.contains("containerPort") && told.contains("wanted by `release.web`"), "{told}");
    assert!(on.history(&on.id, "web").await.is_empty());
    assert!(on.destroy(&on.stack().namespace()).await.is_success());
}

async fn a_missing_namespace_is_named(on: Fixture) {
    let stack = on.stack().release(Release::new("web", CONFIG));
    let told = words(&on.try_plan(&stack).await.unwrap_err());
    assert!(
        told.contains(&format!("namespace `{}`, which `release.web` needs, does not exist", on.id)),
        "{told}"
    );
}

async fn a_forbidden_request_is_named(on: Fixture) {
    // The sandbox allows everything.
    let Some(nobody) = on.as_user("ada").await else { return };
    let stack = on.stack().namespace().release(Release::new("web", CONFIG));
    let told = words(&nobody.try_plan(&stack).await.unwrap_err());
    assert!(told.contains("E0707: "), "{told}");
    assert!(
        told.contains("not allowed to get secrets")
            && told.contains("`relc-system`")
            && told.contains("cannot get resource"),
        "{told}"
    );
}
