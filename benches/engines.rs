//! The two engines against each other on random terms: strength and time.
//!
//! Strength is the printed size of what comes out; terms are those of the tests, over the whole
//! table of operations.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use isoterm::rewrite::{ENGINES, Measure, Options, Ruleset, cost, simplify};
use isoterm::term::{Graph, Term};
use random::{Random, term};

#[path = "../tests/suite/random.rs"]
#[expect(dead_code, reason = "terms are needed here, not all that tests draw at random")]
mod random;
#[path = "../tests/suite/seeded.rs"]
mod seeded;

/// Random terms of each comparison.
const TERMS: u64 = 1_000;

fn given(seed: u64) -> (Graph, Term) {
    let mut random = Random(seed);
    let mut graph = Graph::new();
    let size = 3 + random.below(14);
    let root = term(&mut graph, &mut random, size);
    (graph, root)
}

/// Sizes of results by engine, and how often each is the shorter one.
fn strength() {
    let mut totals = vec![0.0; ENGINES.len()];
    let (mut before, mut shorter) = (0.0, [0, 0]);
    for seed in 0..TERMS {
        let sizes: Vec<f64> = ENGINES
            .iter()
            .map(|&engine| {
                let (mut graph, root) = given(seed);
                let options = Options { engine, ..Options::reading() };
                simplify(&mut graph, root, Ruleset::standard(), &options).cost_after
            })
            .collect();
        let (graph, root) = given(seed);
        before += cost(&graph, &[root], Measure::Size);
        totals.iter_mut().zip(&sizes).for_each(|(total, size)| *total += size);
        shorter[0] += u32::from(sizes[0] < sizes[1]);
        shorter[1] += u32::from(sizes[1] < sizes[0]);
    }
    println!("{TERMS} random terms, nodes of the printed trees: {before} given");
    for ((engine, total), shorter) in ENGINES.iter().zip(&totals).zip(shorter) {
        println!("  {:<10} {total}, shorter than the other {shorter} times", engine.name());
    }
}

fn engines(c: &mut Criterion) {
    strength();
    let mut group = c.benchmark_group("a hundred random terms");
    group.sample_size(10);
    for &engine in ENGINES {
        group.bench_function(engine.name(), |b| {
            let options = Options { engine, ..Options::reading() };
            b.iter(|| {
                for seed in 0..100 {
                    let (mut graph, root) = given(seed);
                    black_box(simplify(&mut graph, root, Ruleset::standard(), &options));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, engines);
criterion_main!(benches);
