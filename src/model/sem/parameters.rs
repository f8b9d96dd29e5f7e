//! The parameters of a completed model: which coefficients are estimated, which are one, and where
//! the search begins.

use rustc_hash::FxHashMap;

use super::types::{Arrow, Kind, StructuralModel, Value};

/// Sample moments of one group, of the observed variables of a model in their order.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name of the group; empty when there is only one.
    pub label: String,
    /// Observations.
    pub count: f64,
    /// Covariances with the divisor [`Target::count`], row by row.
    pub covariance: Vec<f64>,
    /// Means; zero when they are not known.
    pub means: Vec<f64>,
}

/// The value of a coefficient.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Cell {
    /// It is fixed.
    Constant(f64),
    /// It is a parameter.
    Free(usize),
}

/// A coefficient in one group.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The arrow of the model.
    pub arrow: usize,
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// Its value.
    pub cell: Cell,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its label, or its formula.
    pub name: String,
    /// Where the search begins.
    pub start: f64,
    /// It is not less.
    pub lower: Option<f64>,
    /// It is not more.
    pub upper: Option<f64>,
}

/// Parameters and coefficients.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Variables.
    pub size: usize,
    /// The observed ones.
    pub observed: Vec<usize>,
    /// Coefficients of each group.
    pub groups: Vec<Vec<Entry>>,
    /// What is estimated.
    pub parameters: Vec<Parameter>,
    /// Parameters by label.
    pub labels: FxHashMap<String, Cell>,
    /// Whether means are fitted.
    pub means: bool,
    /// For each group the observed variables whose moments are those of the data.
    pub exogenous: Vec<Vec<usize>>,
}

impl Layout {
    /// The parameters of a completed model for samples of its groups.
    pub fn new(model: &StructuralModel, targets: &[Target]) -> Layout {
        let observed = model.observed();
        let mut layout = Layout {
            size: model.variables.len(),
            observed: observed.clone(),
            groups: Vec::new(),
            parameters: Vec::new(),
            labels: FxHashMap::default(),
            means: model.arrows.iter().any(|a| a.kind == Kind::Intercept),
            exogenous: vec![Vec::new(); targets.len()],
        };
        let alias = aliases(model);
        for (group, target) in targets.iter().enumerate() {
            let starts = Starts { model, target, observed: &observed, group };
            let mut entries = Vec::new();
            for (k, arrow) in model.arrows.iter().enumerate() {
                let coefficient = arrow.coefficient(group);
                let label = coefficient.label.as_ref();
                let label = label.map(|l| alias.get(l).unwrap_or(l).clone());
                let known = label.as_ref().and_then(|l| layout.labels.get(l)).copied();
                let sample = starts.sample(arrow);
                let cell = match &coefficient.value {
                    Value::Fixed(value) => Cell::Constant(value.to_f64()),
                    Value::Sample => {
                        if arrow.is_variance() {
                            layout.exogenous[group].push(arrow.from);
                        }
                        Cell::Constant(sample.unwrap_or(0.0))
                    }
                    Value::Free | Value::Unsaid | Value::Absent => known.unwrap_or_else(|| {
                        let plain = model.formula(arrow).replace(' ', "");
                        let suffix =
                            if group > 0 { format!(".g{}", group + 1) } else { String::new() };
                        let start = coefficient.start.as_ref().map(|s| s.to_f64());
                        layout.parameters.push(Parameter {
                            name: label.clone().unwrap_or(format!("{plain}{suffix}")),
                            start: start.unwrap_or_else(|| starts.start(arrow)),
                            lower: None,
                            upper: None,
                        });
                        Cell::Free(layout.parameters.len() - 1)
                    }),
                };
                if let Cell::Free(k) = cell {
                    let parameter = &mut layout.parameters[k];
                    if let Some(low) = &coefficient.lower {
                        let low = low.to_f64();
                        parameter.lower = Some(parameter.lower.map_or(low, |l| l.max(low)));
                        parameter.start = parameter.start.max(low);
                    }
                    if let Some(high) = &coefficient.upper {
                        let high = high.to_f64();
                        parameter.upper = Some(parameter.upper.map_or(high, |u| u.min(high)));
                        parameter.start = parameter.start.min(high);
                    }
                }
                if let Some(label) = label {
                    layout.labels.entry(label).or_insert(cell);
                }
                let (kind, from, to) = (arrow.kind, arrow.from, arrow.to);
                entries.push(Entry { arrow: k, kind, from, to, cell });
            }
            layout.groups.push(entries);
        }
        for (label, first) in &alias {
            if let Some(cell) = layout.labels.get(first).copied() {
                layout.labels.insert(label.clone(), cell);
            }
        }
        layout
    }
}

