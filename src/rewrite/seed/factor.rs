//! Greedy distributive factoring: the most frequent factor of a sum is taken out, again and again,
//! inside and outside of what it leaves (after Breuer 1969).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::form::{Form, Id, Signed};
use super::system::Monomial;

/// The factored sum of monomials and its sign; `None` for the empty one.
///
/// Time is proportional to the number of factors times its logarithm, for each level.
pub fn factored(form: &mut Form, mut terms: Vec<Monomial>) -> Option<Signed> {
    let mut places: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for (k, term) in terms.iter().enumerate() {
        let mut last = None;
        for &atom in &term.atoms {
            if last.replace(atom) != Some(atom) {
                places.entry(atom).or_default().push(k as u32);
            }
        }
    }
    let mut counts: FxHashMap<u32, u32> =
        places.iter().map(|(&atom, found)| (atom, found.len() as u32)).collect();
    // Of equally frequent factors that with the lowest number: coefficients come last.
    let mut heap: BinaryHeap<(u32, Reverse<u32>)> =
        counts.iter().filter(|(_, n)| **n > 1).map(|(&atom, &n)| (n, Reverse(atom))).collect();
    let mut taken = vec![false; terms.len()];
    let mut out: Vec<Signed> = Vec::new();
    while let Some((count, Reverse(atom))) = heap.pop() {
        let now = counts[&atom];
        if now < count {
            if now > 1 {
                heap.push((now, Reverse(atom)));
            }
            continue;
        }
        let mut inner = Vec::with_capacity(now as usize);
        for &k in &places[&atom] {
            if std::mem::replace(&mut taken[k as usize], true) {
                continue;
            }
            let mut term = std::mem::take(&mut terms[k as usize]);
            let mut last = None;
            for &a in &term.atoms {
                if last.replace(a) != Some(a) {
                    counts.entry(a).and_modify(|n| *n -= 1);
                }
            }
            let at = term.atoms.iter().position(|&a| a == atom);
            term.atoms.remove(at.expect("a term of its factor"));
            inner.push(term);
        }
        if let Some((negative, sum)) = factored(form, inner) {
            let atom = form.atom(atom);
            out.push((negative, form.product(&[atom, sum])));
        }
    }
    for (term, taken) in terms.into_iter().zip(taken) {
        if !taken {
            out.push((term.negative, monomial(form, &term)));
        }
    }
    form.sum(out)
}

/// The product of a monomial.
pub fn monomial(form: &mut Form, term: &Monomial) -> Id {
    let atoms: SmallVec<[Id; 6]> = term.atoms.iter().map(|&a| form.atom(a)).collect();
    form.product(&atoms)
}
