//! Extraction: against enumeration on tiny problems, against the input on regions, at scale.

use std::path::Path;

use isoterm::kernel::OperationCounts;
use isoterm::model::System;
use isoterm::rewrite::extract::problem::{NONE, Price, Problem};
use isoterm::rewrite::extract::{Effort, Extractor, solve};
use isoterm::rewrite::{Measure, Options, Ruleset, cost, optimise};
use isoterm::session::load;
use isoterm::text::Limits;

use crate::regions::{Random, regions};

/// A problem with cycles, free nodes and classes without a finite tree among the rest.
fn tiny(random: &mut Random) -> Problem {
    let classes = 2 + random.below(6);
    let mut problem = Problem::new();
    for _ in 0..classes {
        problem.push((0..1 + random.below(3)).map(|_| {
            let price = [0, 1, 1, 1, 2, 3, 7][random.below(7)];
            let children = (0..random.below(4)).map(|_| random.below(classes) as u32).collect();
            (price, children)
        }));
    }
    problem.set_roots((0..1 + random.below(2)).map(|_| random.below(classes) as u32).collect());
    problem
}

/// The cheapest cost by trying everything, written without a thought of how it is found otherwise:
/// a choice is a solution if taking away classes whose children are gone leaves no needed one.
fn enumerated(problem: &Problem) -> Option<Price> {
    let classes = problem.classes() as u32;
    let ways = |class: u32| problem.nodes_of(class).len() as u64;
    let all: u64 = (0..classes).map(ways).product();
    (0..all)
        .filter_map(|mut code| {
            let mut choice = Vec::new();
            for class in 0..classes {
                choice.push(problem.nodes_of(class).start + (code % ways(class)) as u32);
                code /= ways(class);
            }
            let mut needed: Vec<u32> = problem.roots().to_vec();
            let mut at = 0;
            while at < needed.len() {
                for &child in problem.children(choice[needed[at] as usize]) {
                    if !needed.contains(&child) {
                        needed.push(child);
                    }
                }
                at += 1;
            }
            let total = needed.iter().map(|&c| problem.price(choice[c as usize])).sum();
            let mut left = needed;
            loop {
                let before = left.len();
                let gone: Vec<u32> = left
                    .iter()
                    .copied()
                    .filter(|&c| {
                        problem.children(choice[c as usize]).iter().all(|k| !left.contains(k))
                    })
                    .collect();
                left.retain(|c| !gone.contains(c));
                if left.is_empty() {
                    return Some(total);
                }
                if left.len() == before {
                    return None;
                }
            }
        })
        .min()
}

#[test]
fn the_optimum_is_that_of_an_enumeration() {
    let (mut solvable, mut missed) = (0, 0);
    for seed in 0..4_000 {
        let problem = tiny(&mut Random(seed));
        let expected = enumerated(&problem);
        let exact = solve(&problem, None, Effort::EXACT);
        let heuristic = solve(&problem, None, Effort::HEURISTIC);
        let Some(expected) = expected else {
            assert!(exact.is_none() && heuristic.is_none(), "seed {seed}");
            continue;
        };
        solvable += 1;
        let (exact, heuristic) = (exact.expect("a solution"), heuristic.expect("a solution"));
        assert_eq!(exact.cost, expected, "seed {seed}: {problem:?}");
        assert!(exact.is_optimal() && exact.lower <= expected, "seed {seed}");
        assert!(heuristic.cost >= expected, "seed {seed}");
        missed += usize::from(heuristic.cost > expected);
        for solution in [exact, heuristic] {
            assert_eq!(problem.cost(&solution.choice), Some(solution.cost), "seed {seed}");
        }
    }
    println!("{solvable} solvable, the heuristic missed {missed}");
    assert!(solvable > 2_000 && missed * 100 < solvable);
}

