//! Runs of a system with events: integration to where a condition becomes true, resets, and on.
//!
//! An event happens at the first double at which its condition holds after it did not. A
//! condition that holds at the start does not happen there, and one that still holds after its
//! resets must become false before it happens again. Events at one time happen in the order of
//! the model, each from the state that the one before has left; what becomes true by a reset
//! happens at once, but no event twice at one time. A row of the solution at the time of an event
//! is the state after it.

use std::cell::RefCell;

use super::Error;
use super::simulate::{Compiled, Settings, layout, outputs, ranges};
use crate::calculus::{self, Equation, Sparsity};
use crate::kernel::{self, Backend, Kernel, Output, Scratch, Tape};
use crate::model::System;
use crate::numeric::integrate::{
    Failure, Method, Monitor, Problem, Statistics, integrate_monitored,
};
use crate::numeric::root::{Sample, crossing};
use crate::term::{Affine, Graph, Term};

/// An event that happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Occurrence {
    /// Which one: its number in [`System::events`].
    pub event: usize,
    /// When.
    pub time: f64,
    /// The states just before.
    pub before: Vec<f64>,
    /// The states after its resets.
    pub after: Vec<f64>,
}

/// The events of a system as kernels.
pub(super) struct Events {
    /// Condition and margin of each event in turn; none when there are no events.
    conditions: Option<Kernel>,
    /// The new states of each event.
    resets: Vec<Kernel>,
    /// The derivatives of the margins by the states and, in the column after those, by the time.
    gradients: Kernel,
    sparsity: Sparsity,
}

/// Least number of equal parts of a step at whose ends conditions are looked at.
const PARTS: usize = 4;

/// Least number of times, evenly over a run, at which conditions are looked at: steps know
/// nothing of what conditions do with the time.
const LOOKS: f64 = 1000.0;

/// An interval between two happenings of one event that is this much smaller than the first of
/// a row of ever smaller ones shows that infinitely many would fit into a finite time.
const SHRUNK: f64 = 1e-9;
/// Happenings in a row with shrinking intervals before [`SHRUNK`] counts.
const SHRINKING: usize = 3;
/// An interval this small next to the time itself is at the resolution of the time.
const INSTANT: f64 = 1e-12;
/// So many of those in a row are no coincidence.
const INSTANTS: usize = 3;
/// A rest of the time range this small next to the time itself is none.
const RESOLUTION: f64 = 32.0 * f64::EPSILON;

impl Events {
    /// Compiles conditions and resets.
    ///
    /// # Errors
    /// A function without a derivative in a condition, and what the lowering or the backend refuses.
    pub(super) fn compile(
        system: &System,
        graph: &mut Graph,
        backend: &dyn Backend,
    ) -> Result<Events, Error> {
        let dimension = system.dimension();
        let margins: Vec<Equation> = (0..)
            .zip(&system.events)
            .map(|(k, e)| Equation {
                ranges: Vec::new(),
                row: Affine::constant(k),
                value: e.margin,
            })
            .collect();
        let places = system.places();
        let blocks = calculus::jacobian(graph, &margins, |name, indices| {
            let time = (name == system.time).then(|| Affine::constant(dimension as i64));
            time.or_else(|| places(name, indices))
        })?;
        let sparsity = Sparsity::of((dimension + 1).max(margins.len()), &blocks);
        let slots: Vec<Output> = blocks
            .iter()
            .zip(&sparsity.block_starts)
            .filter_map(|(b, &first)| {
                Some(Output { ranges: ranges(&b.ranges), place: b.slot(first)?, value: b.value })
            })
            .collect();
        let layout = layout(system, graph);
        let compile = |list: &[Output]| {
            backend.compile(&Tape::lower(graph, &layout, list, &kernel::Options::default())?)
        };
        let pairs = system.events.iter().flat_map(|e| [e.condition, e.margin]);
        let pairs: Vec<Output> = (0..)
            .zip(pairs)
            .map(|(k, value)| Output { ranges: Vec::new(), place: Affine::constant(k), value })
            .collect();
        let conditions = if pairs.is_empty() { None } else { Some(compile(&pairs)?) };
        let resets = system.events.iter().map(|event| {
            let values: Vec<Term> = event.resets.iter().map(|e| e.value).collect();
            compile(&outputs(&event.resets, &values))
        });
        let resets = resets.collect::<Result<_, kernel::Error>>()?;
        Ok(Events { conditions, resets, gradients: compile(&slots)?, sparsity })
    }
}

