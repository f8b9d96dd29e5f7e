//! Text and terms: parsers with spans on everything, and printers.

pub mod affine;
pub mod block;
mod definition;
pub mod expression;
pub mod lexeme;
pub mod lower;
pub mod model;
pub mod operators;
pub mod print;
mod reaction;
pub mod rule;
mod scope;
pub mod sem;
pub mod tree;

pub use lower::{lower, lower_any, lower_condition};
pub use operators::Operator;
pub use print::{print, print_as};
pub use scope::Scope;
pub use tree::{Id, Item, Name, Tree};
