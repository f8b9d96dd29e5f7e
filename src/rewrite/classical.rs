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
use super::cost::Measure;
use super::language::Head;
use super::matcher::Matcher;
use super::pattern::Match;
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

/// A place of the whole term: the conditions of the branches it stands in, outermost first.
pub type Scope = Vec<(Term, bool)>;

/// One step on terms.
#[derive(Clone, Debug)]
pub struct Taken<'r> {
    /// The branches inside of which the term was replaced.
    pub scope: Scope,
    /// The term.
    pub old: Term,
    /// What it was replaced by.
    pub new: Term,
    /// The rule.
    pub rule: &'r Rule,
    /// What the rule's variables stand for.
    pub bindings: Vec<Option<Term>>,
}

/// A run of the rewriter.
pub struct Classical<'g, 'r> {
    terms: Terms<'g>,
    rules: FxHashMap<Head, Rc<[&'r Rule]>>,
    measure: Measure,
    /// Cost of printed or computed trees, by term.
    costs: FxHashMap<Term, f64>,
    /// For each context, the final form of each term, and the next form on the way.
    done: Vec<FxHashMap<Term, Term>>,
    next: Vec<FxHashMap<Term, Term>>,
    /// What was done, in order.
    pub steps: Vec<Taken<'r>>,
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

    /// The final form of a term.
    pub fn rewrite(&mut self, root: Term) -> Term {
        let mut stack = vec![(0, root)];
        let mut open: FxHashSet<(usize, Term)> = FxHashSet::default();
        while let Some(&(context, term)) = stack.last() {
            open.insert((context, term));
            let image = match (self.done[context].get(&term), self.next[context].get(&term)) {
                (Some(&image), _) => image,
                (None, Some(&next)) => match self.done[context].get(&next) {
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
                    let new = if rebuilt == term { self.improved(context, term) } else { Some(rebuilt) };
                    if let Some(new) = new {
                        self.next[context].insert(term, new);
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

    /// The cheapest form that one rule makes of a term, when it is cheaper.
    fn improved(&mut self, context: usize, term: Term) -> Option<Term> {
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
        let form = &self.terms.forms(id)[0];
        if egg::Language::children(form).len() > WIDEST {
            return None;
        }
        let head = egg::Language::discriminant(form);
        let old = self.cost(term);
        let mut best: Option<(f64, Taken<'r>)> = None;
        let rules = self.rules.get(&head).cloned();
        for &rule in rules.iter().flat_map(|rules| rules.iter()) {
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
                    let scope = self.scope(context);
                    best = Some((cost, Taken { scope, old: term, new, rule, bindings }));
                }
            }
        }
        let (_, taken) = best?;
        let new = taken.new;
        self.steps.push(taken);
        Some(new)
    }

    /// The term that a match gives, when it may be taken.
    fn taken(&mut self, rule: &Rule, m: &Match) -> Option<Term> {
        if !allowed(&mut self.terms, rule, m) {
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

    fn scope(&self, mut context: usize) -> Scope {
        let mut scope = Vec::new();
        while let Some((outer, condition, truth)) = self.terms.outer(context) {
            scope.push((condition, truth));
            context = outer;
        }
        scope.reverse();
        scope
    }

    fn cost(&mut self, term: Term) -> f64 {
        cost_of(self.terms.graph, &mut self.costs, term, self.measure)
    }
}

/// The cost of a term as a tree, remembered for all its parts.
fn cost_of(
    graph: &Graph,
    costs: &mut FxHashMap<Term, f64>,
    root: Term,
    measure: Measure,
) -> f64 {
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

