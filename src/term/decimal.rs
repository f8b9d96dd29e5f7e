//! Rational numbers as finite decimals, where they have one.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;

use super::number::{Form, Number};

impl Number {
    /// The value as a finite decimal such as `0.04` or `4.44e11`, when its denominator has only the
    /// factors 2 and 5 and at most `most` digits are not leading or trailing zeros; an integer
    /// always has one.
    pub fn to_decimal(&self, most: usize) -> Option<String> {
        // Short integers are plain in any case.
        if let Form::Small(n, 1) = &self.0
            && n.unsigned_abs() < 1_000_000
        {
            return Some(n.to_string());
        }
        let places = self.decimal_places()?;
        let digits = match &self.0 {
            Form::Small(n, d) if places <= 18 => (u128::from(n.unsigned_abs())
                * (10_u128.pow(places as u32) / u128::from(*d)))
            .to_string(),
            _ => {
                let scale = BigRational::from_integer(BigInt::from(10).pow(places as u32));
                (self.to_big() * scale).numer().magnitude().to_string()
            }
        };
        let significant = digits.trim_end_matches('0');
        if places > 0 && significant.len() > most {
            return None;
        }
        let sign = if self.is_negative() { "-" } else { "" };
        let (first, more) = significant.split_at(significant.len().min(1));
        let point = if more.is_empty() { "" } else { "." };
        let exponent = digits.len() as i64 - 1 - places as i64;
        let scientific = format!("{first}{point}{more}e{exponent}");
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        let point = if fraction.is_empty() { "" } else { "." };
        let plain = format!("{whole}{point}{fraction}");
        // Powers of ten are for numbers that are mostly zeros.
        let shorter = plain.len() > scientific.len() + 3;
        Some(format!("{sign}{}", if shorter { scientific } else { plain }))
    }

    /// Digits after the point of the finite decimal, when there is one: the denominator has only
    /// the factors 2 and 5.
    fn decimal_places(&self) -> Option<usize> {
        fn places<T: Integer + Clone>(denominator: &T, two: &T, five: &T) -> Option<usize> {
            let mut rest = denominator.clone();
            let mut count = |factor: &T| {
                let mut times = 0;
                while rest.is_multiple_of(factor) {
                    rest = rest.div_floor(factor);
                    times += 1;
                }
                times
            };
            let places = count(two).max(count(five));
            rest.is_one().then_some(places)
        }
        match &self.0 {
            Form::Small(_, d) => places(d, &2, &5),
            Form::Big(b) => places(b.denom(), &BigInt::from(2), &BigInt::from(5)),
        }
    }
}
