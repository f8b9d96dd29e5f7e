//! Runs a diffsol solver step by step and hands out the solution at the requested times.

use diffsol::error::OdeSolverError;
use diffsol::matrix::MatrixRef;
use diffsol::{
    BdfConfig, BdfState, DiffsolError, FaerContext, FaerMat, FaerSparseMat, FaerVec, LinearSolver,
    OdeBuilder, OdeSolverMethod, OdeSolverOptions, OdeSolverState, OdeSolverStopReason, RkState,
    SdirkConfig, Tableau, Vector,
};

use crate::dense::DenseLu;
use crate::equations::{Equations, Storage, entries, unusable, write};
use crate::linear::Lu;
use crate::problem::{Cause, Failure, Monitor, Problem, Reached, Work};
use crate::sparse::SparseLu;

/// Largest number of states for which Jacobians are stored and factorized as dense matrices.
pub const DENSE_LIMIT: usize = 32;

/// An implicit method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Method {
    /// Backward differentiation formulas of orders 1 to 5 in fixed-leading-coefficient form
    /// (Byrne and Hindmarsh, 1975; Shampine and Reichelt, 1997).
    #[default]
    Bdf,
    /// The trapezoidal rule followed by BDF2, order 2, L-stable (Bank et al., 1985).
    TrBdf2,
    /// A singly diagonally implicit Runge–Kutta method of order 3, L-stable
    /// (Jørgensen, Kristensen and Thomsen, 2018).
    Esdirk34,
}

/// How to integrate.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The method.
    pub method: Method,
    /// Relative tolerance of a step.
    pub rtol: f64,
    /// Absolute tolerance of a step: one entry for all states, or one for each.
    pub atol: Vec<f64>,
    /// Size of the first step; chosen from the problem if absent.
    pub initial_step: Option<f64>,
    /// Largest step size.
    pub max_step: f64,
    /// Largest number of accepted steps.
    pub max_steps: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: Method::Bdf,
            rtol: 1e-6,
            atol: vec![1e-9],
            initial_step: None,
            max_step: f64::INFINITY,
            max_steps: 10_000_000,
        }
    }
}

/// Integrates `problem` from the state `u0` at `times.0` to `times.2`, which may lie earlier.
///
/// `sink(t, u)` is called at each of the output times `times.1`, which must be ordered in the
/// direction of integration and lie within the range; values between steps are interpolated with
/// the method's own polynomial. `watch` is told the time before each step and ends
/// the run by `true`.
///
/// # Errors
/// A [`Failure`] names the time reached, the step size, the cause, and the state responsible.
pub fn integrate(
    problem: &dyn Problem,
    u0: &[f64],
    times: (f64, &[f64], f64),
    options: &Options,
    sink: &mut dyn FnMut(f64, &[f64]),
    watch: &dyn Fn(f64) -> bool,
) -> Result<Work, Failure> {
    integrate_monitored(problem, u0, times, options, sink, watch, None).map(|end| end.work)
}

/// [`integrate`] with a monitor that is shown each accepted step and may end the run inside of
/// it. Output times up to the end of the run, but not at a time that the monitor gave, are served.
///
/// # Errors
/// Those of [`integrate`].
pub fn integrate_monitored(
    problem: &dyn Problem,
    u0: &[f64],
    times: (f64, &[f64], f64),
    options: &Options,
    sink: &mut dyn FnMut(f64, &[f64]),
    watch: &dyn Fn(f64) -> bool,
    monitor: Option<&mut Monitor<'_>>,
) -> Result<Reached, Failure> {
    let run = Run { problem, u0, times, options, watch };
    run.check().map_err(|what| Failure {
        time: times.0,
        step: 0.0,
        component: None,
        cause: Cause::Input(what),
        work: Work::default(),
    })?;
    if u0.is_empty() || times.0 == times.2 {
        times.1.iter().for_each(|&t| sink(t, u0));
        let (time, state, work) = (times.2, u0.to_vec(), Work::default());
        return Ok(Reached { time, state, stopped: false, work });
    }
    if u0.len() <= DENSE_LIMIT {
        run.solve::<FaerMat<f64>, DenseLu>(sink, monitor)
    } else {
        run.solve::<FaerSparseMat<f64>, SparseLu>(sink, monitor)
    }
}

