//! What every backend must pass: the interpreter's results, bit for bit.
//!
//! The cases are every operation of the table over a grid of special values, registered
//! functions, loops, reductions and random tapes. NaN equals NaN whatever its payload.

mod random;

use super::backend::{Backend, Kernel, Scratch};
use super::error::Error;
use super::interpreter::Interpreter;
use super::lower::{Options, Output};
use super::signature::{Layout, Variable};
use super::tape::Tape;
use crate::term::op::TABLE;
use crate::term::{Affine, Binder, Function, Graph, Number, Op, Term};

/// A result that differs from the interpreter's.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// The case.
    pub case: String,
    /// The states it was evaluated at.
    pub states: Vec<f64>,
    /// Index of the output.
    pub output: usize,
    /// The interpreter's value.
    pub expected: f64,
    /// The backend's value.
    pub found: f64,
    /// The tape.
    pub tape: String,
}

/// Compares a backend with the interpreter on all cases.
///
/// # Errors
/// The first case whose results differ, or `Err(Ok(error))` when a tape does not compile.
pub fn check(backend: &dyn Backend) -> Result<(), Result<Error, Box<Disagreement>>> {
    let mut cases = Vec::new();
    operations(&mut cases).map_err(Ok)?;
    compositions(&mut cases).map_err(Ok)?;
    families(&mut cases).map_err(Ok)?;
    reductions(&mut cases).map_err(Ok)?;
    random::cases(&mut cases).map_err(Ok)?;
    for case in &cases {
        let expected = Interpreter.compile(&case.tape).map_err(Ok)?;
        let found = backend.compile(&case.tape).map_err(Ok)?;
        case.compare(&expected, &found).map_err(|d| Err(Box::new(d)))?;
    }
    Ok(())
}

/// A tape and the states at which it is evaluated.
struct Case {
    name: String,
    tape: Tape,
    points: Vec<Vec<f64>>,
}

impl Case {
    fn compare(&self, expected: &Kernel, found: &Kernel) -> Result<(), Disagreement> {
        let parameters: Vec<f64> =
            (0..self.tape.parameter_length).map(|i| 0.75 + i as f64).collect();
        let mut results = [0, 1].map(|_| vec![0.0; self.tape.output_length]);
        let mut scratch = Scratch::new();
        for states in &self.points {
            for (kernel, result) in [expected, found].into_iter().zip(&mut results) {
                kernel.evaluate(0.625, states, &parameters, result, &mut scratch);
            }
            let [a, b] = &results;
            let differs =
                |&i: &usize| !(a[i].to_bits() == b[i].to_bits() || a[i].is_nan() && b[i].is_nan());
            if let Some(output) = (0..a.len()).find(differs) {
                return Err(Disagreement {
                    case: self.name.clone(),
                    states: states.clone(),
                    output,
                    expected: a[output],
                    found: b[output],
                    tape: self.tape.to_string(),
                });
            }
        }
        Ok(())
    }
}

