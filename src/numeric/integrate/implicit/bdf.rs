//! Backward differentiation formulas of orders 1 to 5 with variable steps.
//!
//! Newton's method keeps its matrix `I − γJ` for as long as it converges; its corrections are
//! scaled by `2/(1 + γ/γ̄)` when the step has changed since (Hindmarsh et al., 2005).

use isoterm_stiff::{Cause, Problem, Work};

use super::super::start::first_step;
use super::super::{Clock, Method, Options};
use super::history::{Coefficients, ORDER, grown, shrunk};
use super::matrix::Matrix;
use super::{Stepper, Stopped, begin};

pub struct Bdf<'a> {
    problem: &'a dyn Problem,
    options: &'a Options,
    clock: Clock,
    n: usize,
    sign: f64,
    t: f64,
    /// The size of the next step, without a sign, and of the last one tried.
    h: f64,
    tried: f64,
    order: usize,
    /// Scaled derivatives at the time reached, for steps of `scale`, and those predicted.
    past: Vec<f64>,
    predicted: Vec<f64>,
    scale: f64,
    /// Sizes of the steps before, the last one first.
    sizes: [f64; ORDER + 1],
    /// The correction of a step and the one before, with its ratio.
    correction: Vec<f64>,
    saved: Vec<f64>,
    saved_ratio: f64,
    /// Accepted steps until the order may change.
    wait: usize,
    /// By which the next step may grow.
    growth: f64,
    weights: Vec<f64>,
    u: Vec<f64>,
    rates: Vec<f64>,
    residual: Vec<f64>,
    matrix: Matrix<'a>,
    /// Whether there is a factorization, and the estimated rate of convergence with it.
    factorized: bool,
    rate: f64,
    /// Accepted steps since the matrix was factorized.
    age: usize,
    work: Work,
}

/// Part of the tolerance that the estimated error of a step may take. Errors add up: on the network
/// `bcr` this makes what is delivered after 3,600 steps five times smaller, for a quarter more steps.
const LOCAL: f64 = 0.25;
/// Part of the error test that Newton's iteration may leave.
const NEWTON: f64 = 0.05;
/// A change of `γ` by more than this part calls for a factorization.
const GAMMA: f64 = 0.3;
/// So do so many steps: what an old matrix leaves of each correction would otherwise keep the error
/// estimate, and with it the steps, where they are.
const AGE: usize = 40;
/// The rate of convergence is taken to be this at least while it has not been seen in a step.
const UNSEEN: f64 = 0.2;
/// Newton iterations of a step.
const ITERATIONS: usize = 4;
/// Safety of the steps that the orders below, at hand and above propose.
const BIAS: [f64; 3] = [12.0, 12.0, 20.0];
/// A step changes only to grow by this factor at least.
const THRESHOLD: f64 = 1.5;
/// Most growth of a step: after the first one, whose size was a guess, and later.
const AT_FIRST: f64 = 1e4;
const LATER: f64 = 10.0;
/// Part of a correction that an iterative linear solver may leave.
const ACCURACY: f64 = 0.001;
/// Failed tries of one step before the method gives up.
const FAILURES: usize = 60;

enum Newton {
    Converged,
    Slow,
    /// The rates are not finite at the state of this component.
    NonFinite(usize),
    Singular(usize),
}

