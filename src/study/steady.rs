//! Steady states of a system, what is conserved on the way there, and whether they are stable.

use super::simulate::Right;
use super::{Compiled, Error};
use crate::model::System;
use crate::numeric::integrate::{self, Problem};
use crate::numeric::steady::{self, Cause, DENSE, eigenvalues, invariants, jacobian, root};
use crate::term::Term;
use crate::term::visit::free_symbols;

/// How to look for a steady state.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Options {
    /// Tolerances and the limit on steps.
    pub search: steady::Options,
    /// The time at which equations that depend on time are held; without it they are refused.
    pub time: Option<f64>,
}

/// Whether small disturbances of a steady state die out. Directions that conserved totals exclude
/// do not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stability {
    /// All eigenvalues of the Jacobian have negative real parts.
    Stable,
    /// Some have real parts that are not told apart from zero, none is positive: a centre, or a
    /// point where branches meet.
    Neutral,
    /// Some have positive real parts.
    Unstable,
}

impl Stability {
    /// Its name: `stable`, `neutral`, `unstable`.
    pub fn name(self) -> &'static str {
        match self {
            Stability::Stable => "stable",
            Stability::Neutral => "neutral",
            Stability::Unstable => "unstable",
        }
    }
}

/// A steady state.
#[derive(Clone, PartialEq, Debug)]
pub struct Steady {
    /// The states, by place.
    pub states: Vec<f64>,
    /// The largest rate of change there, by magnitude.
    pub residual: f64,
    /// The state that has it.
    pub slowest: String,
    /// Steps of the search, refused ones included.
    pub steps: usize,
    /// The time at which the equations were held; `None` when they do not depend on time.
    pub held_at: Option<f64>,
    /// Absent for systems of more than [`DENSE`] states, and where the Jacobian is not finite.
    pub spectrum: Option<Spectrum>,
}

/// The linearised motion around a steady state.
#[derive(Clone, PartialEq, Debug)]
pub struct Spectrum {
    /// The eigenvalues of the Jacobian as real and imaginary parts, from the largest real part
    /// down, without the zeros of conserved totals.
    pub eigenvalues: Vec<(f64, f64)>,
    /// The number of independent conserved totals, found as [`invariants`] says.
    pub conserved: usize,
    /// What follows.
    pub stability: Stability,
}

/// A real part counts as zero below this part of the eigenvalue's magnitude.
const NEUTRAL: f64 = 1e-7;

/// The steady state that the system's solution from its initial values comes to, or one that the
/// search meets instead; see [`root`]. Conserved totals, as in closed networks of reactions, are
/// those of the initial values.
///
/// A point that repels is found when the search starts there, or when it cannot come to rest
/// otherwise; it is reported as [`Stability::Unstable`].
///
/// # Errors
/// [`Error::DependsOnTime`], [`Error::Unsteady`] with the state that moves most, and
/// [`Error::Integration`] with the expression at fault when a rate is not finite at the start.
pub fn steady(
    system: &System,
    compiled: &Compiled,
    options: &Options,
    watch: &dyn Fn(usize) -> bool,
) -> Result<Steady, Error> {
    let dependent = depends_on_time(system);
    if dependent && options.time.is_none() {
        return Err(Error::DependsOnTime(system.time.clone()));
    }
    let time = options.time.unwrap_or(0.0);
    let right = Right::new(compiled);
    let start = compiled.initial();
    let found = root(&right, time, start, &options.search, watch).map_err(|failure| {
        if failure.cause == Cause::NonFinite {
            let at_start = integrate::Failure {
                time,
                step: 0.0,
                component: failure.component,
                cause: integrate::Cause::NonFinite,
                work: Default::default(),
            };
            return compiled.explain(system, at_start, right.unusable.take());
        }
        let state = failure.component.map(|k| system.state_name(k));
        Error::Unsteady { failure: Box::new(failure), state }
    })?;
    let largest = found.residual.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    let (place, residual) = largest.map_or((0, 0.0), |(k, f)| (k, f.abs()));
    Ok(Steady {
        residual,
        slowest: system.state_name(place),
        steps: found.steps,
        held_at: dependent.then_some(time),
        spectrum: Spectrum::at(&right, time, start, &found.states),
        states: found.states,
    })
}

impl Spectrum {
    fn at(problem: &dyn Problem, time: f64, start: &[f64], states: &[f64]) -> Option<Spectrum> {
        let n = states.len();
        if n > DENSE {
            return None;
        }
        let mut all = eigenvalues(n, &jacobian(problem, time, states))?;
        let conserved = invariants(problem, time, start, states)?.len() / n.max(1);

        let size = |&(re, im): &(f64, f64)| re.hypot(im);
        all.sort_by(|a, b| size(a).total_cmp(&size(b)));
        let largest = all.last().map_or(0.0, size);
        let mut eigenvalues = all.split_off(conserved);
        eigenvalues.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
        let rounding = n as f64 * f64::EPSILON * largest;
        let beyond = |e: &(f64, f64)| e.0.abs() > rounding.max(NEUTRAL * size(e));
        let stability = if eigenvalues.iter().any(|e| e.0 > 0.0 && beyond(e)) {
            Stability::Unstable
        } else if eigenvalues.iter().all(beyond) {
            Stability::Stable
        } else {
            Stability::Neutral
        };
        Some(Spectrum { eigenvalues, conserved, stability })
    }
}

fn depends_on_time(system: &System) -> bool {
    let roots: Vec<Term> = system.equations.iter().map(|e| e.value).collect();
    free_symbols(&system.graph, &roots).into_iter().any(|s| system.graph.name(s) == system.time)
}
