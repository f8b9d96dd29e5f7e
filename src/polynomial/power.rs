//! Powers of polynomials.

use std::collections::BinaryHeap;

use num_bigint::BigInt;

use super::budget::{Budget, Exceeded};
use super::exact::{Ring, words};
use super::layout::with_words;
use super::multiply::sum_of;
use super::sparse::{Polynomial, Terms};
use crate::term::Number;

impl Polynomial {
    /// `self ^ n`.
    ///
    /// By the recurrence that `f·D(g) = n·D(f)·g` gives for the terms of `g = fⁿ` (Euler 1748 for
    /// one variable; Monagan and Pearce 2012 with a heap, for sparse ones in several), where `D`
    /// multiplies each term by the weight of its monomial. Each term of the result takes as many
    /// products as `f` has terms, fewer than any sequence of multiplications.
    ///
    /// # Errors
    /// When it has more terms or takes more work than the budget allows, or its exponents do not
    /// fit the words of a monomial.
    pub fn power(&self, n: u32, budget: &mut Budget) -> Result<Polynomial, Exceeded> {
        if n == 0 || self.term_count() <= 1 {
            return self.trivial_power(n);
        }
        // f^n has more than n terms: it has a root n times as often as f, and a polynomial with
        // k + 1 terms has no positive root more than k times (Descartes; Hajós 1953 in general).
        budget.allow(n as usize + 1)?;
        let times =
            |n: u32| -> Option<Vec<u32>> { self.bounds.iter().map(|b| b.checked_mul(n)).collect() };
        let bounds = times(n).ok_or(Exceeded::Exponents)?;
        // The recurrence looks at products of terms of f and of its power.
        let room = n.checked_add(1).and_then(times).ok_or(Exceeded::Exponents)?;
        let (base, factor) = self.cleared();
        let base = base.with_room(&room)?;
        let weights = weights(&base, n).ok_or(Exceeded::Exponents)?;
        // No coefficient of the power is larger than the power of the sum of all magnitudes; the
        // recurrence multiplies it by a coefficient and a difference of weights.
        let magnitudes = base.coefficients.iter().fold(Number::ZERO, |sum, c| &sum + &c.abs());
        let steepest = weights.iter().map(|w| w.unsigned_abs()).max().unwrap_or(0);
        let factor_bits = (2.0 * f64::from(n) * steepest as f64).log2();
        let most = magnitudes.to_f64().log2() * (f64::from(n) + 1.0) + factor_bits + 2.0;
        let power = with_words!(base.layout.words(), W => match most < 126.0 {
            true => recurrence::<W, i128>(&base, n, &weights, bounds, budget)?,
            false => recurrence::<W, BigInt>(&base, n, &weights, bounds, budget)?,
        });
        match factor.is_one() {
            true => Ok(power),
            false => {
                let scale = factor.pow(-i64::from(n)).ok_or(Exceeded::Work)?;
                Ok(power.scaled(&scale))
            }
        }
    }

    fn trivial_power(&self, n: u32) -> Result<Polynomial, Exceeded> {
        let mut terms = Vec::new();
        if n == 0 {
            terms.push((Number::ONE, Vec::new()));
        }
        let mut failed = None;
        self.each_term(|c, powers| {
            let raised = powers.iter().map(|&(v, e)| e.checked_mul(n).map(|e| (v, e)));
            match (c.pow(n.into()), raised.collect::<Option<Vec<_>>>()) {
                _ if n == 0 => {}
                (Some(c), Some(powers)) => terms.push((c, powers)),
                (None, _) => failed = Some(Exceeded::Work),
                (_, None) => failed = Some(Exceeded::Exponents),
            }
        });
        failed.map_or(Ok(()), Err)?;
        Polynomial::from_terms(self.variables(), terms)
    }
}

