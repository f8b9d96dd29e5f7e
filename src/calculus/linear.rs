//! Linear systems of terms: Cramer's rule with symbols, elimination with exact numbers.

use super::determinant::{ROWS, determinant};
use crate::term::{Graph, Node, Number, Term};

/// The solutions of a square or rectangular linear system.
#[derive(Clone, PartialEq, Debug)]
pub enum Solutions {
    /// One solution, in the order of the unknowns, provided that the term, if there is one, is not
    /// zero.
    One(Vec<Term>, Option<Term>),
    /// There is none.
    None,
    /// There are infinitely many: the rank is less than the number of unknowns.
    Many,
    /// With symbols as many equations as unknowns are needed, and few enough of them.
    Unsuited,
}

/// Solves `matrix · x = right`; rows are equations.
///
/// With numbers only, by elimination over the rationals, for any shape. With symbols by Cramer's
/// rule (1750), which holds wherever the determinant is not zero.
pub fn solve(graph: &mut Graph, matrix: &[Vec<Term>], right: &[Term]) -> Solutions {
    let numbers: Option<Vec<Vec<Number>>> = matrix
        .iter()
        .zip(right)
        .map(|(row, b)| row.iter().chain([b]).map(|&t| graph.as_number(t).cloned()).collect())
        .collect();
    if let Some(rows) = numbers {
        return eliminate(graph, rows);
    }
    let (mut matrix, mut right) = (matrix.to_vec(), right.to_vec());
    let Some(mut det) = determinant(graph, &matrix) else { return Solutions::Unsuited };
    if is_mostly_negative(graph, det) {
        // The same equations with the first one turned round read better.
        matrix[0] = matrix[0].iter().map(|&t| graph.neg(t)).collect();
        right[0] = graph.neg(right[0]);
        det = graph.neg(det);
    }
    let solution = (0..matrix.len()).map(|k| {
        let mut replaced = matrix.to_vec();
        for (row, &b) in replaced.iter_mut().zip(&right) {
            row[k] = b;
        }
        let minor = determinant(graph, &replaced)?;
        Some(graph.div(minor, det))
    });
    match solution.collect() {
        Some(list) => Solutions::One(list, Some(det)),
        None => Solutions::Unsuited,
    }
}

/// The inverse of a square matrix, entry by entry the cofactor over the determinant, and the
/// determinant; `None` when the matrix is not square or has more than [`ROWS`] rows.
pub fn inverse(graph: &mut Graph, matrix: &[Vec<Term>]) -> Option<(Vec<Vec<Term>>, Term)> {
    let n = matrix.len();
    if n > ROWS {
        return None;
    }
    let det = determinant(graph, matrix)?;
    let rows = (0..n).map(|i| {
        (0..n)
            .map(|j| {
                // Row j and column i go away: the transposed cofactor.
                let minor: Vec<Vec<Term>> = (0..n)
                    .filter(|&r| r != j)
                    .map(|r| (0..n).filter(|&c| c != i).map(|c| matrix[r][c]).collect())
                    .collect();
                let value = match minor.is_empty() {
                    true => graph.number(1),
                    false => determinant(graph, &minor)?,
                };
                let quotient = graph.div(value, det);
                Some(if (i + j) % 2 == 0 { quotient } else { graph.neg(quotient) })
            })
            .collect()
    });
    Some((rows.collect::<Option<_>>()?, det))
}

/// Whether more terms of a sum are subtracted than added.
fn is_mostly_negative(graph: &Graph, term: Term) -> bool {
    let Node::Sum { constant, terms } = graph.node(term) else { return false };
    let parts = terms.iter().map(|(c, _)| c).chain([constant]).filter(|c| !c.is_zero());
    let (negative, all) =
        parts.fold((0, 0), |(n, all), c| (n + usize::from(c.is_negative()), all + 1));
    2 * negative > all
}

/// Gauss–Jordan elimination of rows that end with the right side.
fn eliminate(graph: &mut Graph, mut rows: Vec<Vec<Number>>) -> Solutions {
    let unknowns = rows.first().map_or(0, |r| r.len() - 1);
    let mut rank = 0;
    for column in 0..unknowns {
        let Some(pivot) = (rank..rows.len()).find(|&r| !rows[r][column].is_zero()) else {
            continue;
        };
        rows.swap(rank, pivot);
        let Some(scale) = rows[rank][column].recip() else { continue };
        let lead: Vec<Number> = rows[rank].iter().map(|x| x * &scale).collect();
        for (r, row) in rows.iter_mut().enumerate() {
            let factor = row[column].clone();
            if r != rank && !factor.is_zero() {
                row.iter_mut().zip(&lead).for_each(|(x, l)| *x = &*x - &(&factor * l));
            }
        }
        rows[rank] = lead;
        rank += 1;
    }
    if rows[rank..].iter().any(|row| !row[unknowns].is_zero()) {
        return Solutions::None;
    }
    if rank < unknowns {
        return Solutions::Many;
    }
    let solution = rows[..rank].iter().map(|row| graph.number(row[unknowns].clone()));
    Solutions::One(solution.collect(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(g: &mut Graph, rows: &[&[i64]]) -> Vec<Vec<Term>> {
        rows.iter().map(|r| r.iter().map(|&x| g.number(x)).collect()).collect()
    }

    #[test]
    fn hilbert_systems_are_solved_exactly() {
        // The solution of H x = e₁ for the 4 × 4 Hilbert matrix (Todd 1961): 16, −120, 240, −140.
        let mut g = Graph::new();
        let h: Vec<Vec<Term>> = (1..5)
            .map(|i: i64| {
                (0..4).map(|j| g.number(Number::ratio(1, i + j).expect("a ratio"))).collect()
            })
            .collect();
        let right: Vec<Term> = [1, 0, 0, 0].iter().map(|&x| g.number(x)).collect();
        let wanted: Vec<Term> = [16, -120, 240, -140].iter().map(|&x| g.number(x)).collect();
        assert_eq!(solve(&mut g, &h, &right), Solutions::One(wanted, None));
    }

    #[test]
    fn singular_systems_have_no_or_many_solutions() {
        let mut g = Graph::new();
        let matrix = numbers(&mut g, &[&[1, 2], &[2, 4]]);
        let [one, two, three] = [1, 2, 3].map(|x| g.number(x));
        assert_eq!(solve(&mut g, &matrix, &[one, two]), Solutions::Many);
        assert_eq!(solve(&mut g, &matrix, &[one, three]), Solutions::None);
    }

    #[test]
    fn an_inverse_times_its_matrix_is_one() {
        let mut g = Graph::new();
        let rows = numbers(&mut g, &[&[2, 1, 0], &[1, 3, 5], &[0, -1, 4]]);
        let (inverse, det) = inverse(&mut g, &rows).expect("square");
        assert_eq!(g.as_number(det), Some(&Number::from(30)));
        for (i, row) in inverse.iter().enumerate() {
            for j in 0..3 {
                let products = row.iter().zip(&rows);
                let products: Vec<(Number, Term)> =
                    products.map(|(&a, other)| (Number::ONE, g.mul(a, other[j]))).collect();
                let entry = g.sum(Number::ZERO, products);
                assert_eq!(g.as_number(entry), Some(&Number::from(i64::from(i == j))));
            }
        }
    }
}
