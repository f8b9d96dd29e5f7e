//! Structural equation models and data: fits, their indices, simulated samples.

pub mod discrepancy;
pub mod fit;
pub mod indices;
pub mod sample;

pub use discrepancy::Method;
pub use fit::{Errors, Estimate, Fit, Options, fit};
pub use indices::Indices;
pub use sample::{Sample, SampleError};
