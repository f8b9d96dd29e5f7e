//! What of a node is still to be matched, and where it stands.

use egg::Id;
use smallvec::SmallVec;

use super::language::Form;
use super::pattern::Bound;
use super::trace::Slot;
use crate::term::Number;

/// Terms of a sum that are still to be matched.
pub struct Terms {
    pub constant: Number,
    /// Coefficients and classes; those with `true` are used up.
    pub terms: SmallVec<[(Number, Id, bool); 6]>,
}

impl Terms {
    pub fn of(node: &Form, constant: &Number) -> Terms {
        let terms = node.terms().map(|(c, id)| (c.clone(), id, false)).collect();
        Terms { constant: constant.clone(), terms }
    }

    pub fn left(&self) -> impl Iterator<Item = (&Number, Id)> {
        self.terms.iter().filter(|(.., used)| !used).map(|(c, id, _)| (c, *id))
    }
}

/// Where factors come from.
#[derive(Clone)]
pub enum Place {
    /// A node, by its frame.
    Node(usize),
    /// One factor that stands in a slot.
    Atom(Slot),
}

/// Factors that are still to be matched, with their coefficient.
#[derive(Clone)]
pub struct Factors {
    pub coefficient: Number,
    /// Classes and exponents; those with `true` are used up.
    pub factors: SmallVec<[(Id, Number, bool); 6]>,
    /// The frame of the node, or the slot of the one factor.
    pub place: Place,
}

impl Factors {
    pub fn of(coefficient: Number, node: &Form, frame: usize) -> Factors {
        let factors = node.factors().map(|(id, e)| (id, e.clone(), false)).collect();
        Factors { coefficient, factors, place: Place::Node(frame) }
    }

    pub fn atom(coefficient: Number, id: Id, slot: Slot) -> Factors {
        let factors = SmallVec::from_iter([(id, Number::ONE, false)]);
        Factors { coefficient, factors, place: Place::Atom(slot) }
    }

    pub fn none() -> Factors {
        Factors { coefficient: Number::ONE, factors: SmallVec::new(), place: Place::Atom(ROOT) }
    }

    /// Where a factor stands, of which some power was matched.
    pub fn slot(&self, position: usize, taken: &Number) -> Slot {
        match &self.place {
            Place::Node(frame) => Slot { frame: *frame, position, taken: taken.clone() },
            Place::Atom(slot) => slot.clone(),
        }
    }

    pub fn left(&self) -> Vec<(Id, Number)> {
        let left = self.factors.iter().filter(|(.., used)| !used);
        left.map(|(id, e, _)| (*id, e.clone())).collect()
    }

    pub fn is_used_up(&self) -> bool {
        self.factors.iter().all(|(.., used)| *used)
    }

    /// The factors without `bound ^ e`.
    pub fn divided(&self, bound: &Bound, e: &Number) -> Option<Factors> {
        let mut left = self.clone();
        let mut take = |id: Id, e: Number| {
            let factors = &mut left.factors;
            let found = factors
                .iter_mut()
                .find(|(b, power, used)| *b == id && !used && covers(power, &e))?;
            found.1 = &found.1 - &e;
            found.2 = found.1.is_zero();
            Some(())
        };
        match bound {
            Bound::Class(id) => take(*id, e.clone())?,
            Bound::Monomial(c, factors) => {
                for (id, f) in factors {
                    take(*id, f * e)?;
                }
                let power = c.pow(e.to_i64()?)?;
                left.coefficient = &left.coefficient * &power.recip()?;
            }
            Bound::Linear(..) => return None,
        }
        Some(left)
    }
}

/// The slot of an argument that is matched as a whole.
pub fn argument(frame: usize, position: usize) -> Slot {
    Slot { frame, position, taken: Number::ONE }
}

/// The slot of what is matched first.
pub const ROOT: Slot = Slot { frame: usize::MAX, position: 0, taken: Number::ONE };

/// Whether `x^power` contains `x^e` as a factor with the same domain.
pub fn covers(power: &Number, e: &Number) -> bool {
    power == e
        || (power.is_integer()
            && e.is_integer()
            && power.is_negative() == e.is_negative()
            && power.abs() > e.abs())
}
