//! Simulation: a system's terms optimised, compiled and integrated.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use super::Error;
use super::culprit::Point;
use super::events::{self, Events, Occurrence};
use super::start::start;
use crate::calculus::{self, Block, Equation, IndexRange, Sparsity};
use crate::kernel::{self, BACKENDS, Kernel, Layout, Output, Scratch, Tape};
use crate::model::{System, Times, Variable};
use crate::numeric::consistent::consistent;
use crate::numeric::integrate::{
    Brief, Cause, Failure, Method, Options as Integration, Pattern, Problem, Statistics,
};
use crate::rewrite::{self, Ruleset, optimise};
use crate::term::{Graph, Term};
use crate::text::Limits;

/// What to integrate over and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Start of the time range.
    pub from: f64,
    /// End of the time range.
    pub to: f64,
    /// Times to report.
    pub times: Times,
    /// Method and tolerances.
    pub integration: Integration,
    /// How many events there may be; see [`Limits::events`].
    pub events: usize,
}

impl Settings {
    /// From a time to another, with 200 points and default tolerances.
    pub fn between(from: f64, to: f64) -> Settings {
        let (times, integration) = (Times::Linear(200), Integration::default());
        Settings { from, to, times, integration, events: Limits::default().events }
    }

    /// The settings that a model asks for itself.
    ///
    /// # Errors
    /// When it asks for nothing, or for a method that does not exist.
    pub fn of(system: &System) -> Result<Settings, Error> {
        let plan = system.plan.as_ref().ok_or(Error::NoPlan)?;
        let mut integration = Integration::default();
        if let Some(name) = &plan.method {
            integration.method =
                Method::named(name).ok_or_else(|| Error::UnknownMethod(name.clone()))?;
        }
        integration.rtol = plan.rtol.unwrap_or(integration.rtol);
        integration.atol = plan.atol.map_or(integration.atol, |a| vec![a]);
        let times = plan.times.clone();
        Ok(Settings { times, integration, ..Settings::between(plan.from, plan.to) })
    }
}

/// A system as kernels.
pub struct Compiled {
    /// The optimised right-hand side.
    pub tape: Tape,
    /// The optimised Jacobian, by slot.
    pub jacobian_tape: Tape,
    /// The observables, by place.
    pub observable_tape: Tape,
    /// The right-hand side operation for operation as the model writes it, for comparison.
    pub written: Option<Tape>,
    right_hand_side: Kernel,
    jacobian: Kernel,
    observables: Kernel,
    events: Events,
    dimension: usize,
    blocks: Vec<Block>,
    slots: usize,
    /// Where the entries of the blocks are: known once somebody asks, since it grows with the
    /// model's arrays and only implicit methods need it.
    structure: OnceLock<(Sparsity, Pattern)>,
    algebraic: Vec<usize>,
    parameters: Vec<f64>,
    initial: Vec<f64>,
    observed: usize,
    how: Compilation,
}

/// How to compile.
#[derive(Clone, Debug)]
pub struct Compilation {
    /// The name of a row of [`BACKENDS`].
    pub backend: String,
    /// Whether every operation of the right-hand side is done as the model writes it, in that
    /// order and with its rounding, instead of the cheapest form that is equal over the reals.
    pub exact_order: bool,
    /// The rules that terms are rewritten with.
    pub rules: Arc<Ruleset>,
    /// Whether to end without a result; asked between parts of the work.
    pub stop: fn() -> bool,
}

impl Compilation {
    /// Whether both give the same kernels; rules are the same when they are shared.
    pub fn agrees(&self, other: &Compilation) -> bool {
        self.backend == other.backend
            && self.exact_order == other.exact_order
            && Arc::ptr_eq(&self.rules, &other.rules)
    }
}

impl Default for Compilation {
    fn default() -> Self {
        let rules = Ruleset::shared();
        Compilation { backend: "jit".to_owned(), exact_order: false, rules, stop: || false }
    }
}

/// Stages whose time a caller may want to know, in order.
pub const STAGES: [&str; 4] = ["optimise", "differentiate", "compile", "initialise"];

