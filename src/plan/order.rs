//! The order of a plan: dependencies from the input, then removals the other way round.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::{all_objects, defined_kind, objects_of};
use super::input::{Address, Input, NodeKind};
use super::inventory::Entry;
use super::model::Change;
use super::object::text;
use crate::diag::Diags;
use crate::graph::{Builder, Graph, Reason};

/// Edges: what the source declares, who lives in whose namespace, who uses whose kinds.
pub(super) fn graph(input: &Input) -> Result<Graph, Diags> {
    let mut builder = Builder::default();
    for node in input.clusters.iter().flat_map(|c| &c.nodes) {
        builder.node(&node.address, node.span);
    }
    for cluster in &input.clusters {
        let mut namespaces: BTreeMap<&str, &Address> = BTreeMap::new();
        let mut kinds: BTreeMap<(String, String), &Address> = BTreeMap::new();
        for node in &cluster.nodes {
            for object in objects_of(node)
                .iter()
                .filter(|o| text(&o.body, &["kind"]) == "Namespace" && text(&o.body, &["apiVersion"]) == "v1")
            {
                namespaces.entry(text(&object.body, &["metadata", "name"])).or_insert(&node.address);
            }
            for (kind, _) in all_objects(node).filter_map(|o| defined_kind(&o.body)) {
                kinds.entry(kind).or_insert(&node.address);
            }
        }
        for node in &cluster.nodes {
            for needed in &node.depends_on {
                builder.edge(&node.address, needed, Reason::Declared);
            }
            let mut homes: BTreeSet<&str> =
                objects_of(node).iter().map(|o| text(&o.body, &["metadata", "namespace"])).collect();
            if let NodeKind::Release(release) = &node.kind {
                homes.insert(&release.namespace);
            }
            for provider in homes.into_iter().filter_map(|n| namespaces.get(n)) {
                builder.edge(&node.address, provider, Reason::Namespace);
            }
            for object in objects_of(node) {
                let group = text(&object.body, &["apiVersion"]).split_once('/').map_or("", |(g, _)| g);
                if let Some(provider) =
                    kinds.get(&(group.to_owned(), text(&object.body, &["kind"]).to_owned()))
                {
                    builder.edge(&node.address, provider, Reason::Kind);
                }
            }
        }
    }
    builder.finish()
}

/// Changes in the graph's order, then removals, dependents first. A removal waits for every change of a node
/// that needed the removed one, and for the removal of those.
pub(super) fn changes(
    graph: &Graph,
    mut changes: BTreeMap<String, Change>,
    destroys: Vec<(String, Entry, Change)>,
) -> Vec<Change> {
    let mut out: Vec<Change> = graph.order().iter().filter_map(|a| changes.remove(a.as_str())).collect();
    out.extend(changes.into_values());
    let formerly: BTreeMap<String, Vec<String>> =
        out.iter().filter_map(|c| Some((c.address.clone(), c.former.as_ref()?.after.clone()))).collect();

    let mut builder = Builder::default();
    for (address, _, _) in &destroys {
        builder.node(&Address::new(address.as_str()), None);
    }
    for (address, entry, _) in &destroys {
        for needed in &entry.after {
            builder.edge(&Address::new(needed.as_str()), &Address::new(address.as_str()), Reason::Declared);
        }
    }
    let mut removals: BTreeMap<String, Change> =
        destroys.into_iter().map(|(address, _, change)| (address, change)).collect();
    // Entries of different times could form a circle; then any order is as good as another.
    let order = builder.finish().unwrap_or_default();
    let ordered: Vec<String> = order.order().iter().map(Address::to_string).collect();
    for address in ordered {
        if let Some(mut change) = removals.remove(&address) {
            change.after = order.needs(&Address::new(address.as_str())).map(Address::to_string).collect();
            let users =
                formerly.iter().filter(|(_, after)| after.contains(&address)).map(|(user, _)| user.clone());
            change.after.extend(users);
            out.push(change);
        }
    }
    out.extend(removals.into_values());
    out
}
