//! Sums of roots of rational numbers in normal form: `sqrt(12)` is `2*sqrt(3)`,
//! `sqrt(5 + 2*sqrt(6))` is `sqrt(2) + sqrt(3)`, `1/(1 + sqrt(2))` is `sqrt(2) - 1`.
//!
//! Products of powers of different primes with exponents below 1 are linearly independent over the
//! rationals (Besicovitch 1940), so that the form is unique.

mod reciprocal;

use std::collections::BTreeMap;

use num_bigint::{BigInt, BigUint};
use num_traits::{One, ToPrimitive, Zero};
use rustc_hash::FxHashMap;

use super::constant::{Sign, sign, turns};
use crate::term::visit::{Rebuild, reachable};
use crate::term::{Graph, Node, Number, Op, Term};

/// Primes up to this one are found by division.
const PRIMES: u64 = 20_000;

/// Most terms of a sum.
const TERMS: usize = 64;

/// Roots inside of roots that are taken out.
const DEPTH: usize = 4;

/// The largest whole power that is multiplied out.
const POWER: i64 = 64;

/// Powers of primes, each exponent between 0 and 1.
type Monomial = Vec<(u64, Number)>;

/// A sum of rational multiples of products of powers of primes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Radicals(BTreeMap<Monomial, Number>);

/// The prime factors of the magnitude of an integer that is not zero; `None` when it has large ones.
pub(super) fn prime_powers(n: &BigInt) -> Option<Vec<(u64, u32)>> {
    let mut rest = n.magnitude().clone();
    if rest.is_zero() {
        return None;
    }
    let mut found = Vec::new();
    let mut p = 2_u64;
    while !rest.is_one() && p <= PRIMES {
        if rest.to_u64().is_some_and(|small| p * p > small) {
            break;
        }
        let mut count = 0;
        while (&rest % p).is_zero() {
            rest /= p;
            count += 1;
        }
        if count > 0 {
            found.push((p, count));
        }
        p += if p == 2 { 1 } else { 2 };
    }
    if !rest.is_one() {
        // Without factors below the bound, what is below its square is a prime.
        let small = |n: &BigUint| n.to_u64().filter(|&n| n < PRIMES * PRIMES);
        let mut powers = (1..=rest.bits().min(64) as u32).map(|n| (rest.nth_root(n), n));
        let (root, n) = powers.find(|(root, n)| small(root).is_some() && root.pow(*n) == rest)?;
        found.push((small(&root)?, n));
    }
    Some(found)
}

impl Radicals {
    /// A rational number.
    pub fn number(n: Number) -> Radicals {
        let mut sum = Radicals::default();
        sum.add(Monomial::new(), n);
        sum
    }

    /// The value, when it is rational.
    pub fn as_number(&self) -> Option<Number> {
        match self.0.iter().next() {
            None => Some(Number::ZERO),
            Some((m, n)) if m.is_empty() && self.0.len() == 1 => Some(n.clone()),
            _ => None,
        }
    }

    fn add(&mut self, monomial: Monomial, n: Number) {
        let sum = match self.0.get(&monomial) {
            Some(old) => old + &n,
            None => n,
        };
        match sum.is_zero() {
            true => self.0.remove(&monomial),
            false => self.0.insert(monomial, sum),
        };
    }

    /// `self + factor * other`.
    pub fn plus(&self, factor: &Number, other: &Radicals) -> Radicals {
        let mut sum = self.clone();
        other.0.iter().for_each(|(m, n)| sum.add(m.clone(), n * factor));
        sum
    }

    /// `factor * self`.
    pub fn scaled(&self, factor: &Number) -> Radicals {
        Radicals::default().plus(factor, self)
    }

