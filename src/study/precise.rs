//! The value of a term to any number of digits: exact rationals as long as they last, then decimal
//! floating point of growing precision until the digits asked for no longer change.

use std::cell::Cell;
use std::str::FromStr;

use dashu_float::DBig;
use dashu_float::ops::Abs;

use crate::term::evaluate::{Algebra, evaluate};
use crate::term::{Function, Graph, Number, Op, Term};

/// What an expression is worth at a point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Precise {
    /// A rational number.
    Exact(Number),
    /// A decimal, correct to the digits asked for.
    Rounded(String),
    /// Not told apart from zero by `digits` decimal places.
    NearZero {
        /// How many places were tried.
        digits: usize,
    },
}

/// Why there is no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoValue {
    /// Nothing real: a division by zero, the logarithm of a negative number.
    Undefined,
    /// A number of more bits or a larger exponent than is computed.
    TooLarge,
    /// More operations than are computed at so many digits.
    TooLong,
    /// A name without a value.
    Unknown(String),
}

/// Most bits of an exact intermediate number.
const BITS: u64 = 8_000_000;

/// Most bits of an exact intermediate number that is no integer: finding common factors takes
/// quadratic time. What becomes longer goes on as a decimal.
const RATIO_BITS: u64 = 4096;

/// Largest whole exponent for which a power is a few products.
const WHOLE: u64 = 1000;

/// What all operations may take together, roughly in nanoseconds; the first thousand always may.
const WORK: u64 = 5_000_000_000;
const FREE: u64 = 1000;

/// Largest argument of an exponential, and largest number of digits before the decimal point of an
/// argument of a periodic function.
const EXPONENT: isize = 12;
const PERIODS: isize = 10_000;

/// Precisions tried, as multiples of the digits asked for.
const ATTEMPTS: [usize; 5] = [1, 2, 4, 8, 16];

/// The value of a term, with names as `at` says.
///
/// # Errors
/// See [`NoValue`].
pub fn value(
    graph: &Graph,
    root: Term,
    at: &dyn Fn(&str) -> Option<Number>,
    digits: usize,
) -> Result<Precise, NoValue> {
    let mut before: Option<DBig> = None;
    let done = Done::default();
    for attempt in ATTEMPTS {
        let places = digits * attempt + 15;
        let mut algebra = Digits { places, at, done: &done };
        match evaluate(graph, root, &mut algebra)? {
            Value::Exact(n) => return Ok(Precise::Exact(n)),
            Value::Float(x) => {
                if let Some(last) = before.replace(x.clone())
                    && agrees(&last, &x, digits)
                {
                    return Ok(Precise::Rounded(written(&x, digits)));
                }
            }
        }
    }
    Ok(Precise::NearZero { digits: digits * ATTEMPTS[ATTEMPTS.len() - 1] })
}

/// A number as a decimal of at most `digits` significant digits, all of them when it has few.
pub fn decimal(n: &Number, digits: usize) -> String {
    n.to_decimal(digits.max(1000)).unwrap_or_else(|| {
        let done = Done::default();
        let x = Digits { places: digits + 5, at: &|_| None, done: &done }.float(n);
        written(&x, digits)
    })
}

fn agrees(a: &DBig, b: &DBig, digits: usize) -> bool {
    let difference = (a - b).abs();
    let unit = DBig::from_parts(1.into(), -(digits as isize) - 1);
    difference <= b.clone().abs() * unit
}

fn written(x: &DBig, digits: usize) -> String {
    let rounded = x.clone().with_precision(digits).value();
    let text = format!("{rounded:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    match exponent.parse::<i64>() {
        Ok(k) if (-6..=20).contains(&k) => rounded.to_string(),
        _ => format!("{mantissa}e{exponent}"),
    }
}

#[derive(Clone)]
enum Value {
    Exact(Number),
    Float(DBig),
}

type Outcome = Result<Value, NoValue>;

/// Operations that were computed and what they took.
#[derive(Default)]
struct Done {
    operations: Cell<u64>,
    work: Cell<u64>,
}

/// Arithmetic to a number of decimal places.
struct Digits<'a> {
    places: usize,
    at: &'a dyn Fn(&str) -> Option<Number>,
    done: &'a Done,
}

