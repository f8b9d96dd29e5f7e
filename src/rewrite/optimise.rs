//! `optimise(roots)`: the cheapest equal terms, over all roots at once, never dearer than given.

use rustc_hash::{FxHashMap, FxHashSet};

use super::cost::{Measure, cost};
use super::extend::extend;
use super::extract::{Effort, Extractor};
use super::region::Region;
use super::rule::Ruleset;
use super::saturate::{Budget, Stop, saturate};
use crate::term::visit::{Rebuild, reachable};
use crate::term::{Graph, Interval, Node, Term};

/// How to optimise.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to minimise.
    pub measure: Measure,
    /// Bounds on each region's e-graph.
    pub budget: Budget,
    /// Terms that one region may hold.
    pub region: usize,
    /// Work of each extraction.
    pub effort: Effort,
    /// Phases of saturation and domain-extending steps.
    pub phases: usize,
    /// What is known of symbols and elements beyond being real.
    pub assumptions: FxHashMap<Term, Interval>,
    /// Whether to end with what has been found so far; asked before each region.
    pub stop: fn() -> bool,
}

impl Options {
    /// The cheapest kernel.
    pub fn kernel() -> Options {
        Options {
            measure: Measure::Cycles,
            budget: Budget::KERNEL,
            region: 160,
            effort: Effort::KERNEL,
            phases: 2,
            assumptions: FxHashMap::default(),
            stop: || false,
        }
    }

    /// The shortest text.
    pub fn reading() -> Options {
        Options { measure: Measure::Size, phases: 4, ..Options::kernel() }
    }
}

/// What optimisation has found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The optimised roots, in the order given, in the same graph. Their sums and products keep
    /// the grouping that was found cheapest.
    pub roots: Vec<Term>,
    /// Cost of the given roots.
    pub cost_before: f64,
    /// Cost of the result: at most `cost_before`.
    pub cost_after: f64,
    /// Why saturation ended, for each region and phase.
    pub stops: Vec<Stop>,
    /// Domain-extending rules that were used.
    pub extended: Vec<String>,
}

/// Rewrites the roots to the cheapest form found within the budget.
///
/// A conflict between the facts of merged classes (a wrong rule) makes the region fall back to
/// its input; [`Outcome::stops`] reports it.
pub fn optimise(graph: &mut Graph, roots: &[Term], rules: &Ruleset, options: &Options) -> Outcome {
    let cost_before = cost(graph, roots, options.measure);
    let mut outcome = Outcome {
        roots: roots.to_vec(),
        cost_before,
        cost_after: cost_before,
        stops: Vec::new(),
        extended: Vec::new(),
    };
    for group in groups(graph, roots, options.region) {
        if (options.stop)() {
            break;
        }
        let members: Vec<Term> = group.roots.iter().map(|&k| outcome.roots[k]).collect();
        let improved = region(graph, &members, &group.boundary, rules, options, &mut outcome);
        for (&k, term) in group.roots.iter().zip(improved) {
            outcome.roots[k] = term;
        }
    }
    let after = cost(graph, &outcome.roots, options.measure);
    if after > cost_before {
        outcome.roots = roots.to_vec();
        return outcome;
    }
    outcome.cost_after = after;
    outcome
}

/// Optimises one region: saturate, extract, extend, again while that helps.
fn region(
    graph: &mut Graph,
    roots: &[Term],
    boundary: &FxHashSet<Term>,
    rules: &Ruleset,
    options: &Options,
    outcome: &mut Outcome,
) -> Vec<Term> {
    let mut best = roots.to_vec();
    let mut least = cost(graph, &best, options.measure);
    let mut current = best.clone();
    for _ in 0..options.phases {
        let used =
            extend(graph, &mut current, boundary, rules, &options.assumptions, options.measure, 16);
        let (extracted, stop) = saturated(graph, &current, boundary, rules, options);
        outcome.stops.push(stop);
        let price = cost(graph, &extracted, options.measure);
        let progress = price < least - 1e-9;
        if progress {
            (best, least) = (extracted.clone(), price);
        }
        outcome.extended.extend(used);
        if stop == Stop::Conflict || !progress {
            break;
        }
        // Canonical again: what was grouped for sharing is opened for the next phase.
        current = extracted.iter().map(|&t| Rebuild::default().within(graph, t)).collect();
    }
    best
}

fn saturated(
    graph: &mut Graph,
    roots: &[Term],
    boundary: &FxHashSet<Term>,
    rules: &Ruleset,
    options: &Options,
) -> (Vec<Term>, Stop) {
    let mut region = Region::load(graph, roots, boundary, &options.assumptions);
    let stop = saturate(&mut region.classes, rules, &options.budget);
    if stop == Stop::Conflict {
        return (roots.to_vec(), stop);
    }
    let extractor = Extractor::new(graph, &region, options.measure);
    let found = extractor.best(options.effort);
    let terms = found.and_then(|found| extractor.terms(graph, &found.choice));
    (terms.unwrap_or_else(|| roots.to_vec()), stop)
}

/// Roots that are optimised together, and the shared terms that are leaves for them.
struct Group {
    roots: Vec<usize>,
    boundary: FxHashSet<Term>,
}

