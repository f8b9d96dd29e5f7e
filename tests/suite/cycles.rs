//! The table of cycles, and the time that kernels are predicted to take.

use std::cell::Cell;
use std::path::Path;

use isoterm::kernel::calibrate::{calibrate, names};
use isoterm::kernel::jit::predict;
use isoterm::kernel::{Error, Layout, Options, Output, Tape, Variable};
use isoterm::session::models;
use isoterm::study::{Compilation, Compiled};
use isoterm::term::cycles::{EVALUATION, KERNELS, is_measured};
use isoterm::term::op::TABLE;
use isoterm::term::{Graph, Op, Term};
use isoterm::text::{Limits, Source};

/// A tape of one output.
fn tape(build: impl Fn(&mut Graph, Term) -> Term) -> Tape {
    let mut graph = Graph::written();
    let x = graph.symbol("x");
    let name = graph.intern("x");
    let root = build(&mut graph, x);
    let states = vec![Variable { name, extents: Vec::new(), offset: 0 }];
    let layout = Layout { states, ..Layout::default() };
    let outputs = [Output::scalar(0, root)];
    Tape::lower(&graph, &layout, &outputs, &Options::exact()).expect("a tape")
}

#[test]
fn the_table_is_whole_and_plausible() {
    assert!(names().all(|name| name == "kernel" || is_measured(name)));
    assert_eq!(Op::Add.row().cycles, 1.0);
    for row in TABLE.iter().filter(|row| row.arity() > 0) {
        assert!(row.cycles > 0.0 && row.latency >= 0.25, "{}", row.name);
        // A call takes longer than an addition, a quotient longer than a product.
        assert!(!row.is_called() || row.cycles > 4.0, "{}", row.name);
    }
    assert!(Op::Div.row().cycles > 2.0 * Op::Mul.row().cycles);
    assert!(KERNELS.is_sorted_by(|a, b| a.0 < b.0));
}

#[test]
fn a_prediction_is_made_of_its_parts() {
    let nothing = predict(&tape(|_, x| x)).total();
    assert!(nothing >= EVALUATION);
    // A thousand additions that wait for each other take their latencies.
    let chain = tape(|g, x| (0..1_000).fold(x, |sum, _| g.call(Op::Add, &[sum, x])));
    assert_eq!(predict(&chain).path, 1_000.0 * Op::Add.row().latency);
    assert_eq!(predict(&chain).total(), predict(&chain).path);
    // Square roots are hidden by nothing, calls are added.
    let roots = tape(|g, x| (0..50).fold(x, |y, _| g.call(Op::Sqrt, &[y])));
    assert_eq!(predict(&roots).divider, 50.0 * Op::Sqrt.row().cycles);
    let calls = tape(|g, x| (0..10).fold(x, |y, _| g.call(Op::Exp, &[y])));
    assert_eq!(predict(&calls).calls, 10.0 * Op::Exp.row().cycles);
}

#[test]
fn predictions_grow_with_the_trips_of_loops() {
    let predicted = |n: usize| {
        let text = format!(
            "ode m\n size N = {n}\n state x[i] = 1 for i in 1..N\n \
             x[i]' = sum(x[i]*x[j] + exp(x[j]) for j in 1..N) for i in 1..N\nend"
        );
        let source = Source::new("text", text);
        let system = models(source, Path::new("."), &Limits::default()).expect("a model").remove(0);
        let how = Compilation::default();
        predict(&Compiled::new(&system, &how, &mut |_| {}).expect("a kernel").tape)
    };
    let (small, large) = (predicted(10), predicted(20));
    assert_eq!(large.calls, 4.0 * small.calls);
    assert!(large.instructions > 3.0 * small.instructions);
}

#[test]
fn calibrating_needs_a_clock_and_can_be_stopped() {
    let still = calibrate(&|| 7, &|name| name == "add", &|_| true);
    assert_eq!(still, Err(Error::Clock));
    let begun = std::time::Instant::now();
    let clock = || begun.elapsed().as_nanos() as u64;
    let (asked, seen) = (Cell::new(0), Cell::new(0.0));
    let watch = |fraction| {
        asked.set(asked.get() + 1);
        seen.set(fraction);
        asked.get() < 2
    };
    let wanted = |name: &str| name == "add" || name == "mul";
    assert_eq!(calibrate(&clock, &wanted, &watch), Ok(None));
    assert_eq!((asked.get(), seen.get()), (2, 0.5));
    let table = calibrate(&clock, &|name| name == "sqrt", &|_| true).unwrap().expect("a table");
    assert!(table.unit > 0.0 && table.rows.len() == 1 && table.rows[0].numbers.len() == 2);
    assert!(table.to_string().starts_with("sqrt "));
}
