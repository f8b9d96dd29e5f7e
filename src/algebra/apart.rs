//! Partial fractions in one variable.

use super::fraction::Fraction;
use crate::polynomial::{Budget, Exceeded, Polynomial};
use crate::term::Number;

/// Coefficients by powers of the variable, from the constant up, the last one not zero; they are
/// fractions in the other variables.
type Dense = Vec<Fraction>;

/// Parts `numerator / factor ^ n` whose sum is the fraction; the numerators are polynomials in the
/// variable over fractions of the others, of lower degree than the factor where `n > 0`.
pub(super) fn partial_fractions(
    fraction: &Fraction,
    variable: usize,
    budget: &mut Budget,
) -> Result<Vec<(Fraction, Polynomial, u32)>, Exceeded> {
    let n = fraction.numerator.variables();
    let one = Polynomial::constant(n, Number::ONE)?;
    let mut content = one.clone();
    let mut factors: Vec<(Polynomial, u32)> = Vec::new();
    for (factor, multiplicity) in fraction.denominator.factored(budget)?.factors {
        match factor.degree(variable) {
            0 => content = content.times(&factor.power(multiplicity, budget)?, budget)?,
            _ => factors.push((factor, multiplicity)),
        }
    }
    // The denominator is primitive with a positive lead, and so is the product of its factors.
    let inverse = Fraction::ratio(&one, &content, budget)?.ok_or(Exceeded::Work)?;
    let whole = dense(&fraction.numerator, variable)?;
    let numerator =
        whole.iter().map(|c| c.times(&inverse, budget)).collect::<Result<Dense, _>>()?;
    let mut product = vec![Fraction::whole(one.clone())?];
    for (factor, multiplicity) in &factors {
        for _ in 0..*multiplicity {
            product = times(&product, &dense(factor, variable)?, budget)?;
        }
    }
    let (quotient, mut rest) = divided(&numerator, &product, budget)?;
    let mut parts: Vec<(Fraction, Polynomial, u32)> = Vec::new();
    if !quotient.is_empty() {
        parts.push((joined(&quotient, variable, budget)?, one, 0));
    }
    for (k, (factor, multiplicity)) in factors.iter().enumerate() {
        let base = dense(factor, variable)?;
        let mut power = vec![Fraction::whole(Polynomial::constant(n, Number::ONE)?)?];
        for _ in 0..*multiplicity {
            power = times(&power, &base, budget)?;
        }
        let mut mine = std::mem::take(&mut rest);
        if k + 1 < factors.len() {
            // rest/(power*others) = mine/power + next/others with s*power + t*others = 1.
            let others = divided(&product, &power, budget)?.0;
            let (s, t) = bezout(&power, &others, budget)?;
            rest = divided(&times(&mine, &s, budget)?, &others, budget)?.1;
            mine = divided(&times(&mine, &t, budget)?, &power, budget)?.1;
            product = others;
        }
        for n in (1..=*multiplicity).rev() {
            let (quotient, digit) = divided(&mine, &base, budget)?;
            if !digit.is_empty() {
                parts.push((joined(&digit, variable, budget)?, factor.clone(), n));
            }
            mine = quotient;
        }
    }
    Ok(parts)
}

fn dense(p: &Polynomial, variable: usize) -> Result<Dense, Exceeded> {
    let zero = Fraction::whole(Polynomial::zero(p.variables())?)?;
    let mut list = vec![zero; p.degree(variable) as usize + 1];
    for (e, part) in p.in_variable(variable)? {
        list[e as usize] = Fraction::whole(part)?;
    }
    Ok(trimmed(list))
}

fn joined(list: &Dense, variable: usize, budget: &mut Budget) -> Result<Fraction, Exceeded> {
    let mut total: Option<Fraction> = None;
    for (e, c) in list.iter().enumerate() {
        let e = u32::try_from(e).map_err(|_| Exceeded::Exponents)?;
        let numerator = c.numerator.raised(variable, e)?;
        let part = Fraction { numerator, denominator: c.denominator.clone() };
        total = Some(match total {
            Some(total) => total.plus(&part, budget)?,
            None => part,
        });
    }
    total.ok_or(Exceeded::Work)
}

fn trimmed(mut list: Dense) -> Dense {
    while list.last().is_some_and(Fraction::is_zero) {
        list.pop();
    }
    list
}

fn times(a: &Dense, b: &Dense, budget: &mut Budget) -> Result<Dense, Exceeded> {
    let (Some(first), Some(_)) = (a.first(), b.first()) else { return Ok(Vec::new()) };
    let mut product = vec![first.scaled(&Number::ZERO); a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            product[i + j] = product[i + j].plus(&x.times(y, budget)?, budget)?;
        }
    }
    Ok(trimmed(product))
}

fn minus(a: &Dense, b: &Dense, budget: &mut Budget) -> Result<Dense, Exceeded> {
    let mut difference = a.clone();
    for (k, y) in b.iter().enumerate() {
        match difference.get_mut(k) {
            Some(x) => *x = x.minus(y, budget)?,
            None => difference.push(y.scaled(&Number::MINUS_ONE)),
        }
    }
    Ok(trimmed(difference))
}

fn divided(a: &Dense, b: &Dense, budget: &mut Budget) -> Result<(Dense, Dense), Exceeded> {
    let Some(shift) = a.len().checked_sub(b.len()) else { return Ok((Vec::new(), a.clone())) };
    let lead = b.last().and_then(Fraction::recip).ok_or(Exceeded::Work)?;
    let mut rest = a.clone();
    let mut quotient = vec![lead.scaled(&Number::ZERO); shift + 1];
    for k in (0..=shift).rev() {
        let c = rest[k + b.len() - 1].times(&lead, budget)?;
        if !c.is_zero() {
            for (j, y) in b.iter().enumerate() {
                rest[k + j] = rest[k + j].minus(&c.times(y, budget)?, budget)?;
            }
        }
        quotient[k] = c;
    }
    Ok((trimmed(quotient), trimmed(rest)))
}

/// `s` and `t` with `s*a + t*b = 1`, for coprime polynomials.
fn bezout(a: &Dense, b: &Dense, budget: &mut Budget) -> Result<(Dense, Dense), Exceeded> {
    let one = b.last().and_then(|c| c.recip().map(|inverse| (c, inverse)));
    let (c, inverse) = one.ok_or(Exceeded::Work)?;
    let one = vec![c.times(&inverse, budget)?];
    let (mut r, mut q) = (a.clone(), b.clone());
    let (mut s, mut u) = (one.clone(), Vec::new());
    let (mut t, mut v) = (Vec::new(), one);
    while !q.is_empty() {
        let (quotient, rest) = divided(&r, &q, budget)?;
        r = std::mem::replace(&mut q, rest);
        let next = minus(&s, &times(&quotient, &u, budget)?, budget)?;
        s = std::mem::replace(&mut u, next);
        let next = minus(&t, &times(&quotient, &v, budget)?, budget)?;
        t = std::mem::replace(&mut v, next);
    }
    let inverse = vec![r.first().and_then(Fraction::recip).ok_or(Exceeded::Work)?];
    Ok((times(&s, &inverse, budget)?, times(&t, &inverse, budget)?))
}
