//! Moments by a programme in causal order: one component after the other, as shared terms.
//!
//! With the inner total effects `M` of a component and what enters it, `u = Λᵀ x + ε` over earlier
//! variables `x`, its variables are `Mᵀ u`. So every covariance follows from earlier ones, and no
//! path is walked twice; a path diagram that is a tree takes one product for each entry.

use super::covariance::Expansion;
use super::ring::{Ring, Terms};
use crate::model::sem::graph::{MixedGraph, Weight};
use crate::term::{Graph, Term};

/// Covariances and means of all variables; nothing where they are zero.
pub struct Programme {
    /// `T_ij`, the total effect of `i` on `j`, row by row.
    pub effects: Vec<Option<Term>>,
    /// `σ_ij`, row by row.
    pub covariances: Vec<Option<Term>>,
    /// `μ_i`.
    pub means: Vec<Option<Term>>,
}

/// What enters the variables of a component from the others: the same for covariances with a
/// variable, for total effects and for means.
type Source<'a> = dyn FnMut(&mut Graph, usize) -> Vec<Term> + 'a;

/// The programme of a graph, with the sums of its components as the expansion made them, and
/// intercepts of some variables.
pub fn programme(
    graph: &MixedGraph,
    expansion: &mut Expansion<'_, Terms<'_>>,
    intercepts: &[Option<Term>],
) -> Programme {
    let n = graph.size();
    let mut parents = vec![Vec::new(); n];
    for (from, to, weight) in graph.effects() {
        parents[to].push((from, expansion.ring.weight(weight)));
    }
    let covariances: Vec<(usize, usize, Weight)> =
        graph.covariances().map(|(a, b, w)| (a, b, w.clone())).collect();
    let mut noise = vec![Vec::new(); n];
    for (a, b, weight) in &covariances {
        let weight = expansion.ring.weight(weight);
        noise[*b].push((*a, weight));
        if a != b {
            noise[*a].push((*b, weight));
        }
    }
    let components = expansion.components.clone();
    let mut inner: Vec<Vec<Vec<Option<Term>>>> = Vec::new();
    for minors in &expansion.minors {
        let rows = minors.between.iter().map(|row| {
            let ratio = |t: &Term| {
                let graph = &mut expansion.ring.graph;
                let zero = graph.as_number(*t).is_some_and(crate::term::Number::is_zero);
                (!zero).then(|| graph.div(*t, minors.delta))
            };
            row.iter().map(ratio).collect()
        });
        inner.push(rows.collect());
    }
    let terms = &mut *expansion.ring.graph;
    let mut effects: Vec<Option<Term>> = vec![None; n * n];
    let mut sigma: Vec<Option<Term>> = vec![None; n * n];
    let mut means: Vec<Option<Term>> = vec![None; n];
    let mut before: Vec<usize> = Vec::new();
    for (component, inner) in components.iter().zip(&inner) {
        let outside = |b: usize| parents[b].iter().filter(|(k, _)| !component.contains(k));
        // What enters by `source` on the way from `u` to the variables of the component.
        let through = |terms: &mut Graph, source: &mut Source<'_>| -> Vec<Option<Term>> {
            let mut entering = Vec::new();
            for &b in component {
                let parts = source(terms, b);
                entering.push(total(terms, parts));
            }
            let places = 0..component.len();
            places
                .clone()
                .map(|j| {
                    let parts = places.clone().filter_map(|b| Some((inner[b][j]?, entering[b]?)));
                    let parts: Vec<Term> = parts.map(|(m, u)| terms.mul(m, u)).collect();
                    total(terms, parts)
                })
                .collect()
        };
        for a in before.iter().chain(component).copied() {
            let found = through(terms, &mut |terms, b| {
                let own = (a == b).then(|| terms.number(1));
                let led = outside(b).filter_map(|(k, w)| Some((*w, effects[a * n + k]?)));
                own.into_iter()
                    .chain(led.map(|(w, t)| terms.mul(w, t)).collect::<Vec<_>>())
                    .collect()
            });
            for (&j, effect) in component.iter().zip(found) {
                effects[a * n + j] = effect;
            }
        }
        let found = through(terms, &mut |terms, b| {
            let led: Vec<(Term, Term)> =
                outside(b).filter_map(|(k, w)| Some((*w, means[*k]?))).collect();
            let led: Vec<Term> = led.into_iter().map(|(w, m)| terms.mul(w, m)).collect();
            intercepts[b].into_iter().chain(led).collect()
        });
        for (&j, mean) in component.iter().zip(found) {
            means[j] = mean;
        }
        // Covariances with earlier variables first: those inside the component need them.
        for i in before.iter().chain(component).copied() {
            let found = through(terms, &mut |terms, b| {
                let led = outside(b).filter_map(|(k, w)| Some((*w, sigma[i * n + k]?)));
                let met = noise[b].iter().filter_map(|(a, w)| Some((*w, effects[a * n + i]?)));
                let pairs: Vec<(Term, Term)> = led.chain(met).collect();
                pairs.into_iter().map(|(w, t)| terms.mul(w, t)).collect()
            });
            for (&j, value) in component.iter().zip(found) {
                (sigma[i * n + j], sigma[j * n + i]) = (value, value);
            }
        }
        before.extend(component);
    }
    Programme { effects, covariances: sigma, means }
}

fn total(terms: &mut Graph, parts: Vec<Term>) -> Option<Term> {
    let sum = parts.into_iter().reduce(|a, b| terms.add(a, b))?;
    Some(sum).filter(|t| !terms.as_number(*t).is_some_and(crate::term::Number::is_zero))
}
