//! The classical rewriter: post-order, each term to a fixed point, remembered.
//!
//! A rule is taken where it makes a term cheaper, so that rewriting ends. Steps are taken on whole
//! terms, so that those that extend a domain are sound here: each is taken only where a witness
//! shows that what disappears has a value somewhere. Inside the branches of an `if` its condition
//! is a fact.

use std::rc::Rc;

use egg::Id;
use rustc_hash::{FxHashMap, FxHashSet};

use super::apply::{allowed, result};
use super::around::operations_below;
use super::cost::Measure;
use super::explain::Around;
use super::language::Head;
use super::matcher::Matcher;
use super::pattern::{Match, Rest};
use super::rule::Rule;
use super::space::Space;
use super::terms::Terms;
use crate::term::sample::Claim;
use crate::term::visit::Rebuild;
use crate::term::{Graph, Node, Op, Term};

/// Matches of one rule that are looked at on one term.
const MATCHES: usize = 16;

/// Steps of matching one rule on one term.
const PATIENCE: u64 = 2_000;

/// Arguments of a node beyond which rules are not tried on it: matching is quadratic and worse.
const WIDEST: usize = 200;

/// One step on terms.
#[derive(Clone, Debug)]
pub struct Taken<'r> {
    /// The term.
    pub old: Term,
    /// What it was replaced by.
    pub new: Term,
    /// The rule; none when the facts leave only one value.
    pub rule: Option<&'r Rule>,
    /// What the rule's variables stand for.
    pub bindings: Vec<Option<Term>>,
    /// What stands beside the matched part.
    pub around: Around,
}

/// What a run has done, for explanations.
pub struct Trail<'r> {
    /// The steps, in order.
    pub steps: Vec<Taken<'r>>,
    done: Vec<FxHashMap<Term, Term>>,
    next: Vec<FxHashMap<Term, (Term, Option<usize>)>>,
    branches: Vec<FxHashMap<(Term, bool), usize>>,
}

impl<'r> Trail<'r> {
    /// The next form of a term in a context, and the step that leads to it; without one, its
    /// arguments took their final forms. `None` when the term is final.
    pub fn next(&self, context: usize, term: Term) -> Option<(Term, Option<&Taken<'r>>)> {
        if self.done[context].get(&term) == Some(&term) {
            return None;
        }
        let &(next, step) = self.next[context].get(&term)?;
        Some((next, step.map(|k| &self.steps[k])))
    }

    /// The final form of a term in a context.
    pub fn image(&self, context: usize, term: Term) -> Term {
        self.done[context].get(&term).copied().unwrap_or(term)
    }

    /// The context of a branch whose condition has its final form.
    pub fn branch(&self, context: usize, condition: Term, truth: bool) -> Option<usize> {
        self.branches[context].get(&(condition, truth)).copied()
    }
}

/// A run of the rewriter.
pub struct Classical<'g, 'r> {
    terms: Terms<'g>,
    rules: FxHashMap<Head, Rc<[&'r Rule]>>,
    measure: Measure,
    /// Cost of printed or computed trees, by term.
    costs: FxHashMap<Term, f64>,
    /// For each context, the final form of each term, and the next form on the way: by a step, or
    /// by the final forms of its arguments.
    done: Vec<FxHashMap<Term, Term>>,
    next: Vec<FxHashMap<Term, (Term, Option<usize>)>>,
    steps: Vec<Taken<'r>>,
    work: u64,
    budget: u64,
    stop: fn() -> bool,
    interrupted: bool,
}

impl<'g, 'r> Classical<'g, 'r> {
    /// A rewriter with some rules; expanding ones are left out.
    pub fn new(
        terms: Terms<'g>,
        rules: impl Iterator<Item = &'r Rule>,
        measure: Measure,
        budget: u64,
        stop: fn() -> bool,
    ) -> Classical<'g, 'r> {
        let mut by_head: FxHashMap<Head, Vec<&'r Rule>> = FxHashMap::default();
        for rule in rules.filter(|r| !r.expanding) {
            if let Some(head) = rule.lhs.head() {
                by_head.entry(head).or_default().push(rule);
            }
        }
        Classical {
            terms,
            rules: by_head.into_iter().map(|(head, rules)| (head, rules.into())).collect(),
            measure,
            costs: FxHashMap::default(),
            done: vec![FxHashMap::default()],
            next: vec![FxHashMap::default()],
            steps: Vec::new(),
            work: 0,
            budget,
            stop,
            interrupted: false,
        }
    }

