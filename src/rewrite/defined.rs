//! Whether one term has a value wherever another has one.

use super::assumption::Assumptions;
use super::known::Known;
use crate::algebra::basis::{Basis, Keeping, Knowledge};
use crate::algebra::domain::{self, Condition, Sign};
use crate::algebra::{Kernels, identity};
use crate::polynomial::{Budget, Polynomial};
use crate::term::evaluate::{Enclosing, evaluate};
use crate::term::interval::Defined;
use crate::term::sample::Claim;
use crate::term::visit::{Rebuild, free_symbols, reachable};
use crate::term::{Graph, Interval, Node, Number, Op, Term};

/// What the second term asks not to be zero beyond what the first does; `None` when it may have no
/// value where the first has one, but for isolated points.
pub fn gaps(graph: &mut Graph, facts: &Assumptions, [a, b]: [Term; 2]) -> Option<Vec<Term>> {
    let Some(asked) = domain::conditions(graph, b, a, &mut Known::new(facts)) else {
        // A choice: facts know its branches.
        let total = Known::new(facts).of(graph, b).total();
        return (total || a == b).then(Vec::new);
    };
    let granted = domain::implied(graph, a);
    let held = holding(graph, facts, &granted);
    let mut gaps = Vec::new();
    for condition in asked {
        match follows(graph, facts, &held, &granted, condition) {
            Follows::Always => {}
            Follows::ButForZeros => gaps.push(condition.of),
            Follows::Unknown => return None,
        }
    }
    Some(gaps)
}

/// Whether a condition on the sign of a term follows from what is assumed.
pub fn is_met(graph: &mut Graph, facts: &Assumptions, condition: Condition) -> bool {
    follows(graph, facts, facts, &[], condition) == Follows::Always
}

/// What is assumed, with conditions that hold besides.
pub fn holding(graph: &mut Graph, facts: &Assumptions, conditions: &[Condition]) -> Assumptions {
    let mut held = facts.clone();
    let zero = graph.number(0);
    for &Condition { of, sign } in conditions {
        let (op, truth) = match sign {
            Sign::Nonzero => (Op::Equal, false),
            Sign::Nonnegative => (Op::LessEqual, true),
            Sign::Positive => (Op::Less, true),
        };
        let condition = graph.call(op, &[zero, of]);
        held.hold(graph, condition, truth);
    }
    if held.is_contradictory() { facts.clone() } else { held }
}

/// Whether a condition is met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Follows {
    /// Wherever the first expression has a value.
    Always,
    /// But for isolated points where something is zero.
    ButForZeros,
    /// Not as far as is known.
    Unknown,
}

/// Boxes that are looked at.
const BOXES: usize = 600;

/// Whether a condition follows from what is assumed, what is held beside it, and what is granted.
fn follows(
    graph: &mut Graph,
    facts: &Assumptions,
    held: &Assumptions,
    granted: &[Condition],
    condition: Condition,
) -> Follows {
    let Condition { of, sign } = condition;
    if granted.iter().any(|g| g.of == of && g.sign >= sign) {
        return Follows::Always;
    }
    let mut known = Known::new(held);
    let nonzero = known.of(graph, of).signs.nonzero();
    if known.positive(graph, of) || (sign == Sign::Nonzero && nonzero) {
        return Follows::Always;
    }
    let region = free_symbols(graph, &[of]).len() == 1;
    // As it is written, x^2 is a call; its values are those of the power.
    let plain = Rebuild::default().within(graph, of);
    match sign {
        Sign::Nonzero if divides(graph, of, granted, &mut known) => Follows::Always,
        Sign::Nonzero if region && roots(graph, plain, facts) == Some(0) => Follows::Always,
        Sign::Nonzero => match isolated(graph, of) {
            true => Follows::ButForZeros,
            false => Follows::Unknown,
        },
        _ => {
            let nonnegative = known.nonnegative(graph, of)
                || granted_multiple(graph, of, granted, &mut known)
                || (region && definite(graph, plain, facts))
                || covered(graph, of, facts)
                || Basis::new(&mut known, Keeping::Cosines).is_nonnegative(graph, of);
            match (nonnegative, sign) {
                (false, _) => Follows::Unknown,
                (true, Sign::Nonnegative) => Follows::Always,
                (true, _) if nonzero || divides(graph, of, granted, &mut known) => Follows::Always,
                (true, _) if isolated(graph, of) => Follows::ButForZeros,
                (true, _) => Follows::Unknown,
            }
        }
    }
}

