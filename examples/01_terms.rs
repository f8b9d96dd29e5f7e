//! Terms in Rust: build, trace generic code, rewrite, print.

use isoterm::rewrite::{Options, Ruleset, optimise};
use isoterm::syntax::print;
use isoterm::term::{Functions, Scalar, Scope};

/// A right-hand side that runs on doubles and is traced on terms.
fn lotka_volterra<T: Scalar>([x, y]: [T; 2]) -> [T; 2] {
    [x * 1.5 - x * y, x * y - y * 3.0]
}

fn main() {
    assert_eq!(lotka_volterra([1.0, 1.0]), [0.5, -2.0]);
    let scope = Scope::new();
    let [x, y] = ["x", "y"].map(|n| scope.symbol(n));
    let roots: Vec<_> = lotka_volterra([x, y]).iter().map(|e| e.term()).collect();
    let wave = (Functions::sin(x).powi(2) + Functions::cos(x).powi(2) + y).term();
    let mut graph = scope.into_graph();
    let kernel = optimise(&mut graph, &roots, Ruleset::standard(), &Options::kernel());
    for root in &kernel.roots {
        println!("{}", print(&graph, *root));
    }
    let short = optimise(&mut graph, &[wave], Ruleset::standard(), &Options::reading());
    println!("{}", print(&graph, short.roots[0]));
}
