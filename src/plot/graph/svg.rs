//! Graphs with a layout as SVG.

use std::fmt::Write;

use super::layout::{EM, Frame, Placed, SMALL};
use super::{Graph, Line, Node, Shape};

/// Length and half of the width of an arrow head.
const HEAD: (f64, f64) = (9.0, 3.6);

/// The picture as text.
pub(super) fn write(graph: &Graph, placed: &Placed) -> String {
    let (width, height) = (placed.size.0.ceil(), placed.size.1.ceil());
    let name = escaped(&graph.name);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"Helvetica, Arial, sans-serif\" \
         font-size=\"{EM}\" text-anchor=\"middle\">\n<title>{name}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    // Writing to a string cannot fail. Lines are below, names above.
    for line in &graph.lines {
        draw_line(&mut text, graph, placed, line);
    }
    for (node, frame) in graph.nodes.iter().zip(&placed.nodes) {
        draw_node(&mut text, node, frame);
    }
    for line in graph.lines.iter().filter(|l| !l.label.is_empty()) {
        let (a, b) = ends(graph, placed, line);
        let (x, y) = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0 + SMALL * 0.35);
        let label = escaped(&line.label);
        let _ = writeln!(
            text,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{SMALL}\" stroke=\"white\" \
             stroke-width=\"4\" paint-order=\"stroke\">{label}</text>"
        );
    }
    text + "</svg>\n"
}

/// Where a line begins and ends: on the outlines of its nodes.
fn ends(graph: &Graph, placed: &Placed, line: &Line) -> ((f64, f64), (f64, f64)) {
    let outline = |from: usize, to: usize| {
        let (frame, shape) = (&placed.nodes[from], graph.nodes[from].shape);
        let towards = placed.nodes[to].centre;
        let (dx, dy) = (towards.0 - frame.centre.0, towards.1 - frame.centre.1);
        let (x, y) = (dx / frame.half.0, dy / frame.half.1);
        let size = match shape {
            Shape::Box => x.abs().max(y.abs()),
            Shape::Ellipse | Shape::Dot => x.hypot(y),
        };
        let part = 1.0 / size.max(1.0);
        (frame.centre.0 + part * dx, frame.centre.1 + part * dy)
    };
    (outline(line.from, line.to), outline(line.to, line.from))
}

fn draw_line(text: &mut String, graph: &Graph, placed: &Placed, line: &Line) {
    let (a, b) = ends(graph, placed, line);
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx.hypot(dy).max(1e-9);
    let (ux, uy) = (dx / length, dy / length);
    let back = |on: bool| if on { HEAD.0.min(length / 2.0) - 1.0 } else { 0.0 };
    let (tail, head) = (back(line.tail), back(line.head));
    let dotted = if line.dotted { " stroke-dasharray=\"2 4\"" } else { "" };
    let _ = writeln!(
        text,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#555\"{dotted}/>",
        a.0 + tail * ux,
        a.1 + tail * uy,
        b.0 - head * ux,
        b.1 - head * uy,
    );
    // Hollow heads tell the two sides of a reversible reaction apart.
    for (on, tip, (ux, uy), fill) in
        [(line.head, b, (ux, uy), "#555"), (line.tail, a, (-ux, -uy), "white")]
    {
        if on {
            let (x, y) = (tip.0 - HEAD.0 * ux, tip.1 - HEAD.0 * uy);
            let _ = writeln!(
                text,
                "<path d=\"M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z\" fill=\"{fill}\" stroke=\"#555\"/>",
                tip.0,
                tip.1,
                x - HEAD.1 * uy,
                y + HEAD.1 * ux,
                x + HEAD.1 * uy,
                y - HEAD.1 * ux,
            );
        }
    }
}

fn draw_node(text: &mut String, node: &Node, frame: &Frame) {
    let ((x, y), (w, h)) = (frame.centre, frame.half);
    let about = match node.about.as_str() {
        "" => String::new(),
        about => format!("<title>{}</title>", escaped(about)),
    };
    let outline = match node.shape {
        Shape::Dot => {
            let _ = writeln!(text, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{w:.1}\"/>");
            return;
        }
        Shape::Ellipse => format!(
            "<ellipse cx=\"{x:.1}\" cy=\"{y:.1}\" rx=\"{w:.1}\" ry=\"{h:.1}\" fill=\"#e6f0f8\" \
             stroke=\"#0072b2\"/>"
        ),
        Shape::Box => format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#f2f2f2\" \
             stroke=\"#555\"/>",
            x - w,
            y - h,
            2.0 * w,
            2.0 * h,
        ),
    };
    let (y, name) = (y + EM * 0.35, escaped(&node.name));
    let _ = writeln!(text, "<g>{about}{outline}<text x=\"{x:.1}\" y=\"{y:.1}\">{name}</text></g>");
}

/// A text in XML; control characters, which it has none of, become blanks.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
