//! Intervals of doubles that enclose the real value of a term, with outward rounding.
//!
//! An enclosure answers three questions with certainty: between which doubles the real value
//! lies, whether it is defined, and hence whether it can be zero. Elementary functions are
//! widened by `SLACK` units in the last place, several times the error of the library used.

/// Units in the last place by which the result of an elementary function is widened.
const SLACK: u32 = 4;

/// Whether a term has a value on the whole box of arguments, on a part of it, or nowhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Defined {
    /// No point of the box has a value.
    Never,
    /// Some points may have a value and some may not.
    Sometimes,
    /// Every point of the box has a value.
    Always,
}

/// A closed interval `[lo, hi]` and whether the enclosed value is defined.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// Lower bound; may be −∞.
    pub lo: f64,
    /// Upper bound; may be +∞.
    pub hi: f64,
    /// Whether the value exists.
    pub defined: Defined,
}

use Defined::{Always, Never, Sometimes};

impl Interval {
    /// Every real number.
    pub const ALL: Interval =
        Interval { lo: f64::NEG_INFINITY, hi: f64::INFINITY, defined: Always };
    /// A value that exists nowhere.
    pub const NEVER: Interval =
        Interval { lo: f64::NEG_INFINITY, hi: f64::INFINITY, defined: Never };
    /// False.
    pub const FALSE: Interval = Interval::point(0.0);
    /// True.
    pub const TRUE: Interval = Interval::point(1.0);
    /// False or true.
    pub const EITHER: Interval = Interval::new(0.0, 1.0);

    /// The interval `[lo, hi]`, defined everywhere.
    pub const fn new(lo: f64, hi: f64) -> Interval {
        Interval { lo, hi, defined: Always }
    }

    /// The single double `x`.
    pub const fn point(x: f64) -> Interval {
        Interval { lo: x, hi: x, defined: Always }
    }

    /// The smallest interval around the exact number that is nearest to `x`.
    pub fn around(x: f64) -> Interval {
        Interval::new(x, x).widen(1)
    }

    /// Whether zero is certainly not a value.
    pub fn excludes_zero(&self) -> bool {
        self.lo > 0.0 || self.hi < 0.0
    }

    /// Whether `x` may be the value.
    pub fn contains(&self, x: f64) -> bool {
        self.lo <= x && x <= self.hi
    }

    /// Whether the value is defined everywhere and both bounds are finite.
    pub fn is_bounded(&self) -> bool {
        self.defined == Always && self.lo.is_finite() && self.hi.is_finite()
    }

    /// Whether two enclosures have no point in common.
    pub fn is_disjoint(&self, other: &Interval) -> bool {
        self.hi < other.lo || other.hi < self.lo
    }

    /// The points common to two enclosures of the same value.
    pub fn intersect(&self, other: &Interval) -> Interval {
        Interval {
            lo: self.lo.max(other.lo),
            hi: self.hi.min(other.hi),
            defined: self.defined.max(other.defined),
        }
    }

    /// The smallest interval that contains both.
    pub fn hull(&self, other: &Interval) -> Interval {
        Interval {
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
            defined: if self.defined == other.defined { self.defined } else { Sometimes },
        }
    }

    /// Bounds moved outward by `ulps` units in the last place; NaN bounds become infinite.
    fn widen(self, ulps: u32) -> Interval {
        let mut lo = if self.lo.is_nan() { f64::NEG_INFINITY } else { self.lo };
        let mut hi = if self.hi.is_nan() { f64::INFINITY } else { self.hi };
        for _ in 0..ulps {
            (lo, hi) = (lo.next_down(), hi.next_up());
        }
        Interval { lo, hi, ..self }
    }

    fn with(self, defined: Defined) -> Interval {
        Interval { defined: self.defined.min(defined), ..self }
    }

    fn clip(self, lo: f64, hi: f64) -> Interval {
        Interval { lo: self.lo.max(lo), hi: self.hi.min(hi), ..self }
    }

