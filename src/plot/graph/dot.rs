//! Graphs in DOT, the language of Graphviz.

use std::fmt::Write;

use super::{Graph, Shape};

/// The graph as text.
pub(super) fn write(graph: &Graph) -> String {
    let mut text =
        format!("digraph {} {{\n  node [fontname=\"Helvetica\"];\n", quoted(&graph.name));
    // Writing to a string cannot fail.
    for (k, node) in graph.nodes.iter().enumerate() {
        let shape = match node.shape {
            Shape::Ellipse => "ellipse",
            Shape::Box => "box",
            Shape::Dot => {
                let _ = writeln!(text, "  n{k} [shape=point, width=0.08];");
                continue;
            }
        };
        let about = match node.about.as_str() {
            "" => String::new(),
            about => format!(", tooltip={}", quoted(about)),
        };
        let name = quoted(&node.name);
        let _ = writeln!(text, "  n{k} [label={name}, shape={shape}{about}];");
    }
    for line in &graph.lines {
        let direction = match (line.tail, line.head) {
            (false, true) => "",
            (true, true) => "dir=both, arrowtail=empty",
            (true, false) => "dir=back, arrowtail=empty",
            (false, false) => "dir=none",
        };
        let style = if line.dotted { "style=dotted" } else { "" };
        let label = match line.label.as_str() {
            "" => String::new(),
            label => format!("label={}", quoted(label)),
        };
        let all = [label.as_str(), direction, style];
        let all: Vec<&str> = all.into_iter().filter(|a| !a.is_empty()).collect();
        let all = if all.is_empty() { String::new() } else { format!(" [{}]", all.join(", ")) };
        let _ = writeln!(text, "  n{} -> n{}{all};", line.from, line.to);
    }
    text + "}\n"
}

/// A string of DOT: there a backslash also begins escapes of its own, such as `\N`.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