    /// `self * other`; `None` when it has too many terms.
    pub fn times(&self, other: &Radicals) -> Option<Radicals> {
        let mut product = Radicals::default();
        for (m, c) in &self.0 {
            for (n, d) in &other.0 {
                let (monomial, factor) = multiplied(m, n)?;
                product.add(monomial, &(c * d) * &factor);
            }
            if product.0.len() > TERMS {
                return None;
            }
        }
        Some(product)
    }

    /// A whole power; `None` for a negative one of zero, and for what is too long.
    pub fn power(&self, n: i64) -> Option<Radicals> {
        if n.abs() > POWER && self.0.len() > 1 {
            return None;
        }
        let base = if n < 0 { self.recip()? } else { self.clone() };
        let (mut result, mut square, mut n) = (Radicals::number(Number::ONE), base, n.abs());
        while n > 0 {
            if n & 1 == 1 {
                result = result.times(&square)?;
            }
            n >>= 1;
            if n > 0 {
                square = square.times(&square)?;
            }
        }
        Some(result)
    }

    /// A prime whose square root occurs; `None` when another root does.
    fn some_prime(&self) -> Option<u64> {
        let mut exponents = self.0.keys().flatten();
        if !exponents.clone().all(|(_, e)| *e == Number::HALF) {
            return None;
        }
        exponents.next().map(|(p, _)| *p)
    }

    /// With the other sign of the square root of a prime.
    fn conjugate(&self, prime: u64) -> Radicals {
        let has = |m: &Monomial| m.iter().any(|(p, _)| *p == prime);
        let flipped = self.0.iter().map(|(m, n)| (m.clone(), if has(m) { -n } else { n.clone() }));
        Radicals(flipped.collect())
    }

    /// `a` and `b` with `self = a + b * sqrt(prime)`.
    fn parts(&self, prime: u64) -> (Radicals, Radicals) {
        let (mut a, mut b) = (Radicals::default(), Radicals::default());
        for (m, n) in &self.0 {
            let without: Monomial = m.iter().filter(|(p, _)| *p != prime).cloned().collect();
            if without.len() == m.len() { &mut a } else { &mut b }.add(without, n.clone());
        }
        (a, b)
    }

    /// The sign.
    fn sign(&self, graph: &mut Graph) -> Option<Sign> {
        let term = self.term(graph);
        sign(graph, term)
    }

    /// The positive real `n`-th root of a positive number, as a sum of roots of rationals when it is
    /// found to be one.
    pub fn root(&self, graph: &mut Graph, n: u32) -> Option<Radicals> {
        let found = self.nested_root(graph, n, DEPTH)?;
        let power = found.power(n.into())?;
        (power == *self && found.sign(graph)? == Sign::Positive).then_some(found)
    }

    fn nested_root(&self, graph: &mut Graph, n: u32, depth: usize) -> Option<Radicals> {
        if let Some(number) = self.as_number() {
            return number_root(&number, n);
        }
        if self.0.len() == 1 || depth == 0 {
            return self.single_root(n);
        }
        match n {
            2 => self.square_root(graph, depth),
            _ if n.is_multiple_of(2) => {
                self.nested_root(graph, 2, depth)?.nested_root(graph, n / 2, depth - 1)
            }
            _ => self.odd_root(n),
        }
    }

    /// The root of one term.
    fn single_root(&self, n: u32) -> Option<Radicals> {
        let [(monomial, c)] = self.0.iter().collect::<Vec<_>>()[..] else { return None };
        let share = Number::ratio(1, n.into())?;
        let inner = monomial.iter().map(|(p, e)| (*p, e * &share)).collect();
        let mut root = Radicals::default();
        root.add(inner, Number::ONE);
        number_root(c, n)?.times(&root)
    }

