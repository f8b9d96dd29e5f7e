//! What a person works with: models loaded from text, and single expressions.

pub mod algebra;
pub mod batch;
pub mod command;
pub mod commands;
pub mod completion;
mod decision;
pub mod definitions;
pub mod drawing;
pub mod equality;
pub mod explanation;
mod kinks;
pub mod line;
mod linear;
mod load;
pub mod matrix;
pub mod output;
pub mod request;
mod rules;
mod shapes;
mod simplify;
mod state;
mod witness;

pub use commands::COMMANDS;
pub use load::{
    Contents, Refused, bytes, contents, describe, describe_structure, load, load_text, models,
    structures,
};
pub use rules::rules;
pub use simplify::{simplify, term};
pub use state::{Model, Run, STYLES, Session, Structure, Style, command, refusal};
