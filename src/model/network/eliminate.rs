//! Dependent species expressed by conserved totals and the others: a smaller system with the same
//! solutions.
//!
//! A law `Σ weight · species = total` gives one of its species. Substituting it fills its rows of
//! the Jacobian with the members of the law, so only short laws are used ([`LONG`]), and of each the
//! species on which the fewest rates of change depend. Totals are parameters that the initial
//! values define, and initial values are parameters themselves, so that everything that can be
//! asked of parameters can be asked of them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::structure::{Law, each_member, structure};
use super::types::ReactionNetwork;
use crate::calculus::{Equation, IndexRange};
use crate::model::system::{Observable, System, Variable, Written};
use crate::term::visit::{Rebuild, reachable};
use crate::term::{Affine, Binder, Graph, Node, Number, Term};

/// A law of more species than this stays as it is: every rate in which its species stood would
/// depend on all others.
pub const LONG: usize = 16;

/// What the elimination has done to a system.
#[derive(Clone, PartialEq, Debug)]
pub struct Eliminated {
    /// The unknowns before; their offsets are the places that [`System::network`] means, and their
    /// order is that of results.
    pub variables: Vec<Variable>,
    /// The species that became expressions, in the order of `variables`, each with its total.
    pub dependent: Vec<(String, String)>,
    /// Variables before whose initial values are parameters now, each with this parameter.
    pub starts: Vec<(String, String)>,
    /// The laws that were not used.
    pub kept: Vec<(Law, Kept)>,
}

/// Why a law was not used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kept {
    /// It has more than [`LONG`] species.
    Long,
    /// An event changes this species.
    Event(String),
    /// Its species are elements of arrays, or stand in other laws that are used.
    Arrays,
}

/// Why nothing was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The system is no reaction network.
    NoNetwork,
    /// The network is too large for its structure, see [`super::structure::MEMBERS`].
    TooLarge,
}

/// A law with the species that it gives.
struct Use {
    law: Law,
    /// The place of the species.
    dependent: usize,
    /// The name of the total.
    total: String,
}

/// The system without the species that short conservation laws give; they are observables now.
///
/// # Errors
/// When there is no network, or none that can be looked at.
pub fn eliminate(system: &System) -> Result<System, Refusal> {
    let network = system.network.as_ref().ok_or(Refusal::NoNetwork)?;
    let found = structure(network).ok_or(Refusal::TooLarge)?;
    let mut taken = names(system);
    let (uses, kept) = choose(system, network, found.laws);
    let mut uses: Vec<Use> = uses
        .into_iter()
        .map(|(law, dependent)| {
            let total = fresh(&format!("total_{}", system.state_name(dependent)), &mut taken);
            Use { law, dependent, total }
        })
        .collect();
    uses.sort_by_key(|u| u.dependent);
    let moved = moved(system, &uses, &mut taken);
    let smaller = Smaller::new(system, &uses, &moved);
    let parameters = smaller.parameters(system, &uses);
    let mut graph = system.graph.clone();
    let mut dependents = expressions(&mut graph, system, &uses);
    let mut inside = |graph: &mut Graph, equations: &[Equation]| -> Vec<Equation> {
        let value =
            |e: &Equation| Equation { value: dependents.within(graph, e.value), ..e.clone() };
        equations.iter().map(value).collect()
    };
    let equations = smaller.placed(inside(&mut graph, &system.equations));
    let mut observables: Vec<Observable> = Vec::new();
    for Observable { variable, equations } in &system.observables {
        let equations = inside(&mut graph, equations);
        observables.push(Observable { variable: variable.clone(), equations });
    }
    let offset = observables.last().map_or(0, |o| o.variable.offset + o.variable.len());
    for (offset, used) in (offset..).zip(&uses) {
        let name = system.state_name(used.dependent);
        let value = graph.symbol(&name);
        let equations = inside(&mut graph, &[Equation::scalar(offset, value)]);
        observables
            .push(Observable { variable: Variable { name, axes: Vec::new(), offset }, equations });
    }
    let mut events = system.events.clone();
    for event in &mut events {
        event.condition = dependents.within(&mut graph, event.condition);
        event.margin = dependents.within(&mut graph, event.margin);
        for reset in &mut event.resets {
            reset.value = dependents.within(&mut graph, reset.value);
        }
        event.resets = smaller.placed(std::mem::take(&mut event.resets));
    }
    let (parameter_values, initial) = smaller.values(&mut graph, system, &uses);
    let written = system.written.as_ref().map(|written| {
        let mut graph = written.graph.clone();
        let mut dependents = expressions(&mut graph, system, &uses);
        let equations = written
            .equations
            .iter()
            .map(|e| Equation { value: dependents.within(&mut graph, e.value), ..e.clone() });
        let equations = smaller.placed(equations.collect());
        Written { graph, equations }
    });
    Ok(System {
        name: system.name.clone(),
        time: system.time.clone(),
        unknowns: smaller.unknowns.clone(),
        parameters,
        parameter_values,
        equations,
        algebraic: system.algebraic.iter().map(|&place| smaller.shifted(place)).collect(),
        initial,
        observables,
        events,
        plan: system.plan.clone(),
        tables: system.tables.clone(),
        written,
        network: Some(network.clone()),
        eliminated: Some(Eliminated {
            variables: system.unknowns.clone(),
            dependent: uses
                .iter()
                .map(|u| (system.state_name(u.dependent), u.total.clone()))
                .collect(),
            starts: moved.into_iter().map(|m| (m.variable.name, m.parameter)).collect(),
            kept,
        }),
        graph,
    })
}

