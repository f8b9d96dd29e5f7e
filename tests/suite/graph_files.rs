//! Mixed graphs from files: the language DOT and matrices of 0 and 1, and what is wrong with them.

use isoterm::model::sem::MixedGraph;
use isoterm::model::sem::graph::{Weight, read_adjacency, read_dot};
use isoterm::text::{Diagnostic, Limits, Source};

/// A graph in DOT, or the errors as a person reads them.
fn dot(text: &str) -> Result<MixedGraph, String> {
    let source = Source::new("g.dot", text);
    let render =
        |e: Vec<Diagnostic>| e.iter().map(|d| d.render(&source, false)).collect::<String>();
    read_dot(&source, &Limits::default()).map_err(render)
}

/// The arrows of a graph by names, directed ones first, without variances.
fn arrows(graph: &MixedGraph) -> Vec<String> {
    let name = |v: usize| graph.vertex_name(v);
    let effects = graph.effects().map(|(a, b, _)| format!("{} -> {}", name(a), name(b)));
    let covariances = graph.covariances().filter(|(a, b, _)| a != b);
    let covariances = covariances.map(|(a, b, _)| format!("{} <-> {}", name(a), name(b)));
    effects.chain(covariances).collect()
}

#[test]
fn graphs_are_read_from_dot() {
    let text = "digraph \"a graph\" {\n  rankdir=LR; node [shape=box]\n  f [latent]\n  // a remark\n  \
                f -> x -> y [label=\"0.5\"]; f -> z [label=a]; y <- f [label=a]\n  x -> y [dir=both]; y <-> z\n}";
    let graph = dot(text).expect("a graph");
    let expected = ["f -> x", "x -> y", "f -> z", "f -> y", "x <-> y", "y <-> z"];
    assert_eq!(arrows(&graph), expected);
    assert_eq!(graph.observed().len(), 3);
    // The two arrows with one label have one parameter; two have a value.
    let names: Vec<&str> = graph.parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["a", "w_x_y", "w_y_z", "w_f_f", "w_x_x", "w_y_y", "w_z_z"]);
    assert_eq!(
        graph.directed.edge_weights().filter(|w| matches!(w, Weight::Constant(_))).count(),
        2
    );
}

#[test]
fn defaults_and_subgraphs_of_dot_hold_inside_their_braces() {
    // As lavaanPlot and semPlot write: boxes are observed, ovals latent, and what is said of arrows
    // holds until it is said again.
    let text = "Strict Digraph g {\n graph [overlap = true]; node [shape = box, fontname=\"Arial\"]; x; y\n \
                NODE [shape = oval]; f\n edge [color=\"black\", dir=forward]\n \
                f -> {x y} [xlabel=<<i>&lambda;</i>>]; f -> x:n:w\n \
                subgraph cluster_1 { label=\"errors\"; edge [dir=both]; node [shape=box]; x -> y -> z }\n z -> w\n}";
    let graph = dot(text).expect("a graph");
    assert_eq!(arrows(&graph), ["f -> x", "f -> y", "z -> w", "x <-> y", "y <-> z"]);
    let observed: Vec<&str> = graph.observed().iter().map(|&v| graph.vertex_name(v)).collect();
    assert_eq!(observed, ["x", "y", "z"]);
    // Where all are round, the shape says nothing; `latent` does.
    let graph =
        dot("digraph { node [shape=circle]; a -> b; u [latent]; u -> a }").expect("a graph");
    assert_eq!(graph.observed().len(), 2);
    // The variables of a subgraph are the ends of its arrows.
    let graph =
        dot("digraph { subgraph { a; b } -> subgraph s { c -> d } -> e }").expect("a graph");
    let expected = ["c -> d", "a -> c", "a -> d", "b -> c", "b -> d", "c -> e", "d -> e"];
    assert_eq!(arrows(&graph), expected);
    let deep = format!("digraph {}", "{ ".repeat(100_000));
    assert!(dot(&deep).expect_err("too deep").contains("more than 100 braces are open"));
}

#[test]
fn names_in_quotes_have_escapes_and_several_parts() {
    let text = "digraph { \"a \\\"b\\\"\" -> \"two\" + \" parts\"; \"node\" -> \"over \\\nlines\"; -1.5 -> .5 }";
    let expected = ["a \"b\" -> two parts", "node -> over lines", "-1.5 -> .5"];
    assert_eq!(arrows(&dot(text).expect("a graph")), expected);
}

