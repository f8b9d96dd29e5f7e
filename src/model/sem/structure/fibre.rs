//! Fibres: how many parameters have the covariances of a generic point, and which.

use super::groebner::{self, Basis, Ended, Polynomial, Power, VARIABLES, collect, product};
use super::point::Point;
use super::prime;
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::model::sem::symbolic::{Expansion, Polynomial as Multiplied, Polynomials, size};
use crate::numeric::random::Random;

/// The generic fibre of a model over the complex numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fibre {
    /// The number of parameters with the covariances of a generic point.
    pub degree: usize,
    /// For each unknown its parameter and the number of values that it has in the fibre.
    pub values: Vec<(usize, usize)>,
}

/// What is known of a fibre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is finite.
    Finite(Fibre),
    /// It is infinite.
    Infinite,
    /// The system has too many unknowns.
    TooLarge(usize),
    /// The computation took too long.
    TooLong,
    /// It was stopped.
    Interrupted,
}

/// Additions of terms that one basis may take.
pub const WORK: u64 = 60_000_000;

/// The most solutions of a fibre.
const SOLUTIONS: usize = 2_000;

/// The polynomials that preimages of a point are zeros of.
struct System {
    polynomials: Vec<Polynomial>,
    /// The parameters that are unknown, by variable.
    unknown: Vec<usize>,
    /// All variables, those that keep denominators from zero too.
    variables: usize,
}

/// The preimages of given covariances of the observed variables; an error says how many unknowns are
/// too many.
fn system(graph: &MixedGraph, sigma: &dyn Fn(usize, usize) -> u64) -> Result<System, usize> {
    match graph.is_plain() {
        true => plain(graph, sigma),
        false => general(graph, sigma),
    }
}

/// Where every arrow has its own parameter, `(I−Λ)ᵀ Σ (I−Λ)` is zero wherever Ω is: equations of
/// degree two in Λ alone.
fn plain(graph: &MixedGraph, sigma: &dyn Fn(usize, usize) -> u64) -> Result<System, usize> {
    let n = graph.size();
    let cycles: Vec<Vec<usize>> = graph.components().into_iter().filter(|c| c.len() > 1).collect();
    let mut unknown = Vec::new();
    // Column v of I − Λ: vertices with polynomials.
    let mut columns: Vec<Vec<(usize, Polynomial)>> =
        (0..n).map(|v| vec![(v, vec![(Power::ONE, 1)])]).collect();
    let edges = graph.effects().count();
    let variables = edges + cycles.len();
    if variables > VARIABLES {
        return Err(variables);
    }
    for (k, (a, b, weight)) in graph.effects().enumerate() {
        columns[b].push((a, vec![(Power::variable(k), prime::P - 1)]));
        if let Weight::Parameter(p) = weight {
            unknown.push(*p);
        }
    }
    let mut polynomials = Vec::new();
    for i in 0..n {
        let siblings = graph.siblings(i);
        for j in i + 1..n {
            if siblings.contains(&j) {
                continue;
            }
            let mut terms = Vec::new();
            for (a, x) in &columns[i] {
                for (b, y) in &columns[j] {
                    for (power, c) in product(x, y).ok_or(variables)? {
                        terms.push((power, prime::mul(c, sigma(*a, *b))));
                    }
                }
            }
            polynomials.push(collect(terms));
        }
    }
    for (c, vertices) in cycles.iter().enumerate() {
        let determinant = determinant(&columns, vertices).ok_or(variables)?;
        polynomials.push(keep_from_zero(&determinant, edges + c).ok_or(variables)?);
    }
    Ok(System { polynomials, unknown, variables })
}

/// `s·d − 1`.
fn keep_from_zero(d: &Polynomial, variable: usize) -> Option<Polynomial> {
    let mut terms = product(d, &vec![(Power::variable(variable), 1)])?;
    terms.push((Power::ONE, prime::P - 1));
    Some(collect(terms))
}

/// `det(I−Λ)` on some vertices, by expansion along the first column that is left.
fn determinant(columns: &[Vec<(usize, Polynomial)>], vertices: &[usize]) -> Option<Polynomial> {
    fn expand(
        columns: &[Vec<(usize, Polynomial)>],
        rows: &[usize],
        left: &[usize],
    ) -> Option<Polynomial> {
        let Some((&column, rest)) = left.split_first() else { return Some(vec![(Power::ONE, 1)]) };
        let mut terms = Vec::new();
        for (place, &row) in rows.iter().enumerate() {
            let Some((_, entry)) = columns[column].iter().find(|(r, _)| *r == row) else {
                continue;
            };
            let others: Vec<usize> = rows.iter().copied().filter(|r| *r != row).collect();
            let part = product(entry, &expand(columns, &others, rest)?)?;
            let sign = if place % 2 == 0 { 1 } else { prime::P - 1 };
            terms.extend(part.into_iter().map(|(p, c)| (p, prime::mul(c, sign))));
        }
        Some(collect(terms))
    }
    if vertices.len() > 10 {
        return None;
    }
    expand(columns, vertices, vertices)
}

