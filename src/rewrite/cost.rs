//! What a term costs: cycles of a kernel for machines, printed size for people.
//!
//! The same two formulas price nodes of the e-graph and terms of a graph, so that what the
//! extractor minimises is what is reported.

use rustc_hash::FxHashMap;

use super::language::Form;
use crate::term::visit::reachable;
use crate::term::{Function, Graph, Node, Number, Op, Term};

/// What to minimise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Cycles of a kernel, in units of one addition; a shared term is paid once.
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

    /// The node's own cost, without its arguments.
    pub fn form(self, node: &Form, functions: &[Function]) -> f64 {
        match node {
            Form::Leaf(_) => self.leaf(),
            Form::Number(n) => self.number(n),
            Form::Sum { constant, coefficients, .. } => self.sum(constant, coefficients.iter()),
            Form::Product { exponents, .. } => self.product(exponents.iter()),
            Form::Call(op, _) => self.call(*op),
            Form::Apply(f, _) => self.apply(&functions[f.0 as usize]),
            Form::Reduce(_, from, to, _) => self.reduce(*from, *to),
        }
    }

    /// The cost of a term of a graph without its arguments.
    pub fn node(self, graph: &Graph, term: Term) -> f64 {
        match graph.node(term) {
            Node::Symbol(_) | Node::Element(..) | Node::Index(_) => self.leaf(),
            Node::Number(n) => self.number(n),
            Node::Sum { constant, terms } => self.sum(constant, terms.iter().map(|(c, _)| c)),
            Node::Product(factors) => self.product(factors.iter().map(|(_, e)| e)),
            Node::Call(op, _) => self.call(*op),
            Node::Apply(f, _) => self.apply(graph.function(*f)),
            Node::Reduce { from, to, .. } => self.reduce(*from, *to),
        }
    }

    fn leaf(self) -> f64 {
        match self {
            Measure::Cycles => 0.0,
            Measure::Size => 1.0,
        }
    }

    fn number(self, n: &Number) -> f64 {
        match self {
            Measure::Cycles => 0.0,
            Measure::Size => {
                let sign = if n.is_negative() { 1.0 } else { 0.0 };
                let ratio = if n.to_decimal(12).is_none() { 2.0 } else { 0.0 };
                1.0 + sign + ratio
            }
        }
    }

    fn call(self, op: Op) -> f64 {
        match self {
            Measure::Cycles => op.row().cycles,
            // A chosen branch is printed inside a call like any other.
            Measure::Size => 1.0,
        }
    }

    fn apply(self, function: &Function) -> f64 {
        match self {
            Measure::Cycles => function.cycles,
            Measure::Size => 1.0,
        }
    }

    fn reduce(self, from: i64, to: i64) -> f64 {
        match self {
            // The body is priced once; a loop pays for it at each index.
            Measure::Cycles => (to.saturating_sub(from)).clamp(0, 1 << 40) as f64 + 2.0,
            Measure::Size => 4.0,
        }
    }

    fn sum<'n>(self, constant: &Number, coefficients: impl Iterator<Item = &'n Number>) -> f64 {
        let (mut parts, mut scaled, mut negative, mut numbers) = (0, 0, 0, 0.0);
        for c in coefficients {
            parts += 1;
            negative += usize::from(c.is_negative());
            if !c.is_one() && *c != Number::MINUS_ONE {
                scaled += 1;
                numbers += self.number(&c.abs());
            }
        }
        let constants = usize::from(!constant.is_zero());
        let all_negative = negative == parts && (constants == 0 || constant.is_negative());
        let joins = (parts + constants).saturating_sub(1);
        match self {
            Measure::Cycles => {
                let (add, mul) = (Op::Add.row().cycles, Op::Mul.row().cycles);
                // A scaled term carries its sign in the constant.
                let flip = if all_negative && scaled == 0 && constants == 0 {
                    Op::Neg.row().cycles
                } else {
                    0.0
                };
                joins as f64 * add + scaled as f64 * mul + flip
            }
            Measure::Size => {
                let constant = if constants == 1 { self.number(&constant.abs()) } else { 0.0 };
                joins as f64
                    + numbers
                    + scaled as f64
                    + constant
                    + f64::from(u8::from(all_negative))
            }
        }
    }

    fn product<'n>(self, exponents: impl Iterator<Item = &'n Number>) -> f64 {
        match self {
            Measure::Cycles => product_cycles(exponents),
            Measure::Size => {
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
                        n => 1.0 + self.number(&n),
                    };
                }
                let joins = (over + under).max(1) - 1;
                // A product of denominators alone is printed as 1/(…).
                joins as f64 + powers + if over == 0 { 2.0 } else { 0.0 }
            }
        }
    }
}

/// Multiplications, roots, calls and at most one division for a product of powers.
fn product_cycles<'n>(exponents: impl Iterator<Item = &'n Number>) -> f64 {
    let (mul, sqrt) = (Op::Mul.row().cycles, Op::Sqrt.row().cycles);
    let mut groups: FxHashMap<Number, usize> = FxHashMap::default();
    for e in exponents {
        *groups.entry(e.clone()).or_default() += 1;
    }
    let (mut cost, mut over, mut under) = (0.0, 0usize, 0usize);
    for (e, members) in &groups {
        // Bases with one exponent are multiplied first and raised once.
        cost += (*members as f64 - 1.0) * mul;
        if e.is_negative() {
            under += 1
        } else {
            over += 1
        }
        cost += match e.abs().small() {
            Some((n, 1)) if n <= 64 => chain(n) * mul,
            Some((n, 2)) if n <= 64 => sqrt + (chain(n / 2) + f64::from(u8::from(n > 1))) * mul,
            _ => Op::Pow.row().cycles,
        };
    }
    let division = if under > 0 { Op::Div.row().cycles } else { 0.0 };
    cost + (over.saturating_sub(1) + under.saturating_sub(1)) as f64 * mul + division
}

/// Multiplications of binary powering.
fn chain(n: i64) -> f64 {
    if n < 2 { 0.0 } else { f64::from(63 - n.leading_zeros()) + f64::from(n.count_ones() - 1) }
}

/// The cost of terms: shared for cycles, of the printed tree for size.
pub fn cost(graph: &Graph, roots: &[Term], measure: Measure) -> f64 {
    let order = reachable(graph, roots);
    if measure.shares() {
        return order.iter().map(|&t| measure.node(graph, t)).sum();
    }
    let mut tree: FxHashMap<Term, f64> = FxHashMap::default();
    for &t in &order {
        let mut total = measure.node(graph, t);
        graph.each_argument(graph.node(t), |a| total += tree[&a]);
        tree.insert(t, total);
    }
    roots.iter().map(|t| tree[t]).sum()
}
