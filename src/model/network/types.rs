//! A reaction network as data: species, and reactions or families of reactions between them.

use crate::calculus::IndexRange;
use crate::term::{Affine, Number, Term};

/// Species and reactions. The numbers of species are places in the state vector of the system.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ReactionNetwork {
    /// The species, by place in the state vector; an array is one entry.
    pub species: Vec<Species>,
    /// The reactions, in the order of the text; a reversible one counts twice.
    pub reactions: Vec<Reaction>,
}

/// A species, or an array of species.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Species {
    /// The place of its first element in the state vector.
    pub place: usize,
    /// The number of its elements.
    pub len: usize,
    /// How the file describes it, as `R(a,l!1).L(r!1)`; empty when it has only its name.
    pub pattern: String,
    /// Whether reactions leave it as it is.
    pub fixed: bool,
}

/// A reaction, or a family of reactions over index ranges.
#[derive(Clone, PartialEq, Debug)]
pub struct Reaction {
    /// The ranges of a family; none for a single reaction.
    pub ranges: Vec<IndexRange>,
    /// Places of the species on the left, each with its stoichiometric number.
    pub reactants: Vec<(Affine, Number)>,
    /// Places of the species on the right, each with its stoichiometric number.
    pub products: Vec<(Affine, Number)>,
    /// The rate as written, a term of the system: the factor of mass action, or the whole rate.
    pub rate: Term,
    /// Whether the rate is multiplied with the reactants.
    pub mass_action: bool,
}

impl Reaction {
    /// The number of members.
    pub fn len(&self) -> usize {
        self.ranges.iter().map(|r| r.len()).product()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ReactionNetwork {
    /// The number of reactions, members of families counted.
    pub fn len(&self) -> usize {
        self.reactions.iter().map(Reaction::len).sum()
    }

    /// Whether there is no reaction.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
