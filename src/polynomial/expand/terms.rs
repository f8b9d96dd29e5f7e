//! Multiplying out by terms of the graph, for more variables than fit a few machine words.

use rustc_hash::FxHashMap;

use crate::polynomial::{Budget, Exceeded, region};
use crate::term::{Graph, Node, Number, Term};

/// A sum as its parts; a constant stands at the number 1.
type Parts = Vec<(Number, Option<Term>)>;

/// What a product of two terms takes, in products of machine words, and what each factor adds.
const PRODUCT: u64 = 100;
const FACTOR: u64 = 10;

/// The term with what it combines by sums, products and whole powers multiplied out.
pub(super) fn multiplied_out(
    graph: &mut Graph,
    root: Term,
    budget: &mut Budget,
) -> Result<Term, Exceeded> {
    let mut images: FxHashMap<Term, Term> = FxHashMap::default();
    for term in region(graph, &[root]) {
        let image = match graph.node(term).clone() {
            Node::Sum { constant, terms } => {
                // A multiple of a sum is a sum of multiples.
                let mut total = constant;
                let mut flat: Vec<(Number, Term)> = Vec::new();
                for (c, t) in &*terms {
                    for (k, part) in parts(graph, images[t]) {
                        match part {
                            Some(part) => flat.push((c * &k, part)),
                            None => total = &total + &(c * &k),
                        }
                    }
                    budget.allow(flat.len())?;
                }
                graph.sum(total, flat)
            }
            Node::Product(factors) => {
                let image = |t: &Term| images.get(t).copied().unwrap_or(*t);
                let factors: Vec<(Term, Number)> =
                    factors.iter().map(|(t, e)| (image(t), e.clone())).collect();
                multiply(graph, &factors, budget)?
            }
            _ => term,
        };
        images.insert(term, image);
    }
    Ok(images[&root])
}

/// A product whose sums to positive whole powers are multiplied out.
fn multiply(
    graph: &mut Graph,
    factors: &[(Term, Number)],
    budget: &mut Budget,
) -> Result<Term, Exceeded> {
    let mut sums: Vec<(Term, i64)> = Vec::new();
    let mut kept: Vec<(Term, Number)> = Vec::new();
    for (base, exponent) in factors {
        match exponent.to_i64() {
            Some(n) if n > 0 && matches!(graph.node(*base), Node::Sum { .. }) => {
                sums.push((*base, n))
            }
            _ => kept.push((*base, exponent.clone())),
        }
    }
    let rest = graph.product(kept);
    let mut total: Parts = vec![(Number::ONE, Some(rest))];
    for (sum, power) in sums {
        let parts = parts(graph, sum);
        // A power of a sum of several terms has more terms than its exponent says.
        budget.allow(usize::try_from(power).unwrap_or(usize::MAX))?;
        for _ in 0..power {
            total = product(graph, &total, &parts, budget)?;
        }
    }
    let mut terms: Vec<(Number, Term)> = Vec::with_capacity(total.len());
    for (c, t) in total {
        let term = t.unwrap_or_else(|| graph.number(1));
        terms.push((c, term));
    }
    Ok(graph.sum(Number::ZERO, terms))
}

fn parts(graph: &Graph, term: Term) -> Parts {
    match graph.node(term) {
        Node::Sum { constant, terms } => {
            let mut parts: Parts = terms.iter().map(|(c, t)| (c.clone(), Some(*t))).collect();
            if !constant.is_zero() {
                parts.push((constant.clone(), None));
            }
            parts
        }
        _ => vec![(Number::ONE, Some(term))],
    }
}

/// The product of two sums, with like terms collected.
fn product(
    graph: &mut Graph,
    left: &Parts,
    right: &Parts,
    budget: &mut Budget,
) -> Result<Parts, Exceeded> {
    let mut found: Vec<(Number, Option<Term>)> = Vec::new();
    let mut place: FxHashMap<Option<Term>, usize> = FxHashMap::default();
    let factors = |graph: &Graph, part: &Option<Term>| match part.map(|t| graph.node(t)) {
        Some(Node::Product(factors)) => factors.len() as u64,
        _ => 1,
    };
    let longest = right.iter().map(|(_, y)| factors(graph, y)).max().unwrap_or(1);
    for (a, x) in left {
        let each = PRODUCT + FACTOR * (factors(graph, x) + longest);
        budget.spend(each * right.len() as u64)?;
        for (b, y) in right {
            let term = match (x, y) {
                (Some(x), Some(y)) => Some(graph.mul(*x, *y)),
                (one, other) => one.or(*other),
            };
            // A product of monomials may carry a coefficient, as sqrt(2)*sqrt(2) does.
            let c = a * b;
            match place.get(&term) {
                Some(&k) => found[k].0 = &found[k].0 + &c,
                None => {
                    place.insert(term, found.len());
                    found.push((c, term));
                }
            }
            budget.allow(found.len())?;
        }
    }
    found.retain(|(c, _)| !c.is_zero());
    Ok(found)
}
