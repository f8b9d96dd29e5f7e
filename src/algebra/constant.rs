//! The sign of real algebraic numbers: rational numbers under sums, products, quotients, roots,
//! and sines and cosines of rational multiples of π.
//!
//! Such a number is a quotient `U/L` of algebraic integers in a field of some degree `D`. When `u`
//! and `l` bound all conjugates of both, the norm of `U`, a whole number, is at least 1 unless the
//! number is zero, so that its magnitude is at least `1/(l * u^(D-1))` (Burnikel, Funke, Mehlhorn,
//! Schirra and Schmitt 2001). An enclosure below that bound is a proof of zero.

use std::collections::{BTreeMap, BTreeSet};

use num_integer::Integer;
use rustc_hash::FxHashMap;

use super::radical::prime_powers;
use crate::term::evaluate::evaluate;
use crate::term::real::{Float, NoValue, Precision, Real};
use crate::term::visit::{reachable, substitute};
use crate::term::{Graph, Node, Number, Op, Term};

/// The sign of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// Less than zero.
    Negative,
    /// Zero.
    Zero,
    /// Greater than zero.
    Positive,
}

/// Most bits of an enclosure.
const BITS: usize = 16_000;

/// Bits that are tried first; they tell the sign of nearly everything that is not zero.
const FIRST: usize = 192;

/// Zeros below the root that are put in place before it is given up.
const ZEROS: usize = 16;

/// The sign of a term without names; `None` when it has no value that is known, or it would take
/// too many bits.
pub fn sign(graph: &mut Graph, root: Term) -> Option<Sign> {
    let mut root = root;
    for _ in 0..ZEROS {
        // An inner zero (a radicand, an argument) has no sign that bits would tell.
        let mut zero = None;
        for term in critical(graph, root) {
            if simple_sign(graph, term)? == Sign::Zero {
                zero = Some(term);
                break;
            }
        }
        let Some(zero) = zero else { return simple_sign(graph, root) };
        let nothing = graph.number(0);
        root = substitute(graph, root, &[(zero, nothing)]);
    }
    None
}

/// The terms whose sign decides what a term is worth: arguments of roots, divisors, magnitudes;
/// inner ones first.
fn critical(graph: &Graph, root: Term) -> Vec<Term> {
    let mut found: BTreeSet<Term> = BTreeSet::new();
    for term in reachable(graph, &[root]) {
        match graph.node(term) {
            Node::Product(factors) => {
                let bases = factors.iter().filter(|(_, e)| !e.is_integer() || e.is_negative());
                found.extend(bases.map(|(b, _)| *b));
            }
            Node::Call(Op::Abs | Op::Sign | Op::Cbrt | Op::Log | Op::Sqrt, args) => {
                found.insert(args[0]);
            }
            Node::Call(Op::Pow, args) => {
                found.insert(args[0]);
            }
            _ => {}
        }
    }
    found.remove(&root);
    found.into_iter().filter(|&t| graph.as_number(t).is_none()).collect()
}

/// The sign of a term whose critical parts are not zero.
fn simple_sign(graph: &Graph, root: Term) -> Option<Sign> {
    if let Some(n) = graph.as_number(root) {
        return Some(of_number(n));
    }
    let mut bits = FIRST;
    let mut needed: Option<Option<usize>> = None;
    loop {
        let mut precision = Precision::new(bits, &|_| None);
        let known = match evaluate(graph, root, &mut precision) {
            Ok(Real::Exact(n)) => return Some(of_number(&n)),
            Ok(Real::Turns(n)) => return Some(of_number(&n)),
            Ok(Real::Between(lo, hi)) => {
                if lo > Float::ZERO {
                    return Some(Sign::Positive);
                }
                if hi < Float::ZERO {
                    return Some(Sign::Negative);
                }
                Some(hi.max(-lo))
            }
            Err(NoValue::Undecided) => None,
            Err(_) => return None,
        };
        let needed = (*needed.get_or_insert_with(|| separation(graph, root)))?;
        let below = |size: Float| size < Float::from_parts(1.into(), -(needed as isize));
        if known.is_some_and(below) {
            return Some(Sign::Zero);
        }
        let next = (needed + 128).max(bits + bits / 2);
        if next > BITS {
            return None;
        }
        bits = next;
    }
}

