//! The half-trek criterion: which effects are rational functions of the covariances.

use petgraph::algo::ford_fulkerson;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};

use crate::model::sem::graph::MixedGraph;

/// A vertex whose incoming effects solve a linear system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solved {
    /// The vertex.
    pub vertex: usize,
    /// Its parents, whose effects on it are identified.
    pub parents: Vec<usize>,
    /// Vertices with a system of half-treks to the parents without sided intersection, one for each
    /// equation.
    pub sources: Vec<usize>,
    /// Which of them half-treks from the vertex reach: what has an effect on these is subtracted.
    pub reached: Vec<bool>,
}

/// The vertices that the criterion identifies (Foygel, Draisma, Drton 2012, theorem 1 and
/// algorithm 1), in an order in which their systems can be solved, beyond those that are `done`:
/// whose incoming effects are known. It holds for graphs with cycles too. When all vertices are
/// done, the model is rationally identifiable.
pub fn half_trek(graph: &MixedGraph, done: &mut [bool]) -> Vec<Solved> {
    let n = graph.size();
    let parents: Vec<Vec<usize>> = (0..n).map(|v| graph.parents(v)).collect();
    let siblings: Vec<Vec<usize>> = (0..n).map(|v| graph.siblings(v)).collect();
    let reached: Vec<Vec<bool>> = (0..n)
        .map(|v| {
            let mut starts = siblings[v].clone();
            starts.push(v);
            graph.descendants(&starts)
        })
        .collect();
    let mut solved: Vec<Solved> = Vec::new();
    loop {
        let before = solved.len();
        for v in 0..n {
            if done[v] {
                continue;
            }
            let allowed: Vec<usize> = (0..n)
                .filter(|&y| y != v && !siblings[v].contains(&y) && (done[y] || !reached[v][y]))
                .collect();
            if let Some(sources) = system(graph, &allowed, &parents[v], &siblings) {
                let reached = sources.iter().map(|&y| reached[v][y]).collect();
                solved.push(Solved { vertex: v, parents: parents[v].clone(), sources, reached });
                done[v] = true;
            }
        }
        if solved.len() == before {
            return solved;
        }
    }
}

/// Sources of half-treks to all `ends` without sided intersection, by a maximal flow.
fn system(
    graph: &MixedGraph,
    allowed: &[usize],
    ends: &[usize],
    siblings: &[Vec<usize>],
) -> Option<Vec<usize>> {
    if ends.is_empty() {
        return Some(Vec::new());
    }
    let n = graph.size();
    let mut flow: DiGraph<(), u32> = DiGraph::new();
    let (source, sink) = (flow.add_node(()), flow.add_node(()));
    let left: Vec<NodeIndex> = (0..n).map(|_| flow.add_node(())).collect();
    let into: Vec<NodeIndex> = (0..n).map(|_| flow.add_node(())).collect();
    let out: Vec<NodeIndex> = (0..n).map(|_| flow.add_node(())).collect();
    let mut starts: Vec<(usize, EdgeIndex)> = Vec::new();
    for &y in allowed {
        starts.push((y, flow.add_edge(source, left[y], 1)));
        flow.add_edge(left[y], into[y], 1);
        for &s in &siblings[y] {
            flow.add_edge(left[y], into[s], 1);
        }
    }
    for v in 0..n {
        flow.add_edge(into[v], out[v], 1);
    }
    for (a, b, _) in graph.effects() {
        flow.add_edge(out[a], into[b], 1);
    }
    for &p in ends {
        flow.add_edge(out[p], sink, 1);
    }
    let (size, along) = ford_fulkerson(&flow, source, sink);
    (size as usize == ends.len())
        .then(|| starts.into_iter().filter(|(_, e)| along[e.index()] > 0).map(|(y, _)| y).collect())
}