/// Whether the zeros of a term are isolated: it is not zero everywhere, and analytic but for roots
/// of what has no square in it. `abs(x) - x` is zero on a half-line.
fn isolated(graph: &mut Graph, of: Term) -> bool {
    let inner = match graph.node(of) {
        Node::Call(Op::Abs, args) => args[0],
        _ => of,
    };
    let mut bases = Vec::new();
    for term in reachable(graph, &[inner]) {
        match graph.node(term) {
            Node::Call(op, args) => match op {
                Op::Sqrt | Op::Cbrt => bases.push(args[0]),
                Op::Pow if graph.as_number(args[1]).is_none_or(|n| !n.is_integer()) => {
                    bases.push(args[0]);
                }
                Op::Abs
                | Op::Sign
                | Op::Floor
                | Op::Ceil
                | Op::Round
                | Op::Min
                | Op::Max
                | Op::If => return false,
                _ if op.is_truth() => return false,
                _ => {}
            },
            Node::Product(factors) => {
                bases.extend(factors.iter().filter(|(_, e)| !e.is_integer()).map(|(b, _)| *b));
            }
            Node::Apply(..) | Node::Reduce { .. } => return false,
            _ => {}
        }
    }
    let plain = |graph: &mut Graph, base: Term| -> Option<bool> {
        let mut budget = budget();
        let (_, over, under) = numerator(graph, base, &mut budget)?;
        let parts = over.times(&under, &mut budget).ok()?.square_free(&mut budget).ok()?;
        Some(parts.factors.iter().all(|(_, n)| *n == 1))
    };
    bases.into_iter().all(|b| plain(graph, b) == Some(true)) && graph.witness(of, Claim::Nonzero)
}

/// The numerator of a term as a polynomial, and the kernels that it is a polynomial of.
fn numerator(
    graph: &mut Graph,
    term: Term,
    budget: &mut Budget,
) -> Option<(Kernels, Polynomial, Polynomial)> {
    let kernels = Kernels::of(graph, &[term]);
    let (fraction, _) = kernels.fraction(graph, term, budget).ok()??;
    Some((kernels, fraction.numerator, fraction.denominator))
}

fn budget() -> Budget {
    Budget { terms: 2_000, work: 5_000_000 }
}

/// Whether a term is not zero since it divides what is not.
fn divides(graph: &mut Graph, of: Term, granted: &[Condition], known: &mut Known) -> bool {
    let mut product: Vec<(Term, Number)> = Vec::new();
    for g in granted.iter().filter(|g| g.sign != Sign::Nonnegative) {
        product.push((g.of, Number::ONE));
    }
    if product.is_empty() {
        return false;
    }
    let product = graph.product(product);
    let attempt = |graph: &mut Graph| -> Option<bool> {
        let mut budget = budget();
        let kernels = Kernels::of(graph, &[of, product]);
        let (whole, _) = kernels.fraction(graph, product, &mut budget).ok()??;
        let (part, _) = kernels.fraction(graph, of, &mut budget).ok()??;
        let mut rest = part.numerator;
        // Powers of what divides have the same zeros.
        for _ in 0..8 {
            let step = rest.divided(&whole.numerator, &mut budget).ok()?;
            if step.gcd.as_constant().is_some() {
                break;
            }
            let [left, _] = step.cofactors;
            rest = left;
        }
        Some(rest.as_constant().is_some_and(|c| !c.is_zero()))
    };
    attempt(graph) == Some(true) || {
        // The quotient over a basis of functions: (1 - sin(x))*(1 + sin(x))/cos(x) is cos(x).
        let quotient = graph.div(product, of);
        let mut basis = Basis::new(known, Keeping::Cosines);
        basis.is_whole(graph, quotient)
    }
}

/// The number of zeros of a rational function of one name, where it may lie.
pub(super) fn roots(graph: &mut Graph, of: Term, facts: &Assumptions) -> Option<usize> {
    let mut budget = budget();
    let (kernels, numerator, _) = numerator(graph, of, &mut budget)?;
    let (low, high) = bounds(graph, &kernels, facts)?;
    closed_roots(&numerator, low.as_ref(), high.as_ref(), &mut budget)
}

/// Zeros between two numbers, ends included.
fn closed_roots(
    p: &Polynomial,
    low: Option<&Number>,
    high: Option<&Number>,
    budget: &mut Budget,
) -> Option<usize> {
    let mut found = 0;
    let mut rest = p.clone();
    let variable = match rest.occurring()[..] {
        [] => return (!p.is_zero()).then_some(0),
        [v] => v,
        _ => return None,
    };
    for end in [low, high].into_iter().flatten() {
        if rest.at(variable, end)?.is_zero() {
            found += 1;
            let one = Polynomial::variable(rest.variables(), variable).ok()?;
            let factor =
                one.minus(&Polynomial::constant(rest.variables(), end.clone()).ok()?).ok()?;
            while let Some(left) = rest.divided_by(&factor, budget).ok()? {
                rest = left;
            }
        }
    }
    if rest.as_constant().is_some() {
        return Some(found);
    }
    Some(found + rest.real_roots(low, high, budget).ok()??)
}