fn of_number(n: &Number) -> Sign {
    match (n.is_zero(), n.is_negative()) {
        (true, _) => Sign::Zero,
        (_, true) => Sign::Negative,
        _ => Sign::Positive,
    }
}

/// Logarithms to base 2 of bounds for the conjugates of numerator and denominator.
#[derive(Clone, Copy)]
struct Bound {
    upper: f64,
    lower: f64,
}

impl Bound {
    fn product(self, other: Bound) -> Bound {
        Bound { upper: self.upper + other.upper, lower: self.lower + other.lower }
    }

    fn sum(self, other: Bound) -> Bound {
        let (a, b) = (self.upper + other.lower, other.upper + self.lower);
        // log2(2^a + 2^b), rounded up generously.
        let upper = a.max(b) + (1.0 + (a.min(b) - a.max(b)).exp2()).log2();
        Bound { upper, lower: self.lower + other.lower }.rounded()
    }

    fn inverse(self) -> Bound {
        Bound { upper: self.lower, lower: self.upper }
    }

    fn root(self, n: f64) -> Bound {
        let Bound { upper: u, lower: l } = self;
        match u >= l {
            true => Bound { upper: (u + (n - 1.0) * l) / n, lower: l },
            false => Bound { upper: u, lower: ((n - 1.0) * u + l) / n },
        }
        .rounded()
    }

    fn power(self, n: f64) -> Bound {
        Bound { upper: self.upper * n, lower: self.lower * n }.rounded()
    }

    fn rounded(self) -> Bound {
        let up = |x: f64| x * (1.0 + 1e-12) + 1e-12;
        Bound { upper: up(self.upper), lower: up(self.lower) }
    }

    fn of(n: &Number) -> Bound {
        let bits = |n: &num_bigint::BigInt| match u64::try_from(n.magnitude()) {
            Ok(small) => (small.max(1) as f64).log2(),
            Err(_) => n.bits() as f64,
        };
        Bound { upper: bits(&n.numerator()), lower: bits(&n.denominator()) }.rounded()
    }
}

/// The generators of the field that a number lies in.
#[derive(Default)]
struct Field {
    /// Denominators of exponents of primes and of other radicands.
    primes: BTreeMap<u64, u64>,
    radicands: BTreeMap<Term, u64>,
    /// The roots of unity whose real parts are taken.
    cyclotomic: u64,
}

impl Field {
    fn degree(&self) -> f64 {
        let roots = self.primes.values().chain(self.radicands.values());
        let product: f64 = roots.map(|&n| n as f64).product();
        let mut totient = self.cyclotomic.max(1);
        let mut rest = totient;
        let mut p = 2;
        while rest > 1 {
            if rest.is_multiple_of(p) {
                totient = totient / p * (p - 1);
                while rest.is_multiple_of(p) {
                    rest /= p;
                }
            }
            p = if p * p > rest { rest.max(p + 1) } else { p + 1 };
        }
        // Cosines lie in the real half of the field.
        product * (totient as f64 / 2.0).max(1.0)
    }

    fn raise(list: u64, n: u64) -> Option<u64> {
        let lcm = list.max(1).lcm(&n);
        (lcm <= 10_000).then_some(lcm)
    }
}

/// Bits after the point below which an algebraic number that is not zero cannot lie; `None` when
/// the term is not known to be algebraic.
fn separation(graph: &Graph, root: Term) -> Option<usize> {
    let mut field = Field { cyclotomic: 1, ..Field::default() };
    let mut known: FxHashMap<Term, Bound> = FxHashMap::default();
    for term in reachable(graph, &[root]) {
        if let Some(bound) = bound(graph, term, &known, &mut field)? {
            known.insert(term, bound);
        }
    }
    let Bound { upper, lower } = *known.get(&root)?;
    let bits = lower + (field.degree() - 1.0) * upper;
    (bits < BITS as f64).then(|| bits.ceil().max(0.0) as usize + 2)
}