    /// `sqrt(a + b*sqrt(p)) = sqrt((a + d)/2) ± sqrt((a - d)/2)` with `d^2 = a^2 - p*b^2`
    /// (Borodin, Fagin, Hopcroft and Tompa 1985).
    fn square_root(&self, graph: &mut Graph, depth: usize) -> Option<Radicals> {
        let mut primes: Vec<u64> = self.0.keys().flatten().map(|(p, _)| *p).collect();
        primes.sort_unstable();
        primes.dedup();
        self.some_prime()?;
        for prime in primes {
            let (a, b) = self.parts(prime);
            let p = Radicals::number(Number::from(i64::try_from(prime).ok()?));
            let norm = a.times(&a)?.plus(&Number::MINUS_ONE, &b.times(&b)?.times(&p)?);
            let norm_sign = norm.sign(graph);
            let d = match norm_sign {
                Some(Sign::Zero) => Some(Radicals::default()),
                Some(Sign::Positive) => norm.nested_root(graph, 2, depth - 1),
                _ => None,
            };
            let Some(d) = d else { continue };
            let halves = [Number::HALF, -&Number::HALF]
                .map(|h| a.scaled(&Number::HALF).plus(&h, &d))
                .map(|half| match half.sign(graph) {
                    Some(Sign::Zero) => Some(Radicals::default()),
                    Some(Sign::Positive) => half.nested_root(graph, 2, depth - 1),
                    _ => None,
                });
            let [Some(u), Some(v)] = halves else { continue };
            let minus = b.sign(graph)? == Sign::Negative;
            let found = u.plus(&if minus { Number::MINUS_ONE } else { Number::ONE }, &v);
            if found.times(&found)? == *self {
                return Some(found);
            }
        }
        None
    }

    /// `x + y*sqrt(m)` whose odd power is `a + b*sqrt(m)`: twice `x` is the sum of the root and of
    /// that of the conjugate, a whole number up to the denominator.
    fn odd_root(&self, n: u32) -> Option<Radicals> {
        let surd = self.0.keys().find(|m| !m.is_empty())?.clone();
        let plain = self.0.keys().all(|m| m.is_empty() || *m == surd);
        if !plain || surd.iter().any(|(_, e)| *e != Number::HALF) {
            return None;
        }
        let m = surd.iter().try_fold(1_u64, |m, (p, _)| m.checked_mul(*p))?;
        let coefficient = |m: &Monomial| self.0.get(m).cloned().unwrap_or_default();
        let (a, b) = (coefficient(&Monomial::new()), coefficient(&surd));
        let q = a.gcd(&b).gcd(&Number::ONE).recip()?;
        let near = (a.to_f64(), b.to_f64() * (m as f64).sqrt());
        let odd = |x: f64| x.signum() * x.abs().powf(1.0 / f64::from(n));
        let (plus, minus) = (odd(near.0 + near.1), odd(near.0 - near.1));
        let unit = 2.0 * q.to_f64();
        let whole = |x: f64| {
            let scaled = (x * unit).round();
            (scaled.abs() < 1e15).then(|| &Number::from(scaled as i64) * &Number::HALF)
        };
        let inverse = q.recip()?;
        let x = &whole((plus + minus) / 2.0)? * &inverse;
        let y = &whole((plus - minus) / 2.0 / (m as f64).sqrt())? * &inverse;
        let mut found = Radicals::number(x);
        found.add(surd, y);
        (found.power(n.into())? == *self).then_some(found)
    }

    /// The term.
    pub fn term(&self, graph: &mut Graph) -> Term {
        let (mut constant, mut parts) = (Number::ZERO, Vec::with_capacity(self.0.len()));
        for (monomial, n) in &self.0 {
            if monomial.is_empty() {
                constant = n.clone();
                continue;
            }
            let share = monomial.iter().fold(Number::ZERO, |g, (_, e)| g.gcd(e));
            let unit = Number::ratio(1, share.small().map_or(1, |(_, d)| d)).unwrap_or(Number::ONE);
            let inverse = unit.recip().unwrap_or(Number::ONE);
            // One root of a whole number reads better than a product of roots.
            let radicand = monomial.iter().try_fold(Number::ONE, |product, (p, e)| {
                let prime = Number::from(i64::try_from(*p).ok()?);
                Some(&product * &prime.pow((e * &inverse).to_i64()?)?)
            });
            let term = match radicand {
                Some(n) => {
                    let n = graph.number(n);
                    graph.power(n, unit)
                }
                None => {
                    let mut factors = Vec::new();
                    for (p, e) in monomial {
                        factors.push((graph.number(*p as i64), e.clone()));
                    }
                    graph.product(factors)
                }
            };
            parts.push((n.clone(), term));
        }
        graph.sum(constant, parts)
    }

