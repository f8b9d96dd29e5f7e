//! Quotients of the checker's polynomials.

use super::polynomial::{Polynomial, TooLarge, common};
use crate::term::Number;

/// A quotient of polynomials.
#[derive(Clone, Debug)]
pub struct Fraction {
    /// Numerator.
    pub over: Polynomial,
    /// Denominator.
    pub under: Polynomial,
}

impl Fraction {
    /// A quotient with common powers of parts cancelled.
    pub fn new(over: Polynomial, under: Polynomial) -> Fraction {
        if under.is_zero() {
            return Fraction::undefined();
        }
        let shared = common(&over.content(), &under.content());
        let (over, under) = (over.without(&shared), under.without(&shared));
        // A multiple of the denominator is a number.
        if let Some(inverse) = under.leading().recip() {
            let factor = &over.leading() * &inverse;
            if !factor.is_zero() && over == under.scaled(&factor) {
                return Fraction::constant(factor);
            }
        }
        Fraction { over, under }
    }

    /// What has no value: a denominator is zero.
    pub fn undefined() -> Fraction {
        let under = Polynomial::default();
        Fraction { over: Polynomial::constant(Number::ONE), under }
    }

    /// Whether this has no value for any values of the parts.
    pub fn is_undefined(&self) -> bool {
        self.under.is_zero()
    }

    /// A number.
    pub fn constant(n: Number) -> Fraction {
        Fraction { over: Polynomial::constant(n), under: Polynomial::constant(Number::ONE) }
    }

    /// A part.
    pub fn part(part: u32) -> Fraction {
        Fraction { over: Polynomial::part(part, 1), under: Polynomial::constant(Number::ONE) }
    }

    /// The number that this is, if it is one.
    pub fn as_constant(&self) -> Option<Number> {
        Some(&self.over.as_constant()? * &self.under.as_constant()?.recip()?)
    }

    /// A multiple.
    pub fn scaled(&self, factor: &Number) -> Fraction {
        Fraction { over: self.over.scaled(factor), under: self.under.clone() }
    }
}

/// `a + factor * b`.
///
/// # Errors
/// When that has too many terms.
pub fn sum(a: &Fraction, factor: &Number, b: &Fraction) -> Result<Fraction, TooLarge> {
    if a.under == b.under {
        return Ok(Fraction::new(a.over.plus(factor, &b.over)?, a.under.clone()));
    }
    let over = a.over.times(&b.under)?.plus(factor, &b.over.times(&a.under)?)?;
    Ok(Fraction::new(over, a.under.times(&b.under)?))
}
