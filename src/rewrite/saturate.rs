//! Equality saturation under limits on nodes, iterations and work that hold inside the loop.
//!
//! Only exact steps enter the graph: both sides have the same value and the same domain, given
//! the facts. Steps that extend a domain are taken on terms, one at a time, by [`super::classical`].
//! No limit is a wall time, so a result never depends on the machine.

use egg::{Id, Language};

use super::apply::{allowed, result};
use super::around::Around;
use super::knowledge::Classes;
use super::language::{Form, Head};
use super::matcher::Matcher;
use super::pattern::Match;
use super::rule::{Rule, Ruleset};
use super::space::Space;
use super::trace::{Event, Opened, Sketch, Use, around, surrounded};
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
    /// It was told to stop.
    Interrupted,
    /// Two classes were merged that the facts tell apart.
    Conflict,
}

/// Applies the exact rules until nothing changes or a limit is reached.
pub fn saturate(
    classes: &mut Classes,
    rules: &Ruleset,
    budget: &Budget,
    stop: fn() -> bool,
) -> Stop {
    let mut work = 0;
    for _ in 0..budget.iterations {
        let around = Around::of(classes);
        let mut found: Vec<(usize, &Rule, Match)> = Vec::new();
        let exact = rules.rules.iter().enumerate().filter(|(_, r)| !r.extends);
        for (k, rule) in exact.filter(|(_, r)| around.has(r.needs)) {
            if stop() {
                return Stop::Interrupted;
            }
            let matcher = Matcher::new(classes, budget.work.saturating_sub(work));
            let mut matches = Vec::new();
            search(classes, &around, &matcher, rule, budget.matches, &mut matches);
            found.extend(matches.into_iter().map(|m| (k, rule, m)));
            work += matcher.work();
        }
        // What was found before the work was used up is still taken.
        let exhausted = work > budget.work;
        let before = (classes.total_number_of_nodes(), classes.number_of_classes());
        let mut changed = false;
        for (k, rule, m) in found {
            changed |= apply(classes, k, rule, &m);
            if classes.analysis.conflict {
                return Stop::Conflict;
            }
            if classes.total_size() > budget.nodes {
                classes.rebuild();
                return if classes.analysis.conflict { Stop::Conflict } else { Stop::Nodes };
            }
        }
        classes.rebuild();
        changed |= normalise(classes);
        if classes.analysis.conflict {
            return Stop::Conflict;
        }
        if exhausted {
            return Stop::Work;
        }
        let after = (classes.total_number_of_nodes(), classes.number_of_classes());
        if !changed && before == after {
            return Stop::Saturated;
        }
    }
    Stop::Iterations
}

/// Collects up to `limit` matches of one rule, class by class in a fixed order.
pub fn search(
    classes: &Classes,
    around: &Around,
    matcher: &Matcher<'_, Classes>,
    rule: &Rule,
    limit: usize,
    found: &mut Vec<Match>,
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
            found.push(m);
        }
    }
}

/// Adds the right side of a match and merges it with what was matched; whether that was new.
fn apply(classes: &mut Classes, position: usize, rule: &Rule, m: &Match) -> bool {
    if !allowed(classes, rule, m) {
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
    if classes.tracing() {
        classes.tell(Event::Rule(Box::new(Use {
            rule: position,
            from: m.frames.sketch().unwrap_or(Sketch::Class(m.class)),
            to: surrounded(&rule.rhs, &m.bindings, &m.rest),
            bindings: m.bindings.iter().map(|b| b.as_ref().map(Sketch::bound)).collect(),
            around: around(&m.rest),
        })));
    }
    let result = result(classes, &rule.rhs, m);
    let class = Space::find(classes, m.class);
    classes.union(class, result)
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
                let (constant, terms, opened) = opened_sum(classes, constant.clone(), &node);
                equate(classes, &node, &opened, || Sketch::sum(&constant, &terms));
                classes.sum_of(constant, terms)
            }
            _ => {
                let (factors, opened) = opened_product(classes, &node);
                equate(classes, &node, &opened, || Sketch::product(&Number::ONE, &factors));
                classes.product_of(Number::ONE, factors)
            }
        };
        changed |= classes.union(id, new);
        for (coefficient, inner, rest) in contents(&node) {
            let (constant, mut terms) = rest;
            equate(classes, &node, &Opened::new(), || {
                let mut parts: Vec<(Number, Sketch)> =
                    terms.iter().map(|(c, id)| (c.clone(), Sketch::Class(*id))).collect();
                parts.push((coefficient.clone(), Sketch::sum(&Number::ZERO, &inner)));
                Sketch::Sum(constant.clone(), parts)
            });
            let inner = classes.sum_of(Number::ZERO, inner);
            terms.push((coefficient, inner));
            let new = classes.sum_of(constant, terms);
            changed |= classes.union(id, new);
        }
        if classes.analysis.conflict {
            return changed;
        }
    }
    classes.rebuild();
    changed
}

/// Tells that a node, classes in it opened, is equal to a sketch.
fn equate(classes: &mut Classes, node: &Form, opened: &Opened, to: impl FnOnce() -> Sketch) {
    if classes.tracing() {
        classes.tell(Event::Normal(Sketch::form(node).opened(opened), to()));
    }
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

/// A sum with its inner sums opened: constant, terms, and what was opened.
fn opened_sum(
    classes: &Classes,
    mut constant: Number,
    node: &Form,
) -> (Number, Vec<(Number, Id)>, Opened) {
    let (mut terms, mut opened) = (Vec::new(), Opened::new());
    for (c, id) in node.terms() {
        let unit = c.is_one() || *c == Number::MINUS_ONE;
        let inner = classes[id].nodes.iter().filter(|n| matches!(n, Form::Sum { .. }));
        match inner.min_by_key(|n| n.children().len()) {
            Some(inner @ Form::Sum { constant: k, .. })
                if unit && !inner.children().contains(&id) =>
            {
                constant = &constant + &(c * k);
                terms.extend(inner.terms().map(|(d, id)| (c * d, id)));
                opened.push((id, Sketch::form(inner)));
            }
            _ => terms.push((c.clone(), id)),
        }
    }
    (constant, terms, opened)
}

/// A product with its inner products opened: factors, and what was opened.
fn opened_product(classes: &Classes, node: &Form) -> (Vec<(Id, Number)>, Opened) {
    let (mut factors, mut opened) = (Vec::new(), Opened::new());
    for (id, e) in node.factors() {
        let inner = classes[id].nodes.iter().filter(|n| matches!(n, Form::Product { .. }));
        match inner.min_by_key(|n| n.children().len()) {
            Some(inner) if e.is_one() && !inner.children().contains(&id) => {
                factors.extend(inner.factors().map(|(id, f)| (id, f.clone())));
                opened.push((id, Sketch::form(inner)));
            }
            _ => factors.push((id, e.clone())),
        }
    }
    (factors, opened)
}
