//! Fits of structural equation models.

use std::fmt;

use super::discrepancy::{Discrepancy, Method, column, times};
use super::indices::Indices;
use super::sample::{Sample, SampleError};
use crate::calculus;
use crate::model::sem::parameters::{Cell, Layout, Target};
use crate::model::sem::{Comparison, Conventions, Kind, StructuralModel};
use crate::numeric::dense::{Cholesky, add_scaled, dot, null_direction};
use crate::numeric::minimum::{self, End, Minimum};
use crate::numeric::random::Random;
use crate::term::evaluate::{Floating, evaluate};
use crate::term::{Graph, Term};

/// Where standard errors come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Errors {
    /// The expected information.
    Expected,
    /// The observed information: exact second derivatives.
    Observed,
    /// The sandwich of the observed information and the products of casewise gradients (Huber
    /// 1967, White 1982).
    Robust,
}

/// How to fit.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the model takes for granted.
    pub conventions: Conventions,
    /// What is minimised.
    pub method: Method,
    /// Where standard errors come from.
    pub errors: Errors,
    /// Searches from perturbed starts beside the first one.
    pub starts: usize,
    /// The most steps of a search.
    pub steps: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            conventions: Conventions::default(),
            method: Method::MaximumLikelihood,
            errors: Errors::Expected,
            starts: 0,
            steps: 1000,
        }
    }
}

/// Why there is no fit.
#[derive(Clone, PartialEq, Debug)]
pub enum Error {
    /// The sample is wrong.
    Sample(SampleError),
    /// More parameters than moments: both numbers.
    TooManyParameters(usize, usize),
    /// Nothing is estimated.
    NoParameter,
    /// Standard errors from cases need the cases.
    NoCases,
    /// Constraints that have no derivative.
    Constraint(String),
    /// The search did not converge: steps and the residual.
    NotConverged(usize, f64, End),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Sample(e) => e.fmt(f),
            Error::TooManyParameters(t, moments) => write!(
                f,
                "the model is not identified: {t} parameters, and the data have only {moments} \
                 moments"
            ),
            Error::NoParameter => f.write_str("nothing is estimated: every coefficient is fixed"),
            Error::NoCases => f.write_str("robust standard errors need the observations"),
            Error::Constraint(text) => write!(f, "the constraint `{text}` cannot be used"),
            Error::NotConverged(_, _, End::Infeasible) => {
                f.write_str("the constraints exclude each other")
            }
            Error::NotConverged(_, _, End::NoValue) => f.write_str(
                "the model has no positive definite covariances where the search begins",
            ),
            Error::NotConverged(_, _, End::Stopped) => f.write_str("stopped"),
            Error::NotConverged(steps, residual, _) => write!(
                f,
                "the search did not converge in {steps} steps: the gradient is still {residual:.1e}"
            ),
        }
    }
}

impl std::error::Error for Error {}

/// One coefficient of a fitted model.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// The arrow of the completed model.
    pub arrow: usize,
    /// The group.
    pub group: usize,
    /// The parameter; absent when it is fixed.
    pub parameter: Option<usize>,
    /// The value.
    pub value: f64,
    /// The standard error; absent when it is fixed or not known.
    pub error: Option<f64>,
    /// The value for latent variables of variance 1.
    pub latent: f64,
    /// The value for variables of variance 1.
    pub standardised: f64,
    /// The standard error of the standardised value.
    pub standardised_error: Option<f64>,
}

/// A quantity of parameters: a defined one, or an effect.
#[derive(Clone, Debug)]
pub struct Derived {
    /// Its name.
    pub name: String,
    /// The value.
    pub value: f64,
    /// The standard error.
    pub error: Option<f64>,
}

/// What a variable does to another one in a group: directly, through others and in all.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The group.
    pub group: usize,
    /// The cause.
    pub from: usize,
    /// What it acts on.
    pub to: usize,
    /// Direct, indirect and total effects with their standard errors.
    pub values: [(f64, Option<f64>); 3],
}

