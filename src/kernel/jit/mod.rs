//! The compiling backend: tapes to machine code with Cranelift.
//!
//! Only this module names Cranelift's types, and only here is `unsafe`: generated code is called
//! by address, reads and writes the caller's slices without checks of its own, and calls back
//! into registered functions. What makes that sound: lowering checked every address against the
//! layout, [`Kernel::evaluate`] checks the slices against the layout, and the kernel owns the
//! code until its last handle drops.

#![expect(unsafe_code, reason = "generated code is called by address and handles raw slices")]

mod lanes;
mod operation;
mod partition;
mod predict;
mod translate;

pub use predict::{Prediction, predict};

use std::any::Any;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::OnceLock;

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Module, default_libcall_names};
use rayon::prelude::*;

use super::backend::{Backend, Kernel, Lengths, Program, Scratch};
use super::error::Error;
use super::interpreter::Interpreter;
use super::tape::Tape;
use crate::term::Function;
use partition::Partition;

/// Compiles tapes to machine code of this host.
pub struct Jit;

impl Backend for Jit {
    fn name(&self) -> &'static str {
        "jit"
    }

    fn compile(&self, tape: &Tape) -> Result<Kernel, Error> {
        if tape.steps.is_empty() {
            return Interpreter.compile(tape);
        }
        let partition = Partition::new(tape);
        let (memory, code) = load(tape, &partition)?;
        let constants = tape.constants.clone().into();
        let lengths = Lengths::of(tape);
        Ok(match (&*code, &*tape.functions) {
            (&[code], []) => {
                Kernel::straight(Straight { code, lengths, constants, _memory: memory })
            }
            _ => Kernel::new(Box::new(Pieces {
                code,
                constants,
                functions: tape.functions.clone().into(),
                lengths,
                slots: partition.slots.len(),
                _memory: memory,
            })),
        })
    }
}

/// The Cranelift intermediate form of a tape, one function after the other.
///
/// # Errors
/// What the code generator refuses.
pub fn clif(tape: &Tape) -> Result<String, Error> {
    let isa = host()?;
    let partition = Partition::new(tape);
    let texts = (0..partition.pieces.len())
        .map(|piece| Ok(translate::translate(tape, &partition, piece, isa)?.to_string()))
        .collect::<Result<Vec<String>, Error>>()?;
    Ok(texts.join("\n"))
}

/// The machine code of a tape as text, one function after the other.
///
/// # Errors
/// What the code generator refuses.
pub fn assembly(tape: &Tape) -> Result<String, Error> {
    let isa = host()?;
    let partition = Partition::new(tape);
    let texts = (0..partition.pieces.len())
        .map(|piece| Ok(generate(tape, &partition, piece, isa, true)?.text))
        .collect::<Result<Vec<String>, Error>>()?;
    Ok(texts.join("\n"))
}

/// What generated code calls registered functions through.
struct Environment {
    functions: *const Function,
    /// The first panic of a registered function; it must not unwind through generated code.
    panic: Option<Box<dyn Any + Send>>,
}

/// Time, states, parameters, output, scratch, constants, environment.
type Code = unsafe extern "C" fn(
    f64,
    *const f64,
    *const f64,
    *mut f64,
    *mut f64,
    *const f64,
    *mut Environment,
);

/// Generated code; freed on drop, after which nothing runs: an evaluation borrows the kernel.
struct Memory(ManuallyDrop<JITModule>);

// SAFETY: the module is only touched when the kernel is built and when it is dropped.
unsafe impl Sync for Memory {}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the module is taken once, and nobody can call its code any more.
        unsafe { ManuallyDrop::take(&mut self.0).free_memory() }
    }
}

/// Puts the machine code of a tape where it can run: one function for each piece.
fn load(tape: &Tape, partition: &Partition) -> Result<(Box<Memory>, Vec<Code>), Error> {
    let isa = host()?;
    let generate = |piece| generate(tape, partition, piece, isa, false);
    let count = partition.pieces.len();
    let generated = if count == 1 {
        vec![generate(0)?]
    } else {
        (0..count).into_par_iter().map(generate).collect::<Result<Vec<Generated>, Error>>()?
    };
    let mut module = JITModule::new(JITBuilder::with_isa(isa.clone(), default_libcall_names()));
    let signature = translate::signature(isa);
    let mut names = Vec::with_capacity(count);
    for piece in &generated {
        let name = module.declare_anonymous_function(&signature).map_err(refused)?;
        module.define_function_bytes(name, piece.alignment, &piece.code, &[]).map_err(refused)?;
        names.push(name);
    }
    module.finalize_definitions().map_err(refused)?;
    let code = names
        .into_iter()
        .map(|name| {
            let address = module.get_finalized_function(name);
            // SAFETY: the function was compiled with the signature that `Code` states.
            unsafe { std::mem::transmute::<*const u8, Code>(address) }
        })
        .collect();
    Ok((Box::new(Memory(ManuallyDrop::new(module))), code))
}

