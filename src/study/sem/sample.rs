//! Samples: tables of observations, or covariances of a number of them.

use std::fmt;

use crate::model::sem::parameters::Target;
use crate::numeric::dense::Cholesky;

/// A pivot of so small a share of its variance makes a sample covariance matrix singular.
pub(super) const SINGULAR: f64 = 1e-12;

/// Observations or their moments, of named variables, in groups.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The names of the variables.
    pub names: Vec<String>,
    /// The groups.
    pub groups: Vec<Group>,
    /// Rows that were left out because a value is missing.
    pub incomplete: usize,
}

/// One group of a sample.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name; empty when there is only one.
    pub label: String,
    /// Observations.
    pub count: f64,
    /// Covariances with the divisor [`Group::count`], row by row.
    pub covariance: Vec<f64>,
    /// Means, when they are known.
    pub means: Option<Vec<f64>>,
    /// The observations, when they are known.
    pub rows: Vec<Vec<f64>>,
}

/// What is wrong with a sample.
#[derive(Clone, PartialEq, Debug)]
pub enum SampleError {
    /// A variable of the model is not in the data: its name.
    Unknown(String),
    /// A variable has the same value in every row: its name, the value and the group.
    Constant(String, f64, String),
    /// Fewer observations than observed variables: both numbers and the group.
    TooFew(usize, usize, String),
    /// A covariance matrix that is not positive definite, found at a variable of a group.
    NotPositive(String, String),
    /// The matrix is not symmetric at two variables.
    NotSymmetric(String, String),
    /// The model has intercepts and the means are not known.
    NoMeans,
    /// The model distinguishes so many groups, the data so many.
    Groups(usize, usize),
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |g: &str| if g.is_empty() { String::new() } else { format!(" in group {g}") };
        match self {
            SampleError::Unknown(name) => write!(f, "the data have no variable `{name}`"),
            SampleError::Constant(name, value, group) => {
                write!(f, "`{name}` is {value} in every row{}: it has no variance", of(group))
            }
            SampleError::TooFew(rows, variables, group) => write!(
                f,
                "{rows} {} of {variables} variables{}: there must be more observations than \
                 variables",
                if *rows == 1 { "observation" } else { "observations" },
                of(group)
            ),
            SampleError::NotPositive(name, group) => write!(
                f,
                "the covariance matrix of the data is not positive definite{}: `{name}` is a \
                 combination of the variables before it, or the matrix is wrong",
                of(group)
            ),
            SampleError::NotSymmetric(a, b) => {
                write!(f, "the matrix is not symmetric: `{a}` with `{b}` has two values")
            }
            SampleError::NoMeans => {
                f.write_str("the model has intercepts, and a covariance matrix has no means")
            }
            SampleError::Groups(model, data) => {
                write!(f, "the formulas distinguish {model} groups, the data have {data}")
            }
        }
    }
}

impl std::error::Error for SampleError {}

impl Group {
    /// The moments of rows of observations.
    pub fn of_rows(label: String, rows: Vec<Vec<f64>>, width: usize) -> Group {
        let count = rows.len() as f64;
        let mut means = vec![0.0; width];
        for row in &rows {
            means.iter_mut().zip(row).for_each(|(m, x)| *m += x / count);
        }
        let mut covariance = vec![0.0; width * width];
        for row in &rows {
            let gaps: Vec<f64> = row.iter().zip(&means).map(|(x, m)| x - m).collect();
            for i in 0..width {
                for j in 0..width {
                    covariance[i * width + j] += gaps[i] * gaps[j] / count;
                }
            }
        }
        Group { label, count, covariance, means: Some(means), rows }
    }
}

impl Sample {
    /// A covariance matrix with the divisor `count`, and means if they are known.
    ///
    /// # Errors
    /// When it is not symmetric.
    pub fn of_moments(
        names: Vec<String>,
        covariance: Vec<f64>,
        means: Option<Vec<f64>>,
        count: f64,
    ) -> Result<Sample, SampleError> {
        let p = names.len();
        for i in 0..p {
            for j in 0..i {
                let at = |i: usize, j: usize| covariance[i * p + j];
                if (at(i, j) - at(j, i)).abs() > 1e-8 * (at(i, i) * at(j, j)).abs().sqrt() {
                    return Err(SampleError::NotSymmetric(names[i].clone(), names[j].clone()));
                }
            }
        }
        let group = Group { label: String::new(), count, covariance, means, rows: Vec::new() };
        Ok(Sample { names, groups: vec![group], incomplete: 0 })
    }

    /// The moments of some variables in each group, checked.
    ///
    /// # Errors
    /// [`SampleError`].
    pub fn targets(&self, variables: &[String], means: bool) -> Result<Vec<Target>, SampleError> {
        let mut places = Vec::new();
        for name in variables {
            let place = self.names.iter().position(|n| n == name);
            places.push(place.ok_or_else(|| SampleError::Unknown(name.clone()))?);
        }
        let (width, p) = (self.names.len(), places.len());
        let mut targets = Vec::new();
        for group in &self.groups {
            for &place in &places {
                let first = group.rows.first().map(|row| row[place]);
                let constant = group.rows.iter().all(|row| Some(row[place]) == first);
                if let Some(value) = first.filter(|_| constant && group.rows.len() > 1) {
                    let (name, label) = (self.names[place].clone(), group.label.clone());
                    return Err(SampleError::Constant(name, value, label));
                }
            }
            if group.count <= p as f64 {
                return Err(SampleError::TooFew(group.count as usize, p, group.label.clone()));
            }
            let known = group.means.as_ref();
            if means && known.is_none() {
                return Err(SampleError::NoMeans);
            }
            let pairs = places.iter().flat_map(|&i| places.iter().map(move |&j| (i, j)));
            let covariance: Vec<f64> =
                pairs.map(|(i, j)| group.covariance[i * width + j]).collect();
            if let Err(row) = Cholesky::of(&covariance, p, SINGULAR) {
                let (name, label) = (variables[row].clone(), group.label.clone());
                return Err(SampleError::NotPositive(name, label));
            }
            targets.push(Target {
                label: group.label.clone(),
                count: group.count,
                covariance,
                means: places.iter().map(|&i| known.map_or(0.0, |m| m[i])).collect(),
            });
        }
        Ok(targets)
    }
}
