//! The type of polynomials and its linear operations.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use super::budget::{Budget, Exceeded};
use super::layout::{Layout, with_words};
use crate::term::Number;

/// A polynomial in several variables with rational coefficients, as the list of its terms.
///
/// Terms stand in decreasing lexicographic order of their monomials, the first variable counting
/// most; no coefficient is zero. Equal polynomials may differ in how their exponents are packed.
#[derive(Clone, Debug)]
pub struct Polynomial {
    pub(super) layout: Arc<Layout>,
    /// No exponent is larger; cancellation may have left them smaller.
    pub(super) bounds: Vec<u32>,
    /// [`Layout::words`] words for each term.
    pub(super) monomials: Vec<u64>,
    pub(super) coefficients: Vec<Number>,
}

/// Construction.
impl Polynomial {
    /// Zero, in so many variables.
    ///
    /// # Errors
    /// When there are too many variables.
    pub fn zero(variables: usize) -> Result<Polynomial, Exceeded> {
        Self::from_terms(variables, std::iter::empty::<(Number, [(usize, u32); 0])>())
    }

    /// The polynomial of a number, in so many variables.
    ///
    /// # Errors
    /// When there are too many variables.
    pub fn constant(variables: usize, value: Number) -> Result<Polynomial, Exceeded> {
        Self::from_terms(variables, [(value, [])])
    }

    /// One variable, counted from 0, of so many.
    ///
    /// # Errors
    /// When there are too many variables.
    ///
    /// # Panics
    /// When it is not one of them.
    pub fn variable(variables: usize, variable: usize) -> Result<Polynomial, Exceeded> {
        Self::from_terms(variables, [(Number::ONE, [(variable, 1)])])
    }

    /// The sum of terms, each a coefficient and the exponents of the variables that occur.
    ///
    /// # Errors
    /// When the exponents do not fit the words of a monomial.
    ///
    /// # Panics
    /// When a variable is not below `variables`.
    pub fn from_terms<P: AsRef<[(usize, u32)]>>(
        variables: usize,
        terms: impl IntoIterator<Item = (Number, P)>,
    ) -> Result<Polynomial, Exceeded> {
        let terms: Vec<(Number, P)> = terms.into_iter().collect();
        let mut bounds = vec![0_u32; variables];
        let mut exponents = vec![0_u32; variables];
        for (_, powers) in &terms {
            for &(v, e) in powers.as_ref() {
                exponents[v] = exponents[v].checked_add(e).ok_or(Exceeded::Exponents)?;
                bounds[v] = bounds[v].max(exponents[v]);
            }
            powers.as_ref().iter().for_each(|&(v, _)| exponents[v] = 0);
        }
        let layout = Arc::new(Layout::fitting(&bounds).ok_or(Exceeded::Exponents)?);
        let mut monomials = vec![0; layout.words() * terms.len()];
        let mut coefficients = Vec::with_capacity(terms.len());
        for ((c, powers), monomial) in
            terms.into_iter().zip(monomials.chunks_exact_mut(layout.words()))
        {
            powers.as_ref().iter().for_each(|&(v, e)| layout.raise(monomial, v, e));
            coefficients.push(c);
        }
        Ok(Polynomial { layout, bounds, monomials, coefficients }.collected())
    }

    /// Brings terms into order and adds those of equal monomials.
    pub(super) fn collected(self) -> Polynomial {
        with_words!(self.layout.words(), W => {
            let monomials = self.monomials.as_chunks::<W>().0;
            let mut order: Vec<([u64; W], usize)> =
                monomials.iter().copied().enumerate().map(|(k, m)| (m, k)).collect();
            // Stable, since it merges what comes in order piece by piece.
            order.sort_by_key(|(monomial, _)| Reverse(*monomial));
            let mut coefficients = self.coefficients;
            let mut terms = Terms::<W>::with_capacity(order.len());
            for (monomial, k) in order {
                terms.add(monomial, std::mem::replace(&mut coefficients[k], Number::ZERO));
            }
            terms.into_polynomial(self.layout, self.bounds)
        })
    }
}

/// A growing list of terms in decreasing order.
pub(super) struct Terms<const W: usize> {
    monomials: Vec<[u64; W]>,
    coefficients: Vec<Number>,
}

