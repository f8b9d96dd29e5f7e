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

/// The values of monomials at a point.
pub fn values(monomials: &[Exponents], sigma: &[u64]) -> Vec<u64> {
    let highest = monomials.iter().flat_map(|m| m.iter().copied()).max().unwrap_or(0);
    let powers: Vec<Vec<u64>> = sigma
        .iter()
        .map(|s| {
            let mut list = vec![1];
            for e in 0..usize::from(highest) {
                list.push(prime::mul(list[e], *s));
            }
            list
        })
        .collect();
    monomials
        .iter()
        .map(|m| {
            m.iter()
                .zip(&powers)
                .filter(|(e, _)| **e > 0)
                .fold(1, |product, (e, list)| prime::mul(product, list[usize::from(*e)]))
        })
        .collect()
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
