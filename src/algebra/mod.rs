//! Exact algebra of terms: rational functions, radicals, algebraic numbers, identities.
//!
//! A term is a rational function of its *kernels*: symbols, `sin(x)`, `sqrt(y)`, `x^y`, everything
//! that is no sum, product or whole power. [`Kernels`] converts to [`Fraction`]s of polynomials and
//! back, and [`forms`] brings them into the shapes that have names. [`constant`] decides the sign of
//! algebraic numbers, [`radical`] knows sums of roots, [`basis`] expresses functions by few others,
//! and [`identity`] decides whether a term is zero, with a proof.

mod apart;
pub mod basis;
pub mod constant;
pub mod domain;
pub mod forms;
mod fraction;
pub mod guess;
pub mod identity;
mod kernels;
pub mod radical;

pub use fraction::Fraction;
pub use kernels::Kernels;
