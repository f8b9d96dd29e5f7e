//! Before the first step: whether the question makes sense, and how far to go at first.

use isoterm_stiff::{Cause, Failure, Problem, Work};

use super::Options;

/// Whether the inputs fit together.
///
/// # Errors
/// A [`Failure`] with [`Cause::Input`].
pub fn check(
    problem: &dyn Problem,
    u0: &[f64],
    (start, outputs, end): (f64, &[f64], f64),
    options: &Options,
) -> Result<(), Failure> {
    let ahead = |a: f64, b: f64| if end >= start { a <= b } else { a >= b };
    let o = options;
    let wrong = if problem.dimension() != u0.len() {
        "the initial state has the wrong length"
    } else if u0.iter().any(|x| !x.is_finite()) {
        "an initial value is not finite"
    } else if !(start.is_finite() && end.is_finite()) {
        "the time range is not finite"
    } else if !(o.rtol > 0.0) || o.atol.iter().any(|a| !(*a > 0.0)) {
        "the tolerances must be positive"
    } else if o.atol.len() != 1 && o.atol.len() != u0.len() {
        "the absolute tolerances must be one or one per state"
    } else if !outputs.windows(2).all(|w| ahead(w[0], w[1]))
        || outputs.first().is_some_and(|&t| !ahead(start, t))
        || outputs.last().is_some_and(|&t| !ahead(t, end))
    {
        "the output times must be ordered and lie in the time range"
    } else {
        return Ok(());
    };
    let cause = Cause::Input(wrong);
    Err(Failure { time: start, step: 0.0, component: None, cause, work: Work::default() })
}

/// The size of a first step by the rule of Hairer, Nørsett and Wanner (1993, II.4), from the rates
/// at the start; it takes one evaluation. A step of size `h` is taken to have an error of `h` to the
/// power of `order`.
pub fn first_step(
    problem: &dyn Problem,
    (t, end): (f64, f64),
    u: &[f64],
    rates: &[f64],
    options: &Options,
    order: u32,
) -> f64 {
    let span = (end - t).abs();
    if let Some(h) = options.initial_step {
        return h.min(span);
    }
    let norm = |values: &[f64]| {
        let scaled = values.iter().zip(u).enumerate();
        let sum: f64 = scaled.map(|(i, (v, u))| (v / options.tolerance(i, u.abs())).powi(2)).sum();
        (sum / u.len() as f64).sqrt()
    };
    let (size, speed) = (norm(u), norm(rates));
    let trial =
        if size < 1e-5 || speed < 1e-5 { 1e-6 * span } else { (0.01 * size / speed).min(span) };
    let h = trial.copysign(end - t);
    let ahead: Vec<f64> = u.iter().zip(rates).map(|(u, f)| u + h * f).collect();
    let mut change = vec![0.0; u.len()];
    problem.rhs(t + h, &ahead, &mut change);
    change.iter_mut().zip(rates).for_each(|(change, f)| *change -= f);
    let bend = norm(&change) / trial;
    let most = speed.max(bend);
    let step = if !bend.is_finite() {
        1e-3 * trial
    } else if most <= 1e-15 {
        (1e-3 * trial).max(1e-6 * span)
    } else {
        (100.0 * trial).min((0.01 / most).powf(1.0 / f64::from(order)))
    };
    // What the time can tell apart.
    step.max(64.0 * f64::EPSILON * t.abs()).min(span)
}
