//! Where a term has a value, as conditions on the signs of others.

use rustc_hash::FxHashSet;

use super::basis::Knowledge;
use super::kernels::Kernels;
use crate::polynomial::Budget;
use crate::term::visit::{Rebuild, closure};
use crate::term::{Graph, Node, Number, Op, Term};

/// What is asked of a term.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sign {
    /// It is not zero.
    Nonzero,
    /// It is at least zero.
    Nonnegative,
    /// It is greater than zero.
    Positive,
}

/// A condition for a term to have a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Condition {
    /// The term it is about.
    pub of: Term,
    /// What is asked of it.
    pub sign: Sign,
}

/// Conditions under which a term has a value where another one has one; `None` when some part, such
/// as a choice, has a domain that is not of this kind.
pub fn conditions(
    graph: &mut Graph,
    root: Term,
    given: Term,
    knowledge: &mut dyn Knowledge,
) -> Option<Vec<Condition>> {
    let (found, complete) = all(graph, root, Some((given, knowledge)));
    complete.then_some(found)
}

/// Conditions that hold wherever a term has a value, as far as they are known.
pub fn implied(graph: &mut Graph, root: Term) -> Vec<Condition> {
    all(graph, root, None).0
}

/// Conditions that suffice where another term has a value, or that are necessary, and whether these
/// are all.
fn all(
    graph: &mut Graph,
    root: Term,
    mut given: Option<(Term, &mut dyn Knowledge)>,
) -> (Vec<Condition>, bool) {
    let shared = given.as_ref().map(|(t, _)| outside_choices(graph, *t)).unwrap_or_default();
    let (mut found, mut complete) = (Vec::new(), true);
    let mut seen: FxHashSet<Term> = FxHashSet::default();
    let mut stack = vec![root];
    while let Some(term) = stack.pop() {
        // What is a part of the other has a value where that has one.
        if graph.is_total(term) || shared.contains(&term) || !seen.insert(term) {
            continue;
        }
        let node = graph.node(term).clone();
        let mut ask = |of: Term, sign: Sign| found.push(Condition { of, sign });
        match &node {
            Node::Product(factors) => {
                for (base, exponent) in &**factors {
                    of_power(*base, exponent, &mut ask);
                }
            }
            Node::Call(op, args) => match (op, &**args) {
                (Op::Sqrt, &[a]) => ask(a, Sign::Nonnegative),
                (Op::Div, &[_, b]) => ask(b, Sign::Nonzero),
                (Op::Pow, &[a, b]) => {
                    // As it is written, 2/3 is a quotient.
                    let [base, exponent] = [a, b].map(|t| Rebuild::default().within(graph, t));
                    match graph.as_number(exponent).cloned() {
                        Some(exponent) => of_power(a, &exponent, &mut ask),
                        None if is_positive_number(graph, a) => {}
                        None if graph.as_number(base).is_some_and(|n| !n.is_zero())
                            && given.as_mut().is_some_and(|(_, k)| k.integer(graph, b)) => {}
                        None if given.is_some() => ask(a, Sign::Positive),
                        None => complete = false,
                    }
                }
                (Op::Log | Op::Log2 | Op::Log10, &[a]) => ask(a, Sign::Positive),
                (Op::Log1p, &[a]) => {
                    ask(graph.sum(Number::ONE, [(Number::ONE, a)]), Sign::Positive);
                }
                (Op::Acosh, &[a]) => {
                    ask(graph.sum(Number::MINUS_ONE, [(Number::ONE, a)]), Sign::Nonnegative);
                }
                (Op::Asin | Op::Acos | Op::Atanh, &[a]) => {
                    let sign = if *op == Op::Atanh { Sign::Positive } else { Sign::Nonnegative };
                    ask(graph.sum(Number::ONE, [(Number::ONE, a)]), sign);
                    ask(graph.sum(Number::ONE, [(Number::MINUS_ONE, a)]), sign);
                }
                (Op::Tan, &[a]) => ask(graph.call(Op::Cos, &[a]), Sign::Nonzero),
                (Op::If | Op::Undefined, _) => {
                    complete = false;
                    continue;
                }
                (op, _) => complete &= op.row().total,
            },
            Node::Apply(f, _) => complete &= graph.function(*f).total,
            Node::Reduce { .. } => {
                complete = false;
                continue;
            }
            _ => {}
        }
        graph.each_argument(&node, |t| stack.push(t));
    }
    found.sort_unstable();
    found.dedup();
    (found, complete)
}

/// The parts of a term that are not inside of a choice or a reduction.
fn outside_choices(graph: &Graph, root: Term) -> FxHashSet<Term> {
    let parts = closure(&[root], |term, visit| {
        if !matches!(graph.node(term), Node::Call(Op::If, _) | Node::Reduce { .. }) {
            graph.each_argument(graph.node(term), visit);
        }
    });
    parts.into_iter().collect()
}

fn of_power(base: Term, exponent: &Number, ask: &mut impl FnMut(Term, Sign)) {
    match (exponent.is_integer(), exponent.is_negative()) {
        (true, false) => {}
        (true, true) => ask(base, Sign::Nonzero),
        (false, false) => ask(base, Sign::Nonnegative),
        (false, true) => ask(base, Sign::Positive),
    }
}

fn is_positive_number(graph: &Graph, term: Term) -> bool {
    graph.as_number(term).is_some_and(Number::is_positive)
}

/// Rational zeros of a rational function of one name, and the name.
pub fn rational_zeros(graph: &mut Graph, term: Term) -> Option<(Term, Vec<Number>)> {
    let mut budget = Budget { terms: 1_000, work: 2_000_000 };
    let kernels = Kernels::of(graph, &[term]);
    if kernels.len() != 1 || !matches!(graph.node(kernels.kernel(0).0), Node::Symbol(_)) {
        return None;
    }
    let (fraction, _) = kernels.fraction(graph, term, &mut budget).ok()??;
    let factors = fraction.numerator.factored(&mut budget).ok()?.factors;
    let mut zeros = Vec::new();
    for (factor, _) in factors.iter().filter(|(f, _)| f.degree(0) == 1) {
        let value = |n: Number| factor.at(0, &n)?.as_constant();
        let (constant, sum) = (value(Number::ZERO)?, value(Number::ONE)?);
        zeros.push(-&(&constant * &(&sum - &constant).recip()?));
    }
    Some((kernels.kernel(0).0, zeros))
}
