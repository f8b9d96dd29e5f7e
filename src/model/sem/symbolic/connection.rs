//! Connections and one-connections themselves, for lists and pictures.

use crate::model::sem::graph::MixedGraph;

/// A one-connection, or a connection when it has no path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OneConnection {
    /// The vertices of the path from `k` to `i`; empty for a connection.
    pub path: Vec<usize>,
    /// Its cycles of two and more vertices, each from its lowest vertex; all others have their
    /// loops.
    pub cycles: Vec<Vec<usize>>,
}

impl OneConnection {
    /// Whether its sign is negative: it has an odd number of proper cycles.
    pub fn is_negative(&self) -> bool {
        self.cycles.len() % 2 == 1
    }

    /// Its directed arrows without loops.
    pub fn arrows(&self) -> Vec<(usize, usize)> {
        let along = self.path.windows(2).map(|w| (w[0], w[1]));
        let around = self
            .cycles
            .iter()
            .flat_map(|c| (0..c.len()).map(move |k| (c[k], c[(k + 1) % c.len()])));
        along.chain(around).collect()
    }
}

/// All connections of a graph, or the first `most`.
pub fn connections(graph: &MixedGraph, most: usize) -> Vec<OneConnection> {
    let mut search = Search::new(graph, most);
    search.cycles(0);
    search.found
}

/// All one-connections from `k` to `i` of a graph, or the first `most`.
pub fn one_connections(graph: &MixedGraph, k: usize, i: usize, most: usize) -> Vec<OneConnection> {
    let mut search = Search::new(graph, most);
    search.path(k, i, &graph.ancestors(&[i]));
    search.found
}

struct Search {
    children: Vec<Vec<usize>>,
    used: Vec<bool>,
    /// For each vertex those that it can come back to: its strongly connected component.
    component: Vec<usize>,
    current: OneConnection,
    found: Vec<OneConnection>,
    most: usize,
}

impl Search {
    fn new(graph: &MixedGraph, most: usize) -> Search {
        let n = graph.size();
        let mut children = vec![Vec::new(); n];
        for (a, b, _) in graph.effects() {
            children[a].push(b);
        }
        children.iter_mut().for_each(|c| c.sort_unstable());
        let mut component = vec![0; n];
        for (c, list) in graph.components().iter().enumerate() {
            list.iter().for_each(|&v| component[v] = c);
        }
        let current = OneConnection { path: Vec::new(), cycles: Vec::new() };
        Search { children, used: vec![false; n], component, current, found: Vec::new(), most }
    }

    /// Extends the path to all its continuations that end in `end`.
    fn path(&mut self, at: usize, end: usize, leads: &[bool]) {
        if self.used[at] || !leads[at] || self.found.len() >= self.most {
            return;
        }
        self.used[at] = true;
        self.current.path.push(at);
        if at == end {
            self.cycles(0);
        } else {
            for k in 0..self.children[at].len() {
                self.path(self.children[at][k], end, leads);
            }
        }
        self.current.path.pop();
        self.used[at] = false;
    }

    /// Covers the vertices from `from` on by loops and cycles.
    fn cycles(&mut self, from: usize) {
        if self.found.len() >= self.most {
            return;
        }
        let Some(v) = (from..self.used.len()).find(|&v| !self.used[v]) else {
            self.found.push(self.current.clone());
            return;
        };
        self.used[v] = true;
        self.cycles(v + 1);
        let mut cycle = vec![v];
        self.around(&mut cycle);
        self.used[v] = false;
    }

    fn around(&mut self, cycle: &mut Vec<usize>) {
        let (first, at) = (cycle[0], cycle[cycle.len() - 1]);
        for k in 0..self.children[at].len() {
            let next = self.children[at][k];
            if next == first {
                self.current.cycles.push(cycle.clone());
                self.cycles(first + 1);
                self.current.cycles.pop();
            } else if next > first
                && !self.used[next]
                && self.component[next] == self.component[first]
            {
                self.used[next] = true;
                cycle.push(next);
                self.around(cycle);
                cycle.pop();
                self.used[next] = false;
            }
        }
    }
}