impl<const W: usize> Terms<W> {
    pub(super) fn with_capacity(terms: usize) -> Terms<W> {
        Terms { monomials: Vec::with_capacity(terms), coefficients: Vec::with_capacity(terms) }
    }

    pub(super) fn len(&self) -> usize {
        self.coefficients.len()
    }

    pub(super) fn monomial(&self, k: usize) -> &[u64; W] {
        &self.monomials[k]
    }

    pub(super) fn coefficient(&self, k: usize) -> &Number {
        &self.coefficients[k]
    }

    /// Appends a term with a smaller monomial and a coefficient that is not zero.
    pub(super) fn push(&mut self, monomial: [u64; W], coefficient: Number) {
        self.monomials.push(monomial);
        self.coefficients.push(coefficient);
    }

    /// Adds a term whose monomial is not larger than the last one.
    fn add(&mut self, monomial: [u64; W], coefficient: Number) {
        if coefficient.is_zero() {
            return;
        }
        if self.monomials.last() != Some(&monomial) {
            return self.push(monomial, coefficient);
        }
        let last = self.coefficients.len() - 1;
        let total = &self.coefficients[last] + &coefficient;
        if total.is_zero() {
            self.monomials.pop();
            self.coefficients.pop();
        } else {
            self.coefficients[last] = total;
        }
    }

    pub(super) fn into_polynomial(self, layout: Arc<Layout>, bounds: Vec<u32>) -> Polynomial {
        let monomials = self.monomials.into_flattened();
        Polynomial { layout, bounds, monomials, coefficients: self.coefficients }
    }
}

/// What a polynomial consists of.
impl Polynomial {
    /// The number of variables, those included that do not occur.
    pub fn variables(&self) -> usize {
        self.bounds.len()
    }

    /// The number of terms.
    pub fn term_count(&self) -> usize {
        self.coefficients.len()
    }

    /// The number of powers of variables in all terms together.
    pub fn factor_count(&self) -> usize {
        let mut count = 0;
        self.monomials().for_each(|m| self.layout.each_power(m, |_, _| count += 1));
        count
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.coefficients.is_empty()
    }

    /// The value of a polynomial without variables.
    pub fn as_constant(&self) -> Option<Number> {
        match (self.coefficients.as_slice(), self.monomials.iter().all(|&w| w == 0)) {
            ([], _) => Some(Number::ZERO),
            ([c], true) => Some(c.clone()),
            _ => None,
        }
    }

    /// The largest exponent of a variable; 0 for the zero polynomial.
    pub fn degree(&self, variable: usize) -> u32 {
        self.monomials().map(|m| self.layout.exponent(m, variable)).max().unwrap_or(0)
    }

    /// The coefficients, the leading one first.
    pub fn coefficients(&self) -> &[Number] {
        &self.coefficients
    }

    /// Calls `f` with each coefficient and the exponents of the variables that occur beside it, in
    /// decreasing order of the monomials.
    pub fn each_term(&self, f: impl FnMut(&Number, &[(usize, u32)])) {
        self.each_of(0..self.term_count(), f);
    }

    /// As [`Polynomial::each_term`], from the lowest total degree to the highest.
    pub fn each_term_by_degree(&self, f: impl FnMut(&Number, &[(usize, u32)])) {
        let degree = |monomial: &[u64]| {
            let mut degree = 0_u64;
            self.layout.each_power(monomial, |_, e| degree += u64::from(e));
            degree
        };
        let mut order: Vec<(u64, usize)> = self.monomials().map(degree).zip(0..).collect();
        order.sort_by_key(|(degree, _)| *degree);
        self.each_of(order.into_iter().map(|(_, k)| k), f);
    }

    fn each_of(
        &self,
        order: impl Iterator<Item = usize>,
        mut f: impl FnMut(&Number, &[(usize, u32)]),
    ) {
        let words = self.layout.words();
        let mut powers = Vec::new();
        for k in order {
            powers.clear();
            let monomial = &self.monomials[k * words..(k + 1) * words];
            self.layout.each_power(monomial, |v, e| powers.push((v, e)));
            f(&self.coefficients[k], &powers);
        }
    }

