//! What a model takes for granted: variances, covariances of what nothing explains, scales.

use super::types::{Arrow, Coefficient, Kind, StructuralModel, Value};
use crate::term::Number;
use crate::text::Span;

/// What is added to the formulas of a model; by default as lavaan's function `sem` does it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conventions {
    /// Adds nothing but variances, and leaves every coefficient free that has no value.
    pub as_written: bool,
    /// Whether variances and covariances of observed predictors that nothing explains are those of
    /// the data; otherwise they are estimated.
    pub fixed_exogenous: bool,
    /// Whether latent variables have the variance 1; otherwise their first loading is 1.
    pub unit_latents: bool,
    /// Whether latent variables that nothing explains are uncorrelated.
    pub orthogonal: bool,
    /// Whether intercepts belong to the model even when no formula names one.
    pub intercepts: bool,
}

impl Default for Conventions {
    fn default() -> Conventions {
        Conventions {
            as_written: false,
            fixed_exogenous: true,
            unit_latents: false,
            orthogonal: false,
            intercepts: false,
        }
    }
}

/// Why an arrow is in a model that its text does not name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Added {
    /// Every variable has a variance, of its residual where something points to it.
    Variance,
    /// Predictors that nothing explains covary.
    Exogenous,
    /// What is explained and explains nothing else covaries beyond its explanations.
    Outcomes,
    /// A model with means has an intercept of every variable.
    Intercept,
}

impl Added {
    /// The reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Added::Variance => "every variable has a variance",
            Added::Exogenous => "what nothing explains covaries",
            Added::Outcomes => "outcomes covary beyond what explains them",
            Added::Intercept => "a model with means has intercepts",
        }
    }
}

/// The part that a variable plays in the formulas.
#[derive(Clone, Copy, Default)]
struct Part {
    /// Something is regressed on it.
    predictor: bool,
    /// It is regressed on something.
    dependent: bool,
    /// It measures something.
    indicator: bool,
    /// A variance, covariance or intercept of it is written.
    mentioned: bool,
}

impl StructuralModel {
    /// The model with everything that the conventions add; every coefficient then has a value or
    /// is free.
    pub fn completed(&self, conventions: &Conventions) -> StructuralModel {
        let absent = |a: &Arrow| a.coefficients.iter().any(|c| c.value == Value::Absent);
        if self.arrows.iter().any(absent) {
            return self.completed_by_group(conventions);
        }
        let parts = self.parts();
        let mut model = self.clone();
        let exogenous: Vec<usize> = (0..parts.len())
            .filter(|&v| {
                let p = parts[v];
                let unexplained = p.predictor && !p.dependent && !p.indicator && !p.mentioned;
                unexplained && !self.variables[v].latent
            })
            .collect();
        if !conventions.as_written {
            model.fix_scales(conventions);
        }
        if !conventions.as_written && !self.whole {
            let sources = (0..parts.len()).filter(|&v| {
                self.variables[v].latent && !parts[v].dependent && !parts[v].indicator
            });
            if !conventions.orthogonal {
                model.add_covariances(&sources.collect::<Vec<_>>(), &Value::Free, Added::Exogenous);
            }
            let outcome = |v: &usize| {
                let p = parts[*v];
                p.dependent && !p.predictor && !p.indicator
            };
            // Latent outcomes stand first, as in the tables that lavaan prints.
            let (mut outcomes, observed): (Vec<usize>, Vec<usize>) =
                (0..parts.len()).filter(outcome).partition(|&v| self.variables[v].latent);
            outcomes.extend(observed);
            model.add_covariances(&outcomes, &Value::Free, Added::Outcomes);
            let value = exogenous_value(conventions);
            model.add_covariances(&exogenous, &value, Added::Exogenous);
        }
        model.add_variances(&exogenous, conventions);
        if conventions.intercepts || self.arrows.iter().any(|a| a.kind == Kind::Intercept) {
            model.add_intercepts(&exogenous, conventions);
        }
        for coefficient in model.arrows.iter_mut().flat_map(|a| &mut a.coefficients) {
            if coefficient.value == Value::Unsaid {
                coefficient.value = Value::Free;
            }
        }
        model
    }

