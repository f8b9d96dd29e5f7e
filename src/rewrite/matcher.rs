//! Matching modulo associativity and commutativity, with a rest.
//!
//! A sum or product in a rule's left side matches any part of an n-ary node and keeps the rest:
//! `sin(?x)^2 + cos(?x)^2` finds its two terms among twelve. Inside a pattern, one variable of a
//! product (the one that occurs least) takes all factors and the coefficient that are left, so
//! `?a*?x` matches `2*k*B*C` with `?x = B` and `?a = 2*k*C`, and `x` with `?a = 1`.
//!
//! The search goes back on its way: bindings and what is left are changed in place and restored.

use std::cell::{Cell, RefCell};

use egg::Id;
use smallvec::SmallVec;

use super::language::Form;
use super::left::{Factors, ROOT, Terms, argument, covers};
use super::pattern::{Bindings, Bound, Match, Pattern, Rest};
use super::space::Space;
use super::trace::{Frames, Slot};
use crate::term::{Number, Op};

/// Called with each complete set of bindings.
type Then<'t> = &'t mut dyn FnMut(&mut Bindings);

/// Finds matches in a space, counting the steps it takes against a budget.
pub struct Matcher<'a, S> {
    space: &'a S,
    /// The nodes that were looked into on the way, when matches are to tell them.
    trail: Option<RefCell<Frames>>,
    work: Cell<u64>,
    budget: u64,
}

