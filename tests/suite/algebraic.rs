//! Algebraic equations beside differential ones, against closed forms, published values, and the
//! same problems in coordinates without algebraic equations.

use std::path::Path;

use isoterm::kernel::Scratch;
use isoterm::model::System;
use isoterm::numeric::integrate::Method;
use isoterm::session::models;
use isoterm::study::{Compilation, Compiled, Error, Settings, Solution};
use isoterm::text::{Limits, Source};

use crate::reference::model;

/// The system of a text.
fn system(text: &str) -> System {
    let source = Source::new("text", text);
    let found = models(source, Path::new("."), &Limits::default());
    found.unwrap_or_else(|e| panic!("{}", e.render(false))).remove(0)
}

fn compiled(system: &System) -> Compiled {
    Compiled::new(system, &Compilation::default(), &mut |_| {}).expect("kernels")
}

fn run(system: &System, method: &str, rtol: f64, atol: f64) -> Result<Solution, Error> {
    let mut settings = Settings::of(system).expect("a plan");
    settings.integration.method = Method::named(method).expect("a method");
    settings.integration.rtol = rtol;
    settings.integration.atol = vec![atol];
    compiled(system).run(system, &settings, &|_| false)
}

fn solve(system: &System, method: &str, rtol: f64, atol: f64) -> Solution {
    run(system, method, rtol, atol).unwrap_or_else(|e| panic!("{}: {e}", system.name))
}

/// The column of a state or an observable.
fn column(system: &System, name: &str) -> usize {
    Solution::columns(system).iter().position(|c| c == name).expect("a column of this name")
}

/// The largest residual of the algebraic equations over all outputs.
fn residual(system: &System, solution: &Solution) -> f64 {
    let (compiled, mut scratch) = (compiled(system), Scratch::default());
    let mut rates = vec![0.0; system.dimension()];
    let rows = solution.times.iter().zip(&solution.rows);
    rows.fold(0.0, |worst: f64, (&t, row)| {
        compiled.rates(t, &row[..system.dimension()], &mut rates, &mut scratch);
        system.algebraic.iter().fold(worst, |worst, &place| worst.max(rates[place].abs()))
    })
}

/// The largest difference of a column from a function of time.
fn error(system: &System, solution: &Solution, name: &str, exact: impl Fn(f64) -> f64) -> f64 {
    let place = column(system, name);
    let rows = solution.times.iter().zip(&solution.rows);
    rows.fold(0.0, |worst: f64, (&t, row)| worst.max((row[place] - exact(t)).abs()))
}

#[test]
fn robertson_with_conservation_reaches_the_published_end_point() {
    let system = model("robertson_dae");
    assert_eq!(system.algebraic, [2]);
    let solution = solve(&system, "auto", 1e-10, 1e-15);
    assert_eq!(solution.statistics.methods, [Method::Bdf]);
    let last = solution.rows.last().expect("an end point");
    // The values of tests/data/ivp.txt, at t = 1e11. The absolute tolerance is 5e-8 of A.
    let published = [0.2083340149701255e-07, 0.8333360770334713e-13, 0.999_999_979_166_505];
    for (k, expected) in published.into_iter().enumerate() {
        let relative = ((last[k] - expected) / expected).abs();
        println!("{relative:e}");
        assert!(relative < 1e-6, "{}: {} instead of {expected}", k, last[k]);
    }
    let residual = residual(&system, &solution);
    assert!(residual < 1e-14, "{residual:e}");
}

#[test]
fn robertson_agrees_with_its_differential_form_on_the_way() {
    let (algebraic, differential) = (model("robertson_dae"), model("robertson"));
    let a = solve(&algebraic, "auto", 1e-9, 1e-15);
    let b = solve(&differential, "auto", 1e-10, 1e-20);
    assert_eq!(a.times, b.times);
    let mut worst = 0.0_f64;
    for (a, b) in a.rows.iter().zip(&b.rows) {
        for k in 0..3 {
            worst = worst.max((a[k] - b[k]).abs() / (1e-9 + b[k].abs()));
        }
    }
    println!("{worst:e}");
    assert!(worst < 1e-6, "{worst:e}");
}

