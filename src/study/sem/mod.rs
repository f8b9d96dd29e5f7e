//! Structural equation models and data: fits, their indices, simulated samples.

mod constraints;
pub mod discrepancy;
mod effects;
mod errors;
pub mod fit;
pub mod indices;
pub mod kernels;
pub mod population;
pub mod sample;
mod slopes;

pub use discrepancy::Method;
pub use fit::{Errors, Estimate, Fit, Options, fit};
pub use indices::Indices;
pub use kernels::MomentKernels;
pub use sample::{Sample, SampleError};
