//! What rendering may know of the clusters: what the source says ([`Unreached`]) or what they say ([`Live`]).

use crate::cluster::{Call, Cluster};
use crate::diag::{Diag, Diags, codes};
use crate::eval::Desired;
use crate::eval::desired::{Address, Release};
use crate::plan::{Observed, observe};
use crate::render::stack::{Recorded, Surroundings};
use crate::render::{Capabilities, KubeVersion, Lookup, Offline, Seed};
use futures_util::future::join_all;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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
            let lookup = LiveLookup { cluster: cluster.clone(), runtime: tokio::runtime::Handle::current() };
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
        match observed {
            Ok(observed) if !diags.has_errors() => {
                Ok(Live { clusters: live, fallback: Capabilities::default(), seed, observed })
            }
            Ok(_) => Err(diags),
            Err(found) => {
                diags.append(found);
                Err(diags)
            }
        }
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

/// The template function `lookup`, answered by the cluster.
struct LiveLookup {
    cluster: Cluster,
    runtime: tokio::runtime::Handle,
}

impl Lookup for LiveLookup {
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        self.runtime.block_on(self.ask(api_version, kind, namespace, name))
    }
}

impl LiveLookup {
    async fn ask(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let nothing = || Ok(Value::Object(serde_json::Map::new()));
        let found = self.cluster.discovery().find_for(api_version, kind).await.map_err(|e| e.to_string())?;
        let Some(resource) = found else { return nothing() };
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