/// The period of a pendulum by the arithmetic-geometric mean (Gauss): `2π √(L/g) / agm(1, cos θ/2)`.
fn period(length: f64, gravity: f64, amplitude: f64) -> f64 {
    let (mut a, mut b) = (1.0, (amplitude / 2.0).cos());
    for _ in 0..10 {
        (a, b) = ((a + b) / 2.0, f64::sqrt(a * b));
    }
    std::f64::consts::TAU * f64::sqrt(length / gravity) / a
}

#[test]
fn the_pendulum_has_the_period_of_the_elliptic_integral() {
    let system = model("pendulum");
    let compiled = compiled(&system);
    let period = period(1.0, 9.81, std::f64::consts::FRAC_PI_3);
    let mut settings = Settings::of(&system).expect("a plan");
    (settings.integration.rtol, settings.integration.atol) = (1e-10, vec![1e-12]);
    settings.to = 3.0 * period;
    settings.times = isoterm::model::Times::Linear(7);
    let solution = compiled.run(&system, &settings, &|_| false).expect("a solution");
    let x = column(&system, "x");
    let start = std::f64::consts::FRAC_PI_3.sin();
    for (half, row) in solution.rows.iter().enumerate() {
        let expected = if half % 2 == 0 { start } else { -start };
        println!("{half}: {:e}", row[x] - expected);
        assert!((row[x] - expected).abs() < 1e-7, "{half}: {} instead of {expected}", row[x]);
    }
}

#[test]
fn the_pendulum_agrees_with_its_angle_and_keeps_length_and_energy() {
    let system = model("pendulum");
    let angle = self::system(
        "ode angle
           state a = pi/3, w = 0
           a' = w
           w' = -9.81*sin(a)
           observe tension = w^2 + 9.81*cos(a)
           simulate t = 0..10, points = 501
         end",
    );
    let exact = solve(&angle, "dop853", 1e-12, 1e-14);
    let solution = solve(&system, "auto", 1e-9, 1e-11);
    assert_eq!(exact.times, solution.times);
    let place = |name| column(&system, name);
    let (x, y, lambda, energy) = (place("x"), place("y"), place("lambda"), place("energy"));
    let mut worst = [0.0_f64; 4];
    for (exact, row) in exact.rows.iter().zip(&solution.rows) {
        let found = [
            row[x] - exact[0].sin(),
            row[lambda] - exact[2],
            row[x].hypot(row[y]) - 1.0,
            row[energy] + 9.81 * 0.5,
        ];
        for (worst, found) in worst.iter_mut().zip(found) {
            *worst = worst.max(found.abs());
        }
    }
    println!("x, lambda, length, energy: {worst:?}");
    assert!(worst[0] < 1e-5 && worst[1] < 1e-4, "{worst:?}");
    assert!(worst[2] < 1e-6 && worst[3] < 1e-5, "{worst:?}");
    let residual = residual(&system, &solution);
    println!("residual {residual:e}");
    assert!(residual < 1e-6, "{residual:e}");
}

/// `x' = -x + sin t` behind an algebraic `y = x + sin t`.
const LINEAR: &str = "ode linear
  state x = 1, y = 0
  x' = y - 2*x
  0 = 3*(y - x - sin(t))
  simulate t = 0..5, points = 41
end";

#[test]
fn the_error_of_a_linear_problem_falls_with_the_tolerance() {
    let system = system(LINEAR);
    let exact = |t: f64| (t.sin() - t.cos()) / 2.0 + 1.5 * (-t).exp();
    for method in ["bdf", "tr_bdf2", "esdirk34"] {
        let errors = |rtol: f64| {
            let solution = solve(&system, method, rtol, rtol * 1e-2);
            let x = error(&system, &solution, "x", exact);
            let y = error(&system, &solution, "y", |t| exact(t) + t.sin());
            (x, y, residual(&system, &solution), solution.statistics.steps)
        };
        let (loose, tight) = (errors(1e-4), errors(1e-8));
        println!("{method}: {loose:?}, {tight:?}");
        for (loose, tight) in [(loose.0, tight.0), (loose.1, tight.1)] {
            assert!(loose < 1e-2 && tight < 1e-5, "{method}: {loose:e}, {tight:e}");
            assert!(loose / tight > 250.0, "{method}: {loose:e}, {tight:e}");
        }
        assert!(tight.2 < 1e-6, "{method}: residual {:e}", tight.2);
    }
}

