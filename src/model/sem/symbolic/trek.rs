//! Treks: what the rule sums over when the graph has no cycle.

use crate::model::sem::graph::{MixedGraph, Weight};

/// A path `i <- ... <- k`, a variance or covariance `ω_kl`, and a path `l -> ... -> j`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trek {
    /// The vertices from `k` to `i`.
    pub left: Vec<usize>,
    /// The vertices from `l` to `j`.
    pub right: Vec<usize>,
    /// `ω_kl`.
    pub weight: Weight,
}

/// All treks between two vertices of an acyclic graph, or the first `most` (Wright 1934).
pub fn treks(graph: &MixedGraph, i: usize, j: usize, most: usize) -> Vec<Trek> {
    let mut found = Vec::new();
    let (left, right) = (paths_to(graph, i, most), paths_to(graph, j, most));
    for (a, b, weight) in graph.covariances() {
        let directions = [(a, b), (b, a)];
        for &(k, l) in &directions[..if a == b { 1 } else { 2 }] {
            for p in &left[k] {
                for q in &right[l] {
                    if found.len() >= most {
                        return found;
                    }
                    found.push(Trek { left: p.clone(), right: q.clone(), weight: weight.clone() });
                }
            }
        }
    }
    found
}

/// For each vertex the directed paths from it to `end`.
fn paths_to(graph: &MixedGraph, end: usize, most: usize) -> Vec<Vec<Vec<usize>>> {
    let mut children = vec![Vec::new(); graph.size()];
    for (a, b, _) in graph.effects() {
        children[a].push(b);
    }
    let mut paths = vec![Vec::new(); graph.size()];
    // Effects before causes: the paths of all children are complete.
    for v in graph.components().into_iter().rev().flatten() {
        let mut mine: Vec<Vec<usize>> = if v == end { vec![vec![v]] } else { Vec::new() };
        for &child in &children[v] {
            let longer = paths[child].iter().map(|p: &Vec<usize>| {
                let mut path = vec![v];
                path.extend(p);
                path
            });
            mine.extend(longer);
        }
        mine.truncate(most);
        paths[v] = mine;
    }
    paths
}
