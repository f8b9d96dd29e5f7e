//! The shapes of rational functions that have names: one fraction, lowest terms, factors, powers
//! of one variable, partial fractions.

use std::fmt;

use super::apart::partial_fractions;
use super::basis::{Basis, Keeping, Knowledge};
use super::fraction::Fraction;
use super::kernels::{Kernels, each_part};
use crate::polynomial::{Budget, Exceeded, Polynomial};
use crate::term::op::Class;
use crate::term::sample::Claim;
use crate::term::visit::{Rebuild, reachable};
use crate::term::{Graph, Node, Number, Op, Term};
use rustc_hash::FxHashSet;

/// Products of machine words for one form; about a second.
const WORK: u64 = 60_000_000;

/// A rational function in another shape.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shaped {
    /// The result.
    pub term: Term,
    /// What must not be zero for the expression to have a value, and may be for the result.
    pub nonzero: Vec<Term>,
}

/// Why a term has no such shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unshaped {
    /// It takes too much.
    TooLarge(Exceeded),
    /// Something is divided by zero everywhere, or there is no value at all as far as is known.
    Undefined,
    /// The variable is not a kernel of the term alone: it stands inside of others.
    Entangled,
}

impl From<Exceeded> for Unshaped {
    fn from(reason: Exceeded) -> Unshaped {
        Unshaped::TooLarge(reason)
    }
}

impl fmt::Display for Unshaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unshaped::TooLarge(reason) => write!(f, "the expression is too large: {reason}"),
            Unshaped::Undefined => {
                f.write_str("the expression has no value anywhere that is known")
            }
            Unshaped::Entangled => {
                f.write_str("the expression is no rational function of the variable alone")
            }
        }
    }
}

impl std::error::Error for Unshaped {}

/// A term as a fraction, with what it takes to go back.
struct Read {
    kernels: Kernels,
    fraction: Fraction,
    nonzero: Vec<Term>,
    budget: Budget,
}

fn read(graph: &mut Graph, root: Term, limit: usize, also: &[Term]) -> Result<Read, Unshaped> {
    read_within(graph, root, limit, also, WORK)
}

fn read_within(
    graph: &mut Graph,
    root: Term,
    limit: usize,
    also: &[Term],
    work: u64,
) -> Result<Read, Unshaped> {
    // What cancels must have a value somewhere.
    if !graph.witness(root, Claim::Defined) {
        return Err(Unshaped::Undefined);
    }
    let mut budget = Budget { terms: limit, work };
    let roots: Vec<Term> = std::iter::once(root).chain(also.iter().copied()).collect();
    let kernels = Kernels::of(graph, &roots);
    let found = kernels.fraction(graph, root, &mut budget)?;
    let Some((fraction, divisors)) = found else { return Err(Unshaped::Undefined) };
    let mut nonzero: Vec<Polynomial> = Vec::new();
    for divisor in divisors {
        // Every factor that the result is no longer divided by.
        let mut rest = divisor.primitive().1;
        loop {
            let step = rest.divided(&fraction.denominator, &mut budget)?;
            if step.gcd.as_constant().is_some() {
                break;
            }
            let [left, _] = step.cofactors;
            rest = left;
        }
        for (factor, _) in rest.square_free(&mut budget)?.factors {
            if !nonzero.contains(&factor) {
                nonzero.push(factor);
            }
        }
    }
    let nonzero = nonzero.iter().map(|p| kernels.expanded(graph, p)).collect();
    Ok(Read { kernels, fraction, nonzero, budget })
}

/// One fraction in lowest terms, numerator and denominator multiplied out.
///
/// # Errors
/// See [`Unshaped`].
pub fn cancel(graph: &mut Graph, root: Term, limit: usize) -> Result<Shaped, Unshaped> {
    let Read { kernels, fraction, nonzero, .. } = read(graph, root, limit, &[])?;
    let numerator = kernels.expanded(graph, &fraction.numerator);
    let denominator = kernels.expanded(graph, &fraction.denominator);
    Ok(Shaped { term: graph.div(numerator, denominator), nonzero })
}

