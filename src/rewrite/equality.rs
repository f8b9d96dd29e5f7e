//! The engine of equality saturation: domain-extending steps on terms, then saturation and
//! extraction, again while that helps.

use egg::{Id, Language};
use rustc_hash::{FxHashMap, FxHashSet};

use super::cost::{Measure, cost};
use super::engine::{Engine, Rewritten, classically};
use super::extract::Extractor;
use super::language::Form;
use super::optimise::Options;
use super::region::Region;
use super::rule::Ruleset;
use super::saturate::{Stop, saturate};
use super::terms::term_of;
use crate::term::visit::Rebuild;
use crate::term::{Graph, Term};

/// Equality saturation.
#[derive(Clone, Copy, Debug)]
pub struct Equality;

impl Engine for Equality {
    fn name(&self) -> &'static str {
        "egraph"
    }

    fn rewrite(
        &self,
        graph: &mut Graph,
        roots: &[Term],
        boundary: &FxHashSet<Term>,
        rules: &Ruleset,
        options: &Options,
    ) -> Rewritten {
        let mut best =
            Rewritten { roots: roots.to_vec(), stops: Vec::new(), extended: Vec::new() };
        let mut least = cost(graph, roots, options.measure);
        let mut current = roots.to_vec();
        for _ in 0..options.phases {
            let mut used = Vec::new();
            let before = current.clone();
            classically(graph, &mut current, boundary, rules.extending(), options, &mut used);
            if options.measure.shares()
                && cost(graph, &current, options.measure) > cost(graph, &before, options.measure)
            {
                // A cheaper tree may share less.
                (current, used) = (before, Vec::new());
            }
            let (extracted, stop) = saturated(graph, &current, boundary, rules, options);
            best.stops.push(stop);
            let price = cost(graph, &extracted, options.measure);
            let progress = price < least - 1e-9;
            if progress {
                (best.roots, least) = (extracted.clone(), price);
            }
            best.extended.extend(used);
            if matches!(stop, Stop::Conflict | Stop::Interrupted) || !progress {
                break;
            }
            // Canonical again: what was grouped for sharing is opened for the next phase.
            current = extracted.iter().map(|&t| Rebuild::default().within(graph, t)).collect();
        }
        best
    }
}

fn saturated(
    graph: &mut Graph,
    roots: &[Term],
    boundary: &FxHashSet<Term>,
    rules: &Ruleset,
    options: &Options,
) -> (Vec<Term>, Stop) {
    let mut region = Region::load(graph, roots, boundary, &options.assumptions);
    let loaded: Vec<Id> = region.ids.values().copied().collect();
    let stop = saturate(&mut region.classes, rules, &options.budget, options.stop);
    if stop == Stop::Conflict {
        return (roots.to_vec(), stop);
    }
    let classes = &region.classes;
    let input: FxHashMap<Id, Form> = loaded
        .into_iter()
        .map(|id| {
            (classes.find(id), classes.id_to_node(id).clone().map_children(|c| classes.find(c)))
        })
        .collect();
    let extractor = Extractor::new(classes, &region.roots, options.measure);
    let choice = extractor.best(&input, options.rounds);
    match choice.as_ref().and_then(|c| extractor.program(c)) {
        Some((steps, ids)) => (build(graph, &steps, &ids, options.measure), stop),
        None => (roots.to_vec(), stop),
    }
}

/// Terms of chosen nodes; grouped as chosen where sharing counts.
fn build(graph: &mut Graph, steps: &[(Id, &Form)], roots: &[Id], measure: Measure) -> Vec<Term> {
    let mut terms: FxHashMap<Id, Term> = FxHashMap::default();
    for (id, node) in steps {
        let args: Vec<Term> = node.children().iter().map(|c| terms[c]).collect();
        let term = match node {
            Form::Sum { constant, coefficients, .. } if measure.shares() => {
                let parts = coefficients.iter().cloned().zip(args).collect();
                graph.grouped_sum(constant.clone(), parts)
            }
            Form::Product { exponents, .. } if measure.shares() => {
                let parts = args.into_iter().zip(exponents.iter().cloned()).collect();
                graph.grouped_product(parts)
            }
            _ => term_of(graph, node, &args),
        };
        terms.insert(*id, term);
    }
    roots.iter().map(|id| terms[id]).collect()
}

