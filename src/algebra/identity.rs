//! Whether a term is zero wherever it has a value, with a proof.
//!
//! A sum of inverse functions is an angle: it is zero when its sine is 0, its cosine is 1, and it
//! lies between `-2*pi` and `2*pi`. A sum of logarithms is zero when its exponential is 1. A term
//! with a square root, `a + b*sqrt(c)`, is zero when `a^2 = b^2*c` and `a` and `b` have opposite
//! signs.

use super::basis::{Basis, Keeping, Knowledge};
use super::forms::holds;
use super::kernels::Kernels;
use crate::polynomial::Budget;
use crate::term::sample::Claim;
use crate::term::{Graph, Node, Number, Op, Term};

/// Why a term is zero wherever it has a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// What was shown to be zero instead, in words of the field; nothing for the term itself.
    pub by: Option<&'static str>,
    /// The functions that the term is a rational function of.
    pub basis: Vec<Term>,
    /// Equations between them: powers and what they are equal to.
    pub equations: Vec<(Term, Term)>,
}

/// Square roots that are taken to the other side.
const ROOTS: usize = 4;

/// The proof that a term is zero wherever it has a value.
pub fn zero(graph: &mut Graph, root: Term, knowledge: &mut dyn Knowledge) -> Option<Proof> {
    if !graph.witness(root, Claim::Defined) {
        return None;
    }
    if rational(graph, root) {
        return Some(Proof { by: None, basis: Vec::new(), equations: Vec::new() });
    }
    let plain = by_basis(graph, root, knowledge);
    if plain.is_some() {
        return plain;
    }
    if holds(graph, root, is_angle)
        && let Some(proof) = by_angle(graph, root, knowledge)
    {
        return Some(proof);
    }
    if holds(graph, root, is_logarithm)
        && let Some(proof) = by_exponential(graph, root, knowledge)
    {
        return Some(proof);
    }
    None
}

/// Whether a term is zero as a rational function of its kernels as they stand.
fn rational(graph: &mut Graph, root: Term) -> bool {
    let mut budget = Budget { terms: 5_000, work: 20_000_000 };
    let kernels = Kernels::of(graph, &[root]);
    matches!(kernels.fraction(graph, root, &mut budget), Ok(Some((f, _))) if f.is_zero())
}

fn by_basis(graph: &mut Graph, root: Term, knowledge: &mut dyn Knowledge) -> Option<Proof> {
    let mut basis = Basis::new(knowledge, Keeping::Cosines);
    let image = basis.express(graph, root)?;
    let shown = basis.is_zero(graph, image) || basis.is_zero_by_squares(graph, image, ROOTS);
    shown.then(|| Proof {
        by: None,
        basis: basis.generators().collect(),
        equations: basis.relations(graph),
    })
}

/// A number that makes the coefficients of inverse functions in a sum whole.
fn denominator(graph: &Graph, root: Term, kind: impl Fn(Op) -> bool) -> Number {
    let Node::Sum { terms, .. } = graph.node(root) else { return Number::ONE };
    let inverse = terms.iter().filter(|(_, t)| match graph.node(*t) {
        Node::Call(op, _) => kind(*op),
        _ => false,
    });
    // The greatest number that all are whole multiples of is n/d in lowest terms.
    let unit = inverse.fold(Number::ONE, |g, (c, _)| g.gcd(c));
    Number::from_integer(unit.denominator())
}

fn is_angle(op: Op) -> bool {
    matches!(op, Op::Asin | Op::Acos | Op::Atan | Op::Atan2)
}

fn is_logarithm(op: Op) -> bool {
    let inverse = matches!(op, Op::Asinh | Op::Acosh | Op::Atanh);
    inverse || matches!(op, Op::Log | Op::Log1p | Op::Log2 | Op::Log10)
}

fn by_angle(graph: &mut Graph, root: Term, knowledge: &mut dyn Knowledge) -> Option<Proof> {
    let whole = denominator(graph, root, is_angle);
    let angle = graph.scale(whole, root);
    let range = knowledge.range(graph, angle);
    let turn = 2.0 * std::f64::consts::PI;
    if !(-turn < range.lo && range.hi < turn) {
        return None;
    }
    let sine = graph.call(Op::Sin, &[angle]);
    by_basis(graph, sine, knowledge)?;
    let cosine = graph.call(Op::Cos, &[angle]);
    let one_less = graph.sum(Number::MINUS_ONE, [(Number::ONE, cosine)]);
    let proof = by_basis(graph, one_less, knowledge)?;
    Some(Proof { by: Some("the angle is less than a turn, its sine is 0, its cosine 1"), ..proof })
}

