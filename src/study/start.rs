//! The numbers a run starts from: parameters and initial states.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Error;
use crate::calculus::{Equation, IndexRange};
use crate::model::{System, Variable};
use crate::term::evaluate::{Floating, evaluate_at};
use crate::term::visit::reachable;
use crate::term::{Node, Symbol, Term};
use crate::text::nearest;

/// Whether values can be given to these names.
///
/// # Errors
/// As [`super::Compiled::set`].
pub fn check_values(system: &System, values: &[(String, f64)]) -> Result<(), Error> {
    start(system, values).map(|_| ())
}

/// What a name given by a user stands for: a parameter or a state, or one element of it.
pub(super) struct Named<'a> {
    pub variable: &'a Variable,
    /// Whether it is a state.
    pub state: bool,
    /// The element, counted from the first; `None` for a scalar or a whole array.
    pub element: Option<usize>,
    /// Whether it is a parameter that was meant by the name of the state whose initial value it is:
    /// see [`crate::model::network::eliminate::Eliminated::starts`].
    pub begins: bool,
}

impl Named<'_> {
    /// Whether it gives a state its initial value.
    pub fn is_start(&self) -> bool {
        self.state || self.begins
    }

    /// The places meant, in the vector of states or of parameters.
    pub fn places(&self) -> std::ops::Range<usize> {
        let offset = self.variable.offset;
        match self.element {
            Some(k) => offset + k..offset + k + 1,
            None => offset..offset + self.variable.len(),
        }
    }
}

/// The parameter or state called `name`; an element is spelled `x[3]`, its array `x`.
pub(super) fn find<'a>(system: &'a System, name: &str) -> Result<Named<'a>, Error> {
    let parameters = system.parameters.iter().map(|v| (v, false));
    let mut all = parameters.chain(system.unknowns.iter().map(|v| (v, true)));
    // Initial values that are parameters now are still meant by the names of their states.
    let starts = system.eliminated.iter().flat_map(|e| &e.starts);
    let moved =
        starts.filter(|(state, _)| name.starts_with(state.as_str())).find_map(|(state, by)| {
            let rest =
                name.strip_prefix(state.as_str()).filter(|r| r.is_empty() || r.starts_with('['))?;
            let found = find(system, &format!("{by}{rest}")).ok()?;
            Some(Named { begins: true, ..found })
        });
    if let Some(moved) = moved {
        return Ok(moved);
    }
    let found = all.clone().find_map(|(variable, state)| {
        if variable.name == name {
            return Some(Named { variable, state, element: None, begins: false });
        }
        let elements = name.starts_with(&variable.name).then(|| variable.element_names())?;
        let element = elements.iter().position(|n| n == name)?;
        Some(Named { variable, state, element: Some(element), begins: false })
    });
    found.ok_or_else(|| {
        let array = name.split('[').next().unwrap_or(name);
        // The nearest name of an element outside of its array is that of the array.
        let known = all.clone().any(|(v, _)| v.name == array).then_some(array);
        let near = known.or_else(|| nearest(array, all.by_ref().map(|(v, _)| v.name.as_str())));
        Error::UnknownName(name.to_owned(), near.map(str::to_owned))
    })
}

/// Parameters and initial states of a system in which some names have other values.
pub(super) fn start(
    system: &System,
    given: &[(String, f64)],
) -> Result<(Vec<f64>, Vec<f64>), Error> {
    let (mut states, mut parameters) = (Vec::new(), Vec::new());
    for (name, value) in given {
        let named = find(system, name)?;
        let list = if named.state { &mut states } else { &mut parameters };
        list.extend(named.places().map(|place| (place, *value)));
    }
    let (names, nothing) = (&system.parameters, FxHashMap::default());
    let parameters = numbers(system, &system.parameter_values, names, &nothing, &parameters)?;
    let known = named(names, &parameters);
    let initial = numbers(system, &system.initial, &system.unknowns, &known, &states)?;
    Ok((parameters, initial))
}

/// The values of equations that depend on `known` names and on each other, in any order, except
/// those of the places that are `given`.
fn numbers(
    system: &System,
    equations: &[Equation],
    variables: &[Variable],
    known: &FxHashMap<String, f64>,
    given: &[(usize, f64)],
) -> Result<Vec<f64>, Error> {
    let mut known = known.clone();
    // Few initial values need others; those that nobody names are not kept by name.
    let roots: Vec<Term> = equations.iter().map(|e| e.value).collect();
    let named: FxHashSet<Symbol> = reachable(&system.graph, &roots)
        .into_iter()
        .filter_map(|t| match system.graph.node(t) {
            Node::Symbol(name) | Node::Element(name, _) => Some(*name),
            _ => None,
        })
        .collect();
    let named: FxHashSet<&str> = named.into_iter().map(|n| system.graph.name(n)).collect();
    let is_named = |v: &Variable| named.contains(v.name.as_str());
    let variables: Vec<(&Variable, bool)> = variables.iter().map(|v| (v, is_named(v))).collect();
    let mut values = vec![f64::NAN; variables.iter().map(|(v, _)| v.len()).sum()];
    // Variables lie one after the other.
    let of = |place: usize| {
        variables.get(variables.partition_point(|(v, _)| v.offset + v.len() <= place))
    };
    for &(place, value) in given {
        values[place] = value;
        let variable = of(place);
        if let Some((v, true)) = variable {
            known.insert(v.element_name(place - v.offset), value);
        }
    }
    loop {
        let (mut found, mut missing) = (false, None);
        for equation in equations {
            each_member(&equation.ranges, &mut |at| {
                let place = equation.row.at(|b| at[usize::from(b.0)]) as usize;
                if values[place].is_finite() {
                    return;
                }
                let name = |name: &str| known.get(name).copied().unwrap_or(f64::NAN);
                let value = evaluate_at(&system.graph, equation.value, at, &mut Floating(name));
                values[place] = value;
                let variable = of(place);
                let Some(&(variable, named)) = variable else { return };
                let name = || variable.element_name(place - variable.offset);
                if !value.is_finite() {
                    missing.get_or_insert_with(|| (name(), equation.value));
                    return;
                }
                found = true;
                if named {
                    known.insert(name(), value);
                }
            });
        }
        match missing {
            None => return Ok(values),
            Some((name, value)) if !found => {
                let text = crate::syntax::print(&system.graph, value);
                return Err(Error::NotFinite(name, text));
            }
            // What is missing may depend on what stands after it.
            Some(_) => {}
        }
    }
}

fn named(variables: &[Variable], values: &[f64]) -> FxHashMap<String, f64> {
    let names = variables.iter().flat_map(|v| v.element_names().into_iter().zip(v.offset..));
    names.map(|(name, place)| (name, values[place])).collect()
}

/// Calls `f` with the values of all binders, by level, for each member of a family.
fn each_member(ranges: &[IndexRange], f: &mut dyn FnMut(&[i64])) {
    let levels = ranges.iter().map(|r| usize::from(r.binder.0) + 1).max().unwrap_or(0);
    fn walk(ranges: &[IndexRange], at: &mut Vec<i64>, f: &mut dyn FnMut(&[i64])) {
        let Some((first, rest)) = ranges.split_first() else { return f(at) };
        for value in first.from..=first.to {
            at[usize::from(first.binder.0)] = value;
            walk(rest, at, f);
        }
    }
    walk(ranges, &mut vec![0; levels], f);
}