/// One function that has no values to pass on and no functions to call.
pub(super) struct Straight {
    code: Code,
    lengths: Lengths,
    constants: Box<[f64]>,
    _memory: Box<Memory>,
}

impl Straight {
    /// See [`Kernel::evaluate`].
    #[inline]
    pub(super) fn evaluate(
        &self,
        time: f64,
        states: &[f64],
        parameters: &[f64],
        output: &mut [f64],
    ) {
        self.lengths.check(states, parameters, output);
        // SAFETY: the slices are as long as the layout says, lowering checked that every address
        // of the tape is inside the layout, and such code touches neither scratch nor environment.
        unsafe {
            (self.code)(
                time,
                states.as_ptr(),
                parameters.as_ptr(),
                output.as_mut_ptr(),
                std::ptr::null_mut(),
                self.constants.as_ptr(),
                std::ptr::null_mut(),
            );
        }
    }
}

/// Functions in a row, with values that pass between them and functions that they call.
struct Pieces {
    code: Vec<Code>,
    constants: Box<[f64]>,
    functions: Box<[Function]>,
    lengths: Lengths,
    slots: usize,
    _memory: Box<Memory>,
}

impl Program for Pieces {
    fn evaluate(
        &self,
        time: f64,
        states: &[f64],
        parameters: &[f64],
        output: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.lengths.check(states, parameters, output);
        scratch.reserve(self.slots, 0);
        let mut environment = Environment { functions: self.functions.as_ptr(), panic: None };
        for code in &self.code {
            // SAFETY: as for `Straight`; the scratch has a place for each value that is passed on.
            unsafe {
                code(
                    time,
                    states.as_ptr(),
                    parameters.as_ptr(),
                    output.as_mut_ptr(),
                    scratch.values.as_mut_ptr(),
                    self.constants.as_ptr(),
                    &raw mut environment,
                );
            }
        }
        if let Some(panic) = environment.panic {
            resume_unwind(panic);
        }
    }
}

/// Calls a registered function for generated code; a panic is kept and gives NaN.
extern "C" fn call_function(
    environment: *mut Environment,
    function: u64,
    args: *const f64,
    count: u64,
) -> f64 {
    // SAFETY: generated code passes the environment of `evaluate`, the number of a function of
    // its tape and a stack slot with that many arguments.
    let (environment, function, args) = unsafe {
        let environment = &mut *environment;
        let function = &*environment.functions.add(function as usize);
        let args = std::slice::from_raw_parts(args, count as usize);
        (environment, function, args)
    };
    catch_unwind(AssertUnwindSafe(|| (function.value)(args))).unwrap_or_else(|panic| {
        environment.panic.get_or_insert(panic);
        f64::NAN
    })
}

/// The machine code of one piece.
struct Generated {
    code: Vec<u8>,
    alignment: u64,
    text: String,
}

fn generate(
    tape: &Tape,
    partition: &Partition,
    piece: usize,
    isa: &OwnedTargetIsa,
    text: bool,
) -> Result<Generated, Error> {
    let function = translate::translate(tape, partition, piece, isa)?;
    let mut context = Context::for_function(function);
    context.set_disasm(text);
    let compiled = context
        .compile(&**isa, &mut ControlPlane::default())
        .map_err(|error| refused(error.inner))?;
    if !compiled.buffer.relocs().is_empty() {
        return Err(refused("an operation became a call into an unknown library"));
    }
    Ok(Generated {
        code: compiled.code_buffer().to_vec(),
        alignment: u64::from(compiled.buffer.alignment),
        text: compiled.vcode.clone().unwrap_or_default(),
    })
}

/// This machine, with the settings of all kernels; made once.
fn host() -> Result<&'static OwnedTargetIsa, Error> {
    static HOST: OnceLock<Result<OwnedTargetIsa, Error>> = OnceLock::new();
    HOST.get_or_init(|| {
        let mut flags = settings::builder();
        // Lowering gives the order of instructions; the optimiser would find nothing.
        let verifier = if cfg!(debug_assertions) { "true" } else { "false" };
        for (name, value) in [
            ("opt_level", "none"),
            ("is_pic", "false"),
            ("unwind_info", "false"),
            ("enable_verifier", verifier),
        ] {
            flags.set(name, value).map_err(refused)?;
        }
        cranelift_native::builder()
            .map_err(refused)?
            .finish(settings::Flags::new(flags))
            .map_err(refused)
    })
    .as_ref()
    .map_err(Clone::clone)
}

fn refused(message: impl std::fmt::Display) -> Error {
    Error::CodeGenerator { message: message.to_string() }
}
