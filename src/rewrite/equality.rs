//! The engine of equality saturation: domain-extending steps on terms, then saturation and
//! extraction, again while that helps.

use egg::{Id, Language};
use rustc_hash::{FxHashMap, FxHashSet};

use super::assumption::Assumptions;
use super::branches::branches;
use super::cost::cost;
use super::engine::{Engine, Rewritten, classically};
use super::explain::derive::{Derivation, Unexplained, kept_node};
use super::explain::{Explanation, Step};
use super::extract::Extractor;
use super::knowledge::Classes;
use super::language::Form;
use super::optimise::Options;
use super::region::Region;
use super::rule::{Rule, Ruleset};
use super::saturate::{Stop, saturate};
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
        let mut best = Rewritten::new(roots, options);
        let mut least = cost(graph, roots, options.measure);
        let mut current = best.clone();
        branches(self, graph, &mut current, boundary, rules, options);
        keep(graph, &mut best, &mut least, &current, options);
        for _ in 0..options.phases {
            let before = current.clone();
            classically(graph, &mut current, boundary, rules.extending(), options);
            if options.measure.shares()
                && cost(graph, &current.roots, options.measure)
                    > cost(graph, &before.roots, options.measure)
            {
                // A cheaper tree may share less.
                current = before;
            }
            let stop = saturated(graph, &mut current, boundary, rules, options);
            current.stops.push(stop);
            let progress = keep(graph, &mut best, &mut least, &current, options);
            if matches!(stop, Stop::Conflict | Stop::Interrupted) || !progress {
                break;
            }
            // Canonical again: what was grouped for sharing is opened for the next phase.
            for root in &mut current.roots {
                *root = Rebuild::default().within(graph, *root);
            }
            if let Some(record) = &mut current.record {
                record.normal(graph, current.roots[0]);
            }
        }
        best
    }
}

/// Keeps what is cheaper; whether it was.
fn keep(
    graph: &Graph,
    best: &mut Rewritten,
    least: &mut f64,
    current: &Rewritten,
    options: &Options,
) -> bool {
    let price = cost(graph, &current.roots, options.measure);
    if price < *least - 1e-9 {
        (*best, *least) = (current.clone(), price);
        return true;
    }
    best.stops.clone_from(&current.stops);
    best.conflict.clone_from(&current.conflict);
    false
}

/// Saturates and extracts; why it ended.
fn saturated(
    graph: &mut Graph,
    current: &mut Rewritten,
    boundary: &FxHashSet<Term>,
    rules: &Ruleset,
    options: &Options,
) -> Stop {
    let traced = current.record.is_some();
    let mut region = Region::load(graph, &current.roots, boundary, &options.assumptions, traced);
    let stop = saturate(&mut region.classes, rules, &options.budget, options.stop);
    if stop == Stop::Conflict {
        current.conflict = conflict(graph, current, boundary, rules, options);
        return stop;
    }
    let extractor = Extractor::new(graph, &region, options.measure);
    let Some(choice) = extractor.best(options.effort).map(|found| found.choice) else {
        return stop;
    };
    let Some(built) = extractor.terms(graph, &choice) else { return stop };
    if let Some(record) = &mut current.record
        && built[0] != current.roots[0]
    {
        // What cannot be explained is not taken.
        let Some(forms) = extractor.forms(&choice) else { return stop };
        let end = chosen(graph, &forms, region.classes.find(region.roots[0]));
        let known = &options.assumptions;
        match derived(graph, &region.classes, rules, known, current.roots[0], end) {
            Ok(found) => {
                record.extend(found);
                record.normal(graph, built[0]);
            }
            Err(_) => return stop,
        }
    }
    current.roots = built;
    stop
}

/// The steps to a contradiction, by the same way again with its equations kept.
fn conflict(
    graph: &mut Graph,
    current: &Rewritten,
    boundary: &FxHashSet<Term>,
    rules: &Ruleset,
    options: &Options,
) -> Option<Explanation> {
    let mut region = Region::load(graph, &current.roots, boundary, &options.assumptions, true);
    saturate(&mut region.classes, rules, &options.budget, options.stop);
    let used: Vec<&Rule> = rules.rules.iter().collect();
    let events = region.classes.analysis.trace.take().unwrap_or_default();
    let known = &options.assumptions;
    let mut derivation = Derivation::new(graph, &region.classes, &used, known, &events);
    let (start, end) = derivation.contradiction(graph)?;
    let steps = derivation.steps(graph, start, end).ok()?;
    Some(Explanation { start, steps, end })
}

/// The steps from the input to what was chosen.
fn derived(
    graph: &mut Graph,
    classes: &Classes,
    rules: &Ruleset,
    known: &Assumptions,
    start: Term,
    end: Term,
) -> Result<Vec<Step>, Unexplained> {
    let used: Vec<&Rule> = rules.rules.iter().collect();
    let events = classes.analysis.trace.as_deref().unwrap_or_default();
    Derivation::new(graph, classes, &used, known, events).steps(graph, start, end)
}

/// The term of a chosen class, nothing collected.
fn chosen(graph: &mut Graph, steps: &[(Id, &Form)], root: Id) -> Term {
    let mut terms: FxHashMap<Id, Term> = FxHashMap::default();
    for (id, node) in steps {
        let args: Vec<Term> = node.children().iter().map(|c| terms[c]).collect();
        terms.insert(*id, kept_node(graph, node, &args));
    }
    terms[&root]
}
