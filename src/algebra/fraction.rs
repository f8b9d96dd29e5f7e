//! Quotients of polynomials in lowest terms.

use crate::polynomial::{Budget, Exceeded, Polynomial};
use crate::term::Number;

/// A quotient in lowest terms; the denominator is primitive with a positive leading coefficient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fraction {
    /// The numerator.
    pub numerator: Polynomial,
    /// The denominator, which is not zero.
    pub denominator: Polynomial,
}

impl Fraction {
    /// A polynomial as a fraction.
    ///
    /// # Errors
    /// When there are too many variables.
    pub fn whole(numerator: Polynomial) -> Result<Fraction, Exceeded> {
        let denominator = Polynomial::constant(numerator.variables(), Number::ONE)?;
        Ok(Fraction { numerator, denominator })
    }

    /// The quotient of two polynomials, reduced; `None` when the second is zero.
    ///
    /// # Errors
    /// When it takes more than the budget.
    pub fn ratio(
        numerator: &Polynomial,
        denominator: &Polynomial,
        budget: &mut Budget,
    ) -> Result<Option<Fraction>, Exceeded> {
        if denominator.is_zero() {
            return Ok(None);
        }
        let [numerator, denominator] = numerator.divided(denominator, budget)?.cofactors;
        let (content, denominator) = denominator.primitive();
        let inverse = content.recip().unwrap_or(Number::ONE);
        Ok(Some(Fraction { numerator: numerator.scaled(&inverse), denominator }))
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.numerator.is_zero()
    }

    /// Whether it is a polynomial.
    pub fn is_whole(&self) -> bool {
        self.denominator.as_constant().is_some()
    }

    /// `factor * self`.
    pub fn scaled(&self, factor: &Number) -> Fraction {
        if factor.is_zero() {
            let one = self.denominator.scaled(&Number::ZERO);
            let denominator = Polynomial::constant(one.variables(), Number::ONE);
            let denominator = denominator.unwrap_or_else(|_| self.denominator.clone());
            return Fraction { numerator: one, denominator };
        }
        Fraction { numerator: self.numerator.scaled(factor), denominator: self.denominator.clone() }
    }

    /// `self + other` (Henrici 1956: only the common part of the denominators can cancel).
    ///
    /// # Errors
    /// When it takes more than the budget.
    pub fn plus(&self, other: &Fraction, budget: &mut Budget) -> Result<Fraction, Exceeded> {
        if self.denominator == other.denominator {
            let sum = self.numerator.plus(&other.numerator)?;
            budget.allow(sum.term_count())?;
            let found = match self.is_whole() {
                true => None,
                false => Fraction::ratio(&sum, &self.denominator, budget)?,
            };
            return Ok(
                found.unwrap_or(Fraction { numerator: sum, denominator: self.denominator.clone() })
            );
        }
        let common = self.denominator.divided(&other.denominator, budget)?;
        let [p, q] = &common.cofactors;
        let left = self.numerator.times(q, budget)?;
        let numerator = left.plus(&other.numerator.times(p, budget)?)?;
        budget.allow(numerator.term_count())?;
        let cancelled = numerator.divided(&common.gcd, budget)?;
        let [numerator, rest] = cancelled.cofactors;
        let denominator = rest.times(p, budget)?.times(q, budget)?;
        let (content, denominator) = denominator.primitive();
        let inverse = content.recip().unwrap_or(Number::ONE);
        Ok(Fraction { numerator: numerator.scaled(&inverse), denominator })
    }

    /// `self - other`.
    ///
    /// # Errors
    /// When it takes more than the budget.
    pub fn minus(&self, other: &Fraction, budget: &mut Budget) -> Result<Fraction, Exceeded> {
        self.plus(&other.scaled(&Number::MINUS_ONE), budget)
    }

    /// `self * other`.
    ///
    /// # Errors
    /// When it takes more than the budget.
    pub fn times(&self, other: &Fraction, budget: &mut Budget) -> Result<Fraction, Exceeded> {
        if self.is_whole() && other.is_whole() {
            return Fraction::whole(self.numerator.times(&other.numerator, budget)?);
        }
        if self.is_zero() || other.is_zero() {
            return Ok(self.scaled(&Number::ZERO));
        }
        let [a, d] = self.numerator.divided(&other.denominator, budget)?.cofactors;
        let [c, b] = other.numerator.divided(&self.denominator, budget)?.cofactors;
        let (content, denominator) = b.times(&d, budget)?.primitive();
        let inverse = content.recip().unwrap_or(Number::ONE);
        Ok(Fraction { numerator: a.times(&c, budget)?.scaled(&inverse), denominator })
    }

    /// `1 / self`; `None` for zero.
    pub fn recip(&self) -> Option<Fraction> {
        let (content, denominator) = self.numerator.primitive();
        if self.is_zero() {
            return None;
        }
        let numerator = self.denominator.scaled(&content.recip()?);
        Some(Fraction { numerator, denominator })
    }

    /// A whole power; `None` for a negative one of zero.
    ///
    /// # Errors
    /// When it takes more than the budget.
    pub fn power(&self, n: i64, budget: &mut Budget) -> Result<Option<Fraction>, Exceeded> {
        let base = match n < 0 {
            false => self.clone(),
            true => match self.recip() {
                Some(inverse) => inverse,
                None => return Ok(None),
            },
        };
        let n = u32::try_from(n.unsigned_abs()).map_err(|_| Exceeded::Exponents)?;
        // Powers of coprime polynomials are coprime.
        Ok(Some(Fraction {
            numerator: base.numerator.power(n, budget)?,
            denominator: base.denominator.power(n, budget)?,
        }))
    }
}
