//! How long a compiled tape takes, in the unit of the operation table.
//!
//! The prediction is for evaluations one after the other. Each is called and then takes as long
//! as the slower of what works at the same time:
//!
//! - the *instructions*: every operation takes its cycles of the table and every store one, times
//!   what an instruction takes in whole kernels of that length (loads, and code that the nearest
//!   caches do not hold, are in this factor);
//! - the *divider*, where quotients and square roots wait for each other.
//!
//! The longest *path* of operations that need each other's results overlaps with the call and
//! with the next evaluation; where it is longer than all of that, it is what counts. Calls of
//! functions overlap with nothing and are added. Loops of pairs do two members at a time.
//! `cargo bench --bench cycles` compares with measured times.

use super::lanes;
use crate::kernel::tape::{Instruction, Operand, Step, Tape};
use crate::term::{Op, cycles};

/// Predicted cycles of one evaluation, by what takes them; the unit is an addition.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Prediction {
    /// The call of the kernel.
    pub evaluation: f64,
    /// Operations and stores.
    pub instructions: f64,
    /// Quotients and square roots.
    pub divider: f64,
    /// The longest chain of operations that wait for each other.
    pub path: f64,
    /// Functions that are called.
    pub calls: f64,
}

impl Prediction {
    /// All of it.
    pub fn total(&self) -> f64 {
        (self.evaluation + self.instructions.max(self.divider)).max(self.path) + self.calls
    }
}

/// Predicts one evaluation of the compiled tape.
pub fn predict(tape: &Tape) -> Prediction {
    let mut model =
        Model { tape, sum: Prediction::default(), ready: vec![0.0; tape.values as usize] };
    model.block(&tape.steps, 1.0);
    let length = instructions(&tape.steps);
    Prediction {
        evaluation: cycles::EVALUATION,
        instructions: model.sum.instructions * rate(length),
        ..model.sum
    }
}

/// Instructions of a loop besides those of its body: counting, comparing, jumping.
const LOOP: f64 = 3.0;

struct Model<'a> {
    tape: &'a Tape,
    sum: Prediction,
    /// When each value is known.
    ready: Vec<f64>,
}

impl Model<'_> {
    /// Adds a block that runs so many times.
    fn block(&mut self, steps: &[Step], times: f64) {
        for step in steps {
            match step {
                Step::Let(value, instruction) => {
                    let known = self.operands(instruction.operands());
                    self.ready[value.0 as usize] = known + self.instruction(instruction, times);
                    self.sum.path = self.sum.path.max(self.ready[value.0 as usize]);
                }
                Step::Store(..) => self.sum.instructions += times,
                Step::Loop(inner) => {
                    let trips = inner.trips() as f64;
                    let pairs = lanes::fit(self.tape, inner);
                    let times = times * if pairs { (trips / 2.0).ceil() } else { trips };
                    self.sum.instructions += LOOP * times;
                    self.block(&inner.body, times);
                    for sum in &inner.accumulators {
                        self.sum.instructions += times * Op::Add.row().cycles;
                        let first = self.operands(&[sum.addend]);
                        let last = first + trips * Op::Add.row().latency;
                        self.ready[sum.total.0 as usize] = last;
                        self.sum.path = self.sum.path.max(last);
                    }
                }
            }
        }
    }

    /// When all operands are known.
    fn operands(&self, operands: &[Operand]) -> f64 {
        operands.iter().fold(0.0, |latest, operand| match operand {
            Operand::Value(value) => self.ready[value.0 as usize].max(latest),
            _ => latest,
        })
    }

    /// Adds an instruction that runs so many times; its latency.
    fn instruction(&mut self, instruction: &Instruction, times: f64) -> f64 {
        match instruction {
            Instruction::Apply(function, _) => {
                let cycles = self.tape.functions[*function as usize].cycles;
                self.sum.calls += times * cycles;
                // What is added need not be waited for a second time.
                0.0
            }
            Instruction::Call(op, _) => {
                let row = op.row();
                match op {
                    Op::Div | Op::Sqrt => {
                        self.sum.divider += times * row.cycles;
                        self.sum.instructions += times;
                    }
                    _ if row.is_called() => {
                        self.sum.calls += times * row.cycles;
                        return 0.0;
                    }
                    _ => self.sum.instructions += times * row.cycles,
                }
                row.latency
            }
        }
    }
}

/// Operations and stores that stand in the code.
fn instructions(steps: &[Step]) -> f64 {
    steps.iter().fold(0.0, |sum, step| match step {
        Step::Let(..) | Step::Store(..) => sum + 1.0,
        Step::Loop(inner) => sum + LOOP + instructions(&inner.body),
    })
}

/// Cycles of an instruction in code of this length, between the rows of the table.
fn rate(length: f64) -> f64 {
    let rows = &cycles::KERNELS;
    let after = rows.iter().position(|(size, _)| *size >= length);
    match after {
        Some(0) => rows[0].1,
        None => rows[rows.len() - 1].1,
        Some(k) => {
            let ((from, low), (to, high)) = (rows[k - 1], rows[k]);
            low + (high - low) * (length / from).ln() / (to / from).ln()
        }
    }
}
