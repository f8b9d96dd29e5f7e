//! From what the e-graph was told to the steps between two of its terms.

use egg::Id;
use rustc_hash::FxHashSet;

use super::congruence::{At, Closure, Why};
use super::record::Record;
use super::replace;
use super::step::{Around, Explanation, Reason, Step};
use crate::rewrite::assumption::Assumptions;
use crate::rewrite::condition;
use crate::rewrite::facts::POINTS;
use crate::rewrite::knowledge::Classes;
use crate::rewrite::language::Form;
use crate::rewrite::pattern::{Bindings, Bound};
use crate::rewrite::rule::Rule;
use crate::rewrite::space::Space;
use crate::rewrite::terms::Terms;
use crate::rewrite::trace::{Event, Sketch, SketchAround};
use crate::term::evaluate::{Enclosing, evaluate};
use crate::term::interval::Defined;
use crate::term::sample::value_at;
use crate::term::visit::Rebuild;
use crate::term::{Graph, Interval, Node, Number, Term};

/// No explanation within the limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unexplained {
    /// It would take more steps than allowed.
    TooLong,
    /// The equations told do not imply that the terms are equal.
    NotEqual,
}

/// Steps beyond which an explanation is given up.
pub const STEPS: usize = 20_000;

/// An equation between terms, with its reason from left to right.
struct Told<'r> {
    reason: Cause<'r>,
}

enum Cause<'r> {
    Normal,
    Constant,
    Rule {
        rule: &'r Rule,
        bindings: Vec<Option<Term>>,
        around: Around,
        /// Variables, and terms equal to what they stand for whose facts are needed.
        because: Vec<(usize, At, Evidence)>,
    },
}

/// A term equal to a binding.
#[derive(Clone, Copy)]
enum Evidence {
    /// By what was told.
    Told(At),
    /// As its normal form.
    Normal(Term),
}

/// Terms of an e-graph, and which of them are equal for which reasons.
pub struct Derivation<'r> {
    closure: Closure,
    told: Vec<Told<'r>>,
    /// The term that each class was made from.
    made: Vec<Term>,
}

impl<'r> Derivation<'r> {
    /// Replays the events of a saturated e-graph.
    pub fn new(
        graph: &mut Graph,
        classes: &Classes,
        rules: &[&'r Rule],
        assumptions: &Assumptions,
        events: &[Event],
    ) -> Derivation<'r> {
        let mut made: Vec<Term> = Vec::with_capacity(classes.nodes().len());
        for node in classes.nodes() {
            let term = kept(graph, &made, &Sketch::form(node));
            made.push(term);
        }
        let mut derivation = Derivation { closure: Closure::default(), told: Vec::new(), made };
        for &term in &derivation.made {
            derivation.closure.add(graph, term);
        }
        for event in events {
            derivation.tell(graph, rules, assumptions, event);
        }
        derivation
    }