    /// Enclosure by an increasing function.
    fn increasing(self, f: fn(f64) -> f64) -> Interval {
        let wide = self.increasing_by(f);
        // A function that is zero at zero keeps the sign of its argument, whatever the slack.
        let beyond = (wide.lo < 0.0 && self.lo >= 0.0) || (wide.hi > 0.0 && self.hi <= 0.0);
        if beyond && f(0.0) == 0.0 { wide.with_sign(self.lo, self.hi) } else { wide }
    }

    /// Cuts off what has not the sign of a number between `lo` and `hi`.
    fn with_sign(self, lo: f64, hi: f64) -> Interval {
        let above = if lo >= 0.0 { self.lo.max(0.0) } else { self.lo };
        let below = if hi <= 0.0 { self.hi.min(0.0) } else { self.hi };
        Interval { lo: above, hi: below, ..self }
    }

    /// Restricts the argument to `[lo, hi]`, or the open interval, and says what that loses.
    fn within(self, lo: f64, hi: f64, open: bool) -> Interval {
        // Infinity is no value: an interval that reaches it stays inside.
        let outside = |x: f64, edge: f64, below: bool| {
            let at_edge = open && x == edge && edge.is_finite();
            at_edge || if below { x < edge } else { x > edge }
        };
        if outside(self.hi, lo, true) || outside(self.lo, hi, false) {
            return Interval::NEVER;
        }
        let whole = !outside(self.lo, lo, true) && !outside(self.hi, hi, false);
        self.clip(lo, hi).with(if whole { Always } else { Sometimes })
    }

    pub(super) fn apply(self, f: impl FnOnce(Interval) -> Interval) -> Interval {
        if self.defined == Never { Interval::NEVER } else { f(self).with(self.defined) }
    }

    pub(super) fn combine(
        self,
        other: Interval,
        f: impl FnOnce(Interval, Interval) -> Interval,
    ) -> Interval {
        let defined = self.defined.min(other.defined);
        if defined == Never { Interval::NEVER } else { f(self, other).with(defined) }
    }

    fn corners(self, other: Interval, f: impl Fn(f64, f64) -> f64) -> Interval {
        let values = [
            f(self.lo, other.lo),
            f(self.lo, other.hi),
            f(self.hi, other.lo),
            f(self.hi, other.hi),
        ];
        if values.iter().any(|v| v.is_nan()) {
            return Interval::ALL;
        }
        let lo = values.iter().copied().fold(f64::INFINITY, f64::min);
        let hi = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Interval::new(lo, hi)
    }
}

/// Arithmetic.
impl Interval {
    /// Enclosure of `a + b`, exact where the bounds are.
    pub fn add(self, other: Interval) -> Interval {
        self.combine(other, |a, b| Interval::new(sum_below(a.lo, b.lo), -sum_below(-a.hi, -b.hi)))
    }

    /// Enclosure of `a - b`.
    pub fn sub(self, other: Interval) -> Interval {
        self.add(other.neg())
    }

    /// Enclosure of `-a`.
    pub fn neg(self) -> Interval {
        Interval { lo: -self.hi, hi: -self.lo, defined: self.defined }
    }

    /// Enclosure of `a * b`, exact where the bounds are; zero times an infinite bound is zero.
    pub fn mul(self, other: Interval) -> Interval {
        self.combine(other, |a, b| {
            let corners = [(a.lo, b.lo), (a.lo, b.hi), (a.hi, b.lo), (a.hi, b.hi)];
            let lo = corners.iter().map(|&(x, y)| product_below(x, y)).fold(INF, f64::min);
            let hi = corners.iter().map(|&(x, y)| -product_below(-x, y)).fold(-INF, f64::max);
            Interval::new(lo, hi)
        })
    }

    /// Enclosure of `a / b`, undefined where `b` is zero.
    pub fn div(self, other: Interval) -> Interval {
        self.mul(other.recip())
    }

