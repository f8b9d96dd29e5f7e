//! Sparse LU factorization by faer that reports a singular matrix instead of panicking.

use diffsol::{
    FaerContext, FaerSparseMat, FaerVec, LaError, LaLinearOp, Matrix, MatrixCommon, Vector,
};
use diffsol_la::LinearSolver;
use faer::reborrow::ReborrowMut;

use crate::shifted::Factors;

/// The factors of a sparse matrix; the ordering and all storage are set up once per pattern.
#[derive(Default)]
pub(crate) struct SparseLu(Option<(FaerSparseMat<f64>, Factors)>);

impl LinearSolver<FaerSparseMat<f64>> for SparseLu {
    fn set_sparsity<C>(&mut self, operator: &C)
    where
        C: LaLinearOp<T = f64, V = FaerVec<f64>, M = FaerSparseMat<f64>, C = FaerContext>,
    {
        let matrix = FaerSparseMat::new_from_sparsity(
            operator.nrows(),
            operator.ncols(),
            operator.sparsity(),
            *operator.context(),
        );
        self.0 = Factors::new(matrix.inner()[0].symbolic()).map(|factors| (matrix, factors));
    }

    fn set_linearisation<C>(&mut self, operator: &C)
    where
        C: LaLinearOp<T = f64, V = FaerVec<f64>, M = FaerSparseMat<f64>, C = FaerContext>,
    {
        let Some((matrix, factors)) = &mut self.0 else { return };
        operator.matrix_inplace(matrix);
        // A singular matrix is reported by the solve.
        factors.factorize(matrix.inner()[0].as_ref());
    }

    fn solve_in_place(&self, x: &mut FaerVec<f64>) -> Result<(), LaError> {
        let solved =
            self.0.as_ref().is_some_and(|(_, factors)| factors.solve(x.inner_mut().rb_mut()));
        if solved { Ok(()) } else { Err(LaError::Other("singular matrix".into())) }
    }

    fn solve_transpose_in_place(&self, _x: &mut FaerVec<f64>) -> Result<(), LaError> {
        Err(LaError::Other("no transposed solves".into()))
    }
}
