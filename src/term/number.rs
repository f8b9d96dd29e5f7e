//! Exact rational numbers: machine words while they fit, big integers beyond.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use num_bigint::BigInt;
use num_integer::{Integer, Roots};
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

/// The largest number of bits that the numerator or denominator of a computed power may have.
///
/// A power that would exceed it stays symbolic ([`Number::pow`] returns `None`).
pub const MAX_POWER_BITS: u64 = 1 << 17;

/// An exact rational number in lowest terms with a positive denominator.
///
/// Values with a numerator of 64 bits and a denominator of 32 bits are always stored inline, in
/// 16 bytes, so two equal numbers have one representation and can be compared field by field.
#[derive(Clone, PartialEq, Eq)]
pub struct Number(pub(super) Form);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Form {
    Small(i64, u32),
    Big(Arc<BigRational>),
}

impl Hash for Number {
    /// One word for an inline value: hashing numbers is most of hashing terms.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Form::Small(n, d) => {
                state.write_u64((*n as u64).wrapping_add(u64::from(*d - 1).rotate_left(32)));
            }
            Form::Big(b) => b.hash(state),
        }
    }
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number(Form::Small(0, 1));
    /// One.
    pub const ONE: Number = Number(Form::Small(1, 1));
    /// Minus one.
    pub const MINUS_ONE: Number = Number(Form::Small(-1, 1));
    /// One half: the exponent of a square root.
    pub const HALF: Number = Number(Form::Small(1, 2));

    /// The ratio `numerator / denominator`, or `None` when the denominator is zero.
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Number> {
        (denominator != 0).then(|| Self::reduce(numerator.into(), denominator.into()))
    }

    /// The exact value of the shortest decimal that reads back as `value`, so that `0.1` is 1/10.
    ///
    /// `None` when the value is not finite.
    pub fn from_f64(value: f64) -> Option<Number> {
        if !value.is_finite() {
            return None;
        }
        Self::from_decimal(&format!("{value:e}"))
    }

    /// The exact value of a decimal literal such as `12`, `0.1`, `.5` or `3e-7`.
    ///
    /// `None` when the text is not such a literal or its exponent exceeds a hundred thousand.
    pub fn from_decimal(text: &str) -> Option<Number> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let scale = exponent.checked_sub(fraction.len() as i64)?;
        let digits = whole.bytes().chain(fraction.bytes());
        // Nearly all literals fit into words.
        if matches!(whole.len() + fraction.len(), 1..19)
            && scale.abs() < 19
            && digits.clone().all(|b| b.is_ascii_digit())
        {
            let value = digits.fold(0, |n, digit| 10 * n + i128::from(digit - b'0'));
            let power = 10_i128.pow(scale.unsigned_abs() as u32);
            return Some(match scale >= 0 {
                true => Self::reduce(value * power, 1),
                false => Self::reduce(value, power),
            });
        }
        let digits = format!("{whole}{fraction}");
        let value = BigInt::parse_bytes(digits.as_bytes(), 10)?;
        if scale.abs() > 100_000 {
            return None;
        }
        let power = BigInt::from(10).pow(scale.unsigned_abs() as u32);
        Some(Self::from_big(if scale >= 0 {
            BigRational::from_integer(value * power)
        } else {
            BigRational::new(value, power)
        }))
    }

    /// Wraps a big rational, inline when it fits.
    pub fn from_big(value: BigRational) -> Number {
        match (value.numer().to_i64(), value.denom().to_u32()) {
            (Some(n), Some(d)) => Number(Form::Small(n, d)),
            _ => Number(Form::Big(Arc::new(value))),
        }
    }

    /// Wraps a big integer, inline when it fits.
    pub fn from_integer(value: BigInt) -> Number {
        match value.to_i64() {
            Some(n) => Number(Form::Small(n, 1)),
            None => Number(Form::Big(Arc::new(BigRational::from_integer(value)))),
        }
    }

    /// The numerator, which carries the sign.
    pub fn numerator(&self) -> BigInt {
        match &self.0 {
            Form::Small(n, _) => BigInt::from(*n),
            Form::Big(b) => b.numer().clone(),
        }
    }

    /// The denominator, which is positive.
    pub fn denominator(&self) -> BigInt {
        match &self.0 {
            Form::Small(_, d) => BigInt::from(*d),
            Form::Big(b) => b.denom().clone(),
        }
    }

    /// The value as a big rational.
    pub fn to_big(&self) -> BigRational {
        match &self.0 {
            Form::Small(n, d) => BigRational::new_raw(BigInt::from(*n), BigInt::from(*d)),
            Form::Big(b) => (**b).clone(),
        }
    }

    /// The nearest double (ties to even); infinite beyond the range of doubles.
    pub fn to_f64(&self) -> f64 {
        const EXACT: u64 = 1 << 53;
        match &self.0 {
            Form::Small(n, d) if n.unsigned_abs() <= EXACT => *n as f64 / f64::from(*d),
            _ => nearest_double(&self.to_big()),
        }
    }

    /// The value as an `i64`, when it is an integer that fits.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Form::Small(n, 1) => Some(*n),
            _ => None,
        }
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Form::Small(0, _))
    }

    /// Whether this is one.
    pub fn is_one(&self) -> bool {
        matches!(self.0, Form::Small(1, 1))
    }

    /// Whether this is one or minus one.
    pub fn is_unit(&self) -> bool {
        matches!(self.0, Form::Small(1 | -1, 1))
    }

    /// Whether this is an integer.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Form::Small(_, d) => *d == 1,
            Form::Big(b) => b.is_integer(),
        }
    }

    /// Whether this is less than zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Form::Small(n, _) => *n < 0,
            Form::Big(b) => b.is_negative(),
        }
    }

    /// Whether this is greater than zero.
    pub fn is_positive(&self) -> bool {
        match &self.0 {
            Form::Small(n, _) => *n > 0,
            Form::Big(b) => b.is_positive(),
        }
    }

    /// The absolute value.
    pub fn abs(&self) -> Number {
        if self.is_negative() { -self } else { self.clone() }
    }

    /// The reciprocal, or `None` for zero.
    pub fn recip(&self) -> Option<Number> {
        match &self.0 {
            Form::Small(0, _) => None,
            Form::Small(n, d) => Some(Self::reduce(i128::from(*d), i128::from(*n))),
            Form::Big(b) => Some(Self::from_big(b.recip())),
        }
    }

    /// The largest rational of which both are integer multiples; zero for two zeros.
    pub fn gcd(&self, other: &Number) -> Number {
        match (&self.0, &other.0) {
            (Form::Small(a, 1), Form::Small(c, 1)) => {
                Self::reduce(a.unsigned_abs().gcd(&c.unsigned_abs()).into(), 1)
            }
            _ if self.is_integer() && other.is_integer() => {
                let (mut a, mut b) = (self.numerator(), other.numerator());
                if a.magnitude() < b.magnitude() {
                    std::mem::swap(&mut a, &mut b);
                }
                // One division brings the larger one down to the size of the other.
                if b.bits() > 0 {
                    a %= &b;
                }
                Self::from_integer(a.gcd(&b))
            }
            _ => {
                let (a, b) = (self.numerator(), self.denominator());
                let (c, d) = (other.numerator(), other.denominator());
                Self::from_big(BigRational::new((a * &d).gcd(&(c * &b)), b * d))
            }
        }
    }

    /// The largest integer that is not greater.
    pub fn floor(&self) -> Number {
        match &self.0 {
            Form::Small(n, d) => Number(Form::Small(n.div_euclid(i64::from(*d)), 1)),
            Form::Big(b) => Self::from_big(b.floor()),
        }
    }

    /// `self` to an integer power; `None` for 0 to a negative power and for a result with more
    /// than [`MAX_POWER_BITS`] bits.
    pub fn pow(&self, exponent: i64) -> Option<Number> {
        if exponent == 0 || self.is_one() {
            return Some(Self::ONE);
        }
        if self.is_zero() {
            return (exponent > 0).then_some(Self::ZERO);
        }
        if *self == Self::MINUS_ONE {
            return Some(if exponent % 2 == 0 { Self::ONE } else { Self::MINUS_ONE });
        }
        if let (Form::Small(n, 1), Ok(e)) = (&self.0, u32::try_from(exponent))
            && let Some(power) = n.checked_pow(e)
        {
            return Some(power.into());
        }
        let big = self.to_big();
        let bits = big.numer().bits().max(big.denom().bits());
        let predicted = bits.saturating_sub(1).checked_mul(exponent.unsigned_abs())?;
        if predicted > MAX_POWER_BITS {
            return None;
        }
        let power = num_traits::pow::Pow::pow(&big, exponent.unsigned_abs() as u32);
        Some(Self::from_big(if exponent < 0 { power.recip() } else { power }))
    }

    /// The exact real `n`-th root, when it is rational; `None` for negative values.
    pub fn root(&self, n: u32) -> Option<Number> {
        if self.is_negative() || n == 0 {
            return None;
        }
        if let Form::Small(value, d) = &self.0 {
            let exact = |v: u64| {
                let root = Roots::nth_root(&v, n);
                (root.checked_pow(n) == Some(v)).then_some(root)
            };
            let (p, q) = (exact(value.unsigned_abs())?, exact(u64::from(*d))?);
            return Some(Self::reduce(p.into(), q.into()));
        }
        let big = self.to_big();
        let exact = |v: &BigInt| {
            let root = v.nth_root(n);
            (root.pow(n) == *v).then_some(root)
        };
        Some(Self::from_big(BigRational::new(exact(big.numer())?, exact(big.denom())?)))
    }

    /// Numerator and denominator when they are stored inline: 64 and 32 bits.
    pub fn small(&self) -> Option<(i64, i64)> {
        match &self.0 {
            Form::Small(n, d) => Some((*n, i64::from(*d))),
            Form::Big(_) => None,
        }
    }

    fn reduce(n: i128, d: i128) -> Number {
        let (n, d) = if d < 0 { (-n, -d) } else { (n, d) };
        // Division of 128 bits is slow, and words nearly always suffice.
        let (n, d) = match (i64::try_from(n), i64::try_from(d)) {
            (Ok(n), Ok(d)) if n != i64::MIN => {
                let g = n.unsigned_abs().gcd(&d.unsigned_abs()) as i64;
                let (n, d) = if g == 1 { (n, d) } else { (n / g, d / g) };
                if let Ok(d) = u32::try_from(d) {
                    return Number(Form::Small(n, d));
                }
                (i128::from(n), i128::from(d))
            }
            _ => {
                let g = n.unsigned_abs().gcd(&d.unsigned_abs()) as i128;
                (n / g, d / g)
            }
        };
        match (i64::try_from(n), u32::try_from(d)) {
            (Ok(n), Ok(d)) => Number(Form::Small(n, d)),
            _ => Number(Form::Big(Arc::new(BigRational::new_raw(n.into(), d.into())))),
        }
    }
}

