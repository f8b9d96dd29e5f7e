//! Certificates: a polynomial vanishes on a grid that no other polynomial of its degrees vanishes on.
//!
//! After scaling as many parameters to 1 as there are free scales, `f(S)` with
//! `S = Δ² Σ = adj(I−Λ)ᵀ Ω adj(I−Λ)` is a polynomial in the others whose exponents lie in a set that
//! is closed downwards: degrees in each `λ`, their total degree, and the total degree in `ω`. A
//! polynomial with such exponents is zero when it is zero at as many points, one for each exponent
//! vector. Modulo primes whose product exceeds the sum of its absolute coefficients this is exact.

use std::sync::Arc;

use super::grid::Job;
use super::monomial::{Exponents, Pairs};
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::model::sem::structure::prime;
use crate::model::sem::symbolic::{Expansion, Polynomial, Polynomials, WALKED, counts};
use crate::numeric::random::Random;
use crate::term::Number;

/// What shows that a polynomial vanishes on a model.
#[derive(Clone, Debug, PartialEq)]
pub enum Certificate {
    /// It is zero at this many points, which suffice, modulo primes that suffice.
    Exact {
        /// Points of the grid.
        points: u64,
        /// Primes.
        primes: usize,
    },
    /// It is zero at random points modulo the prime; the grid would have this many points.
    Random {
        /// Points that a certificate would take.
        needed: f64,
    },
    /// Its coefficients, of which there are so many, have no short fractions modulo the prime.
    NotLifted(usize),
    /// It does not vanish: the relation modulo the prime was an accident.
    Wrong,
}

/// Evaluations of a monomial that a certificate may take.
const WORK: f64 = 4e9;

/// The primes 2^k − 1, the largest first.
const PRIMES: [u32; 5] = [61, 31, 19, 17, 13];

/// What certificates of polynomials in the covariances of a graph need to know of it.
pub struct Certifier {
    observed: Vec<usize>,
    /// Ways to scale parameters to 1; none when the closed form is too large.
    charts: Vec<Chart>,
    /// The sum of the absolute coefficients of `S_ij`, for each pair of observed variables.
    norms: Vec<f64>,
}

/// A choice of parameters that are scaled to 1.
struct Chart {
    /// The parameters that are left: effects, and variances and covariances.
    effects: Vec<usize>,
    covariances: Vec<usize>,
    /// For each observed variable and each effect that is left the greatest exponent in `N_ki` over
    /// all k.
    each: Vec<Vec<usize>>,
    /// The same for all these effects together.
    total: Vec<usize>,
}

/// Ways to scale that are tried, and the most terms of all `N` for which it is more than one.
const CHARTS: usize = 24;
const TERMS: usize = 3_000;

impl Certifier {
    /// Prepares certificates; nothing when the ideal is not graded by multidegree.
    pub fn new(graph: &MixedGraph, observed: &[usize]) -> Option<Certifier> {
        let scales = Scales::new(graph, observed)?;
        let mut certifier =
            Certifier { observed: observed.to_vec(), charts: Vec::new(), norms: Vec::new() };
        if let Some(columns) = columns(graph, observed) {
            let terms: usize = columns.iter().flatten().map(|n| n.terms().len()).sum();
            let mut order: Vec<usize> = (0..graph.parameters.len()).collect();
            let mut random = Random::new(29);
            for _ in 0..if terms > TERMS { 1 } else { CHARTS } {
                certifier.charts.push(Chart::new(&scales, &columns, &order));
                random.shuffle(&mut order);
                // Effects first: cycles are all that is left of them.
                order.sort_by_key(|&p| !scales.is_effect[p]);
            }
            match norms(graph, &columns) {
                Some(norms) => certifier.norms = norms,
                None => certifier.charts.clear(),
            }
        }
        Some(certifier)
    }

