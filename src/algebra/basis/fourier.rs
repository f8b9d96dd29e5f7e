//! Polynomials in sines, cosines and exponentials as sums of those of multiples: `16*cos(x)^5 -
//! 20*cos(x)^3 + 5*cos(x)` is `cos(5*x)`.

use std::collections::BTreeMap;

use super::{Basis, Key};
use crate::term::{Graph, Number, Op, Term};

/// Most terms of a sum.
const TERMS: usize = 120;

/// The largest power of a sine or cosine.
const POWER: u32 = 16;

/// Multiples of angles.
type Multiples = Vec<i64>;

/// A sum of exponentials of imaginary multiples of angles, with complex coefficients.
type Waves = BTreeMap<Multiples, [Number; 2]>;

/// What stands beside the waves: powers of other kernels, and multiples in real exponentials.
type Beside = (Vec<(usize, u32)>, Multiples);

impl Basis<'_> {
    /// A term over the basis as a sum of sines and cosines of multiples, and of hyperbolic ones, in
    /// the terms that were given; `None` when it is divided by any, or is too long.
    pub fn fourier(&mut self, graph: &mut Graph, image: Term) -> Option<Term> {
        let (kernels, fraction) = self.reduced(graph, image)?;
        let count = kernels.len();
        // The angle of each kernel, and whether it is the cosine; the exponent of each kernel.
        let (mut angles, mut exponents): (Vec<Term>, Vec<Term>) = (Vec::new(), Vec::new());
        let mut circular: Vec<Option<(usize, bool)>> = vec![None; count];
        let mut real: Vec<Option<usize>> = vec![None; count];
        let place = |list: &mut Vec<Term>, t: Term| {
            list.iter().position(|&a| a == t).unwrap_or_else(|| {
                list.push(t);
                list.len() - 1
            })
        };
        for k in 0..count {
            let (symbol, step) = kernels.kernel(k).clone();
            let Some(key) = self.generator_at(symbol).map(|g| g.key.clone()) else { continue };
            if !step.is_one() {
                return None;
            }
            match key {
                Key::Sine(base, steps) | Key::Cosine(base, steps) => {
                    let given = self.meaning(graph, base);
                    let angle = graph.scale(Number::ratio(1, i64::try_from(steps).ok()?)?, given);
                    let at = place(&mut angles, angle);
                    circular[k] = Some((at, matches!(key, Key::Cosine(..))));
                }
                Key::Power(base, steps) => {
                    let given = self.meaning(graph, base);
                    let part = Number::ratio(1, i64::try_from(steps).ok()?)?;
                    real[k] = Some(place(&mut exponents, graph.scale(part, given)));
                }
                _ => {}
            }
        }
        if angles.is_empty() && exponents.is_empty() {
            return None;
        }
        // Only a product of exponentials may be divided by.
        let mut below = vec![0_i64; exponents.len()];
        let mut under: Vec<(usize, u32)> = Vec::new();
        if fraction.denominator.term_count() != 1 {
            return None;
        }
        let mut unit = Number::ONE;
        let mut plain = true;
        fraction.denominator.each_term(|c, powers| {
            unit = c.clone();
            for &(v, e) in powers {
                match real[v] {
                    Some(at) => below[at] += i64::from(e),
                    None => under.push((v, e)),
                }
                plain &= circular[v].is_none();
            }
        });
        let inverse = unit.recip().filter(|_| plain)?;
        let mut parts: BTreeMap<Beside, Waves> = BTreeMap::new();
        let mut fits = true;
        fraction.numerator.each_term(|c, powers| {
            let mut waves: Waves =
                BTreeMap::from([(vec![0; angles.len()], [c * &inverse, Number::ZERO])]);
            let (mut others, mut shift) =
                (Vec::new(), below.iter().map(|e| -e).collect::<Vec<_>>());
            for &(v, e) in powers {
                match (circular[v], real[v]) {
                    (Some((angle, cosine)), _) if e <= POWER => {
                        for _ in 0..e {
                            waves = times(&waves, angle, cosine);
                        }
                    }
                    (Some(_), _) => fits = false,
                    (_, Some(at)) => shift[at] += i64::from(e),
                    _ => others.push((v, e)),
                }
            }
            let sum = parts.entry((others, shift)).or_default();
            for (k, [re, im]) in waves {
                let old = sum.entry(k).or_insert([Number::ZERO, Number::ZERO]);
                *old = [&old[0] + &re, &old[1] + &im];
            }
        });
        if !fits || parts.values().map(BTreeMap::len).sum::<usize>() > TERMS {
            return None;
        }
        // What stands beside one wave, by multiples in exponentials.
        let mut sums: BTreeMap<(Vec<(usize, u32)>, Term), BTreeMap<Multiples, Number>> =
            BTreeMap::new();
        for ((others, shift), waves) in parts {
            for (k, [re, im]) in waves {
                let Some(first) = k.iter().find(|n| **n != 0) else {
                    let one = graph.number(1);
                    sums.entry((others.clone(), one)).or_default().insert(shift.clone(), re);
                    continue;
                };
                // a*z + conj(a)/z is twice the real part.
                if *first < 0 {
                    continue;
                }
                let multiples = k.iter().zip(&angles).map(|(n, &t)| (Number::from(*n), t));
                let angle = graph.sum(Number::ZERO, multiples.collect::<Vec<_>>());
                for (op, c) in [(Op::Cos, re), (Op::Sin, -&im)] {
                    if !c.is_zero() {
                        let wave = graph.call(op, &[angle]);
                        let list = sums.entry((others.clone(), wave)).or_default();
                        list.insert(shift.clone(), &c * &Number::from(2));
                    }
                }
            }
        }
        let mut terms: Vec<(Number, Term)> = Vec::new();
        for ((others, wave), mut list) in sums {
            let mut factors = vec![(wave, Number::ONE)];
            for (sign, powers) in [(1, &others), (-1, &under)] {
                for &(v, e) in powers {
                    let (base, step) = kernels.kernel(v).clone();
                    let given = self.meaning(graph, base);
                    factors.push((given, &step * &Number::from(sign * i64::from(e))));
                }
            }
            let beside = graph.product(factors);
            while let Some((k, c)) = list.pop_first() {
                let multiples = k.iter().zip(&exponents).map(|(n, &t)| (Number::from(*n), t));
                let exponent = graph.sum(Number::ZERO, multiples.collect::<Vec<_>>());
                let opposite: Multiples = k.iter().map(|n| -n).collect();
                let functions = match list.remove(&opposite) {
                    _ if k.iter().all(|n| *n == 0) => vec![(Op::Exp, c)],
                    None => vec![(Op::Exp, c)],
                    Some(d) => vec![(Op::Cosh, &c + &d), (Op::Sinh, &c - &d)],
                };
                for (op, c) in functions.into_iter().filter(|(_, c)| !c.is_zero()) {
                    let function = graph.call(op, &[exponent]);
                    terms.push((c, graph.mul(function, beside)));
                }
            }
        }
        Some(graph.sum(Number::ZERO, terms))
    }
}

/// Waves times the cosine, `(z + 1/z)/2`, or the sine, `(z - 1/z)/(2*i)`, of an angle.
fn times(waves: &Waves, angle: usize, cosine: bool) -> Waves {
    let mut product = Waves::new();
    for (k, [re, im]) in waves {
        for step in [1, -1] {
            let mut at = k.clone();
            at[angle] += step;
            let half = &Number::HALF * &Number::from(step);
            let part = match cosine {
                true => [re * &Number::HALF, im * &Number::HALF],
                false => [im * &half, -&(re * &half)],
            };
            let old = product.entry(at).or_insert([Number::ZERO, Number::ZERO]);
            *old = [&old[0] + &part[0], &old[1] + &part[1]];
        }
    }
    product
}
