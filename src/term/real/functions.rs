//! Enclosures of the operations of the table to any number of bits.

use std::cmp::Ordering;

use dashu_float::round::mode::HalfEven;
use dashu_float::{Context, Repr};

use super::{EXPONENT, Float, NoValue, Outcome, Precision, Real};
use crate::term::number::Number;
use crate::term::op::Op;

/// Binary digits before the point of the largest argument of a periodic function.
const PERIODS: isize = 33_000;

/// Terms of the series of the error function.
const TERMS: i64 = 100_000;

impl Precision<'_> {
    /// The value of an operation whose arguments have values.
    pub(super) fn function(&mut self, op: Op, args: &[Real]) -> Outcome {
        match (op, args) {
            (Op::Add, [a, b]) => self.plus(a, b),
            (Op::Sub, [a, b]) => self.plus(a, &self.negative(b)),
            (Op::Mul, [a, b]) => self.times(a, b),
            (Op::Fma, [a, b, c]) => self.times(a, b).and_then(|product| self.plus(&product, c)),
            (Op::Neg, [a]) => Ok(self.negative(a)),
            (Op::Div, [a, b]) => self.reciprocal(b).and_then(|inverse| self.times(a, &inverse)),
            (Op::Pow, [a, b]) => self.raise(a, b),
            (Op::Sqrt, [a]) => self.raise(a, &Real::Exact(Number::HALF)),
            (Op::Less, [a, b]) => self.truth(a, b, |o| o == Ordering::Less),
            (Op::LessEqual, [a, b]) => self.truth(a, b, |o| o != Ordering::Greater),
            (Op::Equal, [a, b]) => self.truth(a, b, |o| o == Ordering::Equal),
            (Op::Min, [a, b]) => Ok(self.extreme(a, b, Float::min)),
            (Op::Max, [a, b]) => Ok(self.extreme(a, b, Float::max)),
            (Op::Hypot, [a, b]) => {
                let (a, b) = (self.times(a, a)?, self.times(b, b)?);
                let sum = self.absolute(&self.plus(&a, &b)?);
                self.increasing(&sum, |c, x, _| c.sqrt(x))
            }
            (Op::Atan2, [y, x]) => self.angle(y, x),
            (Op::Pi, []) => Ok(Real::Turns(Number::ONE)),
            (Op::Abs, [a]) => Ok(self.absolute(a)),
            (Op::Sign, [a]) => Ok(Real::Exact(i64::from(self.sign(a)?).into())),
            (Op::Floor | Op::Ceil | Op::Round, [a]) => self.step(op, a),
            (_, [a]) => self.elementary(op, a),
            // Logic takes truth values, which are exact.
            _ => Err(NoValue::Undefined),
        }
    }

    fn truth(&self, a: &Real, b: &Real, holds: fn(Ordering) -> bool) -> Outcome {
        Ok(Real::Exact(holds(self.compare(a, b)?).into()))
    }

    fn extreme(&self, a: &Real, b: &Real, pick: fn(Float, Float) -> Float) -> Real {
        if let Ok(order) = self.compare(a, b) {
            let least = pick(Float::ZERO, Float::ONE) == Float::ZERO;
            return if (order == Ordering::Less) == least { a.clone() } else { b.clone() };
        }
        let ((a, b), (c, d)) = (self.ends(a), self.ends(b));
        Real::Between(pick(a, c), pick(b, d))
    }

    fn absolute(&self, x: &Real) -> Real {
        match x {
            Real::Exact(n) => Real::Exact(n.abs()),
            Real::Turns(n) => Real::Turns(n.abs()),
            Real::Between(lo, _) if *lo >= Float::ZERO => x.clone(),
            Real::Between(_, hi) if *hi <= Float::ZERO => self.negative(x),
            Real::Between(lo, hi) => Real::Between(Float::ZERO, (-lo.clone()).max(hi.clone())),
        }
    }

    /// The nearest integer in a direction, as an exact number.
    fn step(&self, op: Op, x: &Real) -> Outcome {
        let rounded = |x: &Float| match op {
            Op::Floor => x.floor(),
            Op::Ceil => x.ceil(),
            _ => x.round(),
        };
        let (lo, hi) = self.ends(x);
        if magnitude(&lo).max(magnitude(&hi)) > PERIODS {
            return Err(NoValue::TooLarge);
        }
        let (low, high) = (rounded(&lo), rounded(&hi));
        if low != high {
            return Err(NoValue::Undecided);
        }
        let text = low.to_int().value().to_string();
        Number::from_decimal(text.trim_start_matches('-'))
            .map(|n| Real::Exact(if text.starts_with('-') { -&n } else { n }))
            .ok_or(NoValue::TooLarge)
    }

    /// The angle of the point (x, y).
    fn angle(&mut self, y: &Real, x: &Real) -> Outcome {
        match (self.sign(x), self.sign(y)) {
            (Ok(0), Ok(0)) => Err(NoValue::Undefined),
            (Ok(-1), Ok(0)) => Ok(Real::Turns(Number::ONE)),
            (Ok(1), _) => {
                let slope = self.reciprocal(x).and_then(|inverse| self.times(y, &inverse))?;
                self.elementary(Op::Atan, &slope)
            }
            (_, Ok(side @ (1 | -1))) => {
                let slope = self.reciprocal(y).and_then(|inverse| self.times(x, &inverse))?;
                let slope = self.elementary(Op::Atan, &slope)?;
                let quarter = Real::Turns(&Number::HALF * &i64::from(side).into());
                self.plus(&quarter, &self.negative(&slope))
            }
            _ => Err(NoValue::Undecided),
        }
    }

    /// Whether the argument is inside the domain `[lo, hi]`, or the open interval.
    fn within(
        &self,
        x: &Real,
        lo: Option<i64>,
        hi: Option<i64>,
        open: bool,
    ) -> Result<(), NoValue> {
        for (bound, outside) in [(lo, Ordering::Less), (hi, Ordering::Greater)] {
            let Some(bound) = bound else { continue };
            match self.compare(x, &Real::Exact(bound.into()))? {
                Ordering::Equal if open => return Err(NoValue::Undefined),
                found if found == outside => return Err(NoValue::Undefined),
                _ => {}
            }
        }
        Ok(())
    }

    /// The value without what rounding has put outside of a closed domain that it is in.
    fn clamped(&self, x: &Real, least: Float, most: Option<Float>) -> Real {
        let (lo, hi) = self.ends(x);
        Real::Between(lo.max(least), most.map_or(hi.clone(), |most| hi.min(most)))
    }

    fn elementary(&mut self, op: Op, x: &Real) -> Outcome {
        if let Some(known) = known(op, x) {
            return known;
        }
        match op {
            Op::Exp => self.exponential(x, |c, x, cache| c.exp(x, Some(cache)), Float::ZERO),
            Op::Expm1 => {
                self.exponential(x, |c, x, cache| c.exp_m1(x, Some(cache)), Float::NEG_ONE)
            }
            Op::Sinh | Op::Cosh => {
                let y = if op == Op::Sinh { x.clone() } else { self.absolute(x) };
                if self.size(&y) > EXPONENT {
                    return Err(NoValue::TooLarge);
                }
                match op {
                    Op::Sinh => self.increasing(&y, |c, x, cache| c.sinh(x, Some(cache))),
                    _ => self.increasing(&y, |c, x, cache| c.cosh(x, Some(cache))),
                }
            }
            Op::Tanh => self.increasing(x, |c, x, cache| c.tanh(x, Some(cache))),
            Op::Log => {
                self.within(x, Some(0), None, true)?;
                self.increasing(x, |c, x, cache| c.ln(x, Some(cache)))
            }
            Op::Log2 => {
                self.within(x, Some(0), None, true)?;
                self.increasing(x, |c, x, cache| c.log2(x, Some(cache)))
            }
            Op::Log10 => {
                self.within(x, Some(0), None, true)?;
                self.increasing(x, |c, x, cache| c.log10(x, Some(cache)))
            }
            Op::Log1p => {
                self.within(x, Some(-1), None, true)?;
                self.increasing(x, |c, x, cache| c.ln_1p(x, Some(cache)))
            }
            Op::Cbrt => self.increasing(x, |c, x, _| c.cbrt(x)),
            Op::Sin => self.wave(x, |c, x, p| c.sin(x, Some(&mut p.cache))),
            Op::Cos => self.wave(x, |c, x, p| c.cos(x, Some(&mut p.cache))),
            Op::Tan => {
                // Where the cosine keeps its sign there is no pole.
                let cosine = self.elementary(Op::Cos, x)?;
                self.sign(&cosine)?;
                self.increasing(x, |c, x, cache| c.tan(x, Some(cache)))
            }
            Op::Asin => {
                self.within(x, Some(-1), Some(1), false)?;
                let x = self.clamped(x, Float::NEG_ONE, Some(Float::ONE));
                self.increasing(&x, |c, x, cache| c.asin(x, Some(cache)))
            }
            Op::Acos => {
                self.within(x, Some(-1), Some(1), false)?;
                let x = self.clamped(&self.negative(x), Float::NEG_ONE, Some(Float::ONE));
                self.increasing(&x, |c, x, cache| c.acos(&-x.clone(), Some(cache)))
            }
            Op::Atan => self.increasing(x, |c, x, cache| c.atan(x, Some(cache))),
            Op::Asinh => self.increasing(x, |c, x, cache| c.asinh(x, Some(cache))),
            Op::Acosh => {
                self.within(x, Some(1), None, false)?;
                let x = self.clamped(x, Float::ONE, None);
                self.increasing(&x, |c, x, cache| c.acosh(x, Some(cache)))
            }
            Op::Atanh => {
                self.within(x, Some(-1), Some(1), true)?;
                self.increasing(x, |c, x, cache| c.atanh(x, Some(cache)))
            }
            Op::Erf => {
                let (lo, hi) = self.ends(x);
                let (low, high) = (self.error_function(&lo)?, self.error_function(&hi)?);
                Ok(Real::Between(low.0, high.1))
            }
            _ => Err(NoValue::Undefined),
        }
    }

    /// An exponential function: its limit at minus infinity is `least`.
    fn exponential(
        &mut self,
        x: &Real,
        f: impl Fn(
            &Context<HalfEven>,
            &Repr<2>,
            &mut dashu_float::ConstCache,
        ) -> dashu_float::FpResult<Float>,
        least: Float,
    ) -> Outcome {
        let (lo, hi) = self.ends(x);
        let vast = |x: &Float| magnitude(x) > EXPONENT;
        if vast(&hi) && hi > Float::ZERO {
            return Err(NoValue::TooLarge);
        }
        // exp(-2^40) is less than 2^-(2^40).
        let tiny = Float::from_parts(1.into(), -(1 << EXPONENT));
        let low = if vast(&lo) {
            least.clone()
        } else {
            let low = f(&self.context, lo.repr(), &mut self.cache);
            self.near(low)?.0
        };
        let high = if vast(&hi) {
            let sum = self.context.add(least.repr(), tiny.repr());
            self.around(sum)?.1
        } else {
            let high = f(&self.context, hi.repr(), &mut self.cache);
            self.near(high)?.1
        };
        Ok(Real::Between(low, high))
    }

    /// Sine or cosine: their slope is at most one.
    fn wave(
        &mut self,
        x: &Real,
        f: impl Fn(&Context<HalfEven>, &Repr<2>, &mut Self) -> dashu_float::FpResult<Float>,
    ) -> Outcome {
        if self.size(x) > PERIODS {
            return Err(NoValue::TooLarge);
        }
        let (lo, hi) = self.ends(x);
        let context = self.context;
        let value = f(&context, lo.repr(), self);
        let (low, high) = self.near(value)?;
        let (_, width) = self.around(context.sub(hi.repr(), lo.repr()))?;
        let (low, _) = self.around(context.sub(low.repr(), width.repr()))?;
        let (_, high) = self.around(context.add(high.repr(), width.repr()))?;
        Ok(Real::Between(low.max(Float::NEG_ONE), high.min(Float::ONE)))
    }

    /// Abramowitz and Stegun (1964), 7.1.6: a series of positive terms for a positive argument.
    fn error_function(&mut self, x: &Float) -> Result<(Float, Float), NoValue> {
        if *x < Float::ZERO {
            let (lo, hi) = self.error_function(&-x.clone())?;
            return Ok((-hi, -lo));
        }
        if *x == Float::ZERO {
            return Ok((Float::ZERO, Float::ZERO));
        }
        let bits = self.context.precision();
        // 1 - erf(x) < exp(-x^2): beyond, it is below the last bit of one.
        let context = Context::<HalfEven>::new(bits + 64);
        let near = |r: dashu_float::FpResult<Float>| r.map(|x| x.value()).map_err(super::no_value);
        let square = near(context.mul(x.repr(), x.repr()))?;
        if square > Float::from(bits as i64) {
            let one = Float::ONE.with_precision(bits).value();
            return Ok((one.clone() - one.ulp(), one));
        }
        let (mut term, mut total, mut n) = (x.clone(), x.clone(), 0_i64);
        loop {
            n += 1;
            if n > TERMS {
                return Err(NoValue::TooLarge);
            }
            let ratio = near(context.mul(square.repr(), Float::from(2).repr()))?;
            let ratio = near(context.div(ratio.repr(), Float::from(2 * n + 1).repr()))?;
            term = near(context.mul(term.repr(), ratio.repr()))?;
            total = near(context.add(total.repr(), term.repr()))?;
            // The terms that follow are less than half of each other: their sum is below this one.
            let small = magnitude(&term) < magnitude(&total) - bits as isize - 8;
            if small && ratio < Float::from_parts(1.into(), -1) {
                break;
            }
        }
        let pi = self.cache.pi::<2, HalfEven>(bits + 64).value();
        let root = near(context.sqrt(pi.repr()))?;
        let decay = near(context.exp((-square).repr(), Some(&mut self.cache)))?;
        let product = near(context.mul(total.repr(), decay.repr()))?;
        let quotient = near(context.div((product * Float::from(2)).repr(), root.repr()))?;
        // Each of at most 2^17 terms is off by a few units of bit `bits + 64`.
        let value = quotient.with_precision(bits).value();
        let unit = value.ulp();
        Ok((&value - &unit, &value + &unit))
    }

    /// Binary digits before the point of the larger end.
    fn size(&self, x: &Real) -> isize {
        let (lo, hi) = self.ends(x);
        magnitude(&lo).max(magnitude(&hi))
    }
}

