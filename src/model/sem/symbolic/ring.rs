//! What the rule computes in: counts, residues, rationals, polynomials or shared terms.

use std::sync::Arc;

use super::polynomial::Polynomial;
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::model::sem::structure::prime;
use crate::term::{Graph, Number, Term};

/// A commutative ring in which the coefficients of a graph have values.
pub trait Ring {
    /// Its elements; copies are cheap.
    type Element: Clone;

    /// A whole number.
    fn whole(&mut self, value: i64) -> Self::Element;

    /// The value of a coefficient.
    fn weight(&mut self, weight: &Weight) -> Self::Element;

    /// A sum; zero when it has no parts.
    fn sum(&mut self, parts: &[Self::Element]) -> Self::Element;

    /// A product; one when it has no parts.
    fn product(&mut self, parts: &[Self::Element]) -> Self::Element;

    /// The negative.
    fn negate(&mut self, a: &Self::Element) -> Self::Element;

    /// Whether an element is zero.
    fn is_zero(&self, a: &Self::Element) -> bool;

    /// The quotient, where the ring divides.
    fn quotient(&mut self, _: &Self::Element, _: &Self::Element) -> Option<Self::Element> {
        None
    }
}

/// Counts: every coefficient is 1 and nothing is subtracted, so that `Δ` becomes the number of
/// connections and `N_ki` that of one-connections. Counts end at the largest number there is.
pub struct Counts;

impl Ring for Counts {
    type Element = u128;

    fn whole(&mut self, value: i64) -> u128 {
        u128::from(value.unsigned_abs())
    }

    fn weight(&mut self, _: &Weight) -> u128 {
        1
    }

    fn sum(&mut self, parts: &[u128]) -> u128 {
        parts.iter().fold(0, |a, b| a.saturating_add(*b))
    }

    fn product(&mut self, parts: &[u128]) -> u128 {
        parts.iter().fold(1, |a, b| a.saturating_mul(*b))
    }

    fn negate(&mut self, a: &u128) -> u128 {
        *a
    }

    fn is_zero(&self, a: &u128) -> bool {
        *a == 0
    }
}

/// Residues modulo [`prime::P`], with a residue for each parameter.
pub struct Modular<'v>(pub &'v [u64]);

impl Ring for Modular<'_> {
    type Element = u64;

    fn whole(&mut self, value: i64) -> u64 {
        prime::from_i64(value)
    }

    fn weight(&mut self, weight: &Weight) -> u64 {
        prime::value(weight, self.0)
    }

    fn sum(&mut self, parts: &[u64]) -> u64 {
        parts.iter().fold(0, |a, b| prime::add(a, *b))
    }

    fn product(&mut self, parts: &[u64]) -> u64 {
        parts.iter().fold(1, |a, b| prime::mul(a, *b))
    }

    fn negate(&mut self, a: &u64) -> u64 {
        prime::sub(0, *a)
    }

    fn is_zero(&self, a: &u64) -> bool {
        *a == 0
    }

    fn quotient(&mut self, a: &u64, b: &u64) -> Option<u64> {
        (*b != 0).then(|| prime::mul(*a, prime::invert(*b)))
    }
}

/// Exact rationals, with a number for each parameter.
pub struct Exact<'v>(pub &'v [Number]);

impl Ring for Exact<'_> {
    type Element = Number;

    fn whole(&mut self, value: i64) -> Number {
        value.into()
    }

    fn weight(&mut self, weight: &Weight) -> Number {
        match weight {
            Weight::Parameter(p) => self.0[*p].clone(),
            Weight::Constant(c) => c.clone(),
        }
    }

    fn sum(&mut self, parts: &[Number]) -> Number {
        parts.iter().fold(Number::ZERO, |a, b| &a + b)
    }

    fn product(&mut self, parts: &[Number]) -> Number {
        parts.iter().fold(Number::ONE, |a, b| &a * b)
    }

    fn negate(&mut self, a: &Number) -> Number {
        -a
    }

    fn is_zero(&self, a: &Number) -> bool {
        a.is_zero()
    }

    fn quotient(&mut self, a: &Number, b: &Number) -> Option<Number> {
        Some(a * &b.recip()?)
    }
}

/// Polynomials in the parameters, multiplied out.
pub struct Polynomials;

impl Ring for Polynomials {
    type Element = Arc<Polynomial>;

    fn whole(&mut self, value: i64) -> Arc<Polynomial> {
        Arc::new(Polynomial::constant(value.into()))
    }

    fn weight(&mut self, weight: &Weight) -> Arc<Polynomial> {
        Arc::new(match weight {
            Weight::Parameter(p) => Polynomial::parameter(*p),
            Weight::Constant(c) => Polynomial::constant(c.clone()),
        })
    }

    fn sum(&mut self, parts: &[Arc<Polynomial>]) -> Arc<Polynomial> {
        match parts {
            [one] => one.clone(),
            _ => Arc::new(Polynomial::sum(parts.iter().map(Arc::as_ref))),
        }
    }

    fn product(&mut self, parts: &[Arc<Polynomial>]) -> Arc<Polynomial> {
        let Some((first, rest)) = parts.split_first() else { return self.whole(1) };
        let mut product = first.clone();
        for part in rest {
            product = if part.is_one() {
                product
            } else if product.is_one() {
                part.clone()
            } else {
                Arc::new(product.times(part))
            };
        }
        product
    }

    fn negate(&mut self, a: &Arc<Polynomial>) -> Arc<Polynomial> {
        Arc::new(a.negative())
    }

    fn is_zero(&self, a: &Arc<Polynomial>) -> bool {
        a.is_zero()
    }
}

/// Terms of a graph, in which equal parts are one node.
pub struct Terms<'g> {
    /// Where they are.
    pub graph: &'g mut Graph,
    /// The symbol of each parameter.
    pub symbols: Vec<Term>,
}

impl<'g> Terms<'g> {
    /// Terms in the parameters of a mixed graph.
    pub fn new(graph: &'g mut Graph, mixed: &MixedGraph) -> Terms<'g> {
        let symbols = mixed.parameters.iter().map(|p| graph.symbol(&p.name)).collect();
        Terms { graph, symbols }
    }

    /// The same under the names that a notation makes Greek letters of.
    pub fn notation(graph: &'g mut Graph, mixed: &MixedGraph) -> Terms<'g> {
        let symbols = mixed.parameters.iter().map(|p| graph.symbol(&p.notation)).collect();
        Terms { graph, symbols }
    }
}

impl Ring for Terms<'_> {
    type Element = Term;

    fn whole(&mut self, value: i64) -> Term {
        self.graph.number(value)
    }

    fn weight(&mut self, weight: &Weight) -> Term {
        match weight {
            Weight::Parameter(p) => self.symbols[*p],
            Weight::Constant(c) => self.graph.number(c.clone()),
        }
    }

    fn sum(&mut self, parts: &[Term]) -> Term {
        self.graph.sum(Number::ZERO, parts.iter().map(|t| (Number::ONE, *t)))
    }

    fn product(&mut self, parts: &[Term]) -> Term {
        self.graph.product(parts.iter().map(|t| (*t, Number::ONE)))
    }

    fn negate(&mut self, a: &Term) -> Term {
        self.graph.neg(*a)
    }

    fn is_zero(&self, a: &Term) -> bool {
        self.graph.as_number(*a).is_some_and(Number::is_zero)
    }

    fn quotient(&mut self, a: &Term, b: &Term) -> Option<Term> {
        (!self.is_zero(b)).then(|| self.graph.div(*a, *b))
    }
}
