//! Pictures of graphs: nodes with names, dots, and arrows between them; as SVG and in DOT.

mod dot;
mod layout;
mod svg;

pub use layout::{Frame, Placed};

/// Nodes and the lines between them.
///
/// ```
/// use isoterm::plot::graph::{Graph, Line, Node, Shape};
///
/// let named = |name: &str| Node { name: name.into(), about: String::new(), shape: Shape::Ellipse };
/// let dot = Node { name: String::new(), about: String::new(), shape: Shape::Dot };
/// let line = |from, to| Line { from, to, label: String::new(), head: to == 2, tail: false, dotted: false };
/// let graph = Graph {
///     name: "decay".into(),
///     nodes: vec![named("A"), dot, named("B")],
///     lines: vec![line(0, 1), line(1, 2)],
/// };
/// assert!(graph.dot().starts_with("digraph \"decay\" {"));
/// assert!(graph.svg().contains("<ellipse"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The name.
    pub name: String,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What stands in it; dots have none.
    pub name: String,
    /// What else there is to know, shown by viewers on demand; may be empty.
    pub about: String,
    /// What it looks like.
    pub shape: Shape,
}

/// What a node looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A name in an ellipse.
    Ellipse,
    /// A name in a box.
    Box,
    /// A dot without a name.
    Dot,
}

/// A line between two nodes, which are different.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The number of the node where it begins.
    pub from: usize,
    /// The number of the node where it ends.
    pub to: usize,
    /// What stands beside it; may be empty.
    pub label: String,
    /// Whether there is an arrow head at its end.
    pub head: bool,
    /// Whether there is one, a hollow one, where it begins.
    pub tail: bool,
    /// Whether it is dotted.
    pub dotted: bool,
}

impl Graph {
    /// The graph in the language of Graphviz.
    pub fn dot(&self) -> String {
        dot::write(self)
    }

    /// The graph as a picture. The same graph always gives the same one.
    pub fn svg(&self) -> String {
        svg::write(self, &self.placed())
    }

    /// Where everything is in the picture: no two names touch.
    pub fn placed(&self) -> Placed {
        layout::place(self)
    }
}
