//! Reactions of a block: what they do to species, and the equations that follow.
//!
//! A family of reactions stays a family. Its ranges are cut where a neighbour wraps around; what
//! a member does to `A[i+1]` becomes a term in the index of `A`, and what all members do to one
//! species a reduction over their range. Pieces of an array that the same reactions reach are one
//! family of equations.

use rustc_hash::FxHashMap;

use super::types::{Reaction, ReactionNetwork, Species};
use crate::calculus::{Equation, IndexRange};
use crate::model::ode::names::Names;
use crate::model::ode::region::Region;
use crate::model::ode::resolve::{BOXES, boundary, resolve};
use crate::model::ode::{Lowering, Parts};
use crate::model::system::Variable;
use crate::syntax::block::{PartText, ReactionText};
use crate::syntax::{affine, lower};
use crate::term::evaluate::element_name;
use crate::term::{Affine, Binder, Number, Term};
use crate::text::{Diagnostic, Kind, Limits, Span, nearest};

/// Binders from here on hold the indices of a reaction while they are exchanged for others.
const HELD: u8 = 16;

/// What reactions do to species.
#[derive(Default)]
pub struct Changes {
    /// By the name of the species.
    of: FxHashMap<String, Vec<Change>>,
    /// The reactions so far.
    pub network: ReactionNetwork,
}

/// What one reaction adds to the derivatives of some elements of a species.
struct Change {
    region: Region,
    /// The net stoichiometric number.
    count: Number,
    /// The rate, in the indices of the species as binders 0, 1, ….
    rate: Term,
    /// The reaction.
    span: Span,
}

/// A species with its indices and its stoichiometric number.
#[derive(Clone)]
struct Part {
    variable: Variable,
    fixed: bool,
    indices: Vec<Affine>,
    count: Number,
    span: Span,
}

impl Part {
    fn is_same(&self, other: &Part) -> bool {
        self.variable.offset == other.variable.offset && self.indices == other.indices
    }
}

/// A reaction in one direction.
struct Way<'p> {
    from: &'p [Part],
    to: &'p [Part],
    rate: Term,
    mass_action: bool,
    span: Span,
}

