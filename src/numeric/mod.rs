//! Numbers only: integration and its consistent start, roots, steady states, interpolation,
//! minima, dense matrices, probabilities; over slices and traits.

pub mod consistent;
pub mod dense;
pub mod integrate;
pub mod minimum;
pub mod probability;
pub mod quadratic;
pub mod random;
pub mod root;
pub mod sparse;
pub mod spline;
pub mod steady;
