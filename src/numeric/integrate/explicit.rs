//! Explicit Runge–Kutta with step control, dense output and detection of stiffness.

use isoterm_stiff::{Cause, Failure, Monitor, Problem, Work};

use super::Options;
use super::start::{check, first_step};
use super::tableau::{Dense, Tableau};

/// How a run is controlled.
pub struct Control<'a> {
    /// Tolerances and limits.
    pub options: &'a Options,
    /// Whether to stop when the problem is found to be stiff.
    pub detect: bool,
    /// Told the time before each step; `true` ends the run.
    pub watch: &'a dyn Fn(f64) -> bool,
}

/// How a run ended.
pub enum Outcome {
    /// At the end time, or where the monitor ended the run.
    Ended {
        /// The time reached.
        time: f64,
        /// The state there.
        state: Vec<f64>,
        /// Whether the monitor ended it.
        stopped: bool,
    },
    /// Earlier: stability and not accuracy limits the steps.
    Stiff {
        /// The time reached.
        time: f64,
        /// The state there.
        state: Vec<f64>,
        /// Output times that have been served.
        outputs_served: usize,
    },
}

/// What a run did and how it ended.
pub struct Run {
    /// Steps and evaluations.
    pub work: Work,
    /// How it ended.
    pub outcome: Outcome,
}

/// Step factors: safety, smallest, largest.
const SAFETY: f64 = 0.9;
const SHRINK: f64 = 0.2;
const GROW: f64 = 10.0;

/// Accepted steps between two estimates of the spectral radius of the Jacobian.
const CHECK_EVERY: usize = 20;
/// Estimates in a row at the border of stability that make a problem stiff.
const STIFF_CHECKS: u32 = 2;
/// Power iterations for one estimate, which starts from the last one's vector.
const POWER_ITERATIONS: usize = 8;

struct Solver<'a> {
    problem: &'a dyn Problem,
    tableau: &'static Tableau,
    options: &'a Options,
    n: usize,
    /// Slopes of all stages, one after the other.
    slopes: Vec<f64>,
    u: Vec<f64>,
    next: Vec<f64>,
    work: Work,
}

/// Integrates with an explicit pair; see [`super::integrate`] for the arguments.
pub fn integrate(
    problem: &dyn Problem,
    tableau: &'static Tableau,
    u0: &[f64],
    times: (f64, &[f64], f64),
    control: &Control<'_>,
    sink: &mut dyn FnMut(f64, &[f64]),
    monitor: Option<&mut Monitor<'_>>,
) -> Result<Run, Failure> {
    let n = u0.len();
    let extra = match &tableau.dense {
        Dense::Weights(_) => 0,
        Dense::Extended(nodes, _, _) => nodes.len(),
    };
    let mut solver = Solver {
        problem,
        tableau,
        options: control.options,
        n,
        slopes: vec![0.0; n * (tableau.stages.len() + extra)],
        u: u0.to_vec(),
        next: vec![0.0; n],
        work: Work::default(),
    };
    check(problem, u0, times, control.options)?;
    let outcome = solver.run(times, control, sink, monitor)?;
    Ok(Run { work: solver.work, outcome })
}

