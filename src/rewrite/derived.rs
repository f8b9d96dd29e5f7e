//! Facts of polynomials in one name that no enclosure shows: `x^2 + x + 1` is positive, `n*(n + 1)`
//! even for integers.

use super::assumption::Assumptions;
use super::defined::{definite, roots};
use super::facts::{Facts, odd};
use super::known::Known;
use crate::algebra::Kernels;
use crate::polynomial::Budget;
use crate::term::visit::{free_symbols, reachable};
use crate::term::{Graph, Interval, Node, Number, Op, Term};

/// Most terms that are looked at.
const LOOKED: usize = 12;

/// The largest degree of a polynomial in an integer.
const DEGREE: u32 = 12;

/// What is assumed, with what follows for polynomials whose sign or parity decides something in
/// terms.
pub fn derived(graph: &mut Graph, facts: &Assumptions, terms: &[Term]) -> Assumptions {
    let mut found = facts.clone();
    let mut asked: Vec<Term> = Vec::new();
    let mut whole: Vec<Term> = Vec::new();
    for term in reachable(graph, terms) {
        match graph.node(term).clone() {
            Node::Call(op, args) => match (op, &*args) {
                (Op::Abs | Op::Sign, &[a]) => asked.push(a),
                (Op::Max | Op::Min | Op::Less | Op::LessEqual | Op::Equal, &[a, b]) => {
                    asked.push(graph.sub(a, b));
                }
                (Op::Pow, &[a, b]) => {
                    asked.push(a);
                    whole.push(b);
                }
                _ => {}
            },
            Node::Product(factors) => {
                let even = |e: &Number| odd(e) == Some(false);
                asked.extend(factors.iter().filter(|(_, e)| !e.is_integer()).map(|(b, _)| *b));
                // The root of a square is asked for the sign of its base.
                asked.extend(factors.iter().filter(|(_, e)| even(e)).map(|(b, _)| *b));
                whole.extend(factors.iter().map(|(b, _)| *b));
            }
            Node::Sum { terms, .. } => whole.extend(terms.iter().map(|(_, t)| *t)),
            _ => {}
        }
    }
    let sum = |graph: &Graph, t: Term| matches!(graph.node(t), Node::Sum { .. });
    asked.retain(|&t| sum(graph, t) && free_symbols(graph, &[t]).len() == 1);
    asked.sort_unstable();
    asked.dedup();
    for of in asked.into_iter().take(LOOKED) {
        let mut known = Known::new(facts);
        let signs = known.of(graph, of).signs;
        if signs.nonnegative() || signs.nonpositive() || !known.of(graph, of).total() {
            continue;
        }
        let minus = graph.neg(of);
        for side in [of, minus] {
            if definite(graph, side, facts) {
                let zero = graph.number(0);
                let strict = roots(graph, side, facts) == Some(0);
                let op = if strict { Op::Less } else { Op::LessEqual };
                let condition = graph.call(op, &[zero, side]);
                found.hold(graph, condition, true);
            }
        }
    }
    whole.sort_unstable();
    whole.dedup();
    whole.retain(|&t| !matches!(graph.node(t), Node::Symbol(_) | Node::Number(_)));
    for of in whole.into_iter().take(LOOKED) {
        if let Some(parity) = integral(graph, of, facts) {
            let mut known = Facts::within(Interval::ALL);
            known.integer = true;
            known.odd = parity;
            found.inherit(of, &known);
        }
    }
    // Nothing that is true contradicts what can be.
    if found.is_contradictory() { facts.clone() } else { found }
}

/// Whether a polynomial in an integer has integer values, and of which parity: it does when its
/// values at one more consecutive integers than its degree do (Polya 1915).
fn integral(graph: &mut Graph, of: Term, facts: &Assumptions) -> Option<Option<bool>> {
    if free_symbols(graph, &[of]).len() != 1 {
        return None;
    }
    let mut budget = Budget { terms: 200, work: 200_000 };
    let kernels = Kernels::of(graph, &[of]);
    if kernels.len() != 1 || !facts.of(kernels.kernel(0).0).is_some_and(|known| known.integer) {
        return None;
    }
    let (fraction, _) = kernels.fraction(graph, of, &mut budget).ok()??;
    let degree = fraction.numerator.degree(0);
    if !fraction.is_whole() || degree == 0 || degree > DEGREE {
        return None;
    }
    let mut values = Vec::new();
    for n in 0..=i64::from(degree) {
        values.push(fraction.numerator.at(0, &n.into())?.as_constant()?);
    }
    if !values.iter().all(Number::is_integer) {
        return None;
    }
    // Half of it, or half of one less, has integer values too.
    let parity = odd(&values[0]).filter(|_| values.iter().all(|n| odd(n) == odd(&values[0])));
    Some(parity)
}
