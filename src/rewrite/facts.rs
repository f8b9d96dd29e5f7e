//! What is known of a class or a term: constant, range, sign, integrality, domain, and values at
//! sample points.
//!
//! A term may be *undefined somewhere* (`1/x`), which is ordinary, or *undefined everywhere*
//! (`log(-1 - x^2)`), which keeps it out of every rewrite.

use super::signs::Signs;
use crate::term::interval::Defined;
use crate::term::{Interval, Number};

/// Sample points carried by each class of the e-graph.
pub const POINTS: usize = 4;

/// The facts of one class or term.
#[derive(Clone, PartialEq, Debug)]
pub struct Facts {
    /// The exact value, when it is constant and rational.
    pub constant: Option<Number>,
    /// Enclosure over all values of the symbols, with whether it is defined everywhere.
    pub range: Interval,
    /// Whether the lower and the upper bound of the range are not values.
    pub open: [bool; 2],
    /// Possible signs.
    pub signs: Signs,
    /// Whether every value is an integer.
    pub integer: bool,
    /// Whether every value is an odd integer, or an even one; none when that is not known.
    pub odd: Option<bool>,
    /// Enclosures at fixed points: classes must agree there to be merged.
    pub samples: [Interval; POINTS],
}

/// The facts of two classes contradict each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contradiction;

impl Facts {
    /// Facts of an exact number.
    pub fn number(n: &Number) -> Facts {
        let range = n.enclosure();
        Facts {
            constant: Some(n.clone()),
            range,
            open: [false; 2],
            signs: Signs::of(if n.is_zero() { Interval::point(0.0) } else { range }),
            integer: n.is_integer(),
            odd: odd(n),
            samples: [range; POINTS],
        }
    }

    /// Facts of a value that is only known to lie in a range.
    pub fn within(range: Interval) -> Facts {
        Facts {
            constant: None,
            range,
            open: [false; 2],
            signs: Signs::of(range),
            integer: false,
            odd: None,
            samples: [range; POINTS],
        }
    }

    /// Whether there is a value for all real values of the symbols.
    pub fn total(&self) -> bool {
        self.range.defined == Defined::Always
    }

    /// Whether there certainly is no value at all: undefined everywhere.
    pub fn nowhere(&self) -> bool {
        self.range.defined == Defined::Never
    }

    /// Whether a value, enclosed, is certainly one that the facts are true of.
    pub fn allows(&self, value: Interval) -> bool {
        let Interval { lo, hi, .. } = self.range;
        value.defined == Defined::Always
            && lo <= value.lo
            && value.hi <= hi
            && !(self.open[0] && value.lo == lo)
            && !(self.open[1] && value.hi == hi)
            && Signs::of(value).within(self.signs)
            && !(self.integer && (value.lo != value.hi || value.lo != value.lo.trunc()))
            && self.constant.as_ref().is_none_or(|n| n.enclosure() == value)
    }

    /// What holds of a value that both facts are true of.
    ///
    /// # Errors
    /// When no value can have both; which of the two is wrong is not known.
    pub fn meet(&mut self, other: &Facts) -> Result<(), Contradiction> {
        match (&self.constant, &other.constant) {
            (Some(a), Some(b)) if a != b => return Err(Contradiction),
            (None, Some(b)) => self.constant = Some(b.clone()),
            _ => {}
        }
        let bound = |a: f64, b: f64, open: [bool; 2], lower: bool| match a == b {
            true => open[0] || open[1],
            false => open[usize::from((a > b) != lower)],
        };
        let (a, b) = (self.range, other.range);
        let lows = [self.open[0], other.open[0]];
        let highs = [self.open[1], other.open[1]];
        self.open = [bound(a.lo, b.lo, lows, true), bound(a.hi, b.hi, highs, false)];
        self.range = a.intersect(&b);
        self.signs = self.signs.both(other.signs);
        self.integer |= other.integer;
        self.odd = self.odd.or(other.odd);
        for (a, b) in self.samples.iter_mut().zip(&other.samples) {
            let both = a.defined == Defined::Always && b.defined == Defined::Always;
            if both && a.is_disjoint(b) {
                return Err(Contradiction);
            }
            *a = match both {
                true => a.intersect(b),
                false if b.defined > a.defined => *b,
                false => *a,
            };
        }
        self.close();
        let somewhere = self.samples.iter().any(|s| s.defined == Defined::Always);
        if somewhere && (self.range.lo > self.range.hi || self.signs.none()) {
            return Err(Contradiction);
        }
        Ok(())
    }

    /// Brings constant, sign, integrality and range into line with each other.
    pub fn close(&mut self) {
        self.signs = self.signs.both(Signs::of(self.range));
        if self.signs.nonnegative() && self.range.lo < 0.0 {
            (self.range.lo, self.open[0]) = (0.0, false);
        }
        if self.signs.nonpositive() && self.range.hi > 0.0 {
            (self.range.hi, self.open[1]) = (0.0, false);
        }
        // Zero is attained as a bound exactly when it is a possible sign.
        if self.range.lo == 0.0 {
            self.signs = if self.open[0] { self.signs.both(Signs::POSITIVE) } else { self.signs };
            self.open[0] = self.signs.nonzero();
        }
        if self.range.hi == 0.0 {
            self.signs = if self.open[1] { self.signs.both(Signs::NEGATIVE) } else { self.signs };
            self.open[1] = self.signs.nonzero();
        }
        if self.integer {
            self.round();
        }
        if let Some(n) = &self.constant {
            let exact = Facts::number(n);
            (self.range.lo, self.range.hi) = (exact.range.lo, exact.range.hi);
            (self.open, self.signs, self.integer) = ([false; 2], exact.signs, exact.integer);
            self.odd = exact.odd;
        }
    }

    /// Bounds of an integer are integers.
    fn round(&mut self) {
        let (lo, hi) = (self.range.lo.ceil(), self.range.hi.floor());
        // Beyond 2^53 neighbouring doubles are further apart than integers.
        const WHOLE: f64 = 9_007_199_254_740_992.0;
        if lo.abs() < WHOLE {
            let step = f64::from(u8::from(self.open[0] && lo == self.range.lo));
            (self.range.lo, self.open[0]) = (lo + step, false);
        }
        if hi.abs() < WHOLE {
            let step = f64::from(u8::from(self.open[1] && hi == self.range.hi));
            (self.range.hi, self.open[1]) = (hi - step, false);
        }
        self.signs = self.signs.both(Signs::of(self.range));
        if self.range.lo == self.range.hi && lo.abs() < WHOLE {
            self.constant.get_or_insert_with(|| Number::from(self.range.lo as i64));
        }
    }
}

/// Whether a number is an odd integer, or an even one.
pub fn odd(n: &Number) -> Option<bool> {
    n.is_integer().then(|| !(n * &Number::HALF).is_integer())
}

/// The enclosure of a power with an exact exponent.
pub fn raise(base: Interval, exponent: &Number) -> Interval {
    match exponent.small() {
        Some((1, 1)) => base,
        Some((1, 2)) => base.sqrt(),
        Some((n, 1)) => base.powi(n),
        _ if exponent.is_integer() => base.pow(Interval::around(exponent.to_f64())),
        _ => base.pow_fraction(exponent.to_f64()),
    }
}
