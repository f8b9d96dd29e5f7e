//! Structural equation models: mixed graphs with coefficients, read from formulas.
//!
//! A [`StructuralModel`] is what the text says; [`StructuralModel::completed`] adds what
//! [`Conventions`] take for granted, and [`MixedGraph`] is the graph of the result, from which
//! formulas are made.

mod conventions;
pub mod diagram;
pub mod graph;
pub mod moments;
pub mod parameters;
mod read;
pub mod structure;
pub mod symbolic;
mod types;

pub use conventions::{Added, Conventions};
pub use graph::MixedGraph;
pub use read::read;
pub use types::{
    Arrow, Coefficient, Comparison, Constraint, Kind, Quantity, StructuralModel, Value, Variable,
};
