//! How relc reaches a cluster.
//!
//! In: a [`Target`] (kubeconfig context, in-cluster service account, or an embedded sandbox). Out: a
//! [`Cluster`]: a `kube::Client` that retries what is safe to retry, the server's version, and a cache of
//! what it serves ([`Discovery`]). Must not know: releases, plans, who asks and why.
//!
//! Nothing before this module touches a network. Certificates are always verified: a kubeconfig that turns
//! verification off is refused. The sandbox is reached through the same `kube::Client`, over an in-process
//! tower service, so no later stage can tell the two apart.

mod connect;
mod discovery;
mod error;
mod retry;
pub mod sandbox;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

pub use connect::connect;
pub use discovery::{Discovery, Resource, Served};
pub use error::{Call, ClusterError, ErrorKind};
pub use retry::Retry;

/// Where a cluster is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A kubeconfig file. Without `path`: `$KUBECONFIG`, then `~/.kube/config`. Without `context`: the
    /// file's current context.
    Kubeconfig { path: Option<PathBuf>, context: Option<String> },
    /// The service account mounted into the pod relc runs in.
    InCluster,
    /// An embedded Kubernetes API whose objects live in `dir` (usually `.relc/sandbox/NAME`).
    Sandbox { dir: PathBuf },
}

/// What the server says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVersion {
    pub major: u32,
    pub minor: u32,
    /// `v1.34.4`, `v1.34.2-eks-…`.
    pub git_version: String,
}

impl std::fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.git_version)
    }
}

/// A reached cluster. Cheap to clone; clones share the connection and the discovery cache.
#[derive(Clone)]
pub struct Cluster {
    /// The name of the `cluster` block; used in messages only.
    pub name: String,
    pub client: kube::Client,
    pub version: ServerVersion,
    /// `https://host:port`, or the sandbox's directory; used in messages only.
    pub address: String,
    discovery: Arc<Discovery>,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("name", &self.name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Wraps a client that exists already, asking the server for its version. `connect` is the usual way.
    pub async fn new(name: &str, address: &str, client: kube::Client) -> Result<Cluster, ClusterError> {
        let version = connect::server_version(name, address, &client).await?;
        Ok(Cluster::with_version(name, address, client, version))
    }

    fn with_version(name: &str, address: &str, client: kube::Client, version: ServerVersion) -> Cluster {
        let discovery = Arc::new(Discovery::new(name, address, client.clone()));
        Cluster { name: name.to_owned(), client, version, address: address.to_owned(), discovery }
    }

    /// What the server serves; filled on first use, refreshed once when a kind is not found.
    pub fn discovery(&self) -> &Discovery {
        &self.discovery
    }

    /// Words a failed call so that it names the cluster, the verb, the resource and the namespace.
    pub fn explain(&self, call: &Call<'_>, error: &kube::Error) -> ClusterError {
        ClusterError::from_kube(&self.name, &self.address, call, error)
    }
}
