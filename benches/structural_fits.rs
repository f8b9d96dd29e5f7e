//! Fits of structural equation models: one value of the discrepancy with its gradient, and whole
//! fits with standard errors, standardised solutions, effects and indices, from moments in memory.
//!
//! `gradient/numeric` is the baseline of `gradient/exact`: central differences of the value.
//! `moments/eliminated`, the moments of a fit, which need no compiler, are the baseline of the kernels
//! `moments/kernel`, `moments/gradient` and `moments/hessian`, which take `moments/compile` to make.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use isoterm::kernel::Scratch;
use isoterm::model::sem::StructuralModel;
use isoterm::model::sem::moments::Moments;
use isoterm::model::sem::parameters::{Layout, Target};
use isoterm::session::contents;
use isoterm::study::sem::discrepancy::Discrepancy;
use isoterm::study::sem::sample::Group;
use isoterm::study::sem::{Method, MomentKernels, Options, Sample, fit};
use isoterm::text::{Limits, Source};

fn text(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join(path)).expect("a file of the repository")
}

fn model(name: &str) -> StructuralModel {
    let file = format!("examples/models/{name}.sem");
    let source = Source::new(&file, text(&file));
    let found = contents(source, Path::new(""), &Limits::default()).expect("a sound model");
    found.structures.into_iter().next().expect("one model")
}

fn table(name: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let text = text(&format!("examples/data/{name}.csv"));
    let mut lines = text.lines().map(|l| l.split(',').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().expect("a line of names");
    let number = |cell: &String| cell.trim_matches('"').parse().unwrap_or(f64::NAN);
    let rows = lines.map(|l| l.iter().map(number).collect()).collect();
    (names.iter().map(|n| n.trim_matches('"').to_owned()).collect(), rows)
}

/// The columns of the model's observed variables.
fn observations(model: &StructuralModel, name: &str) -> Sample {
    let (names, rows) = table(name);
    let wanted = model.observed_names();
    let place = |w: &String| names.iter().position(|n| n == w).expect("a column");
    let places: Vec<usize> = wanted.iter().map(place).collect();
    let rows = rows.iter().map(|r| places.iter().map(|&k| r[k]).collect()).collect();
    let width = wanted.len();
    let groups = vec![Group::of_rows(String::new(), rows, width)];
    Sample { names: wanted, groups, incomplete: 0 }
}

fn matrix(name: &str, count: f64) -> Sample {
    let (mut names, mut rows) = table(name);
    if names[0].is_empty() {
        names.remove(0);
        for row in &mut rows {
            row.remove(0);
        }
    }
    let cells = rows.into_iter().flatten().map(|x| x * (count - 1.0) / count).collect();
    Sample::of_moments(names, cells, None, count).expect("a symmetric matrix")
}

fn gradient(c: &mut Criterion) {
    let model = model("political_democracy");
    let sample = observations(&model, "political_democracy");
    let options = Options::default();
    let completed = model.completed(&options.conventions);
    let targets = sample.targets(&completed.observed_names(), false).expect("sound data");
    let layout = Layout::new(&completed, &targets);
    let method = Method::MaximumLikelihood;
    let discrepancy = Discrepancy::new(&layout, &targets, method).expect("positive definite");
    let at: Vec<f64> = layout.parameters.iter().map(|p| p.start).collect();
    let mut slope = vec![0.0; at.len()];
    c.bench_function("gradient/exact", |b| {
        b.iter(|| black_box(discrepancy.gradient(black_box(&at), &mut slope)));
    });
    c.bench_function("gradient/numeric", |b| {
        b.iter(|| {
            let mut x = at.clone();
            for k in 0..x.len() {
                let here = x[k];
                x[k] = here + 1e-6;
                let up = discrepancy.value(&x).unwrap_or(f64::NAN);
                x[k] = here - 1e-6;
                let down = discrepancy.value(&x).unwrap_or(f64::NAN);
                x[k] = here;
                slope[k] = (up - down) / 2e-6;
            }
            black_box(&slope);
        });
    });
}

fn fits(c: &mut Criterion) {
    let (democracy, schools) = (model("political_democracy"), model("holzinger_swineford"));
    let rows = observations(&democracy, "political_democracy");
    let pupils = observations(&schools, "holzinger_swineford_1939");
    let wheaton = matrix("wheaton_cov", 932.0);
    let peers = matrix("duncan_haller_portes_cor", 329.0);
    for (name, model, sample) in [
        ("political_democracy", democracy, rows),
        ("holzinger_swineford", schools, pupils),
        ("wheaton", model("wheaton"), wheaton),
        ("duncan_haller_portes", model("duncan_haller_portes"), peers),
    ] {
        c.bench_function(&format!("fit/{name}"), |b| {
            b.iter(|| {
                let fit = fit(&model, &sample, &Options::default(), &|| false).expect("a fit");
                black_box(fit.indices.chi_square)
            });
        });
    }
}

fn moments(c: &mut Criterion) {
    for name in ["political_democracy", "duncan_haller_portes"] {
        let model = model(name).completed(&Options::default().conventions);
        let p = model.observed().len();
        let covariance = (0..p * p).map(|k| f64::from(k % (p + 1) == 0)).collect();
        let target = Target { label: String::new(), count: 100.0, covariance, means: vec![0.0; p] };
        let layout = Layout::new(&model, &[target]);
        let eliminated = Moments::new(&layout, 0);
        let at: Vec<f64> = layout.parameters.iter().map(|p| p.start).collect();
        c.bench_function(&format!("moments/eliminated/{name}"), |b| {
            b.iter(|| black_box(eliminated.at(black_box(&at))));
        });
        c.bench_function(&format!("moments/compile/{name}"), |b| {
            b.iter(|| black_box(MomentKernels::new(&model, 0, || false).expect("kernels").form));
        });
        let kernels = MomentKernels::new(&model, 0, || false).expect("kernels");
        let (mut scratch, at) = (Scratch::new(), vec![0.1; kernels.parameters.len()]);
        let (first, second) = (kernels.gradient.as_ref(), kernels.hessian.as_ref());
        let (first, second) = (first.expect("few entries"), second.expect("few entries"));
        for (what, part, entries) in [
            ("kernel", &kernels.values, kernels.moments.len()),
            ("gradient", &first.part, first.places.len()),
            ("hessian", &second.part, second.places.len()),
        ] {
            let mut output = vec![0.0; entries];
            c.bench_function(&format!("moments/{what}/{name}"), |b| {
                b.iter(|| part.evaluate(black_box(&at), &mut output, &mut scratch));
            });
        }
    }
}

criterion_group!(benches, gradient, fits, moments);
criterion_main!(benches);
