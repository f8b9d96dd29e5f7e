//! Exponential functions, logarithms and powers with names in the exponent.

use super::super::radical::prime_powers;
use super::{Basis, Family, Key};
use crate::term::{Graph, Node, Number, Op, Term};

impl Basis<'_> {
    /// The exponential of a term over the basis.
    pub(super) fn exponential(&mut self, graph: &mut Graph, exponent: Term) -> Option<Term> {
        let parts = self.linear(graph, exponent)?;
        let factors = parts.into_iter().map(|(c, base)| self.exponential_of(graph, &c, base));
        let factors: Vec<Term> = factors.collect::<Option<_>>()?;
        Some(graph.product(factors.into_iter().map(|t| (t, Number::ONE))))
    }

    /// `exp(c * base)`.
    fn exponential_of(&mut self, graph: &mut Graph, c: &Number, base: Term) -> Option<Term> {
        if let Some(Key::Log(of)) = self.generator_at(base).map(|g| g.key.clone()) {
            let magnitude = self.magnitude(graph, of)?;
            return self.power(graph, magnitude, c);
        }
        if let Node::Call(op @ (Op::Asinh | Op::Acosh), args) = graph.node(base).clone() {
            let square = graph.power(args[0], 2);
            let one = if op == Op::Asinh { Number::ONE } else { Number::MINUS_ONE };
            let square = graph.sum(one, [(Number::ONE, square)]);
            let root = self.power(graph, square, &Number::HALF)?;
            let sum = graph.add(args[0], root);
            return self.power(graph, sum, c);
        }
        let steps = self.steps(Family::Power, base, c)?;
        let n = c * &Number::from(steps as i64);
        let part = Number::ratio(1, steps as i64)?;
        let meaning = self.meaning_of_power(graph, base, part);
        let step = self.generator(graph, Key::Power(base, steps), meaning, None);
        Some(graph.power(step, n))
    }

    /// `exp(part * base)` as it is written: with a logarithm in the exponent it is a power.
    fn meaning_of_power(&self, graph: &mut Graph, base: Term, part: Number) -> Term {
        let mut logarithms = Vec::new();
        if let Node::Product(factors) = graph.node(base) {
            for (t, _) in factors.iter().filter(|(_, e)| e.is_one()) {
                if let Some(Key::Log(of)) = self.generator_at(*t).map(|g| &g.key) {
                    logarithms.push((*t, *of));
                }
            }
        }
        if let [(log, of)] = logarithms[..]
            && let Some(g) = self.generator_at(log)
            && matches!(graph.node(g.meaning), Node::Call(Op::Log, args) if !matches!(graph.node(args[0]), Node::Call(Op::Abs, _)))
        {
            let rest = graph.div(base, log);
            let (of, rest) = (self.meaning(graph, of), self.meaning(graph, rest));
            let rest = graph.scale(part, rest);
            return graph.pow(of, rest);
        }
        let given = self.meaning(graph, base);
        let given = graph.scale(part, given);
        graph.call(Op::Exp, &[given])
    }

    /// The logarithm of a term over the basis: of its factors, since all of them have a sign
    /// where it has a value.
    pub(super) fn logarithm(&mut self, graph: &mut Graph, of: Term) -> Option<Term> {
        let (unit, factors) = self.factors(graph, of)?;
        if unit.is_zero() {
            return None;
        }
        let mut parts: Vec<(Number, Term)> = Vec::new();
        for (part, sign) in [(unit.numerator(), 1), (unit.denominator(), -1)] {
            match prime_powers(&part) {
                Some(primes) => {
                    for (p, n) in primes {
                        let p = graph.number(p as i64);
                        let log = self.plain_logarithm(graph, p);
                        parts.push(((sign * i64::from(n)).into(), log));
                    }
                }
                None => {
                    let part = graph.number(Number::from_integer(part).abs());
                    parts.push((sign.into(), self.plain_logarithm(graph, part)));
                }
            }
        }
        for (factor, n) in factors {
            let log = self.logarithm_of_factor(graph, factor)?;
            parts.push((n.into(), log));
        }
        Some(graph.sum(Number::ZERO, parts))
    }

    fn logarithm_of_factor(&mut self, graph: &mut Graph, factor: Term) -> Option<Term> {
        let generator = self.generator_at(factor).map(|g| (g.key.clone(), g.relation));
        Some(match generator {
            Some((Key::Power(base, steps), _)) => {
                graph.scale(Number::ratio(1, steps as i64)?, base)
            }
            Some((Key::Root(of, steps), _)) => {
                let log = self.logarithm(graph, of)?;
                graph.scale(Number::ratio(1, steps as i64)?, log)
            }
            Some((Key::CubeRoot(of), _)) => {
                let log = self.logarithm(graph, of)?;
                graph.scale(Number::ratio(1, 3)?, log)
            }
            Some((Key::Magnitude(of), _)) => self.logarithm_of_factor(graph, of)?,
            // The logarithm of the square may have factors.
            Some((
                Key::Sine(..) | Key::Cosine(..) | Key::HyperbolicSine(..),
                Some((2, square)),
            )) => {
                let log = self.logarithm(graph, square)?;
                graph.scale(Number::HALF, log)
            }
            _ => self.plain_logarithm(graph, factor),
        })
    }

    /// The logarithm of the magnitude of a factor.
    fn plain_logarithm(&mut self, graph: &mut Graph, of: Term) -> Term {
        let given = self.meaning(graph, of);
        let inner = match self.knowledge.positive(graph, given) {
            true => given,
            false => graph.call(Op::Abs, &[given]),
        };
        let meaning = graph.call(Op::Log, &[inner]);
        if graph.as_number(meaning).is_some() {
            return meaning;
        }
        self.generator(graph, Key::Log(of), meaning, None)
    }

    /// A power whose exponent is no number.
    pub(super) fn general_power(
        &mut self,
        graph: &mut Graph,
        base: Term,
        exponent: Term,
    ) -> Option<Term> {
        let exponent = self.normal(graph, exponent)?;
        if let Some(n) = graph.as_number(exponent).cloned() {
            return match n.is_integer() {
                true => Some(graph.power(base, n)),
                false => self.power(graph, base, &n),
            };
        }
        let given = self.meaning(graph, base);
        if !self.knowledge.positive(graph, given) {
            let base = self.normal(graph, base)?;
            return Some(graph.pow(base, exponent));
        }
        let log = self.logarithm(graph, base)?;
        let product = graph.mul(log, exponent);
        self.exponential(graph, product)
    }
}
