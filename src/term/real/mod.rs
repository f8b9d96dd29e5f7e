//! Real numbers to any number of bits: exact as long as they last, then intervals.
//!
//! A [`Real`] is a rational number, a rational multiple of π, or lies between two floating-point
//! numbers. Every operation rounds its ends outward, so that two values whose intervals do not
//! meet are different for certain. What depends on a sign that the bits at hand do not tell (a root
//! of almost nothing, a choice) is [`NoValue::Undecided`]: with more bits it may be told.

mod functions;
mod value;

use std::cell::{Cell, OnceCell};
use std::cmp::Ordering;

use dashu_float::ops::Abs;
use dashu_float::round::mode::HalfEven;
use dashu_float::{ConstCache, Context, FBig, FpError, FpResult};

pub use value::{Precise, decimal, value};

use super::evaluate::{Algebra, element_name};
use super::function::Function;
use super::interval::Interval;
use super::number::Number;
use super::op::Op;

/// A binary floating-point number of any precision.
pub type Float = FBig<HalfEven, 2>;

/// A real number, as well as it is known.
#[derive(Clone, PartialEq, Debug)]
pub enum Real {
    /// A rational number.
    Exact(Number),
    /// A rational multiple of π other than zero.
    Turns(Number),
    /// A number between two others, ends included.
    Between(Float, Float),
}

/// Why there is no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoValue {
    /// Nothing real: a division by zero, the logarithm of a negative number.
    Undefined,
    /// The bits at hand do not tell a sign that the value depends on.
    Undecided,
    /// A number of more bits or a larger exponent than is computed.
    TooLarge,
    /// More operations than are computed with so many bits.
    TooLong,
    /// A name without a value.
    Unknown(String),
}

/// A value, or why there is none.
pub type Outcome = Result<Real, NoValue>;

/// Most bits of an exact intermediate number.
const BITS: u64 = 8_000_000;

/// Most bits of a number that is taken as it is where others are rounded, and of a fraction that
/// stays exact: finding common factors takes quadratic time.
const EXACT_BITS: u64 = 4_096;

/// What all operations may take together, roughly in nanoseconds; the first thousand always may.
const WORK: u64 = 5_000_000_000;
const FREE: u64 = 1_000;

/// Binary digits before the point of the largest argument of an exponential.
const EXPONENT: isize = 40;

/// Largest denominator of an exponent that is computed as a root.
const ROOT: i64 = 64;

impl Real {
    /// The smallest interval of doubles around the value.
    pub fn enclosure(&self) -> Interval {
        let (lo, hi) = match self {
            // A few more bits than those of a double tell on which side of one the number is.
            Real::Exact(n) if n.enclosure().lo == n.enclosure().hi => return n.enclosure(),
            Real::Exact(_) | Real::Turns(_) => Precision::new(128, &|_| None).ends(self),
            Real::Between(lo, hi) => (lo.clone(), hi.clone()),
        };
        let nearest = |x: &Float| {
            let double = x.to_f64().value();
            (double, Float::try_from(double).unwrap_or(Float::ZERO))
        };
        let ((low, below), (high, above)) = (nearest(&lo), nearest(&hi));
        Interval::new(
            if low.is_finite() && below <= lo { low } else { low.next_down() },
            if high.is_finite() && above >= hi { high } else { high.next_up() },
        )
    }

    /// The exact value, when it is known to be rational.
    pub fn exact(&self) -> Option<&Number> {
        match self {
            Real::Exact(n) => Some(n),
            Real::Turns(_) | Real::Between(..) => None,
        }
    }

    /// A rational multiple of π.
    pub fn turns(factor: Number) -> Real {
        if factor.is_zero() { Real::Exact(factor) } else { Real::Turns(factor) }
    }
}

/// Arithmetic to a number of bits, over names whose values `at` gives.
pub struct Precision<'a> {
    context: Context<HalfEven>,
    cache: ConstCache,
    /// What encloses π, once it was needed.
    pi: OnceCell<(Float, Float)>,
    at: &'a dyn Fn(&str) -> Option<Number>,
    /// How many operations were computed, and what they took.
    operations: Cell<u64>,
    work: Cell<u64>,
}

