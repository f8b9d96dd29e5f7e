//! The signs that a value may have: the sign rules of arithmetic on sets of signs.

use crate::term::{Interval, Number};

/// A set of signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signs(u8);

impl Signs {
    /// Less than zero.
    pub const NEGATIVE: Signs = Signs(1);
    /// Zero.
    pub const ZERO: Signs = Signs(2);
    /// Greater than zero.
    pub const POSITIVE: Signs = Signs(4);
    /// Not less than zero.
    pub const NONNEGATIVE: Signs = Signs(6);
    /// Any but zero.
    pub const NONZERO: Signs = Signs(5);
    /// Nothing known.
    pub const ANY: Signs = Signs(7);

    /// The signs inside an interval.
    pub fn of(range: Interval) -> Signs {
        let mut signs = 0;
        if range.lo < 0.0 {
            signs |= Self::NEGATIVE.0;
        }
        if range.contains(0.0) {
            signs |= Self::ZERO.0;
        }
        if range.hi > 0.0 {
            signs |= Self::POSITIVE.0;
        }
        Signs(signs)
    }

    fn has(self, other: Signs) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no sign is possible: what was assumed or derived contradicts itself.
    pub fn none(self) -> bool {
        self.0 == 0
    }

    /// Certainly not zero.
    pub fn nonzero(self) -> bool {
        !self.has(Self::ZERO)
    }

    /// Certainly at least zero.
    pub fn nonnegative(self) -> bool {
        !self.has(Self::NEGATIVE)
    }

    /// Certainly at most zero.
    pub fn nonpositive(self) -> bool {
        !self.has(Self::POSITIVE)
    }

    /// Certainly greater than zero.
    pub fn positive(self) -> bool {
        self.nonnegative() && self.nonzero()
    }

    /// Certainly less than zero.
    pub fn negative(self) -> bool {
        self.nonpositive() && self.nonzero()
    }

    /// What both sets allow.
    pub fn both(self, other: Signs) -> Signs {
        Signs(self.0 & other.0)
    }

    /// Whether every sign of this set is in the other.
    pub fn within(self, other: Signs) -> bool {
        self.0 & !other.0 == 0
    }

    /// What either set allows.
    pub fn or(self, other: Signs) -> Signs {
        Signs(self.0 | other.0)
    }

    fn pairs(self, other: Signs, f: impl Fn(i8, i8) -> Signs) -> Signs {
        let list =
            |s: Signs| [(1, -1i8), (2, 0), (4, 1)].into_iter().filter(move |(b, _)| s.0 & b != 0);
        Signs(
            list(self)
                .flat_map(|(_, a)| list(other).map(move |(_, b)| (a, b)))
                .fold(0, |m, (a, b)| m | f(a, b).0),
        )
    }

    /// Signs of a product.
    pub fn times(self, other: Signs) -> Signs {
        self.pairs(other, |a, b| match a * b {
            -1 => Self::NEGATIVE,
            0 => Self::ZERO,
            _ => Self::POSITIVE,
        })
    }

    /// Signs of a sum.
    pub fn plus(self, other: Signs) -> Signs {
        self.pairs(other, |a, b| match (a, b) {
            (0, 0) => Self::ZERO,
            (-1 | 0, -1 | 0) => Self::NEGATIVE,
            (0 | 1, 0 | 1) => Self::POSITIVE,
            _ => Self::ANY,
        })
    }

    /// Signs of a multiple.
    pub fn scaled(self, factor: &Number) -> Signs {
        self.times(Signs::of(factor.enclosure()))
    }

    /// Signs of a power with an exact exponent.
    pub fn power(self, exponent: &Number) -> Signs {
        match exponent.to_i64() {
            Some(n) if n % 2 == 0 => {
                if self.nonzero() {
                    Self::POSITIVE
                } else {
                    Self::NONNEGATIVE
                }
            }
            Some(_) => self,
            // A real power of a base that is not negative.
            None if self.nonzero() || exponent.is_negative() => Self::POSITIVE,
            None => Self::NONNEGATIVE,
        }
    }
}
