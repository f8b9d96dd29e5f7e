//! Enclosures of comparisons, logic and choice.

use super::interval::Interval;

/// Comparisons and choice; truth is 1 and falsehood 0.
impl Interval {
    fn truth(certain: bool, refuted: bool) -> Interval {
        match (certain, refuted) {
            (true, _) => Interval::TRUE,
            (_, true) => Interval::FALSE,
            _ => Interval::EITHER,
        }
    }

    /// Enclosure of `a < b`.
    pub fn less(self, other: Interval) -> Interval {
        self.combine(other, |a, b| Interval::truth(a.hi < b.lo, a.lo >= b.hi))
    }

    /// Enclosure of `a <= b`.
    pub fn less_equal(self, other: Interval) -> Interval {
        self.combine(other, |a, b| Interval::truth(a.hi <= b.lo, a.lo > b.hi))
    }

    /// Enclosure of `a == b`.
    pub fn equal(self, other: Interval) -> Interval {
        self.combine(other, |a, b| {
            Interval::truth(a.lo == a.hi && b.lo == b.hi && a.lo == b.lo, a.is_disjoint(&b))
        })
    }

    /// Enclosure of `not a`.
    pub fn not(self) -> Interval {
        self.apply(|a| Interval::truth(a == Interval::FALSE, a.excludes_zero()))
    }

    /// Enclosure of `a and b`.
    pub fn and(self, other: Interval) -> Interval {
        self.combine(other, |a, b| {
            Interval::truth(
                a.excludes_zero() && b.excludes_zero(),
                a == Interval::FALSE || b == Interval::FALSE,
            )
        })
    }

    /// Enclosure of `a or b`.
    pub fn or(self, other: Interval) -> Interval {
        self.not().and(other.not()).not()
    }

    /// Enclosure of `if(self, a, b)`: only the chosen branch has to be defined.
    pub fn choose(self, a: Interval, b: Interval) -> Interval {
        self.apply(|c| {
            if c.excludes_zero() {
                a
            } else if c == Interval::FALSE {
                b
            } else {
                a.hull(&b)
            }
        })
    }
}
