//! Integration of `u' = f(t, u)`: explicit pairs of our own, implicit methods, automatic choice.

mod explicit;
mod implicit;
mod start;
mod tableau;

use std::fmt;

pub use isoterm_stiff::{Brief, Cause, Failure, Monitor, Pattern, Problem};

use super::consistent::consistent;
use super::sparse;
use explicit::{Control, Outcome};

/// A method of integration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Method {
    /// Explicit until the problem turns out to be stiff, then [`Method::Bdf`]; this at once for
    /// algebraic equations.
    #[default]
    Auto,
    /// Tsitouras 5(4).
    Tsit5,
    /// Dormand–Prince 8(5,3).
    Dop853,
    /// Backward differentiation formulas, orders 1 to 5; linear systems by LU factorization unless
    /// its factors would be much larger than the Jacobian.
    Bdf,
    /// The same with GMRES and an incomplete factorization.
    BdfKrylov,
    /// Rodas5P of Rosenbrock's kind, order 5 (Steinebach, 2023).
    Rodas5p,
    /// diffsol's backward differentiation formulas.
    DiffsolBdf,
    /// TR-BDF2.
    TrBdf2,
    /// ESDIRK of order 3.
    Esdirk34,
}

/// The methods with their names in models and on the command line, and what they are for.
pub const METHODS: &[(&str, Method, &str)] = &[
    ("auto", Method::Auto, "explicit first, BDF once the problem is stiff"),
    ("tsit5", Method::Tsit5, "explicit, order 5: not stiff, moderate tolerance"),
    ("dop853", Method::Dop853, "explicit, order 8: not stiff, tight tolerance"),
    ("bdf", Method::Bdf, "implicit, order 1 to 5: stiff"),
    ("bdf_krylov", Method::BdfKrylov, "BDF with GMRES and ILU(0): very large systems"),
    ("rodas5p", Method::Rodas5p, "linearly implicit, order 5: stiff, few states"),
    ("diffsol_bdf", Method::DiffsolBdf, "BDF of another library, for comparison"),
    ("tr_bdf2", Method::TrBdf2, "implicit, order 2: stiff, loose tolerance"),
    ("esdirk34", Method::Esdirk34, "implicit, order 3: stiff, loose tolerance"),
];

impl Method {
    /// The method of this name.
    pub fn named(name: &str) -> Option<Method> {
        METHODS.iter().find(|(n, _, _)| *n == name).map(|(_, m, _)| *m)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        METHODS.iter().find(|(_, m, _)| *m == self).map_or("auto", |(n, _, _)| n)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What tells the time, in nanoseconds, for statistics; nothing depends on it. Looked at for more than
/// 32 states only, since steps of less are as short as a look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock(pub Option<fn() -> u64>);

impl Clock {
    /// The clock, if it is to be looked at for so many states.
    fn of(self, states: usize) -> Clock {
        Clock(self.0.filter(|_| states > sparse::DENSE))
    }

    fn now(self) -> u64 {
        self.0.map_or(0, |now| now())
    }

    fn since(self, start: u64) -> u64 {
        self.now().saturating_sub(start)
    }
}

impl PartialEq for Clock {
    /// Clocks are no part of what is asked for.
    fn eq(&self, _other: &Clock) -> bool {
        true
    }
}

/// Where the time of an implicit method went, in nanoseconds; zeros without a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Parts {
    /// Ordering and symbolic factorization.
    pub analysis: u64,
    /// Evaluations of the right-hand side.
    pub rhs: u64,
    /// Evaluations of the Jacobian.
    pub jacobian: u64,
    /// Factorizations.
    pub factorization: u64,
    /// Solves.
    pub solve: u64,
}

/// How to integrate.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// The method.
    pub method: Method,
    /// Relative tolerance of a step.
    pub rtol: f64,
    /// Absolute tolerance of a step: one entry for all states, or one for each.
    pub atol: Vec<f64>,
    /// First step; chosen from the problem if absent.
    pub initial_step: Option<f64>,
    /// Largest number of accepted steps.
    pub max_steps: usize,
    /// For the times in [`Statistics::nanos`].
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            method: Method::Auto,
            rtol: 1e-6,
            atol: vec![1e-9],
            initial_step: None,
            max_steps: 10_000_000,
            clock: Clock::default(),
        }
    }
}

