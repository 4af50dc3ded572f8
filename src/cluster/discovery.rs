//! What a server serves: kinds, their resources, scope and verbs.
//!
//! Aggregated discovery (two requests, Kubernetes 1.30 and later) if the server has it, else one request
//! per group version. Read once, on first use; a kind that is not found makes it read again, at most every
//! two seconds, since a CRD may have been created meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroupList, APIResourceList, APIVersions};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::{Call, ClusterError};

/// Kinds that stay unknown must not cause a discovery each.
const REFRESH_PAUSE: Duration = Duration::from_secs(2);

/// One kind at one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Group, version, kind, plural: what `kube::Api`'s `*_with` constructors take.
    pub api: ApiResource,
    pub namespaced: bool,
    pub verbs: Vec<String>,
    /// `status`, `scale`, …
    pub subresources: Vec<String>,
    pub singular: String,
    pub short_names: Vec<String>,
    /// The server lists this version of the group first.
    pub preferred: bool,
}

impl Resource {
    /// `deployments.apps`, `services`: how Kubernetes names it in RBAC messages.
    pub fn qualified(&self) -> String {
        match self.api.group.as_str() {
            "" => self.api.plural.clone(),
            group => format!("{}.{group}", self.api.plural),
        }
    }

    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::gvk(&self.api.group, &self.api.version, &self.api.kind)
    }

    pub fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|v| v == verb)
    }

    /// The path of the collection: `/apis/apps/v1/namespaces/x/deployments`. Without a namespace, or for a
    /// kind without one, the cluster-wide collection.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = match self.api.group.as_str() {
            "" => format!("/api/{}", self.api.version),
            group => format!("/apis/{group}/{}", self.api.version),
        };
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.api.plural),
            None => format!("{root}/{}", self.api.plural),
        }
    }

    /// A client for objects of this kind in `namespace` (ignored for kinds without one).
    pub fn api(&self, client: kube::Client, namespace: Option<&str>) -> kube::Api<kube::core::DynamicObject> {
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => kube::Api::namespaced_with(client, namespace, &self.api),
            None => kube::Api::all_with(client, &self.api),
        }
    }
}

/// Every kind a server serves, by group, version and kind.
#[derive(Clone, Debug, Default)]
struct Index {
    by_kind: BTreeMap<(String, String, String), Arc<Resource>>,
    /// `v1`, `apps/v1`, … in the server's order of preference.
    versions: Vec<String>,
    /// Group versions the server knows of but could not answer for (an API service that is down).
    stale: BTreeSet<String>,
}

struct Cached {
    index: Arc<Index>,
    read_at: Instant,
}

/// What a server says of a group version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    Yes,
    No,
    /// It is registered, but its server does not answer.
    Down,
}

/// The cache; see the module's text.
pub struct Discovery {
    cluster: String,
    address: String,
    client: kube::Client,
    cached: Mutex<Option<Cached>>,
}

impl std::fmt::Debug for Discovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Discovery").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

impl Discovery {
    pub fn new(cluster: &str, address: &str, client: kube::Client) -> Self {
        Discovery {
            cluster: cluster.to_owned(),
            address: address.to_owned(),
            client,
            cached: Mutex::new(None),
        }
    }

    /// The resource of a kind, `None` if the server does not serve it even after reading again.
    pub async fn find(&self, gvk: &GroupVersionKind) -> Result<Option<Arc<Resource>>, ClusterError> {
        let key = (gvk.group.clone(), gvk.version.clone(), gvk.kind.clone());
        let mut cached = self.cached.lock().await;
        let (found, due) = match &*cached {
            Some(c) => (c.index.by_kind.get(&key).cloned(), c.read_at.elapsed() >= REFRESH_PAUSE),
            None => (None, true),
        };
        if found.is_some() || !due {
            return Ok(found);
        }
        let index = self.fill(&mut cached).await?;
        Ok(index.by_kind.get(&key).cloned())
    }

