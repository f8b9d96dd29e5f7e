//! Derivatives of terms, memoised on the graph and computed without recursion.

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::rules::Rules;
use crate::term::{Affine, Binder, Derivative, FunctionId, Graph, Node, Number, Op, Term};

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
    by.iter().map(|&x| derivative(graph, term, x)).collect()
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
        let (mut seen, mut stack) = (FxHashSet::default(), vec![root]);
        while let Some(term) = stack.pop() {
            let late = self.target.as_ref().is_none_or(|target| term >= target.leaf);
            if late && !self.memo.contains_key(&term) && seen.insert(term) {
                graph.each_argument(graph.node(term), |t| stack.push(t));
            }
        }
        let mut order: Vec<Term> = seen.into_iter().collect();
        order.sort_unstable();
        order
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
        let image = match graph.node(term).clone() {
            Node::Sum { terms, .. } => {
                let parts: Vec<(Number, Term)> =
                    terms.iter().filter_map(|(c, t)| Some((c.clone(), self.get(*t)?))).collect();
                graph.sum(Number::ZERO, parts)
            }
            Node::Product(factors) => self.product(graph, &factors),
            Node::Call(op, args) => self.call(graph, op, &args)?,
            Node::Apply(f, args) => self.apply(graph, f, &args)?,
            Node::Reduce { binder, from, to, body } => {
                return Ok(self.reduce(graph, IndexRange { binder, from, to }, body));
            }
            Node::Number(_) | Node::Symbol(_) | Node::Element(..) | Node::Index(_) => {
                return Ok(None);
            }
        };
        let zero = graph.as_number(image).is_some_and(Number::is_zero);
        Ok((!zero).then_some(image))
    }

    /// `Σ eᵢ bᵢ^(eᵢ-1) bᵢ' Π_{j≠i} bⱼ^eⱼ`, without a division.
    fn product(&self, graph: &mut Graph, factors: &[(Term, Number)]) -> Term {
        let mut parts = Vec::new();
        for (i, (base, exponent)) in factors.iter().enumerate() {
            let Some(d) = self.get(*base) else { continue };
            let mut rest: Vec<(Term, Number)> = factors.to_vec();
            rest[i].1 = exponent - &Number::ONE;
            rest.push((d, Number::ONE));
            rest.retain(|(_, e)| !e.is_zero());
            let product = graph.product(rest);
            parts.push((exponent.clone(), product));
        }
        graph.sum(Number::ZERO, parts)
    }

    fn call(&self, graph: &mut Graph, op: Op, args: &[Term]) -> Result<Term, Error> {
        let derivatives: SmallVec<[Option<Term>; 3]> = args.iter().map(|&a| self.get(a)).collect();
        Rules::standard()
            .apply(graph, op, args, &derivatives)
            .ok_or(Error::MissingRule { operation: op.row().name })
    }

    /// The chain rule over the arguments of a registered function.
    fn apply(&self, graph: &mut Graph, f: FunctionId, args: &[Term]) -> Result<Term, Error> {
        let Derivative::Rules(rules) = graph.function(f).derivative.clone() else {
            return Err(Error::UnknownDerivative { function: graph.function(f).name.clone() });
        };
        let mut parts = Vec::new();
        for (rule, &arg) in rules.iter().zip(args) {
            if let Some(d) = self.get(arg) {
                let partial = rule(graph, args);
                parts.push((Number::ONE, graph.mul(partial, d)));
            }
        }
        Ok(graph.sum(Number::ZERO, parts))
    }

    fn reduce(&self, graph: &mut Graph, reduction: IndexRange, body: Term) -> Option<Term> {
        let inner = self.get(body)?;
        let bit = 1 << reduction.binder.0;
        let bound = self.target.as_ref().filter(|t| graph.free_binders(t.leaf) & bit != 0);
        let Some(target) = bound else {
            let IndexRange { binder, from, to } = reduction;
            return Some(graph.reduce(binder, from, to, inner));
        };
        // A reduction of the same index over another range holds other elements.
        let ours = target.through.contains(&reduction);
        ours.then(|| {
            let free = Affine::binder(reduction.promoted());
            graph.instantiate(inner, reduction.binder, &free)
        })
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