    /// The sum of roots that a term is, as far as that is found; `None` for anything else.
    pub fn of(graph: &mut Graph, root: Term) -> Option<Radicals> {
        let mut known: FxHashMap<Term, Radicals> = FxHashMap::default();
        for term in reachable(graph, &[root]) {
            let node = graph.node(term).clone();
            let value = match &node {
                Node::Number(n) => Radicals::number(n.clone()),
                _ if turns(graph, term).is_some() => continue,
                Node::Sum { constant, terms } => {
                    let mut sum = Radicals::number(constant.clone());
                    for (c, t) in terms {
                        sum = sum.plus(c, known.get(t)?);
                    }
                    sum
                }
                Node::Product(factors) => {
                    let mut product = Radicals::number(Number::ONE);
                    for (base, exponent) in factors {
                        let (n, d) = exponent.small()?;
                        let base = known.get(base)?.clone();
                        let root = match d {
                            1 => base,
                            _ => positive(graph, &base)?.root(graph, u32::try_from(d).ok()?)?,
                        };
                        product = product.times(&root.power(n)?)?;
                    }
                    product
                }
                Node::Call(Op::Cbrt, args) => {
                    let inner = known.get(&args[0])?.clone();
                    match inner.sign(graph)? {
                        Sign::Zero => inner,
                        Sign::Positive => inner.root(graph, 3)?,
                        Sign::Negative => {
                            let minus = inner.scaled(&Number::MINUS_ONE);
                            minus.root(graph, 3)?.scaled(&Number::MINUS_ONE)
                        }
                    }
                }
                Node::Call(Op::Abs, args) => {
                    let inner = known.get(&args[0])?.clone();
                    match inner.sign(graph)? {
                        Sign::Negative => inner.scaled(&Number::MINUS_ONE),
                        _ => inner,
                    }
                }
                Node::Call(Op::Cos, args) => cosine(turns(graph, args[0])?)?,
                Node::Call(Op::Sin, args) => cosine(&turns(graph, args[0])? - &Number::HALF)?,
                Node::Call(Op::Tan, args) => {
                    let angle = turns(graph, args[0])?;
                    let sine = cosine(&angle - &Number::HALF)?;
                    sine.times(&cosine(angle)?.recip()?)?
                }
                _ => return None,
            };
            known.insert(term, value);
        }
        known.remove(&root)
    }
}

fn positive(graph: &mut Graph, sum: &Radicals) -> Option<Radicals> {
    (sum.sign(graph)? == Sign::Positive).then(|| sum.clone())
}

/// The product of two monomials, and the primes that became whole.
fn multiplied(a: &Monomial, b: &Monomial) -> Option<(Monomial, Number)> {
    let mut exponents: BTreeMap<u64, Number> = a.iter().cloned().collect();
    for (p, e) in b {
        let sum = exponents.get(p).map_or_else(|| e.clone(), |old| old + e);
        exponents.insert(*p, sum);
    }
    let (mut monomial, mut factor) = (Monomial::new(), Number::ONE);
    for (p, e) in exponents {
        let whole = e.floor();
        if !whole.is_zero() {
            factor = &factor * &Number::from(i64::try_from(p).ok()?).pow(whole.to_i64()?)?;
        }
        let rest = &e - &whole;
        if !rest.is_zero() {
            monomial.push((p, rest));
        }
    }
    Some((monomial, factor))
}

