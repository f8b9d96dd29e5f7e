//! Rewriting: from a term to the cheapest term that is provably equal over the reals.
//!
//! Terms are loaded into an e-graph whose sums and products are n-ary ([`language`]); facts are
//! carried along ([`facts`]); rules from `rules/*.rules` ([`rule`]) are matched modulo
//! associativity and commutativity with a rest ([`pattern`], [`matcher`]) and applied under limits
//! ([`saturate`]); the cheapest choice under shared cost is extracted ([`extract`]). Steps that
//! extend a domain are taken outside the e-graph, by the classical rewriter ([`classical`]); both
//! ways to rewrite are an [`Engine`]. What was done can be explained and checked ([`explain`]).
//!
//! Only this module names egg.

pub mod apply;
pub mod around;
pub mod assumption;
pub mod branches;
pub mod change;
pub mod classical;
pub mod condition;
pub mod cost;
pub mod defined;
pub mod derived;
pub mod engine;
pub mod equality;
pub mod explain;
pub mod extract;
pub mod facts;
pub mod judge;
pub mod knowledge;
pub mod known;
pub mod language;
mod left;
pub mod library;
pub mod matcher;
pub mod optimise;
pub mod pattern;
pub mod plan;
pub mod prologue;
mod reading;
pub mod region;
pub mod rule;
pub mod saturate;
pub mod seed;
pub mod signs;
pub mod simplify;
pub mod space;
pub mod terms;
pub mod trace;

pub use assumption::Assumptions;
pub use cost::{Measure, cost};
pub use engine::{ENGINES, Engine, engine};
pub use optimise::{Options, Outcome, optimise, optimise_with};
pub use rule::{Rule, Ruleset};
pub use saturate::{Budget, Stop};
pub use simplify::simplify;
