//! Sparse solvers against dense elimination and closed forms.

use isoterm_stiff::Pattern;
use proptest::prelude::*;

use super::*;

/// A pattern with its diagonal and the values of a matrix, from a dense one by columns.
fn sparse(n: usize, dense: &[f64]) -> (Pattern, Vec<f64>) {
    let (mut column_starts, mut row_indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for column in 0..n {
        for row in 0..n {
            let value = dense[column * n + row];
            if value != 0.0 || row == column {
                row_indices.push(row);
                values.push(value);
            }
        }
        column_starts.push(row_indices.len());
    }
    (Pattern { dimension: n, column_starts, row_indices }, values)
}

/// Gaussian elimination with the largest pivot of each column, in plain loops.
fn eliminated(n: usize, dense: &[f64], right: &[f64]) -> Vec<f64> {
    let mut rows: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| dense[j * n + i]).chain([right[i]]).collect()).collect();
    for k in 0..n {
        let pivot = (k..n).max_by(|&a, &b| rows[a][k].abs().total_cmp(&rows[b][k].abs())).unwrap();
        rows.swap(k, pivot);
        for i in k + 1..n {
            let factor = rows[i][k] / rows[k][k];
            let (done, rest) = rows.split_at_mut(i);
            rest[0].iter_mut().zip(&done[k]).for_each(|(x, y)| *x -= factor * y);
        }
    }
    let mut x = vec![0.0; n];
    for k in (0..n).rev() {
        let sum: f64 = (k + 1..n).map(|j| rows[k][j] * x[j]).sum();
        x[k] = (rows[k][n] - sum) / rows[k][k];
    }
    x
}

fn lu(pattern: &Pattern) -> Lu {
    Lu::new(Symbolic::new(pattern, usize::MAX).expect("a pattern"))
}

