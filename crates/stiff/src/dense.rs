//! LU factorization with partial pivoting of small dense matrices.

use diffsol::{FaerContext, FaerMat, FaerVec, LaError, LaLinearOp, Matrix, Vector};
use diffsol_la::LinearSolver;

/// The factors of a dense matrix, `P A = L U`, in one column-major array.
///
/// For a dozen states a factorization is a few hundred operations, less than a general library
/// spends on choosing its blocks; storage is allocated once.
#[derive(Default)]
pub(crate) struct DenseLu {
    matrix: Option<FaerMat<f64>>,
    /// Unit lower and upper triangle; the diagonal holds the reciprocal pivots.
    factors: Vec<f64>,
    /// Row exchanged with row `k` at step `k`.
    pivots: Vec<usize>,
    singular: bool,
}

impl DenseLu {
    fn factorize(&mut self) {
        let n = self.pivots.len();
        self.singular = true;
        for k in 0..n {
            let column = &mut self.factors[k * n..(k + 1) * n];
            let mut pivot = k;
            for row in k + 1..n {
                if column[row].abs() > column[pivot].abs() {
                    pivot = row;
                }
            }
            let reciprocal = 1.0 / column[pivot];
            if !reciprocal.is_finite() {
                return;
            }
            column.swap(k, pivot);
            column[k] = reciprocal;
            for value in &mut column[k + 1..] {
                *value *= reciprocal;
            }
            self.pivots[k] = pivot;

            let (left, right) = self.factors.split_at_mut((k + 1) * n);
            let multipliers = &left[k * n + k + 1..];
            for column in right.chunks_exact_mut(n) {
                column.swap(k, pivot);
                let factor = column[k];
                if factor != 0.0 {
                    for (value, multiplier) in column[k + 1..].iter_mut().zip(multipliers) {
                        *value -= multiplier * factor;
                    }
                }
            }
        }
        // Rows to the left are exchanged as they are met in `solve`, which applies each
        // multiplier column right after its own exchange.
        self.singular = false;
    }

    fn solve(&self, x: &mut [f64]) {
        let n = self.pivots.len();
        for (k, column) in self.factors.chunks_exact(n).enumerate() {
            x.swap(k, self.pivots[k]);
            let factor = x[k];
            for (value, multiplier) in x[k + 1..].iter_mut().zip(&column[k + 1..]) {
                *value -= multiplier * factor;
            }
        }
        for (k, column) in self.factors.chunks_exact(n).enumerate().rev() {
            let factor = x[k] * column[k];
            x[k] = factor;
            for (value, upper) in x[..k].iter_mut().zip(&column[..k]) {
                *value -= upper * factor;
            }
        }
    }
}

impl LinearSolver<FaerMat<f64>> for DenseLu {
    fn set_sparsity<C>(&mut self, operator: &C)
    where
        C: LaLinearOp<T = f64, V = FaerVec<f64>, M = FaerMat<f64>, C = FaerContext>,
    {
        let n = operator.ncols();
        self.matrix = Some(FaerMat::zeros(n, n, *operator.context()));
        self.factors = vec![0.0; n * n];
        self.pivots = vec![0; n];
    }

    fn set_linearisation<C>(&mut self, operator: &C)
    where
        C: LaLinearOp<T = f64, V = FaerVec<f64>, M = FaerMat<f64>, C = FaerContext>,
    {
        let Some(matrix) = &mut self.matrix else {
            return;
        };
        operator.matrix_inplace(matrix);
        let n = self.pivots.len();
        for (column, target) in self.factors.chunks_exact_mut(n).enumerate() {
            target.copy_from_slice(matrix.inner_mut().col_as_slice(column));
        }
        self.factorize();
    }

    fn solve_in_place(&self, x: &mut FaerVec<f64>) -> Result<(), LaError> {
        if self.singular {
            return Err(LaError::Other("singular matrix".into()));
        }
        self.solve(x.inner_mut().col_as_slice_mut(0));
        Ok(())
    }

    fn solve_transpose_in_place(&self, _x: &mut FaerVec<f64>) -> Result<(), LaError> {
        Err(LaError::Other("no transposed solves".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_solve_the_system_and_singular_matrices_are_refused() {
        let n = 7;
        // Of full rank: its determinant is 3.503e+11.
        let entry =
            |i: usize, j: usize| ((i * i * 37 + j * 11 + i * j * j * 5 + 3) % 101) as f64 - 50.0;
        let mut lu = DenseLu {
            factors: (0..n * n).map(|k| entry(k % n, k / n)).collect(),
            pivots: vec![0; n],
            ..DenseLu::default()
        };
        lu.factorize();
        assert!(!lu.singular);
        let exact: Vec<f64> = (0..n).map(|i| i as f64 - 2.5).collect();
        let mut x: Vec<f64> =
            (0..n).map(|i| (0..n).map(|j| entry(i, j) * exact[j]).sum()).collect();
        lu.solve(&mut x);
        for (x, exact) in x.iter().zip(&exact) {
            assert!((x - exact).abs() < 1e-11, "{x} instead of {exact}");
        }

        lu.factors = vec![1.0; n * n];
        lu.factorize();
        assert!(lu.singular);
    }
}
