//! Products of sums multiplied out.

use rustc_hash::FxHashMap;

use crate::term::visit::{Rebuild, reachable};
use crate::term::{Graph, Node, Number, Term};

/// More terms than the limit would be needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooManyTerms {
    /// The limit.
    pub limit: usize,
}

/// A sum as its parts; a constant stands at the number 1.
type Parts = Vec<(Number, Option<Term>)>;

/// The term with products distributed over sums and whole powers of sums multiplied out,
/// everywhere outside of quotients and functions and inside their arguments.
///
/// # Errors
/// When a product has more than `limit` terms.
pub fn expand(graph: &mut Graph, root: Term, limit: usize) -> Result<Term, TooManyTerms> {
    let mut images: FxHashMap<Term, Term> = FxHashMap::default();
    for term in reachable(graph, &[root]) {
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
                    if flat.len() > limit {
                        return Err(TooManyTerms { limit });
                    }
                }
                graph.sum(total, flat)
            }
            Node::Product(factors) => {
                let factors: Vec<(Term, Number)> =
                    factors.iter().map(|(t, e)| (images[t], e.clone())).collect();
                multiply(graph, &factors, limit)?
            }
            _ => {
                let mut arguments = Vec::new();
                graph.each_argument(graph.node(term), |t| arguments.push((t, images[&t])));
                Rebuild::with(arguments).within(graph, term)
            }
        };
        images.insert(term, image);
    }
    Ok(images[&root])
}

/// A product whose sums to positive whole powers are multiplied out.
fn multiply(
    graph: &mut Graph,
    factors: &[(Term, Number)],
    limit: usize,
) -> Result<Term, TooManyTerms> {
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
        if power > limit as i64 {
            return Err(TooManyTerms { limit });
        }
        for _ in 0..power {
            total = product(graph, &total, &parts, limit)?;
        }
    }
    let constant = Number::ZERO;
    let mut terms: Vec<(Number, Term)> = Vec::with_capacity(total.len());
    for (c, t) in total {
        let term = t.unwrap_or_else(|| graph.number(1));
        terms.push((c, term));
    }
    Ok(graph.sum(constant, terms))
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
    limit: usize,
) -> Result<Parts, TooManyTerms> {
    let mut found: Vec<(Number, Option<Term>)> = Vec::new();
    let mut place: FxHashMap<Option<Term>, usize> = FxHashMap::default();
    for (a, x) in left {
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
            if found.len() > limit {
                return Err(TooManyTerms { limit });
            }
        }
    }
    found.retain(|(c, _)| !c.is_zero());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_multiplied_out_and_collected() {
        let mut g = Graph::new();
        let [x, y] = ["x", "y"].map(|n| g.symbol(n));
        let (sum, difference) = (g.add(x, y), g.sub(x, y));
        let (a, b) = (g.power(sum, 2), g.power(difference, 2));
        let four = g.sub(a, b);
        let xy = g.mul(x, y);
        let expected = g.scale(4, xy);
        assert_eq!(expand(&mut g, four, 100), Ok(expected));
        let nested = g.mul(sum, difference);
        let nested = g.scale(3, nested);
        let one = g.number(1);
        let nested = g.add(nested, one);
        let (xx, yy) = (g.power(x, 2), g.power(y, 2));
        let three = Number::from(3);
        let parts = vec![(three.clone(), xx), (-&three, yy)];
        let expected = g.sum(Number::ONE, parts);
        assert_eq!(expand(&mut g, nested, 100), Ok(expected));
        let large = g.power(sum, 1000);
        assert_eq!(expand(&mut g, large, 100), Err(TooManyTerms { limit: 100 }));
    }
}
