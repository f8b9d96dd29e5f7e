//! Equations `0 = …`: which states they determine, and in which rows they stand.

use super::names::Names;
use super::region::Region;
use super::{Lowering, Parts};
use crate::calculus::{Equation, IndexRange};
use crate::model::system::{Axis, Variable};
use crate::syntax::block::Declaration;
use crate::term::visit::reachable;
use crate::term::{Affine, Graph, Node};
use crate::text::{Diagnostic, Kind};

/// Names that a message lists.
const LISTED: usize = 6;

impl Lowering<'_> {
    /// An equation or a family of equations `0 = …`.
    pub(super) fn algebraic(&mut self, d: &Declaration, names: &mut Names<'_>, parts: &mut Parts) {
        let Some(value) = d.value else { return };
        let Some((ranges, letters)) = names.ranges(d, &mut self.errors) else { return };
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        let axis = |r: &IndexRange| Axis { from: r.from, to: r.to, periodic: false };
        let numbers = Variable {
            name: d.name.text.clone(),
            axes: ranges.iter().map(axis).collect(),
            offset: parts.algebraic_count,
        };
        let indices: Vec<Affine> = ranges.iter().map(|r| Affine::binder(r.binder)).collect();
        let row = numbers.place(&indices);
        parts.algebraic_count += numbers.len();
        if let Some(equations) = self.members(value, &ranges, &letters, &row, names) {
            parts.algebraic.push((d.name.span.to(self.tree.span(value)), equations));
        }
    }

    /// Puts the algebraic equations into the rows of the states without a derivative, which are
    /// returned: as many as there are equations, each of which contains one of these states.
    pub(super) fn determine(&mut self, names: &Names<'_>, parts: &mut Parts) -> Vec<usize> {
        // After other errors the count says nothing.
        let wrong = !self.errors.is_empty() || !names.errors.is_empty();
        let Some(&(first, _)) = parts.algebraic.first().filter(|_| !wrong) else {
            return Vec::new();
        };
        let places = uncovered(&names.states, parts);
        let (count, free) = (parts.algebraic_count, places.len());
        let listed = places.iter().take(LISTED).filter_map(|&place| {
            let state = names.states.iter().find(|v| place < v.offset + v.len())?;
            Some(format!("`{}`", state.element_name(place - state.offset)))
        });
        let mut listed = listed.collect::<Vec<_>>().join(", ");
        if free > LISTED {
            listed += ", …";
        }
        if count != free {
            let plural =
                |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
            let message = format!(
                "{} `0 = …` for {} without an equation `x' = …`",
                plural(count, "equation"),
                plural(free, "state")
            );
            let error = Diagnostic::error(Kind::Arity, first, message);
            let error = if free == 0 {
                error.note("every state has an equation `x' = …`")
            } else {
                error.note(format!("without one: {listed}"))
            };
            self.errors.push(if count < free {
                error.help("each of them needs an equation `x' = …` or one more `0 = …`")
            } else {
                error
            });
            return Vec::new();
        }
        let held = |name: &str| {
            names.state(name).is_some_and(|v| {
                let next = places.partition_point(|&p| p < v.offset);
                places.get(next).is_some_and(|&p| p < v.offset + v.len())
            })
        };
        for (span, equations) in &parts.algebraic {
            if equations.iter().any(|e| !mentions(self.graph, e, &held)) {
                self.errors.push(
                    Diagnostic::error(
                        Kind::Domain,
                        *span,
                        "the equation contains no state without a derivative, so it determines none",
                    )
                    .note(format!("without an equation `x' = …`: {listed}"))
                    .help("differentiate it by the time until it does: the index of the problem is higher than 1"),
                );
            }
        }
        for (_, equations) in std::mem::take(&mut parts.algebraic) {
            for equation in equations {
                parts.equations.extend(rows(equation, &places));
            }
        }
        places
    }
}

/// The places of states without an equation for their derivative, increasing.
fn uncovered(states: &[Variable], parts: &Parts) -> Vec<usize> {
    let mut places = Vec::new();
    for state in states {
        let given = parts.given.of(&state.name);
        let mut point: Vec<i64> = state.axes.iter().map(|a| a.from).collect();
        for k in 0..state.len() {
            let here = Region(point.iter().map(|&i| (i, i)).collect());
            if given.iter().all(|region| region.meets(&here).is_none()) {
                places.push(state.offset + k);
            }
            for (index, axis) in point.iter_mut().zip(&state.axes).rev() {
                *index += 1;
                if *index <= axis.to {
                    break;
                }
                *index = axis.from;
            }
        }
    }
    places
}

