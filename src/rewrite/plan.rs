//! Cutting terms into regions that an e-graph can hold.
//!
//! A region is what lies between some roots and a boundary of terms that are leaves for it. Roots
//! are the terms asked for and the terms of boundaries; small regions are taken together, so that
//! what they share is seen. Sums and products with very many arguments belong to no region.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::term::visit::reachable;
use crate::term::{Graph, Node, Term};

/// Arguments of a node beyond which it is no part of any region: matching is quadratic and worse.
pub const WIDEST: usize = 120;

/// Roots that are rewritten together.
#[derive(Clone, Debug)]
pub struct Region {
    /// The roots, arguments first.
    pub roots: Vec<Term>,
    /// The terms below them that are not looked into.
    pub boundary: FxHashSet<Term>,
}

/// Regions of about `limit` terms each, those that others stand on first.
pub fn regions(graph: &Graph, roots: &[Term], limit: usize) -> Vec<Region> {
    let order = reachable(graph, roots);
    let mut weights: FxHashMap<Term, usize> = FxHashMap::default();
    let mut cut: FxHashSet<Term> = FxHashSet::default();
    let mut frames: FxHashSet<Term> = FxHashSet::default();
    for &term in &order {
        let mut arguments: Vec<(usize, Term)> = Vec::new();
        let mut count = 0;
        graph.each_argument(graph.node(term), |t| {
            count += 1;
            if !cut.contains(&t) && weights[&t] > 0 {
                arguments.push((weights[&t], t));
            }
        });
        let leaf = count == 0;
        if count > WIDEST {
            frames.insert(term);
            cut.extend(arguments.iter().map(|(_, t)| *t));
            cut.insert(term);
            weights.insert(term, 0);
            continue;
        }
        let mut total = arguments.iter().map(|(w, _)| w).sum::<usize>();
        arguments.sort_unstable();
        while total >= limit {
            let Some((weight, heaviest)) = arguments.pop() else { break };
            cut.insert(heaviest);
            total -= weight;
        }
        weights.insert(term, if leaf { 0 } else { total + 1 });
    }
    let asked: FxHashSet<Term> = roots.iter().copied().collect();
    let heads = order.iter().copied().filter(|t| {
        let leaf = matches!(
            graph.node(*t),
            Node::Number(_) | Node::Symbol(_) | Node::Element(..) | Node::Index(_)
        );
        !leaf && !frames.contains(t) && (asked.contains(t) || cut.contains(t))
    });
    grouped(graph, heads.collect(), &cut, &frames, limit)
}

/// Takes heads together while their regions have at most `limit` terms in all.
fn grouped(
    graph: &Graph,
    heads: Vec<Term>,
    cut: &FxHashSet<Term>,
    frames: &FxHashSet<Term>,
    limit: usize,
) -> Vec<Region> {
    let mut regions = Vec::new();
    let (mut open, mut seen): (Vec<Term>, FxHashSet<Term>) = (Vec::new(), FxHashSet::default());
    let mut size = 0;
    let mut close = |open: &mut Vec<Term>, seen: &mut FxHashSet<Term>| {
        let roots = std::mem::take(open);
        // What is cut, unless it is a root here.
        let boundary = seen
            .drain()
            .filter(|t| frames.contains(t) || (cut.contains(t) && !roots.contains(t)))
            .collect();
        regions.push(Region { roots, boundary });
    };
    for head in heads {
        let fresh = below(graph, head, cut, &seen);
        let weight = fresh.iter().filter(|&&t| !is_leaf(graph, t)).count();
        if size + weight > limit && !open.is_empty() {
            close(&mut open, &mut seen);
            size = 0;
            let fresh = below(graph, head, cut, &seen);
            size += fresh.iter().filter(|&&t| !is_leaf(graph, t)).count();
            seen.extend(fresh);
        } else {
            size += weight;
            seen.extend(fresh);
        }
        open.push(head);
    }
    if !open.is_empty() {
        close(&mut open, &mut seen);
    }
    regions
}

/// The terms of the region below a head, cut ones included, that have not been seen.
fn below(
    graph: &Graph,
    head: Term,
    cut: &FxHashSet<Term>,
    seen: &FxHashSet<Term>,
) -> FxHashSet<Term> {
    let mut fresh = FxHashSet::from_iter([head]);
    let mut stack = vec![head];
    while let Some(term) = stack.pop() {
        if term != head && cut.contains(&term) {
            continue;
        }
        graph.each_argument(graph.node(term), |t| {
            if !seen.contains(&t) && fresh.insert(t) {
                stack.push(t);
            }
        });
    }
    fresh
}

fn is_leaf(graph: &Graph, term: Term) -> bool {
    matches!(graph.node(term), Node::Symbol(_) | Node::Number(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{Number, Op};

    #[test]
    fn a_chain_is_cut_into_links() {
        let mut g = Graph::new();
        let mut term = g.symbol("x");
        for _ in 0..1_000 {
            term = g.call(Op::Sin, &[term]);
        }
        let regions = regions(&g, &[term], 100);
        assert_eq!(regions.len(), 10);
        assert!(regions.iter().all(|r| r.roots.len() == 1));
        assert_eq!(regions.last().map(|r| r.roots.clone()), Some(vec![term]));
    }

    #[test]
    fn a_wide_sum_is_a_frame_around_its_terms() {
        let mut g = Graph::new();
        let parts: Vec<Term> = (0..1_000)
            .map(|k| {
                let s = g.symbol(&format!("s{k}"));
                g.call(Op::Exp, &[s])
            })
            .collect();
        let sum = g.sum(Number::ZERO, parts.iter().map(|&t| (Number::ONE, t)).collect::<Vec<_>>());
        let regions = regions(&g, &[sum], 100);
        let roots: Vec<Term> = regions.iter().flat_map(|r| r.roots.clone()).collect();
        assert_eq!(roots, parts);
    }
}