/// Rounds an exact ratio to the nearest double by one integer division with a sticky bit.
fn nearest_double(value: &BigRational) -> f64 {
    if value.is_zero() {
        return 0.0;
    }
    let (n, d) = (value.numer().magnitude(), value.denom().magnitude());
    // Scale so that the quotient has 65 or 66 bits; exponents beyond the range end at 0 or inf.
    let shift = 66 - (n.bits() as i64 - d.bits() as i64);
    let (n, d) = if shift >= 0 {
        (n << shift as u64, d.clone())
    } else {
        (n.clone(), d << shift.unsigned_abs())
    };
    let (quotient, rest) = n.div_rem(&d);
    let sticky = u128::from(!rest.is_zero());
    let q = quotient.to_u128().unwrap_or(u128::MAX) << 1 | sticky;
    let exponent = -shift - 1;
    // Subnormals keep fewer bits: drop what lies below 2^-1074 before the one rounding.
    let top = 128 - i64::from(q.leading_zeros()) + exponent;
    let keep = (top + 1074).clamp(0, 53);
    let drop = 128 - i64::from(q.leading_zeros()) - keep;
    let (kept, lost) = (q >> drop, q & ((1u128 << drop) - 1));
    let half = 1u128 << (drop - 1);
    let rounded = kept + u128::from(lost > half || (lost == half && kept & 1 == 1));
    let scale = exponent + drop;
    let magnitude =
        if scale > 971 + 53 { f64::INFINITY } else { libm::scalbn(rounded as f64, scale as i32) };
    if value.is_negative() { -magnitude } else { magnitude }
}

