//! Small dense matrices, row by row: Cholesky's factors, and systems with partial pivoting.

/// The dot product of two slices of one length, as four sums, so that an addition does not wait for
/// the one before it.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (x, y) in a.iter().zip(b) {
        for k in 0..4 {
            sums[k] += x[k] * y[k];
        }
    }
    let rest: f64 = rest_a.iter().zip(rest_b).map(|(x, y)| x * y).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Adds `factor` times `x` to `y`.
pub fn add_scaled(y: &mut [f64], factor: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// The factors of a symmetric positive definite matrix, `A = L Lᵀ`.
#[derive(Clone, Debug, Default)]
pub struct Cholesky {
    size: usize,
    /// The lower triangle, row by row, with zeros above.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors the lower triangle of `matrix`, whose rows have `size` entries.
    ///
    /// A pivot below `tolerance` times its diagonal entry counts as zero; 0 accepts every positive
    /// pivot.
    ///
    /// # Errors
    /// The first row whose pivot is not positive.
    pub fn of(matrix: &[f64], size: usize, tolerance: f64) -> Result<Cholesky, usize> {
        let mut lower = vec![0.0; size * size];
        for i in 0..size {
            let (above, row) = lower.split_at_mut(i * size);
            for j in 0..i {
                let other = &above[j * size..j * size + j + 1];
                let rest = matrix[i * size + j] - dot(&row[..j], &other[..j]);
                row[j] = rest / other[j];
            }
            let diagonal = matrix[i * size + i];
            let pivot = diagonal - dot(&row[..i], &row[..i]);
            if !(pivot > tolerance * diagonal.abs()) || !pivot.is_finite() {
                return Err(i);
            }
            row[i] = pivot.sqrt();
        }
        Ok(Cholesky { size, lower })
    }

    /// The factor, row by row.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// `log det A`.
    pub fn log_determinant(&self) -> f64 {
        2.0 * (0..self.size).map(|i| self.lower[i * self.size + i].ln()).sum::<f64>()
    }

    /// Replaces `b` by `L⁻¹ b`.
    pub fn forward(&self, b: &mut [f64]) {
        let n = self.size;
        for i in 0..n {
            let row = &self.lower[i * n..i * n + i + 1];
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
    }

    /// Replaces `b` by `L⁻ᵀ b`.
    pub fn backward(&self, b: &mut [f64]) {
        let n = self.size;
        for i in (0..n).rev() {
            let row = &self.lower[i * n..i * n + i + 1];
            b[i] /= row[i];
            let value = b[i];
            add_scaled(&mut b[..i], -value, &row[..i]);
        }
    }

    /// Replaces `b` by `A⁻¹ b`.
    pub fn solve(&self, b: &mut [f64]) {
        self.forward(b);
        self.backward(b);
    }

    /// `A⁻¹`, row by row.
    pub fn inverse(&self) -> Vec<f64> {
        let n = self.size;
        // Row j of `columns` is column j of L⁻¹, which is zero before j.
        let mut columns = vec![0.0; n * n];
        for j in 0..n {
            let column = &mut columns[j * n..(j + 1) * n];
            column[j] = 1.0 / self.lower[j * n + j];
            for i in j + 1..n {
                let row = &self.lower[i * n..i * n + i + 1];
                column[i] = -dot(&row[j..i], &column[j..i]) / row[i];
            }
        }
        let mut inverse = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let value = dot(&columns[i * n + i..(i + 1) * n], &columns[j * n + i..(j + 1) * n]);
                inverse[i * n + j] = value;
                inverse[j * n + i] = value;
            }
        }
        inverse
    }
}