/// Names that a new one must not be.
fn names(system: &System) -> FxHashSet<String> {
    let variables = system.unknowns.iter().chain(&system.parameters);
    let observed = system.observables.iter().map(|o| &o.variable);
    let names = variables.chain(observed).map(|v| v.name.clone());
    names.chain([system.time.clone()]).collect()
}

/// A name that is not taken yet.
fn fresh(wanted: &str, taken: &mut FxHashSet<String>) -> String {
    let mut name = wanted.to_owned();
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

/// The laws to use, each with the place of the species that it gives, and the others.
fn choose(
    system: &System,
    network: &ReactionNetwork,
    laws: Vec<Law>,
) -> (Vec<(Law, usize)>, Vec<(Law, Kept)>) {
    let reset = reset_places(system);
    let (mut short, mut kept) = (Vec::new(), Vec::new());
    for law in laws {
        let changed = law.parts.iter().find(|(place, _)| reset.contains(place));
        match changed {
            Some((place, _)) => {
                let event = Kept::Event(system.state_name(*place));
                kept.push((law, event));
            }
            None if law.parts.len() > LONG => kept.push((law, Kept::Long)),
            None => short.push(law),
        }
    }
    let mut laws_of: FxHashMap<usize, usize> = FxHashMap::default();
    for (place, _) in short.iter().flat_map(|law| &law.parts) {
        *laws_of.entry(*place).or_default() += 1;
    }
    let scalars: FxHashSet<usize> =
        system.unknowns.iter().filter(|v| v.axes.is_empty()).map(|v| v.offset).collect();
    // With one species of its own for each law, no law needs another one.
    let candidates = |law: &Law| -> Vec<usize> {
        let places = law.parts.iter().map(|(place, _)| *place);
        places.filter(|p| scalars.contains(p) && laws_of[p] == 1).collect()
    };
    let all: FxHashSet<usize> = short.iter().flat_map(&candidates).collect();
    let reached = reached(system, network, &all);
    let mut uses = Vec::new();
    for law in short {
        match candidates(&law)
            .into_iter()
            .min_by_key(|p| (reached.get(p).map_or(0, FxHashSet::len), *p))
        {
            Some(dependent) => uses.push((law, dependent)),
            None => kept.push((law, Kept::Arrays)),
        }
    }
    kept.sort_by_key(|(law, _)| law.own);
    (uses, kept)
}

/// The places that events change.
fn reset_places(system: &System) -> FxHashSet<usize> {
    let mut places = FxHashSet::default();
    for equation in system.events.iter().flat_map(|e| &e.resets) {
        each_place(equation, &mut |place| {
            places.insert(place);
        });
    }
    places
}

/// Calls `visit` with the places of an equation's members.
fn each_place(equation: &Equation, visit: &mut dyn FnMut(usize)) {
    fn walk(ranges: &[IndexRange], row: &Affine, visit: &mut dyn FnMut(usize)) {
        let Some((range, rest)) = ranges.split_first() else {
            return visit(row.at(|_| 0) as usize);
        };
        for value in range.from..=range.to {
            let row = row.substitute(range.binder, &Affine::constant(value));
            walk(rest, &row.expect("places are below the limit on cells"), visit);
        }
    }
    walk(&equation.ranges, &equation.row, visit);
}

/// For each of some species the places whose rates of change depend on it.
fn reached(
    system: &System,
    network: &ReactionNetwork,
    species: &FxHashSet<usize>,
) -> FxHashMap<usize, FxHashSet<usize>> {
    let places: FxHashMap<&str, usize> =
        system.unknowns.iter().map(|v| (v.name.as_str(), v.offset)).collect();
    let mut reached: FxHashMap<usize, FxHashSet<usize>> = FxHashMap::default();
    let mut within: FxHashMap<Term, Vec<usize>> = FxHashMap::default();
    for reaction in &network.reactions {
        let named = within.entry(reaction.rate).or_insert_with(|| {
            let leaves = reachable(&system.graph, &[reaction.rate]).into_iter();
            let place = |t| match system.graph.node(t) {
                Node::Symbol(s) => places.get(system.graph.name(*s)).copied(),
                _ => None,
            };
            leaves.filter_map(place).filter(|p| species.contains(p)).collect()
        });
        each_member(reaction, |reactants, products| {
            let own = reactants.iter().map(|(p, _)| *p).filter(|p| species.contains(p));
            for of in own.chain(named.iter().copied()) {
                let all = reached.entry(of).or_default();
                all.extend(reactants.iter().chain(&products).map(|(p, _)| *p));
            }
        });
    }
    reached
}

/// A variable whose initial value becomes a parameter.
struct Moved {
    variable: Variable,
    parameter: String,
}

/// The variables in laws that are used, and those that their initial values name.
fn moved(system: &System, uses: &[Use], taken: &mut FxHashSet<String>) -> Vec<Moved> {
    let at = |place: usize| system.unknowns.partition_point(|v| v.offset + v.len() <= place);
    let mut wanted: FxHashSet<usize> =
        uses.iter().flat_map(|u| &u.law.parts).map(|(place, _)| at(*place)).collect();
    let by_name: FxHashMap<&str, usize> =
        (0..).zip(&system.unknowns).map(|(k, v)| (v.name.as_str(), k)).collect();
    let mut initial: FxHashMap<usize, Vec<Term>> = FxHashMap::default();
    for equation in &system.initial {
        let Some(first) = equation.first_row() else { continue };
        initial.entry(at(first)).or_default().push(equation.value);
    }
    let mut pending: Vec<usize> = wanted.iter().copied().collect();
    while let Some(k) = pending.pop() {
        let values = initial.get(&k).map_or(&[][..], Vec::as_slice);
        for leaf in reachable(&system.graph, values) {
            if let Node::Symbol(name) | Node::Element(name, _) = system.graph.node(leaf)
                && let Some(&other) = by_name.get(system.graph.name(*name))
                && wanted.insert(other)
            {
                pending.push(other);
            }
        }
    }
    let mut order: Vec<usize> = wanted.into_iter().collect();
    order.sort_unstable();
    let moved = |k: usize| {
        let variable = system.unknowns[k].clone();
        let parameter = fresh(&format!("{}_0", variable.name), taken);
        Moved { variable, parameter }
    };
    order.into_iter().map(moved).collect()
}

/// What stands for the dependent species: `total − Σ weight · species`.
fn expressions(graph: &mut Graph, system: &System, uses: &[Use]) -> Rebuild {
    let mut map = Vec::new();
    for used in uses {
        let mut parts = vec![(Number::ONE, graph.symbol(&used.total))];
        for (place, weight) in used.others() {
            parts.push((-&weight, leaf(graph, &system.unknowns, place, |v| v.name.clone())));
        }
        let dependent = graph.symbol(&system.state_name(used.dependent));
        map.push((dependent, graph.sum(Number::ZERO, parts)));
    }
    Rebuild::with(map)
}

/// The variable at a place under another name, as a term.
fn leaf(
    graph: &mut Graph,
    variables: &[Variable],
    place: usize,
    name: impl Fn(&Variable) -> String,
) -> Term {
    let variable = &variables[variables.partition_point(|v| v.offset + v.len() <= place)];
    let name = name(variable);
    if variable.axes.is_empty() {
        return graph.symbol(&name);
    }
    let indices = variable.indices_at(place - variable.offset).into_iter().map(Affine::constant);
    let indices: Vec<Affine> = indices.collect();
    graph.element(&name, indices)
}

impl Use {
    /// The other species of the law, with weights for which that of the dependent one is 1.
    fn others(&self) -> impl Iterator<Item = (usize, Number)> {
        let own = self.law.parts.iter().find(|(place, _)| *place == self.dependent);
        let scale = own.and_then(|(_, n)| n.recip()).expect("a law has no zeros");
        let others = self.law.parts.iter().filter(|(place, _)| *place != self.dependent);
        others.map(move |(place, n)| (*place, n * &scale))
    }
}

/// Where things stand in the smaller system.
struct Smaller<'a> {
    unknowns: Vec<Variable>,
    /// Places that are gone, sorted.
    gone: Vec<usize>,
    moved: &'a [Moved],
    /// The first places of the new parameters.
    starts: usize,
    totals: usize,
}

