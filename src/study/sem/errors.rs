//! Covariances of estimates from expected and observed information and from cases.

use super::constraints::Conditions;
use super::discrepancy::{Discrepancy, Method, column, times};
use super::fit::{Errors, Options};
use super::sample::Sample;
use crate::model::sem::StructuralModel;
use crate::model::sem::parameters::{Layout, Target};
use crate::numeric::dense::{Cholesky, add_scaled, dot, null_direction};

/// The minimum with all that binds there.
pub struct Bound<'a> {
    /// The discrepancy.
    pub discrepancy: &'a Discrepancy,
    /// The constraints.
    pub conditions: &'a Conditions<'a>,
    /// The parameters.
    pub layout: &'a Layout,
    /// The minimum.
    pub at: &'a [f64],
}

impl Bound<'_> {
    /// Directions that constraints forbid: an orthonormal basis of the derivatives of equalities, or
    /// of all that binds.
    fn forbidden(&self, equalities: bool) -> Vec<Vec<f64>> {
        /// What is left of a row of length 1 that is a combination of others.
        const ROUNDING: f64 = 1e-9;
        let n = self.at.len();
        let rows = self.conditions.rows.len() + self.conditions.bounds.len();
        let (mut values, mut jacobian) = (vec![0.0; rows], vec![0.0; rows * n]);
        self.conditions.values(self.at, &mut values, &mut jacobian);
        let counts =
            |k: &usize| *k < self.conditions.equalities || !equalities && values[*k].abs() < 1e-7;
        let mut basis: Vec<Vec<f64>> = Vec::new();
        for k in (0..rows).filter(counts) {
            let mut row = jacobian[k * n..(k + 1) * n].to_vec();
            let length = dot(&row, &row).sqrt();
            for _ in 0..2 {
                for other in &basis {
                    let share = dot(&row, other);
                    add_scaled(&mut row, -share, other);
                }
            }
            let rest = dot(&row, &row).sqrt();
            if rest > ROUNDING * length {
                row.iter_mut().for_each(|x| *x /= rest);
                basis.push(row);
            }
        }
        basis
    }

    /// The equalities that say something of their own.
    pub fn equalities(&self) -> usize {
        self.forbidden(true).len()
    }

    /// The covariances of the parameters, and those that the data cannot tell apart.
    pub fn covariance(
        &self,
        options: &Options,
        sample: &Sample,
        model: &StructuralModel,
        targets: &[Target],
    ) -> (Option<Vec<f64>>, Vec<String>) {
        let n = self.at.len();
        let mut total: f64 = targets.iter().map(|t| t.count).sum();
        if options.method == Method::WishartLikelihood {
            total -= targets.len() as f64;
        }
        let mut matrix = vec![0.0; n * n];
        let _ = self.discrepancy.curvature(self.at, false, &mut matrix);
        let binding = self.forbidden(false);
        let whole = stiffened(&matrix, &binding, n);
        let units: Vec<f64> = (0..n).map(|i| whole[i * n + i].sqrt().max(1e-150)).collect();
        let scaled = (0..n * n).map(|k| whole[k] / (units[k / n] * units[k % n])).collect();
        let flat = movable(scaled, n);
        if flat.contains(&true) {
            let names = self.layout.parameters.iter().zip(flat);
            return (None, names.filter(|(_, f)| *f).map(|(p, _)| p.name.clone()).collect());
        }
        if options.errors != Errors::Expected {
            let _ = self.discrepancy.curvature(self.at, true, &mut matrix);
        }
        let Some(inverse) = inverse_within(&matrix, &binding, n) else {
            return (None, Vec::new());
        };
        let meat = match (options.errors, options.method) {
            (Errors::Robust, _) => self.casewise(sample, model, total),
            (_, Method::UnweightedLeastSquares) => self.normal_theory(),
            _ => {
                return (Some(inverse.iter().map(|x| 2.0 / total * x).collect()), Vec::new());
            }
        };
        let left = times(&inverse, &meat, n);
        let sandwich: Vec<f64> = times(&inverse, &transposed(&left, n), n);
        (Some(sandwich.iter().map(|x| x / total).collect()), Vec::new())
    }

    /// The statistic `(N - G) [½ tr (S⁻¹E)² − bᵀA⁻¹b]` of the residuals `E = S − Σ`, with
    /// `b_k = ½ tr(S⁻¹ E S⁻¹ ∂_kΣ)` and `A_kl = ½ tr(S⁻¹ ∂_kΣ S⁻¹ ∂_lΣ)`: for normal data it has a
    /// chi-square distribution at any consistent estimate (Browne 1984, proposition 4).
    pub fn residual_statistic(&self, targets: &[Target]) -> Option<f64> {
        let n = self.at.len();
        let method = Method::GeneralizedLeastSquares;
        let weighted = Discrepancy::new(self.layout, targets, method).ok()?;
        let (mut gradient, mut matrix) = (vec![0.0; n], vec![0.0; n * n]);
        let value = weighted.gradient(self.at, &mut gradient)?;
        weighted.curvature(self.at, false, &mut matrix)?;
        let inverse = inverse_within(&matrix, &self.forbidden(false), n)?;
        let total: f64 = targets.iter().map(|t| t.count).sum();
        let explained = 0.5 * dot(&gradient, &times(&inverse, &gradient, n));
        Some((total - targets.len() as f64) * (value - explained))
    }

    /// The mean of the products of casewise gradients of the discrepancy.
    fn casewise(&self, sample: &Sample, model: &StructuralModel, total: f64) -> Vec<f64> {
        let n = self.at.len();
        let mut meat = vec![0.0; n * n];
        for (g, group) in self.discrepancy.groups.iter().enumerate() {
            let Some(local) = self.discrepancy.local(group, self.at, true) else { continue };
            let (m, p) = (&group.moments, group.moments.observed.len());
            let names = m.observed.iter().map(|&v| &model.variables[v].name);
            let places: Vec<usize> =
                names.map(|n| sample.names.iter().position(|s| s == n).unwrap_or(0)).collect();
            let weighted = times(&local.inverse, &local.columns, p);
            // Of a saturated mean the gaps are those from the sample's.
            let centre = if m.means { &local.implied.means } else { &group.target.means };
            for row in &sample.groups[g].rows {
                let gap: Vec<f64> = places.iter().zip(centre).map(|(&k, c)| row[k] - c).collect();
                let seen: Vec<f64> =
                    (0..m.width()).map(|k| dot(&gap, column(&weighted, k, p))).collect();
                let mut score = vec![0.0; n];
                for d in &m.directions {
                    let u = column(&local.columns, d.u, p);
                    let flat = dot(u, column(&weighted, d.v, p)) - seen[d.u] * seen[d.v];
                    let mean =
                        if m.means { m.mean_factor(d, &local.implied) * seen[d.u] } else { 0.0 };
                    score[d.parameter] += 2.0 * (d.scale * flat - mean);
                }
                for i in 0..n {
                    add_scaled(&mut meat[i * n..(i + 1) * n], score[i] / total, &score);
                }
            }
        }
        meat
    }

    /// What normal data give for the products: `2 tr(Σ ∂ᵢΣ Σ ∂ⱼΣ)` for unweighted least squares.
    fn normal_theory(&self) -> Vec<f64> {
        let n = self.at.len();
        let mut meat = vec![0.0; n * n];
        for group in &self.discrepancy.groups {
            let Some(local) = self.discrepancy.local(group, self.at, true) else { continue };
            let (m, p) = (&group.moments, group.moments.observed.len());
            let right = times(&local.implied.covariance, &local.columns, p);
            let form = |i: usize, j: usize| dot(column(&local.columns, i, p), column(&right, j, p));
            for x in &m.directions {
                for y in &m.directions {
                    let cross = form(x.u, y.u) * form(x.v, y.v) + form(x.u, y.v) * form(x.v, y.u);
                    let mut value = 4.0 * x.scale * y.scale * cross;
                    if m.means {
                        let factors =
                            m.mean_factor(x, &local.implied) * m.mean_factor(y, &local.implied);
                        value += 4.0 * factors * form(x.u, y.u);
                    }
                    meat[x.parameter * n + y.parameter] += group.weight * value;
                }
            }
        }
        meat
    }
}