/// Solves `A X = B` in place by elimination with partial pivoting: `matrix` is `A`, whose rows have
/// `size` entries, and is used up; the rows of `right` have `width` entries and become `X`.
///
/// Gives `det A`; when that is zero, `right` is of no use.
pub fn solve(matrix: &mut [f64], size: usize, right: &mut [f64], width: usize) -> f64 {
    let mut determinant = 1.0;
    for k in 0..size {
        let entry = |row: usize, matrix: &[f64]| matrix[row * size + k].abs();
        let pivot = (k..size)
            .fold(k, |best, row| if entry(row, matrix) > entry(best, matrix) { row } else { best });
        if matrix[pivot * size + k] == 0.0 {
            return 0.0;
        }
        if pivot != k {
            determinant = -determinant;
            exchange(matrix, size, k, pivot);
            exchange(right, width, k, pivot);
        }
        determinant *= matrix[k * size + k];
        for row in k + 1..size {
            let factor = matrix[row * size + k] / matrix[k * size + k];
            if factor != 0.0 {
                let (above, below) = matrix.split_at_mut(row * size);
                add_scaled(&mut below[k..size], -factor, &above[k * size + k..(k + 1) * size]);
                let (above, below) = right.split_at_mut(row * width);
                add_scaled(&mut below[..width], -factor, &above[k * width..(k + 1) * width]);
            }
        }
    }
    for k in (0..size).rev() {
        for below in k + 1..size {
            let factor = matrix[k * size + below];
            let (above, rest) = right.split_at_mut(below * width);
            add_scaled(&mut above[k * width..(k + 1) * width], -factor, &rest[..width]);
        }
        let pivot = matrix[k * size + k];
        right[k * width..(k + 1) * width].iter_mut().for_each(|x| *x /= pivot);
    }
    determinant
}

fn exchange(matrix: &mut [f64], width: usize, a: usize, b: usize) {
    for column in 0..width {
        matrix.swap(a * width + column, b * width + column);
    }
}

/// The rank of a symmetric positive semidefinite matrix with a unit diagonal, and, when it is not
/// full, a direction that the matrix takes to zero up to `tolerance`: Cholesky's method with
/// complete pivoting.
pub fn null_direction(matrix: &[f64], size: usize, tolerance: f64) -> (usize, Option<Vec<f64>>) {
    let mut order: Vec<usize> = (0..size).collect();
    // Rows of L in the order of the pivots.
    let mut lower = vec![0.0; size * size];
    let mut rest: Vec<f64> = (0..size).map(|i| matrix[i * size + i]).collect();
    for k in 0..size {
        let best = (k..size).fold(k, |b, i| if rest[order[i]] > rest[order[b]] { i } else { b });
        order.swap(k, best);
        for column in 0..k {
            lower.swap(k * size + column, best * size + column);
        }
        let pivot = rest[order[k]];
        if !(pivot > tolerance) {
            // L₁₁ᵀ x = −l gives A (x, 1) = 0 on the first k + 1 pivots.
            let mut x = lower[k * size..k * size + k].to_vec();
            for i in (0..k).rev() {
                x[i] /= lower[i * size + i];
                let value = x[i];
                add_scaled(&mut x[..i], -value, &lower[i * size..i * size + i]);
            }
            let mut direction = vec![0.0; size];
            for (i, value) in x.into_iter().enumerate() {
                direction[order[i]] = -value;
            }
            direction[order[k]] = 1.0;
            return (k, Some(direction));
        }
        let root = pivot.sqrt();
        lower[k * size + k] = root;
        for i in k + 1..size {
            let (above, below) = lower.split_at_mut(i * size);
            let inner = dot(&above[k * size..k * size + k], &below[..k]);
            below[k] = (matrix[order[i] * size + order[k]] - inner) / root;
            rest[order[i]] -= below[k] * below[k];
        }
    }
    (size, None)
}

/// A lower triangular `L` with `L Lᵀ = A` of a symmetric positive semidefinite matrix, row by row;
/// where `A` has no pivot a column of `L` is zero.
///
/// # Errors
/// The first row that shows that the matrix is not positive semidefinite.
pub fn semidefinite_root(matrix: &[f64], size: usize) -> Result<Vec<f64>, usize> {
    /// Shares of a diagonal entry that are rounding.
    const ROUNDING: f64 = 1e-12;
    let mut lower = vec![0.0; size * size];
    for i in 0..size {
        for j in 0..=i {
            let (a, b) = (i * size, j * size);
            let rest = matrix[a + j] - dot(&lower[a..a + j], &lower[b..b + j]);
            let scale = (matrix[a + i].abs() * matrix[b + j].abs()).sqrt();
            let nothing = rest.abs() <= ROUNDING * scale;
            lower[a + j] = match (i == j, nothing) {
                (_, true) => 0.0,
                (true, false) if rest > 0.0 => rest.sqrt(),
                (false, false) if lower[b + j] > 0.0 => rest / lower[b + j],
                _ => return Err(i),
            };
        }
    }
    Ok(lower)
}

