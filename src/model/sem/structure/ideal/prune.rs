//! Monomials that cannot occur: the closed form gives each a valuation that nothing cancels.

use super::monomial::{Exponents, Pairs};
use crate::model::sem::graph::MixedGraph;
use crate::model::sem::symbolic::{Expansion, Monomial, Polynomial, Polynomials, size};
use crate::numeric::random::Random;

/// Numerators and denominators of the observed covariances, as the monomials of their terms.
pub struct Supports {
    fractions: Vec<(Vec<Monomial>, Vec<Monomial>)>,
    parameters: usize,
}

/// Directions without effect after which the search for more of them ends.
const PATIENCE: usize = 60;

impl Supports {
    /// The supports of the closed form; nothing when it is too large to multiply out.
    pub fn new(graph: &MixedGraph, observed: &[usize], pairs: &Pairs) -> Option<Supports> {
        let ends: Vec<(usize, usize)> =
            pairs.all().iter().map(|&(i, j)| (observed[i], observed[j])).collect();
        size(graph, &ends, usize::MAX).filter(|s| s.most <= MOST)?;
        let mut rule = Expansion::new(graph, Polynomials)?;
        let mut fractions = Vec::new();
        for (i, j) in ends {
            let entry = rule.entry(i, j);
            let size: usize =
                entry.summands.iter().map(|s| s.left.terms().len() * s.right.terms().len()).sum();
            if size > MOST as usize {
                return None;
            }
            let (over, under) = (rule.numerator(&entry), rule.denominator(&entry));
            let support = |p: &Polynomial| p.terms().iter().map(|(m, _)| m.clone()).collect();
            fractions.push((support(&over), support(&under)));
        }
        Some(Supports { fractions, parameters: graph.parameters.len() })
    }

    /// The candidates that are left when those are taken away whose valuation is the greatest or the
    /// least for a weighting of the parameters, and not that of another candidate.
    ///
    /// For any weights, the part of greatest weight of `σ^α` is a product of such parts and not zero;
    /// in a sum that vanishes it cancels, so that another monomial has the same weight.
    pub fn prune(&self, candidates: Vec<Exponents>) -> Vec<Exponents> {
        let mut random = Random::new(7);
        let mut left = candidates;
        let mut idle = 0;
        while idle < PATIENCE && left.len() > 1 {
            let weights: Vec<i64> =
                (0..self.parameters).map(|_| (random.bits() >> 44) as i64 - (1 << 19)).collect();
            let before = left.len();
            let value = |m: &Monomial| -> i64 { m.iter().map(|&p| weights[usize::from(p)]).sum() };
            for sign in [1, -1] {
                let greatest =
                    |s: &[Monomial]| s.iter().map(|m| sign * value(m)).max().unwrap_or(0);
                let valuations: Vec<i64> =
                    self.fractions.iter().map(|(n, d)| greatest(n) - greatest(d)).collect();
                let mut ranked: Vec<(i64, Exponents)> = left
                    .into_iter()
                    .map(|m| {
                        let total = m.iter().zip(&valuations).map(|(e, v)| i64::from(*e) * v).sum();
                        (total, m)
                    })
                    .collect();
                ranked.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
                while let [.., second, first] = ranked.as_slice()
                    && first.0 > second.0
                {
                    ranked.pop();
                }
                if ranked.len() == 1 {
                    ranked.clear();
                }
                left = ranked.into_iter().map(|(_, m)| m).collect();
            }
            idle = if left.len() < before { 0 } else { idle + 1 };
        }
        if left.len() == 1 {
            left.clear();
        }
        left.sort_by(|a, b| b.cmp(a));
        left
    }
}

/// The most terms of a numerator.
const MOST: u128 = 20_000;
