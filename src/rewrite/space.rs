//! Where rules are matched: the classes of an e-graph, or the terms of a graph.
//!
//! Both are seen as classes with nodes and facts, so that one matcher, one set of conditions and
//! one way of building right sides serve equality saturation and the classical rewriter.

use egg::Id;

use super::facts::Facts;
use super::knowledge::Classes;
use super::language::Form;
use crate::term::{Number, Op};

/// Classes with nodes and facts.
pub trait Space {
    /// The name of the class now.
    fn find(&self, id: Id) -> Id;
    /// The nodes of a class.
    fn forms(&self, id: Id) -> &[Form];
    /// The facts of a class.
    fn facts(&self, id: Id) -> &Facts;
    /// The class of a node that is in normal form.
    fn insert(&mut self, form: Form) -> Id;

    /// `(c, x)` when the class has the form `c * x`.
    fn scaled(&self, id: Id) -> Option<(Number, Id)> {
        self.forms(id).iter().find_map(|node| match node {
            Form::Sum { constant, coefficients, ids } if constant.is_zero() && ids.len() == 1 => {
                Some((coefficients[0].clone(), ids[0]))
            }
            _ => None,
        })
    }

    /// Whether `x^a * x^b = x^(a+b)` with the same domain.
    fn merges(&self, id: Id, a: &Number, b: &Number) -> bool {
        let facts = self.facts(id);
        let integers = a.is_integer() && b.is_integer();
        let one_sign = a.is_negative() == b.is_negative();
        let sum = a + b;
        (integers && one_sign)
            || (integers && facts.signs.nonzero() && (!sum.is_zero() || facts.total()))
            || (!integers && facts.signs.positive() && (!sum.is_zero() || facts.total()))
            || (!integers && !sum.is_integer() && a.is_positive() && b.is_positive())
    }

    /// The class of `constant + Σ coefficient · class`.
    fn sum_of(&mut self, mut constant: Number, terms: Vec<(Number, Id)>) -> Id {
        let mut parts = Vec::with_capacity(terms.len());
        for (c, id) in terms {
            let id = self.find(id);
            let facts = self.facts(id);
            match &facts.constant {
                Some(n) if facts.total() => constant = &constant + &(&c * n),
                _ => match self.scaled(id) {
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
            .filter(|(c, id)| !c.is_zero() || !self.facts(*id).total())
            .collect();
        match kept.as_slice() {
            [] => self.insert(Form::Number(constant)),
            [(c, id)] if c.is_one() && constant.is_zero() => *id,
            _ => self.insert(Form::sum(constant, kept)),
        }
    }

    /// The class of `coefficient · Π class ^ exponent`.
    fn product_of(&mut self, mut coefficient: Number, factors: Vec<(Id, Number)>) -> Id {
        let mut parts = Vec::with_capacity(factors.len());
        for (id, e) in factors {
            let id = self.find(id);
            let facts = self.facts(id);
            let power = facts.constant.as_ref().and_then(|n| n.pow(e.to_i64()?));
            match power {
                Some(p) if facts.total() => coefficient = &coefficient * &p,
                _ => match (self.scaled(id), e.to_i64()) {
                    (Some((c, inner)), Some(n)) if c.pow(n).is_some() => {
                        coefficient = &coefficient * &c.pow(n).unwrap_or(Number::ONE);
                        parts.push((self.find(inner), e));
                    }
                    _ => parts.push((id, e)),
                },
            }
        }
        parts.retain(|(id, e)| !e.is_zero() || !self.facts(*id).total());
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
            [] => return self.insert(Form::Number(coefficient)),
            [(id, e)] if e.is_one() => *id,
            _ => self.insert(Form::product(merged)),
        };
        if coefficient.is_one() {
            body
        } else {
            self.sum_of(Number::ZERO, vec![(coefficient, body)])
        }
    }

    /// The class of an operation of the table on classes, through sums and products where the
    /// operation is one.
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
            (Op::Pow, &[a, b]) => match self.facts(b).constant.clone() {
                Some(e) => self.product_of(one, vec![(a, e)]),
                None => self.insert(Form::Call(op, args.into())),
            },
            _ => self.insert(Form::Call(op, args.into())),
        }
    }
}

impl Space for Classes {
    fn find(&self, id: Id) -> Id {
        Classes::find(self, id)
    }

    fn forms(&self, id: Id) -> &[Form] {
        &self[id].nodes
    }

    fn facts(&self, id: Id) -> &Facts {
        &self[id].data
    }

    fn insert(&mut self, form: Form) -> Id {
        self.add(form)
    }
}
