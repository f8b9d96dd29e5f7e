//! Exact division of polynomials.

use std::collections::BinaryHeap;

use super::budget::{Budget, Exceeded};
use super::exact::{Total, exact_quotient, words};
use super::layout::with_words;
use super::multiply::sum_of;
use super::sparse::{Polynomial, Terms};
use crate::term::Number;

impl Polynomial {
    /// The polynomial `q` with `q * divisor = self`, or `None` when there is none.
    ///
    /// Terms of the quotient are found from the leading one down, with a heap of the products that
    /// are still to be taken away (Monagan and Pearce 2007).
    ///
    /// # Errors
    /// When it has more terms or takes more work than the budget allows, or exponents do not fit
    /// the words of a monomial.
    pub fn divided_by(
        &self,
        divisor: &Polynomial,
        budget: &mut Budget,
    ) -> Result<Option<Polynomial>, Exceeded> {
        if divisor.is_zero() {
            return Ok(None);
        }
        if self.is_zero() {
            return Ok(Some(self.clone()));
        }
        // Degrees add up, so that those of the quotient are known.
        let degrees: Option<Vec<u32>> =
            (0..self.variables()).map(|v| self.degree(v).checked_sub(divisor.degree(v))).collect();
        let Some(degrees) = degrees else { return Ok(None) };
        // By Gauss's lemma integers suffice once the divisor has no content.
        let (content, divisor) = divisor.primitive();
        let (dividend, factor) = self.cleared();
        // A spare bit in each field shows where a difference of exponents is negative.
        let double = |b: &u32| b.checked_mul(2).map(|b| b | 1);
        let room: Option<Vec<u32>> = dividend.bounds.iter().map(double).collect();
        let (dividend, divisor) = dividend.unified(&divisor, &room.ok_or(Exceeded::Exponents)?)?;
        let quotient = with_words!(dividend.layout.words(), W => {
            heap_quotient::<W>(&dividend, &divisor, degrees, budget)?
        });
        let scale = (&factor * &content).recip().filter(|s| !s.is_one());
        Ok(quotient.map(|q| match scale {
            Some(scale) => q.scaled(&scale),
            None => q,
        }))
    }
}

/// The quotient of these degrees of polynomials with integer coefficients, in a layout with a
/// spare bit.
fn heap_quotient<const W: usize>(
    dividend: &Polynomial,
    divisor: &Polynomial,
    degrees: Vec<u32>,
    budget: &mut Budget,
) -> Result<Option<Polynomial>, Exceeded> {
    let guards = dividend.layout.guards();
    let guards: [u64; W] = std::array::from_fn(|k| guards[k]);
    let (a, b) = (dividend.monomials.as_chunks::<W>().0, divisor.monomials.as_chunks::<W>().0);
    let lead = &divisor.coefficients[0];
    let mut terms = Terms::<W>::with_capacity(a.len());
    let mut at = 0;
    // As for powers: the next product of each term of the divisor but the first.
    let mut next = vec![0_usize; b.len()];
    let mut waiting: Vec<u32> = (1..b.len() as u32).rev().collect();
    let mut heap: BinaryHeap<([u64; W], u32)> = BinaryHeap::new();
    let mut taken: Vec<u32> = Vec::new();
    loop {
        let monomial = match (a.get(at), heap.peek()) {
            (Some(m), Some((n, _))) => *m.max(n),
            (Some(m), None) => *m,
            (None, Some((n, _))) => *n,
            (None, None) => break,
        };
        let mut total = Total::default();
        if a.get(at) == Some(&monomial) {
            total.add_product(&dividend.coefficients[at], &Number::ONE);
            at += 1;
        }
        while let Some(&(m, k)) = heap.peek()
            && m == monomial
        {
            heap.pop();
            let i = k as usize;
            total.subtract_product(&divisor.coefficients[i], terms.coefficient(next[i]));
            taken.push(k);
        }
        let rest = total.value();
        budget.spend(1 + taken.len() as u64 * words(&rest))?;
        if !rest.is_zero() {
            let quotient: [u64; W] = std::array::from_fn(|k| monomial[k].wrapping_sub(b[0][k]));
            let mut fits = (0..W).all(|k| quotient[k] & guards[k] == 0);
            dividend.layout.each_power(&quotient, |v, e| fits &= e <= degrees[v]);
            let Some(c) = exact_quotient(&rest, lead).filter(|_| fits) else { return Ok(None) };
            budget.allow(terms.len() + 1)?;
            terms.push(quotient, c);
            for k in waiting.drain(..) {
                heap.push((sum_of(&b[k as usize], &quotient), k));
            }
        }
        for k in taken.drain(..) {
            let i = k as usize;
            next[i] += 1;
            if next[i] < terms.len() {
                heap.push((sum_of(&b[i], terms.monomial(next[i])), k));
            } else {
                waiting.push(k);
            }
        }
    }
    Ok(Some(terms.into_polynomial(dividend.layout.clone(), degrees)))
}