    fn tell(
        &mut self,
        graph: &mut Graph,
        rules: &[&'r Rule],
        assumptions: &Assumptions,
        event: &Event,
    ) {
        let made = &self.made;
        let (left, right, reason) = match event {
            Event::Normal(a, b) => (kept(graph, made, a), kept(graph, made, b), Cause::Normal),
            Event::Constant(a, n) => {
                let told = kept(graph, made, a);
                let node = self.telling(graph, assumptions, told, n);
                (node, graph.number(n.clone()), Cause::Constant)
            }
            Event::Rule(used) => {
                let bindings: Vec<Option<Term>> = used
                    .bindings
                    .iter()
                    .map(|b| b.as_ref().map(|s| kept(graph, made, s)))
                    .collect();
                let around = match &used.around {
                    SketchAround::Nothing => Around::Nothing,
                    SketchAround::Sum(scale, rest) => {
                        Around::Sum(scale.clone(), kept(graph, made, rest))
                    }
                    SketchAround::Product(rest) => Around::Product(kept(graph, made, rest)),
                };
                let (from, to) = (kept(graph, made, &used.from), kept(graph, made, &used.to));
                let rule = rules[used.rule];
                let because = self.because(graph, assumptions, rule, &bindings);
                (from, to, Cause::Rule { rule, bindings, around, because })
            }
        };
        let (a, b) = (self.closure.add(graph, left), self.closure.add(graph, right));
        if !self.closure.equal(a, b) {
            self.told.push(Told { reason });
            self.closure.merge(graph, a, b, Why::Told(self.told.len() - 1, true));
        }
    }

    /// A node with arguments, equal to those given, whose facts leave one value.
    fn telling(
        &mut self,
        graph: &mut Graph,
        assumptions: &Assumptions,
        node: Term,
        n: &Number,
    ) -> Term {
        self.closure.add(graph, node);
        let mut arguments = Vec::new();
        graph.each_argument(graph.node(node), |t| arguments.push(t));
        let nothing = FxHashSet::default();
        let mut terms = Terms::new(graph, &nothing, assumptions);
        let known = |terms: &mut Terms, term: Term| {
            let id = terms.load(term);
            let facts = terms.facts(id);
            facts.total() && facts.constant.as_ref() == Some(n)
        };
        if known(&mut terms, node) {
            return node;
        }
        for (k, &argument) in arguments.iter().enumerate() {
            let Some(at) = self.closure.position(argument) else { continue };
            for member in self.closure.members(at) {
                let member = self.closure.term(member);
                let (other, _) = terms.graph.with_argument(node, k, member);
                if known(&mut terms, other) {
                    return other;
                }
            }
        }
        node
    }

    /// Terms equal to bindings whose facts are needed for the conditions of a rule.
    fn because(
        &mut self,
        graph: &mut Graph,
        assumptions: &Assumptions,
        rule: &Rule,
        bindings: &[Option<Term>],
    ) -> Vec<(usize, At, Evidence)> {
        if rule.conditions.is_empty() && rule.dropped.is_empty() {
            return Vec::new();
        }
        let at: Vec<Option<At>> =
            bindings.iter().map(|b| b.map(|t| self.closure.add(graph, t))).collect();
        let nothing = FxHashSet::default();
        let mut terms = Terms::new(graph, &nothing, assumptions);
        let ids: Vec<Option<Id>> = bindings.iter().map(|b| b.map(|t| terms.load(t))).collect();
        let mut used = Vec::new();
        if sufficient(&mut terms, rule, &ids) {
            return used;
        }
        // One more equal term at a time, until their facts suffice.
        for (v, at) in at.iter().enumerate() {
            let (Some(at), Some(id)) = (*at, ids[v]) else { continue };
            let normal = Rebuild::default().within(terms.graph, self.closure.term(at));
            let members = self.closure.members(at).into_iter().filter(|&m| m != at);
            let told = members.map(|m| (Evidence::Told(m), self.closure.term(m)));
            for (evidence, term) in [(Evidence::Normal(normal), normal)].into_iter().chain(told) {
                let other = terms.load(term);
                let before = terms.facts(id).clone();
                terms.learn(id, other);
                if *terms.facts(id) == before {
                    continue;
                }
                used.push((v, at, evidence));
                if sufficient(&mut terms, rule, &ids) {
                    return used;
                }
            }
        }
        used
    }

    /// Two terms that were made equal although they differ at a sample point.
    pub fn contradiction(&self, graph: &Graph) -> Option<(Term, Term)> {
        let terms = (0..self.closure.length()).map(|at| (self.closure.find(at), at));
        let mut classes: Vec<(At, At)> = terms.collect();
        classes.sort_unstable();
        let value = |at: At, point: u64| {
            let leaf = |name: &str| Interval::point(value_at(name, point));
            let value = evaluate(graph, self.closure.term(at), &mut Enclosing::new(leaf));
            Some(value).filter(|v| v.defined == Defined::Always)
        };
        (0..POINTS as u64).find_map(|point| {
            classes.chunk_by(|a, b| a.0 == b.0).find_map(|members| {
                let mut known = members.iter().filter_map(|&(_, at)| Some((at, value(at, point)?)));
                let (first, one) = known.next()?;
                let (second, _) = known.find(|(_, other)| other.is_disjoint(&one))?;
                Some((self.closure.term(first), self.closure.term(second)))
            })
        })
    }

    /// The steps from one term to another.
    ///
    /// # Errors
    /// When the events do not make them equal, or there are too many steps.
    pub fn steps(
        &mut self,
        graph: &mut Graph,
        start: Term,
        end: Term,
    ) -> Result<Vec<Step>, Unexplained> {
        let (a, b) = (self.closure.add(graph, start), self.closure.add(graph, end));
        if !self.closure.equal(a, b) {
            return Err(Unexplained::NotEqual);
        }
        let mut budget = STEPS;
        self.between(graph, a, b, &mut budget)
    }

    fn between(
        &self,
        graph: &mut Graph,
        a: At,
        b: At,
        budget: &mut usize,
    ) -> Result<Vec<Step>, Unexplained> {
        let whole = self.closure.term(a);
        let mut walk =
            Walk { derivation: self, graph, whole, path: Vec::new(), steps: Vec::new(), budget };
        walk.go(a, b)?;
        Ok(walk.steps)
    }
}

/// Whether the facts suffice for a rule.
fn sufficient(terms: &mut Terms, rule: &Rule, ids: &[Option<Id>]) -> bool {
    let bindings: Bindings = ids.iter().map(|id| id.map(Bound::Class)).collect();
    condition::holds(terms, &rule.conditions, &bindings)
        && rule.dropped.iter().all(|&v| ids[v].is_some_and(|id| terms.facts(id).total()))
}

/// The term of a sketch, nothing collected.
fn kept(graph: &mut Graph, made: &[Term], sketch: &Sketch) -> Term {
    match sketch {
        Sketch::Class(id) => made[usize::from(*id)],
        Sketch::Leaf(t) => *t,
        Sketch::Number(n) => graph.number(n.clone()),
        Sketch::Sum(k, parts) => {
            let parts = parts.iter().map(|(c, s)| (c.clone(), kept(graph, made, s))).collect();
            graph.kept_sum(k.clone(), parts)
        }
        Sketch::Product(parts) => {
            let parts = parts.iter().map(|(s, e)| (kept(graph, made, s), e.clone())).collect();
            graph.kept_product(parts)
        }
        Sketch::Call(op, args) => {
            let args: Vec<Term> = args.iter().map(|s| kept(graph, made, s)).collect();
            graph.kept_call(*op, &args)
        }
        Sketch::Apply(f, args) => {
            let args: Vec<Term> = args.iter().map(|s| kept(graph, made, s)).collect();
            graph.kept_apply(*f, &args)
        }
        Sketch::Reduce(binder, from, to, body) => {
            let body = kept(graph, made, body);
            graph.kept_reduce(*binder, *from, *to, body)
        }
    }
}

/// The kept term of a node of an e-graph whose arguments have terms.
pub fn kept_node(graph: &mut Graph, form: &Form, args: &[Term]) -> Term {
    let made = args;
    let renumbered = {
        use egg::Language;
        let mut next = 0;
        form.clone().map_children(|_| {
            next += 1;
            Id::from(next - 1)
        })
    };
    kept(graph, made, &Sketch::form(&renumbered))
}

/// A walk from term to term that keeps the whole up to date.
struct Walk<'a, 'r> {
    derivation: &'a Derivation<'r>,
    graph: &'a mut Graph,
    whole: Term,
    path: Vec<usize>,
    steps: Vec<Step>,
    budget: &'a mut usize,
}

impl Walk<'_, '_> {
    fn go(&mut self, a: At, b: At) -> Result<(), Unexplained> {
        let closure = &self.derivation.closure;
        for (from, to, why) in closure.path(a, b) {
            match why {
                Why::Told(k, forward) => {
                    let reason = self.reason(k, forward)?;
                    self.step(closure.term(from), closure.term(to), reason)?;
                }
                Why::Congruence(joint) => self.congruent(from, to, joint)?,
            }
        }
        Ok(())
    }

