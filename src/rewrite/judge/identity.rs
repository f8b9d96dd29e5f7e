//! Proof of polynomial identities: two polynomials that agree on a large enough grid are equal.
//!
//! Whatever is no sum, product or natural power (a call, a quotient) is one more unknown, so that
//! an identity that holds for all values of the unknowns holds for the rule. A polynomial of
//! degree `d` in an unknown that vanishes at `d + 1` of its values vanishes (Alon 1999, lemma 2.1).

use crate::rewrite::pattern::Pattern;
use crate::term::Number;

/// Most points of a grid.
const POINTS: usize = 4_096;

/// Whether both patterns are the same polynomial in their unknowns.
pub fn proves(lhs: &Pattern, rhs: &Pattern) -> bool {
    let mut unknowns = Vec::new();
    collect(lhs, &mut unknowns);
    collect(rhs, &mut unknowns);
    let degrees = unknowns.iter().map(|u| degree(lhs, u).max(degree(rhs, u)));
    let Some(degrees) = degrees.map(|d| usize::try_from(d).ok()).collect::<Option<Vec<_>>>() else {
        return false;
    };
    let points = degrees.iter().try_fold(1_usize, |n, d| n.checked_mul(d + 1));
    let Some(points) = points.filter(|&n| n <= POINTS) else { return false };
    (0..points).all(|mut k| {
        let point: Vec<Number> = degrees
            .iter()
            .map(|d| {
                let coordinate = k % (d + 1);
                k /= d + 1;
                // Values around zero keep the numbers short.
                Number::from(coordinate as i64 - *d as i64 / 2)
            })
            .collect();
        value(lhs, &unknowns, &point) == value(rhs, &unknowns, &point)
    })
}

/// Whether an exponent keeps a power inside polynomials.
fn natural(exponent: &Number) -> Option<i64> {
    exponent.to_i64().filter(|n| (0..=64).contains(n))
}

fn collect<'p>(pattern: &'p Pattern, unknowns: &mut Vec<&'p Pattern>) {
    match pattern {
        Pattern::Number(_) => {}
        Pattern::Sum(_, parts) => parts.iter().for_each(|(_, p)| collect(p, unknowns)),
        Pattern::Product(parts) if parts.iter().all(|(_, e)| natural(e).is_some()) => {
            parts.iter().for_each(|(p, _)| collect(p, unknowns));
        }
        other if !unknowns.contains(&other) => unknowns.push(other),
        _ => {}
    }
}

/// An upper bound on the degree in one unknown.
fn degree(pattern: &Pattern, unknown: &Pattern) -> i64 {
    if pattern == unknown {
        return 1;
    }
    match pattern {
        Pattern::Sum(_, parts) => parts.iter().map(|(_, p)| degree(p, unknown)).max().unwrap_or(0),
        Pattern::Product(parts) if parts.iter().all(|(_, e)| natural(e).is_some()) => parts
            .iter()
            .map(|(p, e)| degree(p, unknown).saturating_mul(natural(e).unwrap_or(0)))
            .fold(0, i64::saturating_add),
        _ => 0,
    }
}

fn value(pattern: &Pattern, unknowns: &[&Pattern], point: &[Number]) -> Number {
    match pattern {
        Pattern::Number(n) => n.clone(),
        Pattern::Sum(constant, parts) => parts
            .iter()
            .fold(constant.clone(), |sum, (c, p)| &sum + &(c * &value(p, unknowns, point))),
        Pattern::Product(parts) if parts.iter().all(|(_, e)| natural(e).is_some()) => {
            parts.iter().fold(Number::ONE, |product, (p, e)| {
                let power = value(p, unknowns, point).pow(natural(e).unwrap_or(0));
                &product * &power.expect("a small power of a small number")
            })
        }
        unknown => {
            let position = unknowns.iter().position(|u| *u == unknown);
            point[position.expect("every unknown was collected")].clone()
        }
    }
}
