//! What rendering may know of the clusters: what the source says ([`Unreached`]) or what they say ([`Live`]).

use crate::cluster::{Call, Cluster, Served};
use crate::diag::{Diag, Diags, codes};
use crate::eval::Desired;
use crate::eval::desired::{Address, Release};
use crate::plan::{LookedUp, Observed, observe};
use crate::render::stack::{Recorded, Surroundings};
use crate::render::{Capabilities, KubeVersion, Lookup, Offline, Seed};
use futures_util::future::join_all;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// What a stack that names no version is rendered for.
const DEFAULT_KUBERNETES: &str = "1.34.0";

/// No cluster was asked: versions as the source declares them, no records, every lookup empty.
pub(super) struct Unreached {
    capabilities: BTreeMap<Address, Capabilities>,
    fallback: Capabilities,
    seed: Seed,
}

impl Unreached {
    pub(super) fn new(desired: &Desired, seed: Seed, diags: &mut Diags) -> Self {
        let mut capabilities = BTreeMap::new();
        for cluster in &desired.clusters {
            let wanted = cluster.kubernetes.as_deref().unwrap_or(DEFAULT_KUBERNETES);
            match KubeVersion::parse(wanted) {
                Ok(version) => {
                    capabilities.insert(cluster.address.clone(), Capabilities::offline(version, &[]));
                }
                Err(error) => {
                    let diag = Diag::error(codes::KUBE_VERSION, error.to_string())
                        .help("write the cluster's version as `kubernetes = \"1.34\"`");
                    diags.push(match cluster.span {
                        Some(span) => diag.at(span, "in this cluster"),
                        None => diag,
                    });
                }
            }
        }
        Unreached { capabilities, fallback: Capabilities::default(), seed }
    }
}

impl Surroundings for Unreached {
    fn capabilities(&self, cluster: &Address) -> &Capabilities {
        self.capabilities.get(cluster).unwrap_or(&self.fallback)
    }

    fn lookup(&self, _: &Address) -> &(dyn Lookup + Sync) {
        &Offline
    }

    fn seed(&self) -> &Seed {
        &self.seed
    }

    fn recorded(&self, _: &Release) -> Recorded<'_> {
        Recorded::default()
    }
}

/// The clusters as they are now.
pub(super) struct Live {
    clusters: BTreeMap<Address, LiveCluster>,
    fallback: Capabilities,
    seed: Seed,
    /// What the plan will be made upon as well.
    pub observed: Observed,
}

struct LiveCluster {
    capabilities: Capabilities,
    lookup: LiveLookup,
}

impl Live {
    /// Asks every cluster at once.
    ///
    /// # Errors
    /// What could not be read, of all clusters.
    pub(super) async fn read(
        desired: &Desired,
        clusters: &BTreeMap<Address, Cluster>,
        seed: Seed,
    ) -> Result<Live, Diags> {
        let mut namespaces: BTreeMap<Address, BTreeSet<String>> = BTreeMap::new();
        for release in &desired.releases {
            namespaces.entry(release.cluster.clone()).or_default().insert(release.namespace.clone());
        }
        let asked = clusters.iter().map(|(address, cluster)| async move {
            let lookup = LiveLookup {
                cluster: cluster.clone(),
                runtime: tokio::runtime::Handle::current(),
                answers: Mutex::default(),
            };
            let capabilities = capabilities(cluster).await?;
            Ok((address.clone(), LiveCluster { capabilities, lookup }))
        });
        let (observed, answers) =
            tokio::join!(observe(&desired.stack, &namespaces, clusters), join_all(asked));
        let mut diags = Diags::default();
        let mut live = BTreeMap::new();
        for answer in answers {
            match answer {
                Ok((address, cluster)) => {
                    live.insert(address, cluster);
                }
                Err(diag) => {
                    let diag: Box<Diag> = diag;
                    diags.push(*diag);
                }
            }
        }
        let observed = observed.unwrap_or_else(|found| {
            diags.append(found);
            Observed::default()
        });
        if diags.has_errors() {
            return Err(diags);
        }
        Ok(Live { clusters: live, fallback: Capabilities::default(), seed, observed })
    }

