//! First and second derivatives of moments as sums of products of effects and moments.
//!
//! With total effects `T`, `∂σ_ij/∂λ_ab = T_bi σ_aj + T_bj σ_ia`, `∂σ_ij/∂ω_ab = T_ai T_bj + T_bi T_aj`
//! (half of it if `a = b`), `∂μ_i/∂λ_ab = T_bi μ_a`, `∂μ_i/∂α_a = T_ai` and `∂T_ij/∂λ_ab = T_ia T_bj`:
//! no derivative is larger than that, however large the formulas of the moments are.

use std::collections::BTreeMap;

use smallvec::{SmallVec, smallvec};

use crate::model::sem::symbolic::Programme;
use crate::term::{Graph, Number, Term};

/// What derivatives are made of.
#[derive(Clone, Copy)]
pub enum Quantity {
    /// The total effect of one variable on another one.
    Effect(usize, usize),
    /// A covariance.
    Covariance(usize, usize),
    /// A mean.
    Mean(usize),
}

/// The place of a coefficient that is a parameter.
#[derive(Clone, Copy)]
pub enum Place {
    /// `λ_ab`.
    Effect(usize, usize),
    /// `ω_ab`.
    Covariance(usize, usize),
    /// `α_a`.
    Intercept(usize),
}

type Product = SmallVec<[Quantity; 4]>;

/// The derivative of a quantity by a coefficient, as a sum of products.
fn derivative(of: Quantity, by: Place) -> SmallVec<[Product; 2]> {
    use Quantity::{Covariance, Effect, Mean};
    match (of, by) {
        (Effect(i, j), Place::Effect(a, b)) => smallvec![smallvec![Effect(i, a), Effect(b, j)]],
        (Covariance(i, j), Place::Effect(a, b)) => smallvec![
            smallvec![Effect(b, i), Covariance(a, j)],
            smallvec![Effect(b, j), Covariance(i, a)],
        ],
        (Covariance(i, j), Place::Covariance(a, b)) => {
            let mut sum = smallvec![smallvec![Effect(a, i), Effect(b, j)]];
            if a != b {
                sum.push(smallvec![Effect(b, i), Effect(a, j)]);
            }
            sum
        }
        (Mean(i), Place::Effect(a, b)) => smallvec![smallvec![Effect(b, i), Mean(a)]],
        (Mean(i), Place::Intercept(a)) => smallvec![smallvec![Effect(a, i)]],
        _ => SmallVec::new(),
    }
}

/// Derivatives of the moments of a programme.
pub struct Slopes<'a> {
    /// The moments.
    pub programme: &'a Programme,
    /// Coefficients, each with the position of its parameter.
    pub places: &'a [(Place, usize)],
    /// How many variables there are.
    pub size: usize,
}

impl Slopes<'_> {
    fn value(&self, q: Quantity) -> Option<Term> {
        match q {
            Quantity::Effect(i, j) => self.programme.effects[i * self.size + j],
            Quantity::Covariance(i, j) => self.programme.covariances[i * self.size + j],
            Quantity::Mean(i) => self.programme.means[i],
        }
    }

    /// A product as a term; nothing when it is zero.
    fn term(&self, graph: &mut Graph, product: &[Quantity]) -> Option<Term> {
        let factors: Option<SmallVec<[Term; 4]>> = product.iter().map(|q| self.value(*q)).collect();
        factors?.into_iter().reduce(|a, b| graph.mul(a, b))
    }

    /// Products whose factors are none of them zero.
    fn present(&self, products: impl IntoIterator<Item = Product>) -> Vec<Product> {
        let whole = |p: &Product| p.iter().all(|q| self.value(*q).is_some());
        products.into_iter().filter(whole).collect()
    }

    /// The derivatives of a moment by the parameters that change it.
    pub fn first(&self, graph: &mut Graph, moment: Quantity) -> Vec<(usize, Term)> {
        let mut sums: BTreeMap<usize, Vec<Term>> = BTreeMap::new();
        for &(place, parameter) in self.places {
            for product in derivative(moment, place) {
                sums.entry(parameter).or_default().extend(self.term(graph, &product));
            }
        }
        totals(graph, sums)
    }

    /// The second derivatives of a moment by two parameters, the second at most the first.
    pub fn second(&self, graph: &mut Graph, moment: Quantity) -> Vec<((usize, usize), Term)> {
        let mut sums: BTreeMap<(usize, usize), Vec<Term>> = BTreeMap::new();
        for &(one, k) in self.places {
            for product in self.present(derivative(moment, one)) {
                for &(other, l) in self.places.iter().filter(|(_, l)| *l <= k) {
                    for (at, &factor) in product.iter().enumerate() {
                        for mut part in derivative(factor, other) {
                            let rest = product.iter().enumerate().filter(|(n, _)| *n != at);
                            part.extend(rest.map(|(_, q)| *q));
                            sums.entry((k, l)).or_default().extend(self.term(graph, &part));
                        }
                    }
                }
            }
        }
        totals(graph, sums)
    }
}

/// Sums that are not zero.
fn totals<K>(graph: &mut Graph, sums: BTreeMap<K, Vec<Term>>) -> Vec<(K, Term)> {
    let mut found = Vec::new();
    for (key, parts) in sums {
        let sum = graph.sum(Number::ZERO, parts.into_iter().map(|t| (Number::ONE, t)));
        if !graph.as_number(sum).is_some_and(Number::is_zero) {
            found.push((key, sum));
        }
    }
    found
}