impl Default for Number {
    /// Zero.
    fn default() -> Number {
        Number::ZERO
    }
}

impl From<i64> for Number {
    fn from(n: i64) -> Self {
        Number(Form::Small(n, 1))
    }
}

impl From<i32> for Number {
    fn from(n: i32) -> Self {
        Number(Form::Small(n.into(), 1))
    }
}

impl From<bool> for Number {
    fn from(b: bool) -> Self {
        Number(Form::Small(b.into(), 1))
    }
}

macro_rules! arithmetic {
    ($trait:ident $method:ident $checked:ident $general:ident,
     |$a:ident, $b:ident, $c:ident, $d:ident| $n:expr) => {
        impl std::ops::$trait<&Number> for &Number {
            type Output = Number;
            #[inline]
            fn $method(self, other: &Number) -> Number {
                if let (Form::Small(a, 1), Form::Small(c, 1)) = (&self.0, &other.0)
                    && let Some(n) = a.$checked(*c)
                {
                    return Number(Form::Small(n, 1));
                }
                self.$general(other)
            }
        }
        impl Number {
            /// The operation beyond integers of one word.
            fn $general(&self, other: &Number) -> Number {
                if let (Form::Small(a, b), Form::Small(c, d)) = (&self.0, &other.0) {
                    let ($a, $b, $c, $d) =
                        (i128::from(*a), i128::from(*b), i128::from(*c), i128::from(*d));
                    // A word times a half one has 95 bits, so that nothing overflows.
                    return Number::reduce($n, $b * $d);
                }
                if self.is_integer() && other.is_integer() {
                    let (a, b) = (self.numerator(), other.numerator());
                    return Number::from_integer(std::ops::$trait::$method(a, b));
                }
                Number::from_big(std::ops::$trait::$method(self.to_big(), other.to_big()))
            }
        }
    };
}

