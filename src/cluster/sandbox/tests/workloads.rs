//! What the controllers make of workloads.

use super::*;

const PODS: &str = "/api/v1/namespaces/default/pods";

fn items(list: &(u16, Value)) -> &Vec<Value> {
    list.1["items"].as_array().unwrap()
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    object["status"]["conditions"].as_array().unwrap().iter().find(|c| c["type"] == kind).unwrap()
}

#[tokio::test]
async fn a_deployment_becomes_available_and_rolls() {
    let cluster = Fresh::new();
    let path = format!("{DEPLOYMENTS}/d");
    let mut body = deployment("d", "x:1");
    body["spec"]["replicas"] = 2.into();
    cluster.apply(&path, "relc", body.clone()).await;
    let (_, live) = cluster.get(&path).await;
    assert_eq!(live["status"]["observedGeneration"], live["metadata"]["generation"]);
    assert_eq!(
        (&live["status"]["availableReplicas"], &live["status"]["updatedReplicas"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(condition(&live, "Available")["status"], "True");
    assert_eq!(condition(&live, "Progressing")["reason"], "NewReplicaSetAvailable");
    assert_eq!(items(&cluster.get(PODS).await).len(), 2);
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "x:2".into();
    cluster.apply(&path, "relc", body).await;
    let pods = cluster.get(PODS).await;
    let images: Vec<&Value> = items(&pods).iter().map(|p| &p["spec"]["containers"][0]["image"]).collect();
    assert_eq!(images, ["x:2", "x:2"]);
    let sets = cluster.get("/apis/apps/v1/namespaces/default/replicasets").await;
    assert_eq!(items(&sets).len(), 2);
    let (_, live) = cluster.get(&path).await;
    assert_eq!(live["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");
    // In the background everything it owns goes with it.
    assert_eq!(cluster.delete(&path).await.1["status"], "Success");
    assert!(items(&cluster.get(PODS).await).is_empty());
    assert!(items(&cluster.get("/apis/apps/v1/namespaces/default/replicasets").await).is_empty());
}

#[tokio::test]
async fn orphans_live_on_and_foreground_waits() {
    let cluster = Fresh::new();
    let path = format!("{DEPLOYMENTS}/d");
    cluster.post(DEPLOYMENTS, deployment("d", "x")).await;
    cluster.delete(&format!("{path}?propagationPolicy=Orphan")).await;
    assert_eq!(items(&cluster.get(PODS).await).len(), 1);
    cluster.post(DEPLOYMENTS, deployment("e", "x")).await;
    cluster.delete(&format!("{DEPLOYMENTS}/e?propagationPolicy=Foreground")).await;
    assert_eq!(cluster.get(&format!("{DEPLOYMENTS}/e")).await.0, 404);
    assert_eq!(items(&cluster.get(PODS).await).len(), 1);
}

#[tokio::test]
async fn a_pod_that_is_deleted_comes_back() {
    let cluster = Fresh::new();
    cluster.post(DEPLOYMENTS, deployment("d", "x")).await;
    let before = cluster.get(PODS).await;
    let name = items(&before)[0]["metadata"]["name"].as_str().unwrap();
    cluster.delete(&format!("{PODS}/{name}")).await;
    let after = cluster.get(PODS).await;
    assert_eq!(items(&after).len(), 1);
    assert_ne!(items(&after)[0]["metadata"]["uid"], items(&before)[0]["metadata"]["uid"]);
}

#[tokio::test]
async fn failures_can_be_scripted() {
    for (fail, reason) in [
        ("ImagePullBackOff", "ImagePullBackOff"),
        ("CrashLoopBackOff", "CrashLoopBackOff"),
        ("never-ready", ""),
    ] {
        let cluster = Fresh::new();
        let mut body = deployment("d", "x");
        body["spec"]["template"]["metadata"]["annotations"] = json!({"sandbox.relc.dev/fail": fail});
        cluster.post(DEPLOYMENTS, body.clone()).await;
        let (_, live) = cluster.get(&format!("{DEPLOYMENTS}/d")).await;
        assert_eq!(condition(&live, "Available")["status"], "False");
        assert_eq!(live["status"]["unavailableReplicas"], 1);
        let pods = cluster.get(PODS).await;
        let status = &items(&pods)[0]["status"]["containerStatuses"][0];
        assert_eq!(status["ready"], false);
        assert_eq!(status["state"]["waiting"]["reason"].as_str().unwrap_or_default(), reason);
        let events = cluster.get("/api/v1/namespaces/default/events").await;
        assert_eq!(items(&events)[0]["involvedObject"]["name"], items(&pods)[0]["metadata"]["name"]);
        // Mended, it becomes available.
        body["spec"]["template"]["metadata"]["annotations"] = json!({});
        cluster.put(&format!("{DEPLOYMENTS}/d"), body).await;
        let (_, live) = cluster.get(&format!("{DEPLOYMENTS}/d")).await;
        assert_eq!(condition(&live, "Available")["status"], "True");
    }
}

#[tokio::test]
async fn a_stateful_set_has_numbered_pods_and_bound_claims() {
    let cluster = Fresh::new();
    let path = "/apis/apps/v1/namespaces/default/statefulsets/db";
    let body = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db", "replicas": 2, "selector": {"matchLabels": {"app": "db"}},
            "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [
                {"name": "db", "image": "pg", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}],
        },
    });
    assert_eq!(cluster.apply(path, "relc", body.clone()).await.0, 201);
    let (_, live) = cluster.get(path).await;
    assert_eq!(
        (&live["status"]["readyReplicas"], &live["status"]["currentReplicas"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(live["status"]["currentRevision"], live["status"]["updateRevision"]);
    let claims = "/api/v1/namespaces/default/persistentvolumeclaims";
    let (_, claim) = cluster.get(&format!("{claims}/data-db-1")).await;
    assert_eq!(claim["status"]["phase"], "Bound");
    let (_, volume) = cluster
        .get(&format!("/api/v1/persistentvolumes/{}", claim["spec"]["volumeName"].as_str().unwrap()))
        .await;
    assert_eq!(volume["status"]["phase"], "Bound");
    let mut moved = body.clone();
    moved["spec"]["serviceName"] = "other".into();
    let refused = cluster.apply(path, "relc", moved).await;
    assert_eq!(refused.0, 422);
    assert!(
        message(&refused)
            .contains("updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template'")
    );
    // A claim in use waits for its pod.
    let (_, waiting) = cluster.delete(&format!("{claims}/data-db-1")).await;
    assert!(waiting["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(cluster.get(&format!("{claims}/data-db-1")).await.0, 200);
    cluster.delete(path).await;
    assert_eq!(cluster.get(&format!("{claims}/data-db-1")).await.0, 404);
    // Others outlive the set.
    assert_eq!(cluster.get(&format!("{claims}/data-db-0")).await.0, 200);
}

#[tokio::test]
async fn jobs_complete_or_fail() {
    let cluster = Fresh::new();
    let jobs = "/apis/batch/v1/namespaces/default/jobs";
    let job = |name: &str, annotations: Value| {
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": {
            "metadata": {"annotations": annotations},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]}}}})
    };
    cluster.post(jobs, job("ok", json!({}))).await;
    let (_, done) = cluster.get(&format!("{jobs}/ok")).await;
    assert_eq!(
        (&done["status"]["succeeded"], &condition(&done, "Complete")["status"]),
        (&json!(1), &json!("True"))
    );
    cluster.post(jobs, job("bad", json!({"sandbox.relc.dev/fail": "CrashLoopBackOff"}))).await;
    let (_, failed) = cluster.get(&format!("{jobs}/bad")).await;
    assert_eq!(condition(&failed, "Failed")["reason"], "BackoffLimitExceeded");
    let change = json!({"spec": {"template": {"spec": {"restartPolicy": "OnFailure"}}}});
    let fixed = cluster.patch(&format!("{jobs}/ok"), MERGE, change).await;
    assert!(message(&fixed).contains("spec.template: Invalid value"), "{}", message(&fixed));
    assert!(message(&fixed).ends_with("field is immutable"));
}

