//! Polynomials in the covariances that vanish on a model, one multidegree at a time.
//!
//! The ideal is prime, and graded by ℤⁿ with `deg σ_ij = e_i + e_j`, since variables may be scaled.
//! In one multidegree there are few monomials: they are evaluated at random points modulo 2^61 − 1,
//! and null vectors are lifted to whole numbers and then certified.

mod certify;
mod grid;
mod monomial;
mod prune;
mod recognise;
mod relation;
mod search;
mod wald;

pub use certify::{Certificate, Certifier};
pub use monomial::{Exponents, Pairs, multidegrees, ways};
pub use recognise::{Name, minor};
pub use relation::{Products, lift, relations};
pub use search::{Counted, Found, Generator, Refused, Search};
pub use wald::{Test, wald};