    /// Like [`Discovery::find`], from the fields of an object. `None` too if `apiVersion` is malformed.
    pub async fn find_for(
        &self,
        api_version: &str,
        kind: &str,
    ) -> Result<Option<Arc<Resource>>, ClusterError> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.find(&GroupVersionKind::gvk(group, version, kind)).await
    }

    /// Whether a group version such as `apps/v1` is served, as of the last reading.
    pub async fn served(&self, api_version: &str) -> Result<Served, ClusterError> {
        let index = self.index().await?;
        Ok(if index.stale.contains(api_version) {
            Served::Down
        } else if index.versions.iter().any(|version| version == api_version) {
            Served::Yes
        } else {
            Served::No
        })
    }

    /// Everything served, sorted by group, version and kind.
    pub async fn all(&self) -> Result<Vec<Arc<Resource>>, ClusterError> {
        Ok(self.index().await?.by_kind.values().cloned().collect())
    }

    /// What Helm calls `.Capabilities.APIVersions`: `apps/v1` and `apps/v1/Deployment`, sorted.
    pub async fn api_versions(&self) -> Result<Vec<String>, ClusterError> {
        let index = self.index().await?;
        let mut out: BTreeSet<String> = index.versions.iter().cloned().collect();
        out.extend(index.by_kind.values().map(|r| format!("{}/{}", r.api.api_version, r.api.kind)));
        Ok(out.into_iter().collect())
    }

    /// Group versions that are registered but did not answer (an aggregated API whose server is down).
    pub async fn unavailable(&self) -> Result<Vec<String>, ClusterError> {
        Ok(self.index().await?.stale.iter().cloned().collect())
    }

    /// Makes the next question read again; for after a CRD or API service was created or removed.
    pub async fn invalidate(&self) {
        *self.cached.lock().await = None;
    }

    async fn index(&self) -> Result<Arc<Index>, ClusterError> {
        let mut cached = self.cached.lock().await;
        match &*cached {
            Some(c) => Ok(c.index.clone()),
            None => self.fill(&mut cached).await,
        }
    }

    async fn fill(&self, cached: &mut Option<Cached>) -> Result<Arc<Index>, ClusterError> {
        let index = Arc::new(self.read().await?);
        *cached = Some(Cached { index: index.clone(), read_at: Instant::now() });
        Ok(index)
    }

    async fn read(&self) -> Result<Index, ClusterError> {
        let mut index = Index::default();
        for root in ["/api", "/apis"] {
            let answer = self.get(root, true).await?;
            // A server without aggregated discovery ignores the Accept header and answers the old way.
            match answer.get("kind").and_then(Value::as_str) {
                Some("APIGroupDiscoveryList") => index.add_aggregated(answer),
                Some("APIVersions") => {
                    let versions: APIVersions = self.typed(root, answer)?;
                    for version in versions.versions {
                        self.add_legacy(&mut index, "", &version, true).await?;
                    }
                }
                _ => {
                    let groups: APIGroupList = self.typed(root, answer)?;
                    for group in groups.groups {
                        let preferred = group.preferred_version.map(|v| v.version);
                        for version in group.versions {
                            let first = preferred.as_ref().is_none_or(|p| *p == version.version);
                            self.add_legacy(&mut index, &group.name, &version.version, first).await?;
                        }
                    }
                }
            }
        }
        Ok(index)
    }

    async fn add_legacy(
        &self,
        index: &mut Index,
        group: &str,
        version: &str,
        preferred: bool,
    ) -> Result<(), ClusterError> {
        let api_version = join(group, version);
        let path =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        index.versions.push(api_version.clone());
        match self.get(&path, false).await {
            Ok(answer) => {
                let list: APIResourceList = self.typed(&path, answer)?;
                index.add_list(group, version, preferred, list);
                Ok(())
            }
            // One broken aggregated API must not hide the rest of the cluster (as kubectl).
            Err(e)
                if !group.is_empty() && e.status.as_ref().is_some_and(|s| s.code == 503 || s.code == 404) =>
            {
                index.stale.insert(api_version);
                Ok(())
            }
            Err(e) => Err(e),
        }
    }

    async fn get(&self, path: &str, aggregated: bool) -> Result<Value, ClusterError> {
        let accept = if aggregated {
            kube::core::discovery::v2::ACCEPT_AGGREGATED_DISCOVERY_V2
        } else {
            "application/json"
        };
        let call = Call { verb: "get", resource: path, ..Call::default() };
        let request = Request::get(path)
            .header(http::header::ACCEPT, accept)
            .body(Vec::new())
            .map_err(kube::Error::HttpError);
        let answer = match request {
            Ok(request) => self.client.request::<Value>(request).await,
            Err(error) => Err(error),
        };
        answer.map_err(|e| ClusterError::from_kube(&self.cluster, &self.address, &call, &e))
    }

    fn typed<T: serde::de::DeserializeOwned>(&self, path: &str, value: Value) -> Result<T, ClusterError> {
        let call = Call { verb: "get", resource: path, ..Call::default() };
        serde_json::from_value(value).map_err(|e| {
            ClusterError::from_kube(&self.cluster, &self.address, &call, &kube::Error::SerdeError(e))
        })
    }
}