impl Solver<'_> {
    fn run(
        &mut self,
        (start, outputs, end): (f64, &[f64], f64),
        control: &Control<'_>,
        sink: &mut dyn FnMut(f64, &[f64]),
        mut monitor: Option<&mut Monitor<'_>>,
    ) -> Result<Outcome, Failure> {
        let (mut t, mut served) = (start, 0);
        while outputs.get(served) == Some(&start) {
            sink(start, &self.u);
            served += 1;
        }
        if start == end || self.n == 0 {
            for &t in &outputs[served..] {
                sink(t, &self.u);
            }
            return Ok(Outcome::Ended { time: end, state: self.u.clone(), stopped: false });
        }
        self.derivative(t, 0);
        if let Some(k) = self.slopes[..self.n].iter().position(|x| !x.is_finite()) {
            return Err(self.failure(t, 0.0, Cause::NonFinite, Some(k)));
        }
        let direction = (end - start).signum();
        let rates = &self.slopes[..self.n];
        let (options, order) = (self.options, self.tableau.order);
        let mut h = first_step(self.problem, (t, end), &self.u, rates, options, order);
        self.work.rhs_evaluations += usize::from(options.initial_step.is_none());
        let (mut previous, mut refused) = (1e-4_f64, false);
        let (mut at_border, mut direction_of_growth) = (0, Vec::new());
        let mut values = vec![0.0; self.n];
        let last = self.tableau.stages.len() - 1;
        let exponent = 1.0 / f64::from(self.tableau.error_order + 1);
        loop {
            if (control.watch)(t) {
                return Err(self.failure(t, h, Cause::Interrupted, None));
            }
            if self.work.steps >= self.options.max_steps {
                let k = self.options.fastest(&self.slopes, &self.u);
                return Err(self.failure(t, h, Cause::StepLimit(self.options.max_steps), k));
            }
            let floor = 16.0 * f64::EPSILON * t.abs().max(f64::MIN_POSITIVE);
            let remaining = (end - t).abs();
            let finishing = h >= remaining * (1.0 - 1e-12);
            let size = if finishing { remaining } else { h.min(remaining) };
            if size < floor && !finishing {
                let bad = self.slopes.iter().position(|x| !x.is_finite()).map(|k| k % self.n);
                return Err(match bad {
                    Some(k) => self.failure(t, h, Cause::NonFinite, Some(k)),
                    None => self.failure(
                        t,
                        h,
                        Cause::StepTooSmall,
                        self.options.fastest(&self.slopes, &self.u),
                    ),
                });
            }
            let step = size * direction;
            let error = self.step(t, step);
            if !(error <= 1.0) {
                self.work.rejected += 1;
                // NaN and infinity say nothing of how far to go back.
                let factor = if error.is_finite() { SAFETY * error.powf(-exponent) } else { 0.1 };
                h = size * factor.clamp(SHRINK, 1.0);
                refused = true;
                continue;
            }
            self.work.steps += 1;
            let now = if finishing { end } else { t + step };
            let due = |o: &&f64| if direction > 0.0 { **o <= now } else { **o >= now };
            if monitor.is_some() || outputs.get(served).filter(due).is_some() {
                self.extend(t, step);
                let mut at = |time: f64, values: &mut [f64]| match time == now {
                    true => values.copy_from_slice(&self.next),
                    false => self.interpolate((time - t) / step, step, values),
                };
                let event = monitor.as_mut().and_then(|monitor| monitor(t, now, &mut at));
                let before = |o: &&f64| {
                    event.is_none_or(|e| if direction > 0.0 { **o < e } else { **o > e })
                };
                while let Some(&o) = outputs.get(served).filter(due).filter(before) {
                    at(o, &mut values);
                    sink(o, &values);
                    served += 1;
                }
                if let Some(time) = event {
                    at(time, &mut values);
                    return Ok(Outcome::Ended { time, state: values, stopped: true });
                }
            }
            if control.detect && self.work.steps.is_multiple_of(CHECK_EVERY) {
                let at = size * self.spectral_radius(now, &mut direction_of_growth);
                at_border = if at > self.tableau.border { at_border + 1 } else { 0 };
            }
            std::mem::swap(&mut self.u, &mut self.next);
            self.slopes.copy_within(last * self.n..(last + 1) * self.n, 0);
            t = now;
            if finishing {
                return Ok(Outcome::Ended { time: end, state: self.u.clone(), stopped: false });
            }
            if at_border >= STIFF_CHECKS {
                return Ok(Outcome::Stiff {
                    time: t,
                    state: self.u.clone(),
                    outputs_served: served,
                });
            }
            // Proportional-integral control (Gustafsson 1991); no growth right after a refusal.
            let error = error.max(1e-10);
            let factor = SAFETY * error.powf(-0.7 * exponent) * previous.powf(0.4 * exponent);
            let most = if refused { 1.0 } else { GROW };
            h = size * factor.clamp(SHRINK, most);
            (previous, refused) = (error, false);
        }
    }

    /// The slope of stage `s` at the state in `u`.
    fn derivative(&mut self, t: f64, s: usize) {
        let range = s * self.n..(s + 1) * self.n;
        self.problem.rhs(t, &self.u, &mut self.slopes[range]);
        self.work.rhs_evaluations += 1;
    }

    /// Computes all stages and the new state; the error in units of the tolerance.
    fn step(&mut self, t: f64, h: f64) -> f64 {
        let n = self.n;
        let stages = self.tableau.stages.len();
        for s in 1..stages {
            combine(&mut self.next, &self.u, h, self.tableau.stages[s], &self.slopes);
            let (_, rest) = self.slopes.split_at_mut(s * n);
            self.problem.rhs(t + self.tableau.nodes[s] * h, &self.next, &mut rest[..n]);
        }
        self.work.rhs_evaluations += stages - 1;
        self.error(h)
    }

    /// Root mean square of the error estimate in units of the tolerance.
    fn error(&self, h: f64) -> f64 {
        let (mut high, mut low) = (0.0, 0.0);
        for i in 0..self.n {
            let weighted = |weights: &[f64]| -> f64 {
                weights.iter().enumerate().map(|(s, w)| w * self.slopes[s * self.n + i]).sum()
            };
            let scale = self.options.tolerance(i, self.u[i].abs().max(self.next[i].abs()));
            high += (weighted(self.tableau.error) / scale).powi(2);
            if let Some(weights) = self.tableau.error_low {
                low += (weighted(weights) / scale).powi(2);
            }
        }
        let n = self.n as f64;
        match self.tableau.error_low {
            None => h.abs() * (high / n).sqrt(),
            Some(_) if high == 0.0 => 0.0,
            // The estimates of order 5 and 3 combined, Hairer, Nørsett and Wanner (II.10.17).
            Some(_) => h.abs() * high / ((high + 0.01 * low) * n).sqrt(),
        }
    }

    /// The largest `|λ|` of the Jacobian at the new state, by power iteration.
    ///
    /// The estimate from the slopes of two stages is free but blind where the controller keeps
    /// the fast components quiet, as on Robertson's problem; the Jacobian is exact and at hand.
    fn spectral_radius(&mut self, t: f64, vector: &mut Vec<f64>) -> f64 {
        let pattern = self.problem.pattern();
        let mut values = vec![0.0; pattern.entries()];
        self.problem.jacobian(t, &self.next, &mut values);
        self.work.jacobian_evaluations += 1;
        if vector.is_empty() {
            // Unequal entries, so that no eigenvector is likely to be missed.
            *vector = (0..self.n).map(|i| 1.0 + 0.37 * ((i * 7 + 3) % 11) as f64).collect();
        }
        let (mut radius, mut image) = (0.0, vec![0.0; self.n]);
        for _ in 0..POWER_ITERATIONS {
            let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
            if !(norm > 0.0 && norm.is_finite()) {
                vector.clear();
                return 0.0;
            }
            vector.iter_mut().for_each(|v| *v /= norm);
            image.fill(0.0);
            pattern.for_each(|entry, row, column| image[row] += values[entry] * vector[column]);
            radius = image.iter().map(|v| v * v).sum::<f64>().sqrt();
            std::mem::swap(vector, &mut image);
        }
        radius
    }

    /// Adds the stages that only the interpolant needs.
    fn extend(&mut self, t: f64, h: f64) {
        let Dense::Extended(nodes, rows, _) = &self.tableau.dense else { return };
        let mut state = vec![0.0; self.n];
        let first = self.tableau.stages.len();
        for (k, (node, row)) in nodes.iter().zip(*rows).enumerate() {
            combine(&mut state, &self.u, h, row, &self.slopes);
            let at = (first + k) * self.n;
            self.problem.rhs(t + node * h, &state, &mut self.slopes[at..at + self.n]);
        }
        self.work.rhs_evaluations += nodes.len();
    }

    /// The state at the fraction `theta` of the step just taken.
    fn interpolate(&self, theta: f64, h: f64, values: &mut [f64]) {
        let (n, stages) = (self.n, self.tableau.stages.len());
        let slope = |s: usize, i: usize| self.slopes[s * n + i];
        match &self.tableau.dense {
            Dense::Weights(polynomials) => {
                for (i, value) in values.iter_mut().enumerate() {
                    let sum: f64 = polynomials
                        .iter()
                        .enumerate()
                        .map(|(s, [a, b, c, d])| {
                            theta * (a + theta * (b + theta * (c + theta * d))) * slope(s, i)
                        })
                        .sum();
                    *value = self.u[i] + h * sum;
                }
            }
            Dense::Extended(_, _, differences) => {
                for (i, value) in values.iter_mut().enumerate() {
                    let delta = self.next[i] - self.u[i];
                    let (first, last) = (h * slope(0, i), h * slope(stages - 1, i));
                    let low = [delta, first - delta, 2.0 * delta - last - first];
                    let high = differences.iter().rev().map(|row| {
                        h * row.iter().enumerate().map(|(s, w)| w * slope(s, i)).sum::<f64>()
                    });
                    // Nested in θ and 1 − θ in turn, from the highest difference down.
                    let sum =
                        high.chain(low.into_iter().rev()).enumerate().fold(0.0, |sum, (k, f)| {
                            (sum + f) * if k % 2 == 0 { theta } else { 1.0 - theta }
                        });
                    *value = self.u[i] + sum;
                }
            }
        }
    }

    fn failure(&self, time: f64, step: f64, cause: Cause, component: Option<usize>) -> Failure {
        Failure { time, step, component, cause, work: self.work }
    }
}

/// `target = u + h Σ weight · slope`, one pass for each component.
fn combine(target: &mut [f64], u: &[f64], h: f64, weights: &[f64], slopes: &[f64]) {
    let n = u.len();
    for i in 0..n {
        let mut sum = 0.0;
        for (s, w) in weights.iter().enumerate() {
            sum += w * slopes[s * n + i];
        }
        target[i] = u[i] + h * sum;
    }
}
