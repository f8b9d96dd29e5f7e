//! Entries of Σ in the reduced form of the one-connection rule, component by component.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::component::{Local, Method, Minors, WALKED};
use super::ring::{Counts, Ring, Terms};
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::term::{Number, Term};

/// `ω_kl N_ki N_lj`, once or twice.
#[derive(Clone)]
pub struct Summand<E> {
    /// `k` and `l`.
    pub sources: (usize, usize),
    /// `ω_kl`.
    pub weight: Weight,
    /// Whether it stands for two equal summands.
    pub doubled: bool,
    /// `N_ki`.
    pub left: E,
    /// `N_lj`.
    pub right: E,
}

/// `σ_ij = Σ ω_kl N_ki N_lj / (Δ_R Δ_R')`.
///
/// `R(i|j)` holds the vertices on directed walks to `i` from sources that covary with an ancestor
/// of `j`. When every arrow has a parameter of its own the fraction is in lowest terms.
#[derive(Clone)]
pub struct Entry<E> {
    /// `i` and `j`.
    pub ends: (usize, usize),
    /// The numerator.
    pub summands: Vec<Summand<E>>,
    /// The components whose `Δ` are factors of the denominator, with their exponents 1 or 2.
    pub denominator: Vec<(usize, u8)>,
    /// The vertices of `R(i|j)` and of `R(j|i)`.
    pub regions: [Vec<usize>; 2],
}

/// A set of components.
type Set = SmallVec<[u64; 2]>;

fn set_of(members: &[bool]) -> Set {
    let mut set = Set::from_elem(0, members.len().div_ceil(64));
    for (c, _) in members.iter().enumerate().filter(|(_, m)| **m) {
        set[c / 64] |= 1 << (c % 64);
    }
    set
}

/// The rule at work on a graph.
pub struct Expansion<'g, R: Ring> {
    graph: &'g MixedGraph,
    /// What it computes in.
    pub ring: R,
    /// The strongly connected components, causes first.
    pub components: Vec<Vec<usize>>,
    /// The component of each vertex, and its place there.
    place: Vec<(usize, usize)>,
    /// The sums of each component.
    pub minors: Vec<Minors<R::Element>>,
    parents: Vec<Vec<(usize, R::Element)>>,
    ancestors: Vec<Vec<bool>>,
    descendants: Vec<Vec<bool>>,
    covariances: Vec<(usize, usize, Weight)>,
    rows: FxHashMap<(Set, usize), Rc<Vec<Option<R::Element>>>>,
}

