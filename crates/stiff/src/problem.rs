//! What is integrated, what it cost, and why it may fail: words shared by every integrator.

use std::fmt;
use std::ops::AddAssign;

/// An initial-value problem `u' = f(t, u)` with `dimension` states.
///
/// Integrators call `pattern` and `jacobian` only once an implicit method runs, so an
/// implementation may build its Jacobian on first use. Values may be NaN or infinite: the step
/// that met them is repeated with a smaller size, and the run fails if that does not help.
pub trait Problem {
    /// Number of states.
    fn dimension(&self) -> usize;

    /// The rows that read `0 = f(t, u)` in place of `u' = f(t, u)`, increasing; none in an ordinary
    /// differential equation. The rows of `f` and the states without a derivative must be as many
    /// and share their places, and the Jacobian of these rows by these states must be regular
    /// (index 1). Initial values must satisfy these equations.
    fn algebraic(&self) -> &[usize] {
        &[]
    }

    /// Writes `f(t, u)` into `du`; both slices have `dimension` entries.
    fn rhs(&self, t: f64, u: &[f64], du: &mut [f64]);

    /// Where the Jacobian may be nonzero.
    fn pattern(&self) -> &Pattern;

    /// Writes `∂f/∂u (t, u)` into `values`, in the order of [`Problem::pattern`].
    fn jacobian(&self, t: f64, u: &[f64], values: &mut [f64]);
}

/// Looks at each accepted step `(from, to, state)` and ends the integration at the time that it
/// returns, if any, which lies after `from` and not after `to`.
///
/// `state(t, u)` writes the solution at a time of the step into `u`, by the method's interpolant.
pub type Monitor<'a> = dyn FnMut(f64, f64, &mut dyn FnMut(f64, &mut [f64])) -> Option<f64> + 'a;

/// Where a monitored integration ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// The time; before the end of the range if the monitor asked for it.
    pub time: f64,
    /// The state there.
    pub state: Vec<f64>,
    /// Whether the monitor ended the integration.
    pub stopped: bool,
    /// The work done.
    pub work: Work,
}

/// The places of a square sparse matrix, compressed by columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Number of rows and of columns.
    pub dimension: usize,
    /// Column `j` owns the entries `column_starts[j]..column_starts[j + 1]`; `dimension + 1` long.
    pub column_starts: Vec<usize>,
    /// The row of each entry, strictly increasing within a column.
    pub row_indices: Vec<usize>,
}

impl Pattern {
    /// The pattern in which every entry may be nonzero.
    pub fn dense(dimension: usize) -> Self {
        Self {
            dimension,
            column_starts: (0..=dimension).map(|column| column * dimension).collect(),
            row_indices: (0..dimension * dimension).map(|entry| entry % dimension).collect(),
        }
    }

    /// The pattern of a diagonal matrix.
    pub fn diagonal(dimension: usize) -> Self {
        Self {
            dimension,
            column_starts: (0..=dimension).collect(),
            row_indices: (0..dimension).collect(),
        }
    }

    /// The pattern of the rows and columns at `places`, which must be increasing, and for each of
    /// its entries the entry of this pattern.
    pub fn restricted(&self, places: &[usize]) -> (Pattern, Vec<usize>) {
        let (mut column_starts, mut row_indices, mut kept) = (vec![0], Vec::new(), Vec::new());
        for &column in places {
            for entry in self.column_starts[column]..self.column_starts[column + 1] {
                if let Ok(row) = places.binary_search(&self.row_indices[entry]) {
                    row_indices.push(row);
                    kept.push(entry);
                }
            }
            column_starts.push(kept.len());
        }
        (Pattern { dimension: places.len(), column_starts, row_indices }, kept)
    }

    /// The pattern with the whole diagonal, the entry in it of each entry of this one, and that of
    /// each diagonal entry. This one must be consistent.
    pub fn with_diagonal(&self) -> (Pattern, Vec<usize>, Vec<usize>) {
        let n = self.dimension;
        let (mut starts, mut rows) = (vec![0], Vec::with_capacity(self.entries() + n));
        let (mut places, mut diagonal) = (Vec::with_capacity(self.entries()), Vec::new());
        for column in 0..n {
            let own = &self.row_indices[self.column_starts[column]..self.column_starts[column + 1]];
            let above = own.partition_point(|&row| row < column);
            let held = own.get(above) == Some(&column);
            diagonal.push(rows.len() + above);
            places
                .extend((0..own.len()).map(|k| rows.len() + k + usize::from(k >= above && !held)));
            rows.extend_from_slice(&own[..above]);
            rows.push(column);
            rows.extend_from_slice(&own[above + usize::from(held)..]);
            starts.push(rows.len());
        }
        let pattern = Pattern { dimension: n, column_starts: starts, row_indices: rows };
        (pattern, places, diagonal)
    }

    /// Number of entries.
    pub fn entries(&self) -> usize {
        self.row_indices.len()
    }

    /// Calls `visit(entry, row, column)` for every entry in order.
    pub fn for_each(&self, mut visit: impl FnMut(usize, usize, usize)) {
        for column in 0..self.dimension {
            for entry in self.column_starts[column]..self.column_starts[column + 1] {
                visit(entry, self.row_indices[entry], column);
            }
        }
    }

