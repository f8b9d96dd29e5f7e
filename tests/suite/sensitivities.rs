//! Forward sensitivities against closed forms, published values and finite differences.

use std::path::Path;

use isoterm::kernel::Scratch;
use isoterm::model::{System, Times};
use isoterm::numeric::integrate::Method;
use isoterm::session::models;
use isoterm::study::sensitivity::{Sensitivities, extend, tolerances};
use isoterm::study::{Compilation, Compiled, Error, Settings, Solution};
use isoterm::text::{Limits, Source};

use crate::reference::model;

pub fn read(text: &str) -> System {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/model");
    let found = models(Source::new("text", text), &folder, &Limits::default());
    found.unwrap_or_else(|e| panic!("{e}")).remove(0)
}

pub fn compile(system: &System) -> Compiled {
    Compiled::new(system, &Compilation::default(), &mut |_| {}).unwrap_or_else(|e| panic!("{e}"))
}

fn augmented(system: &System, of: &[&str]) -> Sensitivities {
    let of: Vec<String> = of.iter().map(|&name| name.to_owned()).collect();
    extend(system, &of).unwrap_or_else(|e| panic!("{e}"))
}

fn tight(system: &System) -> Settings {
    let mut settings = Settings::of(system).expect("a plan");
    settings.integration.rtol = 1e-12;
    settings.integration.atol = vec![1e-14];
    settings
}

fn solve(system: &System, compiled: &Compiled, settings: &Settings) -> Solution {
    compiled.run(system, settings, &|_| false).unwrap_or_else(|e| panic!("{e}"))
}

/// The solution and its sensitivities at the end of the plan, by column name.
fn end(system: &System, of: &[&str]) -> impl Fn(&str) -> f64 {
    let s = augmented(system, of);
    let compiled = compile(&s.system);
    let mut settings = tight(&s.system);
    settings.integration.atol = tolerances(&s.directions, &compiled, &settings.integration.atol);
    let solution = solve(&s.system, &compiled, &settings);
    let columns = Solution::columns(&s.system);
    move |name| {
        let place = columns.iter().position(|c| c == name);
        let place = place.unwrap_or_else(|| panic!("no column `{name}` in {columns:?}"));
        solution.rows.last().expect("a row")[place]
    }
}

fn assert_close(name: &str, value: f64, expected: f64, tolerance: f64) {
    let size = expected.abs().max(1e-3);
    assert!((value - expected).abs() <= tolerance * size, "{name}: {value} is not {expected}");
}