impl<'g, R: Ring> Expansion<'g, R> {
    /// Prepares the rule; nothing when a component is too large for a ring that does not divide.
    pub fn new(graph: &'g MixedGraph, ring: R) -> Option<Expansion<'g, R>> {
        Self::within(graph, ring, WALKED)
    }

    /// The same where only components of at most `walked` connections, and one-connections between
    /// two vertices, are walked along; the others share their parts.
    pub fn within(graph: &'g MixedGraph, ring: R, walked: u128) -> Option<Expansion<'g, R>> {
        Self::with(graph, ring, |local, ring| local.minors(ring, walked))
    }

    /// The same with a chosen way to the sums of a component.
    pub fn by(graph: &'g MixedGraph, ring: R, method: Method) -> Option<Expansion<'g, R>> {
        Self::with(graph, ring, |local, ring| match method {
            Method::Walked => Some(local.walked(ring)),
            Method::Shared => local.shared(ring, usize::MAX),
            Method::Eliminated => local.eliminated(ring),
        })
    }

    fn with(
        graph: &'g MixedGraph,
        mut ring: R,
        how: impl Fn(&Local<'_>, &mut R) -> Option<Minors<R::Element>>,
    ) -> Option<Expansion<'g, R>> {
        let n = graph.size();
        let components = graph.components();
        let mut place = vec![(0, 0); n];
        let mut minors = Vec::new();
        for (c, vertices) in components.iter().enumerate() {
            vertices.iter().enumerate().for_each(|(k, &v)| place[v] = (c, k));
            minors.push(how(&Local::new(graph, vertices), &mut ring)?);
        }
        let mut parents = vec![Vec::new(); n];
        for (from, to, weight) in graph.effects() {
            parents[to].push((from, ring.weight(weight)));
        }
        let each = |f: &dyn Fn(usize) -> Vec<bool>| (0..n).map(f).collect();
        Some(Expansion {
            graph,
            ring,
            components,
            place,
            minors,
            parents,
            ancestors: each(&|v| graph.ancestors(&[v])),
            descendants: each(&|v| graph.descendants(&[v])),
            covariances: graph.covariances().map(|(a, b, w)| (a, b, w.clone())).collect(),
            rows: FxHashMap::default(),
        })
    }

    /// The first component whose `Δ` is zero: the model has no covariances then.
    pub fn singular(&self) -> Option<&[usize]> {
        let place = self.minors.iter().position(|m| self.ring.is_zero(&m.delta))?;
        Some(&self.components[place])
    }

    /// `R(i|j)`.
    fn region(&self, i: usize, j: usize) -> Vec<bool> {
        let mut region = vec![false; self.graph.size()];
        let (mine, other) = (&self.ancestors[i], &self.ancestors[j]);
        for (a, b, _) in &self.covariances {
            for (k, l) in [(*a, *b), (*b, *a)] {
                if mine[k] && other[l] && !region[k] {
                    for (v, member) in region.iter_mut().enumerate() {
                        *member |= mine[v] && self.descendants[k][v];
                    }
                }
            }
        }
        region
    }

    /// The components of two and more vertices in a region.
    fn cyclic(&self, region: &[bool]) -> Vec<bool> {
        self.components.iter().map(|c| c.len() > 1 && region[c[0]]).collect()
    }

    /// `N_kv` for all `v` to which paths from `k` lead, on the graph without those components of two
    /// and more vertices that are not among the `cyclic`.
    ///
    /// Single vertices multiply by 1, so that they need not be told apart; for `i` in a region, all
    /// walks from its sources to `i` are in the region.
    fn row(&mut self, cyclic: &[bool], key: &Set, k: usize) -> Rc<Vec<Option<R::Element>>> {
        if let Some(known) = self.rows.get(&(key.clone(), k)) {
            return known.clone();
        }
        let mut row: Vec<Option<R::Element>> = vec![None; self.place.len()];
        // The sum so far over the components that come before the first one with k.
        let mut passed = Vec::new();
        let (home, at) = self.place[k];
        for (c, &inside) in cyclic.iter().enumerate() {
            let vertices = self.components[c].clone();
            if vertices.len() > 1 && !inside {
                continue;
            }
            if c < home {
                if inside {
                    passed.push(self.minors[c].delta.clone());
                }
                continue;
            }
            let entries: Vec<(usize, R::Element)> = if c == home {
                vec![(at, self.ring.product(&passed))]
            } else {
                let mut entries = Vec::new();
                for (place, &v) in vertices.iter().enumerate() {
                    let mut parts = Vec::new();
                    for (parent, weight) in &self.parents[v] {
                        if self.place[*parent].0 != c
                            && let Some(before) = &row[*parent]
                        {
                            parts.push(self.ring.product(&[before.clone(), weight.clone()]));
                        }
                    }
                    if !parts.is_empty() {
                        entries.push((place, self.ring.sum(&parts)));
                    }
                }
                entries
            };
            // Paths that have ended before this component leave all of it to cycles.
            if inside {
                for value in row.iter_mut().flatten() {
                    *value = self.ring.product(&[value.clone(), self.minors[c].delta.clone()]);
                }
            }
            for (place, &v) in vertices.iter().enumerate() {
                let mut parts = Vec::new();
                for (entry, value) in &entries {
                    let inside = self.minors[c].between[*entry][place].clone();
                    if !self.ring.is_zero(&inside) {
                        parts.push(self.ring.product(&[value.clone(), inside]));
                    }
                }
                if !parts.is_empty() {
                    row[v] = Some(self.ring.sum(&parts));
                }
            }
        }
        let row = Rc::new(row);
        self.rows.insert((key.clone(), k), row.clone());
        row
    }

    /// `σ_ij`.
    pub fn entry(&mut self, i: usize, j: usize) -> Entry<R::Element> {
        let regions = [self.region(i, j), self.region(j, i)];
        let cyclic = [self.cyclic(&regions[0]), self.cyclic(&regions[1])];
        let keys = [set_of(&cyclic[0]), set_of(&cyclic[1])];
        let mut summands = Vec::new();
        for at in 0..self.covariances.len() {
            let (a, b, weight) = self.covariances[at].clone();
            let mut both: [Option<(R::Element, R::Element)>; 2] = [None, None];
            for (side, (k, l)) in [(a, b), (b, a)].into_iter().enumerate() {
                if side == 1 && a == b {
                    continue;
                }
                if !self.ancestors[i][k] || !self.ancestors[j][l] {
                    continue;
                }
                let left = self.row(&cyclic[0], &keys[0], k)[i].clone();
                let right = self.row(&cyclic[1], &keys[1], l)[j].clone();
                both[side] = left.zip(right);
            }
            let summand = |sources, doubled, (left, right)| Summand {
                sources,
                weight: weight.clone(),
                doubled,
                left,
                right,
            };
            let [first, second] = both;
            // On the diagonal the two summands of a covariance are equal.
            let doubled = i == j && a != b && second.is_some();
            summands.extend(first.map(|pair| summand((a, b), doubled, pair)));
            if !doubled {
                summands.extend(second.map(|pair| summand((b, a), false, pair)));
            }
        }
        let mut denominator = Vec::new();
        for (c, vertices) in self.components.iter().enumerate() {
            let power = regions.iter().filter(|r| r[vertices[0]]).count() as u8;
            if power > 0 && vertices.len() > 1 {
                denominator.push((c, power));
            }
        }
        let members = |r: &Vec<bool>| (0..r.len()).filter(|&v| r[v]).collect();
        let regions = [members(&regions[0]), members(&regions[1])];
        Entry { ends: (i, j), summands, denominator, regions }
    }

    /// The numerator of an entry as one element of the ring.
    pub fn numerator(&mut self, entry: &Entry<R::Element>) -> R::Element {
        let mut parts = Vec::new();
        for s in &entry.summands {
            let weight = self.ring.weight(&s.weight);
            let times = self.ring.whole(if s.doubled { 2 } else { 1 });
            parts.push(self.ring.product(&[times, weight, s.left.clone(), s.right.clone()]));
        }
        self.ring.sum(&parts)
    }

    /// The denominator of an entry as one element of the ring.
    pub fn denominator(&mut self, entry: &Entry<R::Element>) -> R::Element {
        let mut factors = Vec::new();
        for &(c, power) in &entry.denominator {
            factors.extend(std::iter::repeat_n(self.minors[c].delta.clone(), usize::from(power)));
        }
        self.ring.product(&factors)
    }

    /// `Δ` of the whole graph.
    pub fn delta(&mut self) -> R::Element {
        let all: Vec<R::Element> = self.minors.iter().map(|m| m.delta.clone()).collect();
        self.ring.product(&all)
    }

    /// `N_ki` of the whole graph for all `i`; nothing where no path leads.
    pub fn effects_of(&mut self, k: usize) -> Rc<Vec<Option<R::Element>>> {
        let all = self.cyclic(&vec![true; self.graph.size()]);
        let key = set_of(&all);
        self.row(&all, &key, k)
    }
}

/// How many connections a graph has, and one-connections from each vertex to each; nothing when
/// a component is too large to count.
pub fn counts(graph: &MixedGraph) -> Option<(u128, Vec<Vec<u128>>)> {
    let mut expansion = counting(graph)?;
    let rows =
        (0..graph.size()).map(|k| expansion.effects_of(k).iter().map(|n| n.unwrap_or(0)).collect());
    let rows = rows.collect();
    Some((expansion.delta(), rows))
}

/// How many one-connections entries of Σ are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Size {
    /// The most that any `N` consists of, or connections any `Δ`.
    pub most: u128,
    /// Those of all `N` and `Δ`, as often as they are written.
    pub total: u128,
    /// The summands of all numerators.
    pub summands: usize,
}

/// The size of some entries of Σ, or of so many of them that they have more than `summands` of these;
/// nothing when they are too many to count.
pub fn size(graph: &MixedGraph, entries: &[(usize, usize)], summands: usize) -> Option<Size> {
    let mut expansion = counting(graph)?;
    let mut size = Size::default();
    for &(i, j) in entries {
        if size.summands > summands {
            break;
        }
        let entry = expansion.entry(i, j);
        size.summands += entry.summands.len();
        let over = entry.summands.iter().flat_map(|s| [s.left, s.right]);
        let under = entry.denominator.iter().map(|(c, _)| expansion.minors[*c].delta);
        for count in over.chain(under) {
            size.most = size.most.max(count);
            size.total = size.total.saturating_add(count);
        }
    }
    Some(size)
}

fn counting(graph: &MixedGraph) -> Option<Expansion<'_, Counts>> {
    Expansion::with(graph, Counts, |local, _| local.counts())
}

/// Entries of Σ as shared terms.
pub fn terms_of(expansion: &mut Expansion<'_, Terms<'_>>, entries: &[(usize, usize)]) -> Vec<Term> {
    let mut terms = Vec::with_capacity(entries.len());
    for &(i, j) in entries {
        let entry = expansion.entry(i, j);
        let over = expansion.numerator(&entry);
        let mut factors = vec![(over, Number::ONE)];
        for &(c, power) in &entry.denominator {
            factors.push((expansion.minors[c].delta, (-i64::from(power)).into()));
        }
        terms.push(expansion.ring.graph.product(factors));
    }
    terms
}
