//! What a network is, whatever its rates: complexes, linkage classes, conservation laws, deficiency.
//!
//! The deficiency is complexes − linkage classes − rank (Feinberg 1972; Horn 1972). Fixed species
//! count as parts of the rates, so they stand in no complex and in no law. Everything is exact.

use petgraph::algo::{connected_components, kosaraju_scc};
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::FxHashMap;

use super::types::{Reaction, ReactionNetwork};
use crate::term::{Affine, Binder, Number};

/// Species with their numbers, sorted.
pub type Complex = Vec<(usize, Number)>;

/// The structure of a network.
#[derive(Clone, PartialEq, Debug)]
pub struct Structure {
    /// The species that are not fixed, by place in the state vector.
    pub species: usize,
    /// The fixed species.
    pub fixed: usize,
    /// The reactions, members of families counted.
    pub reactions: usize,
    /// The different sides of reactions.
    pub complexes: usize,
    /// Linkage classes: sets of complexes that reactions connect.
    pub linkage_classes: usize,
    /// Strong linkage classes: sets of complexes that are reached from each other.
    pub strong_linkage_classes: usize,
    /// Strong linkage classes that no reaction leaves.
    pub terminal_classes: usize,
    /// The rank of the stoichiometric matrix.
    pub rank: usize,
    /// A basis of the conservation laws.
    pub laws: Vec<Law>,
}

impl Structure {
    /// Complexes − linkage classes − rank.
    pub fn deficiency(&self) -> usize {
        self.complexes - self.linkage_classes - self.rank
    }

    /// Whether from every complex the way back exists.
    pub fn is_weakly_reversible(&self) -> bool {
        self.strong_linkage_classes == self.linkage_classes
    }
}

/// A conservation law: `Σ weight · species` stays as it is. The weights are integers without a
/// common divisor.
#[derive(Clone, PartialEq, Debug)]
pub struct Law {
    /// Places and weights, sorted by place; no weight is zero.
    pub parts: Vec<(usize, Number)>,
    /// A species that stands in no other law of the basis.
    pub own: usize,
}

/// The most members of families that are looked at one by one.
pub const MEMBERS: usize = 10_000_000;

/// The structure of a network; `None` when it has more than [`MEMBERS`] reactions.
pub fn structure(network: &ReactionNetwork) -> Option<Structure> {
    let places: usize = network.species.iter().map(|s| s.place + s.len).max().unwrap_or(0);
    if network.len() > MEMBERS || places > MEMBERS {
        return None;
    }
    // Which places hold species, and which of these are fixed.
    let mut kinds: Vec<Option<bool>> = vec![None; places];
    for species in &network.species {
        kinds[species.place..species.place + species.len].fill(Some(species.fixed));
    }
    let free = |place: usize| kinds.get(place).copied().flatten() == Some(false);
    let mut complexes: FxHashMap<Complex, usize> = FxHashMap::default();
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    let mut relations = Relations::new(places);
    for reaction in &network.reactions {
        each_member(reaction, |reactants, products| {
            let mut sides = [reactants, products];
            for side in &mut sides {
                side.retain(|(place, _)| free(*place));
                side.sort_by_key(|(place, _)| *place);
            }
            relations.add(&change(&sides));
            let [from, to] = sides
                .map(|side| *complexes.entry(side).or_insert_with(|| graph.add_node(()).index()));
            if from != to {
                graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
            }
        });
    }
    let strong = kosaraju_scc(&graph);
    let mut class = vec![0; graph.node_count()];
    for (k, members) in strong.iter().enumerate() {
        for node in members {
            class[node.index()] = k;
        }
    }
    let mut leaves = vec![false; strong.len()];
    for edge in graph.edge_indices() {
        let (from, to) = graph.edge_endpoints(edge).expect("an edge of the graph");
        leaves[class[from.index()]] |= class[from.index()] != class[to.index()];
    }
    let count = |wanted| kinds.iter().filter(|k| **k == Some(wanted)).count();
    Some(Structure {
        species: count(false),
        fixed: count(true),
        reactions: network.len(),
        complexes: complexes.len(),
        linkage_classes: connected_components(&graph),
        strong_linkage_classes: strong.len(),
        terminal_classes: leaves.iter().filter(|l| !**l).count(),
        rank: relations.rank,
        laws: relations.laws(&free),
    })
}

