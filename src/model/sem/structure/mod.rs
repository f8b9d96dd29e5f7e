//! What a mixed graph implies: rank, identification, equivalence, vanishing polynomials.

pub mod ideal;
pub mod point;
pub mod prime;
