//! Patterns of rules, what their variables are bound to, and what a match leaves over.

use egg::Id;
use smallvec::SmallVec;

use super::language::{Form, Head};
use super::space::Space;
use super::trace::Frames;
use crate::term::{FunctionId, Graph, Node, Number, Op, Term};

/// A pattern over classes; rule sides are canonical terms with `?x` symbols as variables.
#[derive(Clone, PartialEq, Debug)]
pub enum Pattern {
    /// Any class, the same one at each occurrence.
    Variable(usize),
    /// An exact number.
    Number(Number),
    /// `constant + Σ coefficient · pattern`.
    Sum(Number, Vec<(Number, Pattern)>),
    /// `Π pattern ^ exponent`.
    Product(Vec<(Pattern, Number)>),
    /// An operation of the table.
    Call(Op, Vec<Pattern>),
    /// A registered function.
    Apply(FunctionId, Vec<Pattern>),
}

/// Classes with exponents.
pub type Powers = SmallVec<[(Id, Number); 2]>;

/// What a variable is bound to: a class, or a part of a sum or product that has no class yet.
#[derive(Clone, PartialEq, Debug)]
pub enum Bound {
    /// A class.
    Class(Id),
    /// `coefficient · Π class ^ exponent`, sorted, not a single class.
    Monomial(Number, Powers),
    /// `constant + Σ coefficient · class`, sorted, with at least two parts.
    Linear(Number, Vec<(Number, Id)>),
}

impl Bound {
    pub(super) fn monomial(coefficient: Number, mut factors: Powers) -> Bound {
        factors.sort();
        match factors.as_slice() {
            [(id, e)] if coefficient.is_one() && e.is_one() => Bound::Class(*id),
            _ => Bound::Monomial(coefficient, factors),
        }
    }

    pub(super) fn linear(constant: Number, terms: Vec<(Number, Id)>) -> Bound {
        match terms.as_slice() {
            [] => Bound::Monomial(constant, Powers::new()),
            [(c, id)] if constant.is_zero() => {
                Bound::monomial(c.clone(), Powers::from_iter([(*id, Number::ONE)]))
            }
            _ => Bound::Linear(constant, terms),
        }
    }

    /// The class of what is bound, added to the graph if need be.
    pub fn class(&self, space: &mut impl Space) -> Id {
        match self {
            Bound::Class(id) => *id,
            Bound::Monomial(c, factors) => space.product_of(c.clone(), factors.to_vec()),
            Bound::Linear(k, terms) => space.sum_of(k.clone(), terms.clone()),
        }
    }
}

/// Bindings of a rule's variables, by position.
pub type Bindings = Vec<Option<Bound>>;

/// What a root pattern did not use of the node that it matched.
#[derive(Clone, PartialEq, Debug)]
pub enum Rest {
    /// The whole class was matched.
    None,
    /// The matched terms stood in a sum, times a factor.
    Sum(Number, Number, Vec<(Number, Id)>),
    /// The matched factors stood in a product.
    Product(Vec<(Id, Number)>),
}

/// One match of a rule's left side.
#[derive(Clone, PartialEq, Debug)]
pub struct Match {
    /// The class that the left side was found in.
    pub class: Id,
    /// The variables.
    pub bindings: Bindings,
    /// What else stood beside the matched part.
    pub rest: Rest,
    /// The nodes that were looked into, when the space asks for them.
    pub frames: Frames,
}

