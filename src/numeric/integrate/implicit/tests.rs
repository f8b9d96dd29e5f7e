//! Orders, interpolants, exact solutions and culprits of the implicit methods.

use super::super::tests::{ode, run};
use super::super::*;
use super::history::{Coefficients, ORDER};

const METHODS: [Method; 3] = [Method::Bdf, Method::BdfKrylov, Method::Rodas5p];

/// `u' = λ (u - sin t) + cos t`, the Prothero–Robinson problem, whose solution is the sine.
fn prothero(lambda: f64) -> impl Problem {
    ode(
        1,
        move |t, u, du| du[0] = lambda * (u[0] - t.sin()) + t.cos(),
        move |_, _, v| v[0] = lambda,
    )
}

#[test]
fn one_step_of_rodas5p_has_order_five() {
    // u' = u², v' = u v: u = 1/(1 - t) and v = u. Nonlinear, so that all conditions count.
    let problem = ode(
        2,
        |_, u, du| {
            du[0] = u[0] * u[0];
            du[1] = u[0] * u[1];
        },
        |_, u, v| v.copy_from_slice(&[2.0 * u[0], u[1], 0.0, u[0]]),
    );
    let error = |h: f64, at: f64| {
        let o = Options {
            method: Method::Rodas5p,
            rtol: 1e9,
            atol: vec![1e9],
            initial_step: Some(h),
            ..Options::default()
        };
        let (rows, s) = run(&problem, &[1.0, 1.0], (0.0, &[at * h], h), &o).unwrap();
        assert_eq!(s.steps, 1);
        let exact = 1.0 / (1.0 - at * h);
        (rows[0].1[0] - exact).hypot(rows[0].1[1] - exact)
    };
    // Local errors are of order six at the end, of order five between (an interpolant of order
    // four).
    for (at, order) in [(1.0, 6.0), (0.5, 5.0), (0.25, 5.0)] {
        let measured = (error(0.1, at) / error(0.05, at)).log2();
        assert!((measured - order).abs() < 0.6, "at {at}: {measured}");
    }
}

#[test]
fn errors_fall_with_the_tolerance_and_stiffness_does_not_matter() {
    for method in METHODS {
        for lambda in [-1.0, -1e3, -1e7] {
            let error = |rtol: f64| {
                let o = Options { method, rtol, atol: vec![rtol], ..Options::default() };
                let times: Vec<f64> = (1..=40).map(|k| 0.25 * f64::from(k)).collect();
                let (rows, _) = run(&prothero(lambda), &[0.0], (0.0, &times, 10.0), &o).unwrap();
                assert_eq!(rows.len(), times.len());
                rows.iter().map(|(t, u)| (u[0] - t.sin()).abs()).fold(0.0, f64::max)
            };
            for rtol in [1e-4, 1e-6, 1e-9] {
                let error = error(rtol);
                assert!(error < 50.0 * rtol, "{method} {lambda:e} {rtol:e}: {error:e}");
            }
        }
    }
}

#[test]
fn stiff_linear_systems_agree_with_their_exact_solution() {
    // Decay along a chain of 50 states whose rates span nine decades, in a rotated pair at its
    // end; the last state collects everything, so that the sum stays.
    let n = 50;
    let rate = |k: usize| 10f64.powf(6.0 - 9.0 * k as f64 / 48.0);
    let (mut column_starts, mut row_indices) = (vec![0], Vec::new());
    for k in 0..n {
        row_indices.push(k);
        if k + 1 < n {
            row_indices.push(n - 1);
        }
        column_starts.push(row_indices.len());
    }
    let pattern = Pattern { dimension: n, column_starts, row_indices };
    let problem = super::super::tests::Ode {
        f: move |_: f64, u: &[f64], du: &mut [f64]| {
            du[n - 1] = 0.0;
            for k in 0..n - 1 {
                du[k] = -rate(k) * u[k];
                du[n - 1] -= du[k];
            }
        },
        j: move |_: f64, _: &[f64], v: &mut [f64]| {
            for k in 0..n - 1 {
                (v[2 * k], v[2 * k + 1]) = (-rate(k), rate(k));
            }
            v[2 * (n - 1)] = 0.0;
        },
        pattern,
    };
    let mut start = vec![1.0; n];
    start[n - 1] = 0.0;
    for method in METHODS {
        let o = Options { method, rtol: 1e-7, atol: vec![1e-10], ..Options::default() };
        let times = [1e-4, 0.3, 10.0, 100.0];
        let (rows, s) = run(&problem, &start, (0.0, &times, 100.0), &o).unwrap();
        for (t, u) in rows {
            for (k, found) in u[..n - 1].iter().enumerate() {
                let exact = (-rate(k) * t).exp();
                assert!((found - exact).abs() < 3e-6, "{method} at {t}, {k}: {found} {exact}");
            }
            let sum: f64 = u.iter().sum();
            assert!((sum / (n - 1) as f64 - 1.0).abs() < 1e-11, "{method} at {t}: {sum}");
        }
        assert!(s.factorizations > 0 && s.solves >= s.steps && s.fill > 0, "{s:?}");
        assert!(s.steps < 4000, "{method}: {s:?}");
        let krylov = method == Method::BdfKrylov;
        assert_eq!(s.krylov_iterations > 0, krylov, "{s:?}");
        assert_eq!(s.linear, Some(if krylov { "GMRES with ILU(0)" } else { "LU" }));
    }
}

