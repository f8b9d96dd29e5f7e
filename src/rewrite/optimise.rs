//! `optimise(roots)`: the cheapest equal terms, over all roots at once, never dearer than given.

use rustc_hash::FxHashMap;

use super::assumption::Assumptions;
use super::cost::{Measure, cost};
use super::engine::{ENGINES, Engine};
use super::explain::{Explanation, Record, check};
use super::extract::Effort;
use super::plan::regions;
use super::rule::Ruleset;
use super::saturate::{Budget, Stop};
use crate::term::visit::Rebuild;
use crate::term::{Graph, Term};

/// How to optimise.
#[derive(Clone, Debug)]
pub struct Options {
    /// The way to rewrite.
    pub engine: &'static dyn Engine,
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
    /// What is known of terms beyond being real.
    pub assumptions: Assumptions,
    /// Whether to record the steps of the first root.
    pub explain: bool,
    /// Whether to end with what has been found so far; asked often.
    pub stop: fn() -> bool,
}

impl Options {
    /// The cheapest kernel.
    pub fn kernel() -> Options {
        Options {
            engine: ENGINES[0],
            measure: Measure::Cycles,
            budget: Budget::KERNEL,
            region: 160,
            effort: Effort::KERNEL,
            phases: 2,
            assumptions: Assumptions::default(),
            explain: false,
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
    /// The steps of a single root, when they were asked for and it was not cut into regions; they
    /// have been checked.
    pub explanation: Option<Explanation>,
    /// Steps that the rules allow between two terms whose facts contradict each other: some rule
    /// is wrong, and the region where that happened is as it was given.
    pub conflict: Option<Explanation>,
}

impl Outcome {
    /// Nothing done to some roots of this cost.
    pub fn unchanged(roots: &[Term], cost: f64) -> Outcome {
        Outcome {
            roots: roots.to_vec(),
            cost_before: cost,
            cost_after: cost,
            stops: Vec::new(),
            extended: Vec::new(),
            explanation: None,
            conflict: None,
        }
    }
}

/// Rewrites the roots to the cheapest form found within the budget.
///
/// A conflict between the facts of merged classes (a wrong rule) makes the region fall back to
/// its input; [`Outcome::conflict`] explains it. What is to be explained and cannot be, since the
/// checker does not follow, is not done.
pub fn optimise(graph: &mut Graph, roots: &[Term], rules: &Ruleset, options: &Options) -> Outcome {
    let cost_before = cost(graph, roots, options.measure);
    let mut outcome = Outcome::unchanged(roots, cost_before);
    // Boundaries with what they became; later regions have the originals as leaves.
    let mut images: Vec<(Term, Term)> = Vec::new();
    let regions = regions(graph, roots, options.region);
    let whole = regions.len() <= 1 && regions.iter().all(|r| r.boundary.is_empty());
    for region in regions {
        if (options.stop)() {
            outcome.stops.push(Stop::Interrupted);
            break;
        }
        let before = cost(graph, &region.roots, options.measure);
        let found = options.engine.rewrite(graph, &region.roots, &region.boundary, rules, options);
        let after = cost(graph, &found.roots, options.measure);
        if after <= before {
            let pairs = region.roots.iter().copied().zip(found.roots);
            images.extend(pairs.filter(|(a, b)| a != b));
        }
        outcome.stops.extend(found.stops);
        outcome.extended.extend(found.extended);
        outcome.conflict = outcome.conflict.or(found.conflict);
        if whole && region.roots == roots {
            outcome.explanation = found.record.map(Record::finish);
        }
    }
    outcome.roots = assembled(graph, roots, &images, whole, options.measure);
    let after = cost(graph, &outcome.roots, options.measure);
    if after <= cost_before {
        outcome.cost_after = after;
    } else {
        outcome.roots = roots.to_vec();
    }
    if let (true, true, &[root]) = (options.explain, whole, roots) {
        let explained = |graph: &mut Graph, e: &Explanation| {
            e.end == outcome.roots[0] && check(graph, rules, &options.assumptions, e).is_ok()
        };
        outcome.explanation = outcome.explanation.take().filter(|e| explained(graph, e));
        if outcome.explanation.is_none() {
            outcome.roots = vec![root];
            outcome.cost_after = cost_before;
            outcome.explanation = Some(Record::new(root).finish());
        }
    }
    outcome
}

/// The roots with each boundary replaced by what it became.
fn assembled(
    graph: &mut Graph,
    roots: &[Term],
    images: &[(Term, Term)],
    whole: bool,
    measure: Measure,
) -> Vec<Term> {
    if whole {
        let images: FxHashMap<Term, Term> = images.iter().copied().collect();
        return roots.iter().map(|t| images.get(t).copied().unwrap_or(*t)).collect();
    }
    // Regions came in the order in which they stand on each other.
    let mut rebuild = if measure.shares() { Rebuild::grouped() } else { Rebuild::default() };
    for &(from, to) in images {
        let image = rebuild.within(graph, to);
        rebuild.map(from, image);
    }
    roots.iter().map(|&t| rebuild.within(graph, t)).collect()
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
