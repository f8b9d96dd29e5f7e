//! LU factorization by fronts, repeated for matrices of one pattern.
//!
//! Pivots are sought within a front only, so that the pattern of the factors is known beforehand.
//! For `I − γJ` of a stiff system this is nearly always enough; each factorization is tried on a
//! system whose solution is known, and one that fails is reported, not used.

use isoterm_stiff::Pattern;
use pulp::{Arch, Scalar, Simd, WithSimd};

use super::dense::{axpy, dot, eliminate};
use super::symbolic::{DENSE, Symbolic};

/// The factors of a sparse matrix; ordering and storage are set up once.
pub struct Lu {
    symbolic: Symbolic,
    /// For each front its columns of `L` and `U` with all rows, then the transposed rows of `U`
    /// beyond the pivots.
    factors: Vec<f64>,
    /// Row exchanges within each front, by place.
    exchanged: Vec<u32>,
    front: Vec<f64>,
    stack: Vec<f64>,
    arch: Arch,
    /// Working memory of a solve.
    scratch: Vec<f64>,
    permuted: Vec<f64>,
}

/// Why a matrix has no useful factors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Singular {
    /// The pivot of this row and column is zero, or an entry is not finite.
    Pivot(usize),
    /// A system with a known solution is solved with a backward error of this size; the largest
    /// is in this row.
    Inaccurate {
        /// The row.
        row: usize,
        /// Its residual, in units of the products that it is made of.
        error: f64,
    },
}

/// Largest backward error, relative to each row, of a factorization that is used. Newton's method
/// corrects what is left; a matrix that does not solve its own systems to this accuracy would let
/// it diverge.
const ACCURACY: f64 = 1e-5;

/// Fronts of at most so many rows are solved with entry by entry.
const NARROW: usize = 12;

impl Lu {
    /// Storage for matrices of an analysed pattern.
    pub fn new(symbolic: Symbolic) -> Lu {
        let n = symbolic.dimension;
        Lu {
            factors: vec![0.0; symbolic.fill],
            exchanged: vec![0; n],
            front: vec![0.0; symbolic.widest * symbolic.widest],
            stack: vec![0.0; symbolic.stack],
            arch: Arch::new(),
            scratch: vec![0.0; symbolic.widest],
            permuted: vec![0.0; n],
            symbolic,
        }
    }

    /// What is known of the pattern.
    pub fn symbolic(&self) -> &Symbolic {
        &self.symbolic
    }

    /// Factorizes the matrix with these `values`, in the order of `pattern`, which is the one that
    /// was analysed.
    ///
    /// # Errors
    /// [`Singular`]; the factors are then of no use.
    pub fn factorize(&mut self, pattern: &Pattern, values: &[f64]) -> Result<(), Singular> {
        self.dispatch(Factorize { values }).map_err(Singular::Pivot)?;
        self.check(pattern, values)
    }

    /// Runs with the registers that the processor has. Small matrices gain nothing by that and are
    /// left to plain arithmetic, whose results are the same bits on every machine.
    fn dispatch<T: Task>(&mut self, task: T) -> T::Output {
        let arch = self.arch;
        match self.symbolic.dimension {
            0..=DENSE => Scalar.vectorize(On { lu: self, task }),
            _ => arch.dispatch(On { lu: self, task }),
        }
    }

    /// Solves a system with a known solution.
    fn check(&mut self, pattern: &Pattern, values: &[f64]) -> Result<(), Singular> {
        let n = pattern.dimension;
        // Without a symmetry that an error could hide behind.
        let known = |k: usize| 1.0 + (k as f64 * 0.618_033_988_749_895).fract();
        let (mut sums, mut sizes) = (vec![0.0; n], vec![0.0; n]);
        pattern.for_each(|entry, row, column| {
            let product = values[entry] * known(column);
            sums[row] += product;
            sizes[row] += product.abs();
        });
        let mut found = sums.clone();
        self.solve(&mut found);
        pattern.for_each(|entry, row, column| {
            sums[row] -= values[entry] * found[column];
            sizes[row] += (values[entry] * found[column]).abs();
        });
        let errors = sums.iter().zip(&sizes).map(|(r, size)| (r / size).abs()).enumerate();
        let worst = errors.fold((0, 0.0), |worst: (usize, f64), (row, error)| {
            if error <= worst.1 || worst.1.is_nan() { worst } else { (row, error) }
        });
        match worst {
            (_, error) if error <= ACCURACY => Ok(()),
            (row, error) => Err(Singular::Inaccurate { row, error }),
        }
    }

    /// Replaces the right-hand side `x` by the solution.
    ///
    /// # Panics
    /// When `x` is shorter than the matrix.
    pub fn solve(&mut self, x: &mut [f64]) {
        self.dispatch(Solve { x });
    }
}

/// What is done with the factors in vector registers.
trait Task {
    type Output;

    fn run<S: Simd>(self, simd: S, lu: &mut Lu) -> Self::Output;
}

struct On<'a, T> {
    lu: &'a mut Lu,
    task: T,
}

impl<T: Task> WithSimd for On<'_, T> {
    type Output = T::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        self.task.run(simd, self.lu)
    }
}

struct Factorize<'a> {
    values: &'a [f64],
}

