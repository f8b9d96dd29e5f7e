//! The reference backend: walks the tape with a register for each value.

use smallvec::{SmallVec, smallvec};

use super::backend::{Backend, Kernel, Lengths, Program, Scratch};
use super::error::Error;
use super::tape::{Instruction, Operand, Step, Tape};
use crate::term::Op;

/// Evaluates tapes without compiling them.
pub struct Interpreter;

impl Backend for Interpreter {
    fn name(&self) -> &'static str {
        "interpreter"
    }

    fn compile(&self, tape: &Tape) -> Result<Kernel, Error> {
        let program = Interpreted { lengths: Lengths::of(tape), tape: tape.clone() };
        Ok(Kernel::new(Box::new(program)))
    }
}

struct Interpreted {
    tape: Tape,
    lengths: Lengths,
}

impl Program for Interpreted {
    fn evaluate(
        &self,
        time: f64,
        states: &[f64],
        parameters: &[f64],
        output: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.lengths.check(states, parameters, output);
        scratch.reserve(self.tape.values as usize, self.tape.loops as usize);
        let mut run = Run {
            tape: &self.tape,
            time,
            states,
            parameters,
            output,
            values: &mut scratch.values,
            indices: &mut scratch.indices,
        };
        run.block(&self.tape.steps);
    }
}

struct Run<'a> {
    tape: &'a Tape,
    time: f64,
    states: &'a [f64],
    parameters: &'a [f64],
    output: &'a mut [f64],
    values: &'a mut [f64],
    indices: &'a mut [i64],
}

impl Run<'_> {
    fn block(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Let(value, instruction) => {
                    self.values[value.0 as usize] = self.compute(instruction);
                }
                Step::Store(place, operand) => {
                    let place = self.place(*place) as usize;
                    self.output[place] = self.read(*operand);
                }
                Step::Loop(inner) => {
                    // Pairs of sums take turns; without pairs the second ones stay unused.
                    let mut sums: SmallVec<[[f64; 2]; 8]> =
                        smallvec![[0.0; 2]; inner.accumulators.len()];
                    for (turn, index) in (inner.from..=inner.to).enumerate() {
                        self.indices[inner.id.0 as usize] = index;
                        self.block(&inner.body);
                        let turn = if inner.pairs { turn % 2 } else { 0 };
                        for (sum, accumulator) in sums.iter_mut().zip(&inner.accumulators) {
                            sum[turn] += self.read(accumulator.addend);
                        }
                    }
                    for (sum, accumulator) in sums.iter().zip(&inner.accumulators) {
                        let total = if inner.pairs { sum[0] + sum[1] } else { sum[0] };
                        self.values[accumulator.total.0 as usize] = total;
                    }
                }
            }
        }
    }

    fn compute(&self, instruction: &Instruction) -> f64 {
        match instruction {
            Instruction::Call(op, operands) => match (op, &**operands) {
                (Op::Add, &[a, b]) => self.read(a) + self.read(b),
                (Op::Sub, &[a, b]) => self.read(a) - self.read(b),
                (Op::Mul, &[a, b]) => self.read(a) * self.read(b),
                (Op::Div, &[a, b]) => self.read(a) / self.read(b),
                (op, &[a]) => op.value(&[self.read(a)]),
                (op, &[a, b]) => op.value(&[self.read(a), self.read(b)]),
                (op, operands) => {
                    let args: Vec<f64> = operands.iter().map(|&o| self.read(o)).collect();
                    op.value(&args)
                }
            },
            Instruction::Apply(function, operands) => {
                let args: Vec<f64> = operands.iter().map(|&o| self.read(o)).collect();
                (self.tape.functions[*function as usize].value)(&args)
            }
        }
    }

    fn read(&self, operand: Operand) -> f64 {
        match operand {
            Operand::Value(value) => self.values[value.0 as usize],
            Operand::Constant(number) => self.tape.constant(number),
            Operand::Time => self.time,
            Operand::State(place) => self.states[self.place(place) as usize],
            Operand::Parameter(place) => self.parameters[self.place(place) as usize],
            Operand::Index(place) => self.place(place) as f64,
        }
    }

    fn place(&self, number: u32) -> i64 {
        self.tape.place(number).at(|id| self.indices[id.0 as usize])
    }
}