impl Compiled {
    /// Optimises, differentiates and compiles a system; `stage` is called as each one begins.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn new(
        system: &System,
        how: &Compilation,
        stage: &mut dyn FnMut(&'static str),
    ) -> Result<Compiled, Error> {
        let backend = BACKENDS
            .iter()
            .find(|b| b.name() == how.backend)
            .ok_or_else(|| Error::UnknownBackend(how.backend.clone()))?;
        let mut graph = system.graph.clone();
        let rules = &how.rules;
        let options = rewrite::Options { stop: how.stop, ..rewrite::Options::kernel() };
        let mut begin = |name| {
            stage(name);
            if (how.stop)() { Err(Error::Interrupted) } else { Ok(()) }
        };
        begin(STAGES[0])?;
        let roots: Vec<Term> = system.equations.iter().map(|e| e.value).collect();
        let best = optimise(&mut graph, &roots, rules, &options);
        begin(STAGES[1])?;
        let blocks = calculus::jacobian(&mut graph, &system.equations, system.places())?;
        let starts = calculus::slot_starts(&blocks);
        let entries: Vec<Term> = blocks.iter().map(|b| b.value).collect();
        let entries = optimise(&mut graph, &entries, rules, &options).roots;
        begin(STAGES[2])?;
        let layout = layout(system, &mut graph);
        let lowering = kernel::Options::default();
        let slots: Vec<Output> = blocks
            .iter()
            .zip(&starts)
            .zip(&entries)
            .filter_map(|((b, &first), &value)| {
                Some(Output { ranges: ranges(&b.ranges), place: b.slot(first)?, value })
            })
            .collect();
        let observed: Vec<Equation> =
            system.observables.iter().flat_map(|o| o.equations.iter().cloned()).collect();
        let values: Vec<Term> = observed.iter().map(|e| e.value).collect();
        let made = |outputs: &[Output]| -> Result<(Tape, Kernel), kernel::Error> {
            let tape = Tape::lower(&graph, &layout, outputs, &lowering)?;
            let kernel = backend.compile(&tape)?;
            Ok((tape, kernel))
        };
        let (tape, written) = right_hand_side(system, &graph, &best.roots, &layout, how)?;
        let right_hand_side = backend.compile(&tape)?;
        let (jacobian_tape, jacobian) = made(&slots)?;
        let (observable_tape, observables) = made(&outputs(&observed, &values))?;
        let events = Events::compile(system, &mut graph, *backend)?;
        begin(STAGES[3])?;
        let (parameters, initial) = start(system, &[])?;
        Ok(Compiled {
            right_hand_side,
            jacobian,
            observables,
            events,
            tape,
            jacobian_tape,
            observable_tape,
            written,
            dimension: system.dimension(),
            slots: starts.last().copied().unwrap_or(0),
            blocks,
            structure: OnceLock::new(),
            algebraic: system.algebraic.clone(),
            parameters,
            initial,
            how: how.clone(),
            observed: system.observables.iter().map(|o| o.variable.len()).sum(),
        })
    }

    /// Starts later runs with other values of parameters and other initial values, given by name
    /// (`k`, `x[3]`, or `x` for all elements); the rest is as the model says, values that depend
    /// on those given included. Nothing is compiled again.
    ///
    /// # Errors
    /// [`Error::UnknownName`], and [`Error::NotFinite`] when a value that follows is not finite;
    /// the values stay as they were.
    pub fn set(&mut self, system: &System, values: &[(String, f64)]) -> Result<(), Error> {
        (self.parameters, self.initial) = start(system, values)?;
        Ok(())
    }

    /// How it was compiled.
    pub fn how(&self) -> &Compilation {
        &self.how
    }

    /// The states at the start, by place; where they are algebraic, a guess.
    pub fn initial(&self) -> &[f64] {
        &self.initial
    }

    /// The parameters, by place.
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// The columns and rows of the Jacobian's nonzero entries.
    pub fn pattern(&self) -> &Pattern {
        &self.structure().1
    }

    /// The Jacobian's pattern and how the slots of its tape go there.
    pub fn sparsity(&self) -> &Sparsity {
        &self.structure().0
    }

    fn structure(&self) -> &(Sparsity, Pattern) {
        self.structure.get_or_init(|| {
            let sparsity = Sparsity::of(self.dimension, &self.blocks);
            let pattern = Pattern {
                dimension: sparsity.dimension,
                column_starts: sparsity.column_starts.clone(),
                row_indices: sparsity.row_indices.clone(),
            };
            (sparsity, pattern)
        })
    }

