//! Identification: formulas of effects in the covariances.

use super::halftrek::{Solved, half_trek};
use super::point::{Point, matrices};
use super::prime;
use super::rational::{Fraction, Fractions, Target};
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::numeric::random::Random;
use crate::term::{Graph, Number, Term};

/// A formula of one effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula {
    /// `σ_zy·W / σ_zx·W` with an instrument `z` and a set `W` (Bowden, Turkington 1984; with
    /// `z = x` it is adjustment).
    Instrument {
        /// `z`.
        instrument: usize,
        /// `W`.
        given: Vec<usize>,
    },
    /// A solution of the linear system of the half-trek criterion, by its position in
    /// [`Identified::systems`].
    HalfTrek(usize),
    /// A fraction of polynomials in the covariances.
    Fraction(Box<Fraction>),
    /// An entry of `Ω = (I−Λ)ᵀ Σ (I−Λ)` once the effects and Σ are known.
    Residual,
}

/// What is known of the effects of a graph.
pub struct Identified {
    /// The linear systems of the half-trek criterion, in the order in which they are solved.
    pub systems: Vec<Solved>,
    /// For each directed arrow `(x, y)` in the order of the graph its simplest formula.
    pub effects: Vec<(usize, usize, Option<Formula>)>,
    /// For each variance or covariance `(x, y)` its formula, where it does not follow from those of
    /// the effects.
    pub covariances: Vec<(usize, usize, Option<Formula>)>,
    /// Covariances of latent variables that formulas of effects name, with their own formulas.
    pub latent: Vec<(usize, usize, Option<Formula>)>,
}

/// Sets `W` that are tried for all arrows together, and the most for one.
const SETS: usize = 200_000;
const SETS_OF_ONE: usize = 20_000;

/// Points at which a formula is checked; one of 2^61 is enough to be nearly certain.
const POINTS: usize = 2;

