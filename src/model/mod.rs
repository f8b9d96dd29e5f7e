//! Kinds of model and their lowering to [`System`].

pub mod build;
pub mod event;
pub mod ode;
pub mod sem;
pub mod system;

pub use build::Builder;
pub use event::Event;
pub use system::{Axis, Observable, Plan, System, Times, Variable, Written};