    fn step(&mut self, old: Term, new: Term, reason: Reason) -> Result<(), Unexplained> {
        if old == new {
            return Ok(());
        }
        *self.budget = self.budget.checked_sub(1).ok_or(Unexplained::TooLong)?;
        let (whole, moved) = replace::at(self.graph, self.whole, &self.path, old, new)
            .ok_or(Unexplained::NotEqual)?;
        let path = std::mem::replace(&mut self.path, moved);
        self.whole = whole;
        self.steps.push(Step { path, old, new, reason, whole });
        Ok(())
    }

    fn reason(&mut self, told: usize, forward: bool) -> Result<Reason, Unexplained> {
        Ok(match &self.derivation.told[told].reason {
            Cause::Normal => Reason::NormalForm,
            Cause::Constant => Reason::Constant { backwards: !forward },
            Cause::Rule { rule, bindings, around, because } => {
                let named = bindings.iter().zip(&rule.variables);
                let bindings = named.filter_map(|(b, n)| Some((n.clone(), (*b)?))).collect();
                let mut reasons = Vec::new();
                for &(v, at, evidence) in because {
                    let start = self.derivation.closure.term(at);
                    let reason = match evidence {
                        Evidence::Told(to) => {
                            let steps = self.derivation.between(self.graph, at, to, self.budget)?;
                            Explanation { start, steps, end: self.derivation.closure.term(to) }
                        }
                        Evidence::Normal(term) => {
                            let mut record = Record::new(start);
                            record.normal(self.graph, term);
                            record.finish()
                        }
                    };
                    reasons.push((rule.variables[v].clone(), reason));
                }
                Reason::Rule {
                    name: rule.name.clone(),
                    backwards: !forward,
                    bindings,
                    around: around.clone(),
                    because: reasons,
                }
            }
        })
    }

