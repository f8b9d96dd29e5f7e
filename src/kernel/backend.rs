//! What every backend offers: compile a tape once, evaluate it often, from many threads.

use super::error::Error;
use super::interpreter::Interpreter;
use super::jit::{Jit, Straight};
use super::tape::Tape;

/// A compiled tape.
///
/// Its code is shared between threads; what changes during an evaluation is in the caller's
/// [`Scratch`].
pub struct Kernel(Form);

/// The way from a kernel to its code.
enum Form {
    /// One function that needs no scratch: most kernels, and those for which a call takes longer
    /// than what it computes. Nothing but the check of the slices stands between.
    Straight(Straight),
    Program(Box<dyn Program>),
}

impl Kernel {
    /// A kernel that one function computes.
    pub(super) fn straight(code: Straight) -> Kernel {
        Kernel(Form::Straight(code))
    }

    /// A kernel that any other program computes.
    pub fn new(program: Box<dyn Program>) -> Kernel {
        Kernel(Form::Program(program))
    }

    /// Computes the outputs at a time, states and parameters.
    ///
    /// Places of `output` that no output of the tape names keep their values.
    ///
    /// # Panics
    /// When a slice is shorter than the tape's layout says, or when a registered function panics.
    #[inline]
    pub fn evaluate(
        &self,
        time: f64,
        states: &[f64],
        parameters: &[f64],
        output: &mut [f64],
        scratch: &mut Scratch,
    ) {
        match &self.0 {
            Form::Straight(code) => code.evaluate(time, states, parameters, output),
            Form::Program(program) => {
                program.evaluate(time, states, parameters, output, scratch);
            }
        }
    }
}

/// What a backend makes of a tape.
pub trait Program: Send + Sync {
    /// See [`Kernel::evaluate`].
    ///
    /// # Panics
    /// When a slice is shorter than the tape's layout says, or when a registered function panics.
    fn evaluate(
        &self,
        time: f64,
        states: &[f64],
        parameters: &[f64],
        output: &mut [f64],
        scratch: &mut Scratch,
    );
}

/// Makes kernels of tapes.
pub trait Backend: Send + Sync {
    /// Its name in commands and reports.
    fn name(&self) -> &'static str;

    /// Compiles a tape.
    ///
    /// # Errors
    /// What the code generator refuses.
    fn compile(&self, tape: &Tape) -> Result<Kernel, Error>;
}

/// All backends, the one that needs no compilation first.
pub static BACKENDS: &[&dyn Backend] = &[&Interpreter, &Jit];

/// Working memory of evaluations; one for each thread, for any kernels in turn.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    pub(super) values: Vec<f64>,
    pub(super) indices: Vec<i64>,
}

impl Scratch {
    /// Empty working memory; it grows to what a kernel needs.
    pub fn new() -> Scratch {
        Scratch::default()
    }

    pub(super) fn reserve(&mut self, values: usize, indices: usize) {
        if self.values.len() < values {
            self.values.resize(values, 0.0);
        }
        if self.indices.len() < indices {
            self.indices.resize(indices, 0);
        }
    }
}

/// Least lengths of the caller's slices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    states: usize,
    parameters: usize,
    output: usize,
}

impl Lengths {
    pub(super) fn of(tape: &Tape) -> Lengths {
        Lengths {
            states: tape.state_length,
            parameters: tape.parameter_length,
            output: tape.output_length,
        }
    }

    /// # Panics
    /// When a slice is too short.
    #[inline]
    pub(super) fn check(&self, states: &[f64], parameters: &[f64], output: &[f64]) {
        if states.len() < self.states
            || parameters.len() < self.parameters
            || output.len() < self.output
        {
            self.refuse(states.len(), parameters.len(), output.len());
        }
    }

    #[cold]
    fn refuse(&self, states: usize, parameters: usize, output: usize) -> ! {
        panic!(
            "a kernel with {} states, {} parameters and {} outputs was called with slices of {states}, {parameters} and {output}",
            self.states, self.parameters, self.output
        );
    }
}
