//! Fits of structural equation models.

use std::fmt;

use super::constraints::{Conditions, Search, slopes, value};
use super::discrepancy::{Discrepancy, Method};
use super::errors::Bound;
use super::indices::Indices;
use super::sample::{Sample, SampleError};
use crate::model::sem::parameters::{Layout, Target};
use crate::model::sem::{Conventions, Kind, StructuralModel};
use crate::numeric::minimum::{self, End, Minimum};
use crate::numeric::random::Random;

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
    /// No search converged: what the best one found, and the parameters that went farthest.
    NotConverged(Box<Minimum>, Vec<(String, f64)>),
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
            Error::NotConverged(minimum, far) => match minimum.end {
                End::Infeasible => f.write_str("the constraints exclude each other"),
                End::NoValue => f.write_str(
                    "the model has no positive definite covariances where the search begins",
                ),
                End::Stopped => f.write_str("stopped"),
                _ => {
                    let (steps, slope) = (minimum.steps, minimum.slope);
                    write!(f, "no search converged: after {steps} steps the gradient is still ")?;
                    write!(f, "{slope:.1e}")?;
                    for (k, (name, value)) in far.iter().enumerate() {
                        let before = if k == 0 { "; farthest from their starts are" } else { "," };
                        write!(f, "{before} {name} at {value:.2e}")?;
                    }
                    Ok(())
                }
            },
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
    /// Of a model with feedback, for each group the spectral radius of Λ, below 1 where feedback
    /// dies out, and `det(I − Λ)`.
    pub stability: Vec<(f64, f64)>,
    /// How well it fits.
    pub indices: Indices,
    /// Implied covariances and means of each group.
    pub implied: Vec<(Vec<f64>, Vec<f64>)>,
    /// Covariances of the parameters; absent when they are not identified.
    pub covariance: Option<Vec<f64>>,
    /// Parameters that the data cannot tell apart.
    pub unidentified: Vec<String>,
    /// What is not admissible or not regular: negative variances, bounds that hold a parameter.
    pub warnings: Vec<String>,
    /// Parameters that a bound holds.
    pub held: Vec<usize>,
    /// What was minimised.
    pub method: Method,
    /// Where standard errors come from.
    pub errors: Errors,
}

/// Searches made from other starts when the usual one leads nowhere.
const RESCUES: usize = 30;

/// What values of one minimum differ by.
const ROUNDING: f64 = 1e-10;

/// The best minimum from the usual start and as many others as the options ask for, or as it takes
/// when no search converges; with the number of the start when it is not the usual one.
fn search_all(
    search: &mut Search<'_>,
    layout: &Layout,
    options: &Options,
    stop: &dyn Fn() -> bool,
) -> Result<(Minimum, Option<usize>), Error> {
    let start: Vec<f64> = layout.parameters.iter().map(|p| p.start).collect();
    let variances = layout.variances();
    let mut best = (minimum::minimise(search, &start, options.steps, stop), None);
    let mut random = Random::new(1);
    for k in 1..=options.starts.max(RESCUES) {
        let converged = best.0.end == End::Converged;
        let hopeless = matches!(best.0.end, End::Infeasible | End::Stopped);
        if k > options.starts && (converged || hopeless) {
            break;
        }
        // Near the usual start first, then far enough for other signs.
        let spread = [0.5, 1.0, 2.0][k % 3];
        let moved: Vec<f64> = (0..start.len())
            .map(|i| {
                let (x, z) = (start[i], spread * random.normal());
                // A variance stays positive: only then are there covariances to begin with.
                if variances[i] { x * (0.5 * z).exp() } else { x + z * x.abs().max(0.3) }
            })
            .collect();
        let next = minimum::minimise(search, &moved, options.steps, stop);
        let found = next.end == End::Converged;
        // What lies above a search on its way to nowhere is no minimum to report.
        let most = match (converged, found) {
            (true, _) => best.0.value - ROUNDING,
            (false, true) => best.0.value + ROUNDING,
            (false, false) => best.0.value,
        };
        // The first search may have no value at all.
        if next.value.is_finite() && !(next.value > most) && (found || !converged) {
            best = (next, Some(k));
        }
    }
    if best.0.end == End::Converged {
        return Ok(best);
    }
    let mut far: Vec<(f64, usize)> = (0..start.len())
        .map(|i| ((best.0.at[i] - start[i]).abs() / start[i].abs().max(0.3), i))
        .collect();
    far.sort_by(|a, b| b.0.total_cmp(&a.0));
    let named = |&(_, i): &(f64, usize)| (layout.parameters[i].name.clone(), best.0.at[i]);
    let far = far.iter().take(3).map(named).collect();
    Err(Error::NotConverged(Box::new(best.0), far))
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
    if model.groups > 1 && model.groups != sample.groups.len() {
        return Err(Error::Sample(SampleError::Groups(model.groups, sample.groups.len())));
    }
    let mut targets = sample.targets(&completed.observed_names(), means).map_err(Error::Sample)?;
    if options.method != Method::MaximumLikelihood {
        // All others fit the covariances with the divisor N - 1.
        for target in &mut targets {
            let factor = target.count / (target.count - 1.0);
            target.covariance.iter_mut().for_each(|s| *s *= factor);
        }
    }
    let layout = Layout::new(&completed, &targets);
    if layout.parameters.is_empty() {
        return Err(Error::NoParameter);
    }
    let moments = Indices::moments(&layout);
    let conditions = Conditions::new(&completed, &layout)?;
    let count = layout.parameters.len() - conditions.equalities.min(layout.parameters.len());
    if count > moments {
        return Err(Error::TooManyParameters(count, moments));
    }
    if options.errors == Errors::Robust && sample.groups.iter().any(|g| g.rows.is_empty()) {
        return Err(Error::NoCases);
    }
    let discrepancy = Discrepancy::new(&layout, &targets, options.method).map_err(|(g, row)| {
        let name = completed.observed_names().swap_remove(row);
        Error::Sample(SampleError::NotPositive(name, targets[g].label.clone()))
    })?;
    let mut search = Search { discrepancy: &discrepancy, conditions: &conditions };
    let (mut best, elsewhere) = search_all(&mut search, &layout, options, stop)?;
    let held = conditions.hold(&mut best.at);
    let bound =
        Bound { discrepancy: &discrepancy, conditions: &conditions, layout: &layout, at: &best.at };
    let (covariance, unidentified) = bound.covariance(options, sample, &completed, &targets);
    let covariance = covariance.filter(|_| unidentified.is_empty());
    let statistic = match options.method {
        Method::UnweightedLeastSquares => bound.residual_statistic(&targets),
        _ => None,
    };
    let mut fit = Fit {
        indices: Indices::new(&discrepancy, &layout, &best, bound.equalities(), statistic),
        implied: Vec::new(),
        estimates: Vec::new(),
        quantities: Vec::new(),
        effects: Vec::new(),
        explained: Vec::new(),
        stability: Vec::new(),
        warnings: {
            let bound = |k: &usize| format!("{} is at its bound", layout.parameters[*k].name);
            let other = elsewhere.map(|k| format!("found from start {k}, not from the usual one"));
            other.into_iter().chain(held.iter().map(bound)).collect()
        },
        held,
        method: options.method,
        errors: options.errors,
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
