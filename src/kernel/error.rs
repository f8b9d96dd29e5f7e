//! What can go wrong between terms and a kernel.

use std::fmt;

/// Why terms could not become a tape, or a tape a kernel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Error {
    /// A name that is neither the time, a state nor a parameter.
    UnknownName {
        /// The name.
        name: String,
    },
    /// A name used with another number of indices than it has dimensions.
    Dimensions {
        /// The name.
        name: String,
        /// Dimensions in the layout.
        expected: usize,
        /// Indices in the term.
        found: usize,
    },
    /// An index that can leave the extent of its array.
    OutOfRange {
        /// The array.
        array: String,
        /// Position of the index among the indices, from 0.
        dimension: usize,
        /// The index as written, with bound indices by level.
        index: String,
        /// Smallest and largest value of the index.
        reached: (i64, i64),
        /// First and last index of the array.
        extent: (i64, i64),
    },
    /// An index that nothing binds.
    UnboundIndex {
        /// Its nesting level.
        level: u8,
    },
    /// An output at a negative or astronomically large place.
    OutputPlace {
        /// Smallest and largest place.
        reached: (i64, i64),
    },
    /// Variables of a layout share a name or storage, or an extent is reversed.
    Layout {
        /// The name of the variable.
        name: String,
    },
    /// More instructions than [`Options::instructions`](super::Options::instructions) allows.
    TooManyInstructions {
        /// The limit.
        limit: usize,
    },
    /// The machine code generator refused; the text is its own.
    CodeGenerator {
        /// What it said.
        message: String,
    },
    /// A clock that is to time kernels does not move.
    Clock,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownName { name } => {
                write!(f, "`{name}` is neither the time nor a state nor a parameter of this kernel")
            }
            Error::Dimensions { name, expected, found } => {
                write!(f, "`{name}` has {expected} dimensions but is used with {found} indices")
            }
            Error::OutOfRange {
                array,
                dimension,
                index,
                reached: (low, high),
                extent: (first, last),
            } => write!(
                f,
                "index {} of `{array}`, {index}, runs from {low} to {high}, outside {first}..{last}",
                dimension + 1
            ),
            Error::UnboundIndex { level } => {
                write!(f, "the index #{level} is not bound by a family or a sum")
            }
            Error::OutputPlace { reached: (low, high) } => {
                write!(f, "outputs would be written at places {low} to {high}")
            }
            Error::Layout { name } => write!(
                f,
                "the variable `{name}` is declared twice, overlaps another one or is empty"
            ),
            Error::TooManyInstructions { limit } => write!(
                f,
                "the kernel needs more than {limit} instructions, the limit; write repeated equations as a family, or raise `instructions`"
            ),
            Error::CodeGenerator { message } => {
                write!(f, "machine code could not be generated: {message}")
            }
            Error::Clock => write!(f, "there is no clock to time kernels with"),
        }
    }
}

impl std::error::Error for Error {}
