//! How well a model fits: the test of fit, and indices that compare it with a baseline.

use super::discrepancy::{Discrepancy, Method};
use crate::model::sem::parameters::Layout;
use crate::numeric::dense::{Cholesky, dot};
use crate::numeric::minimum::Minimum;
use crate::numeric::probability::{chi_square_above, noncentral_below, noncentrality};

/// Fit indices.
#[derive(Clone, Debug, Default)]
pub struct Indices {
    /// `N F` for maximum likelihood, `(N − G) F` for generalised least squares, and for unweighted
    /// ones, where `F` has no chi-square distribution, Browne's statistic of the residuals.
    pub chi_square: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// The probability of a larger value.
    pub p: f64,
    /// The same of the model of uncorrelated variables.
    pub baseline: f64,
    /// Its degrees of freedom.
    pub baseline_df: f64,
    /// Comparative fit index (Bentler 1990).
    pub cfi: f64,
    /// Tucker–Lewis index (1973).
    pub tli: f64,
    /// Root mean square error of approximation (Steiger and Lind 1980).
    pub rmsea: f64,
    /// Its 90 % confidence interval.
    pub rmsea_interval: (f64, f64),
    /// The probability of at most 0.05.
    pub rmsea_close: f64,
    /// Standardised root mean square residual.
    pub srmr: f64,
    /// The logarithm of the likelihood, given fixed predictors.
    pub log_likelihood: f64,
    /// Akaike's criterion.
    pub aic: f64,
    /// Schwarz' criterion.
    pub bic: f64,
    /// Parameters, less the equalities between them.
    pub parameters: usize,
}

impl Indices {
    /// Moments of the data that a model can be compared with.
    pub fn moments(layout: &Layout) -> usize {
        let p = layout.observed.len();
        let free = |q: usize| {
            let means = if layout.means { p - q } else { 0 };
            p * (p + 1) / 2 - q * (q + 1) / 2 + means
        };
        layout.exogenous.iter().map(|fixed| free(fixed.len())).sum()
    }

