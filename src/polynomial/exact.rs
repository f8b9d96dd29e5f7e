//! Sums of products of integers without rounding or overflow.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

use crate::term::Number;

/// An integer that products are added to: two machine words while they suffice.
#[derive(Default)]
pub(super) struct Total {
    small: i128,
    /// What did not fit.
    big: Option<BigInt>,
}

impl Total {
    /// Adds `a * b`, of integers.
    pub(super) fn add_product(&mut self, a: &Number, b: &Number) {
        if let (Some(a), Some(b)) = (a.to_i64(), b.to_i64()) {
            let product = i128::from(a) * i128::from(b);
            match self.small.checked_add(product) {
                Some(sum) => self.small = sum,
                None => self.add_big(product.into()),
            }
        } else {
            self.add_big(a.numerator() * b.numerator());
        }
    }

    /// Takes away `a * b`, of integers.
    pub(super) fn subtract_product(&mut self, a: &Number, b: &Number) {
        self.add_product(&-a, b);
    }

    fn add_big(&mut self, value: BigInt) {
        *self.big.get_or_insert_default() += value;
    }

    /// The sum.
    pub(super) fn value(self) -> Number {
        match self.big {
            Some(big) => Number::from_integer(big + self.small),
            None => integer(self.small),
        }
    }
}

/// A number of two words.
pub(super) fn integer(n: i128) -> Number {
    match i64::try_from(n) {
        Ok(n) => Number::from(n),
        Err(_) => Number::from_integer(n.into()),
    }
}

/// Integers in which sums of products and exact quotients are taken.
pub(super) trait Ring: Clone + Zero {
    /// An integer that is known to fit.
    fn from_number(n: &Number) -> Self;
    /// As a number.
    fn to_number(&self) -> Number;
    /// `self += a * b * c`.
    fn add_product(&mut self, a: &Self, b: &Self, c: i64);
    /// `self / (a * b)`, which leaves nothing.
    fn quotient(&self, a: &Self, b: i64) -> Self;
}

impl Ring for i128 {
    fn from_number(n: &Number) -> i128 {
        n.numerator().to_i128().expect("an integer of two words")
    }
    fn to_number(&self) -> Number {
        integer(*self)
    }
    fn add_product(&mut self, a: &i128, b: &i128, c: i64) {
        *self += a * b * i128::from(c);
    }
    fn quotient(&self, a: &i128, b: i64) -> i128 {
        self / (a * i128::from(b))
    }
}

impl Ring for BigInt {
    fn from_number(n: &Number) -> BigInt {
        n.numerator()
    }
    fn to_number(&self) -> Number {
        Number::from_integer(self.clone())
    }
    fn add_product(&mut self, a: &BigInt, b: &BigInt, c: i64) {
        *self += a * b * c;
    }
    fn quotient(&self, a: &BigInt, b: i64) -> BigInt {
        self / (a * b)
    }
}

/// The quotient of two integers, when it is one.
pub(super) fn exact_quotient(a: &Number, b: &Number) -> Option<Number> {
    if let (Some(a), Some(b)) = (a.to_i64(), b.to_i64())
        && b != 0
        && let (Some(q), Some(0)) = (a.checked_div(b), a.checked_rem(b))
    {
        return Some(q.into());
    }
    let (quotient, rest) = a.numerator().div_rem(&b.numerator());
    rest.is_zero().then(|| Number::from_integer(quotient))
}

/// Machine words that hold the magnitude of an integer.
pub(super) fn words(n: &Number) -> u64 {
    n.bits().div_ceil(64).max(1)
}

/// Bits of the largest magnitude among integers.
pub(super) fn bits(list: &[Number]) -> u64 {
    list.iter().map(Number::bits).max().unwrap_or(0)
}