/// A fitted model.
pub struct Fit {
    /// The completed model.
    pub model: StructuralModel,
    /// Its parameters.
    pub layout: Layout,
    /// The samples.
    pub targets: Vec<Target>,
    /// The minimum that was found.
    pub minimum: Minimum,
    /// Coefficients.
    pub estimates: Vec<Estimate>,
    /// Defined quantities.
    pub quantities: Vec<Derived>,
    /// Effects.
    pub effects: Vec<Effect>,
    /// For each group the share of its variance that is explained, of every explained variable.
    pub explained: Vec<(usize, usize, f64)>,
    /// How well it fits.
    pub indices: Indices,
    /// Implied covariances and means of each group.
    pub implied: Vec<(Vec<f64>, Vec<f64>)>,
    /// Covariances of the parameters; absent when they are not identified.
    pub covariance: Option<Vec<f64>>,
    /// Parameters that the data cannot tell apart.
    pub unidentified: Vec<String>,
    /// What is not admissible: negative variances and the like.
    pub warnings: Vec<String>,
    /// What was minimised.
    pub method: Method,
}

/// A constraint with its derivatives by parameters.
struct Condition {
    value: Term,
    first: Vec<(usize, Term)>,
    second: Vec<(usize, usize, Term)>,
}

/// Names that terms may have, with what they are.
struct Conditions<'a> {
    graph: Graph,
    layout: &'a Layout,
    /// Equalities first.
    rows: Vec<Condition>,
    equalities: usize,
    /// Bounds: parameter, bound, 1 for a lower one and -1 for an upper one.
    bounds: Vec<(usize, f64, f64)>,
}

impl<'a> Conditions<'a> {
    fn new(model: &StructuralModel, layout: &'a Layout) -> Result<Conditions<'a>, Error> {
        let mut graph = model.terms.clone();
        let mut rows = Vec::new();
        let merged = |c: &crate::model::sem::Constraint| {
            c.same.as_ref().is_some_and(|(a, b)| {
                let cell = |l: &String| layout.labels.get(l);
                cell(a).is_some() && cell(a) == cell(b)
            })
        };
        let of = |comparison: Comparison| {
            model.constraints.iter().filter(move |c| c.comparison == comparison && !merged(c))
        };
        let equal = of(Comparison::Zero).count();
        for c in of(Comparison::Zero).chain(of(Comparison::NotNegative)) {
            let row = Condition::new(&mut graph, layout, c.margin);
            rows.push(row.ok_or_else(|| Error::Constraint(c.text.clone()))?);
        }
        let mut bounds = Vec::new();
        for (k, p) in layout.parameters.iter().enumerate() {
            bounds.extend(p.lower.map(|low| (k, low, 1.0)));
            bounds.extend(p.upper.map(|high| (k, high, -1.0)));
        }
        Ok(Conditions { graph, layout, rows, equalities: equal, bounds })
    }

    fn at(&self, term: Term, x: &[f64]) -> f64 {
        value(&self.graph, self.layout, term, x)
    }

    fn values(&self, x: &[f64], values: &mut [f64], jacobian: &mut [f64]) {
        let n = x.len();
        jacobian.fill(0.0);
        for (k, row) in self.rows.iter().enumerate() {
            values[k] = self.at(row.value, x);
            for &(i, slope) in &row.first {
                jacobian[k * n + i] += self.at(slope, x);
            }
        }
        for (k, &(i, bound, sign)) in self.bounds.iter().enumerate() {
            values[self.rows.len() + k] = sign * (x[i] - bound);
            jacobian[(self.rows.len() + k) * n + i] = sign;
        }
    }
}

fn value(graph: &Graph, layout: &Layout, term: Term, x: &[f64]) -> f64 {
    let leaf = |name: &str| match layout.labels.get(name) {
        Some(Cell::Free(k)) => x[*k],
        Some(Cell::Constant(value)) => *value,
        None => f64::NAN,
    };
    evaluate(graph, term, &mut Floating(leaf))
}

/// The derivatives of a term by parameters, through their labels.
fn slopes(graph: &mut Graph, layout: &Layout, term: Term) -> Option<Vec<(usize, Term)>> {
    let symbols = crate::term::visit::free_symbols(graph, &[term]);
    let mut names: Vec<String> = symbols.iter().map(|s| graph.name(*s).to_owned()).collect();
    names.sort();
    let mut out = Vec::new();
    for name in names {
        if let Some(Cell::Free(k)) = layout.labels.get(&name) {
            let by = graph.symbol(&name);
            out.push((*k, calculus::derivative(graph, term, by).ok()?));
        }
    }
    Some(out)
}

impl Condition {
    fn new(graph: &mut Graph, layout: &Layout, value: Term) -> Option<Condition> {
        let first = slopes(graph, layout, value)?;
        let mut second = Vec::new();
        for &(i, slope) in &first {
            second.extend(slopes(graph, layout, slope)?.into_iter().map(|(j, t)| (i, j, t)));
        }
        Some(Condition { value, first, second })
    }
}

/// The discrepancy under constraints.
struct Search<'a> {
    discrepancy: &'a Discrepancy,
    conditions: &'a Conditions<'a>,
}

