//! The past of a variable-step method as scaled derivatives, and the coefficients of BDF on it.
//!
//! The past is a polynomial `Σ zⱼ xʲ` in `x = (t − tₙ)/h` (Nordsieck, 1962). BDF of order `q` in
//! fixed-leading-coefficient form (Jackson and Sacks-Davis, 1980; Hindmarsh et al., 2005) adds to
//! the predicted polynomial a multiple of `Λ(x) = (1 + x/ξ*) Π (1 + x/ξᵢ)`, `i < q`, which
//! vanishes at the last `q − 1` times, at distances `ξᵢ h`. `ξ*` is such that
//! `Λ'(0) = 1 + 1/2 + … + 1/q`, whatever the steps before.

/// The highest order.
pub const ORDER: usize = 5;

/// Coefficients of one step.
#[derive(Clone, Debug, Default)]
pub struct Coefficients {
    /// Those of `Λ`.
    pub lambda: [f64; ORDER + 1],
    /// The local error of the order at hand, in units of the correction.
    pub error: f64,
    /// That of the order below, in units of the last scaled derivative.
    pub lower: f64,
    /// That of the order above, in units of the change of corrections.
    pub higher: f64,
    /// By which a correction is to be multiplied to be compared with that of another step.
    pub ratio: f64,
}

impl Coefficients {
    /// For a step of size `h` at an order, after steps of the sizes `past`, the last one first.
    pub fn new(order: usize, h: f64, past: &[f64; ORDER + 1]) -> Coefficients {
        let q = order as f64;
        let mut lambda = [0.0; ORDER + 1];
        lambda[0] = 1.0;
        // Sums of 1/i and of 1/ξᵢ, and the last 1/ξ.
        let (mut fixed, mut inverse_sum, mut distance) = (0.0, 0.0, h);
        let mut inverse = 1.0;
        for i in 1..=order {
            if i > 1 {
                distance += past[i - 2];
            }
            inverse = h / distance;
            fixed += 1.0 / i as f64;
            let root = if i == order { fixed - inverse_sum } else { inverse };
            for j in (1..=i).rev() {
                lambda[j] += lambda[j - 1] * root;
            }
            if i < order {
                inverse_sum += inverse;
            }
        }
        let star = fixed - inverse_sum;
        let hat = inverse_sum + inverse;
        // With the error of the predictor; see Hindmarsh et al. (2005), section 2, and Jackson and
        // Sacks-Davis (1980), section 3.
        let a1 = 1.0 + hat - fixed;
        let a2 = 1.0 + q * a1;
        let error = (a1 / (fixed * a2)).abs();
        let ratio = (a2 * star / (lambda[order] * inverse)).abs();
        let lower = if order > 1 {
            let (a3, a4) = (1.0 / q - fixed, inverse - hat);
            (star / lambda[order] * (1.0 - a4 + a3) / a3).abs()
        } else {
            1.0
        };
        let inverse = h / (distance + past[order - 1]);
        let (a5, a6) = (-fixed - 1.0 / (q + 1.0), -hat - inverse);
        let higher = ((1.0 - a6 + a5) / a2 / (inverse * (q + 2.0) * a5)).abs();
        Coefficients { lambda, error, lower, higher, ratio }
    }
}

/// The coefficients, from `x²` on, of the polynomial that is added, times the correction, when the
/// order grows to `order + 1`: zero at the last `order` times, twice at the present one.
pub fn grown(order: usize, h: f64, past: &[f64; ORDER + 1]) -> [f64; ORDER + 1] {
    // `past[0]` is the step that was just taken, of size `h`.
    let mut polynomial = [0.0; ORDER + 1];
    polynomial[2] = 1.0;
    let (mut fixed, mut inverse_sum, mut product, mut distance) = (0.0, 0.0, 1.0, 0.0);
    for i in 1..=order {
        distance += past[i - 1];
        let xi = distance / h;
        product *= xi;
        fixed += 1.0 / i as f64;
        inverse_sum += 1.0 / xi;
        if i < order {
            for j in (2..=i + 2).rev() {
                polynomial[j] = polynomial[j] * xi + polynomial[j - 1];
            }
        }
    }
    let factor = (fixed - inverse_sum) / product;
    polynomial.map(|c| c * factor)
}

/// The coefficients, from `x²` on, of the polynomial that is taken away, times the last scaled
/// derivative, when the order falls to `order − 1`.
pub fn shrunk(order: usize, h: f64, past: &[f64; ORDER + 1]) -> [f64; ORDER + 1] {
    let mut polynomial = [0.0; ORDER + 1];
    polynomial[2] = 1.0;
    let mut distance = 0.0;
    for i in 1..order.saturating_sub(1) {
        distance += past[i - 1];
        let xi = distance / h;
        for j in (2..=i + 2).rev() {
            polynomial[j] = polynomial[j] * xi + polynomial[j - 1];
        }
    }
    polynomial
}