fn by_exponential(graph: &mut Graph, root: Term, knowledge: &mut dyn Knowledge) -> Option<Proof> {
    let whole = denominator(graph, root, is_logarithm);
    let exponent = graph.scale(whole, root);
    let power = graph.call(Op::Exp, &[exponent]);
    let one_less = graph.sum(Number::MINUS_ONE, [(Number::ONE, power)]);
    let proof = by_basis(graph, one_less, knowledge)?;
    Some(Proof { by: Some("its exponential is 1"), ..proof })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Interval;

    /// Nothing but what numbers say.
    struct Nothing;

    impl Knowledge for Nothing {
        fn range(&mut self, _: &mut Graph, _: Term) -> Interval {
            Interval::ALL
        }

        fn positive(&mut self, graph: &mut Graph, term: Term) -> bool {
            graph.as_number(term).is_some_and(Number::is_positive)
        }

        fn nonnegative(&mut self, graph: &mut Graph, term: Term) -> bool {
            graph.as_number(term).is_some_and(|n| !n.is_negative())
        }
    }

    fn call(g: &mut Graph, op: Op, c: i64, t: Term) -> Term {
        let argument = g.scale(c, t);
        g.call(op, &[argument])
    }

    #[test]
    fn multiples_of_an_angle_are_polynomials_in_its_cosine() {
        let mut g = Graph::new();
        let x = g.symbol("x");
        for (op, last, holds) in [(Op::Cos, -1, true), (Op::Cosh, -1, true), (Op::Cos, 1, false)] {
            // T6(c) = 32 c^6 - 48 c^4 + 18 c^2 - 1
            let whole = call(&mut g, op, 6, x);
            let c = call(&mut g, op, 1, x);
            let powers = [(32, 6), (-48, 4), (18, 2)];
            let parts: Vec<(Number, Term)> =
                powers.iter().map(|&(k, n)| (Number::from(-k), g.power(c, n))).collect();
            let parts = parts.into_iter().chain([(Number::ONE, whole)]);
            let difference = g.sum(Number::from(-last), parts);
            assert_eq!(zero(&mut g, difference, &mut Nothing).is_some(), holds, "{op:?} {last}");
        }
    }

    #[test]
    fn the_equations_of_the_basis_are_told() {
        let mut g = Graph::new();
        let x = g.symbol("x");
        let [s, c] = [Op::Sin, Op::Cos].map(|op| g.call(op, &[x]));
        let squares = [s, c].map(|t| (Number::ONE, g.power(t, 2)));
        let difference = g.sum(Number::MINUS_ONE, squares);
        let proof = zero(&mut g, difference, &mut Nothing).expect("a proof");
        let [(power, value)] = proof.equations[..] else { panic!("{proof:?}") };
        assert_eq!(power, g.power(s, 2));
        let square = g.power(c, 2);
        assert_eq!(value, g.sum(Number::ONE, [(Number::MINUS_ONE, square)]));
    }

    #[test]
    fn what_has_no_value_anywhere_is_not_zero() {
        let mut g = Graph::new();
        let x = g.symbol("x");
        let [s, c] = [Op::Sin, Op::Cos].map(|op| g.call(op, &[x]));
        let squares = [s, c].map(|t| (Number::ONE, g.power(t, 2)));
        let nothing = g.sum(Number::MINUS_ONE, squares);
        // (tan(x)^2 + 1 - 1/cos(x)^2)/(sin(x)^2 + cos(x)^2 - 1) of Wester's review (I10).
        let t = g.call(Op::Tan, &[x]);
        let parts = [(Number::ONE, g.power(t, 2)), (Number::MINUS_ONE, g.power(c, -2))];
        let top = g.sum(Number::ONE, parts);
        let quotient = g.div(top, nothing);
        assert_eq!(zero(&mut g, quotient, &mut Nothing), None);
    }
}
