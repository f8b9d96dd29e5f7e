//! How far extraction is from the optimum, and how its time grows.
//!
//! 200 regions of up to 100 operations (example models, polynomials, mass-action networks,
//! expressions) are saturated, with the budget of kernels and with a large one, and extracted by
//! the heuristic and with a proof. Then chains of growing length: ours against egg's extractor,
//! and local search priced by what changes against the same search that walks everything.

use std::path::Path;
use std::time::Instant;

use egg::{AstSize, EGraph, SymbolLang};
use isoterm::model::System;
use isoterm::rewrite::extract::problem::{NONE, Price, Problem};
use isoterm::rewrite::extract::{Effort, Extractor, Solution, solve};
use isoterm::rewrite::{Budget, Measure, Options, cost};
use isoterm::session::load;
use isoterm::text::Limits;

#[path = "../tests/suite/regions.rs"]
mod regions;
#[path = "../tests/suite/seeded.rs"]
mod seeded;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|f| f.expect("a file").path()).collect();
    paths.sort();
    let systems: Vec<System> = paths
        .iter()
        .filter_map(|path| load(path.to_str()?, &Limits::default()).ok()?.into_iter().next())
        .collect();
    let regions = regions::regions(&systems, 200);
    let large = Budget { nodes: 2_000, iterations: 8, work: 2_000_000, matches: 300 };
    for (name, budget) in [("of kernels", Options::kernel().budget), ("large", large)] {
        println!("budget {name}: {budget:?}");
        gaps(&regions, &budget);
    }
    growth();
}

/// What was found for one region, and the seconds it took.
struct Found {
    kind: &'static str,
    nodes: usize,
    given: Price,
    quick: Solution,
    kernel: Solution,
    exact: Solution,
    seconds: [f64; 3],
    /// The cost of the terms that are built from the optimum.
    built: f64,
}

fn gaps(regions: &[regions::Roots], budget: &Budget) {
    let mut found = Vec::new();
    for roots in regions {
        let region = roots.saturated(budget);
        let extractor = Extractor::new(&roots.graph, &region, Measure::Cycles);
        let problem = extractor.problem();
        let timed = |effort| {
            let start = Instant::now();
            let solution = extractor.best(effort).expect("a solution");
            (solution, start.elapsed().as_secs_f64())
        };
        let (quick, a) = timed(Effort::HEURISTIC);
        let (kernel, b) = timed(Effort::KERNEL);
        let (exact, c) = timed(Effort::EXACT);
        let mut graph = roots.graph.clone();
        let terms = extractor.terms(&mut graph, &exact.choice).expect("terms");
        if std::env::var("SHOW").is_ok() {
            let b = cost(&graph, &terms, Measure::Cycles);
            if (b * 1000.0 - exact.cost as f64).abs() > 900.0 {
                println!(
                    "DIFF {} promised {} built {b} given {} input {}",
                    roots.name,
                    exact.cost,
                    problem.cost(extractor.given()).unwrap(),
                    cost(&roots.graph, &roots.terms, Measure::Cycles)
                );
            }
        }
        found.push(Found {
            kind: match roots.name.split(' ').next() {
                Some("polynomials") => "polynomials",
                Some("network") => "networks",
                Some("expressions") => "expressions",
                _ => "models",
            },
            nodes: problem.nodes(),
            given: problem.cost(extractor.given()).expect("the input"),
            built: cost(&graph, &terms, Measure::Cycles),
            quick,
            kernel,
            exact,
            seconds: [a, b, c],
        });
    }
    println!(
        "{:<12} {:>4} {:>11} {:>22} {:>22} {:>22} {:>7} {:>26}",
        "kind",
        "n",
        "nodes (max)",
        "heuristic: gap % (max)",
        "kernel: gap % (max)",
        "exact: gap % (max)",
        "proven",
        "ms: heuristic kernel exact"
    );
    for kind in ["models", "polynomials", "networks", "expressions", "all"] {
        let rows: Vec<&Found> = found.iter().filter(|f| kind == "all" || f.kind == kind).collect();
        let count = rows.len() as f64;
        let mean = |f: &dyn Fn(&Found) -> f64| rows.iter().map(|r| f(r)).sum::<f64>() / count;
        let most = |f: &dyn Fn(&Found) -> f64| rows.iter().map(|r| f(r)).fold(0.0, f64::max);
        // Against what is certain: the proven lower bound.
        let gap = |s: &Solution, f: &Found| match f.exact.lower {
            0 => 0.0,
            lower => 100.0 * (s.cost - lower) as f64 / lower as f64,
        };
        let gaps = |s: &dyn Fn(&Found) -> Solution| {
            let g = |f: &Found| gap(&s(f), f);
            format!("{:.2} ({:.1})", mean(&g), most(&g))
        };
        let ms = |k: usize| format!("{:.2}", 1e3 * mean(&|f| f.seconds[k]));
        println!(
            "{kind:<12} {:>4} {:>11} {:>22} {:>22} {:>22} {:>5.1} % {:>26}",
            rows.len(),
            format!("{:.0} ({})", mean(&|f| f.nodes as f64), most(&|f| f.nodes as f64)),
            gaps(&|f| f.quick.clone()),
            gaps(&|f| f.kernel.clone()),
            gaps(&|f| f.exact.clone()),
            100.0 * mean(&|f| f64::from(u8::from(f.exact.is_optimal()))),
            format!("{} {} {}", ms(0), ms(1), ms(2)),
        );
    }
    let total = |f: &dyn Fn(&Found) -> f64| found.iter().map(f).sum::<f64>() / 1e3;
    println!(
        "cycles of all: input {:.0}, heuristic {:.0}, kernel {:.0}, exact {:.0}, bound {:.0}; \
         built terms {:.0}; the kernel's search proved {:.1} %\n",
        total(&|f| f.given as f64),
        total(&|f| f.quick.cost as f64),
        total(&|f| f.kernel.cost as f64),
        total(&|f| f.exact.cost as f64),
        total(&|f| f.exact.lower as f64),
        total(&|f| 1e3 * f.built),
        100.0 * found.iter().filter(|f| f.kernel.is_optimal()).count() as f64 / 200.0,
    );
}