/// The arguments of [`integrate`] that stay fixed.
struct Run<'p> {
    problem: &'p dyn Problem,
    u0: &'p [f64],
    times: (f64, &'p [f64], f64),
    options: &'p Options,
    watch: &'p dyn Fn(f64) -> bool,
}

impl Run<'_> {
    fn check(&self) -> Result<(), &'static str> {
        let Options { rtol, atol, initial_step, max_step, .. } = self.options;
        let (start, outputs, end) = self.times;
        let ahead = |a: f64, b: f64| if end >= start { a <= b } else { a >= b };
        let requirements = [
            (self.problem.dimension() == self.u0.len(), "the initial state has the wrong length"),
            (
                self.problem.pattern().dimension == self.u0.len()
                    && self.problem.pattern().is_consistent(),
                "the sparsity pattern of the Jacobian is inconsistent",
            ),
            (
                self.problem.algebraic().windows(2).all(|pair| pair[0] < pair[1])
                    && self.problem.algebraic().last().is_none_or(|&row| row < self.u0.len()),
                "the algebraic rows must be increasing and exist",
            ),
            (unusable(self.u0).is_none(), "an initial value is not finite"),
            (start.is_finite() && end.is_finite(), "the time range is not finite"),
            (rtol.is_finite() && *rtol > 0.0, "the relative tolerance must be positive"),
            (
                atol.len() == 1 || atol.len() == self.u0.len(),
                "the absolute tolerances must be one or one per state",
            ),
            (
                atol.iter().all(|atol| atol.is_finite() && *atol > 0.0),
                "the absolute tolerance must be positive",
            ),
            (
                initial_step.is_none_or(|step| step.is_finite() && step > 0.0),
                "the initial step must be positive",
            ),
            (*max_step > 0.0, "the largest step must be positive"),
            (
                outputs.windows(2).all(|pair| ahead(pair[0], pair[1]))
                    && outputs.first().is_none_or(|&t| ahead(start, t))
                    && outputs.last().is_none_or(|&t| ahead(t, end)),
                "the output times must be ordered and lie in the time range",
            ),
        ];
        requirements
            .into_iter()
            .find_map(|(holds, otherwise)| (!holds).then_some(otherwise))
            .map_or(Ok(()), Err)
    }

    fn solve<M, L>(
        &self,
        sink: &mut dyn FnMut(f64, &[f64]),
        monitor: Option<&mut Monitor<'_>>,
    ) -> Result<Reached, Failure>
    where
        M: Storage,
        L: LinearSolver<M>,
        for<'b> &'b M: MatrixRef<M>,
    {
        let (start, _, end) = self.times;
        let equations = Equations::<M>::new(self.problem, self.u0);
        let slope = self.first_slope(&equations)?;
        let step = self.first_step(&equations, &slope);
        let mut problem = OdeBuilder::<M>::new()
            .t0(start)
            .h0(step)
            .rtol(self.options.rtol)
            .atol(self.options.atol.iter().copied())
            .build_from_eqn(equations)
            .map_err(|_| self.failure(Cause::Unsolvable, start))?;
        tune(&mut problem.ode_options);

        // diffsol fails here only if the end is too close to the start to be told apart.
        let indistinct = |_| self.failure(Cause::StepTooSmall, start);
        match self.options.method {
            Method::Bdf => {
                let mut state = BdfState::new_without_initialise(&problem).map_err(indistinct)?;
                write(state.as_mut().dy, &slope);
                let mut solver = problem.bdf_solver::<L>(state).map_err(indistinct)?;
                solver.set_stop_time(end).map_err(indistinct)?;
                self.drive(solver, sink, monitor)
            }
            Method::TrBdf2 | Method::Esdirk34 => {
                let tableau = match self.options.method {
                    Method::TrBdf2 => Tableau::tr_bdf2(),
                    _ => Tableau::esdirk34(),
                };
                let mut state = RkState::new_without_initialise(&problem).map_err(indistinct)?;
                write(state.as_mut().dy, &slope);
                let mut solver =
                    problem.sdirk_solver::<L, FaerMat<f64>>(state, tableau).map_err(indistinct)?;
                solver.set_stop_time(end).map_err(indistinct)?;
                self.drive(solver, sink, monitor)
            }
        }
    }

    /// Steps to the end time, serving the outputs that each step passes.
    fn drive<'a, M, S>(
        &self,
        mut solver: S,
        sink: &mut dyn FnMut(f64, &[f64]),
        mut monitor: Option<&mut Monitor<'_>>,
    ) -> Result<Reached, Failure>
    where
        M: Storage,
        S: OdeSolverMethod<'a, Equations<'a, M>, Config: Limits>,
    {
        let (start, outputs, end) = self.times;
        let forward = end > start;
        let mut outputs = outputs.iter().copied().peekable();
        while let Some(t) = outputs.next_if_eq(&start) {
            sink(t, self.u0);
        }
        let mut interpolated = FaerVec::zeros(self.u0.len(), FaerContext::default());
        let mut values = vec![0.0; self.u0.len()];
        loop {
            let (t, step) = (solver.state().t, solver.state().h);
            let work = count(&solver);
            let stop = |cause, component| Err(Failure { time: t, step, component, cause, work });
            if (self.watch)(t) {
                return stop(Cause::Interrupted, None);
            }
            if work.steps >= self.options.max_steps {
                let component = self.fastest(&solver);
                return stop(Cause::StepLimit(self.options.max_steps), component);
            }
            solver.config_mut().limit(
                16.0 * f64::EPSILON * t.abs(),
                MAX_GROWTH.min(self.options.max_step / step.abs()),
                work.rejected + MAX_NEWTON_FAILURES,
            );

            let reason = match solver.step() {
                Ok(reason) => reason,
                Err(error) => {
                    let notes = &solver.problem().eqn.notes;
                    if let Some(component) = notes.unusable.get() {
                        return stop(Cause::NonFinite, Some(component));
                    }
                    let cause = match error {
                        DiffsolError::OdeSolverError(
                            OdeSolverError::StepSizeTooSmall { .. }
                            | OdeSolverError::TooManyErrorTestFailures { .. },
                        ) => Cause::StepTooSmall,
                        _ => Cause::Unsolvable,
                    };
                    let component = self.fastest(&solver);
                    return stop(cause, component);
                }
            };
            let state = solver.state();
            let (now, u) = (state.t, entries(state.y));
            if let Some(component) = unusable(u) {
                return stop(Cause::NonFinite, Some(component));
            }
            let mut at = |time: f64, values: &mut [f64]| {
                let inside = if forward { time < now } else { time > now };
                let found = inside && solver.interpolate_inplace(time, &mut interpolated).is_ok();
                values.copy_from_slice(if found { entries(&interpolated) } else { u });
            };
            let event = monitor.as_mut().and_then(|monitor| monitor(t, now, &mut at));
            let finished = matches!(reason, OdeSolverStopReason::TstopReached);
            let passed = |t: &f64| match event {
                Some(event) if forward => *t < event,
                Some(event) => *t > event,
                None => finished || if forward { *t <= now } else { *t >= now },
            };
            while let Some(t) = outputs.next_if(passed) {
                at(t, &mut values);
                sink(t, &values);
            }
            if event.is_some() || finished {
                // `set_stop_time` may end a rounding error away from the end.
                let time = event.unwrap_or(end);
                at(time, &mut values);
                let work = count(&solver);
                return Ok(Reached { time, state: values, stopped: event.is_some(), work });
            }
        }
    }

    /// The derivatives of all states at the start, those without an equation of their own included.
    fn first_slope<M>(&self, equations: &Equations<'_, M>) -> Result<Vec<f64>, Failure> {
        let start = self.times.0;
        let mut slope = vec![0.0; self.u0.len()];
        equations.evaluate(start, self.u0, &mut slope);
        if let Some(component) = equations.notes.unusable.get() {
            return Err(Failure {
                component: Some(component),
                ..self.failure(Cause::NonFinite, start)
            });
        }
        let algebraic = self.problem.algebraic();
        if !algebraic.is_empty() {
            algebraic.iter().for_each(|&row| slope[row] = 0.0);
            if let Some(found) = self.algebraic_slope(equations, &slope) {
                algebraic.iter().zip(found).for_each(|(&place, value)| slope[place] = value);
            }
        }
        Ok(slope)
    }

    /// The derivatives of the algebraic states, from the derivative of their equations along the
    /// solution: `g_y y' = -(g_x x' + g_t)`. Without them the first predictions would be wrong by
    /// a term of first order. `slope` has the derivatives of the others, and zeros; `None` where
    /// the equations do not give a finite answer.
    fn algebraic_slope<M>(&self, equations: &Equations<'_, M>, slope: &[f64]) -> Option<Vec<f64>> {
        let ((start, _, end), pattern) = (self.times, self.problem.pattern());
        let mut values = vec![0.0; pattern.entries()];
        equations.differentiate(start, self.u0, &mut values);
        let mut change = vec![0.0; slope.len()];
        pattern.for_each(|entry, row, column| change[row] -= values[entry] * slope[column]);
        // No term gives the derivative by time itself; a difference has half of the digits, more
        // than a prediction needs. It spans a small part of the time in which the others change.
        let pace = self.norm(self.u0) / self.norm(slope);
        let span = (end - start).abs();
        let reach = if pace > 0.0 { pace.min(span) } else { span };
        let least = 1e3 * f64::EPSILON * start.abs();
        let ahead = (reach * f64::EPSILON.sqrt()).max(least).min(span).copysign(end - start);
        let (mut now, mut then) = (change.clone(), change.clone());
        equations.evaluate(start, self.u0, &mut now);
        equations.evaluate(start + ahead, self.u0, &mut then);
        let algebraic = self.problem.algebraic();
        let right = |&row: &usize| change[row] - (then[row] - now[row]) / ahead;
        let mut found: Vec<f64> = algebraic.iter().map(right).collect();
        let (block, kept) = pattern.restricted(algebraic);
        let values: Vec<f64> = kept.into_iter().map(|entry| values[entry]).collect();
        Lu::new(&block, &values).ok()?.solve(&mut found);
        unusable(&found).is_none().then_some(found)
    }

    /// Size of a first step of order one, by the rule of Hairer, Nørsett and Wanner (1993,
    /// II.4), signed with the direction of integration. The rows of algebraic equations are no
    /// rates and say nothing about a bend.
    fn first_step<M>(&self, equations: &Equations<'_, M>, slope: &[f64]) -> f64 {
        let (start, _, end) = self.times;
        let span = end - start;
        let longest = span.abs().min(self.options.max_step);
        if let Some(step) = self.options.initial_step {
            return step.min(longest).copysign(span);
        }
        let (size, speed) = (self.norm(self.u0), self.norm(slope));
        let trial = if size < 1e-5 || speed < 1e-5 {
            1e-6 * longest
        } else {
            (0.01 * size / speed).min(longest)
        };
        let signed = trial.copysign(span);
        let ahead: Vec<f64> = self.u0.iter().zip(slope).map(|(u, f)| u + signed * f).collect();
        let mut difference = vec![0.0; self.u0.len()];
        equations.evaluate(start + signed, &ahead, &mut difference);
        for (value, f) in difference.iter_mut().zip(slope) {
            *value -= f;
        }
        self.problem.algebraic().iter().for_each(|&row| difference[row] = 0.0);
        let bend = self.norm(&difference) / trial;
        let step = if !bend.is_finite() {
            1e-3 * trial
        } else if speed.max(bend) <= 1e-15 {
            (1e-3 * trial).max(1e-6 * longest)
        } else {
            (100.0 * trial).min((0.01 / speed.max(bend)).sqrt())
        };
        step.min(longest).copysign(span)
    }

    /// The tolerance of state `i` when its value is `u`.
    fn tolerance(&self, i: usize, u: f64) -> f64 {
        let atol = &self.options.atol;
        atol[if atol.len() == 1 { 0 } else { i }] + self.options.rtol * u.abs()
    }

    /// Root mean square of `values` in units of the tolerances at the initial state.
    fn norm(&self, values: &[f64]) -> f64 {
        let sum: f64 = values
            .iter()
            .zip(self.u0)
            .enumerate()
            .map(|(i, (value, &u))| (value / self.tolerance(i, u)).powi(2))
            .sum();
        (sum / values.len() as f64).sqrt()
    }

    /// The state that moves fastest in units of its tolerance.
    fn fastest<'a, M, S>(&self, solver: &S) -> Option<usize>
    where
        M: Storage,
        S: OdeSolverMethod<'a, Equations<'a, M>>,
    {
        let state = solver.state();
        let speeds = entries(state.dy).iter().zip(entries(state.y)).enumerate();
        speeds
            .map(|(i, (slope, &u))| (i, slope.abs() / self.tolerance(i, u)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(i, _)| i)
    }

    fn failure(&self, cause: Cause, time: f64) -> Failure {
        Failure { time, step: 0.0, component: None, cause, work: Work::default() }
    }
}

