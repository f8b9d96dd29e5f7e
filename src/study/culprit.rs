//! The expression that stopped a simulation: the first part of an equation without a value.

use rustc_hash::FxHashMap;

use crate::model::{System, Variable};
use crate::term::evaluate::{Algebra, element_name, evaluate_at};
use crate::term::{Function, Graph, Node, Number, Op, Term};

/// A term that has no finite value although all its arguments have one.
#[derive(Clone, PartialEq, Debug)]
pub struct Culprit {
    /// The name of the unknown whose equation holds the term.
    pub unknown: String,
    /// The term, in the graph of the system.
    pub term: Term,
    /// The values of bound indices, by level.
    pub indices: Vec<i64>,
    /// Its value: NaN or infinite.
    pub value: f64,
    /// Names in the term with their values, at most [`SHOWN`].
    pub leaves: Vec<(String, f64)>,
    /// The value of the argument, when the term applies a registered function to one.
    pub argument: Option<f64>,
}

/// Names whose values are reported.
pub const SHOWN: usize = 6;

/// Steps into arguments; deeper the whole remaining term is reported.
const DEPTH: usize = 1000;

/// A point at which to evaluate the terms of a system.
pub struct Point<'a> {
    system: &'a System,
    time: f64,
    states: &'a [f64],
    parameters: &'a [f64],
    variables: FxHashMap<&'a str, (&'a Variable, bool)>,
}

impl<'a> Point<'a> {
    /// The values of time, states and parameters.
    pub fn new(
        system: &'a System,
        time: f64,
        states: &'a [f64],
        parameters: &'a [f64],
    ) -> Point<'a> {
        let states_of = system.unknowns.iter().map(|v| (v.name.as_str(), (v, true)));
        let others = system.parameters.iter().map(|v| (v.name.as_str(), (v, false)));
        Point { system, time, states, parameters, variables: states_of.chain(others).collect() }
    }

    /// The part to blame for the first rate that is not finite here.
    ///
    /// `rates` are the right-hand sides at this point as the kernel gave them.
    pub fn culprit(&mut self, rates: &[f64]) -> Option<Culprit> {
        let place = rates.iter().position(|r| !r.is_finite())?;
        let (equation, members) = self.system.equation_at(place)?;
        let (root, mut at) = (equation.value, Vec::new());
        for (binder, value) in members {
            set(&mut at, binder.0, value);
        }
        let value = evaluate_at(&self.system.graph, root, &at, self);
        (!value.is_finite()).then(|| self.blame(place, root, at))
    }

    /// Follows arguments that are not finite down to one whose own arguments are.
    fn blame(&mut self, place: usize, mut term: Term, mut at: Vec<i64>) -> Culprit {
        let graph = &self.system.graph;
        for _ in 0..DEPTH {
            let next = match graph.node(term) {
                Node::Reduce { binder, from, to, body } => (*from..=*to).find_map(|j| {
                    let mut inner = at.clone();
                    set(&mut inner, binder.0, j);
                    let value = evaluate_at(graph, *body, &inner, self);
                    (!value.is_finite()).then_some((*body, inner))
                }),
                node => {
                    let mut args = Vec::new();
                    graph.each_argument(node, |t| args.push(t));
                    // The branch that an `if` does not take is not evaluated by the model.
                    if let Node::Call(Op::If, branches) = node {
                        let holds = evaluate_at(graph, branches[0], &at, self) != 0.0;
                        args = vec![branches[0], branches[if holds { 1 } else { 2 }]];
                    }
                    let bad = |t: &Term| !evaluate_at(graph, *t, &at, self).is_finite();
                    args.into_iter().find(bad).map(|t| (t, at.clone()))
                }
            };
            match next {
                Some((inner, indices)) => (term, at) = (inner, indices),
                None => break,
            }
        }
        let value = evaluate_at(graph, term, &at, self);
        let argument = match graph.node(term) {
            Node::Apply(_, args) => args.first().map(|&a| evaluate_at(graph, a, &at, self)),
            _ => None,
        };
        Culprit {
            unknown: self.system.state_name(place),
            leaves: self.leaves(graph, term, &at),
            term,
            indices: at,
            value,
            argument,
        }
    }

    fn leaves(&mut self, graph: &Graph, term: Term, at: &[i64]) -> Vec<(String, f64)> {
        let mut found = Vec::new();
        for leaf in crate::term::visit::reachable(graph, &[term]) {
            let name = match graph.node(leaf) {
                Node::Symbol(s) => graph.name(*s).to_owned(),
                Node::Element(a, indices) => {
                    let value =
                        |b: crate::term::Binder| at.get(usize::from(b.0)).copied().unwrap_or(0);
                    let indices: Vec<i64> = indices.iter().map(|i| i.at(value)).collect();
                    element_name(graph.name(*a), &indices)
                }
                _ => continue,
            };
            if found.len() < SHOWN {
                found.push((name, evaluate_at(graph, leaf, at, self)));
            }
        }
        found
    }
}

fn set(at: &mut Vec<i64>, level: u8, value: i64) {
    let level = usize::from(level);
    at.resize(at.len().max(level + 1), 0);
    at[level] = value;
}

impl Algebra for Point<'_> {
    type Value = f64;
    fn number(&mut self, n: &Number) -> f64 {
        n.to_f64()
    }
    fn symbol(&mut self, name: &str) -> f64 {
        if name == self.system.time {
            return self.time;
        }
        self.element(name, &[])
    }
    fn element(&mut self, array: &str, indices: &[i64]) -> f64 {
        let Some(&(variable, is_state)) = self.variables.get(array) else {
            return f64::NAN;
        };
        let values = if is_state { self.states } else { self.parameters };
        let place = variable.place_at(indices);
        place.and_then(|p| values.get(p)).copied().unwrap_or(f64::NAN)
    }
    fn add(&mut self, a: f64, b: f64) -> f64 {
        a + b
    }
    fn mul(&mut self, a: f64, b: f64) -> f64 {
        a * b
    }
    fn power(&mut self, a: f64, exponent: &Number) -> f64 {
        libm::pow(a, exponent.to_f64())
    }
    fn call(&mut self, op: Op, args: &[f64]) -> f64 {
        op.value(args)
    }
    fn apply(&mut self, function: &Function, args: &[f64]) -> f64 {
        (function.value)(args)
    }
}
