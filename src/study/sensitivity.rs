//! Forward sensitivities: a system augmented by the derivatives of its solution by parameters and
//! initial values.
//!
//! For `u' = f(t, u, p)` and a direction `p` the sensitivities `s = ∂u/∂p` solve the variational
//! equations `s' = (∂f/∂u) s + ∂f/∂p` with `s(0) = ∂u(0)/∂p` (Hairer, Nørsett and Wanner 1993,
//! I.14; Maly and Petzold 1996). They are built as terms: the right side of each equation is the
//! directional derivative of the body it comes from, so a family stays a family (the tangent of
//! `x[i-1]` is `s[i-1]`) and a reduction is differentiated under its sum. The result is a
//! [`System`] like any other, and the sensitivities are under the integrator's error control.
//!
//! Where a model jumps (`if`, `floor`) its branches are differentiated, not the place of the jump.

use rustc_hash::FxHashSet;

use super::start::find;
use super::{Compiled, Error};
use crate::calculus::{Differentiation, Equation, IndexRange};
use crate::model::{Axis, Observable, System, Variable};
use crate::term::visit::reachable;
use crate::term::{Affine, Binder, Graph, Node, Op, Term};
use crate::text::Limits;

/// A system with its sensitivities as further states.
pub struct Sensitivities {
    /// The states of the model, then for each direction the derivatives of all states in the same
    /// order; and so the observables. An array of derivatives by an array has the indices of the
    /// numerator first: `d(x)/d(k)[3,2]` is the derivative of `x[3]` by `k[2]`.
    pub system: System,
    /// What is differentiated by, in the order asked for.
    pub directions: Vec<Direction>,
}

/// A parameter or an initial value by which the solution is differentiated.
#[derive(Clone, Debug)]
pub struct Direction {
    /// Its name: `k`, `k[2]`, or `x(0)` and `x[3](0)` for initial values.
    pub name: String,
    /// The parameter or the state.
    variable: Variable,
    /// Whether it is a state, for its initial value.
    initial: bool,
    /// One element of the variable; `None` for a scalar or the whole array.
    element: Option<usize>,
    /// The indices over a whole array.
    ranges: Vec<IndexRange>,
}

/// The name of a derivative: `d(A)/d(k1)`.
pub fn derivative_name(of: &str, by: &str) -> String {
    format!("d({of})/d({by})")
}

/// Augments a system by its sensitivities to each of the names `of`.
///
/// A name is that of a parameter (`k`), an element (`k[2]`) or a whole array of them; or of a
/// state, `A` or `A(0)`, for its initial value. Names given twice count once. Parameters and
/// initial values that the model computes from others follow them by the chain rule; the value of
/// a direction itself counts as independent of everything else. Observables are differentiated
/// too. Names of the results are those of [`derivative_name`].
///
/// ```
/// use isoterm::session::models;
/// use isoterm::study::sensitivity::{extend, tolerances};
/// use isoterm::study::{Compilation, Compiled, Settings, Solution};
/// use isoterm::text::{Limits, Source};
///
/// let text = "ode decay
///   parameter k = 2
///   state x = 1
///   x' = -k*x
///   simulate t = 0..1, points = 2
/// end";
/// let source = Source::new("decay.model", text);
/// let system = models(source, ".".as_ref(), &Limits::default()).unwrap().remove(0);
/// let sensitivities = extend(&system, &["k".to_owned()]).unwrap();
/// let system = &sensitivities.system;
/// let compiled = Compiled::new(system, &Compilation::default(), &mut |_stage| {}).unwrap();
/// let mut settings = Settings::of(system).unwrap();
/// let atol = &settings.integration.atol;
/// settings.integration.atol = tolerances(&sensitivities.directions, &compiled, atol);
/// let solution = compiled.run(system, &settings, &|_time| false).unwrap();
/// assert_eq!(Solution::columns(system), ["x", "d(x)/d(k)"]);
/// // x = exp(-k t), so that ∂x/∂k = -t exp(-k t).
/// assert!((solution.rows[1][1] + (-2.0_f64).exp()).abs() < 1e-6);
/// ```
///
/// # Errors
/// [`Error::UnknownName`]; [`Error::JumpingSensitivities`]; [`Error::Calculus`] when a function without a derivative is on the way;
/// [`Error::TooLarge`] when there would be more states or nested indices than the limits allow.
pub fn extend(system: &System, of: &[String]) -> Result<Sensitivities, Error> {
    if !system.events.is_empty() {
        return Err(Error::JumpingSensitivities);
    }
    let level = free_level(system);
    let mut directions: Vec<Direction> = Vec::new();
    for name in of {
        let direction = Direction::named(system, name, level)?;
        if directions.iter().all(|d| d.name != direction.name) {
            directions.push(direction);
        }
    }
    let count = |d: &Direction| d.len().checked_mul(system.dimension());
    let most = Limits::default().cells;
    directions
        .iter()
        .try_fold(system.dimension(), |sum, d| sum.checked_add(count(d)?))
        .filter(|&all| all <= most)
        .ok_or_else(|| {
            Error::TooLarge(format!("the sensitivities pass the limit `cells` of {most} elements"))
        })?;

    let mut extended = copy(system);
    for direction in &directions {
        Augmentation::new(system, &mut extended, direction).write()?;
    }
    if let Some(eliminated) = &mut extended.eliminated {
        // Derivatives of what was eliminated are reported where those of states are.
        let mut offset = end(&eliminated.variables);
        for direction in &directions {
            for variable in system.variables() {
                let derivative = direction.derivative_of(variable, offset);
                offset += derivative.len();
                eliminated.variables.push(derivative);
            }
        }
    }
    Ok(Sensitivities { system: extended, directions })
}

