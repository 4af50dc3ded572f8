//! Helm's lifecycle: hooks, CRDs, failure, rollback, records.

use std::time::Duration;

use super::cases;
use super::fixture::{Fixture, Release};
use super::lifecycle::WEB;
use relc::apply::Outcome;
use relc::cluster::sandbox::FAIL;
use relc::eval::desired::OnFailure;
use relc::plan::Action;
use serde_json::Value;

cases! {
    hooks_run_in_order
    a_hook_may_vanish_when_it_ends
    a_failed_hook_stops_the_release
    a_killed_apply_is_taken_up_again
    a_release_brings_a_kind_and_uses_it
    a_failed_install_is_named_and_taken_up_again
    a_failed_install_is_undone
    a_failed_upgrade_is_rolled_back
    an_immutable_field_is_replaced
    history_is_trimmed
    a_dependent_of_a_failure_is_skipped
}

const CONFIG: &str = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  colour: green\n";

fn job(name: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\nspec:\n  backoffLimit: 0\n  template:\n    spec:\n      \
         restartPolicy: Never\n      containers:\n        - name: main\n          image: example.com/job:1\n"
    )
}

/// What a pod needs to fail: on the sandbox an annotation of its template, on the real control plane KWOK's
/// stages have no failing pods, so that a pod that fits on no node stands in.
fn broken(on: &Fixture, text: &str) -> String {
    let template = if on.real {
        "    spec:\n      nodeSelector:\n        no-such-node: \"true\"\n".to_owned()
    } else {
        format!("    metadata:\n      annotations:\n        {}: CrashLoopBackOff\n    spec:\n", FAIL)
    };
    let labelled = text.contains("    metadata:\n      labels:\n        app: web\n");
    if labelled && !on.real {
        let annotation =
            format!("    metadata:\n      annotations:\n        {}: CrashLoopBackOff\n      labels:\n", FAIL);
        return text.replacen("    metadata:\n      labels:\n", &annotation, 1);
    }
    text.replacen("    spec:\n", &template, 1)
}

fn message(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(diag) => diag.message.clone(),
        other => panic!("not a failure: {other:?}"),
    }
}

async fn hooks_run_in_order(on: Fixture) {
    let release = Release::new("web", CONFIG)
        .hook(&["post-install"], 0, &["hook-succeeded"], &job("after"))
        .hook(&["pre-install"], 5, &[], &job("second"))
        .hook(&["pre-install", "pre-upgrade"], -5, &["before-hook-creation"], &job("first"))
        .hook(&["pre-delete"], 0, &["hook-succeeded"], &job("farewell"));
    let stack = on.stack().namespace().release(release.clone());
    on.apply(&stack).await;
    let told: Vec<String> =
        on.take_events().into_iter().filter(|e| e.contains("Job") || e.contains("ConfigMap")).collect();
    assert_eq!(
        told,
        ["pre-install Job first", "pre-install Job second", "create ConfigMap web", "post-install Job after"]
    );
    assert!(on.get("batch/v1", "Job", &on.id, "first").await.is_some());
    assert!(on.get("batch/v1", "Job", &on.id, "after").await.is_none(), "hook-succeeded deletes it");
    on.settled(&stack).await;

    let mut second = release;
    second.manifest = CONFIG.replace("green", "blue");
    let stack = on.stack().namespace().release(second);
    on.apply(&stack).await;
    let told: Vec<String> =
        on.take_events().into_iter().filter(|e| e.contains("Job") || e.contains("ConfigMap")).collect();
    assert_eq!(told, ["pre-upgrade Job first", "upgrade ConfigMap web"]);
    let report = on.destroy(&stack).await;
    assert!(report.is_success(), "{report:#?}");
    assert!(on.take_events().contains(&"pre-delete Job farewell".to_owned()));
}

async fn a_hook_may_vanish_when_it_ends(on: Fixture) {
    let text = job("brief").replacen("spec:\n", "spec:\n  ttlSecondsAfterFinished: 0\n", 1);
    let mut release = Release::new("web", CONFIG).hook(&["pre-install"], 0, &["hook-failed"], &text);
    release.timeout = 20;
    let stack = on.stack().namespace().release(release);
    on.apply(&stack).await;
    assert_eq!(on.history(&on.id, "web").await, ["1 deployed"]);
    on.settled(&stack).await;
    assert!(on.destroy(&stack).await.is_success());
}