    /// Whether the limit on work was reached.
    pub fn exhausted(&self) -> bool {
        self.work > self.budget
    }

    /// Whether it was told to stop.
    pub fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// What was done, without the graph that it was done in.
    pub fn finish(self) -> Trail<'r> {
        let Classical { terms, done, next, steps, .. } = self;
        Trail { steps, done, next, branches: terms.branches() }
    }

    /// The final form of a term.
    pub fn rewrite(&mut self, root: Term) -> Term {
        let mut stack = vec![(0, root)];
        let mut open: FxHashSet<(usize, Term)> = FxHashSet::default();
        while let Some(&(context, term)) = stack.last() {
            open.insert((context, term));
            let image = match (self.done[context].get(&term), self.next[context].get(&term)) {
                (Some(&image), _) => image,
                (None, Some(&(next, _))) => match self.done[context].get(&next) {
                    Some(&image) => image,
                    None if open.contains(&(context, next)) => term,
                    None => {
                        stack.push((context, next));
                        continue;
                    }
                },
                (None, None) => {
                    let waiting = self.waiting(context, term);
                    if !waiting.is_empty() {
                        stack.extend(waiting);
                        continue;
                    }
                    let rebuilt = self.rebuilt(context, term);
                    let next = match rebuilt == term {
                        true => self.improved(context, term).map(|k| (self.steps[k].new, Some(k))),
                        false => Some((rebuilt, None)),
                    };
                    if let Some(next) = next {
                        self.next[context].insert(term, next);
                        continue;
                    }
                    term
                }
            };
            self.done[context].insert(term, image);
            open.remove(&(context, term));
            stack.pop();
        }
        self.done[0][&root]
    }

    /// Arguments that have no final form yet, with their contexts.
    fn waiting(&mut self, context: usize, term: Term) -> Vec<(usize, Term)> {
        let mut waiting = Vec::new();
        if self.terms.is_boundary(term) {
            return waiting;
        }
        if let &Node::Call(Op::If, ref args) = self.terms.graph.node(term) {
            let (condition, yes, no) = (args[0], args[1], args[2]);
            let Some(&condition) = self.done[context].get(&condition) else {
                return vec![(context, condition)];
            };
            for (branch, truth) in [(yes, true), (no, false)] {
                let inner = self.branch(context, condition, truth);
                if !self.done[inner].contains_key(&branch) {
                    waiting.push((inner, branch));
                }
            }
            return waiting;
        }
        let (graph, done) = (&*self.terms.graph, &self.done[context]);
        graph.each_argument(graph.node(term), |t| {
            if !done.contains_key(&t) {
                waiting.push((context, t));
            }
        });
        waiting
    }

    /// The context of a branch.
    fn branch(&mut self, context: usize, condition: Term, truth: bool) -> usize {
        self.terms.enter(context);
        let inner = self.terms.under(condition, truth);
        while self.done.len() <= inner {
            self.done.push(FxHashMap::default());
            self.next.push(FxHashMap::default());
        }
        inner
    }

    /// The term with its arguments in final form.
    fn rebuilt(&mut self, context: usize, term: Term) -> Term {
        if self.terms.is_boundary(term) {
            return term;
        }
        if let Node::Call(Op::If, args) = self.terms.graph.node(term).clone() {
            let condition = self.done[context][&args[0]];
            let [yes, no] = [(args[1], true), (args[2], false)].map(|(branch, truth)| {
                let inner = self.branch(context, condition, truth);
                self.done[inner][&branch]
            });
            return self.terms.graph.call(Op::If, &[condition, yes, no]);
        }
        let (graph, done, mut changed) = (&*self.terms.graph, &self.done[context], Vec::new());
        graph.each_argument(graph.node(term), |t| {
            let image = done[&t];
            if image != t {
                changed.push((t, image));
            }
        });
        if changed.is_empty() {
            return term;
        }
        Rebuild::with(changed).within_node(self.terms.graph, term)
    }

