//! How often terms and divisors are used, counted before lowering.

use rustc_hash::FxHashMap;

use crate::term::{Graph, Node, Number, Term, visit};

/// The part of a product with negative exponents.
pub(super) type Divisor = Vec<(Term, Number)>;

pub(super) struct Survey {
    uses: FxHashMap<Term, u32>,
    divisors: FxHashMap<Divisor, u32>,
}

impl Survey {
    pub(super) fn new(graph: &Graph, roots: &[Term]) -> Survey {
        let mut survey = Survey { uses: FxHashMap::default(), divisors: FxHashMap::default() };
        for &root in roots {
            *survey.uses.entry(root).or_default() += 1;
        }
        for term in visit::reachable(graph, roots) {
            let node = graph.node(term);
            graph.each_argument(node, |t| *survey.uses.entry(t).or_default() += 1);
            if let Node::Product(factors) = node {
                let divisor = divisor(factors);
                if !divisor.is_empty() {
                    *survey.divisors.entry(divisor).or_default() += 1;
                }
            }
        }
        survey
    }

    /// Whether only one term or output uses this term.
    pub(super) fn is_used_once(&self, term: Term) -> bool {
        self.uses.get(&term).is_none_or(|&n| n < 2)
    }

    /// Whether several products divide by this.
    pub(super) fn is_shared(&self, divisor: &Divisor) -> bool {
        self.divisors.get(divisor).is_some_and(|&n| n > 1)
    }
}

/// The factors of a product with negative exponents.
pub(super) fn divisor(factors: &[(Term, Number)]) -> Divisor {
    factors.iter().filter(|(_, e)| e.is_negative()).cloned().collect()
}