/// Cuts the roots into groups of at most `limit` terms, in their order.
fn groups(graph: &Graph, roots: &[Term], limit: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut open, mut size) = (Vec::new(), 0);
    let mut seen: FxHashSet<Term> = FxHashSet::default();
    for (k, &root) in roots.iter().enumerate() {
        let fresh: Vec<Term> =
            reachable(graph, &[root]).into_iter().filter(|t| !seen.contains(t)).collect();
        let weight = fresh
            .iter()
            .filter(|&&t| !matches!(graph.node(t), Node::Symbol(_) | Node::Number(_)))
            .count();
        if size + weight > limit && !open.is_empty() {
            groups.push(Group { roots: std::mem::take(&mut open), boundary: FxHashSet::default() });
            size = 0;
            seen.clear();
        }
        seen.extend(fresh);
        size += weight;
        open.push(k);
    }
    groups.push(Group { roots: open, boundary: FxHashSet::default() });
    groups
}

#[cfg(test)]
mod tests {
    use super::super::rule::Rule;
    use super::*;
    use crate::term::{Number, Op};

    fn rule(name: &str, build: impl Fn(&mut Graph, &[Term]) -> (Term, Term)) -> Rule {
        let mut g = Graph::new();
        let names: Vec<String> = ["?a", "?b", "?x", "?y"].map(str::to_owned).to_vec();
        let variables: Vec<Term> = names.iter().map(|n| g.symbol(n)).collect();
        let sides = build(&mut g, &variables);
        Rule::new(name, &g, sides, &variables, names, Vec::new()).expect("a rule")
    }

    fn factor() -> Rule {
        rule("factor", |g, v| {
            let (ax, bx) = (g.mul(v[0], v[2]), g.mul(v[1], v[2]));
            let sum = g.add(v[0], v[1]);
            (g.add(ax, bx), g.mul(sum, v[2]))
        })
    }

    fn pythagoras() -> Rule {
        rule("pythagoras", |g, v| {
            let (s, c) = (g.call(Op::Sin, &[v[2]]), g.call(Op::Cos, &[v[2]]));
            let (s, c) = (g.power(s, 2), g.power(c, 2));
            (g.add(s, c), g.number(1))
        })
    }

    fn rules() -> Ruleset {
        Ruleset { rules: vec![factor(), pythagoras()] }
    }

    /// A sum of twelve terms that holds `extra` among unrelated ones.
    fn twelve(g: &mut Graph, extra: &[Term]) -> Term {
        let mut parts: Vec<(Number, Term)> = extra.iter().map(|&t| (Number::ONE, t)).collect();
        for k in parts.len()..12 {
            let s = g.symbol(&format!("s{k}"));
            let t = g.call(Op::Exp, &[s]);
            parts.push((Number::ONE, t));
        }
        g.sum(Number::ZERO, parts)
    }

    #[test]
    fn a_rule_fires_inside_a_long_sum_and_keeps_the_rest() {
        let mut g = Graph::new();
        let x = g.symbol("x");
        let (s, c) = (g.call(Op::Sin, &[x]), g.call(Op::Cos, &[x]));
        let (s, c) = (g.power(s, 2), g.power(c, 2));
        let root = twelve(&mut g, &[s, c]);
        let rest = g.sum(
            Number::ONE,
            [(Number::ONE, root), (Number::MINUS_ONE, s), (Number::MINUS_ONE, c)],
        );
        let out = optimise(&mut g, &[root], &rules(), &Options::kernel());
        assert_eq!(out.roots, vec![rest]);
        assert!(out.cost_after < out.cost_before);
    }

    #[test]
    fn common_factors_are_taken_out() {
        let mut g = Graph::new();
        let names = ["a", "b", "x"].map(|n| g.symbol(n));
        let (ax, bx) = (g.mul(names[0], names[2]), g.mul(names[1], names[2]));
        let root = twelve(&mut g, &[ax, bx]);
        let out = optimise(&mut g, &[root], &rules(), &Options::kernel());
        assert_eq!(out.cost_before - out.cost_after, 1.0);
    }

    #[test]
    fn domain_extending_steps_are_taken_on_terms() {
        // The example of the Symbolics.jl article: sin(1/x*(a*b + a*c))^2 + cos(a*(b + c)/x)^2.
        let mut g = Graph::new();
        let [a, b, c, x] = ["a", "b", "c", "x"].map(|n| g.symbol(n));
        let (ab, ac) = (g.mul(a, b), g.mul(a, c));
        let left = g.add(ab, ac);
        let left = g.div(left, x);
        let right = g.add(b, c);
        let right = g.mul(a, right);
        let right = g.div(right, x);
        let (s, k) = (g.call(Op::Sin, &[left]), g.call(Op::Cos, &[right]));
        let (s, k) = (g.power(s, 2), g.power(k, 2));
        let root = g.add(s, k);
        let out = optimise(&mut g, &[root], &rules(), &Options::kernel());
        assert_eq!(g.as_number(out.roots[0]), Some(&Number::ONE));
        assert_eq!(out.extended, vec!["pythagoras"]);
    }

    #[test]
    fn a_shared_flux_is_not_factored_apart() {
        // multistate's lesson: each flux once is cheaper than factoring each equation.
        let mut g = Graph::new();
        let [a, b, k] = ["a", "b", "k"].map(|n| g.symbol(n));
        let kab = g.product([(a, Number::ONE), (b, Number::ONE), (k, Number::ONE)]);
        let (up, down) = (kab, g.neg(kab));
        let out = optimise(&mut g, &[up, down], &rules(), &Options::kernel());
        assert!(out.cost_after <= 2.0 + Op::Neg.row().cycles);
    }
}