/// One fraction in lowest terms, the numerator multiplied out and the denominator in factors.
///
/// # Errors
/// See [`Unshaped`].
pub fn together(graph: &mut Graph, root: Term, limit: usize) -> Result<Shaped, Unshaped> {
    let Read { kernels, fraction, nonzero, mut budget } = read(graph, root, limit, &[])?;
    let (content, primitive) = fraction.numerator.primitive();
    let (denominator, _) = factors(&fraction.denominator, -1, &mut budget)?;
    let mut list = vec![(primitive, 1)];
    list.extend(denominator);
    Ok(Shaped { term: kernels.product(graph, &content, &list), nonzero })
}

/// Numerator and denominator as products of irreducible factors over the rationals; whether these
/// are certainly all.
///
/// # Errors
/// See [`Unshaped`].
pub fn factor(graph: &mut Graph, root: Term, limit: usize) -> Result<(Shaped, bool), Unshaped> {
    let Read { kernels, fraction, nonzero, mut budget } = read(graph, root, limit, &[])?;
    let (mut list, first) = factors(&fraction.numerator, 1, &mut budget)?;
    let (denominator, second) = factors(&fraction.denominator, -1, &mut budget)?;
    list.extend(denominator);
    // The denominator is primitive: what its factors do not have is a sign at most.
    let mut unit = fraction.numerator.coefficients().first().cloned().unwrap_or_default();
    for (p, n) in &list {
        let lead = p.coefficients()[0].pow(*n).ok_or(Exceeded::Work)?;
        unit = &unit * &lead.recip().ok_or(Exceeded::Work)?;
    }
    let lead = fraction.denominator.coefficients()[0].recip().ok_or(Exceeded::Work)?;
    let term = kernels.product(graph, &(&unit * &lead), &list);
    Ok((Shaped { term, nonzero }, first && second))
}

type Powers = Vec<(Polynomial, i64)>;

fn factors(p: &Polynomial, sign: i64, budget: &mut Budget) -> Result<(Powers, bool), Exceeded> {
    let found = p.factored(budget)?;
    let powers = found.factors.into_iter().map(|(f, n)| (f, sign * i64::from(n)));
    Ok((powers.collect(), found.complete))
}

/// The sum of powers of one variable, the coefficients put together.
///
/// # Errors
/// See [`Unshaped`]; [`Unshaped::Entangled`] when the variable is divided by.
pub fn collect(
    graph: &mut Graph,
    root: Term,
    variable: Term,
    limit: usize,
) -> Result<Shaped, Unshaped> {
    let Read { kernels, fraction, nonzero, .. } = read(graph, root, limit, &[variable])?;
    let at = kernels.variable(variable).ok_or(Unshaped::Entangled)?;
    if fraction.denominator.degree(at) > 0 {
        return Err(Unshaped::Entangled);
    }
    let mut terms = Vec::new();
    for (power, part) in fraction.numerator.in_variable(at)? {
        let coefficient = kernels.expanded(graph, &part);
        let denominator = kernels.expanded(graph, &fraction.denominator);
        let coefficient = graph.div(coefficient, denominator);
        let power = graph.power(variable, i64::from(power));
        terms.push((Number::ONE, graph.mul(coefficient, power)));
    }
    Ok(Shaped { term: graph.sum(Number::ZERO, terms), nonzero })
}

