//! Whether a term is zero wherever it has a value, as a rational function of its kernels.

use super::kernels::Kernels;
use crate::polynomial::Budget;
use crate::term::sample::Claim;
use crate::term::{Graph, Term};

/// Whether a term is proved to be zero wherever it has a value.
pub fn is_zero(graph: &mut Graph, root: Term) -> bool {
    if !graph.witness(root, Claim::Defined) {
        return false;
    }
    let mut budget = Budget { terms: 5_000, work: 20_000_000 };
    let kernels = Kernels::of(graph, &[root]);
    matches!(kernels.fraction(graph, root, &mut budget), Ok(Some((f, _))) if f.is_zero())
}