#[test]
fn coefficients_of_similar_names_are_told_apart() {
    let text = "digraph { a -> b_c; a_b -> c; \"x y\" -> \"x-y\"; \"a.b\" -> c [label=s_a_c] }";
    let graph = dot(text).expect("a graph");
    let mut names: Vec<&str> = graph.parameters.iter().map(|p| p.name.as_str()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    let n = graph.size();
    let pairs = (0..n).flat_map(|a| (a..n).map(move |b| (a, b)));
    let mut covariances: Vec<String> = pairs.map(|(a, b)| graph.naming.covariance(a, b)).collect();
    covariances.extend(names.iter().map(|n| (*n).to_owned()));
    let all = covariances.len();
    covariances.sort_unstable();
    covariances.dedup();
    assert_eq!(covariances.len(), all, "{covariances:?}");
    let plain = |n: &String| n.chars().all(|c| c.is_alphanumeric() || c == '_');
    assert!(covariances.iter().all(plain), "{covariances:?}");
}

#[test]
fn mistakes_in_dot_are_named_with_their_place() {
    for (text, wanted) in [
        ("x -> y", "expected `digraph` or `graph`, not `x`"),
        ("digraph { x -> }", "g.dot:1:16\n"),
        ("digraph { x -> x }", "`x` cannot be an effect of itself"),
        ("digraph { x -> y; x -> y }", "`x -> y` is written twice"),
        ("digraph { x -> y [label=\"a b\"] }", "neither a label nor a value"),
        ("digraph { x -> y", "expected `}`, but the text ends"),
        ("digraph { x => y }", "unexpected `>`"),
        ("digraph { \"x }", "a quote that is not closed"),
        ("digraph { x -> y; y -> x; x <- y }", "`y -> x` is written twice"),
        ("digraph { x -> y [dir=both]; y <-> x }", "`x <-> y` is written twice"),
        ("digraph { {x y} -> {y z} }", "`y` cannot be an effect of itself"),
        ("digraph { x -> { y }", "expected `}`, but the text ends"),
        ("digraph { subgraph -> y }", "expected `{`, not `->`"),
        ("diagraph { x -> y }", "did you mean `digraph`?"),
        ("digraph { x -> y [xlabel=<<b>x</b>] }", "a `<` that is not closed"),
        ("digraph { \"x\" + y -> z }", "expected a text in quotes after `+`"),
        ("digraph { /* x }", "a remark that is not closed"),
        ("digraph { x ! y }", "unexpected `!`"),
    ] {
        let error = dot(text).expect_err(text);
        assert!(error.contains(wanted), "{text}\n{error}");
    }
}

#[test]
fn graphs_are_read_from_matrices() {
    let read = |text: &str| {
        let source = Source::new("g.adj", text);
        let render =
            |e: Vec<Diagnostic>| e.iter().map(|d| d.render(&source, false)).collect::<String>();
        read_adjacency(&source, &Limits::default()).map_err(render)
    };
    let graph = read("# remark\nx, y\n0 1\n0 0\n\n0 1\n1 0\n").expect("a graph");
    assert_eq!(arrows(&graph), ["x -> y", "x <-> y"]);
    let graph = read("0 1\n0 0\n0 0\n0 0\n").expect("a graph");
    assert_eq!(arrows(&graph), ["1 -> 2"]);
    // Numbers may be names, where the lines after them are the matrices.
    let graph = read("1 2\n0 1\n0 0\n").expect("a graph");
    assert_eq!(arrows(&graph), ["1 -> 2"]);
    for (text, wanted) in [
        ("0 1 2\n0 0 1\n0 0 0\n", "g.adj:1:5\n"),
        ("a b c\n0 1\n0 0\n", "g.adj:1:1\n"),
        ("", "there is no matrix"),
        ("0 2\n0 0\n", "g.adj:1:3\n"),
        ("0 1\n0\n", "a row of 1 entries, where the first has 2"),
        ("0 1\n0 0\n0 0\n", "is not square"),
        ("1 0\n0 0\n", "`1` cannot be an effect of itself"),
        ("0 1\n0 0\n\n0 1\n0 0\n", "row 1 and column 1 of the second matrix differ"),
        ("a a\n0 1\n0 0\n", "two variables are named `a`"),
        ("a\n0 1\n0 0\n", "1 names for 2 variables"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.contains(wanted), "{text}\n{error}");
    }
}