/// Absolute tolerances for all states from those of the model's states (one for all, or one
/// for each): a derivative by `p` has the tolerance of its state divided by `|p|`, or as it
/// is when `p = 0` (as in CVODES; Hindmarsh et al. 2005).
pub fn tolerances(directions: &[Direction], compiled: &Compiled, atol: &[f64]) -> Vec<f64> {
    let columns: usize = directions.iter().map(Direction::len).sum();
    let states = compiled.initial().len() / (1 + columns);
    let of = |state: usize| *atol.get(state).or(atol.first()).unwrap_or(&f64::NAN);
    let mut all: Vec<f64> = (0..states).map(of).collect();
    for direction in directions {
        let values = if direction.initial { compiled.initial() } else { compiled.parameters() };
        let first = direction.variable.offset + direction.element.unwrap_or(0);
        let values = &values[first..first + direction.len()];
        for state in 0..states {
            let scale = |p: &f64| if *p == 0.0 { 1.0 } else { p.abs() };
            all.extend(values.iter().map(|p| of(state) / scale(p)));
        }
    }
    all
}

impl Direction {
    fn named(system: &System, name: &str, level: u8) -> Result<Direction, Error> {
        let (bare, begins) = match name.strip_suffix("(0)") {
            Some(bare) => (bare, true),
            None => (name, false),
        };
        let named = find(system, bare).map_err(|e| match bare.split_once('(') {
            // An initial value written with another time.
            Some((state, _)) if find(system, state).is_ok_and(|found| found.is_start()) => {
                Error::UnknownName(name.to_owned(), Some(format!("{state}(0)")))
            }
            _ => e,
        })?;
        if begins && !named.is_start() {
            return Err(Error::UnknownName(name.to_owned(), Some(bare.to_owned())));
        }
        let variable = named.variable.clone();
        let axes = if named.element.is_some() { &[] } else { &variable.axes[..] };
        if usize::from(level) + axes.len() > Limits::default().indices {
            let most = Limits::default().indices;
            let message = format!("derivatives by `{bare}` pass the limit `indices` of {most}");
            return Err(Error::TooLarge(message));
        }
        let ranges = (level..).zip(axes).map(|(level, axis)| IndexRange {
            binder: Binder(level),
            from: axis.from,
            to: axis.to,
        });
        let ranges = ranges.collect();
        let name = if named.is_start() { format!("{bare}(0)") } else { bare.to_owned() };
        Ok(Direction { name, variable, initial: named.state, element: named.element, ranges })
    }

    /// The number of parameters or initial values.
    pub fn len(&self) -> usize {
        self.ranges.iter().map(IndexRange::len).product()
    }

