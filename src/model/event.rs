//! Events of a system: conditions on time and states, and what happens when they become true.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::calculus::Equation;
use crate::term::{Graph, Node, Op, Term};

/// What happens when a condition goes from false to true.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// The condition as text, by which the event is named in results and messages.
    pub name: String,
    /// The condition: 1 where it holds and 0 elsewhere.
    pub condition: Term,
    /// Positive inside of where the condition holds, negative outside of it and continuous where
    /// the compared values are: its root is where the event happens.
    pub margin: Term,
    /// The new values of states, by place in the state vector, from the values before; states
    /// that are not among them keep theirs.
    pub resets: Vec<Equation>,
    /// Whether the simulation ends here, after the resets.
    pub stop: bool,
}

/// The parts of a condition that are joined by `and`, `or`, `not` and `if`, joints included,
/// arguments before the terms that use them.
pub fn parts(graph: &Graph, condition: Term) -> Vec<Term> {
    let mut stack = vec![condition];
    let mut found: FxHashSet<Term> = stack.iter().copied().collect();
    while let Some(term) = stack.pop() {
        let inner: &[Term] = match graph.node(term) {
            Node::Call(Op::And | Op::Or | Op::Not, args) => args,
            Node::Call(Op::If, args) => &args[1..],
            _ => &[],
        };
        stack.extend(inner.iter().filter(|&&part| found.insert(part)));
    }
    // Arguments have smaller handles than the terms built from them.
    let mut order: Vec<Term> = found.into_iter().collect();
    order.sort_unstable();
    order
}

/// The margin of a condition, see [`Event::margin`]: `right - left` of a comparison, the least of
/// what `and` joins, the largest of what `or` joins.
pub fn margin(graph: &mut Graph, condition: Term) -> Term {
    let mut margins: FxHashMap<Term, Term> = FxHashMap::default();
    for part in parts(graph, condition) {
        let of = |t: Term| margins.get(&t).copied().unwrap_or(t);
        let margin = match graph.node(part).clone() {
            Node::Call(Op::Less | Op::LessEqual, args) => graph.sub(args[1], args[0]),
            Node::Call(Op::And, args) => graph.call(Op::Min, &[of(args[0]), of(args[1])]),
            Node::Call(Op::Or, args) => graph.call(Op::Max, &[of(args[0]), of(args[1])]),
            Node::Call(Op::Not, args) => graph.neg(of(args[0])),
            Node::Call(Op::If, args) => graph.call(Op::If, &[args[0], of(args[1]), of(args[2])]),
            // Any other condition jumps; its root is found by bisection.
            _ => {
                let (inside, outside) = (graph.number(1), graph.number(-1));
                graph.call(Op::If, &[part, inside, outside])
            }
        };
        margins.insert(part, margin);
    }
    margins[&condition]
}