/// The second difference on a square grid, `4` on the diagonal and `-1` for each neighbour.
fn grid(side: usize) -> (Pattern, Vec<f64>) {
    let n = side * side;
    let (mut column_starts, mut row_indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for k in 0..n {
        let (x, y) = (k % side, k / side);
        let mut entries = vec![(k, 4.0)];
        let mut add = |there: bool, row: usize| {
            if there {
                entries.push((row, -1.0));
            }
        };
        add(x > 0, k.wrapping_sub(1));
        add(x + 1 < side, k + 1);
        add(y > 0, k.wrapping_sub(side));
        add(y + 1 < side, k + side);
        entries.sort_by_key(|(row, _)| *row);
        row_indices.extend(entries.iter().map(|(row, _)| *row));
        values.extend(entries.iter().map(|(_, value)| *value));
        column_starts.push(row_indices.len());
    }
    (Pattern { dimension: n, column_starts, row_indices }, values)
}

/// The eigenvector of [`grid`] with these wave numbers, and its eigenvalue.
fn wave(side: usize, (p, q): (usize, usize)) -> (Vec<f64>, f64) {
    let angle = |k: usize| std::f64::consts::PI * k as f64 / (side + 1) as f64;
    let value = |k: usize| {
        (angle(p) * (k % side + 1) as f64).sin() * (angle(q) * (k / side + 1) as f64).sin()
    };
    let vector = (0..side * side).map(value).collect();
    (vector, 4.0 - 2.0 * angle(p).cos() - 2.0 * angle(q).cos())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Matrices as stiff systems have them: any pattern, a diagonal that is not small.
    #[test]
    fn factors_agree_with_dense_elimination(
        n in 1_usize..90,
        places in proptest::collection::vec((0_usize..90, 0_usize..90, -1.0..1.0_f64), 0..400),
        right in proptest::collection::vec(-1.0..1.0_f64, 90),
    ) {
        let mut dense = vec![0.0; n * n];
        for &(row, column, value) in &places {
            dense[(column % n) * n + row % n] = value;
        }
        for k in 0..n {
            let off: f64 = (0..n).filter(|j| *j != k).map(|j| dense[j * n + k].abs()).sum();
            dense[k * n + k] = 1.0 + 0.8 * off;
        }
        let (pattern, values) = sparse(n, &dense);
        let mut lu = lu(&pattern);
        let exact = eliminated(n, &dense, &right[..n]);
        for _ in 0..2 {
            lu.factorize(&pattern, &values).expect("a regular matrix");
            let mut x = right[..n].to_vec();
            lu.solve(&mut x);
            for (x, exact) in x.iter().zip(&exact) {
                prop_assert!((x - exact).abs() <= 1e-10 * (1.0 + exact.abs()), "{} {}", x, exact);
            }
        }
    }

    /// Up to 32 rows pivots are sought in all of them.
    #[test]
    fn small_matrices_need_no_diagonal(
        dense in proptest::collection::vec(-1.0..1.0_f64, 9 * 9),
        right in proptest::collection::vec(-1.0..1.0_f64, 9),
    ) {
        let mut dense = dense;
        (0..9).for_each(|k| dense[k * 10] = 0.0);
        let exact = eliminated(9, &dense, &right);
        prop_assume!(exact.iter().all(|x| x.abs() < 1e4));
        let (pattern, values) = sparse(9, &dense);
        let mut lu = lu(&pattern);
        lu.factorize(&pattern, &values).expect("a regular matrix");
        let mut x = right;
        lu.solve(&mut x);
        for (x, exact) in x.iter().zip(&exact) {
            prop_assert!((x - exact).abs() < 1e-7, "{} {}", x, exact);
        }
    }
}

#[test]
fn waves_on_a_grid_are_solved_by_both() {
    let side = 30;
    let (pattern, values) = grid(side);
    let mut factors = lu(&pattern);
    factors.factorize(&pattern, &values).expect("a regular matrix");
    let fill = factors.symbolic().fill;
    // A band of 900 rows and 30 diagonals on either side would take 54,000 entries.
    assert!((5_000..30_000).contains(&fill), "{fill}");
    let mut krylov = Gmres::new(&pattern, 1e-10).expect("a pattern");
    krylov.prepare(&values).expect("pivots");
    assert_eq!(krylov.entries(), pattern.entries());
    for numbers in [(1, 1), (3, 7), (30, 30)] {
        let (vector, eigenvalue) = wave(side, numbers);
        let mut x: Vec<f64> = vector.iter().map(|v| v * eigenvalue).collect();
        let mut y = x.clone();
        factors.solve(&mut x);
        let iterations = krylov.solve(&pattern, &values, &mut y, &vec![1.0; x.len()]);
        assert!(iterations.is_some_and(|k| k > 1), "{iterations:?}");
        for ((x, y), exact) in x.iter().zip(&y).zip(&vector) {
            assert!((x - exact).abs() < 1e-12 && (y - exact).abs() < 1e-7, "{x} {y} {exact}");
        }
    }
}

#[test]
fn an_incomplete_factorization_without_fill_is_complete() {
    // A tree has no fill when its leaves go first; GMRES then needs one step.
    let n = 60;
    let mut dense = vec![0.0; n * n];
    for k in 0..n {
        dense[k * n + k] = 3.0 + k as f64;
        if k > 0 {
            let parent = (k - 1) / 3;
            dense[k * n + parent] = 0.5;
            dense[parent * n + k] = -2.0;
        }
    }
    let (pattern, values) = sparse(n, &dense);
    let right: Vec<f64> = (0..n).map(|k| (k as f64).cos()).collect();
    let mut krylov = Gmres::new(&pattern, 1e-12).expect("a pattern");
    krylov.prepare(&values).expect("pivots");
    let mut x = right.clone();
    assert_eq!(krylov.solve(&pattern, &values, &mut x, &vec![1.0; n]), Some(1));
    for (x, exact) in x.iter().zip(eliminated(n, &dense, &right)) {
        assert!((x - exact).abs() < 1e-12, "{x} {exact}");
    }
}

#[test]
fn singular_matrices_name_a_row() {
    for n in [5, 70] {
        let mut dense = vec![0.0; n * n];
        (0..n).for_each(|k| dense[k * n + k] = 2.0);
        let zero = 3;
        dense[zero * n + zero] = 0.0;
        let (pattern, values) = sparse(n, &dense);
        assert_eq!(lu(&pattern).factorize(&pattern, &values), Err(Singular::Pivot(zero)));
        let mut krylov = Gmres::new(&pattern, 1e-3).expect("a pattern");
        assert_eq!(krylov.prepare(&values), Err(zero));
    }
    let (pattern, mut values) = sparse(3, &[2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0]);
    values[1] = f64::NAN;
    assert_eq!(lu(&pattern).factorize(&pattern, &values), Err(Singular::Pivot(1)));
}

#[test]
fn an_unstable_order_of_pivots_is_noticed() {
    // Pairs of rows that need an exchange, too many for one front.
    let n = 80;
    let mut dense = vec![0.0; n * n];
    for k in (0..n).step_by(2) {
        dense[k * n + k] = 1e-18;
        dense[(k + 1) * n + k + 1] = 1.0;
        dense[k * n + k + 1] = 1.0;
        dense[(k + 1) * n + k] = 1.0;
        // What ties a pair to the next makes fronts of one pivot.
        dense[((k + 2) % n) * n + k] = 1.0;
        dense[k * n + (k + 2) % n] = 1.0;
    }
    let (pattern, values) = sparse(n, &dense);
    let mut lu = lu(&pattern);
    // Refused, or right.
    if lu.factorize(&pattern, &values).is_ok() {
        let right: Vec<f64> = (0..n).map(|k| k as f64).collect();
        let exact = eliminated(n, &dense, &right);
        let mut x = right;
        lu.solve(&mut x);
        for (x, exact) in x.iter().zip(&exact) {
            assert!((x - exact).abs() < 1e-3 * (1.0 + exact.abs()), "{x} {exact}");
        }
    }
}

#[test]
fn fill_beyond_what_is_allowed_is_refused() {
    let (pattern, _) = grid(30);
    assert_eq!(Symbolic::new(&pattern, 5_000).err(), Some(Refusal::Fill));
    let broken = Pattern { dimension: 7, ..pattern };
    assert_eq!(Symbolic::new(&broken, usize::MAX).err(), Some(Refusal::Inconsistent));
    assert!(Gmres::new(&broken, 0.1).is_none());
    let empty = Pattern::diagonal(0);
    assert_eq!(lu(&empty).factorize(&empty, &[]), Ok(()));
}
