//! Arithmetic modulo the prime 2^61 − 1, in which polynomials are compared at random points.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::ToPrimitive;

use super::Number;

/// The prime 2^61 − 1.
pub const P: u64 = (1 << 61) - 1;

/// The sum of two residues.
#[inline]
pub fn add(a: u64, b: u64) -> u64 {
    let s = a + b;
    if s >= P { s - P } else { s }
}

/// The difference of two residues.
#[inline]
pub fn sub(a: u64, b: u64) -> u64 {
    if a >= b { a - b } else { a + P - b }
}

/// The product of two residues.
#[inline]
pub fn mul(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    let s = (wide as u64 & P) + (wide >> 61) as u64;
    if s >= P { s - P } else { s }
}

/// `a·b + c`.
#[inline]
pub fn mul_add(a: u64, b: u64, c: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b) + u128::from(c);
    let s = (wide as u64 & P) + (wide >> 61) as u64;
    if s >= P { s - P } else { s }
}

/// A power of a residue.
pub fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = mul(result, base);
        }
        base = mul(base, base);
        exponent >>= 1;
    }
    result
}

/// The inverse of a residue other than zero.
pub fn invert(a: u64) -> u64 {
    power(a, P - 2)
}

/// The residue of a whole number.
pub fn from_i64(value: i64) -> u64 {
    value.rem_euclid(P as i64) as u64
}

/// The residue of a rational; `None` when the prime divides its denominator.
pub fn residue(value: &Number) -> Option<u64> {
    let (numerator, denominator) = match value.small() {
        Some((n, d)) => (from_i64(n), from_i64(d)),
        None => {
            let part = |x: BigInt| x.mod_floor(&BigInt::from(P)).to_u64();
            (part(value.numerator())?, part(value.denominator())?)
        }
    };
    match denominator {
        0 => None,
        1 => Some(numerator),
        _ => Some(mul(numerator, invert(denominator))),
    }
}