    /// Whether there is none: never, for a direction of a system.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn axes(&self) -> &[Axis] {
        if self.ranges.is_empty() { &[] } else { &self.variable.axes }
    }

    fn indices(&self) -> impl Iterator<Item = Affine> {
        self.ranges.iter().map(|r| Affine::binder(r.binder))
    }

    /// The place meant, in the vector of states or of parameters.
    fn place(&self) -> Affine {
        match self.element {
            Some(k) => Affine::constant((self.variable.offset + k) as i64),
            None => self.variable.place(&self.indices().collect::<Vec<Affine>>()),
        }
    }

    /// One at the place meant, elsewhere `otherwise`.
    fn unit(&self, graph: &mut Graph, place: &Affine, otherwise: Term) -> Term {
        let distance = place.plus(-1, &self.place()).expect("places are below the limit on cells");
        match distance.as_constant() {
            Some(0) => graph.number(1),
            Some(_) => otherwise,
            None => {
                let (place, meant) = (graph.index(place.clone()), graph.index(self.place()));
                let (here, one) = (graph.call(Op::Equal, &[place, meant]), graph.number(1));
                graph.call(Op::If, &[here, one, otherwise])
            }
        }
    }

    /// The array of derivatives of a variable, at a place of its vector.
    fn derivative_of(&self, variable: &Variable, offset: usize) -> Variable {
        Variable {
            name: derivative_name(&variable.name, &self.name),
            axes: variable.axes.iter().chain(self.axes()).copied().collect(),
            offset,
        }
    }
}

/// The part of an augmented system that belongs to one direction.
struct Augmentation<'a> {
    system: &'a System,
    extended: &'a mut System,
    direction: &'a Direction,
    /// Names of parameters whose derivatives are parameters of the augmented system.
    carried: FxHashSet<&'a str>,
}

impl<'a> Augmentation<'a> {
    fn new(system: &'a System, extended: &'a mut System, direction: &'a Direction) -> Self {
        let mut carried: FxHashSet<&str> = FxHashSet::default();
        loop {
            let before = carried.len();
            for equation in &system.parameter_values {
                let needs = |name: &str| {
                    carried.contains(name)
                        || (!direction.initial && direction.variable.name == name)
                };
                let Some(variable) = owner(&system.parameters, equation) else { continue };
                if names(&system.graph, equation.value).any(needs) {
                    carried.insert(&variable.name);
                }
            }
            if carried.len() == before {
                return Augmentation { system, extended, direction, carried };
            }
        }
    }

    fn write(&mut self) -> Result<(), Error> {
        let (system, direction) = (self.system, self.direction);
        let columns = direction.len();

        let mut offset = end(&self.extended.parameters);
        for parameter in &system.parameters {
            if self.carried.contains(parameter.name.as_str()) {
                let own = !direction.initial;
                let derivative = direction.derivative_of(parameter, offset);
                let equations =
                    self.tangents(&system.parameter_values, parameter, &derivative, own)?;
                self.extended.parameter_values.extend(equations);
                self.extended.parameters.push(derivative);
                offset += parameter.len() * columns;
            }
        }
        let mut offset = end(&self.extended.unknowns);
        for unknown in &system.unknowns {
            let derivative = direction.derivative_of(unknown, offset);
            let rates = self.tangents(&system.equations, unknown, &derivative, false)?;
            let initial =
                self.tangents(&system.initial, unknown, &derivative, direction.initial)?;
            self.extended.equations.extend(rates);
            self.extended.initial.extend(initial);
            let mine = unknown.offset..unknown.offset + unknown.len();
            for place in system.algebraic.iter().filter(|place| mine.contains(place)) {
                // The derivative of `0 = g` determines that of what `g` determines.
                let first = offset + (place - unknown.offset) * columns;
                self.extended.algebraic.extend(first..first + columns);
            }
            self.extended.unknowns.push(derivative);
            offset += unknown.len() * columns;
        }
        let mut offset =
            self.extended.observables.last().map_or(0, |o| o.variable.offset + o.variable.len());
        for Observable { variable, equations } in &system.observables {
            let derivative = direction.derivative_of(variable, offset);
            let equations = self.tangents(equations, variable, &derivative, false)?;
            self.extended.observables.push(Observable { variable: derivative, equations });
            offset += variable.len() * columns;
        }
        Ok(())
    }