fn count<'a, M, S>(solver: &S) -> Work
where
    M: Storage,
    S: OdeSolverMethod<'a, Equations<'a, M>>,
{
    let statistics = solver.get_statistics();
    let notes = &solver.problem().eqn.notes;
    Work {
        steps: statistics.number_of_steps,
        rejected: statistics.number_of_error_test_failures
            + statistics.number_of_nonlinear_solver_fails,
        rhs_evaluations: notes.rhs_evaluations.get(),
        jacobian_evaluations: notes.jacobian_evaluations.get(),
        factorizations: statistics.number_of_linear_solver_setups,
    }
}

/// The settings of diffsol that differ from its defaults, chosen by measurement.
fn tune(options: &mut OdeSolverOptions<f64>) {
    options.max_error_test_failures = MAX_ERROR_FAILURES;
    options.nonlinear_solver_tolerance = 0.2;
    options.max_nonlinear_solver_iterations = 10;
    options.min_timestep_growth = Some(2.0);
    options.max_timestep_shrink = Some(0.9);
    options.min_timestep_shrink = Some(0.5);
    options.update_jacobian_after_steps = 20;
    options.update_rhs_jacobian_after_steps = 50;
    options.threshold_to_update_jacobian = 0.3;
    options.threshold_to_update_rhs_jacobian = 0.2;
}

/// Largest factor by which a step may grow.
const MAX_GROWTH: f64 = 10.0;
/// Largest number of error test failures within one step.
const MAX_ERROR_FAILURES: usize = 100;
/// Largest number of failed Newton iterations within one step.
const MAX_NEWTON_FAILURES: usize = 400;

/// The limits that are set anew before each step.
trait Limits {
    fn limit(&mut self, min_step: f64, growth: f64, newton_failures: usize);
}

impl Limits for BdfConfig<f64> {
    fn limit(&mut self, min_step: f64, growth: f64, newton_failures: usize) {
        self.minimum_timestep = min_step;
        self.maximum_timestep_growth = growth;
        self.maximum_newton_fails = newton_failures;
    }
}

impl Limits for SdirkConfig<f64> {
    fn limit(&mut self, min_step: f64, growth: f64, newton_failures: usize) {
        self.minimum_timestep = min_step;
        self.maximum_timestep_growth = growth;
        self.maximum_newton_fails = newton_failures;
    }
}