async fn a_failed_hook_stops_the_release(on: Fixture) {
    let mut release =
        Release::new("web", CONFIG).hook(&["pre-install"], 0, &[], &broken(&on, &job("migrate")));
    release.timeout = 4;
    let stack = on.stack().namespace().release(release);
    let report = on.try_apply(&stack).await;
    let told = message(&report.results.iter().find(|r| r.address == "release.web").unwrap().outcome);
    assert!(
        told.starts_with(&format!("pre-install hook Job {}/migrate of `release.web` failed: ", on.id)),
        "{told}"
    );
    assert!(on.get("v1", "ConfigMap", &on.id, "web").await.is_none());
    assert_eq!(on.history(&on.id, "web").await, ["1 failed"]);
    assert!(on.destroy(&stack).await.is_success());
}

async fn a_release_brings_a_kind_and_uses_it(on: Fixture) {
    let group = format!("{}.example.com", on.id);
    let crd = format!(
        "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: widgets.{group}\nspec:\n  \
         group: {group}\n  scope: Namespaced\n  names:\n    plural: widgets\n    singular: widget\n    kind: Widget\n    listKind: WidgetList\n  \
         versions:\n    - name: v1\n      served: true\n      storage: true\n      schema:\n        openAPIV3Schema:\n          \
         type: object\n          properties:\n            spec:\n              type: object\n              properties:\n                \
         size:\n                  type: integer\n"
    );
    let widget =
        format!("---\napiVersion: {group}/v1\nkind: Widget\nmetadata:\n  name: one\nspec:\n  size: 3\n");
    let mut release = Release::new("web", &format!("{CONFIG}{widget}"));
    release.crds = crd;
    let stack = on.stack().namespace().release(release);
    let plan = on.plan(&stack).await;
    assert!(plan.changes.iter().flat_map(|c| &c.objects).any(|o| o.kind == "Widget" && o.unseen));
    assert!(on.apply_plan(&plan).await.is_success());
    on.settled(&stack).await;
    assert_eq!(on.get(&format!("{group}/v1"), "Widget", &on.id, "one").await.unwrap()["spec"]["size"], 3);
    let report = on.destroy(&stack).await;
    assert!(report.is_success(), "{report:#?}");
    let name = format!("widgets.{group}");
    let left = on.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", &name).await;
    assert!(left.is_none(), "a CRD that the stack brought goes with its last use");
}

async fn a_failed_install_is_named_and_taken_up_again(on: Fixture) {
    let mut release = Release::new("web", &broken(&on, WEB));
    release.timeout = 4;
    let stack = on.stack().namespace().release(release);
    let report = on.try_apply(&stack).await;
    let Outcome::Failed(diag) = &report.results.iter().find(|r| r.address == "release.web").unwrap().outcome
    else {
        panic!("{report:#?}")
    };
    assert!(diag.message.contains(&format!("Deployment {}/web of `release.web`", on.id)), "{}", diag.message);
    let cause = if on.real { "Unschedulable" } else { "CrashLoopBackOff" };
    assert!(diag.notes.iter().any(|n| n.contains(cause)), "{:?}", diag.notes);
    assert_eq!(on.history(&on.id, "web").await, ["1 failed"]);

    let plan = on.plan(&stack).await;
    let change = plan.changes.iter().find(|c| c.address == "release.web").unwrap();
    assert_eq!(change.action, Action::Repair);
    assert!(change.reason.starts_with("revision 1 failed: "), "{}", change.reason);
    let mended = on.stack().namespace().release(Release::new("web", WEB));
    on.apply(&mended).await;
    assert_eq!(on.history(&on.id, "web").await, ["1 failed", "2 deployed"]);
    on.settled(&mended).await;
    assert!(on.destroy(&mended).await.is_success());
}

async fn a_killed_apply_is_taken_up_again(on: Fixture) {
    let stack = on.stack().namespace().release(Release::new("web", &broken(&on, WEB)));
    let plan = on.plan(&stack).await;
    let started = async {
        while on.history(&on.id, "web").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        report = on.apply_plan(&plan) => panic!("it ended: {report:#?}"),
        () = started => {}
    }
    assert_eq!(on.history(&on.id, "web").await, ["1 pending-install"]);
    // The dead one's lock would run out by itself.
    on.delete("coordination.k8s.io/v1", "Lease", "relc-system", &format!("relc-lock.{}", on.id)).await;
    let mended = on.stack().namespace().release(Release::new("web", WEB));
    let plan = on.plan(&mended).await;
    let change = plan.changes.iter().find(|c| c.address == "release.web").unwrap();
    assert!(change.reason.contains("was cut short"), "{}", change.reason);
    assert!(on.apply_plan(&plan).await.is_success());
    let history = on.history(&on.id, "web").await;
    assert_eq!(history.last().map(String::as_str), Some("2 deployed"), "{history:?}");
    assert!(history.iter().all(|h| !h.contains("pending")), "{history:?}");
    on.settled(&mended).await;
    assert!(on.destroy(&mended).await.is_success());
}

