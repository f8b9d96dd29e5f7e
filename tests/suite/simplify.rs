//! Rewriting keeps the value: random terms before and after, at points checked by intervals.

use isoterm::rewrite::{Options, Ruleset, Stop, optimise};
use isoterm::term::evaluate::{Enclosing, evaluate};
use isoterm::term::interval::Defined;
use isoterm::term::{Graph, Interval, Term};

use crate::random::{Random, VARIABLES, term};

fn enclosure(graph: &Graph, root: Term, point: &[f64; 3]) -> Interval {
    let mut algebra = Enclosing::new(|name: &str| {
        let at = VARIABLES.iter().position(|v| *v == name).expect("a known variable");
        Interval::point(point[at])
    });
    evaluate(graph, root, &mut algebra)
}

fn points(random: &mut Random) -> Vec<[f64; 3]> {
    let mut list = vec![[0.0, 1.0, -1.0], [1.0, 1.0, 1.0], [-2.0, 0.5, 3.0]];
    for _ in 0..5 {
        list.push([random.number(-3.0, 3.0), random.number(-3.0, 3.0), random.number(0.0, 3.0)]);
    }
    list
}

/// Optimises `count` random terms and checks values, domains and costs.
fn check(count: u64, seed: u64, options: &Options) {
    let mut compared = 0;
    for k in 0..count {
        let mut random = Random(seed + k);
        let mut g = Graph::new();
        let size = 3 + random.below(14);
        let root = term(&mut g, &mut random, size);
        let out = optimise(&mut g, &[root], Ruleset::standard(), options);
        assert!(!out.stops.contains(&Stop::Conflict), "seed {}: conflict", seed + k);
        assert!(out.cost_after <= out.cost_before, "seed {}: dearer", seed + k);
        for point in points(&mut random) {
            let (a, b) = (enclosure(&g, root, &point), enclosure(&g, out.roots[0], &point));
            if a.defined == Defined::Always {
                assert!(b.defined != Defined::Never, "seed {}: lost at {point:?}", seed + k);
                assert!(!a.is_disjoint(&b), "seed {}: {a:?} became {b:?} at {point:?}", seed + k);
                compared += 1;
            }
        }
        let again = optimise(&mut g, &[root], Ruleset::standard(), options);
        assert_eq!(again.roots, out.roots, "seed {}: not deterministic", seed + k);
    }
    assert!(compared > count, "too few usable points: {compared}");
}

#[test]
fn the_shortest_form_keeps_the_value() {
    check(400, 1, &Options::reading());
}

#[test]
fn the_cheapest_form_keeps_the_value() {
    check(400, 1_000_000, &Options::kernel());
}

#[test]
#[ignore = "the long run: a hundred thousand terms"]
fn many_terms_keep_their_value() {
    check(50_000, 2_000_000, &Options::reading());
    check(50_000, 3_000_000, &Options::kernel());
}

#[test]
fn nothing_comes_from_zero_over_zero() {
    let mut g = Graph::new();
    let (x, y) = (g.symbol("x"), g.symbol("y"));
    let zero = g.sub(x, x);
    let ratio = g.div(zero, zero);
    let root = g.add(ratio, y);
    for options in [Options::reading(), Options::kernel()] {
        let out = optimise(&mut g, &[root], Ruleset::standard(), &options);
        assert!(g.is_undefined(out.roots[0]));
    }
}
