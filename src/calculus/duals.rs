//! Dual numbers: a second, independent source of derivatives to test the rules against.

use std::f64::consts::{LN_2, LN_10, PI};

use proptest::prelude::*;

use super::derivative;
use crate::term::evaluate::{Algebra, Floating, evaluate};
use crate::term::op::{Class, TABLE};
use crate::term::{Function, Graph, Number, Op, Term};

/// A value and its derivative, with the derivative of the symbol `x` equal to one.
type Dual = (f64, f64);

struct Duals {
    x: f64,
    y: f64,
}

impl Algebra for Duals {
    type Value = Dual;
    fn number(&mut self, n: &Number) -> Dual {
        (n.to_f64(), 0.0)
    }
    fn symbol(&mut self, name: &str) -> Dual {
        match name {
            "x" => (self.x, 1.0),
            _ => (self.y, 0.0),
        }
    }
    fn element(&mut self, _: &str, _: &[i64]) -> Dual {
        unreachable!("these terms have no arrays")
    }
    fn add(&mut self, a: Dual, b: Dual) -> Dual {
        (a.0 + b.0, a.1 + b.1)
    }
    fn mul(&mut self, a: Dual, b: Dual) -> Dual {
        (a.0 * b.0, a.1 * b.0 + a.0 * b.1)
    }
    fn power(&mut self, a: Dual, exponent: &Number) -> Dual {
        let e = exponent.to_f64();
        (a.0.powf(e), e * a.0.powf(e - 1.0) * a.1)
    }
    fn call(&mut self, op: Op, args: &[Dual]) -> Dual {
        let values: Vec<f64> = args.iter().map(|a| a.0).collect();
        let value = op.value(&values);
        let slope = match *args {
            [a] => unary_slope(op, a.0) * a.1,
            [a, b] => binary_slope(op, a, b),
            [c, a, b] if op == Op::If => (if c.0 != 0.0 { a } else { b }).1,
            [a, b, c] => a.1 * b.0 + a.0 * b.1 + c.1,
            _ => 0.0,
        };
        (value, slope)
    }
    fn apply(&mut self, _: &Function, _: &[Dual]) -> Dual {
        unreachable!("these terms have no registered functions")
    }
}

fn unary_slope(op: Op, x: f64) -> f64 {
    match op {
        Op::Neg => -1.0,
        Op::Sqrt => 0.5 / x.sqrt(),
        Op::Exp => x.exp(),
        Op::Log => 1.0 / x,
        Op::Log2 => 1.0 / (x * LN_2),
        Op::Log10 => 1.0 / (x * LN_10),
        Op::Log1p => 1.0 / (1.0 + x),
        Op::Expm1 => x.exp(),
        Op::Cbrt => x.abs().powf(-2.0 / 3.0) / 3.0,
        Op::Abs => x.signum(),
        Op::Sin => x.cos(),
        Op::Cos => -x.sin(),
        Op::Tan => x.cos().powi(-2),
        Op::Asin => (1.0 - x * x).powf(-0.5),
        Op::Acos => -(1.0 - x * x).powf(-0.5),
        Op::Atan => 1.0 / (1.0 + x * x),
        Op::Sinh => x.cosh(),
        Op::Cosh => x.sinh(),
        Op::Tanh => x.cosh().powi(-2),
        Op::Asinh => (1.0 + x * x).powf(-0.5),
        Op::Acosh => (x * x - 1.0).powf(-0.5),
        Op::Atanh => 1.0 / (1.0 - x * x),
        Op::Erf => 2.0 / PI.sqrt() * (-x * x).exp(),
        _ => 0.0,
    }
}

fn binary_slope(op: Op, (a, da): Dual, (b, db): Dual) -> f64 {
    match op {
        Op::Add => da + db,
        Op::Sub => da - db,
        Op::Mul => da * b + a * db,
        Op::Div => (da * b - a * db) / (b * b),
        Op::Pow => {
            let by_exponent = if db == 0.0 { 0.0 } else { a.ln() * db };
            a.powf(b) * (by_exponent + if da == 0.0 { 0.0 } else { b / a * da })
        }
        Op::Min => {
            if a <= b {
                da
            } else {
                db
            }
        }
        Op::Max => {
            if a <= b {
                db
            } else {
                da
            }
        }
        Op::Hypot => (a * da + b * db) / a.hypot(b),
        Op::Atan2 => (b * da - a * db) / (a * a + b * b),
        _ => 0.0,
    }
}

