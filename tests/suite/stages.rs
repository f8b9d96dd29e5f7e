//! Every operation of the table, and a function from outside of it, through every stage; models
//! in Rust and in text; any bytes for the parsers.

use std::path::Path;
use std::sync::Arc;

use isoterm::calculus::derivative;
use isoterm::kernel::{BACKENDS, Layout, Options as Lowering, Output, Scratch, Tape, Variable};
use isoterm::model::Builder;
use isoterm::rewrite::{Options, Ruleset, optimise};
use isoterm::session::{models, simplify, term};
use isoterm::study::{Compilation, Compiled};
use isoterm::syntax::print::{Latex, Unicode, print, print_as};
use isoterm::syntax::{model, rule};
use isoterm::term::evaluate::{Enclosing, Floating, evaluate};
use isoterm::term::op::{Class, TABLE};
use isoterm::term::{
    Affine, Derivative, Function, Functions, Graph, Interval, Op, Scalar, Scope, Term,
};
use isoterm::text::{Limits, Source};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["x", "y", "z"];

fn read(graph: &mut Graph, text: &str) -> Term {
    term(&Source::new("text", text), graph, &Limits::default()).unwrap_or_else(|e| panic!("{e:?}"))
}

/// The value of a term by every backend, which must agree to the bit.
fn compiled(graph: &mut Graph, root: Term, point: [f64; 3]) -> f64 {
    let states = (0..).zip(NAMES).map(|(offset, name)| Variable {
        name: graph.intern(name),
        extents: Vec::new(),
        offset,
    });
    let layout = Layout { time: None, states: states.collect(), parameters: Vec::new() };
    let output = [Output { ranges: Vec::new(), place: Affine::constant(0), value: root }];
    let tape = Tape::lower(graph, &layout, &output, &Lowering::default()).expect("a tape");
    let mut values = BACKENDS.iter().map(|backend| {
        let mut out = [0.0];
        let kernel = backend.compile(&tape).expect("a kernel");
        kernel.evaluate(0.0, &point, &[], &mut out, &mut Scratch::new());
        out[0]
    });
    let first = values.next().expect("a backend");
    for other in values {
        assert_eq!(first.to_bits(), other.to_bits(), "{}", print(graph, root));
    }
    first
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs())) || (a.is_nan() && b.is_nan())
}

/// A text that applies the operation of a row to variables, and conditions where it needs them.
fn application(op: Op, name: &str, arity: usize, class: Class) -> String {
    let operator = |a: &str, b: &str| match op {
        Op::Add => format!("{a} + {b}"),
        Op::Sub => format!("{a} - {b}"),
        Op::Mul => format!("{a}*{b}"),
        Op::Div => format!("{a}/{b}"),
        Op::Pow => format!("{a}^{b}"),
        Op::Less => format!("if({a} < {b}, {a}, 2*{b})"),
        Op::LessEqual => format!("if({a} <= {b}, {a}, 2*{b})"),
        Op::Equal => format!("if({a} == {b}, {a}, 2*{b})"),
        Op::And => format!("if({a} < 1 and {b} < 1, {a}, 2*{b})"),
        Op::Or => format!("if({a} < 0.2 or {b} < 1, {a}, 2*{b})"),
        _ => format!("{name}({a}, {b})"),
    };
    match (op, class, arity) {
        (Op::Undefined, ..) => "0/0".to_owned(),
        (Op::Neg, ..) => "-x".to_owned(),
        (Op::Not, ..) => "if(not x < y, x, 2*y)".to_owned(),
        (Op::If, ..) => "if(x < y, x*z, y)".to_owned(),
        (_, _, 0) => name.to_owned(),
        (_, _, 1) => format!("{name}(x)"),
        (_, _, 2) => operator("x", "y"),
        _ => format!("{name}(x, y, z)"),
    }
}

