//! Steady states against closed forms, their stability, and models that have none.

use isoterm::numeric::steady::Cause;
use isoterm::study::Error;
use isoterm::study::steady::{Options, Stability, Steady, steady};

use crate::sensitivities::{compile, read};

fn search(text: &str, options: &Options) -> Result<(Vec<String>, Steady), Error> {
    let system = read(text);
    let found = steady(&system, &compile(&system), options, &|_| false)?;
    let spectrum = found.spectrum.as_ref();
    println!(
        "{}: {} steps, residual {:.1e}, {:?}",
        system.name,
        found.steps,
        found.residual,
        spectrum.map(|s| (s.stability, s.conserved))
    );
    Ok((system.state_names(), found))
}

/// The steady state, which must have these values; its stability and number of conserved totals.
fn rest(text: &str, expected: &[(&str, f64)]) -> (Stability, usize) {
    rest_within(text, expected, 1e-8)
}

fn rest_within(text: &str, expected: &[(&str, f64)], tolerance: f64) -> (Stability, usize) {
    let (names, found) = search(text, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    for (name, expected) in expected {
        let place = names.iter().position(|n| n == name).expect("a state of this name");
        let value = found.states[place];
        let error = (value - expected).abs() / (1e-3 + expected.abs());
        assert!(error < tolerance, "{name}: {value} is not {expected}");
    }
    let spectrum = found.spectrum.expect("a small system");
    (spectrum.stability, spectrum.conserved)
}

fn refused(text: &str) -> Error {
    match search(text, &Options::default()) {
        Ok((_, found)) => panic!("rest at {:?}", found.states),
        Err(e) => e,
    }
}

use Stability::{Neutral, Stable, Unstable};

#[test]
fn closed_networks_keep_their_totals() {
    // A <-> B: B/A = k/l, A + B = 3.
    let exchange = "ode exchange
        parameter k = 2, l = 0.5
        state A = 2.5, B = 0.5
        A' = -k*A + l*B
        B' = k*A - l*B
      end";
    let (k, l, total) = (2.0, 0.5, 3.0);
    let expected = [("A", total * l / (k + l)), ("B", total * k / (k + l))];
    assert_eq!(rest(exchange, &expected), (Stable, 1));

    // A + B <-> C: k (a - c)(b - c) = l c with totals a = A + C and b = B + C.
    let binding = "ode binding
        parameter k = 1.7, l = 0.3
        state A = 1, B = 0.6, C = 0.1
        A' = -k*A*B + l*C
        B' = -k*A*B + l*C
        C' = k*A*B - l*C
      end";
    let (k, l, a, b) = (1.7_f64, 0.3, 1.1, 0.7);
    let p = a + b + l / k;
    let c = (p - (p * p - 4.0 * a * b).sqrt()) / 2.0;
    assert_eq!(rest(binding, &[("A", a - c), ("B", b - c), ("C", c)]), (Stable, 2));
}

#[test]
fn stiff_networks_keep_their_totals() {
    // A chain of exchanges whose rates span nine decades: detailed balance gives the ratios.
    let chain = "ode chain
        state A = 1, B = 0, C = 0, D = 0
        A' = -1e6*A + 3e6*B
        B' = 1e6*A - 3e6*B - 0.7*B + 0.2*C
        C' = 0.7*B - 0.2*C - 1e-3*C + 5e-3*D
        D' = 1e-3*C - 5e-3*D
      end";
    let b: f64 = 1.0 / 3.0;
    let c = b * 3.5;
    let d = c / 5.0;
    let total = 1.0 + b + c + d;
    let expected = [("A", 1.0 / total), ("B", b / total), ("C", c / total), ("D", d / total)];
    // The fluxes of the fast exchange are rounded to 4e-11, 1e-8 of what the slow one moves.
    assert_eq!(rest_within(chain, &expected, 1e-7), (Stable, 1));

    // Robertson's reactions end where all is C; the root is a double one in B.
    let robertson = crate::reference::model("robertson");
    let found = steady(&robertson, &compile(&robertson), &Options::default(), &|_| false);
    let found = found.unwrap_or_else(|e| panic!("{e}"));
    println!("robertson: {} steps", found.steps);
    assert!(found.states[0].abs() < 1e-5 && (found.states[2] - 1.0).abs() < 1e-5, "{found:?}");
    let total: f64 = found.states.iter().sum();
    assert!((total - 1.0).abs() < 1e-12, "{found:?}");
}

#[test]
fn enzymes_in_a_closed_loop() {
    // S is converted by Michaelis and Menten and returned at first order: V S/(K + S) = r P.
    let loop_ = "ode michaelis_menten
        parameter V = 1.2, K = 0.4, r = 0.5
        state S = 2, P = 0
        S' = -V*S/(K + S) + r*P
        P' = V*S/(K + S) - r*P
      end";
    let (v, km, r, t) = (1.2_f64, 0.4, 0.5, 2.0);
    // r s² + (v + r K - r t) s - r K t = 0
    let b = v + r * km - r * t;
    let s = (-b + (b * b + 4.0 * r * r * km * t).sqrt()) / (2.0 * r);
    assert_eq!(rest(loop_, &[("S", s), ("P", t - s)]), (Stable, 1));

    // E + S <-> ES -> E + P: in the end all is product, the enzyme is free again.
    let enzyme = "ode enzyme
        parameter on = 5, off = 1, cat = 2
        state E = 0.2, S = 1, ES = 0, P = 0.1
        E' = -on*E*S + (off + cat)*ES
        S' = -on*E*S + off*ES
        ES' = on*E*S - (off + cat)*ES
        P' = cat*ES
      end";
    let expected = [("E", 0.2), ("S", 0.0), ("ES", 0.0), ("P", 1.1)];
    assert_eq!(rest(enzyme, &expected), (Stable, 2));
}

#[test]
fn fixed_points_and_their_stability() {
    let brusselator = |a: f64, b: f64, x: f64, y: f64| {
        format!(
            "ode brusselator
               parameter a = {a}, b = {b}
               state x = {x}, y = {y}
               x' = a + x^2*y - (b + 1)*x
               y' = b*x - x^2*y
             end"
        )
    };
    assert_eq!(rest(&brusselator(1.0, 1.7, 0.5, 3.0), &[("x", 1.0), ("y", 1.7)]), (Stable, 0));
    assert_eq!(rest(&brusselator(1.3, 0.4, 4.0, 0.1), &[("x", 1.3), ("y", 0.4 / 1.3)]).0, Stable);
    // Beyond b = 1 + a² the point repels; a search from elsewhere may end there or give up.
    assert_eq!(rest(&brusselator(1.0, 3.0, 1.0, 3.0), &[("x", 1.0), ("y", 3.0)]).0, Unstable);
    match search(&brusselator(1.0, 3.0, 0.5, 2.0), &Options::default()) {
        Ok((_, found)) => {
            assert_eq!(found.spectrum.expect("a small system").stability, Unstable);
            assert!((found.states[0] - 1.0).abs() < 1e-8);
        }
        Err(Error::Unsteady { failure, .. }) => assert_eq!(failure.cause, Cause::StepLimit),
        Err(e) => panic!("{e}"),
    }

    let predator = "ode lotka_volterra
        parameter growth = 1.5, death = 3
        state prey = 2, predator = 1
        prey' = growth*prey - prey*predator
        predator' = prey*predator - death*predator
      end";
    assert_eq!(rest(predator, &[("prey", 3.0), ("predator", 1.5)]).0, Neutral);

    // Almost at the point that repels, the search follows the flow away from it.
    for (start, expected) in [(1e-6, 5.0), (0.1, 5.0), (60.0, 5.0), (0.0, 0.0)] {
        let logistic = format!("ode logistic\n state x = {start}\n x' = 1.3*x*(1 - x/5)\nend");
        let stability = rest(&logistic, &[("x", expected)]).0;
        assert_eq!(stability, if start == 0.0 { Unstable } else { Stable }, "from {start}");
    }
}

#[test]
fn a_bistable_switch_from_both_sides() {
    for (start, expected) in [(0.3, 0.0), (0.49, 0.0), (0.51, 2.0), (1.2, 2.0), (9.0, 2.0)] {
        let switch = format!("ode switch\n state x = {start}\n x' = -x*(x - 0.5)*(x - 2)\nend");
        assert_eq!(rest(&switch, &[("x", expected)]).0, Stable, "from {start}");
    }
    // Two genes that repress each other (Gardner, Cantor and Collins 2000), u = a/(1 + v²) and
    // back: apart from u = v, u v = 1 and u + v = a solve both.
    for (u, v, sign) in [(2.0, 1.0, 1.0), (1.0, 2.0, -1.0)] {
        let toggle = format!(
            "ode toggle
               parameter a = 4
               state u = {u}, v = {v}
               u' = a/(1 + v^2) - u
               v' = a/(1 + u^2) - v
             end"
        );
        let high = 2.0 + sign * 3.0_f64.sqrt();
        assert_eq!(rest(&toggle, &[("u", high), ("v", 1.0 / high)]).0, Stable);
    }
}

#[test]
fn large_sparse_systems() {
    // The Brusselator on a line with its ends held at the fixed point is at rest there.
    let line = |n: usize| {
        format!(
            "ode brusselator_1d
               size N = {n}
               parameter a = 1, b = 1.5, d = (N + 1)^2/50
               state u[i] = a + sin(2*pi*i/(N + 1))/2, v[i] = b for i in 1..N
               u[i]' = a + u[i]^2*v[i] - (b + 1)*u[i] + d*(if(i == 1, a, u[i-1]) - 2*u[i] + if(i == N, a, u[i+1])) for i in 1..N
               v[i]' = b*u[i] - u[i]^2*v[i] + d*(if(i == 1, b/a, v[i-1]) - 2*v[i] + if(i == N, b/a, v[i+1])) for i in 1..N
             end"
        )
    };
    let expected = [("u[1]", 1.0), ("u[30]", 1.0), ("v[30]", 1.5), ("v[60]", 1.5)];
    assert_eq!(rest(&line(60), &expected), (Stable, 0));
    let (_, found) = search(&line(2000), &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    assert!(found.spectrum.is_none(), "too large for eigenvalues");
    let (u, v) = found.states.split_at(2000);
    assert!(u.iter().all(|u| (u - 1.0).abs() < 1e-8) && v.iter().all(|v| (v - 1.5).abs() < 1e-8));

    // Diffusion on a ring keeps the mean, and has no other state of rest than that; with and
    // without the dense matrices that restore it.
    let ring = |n: usize| {
        format!(
            "ode ring
               size N = {n}
               state x[i] = if(i <= 30, N/30, 0) for i in 1..N periodic
               x[i]' = 40*(x[i-1] - 2*x[i] + x[i+1]) for i in 1..N
             end"
        )
    };
    let expected = [("x[1]", 1.0), ("x[75]", 1.0), ("x[150]", 1.0)];
    assert_eq!(rest(&ring(150), &expected), (Stable, 1));
    let (_, found) = search(&ring(600), &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    assert!(found.spectrum.is_none() && found.states.iter().all(|x| (x - 1.0).abs() < 1e-8));
}

#[test]
fn what_does_not_come_to_rest_says_so() {
    let said = |e: Error| e.to_string();
    let constant = refused("ode constant\n state calm = 1, x = 0\n calm' = 1 - calm\n x' = 1\nend");
    assert!(matches!(constant, Error::Unsteady { .. }), "{constant}");
    assert!(said(constant).contains("`x`"));

    let alone = said(refused("ode alone\n state x = 0\n x' = 1\nend"));
    assert!(alone.contains("grow beyond all bounds") && alone.contains("`x`"), "{alone}");

    // x' = 1 + x² has no real root.
    let rootless = refused("ode rootless\n state x = 0\n x' = 1 + x^2\nend");
    assert!(matches!(rootless, Error::Unsteady { .. }), "{rootless}");

    let forced = "ode forced\n state x = 0\n x' = sin(t) - x\nend";
    assert!(said(refused(forced)).contains("depend on `t`"));
    let held = Options { time: Some(0.5), ..Options::default() };
    let (_, found) = search(forced, &held).unwrap_or_else(|e| panic!("{e}"));
    assert!((found.states[0] - 0.5_f64.sin()).abs() < 1e-9);
    assert_eq!(found.held_at, Some(0.5));

    let undefined = refused("ode undefined\n state x = -1\n x' = 1 - log(x)\nend");
    assert!(said(undefined).contains("log(x)"));

    let system = read("ode alone\n state x = 0\n x' = 1\nend");
    let stopped = steady(&system, &compile(&system), &Options::default(), &|steps| steps >= 3);
    let stopped = said(stopped.expect_err("it was told to stop"));
    assert!(stopped.contains("interrupted after 3 steps"), "{stopped}");
    let mut negative = Options::default();
    negative.search.rtol = -1.0;
    assert!(steady(&system, &compile(&system), &negative, &|_| false).is_err());
}