    /// The rates of change at a time and states, as the model's parameters have them; in the rows
    /// of [`System::algebraic`] the right sides of `0 = …`.
    ///
    /// # Panics
    /// When a slice is shorter than the number of states.
    #[inline]
    pub fn rates(&self, time: f64, states: &[f64], rates: &mut [f64], scratch: &mut Scratch) {
        self.right_hand_side.evaluate(time, states, &self.parameters, rates, scratch);
    }

    /// The nonzero entries of the Jacobian, in the order of [`Compiled::pattern`]. `slots` is
    /// working memory that grows to what is needed.
    ///
    /// # Panics
    /// When a slice is shorter than the states or the entries are.
    pub fn jacobian(
        &self,
        time: f64,
        states: &[f64],
        entries: &mut [f64],
        slots: &mut Vec<f64>,
        scratch: &mut Scratch,
    ) {
        slots.resize(self.slots, 0.0);
        self.jacobian.evaluate(time, states, &self.parameters, slots, scratch);
        self.structure().0.gather(slots, entries);
    }

    /// Nonzero entries of the Jacobian.
    pub fn nonzeros(&self) -> usize {
        self.structure().0.len()
    }

    /// Integrates, after algebraic states were made consistent; `watch` is told the time before
    /// each step and may end the run.
    ///
    /// # Errors
    /// [`Error::Integration`] with what could be found out, [`Error::Inconsistent`], and those of
    /// events: [`Error::Reset`], [`Error::Accumulation`] and [`Error::TooManyEvents`].
    pub fn run(
        &self,
        system: &System,
        settings: &Settings,
        watch: &dyn Fn(f64) -> bool,
    ) -> Result<Solution, Error> {
        let right = Right::new(self);
        let (mut times, mut rows) = (Vec::new(), Vec::new());
        let (statistics, events) = events::run(
            (system, self, &self.events),
            settings,
            &right,
            &mut |t, u| {
                let mut row = u.to_vec();
                row.resize(u.len() + self.observed, 0.0);
                let (_, observed) = row.split_at_mut(u.len());
                let scratch = &mut right.scratch.borrow_mut().0;
                self.observables.evaluate(t, u, &self.parameters, observed, scratch);
                times.push(t);
                rows.push(row);
            },
            watch,
            &|failure| self.explain(system, failure, right.unusable.take()),
        )?;
        Ok(Solution { times, rows, events, statistics })
    }

    /// Changes the algebraic states so that the equations `0 = …` hold at this time; the others
    /// stay as they are. Does nothing to a system without such equations.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] names the equations and unknowns.
    ///
    /// # Panics
    /// When there are fewer `states` than the system has.
    pub fn consistent(
        &self,
        system: &System,
        time: f64,
        states: &mut [f64],
        options: &Integration,
    ) -> Result<(), Error> {
        let right = Right::new(self);
        consistent(&right, time, states, options.rtol, &options.atol)
            .map_err(|why| Error::inconsistent(system, time, &why))
    }

    /// A failure in words of the model.
    pub(super) fn explain(
        &self,
        system: &System,
        failure: Failure,
        unusable: Option<Unusable>,
    ) -> Error {
        let state = failure.component.map(|k| system.state_name(k));
        let culprit = unusable.filter(|_| failure.cause == Cause::NonFinite).and_then(|at| {
            Point::new(system, at.time, &at.states, &self.parameters).culprit(&at.rates)
        });
        let expression = culprit.as_ref().map(|c| {
            let leaves: Vec<String> =
                c.leaves.iter().map(|(n, v)| format!("{n} = {}", Brief(*v))).collect();
            let term = crate::syntax::print(&system.graph, c.term);
            let table =
                system.tables.iter().find(|t| term.starts_with(&format!("{}(", t.function)));
            let range = table.map_or(String::new(), |t| {
                let (from, to) = t.range;
                format!("; the table `{}` covers {}..{}", t.file, Brief(from), Brief(to))
            });
            format!("`{term}` is {} with {}{range}", c.value, leaves.join(", "))
        });
        let expression = expression.or_else(|| {
            let place = failure.component?;
            let (equation, _) = system.equation_at(place)?;
            let left = if system.algebraic.binary_search(&place).is_ok() { "0 = " } else { "" };
            Some(format!("`{left}{}`", crate::syntax::print(&system.graph, equation.value)))
        });
        Error::Integration {
            failure: Box::new(failure),
            state,
            culprit: culprit.map(Box::new),
            expression,
        }
    }
}

