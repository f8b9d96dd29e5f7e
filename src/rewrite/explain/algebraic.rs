//! Steps by exact algebra: the difference of two terms is zero as a rational function over a basis.

use super::check::FlawKind;
use crate::algebra::constant::{Sign, sign};
use crate::algebra::domain::implied;
use crate::algebra::identity::{Proof, zero};
use crate::rewrite::assumption::Assumptions;
use crate::rewrite::defined::{gaps, holding};
use crate::rewrite::known::Known;
use crate::term::visit::free_symbols;
use crate::term::{Graph, Term};

/// Why two terms are equal wherever the first has a value.
pub fn proof(graph: &mut Graph, known: &Assumptions, a: Term, b: Term) -> Option<Proof> {
    let mut held = known.clone();
    for term in [a, b] {
        let granted = implied(graph, term);
        held = holding(graph, &held, &granted);
    }
    let difference = graph.sub(a, b);
    if free_symbols(graph, &[difference]).is_empty() && sign(graph, difference) == Some(Sign::Zero)
    {
        let by = Some("the difference is an algebraic number that is too small to be another");
        return Some(Proof { by, basis: Vec::new(), equations: Vec::new() });
    }
    zero(graph, difference, &mut Known::new(&held))
}

/// Whether, wherever the first term has a value, the second has the same.
///
/// # Errors
/// What is not shown.
pub fn implies(graph: &mut Graph, known: &Assumptions, a: Term, b: Term) -> Result<(), FlawKind> {
    match gaps(graph, known, [a, b]) {
        Some(gaps) if gaps.is_empty() => {}
        _ => return Err(FlawKind::Domain),
    }
    proof(graph, known, a, b).map(|_| ()).ok_or(FlawKind::NotIdentical)
}
