//! Systems with `I − γJ`, by the linear solver that suits the pattern.

use isoterm_stiff::{Pattern, Problem, Shifted};

use super::super::{Clock, Parts};
use crate::numeric::sparse::{Gmres, Lu, Refusal, Singular, Symbolic};

/// `I − γJ` of a problem: the Jacobian at some state, and what solves with it.
pub struct Matrix<'a> {
    problem: &'a dyn Problem,
    /// The Jacobian's pattern with all of the diagonal.
    pattern: Pattern,
    /// Where the entries of the Jacobian and the diagonal are in it.
    places: Vec<usize>,
    diagonal: Vec<usize>,
    jacobian: Vec<f64>,
    values: Vec<f64>,
    solver: Solver,
    /// The analysis for a factorization that was not chosen, in case that the other solver fails.
    instead: Option<Symbolic>,
    /// Solves that did not converge.
    failures: usize,
    /// The `γ` of the values.
    pub gamma: f64,
    /// What was done.
    pub counts: Counts,
    clock: Clock,
}

/// What a matrix was asked for.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Jacobians evaluated.
    pub jacobians: usize,
    /// Factorizations, complete or not.
    pub factorizations: usize,
    /// Solves.
    pub solves: usize,
    /// Iterations of a Krylov method.
    pub iterations: usize,
    /// Nanoseconds.
    pub nanos: Parts,
}

enum Solver {
    Fronts(Box<Lu>),
    /// Pivots sought everywhere, for matrices that the fronts do not factorize accurately.
    Pivoting(Box<Shifted>),
    Krylov(Box<Gmres>),
}

/// Most entries of the factors, next to those of the matrix, that are factorized.
const FILL: usize = 60;

/// Multiplications of a factorization, for each entry of the matrix, from which on GMRES is tried
/// first. `bcr` takes 1,265, and both are as fast; a hypercube of 1,024 states with two enzymes
/// takes 15,000, and GMRES is eight times faster.
const DEAR: usize = 4000;

/// Failed solves after which a Krylov method is given up where there is another one.
const PATIENCE: usize = 3;

/// Most entries of the factors that are ever stored: 1.6 GB.
const MOST: usize = 200_000_000;

