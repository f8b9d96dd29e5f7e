//! Certificates: a polynomial vanishes on a grid that no other polynomial of its degrees vanishes on.
//!
//! After scaling as many parameters to 1 as there are free scales, `f(S)` with
//! `S = Δ² Σ = adj(I−Λ)ᵀ Ω adj(I−Λ)` is a polynomial in the others whose exponents lie in a set that
//! is closed downwards: degrees in each `λ`, their total degree, and the total degree in `ω`. A
//! polynomial with such exponents is zero when it is zero at as many points, one for each exponent
//! vector. Modulo primes whose product exceeds the sum of its absolute coefficients this is exact.

use super::grid::Job;
use super::monomial::{Exponents, Pairs};
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::model::sem::symbolic::{Expansion, Polynomials, counts};

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
    /// The parameters that scaling cannot make 1.
    free: Vec<usize>,
    /// Whether the parameters of Ω that are left occur with exponents that sum to the degree at most.
    grades: Vec<Grade>,
    /// Bounds on degrees in the parameters, for each observed variable; nothing when the closed
    /// form is too large.
    bounds: Option<Bounds>,
}

/// What a parameter is a coefficient of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Effect,
    Covariance,
}

struct Bounds {
    /// For each observed variable and each free effect the greatest exponent in `N_ki` over all k.
    each: Vec<Vec<usize>>,
    /// The same for all free effects together.
    total: Vec<usize>,
    /// The sum of the absolute coefficients of `S_ij`, for each pair of observed variables.
    norms: Vec<f64>,
}

impl Certifier {
    /// Prepares certificates; nothing when the ideal is not graded by multidegree.
    pub fn new(graph: &MixedGraph, observed: &[usize]) -> Option<Certifier> {
        let (free, grades) = normalise(graph, observed)?;
        let bounds = Bounds::new(graph, observed, &free, &grades);
        Some(Certifier { observed: observed.to_vec(), free, grades, bounds })
    }