/// Calls `visit` with the reactants and the products of each member.
pub fn each_member(reaction: &Reaction, mut visit: impl FnMut(Complex, Complex)) {
    each_index(reaction, |value| {
        visit(side(&reaction.reactants, value), side(&reaction.products, value))
    });
}

/// Calls `visit` with the values of the indices of each member.
pub fn each_index(reaction: &Reaction, mut visit: impl FnMut(&dyn Fn(Binder) -> i64)) {
    if reaction.is_empty() {
        return;
    }
    let mut at: Vec<i64> = reaction.ranges.iter().map(|r| r.from).collect();
    loop {
        visit(&|binder| {
            let level = reaction.ranges.iter().position(|r| r.binder == binder);
            level.map_or(0, |k| at[k])
        });
        let Some(k) = (0..at.len()).rev().find(|&k| at[k] < reaction.ranges[k].to) else { return };
        at[k] += 1;
        for (index, range) in at.iter_mut().zip(&reaction.ranges).skip(k + 1) {
            *index = range.from;
        }
    }
}

/// One side of a member, by place in the order of the text.
pub fn side(side: &[(Affine, Number)], value: &dyn Fn(Binder) -> i64) -> Complex {
    let mut found = Complex::with_capacity(side.len());
    for (place, count) in side {
        let place = place.at(value) as usize;
        // Members of one family may be the same species: `S[i] + S[j]` where they meet.
        match found.iter_mut().find(|(p, _)| *p == place) {
            Some((_, total)) => *total = &*total + count,
            None => found.push((place, count.clone())),
        }
    }
    found
}

/// What a reaction does: products minus reactants.
fn change([reactants, products]: &[Complex; 2]) -> Complex {
    let mut change: Complex = reactants.iter().map(|(p, n)| (*p, -n)).collect();
    for (place, count) in products {
        match change.iter_mut().find(|(p, _)| p == place) {
            Some((_, total)) => *total = &*total + count,
            None => change.push((*place, count.clone())),
        }
    }
    change.retain(|(_, n)| !n.is_zero());
    change
}

/// Species as sums of others, modulo what reactions do.
///
/// A reaction `A + B -> C` makes `C` the same as `A + B` for every conservation law. Each such
/// relation takes one species out: the last one, since generated networks list complexes after
/// their parts. Sums contain only species that are left, so reducing a reaction takes one look
/// at each of its species, and the laws stand in the columns at the end.
struct Relations {
    /// For each species that was taken out, the others.
    sums: Vec<Option<Complex>>,
    /// For each species that is left, those whose sums contain it; it may list more.
    used_by: Vec<Vec<usize>>,
    rank: usize,
}

impl Relations {
    fn new(places: usize) -> Relations {
        Relations { sums: vec![None; places], used_by: vec![Vec::new(); places], rank: 0 }
    }

    /// Takes in what a reaction does.
    fn add(&mut self, change: &Complex) {
        let mut reduced = Complex::new();
        for (place, factor) in change {
            match &self.sums[*place] {
                Some(sum) => add_scaled(&mut reduced, factor, sum),
                None => add_scaled(&mut reduced, factor, &[(*place, Number::ONE)]),
            }
        }
        let Some((pivot, factor)) = reduced.pop() else { return };
        // factor·pivot + rest = 0.
        let scale = -&factor.recip().expect("no factor is zero");
        let sum: Complex = reduced.into_iter().map(|(p, n)| (p, &n * &scale)).collect();
        self.rank += 1;
        for user in std::mem::take(&mut self.used_by[pivot]) {
            let Some(old) = &mut self.sums[user] else { continue };
            let Ok(at) = old.binary_search_by_key(&pivot, |(p, _)| *p) else { continue };
            let (_, factor) = old.remove(at);
            add_scaled(old, &factor, &sum);
            for (place, _) in &sum {
                self.used_by[*place].push(user);
            }
        }
        for (place, _) in &sum {
            self.used_by[*place].push(pivot);
        }
        self.sums[pivot] = Some(sum);
    }

    /// A law for each species that is left.
    fn laws(&self, free: &dyn Fn(usize) -> bool) -> Vec<Law> {
        let mut columns: Vec<Complex> = vec![Complex::new(); self.sums.len()];
        for (place, sum) in self.sums.iter().enumerate() {
            match sum {
                Some(sum) => {
                    for (part, weight) in sum {
                        columns[*part].push((place, weight.clone()));
                    }
                }
                None => columns[place].push((place, Number::ONE)),
            }
        }
        let left = (0..self.sums.len()).filter(|&p| self.sums[p].is_none() && free(p));
        left.map(|own| Law { parts: primitive(std::mem::take(&mut columns[own])), own }).collect()
    }
}

