//! Kinds of model and their lowering to [`System`].

pub mod build;
pub mod event;
pub mod network;
pub mod ode;
pub mod sem;
pub mod system;

pub use build::Builder;
pub use event::Event;
pub use network::ReactionNetwork;
pub use system::{Axis, Observable, Plan, System, Times, Variable, Written};
