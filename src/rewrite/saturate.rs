//! Equality saturation under limits on nodes, iterations and work that hold inside the loop.
//!
//! Only exact steps enter the graph: both sides have the same value and the same domain, given
//! the facts. Steps that extend a domain are taken on terms, one at a time, by [`super::extend`].
//! No limit is a wall time, so a result never depends on the machine.

use egg::{Id, Language};

use super::around::Around;
use super::condition;
use super::facts::Graph as Classes;
use super::language::{Form, Head};
use super::matcher::Matcher;
use super::pattern::{Match, Pattern, Rest};
use super::region::Build;
use super::rule::{Rule, Ruleset};
use crate::term::{Number, Op};

/// Bounds on the size and the effort of saturation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Nodes of the e-graph.
    pub nodes: usize,
    /// Rounds of searching all rules and applying what was found.
    pub iterations: usize,
    /// Steps of matching, over all rounds.
    pub work: u64,
    /// Matches of one rule that are applied in one round.
    pub matches: usize,
}

impl Budget {
    /// For kernels of small systems: a millisecond or so.
    pub const KERNEL: Budget = Budget { nodes: 2_000, iterations: 4, work: 3_000, matches: 100 };
}

impl Default for Budget {
    fn default() -> Self {
        Budget { nodes: 2_000, iterations: 6, work: 200_000, matches: 200 }
    }
}

/// Why saturation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Nothing new can be found.
    Saturated,
    /// The limit on nodes.
    Nodes,
    /// The limit on rounds.
    Iterations,
    /// The limit on matching steps.
    Work,
    /// Two classes were merged that the facts tell apart.
    Conflict,
}

/// Applies the exact rules until nothing changes or a limit is reached.
pub fn saturate(classes: &mut Classes, rules: &Ruleset, budget: &Budget) -> Stop {
    let mut work = 0;
    for _ in 0..budget.iterations {
        let mut found: Vec<(&Rule, Match)> = Vec::new();
        let around = Around::of(classes);
        for rule in rules.exact().filter(|r| around.has(r.needs)) {
            let matcher = Matcher::new(classes, budget.work.saturating_sub(work));
            search(classes, &around, &matcher, rule, budget.matches, &mut found);
            work += matcher.work();
        }
        if work > budget.work {
            return Stop::Work;
        }
        let before = (classes.total_number_of_nodes(), classes.number_of_classes());
        let mut changed = false;
        for (rule, m) in found {
            changed |= apply(classes, rule, &m);
            if classes.analysis.conflict.is_some() {
                return Stop::Conflict;
            }
            if classes.total_size() > budget.nodes {
                classes.rebuild();
                return if classes.analysis.conflict.is_some() {
                    Stop::Conflict
                } else {
                    Stop::Nodes
                };
            }
        }
        classes.rebuild();
        changed |= normalise(classes);
        if classes.analysis.conflict.is_some() {
            return Stop::Conflict;
        }
        let after = (classes.total_number_of_nodes(), classes.number_of_classes());
        if !changed && before == after {
            return Stop::Saturated;
        }
    }
    Stop::Iterations
}

/// Collects up to `limit` matches of one rule, class by class in a fixed order.
pub fn search<'r>(
    classes: &Classes,
    around: &Around,
    matcher: &Matcher<'_>,
    rule: &'r Rule,
    limit: usize,
    found: &mut Vec<(&'r Rule, Match)>,
) {
    let Some(head) = rule.lhs.head() else { return };
    let mut candidates: Vec<Id> = classes.classes_for_op(&head).into_iter().flatten().collect();
    if head == Head::Call(Op::Pow) {
        candidates.extend(classes.classes_for_op(&Head::Product).into_iter().flatten());
    }
    candidates.retain(|&id| around.has_below(id, rule.near));
    candidates.sort_unstable();
    candidates.dedup();
    let end = found.len() + limit;
    for id in candidates {
        for m in matcher.search(&rule.lhs, id, rule.variables.len()) {
            if found.len() == end {
                return;
            }
            found.push((rule, m));
        }
    }
}

/// Adds the right side of a match and merges it with what was matched; whether that was new.
fn apply(classes: &mut Classes, rule: &Rule, m: &Match) -> bool {
    if !condition::holds(classes, &rule.conditions, &m.bindings) {
        return false;
    }
    // What the right side drops must be defined everywhere, or the step would extend the domain.
    for &v in &rule.dropped {
        let Some(bound) = &m.bindings[v] else {
            return false;
        };
        let id = bound.class(classes);
        if !classes[id].data.total() {
            return false;
        }
    }
    let result = result(classes, &rule.rhs, m);
    let class = classes.find(m.class);
    classes.union(class, result)
}