/// Values at which operations are compared, all tuples of them.
pub const GRID: [f64; 24] = [
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    2.2e-308,
    -2.2e-308,
    1e-200,
    -1e-200,
    0.5,
    -0.5,
    1.0,
    -1.0,
    2.0,
    -2.0,
    2.5,
    3.7,
    -3.7,
    1e10,
    -1e10,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// All tuples of grid values.
fn grid(arity: usize) -> Vec<Vec<f64>> {
    (0..arity).fold(vec![Vec::new()], |tuples, _| {
        tuples
            .iter()
            .flat_map(|tuple| {
                GRID.iter().map(|&x| {
                    let mut longer = tuple.clone();
                    longer.push(x);
                    longer
                })
            })
            .collect()
    })
}

/// A layout of scalar states.
fn scalars(graph: &mut Graph, names: &[&str]) -> (Layout, Vec<Term>) {
    let mut layout = Layout::default();
    let mut terms = Vec::new();
    for (offset, name) in names.iter().enumerate() {
        terms.push(graph.symbol(name));
        layout.states.push(Variable { name: graph.intern(name), extents: Vec::new(), offset });
    }
    (layout, terms)
}

fn operations(cases: &mut Vec<Case>) -> Result<(), Error> {
    for row in TABLE {
        let mut graph = Graph::written();
        let (layout, states) = scalars(&mut graph, &["x", "y", "z"][..row.arity()]);
        let value = graph.call(row.op, &states);
        let output = [Output::scalar(0, value)];
        cases.push(Case {
            name: row.name.to_owned(),
            tape: Tape::lower(&graph, &layout, &output, &Options::default())?,
            points: grid(row.arity()),
        });
    }
    Ok(())
}

/// Powers, truth values that stay flags, and registered functions.
fn compositions(cases: &mut Vec<Case>) -> Result<(), Error> {
    let mut graph = Graph::new();
    let (layout, states) = scalars(&mut graph, &["x", "y", "z"]);
    let [x, y, z] = [states[0], states[1], states[2]];
    let mut values = Vec::new();
    for numerator in [-65, -7, -5, -3, -2, -1, 1, 2, 3, 4, 7, 15, 64, 65, 129] {
        for denominator in [1, 2, 3] {
            let exponent = Number::ratio(numerator, denominator).unwrap_or(Number::ONE);
            values.push(graph.power(x, exponent));
        }
    }
    let less = graph.call(Op::Less, &[x, y]);
    let equal = graph.call(Op::Equal, &[y, z]);
    let not = graph.call(Op::Not, &[less]);
    let and = graph.call(Op::And, &[not, equal]);
    let or = graph.call(Op::Or, &[less, z]);
    for condition in [less, equal, not, and, or, z] {
        values.push(graph.call(Op::If, &[condition, x, y]));
        values.push(graph.add(condition, z));
    }
    let mean = graph.register(Function {
        arity: 3,
        value: std::sync::Arc::new(|a| (a[0] + 2.0 * a[1] - a[2]) / 3.0),
        ..Function::unary("mean", |x| x)
    });
    let half = graph.register(Function::unary("half", |x| 0.5 * x));
    let inner = graph.apply(half, &[y]);
    values.push(graph.apply(mean, &[x, inner, z]));
    let outputs: Vec<Output> = (0..).zip(values).map(|(i, v)| Output::scalar(i, v)).collect();
    cases.push(Case {
        name: "compositions".to_owned(),
        tape: Tape::lower(&graph, &layout, &outputs, &Options::default())?,
        points: grid(3),
    });
    Ok(())
}

/// Stencils in one and two dimensions, reductions inside and outside of families.
fn families(cases: &mut Vec<Case>) -> Result<(), Error> {
    let (i, j, k) = (Binder(0), Binder(1), Binder(2));
    let at = |binder, offset| Affine { offset, terms: Box::new([(binder, 1)]) };
    let mut graph = Graph::new();
    let layout = Layout {
        time: Some(graph.intern("t")),
        states: vec![Variable {
            name: graph.intern("u"),
            extents: vec![(1, 9), (0, 6)],
            offset: 0,
        }],
        parameters: vec![Variable { name: graph.intern("c"), extents: vec![(-1, 7)], offset: 1 }],
    };
    let time = graph.symbol("t");
    let u = |graph: &mut Graph, a: i64, b: i64| graph.element("u", [at(i, a), at(j, b)]);
    let centre = u(&mut graph, 0, 0);
    let mut laplacian = graph.scale(-4, centre);
    for (a, b) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
        let neighbour = u(&mut graph, a, b);
        laplacian = graph.add(laplacian, neighbour);
    }
    let c = graph.element("c", [at(j, 0)]);
    let ratio = graph.div(laplacian, c);
    let row = graph.index(at(i, 3));
    let wave = graph.mul(row, time);
    let wave = graph.call(Op::Sin, &[wave]);
    let stencil = graph.add(ratio, wave);
    // sum(c[k] * u[i, j] * u[k, j] for k in 1..7), and a norm that no family changes.
    let other = graph.element("u", [at(k, 0), at(j, 0)]);
    let weight = graph.element("c", [at(k, 0)]);
    let pair = graph.mul(other, weight);
    let pair = graph.mul(pair, centre);
    let coupling = graph.reduce(k, 1, 7, pair);
    let all = graph.element("u", [at(j, 0), at(k, 0)]);
    let square = graph.power(all, 2);
    let inner = graph.reduce(k, 0, 6, square);
    let norm = graph.reduce(j, 1, 9, inner);
    let norm = graph.power(norm, Number::HALF);
    let scaled = graph.mul(norm, coupling);
    let place = |offset| Affine { offset, terms: Box::new([(i, 14), (j, 2)]) };
    let ranges = vec![(i, 2, 8), (j, 1, 5)];
    let family = |offset, value| Output { ranges: ranges.clone(), place: place(offset), value };
    let edge = Output { ranges: vec![(i, 9, 9), (j, 0, 6)], place: place(0), value: centre };
    let outputs = [family(-28, stencil), family(-27, scaled), edge, Output::scalar(0, norm)];
    let states = |seed: f64| (0..63).map(|n| (f64::from(n) * seed).sin()).collect();
    for fma in [false, true] {
        let options = Options { fma, ..Options::default() };
        cases.push(Case {
            name: "families".to_owned(),
            tape: Tape::lower(&graph, &layout, &outputs, &options)?,
            points: vec![states(0.7), states(1e3), vec![f64::INFINITY; 63]],
        });
    }
    Ok(())
}

