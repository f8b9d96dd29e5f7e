//! Terms that keep what they are given: the grouping of sums and products that optimisation has
//! chosen, and, for proofs, every argument.

use super::build::{Factors, Terms};
use super::function::FunctionId;
use super::graph::{Graph, Node, Term};
use super::index::Binder;
use super::number::Number;
use super::op::Op;
use super::table::Key;
use super::visit::reachable;
use rustc_hash::FxHashMap;

/// Sums and products that keep the grouping they are given, for optimised terms.
impl Graph {
    /// A sum whose terms are not opened, so that an inner sum can be shared.
    pub(crate) fn grouped_sum(&mut self, constant: Number, parts: Vec<(Number, Term)>) -> Term {
        let mut terms: Terms = parts.into();
        terms.sort_by_key(|(_, t)| *t);
        let distinct = terms.windows(2).all(|w| w[0].1 != w[1].1);
        let plain = terms.iter().all(|(c, t)| !c.is_zero() && self.as_number(*t).is_none());
        match terms.as_slice() {
            [] => self.number(constant),
            [(c, t)] if c.is_one() && constant.is_zero() => *t,
            _ if distinct && plain => self.find_or_insert(Key::Sum(&constant, &terms)),
            _ => self.sum(constant, terms),
        }
    }

    /// A product whose factors are not opened, so that an inner product can be shared.
    pub(crate) fn grouped_product(&mut self, parts: Vec<(Term, Number)>) -> Term {
        let mut factors: Factors = parts.into();
        factors.sort();
        let distinct = factors.windows(2).all(|w| w[0].0 != w[1].0);
        let plain = factors.iter().all(|(t, e)| !e.is_zero() && self.as_number(*t).is_none());
        match factors.as_slice() {
            [(t, e)] if e.is_one() => *t,
            _ if distinct && plain && !factors.is_empty() => {
                self.find_or_insert(Key::Product(&factors))
            }
            _ => self.product(factors),
        }
    }
}

/// Terms that keep exactly the arguments they are given, for proofs.
impl Graph {
    /// A sum of these terms, in order of construction; nothing is collected.
    pub(crate) fn kept_sum(&mut self, constant: Number, parts: Vec<(Number, Term)>) -> Term {
        let mut terms = parts;
        terms.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
        match terms.as_slice() {
            [] => self.number(constant),
            [(c, t)] if c.is_one() && constant.is_zero() => *t,
            _ => self.insert(Node::Sum { constant, terms: terms.into() }),
        }
    }

    /// A product of these powers, in order of construction; nothing is collected.
    pub(crate) fn kept_product(&mut self, parts: Vec<(Term, Number)>) -> Term {
        let mut factors = parts;
        factors.sort();
        match factors.as_slice() {
            [] => self.number(1),
            [(t, e)] if e.is_one() => *t,
            _ => self.insert(Node::Product(factors.into())),
        }
    }

    /// An operation of the table; nothing is evaluated.
    pub(crate) fn kept_call(&mut self, op: Op, args: &[Term]) -> Term {
        self.insert(Node::Call(op, args.into()))
    }

    /// A registered function; nothing is evaluated.
    pub(crate) fn kept_apply(&mut self, function: FunctionId, args: &[Term]) -> Term {
        self.insert(Node::Apply(function, args.into()))
    }

    /// A reduction; nothing is moved out of it.
    pub(crate) fn kept_reduce(&mut self, binder: Binder, from: i64, to: i64, body: Term) -> Term {
        self.insert(Node::Reduce { binder, from, to, body })
    }

    /// A term of another graph, every node as it is there.
    pub(crate) fn kept_from(&mut self, source: &Graph, root: Term) -> Term {
        let mut images: FxHashMap<Term, Term> = FxHashMap::default();
        for term in reachable(source, &[root]) {
            let image = |t: &Term| images[t];
            let all = |args: &[Term]| args.iter().map(image).collect::<Vec<Term>>();
            let kept = match source.node(term) {
                Node::Number(n) => self.number(n.clone()),
                Node::Symbol(s) => self.symbol(source.name(*s)),
                Node::Element(a, indices) => self.element(source.name(*a), indices.clone()),
                Node::Index(i) => self.index(i.clone()),
                Node::Sum { constant, terms } => {
                    let parts = terms.iter().map(|(c, t)| (c.clone(), image(t))).collect();
                    self.kept_sum(constant.clone(), parts)
                }
                Node::Product(factors) => {
                    let parts = factors.iter().map(|(t, e)| (image(t), e.clone())).collect();
                    self.kept_product(parts)
                }
                Node::Call(op, args) => self.kept_call(*op, &all(args)),
                Node::Apply(f, args) => {
                    let function = self.register(source.function(*f).clone());
                    self.kept_apply(function, &all(args))
                }
                Node::Reduce { binder, from, to, body } => {
                    self.kept_reduce(*binder, *from, *to, image(body))
                }
            };
            images.insert(term, kept);
        }
        images[&root]
    }

    /// The term with one argument replaced, and the position of what took its place.
    pub(crate) fn with_argument(&mut self, term: Term, k: usize, new: Term) -> (Term, usize) {
        match self.node(term).clone() {
            Node::Sum { constant, terms } => {
                let mut parts = terms.into_vec();
                parts[k].1 = new;
                let part = parts[k].clone();
                let after = self.kept_sum(constant, parts);
                let at = match self.node(after) {
                    Node::Sum { terms, .. } => terms.iter().position(|p| *p == part),
                    _ => None,
                };
                (after, at.unwrap_or(0))
            }
            Node::Product(factors) => {
                let mut parts = factors.into_vec();
                parts[k].0 = new;
                let part = parts[k].clone();
                let after = self.kept_product(parts);
                let at = match self.node(after) {
                    Node::Product(factors) => factors.iter().position(|p| *p == part),
                    _ => None,
                };
                (after, at.unwrap_or(0))
            }
            Node::Call(op, args) => {
                let mut args = args.to_vec();
                args[k] = new;
                (self.kept_call(op, &args), k)
            }
            Node::Apply(f, args) => {
                let mut args = args.to_vec();
                args[k] = new;
                (self.kept_apply(f, &args), k)
            }
            Node::Reduce { binder, from, to, .. } => {
                (self.insert(Node::Reduce { binder, from, to, body: new }), k)
            }
            Node::Number(_) | Node::Symbol(_) | Node::Element(..) | Node::Index(_) => (term, k),
        }
    }

    /// The position of an argument; the first when it occurs several times.
    pub(crate) fn position(&self, term: Term, argument: Term) -> usize {
        let (mut at, mut k) = (None, 0);
        self.each_argument(self.node(term), |t| {
            if t == argument && at.is_none() {
                at = Some(k);
            }
            k += 1;
        });
        at.unwrap_or(0)
    }
}
