//! Populations: models whose coefficients all have values, and random samples from them.

use std::fmt;

use super::fit::Fit;
use crate::model::sem::moments::Moments;
use crate::model::sem::parameters::{Cell, Layout, Target};
use crate::model::sem::{Conventions, Kind, StructuralModel};
use crate::numeric::dense::semidefinite_root;
use crate::numeric::random::Random;

/// A model with a value of every parameter.
pub struct Population {
    /// The completed model.
    pub model: StructuralModel,
    /// Its parameters.
    pub layout: Layout,
    /// Their values.
    pub values: Vec<f64>,
    /// Parameters that got the value of [`Population::new`] because the text says nothing.
    pub assumed: Vec<(String, f64)>,
}

/// Why there is no population, or no sample of it.
#[derive(Clone, PartialEq, Debug)]
pub enum PopulationError {
    /// Effects and loadings without a value.
    Missing(Vec<String>),
    /// A value for something that is no parameter: its name, and the parameters there are.
    Unknown(String, Vec<String>),
    /// `det(I - Λ)` is zero in a group, counted from 0.
    Singular(usize),
    /// The residual covariances of a group are not positive semidefinite; found at a variable.
    Indefinite(usize, String),
    /// The work was stopped.
    Stopped,
}

impl fmt::Display for PopulationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PopulationError::Missing(names) => write!(f, "no value of {}", names.join(", ")),
            PopulationError::Unknown(name, _) => write!(f, "no parameter `{name}`"),
            PopulationError::Singular(group) => {
                write!(f, "det(I - Λ) is zero in group {}: there are no covariances", group + 1)
            }
            PopulationError::Indefinite(group, name) => write!(
                f,
                "variances and covariances of residuals are not positive semidefinite in group {}: \
                 see those of `{name}`",
                group + 1
            ),
            PopulationError::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for PopulationError {}

/// A random sample.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Names of the variables.
    pub names: Vec<String>,
    /// The observations of each group.
    pub groups: Vec<Vec<Vec<f64>>>,
}

impl Population {
    /// The population of a model whose text has values (`0.5*x`, `start(0.5)*x`), and of values of
    /// parameters by their label or formula. Without a value variances are 1, covariances and
    /// intercepts 0.
    ///
    /// # Errors
    /// A value for no parameter, effects or loadings without one.
    pub fn new(
        model: &StructuralModel,
        conventions: &Conventions,
        set: &[(String, f64)],
    ) -> Result<Population, PopulationError> {
        // No data: nothing is taken from them.
        let conventions = Conventions { fixed_exogenous: false, ..conventions.clone() };
        let completed = model.completed(&conventions);
        let p = completed.observed().len();
        let unit = (0..p * p).map(|k| f64::from(k % (p + 1) == 0)).collect();
        let nothing =
            Target { label: String::new(), count: 1.0, covariance: unit, means: vec![0.0; p] };
        let layout = Layout::new(&completed, &vec![nothing; completed.groups.max(1)]);
        let mut values: Vec<Option<f64>> = vec![None; layout.parameters.len()];
        let mut defaults = vec![None; layout.parameters.len()];
        for (g, entries) in layout.groups.iter().enumerate() {
            for e in entries {
                let Cell::Free(k) = e.cell else { continue };
                let start = completed.arrows[e.arrow].coefficient(g).start.as_ref();
                values[k] = values[k].or(start.map(|s| s.to_f64()));
                defaults[k] = defaults[k].or(match e.kind {
                    Kind::Covariance if e.from == e.to => Some(1.0),
                    Kind::Covariance | Kind::Intercept => Some(0.0),
                    Kind::Loading | Kind::Regression => None,
                });
            }
        }
        for (name, value) in set {
            let plain: String = name.chars().filter(|c| !c.is_whitespace()).collect();
            let labelled = match layout.labels.get(&plain) {
                Some(Cell::Free(k)) => Some(*k),
                _ => layout.parameters.iter().position(|p| p.name == plain),
            };
            let Some(k) = labelled else {
                let known = layout.parameters.iter().map(|p| p.name.clone()).collect();
                return Err(PopulationError::Unknown(name.clone(), known));
            };
            values[k] = Some(*value);
        }
        let (mut missing, mut assumed) = (Vec::new(), Vec::new());
        let mut found = Vec::new();
        for (k, parameter) in layout.parameters.iter().enumerate() {
            match (values[k], defaults[k]) {
                (Some(value), _) => found.push(value),
                (None, Some(value)) => {
                    assumed.push((parameter.name.clone(), value));
                    found.push(value);
                }
                (None, None) => missing.push(parameter.name.clone()),
            }
        }
        match missing.is_empty() {
            true => Ok(Population { model: completed, layout, values: found, assumed }),
            false => Err(PopulationError::Missing(missing)),
        }
    }

    /// The population that a fit has found.
    pub fn of_fit(fit: &Fit) -> Population {
        Population {
            model: fit.model.clone(),
            layout: fit.layout.clone(),
            values: fit.minimum.at.clone(),
            assumed: Vec::new(),
        }
    }

    /// Normally distributed observations, `counts[g]` of group `g`; with `latent`, latent variables
    /// are in the sample too. Equal seeds give equal samples.
    ///
    /// # Errors
    /// A model without covariances, or when `stop` says so.
    pub fn draw(
        &self,
        counts: &[usize],
        seed: u64,
        latent: bool,
        stop: &dyn Fn() -> bool,
    ) -> Result<Drawn, PopulationError> {
        let n = self.layout.size;
        let shown: Vec<usize> = match latent {
            true => (0..n).collect(),
            false => self.layout.observed.clone(),
        };
        let mut random = Random::new(seed);
        let mut groups = Vec::new();
        for (g, entries) in self.layout.groups.iter().enumerate() {
            let moments = Moments::new(&self.layout, g);
            let at = moments.at(&self.values).ok_or(PopulationError::Singular(g))?;
            let mut spread = vec![0.0; n * n];
            for e in entries.iter().filter(|e| e.kind == Kind::Covariance) {
                let value = match e.cell {
                    Cell::Constant(value) => value,
                    Cell::Free(k) => self.values[k],
                };
                (spread[e.from * n + e.to], spread[e.to * n + e.from]) = (value, value);
            }
            let root = semidefinite_root(&spread, n).map_err(|row| {
                PopulationError::Indefinite(g, self.model.variables[row].name.clone())
            })?;
            // x = μ + Tᵀ L z, where row a of T holds the effects of a.
            let mut mix = vec![0.0; n * shown.len()];
            for (k, &v) in shown.iter().enumerate() {
                for c in 0..n {
                    mix[k * n + c] = (c..n).map(|a| at.effects[a * n + v] * root[a * n + c]).sum();
                }
            }
            let mut rows = Vec::new();
            for row in 0..counts.get(g).copied().unwrap_or(0) {
                if row % 4096 == 0 && stop() {
                    return Err(PopulationError::Stopped);
                }
                let z: Vec<f64> = (0..n).map(|_| random.normal()).collect();
                let place = |k: usize| at.full_means[shown[k]];
                let value = |k: usize| {
                    let part = mix[k * n..(k + 1) * n].iter().zip(&z).map(|(a, b)| a * b);
                    place(k) + part.sum::<f64>()
                };
                rows.push((0..shown.len()).map(value).collect());
            }
            groups.push(rows);
        }
        let names = shown.iter().map(|&v| self.model.variables[v].name.clone()).collect();
        Ok(Drawn { names, groups })
    }
}