/// The events of one run.
struct Run<'a> {
    system: &'a System,
    compiled: &'a Compiled,
    kernels: &'a Events,
    settings: &'a Settings,
    scratch: RefCell<(Scratch, Vec<f64>)>,
    /// The conditions at the last time that was looked at.
    last: Vec<Sample>,
    /// The longest time between two looks.
    longest: f64,
    problem: &'a dyn Problem,
    /// The margin of each event when it last happened, and whether its resets turned it round.
    root: Vec<f64>,
    turned: Vec<bool>,
    /// Whether the event at hand happens by an error of the solver only.
    lost: bool,
    rhythms: Vec<Rhythm>,
    occurrences: Vec<Occurrence>,
}

impl Run<'_> {
    /// All conditions at a time and state.
    fn samples(&self, time: f64, states: &[f64]) -> Vec<Sample> {
        let Some(kernel) = &self.kernels.conditions else { return Vec::new() };
        let (scratch, values) = &mut *self.scratch.borrow_mut();
        values.resize(2 * self.kernels.resets.len(), 0.0);
        kernel.evaluate(time, states, self.compiled.parameters(), values, scratch);
        values.chunks(2).map(|v| Sample { holds: v[0] != 0.0, margin: v[1] }).collect()
    }

    /// The first time in a step at which a condition becomes true; events whose times differ by
    /// rounding only share the latest of them.
    fn inspect(
        &mut self,
        from: f64,
        to: f64,
        state: &mut dyn FnMut(f64, &mut [f64]),
        states: &mut [f64],
    ) -> Option<f64> {
        let mut at = |time: f64| {
            state(time, states);
            self.samples(time, states)
        };
        let mut points = vec![(from, self.last.clone())];
        let parts = PARTS.max(((to - from).abs() / self.longest).ceil() as usize);
        for k in 1..=parts {
            let part = from + (to - from) * (k as f64 / parts as f64);
            let time = if k == parts { to } else { part };
            points.push((time, at(time)));
        }
        // A condition may hold between two points only: where a parabola says so, look there.
        for time in maxima(&points) {
            let place = points.partition_point(|p| (p.0 - from).abs() < (time - from).abs());
            points.insert(place, (time, at(time)));
        }
        let width = f64::EPSILON * from.abs().max(to.abs());
        let found = points.windows(2).find_map(|pair| {
            let [(a, before), (b, after)] = pair else { return None };
            let rising = (0..before.len()).filter(|&k| !before[k].holds && after[k].holds);
            let times: Vec<f64> = rising
                .map(|k| crossing((*a, before[k]), (*b, after[k]), width, |t| at(t)[k]))
                .collect();
            let distance = |t: &f64| (t - from).abs();
            let first = times.iter().map(distance).min_by(f64::total_cmp)?;
            let together = times.iter().filter(|t| distance(t) <= first + 4.0 * width);
            let time = together.copied().max_by(|s, t| distance(s).total_cmp(&distance(t)))?;
            Some((time, before.clone()))
        });
        match found {
            Some((time, before)) => {
                self.last = before;
                Some(time)
            }
            None => {
                self.last = points.pop().map(|p| p.1).unwrap_or_default();
                None
            }
        }
    }

    /// Lets all events happen that are due at a time, and what follows from them at that time;
    /// whether the run is to stop.
    fn happen(&mut self, time: f64, states: &mut [f64]) -> Result<bool, Error> {
        let mut done = vec![false; self.last.len()];
        let mut stop = false;
        loop {
            let now = self.samples(time, states);
            let due = |k: &usize| now[*k].holds && !self.last[*k].holds && !done[*k];
            let due: Vec<usize> = (0..now.len()).filter(due).collect();
            for &k in &due {
                self.root[k] = now[k].margin;
            }
            self.last = now;
            if due.is_empty() {
                break;
            }
            // A margin that was turned round, is positive again and yet falls: the solver's error
            // is larger than the movement.
            let rates = self.margin_rates(time, states);
            for k in due {
                self.lost = self.turned[k] && rates[k] < 0.0 && !done.contains(&true);
                done[k] = true;
                stop |= self.system.events[k].stop;
                self.reset(k, time, states)?;
            }
        }
        // Where the resets leave the margin at its root and only turn it round, the condition is
        // about to become false, whatever rounding says of this moment. To note that now matters
        // when it is true again before the next look.
        let rates = self.margin_rates(time, states);
        for k in (0..done.len()).filter(|&k| done[k]) {
            let margin = self.last[k].margin;
            self.turned[k] = margin.abs() <= self.root[k].abs() && rates[k] < 0.0;
            if self.turned[k] {
                self.last[k] = Sample { holds: false, margin: -margin.abs() };
            }
        }
        Ok(stop)
    }

    /// The rates of change of all margins along the solution.
    fn margin_rates(&self, time: f64, states: &[f64]) -> Vec<f64> {
        let Events { gradients, sparsity, .. } = self.kernels;
        let mut slots = vec![0.0; sparsity.slots()];
        let mut entries = vec![0.0; sparsity.len()];
        let scratch = &mut self.scratch.borrow_mut().0;
        gradients.evaluate(time, states, self.compiled.parameters(), &mut slots, scratch);
        sparsity.gather(&slots, &mut entries);
        let mut speeds = vec![0.0; sparsity.dimension];
        self.problem.rhs(time, states, &mut speeds[..states.len()]);
        speeds[states.len()] = 1.0;
        let mut rates = vec![0.0; self.last.len()];
        for (column, speed) in speeds.iter().enumerate() {
            for entry in sparsity.column_starts[column]..sparsity.column_starts[column + 1] {
                rates[sparsity.row_indices[entry]] += entries[entry] * speed;
            }
        }
        rates
    }

    /// The resets of one event.
    fn reset(&mut self, event: usize, time: f64, states: &mut [f64]) -> Result<(), Error> {
        let name = || self.system.events[event].name.clone();
        let before = states.to_vec();
        let scratch = &mut self.scratch.borrow_mut().0;
        let parameters = self.compiled.parameters();
        self.kernels.resets[event].evaluate(time, &before, parameters, states, scratch);
        if let Some(place) = states.iter().position(|x| !x.is_finite()) {
            let (state, value) = (self.system.state_name(place), states[place]);
            return Err(Error::Reset { event: name(), time, state, value });
        }
        // Resets leave the algebraic states to be found anew.
        self.compiled.consistent(self.system, time, states, &self.settings.integration)?;
        let count = self.occurrences.len() + 1;
        let smallest = if self.lost { f64::INFINITY } else { INSTANT };
        let instant = smallest * time.abs().max(self.longest);
        if let Some(interval) = self.rhythms[event].beat(time, instant, self.turned[event]) {
            return Err(Error::Accumulation { event: name(), time, count, interval });
        }
        let limit = self.settings.events;
        if count > limit {
            return Err(Error::TooManyEvents { event: name(), time, limit });
        }
        self.occurrences.push(Occurrence { event, time, before, after: states.to_vec() });
        Ok(())
    }
}