/// The sum of partial fractions in one variable, their denominators powers of irreducible factors
/// over the rationals.
///
/// # Errors
/// See [`Unshaped`].
pub fn apart(
    graph: &mut Graph,
    root: Term,
    variable: Term,
    limit: usize,
) -> Result<Shaped, Unshaped> {
    let Read { kernels, fraction, nonzero, mut budget } = read(graph, root, limit, &[variable])?;
    let at = kernels.variable(variable).ok_or(Unshaped::Entangled)?;
    let parts = partial_fractions(&fraction, at, &mut budget)?;
    let mut terms = Vec::with_capacity(parts.len());
    for (fraction, factor, n) in parts {
        // The numerator's own denominator has no variable.
        let (content, numerator) = fraction.numerator.primitive();
        let mut list = vec![(numerator, 1)];
        list.extend(factors(&fraction.denominator, -1, &mut budget)?.0);
        list.push((factor, -i64::from(n)));
        let list: Powers = list.into_iter().filter(|(p, n)| *n != 0 && !is_one(p)).collect();
        terms.push((Number::ONE, kernels.product(graph, &content, &list)));
    }
    Ok(Shaped { term: graph.sum(Number::ZERO, terms), nonzero })
}

fn is_one(p: &Polynomial) -> bool {
    p.as_constant().is_some_and(|c| c.is_one())
}

/// Products of machine words for one part of a term that is only tried.
const TRIED: u64 = 3_000_000;

/// Most terms of a polynomial that is tried.
const SHORT: usize = 200;

/// The term with each rational function in it, inner ones first, in its shortest form in lowest
/// terms as `size` says, multiplied out or in factors; what does not become shorter stays.
pub fn shortest(graph: &mut Graph, root: Term, size: &dyn Fn(&Graph, Term) -> u64) -> Term {
    let order = reachable(graph, &[root]);
    let mut inside: FxHashSet<Term> = FxHashSet::default();
    let mut heads: FxHashSet<Term> = FxHashSet::from_iter([root]);
    for &term in &order {
        inside.clear();
        each_part(graph, term, |t| {
            inside.insert(t);
        });
        graph.each_argument(graph.node(term), |t| {
            if !inside.contains(&t) {
                heads.insert(t);
            }
        });
    }
    let mut map: Vec<(Term, Term)> = Vec::new();
    for term in order.into_iter().filter(|t| heads.contains(t)) {
        let image = match map.is_empty() {
            true => term,
            false => Rebuild::with(map.iter().copied()).within(graph, term),
        };
        let mut best = image;
        if size(graph, image) > 3 {
            for candidate in candidates(graph, image) {
                if size(graph, candidate) < size(graph, best) {
                    best = candidate;
                }
            }
        }
        if best != term {
            map.push((term, best));
        }
    }
    map.iter().find(|(t, _)| *t == root).map_or(root, |(_, image)| *image)
}

/// The term with the minus sign of each product in a difference that is a factor of it: of
/// `-(x + y)/(x - y)` remains `(x + y)/(y - x)`.
pub fn with_signs_inside(graph: &mut Graph, root: Term) -> Term {
    let mut rebuild = Rebuild::with([]);
    for term in reachable(graph, &[root]) {
        let Node::Sum { constant, terms } = graph.node(term).clone() else { continue };
        let [(c, product)] = &terms[..] else { continue };
        let Node::Product(factors) = graph.node(*product).clone() else { continue };
        if !constant.is_zero() || !c.is_negative() {
            continue;
        }
        let turns = |(t, e): &&(Term, Number)| {
            let odd = e.is_integer() && !(e * &Number::HALF).is_integer();
            let Node::Sum { constant, terms } = graph.node(*t) else { return false };
            let minus = terms.iter().any(|(c, _)| c.is_negative()) || constant.is_negative();
            let plus = terms.iter().any(|(c, _)| !c.is_negative()) || constant.is_positive();
            odd && plus && minus
        };
        let Some(&(turned, _)) = factors.iter().find(turns) else { continue };
        let mut parts = Vec::with_capacity(factors.len());
        for (t, e) in &*factors {
            let part = rebuild.within(graph, *t);
            parts.push((if *t == turned { graph.neg(part) } else { part }, e.clone()));
        }
        let product = graph.product(parts);
        let image = graph.scale(c.abs(), product);
        rebuild.map(term, image);
    }
    rebuild.within(graph, root)
}