/// Looks for a formula of each effect; each is checked at random points modulo the prime.
///
/// Nothing when `I − Λ` is singular everywhere.
/// Fractions are looked for where no simpler formula is found and `single` does not exclude that the
/// parameter has one value.
pub fn identify(
    graph: &MixedGraph,
    single: &dyn Fn(usize) -> bool,
    stop: fn() -> bool,
) -> Option<Identified> {
    let mut random = Random::new(11);
    let points: Option<Vec<Point>> =
        (0..POINTS).map(|_| Point::random(graph, &mut random)).collect();
    let points = points?;
    let observed = graph.observed();
    let search = Fractions::new(graph);
    let fraction = |weight: &Weight| match weight {
        Weight::Parameter(p) if single(*p) => {
            search.of(Target::Parameter(*p), stop).map(|f| Formula::Fraction(Box::new(f)))
        }
        _ => None,
    };
    let arrows: Vec<(usize, usize, Weight)> =
        graph.effects().map(|(x, y, w)| (x, y, w.clone())).collect();
    let budget = (SETS / arrows.len().max(1)).min(SETS_OF_ONE);
    let simple = |(x, y, weight): &(usize, usize, Weight)| match weight {
        Weight::Parameter(_) if !stop() && observed.contains(x) && observed.contains(y) => {
            instrument(&points, &observed, (*x, *y), weight, budget)
        }
        _ => None,
    };
    let mut formulas: Vec<Option<Formula>> = arrows.iter().map(simple).collect();
    let mut systems = Vec::new();
    if graph.is_plain() {
        // The criterion is about graphs where every arrow has a parameter of its own; a vertex whose
        // effects have formulas of another kind helps it on.
        let mut done: Vec<bool> = vec![false; graph.size()];
        let mut tried = done.clone();
        loop {
            let new = half_trek(graph, &mut done);
            systems.extend(new.into_iter().filter(|s| points.iter().all(|p| solves(graph, s, p))));
            done.iter_mut().enumerate().for_each(|(v, d)| {
                *d = systems.iter().any(|s: &Solved| s.vertex == v)
                    || arrows.iter().zip(&formulas).all(|(a, f)| a.1 != v || f.is_some());
            });
            let next = (0..graph.size())
                .filter(|&v| !done[v] && !tried[v])
                .min_by_key(|&v| graph.parents(v).len());
            let Some(v) = next else { break };
            tried[v] = true;
            for (arrow, formula) in arrows.iter().zip(&mut formulas) {
                if arrow.1 == v && formula.is_none() {
                    *formula = fraction(&arrow.2);
                    if formula.is_none() {
                        break;
                    }
                }
            }
            done[v] = arrows.iter().zip(&formulas).all(|(a, f)| a.1 != v || f.is_some());
        }
    }
    for (arrow, formula) in arrows.iter().zip(&mut formulas) {
        let system = systems.iter().position(|s: &Solved| s.vertex == arrow.1);
        // A plain graph has been searched above.
        if formula.is_none() {
            *formula = system.map(Formula::HalfTrek).or_else(|| match graph.is_plain() {
                true => None,
                false => fraction(&arrow.2),
            });
        }
    }
    let hidden: Vec<usize> = (0..graph.size()).filter(|v| !observed.contains(v)).collect();
    let mut latent = Vec::new();
    let missing = |formulas: &[Option<Formula>]| -> Vec<usize> {
        let wanted = |k: &usize| match arrows[*k].2 {
            Weight::Parameter(p) => formulas[*k].is_none() && single(p),
            Weight::Constant(_) => false,
        };
        (0..arrows.len()).filter(wanted).collect()
    };
    if !hidden.is_empty() && !missing(&formulas).is_empty() {
        latent = latent_covariances(&hidden, graph.size(), &search, stop).unwrap_or_default();
    }
    if !latent.is_empty() {
        // With their covariances known, latent variables are as good as observed.
        let known = |v: usize| {
            arrows
                .iter()
                .zip(&formulas)
                .all(|(a, f)| a.1 != v || f.is_some() || matches!(a.2, Weight::Constant(_)))
        };
        let mut done: Vec<bool> = (0..graph.size()).map(known).collect();
        systems = half_trek(graph, &mut done);
        systems.retain(|s| points.iter().all(|p| solves(graph, s, p)));
        let all: Vec<usize> = (0..graph.size()).collect();
        for k in missing(&formulas) {
            let (x, y, weight) = &arrows[k];
            let simple = instrument(&points, &all, (*x, *y), weight, budget);
            let system = systems.iter().position(|s| s.vertex == *y).map(Formula::HalfTrek);
            formulas[k] = simple.or(system);
        }
    }
    // Where all variables are observed, Ω follows from Λ.
    let covariances = graph.covariances().filter(|_| !hidden.is_empty());
    let solved = |v: usize| {
        let into = arrows.iter().zip(&formulas).filter(|(a, _)| a.1 == v);
        into.into_iter().all(|(a, f)| f.is_some() || matches!(a.2, Weight::Constant(_)))
    };
    let residual = |latent: &[(usize, usize, Option<Formula>)], x: usize, y: usize, w: &Weight| {
        let inside = hidden.contains(&x) || hidden.contains(&y);
        let known = !latent.is_empty() && inside && solved(x) && solved(y);
        (known && matches!(w, Weight::Parameter(_))).then_some(Formula::Residual)
    };
    let mut covariances: Vec<(usize, usize, Option<Formula>)> = covariances
        .map(|(x, y, w)| (x, y, residual(&latent, x, y, w).or_else(|| fraction(w))))
        .collect();
    let all: Vec<(usize, usize, &Weight)> = graph.covariances().collect();
    let open = |k: &usize| match all[*k].2 {
        Weight::Parameter(p) => covariances[*k].2.is_none() && single(*p),
        Weight::Constant(_) => false,
    };
    let open: Vec<usize> = (0..covariances.len()).filter(open).collect();
    if latent.is_empty() && !open.is_empty() {
        latent = latent_covariances(&hidden, graph.size(), &search, stop).unwrap_or_default();
        for k in open {
            covariances[k].2 = residual(&latent, all[k].0, all[k].1, all[k].2);
        }
    }
    let effects = arrows.iter().zip(&formulas).map(|(a, f)| (a.0, a.1, f.clone())).collect();
    Some(Identified { systems, effects, covariances, latent })
}

/// Formulas of all covariances of latent variables; nothing when one of them has none.
fn latent_covariances(
    hidden: &[usize],
    size: usize,
    search: &Fractions<'_>,
    stop: fn() -> bool,
) -> Option<Vec<(usize, usize, Option<Formula>)>> {
    let mut found = Vec::new();
    for &f in hidden {
        for v in (0..size).filter(|v| *v >= f || !hidden.contains(v)) {
            let fraction = search.of(Target::Covariance(f, v), stop)?;
            found.push((f.min(v), f.max(v), Some(Formula::Fraction(Box::new(fraction)))));
        }
    }
    Some(found)
}

