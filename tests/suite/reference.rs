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

#[test]
fn the_error_falls_with_the_tolerance() {
    let references = references();
    let cases: [(&str, &[&str]); 3] = [
        ("lotka_volterra", &["tsit5", "dop853"]),
        ("pleiades", &["tsit5", "dop853"]),
        ("hires", &["bdf", "tr_bdf2", "esdirk34"]),
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
