//! Sines and cosines, circular and hyperbolic: of multiples, sums, inverse functions and rational
//! multiples of π.

use super::{Basis, Family, Keeping, Key};
use crate::term::{Graph, Node, Number, Op, Term};

/// The largest multiple of an angle.
const MULTIPLE: i64 = 40;

/// Steps of all parts of a sum of angles.
const TOGETHER: u64 = 24;

impl Basis<'_> {
    /// Sine and cosine of an angle over the basis.
    pub(super) fn circle(&mut self, graph: &mut Graph, angle: Term) -> Option<(Term, Term)> {
        let (mut sine, mut cosine) = (graph.number(0), graph.number(1));
        let mut parts = Vec::new();
        for (multiple, base) in self.linear(graph, angle)? {
            let steps = self.steps(Family::Circle, base, &multiple)?;
            let n = (&multiple * &Number::from(steps as i64)).to_i64()?;
            parts.push((base, steps, n));
        }
        if parts.len() > 1 && parts.iter().map(|(_, _, n)| n.unsigned_abs()).sum::<u64>() > TOGETHER
        {
            // Multiplied out that would be too long: it stays an angle of its own.
            let whole = self.normal(graph, angle)?;
            let steps = self.steps(Family::Circle, whole, &Number::ONE)?;
            parts = vec![(whole, steps, steps as i64)];
        }
        for (base, steps, n) in parts {
            let step = self.step(graph, base, steps)?;
            let (s, c) = times(graph, step, n)?;
            (sine, cosine) = sum(graph, (sine, cosine), (s, c), false);
        }
        Some((sine, cosine))
    }

    /// Hyperbolic sine and cosine of a term over the basis.
    pub(super) fn hyperbola(&mut self, graph: &mut Graph, argument: Term) -> Option<(Term, Term)> {
        let (mut sine, mut cosine) = (graph.number(0), graph.number(1));
        let parts = self.linear(graph, argument)?;
        let several = parts.len() > 1;
        for (multiple, base) in parts {
            let steps = self.steps(Family::Hyperbola, base, &multiple)?;
            let n = (&multiple * &Number::from(steps as i64)).to_i64()?;
            if several && n.unsigned_abs() > TOGETHER / 2 {
                return None;
            }
            let given = self.meaning(graph, base);
            let step = graph.scale(Number::ratio(1, steps as i64)?, given);
            let [s, c] = [Op::Sinh, Op::Cosh].map(|op| graph.call(op, &[step]));
            let c = self.generator(graph, Key::HyperbolicCosine(base, steps), c, None);
            let square = graph.power(c, 2);
            let square = graph.sum(Number::MINUS_ONE, [(Number::ONE, square)]);
            let key = Key::HyperbolicSine(base, steps);
            let s = self.generator(graph, key, s, Some((2, square)));
            let (s, c) = times(graph, (s, c), n)?;
            (sine, cosine) = sum(graph, (sine, cosine), (s, c), true);
        }
        Some((sine, cosine))
    }

    /// Sine and cosine of one step.
    fn step(&mut self, graph: &mut Graph, base: Term, steps: u64) -> Option<(Term, Term)> {
        let known = match graph.node(base).clone() {
            Node::Call(Op::Pi, _) => return self.part_of_half_turn(graph, steps),
            Node::Call(op @ (Op::Asin | Op::Acos | Op::Atan), args) => {
                self.step_of_inverse(graph, op, args[0], steps)?
            }
            Node::Call(Op::Atan2, args) if steps == 1 => {
                let squares = [args[0], args[1]].map(|t| (Number::ONE, graph.power(t, 2)));
                let square = graph.sum(Number::ZERO, squares);
                let length = self.power(graph, square, &Number::HALF)?;
                Some((graph.div(args[0], length), graph.div(args[1], length)))
            }
            _ => None,
        };
        if known.is_some() {
            return known;
        }
        let given = self.meaning(graph, base);
        let angle = graph.scale(Number::ratio(1, steps as i64)?, given);
        let [s, c] = [Op::Sin, Op::Cos].map(|op| graph.call(op, &[angle]));
        let keys = [Key::Sine(base, steps), Key::Cosine(base, steps)];
        let [sine_key, cosine_key] = keys;
        Some(match self.keeping {
            Keeping::Cosines | Keeping::Hyperbolic => {
                let cosine = self.generator(graph, cosine_key, c, None);
                let rest = complement(graph, cosine);
                (self.generator(graph, sine_key, s, Some((2, rest))), cosine)
            }
            Keeping::Sines => {
                let sine = self.generator(graph, sine_key, s, None);
                let rest = complement(graph, sine);
                (sine, self.generator(graph, cosine_key, c, Some((2, rest))))
            }
        })
    }

    /// Sine and cosine of an inverse function, or of a half, a quarter, an eighth of it.
    fn step_of_inverse(
        &mut self,
        graph: &mut Graph,
        op: Op,
        value: Term,
        steps: u64,
    ) -> Option<Option<(Term, Term)>> {
        if !steps.is_power_of_two() {
            return Some(None);
        }
        let (mut sine, mut cosine) = match op {
            Op::Atan => {
                let square = graph.power(value, 2);
                let square = graph.sum(Number::ONE, [(Number::ONE, square)]);
                let cosine = self.power(graph, square, &-&Number::HALF)?;
                (graph.mul(value, cosine), cosine)
            }
            _ => {
                let rest = complement(graph, value);
                let root = self.power(graph, rest, &Number::HALF)?;
                if op == Op::Asin { (value, root) } else { (root, value) }
            }
        };
        // Halves lie between -π/4 and π/2, where cosines are not negative.
        let mut left = steps;
        while left > 1 {
            let half = |graph: &mut Graph, sign: Number| {
                graph.sum(Number::HALF, [(&Number::HALF * &sign, cosine)])
            };
            let (above, below) = (half(graph, Number::ONE), half(graph, Number::MINUS_ONE));
            let next = self.power(graph, above, &Number::HALF)?;
            sine = match op {
                Op::Acos => self.power(graph, below, &Number::HALF)?,
                _ => {
                    let quotient = graph.div(sine, next);
                    graph.scale(Number::HALF, quotient)
                }
            };
            cosine = next;
            left /= 2;
        }
        Some(Some((sine, cosine)))
    }

    /// Sine and cosine of π over a number.
    fn part_of_half_turn(&mut self, graph: &mut Graph, parts: u64) -> Option<(Term, Term)> {
        let root = |basis: &mut Self, graph: &mut Graph, n: i64| {
            let n = graph.number(n);
            basis.power(graph, n, &Number::HALF)
        };
        let quarter = Number::ratio(1, 4)?;
        Some(match parts {
            1 => (graph.number(0), graph.number(-1)),
            2 => (graph.number(1), graph.number(0)),
            3 => {
                let three = root(self, graph, 3)?;
                (graph.scale(Number::HALF, three), graph.number(Number::HALF))
            }
            5 => {
                let five = root(self, graph, 5)?;
                let cosine = graph.sum(quarter.clone(), [(quarter, five)]);
                let rest = complement(graph, cosine);
                (self.power(graph, rest, &Number::HALF)?, cosine)
            }
            12 => {
                let (two, six) = (root(self, graph, 2)?, root(self, graph, 6)?);
                let minus = -&quarter;
                let sine = graph.sum(Number::ZERO, [(quarter.clone(), six), (minus, two)]);
                (sine, graph.sum(Number::ZERO, [(quarter.clone(), six), (quarter, two)]))
            }
            n if n.is_multiple_of(2) => {
                let (_, cosine) = self.part_of_half_turn(graph, n / 2)?;
                let half = |graph: &mut Graph, sign: Number| {
                    graph.sum(Number::HALF, [(&Number::HALF * &sign, cosine)])
                };
                let (above, below) = (half(graph, Number::ONE), half(graph, Number::MINUS_ONE));
                let sine = self.power(graph, below, &Number::HALF)?;
                (sine, self.power(graph, above, &Number::HALF)?)
            }
            n => {
                let pi = graph.call(Op::Pi, &[]);
                let angle = graph.scale(Number::ratio(1, n as i64)?, pi);
                let [s, c] = [Op::Sin, Op::Cos].map(|op| graph.call(op, &[angle]));
                let cosine = self.generator(graph, Key::Cosine(pi, n), c, None);
                let rest = complement(graph, cosine);
                (self.generator(graph, Key::Sine(pi, n), s, Some((2, rest))), cosine)
            }
        })
    }
}

