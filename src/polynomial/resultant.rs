//! Resultants and real roots.

use super::budget::{Budget, Exceeded};
use super::sparse::Polynomial;
use crate::term::Number;

impl Polynomial {
    /// The resultant by one variable: zero exactly where both have a common root in it, or both
    /// leading coefficients vanish. The determinant of Sylvester's matrix without fractions
    /// (Bareiss 1968).
    ///
    /// # Errors
    /// When it takes more than the budget.
    pub fn resultant(
        &self,
        other: &Polynomial,
        variable: usize,
        budget: &mut Budget,
    ) -> Result<Polynomial, Exceeded> {
        let (m, n) = (self.degree(variable) as usize, other.degree(variable) as usize);
        let zero = Polynomial::zero(self.variables())?;
        if self.is_zero() || other.is_zero() {
            return Ok(zero);
        }
        let size = m + n;
        budget.spend((size * size) as u64)?;
        let mut rows = vec![vec![zero.clone(); size]; size];
        for (p, degree, first, count) in [(self, m, 0, n), (other, n, n, m)] {
            for (e, c) in p.in_variable(variable)? {
                for k in 0..count {
                    rows[first + k][k + degree - e as usize] = c.clone();
                }
            }
        }
        let one = Polynomial::constant(self.variables(), Number::ONE)?;
        let (mut last, mut sign) = (one, Number::ONE);
        for k in 0..size {
            let Some(pivot) = (k..size).find(|&r| !rows[r][k].is_zero()) else { return Ok(zero) };
            if pivot != k {
                rows.swap(pivot, k);
                sign = -&sign;
            }
            for i in k + 1..size {
                for j in k + 1..size {
                    let (a, b) = (
                        rows[k][k].times(&rows[i][j], budget)?,
                        rows[i][k].times(&rows[k][j], budget)?,
                    );
                    let minor = a.minus(&b)?.divided_by(&last, budget)?;
                    rows[i][j] = minor.ok_or(Exceeded::Work)?;
                }
            }
            last = rows[k][k].clone();
        }
        Ok(last.scaled(&sign))
    }

    /// The number of different real roots of a polynomial in one variable between two numbers, or
    /// on the whole line for `None`; the ends are not counted, and must not be roots
    /// (Sturm 1829). `None` for a polynomial in several variables, or zero.
    ///
    /// # Errors
    /// When it takes more than the budget.
    pub fn real_roots(
        &self,
        low: Option<&Number>,
        high: Option<&Number>,
        budget: &mut Budget,
    ) -> Result<Option<usize>, Exceeded> {
        let variables = self.occurring();
        let variable = match variables.as_slice() {
            _ if self.is_zero() => return Ok(None),
            [] => return Ok(Some(0)),
            [v] => *v,
            _ => return Ok(None),
        };
        let mut chain = vec![self.clone(), self.derivative(variable)?];
        while let [.., a, b] = chain.as_slice()
            && !b.is_zero()
        {
            let (rest, exponent) = a.pseudo_remainder(b, variable, budget)?;
            // Signs count: a multiple by a negative number has the other one.
            let flipped = b.coefficients()[0].is_negative() && exponent % 2 == 1;
            let rest = if flipped { rest } else { rest.scaled(&Number::MINUS_ONE) };
            let content = rest.content().abs();
            chain.push(rest.scaled(&content.recip().unwrap_or(Number::ONE)));
        }
        chain.pop();
        let sign_at = |p: &Polynomial, at: Option<&Number>, low: bool| -> Option<i32> {
            let value = match at {
                Some(n) => p.at(variable, n)?.as_constant()?,
                None => {
                    let flips = low && p.degree(variable) % 2 == 1;
                    let lead = p.coefficients()[0].clone();
                    if flips { -&lead } else { lead }
                }
            };
            Some(i32::from(value.is_positive()) - i32::from(value.is_negative()))
        };
        let changes = |at: Option<&Number>, low: bool| -> Option<usize> {
            let signs: Option<Vec<i32>> = chain.iter().map(|p| sign_at(p, at, low)).collect();
            let signs: Vec<i32> = signs?.into_iter().filter(|s| *s != 0).collect();
            Some(signs.windows(2).filter(|w| w[0] != w[1]).count())
        };
        Ok(changes(low, true).zip(changes(high, false)).map(|(a, b)| a.saturating_sub(b)))
    }
}