/// The class of the right side together with the rest of what was matched.
fn result(classes: &mut Classes, rhs: &Pattern, m: &Match) -> Id {
    match &m.rest {
        Rest::None => rhs.build(classes, &m.bindings),
        Rest::Sum(scale, constant, left) => {
            let (mut constant, mut terms) = (constant.clone(), left.clone());
            // A sum on the right side joins the sum that it stands in.
            let parts = match rhs {
                Pattern::Sum(k, parts) => {
                    constant = &constant + &(scale * k);
                    parts.iter().map(|(c, p)| (scale * c, p.build(classes, &m.bindings))).collect()
                }
                _ => vec![(scale.clone(), rhs.build(classes, &m.bindings))],
            };
            terms.extend(parts);
            classes.sum_of(constant, terms)
        }
        Rest::Product(left) => {
            let mut factors = left.clone();
            factors.push((rhs.build(classes, &m.bindings), Number::ONE));
            classes.product_of(Number::ONE, factors)
        }
    }
}

/// Brings nodes that merging has left behind into normal form: constants folded into sums and
/// products, inner sums and products of one user opened.
fn normalise(classes: &mut Classes) -> bool {
    let mut todo: Vec<(Id, Form)> = Vec::new();
    for head in [Head::Sum, Head::Product] {
        let mut ids: Vec<Id> = classes.classes_for_op(&head).into_iter().flatten().collect();
        ids.sort_unstable();
        for id in ids {
            todo.extend(
                classes[id]
                    .nodes
                    .iter()
                    .filter(|n| n.discriminant() == head)
                    .map(|n| (id, n.clone())),
            );
        }
    }
    let mut changed = false;
    for (id, node) in todo {
        let new = match &node {
            Form::Sum { constant, .. } => {
                let (constant, terms) = opened_sum(classes, constant.clone(), &node);
                classes.sum_of(constant, terms)
            }
            _ => {
                let factors = opened_product(classes, &node);
                classes.product_of(Number::ONE, factors)
            }
        };
        changed |= classes.union(id, new);
        for (coefficient, inner, rest) in contents(&node) {
            let inner = classes.sum_of(Number::ZERO, inner);
            let (constant, mut terms) = rest;
            terms.push((coefficient, inner));
            let new = classes.sum_of(constant, terms);
            changed |= classes.union(id, new);
        }
        if classes.analysis.conflict.is_some() {
            return changed;
        }
    }
    classes.rebuild();
    changed
}

/// A part of a sum with one coefficient taken out: the coefficient, the part, the rest.
type Content = (Number, Vec<(Number, Id)>, (Number, Vec<(Number, Id)>));

/// Ways to take a common coefficient out of a sum: `2*a + 2*b - c` is `2*(a + b) - c`.
fn contents(node: &Form) -> Vec<Content> {
    let Form::Sum { constant, coefficients, .. } = node else { return Vec::new() };
    let mut sizes: Vec<Number> = coefficients.iter().map(Number::abs).collect();
    sizes.sort();
    let repeated: Vec<Number> =
        sizes.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0].clone()).collect();
    let mut found = Vec::new();
    for size in repeated.into_iter().filter(|s| !s.is_one() && !s.is_zero()) {
        let (inside, rest): (Vec<_>, Vec<_>) =
            node.terms().map(|(c, id)| (c.clone(), id)).partition(|(c, _)| c.abs() == size);
        let unit = |c: &Number| if c.is_negative() { Number::MINUS_ONE } else { Number::ONE };
        let inside = inside.iter().map(|(c, id)| (unit(c), *id)).collect();
        let content: Content = (size, inside, (constant.clone(), rest));
        if !found.contains(&content) {
            found.push(content);
        }
    }
    found
}

fn opened_sum(classes: &Classes, mut constant: Number, node: &Form) -> (Number, Vec<(Number, Id)>) {
    let mut terms = Vec::new();
    for (c, id) in node.terms() {
        let unit = c.is_one() || *c == Number::MINUS_ONE;
        let inner = classes[id].nodes.iter().filter(|n| matches!(n, Form::Sum { .. }));
        match inner.min_by_key(|n| n.children().len()) {
            Some(inner @ Form::Sum { constant: k, .. })
                if unit && !inner.children().contains(&id) =>
            {
                constant = &constant + &(c * k);
                terms.extend(inner.terms().map(|(d, id)| (c * d, id)));
            }
            _ => terms.push((c.clone(), id)),
        }
    }
    (constant, terms)
}

fn opened_product(classes: &Classes, node: &Form) -> Vec<(Id, Number)> {
    let mut factors = Vec::new();
    for (id, e) in node.factors() {
        let inner = classes[id].nodes.iter().filter(|n| matches!(n, Form::Product { .. }));
        match inner.min_by_key(|n| n.children().len()) {
            Some(inner) if e.is_one() && !inner.children().contains(&id) => {
                factors.extend(inner.factors().map(|(id, f)| (id, f.clone())));
            }
            _ => factors.push((id, e.clone())),
        }
    }
    factors
}