    /// The equations of a variable's derivatives from the equations of the variable; `own` when
    /// the direction is among what these equations compute, and takes precedence there.
    fn tangents(
        &mut self,
        equations: &[Equation],
        variable: &Variable,
        derivative: &Variable,
        own: bool,
    ) -> Result<Vec<Equation>, Error> {
        let direction = self.direction;
        let own = own && direction.variable == *variable;
        let mut found = Vec::new();
        for equation in equations {
            let mine = variable.offset..variable.offset + variable.len();
            if !equation.first_row().is_some_and(|place| mine.contains(&place)) {
                continue;
            }
            let mut value = self.tangent(equation.value)?;
            if own {
                value = direction.unit(&mut self.extended.graph, &equation.row, value);
            }
            let mut column = Affine::constant(0);
            let mut stride = 1;
            for range in direction.ranges.iter().rev() {
                let step = Affine::binder(range.binder).plus(-range.from, &Affine::constant(1));
                column = step.and_then(|step| column.plus(stride, &step)).expect(PLACES);
                stride *= range.len() as i64;
            }
            let steps = equation.row.plus(-(variable.offset as i64), &Affine::constant(1));
            let row = steps
                .and_then(|steps| column.plus(stride, &steps))
                .and_then(|row| row.plus(derivative.offset as i64, &Affine::constant(1)));
            found.push(Equation {
                ranges: equation.ranges.iter().chain(&direction.ranges).copied().collect(),
                row: row.expect(PLACES),
                value,
            });
        }
        Ok(found)
    }

    /// The derivative of a term along the direction.
    fn tangent(&mut self, term: Term) -> Result<Term, Error> {
        let mut tangents = Vec::new();
        for leaf in reachable(&self.system.graph, &[term]) {
            let (name, indices) = match self.system.graph.node(leaf) {
                Node::Symbol(name) => (*name, &[][..]),
                Node::Element(name, indices) => (*name, &indices[..]),
                _ => continue,
            };
            let name = self.system.graph.name(name);
            let graph = &mut self.extended.graph;
            let unknown = self.system.unknowns.iter().any(|u| u.name == name);
            let tangent = if unknown || self.carried.contains(name) {
                let array = derivative_name(name, &self.direction.name);
                let all: Vec<Affine> =
                    indices.iter().cloned().chain(self.direction.indices()).collect();
                if all.is_empty() { graph.symbol(&array) } else { graph.element(&array, all) }
            } else if !self.direction.initial && self.direction.variable.name == name {
                let zero = graph.number(0);
                self.direction.unit(graph, &self.direction.variable.place(indices), zero)
            } else {
                continue;
            };
            if graph.as_number(tangent).is_none_or(|n| !n.is_zero()) {
                tangents.push((leaf, tangent));
            }
        }
        Ok(Differentiation::along(tangents).of(&mut self.extended.graph, term)?)
    }
}

const PLACES: &str = "places are below the limit on cells";

/// A system to which equations can be added; what stands in the text has no such equations.
fn copy(system: &System) -> System {
    System {
        name: system.name.clone(),
        graph: system.graph.clone(),
        time: system.time.clone(),
        unknowns: system.unknowns.clone(),
        parameters: system.parameters.clone(),
        parameter_values: system.parameter_values.clone(),
        equations: system.equations.clone(),
        algebraic: system.algebraic.clone(),
        initial: system.initial.clone(),
        observables: system.observables.clone(),
        events: Vec::new(),
        plan: system.plan.clone(),
        tables: system.tables.clone(),
        written: None,
        network: None,
        eliminated: system.eliminated.clone(),
    }
}

fn end(variables: &[Variable]) -> usize {
    variables.iter().map(|v| v.offset + v.len()).max().unwrap_or(0)
}

/// The names of scalars and arrays in a term.
fn names(graph: &Graph, term: Term) -> impl Iterator<Item = &str> {
    reachable(graph, &[term]).into_iter().filter_map(|leaf| match graph.node(leaf) {
        Node::Symbol(name) | Node::Element(name, _) => Some(graph.name(*name)),
        _ => None,
    })
}

/// The variable whose elements an equation computes.
fn owner<'a>(variables: &'a [Variable], equation: &Equation) -> Option<&'a Variable> {
    let place = equation.first_row()?;
    variables.iter().find(|v| (v.offset..v.offset + v.len()).contains(&place))
}

/// The first level of bound indices that no equation of a system uses.
fn free_level(system: &System) -> u8 {
    let observed = system.observables.iter().flat_map(|o| &o.equations);
    let equations = || {
        let equations = system.equations.iter().chain(&system.initial);
        equations.chain(&system.parameter_values).chain(observed.clone())
    };
    let roots: Vec<Term> = equations().map(|e| e.value).collect();
    let bound = reachable(&system.graph, &roots).into_iter().filter_map(|term| {
        match system.graph.node(term) {
            Node::Reduce { binder, .. } => Some(binder.0),
            _ => None,
        }
    });
    let families = equations().flat_map(|e| e.ranges.iter().map(|r| r.binder.0));
    bound.chain(families).max().map_or(0, |level| level + 1)
}