impl Lowering<'_> {
    /// Takes in a reaction or a family of reactions.
    pub fn reaction(&mut self, text: &ReactionText, names: &mut Names<'_>, changes: &mut Changes) {
        let Some((ranges, letters)) = names.bound(&text.ranges, text.span, &mut self.errors) else {
            return;
        };
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        if letters.len() >= usize::from(HELD) {
            let most = usize::from(HELD) - 1;
            let error = Limits::exceeded("indices", most, "nested indices", Some(text.span));
            return self.errors.push(error);
        }
        let left = self.side(&text.reactants, &letters, names);
        let right = self.side(&text.products, &letters, names);
        let mut rates = Vec::new();
        for &id in &text.rates {
            match lower(self.tree, id, self.graph, names, &letters, self.limits) {
                Ok(term) => rates.push(term),
                Err(mut found) => self.errors.append(&mut found),
            }
        }
        let (Some(left), Some(right), true) = (left, right, rates.len() == text.rates.len()) else {
            return;
        };
        if left.is_empty() && right.is_empty() {
            let message = "a reaction of nothing to nothing";
            return self.errors.push(
                Diagnostic::error(Kind::Domain, text.span, message)
                    .help("name a species on one of its sides"),
            );
        }
        let ways = [(&left, &right), (&right, &left)];
        for (rate, (from, to)) in rates.into_iter().zip(ways) {
            let mass_action = !text.arrow.whole;
            let way = Way { from, to, rate, mass_action, span: text.span };
            self.way(&way, &ranges, &letters, changes);
        }
    }

    /// One side of a reaction; a species listed twice counts twice.
    fn side(
        &mut self,
        text: &[PartText],
        letters: &[&str],
        names: &mut Names<'_>,
    ) -> Option<Vec<Part>> {
        let (before, mut parts) = (self.errors.len(), Vec::<Part>::new());
        for part in text {
            let Some(found) = self.part(part, letters, names) else { continue };
            match parts.iter_mut().find(|p| p.is_same(&found)) {
                Some(same) => same.count = &same.count + &found.count,
                None => parts.push(found),
            }
        }
        (self.errors.len() == before && parts.len() <= text.len()).then_some(parts)
    }

    fn part(&mut self, part: &PartText, letters: &[&str], names: &mut Names<'_>) -> Option<Part> {
        let name = &part.name.text;
        let (Some(variable), Some(fixed)) = (names.state(name), names.species(name)) else {
            // What is wrong with its declaration has been said; an error must remain nonetheless.
            let error = |message| Diagnostic::error(Kind::Name, part.name.span, message);
            let known = names.all_names();
            let species = known.iter().map(String::as_str).filter(|n| names.species(n).is_some());
            self.errors.push(if known.contains(name) {
                error(format!("`{name}` is not a species"))
                    .help("a reaction is between names declared with `species` or `fixed`")
            } else {
                error(format!("unknown species `{name}`"))
                    .did_you_mean(nearest(name, species))
                    .note(format!("declare it with `species {name} = …`"))
            });
            return None;
        };
        let variable = variable.clone();
        if part.indices.len() != variable.axes.len() {
            let (has, given) = (variable.axes.len(), part.indices.len());
            let message = format!("`{name}` has {has} indices, {given} given");
            self.errors.push(Diagnostic::error(Kind::Arity, part.span, message));
            return None;
        }
        let mut indices = Vec::new();
        for &id in &part.indices {
            match affine::affine(self.tree, id, names, letters) {
                Ok(index) => indices.push(index),
                Err(error) => {
                    self.errors.push(error);
                    return None;
                }
            }
        }
        let count = part.count.as_ref().map_or(Number::ONE, |(n, _)| n.clone());
        if count.is_zero() {
            let message = "a stoichiometric number is positive";
            self.errors.push(Diagnostic::error(Kind::Domain, part.span, message));
            return None;
        }
        Some(Part { variable, fixed, indices, count, span: part.span })
    }

    /// The element of a part as a term.
    fn element(&mut self, part: &Part) -> Term {
        match part.variable.axes.is_empty() {
            true => self.graph.symbol(&part.variable.name),
            false => self.graph.element(&part.variable.name, part.indices.clone()),
        }
    }

    /// Notes what a reaction in one direction does, box by box of its ranges.
    fn way(
        &mut self,
        way: &Way<'_>,
        ranges: &[IndexRange],
        letters: &[&str],
        changes: &mut Changes,
    ) {
        let mut factors = vec![(way.rate, Number::ONE)];
        if way.mass_action {
            for part in way.from {
                factors.push((self.element(part), part.count.clone()));
            }
        }
        let flux = self.graph.product(factors);
        // What is on both sides does not change.
        let mut net: Vec<Part> = Vec::new();
        for (sign, side) in [(Number::MINUS_ONE, way.from), (Number::ONE, way.to)] {
            for part in side.iter().filter(|p| !p.fixed) {
                let count = &sign * &part.count;
                match net.iter_mut().find(|p| p.is_same(part)) {
                    Some(same) => same.count = &same.count + &count,
                    None => net.push(Part { count, ..part.clone() }),
                }
            }
        }
        net.retain(|part| !part.count.is_zero());
        let parts: Vec<&Part> = way.from.iter().chain(way.to).collect();
        let (mut pending, mut boxes) = (vec![ranges.to_vec()], 0);
        while let Some(ranges) = pending.pop() {
            boxes += 1;
            if boxes + pending.len() > BOXES {
                let what = "cases of one family";
                return self.errors.push(Limits::exceeded("boxes", BOXES, what, Some(way.span)));
            }
            let cut = match inside(&parts, &ranges) {
                Ok(None) => net.iter().find_map(|part| entangled(part, &ranges)),
                Ok(cut) => cut,
                Err((part, dimension, value, at)) => {
                    return self.errors.push(outside(part, dimension, value, letters, &at));
                }
            };
            match cut {
                Some((k, at)) => {
                    // The lower part is next, so that boxes come out in the order of the indices.
                    let (mut low, mut high) = (ranges.clone(), ranges);
                    (low[k].to, high[k].from) = (at - 1, at);
                    pending.push(high);
                    pending.push(low);
                }
                None => self.note(way, flux, &net, &ranges, changes),
            }
        }
    }

    /// Notes what a reaction does over one box, inside of which no index wraps around.
    fn note(
        &mut self,
        way: &Way<'_>,
        flux: Term,
        net: &[Part],
        ranges: &[IndexRange],
        changes: &mut Changes,
    ) {
        let mut held = flux;
        for range in ranges {
            let by = Affine::binder(Binder(HELD + range.binder.0));
            held = self.graph.instantiate(held, range.binder, &by);
        }
        for part in net {
            let (mut rate, mut region) = (held, Vec::new());
            let mut waiting: Vec<&IndexRange> = ranges.iter().collect();
            for (dimension, index) in unwrapped(part, ranges).into_iter().enumerate() {
                region.push(bounds(&index, ranges));
                let Some(&(binder, factor)) = index.terms.iter().find(|t| wide(ranges, t.0)) else {
                    continue;
                };
                // index = factor*binder + offset with a factor of ±1, for the binder.
                let own = Affine::binder(Binder(dimension as u8));
                let own = own.plus(-1, &Affine::constant(constant(&index, ranges)));
                let by = own.and_then(|own| Affine::constant(0).plus(factor, &own));
                let by = by.expect("indices are below the limit on cells");
                rate = self.graph.instantiate(rate, Binder(HELD + binder.0), &by);
                waiting.retain(|r| r.binder != binder);
            }
            for range in waiting {
                let hold = Binder(HELD + range.binder.0);
                rate = match range.from == range.to {
                    true => self.graph.instantiate(rate, hold, &Affine::constant(range.from)),
                    false => self.graph.reduce(hold, range.from, range.to, rate),
                };
            }
            let change =
                Change { region: Region(region), count: part.count.clone(), rate, span: way.span };
            changes.of.entry(part.variable.name.clone()).or_default().push(change);
        }
        let places = |side: &[Part]| {
            let place = |p: &Part| (p.variable.place(&unwrapped(p, ranges)), p.count.clone());
            side.iter().map(place).collect()
        };
        changes.network.reactions.push(Reaction {
            ranges: ranges.to_vec(),
            reactants: places(way.from),
            products: places(way.to),
            rate: way.rate,
            mass_action: way.mass_action,
        });
    }

    /// The equations of all species, and zeros where no initial value is given.
    pub fn species(&mut self, names: &Names<'_>, parts: &mut Parts) {
        for variable in &names.states {
            let Some(fixed) = names.species(&variable.name) else { continue };
            let (place, len, pattern) = (variable.offset, variable.len(), String::new());
            parts.changes.network.species.push(Species { place, len, pattern, fixed });
            let whole = Region(variable.axes.iter().map(|a| (a.from, a.to)).collect());
            let all = parts.changes.of.remove(&variable.name).unwrap_or_default();
            match pieces(&whole, &all) {
                Some(pieces) => {
                    for (region, touched) in pieces {
                        let equations = self.equations(variable, &region, &touched, names);
                        parts.equations.extend(equations);
                    }
                }
                None => {
                    let span = Some(names.span_of(&variable.name));
                    let what = format!("cases of `{}`", variable.name);
                    self.errors.push(Limits::exceeded("boxes", BOXES, &what, span));
                }
            }
            let zero = self.graph.number(0);
            for region in whole.outside(parts.begun.of(&variable.name)) {
                let (ranges, row) = family(variable, &region);
                parts.initial.push(Equation {
                    ranges: ranges.into_iter().filter(|r| r.len() > 1).collect(),
                    row,
                    value: zero,
                });
                parts.begun.add(variable.name.clone(), region);
            }
            parts.given.add(variable.name.clone(), whole);
        }
    }

    /// The equations of a piece of a species.
    fn equations(
        &mut self,
        variable: &Variable,
        region: &Region,
        touched: &[&Change],
        names: &Names<'_>,
    ) -> Vec<Equation> {
        let terms: Vec<(Number, Term)> =
            touched.iter().map(|c| (c.count.clone(), c.rate)).collect();
        let value = self.graph.sum(Number::ZERO, terms);
        let (ranges, row) = family(variable, region);
        resolve(self.graph, &names.arrays, &ranges, &row, value).unwrap_or_else(|problem| {
            let span = touched.first().map_or(names.span_of(&variable.name), |c| c.span);
            self.problem(problem, span, &[]);
            Vec::new()
        })
    }
}

