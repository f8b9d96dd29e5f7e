//! Covariances as formulas, all entries of Σ, and vanishing polynomials of two cyclic graphs.
//!
//! `sigma/factored` is the one-connection rule in its factored form, every `Δ` and `N` multiplied
//! out; `sigma/terms` the same as terms of a graph; `sigma/doubled` the baseline, all entries by
//! the one-sum form on the doubled graph. Graphs are a Hamiltonian cycle with n/2 chords and two
//! covariances.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use isoterm::model::sem::MixedGraph;
use isoterm::model::sem::graph::Vertex;
use isoterm::model::sem::structure::ideal::{Certificate, Search};
use isoterm::model::sem::symbolic::{Expansion, Polynomials, Terms, doubled, terms_of};
use isoterm::numeric::random::Random;
use isoterm::term::Graph;

fn numbered(n: usize, directed: &[(usize, usize)], bidirected: &[(usize, usize)]) -> MixedGraph {
    let vertices = (1..=n).map(|k| Vertex { name: k.to_string(), latent: false }).collect();
    MixedGraph::with_arrows("g", vertices, directed, bidirected)
}

/// A Hamiltonian cycle with n/2 chords and two covariances.
fn hamiltonian(n: usize) -> MixedGraph {
    let mut directed: Vec<(usize, usize)> = (0..n).map(|v| (v, (v + 1) % n)).collect();
    let mut random = Random::new(n as u64);
    while directed.len() < n + n / 2 {
        let (a, b) = ((random.bits() % n as u64) as usize, (random.bits() % n as u64) as usize);
        if a != b && !directed.contains(&(a, b)) {
            directed.push((a, b));
        }
    }
    numbered(n, &directed, &[(0, n / 2), (1, n - 2)])
}

/// Every vertex has three effects.
fn degree_three(n: usize) -> MixedGraph {
    let mut random = Random::new(3);
    let mut directed = Vec::new();
    for v in 0..n {
        directed.push((v, (v + 1) % n));
        while directed.len() < 3 * (v + 1) {
            let w = (random.bits() % n as u64) as usize;
            if w != v && !directed.contains(&(v, w)) {
                directed.push((v, w));
            }
        }
    }
    numbered(n, &directed, &[(0, 3), (2, 5)])
}

fn all(n: usize) -> Vec<(usize, usize)> {
    (0..n).flat_map(|i| (i..n).map(move |j| (i, j))).collect()
}

fn terms(mixed: &MixedGraph) -> usize {
    let mut graph = Graph::new();
    let ring = Terms::new(&mut graph, mixed);
    let mut rule = Expansion::new(mixed, ring).expect("terms divide");
    terms_of(&mut rule, &all(mixed.size())).len()
}

fn sigma(c: &mut Criterion) {
    for n in [8, 10, 12] {
        let mixed = hamiltonian(n);
        c.bench_function(&format!("sigma/factored/{n}"), |b| {
            b.iter(|| {
                let mut rule = Expansion::new(&mixed, Polynomials).expect("small components");
                let entries = all(n).into_iter().map(|(i, j)| rule.entry(i, j).summands.len());
                black_box(entries.sum::<usize>())
            });
        });
        c.bench_function(&format!("sigma/terms/{n}"), |b| b.iter(|| black_box(terms(&mixed))));
        if n == 8 {
            c.bench_function(&format!("sigma/doubled/{n}"), |b| {
                b.iter(|| {
                    for (i, j) in all(n) {
                        black_box(doubled(&mixed, &mut Polynomials, i, j));
                    }
                });
            });
        }
    }
    let mut complete = Vec::new();
    for i in 0..8 {
        complete.extend((0..8).filter(|&j| j != i).map(|j| (i, j)));
    }
    let complete = numbered(8, &complete, &[(0, 3), (2, 5)]);
    c.bench_function("sigma/terms/complete_8", |b| b.iter(|| black_box(terms(&complete))));
    let large = degree_three(20);
    c.bench_function("sigma/terms/degree_three_20", |b| b.iter(|| black_box(terms(&large))));
}

fn ideal(c: &mut Criterion) {
    let across = numbered(4, &[(0, 1), (1, 2), (2, 3), (3, 0)], &[(0, 2)]);
    let shared = numbered(4, &[(0, 1), (1, 2), (2, 0), (2, 3), (3, 1)], &[]);
    for (name, graph, degree, terms) in [
        ("ideal/four_cycle", &across, [5, 5, 5, 5], 187),
        ("ideal/two_three_cycles", &shared, [6, 6, 8, 6], 516),
    ] {
        c.bench_function(name, |b| {
            b.iter(|| {
                let mut search = Search::new(graph, 3000, || false).expect("a graded ideal");
                let found = search.multidegree(&degree).expect("few monomials");
                assert_eq!(found.generators[0].terms.len(), terms);
                assert!(matches!(found.generators[0].certificate, Certificate::Exact { .. }));
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = sigma, ideal
}
criterion_main!(benches);
