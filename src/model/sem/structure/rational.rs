//! Formulas of parameters that are fractions of polynomials in the covariances, one multidegree at a
//! time.
//!
//! Scaling the variables scales a parameter `θ` by a weight: `e_j − e_i` for `λ_ij`. So a formula
//! `θ = b(σ)/a(σ)` has parts of one multidegree, with `deg b = deg a + weight`, and the relation
//! `a θ − b = 0` is a null vector of few functions, as a vanishing polynomial is.

use std::cell::{Cell, OnceCell};

use super::ideal::{Exponents, Pairs, Products, lift, multidegrees, relations, ways};
use super::point::Point;
use super::prime;
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::numeric::random::Random;
use crate::term::{Graph, Number, Term};

/// A fraction of polynomials in the observed covariances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// Above.
    pub over: Vec<(Exponents, i64)>,
    /// Below.
    pub under: Vec<(Exponents, i64)>,
}

/// The highest degree of a denominator.
const DEGREE: usize = 5;

/// The most functions of one relation.
const FUNCTIONS: usize = 260;

/// Multiplications that the search for one formula may take, and that for all of a graph.
const WORK: f64 = 1.5e8;
const ALL_WORK: f64 = 1.5e9;

/// The most multidegrees of one degree.
const MULTIDEGREES: f64 = 20_000.0;

/// What a formula is wanted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A parameter.
    Parameter(usize),
    /// The covariance of two vertices, latent ones too.
    Covariance(usize, usize),
}

/// A search for formulas in a graph, with the points at which it looks.
pub struct Fractions<'g> {
    graph: &'g MixedGraph,
    observed: Vec<usize>,
    pairs: Pairs,
    /// Points with their observed covariances, once they are needed.
    points: OnceCell<Vec<(Point, Vec<u64>)>>,
    /// What all searches have taken so far.
    work: Cell<f64>,
}

/// The most observed variables of a graph that is searched.
const OBSERVED: usize = 30;