/// The value of a circular function at a multiple of π, or of an inverse one, where it is exact.
fn known(op: Op, x: &Real) -> Option<Outcome> {
    let ratio = |n: i64, d: i64| Number::ratio(n, d).expect("not zero");
    match (op, x) {
        (Op::Sin | Op::Cos | Op::Tan, Real::Turns(factor)) => {
            // The angle in parts of π/12, less whole turns: 0 to 23.
            let half = factor * &Number::HALF;
            let place = (&(&half - &half.floor()) * &Number::from(24)).to_i64()?;
            let halves = |place: i64| match place % 24 {
                0 | 12 => Some(0),
                2 | 10 => Some(1),
                6 => Some(2),
                14 | 22 => Some(-1),
                18 => Some(-2),
                _ => None,
            };
            let (sine, cosine) = (halves(place), halves(place + 6));
            match op {
                Op::Sin => Some(Ok(Real::Exact(ratio(sine?, 2)))),
                Op::Cos => Some(Ok(Real::Exact(ratio(cosine?, 2)))),
                _ if cosine == Some(0) => Some(Err(NoValue::Undefined)),
                _ if place % 3 == 0 => {
                    Some(Ok(Real::Exact([0, 1, 0, -1][(place / 3 % 4) as usize].into())))
                }
                _ => None,
            }
        }
        (Op::Asin, Real::Exact(n)) => {
            let places = [(Number::HALF, ratio(1, 6)), (Number::ONE, Number::HALF)];
            let angle = places.iter().find(|(value, _)| *value == n.abs())?.1.clone();
            Some(Ok(Real::Turns(if n.is_negative() { -&angle } else { angle })))
        }
        (Op::Acos, Real::Exact(n)) if n.is_zero() => Some(Ok(Real::Turns(Number::HALF))),
        (Op::Acos, _) => match known(Op::Asin, x)? {
            Ok(Real::Turns(angle)) => Some(Ok(Real::turns(&Number::HALF - &angle))),
            other => Some(other),
        },
        (Op::Atan, Real::Exact(n)) if n.abs().is_one() => Some(Ok(Real::Turns(n * &ratio(1, 4)))),
        _ => None,
    }
}

