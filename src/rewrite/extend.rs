//! Steps that extend the domain, taken on terms and never inside the e-graph.
//!
//! `sin(1/x)^2 + cos(1/x)^2` is 1 wherever it is defined, and 1 is defined at 0 as well. Merging
//! the two in an e-graph would spread facts of the smaller domain to the larger one; replacing
//! the one by the other in a term is sound. A step is taken only where a witness shows that what
//! disappears has a value somewhere.

use egg::{Id, Language};
use rustc_hash::{FxHashMap, FxHashSet};

use super::around::Around;
use super::condition;
use super::cost::{Measure, cost};
use super::language::Form;
use super::matcher::Matcher;
use super::pattern::{Bindings, Bound, Match, Pattern, Rest};
use super::region::Region;
use super::rule::{Rule, Ruleset};
use super::saturate::search;
use crate::term::sample::Claim;
use crate::term::visit::Rebuild;
use crate::term::{Graph, Interval, Number, Op, Term};

/// Matches of one rule looked at in one pass.
const MATCHES: usize = 16;

/// Replaces parts of the roots by rules that extend the domain, while that makes them cheaper.
///
/// Returns the names of the rules used, in order.
pub fn extend(
    graph: &mut Graph,
    roots: &mut [Term],
    boundary: &FxHashSet<Term>,
    rules: &Ruleset,
    assumptions: &FxHashMap<Term, Interval>,
    measure: Measure,
    steps: usize,
) -> Vec<String> {
    let mut used = Vec::new();
    while used.len() < steps {
        let Some(name) = step(graph, roots, boundary, rules, assumptions, measure) else {
            break;
        };
        used.push(name);
    }
    used
}

fn step(
    graph: &mut Graph,
    roots: &mut [Term],
    boundary: &FxHashSet<Term>,
    rules: &Ruleset,
    assumptions: &FxHashMap<Term, Interval>,
    measure: Measure,
) -> Option<String> {
    let candidates: Vec<&Rule> = rules.extending().collect();
    if candidates.is_empty() {
        return None;
    }
    let mut region = Region::load(graph, roots, boundary, assumptions);
    let mut found: Vec<(&Rule, Match)> = Vec::new();
    let around = Around::of(&region.classes);
    for rule in candidates.into_iter().filter(|r| around.has(r.needs)) {
        let matcher = Matcher::new(&region.classes, 100_000);
        search(&region.classes, &around, &matcher, rule, MATCHES, &mut found);
    }
    if found.is_empty() {
        return None;
    }
    let before = cost(graph, roots, measure);
    let terms: FxHashMap<Id, Term> = region.ids.iter().map(|(&t, &id)| (id, t)).collect();
    for (rule, m) in found {
        if !condition::holds(&mut region.classes, &rule.conditions, &m.bindings) {
            continue;
        }
        let Some(&old) = terms.get(&m.class) else {
            continue;
        };
        let Some(new) = replacement(graph, &region, &terms, rule, &m) else {
            continue;
        };
        let mut rebuild = Rebuild::with([(old, new)]);
        let trial: Vec<Term> = roots.iter().map(|&r| rebuild.within(graph, r)).collect();
        if cost(graph, &trial, measure) < before - 1e-9 {
            roots.copy_from_slice(&trial);
            return Some(rule.name.clone());
        }
    }
    None
}

/// The term of the right side, when everything it drops has a value somewhere.
fn replacement(
    graph: &mut Graph,
    region: &Region,
    terms: &FxHashMap<Id, Term>,
    rule: &Rule,
    m: &Match,
) -> Option<Term> {
    let mut image = Image { graph, region, terms };
    for &v in &rule.dropped {
        let dropped = image.bound(m.bindings[v].as_ref()?)?;
        if !image.graph.witness(dropped, Claim::Defined) {
            return None;
        }
    }
    let new = image.pattern(&rule.rhs, &m.bindings)?;
    match &m.rest {
        Rest::None => Some(new),
        Rest::Sum(scale, constant, left) => {
            let mut parts = vec![(scale.clone(), new)];
            for (c, id) in left {
                parts.push((c.clone(), image.class(*id)?));
            }
            Some(image.graph.sum(constant.clone(), parts))
        }
        Rest::Product(left) => {
            let mut factors = vec![(new, Number::ONE)];
            for (id, e) in left {
                factors.push((image.class(*id)?, e.clone()));
            }
            Some(image.graph.product(factors))
        }
    }
}