    /// The value where the variables have these values; `None` when a number grows too large.
    pub fn value(&self, at: &[Number]) -> Option<Number> {
        let mut total = Some(Number::ZERO);
        self.each_term(|c, powers| {
            let term = powers.iter().try_fold(c.clone(), |product, &(v, e)| {
                at[v].pow(i64::from(e)).map(|power| &product * &power)
            });
            total = total.take().zip(term).map(|(total, term)| &total + &term);
        });
        total
    }

    pub(super) fn monomials(&self) -> impl Iterator<Item = &[u64]> {
        self.monomials.chunks_exact(self.layout.words())
    }
}

/// Linear operations.
impl Polynomial {
    /// `self + other`, of the same variables.
    ///
    /// # Errors
    /// When the exponents of both together do not fit the words of a monomial.
    pub fn plus(&self, other: &Polynomial) -> Result<Polynomial, Exceeded> {
        self.combine(&Number::ONE, other, &Number::ONE)
    }

    /// `self - other`, of the same variables.
    ///
    /// # Errors
    /// As for [`Polynomial::plus`].
    pub fn minus(&self, other: &Polynomial) -> Result<Polynomial, Exceeded> {
        self.combine(&Number::ONE, other, &Number::MINUS_ONE)
    }

    /// `p * self + q * other` for factors that are not zero.
    fn combine(&self, p: &Number, other: &Polynomial, q: &Number) -> Result<Polynomial, Exceeded> {
        let bounds: Vec<u32> =
            self.bounds.iter().zip(&other.bounds).map(|(&a, &b)| a.max(b)).collect();
        let (a, b) = self.unified(other, &bounds)?;
        with_words!(a.layout.words(), W => {
            let (x, y) = (a.monomials.as_chunks::<W>().0, b.monomials.as_chunks::<W>().0);
            let mut terms = Terms::<W>::with_capacity(x.len() + y.len());
            let (mut i, mut j) = (0, 0);
            while i < x.len() || j < y.len() {
                let order = match (x.get(i), y.get(j)) {
                    (Some(m), Some(n)) => m.cmp(n),
                    (Some(_), None) => Ordering::Greater,
                    _ => Ordering::Less,
                };
                if order.is_ge() {
                    terms.add(x[i], p * &a.coefficients[i]);
                    i += 1;
                }
                if order.is_le() {
                    terms.add(y[j], q * &b.coefficients[j]);
                    j += 1;
                }
            }
            Ok(terms.into_polynomial(a.layout.clone(), bounds))
        })
    }

    /// The sum of many polynomials of so many variables.
    ///
    /// # Errors
    /// When there are more terms than the budget allows, or the exponents of all together do not
    /// fit the words of a monomial.
    pub fn sum<'a>(
        variables: usize,
        parts: impl IntoIterator<Item = (Number, &'a Polynomial)>,
        budget: &mut Budget,
    ) -> Result<Polynomial, Exceeded> {
        let kept = parts.into_iter().filter(|(factor, p)| !factor.is_zero() && !p.is_zero());
        let parts: Vec<(Number, &Polynomial)> = kept.collect();
        let count: usize = parts.iter().map(|(_, p)| p.term_count()).sum();
        budget.spend(2 * count as u64)?;
        if let [(p, a), (q, b)] = parts.as_slice() {
            let sum = a.combine(p, b, q)?;
            budget.allow(sum.term_count())?;
            return Ok(sum);
        }
        let mut bounds = vec![0; variables];
        for (_, part) in &parts {
            bounds.iter_mut().zip(&part.bounds).for_each(|(b, &p)| *b = (*b).max(p));
        }
        let fits = parts.first().filter(|(_, first)| first.layout.holds(&bounds));
        let layout = match fits {
            Some((_, first)) => first.layout.clone(),
            None => Arc::new(Layout::fitting(&bounds).ok_or(Exceeded::Exponents)?),
        };
        let mut monomials = Vec::with_capacity(count * layout.words());
        let mut coefficients = Vec::with_capacity(count);
        for (factor, part) in &parts {
            monomials.extend_from_slice(&part.packed(&layout).monomials);
            coefficients.extend(part.coefficients.iter().map(|c| c * factor));
        }
        let sum = Polynomial { layout, bounds, monomials, coefficients }.collected();
        budget.allow(sum.term_count())?;
        Ok(sum)
    }

