//! Index expressions: affine functions of the indices that families and reductions bind.

use std::fmt;

/// An index bound by an equation family or a reduction, named by its nesting level.
///
/// Levels make bodies equal when they differ only in the letter of an index: in
/// `x[i]' = x[i+1] for i in …` the `i` is level 0, in a reduction inside that family the index
/// is level 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Binder(pub u8);

/// The integer `offset + Σ factor · index`.
///
/// The terms are sorted by binder and have no zero factors, so equal indices compare equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Affine {
    /// The constant part.
    pub offset: i64,
    /// The bound indices with their nonzero factors, sorted.
    pub terms: Box<[(Binder, i64)]>,
}

impl Affine {
    /// A constant index.
    pub fn constant(offset: i64) -> Affine {
        Affine { offset, terms: Box::default() }
    }

    /// A bound index itself.
    pub fn binder(binder: Binder) -> Affine {
        Affine { offset: 0, terms: Box::new([(binder, 1)]) }
    }

    /// The sum `self + factor · other`; `None` on overflow of 64-bit integers.
    pub fn plus(&self, factor: i64, other: &Affine) -> Option<Affine> {
        let offset = self.offset.checked_add(other.offset.checked_mul(factor)?)?;
        let mut terms: Vec<(Binder, i64)> = self.terms.to_vec();
        for &(binder, f) in &other.terms {
            let f = f.checked_mul(factor)?;
            match terms.iter_mut().find(|(b, _)| *b == binder) {
                Some((_, g)) => *g = g.checked_add(f)?,
                None => terms.push((binder, f)),
            }
        }
        terms.retain(|&(_, f)| f != 0);
        terms.sort_unstable();
        Some(Affine { offset, terms: terms.into() })
    }

    /// The value when it does not depend on any bound index.
    pub fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.offset)
    }

    /// The factor of one bound index; zero when it does not occur.
    pub fn factor(&self, binder: Binder) -> i64 {
        self.terms.iter().find(|(b, _)| *b == binder).map_or(0, |&(_, f)| f)
    }

    /// Replaces a bound index by another affine expression; `None` on overflow.
    pub fn substitute(&self, binder: Binder, by: &Affine) -> Option<Affine> {
        let factor = self.factor(binder);
        if factor == 0 {
            return Some(self.clone());
        }
        let rest = self.plus(-factor, &Affine::binder(binder))?;
        rest.plus(factor, by)
    }

    /// The value at given values of the bound indices.
    pub fn at(&self, value: impl Fn(Binder) -> i64) -> i64 {
        self.terms.iter().fold(self.offset, |sum, &(b, f)| sum + f * value(b))
    }

    /// The smallest and largest value over inclusive ranges of the bound indices.
    pub fn range(&self, bounds: impl Fn(Binder) -> (i64, i64)) -> (i64, i64) {
        self.terms.iter().fold((self.offset, self.offset), |(lo, hi), &(b, f)| {
            let (from, to) = bounds(b);
            if f >= 0 { (lo + f * from, hi + f * to) } else { (lo + f * to, hi + f * from) }
        })
    }
}

/// Writes `2*#0 + #1 - 3` with binders as `#level`.
impl fmt::Display for Affine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for &(Binder(b), factor) in &self.terms {
            let sign = match (first, factor < 0) {
                (true, true) => "-",
                (true, false) => "",
                (false, true) => " - ",
                (false, false) => " + ",
            };
            write!(f, "{sign}")?;
            match factor.unsigned_abs() {
                1 => write!(f, "#{b}")?,
                k => write!(f, "{k}*#{b}")?,
            }
            first = false;
        }
        match self.offset {
            0 if !first => Ok(()),
            k if first => write!(f, "{k}"),
            k if k < 0 => write!(f, " - {}", k.unsigned_abs()),
            k => write!(f, " + {k}"),
        }
    }
}
