//! Polynomials in several variables over the rationals: sparse, packed, exact.
//!
//! A [`Polynomial`] is the list of its terms in lexicographic order; the exponents of a monomial
//! are packed into machine words ([`layout`]), so that multiplying two monomials is an addition.
//! Coefficients are [`Number`](crate::term::Number)s, machine words while they fit. Operations that
//! can grow take a [`Budget`] and end with [`Exceeded`] when it is used up.
//!
//! Variables are positions; [`Atoms`] says which terms of a graph they stand for, and converts
//! terms to polynomials and back.
//!
//! ```
//! use isoterm::polynomial::{Budget, Polynomial};
//! let mut budget = Budget::default();
//! let [x, y] = [0, 1].map(|v| Polynomial::variable(2, v).unwrap());
//! let (sum, difference) = (x.plus(&y).unwrap(), x.minus(&y).unwrap());
//! let product = sum.times(&difference, &mut budget).unwrap();
//! let squares = [&x, &y].map(|p| p.power(2, &mut budget).unwrap());
//! assert_eq!(product, squares[0].minus(&squares[1]).unwrap());
//! assert_eq!(product.divided_by(&sum, &mut budget).unwrap(), Some(difference));
//! ```

mod atoms;
mod budget;
mod combine;
mod divide;
mod exact;
mod expand;
mod factor;
mod gcd;
pub mod layout;
mod lift;
mod modular;
mod multiply;
mod power;
mod resultant;
mod shape;
mod sparse;
mod squarefree;
mod univariate;

#[cfg(test)]
mod divisors;
#[cfg(test)]
mod identities;

pub use atoms::{Atoms, each_inner, region};
pub use budget::{Budget, Exceeded};
pub use expand::{TooLarge, expand};
pub use gcd::Divided;
pub use sparse::Polynomial;
pub use squarefree::Factors;