impl minimum::Problem for Search<'_> {
    fn dimension(&self) -> usize {
        self.discrepancy.size()
    }
    fn value(&mut self, x: &[f64]) -> Option<f64> {
        self.discrepancy.value(x)
    }
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Option<f64> {
        self.discrepancy.gradient(x, gradient)
    }
    fn model(&mut self, x: &[f64], matrix: &mut [f64]) {
        let _ = self.discrepancy.curvature(x, false, matrix);
    }
    fn curvature(&mut self, x: &[f64], matrix: &mut [f64]) {
        let _ = self.discrepancy.curvature(x, true, matrix);
    }
    fn constraints(&self) -> (usize, usize) {
        let c = self.conditions;
        (c.equalities, c.rows.len() - c.equalities + c.bounds.len())
    }
    fn constrain(&mut self, x: &[f64], values: &mut [f64], jacobian: &mut [f64]) {
        self.conditions.values(x, values, jacobian);
    }
    fn bend(&mut self, x: &[f64], multipliers: &[f64], matrix: &mut [f64]) {
        let n = x.len();
        for (row, multiplier) in self.conditions.rows.iter().zip(multipliers) {
            for &(i, j, term) in &row.second {
                matrix[i * n + j] -= multiplier * self.conditions.at(term, x);
            }
        }
    }
}

/// Fits a model to a sample.
///
/// # Errors
/// [`Error`].
pub fn fit(
    model: &StructuralModel,
    sample: &Sample,
    options: &Options,
    stop: &dyn Fn() -> bool,
) -> Result<Fit, Error> {
    let completed = model.completed(&options.conventions);
    let means = completed.arrows.iter().any(|a| a.kind == Kind::Intercept);
    let mut targets = sample.targets(&completed, means).map_err(Error::Sample)?;
    if options.method != Method::MaximumLikelihood {
        // Least squares fit the covariances with the divisor N - 1.
        for target in &mut targets {
            let factor = target.count / (target.count - 1.0);
            target.covariance.iter_mut().for_each(|s| *s *= factor);
        }
    }
    let layout = Layout::new(&completed, &targets);
    if layout.parameters.is_empty() {
        return Err(Error::NoParameter);
    }
    let moments = Indices::moments(&layout, targets.len());
    let conditions = Conditions::new(&completed, &layout)?;
    let count = layout.parameters.len() - conditions.equalities.min(layout.parameters.len());
    if count > moments {
        return Err(Error::TooManyParameters(count, moments));
    }
    if options.errors == Errors::Robust && sample.groups.iter().any(|g| g.rows.is_empty()) {
        return Err(Error::NoCases);
    }
    let discrepancy = Discrepancy::new(&layout, &targets, options.method).map_err(|(g, row)| {
        let name = completed.variables[layout.observed[row]].name.clone();
        Error::Sample(SampleError::NotPositive(name, targets[g].label.clone()))
    })?;
    let start: Vec<f64> = layout.parameters.iter().map(|p| p.start).collect();
    let mut search = Search { discrepancy: &discrepancy, conditions: &conditions };
    let mut best = minimum::minimise(&mut search, &start, options.steps, stop);
    let mut random = Random::new(1);
    for _ in 0..options.starts {
        let moved: Vec<f64> =
            start.iter().map(|x| x + 0.5 * random.normal() * x.abs().max(0.3)).collect();
        let next = minimum::minimise(&mut search, &moved, options.steps, stop);
        let better = best.end != End::Converged || next.value < best.value - 1e-10;
        if next.end == End::Converged && better {
            best = next;
        }
    }
    if best.end != End::Converged {
        return Err(Error::NotConverged(best.steps, best.slope, best.end));
    }
    let bound =
        Bound { discrepancy: &discrepancy, conditions: &conditions, layout: &layout, at: &best.at };
    let (covariance, unidentified) = bound.covariance(options, sample, &completed, &targets);
    let covariance = covariance.filter(|_| unidentified.is_empty());
    let mut fit = Fit {
        indices: Indices::new(&discrepancy, &layout, &completed, &best, conditions.equalities),
        implied: Vec::new(),
        estimates: Vec::new(),
        quantities: Vec::new(),
        effects: Vec::new(),
        explained: Vec::new(),
        warnings: Vec::new(),
        method: options.method,
        targets,
        minimum: best.clone(),
        covariance,
        unidentified,
        model: completed,
        layout: layout.clone(),
    };
    fit.fill(&discrepancy);
    for q in &fit.model.quantities {
        let mut graph = fit.model.terms.clone();
        let at = value(&graph, &layout, q.value, &best.at);
        let slopes = slopes(&mut graph, &layout, q.value);
        let error = slopes.and_then(|s| {
            let mut gradient = vec![0.0; layout.parameters.len()];
            for (k, term) in s {
                gradient[k] += value(&graph, &layout, term, &best.at);
            }
            fit.error_of(&gradient)
        });
        fit.quantities.push(Derived { name: q.name.clone(), value: at, error });
    }
    Ok(fit)
}

