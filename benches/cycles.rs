//! Predicted against measured time of whole kernels, in one run.
//!
//! The prediction (`kernel::jit::predict`) is in additions; the time of an addition is measured
//! before each kernel, because the clock of a shared machine wanders. The kernels are right-hand
//! sides of the example models and of random reaction networks, evaluated one after the other.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use isoterm::kernel::calibrate::calibrate;
use isoterm::kernel::{Scratch, jit};
use isoterm::session::models;
use isoterm::study::{Compilation, Compiled};
use isoterm::text::{Limits, Source};

mod networks;
#[path = "../tests/suite/seeded.rs"]
mod seeded;

/// Example models; the first four and the first two networks are those that must agree.
const EXAMPLES: [&str; 11] = [
    "lorenz",
    "hires",
    "pollution",
    "pleiades",
    "robertson",
    "van_der_pol",
    "lotka_volterra",
    "brusselator",
    "pendulum",
    "lorenz96",
    "brusselator_1d",
];

/// Species, reactions and seed of random networks.
const NETWORKS: [(usize, usize, u64); 5] =
    [(20, 100, 1), (200, 1_000, 2), (10, 30, 3), (60, 300, 4), (300, 2_000, 5)];

fn main() {
    let mut texts: Vec<(String, String)> = Vec::new();
    for name in EXAMPLES {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models");
        let text = std::fs::read_to_string(root.join(format!("{name}.model")));
        texts.push((name.to_owned(), text.expect("an example")));
    }
    for (species, reactions, seed) in NETWORKS {
        let text = networks::mass_action(species, reactions, seed);
        texts.push((format!("network {species}/{reactions}"), text));
    }
    println!("{:<20} operations  predicted  measured  ratio  (ns; in it: {})", "kernel", PARTS);
    for (name, text) in &texts {
        let source = Source::new(name.as_str(), text.as_str());
        let found = models(source, Path::new("."), &Limits::default());
        let system = found.unwrap_or_else(|e| panic!("{e}")).remove(0);
        let compiled = Compiled::new(&system, &Compilation::default(), &mut |_| {}).expect("it");
        let (u, mut scratch) = (compiled.initial().to_vec(), Scratch::new());
        let mut du = vec![0.0; u.len()];
        let (mut unit, mut measured) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..5 {
            unit = unit.min(addition());
            let mut call = || compiled.rates(0.0, black_box(&u), &mut du, &mut scratch);
            measured = measured.min(least(&mut call));
        }
        let cycles = jit::predict(&compiled.tape);
        let predicted = cycles.total() * unit;
        println!(
            "{name:<20} {:>10} {predicted:>10.2} {measured:>9.2} {:>6.2}  {:.2} {:.2} {:.2} {:.2} {:.2}",
            compiled.tape.operations_per_evaluation().total(),
            measured / predicted,
            cycles.evaluation * unit,
            cycles.instructions * unit,
            cycles.divider * unit,
            cycles.path * unit,
            cycles.calls * unit,
        );
    }
}

const PARTS: &str = "call, instructions, divider, path, functions";

/// Nanoseconds of an addition among others.
fn addition() -> f64 {
    let begun = Instant::now();
    let clock = || begun.elapsed().as_nanos() as u64;
    let measured = calibrate(&clock, &|name| name == "add", &|_| true);
    measured.expect("a kernel").expect("not stopped").unit
}

/// The least time of a call over batches of a fifth of a millisecond, in nanoseconds.
fn least(call: &mut dyn FnMut()) -> f64 {
    let mut batch = |calls: u32| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_nanos() as f64
    };
    let once = batch(16) / 16.0;
    let calls = (2e5 / once).ceil() as u32;
    (0..60).map(|_| batch(calls) / f64::from(calls)).fold(f64::INFINITY, f64::min)
}
