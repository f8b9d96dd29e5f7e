//! What a fitted model says of its variables: coefficients, standardised ones, effects.

use super::discrepancy::{Discrepancy, times};
use super::fit::{Effect, Estimate, Fit};
use crate::model::sem::Kind;
use crate::model::sem::moments::{Direction, Implied, Moments};
use crate::model::sem::parameters::Cell;
use crate::numeric::dense::{add_scaled, dot, spectral_radius};

impl Fit {
    /// The standard error of a quantity with this gradient.
    pub fn error_of(&self, gradient: &[f64]) -> Option<f64> {
        let covariance = self.covariance.as_ref()?;
        let n = gradient.len();
        let image = times(covariance, gradient, n);
        let variance = dot(gradient, &image);
        (variance > 0.0).then(|| variance.sqrt())
    }

    /// The observations in all groups.
    pub fn observations(&self) -> f64 {
        self.targets.iter().map(|t| t.count).sum()
    }

    /// Estimates, effects and warnings at the minimum.
    pub(super) fn fill(&mut self, discrepancy: &Discrepancy) {
        let t = self.layout.parameters.len();
        for (g, group) in discrepancy.groups.iter().enumerate() {
            let Some(at) = group.moments.at(&self.minimum.at) else { continue };
            let (n, m) = (group.moments.size, &group.moments);
            let effect = |of: usize, on: usize| at.effects[of * n + on];
            let variance = |v: usize| at.full[v * n + v];
            let arrows: Vec<_> = m
                .directions
                .iter()
                .filter(|d| matches!(d.kind, Kind::Loading | Kind::Regression))
                .collect();
            // The derivative of a variance of any variable by the parameters.
            let moved = |v: usize| {
                let mut out = vec![0.0; t];
                for d in &m.directions {
                    out[d.parameter] += match d.kind {
                        Kind::Covariance => 2.0 * d.scale * effect(d.from, v) * effect(d.to, v),
                        Kind::Intercept => 0.0,
                        _ => 2.0 * effect(d.to, v) * at.full[d.from * n + v],
                    };
                }
                out
            };
            for e in &m.entries {
                let (value, parameter) = match e.cell {
                    Cell::Constant(value) => (value, None),
                    Cell::Free(k) => (self.minimum.at[k], Some(k)),
                };
                let latent = |v: usize| self.model.variables[v].latent;
                // Exponents of the standard deviations of both ends.
                let (power_from, power_to) = match e.kind {
                    Kind::Loading | Kind::Regression => (1.0, -1.0),
                    Kind::Covariance => (-1.0, -1.0),
                    Kind::Intercept => (0.0, -1.0),
                };
                // Covariances of residuals become correlations of residuals.
                let residual = e.kind == Kind::Covariance && e.from != e.to;
                let own = |v: usize| {
                    let entry = m
                        .entries
                        .iter()
                        .find(|x| x.kind == Kind::Covariance && (x.from, x.to) == (v, v));
                    match entry.map(|x| x.cell) {
                        Some(Cell::Constant(value)) => (value, None),
                        Some(Cell::Free(k)) => (self.minimum.at[k], Some(k)),
                        None => (variance(v), None),
                    }
                };
                let unit = |v: usize| if residual { own(v).0 } else { variance(v) };
                let scale = |v: usize, power: f64| {
                    if power == 0.0 { 1.0 } else { unit(v).abs().powf(0.5 * power) }
                };
                let standardised = value * scale(e.from, power_from) * scale(e.to, power_to);
                let part = |v: usize, power: f64| if latent(v) { scale(v, power) } else { 1.0 };
                let mut gradient = vec![0.0; t];
                if let Some(k) = parameter {
                    gradient[k] += scale(e.from, power_from) * scale(e.to, power_to);
                }
                for (v, power) in [(e.from, power_from), (e.to, power_to)] {
                    if power == 0.0 {
                        continue;
                    }
                    let factor = standardised * 0.5 * power / unit(v);
                    if residual {
                        if let Some(k) = own(v).1 {
                            gradient[k] += factor;
                        }
                    } else {
                        add_scaled(&mut gradient, factor, &moved(v));
                    }
                }
                let error = parameter.filter(|k| !self.held.contains(k)).and_then(|k| {
                    let mut one = vec![0.0; t];
                    one[k] = 1.0;
                    self.error_of(&one)
                });
                self.estimates.push(Estimate {
                    arrow: e.arrow,
                    group: g,
                    parameter,
                    value,
                    error,
                    latent: value * part(e.from, power_from) * part(e.to, power_to),
                    standardised,
                    standardised_error: self.error_of(&gradient).filter(|e| *e > 1e-12),
                });
            }
            self.effects.extend(self.effects_of(g, m, &at, &arrows));
            for e in &m.entries {
                let explained = m
                    .entries
                    .iter()
                    .any(|x| x.to == e.to && matches!(x.kind, Kind::Loading | Kind::Regression));
                if e.kind == Kind::Covariance && e.from == e.to {
                    let value = match e.cell {
                        Cell::Constant(value) => value,
                        Cell::Free(k) => self.minimum.at[k],
                    };
                    let name = &self.model.variables[e.from].name;
                    if value < 0.0 {
                        let what = if explained { "residual variance" } else { "variance" };
                        let text = format!(
                            "the {what} of {name} is negative ({value:.3}): the solution is not admissible"
                        );
                        self.warnings.push(text);
                    }
                    if explained {
                        self.explained.push((g, e.from, 1.0 - value / variance(e.from)));
                    }
                }
            }
            if m.has_feedback() {
                let radius = spectral_radius(&m.coefficients(&self.minimum.at), n);
                self.stability.push((radius, at.determinant));
                if radius >= 1.0 {
                    let text = format!(
                        "feedback does not die out: the spectral radius of Λ is {radius:.3}"
                    );
                    self.warnings.push(text);
                }
                if at.determinant.abs() < 1e-3 {
                    let text = format!(
                        "det(I - Λ) is {:.1e}: the feedback is close to singular",
                        at.determinant
                    );
                    self.warnings.push(text);
                }
            }
            self.implied.push((at.covariance, at.means));
        }
    }