    /// Shows that a polynomial vanishes.
    pub fn certify(
        &self,
        graph: &MixedGraph,
        pairs: &Pairs,
        terms: &[(Exponents, i64)],
        stop: fn() -> bool,
    ) -> Certificate {
        let degree = pairs.degree(&terms[0].0);
        let half = degree.iter().sum::<usize>() / 2;
        let sum_of = |f: &dyn Fn(usize) -> usize| {
            degree.iter().enumerate().map(|(v, d)| d * f(v)).sum::<usize>()
        };
        let bounds = |chart: &Chart| -> (Vec<usize>, usize, f64) {
            let highest: Vec<usize> =
                (0..chart.effects.len()).map(|e| sum_of(&|v| chart.each[v][e])).collect();
            let total = sum_of(&|v| chart.total[v]);
            let covariances = grid_size(&vec![half; chart.covariances.len()], half);
            let points = grid_size(&highest, total) * covariances;
            (highest, total, points)
        };
        let all = self.charts.iter().map(|chart| (chart, bounds(chart)));
        let Some((chart, (highest, total, points))) = all.min_by(|a, b| a.1.2.total_cmp(&b.1.2))
        else {
            return Certificate::Random { needed: f64::INFINITY };
        };
        let large = terms.iter().any(|(_, c)| c.unsigned_abs() >= 1 << 50);
        if points * terms.len() as f64 > WORK || large || terms.len() > 1 << 16 {
            return Certificate::Random { needed: points };
        }
        // Whole coefficients below the product of the primes.
        let size: f64 = terms
            .iter()
            .map(|(m, c)| {
                let logs = m.iter().zip(&self.norms).map(|(e, n)| f64::from(*e) * libm::log2(*n));
                libm::log2(c.unsigned_abs() as f64) + logs.sum::<f64>()
            })
            .fold(f64::NEG_INFINITY, |a, b| {
                let (low, high) = (a.min(b), a.max(b));
                if low == f64::NEG_INFINITY {
                    high
                } else {
                    high + libm::log2(1.0 + libm::exp2(low - high))
                }
            });
        let mut reach = 0.0;
        let mut count = 0u64;
        let mut primes = 0;
        for bits in PRIMES {
            if reach > size + 2.0 {
                break;
            }
            let job = Job {
                graph,
                observed: &self.observed,
                effects: &chart.effects,
                covariances: &chart.covariances,
                highest: &highest,
                total,
                half,
                pairs,
                terms,
                stop,
            };
            let outcome = match bits {
                61 => job.run::<61>(),
                31 => job.run::<31>(),
                19 => job.run::<19>(),
                17 => job.run::<17>(),
                _ => job.run::<13>(),
            };
            match outcome {
                Some(Ok(points)) => count = points,
                Some(Err(())) => return Certificate::Wrong,
                None => return Certificate::Random { needed: points },
            }
            primes += 1;
            reach += f64::from(bits) - 1e-6;
        }
        match reach > size + 2.0 {
            true => Certificate::Exact { points: count, primes },
            false => Certificate::Random { needed: points },
        }
    }
}

/// The number of exponent vectors below bounds in each place and in total.
fn grid_size(highest: &[usize], total: usize) -> f64 {
    let mut ways = vec![0.0; total + 1];
    ways[0] = 1.0;
    for &h in highest {
        let mut next = vec![0.0; total + 1];
        for (t, w) in ways.iter().enumerate() {
            for e in 0..=h.min(total - t) {
                next[t + e] += w;
            }
        }
        ways = next;
    }
    ways.iter().sum()
}

/// How parameters are scaled with the variables.
struct Scales {
    /// For each parameter its weight; nothing when it is no coefficient.
    weights: Vec<Option<Vec<i64>>>,
    /// Whether it is an effect.
    is_effect: Vec<bool>,
    /// Weights that fixed and shared coefficients tie to zero.
    conditions: Vec<Vec<i64>>,
}

impl Scales {
    /// The scales of a graph; nothing when fixed or shared coefficients leave observed variables
    /// without a scale of their own.
    fn new(graph: &MixedGraph, observed: &[usize]) -> Option<Scales> {
        let n = graph.size();
        let weight = |a: usize, b: usize, directed: bool| -> Vec<i64> {
            let mut w = vec![0; n];
            w[a] += if directed { -1 } else { 1 };
            w[b] += 1;
            w
        };
        let mut scales = Scales {
            weights: vec![None; graph.parameters.len()],
            is_effect: vec![false; graph.parameters.len()],
            conditions: Vec::new(),
        };
        let effects = graph.effects().map(|(a, b, w)| (weight(a, b, true), w, true));
        let covariances = graph.covariances().map(|(a, b, w)| (weight(a, b, false), w, false));
        for (vector, w, directed) in effects.chain(covariances) {
            match w {
                Weight::Constant(_) => scales.conditions.push(vector),
                Weight::Parameter(p) => match &scales.weights[*p] {
                    Some(first) => {
                        let difference = first.iter().zip(&vector).map(|(a, b)| a - b).collect();
                        scales.conditions.push(difference);
                    }
                    None => {
                        scales.weights[*p] = Some(vector);
                        scales.is_effect[*p] = directed;
                    }
                },
            }
        }
        // The scales that the conditions leave must move the observed variables freely.
        let mut span = scales.span();
        observed.iter().all(|&v| span.add(&unit(n, v))).then_some(scales)
    }