/// The bound of one term; an inner `None` for a multiple of π, which is an argument only.
fn bound(
    graph: &Graph,
    term: Term,
    known: &FxHashMap<Term, Bound>,
    field: &mut Field,
) -> Option<Option<Bound>> {
    let found = match graph.node(term) {
        Node::Number(n) => Bound::of(n),
        Node::Sum { .. } | Node::Call(Op::Pi, _) if turns(graph, term).is_some() => {
            return Some(None);
        }
        Node::Sum { constant, terms } => {
            let mut total = (!constant.is_zero()).then(|| Bound::of(constant));
            for (c, t) in terms {
                let part = Bound::of(c).product(*known.get(t)?);
                total = Some(total.map_or(part, |total| total.sum(part)));
            }
            total?
        }
        Node::Product(factors) => {
            let mut product = Bound { upper: 0.0, lower: 0.0 };
            for (base, exponent) in factors {
                let (n, d) = exponent.small()?;
                let mut part = match graph.as_number(*base) {
                    Some(number) if d > 1 => radical_bound(number, d as u64, field)?,
                    _ => {
                        if d > 1 {
                            let degree = field.radicands.entry(*base).or_insert(1);
                            *degree = Field::raise(*degree, d as u64)?;
                        }
                        known.get(base)?.root(d as f64)
                    }
                };
                if n < 0 {
                    part = part.inverse();
                }
                product = product.product(part.power(n.unsigned_abs() as f64));
            }
            product
        }
        Node::Call(Op::Cbrt, args) => {
            let degree = field.radicands.entry(args[0]).or_insert(1);
            *degree = Field::raise(*degree, 3)?;
            known.get(&args[0])?.root(3.0)
        }
        Node::Call(Op::Abs, args) => *known.get(&args[0])?,
        Node::Call(Op::Sin | Op::Cos | Op::Tan, args) => {
            let turns = turns(graph, args[0])?;
            // sin and cos of 2π k/n lie in the field of the roots of unity of order lcm(n, 4).
            let (_, d) = (&turns * &Number::HALF).small()?;
            field.cyclotomic = Field::raise(field.cyclotomic, (d as u64).lcm(&4))?;
            // Twice a cosine is a whole algebraic number, at most 2 like its conjugates.
            Bound { upper: 1.0, lower: 1.0 }
        }
        _ => return None,
    };
    Some(Some(found))
}

/// The bound of the root of a positive number, whose primes are counted once in the whole term.
fn radical_bound(n: &Number, d: u64, field: &mut Field) -> Option<Bound> {
    for part in [n.numerator(), n.denominator()] {
        for (p, e) in prime_powers(&part)? {
            let needed = d / d.gcd(&u64::from(e));
            let degree = field.primes.entry(p).or_insert(1);
            *degree = Field::raise(*degree, needed)?;
        }
    }
    Some(Bound::of(n).root(d as f64))
}