/// The ranges of a region of an array, and the places of its elements.
fn family(variable: &Variable, region: &Region) -> (Vec<IndexRange>, Affine) {
    let ranges =
        (0..).zip(&region.0).map(|(k, &(from, to))| IndexRange { binder: Binder(k), from, to });
    let ranges: Vec<IndexRange> = ranges.collect();
    let index = |r: &IndexRange| match r.from == r.to {
        true => Affine::constant(r.from),
        false => Affine::binder(r.binder),
    };
    let indices: Vec<Affine> = ranges.iter().map(index).collect();
    (ranges, variable.place(&indices))
}

/// Disjoint regions, each with the changes that reach all of it and no other one; `None` when
/// they are too many.
fn pieces<'c>(whole: &Region, all: &'c [Change]) -> Option<Vec<(Region, Vec<&'c Change>)>> {
    let mut pieces: Vec<(Region, Vec<&Change>)> = vec![(whole.clone(), Vec::new())];
    for change in all {
        if whole.0.is_empty() {
            pieces[0].1.push(change);
            continue;
        }
        let mut cut = Vec::with_capacity(pieces.len() + 1);
        for (region, touched) in pieces {
            let outer = region.outside(std::slice::from_ref(&change.region));
            for inner in region.outside(&outer) {
                let both = touched.iter().copied().chain([change]).collect();
                cut.push((inner, both));
            }
            cut.extend(outer.into_iter().map(|part| (part, touched.clone())));
        }
        pieces = cut;
        if pieces.len() > BOXES {
            return None;
        }
    }
    pieces.sort_by(|a, b| a.0.0.cmp(&b.0.0));
    Some(pieces)
}

