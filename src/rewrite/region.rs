//! A region: part of a term graph loaded into an e-graph, with its leaves.

use egg::Id;
use rustc_hash::{FxHashMap, FxHashSet};

use super::facts::{Facts, Graph as Classes, Knowledge, POINTS, Signs};
use super::language::{Form, Ids};
use crate::term::evaluate::{self, Enclosing};
use crate::term::interval::Defined;
use crate::term::sample::value_at;
use crate::term::{Graph, Interval, Node, Number, Op, Term};

/// Terms loaded into an e-graph: the class of each term.
pub struct Region {
    /// The e-graph.
    pub classes: Classes,
    /// The class of each loaded term.
    pub ids: FxHashMap<Term, Id>,
    /// The classes of the roots, in their order.
    pub roots: Vec<Id>,
}

impl Region {
    /// Loads the roots and everything below them down to `boundary`, whose terms become leaves.
    pub fn load(
        graph: &Graph,
        roots: &[Term],
        boundary: &FxHashSet<Term>,
        assumptions: &FxHashMap<Term, Interval>,
    ) -> Region {
        let order = inside(graph, roots, boundary);
        let is_leaf = |t: Term| {
            boundary.contains(&t) && !roots.contains(&t)
                || matches!(graph.node(t), Node::Symbol(_) | Node::Element(..) | Node::Index(_))
        };
        let leaves = order
            .iter()
            .filter(|&&t| is_leaf(t))
            .map(|&t| (t, leaf_facts(graph, t, assumptions.get(&t).copied())))
            .collect();
        let knowledge = Knowledge { leaves, functions: graph.functions().to_vec(), conflict: None };
        let mut region = Region {
            classes: Classes::new(knowledge),
            ids: FxHashMap::default(),
            roots: Vec::new(),
        };
        for &term in &order {
            let id = if is_leaf(term) {
                region.classes.add(Form::Leaf(term))
            } else {
                let form = region.form(graph, term);
                region.classes.add(form)
            };
            region.ids.insert(term, id);
        }
        region.roots = roots.iter().map(|t| region.ids[t]).collect();
        region.classes.rebuild();
        region
    }

    fn form(&self, graph: &Graph, term: Term) -> Form {
        let ids = |args: &[Term]| args.iter().map(|a| self.ids[a]).collect::<Ids>();
        match graph.node(term) {
            Node::Number(n) => Form::Number(n.clone()),
            Node::Sum { constant, terms } => Form::sum(
                constant.clone(),
                terms.iter().map(|(c, t)| (c.clone(), self.ids[t])).collect(),
            ),
            Node::Product(factors) => {
                Form::product(factors.iter().map(|(t, e)| (self.ids[t], e.clone())).collect())
            }
            Node::Call(op, args) => Form::Call(*op, ids(args)),
            Node::Apply(f, args) => Form::Apply(*f, ids(args)),
            Node::Reduce { binder, from, to, body } => {
                Form::Reduce(*binder, *from, *to, ids(&[*body]))
            }
            Node::Symbol(_) | Node::Element(..) | Node::Index(_) => Form::Leaf(term),
        }
    }
}

/// Terms between the roots and the boundary, arguments first.
fn inside(graph: &Graph, roots: &[Term], boundary: &FxHashSet<Term>) -> Vec<Term> {
    let mut seen: FxHashSet<Term> = roots.iter().copied().collect();
    let mut stack: Vec<Term> = roots.to_vec();
    while let Some(term) = stack.pop() {
        if boundary.contains(&term) && !roots.contains(&term) {
            continue;
        }
        graph.each_argument(graph.node(term), |t| {
            if seen.insert(t) {
                stack.push(t);
            }
        });
    }
    let mut order: Vec<Term> = seen.into_iter().collect();
    order.sort_unstable();
    order
}

/// Facts of a leaf: a free real value, restricted by an assumption, or an enclosed shared part.
fn leaf_facts(graph: &Graph, term: Term, assumption: Option<Interval>) -> Facts {
    let range = assumption.unwrap_or(Interval {
        defined: if graph.is_total(term) { Defined::Always } else { Defined::Sometimes },
        ..Interval::ALL
    });
    let samples: [Interval; POINTS] = std::array::from_fn(|k| {
        let mut algebra = Enclosing::new(|leaf: &str| Interval::point(value_at(leaf, k as u64)));
        match graph.node(term) {
            _ if graph.free_binders(term) != 0 => match graph.node(term) {
                // Inside a family an element or an index is one more free value.
                Node::Element(..) | Node::Index(_) => {
                    Interval::point(value_at(&format!("{:?}", graph.node(term)), k as u64))
                }
                _ => Interval { defined: Defined::Sometimes, ..Interval::ALL },
            },
            _ => evaluate::evaluate(graph, term, &mut algebra),
        }
    });
    // A sample outside an assumption says nothing about the values that are allowed.
    let samples = samples.map(|s| {
        let allowed = range.contains(s.lo) && range.contains(s.hi);
        if allowed { s } else { Interval { defined: Defined::Sometimes, ..Interval::ALL } }
    });
    let integer = matches!(graph.node(term), Node::Index(_));
    Facts { constant: None, range, signs: Signs::of(range), integer, samples }
}

