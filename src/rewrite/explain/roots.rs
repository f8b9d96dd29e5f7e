//! Roots of rational functions as products of roots, where their factors allow it.

use std::rc::Rc;

use num_integer::Integer;

use super::fraction::Fraction;
use super::identity::{Identities, Part};
use super::polynomial::{Polynomial, TooLarge};
use crate::term::Number;

impl Identities<'_> {
    /// The power with `steps` over the common degree.
    pub(super) fn root_power(
        &mut self,
        base: &Rc<Fraction>,
        steps: u32,
    ) -> Result<Fraction, TooLarge> {
        // The root of a product is the product of roots where all factors but one are certainly
        // not negative.
        let (Some(over), Some(under)) = (monomial(&base.over), monomial(&base.under)) else {
            return self.polynomial_root(base, steps);
        };
        if !over.0.is_positive() || !under.0.is_positive() {
            return self.joint_root((base.over.clone(), base.under.clone()), steps);
        }
        if self.signed(&over) + self.signed(&under) <= 1 {
            return self.quotient_root((&base.over, &base.under), steps);
        }
        let (safe_over, odd_over) = self.separated(&over);
        let (safe_under, odd_under) = self.separated(&under);
        // (x*y)^3 is not negative where x*y is not.
        let exponents = odd_over.iter().chain(&odd_under).map(|(_, n)| *n);
        let common = exponents.reduce(|a, b| Integer::gcd(&a, &b)).unwrap_or(1);
        let joint = |odd: &[(u32, u32)]| {
            let parts = odd.iter().map(|(p, n)| Polynomial::part(*p, n / common));
            let one = Polynomial::constant(Number::ONE);
            parts.into_iter().try_fold(one, |product, part| product.times(&part))
        };
        let joint = (joint(&odd_over)?, joint(&odd_under)?);
        let safe = self.quotient_root((&safe_over, &safe_under), steps)?;
        let joint = self.joint_root(joint, steps * common)?;
        self.product(&safe, &joint)
    }

    /// Numbers, roots and even powers, and the other powers.
    fn separated(&self, monomial: &(Number, Vec<(u32, u32)>)) -> (Polynomial, Vec<(u32, u32)>) {
        let (c, parts) = monomial;
        let (odd, safe): (Vec<_>, Vec<_>) =
            parts.iter().partition(|(p, n)| n % 2 == 1 && !self.is_safe(*p));
        (Polynomial::monomial(c.clone(), safe), odd)
    }

    /// The root of a quotient as a quotient of roots.
    fn quotient_root(
        &mut self,
        (over, under): (&Polynomial, &Polynomial),
        steps: u32,
    ) -> Result<Fraction, TooLarge> {
        let (over, under) = (self.root_of(over, steps)?, self.root_of(under, steps)?);
        let inverse = Fraction { over: under.under, under: under.over };
        self.product(&over, &inverse)
    }

    /// The root of a quotient that is no quotient of monomials; a number is taken out of it.
    fn polynomial_root(&mut self, base: &Rc<Fraction>, steps: u32) -> Result<Fraction, TooLarge> {
        let parts = base.over.terms().chain(base.under.terms());
        let rooted = parts.flat_map(|(m, _)| m).any(|&(part, _)| self.is_root(part));
        let (over, under) = (base.over.leading().abs(), base.under.leading().abs());
        let content = under.recip().map(|inverse| &over * &inverse);
        let (Some(content), false) = (content, rooted) else {
            return self.joint_root((base.over.clone(), base.under.clone()), steps);
        };
        let Some(inverse) = content.recip() else { return Err(TooLarge) };
        let number = self.number_root(&content, steps)?;
        let rest = self.joint_root((base.over.scaled(&inverse), base.under.clone()), steps)?;
        self.product(&number, &rest)
    }

    /// The root of a quotient as one part: that of the quotient or of its inverse.
    fn joint_root(
        &mut self,
        (over, under): (Polynomial, Polynomial),
        steps: u32,
    ) -> Result<Fraction, TooLarge> {
        let inverse = Fraction { over: under.clone(), under: over.clone() };
        let base = Fraction { over, under };
        for k in 0..self.parts.len() {
            let Part::Root(known) = self.parts[k].clone() else { continue };
            if self.same(&known, &Number::ONE, &inverse)? {
                let power = Polynomial::part(k as u32, steps);
                return self.reduced(Polynomial::constant(Number::ONE), power);
            }
        }
        let root = self.part(Part::Root(Rc::new(base)))?;
        self.reduced(root.over.power(steps)?, Polynomial::constant(Number::ONE))
    }

    /// How many factors of a monomial may be negative.
    fn signed(&self, (_, parts): &(Number, Vec<(u32, u32)>)) -> usize {
        parts.iter().filter(|(p, n)| n % 2 == 1 && !self.is_safe(*p)).count()
    }

    /// The root of a monomial as the product of roots of its factors.
    fn root_of(&mut self, p: &Polynomial, steps: u32) -> Result<Fraction, TooLarge> {
        let whole = |p: Polynomial| Fraction { over: p, under: Polynomial::constant(Number::ONE) };
        let Some((c, parts)) = monomial(p) else { return Err(TooLarge) };
        let mut total = self.number_root(&c, steps)?;
        for (part, n) in parts {
            let degree = self.degree as u32;
            let power = if self.is_root(part) && (n * steps).is_multiple_of(degree) {
                Polynomial::part(part, n * steps / degree)
            } else {
                // An even power is a power of the square.
                let square = n % 2 == 0 && !self.is_safe(part);
                let (inner, n) = if square { (2, n / 2) } else { (1, n) };
                let base = whole(Polynomial::part(part, inner));
                self.part(Part::Root(Rc::new(base)))?.over.power(n * steps)?
            };
            total = self.product(&total, &whole(power))?;
        }
        Ok(total)
    }

    /// The root of a positive number by the roots of its prime factors.
    fn number_root(&mut self, c: &Number, steps: u32) -> Result<Fraction, TooLarge> {
        let mut total = Fraction::constant(Number::ONE);
        let Some((n, d)) = c.small() else {
            let root = self.part(Part::Root(Rc::new(Fraction::constant(c.clone()))))?;
            let power = root.over.power(steps)?;
            return self.reduced(power, Polynomial::constant(Number::ONE));
        };
        for (n, below) in [(n, false), (d, true)] {
            for (prime, e) in factors(n) {
                let base = Rc::new(Fraction::constant(Number::from(prime)));
                let root = self.part(Part::Root(base))?;
                let power = root.over.power(e * steps)?;
                let power = self.reduced(power, Polynomial::constant(Number::ONE))?;
                let power = match below {
                    true => Fraction { over: power.under, under: power.over },
                    false => power,
                };
                total = self.product(&total, &power)?;
            }
        }
        Ok(total)
    }
}

/// Coefficient and powers of a polynomial of one term.
fn monomial(p: &Polynomial) -> Option<(Number, Vec<(u32, u32)>)> {
    let mut terms = p.terms();
    match (terms.next(), terms.next()) {
        (Some((m, c)), None) => Some((c.clone(), m.clone())),
        _ => None,
    }
}

/// Small prime factors with their exponents, and what is left as it is.
fn factors(mut n: i64) -> Vec<(i64, u32)> {
    let mut found = Vec::new();
    let mut prime = 2;
    while prime * prime <= n && prime < 1 << 16 {
        let mut e = 0;
        while n % prime == 0 {
            (n, e) = (n / prime, e + 1);
        }
        if e > 0 {
            found.push((prime, e));
        }
        prime += 1;
    }
    if n > 1 {
        found.push((n, 1));
    }
    found
}
