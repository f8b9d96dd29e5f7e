//! Steady states `f(u) = 0`: Newton's method with pseudo-transient continuation.
//!
//! Each step is one Newton iteration for a step of implicit Euler of size `1/γ`,
//! `(γI − J) d = f(u)`, with `γ` falling as the residual does (switched evolution relaxation,
//! Kelley and Keyes 1998). At first this follows the flow, in the end it is Newton's method. Every
//! step keeps the linear invariants of `u' = f(u)`: with `wᵀf = 0` for all `u`, also `wᵀJ = 0`, so
//! `γ wᵀd = wᵀf + wᵀJd = 0`. In floating point `wᵀf` is a rounding error, and `wᵀd` grows as `γ`
//! falls. So in the end invariants are sought, `W` with orthonormal rows, and the last steps solve
//! `(γI − J + σWᵀW) d = f + σWᵀW(u₀ − u)`, which is regular at `γ = 0` and says the same of all
//! else, since its product with `W` is `(γ + σ) Wd = Wf + σW(u₀ − u)`: the totals of the start. In
//! systems too large for that, `γ` stays large enough for rounding not to pass the tolerance.

use std::fmt;

pub use isoterm_stiff::eigenvalues;
use isoterm_stiff::{Brief, Pattern, Problem, Shifted, left_null_space};

/// How to look for a steady state.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// Relative tolerance of the states.
    pub rtol: f64,
    /// Absolute tolerance of the states.
    pub atol: f64,
    /// Largest number of steps, refused ones included.
    pub max_steps: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { rtol: 1e-9, atol: 1e-12, max_steps: 2000 }
    }
}

/// A steady state that was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Root {
    /// The states.
    pub states: Vec<f64>,
    /// The rates of change there.
    pub residual: Vec<f64>,
    /// Steps, refused ones included.
    pub steps: usize,
}

/// Why no steady state was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// What happened.
    pub cause: Cause,
    /// Steps, refused ones included.
    pub steps: usize,
    /// The last states.
    pub states: Vec<f64>,
    /// The last rates of change.
    pub residual: Vec<f64>,
    /// The state whose rate is largest in units of its tolerance, or is not finite.
    pub component: Option<usize>,
}

/// What can go wrong on the way to a steady state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// A rate of change is NaN or infinite at the start.
    NonFinite,
    /// The states grow beyond all bounds.
    Unbounded,
    /// The allowed number of steps was used up.
    StepLimit,
    /// The size of steps fell to nothing, as before a point where the rates are not defined.
    StepTooSmall,
    /// The caller asked to stop.
    Interrupted,
    /// An input does not make sense; the text says which.
    Input(&'static str),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps;
        match self.cause {
            Cause::NonFinite => f.write_str("a rate of change is not finite at the start"),
            Cause::Unbounded => write!(f, "the states grow beyond all bounds ({steps} steps)"),
            Cause::StepLimit => {
                write!(f, "no steady state after {steps} steps: the states do not come to rest")
            }
            Cause::StepTooSmall => write!(f, "the steps became too small after {steps} of them"),
            Cause::Interrupted => write!(f, "interrupted after {steps} steps"),
            Cause::Input(what) => f.write_str(what),
        }?;
        match self.component.map(|k| self.residual[k]) {
            Some(rate) => write!(f, "; the largest rate of change is {}", Brief(rate)),
            None => Ok(()),
        }
    }
}

/// Part of the limit on steps that may go to following the flow; see [`root`].
const FOLLOWING: f64 = 0.5;

/// Magnitudes beyond this count as growth without bounds.
const HUGE: f64 = 1e150;

/// A step is refused when a further Newton iteration would change it by more than this part
/// (simplified Newton corrections in the tolerances' norm; Deuflhard 2004); the size of steps is
/// chosen for the part to aim at.
const REFUSE: f64 = 0.5;
const AIM: f64 = 0.2;

/// The largest factor between the sizes of two steps, and the one after a refusal.
const GROWTH: f64 = 10.0;
const SHORTER: f64 = 4.0;

/// Rounding errors of a rate, in units of machine epsilon times the rates it is made of.
const ROUNDING: f64 = 10.0;

/// Most states for which dense matrices are used, for invariants and eigenvalues; the work grows
/// with the third power.
pub const DENSE: usize = 400;

