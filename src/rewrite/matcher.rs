//! Matching modulo associativity and commutativity, with a rest.
//!
//! A sum or product in a rule's left side matches any part of an n-ary node and keeps the rest:
//! `sin(?x)^2 + cos(?x)^2` finds its two terms among twelve. Inside a pattern, one variable of a
//! product (the one that occurs least) takes all factors and the coefficient that are left, so
//! `?a*?x` matches `2*k*B*C` with `?x = B` and `?a = 2*k*C`, and `x` with `?a = 1`.

use std::cell::Cell;

use egg::Id;
use smallvec::SmallVec;

use super::facts::Graph as Classes;
use super::language::Form;
use super::pattern::{Bindings, Bound, Match, Pattern, Rest};
use super::region::scaled;
use crate::term::{Number, Op};

/// Factors that are still to be matched, with their coefficient.
#[derive(Clone)]
struct Factors {
    coefficient: Number,
    factors: Vec<(Id, Number)>,
}

/// Finds matches in an e-graph, counting the steps it takes against a budget.
pub struct Matcher<'a> {
    classes: &'a Classes,
    work: Cell<u64>,
    budget: u64,
}

impl<'a> Matcher<'a> {
    /// A matcher that stops looking after `budget` steps.
    pub fn new(classes: &'a Classes, budget: u64) -> Matcher<'a> {
        Matcher { classes, work: Cell::new(0), budget }
    }

    /// Steps taken so far.
    pub fn work(&self) -> u64 {
        self.work.get()
    }

    fn spend(&self) -> bool {
        self.work.set(self.work.get() + 1);
        self.work.get() <= self.budget
    }

    /// All matches of a rule's left side in a class, sums and products with a rest.
    pub fn search(&self, pattern: &Pattern, class: Id, variables: usize) -> Vec<Match> {
        let empty: Bindings = vec![None; variables];
        let mut found = Vec::new();
        match pattern {
            Pattern::Sum(k, parts) => {
                for node in &self.classes[class].nodes {
                    if let Form::Sum { constant, .. } = node {
                        let terms: Vec<(Number, Id)> =
                            node.terms().map(|(c, id)| (c.clone(), id)).collect();
                        for scale in scales(parts, &terms) {
                            let problem = SumProblem {
                                parts,
                                scale: &scale,
                                pattern_constant: k,
                                root: true,
                            };
                            let start = (constant.clone(), terms.clone());
                            self.sum_parts(
                                &problem,
                                0,
                                0,
                                start,
                                empty.clone(),
                                &mut |b, (k, left)| {
                                    let rest = if left.is_empty() && k.is_zero() && scale.is_one() {
                                        Rest::None
                                    } else {
                                        Rest::Sum(scale.clone(), k, left)
                                    };
                                    found.push(Match { class, bindings: b, rest });
                                },
                            );
                        }
                    }
                }
            }
            Pattern::Product(parts) => {
                for node in &self.classes[class].nodes {
                    if matches!(node, Form::Product { .. }) {
                        let factors = node.factors().map(|(id, e)| (id, e.clone())).collect();
                        let start = Factors { coefficient: Number::ONE, factors };
                        self.product_parts(parts, 0, 0, start, empty.clone(), &mut |b, left| {
                            if !left.coefficient.is_one() {
                                return;
                            }
                            let rest = if left.factors.is_empty() {
                                Rest::None
                            } else {
                                Rest::Product(left.factors)
                            };
                            found.push(Match { class, bindings: b, rest });
                        });
                    }
                }
            }
            _ => self.class(pattern, class, &empty, &mut |bindings| {
                found.push(Match { class, bindings, rest: Rest::None });
            }),
        }
        found
    }

    /// Matches of a pattern against a whole class.
    fn class(
        &self,
        pattern: &Pattern,
        id: Id,
        bindings: &Bindings,
        found: &mut dyn FnMut(Bindings),
    ) {
        if !self.spend() {
            return;
        }
        let id = self.classes.find(id);
        match pattern {
            Pattern::Variable(v) => {
                if let Some(b) = self.bind(bindings, *v, Bound::Class(id)) {
                    found(b);
                }
            }
            Pattern::Number(n) => {
                if self.classes[id].data.constant.as_ref() == Some(n) {
                    found(bindings.clone());
                }
            }
            Pattern::Call(op, args) => {
                for node in &self.classes[id].nodes {
                    if let Form::Call(f, ids) = node
                        && f == op
                    {
                        self.arguments(args, ids, bindings, found);
                        if commutes(*op) && ids[0] != ids[1] {
                            self.arguments(args, &[ids[1], ids[0]], bindings, found);
                        }
                    }
                    // A symbolic power in a rule also stands for an exact one.
                    if *op == Op::Pow
                        && let Form::Product { exponents, ids } = node
                        && let ([power], [base]) = (&**exponents, &**ids)
                        && let Some(b) = self.exponent(&args[1], power, bindings)
                    {
                        self.class(&args[0], *base, &b, found);
                    }
                }
            }
            Pattern::Apply(f, args) => {
                for node in &self.classes[id].nodes {
                    if let Form::Apply(g, ids) = node
                        && f == g
                    {
                        self.arguments(args, ids, bindings, found);
                    }
                }
            }
            Pattern::Sum(k, parts) => {
                let one = Number::ONE;
                let problem = SumProblem { parts, scale: &one, pattern_constant: k, root: false };
                for node in &self.classes[id].nodes {
                    if let Form::Sum { constant, .. } = node {
                        let terms = node.terms().map(|(c, id)| (c.clone(), id)).collect();
                        let start = (constant.clone(), terms);
                        self.sum_parts(&problem, 0, 0, start, bindings.clone(), &mut |b, _| {
                            found(b)
                        });
                    }
                }
            }
            Pattern::Product(parts) => self.product(parts, &Number::ONE, id, bindings, found),
        }
    }

    fn arguments(
        &self,
        patterns: &[Pattern],
        ids: &[Id],
        bindings: &Bindings,
        found: &mut dyn FnMut(Bindings),
    ) {
        let (Some((pattern, patterns)), Some((id, ids))) =
            (patterns.split_first(), ids.split_first())
        else {
            return found(bindings.clone());
        };
        self.class(pattern, *id, bindings, &mut |b| self.arguments(patterns, ids, &b, found));
    }

    /// Matches of a product pattern against the whole of `coefficient · class`.
    fn product(
        &self,
        parts: &[(Pattern, Number)],
        coefficient: &Number,
        id: Id,
        bindings: &Bindings,
        found: &mut dyn FnMut(Bindings),
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
        let mut whole = |start: Factors| {
            self.product_parts(parts, 0, 0, start, bindings.clone(), &mut |b, left| {
                if left.factors.is_empty() && left.coefficient.is_one() {
                    found(b);
                }
            });
        };
        let atom = |c: Number, id: Id| Factors { coefficient: c, factors: vec![(id, Number::ONE)] };
        let (c, inner) = match scaled(self.classes, id) {
            Some((c, inner)) => (coefficient * &c, self.classes.find(inner)),
            None => (coefficient.clone(), id),
        };
        if required.iter().all(|&r| r == inner) {
            whole(atom(c.clone(), inner));
        }
        for node in &self.classes[inner].nodes {
            if let Form::Product { ids, .. } = node
                && required.iter().all(|r| ids.contains(r))
            {
                let factors = node.factors().map(|(id, e)| (id, e.clone())).collect();
                whole(Factors { coefficient: c.clone(), factors });
            }
        }
    }

    fn bind(&self, bindings: &Bindings, v: usize, bound: Bound) -> Option<Bindings> {
        match &bindings[v] {
            Some(known) => (*known == bound).then(|| bindings.clone()),
            None => {
                let mut bindings = bindings.clone();
                bindings[v] = Some(bound);
                Some(bindings)
            }
        }
    }

    /// An exact exponent as the exponent of a symbolic power.
    fn exponent(&self, pattern: &Pattern, power: &Number, bindings: &Bindings) -> Option<Bindings> {
        match pattern {
            Pattern::Variable(n) => {
                self.bind(bindings, *n, Bound::Monomial(power.clone(), Vec::new()))
            }
            Pattern::Number(n) => (n == power).then(|| bindings.clone()),
            _ => None,
        }
    }

    /// Matches the parts of a sum from `at` on; `from` keeps equal shapes in rising order.
    fn sum_parts(
        &self,
        problem: &SumProblem,
        at: usize,
        from: usize,
        left: (Number, Vec<(Number, Id)>),
        bindings: Bindings,
        found: &mut dyn FnMut(Bindings, (Number, Vec<(Number, Id)>)),
    ) {
        if !self.spend() {
            return;
        }
        let Some((k, pattern)) = problem.parts.get(at) else {
            if let Some(constant) = problem.constant_left(&left)
                && (problem.root || (left.1.is_empty() && constant.is_zero()))
            {
                found(bindings, (constant, left.1));
            }
            return;
        };
        let factor = problem.scale * k;
        let Some(inverse) = factor.recip() else {
            return;
        };
        if let Pattern::Variable(v) = pattern
            && bindings[*v].is_none()
            && !problem.root
            && at + 1 == problem.parts.len()
            && (!left.1.is_empty() || problem.pattern_constant.is_zero())
        {
            // The last variable of an inner sum takes all that is left.
            let Some(constant) = problem.constant_left(&left) else {
                return;
            };
            let terms = left.1.iter().map(|(c, id)| (&inverse * c, *id)).collect();
            let bound = Bound::linear(&inverse * &constant, terms);
            if let Some(b) = self.bind(&bindings, *v, bound) {
                found(b, (Number::ZERO, Vec::new()));
            }
            return;
        }
        let next_alike =
            problem.parts.get(at + 1).is_some_and(|(l, q)| l == k && q.same_shape(pattern));
        for i in from..left.1.len() {
            let (c, id) = left.1[i].clone();
            let ratio = &inverse * &c;
            let mut consume = |b: Bindings, used: Number| {
                let mut rest = left.clone();
                let remaining = &c - &(&used * &factor);
                if remaining.is_zero() {
                    rest.1.remove(i);
                } else {
                    rest.1[i].0 = remaining;
                }
                self.sum_parts(problem, at + 1, if next_alike { i } else { 0 }, rest, b, found);
            };
            match pattern {
                Pattern::Variable(v) if bindings[*v].is_none() => {
                    let bound = Bound::monomial(ratio.clone(), vec![(id, Number::ONE)]);
                    if (ratio.is_positive() || factor.is_positive())
                        && let Some(b) = self.bind(&bindings, *v, bound)
                    {
                        consume(b, ratio);
                    }
                }
                Pattern::Variable(v) => {
                    let one = Bound::Class(id);
                    let part = Bound::monomial(ratio.clone(), vec![(id, Number::ONE)]);
                    if bindings[*v].as_ref() == Some(&part) {
                        consume(bindings.clone(), ratio);
                    } else if problem.root
                        && bindings[*v].as_ref() == Some(&one)
                        && ratio > Number::ONE
                    {
                        consume(bindings.clone(), Number::ONE);
                    }
                }
                Pattern::Product(parts) if absorbs(parts, &bindings) => {
                    self.product(parts, &ratio, id, &bindings, &mut |b| consume(b, ratio.clone()));
                }
                _ if ratio.is_one() || (problem.root && ratio > Number::ONE) => {
                    self.class(pattern, id, &bindings, &mut |b| consume(b, Number::ONE));
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
        left: Factors,
        bindings: Bindings,
        found: &mut dyn FnMut(Bindings, Factors),
    ) {
        if !self.spend() {
            return;
        }
        let Some((pattern, e)) = parts.get(at) else {
            return found(bindings, left);
        };
        if let Pattern::Variable(v) = pattern {
            match bindings[*v].clone() {
                Some(bound) => {
                    if let Some(rest) = divide(left, &bound, e) {
                        self.product_parts(parts, at + 1, 0, rest, bindings, found);
                    }
                    return;
                }
                None if at + 1 == parts.len() && e.is_one() => {
                    let bound = Bound::monomial(left.coefficient, left.factors);
                    if let Some(b) = self.bind(&bindings, *v, bound) {
                        found(b, Factors { coefficient: Number::ONE, factors: Vec::new() });
                    }
                    return;
                }
                None => {}
            }
        }
        let next_alike = parts.get(at + 1).is_some_and(|(q, f)| f == e && q.same_shape(pattern));
        for i in from..left.factors.len() {
            let (id, power) = left.factors[i].clone();
            let mut consume = |b: Bindings, used: &Number| {
                let mut rest = left.clone();
                let remaining = &power - used;
                if remaining.is_zero() {
                    rest.factors.remove(i);
                } else {
                    rest.factors[i].1 = remaining;
                }
                self.product_parts(parts, at + 1, if next_alike { i } else { 0 }, rest, b, found);
            };
            match pattern {
                Pattern::Variable(v) => {
                    let (bound, used) = if covers(&power, e) {
                        (Bound::Class(id), e.clone())
                    } else {
                        let Some(inverse) = e.recip() else { continue };
                        let inner = &power * &inverse;
                        // (b^k)^e is b^(k e) for integers e, and where b cannot be negative.
                        let exact = e.is_integer() || !power.is_integer();
                        // x is not 1/(1/x), which has no value at zero.
                        let exact = exact && (power.is_negative() || !e.is_negative());
                        if !(e.is_one() || inner.is_integer() && exact) {
                            continue;
                        }
                        (Bound::monomial(Number::ONE, vec![(id, inner)]), power.clone())
                    };
                    if let Some(b) = self.bind(&bindings, *v, bound) {
                        consume(b, &used);
                    }
                }
                Pattern::Call(Op::Pow, args) if e.is_one() && !power.is_one() => {
                    if let Some(b) = self.exponent(&args[1], &power, &bindings) {
                        self.class(&args[0], id, &b, &mut |b| consume(b, &power));
                    }
                }
                _ if covers(&power, e) => {
                    self.class(pattern, id, &bindings, &mut |b| consume(b, e));
                }
                _ => {}
            }
        }
    }
}

/// A sum pattern on its way through a node.
struct SumProblem<'a> {
    parts: &'a [(Number, Pattern)],
    scale: &'a Number,
    pattern_constant: &'a Number,
    root: bool,
}

impl SumProblem<'_> {
    /// The node's constant less the pattern's; `None` when there is not enough of it.
    fn constant_left(&self, left: &(Number, Vec<(Number, Id)>)) -> Option<Number> {
        let used = self.scale * self.pattern_constant;
        let rest = &left.0 - &used;
        let enough = used.is_zero()
            || (left.0.is_negative() == used.is_negative() && left.0.abs() >= used.abs());
        enough.then_some(rest)
    }
}

/// Factors by which a sum pattern may stand multiplied in a node: `3*sin(x)^2 + 3*cos(x)^2`.
fn scales(parts: &[(Number, Pattern)], terms: &[(Number, Id)]) -> Vec<Number> {
    let flexible = |p: &Pattern| match p {
        Pattern::Variable(_) => true,
        Pattern::Product(parts) => parts.iter().any(|(q, _)| matches!(q, Pattern::Variable(_))),
        _ => false,
    };
    let mut scales = vec![Number::ONE];
    if let Some(inverse) = parts.first().and_then(|(k, _)| k.recip())
        && !parts.iter().any(|(_, p)| flexible(p))
    {
        scales.extend(terms.iter().map(|(c, _)| &inverse * c));
        scales.sort();
        scales.dedup();
    }
    scales
}

/// Whether `x^power` contains `x^e` as a factor with the same domain.
fn covers(power: &Number, e: &Number) -> bool {
    power == e
        || (power.is_integer()
            && e.is_integer()
            && power.is_negative() == e.is_negative()
            && power.abs() > e.abs())
}

/// Whether the last variable of a product pattern can take a coefficient.
fn absorbs(parts: &[(Pattern, Number)], bindings: &Bindings) -> bool {
    parts.last().is_some_and(|(p, e)| {
        e.is_one() && matches!(p, Pattern::Variable(v) if bindings[*v].is_none())
    })
}

/// Takes `bound ^ e` out of a product.
fn divide(mut left: Factors, bound: &Bound, e: &Number) -> Option<Factors> {
    let mut take = |id: Id, e: Number| {
        let at = left.factors.iter().position(|(b, power)| *b == id && covers(power, &e))?;
        let remaining = &left.factors[at].1 - &e;
        if remaining.is_zero() {
            left.factors.remove(at);
        } else {
            left.factors[at].1 = remaining;
        }
        Some(())
    };
    match bound {
        Bound::Class(id) => take(*id, e.clone())?,
        Bound::Monomial(c, factors) => {
            for (id, f) in factors {
                take(*id, f * e)?;
            }
            let power = c.pow(e.to_i64()?)?;
            left.coefficient = &left.coefficient * &power.recip()?;
        }
        Bound::Linear(..) => return None,
    }
    Some(left)
}

fn commutes(op: Op) -> bool {
    matches!(op, Op::Min | Op::Max | Op::Hypot | Op::Equal | Op::And | Op::Or)
}
