//! Σ and its derivatives at points modulo the prime: what rank and vanishing are decided by.

use rustc_hash::FxHashMap;

use super::prime::{self, Echelon};
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::numeric::random::Random;

/// A point of a model modulo the prime.
pub struct Point {
    /// The values of the parameters.
    pub values: Vec<u64>,
    /// `P = (I−Λ)^{-1}`.
    pub total: Vec<Vec<u64>>,
    /// Σ of all variables, the latent ones too.
    pub sigma: Vec<Vec<u64>>,
}

/// Λ and Ω as matrices of residues.
pub fn matrices(graph: &MixedGraph, values: &[u64]) -> (Vec<Vec<u64>>, Vec<Vec<u64>>) {
    let n = graph.size();
    let (mut lambda, mut omega) = (vec![vec![0; n]; n], vec![vec![0; n]; n]);
    for (a, b, w) in graph.effects() {
        lambda[a][b] = prime::value(w, values);
    }
    for (a, b, w) in graph.covariances() {
        let value = prime::value(w, values);
        omega[a][b] = value;
        omega[b][a] = value;
    }
    (lambda, omega)
}

impl Point {
    /// The point with given values; nothing when `I − Λ` is singular there.
    pub fn new(graph: &MixedGraph, values: Vec<u64>) -> Option<Point> {
        let (lambda, omega) = matrices(graph, &values);
        let mut system = lambda;
        for (i, row) in system.iter_mut().enumerate() {
            row.iter_mut().for_each(|x| *x = prime::sub(0, *x));
            row[i] = prime::add(row[i], 1);
        }
        let total = prime::inverse(&system)?;
        let sigma = prime::multiply(&prime::multiply(&prime::transpose(&total), &omega), &total);
        Some(Point { values, total, sigma })
    }

    /// A random point; nothing when `I − Λ` is singular wherever one looks.
    pub fn random(graph: &MixedGraph, random: &mut Random) -> Option<Point> {
        (0..8).find_map(|_| Point::new(graph, prime::randoms(random, graph.parameters.len())))
    }

    /// `∂σ_ij/∂θ_p` for all parameters:
    /// `∂Σ/∂λ_ab = Pᵀ E_ba Σ + Σ E_ab P` and `∂Σ/∂ω_ab = Pᵀ (E_ab + E_ba) P`, half of it if `a = b`.
    pub fn gradient(&self, graph: &MixedGraph, (i, j): (usize, usize)) -> Vec<u64> {
        let mut row = vec![0; graph.parameters.len()];
        for (a, b, w) in graph.effects() {
            if let Weight::Parameter(p) = w {
                let (left, right) = (self.total[b][i], self.total[b][j]);
                let change =
                    prime::mul_add(left, self.sigma[a][j], prime::mul(right, self.sigma[i][a]));
                row[*p] = prime::add(row[*p], change);
            }
        }
        for (a, b, w) in graph.covariances() {
            if let Weight::Parameter(p) = w {
                let one = prime::mul(self.total[a][i], self.total[b][j]);
                let other = prime::mul(self.total[b][i], self.total[a][j]);
                let change = if a == b { one } else { prime::add(one, other) };
                row[*p] = prime::add(row[*p], change);
            }
        }
        row
    }
}

impl Point {
    /// `Σ r_ij ∂σ_ij/∂θ_p` for all parameters, with random factors `r` of the pairs of some vertices:
    /// with `M = P (R + Rᵀ)` it is `(MΣ)_ba` by `λ_ab` and `(MPᵀ)_ab` by `ω_ab`, half of it if `a = b`.
    fn random_gradient(
        &self,
        graph: &MixedGraph,
        vertices: &[usize],
        random: &mut Random,
    ) -> Vec<u64> {
        let n = graph.size();
        let mut factors = vec![vec![0; n]; n];
        for (i, j) in pairs(vertices) {
            let factor = prime::random(random);
            factors[i][j] = prime::add(factors[i][j], factor);
            factors[j][i] = prime::add(factors[j][i], factor);
        }
        let m = prime::multiply(&self.total, &factors);
        let dot =
            |a: &[u64], b: &[u64]| a.iter().zip(b).fold(0, |s, (x, y)| prime::mul_add(*x, *y, s));
        let mut row = vec![0; graph.parameters.len()];
        for (a, b, w) in graph.effects() {
            if let Weight::Parameter(p) = w {
                row[*p] = prime::add(row[*p], dot(&m[b], &self.sigma[a]));
            }
        }
        let half = prime::invert(2);
        for (a, b, w) in graph.covariances() {
            if let Weight::Parameter(p) = w {
                let whole = dot(&m[a], &self.total[b]);
                let change = if a == b { prime::mul(half, whole) } else { whole };
                row[*p] = prime::add(row[*p], change);
            }
        }
        row
    }
}

