//! What one does with a system.

pub mod culprit;
mod derived;
mod error;
mod events;
pub mod export;
pub mod line;
pub mod sem;
pub mod sensitivity;
pub mod simulate;
mod solution;
mod start;
pub mod steady;

pub use error::Error;
pub use events::Occurrence;
pub use simulate::{Compilation, Compiled, Settings};
pub use solution::Solution;
pub use start::check_values;
