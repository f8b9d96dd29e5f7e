//! What tapes and terms cost: operations by kind, as written and for one evaluation.

use std::fmt;

use super::tape::{Instruction, Loop, Step, Tape};
use crate::term::{Graph, Op, Term};

/// Operations by kind.
///
/// Counts of one evaluation multiply by the trips of loops; they saturate.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct OperationCounts {
    /// Additions and subtractions, with those of reductions.
    pub additions: u64,
    /// Multiplications.
    pub multiplications: u64,
    /// Fused multiply-additions.
    pub fused: u64,
    /// Divisions.
    pub divisions: u64,
    /// Square roots.
    pub roots: u64,
    /// Functions of the table and registered functions.
    pub calls: u64,
    /// Everything else: signs, comparisons, choices, minima, roundings.
    pub others: u64,
    cycles: f64,
}

impl OperationCounts {
    /// All operations.
    pub fn total(&self) -> u64 {
        [
            self.additions,
            self.multiplications,
            self.fused,
            self.divisions,
            self.roots,
            self.calls,
            self.others,
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// What the terms cost in a kernel: the operations of the tape that they are lowered to, those
    /// of a sum over a range as often as they run. Where an index is free in a term, it is one
    /// member of a family that counts.
    ///
    /// No layout is needed: leaves cost nothing, wherever they are.
    pub fn of_terms(graph: &Graph, terms: &[Term]) -> OperationCounts {
        let tape = Tape::of_terms(graph, terms);
        let mut counts = OperationCounts::default();
        // A loop without totals is one over the members of families.
        let trips = |inner: &Loop| if inner.accumulators.is_empty() { 1 } else { inner.trips() };
        counts.block(&tape, &tape.steps, 1, trips);
        counts
    }

    /// The sum of the cycles of the operation table.
    pub fn cycles(&self) -> f64 {
        self.cycles
    }

    fn add(&mut self, op: Op, times: u64) {
        let kind = match op {
            Op::Add | Op::Sub => &mut self.additions,
            Op::Mul => &mut self.multiplications,
            Op::Fma => &mut self.fused,
            Op::Div => &mut self.divisions,
            Op::Sqrt => &mut self.roots,
            _ if op.row().is_called() => &mut self.calls,
            _ => &mut self.others,
        };
        *kind = kind.saturating_add(times);
        self.cycles += op.row().cycles * times as f64;
    }

    fn block(&mut self, tape: &Tape, steps: &[Step], times: u64, trips: fn(&Loop) -> u64) {
        for step in steps {
            match step {
                Step::Let(_, Instruction::Call(op, _)) => self.add(*op, times),
                Step::Let(_, Instruction::Apply(function, _)) => {
                    self.calls = self.calls.saturating_add(times);
                    self.cycles += tape.functions[*function as usize].cycles * times as f64;
                }
                Step::Store(..) => {}
                Step::Loop(inner) => {
                    let times = times.saturating_mul(trips(inner));
                    for _ in &inner.accumulators {
                        self.add(Op::Add, times);
                    }
                    self.block(tape, &inner.body, times, trips);
                }
            }
        }
    }
}

impl Tape {
    /// Operations that stand in the tape, each once.
    pub fn operations(&self) -> OperationCounts {
        let mut counts = OperationCounts::default();
        counts.block(self, &self.steps, 1, |_| 1);
        counts
    }

    /// Operations that one evaluation executes.
    pub fn operations_per_evaluation(&self) -> OperationCounts {
        let mut counts = OperationCounts::default();
        counts.block(self, &self.steps, 1, Loop::trips);
        counts
    }
}

/// Writes `13 operations (6 additions, 7 multiplications)`.
impl fmt::Display for OperationCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.additions, "additions"),
            (self.multiplications, "multiplications"),
            (self.fused, "fused"),
            (self.divisions, "divisions"),
            (self.roots, "roots"),
            (self.calls, "calls"),
            (self.others, "others"),
        ];
        let kinds: Vec<String> =
            kinds.iter().filter(|(n, _)| *n > 0).map(|(n, kind)| format!("{n} {kind}")).collect();
        write!(f, "{} operations", self.total())?;
        match kinds.is_empty() {
            true => Ok(()),
            false => write!(f, " ({})", kinds.join(", ")),
        }
    }
}