impl<'a> Bdf<'a> {
    pub fn new(
        problem: &'a dyn Problem,
        u0: &[f64],
        (start, end): (f64, f64),
        options: &'a Options,
    ) -> Result<Bdf<'a>, Stopped> {
        let n = u0.len();
        let krylov = options.method == Method::BdfKrylov;
        let (matrix, rates) = begin(problem, u0, start, (krylov, ACCURACY), options)?;
        let h = first_step(problem, (start, end), u0, &rates, options, 2);
        let sign = (end - start).signum();
        let mut past = vec![0.0; (ORDER + 1) * n];
        past[..n].copy_from_slice(u0);
        past[n..2 * n].iter_mut().zip(&rates).for_each(|(z, f)| *z = sign * h * f);
        Ok(Bdf {
            problem,
            options,
            clock: options.clock,
            n,
            sign,
            t: start,
            h,
            tried: h,
            order: 1,
            predicted: past.clone(),
            past,
            scale: h,
            sizes: [h; ORDER + 1],
            correction: vec![0.0; n],
            saved: vec![0.0; n],
            saved_ratio: 0.0,
            wait: 2,
            growth: AT_FIRST,
            weights: vec![0.0; n],
            u: u0.to_vec(),
            rates,
            residual: vec![0.0; n],
            matrix,
            factorized: false,
            rate: 1.0,
            age: 0,
            work: Work {
                rhs_evaluations: 1 + usize::from(options.initial_step.is_none()),
                ..Work::default()
            },
        })
    }

    /// Gives the past the scale of steps of size `h`.
    fn rescale(&mut self) {
        let ratio = self.h / self.scale;
        if ratio != 1.0 {
            let mut factor = 1.0;
            for column in self.past[..(self.order + 1) * self.n].chunks_exact_mut(self.n).skip(1) {
                factor *= ratio;
                column.iter_mut().for_each(|z| *z *= factor);
            }
            self.scale = self.h;
        }
    }

    /// The past continued by one step: Pascal's triangle, by additions.
    fn predict(&mut self) {
        let (n, q) = (self.n, self.order);
        let predicted = &mut self.predicted[..(q + 1) * n];
        predicted.copy_from_slice(&self.past[..(q + 1) * n]);
        for k in 1..=q {
            for j in (k..=q).rev() {
                let (low, high) = predicted.split_at_mut(j * n);
                let low = &mut low[(j - 1) * n..];
                low.iter_mut().zip(&high[..n]).for_each(|(a, b)| *a += b);
            }
        }
    }

    /// The largest component in units of what an error of a step may be; NaN if one is.
    ///
    /// In a mean over many states, most of them at rest, a few may have errors many times their
    /// tolerances. On the network `bcr` the largest component, with a quarter more steps, makes the
    /// delivered error ten times smaller.
    fn norm(&self, values: &[f64]) -> f64 {
        let (mut largest, mut sum) = (0.0_f64, 0.0);
        for (value, weight) in values.iter().zip(&self.weights) {
            let size = (value * weight).abs();
            largest = if size > largest { size } else { largest };
            sum += size * 0.0;
        }
        largest + sum
    }

    fn evaluate(&mut self, t: f64) -> Option<usize> {
        let start = self.clock.now();
        self.problem.rhs(t, &self.u, &mut self.rates);
        self.work.rhs_evaluations += 1;
        self.matrix.counts.nanos.rhs += self.clock.since(start);
        // A sum is finite only if all of its terms are, or so it is nearly always.
        let sum: f64 = self.rates.iter().map(|x| x * 0.0).sum();
        if sum == 0.0 { None } else { self.rates.iter().position(|x| !x.is_finite()) }
    }

    /// Solves `u = predicted + e`, `e = (h f(u) − z₁)/λ₁`, for the correction `e`.
    fn correct(&mut self, t: f64, gamma: f64, c: &Coefficients, fresh: bool) -> Newton {
        let n = self.n;
        let first = 1.0 / c.lambda[1];
        self.u.copy_from_slice(&self.predicted[..n]);
        self.correction.fill(0.0);
        if let Some(k) = self.evaluate(t) {
            return Newton::NonFinite(k);
        }
        if fresh {
            self.matrix.linearise(t, &self.u);
            self.factorized = false;
            if let Err(row) = self.matrix.factorize(gamma) {
                return Newton::Singular(row);
            }
            (self.factorized, self.rate, self.age) = (true, 1.0, 0);
        }
        let relaxation = 2.0 / (1.0 + gamma / self.matrix.gamma);
        let allowed = NEWTON / c.error;
        let mut last = 0.0;
        for iteration in 0..ITERATIONS {
            let slopes = self.predicted[n..2 * n].iter().zip(&self.correction);
            let given = self.rates.iter().zip(slopes);
            for (r, (f, (z, e))) in self.residual.iter_mut().zip(given) {
                *r = gamma * f - first * z - e;
            }
            if !self.matrix.solve(&mut self.residual, &self.weights) {
                return Newton::Slow;
            }
            if relaxation != 1.0 {
                self.residual.iter_mut().for_each(|x| *x *= relaxation);
            }
            let size = self.norm(&self.residual);
            if !size.is_finite() {
                return Newton::Slow;
            }
            for i in 0..n {
                self.correction[i] += self.residual[i];
                self.u[i] = self.predicted[i] + self.correction[i];
            }
            if iteration > 0 {
                self.rate = (0.3 * self.rate).max(size / last);
            }
            let rate = if iteration == 0 { self.rate.max(UNSEEN) } else { self.rate };
            if size * rate.min(1.0) <= allowed {
                return Newton::Converged;
            }
            let hopeless = iteration > 0 && size > 2.0 * last;
            if hopeless || iteration + 1 == ITERATIONS {
                return Newton::Slow;
            }
            last = size;
            if let Some(k) = self.evaluate(t) {
                return Newton::NonFinite(k);
            }
        }
        Newton::Slow
    }

    /// Takes the corrected polynomial for the past.
    fn accept(&mut self, c: &Coefficients, now: f64) {
        let n = self.n;
        for (j, factor) in c.lambda[..=self.order].iter().enumerate() {
            let range = j * n..(j + 1) * n;
            let pairs = self.predicted[range.clone()].iter().zip(&self.correction);
            for (z, (p, e)) in self.past[range].iter_mut().zip(pairs) {
                *z = p + factor * e;
            }
        }
        self.sizes.copy_within(0..ORDER, 1);
        self.sizes[0] = self.h;
        self.t = now;
        self.work.steps += 1;
        self.age += 1;
    }

    /// Chooses order and size of the next step after one that passed with this error.
    fn adapt(&mut self, error: f64, c: &Coefficients) {
        let q = self.order;
        let most = std::mem::replace(&mut self.growth, LATER);
        self.wait = self.wait.saturating_sub(1);
        if most <= 1.0 {
            self.wait = self.wait.max(2);
        } else {
            let factor = |e: f64, order: usize, bias: f64| {
                1.0 / ((bias * e).powf(1.0 / order as f64) + 1e-6)
            };
            let same = factor(error, q + 1, BIAS[1]);
            let (mut best, mut order) = (same, q);
            if self.wait == 0 {
                self.wait = 2;
                let n = self.n;
                let lower = if q > 1 {
                    let last = self.norm(&self.past[q * n..(q + 1) * n]);
                    factor(last * c.lower, q, BIAS[0])
                } else {
                    0.0
                };
                let higher = if q < ORDER && self.saved_ratio != 0.0 {
                    let scale =
                        c.ratio / self.saved_ratio * (self.h / self.sizes[1]).powi(q as i32 + 1);
                    for i in 0..n {
                        self.residual[i] = self.correction[i] - scale * self.saved[i];
                    }
                    factor(self.norm(&self.residual) * c.higher, q + 2, BIAS[2])
                } else {
                    0.0
                };
                if lower > best {
                    (best, order) = (lower, q - 1);
                }
                if higher > best {
                    (best, order) = (higher, q + 1);
                }
            }
            if best >= THRESHOLD {
                if order > q {
                    self.raise();
                } else if order < q {
                    self.lower();
                }
                self.h *= best.min(most);
                self.wait = self.order + 1;
                self.saved_ratio = 0.0;
                return;
            }
        }
        self.saved_ratio = 0.0;
        if self.wait == 1 && q < ORDER {
            self.saved.copy_from_slice(&self.correction);
            self.saved_ratio = c.ratio;
        }
    }

    fn raise(&mut self) {
        let (n, q) = (self.n, self.order);
        let polynomial = grown(q, self.h, &self.sizes);
        for (j, factor) in polynomial.iter().enumerate().take(q + 2).skip(2) {
            let column = &mut self.past[j * n..(j + 1) * n];
            if j == q + 1 {
                column.fill(0.0);
            }
            column.iter_mut().zip(&self.correction).for_each(|(z, e)| *z += factor * e);
        }
        self.order += 1;
    }

    fn lower(&mut self) {
        let (n, q) = (self.n, self.order);
        let polynomial = shrunk(q, self.scale, &self.sizes);
        let (columns, last) = self.past.split_at_mut(q * n);
        for (j, factor) in polynomial.iter().enumerate().take(q).skip(2) {
            let column = &mut columns[j * n..(j + 1) * n];
            column.iter_mut().zip(&last[..n]).for_each(|(z, l)| *z -= factor * l);
        }
        self.order -= 1;
    }

    /// Begins anew at the present state with order one.
    fn restart(&mut self) -> Option<usize> {
        let n = self.n;
        self.u.copy_from_slice(&self.past[..n]);
        let found = self.evaluate(self.t);
        self.order = 1;
        self.scale = self.h;
        self.wait = 10;
        for (z, f) in self.past[n..2 * n].iter_mut().zip(&self.rates) {
            *z = self.sign * self.h * f;
        }
        found
    }
}

