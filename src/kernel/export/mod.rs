//! A model's tapes as one source file of another language: C, Rust or Python with NumPy.
//!
//! A [`Language`] is one file of small spellings; what a file holds is decided once, here, and how
//! a tape becomes statements once, in `walk.rs`. Names of the model stand in strings and comments
//! only, so that no name can collide with a keyword or with another name.

mod c;
mod functions;
mod language;
mod python;
mod rust;
mod walk;

use std::collections::BTreeSet;
use std::fmt;

use super::tape::Tape;
pub use c::C;
pub use functions::Row;
pub use language::{Array, Arrays, Entry, Language};
pub use python::Python;
pub use rust::Rust;
use walk::{Target, Walk};

/// All languages.
pub static LANGUAGES: &[&dyn Language] = &[&C, &Rust, &Python];

/// What a file is made of: the numbers and the tapes of `u' = f(t, u, p)`.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    /// The name of the model.
    pub name: &'a str,
    /// The equations as a person reads them, for the comment on top.
    pub notes: &'a [String],
    /// Names of the states, by place.
    pub states: &'a [String],
    /// Names of the parameters, by place.
    pub parameters: &'a [String],
    /// Names of the observables, by place.
    pub observables: &'a [String],
    /// States at the start; as many as there are names.
    pub initial: &'a [f64],
    /// Values of the parameters; as many as there are names.
    pub values: &'a [f64],
    /// Writes the rate of change of each state.
    pub right_hand_side: &'a Tape,
    /// The derivatives of the rates.
    pub jacobian: Jacobian<'a>,
    /// Writes the observables.
    pub observe: &'a Tape,
    /// The tabulated functions that the tapes may call.
    pub curves: &'a [Curve<'a>],
}

/// A Jacobian in compressed columns: its tape writes slots, which are added into positions.
#[derive(Clone, Copy)]
pub struct Jacobian<'a> {
    /// Writes the slots.
    pub tape: &'a Tape,
    /// First position of each column, then the number of positions.
    pub column_starts: &'a [usize],
    /// The row of each position.
    pub row_indices: &'a [usize],
    /// The position of each slot; `None` when slots are the positions.
    pub positions: Option<&'a [usize]>,
}

/// A piecewise cubic function of one argument, undefined outside of its points.
pub struct Curve<'a> {
    /// The names of the registered functions that are its value, first and second derivative.
    pub names: [String; 3],
    /// Arguments, increasing; at least two.
    pub x: &'a [f64],
    /// Values.
    pub y: &'a [f64],
    /// Slopes.
    pub slope: &'a [f64],
}

/// Why there is no file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Error {
    /// A function that a program registered: its name. There is no text of it to write.
    Function(String),
    /// An operation that `functions.rs` has no row for, and the language.
    Operation(&'static str, &'static str),
    /// The file would hold so many numbers, more than [`MAX_NUMBERS`].
    TooLarge(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Function(name) => write!(
                f,
                "the function `{name}` is a program's and has no text that could be exported; \
                 write it with the functions of models, or as a table"
            ),
            Error::Operation(name, language) => write!(f, "{language} has no spelling of `{name}`"),
            Error::TooLarge(numbers) => write!(
                f,
                "the file would list {numbers} numbers and names, more than {MAX_NUMBERS}; \
                 make the arrays of the model smaller"
            ),
        }
    }
}

impl std::error::Error for Error {}

/// The most numbers and names that a file lists.
pub const MAX_NUMBERS: usize = 20_000_000;

/// The file of a program in a language.
///
/// # Errors
/// See [`Error`].
pub fn export(program: &Program, language: &dyn Language) -> Result<String, Error> {
    let pattern = &program.jacobian;
    let numbers = 2 * (program.states.len() + program.parameters.len())
        + program.observables.len()
        + pattern.column_starts.len()
        + pattern.row_indices.len()
        + pattern.positions.map_or(0, <[usize]>::len);
    if numbers > MAX_NUMBERS {
        return Err(Error::TooLarge(numbers));
    }
    let name = |base: &str| language.identifier(program.name, base);
    let mut used = Used::default();
    let mut functions = String::new();
    for entry in Entry::ALL {
        let (tape, target) = match entry {
            Entry::RightHandSide => (program.right_hand_side, Target::plain("du")),
            Entry::Jacobian => {
                (pattern.tape, Target { array: "values", positions: pattern.positions })
            }
            Entry::Observables => (program.observe, Target::plain("observed")),
        };
        if entry == Entry::Observables && program.observables.is_empty() {
            continue;
        }
        let body = Walk::new(language, program, tape, target, &mut used)?.body();
        functions += &language.entry(entry, &name, &body, pattern.positions.is_some());
    }

    let mut text = language.head(program, &name);
    for (function, source) in language.helpers() {
        if used.functions.contains(function) {
            text += source;
        }
    }
    for (base, count) in [
        ("states", program.states.len()),
        ("parameters", program.parameters.len()),
        ("observables", program.observables.len()),
        ("nonzeros", pattern.row_indices.len()),
    ] {
        text += &language.count(&name(base), count);
    }
    let mut list = |base: &str, what: &str, array: Array<'_>, public: bool| {
        text += &language.array(&name(base), what, array, public);
    };
    list("state_names", "Names of the states.", Array::Names(program.states), true);
    list("parameter_names", "Names of the parameters.", Array::Names(program.parameters), true);
    if !program.observables.is_empty() {
        list(
            "observable_names",
            "Names of the observables.",
            Array::Names(program.observables),
            true,
        );
    }
    list("u0", "States at the start.", Array::Numbers(program.initial), true);
    list("p0", "Values of the parameters.", Array::Numbers(program.values), true);
    let starts = "First position of each column of the Jacobian, then the number of positions.";
    list("column_starts", starts, Array::Integers(pattern.column_starts), true);
    let rows = "Row of each position of the Jacobian.";
    list("row_indices", rows, Array::Integers(pattern.row_indices), true);
    if let Some(positions) = pattern.positions {
        let what = "Position to which each computed entry is added.";
        list("positions", what, Array::Integers(positions), false);
    }
    for &curve in &used.curves {
        let Curve { names, x, y, slope } = &program.curves[curve];
        let function = &names[0];
        for (part, what, numbers) in [
            ("x", format!("Arguments of the table {function}."), x),
            ("y", format!("Values of the table {function}."), y),
            ("slope", format!("Slopes of the spline {function}."), slope),
        ] {
            list(&walk::curve(curve, part), &what, Array::Numbers(numbers), false);
        }
    }
    text += &functions;
    Ok(text)
}

/// What the functions of a file need beside themselves.
#[derive(Default)]
struct Used {
    functions: BTreeSet<&'static str>,
    curves: BTreeSet<usize>,
}
