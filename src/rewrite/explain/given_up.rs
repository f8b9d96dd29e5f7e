//! What a step no longer asks: the points that it adds to the domain.

use rustc_hash::FxHashSet;

use super::domain::{Kind, Requirement, follows, requirements};
use super::identity::Identities;
use crate::rewrite::assumption::Assumptions;
use crate::rewrite::space::Space;
use crate::rewrite::terms::Terms;
use crate::term::{Graph, Term};

/// What had to hold for the first term to have a value, and neither follows from facts nor has to
/// hold for the second.
pub fn given_up(graph: &mut Graph, known: &Assumptions, old: Term, new: Term) -> Vec<Requirement> {
    let (granted, asked) = (requirements(graph, old), requirements(graph, new));
    let mut identities = Identities::new(graph, &[old, new]);
    let mut left = granted;
    left.retain(|r| follows(&mut identities, r, &asked) != Ok(true));
    let nothing = FxHashSet::default();
    let mut terms = Terms::new(graph, &nothing, known);
    left.retain(|r| !is_certain(&mut terms, r));
    left
}

/// Whether facts alone say that a requirement is met.
pub fn is_certain(terms: &mut Terms, requirement: &Requirement) -> bool {
    let id = terms.load(requirement.of);
    let facts = terms.facts(id);
    facts.total()
        && match requirement.kind {
            Kind::Nonzero => facts.signs.nonzero(),
            Kind::Nonnegative => facts.signs.nonnegative(),
            Kind::Positive => facts.signs.positive(),
            Kind::Call => true,
        }
}
