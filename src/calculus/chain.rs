//! The chain rule: the derivative of one node from the derivatives of its arguments.

use smallvec::SmallVec;

use super::derivative::{Error, IndexRange, Target};
use super::rules::Rules;
use crate::term::{Affine, Derivative, FunctionId, Graph, Node, Number, Op, Term};

/// The derivative of an argument; none stands for zero.
pub(super) type Known<'a> = &'a dyn Fn(Term) -> Option<Term>;

/// The derivative of a node that is no leaf; none stands for zero.
///
/// The target decides which reductions are passed; along a direction there is none.
pub(super) fn chain(
    graph: &mut Graph,
    term: Term,
    target: Option<&Target>,
    known: Known,
) -> Result<Option<Term>, Error> {
    let image = match graph.node(term).clone() {
        Node::Sum { terms, .. } => {
            let parts: Vec<(Number, Term)> =
                terms.iter().filter_map(|(c, t)| Some((c.clone(), known(*t)?))).collect();
            graph.sum(Number::ZERO, parts)
        }
        Node::Product(factors) => {
            let derivatives = factors.iter().enumerate();
            let derivatives: SmallVec<[(usize, Term); 4]> =
                derivatives.filter_map(|(k, (base, _))| Some((k, known(*base)?))).collect();
            product(graph, &factors, &derivatives)
        }
        Node::Call(op, args) => call(graph, op, &args, known)?,
        Node::Apply(f, args) => apply(graph, f, &args, known)?,
        Node::Reduce { binder, from, to, body } => {
            let Some(inner) = known(body) else { return Ok(None) };
            return Ok(reduce(graph, IndexRange { binder, from, to }, inner, target));
        }
        Node::Number(_) | Node::Symbol(_) | Node::Element(..) | Node::Index(_) => return Ok(None),
    };
    Ok(nonzero(graph, image))
}

/// The term, unless it is zero.
pub(super) fn nonzero(graph: &Graph, term: Term) -> Option<Term> {
    (!graph.as_number(term).is_some_and(Number::is_zero)).then_some(term)
}

/// `Σ eᵢ bᵢ^(eᵢ-1) bᵢ' Π_{j≠i} bⱼ^eⱼ` over the bases whose derivatives are given, without a
/// division.
pub(super) fn product(
    graph: &mut Graph,
    factors: &[(Term, Number)],
    derivatives: &[(usize, Term)],
) -> Term {
    let mut parts: SmallVec<[(Number, Term); 4]> = SmallVec::new();
    for &(k, d) in derivatives {
        let exponent = &factors[k].1;
        let powers = factors.iter().enumerate().map(|(i, (base, e))| match i == k {
            true => (*base, e - &Number::ONE),
            false => (*base, e.clone()),
        });
        let powers = powers.filter(|(_, e)| !e.is_zero());
        let rest: SmallVec<[(Term, Number); 6]> = powers.chain([(d, Number::ONE)]).collect();
        parts.push((exponent.clone(), graph.product(rest)));
    }
    match parts.as_slice() {
        [(c, part)] if c.is_one() => *part,
        _ => graph.sum(Number::ZERO, parts),
    }
}

fn call(graph: &mut Graph, op: Op, args: &[Term], known: Known) -> Result<Term, Error> {
    let derivatives: SmallVec<[Option<Term>; 3]> = args.iter().map(|&a| known(a)).collect();
    Rules::standard()
        .apply(graph, op, args, &derivatives)
        .ok_or(Error::MissingRule { operation: op.row().name })
}

/// The chain rule over the arguments of a registered function.
fn apply(graph: &mut Graph, f: FunctionId, args: &[Term], known: Known) -> Result<Term, Error> {
    let Derivative::Rules(rules) = graph.function(f).derivative.clone() else {
        return Err(Error::UnknownDerivative { function: graph.function(f).name.clone() });
    };
    let mut parts = Vec::new();
    for (rule, &arg) in rules.iter().zip(args) {
        if let Some(d) = known(arg) {
            let partial = rule(graph, args);
            parts.push((Number::ONE, graph.mul(partial, d)));
        }
    }
    Ok(graph.sum(Number::ZERO, parts))
}

/// The derivative of a reduction from that of its body.
pub(super) fn reduce(
    graph: &mut Graph,
    reduction: IndexRange,
    inner: Term,
    target: Option<&Target>,
) -> Option<Term> {
    let bit = 1 << reduction.binder.0;
    let bound = target.filter(|t| graph.free_binders(t.leaf) & bit != 0);
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
