//! The order in which a stack is applied.
//!
//! In: nodes with the addresses they need. Out: a [`Graph`] without cycles: an order, and for each node what
//! it waits for. Must not know: what a node is, clusters, plans.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::diag::{Diag, Diags, codes};
use crate::eval::desired::Address;
use crate::source::Span;

#[cfg(test)]
mod tests;

/// Why one node needs another; the weakest reason is named last in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// `depends_on`, or a reference in the source.
    Declared,
    /// It lives in the namespace that the other one makes.
    Namespace,
    /// It uses a kind whose CRD the other one installs.
    Kind,
}

impl Reason {
    fn words(self) -> &'static str {
        match self {
            Reason::Declared => "depends on",
            Reason::Namespace => "is in the namespace of",
            Reason::Kind => "uses a kind defined by",
        }
    }
}

/// Nodes and what they need; add all nodes, then all edges, then [`Builder::finish`].
#[derive(Debug, Default)]
pub struct Builder {
    graph: DiGraph<Item, Reason>,
    index: BTreeMap<Address, NodeIndex>,
}

#[derive(Debug)]
struct Item {
    address: Address,
    span: Option<Span>,
}

/// A graph without cycles.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    order: Vec<Address>,
    needs: BTreeMap<Address, BTreeSet<Address>>,
}

impl Builder {
    pub fn node(&mut self, address: &Address, span: Option<Span>) {
        if !self.index.contains_key(address) {
            let index = self.graph.add_node(Item { address: address.clone(), span });
            self.index.insert(address.clone(), index);
        }
    }

    /// `from` needs `to`. Unknown addresses and a node's need of itself are ignored: a chart that brings a CRD
    /// and uses it is the normal case.
    pub fn edge(&mut self, from: &Address, to: &Address, reason: Reason) {
        let (Some(&from), Some(&to)) = (self.index.get(from), self.index.get(to)) else { return };
        if from == to {
            return;
        }
        match self.graph.find_edge(from, to) {
            Some(known) => {
                if let Some(weight) = self.graph.edge_weight_mut(known) {
                    *weight = (*weight).min(reason);
                }
            }
            None => {
                self.graph.add_edge(from, to, reason);
            }
        }
    }

    /// # Errors
    /// One finding per group of nodes that need each other, with the shortest cycle in it spelt out.
    pub fn finish(self) -> Result<Graph, Diags> {
        let mut diags = Diags::default();
        let mut groups: Vec<Vec<NodeIndex>> =
            tarjan_scc(&self.graph).into_iter().filter(|g| g.len() > 1).collect();
        for group in &mut groups {
            group.sort();
        }
        groups.sort();
        for group in &groups {
            diags.push(self.cycle(group));
        }
        if diags.has_errors() {
            return Err(diags);
        }
        Ok(self.sorted())
    }

    /// Dependencies first; among those that could come next, the one added first.
    fn sorted(&self) -> Graph {
        let mut missing: BTreeMap<NodeIndex, usize> =
            self.graph.node_indices().map(|n| (n, self.graph.edges(n).count())).collect();
        let mut ready: BTreeSet<NodeIndex> =
            missing.iter().filter(|(_, n)| **n == 0).map(|(i, _)| *i).collect();
        let mut out = Graph::default();
        while let Some(next) = ready.pop_first() {
            let Some(item) = self.graph.node_weight(next) else { continue };
            let needs = self
                .graph
                .neighbors(next)
                .filter_map(|n| self.graph.node_weight(n))
                .map(|i| i.address.clone());
            out.needs.insert(item.address.clone(), needs.collect());
            out.order.push(item.address.clone());
            for dependent in self.graph.neighbors_directed(next, Direction::Incoming) {
                if let Some(left) = missing.get_mut(&dependent) {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        ready.insert(dependent);
                    }
                }
            }
        }
        out
    }

    /// The shortest way from a group's first node back to itself.
    fn cycle(&self, group: &[NodeIndex]) -> Diag {
        let shortest =
            group.iter().filter_map(|start| self.way_back(*start)).min_by_key(Vec::len).unwrap_or_default();
        let name = |n: &NodeIndex| self.graph.node_weight(*n).map_or("", |i| i.address.as_str());
        let mut names: Vec<&str> = shortest.iter().map(name).collect();
        names.extend(shortest.first().map(name));
        let mut diag = Diag::error(
            codes::CYCLE,
            format!("these need each other, so none can be first: {}", names.join(" -> ")),
        )
        .help("remove one of these dependencies");
        let following = shortest.iter().cycle().skip(1);
        for (from, to) in shortest.iter().zip(following) {
            let Some(item) = self.graph.node_weight(*from) else { continue };
            let reason = self.graph.find_edge(*from, *to).and_then(|e| self.graph.edge_weight(e)).copied();
            let words = format!("{} `{}`", reason.unwrap_or(Reason::Declared).words(), name(to));
            diag = match item.span {
                Some(span) => diag.at(span, words),
                None => diag.note(format!("`{}` {words}", item.address)),
            };
        }
        diag
    }

    fn way_back(&self, start: NodeIndex) -> Option<Vec<NodeIndex>> {
        let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            let mut next: Vec<NodeIndex> = self.graph.edges(node).map(|e| e.target()).collect();
            next.sort();
            for target in next {
                if target == start {
                    let mut way = vec![node];
                    while let Some(&before) = way.last().and_then(|n| came_from.get(n)) {
                        way.push(before);
                    }
                    way.reverse();
                    return Some(way);
                }
                if let Entry::Vacant(unseen) = came_from.entry(target) {
                    unseen.insert(node);
                    queue.push_back(target);
                }
            }
        }
        None
    }
}

impl Graph {
    /// Every address, dependencies first.
    pub fn order(&self) -> &[Address] {
        &self.order
    }

    /// What has to be done before `address`, sorted.
    pub fn needs(&self, address: &Address) -> impl Iterator<Item = &Address> {
        self.needs.get(address).into_iter().flatten()
    }
}
