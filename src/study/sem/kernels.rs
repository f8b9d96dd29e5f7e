//! Moments as compiled kernels: covariances and means, their gradient and their Hessian.

use std::fmt;

use super::slopes::{Place, Quantity, Slopes};
use crate::kernel::{self, Backend, Jit, Kernel, OperationCounts, Output, Scratch, Tape, Variable};
use crate::model::sem::graph::Weight;
use crate::model::sem::symbolic::{Expansion, Method, Programme, Terms, programme, terms_of};
use crate::model::sem::{Kind, MixedGraph, StructuralModel, Value};
use crate::rewrite::seed::fingerprint::fingerprints;
use crate::rewrite::{self, Ruleset};
use crate::term::modular;
use crate::term::visit::reachable;
use crate::term::{Graph, Node, Number, Term};

/// A way to compute moments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Each covariance from earlier ones in causal order, components by the one-connection rule.
    Programme,
    /// The same with components by elimination, which is a sparse LU factorization.
    Elimination,
    /// Each covariance by itself by the one-connection rule, what entries share computed once.
    OneConnections,
}

impl Form {
    /// All forms.
    pub const ALL: [Form; 3] = [Form::Programme, Form::Elimination, Form::OneConnections];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Form::Programme => "programme in causal order",
            Form::Elimination => "elimination (sparse LU)",
            Form::OneConnections => "one-connection rule",
        }
    }
}

