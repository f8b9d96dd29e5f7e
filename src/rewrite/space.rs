//! Where rules are matched: the classes of an e-graph, or the terms of a graph.
//!
//! Both are seen as classes with nodes and facts, so that one matcher, one set of conditions and
//! one way of building right sides serve equality saturation and the classical rewriter.

use egg::Id;

use super::facts::Facts;
use super::knowledge::Classes;
use super::language::Form;
use super::trace::{Event, Opened, Sketch};
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

    /// The exact value of a class that has one wherever its names have values.
    fn constant(&self, id: Id) -> Option<&Number> {
        let facts = self.facts(id);
        facts.constant.as_ref().filter(|_| facts.total())
    }

    /// Whether equations are to be told.
    fn tracing(&self) -> bool {
        false
    }

    /// Takes note of an equation behind a merge.
    fn tell(&mut self, event: Event) {
        let _ = event;
    }

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
        let mut given = self.tracing().then(|| (Sketch::sum(&constant, &terms), Opened::new()));
        let mut open = |id: Id, sketch: &dyn Fn() -> Sketch| {
            if let Some((_, opened)) = &mut given {
                opened.push((id, sketch()));
            }
        };
        for (c, named) in terms {
            let id = self.find(named);
            match (self.constant(id), self.scaled(id)) {
                (Some(n), _) => {
                    open(named, &|| Sketch::Number(n.clone()));
                    constant = &constant + &(&c * n);
                }
                (None, Some((factor, inner))) => {
                    let inner = self.find(inner);
                    open(named, &|| Sketch::sum(&Number::ZERO, &[(factor.clone(), inner)]));
                    parts.push((&c * &factor, inner));
                }
                (None, None) => {
                    open(named, &|| Sketch::Class(id));
                    parts.push((c, id));
                }
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
        if let Some((given, opened)) = given {
            let built = Sketch::sum(&constant, &kept);
            self.tell(Event::Normal(given.opened(&opened), built));
        }
        match kept.as_slice() {
            [] => self.insert(Form::Number(constant)),
            [(c, id)] if c.is_one() && constant.is_zero() => *id,
            _ => self.insert(Form::sum(constant, kept)),
        }
    }

    /// The class of `coefficient · Π class ^ exponent`.
    fn product_of(&mut self, mut coefficient: Number, factors: Vec<(Id, Number)>) -> Id {
        let mut parts = Vec::with_capacity(factors.len());
        let mut given =
            self.tracing().then(|| (Sketch::product(&coefficient, &factors), Opened::new()));
        let mut open = |id: Id, sketch: &dyn Fn() -> Sketch| {
            if let Some((_, opened)) = &mut given {
                opened.push((id, sketch()));
            }
        };
        for (named, e) in factors {
            let id = self.find(named);
            let power = self.constant(id).and_then(|n| Some((n, n.pow(e.to_i64()?)?)));
            match (power, self.scaled(id), e.to_i64()) {
                (Some((n, p)), ..) => {
                    open(named, &|| Sketch::Number(n.clone()));
                    coefficient = &coefficient * &p;
                }
                (None, Some((c, inner)), Some(n)) if c.pow(n).is_some() => {
                    let inner = self.find(inner);
                    open(named, &|| Sketch::sum(&Number::ZERO, &[(c.clone(), inner)]));
                    coefficient = &coefficient * &c.pow(n).unwrap_or(Number::ONE);
                    parts.push((inner, e));
                }
                _ => {
                    open(named, &|| Sketch::Class(id));
                    parts.push((id, e));
                }
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
        if let Some((given, opened)) = given {
            let built = Sketch::product(&coefficient, &merged);
            self.tell(Event::Normal(given.opened(&opened), built));
        }
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
        let (one, zero) = (Number::ONE, Number::ZERO);
        let (terms, factors) = match (op, args) {
            (Op::Add, &[a, b]) => (vec![(one.clone(), a), (one, b)], vec![]),
            (Op::Sub, &[a, b]) => (vec![(one, a), (Number::MINUS_ONE, b)], vec![]),
            (Op::Neg, &[a]) => (vec![(Number::MINUS_ONE, a)], vec![]),
            (Op::Mul, &[a, b]) => (vec![], vec![(a, one.clone()), (b, one)]),
            (Op::Div, &[a, b]) => (vec![], vec![(a, one), (b, Number::MINUS_ONE)]),
            (Op::Sqrt, &[a]) => (vec![], vec![(a, Number::HALF)]),
            (Op::Pow, &[a, b]) => match self.constant(b).cloned() {
                Some(e) => (vec![], vec![(a, e)]),
                None => return self.insert(Form::Call(op, args.into())),
            },
            _ => return self.insert(Form::Call(op, args.into())),
        };
        if self.tracing() {
            let call = Sketch::form(&Form::Call(op, args.into()));
            let (call, same) = match (op, factors.as_slice()) {
                (Op::Pow, [(_, e)]) => {
                    let exponent = vec![(args[1], Sketch::Number(e.clone()))];
                    (call.opened(&exponent), Sketch::product(&Number::ONE, &factors))
                }
                (_, []) => (call, Sketch::sum(&zero, &terms)),
                _ => (call, Sketch::product(&Number::ONE, &factors)),
            };
            self.tell(Event::Normal(call, same));
        }
        match factors.is_empty() {
            true => self.sum_of(zero, terms),
            false => self.product_of(Number::ONE, factors),
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

    fn tracing(&self) -> bool {
        self.analysis.trace.is_some()
    }

    fn tell(&mut self, event: Event) {
        if let Some(events) = &mut self.analysis.trace {
            events.push(event);
        }
    }
}
