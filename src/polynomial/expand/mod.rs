//! Products of sums multiplied out.
//!
//! A *head* is a term that is looked at as a whole: the root, and every argument of a function or
//! base of a power that is not whole and positive. What a head combines by sums, products and
//! whole powers is multiplied out at once, as a polynomial; where its exponents do not fit a few
//! machine words, as sums of terms of the graph.

mod terms;

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Atoms, Budget, Exceeded, each_inner};
use crate::term::sample::Claim;
use crate::term::visit::{Rebuild, reachable};
use crate::term::{Graph, Node, Number, Term};

/// Products of machine words for one expansion; a second or two.
const WORK: u64 = 100_000_000;

/// Times that roots which became whole in a product are multiplied out again.
const ROUNDS: usize = 8;

/// Why a term is not multiplied out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLarge {
    /// What was exceeded.
    pub reason: Exceeded,
    /// The most terms that were allowed.
    pub limit: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Exceeded::Terms => write!(f, "the expanded form has more than {} terms", self.limit),
            other => write!(f, "the expression is not multiplied out: {other}"),
        }
    }
}

impl std::error::Error for TooLarge {}

/// The term with products distributed over sums and whole powers of sums multiplied out,
/// everywhere outside of quotients and functions and inside their arguments.
///
/// What has no value anywhere, as far as sampling can tell, stays as it is.
///
/// # Errors
/// When a result has more than `limit` terms or takes too much work.
pub fn expand(graph: &mut Graph, root: Term, limit: usize) -> Result<Term, TooLarge> {
    let order = reachable(graph, &[root]);
    let heads = heads(graph, &order, root);
    let mut budget = Budget { terms: limit, work: WORK };
    let mut images: FxHashMap<Term, Term> = FxHashMap::default();
    for term in order {
        let mut image = rebuilt(graph, term, &images);
        // Terms that cancel must have a value somewhere, all at once.
        let open = heads.contains(&term) && is_open(graph, image);
        let is_defined = |graph: &mut Graph, t: Term| graph.witness(t, Claim::Defined);
        if open && (is_defined(graph, term) || is_defined(graph, image)) {
            image = multiplied_out(graph, image, &mut budget)
                .map_err(|reason| TooLarge { reason, limit })?;
        }
        if image != term {
            images.insert(term, image);
        }
    }
    Ok(images.get(&root).copied().unwrap_or(root))
}

/// The terms that are looked at as a whole.
fn heads(graph: &Graph, order: &[Term], root: Term) -> FxHashSet<Term> {
    let mut heads = FxHashSet::from_iter([root]);
    let mut inside: FxHashSet<Term> = FxHashSet::default();
    for &term in order {
        inside.clear();
        each_inner(graph, term, |t| {
            inside.insert(t);
        });
        graph.each_argument(graph.node(term), |t| {
            if !inside.contains(&t) {
                heads.insert(t);
            }
        });
    }
    heads
}

/// The term with its arguments replaced by their images.
fn rebuilt(graph: &mut Graph, term: Term, images: &FxHashMap<Term, Term>) -> Term {
    let mut map = Vec::new();
    graph.each_argument(graph.node(term), |t| map.extend(images.get(&t).map(|&image| (t, image))));
    if map.is_empty() {
        return term;
    }
    graph.each_argument(graph.node(term), |t| {
        if !images.contains_key(&t) {
            map.push((t, t));
        }
    });
    Rebuild::with(map).within(graph, term)
}

/// Whether there is something to multiply out: a sum that is a factor, or a multiple of a sum.
fn is_open(graph: &Graph, term: Term) -> bool {
    match graph.node(term) {
        Node::Sum { terms, .. } => terms.iter().any(|&(_, t)| is_open_part(graph, t)),
        _ => is_open_part(graph, term),
    }
}

/// Whether a term is to be multiplied out inside of a sum.
fn is_open_part(graph: &Graph, term: Term) -> bool {
    let mut factors = false;
    each_inner(graph, term, |_| factors = true);
    factors
}

/// The sum of products that a term is equal to.
fn multiplied_out(graph: &mut Graph, term: Term, budget: &mut Budget) -> Result<Term, Exceeded> {
    let Node::Sum { constant, terms } = graph.node(term) else {
        return polynomial(graph, term, budget);
    };
    // What needs no multiplication is left out of it, however long it is.
    let (open, rest): (Vec<_>, Vec<_>) =
        terms.iter().cloned().partition(|&(_, t)| is_open_part(graph, t));
    let constant = constant.clone();
    let core = if rest.is_empty() { term } else { graph.sum(Number::ZERO, open) };
    let expanded = polynomial(graph, core, budget)?;
    if rest.is_empty() {
        return Ok(expanded);
    }
    // Term by term, since a long sum would stay closed inside of one that adds little to it.
    let (more, parts) = match graph.node(expanded) {
        Node::Sum { constant, terms } => (constant.clone(), terms.to_vec()),
        _ => (Number::ZERO, vec![(Number::ONE, expanded)]),
    };
    budget.allow(rest.len() + parts.len())?;
    Ok(graph.sum(&constant + &more, rest.into_iter().chain(parts)))
}