    /// Shows that a polynomial vanishes.
    pub fn certify(
        &self,
        graph: &MixedGraph,
        pairs: &Pairs,
        terms: &[(Exponents, i64)],
        stop: fn() -> bool,
    ) -> Certificate {
        let Some(bounds) = &self.bounds else {
            return Certificate::Random { needed: f64::INFINITY };
        };
        let degree = pairs.degree(&terms[0].0);
        let half = degree.iter().sum::<usize>() / 2;
        let sum_of = |f: &dyn Fn(usize) -> usize| {
            degree.iter().enumerate().map(|(v, d)| d * f(v)).sum::<usize>()
        };
        let effects: Vec<usize> =
            (0..self.free.len()).filter(|&k| self.grades[k] == Grade::Effect).collect();
        let covariances: Vec<usize> =
            (0..self.free.len()).filter(|&k| self.grades[k] == Grade::Covariance).collect();
        let highest: Vec<usize> =
            (0..effects.len()).map(|e| sum_of(&|v| bounds.each[v][e])).collect();
        let total = sum_of(&|v| bounds.total[v]);
        let points = grid_size(&highest, total) * grid_size(&vec![half; covariances.len()], half);
        let large = terms.iter().any(|(_, c)| c.unsigned_abs() >= 1 << 50);
        if points * terms.len() as f64 > WORK || large || terms.len() > 1 << 16 {
            return Certificate::Random { needed: points };
        }
        // Whole coefficients below the product of the primes.
        let size: f64 = terms
            .iter()
            .map(|(m, c)| {
                let logs = m.iter().zip(&bounds.norms).map(|(e, n)| f64::from(*e) * libm::log2(*n));
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
                free: &self.free,
                effects: &effects,
                covariances: &covariances,
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

/// The parameters that are left when as many as possible are scaled to 1, effects first; nothing when
/// fixed or shared coefficients leave observed variables without a scale of their own.
fn normalise(graph: &MixedGraph, observed: &[usize]) -> Option<(Vec<usize>, Vec<Grade>)> {
    let n = graph.size();
    let weight = |a: usize, b: usize, directed: bool| -> Vec<i64> {
        let mut w = vec![0; n];
        w[a] += if directed { -1 } else { 1 };
        w[b] += 1;
        w
    };
    let mut weights: Vec<Vec<Vec<i64>>> = vec![Vec::new(); graph.parameters.len()];
    let mut grades = vec![Grade::Effect; graph.parameters.len()];
    let mut conditions: Vec<Vec<i64>> = Vec::new();
    let effects = graph.effects().map(|(a, b, w)| (weight(a, b, true), w, Grade::Effect));
    let covariances =
        graph.covariances().map(|(a, b, w)| (weight(a, b, false), w, Grade::Covariance));
    for (vector, w, grade) in effects.chain(covariances) {
        match w {
            Weight::Constant(_) => conditions.push(vector),
            Weight::Parameter(p) => {
                if grade == Grade::Covariance {
                    grades[*p] = Grade::Covariance;
                }
                weights[*p].push(vector);
            }
        }
    }
    for list in &weights {
        for other in list.iter().skip(1) {
            conditions.push(list[0].iter().zip(other).map(|(a, b)| a - b).collect());
        }
    }
    // The scales that the conditions leave must move the observed variables freely.
    let mut span = Span::default();
    conditions.iter().for_each(|c| _ = span.add(c));
    for &v in observed {
        if !span.add(&unit(n, v)) {
            return None;
        }
    }
    let mut span = Span::default();
    conditions.iter().for_each(|c| _ = span.add(c));
    // Scaling one effect after the other to 1, cycles stay; then covariances, variances first.
    let mut free = Vec::new();
    for (p, list) in weights.iter().enumerate() {
        if list.is_empty() || !span.add(&list[0]) {
            free.push(p);
        }
    }
    let grades = free.iter().map(|&p| grades[p]).collect();
    Some((free, grades))
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
        use crate::model::sem::structure::prime;
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

impl Bounds {
    fn new(
        graph: &MixedGraph,
        observed: &[usize],
        free: &[usize],
        grades: &[Grade],
    ) -> Option<Bounds> {
        // A coefficient of both kinds has no bound here.
        let effects: Vec<&Weight> = graph.effects().map(|(_, _, w)| w).collect();
        if graph
            .covariances()
            .any(|(_, _, w)| effects.contains(&w) && !matches!(w, Weight::Constant(_)))
        {
            return None;
        }
        let whole = counts(graph)?;
        if whole.0 > 10_000 || whole.1.iter().flatten().any(|&c| c > 10_000) {
            return None;
        }
        let mut rule = Expansion::new(graph, Polynomials)?;
        let n = graph.size();
        let effects: Vec<usize> = free
            .iter()
            .zip(grades)
            .filter(|(_, g)| **g == Grade::Effect)
            .map(|(p, _)| *p)
            .collect();
        let mut each = vec![vec![0; effects.len()]; observed.len()];
        let mut total = vec![0; observed.len()];
        let mut sizes = vec![vec![0.0; observed.len()]; n];
        for (k, sizes) in sizes.iter_mut().enumerate() {
            let row = rule.effects_of(k);
            for (place, &v) in observed.iter().enumerate() {
                let Some(polynomial) = &row[v] else { continue };
                for (monomial, coefficient) in polynomial.terms() {
                    sizes[place] += coefficient.abs().to_f64() * bits_of_denominator(coefficient)?;
                    let mut sum = 0;
                    for (e, p) in effects.iter().enumerate() {
                        let power = monomial.iter().filter(|x| usize::from(**x) == *p).count();
                        each[place][e] = each[place][e].max(power);
                        sum += power;
                    }
                    total[place] = total[place].max(sum);
                }
            }
        }
        let mut norms = Vec::new();
        for i in 0..observed.len() {
            for j in i..observed.len() {
                let mut norm = 0.0;
                for (a, b, w) in graph.covariances() {
                    let size = match w {
                        Weight::Parameter(_) => 1.0,
                        Weight::Constant(c) => c.abs().to_f64() * bits_of_denominator(c)?,
                    };
                    norm += size * sizes[a][i] * sizes[b][j];
                    if a != b {
                        norm += size * sizes[b][i] * sizes[a][j];
                    }
                }
                norms.push(norm.max(1.0));
            }
        }
        Some(Bounds { each, total, norms })
    }
}

/// One for a whole number: fractions have no bound on the coefficients here.
fn bits_of_denominator(value: &crate::term::Number) -> Option<f64> {
    value.is_integer().then_some(1.0)
}
