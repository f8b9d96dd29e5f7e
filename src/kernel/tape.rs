//! The tape: instructions in single assignment and counted loops, the input of every backend.
//!
//! A [`Tape`] is a block of steps in order. Every value is assigned once, before it is used;
//! loops nest and never run zero times; every address is inside its slice for all values of the
//! loop indices, because lowering checked it. Leaves (time, states, parameters, constants, loop
//! indices) are operands and cost no instruction.

use crate::term::{Function, Op};

/// A value computed by an instruction, numbered in program order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Value(pub u32);

/// A loop of the tape; its number names its index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LoopId(pub u32);

/// A slice of the caller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Slice {
    /// The states.
    States,
    /// The parameters.
    Parameters,
    /// The results.
    Output,
}

/// The integer `offset + Σ stride · index` over the indices of enclosing loops, outermost first.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Place {
    /// The constant part.
    pub offset: i64,
    /// Loops with their nonzero strides.
    pub strides: Box<[(LoopId, i64)]>,
}

impl Place {
    /// The value at given values of the loop indices.
    pub fn at(&self, index: impl Fn(LoopId) -> i64) -> i64 {
        self.strides.iter().fold(self.offset, |sum, &(id, stride)| sum + stride * index(id))
    }
}

/// What an instruction reads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Operand {
    /// The result of an instruction or of an accumulator.
    Value(Value),
    /// A constant of the pool.
    Constant(u32),
    /// The time.
    Time,
    /// An element of the states, by number in [`Tape::places`].
    State(u32),
    /// An element of the parameters, by number in [`Tape::places`].
    Parameter(u32),
    /// The value of an index expression as a double, by number in [`Tape::places`].
    Index(u32),
}

/// The computation of one value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Instruction {
    /// An operation of the table on as many operands as it takes.
    Call(Op, Box<[Operand]>),
    /// A registered function, by number in [`Tape::functions`].
    Apply(u32, Box<[Operand]>),
}

impl Instruction {
    /// What it reads.
    pub fn operands(&self) -> &[Operand] {
        match self {
            Instruction::Call(_, operands) | Instruction::Apply(_, operands) => operands,
        }
    }
}

/// A sum over the iterations of a loop, from zero; in which order, [`Loop::pairs`] says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Accumulator {
    /// The total, known after the loop.
    pub total: Value,
    /// What each iteration adds at its end.
    pub addend: Operand,
}

/// A counted loop; it runs at least once.
#[derive(Clone, PartialEq, Debug)]
pub struct Loop {
    /// Names the index.
    pub id: LoopId,
    /// First index.
    pub from: i64,
    /// Last index.
    pub to: i64,
    /// The steps of one iteration.
    pub body: Vec<Step>,
    /// Sums over the iterations.
    pub accumulators: Vec<Accumulator>,
    /// Whether the first, third, … iterations and the second, fourth, … are summed apart, each in
    /// order, and the two sums added at the end; otherwise there is one sum in order. Two sums
    /// take half the time: one needs not wait for the other.
    pub pairs: bool,
}

impl Loop {
    /// The number of iterations.
    pub fn trips(&self) -> u64 {
        self.to.abs_diff(self.from).saturating_add(1)
    }
}

/// One step of a block.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// Computes a value.
    Let(Value, Instruction),
    /// Writes a result at a place of the output, by number in [`Tape::places`].
    Store(u32, Operand),
    /// Repeats a block.
    Loop(Loop),
}

/// A named input, for the text form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input {
    /// The name in the graph.
    pub name: String,
    /// First and last index of each dimension.
    pub extents: Vec<(i64, i64)>,
    /// Place of the first element.
    pub offset: usize,
}

/// A program over doubles; see the module's page.
#[derive(Clone, Debug)]
pub struct Tape {
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Index expressions and addresses.
    pub places: Vec<Place>,
    /// The constant pool.
    pub constants: Vec<f64>,
    /// Registered functions.
    pub functions: Vec<Function>,
    /// The name of the time.
    pub time: Option<String>,
    /// Named states, by offset.
    pub states: Vec<Input>,
    /// Named parameters, by offset.
    pub parameters: Vec<Input>,
    /// Least length of the slice of states.
    pub state_length: usize,
    /// Least length of the slice of parameters.
    pub parameter_length: usize,
    /// Least length of the output.
    pub output_length: usize,
    /// The number of values.
    pub values: u32,
    /// The number of loops.
    pub loops: u32,
}

impl Tape {
    /// The constant of this number.
    pub fn constant(&self, number: u32) -> f64 {
        self.constants[number as usize]
    }

    /// The index expression or address of this number.
    pub fn place(&self, number: u32) -> &Place {
        &self.places[number as usize]
    }
}
