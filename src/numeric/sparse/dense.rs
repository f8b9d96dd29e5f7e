//! Dense blocks by columns: partial elimination, and products with panels, in vector registers.

use pulp::Simd;

/// Number of pivots that are eliminated before their effect on the later columns is computed.
const BLOCK: usize = 32;

/// Eliminates the first `pivots` columns of a square matrix of `m` rows, stored by columns.
///
/// Afterwards these columns hold the unit lower factor and, in the pivot rows, the upper one; what
/// is left is the Schur complement. Rows are exchanged among the pivot rows only, at step `k` row
/// `k` with `exchanged[k]`. Gives the column of a pivot that is zero or not finite, if any.
#[inline(always)]
pub fn eliminate<S: Simd>(
    simd: S,
    matrix: &mut [f64],
    m: usize,
    pivots: usize,
    exchanged: &mut [u32],
) -> Option<usize> {
    let mut from = 0;
    while from < pivots {
        let to = pivots.min(from + BLOCK);
        for k in from..to {
            let (column, later) = matrix[k * m..].split_at_mut(m);
            let mut pivot = k;
            for row in k + 1..pivots {
                if column[row].abs() > column[pivot].abs() {
                    pivot = row;
                }
            }
            let reciprocal = 1.0 / column[pivot];
            if !(reciprocal.is_finite() && column[pivot].is_finite()) {
                return Some(k);
            }
            exchanged[k] = pivot as u32;
            if pivot != k {
                // All columns: the multipliers of earlier ones move with their row.
                for column in matrix.chunks_exact_mut(m) {
                    column.swap(k, pivot);
                }
                let column = &mut matrix[k * m..(k + 1) * m];
                column[k + 1..].iter_mut().for_each(|x| *x *= reciprocal);
                let (column, later) = matrix[k * m..].split_at_mut(m);
                update(simd, column, later, m, k, to);
            } else {
                column[k + 1..].iter_mut().for_each(|x| *x *= reciprocal);
                update(simd, column, later, m, k, to);
            }
        }
        // The rows of the upper factor in the later columns, then the rest by a product.
        let (left, right) = matrix.split_at_mut(to * m);
        let panel = &left[from * m..];
        for column in right.chunks_exact_mut(m) {
            for k in from..to {
                let (done, rest) = column[..to].split_at_mut(k + 1);
                let factor = done[k];
                if factor != 0.0 {
                    let multipliers = &panel[(k - from) * m + k + 1..(k - from) * m + to];
                    axpy(simd, -factor, multipliers, rest);
                }
            }
        }
        subtract_product(simd, panel, right, m, (from, to));
        from = to;
    }
    None
}

/// The effect of pivot `k` on the columns up to `to`.
#[inline(always)]
fn update<S: Simd>(simd: S, column: &[f64], later: &mut [f64], m: usize, k: usize, to: usize) {
    for target in later.chunks_exact_mut(m).take(to - k - 1) {
        let factor = target[k];
        if factor != 0.0 {
            axpy(simd, -factor, &column[k + 1..], &mut target[k + 1..]);
        }
    }
}

/// `y += a x`.
#[inline(always)]
pub fn axpy<S: Simd>(simd: S, a: f64, x: &[f64], y: &mut [f64]) {
    let (x, x_tail) = S::as_simd_f64s(x);
    let (y, y_tail) = S::as_mut_simd_f64s(y);
    let factor = simd.splat_f64s(a);
    for (y, x) in y.iter_mut().zip(x) {
        *y = simd.mul_add_e_f64s(factor, *x, *y);
    }
    for (y, x) in y_tail.iter_mut().zip(x_tail) {
        *y += a * x;
    }
}

/// `Σ x y`.
#[inline(always)]
pub fn dot<S: Simd>(simd: S, x: &[f64], y: &[f64]) -> f64 {
    let (x, x_tail) = S::as_simd_f64s(x);
    let (y, y_tail) = S::as_simd_f64s(y);
    let zero = simd.splat_f64s(0.0);
    let (mut a, mut b) = (zero, zero);
    let (x_pairs, x_last) = x.as_chunks::<2>();
    let (y_pairs, y_last) = y.as_chunks::<2>();
    for (x, y) in x_pairs.iter().zip(y_pairs) {
        a = simd.mul_add_e_f64s(x[0], y[0], a);
        b = simd.mul_add_e_f64s(x[1], y[1], b);
    }
    for (x, y) in x_last.iter().zip(y_last) {
        a = simd.mul_add_e_f64s(*x, *y, a);
    }
    let sum = simd.reduce_sum_f64s(simd.add_f64s(a, b));
    x_tail.iter().zip(y_tail).fold(sum, |sum, (x, y)| sum + x * y)
}

