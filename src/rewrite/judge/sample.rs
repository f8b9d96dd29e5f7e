//! Points at which a rule is looked at: special values in all combinations, then seeded ones of
//! many sizes, moved to where the conditions of the rule hold.

use super::program::{Program, Run};
use crate::rewrite::condition::{Condition, Demand, Property, Relation, Threshold};
use crate::rewrite::facts::Facts;
use crate::rewrite::pattern::Pattern;
use crate::rewrite::rule::Rule;
use crate::term::real::{NoValue, Outcome, Precision, Real};
use crate::term::{Interval, Number, Op};

/// Values that are tried in all combinations first: where domains end and branches meet.
const SPECIAL: [(i64, i64); 9] =
    [(0, 1), (1, 1), (-1, 1), (1, 2), (-1, 2), (2, 1), (-2, 1), (3, 1), (-3, 1)];

/// Multiples of π that are tried besides, where a rule has circular functions.
const TURNS: [(i64, i64); 5] = [(1, 2), (1, 1), (-1, 2), (1, 4), (3, 2)];

/// Combinations of special values.
const COMBINATIONS: u64 = 2_500;

/// Attempts at one point before the next one is drawn.
const ATTEMPTS: usize = 24;

/// Bits to which conditions are decided at a point.
const BITS: usize = 96;

/// The exact values of a rule's variables: `None` stands for a term without a value there.
pub type Point = Vec<Option<Real>>;

/// A demand that `shift + scale*x` be an integer, or an even or odd one with its remainder.
struct Whole {
    shift: Number,
    scale: Number,
    remainder: Option<i64>,
}

impl Whole {
    /// The demand of a condition on one variable alone.
    fn of(condition: &Condition, variable: usize) -> Option<Whole> {
        let Demand::Is(property) = &condition.demand else { return None };
        let remainder = match property {
            Property::Integer => None,
            Property::Even => Some(0),
            Property::Odd => Some(1),
            Property::Number | Property::Total => return None,
        };
        let (shift, scale) = match &condition.expression {
            Pattern::Variable(v) if *v == variable => (Number::ZERO, Number::ONE),
            Pattern::Sum(k, parts) => match parts.as_slice() {
                [(c, Pattern::Variable(v))] if *v == variable => (k.clone(), c.clone()),
                _ => return None,
            },
            _ => return None,
        };
        Some(Whole { shift, scale, remainder })
    }

    /// The value moved to one that fulfils the demand.
    fn near(&self, value: &Number) -> Number {
        let target = &self.shift + &(&self.scale * value);
        let target = match self.remainder {
            None => target.floor(),
            Some(remainder) => {
                let half = (&target * &Number::HALF).floor();
                &(&half + &half) + &Number::from(remainder)
            }
        };
        let inverse = self.scale.recip().expect("a variable that occurs");
        &(&target - &self.shift) * &inverse
    }
}

/// Draws the points of one rule, the same ones in every run.
pub struct Sampler<'r> {
    rule: &'r Rule,
    seed: u64,
    drawn: u64,
    precision: Precision<'static>,
    conditions: Vec<(&'r Condition, Program, Run<Outcome>)>,
    /// What makes an integer of each variable, where a condition wants one.
    whole: Vec<Option<Whole>>,
    /// Variables that may stand for terms without a value, which matters where there is a choice:
    /// all other operations have none then either.
    lacking: Vec<usize>,
    /// Special values of each variable.
    special: Vec<Real>,
}

