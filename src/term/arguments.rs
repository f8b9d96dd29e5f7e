//! The arguments of a call: up to three terms in place, more on the heap.

use std::hash::{Hash, Hasher};
use std::ops::Deref;

use super::graph::Term;

/// An immutable list of terms in 16 bytes; a slice in all uses.
#[derive(Clone)]
pub struct Arguments(List);

#[derive(Clone)]
enum List {
    Few(u8, [Term; 3]),
    #[expect(clippy::box_collection, reason = "a thin pointer leaves the list at 16 bytes")]
    Many(Box<Vec<Term>>),
}

impl Deref for Arguments {
    type Target = [Term];
    fn deref(&self) -> &[Term] {
        match &self.0 {
            List::Few(len, terms) => &terms[..usize::from(*len)],
            List::Many(terms) => terms,
        }
    }
}

impl From<&[Term]> for Arguments {
    fn from(terms: &[Term]) -> Arguments {
        let mut few = [Term(0); 3];
        match few.get_mut(..terms.len()) {
            Some(place) => {
                place.copy_from_slice(terms);
                Arguments(List::Few(terms.len() as u8, few))
            }
            None => Arguments(List::Many(Box::new(terms.to_vec()))),
        }
    }
}

impl PartialEq for Arguments {
    fn eq(&self, other: &Arguments) -> bool {
        **self == **other
    }
}

impl Eq for Arguments {}

impl Hash for Arguments {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl std::fmt::Debug for Arguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_lists_alike() {
        for count in 0..6 {
            let terms: Vec<Term> = (0..count).map(Term).collect();
            let list = Arguments::from(terms.as_slice());
            assert_eq!(&*list, &*terms);
            assert_eq!(list.clone(), list);
        }
        assert_eq!(size_of::<Arguments>(), 16);
    }
}