/// Columns of a tile of the product that stay in registers.
const TILE: usize = 4;

/// In the rows from `to`: `right -= panel · (rows from..to of right)`, the panel's columns being
/// those of `from..to`.
#[inline(always)]
fn subtract_product<S: Simd>(
    simd: S,
    panel: &[f64],
    right: &mut [f64],
    m: usize,
    (from, to): (usize, usize),
) {
    let depth = to - from;
    let rows = m - to;
    if rows == 0 {
        return;
    }
    let lanes = S::F64_LANES;
    let mut tiles = right.chunks_exact_mut(TILE * m);
    for tile in tiles.by_ref() {
        let mut factors = [[0.0; TILE]; BLOCK];
        for (c, column) in tile.chunks_exact(m).enumerate() {
            for (p, value) in column[from..to].iter().enumerate() {
                factors[p][c] = -*value;
            }
        }
        let factors = &factors[..depth];
        if factors.iter().all(|f| f.iter().all(|x| *x == 0.0)) {
            continue;
        }
        let (c0, rest) = tile.split_at_mut(m);
        let (c1, rest) = rest.split_at_mut(m);
        let (c2, c3) = rest.split_at_mut(m);
        let mut row = to;
        while row + 2 * lanes <= m {
            let range = row..row + 2 * lanes;
            let t0 = S::as_mut_simd_f64s(&mut c0[range.clone()]).0;
            let t1 = S::as_mut_simd_f64s(&mut c1[range.clone()]).0;
            let t2 = S::as_mut_simd_f64s(&mut c2[range.clone()]).0;
            let t3 = S::as_mut_simd_f64s(&mut c3[range]).0;
            let (mut a0, mut b0) = (t0[0], t0[1]);
            let (mut a1, mut b1) = (t1[0], t1[1]);
            let (mut a2, mut b2) = (t2[0], t2[1]);
            let (mut a3, mut b3) = (t3[0], t3[1]);
            for (p, factor) in factors.iter().enumerate() {
                let at = p * m + row;
                let l = S::as_simd_f64s(&panel[at..at + 2 * lanes]).0;
                let (l0, l1) = (l[0], l[1]);
                let f = factor.map(|x| simd.splat_f64s(x));
                a0 = simd.mul_add_e_f64s(f[0], l0, a0);
                b0 = simd.mul_add_e_f64s(f[0], l1, b0);
                a1 = simd.mul_add_e_f64s(f[1], l0, a1);
                b1 = simd.mul_add_e_f64s(f[1], l1, b1);
                a2 = simd.mul_add_e_f64s(f[2], l0, a2);
                b2 = simd.mul_add_e_f64s(f[2], l1, b2);
                a3 = simd.mul_add_e_f64s(f[3], l0, a3);
                b3 = simd.mul_add_e_f64s(f[3], l1, b3);
            }
            (t0[0], t0[1]) = (a0, b0);
            (t1[0], t1[1]) = (a1, b1);
            (t2[0], t2[1]) = (a2, b2);
            (t3[0], t3[1]) = (a3, b3);
            row += 2 * lanes;
        }
        if row < m {
            for (c, column) in [c0, c1, c2, c3].into_iter().enumerate() {
                for (p, factor) in factors.iter().enumerate() {
                    if factor[c] != 0.0 {
                        let l = &panel[p * m + row..(p + 1) * m];
                        column[row..].iter_mut().zip(l).for_each(|(y, l)| *y += factor[c] * l);
                    }
                }
            }
        }
    }
    for column in tiles.into_remainder().chunks_exact_mut(m) {
        let (upper, lower) = column.split_at_mut(to);
        for (p, factor) in upper[from..].iter().enumerate() {
            if *factor != 0.0 {
                axpy(simd, -factor, &panel[p * m + to..(p + 1) * m], lower);
            }
        }
    }
}
