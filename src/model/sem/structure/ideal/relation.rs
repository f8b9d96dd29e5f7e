//! Linear relations between functions on a model, found at random points and lifted.

use num_integer::Integer;

use super::monomial::Exponents;
use super::search::Refused;
use crate::model::sem::structure::prime::{self, Random};

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
        if system.rows.len() == width {
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

/// Conditions in echelon form.
struct Echelon {
    width: usize,
    /// Rows with a one at their pivot, in the order in which they came.
    rows: Vec<Vec<u64>>,
    pivots: Vec<usize>,
}

impl Echelon {
    fn new(width: usize) -> Echelon {
        Echelon { width, rows: Vec::new(), pivots: Vec::new() }
    }

    /// Adds a condition; whether it is new.
    fn add(&mut self, mut row: Vec<u64>) -> bool {
        // Earlier rows are zero before their pivots only, so they are used in the order of these.
        for (known, &pivot) in self.rows.iter().zip(&self.pivots) {
            let factor = row[pivot];
            if factor != 0 {
                let factor = prime::P - factor;
                for (x, y) in row[pivot..].iter_mut().zip(&known[pivot..]) {
                    *x = prime::mul_add(factor, *y, *x);
                }
            }
        }
        let Some(pivot) = row.iter().position(|x| *x != 0) else { return false };
        let inverse = prime::invert(row[pivot]);
        row[pivot..].iter_mut().for_each(|x| *x = prime::mul(*x, inverse));
        let place = self.pivots.partition_point(|&p| p < pivot);
        self.pivots.insert(place, pivot);
        self.rows.insert(place, row);
        true
    }

    /// A vector for each column without a pivot.
    fn null_space(&self) -> Vec<Vec<u64>> {
        let mut free = vec![true; self.width];
        self.pivots.iter().for_each(|&p| free[p] = false);
        let each = (0..self.width).filter(|&c| free[c]).map(|column| {
            let mut vector = vec![0; self.width];
            vector[column] = 1;
            for (row, &pivot) in self.rows.iter().zip(&self.pivots).rev() {
                let mut sum = 0;
                for k in pivot + 1..self.width {
                    if vector[k] != 0 && row[k] != 0 {
                        sum = prime::add(sum, prime::mul(row[k], vector[k]));
                    }
                }
                vector[pivot] = prime::sub(0, sum);
            }
            vector
        });
        each.collect()
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