    /// What was looked up on each cluster, and what came of it.
    pub(super) fn looked_up(&self) -> Vec<LookedUp> {
        let mut all = Vec::new();
        for (address, cluster) in &self.clusters {
            let answers = cluster.lookup.answers.lock().unwrap_or_else(PoisonError::into_inner);
            for (Question { api_version, kind, namespace, name }, answer) in answers.iter() {
                let Ok(answer) = answer else { continue };
                all.push(LookedUp::new(
                    address.as_str(),
                    [api_version.as_str(), kind.as_str(), namespace.as_str(), name.as_str()],
                    answer,
                ));
            }
        }
        all
    }
}

impl Surroundings for Live {
    fn capabilities(&self, cluster: &Address) -> &Capabilities {
        self.clusters.get(cluster).map_or(&self.fallback, |c| &c.capabilities)
    }

    fn lookup(&self, cluster: &Address) -> &(dyn Lookup + Sync) {
        match self.clusters.get(cluster) {
            Some(cluster) => &cluster.lookup,
            None => &Offline,
        }
    }

    fn seed(&self) -> &Seed {
        &self.seed
    }

    fn recorded(&self, release: &Release) -> Recorded<'_> {
        self.observed.release(&release.cluster, &release.namespace, &release.name)
    }
}

/// Version and API versions as the server has them: groups, versions, and `GROUP/VERSION/KIND`, as Helm
/// offers them to templates.
async fn capabilities(cluster: &Cluster) -> Result<Capabilities, Box<Diag>> {
    let version = KubeVersion::parse(&cluster.version.git_version)
        .map_err(|error| Box::new(Diag::error(codes::KUBE_VERSION, error.to_string())))?;
    let api_versions = cluster.discovery().api_versions().await.map_err(|error| Box::new(error.into()))?;
    Ok(Capabilities { kube_version: version, api_versions })
}

/// The arguments of `lookup`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
}

/// The template function `lookup`, answered by the cluster: the same question gets the same answer all through a
/// plan, however often a release is rendered for it.
struct LiveLookup {
    cluster: Cluster,
    runtime: tokio::runtime::Handle,
    answers: Mutex<BTreeMap<Question, Result<Value, String>>>,
}

impl Lookup for LiveLookup {
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let question = Question {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        let known = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&question).cloned();
        if let Some(answer) = known {
            return answer;
        }
        let answer = self.runtime.block_on(self.ask(api_version, kind, namespace, name));
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.entry(question).or_insert(answer).clone()
    }
}

impl LiveLookup {
    /// Follows Helm's `pkg/engine/lookup_func.go`: a group or version that is not served is an error, a kind that
    /// is not in it, or an object that is not there, is nothing.
    async fn ask(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let nothing = || Ok(Value::Object(serde_json::Map::new()));
        let discovery = self.cluster.discovery();
        let Some(resource) = discovery.find_for(api_version, kind).await.map_err(|e| e.to_string())? else {
            let unserved = match discovery.served(api_version).await.map_err(|e| e.to_string())? {
                Served::Yes => return nothing(),
                Served::No => "the server could not find the requested resource",
                Served::Down => "the server is currently unable to handle the request",
            };
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            return Err(format!(
                "unable to get apiresource from unstructured: {group}/{version}, Kind={kind}: {unserved}"
            ));
        };
        let api = resource.api(self.cluster.client.clone(), (!namespace.is_empty()).then_some(namespace));
        let answer = if name.is_empty() {
            api.list(&kube::api::ListParams::default()).await.map(serde_json::to_value)
        } else {
            api.get_opt(name).await.map(serde_json::to_value)
        };
        match answer {
            Ok(Ok(Value::Null)) => nothing(),
            Ok(Ok(object)) => Ok(object),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(self.cluster.explain(&call(&resource, namespace, name), &error).to_string()),
        }
    }
}

fn call<'a>(resource: &'a crate::cluster::Resource, namespace: &'a str, name: &'a str) -> Call<'a> {
    Call {
        verb: if name.is_empty() { "list" } else { "get" },
        resource: &resource.api.plural,
        namespace: (!namespace.is_empty()).then_some(namespace),
        name: (!name.is_empty()).then_some(name),
    }
}