/// Times at which a margin, negative at three neighbouring points, seems to be positive: the
/// vertex of the parabola through them.
fn maxima(points: &[(f64, Vec<Sample>)]) -> Vec<f64> {
    let mut times: Vec<f64> = Vec::new();
    for triple in points.windows(3) {
        let [(t0, a), (t1, b), (t2, c)] = triple else { continue };
        for ((a, b), c) in a.iter().zip(b).zip(c) {
            if a.holds || b.holds || c.holds {
                continue;
            }
            let (slope, bend) = (c.margin - a.margin, a.margin - 2.0 * b.margin + c.margin);
            let top = b.margin - slope * slope / (8.0 * bend);
            // A tenth more, for what is not a parabola.
            let likely = top + 0.1 * (top - a.margin.min(c.margin));
            let offset = -0.5 * slope / bend;
            if bend < 0.0 && likely > 0.0 && offset.abs() < 1.0 {
                let time = t1 + offset * 0.5 * (t2 - t0);
                let known = |t: &f64| *t == time || points.iter().any(|p| p.0 == time);
                if time.is_finite() && !times.iter().any(known) {
                    times.push(time);
                }
            }
        }
    }
    times
}

/// How often an event happens.
#[derive(Clone, Default)]
struct Rhythm {
    last: Option<f64>,
    /// The first and the last interval of the present row of ever smaller ones.
    first: f64,
    interval: f64,
    shrinking: usize,
    instants: usize,
}

