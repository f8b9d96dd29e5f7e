//! A system of differential equations `u' = f(t, u, p)`, with families kept as families.

use rustc_hash::{FxHashMap, FxHashSet};

use super::event::Event;
use super::network::ReactionNetwork;
use super::network::eliminate::Eliminated;
use super::ode::table::Table;
use crate::calculus::{Equation, IndexRange};
use crate::term::evaluate::element_name;
use crate::term::{Affine, Binder, Graph, Term};

/// One dimension of an array: the inclusive range of its index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Axis {
    /// First index.
    pub from: i64,
    /// Last index.
    pub to: i64,
    /// Whether the index wraps around at the ends.
    pub periodic: bool,
}

impl Axis {
    /// The number of indices.
    pub fn len(&self) -> i64 {
        (self.to - self.from + 1).max(0)
    }

    /// Whether there is no index.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A scalar or an array with its place in a vector; arrays are stored in row-major order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// The dimensions; none for a scalar.
    pub axes: Vec<Axis>,
    /// The place of its first element.
    pub offset: usize,
}

impl Variable {
    /// The number of elements; one for a scalar.
    pub fn len(&self) -> usize {
        self.axes.iter().map(|a| a.len() as usize).product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place of an element in the vector; the indices must be inside the axes.
    pub fn place(&self, indices: &[Affine]) -> Affine {
        let mut place = Affine::constant(self.offset as i64);
        let mut stride = 1;
        for (axis, index) in self.axes.iter().zip(indices).rev() {
            let step =
                index.plus(-axis.from, &Affine::constant(1)).and_then(|i| place.plus(stride, &i));
            place = step.expect("places are below the limit on cells");
            stride *= axis.len();
        }
        place
    }

    /// The place of an element at concrete indices; `None` outside the axes.
    pub fn place_at(&self, indices: &[i64]) -> Option<usize> {
        if indices.len() != self.axes.len() {
            return None;
        }
        let mut place = 0;
        for (axis, &index) in self.axes.iter().zip(indices) {
            if index < axis.from || index > axis.to {
                return None;
            }
            place = place * axis.len() + (index - axis.from);
        }
        Some(self.offset + usize::try_from(place).ok()?)
    }

    /// The names of all elements in order: `x`, or `x[1], x[2], …`.
    pub fn element_names(&self) -> Vec<String> {
        (0..self.len()).map(|k| self.element_name(k)).collect()
    }

    /// The indices of the element `k` places after the first.
    pub fn indices_at(&self, k: usize) -> Vec<i64> {
        let mut rest = k as i64;
        let mut indices: Vec<i64> = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            indices.push(axis.from + rest % axis.len());
            rest /= axis.len();
        }
        indices.reverse();
        indices
    }

    /// The name of the element `k` places after the first.
    pub fn element_name(&self, k: usize) -> String {
        if self.axes.is_empty() {
            return self.name.clone();
        }
        element_name(&self.name, &self.indices_at(k))
    }
}

/// Where results are wanted.
#[derive(Clone, PartialEq, Debug)]
pub enum Times {
    /// So many times, evenly spaced, both ends included.
    Linear(usize),
    /// So many times, evenly spaced in the logarithm; see [`Times::over`].
    Logarithmic(usize),
    /// Exactly these times.
    At(Vec<f64>),
}

/// How far apart the ends of a logarithmic grid are when the range starts at zero.
const SPAN_FROM_ZERO: f64 = 1e12;

impl Times {
    /// The times over a range, increasing.
    ///
    /// A logarithmic grid that starts at zero (or below) has its second time
    /// 10⁻¹² of the range after the start; the start itself is always included.
    pub fn over(&self, from: f64, to: f64) -> Vec<f64> {
        let fraction = |k: usize, n: usize| k as f64 / (n.max(2) - 1) as f64;
        match self {
            Times::At(times) => times.clone(),
            Times::Linear(n) => (0..*n.max(&2))
                .map(|k| match k {
                    0 => from,
                    k if k + 1 == *n.max(&2) => to,
                    k => {
                        // Multiplied first, tenths of a range come out as they are written.
                        let exact = from + (to - from) * k as f64 / (n - 1) as f64;
                        let safe = from * (1.0 - fraction(k, *n)) + to * fraction(k, *n);
                        if exact.is_finite() { exact } else { safe }
                    }
                })
                .collect(),
            Times::Logarithmic(n) => {
                let n = (*n).max(3);
                let positive = from > 0.0;
                let (base, first) =
                    if positive { (0.0, from) } else { (from, (to - from) / SPAN_FROM_ZERO) };
                let (low, high) = (libm::log10(first), libm::log10(to - base));
                let inner = if positive { n } else { n - 1 };
                let grid = (0..inner).map(|k| match k {
                    0 => base + first,
                    k if k + 1 == inner => to,
                    k => base + libm::pow(10.0, low + (high - low) * fraction(k, inner)),
                });
                (!positive).then_some(from).into_iter().chain(grid).collect()
            }
        }
    }
}

