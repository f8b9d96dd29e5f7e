//! Implicit methods of our own: their steps served to outputs and monitors.

mod bdf;
mod history;
mod matrix;
mod rodas;
#[cfg(test)]
mod tests;

use isoterm_stiff::{Cause, Failure, Monitor, Problem, Work};

use super::start::check;
use super::{Method, Options, Reached, Statistics};
use bdf::Bdf;
use matrix::Matrix;
use rodas::Rodas;

/// A method that goes on step by step.
trait Stepper {
    /// Takes one accepted step that does not pass `end`.
    fn advance(&mut self, end: f64) -> Result<(), Stopped>;
    /// The time reached.
    fn time(&self) -> f64;
    /// The size of the last step tried, without a sign.
    fn size(&self) -> f64;
    /// The state there.
    fn state(&self) -> &[f64];
    /// The state at a time of the last step.
    fn interpolate(&self, time: f64, state: &mut [f64]);
    /// The state that moves fastest in units of its tolerance.
    fn fastest(&self) -> Option<usize>;
    /// Accepted and refused steps, evaluations.
    fn steps(&self) -> Work;
    /// The linear algebra.
    fn matrix(&self) -> &Matrix<'_>;

    /// The steps, with what the linear algebra did for them.
    fn work(&self) -> Work {
        let counts = &self.matrix().counts;
        Work {
            jacobian_evaluations: counts.jacobians,
            factorizations: counts.factorizations,
            ..self.steps()
        }
    }
}

/// Why no step was accepted.
struct Stopped {
    cause: Cause,
    component: Option<usize>,
}

/// The linear algebra of a method, with GMRES or not and to an accuracy, and the rates at the start.
fn begin<'a>(
    problem: &'a dyn Problem,
    u0: &[f64],
    start: f64,
    (krylov, accuracy): (bool, f64),
    options: &'a Options,
) -> Result<(Matrix<'a>, Vec<f64>), Stopped> {
    let unusable = Cause::Input("the sparsity pattern of the Jacobian is inconsistent");
    let matrix = Matrix::new(problem, krylov, accuracy, options.clock)
        .ok_or(Stopped { cause: unusable, component: None })?;
    let mut rates = vec![0.0; u0.len()];
    problem.rhs(start, u0, &mut rates);
    match rates.iter().position(|x| !x.is_finite()) {
        Some(k) => Err(Stopped { cause: Cause::NonFinite, component: Some(k) }),
        None => Ok((matrix, rates)),
    }
}

/// Integrates with the method of the options, a BDF or Rodas5P; see
/// [`super::integrate_monitored`].
pub fn integrate(
    problem: &dyn Problem,
    u0: &[f64],
    times: (f64, &[f64], f64),
    options: &Options,
    sink: &mut dyn FnMut(f64, &[f64]),
    watch: &dyn Fn(f64) -> bool,
    monitor: Option<&mut Monitor<'_>>,
) -> Result<Reached, Failure> {
    check(problem, u0, times, options)?;
    let (start, outputs, end) = times;
    if u0.is_empty() || start == end {
        outputs.iter().for_each(|&t| sink(t, u0));
        let statistics = Statistics { methods: vec![options.method], ..Statistics::default() };
        return Ok(Reached { time: end, state: u0.to_vec(), stopped: false, statistics });
    }
    let failed = |stopped: Stopped| Failure {
        time: start,
        step: 0.0,
        component: stopped.component,
        cause: stopped.cause,
        work: Work::default(),
    };
    let sign = (end - start).signum();
    let options = &Options { clock: options.clock.of(u0.len()), ..options.clone() };
    let drive = Drive { times, options, watch, sign };
    match options.method {
        Method::Rodas5p => {
            let rodas = Rodas::new(problem, u0, (start, end), options).map_err(failed)?;
            drive.run(rodas, sink, monitor)
        }
        _ => {
            let bdf = Bdf::new(problem, u0, (start, end), options).map_err(failed)?;
            drive.run(bdf, sink, monitor)
        }
    }
}

struct Drive<'a> {
    times: (f64, &'a [f64], f64),
    options: &'a Options,
    watch: &'a dyn Fn(f64) -> bool,
    sign: f64,
}

impl Drive<'_> {
    fn run<S: Stepper>(
        &self,
        mut stepper: S,
        sink: &mut dyn FnMut(f64, &[f64]),
        mut monitor: Option<&mut Monitor<'_>>,
    ) -> Result<Reached, Failure> {
        let (start, outputs, end) = self.times;
        let forward = self.sign > 0.0;
        let mut outputs = outputs.iter().copied().peekable();
        while let Some(t) = outputs.next_if_eq(&start) {
            sink(t, stepper.state());
        }
        let mut values = stepper.state().to_vec();
        loop {
            let before = stepper.time();
            let stop = |stepper: &S, cause, component| {
                let (time, step) = (stepper.time(), stepper.size() * self.sign);
                Err(Failure { time, step, component, cause, work: stepper.work() })
            };
            if (self.watch)(before) {
                return stop(&stepper, Cause::Interrupted, None);
            }
            if stepper.work().steps >= self.options.max_steps {
                let component = stepper.fastest();
                return stop(&stepper, Cause::StepLimit(self.options.max_steps), component);
            }
            if let Err(why) = stepper.advance(end) {
                return stop(&stepper, why.cause, why.component);
            }
            let now = stepper.time();
            let at = |time: f64, values: &mut [f64]| {
                let inside = if forward { time < now } else { time > now };
                match inside {
                    true => stepper.interpolate(time, values),
                    false => values.copy_from_slice(stepper.state()),
                }
            };
            let event = monitor
                .as_mut()
                .and_then(|monitor| monitor(before, now, &mut |time, values| at(time, values)));
            let passed = |t: &f64| match event {
                Some(event) if forward => *t < event,
                Some(event) => *t > event,
                None if forward => *t <= now,
                None => *t >= now,
            };
            while let Some(t) = outputs.next_if(passed) {
                at(t, &mut values);
                sink(t, &values);
            }
            if event.is_some() || now == end {
                let time = event.unwrap_or(end);
                at(time, &mut values);
                let statistics = self.statistics(&stepper);
                return Ok(Reached { time, state: values, stopped: event.is_some(), statistics });
            }
        }
    }

    fn statistics(&self, stepper: &impl Stepper) -> Statistics {
        let (work, matrix) = (stepper.work(), stepper.matrix());
        let (counts, (solver, fill)) = (&matrix.counts, matrix.solver());
        Statistics {
            methods: vec![self.options.method],
            steps: work.steps,
            rejected: work.rejected,
            rhs_evaluations: work.rhs_evaluations,
            jacobian_evaluations: work.jacobian_evaluations,
            factorizations: work.factorizations,
            switched_at: None,
            solves: counts.solves,
            krylov_iterations: counts.iterations,
            linear: Some(solver),
            fill,
            nanos: counts.nanos,
        }
    }
}