impl Rhythm {
    /// Notes that it happens; the last interval, when they shrink to nothing. An interval of no
    /// more than `instant` cannot be resolved, and an event that has `turned` its margin round
    /// shows by a single one that it accumulates.
    fn beat(&mut self, time: f64, instant: f64, turned: bool) -> Option<f64> {
        let interval = (time - self.last.replace(time)?).abs();
        if self.shrinking > 0 && interval < self.interval {
            self.shrinking += 1;
        } else {
            (self.first, self.shrinking) = (interval, 1);
        }
        self.interval = interval;
        self.instants = if interval <= instant { self.instants + 1 } else { 0 };
        let enough = if turned { 1 } else { INSTANTS };
        let vanishing = self.shrinking > SHRINKING && interval < SHRUNK * self.first;
        (vanishing || self.instants >= enough).then_some(interval)
    }
}

/// Integrates a compiled system over its events; `sink` is handed the states at the times to
/// report, and those at the end of a run that an event has stopped. `explain` makes an error of a
/// failed integration.
///
/// # Errors
/// What `explain` gives, [`Error::Reset`], [`Error::Accumulation`] and [`Error::TooManyEvents`].
pub(super) fn run(
    (system, compiled, kernels): (&System, &Compiled, &Events),
    settings: &Settings,
    problem: &dyn Problem,
    sink: &mut dyn FnMut(f64, &[f64]),
    watch: &dyn Fn(f64) -> bool,
    explain: &dyn Fn(Failure) -> Error,
) -> Result<(Statistics, Vec<Occurrence>), Error> {
    let times = settings.times.over(settings.from, settings.to);
    let (mut time, mut states) = (settings.from, compiled.initial().to_vec());
    compiled.consistent(system, time, &mut states, &settings.integration)?;
    let mut run = Run {
        system,
        compiled,
        kernels,
        settings,
        scratch: RefCell::default(),
        last: Vec::new(),
        problem,
        longest: (settings.to - settings.from).abs() / LOOKS,
        root: vec![0.0; system.events.len()],
        lost: false,
        turned: vec![false; system.events.len()],
        rhythms: vec![Rhythm::default(); system.events.len()],
        occurrences: Vec::new(),
    };
    run.last = run.samples(time, &states);
    let mut options = settings.integration.clone();
    let (mut statistics, mut served) = (Statistics::default(), 0);
    let mut inside = vec![0.0; states.len()];
    loop {
        let reached = {
            let range = (time, &times[served..], settings.to);
            let mut serve = |t: f64, u: &[f64]| {
                served += 1;
                sink(t, u);
            };
            let mut monitor = |from: f64, to: f64, state: &mut dyn FnMut(f64, &mut [f64])| {
                run.inspect(from, to, state, &mut inside)
            };
            let monitor: Option<&mut Monitor<'_>> =
                if system.events.is_empty() { None } else { Some(&mut monitor) };
            integrate_monitored(problem, &states, range, &options, &mut serve, watch, monitor)
                .map_err(explain)?
        };
        statistics.absorb(reached.statistics);
        (time, states) = (reached.time, reached.state);
        if !reached.stopped {
            return Ok((statistics, run.occurrences));
        }
        let stop = run.happen(time, &mut states)?;
        if stop {
            // The run ends with a row at its last time, whether that was asked for or not.
            sink(time, &states);
            return Ok((statistics, run.occurrences));
        }
        if (settings.to - time).abs() <= RESOLUTION * time.abs() {
            // No step fits between here and the end.
            times[served..].iter().for_each(|&t| sink(t, &states));
            return Ok((statistics, run.occurrences));
        }
        options.initial_step = None;
        options.max_steps = settings.integration.max_steps.saturating_sub(statistics.steps).max(1);
        // A problem that was stiff before the event is taken to be stiff after it.
        if statistics.switched_at.is_some() {
            options.method = Method::Bdf;
        }
    }
}
