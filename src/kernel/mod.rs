//! From terms to numbers: lowering to a tape, and backends that evaluate tapes.
//!
//! A [`Tape`] is lowered once from the terms of all outputs; a [`Backend`] makes a [`Kernel`] of
//! it, and all backends give the same bits. Code is shared between threads; an evaluation's
//! working memory is the caller's [`Scratch`].

mod backend;
pub mod calibrate;
pub mod conformance;
mod count;
mod error;
pub mod export;
mod interpreter;
pub mod jit;
mod lower;
mod print;
mod signature;
mod tape;

pub use backend::{BACKENDS, Backend, Kernel, Program, Scratch};
pub use count::OperationCounts;
pub use error::Error;
pub use interpreter::Interpreter;
pub use jit::Jit;
pub use lower::{LARGEST_POWER, Options, Output};
pub use signature::{Layout, Variable};
pub use tape::{
    Accumulator, Input, Instruction, Loop, LoopId, Operand, Place, Slice, Step, Tape, Value,
};