/// The system of a vertex at a point: its matrix with the right-hand side as last column.
fn equations(graph: &MixedGraph, s: &Solved, point: &Point) -> Vec<Vec<u64>> {
    let (lambda, _) = matrices(graph, &point.values);
    let entry = |k: usize, column: usize| {
        let y = s.sources[k];
        let mut value = point.sigma[y][column];
        if s.reached[k] {
            for q in graph.parents(y) {
                let part = prime::mul(lambda[q][y], point.sigma[q][column]);
                value = prime::sub(value, part);
            }
        }
        value
    };
    let columns = || s.parents.iter().copied().chain([s.vertex]);
    (0..s.sources.len()).map(|k| columns().map(|c| entry(k, c)).collect()).collect()
}

/// Whether the system of a vertex has its effects as only solution.
fn solves(graph: &MixedGraph, s: &Solved, point: &Point) -> bool {
    let mut rows = equations(graph, s, point);
    let pivots = prime::reduce(&mut rows);
    let (lambda, _) = matrices(graph, &point.values);
    let size = s.parents.len();
    pivots.len() == size
        && pivots.iter().enumerate().all(|(k, &p)| k == p)
        && rows.iter().zip(&s.parents).all(|(row, &p)| row[size] == lambda[p][s.vertex])
}

/// The instrument with the fewest conditions.
fn instrument(
    points: &[Point],
    observed: &[usize],
    (x, y): (usize, usize),
    weight: &Weight,
    budget: usize,
) -> Option<Formula> {
    let mut tried = 0;
    for size in 0..=3 {
        for instrument in
            std::iter::once(x).chain(observed.iter().copied().filter(|&z| z != x && z != y))
        {
            let others: Vec<usize> =
                observed.iter().copied().filter(|&v| v != x && v != y && v != instrument).collect();
            let mut given: Vec<usize> = (0..size).collect();
            while given.len() <= others.len() {
                tried += 1;
                if tried > budget {
                    return None;
                }
                let set: Vec<usize> = given.iter().map(|&k| others[k]).collect();
                let holds = |p: &Point| {
                    let effect = prime::value(weight, &p.values);
                    let over = partial(&p.sigma, instrument, y, &set);
                    let under = partial(&p.sigma, instrument, x, &set);
                    under != 0 && over == prime::mul(effect, under)
                };
                if points.iter().all(holds) {
                    return Some(Formula::Instrument { instrument, given: set });
                }
                if !next_subset(&mut given, others.len()) {
                    break;
                }
            }
        }
    }
    None
}

/// `|Σ_{aW,bW}|`, which is `|Σ_WW|` times the partial covariance.
fn partial(sigma: &[Vec<u64>], a: usize, b: usize, given: &[usize]) -> u64 {
    let rows = std::iter::once(a).chain(given.iter().copied());
    prime::determinant(
        rows.map(|r| {
            std::iter::once(b).chain(given.iter().copied()).map(|c| sigma[r][c]).collect()
        })
        .collect(),
    )
}

/// The next subset of `0..n` of the same size; whether there is one.
pub(super) fn next_subset(subset: &mut [usize], n: usize) -> bool {
    let size = subset.len();
    for k in (0..size).rev() {
        if subset[k] < n - size + k {
            subset[k] += 1;
            for l in k + 1..size {
                subset[l] = subset[l - 1] + 1;
            }
            return true;
        }
    }
    false
}

/// The largest system that is written out by Cramer's rule.
const WRITTEN: usize = 5;

