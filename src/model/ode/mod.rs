//! Ordinary differential equations: from a block of text to a [`System`].

mod algebraic;
mod event;
pub(super) mod names;
mod plan;
pub mod region;
pub mod resolve;
pub mod table;

use rustc_hash::FxHashMap;

use names::Names;
use region::Region;
use resolve::Problem;

use super::event::Event;
use super::network::Changes;
use super::system::{Observable, System, Variable, Written};
use crate::calculus::{Equation, IndexRange};
use crate::syntax::block::{Block, BlockKind, Content, Declaration, Role};
use crate::syntax::{Tree, affine, lower, print};
use crate::term::{Affine, Graph};
use crate::text::{Diagnostic, Kind, Limits, Span};

/// Reads a file that a model names; the error is one sentence.
pub type Open<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// Lowers a block `ode` or `network`.
///
/// # Errors
/// Everything that is wrong with the block, each with its place.
pub fn system(
    tree: &Tree,
    block: &Block,
    open: Open<'_>,
    limits: &Limits,
) -> Result<System, Vec<Diagnostic>> {
    let system = lowered(tree, block, open, limits, Graph::new())?;
    // What was sound in one form is sound in the other.
    let written = lowered(tree, block, open, limits, Graph::written())?;
    let written = Written { graph: written.graph, equations: written.equations };
    Ok(System { written: Some(written), ..system })
}

/// Lowers a block into an empty graph of either form.
fn lowered(
    tree: &Tree,
    block: &Block,
    open: Open<'_>,
    limits: &Limits,
    mut graph: Graph,
) -> Result<System, Vec<Diagnostic>> {
    let mut names = Names::declare(tree, block, &mut graph, open, limits);
    let mut lowering = Lowering { tree, graph: &mut graph, limits, errors: Vec::new() };
    let mut parts = Parts::default();
    for statement in &block.statements {
        match &statement.content {
            Content::Declaration(d) => lowering.declaration(d, &mut names, &mut parts),
            Content::When(text) => parts.events.extend(lowering.event(text, &mut names)),
            Content::Reaction(text) => lowering.reaction(text, &mut names, &mut parts.changes),
            Content::Function(_)
            | Content::Table(_)
            | Content::Simulate(_)
            | Content::Structural(_) => {}
        }
    }
    lowering.species(&names, &mut parts);
    lowering.complete(&names, &parts, block);
    let algebraic = lowering.determine(&names, &mut parts);
    let mut errors = std::mem::take(&mut lowering.errors);
    let plan = plan::plan(tree, block, &mut names, &mut graph, limits, &mut errors);
    errors.append(&mut names.errors);
    errors.retain(|e| !names.is_consequence(e));
    errors.sort_by_key(|e| e.span.map_or(0, |s| s.start));
    errors.dedup();
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(System {
        name: block.name.text.clone(),
        time: names::TIME.to_owned(),
        written: None,
        graph,
        unknowns: names.states,
        parameters: names.parameters,
        parameter_values: parts.parameters,
        equations: parts.equations,
        algebraic,
        initial: parts.initial,
        observables: parts.observables,
        events: parts.events,
        plan,
        tables: names.tables,
        network: (block.kind == BlockKind::Network).then_some(parts.changes.network),
        eliminated: None,
    })
}

/// What declarations have given so far.
#[derive(Default)]
pub(super) struct Parts {
    parameters: Vec<Equation>,
    pub(super) initial: Vec<Equation>,
    pub(super) equations: Vec<Equation>,
    observables: Vec<Observable>,
    events: Vec<Event>,
    /// Equations `0 = …` with their places in the text; rows count them in the order of the text.
    algebraic: Vec<(Span, Vec<Equation>)>,
    /// The members of these equations.
    algebraic_count: usize,
    /// Elements with an initial value, and with an equation, by name.
    pub(super) begun: Regions,
    pub(super) given: Regions,
    /// What reactions do to species.
    pub(super) changes: Changes,
}

/// Elements of arrays, by the name of the array.
#[derive(Default)]
pub(super) struct Regions(FxHashMap<String, Vec<Region>>);

impl Regions {
    pub(super) fn add(&mut self, name: String, region: Region) {
        self.0.entry(name).or_default().push(region);
    }

    /// Those of one array.
    pub(super) fn of(&self, name: &str) -> &[Region] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

pub(super) struct Lowering<'a> {
    pub(super) tree: &'a Tree,
    pub(super) graph: &'a mut Graph,
    pub(super) limits: &'a Limits,
    pub(super) errors: Vec<Diagnostic>,
}

