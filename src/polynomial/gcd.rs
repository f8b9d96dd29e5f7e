//! Greatest common divisors of polynomials in several variables.
//!
//! Heuristic first (Char, Geddes and Gonnet 1989): a variable is replaced by a large integer, the
//! common divisor of the values is computed, and its digits to that base are the coefficients;
//! division tells whether it is right. Where numbers would grow too long, primitive remainders.

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{One, Zero};

use super::budget::{Budget, Exceeded};
use super::shape::List;
use super::sparse::Polynomial;
use crate::term::Number;

/// Most bits of an integer that a polynomial is evaluated to.
const BITS: u64 = 60_000;

/// Values of a variable that are tried.
const ATTEMPTS: usize = 5;

/// A greatest common divisor and what is left of both polynomials.
pub struct Divided {
    /// The divisor, primitive with a positive leading coefficient.
    pub gcd: Polynomial,
    /// The polynomials divided by it.
    pub cofactors: [Polynomial; 2],
}

impl Polynomial {
    /// The greatest common divisor over the rationals: primitive, with integer coefficients and a
    /// positive leading one; zero for two zeros.
    ///
    /// # Errors
    /// When it takes more work than the budget allows.
    pub fn gcd(&self, other: &Polynomial, budget: &mut Budget) -> Result<Polynomial, Exceeded> {
        Ok(self.divided(other, budget)?.gcd)
    }

    /// The greatest common divisor and the cofactors.
    ///
    /// # Errors
    /// When it takes more work than the budget allows.
    pub fn divided(&self, other: &Polynomial, budget: &mut Budget) -> Result<Divided, Exceeded> {
        let one = Polynomial::constant(self.variables(), Number::ONE)?;
        if self.is_zero() || other.is_zero() {
            let whole = if self.is_zero() { other } else { self };
            let (content, gcd) = whole.primitive();
            let quotient = |p: &Polynomial| match p.is_zero() {
                true => p.clone(),
                false => one.scaled(&content),
            };
            let cofactors = [quotient(self), quotient(other)];
            return Ok(Divided { gcd, cofactors });
        }
        let ((c, a), (d, b)) = (self.primitive(), other.primitive());
        let gcd = common(&a, &b, budget)?;
        let quotient = |p: &Polynomial, content: &Number, budget: &mut Budget| {
            Ok(p.divided_by(&gcd, budget)?.ok_or(Exceeded::Work)?.scaled(content))
        };
        let cofactors = [quotient(&a, &c, budget)?, quotient(&b, &d, budget)?];
        Ok(Divided { gcd, cofactors })
    }

    /// The greatest common divisor of the coefficients as a polynomial in one variable, primitive.
    ///
    /// # Errors
    /// When it takes more work than the budget allows.
    pub fn content_in(&self, variable: usize, budget: &mut Budget) -> Result<Polynomial, Exceeded> {
        let mut parts = self.in_variable(variable)?;
        // Short ones first: they are likely to have no divisor at all.
        parts.sort_by_key(|(_, p)| p.term_count());
        let mut content = Polynomial::zero(self.variables())?;
        for (_, part) in &parts {
            content = content.gcd(part, budget)?;
            if content.as_constant().is_some() {
                break;
            }
        }
        Ok(content)
    }
}

/// The gcd of primitive integer polynomials that are not zero.
fn common(a: &Polynomial, b: &Polynomial, budget: &mut Budget) -> Result<Polynomial, Exceeded> {
    let variables = a.variables();
    budget.spend((a.term_count() + b.term_count()) as u64)?;
    if a.as_constant().is_some() || b.as_constant().is_some() {
        return Polynomial::constant(variables, Number::ONE);
    }
    // Powers of variables are divisors that need no search.
    let (m, n) = (a.monomial_content(), b.monomial_content());
    if !m.is_empty() || !n.is_empty() {
        let least: Vec<(usize, u32)> = m
            .iter()
            .filter_map(|&(v, e)| n.iter().find(|(w, _)| *w == v).map(|&(_, f)| (v, e.min(f))))
            .collect();
        let gcd = common(&a.lowered(&m)?, &b.lowered(&n)?, budget)?;
        return least.iter().try_fold(gcd, |gcd, &(v, e)| gcd.raised(v, e));
    }
    if a.coefficients() == b.coefficients() && a == b {
        return Ok(a.clone());
    }
    // A divisor has no variable that only one of both has.
    let (x, y) = (a.occurring(), b.occurring());
    for (p, mine, q, theirs) in [(a, &x, b, &y), (b, &y, a, &x)] {
        if let Some(&v) = mine.iter().find(|v| !theirs.contains(v)) {
            return q.primitive().1.gcd(&p.content_in(v, budget)?, budget);
        }
    }
    if let Some(found) = heuristic(a, b, &x, budget)? {
        return Ok(found.primitive().1);
    }
    remainders(a, b, x[0], budget)
}

