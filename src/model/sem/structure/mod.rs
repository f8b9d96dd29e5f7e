//! What a mixed graph implies: rank, identification, equivalence, vanishing polynomials.

pub mod prime;
