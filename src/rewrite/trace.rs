//! What the e-graph was told: the equations behind its merges, for explanations.
//!
//! Each equation is between two sketches, terms over classes. Which term a class stands for is
//! settled afterwards: the one it was first made from.

use egg::Id;

use super::language::Form;
use super::pattern::{Bound, Pattern, Rest};
use crate::term::{FunctionId, Number, Op, Term};

/// A term over classes.
#[derive(Clone, PartialEq, Debug)]
pub enum Sketch {
    /// The term that a class was made from.
    Class(Id),
    /// A leaf.
    Leaf(Term),
    /// An exact number.
    Number(Number),
    /// `constant + Σ coefficient · part`.
    Sum(Number, Vec<(Number, Sketch)>),
    /// `Π part ^ exponent`.
    Product(Vec<(Sketch, Number)>),
    /// An operation of the table.
    Call(Op, Vec<Sketch>),
    /// A registered function.
    Apply(FunctionId, Vec<Sketch>),
    /// A reduction.
    Reduce(crate::term::Binder, i64, i64, Box<Sketch>),
}

/// What stands for classes in a sketch: nodes of them.
pub type Opened = Vec<(Id, Sketch)>;

/// Where a node that was looked into stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Slot {
    /// The node that it is an argument of, by its position in the frames.
    pub frame: usize,
    /// Which argument it is.
    pub position: usize,
    /// How much of the argument's coefficient or exponent was matched.
    pub taken: Number,
}

/// The nodes that a match has looked into, outer ones before inner ones.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Frames(pub Vec<(Slot, Form)>);

impl Frames {
    /// What was matched: the outermost node with the inner ones in their places.
    pub fn sketch(&self) -> Option<Sketch> {
        (!self.0.is_empty()).then(|| self.frame(0))
    }

    fn frame(&self, k: usize) -> Sketch {
        let form = &self.0[k].1;
        let inner = |position: usize, id: Id| {
            self.parts(k, position).next().map_or(Sketch::Class(id), |(_, inner)| inner)
        };
        // What was matched of an argument stands beside the rest of it.
        let split = |position: usize, whole: &Number, id: Id| {
            let (mut rest, mut parts) = (whole.clone(), Vec::new());
            for (taken, inner) in self.parts(k, position) {
                rest = &rest - &taken;
                parts.push((taken, inner));
            }
            if !rest.is_zero() || parts.is_empty() {
                parts.push((rest, Sketch::Class(id)));
            }
            parts
        };
        match form {
            Form::Sum { constant, .. } => {
                let terms = form.terms().enumerate().flat_map(|(i, (c, id))| split(i, c, id));
                Sketch::Sum(constant.clone(), terms.collect())
            }
            Form::Product { .. } => {
                let factors = form.factors().enumerate().flat_map(|(i, (id, e))| split(i, e, id));
                Sketch::Product(factors.map(|(e, s)| (s, e)).collect())
            }
            Form::Call(op, ids) => {
                Sketch::Call(*op, ids.iter().enumerate().map(|(i, &id)| inner(i, id)).collect())
            }
            Form::Apply(f, ids) => {
                Sketch::Apply(*f, ids.iter().enumerate().map(|(i, &id)| inner(i, id)).collect())
            }
            form => Sketch::form(form),
        }
    }

    /// What was looked into of one argument of a node, and how much of it.
    fn parts(&self, k: usize, position: usize) -> impl Iterator<Item = (Number, Sketch)> {
        let frames = self.0.iter().enumerate().skip(k + 1);
        let here = frames.filter(move |(_, (s, _))| s.frame == k && s.position == position);
        here.map(|(at, (slot, _))| (slot.taken.clone(), self.frame(at)))
    }
}

/// An equation that the e-graph was told.
#[derive(Clone, Debug)]
pub enum Event {
    /// Equal as polynomials.
    Normal(Sketch, Sketch),
    /// The facts of the sketch leave only this value.
    Constant(Sketch, Number),
    /// An instance of a rule, by its position in the ruleset.
    Rule(Box<Use>),
}

/// One use of a rule.
#[derive(Clone, Debug)]
pub struct Use {
    /// The position of the rule.
    pub rule: usize,
    /// What was matched.
    pub from: Sketch,
    /// What it is equal to by the rule.
    pub to: Sketch,
    /// What the variables stand for.
    pub bindings: Vec<Option<Sketch>>,
    /// What stands beside the matched part.
    pub around: SketchAround,
}

/// What stands beside a matched part.
#[derive(Clone, Debug)]
pub enum SketchAround {
    /// Nothing.
    Nothing,
    /// The matched part times a number, plus a sketch.
    Sum(Number, Sketch),
    /// The matched part times a sketch.
    Product(Sketch),
}

impl Sketch {
    /// The sum of multiples of classes.
    pub fn sum(constant: &Number, terms: &[(Number, Id)]) -> Sketch {
        if terms.is_empty() {
            return Sketch::Number(constant.clone());
        }
        let terms = terms.iter().map(|(c, id)| (c.clone(), Sketch::Class(*id))).collect();
        Sketch::Sum(constant.clone(), terms)
    }

    /// A multiple of a product of powers of classes.
    pub fn product(coefficient: &Number, factors: &[(Id, Number)]) -> Sketch {
        if factors.is_empty() {
            return Sketch::Number(coefficient.clone());
        }
        let factors = factors.iter().map(|(id, e)| (Sketch::Class(*id), e.clone())).collect();
        match coefficient.is_one() {
            true => Sketch::Product(factors),
            false => {
                Sketch::Sum(Number::ZERO, vec![(coefficient.clone(), Sketch::Product(factors))])
            }
        }
    }