/// Bounds of the one name that is a kernel; `None` for other kernels.
fn bounds(
    graph: &Graph,
    kernels: &Kernels,
    facts: &Assumptions,
) -> Option<(Option<Number>, Option<Number>)> {
    if kernels.len() != 1 {
        return None;
    }
    let (name, step) = kernels.kernel(0);
    if !step.is_one() || !matches!(graph.node(*name), Node::Symbol(_)) {
        return None;
    }
    let range = facts.of(*name).map_or(Interval::ALL, |known| known.range);
    let end = |x: f64| if x.is_finite() { Number::from_f64(x) } else { None };
    Some((end(range.lo), end(range.hi)))
}

/// Whether a rational function of one name is nowhere negative: it has no zero of odd order inside,
/// and is positive at some point.
pub(super) fn definite(graph: &mut Graph, of: Term, facts: &Assumptions) -> bool {
    let attempt = |graph: &mut Graph| -> Option<bool> {
        let mut budget = budget();
        let (kernels, numerator, denominator) = numerator(graph, of, &mut budget)?;
        let (low, high) = bounds(graph, &kernels, facts)?;
        let product = numerator.times(&denominator, &mut budget).ok()?;
        let variable = *product.occurring().first()?;
        let parts = product.square_free(&mut budget).ok()?;
        let n = product.variables();
        let mut odd = Polynomial::constant(n, parts.unit.clone()).ok()?;
        for (factor, multiplicity) in parts.factors {
            if multiplicity % 2 == 1 {
                odd = odd.times(&factor, &mut budget).ok()?;
            }
        }
        // A zero at an end does not change the sign inside.
        let one = Polynomial::variable(n, variable).ok()?;
        for (end, sign) in [(&low, 1), (&high, -1)] {
            let Some(end) = end else { continue };
            let factor = one.minus(&Polynomial::constant(n, end.clone()).ok()?).ok()?;
            if let Some(left) = odd.divided_by(&factor, &mut budget).ok()? {
                odd = left.scaled(&sign.into());
            }
        }
        let inside = match (&low, &high) {
            (Some(a), Some(b)) => &(a + b) * &Number::HALF,
            (Some(a), None) => a + &Number::ONE,
            (None, Some(b)) => b - &Number::ONE,
            (None, None) => Number::ZERO,
        };
        if odd.as_constant().is_none()
            && odd.real_roots(low.as_ref(), high.as_ref(), &mut budget).ok()?? > 0
        {
            return Some(false);
        }
        Some(odd.at(variable, &inside)?.as_constant()?.is_positive())
    };
    attempt(graph) == Some(true)
}

/// Whether the term is a multiple by what is positive of something granted to be at least zero.
fn granted_multiple(
    graph: &mut Graph,
    of: Term,
    granted: &[Condition],
    known: &mut Known<'_>,
) -> bool {
    granted.iter().filter(|g| g.sign != Sign::Nonzero).any(|g| {
        // Magnitudes are square roots of squares: the quotient of equal things is 1.
        let difference = graph.sub(of, g.of);
        identity::zero(graph, difference, known).is_some()
    })
}

/// Whether enclosures over boxes that cover where the names may lie show that a term is at least
/// zero.
fn covered(graph: &mut Graph, of: Term, facts: &Assumptions) -> bool {
    let symbols = free_symbols(graph, &[of]);
    let mut whole = Vec::with_capacity(symbols.len());
    for &s in &symbols {
        let name = graph.name(s).to_owned();
        let term = graph.symbol(&name);
        let range = facts.of(term).map_or(Interval::ALL, |k| k.range);
        if !range.lo.is_finite() || !range.hi.is_finite() {
            return false;
        }
        whole.push(range);
    }
    let names: Vec<String> = symbols.iter().map(|&s| graph.name(s).to_owned()).collect();
    let mut boxes = vec![whole];
    let mut looked = 0;
    while let Some(at) = boxes.pop() {
        looked += 1;
        if looked > BOXES {
            return false;
        }
        let leaf = |name: &str| {
            let k = names.iter().position(|n| n == name);
            k.map_or(Interval::ALL, |k| at[k])
        };
        let value = evaluate(graph, of, &mut Enclosing::new(leaf));
        if value.defined != Defined::Never && value.lo >= 0.0 {
            continue;
        }
        if value.hi < 0.0 {
            return false;
        }
        let Some(widest) = (0..at.len()).max_by(|&a, &b| {
            let width = |k: usize| at[k].hi - at[k].lo;
            width(a).total_cmp(&width(b))
        }) else {
            return false;
        };
        let middle = f64::midpoint(at[widest].lo, at[widest].hi);
        for (lo, hi) in [(at[widest].lo, middle), (middle, at[widest].hi)] {
            let mut part = at.clone();
            part[widest] = Interval::new(lo, hi);
            boxes.push(part);
        }
    }
    true
}