    /// `factor * self`.
    pub fn scaled(&self, factor: &Number) -> Polynomial {
        if factor.is_zero() {
            let (monomials, coefficients) = (Vec::new(), Vec::new());
            return Polynomial { monomials, coefficients, ..self.clone() };
        }
        let coefficients = self.coefficients.iter().map(|c| c * factor).collect();
        Polynomial { coefficients, ..self.clone() }
    }

    /// The rational `c` for which `self / c` has integer coefficients without a common factor, the
    /// leading one positive; 1 for the zero polynomial.
    pub fn content(&self) -> Number {
        let Some(first) = self.coefficients.first() else { return Number::ONE };
        let gcd = self.coefficients.iter().fold(Number::ZERO, |g, c| g.gcd(c));
        if first.is_negative() { -&gcd } else { gcd }
    }

    /// The content and the polynomial without it.
    pub fn primitive(&self) -> (Number, Polynomial) {
        let content = self.content();
        let inverse = content.recip().unwrap_or(Number::ONE);
        (content, self.scaled(&inverse))
    }

    /// Integer coefficients and the integer they were multiplied by.
    pub(super) fn cleared(&self) -> (Cow<'_, Polynomial>, Number) {
        if self.coefficients.iter().all(Number::is_integer) {
            return (Cow::Borrowed(self), Number::ONE);
        }
        // In lowest terms gcd(1, a/b) is 1/b, so that denominators meet in their least multiple.
        let gcd = self.coefficients.iter().fold(Number::ONE, |g, c| g.gcd(c));
        let factor = gcd.recip().unwrap_or(Number::ONE);
        (Cow::Owned(self.scaled(&factor)), factor)
    }
}

impl PartialEq for Polynomial {
    fn eq(&self, other: &Polynomial) -> bool {
        self.variables() == other.variables()
            && self.coefficients == other.coefficients
            && match self.unified(other, &[]) {
                Ok((a, b)) => a.monomials == b.monomials,
                Err(_) => false,
            }
    }
}

impl Eq for Polynomial {}

/// Layouts in common.
impl Polynomial {
    /// Both polynomials packed alike, with room for exponents up to `bounds` and their own.
    pub(super) fn unified<'a>(
        &'a self,
        other: &'a Polynomial,
        bounds: &[u32],
    ) -> Result<(Cow<'a, Polynomial>, Cow<'a, Polynomial>), Exceeded> {
        assert_eq!(self.variables(), other.variables(), "polynomials of the same variables");
        let mut all: Vec<u32> =
            self.bounds.iter().zip(&other.bounds).map(|(&a, &b)| a.max(b)).collect();
        all.iter_mut().zip(bounds).for_each(|(a, &b)| *a = (*a).max(b));
        let layout = match [&self.layout, &other.layout].into_iter().find(|l| l.holds(&all)) {
            Some(layout) => layout.clone(),
            None => Arc::new(Layout::fitting(&all).ok_or(Exceeded::Exponents)?),
        };
        Ok((self.packed(&layout), other.packed(&layout)))
    }

    /// The same polynomial with room for exponents up to `bounds`, which are not below its own.
    pub(super) fn with_room(&self, bounds: &[u32]) -> Result<Cow<'_, Polynomial>, Exceeded> {
        if self.layout.holds(bounds) {
            return Ok(Cow::Borrowed(self));
        }
        let layout = Layout::fitting(bounds).ok_or(Exceeded::Exponents)?;
        Ok(self.packed(&Arc::new(layout)))
    }

    /// The same polynomial in a layout that has room for it.
    pub(super) fn packed(&self, layout: &Arc<Layout>) -> Cow<'_, Polynomial> {
        if self.layout == *layout {
            return Cow::Borrowed(self);
        }
        let mut monomials = vec![0; layout.words() * self.term_count()];
        for (to, from) in monomials.chunks_exact_mut(layout.words()).zip(self.monomials()) {
            self.layout.each_power(from, |v, e| layout.raise(to, v, e));
        }
        let (layout, bounds) = (layout.clone(), self.bounds.clone());
        Cow::Owned(Polynomial {
            layout,
            bounds,
            monomials,
            coefficients: self.coefficients.clone(),
        })
    }
}
