//! The value of a term to a number of digits: with more and more bits until they no longer change.

use dashu_float::DBig;
use dashu_float::ops::Abs;
use dashu_float::round::mode::HalfAway;

use super::{Float, NoValue, Precision, Real};
use crate::term::evaluate::evaluate;
use crate::term::{Graph, Number, Term};

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
    let most = digits * ATTEMPTS[ATTEMPTS.len() - 1];
    let mut undecided = false;
    for attempt in ATTEMPTS {
        // Ten bits are three digits.
        let bits = (digits * attempt) * 10 / 3 + 64;
        let mut precision = Precision::new(bits, at);
        match evaluate(graph, root, &mut precision) {
            Ok(Real::Exact(n)) => return Ok(Precise::Exact(n)),
            Ok(value) => {
                let (lo, hi) = precision.ends(&value);
                undecided = false;
                if narrow(&lo, &hi, digits) {
                    return Ok(Precise::Rounded(written(&lo, digits)));
                }
            }
            Err(NoValue::Undecided) => undecided = true,
            Err(e) => return Err(e),
        }
    }
    if undecided { Err(NoValue::Undecided) } else { Ok(Precise::NearZero { digits: most }) }
}

/// Digits beyond those that are written, in the change from binary to decimal.
const GUARD: usize = 40;

/// Binary exponents from which on decimals are found by logarithms.
const VAST: isize = 30_000;

/// A number as a decimal of at most `digits` significant digits, all of them when it has few.
pub fn decimal(n: &Number, digits: usize) -> String {
    n.to_decimal(digits.max(1000)).unwrap_or_else(|| {
        let precision = Precision::new(digits * 10 / 3 + 64, &|_| None);
        written(&precision.ends(&Real::Exact(n.clone())).0, digits)
    })
}

impl Real {
    /// A decimal near the value, of at most `digits` digits.
    pub fn decimal(&self, digits: usize) -> String {
        match self {
            Real::Exact(n) => decimal(n, digits),
            Real::Between(lo, _) => written(lo, digits),
            Real::Turns(_) => {
                let precision = Precision::new(digits * 10 / 3 + 64, &|_| None);
                written(&precision.ends(self).0, digits)
            }
        }
    }
}

/// A number with so large an exponent that changing its base takes long: its logarithm tells mantissa
/// and exponent. `None` for others.
fn scaled(x: &Float, digits: usize) -> Option<String> {
    let exponent = x.repr().exponent();
    if exponent.abs() < VAST || *x == Float::ZERO {
        return None;
    }
    // An exponent of 64 bits takes as many away.
    let bits = digits * 10 / 3 + 160;
    let number = |n: i64| Float::from(n).with_precision(bits).value();
    let [two, ten] = [2, 10].map(|n| number(n).ln());
    let significand = Float::from_parts(x.repr().significand().clone(), 0);
    let negative = significand < Float::ZERO;
    let magnitude = if negative { -significand } else { significand };
    let log = magnitude.with_precision(bits).value().ln() + number(exponent as i64) * two;
    let whole = (&log / &ten).floor();
    let power = i64::try_from(whole.to_int().value()).ok()?;
    let mantissa = (log - whole * ten).exp();
    // Ten has one digit more than other mantissas.
    let text = written(&mantissa, digits);
    let (text, power) = if text == "10" { ("1".to_owned(), power + 1) } else { (text, power) };
    Some(format!("{}{text}e{power}", if negative { "-" } else { "" }))
}

/// Whether all numbers between two others have the same `digits` first digits, but for rounding.
fn narrow(lo: &Float, hi: &Float, digits: usize) -> bool {
    let unit = DBig::from_parts(1.into(), -(digits as isize) - 1);
    let unit: Float = unit.with_base_and_precision::<2>(64).value().with_rounding();
    let one_sign = *lo > Float::ZERO || *hi < Float::ZERO;
    one_sign && hi - lo <= lo.clone().abs() * unit
}

fn written(x: &Float, digits: usize) -> String {
    if let Some(text) = scaled(x, digits) {
        return text;
    }
    // Changing the base loses about as many digits as the exponent has, so that more are kept.
    let whole: DBig =
        x.clone().with_rounding::<HalfAway>().with_base_and_precision(digits + GUARD).value();
    let rounded = whole.with_precision(digits).value();
    let text = format!("{rounded:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    match exponent.parse::<i64>() {
        Ok(k) if (-6..=20).contains(&k) => rounded.to_string(),
        _ => format!("{mantissa}e{exponent}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Op;

    #[test]
    fn few_digits_of_tiny_numbers_are_right() {
        let mut g = Graph::new();
        // The digits of mpmath.
        for (exponent, text) in [
            (-1_000_000_i64, "3.29683e-434295"),
            (-100_000, "3.56295e-43430"),
            (1_000_000, "3.03322e434294"),
            (1_000_000_000, "8.00298e434294481"),
            (-100_000_000_000, "4.72952e-43429448191"),
            (123_456_789, "1.64511e53616602"),
        ] {
            let n = g.number(exponent);
            let e = g.call(Op::Exp, &[n]);
            let found = value(&g, e, &|_| None, 6);
            assert_eq!(found, Ok(Precise::Rounded(text.to_owned())));
        }
    }
}