/// In general `σ_ij Δ − numerator` is zero for all observed pairs, with all parameters unknown.
fn general(graph: &MixedGraph, sigma: &dyn Fn(usize, usize) -> u64) -> Result<System, usize> {
    let parameters = graph.parameters.len();
    let cycles = graph.components().iter().filter(|c| c.len() > 1).count();
    let variables = parameters + cycles;
    if variables > VARIABLES {
        return Err(variables);
    }
    let observed = graph.observed();
    let all: Vec<(usize, usize)> = observed
        .iter()
        .enumerate()
        .flat_map(|(k, &i)| observed[k..].iter().map(move |&j| (i, j)))
        .collect();
    size(graph, &all, usize::MAX).filter(|s| s.most <= 1000).ok_or(variables)?;
    let mut rule = Expansion::new(graph, Polynomials).ok_or(variables)?;
    let convert = |p: &Multiplied| -> Option<Polynomial> {
        let terms: Option<Vec<(Power, u64)>> = p
            .terms()
            .iter()
            .map(|(m, c)| {
                let one: Polynomial = vec![(Power::ONE, prime::from_number(c))];
                let power = m.iter().try_fold(one, |p, &v| {
                    product(&p, &vec![(Power::variable(usize::from(v)), 1)])
                })?;
                power.first().copied()
            })
            .collect();
        terms.map(collect)
    };
    let mut polynomials = Vec::new();
    for (i, j) in all {
        let entry = rule.entry(i, j);
        let (over, under) = (rule.numerator(&entry), rule.denominator(&entry));
        let mut terms = convert(&over).ok_or(variables)?;
        let minus = prime::sub(0, sigma(i, j));
        terms.extend(
            convert(&under).ok_or(variables)?.into_iter().map(|(p, c)| (p, prime::mul(c, minus))),
        );
        polynomials.push(collect(terms));
    }
    let deltas: Vec<_> = rule
        .minors
        .iter()
        .zip(&rule.components)
        .filter(|(_, c)| c.len() > 1)
        .map(|(m, _)| m.delta.clone())
        .collect();
    for (c, delta) in deltas.iter().enumerate() {
        let delta = convert(delta).ok_or(variables)?;
        polynomials.push(keep_from_zero(&delta, parameters + c).ok_or(variables)?);
    }
    Ok(System { polynomials, unknown: (0..parameters).collect(), variables })
}

/// The degree of the generic fibre: solutions of the equations of a random point, counted by a
/// Gröbner basis modulo the prime.
///
/// It is the number of complex parameter vectors of a generic point with a probability near one:
/// it could differ only if the random point or the prime were special.
pub fn fibre(graph: &MixedGraph, stop: fn() -> bool) -> Option<Answer> {
    let point = Point::random(graph, &mut Random::new(5))?;
    let system = match system(graph, &|a, b| point.sigma[a][b]) {
        Ok(system) => system,
        Err(unknowns) => return Some(Answer::TooLarge(unknowns)),
    };
    let ended = |e: Ended| match e {
        Ended::Work => Answer::TooLong,
        Ended::Interrupted => Answer::Interrupted,
    };
    let mut basis = match Basis::new(system.polynomials, system.variables, WORK, stop) {
        Ok(basis) => basis,
        Err(e) => return Some(ended(e)),
    };
    let Some(standard) = basis.standard(SOLUTIONS) else { return Some(Answer::Infinite) };
    let mut values = Vec::new();
    for (v, &p) in system.unknown.iter().enumerate() {
        match basis.values_of(v, &standard) {
            Ok(count) => values.push((p, count)),
            Err(e) => return Some(ended(e)),
        }
    }
    Some(Answer::Finite(Fibre { degree: standard.len(), values }))
}

/// Whether parameters of a graph, complex ones allowed, have given covariances; nothing when that
/// is too much work.
pub(super) fn contains(
    graph: &MixedGraph,
    sigma: &dyn Fn(usize, usize) -> u64,
    stop: fn() -> bool,
) -> Option<bool> {
    let system = system(graph, sigma).ok()?;
    let basis = groebner::Basis::new(system.polynomials, system.variables, WORK, stop).ok()?;
    Some(!basis.is_one())
}