async fn a_failed_install_is_undone(on: Fixture) {
    let mut release = Release::new("web", &broken(&on, WEB));
    release.timeout = 4;
    release.on_failure = OnFailure::Rollback;
    let stack = on.stack().namespace().release(release);
    let report = on.try_apply(&stack).await;
    assert!(!report.is_success());
    assert!(on.history(&on.id, "web").await.is_empty());
    assert!(on.get("apps/v1", "Deployment", &on.id, "web").await.is_none());
    let plan = on.plan(&stack).await;
    assert_eq!(plan.changes.iter().find(|c| c.address == "release.web").unwrap().action, Action::Create);
    assert!(on.destroy(&stack).await.is_success());
}

async fn a_failed_upgrade_is_rolled_back(on: Fixture) {
    let stack = on.stack().namespace().release(Release::new("web", WEB));
    on.apply(&stack).await;
    let extra = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\ndata:\n  a: b\n";
    let mut release = Release::new("web", &format!("{}{extra}", broken(&on, &WEB.replace("web:1", "web:2"))));
    release.timeout = 4;
    release.on_failure = OnFailure::Rollback;
    let second = on.stack().namespace().release(release);
    let report = on.try_apply(&second).await;
    let Outcome::Failed(diag) = &report.results.iter().find(|r| r.address == "release.web").unwrap().outcome
    else {
        panic!("{report:#?}")
    };
    assert!(diag.notes.contains(&"rolled back to revision 1".to_owned()), "{diag:#?}");
    assert_eq!(on.history(&on.id, "web").await, ["1 superseded", "2 failed", "3 deployed"]);
    let deployment = on.get("apps/v1", "Deployment", &on.id, "web").await.unwrap();
    assert_eq!(deployment["spec"]["template"]["spec"]["containers"][0]["image"], "example.com/web:1");
    assert!(on.get("v1", "ConfigMap", &on.id, "extra").await.is_none());
    // What the source says is still wanted, and still to come.
    let plan = on.plan(&second).await;
    assert_eq!(plan.changes.iter().find(|c| c.address == "release.web").unwrap().action, Action::Upgrade);
    on.settled(&stack).await;
    assert!(on.destroy(&stack).await.is_success());
}

async fn an_immutable_field_is_replaced(on: Fixture) {
    let text = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fixed\nimmutable: true\ndata:\n  a: \"1\"\n";
    let stack = on.stack().namespace().release(Release::new("web", text));
    on.apply(&stack).await;
    let before = on.get("v1", "ConfigMap", &on.id, "fixed").await.unwrap();
    let second = on.stack().namespace().release(Release::new("web", &text.replace("\"1\"", "\"2\"")));
    let actions = on.apply(&second).await;
    assert_eq!(actions["release.web"], Action::Replace);
    let after = on.get("v1", "ConfigMap", &on.id, "fixed").await.unwrap();
    assert_eq!(after["data"]["a"], "2");
    assert_ne!(before["metadata"]["uid"], after["metadata"]["uid"]);
    on.settled(&second).await;
    assert!(on.destroy(&second).await.is_success());
}

async fn history_is_trimmed(on: Fixture) {
    for n in 1..=12 {
        let text = CONFIG.replace("green", &format!("c{n}"));
        on.apply(&on.stack().namespace().release(Release::new("web", &text))).await;
    }
    let history = on.history(&on.id, "web").await;
    assert_eq!(history.len(), 10, "{history:?}");
    assert_eq!(history.last().unwrap(), "12 deployed");
    assert!(on.destroy(&on.stack().namespace()).await.is_success());
}

async fn a_dependent_of_a_failure_is_skipped(on: Fixture) {
    let mut db = Release::new("db", &broken(&on, WEB));
    db.timeout = 3;
    let other = CONFIG.replace("name: web", "name: other");
    let mut stack = on.stack().namespace().release(db).release(Release::new("other", &other));
    let uses = CONFIG.replace("name: web", "name: uses");
    stack = stack.release(Release::new("uses", &uses)).needs("release.uses", "release.db");
    let report = on.try_apply(&stack).await;
    let outcome =
        |address: &str| report.results.iter().find(|r| r.address == address).unwrap().outcome.clone();
    assert!(matches!(outcome("release.db"), Outcome::Failed(_)));
    assert!(matches!(outcome("release.other"), Outcome::Done), "what does not need it goes on");
    assert!(matches!(outcome("release.uses"), Outcome::Skipped { ref because } if because == "release.db"));
    assert!(on.get("v1", "ConfigMap", &on.id, "uses").await.is_none());
    let inventory: Value =
        on.get("v1", "Secret", "relc-system", &format!("relc-inventory.{}", on.id)).await.unwrap();
    assert_eq!(inventory["type"], "relc.dev/inventory.v1");
    assert!(on.destroy(&stack).await.is_success());
}
