//! The judge of rules: a rule is used only when nothing speaks against it.
//!
//! Judged are the values, the domains and the growth of each direction. Where the structure of a
//! rule proves that both sides are one polynomial (`identity`), or that the one side has a value
//! wherever the other has (`domain`), that is noted; every rule is sampled all the same. At each
//! sampled point (`sample`) the variables are exact rationals, or multiples of π, that fulfil the
//! conditions; where a rule chooses, a variable may also stand for a term without a value. Both
//! sides are enclosed by intervals of doubles; where these are too wide to say something, and at
//! some points in any case, by intervals of many more bits. A rule is refused
//!
//! - where both sides have values that differ for certain,
//! - where the left side has a value and the right has not,
//! - unless it is marked `[extends]`, where the right side has a value and the left has not,
//! - when its right side may be larger than its left and it is not marked `[expanding]`,
//! - when too few points fulfil its conditions, or too few points could be decided.

mod domain;
mod identity;
mod program;
mod report;
mod sample;

use std::fmt;

pub use program::Program;
pub use report::{Judged, short, together};
use sample::Point;

use super::rule::{Growth, Rule};
use crate::term::Interval;
use crate::term::evaluate::Enclosing;
use crate::term::interval::Defined;
use crate::term::real::{NoValue, Outcome, Precision, Real};

/// Points at which a rule is sampled.
pub const POINTS: u64 = 10_000;

/// The part of all points at which both sides must have had a value that could be compared.
const USABLE: u64 = 20;

/// Points that are looked at with many bits although doubles agree there, spread over all.
const CLOSE: u64 = 24;

/// Points at which doubles do not tell, and many bits are tried.
const HARD: u64 = 60;

/// Bits of the first and of further attempts.
const BITS: [usize; 3] = [160, 400, 1_600];

/// Bits to which two values must agree to count as equal where many bits are used.
const CLOSENESS: isize = 100;

/// Relative width of the hull of two intervals of doubles that agree.
const NARROW: f64 = 1e-10;

/// How a part of a verdict came about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// From the structure of the rule.
    Proved,
    /// At sampled points.
    Sampled,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Basis::Proved => "proved",
            Basis::Sampled => "sampled",
        })
    }
}

/// What was found at the sampled points.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Points at which the conditions hold.
    pub points: u64,
    /// Both sides have values, which agree.
    pub agree: u64,
    /// Neither side has a value.
    pub outside: u64,
    /// Only the right side has a value, as a rule marked `[extends]` may have it.
    pub extended: u64,
    /// Not decided with the bits that were tried.
    pub undecided: u64,
    /// Points at which more bits than those of doubles were used.
    pub close: u64,
    /// Points at which intervals of doubles contradict those of more bits: a defect of the former.
    pub defects: u64,
}

/// What the judge found of a rule that may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// That both sides have the same value.
    pub value: Basis,
    /// That the right side has a value wherever the left has, and that of an exact rule also the
    /// other way round.
    pub domain: Basis,
    /// The points.
    pub tally: Tally,
}

/// A point that refutes a rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Counterexample {
    /// Names and values of the variables; `None` for a term that has no value there.
    pub point: Vec<(String, Option<Real>)>,
    /// What the left side is there; `None` when it has no value.
    pub left: Option<Real>,
    /// What the right side is there; `None` when it has no value.
    pub right: Option<Real>,
}

/// Why a rule is refused.
#[derive(Clone, PartialEq, Debug)]
pub enum Refusal {
    /// A point speaks against it.
    Counterexample(Box<Counterexample>),
    /// The right side may be larger, and the rule is not marked.
    Grows(Growth),
    /// The conditions hold at too few points: at so many of those that were tried.
    NeverHolds(u64),
    /// Too few points at which both sides could be compared.
    TooFewPoints(Tally),
}

/// What one point says.
enum Finding {
    Agree,
    Outside,
    Extended,
    Undecided,
    Refuted(Option<Real>, Option<Real>),
}

/// Judges a rule at `points` points.
///
/// # Errors
/// The first reason to refuse it.
pub fn judge(rule: &Rule, points: u64) -> Result<Verdict, Refusal> {
    if let Some(growth) = rule.growth().filter(|_| !rule.expanding) {
        return Err(Refusal::Grows(growth));
    }
    let tally = sampled(rule, points)?;
    let inside = domain::proves(&rule.lhs, &rule.rhs, &rule.conditions);
    let both = rule.extends || domain::proves(&rule.rhs, &rule.lhs, &rule.conditions);
    let basis = |proved: bool| if proved { Basis::Proved } else { Basis::Sampled };
    let value = basis(identity::proves(&rule.lhs, &rule.rhs));
    Ok(Verdict { value, domain: basis(inside && both), tally })
}