impl<'a> Precision<'a> {
    /// Arithmetic to `bits` bits.
    ///
    /// # Panics
    /// When there are fewer than 64 bits.
    pub fn new(bits: usize, at: &'a dyn Fn(&str) -> Option<Number>) -> Precision<'a> {
        assert!(bits >= 64, "at least the bits of a machine word");
        let (context, cache) = (Context::new(bits), ConstCache::new());
        let (operations, work) = (Cell::new(0), Cell::new(0));
        Precision { context, cache, pi: OnceCell::new(), at, operations, work }
    }

    /// Counts an operation that takes so many nanoseconds.
    fn spend(&self, work: u64) -> Result<(), NoValue> {
        self.operations.set(self.operations.get() + 1);
        self.work.set(self.work.get().saturating_add(work));
        let much = self.operations.get() > FREE && self.work.get() > WORK;
        if much { Err(NoValue::TooLong) } else { Ok(()) }
    }

    /// Counts a sum or a product, which takes machine words times each other at most.
    fn spend_on(&self, a: &Real, b: &Real) -> Result<(), NoValue> {
        let words = |value: &Real| match value {
            Real::Exact(n) => n.bits() / 64 + 1,
            Real::Turns(_) | Real::Between(..) => self.context.precision() as u64 / 32 + 10,
        };
        self.spend(10 + words(a).saturating_mul(words(b)))
    }

    /// Counts an exponential, a logarithm or the like.
    fn spend_on_function(&self) -> Result<(), NoValue> {
        let bits = self.context.precision() as u64;
        self.spend(1000 * bits + bits * bits / 5)
    }

    /// An exact number, as long as it stays short.
    fn bounded(&self, n: Number) -> Outcome {
        match n.bits() {
            bits if bits > BITS => Err(NoValue::TooLarge),
            bits if bits > EXACT_BITS && !n.is_integer() => {
                let (lo, hi) = self.ratio(&n);
                Ok(Real::Between(lo, hi))
            }
            _ => Ok(Real::Exact(n)),
        }
    }

    /// Whether two values differ for certain.
    pub fn differ(&self, a: &Real, b: &Real) -> bool {
        match (a, b) {
            (Real::Exact(a), Real::Exact(b)) | (Real::Turns(a), Real::Turns(b)) => a != b,
            _ => {
                let ((a, b), (c, d)) = (self.ends(a), self.ends(b));
                b < c || d < a
            }
        }
    }

    /// Whether two values agree to `bits` bits after the point, or as many significant ones.
    pub fn agree(&self, a: &Real, b: &Real, bits: isize) -> bool {
        if let (Real::Exact(a), Real::Exact(b)) = (a, b) {
            return a == b;
        }
        let ((a, b), (c, d)) = (self.ends(a), self.ends(b));
        let most = [&a, &b, &c, &d].into_iter().fold(Float::ONE, |m, x| m.max(x.clone().abs()));
        let width = self.context.sub(b.max(d).repr(), a.min(c).repr());
        let unit = Float::from_parts(1.into(), -bits);
        width.is_ok_and(|width| width.value() <= most * unit)
    }

    /// The least and the greatest number that a value may be.
    fn ends(&self, x: &Real) -> (Float, Float) {
        match x {
            Real::Between(lo, hi) => (lo.clone(), hi.clone()),
            Real::Exact(n) => self.ratio(n),
            Real::Turns(factor) => {
                let (lo, hi) = self.pi.get_or_init(|| {
                    let pi = self.context.pi(None);
                    self.around(Ok(pi)).expect("a number between three and four")
                });
                let pi = Real::Between(lo.clone(), hi.clone());
                let product = self.product(&pi, &Real::Exact(factor.clone()));
                self.ends(&product.expect("the product of π and a ratio"))
            }
        }
    }

    fn ratio(&self, n: &Number) -> (Float, Float) {
        let big = n.to_big();
        let twos = big.denom().trailing_zeros().unwrap_or(0);
        let numerator = integer(big.numer());
        if twos < EXACT_BITS && big.numer().bits() < EXACT_BITS && big.denom().bits() == twos + 1 {
            let x = numerator >> twos as isize;
            return (x.clone(), x);
        }
        // A quotient of two integers that are not zero neither over- nor underflows.
        let quotient = self.context.div(numerator.repr(), integer(big.denom()).repr());
        self.around(quotient).expect("a ratio of integers")
    }

    /// The numbers below and above one that a correctly rounded result stands for.
    fn around(&self, rounded: FpResult<Float>) -> Result<(Float, Float), NoValue> {
        let (x, exact) = rounded.map_err(no_value)?.value_with_exact();
        if exact { Ok((x.clone(), x)) } else { self.beside(x) }
    }

    /// As [`Self::around`], for functions: what they say of exactness is about a working precision.
    ///
    /// Arguments are known to be inside of the domain; only their rounding may have left it, and
    /// more bits bring it back.
    fn near(&self, rounded: FpResult<Float>) -> Result<(Float, Float), NoValue> {
        let value = rounded.map_err(|e| match no_value(e) {
            NoValue::Undefined => NoValue::Undecided,
            other => other,
        })?;
        let value = value.value();
        if value.repr().is_infinite() { Err(NoValue::Undecided) } else { self.beside(value) }
    }

    fn beside(&self, x: Float) -> Result<(Float, Float), NoValue> {
        // The last bit that counts; a zero stands for less than all of them.
        let bits = self.context.precision() as isize;
        let place = if x == Float::ZERO { 0 } else { functions::magnitude(&x) };
        let unit = Float::from_parts(1.into(), place - bits);
        let lo = self.context.sub(x.repr(), unit.repr()).map_err(no_value)?;
        let hi = self.context.add(x.repr(), unit.repr()).map_err(no_value)?;
        Ok((lo.value(), hi.value()))
    }

    /// The value between the lower neighbour of one rounded result and the upper one of another.
    fn between(&self, lo: FpResult<Float>, hi: FpResult<Float>) -> Outcome {
        Ok(Real::Between(self.around(lo)?.0, self.around(hi)?.1))
    }

    /// The sign of a value: −1, 0 or 1.
    fn sign(&self, x: &Real) -> Result<i32, NoValue> {
        match x {
            Real::Exact(n) | Real::Turns(n) => {
                Ok(i32::from(n.is_positive()) - i32::from(n.is_negative()))
            }
            Real::Between(lo, _) if *lo > Float::ZERO => Ok(1),
            Real::Between(_, hi) if *hi < Float::ZERO => Ok(-1),
            Real::Between(lo, hi) if lo == hi => Ok(0),
            Real::Between(..) => Err(NoValue::Undecided),
        }
    }

    /// How two values compare.
    fn compare(&self, a: &Real, b: &Real) -> Result<Ordering, NoValue> {
        if let (Real::Exact(a), Real::Exact(b)) | (Real::Turns(a), Real::Turns(b)) = (a, b) {
            return Ok(a.cmp(b));
        }
        let ((a, b), (c, d)) = (self.ends(a), self.ends(b));
        if b < c {
            Ok(Ordering::Less)
        } else if d < a {
            Ok(Ordering::Greater)
        } else if a == b && c == d && a == c {
            Ok(Ordering::Equal)
        } else {
            Err(NoValue::Undecided)
        }
    }

    fn plus(&self, a: &Real, b: &Real) -> Outcome {
        self.spend_on(a, b)?;
        match (a, b) {
            (Real::Exact(a), Real::Exact(b)) => return self.bounded(a + b),
            (Real::Exact(zero), x) | (x, Real::Exact(zero)) if zero.is_zero() => {
                return Ok(x.clone());
            }
            (Real::Turns(a), Real::Turns(b)) => return Ok(Real::turns(a + b)),
            _ => {}
        }
        let ((a, b), (c, d)) = (self.ends(a), self.ends(b));
        self.between(self.context.add(a.repr(), c.repr()), self.context.add(b.repr(), d.repr()))
    }

    fn times(&self, a: &Real, b: &Real) -> Outcome {
        self.spend_on(a, b)?;
        self.product(a, b)
    }

    fn product(&self, a: &Real, b: &Real) -> Outcome {
        match (a, b) {
            (Real::Exact(a), Real::Exact(b)) => return self.bounded(a * b),
            (Real::Exact(zero), _) | (_, Real::Exact(zero)) if zero.is_zero() => {
                return Ok(Real::Exact(Number::ZERO));
            }
            (Real::Exact(n), Real::Turns(t)) | (Real::Turns(t), Real::Exact(n)) => {
                return Ok(Real::Turns(n * t));
            }
            _ => {}
        }
        let ((a, b), (c, d)) = (self.ends(a), self.ends(b));
        self.corners(
            [(&a, &c), (&a, &d), (&b, &c), (&b, &d)]
                .map(|(x, y)| self.context.mul(x.repr(), y.repr())),
        )
    }

    /// The hull of results at the corners of a box.
    fn corners<const N: usize>(&self, results: [FpResult<Float>; N]) -> Outcome {
        let mut hull: Option<(Float, Float)> = None;
        for result in results {
            let (lo, hi) = self.around(result)?;
            hull = Some(match hull {
                None => (lo, hi),
                Some((a, b)) => (a.min(lo), b.max(hi)),
            });
        }
        let (lo, hi) = hull.expect("at least one corner");
        Ok(Real::Between(lo, hi))
    }

    fn negative(&self, x: &Real) -> Real {
        match x {
            Real::Exact(n) => Real::Exact(-n),
            Real::Turns(n) => Real::Turns(-n),
            Real::Between(lo, hi) => Real::Between(-hi.clone(), -lo.clone()),
        }
    }

    fn reciprocal(&self, x: &Real) -> Outcome {
        match (self.sign(x)?, x) {
            (0, _) => Err(NoValue::Undefined),
            (_, Real::Exact(n)) => n.recip().map(Real::Exact).ok_or(NoValue::Undefined),
            _ => {
                let (lo, hi) = self.ends(x);
                self.between(self.context.inv(hi.repr()), self.context.inv(lo.repr()))
            }
        }
    }

    fn raise(&mut self, base: &Real, exponent: &Real) -> Outcome {
        if let Real::Exact(e) = exponent {
            if e.is_integer() {
                return self.whole_power(base, e);
            }
            if let Real::Exact(b) = base
                && let Some(power) = rational_power(b, e)
            {
                return Ok(Real::Exact(power));
            }
        }
        match self.sign(base)? {
            0 => match self.sign(exponent)? {
                1 => Ok(Real::Exact(Number::ZERO)),
                0 => Ok(Real::Exact(Number::ONE)),
                _ => Err(NoValue::Undefined),
            },
            -1 => Err(match exponent {
                Real::Exact(_) | Real::Turns(_) => NoValue::Undefined,
                // Only an exponent that certainly is no integer leaves nothing real.
                Real::Between(lo, hi) if lo.floor() == hi.floor() && *lo != lo.floor() => {
                    NoValue::Undefined
                }
                Real::Between(..) => NoValue::Undecided,
            }),
            _ => match exponent {
                Real::Exact(e) if e.small().is_some_and(|(_, d)| d <= ROOT) => {
                    let (n, d) = e.small().expect("just seen");
                    let root = self.increasing(base, |c, x, _| c.nth_root(d as usize, x))?;
                    self.whole_power(&root, &n.into())
                }
                _ => {
                    let log = self.call(Op::Log, &[Ok(base.clone())])?;
                    let product = self.times(&log, exponent)?;
                    self.call(Op::Exp, &[Ok(product)])
                }
            },
        }
    }

    fn whole_power(&mut self, base: &Real, exponent: &Number) -> Outcome {
        if exponent.is_zero() {
            return Ok(Real::Exact(Number::ONE));
        }
        let odd = !(exponent * &Number::HALF).is_integer();
        if let Real::Exact(b) = base
            && b.abs().is_one()
        {
            return Ok(Real::Exact(if odd { b.clone() } else { Number::ONE }));
        }
        if self.sign(base) == Ok(0) {
            return match exponent.is_negative() {
                true => Err(NoValue::Undefined),
                false => Ok(Real::Exact(Number::ZERO)),
            };
        }
        let n = exponent.to_i64().ok_or(NoValue::TooLarge)?;
        if n == 1 {
            return Ok(base.clone());
        }
        if let Real::Exact(b) = base {
            if b.bits().saturating_mul(n.unsigned_abs()) > BITS {
                return Err(NoValue::TooLarge);
            }
            return b.pow(n).map(Real::Exact).ok_or(NoValue::TooLarge);
        }
        if n < 0 {
            self.sign(base)?;
            let power = self.whole_power(base, &-exponent)?;
            return self.reciprocal(&power);
        }
        let (lo, hi) = self.ends(base);
        let power = |x: &Float| self.near(self.context.powi(x.repr(), n.into()));
        let (low, high) = if odd || lo >= Float::ZERO {
            (power(&lo)?.0, power(&hi)?.1)
        } else if hi <= Float::ZERO {
            (power(&hi)?.0, power(&lo)?.1)
        } else {
            (Float::ZERO, power(&(-lo).max(hi))?.1)
        };
        Ok(Real::Between(low, high))
    }

    /// The value of an increasing function that is defined on the whole interval.
    fn increasing(
        &mut self,
        x: &Real,
        f: impl Fn(&Context<HalfEven>, &dashu_float::Repr<2>, &mut ConstCache) -> FpResult<Float>,
    ) -> Outcome {
        let (lo, hi) = self.ends(x);
        let first = f(&self.context, lo.repr(), &mut self.cache);
        let (low, mut high) = self.near(first)?;
        if lo != hi {
            let second = f(&self.context, hi.repr(), &mut self.cache);
            high = self.near(second)?.1;
        }
        Ok(Real::Between(low, high))
    }
}

/// An exact number of any size.
fn integer(n: &num_bigint::BigInt) -> Float {
    if let Ok(small) = i64::try_from(n) {
        return Float::from(small);
    }
    // Without a limit on their precision sums of limbs are exact.
    let exact = Context::<HalfEven>::new(0);
    let limbs = n.magnitude().iter_u64_digits().enumerate();
    let magnitude = limbs.fold(Float::ZERO, |sum, (k, limb)| {
        let limb = Float::from_parts(limb.into(), 64 * k as isize);
        exact.add(sum.repr(), limb.repr()).expect("integers of a number in memory").value()
    });
    if n.sign() == num_bigint::Sign::Minus { -magnitude } else { magnitude }
}

/// A fractional power of a rational number, when it is rational.
fn rational_power(base: &Number, exponent: &Number) -> Option<Number> {
    let (n, d) = exponent.small()?;
    if base.is_negative() || base.is_zero() || base.bits().saturating_mul(n.unsigned_abs()) > BITS {
        return None;
    }
    base.root(u32::try_from(d).ok()?)?.pow(n)
}

fn no_value(error: FpError) -> NoValue {
    match error {
        FpError::OutOfDomain | FpError::Indeterminate => NoValue::Undefined,
        FpError::ZivRetryLimitExceeded => NoValue::Undecided,
        FpError::InfiniteInput | FpError::Overflow(_) | FpError::Underflow(_) => NoValue::TooLarge,
    }
}

impl Algebra for Precision<'_> {
    type Value = Outcome;