/// `1 - t^2`.
fn complement(graph: &mut Graph, t: Term) -> Term {
    let square = graph.power(t, 2);
    graph.sum(Number::ONE, [(Number::MINUS_ONE, square)])
}

/// Sine and cosine of a sum of two arguments.
fn sum(graph: &mut Graph, a: (Term, Term), b: (Term, Term), hyperbolic: bool) -> (Term, Term) {
    let parts = [(a.0, b.1), (a.1, b.0), (a.1, b.1), (a.0, b.0)];
    let [p, q, r, s] = parts.map(|(x, y)| graph.mul(x, y));
    let cosine = if hyperbolic { graph.add(r, s) } else { graph.sub(r, s) };
    (graph.add(p, q), cosine)
}

/// Sine and cosine of a multiple of an angle, by the polynomials of Chebyshev (1854).
fn times(graph: &mut Graph, step: (Term, Term), n: i64) -> Option<(Term, Term)> {
    if n.abs() > MULTIPLE {
        return None;
    }
    let (sine, cosine) = step;
    // T(k+1) = 2 c T(k) - T(k-1), and the same for U.
    let next = |a: &[Number], b: &[Number]| -> Vec<Number> {
        let mut list = vec![Number::ZERO; b.len() + 1];
        for (k, c) in b.iter().enumerate() {
            list[k + 1] = c * &Number::from(2);
        }
        for (k, c) in a.iter().enumerate() {
            list[k] = &list[k] - c;
        }
        list
    };
    let one = vec![Number::ONE];
    let (mut first, mut second) = (one.clone(), vec![Number::ZERO, Number::ONE]);
    let (mut before, mut now) = (Vec::new(), one);
    for _ in 0..n.unsigned_abs() {
        let t = next(&first, &second);
        first = std::mem::replace(&mut second, t);
        let u = next(&before, &now);
        before = std::mem::replace(&mut now, u);
    }
    let mut polynomial = |list: &[Number]| {
        let mut parts = Vec::with_capacity(list.len());
        for (k, c) in list.iter().enumerate().skip(1).filter(|(_, c)| !c.is_zero()) {
            parts.push((c.clone(), graph.power(cosine, k as i64)));
        }
        graph.sum(list.first().cloned().unwrap_or_default(), parts)
    };
    let (c, ratio) = (polynomial(&first), polynomial(&before));
    let s = graph.mul(sine, ratio);
    Some((if n < 0 { graph.neg(s) } else { s }, c))
}
