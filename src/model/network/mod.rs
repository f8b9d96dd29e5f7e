//! Reaction networks: reactions of model text and of BioNetGen files, their equations and their
//! structure.

pub mod bionetgen;
pub mod eliminate;
pub mod generate;
mod reaction;
pub mod structure;
pub mod types;

pub use reaction::Changes;
pub use structure::{Structure, structure};
pub use types::{Reaction, ReactionNetwork, Species};
