//! Topological order and circles.
//!
//! In: a graph as lists of edges. Out: an order in which everything comes after what it points to, and the circles.
//! Must not know: what the nodes are.

use crate::source::Span;

/// A reference from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    pub to: usize,
    /// Where the reference is written.
    pub at: Span,
}

/// Nodes of a circle in order, each with the place where it refers to the next; the last refers to the first.
pub type Cycle = Vec<(usize, Span)>;

#[derive(Debug, Default)]
pub struct Ordered {
    /// All nodes; ties, and members of circles, in their own order.
    pub order: Vec<usize>,
    pub cycles: Vec<Cycle>,
    /// Node and place of each edge that closes a circle.
    pub cut: Vec<(usize, Span)>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// Depth first, without recursion: graphs of thousands of nodes in a row are ordinary.
pub fn order(edges: &[Vec<Edge>]) -> Ordered {
    let mut out = Ordered::default();
    let mut state = vec![State::New; edges.len()];
    for start in 0..edges.len() {
        if state.get(start) != Some(&State::New) {
            continue;
        }
        // Each node with the number of its edges that have been followed.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        set(&mut state, start, State::Open);
        while let Some((node, followed)) = path.last_mut() {
            let node = *node;
            let Some(edge) = edges.get(node).and_then(|e| e.get(*followed)) else {
                set(&mut state, node, State::Done);
                out.order.push(node);
                path.pop();
                continue;
            };
            *followed += 1;
            match state.get(edge.to) {
                Some(State::New) => {
                    set(&mut state, edge.to, State::Open);
                    path.push((edge.to, 0));
                }
                Some(State::Open) => {
                    out.cut.push((node, edge.at));
                    let cycle = circle(&path, edge.to, edges);
                    if !cycle.is_empty() {
                        out.cycles.push(cycle);
                    }
                }
                _ => {}
            }
        }
    }
    out
}

fn set(state: &mut [State], node: usize, to: State) {
    if let Some(s) = state.get_mut(node) {
        *s = to;
    }
}

/// The part of the path from `first` on, with the edge that each node is left by.
fn circle(path: &[(usize, usize)], first: usize, edges: &[Vec<Edge>]) -> Cycle {
    path.iter()
        .skip_while(|(node, _)| *node != first)
        .filter_map(|(node, followed)| {
            let edge = edges.get(*node)?.get(followed.checked_sub(1)?)?;
            Some((*node, edge.at))
        })
        .collect()
}