impl<'a, S: Space> Matcher<'a, S> {
    /// A matcher that stops looking after `budget` steps.
    pub fn new(space: &'a S, budget: u64) -> Matcher<'a, S> {
        let trail = space.tracing().then(RefCell::default);
        Matcher { space, trail, work: Cell::new(0), budget }
    }

    /// Steps taken so far.
    pub fn work(&self) -> u64 {
        self.work.get()
    }

    /// Looks into a node that stands in a slot; the frame that it gets is passed on.
    fn within_node(&self, slot: &Slot, node: &Form, look: impl FnOnce(usize)) {
        let Some(trail) = &self.trail else { return look(0) };
        let frame = trail.borrow().0.len();
        trail.borrow_mut().0.push((slot.clone(), node.clone()));
        look(frame);
        trail.borrow_mut().0.truncate(frame);
    }

    fn matched(&self, class: Id, bindings: &Bindings, rest: Rest) -> Match {
        let frames = self.trail.as_ref().map(|t| t.borrow().clone()).unwrap_or_default();
        Match { class, bindings: bindings.clone(), rest, frames }
    }

    fn spend(&self) -> bool {
        self.work.set(self.work.get() + 1);
        self.work.get() <= self.budget
    }

    /// All matches of a rule's left side in a class, sums and products with a rest.
    pub fn search(&self, pattern: &Pattern, class: Id, variables: usize) -> Vec<Match> {
        let mut bindings: Bindings = vec![None; variables];
        let mut found = Vec::new();
        match pattern {
            Pattern::Sum(k, parts) => {
                for node in self.space.forms(class) {
                    if let Form::Sum { constant, .. } = node {
                        let mut terms = Terms::of(node, constant);
                        self.within_node(&ROOT, node, |frame| {
                            for scale in scales(parts, &terms) {
                                let sum =
                                    Sum { parts, scale: &scale, constant: k, root: true, frame };
                                let then = &mut |b: &mut Bindings, left: &Terms, k: Number| {
                                    let rest = rest_of(&scale, k, left);
                                    found.push(self.matched(class, b, rest));
                                };
                                self.sum_parts(&sum, 0, 0, &mut terms, &mut bindings, then);
                            }
                        });
                    }
                }
            }
            Pattern::Product(parts) => {
                for node in self.space.forms(class) {
                    if matches!(node, Form::Product { .. }) {
                        self.within_node(&ROOT, node, |frame| {
                            let mut factors = Factors::of(Number::ONE, node, frame);
                            let then = &mut |b: &mut Bindings, left: &Factors| {
                                if left.coefficient.is_one() {
                                    let whole = left.is_used_up();
                                    let rest =
                                        if whole { Rest::None } else { Rest::Product(left.left()) };
                                    found.push(self.matched(class, b, rest));
                                }
                            };
                            self.product_parts(parts, 0, 0, &mut factors, &mut bindings, then);
                        });
                    }
                }
            }
            _ => self.class(pattern, class, &ROOT, &mut bindings, &mut |b| {
                found.push(self.matched(class, b, Rest::None));
            }),
        }
        found
    }

    /// Matches of a pattern against a whole class that stands in a slot.
    fn class(&self, pattern: &Pattern, id: Id, slot: &Slot, bindings: &mut Bindings, then: Then) {
        if !self.spend() {
            return;
        }
        let id = self.space.find(id);
        match pattern {
            Pattern::Variable(v) => bind(bindings, *v, || Bound::Class(id), then),
            Pattern::Number(n) => {
                if self.space.constant(id) == Some(n) {
                    self.within_node(slot, &Form::Number(n.clone()), |_| then(bindings));
                }
            }
            Pattern::Call(op, args) => {
                for node in self.space.forms(id) {
                    match node {
                        Form::Call(f, ids) if f == op => self.within_node(slot, node, |frame| {
                            let list = |turned: bool| {
                                let arguments = args.iter().zip(ids.iter().enumerate());
                                let turn = |k: usize| if turned { 1 - k } else { k };
                                let turned = arguments
                                    .map(|(p, (k, _))| (p, ids[turn(k)], argument(frame, turn(k))));
                                turned.collect::<SmallVec<[(&Pattern, Id, Slot); 3]>>()
                            };
                            self.arguments(&list(false), bindings, then);
                            if op.commutes() && ids[0] != ids[1] {
                                self.arguments(&list(true), bindings, then);
                            }
                        }),
                        // A symbolic power in a rule also stands for an exact one.
                        Form::Product { exponents, ids } if *op == Op::Pow && ids.len() == 1 => {
                            self.within_node(slot, node, |frame| {
                                exponent(&args[1], &exponents[0], bindings, &mut |b| {
                                    let slot =
                                        Slot { taken: exponents[0].clone(), ..argument(frame, 0) };
                                    self.class(&args[0], ids[0], &slot, b, then);
                                });
                            });
                        }
                        _ => {}
                    }
                }
            }
            Pattern::Apply(f, args) => {
                for node in self.space.forms(id) {
                    if let Form::Apply(g, ids) = node
                        && f == g
                    {
                        self.within_node(slot, node, |frame| {
                            let list = args.iter().zip(ids).enumerate();
                            let list: SmallVec<[(&Pattern, Id, Slot); 3]> =
                                list.map(|(k, (p, &id))| (p, id, argument(frame, k))).collect();
                            self.arguments(&list, bindings, then);
                        });
                    }
                }
            }
            Pattern::Sum(k, parts) => {
                for node in self.space.forms(id) {
                    if let Form::Sum { constant, .. } = node {
                        let mut terms = Terms::of(node, constant);
                        self.within_node(slot, node, |frame| {
                            let sum =
                                Sum { parts, scale: &Number::ONE, constant: k, root: false, frame };
                            let then = &mut |b: &mut Bindings, _: &Terms, _| then(b);
                            self.sum_parts(&sum, 0, 0, &mut terms, bindings, then);
                        });
                    }
                }
            }
            Pattern::Product(parts) => {
                self.product(parts, &Number::ONE, id, slot, bindings, then);
            }
        }
    }

    fn arguments(&self, arguments: &[(&Pattern, Id, Slot)], bindings: &mut Bindings, then: Then) {
        let Some(((pattern, id, slot), rest)) = arguments.split_first() else {
            return then(bindings);
        };
        self.class(pattern, *id, slot, bindings, &mut |b| self.arguments(rest, b, then));
    }

    /// Matches of a product pattern against the whole of `coefficient · class`.
    fn product(
        &self,
        parts: &[(Pattern, Number)],
        coefficient: &Number,
        id: Id,
        slot: &Slot,
        bindings: &mut Bindings,
        then: Then,
    ) {
        // A class that a variable is already bound to must be among the factors.
        let required: SmallVec<[Id; 2]> = parts
            .iter()
            .filter_map(|(p, _)| match p {
                Pattern::Variable(v) => match &bindings[*v] {
                    Some(Bound::Class(id)) => Some(*id),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let mut whole = |mut start: Factors| {
            self.product_parts(parts, 0, 0, &mut start, bindings, &mut |b, left| {
                if left.coefficient.is_one() && left.is_used_up() {
                    then(b);
                }
            });
        };
        let mut inside = |c: Number, inner: Id, slot: &Slot| {
            if required.iter().all(|&r| r == inner) {
                whole(Factors::atom(c.clone(), inner, slot.clone()));
            }
            for node in self.space.forms(inner) {
                if let Form::Product { ids, .. } = node
                    && required.iter().all(|r| ids.contains(r))
                {
                    let look = |frame| whole(Factors::of(c.clone(), node, frame));
                    self.within_node(slot, node, look);
                }
            }
        };
        match self.space.scaled(id) {
            Some((c, inner)) => {
                self.within_node(slot, &Form::multiple(&c, inner), |frame| {
                    let slot = Slot { taken: c.clone(), ..argument(frame, 0) };
                    inside(coefficient * &c, self.space.find(inner), &slot);
                });
            }
            None => inside(coefficient.clone(), id, slot),
        }
    }

    /// Matches the parts of a sum from `at` on; `from` keeps equal shapes in rising order.
    fn sum_parts(
        &self,
        sum: &Sum,
        at: usize,
        from: usize,
        left: &mut Terms,
        bindings: &mut Bindings,
        then: &mut dyn FnMut(&mut Bindings, &Terms, Number),
    ) {
        if !self.spend() {
            return;
        }
        let Some((k, pattern)) = sum.parts.get(at) else {
            if let Some(constant) = sum.constant_left(left)
                && (sum.root || (constant.is_zero() && left.left().next().is_none()))
            {
                then(bindings, left, constant);
            }
            return;
        };
        let factor = sum.scale * k;
        let Some(inverse) = factor.recip() else {
            return;
        };
        if let Pattern::Variable(v) = pattern
            && bindings[*v].is_none()
            && !sum.root
            && at + 1 == sum.parts.len()
        {
            // The last variable of an inner sum takes all that is left.
            let Some(constant) = sum.constant_left(left) else {
                return;
            };
            if constant.is_zero() && left.left().next().is_none() {
                return;
            }
            let terms = left.left().map(|(c, id)| (&inverse * c, id)).collect();
            let bound = Bound::linear(&inverse * &constant, terms);
            let nothing = Terms { constant: Number::ZERO, terms: SmallVec::new() };
            let then = &mut |b: &mut Bindings| then(b, &nothing, Number::ZERO);
            return bind(bindings, *v, || bound, then);
        }
        let next_alike =
            sum.parts.get(at + 1).is_some_and(|(l, q)| l == k && q.same_shape(pattern));
        for i in from..left.terms.len() {
            let (c, id, used) = left.terms[i].clone();
            if used {
                continue;
            }
            let ratio = &inverse * &c;
            let mut consume = |b: &mut Bindings, taken: &Number| {
                let remaining = &c - &(taken * &factor);
                left.terms[i].2 = remaining.is_zero();
                left.terms[i].0 = remaining;
                let from = if next_alike { i } else { 0 };
                self.sum_parts(sum, at + 1, from, left, b, then);
                left.terms[i] = (c.clone(), id, false);
            };
            match pattern {
                Pattern::Variable(v) if bindings[*v].is_none() => {
                    let usable = ratio.is_positive() || factor.is_positive();
                    let bound =
                        || Bound::monomial(ratio.clone(), SmallVec::from_iter([(id, Number::ONE)]));
                    if usable {
                        bind(bindings, *v, bound, &mut |b| consume(b, &ratio));
                    }
                }
                Pattern::Variable(v) => {
                    let known = bindings[*v].as_ref();
                    let part =
                        Bound::monomial(ratio.clone(), SmallVec::from_iter([(id, Number::ONE)]));
                    if known == Some(&part) {
                        consume(bindings, &ratio);
                    } else if sum.root && known == Some(&Bound::Class(id)) && ratio > Number::ONE {
                        consume(bindings, &Number::ONE);
                    }
                }
                Pattern::Product(parts) if absorbs(parts, bindings) => {
                    let slot = Slot { taken: c.clone(), ..argument(sum.frame, i) };
                    self.product(parts, &ratio, id, &slot, bindings, &mut |b| consume(b, &ratio));
                }
                _ if ratio.is_one() || (sum.root && ratio > Number::ONE) => {
                    let slot = Slot { taken: factor.clone(), ..argument(sum.frame, i) };
                    self.class(pattern, id, &slot, bindings, &mut |b| consume(b, &Number::ONE));
                }
                _ => {}
            }
        }
    }

    /// Matches the parts of a product from `at` on; `from` keeps equal shapes in rising order.
    fn product_parts(
        &self,
        parts: &[(Pattern, Number)],
        at: usize,
        from: usize,
        left: &mut Factors,
        bindings: &mut Bindings,
        then: &mut dyn FnMut(&mut Bindings, &Factors),
    ) {
        if !self.spend() {
            return;
        }
        let Some((pattern, e)) = parts.get(at) else {
            return then(bindings, left);
        };
        if let Pattern::Variable(v) = pattern {
            match &bindings[*v] {
                Some(bound) => {
                    if let Some(mut rest) = left.divided(bound, e) {
                        self.product_parts(parts, at + 1, 0, &mut rest, bindings, then);
                    }
                    return;
                }
                None if at + 1 == parts.len() && e.is_one() => {
                    let bound = || Bound::monomial(left.coefficient.clone(), left.left().into());
                    let nothing = Factors::none();
                    return bind(bindings, *v, bound, &mut |b| then(b, &nothing));
                }
                None => {}
            }
        }
        let next_alike = parts.get(at + 1).is_some_and(|(q, f)| f == e && q.same_shape(pattern));
        for i in from..left.factors.len() {
            let (id, power, used) = left.factors[i].clone();
            if used {
                continue;
            }
            // A symbolic power takes the whole exponent.
            let symbolic = e.is_one() && matches!(pattern, Pattern::Call(Op::Pow, _));
            let slot = left.slot(i, if symbolic { &power } else { e });
            let mut consume = |b: &mut Bindings, taken: &Number| {
                let remaining = &power - taken;
                left.factors[i].2 = remaining.is_zero();
                left.factors[i].1 = remaining;
                let from = if next_alike { i } else { 0 };
                self.product_parts(parts, at + 1, from, left, b, then);
                left.factors[i] = (id, power.clone(), false);
            };
            match pattern {
                Pattern::Variable(v) if covers(&power, e) => {
                    bind(bindings, *v, || Bound::Class(id), &mut |b| consume(b, e));
                }
                Pattern::Variable(v) => {
                    let Some(inverse) = e.recip() else { continue };
                    let inner = &power * &inverse;
                    // (b^k)^e is b^(k e) for integers e, and for odd k; for even ones only where b
                    // is not negative: y^(4/3) has no value at -1 and (y^4)^(1/3) has one.
                    let odd = inner.to_i64().is_some_and(|k| k % 2 != 0);
                    let safe = odd || self.space.facts(id).signs.nonnegative();
                    let exact = e.is_integer() || (!power.is_integer() && safe);
                    if e.is_one() || inner.is_integer() && exact {
                        let bound =
                            || Bound::monomial(Number::ONE, SmallVec::from_iter([(id, inner)]));
                        bind(bindings, *v, bound, &mut |b| consume(b, &power));
                    }
                }
                Pattern::Call(Op::Pow, args) if e.is_one() && !power.is_one() => {
                    exponent(&args[1], &power, bindings, &mut |b| {
                        self.class(&args[0], id, &slot, b, &mut |b| consume(b, &power));
                    });
                }
                _ if covers(&power, e) => {
                    self.class(pattern, id, &slot, bindings, &mut |b| consume(b, e));
                }
                _ => {}
            }
        }
    }
}

/// A sum pattern on its way through a node.
struct Sum<'a> {
    parts: &'a [(Number, Pattern)],
    scale: &'a Number,
    constant: &'a Number,
    root: bool,
    /// The frame of the node.
    frame: usize,
}

impl Sum<'_> {
    /// The node's constant less the pattern's; `None` when there is not enough of it.
    fn constant_left(&self, left: &Terms) -> Option<Number> {
        let used = self.scale * self.constant;
        let rest = &left.constant - &used;
        let enough = used.is_zero()
            || (left.constant.is_negative() == used.is_negative()
                && left.constant.abs() >= used.abs());
        enough.then_some(rest)
    }
}

/// What stands beside a matched part of a sum.
fn rest_of(scale: &Number, constant: Number, left: &Terms) -> Rest {
    let terms: Vec<(Number, Id)> = left.left().map(|(c, id)| (c.clone(), id)).collect();
    match terms.is_empty() && constant.is_zero() && scale.is_one() {
        true => Rest::None,
        false => Rest::Sum(scale.clone(), constant, terms),
    }
}

/// Goes on with a variable bound; one that is bound already must be bound to the same.
fn bind(bindings: &mut Bindings, v: usize, bound: impl FnOnce() -> Bound, then: Then) {
    match &bindings[v] {
        Some(known) => {
            if *known == bound() {
                then(bindings);
            }
        }
        None => {
            bindings[v] = Some(bound());
            then(bindings);
            bindings[v] = None;
        }
    }
}

/// Goes on with an exact exponent as the exponent of a symbolic power.
fn exponent(pattern: &Pattern, power: &Number, bindings: &mut Bindings, then: Then) {
    match pattern {
        Pattern::Variable(n) => {
            bind(bindings, *n, || Bound::Monomial(power.clone(), SmallVec::new()), then);
        }
        Pattern::Number(n) if n == power => then(bindings),
        _ => {}
    }
}

/// Factors by which a sum pattern may stand multiplied in a node: `3*sin(x)^2 + 3*cos(x)^2`.
fn scales(parts: &[(Number, Pattern)], terms: &Terms) -> SmallVec<[Number; 4]> {
    let flexible = |p: &Pattern| match p {
        Pattern::Variable(_) => true,
        Pattern::Product(parts) => parts.iter().any(|(q, _)| matches!(q, Pattern::Variable(_))),
        _ => false,
    };
    let mut scales = SmallVec::from_iter([Number::ONE]);
    if let Some(inverse) = parts.first().and_then(|(k, _)| k.recip())
        && !parts.iter().any(|(_, p)| flexible(p))
    {
        scales.extend(terms.left().map(|(c, _)| &inverse * c));
        scales.sort();
        scales.dedup();
    }
    scales
}

/// Whether the last variable of a product pattern can take a coefficient.
fn absorbs(parts: &[(Pattern, Number)], bindings: &Bindings) -> bool {
    parts.last().is_some_and(|(p, e)| {
        e.is_one() && matches!(p, Pattern::Variable(v) if bindings[*v].is_none())
    })
}
