//! Exact polynomials in opaque parts, as plainly as they can be written: the checker's own
//! arithmetic.

use std::collections::BTreeMap;

use crate::term::Number;

/// Powers of parts, by falling part: `[(3, 1), (0, 2)]` is part 3 times the square of part 0. Compared
/// as lists, monomials are then in lexicographic order, which products keep.
pub type Monomial = Vec<(u32, u32)>;

/// More terms than allowed would be needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLarge;

/// Most terms of a polynomial.
const TERMS: usize = 20_000;

/// A polynomial: coefficients of monomials, none of them zero.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Polynomial(BTreeMap<Monomial, Number>);

impl Polynomial {
    /// A constant.
    pub fn constant(n: Number) -> Polynomial {
        let mut sum = Polynomial::default();
        sum.add_term(Monomial::new(), n);
        sum
    }

    /// A power of one part.
    pub fn part(part: u32, exponent: u32) -> Polynomial {
        let monomial = if exponent == 0 { Vec::new() } else { vec![(part, exponent)] };
        Polynomial(BTreeMap::from([(monomial, Number::ONE)]))
    }

    /// A polynomial of one term.
    pub fn monomial(c: Number, monomial: Monomial) -> Polynomial {
        let mut sum = Polynomial::default();
        sum.add_term(monomial, c);
        sum
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The value when there are no parts.
    pub fn as_constant(&self) -> Option<Number> {
        match self.0.iter().next() {
            None => Some(Number::ZERO),
            Some((m, n)) if m.is_empty() && self.0.len() == 1 => Some(n.clone()),
            _ => None,
        }
    }

    /// Monomials and coefficients.
    pub fn terms(&self) -> impl Iterator<Item = (&Monomial, &Number)> {
        self.0.iter()
    }

    /// The coefficient of the leading monomial.
    pub fn leading(&self) -> Number {
        self.0.iter().next_back().map_or(Number::ZERO, |(_, c)| c.clone())
    }

    /// The sum with a multiple of another.
    ///
    /// # Errors
    /// When there are too many terms.
    pub fn plus(&self, factor: &Number, other: &Polynomial) -> Result<Polynomial, TooLarge> {
        let mut sum = self.clone();
        for (m, c) in &other.0 {
            sum.add_term(m.clone(), factor * c);
        }
        if sum.0.len() > TERMS { Err(TooLarge) } else { Ok(sum) }
    }

    /// The product.
    ///
    /// # Errors
    /// When there are too many terms.
    pub fn times(&self, other: &Polynomial) -> Result<Polynomial, TooLarge> {
        let mut product = Polynomial::default();
        for (m, c) in &self.0 {
            for (n, d) in &other.0 {
                product.add_term(joined(m, n), c * d);
            }
            if product.0.len() > TERMS {
                return Err(TooLarge);
            }
        }
        Ok(product)
    }

    /// The power.
    ///
    /// # Errors
    /// When there are too many terms.
    pub fn power(&self, exponent: u32) -> Result<Polynomial, TooLarge> {
        if let [(m, c)] = &*self.0.iter().collect::<Vec<_>>() {
            let monomial = m.iter().map(|&(p, e)| (p, e * exponent)).collect();
            let c = c.pow(exponent.into()).ok_or(TooLarge)?;
            return Ok(Polynomial(BTreeMap::from([(monomial, c)])));
        }
        let mut power = Polynomial::constant(Number::ONE);
        for _ in 0..exponent {
            power = power.times(self)?;
        }
        Ok(power)
    }

    /// A multiple.
    pub fn scaled(&self, factor: &Number) -> Polynomial {
        Polynomial(self.0.iter().map(|(m, c)| (m.clone(), c * factor)).collect())
    }

    /// The quotient when the division leaves no rest.
    pub fn divided_by(&self, divisor: &Polynomial) -> Option<Polynomial> {
        let (lead, c) = divisor.0.iter().next_back()?;
        let inverse = c.recip()?;
        let (mut rest, mut quotient) = (self.clone(), Polynomial::default());
        for _ in 0..TERMS {
            let Some((m, d)) = rest.0.iter().next_back() else { return Some(quotient) };
            let (m, factor) = (without(m, lead)?, d * &inverse);
            for (n, e) in &divisor.0 {
                rest.add_term(joined(&m, n), -&(&factor * e));
            }
            quotient.add_term(m, factor);
        }
        None
    }

    /// The monomial that divides every term.
    pub fn content(&self) -> Monomial {
        let mut terms = self.0.keys();
        let mut common = terms.next().cloned().unwrap_or_default();
        for m in terms {
            for (part, e) in &mut common {
                let other = m.iter().find(|(p, _)| p == part).map_or(0, |(_, e)| *e);
                *e = (*e).min(other);
            }
        }
        common.retain(|(_, e)| *e > 0);
        common
    }

    /// The quotient by a monomial that divides every term.
    pub fn without(&self, monomial: &Monomial) -> Polynomial {
        let rest = |m| without(m, monomial).unwrap_or_default();
        Polynomial(self.0.iter().map(|(m, c)| (rest(m), c.clone())).collect())
    }

    fn add_term(&mut self, monomial: Monomial, c: Number) {
        use std::collections::btree_map::Entry;
        match self.0.entry(monomial) {
            Entry::Occupied(mut known) => {
                let sum = known.get() + &c;
                if sum.is_zero() {
                    known.remove();
                } else {
                    *known.get_mut() = sum;
                }
            }
            Entry::Vacant(free) if !c.is_zero() => {
                free.insert(c);
            }
            Entry::Vacant(_) => {}
        }
    }
}

/// What divides both monomials.
pub fn common(a: &Monomial, b: &Monomial) -> Monomial {
    let shared = a.iter().filter_map(|&(p, e)| {
        let (_, f) = b.iter().find(|(q, _)| *q == p)?;
        Some((p, e.min(*f)))
    });
    shared.collect()
}

/// The product of monomials.
fn joined(a: &Monomial, b: &Monomial) -> Monomial {
    let (mut product, mut i, mut j) = (Monomial::with_capacity(a.len() + b.len()), 0, 0);
    while i < a.len() || j < b.len() {
        let take_both = i < a.len() && j < b.len() && a[i].0 == b[j].0;
        if take_both {
            product.push((a[i].0, a[i].1 + b[j].1));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && a[i].0 > b[j].0) {
            product.push(a[i]);
            i += 1;
        } else {
            product.push(b[j]);
            j += 1;
        }
    }
    product
}

/// The quotient of monomials.
fn without(a: &Monomial, b: &Monomial) -> Option<Monomial> {
    let mut rest = a.clone();
    for &(part, e) in b {
        let found = rest.iter_mut().find(|(p, _)| *p == part)?;
        found.1 = found.1.checked_sub(e)?;
    }
    rest.retain(|(_, e)| *e > 0);
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_divide_again() {
        let (x, y) = (Polynomial::part(0, 1), Polynomial::part(1, 1));
        let sum = x.plus(&Number::ONE, &y).unwrap();
        let difference = x.plus(&Number::MINUS_ONE, &y).unwrap();
        let product = sum.times(&difference).unwrap();
        let squares = Polynomial::part(0, 2).plus(&Number::MINUS_ONE, &Polynomial::part(1, 2));
        assert_eq!(product, squares.unwrap());
        assert_eq!(product.divided_by(&sum), Some(difference));
        assert_eq!(product.divided_by(&x), None);
    }
}
