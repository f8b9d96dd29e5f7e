//! Polynomials seen as polynomials in one of their variables: coefficients, values, derivatives.

use num_bigint::BigInt;

use super::budget::Exceeded;
use super::sparse::Polynomial;
use crate::term::Number;

/// Terms as lists, from which polynomials are made.
pub(super) type List = Vec<(Number, Vec<(usize, u32)>)>;

impl Polynomial {
    /// The terms as a list.
    pub(super) fn list(&self) -> List {
        let mut list = List::with_capacity(self.term_count());
        self.each_term(|c, powers| list.push((c.clone(), powers.to_vec())));
        list
    }

    /// The variables that occur, in order.
    pub fn occurring(&self) -> Vec<usize> {
        let mut occurs = vec![false; self.variables()];
        self.each_term(|_, powers| powers.iter().for_each(|&(v, _)| occurs[v] = true));
        (0..occurs.len()).filter(|&v| occurs[v]).collect()
    }

    /// The coefficients as a polynomial in one variable, from the lowest power up, without those
    /// that are zero.
    ///
    /// # Errors
    /// Never for a polynomial that exists: parts need no more room.
    pub fn in_variable(&self, variable: usize) -> Result<Vec<(u32, Polynomial)>, Exceeded> {
        let mut parts: std::collections::BTreeMap<u32, List> = Default::default();
        self.each_term(|c, powers| {
            let exponent = powers.iter().find(|(v, _)| *v == variable).map_or(0, |&(_, e)| e);
            let rest = powers.iter().copied().filter(|(v, _)| *v != variable).collect();
            parts.entry(exponent).or_default().push((c.clone(), rest));
        });
        let made = parts
            .into_iter()
            .map(|(e, list)| Polynomial::from_terms(self.variables(), list).map(|p| (e, p)));
        made.collect()
    }

    /// `self * variable^by`.
    ///
    /// # Errors
    /// When the exponents do not fit the words of a monomial.
    pub fn raised(&self, variable: usize, by: u32) -> Result<Polynomial, Exceeded> {
        let mut list = self.list();
        list.iter_mut().for_each(|(_, powers)| powers.push((variable, by)));
        Polynomial::from_terms(self.variables(), list)
    }

    /// The derivative by one variable.
    ///
    /// # Errors
    /// Never for a polynomial that exists.
    pub fn derivative(&self, variable: usize) -> Result<Polynomial, Exceeded> {
        let mut list = List::new();
        self.each_term(|c, powers| {
            if let Some(at) = powers.iter().position(|(v, _)| *v == variable) {
                let mut powers = powers.to_vec();
                let exponent = Number::from(i64::from(powers[at].1));
                powers[at].1 -= 1;
                list.push((c * &exponent, powers));
            }
        });
        Polynomial::from_terms(self.variables(), list)
    }

    /// The polynomial with a number in place of one variable; `None` when a power grows too long.
    pub fn at(&self, variable: usize, value: &Number) -> Option<Polynomial> {
        let mut list = List::new();
        let mut known: Vec<(u32, Number)> = Vec::new();
        let mut failed = false;
        self.each_term(|c, powers| {
            let mut rest = Vec::with_capacity(powers.len());
            let mut c = c.clone();
            for &(v, e) in powers {
                if v != variable {
                    rest.push((v, e));
                    continue;
                }
                if !known.iter().any(|(k, _)| *k == e) {
                    match value.pow(e.into()) {
                        Some(power) => known.push((e, power)),
                        None => {
                            failed = true;
                            continue;
                        }
                    }
                }
                if let Some((_, power)) = known.iter().find(|(k, _)| *k == e) {
                    c = &c * power;
                }
            }
            list.push((c, rest));
        });
        if failed { None } else { Polynomial::from_terms(self.variables(), list).ok() }
    }

    /// The variables in another order or number: variable `v` becomes `map[v]`.
    ///
    /// # Errors
    /// When the exponents do not fit the words of a monomial.
    pub fn renamed(&self, variables: usize, map: &[usize]) -> Result<Polynomial, Exceeded> {
        let mut list = self.list();
        for (_, powers) in &mut list {
            powers.iter_mut().for_each(|(v, _)| *v = map[*v]);
        }
        Polynomial::from_terms(variables, list)
    }

    /// The largest magnitude of an integer coefficient.
    pub(super) fn height(&self) -> BigInt {
        let heights = self.coefficients().iter().map(|c| c.numerator().magnitude().clone());
        heights.max().unwrap_or_default().into()
    }

    /// The total degree, and whether all terms have it.
    pub fn total_degree(&self) -> (u32, bool) {
        let (mut most, mut least) = (0, u32::MAX);
        self.each_term(|_, powers| {
            let degree = powers.iter().map(|(_, e)| e).sum();
            most = most.max(degree);
            least = least.min(degree);
        });
        (most, most == least)
    }

    /// The smallest exponent of each variable in all terms: the monomial that divides it.
    pub fn monomial_content(&self) -> Vec<(usize, u32)> {
        let mut least: Option<Vec<u32>> = None;
        self.each_term(|_, powers| {
            let mut exponents = vec![0; self.variables()];
            powers.iter().for_each(|&(v, e)| exponents[v] = e);
            match &mut least {
                None => least = Some(exponents),
                Some(least) => least.iter_mut().zip(exponents).for_each(|(a, b)| *a = (*a).min(b)),
            }
        });
        let all = least.unwrap_or_default();
        all.into_iter().enumerate().filter(|(_, e)| *e > 0).collect()
    }

    /// The polynomial divided by a monomial that divides it.
    ///
    /// # Errors
    /// Never for a polynomial that exists.
    pub(super) fn lowered(&self, by: &[(usize, u32)]) -> Result<Polynomial, Exceeded> {
        let mut list = self.list();
        for (_, powers) in &mut list {
            for (v, e) in powers.iter_mut() {
                *e -= by.iter().find(|(w, _)| w == v).map_or(0, |&(_, e)| e);
            }
        }
        Polynomial::from_terms(self.variables(), list)
    }
}