/// The factor of a rational multiple of π.
pub(super) fn turns(graph: &Graph, term: Term) -> Option<Number> {
    match graph.node(term) {
        Node::Call(Op::Pi, _) => Some(Number::ONE),
        Node::Sum { constant, terms } if constant.is_zero() => match &**terms {
            [(c, t)] if matches!(graph.node(*t), Node::Call(Op::Pi, _)) => Some(c.clone()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sqrt(n)`.
    fn root(g: &mut Graph, n: i64) -> Term {
        let n = g.number(n);
        g.power(n, Number::HALF)
    }

    fn plus(g: &mut Graph, parts: &[(i64, Term)]) -> Term {
        let parts: Vec<(Number, Term)> = parts.iter().map(|&(c, t)| (c.into(), t)).collect();
        g.sum(Number::ZERO, parts)
    }

    #[test]
    fn nested_radicals_are_told_from_what_is_near() {
        let mut g = Graph::new();
        let [two, three, six] = [2, 3, 6].map(|n| root(&mut g, n));
        // sqrt(5 + 2 sqrt(6)) = sqrt(2) + sqrt(3)
        let five = g.number(5);
        let inner = plus(&mut g, &[(1, five), (2, six)]);
        let outer = g.power(inner, Number::HALF);
        let difference = plus(&mut g, &[(1, outer), (-1, two), (-1, three)]);
        assert_eq!(sign(&mut g, difference), Some(Sign::Zero));
        let tiny = g.number(Number::from_decimal("1e-60").unwrap());
        let near = plus(&mut g, &[(1, difference), (-1, tiny)]);
        assert_eq!(sign(&mut g, near), Some(Sign::Negative));
        // 1/(difference) has no sign.
        let inverse = g.power(difference, -1);
        assert_eq!(sign(&mut g, inverse), None);
        // The root of a zero is zero.
        let root = g.power(difference, Number::HALF);
        let one = g.number(1);
        let sum = plus(&mut g, &[(1, root), (1, one)]);
        assert_eq!(sign(&mut g, sum), Some(Sign::Positive));
    }

    #[test]
    fn cosines_of_rational_multiples_of_pi() {
        let mut g = Graph::new();
        let pi = g.call(Op::Pi, &[]);
        let angle = |g: &mut Graph, op: Op, n: i64, d: i64| {
            let x = g.scale(Number::ratio(n, d).unwrap(), pi);
            g.call(op, &[x])
        };
        // cos(π/7) - cos(2π/7) + cos(3π/7) = 1/2 (International Mathematical Olympiad 1963).
        let [a, b, c] = [1, 2, 3].map(|n| angle(&mut g, Op::Cos, n, 7));
        let half = g.number(Number::HALF);
        let zero = plus(&mut g, &[(1, a), (-1, b), (1, c), (-1, half)]);
        assert_eq!(sign(&mut g, zero), Some(Sign::Zero));
        // tan(π/7) tan(2π/7) tan(3π/7) = sqrt(7)
        let [a, b, c] = [1, 2, 3].map(|n| angle(&mut g, Op::Tan, n, 7));
        let product = g.product([a, b, c].map(|t| (t, Number::ONE)));
        let seven = root(&mut g, 7);
        let zero = plus(&mut g, &[(1, product), (-1, seven)]);
        assert_eq!(sign(&mut g, zero), Some(Sign::Zero));
        // sin(π/9) sin(2π/9) sin(4π/9) = sqrt(3)/8, not sqrt(3)/7.
        let [a, b, c] = [1, 2, 4].map(|n| angle(&mut g, Op::Sin, n, 9));
        let product = g.product([a, b, c].map(|t| (t, Number::ONE)));
        let three = root(&mut g, 3);
        let zero = plus(&mut g, &[(8, product), (-1, three)]);
        assert_eq!(sign(&mut g, zero), Some(Sign::Zero));
        let other = plus(&mut g, &[(7, product), (-1, three)]);
        assert_eq!(sign(&mut g, other), Some(Sign::Negative));
    }

    #[test]
    fn transcendental_numbers_are_not_called_zero() {
        let mut g = Graph::new();
        let one = g.number(1);
        let e = g.call(Op::Exp, &[one]);
        let pi = g.call(Op::Pi, &[]);
        let difference = plus(&mut g, &[(1, pi), (-1, e)]);
        assert_eq!(sign(&mut g, difference), Some(Sign::Positive));
        let two = g.number(2);
        let (log, four) = (g.call(Op::Log, &[two]), g.number(4));
        let more = g.call(Op::Log, &[four]);
        let zero = plus(&mut g, &[(2, log), (-1, more)]);
        assert_eq!(sign(&mut g, zero), None);
    }
}
