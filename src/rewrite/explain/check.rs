//! The checker: replays an explanation, step by step, without any search.
//!
//! It knows terms, rules and facts, and nothing of e-graphs. What it takes on trust is that the
//! rules are sound (which is the judge's business) and that facts follow from facts.

use rustc_hash::FxHashSet;

use super::domain::{Requirement, follows, requirements};
use super::given_up::is_certain;
use super::identity::Identities;
use super::polynomial::TooLarge;
use super::replace::{at, part_at};
use super::step::{Around, Explanation, Reason, Step};
use crate::rewrite::assumption::Assumptions;
use crate::rewrite::condition;
use crate::rewrite::pattern::{Bindings, Bound, Pattern};
use crate::rewrite::rule::{Rule, Ruleset};
use crate::rewrite::space::Space;
use crate::rewrite::terms::Terms;
use crate::term::sample::Claim;
use crate::term::visit::reachable;
use crate::term::{Graph, Node, Number, Op, Term};

/// Why an explanation is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flaw {
    /// The step, from zero; the number of steps when the end is not reached.
    pub step: usize,
    /// What is wrong with it.
    pub kind: FlawKind,
}

/// What can be wrong with a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FlawKind {
    /// The part does not stand at the place, or the whole afterwards is another.
    Place,
    /// No rule has this name, or it may not be used in this direction.
    NoSuchRule(String),
    /// What stands there is no instance of the rule's side.
    NoInstance(String),
    /// A condition of the rule does not follow from the facts.
    Condition(String),
    /// What the rule drops is not known to have a value.
    Dropped(String),
    /// The two are not the same polynomial in the same parts.
    NotIdentical,
    /// The result may have no value where the original has one.
    Domain,
    /// The original may have no value anywhere.
    Nowhere,
    /// The facts leave more than this value.
    NotConstant,
    /// A polynomial has too many terms to compare.
    TooLarge,
    /// The last step does not give the end.
    End,
}

/// Replays an explanation under assumptions.
///
/// # Errors
/// The first step that does not follow.
pub fn check(
    graph: &mut Graph,
    rules: &Ruleset,
    assumptions: &Assumptions,
    explanation: &Explanation,
) -> Result<(), Flaw> {
    let mut whole = explanation.start;
    for (k, step) in explanation.steps.iter().enumerate() {
        let flaw = |kind| Flaw { step: k, kind };
        let known =
            surroundings(graph, assumptions, whole, &step.path).ok_or(flaw(FlawKind::Place))?;
        let after = at(graph, whole, &step.path, step.old, step.new);
        if after.is_none_or(|(after, _)| after != step.whole) {
            return Err(flaw(FlawKind::Place));
        }
        follows_by(graph, rules, &known, step).map_err(flaw)?;
        whole = step.whole;
    }
    match whole == explanation.end {
        true => Ok(()),
        false => Err(Flaw { step: explanation.steps.len(), kind: FlawKind::End }),
    }
}

/// What is assumed at a place: the conditions of the branches around it hold too.
fn surroundings(
    graph: &mut Graph,
    assumptions: &Assumptions,
    whole: Term,
    path: &[usize],
) -> Option<Assumptions> {
    let mut known = assumptions.clone();
    for depth in 0..path.len() {
        let above = part_at(graph, whole, &path[..depth])?;
        if let (Node::Call(Op::If, args), k @ (1 | 2)) = (graph.node(above), path[depth]) {
            let condition = args[0];
            known.hold(graph, condition, k == 1);
        }
    }
    Some(known)
}

fn follows_by(
    graph: &mut Graph,
    rules: &Ruleset,
    known: &Assumptions,
    step: &Step,
) -> Result<(), FlawKind> {
    match &step.reason {
        Reason::NormalForm => implies(graph, known, step.old, step.new),
        Reason::Constant { backwards } => {
            let (old, new) = if *backwards { (step.new, step.old) } else { (step.old, step.new) };
            let nothing = FxHashSet::default();
            let mut terms = Terms::new(graph, &nothing, known);
            let id = terms.load(old);
            let facts = terms.facts(id);
            let value = facts.constant.clone().filter(|_| facts.total());
            match value.is_some() && graph.as_number(new) == value.as_ref() {
                true => Ok(()),
                false => Err(FlawKind::NotConstant),
            }
        }
        Reason::Rule { name, backwards, bindings, around, because } => {
            let missing = || FlawKind::NoSuchRule(name.clone());
            let rule = rules.rules.iter().find(|r| r.name == *name).ok_or_else(missing)?;
            if *backwards && rule.extends {
                return Err(missing());
            }
            let bound: Option<Vec<Term>> = rule
                .variables
                .iter()
                .map(|v| bindings.iter().find(|(n, _)| n == v).map(|(_, t)| *t))
                .collect();
            let bound = bound.ok_or_else(|| FlawKind::NoInstance(name.clone()))?;
            for (_, reason) in because {
                check(graph, rules, known, reason).map_err(|f| f.kind)?;
            }
            by_rule(graph, known, rule, &bound, because, step)?;
            let (from, to) =
                if *backwards { (&rule.rhs, &rule.lhs) } else { (&rule.lhs, &rule.rhs) };
            let from = instance(graph, from, &bound);
            let to = instance(graph, to, &bound);
            let (from, to) = (surrounded(graph, from, around), surrounded(graph, to, around));
            match implies(graph, known, step.old, from) {
                Err(FlawKind::NotIdentical) => return Err(FlawKind::NoInstance(name.clone())),
                other => other?,
            }
            implies(graph, known, to, step.new)
        }
    }
}