/// Compares the derivative by `x` with dual numbers; whether both are finite there.
fn agrees(g: &mut Graph, term: Term, x: f64, y: f64) -> bool {
    let by = g.symbol("x");
    let slope = derivative(g, term, by).unwrap();
    let mut leaves = Floating(|name: &str| if name == "x" { x } else { y });
    let ours = evaluate(g, slope, &mut leaves);
    let (value, theirs) = evaluate(g, term, &mut Duals { x, y });
    if !(value.is_finite() && theirs.is_finite() && ours.is_finite()) {
        return false;
    }
    let scale = 1.0 + ours.abs().max(theirs.abs());
    assert!(
        (ours - theirs).abs() <= 1e-9 * scale,
        "{:?}: {ours} and {theirs} at x = {x}, y = {y}",
        g.node(term)
    );
    true
}

#[test]
fn every_operation_has_a_rule_that_agrees_with_dual_numbers() {
    for row in TABLE {
        if row.arity() == 0 {
            continue;
        }
        for mut g in [Graph::new(), Graph::written()] {
            let (x, y) = (g.symbol("x"), g.symbol("y"));
            let half = g.number(Number::HALF);
            let inner = g.mul(x, half);
            let mixed = g.mul(x, y);
            let args: &[&[Term]] = match row.arity() {
                1 => &[&[x], &[inner]],
                2 => &[&[x, y], &[y, x], &[inner, mixed]],
                _ => &[&[x, mixed, y], &[y, x, mixed], &[y, inner, x]],
            };
            let mut usable = 0;
            for args in args {
                let term = g.call(row.op, args);
                for (px, py) in [(0.3, 1.7), (2.6, 0.4), (-0.45, 1.25), (1.5, -2.5), (5.0, 1.0)] {
                    usable += usize::from(agrees(&mut g, term, px, py));
                }
            }
            assert!(usable >= 2, "{}: no usable point", row.name);
        }
    }
}

/// A random term over `x` and `y`, built from a list of choices.
fn term_from(g: &mut Graph, choices: &[u8]) -> Term {
    let operations: Vec<Op> = TABLE
        .iter()
        .filter(|r| r.arity() > 0 && matches!(r.class, Class::Arithmetic | Class::Function))
        .map(|r| r.op)
        .collect();
    let mut stack = vec![g.symbol("x"), g.symbol("y"), g.symbol("x")];
    for &choice in choices {
        let op = operations[usize::from(choice) % operations.len()];
        let at = |k: usize| stack[stack.len().saturating_sub(k + 1)];
        let args: Vec<Term> = (0..op.arity()).map(at).collect();
        let term = g.call(op, &args);
        stack.push(term);
    }
    stack[stack.len() - 1]
}

proptest! {
    #[test]
    fn derivatives_of_random_terms_agree_with_dual_numbers(
        choices in prop::collection::vec(any::<u8>(), 1..7),
        x in 0.05..1.9, y in 0.05..1.9,
    ) {
        let mut g = Graph::new();
        let term = term_from(&mut g, &choices);
        agrees(&mut g, term, x, y);
    }
}

#[test]
fn depth_is_no_limit() {
    let mut g = Graph::new();
    let x = g.symbol("x");
    let mut term = x;
    for _ in 0..50_000 {
        let s = g.call(Op::Sin, &[term]);
        term = g.add(s, x);
    }
    assert!(derivative(&mut g, term, x).is_ok());
}

#[test]
fn a_function_without_a_derivative_is_named() {
    let mut g = Graph::new();
    let x = g.symbol("x");
    let f = g.register(Function::unary("response", f64::sqrt));
    let term = g.apply(f, &[x]);
    let error = derivative(&mut g, term, x).unwrap_err();
    assert!(error.to_string().contains("`response`"));
    let y = g.symbol("y");
    assert!(derivative(&mut g, term, y).is_ok());
}
