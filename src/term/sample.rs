//! Proof by witness: a sampled point at which an enclosure shows that a term has a property.
//!
//! Cancelling `t - t` or `t / t` is right only where `t` has a value, or a value other than zero,
//! at least somewhere; otherwise `(x - x)/(x - x)` could become anything. One point at which the
//! interval enclosure excludes the bad case proves the claim; finding none proves nothing.

use rustc_hash::FxHashMap;

use super::evaluate::{Enclosing, evaluate, evaluate_further};
use super::graph::{Graph, Term};
use super::interval::{Defined, Interval};

/// What a witness point shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Claim {
    /// The term has a value.
    Defined,
    /// The term has a value other than zero.
    Nonzero,
    /// The term has a value greater than zero.
    Positive,
}

impl Claim {
    fn holds(self, x: Interval) -> bool {
        x.defined == Defined::Always
            && match self {
                Claim::Defined => true,
                Claim::Nonzero => x.excludes_zero(),
                Claim::Positive => x.lo > 0.0,
            }
    }
}

/// Points tried for a claim.
const POINTS: u64 = 24;

/// Points, the first ones, at which the values of all parts are remembered. Nearly every claim is
/// shown there, and a chain of terms that each need one is not evaluated from its start again.
const REMEMBERED: usize = 2;

/// The values of terms at the points that are remembered.
pub(super) type Samples = [FxHashMap<Term, Interval>; REMEMBERED];

/// Values of symbols to draw from: both signs, small and large, with short fractions.
const VALUES: [f64; 16] = [
    0.5, 1.5, -0.75, 2.25, 0.125, -1.25, 3.5, 0.8125, -2.5, 1.0625, 5.5, -0.1875, 0.3125, 7.75,
    12.5, -4.375,
];

/// The value of the symbol called `name` at sample point `point`: a fixed function of both.
pub fn value_at(name: &str, point: u64) -> f64 {
    // FNV-1a, so that points do not depend on hash seeds or the platform.
    let hash =
        name.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ point.wrapping_mul(0x9e37_79b9), |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
        });
    let mixed = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = VALUES[(mixed >> 60) as usize];
    // Half of the points are positive throughout, where most domains are.
    if point.is_multiple_of(2) { value.abs() } else { value }
}

impl Graph {
    /// Whether a sampled point proves the claim for the term; remembered.
    pub fn witness(&mut self, term: Term, claim: Claim) -> bool {
        if claim == Claim::Defined && self.is_total(term) {
            return true;
        }
        if let Some(n) = self.as_number(term) {
            return match claim {
                Claim::Defined => true,
                Claim::Nonzero => !n.is_zero(),
                Claim::Positive => n.is_positive(),
            };
        }
        if let Some(&known) = self.witnessed.get(&(term, claim)) {
            return known;
        }
        let mut samples = std::mem::take(&mut self.samples);
        let shown = (0..POINTS).any(|point| {
            let mut algebra = Enclosing::new(|leaf: &str| Interval::point(value_at(leaf, point)));
            claim.holds(match samples.get_mut(point as usize) {
                Some(known) => evaluate_further(self, term, &[], &mut algebra, known),
                None => evaluate(self, term, &mut algebra),
            })
        });
        self.samples = samples;
        self.witnessed.insert((term, claim), shown);
        shown
    }
}
