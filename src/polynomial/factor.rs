//! Irreducible factors over the rationals.
//!
//! Several variables are brought down to one: what is of first degree in a variable is
//! irreducible once it has no content; a homogeneous polynomial needs one variable less; the rest
//! goes through Kronecker's substitution, whose factors are combined again.

use num_bigint::BigInt;

use super::budget::{Budget, Exceeded};
use super::combine::{Searched, combined};
use super::sparse::Polynomial;
use super::squarefree::Factors;
use super::univariate;
use crate::term::Number;

/// The largest degree of a polynomial in one variable that is factored.
const DEGREE: u32 = 400;

/// Combinations of factors after Kronecker's substitution that are tried.
const COMBINATIONS: u64 = 20_000;

impl Polynomial {
    /// The factorisation over the rationals into primitive polynomials with positive leading
    /// coefficients, in the order of their degrees.
    ///
    /// # Errors
    /// When it takes more work than the budget allows.
    pub fn factored(&self, budget: &mut Budget) -> Result<Factors, Exceeded> {
        let parts = self.square_free(budget)?;
        let mut factors: Vec<(Polynomial, u32)> = Vec::new();
        let mut complete = true;
        for (part, n) in parts.factors {
            for factor in irreducible(&part, &mut complete, budget)? {
                factors.push((factor, n));
            }
        }
        let key = |p: &Polynomial| (p.total_degree().0, p.term_count(), p.list());
        factors.sort_by_cached_key(|(p, n)| (key(p), *n));
        // The unit takes what signs and contents of the factors leave.
        let lead = |p: &Polynomial, n: u32| p.coefficients()[0].pow(n.into());
        let leads = factors.iter().try_fold(Number::ONE, |c, (p, n)| Some(&c * &lead(p, *n)?));
        let first = self.coefficients().first().cloned().unwrap_or(Number::ZERO);
        let unit = leads.and_then(|c| c.recip()).map(|c| &first * &c).ok_or(Exceeded::Work)?;
        Ok(Factors { unit, factors, complete })
    }
}

/// The irreducible factors of a square-free polynomial that no variable divides unless it is one.
fn irreducible(
    f: &Polynomial,
    complete: &mut bool,
    budget: &mut Budget,
) -> Result<Vec<Polynomial>, Exceeded> {
    let f = f.primitive().1;
    let variables = f.occurring();
    let Some(&lowest) = variables.iter().min_by_key(|&&v| f.degree(v)) else {
        return Ok(Vec::new());
    };
    if variables.len() == 1 && f.degree(lowest) == 1 {
        return Ok(vec![f]);
    }
    if variables.len() > 1 {
        let content = f.content_in(lowest, budget)?;
        if content.as_constant().is_none() {
            let rest = f.divided_by(&content, budget)?.ok_or(Exceeded::Work)?;
            let mut all = irreducible(&content, complete, budget)?;
            all.extend(irreducible(&rest, complete, budget)?);
            return Ok(all);
        }
        if f.degree(lowest) == 1 {
            return Ok(vec![f]);
        }
        if let (degree, true) = f.total_degree() {
            return homogeneous(&f, degree, &variables, complete, budget);
        }
        return kronecker(&f, &variables, complete, budget);
    }
    if f.degree(lowest) > DEGREE {
        *complete = false;
        return Ok(vec![f]);
    }
    let mut dense = vec![BigInt::default(); f.degree(lowest) as usize + 1];
    f.each_term(|c, powers| {
        dense[powers.first().map_or(0, |&(_, e)| e as usize)] = c.numerator();
    });
    let (parts, all) = univariate::factors(&dense, budget)?;
    *complete &= all;
    let made = parts.iter().map(|dense| {
        let terms = dense.iter().enumerate().map(|(e, c)| {
            (Number::from_integer(c.clone()), [(lowest, u32::try_from(e).unwrap_or(u32::MAX))])
        });
        Polynomial::from_terms(f.variables(), terms)
    });
    made.collect()
}