/// The largest modulus of an eigenvalue, by squaring powers of the matrix (Gelfand 1941).
pub fn spectral_radius(matrix: &[f64], size: usize) -> f64 {
    // The logarithm of the norm of the power 2^k, over 2^k.
    let (mut power, mut log, mut share) = (matrix.to_vec(), 0.0, 1.0);
    for _ in 0..48 {
        let norm = dot(&power, &power).sqrt();
        if norm == 0.0 {
            return 0.0;
        }
        log += share * norm.ln();
        power.iter_mut().for_each(|x| *x /= norm);
        let mut square = vec![0.0; size * size];
        for i in 0..size {
            for k in 0..size {
                let row = &power[k * size..(k + 1) * size];
                add_scaled(&mut square[i * size..(i + 1) * size], power[i * size + k], row);
            }
        }
        power = square;
        share /= 2.0;
    }
    log.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_solve_and_invert() {
        let a = [4.0, 2.0, 0.4, 2.0, 3.0, 1.0, 0.4, 1.0, 2.0];
        let factors = Cholesky::of(&a, 3, 0.0).expect("positive definite");
        let inverse = factors.inverse();
        for i in 0..3 {
            for j in 0..3 {
                let entry: f64 = (0..3).map(|k| a[i * 3 + k] * inverse[k * 3 + j]).sum();
                assert!((entry - f64::from(i == j)).abs() < 1e-15, "{i} {j}: {entry}");
            }
        }
        // By the rule of Sarrus.
        let determinant: f64 = 24.0 + 0.8 + 0.8 - 0.48 - 4.0 - 8.0;
        assert!((factors.log_determinant() - determinant.ln()).abs() < 1e-15);
        let mut b = [1.0, 2.0, 3.0];
        factors.solve(&mut b);
        assert!((dot(&a[..3], &b) - 1.0).abs() < 1e-15);
        assert_eq!(Cholesky::of(&[1.0, 2.0, 2.0, 1.0], 2, 0.0).err(), Some(1));
    }

    #[test]
    fn systems_are_solved_with_exchanges() {
        let mut a = vec![0.0, 2.0, 1.0, 1.0, 1.0, 0.0, 3.0, 0.0, 1.0];
        let mut b = vec![5.0, 1.0, 3.0, 0.0, 6.0, 0.0];
        let determinant = solve(&mut a, 3, &mut b, 2);
        assert!((determinant + 5.0).abs() < 1e-14, "{determinant}");
        for (row, value) in [(0, 7.0 / 5.0), (2, 8.0 / 5.0), (4, 9.0 / 5.0)] {
            assert!((b[row] - value).abs() < 1e-14, "{b:?}");
        }
        assert_eq!(solve(&mut [1.0, 2.0, 2.0, 4.0], 2, &mut [1.0, 2.0], 1), 0.0);
    }

    #[test]
    fn directions_without_information_are_found() {
        let a = [1.0, 0.5, 1.5, 0.5, 1.0, 1.5, 1.5, 1.5, 3.0];
        let (rank, direction) = null_direction(&a, 3, 1e-12);
        let direction = direction.expect("the last row is the sum of the others");
        assert_eq!(rank, 2);
        for row in a.chunks(3) {
            assert!(dot(row, &direction).abs() < 1e-14, "{direction:?}");
        }
        assert_eq!(null_direction(&[1.0, 0.0, 0.0, 1.0], 2, 1e-12), (2, None));
    }

    #[test]
    fn roots_of_semidefinite_matrices_have_empty_columns() {
        let a = [1.0, 2.0, 0.5, 2.0, 4.0, 1.0, 0.5, 1.0, 3.0];
        let root = semidefinite_root(&a, 3).expect("semidefinite");
        for i in 0..3 {
            for j in 0..3 {
                let entry = dot(&root[i * 3..i * 3 + 3], &root[j * 3..j * 3 + 3]);
                assert!((entry - a[i * 3 + j]).abs() < 1e-15, "{i} {j}");
            }
        }
        assert_eq!(root[4], 0.0);
        assert_eq!(semidefinite_root(&[0.0, 1.0, 1.0, 2.0], 2), Err(1));
        assert_eq!(semidefinite_root(&[1.0, 2.0, 2.0, 1.0], 2), Err(1));
    }

    #[test]
    fn spectral_radii_are_moduli_of_eigenvalues() {
        // A cycle: the cube of the eigenvalues is the product of its weights.
        let cycle = [0.0, 2.0, 0.0, 0.0, 0.0, -0.5, 0.3, 0.0, 0.0];
        assert!((spectral_radius(&cycle, 3) - 0.3_f64.cbrt()).abs() < 1e-12);
        assert_eq!(spectral_radius(&[0.0, 5.0, 0.0, 0.0], 2), 0.0);
    }
}
