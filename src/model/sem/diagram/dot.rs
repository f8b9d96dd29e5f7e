//! Path diagrams in DOT, which Graphviz draws and [`super::super::graph::read_dot`] reads back.

use std::fmt::Write;

use super::Sketch;

/// A diagram in DOT.
pub fn dot(sketch: &Sketch, name: &str) -> String {
    let mut out = format!("digraph {} {{\n  rankdir=LR;\n", quoted(name));
    for node in &sketch.nodes {
        let shape = if node.latent { "ellipse" } else { "box" };
        let _ = writeln!(out, "  {} [shape={shape}];", quoted(&node.name));
    }
    for line in &sketch.lines {
        let (from, to) = (&sketch.nodes[line.from].name, &sketch.nodes[line.to].name);
        let mut attributes = Vec::new();
        if line.double {
            attributes.push("dir=both".to_owned());
        }
        if !line.label.is_empty() {
            attributes.push(format!("label={}", quoted(&line.label)));
        }
        if line.faint {
            attributes.push("color=gray".to_owned());
        }
        if line.double && line.from == line.to && line.label.is_empty() {
            // Every variable has a variance.
            continue;
        }
        let attributes = match attributes.is_empty() {
            true => String::new(),
            false => format!(" [{}]", attributes.join(", ")),
        };
        let _ = writeln!(out, "  {} -> {}{attributes};", quoted(from), quoted(to));
    }
    out += "}\n";
    out
}

/// A name in quotes where it needs them.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let word = text.chars().all(plain) && text.starts_with(|c: char| !c.is_ascii_digit());
    let reserved = ["node", "edge", "graph", "digraph", "subgraph", "strict"];
    match word && !reserved.contains(&text.to_ascii_lowercase().as_str()) {
        true => text.to_owned(),
        false => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}