/// A chain of classes, each with a step down and a dearer one that skips a class.
fn ladder(length: u32) -> Problem {
    let mut problem = Problem::new();
    for k in 0..length {
        problem.push([(2, vec![k + 1]), (3, vec![(k + 2).min(length)])]);
    }
    problem.push([(5, Vec::new())]);
    problem.set_roots(vec![0]);
    problem
}

fn growth() {
    println!("chains: microseconds for each class");
    println!("{:>8} {:>10} {:>10} {:>10}", "classes", "isoterm", "walking", "egg");
    for length in [1_000, 3_000, 10_000, 30_000, 100_000] {
        let per = |seconds: f64| format!("{:.2}", 1e6 * seconds / f64::from(length));
        let problem = ladder(length);
        let start = Instant::now();
        let found = solve(&problem, None, Effort::KERNEL).expect("a solution");
        let ours = start.elapsed().as_secs_f64();
        let walking = (length <= 3_000).then(|| {
            let mut choice: Vec<u32> =
                (0..problem.classes() as u32).map(|c| problem.nodes_of(c).start).collect();
            let start = Instant::now();
            let cost = walk(&problem, &mut choice);
            assert!(cost >= found.cost);
            start.elapsed().as_secs_f64()
        });
        let egg = (length <= 10_000).then(|| {
            // Rules add the arguments of a class after it: here the chain is met from its top.
            let mut graph: EGraph<SymbolLang, ()> = EGraph::default();
            let ids: Vec<egg::Id> =
                (0..=length).map(|k| graph.add(SymbolLang::leaf(format!("x{k}")))).collect();
            for pair in ids.windows(2) {
                let step = graph.add(SymbolLang::new("f", vec![pair[1]]));
                graph.union(pair[0], step);
            }
            graph.rebuild();
            let id = graph.find(ids[0]);
            for class in graph.classes_mut() {
                // Only the last class is a leaf.
                if class.nodes.len() > 1 {
                    class.nodes.retain(|node| !egg::Language::is_leaf(node));
                }
            }
            let start = Instant::now();
            let extractor = egg::Extractor::new(&graph, AstSize);
            assert!(extractor.find_best_cost(id) > length as usize);
            start.elapsed().as_secs_f64()
        });
        let shown = |s: Option<f64>| s.map_or("-".to_owned(), per);
        println!("{length:>8} {:>10} {:>10} {:>10}", per(ours), shown(walking), shown(egg));
    }
}

/// Local search over single nodes in which every trial walks everything.
fn walk(problem: &Problem, choice: &mut [u32]) -> Price {
    let mut cost = problem.cost(choice).expect("a solution");
    for class in 0..problem.classes() as u32 {
        for node in problem.nodes_of(class) {
            let old = std::mem::replace(&mut choice[class as usize], node);
            assert_ne!(old, NONE);
            match problem.cost(choice) {
                Some(new) if new < cost => cost = new,
                _ => choice[class as usize] = old,
            }
        }
    }
    cost
}
