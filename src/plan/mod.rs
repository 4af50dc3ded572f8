//! What has to be done, from what is wanted and what is there.
//!
//! In: [`Input`] (rendered stack) and reached clusters. Out: [`Plan`]. Must not know: source text beyond
//! spans, how changes are carried out. Everything here only reads; the one kind of write it sends is a
//! server-side dry run.
//!
//! # Steps
//! `observed` reads each cluster's inventory and Helm's records (`record`), once, before rendering. `graph` orders
//! the nodes; then, per cluster and all clusters at once, `cluster` reads the live objects (`live`), `compare` holds each object against its live self
//! (`fields`, `diff`), `node` decides what becomes of its release, namespace or manifest, and `destroy` finds
//! what left the source.

pub(crate) mod api;
mod cluster;
mod compare;
pub(crate) mod destroy;
mod diff;
mod errors;
pub(crate) mod fields;
pub mod input;
pub mod inventory;
pub(crate) mod live;
mod lookups;
mod model;
mod node;
pub(crate) mod object;
mod observed;
mod op;
mod order;
pub(crate) mod record;

use std::collections::BTreeMap;

use futures_util::future::join_all;

pub use input::{Hook, Input};
pub use lookups::LookedUp;
pub use model::{Action, Change, ChartStep, ClusterState, FieldChange, ForeignField, ObjectChange, Plan};
pub use object::ObjectRef;
pub use observed::{Observed, observe};
pub use op::{DeleteOp, ObjectOp, ObjectsOp, Operation, ReleaseOp, Revision, UninstallOp};

use crate::cluster::Cluster;
use crate::diag::Diags;
use crate::graph::Graph;
use input::{Address, ClusterInput};
use observed::Held;

/// Whether the nodes can be put into an order; without asking a cluster.
///
/// # Errors
/// The circles, each with its way round.
pub fn check_order(input: &Input) -> Result<(), Diags> {
    order::graph(input).map(|_| ())
}

/// Plans a stack upon what was observed of it. `clusters` are the reached ones, by address; those without nodes
/// are planned too, since something may have to leave them.
///
/// # Errors
/// Everything that stands in the way, of all clusters. Nothing was changed on any of them.
pub async fn plan(
    input: &Input,
    clusters: &BTreeMap<Address, Cluster>,
    observed: &Observed,
) -> Result<Plan, Diags> {
    let graph = order::graph(input)?;
    let inputs = complete(input, clusters);
    let nothing = Held::default();
    let planned = join_all(inputs.iter().map(|(input_of, cluster)| {
        let graph = &graph;
        let held = observed.cluster(&input_of.address).unwrap_or(&nothing);
        async move {
            let mut diags = Diags::default();
            let planned = cluster::plan(&input.stack, input_of, cluster, held, graph, &mut diags).await;
            (&input_of.address, planned, diags)
        }
    }))
    .await;
    let protected = |_: &str, entry: &inventory::Entry| entry.prevent_destroy.then_some(None);
    assemble(&input.stack, &graph, planned, false, protected)
}

/// Plans the removal of everything the stack owns on these clusters. `input` says what is protected; what is
/// no longer in it is judged by what it said when it was applied last.
///
/// # Errors
/// As [`plan`], and for every node that sets `prevent_destroy`.
pub async fn plan_destroy(
    input: &Input,
    clusters: &BTreeMap<Address, Cluster>,
    observed: &Observed,
) -> Result<Plan, Diags> {
    let graph = Graph::default();
    let nothing = Held::default();
    let planned = join_all(clusters.iter().map(|(address, cluster)| {
        let held = observed.cluster(address).unwrap_or(&nothing);
        async move {
            let mut diags = Diags::default();
            let planned = cluster::plan_destroy(&input.stack, address, cluster, held, &mut diags).await;
            (address, planned, diags)
        }
    }))
    .await;
    let protected = |address: &str, entry: &inventory::Entry| {
        let node = input.clusters.iter().flat_map(|c| &c.nodes).find(|n| n.address.as_str() == address);
        match node {
            Some(node) => node.prevent_destroy.then_some(node.span),
            None => entry.prevent_destroy.then_some(None),
        }
    };
    assemble(&input.stack, &graph, planned, true, protected)
}

/// Every reached cluster with its nodes, none for those the input does not name.
fn complete<'a>(input: &Input, clusters: &'a BTreeMap<Address, Cluster>) -> Vec<(ClusterInput, &'a Cluster)> {
    clusters
        .iter()
        .map(|(address, cluster)| {
            let of = input.clusters.iter().find(|c| c.address == *address).cloned();
            (of.unwrap_or_else(|| ClusterInput { address: address.clone(), nodes: Vec::new() }), cluster)
        })
        .collect()
}

fn assemble(
    stack: &str,
    graph: &Graph,
    planned: Vec<(&Address, cluster::Planned, Diags)>,
    destroy: bool,
    protected: impl Fn(&str, &inventory::Entry) -> Option<Option<crate::source::Span>>,
) -> Result<Plan, Diags> {
    let mut diags = Diags::default();
    let mut plan = Plan { stack: stack.to_owned(), ..Plan::default() };
    let mut changes = BTreeMap::new();
    let mut destroys = Vec::new();
    for (address, planned, found) in planned {
        diags.append(found);
        changes.extend(planned.changes);
        destroys.extend(planned.destroys);
        plan.clusters.insert(address.to_string(), ClusterState { inventory: planned.inventory, destroy });
    }
    for (address, entry, _) in &destroys {
        if let Some(span) = protected(address, entry) {
            diags.push(errors::prevented(address, span));
        }
    }
    if diags.has_errors() {
        return Err(diags);
    }
    plan.changes = order::changes(graph, changes, destroys);
    Ok(plan)
}
