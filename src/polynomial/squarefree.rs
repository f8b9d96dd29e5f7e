//! Square-free decomposition: the factors of each multiplicity, as products.

use super::budget::{Budget, Exceeded};
use super::sparse::Polynomial;
use crate::term::Number;

/// A number times powers of polynomials without common factors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Factors {
    /// The number.
    pub unit: Number,
    /// Primitive polynomials with positive leading coefficients, and their multiplicities.
    pub factors: Vec<(Polynomial, u32)>,
    /// Whether all that could be tried was: otherwise a factor may be a product.
    pub complete: bool,
}

impl Factors {
    /// The product.
    ///
    /// # Errors
    /// When it takes more than the budget.
    pub fn product(&self, variables: usize, budget: &mut Budget) -> Result<Polynomial, Exceeded> {
        let mut product = Polynomial::constant(variables, self.unit.clone())?;
        for (factor, n) in &self.factors {
            product = product.times(&factor.power(*n, budget)?, budget)?;
        }
        Ok(product)
    }
}

impl Polynomial {
    /// The square-free decomposition (Yun 1976): each factor is square-free, and a product of all
    /// irreducible factors of its multiplicity in one variable.
    ///
    /// # Errors
    /// When it takes more work than the budget allows.
    pub fn square_free(&self, budget: &mut Budget) -> Result<Factors, Exceeded> {
        let (unit, mut rest) = self.primitive();
        let mut factors: Vec<(Polynomial, u32)> = Vec::new();
        if self.is_zero() {
            return Ok(Factors { unit: Number::ZERO, factors, complete: true });
        }
        let monomial = rest.monomial_content();
        rest = rest.lowered(&monomial)?;
        for (v, e) in monomial {
            factors.push((Polynomial::variable(self.variables(), v)?, e));
        }
        while let Some(&variable) = rest.occurring().first() {
            let content = rest.content_in(variable, budget)?;
            let part = rest.divided_by(&content, budget)?.ok_or(Exceeded::Work)?;
            yun(&part, variable, &mut factors, budget)?;
            rest = content;
        }
        Ok(Factors { unit, factors, complete: true })
    }
}

/// The decomposition of what has no factor without the variable.
fn yun(
    f: &Polynomial,
    variable: usize,
    factors: &mut Vec<(Polynomial, u32)>,
    budget: &mut Budget,
) -> Result<(), Exceeded> {
    let first = f.divided(&f.derivative(variable)?, budget)?;
    let [mut b, c] = first.cofactors;
    let mut d = c.minus(&b.derivative(variable)?)?;
    let mut multiplicity = 1;
    while b.occurring().contains(&variable) {
        let step = b.divided(&d, budget)?;
        if step.gcd.as_constant().is_none() {
            factors.push((step.gcd, multiplicity));
        }
        let [next, e] = step.cofactors;
        d = e.minus(&next.derivative(variable)?)?;
        b = next;
        multiplicity += 1;
    }
    Ok(())
}
