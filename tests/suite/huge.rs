//! Huge and deep input: it is answered, or refused with the limit that it passes, and nothing
//! recurses: these tests run on the small stack of a test thread.

use isoterm::calculus::{derivative, expand};
use isoterm::session::{simplify, term};
use isoterm::syntax::print::{Latex, Notation, Plain, Unicode, try_print};
use isoterm::term::evaluate::{Floating, evaluate};
use isoterm::term::visit::reachable;
use isoterm::term::{Expr, Graph, Node, Number, Op, Scope, Term};
use isoterm::text::{Kind, Limits, Source};

/// Limits that let any depth through.
fn deep() -> Limits {
    Limits { nesting: usize::MAX, printed: usize::MAX, ..Limits::default() }
}

fn read(graph: &mut Graph, text: &str) -> Term {
    term(&Source::new("text", text), graph, &deep()).unwrap_or_else(|e| panic!("{:?}", e[0]))
}

/// Texts that nest as deep as they are asked to.
fn chains(depth: usize) -> Vec<(&'static str, String)> {
    let wrapped = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let numbered = |open: &dyn Fn(usize) -> String, inner: &str, close: &str| {
        let open: String = (0..depth).map(open).collect();
        format!("{open}{inner}{}", close.repeat(depth))
    };
    vec![
        ("functions", wrapped("sin(", "x", ")")),
        ("Horner's form", wrapped("x+(x*(", "x", "))")),
        ("Horner's form of different terms", numbered(&|k| format!("y{k}+(x*("), "x", "))")),
        ("a continued fraction", wrapped("1/(1+", "x", ")")),
        ("brackets", wrapped("(", "x", ")")),
        ("signs", wrapped("-", "x", "")),
        ("exponents", wrapped("x^", "2", "")),
        ("bases", wrapped("(", "x", ")^y")),
        ("sums in sums", numbered(&|k| format!("y{k}-("), "x", ")")),
        ("products in products", numbered(&|k| format!("y{k}*("), "x", ")")),
        ("choices", wrapped("if(x<1, y, ", "x", ")")),
        ("powers of sums", wrapped("(x+", "y", ")^2")),
    ]
}

/// Reads, prints, evaluates, differentiates and expands; each ends, one way or the other.
fn survives(name: &str, text: &str, limits: &Limits) {
    let mut graph = Graph::new();
    let root = read(&mut graph, text);
    for notation in [&Plain as &dyn Notation, &Latex, &Unicode] {
        let written = try_print(notation, &graph, root, &deep());
        assert!(written.is_ok_and(|text| !text.is_empty()), "{name}");
    }
    let printed = try_print(&Plain, &graph, root, &deep()).expect("no limit");
    assert_eq!(read(&mut graph, &printed), root, "{name}");
    evaluate(&graph, root, &mut Floating(|_: &str| 0.7));
    let before = graph.len();
    let x = graph.symbol("x");
    let slope = derivative(&mut graph, root, x).expect("a rule for every operation");
    let made = reachable(&graph, &[slope]).len();
    assert!(made < 12 * (before + 10), "{name}: a derivative of {made} terms from {before}");
    if let Err(e) = expand(&mut graph, root, 1000) {
        assert!(e.to_string().contains("terms") || e.to_string().contains("steps"), "{name}: {e}");
    }
    assert!(term(&Source::new(name, text), &mut graph, limits).is_ok(), "{name}");
}

#[test]
fn chains_of_any_depth_are_read_printed_and_differentiated() {
    for (name, text) in chains(2000) {
        survives(name, &text, &deep());
    }
}

#[test]
#[ignore = "a minute of work without optimisation"]
fn chains_of_a_hundred_thousand_are_read_printed_and_differentiated() {
    for (name, text) in chains(100_000) {
        survives(name, &text, &deep());
    }
}

