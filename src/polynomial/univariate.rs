//! Factors over the integers of polynomials in one variable: modulo a prime, lifted, recombined
//! (Zassenhaus 1969).

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::budget::{Budget, Exceeded};
use super::combine::{Searched, combined};
use super::gcd::integer_gcd;
use super::lift::{Dense, bound, centred, lifted, times};
use super::modular::{Prime, Residues};

/// Primes that are tried.
const PRIMES: [u64; 24] =
    [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97];

/// Primes whose factors are counted, to take one that gives few.
const COUNTED: usize = 5;

/// Combinations of factors that are tried.
const COMBINATIONS: u64 = 100_000;

/// The irreducible factors of a primitive square-free polynomial of positive degree and leading
/// coefficient, and whether these are certainly all.
pub(super) fn factors(f: &Dense, budget: &mut Budget) -> Result<(Vec<Dense>, bool), Exceeded> {
    if f.len() <= 2 {
        return Ok((vec![f.clone()], true));
    }
    let Some((prime, by_degree)) = prime(f, budget)? else { return Ok((vec![f.clone()], false)) };
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let split = by_degree.into_iter().flat_map(|(d, part)| prime.split(part, d, &mut seed));
    let mut modular: Vec<Residues> = split.collect();
    if modular.len() == 1 {
        return Ok((vec![f.clone()], true));
    }
    modular.sort();
    let bound = bound(f);
    let words = bound.bits() / 64 + 1;
    budget.spend(20 * words * words * (f.len() * f.len()) as u64)?;
    let (lifted, modulus) = lifted(f, &modular, prime, &bound);
    recombined(f, lifted, &modulus, budget)
}

/// A prime modulo which the polynomial stays square-free and has few factors.
fn prime(
    f: &Dense,
    budget: &mut Budget,
) -> Result<Option<(Prime, Vec<(usize, Residues)>)>, Exceeded> {
    let mut best: Option<(usize, Prime, Vec<(usize, Residues)>)> = None;
    let mut counted = 0;
    for p in PRIMES {
        let prime = Prime(p);
        let modulus = BigInt::from(p);
        let residues: Residues =
            f.iter().map(|c| c.mod_floor(&modulus).to_u64().unwrap_or(0)).collect();
        if residues.last() == Some(&0) {
            continue;
        }
        let monic = prime.monic(&residues);
        let slope = prime.derivative(&monic);
        if slope.is_empty() || prime.gcd(&monic, &slope).len() > 1 {
            continue;
        }
        budget.spend((f.len() * f.len() * f.len()) as u64)?;
        let by_degree = prime.by_degree(&monic);
        let count = by_degree.iter().map(|(d, part)| (part.len() - 1) / d).sum();
        if best.as_ref().is_none_or(|(least, ..)| count < *least) {
            best = Some((count, prime, by_degree));
        }
        counted += 1;
        if count == 1 || counted == COUNTED {
            break;
        }
    }
    Ok(best.map(|(_, prime, by_degree)| (prime, by_degree)))
}

/// True factors as products of those modulo a power of a prime.
fn recombined(
    f: &Dense,
    modular: Vec<Dense>,
    modulus: &BigInt,
    budget: &mut Budget,
) -> Result<(Vec<Dense>, bool), Exceeded> {
    let (mut rest, mut found) = (f.clone(), Vec::new());
    let searched = combined(modular, COMBINATIONS, |modular, chosen| {
        budget.spend(4 * modular.len() as u64)?;
        let hit = candidate(&rest, modular, chosen, modulus);
        Ok(hit.map(|(factor, quotient)| {
            found.push(factor);
            rest = quotient;
        }))
        .map(|hit| hit.is_some())
    })?;
    if rest.len() > 1 {
        found.push(rest);
    }
    Ok((found, searched == Searched::All))
}

/// The factor that a combination stands for, and what it leaves of the polynomial.
fn candidate(
    rest: &Dense,
    modular: &[Dense],
    chosen: &[usize],
    modulus: &BigInt,
) -> Option<(Dense, Dense)> {
    let lead = &rest[rest.len() - 1];
    // The constant coefficient alone refutes nearly all.
    let constant =
        chosen.iter().fold(lead.clone(), |c, &k| (c * &modular[k][0]).mod_floor(modulus));
    let constant = centred(&constant, modulus);
    let last = lead * &rest[0];
    if !rest[0].is_zero() && (constant.is_zero() || !(last % &constant).is_zero()) {
        return None;
    }
    let start = vec![lead.clone()];
    let product = chosen.iter().fold(start, |p, &k| times(&p, &modular[k], modulus));
    let factor = primitive(product.iter().map(|c| centred(c, modulus)).collect());
    quotient(rest, &factor).map(|q| (factor, q))
}

pub(super) fn primitive(f: Dense) -> Dense {
    let mut content = integer_gcd(&f);
    if f.last().is_some_and(Signed::is_negative) {
        content = -content;
    }
    if content.is_one() { f } else { f.into_iter().map(|c| c / &content).collect() }
}

/// The quotient of an exact division.
fn quotient(a: &Dense, b: &Dense) -> Option<Dense> {
    let shift = a.len().checked_sub(b.len())?;
    let (mut rest, mut quotient) = (a.clone(), vec![BigInt::zero(); shift + 1]);
    for k in (0..=shift).rev() {
        let (c, left) = rest[k + b.len() - 1].div_rem(&b[b.len() - 1]);
        if !left.is_zero() {
            return None;
        }
        if !c.is_zero() {
            for (j, y) in b.iter().enumerate() {
                rest[k + j] -= &c * y;
            }
        }
        quotient[k] = c;
    }
    rest.iter().all(Zero::is_zero).then_some(quotient)
}
