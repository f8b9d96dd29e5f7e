//! Probabilities of the normal, chi-square and noncentral chi-square distributions.

use libm::erfc;
use statrs::function::erf::erfc_inv;
use statrs::function::gamma::{gamma_lr, gamma_ur, ln_gamma};

/// The probability that a standard normal variable is farther from zero than `z`.
pub fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The `z` below which a standard normal variable lies with probability `p` in (0, 1).
pub fn normal_quantile(p: f64) -> f64 {
    let near = -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p);
    // One step of Newton's method makes it exact up to rounding.
    let density = (-0.5 * near * near).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let error = 0.5 * erfc(-near / std::f64::consts::SQRT_2) - p;
    if density > 0.0 { near - error / density } else { near }
}

/// The probability that a chi-square variable of `df` degrees of freedom exceeds `x`; 1 for no
/// degrees of freedom.
pub fn chi_square_above(x: f64, df: f64) -> f64 {
    if df <= 0.0 || x <= 0.0 { 1.0 } else { gamma_ur(df / 2.0, x / 2.0) }
}

/// The probability that a noncentral chi-square variable lies below `x`: a mixture of central
/// ones with Poisson weights, summed from the largest weight to both sides.
pub fn noncentral_below(x: f64, df: f64, noncentrality: f64) -> f64 {
    /// A part of the mixture that changes nothing.
    const NOTHING: f64 = 1e-18;
    if x <= 0.0 {
        return 0.0;
    }
    let half = noncentrality / 2.0;
    if half == 0.0 {
        return gamma_lr(df / 2.0, x / 2.0);
    }
    let part = |k: f64| {
        let weight = (k * half.ln() - half - ln_gamma(k + 1.0)).exp();
        (weight, weight * gamma_lr(df / 2.0 + k, x / 2.0))
    };
    let middle = half.floor();
    let mut total = 0.0;
    let mut k = middle;
    loop {
        let (weight, value) = part(k);
        total += value;
        if weight < NOTHING || k == 0.0 {
            break;
        }
        k -= 1.0;
    }
    k = middle + 1.0;
    loop {
        let (weight, value) = part(k);
        total += value;
        if weight < NOTHING || value < NOTHING * total {
            break;
        }
        k += 1.0;
    }
    total.min(1.0)
}

/// The noncentrality at which a chi-square variable lies below `x` with probability `p`; 0 when
/// already the central one does so less often.
pub fn noncentrality(x: f64, df: f64, p: f64) -> f64 {
    let excess = |noncentrality: f64| noncentral_below(x, df, noncentrality) - p;
    if !(excess(0.0) > 0.0) {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, x.max(df).max(1.0));
    while excess(high) > 0.0 {
        (low, high) = (high, 2.0 * high);
    }
    while high - low > 1e-14 * high {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if excess(middle) > 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-12 * expected.abs().max(1e-3), "{value} {expected}");
    }

    #[test]
    fn tails_have_their_closed_forms() {
        // Two degrees of freedom are an exponential, four add one term of its series.
        near(chi_square_above(3.0, 2.0), (-1.5_f64).exp());
        near(chi_square_above(3.0, 4.0), 2.5 * (-1.5_f64).exp());
        // One degree of freedom is the square of a normal variable.
        near(chi_square_above(1.96 * 1.96, 1.0), two_sided(1.96));
        near(two_sided(normal_quantile(0.975)), 0.05);
    }

    #[test]
    fn one_noncentral_degree_is_a_shifted_normal() {
        let below = |z: f64| 1.0 - 0.5 * libm::erfc(z / std::f64::consts::SQRT_2);
        for (x, shift) in [(4.0_f64, 1.5_f64), (2.0, 0.3), (30.0, 4.0), (0.5, 3.0)] {
            let expected = below(x.sqrt() - shift) - below(-x.sqrt() - shift);
            near(noncentral_below(x, 1.0, shift * shift), expected);
            near(noncentrality(x, 1.0, expected), shift * shift);
        }
        assert_eq!(noncentrality(1.0, 10.0, 0.5), 0.0);
    }
}