/// Why there are no kernels.
#[derive(Debug)]
pub enum KernelError {
    /// `det(I - Λ)` is zero for all parameters: the variables of a component.
    Singular(Vec<String>),
    /// A component has too many subsets of columns, or there are more than [`ENTRIES`] moments.
    TooLarge,
    /// The work was stopped.
    Stopped,
    /// The code generator refuses.
    Kernel(kernel::Error),
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KernelError::Singular(names) => {
                write!(f, "det(I - Λ) is zero for all parameters, by {}", names.join(", "))
            }
            KernelError::TooLarge => {
                write!(f, "a component is too large, or there are more than {ENTRIES} moments")
            }
            KernelError::Stopped => f.write_str("the kernels were stopped"),
            KernelError::Kernel(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for KernelError {}

impl From<kernel::Error> for KernelError {
    fn from(e: kernel::Error) -> KernelError {
        KernelError::Kernel(e)
    }
}

/// One kernel, with the instructions that it is made of.
pub struct Part {
    /// The instructions.
    pub tape: Tape,
    kernel: Kernel,
}

impl Part {
    fn new(graph: &Graph, layout: &kernel::Layout, roots: &[Term]) -> Result<Part, kernel::Error> {
        let outputs: Vec<Output> =
            (0..).zip(roots).map(|(place, &value)| Output::scalar(place, value)).collect();
        let tape = Tape::lower(graph, layout, &outputs, &kernel::Options::default())?;
        let kernel = Jit.compile(&tape)?;
        Ok(Part { tape, kernel })
    }

    /// The values at parameters, in the order of the part's list.
    ///
    /// Where `det(I - Λ)` is zero they are infinite or no numbers.
    ///
    /// # Panics
    /// When a slice is too short.
    pub fn evaluate(&self, parameters: &[f64], values: &mut [f64], scratch: &mut Scratch) {
        self.kernel.evaluate(0.0, &[], parameters, values, scratch);
    }
}

/// Kernels of the moments of the observed variables of a model in one group.
pub struct MomentKernels {
    /// Names of the parameters, in the order in which kernels take them.
    pub parameters: Vec<String>,
    /// Names of the observed variables.
    pub observed: Vec<String>,
    /// The moments: a pair `(i, j)` with `j <= i` for each covariance, the lower triangle row by
    /// row, then one `(i, i)` for each mean when the model has means.
    pub moments: Vec<(usize, usize)>,
    /// How many of them are means.
    pub means: usize,
    /// The form that was compiled.
    pub form: Form,
    /// What each form costs, in cycles for all moments; nothing for one that is not defined
    /// wherever the model is, or that cannot be made.
    pub costs: [(Form, Option<f64>); 3],
    /// The moments.
    pub values: Part,
    /// Derivatives that are not zero, by the positions of moment and parameter; nothing when there
    /// are more than [`ENTRIES`].
    pub gradient: Option<Derivatives<(usize, usize)>>,
    /// Second derivatives that are not zero, by the positions of moment and two parameters, the second
    /// at most the first; nothing when there are more than [`ENTRIES`].
    pub hessian: Option<Derivatives<(usize, usize, usize)>>,
}

/// Derivatives with what they are of.
pub struct Derivatives<P> {
    /// The positions of each entry.
    pub places: Vec<P>,
    /// The entries.
    pub part: Part,
}

/// The most entries of a kernel.
pub const ENTRIES: usize = 50_000;

/// The most covariances that are made each by itself: with many, what they share costs less in causal
/// order.
const ALONE: usize = 2_000;

impl MomentKernels {
    /// The kernels of a completed model in a group, counted from 0, until `stop` says so.
    ///
    /// # Errors
    /// [`KernelError`].
    pub fn new(
        model: &StructuralModel,
        group: usize,
        stop: fn() -> bool,
    ) -> Result<MomentKernels, KernelError> {
        let mixed = MixedGraph::of(model, group);
        MomentKernels::made(&mixed, &intercepts(model, &mixed, group), stop)
    }

    /// The kernels of a mixed graph, whose variables have no means.
    ///
    /// # Errors
    /// [`KernelError`].
    pub fn of_graph(mixed: &MixedGraph, stop: fn() -> bool) -> Result<MomentKernels, KernelError> {
        MomentKernels::made(mixed, &vec![None; mixed.size()], stop)
    }

    fn made(
        mixed: &MixedGraph,
        intercepts: &[Option<Intercept>],
        stop: fn() -> bool,
    ) -> Result<MomentKernels, KernelError> {
        let going = || if stop() { Err(KernelError::Stopped) } else { Ok(()) };
        let observed = mixed.observed();
        if observed.len().saturating_mul(observed.len() + 1) / 2 > ENTRIES {
            return Err(KernelError::TooLarge);
        }
        let pairs: Vec<(usize, usize)> =
            (0..observed.len()).flat_map(|i| (0..=i).map(move |j| (i, j))).collect();
        let mut graph = Graph::new();
        let mut parameters: Vec<String> = mixed.parameters.iter().map(|p| p.name.clone()).collect();
        let mut places = places(mixed);
        let mut terms = vec![None; mixed.size()];
        for (v, intercept) in intercepts.iter().enumerate() {
            terms[v] = match intercept {
                None => None,
                Some(Intercept::Fixed(value)) => Some(graph.number(value.clone())),
                Some(Intercept::Parameter(name)) => {
                    let known = parameters.iter().position(|p| p == name);
                    places.push((Place::Intercept(v), known.unwrap_or(parameters.len())));
                    if known.is_none() {
                        parameters.push(name.clone());
                    }
                    Some(graph.symbol(name))
                }
            };
        }
        let intercepts = terms;
        let means = if intercepts.iter().any(Option::is_some) { observed.len() } else { 0 };
        let entries: Vec<(usize, usize)> =
            pairs.iter().map(|&(i, j)| (observed[i], observed[j])).collect();

        let mut made: Vec<(Form, Built, f64)> = Vec::new();
        let mut costs = Form::ALL.map(|form| (form, None));
        for (form, cost) in &mut costs {
            going()?;
            let Some(built) = build(*form, mixed, &mut graph, &intercepts, &entries, means)? else {
                continue;
            };
            let cycles = OperationCounts::of_terms(&graph, &built.roots).cycles();
            *cost = Some(cycles);
            made.push((*form, built, cycles));
        }
        let cheapest = made.into_iter().min_by(|a, b| a.2.total_cmp(&b.2));
        let (form, built, _) = cheapest.ok_or(KernelError::TooLarge)?;

        let slopes = Slopes { programme: &built.programme, places: &places, size: mixed.size() };
        let quantities = entries.iter().map(|&(i, j)| Quantity::Covariance(i, j));
        let quantities =
            quantities.chain(observed[..means].iter().map(|&v| Quantity::Mean(v))).enumerate();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for (m, moment) in quantities {
            going()?;
            if first.len() <= ENTRIES {
                let found = slopes.first(&mut graph, moment);
                first.extend(found.into_iter().map(|(k, t)| ((m, k), t)));
            }
            if second.len() <= ENTRIES {
                let found = slopes.second(&mut graph, moment);
                second.extend(found.into_iter().map(|((k, l), t)| ((m, k, l), t)));
            }
        }
        let layout = kernel::Layout {
            parameters: (0..)
                .zip(&parameters)
                .map(|(offset, name)| {
                    let name = graph.intern(name);
                    Variable { name, extents: Vec::new(), offset }
                })
                .collect(),
            ..kernel::Layout::default()
        };
        let rules = Ruleset::standard();
        // Whole forms alone: saturation after them takes seconds and has saved nothing here.
        let options = rewrite::Options { saturated: 0, stop, ..rewrite::Options::kernel() };
        let part = |graph: &mut Graph, roots: &[Term]| {
            let roots = rewrite::optimise(graph, roots, rules, &options).roots;
            going()?;
            Ok(Part::new(graph, &layout, &roots)?)
        };
        Ok(MomentKernels {
            values: part(&mut graph, &built.roots)?,
            gradient: derivatives(&mut graph, first, part)?,
            hessian: derivatives(&mut graph, second, part)?,
            observed: observed.iter().map(|&v| mixed.vertex_name(v).to_owned()).collect(),
            moments: pairs.into_iter().chain((0..means).map(|i| (i, i))).collect(),
            parameters,
            means,
            form,
            costs,
        })
    }
}

/// The kernel of derivatives with their positions; nothing when there are too many.
fn derivatives<P>(
    graph: &mut Graph,
    entries: Vec<(P, Term)>,
    part: impl Fn(&mut Graph, &[Term]) -> Result<Part, KernelError>,
) -> Result<Option<Derivatives<P>>, KernelError> {
    if entries.len() > ENTRIES {
        return Ok(None);
    }
    let (places, roots): (Vec<P>, Vec<Term>) = entries.into_iter().unzip();
    Ok(Some(Derivatives { places, part: part(graph, &roots)? }))
}

/// The coefficients of a graph that are parameters.
fn places(mixed: &MixedGraph) -> Vec<(Place, usize)> {
    let effects = mixed.effects().map(|(a, b, w)| (Place::Effect(a, b), w));
    let covariances = mixed.covariances().map(|(a, b, w)| (Place::Covariance(a, b), w));
    let parameter = |(place, weight): (Place, &Weight)| match weight {
        Weight::Parameter(p) => Some((place, *p)),
        Weight::Constant(_) => None,
    };
    effects.chain(covariances).filter_map(parameter).collect()
}

/// The mean of a variable beside what others give it.
#[derive(Clone)]
enum Intercept {
    Fixed(Number),
    Parameter(String),
}

/// The intercepts of a model that are not zero, by variable.
fn intercepts(model: &StructuralModel, mixed: &MixedGraph, group: usize) -> Vec<Option<Intercept>> {
    let mut found = vec![None; mixed.size()];
    for arrow in model.arrows.iter().filter(|a| a.kind == Kind::Intercept) {
        let coefficient = arrow.coefficient(group);
        let variable = &model.variables[arrow.to].name;
        let Some(v) = mixed.position(variable) else { continue };
        found[v] = match &coefficient.value {
            Value::Fixed(value) => (!value.is_zero()).then(|| Intercept::Fixed(value.clone())),
            _ => {
                let label = coefficient.label.clone();
                Some(Intercept::Parameter(label.unwrap_or(format!("m_{variable}"))))
            }
        };
    }
    found
}

/// The moments in a form.
struct Built {
    roots: Vec<Term>,
    programme: Programme,
}

/// Makes the moments in a form; nothing when it cannot be made, or divides by what the model does not.
fn build(
    form: Form,
    mixed: &MixedGraph,
    graph: &mut Graph,
    intercepts: &[Option<Term>],
    entries: &[(usize, usize)],
    means: usize,
) -> Result<Option<Built>, KernelError> {
    if form == Form::OneConnections && entries.len() > ALONE {
        return Ok(None);
    }
    let terms = Terms::new(graph, mixed);
    let expansion = match form {
        Form::Elimination => Expansion::by(mixed, terms, Method::Eliminated),
        Form::Programme | Form::OneConnections => Expansion::new(mixed, terms),
    };
    let Some(mut expansion) = expansion else { return Ok(None) };
    if let Some(component) = expansion.singular() {
        let names = component.iter().map(|&v| mixed.vertex_name(v).to_owned());
        return Err(KernelError::Singular(names.collect()));
    }
    let n = mixed.size();
    let programme = programme(mixed, &mut expansion, intercepts);
    let zero = expansion.ring.graph.number(0);
    let mut roots = match form {
        Form::OneConnections => terms_of(&mut expansion, entries),
        Form::Programme | Form::Elimination => {
            let entry = |&(i, j): &(usize, usize)| programme.covariances[i * n + j].unwrap_or(zero);
            entries.iter().map(entry).collect()
        }
    };
    if means > 0 {
        roots.extend(mixed.observed().iter().map(|&v| programme.means[v].unwrap_or(zero)));
    }
    if form == Form::Elimination {
        let minors = Expansion::new(mixed, Terms::new(graph, mixed));
        let allowed: Vec<Term> = minors.iter().flat_map(|e| &e.minors).map(|m| m.delta).collect();
        if !divides_only_by(graph, &roots, &allowed) {
            return Ok(None);
        }
    }
    Ok(Some(Built { roots, programme }))
}

/// Whether every divisor in the terms is one of the allowed ones up to its sign, decided at random
/// points modulo 2^61 - 1: a form that divides by anything else has fewer values than the model.
fn divides_only_by(graph: &Graph, roots: &[Term], allowed: &[Term]) -> bool {
    let divisors = reachable(graph, roots).into_iter().flat_map(|t| match graph.node(t) {
        Node::Product(factors) => factors.iter().filter(|(_, e)| e.is_negative()).collect(),
        _ => Vec::new(),
    });
    let divisors: Vec<Term> = divisors.map(|(base, _)| *base).collect();
    let negative = |print: [u64; 2]| print.map(|x| modular::sub(0, x));
    let allowed: Vec<[u64; 2]> = fingerprints(graph, allowed, &[]).into_iter().flatten().collect();
    fingerprints(graph, &divisors, &[])
        .into_iter()
        .all(|print| print.is_some_and(|p| allowed.contains(&p) || allowed.contains(&negative(p))))
}