/// Builds terms of what a match has bound.
struct Image<'a> {
    graph: &'a mut Graph,
    region: &'a Region,
    terms: &'a FxHashMap<Id, Term>,
}

impl Image<'_> {
    fn class(&mut self, id: Id) -> Option<Term> {
        let id = self.region.classes.find(id);
        if let Some(&t) = self.terms.get(&id) {
            return Some(t);
        }
        // A class made for a condition: built from its first node.
        let node = self.region.classes[id].nodes.first()?.clone();
        let args: Vec<Term> =
            node.children().iter().map(|&c| self.class(c)).collect::<Option<_>>()?;
        Some(term_of(self.graph, &node, &args))
    }

    fn bound(&mut self, bound: &Bound) -> Option<Term> {
        match bound {
            Bound::Class(id) => self.class(*id),
            Bound::Monomial(c, factors) => {
                let factors: Option<Vec<(Term, Number)>> =
                    factors.iter().map(|(id, e)| Some((self.class(*id)?, e.clone()))).collect();
                let product = self.graph.product(factors?);
                Some(self.graph.scale(c.clone(), product))
            }
            Bound::Linear(k, terms) => {
                let terms: Option<Vec<(Number, Term)>> =
                    terms.iter().map(|(c, id)| Some((c.clone(), self.class(*id)?))).collect();
                Some(self.graph.sum(k.clone(), terms?))
            }
        }
    }

    fn pattern(&mut self, pattern: &Pattern, bindings: &Bindings) -> Option<Term> {
        Some(match pattern {
            Pattern::Variable(v) => self.bound(bindings[*v].as_ref()?)?,
            Pattern::Number(n) => self.graph.number(n.clone()),
            Pattern::Sum(k, parts) => {
                let parts: Option<Vec<_>> = parts
                    .iter()
                    .map(|(c, p)| Some((c.clone(), self.pattern(p, bindings)?)))
                    .collect();
                self.graph.sum(k.clone(), parts?)
            }
            Pattern::Product(parts) => {
                let parts: Option<Vec<_>> = parts
                    .iter()
                    .map(|(p, e)| Some((self.pattern(p, bindings)?, e.clone())))
                    .collect();
                self.graph.product(parts?)
            }
            Pattern::Call(op, args) => {
                let args: Option<Vec<Term>> =
                    args.iter().map(|p| self.pattern(p, bindings)).collect();
                self.graph.call(*op, &args?)
            }
            Pattern::Apply(f, args) => {
                let args: Option<Vec<Term>> =
                    args.iter().map(|p| self.pattern(p, bindings)).collect();
                self.graph.apply(*f, &args?)
            }
        })
    }
}

/// The canonical term of a node whose arguments have terms, in the order of its classes.
pub fn term_of(graph: &mut Graph, node: &Form, args: &[Term]) -> Term {
    match node {
        Form::Leaf(t) => *t,
        Form::Number(n) => graph.number(n.clone()),
        Form::Sum { constant, coefficients, .. } => {
            let parts: Vec<_> = coefficients.iter().cloned().zip(args.iter().copied()).collect();
            graph.sum(constant.clone(), parts)
        }
        Form::Product { exponents, .. } => {
            let parts: Vec<_> = args.iter().copied().zip(exponents.iter().cloned()).collect();
            graph.product(parts)
        }
        Form::Call(Op::Undefined, _) => graph.undefined(),
        Form::Call(op, _) => graph.call(*op, args),
        Form::Apply(f, _) => graph.apply(*f, args),
        Form::Reduce(binder, from, to, _) => graph.reduce(*binder, *from, *to, args[0]),
    }
}