/// The gcd of integer polynomials by values at integers, contents included; `None` when none was
/// found.
fn heuristic(
    a: &Polynomial,
    b: &Polynomial,
    variables: &[usize],
    budget: &mut Budget,
) -> Result<Option<Polynomial>, Exceeded> {
    // Common divisors of long integers take quadratic time, until there is none any more.
    for p in [a, b] {
        let words = p.height().bits() / 64;
        budget.spend(p.term_count().min(16) as u64 * words * words)?;
    }
    let (c, d) = (a.content().abs(), b.content().abs());
    let content = c.gcd(&d);
    let inverse = content.recip().unwrap_or(Number::ONE);
    let Some((&variable, rest)) = variables.split_last() else {
        return Polynomial::constant(a.variables(), content).map(Some);
    };
    let (a, b) = (a.scaled(&inverse), b.scaled(&inverse));
    if a.as_constant().is_some() || b.as_constant().is_some() {
        return Polynomial::constant(a.variables(), content).map(Some);
    }
    let mut base: BigInt = a.height().min(b.height()) * 2_u32 + 29_u32;
    for _ in 0..ATTEMPTS {
        let degree = u64::from(a.degree(variable).max(b.degree(variable)));
        let bits = degree * base.bits() + a.height().max(b.height()).bits();
        if bits > BITS {
            return Ok(None);
        }
        budget.spend((bits / 64 + 1) * (a.term_count() + b.term_count()) as u64)?;
        let at = Number::from_integer(base.clone());
        if let (Some(x), Some(y)) = (a.at(variable, &at), b.at(variable, &at))
            && !x.is_zero()
            && !y.is_zero()
            && let Some(value) = heuristic(&x, &y, rest, budget)?
        {
            let found = digits(&value, &base, variable)?.primitive().1;
            if a.divided_by(&found, budget)?.is_some() && b.divided_by(&found, budget)?.is_some() {
                return Ok(Some(found.scaled(&content)));
            }
        }
        // Another base without a simple relation to the last one.
        base = base * 73_794_u32 / 27_011_u32;
    }
    Ok(None)
}

/// The polynomial whose value at `base` this is, with coefficients between -base/2 and base/2.
fn digits(value: &Polynomial, base: &BigInt, variable: usize) -> Result<Polynomial, Exceeded> {
    let half: BigInt = base / 2;
    let mut list = List::new();
    value.each_term(|c, powers| {
        let mut left = c.numerator();
        let mut exponent = 0;
        while !left.is_zero() {
            let mut digit = left.mod_floor(base);
            if digit > half {
                digit -= base;
            }
            left = (left - &digit) / base;
            if !digit.is_zero() {
                let mut powers = powers.to_vec();
                powers.push((variable, exponent));
                list.push((Number::from_integer(digit), powers));
            }
            exponent += 1;
        }
    });
    Polynomial::from_terms(value.variables(), list)
}

/// The gcd by remainders without contents (Collins 1967).
fn remainders(
    a: &Polynomial,
    b: &Polynomial,
    variable: usize,
    budget: &mut Budget,
) -> Result<Polynomial, Exceeded> {
    let (c, d) = (a.content_in(variable, budget)?, b.content_in(variable, budget)?);
    let content = c.gcd(&d, budget)?;
    let mut a = a.divided_by(&c, budget)?.ok_or(Exceeded::Work)?;
    let mut b = b.divided_by(&d, budget)?.ok_or(Exceeded::Work)?;
    if a.degree(variable) < b.degree(variable) {
        std::mem::swap(&mut a, &mut b);
    }
    loop {
        let (rest, _) = a.pseudo_remainder(&b, variable, budget)?;
        if rest.is_zero() {
            return Ok(b.times(&content, budget)?.primitive().1);
        }
        if rest.degree(variable) == 0 {
            return Ok(content);
        }
        let part = rest.content_in(variable, budget)?;
        a = b;
        b = rest.divided_by(&part, budget)?.ok_or(Exceeded::Work)?.primitive().1;
    }
}

impl Polynomial {
    /// The remainder of division in one variable, after the dividend was multiplied by a power of
    /// the leading coefficient of the divisor, and its exponent.
    ///
    /// # Errors
    /// When it takes more work than the budget allows.
    pub(super) fn pseudo_remainder(
        &self,
        divisor: &Polynomial,
        variable: usize,
        budget: &mut Budget,
    ) -> Result<(Polynomial, u32), Exceeded> {
        let degree = divisor.degree(variable);
        let leading = |p: &Polynomial| -> Result<Polynomial, Exceeded> {
            Ok(p.in_variable(variable)?.pop().map_or_else(|| p.clone(), |(_, c)| c))
        };
        let lead = leading(divisor)?;
        let (mut rest, mut exponent) = (self.clone(), 0);
        while !rest.is_zero() && rest.degree(variable) >= degree {
            let top = leading(&rest)?.raised(variable, rest.degree(variable) - degree)?;
            let (x, y) = (rest.times(&lead, budget)?, divisor.times(&top, budget)?);
            rest = x.minus(&y)?;
            exponent += 1;
        }
        Ok((rest, exponent))
    }
}

/// The gcd of the integers of a list; 1 for none.
pub(super) fn integer_gcd<'a>(list: impl IntoIterator<Item = &'a BigInt>) -> BigInt {
    let gcd = list.into_iter().fold(BigInt::zero(), |g, n| g.gcd(n));
    if gcd.sign() == Sign::NoSign { BigInt::one() } else { gcd }
}
