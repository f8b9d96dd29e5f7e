//! Path diagrams: a graph with labels is laid out, its arrows are routed, and it is written as SVG
//! or DOT.
//!
//! Causes stand on the left of their effects, the indicators of a latent variable around it;
//! graphs that are one feedback loop stand on a circle.

mod dot;
pub(super) mod geometry;
mod layout;
mod route;
pub(super) mod svg;

use super::types::{Kind, StructuralModel, Value};

pub use dot::dot;
pub use svg::svg;

/// What is drawn: variables and the arrows between them.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// What stands above the picture; may be empty.
    pub title: String,
    /// The variables.
    pub nodes: Vec<Node>,
    /// The arrows; a variance is one with both ends at its variable.
    pub lines: Vec<Line>,
}

/// A variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Whether it is latent: an ellipse and no rectangle.
    pub latent: bool,
}

/// An arrow.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// Whether it has a head at both ends.
    pub double: bool,
    /// What stands at it; may be empty.
    pub label: String,
    /// Whether it is of less interest: a value that nobody chose or estimated.
    pub faint: bool,
}

impl Sketch {
    /// The diagram of a group of a completed model, counted from 0; `label` says what stands at an
    /// arrow, given by its position. Intercepts are not drawn, nor arrows that are fixed at 0, nor
    /// variances that are those of the data.
    pub fn of_model(
        model: &StructuralModel,
        group: usize,
        label: &dyn Fn(usize) -> Option<String>,
    ) -> Sketch {
        let node = |v: &super::Variable| Node { name: v.name.clone(), latent: v.latent };
        let mut lines = Vec::new();
        for (k, arrow) in model.arrows.iter().enumerate() {
            let coefficient = arrow.coefficient(group);
            let absent = matches!(&coefficient.value, Value::Fixed(value) if value.is_zero());
            let given = coefficient.value == Value::Sample && arrow.is_variance();
            if arrow.kind == Kind::Intercept || absent || given {
                continue;
            }
            let said = match &coefficient.value {
                Value::Fixed(value) => Some(value.to_f64().to_string()),
                _ => coefficient.label.clone(),
            };
            lines.push(Line {
                from: arrow.from,
                to: arrow.to,
                double: arrow.kind == Kind::Covariance,
                label: label(k).or(said).unwrap_or_default(),
                faint: coefficient.value == Value::Sample,
            });
        }
        let nodes = model.variables.iter().map(node).collect();
        Sketch { title: String::new(), nodes, lines }
    }
}
