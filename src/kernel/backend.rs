//! What every backend offers: compile a tape once, evaluate it often, from many threads.

use super::error::Error;
use super::interpreter::Interpreter;
use super::jit::Jit;
use super::tape::Tape;

/// A compiled tape.
///
/// Its code is shared between threads; what changes during an evaluation is in the caller's
/// [`Scratch`].
pub trait Kernel: Send + Sync {
    /// Computes the outputs at a time, states and parameters.
    ///
    /// Places of `output` that no output of the tape names keep their values.
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
    fn compile(&self, tape: &Tape) -> Result<Box<dyn Kernel>, Error>;
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
