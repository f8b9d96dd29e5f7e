//! The shortest form for people: what rewriting finds, from the term as it is given and multiplied
//! out, again until nothing gets shorter.

use rustc_hash::FxHashSet;

use super::cost::cost;
use super::explain::{Explanation, Record, check};
use super::optimise::{Options, Outcome, optimise};
use super::rule::Ruleset;
use crate::polynomial::expand;
use crate::term::visit::Rebuild;
use crate::term::{Graph, Term};

/// Most terms of a product that is multiplied out on the way to a shorter form.
const TRIED: usize = 200;

/// Rounds of multiplying out and rewriting.
const ROUNDS: usize = 4;

/// Passes over what the pass before has found: the last one only finds that it is final.
const PASSES: usize = 6;

/// Rewrites a term to the shortest form found, multiplied out first where that leads further.
///
/// The result is a fixed point: given again, it stays as it is.
pub fn simplify(graph: &mut Graph, root: Term, rules: &Ruleset, options: &Options) -> Outcome {
    let mut outcome = Outcome::unchanged(&[root], cost(graph, &[root], options.measure));
    outcome.explanation = options.explain.then(|| Record::new(root).finish());
    let is_known = options.explain || !options.assumptions.terms().is_empty();
    for _ in 0..PASSES {
        let given = outcome.roots[0];
        // In a graph of its own a term is looked at in the same order whatever was there before;
        // steps and assumptions belong to this graph.
        let mut apart = Graph::new();
        let found = match is_known {
            true => from(graph, given, rules, options),
            false => {
                let given = Rebuild::default().across(graph, &mut apart, given);
                from(&mut apart, given, rules, options)
            }
        };
        outcome.stops.extend(found.stops);
        if let Some(conflict) = found.conflict {
            // Told again in the terms of this graph.
            outcome.conflict = match is_known {
                true => Some(conflict),
                false => from(graph, given, rules, options).conflict,
            };
            break;
        }
        outcome.explanation =
            outcome.explanation.zip(found.explanation).map(|(mut steps, more)| {
                steps.steps.extend(more.steps);
                Explanation { end: more.end, ..steps }
            });
        if found.cost_after >= outcome.cost_after {
            break;
        }
        outcome.roots[0] = match is_known {
            true => found.roots[0],
            false => Rebuild::default().across(&apart, graph, found.roots[0]),
        };
        outcome.cost_after = found.cost_after;
        outcome.extended.extend(found.extended);
        if (options.stop)() {
            break;
        }
    }
    outcome
}

/// The shortest form found in one pass.
fn from(graph: &mut Graph, root: Term, rules: &Ruleset, options: &Options) -> Outcome {
    let record = options.explain.then(|| Record::new(root));
    let given = Form { term: root, cost: cost(graph, &[root], options.measure), record };
    let outcome = Outcome::unchanged(&[root], given.cost);
    let best = given.clone();
    let mut search = Search { rules, options, best, outcome, seen: FxHashSet::default() };
    search.rewritten(graph, &given);
    search.multiplied_out(graph, &given);
    let found = search.best.clone();
    search.multiplied_out(graph, &found);
    let Search { best, outcome, .. } = search;
    let explanation = best.record.map(Record::finish);
    Outcome { roots: vec![best.term], cost_after: best.cost, explanation, ..outcome }
}

/// A form of the term that is simplified.
#[derive(Clone)]
struct Form {
    term: Term,
    cost: f64,
    /// The steps to it, when they are asked for.
    record: Option<Record>,
}

struct Search<'s> {
    rules: &'s Ruleset,
    options: &'s Options,
    best: Form,
    outcome: Outcome,
    /// Forms that have been rewritten: that gives nothing new.
    seen: FxHashSet<Term>,
}

impl Search<'_> {
    /// Rewrites a form; whether the result is the shortest so far.
    fn rewritten(&mut self, graph: &mut Graph, form: &Form) -> bool {
        if !self.seen.insert(form.term) {
            return false;
        }
        let found = optimise(graph, &[form.term], self.rules, self.options);
        self.outcome.stops.extend(found.stops);
        self.outcome.conflict = self.outcome.conflict.take().or(found.conflict);
        if found.cost_after >= self.best.cost {
            return false;
        }
        self.outcome.extended.extend(found.extended);
        let record = form.record.clone().zip(found.explanation).map(|(mut record, more)| {
            record.extend(more.steps);
            record
        });
        self.best = Form { term: found.roots[0], cost: found.cost_after, record };
        true
    }

    /// Rewrites a form multiplied out, and what that leads to.
    fn multiplied_out(&mut self, graph: &mut Graph, form: &Form) {
        let mut from = form.clone();
        for _ in 0..ROUNDS {
            let Ok(term) = expand(graph, from.term, TRIED) else { return };
            if self.seen.contains(&term) {
                return;
            }
            let mut record = from.record;
            if let Some(record) = &mut record {
                let before = record.length();
                record.normal(graph, term);
                // What the checker would not follow is not tried.
                let known = &self.options.assumptions;
                if check(graph, self.rules, known, &record.since(before, from.term)).is_err() {
                    return;
                }
            }
            let cost = cost(graph, &[term], self.options.measure);
            if !self.rewritten(graph, &Form { term, cost, record }) {
                return;
            }
            from = self.best.clone();
        }
    }
}