/// A weight of each variable for which the first term is lighter than all others or heavier than
/// all others: the difference of each term's weight from that of the first, of one sign.
fn weights(f: &Polynomial, n: u32) -> Option<Vec<i64>> {
    let exponents: Vec<Vec<i64>> = f
        .monomials()
        .map(|m| (0..f.variables()).map(|v| i64::from(f.layout.exponent(m, v))).collect())
        .collect();
    let first = &exponents[0];
    let below = |e: &[i64]| -> Vec<i64> { first.iter().zip(e).map(|(a, b)| a - b).collect() };
    let below: Vec<Vec<i64>> = exponents[1..].iter().map(|e| below(e)).collect();
    let dot = |weight: &[i64], d: &[i64]| {
        let mut products = weight.iter().zip(d).map(|(w, x)| w.checked_mul(*x));
        products.try_fold(0_i64, |sum, product| sum.checked_add(product?))
    };
    // From the last variable to the first: where a term first differs from the leading one it is
    // below it, so that a large enough weight there settles it.
    let mut weight = vec![0_i64; f.variables()];
    for v in (0..f.variables()).rev() {
        for d in below.iter().filter(|d| d[..v].iter().all(|&x| x == 0) && d[v] > 0) {
            let least = d[v].checked_sub(dot(&weight[v + 1..], &d[v + 1..])?)?;
            weight[v] = weight[v].max(least.div_euclid(d[v]));
        }
    }
    let lighter: Option<Vec<i64>> = below.iter().map(|d| dot(&weight, d)).collect();
    // Differences of weights of the power are up to 2n times those of its base.
    let fits = |w: &i64| w.checked_mul(4 * i64::from(n)).is_some();
    let weights = std::iter::once(0).chain(lighter?.into_iter().map(|w| -w)).collect::<Vec<_>>();
    weights.iter().all(fits).then_some(weights)
}

/// The power of a polynomial with integer coefficients; weights are relative to the first term.
fn recurrence<const W: usize, R: Ring>(
    f: &Polynomial,
    n: u32,
    weights: &[i64],
    bounds: Vec<u32>,
    budget: &mut Budget,
) -> Result<Polynomial, Exceeded> {
    let monomials = f.monomials.as_chunks::<W>().0;
    let coefficients: Vec<R> = f.coefficients.iter().map(R::from_number).collect();
    let lead = f.coefficients[0].pow(n.into()).ok_or(Exceeded::Work)?;
    let mut terms = Terms::<W>::with_capacity(2 * n as usize);
    let top = std::array::from_fn(|k| monomials[0][k] * u64::from(n));
    // Coefficients and weights of the terms found, relative to the first one.
    let mut found: Vec<(R, i64)> = vec![(R::from_number(&lead), 0)];
    terms.push(top, lead);
    // The next product of each term of f but the first with a term found; terms without one wait.
    let mut next = vec![0_usize; monomials.len()];
    let mut waiting: Vec<u32> = Vec::new();
    let mut heap: BinaryHeap<([u64; W], u32)> = (1..monomials.len())
        .map(|i| (sum_of(&monomials[i], terms.monomial(0)), i as u32))
        .collect();
    let mut taken: Vec<u32> = Vec::new();
    while let Some(&(monomial, first)) = heap.peek() {
        let mut total = R::zero();
        let weight = weights[first as usize] + found[next[first as usize]].1;
        while let Some(&(m, k)) = heap.peek()
            && m == monomial
        {
            heap.pop();
            let i = k as usize;
            let (c, light) = &found[next[i]];
            // n·w(eᵢ) - w(v), in which what is relative to the first term drops out.
            total.add_product(&coefficients[i], c, i64::from(n) * weights[i] - light);
            taken.push(k);
        }
        if !total.is_zero() {
            let c = total.quotient(&coefficients[0], weight);
            let number = c.to_number();
            budget.spend(monomials.len() as u64 * words(&number))?;
            budget.allow(terms.len() + 1)?;
            terms.push(std::array::from_fn(|k| monomial[k] - monomials[0][k]), number);
            found.push((c, weight));
            for k in waiting.drain(..) {
                heap.push((sum_of(&monomials[k as usize], terms.monomial(found.len() - 1)), k));
            }
        }
        for k in taken.drain(..) {
            let i = k as usize;
            next[i] += 1;
            if next[i] < found.len() {
                heap.push((sum_of(&monomials[i], terms.monomial(next[i])), k));
            } else {
                waiting.push(k);
            }
        }
    }
    Ok(terms.into_polynomial(f.layout.clone(), bounds))
}
