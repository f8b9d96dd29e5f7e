//! What the names of an expression mean, as the one who lowers it decides.

use crate::term::{Affine, Graph, Term};
use crate::text::{Diagnostic, Kind};

/// What the names of an expression mean.
///
/// A method that returns `None` does not know the name; the next source of meaning is asked then:
/// after the indices bound around the place come the scope, the constants `pi` and `e` and the
/// operation table, and at last [`Scope::unknown`].
pub trait Scope {
    /// The term of a scalar name.
    fn symbol(&mut self, graph: &mut Graph, name: &str) -> Option<Term>;

    /// The value of a name that stands for a formula; `level` is the first binder that is free to
    /// use inside.
    fn value(
        &mut self,
        graph: &mut Graph,
        name: &str,
        level: u8,
    ) -> Option<Result<Term, Diagnostic>> {
        let _ = (graph, name, level);
        None
    }

    /// The value of an integer constant, for indices and ranges.
    fn integer(&self, name: &str) -> Option<i64> {
        let _ = name;
        None
    }

    /// The number of indices of an array.
    fn dimensions(&self, array: &str) -> Option<usize> {
        let _ = array;
        None
    }

    /// The element of an array that [`Scope::dimensions`] knows, with that many indices.
    ///
    /// # Errors
    /// What is wrong with the indices, without a span; the span of the element is filled in.
    fn element(
        &mut self,
        graph: &mut Graph,
        array: &str,
        indices: &[Affine],
    ) -> Result<Term, Diagnostic> {
        Ok(graph.element(array, indices))
    }

    /// The number of arguments of a function of the user; functions registered in the graph are
    /// known anyway.
    fn arity(&self, function: &str) -> Option<usize> {
        let _ = function;
        None
    }

    /// The value of a function that [`Scope::arity`] knows, at that many numbers.
    ///
    /// `level` is the first binder that is free to use inside. A scope without functions knows none.
    ///
    /// # Errors
    /// What is wrong, without a span; the span of the call is filled in.
    fn call(
        &mut self,
        graph: &mut Graph,
        function: &str,
        args: &[Term],
        level: u8,
    ) -> Result<Term, Diagnostic> {
        let _ = (graph, args, level);
        Err(Diagnostic::without_place(Kind::Name, format!("unknown function `{function}`")))
    }

    /// The term of a name that nothing knows; `None` makes it an error.
    fn unknown(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
        let _ = (graph, name);
        None
    }

    /// The names that may be suggested in place of an unknown one.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}
