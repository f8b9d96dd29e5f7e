//! The embedded language: Rust expressions that build terms.
//!
//! A [`Scope`] owns a graph; an [`Expr`] is a `Copy` handle into it with operators and the
//! functions of the operation table as methods. Generic Rust code over [`Scalar`] runs on `f64`
//! and is traced into terms on `Expr`.
//!
//! ```
//! use isoterm::term::Scope;
//! let scope = Scope::new();
//! let (x, y) = (scope.symbol("x"), scope.symbol("y"));
//! assert_eq!(2 * x + y * 0.5 - x, x + y / 2);
//! assert_eq!((x + 1.0).powi(2).sqrt(), ((1 + x).powi(2)).sqrt());
//! ```

use std::cell::RefCell;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::graph::{Graph, Term};
use super::index::{Affine, Binder};
use super::number::Number;
use super::op::Op;

/// A graph that Rust expressions build in.
#[derive(Default)]
pub struct Scope {
    graph: RefCell<Graph>,
}

impl Scope {
    /// An empty scope.
    pub fn new() -> Scope {
        Scope::default()
    }

    /// A scope around a graph that already holds terms.
    pub fn around(graph: Graph) -> Scope {
        Scope { graph: RefCell::new(graph) }
    }

    /// The graph, when building is over.
    pub fn into_graph(self) -> Graph {
        self.graph.into_inner()
    }

    /// Runs a function on the graph itself.
    pub fn with<R>(&self, f: impl FnOnce(&mut Graph) -> R) -> R {
        f(&mut self.graph.borrow_mut())
    }

    /// A named scalar.
    pub fn symbol(&self, name: &str) -> Expr<'_> {
        self.expr(|g| g.symbol(name))
    }

    /// An exact number.
    pub fn number(&self, value: impl Into<Number>) -> Expr<'_> {
        self.expr(|g| g.number(value))
    }

    /// A handle for a term of this scope's graph.
    pub fn term(&self, term: Term) -> Expr<'_> {
        Expr { scope: self, term }
    }

    /// An element of an array at affine indices.
    pub fn element(&self, array: &str, indices: impl Into<Box<[Affine]>>) -> Expr<'_> {
        self.expr(|g| g.element(array, indices))
    }

    /// `sum(body for binder in from..to)`, inclusive.
    pub fn reduce(&self, binder: Binder, from: i64, to: i64, body: Expr<'_>) -> Expr<'_> {
        self.expr(|g| g.reduce(binder, from, to, body.term))
    }

    /// The sum of many expressions, in one step.
    pub fn sum<'g>(&'g self, parts: impl IntoIterator<Item = Expr<'g>>) -> Expr<'g> {
        let parts: Vec<_> = parts.into_iter().map(|e| (Number::ONE, e.term)).collect();
        self.expr(|g| g.sum(Number::ZERO, parts))
    }

    fn expr(&self, build: impl FnOnce(&mut Graph) -> Term) -> Expr<'_> {
        let term = build(&mut self.graph.borrow_mut());
        Expr { scope: self, term }
    }
}

/// A term of a [`Scope`], with operators.
///
/// Expressions of one scope are equal exactly when their terms are the same.
#[derive(Clone, Copy)]
pub struct Expr<'g> {
    scope: &'g Scope,
    term: Term,
}

impl<'g> Expr<'g> {
    /// The handle in the scope's graph.
    pub fn term(self) -> Term {
        self.term
    }

    /// An operation of the table with this expression first.
    ///
    /// # Panics
    /// When the number of arguments is not the arity of the operation.
    pub fn call(self, op: Op, rest: &[Expr<'g>]) -> Expr<'g> {
        let mut args = vec![self.term];
        args.extend(rest.iter().map(|e| e.term));
        self.scope.expr(|g| g.call(op, &args))
    }

    /// `self ^ n` for an integer.
    pub fn powi(self, n: i64) -> Expr<'g> {
        self.scope.expr(|g| g.power(self.term, n))
    }

    /// `self` where `condition` holds, `other` elsewhere.
    pub fn if_else(self, condition: Expr<'g>, other: Expr<'g>) -> Expr<'g> {
        condition.call(Op::If, &[self, other])
    }
}

impl PartialEq for Expr<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.scope, other.scope) && self.term == other.term
    }
}

impl fmt::Debug for Expr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.scope.graph.borrow().node(self.term))
    }
}

/// What can stand beside an expression in an operator.
trait Operand<'g> {
    fn term(&self, scope: &'g Scope) -> Term;
}

impl<'g> Operand<'g> for Expr<'g> {
    fn term(&self, scope: &'g Scope) -> Term {
        assert!(std::ptr::eq(self.scope, scope), "expressions of two scopes in one operation");
        self.term
    }
}

impl<'g> Operand<'g> for i64 {
    fn term(&self, scope: &'g Scope) -> Term {
        scope.graph.borrow_mut().number(*self)
    }
}