    fn effects_of(
        &self,
        group: usize,
        m: &Moments,
        at: &Implied,
        arrows: &[&Direction],
    ) -> Vec<Effect> {
        let (n, t) = (m.size, self.layout.parameters.len());
        let effect = |of: usize, on: usize| at.effects[of * n + on];
        let mut out = Vec::new();
        for from in 0..n {
            for to in (0..n).filter(|&to| to != from) {
                let total = effect(from, to);
                let mut direct = (0.0, None);
                for e in m.entries.iter().filter(|e| {
                    (e.from, e.to) == (from, to)
                        && matches!(e.kind, Kind::Loading | Kind::Regression)
                }) {
                    direct = match e.cell {
                        Cell::Constant(value) => (value, None),
                        Cell::Free(k) => (self.minimum.at[k], Some(k)),
                    };
                }
                // By way of others, or once more around when `to` acts on itself.
                let through = m.entries.iter().any(|e| {
                    let arrow = matches!(e.kind, Kind::Loading | Kind::Regression);
                    let rest = if e.to == to { effect(to, to) - 1.0 } else { effect(e.to, to) };
                    arrow && e.from == from && rest != 0.0
                });
                // Effects on indicators alone are loadings and products with them.
                let regression = m.entries.iter().any(|e| e.kind == Kind::Regression && e.to == to);
                if !regression || (total == 0.0 && direct.0 == 0.0) {
                    continue;
                }
                let mut slope = vec![0.0; t];
                for d in arrows {
                    slope[d.parameter] += effect(d.to, to) * effect(from, d.from);
                }
                let mut own = vec![0.0; t];
                if let Some(k) = direct.1 {
                    own[k] = 1.0;
                }
                let rest: Vec<f64> = slope.iter().zip(&own).map(|(a, b)| a - b).collect();
                let direct_error = direct.1.and_then(|_| self.error_of(&own));
                let indirect = total - direct.0;
                let indirect_error = if through { self.error_of(&rest) } else { None };
                let values = [
                    (direct.0, direct_error),
                    (indirect, indirect_error),
                    (total, self.error_of(&slope)),
                ];
                out.push(Effect { group, from, to, values });
            }
        }
        out
    }
}