/// `total += factor · part`, both sorted by place.
fn add_scaled(total: &mut Complex, factor: &Number, part: &[(usize, Number)]) {
    for (place, n) in part {
        let n = n * factor;
        match total.binary_search_by_key(place, |(p, _)| *p) {
            Ok(at) => {
                total[at].1 = &total[at].1 + &n;
                if total[at].1.is_zero() {
                    total.remove(at);
                }
            }
            Err(at) => total.insert(at, (*place, n)),
        }
    }
}

/// Integer weights without a common divisor.
fn primitive(parts: Complex) -> Complex {
    use num_integer::Integer;
    use num_traits::{One, Zero};
    let (mut denominator, mut divisor) = (num_bigint::BigInt::one(), num_bigint::BigInt::zero());
    for (_, n) in &parts {
        denominator = denominator.lcm(n.to_big().denom());
    }
    let scale = |n: &Number| (n.to_big() * &denominator).to_integer();
    for (_, n) in &parts {
        divisor = divisor.gcd(&scale(n));
    }
    let whole = |n: &Number| Number::from_big((scale(n) / &divisor).into());
    parts.iter().map(|(p, n)| (*p, whole(n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::Species;
    use crate::term::Graph;

    /// A network of reactions `reactants -> products` between species `0..n`.
    fn network(n: usize, reactions: &[(&[usize], &[usize])]) -> ReactionNetwork {
        let rate = Graph::new().number(1);
        let side = |places: &[usize]| {
            places.iter().map(|&p| (Affine::constant(p as i64), Number::ONE)).collect()
        };
        let reaction = |(from, to): &(&[usize], &[usize])| Reaction {
            ranges: Vec::new(),
            reactants: side(from),
            products: side(to),
            rate,
            mass_action: true,
        };
        let species =
            (0..n).map(|place| Species { place, len: 1, pattern: String::new(), fixed: false });
        ReactionNetwork {
            species: species.collect(),
            reactions: reactions.iter().map(reaction).collect(),
        }
    }

    fn laws(found: &Structure) -> Vec<Vec<(usize, i64)>> {
        let law = |law: &Law| law.parts.iter().map(|(p, n)| (*p, n.to_i64().unwrap())).collect();
        found.laws.iter().map(law).collect()
    }

    #[test]
    fn michaelis_and_menten() {
        // E + S <-> ES -> E + P.
        let net = network(4, &[(&[0, 1], &[2]), (&[2], &[0, 1]), (&[2], &[0, 3])]);
        let found = structure(&net).unwrap();
        assert_eq!((found.complexes, found.rank, found.deficiency()), (3, 2, 0));
        assert_eq!((found.linkage_classes, found.strong_linkage_classes), (1, 2));
        assert_eq!((found.terminal_classes, found.is_weakly_reversible()), (1, false));
        assert_eq!(laws(&found), [vec![(0, 1), (2, 1)], vec![(1, 1), (2, 1), (3, 1)]]);
    }

    #[test]
    fn edelstein_has_deficiency_one() {
        // A <-> 2A, A + B <-> C <-> B (Edelstein 1970; Feinberg 1979): the deficiency is 1.
        let net = network(
            3,
            &[
                (&[0], &[0, 0]),
                (&[0, 0], &[0]),
                (&[0, 1], &[2]),
                (&[2], &[0, 1]),
                (&[2], &[1]),
                (&[1], &[2]),
            ],
        );
        let found = structure(&net).unwrap();
        assert_eq!((found.complexes, found.linkage_classes, found.rank), (5, 2, 2));
        assert_eq!((found.deficiency(), found.is_weakly_reversible()), (1, true));
        assert_eq!(laws(&found), [vec![(1, 1), (2, 1)]]);
    }

    #[test]
    fn dimers_count_twice() {
        // 2 A <-> D, D + A <-> T.
        let net = network(3, &[(&[0, 0], &[1]), (&[1, 0], &[2])]);
        let found = structure(&net).unwrap();
        assert_eq!(laws(&found), [vec![(0, 1), (1, 2), (2, 3)]]);
    }
}