    fn span(&self) -> Span {
        let mut span = Span::default();
        self.conditions.iter().for_each(|c| _ = span.add(c));
        span
    }
}

fn unit(n: usize, v: usize) -> Vec<i64> {
    (0..n).map(|k| i64::from(k == v)).collect()
}

/// Independent vectors, modulo the prime.
#[derive(Default)]
struct Span {
    rows: Vec<Vec<u64>>,
}

impl Span {
    /// Adds a vector; whether it is independent of those before.
    fn add(&mut self, vector: &[i64]) -> bool {
        let mut rows = self.rows.clone();
        rows.push(vector.iter().map(|x| prime::from_i64(*x)).collect());
        prime::reduce(&mut rows);
        let new = rows.len() > self.rows.len();
        if new {
            self.rows = rows;
        }
        new
    }
}

impl Chart {
    /// Scales to 1 what comes first in an order and is independent of what comes before.
    fn new(scales: &Scales, columns: &[Vec<Arc<Polynomial>>], order: &[usize]) -> Chart {
        let mut span = scales.span();
        let fixed = |p: &usize| scales.weights[*p].as_ref().is_some_and(|w| span.add(w));
        let scaled: Vec<usize> = order.iter().copied().filter(fixed).collect();
        let left = (0..order.len()).filter(|p| scales.weights[*p].is_some() && !scaled.contains(p));
        let (effects, covariances): (Vec<usize>, Vec<usize>) =
            left.partition(|&p| scales.is_effect[p]);
        let mut each = vec![vec![0; effects.len()]; columns.len()];
        let mut total = vec![0; columns.len()];
        for (place, column) in columns.iter().enumerate() {
            for (monomial, _) in column.iter().flat_map(|n| n.terms()) {
                let mut sum = 0;
                for (e, p) in effects.iter().enumerate() {
                    let power = monomial.iter().filter(|x| usize::from(**x) == *p).count();
                    each[place][e] = each[place][e].max(power);
                    sum += power;
                }
                total[place] = total[place].max(sum);
            }
        }
        Chart { effects, covariances, each, total }
    }
}

/// For each observed variable `i` all `N_ki` of the whole graph; nothing when they are too large, or a
/// coefficient is an effect and a covariance, for which there are no bounds.
fn columns(graph: &MixedGraph, observed: &[usize]) -> Option<Vec<Vec<Arc<Polynomial>>>> {
    let effects: Vec<&Weight> = graph.effects().map(|(_, _, w)| w).collect();
    let both = |w: &Weight| effects.contains(&w) && !matches!(w, Weight::Constant(_));
    if graph.covariances().any(|(_, _, w)| both(w)) {
        return None;
    }
    let (all, between) = counts(graph)?;
    if all > WALKED || between.iter().flatten().any(|c| *c > WALKED) {
        return None;
    }
    let mut rule = Expansion::new(graph, Polynomials)?;
    let mut columns = vec![Vec::new(); observed.len()];
    for k in 0..graph.size() {
        let row = rule.effects_of(k);
        for (column, &v) in columns.iter_mut().zip(observed) {
            column.push(row[v].clone().unwrap_or_default());
        }
    }
    Some(columns)
}

/// The sums of the absolute coefficients of `S_ij`; nothing when a coefficient is no whole number.
fn norms(graph: &MixedGraph, columns: &[Vec<Arc<Polynomial>>]) -> Option<Vec<f64>> {
    let size = |c: &Number| c.to_i64().map(|c| c.unsigned_abs() as f64);
    let mut sizes = Vec::new();
    for column in columns {
        let all: Option<Vec<f64>> =
            column.iter().map(|n| n.terms().iter().map(|(_, c)| size(c)).sum()).collect();
        sizes.push(all?);
    }
    let mut norms = Vec::new();
    for (k, left) in sizes.iter().enumerate() {
        for right in &sizes[k..] {
            let mut norm = 0.0;
            for (a, b, w) in graph.covariances() {
                let weight = match w {
                    Weight::Parameter(_) => 1.0,
                    Weight::Constant(c) => size(c)?,
                };
                norm += weight * left[a] * right[b];
                if a != b {
                    norm += weight * left[b] * right[a];
                }
            }
            norms.push(norm.max(1.0));
        }
    }
    Some(norms)
}
