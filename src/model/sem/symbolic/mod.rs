//! Covariances as formulas: the one-connection rule.
//!
//! For `x = Λᵀ x + ε` with `Cov ε = Ω`, `Σ = (I−Λ)^{-T} Ω (I−Λ)^{-1}`. With a loop of weight 1 at
//! every vertex, a *connection* is a set of disjoint cycles through all vertices, a
//! *one-connection* `k -> i` a simple path with disjoint cycles through all other vertices, and
//! `Δ = det(I−Λ)` and `N_ki = adj(I−Λ)_ki` are their sums, signed by the number of proper cycles.
//! The rule is `σ_ij = Σ ω_kl N_ki N_lj / Δ²` (Adhikari, Gross, Härkönen, Tsigaridas,
//! arXiv 2210.00239); for acyclic graphs it is Wright's trek rule.

mod component;
mod connection;
mod covariance;
mod doubled;
mod picture;
mod polynomial;
mod programme;
mod ring;
mod trek;

pub use component::{Method, Minors, WALKED};
pub use connection::{OneConnection, connections, one_connections};
pub use covariance::{Entry, Expansion, Size, Summand, counts, size, terms_of};
pub use doubled::doubled;
pub use picture::picture;
pub use polynomial::{Monomial, Polynomial};
pub use programme::{Programme, programme};
pub use ring::{Counts, Exact, Modular, Polynomials, Ring, Terms};
pub use trek::{Trek, treks};