    /// Enclosure of `1 / a`, undefined where `a` is zero.
    pub fn recip(self) -> Interval {
        self.apply(|a| {
            if a.lo == 0.0 && a.hi == 0.0 {
                Interval::NEVER
            } else if a.excludes_zero() {
                Interval::new(1.0 / a.hi, 1.0 / a.lo).widen(1).with_sign(a.lo, a.hi)
            } else if a.lo == 0.0 {
                let beyond = Interval::new(1.0 / a.hi, f64::INFINITY).widen(1);
                beyond.with_sign(a.lo, a.hi).with(Sometimes)
            } else if a.hi == 0.0 {
                let beyond = Interval::new(f64::NEG_INFINITY, 1.0 / a.lo).widen(1);
                beyond.with_sign(a.lo, a.hi).with(Sometimes)
            } else {
                Interval::ALL.with(Sometimes)
            }
        })
    }

    /// Enclosure of `a^n` for an integer `n`; `a^0` is 1.
    pub fn powi(self, n: i64) -> Interval {
        let power = |x: f64| libm::pow(x, n.unsigned_abs() as f64);
        self.apply(|a| match n {
            2..=16 => a.raised(n),
            0 => Interval::point(1.0),
            1 => a,
            n if n < 0 => a.powi(n.checked_neg().unwrap_or(i64::MAX)).recip(),
            n if n % 2 == 1 => a.increasing_by(power),
            _ if a.lo >= 0.0 => a.increasing_by(power).clip(0.0, f64::INFINITY),
            _ if a.hi <= 0.0 => a.neg().increasing_by(power).clip(0.0, f64::INFINITY),
            _ => Interval::new(0.0, a.hi.max(-a.lo)).increasing_by(power).clip(0.0, f64::INFINITY),
        })
    }

    /// A small positive power by multiplication, exact where the products are.
    fn raised(self, n: i64) -> Interval {
        // Of the absolute value, which every power is increasing in.
        let size = self.abs();
        let below = (1..n).fold(size.lo, |power, _| product_below(power, size.lo));
        let above = (1..n).fold(size.hi, |power, _| -product_below(-power, size.hi));
        if n % 2 == 0 || self.lo >= 0.0 {
            Interval::new(below.max(0.0), above)
        } else if self.hi <= 0.0 {
            Interval::new(-above, -below)
        } else {
            let up = |x: f64| (1..n).fold(x, |power, _| -product_below(-power, x));
            Interval::new(-up(-self.lo), up(self.hi))
        }
    }

    fn increasing_by(self, f: impl Fn(f64) -> f64) -> Interval {
        Interval { lo: f(self.lo), hi: f(self.hi), defined: self.defined }.widen(SLACK)
    }

    /// Enclosure of `a^(n/d)` for an exponent that is not an integer: undefined for negative `a`,
    /// and for zero when the exponent is negative.
    pub fn pow_fraction(self, exponent: f64) -> Interval {
        self.apply(|a| {
            let x = a.within(0.0, f64::INFINITY, exponent < 0.0);
            if x.defined == Never {
                return x;
            }
            // The exponent itself was rounded: widen it, which matters for large results only.
            let e = Interval::around(exponent);
            x.corners(e, libm::pow).widen(SLACK).clip(0.0, f64::INFINITY).with(x.defined)
        })
    }

    /// Enclosure of `a^b` for a varying exponent: real where `a > 0`, where `a = 0` and `b >= 0`,
    /// and where `b` is an integer (save `0` to a negative power).
    pub fn pow(self, other: Interval) -> Interval {
        self.combine(other, |a, b| {
            if b.lo == b.hi && b.lo == b.lo.trunc() && b.lo.abs() < 1e15 {
                return a.powi(b.lo as i64);
            }
            if a == Interval::point(0.0) && b.lo > 0.0 {
                return a;
            }
            // Between two integers lies no exponent that a negative base has.
            let fraction = b.lo.floor() == b.hi.floor() && b.lo != b.lo.floor();
            if (a.hi < 0.0 && fraction) || (a.lo == 0.0 && a.hi == 0.0 && b.hi < 0.0) {
                return Interval::NEVER;
            }
            if a.lo > 0.0 || (a.lo == 0.0 && b.lo > 0.0) {
                return a.corners(b, libm::pow).widen(SLACK).clip(0.0, f64::INFINITY);
            }
            Interval::ALL.with(Sometimes)
        })
    }

