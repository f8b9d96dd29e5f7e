//! Reciprocals of sums of roots: by conjugates, or from linear equations.

use super::{Monomial, Radicals, multiplied};
use crate::term::Number;

/// The largest dimension of a field in which a reciprocal is looked for.
const DIMENSION: usize = 24;

impl Radicals {
    /// `1 / self`: of one term, or of square roots, by multiplying with conjugates; of other roots
    /// from linear equations.
    pub fn recip(&self) -> Option<Radicals> {
        if let [(monomial, n)] = self.0.iter().collect::<Vec<_>>().as_slice() {
            let mut inverse = Monomial::new();
            let mut factor = n.recip()?;
            for (p, e) in monomial.iter() {
                factor = &factor * &Number::ratio(1, i64::try_from(*p).ok()?)?;
                inverse.push((*p, &Number::ONE - e));
            }
            let mut result = Radicals::default();
            result.add(inverse, factor);
            return Some(result);
        }
        let (mut numerator, mut denominator) = (Radicals::number(Number::ONE), self.clone());
        while denominator.as_number().is_none() {
            let Some(prime) = denominator.some_prime() else { return self.recip_by_elimination() };
            let conjugate = denominator.conjugate(prime);
            numerator = numerator.times(&conjugate)?;
            denominator = denominator.times(&conjugate)?;
        }
        Some(numerator.scaled(&denominator.as_number()?.recip()?))
    }

    /// `1 / self` among the sums of all products of the roots that occur: these are a field.
    fn recip_by_elimination(&self) -> Option<Radicals> {
        let mut basis: Vec<Monomial> = vec![Monomial::new()];
        let mut k = 0;
        while let Some(first) = basis.get(k).cloned() {
            for second in self.0.keys() {
                let (product, _) = multiplied(&first, second)?;
                if !basis.contains(&product) {
                    basis.push(product);
                }
            }
            k += 1;
            if basis.len() > DIMENSION {
                return None;
            }
        }
        // Column by column what each element of the basis becomes; the last column is 1.
        let n = basis.len();
        let mut rows = vec![vec![Number::ZERO; n + 1]; n];
        rows[0][n] = Number::ONE;
        for (column, element) in basis.iter().enumerate() {
            let mut single = Radicals::default();
            single.add(element.clone(), Number::ONE);
            for (monomial, c) in self.times(&single)?.0 {
                rows[basis.iter().position(|m| *m == monomial)?][column] = c;
            }
        }
        for column in 0..n {
            let pivot = (column..n).find(|&r| !rows[r][column].is_zero())?;
            rows.swap(column, pivot);
            let inverse = rows[column][column].recip()?;
            let row: Vec<Number> = rows[column].iter().map(|c| c * &inverse).collect();
            for (_, other) in rows.iter_mut().enumerate().filter(|(k, _)| *k != column) {
                let factor = other[column].clone();
                if !factor.is_zero() {
                    other.iter_mut().zip(&row).for_each(|(x, y)| *x = &*x - &(&factor * y));
                }
            }
            rows[column] = row;
        }
        let mut found = Radicals::default();
        for (element, row) in basis.into_iter().zip(rows) {
            found.add(element, row[n].clone());
        }
        Some(found)
    }
}
