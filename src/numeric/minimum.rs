//! Minima of smooth functions under constraints: sequential quadratic programming.
//!
//! A step solves the quadratic program of the current point (Wilson 1963), with a positive
//! semidefinite model of the curvature far from the minimum and the exact second derivatives of the
//! Lagrangian near it, where steps are Newton's and converge quadratically. A step is shortened
//! until the penalty function of Han (1977) decreases. Where the model promises far too much, as
//! in a valley that bends, the next step takes the exact derivatives with as much of the model as
//! makes them positive definite (Levenberg 1944).

use super::dense::{Cholesky, add_scaled, dot};
use super::quadratic::{self, Program};

/// A function with its derivatives, and its constraints.
pub trait Problem {
    /// The number of arguments.
    fn dimension(&self) -> usize;

    /// The value; nothing outside the domain.
    fn value(&mut self, x: &[f64]) -> Option<f64>;

    /// The value with the gradient.
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Option<f64>;

    /// A positive semidefinite approximation of the second derivatives, row by row.
    fn model(&mut self, x: &[f64], matrix: &mut [f64]);

    /// The second derivatives, row by row.
    fn curvature(&mut self, x: &[f64], matrix: &mut [f64]);

    /// How many constraints are `h(x) = 0`, and how many are `c(x) ≥ 0`.
    fn constraints(&self) -> (usize, usize) {
        (0, 0)
    }

    /// The values of `h` and `c`, and their derivatives row by row.
    fn constrain(&mut self, _x: &[f64], _values: &mut [f64], _jacobian: &mut [f64]) {}

    /// Subtracts the second derivatives of `h` and `c`, weighted by multipliers.
    fn bend(&mut self, _x: &[f64], _multipliers: &[f64], _matrix: &mut [f64]) {}
}

/// How a search ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// At a minimum.
    Converged,
    /// The function has no value at the start.
    NoValue,
    /// The constraints exclude each other near the last point.
    Infeasible,
    /// No shorter step goes down.
    Stuck,
    /// After the largest number of steps.
    Steps,
    /// Because somebody asked for it.
    Stopped,
}

/// What a search found.
#[derive(Clone, PartialEq, Debug)]
pub struct Minimum {
    /// The best point.
    pub at: Vec<f64>,
    /// The value there.
    pub value: f64,
    /// The multipliers of the constraints.
    pub multipliers: Vec<f64>,
    /// The largest derivative of the Lagrangian, each in units of the square root of the curvature
    /// along it, and of what the constraints are violated by.
    pub residual: f64,
    /// The largest derivative of the Lagrangian.
    pub slope: f64,
    /// The decrease that one more step promises.
    pub decrease: f64,
    /// Steps made.
    pub steps: usize,
    /// How the search ended.
    pub end: End,
}

/// A search counts as converged below this residual; steps go on while they help.
const CONVERGED: f64 = 1e-8;

/// At a minimum a step promises no more than this. On the way to infinity slopes vanish too, and
/// the curvature with them.
const FLAT: f64 = 1e-14;

impl Minimum {
    /// Whether nothing is left to gain.
    fn is_flat(&self) -> bool {
        self.residual < CONVERGED && self.decrease.abs() < FLAT
    }
}

/// Below this residual a full step of Newton's method is taken without looking at the value, whose
/// differences are lost in rounding.
const NEAR: f64 = 1e-4;

/// Below this decrease the exact second derivatives are used.
const EXACT: f64 = 1e-2;

/// A step that had to be cut to less than this shows that the model is wrong here.
const CUT: f64 = 0.3;

