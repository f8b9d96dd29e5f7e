//! `Δ` and `N_uv` of one strongly connected component.

use rustc_hash::FxHashMap;

use super::ring::{Counts, Ring};
use crate::model::sem::graph::{MixedGraph, Weight};

/// How the sums over one-connections of a component are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// By walking along all of them.
    Walked,
    /// By minors of `I − Λ` that are shared between subsets of columns.
    Shared,
    /// By eliminating vertices one after the other; `Δ` is then 1 and `N` the total effects.
    Eliminated,
}

/// The sums of a component.
#[derive(Clone)]
pub struct Minors<E> {
    /// How they were made.
    pub method: Method,
    /// `Δ`.
    pub delta: E,
    /// `N_uv` by positions in the component.
    pub between: Vec<Vec<E>>,
}

/// The most connections, and one-connections between two vertices, that are walked along.
pub const WALKED: u128 = 10_000;

/// The most subsets of columns whose minors are computed.
const SUBSETS: usize = 1 << 16;

/// The most subsets of columns that are looked at in order to count.
const COUNTED: usize = 1 << 14;

/// The arrows of a component by positions in it.
pub struct Local<'g> {
    outgoing: Vec<Vec<(usize, &'g Weight)>>,
}

impl<'g> Local<'g> {
    /// The arrows inside a set of vertices.
    pub fn new(graph: &'g MixedGraph, vertices: &[usize]) -> Local<'g> {
        let place: FxHashMap<usize, usize> =
            vertices.iter().enumerate().map(|(k, &v)| (v, k)).collect();
        let mut outgoing = vec![Vec::new(); vertices.len()];
        for (from, to, weight) in graph.effects() {
            if let (Some(&a), Some(&b)) = (place.get(&from), place.get(&to)) {
                outgoing[a].push((b, weight));
            }
        }
        Local { outgoing }
    }

    fn size(&self) -> usize {
        self.outgoing.len()
    }

    /// How many connections there are, and one-connections between each two vertices; nothing when
    /// there are too many to count.
    pub fn counts(&self) -> Option<Minors<u128>> {
        self.shared(&mut Counts, COUNTED)
    }

    /// The sums, by the way that suits their number: walked while they are at most `walked`; else by
    /// elimination where the ring divides, and by shared minors where it does not and there are few
    /// subsets. (In sums that are flattened, minors lose what they share; elimination does not.)
    pub fn minors<R: Ring>(&self, ring: &mut R, walked: u128) -> Option<Minors<R::Element>> {
        if self.size() == 1 {
            let one = ring.whole(1);
            return Some(Minors {
                method: Method::Walked,
                delta: one.clone(),
                between: vec![vec![one]],
            });
        }
        let few = self
            .counts()
            .is_some_and(|c| c.delta <= walked && c.between.iter().flatten().all(|n| *n <= walked));
        if few {
            return Some(self.walked(ring));
        }
        self.eliminated(ring).or_else(|| self.shared(ring, SUBSETS))
    }

    /// The sums along all paths and cycles.
    pub fn walked<R: Ring>(&self, ring: &mut R) -> Minors<R::Element> {
        let all = full(self.size());
        let weights: Vec<Vec<(usize, R::Element)>> = self
            .outgoing
            .iter()
            .map(|list| list.iter().map(|(to, w)| (*to, ring.weight(w))).collect())
            .collect();
        let mut walk = Walk { ring, weights, deltas: FxHashMap::default() };
        let delta = walk.delta(all);
        let mut between = Vec::new();
        for from in 0..self.size() {
            let mut parts = vec![Vec::new(); self.size()];
            let one = walk.ring.whole(1);
            walk.paths(from, all, one, &mut |walk, at, rest, weight| {
                let cycles = walk.delta(rest);
                if !walk.ring.is_zero(&cycles) {
                    let product = walk.ring.product(&[weight.clone(), cycles]);
                    parts[at].push(product);
                }
            });
            between.push(parts.iter().map(|p| walk.ring.sum(p)).collect());
        }
        Minors { method: Method::Walked, delta, between }
    }

    /// The minors of `I − Λ` by expansion along rows from above and from below, one for each set of
    /// columns that occurs; nothing when there are more than `most`.
    pub fn shared<R: Ring>(&self, ring: &mut R, most: usize) -> Option<Minors<R::Element>> {
        let n = self.size();
        if n > 63 {
            return None;
        }
        // Rows and columns are taken in an order that leaves few columns half done.
        let order = self.order();
        let mut place = vec![0; n];
        order.iter().enumerate().for_each(|(k, &v)| place[v] = k);
        let mut rows: Vec<Vec<(usize, R::Element)>> = Vec::new();
        for (row, &v) in order.iter().enumerate() {
            let mut entries = vec![(row, ring.whole(1))];
            for (to, weight) in &self.outgoing[v] {
                let weight = ring.weight(weight);
                entries.push((place[*to], ring.negate(&weight)));
            }
            rows.push(entries);
        }
        let mut reach = vec![(n, 0); n];
        for (row, entries) in rows.iter().enumerate() {
            for (column, _) in entries {
                let (first, last) = reach[*column];
                reach[*column] = (first.min(row), last.max(row));
            }
        }
        let mut states = 0;
        let mut layers = |order: &mut dyn Iterator<Item = usize>, from_above: bool| {
            let start = FxHashMap::from_iter([(0u64, ring.whole(1))]);
            let mut layers = vec![start];
            for row in order {
                let mut parts: FxHashMap<u64, Vec<R::Element>> = FxHashMap::default();
                // Columns that no later row has: all but one that is left out must be there.
                let past =
                    |&c: &usize| if from_above { reach[c].1 <= row } else { reach[c].0 >= row };
                let needed = (0..n).filter(past).fold(0u64, |set, c| set | 1 << c);
                let last = layers.last().expect("the first layer");
                for (&columns, value) in sorted(last) {
                    for (column, entry) in &rows[row] {
                        let bit = 1u64 << column;
                        if columns & bit != 0 || (needed & !(columns | bit)).count_ones() > 1 {
                            continue;
                        }
                        let beyond =
                            if from_above { columns >> column } else { columns & (bit - 1) };
                        let product = ring.product(&[entry.clone(), value.clone()]);
                        let odd = beyond.count_ones() % 2 == 1;
                        let part = if odd { ring.negate(&product) } else { product };
                        parts.entry(columns | bit).or_default().push(part);
                    }
                }
                states += parts.len();
                if states > most {
                    return None;
                }
                let mut next = FxHashMap::default();
                for (&columns, parts) in sorted(&parts) {
                    next.insert(columns, ring.sum(parts));
                }
                layers.push(next);
            }
            Some(layers)
        };
        let above = layers(&mut (0..n), true)?;
        let below = layers(&mut (0..n).rev(), false)?;
        let all = full(n);
        let zero = ring.whole(0);
        let delta = above[n].get(&all).cloned().unwrap_or_else(|| zero.clone());
        let mut between = vec![vec![zero; n]; n];
        for k in 0..n {
            for i in 0..n {
                // Row i and column k are left out.
                let mut parts = Vec::new();
                for (&upper, left) in sorted(&above[i]) {
                    if upper >> k & 1 == 1 {
                        continue;
                    }
                    let lower = all & !upper & !(1 << k);
                    let Some(right) = below[n - 1 - i].get(&lower) else { continue };
                    let inversions: u32 =
                        bits(upper).map(|c| (lower & ((1 << c) - 1)).count_ones()).sum();
                    let product = ring.product(&[left.clone(), right.clone()]);
                    let odd = (inversions as usize + i + k) % 2 == 1;
                    parts.push(if odd { ring.negate(&product) } else { product });
                }
                between[order[k]][order[i]] = ring.sum(&parts);
            }
        }
        Some(Minors { method: Method::Shared, delta, between })
    }

    /// An order of the vertices in which, row after row, few columns are begun and not finished.
    fn order(&self) -> Vec<usize> {
        let n = self.size();
        let mut rows: Vec<u64> = (0..n).map(|v| 1 << v).collect();
        for (v, list) in self.outgoing.iter().enumerate() {
            list.iter().for_each(|(to, _)| rows[v] |= 1 << to);
        }
        let (mut order, mut left, mut begun) = (Vec::new(), (0..n).collect::<Vec<_>>(), 0u64);
        while !left.is_empty() {
            let open = |v: usize| {
                let later = left.iter().filter(|&&w| w != v).fold(0, |set, &w| set | rows[w]);
                ((begun | rows[v]) & later).count_ones()
            };
            let next = (0..left.len()).min_by_key(|&k| open(left[k])).unwrap_or(0);
            let v = left.remove(next);
            begun |= rows[v];
            order.push(v);
        }
        order
    }

    /// The inverse of `I − Λ`, vertex by vertex, those with few ways through them first; nothing
    /// where the ring does not divide.
    pub fn eliminated<R: Ring>(&self, ring: &mut R) -> Option<Minors<R::Element>> {
        let n = self.size();
        let zero = ring.whole(0);
        let mut m = vec![vec![zero; n]; n];
        for (row, list) in self.outgoing.iter().enumerate() {
            m[row][row] = ring.whole(1);
            for (to, weight) in list {
                let weight = ring.weight(weight);
                m[row][*to] = ring.negate(&weight);
            }
        }
        let mut left: Vec<usize> = (0..n).collect();
        while !left.is_empty() {
            let through = |v: usize| {
                let into = left.iter().filter(|&&u| u != v && !ring.is_zero(&m[u][v])).count();
                let out = left.iter().filter(|&&u| u != v && !ring.is_zero(&m[v][u])).count();
                into * out
            };
            let next = (0..left.len()).min_by_key(|&k| through(left[k]))?;
            let v = left.swap_remove(next);
            left.sort_unstable();
            let one = ring.whole(1);
            let inverse = ring.quotient(&one, &m[v][v])?;
            for j in (0..n).filter(|&j| j != v) {
                if !ring.is_zero(&m[v][j]) {
                    m[v][j] = ring.product(&[m[v][j].clone(), inverse.clone()]);
                }
            }
            for i in (0..n).filter(|&i| i != v) {
                if ring.is_zero(&m[i][v]) {
                    continue;
                }
                let factor = ring.negate(&m[i][v]);
                for j in (0..n).filter(|&j| j != v) {
                    if !ring.is_zero(&m[v][j]) {
                        let change = ring.product(&[factor.clone(), m[v][j].clone()]);
                        m[i][j] = ring.sum(&[m[i][j].clone(), change]);
                    }
                }
                m[i][v] = ring.product(&[factor, inverse.clone()]);
            }
            m[v][v] = inverse;
        }
        let delta = ring.whole(1);
        Some(Minors { method: Method::Eliminated, delta, between: m })
    }
}

/// What a walk along paths and cycles carries with it.
struct Walk<'r, R: Ring> {
    ring: &'r mut R,
    weights: Vec<Vec<(usize, R::Element)>>,
    /// `Δ` of the subsets that have occurred.
    deltas: FxHashMap<u64, R::Element>,
}

