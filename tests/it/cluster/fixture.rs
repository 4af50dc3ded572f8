//! A cluster to test on, and stacks made in code: no `.rel`, no charts, only what the executor sees.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use relc::apply::{ApplyEvent, ApplyReport, Options, apply};
use relc::cluster::{Cluster, Target, connect};
use relc::diag::Diags;
use relc::eval::desired::{Address, OnFailure};
use relc::gotmpl::yaml;
use relc::plan::input::{
    ClusterInput, Hook, ManifestNode, NamespaceNode, Node, NodeKind, Object, ReleaseNode,
};
use relc::plan::{Action, Input, Observed, Plan, observe, plan, plan_destroy};
use relc::source::DiskWorld;
use serde_json::{Value, json};

/// Names a kubeconfig of a control plane to test on as well (`tests/cluster/run up DIR`).
const KUBECONFIG: &str = "RELC_TEST_KUBECONFIG";

pub(super) struct Fixture {
    pub cluster: Cluster,
    pub real: bool,
    /// Differs between tests and runs: they share the real cluster.
    pub id: String,
    pub events: Mutex<Vec<String>>,
    _dir: Option<tempfile::TempDir>,
}

fn unique(test: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{}-{}-{n}",
        test.replace('_', "-").chars().take(24).collect::<String>().trim_matches('-'),
        std::process::id()
    )
}