#[test]
fn a_purely_algebraic_problem_follows_its_root() {
    let system = system(
        "ode root
           state y = 0.5
           0 = y^3 + y - t
           simulate t = 0..20, points = 81
         end",
    );
    let solution = solve(&system, "auto", 1e-8, 1e-10);
    // Cardano.
    let exact = |t: f64| {
        let root = (t * t / 4.0 + 1.0 / 27.0).sqrt();
        (t / 2.0 + root).cbrt() - (root - t / 2.0).cbrt()
    };
    let error = error(&system, &solution, "y", exact);
    println!("{error:e}");
    assert!(error < 1e-7, "{error:e}");
}

/// A field that follows its source at once: `(1 - D Δ) y = x` on a ring; a mode of the ring decays
/// exponentially.
#[test]
fn a_family_of_algebraic_equations_is_solved_sparsely() {
    let system = system(
        "ode screened
           size N = 100
           parameter D = 40
           state x[i] = sin(2*pi*i/N) for i in 1..N periodic
           state y[i] = 0 for i in 1..N periodic
           x[i]' = -y[i] for i in 1..N
           0 = x[i] - y[i] + D*(y[i-1] - 2*y[i] + y[i+1]) for i in 1..N
           simulate t = 0..2, points = 11
         end",
    );
    assert_eq!(system.algebraic, (100..200).collect::<Vec<_>>());
    assert!(system.equations.len() < 10, "{} equations", system.equations.len());
    let wave = std::f64::consts::TAU / 100.0;
    let factor = 1.0 + 40.0 * (2.0 - 2.0 * wave.cos());
    for method in ["bdf", "esdirk34"] {
        let solution = solve(&system, method, 1e-8, 1e-10);
        for i in [1, 25, 70, 100] {
            let x = |t: f64| (wave * f64::from(i)).sin() * (-t / factor).exp();
            let x_error = error(&system, &solution, &format!("x[{i}]"), x);
            let y_error = error(&system, &solution, &format!("y[{i}]"), |t| x(t) / factor);
            println!("{method} {i}: {x_error:e} {y_error:e}");
            assert!(x_error < 1e-6 && y_error < 1e-6, "{method} {i}: {x_error:e} {y_error:e}");
        }
    }
}

/// `x' = -y`, `0 = y³ + y - x` has the first integral `ln y + 3 y²/2 + t`, here in a hundred copies
/// whose unknowns alternate in the state vector.
#[test]
fn a_family_whose_places_are_apart_stays_a_family() {
    let system = system(
        "ode strided
           size N = 100
           state x[i,j] = j for i in 1..N, j in 1..2
           x[i,1]' = -x[i,2] for i in 1..N
           0 = x[i,2]^3 + x[i,2] - x[i,1] for i in 1..N
           simulate t = 0..2, points = 11
         end",
    );
    assert_eq!(system.algebraic, (0..100).map(|k| 2 * k + 1).collect::<Vec<_>>());
    assert_eq!(system.equations.len(), 2);
    let integral = |y: f64| y.ln() + 1.5 * y * y;
    for exact_order in [false, true] {
        let how = Compilation { exact_order, ..Compilation::default() };
        let compiled = Compiled::new(&system, &how, &mut |_| {}).expect("kernels");
        let mut settings = Settings::of(&system).expect("a plan");
        (settings.integration.rtol, settings.integration.atol) = (1e-8, vec![1e-10]);
        let solution = compiled.run(&system, &settings, &|_| false).expect("a solution");
        let start = integral(solution.rows[0][1]);
        for (t, row) in solution.times.iter().zip(&solution.rows) {
            for y in [row[1], row[199]] {
                let error = integral(y) + t - start;
                assert!(error.abs() < 1e-6, "t = {t}: {error:e}");
            }
        }
    }
}

#[test]
fn a_solution_that_ends_is_reported() {
    // y = √(1 - t) until t = 1.
    let system = system(
        "ode fold
           state x = 1, y = 1
           x' = -1
           0 = x - y^2
           simulate t = 0..2
         end",
    );
    for method in ["auto", "tr_bdf2", "esdirk34"] {
        match run(&system, method, 1e-6, 1e-8) {
            Err(Error::Integration { failure, .. }) => {
                assert!((failure.time - 1.0).abs() < 1e-3, "{method}: {}", failure.time);
            }
            Err(other) => panic!("{method}: {other}"),
            Ok(_) => panic!("{method}: a solution beyond the end"),
        }
    }
}