    fn number(&mut self, n: &Number) -> Outcome {
        Ok(Real::Exact(n.clone()))
    }

    fn symbol(&mut self, name: &str) -> Outcome {
        (self.at)(name).map(Real::Exact).ok_or_else(|| NoValue::Unknown(name.to_owned()))
    }

    fn element(&mut self, array: &str, indices: &[i64]) -> Outcome {
        self.symbol(&element_name(array, indices))
    }

    fn add(&mut self, a: Outcome, b: Outcome) -> Outcome {
        self.plus(&a?, &b?)
    }

    fn mul(&mut self, a: Outcome, b: Outcome) -> Outcome {
        self.times(&a?, &b?)
    }

    fn power(&mut self, a: Outcome, exponent: &Number) -> Outcome {
        self.raise(&a?, &Real::Exact(exponent.clone()))
    }

    fn call(&mut self, op: Op, args: &[Outcome]) -> Outcome {
        // Only the branch that is chosen needs a value.
        if let (Op::If, [condition, then, otherwise]) = (op, args) {
            let holds = self.sign(&condition.clone()?)? != 0;
            return if holds { then.clone() } else { otherwise.clone() };
        }
        let args: Vec<Real> = args.iter().cloned().collect::<Result<_, NoValue>>()?;
        let exact: Option<Vec<&Number>> = args.iter().map(Real::exact).collect();
        if let Some(numbers) = exact.filter(|n| !n.is_empty())
            && !matches!(op, Op::Pow | Op::Sqrt)
            && let Some(n) = (op.row().exact)(&numbers)
        {
            return self.bounded(n);
        }
        self.spend_on_function()?;
        self.function(op, &args)
    }

