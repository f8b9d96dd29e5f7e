//! Where a condition becomes true: the root of its margin, bracketed to the last bits of time.

/// A condition at one time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sample {
    /// Whether it holds.
    pub holds: bool,
    /// A number that is positive where the condition holds and negative elsewhere, and smooth or
    /// at least continuous in most cases; it only speeds up the search, `holds` decides.
    pub margin: f64,
}

/// The earliest time that could be found in `(from, to]` at which a condition holds, given that
/// it does not hold at `from` and does at `to`.
///
/// The bracket `from..to` shrinks by the ITP method (Oliveira and Takahashi, "An enhancement of
/// the bisection method average performance preserving minmax optimality", ACM Transactions on
/// Mathematical Software 47, 2020) until it is no wider than `width` or holds no other double;
/// its right end is returned, so the condition holds there. At most a few more than
/// `log2((to - from) / width)` samples are taken, and far fewer where the margin is smooth. Works
/// for `to < from` as well.
pub fn crossing(
    (from, before): (f64, Sample),
    (to, after): (f64, Sample),
    width: f64,
    mut sample: impl FnMut(f64) -> Sample,
) -> f64 {
    // The parameters that the authors recommend: k₁ = 0.2/(b - a), k₂ = 2, n₀ = 1.
    const SLACK: i32 = 1;
    let (mut a, mut fa) = (from, signed(before));
    let (mut b, mut fb) = (to, signed(after));
    let span = (b - a).abs();
    let width = width.max(f64::MIN_POSITIVE);
    let most = (span / width).log2().ceil().max(0.0) + f64::from(SLACK);
    let mut round = 0.0;
    loop {
        let middle = a + 0.5 * (b - a);
        if (b - a).abs() <= width || middle == a || middle == b {
            return b;
        }
        let secant = a + (b - a) * (fa / (fa - fb));
        let interpolated = if secant.is_finite() { secant } else { middle };
        let side = (middle - interpolated).signum();
        let truncation = 0.2 * (b - a).powi(2).abs() / span;
        let truncated = match truncation <= (middle - interpolated).abs() {
            true => interpolated + side * truncation,
            false => middle,
        };
        // As far from the middle as the bound on the number of rounds allows.
        let radius = (0.5 * width * (most - round).exp2() - 0.5 * (b - a).abs()).max(0.0);
        let projected = match (truncated - middle).abs() <= radius {
            true => truncated,
            false => middle - side * radius,
        };
        let inside = (projected - a) * (projected - b) < 0.0;
        let next = if inside { projected } else { middle };
        let found = sample(next);
        if found.holds {
            (b, fb) = (next, signed(found));
        } else {
            (a, fa) = (next, signed(found));
        }
        round += 1.0;
    }
}

/// The margin with the sign that the condition says; where a margin of zero or none at all would
/// let the secant stand still, the smallest number of that sign.
fn signed(sample: Sample) -> f64 {
    let size = if sample.margin.is_finite() { sample.margin.abs() } else { 1.0 };
    let size = size.max(f64::MIN_POSITIVE);
    if sample.holds { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(from: f64, to: f64, f: impl Fn(f64) -> f64) -> (f64, usize) {
        let mut count = 0;
        let at = |t: f64| Sample { holds: f(t) > 0.0, margin: f(t) };
        let root = crossing((from, at(from)), (to, at(to)), 1e-15, |t| {
            count += 1;
            at(t)
        });
        assert!(f(root) > 0.0);
        (root, count)
    }

    #[test]
    fn roots_are_found_to_the_last_bits() {
        let (root, count) = find(0.0, 2.0, |t| t * t - 2.0);
        assert!((root - 2.0_f64.sqrt()).abs() <= 4e-16 * 2.0, "{root}");
        assert!(count <= 20, "{count} samples");
        let (root, count) = find(0.0, 1.0, |t| 0.5 - (-t).exp());
        assert!((root - 2.0_f64.ln()).abs() <= 1e-15, "{root}");
        assert!(count <= 20, "{count} samples");
        // Backwards in time.
        let (root, _) = find(2.0, 0.0, |t| 2.0 - t * t);
        assert!((root - 2.0_f64.sqrt()).abs() <= 1e-15, "{root}");
    }

    #[test]
    fn jumps_flat_roots_and_missing_margins_take_a_bounded_number_of_samples() {
        let bound = (1.0 / 1e-15_f64).log2().ceil() as usize + 2;
        let jump = find(0.0, 1.0, |t| if t < 0.3 { -1e300 } else { 1e-300 });
        assert!((jump.0 - 0.3).abs() <= 1e-15 && jump.1 <= bound, "{jump:?}");
        let flat = find(0.0, 1.0, |t| (t - 0.7).powi(9));
        assert!((flat.0 - 0.7).abs() <= 1e-15 && flat.1 <= bound, "{flat:?}");
        let none = find(0.0, 1.0, |t| if t < 0.3 { f64::NAN } else { f64::INFINITY });
        assert!((none.0 - 0.3).abs() <= 1e-15 && none.1 <= bound, "{none:?}");
    }
}