/// A rational function in lowest terms: multiplied out, in factors, and with either part in
/// factors.
fn candidates(graph: &mut Graph, term: Term) -> Vec<Term> {
    let mut found = Vec::new();
    let Ok(Read { kernels, fraction, mut budget, .. }) =
        read_within(graph, term, SHORT, &[], TRIED)
    else {
        return found;
    };
    let Fraction { numerator, denominator } = fraction;
    let (content, primitive) = numerator.primitive();
    let whole = |p: &Polynomial, n: i64| vec![(p.clone(), n)];
    let mut tops = vec![whole(&primitive, 1)];
    let mut bottoms = vec![whole(&denominator, -1)];
    for (list, p, sign) in [(&mut tops, &primitive, 1), (&mut bottoms, &denominator, -1)] {
        if let Ok((powers, _)) = factors(p, sign, &mut budget)
            && (powers.len() > 1 || powers.iter().any(|(_, n)| n.abs() > 1))
        {
            list.push(powers);
        }
    }
    for top in &tops {
        for bottom in &bottoms {
            let list: Powers =
                top.iter().chain(bottom).filter(|(p, _)| !is_one(p)).cloned().collect();
            found.push(kernels.product(graph, &content, &list));
        }
    }
    // A number in front of a sum may read better inside of it.
    let (top, bottom) = (kernels.expanded(graph, &numerator), bottoms.pop().unwrap_or_default());
    let bottom = kernels.product(graph, &Number::ONE, &bottom);
    found.push(graph.mul(top, bottom));
    found
}

/// Whether a term has functions or roots between which there are equations.
fn is_elementary(graph: &Graph, root: Term) -> bool {
    reachable(graph, &[root]).into_iter().any(|t| match graph.node(t) {
        Node::Product(factors) => factors.iter().any(|(_, e)| !e.is_integer()),
        Node::Call(op, _) => !matches!(op.row().class, Class::Constant | Class::Comparison),
        _ => false,
    })
}

/// Whether a term has an operation of some kind.
pub(super) fn holds(graph: &Graph, root: Term, kind: impl Fn(Op) -> bool) -> bool {
    let order = reachable(graph, &[root]);
    order.into_iter().any(|t| matches!(graph.node(t), Node::Call(op, _) if kind(*op)))
}

/// Forms of a term as a fraction over a basis of functions: with cosines, sines or hyperbolic
/// functions kept.
pub fn over_basis(
    graph: &mut Graph,
    root: Term,
    knowledge: &mut dyn Knowledge,
    size: &dyn Fn(&Graph, Term) -> u64,
) -> Vec<Term> {
    if !is_elementary(graph, root) || !graph.witness(root, Claim::Defined) {
        return Vec::new();
    }
    let mut found: Vec<Term> = Vec::new();
    let hyperbolic = holds(graph, root, |op| matches!(op, Op::Sinh | Op::Cosh | Op::Tanh));
    let circular = holds(graph, root, |op| matches!(op, Op::Sin | Op::Cos | Op::Tan));
    let keepings =
        [(Keeping::Cosines, true), (Keeping::Sines, circular), (Keeping::Hyperbolic, hyperbolic)];
    for (keeping, _) in keepings.into_iter().filter(|(_, useful)| *useful) {
        let mut basis = Basis::new(knowledge, keeping);
        let Some(image) = basis.express(graph, root) else { continue };
        let waves = (keeping == Keeping::Cosines && (circular || hyperbolic))
            .then(|| basis.fourier(graph, image))
            .flatten();
        if let Some(form) = waves
            && !found.contains(&form)
            && size(graph, form) < size(graph, root)
        {
            found.push(form);
        }
        let Some(form) = basis.restored(graph, image) else { continue };
        if form != root && !found.contains(&form) {
            found.push(form);
        }
        let shaped = shortest(graph, form, size);
        if shaped != root && !found.contains(&shaped) {
            found.push(shaped);
        }
    }
    found
}