/// How many binary digits stand before the point of a number.
pub(super) fn magnitude(x: &Float) -> isize {
    let digits = x.repr().digits() as isize;
    if x.repr().significand().is_zero() { isize::MIN / 2 } else { digits + x.repr().exponent() }
}

#[cfg(test)]
mod tests {
    use super::super::{Precision, Real};
    use super::*;
    use crate::term::evaluate::Algebra;
    use crate::term::op::{Class, TABLE};

    #[test]
    fn multiples_of_pi_are_exact() {
        let mut precision = Precision::new(64, &|_| None);
        let turns = |n, d| Real::turns(Number::ratio(n, d).expect("not zero"));
        let mut at = |op, x: &Real| precision.function(op, std::slice::from_ref(x));
        let exact = |n, d| Ok(Real::Exact(Number::ratio(n, d).expect("not zero")));
        assert_eq!(at(Op::Sin, &turns(1, 1)), exact(0, 1));
        assert_eq!(at(Op::Sin, &turns(-7, 6)), exact(1, 2));
        assert_eq!(at(Op::Cos, &turns(31, 3)), exact(1, 2));
        assert_eq!(at(Op::Cos, &turns(5, 2)), exact(0, 1));
        assert_eq!(at(Op::Tan, &turns(3, 2)), Err(NoValue::Undefined));
        assert_eq!(at(Op::Tan, &turns(-1, 4)), exact(-1, 1));
        assert_eq!(at(Op::Acos, &Real::Exact((-1).into())), Ok(turns(1, 1)));
        assert_eq!(at(Op::Acos, &Real::Exact(Number::ONE)), exact(0, 1));
        assert_eq!(at(Op::Asin, &Real::Exact(-&Number::HALF)), Ok(turns(-1, 6)));
        // The others lie where doubles say.
        for (op, n, d, value) in [
            (Op::Sin, 1, 5, 0.5877852522924731),
            (Op::Tan, 5, 12, 3.732050807568877),
            (Op::Cos, 7, 4, std::f64::consts::FRAC_1_SQRT_2),
        ] {
            let found = at(op, &turns(n, d)).expect("a value").enclosure();
            assert!((found.lo - value).abs() < 1e-15, "{op:?}: {found:?}");
        }
    }