#[test]
fn boundary_values_may_be_algebraic_elements_of_an_array() {
    let system = system(
        "ode heat
           size N = 20
           state x[i] = sin(pi*i/N) + 0.5 for i in 0..N
           x[i]' = N^2*(x[i-1] - 2*x[i] + x[i+1]) for i in 1..N-1
           0 = x[N] - t
           0 = x[0] - t
           simulate t = 0..0.1, points = 6
         end",
    );
    assert_eq!(system.algebraic, [0, 20]);
    let solution = solve(&system, "auto", 1e-8, 1e-10);
    assert_eq!(solution.rows[0][0], 0.0);
    assert_eq!(solution.rows[0][20], 0.0);
    for (t, row) in solution.times.iter().zip(&solution.rows) {
        assert!((row[0] - t).abs() < 1e-9 && (row[20] - t).abs() < 1e-9, "{row:?}");
        let mirrored = (0..=20).fold(0.0, |m: f64, i| m.max((row[i] - row[20 - i]).abs()));
        assert!(mirrored < 1e-9, "{mirrored:e}");
    }
}

#[test]
fn guesses_are_corrected_and_the_others_kept() {
    let pendulum = model("pendulum");
    let mut compiled = compiled(&pendulum);
    let options = Settings::of(&pendulum).expect("a plan").integration;
    let mut states = compiled.initial().to_vec();
    assert_eq!(states[4], 0.0);
    compiled.consistent(&pendulum, 0.0, &mut states, &options).expect("a solution");
    assert_eq!(states[..4], compiled.initial()[..4]);
    // The rod carries the part of the weight along it: g cos(60°) / L.
    assert!((states[4] - 9.81 / 2.0).abs() < 1e-12, "{}", states[4]);
    // A later state, as after an event.
    (states[2], states[3]) = (2.0, 0.0);
    compiled.consistent(&pendulum, 1.5, &mut states, &options).expect("a solution");
    assert!((states[4] - (4.0 + 9.81 / 2.0)).abs() < 1e-12, "{}", states[4]);
    compiled.set(&pendulum, &[("lambda".to_owned(), 1e3), ("g".to_owned(), 2.0)]).expect("known");
    let mut settings = Settings::of(&pendulum).expect("a plan");
    settings.to = 0.1;
    settings.times = isoterm::model::Times::Linear(2);
    let solution = compiled.run(&pendulum, &settings, &|_| false).expect("a solution");
    assert!((solution.rows[0][4] - 1.0).abs() < 1e-12, "{}", solution.rows[0][4]);
}

#[test]
fn problems_without_a_consistent_start_are_refused_by_name() {
    let refused = |equations: &str| {
        let text = format!("ode m\nstate x = 1\n{equations}\nx' = -x\nsimulate t = 0..1\nend");
        run(&system(&text), "auto", 1e-6, 1e-9).expect_err("a refusal").to_string()
    };
    let found = refused("state y = 0.5\n0 = y^2 + x");
    for part in ["no values satisfy", "`0 = y^2 + x` is left with", "(`y`)", "another guess"] {
        assert!(found.contains(part), "{found}");
    }
    // Index 2: z occurs, but only multiplied by zero.
    let found = refused("state z = 1\n0 = (x - 1)*z + x - 1");
    for part in ["do not determine `z`", "(x - 1)*z", "index of the problem is higher than 1"] {
        assert!(found.contains(part), "{found}");
    }
    // Each equation has an unknown, but two of them the same combination.
    let found = refused("state y = 1, z = 2\n0 = y + z - x\n0 = 2*y + 2*z - 2*x");
    for part in ["do not determine", "`y`", "`z`", "singular"] {
        assert!(found.contains(part), "{found}");
    }
    let found = refused("state y = -1\n0 = ln(y) - x");
    for part in ["`0 = ", "log(y)", "has no finite value", "another guess"] {
        assert!(found.contains(part), "{found}");
    }
}

#[test]
fn explicit_methods_are_refused() {
    let system = system(LINEAR);
    for method in ["tsit5", "dop853"] {
        let found = run(&system, method, 1e-6, 1e-9).expect_err("a refusal").to_string();
        assert!(found.contains("explicit") && found.contains("`bdf`"), "{found}");
    }
}