/// The coordinates that a step may change which a matrix with a unit diagonal takes to zero.
fn movable(mut matrix: Vec<f64>, n: usize) -> Vec<bool> {
    let mut found = vec![false; n];
    while let (_, Some(direction)) = null_direction(&matrix, n, 1e-10) {
        let length = dot(&direction, &direction);
        for i in 0..n {
            found[i] |= direction[i].abs() > 1e-4;
            // The direction is taken out, to look for the next one.
            add_scaled(&mut matrix[i * n..(i + 1) * n], direction[i] / length, &direction);
        }
    }
    found
}

/// A matrix with the squares of rows that bind, of its own size.
fn stiffened(matrix: &[f64], binding: &[Vec<f64>], n: usize) -> Vec<f64> {
    let scale = (0..n).map(|i| matrix[i * n + i]).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut whole = matrix.to_vec();
    for row in binding {
        let weight = scale / dot(row, row).max(f64::MIN_POSITIVE);
        for i in 0..n {
            add_scaled(&mut whole[i * n..(i + 1) * n], weight * row[i], row);
        }
    }
    whole
}

/// The inverse on what binding rows leave free; nothing when the matrix is not positive definite
/// there.
fn inverse_within(matrix: &[f64], binding: &[Vec<f64>], n: usize) -> Option<Vec<f64>> {
    // With K = H + JᵀJ it is K⁻¹ − K⁻¹Jᵀ(J K⁻¹ Jᵀ)⁻¹J K⁻¹.
    let mut inverse = Cholesky::of(&stiffened(matrix, binding, n), n, 0.0).ok()?.inverse();
    let images: Vec<Vec<f64>> = binding.iter().map(|row| times(&inverse, row, n)).collect();
    let m = binding.len();
    let mut gram = vec![0.0; m * m];
    for i in 0..m {
        for j in 0..m {
            gram[i * m + j] = dot(&binding[i], &images[j]);
        }
    }
    let weights = Cholesky::of(&gram, m, 1e-12).ok()?.inverse();
    for i in 0..m {
        for j in 0..m {
            for a in 0..n {
                let factor = -weights[i * m + j] * images[i][a];
                add_scaled(&mut inverse[a * n..(a + 1) * n], factor, &images[j]);
            }
        }
    }
    Some(inverse)
}

fn transposed(matrix: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|k| matrix[(k % n) * n + k / n]).collect()
}