/// Searches from a start.
pub fn minimise(
    problem: &mut dyn Problem,
    start: &[f64],
    most: usize,
    stop: &dyn Fn() -> bool,
) -> Minimum {
    let n = problem.dimension();
    let (equalities, inequalities) = problem.constraints();
    let rows = equalities + inequalities;
    let mut x = start.to_vec();
    let (mut gradient, mut matrix) = (vec![0.0; n], vec![0.0; n * n]);
    let (mut values, mut jacobian) = (vec![0.0; rows], vec![0.0; rows * n]);
    let mut best = Minimum {
        at: x.clone(),
        value: f64::NAN,
        multipliers: vec![0.0; rows],
        residual: f64::INFINITY,
        slope: f64::INFINITY,
        decrease: f64::INFINITY,
        steps: 0,
        end: End::Steps,
    };
    let (mut penalty, mut decrease, mut length) = (0.0_f64, f64::INFINITY, 1.0);
    let mut multipliers = vec![0.0; rows];
    for step in 0..=most {
        let Some(value) = problem.gradient(&x, &mut gradient).filter(|v| v.is_finite()) else {
            best.end = End::NoValue;
            return best;
        };
        problem.constrain(&x, &mut values, &mut jacobian);
        let factors = loop {
            let (exact, cut) = (decrease < EXACT, length < CUT);
            if exact || cut {
                problem.curvature(&x, &mut matrix);
                problem.bend(&x, &multipliers, &mut matrix);
            } else {
                problem.model(&x, &mut matrix);
            }
            let equal = &jacobian[..equalities * n];
            let mut factors = factor(&matrix, equal, n, !exact && !cut);
            if factors.is_none() && cut {
                factors = lift(problem, &x, &mut matrix, equal);
            }
            match factors {
                Some(factors) => break factors,
                // The surface bends down somewhere: the model does not.
                None if exact || cut => (decrease, length) = (f64::INFINITY, 1.0),
                None => {
                    best.end = End::Stuck;
                    return best;
                }
            }
        };
        let program = Program {
            factors: &factors,
            gradient: &gradient,
            values: &values,
            jacobian: &jacobian,
            equalities,
        };
        let Some(solution) = quadratic::solve(&program) else {
            best.end = End::Infeasible;
            return best;
        };
        multipliers.copy_from_slice(&solution.multipliers);
        decrease = -dot(&gradient, &solution.step);
        let violation = violation(&values, equalities);
        let (mut residual, mut slope) = (violation, 0.0_f64);
        for i in 0..n {
            let pull: f64 = (0..rows).map(|k| multipliers[k] * jacobian[k * n + i]).sum();
            let unit = matrix[i * n + i].abs().sqrt().max(f64::MIN_POSITIVE);
            slope = slope.max((gradient[i] - pull).abs());
            residual = residual.max((gradient[i] - pull).abs() / unit);
        }
        if residual < best.residual || !best.is_flat() {
            best = Minimum {
                at: x.clone(),
                value,
                multipliers: multipliers.clone(),
                residual,
                slope,
                decrease,
                steps: step,
                end: End::Steps,
            };
        } else {
            // Rounding has the last word.
            best.end = End::Converged;
            return best;
        }
        if residual == 0.0 || step == most {
            break;
        }
        if stop() {
            best.end = End::Stopped;
            return best;
        }
        let moved = |length: f64| -> Vec<f64> {
            x.iter().zip(&solution.step).map(|(x, d)| x + length * d).collect()
        };
        let whole = moved(1.0);
        if residual < NEAR && problem.value(&whole).is_some() {
            if whole == x {
                break;
            }
            x = whole;
            continue;
        }
        let largest = multipliers.iter().fold(0.0_f64, |a, m| a.max(m.abs()));
        penalty = penalty.max(1.5 * largest);
        let expected = decrease + penalty * violation;
        let merit = value + penalty * violation;
        length = 1.0;
        let next = loop {
            let trial = moved(length);
            if trial == x || length < 1e-12 {
                break None;
            }
            if let Some(value) = problem.value(&trial).filter(|v| v.is_finite()) {
                let mut there = vec![0.0; rows];
                if rows > 0 {
                    let mut unused = vec![0.0; rows * n];
                    problem.constrain(&trial, &mut there, &mut unused);
                }
                let after = value + penalty * self::violation(&there, equalities);
                if after <= merit - 1e-4 * length * expected {
                    break Some(trial);
                }
            }
            length *= 0.5;
        };
        match next {
            Some(next) => x = next,
            None => {
                best.end = if best.is_flat() { End::Converged } else { End::Stuck };
                return best;
            }
        }
    }
    if best.is_flat() {
        best.end = End::Converged;
    }
    best
}

/// Adds as much of the model of the curvature as makes second derivatives positive definite.
fn lift(
    problem: &mut dyn Problem,
    x: &[f64],
    matrix: &mut [f64],
    equal: &[f64],
) -> Option<Cholesky> {
    let n = x.len();
    let mut model = vec![0.0; n * n];
    problem.model(x, &mut model);
    let mut weight = 1e-3;
    for _ in 0..8 {
        add_scaled(matrix, weight, &model);
        if let Some(factors) = factor(matrix, equal, n, false) {
            return Some(factors);
        }
        weight *= 4.0;
    }
    None
}

/// By how much the constraints are violated in all.
fn violation(values: &[f64], equalities: usize) -> f64 {
    let (equal, least) = values.split_at(equalities);
    equal.iter().map(|h| h.abs()).sum::<f64>() + least.iter().map(|c| (-c).max(0.0)).sum::<f64>()
}