impl Pattern {
    /// The pattern of a rule side: symbols in `variables` are its variables.
    ///
    /// `None` when the term contains something that patterns do not have (elements, reductions).
    pub fn of(graph: &Graph, term: Term, variables: &[Term]) -> Option<Pattern> {
        if let Some(v) = variables.iter().position(|&v| v == term) {
            return Some(Pattern::Variable(v));
        }
        let part = |t: &Term| Pattern::of(graph, *t, variables);
        Some(match graph.node(term) {
            Node::Number(n) => Pattern::Number(n.clone()),
            Node::Sum { constant, terms } => {
                let parts: Option<Vec<_>> =
                    terms.iter().map(|(c, t)| Some((c.clone(), part(t)?))).collect();
                Pattern::Sum(constant.clone(), parts?)
            }
            Node::Product(factors) => {
                let parts: Option<Vec<_>> =
                    factors.iter().map(|(t, e)| Some((part(t)?, e.clone()))).collect();
                Pattern::Product(parts?)
            }
            Node::Call(op, args) => {
                Pattern::Call(*op, args.iter().map(part).collect::<Option<_>>()?)
            }
            Node::Apply(f, args) => {
                Pattern::Apply(*f, args.iter().map(part).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    /// The root as a node whose arguments are classes 0, 1, …, and the patterns of these.
    ///
    /// `None` for a variable.
    pub(super) fn form(&self) -> Option<(Form, Vec<&Pattern>)> {
        let ids = |n: usize| (0..n).map(Id::from).collect();
        Some(match self {
            Pattern::Variable(_) => return None,
            Pattern::Number(n) => (Form::Number(n.clone()), Vec::new()),
            Pattern::Sum(constant, parts) => {
                let coefficients = parts.iter().map(|(c, _)| c.clone()).collect();
                let constant = constant.clone();
                let form = Form::Sum { constant, coefficients, ids: ids(parts.len()) };
                (form, parts.iter().map(|(_, p)| p).collect())
            }
            Pattern::Product(parts) => {
                let exponents = parts.iter().map(|(_, e)| e.clone()).collect();
                let form = Form::Product { exponents, ids: ids(parts.len()) };
                (form, parts.iter().map(|(p, _)| p).collect())
            }
            Pattern::Call(op, args) => (Form::Call(*op, ids(args.len())), args.iter().collect()),
            Pattern::Apply(f, args) => (Form::Apply(*f, ids(args.len())), args.iter().collect()),
        })
    }

    /// Calls `f` with each occurrence of a variable.
    pub fn each_variable(&self, f: &mut impl FnMut(usize)) {
        match self {
            Pattern::Variable(v) => f(*v),
            Pattern::Number(_) => {}
            Pattern::Sum(_, parts) => parts.iter().for_each(|(_, p)| p.each_variable(f)),
            Pattern::Product(parts) => parts.iter().for_each(|(p, _)| p.each_variable(f)),
            Pattern::Call(_, args) | Pattern::Apply(_, args) => {
                args.iter().for_each(|p| p.each_variable(f));
            }
        }
    }

    /// Orders the parts of sums and products for matching: definite shapes first, then variables
    /// by falling number of occurrences, so that the last one can take what is left.
    pub fn ordered(self, occurrences: &[usize]) -> Pattern {
        let rank = |p: &Pattern| match p {
            Pattern::Variable(v) => (3, usize::MAX - occurrences[*v]),
            Pattern::Sum(..) => (1, 0),
            Pattern::Product(_) => (2, 0),
            _ => (0, 0),
        };
        match self {
            Pattern::Sum(k, mut parts) => {
                parts.sort_by_key(|(_, p)| rank(p));
                Pattern::Sum(
                    k,
                    parts.into_iter().map(|(c, p)| (c, p.ordered(occurrences))).collect(),
                )
            }
            Pattern::Product(mut parts) => {
                // Only a variable without an exponent takes what is left: such a one comes last.
                parts.sort_by_key(|(p, e)| (rank(p).0, e.is_one(), rank(p)));
                Pattern::Product(
                    parts.into_iter().map(|(p, e)| (p.ordered(occurrences), e)).collect(),
                )
            }
            Pattern::Call(op, args) => {
                Pattern::Call(op, args.into_iter().map(|p| p.ordered(occurrences)).collect())
            }
            Pattern::Apply(f, args) => {
                Pattern::Apply(f, args.into_iter().map(|p| p.ordered(occurrences)).collect())
            }
            leaf => leaf,
        }
    }

    /// The kind of node that a class must have to match at its root; `None` for a variable.
    pub fn head(&self) -> Option<Head> {
        Some(match self {
            Pattern::Variable(_) => return None,
            Pattern::Number(_) => Head::Number,
            Pattern::Sum(..) => Head::Sum,
            Pattern::Product(_) => Head::Product,
            Pattern::Call(op, _) => Head::Call(*op),
            Pattern::Apply(f, _) => Head::Apply(*f),
        })
    }

    /// Whether two patterns differ only in their variables.
    pub(super) fn same_shape(&self, other: &Pattern) -> bool {
        match (self, other) {
            (Pattern::Variable(_), Pattern::Variable(_)) => true,
            (Pattern::Number(a), Pattern::Number(b)) => a == b,
            (Pattern::Sum(k, a), Pattern::Sum(l, b)) => {
                k == l
                    && a.len() == b.len()
                    && a.iter().zip(b).all(|((c, p), (d, q))| c == d && p.same_shape(q))
            }
            (Pattern::Product(a), Pattern::Product(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|((p, e), (q, f))| e == f && p.same_shape(q))
            }
            (Pattern::Call(f, a), Pattern::Call(g, b)) => {
                f == g && a.iter().zip(b).all(|(p, q)| p.same_shape(q))
            }
            (Pattern::Apply(f, a), Pattern::Apply(g, b)) => {
                f == g && a.iter().zip(b).all(|(p, q)| p.same_shape(q))
            }
            _ => false,
        }
    }

    /// The class of this pattern under bindings, added to the graph.
    pub fn build(&self, space: &mut impl Space, bindings: &Bindings) -> Id {
        match self {
            Pattern::Variable(v) => match &bindings[*v] {
                Some(bound) => bound.clone().class(space),
                None => unreachable!("rules bind every variable of their right side"),
            },
            Pattern::Number(n) => space.insert(Form::Number(n.clone())),
            Pattern::Sum(k, parts) => {
                let terms =
                    parts.iter().map(|(c, p)| (c.clone(), p.build(space, bindings))).collect();
                space.sum_of(k.clone(), terms)
            }
            Pattern::Product(parts) => {
                let factors =
                    parts.iter().map(|(p, e)| (p.build(space, bindings), e.clone())).collect();
                space.product_of(Number::ONE, factors)
            }
            Pattern::Call(op, args) => {
                let args: Vec<Id> = args.iter().map(|p| p.build(space, bindings)).collect();
                space.call_of(*op, &args)
            }
            Pattern::Apply(f, args) => {
                let args = args.iter().map(|p| p.build(space, bindings)).collect();
                space.insert(Form::Apply(*f, args))
            }
        }
    }
}
