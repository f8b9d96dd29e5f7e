//! Vanishing polynomials against data: the Wald statistic of one polynomial at a sample covariance.

use super::monomial::{Exponents, Pairs};

/// The test of one polynomial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// The value of the polynomial at the correlations.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
    /// `value / error`.
    pub z: f64,
    /// The Wald statistic `z²`, with one degree of freedom.
    pub statistic: f64,
    /// The probability of a greater one when the polynomial vanishes.
    pub p: f64,
}

/// The test of a polynomial at a sample covariance matrix of `count` observations from a normal
/// distribution: `Var f(S) ≈ ∇fᵀ Γ ∇f / N` with `Γ_{ij,kl} = σ_ik σ_jl + σ_il σ_jk` (Wald 1943).
///
/// A polynomial of one multidegree is scaled by a factor when the variables are, so that it is taken
/// at the correlations. Nothing when a variance is not positive or the gradient is zero: at singular
/// points of a polynomial the statistic has no chi-square distribution.
pub fn wald(pairs: &Pairs, terms: &[(Exponents, i64)], s: &[f64], count: f64) -> Option<Test> {
    let p = pairs.size;
    if (0..p).any(|v| s[v * p + v] <= 0.0 || s[v * p + v].is_nan()) {
        return None;
    }
    let r = |i: usize, j: usize| s[i * p + j] / libm::sqrt(s[i * p + i] * s[j * p + j]);
    let sigma: Vec<f64> = pairs.all().iter().map(|&(i, j)| r(i, j)).collect();
    let mut value = 0.0;
    // Half of the derivative by an entry off the diagonal belongs to each of its two places.
    let mut gradient = vec![vec![0.0; pairs.size]; pairs.size];
    let product = |m: &[u8], without: Option<usize>| {
        m.iter().zip(&sigma).enumerate().fold(1.0, |product, (k, (e, s))| {
            let e = f64::from(*e) - f64::from(u8::from(Some(k) == without));
            if e == 0.0 { product } else { product * libm::pow(*s, e) }
        })
    };
    for (monomial, coefficient) in terms {
        let c = *coefficient as f64;
        value += c * product(monomial, None);
        for (k, &(i, j)) in pairs.all().iter().enumerate().filter(|(k, _)| monomial[*k] > 0) {
            let slope = c * f64::from(monomial[k]) * product(monomial, Some(k));
            gradient[i][j] += slope / 2.0;
            gradient[j][i] += slope / 2.0;
        }
    }
    // ∇fᵀ Γ ∇f = 2 tr(G R G R).
    let n = p;
    let gr: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..n).map(|j| (0..n).map(|k| gradient[i][k] * r(k, j)).sum()).collect())
        .collect();
    let trace: f64 = (0..n).map(|i| (0..n).map(|j| gr[i][j] * gr[j][i]).sum::<f64>()).sum();
    let variance = 2.0 * trace / count;
    if variance.is_nan() || variance <= 1e-28 {
        return None;
    }
    let error = libm::sqrt(variance);
    let z = value / error;
    Some(Test {
        value,
        error,
        z,
        statistic: z * z,
        p: libm::erfc(z.abs() / std::f64::consts::SQRT_2),
    })
}
