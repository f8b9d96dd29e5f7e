//! One-connections as a picture: the graph again and again, with path and cycles set off.

use std::f64::consts::PI;
use std::fmt::Write;

use super::connection::OneConnection;
use crate::model::sem::graph::MixedGraph;

/// Pixels of one drawing, and of the radius of a vertex.
const SIDE: f64 = 190.0;
const RADIUS: f64 = 13.0;

/// Drawings in one row.
const COLUMNS: usize = 5;

/// An SVG with one drawing for each: the path in blue, cycles in red, all other arrows grey.
pub fn picture(graph: &MixedGraph, all: &[OneConnection]) -> String {
    let rows = all.len().div_ceil(COLUMNS).max(1);
    let columns = all.len().clamp(1, COLUMNS);
    let (width, height) = (SIDE * columns as f64, (SIDE + 22.0) * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<defs>\n"
    );
    for (name, colour) in [("grey", GREY), ("path", PATH), ("cycle", CYCLE)] {
        let _ = writeln!(
            svg,
            "<marker id=\"{name}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
             markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" fill=\"{colour}\"/></marker>"
        );
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

const GREY: &str = "#c8c8c8";
const PATH: &str = "#1f5fbf";
const CYCLE: &str = "#c0392b";

fn drawing(svg: &mut String, graph: &MixedGraph, one: &OneConnection) {
    let n = graph.size();
    let centre = |v: usize| {
        let angle = 2.0 * PI * v as f64 / n as f64 - PI / 2.0;
        let reach = if n == 1 { 0.0 } else { SIDE / 2.0 - RADIUS - 14.0 };
        (SIDE / 2.0 + reach * libm::cos(angle), SIDE / 2.0 + reach * libm::sin(angle))
    };
    let path: Vec<(usize, usize)> = one.path.windows(2).map(|w| (w[0], w[1])).collect();
    let arrows = one.arrows();
    for (a, b, _) in graph.effects() {
        let (colour, marker, thick) = match (path.contains(&(a, b)), arrows.contains(&(a, b))) {
            (true, _) => (PATH, "path", 2.2),
            (false, true) => (CYCLE, "cycle", 2.2),
            _ => (GREY, "grey", 1.0),
        };
        let ((x, y), (u, v)) = (centre(a), centre(b));
        let length = libm::hypot(u - x, v - y).max(1.0);
        let (dx, dy) = ((u - x) / length, (v - y) / length);
        // Arrows bend to their left, so that two in opposite directions stand apart.
        let (mx, my) = ((x + u) / 2.0 - dy * 12.0, (y + v) / 2.0 + dx * 12.0);
        let towards = |fx: f64, fy: f64, by: f64| {
            let d = libm::hypot(mx - fx, my - fy).max(1.0);
            (fx + (mx - fx) / d * by, fy + (my - fy) / d * by)
        };
        let (sx, sy) = towards(x, y, RADIUS);
        let (ex, ey) = towards(u, v, RADIUS + 1.0);
        let _ = writeln!(
            svg,
            "<path d=\"M{sx:.1} {sy:.1} Q{mx:.1} {my:.1} {ex:.1} {ey:.1}\" fill=\"none\" \
             stroke=\"{colour}\" stroke-width=\"{thick}\" marker-end=\"url(#{marker})\"/>"
        );
    }
    for v in 0..n {
        let (x, y) = centre(v);
        let colour = match (one.path.contains(&v), one.cycles.iter().any(|c| c.contains(&v))) {
            (true, _) => PATH,
            (false, true) => CYCLE,
            _ => "#888888",
        };
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{RADIUS}\" fill=\"white\" stroke=\"{colour}\" \
             stroke-width=\"1.5\"/>\n<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            y + 4.0,
            escaped(&short(graph.vertex_name(v)))
        );
    }
    let ends = match (one.path.first(), one.path.last()) {
        (Some(&k), Some(&i)) => format!("{} → {}", graph.vertex_name(k), graph.vertex_name(i)),
        _ => "connection".to_owned(),
    };
    let sign = if one.is_negative() { "−" } else { "+" };
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444444\">{sign} {}</text>",
        SIDE / 2.0,
        SIDE + 8.0,
        escaped(&ends)
    );
}

/// What fits into a vertex.
fn short(name: &str) -> String {
    match name.chars().count() {
        0..=4 => name.to_owned(),
        _ => format!("{}…", name.chars().take(3).collect::<String>()),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