impl<'a> Smaller<'a> {
    fn new(system: &System, uses: &[Use], moved: &'a [Moved]) -> Smaller<'a> {
        let gone: Vec<usize> = uses.iter().map(|u| u.dependent).collect();
        let starts = system.parameters.iter().map(Variable::len).sum();
        let totals = starts + moved.iter().map(|m| m.variable.len()).sum::<usize>();
        let mut smaller = Smaller { unknowns: Vec::new(), gone, moved, starts, totals };
        let left =
            system.unknowns.iter().filter(|v| smaller.gone.binary_search(&v.offset).is_err());
        let place = |v: &Variable| Variable { offset: smaller.shifted(v.offset), ..v.clone() };
        let unknowns = left.map(place).collect();
        smaller.unknowns = unknowns;
        smaller
    }

    /// The place now of what was at a place.
    fn shifted(&self, place: usize) -> usize {
        place - self.gone.partition_point(|&g| g < place)
    }

    /// Equations of what is left, at their new places.
    fn placed(&self, equations: Vec<Equation>) -> Vec<Equation> {
        let place = |equation: Equation| {
            let first = equation.first_row()?;
            let back = self.shifted(first) as i64 - first as i64;
            let row = equation.row.plus(back, &Affine::constant(1));
            let row = row.expect("places are below the limit on cells");
            let gone = self.gone.binary_search(&first).is_ok();
            (!gone).then_some(Equation { row, ..equation })
        };
        equations.into_iter().filter_map(place).collect()
    }

    /// The parameters: those of the model, initial values, totals.
    fn parameters(&self, system: &System, uses: &[Use]) -> Vec<Variable> {
        let mut parameters = system.parameters.clone();
        let mut offset = self.starts;
        for Moved { variable, parameter } in self.moved {
            parameters.push(Variable { name: parameter.clone(), offset, ..variable.clone() });
            offset += variable.len();
        }
        for (used, offset) in uses.iter().zip(self.totals..) {
            parameters.push(Variable { name: used.total.clone(), axes: Vec::new(), offset });
        }
        parameters
    }

    /// The values of the parameters, and the initial values.
    fn values(
        &self,
        graph: &mut Graph,
        system: &System,
        uses: &[Use],
    ) -> (Vec<Equation>, Vec<Equation>) {
        let moved: FxHashMap<&str, usize> =
            (0..).zip(self.moved).map(|(k, m)| (m.variable.name.as_str(), k)).collect();
        let mut offsets = Vec::with_capacity(self.moved.len());
        let mut offset = self.starts;
        for m in self.moved {
            offsets.push(offset);
            offset += m.variable.len();
        }
        // Initial values that others name are parameters in those.
        let roots: Vec<Term> = system.initial.iter().map(|e| e.value).collect();
        let mut map = Vec::new();
        for leaf in reachable(graph, &roots) {
            let (name, indices) = match graph.node(leaf) {
                Node::Symbol(name) => (*name, None),
                Node::Element(name, indices) => (*name, Some(indices.clone())),
                _ => continue,
            };
            let Some(&k) = moved.get(graph.name(name)) else { continue };
            let parameter = &self.moved[k].parameter;
            map.push(match indices {
                None => (leaf, graph.symbol(parameter)),
                Some(indices) => (leaf, graph.element(parameter, indices)),
            });
        }
        let mut renamed = Rebuild::with(map);
        let (mut values, mut initial) = (system.parameter_values.clone(), Vec::new());
        for equation in &system.initial {
            let Some(first) = equation.first_row() else { continue };
            let equation =
                Equation { value: renamed.within(graph, equation.value), ..equation.clone() };
            let at = self.moved.partition_point(|m| m.variable.offset + m.variable.len() <= first);
            let within = self.moved.get(at).filter(|m| m.variable.offset <= first);
            let Some(m) = within else {
                initial.extend(self.placed(vec![equation]));
                continue;
            };
            let shift = offsets[at] as i64 - m.variable.offset as i64;
            let row = equation.row.plus(shift, &Affine::constant(1));
            let row = row.expect("places are below the limit on cells");
            values.push(Equation { row, ..equation });
        }
        for Moved { variable, parameter } in self.moved {
            if self.gone.binary_search(&variable.offset).is_ok() {
                continue;
            }
            let ranges: Vec<IndexRange> = (0..)
                .zip(&variable.axes)
                .map(|(k, axis)| IndexRange { binder: Binder(k), from: axis.from, to: axis.to })
                .collect();
            let indices: Vec<Affine> = ranges.iter().map(|r| Affine::binder(r.binder)).collect();
            let value = match indices.is_empty() {
                true => graph.symbol(parameter),
                false => graph.element(parameter, indices.clone()),
            };
            let row = variable.place(&indices);
            initial.extend(self.placed(vec![Equation { ranges, row, value }]));
        }
        let parameter_of =
            |variable: &Variable| self.moved[moved[variable.name.as_str()]].parameter.clone();
        for (used, offset) in uses.iter().zip(self.totals..) {
            let own = leaf(graph, &system.unknowns, used.dependent, parameter_of);
            let mut parts = vec![(Number::ONE, own)];
            for (place, weight) in used.others() {
                parts.push((weight, leaf(graph, &system.unknowns, place, parameter_of)));
            }
            values.push(Equation::scalar(offset, graph.sum(Number::ZERO, parts)));
        }
        (values, initial)
    }
}
