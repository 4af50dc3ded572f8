//! Every cluster of a stack, reached at once; each that is not is reported.

use crate::cluster::{Cluster, Target, connect};
use crate::diag::{Diag, Diags};
use crate::eval::Desired;
use crate::eval::desired::{self, Address, ClusterTarget};
use crate::source::World;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) async fn all(
    desired: &Desired,
    dir: &Path,
    world: &dyn World,
    diags: &mut Diags,
) -> BTreeMap<Address, Cluster> {
    let attempts = desired.clusters.iter().map(|cluster| async move {
        let target = target(cluster, dir);
        (cluster, connect(&cluster.name, &target, world).await)
    });
    let mut reached = BTreeMap::new();
    for (cluster, result) in join_all(attempts).await {
        match result {
            Ok(connection) => {
                reached.insert(cluster.address.clone(), connection);
            }
            Err(error) => {
                let diag = Diag::from(error);
                diags.push(match cluster.span {
                    Some(span) => diag.at(span, "this cluster"),
                    None => diag,
                });
            }
        }
    }
    reached
}

fn target(cluster: &desired::Cluster, dir: &Path) -> Target {
    match &cluster.target {
        ClusterTarget::Sandbox => {
            Target::Sandbox { dir: dir.join(".relc").join("sandbox").join(&cluster.name) }
        }
        ClusterTarget::Kubeconfig { path, context } => {
            Target::Kubeconfig { path: path.clone(), context: context.clone() }
        }
        ClusterTarget::InCluster => Target::InCluster,
    }
}