/// Reductions of few and many terms, in order and in pairs, whose terms compare indices, states
/// and what does not change in the loop.
fn reductions(cases: &mut Vec<Case>) -> Result<(), Error> {
    let (i, j) = (Binder(0), Binder(1));
    let at = |binder| Affine { offset: 0, terms: Box::new([(binder, 1)]) };
    for last in 1..=9 {
        let mut graph = Graph::new();
        let extents = vec![(1, last)];
        let name = |graph: &mut Graph, name: &str, offset| Variable {
            name: graph.intern(name),
            extents: extents.clone(),
            offset,
        };
        let layout = Layout {
            states: vec![name(&mut graph, "x", 0), name(&mut graph, "y", last as usize)],
            ..Layout::default()
        };
        let [x, y] = ["x", "y"].map(|n| graph.element(n, [at(j)]));
        let [own, _] = ["x", "y"].map(|n| graph.element(n, [at(i)]));
        let (row, column) = (graph.index(at(i)), graph.index(at(j)));
        let (double, far) = (graph.scale(2, column), graph.sub(x, own));
        let same = graph.call(Op::Equal, &[row, column]);
        let below = graph.call(Op::Less, &[x, y]);
        let outside = graph.call(Op::LessEqual, &[own, row]);
        let not = graph.call(Op::Not, &[below]);
        let both = graph.call(Op::And, &[outside, not]);
        let either = graph.call(Op::Or, &[both, far]);
        let bodies = [
            graph.mul(x, y),
            graph.call(Op::If, &[same, double, far]),
            graph.call(Op::If, &[either, y, x]),
            graph.mul(both, column),
            graph.call(Op::If, &[outside, x, y]),
            graph.call(Op::Sin, &[y]),
            own,
        ];
        let outputs: Vec<Output> = (0..)
            .zip(bodies)
            .map(|(place, body)| Output {
                ranges: vec![(i, 1, last)],
                place: Affine { offset: place - 7, terms: Box::new([(i, 7)]) },
                value: graph.reduce(j, 1, last, body),
            })
            .collect();
        let count = 2 * last as usize;
        let states = |seed: f64| (0..count).map(|n| (n as f64 * seed).sin()).collect();
        let special =
            |first: usize| (0..count).map(|n| GRID[(first + 5 * n) % GRID.len()]).collect();
        let points = [states(0.7), states(1e3)].into_iter().chain((0..GRID.len()).map(special));
        let points: Vec<Vec<f64>> = points.collect();
        for pairs in [false, true] {
            let options = Options { pairs, ..Options::default() };
            cases.push(Case {
                name: format!("reductions of {last} terms"),
                tape: Tape::lower(&graph, &layout, &outputs, &options)?,
                points: points.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::BACKENDS;
    use super::*;

    #[test]
    fn every_backend_agrees_with_the_interpreter() {
        for backend in BACKENDS {
            check(*backend).unwrap_or_else(|failure| match failure {
                Ok(error) => panic!("{}: {error}", backend.name()),
                Err(d) => panic!("{}: {d:?}\n{}", backend.name(), d.tape),
            });
        }
    }

    #[test]
    fn the_interpreter_computes_what_the_table_says() {
        let mut cases = Vec::new();
        operations(&mut cases).unwrap();
        for (case, row) in cases.iter().zip(TABLE) {
            let kernel = Interpreter.compile(&case.tape).unwrap();
            for states in &case.points {
                let mut found = [0.0];
                kernel.evaluate(0.0, states, &[], &mut found, &mut Scratch::new());
                let expected = row.op.value(states);
                assert!(
                    found[0].to_bits() == expected.to_bits()
                        || found[0].is_nan() && expected.is_nan(),
                    "{} {states:?}",
                    row.name
                );
            }
        }
    }
}