impl Layout {
    /// For each parameter whether it is a variance.
    pub fn variances(&self) -> Vec<bool> {
        let mut found = vec![false; self.parameters.len()];
        for e in self.groups.iter().flatten() {
            if let Cell::Free(k) = e.cell {
                found[k] |= e.kind == Kind::Covariance && e.from == e.to;
            }
        }
        found
    }
}

/// Labels that constraints make equal to others.
fn aliases(model: &StructuralModel) -> FxHashMap<String, String> {
    let mut alias: FxHashMap<String, String> = FxHashMap::default();
    for (a, b) in model.constraints.iter().filter_map(|c| c.same.as_ref()) {
        let first = |name: &String, alias: &FxHashMap<String, String>| {
            alias.get(name).cloned().unwrap_or_else(|| name.clone())
        };
        let (a, b) = (first(a, &alias), first(b, &alias));
        if a != b {
            alias.values_mut().filter(|v| **v == b).for_each(|v| v.clone_from(&a));
            alias.insert(b, a);
        }
    }
    alias
}

/// Where searches begin: half of every variance explained, loadings by their covariances.
struct Starts<'a> {
    model: &'a StructuralModel,
    target: &'a Target,
    observed: &'a [usize],
    group: usize,
}

impl Starts<'_> {
    fn covariance(&self, a: usize, b: usize) -> Option<f64> {
        let place = |v: usize| self.observed.iter().position(|o| *o == v);
        Some(self.target.covariance[place(a)? * self.observed.len() + place(b)?])
    }

    /// The moment of the data that an arrow stands for.
    fn sample(&self, arrow: &Arrow) -> Option<f64> {
        match arrow.kind {
            Kind::Intercept => {
                let place = self.observed.iter().position(|o| *o == arrow.to)?;
                Some(self.target.means[place])
            }
            _ => self.covariance(arrow.from, arrow.to),
        }
    }

    fn start(&self, arrow: &Arrow) -> f64 {
        match arrow.kind {
            Kind::Regression => 0.0,
            Kind::Intercept => self.sample(arrow).unwrap_or(0.0),
            Kind::Covariance if arrow.from != arrow.to => 0.0,
            Kind::Covariance => match self.covariance(arrow.from, arrow.from) {
                Some(variance) => 0.5 * variance,
                None => self.latent_variance(arrow.from),
            },
            Kind::Loading => self.loading(arrow),
        }
    }

    /// The first indicator of a latent variable whose loading is fixed and not zero.
    fn marker(&self, latent: usize) -> Option<(usize, f64)> {
        let mut loadings =
            self.model.arrows.iter().filter(|a| a.kind == Kind::Loading && a.from == latent);
        loadings.find_map(|a| match &a.coefficient(self.group).value {
            Value::Fixed(value) if !value.is_zero() => Some((a.to, value.to_f64())),
            _ => None,
        })
    }

    fn latent_variance(&self, latent: usize) -> f64 {
        let marker = self.marker(latent);
        let explained = marker
            .and_then(|(to, loading)| Some(0.5 * self.covariance(to, to)? / (loading * loading)));
        explained.unwrap_or(0.5)
    }

    fn loading(&self, arrow: &Arrow) -> f64 {
        let Some(own) = self.covariance(arrow.to, arrow.to) else { return 1.0 };
        let Some((marker, loading)) = self.marker(arrow.from) else {
            let first = self
                .model
                .arrows
                .iter()
                .find(|a| a.kind == Kind::Loading && a.from == arrow.from && a.to != arrow.to);
            let sign = first.and_then(|a| self.covariance(a.to, arrow.to)).unwrap_or(1.0);
            let later = first.is_some_and(|a| a.span.start < arrow.span.start);
            return if later { 0.7 * own.sqrt() * sign.signum() } else { 0.7 * own.sqrt() };
        };
        let (Some(spread), Some(shared)) =
            (self.covariance(marker, marker), self.covariance(marker, arrow.to))
        else {
            return 1.0;
        };
        loading * shared.signum() * (own / spread).sqrt()
    }
}
