//! Explanations of results: how they are made, shown, and checked.
//!
//! The checker ([`mod@check`]) knows terms, rules and facts only, and can be read on its own:
//! [`replace`] puts a part in place of another, [`identity`] and [`domain`] decide what follows from
//! arithmetic alone.

pub mod check;
pub mod congruence;
pub mod derive;
pub mod domain;
mod fraction;
pub mod given_up;
pub mod identity;
pub mod polynomial;
pub mod record;
pub mod replace;
mod roots;
pub mod step;

pub use check::{Flaw, FlawKind, check};
pub use domain::Kind;
pub use given_up::given_up;
pub use record::Record;
pub use step::{Around, Explanation, Reason, Step};