#[test]
fn every_operation_survives_every_stage() {
    for row in TABLE {
        // A fused operation exists in tapes only.
        if row.op == Op::Fma {
            continue;
        }
        let text = application(row.op, row.name, row.arity(), row.class);
        let mut graph = Graph::new();
        let root = read(&mut graph, &text);
        let printed = print(&graph, root);
        assert_eq!(read(&mut graph, &printed), root, "{text} printed as {printed}");
        assert!(!print_as(&Latex, &graph, root).is_empty());
        assert!(!print_as(&Unicode, &graph, root).is_empty());
        let best = optimise(&mut graph, &[root], Ruleset::standard(), &Options::kernel()).roots[0];
        for point in [[0.3, 0.7, 1.9], [1.4, 0.4, -0.2], [-0.6, 2.5, 0.1]] {
            let lookup = |name: &str| point[NAMES.iter().position(|n| *n == name).expect("a name")];
            let value = evaluate(&graph, root, &mut Floating(lookup));
            assert!(close(compiled(&mut graph, root, point), value), "{text} at {point:?}");
            assert!(close(compiled(&mut graph, best, point), value), "{text} at {point:?}");
            let around = |name: &str| Interval::around(lookup(name));
            let enclosure = evaluate(&graph, root, &mut Enclosing::new(around));
            if value.is_finite() {
                assert!(
                    enclosure.lo - 1e-9 <= value && value <= enclosure.hi + 1e-9,
                    "{text} at {point:?}: {value} is outside of {enclosure:?}"
                );
            }
            // The derivative against a central difference, where the function is smooth.
            let x = graph.symbol("x");
            let slope = derivative(&mut graph, root, x).unwrap_or_else(|e| panic!("{text}: {e}"));
            let step = 1e-6;
            let shifted = |graph: &Graph, by: f64| {
                let at = |name: &str| if name == "x" { point[0] + by } else { lookup(name) };
                evaluate(graph, root, &mut Floating(at))
            };
            let difference = (shifted(&graph, step) - shifted(&graph, -step)) / (2.0 * step);
            let slope = evaluate(&graph, slope, &mut Floating(lookup));
            if difference.is_finite() && row.class != Class::Comparison {
                assert!(
                    (slope - difference).abs() < 1e-5 * (1.0 + difference.abs()),
                    "{text} at {point:?}: slope {slope}, difference {difference}"
                );
            }
        }
    }
}

#[test]
fn a_registered_function_goes_through_every_stage() {
    let mut graph = Graph::new();
    let mut gauss = Function::unary("gauss", |x| (-x * x).exp());
    gauss.total = true;
    gauss.derivative = Derivative::Rules(vec![Arc::new(|g: &mut Graph, args: &[Term]| {
        let id = g.function_named("gauss").expect("the function itself");
        let value = g.apply(id, args);
        let slope = g.mul(args[0], value);
        g.scale(-2, slope)
    })]);
    let id = graph.register(gauss);
    let x = graph.symbol("x");
    let double = graph.scale(2, x);
    let root = graph.apply(id, &[double]);
    assert_eq!(print(&graph, root), "gauss(2*x)");
    assert!(print_as(&Latex, &graph, root).contains("gauss"));
    let slope = derivative(&mut graph, root, x).expect("its rule");
    let both = optimise(&mut graph, &[root, slope], Ruleset::standard(), &Options::kernel());
    let expected = (-1.0_f64).exp();
    assert!(close(compiled(&mut graph, both.roots[0], [0.5, 0.0, 0.0]), expected));
    assert!(close(compiled(&mut graph, both.roots[1], [0.5, 0.0, 0.0]), -4.0 * expected));
}

/// The Lorenz equations for any kind of number.
fn lorenz<T: Scalar>([x, y, z]: [T; 3], [sigma, rho, beta]: [T; 3]) -> [T; 3] {
    [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]
}