    /// Enclosure of `sqrt(a)`.
    pub fn sqrt(self) -> Interval {
        self.apply(|a| {
            let x = a.within(0.0, f64::INFINITY, false);
            if x.defined == Never {
                return x;
            }
            let (lo, hi) = (libm::sqrt(x.lo), libm::sqrt(x.hi));
            // The library rounds correctly, so that one unit suffices where it rounds at all.
            let exact = |root: f64, x: f64| root.is_finite() && root.mul_add(root, -x) == 0.0;
            Interval {
                lo: if exact(lo, x.lo) { lo } else { lo.next_down().max(0.0) },
                hi: if exact(hi, x.hi) { hi } else { hi.next_up() },
                defined: x.defined,
            }
        })
    }

    /// Enclosure of `a*b + c`.
    pub fn fma(self, b: Interval, c: Interval) -> Interval {
        self.mul(b).add(c)
    }
}

/// The largest double that is certainly not above `x + y`.
fn sum_below(x: f64, y: f64) -> f64 {
    let sum = x + y;
    if sum.is_nan() {
        return -INF;
    }
    if sum.is_infinite() {
        return if x.is_finite() && y.is_finite() { sum.next_down() } else { sum };
    }
    // Knuth's two-sum: what rounding has left out.
    let virtual_y = sum - x;
    let error = (x - (sum - virtual_y)) + (y - virtual_y);
    if error < 0.0 || error.is_nan() { sum.next_down() } else { sum }
}

/// The largest double that is certainly not above `x * y`; zero times infinity is zero.
fn product_below(x: f64, y: f64) -> f64 {
    if x == 0.0 || y == 0.0 {
        return 0.0;
    }
    let product = x * y;
    if product.is_infinite() {
        return if x.is_finite() && y.is_finite() { product.next_down() } else { product };
    }
    // Below this size what rounding leaves out is no double any more.
    let tiny = product.abs() < 1e-290;
    if tiny || x.mul_add(y, -product) < 0.0 { product.next_down() } else { product }
}

/// Enclosures of an increasing function that is defined on `[lo, hi]` or the open interval.
macro_rules! increasing {
    ($($name:ident $f:path, $lo:expr, $hi:expr, $open:expr;)*) => {
        /// Increasing elementary functions.
        impl Interval {$(
            #[doc = concat!("Enclosure of `", stringify!($name), "(a)`.")]
            pub fn $name(self) -> Interval {
                self.apply(|a| {
                    let x = a.within($lo, $hi, $open);
                    if x.defined == Never { x } else { x.increasing($f) }
                })
            }
        )*}
    };
}

const INF: f64 = f64::INFINITY;

increasing! {
    log libm::log, 0.0, INF, true;
    log2 libm::log2, 0.0, INF, true;
    log10 libm::log10, 0.0, INF, true;
    log1p libm::log1p, -1.0, INF, true;
    expm1 libm::expm1, -INF, INF, false;
    cbrt libm::cbrt, -INF, INF, false;
    asin libm::asin, -1.0, 1.0, false;
    atan libm::atan, -INF, INF, false;
    sinh libm::sinh, -INF, INF, false;
    tanh libm::tanh, -INF, INF, false;
    asinh libm::asinh, -INF, INF, false;
    acosh libm::acosh, 1.0, INF, false;
    atanh libm::atanh, -1.0, 1.0, true;
    erf libm::erf, -INF, INF, false;
}

/// The remaining elementary functions.
impl Interval {
    /// Enclosure of `exp(a)`.
    pub fn exp(self) -> Interval {
        self.apply(|a| a.increasing(libm::exp).clip(0.0, INF))
    }