/// The factors of the matrix with the squares of the equalities, which change no step that keeps
/// them; with `mend`, more and more of its diagonal is added until it is positive definite.
fn factor(matrix: &[f64], equal: &[f64], n: usize, mend: bool) -> Option<Cholesky> {
    let mut whole = matrix.to_vec();
    let scale = (0..n).map(|i| matrix[i * n + i].abs()).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    for row in equal.chunks(n.max(1)) {
        let weight = scale / dot(row, row).max(f64::MIN_POSITIVE);
        for i in 0..n {
            for j in 0..n {
                whole[i * n + j] += weight * row[i] * row[j];
            }
        }
    }
    let mut ridge = 0.0;
    for _ in 0..40 {
        let mut lifted = whole.clone();
        for i in 0..n {
            let diagonal = &mut lifted[i * n + i];
            *diagonal += ridge * diagonal.abs().max(1e-8 * scale);
        }
        if let Ok(factors) = Cholesky::of(&lifted, n, 1e-13) {
            return Some(factors);
        }
        if !mend {
            return None;
        }
        ridge = if ridge == 0.0 { 1e-10 } else { 10.0 * ridge };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's function on a disc: `x² + y² ≤ r²`, and `x = y` when asked.
    struct Valley {
        radius: f64,
        diagonal: bool,
    }

    impl Problem for Valley {
        fn dimension(&self) -> usize {
            2
        }
        fn value(&mut self, x: &[f64]) -> Option<f64> {
            Some(100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))
        }
        fn gradient(&mut self, x: &[f64], g: &mut [f64]) -> Option<f64> {
            let bend = x[1] - x[0] * x[0];
            g.copy_from_slice(&[-400.0 * x[0] * bend - 2.0 * (1.0 - x[0]), 200.0 * bend]);
            self.value(x)
        }
        fn model(&mut self, x: &[f64], m: &mut [f64]) {
            // Gauss and Newton's, of the two residuals.
            let a = 800.0 * x[0] * x[0] + 2.0;
            m.copy_from_slice(&[a, -400.0 * x[0], -400.0 * x[0], 200.0]);
        }
        fn curvature(&mut self, x: &[f64], m: &mut [f64]) {
            let a = 1200.0 * x[0] * x[0] - 400.0 * x[1] + 2.0;
            m.copy_from_slice(&[a, -400.0 * x[0], -400.0 * x[0], 200.0]);
        }
        fn constraints(&self) -> (usize, usize) {
            (usize::from(self.diagonal), 1)
        }
        fn constrain(&mut self, x: &[f64], values: &mut [f64], jacobian: &mut [f64]) {
            let first = usize::from(self.diagonal);
            if self.diagonal {
                values[0] = x[0] - x[1];
                jacobian[..2].copy_from_slice(&[1.0, -1.0]);
            }
            values[first] = self.radius * self.radius - x[0] * x[0] - x[1] * x[1];
            jacobian[2 * first..].copy_from_slice(&[-2.0 * x[0], -2.0 * x[1]]);
        }
        fn bend(&mut self, _: &[f64], multipliers: &[f64], m: &mut [f64]) {
            let weight = multipliers[usize::from(self.diagonal)];
            m[0] += 2.0 * weight;
            m[3] += 2.0 * weight;
        }
    }

    fn found(radius: f64, diagonal: bool) -> Minimum {
        minimise(&mut Valley { radius, diagonal }, &[-1.2, 1.0], 200, &|| false)
    }

    #[test]
    fn minima_inside_and_on_the_border_are_exact() {
        let free = found(5.0, false);
        assert_eq!(free.end, End::Converged);
        assert!(free.at.iter().all(|x| (x - 1.0).abs() < 1e-12), "{free:?}");
        // On the unit circle: the published minimum of this test (Mathworks' example).
        let border = found(1.0, false);
        assert_eq!(border.end, End::Converged);
        assert!((border.at[0] - 0.786_415).abs() < 1e-6, "{border:?}");
        assert!((border.at[1] - 0.617_698).abs() < 1e-6, "{border:?}");
        assert!(border.multipliers[0] > 0.0 && border.slope < 1e-10);
    }

    #[test]
    fn equalities_bind_and_contradictions_are_said() {
        // On x = y the function is 100 x²(1 − x)² + (1 − x)², least at 1; in the disc of radius 1
        // the end of the diagonal has a larger value than where 200 x² (1 − x)… vanishes near 0.
        let whole = found(5.0, true);
        assert_eq!(whole.end, End::Converged);
        assert!((whole.at[0] - whole.at[1]).abs() < 1e-12);
        let x = whole.at[0];
        let slope = 200.0 * x * (1.0 - x) * (1.0 - 2.0 * x) - 2.0 * (1.0 - x);
        assert!(slope.abs() < 1e-9, "{whole:?}");
        struct Nowhere;
        impl Problem for Nowhere {
            fn dimension(&self) -> usize {
                1
            }
            fn value(&mut self, x: &[f64]) -> Option<f64> {
                Some(x[0] * x[0])
            }
            fn gradient(&mut self, x: &[f64], g: &mut [f64]) -> Option<f64> {
                g[0] = 2.0 * x[0];
                self.value(x)
            }
            fn model(&mut self, _: &[f64], m: &mut [f64]) {
                m[0] = 2.0;
            }
            fn curvature(&mut self, _: &[f64], m: &mut [f64]) {
                m[0] = 2.0;
            }
            fn constraints(&self) -> (usize, usize) {
                (0, 2)
            }
            fn constrain(&mut self, x: &[f64], values: &mut [f64], jacobian: &mut [f64]) {
                values.copy_from_slice(&[x[0] - 1.0, -x[0]]);
                jacobian.copy_from_slice(&[1.0, -1.0]);
            }
        }
        assert_eq!(minimise(&mut Nowhere, &[0.5], 50, &|| false).end, End::Infeasible);
    }
}