/// Factors of a homogeneous polynomial: those with 1 for a variable, made homogeneous again.
fn homogeneous(
    f: &Polynomial,
    degree: u32,
    variables: &[usize],
    complete: &mut bool,
    budget: &mut Budget,
) -> Result<Vec<Polynomial>, Exceeded> {
    let last = *variables.iter().max_by_key(|&&v| f.degree(v)).expect("several variables");
    let flat = f.at(last, &Number::ONE).ok_or(Exceeded::Exponents)?;
    debug_assert!(flat.total_degree().0 <= degree);
    let mut factors = Vec::new();
    for part in irreducible(&flat, complete, budget)? {
        let (degree, _) = part.total_degree();
        let mut list = part.list();
        for (_, powers) in &mut list {
            let own: u32 = powers.iter().map(|(_, e)| e).sum();
            powers.push((last, degree - own));
        }
        factors.push(Polynomial::from_terms(f.variables(), list)?.primitive().1);
    }
    Ok(factors)
}

/// Factors by powers of one variable in place of all (Kronecker 1882).
fn kronecker(
    f: &Polynomial,
    variables: &[usize],
    complete: &mut bool,
    budget: &mut Budget,
) -> Result<Vec<Polynomial>, Exceeded> {
    // The variable of the highest degree counts last, which keeps the image short.
    let mut order = variables.to_vec();
    order.sort_by_key(|&v| f.degree(v));
    let bases: Vec<u32> = order.iter().map(|&v| f.degree(v) + 1).collect();
    let size = bases.iter().try_fold(1_u32, |n, &b| n.checked_mul(b)).filter(|&n| n <= DEGREE);
    if size.is_none() {
        *complete = false;
        return Ok(vec![f.clone()]);
    }
    let mut list = f.list();
    for (_, powers) in &mut list {
        let mut exponent = 0;
        for (v, base) in order.iter().zip(&bases).rev() {
            let e = powers.iter().find(|(w, _)| w == v).map_or(0, |&(_, e)| e);
            exponent = exponent * base + e;
        }
        *powers = vec![(order[0], exponent)];
    }
    let image = Polynomial::from_terms(f.variables(), list)?;
    let mut parts: Vec<Polynomial> = Vec::new();
    for (part, n) in image.factored(budget)?.factors {
        parts.extend((0..n).map(|_| part.clone()));
    }
    let (mut rest, mut found) = (f.clone(), Vec::new());
    let searched = combined(parts, COMBINATIONS, |parts, chosen| {
        let mut product = Polynomial::constant(f.variables(), Number::ONE)?;
        for &k in chosen {
            product = product.times(&parts[k], budget)?;
        }
        let factor = unfolded(&product, &order, &bases)?;
        let Some(factor) = factor.filter(|p| p.as_constant().is_none()) else { return Ok(false) };
        let Some(quotient) = rest.divided_by(&factor, budget)? else { return Ok(false) };
        found.push(factor.primitive().1);
        rest = quotient;
        Ok(true)
    })?;
    *complete &= searched == Searched::All;
    if rest.as_constant().is_none() {
        found.push(rest.primitive().1);
    }
    Ok(found)
}

/// The polynomial whose image under Kronecker's substitution this is.
fn unfolded(
    image: &Polynomial,
    order: &[usize],
    bases: &[u32],
) -> Result<Option<Polynomial>, Exceeded> {
    let mut list = image.list();
    for (_, powers) in &mut list {
        let mut exponent = powers.first().map_or(0, |&(_, e)| e);
        powers.clear();
        for (&v, base) in order.iter().zip(bases) {
            powers.push((v, exponent % base));
            exponent /= base;
        }
        if exponent > 0 {
            return Ok(None);
        }
    }
    Polynomial::from_terms(image.variables(), list).map(Some)
}