impl<'r> Sampler<'r> {
    /// A sampler of the rule's variables.
    pub fn new(rule: &'r Rule) -> Sampler<'r> {
        let mut precision = Precision::new(BITS, &|_| None);
        let conditions = rule.conditions.iter().map(|c| {
            let program = Program::of(&[&c.expression]);
            let run = program.start(&mut precision);
            (c, program, run)
        });
        let conditions = conditions.collect();
        let whole = (0..rule.variables.len()).map(|v| {
            rule.conditions.iter().filter_map(|c| Whole::of(c, v)).max_by_key(|w| w.remainder)
        });
        let whole = whole.collect();
        let constant = |v: usize| {
            let demands = rule.conditions.iter().filter(|c| c.expression == Pattern::Variable(v));
            let mut demands = demands.map(|c| &c.demand);
            demands.any(|d| matches!(d, Demand::Is(p) if *p != Property::Integer))
        };
        let lazy = chooses(&rule.lhs) || chooses(&rule.rhs);
        let lacking = (0..rule.variables.len())
            .filter(|&v| lazy && !rule.dropped.contains(&v) && !constant(v));
        let lacking = lacking.collect();
        let ratio = |&(n, d): &(i64, i64)| Number::ratio(n, d).expect("not zero");
        let mut special: Vec<Real> = SPECIAL.iter().map(|r| Real::Exact(ratio(r))).collect();
        if [&rule.lhs, &rule.rhs].into_iter().any(turns) {
            special.extend(TURNS.iter().map(|r| Real::Turns(ratio(r))));
        }
        let seed = 0x9e37_79b9_7f4a_7c15;
        Sampler { rule, seed, drawn: 0, precision, conditions, whole, lacking, special }
    }

    /// The next point at which the conditions hold; `None` when none was found in many attempts.
    pub fn point(&mut self) -> Option<Point> {
        let values = self.values()?;
        let mut point: Point = values.into_iter().map(Some).collect();
        let z = self.next();
        if !self.lacking.is_empty() && z.is_multiple_of(4) {
            point[self.lacking[(z >> 8) as usize % self.lacking.len()]] = None;
        }
        Some(point)
    }

    fn values(&mut self) -> Option<Vec<Real>> {
        let k = self.drawn;
        self.drawn += 1;
        (0..ATTEMPTS).find_map(|attempt| {
            let mut point = self.draw(k, attempt);
            if self.holds(&point) {
                return Some(point);
            }
            // Two rounds: moving one variable may open the range of another.
            for v in (0..point.len()).chain(0..point.len()) {
                self.move_into(&mut point, v);
            }
            self.holds(&point).then_some(point)
        })
    }

    fn draw(&mut self, k: u64, attempt: usize) -> Vec<Real> {
        let (count, specials) = (self.rule.variables.len(), self.special.len() as u64);
        let most = specials.saturating_pow(count as u32).min(COMBINATIONS);
        let mut index = k;
        let mut point: Vec<Real> = Vec::with_capacity(count);
        for v in 0..count {
            let value = if self.rule.truths.contains(&v) {
                Real::Exact((self.next() & 1 == 0).into())
            } else if k < most && attempt == 0 {
                let place = (index % specials) as usize;
                index /= specials;
                self.special[place].clone()
            } else {
                self.value(&point)
            };
            point.push(self.integral(v, value));
        }
        point
    }

    /// The value as an integer, where the rule wants one; never a vast one, on which functions
    /// would depend by all its digits.
    fn integral(&mut self, v: usize, value: Real) -> Real {
        let small = Number::from((self.next() % 41) as i64 - 20);
        match (&self.whole[v], value) {
            (None, value) => value,
            (Some(whole), Real::Exact(n)) if n.bits() <= 40 => Real::Exact(whole.near(&n)),
            (Some(whole), _) => Real::Exact(whole.near(&small)),
        }
    }

    /// A seeded value; sometimes one that is related to those before it.
    fn value(&mut self, before: &[Real]) -> Real {
        let z = self.next();
        if let Some(other) = before.get((z >> 8) as usize % before.len().max(1))
            && z.is_multiple_of(6)
        {
            return match other {
                Real::Exact(other) => Real::Exact(match (z >> 32) % 5 {
                    0 => other.clone(),
                    1 => -other,
                    2 => other.recip().unwrap_or(Number::ZERO),
                    3 => -&other.recip().unwrap_or(Number::ZERO),
                    _ => &Number::ONE - other,
                }),
                Real::Turns(other) if z & 64 == 0 => Real::Turns(-other),
                other => other.clone(),
            };
        }
        Real::Exact(self.number(z))
    }

    fn number(&self, z: u64) -> Number {
        // Few binary digits, so that sums and products of values are exact doubles.
        let unit = |bits: u32, scale: i64| {
            let whole = 1_i64 << bits;
            let n = ((z >> 20) as i64 & (2 * whole - 1)) - whole;
            Number::ratio(n * scale, whole).expect("not zero")
        };
        match (z >> 12) % 40 {
            0..=5 => {
                let (n, d) = SPECIAL[(z >> 32) as usize % SPECIAL.len()];
                Number::ratio(n, d).expect("a ratio")
            }
            6..=13 => unit(12, 1),
            14..=23 => unit(12, 4),
            24..=27 => unit(10, 20),
            28 => unit(8, 300),
            29 | 30 => Number::from((z >> 32) as i64 % 25 - 12),
            // Thirds, fifths, sevenths: numbers that no double is.
            31 | 32 => {
                let parts = [3, 5, 7, 9, 11][(z >> 17) as usize % 5];
                Number::ratio((z >> 32) as i64 % 41 - 20, parts).expect("not zero")
            }
            // The doubles beside multiples of π/12, where branches of angles meet.
            33..=35 => {
                let k = (z >> 32) as i64 % 97 - 48;
                dyadic(k as f64 * (std::f64::consts::PI / 12.0), 40)
            }
            36 => &unit(6, 1) * &decimal(["1e-3", "1e-5", "1e-6", "1e-8"][(z >> 17) as usize % 4]),
            37 | 38 => &unit(6, 1) * &decimal(["1e2", "1e3", "1e4", "1e6"][(z >> 17) as usize % 4]),
            _ => {
                let far = ["1e8", "1e-20", "1e20", "1e-300", "1e300"];
                &unit(6, 1) * &decimal(far[(z >> 17) as usize % far.len()])
            }
        }
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn next(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Whether every condition of the rule is proved at a point.
    fn holds(&mut self, point: &[Real]) -> bool {
        let values: Vec<Outcome> = point.iter().cloned().map(Ok).collect();
        let precision = &mut self.precision;
        self.conditions.iter_mut().all(|(condition, program, run)| {
            let [value] = program.evaluate(precision, run, &values);
            value.is_ok_and(|value| condition.demand.proved_by(&facts(&value)))
        })
    }

    /// Moves one variable to where those conditions hold that are linear in it, others kept.
    fn move_into(&mut self, point: &mut [Real], v: usize) {
        if self.rule.truths.contains(&v) {
            return;
        }
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        let (mut low_open, mut high_open) = (false, false);
        for k in 0..self.conditions.len() {
            let Demand::Compared(relation, bound) = &self.conditions[k].0.demand else { continue };
            let (relation, bound) = (*relation, bound.clone());
            let Some((slope, end)) = self.boundary(k, point, v, &bound) else { continue };
            let up = match relation {
                Relation::Greater | Relation::GreaterEqual => slope > 0.0,
                Relation::Less | Relation::LessEqual => slope < 0.0,
                Relation::Equal => {
                    (low, high) = (end, end);
                    continue;
                }
                Relation::Unequal => continue,
            };
            let open = matches!(relation, Relation::Greater | Relation::Less);
            if up && end >= low {
                (low, low_open) = (end, open);
            } else if !up && end <= high {
                (high, high_open) = (end, open);
            }
        }
        let now = middle(&point[v]);
        let above = now > low || (now == low && !low_open);
        let below = now < high || (now == high && !high_open);
        if (above && below) || low > high {
            return;
        }
        let z = self.next();
        let ends = [(low, low_open), (high, high_open)];
        let end = ends[(z & 1) as usize];
        let moved = if z % 9 < 2 && end.0.is_finite() && !end.1 {
            end.0
        } else if low.is_finite() && high.is_finite() {
            // Strictly inside, sometimes close to an end.
            let fraction = ((z >> 40) as f64 + 0.5) / f64::from(1 << 24);
            let fraction =
                if z.is_multiple_of(5) { fraction * fraction * fraction } else { fraction };
            low + (high - low) * fraction
        } else {
            // Beyond the one end by the size of some value.
            let step = self.number(z.rotate_left(21)).to_f64().abs();
            let step = step.clamp(f64::MIN_POSITIVE, 1e300);
            if low.is_finite() { low + step } else { high - step }
        };
        let value = if moved == end.0 { exact(moved) } else { dyadic(moved, 30) };
        point[v] = self.integral(v, Real::Exact(value));
    }

    /// Where a condition's expression meets its bound as a function of one variable, with the
    /// slope; `None` when it is not linear there.
    fn boundary(
        &mut self,
        condition: usize,
        point: &[Real],
        v: usize,
        bound: &Threshold,
    ) -> Option<(f64, f64)> {
        let (_, program, run) = &mut self.conditions[condition];
        let mut at = |x: i64| {
            let mut values: Vec<Outcome> = point.iter().cloned().map(Ok).collect();
            values[v] = Ok(Real::Exact(x.into()));
            let [value]: [Result<Real, NoValue>; 1] =
                program.evaluate(&mut self.precision, run, &values);
            value.ok().map(|value| middle(&value))
        };
        let (a, b, c) = (at(0)?, at(1)?, at(2)?);
        let slope = b - a;
        let straight = (c - b - slope).abs() <= 1e-12 * (a.abs() + b.abs() + c.abs());
        let middle = 0.5 * (bound.range.lo + bound.range.hi);
        (straight && slope != 0.0).then(|| (slope, (middle - a) / slope))
    }
}

/// What is known of one value.
fn facts(value: &Real) -> Facts {
    match value {
        Real::Exact(n) => Facts::number(n),
        Real::Turns(_) | Real::Between(..) => Facts::within(value.enclosure()),
    }
}

fn middle(x: &Real) -> f64 {
    let range = x.enclosure();
    0.5 * (range.lo + range.hi)
}

/// A number near `x` with at most so many binary digits after the point.
fn dyadic(x: f64, digits: u32) -> Number {
    let scale = (1_i64 << digits) as f64;
    match x.abs() * scale < 9e15 && x.abs() * scale > 1e3 {
        true => Number::ratio((x * scale).round() as i64, 1 << digits).expect("not zero"),
        false => exact(x),
    }
}

fn decimal(text: &str) -> Number {
    Number::from_decimal(text).expect("a decimal")
}

fn exact(x: f64) -> Number {
    Number::from_f64(x).unwrap_or(Number::ZERO)
}

/// Whether a pattern has circular functions or π.
fn turns(pattern: &Pattern) -> bool {
    use Op::{Acos, Asin, Atan, Atan2, Cos, Pi, Sin, Tan};
    let parts = pattern.form().map(|(_, parts)| parts).unwrap_or_default();
    matches!(pattern, Pattern::Call(Sin | Cos | Tan | Asin | Acos | Atan | Atan2 | Pi, _))
        || parts.into_iter().any(turns)
}

/// Whether a pattern evaluates one of two parts only.
fn chooses(pattern: &Pattern) -> bool {
    let parts = pattern.form().map(|(_, parts)| parts).unwrap_or_default();
    matches!(pattern, Pattern::Call(Op::If, _)) || parts.into_iter().any(chooses)
}

/// The interval of doubles around each coordinate.
pub fn intervals(point: &Point) -> Vec<Interval> {
    let interval = |x: &Real| x.exact().map_or_else(|| x.enclosure(), Number::enclosure);
    point.iter().map(|x| x.as_ref().map_or(Interval::NEVER, interval)).collect()
}

/// The coordinates as real numbers.
pub fn reals(point: &Point) -> Vec<Outcome> {
    point.iter().map(|x| x.clone().ok_or(NoValue::Undefined)).collect()
}