    /// At double arguments the enclosure to many bits lies inside, or meets, that of doubles; and
    /// more bits give a part of what fewer bits give.
    #[test]
    fn enclosures_narrow_down_to_one_value() {
        let values = [-2.5, -1.0, -0.75, -0.1, 1e-9, 0.3, 0.9, 1.0, 1.7, 3.0, 12.25, 700.0];
        let mut checked = 0;
        for row in TABLE.iter().filter(|r| r.class == Class::Function) {
            for (i, &x) in values.iter().enumerate() {
                let y = values[(i * 5 + 3) % values.len()];
                let doubles = &[x, y][..row.arity()];
                let args: Vec<Outcome> = doubles
                    .iter()
                    .map(|&x| Ok(Real::Exact(Number::from_f64(x).expect("finite"))))
                    .collect();
                let coarse = row.op.enclosure(
                    &doubles.iter().map(|&x| crate::term::Interval::around(x)).collect::<Vec<_>>(),
                );
                let mut last: Option<(Float, Float)> = None;
                for bits in [64, 100, 250] {
                    let mut precision = Precision::new(bits, &|_| None);
                    let Ok(value) = precision.call(row.op, &args) else {
                        continue;
                    };
                    let (lo, hi) = precision.ends(&value);
                    assert!(!coarse.is_disjoint(&value.enclosure()), "{} at {doubles:?}", row.name);
                    let width = (&hi - &lo).to_f64().value();
                    let size = hi.to_f64().value().abs().max(1e-300);
                    assert!(
                        width <= size * 2f64.powi(8 - bits as i32),
                        "{} at {doubles:?}: {width}",
                        row.name
                    );
                    if let Some((a, b)) = last {
                        assert!(a <= hi && lo <= b, "{} at {doubles:?}", row.name);
                    }
                    last = Some((lo, hi));
                    checked += 1;
                }
            }
        }
        assert!(checked > 500, "{checked}");
    }
}
