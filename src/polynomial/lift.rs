//! Factors modulo a prime, lifted to factors modulo its powers.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::modular::{Prime, Residues};

/// Integer coefficients from the constant up.
pub(super) type Dense = Vec<BigInt>;

/// The residue between -m/2 and m/2.
pub(super) fn centred(n: &BigInt, m: &BigInt) -> BigInt {
    let rest = n.mod_floor(m);
    if &rest * 2 > *m { rest - m } else { rest }
}

fn reduced(a: Dense, m: &BigInt) -> Dense {
    let mut a: Dense = a.into_iter().map(|c| c.mod_floor(m)).collect();
    while a.last().is_some_and(Zero::is_zero) {
        a.pop();
    }
    a
}

pub(super) fn times(a: &[BigInt], b: &[BigInt], m: &BigInt) -> Dense {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let mut product = vec![BigInt::zero(); a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            product[i + j] += x * y;
        }
    }
    reduced(product, m)
}

fn combined(a: &[BigInt], b: &[BigInt], m: &BigInt, minus: bool) -> Dense {
    let zero = BigInt::zero();
    let at = |p: &[BigInt], k: usize| p.get(k).cloned().unwrap_or_else(|| zero.clone());
    let n = a.len().max(b.len());
    let sum = (0..n).map(|k| if minus { at(a, k) - at(b, k) } else { at(a, k) + at(b, k) });
    reduced(sum.collect(), m)
}

/// Quotient and remainder of a division by a monic polynomial.
fn divided(a: &[BigInt], b: &[BigInt], m: &BigInt) -> (Dense, Dense) {
    let mut rest = a.to_vec();
    let Some(shift) = a.len().checked_sub(b.len()) else { return (Vec::new(), rest) };
    let mut quotient = vec![BigInt::zero(); shift + 1];
    for k in (0..=shift).rev() {
        let c = rest[k + b.len() - 1].mod_floor(m);
        if !c.is_zero() {
            for (j, y) in b.iter().enumerate() {
                rest[k + j] -= &c * y;
            }
        }
        quotient[k] = c;
    }
    (reduced(quotient, m), reduced(rest, m))
}

fn wide(a: &[u64]) -> Dense {
    a.iter().map(|&c| c.into()).collect()
}

/// The monic factors of `f` modulo a power of the prime that is at least `bound`, from those
/// modulo the prime, and that power (von zur Gathen and Gerhard, algorithm 15.17).
pub(super) fn lifted(
    f: &[BigInt],
    factors: &[Residues],
    prime: Prime,
    bound: &BigInt,
) -> (Vec<Dense>, BigInt) {
    let mut modulus = BigInt::from(prime.0);
    while modulus < *bound {
        modulus = &modulus * &modulus;
    }
    let mut out = Vec::with_capacity(factors.len());
    lift(f, factors, prime, &modulus, &mut out);
    (out, modulus)
}

fn lift(f: &[BigInt], factors: &[Residues], prime: Prime, bound: &BigInt, out: &mut Vec<Dense>) {
    let p = BigInt::from(prime.0);
    let lead = f[f.len() - 1].mod_floor(bound);
    if let [_] = factors {
        let inverse = inverse(&lead, bound);
        out.push(reduced(f.iter().map(|c| c * &inverse).collect(), bound));
        return;
    }
    let (left, right) = factors.split_at(factors.len() / 2);
    let product = |list: &[Residues]| list.iter().fold(vec![1], |p, f| prime.times(&p, f));
    let lead_residue = lead.mod_floor(&p).to_u64().unwrap_or(1);
    let g: Residues = product(left).iter().map(|c| c * lead_residue % prime.0).collect();
    let h = product(right);
    let (s, t) = prime.bezout(&g, &h);
    let (mut g, mut h, mut s, mut t) = (wide(&g), wide(&h), wide(&s), wide(&t));
    let mut m = p;
    while m < *bound {
        m = &m * &m;
        let error = combined(f, &times(&g, &h, &m), &m, true);
        let (q, r) = divided(&times(&s, &error, &m), &h, &m);
        let more = combined(&times(&t, &error, &m), &times(&q, &g, &m), &m, false);
        g = combined(&g, &more, &m, false);
        h = combined(&h, &r, &m, false);
        let one = [BigInt::one()];
        let both = combined(&times(&s, &g, &m), &times(&t, &h, &m), &m, false);
        let error = combined(&both, &one, &m, true);
        let (q, r) = divided(&times(&s, &error, &m), &h, &m);
        s = combined(&s, &r, &m, true);
        let less = combined(&times(&t, &error, &m), &times(&q, &g, &m), &m, false);
        t = combined(&t, &less, &m, true);
    }
    lift(&g, left, prime, bound, out);
    lift(&h, right, prime, bound, out);
}

/// The inverse modulo `m` of a number coprime to it.
fn inverse(a: &BigInt, m: &BigInt) -> BigInt {
    a.extended_gcd(m).x.mod_floor(m)
}

/// A bound for the coefficients of factors of a polynomial, times its leading coefficient
/// (Mignotte 1974), doubled for signs.
pub(super) fn bound(f: &[BigInt]) -> BigInt {
    let squares: BigInt = f.iter().map(|c| c * c).sum();
    let norm = squares.sqrt() + 1_u32;
    (norm << f.len()) * f[f.len() - 1].abs() * 2_u32
}