impl Digits<'_> {
    /// Counts an operation that takes so many nanoseconds.
    fn spend(&self, work: u64) -> Result<(), NoValue> {
        self.done.operations.set(self.done.operations.get() + 1);
        self.done.work.set(self.done.work.get().saturating_add(work));
        let much = self.done.operations.get() > FREE && self.done.work.get() > WORK;
        if much { Err(NoValue::TooLong) } else { Ok(()) }
    }

    /// Counts a sum or a product, which takes machine words times each other at most.
    fn spend_on(&self, a: &Value, b: &Value) -> Result<(), NoValue> {
        let words = |value: &Value| match value {
            Value::Exact(n) => n.bits() / 64 + 1,
            Value::Float(_) => self.places as u64 / 8 + 10,
        };
        self.spend(10 + words(a).saturating_mul(words(b)))
    }

    /// Counts so many exponentials, logarithms or the like.
    fn spend_on_functions(&self, count: u64) -> Result<(), NoValue> {
        let places = self.places as u64;
        self.spend(count * (3000 * places + 2 * places * places))
    }

    /// An exact number, as long as it stays short.
    fn bounded(&self, n: Number) -> Outcome {
        match n.bits() {
            bits if bits > BITS => Err(NoValue::TooLarge),
            bits if bits > RATIO_BITS && !n.is_integer() => Ok(Value::Float(self.float(&n))),
            _ => Ok(Value::Exact(n)),
        }
    }

    fn float(&self, n: &Number) -> DBig {
        let big = n.to_big();
        let whole = |text: String| {
            let x = DBig::from_str(&text).expect("digits");
            x.with_precision(self.places).value()
        };
        whole(big.numer().to_string()) / whole(big.denom().to_string())
    }

    fn as_float(&self, value: &Value) -> DBig {
        match value {
            Value::Exact(n) => self.float(n),
            Value::Float(x) => x.clone(),
        }
    }

    fn zero(&self) -> DBig {
        self.float(&Number::ZERO)
    }

    /// Whether a value is negative, zero or positive.
    fn sign(&self, value: &Value) -> i32 {
        match value {
            Value::Exact(n) => i32::from(n.is_positive()) - i32::from(n.is_negative()),
            Value::Float(x) => match x.partial_cmp(&self.zero()) {
                Some(std::cmp::Ordering::Less) => -1,
                Some(std::cmp::Ordering::Greater) => 1,
                _ => 0,
            },
        }
    }

    fn compare(&self, a: &Value, b: &Value) -> i32 {
        match (a, b) {
            (Value::Exact(a), Value::Exact(b)) => a.cmp(b) as i32,
            _ => self.sign(&Value::Float(self.as_float(a) - self.as_float(b))),
        }
    }

    fn raise(&self, base: &Value, exponent: &Value) -> Outcome {
        let whole = match exponent {
            Value::Exact(n) if n.is_integer() => Some(n),
            _ => None,
        };
        if self.sign(base) == 0 {
            return match self.sign(exponent) {
                1 => Ok(Value::Exact(Number::ZERO)),
                0 => Ok(Value::Exact(Number::ONE)),
                _ => Err(NoValue::Undefined),
            };
        }
        if let (Value::Exact(b), Some(n)) = (base, whole) {
            if b.abs().is_one() {
                let odd = !(n * &Number::HALF).is_integer();
                return Ok(Value::Exact(if odd { b.clone() } else { Number::ONE }));
            }
            let n = n.to_i64().ok_or(NoValue::TooLarge)?;
            if b.bits().saturating_mul(n.unsigned_abs()) > BITS {
                return Err(NoValue::TooLarge);
            }
            return b.pow(n).map(Value::Exact).ok_or(NoValue::TooLarge);
        }
        if let (Value::Exact(b), Value::Exact(e)) = (base, exponent)
            && let Some((n, d)) = e.small()
            && let Some(root) = u32::try_from(d).ok().and_then(|d| b.root(d))
            && b.bits().saturating_mul(n.unsigned_abs()) <= BITS
            && !b.is_negative()
        {
            return root.pow(n).map(Value::Exact).ok_or(NoValue::TooLarge);
        }
        if let Some(n) = whole.and_then(Number::to_i64)
            && n.unsigned_abs() <= WHOLE
        {
            self.spend_on(base, base)?;
            let power = self.as_float(base).powi(n.into());
            return Ok(Value::Float(power));
        }
        // A logarithm and an exponential, with a reduction of its argument.
        self.spend_on_functions(3)?;
        let negative = self.sign(base) < 0;
        if negative && whole.is_none() {
            return Err(NoValue::Undefined);
        }
        let odd = whole.is_some_and(|n| !(n * &Number::HALF).is_integer());
        let (x, y) = (self.as_float(base).abs(), self.as_float(exponent));
        let power = self.exp(x.ln() * y)?;
        Ok(Value::Float(if negative && odd { -power } else { power }))
    }

    fn exp(&self, x: DBig) -> Result<DBig, NoValue> {
        if magnitude(&x) > EXPONENT {
            return if x < self.zero() { Ok(self.zero()) } else { Err(NoValue::TooLarge) };
        }
        Ok(x.exp())
    }

    /// Abramowitz and Stegun (1964), 7.1.6: a series of positive terms.
    fn erf(&self, x: DBig) -> DBig {
        let limit = self.float(&Number::from(self.places as i64 + 10));
        // Beyond, the rest of the function is below every digit that is computed.
        if &x * &x > limit * self.float(&Number::from(3)) {
            return if x < self.zero() {
                -self.float(&Number::ONE)
            } else {
                self.float(&Number::ONE)
            };
        }
        let square = &x * &x;
        let (mut term, mut total, mut n) = (x.clone(), x.clone(), 0_i64);
        let least = DBig::from_parts(1.into(), -(self.places as isize) - 20);
        while term.clone().abs() > least && n < 100_000 {
            n += 1;
            term = term * &square * self.float(&Number::ratio(2, 2 * n + 1).expect("not zero"));
            total += &term;
        }
        let pi = DBig::pi(self.places);
        total * self.float(&Number::from(2)) / pi.sqrt() * (-square).exp()
    }

    /// The nearest integer in a direction, as an exact number.
    fn whole(&self, x: &DBig, op: Op) -> Outcome {
        if magnitude(x) > PERIODS {
            return Err(NoValue::TooLarge);
        }
        let rounded = match op {
            Op::Floor => x.floor(),
            Op::Ceil => x.ceil(),
            _ => x.round(),
        };
        let text = rounded.to_int().value().to_string();
        Number::from_decimal(text.trim_start_matches('-'))
            .map(|n| Value::Exact(if text.starts_with('-') { -&n } else { n }))
            .ok_or(NoValue::TooLarge)
    }

    fn function(&self, op: Op, args: &[Value]) -> Outcome {
        let x = self.as_float(&args[0]);
        let (one, sign) = (self.float(&Number::ONE), self.sign(&args[0]));
        let inside = |bound: &DBig| x.clone().abs() <= *bound;
        let float = |x: DBig| Ok(Value::Float(x));
        let defined = |holds: bool| if holds { Ok(()) } else { Err(NoValue::Undefined) };
        let odd = |f: DBig| if sign < 0 { -f } else { f };
        if matches!(op, Op::Sin | Op::Cos | Op::Tan) && magnitude(&x) > PERIODS {
            return Err(NoValue::TooLarge);
        }
        // Every function of the table that is not exact here has an irrational value at zero
        // arguments only where its row says so.
        match op {
            Op::Sqrt => defined(sign >= 0).and_then(|()| float(x.sqrt())),
            Op::Exp => float(self.exp(x)?),
            Op::Expm1 => float(self.exp(x)? - one),
            Op::Log => defined(sign > 0).and_then(|()| float(x.ln())),
            Op::Log2 => {
                defined(sign > 0).and_then(|()| float(x.ln() / self.float(&Number::from(2)).ln()))
            }
            Op::Log10 => {
                defined(sign > 0).and_then(|()| float(x.ln() / self.float(&Number::from(10)).ln()))
            }
            Op::Log1p => defined(x > -one.clone()).and_then(|()| float((x + one).ln())),
            Op::Cbrt => {
                let third = self.float(&Number::ratio(1, 3).expect("not zero"));
                float(odd((x.abs().ln() * third).exp()))
            }
            Op::Hypot => {
                let y = self.as_float(&args[1]);
                float((&x * &x + &y * &y).sqrt())
            }
            Op::Sin => float(x.sin()),
            Op::Cos => float(x.cos()),
            Op::Tan => float(x.tan()),
            Op::Asin => defined(inside(&one)).and_then(|()| float(x.asin())),
            Op::Acos => defined(inside(&one)).and_then(|()| float(x.acos())),
            Op::Atan => float(x.atan()),
            Op::Atan2 => {
                defined(sign != 0 || self.sign(&args[1]) != 0)?;
                float(x.atan2(&self.as_float(&args[1])))
            }
            Op::Sinh | Op::Cosh => {
                let (up, down) = (self.exp(x.clone())?, self.exp(-x)?);
                let sum = if op == Op::Sinh { up - down } else { up + down };
                float(sum * self.float(&Number::HALF))
            }
            Op::Tanh if magnitude(&x) > 6 => float(odd(one)),
            Op::Tanh => {
                let square = self.exp(x * self.float(&Number::from(2)))?;
                float((&square - &one) / (square + one))
            }
            Op::Asinh => float(odd({
                let y = x.abs();
                (&y + (&y * &y + &one).sqrt()).ln()
            })),
            Op::Acosh => {
                defined(x >= one)?;
                float((&x + (&x * &x - one).sqrt()).ln())
            }
            Op::Atanh => {
                defined(inside(&one) && x.clone().abs() != one)?;
                float(((&one + &x) / (&one - &x)).ln() * self.float(&Number::HALF))
            }
            Op::Erf => float(self.erf(x)),
            Op::Floor | Op::Ceil | Op::Round => self.whole(&x, op),
            _ => Err(NoValue::Undefined),
        }
    }
}

