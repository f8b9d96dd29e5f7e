//! Products of polynomials.
//!
//! Three ways, by shape: one term shifts the other factor; where the exponents of the product fill
//! a small box, coefficients are added up in a table; everything else goes through a heap of the
//! next product of each term of the shorter factor (S. C. Johnson 1974; Monagan and Pearce 2007),
//! which yields the terms in order without storing more than the result.

use std::collections::BinaryHeap;
use std::sync::Arc;

use super::budget::{Budget, Exceeded};
use super::exact::{Total, bits, integer, words};
use super::layout::{Layout, with_words};
use super::sparse::{Polynomial, Terms};
use crate::term::Number;

/// The largest table of coefficients.
const TABLE: u64 = 1 << 22;

impl Polynomial {
    /// `self * other`, of the same variables.
    ///
    /// # Errors
    /// When it has more terms or takes more work than the budget allows, or its exponents do not
    /// fit the words of a monomial.
    pub fn times(&self, other: &Polynomial, budget: &mut Budget) -> Result<Polynomial, Exceeded> {
        let (long, short) =
            if self.term_count() >= other.term_count() { (self, other) } else { (other, self) };
        let bounds = sums(&long.bounds, &short.bounds)?;
        let size = words_of(&long.coefficients).saturating_mul(words_of(&short.coefficients));
        let products = (long.term_count() as u64).saturating_mul(short.term_count() as u64);
        budget.spend(products.saturating_mul(size))?;
        let (long, short) = long.unified(short, &bounds)?;
        if short.term_count() <= 1 {
            budget.allow(long.term_count() * short.term_count())?;
            return Ok(shifted(&long, &short, bounds));
        }
        let ((long, p), (short, q)) = (long.cleared(), short.cleared());
        let product = match Grid::of(&long, &short).filter(|b| b.pays(products)) {
            Some(grid) => grid.product(&long, &short, bounds, budget)?,
            None => with_words!(long.layout.words(), W => {
                heap_product::<W>(&long, &short, bounds, budget)?
            }),
        };
        let scale = (&p * &q).recip().filter(|s| !s.is_one());
        Ok(match scale {
            Some(scale) => product.scaled(&scale),
            None => product,
        })
    }
}

/// The largest exponents of a product.
pub(super) fn sums(a: &[u32], b: &[u32]) -> Result<Vec<u32>, Exceeded> {
    a.iter().zip(b).map(|(a, b)| a.checked_add(*b).ok_or(Exceeded::Exponents)).collect()
}

fn words_of(coefficients: &[Number]) -> u64 {
    coefficients.iter().map(words).max().unwrap_or(1)
}

/// The product with one term, or with none.
fn shifted(long: &Polynomial, short: &Polynomial, bounds: Vec<u32>) -> Polynomial {
    let layout = long.layout.clone();
    let Some(factor) = short.coefficients.first() else {
        let (monomials, coefficients) = (Vec::new(), Vec::new());
        return Polynomial { layout, bounds, monomials, coefficients };
    };
    let mut monomials = long.monomials.clone();
    for monomial in monomials.chunks_exact_mut(layout.words()) {
        monomial.iter_mut().zip(&short.monomials).for_each(|(m, s)| *m += s);
    }
    let coefficients = match factor.is_one() {
        true => long.coefficients.clone(),
        false => long.coefficients.iter().map(|c| c * factor).collect(),
    };
    Polynomial { layout, bounds, monomials, coefficients }
}

pub(super) fn sum_of<const W: usize>(a: &[u64; W], b: &[u64; W]) -> [u64; W] {
    std::array::from_fn(|k| a[k] + b[k])
}

/// The product of polynomials with integer coefficients.
fn heap_product<const W: usize>(
    long: &Polynomial,
    short: &Polynomial,
    bounds: Vec<u32>,
    budget: &Budget,
) -> Result<Polynomial, Exceeded> {
    let (a, b) = (long.monomials.as_chunks::<W>().0, short.monomials.as_chunks::<W>().0);
    let mut terms = Terms::<W>::with_capacity(a.len());
    // For each term of the shorter factor the place of its next partner.
    let mut next = vec![0; b.len()];
    let mut heap: BinaryHeap<([u64; W], u32)> = BinaryHeap::with_capacity(b.len());
    heap.push((sum_of(&a[0], &b[0]), 0));
    let mut taken: Vec<u32> = Vec::with_capacity(b.len());
    while let Some(&(monomial, _)) = heap.peek() {
        let mut total = Total::default();
        while let Some(&(m, k)) = heap.peek()
            && m == monomial
        {
            heap.pop();
            let j = k as usize;
            total.add_product(&long.coefficients[next[j]], &short.coefficients[j]);
            taken.push(k);
        }
        for k in taken.drain(..) {
            let j = k as usize;
            // A term enters only when the one before it has moved on: the heap stays small.
            if next[j] == 0 && j + 1 < b.len() {
                heap.push((sum_of(&a[0], &b[j + 1]), k + 1));
            }
            next[j] += 1;
            if next[j] < a.len() {
                heap.push((sum_of(&a[next[j]], &b[j]), k));
            }
        }
        let coefficient = total.value();
        if !coefficient.is_zero() {
            budget.allow(terms.len() + 1)?;
            terms.push(monomial, coefficient);
        }
    }
    Ok(terms.into_polynomial(long.layout.clone(), bounds))
}