/// The positive root of a positive rational number.
fn number_root(number: &Number, n: u32) -> Option<Radicals> {
    if !number.is_positive() {
        return None;
    }
    let share = Number::ratio(1, n.into())?;
    let mut result = Radicals::number(Number::ONE);
    for (part, sign) in [(number.numerator(), 1), (number.denominator(), -1)] {
        for (p, e) in prime_powers(&part)? {
            let exponent = &Number::from(sign * i64::from(e)) * &share;
            let (whole, prime) = (exponent.floor(), Number::from(i64::try_from(p).ok()?));
            let rest = &exponent - &whole;
            let monomial = if rest.is_zero() { vec![] } else { vec![(p, rest)] };
            let mut factor = Radicals::default();
            factor.add(monomial, prime.pow(whole.to_i64()?)?);
            result = result.times(&factor)?;
        }
    }
    Some(result)
}

/// `cos(turns * π)` where it is a sum of square roots: multiples of π/12 and of π/5.
fn cosine(turns: Number) -> Option<Radicals> {
    let two = Number::from(2);
    // Into 0..1, then 0..1/2.
    let turns = &turns - &(&two * &(&turns * &Number::HALF).floor());
    let turns = if turns > Number::ONE { &two - &turns } else { turns };
    let negative = turns > Number::HALF;
    let turns = if negative { &Number::ONE - &turns } else { turns };
    let sum = |parts: &[(i64, i64, &[u64])]| {
        let mut sum = Radicals::default();
        for (n, d, primes) in parts {
            let monomial = primes.iter().map(|&p| (p, Number::HALF)).collect();
            sum.add(monomial, Number::ratio(*n, *d)?);
        }
        Some(sum)
    };
    let value = match turns.small()? {
        (0, 1) => sum(&[(1, 1, &[])]),
        (1, 2) => sum(&[]),
        (1, 3) => sum(&[(1, 2, &[])]),
        (1, 4) => sum(&[(1, 2, &[2])]),
        (1, 5) => sum(&[(1, 4, &[]), (1, 4, &[5])]),
        (2, 5) => sum(&[(-1, 4, &[]), (1, 4, &[5])]),
        (1, 6) => sum(&[(1, 2, &[3])]),
        (1, 12) => sum(&[(1, 4, &[2]), (1, 4, &[2, 3])]),
        (5, 12) => sum(&[(-1, 4, &[2]), (1, 4, &[2, 3])]),
        _ => None,
    }?;
    Some(if negative { value.scaled(&Number::MINUS_ONE) } else { value })
}

/// Whether a term is one root of a number, out of which whole factors are taken in any case.
fn is_root(graph: &Graph, term: Term) -> bool {
    match graph.node(term) {
        Node::Product(factors) => factors.iter().all(|(b, _)| graph.as_number(*b).is_some()),
        _ => false,
    }
}

