//! Sparse systems without fill: GMRES, preconditioned by an incomplete LU factorization.

use isoterm_stiff::{Pattern, minimum_degree};

/// Restarted GMRES (Saad and Schultz, 1986) with ILU(0) on the right, for matrices of one pattern.
///
/// ILU(0) eliminates only within the pattern (Meijerink and van der Vorst, 1977), in an order of
/// low degree, so that what is dropped is little.
pub struct Gmres {
    /// Place of each row in the order of elimination, and the row at each place.
    places: Vec<u32>,
    order: Vec<u32>,
    /// The ordered matrix by rows: starts, columns, diagonal entries, and for each its entry in
    /// the pattern.
    starts: Vec<usize>,
    columns: Vec<u32>,
    diagonal: Vec<usize>,
    sources: Vec<u32>,
    factors: Vec<f64>,
    /// Krylov vectors, one after the other.
    basis: Vec<f64>,
    work: Vec<f64>,
    /// Part of the right-hand side, in units of the weights, that may be left.
    reduction: f64,
}

/// Krylov vectors before a restart, and restarts.
const VECTORS: usize = 30;
const RESTARTS: usize = 4;

impl Gmres {
    /// For matrices of a pattern that holds its diagonal, to leave at most the part `reduction` of a
    /// right-hand side; `None` when the pattern is inconsistent.
    pub fn new(pattern: &Pattern, reduction: f64) -> Option<Gmres> {
        let n = pattern.dimension;
        let order: Vec<u32> = minimum_degree(pattern)?.into_iter().map(|row| row as u32).collect();
        let mut places = vec![0; n];
        order.iter().enumerate().for_each(|(place, &row)| places[row as usize] = place as u32);
        let mut rows: Vec<Vec<(u32, u32)>> = vec![Vec::new(); n];
        pattern.for_each(|entry, row, column| {
            rows[places[row] as usize].push((places[column], entry as u32));
        });
        let (mut starts, mut diagonal) = (vec![0], Vec::with_capacity(n));
        let (mut columns, mut sources) = (Vec::new(), Vec::new());
        for (k, row) in rows.iter_mut().enumerate() {
            row.sort_unstable();
            let middle = row.binary_search_by_key(&(k as u32), |(column, _)| *column).ok()?;
            diagonal.push(columns.len() + middle);
            columns.extend(row.iter().map(|(column, _)| *column));
            sources.extend(row.iter().map(|(_, entry)| *entry));
            starts.push(columns.len());
        }
        Some(Gmres {
            factors: vec![0.0; columns.len()],
            basis: vec![0.0; (VECTORS + 1) * n],
            work: vec![0.0; n],
            reduction,
            places,
            order,
            starts,
            columns,
            diagonal,
            sources,
        })
    }

    /// Entries of the incomplete factors.
    pub fn entries(&self) -> usize {
        self.factors.len()
    }

    /// Factorizes incompletely the matrix with these `values`, in the order of the pattern.
    ///
    /// # Errors
    /// The row of a pivot that is zero or not finite.
    pub fn prepare(&mut self, values: &[f64]) -> Result<(), usize> {
        const NONE: u32 = u32::MAX;
        for (factor, &source) in self.factors.iter_mut().zip(&self.sources) {
            *factor = values[source as usize];
        }
        // Where the columns of the row at hand are.
        let mut entry_of = vec![NONE; self.diagonal.len()];
        for k in 0..self.diagonal.len() {
            let (first, last) = (self.starts[k], self.starts[k + 1]);
            for entry in first..last {
                entry_of[self.columns[entry] as usize] = entry as u32;
            }
            for entry in first..self.diagonal[k] {
                let row = self.columns[entry] as usize;
                let factor = self.factors[entry] * self.factors[self.diagonal[row]];
                self.factors[entry] = factor;
                if factor == 0.0 {
                    continue;
                }
                for later in self.diagonal[row] + 1..self.starts[row + 1] {
                    let target = entry_of[self.columns[later] as usize];
                    if target != NONE {
                        self.factors[target as usize] -= factor * self.factors[later];
                    }
                }
            }
            for entry in first..last {
                entry_of[self.columns[entry] as usize] = NONE;
            }
            // The diagonal holds reciprocal pivots.
            let pivot = &mut self.factors[self.diagonal[k]];
            let reciprocal = 1.0 / *pivot;
            if !(reciprocal.is_finite() && pivot.is_finite()) {
                return Err(self.order[k] as usize);
            }
            *pivot = reciprocal;
        }
        Ok(())
    }

