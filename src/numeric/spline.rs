//! Cubic splines with continuous second derivatives through given points.

use std::fmt;

/// A C² cubic spline with not-a-knot ends (C. de Boor, "A Practical Guide to Splines", 1978, IV).
#[derive(Clone, PartialEq, Debug)]
pub struct Spline {
    x: Vec<f64>,
    y: Vec<f64>,
    /// First derivative at each point.
    slope: Vec<f64>,
}

/// Why points do not give a spline; rows count from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SplineError {
    /// Fewer than two points.
    TooFew,
    /// A value is not finite.
    NotFinite(usize),
    /// The abscissa does not exceed the one before.
    NotIncreasing(usize),
}

impl fmt::Display for SplineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SplineError::TooFew => f.write_str("a table needs at least two rows"),
            SplineError::NotFinite(row) => write!(f, "row {row} holds a value that is not finite"),
            SplineError::NotIncreasing(row) => {
                write!(f, "the first column must increase, and does not at row {row}")
            }
        }
    }
}

impl std::error::Error for SplineError {}

impl Spline {
    /// The spline through the points; two give a line, three a parabola.
    ///
    /// # Errors
    /// When the points are fewer than two, not finite, or not strictly increasing.
    ///
    /// # Panics
    /// When `x` and `y` differ in length.
    pub fn new(x: Vec<f64>, y: Vec<f64>) -> Result<Spline, SplineError> {
        assert_eq!(x.len(), y.len(), "points have two coordinates");
        if x.len() < 2 {
            return Err(SplineError::TooFew);
        }
        if let Some(k) = (0..x.len()).find(|&k| !x[k].is_finite() || !y[k].is_finite()) {
            return Err(SplineError::NotFinite(k + 1));
        }
        if let Some(k) = x.windows(2).position(|w| w[1] <= w[0]) {
            return Err(SplineError::NotIncreasing(k + 2));
        }
        let slope = slopes(&x, &y);
        Ok(Spline { x, y, slope })
    }

    /// The smallest and the largest abscissa.
    pub fn range(&self) -> (f64, f64) {
        (self.x[0], self.x[self.x.len() - 1])
    }

    /// The points and the slope at each: abscissae, ordinates, first derivatives.
    pub fn points(&self) -> [&[f64]; 3] {
        [&self.x, &self.y, &self.slope]
    }

    /// The value; NaN outside the range.
    pub fn value(&self, x: f64) -> f64 {
        self.at(x, |h, s, [y0, d0, c, b]| y0 + s * (d0 + s * (c + s * b) / h))
    }

    /// The first derivative; NaN outside the range.
    pub fn derivative(&self, x: f64) -> f64 {
        self.at(x, |h, s, [_, d0, c, b]| d0 + s * (2.0 * c + 3.0 * s * b) / h)
    }

    /// The second derivative; NaN outside the range.
    pub fn second_derivative(&self, x: f64) -> f64 {
        self.at(x, |h, s, [_, _, c, b]| (2.0 * c + 6.0 * s * b) / h)
    }

    /// Evaluates on the interval that holds `x`: `y0 + s·d0 + s²·c/h + s³·b/h`, with `s = x - x0`.
    fn at(&self, x: f64, f: impl Fn(f64, f64, [f64; 4]) -> f64) -> f64 {
        let (lo, hi) = self.range();
        if !(x >= lo && x <= hi) {
            return f64::NAN;
        }
        let k = self.x.partition_point(|&p| p <= x).clamp(1, self.x.len() - 1) - 1;
        let h = self.x[k + 1] - self.x[k];
        let secant = (self.y[k + 1] - self.y[k]) / h;
        let (d0, d1) = (self.slope[k], self.slope[k + 1]);
        let c = 3.0 * secant - 2.0 * d0 - d1;
        let b = (d0 + d1 - 2.0 * secant) / h;
        f(h, x - self.x[k], [self.y[k], d0, c, b])
    }
}

