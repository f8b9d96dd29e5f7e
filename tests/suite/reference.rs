//! The example models against end points published elsewhere: `tests/data/ivp.txt`.

use std::path::Path;

use isoterm::model::System;
use isoterm::numeric::integrate::Method;
use isoterm::session::load;
use isoterm::study::{Compilation, Compiled, Settings, Solution};
use isoterm::text::Limits;

/// A model, how to integrate it, and what must come out.
struct Reference {
    model: String,
    method: Method,
    rtol: f64,
    atol: f64,
    digits: f64,
    end: Vec<(String, f64)>,
}

fn references() -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    let lines = include_str!("../data/ivp.txt").lines();
    for line in lines.filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [name, value] => {
                let end = &mut found.last_mut().expect("a model before its values").end;
                end.push((name.to_owned(), value.parse().expect("a number")));
            }
            [model, method, rtol, atol, digits] => found.push(Reference {
                model: model.to_owned(),
                method: Method::named(method).expect("a method"),
                rtol: rtol.parse().expect("a number"),
                atol: atol.parse().expect("a number"),
                digits: digits.parse().expect("a number"),
                end: Vec::new(),
            }),
            _ => panic!("not a line of the table: {line}"),
        }
    }
    found
}

/// The model of `examples/models` with this name.
pub fn model(name: &str) -> System {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/models/{name}.model"));
    let path = path.to_str().expect("a path in UTF-8");
    load(path, &Limits::default()).unwrap_or_else(|e| panic!("{e}")).remove(0)
}

fn solve(system: &System, method: Method, rtol: f64, atol: f64) -> Solution {
    let compiled = Compiled::new(system, &Compilation::default(), &mut |_| {}).expect("a kernel");
    let mut settings = Settings::of(system).expect("a plan");
    settings.integration.method = method;
    settings.integration.rtol = rtol;
    settings.integration.atol = vec![atol];
    settings.times = isoterm::model::Times::Linear(2);
    compiled.run(system, &settings, &|_| false).unwrap_or_else(|e| panic!("{}: {e}", system.name))
}

/// The number of decimal digits on which the worst of the states agrees.
fn agreement(system: &System, solution: &Solution, end: &[(String, f64)]) -> f64 {
    let columns = Solution::columns(system);
    let last = solution.rows.last().expect("an end point");
    let errors = end.iter().map(|(name, expected)| {
        let place = columns.iter().position(|c| c == name).expect("a state of this name");
        ((last[place] - expected) / expected).abs()
    });
    -errors.fold(0.0, f64::max).max(1e-17).log10()
}

#[test]
fn end_points_agree_with_the_published_ones() {
    let references = references();
    assert_eq!(references.len(), 8);
    for r in references {
        let system = model(&r.model);
        let solution = solve(&system, r.method, r.rtol, r.atol);
        let digits = agreement(&system, &solution, &r.end);
        println!("{}: {digits:.2} digits, {:?}", r.model, solution.statistics);
        assert!(digits >= r.digits, "{}: {digits:.2} digits, {} wanted", r.model, r.digits);
    }
}

/// The ring of Lorenz (1996) by the classical Runge–Kutta method, written out for it alone.
fn ring(forcing: f64, start: &[f64], end: f64, steps: usize) -> Vec<f64> {
    let n = start.len();
    let rates = |x: &[f64]| -> Vec<f64> {
        let rate =
            |i: usize| (x[(i + 1) % n] - x[(i + n - 2) % n]) * x[(i + n - 1) % n] - x[i] + forcing;
        (0..n).map(rate).collect()
    };
    let ahead = |x: &[f64], k: &[f64], h: f64| -> Vec<f64> {
        x.iter().zip(k).map(|(x, k)| x + h * k).collect()
    };
    let h = end / steps as f64;
    let mut x = start.to_vec();
    for _ in 0..steps {
        let k1 = rates(&x);
        let k2 = rates(&ahead(&x, &k1, 0.5 * h));
        let k3 = rates(&ahead(&x, &k2, 0.5 * h));
        let k4 = rates(&ahead(&x, &k3, h));
        for i in 0..n {
            x[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
        }
    }
    x
}

#[test]
fn a_periodic_family_agrees_with_loops_by_hand() {
    let mut system = model("lorenz96");
    system.plan.as_mut().expect("a plan").to = 1.0;
    let start: Vec<f64> = (1..=40).map(|i| if i == 20 { 8.01 } else { 8.0 }).collect();
    // The ring is chaotic: by time 5 it has made errors a million times larger.
    let expected = ring(8.0, &start, 1.0, 10_000);
    let names = (1..=40).map(|i| format!("x[{i}]"));
    let end: Vec<(String, f64)> = names.zip(expected).collect();
    for method in [Method::Tsit5, Method::Dop853] {
        let digits = agreement(&system, &solve(&system, method, 1e-12, 1e-12), &end);
        println!("lorenz96 {}: {digits:.2} digits", method.name());
        assert!(digits >= 9.0, "{}: {digits:.2}", method.name());
    }
}

#[test]
fn the_error_falls_with_the_tolerance() {
    let references = references();
    let cases: [(&str, &[&str]); 3] = [
        ("lotka_volterra", &["tsit5", "dop853"]),
        ("pleiades", &["tsit5", "dop853"]),
        ("hires", &["bdf", "bdf_krylov", "rodas5p", "diffsol_bdf", "tr_bdf2", "esdirk34"]),
    ];
    for (name, methods) in cases {
        let r = references.iter().find(|r| r.model == name).expect("a reference");
        let system = model(name);
        for method in methods {
            let method = Method::named(method).expect("a method");
            let digits =
                |rtol: f64| agreement(&system, &solve(&system, method, rtol, rtol * 1e-3), &r.end);
            let (loose, tight) = (digits(1e-5), digits(1e-9));
            println!("{name} {}: {loose:.2} then {tight:.2} digits", method.name());
            // Four decades of tolerance bring close to four digits: error per step controls error.
            assert!(tight - loose > 2.4, "{name} {}: {loose:.2}, {tight:.2}", method.name());
        }
    }
}
