//! One-connections as a picture: the graph again and again, with path and cycles set off.

use std::f64::consts::PI;
use std::fmt::Write;

use super::connection::OneConnection;
use crate::model::sem::diagram::geometry::{Curve, Point, Shape, width};
use crate::model::sem::diagram::svg::{escaped, head, opening, path, variable};
use crate::model::sem::graph::MixedGraph;

/// Pixels of one drawing without its line of text, and of letters.
const SIDE: f64 = 200.0;
const LETTERS: f64 = 12.0;

/// Drawings in one row.
const COLUMNS: usize = 5;

/// Letters of a name that are drawn.
const LONGEST: usize = 9;

const GREY: &str = "#c8c8c8";
const PATH: &str = "#1f5fbf";
const CYCLE: &str = "#c0392b";

/// An SVG with one drawing for each: the path in blue, cycles in red, all other arrows grey.
pub fn picture(graph: &MixedGraph, all: &[OneConnection]) -> String {
    let rows = all.len().div_ceil(COLUMNS).max(1);
    let columns = all.len().clamp(1, COLUMNS);
    let mut svg = opening(SIDE * columns as f64, (SIDE + 22.0) * rows as f64);
    for (name, colour) in [("grey", GREY), ("path", PATH), ("cycle", CYCLE)] {
        svg += &head(name, colour);
    }
    svg += "</defs>\n";
    for (k, one) in all.iter().enumerate() {
        let (x, y) = ((k % COLUMNS) as f64 * SIDE, (k / COLUMNS) as f64 * (SIDE + 22.0));
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">");
        drawing(&mut svg, graph, one);
        svg += "</g>\n";
    }
    svg += "</svg>\n";
    svg
}

fn drawing(svg: &mut String, graph: &MixedGraph, one: &OneConnection) {
    let n = graph.size();
    let names: Vec<String> = (0..n).map(|v| short(graph.vertex_name(v))).collect();
    let halves: Vec<f64> =
        names.iter().map(|t| (width(t, LETTERS) / 2.0 + 5.0).max(13.0)).collect();
    let widest = halves.iter().copied().fold(0.0, f64::max);
    let shape = |v: usize| {
        let angle = 2.0 * PI * v as f64 / n as f64 - PI / 2.0;
        let (wide, high) = match n {
            1 => (0.0, 0.0),
            _ => (SIDE / 2.0 - widest - 6.0, SIDE / 2.0 - 20.0),
        };
        let centre =
            Point::new(SIDE / 2.0 + wide * libm::cos(angle), SIDE / 2.0 + high * libm::sin(angle));
        Shape { centre, half_width: halves[v], half_height: 11.0, round: false }
    };
    let along: Vec<(usize, usize)> = one.path.windows(2).map(|w| (w[0], w[1])).collect();
    let arrows = one.arrows();
    // What belongs to the one-connection is drawn over the rest.
    let rank = |a: usize, b: usize| match (along.contains(&(a, b)), arrows.contains(&(a, b))) {
        (true, _) => 2,
        (false, true) => 1,
        _ => 0,
    };
    for wanted in 0..3 {
        for (a, b, _) in graph.effects().filter(|(a, b, _)| rank(*a, *b) == wanted) {
            let (colour, marker, thick) =
                [(GREY, "grey", 1.0), (CYCLE, "cycle", 2.2), (PATH, "path", 2.2)][wanted];
            // Arrows bend to their left, so that two in opposite directions stand apart.
            let curve = Curve::between(&shape(a), &shape(b), 8.0, (0.0, 1.0));
            let _ = writeln!(
                svg,
                "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{thick}\" \
                 marker-end=\"url(#{marker})\"/>",
                path(&curve)
            );
        }
    }
    for (v, name) in names.iter().enumerate() {
        let colour = match (one.path.contains(&v), one.cycles.iter().any(|c| c.contains(&v))) {
            (true, _) => PATH,
            (false, true) => CYCLE,
            _ => "#888888",
        };
        *svg += &variable(&shape(v), name, colour, LETTERS);
    }
    let ends = match (one.path.first(), one.path.last()) {
        (Some(&k), Some(&i)) => format!("{} → {}", graph.vertex_name(k), graph.vertex_name(i)),
        _ => "connection".to_owned(),
    };
    let sign = if one.is_negative() { "−" } else { "+" };
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444444\" \
         font-size=\"{LETTERS}\">{sign} {}</text>",
        SIDE / 2.0,
        SIDE + 10.0,
        escaped(&ends)
    );
}

/// What fits into a vertex.
fn short(name: &str) -> String {
    match name.chars().count() <= LONGEST {
        true => name.to_owned(),
        false => format!("{}…", name.chars().take(LONGEST - 1).collect::<String>()),
    }
}