/// Looks for `f(t, u) = 0` from `start`, with the time held at `time`.
///
/// `watch` is told the number of steps so far before each one, and ends the search by `true`.
/// The search follows the flow first: a step that points against the rates of change, as Newton's
/// method takes to a point that repels, is refused for a shorter one. When half of the steps are
/// used up without coming to rest, the others are free to go to any point.
///
/// # Errors
/// A [`Failure`] with what was reached.
pub fn root(
    problem: &dyn Problem,
    time: f64,
    start: &[f64],
    options: &Options,
    watch: &dyn Fn(usize) -> bool,
) -> Result<Root, Failure> {
    let mut search = Search {
        problem,
        time,
        options,
        start,
        states: start.to_vec(),
        residual: vec![f64::NAN; start.len()],
        entries: vec![0.0; problem.pattern().entries()],
        steps: 0,
    };
    let usable = |x: f64| x.is_finite() && x > 0.0;
    if !usable(options.rtol) || !usable(options.atol) {
        return Err(search.failure(Cause::Input("the tolerances must be positive")));
    }
    let Some(mut matrix) = Shifted::new(problem.pattern()) else {
        return Err(search.failure(Cause::Input("the pattern of the Jacobian is inconsistent")));
    };
    search.run(&mut matrix, watch).map_err(|cause| search.failure(cause))?;
    Ok(Root { states: search.states, residual: search.residual, steps: search.steps })
}

struct Search<'a> {
    problem: &'a dyn Problem,
    time: f64,
    options: &'a Options,
    start: &'a [f64],
    states: Vec<f64>,
    residual: Vec<f64>,
    /// The Jacobian at the states.
    entries: Vec<f64>,
    steps: usize,
}