    /// Enclosure of `abs(a)`.
    pub fn abs(self) -> Interval {
        if self.lo >= 0.0 {
            self
        } else if self.hi <= 0.0 {
            self.neg()
        } else {
            Interval { lo: 0.0, hi: self.hi.max(-self.lo), ..self }
        }
    }

    fn step(self, f: fn(f64) -> f64) -> Interval {
        Interval { lo: f(self.lo), hi: f(self.hi), ..self }
    }

    /// Enclosure of the sign: −1, 0 or 1.
    pub fn sign(self) -> Interval {
        self.step(super::op::sign)
    }

    /// Enclosure of `floor(a)`.
    pub fn floor(self) -> Interval {
        self.step(libm::floor)
    }

    /// Enclosure of `ceil(a)`.
    pub fn ceil(self) -> Interval {
        self.step(libm::ceil)
    }

    /// Enclosure of `round(a)`, halves away from zero.
    pub fn round(self) -> Interval {
        self.step(libm::round)
    }

    /// Enclosure of `min(a, b)`.
    pub fn min(self, other: Interval) -> Interval {
        self.combine(other, |a, b| Interval::new(a.lo.min(b.lo), a.hi.min(b.hi)))
    }

    /// Enclosure of `max(a, b)`.
    pub fn max(self, other: Interval) -> Interval {
        self.combine(other, |a, b| Interval::new(a.lo.max(b.lo), a.hi.max(b.hi)))
    }

    /// Enclosure of `hypot(a, b)`.
    pub fn hypot(self, other: Interval) -> Interval {
        self.combine(other, |a, b| {
            let (a, b) = (a.abs(), b.abs());
            Interval::new(libm::hypot(a.lo, b.lo), libm::hypot(a.hi, b.hi))
                .widen(SLACK)
                .clip(0.0, INF)
        })
    }

    /// Enclosure of `sin(a)`.
    pub fn sin(self) -> Interval {
        self.apply(|a| a.wave(libm::sin, std::f64::consts::FRAC_PI_2))
    }

    /// Enclosure of `cos(a)`.
    pub fn cos(self) -> Interval {
        self.apply(|a| a.wave(libm::cos, 0.0))
    }

    /// A wave of period 2π that is 1 at `peak` and −1 half a period later.
    fn wave(self, f: fn(f64) -> f64, peak: f64) -> Interval {
        use std::f64::consts::{PI, TAU};
        if self == Interval::point(0.0) {
            return Interval::point(f(0.0));
        }
        let whole = Interval::new(-1.0, 1.0);
        if !(self.lo.abs() < 1e6 && self.hi.abs() < 1e6) {
            // Beyond, the position inside a period is not known well enough from doubles;
            // a point is still evaluated correctly by the library's own reduction.
            return if self.lo == self.hi && self.lo.is_finite() {
                Interval::point(f(self.lo)).widen(SLACK).clip(-1.0, 1.0)
            } else {
                whole
            };
        }
        let passes = |at: f64| {
            ((self.lo - at) / TAU - 1e-9).floor() != ((self.hi - at) / TAU + 1e-9).floor()
        };
        let (p, q) = (f(self.lo), f(self.hi));
        let ends = Interval::new(p.min(q), p.max(q)).widen(SLACK).clip(-1.0, 1.0);
        Interval::new(
            if passes(peak + PI) { -1.0 } else { ends.lo },
            if passes(peak) { 1.0 } else { ends.hi },
        )
    }

    /// Enclosure of `tan(a)`, undefined at odd multiples of π/2.
    pub fn tan(self) -> Interval {
        use std::f64::consts::{FRAC_PI_2, PI};
        self.apply(|a| {
            let turn = |x: f64, slack: f64| ((x + FRAC_PI_2) / PI + slack).floor();
            let near = a.lo.abs() < 1e6 && a.hi.abs() < 1e6;
            if near && turn(a.lo, -1e-9) == turn(a.hi, 1e-9) {
                // Only the branch through zero keeps the sign of its argument.
                let branch = turn(a.lo, -1e-9);
                if branch == 0.0 { a.increasing(libm::tan) } else { a.increasing_by(libm::tan) }
            } else {
                Interval::ALL.with(Sometimes)
            }
        })
    }