/// The pairs `i <= j` of some vertices.
pub fn pairs(vertices: &[usize]) -> Vec<(usize, usize)> {
    let each = vertices.iter().enumerate();
    each.flat_map(|(k, &i)| vertices[k..].iter().map(move |&j| (i, j))).collect()
}

/// The rank of a model at a random point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank {
    /// The rank of the Jacobian of the observed covariances: the dimension of the model.
    pub rank: usize,
    /// The number of parameters.
    pub parameters: usize,
    /// The number of observed variances and covariances.
    pub moments: usize,
    /// The parameters that no direction of the kernel moves: only they can be identified.
    pub determined: Vec<bool>,
}

/// The generic rank of a model, by a random point modulo the prime.
///
/// The rank at any point is never more than the generic one, and it is less only on a hypersurface,
/// so that a random point among 2^61 misses with a probability below its degree over 2^61. Nothing
/// when `I − Λ` is singular everywhere.
pub fn rank(graph: &MixedGraph) -> Option<Rank> {
    let mut random = Random::new(1);
    let point = Point::random(graph, &mut random)?;
    let observed = graph.observed();
    let mut all = pairs(&observed);
    let (moments, parameters) = (all.len(), graph.parameters.len());
    // In random order, so that few rows beyond the rank have to be looked at: once some teach nothing,
    // random sums of all rows tell whether any of them would.
    random.shuffle(&mut all);
    let mut system = Echelon::new(parameters);
    let mut idle = 0;
    for &pair in &all {
        if system.rank() == parameters {
            break;
        }
        idle = if system.add(point.gradient(graph, pair)) { 0 } else { idle + 1 };
        if idle % IDLE == IDLE - 1 {
            if !system.add(point.random_gradient(graph, &observed, &mut random)) {
                break;
            }
            idle = 0;
        }
    }
    let mut rows = system.rows;
    let pivots = prime::reduce(&mut rows);
    let places: FxHashMap<usize, usize> = pivots.iter().enumerate().map(|(k, &p)| (p, k)).collect();
    // A pivot is determined when its row has no other entry.
    let determined = (0..parameters)
        .map(|p| places.get(&p).is_some_and(|&k| rows[k].iter().filter(|x| **x != 0).count() == 1))
        .collect();
    Some(Rank { rank: pivots.len(), parameters, moments, determined })
}

/// Rows without a new direction after which a sum of all rows is tried.
const IDLE: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sem::graph::Vertex;

    #[test]
    fn random_sums_of_gradients_are_sums_of_gradients() {
        let vertex = |k: usize| Vertex { name: format!("v{k}"), latent: false };
        let arrows = [(0, 1), (1, 2), (2, 0), (2, 3)];
        let graph = MixedGraph::with_arrows("g", (0..4).map(vertex).collect(), &arrows, &[(0, 3)]);
        let mut random = Random::new(5);
        let point = Point::random(&graph, &mut random).expect("not singular");
        for v in 0..4 {
            // One pair: the sum is a multiple of its gradient.
            let (one, sum) =
                (point.gradient(&graph, (v, v)), point.random_gradient(&graph, &[v], &mut random));
            let k = one.iter().position(|x| *x != 0).expect("a derivative");
            for (x, y) in one.iter().zip(&sum) {
                assert_eq!(prime::mul(*x, sum[k]), prime::mul(*y, one[k]));
            }
        }
        // Two vertices: the sum is a combination of three gradients.
        let mut span = Echelon::new(graph.parameters.len());
        for pair in pairs(&[1, 3]) {
            span.add(point.gradient(&graph, pair));
        }
        assert!(!span.add(point.random_gradient(&graph, &[1, 3], &mut random)));
    }
}
