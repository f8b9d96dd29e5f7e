//! What a run gives: times, rows of values, events.

use super::Occurrence;
use crate::model::System;
use crate::numeric::integrate::Statistics;

/// States and observables at the reported times.
#[derive(Clone, Debug)]
pub struct Solution {
    /// The times.
    pub times: Vec<f64>,
    /// At each time the states, then the observables; after the events at that time. A run that an
    /// event has stopped ends with a row at that time.
    pub rows: Vec<Vec<f64>>,
    /// The events that happened, in order.
    pub events: Vec<Occurrence>,
    /// What the integration took.
    pub statistics: Statistics,
}

impl Solution {
    /// The names of the columns: states, eliminated ones in their places, then observables.
    pub fn columns(system: &System) -> Vec<String> {
        system.columns().into_iter().map(|(name, _)| name).collect()
    }
}

/// Where the columns of results stand among states and observables; nothing when in that order.
pub(super) fn order(system: &System) -> Vec<usize> {
    match system.eliminated {
        Some(_) => system.columns().into_iter().map(|(_, place)| place).collect(),
        None => Vec::new(),
    }
}
