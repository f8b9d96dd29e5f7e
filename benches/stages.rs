//! The way of a model from text to its solution, stage by stage, and against Rust by hand.
//!
//! Criterion times each stage; then `report` prints what is compared within the same run: kernels
//! against the same formulas compiled by rustc, the two grids of the Brusselator, and integration
//! with the error it delivers. Times on a shared machine wander; ratios less so.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use isoterm::kernel::Scratch;
use isoterm::model::System;
use isoterm::session::models;
use isoterm::study::simulate::STAGES;
use isoterm::study::{Compilation, Compiled, Settings};
use isoterm::text::{Limits, Source};

mod by_hand;

/// Names of the models and their texts.
fn texts() -> Vec<(String, String)> {
    let read = |name: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models");
        std::fs::read_to_string(root.join(format!("{name}.model"))).expect("an example")
    };
    let mut texts: Vec<(String, String)> =
        ["lorenz", "hires", "pollution", "pleiades", "robertson"]
            .iter()
            .map(|name| ((*name).to_owned(), read(name)))
            .collect();
    let brusselator = read("brusselator_1d");
    texts.push(("brusselator 500".to_owned(), brusselator.clone()));
    let large = brusselator.replace("size N = 500", "size N = 50000");
    assert_ne!(large, brusselator);
    texts.push(("brusselator 50000".to_owned(), large));
    texts
}

fn parse(text: &str) -> System {
    models(Source::new("bench", text), Path::new("."), &Limits::default())
        .expect("a sound model")
        .remove(0)
}

fn compile(system: &System, stage: &mut dyn FnMut(&'static str)) -> Compiled {
    Compiled::new(system, &Compilation::default(), stage).expect("a kernel")
}

/// How long one stage of compiling takes.
fn stage_time(system: &System, wanted: &str) -> Duration {
    let (mut begun, mut total) = (None::<Instant>, Duration::ZERO);
    let compiled = compile(system, &mut |name| {
        let now = Instant::now();
        if let Some(start) = begun.take() {
            total += now - start;
        }
        begun = (name == wanted).then_some(now);
    });
    // The last stage ends with the call.
    total += begun.map_or(Duration::ZERO, |start| start.elapsed());
    black_box(&compiled);
    total
}

fn stages(c: &mut Criterion) {
    let texts = texts();
    let mut group = c.benchmark_group("stages");
    group.sample_size(10).warm_up_time(Duration::from_millis(100));
    group.measurement_time(Duration::from_millis(400));
    for (name, text) in &texts {
        group.bench_function(BenchmarkId::new("parse", name), |b| b.iter(|| parse(text)));
        let system = parse(text);
        for stage in STAGES {
            group.bench_function(BenchmarkId::new(stage, name), |b| {
                b.iter_custom(|n| (0..n).map(|_| stage_time(&system, stage)).sum())
            });
        }
        let compiled = compile(&system, &mut |_| {});
        let (u, mut scratch) = (compiled.initial().to_vec(), Scratch::new());
        let mut du = vec![0.0; u.len()];
        group.bench_function(BenchmarkId::new("rates", name), |b| {
            b.iter(|| compiled.rates(0.0, black_box(&u), &mut du, &mut scratch))
        });
        let (mut entries, mut slots) = (vec![0.0; compiled.nonzeros()], Vec::new());
        group.bench_function(BenchmarkId::new("jacobian", name), |b| {
            b.iter(|| compiled.jacobian(0.0, black_box(&u), &mut entries, &mut slots, &mut scratch))
        });
        group.bench_function(BenchmarkId::new("text to first rates", name), |b| {
            b.iter(|| {
                let compiled = compile(&parse(text), &mut |_| {});
                let mut du = vec![0.0; compiled.initial().len()];
                compiled.rates(0.0, compiled.initial(), &mut du, &mut Scratch::new());
                du
            })
        });
    }
    group.finish();
    report(&texts);
}

/// The least time of a call over batches of about a millisecond, in nanoseconds.
fn least(call: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    call();
    let calls = (1e6 / start.elapsed().as_nanos().max(1) as f64).ceil() as u32;
    let batch = |call: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_nanos() as f64 / f64::from(calls)
    };
    (0..40).map(|_| batch(call)).fold(f64::INFINITY, f64::min)
}

fn report(texts: &[(String, String)]) {
    println!("\nrates, ns: compiled, by hand in Rust, ratio");
    for (name, text) in texts {
        let Some(hand) = by_hand::rates(name) else { continue };
        let compiled = compile(&parse(text), &mut |_| {});
        let (u, mut scratch) = (compiled.initial().to_vec(), Scratch::new());
        let (mut ours, mut theirs) = (vec![0.0; u.len()], vec![0.0; u.len()]);
        let kernel = least(&mut || compiled.rates(0.0, black_box(&u), &mut ours, &mut scratch));
        let rust = least(&mut || hand(black_box(&u), black_box(&mut theirs)));
        let scale = theirs.iter().fold(1e-300, |m: f64, x| m.max(x.abs()));
        let off = ours.iter().zip(&theirs).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        assert!(off <= 1e-12 * scale, "{name}: the two differ by {off}");
        println!("{name:<18} {kernel:>10.1} {rust:>10.1} {:>6.2}", kernel / rust);
    }
    println!(
        "\nintegration at rtol 1e-6, atol 1e-9: microseconds, error relative to rtol*|u| + atol"
    );
    for (name, end, exact) in by_hand::ENDS {
        let text = &texts.iter().find(|(n, _)| n == name).expect("a model").1;
        let system = parse(text);
        let compiled = compile(&system, &mut |_| {});
        let mut settings = Settings::of(&system).expect("a plan");
        (settings.to, settings.times) = (*end, isoterm::model::Times::Linear(2));
        (settings.integration.rtol, settings.integration.atol) = (1e-6, vec![1e-9]);
        for method in ["auto", "bdf", "tr_bdf2", "esdirk34"] {
            let method = isoterm::numeric::integrate::Method::named(method).expect("a method");
            settings.integration.method = method;
            let mut last = Vec::new();
            let mut steps = 0;
            let time = least(&mut || {
                let solution = compiled.run(&system, &settings, &|_| false).expect("a solution");
                steps = solution.statistics.steps;
                last = solution.rows.last().expect("the end").clone();
            });
            let error = last
                .iter()
                .zip(*exact)
                .fold(0.0, |m: f64, (u, e)| m.max((u - e).abs() / (1e-6 * e.abs() + 1e-9)));
            println!(
                "{name:<12} {:<9} {:>8.1} us {steps:>5} steps, error {error:>9.2}",
                method.name(),
                time / 1e3
            );
        }
    }
    let program = env!("CARGO_BIN_EXE_isoterm");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models/lorenz.model");
    let time = least(&mut || {
        let mut run = std::process::Command::new(program);
        run.args(["show", "--stage", "asm"]).arg(&file);
        assert!(run.output().expect("the program runs").status.success());
    });
    println!("\nprocess from start to machine code of lorenz: {:.1} ms", time / 1e6);
}

criterion_group!(benches, stages);
criterion_main!(benches);