impl<R: Ring> Walk<'_, R> {
    /// `Δ` of a set of vertices: its lowest vertex has its loop, or is on one of its cycles.
    fn delta(&mut self, set: u64) -> R::Element {
        if set & set.wrapping_sub(1) == 0 {
            return self.ring.whole(1);
        }
        if let Some(known) = self.deltas.get(&set) {
            return known.clone();
        }
        let lowest = set.trailing_zeros() as usize;
        let mut parts = vec![self.delta(set & (set - 1))];
        let one = self.ring.whole(1);
        self.paths(lowest, set, one, &mut |walk, at, rest, weight| {
            let back =
                walk.weights[at].iter().find(|(to, _)| *to == lowest).map(|(_, w)| w.clone());
            if let Some(back) = back {
                let cycles = walk.delta(rest);
                let product = walk.ring.product(&[weight.clone(), back, cycles]);
                let negative = walk.ring.negate(&product);
                parts.push(negative);
            }
        });
        let delta = self.ring.sum(&parts);
        self.deltas.insert(set, delta.clone());
        delta
    }

    /// Shows each simple path inside a set: its end, the vertices off it and its weight.
    fn paths(
        &mut self,
        at: usize,
        set: u64,
        weight: R::Element,
        show: &mut dyn FnMut(&mut Self, usize, u64, &R::Element),
    ) {
        let rest = set & !(1 << at);
        show(self, at, rest, &weight);
        for k in 0..self.weights[at].len() {
            let (to, step) = self.weights[at][k].clone();
            if rest >> to & 1 == 1 {
                let longer = self.ring.product(&[weight.clone(), step]);
                self.paths(to, rest, longer, show);
            }
        }
    }
}

fn full(n: usize) -> u64 {
    if n >= 64 { u64::MAX } else { (1 << n) - 1 }
}

fn bits(mut set: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        (set != 0).then(|| {
            let bit = set.trailing_zeros();
            set &= set - 1;
            bit
        })
    })
}

/// The entries of a table in the order of their keys, so that nothing depends on hashes.
fn sorted<V>(table: &FxHashMap<u64, V>) -> Vec<(&u64, &V)> {
    let mut all: Vec<(&u64, &V)> = table.iter().collect();
    all.sort_unstable_by_key(|(k, _)| **k);
    all
}