/// Whether a rule may be used: its conditions hold, and what it drops has a value.
fn by_rule(
    graph: &mut Graph,
    known: &Assumptions,
    rule: &Rule,
    bound: &[Term],
    because: &[(String, Explanation)],
    step: &Step,
) -> Result<(), FlawKind> {
    let nothing = FxHashSet::default();
    let mut terms = Terms::new(graph, &nothing, known);
    let ids: Vec<_> = bound.iter().map(|&t| terms.load(t)).collect();
    for (name, reason) in because {
        let Some(v) = rule.variables.iter().position(|n| n == name) else { continue };
        if reason.start != bound[v] {
            return Err(FlawKind::Condition(name.clone()));
        }
        let end = terms.load(reason.end);
        terms.learn(ids[v], end);
    }
    let bindings: Bindings = ids.iter().map(|&id| Some(Bound::Class(id))).collect();
    if !condition::holds(&mut terms, &rule.conditions, &bindings) {
        return Err(FlawKind::Condition(rule.name.clone()));
    }
    let partial: Vec<usize> =
        rule.dropped.iter().copied().filter(|&v| !terms.facts(ids[v]).total()).collect();
    // Backwards, what was dropped comes from nowhere and must have a value everywhere.
    let backwards = matches!(step.reason, Reason::Rule { backwards: true, .. });
    for v in partial {
        if backwards || !graph.witness(bound[v], Claim::Defined) {
            return Err(FlawKind::Dropped(rule.variables[v].clone()));
        }
    }
    if rule.extends && !graph.witness(step.old, Claim::Defined) {
        return Err(FlawKind::Nowhere);
    }
    Ok(())
}

/// The parts of terms that are not negative, by their facts.
fn nonnegative(graph: &mut Graph, known: &Assumptions, roots: &[Term]) -> FxHashSet<Term> {
    let nothing = FxHashSet::default();
    let mut terms = Terms::new(graph, &nothing, known);
    let order = reachable(terms.graph, roots);
    let signs = order.into_iter().filter(|&t| {
        let id = terms.load(t);
        terms.facts(id).signs.nonnegative()
    });
    signs.collect()
}

/// Whether, wherever the first term has a value, the second has the same, by identity alone.
fn implies(graph: &mut Graph, known: &Assumptions, a: Term, b: Term) -> Result<(), FlawKind> {
    if a == b {
        return Ok(());
    }
    if graph.is_undefined(b) {
        let nothing = FxHashSet::default();
        let mut terms = Terms::new(graph, &nothing, known);
        let id = terms.load(a);
        return if terms.facts(id).nowhere() { Ok(()) } else { Err(FlawKind::Domain) };
    }
    let large = |_: TooLarge| FlawKind::TooLarge;
    let (granted, asked) = (requirements(graph, a), requirements(graph, b));
    let nonnegative = nonnegative(graph, known, &[a, b]);
    let mut identities = Identities::new(graph, &[a, b]).knowing(nonnegative);
    if !identities.identical(a, b).map_err(large)? {
        return Err(FlawKind::NotIdentical);
    }
    if identities.fraction(a).map_err(large)?.is_undefined() {
        // Neither has a value anywhere.
        return Ok(());
    }
    let mut open: Vec<Requirement> = Vec::new();
    for r in &asked {
        if !follows(&mut identities, r, &granted).map_err(large)? {
            open.push(r.clone());
        }
    }
    let mut extends = false;
    for r in &granted {
        extends |= !follows(&mut identities, r, &asked).map_err(large)?;
    }
    if !open.is_empty() {
        let nothing = FxHashSet::default();
        let mut terms = Terms::new(graph, &nothing, known);
        if !open.iter().all(|r| is_certain(&mut terms, r)) {
            return Err(FlawKind::Domain);
        }
    }
    match extends && !graph.witness(a, Claim::Defined) {
        true => Err(FlawKind::Nowhere),
        false => Ok(()),
    }
}

/// A pattern with terms for its variables; nothing is collected.
pub fn instance(graph: &mut Graph, pattern: &Pattern, bound: &[Term]) -> Term {
    match pattern {
        Pattern::Variable(v) => bound[*v],
        Pattern::Number(n) => graph.number(n.clone()),
        Pattern::Sum(k, parts) => {
            let parts = parts.iter().map(|(c, p)| (c.clone(), instance(graph, p, bound))).collect();
            graph.kept_sum(k.clone(), parts)
        }
        Pattern::Product(parts) => {
            let parts = parts.iter().map(|(p, e)| (instance(graph, p, bound), e.clone())).collect();
            graph.kept_product(parts)
        }
        Pattern::Call(op, args) => {
            let args: Vec<Term> = args.iter().map(|p| instance(graph, p, bound)).collect();
            graph.kept_call(*op, &args)
        }
        Pattern::Apply(f, args) => {
            let args: Vec<Term> = args.iter().map(|p| instance(graph, p, bound)).collect();
            graph.kept_apply(*f, &args)
        }
    }
}

/// A matched part with what stands beside it.
pub fn surrounded(graph: &mut Graph, part: Term, around: &Around) -> Term {
    match around {
        Around::Nothing => part,
        Around::Sum(scale, rest) => {
            graph.kept_sum(Number::ZERO, vec![(scale.clone(), part), (Number::ONE, *rest)])
        }
        Around::Product(rest) => {
            graph.kept_product(vec![(part, Number::ONE), (*rest, Number::ONE)])
        }
    }
}
