//! Orders, dense output, failures and switching, on problems with closed forms.

use super::*;

pub struct Ode<F: Fn(f64, &[f64], &mut [f64]), J: Fn(f64, &[f64], &mut [f64])> {
    pub f: F,
    pub j: J,
    pub pattern: Pattern,
}

impl<F: Fn(f64, &[f64], &mut [f64]), J: Fn(f64, &[f64], &mut [f64])> Problem for Ode<F, J> {
    fn dimension(&self) -> usize {
        self.pattern.dimension
    }
    fn rhs(&self, t: f64, u: &[f64], du: &mut [f64]) {
        (self.f)(t, u, du);
    }
    fn pattern(&self) -> &Pattern {
        &self.pattern
    }
    fn jacobian(&self, t: f64, u: &[f64], values: &mut [f64]) {
        (self.j)(t, u, values);
    }
}

pub fn ode<F: Fn(f64, &[f64], &mut [f64]), J: Fn(f64, &[f64], &mut [f64])>(
    n: usize,
    f: F,
    j: J,
) -> Ode<F, J> {
    Ode { f, j, pattern: Pattern::dense(n) }
}

/// u'' = -u as a system: circles.
fn oscillator() -> impl Problem {
    ode(
        2,
        |_, u, du| {
            du[0] = u[1];
            du[1] = -u[0];
        },
        |_, _, v| v.copy_from_slice(&[0.0, -1.0, 1.0, 0.0]),
    )
}

fn robertson() -> impl Problem {
    ode(
        3,
        |_, u, du| {
            du[0] = -0.04 * u[0] + 1e4 * u[1] * u[2];
            du[2] = 3e7 * u[1] * u[1];
            du[1] = -du[0] - du[2];
        },
        |_, u, v| {
            let (a, b, c) = (1e4 * u[2], 1e4 * u[1], 6e7 * u[1]);
            v.copy_from_slice(&[-0.04, 0.04, 0.0, a, -a - c, c, b, -b, 0.0]);
        },
    )
}

pub fn run(
    p: &dyn Problem,
    u0: &[f64],
    times: (f64, &[f64], f64),
    o: &Options,
) -> Result<(Vec<(f64, Vec<f64>)>, Statistics), Failure> {
    let mut rows = Vec::new();
    let s = integrate(p, u0, times, o, &mut |t, u| rows.push((t, u.to_vec())), &|_| false)?;
    Ok((rows, s))
}

fn error_at(method: Method, rtol: f64, t: f64) -> f64 {
    let o = Options { method, rtol, atol: vec![rtol * 1e-2], ..Options::default() };
    let (rows, _) = run(&oscillator(), &[1.0, 0.0], (0.0, &[t], 10.0), &o).unwrap();
    (rows[0].1[0] - t.cos()).abs().max((rows[0].1[1] + t.sin()).abs())
}

#[test]
fn the_error_falls_with_the_tolerance() {
    for method in [Method::Tsit5, Method::Dop853, Method::Bdf] {
        for t in [10.0, 7.3] {
            let (coarse, fine) = (error_at(method, 1e-4, t), error_at(method, 1e-8, t));
            assert!(coarse < 5e-2 && fine < 5e-6, "{method} at {t}: {coarse:e} {fine:e}");
            assert!(fine < coarse / 100.0, "{method} at {t}: {coarse:e} {fine:e}");
        }
    }
    assert!(error_at(Method::Dop853, 1e-13, 10.0) < 1e-11);
    assert!(error_at(Method::Dop853, 1e-13, 3.7) < 1e-11);
}

#[test]
fn a_halved_step_divides_the_error_by_two_to_the_order() {
    for (method, tableau, order) in
        [(Method::Tsit5, &tableau::TSIT5, 5.0), (Method::Dop853, &tableau::DOP853, 8.0)]
    {
        // Loose tolerances let the first step stand: one step of size h.
        let step = |h: f64| {
            let o = Options {
                method,
                rtol: 1e9,
                atol: vec![1e9],
                initial_step: Some(h),
                ..Options::default()
            };
            let (rows, s) = run(&oscillator(), &[1.0, 0.0], (0.0, &[h], h), &o).unwrap();
            assert_eq!(s.steps, 1);
            (rows[0].1[0] - h.cos()).hypot(rows[0].1[1] + h.sin())
        };
        let measured = (step(0.8) / step(0.4)).log2();
        // The leading term of this problem may vanish: the order is a lower bound.
        assert!(measured > order + 0.5, "{method}: local order {measured}");
        assert_eq!(f64::from(tableau.order), order);
    }
}

#[test]
fn blow_up_is_reported_with_time_and_state() {
    let p = ode(
        2,
        |_, u, du| {
            du[0] = 1.0;
            du[1] = u[1] * u[1];
        },
        |_, u, v| v.copy_from_slice(&[0.0, 0.0, 0.0, 2.0 * u[1]]),
    );
    for method in [Method::Auto, Method::Tsit5, Method::Dop853, Method::Bdf] {
        let o = Options { method, ..Options::default() };
        let failure = run(&p, &[0.0, 1.0], (0.0, &[], 2.0), &o).unwrap_err();
        assert!((failure.time - 1.0).abs() < 1e-3, "{method}: {failure}");
        assert_eq!(failure.component, Some(1), "{method}: {failure}");
    }
}

#[test]
fn a_derivative_without_a_value_is_reported() {
    let p = ode(
        2,
        |_, u, du| {
            du[0] = 1.0;
            du[1] = (1.0 - u[0]).ln();
        },
        |_, u, v| v.copy_from_slice(&[0.0, -1.0 / (1.0 - u[0]), 0.0, 0.0]),
    );
    for method in [Method::Auto, Method::Dop853] {
        let o = Options { method, ..Options::default() };
        let failure = run(&p, &[0.0, 0.0], (0.0, &[], 2.0), &o).unwrap_err();
        assert_eq!(
            (failure.cause.clone(), failure.component),
            (Cause::NonFinite, Some(1)),
            "{failure}"
        );
        assert!(failure.time <= 1.0 && failure.time > 0.9, "{failure}");
    }
}

#[test]
fn the_step_limit_holds() {
    let o = Options { method: Method::Tsit5, max_steps: 5, ..Options::default() };
    let failure = run(&oscillator(), &[1.0, 0.0], (0.0, &[], 1e3), &o).unwrap_err();
    assert_eq!(failure.cause, Cause::StepLimit(5));
}

#[test]
fn auto_switches_on_stiffness() {
    // End values at t = 40 and 1e11: Test Set for IVP Solvers (Bari) and own Radau runs.
    let o = Options { rtol: 1e-8, atol: vec![1e-14], ..Options::default() };
    let (rows, s) = run(&robertson(), &[1.0, 0.0, 0.0], (0.0, &[0.4, 1e11], 1e11), &o).unwrap();
    assert!(s.switched_at.is_some_and(|t| t < 1.0), "{s:?}");
    assert!((rows[0].1[0] / 0.985172113860987 - 1.0).abs() < 1e-6);
    assert!((rows[1].1[0] / 0.2083340149701255e-7 - 1.0).abs() < 1e-3, "{rows:?}");
}

#[test]
fn time_may_run_backward() {
    let o = Options { method: Method::Tsit5, rtol: 1e-9, ..Options::default() };
    let (rows, _) = run(&oscillator(), &[1.0, 0.0], (0.0, &[-1.0, -2.0], -2.0), &o).unwrap();
    assert!((rows[1].1[0] - 2.0_f64.cos()).abs() < 1e-7);
}
