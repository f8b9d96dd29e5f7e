//! Linear systems given by pattern and values: scaled, factorized, and judged singular or not.

use std::marker::PhantomData;

use diffsol::{FaerContext, FaerMat, FaerSparseMat, FaerVec, LaLinearOp, Vector};
use diffsol_la::LinearSolver;

use crate::dense::DenseLu;
use crate::drive::DENSE_LIMIT;
use crate::equations::{Storage, entries};
use crate::problem::Pattern;
use crate::sparse::SparseLu;

/// The factors of a square matrix whose rows and columns were scaled to entries of at most one.
pub struct Lu {
    factors: Factors,
    row_scales: Vec<f64>,
    column_scales: Vec<f64>,
}

enum Factors {
    Dense(DenseLu),
    Sparse(Box<SparseLu>),
}

/// Why a matrix has no useful inverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Singular {
    /// Rows without a nonzero entry.
    pub rows: Vec<usize>,
    /// Columns that the others determine, the most responsible first: those without a nonzero
    /// entry, or else the largest components of a vector that the matrix maps close to zero.
    pub columns: Vec<usize>,
}

/// A scaled matrix whose inverse is found to be larger than this counts as singular.
const WORST_INVERSE: f64 = 1e13;

/// The relative size of the perturbation that makes a singular matrix regular, to see in which
/// direction its inverse is then large.
const PERTURBATION: f64 = 1e-10;

impl Lu {
    /// Factorizes the matrix with these `values`, in the order of `pattern`.
    ///
    /// # Errors
    /// [`Singular`] when it is, as far as double precision can tell.
    pub fn new(pattern: &Pattern, values: &[f64]) -> Result<Lu, Singular> {
        let n = pattern.dimension;
        let reciprocals =
            |largest: &[f64]| -> Vec<f64> { largest.iter().map(|x| 1.0 / x).collect() };
        let zeros = |largest: &[f64]| -> Vec<usize> {
            (0..n).filter(|&k| largest[k] == 0.0 || !largest[k].is_finite()).collect()
        };
        let (mut rows, mut columns) = (vec![0.0; n], vec![0.0; n]);
        pattern.for_each(|entry, row, _| rows[row] = f64::max(rows[row], values[entry].abs()));
        let row_scales = reciprocals(&rows);
        pattern.for_each(|entry, row, column| {
            if rows[row] > 0.0 {
                let scaled = values[entry].abs() * row_scales[row];
                columns[column] = f64::max(columns[column], scaled);
            }
        });
        let empty = Singular { rows: zeros(&rows), columns: zeros(&columns) };
        if !empty.rows.is_empty() || !empty.columns.is_empty() {
            return Err(empty);
        }
        let column_scales = reciprocals(&columns);
        let mut scaled = values.to_vec();
        pattern.for_each(|entry, row, column| {
            scaled[entry] *= row_scales[row] * column_scales[column];
        });
        let factors = Factors::of(pattern, &scaled);
        // A right-hand side without symmetry has a component in every direction, of which a small
        // singular value makes a large one (Higham, 2002, chapter 15).
        let probe = |k: usize| if k.is_multiple_of(2) { irregular(k) } else { -irregular(k) };
        let mut direction: Vec<f64> = (0..n).map(probe).collect();
        let small = |x: &[f64]| x.iter().all(|x| x.abs() < WORST_INVERSE);
        if factors.solve(&mut direction) && small(&direction) {
            return Ok(Lu { factors, row_scales, column_scales });
        }
        for (entry, value) in scaled.iter_mut().enumerate() {
            *value *= 1.0 + PERTURBATION * irregular(entry);
        }
        direction = (0..n).map(probe).collect();
        let mut columns: Vec<usize> = (0..n).collect();
        let solved = Factors::of(pattern, &scaled).solve(&mut direction);
        if solved && direction.iter().all(|x| x.is_finite()) {
            let largest = direction.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            columns.retain(|&k| direction[k].abs() >= 0.1 * largest);
            columns.sort_by(|&a, &b| direction[b].abs().total_cmp(&direction[a].abs()));
        }
        Err(Singular { rows: Vec::new(), columns })
    }

    /// Replaces the right-hand side `x` by the solution.
    pub fn solve(&self, x: &mut [f64]) {
        x.iter_mut().zip(&self.row_scales).for_each(|(x, scale)| *x *= scale);
        self.factors.solve(x);
        x.iter_mut().zip(&self.column_scales).for_each(|(x, scale)| *x *= scale);
    }
}