    /// Enclosure of `acos(a)`.
    pub fn acos(self) -> Interval {
        self.apply(|a| {
            let x = a.within(-1.0, 1.0, false);
            if x.defined == Never {
                return x;
            }
            Interval { lo: libm::acos(x.hi), hi: libm::acos(x.lo), defined: x.defined }
                .widen(SLACK)
                .clip(0.0, 4.0)
        })
    }

    /// Enclosure of `cosh(a)`.
    pub fn cosh(self) -> Interval {
        self.apply(|a| a.abs().increasing(libm::cosh).clip(1.0, INF))
    }

    /// Enclosure of `atan2(y, x)`, the angle of the point (x, y); undefined at the origin.
    pub fn atan2(self, other: Interval) -> Interval {
        let turn = Interval::new(-std::f64::consts::PI, std::f64::consts::PI).widen(1);
        self.combine(other, |y, x| {
            if y == Interval::point(0.0) && x == Interval::point(0.0) {
                Interval::NEVER
            } else if y.contains(0.0) && x.contains(0.0) {
                turn.with(Sometimes)
            } else if y.contains(0.0) && x.lo < 0.0 && !(y.lo == 0.0) {
                turn
            } else {
                // +0.0 keeps a zero bound on the side of the cut that it belongs to.
                y.corners(x, |y, x| libm::atan2(y + 0.0, x)).widen(SLACK)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        assert_eq!(Interval::new(-2.0, -1.0).log().defined, Never);
        assert_eq!(Interval::new(-1.0, 1.0).log().defined, Sometimes);
        assert_eq!(Interval::point(0.0).log().defined, Never);
        assert_eq!(Interval::new(1.0, INF).log().defined, Always);
        assert_eq!(Interval::new(0.0, INF).log().defined, Sometimes);
        assert_eq!(Interval::new(0.0, 1.0).sqrt().defined, Always);
        assert_eq!(Interval::point(0.0).recip().defined, Never);
        assert_eq!(Interval::point(-8.0).pow_fraction(1.0 / 3.0).defined, Never);
        assert_eq!(Interval::point(0.0).powi(0), Interval::point(1.0));
    }

    #[test]
    fn signs_survive_the_slack() {
        let positive = Interval::new(0.0, 2.0);
        assert_eq!(positive.mul(positive).lo, 0.0);
        assert_eq!(positive.add(positive).lo, 0.0);
        assert_eq!(positive.atan().lo, 0.0);
        assert_eq!(positive.neg().mul(positive).hi, 0.0);
        assert_eq!(Interval::new(-1.0, 0.0).sinh().hi, 0.0);
        assert_eq!(Interval::point(0.0).sin(), Interval::point(0.0));
        assert!(Interval::new(2.0, 3.0).tan().hi < 0.0);
        assert!(Interval::new(-1e-300, 1.0).tanh().lo < -1e-300);
        assert_eq!(Interval::point(-2.0).pow(Interval::point(0.5)).defined, Never);
        assert_eq!(Interval::point(0.0).pow(Interval::new(-2.5, -0.5)).defined, Never);
        assert_eq!(Interval::point(-2.0).pow(Interval::new(0.5, 1.5)).defined, Sometimes);
    }

    #[test]
    fn waves_reach_their_peaks() {
        assert_eq!(Interval::new(1.0, 2.0).sin().hi, 1.0);
        assert_eq!(Interval::new(4.0, 5.0).sin().lo, -1.0);
        assert!(Interval::new(0.0, 1.0).sin().hi < 0.85);
        assert_eq!(Interval::new(1.0, 2.0).tan().defined, Sometimes);
    }
}
