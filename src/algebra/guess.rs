//! Short forms that a constant is likely to have, from its digits; a proof is left to others.

use crate::term::real::{Precise, value};
use crate::term::{Graph, Number, Op, Term};

/// Digits that are looked at.
const DIGITS: usize = 60;

/// The largest denominator of a multiple of π, and of another number.
const LARGEST: i64 = 1_000;

/// A rational number, a rational multiple of π or a square root of a rational number that agrees
/// with a constant to many digits.
pub fn guess(graph: &mut Graph, constant: Term) -> Option<Term> {
    let digits = decimal(graph, constant)?;
    if let Some(n) = ratio(&digits) {
        return Some(graph.number(n));
    }
    let pi = graph.call(Op::Pi, &[]);
    let turns = &digits * &decimal(graph, pi)?.recip()?;
    if let Some(n) = ratio(&turns) {
        return Some(graph.scale(n, pi));
    }
    let square = ratio(&(&digits * &digits))?;
    let square = graph.number(square);
    let root = graph.power(square, Number::HALF);
    Some(if digits.is_negative() { graph.neg(root) } else { root })
}

fn decimal(graph: &Graph, constant: Term) -> Option<Number> {
    match value(graph, constant, &|_| None, DIGITS).ok()? {
        Precise::Exact(n) => Some(n),
        Precise::NearZero { .. } => Some(Number::ZERO),
        Precise::Rounded(text) => {
            let digits = text.trim_start_matches('-');
            let n = Number::from_decimal(digits)?;
            Some(if digits.len() < text.len() { -&n } else { n })
        }
    }
}

/// The fraction with a small denominator that a number is close to, by its continued fraction.
fn ratio(x: &Number) -> Option<Number> {
    let near = Number::from(10).pow(10 - DIGITS as i64)?;
    let (mut before, mut now) = ((Number::ZERO, Number::ONE), (Number::ONE, Number::ZERO));
    let mut rest = x.clone();
    loop {
        let whole = rest.floor();
        let next = (&(&whole * &now.0) + &before.0, &(&whole * &now.1) + &before.1);
        (before, now) = (now, next);
        if now.1 > Number::from(LARGEST) {
            return None;
        }
        let found = &now.0 * &now.1.recip()?;
        if (&found - x).abs() <= &near * &x.abs().max(Number::ONE) {
            return Some(found);
        }
        rest = (&rest - &whole).recip()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_recognised_by_their_digits() {
        let mut g = Graph::new();
        let atans = [1, 2, 3].map(|n| {
            let n = g.number(n);
            (Number::ONE, g.call(Op::Atan, &[n]))
        });
        let sum = g.sum(Number::ZERO, atans);
        let pi = g.call(Op::Pi, &[]);
        assert_eq!(guess(&mut g, sum), Some(pi));
        let one = g.number(1);
        let e = g.call(Op::Exp, &[one]);
        assert_eq!(guess(&mut g, e), None);
    }
}