/// Compares every sensitivity of states and observables with central differences of order four.
/// Returns the largest relative difference.
fn against_differences(text: &str, of: &[&str]) -> f64 {
    let system = read(text);
    let s = augmented(&system, of);
    let compiled = compile(&s.system);
    let mut settings = tight(&s.system);
    settings.integration.atol = tolerances(&s.directions, &compiled, &settings.integration.atol);
    let solution = solve(&s.system, &compiled, &settings);
    let sensitivities = solution.rows.last().expect("a row");
    let mut plain = compile(&system);
    let settings = tight(&system);
    let base = solve(&system, &plain, &settings);
    let width = base.rows[0].len();
    let (states, all) = (system.dimension(), s.system.dimension());
    let observed = width - states;
    let (mut worst, mut compared) = (0.0_f64, 0);
    let mut before = 1;
    for direction in &s.directions {
        let bare = direction.name.trim_end_matches("(0)");
        let variables = system.parameters.iter().map(|v| (v, false));
        let variables = variables.chain(system.unknowns.iter().map(|v| (v, true)));
        let elements: Vec<(String, f64)> = variables
            .flat_map(|(v, state)| {
                let values = if state { plain.initial() } else { plain.parameters() };
                let values = values[v.offset..v.offset + v.len()].to_vec();
                let chosen = v.name == bare;
                let elements = v.element_names().into_iter().zip(values);
                elements.filter(move |(n, _)| chosen || n == bare).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(elements.len(), direction.len(), "{}", direction.name);
        for (k, (element, value)) in elements.iter().enumerate() {
            let h = 1e-3 * if *value == 0.0 { 1.0 } else { value.abs() };
            let mut shifted = |by: f64| {
                plain.set(&system, &[(element.clone(), value + by)]).expect("a known name");
                solve(&system, &plain, &settings).rows.pop().expect("a row")
            };
            let [a, b, c, d] = [-2.0 * h, -h, h, 2.0 * h].map(&mut shifted);
            for j in 0..width {
                let difference = (8.0 * (c[j] - b[j]) - (d[j] - a[j])) / (12.0 * h);
                let place = if j < states {
                    states * before + j * direction.len() + k
                } else {
                    all + observed * before + (j - states) * direction.len() + k
                };
                let error = (sensitivities[place] - difference).abs() / difference.abs().max(1e-2);
                let column = &Solution::columns(&s.system)[place];
                assert!(
                    error < 2e-6,
                    "{column} by {element}: {} is not {difference}",
                    sensitivities[place]
                );
                worst = worst.max(error);
                compared += 1;
            }
        }
        before += direction.len();
        plain.set(&system, &[]).expect("the model's own values");
    }
    assert!(compared > 0);
    println!("{}: {compared} sensitivities agree to {worst:.1e}", system.name);
    worst
}

/// A family without reductions; parameters and initial values that depend on others.
const BRUSSELATOR: &str = "ode brusselator
   size N = 4
   parameter a = 1, b = 3, alpha = 0.02, diffusion = alpha*(N + 1)^2
   state u[i] = a + sin(2*pi*i/(N + 1))/2, v[i] = b for i in 1..N
   u[i]' = a + u[i]^2*v[i] - (b + 1)*u[i] + diffusion*(if(i == 1, a, u[i-1]) - 2*u[i] + if(i == N, a, u[i+1])) for i in 1..N
   v[i]' = b*u[i] - u[i]^2*v[i] + diffusion*(if(i == 1, b, v[i-1]) - 2*v[i] + if(i == N, b, v[i+1])) for i in 1..N
   observe mean = sum(u[j] for j in 1..N)/N
   observe flux[i] = diffusion*(u[i+1] - u[i]) for i in 1..N-1
   simulate t = 0..3, points = 2
 end";

/// Arrays of parameters that depend on arrays, a matrix, reductions, periodic neighbours.
const COUPLED: &str = "ode coupled
   size N = 3
   parameter k[i] = 1 + i/10 for i in 1..N
   parameter w[i] = 2*k[i] + k[1]^2 for i in 1..N
   parameter m[i,j] = 1/(i + 2*j) for i in 1..N, j in 1..N
   state x[i] = 1 + w[i]/5 for i in 1..N periodic
   x[i]' = -k[i]*x[i] + sum(m[i,j]*sin(w[j]*x[j]) for j in 1..N) + x[i+1]/4 for i in 1..N
   observe energy = sum(k[j]*x[j]^2 for j in 1..N)
   simulate t = 0..1.5, points = 2
 end";

const COUPLED_BY: [&str; 8] = ["k", "w", "k[2]", "w[3]", "m", "m[2,3]", "x", "x[1](0)"];

#[test]
fn decay_logistic_and_oscillator_agree_with_closed_forms() {
    let decay = read(
        "ode decay
           parameter k = 0.7, a = 2
           state x = a
           x' = -k*x
           observe square = x^2
           simulate t = 0..3, points = 2
         end",
    );
    let at = end(&decay, &["k", "x(0)", "a"]);
    let (k, a, t) = (0.7_f64, 2.0, 3.0);
    let e = (-k * t).exp();
    for (name, expected) in [
        ("x", a * e),
        ("d(x)/d(k)", -t * a * e),
        ("d(x)/d(x(0))", e),
        ("d(x)/d(a)", e),
        ("d(square)/d(k)", -2.0 * t * a * a * e * e),
        ("d(square)/d(x(0))", 2.0 * a * e * e),
    ] {
        assert_close(name, at(name), expected, 1e-10);
    }

    let logistic = read(
        "ode logistic
           parameter r = 1.3, capacity = 5
           state x = 0.5
           x' = r*x*(1 - x/capacity)
           simulate t = 0..2, points = 2
         end",
    );
    let at = end(&logistic, &["r", "capacity", "x"]);
    let (r, n, x0, t) = (1.3_f64, 5.0, 0.5, 2.0);
    let (c, e) = ((n - x0) / x0, (-r * t).exp());
    let below = 1.0 + c * e;
    for (name, expected) in [
        ("x", n / below),
        ("d(x)/d(r)", n * c * t * e / (below * below)),
        ("d(x)/d(capacity)", 1.0 / below - n * e / (below * below * x0)),
        ("d(x)/d(x(0))", n * n * e / (below * below * x0 * x0)),
    ] {
        assert_close(name, at(name), expected, 1e-10);
    }

    let oscillator = read(
        "ode oscillator
           parameter w = 2
           state x = 1, v = 0.3
           x' = v
           v' = -w^2*x
           simulate t = 0..5, points = 2
         end",
    );
    let at = end(&oscillator, &["w", "x", "v(0)"]);
    let (w, x0, v0, t) = (2.0_f64, 1.0, 0.3, 5.0);
    let (s, c) = (w * t).sin_cos();
    for (name, expected) in [
        ("d(x)/d(w)", -x0 * t * s - v0 / (w * w) * s + v0 * t / w * c),
        ("d(v)/d(w)", -x0 * s - x0 * w * t * c - v0 * t * s),
        ("d(x)/d(x(0))", c),
        ("d(v)/d(x(0))", -w * s),
        ("d(x)/d(v(0))", s / w),
        ("d(v)/d(v(0))", c),
    ] {
        assert_close(name, at(name), expected, 1e-10);
    }
}

#[test]
fn robertson_agrees_with_the_published_sensitivities() {
    let system = model("robertson");
    let s = augmented(&system, &["k1", "k2", "k3"]);
    let compiled = compile(&s.system);
    let mut settings = Settings::of(&s.system).expect("a plan");
    let lines = include_str!("../data/robertson_sensitivities.txt").lines();
    let rows: Vec<Vec<&str>> = lines
        .filter(|l| !l.starts_with('#') && !l.is_empty())
        .map(|l| l.split_whitespace().collect())
        .collect();
    assert_eq!(rows.len(), 28);
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let mut times = vec![0.0];
    for row in &rows {
        let time = number(row[0]);
        if times.last() != Some(&time) {
            times.push(time);
        }
    }
    settings.to = number("4e5");
    settings.times = Times::At(times);
    settings.integration.method = Method::Bdf;
    settings.integration.rtol = 1e-8;
    settings.integration.atol = tolerances(&s.directions, &compiled, &[1e-14]);
    let solution = solve(&s.system, &compiled, &settings);
    println!("robertson, three parameters: {:?}", solution.statistics);
    let columns = Solution::columns(&s.system);
    let mut worst = 0.0_f64;
    for row in &rows {
        let at = solution.times.iter().position(|&t| t == number(row[0])).expect("a time");
        for (state, expected) in ["A", "B", "C"].iter().zip(&row[2..]) {
            let name = match row[1] {
                "u" => (*state).to_owned(),
                by => format!("d({state})/d({by})"),
            };
            let place = columns.iter().position(|c| *c == name).expect("a column");
            let (value, expected) = (solution.rows[at][place], number(expected));
            let error = ((value - expected) / expected).abs();
            worst = worst.max(error);
            // The published run has a relative tolerance of 1e-4.
            assert!(error < 1e-3, "{name} at {}: {value} is not {expected}", row[0]);
        }
    }
    println!("robertson agrees to {worst:.1e}");
}

#[test]
fn lotka_volterra_agrees_with_finite_differences() {
    against_differences(
        "ode lotka_volterra
           parameter a = 1.5, b = 1, c = 3, d = 0.8
           state prey = 1, predator = 1.2
           prey' = a*prey - b*prey*predator
           predator' = d*prey*predator - c*predator
           observe ratio = prey/predator, total = prey + predator
           simulate t = 0..6, points = 2
         end",
        &["a", "b", "c", "d", "prey", "predator(0)"],
    );
}

#[test]
fn stiff_sensitivities_agree_with_finite_differences() {
    against_differences(
        "ode robertson
           parameter k1 = 0.04, k2 = 3e7, k3 = 1e4
           state A = 1, B = 0, C = 0
           A' = -k1*A + k3*B*C
           B' =  k1*A - k3*B*C - k2*B^2
           C' =  k2*B^2
           simulate t = 0..40, points = 2, method = bdf
         end",
        &["k1", "A"],
    );
}

#[test]
fn families_reductions_and_arrays_agree_with_finite_differences() {
    against_differences(BRUSSELATOR, &["a", "b", "alpha", "diffusion", "u[2]", "v(0)"]);
    against_differences(COUPLED, &COUPLED_BY);
}

#[test]
fn jacobians_of_augmented_families_agree_with_finite_differences() {
    for (text, of) in [(BRUSSELATOR, &["alpha", "u"][..]), (COUPLED, &COUPLED_BY)] {
        let s = augmented(&read(text), of);
        let compiled = compile(&s.system);
        let interpreter = Compilation { backend: "interpreter".to_owned(), ..Default::default() };
        let interpreted = Compiled::new(&s.system, &interpreter, &mut |_| {}).expect("kernels");
        let n = s.system.dimension();
        let states: Vec<f64> = (0..n).map(|k| 0.5 + (k as f64 * 0.37).fract()).collect();
        let mut scratch = Scratch::new();
        let rates = |states: &[f64], compiled: &Compiled, scratch: &mut Scratch| {
            let mut rates = vec![0.0; n];
            compiled.rates(0.0, states, &mut rates, scratch);
            rates
        };
        let ours = rates(&states, &compiled, &mut scratch);
        let theirs = rates(&states, &interpreted, &mut Scratch::new());
        assert!(ours.iter().zip(&theirs).all(|(a, b)| a.to_bits() == b.to_bits()));

        let pattern = compiled.pattern();
        let mut entries = vec![0.0; pattern.entries()];
        compiled.jacobian(0.0, &states, &mut entries, &mut Vec::new(), &mut scratch);
        let mut matrix = vec![0.0; n * n];
        pattern.for_each(|entry, row, column| matrix[column * n + row] = entries[entry]);
        let h = 1e-5;
        for column in 0..n {
            let mut shifted = |by: f64| {
                let mut states = states.clone();
                states[column] += by;
                rates(&states, &compiled, &mut scratch)
            };
            let (below, above) = (shifted(-h), shifted(h));
            for row in 0..n {
                let difference = (above[row] - below[row]) / (2.0 * h);
                let value = matrix[column * n + row];
                let error = (value - difference).abs() / difference.abs().max(1.0);
                assert!(error < 1e-7, "row {row}, column {column}: {value} is not {difference}");
            }
        }
    }
}

#[test]
fn large_stiff_families_agree_with_finite_differences() {
    let sparse = BRUSSELATOR.replace("N = 4", "N = 12").replace("0..3", "0..0.5, method = bdf");
    against_differences(&sparse, &["b", "alpha"]);
}

#[test]
fn dependent_parameters_and_initial_values_follow() {
    against_differences(
        "ode chain
           parameter k1 = 0.8, k2 = 2*k1, k3 = k2^2 + k1, free = 1.1
           state A = k3, B = A/2 + free, C = B*A
           A' = -k1*A + free*B
           B' = k2*A - k3*B
           C' = sin(t)*A - C/(1 + k3)
           observe D = A*k2
           simulate t = 0..2, points = 2
         end",
        &["k1", "k2", "k3", "free", "A", "B(0)"],
    );
}

#[test]
fn tables_are_differentiated() {
    against_differences(
        "ode driven
           forcing(t) = table(\"forcing.csv\")
           parameter gain = 0.9, rate = 0.4
           state x = 0.3
           x' = gain*forcing(t*rate) - rate*x
           simulate t = 0..1.2, points = 2
         end",
        &["gain", "rate", "x"],
    );
}

#[test]
fn nothing_is_written_out_by_element() {
    let sizes = [20, 2000].map(|n| {
        let system = read(&format!(
            "ode line
               size N = {n}
               parameter k = 2, d[i] = i for i in 1..N
               state x[i] = 1 for i in 1..N periodic
               x[i]' = k*(x[i-1] - x[i]^2) + sum(x[j]*k for j in 1..N) - d[i]*x[i] for i in 1..N
               simulate t = 0..1
             end"
        ));
        let s = augmented(&system, &["k", "d[3]", "x[2]"]);
        assert_eq!(s.system.dimension(), 4 * n);
        (s.system.graph.len(), s.system.equations.len(), s.system.initial.len())
    });
    assert_eq!(sizes[0], sizes[1]);
}

#[test]
fn wrong_names_are_explained() {
    let system = read(
        "ode m
           parameter rate = 1, k[i] = i for i in 1..3
           state x = 1
           x' = -rate*x*k[2]
         end",
    );
    let said = |name: &str| match extend(&system, &[name.to_owned()]) {
        Err(Error::UnknownName(_, nearest)) => nearest,
        Err(e) => panic!("{e}"),
        Ok(_) => panic!("`{name}` was accepted"),
    };
    assert_eq!(said("rat").as_deref(), Some("rate"));
    assert_eq!(said("k[4]").as_deref(), Some("k"));
    assert_eq!(said("rate(0)").as_deref(), Some("rate"));
    assert_eq!(said("quite something else"), None);
    assert_eq!(said(""), None);
    // Both spellings of an initial value are one direction.
    assert_eq!(augmented(&system, &["x", "x(0)", "x"]).directions.len(), 1);

    let large = read(
        "ode large
           size N = 100000
           state x[i] = i for i in 1..N
           x[i]' = -x[i] for i in 1..N
         end",
    );
    assert!(matches!(extend(&large, &["x".to_owned()]), Err(Error::TooLarge(_))));
}

#[test]
fn algebraic_equations_have_sensitivities_too() {
    // x = exp(-k t) and y² = p x, so that ∂y/∂k = -t y/2 and ∂y/∂p = y/(2p).
    let system = read(
        "ode root
           parameter k = 0.5, p = 4
           state x = 1, y = 2
           x' = -k*x
           0 = y^2 - p*x
           simulate t = 0..2, points = 3, rtol = 1e-10, atol = 1e-12
         end",
    );
    let s = augmented(&system, &["k", "p"]);
    assert_eq!(s.system.algebraic.len(), 3);
    let compiled = compile(&s.system);
    let mut settings = Settings::of(&s.system).expect("a plan");
    settings.integration.atol = tolerances(&s.directions, &compiled, &[1e-12]);
    let solution = solve(&s.system, &compiled, &settings);
    let columns = Solution::columns(&s.system);
    let row = solution.rows.last().expect("a row");
    let value = |name: &str| row[columns.iter().position(|c| c == name).expect("a column")];
    let y = 2.0 * (-0.5_f64).exp();
    assert_close("y", value("y"), y, 1e-7);
    assert_close("by k", value("d(y)/d(k)"), -y, 1e-6);
    assert_close("by p", value("d(y)/d(p)"), y / 8.0, 1e-6);
}

#[test]
fn sensitivities_over_events_are_refused() {
    let text = "ode m
           parameter k = 1
           state x = 1
           x' = -k
           when x < 0 { x = 1 }
           simulate t = 0..5
         end";
    let refused = extend(&read(text), &["k".to_owned()]);
    assert!(matches!(refused, Err(Error::JumpingSensitivities)));
}