impl Lowering<'_> {
    fn declaration(&mut self, d: &Declaration, names: &mut Names<'_>, parts: &mut Parts) {
        let (list, found) = match d.role {
            Role::Parameter => (&names.parameters, names.parameter(&d.name.text)),
            Role::State | Role::Species | Role::Fixed | Role::Initial | Role::Derivative => {
                (&names.states, names.state(&d.name.text))
            }
            Role::Observe => return self.observable(d, names, parts),
            Role::Algebraic => return self.algebraic(d, names, parts),
            Role::Size | Role::Let | Role::Reset => return,
        };
        if names.is_broken(&d.name.text) {
            return;
        }
        let Some(variable) = found.cloned() else {
            let known: Vec<&str> = list.iter().map(|v| v.name.as_str()).collect();
            let name = &d.name.text;
            let error = |message| Diagnostic::error(Kind::Name, d.name.span, message);
            return self.errors.push(if names.all_names().contains(name) {
                error(format!("`{name}` is not a state"))
                    .help("an equation `x' = …` is for a state")
            } else {
                error(format!("unknown state `{name}`"))
                    .did_you_mean(crate::text::nearest(name, known))
            });
        };
        if d.role == Role::Derivative && names.species(&d.name.text).is_some() {
            let name = &d.name.text;
            let message = format!("`{name}` is a species: reactions give its equation");
            self.errors.push(
                Diagnostic::error(Kind::Name, d.name.span, message)
                    .help(format!("write `0 => {name}, …` with the rate after the comma")),
            );
            return;
        }
        let Some(value) = d.value else {
            if d.role == Role::Parameter {
                let message = format!("parameter `{}` has no value", d.name.text);
                self.errors.push(
                    Diagnostic::error(Kind::Syntax, d.name.span, message)
                        .help(format!("write `parameter {} = …`", d.name.text)),
                );
            }
            return;
        };
        let Some((equations, region)) = self.family(d, &variable, value, names) else { return };
        match d.role {
            Role::Parameter => parts.parameters.extend(equations),
            Role::Derivative => {
                let name = &variable.name;
                for other in parts.given.of(name) {
                    if let Some(point) = region.meets(other) {
                        let element = crate::term::evaluate::element_name(name, &point);
                        let element = if point.is_empty() { name.clone() } else { element };
                        let message = format!("two equations for `{element}`");
                        self.errors.push(Diagnostic::error(Kind::Name, d.name.span, message));
                    }
                }
                parts.equations.extend(equations);
                parts.given.add(variable.name, region);
            }
            _ => {
                parts.initial.extend(equations);
                parts.begun.add(variable.name, region);
            }
        }
    }

    /// The members of a declaration as equations without wrapped indices.
    fn family(
        &mut self,
        d: &Declaration,
        variable: &Variable,
        value: crate::syntax::Id,
        names: &mut Names<'_>,
    ) -> Option<(Vec<Equation>, Region)> {
        let (ranges, letters) = names.ranges(d, &mut self.errors)?;
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        if d.indices.len() != variable.axes.len() {
            let message = format!(
                "`{}` has {} indices, {} given",
                variable.name,
                variable.axes.len(),
                d.indices.len()
            );
            self.errors.push(Diagnostic::error(Kind::Arity, d.name.span, message));
            return None;
        }
        let (mut indices, mut region) = (Vec::new(), Vec::new());
        for (&id, axis) in d.indices.iter().zip(&variable.axes) {
            let index = match affine::affine(self.tree, id, names, &letters) {
                Ok(a) if a.terms.len() <= 1 && a.terms.iter().all(|t| t.1 == 1) => a,
                Ok(_) => {
                    let span = self.tree.span(id);
                    let message =
                        "the index on the left side must be an index, perhaps plus a constant";
                    self.errors.push(Diagnostic::error(Kind::Syntax, span, message));
                    return None;
                }
                Err(e) => {
                    self.errors.push(e);
                    return None;
                }
            };
            let bounds = |b| {
                ranges
                    .iter()
                    .find(|r: &&IndexRange| r.binder == b)
                    .map_or((0, 0), |r| (r.from, r.to))
            };
            let (low, high) = index.range(bounds);
            if low < axis.from || high > axis.to {
                let value = if low < axis.from { low } else { high };
                let message = format!(
                    "index {value} of `{}` is outside {}..{}",
                    variable.name, axis.from, axis.to
                );
                self.errors.push(Diagnostic::error(Kind::Domain, self.tree.span(id), message));
                return None;
            }
            region.push((low, high));
            indices.push(index);
        }
        let row = variable.place(&indices);
        Some((self.members(value, &ranges, &letters, &row, names)?, Region(region)))
    }

    /// The members of a family with this value, by `row`.
    fn members(
        &mut self,
        value: crate::syntax::Id,
        ranges: &[IndexRange],
        letters: &[&str],
        row: &Affine,
        names: &mut Names<'_>,
    ) -> Option<Vec<Equation>> {
        let term = match lower(self.tree, value, self.graph, names, letters, self.limits) {
            Ok(term) => term,
            Err(mut found) => {
                self.errors.append(&mut found);
                return None;
            }
        };
        match resolve::resolve(self.graph, &names.arrays, ranges, row, term) {
            Ok(equations) => Some(equations),
            Err(problem) => {
                self.problem(problem, self.tree.span(value), letters);
                None
            }
        }
    }

    pub(super) fn problem(&mut self, problem: Problem, span: Span, letters: &[&str]) {
        let error = match problem {
            Problem::OutOfRange { leaf, array, value, at, .. } => {
                let place: Vec<String> =
                    letters.iter().zip(&at).map(|(l, v)| format!("{l} = {v}")).collect();
                let shown = print(self.graph, leaf);
                let message = format!("index {value} is outside of `{array}`");
                let error =
                    Diagnostic::error(Kind::Domain, span, message).label(format!("in `{shown}`"));
                let error = if place.is_empty() {
                    error
                } else {
                    error.note(format!("at {}", place.join(", ")))
                };
                error.help("guard it as in `if(i > 1, x[i-1], …)`, shorten the range, or declare the array `periodic`")
            }
            Problem::SeveralIndices => Diagnostic::error(
                Kind::Syntax,
                span,
                "a condition or a wrapped index depends on several indices",
            )
            .help("conditions on indices compare one index with an integer"),
            Problem::TooManyBoxes => {
                Limits::exceeded("boxes", resolve::BOXES, "cases of one family", Some(span))
            }
            Problem::TooDeep => {
                Limits::exceeded("indices", self.limits.indices, "nested indices", Some(span))
            }
        };
        self.errors.push(error);
    }

    fn observable(&mut self, d: &Declaration, names: &mut Names<'_>, parts: &mut Parts) {
        let Some(axes) = names.axes(d, &mut self.errors) else { return };
        let offset = parts.observables.last().map_or(0, |o| o.variable.offset + o.variable.len());
        let variable = Variable { name: d.name.text.clone(), axes, offset };
        let found = match d.value {
            Some(value) => self.family(d, &variable, value, names).map(|(e, _)| e),
            None => names.value_of(self.graph, &d.name.text).map(|term| {
                vec![Equation {
                    ranges: Vec::new(),
                    row: Affine::constant(offset as i64),
                    value: term,
                }]
            }),
        };
        match found {
            Some(equations) => parts.observables.push(Observable { variable, equations }),
            None if d.value.is_none() => {
                let message = format!("unknown name `{}`", d.name.text);
                let known = names.all_names();
                let nearest = crate::text::nearest(&d.name.text, known.iter().map(String::as_str))
                    .map(str::to_owned);
                self.errors.push(
                    Diagnostic::error(Kind::Name, d.name.span, message)
                        .did_you_mean(nearest.as_deref()),
                );
            }
            None => {}
        }
    }

    /// Every element has an equation, unless some are algebraic, and an initial value.
    fn complete(&mut self, names: &Names<'_>, parts: &Parts, block: &Block) {
        if names.states.is_empty() && names.errors.is_empty() {
            let message = format!("the model `{}` has no state", block.name.text);
            self.errors.push(
                Diagnostic::error(Kind::Syntax, block.name.span, message)
                    .help("declare one with `state x = 1`"),
            );
        }
        let broken = |name: &str| {
            block
                .statements
                .iter()
                .any(|s| matches!(&s.content, Content::Declaration(d) if d.name.text == name))
                && !self.errors.is_empty()
        };
        let mut missing = Vec::new();
        for state in &names.states {
            let whole = Region(state.axes.iter().map(|a| (a.from, a.to)).collect());
            let (given, begun) = (parts.given.of(&state.name), parts.begun.of(&state.name));
            let element = |point: Vec<i64>| match point.as_slice() {
                [] => state.name.clone(),
                _ => crate::term::evaluate::element_name(&state.name, &point),
            };
            if let Some(point) = whole.first_outside(given)
                && parts.algebraic_count == 0
                && !(broken(&state.name))
            {
                let (e, span) = (element(point), names.span_of(&state.name));
                missing.push(
                    Diagnostic::error(Kind::Name, span, format!("`{e}` has no equation"))
                        .help(format!("write `{e}' = …`, or `0 = …` if it has no derivative")),
                );
            }
            if let Some(point) = whole.first_outside(begun)
                && !(broken(&state.name))
            {
                let (e, span) = (element(point), names.span_of(&state.name));
                missing.push(
                    Diagnostic::error(Kind::Name, span, format!("`{e}` has no initial value"))
                        .help(format!("write `state {e} = …` or `initial {e} = …`")),
                );
            }
        }
        self.errors.append(&mut missing);
    }
}
