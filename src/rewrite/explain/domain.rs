//! Where a term has a value: what it asks of its parts.

use super::identity::Identities;
use super::polynomial::{Polynomial, TooLarge};
use crate::term::{Graph, Node, Number, Op, Term};

/// One thing that must hold for a term to have a value.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The term that it is about.
    pub of: Term,
    /// What it asks.
    pub kind: Kind,
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Not zero: a denominator.
    Nonzero,
    /// At least zero: under a root.
    Nonnegative,
    /// Greater than zero: under a root in a denominator.
    Positive,
    /// In the domain of the operation that the term calls.
    Call,
}

/// What a term asks, outside of branches that may not be taken.
pub fn requirements(graph: &Graph, root: Term) -> Vec<Requirement> {
    let (mut found, mut stack) = (Vec::new(), vec![root]);
    let mut seen = rustc_hash::FxHashSet::default();
    while let Some(term) = stack.pop() {
        if graph.is_total(term) || !seen.insert(term) {
            continue;
        }
        match graph.node(term) {
            Node::Product(factors) => {
                let asked = factors.iter().filter_map(|(base, e)| power(*base, e));
                found.extend(asked);
            }
            Node::Call(Op::Pow, args) if let Some(e) = graph.as_number(args[1]) => {
                found.extend(power(args[0], e));
            }
            Node::Call(Op::Sqrt, args) => {
                found.push(Requirement { of: args[0], kind: Kind::Nonnegative });
            }
            Node::Call(Op::Div, args) => {
                found.push(Requirement { of: args[1], kind: Kind::Nonzero });
            }
            Node::Call(Op::If, args) if let Some(c) = graph.as_number(args[0]) => {
                stack.push(args[if c.is_zero() { 2 } else { 1 }]);
                continue;
            }
            Node::Call(Op::If, args) => {
                found.push(Requirement { of: term, kind: Kind::Call });
                stack.push(args[0]);
                continue;
            }
            Node::Call(op, _) if !op.row().total => {
                found.push(Requirement { of: term, kind: Kind::Call });
            }
            Node::Apply(f, _) if !graph.function(*f).total => {
                found.push(Requirement { of: term, kind: Kind::Call });
            }
            Node::Reduce { .. } => {
                // Every member must have a value; members are not told apart.
                found.push(Requirement { of: term, kind: Kind::Call });
                continue;
            }
            _ => {}
        }
        graph.each_argument(graph.node(term), |t| stack.push(t));
    }
    // In a fixed order, whatever the order of the walk.
    found.sort_by_key(|r| (r.of, r.kind as u8));
    found
}

/// What an exact power asks of its base.
fn power(base: Term, exponent: &Number) -> Option<Requirement> {
    let kind = match (exponent.is_integer(), exponent.is_negative()) {
        (true, false) => return None,
        (true, true) => Kind::Nonzero,
        (false, false) => Kind::Nonnegative,
        (false, true) => Kind::Positive,
    };
    Some(Requirement { of: base, kind })
}

/// Whether what one term asks follows from what is granted.
///
/// # Errors
/// When it takes too many terms to say.
pub fn follows(
    identities: &mut Identities,
    asked: &Requirement,
    granted: &[Requirement],
) -> Result<bool, TooLarge> {
    if asked.kind == Kind::Call {
        let part = identities.part_of(asked.of)?;
        for g in granted.iter().filter(|g| g.kind == Kind::Call) {
            let same = identities.identical(asked.of, g.of)?;
            if same || (part.is_some() && part == identities.part_of(g.of)?) {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let base = identities.fraction(asked.of)?;
    if asked.kind == Kind::Nonzero {
        return nonzero(identities, &base.over, granted);
    }
    if asked.kind == Kind::Positive && !nonzero(identities, &base.over, granted)? {
        return Ok(false);
    }
    // What is not zero and not negative is positive.
    let forms = [sign_of(identities, asked.of, true)?, sign_of(identities, asked.of, false)?];
    if forms[0].as_constant().is_some_and(|n| n.is_positive()) {
        return Ok(true);
    }
    for g in granted.iter().filter(|g| matches!(g.kind, Kind::Nonnegative | Kind::Positive)) {
        // x^2*y >= 0 says nothing of y where x is zero.
        let known = sign_of(identities, g.of, g.kind == Kind::Positive)?;
        let Some(inverse) = known.leading().recip() else { continue };
        for sign in &forms {
            let factor = &sign.leading() * &inverse;
            if factor.is_positive() && *sign == known.scaled(&factor) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A polynomial with the sign of a term: odd powers as first ones, quotients multiplied, and
/// squares and roots left out where they are not zero.
fn sign_of(identities: &mut Identities, term: Term, nonzero: bool) -> Result<Polynomial, TooLarge> {
    let base = identities.fraction(term)?;
    let product = base.over.times(&base.under)?;
    let Some((m, c)) = product.terms().next() else { return Ok(product) };
    if product.terms().count() > 1 {
        return Ok(product);
    }
    let mut sign = Polynomial::constant(c.clone());
    for &(part, e) in m {
        let even = e % 2 == 0 || identities.is_safe(part);
        if !(even && nonzero) {
            sign = sign.times(&Polynomial::part(part, if even { 2 } else { 1 }))?;
        }
    }
    Ok(sign)
}

/// Whether a polynomial does not vanish, since it divides what does not.
fn nonzero(
    identities: &mut Identities,
    over: &Polynomial,
    granted: &[Requirement],
) -> Result<bool, TooLarge> {
    let factors = zeros(identities, over)?;
    let mut known = Vec::new();
    for g in granted.iter().filter(|g| matches!(g.kind, Kind::Nonzero | Kind::Positive)) {
        let base = identities.fraction(g.of)?;
        known.extend(zeros(identities, &base.over)?);
    }
    let mut product = Polynomial::constant(Number::ONE);
    for factor in &known {
        product = product.times(factor)?;
    }
    Ok(factors.iter().all(|f| {
        known.iter().any(|k| k.divided_by(f).is_some()) || product.divided_by(f).is_some()
    }))
}

/// Polynomials whose zeros together are those of a polynomial: a root is zero where its base is.
fn zeros(identities: &mut Identities, over: &Polynomial) -> Result<Vec<Polynomial>, TooLarge> {
    let mut monomials = over.terms();
    let (Some((m, _)), None) = (monomials.next(), monomials.next()) else {
        return Ok(vec![over.clone()]);
    };
    let mut factors = Vec::new();
    for &(part, _) in m {
        match identities.base(part) {
            Some(base) => factors.extend(zeros(identities, &base.over)?),
            None => factors.push(Polynomial::part(part, 1)),
        }
    }
    Ok(factors)
}