impl Task for Factorize<'_> {
    type Output = Result<(), usize>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S, lu: &mut Lu) -> Self::Output {
        let Lu { symbolic, factors, exchanged, front: storage, stack, .. } = lu;
        let (mut at, mut height) = (0, 0);
        // The number of each front that waits on the stack.
        let mut waiting: Vec<usize> = Vec::new();
        for (number, front) in symbolic.fronts.iter().enumerate() {
            let (m, k, rest) = (front.rows.len(), front.pivots, front.rest());
            let matrix = &mut storage[..m * m];
            matrix.fill(0.0);
            for &(entry, place) in &front.entries {
                matrix[place as usize] = self.values[entry as usize];
            }
            for _ in 0..front.children {
                let child = &symbolic.fronts[waiting.pop().expect("a child")];
                let size = child.rest();
                height -= size * size;
                let left = &stack[height..height + size * size];
                let places = &child.in_parent;
                for (column, &place) in left.chunks_exact(size).zip(places) {
                    let target = &mut matrix[place as usize * m..(place as usize + 1) * m];
                    for (value, &row) in column.iter().zip(places) {
                        target[row as usize] += value;
                    }
                }
            }
            let pivots = &mut exchanged[front.first..front.first + k];
            if let Some(column) = eliminate(simd, matrix, m, k, pivots) {
                return Err(symbolic.order[front.first + column] as usize);
            }
            factors[at..at + k * m].copy_from_slice(&matrix[..k * m]);
            at += k * m;
            let beyond = &mut factors[at..at + k * rest];
            for (i, column) in matrix[k * m..].chunks_exact(m).enumerate() {
                for (pivot, value) in column[..k].iter().enumerate() {
                    beyond[pivot * rest + i] = *value;
                }
            }
            at += k * rest;
            if rest > 0 {
                let columns = matrix[k * m..].chunks_exact(m);
                let left = &mut stack[height..height + rest * rest];
                for (target, column) in left.chunks_exact_mut(rest).zip(columns) {
                    target.copy_from_slice(&column[k..]);
                }
                height += rest * rest;
                waiting.push(number);
            }
        }
        Ok(())
    }
}

struct Solve<'a> {
    x: &'a mut [f64],
}

impl Task for Solve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S, lu: &mut Lu) {
        let Lu { symbolic, factors, exchanged, scratch, permuted, .. } = lu;
        for (y, &row) in permuted.iter_mut().zip(&symbolic.order) {
            *y = self.x[row as usize];
        }
        let mut at = 0;
        for front in &symbolic.fronts {
            let (m, k, first, rest) = (front.rows.len(), front.pivots, front.first, front.rest());
            let pivots = &mut permuted[first..first + k];
            for (row, &other) in exchanged[first..first + k].iter().enumerate() {
                pivots.swap(row, other as usize);
            }
            let columns = &factors[at..at + k * m];
            at += k * (m + rest);
            if m <= NARROW {
                for (c, column) in columns.chunks_exact(m).enumerate() {
                    let value = permuted[first + c];
                    for (factor, &row) in column[c + 1..].iter().zip(&front.rows[c + 1..]) {
                        permuted[row as usize] -= factor * value;
                    }
                }
                continue;
            }
            let pivots = &mut permuted[first..first + k];
            let sums = &mut scratch[..rest];
            sums.fill(0.0);
            for (c, column) in columns.chunks_exact(m).enumerate() {
                let value = pivots[c];
                if value != 0.0 {
                    axpy(simd, -value, &column[c + 1..k], &mut pivots[c + 1..]);
                    axpy(simd, value, &column[k..], sums);
                }
            }
            for (sum, &row) in sums.iter().zip(&front.rows[k..]) {
                permuted[row as usize] -= sum;
            }
        }
        for front in symbolic.fronts.iter().rev() {
            let (m, k, first, rest) = (front.rows.len(), front.pivots, front.first, front.rest());
            at -= k * (m + rest);
            let (columns, beyond) = factors[at..at + k * (m + rest)].split_at(k * m);
            if m <= NARROW {
                for c in (0..k).rev() {
                    let row = &beyond[c * rest..(c + 1) * rest];
                    let mut value = permuted[first + c];
                    for (factor, &place) in row.iter().zip(&front.rows[k..]) {
                        value -= factor * permuted[place as usize];
                    }
                    for later in c + 1..k {
                        value -= columns[later * m + c] * permuted[first + later];
                    }
                    permuted[first + c] = value / columns[c * m + c];
                }
                continue;
            }
            let later = &mut scratch[..rest];
            for (value, &row) in later.iter_mut().zip(&front.rows[k..]) {
                *value = permuted[row as usize];
            }
            let pivots = &mut permuted[first..first + k];
            if rest > 0 {
                for (pivot, row) in pivots.iter_mut().zip(beyond.chunks_exact(rest)) {
                    *pivot -= dot(simd, row, later);
                }
            }
            for (c, column) in columns.chunks_exact(m).enumerate().rev() {
                let value = pivots[c] / column[c];
                pivots[c] = value;
                if value != 0.0 {
                    axpy(simd, -value, &column[..c], &mut pivots[..c]);
                }
            }
        }
        for (y, &row) in permuted.iter().zip(&symbolic.order) {
            self.x[row as usize] = *y;
        }
    }
}
