//! Derivatives of terms, memoised on the graph and computed without recursion.

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::chain::chain;
use super::gradients::Gradients;
use crate::term::visit::closure;
use crate::term::{Binder, Graph, Node, Term};

/// Why a derivative does not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Error {
    /// A registered function came without a derivative.
    UnknownDerivative {
        /// Its name.
        function: String,
    },
    /// An operation has no line in the rules.
    MissingRule {
        /// Its name in the operation table.
        operation: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownDerivative { function } => {
                write!(f, "the function `{function}` has no known derivative")
            }
            Error::MissingRule { operation } => {
                write!(f, "no derivative rule for the operation `{operation}`")
            }
        }
    }
}

impl std::error::Error for Error {}

/// The inclusive range of an index that a family or a reduction binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IndexRange {
    /// The bound index.
    pub binder: Binder,
    /// First value.
    pub from: i64,
    /// Last value.
    pub to: i64,
}

impl IndexRange {
    /// The number of values; zero when the range is empty.
    pub fn len(&self) -> usize {
        usize::try_from(self.to - self.from + 1).unwrap_or(0)
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.from > self.to
    }

    /// The binder that stands for this one in derivatives by a single summand.
    ///
    /// `∂/∂x[j] sum(x[j]^2 for j in …)` is `2 x[j]` with `j` free. The free index gets a level of
    /// its own, so that other reductions inside the same derivative may still bind theirs.
    pub fn promoted(&self) -> Binder {
        Binder(self.binder.0 + PROMOTED)
    }
}

/// Levels from here on belong to the indices of promoted reductions.
pub const PROMOTED: u8 = 16;

/// What to differentiate by: a symbol, or an array element at its written indices.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Target {
    /// The symbol or element term.
    pub leaf: Term,
    /// The reductions that bind indices of the element, outermost first.
    pub through: SmallVec<[IndexRange; 2]>,
}

impl From<Term> for Target {
    fn from(leaf: Term) -> Self {
        Target { leaf, through: SmallVec::new() }
    }
}

/// The derivatives of terms by one target or along one direction, remembered.
pub struct Differentiation {
    /// Absent in a derivative along a direction.
    target: Option<Target>,
    /// `None` stands for zero.
    memo: FxHashMap<Term, Option<Term>>,
}

/// The derivative of a term by a symbol or an array element.
///
/// # Errors
/// When the term applies a function whose derivative is not known.
pub fn derivative(graph: &mut Graph, term: Term, by: Term) -> Result<Term, Error> {
    Differentiation::by(by.into()).of(graph, term)
}

/// The derivatives of a term by each of several symbols or array elements.
///
/// # Errors
/// When the term applies a function whose derivative is not known.
pub fn gradient(graph: &mut Graph, term: Term, by: &[Term]) -> Result<Vec<Term>, Error> {
    let mut gradients = Gradients::by(by.iter().map(|&x| Target::from(x)));
    gradients.of(graph, term)?;
    let zero = graph.number(0);
    Ok((0..by.len()).map(|k| gradients.get(term, k).unwrap_or(zero)).collect())
}

impl Differentiation {
    /// Derivatives by `target`.
    pub fn by(target: Target) -> Differentiation {
        Differentiation { target: Some(target), memo: FxHashMap::default() }
    }

    /// Directional derivatives, `Σ ∂term/∂leaf · tangent` over pairs of a leaf and its tangent.
    ///
    /// The tangent of an element is a term of the element's own indices, so that families and
    /// reductions keep their form: the tangent of `sum(x[j]^2 for j in …)` is
    /// `sum(2*x[j]*s[j] for j in …)`. A tangent must not hold other indices that a reduction binds.
    pub fn along(tangents: impl IntoIterator<Item = (Term, Term)>) -> Differentiation {
        let memo = tangents.into_iter().map(|(leaf, tangent)| (leaf, Some(tangent))).collect();
        Differentiation { target: None, memo }
    }

    /// The derivative of `root`.
    ///
    /// Where the target passes through reductions, their indices are free in the result, at the
    /// levels of [`IndexRange::promoted`].
    ///
    /// # Errors
    /// When a function without a known derivative depends on the target.
    pub fn of(&mut self, graph: &mut Graph, root: Term) -> Result<Term, Error> {
        for term in self.pending(graph, root) {
            let image = self.node(graph, term)?;
            self.memo.insert(term, image);
        }
        Ok(match self.get(root) {
            Some(d) => d,
            None => graph.number(0),
        })
    }

    /// The remembered derivative; terms built before the target cannot contain it.
    fn get(&self, term: Term) -> Option<Term> {
        self.memo.get(&term).copied().flatten()
    }

    /// Terms whose derivative is needed and not yet known, arguments first.
    fn pending(&self, graph: &Graph, root: Term) -> Vec<Term> {
        let open = |t: &Term| {
            let late = self.target.as_ref().is_none_or(|target| *t >= target.leaf);
            late && !self.memo.contains_key(t)
        };
        let roots: SmallVec<[Term; 1]> = [root].into_iter().filter(open).collect();
        closure(&roots, |term, visit| {
            graph.each_argument(graph.node(term), |t| {
                if open(&t) {
                    visit(t);
                }
            });
        })
    }

    /// The derivative of one node from those of its arguments; `None` for zero.
    fn node(&self, graph: &mut Graph, term: Term) -> Result<Option<Term>, Error> {
        if self.target.as_ref().is_some_and(|target| term == target.leaf) {
            return Ok(Some(graph.number(1)));
        }
        let mut depends = false;
        graph.each_argument(graph.node(term), |t| depends |= self.get(t).is_some());
        if !depends {
            return Ok(None);
        }
        chain(graph, term, self.target.as_ref(), &|t| self.get(t))
    }
}

/// The targets on which a term depends among the symbols and arrays that `wanted` accepts.
///
/// An element inside reductions appears once for each set of reductions that bind its indices.
/// The order is that of construction.
pub fn targets(graph: &Graph, root: Term, wanted: impl Fn(&str) -> bool) -> Vec<Target> {
    type Context = SmallVec<[IndexRange; 2]>;
    let start: (Term, Context) = (root, Context::new());
    let mut seen: FxHashSet<(Term, Context)> = FxHashSet::from_iter([start.clone()]);
    let mut stack = vec![start];
    let mut found = Vec::new();
    while let Some((term, context)) = stack.pop() {
        let mut inner = context.clone();
        match graph.node(term) {
            Node::Symbol(s) if wanted(graph.name(*s)) => found.push(Target::from(term)),
            Node::Element(a, _) if wanted(graph.name(*a)) => {
                let free = graph.free_binders(term);
                inner.retain(|r| free & (1 << r.binder.0) != 0);
                found.push(Target { leaf: term, through: inner.clone() });
            }
            &Node::Reduce { binder, from, to, .. } => inner.push(IndexRange { binder, from, to }),
            _ => {}
        }
        graph.each_argument(graph.node(term), |t| {
            let next = (t, inner.clone());
            if seen.insert(next.clone()) {
                stack.push(next);
            }
        });
    }
    found.sort();
    found.dedup();
    found
}