    /// Replaces `x` by what the incomplete factors make of it.
    fn precondition(&self, x: &mut [f64], work: &mut [f64]) {
        for (k, &row) in self.order.iter().enumerate() {
            let range = self.starts[k]..self.diagonal[k];
            let products = self.factors[range.clone()].iter().zip(&self.columns[range]);
            let sum: f64 = products.map(|(factor, &column)| factor * work[column as usize]).sum();
            work[k] = x[row as usize] - sum;
        }
        for k in (0..self.order.len()).rev() {
            let range = self.diagonal[k] + 1..self.starts[k + 1];
            let products = self.factors[range.clone()].iter().zip(&self.columns[range]);
            let sum: f64 = products.map(|(factor, &column)| factor * work[column as usize]).sum();
            work[k] = (work[k] - sum) * self.factors[self.diagonal[k]];
        }
        for (x, &place) in x.iter_mut().zip(&self.places) {
            *x = work[place as usize];
        }
    }

    /// Replaces the right-hand side `x` by an approximate solution with the matrix of these
    /// `values`, after [`Gmres::prepare`] with the same or similar ones. Residuals are measured in
    /// units of `weights` (larger ones count for more). Gives the number of iterations, or
    /// `None` when they do not converge.
    pub fn solve(
        &mut self,
        pattern: &Pattern,
        values: &[f64],
        x: &mut [f64],
        weights: &[f64],
    ) -> Option<usize> {
        let n = x.len();
        let mut basis = std::mem::take(&mut self.basis);
        let mut work = std::mem::take(&mut self.work);
        let found = self.iterate(pattern, values, x, weights, (&mut basis, &mut work));
        (self.basis, self.work) = (basis, work);
        found.filter(|_| x[..n].iter().all(|x| x.is_finite()))
    }

    fn iterate(
        &self,
        pattern: &Pattern,
        values: &[f64],
        x: &mut [f64],
        weights: &[f64],
        (basis, work): (&mut [f64], &mut [f64]),
    ) -> Option<usize> {
        let n = x.len();
        let right = x.to_vec();
        x.fill(0.0);
        let scaled = |v: &mut [f64]| v.iter_mut().zip(weights).for_each(|(v, w)| *v *= w);
        let mut target = None;
        let mut iterations = 0;
        for _ in 0..RESTARTS {
            let residual = &mut basis[..n];
            residual.copy_from_slice(&right);
            if target.is_some() {
                pattern.for_each(|entry, row, column| residual[row] -= values[entry] * x[column]);
            }
            scaled(residual);
            let size = norm(residual);
            let goal = *target.get_or_insert(self.reduction * size);
            if !size.is_finite() {
                return None;
            }
            if size <= goal {
                return Some(iterations);
            }
            residual.iter_mut().for_each(|r| *r /= size);
            // The Hessenberg matrix by columns, rotated to a triangle, and the rotated residual.
            let mut triangle: Vec<Vec<f64>> = Vec::new();
            let mut rotations: Vec<(f64, f64)> = Vec::new();
            let mut rotated = vec![size];
            while triangle.len() < VECTORS && rotated[triangle.len()].abs() > goal {
                let k = triangle.len();
                let (done, next) = basis.split_at_mut((k + 1) * n);
                let (vector, next) = (&done[k * n..], &mut next[..n]);
                let mut direction: Vec<f64> =
                    vector.iter().zip(weights).map(|(v, w)| v / w).collect();
                self.precondition(&mut direction, work);
                next.fill(0.0);
                pattern.for_each(|entry, row, column| {
                    next[row] += values[entry] * direction[column];
                });
                scaled(next);
                iterations += 1;
                let mut column = Vec::with_capacity(k + 2);
                for vector in done.chunks_exact(n) {
                    let product: f64 = vector.iter().zip(&*next).map(|(a, b)| a * b).sum();
                    next.iter_mut().zip(vector).for_each(|(x, v)| *x -= product * v);
                    column.push(product);
                }
                let length = norm(next);
                if !length.is_finite() {
                    return None;
                }
                if length > 0.0 {
                    next.iter_mut().for_each(|x| *x /= length);
                }
                for (i, (c, s)) in rotations.iter().enumerate() {
                    let (a, b) = (column[i], column[i + 1]);
                    (column[i], column[i + 1]) = (c * a + s * b, c * b - s * a);
                }
                let size = column[k].hypot(length);
                if size == 0.0 {
                    return None;
                }
                let (c, s) = (column[k] / size, length / size);
                column[k] = size;
                rotations.push((c, s));
                rotated.push(-s * rotated[k]);
                rotated[k] *= c;
                triangle.push(column);
            }
            let steps = triangle.len();
            let mut factors = rotated[..steps].to_vec();
            for k in (0..steps).rev() {
                factors[k] /= triangle[k][k];
                for i in 0..k {
                    factors[i] -= triangle[k][i] * factors[k];
                }
            }
            let mut sum = vec![0.0; n];
            for (vector, factor) in basis.chunks_exact(n).zip(&factors) {
                sum.iter_mut().zip(vector).for_each(|(sum, v)| *sum += factor * v);
            }
            sum.iter_mut().zip(weights).for_each(|(sum, w)| *sum /= w);
            self.precondition(&mut sum, work);
            x.iter_mut().zip(&sum).for_each(|(x, s)| *x += s);
            if rotated[steps].abs() <= goal {
                return Some(iterations);
            }
        }
        None
    }
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}
