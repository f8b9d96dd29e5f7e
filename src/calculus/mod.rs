//! Exact calculus on terms: derivatives, gradients, and sparse Jacobians of equation families.
//!
//! The derivative of every operation is a line of `rules/derivative.rules`; sums, products,
//! exact powers and reductions are differentiated by their structure. Nothing is ever expanded
//! over an index range: the Jacobian of a family is a family, whatever its size.

mod chain;
pub mod derivative;
pub mod determinant;
pub mod gradients;
pub mod jacobian;
pub mod linear;
pub mod rules;
pub mod sparsity;

#[cfg(test)]
mod duals;

pub use crate::polynomial::{TooLarge, expand};
pub use derivative::{Differentiation, Error, IndexRange, Target, derivative, gradient};
pub use determinant::determinant;
pub use gradients::Gradients;
pub use jacobian::{Block, Equation, jacobian};
pub use linear::{Solutions, inverse, solve};
pub use rules::Rules;
pub use sparsity::{Sparsity, slot_starts};