/// Whether the right side contains a name that `held` accepts.
fn mentions(graph: &Graph, equation: &Equation, held: &dyn Fn(&str) -> bool) -> bool {
    reachable(graph, &[equation.value]).into_iter().any(|t| match graph.node(t) {
        Node::Symbol(name) | Node::Element(name, _) => held(graph.name(*name)),
        _ => false,
    })
}

/// The equation with its rows, which number all algebraic equations, replaced by `places[row]`;
/// in several parts where the places are not evenly spaced over the ranges.
fn rows(equation: Equation, places: &[usize]) -> Vec<Equation> {
    let mut pending = vec![equation];
    let mut parts = Vec::new();
    while let Some(mut part) = pending.pop() {
        let bound = |ranges: &[IndexRange], b| {
            ranges.iter().find(|r| r.binder == b).map_or((0, 0), |r| (r.from, r.to))
        };
        let (low, high) = part.row.range(|b| bound(&part.ranges, b));
        let (first, last) = (low as usize, high as usize);
        // The places from `first` on that are evenly spaced.
        let step = places.get(first + 1).map_or(1, |next| next - places[first]);
        let even = places[first..].windows(2).take_while(|p| p[1] - p[0] == step).count();
        if last - first <= even {
            let start = Affine::constant(places[first] as i64 - step as i64 * low);
            part.row =
                start.plus(step as i64, &part.row).expect("places are below the limit on cells");
            parts.push(part);
            continue;
        }
        // Cut the slowest index where the even stretch ends, but at least one value off.
        let factor = |r: &IndexRange| part.row.factor(r.binder);
        let slowest = (0..part.ranges.len())
            .filter(|&k| part.ranges[k].len() > 1)
            .max_by_key(|&k| factor(&part.ranges[k]));
        let Some(k) = slowest else { continue };
        let (from, to) = (part.ranges[k].from, part.ranges[k].to);
        let stride = factor(&part.ranges[k]).max(1);
        let rest = high - low - (to - from) * stride;
        let fitting = (even as i64 - rest).div_euclid(stride) + 1;
        let at = (from + fitting).clamp(from + 1, to);
        let mut upper = part.clone();
        part.ranges[k].to = at - 1;
        upper.ranges[k].from = at;
        pending.push(upper);
        pending.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Binder;

    /// The rows of a family of `lengths`, member by member.
    fn listed(lengths: &[i64], places: &[usize]) -> (usize, Vec<i64>) {
        let mut graph = Graph::new();
        let ranges: Vec<IndexRange> = (0..)
            .zip(lengths)
            .map(|(k, &to)| IndexRange { binder: Binder(k), from: 1, to })
            .collect();
        let axes = lengths.iter().map(|&to| Axis { from: 1, to, periodic: false }).collect();
        let indices: Vec<Affine> = ranges.iter().map(|r| Affine::binder(r.binder)).collect();
        let row = Variable { name: "0".to_owned(), axes, offset: 0 }.place(&indices);
        let parts = rows(Equation { ranges, row, value: graph.undefined() }, places);
        let mut found = Vec::new();
        for part in &parts {
            let mut at: Vec<i64> = part.ranges.iter().map(|r| r.from).collect();
            'members: loop {
                found.push(part.row.at(|b| at[usize::from(b.0)]));
                for (k, r) in part.ranges.iter().enumerate().rev() {
                    at[k] += 1;
                    if at[k] <= r.to {
                        continue 'members;
                    }
                    at[k] = r.from;
                }
                break;
            }
        }
        (parts.len(), found)
    }

    #[test]
    fn families_take_the_places_in_order_and_stay_whole_where_these_are_even() {
        for (lengths, places, count) in [
            (vec![4], vec![0, 1, 2, 3], 1),
            (vec![4], vec![7, 10, 13, 16], 1),
            (vec![4], vec![0, 1, 2, 9], 2),
            (vec![2, 3], vec![5, 6, 7, 8, 9, 10], 1),
            (vec![2, 3], vec![0, 1, 2, 6, 7, 8], 2),
            (vec![3, 2], vec![0, 1, 2, 6, 7, 8], 3),
        ] {
            let (parts, mut found) = listed(&lengths, &places);
            assert_eq!(parts, count, "{lengths:?} {places:?}");
            found.sort_unstable();
            assert_eq!(found, places.iter().map(|&p| p as i64).collect::<Vec<_>>());
        }
    }
}