impl<'g> Fractions<'g> {
    /// Prepares the search.
    pub fn new(graph: &'g MixedGraph) -> Fractions<'g> {
        let observed = graph.observed();
        let pairs = Pairs::new(observed.len());
        Fractions { graph, observed, pairs, points: OnceCell::new(), work: Cell::new(0.0) }
    }

    fn points(&self) -> &[(Point, Vec<u64>)] {
        self.points.get_or_init(|| {
            let mut random = Random::new(19);
            let points = (0..FUNCTIONS + 10).map_while(|_| {
                let point = Point::random(self.graph, &mut random)?;
                let observed = &self.observed;
                let ends = self.pairs.all().iter().map(|&(i, j)| (observed[i], observed[j]));
                let sigma = ends.map(|(i, j)| point.sigma[i][j]).collect();
                Some((point, sigma))
            });
            points.collect()
        })
    }

    /// A formula with a denominator of the lowest degree, checked at random points modulo the prime;
    /// nothing when none is found within the limits, or the scales of variables are tied so that the
    /// target has no weight.
    pub fn of(&self, target: Target, stop: fn() -> bool) -> Option<Fraction> {
        if self.observed.len() > OBSERVED {
            return None;
        }
        let pairs = &self.pairs;
        let weight = weight(self.graph, &self.observed, target)?;
        // Latent variables make many searches, and short formulas.
        let most = if self.observed.len() < self.graph.size() { WORK / 8.0 } else { WORK };
        let (_, probe_sigma) = self.points().last()?;
        let allowed: Vec<bool> = probe_sigma.iter().map(|s| *s != 0).collect();
        let mut work = 0.0;
        for degree in 0..=DEGREE {
            let mut best: Option<Fraction> = None;
            if ways(2 * degree, weight.len()) > MULTIDEGREES {
                break;
            }
            for below in multidegrees(2 * degree, &weight) {
                let visit = (allowed.len() * 4) as f64;
                work += visit;
                self.work.set(self.work.get() + visit);
                let above: Vec<usize> =
                    below.iter().zip(&weight).map(|(d, w)| (*d as i64 + w) as usize).collect();
                let Some(under) = pairs.monomials(&below, &allowed, FUNCTIONS) else { continue };
                let Some(over) = pairs.monomials(&above, &allowed, FUNCTIONS) else { continue };
                let width = under.len() + over.len();
                if under.is_empty() || over.is_empty() || width > FUNCTIONS {
                    continue;
                }
                let cost = (width * width * (width + 10)) as f64 / 3.0;
                work += cost;
                self.work.set(self.work.get() + cost);
                if work > most || self.work.get() > ALL_WORK || stop() {
                    return best;
                }
                let mut points = self.points().iter();
                let (divisors, dividends) = (Products::new(&under), Products::new(&over));
                let found = relations(width, stop, |_| {
                    let (point, sigma) = points.next()?;
                    let theta = prime::sub(
                        0,
                        match target {
                            Target::Parameter(p) => point.values[p],
                            Target::Covariance(i, j) => point.sigma[i][j],
                        },
                    );
                    let scaled = divisors.values(sigma).map(|x| prime::mul(x, theta));
                    Some(scaled.chain(dividends.values(sigma)).collect())
                });
                let functions: Vec<Exponents> = under.iter().chain(&over).cloned().collect();
                for vector in found.ok()? {
                    let value = |coefficients: &[u64]| {
                        let all = divisors.values(probe_sigma).zip(coefficients);
                        all.fold(0, |s, (x, c)| prime::mul_add(x, *c, s))
                    };
                    // A denominator that vanishes on the model says nothing.
                    if value(&vector[..under.len()]) == 0 {
                        continue;
                    }
                    let Some(fraction) = split(&functions, under.len(), &vector) else { continue };
                    let size = |f: &Fraction| f.over.len() + f.under.len();
                    if best.as_ref().is_none_or(|b| size(&fraction) < size(b)) {
                        best = Some(fraction);
                    }
                }
            }
            if best.is_some() {
                return best;
            }
        }
        None
    }
}

/// The parts of a null vector, lifted together.
fn split(functions: &[Exponents], below: usize, vector: &[u64]) -> Option<Fraction> {
    // Monomials of both parts may be equal, so that they are told apart by a mark.
    let marked: Vec<Exponents> = functions
        .iter()
        .enumerate()
        .map(|(k, m)| m.iter().copied().chain([u8::from(k < below)]).collect())
        .collect();
    let mut fraction = Fraction { over: Vec::new(), under: Vec::new() };
    for (monomial, coefficient) in lift(&marked, vector)? {
        let (mark, plain) = monomial.split_last()?;
        let part = if *mark == 1 { &mut fraction.under } else { &mut fraction.over };
        part.push((plain.into(), coefficient));
    }
    if fraction.under.first().is_some_and(|(_, c)| *c < 0) {
        fraction.over.iter_mut().chain(&mut fraction.under).for_each(|(_, c)| *c = -*c);
    }
    Some(fraction)
}

/// How a target is scaled with the observed variables; nothing when that is not determined by
/// them, or not by whole numbers.
fn weight(graph: &MixedGraph, observed: &[usize], target: Target) -> Option<Vec<i64>> {
    let n = graph.size();
    let vector = |a: usize, b: usize, directed: bool| -> Vec<Number> {
        let mut v = vec![Number::ZERO; n];
        let sign = if directed { Number::MINUS_ONE } else { Number::ONE };
        v[a] = &v[a] + &sign;
        v[b] = &v[b] + &Number::ONE;
        v
    };
    let all = graph
        .effects()
        .map(|(a, b, w)| (vector(a, b, true), w))
        .chain(graph.covariances().map(|(a, b, w)| (vector(a, b, false), w)));
    let (mut first, mut conditions) = (vec![None; graph.parameters.len()], Vec::new());
    for (v, w) in all {
        match w {
            Weight::Constant(_) => conditions.push(v),
            Weight::Parameter(p) => match &first[*p] {
                None => first[*p] = Some(v),
                Some(known) => {
                    conditions.push(v.iter().zip(known).map(|(a, b): (_, &Number)| a - b).collect())
                }
            },
        }
    }
    // weight = Σ u_v e_v + Σ c_k condition_k, one equation for each vertex.
    let target = match target {
        Target::Parameter(p) => first[p].clone()?,
        Target::Covariance(i, j) => vector(i, j, false),
    };
    let columns = observed.len() + conditions.len();
    let mut rows: Vec<Vec<Number>> = (0..n)
        .map(|v| {
            let units = observed.iter().map(|&o| Number::from(o == v));
            let others = conditions.iter().map(|c: &Vec<Number>| c[v].clone());
            units.chain(others).chain([target[v].clone()]).collect()
        })
        .collect();
    // Conditions are eliminated first, so that what is left over belongs to the observed.
    let mut done = 0;
    let mut pivots = Vec::new();
    for column in (0..columns).rev() {
        let Some(found) = (done..n).find(|&r| !rows[r][column].is_zero()) else { continue };
        rows.swap(done, found);
        let inverse = rows[done][column].recip()?;
        let pivot: Vec<Number> = rows[done].iter().map(|x| x * &inverse).collect();
        for (r, row) in rows.iter_mut().enumerate() {
            if r != done && !row[column].is_zero() {
                let factor = row[column].clone();
                for (x, y) in row.iter_mut().zip(&pivot) {
                    *x = &*x - &(&factor * y);
                }
            }
        }
        rows[done] = pivot;
        pivots.push(column);
        done += 1;
    }
    if rows[done..].iter().any(|r| !r[columns].is_zero()) {
        return None;
    }
    let mut weight = vec![0; observed.len()];
    for (row, &column) in rows.iter().zip(&pivots) {
        if column < observed.len() {
            weight[column] = row[columns].to_i64()?;
        }
    }
    Some(weight)
}

impl Fraction {
    /// The fraction as a term in `s_x_y`.
    pub fn term(&self, graph: &MixedGraph, terms: &mut Graph) -> Term {
        let observed = graph.observed();
        let pairs = Pairs::new(observed.len());
        let part = |terms: &mut Graph, polynomial: &[(Exponents, i64)]| {
            let mut parts = Vec::new();
            for (monomial, coefficient) in polynomial {
                let mut factors = Vec::new();
                for (&(i, j), &e) in pairs.all().iter().zip(monomial).filter(|(_, e)| **e > 0) {
                    let name = graph.naming.covariance(observed[i], observed[j]);
                    factors.push((terms.symbol(&name), i64::from(e).into()));
                }
                parts.push(((*coefficient).into(), terms.product(factors)));
            }
            terms.sum(Number::ZERO, parts)
        };
        let (over, under) = (part(terms, &self.over), part(terms, &self.under));
        terms.div(over, under)
    }
}
