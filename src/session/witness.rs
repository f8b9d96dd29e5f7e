//! A point at which two expressions differ for certain.

use super::request::names;
use crate::rewrite::Assumptions;
use crate::rewrite::facts::Facts;
use crate::term::evaluate::{Enclosing, evaluate};
use crate::term::interval::Defined;
use crate::term::op::Class;
use crate::term::real::{NoValue, Precise, value};
use crate::term::visit::reachable;
use crate::term::{Graph, Interval, Node, Number, Term};
use rustc_hash::FxHashMap;

/// Values at which formulas tend to go wrong, tried first.
const SPECIAL: [(i64, i64); 9] =
    [(0, 1), (1, 1), (-1, 1), (2, 1), (1, 2), (-1, 2), (-3, 1), (3, 1), (5, 4)];

/// Points tried after the special ones.
const POINTS: usize = 150;

/// Of these, points at which values are compared to many digits: intervals of doubles do not tell
/// near misses apart.
const CLOSE: usize = 3;

/// Digits of the close comparison.
const DIGITS: usize = 60;

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

/// A point where the first expression has a value and the second has another one or none.
pub fn difference(
    graph: &Graph,
    a: Term,
    b: Term,
    region: &Region,
) -> Option<Vec<(String, Number)>> {
    let mut variables = names(graph, a);
    for name in names(graph, b) {
        if !variables.contains(&name) {
            variables.push(name);
        }
    }
    let bounds: Vec<Interval> = variables
        .iter()
        .map(|name| region.bounds.get(name).map_or(Interval::ALL, |known| known.range))
        .collect();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut close = 0;
    let mut gap: Option<Vec<(String, Number)>> = None;
    let rational = reachable(graph, &[b]).iter().all(|&t| match graph.node(t) {
        Node::Call(op, _) => op.row().class == Class::Arithmetic,
        _ => true,
    });
    for k in 0..SPECIAL.len() * SPECIAL.len() + POINTS {
        let point: Option<Vec<(String, Number)>> = variables
            .iter()
            .zip(&bounds)
            .enumerate()
            .map(|(v, (name, bound))| {
                let n = coordinate(k, v, bound, &mut seed)?;
                Some((name.clone(), n))
            })
            .collect();
        let Some(point) = point.filter(|p| region.allows(p)) else { continue };
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
        if close < CLOSE && y.defined == Defined::Always {
            close += 1;
            let known = |name: &str| point.iter().find(|(n, _)| n == name).map(|(_, n)| n.clone());
            if differ(&value(graph, a, &known, DIGITS), &value(graph, b, &known, DIGITS)) {
                return Some(point);
            }
        }
        if variables.is_empty() {
            break;
        }
    }
    None
}

/// Whether two values differ within the digits that both are correct to.
fn differ(a: &Result<Precise, NoValue>, b: &Result<Precise, NoValue>) -> bool {
    let text = |v: &Result<Precise, NoValue>| match v {
        Ok(Precise::Exact(n)) => Some(crate::term::real::decimal(n, DIGITS)),
        Ok(Precise::Rounded(text)) => Some(text.clone()),
        Ok(Precise::NearZero { .. }) | Err(_) => None,
    };
    let (Some(a), Some(b)) = (text(a), text(b)) else { return false };
    let parse = |text: &str| {
        let digits = text.trim_start_matches('-');
        Number::from_decimal(digits).map(|n| if digits.len() < text.len() { -&n } else { n })
    };
    let (Some(a), Some(b)) = (parse(&a), parse(&b)) else { return false };
    let scale = Number::from(10).pow(DIGITS as i64 - 5).expect("a power of ten");
    &(&a - &b).abs() * &scale > a.abs().max(b.abs()).clone()
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
        let (low, high) = (bound.lo.max(-4.0), bound.hi.min(4.0));
        let (low, high) = if low < high { (low, high) } else { (bound.lo, bound.hi) };
        Number::from_f64((low + (high - low) * unit).clamp(bound.lo, bound.hi))?
    };
    bound.contains(number.to_f64()).then_some(number)
}