impl<'a> Matrix<'a> {
    /// Analyses the pattern and chooses a solver: LU factorization unless a Krylov method is asked
    /// for or the factors would be too large. `None` when the pattern is inconsistent.
    ///
    /// `accuracy` is the part of a right-hand side that an iterative solver may leave.
    pub fn new(
        problem: &'a dyn Problem,
        krylov: bool,
        accuracy: f64,
        clock: Clock,
    ) -> Option<Matrix<'a>> {
        let start = clock.now();
        let given = problem.pattern();
        if !given.is_consistent() || given.dimension != problem.dimension() {
            return None;
        }
        let (pattern, places, diagonal) = given.with_diagonal();
        let most = MOST.min(FILL * pattern.entries().max(1000));
        let analysed = if krylov { Err(Refusal::Fill) } else { Symbolic::new(&pattern, most) };
        let dear = |s: &Symbolic| s.multiplications > DEAR * pattern.entries();
        let (solver, instead) = match analysed {
            Ok(symbolic) if dear(&symbolic) => {
                (Solver::Krylov(Box::new(Gmres::new(&pattern, accuracy)?)), Some(symbolic))
            }
            Ok(symbolic) => (Solver::Fronts(Box::new(Lu::new(symbolic))), None),
            Err(Refusal::Fill) => (Solver::Krylov(Box::new(Gmres::new(&pattern, accuracy)?)), None),
            Err(Refusal::Inconsistent) => return None,
        };
        let mut counts = Counts::default();
        counts.nanos.analysis += clock.since(start);
        Some(Matrix {
            problem,
            jacobian: vec![0.0; places.len()],
            values: vec![0.0; pattern.entries()],
            pattern,
            places,
            diagonal,
            solver,
            instead,
            failures: 0,
            gamma: 0.0,
            counts,
            clock,
        })
    }

    /// Evaluates the Jacobian at a time and state.
    pub fn linearise(&mut self, t: f64, u: &[f64]) {
        let start = self.clock.now();
        self.problem.jacobian(t, u, &mut self.jacobian);
        self.counts.jacobians += 1;
        self.counts.nanos.jacobian += self.clock.since(start);
    }

    /// Factorizes `I − γJ` with the Jacobian evaluated last.
    ///
    /// # Errors
    /// The row that no factorization gets over.
    pub fn factorize(&mut self, gamma: f64) -> Result<(), usize> {
        let start = self.clock.now();
        self.gamma = gamma;
        self.counts.factorizations += 1;
        self.values.fill(0.0);
        for (&place, value) in self.places.iter().zip(&self.jacobian) {
            self.values[place] = -gamma * value;
        }
        for &place in &self.diagonal {
            self.values[place] += 1.0;
        }
        if self.failures >= PATIENCE
            && let Some(symbolic) = self.instead.take()
        {
            self.solver = Solver::Fronts(Box::new(Lu::new(symbolic)));
        }
        let result = match &mut self.solver {
            Solver::Fronts(lu) => match lu.factorize(&self.pattern, &self.values) {
                Ok(()) => Ok(()),
                Err(Singular::Pivot(row) | Singular::Inaccurate { row, .. }) => {
                    // Fronts that fail once would fail again; what is not finite fails everywhere.
                    let finite = self.values.iter().all(|x| x.is_finite());
                    match Shifted::new(&self.pattern).filter(|_| finite) {
                        Some(mut shifted) => {
                            let regular = shifted.factorize_matrix(&self.values);
                            self.solver = Solver::Pivoting(Box::new(shifted));
                            if regular { Ok(()) } else { Err(row) }
                        }
                        None => Err(row),
                    }
                }
            },
            Solver::Pivoting(shifted) => match shifted.factorize_matrix(&self.values) {
                true => Ok(()),
                false => Err(self.worst_row()),
            },
            Solver::Krylov(krylov) => krylov.prepare(&self.values).inspect_err(|_| {
                self.failures += 1;
            }),
        };
        self.counts.nanos.factorization += self.clock.since(start);
        result
    }

    /// A row that is not finite, or the one whose largest entry is smallest.
    fn worst_row(&self) -> usize {
        let mut largest = vec![0.0_f64; self.diagonal.len()];
        self.pattern.for_each(|entry, row, _| {
            let size = self.values[entry].abs();
            let usable = size.is_finite() && largest[row] >= 0.0;
            largest[row] = if usable { largest[row].max(size) } else { -1.0 };
        });
        let rows = largest.iter().enumerate();
        rows.min_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(row, _)| row)
    }

    /// Replaces `x` by the solution of the system factorized last, as accurately as modified
    /// Newton iterations need; false where that is not possible.
    pub fn solve(&mut self, x: &mut [f64], weights: &[f64]) -> bool {
        let start = self.clock.now();
        self.counts.solves += 1;
        let solved = match &mut self.solver {
            Solver::Fronts(lu) => {
                lu.solve(x);
                true
            }
            Solver::Pivoting(shifted) => shifted.solve(x),
            Solver::Krylov(krylov) => {
                let iterations = krylov.solve(&self.pattern, &self.values, x, weights);
                self.counts.iterations += iterations.unwrap_or(0);
                self.failures += usize::from(iterations.is_none());
                iterations.is_some()
            }
        };
        self.counts.nanos.solve += self.clock.since(start);
        solved
    }

    /// The linear solver in use, and the entries of what it keeps.
    pub fn solver(&self) -> (&'static str, usize) {
        match &self.solver {
            Solver::Fronts(lu) => ("LU", lu.symbolic().fill),
            Solver::Pivoting(_) => ("LU with pivoting", 0),
            Solver::Krylov(krylov) => ("GMRES with ILU(0)", krylov.entries()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// States that all act on each other, each with one more that acts on it alone, and what
    /// those act on themselves.
    struct Leaves {
        pattern: Pattern,
        own: f64,
    }

    impl Leaves {
        fn new(n: usize, own: f64) -> Leaves {
            let (mut column_starts, mut row_indices) = (vec![0], Vec::new());
            for k in 0..2 * n {
                match k < n {
                    true => row_indices.extend((0..n).chain([n + k])),
                    false => row_indices.extend([k - n, k]),
                }
                column_starts.push(row_indices.len());
            }
            Leaves { pattern: Pattern { dimension: 2 * n, column_starts, row_indices }, own }
        }
    }

    impl Problem for Leaves {
        fn dimension(&self) -> usize {
            self.pattern.dimension
        }
        fn rhs(&self, _t: f64, _u: &[f64], _du: &mut [f64]) {}
        fn pattern(&self) -> &Pattern {
            &self.pattern
        }
        fn jacobian(&self, _t: f64, _u: &[f64], values: &mut [f64]) {
            self.pattern.for_each(|entry, row, column| {
                let diagonal = row == column && row >= self.pattern.dimension / 2;
                values[entry] = if diagonal { self.own } else { ((row + 2 * column) as f64).cos() };
            });
        }
    }

    /// Solves `(I − J) x = b` for a known `x` and gives the largest error.
    fn error(matrix: &mut Matrix<'_>, leaves: &Leaves) -> f64 {
        let n = leaves.dimension();
        let exact: Vec<f64> = (0..n).map(|k| (k as f64).sin()).collect();
        let mut entries = vec![0.0; leaves.pattern.entries()];
        leaves.jacobian(0.0, &[], &mut entries);
        let mut x = exact.clone();
        leaves.pattern.for_each(|entry, row, column| x[row] -= entries[entry] * exact[column]);
        matrix.linearise(0.0, &[]);
        matrix.factorize(1.0).expect("a regular matrix");
        assert!(matrix.solve(&mut x, &vec![1.0; n]));
        x.iter().zip(&exact).map(|(x, e)| (x - e).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn what_the_fronts_cannot_do_is_left_to_pivoting() {
        // The diagonal of I − J is zero.
        let leaves = Leaves::new(40, 1.0);
        let mut matrix = Matrix::new(&leaves, false, 0.0, Clock::default()).expect("a pattern");
        assert_eq!(matrix.solver().0, "LU");
        assert!(error(&mut matrix, &leaves) < 1e-6);
        assert_eq!(matrix.solver().0, "LU with pivoting");
        assert!(error(&mut matrix, &leaves) < 1e-6);
    }

    #[test]
    fn a_krylov_method_that_fails_is_given_up_for_a_factorization() {
        let leaves = Leaves::new(40, -6.0);
        let mut matrix = Matrix::new(&leaves, true, 1e-9, Clock::default()).expect("a pattern");
        assert!(error(&mut matrix, &leaves) < 1e-6);
        assert_eq!(matrix.solver().0, "GMRES with ILU(0)");
        matrix.instead = Symbolic::new(&matrix.pattern, usize::MAX).ok();
        matrix.failures = PATIENCE;
        assert!(error(&mut matrix, &leaves) < 1e-12);
        assert_eq!(matrix.solver().0, "LU");
    }
}