/// The minimum with all that binds there.
struct Bound<'a> {
    discrepancy: &'a Discrepancy,
    conditions: &'a Conditions<'a>,
    layout: &'a Layout,
    at: &'a [f64],
}

impl Bound<'_> {
    /// Derivatives of the constraints that bind.
    fn binding(&self) -> Vec<Vec<f64>> {
        let n = self.at.len();
        let rows = self.conditions.rows.len() + self.conditions.bounds.len();
        let (mut values, mut jacobian) = (vec![0.0; rows], vec![0.0; rows * n]);
        self.conditions.values(self.at, &mut values, &mut jacobian);
        let binds = (0..rows).filter(|&k| k < self.conditions.equalities || values[k].abs() < 1e-7);
        binds.map(|k| jacobian[k * n..(k + 1) * n].to_vec()).collect()
    }

    /// The covariances of the parameters, and those that the data cannot tell apart.
    fn covariance(
        &self,
        options: &Options,
        sample: &Sample,
        model: &StructuralModel,
        targets: &[Target],
    ) -> (Option<Vec<f64>>, Vec<String>) {
        let n = self.at.len();
        let total: f64 = targets.iter().map(|t| t.count).sum();
        let mut matrix = vec![0.0; n * n];
        let _ = self.discrepancy.curvature(self.at, false, &mut matrix);
        let binding = self.binding();
        let scale = (0..n).map(|i| matrix[i * n + i]).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let with = |matrix: &[f64]| {
            let mut whole = matrix.to_vec();
            for row in &binding {
                let weight = scale / dot(row, row).max(f64::MIN_POSITIVE);
                for i in 0..n {
                    add_scaled(&mut whole[i * n..(i + 1) * n], weight * row[i], row);
                }
            }
            whole
        };
        let whole = with(&matrix);
        let units: Vec<f64> = (0..n).map(|i| whole[i * n + i].sqrt().max(1e-150)).collect();
        let scaled: Vec<f64> =
            (0..n * n).map(|k| whole[k] / (units[k / n] * units[k % n])).collect();
        if let (_, Some(direction)) = null_direction(&scaled, n, 1e-10) {
            let names = self.layout.parameters.iter().zip(&direction);
            let names = names.filter(|(_, d)| d.abs() > 1e-4).map(|(p, _)| p.name.clone());
            return (None, names.collect());
        }
        if options.errors != Errors::Expected {
            let _ = self.discrepancy.curvature(self.at, true, &mut matrix);
        }
        // With K = H + JᵀJ: K⁻¹ − K⁻¹Jᵀ(J K⁻¹ Jᵀ)⁻¹J K⁻¹ is the inverse on what J leaves free.
        let Ok(factors) = Cholesky::of(&with(&matrix), n, 0.0) else { return (None, Vec::new()) };
        let mut inverse = factors.inverse();
        let images: Vec<Vec<f64>> = binding.iter().map(|row| times(&inverse, row, n)).collect();
        let m = binding.len();
        let mut gram = vec![0.0; m * m];
        for i in 0..m {
            for j in 0..m {
                gram[i * m + j] = dot(&binding[i], &images[j]);
            }
        }
        if let Ok(gram) = Cholesky::of(&gram, m, 1e-12) {
            let weights = gram.inverse();
            for i in 0..m {
                for j in 0..m {
                    for a in 0..n {
                        let factor = -weights[i * m + j] * images[i][a];
                        add_scaled(&mut inverse[a * n..(a + 1) * n], factor, &images[j]);
                    }
                }
            }
        }
        let meat = match (options.errors, options.method) {
            (Errors::Robust, _) => self.casewise(sample, model, total),
            (_, Method::UnweightedLeastSquares) => self.normal_theory(),
            _ => {
                return (Some(inverse.iter().map(|x| 2.0 / total * x).collect()), Vec::new());
            }
        };
        let left = times(&inverse, &meat, n);
        let sandwich: Vec<f64> = times(&inverse, &transposed(&left, n), n);
        (Some(sandwich.iter().map(|x| x / total).collect()), Vec::new())
    }

    /// The mean of the products of casewise gradients of the discrepancy.
    fn casewise(&self, sample: &Sample, model: &StructuralModel, total: f64) -> Vec<f64> {
        let n = self.at.len();
        let mut meat = vec![0.0; n * n];
        for (g, group) in self.discrepancy.groups.iter().enumerate() {
            let Some(local) = self.discrepancy.local(group, self.at, true) else { continue };
            let (m, p) = (&group.moments, group.moments.observed.len());
            let names = m.observed.iter().map(|&v| &model.variables[v].name);
            let places: Vec<usize> =
                names.map(|n| sample.names.iter().position(|s| s == n).unwrap_or(0)).collect();
            let weighted = times(&local.inverse, &local.columns, p);
            // Of a saturated mean the gaps are those from the sample's.
            let centre = if m.means { &local.implied.means } else { &group.target.means };
            for row in &sample.groups[g].rows {
                let gap: Vec<f64> = places.iter().zip(centre).map(|(&k, c)| row[k] - c).collect();
                let seen: Vec<f64> =
                    (0..m.width()).map(|k| dot(&gap, column(&weighted, k, p))).collect();
                let mut score = vec![0.0; n];
                for d in &m.directions {
                    let u = column(&local.columns, d.u, p);
                    let flat = dot(u, column(&weighted, d.v, p)) - seen[d.u] * seen[d.v];
                    let mean =
                        if m.means { m.mean_factor(d, &local.implied) * seen[d.u] } else { 0.0 };
                    score[d.parameter] += 2.0 * (d.scale * flat - mean);
                }
                for i in 0..n {
                    add_scaled(&mut meat[i * n..(i + 1) * n], score[i] / total, &score);
                }
            }
        }
        meat
    }

    /// What normal data give for the products: `2 tr(Σ ∂ᵢΣ Σ ∂ⱼΣ)` for unweighted least squares.
    fn normal_theory(&self) -> Vec<f64> {
        let n = self.at.len();
        let mut meat = vec![0.0; n * n];
        for group in &self.discrepancy.groups {
            let Some(local) = self.discrepancy.local(group, self.at, true) else { continue };
            let (m, p) = (&group.moments, group.moments.observed.len());
            let right = times(&local.implied.covariance, &local.columns, p);
            let form = |i: usize, j: usize| dot(column(&local.columns, i, p), column(&right, j, p));
            for x in &m.directions {
                for y in &m.directions {
                    let cross = form(x.u, y.u) * form(x.v, y.v) + form(x.u, y.v) * form(x.v, y.u);
                    let mut value = 4.0 * x.scale * y.scale * cross;
                    if m.means {
                        let factors =
                            m.mean_factor(x, &local.implied) * m.mean_factor(y, &local.implied);
                        value += 4.0 * factors * form(x.u, y.u);
                    }
                    meat[x.parameter * n + y.parameter] += group.weight * value;
                }
            }
        }
        meat
    }
}

fn transposed(matrix: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|k| matrix[(k % n) * n + k / n]).collect()
}

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
    fn fill(&mut self, discrepancy: &Discrepancy) {
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
                let error = parameter.and_then(|k| {
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
            if at.determinant.abs() < 1e-3 {
                let text = format!(
                    "det(I - Λ) is {:.1e}: the feedback is close to singular",
                    at.determinant
                );
                self.warnings.push(text);
            }
            self.implied.push((at.covariance, at.means));
        }
    }

    fn effects_of(
        &self,
        group: usize,
        m: &crate::model::sem::moments::Moments,
        at: &crate::model::sem::moments::Implied,
        arrows: &[&crate::model::sem::moments::Direction],
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
                let through = m.entries.iter().any(|e| {
                    matches!(e.kind, Kind::Regression)
                        && (e.from == from && e.to != to && effect(e.to, to) != 0.0)
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
