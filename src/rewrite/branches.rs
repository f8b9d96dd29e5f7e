//! Branches of `if`, rewritten knowing that their conditions hold.
//!
//! In an e-graph equal means equal everywhere, so that what holds in one branch only is found
//! beforehand: each branch is a root of its own under what its condition adds.

use rustc_hash::{FxHashMap, FxHashSet};

use super::engine::{Engine, Rewritten};
use super::optimise::Options;
use super::rule::Ruleset;
use crate::term::visit::{Rebuild, free_symbols};
use crate::term::{Graph, Node, Op, Term};

/// Rewrites the branches of the outermost choices in the roots; those inside follow by themselves.
pub fn branches(
    engine: &dyn Engine,
    graph: &mut Graph,
    out: &mut Rewritten,
    boundary: &FxHashSet<Term>,
    rules: &Ruleset,
    options: &Options,
) {
    let mut images: FxHashMap<Term, Term> = FxHashMap::default();
    for (k, root) in out.roots.clone().into_iter().enumerate() {
        let found = choices(graph, root, boundary);
        for choice in &found {
            if images.contains_key(choice) {
                continue;
            }
            let Node::Call(_, args) = graph.node(*choice).clone() else { continue };
            let (mut image, mut standing) = (args.to_vec(), *choice);
            for (at, truth) in [(1, true), (2, false)] {
                if !related(graph, args[0], args[at]) {
                    continue;
                }
                let mut inside = options.clone();
                inside.assumptions.hold(graph, args[0], truth);
                if inside.assumptions.is_contradictory() {
                    continue;
                }
                let rewritten = engine.rewrite(graph, &[args[at]], boundary, rules, &inside);
                image[at] = rewritten.roots[0];
                out.stops.extend(rewritten.stops);
                out.extended.extend(rewritten.extended);
                if k == 0 && image[at] != args[at] {
                    match (&mut out.record, rewritten.record) {
                        (Some(record), Some(steps)) => {
                            if record.embed(graph, args[at], at, standing, &steps).is_err() {
                                out.record = None;
                            }
                            standing = graph.with_argument(standing, at, image[at]).0;
                        }
                        _ => out.record = None,
                    }
                }
            }
            let image = graph.call(Op::If, &image);
            images.insert(*choice, image);
        }
        let map = found.iter().map(|c| (*c, images[c])).filter(|(a, b)| a != b);
        let map: Vec<(Term, Term)> = map.collect();
        if !map.is_empty() {
            out.roots[k] = Rebuild::with(map).within(graph, root);
        }
        if k == 0
            && let Some(record) = &mut out.record
        {
            record.normal(graph, out.roots[0]);
        }
    }
}

/// Choices that stand in no branch of another one, in order of construction.
fn choices(graph: &Graph, root: Term, boundary: &FxHashSet<Term>) -> Vec<Term> {
    let (mut found, mut stack) = (FxHashSet::default(), vec![root]);
    let mut seen: FxHashSet<Term> = FxHashSet::default();
    while let Some(term) = stack.pop() {
        if boundary.contains(&term) || !seen.insert(term) {
            continue;
        }
        match graph.node(term) {
            Node::Call(Op::If, args) => {
                found.insert(term);
                stack.push(args[0]);
            }
            node => graph.each_argument(node, |t| stack.push(t)),
        }
    }
    let mut found: Vec<Term> = found.into_iter().collect();
    found.sort_unstable();
    found
}

/// Whether a condition says something about names of a branch.
fn related(graph: &Graph, condition: Term, branch: Term) -> bool {
    let named = free_symbols(graph, &[condition]);
    let leaf = matches!(graph.node(branch), Node::Number(_) | Node::Symbol(_) | Node::Element(..));
    !leaf && free_symbols(graph, &[branch]).iter().any(|s| named.contains(s))
}
