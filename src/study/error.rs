//! Why a study gave no result.

use std::fmt;

use super::culprit::Culprit;
use crate::model::System;
use crate::numeric::consistent::Inconsistent;
use crate::numeric::integrate::{Brief, Failure};
use crate::numeric::steady;
use crate::syntax::print;
use crate::{calculus, kernel};

/// Why a simulation gave no solution.
#[derive(Debug)]
pub enum Error {
    /// Somebody asked for the end before the kernels were made.
    Interrupted,
    /// The model has no `simulate` line.
    NoPlan,
    /// No method of this name.
    UnknownMethod(String),
    /// No backend of this name.
    UnknownBackend(String),
    /// A function without a derivative.
    Calculus(calculus::Error),
    /// A tape could not be lowered or compiled.
    Kernel(kernel::Error),
    /// A value is given for what is neither a parameter nor a state: the name, and the nearest one.
    UnknownName(String, Option<String>),
    /// A parameter or an initial value has no finite value: its name and its expression.
    NotFinite(String, String),
    /// An event gave a state no finite value.
    Reset {
        /// The condition of the event.
        event: String,
        /// When it happened.
        time: f64,
        /// The name of the state.
        state: String,
        /// Its value.
        value: f64,
    },
    /// An event happened in ever shorter intervals, infinitely often in a finite time.
    Accumulation {
        /// The condition of the event.
        event: String,
        /// When it happened last.
        time: f64,
        /// Events of the run until then.
        count: usize,
        /// The time since it happened before.
        interval: f64,
    },
    /// More events than a run may have.
    TooManyEvents {
        /// The condition of the last one.
        event: String,
        /// When it happened.
        time: f64,
        /// How many there may be.
        limit: usize,
    },
    /// The algebraic equations have no solution at the start, or not exactly one near the guess:
    /// what is wrong, in sentences.
    Inconsistent(String),
    /// Sensitivities are asked for of a model with events.
    JumpingSensitivities,
    /// More is asked for than the limits allow: what.
    TooLarge(String),
    /// A steady state is asked for of equations that depend on time: its name.
    DependsOnTime(String),
    /// No steady state was found: the solver's report and the state that moves most.
    Unsteady {
        /// The report.
        failure: Box<steady::Failure>,
        /// The name of the state with the largest rate of change.
        state: Option<String>,
    },
    /// The integration stopped: what happened, in which state, and the expression at fault.
    Integration {
        /// The solver's report.
        failure: Box<Failure>,
        /// The name of the state responsible.
        state: Option<String>,
        /// The first subexpression without a value.
        culprit: Option<Box<Culprit>>,
        /// Its text with the values of its names.
        expression: Option<String>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoPlan => {
                f.write_str("the model does not say what to simulate; add `simulate t = 0..10`")
            }
            Error::Interrupted => f.write_str("interrupted before the run began"),
            Error::UnknownMethod(name) => write!(f, "unknown method `{name}`"),
            Error::UnknownBackend(name) => write!(f, "unknown backend `{name}`"),
            Error::Calculus(e) => write!(f, "{e}"),
            Error::TooLarge(what) => f.write_str(what),
            Error::Kernel(e) => write!(f, "{e}"),
            Error::UnknownName(name, nearest) => {
                write!(f, "no parameter or state is named `{name}`")?;
                nearest.as_ref().map_or(Ok(()), |n| write!(f, "; did you mean `{n}`?"))
            }
            Error::NotFinite(name, text) => {
                write!(f, "`{name}` has no finite value: it is `{text}`")
            }
            Error::Reset { event, time, state, value } => {
                let time = Brief(*time);
                write!(f, "the event `{event}` at t = {time} sets `{state}` to {value}")
            }
            Error::Accumulation { event, time, count, interval } => {
                let (time, interval) = (Brief(*time), Brief(*interval));
                write!(
                    f,
                    "events accumulate at t = {time}: `{event}` happens ever faster, {interval} \
                     apart at the last of {count} events; end the simulation before, or let an \
                     event stop it or hold the states"
                )
            }
            Error::TooManyEvents { event, time, limit } => {
                let time = Brief(*time);
                write!(
                    f,
                    "more than {limit} events, the limit `events`, the last one `{event}` at t = \
                     {time}; end the simulation before, or raise the limit with `--limit \
                     events=NUMBER`"
                )
            }
            Error::Inconsistent(what) => f.write_str(what),
            Error::JumpingSensitivities => f.write_str(
                "sensitivities jump at events, which is not computed; leave out the `when` \
                 statements or compare runs with `--scan`",
            ),
            Error::DependsOnTime(time) => write!(
                f,
                "the equations depend on `{time}`, so that the model has no steady state; give a \
                 time at which to hold them"
            ),
            Error::Unsteady { failure, state } => {
                write!(f, "{failure}")?;
                state.as_ref().map_or(Ok(()), |state| write!(f, ", of `{state}`"))
            }
            Error::Integration { failure, state, expression, .. } => {
                let plain = Failure { component: None, ..(**failure).clone() };
                write!(f, "{plain}")?;
                if let Some(state) = state {
                    write!(f, ", in the equation of `{state}`")?;
                }
                match expression {
                    Some(text) => write!(f, ": {text}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for Error {}

/// Equations and unknowns that a message lists.
const LISTED: usize = 3;

impl Error {
    /// Says which algebraic equations and unknowns are to blame.
    pub(super) fn inconsistent(system: &System, time: f64, why: &Inconsistent) -> Error {
        let equation = |&place: &usize| match system.equation_at(place) {
            Some((equation, at)) => {
                let indices: Vec<String> = at.iter().map(|(_, i)| i.to_string()).collect();
                let text = format!("`0 = {}`", print(&system.graph, equation.value));
                if at.is_empty() { text } else { format!("{text} at {}", indices.join(", ")) }
            }
            None => system.state_name(place),
        };
        let list = |texts: Vec<String>, all: usize| match all.checked_sub(texts.len()) {
            Some(more) if more > 0 => format!("{} and {more} more", texts.join(", ")),
            _ => texts.join(", "),
        };
        let unknowns = |places: &[usize]| {
            let names = places.iter().take(LISTED).map(|&p| format!("`{}`", system.state_name(p)));
            list(names.collect(), places.len())
        };
        let time = Brief(time);
        Error::Inconsistent(match why {
            Inconsistent::NotFinite(place) => format!(
                "the algebraic equation {} has no finite value at t = {time} with the initial \
                 values; give its unknowns another guess",
                equation(place)
            ),
            Inconsistent::NotFound { equation: place, residual } => format!(
                "no values satisfy the algebraic equations at t = {time}: {} is left with {}; \
                 give their unknowns ({}) another guess",
                equation(place),
                Brief(*residual),
                unknowns(&system.algebraic)
            ),
            Inconsistent::Singular { equations, unknowns: places } => {
                let undetermined = format!(
                    "the algebraic equations do not determine {} at t = {time}",
                    unknowns(if places.is_empty() { &system.algebraic } else { places })
                );
                let texts: Vec<String> = equations.iter().take(LISTED).map(equation).collect();
                let empty = if texts.is_empty() {
                    String::new()
                } else {
                    let list = list(texts, equations.len());
                    format!(": {list} does not change with the algebraic unknowns there")
                };
                format!(
                    "{undetermined}{empty} (their Jacobian is singular: the guess is bad, or the \
                     index of the problem is higher than 1 and an equation must be differentiated)"
                )
            }
        })
    }
}

impl From<calculus::Error> for Error {
    fn from(e: calculus::Error) -> Self {
        Error::Calculus(e)
    }
}

impl From<kernel::Error> for Error {
    fn from(e: kernel::Error) -> Self {
        Error::Kernel(e)
    }
}