#[test]
fn a_given_solution_is_never_made_dearer() {
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let problem = tiny(&mut random);
        // Any solution at all: the cheapest under other prices.
        let mut other = Problem::new();
        for class in 0..problem.classes() as u32 {
            let nodes = problem.nodes_of(class);
            other.push(nodes.map(|n| (random.below(5) as u64, problem.children(n).to_vec())));
        }
        other.set_roots(problem.roots().to_vec());
        let Some(given) = solve(&other, None, Effort::HEURISTIC) else { continue };
        let before = problem.cost(&given.choice).expect("a solution");
        let none = Effort { improve: 0, prove: 0 };
        for effort in [none, Effort::HEURISTIC, Effort::KERNEL] {
            let found = solve(&problem, Some(&given.choice), effort).expect("a solution");
            assert!(found.cost <= before, "seed {seed}");
            assert_eq!(problem.cost(&found.choice), Some(found.cost));
            assert!(found.lower <= found.cost);
        }
    }
}

#[test]
fn long_chains_are_extracted() {
    const LENGTH: u32 = 100_000;
    // One way down; two ways down, of which the dearer one skips a class; and each step with a
    // second leaf that all share.
    let chain = |nodes: &dyn Fn(u32) -> Vec<(Price, Vec<u32>)>| {
        let mut problem = Problem::new();
        (0..LENGTH).for_each(|k| {
            problem.push(nodes(k));
        });
        problem.push([(5, Vec::new())]);
        problem.push([(0, Vec::new())]);
        problem.set_roots(vec![0]);
        problem
    };
    let single = chain(&|k| vec![(1, vec![k + 1])]);
    let ladder = chain(&|k| vec![(2, vec![k + 1]), (3, vec![(k + 2).min(LENGTH)])]);
    let shared = chain(&|k| vec![(3, vec![k + 1]), (2, vec![k + 1, LENGTH])]);
    let expected = [LENGTH + 5, LENGTH / 2 * 3 + 5, 2 * LENGTH + 5];
    for (problem, expected) in [single, ladder, shared].iter().zip(expected) {
        let found = solve(problem, None, Effort::KERNEL).expect("a solution");
        assert_eq!(found.cost, Price::from(expected));
        assert_eq!(problem.cost(&found.choice), Some(found.cost));
        assert!(found.choice.iter().filter(|&&n| n != NONE).count() > LENGTH as usize / 2);
    }
}

fn examples() -> Vec<System> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models");
    ["robertson", "hires", "pollution", "lorenz", "brusselator", "pendulum", "pleiades"]
        .iter()
        .map(|name| {
            let path = folder.join(format!("{name}.model"));
            load(path.to_str().expect("UTF-8"), &Limits::default()).expect("a model").remove(0)
        })
        .collect()
}

#[test]
fn extraction_from_regions_is_ordered_and_optimal() {
    let mut proven = 0;
    let regions = regions(&examples(), 36);
    for roots in &regions {
        let region = roots.saturated_for_kernels();
        let extractor = Extractor::new(&roots.graph, &region, Measure::Cycles);
        let problem = extractor.problem();
        let given = problem.cost(extractor.given()).expect("the input is a solution");
        let heuristic = extractor.best(Effort::HEURISTIC).expect("a solution");
        let exact = extractor.best(Effort::EXACT).expect("a solution");
        assert!(heuristic.cost <= given, "{}", roots.name);
        assert!(exact.cost <= heuristic.cost, "{}", roots.name);
        assert!(exact.lower <= exact.cost, "{}", roots.name);
        proven += usize::from(exact.is_optimal());
        // What is built costs what was promised, or less where sums happen to share a pair.
        let mut graph = roots.graph.clone();
        let terms = extractor.terms(&mut graph, &exact.choice).expect("terms");
        let built = cost(&graph, &terms, Measure::Cycles);
        assert!(built * 1000.0 <= exact.cost as f64 + 0.5, "{}: {built}", roots.name);
    }
    assert!(proven * 10 >= regions.len() * 9, "{proven} of {}", regions.len());
}

#[test]
fn what_is_optimised_costs_what_the_tape_counts() {
    for roots in regions(&examples(), 60) {
        let mut graph = roots.graph.clone();
        let before = cost(&graph, &roots.terms, Measure::Cycles);
        let found = optimise(&mut graph, &roots.terms, Ruleset::standard(), &Options::kernel());
        assert!(found.cost_after <= before, "{}", roots.name);
        let counted = OperationCounts::of_terms(&graph, &found.roots).cycles();
        assert_eq!(found.cost_after, counted, "{}", roots.name);
    }
}