    /// The indices at a minimum.
    pub fn new(
        discrepancy: &Discrepancy,
        layout: &Layout,
        minimum: &Minimum,
        equalities: usize,
        chi_square: Option<f64>,
    ) -> Indices {
        let groups = discrepancy.groups.len() as f64;
        let total: f64 = discrepancy.groups.iter().map(|g| g.target.count).sum();
        let likelihood = discrepancy.method == Method::MaximumLikelihood;
        let factor = if likelihood { total } else { total - groups };
        let parameters = layout.parameters.len() - equalities;
        let df = (Indices::moments(layout) - parameters) as f64;
        let chi_square = chi_square.unwrap_or(factor * minimum.value).max(0.0);
        let p = layout.observed.len();
        let pairs = |n: usize| n * n.saturating_sub(1) / 2;
        let free_pairs = layout.exogenous.iter().map(|fixed| pairs(p) - pairs(fixed.len()));
        let baseline_df = free_pairs.sum::<usize>() as f64;
        let (mut baseline, mut log_likelihood, mut srmr) = (0.0, 0.0, 0.0);
        for (group, exogenous) in discrepancy.groups.iter().zip(&layout.exogenous) {
            let s = &group.target.covariance;
            let place = |v: &usize| layout.observed.iter().position(|o| o == v);
            let fixed: Vec<usize> = exogenous.iter().filter_map(place).collect();
            let q = fixed.len();
            let Some(at) = group.moments.at(&minimum.at) else { continue };
            let sigma = &at.covariance;
            let free: Vec<usize> = (0..p).filter(|k| !fixed.contains(k)).collect();
            let block: Vec<f64> = pick(s, p, &fixed);
            let whole = Cholesky::of(s, p, 0.0).map_or(f64::NAN, |f| f.log_determinant());
            let inner = Cholesky::of(&block, q, 0.0).map_or(f64::NAN, |f| f.log_determinant());
            let apart: f64 = free.iter().map(|&k| s[k * p + k].ln()).sum();
            baseline += group.weight
                * match discrepancy.method {
                    m if m.is_likelihood() => apart + inner - whole,
                    _ => independent(s, p, &fixed),
                };
            let gap: Vec<f64> = match layout.means {
                true => group.target.means.iter().zip(&at.means).map(|(m, mu)| m - mu).collect(),
                false => vec![0.0; p],
            };
            if let Ok(factors) = Cholesky::of(sigma, p, 0.0) {
                let inverse = factors.inverse();
                let far: f64 =
                    (0..p).map(|i| gap[i] * dot(&inverse[i * p..(i + 1) * p], &gap)).sum();
                let circle = (2.0 * std::f64::consts::PI).ln();
                let all = p as f64 * circle + factors.log_determinant() + dot(&inverse, s) + far;
                let given = q as f64 * (circle + 1.0) + inner;
                log_likelihood -= 0.5 * group.target.count * (all - given);
            }
            let mut squares = 0.0;
            for i in 0..p {
                for j in 0..=i {
                    let unit = s[i * p + i] * s[j * p + j];
                    squares += (s[i * p + j] - sigma[i * p + j]).powi(2) / unit;
                }
                squares += gap[i] * gap[i] / s[i * p + i];
            }
            let count = p * (p + 1) / 2 + if layout.means { p } else { 0 };
            srmr += group.weight * (squares / count as f64).sqrt();
        }
        baseline *= factor;
        let excess = (chi_square - df).max(0.0);
        let cfi = 1.0 - excess / (baseline - baseline_df).max(excess).max(f64::MIN_POSITIVE);
        let ratio = baseline / baseline_df;
        let tli = if df > 0.0 { (ratio - chi_square / df) / (ratio - 1.0) } else { 1.0 };
        let root = |noncentral: f64| {
            if df > 0.0 { (groups * noncentral / (df * factor)).sqrt() } else { 0.0 }
        };
        let interval = match df > 0.0 {
            true => (noncentrality(chi_square, df, 0.95), noncentrality(chi_square, df, 0.05)),
            false => (0.0, 0.0),
        };
        let close = 0.05 * 0.05 * df * factor / groups;
        Indices {
            chi_square,
            df,
            p: chi_square_above(chi_square, df),
            baseline,
            baseline_df,
            cfi,
            tli,
            rmsea: root(excess),
            rmsea_interval: (root(interval.0), root(interval.1)),
            rmsea_close: if df > 0.0 { 1.0 - noncentral_below(chi_square, df, close) } else { 1.0 },
            srmr,
            log_likelihood,
            aic: 2.0 * parameters as f64 - 2.0 * log_likelihood,
            bic: parameters as f64 * total.ln() - 2.0 * log_likelihood,
            parameters,
        }
    }
}

fn pick(matrix: &[f64], p: usize, rows: &[usize]) -> Vec<f64> {
    rows.iter().flat_map(|&i| rows.iter().map(move |&j| matrix[i * p + j])).collect()
}

/// The least `½ tr[(I − S⁻¹D)²]` over matrices that are diagonal but for the fixed block, which is
/// that of `S`: a quadratic function of the diagonal.
fn independent(s: &[f64], p: usize, fixed: &[usize]) -> f64 {
    let Ok(factors) = Cholesky::of(s, p, 0.0) else { return f64::NAN };
    let v = factors.inverse();
    let free: Vec<usize> = (0..p).filter(|k| !fixed.contains(k)).collect();
    let n = free.len();
    let mut block = vec![0.0; p * p];
    for &i in fixed {
        for &j in fixed {
            block[i * p + j] = s[i * p + j];
        }
    }
    // With the residual R = S − B − Σ d_k E_k the normal equations are Σ_l v_kl² d_l = (V(S−B)V)_kk.
    let rest: Vec<f64> = s.iter().zip(&block).map(|(a, b)| a - b).collect();
    let product =
        |rest: &[f64]| super::discrepancy::times(&v, &super::discrepancy::times(rest, &v, p), p);
    let image = product(&rest);
    let matrix: Vec<f64> = free
        .iter()
        .flat_map(|&i| free.iter().map(move |&j| (i, j)))
        .map(|(i, j)| v[i * p + j].powi(2))
        .collect();
    let mut d: Vec<f64> = free.iter().map(|&k| image[k * p + k]).collect();
    match Cholesky::of(&matrix, n, 0.0) {
        Ok(factors) => factors.solve(&mut d),
        Err(_) => return f64::NAN,
    }
    let mut rest = rest;
    for (&k, d) in free.iter().zip(&d) {
        rest[k * p + k] -= d;
    }
    0.5 * dot(&product(&rest), &rest)
}
