//! Extraction: against enumeration on tiny problems, against the input on regions, at scale.

use std::path::Path;

use isoterm::kernel::{self, Layout, Output, Tape, Variable};
use isoterm::model::System;
use isoterm::rewrite::extract::problem::{NONE, Price, Problem};
use isoterm::rewrite::extract::{Effort, Extractor, solve};
use isoterm::rewrite::{Measure, Options, Ruleset, cost, optimise};
use isoterm::session::{load, models};
use isoterm::study::{Compilation, Compiled};
use isoterm::term::visit::free_symbols;
use isoterm::term::{Graph, Op, Term};
use isoterm::text::{Limits, Source};

use crate::regions::regions;
use crate::seeded::Random;

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
        let region = roots.saturated(&Options::kernel().budget);
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

/// The tape of terms with places of their own, lowered as a kernel's is.
fn lowered(graph: &mut Graph, terms: &[Term]) -> Tape {
    let names: Vec<String> = free_symbols(graph, terms)
        .into_iter()
        .map(|symbol| graph.name(symbol).to_owned())
        .collect();
    let states = names.iter().enumerate().map(|(offset, name)| Variable {
        name: graph.intern(name),
        extents: Vec::new(),
        offset,
    });
    let layout = Layout { states: states.collect(), ..Layout::default() };
    let outputs = (0..).zip(terms).map(|(place, &term)| Output::scalar(place, term));
    let outputs: Vec<Output> = outputs.collect();
    Tape::lower(graph, &layout, &outputs, &kernel::Options::default()).expect("a tape")
}

#[test]
fn what_is_promised_is_what_the_tape_counts() {
    for roots in regions(&[], 60) {
        let mut graph = roots.graph.clone();
        let before = lowered(&mut graph, &roots.terms).operations_per_evaluation().cycles();
        assert_eq!(cost(&graph, &roots.terms, Measure::Cycles), before, "{}", roots.name);
        let found = optimise(&mut graph, &roots.terms, Ruleset::standard(), &Options::kernel());
        assert_eq!(found.cost_before, before, "{}", roots.name);
        assert!(found.cost_after <= before, "{}", roots.name);
        let after = lowered(&mut graph, &found.roots).operations_per_evaluation().cycles();
        assert_eq!(found.cost_after, after, "{}", roots.name);
    }
}

#[test]
fn sums_over_ranges_cost_as_often_as_they_run() {
    let text = "ode m\n size N = 9\n parameter k = 2, w[i] = i for i in 1..N\n state x[i] = 1 for i in 1..N\n \
                state y = 1\n x[i]' = sum(k*w[j]*(x[j] - x[i])^2 for j in 1..N) for i in 1..N\n \
                y' = k*sum(x[j]*y*exp(k) + 1/k for j in 1..N)\nend";
    let source = Source::new("text", text);
    let system = models(source, Path::new("."), &Limits::default()).expect("a model").remove(0);
    let compiled = Compiled::new(&system, &Compilation::default(), &mut |_| {}).expect("a kernel");
    // The tape of the cheapest form: nine members of a family and one equation.
    let mut graph = system.graph.clone();
    let rates: Vec<Term> = system.equations.iter().map(|e| e.value).collect();
    let best = optimise(&mut graph, &rates, Ruleset::standard(), &Options::kernel()).roots;
    let of = |term: Term| cost(&graph, &[term], Measure::Cycles);
    let tape = compiled.tape.operations_per_evaluation().cycles();
    assert!(tape <= 9.0 * of(best[0]) + of(best[1]), "{}", compiled.tape);
    // Each member of the family: a sum of nine terms of a subtraction and three products.
    let (add, mul) = (Op::Add.row().cycles, Op::Mul.row().cycles);
    assert!(of(best[0]) >= 9.0 * (2.0 * add + 2.0 * mul) && of(rates[0]) >= of(best[0]));
    // What does not change with the index is computed once.
    assert!(of(best[1]) < 2.0 * Op::Exp.row().cycles + 9.0 * (add + 2.0 * mul) + 30.0);
}
