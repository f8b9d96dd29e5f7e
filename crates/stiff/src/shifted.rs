//! Linear algebra by slices: sparse systems `(γI − J) x = b`, eigenvalues and null spaces.

use std::cell::RefCell;

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::{evd, svd};
use faer::sparse::linalg::lu::{LuRef, NumericLu, SymbolicLu, factorize_symbolic_lu};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMat, SymbolicSparseColMatRef};
use faer::{Conj, Mat, MatMut, MatRef, Par};

use crate::problem::Pattern;

/// The factors of sparse matrices of one pattern; ordering and storage are set up once.
pub(crate) struct Factors {
    symbolic: SymbolicLu<usize>,
    numeric: NumericLu<usize, f64>,
    factor_scratch: MemBuffer,
    solve_scratch: RefCell<MemBuffer>,
    singular: bool,
}

impl Factors {
    /// `None` when the pattern cannot be ordered (out of memory).
    pub fn new(pattern: SymbolicSparseColMatRef<'_, usize>) -> Option<Factors> {
        let symbolic = factorize_symbolic_lu(pattern, Default::default()).ok()?;
        let factor = symbolic.factorize_numeric_lu_scratch::<f64>(Par::Seq, Default::default());
        let solve = symbolic.solve_in_place_scratch::<f64>(1, Par::Seq);
        Some(Factors {
            factor_scratch: MemBuffer::new(factor),
            solve_scratch: RefCell::new(MemBuffer::new(solve)),
            numeric: NumericLu::new(),
            symbolic,
            singular: true,
        })
    }

    /// Factorizes a matrix of this pattern; whether it is regular.
    pub fn factorize(&mut self, matrix: SparseColMatRef<'_, usize, f64>) -> bool {
        self.singular = self
            .symbolic
            .factorize_numeric_lu(
                &mut self.numeric,
                matrix,
                Par::Seq,
                MemStack::new(&mut self.factor_scratch),
                Default::default(),
            )
            .is_err();
        !self.singular
    }

    /// Solves with the last matrix in place; whether there was one and it was regular.
    pub fn solve(&self, x: MatMut<'_, f64>) -> bool {
        if self.singular {
            return false;
        }
        LuRef::new_unchecked(&self.symbolic, &self.numeric).solve_in_place_with_conj(
            Conj::No,
            x,
            Par::Seq,
            MemStack::new(&mut self.solve_scratch.borrow_mut()),
        );
        true
    }
}

/// Solves systems with the matrix `γI − J` for sparse matrices `J` of one pattern.
pub struct Shifted {
    pattern: SymbolicSparseColMat<usize>,
    values: Vec<f64>,
    /// The place of each entry of `J`, and of each diagonal entry.
    places: Vec<usize>,
    diagonal: Vec<usize>,
    factors: Factors,
}

impl Shifted {
    /// For matrices of a pattern, which need not hold the diagonal.
    ///
    /// `None` when the pattern is inconsistent or too large to be ordered.
    pub fn new(pattern: &Pattern) -> Option<Shifted> {
        if !pattern.is_consistent() {
            return None;
        }
        let n = pattern.dimension;
        let (Pattern { column_starts, row_indices, .. }, places, diagonal) =
            pattern.with_diagonal();
        let values = vec![0.0; row_indices.len()];
        let pattern = SymbolicSparseColMat::new_checked(n, n, column_starts, None, row_indices);
        let factors = Factors::new(pattern.as_ref())?;
        Some(Shifted { pattern, values, places, diagonal, factors })
    }

    /// Factorizes `γI − J`, with the entries of `J` in the order of the pattern; whether it is
    /// regular as far as the factorization can tell.
    pub fn factorize(&mut self, gamma: f64, jacobian: &[f64]) -> bool {
        self.values.fill(0.0);
        for (&place, value) in self.places.iter().zip(jacobian) {
            self.values[place] = -value;
        }
        for &place in &self.diagonal {
            self.values[place] += gamma;
        }
        self.factors.factorize(SparseColMatRef::new(self.pattern.as_ref(), &self.values))
    }

    /// Factorizes a matrix with these entries, in the order of [`Pattern::with_diagonal`]; whether
    /// it is regular as far as the factorization can tell.
    pub fn factorize_matrix(&mut self, values: &[f64]) -> bool {
        self.factors.factorize(SparseColMatRef::new(self.pattern.as_ref(), values))
    }

    /// Solves in place with the matrix factorized last; whether the result is finite.
    pub fn solve(&self, x: &mut [f64]) -> bool {
        let n = x.len();
        n == 0
            || (self.factors.solve(MatMut::from_column_major_slice_mut(x, n, 1))
                && x.iter().all(|x| x.is_finite()))
    }
}