fn sampled(rule: &Rule, points: u64) -> Result<Tally, Refusal> {
    // A rule about numbers alone has one point.
    let points = if rule.variables.is_empty() { 1 } else { points };
    let mut sampler = sample::Sampler::new(rule);
    let mut bench = Bench::new(rule);
    let (mut tally, mut missed) = (Tally::default(), 0);
    while tally.points < points {
        let Some(point) = sampler.point() else {
            missed += 1;
            // Conditions that hold hardly anywhere would check hardly anything.
            if missed > 200 && missed > 10 * tally.points {
                return Err(Refusal::NeverHolds(tally.points));
            }
            continue;
        };
        let close = tally.points % (points / CLOSE).max(1) == 0;
        tally.points += 1;
        match bench.look(&point, close, &mut tally) {
            Finding::Agree => tally.agree += 1,
            Finding::Outside => tally.outside += 1,
            Finding::Extended => tally.extended += 1,
            Finding::Undecided => tally.undecided += 1,
            Finding::Refuted(left, right) => {
                let point = rule.variables.iter().cloned().zip(point).collect();
                let found = Counterexample { point, left, right };
                return Err(Refusal::Counterexample(Box::new(found)));
            }
        }
    }
    if tally.agree * USABLE < points {
        return Err(Refusal::TooFewPoints(tally));
    }
    Ok(tally)
}

/// Both sides of a rule, ready to be evaluated.
struct Bench<'r> {
    rule: &'r Rule,
    program: Program,
    rational: bool,
    coarse: program::Run<Interval>,
    fine: Vec<(Precision<'static>, program::Run<Outcome>)>,
    hard: u64,
}

type Leaf = fn(&str) -> Interval;

fn doubles() -> Enclosing<Leaf> {
    Enclosing::new(|_| Interval::ALL)
}

impl<'r> Bench<'r> {
    fn new(rule: &'r Rule) -> Bench<'r> {
        let program = Program::of(&[&rule.lhs, &rule.rhs]);
        let coarse = program.start(&mut doubles());
        let fine = BITS.map(|bits| {
            let mut precision = Precision::new(bits, &|_| None);
            let run = program.start(&mut precision);
            (precision, run)
        });
        let rational = program.is_rational();
        Bench { rule, program, rational, coarse, fine: fine.into(), hard: 0 }
    }

    fn look(&mut self, point: &Point, close: bool, tally: &mut Tally) -> Finding {
        if self.rational {
            return self.look_closely(point, 1);
        }
        use Defined::{Always, Never};
        let intervals = sample::intervals(point);
        let [left, right] = self.program.evaluate(&mut doubles(), &mut self.coarse, &intervals);
        let differ = match (left.defined, right.defined) {
            (Never, Never) if !close => return Finding::Outside,
            (Never, Always) if !close && self.rule.extends => return Finding::Extended,
            (Always, Always) if !close && agree(left, right) => return Finding::Agree,
            (Always, Always) => left.is_disjoint(&right),
            (Always, Never) | (Never, Always) => true,
            _ => false,
        };
        // What doubles refute for certain is looked at with more bits all the same; so are some
        // of the points at which they are too wide to say something.
        let turns = || point.iter().any(|x| matches!(x, Some(Real::Turns(_))));
        if !close && !differ && !turns() {
            self.hard += 1;
            if self.hard > HARD {
                return Finding::Undecided;
            }
        }
        tally.close += 1;
        let finding = self.look_closely(point, BITS.len());
        tally.defects += u64::from(differ && matches!(finding, Finding::Agree | Finding::Outside));
        finding
    }

    /// What exact numbers, or as many bits as it takes, say of a point.
    fn look_closely(&mut self, point: &Point, attempts: usize) -> Finding {
        let values = sample::reals(point);
        for (precision, run) in self.fine.iter_mut().take(attempts) {
            let [left, right] = self.program.evaluate(precision, run, &values);
            let finding = match (left, right) {
                (Err(NoValue::Undefined), Err(NoValue::Undefined)) => Finding::Outside,
                (Err(NoValue::Undefined), Ok(_)) if self.rule.extends => Finding::Extended,
                (Err(NoValue::Undefined), Ok(right)) => Finding::Refuted(None, Some(right)),
                (Ok(left), Err(NoValue::Undefined)) => Finding::Refuted(Some(left), None),
                (Ok(left), Ok(right)) if precision.differ(&left, &right) => {
                    Finding::Refuted(Some(left), Some(right))
                }
                (Ok(left), Ok(right)) if precision.agree(&left, &right, CLOSENESS) => {
                    Finding::Agree
                }
                (Err(NoValue::TooLarge), _) | (_, Err(NoValue::TooLarge)) => Finding::Undecided,
                _ => continue,
            };
            return finding;
        }
        Finding::Undecided
    }
}

/// Whether two enclosures say that two values agree, as far as doubles can tell.
fn agree(a: Interval, b: Interval) -> bool {
    let hull = a.hull(&b);
    let bounded = hull.lo.is_finite() && hull.hi.is_finite();
    bounded
        && !a.is_disjoint(&b)
        && hull.hi - hull.lo <= NARROW * hull.hi.abs().max(hull.lo.abs()).max(1.0)
}