fn join(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

impl Index {
    fn add(&mut self, resource: Resource) {
        let key = (resource.api.group.clone(), resource.api.version.clone(), resource.api.kind.clone());
        // A kind may be served by two resources (an aggregated server's odd one out); the first wins, as in client-go's REST mapper.
        self.by_kind.entry(key).or_insert_with(|| Arc::new(resource));
    }

    fn add_aggregated(&mut self, list: Value) {
        for group in items(&list, "items") {
            let name = group.get("metadata").map_or("", |m| text(m, "name"));
            for (i, version) in items(group, "versions").enumerate() {
                let api_version = join(name, text(version, "version"));
                if text(version, "freshness") == "Stale" {
                    self.stale.insert(api_version.clone());
                }
                self.versions.push(api_version);
                for resource in items(version, "resources") {
                    self.add_discovered(name, text(version, "version"), i == 0, resource);
                }
            }
        }
    }

    fn add_discovered(&mut self, group: &str, version: &str, preferred: bool, resource: &Value) {
        let kind = resource.get("responseKind").map_or("", |k| text(k, "kind"));
        if kind.is_empty() {
            return;
        }
        self.add(Resource {
            api: ApiResource {
                group: group.to_owned(),
                version: version.to_owned(),
                api_version: join(group, version),
                kind: kind.to_owned(),
                plural: text(resource, "resource").to_owned(),
            },
            namespaced: text(resource, "scope") == "Namespaced",
            verbs: strings(resource, "verbs"),
            subresources: items(resource, "subresources")
                .map(|s| text(s, "subresource").to_owned())
                .collect(),
            singular: text(resource, "singularResource").to_owned(),
            short_names: strings(resource, "shortNames"),
            preferred,
        });
    }

    fn add_list(&mut self, group: &str, version: &str, preferred: bool, list: APIResourceList) {
        let mut subresources: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for resource in &list.resources {
            if let Some((parent, sub)) = resource.name.split_once('/') {
                subresources.entry(parent.to_owned()).or_default().push(sub.to_owned());
            }
        }
        for resource in list.resources {
            if resource.name.contains('/') {
                continue;
            }
            self.add(Resource {
                subresources: subresources.remove(&resource.name).unwrap_or_default(),
                api: ApiResource {
                    group: group.to_owned(),
                    version: version.to_owned(),
                    api_version: join(group, version),
                    kind: resource.kind,
                    plural: resource.name,
                },
                namespaced: resource.namespaced,
                verbs: resource.verbs,
                singular: resource.singular_name,
                short_names: resource.short_names.unwrap_or_default(),
                preferred,
            });
        }
    }
}