    /// A node.
    pub fn form(form: &Form) -> Sketch {
        let class = |ids: &[Id]| ids.iter().map(|&id| Sketch::Class(id)).collect();
        match form {
            Form::Leaf(t) => Sketch::Leaf(*t),
            Form::Number(n) => Sketch::Number(n.clone()),
            Form::Sum { constant, .. } => {
                let terms: Vec<(Number, Id)> =
                    form.terms().map(|(c, id)| (c.clone(), id)).collect();
                Sketch::sum(constant, &terms)
            }
            Form::Product { .. } => {
                let factors: Vec<(Id, Number)> =
                    form.factors().map(|(id, e)| (id, e.clone())).collect();
                Sketch::product(&Number::ONE, &factors)
            }
            Form::Call(op, ids) => Sketch::Call(*op, class(ids)),
            Form::Apply(f, ids) => Sketch::Apply(*f, class(ids)),
            Form::Reduce(binder, from, to, ids) => {
                Sketch::Reduce(*binder, *from, *to, Box::new(Sketch::Class(ids[0])))
            }
        }
    }

    /// What a variable is bound to.
    pub fn bound(bound: &Bound) -> Sketch {
        match bound {
            Bound::Class(id) => Sketch::Class(*id),
            Bound::Monomial(c, factors) => Sketch::product(c, factors),
            Bound::Linear(k, terms) => Sketch::sum(k, terms),
        }
    }

    /// An instance of a pattern.
    pub fn pattern(pattern: &Pattern, bindings: &[Option<Bound>]) -> Sketch {
        let part = |p: &Pattern| Sketch::pattern(p, bindings);
        match pattern {
            Pattern::Variable(v) => match &bindings[*v] {
                Some(bound) => Sketch::bound(bound),
                None => unreachable!("rules bind every variable of their right side"),
            },
            Pattern::Number(n) => Sketch::Number(n.clone()),
            Pattern::Sum(k, parts) => {
                Sketch::Sum(k.clone(), parts.iter().map(|(c, p)| (c.clone(), part(p))).collect())
            }
            Pattern::Product(parts) => {
                Sketch::Product(parts.iter().map(|(p, e)| (part(p), e.clone())).collect())
            }
            Pattern::Call(op, args) => Sketch::Call(*op, args.iter().map(part).collect()),
            Pattern::Apply(f, args) => Sketch::Apply(*f, args.iter().map(part).collect()),
        }
    }

    /// The sketch with nodes in the place of classes; these are not looked into again.
    pub fn opened(self, nodes: &Opened) -> Sketch {
        let open = |s: Sketch| s.opened(nodes);
        match self {
            Sketch::Class(id) => {
                let known = nodes.iter().find(|(n, _)| *n == id);
                known.map_or(Sketch::Class(id), |(_, sketch)| sketch.clone())
            }
            Sketch::Sum(k, parts) => {
                Sketch::Sum(k, parts.into_iter().map(|(c, s)| (c, open(s))).collect())
            }
            Sketch::Product(parts) => {
                Sketch::Product(parts.into_iter().map(|(s, e)| (open(s), e)).collect())
            }
            Sketch::Call(op, args) => Sketch::Call(op, args.into_iter().map(open).collect()),
            Sketch::Apply(f, args) => Sketch::Apply(f, args.into_iter().map(open).collect()),
            Sketch::Reduce(binder, from, to, body) => {
                Sketch::Reduce(binder, from, to, Box::new(open(*body)))
            }
            leaf => leaf,
        }
    }
}

/// The whole that a rule's right side stands in.
pub fn surrounded(rhs: &Pattern, bindings: &[Option<Bound>], rest: &Rest) -> Sketch {
    match rest {
        Rest::None => Sketch::pattern(rhs, bindings),
        Rest::Sum(scale, constant, left) => {
            let mut constant = constant.clone();
            let mut parts: Vec<(Number, Sketch)> =
                left.iter().map(|(c, id)| (c.clone(), Sketch::Class(*id))).collect();
            // A sum on the right side joins the sum that it stands in.
            match rhs {
                Pattern::Sum(k, inner) => {
                    constant = &constant + &(scale * k);
                    let inner =
                        inner.iter().map(|(c, p)| (scale * c, Sketch::pattern(p, bindings)));
                    parts.extend(inner);
                }
                _ => parts.push((scale.clone(), Sketch::pattern(rhs, bindings))),
            }
            Sketch::Sum(constant, parts)
        }
        Rest::Product(left) => {
            let mut parts: Vec<(Sketch, Number)> =
                left.iter().map(|(id, e)| (Sketch::Class(*id), e.clone())).collect();
            parts.push((Sketch::pattern(rhs, bindings), Number::ONE));
            Sketch::Product(parts)
        }
    }
}

/// What a match leaves beside it.
pub fn around(rest: &Rest) -> SketchAround {
    match rest {
        Rest::None => SketchAround::Nothing,
        Rest::Sum(scale, constant, left) => {
            SketchAround::Sum(scale.clone(), Sketch::sum(constant, left))
        }
        Rest::Product(left) => SketchAround::Product(Sketch::product(&Number::ONE, left)),
    }
}
