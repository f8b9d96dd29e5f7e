//! What a mixed graph implies: rank, identification, equivalence, vanishing polynomials.

pub mod equivalent;
pub mod fibre;
pub mod global;
pub mod groebner;
pub mod halftrek;
pub mod ideal;
pub mod identify;
pub mod point;
pub mod preimage;
pub mod prime;
pub mod rational;
