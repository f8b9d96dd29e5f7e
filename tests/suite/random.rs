//! Random terms over the whole operation table, from a seed.

use isoterm::term::op::{Class, TABLE};
use isoterm::term::{Graph, Number, Op, Term};

pub use super::seeded::Random;

/// A double in `lo..hi` with few digits.
pub fn double(random: &mut Random, lo: f64, hi: f64) -> f64 {
    const STEPS: usize = 1 << 20;
    let u = random.below(STEPS) as f64 / STEPS as f64;
    ((lo + (hi - lo) * u) * 64.0).round() / 64.0
}

pub const VARIABLES: [&str; 3] = ["x", "y", "z"];

/// A term of about `size` nodes; never a truth value.
pub fn term(graph: &mut Graph, random: &mut Random, size: usize) -> Term {
    if size <= 1 {
        return match random.below(4) {
            0 => {
                let n = Number::ratio(random.below(9) as i64 - 4, 1 + random.below(3) as i64);
                graph.number(n.expect("a positive denominator"))
            }
            _ => graph.symbol(VARIABLES[random.below(3)]),
        };
    }
    match random.below(10) {
        0..=4 => {
            let left = 1 + random.below(size - 1);
            let (a, b) = (term(graph, random, left), term(graph, random, size - left));
            let op = [Op::Add, Op::Sub, Op::Mul, Op::Mul, Op::Div][random.below(5)];
            graph.call(op, &[a, b])
        }
        5 => {
            let a = term(graph, random, size - 1);
            let exponents = [(2, 1), (3, 1), (-1, 1), (1, 2), (-1, 2), (3, 2)];
            let (n, d) = exponents[random.below(exponents.len())];
            graph.power(a, Number::ratio(n, d).expect("a positive denominator"))
        }
        6 => {
            let parts: Vec<Term> = (0..4).map(|_| term(graph, random, size.div_ceil(4))).collect();
            let compare = [Op::Less, Op::LessEqual, Op::Equal][random.below(3)];
            let condition = graph.call(compare, &parts[..2]);
            graph.call(Op::If, &[condition, parts[2], parts[3]])
        }
        _ => {
            let rows: Vec<_> = TABLE.iter().filter(|r| r.class == Class::Function).collect();
            let row = rows[random.below(rows.len())];
            let args: Vec<Term> =
                (0..row.arity()).map(|_| term(graph, random, (size - 1) / row.arity())).collect();
            graph.call(row.op, &args)
        }
    }
}
