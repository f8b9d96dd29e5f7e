//! What a term costs: cycles of a kernel for machines, printed size for people.
//!
//! Cycles are those of the tape that the terms are lowered to, so that what is promised is what
//! is computed; [`super::extract::load`] prices the nodes of an e-graph in the same way.

use rustc_hash::FxHashMap;

use super::language::Form;
use crate::kernel::OperationCounts;
use crate::term::visit::reachable;
use crate::term::{Graph, Node, Number, Term};

/// What to minimise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Cycles of a kernel, in units of one addition; a shared term is paid once, and what stands
    /// in a sum over a range as often as it runs.
    Cycles,
    /// Nodes of the printed infix tree with binary operators: a number or name 1, each operator,
    /// minus sign and call 1. A shared term is paid at each occurrence.
    Size,
}

impl Measure {
    /// Whether a term used twice is paid once.
    pub fn shares(self) -> bool {
        self == Measure::Cycles
    }
}

/// The cost of terms: shared for cycles, of the printed tree for size.
pub fn cost(graph: &Graph, roots: &[Term], measure: Measure) -> f64 {
    if measure == Measure::Cycles {
        return OperationCounts::of_terms(graph, roots).cycles();
    }
    let mut tree: FxHashMap<Term, f64> = FxHashMap::default();
    for t in reachable(graph, roots) {
        let mut total = size_of_node(graph, t);
        graph.each_argument(graph.node(t), |a| total += tree[&a]);
        tree.insert(t, total);
    }
    roots.iter().map(|t| tree[t]).sum()
}

/// The printed size of a node of the e-graph without its arguments.
pub fn size(node: &Form) -> f64 {
    match node {
        Form::Leaf(_) => 1.0,
        Form::Number(n) => number(n),
        Form::Sum { constant, coefficients, .. } => sum(constant, coefficients.iter()),
        Form::Product { exponents, .. } => product(exponents.iter()),
        // A chosen branch is printed inside a call like any other.
        Form::Call(..) | Form::Apply(..) => 1.0,
        Form::Reduce(..) => REDUCTION,
    }
}

/// The printed size of a term of a graph without its arguments.
fn size_of_node(graph: &Graph, term: Term) -> f64 {
    match graph.node(term) {
        Node::Symbol(_) | Node::Element(..) | Node::Index(_) => 1.0,
        Node::Number(n) => number(n),
        Node::Sum { constant, terms } => sum(constant, terms.iter().map(|(c, _)| c)),
        Node::Product(factors) => product(factors.iter().map(|(_, e)| e)),
        Node::Call(..) | Node::Apply(..) => 1.0,
        Node::Reduce { .. } => REDUCTION,
    }
}

/// `sum(… for i in a..b)`: the call, the index and its bounds.
const REDUCTION: f64 = 4.0;

fn number(n: &Number) -> f64 {
    let sign = if n.is_negative() { 1.0 } else { 0.0 };
    let ratio = if n.to_decimal(12).is_none() { 2.0 } else { 0.0 };
    1.0 + sign + ratio
}

fn sum<'n>(constant: &Number, coefficients: impl Iterator<Item = &'n Number>) -> f64 {
    let (mut parts, mut scaled, mut negative, mut numbers) = (0, 0, 0, 0.0);
    for c in coefficients {
        parts += 1;
        negative += usize::from(c.is_negative());
        if !c.is_one() && *c != Number::MINUS_ONE {
            scaled += 1;
            numbers += number(&c.abs());
        }
    }
    let constants = usize::from(!constant.is_zero());
    let all_negative = negative == parts && (constants == 0 || constant.is_negative());
    let joins = (parts + constants).saturating_sub(1);
    let constant = if constants == 1 { number(&constant.abs()) } else { 0.0 };
    joins as f64 + numbers + f64::from(scaled) + constant + f64::from(u8::from(all_negative))
}

fn product<'n>(exponents: impl Iterator<Item = &'n Number>) -> f64 {
    let (mut over, mut under, mut powers) = (0, 0, 0.0);
    for e in exponents {
        if e.is_negative() {
            under += 1
        } else {
            over += 1
        }
        powers += match e.abs() {
            one if one.is_one() => 0.0,
            half if half == Number::HALF => 1.0,
            n => 1.0 + number(&n),
        };
    }
    let joins = (over + under).max(1) - 1;
    // A product of denominators alone is printed as 1/(…).
    f64::from(joins) + powers + if over == 0 { 2.0 } else { 0.0 }
}