impl Search<'_> {
    fn run(&mut self, matrix: &mut Shifted, watch: &dyn Fn(usize) -> bool) -> Result<(), Cause> {
        self.problem.rhs(self.time, &self.states, &mut self.residual);
        if !finite(&self.states) || !finite(&self.residual) {
            return Err(Cause::NonFinite);
        }
        let n = self.states.len();
        let (mut step, mut trial, mut rates) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let mut correction = Vec::with_capacity(n);
        let mut rate = self.linearise();
        // The first step moves no state by more than a tenth of its size.
        let mut gamma = rate.max(10.0 * self.options.rtol * self.norm(&self.residual));
        let (mut following, mut refused) = (true, false);
        let mut singular: Option<bool> = None;
        let mut totals: Option<Totals> = None;
        let mut last: Option<f64> = None;
        while self.residual.iter().any(|&f| f != 0.0) {
            if watch(self.steps) {
                return Err(Cause::Interrupted);
            }
            if self.steps >= self.options.max_steps {
                return Err(Cause::StepLimit);
            }
            following &= (self.steps as f64) < FOLLOWING * self.options.max_steps as f64;
            self.steps += 1;
            let floor = ROUNDING * f64::EPSILON / self.options.rtol * rate;
            let least = if singular == Some(false) { 0.0 } else { floor };
            gamma = gamma.max(least);
            step.copy_from_slice(&self.residual);
            let solved = match &mut totals {
                None => matrix.factorize(gamma, &self.entries) && matrix.solve(&mut step),
                Some(totals) => totals.solve(self, gamma, rate, &mut step),
            };
            if !solved {
                gamma = (SHORTER * gamma).max(floor).max(f64::MIN_POSITIVE);
                (singular, last, refused) = (Some(true), None, true);
                continue;
            }
            // From here on this is Newton's method.
            let ended = gamma <= floor;
            if ended && singular.is_none() {
                singular = Some(self.is_singular(matrix, gamma));
                if singular == Some(true) && n <= DENSE {
                    // Either they make the matrix regular, or it is that of a slow motion.
                    totals = self.invariants().and_then(|rows| Totals::keeping(n, rows));
                    singular = Some(false);
                    continue;
                }
            }
            for ((trial, u), d) in trial.iter_mut().zip(&self.states).zip(&step) {
                *trial = u + d;
            }
            self.problem.rhs(self.time, &trial, &mut rates);
            let moved = self.norm(&step);
            let small = moved <= 1.0;
            // The next iteration at the same size of the step, with the same matrix.
            let left = rates.iter().zip(&step).map(|(f, d)| f - gamma * d);
            correction.clear();
            correction.extend(left);
            let factors = totals.as_ref().map_or(&*matrix, |totals| &totals.matrix);
            let defect = if factors.solve(&mut correction) {
                self.norm(&correction) / moved
            } else {
                f64::INFINITY
            };
            if !finite(&trial) || !finite(&rates) || (!small && defect > REFUSE) {
                if trial.iter().any(|u| u.abs() > HUGE) {
                    return Err(Cause::Unbounded);
                }
                if !(gamma < HUGE * (1.0 + rate)) || (small && moved < f64::EPSILON) {
                    return Err(Cause::StepTooSmall);
                }
                gamma *= SHORTER;
                (last, refused) = (None, true);
                continue;
            }
            let against = following && !small && self.dot(&step) <= 0.0;
            if against {
                gamma = (SHORTER * gamma).max(floor);
                refused = true;
                continue;
            }
            following &= !small;

            let fall = self.norm(&self.residual) / self.norm(&rates).max(f64::MIN_POSITIVE);
            std::mem::swap(&mut self.states, &mut trial);
            std::mem::swap(&mut self.residual, &mut rates);
            if ended {
                // Steps that shrink by a factor q leave q/(1 − q) of the last one to go.
                let left = last.map(|before| moved / before).filter(|&q| q < 1.0);
                let left = left.map_or(f64::INFINITY, |q| moved * q / (1.0 - q));
                if small && (left <= 1.0 || moved <= ROUNDING * f64::EPSILON / self.options.rtol) {
                    return Ok(());
                }
            }
            last = ended.then_some(moved);
            rate = self.linearise();
            if refused {
                refused = false;
            } else {
                // The correction of a step grows about as the square of its size.
                let growth = fall.max((AIM / defect.max(f64::MIN_POSITIVE)).sqrt());
                gamma /= growth.clamp(0.5, GROWTH);
            }
            if small {
                gamma = gamma.min(floor);
            }
        }
        Ok(())
    }

    /// Writes the Jacobian; its column sum norm is an upper bound of all rates of relaxation.
    fn linearise(&mut self) -> f64 {
        self.problem.jacobian(self.time, &self.states, &mut self.entries);
        let mut sums = vec![0.0; self.states.len()];
        for value in &mut self.entries {
            // A derivative may be infinite where its function is not: the root of zero.
            if !(value.abs() < HUGE) {
                *value = 0.0;
            }
        }
        self.problem
            .pattern()
            .for_each(|entry, _, column| sums[column] += self.entries[entry].abs());
        sums.into_iter().fold(0.0, f64::max)
    }

    fn invariants(&self) -> Option<Vec<f64>> {
        invariants(self.problem, self.time, self.start, &self.states)
    }

    /// The tolerance of each state.
    fn weights(&self) -> impl Iterator<Item = f64> {
        self.states.iter().map(|u| self.options.atol + self.options.rtol * u.abs())
    }

    /// Root mean square in units of the tolerances.
    fn norm(&self, values: &[f64]) -> f64 {
        let squares = values.iter().zip(self.weights()).map(|(x, w)| (x / w).powi(2));
        (squares.sum::<f64>() / values.len().max(1) as f64).sqrt()
    }

    /// The product of a step and the rates of change, in units of the tolerances.
    fn dot(&self, step: &[f64]) -> f64 {
        let products = step.iter().zip(&self.residual).zip(self.weights());
        products.map(|((d, f), w)| (d / w) * (f / w)).sum()
    }

    /// Whether an eigenvalue of the Jacobian is smaller than about `gamma`, by inverse iteration.
    fn is_singular(&self, matrix: &Shifted, gamma: f64) -> bool {
        // Of no symmetry that an eigenvector might have.
        let mut vector: Vec<f64> =
            (0..self.states.len()).map(|k| 1.0 + scattered_unit(k)).collect();
        let mut size = 0.0;
        for _ in 0..4 {
            let before = vector.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
            vector.iter_mut().for_each(|x| *x /= before);
            if !matrix.solve(&mut vector) {
                return true;
            }
            size = vector.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        }
        size * gamma > REFUSE
    }

    fn failure(&self, cause: Cause) -> Failure {
        let sizes = self.residual.iter().zip(self.weights()).map(|(f, w)| (f / w).abs());
        let largest = sizes.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(k, _)| k);
        Failure {
            cause,
            steps: self.steps,
            states: self.states.clone(),
            residual: self.residual.clone(),
            component: largest.filter(|_| !matches!(cause, Cause::Input(_))),
        }
    }
}