#[test]
fn coefficients_of_equal_steps_are_those_of_the_fixed_formulas() {
    for order in 1..=ORDER {
        let c = Coefficients::new(order, 0.5, &[0.5; ORDER + 1]);
        let harmonic = |q: usize| (1..=q).map(|i| 1.0 / i as f64).sum::<f64>();
        // Λ = Π (1 + x/i).
        let mut product = vec![1.0];
        for i in 1..=order {
            product.push(0.0);
            for j in (1..=i).rev() {
                product[j] += product[j - 1] / i as f64;
            }
        }
        for (found, exact) in c.lambda.iter().zip(&product) {
            assert!((found - exact).abs() < 1e-14, "{order}: {c:?}");
        }
        // The local error of BDF is h^(q+1) u^(q+1) / ((q+1) (1 + … + 1/q)).
        let q = order as f64;
        assert!((c.error * (q + 1.0) * harmonic(order) - 1.0).abs() < 1e-13, "{c:?}");
        assert!((c.higher * (q + 2.0) * harmonic(order + 1) - 1.0).abs() < 1e-13, "{c:?}");
        if order > 1 {
            let factorial: f64 = (1..order).map(|i| i as f64).product();
            assert!((c.lower * harmonic(order - 1) / factorial - 1.0).abs() < 1e-12, "{c:?}");
        }
    }
}

#[test]
fn time_may_run_backward() {
    for method in METHODS {
        let o = Options { method, rtol: 1e-8, atol: vec![1e-10], ..Options::default() };
        let times = [1.0, -1.0, -2.0];
        let (rows, _) = run(&prothero(1e3), &[2f64.sin()], (2.0, &times, -2.0), &o).unwrap();
        for (t, u) in rows {
            assert!((u[0] - t.sin()).abs() < 1e-7, "{method}: {t} {}", u[0]);
        }
    }
}

#[test]
fn failures_name_the_state() {
    // u₁ is fine; u₀ grows without bounds at t = 1.
    let grows = ode(
        2,
        |_, u, du| (du[0], du[1]) = (u[0] * u[0], -u[1]),
        |_, u, v| v.copy_from_slice(&[2.0 * u[0], 0.0, 0.0, -1.0]),
    );
    // A Jacobian that is not finite once the rates are still: its row has no pivot.
    let broken = ode(
        2,
        |_, u, du| (du[0], du[1]) = (-u[0], 0.0),
        |_, _, v| v.copy_from_slice(&[-1.0, 0.0, 0.0, f64::NAN]),
    );
    for method in METHODS {
        let o = Options { method, ..Options::default() };
        let failure = run(&grows, &[1.0, 1.0], (0.0, &[], 2.0), &o).unwrap_err();
        assert!((failure.time - 1.0).abs() < 1e-3, "{method}: {failure}");
        assert_eq!(failure.component, Some(0), "{method}: {failure}");
        let failure = run(&broken, &[1.0, 1.0], (0.0, &[], 2.0), &o).unwrap_err();
        assert_eq!(failure.cause, Cause::Unsolvable, "{method}: {failure}");
        assert_eq!(failure.component, Some(1), "{method}: {failure}");
    }
}

#[test]
fn runs_can_be_stopped_and_limited() {
    for method in METHODS {
        let o = Options { method, max_steps: 5, ..Options::default() };
        let failure = run(&prothero(-10.0), &[0.0], (0.0, &[], 1e3), &o).unwrap_err();
        assert_eq!((failure.cause, failure.work.steps), (Cause::StepLimit(5), 5));
        let o = Options { method, ..Options::default() };
        let problem = prothero(-10.0);
        let range = (0.0, &[][..], 1e3);
        let stopped = integrate(&problem, &[0.0], range, &o, &mut |_, _| {}, &|t| t > 1.0);
        let failure = stopped.unwrap_err();
        assert_eq!(failure.cause, Cause::Interrupted);
        assert!(failure.time > 1.0 && failure.time < 100.0, "{failure}");
    }
}

#[test]
fn two_runs_have_the_same_bits() {
    for method in METHODS {
        let o = Options { method, ..Options::default() };
        let once = || run(&prothero(-50.0), &[0.3], (0.0, &[0.1, 5.0], 9.0), &o).unwrap();
        assert_eq!(once(), once());
    }
}

#[test]
fn algebraic_equations_are_refused_or_left_to_the_library() {
    struct Constrained(Pattern);
    impl Problem for Constrained {
        fn dimension(&self) -> usize {
            2
        }
        fn algebraic(&self) -> &[usize] {
            &[1]
        }
        fn rhs(&self, _t: f64, u: &[f64], du: &mut [f64]) {
            (du[0], du[1]) = (-u[1], u[1] - u[0]);
        }
        fn pattern(&self) -> &Pattern {
            &self.0
        }
        fn jacobian(&self, _t: f64, _u: &[f64], v: &mut [f64]) {
            v.copy_from_slice(&[0.0, -1.0, -1.0, 1.0]);
        }
    }
    let problem = Constrained(Pattern::dense(2));
    let with = |method| {
        let o = Options { method, ..Options::default() };
        run(&problem, &[1.0, 1.0], (0.0, &[1.0], 1.0), &o)
    };
    let (rows, s) = with(Method::Bdf).unwrap();
    assert!((rows[0].1[0] - (-1f64).exp()).abs() < 1e-4 && s.linear.is_none(), "{rows:?} {s:?}");
    for method in [Method::Rodas5p, Method::BdfKrylov] {
        assert!(matches!(with(method).unwrap_err().cause, Cause::Input(_)), "{method}");
    }
}