#[test]
fn a_model_in_rust_and_in_text_gives_equal_terms() {
    let scope = Scope::new();
    let [x, y, z] = ["x", "y", "z"].map(|n| scope.symbol(n));
    let parameters = ["sigma", "rho", "beta"].map(|n| scope.symbol(n));
    let rates = lorenz([x, y, z], parameters);
    assert_eq!(lorenz([1.0, 2.0, 3.0], [10.0, 28.0, 1.0]), [10.0, 23.0, -1.0]);
    let built = Builder::new("lorenz")
        .parameter("sigma", 10)
        .parameter("rho", 28)
        .parameter("beta", 3)
        .state("x", scope.number(1), rates[0])
        .state("y", scope.number(0), rates[1])
        .state("z", scope.number(0), rates[2])
        .finish(&scope);
    let text = "ode lorenz\n parameter sigma = 10, rho = 28, beta = 3\n state x = 1, y = 0, z = 0\n \
                x' = sigma*(y - x)\n y' = x*(rho - z) - y\n z' = x*y - beta*z\nend";
    let source = Source::new("text", text);
    let read = models(source, Path::new("."), &Limits::default()).expect("a model").remove(0);
    let shown = |system: &isoterm::model::System| -> Vec<String> {
        system.equations.iter().map(|e| print(&system.graph, e.value)).collect()
    };
    // In one graph equal terms have equal handles.
    for system in [&built, &read] {
        for (rate, equation) in rates.iter().zip(shown(system)) {
            assert_eq!(scope.with(|graph| self::read(graph, &equation)), rate.term());
        }
    }
    let sine = |v| Functions::sin(v);
    assert_eq!(sine(0.5_f64), 0.5_f64.sin());
}

#[test]
fn loops_of_pairs_give_the_bits_of_the_interpreter() {
    let text = include_str!("../../examples/models/brusselator_1d.model");
    for n in 3..12 {
        let text = text.replace("size N = 500", &format!("size N = {n}"));
        let source = Source::new("text", text);
        let system = models(source, Path::new("."), &Limits::default()).expect("a model").remove(0);
        let rates = |backend: &str| {
            let how = Compilation { backend: backend.to_owned(), ..Compilation::default() };
            let compiled = Compiled::new(&system, &how, &mut |_| {}).expect("a kernel");
            let mut rates = vec![f64::NAN; 2 * n];
            compiled.rates(0.0, compiled.initial(), &mut rates, &mut Scratch::new());
            rates.iter().map(|r| r.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(rates("jit"), rates("interpreter"), "{n} cells");
    }
}

/// Text that is nearly a model or an expression.
fn fragments() -> impl Strategy<Value = String> {
    let words = [
        "x",
        "y",
        "sin",
        "(",
        ")",
        "[",
        "]",
        "+",
        "-",
        "*",
        "/",
        "^",
        ",",
        "..",
        "=",
        "'",
        "1",
        "2.5",
        "1e3",
        "for",
        "in",
        "i",
        "and",
        "not",
        "<",
        "==",
        "\n",
        " ",
        "ode",
        "end",
        "state",
        "parameter",
        "let",
        "observe",
        "simulate",
        "size",
        "periodic",
        "table",
        "\"a\"",
        "\\",
        "#",
        "?x",
        "=>",
        ":",
        "sum",
        "if",
        "é",
        "∑",
        "\u{0}",
        "1e999999999999",
        "0x",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..60).prop_map(|w| w.concat())
}

fn nothing_panics(text: &str) {
    let limits = Limits { digits: 1000, ..Limits::default() };
    let source = Source::new("text", text);
    let _ = simplify(source.clone(), &limits);
    let _ = models(source.clone(), Path::new("nowhere"), &limits);
    let _ = rule::parse(&source, &limits);
    if let Err(failed) = model::parse(&source, &limits) {
        for diagnostic in &failed.diagnostics {
            assert!(!diagnostic.render(&source, true).is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        nothing_panics(&String::from_utf8_lossy(&bytes));
        let _ = Source::from_bytes("bytes", bytes, &Limits::default());
    }

    #[test]
    fn any_fragments_are_answered(text in fragments()) {
        nothing_panics(&text);
        nothing_panics(&format!("ode m\nstate x = 1\n{text}\nend"));
        nothing_panics(&format!("ode m\nsize n = 3\nstate x[i] = 1 for i in 1..n\nx[i]' = {text} for i in 1..n\nend"));
    }
}