    fn apply(&mut self, function: &Function, _: &[Outcome]) -> Outcome {
        Err(NoValue::Unknown(function.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_without_a_limit_on_their_bits_are_rounded() {
        // Functions may give an exact one or zero that carries no precision.
        let mut precision = Precision::new(160, &|_| None);
        let tiny = Real::Exact(Number::from_decimal("1e-300").expect("a number"));
        for op in [Op::Exp, Op::Cosh, Op::Expm1, Op::Erf, Op::Acos, Op::Log1p, Op::Tanh] {
            let inner = precision.call(op, &[Ok(tiny.clone())]).expect("a value");
            for op in [Op::Exp, Op::Expm1, Op::Log1p, Op::Cosh, Op::Asinh, Op::Cbrt] {
                assert!(precision.call(op, &[Ok(inner.clone())]).is_ok(), "{op:?}");
            }
        }
    }

    #[test]
    fn large_ratios_are_enclosed_to_all_bits() {
        let n =
            Number::from_decimal("0.123456789012345678901234567890123456789").expect("a number");
        let precision = Precision::new(200, &|_| None);
        let (lo, hi) = precision.ends(&Real::Exact(n.clone()));
        assert!((&hi - &lo) <= Float::from_parts(1.into(), -200));
        let big = Number::from_decimal("98765432109876543210987654321").expect("a number");
        let (lo, hi) = precision.ends(&Real::Exact(big));
        assert!(lo == hi && lo.to_int().value().to_string() == "98765432109876543210987654321");
    }
}