/// The linear invariants of `u' = f(t, u)`, as far as three points tell: an orthonormal basis of
/// the vectors `w`, one after the other, with `wᵀf = 0` at the start and `wᵀJ = 0` at the start, at
/// the end and at a point in general position near the two (unless the rates are undefined there).
/// `None` when that has no finite answer.
pub fn invariants(
    problem: &dyn Problem,
    time: f64,
    start: &[f64],
    end: &[f64],
) -> Option<Vec<f64>> {
    let mut columns = jacobian(problem, time, start);
    columns.extend(jacobian(problem, time, end));
    // A state at rest often has zeros, where derivatives of products vanish.
    let size = start.iter().chain(end).fold(0.0_f64, |m, u| m.max(u.abs()));
    let between = start.iter().zip(end).enumerate();
    let general = between.map(|(k, (u, v))| (u + v) / 2.0 + size * scattered_unit(k) / 4.0);
    let general = jacobian(problem, time, &general.collect::<Vec<f64>>());
    if finite(&general) {
        columns.extend(general);
    }
    let mut rates = vec![0.0; start.len()];
    problem.rhs(time, start, &mut rates);
    // Rates per size of the states are comparable with derivatives.
    let size = start.iter().fold(0.0_f64, |m, u| m.max(u.abs()));
    columns.extend(rates.iter().map(|f| if size > 0.0 { f / size } else { *f }));
    left_null_space(start.len(), &columns)
}

/// Numbers between zero and one of no pattern: the multiples of the golden ratio.
fn scattered_unit(k: usize) -> f64 {
    ((k + 1) as f64 * 0.618_033_988_749_894_9).fract()
}

/// The Jacobian as a dense matrix, by columns.
pub fn jacobian(problem: &dyn Problem, time: f64, states: &[f64]) -> Vec<f64> {
    let mut entries = vec![0.0; problem.pattern().entries()];
    problem.jacobian(time, states, &mut entries);
    scattered(problem.pattern(), &entries)
}

fn scattered(pattern: &Pattern, entries: &[f64]) -> Vec<f64> {
    let n = pattern.dimension;
    let mut matrix = vec![0.0; n * n];
    pattern.for_each(|entry, row, column| matrix[column * n + row] = entries[entry]);
    matrix
}

/// The systems of the last steps, which restore the totals of the start.
struct Totals {
    /// Orthonormal rows `W`, one after the other.
    rows: Vec<f64>,
    matrix: Shifted,
}

impl Totals {
    /// `None` when there is nothing to keep.
    fn keeping(n: usize, rows: Vec<f64>) -> Option<Totals> {
        let matrix = Shifted::new(&Pattern::dense(n)).filter(|_| !rows.is_empty())?;
        Some(Totals { rows, matrix })
    }

    /// Solves `(γI − J + σWᵀW) d = f + σWᵀW(u₀ − u)`; `d` holds `f` before.
    fn solve(&mut self, search: &Search<'_>, gamma: f64, sigma: f64, step: &mut [f64]) -> bool {
        let n = step.len();
        let mut entries = scattered(search.problem.pattern(), &search.entries);
        for w in self.rows.chunks_exact(n) {
            let moved = search.start.iter().zip(&search.states).map(|(start, u)| start - u);
            let total: f64 = w.iter().zip(moved).map(|(w, d)| w * d).sum();
            for (column, &wj) in entries.chunks_exact_mut(n).zip(w) {
                column.iter_mut().zip(w).for_each(|(entry, wi)| *entry -= sigma * wi * wj);
            }
            step.iter_mut().zip(w).for_each(|(d, w)| *d += sigma * w * total);
        }
        self.matrix.factorize(gamma, &entries) && self.matrix.solve(step)
    }
}

fn finite(values: &[f64]) -> bool {
    values.iter().all(|x| x.abs() < HUGE)
}