/// All exponents that a product may have, as a table with a place for each.
struct Grid {
    /// By variable: the number of exponents, and how far apart neighbours are.
    sides: Vec<(u64, u64)>,
    places: u64,
}

impl Grid {
    fn of(a: &Polynomial, b: &Polynomial) -> Option<Grid> {
        let mut sides = Vec::with_capacity(a.variables());
        let mut places = 1_u64;
        for v in (0..a.variables()).rev() {
            let bound = u64::from(a.bounds[v]) + u64::from(b.bounds[v]);
            sides.push((bound + 1, places));
            places = places.checked_mul(bound + 1).filter(|&p| p <= TABLE)?;
        }
        sides.reverse();
        Some(Grid { sides, places })
    }

    /// Whether the table is worth its size.
    fn pays(&self, products: u64) -> bool {
        self.places <= 64 || self.places / 4 <= products
    }

    fn places_of(&self, p: &Polynomial) -> Vec<usize> {
        let place = |monomial: &[u64]| {
            let mut place = 0;
            p.layout.each_power(monomial, |v, e| place += u64::from(e) * self.sides[v].1);
            place as usize
        };
        p.monomials().map(place).collect()
    }

    /// The product of polynomials with integer coefficients.
    fn product(
        &self,
        a: &Polynomial,
        b: &Polynomial,
        bounds: Vec<u32>,
        budget: &Budget,
    ) -> Result<Polynomial, Exceeded> {
        let most = bits(&a.coefficients) + bits(&b.coefficients);
        let most = most + u64::from(b.term_count().ilog2()) + 1;
        let at = (self.places_of(a), self.places_of(b));
        let layout = &a.layout;
        if most < 63 {
            let small = |p: &Polynomial| p.coefficients.iter().filter_map(Number::to_i64).collect();
            let mut table = vec![0_i64; self.places as usize];
            fill(&mut table, &at, &(small(a), small(b)), |t, x: i64, y| *t += x * y);
            self.collect(layout, bounds, budget, table, |n| (n != 0).then(|| n.into()))
        } else if most < 127 {
            let small = |p: &Polynomial| p.coefficients.iter().map(wide).collect();
            let mut table = vec![0_i128; self.places as usize];
            fill(&mut table, &at, &(small(a), small(b)), |t, x: i128, y| *t += x * y);
            self.collect(layout, bounds, budget, table, |n| (n != 0).then(|| integer(n)))
        } else {
            let mut table: Vec<Option<Total>> = Vec::new();
            table.resize_with(self.places as usize, || None);
            let factors = (a.coefficients.iter().collect(), b.coefficients.iter().collect());
            fill(&mut table, &at, &factors, |t, x: &Number, y| {
                t.get_or_insert_default().add_product(x, y);
            });
            self.collect(layout, bounds, budget, table, |t| {
                t.map(Total::value).filter(|n| !n.is_zero())
            })
        }
    }

    /// The terms of a table, the last place first.
    fn collect<T>(
        &self,
        layout: &Arc<Layout>,
        bounds: Vec<u32>,
        budget: &Budget,
        table: Vec<T>,
        coefficient: impl Fn(T) -> Option<Number>,
    ) -> Result<Polynomial, Exceeded> {
        let (mut monomials, mut coefficients) = (Vec::new(), Vec::new());
        let mut monomial = vec![0; layout.words()];
        for (place, entry) in table.into_iter().enumerate().rev() {
            let Some(c) = coefficient(entry) else { continue };
            monomial.fill(0);
            for (v, &(count, apart)) in self.sides.iter().enumerate() {
                layout.raise(&mut monomial, v, (place as u64 / apart % count) as u32);
            }
            monomials.extend_from_slice(&monomial);
            coefficients.push(c);
        }
        budget.allow(coefficients.len())?;
        Ok(Polynomial { layout: layout.clone(), bounds, monomials, coefficients })
    }
}

fn wide(n: &Number) -> i128 {
    super::exact::Ring::from_number(n)
}

/// Adds all products of coefficients at the sums of their places.
fn fill<T, C: Copy>(
    table: &mut [T],
    at: &(Vec<usize>, Vec<usize>),
    factors: &(Vec<C>, Vec<C>),
    add: impl Fn(&mut T, C, C),
) {
    for (&i, &x) in at.0.iter().zip(&factors.0) {
        for (&j, &y) in at.1.iter().zip(&factors.1) {
            add(&mut table[i + j], x, y);
        }
    }
}
