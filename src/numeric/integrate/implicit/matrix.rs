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
        let solver = match analysed {
            Ok(symbolic) => Solver::Fronts(Box::new(Lu::new(symbolic))),
            Err(Refusal::Fill) => Solver::Krylov(Box::new(Gmres::new(&pattern, accuracy)?)),
            Err(_) => return None,
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
        let mut result = match &mut self.solver {
            Solver::Fronts(lu) => lu.factorize(&self.pattern, &self.values),
            Solver::Krylov(krylov) => krylov.prepare(&self.values).map_err(Singular::Pivot),
            Solver::Pivoting(_) => Ok(()),
        };
        // Fronts that fail once would fail again; a matrix that is not finite fails everywhere.
        let finite = self.values.iter().all(|x| x.is_finite());
        if result.is_err() && matches!(self.solver, Solver::Fronts(_)) && finite {
            match Shifted::new(&self.pattern) {
                Some(shifted) => self.solver = Solver::Pivoting(Box::new(shifted)),
                None => result = result.and(Ok(())),
            }
        }
        if let Solver::Pivoting(shifted) = &mut self.solver {
            // `values` is the matrix itself: 0·I − (−values).
            let negative: Vec<f64> = self.values.iter().map(|x| -x).collect();
            let row = match result {
                Err(Singular::Pivot(row) | Singular::Inaccurate { row, .. }) => row,
                Ok(()) => 0,
            };
            let regular = shifted.factorize(0.0, &negative);
            result = if regular { Ok(()) } else { Err(Singular::Pivot(row)) };
        }
        self.counts.nanos.factorization += self.clock.since(start);
        result.map_err(|why| match why {
            Singular::Pivot(row) | Singular::Inaccurate { row, .. } => row,
        })
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
