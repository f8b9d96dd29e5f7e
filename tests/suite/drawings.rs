//! `draw`: networks as graphs in DOT and SVG.

use std::path::Path;

use isoterm::model::network::generate::{Multisite, multisite};
use isoterm::plot::graph::{Graph, Line, Node, Placed, Shape};
use isoterm::session::drawing::graph;
use isoterm::session::models;
use isoterm::text::{Limits, Source};
use proptest::prelude::*;

use crate::reference::model;

/// That no two nodes touch and all are inside of the picture.
fn check(placed: &Placed, what: &str) {
    let (width, height) = placed.size;
    for (k, frame) in placed.nodes.iter().enumerate() {
        let ((x, y), (w, h)) = (frame.centre, frame.half);
        assert!(x - w >= 0.0 && y - h >= 0.0 && x + w <= width && y + h <= height, "{what}: {k}");
        for (other, with) in placed.nodes[..k].iter().enumerate() {
            assert!(!frame.meets(with), "{what}: {other} and {k} touch");
        }
    }
}

fn network(text: &str) -> Graph {
    let source = Source::new("drawn.net", text);
    let systems = models(source, Path::new(""), &Limits::default());
    graph(&systems.unwrap_or_else(|e| panic!("{e}"))[0]).expect("a small network")
}

#[test]
fn names_of_networks_do_not_touch() {
    for name in ["michaelis_menten", "mapk_cascade", "egf_receptor", "sites", "repressilator"] {
        let graph = graph(&model(name)).expect("a small network");
        check(&graph.placed(), name);
        assert_eq!(graph.svg(), graph.svg(), "{name}");
    }
    for (kind, sites) in [(Multisite::Binding, 4), (Multisite::Phosphorylation, 3)] {
        check(&network(&multisite(kind, sites)).placed(), &format!("{kind:?} {sites}"));
    }
}

#[test]
fn a_reaction_and_its_reverse_are_one_dot() {
    let graph = graph(&model("michaelis_menten")).expect("a small network");
    let dots = graph.nodes.iter().filter(|n| n.shape == Shape::Dot).count();
    // S + E <-> ES and ES -> E + P.
    assert_eq!((graph.nodes.len() - dots, dots, graph.lines.len()), (4, 2, 6));
    let both = graph.lines.iter().filter(|l| l.tail).count();
    assert_eq!(both, 2);
}

#[test]
fn what_only_stands_in_a_rate_is_joined_by_a_dotted_line() {
    let graph = graph(&model("repressilator")).expect("a small network");
    let dotted = graph.lines.iter().filter(|l| l.dotted);
    let mut names: Vec<&str> = dotted.map(|l| graph.nodes[l.from].name.as_str()).collect();
    names.sort_unstable();
    // Each messenger is needed for its protein, and each protein represses the next gene.
    assert_eq!(names, ["m[1]", "m[2]", "m[3]", "p[1]", "p[2]", "p[3]"]);
    // p[3] represses m[1]: the ring is closed.
    let from = graph.nodes.iter().position(|n| n.name == "p[3]").expect("a node");
    let first = graph.nodes.iter().position(|n| n.name == "m[1]").expect("a node");
    let dot = graph.lines.iter().find(|l| l.from == from && l.dotted).expect("a line").to;
    assert!(graph.lines.iter().any(|l| l.from == dot && l.to == first && l.head));
}

/// The text between tags and in attributes has no character that XML gives a meaning.
fn assert_xml(text: &str) {
    let (mut tag, mut quoted, mut open) = (false, false, Vec::new());
    let mut name = String::new();
    for (at, c) in text.char_indices() {
        match c {
            '&' => {
                let entity = ["&amp;", "&lt;", "&gt;", "&quot;"];
                assert!(entity.iter().any(|e| text[at..].starts_with(e)), "{}", &text[at..]);
            }
            '"' if tag => quoted = !quoted,
            '<' => {
                assert!(!tag && !quoted, "{}", &text[at..]);
                (tag, name) = (true, String::new());
            }
            '>' if tag && !quoted => {
                tag = false;
                match name.strip_prefix('/') {
                    Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed)),
                    None if name.ends_with('/') => {}
                    None => open.push(name.split(' ').next().unwrap_or("").to_owned()),
                }
            }
            c if tag => name.push(c),
            _ => {}
        }
    }
    assert!(open.is_empty() && !tag && !quoted, "{open:?}");
}

fn named(name: &str, shape: Shape) -> Node {
    let name = if shape == Shape::Dot { String::new() } else { name.to_owned() };
    Node { about: name.clone(), name, shape }
}

#[test]
fn names_may_have_any_characters() {
    let name = "a\"b<c>&d\\N\n\u{1}é漢";
    let line = Line { from: 0, to: 1, label: name.into(), head: true, tail: true, dotted: true };
    let graph = Graph {
        name: name.into(),
        nodes: vec![named(name, Shape::Ellipse), named(name, Shape::Box)],
        lines: vec![line],
    };
    let svg = graph.svg();
    assert_xml(&svg);
    assert!(svg.contains("a&quot;b&lt;c&gt;&amp;d\\N"), "{svg}");
    assert!(!svg.contains('\u{1}'));
    let dot = graph.dot();
    assert!(dot.starts_with("digraph \"a\\\"b<c>&d\\\\N\\n"), "{dot}");
    // Strings of DOT end at quotes without a backslash before them.
    for line in dot.lines() {
        let quotes = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
        assert_eq!(quotes % 2, 0, "{line}");
    }
    assert_xml(&graph_of_patterns().svg());
}

/// A network whose patterns have quotes and brackets.
fn graph_of_patterns() -> Graph {
    let graph = network(
        "begin species\n 1 A(b!1).B(a!1,x~\"<&>\") 1\n 2 $F() 2\nend species\n\
         begin reactions\n 1 1,1 2 1\n 2 0 1 2\nend reactions\n",
    );
    assert_eq!(graph.nodes[0].about, "A(b!1).B(a!1,x~\"<&>\")");
    assert_eq!((graph.nodes[0].shape, graph.nodes[1].shape), (Shape::Ellipse, Shape::Box));
    assert!(graph.lines.iter().any(|l| l.label == "2"));
    graph
}

/// Graphs with parts that are not connected, lines several times, and names of any length.
fn graphs() -> impl Strategy<Value = Graph> {
    let node = (0..3_usize, 1..20_usize).prop_map(|(shape, length)| {
        named(&"N".repeat(length), [Shape::Ellipse, Shape::Box, Shape::Dot][shape])
    });
    (prop::collection::vec(node, 1..30), prop::collection::vec((0..30_usize, 0..30_usize), 0..60))
        .prop_map(|(nodes, pairs)| {
            let pairs = pairs.into_iter().map(|(a, b)| (a % nodes.len(), b % nodes.len()));
            let line = |(from, to)| Line {
                from,
                to,
                label: if from > to { "2".into() } else { String::new() },
                head: true,
                tail: false,
                dotted: false,
            };
            let lines = pairs.filter(|(a, b)| a != b).map(line).collect();
            Graph { name: "any".into(), nodes, lines }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_names_of_a_graph_touch(graph in graphs()) {
        check(&graph.placed(), "any");
        assert_xml(&graph.svg());
    }
}
