//! Equivalence of two models: whether they have the same covariance matrices.

use super::fibre::contains;
use super::identify::next_subset;
use super::point::{self, Point};
use super::prime;
use crate::model::sem::graph::MixedGraph;
use crate::numeric::random::Random;

/// What is found of two models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Their closures are equal: a random point of one lies in the other, and the dimensions agree.
    Equal,
    /// Both have all covariance matrices in their closures.
    Unrestricted,
    /// Their dimensions differ.
    Dimension(usize, usize),
    /// Some covariances have different ranks: they are free in one model and related in the other.
    Rank {
        /// Their names in the first model.
        covariances: Vec<String>,
        /// Their ranks in the two models.
        ranks: (usize, usize),
    },
    /// A random point of one has no parameters in the other.
    Apart,
    /// All ranks that were compared agree, so many; the equations were too many to solve.
    Undecided(usize),
}

/// Sets of covariances whose ranks are compared.
const SETS: usize = 3_000;

/// Compares two models of the same observed variables, in any order; an error names one that only
/// one of them has. Nothing when one of them is singular everywhere.
pub fn compare(
    first: &MixedGraph,
    second: &MixedGraph,
    stop: fn() -> bool,
) -> Result<Option<Verdict>, String> {
    let mine = first.observed();
    let mut other = Vec::new();
    for &v in &mine {
        let name = first.vertex_name(v);
        let place = second.position(name).filter(|w| second.observed().contains(w));
        other.push(place.ok_or_else(|| name.to_owned())?);
    }
    if let Some(&w) = second.observed().iter().find(|w| !other.contains(w)) {
        return Err(second.vertex_name(w).to_owned());
    }
    let mut random = Random::new(13);
    let points = Point::random(first, &mut random).zip(Point::random(second, &mut random));
    let Some((p, q)) = points else { return Ok(None) };
    let rows = |point: &Point, graph: &MixedGraph, list: &[usize]| -> Vec<Vec<u64>> {
        point::pairs(list).into_iter().map(|pair| point.gradient(graph, pair)).collect()
    };
    let (a, b) = (rows(&p, first, &mine), rows(&q, second, &other));
    let (ra, rb) = (prime::rank(a.clone()), prime::rank(b.clone()));
    if ra != rb {
        return Ok(Some(Verdict::Dimension(ra, rb)));
    }
    if ra == a.len() {
        return Ok(Some(Verdict::Unrestricted));
    }
    // Ranks of sets of rows: the algebraic matroids of the two models.
    let pairs = point::pairs(&mine);
    let mut compared = 0;
    'sizes: for size in 1..=ra.min(a.len()) {
        let mut subset: Vec<usize> = (0..size).collect();
        loop {
            if compared >= SETS || stop() {
                break 'sizes;
            }
            compared += 1;
            let rows = |m: &[Vec<u64>]| subset.iter().map(|&k| m[k].clone()).collect::<Vec<_>>();
            let ranks = (prime::rank(rows(&a)), prime::rank(rows(&b)));
            if ranks.0 != ranks.1 {
                let name = |&k: &usize| first.naming.covariance(pairs[k].0, pairs[k].1);
                let covariances = subset.iter().map(name).collect();
                return Ok(Some(Verdict::Rank { covariances, ranks }));
            }
            if !next_subset(&mut subset, a.len()) {
                break;
            }
        }
    }
    // The closures are irreducible and of one dimension: one point decides.
    let place = |w: usize| mine[other.iter().position(|&o| o == w).unwrap_or(0)];
    let inside = contains(second, &|x, y| p.sigma[place(x)][place(y)], stop).or_else(|| {
        let place = |v: usize| other[mine.iter().position(|&o| o == v).unwrap_or(0)];
        contains(first, &|x, y| q.sigma[place(x)][place(y)], stop)
    });
    Ok(Some(match inside {
        Some(true) => Verdict::Equal,
        Some(false) => Verdict::Apart,
        None => Verdict::Undecided(compared),
    }))
}