    /// The step to the cheapest form that one rule makes of a term, when it is cheaper.
    fn improved(&mut self, context: usize, term: Term) -> Option<usize> {
        self.terms.enter(context);
        if self.terms.is_boundary(term) || self.terms.contradictory() || self.exhausted() {
            return None;
        }
        self.interrupted |= (self.stop)();
        if self.interrupted {
            return None;
        }
        let id = self.terms.load(term);
        if self.terms.facts(id).nowhere() {
            return None;
        }
        let facts = self.terms.facts(id);
        if let (Some(n), None) = (&facts.constant, self.terms.graph.as_number(term))
            && facts.total()
        {
            let new = self.terms.graph.number(n.clone());
            let (bindings, around) = (Vec::new(), Around::Nothing);
            self.steps.push(Taken { old: term, new, rule: None, bindings, around });
            return Some(self.steps.len() - 1);
        }
        let form = &self.terms.forms(id)[0];
        if egg::Language::children(form).len() > WIDEST {
            return None;
        }
        let head = egg::Language::discriminant(form);
        let old = self.cost(term);
        let mut best: Option<(f64, Taken<'r>)> = None;
        let below = operations_below(&self.terms, id);
        let rules = self.rules.get(&head).cloned();
        for &rule in rules.iter().flat_map(|r| r.iter()).filter(|r| r.near.within(below)) {
            let matcher = Matcher::new(&self.terms, PATIENCE);
            let mut found = matcher.search(&rule.lhs, id, rule.variables.len());
            self.work += matcher.work();
            found.truncate(MATCHES);
            for m in found {
                let Some(new) = self.taken(rule, &m) else { continue };
                let cost = cost_of(self.terms.graph, &mut self.costs, new, self.measure);
                if cost < best.as_ref().map_or(old, |(least, _)| *least) - 1e-9 {
                    let bound = m.bindings.iter().map(|b| {
                        let id = b.as_ref()?.class(&mut self.terms);
                        Some(self.terms.term(id))
                    });
                    let bindings = bound.collect();
                    let around = self.around(&m);
                    let rule = Some(rule);
                    best = Some((cost, Taken { old: term, new, rule, bindings, around }));
                }
            }
        }
        let (_, taken) = best?;
        self.steps.push(taken);
        Some(self.steps.len() - 1)
    }

    /// The term that a match gives, when it may be taken.
    fn taken(&mut self, rule: &Rule, m: &Match) -> Option<Term> {
        if !allowed(&mut self.terms, rule, m) {
            return None;
        }
        if rule.extends && !self.terms.graph.witness(self.terms.term(m.class), Claim::Defined) {
            return None;
        }
        // What disappears must have a value somewhere.
        for &v in &rule.dropped {
            let id: Id = m.bindings[v].as_ref()?.class(&mut self.terms);
            let term = self.terms.term(id);
            if !self.terms.graph.witness(term, Claim::Defined) {
                return None;
            }
        }
        let id = result(&mut self.terms, &rule.rhs, m);
        Some(self.terms.term(id))
    }

    /// What a match leaves beside it.
    fn around(&mut self, m: &Match) -> Around {
        match &m.rest {
            Rest::None => Around::Nothing,
            Rest::Sum(scale, constant, left) => {
                let parts = left.iter().map(|(c, id)| (c.clone(), self.terms.term(*id))).collect();
                let rest = self.terms.graph.kept_sum(constant.clone(), parts);
                Around::Sum(scale.clone(), rest)
            }
            Rest::Product(left) => {
                let parts = left.iter().map(|(id, e)| (self.terms.term(*id), e.clone())).collect();
                Around::Product(self.terms.graph.kept_product(parts))
            }
        }
    }

    fn cost(&mut self, term: Term) -> f64 {
        cost_of(self.terms.graph, &mut self.costs, term, self.measure)
    }
}

/// The cost of a term as a tree, remembered for all its parts.
fn cost_of(graph: &Graph, costs: &mut FxHashMap<Term, f64>, root: Term, measure: Measure) -> f64 {
    let mut stack = vec![root];
    while let Some(&term) = stack.last() {
        if costs.contains_key(&term) {
            stack.pop();
            continue;
        }
        let (waiting, mut total) = (stack.len(), measure.node(graph, term));
        graph.each_argument(graph.node(term), |t| match costs.get(&t) {
            Some(cost) => total += cost,
            None => stack.push(t),
        });
        if stack.len() == waiting {
            costs.insert(term, total);
            stack.pop();
        }
    }
    costs[&root]
}
