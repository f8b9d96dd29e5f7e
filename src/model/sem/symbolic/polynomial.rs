//! Polynomials in the parameters of a graph, multiplied out.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::ring::Ring;
use crate::model::sem::graph::Weight;
use crate::term::Number;

/// A product of parameters: their positions in order, each as often as it is a factor.
pub type Monomial = SmallVec<[u16; 12]>;

/// A polynomial: monomials in order with coefficients other than zero.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Polynomial {
    terms: Vec<(Monomial, Number)>,
}

impl Polynomial {
    /// A number.
    pub fn constant(value: Number) -> Polynomial {
        let terms = if value.is_zero() { Vec::new() } else { vec![(Monomial::new(), value)] };
        Polynomial { terms }
    }

    /// A parameter.
    pub fn parameter(position: usize) -> Polynomial {
        Polynomial { terms: vec![(Monomial::from_slice(&[position as u16]), Number::ONE)] }
    }

    /// The sum of terms in any order.
    pub fn collect(mut terms: Vec<(Monomial, Number)>) -> Polynomial {
        terms.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut kept: Vec<(Monomial, Number)> = Vec::with_capacity(terms.len());
        for (monomial, coefficient) in terms {
            match kept.last_mut() {
                Some((last, total)) if *last == monomial => *total = &*total + &coefficient,
                _ => kept.push((monomial, coefficient)),
            }
        }
        kept.retain(|(_, c)| !c.is_zero());
        Polynomial { terms: kept }
    }

    /// Monomials in order with their coefficients.
    pub fn terms(&self) -> &[(Monomial, Number)] {
        &self.terms
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it is one.
    pub fn is_one(&self) -> bool {
        matches!(self.terms.as_slice(), [(m, c)] if m.is_empty() && c.is_one())
    }

    /// The sum of several.
    pub fn sum<'a>(parts: impl Iterator<Item = &'a Polynomial>) -> Polynomial {
        Self::collect(parts.flat_map(|p| p.terms.iter().cloned()).collect())
    }

    /// The product, multiplied out.
    pub fn times(&self, other: &Polynomial) -> Polynomial {
        let (few, many) =
            if self.terms.len() < other.terms.len() { (self, other) } else { (other, self) };
        let mut terms = Vec::with_capacity(few.terms.len() * many.terms.len());
        for (a, x) in &few.terms {
            for (b, y) in &many.terms {
                terms.push((merge(a, b), x * y));
            }
        }
        Self::collect(terms)
    }

    /// The negative.
    pub fn negative(&self) -> Polynomial {
        Polynomial { terms: self.terms.iter().map(|(m, c)| (m.clone(), -c)).collect() }
    }

    /// The value in a ring.
    pub fn value<R: Ring>(&self, ring: &mut R) -> R::Element {
        let mut powers: FxHashMap<u16, R::Element> = FxHashMap::default();
        let mut parts = Vec::with_capacity(self.terms.len());
        for (monomial, coefficient) in &self.terms {
            let mut factors = vec![ring.weight(&Weight::Constant(coefficient.clone()))];
            for p in monomial {
                let value = powers
                    .entry(*p)
                    .or_insert_with(|| ring.weight(&Weight::Parameter(usize::from(*p))));
                factors.push(value.clone());
            }
            parts.push(ring.product(&factors));
        }
        ring.sum(&parts)
    }
}

/// The product of two monomials.
fn merge(a: &Monomial, b: &Monomial) -> Monomial {
    if a.is_empty() || b.is_empty() {
        return if a.is_empty() { b.clone() } else { a.clone() };
    }
    let mut merged = Monomial::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let first = a[i] <= b[j];
        merged.push(if first { a[i] } else { b[j] });
        i += usize::from(first);
        j += usize::from(!first);
    }
    merged.extend_from_slice(&a[i..]);
    merged.extend_from_slice(&b[j..]);
    merged
}