fn bounds(index: &Affine, ranges: &[IndexRange]) -> (i64, i64) {
    index.range(|b| ranges.iter().find(|r| r.binder == b).map_or((0, 0), |r| (r.from, r.to)))
}

/// Whether the index takes several values.
fn wide(ranges: &[IndexRange], binder: Binder) -> bool {
    ranges.iter().any(|r| r.binder == binder && r.from < r.to)
}

/// The part of an index that is constant over the ranges.
fn constant(index: &Affine, ranges: &[IndexRange]) -> i64 {
    index.at(|b| ranges.iter().find(|r| r.binder == b && r.from == r.to).map_or(0, |r| r.from))
}

/// The indices of a part with those of periodic dimensions brought inside.
fn unwrapped(part: &Part, ranges: &[IndexRange]) -> Vec<Affine> {
    let back = |(index, axis): (&Affine, &crate::model::Axis)| {
        let turns = match axis.periodic {
            true => (bounds(index, ranges).0 - axis.from).div_euclid(axis.len()),
            false => 0,
        };
        index.plus(-turns, &Affine::constant(axis.len())).unwrap_or_else(|| index.clone())
    };
    part.indices.iter().zip(&part.variable.axes).map(back).collect()
}

/// A part with an index outside of its array: the dimension, the value, and where that is.
type Outside<'p> = (&'p Part, usize, i64, Vec<i64>);

/// Where a box must be cut so that no index wraps around inside of it: a range and the first
/// value of the upper part.
fn inside<'p>(
    parts: &[&'p Part],
    ranges: &[IndexRange],
) -> Result<Option<(usize, i64)>, Outside<'p>> {
    for part in parts {
        for (dimension, (index, axis)) in part.indices.iter().zip(&part.variable.axes).enumerate() {
            let (low, high) = bounds(index, ranges);
            if !axis.periodic && (low < axis.from || high > axis.to) {
                let value = if low < axis.from { low } else { high };
                let extreme = |r: &IndexRange| match (index.factor(r.binder) >= 0) == (value == low)
                {
                    true => r.from,
                    false => r.to,
                };
                return Err((part, dimension, value, ranges.iter().map(extreme).collect()));
            }
            let turn = |i: i64| (i - axis.from).div_euclid(axis.len());
            if axis.periodic && turn(low) != turn(high) {
                let several: Vec<_> = index.terms.iter().filter(|t| wide(ranges, t.0)).collect();
                let &[&(binder, factor)] = several.as_slice() else {
                    return Ok(halved(ranges, index));
                };
                let bound = axis.from + (turn(low) + 1) * axis.len();
                let at = boundary(factor, constant(index, ranges), bound);
                return Ok(ranges.iter().position(|r| r.binder == binder).map(|k| (k, at)));
            }
        }
    }
    Ok(None)
}

/// Where a box must be cut because elements of a species that changes are not told apart by one
/// index each.
fn entangled(part: &Part, ranges: &[IndexRange]) -> Option<(usize, i64)> {
    let mut taken: Vec<Binder> = Vec::new();
    for index in &part.indices {
        let several: Vec<_> = index.terms.iter().filter(|t| wide(ranges, t.0)).collect();
        match several.as_slice() {
            [] => {}
            [(binder, 1 | -1)] if !taken.contains(binder) => taken.push(*binder),
            _ => return halved(ranges, index),
        }
    }
    None
}

/// The middle of the shortest range that an index depends on.
fn halved(ranges: &[IndexRange], index: &Affine) -> Option<(usize, i64)> {
    let wide = |r: &IndexRange| r.from < r.to && index.factor(r.binder) != 0;
    let (k, range) =
        ranges.iter().enumerate().filter(|(_, r)| wide(r)).min_by_key(|(_, r)| r.len())?;
    Some((k, range.from + (range.to - range.from + 1) / 2))
}

/// The error that an index leaves its array.
fn outside(part: &Part, dimension: usize, value: i64, letters: &[&str], at: &[i64]) -> Diagnostic {
    let axis = part.variable.axes[dimension];
    let name = &part.variable.name;
    let message = format!("index {value} of `{name}` is outside {}..{}", axis.from, axis.to);
    let place: Vec<String> = letters.iter().zip(at).map(|(l, v)| format!("{l} = {v}")).collect();
    let error = Diagnostic::error(Kind::Domain, part.span, message);
    let error = match place.is_empty() {
        true => error,
        false => error.note(format!("at {}", place.join(", "))),
    };
    let first = element_name(name, &[axis.from]);
    error.help(format!(
        "shorten the range of the reactions, or declare `{name}` from `{first}` on periodic"
    ))
}