/// What a model asks for itself: its `simulate` line.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// Start of the time range.
    pub from: f64,
    /// End of the time range.
    pub to: f64,
    /// Where results are wanted.
    pub times: Times,
    /// Relative tolerance, when given.
    pub rtol: Option<f64>,
    /// Absolute tolerance, when given.
    pub atol: Option<f64>,
    /// Name of the method, when given.
    pub method: Option<String>,
}

/// A derived quantity to report along with the unknowns.
#[derive(Clone, PartialEq, Debug)]
pub struct Observable {
    /// Name and dimensions; its offset is the place among all observables.
    pub variable: Variable,
    /// Its values, by place among all observables.
    pub equations: Vec<Equation>,
}

/// `u' = f(t, u, p)` with initial values, parameters and observables; in some rows `0 = f(t, u, p)`.
pub struct System {
    /// The name of the model.
    pub name: String,
    /// Holds all terms below.
    pub graph: Graph,
    /// The name of the independent variable.
    pub time: String,
    /// The unknowns; their offsets are places in the state vector.
    pub unknowns: Vec<Variable>,
    /// The parameters; their offsets are places in the parameter vector.
    pub parameters: Vec<Variable>,
    /// The values of parameters, by place in the parameter vector, each after those it uses.
    pub parameter_values: Vec<Equation>,
    /// The right-hand sides, by place in the state vector; each place exactly once.
    pub equations: Vec<Equation>,
    /// The places without a derivative, increasing: their rows read `0 = f` in place of `u' = f`,
    /// and their initial values are guesses. Which of these equations stands in which of these
    /// rows means nothing: together they determine these unknowns.
    pub algebraic: Vec<usize>,
    /// The initial values, by place in the state vector, as terms of parameters and indices.
    pub initial: Vec<Equation>,
    /// Derived quantities.
    pub observables: Vec<Observable>,
    /// What happens when conditions become true, in the order of the text.
    pub events: Vec<Event>,
    /// What the model asks for.
    pub plan: Option<Plan>,
    /// The tables that became functions, with the ranges of their arguments.
    pub tables: Vec<Table>,
    /// The equations as the model writes them; absent in models that were not read from text.
    pub written: Option<Written>,
    /// The reactions that the equations come from, of a model that is a reaction network.
    pub network: Option<ReactionNetwork>,
    /// What conservation laws have taken out of the equations; see
    /// [`super::network::eliminate::eliminate`].
    pub eliminated: Option<Eliminated>,
}

/// Equations operation for operation as they stand in the text: the ceiling for every rewriting,
/// and what `--exact-order` compiles.
#[derive(Clone)]
pub struct Written {
    /// The terms, in [`crate::term::graph::Form::Written`].
    pub graph: Graph,
    /// The equations, those of [`System::equations`] in the same order.
    pub equations: Vec<Equation>,
}

impl Written {
    /// The right sides of the equations.
    pub fn values(&self) -> Vec<Term> {
        self.equations.iter().map(|e| e.value).collect()
    }
}

impl System {
    /// The number of unknowns, elements of arrays counted.
    pub fn dimension(&self) -> usize {
        self.unknowns.iter().map(Variable::len).sum()
    }

    /// The name of the unknown at a place of the state vector.
    pub fn state_name(&self, place: usize) -> String {
        name_at(&self.unknowns, place)
    }

    /// The names of all unknowns, by place.
    pub fn state_names(&self) -> Vec<String> {
        let names = self.unknowns.iter().map(Variable::element_names);
        names.flatten().collect()
    }

    /// What the model calls unknowns: those of the system, and those that were eliminated.
    pub fn variables(&self) -> &[Variable] {
        self.eliminated.as_ref().map_or(&self.unknowns, |e| &e.variables)
    }

    /// Whether each observable is one of the model, and not a stand-in for an eliminated species.
    fn own_observables(&self) -> Vec<bool> {
        let mut own = vec![true; self.observables.len()];
        if self.eliminated.is_some() {
            let unknowns: FxHashSet<&str> = self.unknowns.iter().map(|v| v.name.as_str()).collect();
            // Stand-ins come after observables of the model, which may have their names.
            let last: FxHashMap<&str, usize> =
                (0..).zip(&self.observables).map(|(k, o)| (o.variable.name.as_str(), k)).collect();
            let names = self.variables().iter().map(|v| v.name.as_str());
            for name in names.filter(|name| !unknowns.contains(name)) {
                if let Some(&k) = last.get(name) {
                    own[k] = false;
                }
            }
        }
        own
    }

