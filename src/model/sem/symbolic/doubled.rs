//! The rule as one sum, on a graph with a reversed copy: an independent way to the same values.

use super::ring::Ring;
use crate::model::sem::graph::MixedGraph;

/// `σ_ij` as numerator and denominator `Δ²`: a reversed copy of the directed arrows is joined to
/// them by bridges `k' -> l` of weight `ω_kl`; the one-connections `i' -> j` of this graph over its
/// connections are `σ_ij`.
///
/// The sums are determinants, expanded along columns without any sharing between entries, so that
/// nothing here depends on components or regions.
pub fn doubled<R: Ring>(
    graph: &MixedGraph,
    ring: &mut R,
    i: usize,
    j: usize,
) -> (R::Element, R::Element) {
    let n = graph.size();
    let zero = ring.whole(0);
    let mut m = vec![vec![zero; 2 * n]; 2 * n];
    for (v, row) in m.iter_mut().enumerate() {
        row[v] = ring.whole(1);
    }
    for (from, to, weight) in graph.effects() {
        let weight = ring.weight(weight);
        let negative = ring.negate(&weight);
        m[n + from][n + to] = negative.clone();
        m[to][from] = negative;
    }
    for (k, l, weight) in graph.covariances() {
        let weight = ring.weight(weight);
        let negative = ring.negate(&weight);
        m[k][n + l] = negative.clone();
        m[l][n + k] = negative;
    }
    // One-connections from i' to j are the cofactor of row j and column i'.
    let over = minor(ring, &m, Some((n + j, i)));
    let under = minor(ring, &m, None);
    let odd = (n + j + i) % 2 == 1;
    (if odd { ring.negate(&over) } else { over }, under)
}

/// The determinant without a row and a column.
fn minor<R: Ring>(
    ring: &mut R,
    m: &[Vec<R::Element>],
    without: Option<(usize, usize)>,
) -> R::Element {
    let kept =
        |out: Option<usize>| -> Vec<usize> { (0..m.len()).filter(|v| Some(*v) != out).collect() };
    let rows = kept(without.map(|w| w.0));
    let columns = kept(without.map(|w| w.1));
    let mut used = vec![false; rows.len()];
    expand(ring, m, &rows, &columns, &mut used)
}

/// Expands along the first column that is left.
fn expand<R: Ring>(
    ring: &mut R,
    m: &[Vec<R::Element>],
    rows: &[usize],
    columns: &[usize],
    used: &mut [bool],
) -> R::Element {
    let Some((&column, rest)) = columns.split_first() else { return ring.whole(1) };
    let mut parts = Vec::new();
    let mut place = 0;
    for r in 0..rows.len() {
        if used[r] {
            continue;
        }
        let entry = m[rows[r]][column].clone();
        if !ring.is_zero(&entry) {
            used[r] = true;
            let inner = expand(ring, m, rows, rest, used);
            used[r] = false;
            let product = ring.product(&[entry, inner]);
            parts.push(if place % 2 == 1 { ring.negate(&product) } else { product });
        }
        place += 1;
    }
    ring.sum(&parts)
}
