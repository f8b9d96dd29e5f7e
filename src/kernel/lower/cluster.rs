//! Reductions that run in one loop because their bodies share work.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::term::{Graph, Node, Term, visit};

/// The reductions of one family of outputs, in clusters of one loop each.
#[derive(Default)]
pub(super) struct Clusters {
    clusters: Vec<Cluster>,
    number: FxHashMap<Term, usize>,
}

struct Cluster {
    members: Vec<Term>,
    bodies: Vec<Term>,
    /// What the bodies compute: their operations that depend on the index.
    work: FxHashSet<Term>,
}

/// The most reductions in one loop: each total occupies a register.
const MEMBERS: usize = 8;

/// The most clusters that a reduction is compared with.
const CANDIDATES: usize = 64;

/// The largest body whose work is compared; beyond it a reduction has a loop of its own.
const LARGEST_BODY: usize = 10_000;

impl Clusters {
    /// Puts reductions over the same range at the same place together when a body computes
    /// something that another one needs too.
    pub(super) fn new(graph: &Graph, roots: &[Term]) -> Clusters {
        let mut found = Clusters::default();
        let mut by_loop: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        let mut heights: FxHashMap<Term, usize> = FxHashMap::default();
        for term in visit::reachable(graph, roots) {
            let &Node::Reduce { binder, from, to, body } = graph.node(term) else { continue };
            let below = visit::reachable(graph, &[body]);
            let bit = 1 << binder.0;
            let work: FxHashSet<Term> = match below.len() > LARGEST_BODY {
                true => FxHashSet::default(),
                false => below.iter().copied().filter(|&t| works(graph, t, bit)).collect(),
            };
            // Loops of equal height cannot need each other, not even through other clusters.
            let height = below.iter().filter_map(|t| heights.get(t)).max().map_or(0, |h| h + 1);
            heights.insert(term, height);
            let place = (binder.0, from, to, graph.free_binders(term), height);
            let candidates = by_loop.entry(place).or_default();
            let fits = |k: &&usize| {
                let cluster = &found.clusters[**k];
                cluster.members.len() < MEMBERS && !cluster.work.is_disjoint(&work)
            };
            let number = match candidates.iter().rev().take(CANDIDATES).find(fits) {
                Some(&k) => k,
                None => {
                    let (members, bodies, work) = (Vec::new(), Vec::new(), FxHashSet::default());
                    found.clusters.push(Cluster { members, bodies, work });
                    candidates.push(found.clusters.len() - 1);
                    found.clusters.len() - 1
                }
            };
            let cluster = &mut found.clusters[number];
            cluster.members.push(term);
            cluster.bodies.push(body);
            cluster.work.extend(work);
            found.number.insert(term, number);
        }
        found
    }

    /// The reductions of a cluster.
    pub(super) fn members(&self, number: usize) -> &[Term] {
        &self.clusters[number].members
    }

    /// The cluster of a reduction and the bodies that it sums.
    pub(super) fn of(&self, reduction: Term) -> (usize, &[Term]) {
        let number = self.number[&reduction];
        (number, &self.clusters[number].bodies)
    }
}

/// Whether a term is an operation that changes with the index.
fn works(graph: &Graph, term: Term, bit: u32) -> bool {
    let leaf = matches!(
        graph.node(term),
        Node::Number(_) | Node::Symbol(_) | Node::Element(..) | Node::Index(_)
    );
    !leaf && graph.free_binders(term) & bit != 0
}