/// The term as an expanded polynomial in everything that is no sum, product or whole power.
fn polynomial(graph: &mut Graph, term: Term, budget: &mut Budget) -> Result<Term, Exceeded> {
    let mut term = term;
    for _ in 0..ROUNDS {
        let atoms = Atoms::of(graph, &[term]);
        let image = match atoms.polynomial(graph, term, budget) {
            Ok(polynomial) => atoms.term(graph, &polynomial, budget)?,
            Err(Exceeded::Exponents) => terms::multiplied_out(graph, term, budget)?,
            Err(other) => return Err(other),
        };
        // sqrt(x + y)^2 became x + y, which may stand in a product.
        if atoms.independent() || image == term || !is_open(graph, image) {
            return Ok(image);
        }
        term = image;
    }
    Ok(term)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Op;

    fn xy(g: &mut Graph) -> [Term; 2] {
        ["x", "y"].map(|n| g.symbol(n))
    }

    #[test]
    fn products_are_multiplied_out_and_collected() {
        let mut g = Graph::new();
        let [x, y] = xy(&mut g);
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
        let refused = TooLarge { reason: Exceeded::Terms, limit: 100 };
        assert_eq!(expand(&mut g, large, 100), Err(refused));
    }

    #[test]
    fn arguments_and_denominators_are_multiplied_out_on_their_own() {
        let mut g = Graph::new();
        let [x, y] = xy(&mut g);
        let sum = g.add(x, y);
        let product = g.mul(x, sum);
        let square = g.power(x, 2);
        let xy = g.mul(x, y);
        let expanded = g.add(square, xy);
        let one = g.number(1);
        let [inner, wanted] = [product, expanded].map(|t| g.add(t, one));
        let [sine, wanted_sine] = [inner, wanted].map(|t| g.call(Op::Sin, &[t]));
        assert_eq!(expand(&mut g, sine, 100), Ok(wanted_sine));
        let [quotient, wanted] = [inner, wanted].map(|t| g.power(t, -2));
        let quotient = g.mul(quotient, sine);
        let wanted = g.mul(wanted, wanted_sine);
        assert_eq!(expand(&mut g, quotient, 100), Ok(wanted));
    }

    #[test]
    fn roots_that_become_whole_are_multiplied_out_again() {
        let mut g = Graph::new();
        let [x, y] = xy(&mut g);
        let one = g.number(1);
        let inner = g.add(x, one);
        let root = g.power(inner, Number::HALF);
        let (sum, difference) = (g.add(root, y), g.sub(root, y));
        let product = g.product([(sum, Number::ONE), (difference, Number::ONE), (y, Number::ONE)]);
        // y (sqrt(x + 1) + y) (sqrt(x + 1) - y) = x y + y - y^3
        let (xy, cube) = (g.mul(x, y), g.power(y, 3));
        let parts = [(Number::ONE, xy), (Number::ONE, y), (Number::MINUS_ONE, cube)];
        let expected = g.sum(Number::ZERO, parts);
        assert_eq!(expand(&mut g, product, 100), Ok(expected));
    }

    #[test]
    fn what_has_no_value_stays() {
        let mut g = Graph::new();
        let [x, y] = xy(&mut g);
        let square = g.power(x, 2);
        let negative = g.sum(Number::MINUS_ONE, [(Number::MINUS_ONE, square)]);
        let log = g.call(Op::Log, &[negative]);
        let (sum, difference) = (g.add(log, y), g.sub(log, y));
        let (a, b) = (g.mul(sum, difference), g.mul(difference, sum));
        let twice = g.add(a, b);
        assert_eq!(expand(&mut g, twice, 100), Ok(twice));
    }

    #[test]
    fn a_long_expansion_is_one_sum_with_what_stands_beside_it() {
        let mut g = Graph::new();
        let [x, y] = xy(&mut g);
        let sum = g.add(x, y);
        let long = g.power(sum, 2000);
        let sine = g.call(Op::Sin, &[x]);
        let whole = g.sum(Number::from(3), [(Number::ONE, long), (Number::HALF, sine)]);
        let expanded = expand(&mut g, whole, 10_000).unwrap();
        assert!(matches!(g.node(expanded), Node::Sum { terms, .. } if terms.len() == 2002));
    }

    #[test]
    fn many_variables_and_large_exponents_are_multiplied_out_by_terms() {
        let mut g = Graph::new();
        let [x, y] = xy(&mut g);
        let variables: Vec<Term> = (0..2000).map(|k| g.symbol(&format!("s{k}"))).collect();
        let long = g.sum(Number::ZERO, variables.iter().map(|&v| (Number::ONE, v)));
        let sum = g.add(x, y);
        let product = g.mul(sum, long);
        let expanded = expand(&mut g, product, 10_000).unwrap();
        assert!(matches!(g.node(expanded), Node::Sum { terms, .. } if terms.len() == 4000));
        assert!(expand(&mut g, product, 1000).is_err());
        let large = g.power(x, 1_i64 << 40);
        let one = g.number(1);
        let plus = g.sum(Number::ONE, [(Number::ONE, large), (Number::ONE, x)]);
        let minus = g.sub(plus, one);
        let product = g.mul(plus, minus);
        let expanded = expand(&mut g, product, 100).unwrap();
        // L^2 + 2 x L + x^2 + L + x
        assert!(matches!(g.node(expanded), Node::Sum { terms, .. } if terms.len() == 5));
    }
}