/// Adding nodes in normal form.
pub trait Build {
    /// The class of `constant + Σ coefficient · class`.
    fn sum_of(&mut self, constant: Number, terms: Vec<(Number, Id)>) -> Id;
    /// The class of `coefficient · Π class ^ exponent`.
    fn product_of(&mut self, coefficient: Number, factors: Vec<(Id, Number)>) -> Id;
    /// The class of an operation of the table on classes, through sums and products where the
    /// operation is one.
    fn call_of(&mut self, op: Op, args: &[Id]) -> Id;
}

impl Build for Classes {
    fn sum_of(&mut self, mut constant: Number, terms: Vec<(Number, Id)>) -> Id {
        let mut parts = Vec::with_capacity(terms.len());
        for (c, id) in terms {
            let id = self.find(id);
            let data = &self[id].data;
            match &data.constant {
                Some(n) if data.total() => constant = &constant + &(&c * n),
                _ => match scaled(self, id) {
                    Some((factor, inner)) => parts.push((&c * &factor, self.find(inner))),
                    None => parts.push((c, id)),
                },
            }
        }
        let Form::Sum { constant, coefficients, ids } = Form::sum(constant, parts) else {
            unreachable!("a sum is built")
        };
        let kept: Vec<(Number, Id)> = coefficients
            .into_vec()
            .into_iter()
            .zip(ids)
            .filter(|(c, id)| !c.is_zero() || !self[*id].data.total())
            .collect();
        match kept.as_slice() {
            [] => self.add(Form::Number(constant)),
            [(c, id)] if c.is_one() && constant.is_zero() => *id,
            _ => self.add(Form::sum(constant, kept)),
        }
    }

    fn product_of(&mut self, mut coefficient: Number, factors: Vec<(Id, Number)>) -> Id {
        let mut parts = Vec::with_capacity(factors.len());
        for (id, e) in factors {
            let id = self.find(id);
            let data = &self[id].data;
            let power = data.constant.as_ref().and_then(|n| n.pow(e.to_i64()?));
            match power {
                Some(p) if data.total() => coefficient = &coefficient * &p,
                _ => match (scaled(self, id), e.to_i64()) {
                    (Some((c, inner)), Some(n)) if c.pow(n).is_some() => {
                        coefficient = &coefficient * &c.pow(n).unwrap_or(Number::ONE);
                        parts.push((self.find(inner), e));
                    }
                    _ => parts.push((id, e)),
                },
            }
        }
        parts.retain(|(id, e)| !e.is_zero() || !self[*id].data.total());
        // Powers of one class merge across signs where it is known not to vanish.
        parts.sort();
        let mut merged: Vec<(Id, Number)> = Vec::with_capacity(parts.len());
        for (id, e) in parts {
            match merged.last_mut() {
                Some((last, total)) if *last == id && self.merges(id, total, &e) => {
                    *total = &*total + &e;
                }
                _ => merged.push((id, e)),
            }
        }
        merged.retain(|(_, e)| !e.is_zero());
        let body = match merged.as_slice() {
            [] => return self.add(Form::Number(coefficient)),
            [(id, e)] if e.is_one() => *id,
            _ => self.add(Form::product(merged)),
        };
        if coefficient.is_one() {
            body
        } else {
            self.sum_of(Number::ZERO, vec![(coefficient, body)])
        }
    }

    fn call_of(&mut self, op: Op, args: &[Id]) -> Id {
        let one = Number::ONE;
        match (op, args) {
            (Op::Add, &[a, b]) => self.sum_of(Number::ZERO, vec![(one.clone(), a), (one, b)]),
            (Op::Sub, &[a, b]) => self.sum_of(Number::ZERO, vec![(one, a), (Number::MINUS_ONE, b)]),
            (Op::Neg, &[a]) => self.sum_of(Number::ZERO, vec![(Number::MINUS_ONE, a)]),
            (Op::Mul, &[a, b]) => self.product_of(one.clone(), vec![(a, one.clone()), (b, one)]),
            (Op::Div, &[a, b]) => {
                self.product_of(one.clone(), vec![(a, one), (b, Number::MINUS_ONE)])
            }
            (Op::Sqrt, &[a]) => self.product_of(one, vec![(a, Number::HALF)]),
            (Op::Pow, &[a, b]) => match self[b].data.constant.clone() {
                Some(e) => self.product_of(one, vec![(a, e)]),
                None => self.add(Form::Call(op, args.into())),
            },
            _ => self.add(Form::Call(op, args.into())),
        }
    }
}

trait Merge {
    fn merges(&self, id: Id, a: &Number, b: &Number) -> bool;
}

impl Merge for Classes {
    /// Whether `x^a * x^b = x^(a+b)` with the same domain.
    fn merges(&self, id: Id, a: &Number, b: &Number) -> bool {
        let facts = &self[id].data;
        let integers = a.is_integer() && b.is_integer();
        let one_sign = a.is_negative() == b.is_negative();
        let sum = a + b;
        (integers && one_sign)
            || (integers && facts.signs.nonzero() && (!sum.is_zero() || facts.total()))
            || (!integers
                && facts.signs.nonzero()
                && facts.signs.nonnegative()
                && (!sum.is_zero() || facts.total()))
            || (!integers && !sum.is_integer() && a.is_positive() && b.is_positive())
    }
}

/// `(c, x)` when the class has the form `c * x`.
pub fn scaled(classes: &Classes, id: Id) -> Option<(Number, Id)> {
    classes[id].nodes.iter().find_map(|node| match node {
        Form::Sum { constant, coefficients, ids } if constant.is_zero() && ids.len() == 1 => {
            Some((coefficients[0].clone(), ids[0]))
        }
        _ => None,
    })
}
