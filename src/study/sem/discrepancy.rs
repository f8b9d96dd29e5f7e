//! The distance of implied from observed moments, with exact first and second derivatives.

use super::sample::SINGULAR;
use crate::model::sem::moments::{Direction, Implied, Moments};
use crate::model::sem::parameters::{Layout, Target};
use crate::numeric::dense::{Cholesky, add_scaled, dot};

/// What is minimised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// `log|Σ| + tr(SΣ⁻¹) − log|S| − p`, with `(m − μ)ᵀΣ⁻¹(m − μ)` for means (Jöreskog 1967).
    MaximumLikelihood,
    /// The same of the sample covariances with the divisor `N − 1`, whose distribution is Wishart's:
    /// `χ² = (N − 1) F`.
    WishartLikelihood,
    /// `½ tr[(S⁻¹(S − Σ))²]` (Jöreskog and Goldberger 1972).
    GeneralizedLeastSquares,
    /// `½ tr[(S − Σ)²]`.
    UnweightedLeastSquares,
}

impl Method {
    /// Whether it is a likelihood.
    pub fn is_likelihood(self) -> bool {
        matches!(self, Method::MaximumLikelihood | Method::WishartLikelihood)
    }
}

/// One group: its sample, its moments, what does not change in a search.
pub struct Group {
    /// The sample.
    pub target: Target,
    /// The moments.
    pub moments: Moments,
    /// Its share of the observations.
    pub weight: f64,
    /// Weights of least squares, `S⁻¹` or the identity.
    fixed: Vec<f64>,
    /// `log|S| + p`.
    saturated: f64,
    places: Vec<usize>,
}

/// The discrepancy of all groups.
pub struct Discrepancy {
    /// The groups.
    pub groups: Vec<Group>,
    /// What is minimised.
    pub method: Method,
    size: usize,
}

/// What is known of one group at a point.
pub struct Local {
    /// The moments.
    pub implied: Implied,
    /// `Σ⁻¹`, or the weights of least squares.
    pub inverse: Vec<f64>,
    /// The derivative of the discrepancy by `Σ`.
    pub slope: Vec<f64>,
    /// `Σ⁻¹(m − μ)`.
    pub pull: Vec<f64>,
    /// The columns that derivatives are made of.
    pub columns: Vec<f64>,
    value: f64,
}

impl Discrepancy {
    /// The discrepancy of a layout from samples.
    ///
    /// # Errors
    /// The group and the row where an observed covariance matrix is not positive definite.
    pub fn new(
        layout: &Layout,
        targets: &[Target],
        method: Method,
    ) -> Result<Discrepancy, (usize, usize)> {
        let total: f64 = targets.iter().map(|t| t.count).sum();
        let p = layout.observed.len();
        let mut groups = Vec::new();
        for (g, target) in targets.iter().enumerate() {
            let factors = Cholesky::of(&target.covariance, p, SINGULAR).map_err(|row| (g, row))?;
            let fixed = match method {
                Method::GeneralizedLeastSquares => factors.inverse(),
                _ => (0..p * p).map(|k| f64::from(k % (p + 1) == 0)).collect(),
            };
            let moments = Moments::new(layout, g);
            groups.push(Group {
                target: target.clone(),
                places: moments.places(),
                moments,
                weight: target.count / total,
                fixed,
                saturated: factors.log_determinant() + p as f64,
            });
        }
        Ok(Discrepancy { groups, method, size: layout.parameters.len() })
    }

    /// The number of parameters.
    pub fn size(&self) -> usize {
        self.size
    }

    /// One group at a point; with `all`, what derivatives need too.
    pub fn local(&self, group: &Group, parameters: &[f64], all: bool) -> Option<Local> {
        let p = group.moments.observed.len();
        let implied = group.moments.at(parameters)?;
        let sample = &group.target.covariance;
        let gap: Vec<f64> = match group.moments.means {
            true => group.target.means.iter().zip(&implied.means).map(|(m, mu)| m - mu).collect(),
            false => Vec::new(),
        };
        let by = |matrix: &[f64], x: &[f64]| -> Vec<f64> {
            matrix.chunks(p).map(|row| dot(row, x)).collect()
        };
        let factors = match self.method.is_likelihood() {
            true => Some(Cholesky::of(&implied.covariance, p, 1e-13).ok()?),
            false => None,
        };
        let inverse = factors.as_ref().map_or_else(|| group.fixed.clone(), Cholesky::inverse);
        let pull = if gap.is_empty() { Vec::new() } else { by(&inverse, &gap) };
        let mut value = dot(&gap, &pull);
        let mut slope = Vec::new();
        if let Some(factors) = &factors {
            value += factors.log_determinant() + dot(&inverse, sample) - group.saturated;
            if all {
                slope.clone_from(&inverse);
                let product = sandwich(&inverse, sample, p);
                add_scaled(&mut slope, -1.0, &product);
                for (i, x) in pull.iter().enumerate() {
                    add_scaled(&mut slope[i * p..(i + 1) * p], -x, &pull);
                }
            }
        } else {
            let difference: Vec<f64> =
                implied.covariance.iter().zip(sample).map(|(a, b)| a - b).collect();
            slope = sandwich(&inverse, &difference, p);
            value += 0.5 * dot(&slope, &difference);
        }
        let columns = if all { group.moments.columns(&implied) } else { Vec::new() };
        Some(Local { implied, inverse, slope, pull, columns, value })
    }

