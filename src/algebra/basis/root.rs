//! Roots, cube roots and magnitudes of products.

use super::super::radical::prime_powers;
use super::{Basis, Family, Generator, Key};
use crate::term::{Graph, Number, Op, Term};

/// The sign of a factor, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Nonnegative,
    Nonpositive,
    Unknown,
}

impl Basis<'_> {
    fn sign(&mut self, graph: &mut Graph, factor: Term) -> Sign {
        let given = self.meaning(graph, factor);
        if self.knowledge.nonnegative(graph, given) {
            return Sign::Nonnegative;
        }
        let minus = graph.neg(given);
        if self.knowledge.nonnegative(graph, minus) {
            return Sign::Nonpositive;
        }
        self.sign_by_norm(graph, factor).unwrap_or(Sign::Unknown)
    }

    /// The sign of `a + b*r`, where `r` is not negative: that of `b` when `b^2*r^2 > a^2`.
    fn sign_by_norm(&mut self, graph: &mut Graph, factor: Term) -> Option<Sign> {
        let (kernels, fraction) = self.reduced(graph, factor)?;
        for v in fraction.numerator.occurring().into_iter().rev() {
            let generator = self.generator_at(kernels.kernel(v).0);
            let Some(Generator { key: Key::Root(..), relation: Some((2, square)), .. }) = generator
            else {
                continue;
            };
            let square = *square;
            let mut parts = [graph.number(0); 2];
            for (e, part) in fraction.numerator.in_variable(v).ok()? {
                *parts.get_mut(e as usize)? = kernels.expanded(graph, &part);
            }
            let b = parts[1];
            let [left, right] = parts.map(|t| graph.power(t, 2));
            let right = graph.mul(right, square);
            let norm = graph.sub(right, left);
            let Some(norm) = self.restored(graph, norm) else { continue };
            let denominator = kernels.expanded(graph, &fraction.denominator);
            let whole = graph.div(b, denominator);
            let plus = self.meaning(graph, whole);
            let minus = graph.neg(plus);
            if self.knowledge.positive(graph, norm) {
                if self.knowledge.nonnegative(graph, plus) {
                    return Some(Sign::Nonnegative);
                }
                if self.knowledge.nonnegative(graph, minus) {
                    return Some(Sign::Nonpositive);
                }
            }
        }
        None
    }

    /// Whether a term, as given, is at least zero wherever it has a value: each of its factors has
    /// a sign that is known.
    pub fn is_nonnegative(&mut self, graph: &mut Graph, given: Term) -> bool {
        let attempt = |basis: &mut Self, graph: &mut Graph| -> Option<bool> {
            let image = basis.express(graph, given)?;
            let (unit, factors) = basis.factors(graph, image)?;
            let mut negative = unit.is_negative();
            for (factor, _) in factors.into_iter().filter(|(_, n)| n % 2 != 0) {
                match basis.sign(graph, factor) {
                    Sign::Nonnegative => {}
                    Sign::Nonpositive => negative = !negative,
                    Sign::Unknown => return Some(false),
                }
            }
            Some(!negative)
        };
        attempt(self, graph) == Some(true)
    }

    /// A power with a rational exponent that is no integer; where it has a value its base is not
    /// negative.
    pub(super) fn power(
        &mut self,
        graph: &mut Graph,
        base: Term,
        exponent: &Number,
    ) -> Option<Term> {
        if exponent.is_integer() {
            return Some(graph.power(base, exponent.clone()));
        }
        let (mut unit, mut factors) = self.factors(graph, base)?;
        self.squares(graph, &mut unit, &mut factors);
        if unit.is_zero() {
            return exponent.is_positive().then(|| graph.number(0));
        }
        let mut parts: Vec<Term> = Vec::new();
        let mut negative = unit.is_negative();
        let mut open: Vec<(Term, i64)> = Vec::new();
        for (factor, n) in factors {
            let sign = self.sign(graph, factor);
            let oriented = match sign {
                _ if n % 2 == 0 => self.magnitude_of_factor(graph, factor, sign),
                Sign::Nonnegative => factor,
                Sign::Nonpositive => {
                    negative = !negative;
                    graph.neg(factor)
                }
                Sign::Unknown => {
                    open.push((factor, n));
                    continue;
                }
            };
            parts.push(self.power_of_factor(graph, oriented, &(exponent * &Number::from(n)))?);
        }
        let unit = self.power_of_number(graph, &unit.abs(), exponent)?;
        parts.push(unit);
        if let [(factor, n)] = open[..] {
            // The sign of the only one is what gives the whole its sign.
            let oriented = if negative { graph.neg(factor) } else { factor };
            parts.push(self.power_of_factor(graph, oriented, &(exponent * &Number::from(n)))?);
        } else if open.is_empty() {
            if negative {
                // There is no value but zero.
                return None;
            }
        } else {
            let odd: Vec<(Term, Number)> =
                open.iter().map(|(t, n)| (*t, Number::from(n.rem_euclid(2)))).collect();
            for (factor, n) in open {
                let even = Number::from(n - n.rem_euclid(2));
                let magnitude = self.magnitude_of_factor(graph, factor, Sign::Unknown);
                parts.push(self.power_of_factor(graph, magnitude, &(exponent * &even))?);
            }
            let product = graph.product(odd);
            let oriented = if negative { graph.neg(product) } else { product };
            let oriented = self.normal(graph, oriented)?;
            parts.push(self.power_of_factor(graph, oriented, exponent)?);
        }
        Some(graph.product(parts.into_iter().map(|t| (t, Number::ONE))))
    }

    /// Puts `sin(x)^2` in place of `(1 - cos(x))*(1 + cos(x))`, and the other way round.
    fn squares(&self, graph: &mut Graph, unit: &mut Number, factors: &mut Vec<(Term, i64)>) {
        let pairs: Vec<[Term; 2]> = self
            .generators
            .iter()
            .filter_map(|g| match &g.key {
                Key::Sine(base, steps) => {
                    let other = self.by_key.get(&Key::Cosine(*base, *steps))?;
                    Some([g.symbol, self.generators[*other].symbol])
                }
                _ => None,
            })
            .flat_map(|[s, c]| [[s, c], [c, s]])
            .collect();
        for [square, of] in pairs {
            let ends = [Number::MINUS_ONE, Number::ONE]
                .map(|one| graph.sum(one, [(Number::ONE, of)]))
                .map(|end| factors.iter().position(|(t, n)| *t == end && n % 2 != 0));
            let [Some(below), Some(above)] = ends else { continue };
            let n = factors[below].1;
            if factors[above].1 != n {
                continue;
            }
            factors.retain({
                let gone = [factors[below].0, factors[above].0];
                move |(t, _)| !gone.contains(t)
            });
            factors.push((square, 2 * n));
            // (c - 1)*(c + 1) is -s^2.
            *unit = -&*unit;
        }
    }

    /// A power of a positive number, in powers of primes.
    fn power_of_number(
        &mut self,
        graph: &mut Graph,
        base: &Number,
        exponent: &Number,
    ) -> Option<Term> {
        let mut parts = Vec::new();
        for (part, sign) in [(base.numerator(), 1), (base.denominator(), -1)] {
            for (p, n) in prime_powers(&part)? {
                let p = graph.number(p as i64);
                let exponent = exponent * &Number::from(sign * i64::from(n));
                parts.push((self.power_of_factor(graph, p, &exponent)?, Number::ONE));
            }
        }
        Some(graph.product(parts))
    }

    /// A power of what is not negative and no product.
    fn power_of_factor(
        &mut self,
        graph: &mut Graph,
        factor: Term,
        exponent: &Number,
    ) -> Option<Term> {
        if exponent.is_integer() {
            return Some(graph.power(factor, exponent.clone()));
        }
        match self.generator_at(factor).map(|g| g.key.clone()) {
            Some(Key::Power(base, steps)) => {
                let part = exponent * &Number::ratio(1, steps as i64)?;
                let argument = graph.scale(part, base);
                return self.exponential(graph, argument);
            }
            Some(Key::Root(of, steps)) => {
                let part = exponent * &Number::ratio(1, steps as i64)?;
                return self.power_of_factor(graph, of, &part);
            }
            _ => {}
        }
        let steps = self.steps(Family::Root, factor, exponent)?;
        let degree = u32::try_from(steps).ok()?;
        let given = self.meaning(graph, factor);
        let meaning = graph.power(given, Number::ratio(1, steps as i64)?);
        let key = Key::Root(factor, steps);
        let root = self.generator(graph, key, meaning, Some((degree, factor)));
        Some(graph.power(root, exponent * &Number::from(steps as i64)))
    }

    /// The magnitude of a term over the basis.
    pub(super) fn magnitude(&mut self, graph: &mut Graph, of: Term) -> Option<Term> {
        let (unit, factors) = self.factors(graph, of)?;
        let mut parts = Vec::with_capacity(factors.len());
        for (factor, n) in factors {
            let sign = self.sign(graph, factor);
            parts.push((self.magnitude_of_factor(graph, factor, sign), Number::from(n)));
        }
        let product = graph.product(parts);
        Some(graph.scale(unit.abs(), product))
    }

    fn magnitude_of_factor(&mut self, graph: &mut Graph, factor: Term, sign: Sign) -> Term {
        match sign {
            Sign::Nonnegative => factor,
            Sign::Nonpositive => graph.neg(factor),
            Sign::Unknown => {
                let given = self.meaning(graph, factor);
                let meaning = graph.call(Op::Abs, &[given]);
                let square = graph.power(factor, 2);
                self.generator(graph, Key::Magnitude(factor), meaning, Some((2, square)))
            }
        }
    }

    /// The real cube root of a term over the basis.
    pub(super) fn cube_root(&mut self, graph: &mut Graph, of: Term) -> Option<Term> {
        let third = Number::ratio(1, 3)?;
        let (unit, factors) = self.factors(graph, of)?;
        if unit.is_zero() {
            return Some(graph.number(0));
        }
        let number = self.power_of_number(graph, &unit.abs(), &third)?;
        let number = if unit.is_negative() { graph.neg(number) } else { number };
        let mut parts = vec![(number, Number::ONE)];
        for (factor, n) in factors {
            let (whole, rest) = (n.div_euclid(3), n.rem_euclid(3));
            parts.push((factor, whole.into()));
            if rest == 0 {
                continue;
            }
            let root = match self.sign(graph, factor) {
                Sign::Nonnegative => self.power_of_factor(graph, factor, &third)?,
                Sign::Nonpositive => {
                    let minus = graph.neg(factor);
                    let root = self.power_of_factor(graph, minus, &third)?;
                    graph.neg(root)
                }
                Sign::Unknown => {
                    let given = self.meaning(graph, factor);
                    let meaning = graph.call(Op::Cbrt, &[given]);
                    let key = Key::CubeRoot(factor);
                    self.generator(graph, key, meaning, Some((3, factor)))
                }
            };
            parts.push((root, rest.into()));
        }
        Some(graph.product(parts))
    }
}
