//! What facts say of values and signs, asked one term at a time.

use rustc_hash::{FxHashMap, FxHashSet};

use super::assumption::Assumptions;
use super::facts::Facts;
use super::space::Space;
use super::terms::Terms;
use crate::algebra::basis::Knowledge;
use crate::term::{Graph, Interval, Term};

/// The facts of terms of one graph under assumptions.
pub struct Known<'a> {
    assumptions: &'a Assumptions,
    facts: FxHashMap<Term, Facts>,
}

impl<'a> Known<'a> {
    /// What follows from assumptions.
    pub fn new(assumptions: &'a Assumptions) -> Known<'a> {
        Known { assumptions, facts: FxHashMap::default() }
    }

    /// The facts of a term.
    pub fn of(&mut self, graph: &mut Graph, term: Term) -> &Facts {
        self.facts.entry(term).or_insert_with(|| {
            let nothing = FxHashSet::default();
            let mut terms = Terms::new(graph, &nothing, self.assumptions);
            let id = terms.load(term);
            terms.facts(id).clone()
        })
    }
}

impl Knowledge for Known<'_> {
    fn range(&mut self, graph: &mut Graph, term: Term) -> Interval {
        self.of(graph, term).range
    }

    fn positive(&mut self, graph: &mut Graph, term: Term) -> bool {
        self.of(graph, term).signs.positive()
    }

    fn nonnegative(&mut self, graph: &mut Graph, term: Term) -> bool {
        self.of(graph, term).signs.nonnegative()
    }

    fn integer(&mut self, graph: &mut Graph, term: Term) -> bool {
        self.of(graph, term).integer
    }
}
