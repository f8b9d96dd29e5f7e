//! Measuring what operations take inside compiled kernels: the table `term/cycles.txt`.
//!
//! Everything is measured in straight-line kernels made by our own backend. Several independent
//! chains of one operation give its throughput, one chain its latency; two lengths are compared,
//! so that the call of the kernel drops out. Functions are called, so that they overlap with
//! little else: what one adds to an addition is its cost. Comparisons, logic and choices are
//! measured together, as they are used. The unit is an addition, timed in the same run, because
//! a processor's clock wanders.
//!
//! Time comes from the caller's clock; the least of many batches is what a busy machine has
//! disturbed least.

use std::fmt;

use super::backend::{Backend, Kernel, Scratch};
use super::error::Error;
use super::jit::Jit;
use super::lower::{Options, Output};
use super::signature::{Layout, Variable};
use super::tape::{Instruction, Operand, Place, Step, Tape, Value};
use crate::term::op::{Class, Operation, TABLE};
use crate::term::{Affine, Function, Graph, Number, Op, Term};

/// A row of the table: a name and its numbers.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// An operation, or what else the table has.
    pub name: &'static str,
    /// Its numbers, in the order of the columns.
    pub numbers: Vec<f64>,
}

/// What has been measured.
#[derive(Clone, PartialEq, Debug)]
pub struct Calibration {
    /// Nanoseconds of one addition among others, the unit of all rows.
    pub unit: f64,
    /// The rows, operations first.
    pub rows: Vec<Row>,
}

/// Names of the rows that are not operations.
pub const OTHERS: [&str; 3] = ["evaluation", "function", "kernel"];

/// Names of all rows that can be measured, in the order of the table.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|row| row.arity() > 0).map(|row| row.name).chain(OTHERS)
}

/// Measures the rows of the `wanted` names.
///
/// `clock` counts nanoseconds from any moment; `watch` is told how much has been done, from 0 to
/// 1, and may end the work, which then has no result.
///
/// # Errors
/// What the code generator refuses, and [`Error::Clock`] when the clock stands still.
pub fn calibrate(
    clock: &dyn Fn() -> u64,
    wanted: &dyn Fn(&str) -> bool,
    watch: &dyn Fn(f64) -> bool,
) -> Result<Option<Calibration>, Error> {
    let mut bench = Bench::new(clock);
    let names: Vec<&'static str> = names().filter(|name| wanted(name)).collect();
    let mut rows = Vec::new();
    for (k, &name) in names.iter().enumerate() {
        if !watch(k as f64 / names.len() as f64) {
            return Ok(None);
        }
        let numbers = |numbers: &[f64]| Row { name, numbers: numbers.to_vec() };
        match name {
            "evaluation" => rows.push(numbers(&[bench.evaluation()?])),
            "function" => rows.push(numbers(&[bench.function()?])),
            "kernel" => {
                for reactions in NETWORKS {
                    rows.push(numbers(&bench.network(reactions)?));
                }
            }
            _ => {
                let row = Op::named(name).expect("a name of the table").row();
                let throughput = bench.throughput(row)?;
                let latency = bench.latency(row)?;
                let columns: Vec<f64> = [Some(throughput), latency].into_iter().flatten().collect();
                rows.push(numbers(&columns));
            }
        }
    }
    Ok(Some(Calibration { unit: bench.unit, rows }))
}