/// The term with each part that is a sum of roots of rationals in normal form, where that is
/// shorter as `size` says, and with roots of numbers without whole factors.
pub fn normal(graph: &mut Graph, root: Term, size: &dyn Fn(&Graph, Term) -> u64) -> Term {
    let order = reachable(graph, &[root]);
    // Only constants with a root, a magnitude or a cosine have another form.
    let mut constant: FxHashMap<Term, bool> = FxHashMap::default();
    let mut map: Vec<(Term, Term)> = Vec::new();
    for &term in &order {
        let node = graph.node(term);
        let mut all = !matches!(
            node,
            Node::Symbol(_)
                | Node::Element(..)
                | Node::Index(_)
                | Node::Apply(..)
                | Node::Reduce { .. }
        );
        graph.each_argument(node, |t| all &= constant.get(&t).copied().unwrap_or(false));
        constant.insert(term, all);
    }
    for &term in &order {
        if !constant[&term] || graph.as_number(term).is_some() {
            continue;
        }
        if let Some(found) = Radicals::of(graph, term) {
            let image = found.term(graph);
            let plain = is_root(graph, term) || graph.as_number(image).is_some();
            if image != term && (plain || size(graph, image) < size(graph, term)) {
                map.push((term, image));
            }
        }
    }
    if map.is_empty() {
        return root;
    }
    Rebuild::with(map).within(graph, root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: i64) -> Radicals {
        Radicals::number(n.into())
    }

    fn surd(n: i64) -> Radicals {
        number_root(&n.into(), 2).unwrap()
    }

    #[test]
    fn square_roots_come_out_of_square_roots() {
        let mut g = Graph::new();
        let one = Number::ONE;
        // The examples of Wester's review, C14 and C16.
        let inner = number(4).plus(&Number::from(2), &surd(3));
        assert_eq!(inner.root(&mut g, 2), Some(number(1).plus(&one, &surd(3))));
        let two = Number::from(2);
        let inner = number(10).plus(&two, &surd(6)).plus(&two, &surd(10)).plus(&two, &surd(15));
        let sum = surd(2).plus(&one, &surd(3)).plus(&one, &surd(5));
        assert_eq!(inner.root(&mut g, 2), Some(sum));
        // sqrt(9 - 4 sqrt(5)) = sqrt(5) - 2
        let inner = number(9).plus(&Number::from(-4), &surd(5));
        assert_eq!(inner.root(&mut g, 2), Some(surd(5).plus(&Number::from(-2), &number(1))));
        // sqrt(1 + sqrt(2)) is no sum of square roots.
        assert_eq!(number(1).plus(&one, &surd(2)).root(&mut g, 2), None);
    }

    #[test]
    fn odd_roots_of_units() {
        let mut g = Graph::new();
        // (7 + 5 sqrt(2)) = (1 + sqrt(2))^3, and the cube of half of 1 + sqrt(5) is 2 + sqrt(5).
        let inner = number(7).plus(&Number::from(5), &surd(2));
        assert_eq!(inner.root(&mut g, 3), Some(number(1).plus(&Number::ONE, &surd(2))));
        let golden = number(1).plus(&Number::ONE, &surd(5)).scaled(&Number::HALF);
        let inner = number(2).plus(&Number::ONE, &surd(5));
        assert_eq!(inner.root(&mut g, 3), Some(golden.clone()));
        let fifth = golden.power(5).unwrap();
        assert_eq!(fifth.root(&mut g, 5), Some(golden));
    }

    #[test]
    fn reciprocals_have_rational_denominators() {
        // (sqrt(3) + sqrt(2))/(sqrt(3) - sqrt(2)) = 5 + 2 sqrt(6)  (Wester's review, C17)
        let plus = surd(3).plus(&Number::ONE, &surd(2));
        let minus = surd(3).plus(&Number::MINUS_ONE, &surd(2));
        let quotient = plus.times(&minus.recip().unwrap()).unwrap();
        assert_eq!(quotient, number(5).plus(&Number::from(2), &surd(6)));
        let mut g = Graph::new();
        let twelve = surd(12).term(&mut g);
        let three = g.number(3);
        let root = g.power(three, Number::HALF);
        assert_eq!(twelve, g.scale(2, root));
        // 54^(1/3) = 3 2^(1/3)
        // 1/(1 + 2^(1/3) + 4^(1/3)) = 2^(1/3) - 1
        let [two, four] = [2, 4].map(|n| number_root(&n.into(), 3).unwrap());
        let sum = number(1).plus(&Number::ONE, &two).plus(&Number::ONE, &four);
        assert_eq!(sum.recip(), Some(two.plus(&Number::MINUS_ONE, &number(1))));
        let cube = number_root(&54.into(), 3).unwrap();
        let base = number_root(&2.into(), 3).unwrap();
        assert_eq!(cube, base.scaled(&3.into()));
    }
}
