//! Consistent initial values: the algebraic equations solved for their unknowns, the others fixed.

use isoterm_stiff::Lu;

use super::integrate::Problem;

/// Newton steps before giving up.
const STEPS: usize = 100;

/// The smallest fraction of a Newton step that is tried.
const LEAST_DAMPING: f64 = 1e-8;

/// The size of the last Newton step in units of the tolerance: the next one would be its square.
const LAST_STEP: f64 = 1e-3;

/// Why no values satisfy the algebraic equations, as places in the state vector.
#[derive(Clone, Debug, PartialEq)]
pub enum Inconsistent {
    /// An equation has no finite value.
    NotFinite(usize),
    /// The Jacobian of the equations by their unknowns is singular.
    Singular {
        /// Equations in which no unknown has a nonzero derivative.
        equations: Vec<usize>,
        /// Unknowns that the equations do not determine, the most responsible first.
        unknowns: Vec<usize>,
    },
    /// Newton's method does not come closer.
    NotFound {
        /// The equation with the largest residual.
        equation: usize,
        /// Its residual.
        residual: f64,
    },
}

/// Solves the rows of [`Problem::algebraic`] for the states at these places, which hold a guess;
/// the other states stay as they are. Does nothing without such rows.
///
/// Newton's method with the exact Jacobian, damped by the natural monotonicity test (Deuflhard,
/// 1974): a step is taken when the step after it, with the same Jacobian, is smaller. The test
/// does not depend on how the equations are scaled. It ends with a step far below
/// `rtol |u| + atol`, where `atol` has one entry, or one for each state; the error is then about
/// the square of that.
///
/// # Errors
/// [`Inconsistent`]; the states are then those of the last step.
///
/// # Panics
/// When `atol` has no entry, or `states` fewer than the problem.
pub fn consistent(
    problem: &dyn Problem,
    time: f64,
    states: &mut [f64],
    rtol: f64,
    atol: &[f64],
) -> Result<(), Inconsistent> {
    let places = problem.algebraic();
    if places.is_empty() {
        return Ok(());
    }
    let (block, kept) = problem.pattern().restricted(places);
    let mut rates = vec![0.0; states.len()];
    let mut entries = vec![0.0; problem.pattern().entries()];
    let mut residuals = |states: &[f64]| -> Vec<f64> {
        problem.rhs(time, states, &mut rates);
        places.iter().map(|&place| rates[place]).collect()
    };
    let unusable = |values: &[f64]| values.iter().position(|x| !x.is_finite());
    // The largest change in units of the tolerance.
    let size = |units: &[f64], step: &[f64]| {
        let scaled = units.iter().zip(step).filter(|(_, d)| **d != 0.0);
        scaled.fold(0.0, |largest: f64, (unit, d)| largest.max(d.abs() / unit))
    };
    let mut values = residuals(states);
    if let Some(k) = unusable(&values) {
        return Err(Inconsistent::NotFinite(places[k]));
    }
    let mut damping = 1.0_f64;
    for _ in 0..STEPS {
        problem.jacobian(time, states, &mut entries);
        let jacobian: Vec<f64> = kept.iter().map(|&entry| entries[entry]).collect();
        let at = |list: Vec<usize>| list.into_iter().map(|k| places[k]).collect();
        let lu = Lu::new(&block, &jacobian).map_err(|singular| Inconsistent::Singular {
            equations: at(singular.rows),
            unknowns: at(singular.columns),
        })?;
        let mut step: Vec<f64> = values.iter().map(|g| -g).collect();
        lu.solve(&mut step);
        let start: Vec<f64> = places.iter().map(|&place| states[place]).collect();
        let tolerance = |place: usize| atol[if atol.len() == 1 { 0 } else { place }];
        let units = places.iter().map(|&place| tolerance(place) + rtol * states[place].abs());
        let units: Vec<f64> = units.collect();
        let length = size(&units, &step);
        loop {
            for ((&place, from), d) in places.iter().zip(&start).zip(&step) {
                states[place] = from + damping * d;
            }
            let found = residuals(states);
            if length <= LAST_STEP && unusable(&found).is_none() {
                return Ok(());
            }
            let mut next: Vec<f64> = found.iter().map(|g| -g).collect();
            lu.solve(&mut next);
            let ahead = size(&units, &next);
            if unusable(&found).is_none() && ahead <= (1.0 - damping / 4.0) * length {
                values = found;
                // Where the full step halves the distance and more, the next may be longer.
                damping = (2.0 * damping).min(1.0);
                break;
            }
            damping /= 2.0;
            if damping < LEAST_DAMPING {
                places.iter().zip(&start).for_each(|(&place, from)| states[place] = *from);
                return Err(not_found(places, &values));
            }
        }
    }
    Err(not_found(places, &values))
}

fn not_found(places: &[usize], values: &[f64]) -> Inconsistent {
    let worst = places.iter().zip(values).max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    let (&equation, &residual) = worst.expect("an algebraic equation");
    Inconsistent::NotFound { equation, residual }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::integrate::Pattern;

    /// `0 = g(y)` beside a differential state at place 0 that is left alone.
    struct Scalar(fn(f64) -> (f64, f64), Pattern);

    impl Problem for Scalar {
        fn dimension(&self) -> usize {
            2
        }
        fn algebraic(&self) -> &[usize] {
            &[1]
        }
        fn rhs(&self, _t: f64, u: &[f64], du: &mut [f64]) {
            (du[0], du[1]) = (7.0, self.0(u[1]).0);
        }
        fn pattern(&self) -> &Pattern {
            &self.1
        }
        fn jacobian(&self, _t: f64, u: &[f64], values: &mut [f64]) {
            values.copy_from_slice(&[0.0, 0.0, 0.0, self.0(u[1]).1]);
        }
    }

    fn solved(g: fn(f64) -> (f64, f64), guess: f64) -> Result<f64, Inconsistent> {
        let mut states = [3.0, guess];
        consistent(&Scalar(g, Pattern::dense(2)), 0.0, &mut states, 1e-8, &[1e-10])?;
        assert_eq!(states[0], 3.0);
        Ok(states[1])
    }

    #[test]
    fn roots_are_found_from_far_away() {
        // Undamped steps for arctan diverge beyond 1.3917452.
        let root = solved(|y| ((y - 1.0).atan(), 1.0 / (1.0 + (y - 1.0).powi(2))), 40.0).unwrap();
        assert!((root - 1.0).abs() < 1e-15, "{root}");
        let root = solved(|y| (y * y * y - 8.0, 3.0 * y * y), 1e4).unwrap();
        assert!((root - 2.0).abs() < 1e-15, "{root}");
        // Where the logarithm ends, the step is shortened.
        let root = solved(|y| (y.ln() + 5.0, 1.0 / y), 10.0).unwrap();
        assert!((root - (-5f64).exp()).abs() < 1e-16, "{root}");
    }

    #[test]
    fn what_has_no_root_is_refused() {
        let found = solved(|y| (y * y + 1.0, 2.0 * y), 0.7);
        assert!(
            matches!(found, Err(Inconsistent::NotFound { equation: 1, residual }) if residual >= 1.0),
            "{found:?}"
        );
        let found = solved(|y| (y * y - 1.0, 2.0 * y), 0.0);
        let singular = Inconsistent::Singular { equations: vec![1], unknowns: vec![1] };
        assert_eq!(found, Err(singular));
        assert_eq!(solved(|y| (y.ln(), 1.0 / y), -1.0), Err(Inconsistent::NotFinite(1)));
    }
}
