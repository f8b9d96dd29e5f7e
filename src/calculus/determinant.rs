//! Determinants of small matrices of terms.

use crate::term::{Graph, Number, Term};

/// The largest matrix; the work doubles with each row.
pub const ROWS: usize = 12;

/// The determinant of a square matrix, by expansion along rows with shared minors: `rows` sums for
/// each set of columns, without divisions (so that it holds wherever the entries have values).
///
/// `None` when the matrix is not square, is empty, or has more than [`ROWS`] rows.
pub fn determinant(graph: &mut Graph, matrix: &[Vec<Term>]) -> Option<Term> {
    let n = matrix.len();
    if n == 0 || n > ROWS || matrix.iter().any(|row| row.len() != n) {
        return None;
    }
    // Minors of the last rows, by the set of columns that they use; none for one that is zero.
    let mut minors: Vec<Option<Term>> = vec![None; 1 << n];
    minors[0] = Some(graph.number(1));
    let mut parts: Vec<(Number, Term)> = Vec::with_capacity(n);
    for (above, row) in matrix.iter().enumerate().rev() {
        for set in (0..1_usize << n).filter(|set| set.count_ones() as usize == n - above) {
            for column in (0..n).rev().filter(|column| set >> column & 1 == 1) {
                let Some(minor) = minors[set & !(1 << column)] else { continue };
                let entry = row[column];
                if graph.as_number(entry).is_some_and(Number::is_zero) {
                    continue;
                }
                let before = (set & ((1 << column) - 1)).count_ones();
                let sign = if before % 2 == 0 { Number::ONE } else { Number::MINUS_ONE };
                parts.push((sign, graph.mul(entry, minor)));
            }
            minors[set] = (!parts.is_empty()).then(|| graph.sum(Number::ZERO, parts.drain(..)));
        }
    }
    Some(minors[(1 << n) - 1].unwrap_or_else(|| graph.number(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::evaluate::{Floating, evaluate};

    #[test]
    fn known_determinants() {
        let mut g = Graph::new();
        // Vandermonde of 1, 2, 3, 4: the product of the differences is 12.
        let matrix: Vec<Vec<Term>> =
            (1..5).map(|x: i64| (0..4).map(|k| g.number(x.pow(k))).collect()).collect();
        let det = determinant(&mut g, &matrix).expect("square");
        assert_eq!(g.as_number(det), Some(&Number::from(12)));
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|n| g.symbol(n));
        let det = determinant(&mut g, &[vec![a, b], vec![c, d]]).expect("square");
        let value = |n: &str| match n {
            "a" => 2.0,
            "b" => 3.0,
            "c" => 5.0,
            _ => 7.0,
        };
        assert_eq!(evaluate(&g, det, &mut Floating(value)), -1.0);
        assert!(determinant(&mut g, &[vec![a, b]]).is_none());
    }
}