    /// The names of the model's observables; an array is one.
    pub fn observable_names(&self) -> Vec<String> {
        let own = self.observables.iter().zip(self.own_observables()).filter(|(_, own)| *own);
        own.map(|(o, _)| o.variable.name.clone()).collect()
    }

    /// The columns of results, each with its place among states and observables behind them:
    /// all that the model calls unknowns, in its order, and then its observables.
    pub fn columns(&self) -> Vec<(String, usize)> {
        let own = self.own_observables();
        let (own, stand_ins): (Vec<_>, Vec<_>) =
            self.observables.iter().zip(own).partition(|(_, own)| *own);
        let behind = |(o, _): &(&Observable, bool)| self.dimension() + o.variable.offset;
        let mut found: FxHashMap<&str, usize> =
            self.unknowns.iter().map(|v| (v.name.as_str(), v.offset)).collect();
        found.extend(stand_ins.iter().map(|o| (o.0.variable.name.as_str(), behind(o))));
        let unknowns =
            self.variables().iter().filter_map(|v| Some((v, *found.get(v.name.as_str())?)));
        let all = unknowns.chain(own.iter().map(|o| (&o.0.variable, behind(o))));
        all.flat_map(|(v, first)| v.element_names().into_iter().zip(first..)).collect()
    }

    /// The name of a species of the network by its place there.
    pub fn species_name(&self, place: usize) -> String {
        name_at(self.variables(), place)
    }

    /// The places of unknowns at given indices; `None` for other names.
    pub fn places(&self) -> impl Fn(&str, &[Affine]) -> Option<Affine> {
        let named: FxHashMap<&str, &Variable> =
            self.unknowns.iter().map(|u| (u.name.as_str(), u)).collect();
        move |name, indices| named.get(name).map(|unknown| unknown.place(indices))
    }

    /// The equation that computes a place of the state vector, with the values of its indices.
    pub fn equation_at(&self, place: usize) -> Option<(&Equation, Vec<(Binder, i64)>)> {
        self.equations.iter().find_map(|equation| {
            let at = member_at(&equation.ranges, &equation.row, i64::try_from(place).ok()?)?;
            Some((equation, at))
        })
    }
}

fn name_at(variables: &[Variable], place: usize) -> String {
    let next = variables.partition_point(|v| v.offset + v.len() <= place);
    variables.get(next).map_or_else(String::new, |v| v.element_name(place - v.offset))
}

/// The index values at which a row expression takes a value, if any.
fn member_at(ranges: &[IndexRange], row: &Affine, value: i64) -> Option<Vec<(Binder, i64)>> {
    // Rows are row-major places: the index with the largest stride decides first.
    let mut by_stride: Vec<&IndexRange> = ranges.iter().collect();
    by_stride.sort_by_key(|r| std::cmp::Reverse(row.factor(r.binder).abs()));
    let mut at: Vec<(Binder, i64)> = ranges.iter().map(|r| (r.binder, r.from)).collect();
    let mut rest = value - row.at(|b| at.iter().find(|(c, _)| *c == b).map_or(0, |a| a.1));
    for range in by_stride {
        let factor = row.factor(range.binder);
        if factor == 0 {
            continue;
        }
        let steps = rest.div_euclid(factor);
        if steps < 0 || range.from + steps > range.to {
            return None;
        }
        rest -= steps * factor;
        if let Some(entry) = at.iter_mut().find(|(b, _)| *b == range.binder) {
            entry.1 += steps;
        }
    }
    (rest == 0).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_times_are_round() {
        let tenths = Times::Linear(101).over(0.0, 10.0);
        assert_eq!((tenths[3], tenths[11], tenths[100]), (0.3, 1.1, 10.0));
        let shifted = Times::Linear(11).over(-1.0, 1.0);
        assert_eq!((shifted[0], shifted[5], shifted[10]), (-1.0, 0.0, 1.0));
        let wide = Times::Linear(3).over(-1e308, 1e308);
        assert_eq!(wide, [-1e308, 0.0, 1e308]);
        let decades = Times::Logarithmic(14).over(0.0, 1e11);
        let powers: Vec<f64> = (-1..=11).map(|k| format!("1e{k}").parse().unwrap()).collect();
        assert_eq!((decades[0], &decades[1..]), (0.0, powers.as_slice()));
        assert_eq!(Times::Logarithmic(3).over(1.0, 100.0), [1.0, 10.0, 100.0]);
    }
}
