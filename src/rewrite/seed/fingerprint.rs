//! Whether two terms are the same polynomial, at random points modulo the prime 2^61 - 1.
//!
//! Leaves have random values; what is no sum, product or whole power is one more variable, the
//! same for equal arguments. Two polynomials of degree `d` that differ agree at such a point with
//! a probability of at most `d / 2^61` (Schwartz 1980, Zippel 1979), and here there are two points.

use rustc_hash::FxHashMap;

use crate::term::modular::{P, add, invert, mul, power, residue};
use crate::term::visit::reachable;
use crate::term::{Graph, Node, Number, Term};

/// The values of terms at two points; `None` where a divisor vanishes.
pub type Fingerprint = Option<[u64; 2]>;

/// The fingerprints of the roots. `places` are leaves with what they stand for, built before them:
/// those of a prologue.
pub fn fingerprints(graph: &Graph, roots: &[Term], places: &[(Term, Term)]) -> Vec<Fingerprint> {
    let all: Vec<Term> = roots.iter().copied().chain(places.iter().map(|&(_, v)| v)).collect();
    let order = reachable(graph, &all);
    let last = order.last().map_or(0, |t| t.index() + 1);
    let mut values: Vec<Fingerprint> = vec![None; last];
    let mut stands: FxHashMap<Term, Term> = places.iter().copied().collect();
    for t in order {
        // What a place stands for was built before it.
        let stand = stands.remove(&t).unwrap_or(t);
        values[t.index()] = match stand == t {
            true => of_node(graph, t, &values),
            false => values[stand.index()],
        };
    }
    roots.iter().map(|t| values[t.index()]).collect()
}

fn of_node(graph: &Graph, term: Term, values: &[Fingerprint]) -> Fingerprint {
    let both = |f: &dyn Fn(usize) -> Option<u64>| Some([f(0)?, f(1)?]);
    let value = |t: Term, k: usize| values[t.index()].map(|v| v[k]);
    match graph.node(term) {
        Node::Number(n) => both(&|_| residue(n)),
        Node::Sum { constant, terms } => both(&|k| {
            terms.iter().try_fold(residue(constant)?, |sum, (c, t)| {
                Some(add(sum, mul(residue(c)?, value(*t, k)?)))
            })
        }),
        Node::Product(factors) => both(&|k| {
            factors.iter().try_fold(1, |product, (t, e)| {
                let base = value(*t, k)?;
                let power = match e.to_i64() {
                    Some(n) if n >= 0 => power(base, n as u64),
                    Some(n) if base != 0 => power(invert(base), n.unsigned_abs()),
                    Some(_) => return None,
                    None => hash([base, hashed(e), 11]),
                };
                Some(mul(product, power))
            })
        }),
        Node::Call(op, args) => both(&|k| {
            args.iter()
                .try_fold(hash([*op as u64, 13, 0]), |h, a| Some(hash([h, value(*a, k)?, 3])))
        }),
        Node::Apply(f, args) => both(&|k| {
            let first = hash([u64::from(f.0), 17, 0]);
            args.iter().try_fold(first, |h, a| Some(hash([h, value(*a, k)?, 5])))
        }),
        Node::Reduce { binder, from, to, body } => both(&|k| {
            let range = hash([u64::from(binder.0), *from as u64, *to as u64]);
            Some(hash([range, value(*body, k)?, 19]))
        }),
        Node::Symbol(_) | Node::Element(..) | Node::Index(_) => {
            both(&|k| Some(hash([term.index() as u64, k as u64, 7])))
        }
    }
}

fn hashed(n: &Number) -> u64 {
    residue(n).unwrap_or(1)
}

/// A value that looks random (SplitMix64).
fn hash(words: [u64; 3]) -> u64 {
    let mut z = 0x9e37_79b9_7f4a_7c15_u64;
    for word in words {
        z = (z ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
    }
    z % P
}
