//! A point at which two expressions differ for certain.

use super::request::names;
use crate::rewrite::Assumptions;
use crate::rewrite::facts::Facts;
use crate::term::evaluate::{Enclosing, evaluate};
use crate::term::interval::Defined;
use crate::term::op::Class;
use crate::term::real::{NoValue, Precision};
use crate::term::visit::reachable;
use crate::term::{Graph, Interval, Node, Number, Term};
use rustc_hash::FxHashMap;

/// Values at which formulas tend to go wrong, tried first.
const SPECIAL: [(i64, i64); 9] =
    [(0, 1), (1, 1), (-1, 1), (2, 1), (1, 2), (-1, 2), (-3, 1), (3, 1), (5, 4)];

/// Points tried after the special ones.
const POINTS: usize = 150;

/// Points at which values are compared to more bits: intervals of doubles do not tell near misses
/// apart.
const CLOSE: usize = 3;

/// Bits of the first comparison, and of those when nothing else has decided; constants, whose
/// one point is all there is, are compared to the last.
const BITS: usize = 256;
const MORE: [usize; 2] = [1_024, 4_096];
const CONSTANT: [usize; 3] = [1_024, 4_096, 16_384];

/// Where points may lie: what is assumed, with the graph that the assumptions are about.
pub struct Region<'a> {
    graph: &'a Graph,
    facts: &'a Assumptions,
    bounds: FxHashMap<String, Facts>,
}

impl<'a> Region<'a> {
    /// The points that fulfil assumptions.
    pub fn new(graph: &'a Graph, facts: &'a Assumptions) -> Region<'a> {
        let symbols = facts.terms().into_iter().filter_map(|t| match graph.node(t) {
            Node::Symbol(s) => Some((graph.name(*s).to_owned(), facts.of(t)?.clone())),
            _ => None,
        });
        Region { graph, facts, bounds: symbols.collect() }
    }

    /// Whether a point certainly fulfils everything that is assumed.
    fn allows(&self, point: &[(String, Number)]) -> bool {
        let leaf = |name: &str| {
            let known = point.iter().find(|(n, _)| n == name);
            known.map_or(Interval::ALL, |(_, n)| n.enclosure())
        };
        self.facts.terms().into_iter().all(|t| {
            let free = names(self.graph, t);
            // What is assumed of other names says nothing about this point.
            let foreign = !free.iter().any(|n| point.iter().any(|(m, _)| m == n));
            let value = || evaluate(self.graph, t, &mut Enclosing::new(leaf));
            foreign || self.facts.of(t).is_none_or(|known| known.allows(value()))
        })
    }
}

/// The seed of the points.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// The names of two expressions, with where their values may lie.
struct Sought<'a> {
    variables: Vec<String>,
    bounds: Vec<Interval>,
    region: &'a Region<'a>,
}

impl<'a> Sought<'a> {
    fn new(graph: &Graph, a: Term, b: Term, region: &'a Region<'a>) -> Sought<'a> {
        let mut variables = names(graph, a);
        for name in names(graph, b) {
            if !variables.contains(&name) {
                variables.push(name);
            }
        }
        let bounds = variables
            .iter()
            .map(|name| region.bounds.get(name).map_or(Interval::ALL, |known| known.range))
            .collect();
        Sought { variables, bounds, region }
    }

    /// Point `k`, when it is allowed.
    fn point(&self, k: usize, seed: &mut u64) -> Option<Vec<(String, Number)>> {
        let pairs = self.variables.iter().zip(&self.bounds).enumerate();
        let point: Option<Vec<(String, Number)>> = pairs
            .map(|(v, (name, bound))| Some((name.clone(), coordinate(k, v, bound, seed)?)))
            .collect();
        point.filter(|p| self.region.allows(p))
    }
}

