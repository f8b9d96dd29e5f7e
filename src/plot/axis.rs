//! An axis: from the numbers of a quantity to places between 0 and 1.

use super::ticks::{self, Ticks};

/// A range of values, linear or logarithmic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    /// Ends of the range; decimal logarithms of them when `log`.
    low: f64,
    high: f64,
    log: bool,
}

/// A range narrower than this, relative to its values, is shown as a constant: what is left of
/// it is rounding.
const CONSTANT: f64 = 1e-12;

/// Values smaller than this count as zero, so that steps between ticks stay normal numbers.
const ZERO: f64 = 1e-290;

/// Decimal logarithms of (about) the smallest and the largest double.
const LOGARITHMS: (f64, f64) = (-323.5, 308.2547);

impl Axis {
    /// The axis on which all showable values have a place, with `margin` (a part of the range) to
    /// spare at both ends; none when no value can be shown.
    pub(super) fn over(values: impl Iterator<Item = f64>, log: bool, margin: f64) -> Option<Axis> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|v| v.is_finite() && !(log && *v <= 0.0)) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            return None;
        }
        if log {
            (low, high) = (libm::log10(low), libm::log10(high));
        }
        let size = low.abs().max(high.abs());
        let span = high / 2.0 - low / 2.0;
        if !(span > CONSTANT * size && size > ZERO) {
            let centre = low / 2.0 + high / 2.0;
            let pad = match () {
                () if log => 0.5,
                () if size > ZERO => 0.1 * size,
                () => 1.0,
            };
            // Not quite in the middle: the noise of rounding would flicker between two rows of dots.
            (low, high) = (centre - pad, centre + 1.02 * pad);
        } else {
            let pad = 2.0 * (span * margin);
            (low, high) = (low - pad, high + pad);
        }
        let (least, most) = if log { LOGARITHMS } else { (f64::MIN, f64::MAX) };
        Some(Axis { low: low.max(least), high: high.min(most), log })
    }

    /// Where a value stands: 0 at the low end, 1 at the high end; none when it cannot be shown.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        if !value.is_finite() || (self.log && value <= 0.0) {
            return None;
        }
        let value = if self.log { libm::log10(value) } else { value };
        // Halves, because the whole range may be longer than the largest double.
        Some((value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0))
    }

    /// Ticks, at most about `most`, as many as `fits` allows: it gets places and labels.
    pub(super) fn ticks(&self, most: usize, fits: &dyn Fn(&[(f64, String)]) -> bool) -> Ticks {
        let place = |value: f64| self.place(value);
        if self.log {
            ticks::logarithmic(self.low, self.high, most, &place, fits)
        } else {
            ticks::linear(self.low, self.high, most, &place, fits)
        }
    }
}