impl Identified {
    /// The formula of an arrow as a term in `s_x_y` and in the effects before it; nothing when it has
    /// none, or its system is too large to write out.
    pub fn term(
        &self,
        graph: &MixedGraph,
        terms: &mut Graph,
        (x, y, formula): &(usize, usize, Option<Formula>),
    ) -> Option<Term> {
        let sigma =
            |terms: &mut Graph, a: usize, b: usize| terms.symbol(&graph.naming.covariance(a, b));
        match formula.as_ref()? {
            Formula::Fraction(fraction) => Some(fraction.term(graph, terms)),
            Formula::Residual => {
                let side = |terms: &mut Graph, v: usize| {
                    let mut parts = vec![(v, Number::ONE, terms.number(1))];
                    for (a, _, weight) in graph.effects().filter(|e| e.1 == v) {
                        let effect = match weight {
                            Weight::Parameter(p) => terms.symbol(&graph.parameters[*p].name),
                            Weight::Constant(c) => terms.number(c.clone()),
                        };
                        parts.push((a, Number::MINUS_ONE, effect));
                    }
                    parts
                };
                let (left, right) = (side(terms, *x), side(terms, *y));
                let mut parts = Vec::new();
                for (a, p, u) in &left {
                    for (b, q, v) in &right {
                        let covariance = sigma(terms, *a, *b);
                        let factors =
                            [(*u, Number::ONE), (*v, Number::ONE), (covariance, Number::ONE)];
                        parts.push((p * q, terms.product(factors)));
                    }
                }
                Some(terms.sum(Number::ZERO, parts))
            }
            Formula::Instrument { instrument, given } => {
                let side = |terms: &mut Graph, end: usize| {
                    let rows: Vec<usize> =
                        std::iter::once(*instrument).chain(given.iter().copied()).collect();
                    let columns: Vec<usize> =
                        std::iter::once(end).chain(given.iter().copied()).collect();
                    let m: Vec<Vec<Term>> = rows
                        .iter()
                        .map(|&r| columns.iter().map(|&c| sigma(terms, r, c)).collect())
                        .collect();
                    determinant(terms, &m)
                };
                let (over, under) = (side(terms, *y), side(terms, *x));
                Some(terms.div(over, under))
            }
            Formula::HalfTrek(place) => {
                let s = &self.systems[*place];
                if s.parents.len() > WRITTEN {
                    return None;
                }
                let entry = |terms: &mut Graph, k: usize, column: usize| {
                    let source = s.sources[k];
                    let mut parts = vec![(Number::ONE, sigma(terms, source, column))];
                    if s.reached[k] {
                        for (q, to, weight) in graph.effects().filter(|e| e.1 == source) {
                            debug_assert_eq!(to, source);
                            let effect = match weight {
                                Weight::Parameter(p) => terms.symbol(&graph.parameters[*p].name),
                                Weight::Constant(c) => terms.number(c.clone()),
                            };
                            let covariance = sigma(terms, q, column);
                            parts.push((Number::MINUS_ONE, terms.mul(effect, covariance)));
                        }
                    }
                    terms.sum(Number::ZERO, parts)
                };
                let at = s.parents.iter().position(|p| p == x)?;
                let matrix = |terms: &mut Graph, replaced: bool| {
                    let m: Vec<Vec<Term>> = (0..s.sources.len())
                        .map(|k| {
                            let column =
                                |(c, &p): (usize, &usize)| if replaced && c == at { *y } else { p };
                            let columns: Vec<usize> =
                                s.parents.iter().enumerate().map(column).collect();
                            columns.into_iter().map(|c| entry(terms, k, c)).collect()
                        })
                        .collect();
                    determinant(terms, &m)
                };
                let (over, under) = (matrix(terms, true), matrix(terms, false));
                Some(terms.div(over, under))
            }
        }
    }

    /// Whether every effect has a formula; all variances and covariances then have one too, since
    /// `Ω = (I−Λ)ᵀ Σ (I−Λ)`.
    pub fn complete(&self) -> bool {
        self.effects.iter().all(|(_, _, f)| f.is_some())
    }
}

/// The determinant of a small matrix of terms, expanded along its first row.
fn determinant(terms: &mut Graph, m: &[Vec<Term>]) -> Term {
    let Some((first, rest)) = m.split_first() else { return terms.number(1) };
    let mut parts = Vec::new();
    for (c, &entry) in first.iter().enumerate() {
        let minor: Vec<Vec<Term>> = rest
            .iter()
            .map(|row| row.iter().enumerate().filter(|(k, _)| *k != c).map(|(_, t)| *t).collect())
            .collect();
        let minor = determinant(terms, &minor);
        let sign = if c % 2 == 0 { Number::ONE } else { Number::MINUS_ONE };
        parts.push((sign, terms.mul(entry, minor)));
    }
    terms.sum(Number::ZERO, parts)
}