/// A point where the first expression has a value and the second has another one or none.
pub fn difference(
    graph: &Graph,
    a: Term,
    b: Term,
    region: &Region,
) -> Option<Vec<(String, Number)>> {
    let sought = Sought::new(graph, a, b, region);
    let variables = &sought.variables;
    let mut seed = SEED;
    let mut close = 0;
    let mut gap: Option<Vec<(String, Number)>> = None;
    let rational = is_rational(graph, b);
    for k in 0..SPECIAL.len() * SPECIAL.len() + POINTS {
        let Some(point) = sought.point(k, &mut seed) else { continue };
        let leaf = |name: &str| {
            let known = point.iter().find(|(n, _)| n == name);
            known.map_or(Interval::ALL, |(_, n)| n.enclosure())
        };
        let x = evaluate(graph, a, &mut Enclosing::new(leaf));
        let y = evaluate(graph, b, &mut Enclosing::new(leaf));
        if x.defined != Defined::Always {
            continue;
        }
        if y.defined == Defined::Always && x.is_disjoint(&y) {
            return Some(point);
        }
        if y.defined == Defined::Never {
            // One point without a value, as that of (cosh(x) - 1)/sinh(x) at zero, is a gap that
            // such formulas are commonly read without; two points are a smaller domain.
            match &gap {
                Some(first) if *first != point => return Some(point),
                _ if rational => return Some(point),
                _ => gap = Some(point),
            }
            continue;
        }
        // Zero hides what is multiplied by it.
        let plain = variables.is_empty() || point.iter().all(|(_, n)| !n.is_zero() && !n.is_unit());
        if close < CLOSE && plain && y.defined == Defined::Always {
            close += 1;
            if differ(graph, a, b, &point, BITS) {
                return Some(point);
            }
        }
        if variables.is_empty() {
            break;
        }
    }
    None
}

/// Whether a term has no functions: its gaps are not read over.
pub fn is_rational(graph: &Graph, root: Term) -> bool {
    reachable(graph, &[root]).iter().all(|&t| match graph.node(t) {
        Node::Call(op, _) => op.row().class == Class::Arithmetic,
        _ => true,
    })
}

/// Whether the first expression certainly has a value at a point and the second has none.
pub fn is_gap(
    graph: &Graph,
    a: Term,
    b: Term,
    point: &[(String, Number)],
    region: &Region,
) -> bool {
    let known = |name: &str| point.iter().find(|(n, _)| n == name).map(|(_, n)| n.clone());
    let mut precision = Precision::new(BITS, &known);
    let mut value = |t: Term| evaluate(graph, t, &mut precision);
    region.allows(point) && value(a).is_ok() && value(b) == Err(NoValue::Undefined)
}

/// As [`difference`], by comparing to many bits at few points.
pub fn close_difference(
    graph: &Graph,
    a: Term,
    b: Term,
    region: &Region,
) -> Option<Vec<(String, Number)>> {
    let sought = Sought::new(graph, a, b, region);
    let constant = sought.variables.is_empty();
    let first = SPECIAL.len() * SPECIAL.len();
    let mut seed = SEED;
    let mut points = Vec::new();
    for k in first..first + POINTS {
        let Some(point) = sought.point(k, &mut seed) else { continue };
        points.push(point);
        if points.len() == CLOSE || constant {
            break;
        }
    }
    let bits = if constant { &CONSTANT[..] } else { &MORE[..] };
    for &bits in bits {
        for point in &points {
            if differ(graph, a, b, point, bits) {
                return Some(point.clone());
            }
        }
    }
    None
}

/// Whether values at a point differ within so many bits, for certain.
fn differ(graph: &Graph, a: Term, b: Term, point: &[(String, Number)], bits: usize) -> bool {
    let known = |name: &str| point.iter().find(|(n, _)| n == name).map(|(_, n)| n.clone());
    let mut precision = Precision::new(bits, &known);
    let mut value = |t: Term| evaluate(graph, t, &mut precision);
    match (value(a), value(b)) {
        (Ok(x), Ok(y)) => precision.differ(&x, &y),
        _ => false,
    }
}

/// The value of variable `v` at point `k`, inside its bounds.
fn coordinate(k: usize, v: usize, bound: &Interval, seed: &mut u64) -> Option<Number> {
    let n = SPECIAL.len();
    let number = if k < n * n {
        let (p, q) = SPECIAL[if v == 0 { k % n } else { (k / n + v * k) % n }];
        Number::ratio(p, q)?
    } else {
        // SplitMix64; the points are the same in every run.
        *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let unit = ((z ^ (z >> 31)) >> 44) as f64 / f64::from(1 << 20);
        // Most near zero, some farther out.
        let reach = if k.is_multiple_of(4) { 1024.0 } else { 4.0 };
        let (low, high) = (bound.lo.max(-reach), bound.hi.min(reach));
        let (low, high) = if low < high { (low, high) } else { (bound.lo, bound.hi) };
        Number::from_f64((low + (high - low) * unit).clamp(bound.lo, bound.hi))?
    };
    bound.contains(number.to_f64()).then_some(number)
}