impl Fixture {
    pub async fn sandbox(test: &str) -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::Sandbox { dir: dir.path().to_owned() };
        let cluster = connect("test", &target, &DiskWorld).await.unwrap();
        Fixture { cluster, real: false, id: unique(test), events: Mutex::default(), _dir: Some(dir) }
    }

    /// `None` where no control plane was given; says so.
    pub async fn real(test: &str) -> Option<Fixture> {
        let Some(path) = std::env::var_os(KUBECONFIG).filter(|p| !p.is_empty()) else {
            // Once, and not by `eprintln!`, which the test harness hides where tests pass.
            static TOLD: std::sync::Once = std::sync::Once::new();
            TOLD.call_once(|| {
                let reason = format!("{KUBECONFIG} names none; `tests/cluster/run up DIR` starts one");
                let _ = writeln!(
                    std::io::stderr(),
                    "skipped on a real control plane: {test} and the like ({reason})"
                );
            });
            return None;
        };
        let target = Target::Kubeconfig { path: Some(path.into()), context: None };
        let cluster = connect("test", &target, &DiskWorld).await.unwrap();
        Some(Fixture { cluster, real: true, id: unique(test), events: Mutex::default(), _dir: None })
    }

    /// The same cluster as another, powerless user; `None` where there are no users.
    pub async fn as_user(&self, user: &str) -> Option<Fixture> {
        let path = std::env::var_os(KUBECONFIG).filter(|_| self.real)?;
        let kubeconfig = kube::config::Kubeconfig::read_from(path).unwrap();
        let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await.unwrap();
        config.auth_info.impersonate = Some(user.to_owned());
        let client = kube::Client::try_from(config).unwrap();
        let cluster = Cluster::new("test", "https://127.0.0.1", client).await.unwrap();
        Some(Fixture { cluster, real: true, id: self.id.clone(), events: Mutex::default(), _dir: None })
    }

    /// A cluster without a sandbox of its own to keep.
    pub fn of(cluster: Cluster) -> Fixture {
        Fixture { cluster, real: false, id: unique("of"), events: Mutex::default(), _dir: None }
    }

    /// The same test, reaching its cluster in another way.
    pub fn on(&self, cluster: Cluster) -> Fixture {
        Fixture { id: self.id.clone(), ..Fixture::of(cluster) }
    }

    pub fn stack(&self) -> Stack {
        Stack { id: self.id.clone(), nodes: Vec::new() }
    }

    pub fn clusters(&self) -> BTreeMap<Address, Cluster> {
        BTreeMap::from([(Address::new("cluster.test"), self.cluster.clone())])
    }

    pub async fn plan(&self, stack: &Stack) -> Plan {
        self.try_plan(stack).await.unwrap_or_else(|d| panic!("no plan: {}", words(&d)))
    }

    pub async fn try_plan(&self, stack: &Stack) -> Result<Plan, Diags> {
        self.plan_input(&stack.input()).await
    }

    pub async fn plan_input(&self, input: &Input) -> Result<Plan, Diags> {
        plan(input, &self.clusters(), &self.observe(input).await?).await
    }

    async fn observe(&self, input: &Input) -> Result<Observed, Diags> {
        let nodes = input.clusters.iter().flat_map(|c| c.nodes.iter().map(move |n| (&c.address, n)));
        let mut namespaces: BTreeMap<Address, BTreeSet<String>> = BTreeMap::new();
        for (cluster, node) in nodes {
            if let NodeKind::Release(release) = &node.kind {
                namespaces.entry(cluster.clone()).or_default().insert(release.namespace.clone());
            }
        }
        observe(&input.stack, &namespaces, &self.clusters()).await
    }

    pub async fn apply_plan(&self, plan: &Plan) -> ApplyReport {
        let events = |event: ApplyEvent| self.events.lock().unwrap().push(told(&event));
        apply(plan, &self.clusters(), &Options::new("a test"), &events).await
    }

    pub async fn try_apply(&self, stack: &Stack) -> ApplyReport {
        let plan = self.plan(stack).await;
        self.apply_plan(&plan).await
    }

    /// Plans and applies; gives the actions by address.
    pub async fn apply(&self, stack: &Stack) -> BTreeMap<String, Action> {
        let plan = self.plan(stack).await;
        let report = self.apply_plan(&plan).await;
        assert!(report.is_success(), "apply failed: {report:#?}");
        plan.changes.iter().map(|c| (c.address.clone(), c.action)).collect()
    }

    /// Asserts that nothing would be done.
    pub async fn settled(&self, stack: &Stack) {
        let plan = self.plan(stack).await;
        let busy: Vec<Value> = plan
            .changes
            .iter()
            .filter(|c| c.action != Action::NoOp)
            .map(|c| json!([c.address, c.action.as_str(), c.reason, plan.to_json()]))
            .collect();
        assert!(plan.is_empty() && busy.is_empty(), "not settled: {busy:#?}");
    }

    pub async fn destroy(&self, stack: &Stack) -> ApplyReport {
        let input = stack.input();
        let observed = self.observe(&input).await.unwrap_or_else(|d| panic!("unread: {}", words(&d)));
        let plan = plan_destroy(&input, &self.clusters(), &observed)
            .await
            .unwrap_or_else(|d| panic!("no plan: {}", words(&d)));
        self.apply_plan(&plan).await
    }

    pub fn take_events(&self) -> Vec<String> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }

    pub async fn get(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let resource = self.cluster.discovery().find_for(api_version, kind).await.unwrap()?;
        let path = format!("{}/{name}", resource.path(Some(namespace).filter(|n| !n.is_empty())));
        self.request("GET", &path, None).await
    }

    pub async fn list(&self, api_version: &str, kind: &str, namespace: &str, selector: &str) -> Vec<Value> {
        let Some(resource) = self.cluster.discovery().find_for(api_version, kind).await.unwrap() else {
            return Vec::new();
        };
        let path =
            format!("{}?labelSelector={selector}", resource.path(Some(namespace).filter(|n| !n.is_empty())));
        let list = self.request("GET", &path, None).await.unwrap();
        list["items"].as_array().cloned().unwrap_or_default()
    }

    pub async fn delete(&self, api_version: &str, kind: &str, namespace: &str, name: &str) {
        let resource = self.cluster.discovery().find_for(api_version, kind).await.unwrap().unwrap();
        let path = format!("{}/{name}", resource.path(Some(namespace).filter(|n| !n.is_empty())));
        self.request("DELETE", &path, None).await;
    }

    /// A merge patch as another field manager.
    pub async fn patch(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
        manager: &str,
        patch: Value,
    ) {
        let resource = self.cluster.discovery().find_for(api_version, kind).await.unwrap().unwrap();
        let path = format!(
            "{}/{name}?fieldManager={manager}",
            resource.path(Some(namespace).filter(|n| !n.is_empty()))
        );
        let request = http::Request::patch(path)
            .header("content-type", "application/merge-patch+json")
            .body(serde_json::to_vec(&patch).unwrap())
            .unwrap();
        self.cluster.client.request::<Value>(request).await.unwrap();
    }

    pub async fn create(&self, api_version: &str, kind: &str, namespace: &str, manager: &str, body: Value) {
        let resource = self.cluster.discovery().find_for(api_version, kind).await.unwrap().unwrap();
        let path =
            format!("{}?fieldManager={manager}", resource.path(Some(namespace).filter(|n| !n.is_empty())));
        self.request("POST", &path, Some(body)).await.unwrap();
    }

    async fn request(&self, method: &str, path: &str, body: Option<Value>) -> Option<Value> {
        let bytes = body.map(|b| serde_json::to_vec(&b).unwrap()).unwrap_or_default();
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(bytes)
            .unwrap();
        match self.cluster.client.request::<Value>(request).await {
            Ok(value) => Some(value),
            Err(kube::Error::Api(status)) if status.code == 404 => None,
            Err(error) => panic!("{method} {path}: {error}"),
        }
    }

    /// Status of each revision on record, oldest first.
    pub async fn history(&self, namespace: &str, release: &str) -> Vec<String> {
        let mut all: Vec<(u32, String)> = self
            .list("v1", "Secret", namespace, &format!("owner=helm,name={release}"))
            .await
            .iter()
            .map(|s| {
                let labels = &s["metadata"]["labels"];
                (
                    labels["version"].as_str().unwrap().parse().unwrap(),
                    labels["status"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        all.sort();
        all.into_iter().map(|(version, status)| format!("{version} {status}")).collect()
    }
}

/// One line an event, without times.
fn told(event: &ApplyEvent) -> String {
    match event {
        ApplyEvent::Started { address, action } => format!("{address} started: {action}"),
        ApplyEvent::Object { object, action, .. } => format!("{action} {} {}", object.kind, object.name),
        ApplyEvent::Hook { hook, event, .. } => format!("{event} {} {}", hook.kind, hook.name),
        ApplyEvent::Waiting { address, .. } => format!("{address} waiting"),
        ApplyEvent::RollingBack { address, revision } => format!("{address} back to {revision:?}"),
        ApplyEvent::Done { address, .. } => format!("{address} done"),
        ApplyEvent::Failed { address, error, .. } => format!("{address} failed: {}", error.message),
        ApplyEvent::Skipped { address, because } => format!("{address} skipped because of {because}"),
    }
}

pub(super) fn words(diags: &Diags) -> String {
    diags
        .iter()
        .map(|d| format!("{}: {} ({:?}; {:?})", d.code, d.message, d.help, d.notes))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A stack on the one cluster.
#[derive(Clone)]
pub(super) struct Stack {
    pub id: String,
    pub nodes: Vec<Node>,
}

impl Stack {
    pub fn input(&self) -> Input {
        let cluster = ClusterInput { address: Address::new("cluster.test"), nodes: self.nodes.clone() };
        Input { stack: self.id.clone(), clusters: vec![cluster] }
    }

    /// The test's own namespace, under `namespace.main`.
    pub fn namespace(mut self) -> Self {
        let name = self.id.clone();
        let object =
            Object::new(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }));
        self.nodes.push(node(
            "namespace.main",
            NodeKind::Namespace(NamespaceNode { name, objects: vec![object] }),
            &[],
        ));
        self
    }

    pub fn release(mut self, release: Release) -> Self {
        self.nodes.push(release.node(&self.id));
        self
    }

    /// An explicit `depends_on`.
    pub fn needs(mut self, address: &str, needed: &str) -> Self {
        let node = self.nodes.iter_mut().find(|n| n.address.as_str() == address).unwrap();
        node.depends_on.push(Address::new(needed));
        self
    }

    pub fn manifest(mut self, name: &str, text: &str) -> Self {
        let objects = objects(&text.replace("$NS", &self.id));
        let kind = NodeKind::Manifest(ManifestNode { objects, wait: true, timeout: Duration::from_secs(60) });
        self.nodes.push(node(&format!("manifest.{name}"), kind, &[]));
        self
    }
}

fn node(address: &str, kind: NodeKind, depends_on: &[&str]) -> Node {
    let depends_on = depends_on.iter().map(|a| Address::new(*a)).collect();
    Node { address: Address::new(address), depends_on, prevent_destroy: false, kind, span: None }
}

/// A release as rendering would give it.
#[derive(Clone)]
pub(super) struct Release {
    pub name: String,
    pub version: String,
    pub manifest: String,
    pub crds: String,
    pub hooks: Vec<Hook>,
    pub config: Value,
    pub timeout: u64,
    pub on_failure: OnFailure,
    pub prevent_destroy: bool,
}

impl Release {
    /// `text` is the manifest; `$NS` stands for the test's namespace.
    pub fn new(name: &str, text: &str) -> Release {
        Release {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            manifest: text.to_owned(),
            crds: String::new(),
            hooks: Vec::new(),
            config: json!({}),
            timeout: 60,
            on_failure: OnFailure::Stop,
            prevent_destroy: false,
        }
    }

    pub fn hook(mut self, events: &[&str], weight: i64, policies: &[&str], text: &str) -> Self {
        let body: Value = yaml::decode(text.as_bytes(), yaml::Root::Map).unwrap();
        self.hooks.push(Hook {
            name: body["metadata"]["name"].as_str().unwrap().to_owned(),
            kind: body["kind"].as_str().unwrap().to_owned(),
            path: format!("test/templates/hook-{}.yaml", self.hooks.len()),
            manifest: text.to_owned(),
            body,
            events: events.iter().map(|e| (*e).to_owned()).collect(),
            weight,
            delete_policies: policies.iter().map(|p| (*p).to_owned()).collect(),
            output_log_policies: Vec::new(),
        });
        self
    }

    fn node(&self, namespace: &str) -> Node {
        let manifest = self.manifest.replace("$NS", namespace);
        let metadata = json!({ "name": "test", "version": self.version, "apiVersion": "v2" });
        let release = ReleaseNode {
            name: self.name.clone(),
            namespace: namespace.to_owned(),
            chart: json!({ "metadata": metadata, "lock": null, "templates": [], "values": {}, "schema": null, "files": [] }),
            config: self.config.clone(),
            objects: objects(&manifest),
            manifest,
            hooks: self.hooks.clone(),
            crds: objects(&self.crds.replace("$NS", namespace)),
            notes: String::new(),
            wait: true,
            timeout: Duration::from_secs(self.timeout),
            on_failure: self.on_failure,
        };
        let mut node = node(
            &format!("release.{}", self.name),
            NodeKind::Release(Box::new(release)),
            &["namespace.main"],
        );
        node.prevent_destroy = self.prevent_destroy;
        node
    }
}

fn objects(text: &str) -> Vec<Object> {
    text.split("\n---\n")
        .filter(|d| d.lines().any(|l| !l.trim().is_empty() && !l.starts_with('#') && l.trim() != "---"))
        .map(|d| {
            Object::new(yaml::decode(d.trim_start_matches("---\n").as_bytes(), yaml::Root::Map).unwrap())
        })
        .collect()
}