impl Stepper for Bdf<'_> {
    fn advance(&mut self, end: f64) -> Result<(), Stopped> {
        for (i, (w, u)) in self.weights.iter_mut().zip(&self.past[..self.n]).enumerate() {
            *w = 1.0 / (LOCAL * self.options.tolerance(i, u.abs()));
        }
        let (mut failures, mut refused) = (0, 0);
        let mut trouble = (Cause::Unsolvable, None);
        let mut fresh = false;
        loop {
            let remaining = (end - self.t).abs();
            let floor = 16.0 * f64::EPSILON * self.t.abs().max(f64::MIN_POSITIVE);
            let finishing = self.h >= remaining * (1.0 - 1e-12);
            if finishing {
                self.h = remaining;
            } else if self.h < floor || failures > FAILURES {
                let (cause, component) = trouble;
                let component = component.or_else(|| self.fastest());
                return Err(Stopped { cause, component });
            }
            self.tried = self.h;
            let now = if finishing { end } else { self.t + self.sign * self.h };
            self.rescale();
            self.predict();
            let c = Coefficients::new(self.order, self.h, &self.sizes);
            let gamma = self.sign * self.h / c.lambda[1];
            let changed = (gamma / self.matrix.gamma - 1.0).abs() > GAMMA || self.age >= AGE;
            let anew = fresh || !self.factorized || changed;
            let newton = self.correct(now, gamma, &c, anew);
            if !matches!(newton, Newton::Converged) {
                if !anew && matches!(newton, Newton::Slow | Newton::NonFinite(_)) {
                    fresh = true;
                    continue;
                }
                self.work.rejected += 1;
                failures += 1;
                self.growth = 1.0;
                trouble = match newton {
                    Newton::NonFinite(k) => (Cause::NonFinite, Some(k)),
                    Newton::Singular(row) => (Cause::Unsolvable, Some(row)),
                    _ => (Cause::Unsolvable, None),
                };
                self.h *= 0.25;
                fresh = true;
                continue;
            }
            let error = self.norm(&self.correction) * c.error;
            if error <= 1.0 {
                self.accept(&c, now);
                self.adapt(error, &c);
                return Ok(());
            }
            self.work.rejected += 1;
            refused += 1;
            failures += 1;
            self.growth = 1.0;
            trouble = (Cause::StepTooSmall, None);
            fresh = false;
            if refused <= 3 {
                let order = (self.order + 1) as f64;
                let factor = 1.0 / ((BIAS[1] * error).powf(1.0 / order) + 1e-6);
                self.h *= factor.clamp(0.1, if refused > 1 { 0.2 } else { 0.9 });
                self.wait = self.wait.max(2);
            } else {
                self.h *= 0.1;
                if let Some(k) = self.restart() {
                    return Err(Stopped { cause: Cause::NonFinite, component: Some(k) });
                }
            }
        }
    }

    fn time(&self) -> f64 {
        self.t
    }

    fn size(&self) -> f64 {
        self.tried
    }

    fn state(&self) -> &[f64] {
        &self.past[..self.n]
    }

    fn interpolate(&self, time: f64, state: &mut [f64]) {
        let x = (time - self.t) * self.sign / self.scale;
        let n = self.n;
        state.copy_from_slice(&self.past[self.order * n..(self.order + 1) * n]);
        for column in self.past[..self.order * n].chunks_exact(n).rev() {
            state.iter_mut().zip(column).for_each(|(s, z)| *s = *s * x + z);
        }
    }

    fn fastest(&self) -> Option<usize> {
        self.options.fastest(&self.past[self.n..2 * self.n], &self.past[..self.n])
    }

    fn steps(&self) -> Work {
        self.work
    }

    fn matrix(&self) -> &Matrix<'_> {
        &self.matrix
    }
}