impl Options {
    /// The tolerance of state `i` when it has this magnitude.
    fn tolerance(&self, i: usize, magnitude: f64) -> f64 {
        self.atol[if self.atol.len() == 1 { 0 } else { i }] + self.rtol * magnitude
    }

    /// The state that moves fastest in units of its tolerance.
    fn fastest(&self, speeds: &[f64], states: &[f64]) -> Option<usize> {
        let moves = speeds.iter().zip(states).enumerate();
        moves
            .map(|(i, (f, u))| (i, f.abs() / self.tolerance(i, u.abs())))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(i, _)| i)
    }
}

/// What an integration did.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Statistics {
    /// Methods used, in order.
    pub methods: Vec<Method>,
    /// Accepted steps.
    pub steps: usize,
    /// Refused steps.
    pub rejected: usize,
    /// Evaluations of the right-hand side.
    pub rhs_evaluations: usize,
    /// Evaluations of the Jacobian.
    pub jacobian_evaluations: usize,
    /// LU factorizations.
    pub factorizations: usize,
    /// The time at which [`Method::Auto`] found the problem stiff.
    pub switched_at: Option<f64>,
    /// Systems of linear equations solved.
    pub solves: usize,
    /// Iterations of a Krylov method.
    pub krylov_iterations: usize,
    /// What solved them.
    pub linear: Option<&'static str>,
    /// Entries of the factors.
    pub fill: usize,
    /// Where the time went.
    pub nanos: Parts,
}

impl Statistics {
    /// Adds what came after; a method that went on is not named again.
    pub fn absorb(&mut self, later: Statistics) {
        for method in later.methods {
            if self.methods.last() != Some(&method) {
                self.methods.push(method);
            }
        }
        self.steps += later.steps;
        self.rejected += later.rejected;
        self.rhs_evaluations += later.rhs_evaluations;
        self.jacobian_evaluations += later.jacobian_evaluations;
        self.factorizations += later.factorizations;
        self.switched_at = self.switched_at.or(later.switched_at);
        self.solves += later.solves;
        self.krylov_iterations += later.krylov_iterations;
        self.linear = later.linear.or(self.linear);
        self.fill = self.fill.max(later.fill);
        self.nanos.analysis += later.nanos.analysis;
        self.nanos.rhs += later.nanos.rhs;
        self.nanos.jacobian += later.nanos.jacobian;
        self.nanos.factorization += later.nanos.factorization;
        self.nanos.solve += later.nanos.solve;
    }

    fn add(&mut self, method: Method, work: isoterm_stiff::Work) {
        self.methods.push(method);
        self.steps += work.steps;
        self.rejected += work.rejected;
        self.rhs_evaluations += work.rhs_evaluations;
        self.jacobian_evaluations += work.jacobian_evaluations;
        self.factorizations += work.factorizations;
    }
}

/// Tolerance below which the eighth-order pair is the better explicit start.
const TIGHT: f64 = 1e-8;

/// Why an explicit method is refused.
const EXPLICIT: &str = "an explicit method cannot solve algebraic equations `0 = …`; \
                        use `bdf`, `esdirk34`, `tr_bdf2` or `auto`";

/// Why those of our own implicit methods are refused that have no counterpart with a mass matrix.
const WITH_MASS: &str = "this method does not solve algebraic equations `0 = …`; \
                         use `bdf`, `esdirk34`, `tr_bdf2` or `auto`";

/// Integrates from `u0` at `t0` to `t_end` and hands `sink` the state at each of `outputs`.
///
/// Output times must be ordered and lie between `t0` and `t_end`; between steps the method's own
/// interpolant is used. `watch` is told the time before each
/// step and ends the run by `true`.
///
/// # Errors
/// A [`Failure`] names the time reached, the cause and the state responsible. Explicit methods,
/// Rodas5P and BDF with GMRES refuse algebraic rows.
pub fn integrate(
    problem: &dyn Problem,
    u0: &[f64],
    times: (f64, &[f64], f64),
    options: &Options,
    sink: &mut dyn FnMut(f64, &[f64]),
    watch: &dyn Fn(f64) -> bool,
) -> Result<Statistics, Failure> {
    integrate_monitored(problem, u0, times, options, sink, watch, None).map(|end| end.statistics)
}

/// Where a monitored integration ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Reached {
    /// The time; before the end of the range if the monitor asked for it.
    pub time: f64,
    /// The state there.
    pub state: Vec<f64>,
    /// Whether the monitor ended the integration.
    pub stopped: bool,
    /// What the integration did.
    pub statistics: Statistics,
}