    /// The discrepancy.
    pub fn value(&self, parameters: &[f64]) -> Option<f64> {
        let parts = self.groups.iter().map(|g| Some((g, self.local(g, parameters, false)?)));
        parts.map(|part| part.map(|(g, l)| g.weight * l.value)).sum()
    }

    /// The discrepancy and its gradient.
    pub fn gradient(&self, parameters: &[f64], gradient: &mut [f64]) -> Option<f64> {
        gradient.fill(0.0);
        let mut value = 0.0;
        for group in &self.groups {
            let local = self.local(group, parameters, true)?;
            value += group.weight * local.value;
            let (m, p) = (&group.moments, group.moments.observed.len());
            let weighted = times(&local.slope, &local.columns, p);
            for d in &m.directions {
                let u = column(&local.columns, d.u, p);
                let mut slope = 2.0 * d.scale * dot(u, column(&weighted, d.v, p));
                if m.means {
                    let factor = m.mean_factor(d, &local.implied);
                    slope -= 2.0 * factor * dot(&local.pull, u);
                }
                gradient[d.parameter] += group.weight * slope;
            }
        }
        Some(value)
    }

    /// The expected second derivatives, or the exact ones; each group's share is `weight` of them.
    pub fn curvature(&self, parameters: &[f64], exact: bool, matrix: &mut [f64]) -> Option<()> {
        matrix.fill(0.0);
        let t = self.size;
        for group in &self.groups {
            let local = self.local(group, parameters, true)?;
            let (m, p) = (&group.moments, group.moments.observed.len());
            let width = m.width();
            let forms = |a: &[f64]| {
                let right = times(a, &local.columns, p);
                let mut out = vec![0.0; width * width];
                for i in 0..width {
                    for j in 0..=i {
                        let value = dot(column(&local.columns, i, p), column(&right, j, p));
                        out[i * width + j] = value;
                        out[j * width + i] = value;
                    }
                }
                out
            };
            let a = forms(&local.inverse);
            let w = if exact { forms(&local.slope) } else { Vec::new() };
            let pulls: Vec<f64> = match m.means {
                true => {
                    (0..width).map(|k| dot(&local.pull, column(&local.columns, k, p))).collect()
                }
                false => Vec::new(),
            };
            let likelihood = self.method.is_likelihood();
            let at = |table: &[f64], i: usize, j: usize| table[i * width + j];
            // tr(A ∂x B ∂y)
            let trace = |a: &[f64], b: &[f64], x: &Direction, y: &Direction| {
                let scale = x.scale * y.scale;
                if scale == 0.0 {
                    return 0.0;
                }
                scale
                    * (at(a, y.v, x.u) * at(b, x.v, y.u)
                        + at(a, y.v, x.v) * at(b, x.u, y.u)
                        + at(a, y.u, x.u) * at(b, x.v, y.v)
                        + at(a, y.u, x.v) * at(b, x.u, y.v))
            };
            let size = m.size;
            let place = |(s, v): (bool, usize)| group.places[if s { size + v } else { v }];
            for (k, x) in m.directions.iter().enumerate() {
                for y in &m.directions[..=k] {
                    let mut value = trace(&a, &a, x, y);
                    let (fx, fy) =
                        (m.mean_factor(x, &local.implied), m.mean_factor(y, &local.implied));
                    if m.means {
                        value += 2.0 * fx * fy * at(&a, x.u, y.u);
                    }
                    if exact {
                        if likelihood {
                            value -= 2.0 * trace(&a, &w, x, y);
                            // The slope holds the outer product of the pulls, which moves with μ.
                            if m.means {
                                let mixed = |x: &Direction, y: &Direction, fy: f64| {
                                    let cross = pulls[x.u] * at(&a, x.v, y.u)
                                        + pulls[x.v] * at(&a, x.u, y.u);
                                    2.0 * x.scale * fy * cross
                                };
                                value += mixed(x, y, fy) + mixed(y, x, fx);
                            }
                        }
                        let look = |i: (bool, usize), j: (bool, usize)| at(&w, place(i), place(j));
                        let pull = |v: usize| {
                            if m.means { pulls[place((false, v))] } else { 0.0 }
                        };
                        let (bend, mean) = m.second(&local.implied, (x, y), &look, &pull);
                        value += bend - 2.0 * mean;
                    }
                    let (i, j) = (x.parameter, y.parameter);
                    matrix[i * t + j] += group.weight * value;
                    // Two coefficients that are one parameter count both ways.
                    if !std::ptr::eq(x, y) {
                        matrix[j * t + i] += group.weight * value;
                    }
                }
            }
        }
        Some(())
    }
}

/// Column `k` of columns with `p` entries.
pub fn column(columns: &[f64], k: usize, p: usize) -> &[f64] {
    &columns[k * p..(k + 1) * p]
}

/// A symmetric matrix times columns.
pub fn times(matrix: &[f64], columns: &[f64], p: usize) -> Vec<f64> {
    let each = columns.chunks(p.max(1));
    each.flat_map(|x| matrix.chunks(p.max(1)).map(move |row| dot(row, x))).collect()
}

/// `A B A` for symmetric matrices.
fn sandwich(a: &[f64], b: &[f64], p: usize) -> Vec<f64> {
    // Rows of A B are columns of B A.
    let inner = times(b, a, p);
    times(a, &inner, p)
}
