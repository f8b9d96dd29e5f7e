//! What a term costs: cycles of a kernel for machines, printed size for people.
//!
//! Cycles are those of the tape that the terms are lowered to, so that what is promised is what
//! is computed; `extract::load` prices the nodes of an e-graph in the same way.

use rustc_hash::FxHashMap;

use super::language::Form;
use crate::kernel::{LARGEST_POWER, OperationCounts};
use crate::term::visit::reachable;
use crate::term::{Graph, Node, Number, Op, Term};

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

    /// A term without its arguments, as if nothing were shared: the way of the classical engine,
    /// which compares one place at a time.
    pub fn node(self, graph: &Graph, term: Term) -> f64 {
        match self {
            Measure::Cycles => cycles_of_node(graph, term),
            Measure::Size => size_of_node(graph, term),
        }
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
        Node::Sum { constant, terms } => {
            // `2*(1/x)` is printed as `2/x`.
            let quotients = terms.iter().filter(|(c, t)| !c.is_unit() && is_reciprocal(graph, *t));
            let turned = match &terms[..] {
                [(c, t)] if constant.is_zero() && c.is_negative() => graph.turned_part(*t),
                _ => None,
            };
            let saved = 2 * quotients.count() + usize::from(turned.is_some());
            sum(constant, terms.iter().map(|(c, _)| c)) - saved as f64
        }
        Node::Product(factors) => product(factors.iter().map(|(_, e)| e)),
        Node::Call(..) | Node::Apply(..) => 1.0,
        Node::Reduce { .. } => REDUCTION,
    }
}

/// Whether a term is printed as `1/(…)`.
fn is_reciprocal(graph: &Graph, term: Term) -> bool {
    match graph.node(term) {
        Node::Product(factors) => factors.iter().all(|(_, e)| e.is_negative()),
        _ => false,
    }
}

/// The cycles of a term of a graph without those of its arguments.
fn cycles_of_node(graph: &Graph, term: Term) -> f64 {
    let (add, mul) = (Op::Add.row().cycles, Op::Mul.row().cycles);
    let joins = |n: usize| n.saturating_sub(1) as f64;
    match graph.node(term) {
        Node::Symbol(_) | Node::Element(..) | Node::Index(_) | Node::Number(_) => 0.0,
        Node::Sum { constant, terms } => {
            let scaled = terms.iter().filter(|(c, _)| !c.abs().is_one()).count();
            joins(terms.len() + usize::from(!constant.is_zero())) * add + scaled as f64 * mul
        }
        Node::Product(factors) => {
            let under = factors.iter().filter(|(_, e)| e.is_negative()).count();
            let sides = joins(under) + joins(factors.len() - under);
            let division = if under > 0 { Op::Div.row().cycles } else { 0.0 };
            let powers = factors.iter().map(|(_, e)| match e.abs().small() {
                Some((n, 1)) if n <= LARGEST_POWER => squarings(n) * mul,
                Some((n, 2)) if n <= LARGEST_POWER => Op::Sqrt.row().cycles + squarings(n) * mul,
                _ => Op::Pow.row().cycles,
            });
            sides * mul + division + powers.sum::<f64>()
        }
        Node::Call(op, _) => op.row().cycles,
        Node::Apply(f, _) => graph.function(*f).cycles,
        Node::Reduce { from, to, .. } => add * to.saturating_sub(*from).max(0) as f64,
    }
}

/// Multiplications of a power by repeated squaring.
fn squarings(n: i64) -> f64 {
    f64::from(n.max(1).ilog2() + n.count_ones() - 1)
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
            let size = number(&c.abs());
            // `x/3`: the denominator alone stands below what is scaled.
            let alone = size > 2.0 && c.recip().is_some_and(|d| d.is_integer());
            numbers += if alone { 1.0 } else { size };
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
