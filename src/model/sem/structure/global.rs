//! Global identifiability: whether the parametrisation is injective everywhere.

use crate::model::sem::graph::MixedGraph;

/// Why a model is not globally identifiable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Vertices on a directed cycle.
    Cycle(Vec<usize>),
    /// A set of vertices that all lead to its `sink` inside it and that `<->` connects inside it.
    Subgraph {
        /// The vertices.
        vertices: Vec<usize>,
        /// Where they lead.
        sink: usize,
    },
}

/// What keeps a graph from global identifiability; nothing when the map from parameters to
/// covariances is injective (Drton, Foygel, Sullivant 2011, theorem 2).
///
/// A graph with a directed cycle is not: on a cycle alone, of three and more vertices, two parameter
/// matrices have each generic Σ, of two vertices infinitely many.
pub fn obstacle(graph: &MixedGraph) -> Option<Obstacle> {
    if let Some(cycle) = graph.components().into_iter().find(|c| c.len() > 1) {
        return Some(Obstacle::Cycle(cycle));
    }
    let n = graph.size();
    let parents: Vec<Vec<usize>> = (0..n).map(|v| graph.parents(v)).collect();
    let siblings: Vec<Vec<usize>> = (0..n).map(|v| graph.siblings(v)).collect();
    for sink in 0..n {
        let mut kept = vec![true; n];
        loop {
            let before = kept.iter().filter(|k| **k).count();
            for neighbours in [&parents, &siblings] {
                kept = connected(sink, neighbours, &kept);
            }
            let after = kept.iter().filter(|k| **k).count();
            if after == before {
                break;
            }
        }
        let vertices: Vec<usize> = (0..n).filter(|&v| kept[v]).collect();
        if vertices.len() > 1 {
            return Some(Obstacle::Subgraph { vertices, sink });
        }
    }
    None
}

/// The vertices from which one is reached inside a set.
fn connected(start: usize, neighbours: &[Vec<usize>], within: &[bool]) -> Vec<bool> {
    let mut seen = vec![false; within.len()];
    let mut open = vec![start];
    while let Some(v) = open.pop() {
        if !std::mem::replace(&mut seen[v], true) {
            open.extend(neighbours[v].iter().copied().filter(|&w| within[w] && !seen[w]));
        }
    }
    seen
}