arithmetic!(Add add checked_add add_general, |a, b, c, d| a * d + c * b);
arithmetic!(Sub sub checked_sub sub_general, |a, b, c, d| a * d - c * b);
arithmetic!(Mul mul checked_mul mul_general, |a, b, c, d| a * c);

impl std::ops::Neg for &Number {
    type Output = Number;
    fn neg(self) -> Number {
        match &self.0 {
            Form::Small(n, d) if *n != i64::MIN => Number(Form::Small(-n, *d)),
            _ => Number::from_big(-self.to_big()),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Form::Small(a, b), Form::Small(c, d)) if b == d => a.cmp(c),
            (Form::Small(a, b), Form::Small(c, d)) => {
                (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b)))
            }
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}

/// Writes `n` or `n/d`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Small(n, 1) => write!(f, "{n}"),
            Form::Small(n, d) => write!(f, "{n}/{d}"),
            Form::Big(b) => write!(f, "{b}"),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Number {
    /// The number of bits of the longer of numerator and denominator.
    pub fn bits(&self) -> u64 {
        match &self.0 {
            Form::Small(n, d) => {
                u64::from(64 - (n.unsigned_abs().max(u64::from(*d))).leading_zeros())
            }
            Form::Big(b) => b.numer().bits().max(b.denom().bits()),
        }
    }
}

impl One for Number {
    fn one() -> Self {
        Self::ONE
    }
}

impl std::ops::Mul for Number {
    type Output = Number;
    fn mul(self, other: Number) -> Number {
        &self * &other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(Number::from_decimal("0.1"), Number::ratio(1, 10));
        assert_eq!(Number::from_decimal("3e7"), Some(Number::from(30_000_000)));
        assert_eq!(Number::from_f64(0.04), Number::ratio(1, 25));
        assert_eq!(Number::from_f64(-1e-3), Number::ratio(-1, 1000));
    }

    #[test]
    fn overflow_goes_to_big_integers_and_back() {
        let big = &Number::from(i64::MAX) + &Number::from(i64::MAX);
        assert_eq!(&big - &Number::from(i64::MAX), Number::from(i64::MAX));
        assert_eq!(-&Number::from(i64::MIN), &Number::from(i64::MAX) + &Number::ONE);
        let third = Number::ratio(1, i64::MAX).unwrap();
        assert_eq!(&third * &Number::from(i64::MAX), Number::ONE);
    }

    #[test]
    fn powers_and_roots() {
        assert_eq!(Number::from(2).pow(-3), Number::ratio(1, 8));
        assert_eq!(Number::from(10).pow(1 << 40), None);
        assert_eq!(Number::ratio(9, 4).unwrap().root(2), Number::ratio(3, 2));
        assert_eq!(Number::from(2).root(2), None);
        assert_eq!(Number::from(12).gcd(&Number::from(-18)), Number::from(6));
        assert_eq!(
            Number::ratio(2, 3).unwrap().gcd(&Number::ratio(5, 6).unwrap()).to_f64(),
            1.0 / 6.0
        );
        assert_eq!(Number::ZERO.gcd(&Number::HALF), Number::HALF);
        assert_eq!(Number::ratio(1, 25).unwrap().to_decimal(12).as_deref(), Some("0.04"));
        assert_eq!(Number::ratio(1, 3).unwrap().to_decimal(12), None);
        assert_eq!(Number::from(444_000_000_000_i64).to_decimal(12).as_deref(), Some("4.44e11"));
        assert_eq!(Number::from(-120_000).to_decimal(12).as_deref(), Some("-120000"));
        assert_eq!(Number::ratio(1, 1 << 40).unwrap().to_decimal(12), None);
        assert_eq!(
            Number::ratio(-3, 20_000_000_000).unwrap().to_decimal(12).as_deref(),
            Some("-1.5e-10")
        );
    }

    proptest::proptest! {
        #[test]
        fn doubles_survive(bits: u64) {
            let x = f64::from_bits(bits);
            if x.is_finite() {
                proptest::prop_assert_eq!(Number::from_f64(x).unwrap().to_f64(), x);
            }
        }

        #[test]
        fn arithmetic_agrees_with_big_rationals(a: i64, b in 1i64.., c: i64, d in 1i64..) {
            let (x, y) = (Number::ratio(a, b).unwrap(), Number::ratio(c, d).unwrap());
            proptest::prop_assert_eq!((&x + &y).to_big(), x.to_big() + y.to_big());
            proptest::prop_assert_eq!((&x - &y).to_big(), x.to_big() - y.to_big());
            proptest::prop_assert_eq!((&x * &y).to_big(), x.to_big() * y.to_big());
            proptest::prop_assert_eq!(x.cmp(&y), x.to_big().cmp(&y.to_big()));
        }
    }
}
