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

/// Whether all numbers between two others have the same `digits` first digits, but for rounding.
fn narrow(lo: &Float, hi: &Float, digits: usize) -> bool {
    let unit = DBig::from_parts(1.into(), -(digits as isize) - 1);
    let unit: Float = unit.with_base_and_precision::<2>(64).value().with_rounding();
    let one_sign = *lo > Float::ZERO || *hi < Float::ZERO;
    one_sign && hi - lo <= lo.clone().abs() * unit
}

fn written(x: &Float, digits: usize) -> String {
    let rounded: DBig =
        x.clone().with_rounding::<HalfAway>().with_base_and_precision(digits).value();
    let text = format!("{rounded:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    match exponent.parse::<i64>() {
        Ok(k) if (-6..=20).contains(&k) => rounded.to_string(),
        _ => format!("{mantissa}e{exponent}"),
    }
}
