//! Rewriting: from a term to the cheapest term that is provably equal over the reals.
//!
//! Terms are loaded into an e-graph whose sums and products are n-ary ([`language`]); facts are
//! carried along ([`facts`]); rules from `rules/*.rules` ([`rule`]) are matched modulo
//! associativity and commutativity with a rest ([`pattern`], [`matcher`]) and applied under limits
//! ([`saturate`]); the cheapest choice under shared cost is extracted ([`extract`]). Steps that
//! extend a domain are taken outside the e-graph ([`extend`]).
//!
//! Only this module names egg.

pub mod around;
pub mod condition;
pub mod cost;
pub mod extend;
pub mod extract;
pub mod facts;
pub mod judge;
pub mod language;
pub mod library;
pub mod matcher;
pub mod optimise;
pub mod pattern;
mod reading;
pub mod region;
pub mod rule;
pub mod saturate;

pub use cost::{Measure, cost};
pub use optimise::{Options, Outcome, optimise};
pub use rule::{Rule, Ruleset};
pub use saturate::{Budget, Stop};
