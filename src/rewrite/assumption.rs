//! What is known beyond the terms themselves: bounds and integrality of terms, and conditions
//! that hold, such as those of the branch that a term stands in.

use rustc_hash::FxHashMap;

use super::facts::Facts;
use super::signs::Signs;
use crate::term::{Graph, Interval, Node, Number, Op, Term};

/// Facts that are assumed of terms.
#[derive(Clone, Debug, Default)]
pub struct Assumptions {
    known: FxHashMap<Term, Facts>,
    contradictory: bool,
}

impl Assumptions {
    /// Whether nothing is assumed.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether no values fulfil the assumptions.
    pub fn is_contradictory(&self) -> bool {
        self.contradictory
    }

    /// What is assumed of a term.
    pub fn of(&self, term: Term) -> Option<&Facts> {
        self.known.get(&term)
    }

    /// The terms of which something is assumed, in order of construction.
    pub fn terms(&self) -> Vec<Term> {
        let mut terms: Vec<Term> = self.known.keys().copied().collect();
        terms.sort_unstable();
        terms
    }

    /// The value of the term is an integer.
    pub fn integer(&mut self, term: Term) {
        let mut facts = Facts::within(Interval::ALL);
        facts.integer = true;
        self.add(term, facts);
    }

    /// The value lies between bounds, which are themselves values unless `open`.
    pub fn within(&mut self, term: Term, range: Interval, open: [bool; 2]) {
        let mut facts = Facts::within(range);
        facts.open = open;
        facts.close();
        self.add(term, facts);
    }

    /// A condition (a comparison, or comparisons joined by `and`, `or`, `not`) is true or false.
    pub fn hold(&mut self, graph: &mut Graph, condition: Term, truth: bool) {
        let value = if truth { Number::ONE } else { Number::ZERO };
        if let Some(n) = graph.as_number(condition) {
            self.contradictory |= n.is_zero() == truth;
            return;
        }
        if !graph.is_truth(condition) {
            // A number that is not zero counts as true.
            let signs = if truth { Signs::NONZERO } else { Signs::ZERO };
            return self.single(graph, condition, &Number::ZERO, signs);
        }
        self.add(condition, Facts::number(&value));
        let Node::Call(op, args) = graph.node(condition).clone() else { return };
        match (op, &*args, truth) {
            (Op::Not, &[a], _) => self.hold(graph, a, !truth),
            (Op::And, &[a, b], true) | (Op::Or, &[a, b], false) => {
                self.hold(graph, a, truth);
                self.hold(graph, b, truth);
            }
            (Op::Less, &[a, b], true) | (Op::LessEqual, &[b, a], false) => {
                self.difference(graph, b, a, Signs::POSITIVE);
            }
            (Op::LessEqual, &[a, b], true) | (Op::Less, &[b, a], false) => {
                self.difference(graph, b, a, Signs::NONNEGATIVE);
            }
            (Op::Equal, &[a, b], true) => self.difference(graph, b, a, Signs::ZERO),
            (Op::Equal, &[a, b], false) => {
                self.difference(graph, b, a, Signs::NONZERO);
            }
            _ => {}
        }
    }

    /// `a - b` has one of the signs.
    fn difference(&mut self, graph: &mut Graph, a: Term, b: Term, signs: Signs) {
        let d = graph.sub(a, b);
        if let Some(n) = graph.as_number(d) {
            let sign = Signs::of(if n.is_zero() { Interval::point(0.0) } else { n.enclosure() });
            self.contradictory |= sign.both(signs).none();
            return;
        }
        let signed = |signs: Signs| {
            let mut facts = Facts { signs, ..Facts::within(Interval::ALL) };
            facts.close();
            facts
        };
        if let Node::Sum { constant, terms } = graph.node(d)
            && let [(c, t)] = &**terms
        {
            // c*t + k > 0 bounds t by -k/c.
            let (t, falling) = (*t, c.is_negative());
            let Some(inverse) = c.recip() else { return };
            let bound = -&(constant * &inverse);
            self.single(
                graph,
                t,
                &bound,
                if falling { signs.scaled(&Number::MINUS_ONE) } else { signs },
            );
            return;
        }
        if !matches!(graph.node(d), Node::Sum { .. }) {
            return self.single(graph, d, &Number::ZERO, signs);
        }
        let minus = graph.neg(d);
        self.add(d, signed(signs));
        self.add(minus, signed(signs.scaled(&Number::MINUS_ONE)));
    }

    /// `t - bound` has one of the signs.
    fn single(&mut self, graph: &mut Graph, t: Term, bound: &Number, signs: Signs) {
        let near = bound.enclosure();
        let (mut range, mut open) = (Interval::ALL, [false; 2]);
        if signs.nonnegative() {
            (range.lo, open[0]) = (near.lo, signs.nonzero());
        }
        if signs.nonpositive() {
            (range.hi, open[1]) = (near.hi, signs.nonzero());
        }
        if bound.is_zero() {
            let mut facts = Facts { signs, open, ..Facts::within(range) };
            facts.close();
            self.add(t, facts);
        } else {
            self.within(t, range, open);
        }
        // What bounds |x| from above bounds x from both sides.
        if let Node::Call(Op::Abs, args) = graph.node(t)
            && range.hi < f64::INFINITY
        {
            let both = Interval { lo: -range.hi, ..range };
            let open = [open[1]; 2];
            self.within(args[0], both, open);
        }
    }

    /// A name has values that other facts are true of.
    pub fn inherit(&mut self, name: Term, known: &Facts) {
        let range = Interval::new(known.range.lo, known.range.hi);
        let mut facts = Facts {
            open: known.open,
            signs: known.signs,
            integer: known.integer,
            odd: known.odd,
            ..Facts::within(range)
        };
        facts.close();
        self.add(name, facts);
    }

    fn add(&mut self, term: Term, facts: Facts) {
        match self.known.get_mut(&term) {
            Some(known) => self.contradictory |= known.meet(&facts).is_err(),
            None => {
                self.known.insert(term, facts);
            }
        }
        let known = &self.known[&term];
        self.contradictory |= known.signs.none() || known.range.lo > known.range.hi;
    }
}