impl<'g> Operand<'g> for f64 {
    /// The exact value of the shortest decimal that prints the double: `0.1` is 1/10. A double
    /// that is not finite is undefined.
    fn term(&self, scope: &'g Scope) -> Term {
        let graph = &mut scope.graph.borrow_mut();
        match Number::from_f64(*self) {
            Some(n) => graph.number(n),
            None => graph.undefined(),
        }
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $op:ident;)*) => {$(
        operators!(@pair $trait $method $op, Expr<'g>, Expr<'g>);
        operators!(@pair $trait $method $op, Expr<'g>, &Expr<'g>);
        operators!(@pair $trait $method $op, &Expr<'g>, Expr<'g>);
        operators!(@pair $trait $method $op, &Expr<'g>, &Expr<'g>);
        operators!(@pair $trait $method $op, Expr<'g>, f64);
        operators!(@pair $trait $method $op, Expr<'g>, i64);
        operators!(@pair $trait $method $op, &Expr<'g>, f64);
        operators!(@pair $trait $method $op, &Expr<'g>, i64);
        operators!(@number $trait $method $op, f64, Expr<'g>);
        operators!(@number $trait $method $op, i64, Expr<'g>);
        operators!(@number $trait $method $op, f64, &Expr<'g>);
        operators!(@number $trait $method $op, i64, &Expr<'g>);
    )*};
    (@pair $trait:ident $method:ident $op:ident, $left:ty, $right:ty) => {
        impl<'g> $trait<$right> for $left {
            type Output = Expr<'g>;
            fn $method(self, other: $right) -> Expr<'g> {
                let right = Operand::term(&other, self.scope);
                self.scope.expr(|g| g.call(Op::$op, &[self.term, right]))
            }
        }
    };
    (@number $trait:ident $method:ident $op:ident, $left:ty, $right:ty) => {
        impl<'g> $trait<$right> for $left {
            type Output = Expr<'g>;
            fn $method(self, other: $right) -> Expr<'g> {
                let left = Operand::term(&self, other.scope);
                other.scope.expr(|g| g.call(Op::$op, &[left, other.term]))
            }
        }
    };
}

impl<'g> Operand<'g> for &Expr<'g> {
    fn term(&self, scope: &'g Scope) -> Term {
        Operand::term(*self, scope)
    }
}

operators! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Div div Div;
}

impl<'g> Neg for Expr<'g> {
    type Output = Expr<'g>;
    fn neg(self) -> Expr<'g> {
        self.call(Op::Neg, &[])
    }
}

impl<'g> Neg for &Expr<'g> {
    type Output = Expr<'g>;
    fn neg(self) -> Expr<'g> {
        -*self
    }
}

/// A number type that model code can be generic over: `f64` computes, [`Expr`] is traced.
///
/// ```
/// use isoterm::term::{Scalar, Scope};
/// fn lorenz<T: Scalar>(u: [T; 3]) -> [T; 3] {
///     let [x, y, z] = u;
///     [(y - x) * 10.0, x * (-z + 28.0) - y, x * y - z * (8.0 / 3.0)]
/// }
/// assert_eq!(lorenz([1.0, 2.0, 3.0])[0], 10.0);
/// let s = Scope::new();
/// let traced = lorenz([s.symbol("x"), s.symbol("y"), s.symbol("z")]);
/// assert_eq!(traced[0], 10 * (s.symbol("y") - s.symbol("x")));
/// ```
pub trait Scalar:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
{
    /// `self ^ n` for an integer.
    fn powi(self, n: i64) -> Self;
    /// An operation of the table with this value first.
    fn operation(self, op: Op, rest: &[Self]) -> Self;
}

impl Scalar for f64 {
    fn powi(self, n: i64) -> f64 {
        libm::pow(self, n as f64)
    }
    fn operation(self, op: Op, rest: &[f64]) -> f64 {
        let mut args = vec![self];
        args.extend_from_slice(rest);
        op.value(&args)
    }
}

impl<'g> Scalar for Expr<'g> {
    fn powi(self, n: i64) -> Expr<'g> {
        Expr::powi(self, n)
    }
    fn operation(self, op: Op, rest: &[Expr<'g>]) -> Expr<'g> {
        self.call(op, rest)
    }
}

/// The functions of the table as methods, on expressions and on generic scalars.
macro_rules! methods {
    ($($name:ident $op:ident ($($arg:ident),*);)*) => {
        impl<'g> Expr<'g> {$(
            #[doc = concat!("`", stringify!($name), "` of the operation table.")]
            pub fn $name(self, $($arg: Expr<'g>),*) -> Expr<'g> {
                self.call(Op::$op, &[$($arg),*])
            }
        )*}
        /// The functions of the table on every [`Scalar`].
        pub trait Functions: Scalar {$(
            #[doc = concat!("`", stringify!($name), "` of the operation table.")]
            fn $name(self, $($arg: Self),*) -> Self {
                self.operation(Op::$op, &[$($arg),*])
            }
        )*}
        impl<T: Scalar> Functions for T {}

        #[cfg(test)]
        const METHODS: &[Op] = &[$(Op::$op),*];
    };
}

methods! {
    pow Pow (exponent); sqrt Sqrt (); exp Exp (); log Log (); log2 Log2 (); log10 Log10 ();
    log1p Log1p (); expm1 Expm1 (); cbrt Cbrt (); abs Abs (); sign Sign (); floor Floor ();
    ceil Ceil (); round Round (); min Min (other); max Max (other); hypot Hypot (other);
    sin Sin (); cos Cos (); tan Tan (); asin Asin (); acos Acos (); atan Atan (); atan2 Atan2 (x);
    sinh Sinh (); cosh Cosh (); tanh Tanh (); asinh Asinh (); acosh Acosh (); atanh Atanh ();
    erf Erf (); less Less (other); less_equal LessEqual (other); equal Equal (other);
    and And (other); or Or (other); not Not (); fma Fma (factor, addend);
}

#[cfg(test)]
mod tests {
    use super::super::op::{Class, TABLE};
    use super::*;

    #[test]
    fn every_function_of_the_table_is_a_method() {
        for row in TABLE {
            let operator =
                matches!(row.op, Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Neg | Op::If);
            let constant = row.class == Class::Constant;
            assert!(operator || constant || METHODS.contains(&row.op), "{}", row.name);
        }
    }
}
