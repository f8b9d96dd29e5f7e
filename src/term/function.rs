//! Functions from outside the operation table: a registered name with a value and a derivative.

use std::fmt;
use std::sync::Arc;

use super::cycles;
use super::graph::{Graph, Term};
use super::interval::Interval;
use super::op::Op;

/// A function's position among those registered in one graph.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FunctionId(pub u32);

/// Builds the derivative with respect to one argument from the arguments themselves.
pub type DerivativeRule = Arc<dyn Fn(&mut Graph, &[Term]) -> Term + Send + Sync>;

/// How a registered function is differentiated.
#[derive(Clone)]
pub enum Derivative {
    /// It cannot be; differentiating reports the function by name.
    Unknown,
    /// One rule for each argument.
    Rules(Vec<DerivativeRule>),
}

/// A function that a program or a model brings along.
///
/// It goes through every stage like a row of the operation table: parsed by name, kept whole by
/// the rewriter, differentiated by its rule, called by interpreter and compiled kernels.
#[derive(Clone)]
pub struct Function {
    /// Name in text; it must be an identifier that the operation table does not use.
    pub name: String,
    /// Number of arguments, at least one.
    pub arity: usize,
    /// Value at `arity` doubles; NaN means undefined there.
    pub value: Arc<dyn Fn(&[f64]) -> f64 + Send + Sync>,
    /// Derivative with respect to each argument.
    pub derivative: Derivative,
    /// A fact: the range of values, where all arguments are real; `None` when nothing is known.
    pub range: Option<Interval>,
    /// A fact: whether the value is defined for all real arguments.
    pub total: bool,
    /// Cycles of one call, in the unit of the operation table.
    pub cycles: f64,
}

impl Function {
    /// A function of one argument with nothing known but its value.
    pub fn unary(name: &str, value: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Function {
        Function {
            name: name.to_owned(),
            arity: 1,
            value: Arc::new(move |args| value(args[0])),
            derivative: Derivative::Unknown,
            range: None,
            total: false,
            // The call, and as much work as an exponential.
            cycles: cycles::FUNCTION + Op::Exp.row().cycles,
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.arity)
    }
}