impl Factors {
    fn of(pattern: &Pattern, values: &[f64]) -> Factors {
        if pattern.dimension <= DENSE_LIMIT {
            Factors::Dense(factorized::<FaerMat<f64>, _>(pattern, values))
        } else {
            Factors::Sparse(Box::new(factorized::<FaerSparseMat<f64>, _>(pattern, values)))
        }
    }

    /// Solves in place; false when the factors do not exist.
    fn solve(&self, x: &mut [f64]) -> bool {
        let mut vector = FaerVec::from_vec(x.to_vec(), FaerContext::default());
        let done = match self {
            Factors::Dense(lu) => LinearSolver::<FaerMat<f64>>::solve_in_place(lu, &mut vector),
            Factors::Sparse(lu) => lu.solve_in_place(&mut vector),
        };
        x.copy_from_slice(entries(&vector));
        done.is_ok()
    }
}

/// Numbers between one and two without a pattern: fractions of multiples of the golden ratio.
fn irregular(k: usize) -> f64 {
    1.0 + (k as f64 * 0.618_033_988_749_895).fract()
}

fn factorized<M: Storage, L: LinearSolver<M>>(pattern: &Pattern, values: &[f64]) -> L {
    let matrix = Given { pattern, values, context: FaerContext::default(), matrix: PhantomData };
    let mut solver = L::default();
    solver.set_sparsity(&matrix);
    solver.set_linearisation(&matrix);
    solver
}

/// A matrix that is there already, as an operator.
struct Given<'v, M> {
    pattern: &'v Pattern,
    values: &'v [f64],
    context: FaerContext,
    matrix: PhantomData<M>,
}

impl<M: Storage> LaLinearOp for Given<'_, M> {
    type T = f64;
    type V = FaerVec<f64>;
    type M = M;
    type C = FaerContext;
    fn nrows(&self) -> usize {
        self.pattern.dimension
    }
    fn ncols(&self) -> usize {
        self.pattern.dimension
    }
    fn context(&self) -> &FaerContext {
        &self.context
    }
    fn matrix_inplace(&self, matrix: &mut M) {
        matrix.write(self.pattern, self.values);
    }
    fn sparsity(&self) -> Option<M::Sparsity> {
        M::layout(self.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second difference with ends that make it regular or singular, badly scaled by rows.
    fn second_difference(n: usize, first: f64) -> (Pattern, Vec<f64>) {
        let (mut column_starts, mut row_indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for column in 0..n {
            for row in column.saturating_sub(1)..n.min(column + 2) {
                let ends = [0, n - 1].map(|end| f64::from(u8::from(row == end)));
                let diagonal = 2.0 - ends[1] - ends[0] * (1.0 - first);
                let value = if row == column { diagonal } else { -1.0 };
                row_indices.push(row);
                values.push(value * 10f64.powi(row as i32 % 5 * 4));
            }
            column_starts.push(row_indices.len());
        }
        (Pattern { dimension: n, column_starts, row_indices }, values)
    }

    #[test]
    fn regular_matrices_are_solved_and_singular_ones_named() {
        for n in [5, 80] {
            let (pattern, values) = second_difference(n, 1.0);
            let lu = Lu::new(&pattern, &values).unwrap();
            let exact: Vec<f64> = (0..n).map(|k| (k as f64).sin()).collect();
            let mut x = vec![0.0; n];
            pattern.for_each(|entry, row, column| x[row] += values[entry] * exact[column]);
            lu.solve(&mut x);
            for (x, exact) in x.iter().zip(&exact) {
                assert!((x - exact).abs() < 1e-10, "{x} instead of {exact}");
            }
            // With both ends free the constant vector is mapped to zero.
            let (pattern, values) = second_difference(n, 0.0);
            let singular = Lu::new(&pattern, &values).err().unwrap();
            assert_eq!((singular.rows.len(), singular.columns.len()), (0, n));
        }
    }

    #[test]
    fn empty_rows_and_columns_are_named() {
        let pattern = Pattern::dense(3);
        let values = [1.0, 0.0, 2.0, 3.0, 0.0, 4.0, 0.0, 0.0, 0.0];
        let singular = Lu::new(&pattern, &values).err().unwrap();
        assert_eq!(singular, Singular { rows: vec![1], columns: vec![2] });
    }
}