#[tokio::test]
async fn daemon_sets_load_balancers_and_the_rest_are_ready() {
    let cluster = Fresh::new();
    let mut set = deployment("ds", "x");
    set["kind"] = "DaemonSet".into();
    cluster.post("/apis/apps/v1/namespaces/default/daemonsets", set).await;
    let (_, live) = cluster.get("/apis/apps/v1/namespaces/default/daemonsets/ds").await;
    assert_eq!(
        (&live["status"]["numberReady"], &live["status"]["desiredNumberScheduled"]),
        (&json!(1), &json!(1))
    );
    let service = json!({"metadata": {"name": "lb"}, "spec": {"type": "LoadBalancer", "selector": {"app": "ds"},
        "ports": [{"port": 80}]}});
    cluster.post("/api/v1/namespaces/default/services", service).await;
    let (_, live) = cluster.get("/api/v1/namespaces/default/services/lb").await;
    assert!(live["status"]["loadBalancer"]["ingress"][0]["ip"].as_str().unwrap().starts_with("203.0.113."));
    assert!((30_000..32_768).contains(&live["spec"]["ports"][0]["nodePort"].as_i64().unwrap()));
    let slices = cluster
        .get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dlb")
        .await;
    assert_eq!(items(&slices)[0]["endpoints"][0]["conditions"]["ready"], true);
    let api = json!({"metadata": {"name": "v1.x.dev"}, "spec": {"group": "x.dev", "version": "v1",
        "groupPriorityMinimum": 100, "versionPriority": 100, "service": {"name": "s", "namespace": "default"}}});
    cluster.post("/apis/apiregistration.k8s.io/v1/apiservices", api).await;
    let (_, live) = cluster.get("/apis/apiregistration.k8s.io/v1/apiservices/v1.x.dev").await;
    assert_eq!(condition(&live, "Available")["status"], "True");
    let pod = json!({"metadata": {"name": "once"}, "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]}});
    cluster.post(PODS, pod).await;
    assert_eq!(cluster.get(&format!("{PODS}/once")).await.1["status"]["phase"], "Succeeded");
}

#[tokio::test]
async fn both_versions_of_an_autoscaler_show_the_same_object() {
    let cluster = Fresh::new();
    let body = json!({"metadata": {"name": "h"}, "spec": {"maxReplicas": 3, "targetCPUUtilizationPercentage": 50,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}}});
    let root =
        |version: &str| format!("/apis/autoscaling/{version}/namespaces/default/horizontalpodautoscalers");
    cluster.post(&root("v1"), body).await;
    let (_, two) = cluster.get(&format!("{}/h", root("v2"))).await;
    assert_eq!(two["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"], 50);
    let (_, one) = cluster.get(&format!("{}/h", root("v1"))).await;
    assert_eq!(one["spec"]["targetCPUUtilizationPercentage"], 50);
}