    /// Whether the three parts describe one `dimension` × `dimension` matrix.
    pub fn is_consistent(&self) -> bool {
        let starts = &self.column_starts;
        starts.len() == self.dimension + 1
            && starts[0] == 0
            && starts[self.dimension] == self.row_indices.len()
            && starts.windows(2).all(|pair| {
                pair[0] <= pair[1]
                    && self.row_indices.get(pair[0]..pair[1]).is_some_and(|rows| {
                        rows.windows(2).all(|rows| rows[0] < rows[1])
                            && rows.last().is_none_or(|&row| row < self.dimension)
                    })
            })
    }
}

/// How much work an integration took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Accepted steps.
    pub steps: usize,
    /// Steps refused by the error test or because an implicit equation could not be solved.
    pub rejected: usize,
    /// Evaluations of the right-hand side.
    pub rhs_evaluations: usize,
    /// Evaluations of the Jacobian.
    pub jacobian_evaluations: usize,
    /// LU factorizations.
    pub factorizations: usize,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.rejected += other.rejected;
        self.rhs_evaluations += other.rhs_evaluations;
        self.jacobian_evaluations += other.jacobian_evaluations;
        self.factorizations += other.factorizations;
    }
}

/// Why an integration stopped before its end time.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The last time reached.
    pub time: f64,
    /// Size of the last step tried, with the sign of the direction.
    pub step: f64,
    /// Index of the state that caused it, where one can be named.
    pub component: Option<usize>,
    /// What went wrong.
    pub cause: Cause,
    /// The work done until then.
    pub work: Work,
}

/// What can go wrong in an integration.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// The derivative of the named state is NaN or infinite, however small the step.
    NonFinite,
    /// The step size fell below what the time can resolve; the solution probably blows up.
    StepTooSmall,
    /// The allowed number of steps, which is given, was used up.
    StepLimit(usize),
    /// The caller asked to stop.
    Interrupted,
    /// The equations of an implicit step could not be solved.
    Unsolvable,
    /// An input does not make sense; the text says which.
    Input(&'static str),
}

/// A number as people read it: at most seven digits, powers of ten only far from one.
pub struct Brief(pub f64);

impl fmt::Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.6e}", self.0);
        let Some((digits, exponent)) = text.split_once('e') else { return f.write_str(&text) };
        match exponent.parse::<i32>() {
            // Through the digits, so that rounding happens once.
            Ok(k) if (-4..7).contains(&k) => {
                write!(f, "{}", text.parse::<f64>().unwrap_or(self.0))
            }
            _ => {
                let digits = match digits.contains('.') {
                    true => digits.trim_end_matches('0').trim_end_matches('.'),
                    false => digits,
                };
                write!(f, "{digits}e{exponent}")
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, step) = (Brief(self.time), Brief(self.step));
        match &self.cause {
            Cause::NonFinite => write!(f, "a derivative is not finite at t = {time}"),
            Cause::StepTooSmall => {
                write!(f, "the step size became too small at t = {time} (step {step})")
            }
            Cause::StepLimit(limit) => {
                write!(f, "the limit of {limit} steps was reached at t = {time}")
            }
            Cause::Interrupted => write!(f, "interrupted at t = {time}"),
            Cause::Unsolvable => {
                write!(f, "the implicit equations could not be solved at t = {time} (step {step})")
            }
            Cause::Input(what) => return f.write_str(what),
        }?;
        match self.component {
            Some(component) => write!(f, ", state {component}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_brief() {
        for (x, text) in [
            (0.0, "0"),
            (1.0000004288, "1"),
            (2.5, "2.5"),
            (-8.9648417e-16, "-8.964842e-16"),
            (321.8122, "321.8122"),
            (1e11, "1e11"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(Brief(x).to_string(), text);
        }
    }

    #[test]
    fn a_restricted_pattern_keeps_the_entries_of_its_places() {
        let (pattern, kept) = Pattern::dense(4).restricted(&[1, 3]);
        assert_eq!((pattern, kept), (Pattern::dense(2), vec![5, 7, 13, 15]));
        let (pattern, kept) = Pattern::diagonal(3).restricted(&[0, 2]);
        assert_eq!((pattern, kept), (Pattern::diagonal(2), vec![0, 2]));
    }

    #[test]
    fn inconsistent_patterns_are_recognised() {
        assert!(Pattern::dense(3).is_consistent());
        assert!(Pattern::dense(0).is_consistent());
        let pattern = |column_starts: &[usize], row_indices: &[usize]| Pattern {
            dimension: 2,
            column_starts: column_starts.to_vec(),
            row_indices: row_indices.to_vec(),
        };
        assert!(pattern(&[0, 1, 2], &[1, 0]).is_consistent());
        assert!(!pattern(&[0, 1], &[1]).is_consistent());
        assert!(!pattern(&[0, 2, 2], &[1, 0]).is_consistent());
        assert!(!pattern(&[0, 1, 2], &[0, 2]).is_consistent());
        assert!(!pattern(&[0, 3, 2], &[0, 1]).is_consistent());
        assert!(!pattern(&[1, 1, 2], &[0, 1]).is_consistent());
    }
}