/// The eigenvalues of a square matrix in column-major order, as real and imaginary parts.
///
/// `None` when an entry is not finite or the QR iteration does not converge.
///
/// # Panics
/// When the matrix has not `n * n` entries.
pub fn eigenvalues(n: usize, matrix: &[f64]) -> Option<Vec<(f64, f64)>> {
    assert_eq!(matrix.len(), n * n, "a square matrix");
    if !matrix.iter().all(|x| x.is_finite()) {
        return None;
    }
    let (mut re, mut im) = (Diag::<f64>::zeros(n), Diag::<f64>::zeros(n));
    let none = evd::ComputeEigenvectors::No;
    let scratch = evd::evd_scratch::<f64>(n, none, none, Par::Seq, Default::default());
    evd::evd_real(
        MatRef::from_column_major_slice(matrix, n, n),
        re.as_mut(),
        im.as_mut(),
        None,
        None,
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .ok()?;
    Some((0..n).map(|k| (re.column_vector()[k], im.column_vector()[k])).collect())
}

/// An orthonormal basis of the vectors `w` with `wᵀ A = 0`, one after the other, for a matrix `A` in
/// column-major order: the left singular vectors beyond its rank, which is the number of singular
/// values above `10 max(rows, columns) · ε` times the largest (entries have rounding errors of
/// their own).
///
/// `None` when an entry is not finite or the iteration does not converge.
///
/// # Panics
/// When the number of entries is not a multiple of the number of rows.
pub fn left_null_space(rows: usize, matrix: &[f64]) -> Option<Vec<f64>> {
    let columns = matrix.len().checked_div(rows).unwrap_or(0);
    assert_eq!(matrix.len(), rows * columns, "whole columns");
    if !matrix.iter().all(|x| x.is_finite()) {
        return None;
    }
    let mut values = Diag::<f64>::zeros(rows.min(columns));
    let mut vectors = Mat::<f64>::zeros(rows, rows);
    let (left, right) = (svd::ComputeSvdVectors::Full, svd::ComputeSvdVectors::No);
    let scratch = svd::svd_scratch::<f64>(rows, columns, left, right, Par::Seq, Default::default());
    svd::svd(
        MatRef::from_column_major_slice(matrix, rows, columns),
        values.as_mut(),
        Some(vectors.as_mut()),
        None,
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .ok()?;
    let values: Vec<f64> = values.column_vector().iter().copied().collect();
    let largest = values.iter().copied().fold(0.0, f64::max);
    let least = 10.0 * largest * f64::EPSILON * rows.max(columns) as f64;
    let rank = values.iter().filter(|&&value| value > least).count();
    Some((rank..rows).flat_map(|k| vectors.col_as_slice(k).to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifted_systems_are_solved_whether_or_not_the_diagonal_is_stored() {
        // J = [0 2 0; 0 3 0; 1 0 0] by columns; only one diagonal entry is in the pattern.
        let pattern =
            Pattern { dimension: 3, column_starts: vec![0, 1, 3, 3], row_indices: vec![2, 0, 1] };
        let mut shifted = Shifted::new(&pattern).expect("an ordering");
        assert!(shifted.factorize(5.0, &[1.0, 2.0, 3.0]));
        // (5I − J) (1, 2, 3) = (5 − 4, 10 − 6, 15 − 1)
        let mut x = [1.0, 4.0, 14.0];
        assert!(shifted.solve(&mut x));
        for (x, exact) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((x - exact).abs() < 1e-14, "{x} instead of {exact}");
        }
        // A singular one is refused by the factorization or by its infinite solution.
        let regular = shifted.factorize(3.0, &[1.0, 2.0, 3.0]);
        assert!(!regular || !shifted.solve(&mut [1.0; 3]));
        assert!(Shifted::new(&Pattern { dimension: 2, ..pattern }).is_none());
    }

    #[test]
    fn eigenvalues_and_null_spaces_of_known_matrices() {
        // A rotation by a quarter with growth 2, and a decay by 3.
        let matrix = [2.0, 1.0, 0.0, -1.0, 2.0, 0.0, 0.0, 0.0, -3.0];
        let mut found = eigenvalues(3, &matrix).expect("convergence");
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        for (found, exact) in found.iter().zip([(-3.0, 0.0), (2.0, -1.0), (2.0, 1.0)]) {
            let distance = (found.0 - exact.0).hypot(found.1 - exact.1);
            assert!(distance < 1e-14, "{found:?} instead of {exact:?}");
        }
        assert_eq!(eigenvalues(0, &[]), Some(Vec::new()));
        assert_eq!(eigenvalues(1, &[f64::NAN]), None);

        assert_eq!(left_null_space(3, &matrix), Some(Vec::new()));
        // Rows (1, 2, 3) and (2, 4, 6): what is left is (2, -1) / √5, up to its sign.
        let null = left_null_space(2, &[1.0, 2.0, 2.0, 4.0, 3.0, 6.0]).expect("convergence");
        let sign = null[0].signum();
        for (found, exact) in null.iter().zip([2.0 / 5.0_f64.sqrt(), -1.0 / 5.0_f64.sqrt()]) {
            assert!((sign * found - exact).abs() < 1e-14, "{null:?}");
        }
        assert_eq!(left_null_space(2, &[0.0; 4]).map(|null| null.len()), Some(4));
        assert_eq!(left_null_space(0, &[]), Some(Vec::new()));
    }
}
