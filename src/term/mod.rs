//! The term graph: exact, hash-consed, canonical. It knows no text and no e-graph.
//!
//! A [`Graph`] is an arena of [`Node`]s addressed by [`Term`] handles. Equal terms have equal
//! handles, so equality is a comparison of two integers and shared work is shared by
//! construction. Sums and products are n-ary, sorted and collected with exact rational
//! coefficients and exponents when they are built: that is the first simplifier, and the
//! reason why no associativity or commutativity rule exists anywhere.
//!
//! ```
//! use isoterm::term::Graph;
//! let mut g = Graph::new();
//! let (x, y) = (g.symbol("x"), g.symbol("y"));
//! let a = g.add(x, y);
//! let b = g.add(y, x);
//! assert_eq!(a, b);
//! ```

pub mod arguments;
pub mod build;
pub mod by_term;
pub mod call;
pub mod cycles;
mod decimal;
pub mod evaluate;
pub mod expr;
pub mod function;
pub mod graph;
pub mod index;
pub mod interval;
mod kept;
pub mod modular;
pub mod names;
pub mod number;
pub mod op;
pub mod real;
pub mod sample;
mod table;
mod truth;
pub mod visit;

pub use arguments::Arguments;
pub use by_term::ByTerm;
pub use expr::{Expr, Functions, Scalar, Scope};
pub use function::{Derivative, Function, FunctionId};
pub use graph::{Graph, Node, Symbol, Term};
pub use index::{Affine, Binder};
pub use interval::Interval;
pub use number::Number;
pub use op::Op;