    /// The same where groups have formulas of their own: an arrow that a group has not is zero there.
    fn completed_by_group(&self, conventions: &Conventions) -> StructuralModel {
        let mut whole = StructuralModel { arrows: Vec::new(), ..self.clone() };
        let zero = Coefficient { value: Value::Fixed(Number::ZERO), ..Coefficient::default() };
        for group in 0..self.groups {
            let mut own = self.clone();
            own.groups = 1;
            own.arrows.retain(|a| a.coefficient(group).value != Value::Absent);
            for arrow in &mut own.arrows {
                arrow.coefficients = vec![arrow.coefficient(group).clone()];
            }
            for mut arrow in own.completed(conventions).arrows {
                let coefficient = arrow.coefficients.swap_remove(0);
                let ends = |a: &Arrow| (a.from.min(a.to), a.from.max(a.to));
                let same = |a: &Arrow| a.kind == arrow.kind && ends(a) == ends(&arrow);
                let directed = matches!(arrow.kind, Kind::Loading | Kind::Regression);
                let known = whole
                    .arrows
                    .iter_mut()
                    .find(|a| same(a) && (!directed || a.from == arrow.from));
                match known {
                    Some(known) => known.coefficients[group] = coefficient,
                    None => {
                        arrow.coefficients = vec![zero.clone(); self.groups];
                        arrow.coefficients[group] = coefficient;
                        whole.arrows.push(arrow);
                    }
                }
            }
        }
        whole
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts = vec![Part::default(); self.variables.len()];
        for arrow in self.arrows.iter().filter(|a| a.added.is_none()) {
            match arrow.kind {
                Kind::Loading => parts[arrow.to].indicator = true,
                Kind::Regression => {
                    parts[arrow.to].dependent = true;
                    parts[arrow.from].predictor = true;
                }
                Kind::Covariance | Kind::Intercept => {
                    parts[arrow.from].mentioned = true;
                    parts[arrow.to].mentioned = true;
                }
            }
        }
        parts
    }

    /// Gives each latent variable a scale: its first loading is 1, or its variance.
    fn fix_scales(&mut self, conventions: &Conventions) {
        if conventions.unit_latents {
            return;
        }
        for latent in 0..self.variables.len() {
            let loading = |a: &&mut Arrow| a.kind == Kind::Loading && a.from == latent;
            if let Some(first) = self.arrows.iter_mut().find(loading) {
                say(first, &Value::Fixed(Number::ONE));
            }
        }
    }

    fn has(&self, kind: Kind, a: usize, b: usize) -> bool {
        let joins = |x: &Arrow| (x.from, x.to) == (a, b) || (x.from, x.to) == (b, a);
        self.arrows.iter().any(|x| x.kind == kind && joins(x))
    }

    fn add(&mut self, kind: Kind, from: usize, to: usize, value: Value, added: Added) {
        let coefficients = vec![Coefficient { value, ..Coefficient::default() }];
        let span = Span::default();
        self.arrows.push(Arrow { kind, from, to, coefficients, added: Some(added), span });
    }

    fn add_covariances(&mut self, among: &[usize], value: &Value, added: Added) {
        for (k, &a) in among.iter().enumerate() {
            for &b in &among[k + 1..] {
                if !self.has(Kind::Covariance, a, b) {
                    self.add(Kind::Covariance, a, b, value.clone(), added);
                }
            }
        }
    }

    fn add_variances(&mut self, exogenous: &[usize], conventions: &Conventions) {
        let single = self.single_indicators();
        for v in 0..self.variables.len() {
            let value = if self.variables[v].latent && conventions.unit_latents {
                Value::Fixed(Number::ONE)
            } else if exogenous.contains(&v) && !conventions.as_written {
                exogenous_value(conventions)
            } else if single.contains(&v) && !conventions.as_written {
                Value::Fixed(Number::ZERO)
            } else {
                Value::Free
            };
            match self.arrows.iter_mut().find(|a| a.is_variance() && a.from == v) {
                Some(arrow) if self.variables[v].latent => say(arrow, &value),
                Some(_) => {}
                None => self.add(Kind::Covariance, v, v, value, Added::Variance),
            }
        }
    }

    /// Observed variables that measure a latent one alone: all their variance is explained.
    fn single_indicators(&self) -> Vec<usize> {
        let loadings = |latent: usize| {
            self.arrows.iter().filter(move |a| a.kind == Kind::Loading && a.from == latent)
        };
        let alone = (0..self.variables.len()).filter_map(|latent| {
            let mut all = loadings(latent);
            all.next().filter(|_| all.next().is_none()).map(|only| only.to)
        });
        alone.filter(|&v| !self.variables[v].latent).collect()
    }

    fn add_intercepts(&mut self, exogenous: &[usize], conventions: &Conventions) {
        for v in 0..self.variables.len() {
            let value = if self.variables[v].latent {
                Value::Fixed(Number::ZERO)
            } else if exogenous.contains(&v) && !conventions.as_written {
                exogenous_value(conventions)
            } else {
                Value::Free
            };
            if !self.arrows.iter().any(|a| a.kind == Kind::Intercept && a.to == v) {
                self.add(Kind::Intercept, v, v, value, Added::Intercept);
            }
        }
    }
}

fn exogenous_value(conventions: &Conventions) -> Value {
    if conventions.fixed_exogenous { Value::Sample } else { Value::Free }
}

/// Gives the coefficients of an arrow a value where the text says nothing.
fn say(arrow: &mut Arrow, value: &Value) {
    for coefficient in &mut arrow.coefficients {
        if coefficient.value == Value::Unsaid {
            coefficient.value = value.clone();
        }
    }
}
