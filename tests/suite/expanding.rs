//! Multiplying out keeps the value: random terms, at points checked by intervals.

use isoterm::calculus::expand;
use isoterm::syntax::print;
use isoterm::term::evaluate::{Enclosing, evaluate};
use isoterm::term::interval::Defined;
use isoterm::term::sample::Claim;
use isoterm::term::{Graph, Interval, Node, Number, Term};

use crate::random::{Random, VARIABLES, double, term};

fn enclosure(graph: &Graph, root: Term, point: &[f64; 3]) -> Interval {
    let mut algebra = Enclosing::new(|name: &str| {
        let at = VARIABLES.iter().position(|v| *v == name).expect("a known variable");
        Interval::point(point[at])
    });
    evaluate(graph, root, &mut algebra)
}

/// A product of sums of products, of random terms and their powers, so that there is something to
/// multiply out.
fn nested(graph: &mut Graph, random: &mut Random, depth: usize) -> Term {
    if depth == 0 {
        return term(graph, random, 3);
    }
    let mut factors = Vec::new();
    for _ in 0..1 + random.below(2) {
        let parts: Vec<(Number, Term)> = (0..1 + random.below(3))
            .map(|_| {
                let c = Number::ratio(random.below(9) as i64 - 4, 1 + random.below(3) as i64);
                (c.expect("a positive denominator"), nested(graph, random, depth - 1))
            })
            .collect();
        let sum = graph.sum(Number::from(random.below(3) as i64), parts);
        let exponents = [(1, 1), (1, 1), (2, 1), (3, 1), (-1, 1), (1, 2)];
        let (n, d) = exponents[random.below(exponents.len())];
        factors.push((sum, Number::ratio(n, d).expect("a positive denominator")));
    }
    graph.product(factors)
}

/// Whether a sum of the term is a factor of a product, outside of quotients, roots and arguments.
fn holds_a_product_of_sums(graph: &Graph, term: Term) -> bool {
    let whole = |e: &Number| e.is_integer() && e.is_positive();
    let product = |t: Term| match graph.node(t) {
        Node::Product(factors) => {
            factors.iter().any(|(b, e)| whole(e) && matches!(graph.node(*b), Node::Sum { .. }))
        }
        _ => false,
    };
    match graph.node(term) {
        Node::Sum { terms, .. } => {
            let sum = |t: Term| matches!(graph.node(t), Node::Sum { .. });
            terms.iter().any(|&(_, t)| product(t) || sum(t))
        }
        _ => product(term),
    }
}

fn check(seeds: std::ops::Range<u64>) {
    let (mut compared, mut changed) = (0, 0);
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let (mut random, mut g) = (Random(seed), Graph::new());
        let depth = 1 + random.below(3);
        let root = nested(&mut g, &mut random, depth);
        let Ok(expanded) = expand(&mut g, root, 5000) else { continue };
        changed += u64::from(expanded != root);
        for _ in 0..6 {
            let point = [(); 3].map(|()| double(&mut random, -2.0, 2.0));
            let (a, b) = (enclosure(&g, root, &point), enclosure(&g, expanded, &point));
            if a.defined == Defined::Always {
                assert!(b.defined != Defined::Never, "seed {seed}: lost at {point:?}");
                assert!(!a.is_disjoint(&b), "seed {seed}: {a:?} became {b:?} at {point:?}");
                compared += 1;
            }
        }
        // What is not shown to have a value anywhere stays as it is.
        if g.witness(root, Claim::Defined) {
            let open = holds_a_product_of_sums(&g, expanded);
            assert!(!open, "seed {seed}: products are left in {}", print(&g, expanded));
            let again = expand(&mut g, expanded, 5000);
            assert_eq!(again, Ok(expanded), "seed {seed}: {}", print(&g, expanded));
        }
    }
    assert!(compared > count && changed > count / 3, "{compared} points, {changed} changed");
}

#[test]
fn multiplying_out_keeps_the_value() {
    check(0..500);
}

#[test]
#[ignore = "the long run: a hundred thousand terms"]
fn multiplying_out_keeps_the_value_of_many_terms() {
    check(1_000_000..1_100_000);
}
