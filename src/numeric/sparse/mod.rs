//! Sparse linear systems of one pattern, factorized again and again.
//!
//! [`Symbolic`] orders a pattern once; [`Lu`] factorizes matrices of it.

mod dense;
mod krylov;
mod lu;
mod symbolic;

#[cfg(test)]
mod tests;

pub use krylov::Gmres;
pub use lu::{Lu, Singular};
pub use symbolic::{DENSE, Refusal, Symbolic};
