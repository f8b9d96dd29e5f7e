//! From the text of an expression to the shortest equal text.

use super::Refused;
use super::definitions::Definitions;
use super::request::Workspace;
use crate::term::{Graph, Term};
use crate::text::{Diagnostic, Limits, Source};

/// The shortest form found of an expression, as text that reads back.
///
/// ```
/// use isoterm::{session::simplify, text::{Limits, Source}};
/// let source = Source::new("expression", "3*sin(x)^2 + 3*cos(x)^2 + y - y");
/// assert_eq!(simplify(source, &Limits::default()).unwrap(), "3");
/// ```
///
/// # Errors
/// What is wrong with the text, each with its place.
pub fn simplify(source: Source, limits: &Limits) -> Result<String, Refused> {
    let mut workspace = Workspace::new(limits);
    let simplified = workspace.read(source.text()).and_then(|root| workspace.simplify(root));
    match simplified {
        Ok(reduced) => Ok(reduced.expression),
        Err(diagnostics) => Err(Refused { source: Some(source), diagnostics }),
    }
}

/// The term of a text in which every unknown name is a free real variable.
///
/// # Errors
/// What is wrong with the text, each with its place.
pub fn term(source: &Source, graph: &mut Graph, limits: &Limits) -> Result<Term, Vec<Diagnostic>> {
    Definitions::default().term(source, graph, limits)
}
