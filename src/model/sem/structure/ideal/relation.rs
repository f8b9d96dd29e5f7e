//! Linear relations between functions on a model, found at random points and lifted.

use num_integer::Integer;

use super::monomial::Exponents;
use super::search::Refused;
use crate::model::sem::structure::prime::{self, Echelon};
use crate::numeric::random::Random;

/// Points without a new condition after which there are no more of them.
const SPARE: usize = 5;

/// The relations between some functions, by their values at random points modulo the prime; a point
/// that has none is a singular model.
///
/// # Errors
/// [`Refused::Interrupted`] and [`Refused::Singular`].
pub fn relations(
    width: usize,
    stop: fn() -> bool,
    mut values: impl FnMut(&mut Random) -> Option<Vec<u64>>,
) -> Result<Vec<Vec<u64>>, Refused> {
    let mut random = Random::new(width as u64);
    let mut system = Echelon::new(width);
    let mut idle = 0;
    while idle < SPARE && width > 0 {
        if stop() {
            return Err(Refused::Interrupted);
        }
        let row = values(&mut random).ok_or(Refused::Singular)?;
        idle = if system.add(row) { 0 } else { idle + 1 };
        if system.rank() == width {
            return Ok(Vec::new());
        }
    }
    Ok(system.null_space())
}

/// Monomials as lists of their factors, for their values at many points.
pub struct Products {
    /// The places of all factors, one monomial after the other, each as often as it is a factor.
    factors: Vec<usize>,
    /// Where each monomial ends.
    ends: Vec<usize>,
}

impl Products {
    /// The factors of monomials.
    pub fn new(monomials: &[Exponents]) -> Products {
        let mut products = Products { factors: Vec::new(), ends: Vec::new() };
        for monomial in monomials {
            for (place, &e) in monomial.iter().enumerate().filter(|(_, e)| **e > 0) {
                products.factors.extend(std::iter::repeat_n(place, usize::from(e)));
            }
            products.ends.push(products.factors.len());
        }
        products
    }

    /// The values of the monomials at a point.
    pub fn values<'a>(&'a self, sigma: &'a [u64]) -> impl Iterator<Item = u64> + 'a {
        let mut from = 0;
        self.ends.iter().map(move |&end| {
            let factors = &self.factors[std::mem::replace(&mut from, end)..end];
            factors.iter().fold(1, |product, &place| prime::mul(product, sigma[place]))
        })
    }
}

/// The polynomial with whole coefficients of a vector of residues; nothing when they are too large.
pub fn lift(monomials: &[Exponents], vector: &[u64]) -> Option<Vec<(Exponents, i64)>> {
    let fractions: Option<Vec<(i64, i64)>> =
        vector.iter().map(|&r| prime::reconstruct(r)).collect();
    let fractions = fractions?;
    let mut common: i64 = 1;
    for (_, d) in &fractions {
        common = common.checked_mul(d / common.gcd(d))?;
    }
    let mut terms = Vec::new();
    let mut divisor = 0i64;
    for (m, (n, d)) in monomials.iter().zip(&fractions).filter(|(_, (n, _))| *n != 0) {
        let coefficient = n.checked_mul(common / d)?;
        divisor = divisor.gcd(&coefficient);
        terms.push((m.clone(), coefficient));
    }
    let sign = terms.first().map_or(1, |(_, c)| c.signum());
    terms.iter_mut().for_each(|(_, c)| *c = *c / divisor * sign);
    Some(terms)
}
