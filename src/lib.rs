//! isoterm: from model text to exact terms, cheapest kernels and simulations.
//!
//! The layers in the order in which data flows; each uses only those above it, and a test keeps
//! it so.
//!
//! - [`text`]: where text came from and what to say about it.
//! - [`term`]: the operation table, exact numbers and the hash-consed graph of terms.
//! - [`syntax`]: parsers and printers.
//! - [`polynomial`]: sparse polynomials over the rationals, and terms as polynomials.
//! - [`rewrite`]: equality saturation to the cheapest equal terms.
//! - [`calculus`]: derivatives and sparse Jacobians.
//! - [`kernel`]: tapes, the interpreter and machine code.
//! - [`numeric`]: integration and interpolation, numbers only.
//! - [`plot`]: pictures of curves: SVG, PNG and braille.
//! - [`model`]: kinds of model and what they lower to.
//! - [`study`]: what one does with a model.
//! - [`session`]: models and expressions from text, for the command line and for programs.
//! - [`cli`]: arguments and the terminal.
//!
//! A model from text to its solution:
//!
//! ```
//! use isoterm::session::models;
//! use isoterm::study::{Compilation, Compiled, Settings};
//! use isoterm::text::{Limits, Source};
//!
//! let text = "ode decay
//!   state x = 1
//!   x' = -x
//!   simulate t = 0..1, points = 2
//! end";
//! let source = Source::new("decay.model", text);
//! let system = models(source, ".".as_ref(), &Limits::default()).unwrap().remove(0);
//! let compiled = Compiled::new(&system, &Compilation::default(), &mut |_stage| {}).unwrap();
//! let settings = Settings::of(&system).unwrap();
//! let solution = compiled.run(&system, &settings, &|_time| false).unwrap();
//! assert!((solution.rows[1][0] - (-1.0_f64).exp()).abs() < 1e-6);
//! ```

pub mod calculus;
pub mod cli;
pub mod kernel;
pub mod model;
pub mod numeric;
pub mod plot;
pub mod polynomial;
pub mod rewrite;
pub mod session;
pub mod study;
pub mod syntax;
pub mod term;
pub mod text;
