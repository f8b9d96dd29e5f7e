//! Numbers only: integration and its consistent start, roots, steady states, interpolation; over
//! slices and traits.

pub mod consistent;
pub mod integrate;
pub mod root;
pub mod sparse;
pub mod spline;
pub mod steady;
