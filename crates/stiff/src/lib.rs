//! Stiff integration for isoterm: diffsol's generics, instantiated once behind slices.
//!
//! [`integrate`] solves `u' = f(t, u)` with an implicit method, given the right-hand side and its
//! sparse Jacobian as a [`Problem`]. Only this crate names diffsol or faer types; its public
//! interface is not generic, so whoever uses it never compiles a solver.
//!
//! A problem may name rows that are algebraic, `0 = f(t, u)` in place of `u' = f(t, u)`
//! ([`Problem::algebraic`]).
//!
//! Systems of up to [`DENSE_LIMIT`] states use a dense LU of our own, larger ones faer's sparse LU.
//!
//! ```
//! use isoterm_stiff::{Method, Options, Pattern, Problem, integrate};
//!
//! /// u' = -1000 (u - cos t)
//! struct Relaxation(Pattern);
//!
//! impl Problem for Relaxation {
//!     fn dimension(&self) -> usize {
//!         1
//!     }
//!     fn rhs(&self, t: f64, u: &[f64], du: &mut [f64]) {
//!         du[0] = -1000.0 * (u[0] - t.cos());
//!     }
//!     fn pattern(&self) -> &Pattern {
//!         &self.0
//!     }
//!     fn jacobian(&self, _t: f64, _u: &[f64], values: &mut [f64]) {
//!         values[0] = -1000.0;
//!     }
//! }
//!
//! let mut last = 0.0;
//! let options = Options { method: Method::Bdf, rtol: 1e-8, atol: vec![1e-10], ..Options::default() };
//! integrate(
//!     &Relaxation(Pattern::dense(1)),
//!     &[0.0],
//!     (0.0, &[0.5], 1.0),
//!     &options,
//!     &mut |_t, u| last = u[0],
//!     &|_time| false,
//! )
//! .unwrap();
//! // Past the transient, u = (λ² cos t + λ sin t) / (λ² + 1) with λ = 1000.
//! let exact = (1e6 * 0.5f64.cos() + 1e3 * 0.5f64.sin()) / (1e6 + 1.0);
//! assert!((last - exact).abs() < 1e-6, "{last} instead of {exact}");
//! ```

mod dense;
mod drive;
mod equations;
mod linear;
mod ordering;
mod problem;
mod shifted;
mod sparse;

pub use drive::{DENSE_LIMIT, Method, Options, integrate, integrate_monitored};
pub use linear::{Lu, Singular};
pub use ordering::minimum_degree;
pub use problem::{Brief, Cause, Failure, Monitor, Pattern, Problem, Reached, Work};
pub use shifted::{Shifted, eigenvalues, left_null_space};