/// The lines of `cycles.txt`.
impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            write!(f, "{:<11}", row.name)?;
            for number in &row.numbers {
                write!(f, " {number:>7}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Digits that come out alike in two runs.
fn rounded(cycles: f64) -> f64 {
    let step = match cycles {
        c if c < 4.0 => 0.25,
        c if c < 10.0 => 0.5,
        c if c < 100.0 => 1.0,
        _ => 10.0,
    };
    ((cycles / step).round() * step).max(0.25)
}

/// Chains that do not wait for each other: enough to hide the latency of what is pipelined.
const CHAINS: usize = 8;
/// Operations of each chain in the shorter of two kernels; the longer has three times as many.
const LENGTH: usize = 20;
/// Different inputs.
const INPUTS: usize = 64;
/// Reactions of the networks that stand for whole kernels.
const NETWORKS: [usize; 5] = [100, 400, 1_000, 1_400, 4_000];
/// Batches of which the fastest counts, and the nanoseconds of one.
const BATCHES: (usize, u64) = (30, 200_000);
/// More calls than any kernel needs to fill a batch.
const MOST_CALLS: u64 = 1 << 20;
/// Rounds of which the middle one counts.
const ROUNDS: usize = 9;

struct Bench<'c> {
    clock: &'c dyn Fn() -> u64,
    /// Nanoseconds of an addition, when they were measured last.
    unit: f64,
    inputs: Vec<f64>,
}

/// Adds a step to a chain: from its last value and a running number to its next value.
type Link<'l> = &'l dyn Fn(&mut Line, Operand, usize) -> Operand;

impl<'c> Bench<'c> {
    fn new(clock: &'c dyn Fn() -> u64) -> Bench<'c> {
        // Values without regularity, of both signs, on both sides of one.
        let mut random = Random(1);
        let inputs = (0..INPUTS).map(|_| random.below(6_000) as f64 / 1_000.0 - 2.99).collect();
        Bench { clock, unit: f64::NAN, inputs }
    }

    fn throughput(&mut self, row: &Operation) -> Result<f64, Error> {
        let op = row.op;
        let cycles = match (row.class, op) {
            (_, Op::Less | Op::LessEqual | Op::Equal | Op::If) => self.choice(op)? / 2.0,
            // A choice by two comparisons, without those of a choice by one.
            (_, Op::And | Op::Or) => self.choice(op)? - 1.5 * self.choice(Op::Less)?,
            (_, Op::Not) => self.choice(op)? - self.choice(Op::Less)?,
            _ if row.is_called() => {
                // One argument in each round: the states of a model change little from one
                // evaluation to the next, so that branches inside of functions are foreseen.
                let tuples = self.arguments(row);
                let link: Link = &|line, last, _| {
                    let result = line.call(op, &tuples[line.round * tuples.len() / ROUNDS]);
                    line.call(Op::Add, &[last, result])
                };
                self.chains(CHAINS, link)? - 1.0
            }
            _ => {
                let link: Link = &|line, last, _| line.call(op, &chained(row, last));
                self.chains(CHAINS, link)?
            }
        };
        Ok(rounded(cycles))
    }

    /// What `a + if(condition, x, y)` adds to `a + x`.
    fn choice(&mut self, op: Op) -> Result<f64, Error> {
        let link: Link = &|line, last, k| {
            let less = |line: &mut Line, k: usize| {
                let op = if matches!(op, Op::LessEqual | Op::Equal) { op } else { Op::Less };
                line.call(op, &[input(k), input(k + 1)])
            };
            let condition = match op {
                Op::And | Op::Or => {
                    let both = [less(line, k), less(line, k + 2)];
                    line.call(op, &both)
                }
                Op::Not => {
                    let one = less(line, k);
                    line.call(op, &[one])
                }
                _ => less(line, k),
            };
            let chosen = line.call(Op::If, &[condition, input(k + 4), input(k + 5)]);
            line.call(Op::Add, &[last, chosen])
        };
        Ok(self.chains(CHAINS, link)? - 1.0)
    }

    /// The time of an operation that waits for the one before; nothing overlaps with a call, so
    /// that it has no other time.
    fn latency(&mut self, row: &Operation) -> Result<Option<f64>, Error> {
        let numbers = row.class == Class::Arithmetic || row.class == Class::Function;
        if row.is_called() || !numbers {
            return Ok(None);
        }
        let link: Link = &|line, last, _| line.call(row.op, &chained(row, last));
        Ok(Some(rounded(self.chains(1, link)?)))
    }

    /// Inputs at which an operation has a value.
    fn arguments(&self, row: &Operation) -> Vec<Vec<Operand>> {
        let tuples = (0..4 * INPUTS).map(|k| (0..row.arity()).map(move |n| k + n * (k + 7)));
        let tuples = tuples.map(|tuple| tuple.map(|k| k % INPUTS).collect::<Vec<usize>>());
        let value = |tuple: &[usize]| {
            row.op.value(&tuple.iter().map(|&k| self.inputs[k]).collect::<Vec<f64>>())
        };
        tuples
            .filter(|tuple| value(tuple).is_finite())
            .map(|tuple| tuple.into_iter().map(input).collect())
            .collect()
    }

    /// The time of calling a kernel that does nothing but store its time.
    fn evaluation(&mut self) -> Result<f64, Error> {
        let mut line = Line::default();
        line.store(0, Operand::Time);
        let tape = line.finish();
        Ok(rounded(self.relative(&|_| vec![(1.0, tape.clone())])?))
    }

    /// What calling a registered function adds to an addition.
    fn function(&mut self) -> Result<f64, Error> {
        let link: Link = &|line, last, k| {
            line.functions = vec![Function::unary("identity", |x| x)];
            let result = line.define(Instruction::Apply(0, [input(k)].into()));
            line.call(Op::Add, &[last, result])
        };
        Ok(rounded(self.chains(CHAINS, link)? - 1.0))
    }

    /// The instructions of the kernel of a reaction network, and the cycles of each.
    fn network(&mut self, reactions: usize) -> Result<[f64; 2], Error> {
        let tape = network(reactions)?;
        let stores = tape.steps.iter().filter(|step| matches!(step, Step::Store(..))).count();
        let size = tape.operations().total() as f64 + stores as f64;
        let whole = self.relative(&|_| vec![(1.0, tape.clone())])?;
        let cycles = (whole - self.evaluation()?) / size;
        // Two digits repeat.
        Ok([size, (100.0 * cycles).round() / 100.0])
    }

    /// Cycles of one link in so many interleaved chains.
    fn chains(&mut self, chains: usize, link: Link) -> Result<f64, Error> {
        let links = (2 * LENGTH * CHAINS) as f64;
        self.relative(&|round| {
            let tape = |length| line(chains, length, round, link);
            vec![(1.0 / links, tape(3)), (-1.0 / links, tape(1))]
        })
    }

    /// The weighted sum of the times of the tapes of a round, in additions: the middle of several
    /// rounds, in each of which the addition is timed again, because the processor's clock may
    /// have changed.
    fn relative(&mut self, tapes: &dyn Fn(usize) -> Vec<(f64, Tape)>) -> Result<f64, Error> {
        let adding: Link = &|line, last, k| line.call(Op::Add, &[last, input(k)]);
        let links = (2 * LENGTH * CHAINS) as f64;
        let (long, short) = (line(CHAINS, 3, 0, adding), line(CHAINS, 1, 0, adding));
        let mut rounds = [0.0; ROUNDS];
        for (k, round) in rounds.iter_mut().enumerate() {
            self.unit = (self.time(&long)? - self.time(&short)?) / links;
            for (weight, tape) in tapes(k) {
                *round += weight * self.time(&tape)? / self.unit;
            }
        }
        rounds.sort_by(f64::total_cmp);
        Ok(rounds[ROUNDS / 2])
    }

    /// Nanoseconds of one evaluation.
    fn time(&self, tape: &Tape) -> Result<f64, Error> {
        let kernel = Jit.compile(tape)?;
        let mut caller = Caller {
            states: self.inputs.iter().copied().cycle().take(tape.state_length).collect(),
            parameters: vec![0.5; tape.parameter_length],
            output: vec![0.0; tape.output_length],
            scratch: Scratch::new(),
        };
        let mut batch = |calls: u64| {
            let begun = (self.clock)();
            for _ in 0..calls {
                caller.call(&kernel);
            }
            (self.clock)().saturating_sub(begun)
        };
        // As many calls as fill a batch, found by doubling.
        let mut calls = 1;
        while batch(calls) < BATCHES.1 / 2 {
            calls *= 2;
            if calls > MOST_CALLS {
                return Err(Error::Clock);
            }
        }
        let least = (0..BATCHES.0).map(|_| batch(calls)).min().unwrap_or(0);
        Ok(least as f64 / calls as f64)
    }
}

/// Interleaved chains of so many times [`LENGTH`] links, fewer chains with more links each.
fn line(chains: usize, length: usize, round: usize, link: Link) -> Tape {
    let mut line = Line { round, ..Line::default() };
    let mut ends: Vec<Operand> = (0..chains).map(input).collect();
    for k in 0..length * LENGTH * CHAINS / chains {
        for (chain, end) in ends.iter_mut().enumerate() {
            *end = link(&mut line, *end, k * chains + chain);
        }
    }
    ends.iter().enumerate().for_each(|(place, &end)| line.store(place, end));
    line.finish()
}

/// The slices of a call.
struct Caller {
    states: Vec<f64>,
    parameters: Vec<f64>,
    output: Vec<f64>,
    scratch: Scratch,
}

impl Caller {
    fn call(&mut self, kernel: &Kernel) {
        let states = std::hint::black_box(&self.states);
        kernel.evaluate(0.5, states, &self.parameters, &mut self.output, &mut self.scratch);
    }
}

/// Constants of chains: multiplying and dividing by the one, or adding the other, changes values
/// little.
const NEAR_ONE: f64 = 1.000_000_1;
const NEAR_ZERO: f64 = 1e-9;

/// The operands of a link of a chain: the last value, then constants.
fn chained(row: &Operation, last: Operand) -> Vec<Operand> {
    let operands = [last, Operand::Constant(0), Operand::Constant(1)];
    operands[..row.arity()].to_vec()
}

fn input(k: usize) -> Operand {
    Operand::State((k % INPUTS) as u32)
}

/// A straight-line tape under construction.
#[derive(Default)]
struct Line {
    steps: Vec<Step>,
    values: u32,
    functions: Vec<Function>,
    /// The round of measuring that it is for.
    round: usize,
}

impl Line {
    fn call(&mut self, op: Op, operands: &[Operand]) -> Operand {
        self.define(Instruction::Call(op, operands.into()))
    }

    fn define(&mut self, instruction: Instruction) -> Operand {
        let value = Value(self.values);
        self.values += 1;
        self.steps.push(Step::Let(value, instruction));
        Operand::Value(value)
    }

    fn store(&mut self, place: usize, value: Operand) {
        self.steps.push(Step::Store(place as u32, value));
    }

    fn finish(self) -> Tape {
        let place = |k: usize| Place { offset: k as i64, strides: Box::default() };
        Tape {
            steps: self.steps,
            places: (0..INPUTS).map(place).collect(),
            constants: vec![NEAR_ONE, NEAR_ZERO],
            functions: self.functions,
            time: None,
            states: Vec::new(),
            parameters: Vec::new(),
            state_length: INPUTS,
            parameter_length: 0,
            output_length: INPUTS,
            values: self.values,
            loops: 0,
        }
    }
}

/// The tape of a network of random reactions of one or two of a fifth as many species, with each
/// flux computed once.
fn network(reactions: usize) -> Result<Tape, Error> {
    let species = reactions / 5;
    let mut graph = Graph::new();
    let mut random = Random(reactions as u64);
    let at = |graph: &mut Graph, array: &str, k: usize| {
        graph.element(array, [Affine::constant(k as i64)])
    };
    let mut rates: Vec<Vec<(Number, Term)>> = vec![Vec::new(); species];
    for reaction in 0..reactions {
        let [a, b, c, d] = [(); 4].map(|()| random.below(species));
        let rate = at(&mut graph, "k", reaction);
        let mut left = vec![a];
        left.extend((random.below(3) > 0).then_some(b));
        let mut factors = vec![(rate, Number::ONE)];
        factors.extend(left.iter().map(|&s| (at(&mut graph, "x", s), Number::ONE)));
        let flux = graph.product(factors);
        let right = [c, d];
        left.iter().for_each(|&s| rates[s].push((Number::MINUS_ONE, flux)));
        right[..1 + random.below(2)].iter().for_each(|&s| rates[s].push((Number::ONE, flux)));
    }
    let outputs: Vec<Output> = rates
        .into_iter()
        .enumerate()
        .map(|(place, parts)| Output::scalar(place as i64, graph.sum(Number::ZERO, parts)))
        .collect();
    let mut array = |name: &str, length: usize| Variable {
        name: graph.intern(name),
        extents: vec![(0, length as i64 - 1)],
        offset: 0,
    };
    let (states, parameters) = (vec![array("x", species)], vec![array("k", reactions)]);
    let layout = Layout { time: None, states, parameters };
    Tape::lower(&graph, &layout, &outputs, &Options::default())
}

/// A seeded generator (Knuth's MMIX constants), so that every run measures the same kernels.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }
}