/// A chain that is built in Rust, step by step: differentiated, evaluated and multiplied out.
fn built(depth: usize) {
    let scope = Scope::new();
    let x = scope.symbol("x");
    let fold =
        |step: &dyn Fn(Expr<'_>) -> Term| (0..depth).fold(x.term(), |t, _| step(scope.term(t)));
    let roots = [
        fold(&|t| t.sin().term()),
        fold(&|t| (x + x * t).term()),
        fold(&|t| (1 / (1 + t)).term()),
        fold(&|t| (t * t.cos() - x).term()),
        fold(&|t| (t.exp() + t).log().term()),
    ];
    let mut graph = scope.into_graph();
    for root in roots {
        evaluate(&graph, root, &mut Floating(|_: &str| 0.3));
        let by = graph.symbol("x");
        let before = graph.len();
        derivative(&mut graph, root, by).expect("rules for all operations");
        assert!(graph.len() < before + 20 * depth);
        let _ = expand(&mut graph, root, 1000);
    }
}

#[test]
fn chains_built_in_rust_are_differentiated() {
    built(100);
}

#[test]
#[ignore = "half a minute of work without optimisation"]
fn chains_of_a_hundred_thousand_built_in_rust_are_differentiated() {
    built(100_000);
}

#[test]
fn brackets_beyond_the_limit_are_refused_by_name() {
    for open in ["(", "sin(", "x[", "sum("] {
        let mut graph = Graph::new();
        let text = open.repeat(100_000);
        let errors = term(&Source::new("text", text), &mut graph, &Limits::default());
        let error = &errors.expect_err("too deep")[0];
        assert_eq!(error.kind, Kind::Resource, "{}", error.message);
        assert!(error.help.as_ref().is_some_and(|h| h.contains("--limit nesting=")), "{open}");
    }
}

#[test]
fn twelve_terms_and_forty_factors_are_simplified() {
    let letters: Vec<String> = ('a'..'m').filter(|c| *c != 'e').map(String::from).collect();
    let sum = format!("{} + z", letters.join(" + "));
    let factors: Vec<String> = (0..40).map(|k| format!("x{k}")).collect();
    let sums: Vec<String> = (0..40).map(|k| format!("(x{k} + 1)")).collect();
    for text in [sum, factors.join("*"), sums.join("*")] {
        let short = simplify(Source::new("text", text.as_str()), &Limits::default());
        assert_eq!(short.ok(), Some(text));
    }
}

/// `Σ xₖ` as text.
fn long_sum(terms: usize) -> String {
    (0..terms).map(|k| format!("x{k}")).collect::<Vec<_>>().join(" + ")
}

/// A sum of many terms, as text and in Rust.
fn long_sums(terms: usize) {
    let text = long_sum(terms);
    let mut graph = Graph::new();
    let root = read(&mut graph, &text);
    let symbols: Vec<Term> = (0..terms).map(|k| graph.symbol(&format!("x{k}"))).collect();
    let built = graph.sum(Number::ZERO, symbols.iter().map(|&x| (Number::ONE, x)));
    assert_eq!(built, root);
    let again = graph.sum(Number::ZERO, symbols.iter().rev().map(|&x| (Number::ONE, x)));
    assert_eq!(again, root);
    assert_eq!(try_print(&Plain, &graph, root, &deep()).expect("no limit"), text);
    assert_eq!(evaluate(&graph, root, &mut Floating(|_: &str| 0.5)), terms as f64 / 2.0);
    let slope = derivative(&mut graph, root, symbols[terms / 2]).expect("a sum");
    assert_eq!(graph.as_number(slope), Some(&Number::ONE));
    assert_eq!(expand(&mut graph, root, terms), Ok(root));
    let difference = graph.sub(root, built);
    assert_eq!(graph.as_number(difference), Some(&Number::ZERO));
}

#[test]
fn sums_of_many_terms_are_read_built_and_printed() {
    long_sums(20_000);
}

#[test]
#[ignore = "half a minute of work without optimisation"]
fn sums_of_a_million_terms_are_read_built_and_printed() {
    long_sums(1_000_000);
}

/// Sums and products that grow by one part at a time, which are copied only while they are short.
fn grown(parts: usize) {
    let scope = Scope::new();
    let symbols: Vec<_> = (0..parts).map(|k| scope.symbol(&format!("x{k}"))).collect();
    let (mut sum, mut product) = (symbols[0], symbols[0]);
    for &x in &symbols[1..] {
        (sum, product) = (sum + x, product * x);
    }
    let sine = sum.sin().term();
    let whole = scope.sum(symbols.iter().copied()).term();
    let (sum, product) = (sum.term(), product.term());
    let graph = scope.into_graph();
    let half = |_: &str| 0.5;
    assert_eq!(evaluate(&graph, sum, &mut Floating(half)), parts as f64 / 2.0);
    assert_eq!(evaluate(&graph, product, &mut Floating(|_: &str| 1.0)), 1.0);
    let stored: usize = reachable(&graph, &[sine, product, whole])
        .into_iter()
        .map(|t| match graph.node(t) {
            Node::Sum { terms, .. } => terms.len(),
            Node::Product(factors) => factors.len(),
            _ => 1,
        })
        .sum();
    assert!(stored < 6 * parts, "{stored} parts for {parts} terms");
}

#[test]
fn growing_sums_and_products_do_not_take_quadratic_memory() {
    grown(20_000);
}

#[test]
#[ignore = "half a minute of work without optimisation"]
fn sums_and_products_grow_to_a_million_parts() {
    grown(1_000_000);
}

#[test]
fn long_sums_that_were_grown_cancel() {
    let mut g = Graph::new();
    let symbols: Vec<Term> = (0..3000).map(|k| g.symbol(&format!("x{k}"))).collect();
    let grow = |g: &mut Graph, order: &mut dyn Iterator<Item = &Term>| {
        let zero = g.number(0);
        order.fold(zero, |sum, &x| g.add(sum, x))
    };
    let up = grow(&mut g, &mut symbols.iter());
    let down = grow(&mut g, &mut symbols.iter().rev());
    let difference = g.sub(up, down);
    let expanded = expand(&mut g, difference, 10_000).expect("few terms");
    assert_eq!(g.as_number(expanded), Some(&Number::ZERO));
}

#[test]
fn shared_terms_whose_text_explodes_are_refused() {
    let mut g = Graph::new();
    let mut t = g.symbol("x");
    for _ in 0..200 {
        let s = g.call(Op::Sin, &[t]);
        t = g.mul(s, t);
    }
    let refused = try_print(&Plain, &g, t, &Limits::default()).expect_err("a long text");
    assert!(refused.to_string().contains("`printed`"), "{refused}");
}