/// Slopes at the points from the continuity of the second derivative and of the third at the
/// second and the last but one point.
fn slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let n = x.len();
    let h: Vec<f64> = x.windows(2).map(|w| w[1] - w[0]).collect();
    let secant: Vec<f64> = (0..n - 1).map(|k| (y[k + 1] - y[k]) / h[k]).collect();
    if n == 2 {
        return vec![secant[0]; 2];
    }
    if n == 3 {
        let bend = (secant[1] - secant[0]) / (x[2] - x[0]);
        return vec![secant[0] - bend * h[0], secant[0] + bend * h[0], secant[1] + bend * h[1]];
    }
    // Tridiagonal rows (below, diagonal, above, right side).
    let mut rows: Vec<[f64; 4]> = Vec::with_capacity(n);
    let ends = x[2] - x[0];
    rows.push([
        0.0,
        h[1],
        ends,
        ((h[0] + 2.0 * ends) * h[1] * secant[0] + h[0] * h[0] * secant[1]) / ends,
    ]);
    for k in 1..n - 1 {
        rows.push([
            h[k],
            2.0 * (h[k - 1] + h[k]),
            h[k - 1],
            3.0 * (h[k] * secant[k - 1] + h[k - 1] * secant[k]),
        ]);
    }
    let (a, b) = (h[n - 2], h[n - 3]);
    let ends = x[n - 1] - x[n - 3];
    rows.push([
        ends,
        b,
        0.0,
        (a * a * secant[n - 3] + (2.0 * ends + a) * b * secant[n - 2]) / ends,
    ]);
    for k in 1..n {
        let factor = rows[k][0] / rows[k - 1][1];
        rows[k][1] -= factor * rows[k - 1][2];
        rows[k][3] -= factor * rows[k - 1][3];
    }
    let mut slope = vec![0.0; n];
    slope[n - 1] = rows[n - 1][3] / rows[n - 1][1];
    for k in (0..n - 1).rev() {
        slope[k] = (rows[k][3] - rows[k][2] * slope[k + 1]) / rows[k][1];
    }
    slope
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_tables_are_refused() {
        let spline = |x: &[f64]| Spline::new(x.to_vec(), vec![0.0; x.len()]);
        assert_eq!(spline(&[1.0]), Err(SplineError::TooFew));
        assert_eq!(spline(&[1.0, 2.0, 2.0]), Err(SplineError::NotIncreasing(3)));
        assert_eq!(spline(&[1.0, f64::NAN]), Err(SplineError::NotFinite(2)));
        assert!(spline(&[0.0, 1.0]).unwrap().value(1.5).is_nan());
    }

    proptest::proptest! {
        /// Not-a-knot ends reproduce cubics, with all derivatives.
        #[test]
        fn cubics_are_reproduced(a in -2.0..2.0f64, b in -2.0..2.0f64, c in -2.0..2.0f64, d in -2.0..2.0f64,
                                 steps in proptest::collection::vec(0.1..2.0f64, 3..12), at in 0.0..1.0f64) {
            let p = |x: f64| -> f64 { a + x * (b + x * (c + x * d)) };
            let x: Vec<f64> = steps.iter().scan(-1.0, |s, h| { *s += h; Some(*s) }).collect();
            let y = x.iter().map(|&x| p(x)).collect();
            let (lo, hi) = (x[0], x[x.len() - 1]);
            let spline = Spline::new(x, y).unwrap();
            let x = lo + at * (hi - lo);
            let size = 1.0 + p(hi).abs();
            // Three points determine a parabola only.
            if steps.len() > 3 || d == 0.0 {
                proptest::prop_assert!((spline.value(x) - p(x)).abs() < 1e-9 * size);
                proptest::prop_assert!((spline.derivative(x) - (b + x * (2.0 * c + 3.0 * d * x))).abs() < 1e-7 * size);
                proptest::prop_assert!((spline.second_derivative(x) - (2.0 * c + 6.0 * d * x)).abs() < 1e-5 * size);
            }
        }
    }
}
