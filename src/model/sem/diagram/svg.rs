//! Path diagrams and one-connections as SVG.

use std::fmt::Write;

use super::Sketch;
use super::geometry::{Curve, Point, Shape, width};
use super::layout::{self, layout};
use super::route::{self, Way, route};

/// Colours.
pub const INK: &str = "#333333";
const LATENT: &str = "#1f5fbf";
const ARROW: &str = "#444444";
const DOUBLE: &str = "#8a6d1f";
const FAINT: &str = "#c4c4c4";

/// Pixels around a picture.
const MARGIN: f64 = 24.0;

/// The picture of diagrams, one under the other.
pub fn svg(sketches: &[Sketch]) -> String {
    let mut body = String::new();
    let (mut bottom, mut right) = (0.0, 0.0);
    for sketch in sketches {
        let (part, wide, height) = drawing(sketch);
        let head = if sketch.title.is_empty() { 0.0 } else { 26.0 };
        if head > 0.0 {
            let title = escaped(&sketch.title);
            let _ = writeln!(
                body,
                "<text x=\"{MARGIN}\" y=\"{:.1}\" fill=\"{INK}\" font-size=\"15\" \
                 font-weight=\"bold\">{title}</text>",
                bottom + 20.0
            );
        }
        let _ = writeln!(body, "<g transform=\"translate(0 {:.1})\">\n{part}</g>", bottom + head);
        bottom += head + height;
        right = f64::max(right, wide);
    }
    let mut out = opening(right, bottom);
    for (name, colour) in [("effect", ARROW), ("double", DOUBLE), ("faint", FAINT)] {
        out += &head(name, colour);
    }
    out += "</defs>\n";
    out += &body;
    out += "</svg>\n";
    out
}

/// The beginning of a picture, up to the heads of arrows in its `defs`.
pub fn opening(width: f64, height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" font-family=\"Helvetica, Arial, sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<defs>\n"
    )
}

/// A head of arrows.
pub fn head(name: &str, colour: &str) -> String {
    format!(
        "<marker id=\"{name}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" \
         markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto-start-reverse\">\
         <path d=\"M0 1 L10 5 L0 9 z\" fill=\"{colour}\"/></marker>\n"
    )
}

/// A curve as the value of `d`.
pub fn path(curve: &Curve) -> String {
    let Curve { start, control, end } = curve;
    format!(
        "M{:.1} {:.1} Q{:.1} {:.1} {:.1} {:.1}",
        start.x, start.y, control.x, control.y, end.x, end.y
    )
}

/// A variable with its name.
pub fn variable(shape: &Shape, name: &str, colour: &str, letters: f64) -> String {
    let Shape { centre, half_width, half_height, round } = shape;
    let outline = match round {
        true => format!(
            "<ellipse cx=\"{:.1}\" cy=\"{:.1}\" rx=\"{half_width:.1}\" ry=\"{half_height:.1}\"",
            centre.x, centre.y
        ),
        false => format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\"",
            centre.x - half_width,
            centre.y - half_height,
            2.0 * half_width,
            2.0 * half_height
        ),
    };
    format!(
        "{outline} fill=\"white\" stroke=\"{colour}\" stroke-width=\"1.4\"/>\n<text x=\"{:.1}\" \
         y=\"{:.1}\" text-anchor=\"middle\" fill=\"{INK}\" font-size=\"{letters}\">{}</text>\n",
        centre.x,
        centre.y + 0.35 * letters,
        escaped(name)
    )
}

/// One diagram with its width and height.
fn drawing(sketch: &Sketch) -> (String, f64, f64) {
    let mut layout = layout(sketch);
    let mut routes = route(sketch, &layout);
    // Everything is moved so that it begins at the margin.
    let (mut low, mut high) = (Point::new(f64::MAX, f64::MAX), Point::new(f64::MIN, f64::MIN));
    let mut reach = |p: Point, half: (f64, f64)| {
        low = Point::new(low.x.min(p.x - half.0), low.y.min(p.y - half.1));
        high = Point::new(high.x.max(p.x + half.0), high.y.max(p.y + half.1));
    };
    for s in &layout.shapes {
        reach(s.centre, (s.half_width, s.half_height));
    }
    for (line, r) in sketch.lines.iter().zip(&routes) {
        match &r.way {
            Way::Curve(c) => (0..=16).for_each(|k| reach(c.at(f64::from(k) / 16.0), (2.0, 2.0))),
            Way::Loop(points) => points.iter().for_each(|p| reach(*p, (0.0, 0.0))),
        }
        let half = width(&line.label, route::LETTERS) / 2.0;
        reach(r.label, (half, route::LETTERS / 2.0));
    }
    if sketch.nodes.is_empty() {
        reach(Point::default(), (0.0, 0.0));
    }
    let (dx, dy) = (MARGIN - low.x, MARGIN - low.y);
    for s in &mut layout.shapes {
        s.centre = s.centre.plus(dx, dy);
    }
    for r in &mut routes {
        r.label = r.label.plus(dx, dy);
        match &mut r.way {
            Way::Curve(c) => {
                (c.start, c.control, c.end) =
                    (c.start.plus(dx, dy), c.control.plus(dx, dy), c.end.plus(dx, dy));
            }
            Way::Loop(points) => points.iter_mut().for_each(|p| *p = p.plus(dx, dy)),
        }
    }
    let mut out = String::new();
    for (line, r) in sketch.lines.iter().zip(&routes) {
        let (colour, marker) = match (line.faint, line.double) {
            (true, _) => (FAINT, "faint"),
            (false, true) => (DOUBLE, "double"),
            (false, false) => (ARROW, "effect"),
        };
        let d = match &r.way {
            Way::Curve(curve) => path(curve),
            Way::Loop([a, b, c, d]) => format!(
                "M{:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
                a.x, a.y, b.x, b.y, c.x, c.y, d.x, d.y
            ),
        };
        let start =
            if line.double { format!(" marker-start=\"url(#{marker})\"") } else { String::new() };
        let _ = writeln!(
            out,
            "<path d=\"{d}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.3\"{start} \
             marker-end=\"url(#{marker})\"/>"
        );
    }
    for (node, shape) in sketch.nodes.iter().zip(&layout.shapes) {
        let colour = if node.latent { LATENT } else { INK };
        out += &variable(shape, &node.name, colour, layout::LETTERS);
    }
    for (line, r) in sketch.lines.iter().zip(&routes).filter(|(l, _)| !l.label.is_empty()) {
        let wide = width(&line.label, route::LETTERS) + 2.0;
        let _ = writeln!(
            out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"white\" \
             fill-opacity=\"0.85\"/>\n<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" \
             font-size=\"{}\" fill=\"{INK}\">{}</text>",
            r.label.x - wide / 2.0,
            r.label.y - route::LETTERS / 2.0,
            route::LETTERS,
            r.label.x,
            r.label.y + 0.35 * route::LETTERS,
            route::LETTERS,
            escaped(&line.label)
        );
    }
    (out, high.x - low.x + 2.0 * MARGIN, high.y - low.y + 2.0 * MARGIN)
}

/// A text in XML, without control characters.
pub fn escaped(text: &str) -> String {
    let visible = text.chars().filter(|c| !c.is_control());
    let mut out = String::new();
    for c in visible {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c => out.push(c),
        }
    }
    out
}