    /// From one node to another whose arguments are equal.
    fn congruent(&mut self, a: At, b: At, joint: usize) -> Result<(), Unexplained> {
        let closure = &self.derivation.closure;
        let (old, new) = (closure.term(a), closure.term(b));
        let at = |t: Term| closure.position(t).ok_or(Unexplained::NotEqual);
        let (from, to) = (parts(self.graph, old), parts(self.graph, new));
        let ordered = !matches!(self.graph.node(old), Node::Sum { .. } | Node::Product(_));
        if ordered {
            for (k, (x, y)) in from.iter().zip(&to).enumerate() {
                if x.1 != y.1 {
                    self.path.push(k);
                    self.go(at(x.1)?, at(y.1)?)?;
                    self.path.pop();
                }
            }
            return Ok(());
        }
        // For each class one term that all members become: that of the new node, or the first.
        let class = |t: Term| closure.class_then(joint, t).ok_or(Unexplained::NotEqual);
        let mut chosen: rustc_hash::FxHashMap<At, Term> = rustc_hash::FxHashMap::default();
        for (_, t) in to.iter().chain(&from) {
            chosen.entry(class(*t)?).or_insert(*t);
        }
        let mut middle = old;
        for part in &from {
            let goal = chosen[&class(part.1)?];
            middle = self.argument(middle, part, goal)?;
        }
        let mut goal = new;
        for (factor, t) in &to {
            let all = chosen[&class(*t)?];
            if all != *t {
                goal = exchanged(self.graph, goal, &(factor.clone(), *t), all).0;
            }
        }
        self.step(middle, goal, Reason::NormalForm)?;
        for (factor, t) in &to {
            let all = chosen[&class(*t)?];
            if all != *t {
                goal = self.argument(goal, &(factor.clone(), all), *t)?;
            }
        }
        Ok(())
    }

    /// Turns one argument of the part at the path into an equal one; the part afterwards.
    fn argument(
        &mut self,
        part: Term,
        argument: &(Number, Term),
        goal: Term,
    ) -> Result<Term, Unexplained> {
        if argument.1 == goal {
            return Ok(part);
        }
        let closure = &self.derivation.closure;
        let at = |t: Term| closure.position(t).ok_or(Unexplained::NotEqual);
        let (after, k) = exchanged(self.graph, part, argument, goal);
        self.path.push(k);
        self.go(at(argument.1)?, at(goal)?)?;
        self.path.pop();
        Ok(after)
    }
}

/// Arguments with their coefficients or exponents; 1 where there are none.
fn parts(graph: &Graph, term: Term) -> Vec<(Number, Term)> {
    match graph.node(term) {
        Node::Sum { terms, .. } => terms.to_vec(),
        Node::Product(factors) => factors.iter().map(|(t, e)| (e.clone(), *t)).collect(),
        node => {
            let mut parts = Vec::new();
            graph.each_argument(node, |t| parts.push((Number::ONE, t)));
            parts
        }
    }
}

/// The node with one argument exchanged, and where the argument stands in the node.
fn exchanged(
    graph: &mut Graph,
    term: Term,
    argument: &(Number, Term),
    goal: Term,
) -> (Term, usize) {
    let k = parts(graph, term).iter().position(|p| p == argument).unwrap_or(0);
    (graph.with_argument(term, k, goal).0, k)
}