/// An evaluation of the right-hand side that gave something not finite.
pub(super) struct Unusable {
    time: f64,
    states: Vec<f64>,
    rates: Vec<f64>,
}

/// A system's kernels as an integrator sees them.
pub(super) struct Right<'a> {
    compiled: &'a Compiled,
    /// The last evaluation that was not finite, to explain a failure with.
    pub unusable: RefCell<Option<Unusable>>,
    scratch: RefCell<(Scratch, Vec<f64>)>,
}

impl<'a> Right<'a> {
    /// The equations with the parameters that are set.
    pub fn new(compiled: &'a Compiled) -> Right<'a> {
        Right { compiled, unusable: RefCell::default(), scratch: RefCell::default() }
    }
}

impl Problem for Right<'_> {
    fn dimension(&self) -> usize {
        self.compiled.dimension
    }

    fn algebraic(&self) -> &[usize] {
        &self.compiled.algebraic
    }

    fn rhs(&self, t: f64, u: &[f64], du: &mut [f64]) {
        self.compiled.rates(t, u, du, &mut self.scratch.borrow_mut().0);
        if !all_finite(du) {
            let found = Unusable { time: t, states: u.to_vec(), rates: du.to_vec() };
            *self.unusable.borrow_mut() = Some(found);
        }
    }

    fn pattern(&self) -> &Pattern {
        self.compiled.pattern()
    }

    fn jacobian(&self, t: f64, u: &[f64], values: &mut [f64]) {
        let (scratch, slots) = &mut *self.scratch.borrow_mut();
        self.compiled.jacobian(t, u, values, slots, scratch);
    }
}

/// Whether all values are finite: times zero they are a zero then, and NaN otherwise. Without a
/// branch or a sum in order, so that several are looked at together.
fn all_finite(values: &[f64]) -> bool {
    values.iter().fold(0, |bits, x| bits | (x * 0.0).to_bits()) << 1 == 0
}

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
    /// The names of the columns: states, then observables.
    pub fn columns(system: &System) -> Vec<String> {
        let observed = system.observables.iter().flat_map(|o| o.variable.element_names());
        system.state_names().into_iter().chain(observed).collect()
    }
}

/// The cheaper of the rewritten and the written right-hand side, in exact order the written one;
/// and the written one for comparison.
fn right_hand_side(
    system: &System,
    graph: &Graph,
    rewritten: &[Term],
    layout: &Layout,
    how: &Compilation,
) -> Result<(Tape, Option<Tape>), kernel::Error> {
    let options = kernel::Options::default();
    let outputs_of = |values: &[Term]| outputs(&system.equations, values);
    let tape = Tape::lower(graph, layout, &outputs_of(rewritten), &options)?;
    let Some(written) = &system.written else { return Ok((tape, None)) };
    let mut graph = written.graph.clone();
    let layout = self::layout(system, &mut graph);
    let outputs = outputs(&written.equations, &written.values());
    let written = Tape::lower(&graph, &layout, &outputs, &kernel::Options::exact())?;
    // Flattening may have lost a partial sum that the model uses twice.
    let cycles = |tape: &Tape| tape.operations_per_evaluation().cycles();
    let better = how.exact_order || cycles(&written) < cycles(&tape);
    Ok((if better { written.clone() } else { tape }, Some(written)))
}

pub(super) fn ranges(list: &[IndexRange]) -> Vec<(crate::term::Binder, i64, i64)> {
    list.iter().map(|r| (r.binder, r.from, r.to)).collect()
}

pub(super) fn outputs(equations: &[Equation], values: &[Term]) -> Vec<Output> {
    let pairs = equations.iter().zip(values);
    pairs
        .map(|(e, &value)| Output { ranges: ranges(&e.ranges), place: e.row.clone(), value })
        .collect()
}

pub(super) fn layout(system: &System, graph: &mut Graph) -> Layout {
    let mut place = |v: &Variable| kernel::Variable {
        name: graph.intern(&v.name),
        extents: v.axes.iter().map(|a| (a.from, a.to)).collect(),
        offset: v.offset,
    };
    let states = system.unknowns.iter().map(&mut place).collect();
    let parameters = system.parameters.iter().map(&mut place).collect();
    Layout { time: Some(graph.intern(&system.time)), states, parameters }
}
