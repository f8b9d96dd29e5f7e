//! Evaluation of a term over any algebra: doubles, intervals, dual numbers, other terms.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::function::Function;
use super::graph::{Graph, Node, Term};
use super::interval::{Defined, Interval};
use super::number::Number;
use super::op::Op;
use super::visit::closure;

/// Where values come from: the meaning of leaves and operations.
pub trait Algebra {
    /// What a term evaluates to.
    type Value: Clone;
    /// An exact number.
    fn number(&mut self, n: &Number) -> Self::Value;
    /// A named scalar.
    fn symbol(&mut self, name: &str) -> Self::Value;
    /// An element of an array at concrete indices.
    fn element(&mut self, array: &str, indices: &[i64]) -> Self::Value;
    /// `a + b`.
    fn add(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    /// `a * b`.
    fn mul(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    /// `a ^ exponent`.
    fn power(&mut self, a: Self::Value, exponent: &Number) -> Self::Value;
    /// An operation of the table.
    fn call(&mut self, op: Op, args: &[Self::Value]) -> Self::Value;
    /// A registered function.
    fn apply(&mut self, function: &Function, args: &[Self::Value]) -> Self::Value;
}

/// The value of a term whose bound indices are all bound inside it.
///
/// Reductions are evaluated by walking their range, so this is for checks and small work;
/// kernels do the heavy evaluation.
pub fn evaluate<A: Algebra>(graph: &Graph, root: Term, algebra: &mut A) -> A::Value {
    evaluate_at(graph, root, &[], algebra)
}

/// The value of a term at given values of the free bound indices, by binder level.
pub fn evaluate_at<A: Algebra>(graph: &Graph, root: Term, at: &[i64], algebra: &mut A) -> A::Value {
    evaluate_further(graph, root, at, algebra, &mut FxHashMap::default())
}

/// As [`evaluate_at`], with the values of some terms known; those found on the way are added.
pub(super) fn evaluate_further<A: Algebra>(
    graph: &Graph,
    root: Term,
    at: &[i64],
    algebra: &mut A,
    values: &mut FxHashMap<Term, A::Value>,
) -> A::Value {
    for term in outside_reductions(graph, root, |t| values.contains_key(&t)) {
        let value = match graph.node(term) {
            Node::Number(n) => algebra.number(n),
            Node::Symbol(s) => algebra.symbol(graph.name(*s)),
            Node::Sum { constant, terms } => {
                let mut total = (!constant.is_zero()).then(|| algebra.number(constant));
                for (c, t) in &**terms {
                    let mut part = values[t].clone();
                    if !c.is_one() {
                        let c = algebra.number(c);
                        part = algebra.mul(c, part);
                    }
                    total = Some(match total {
                        Some(sum) => algebra.add(sum, part),
                        None => part,
                    });
                }
                total.unwrap_or_else(|| algebra.number(&Number::ZERO))
            }
            Node::Product(factors) => {
                let mut total: Option<A::Value> = None;
                for (t, e) in &**factors {
                    let mut part = values[t].clone();
                    if !e.is_one() {
                        part = algebra.power(part, e);
                    }
                    total = Some(match total {
                        Some(product) => algebra.mul(product, part),
                        None => part,
                    });
                }
                total.unwrap_or_else(|| algebra.number(&Number::ONE))
            }
            Node::Call(op, args) => {
                let args: Vec<A::Value> = args.iter().map(|a| values[a].clone()).collect();
                algebra.call(*op, &args)
            }
            Node::Apply(f, args) => {
                let args: Vec<A::Value> = args.iter().map(|a| values[a].clone()).collect();
                algebra.apply(graph.function(*f), &args)
            }
            Node::Element(array, indices) => {
                let indices: Vec<i64> =
                    indices.iter().map(|i| i.at(|b| index_of(at, b.0))).collect();
                algebra.element(graph.name(*array), &indices)
            }
            Node::Index(affine) => {
                let value = affine.at(|b| index_of(at, b.0));
                algebra.number(&value.into())
            }
            Node::Reduce { binder, from, to, body } => {
                let level = usize::from(binder.0);
                let mut inner = at.to_vec();
                inner.resize(inner.len().max(level + 1), 0);
                let mut total = algebra.number(&Number::ZERO);
                for j in *from..=*to {
                    inner[level] = j;
                    let part = evaluate_at(graph, *body, &inner, algebra);
                    total = algebra.add(total, part);
                }
                total
            }
        };
        values.insert(term, value);
    }
    values[&root].clone()
}

fn index_of(at: &[i64], level: u8) -> i64 {
    at.get(usize::from(level)).copied().unwrap_or(0)
}

/// Terms to evaluate once: reachable without entering the body of a reduction or a known term.
fn outside_reductions(graph: &Graph, root: Term, known: impl Fn(Term) -> bool) -> Vec<Term> {
    let roots: SmallVec<[Term; 1]> = [root].into_iter().filter(|&t| !known(t)).collect();
    closure(&roots, |term, visit| {
        if !matches!(graph.node(term), Node::Reduce { .. }) {
            graph.each_argument(graph.node(term), |t| {
                if !known(t) {
                    visit(t);
                }
            });
        }
    })
}

/// Doubles: `leaf` gives the value of a symbol, or of an array element written `name[1,2]`.
pub struct Floating<F>(pub F);

impl<F: FnMut(&str) -> f64> Algebra for Floating<F> {
    type Value = f64;
    fn number(&mut self, n: &Number) -> f64 {
        n.to_f64()
    }
    fn symbol(&mut self, name: &str) -> f64 {
        (self.0)(name)
    }
    fn element(&mut self, array: &str, indices: &[i64]) -> f64 {
        (self.0)(&element_name(array, indices))
    }
    fn add(&mut self, a: f64, b: f64) -> f64 {
        a + b
    }
    fn mul(&mut self, a: f64, b: f64) -> f64 {
        a * b
    }
    fn power(&mut self, a: f64, exponent: &Number) -> f64 {
        match exponent.small() {
            Some((1, 2)) => libm::sqrt(a),
            Some((-1, 1)) => 1.0 / a,
            _ => libm::pow(a, exponent.to_f64()),
        }
    }
    fn call(&mut self, op: Op, args: &[f64]) -> f64 {
        op.value(args)
    }
    fn apply(&mut self, function: &Function, args: &[f64]) -> f64 {
        (function.value)(args)
    }
}

/// Intervals that enclose the real value: `leaf` gives the enclosure of a symbol or element.
pub struct Enclosing<F> {
    leaf: F,
}

impl<F: FnMut(&str) -> Interval> Enclosing<F> {
    /// Enclosures with the given values of symbols and of elements written `name[1,2]`.
    pub fn new(leaf: F) -> Self {
        Enclosing { leaf }
    }
}

impl<F: FnMut(&str) -> Interval> Algebra for Enclosing<F> {
    type Value = Interval;
    fn number(&mut self, n: &Number) -> Interval {
        n.enclosure()
    }
    fn symbol(&mut self, name: &str) -> Interval {
        (self.leaf)(name)
    }
    fn element(&mut self, array: &str, indices: &[i64]) -> Interval {
        (self.leaf)(&element_name(array, indices))
    }
    fn add(&mut self, a: Interval, b: Interval) -> Interval {
        a.add(b)
    }
    fn mul(&mut self, a: Interval, b: Interval) -> Interval {
        a.mul(b)
    }
    fn power(&mut self, a: Interval, exponent: &Number) -> Interval {
        match exponent.small() {
            Some((1, 2)) => a.sqrt(),
            Some((n, 1)) => a.powi(n),
            _ if exponent.is_integer() => a.pow(Interval::around(exponent.to_f64())),
            _ => a.pow_fraction(exponent.to_f64()),
        }
    }
    fn call(&mut self, op: Op, args: &[Interval]) -> Interval {
        op.enclosure(args)
    }
    fn apply(&mut self, function: &Function, args: &[Interval]) -> Interval {
        if args.iter().any(|a| a.defined == Defined::Never) {
            return Interval::NEVER;
        }
        let always = function.total && args.iter().all(|a| a.defined == Defined::Always);
        let range = function.range.unwrap_or(Interval::ALL);
        Interval { defined: if always { Defined::Always } else { Defined::Sometimes }, ..range }
    }
}

/// The text name of an array element at concrete indices.
pub fn element_name(array: &str, indices: &[i64]) -> String {
    let indices: Vec<String> = indices.iter().map(i64::to_string).collect();
    format!("{array}[{}]", indices.join(","))
}