/// [`integrate`] with a monitor that is shown each accepted step and may end the run inside of
/// it. Outputs before a time that the monitor gives are served, one at that time is not: a caller
/// that goes on from there with another state serves it.
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
    mut monitor: Option<&mut Monitor<'_>>,
) -> Result<Reached, Failure> {
    let mut statistics = Statistics::default();
    let algebraic = !problem.algebraic().is_empty();
    let explicit = match options.method {
        Method::Tsit5 | Method::Dop853 | Method::Rodas5p | Method::BdfKrylov if algebraic => {
            let own = matches!(options.method, Method::Rodas5p | Method::BdfKrylov);
            return Err(Failure {
                time: times.0,
                step: 0.0,
                component: None,
                cause: Cause::Input(if own { WITH_MASS } else { EXPLICIT }),
                work: isoterm_stiff::Work::default(),
            });
        }
        Method::Auto if algebraic => None,
        Method::Auto if options.rtol < TIGHT => Some(Method::Dop853),
        Method::Auto => Some(Method::Tsit5),
        Method::Tsit5 | Method::Dop853 => Some(options.method),
        _ => None,
    };
    let (mut start, mut state, mut served) = (times.0, u0.to_vec(), 0);
    if let Some(method) = explicit {
        let control = Control { options, detect: options.method == Method::Auto, watch };
        let tableau = if method == Method::Tsit5 { &tableau::TSIT5 } else { &tableau::DOP853 };
        let run = explicit::integrate(
            problem,
            tableau,
            u0,
            times,
            &control,
            sink,
            monitor.as_deref_mut(),
        )?;
        statistics.add(method, run.work);
        match run.outcome {
            Outcome::Ended { time, state, stopped } => {
                return Ok(Reached { time, state, stopped, statistics });
            }
            Outcome::Stiff { time, state: reached, outputs_served } => {
                (start, state, served) = (time, reached, outputs_served);
                statistics.switched_at = Some(time);
            }
        }
    }
    let rest = (start, &times.1[served..], times.2);
    let own = match options.method {
        Method::Rodas5p | Method::BdfKrylov => Some(options.method),
        Method::Auto | Method::Bdf => Some(Method::Bdf),
        _ => None,
    };
    if let Some(method) = own.filter(|_| !algebraic) {
        let options = Options {
            method,
            initial_step: options.initial_step.filter(|_| statistics.methods.is_empty()),
            max_steps: options.max_steps.saturating_sub(statistics.steps).max(1),
            ..options.clone()
        };
        let end = implicit::integrate(problem, &state, rest, &options, sink, watch, monitor)?;
        statistics.absorb(end.statistics);
        return Ok(Reached { statistics, ..end });
    }
    let (method, implicit) = match options.method {
        Method::TrBdf2 => (Method::TrBdf2, isoterm_stiff::Method::TrBdf2),
        Method::Esdirk34 => (Method::Esdirk34, isoterm_stiff::Method::Esdirk34),
        Method::DiffsolBdf => (Method::DiffsolBdf, isoterm_stiff::Method::Bdf),
        _ => (Method::Bdf, isoterm_stiff::Method::Bdf),
    };
    let stiff = isoterm_stiff::Options {
        method: implicit,
        rtol: options.rtol,
        atol: options.atol.clone(),
        initial_step: if statistics.methods.is_empty() { options.initial_step } else { None },
        max_steps: options.max_steps.saturating_sub(statistics.steps).max(1),
        ..isoterm_stiff::Options::default()
    };
    // Interpolants of Runge-Kutta methods have a lower order; the algebraic equations give the
    // states that they determine better. Where they do not, the interpolant stays.
    let solved = algebraic && method != Method::Bdf;
    let mut serve = |t: f64, u: &[f64]| {
        let mut states = if solved { u.to_vec() } else { return sink(t, u) };
        let outcome = consistent(problem, t, &mut states, options.rtol, &options.atol);
        sink(t, if outcome.is_ok() { &states } else { u });
    };
    let serve = &mut serve;
    let end =
        isoterm_stiff::integrate_monitored(problem, &state, rest, &stiff, serve, watch, monitor)?;
    statistics.add(method, end.work);
    Ok(Reached { time: end.time, state: end.state, stopped: end.stopped, statistics })
}

#[cfg(test)]
mod tests;