/// The decimal exponent of a number: how many digits stand before its point.
fn magnitude(x: &DBig) -> isize {
    let (digits, exponent) = (x.repr().digits() as isize, x.repr().exponent());
    if x.repr().significand().is_zero() { 0 } else { digits + exponent }
}

impl Algebra for Digits<'_> {
    type Value = Outcome;

    fn number(&mut self, n: &Number) -> Outcome {
        Ok(Value::Exact(n.clone()))
    }

    fn symbol(&mut self, name: &str) -> Outcome {
        (self.at)(name).map(Value::Exact).ok_or_else(|| NoValue::Unknown(name.to_owned()))
    }

    fn element(&mut self, array: &str, indices: &[i64]) -> Outcome {
        self.symbol(&crate::term::evaluate::element_name(array, indices))
    }

    fn add(&mut self, a: Outcome, b: Outcome) -> Outcome {
        let (a, b) = (a?, b?);
        self.spend_on(&a, &b)?;
        match (a, b) {
            (Value::Exact(a), Value::Exact(b)) => self.bounded(&a + &b),
            (a, b) => Ok(Value::Float(self.as_float(&a) + self.as_float(&b))),
        }
    }

    fn mul(&mut self, a: Outcome, b: Outcome) -> Outcome {
        let (a, b) = (a?, b?);
        self.spend_on(&a, &b)?;
        match (a, b) {
            (Value::Exact(a), Value::Exact(b)) => self.bounded(&a * &b),
            (Value::Exact(zero), _) | (_, Value::Exact(zero)) if zero.is_zero() => {
                Ok(Value::Exact(zero))
            }
            (a, b) => Ok(Value::Float(self.as_float(&a) * self.as_float(&b))),
        }
    }

    fn power(&mut self, a: Outcome, exponent: &Number) -> Outcome {
        self.raise(&a?, &Value::Exact(exponent.clone()))
    }

    fn call(&mut self, op: Op, args: &[Outcome]) -> Outcome {
        if op == Op::If {
            let holds = self.sign(&args[0].clone()?) != 0;
            return args[if holds { 1 } else { 2 }].clone();
        }
        let args: Vec<Value> = args.iter().cloned().collect::<Result<_, NoValue>>()?;
        let truth = |holds: bool| Ok(Value::Exact(Number::from(holds)));
        let minus_one = Number::MINUS_ONE;
        match (op, args.as_slice()) {
            (Op::Add, [a, b]) => return self.add(Ok(a.clone()), Ok(b.clone())),
            (Op::Mul, [a, b]) => return self.mul(Ok(a.clone()), Ok(b.clone())),
            (Op::Sub, [a, b]) => {
                let negative = self.mul(Ok(b.clone()), Ok(Value::Exact(minus_one)));
                return self.add(Ok(a.clone()), negative);
            }
            (Op::Neg, [a]) => return self.mul(Ok(a.clone()), Ok(Value::Exact(minus_one))),
            (Op::Div, [a, b]) => {
                let inverse = self.raise(b, &Value::Exact(minus_one));
                return self.mul(Ok(a.clone()), inverse);
            }
            (Op::Pow, [a, b]) => return self.raise(a, b),
            (Op::Less, [a, b]) => return truth(self.compare(a, b) < 0),
            (Op::LessEqual, [a, b]) => return truth(self.compare(a, b) <= 0),
            (Op::Equal, [a, b]) => return truth(self.compare(a, b) == 0),
            (Op::Min, [a, b]) => {
                return Ok(if self.compare(a, b) <= 0 { a.clone() } else { b.clone() });
            }
            (Op::Max, [a, b]) => {
                return Ok(if self.compare(a, b) >= 0 { a.clone() } else { b.clone() });
            }
            (Op::Abs, [a]) => {
                return Ok(match a {
                    Value::Exact(n) => Value::Exact(n.abs()),
                    Value::Float(x) => Value::Float(x.clone().abs()),
                });
            }
            (Op::Sign, [a]) => return Ok(Value::Exact(Number::from(i64::from(self.sign(a))))),
            (Op::Pi, _) => return Ok(Value::Float(DBig::pi(self.places))),
            (Op::Undefined, _) => return Err(NoValue::Undefined),
            _ => {}
        }
        let exact: Option<Vec<&Number>> = args
            .iter()
            .map(|a| match a {
                Value::Exact(n) => Some(n),
                Value::Float(_) => None,
            })
            .collect();
        match exact.and_then(|args| (op.row().exact)(&args)) {
            Some(n) => Ok(Value::Exact(n)),
            None => {
                self.spend_on_functions(1)?;
                self.function(op, &args)
            }
        }
    }

    fn apply(&mut self, function: &Function, _: &[Outcome]) -> Outcome {
        Err(NoValue::Unknown(function.name.clone()))
    }
}
