//! The judge of rules: a rule is refused when a sampled point refutes it.
//!
//! At each point every variable has an exact double; both sides are enclosed by intervals. A rule
//! is refuted where the enclosures have no point in common, where the left side has a value and
//! the right has not, and, for an exact rule, where the right side has a value and the left has
//! not. Points at which the condition fails are not usable; no usable point is a failure too.

use super::facts::{Facts, raise};
use super::pattern::Pattern;
use super::rule::Rule;
use crate::term::interval::Defined;
use crate::term::{Interval, Number, Op};

/// Values to draw from: 0, ±1, ±1/2, small integers, negatives, huge and tiny ones.
const VALUES: [f64; 24] = [
    0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 0.25, -0.75, 1.5, -1.25, 4.0, 7.5, -6.5,
    0.0625, -0.03125, 12.0, -11.0, 1e-6, -1e-6, 50.0, -40.0,
];

/// Why a rule is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// A point at which the two sides differ.
    Counterexample {
        /// Names and values of the variables.
        point: Vec<(String, f64)>,
        /// What the left side is there.
        left: Interval,
        /// What the right side is there.
        right: Interval,
    },
    /// The condition held at no sampled point, so that nothing was checked.
    NoUsablePoint,
}

/// Samples a rule at `points` seeded points; the number of usable ones.
///
/// # Errors
/// The first counterexample, or that no point was usable.
pub fn judge(rule: &Rule, points: u64) -> Result<u64, Refusal> {
    let mut usable = 0;
    for k in 0..points {
        let values: Vec<f64> = (0..rule.variables.len()).map(|v| draw(k, v as u64)).collect();
        let allowed =
            rule.conditions.iter().all(|c| c.predicate.holds(&at_point(values[c.variable])));
        if !allowed {
            continue;
        }
        let intervals: Vec<Interval> = values.iter().map(|&x| Interval::point(x)).collect();
        let (left, right) = (enclose(&rule.lhs, &intervals), enclose(&rule.rhs, &intervals));
        let (l, r) = (left.defined, right.defined);
        usable += u64::from(l == Defined::Always && r == Defined::Always);
        let wrong = match (l, r) {
            (Defined::Always, Defined::Always) => left.is_disjoint(&right),
            (Defined::Always, Defined::Never) => true,
            (Defined::Never, Defined::Always) => !rule.extends,
            _ => false,
        };
        if wrong {
            let point = rule.variables.iter().cloned().zip(values).collect();
            return Err(Refusal::Counterexample { point, left, right });
        }
    }
    if usable == 0 { Err(Refusal::NoUsablePoint) } else { Ok(usable) }
}

/// A value for variable `v` at point `k`: listed values first, then scaled pseudo-random ones.
fn draw(k: u64, v: u64) -> f64 {
    let mut z = k.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (v + 1).wrapping_mul(0xd1b5_4a32_d192_ed03);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    let listed = VALUES[(z % VALUES.len() as u64) as usize];
    if z & (1 << 40) == 0 {
        return listed;
    }
    let fraction = ((z >> 41) as f64) / f64::from(1 << 23);
    let scale = [1.0, 0.1, 10.0, 100.0][(z >> 8) as usize & 3];
    // Few digits, so that sums and products of values are exact and conditions are sharp.
    ((fraction * 2.0 - 1.0) * scale * 1024.0).round() / 1024.0
}

fn at_point(x: f64) -> Facts {
    let mut facts = Facts::within(Interval::point(x));
    facts.constant = Number::from_f64(x);
    facts.integer = x == x.trunc();
    facts
}

fn enclose(pattern: &Pattern, values: &[Interval]) -> Interval {
    match pattern {
        Pattern::Variable(v) => values[*v],
        Pattern::Number(n) => n.enclosure(),
        Pattern::Sum(k, parts) => parts.iter().fold(k.enclosure(), |sum, (c, p)| {
            let part = enclose(p, values);
            sum.add(if c.is_one() { part } else { c.enclosure().mul(part) })
        }),
        Pattern::Product(parts) => parts.iter().fold(Interval::point(1.0), |product, (p, e)| {
            product.mul(raise(enclose(p, values), e))
        }),
        Pattern::Call(op, args) => {
            let args: Vec<Interval> = args.iter().map(|p| enclose(p, values)).collect();
            match (op, args.as_slice()) {
                (Op::Pow, [a, b]) => a.pow(*b),
                _ => op.enclosure(&args),
            }
        }
        Pattern::Apply(..) => Interval { defined: Defined::Sometimes, ..Interval::ALL },
    }
}
