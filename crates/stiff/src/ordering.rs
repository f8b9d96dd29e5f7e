//! Orderings of sparse matrices that keep fill low.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::SymbolicSparseColMat;
use faer::sparse::linalg::amd;

use crate::problem::Pattern;

/// An elimination order of low fill for a matrix with this pattern and its transpose added, by
/// approximate minimum degree (Amestoy, Davis and Duff, 1996): the row that comes first, and so on.
///
/// `None` when the pattern is inconsistent or memory does not suffice.
pub fn minimum_degree(pattern: &Pattern) -> Option<Vec<usize>> {
    if !pattern.is_consistent() {
        return None;
    }
    let n = pattern.dimension;
    if n == 0 {
        return Some(Vec::new());
    }
    let (starts, rows) = (pattern.column_starts.clone(), pattern.row_indices.clone());
    let matrix = SymbolicSparseColMat::new_checked(n, n, starts, None, rows);
    let (mut order, mut places) = (vec![0; n], vec![0; n]);
    let scratch = amd::order_maybe_unsorted_scratch::<usize>(n, pattern.entries());
    amd::order(
        &mut order,
        &mut places,
        matrix.as_ref(),
        Default::default(),
        MemStack::new(&mut MemBuffer::try_new(scratch).ok()?),
    )
    .ok()?;
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_is_eliminated_from_its_tips() {
        // Row and column 0 are full: eliminated first they would fill the whole matrix.
        let n = 9;
        let (mut column_starts, mut row_indices) = (vec![0], (0..n).collect::<Vec<_>>());
        column_starts.push(n);
        for k in 1..n {
            row_indices.extend([0, k]);
            column_starts.push(row_indices.len());
        }
        let arrow = Pattern { dimension: n, column_starts, row_indices };
        let order = minimum_degree(&arrow).expect("an order");
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..n).collect::<Vec<_>>());
        assert!(order.iter().position(|&k| k == 0) >= Some(n - 2), "{order:?}");
        assert_eq!(minimum_degree(&Pattern::diagonal(0)), Some(Vec::new()));
        assert_eq!(minimum_degree(&Pattern { dimension: 4, ..arrow }), None);
    }
}
