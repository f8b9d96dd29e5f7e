//! Values by term: in a list where the terms stand close together, in a hash table elsewhere.

use rustc_hash::FxHashMap;

use super::graph::Term;

/// A value for each of some terms.
pub struct ByTerm<V> {
    first: usize,
    close: Vec<Option<V>>,
    sparse: FxHashMap<Term, V>,
}

/// Places of the list for each term.
const SPREAD: usize = 8;

impl<V> ByTerm<V> {
    /// Nothing yet, for values of these terms, which are sorted.
    pub fn of(order: &[Term]) -> ByTerm<V> {
        let (first, last) = match (order.first(), order.last()) {
            (Some(first), Some(last)) => (first.index(), last.index()),
            _ => (0, 0),
        };
        let mut close = Vec::new();
        if last - first < SPREAD * order.len() {
            close.resize_with(last - first + 1, || None);
        }
        ByTerm { first, close, sparse: FxHashMap::default() }
    }

    /// Gives a term its value.
    pub fn insert(&mut self, term: Term, value: V) {
        match term.index().checked_sub(self.first).and_then(|k| self.close.get_mut(k)) {
            Some(place) => *place = Some(value),
            None => drop(self.sparse.insert(term, value)),
        }
    }

    /// The value of a term.
    pub fn get(&self, term: Term) -> Option<&V> {
        match term.index().checked_sub(self.first).and_then(|k| self.close.get(k)) {
            Some(place) => place.as_ref(),
            None => self.sparse.get(&term),
        }
    }
}

impl<V> std::ops::Index<Term> for ByTerm<V> {
    type Output = V;
    /// # Panics
    /// When the term has no value.
    fn index(&self, term: Term) -> &V {
        self.get(term).expect("a term with a value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_and_distant_terms_have_values() {
        for order in [vec![Term(5), Term(6), Term(9)], vec![Term(2), Term(3_000_000)], Vec::new()] {
            let mut values = ByTerm::of(&order);
            for &term in order.iter().chain([&Term(1), &Term(7_000_000)]) {
                assert_eq!(values.get(term), None);
                values.insert(term, 2 * term.0);
                assert_eq!(values[term], 2 * term.0);
            }
        }
    }
}
