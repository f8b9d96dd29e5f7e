//! What the names of a block mean: sizes, parameters, states, lets, functions and tables.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Open;
use super::resolve::Arrays;
use super::table::{Columns, Table};
use crate::calculus::IndexRange;
use crate::model::system::{Axis, Variable};
use crate::numeric::spline::Spline;
use crate::syntax::affine::integer;
use crate::syntax::block::{Block, Content, Declaration, FunctionText, Role, TableText};
use crate::syntax::lower::function_named;
use crate::syntax::tree::Range;
use crate::syntax::{Scope, Tree, lower};
use crate::term::visit::substitute;
use crate::term::{Affine, Binder, Derivative, Function, Graph, Term};
use crate::text::{Diagnostic, Kind, Limits, Span};

/// The name of the independent variable.
pub const TIME: &str = "t";

/// A let: lowered when it is first used.
#[derive(Clone)]
struct Let<'a> {
    declaration: &'a Declaration,
    letters: Vec<String>,
    term: Option<Term>,
    active: bool,
}

/// The names of one block.
pub struct Names<'a> {
    tree: &'a Tree,
    limits: &'a Limits,
    sizes: FxHashMap<String, i64>,
    /// Declared names with their places, in the order of the text.
    spans: Vec<(String, Span)>,
    /// Where a name is in `spans`.
    declared: FxHashMap<String, usize>,
    /// Whether a name is a state and not a parameter, and where it is in its list.
    variables: FxHashMap<String, (bool, usize)>,
    /// The states that are species, and whether they are fixed.
    species: FxHashMap<String, bool>,
    lets: FxHashMap<String, Let<'a>>,
    functions: FxHashMap<String, &'a FunctionText>,
    calling: Vec<String>,
    /// The states, with places in the state vector.
    pub states: Vec<Variable>,
    /// The parameters, with places in the parameter vector.
    pub parameters: Vec<Variable>,
    /// Dimensions of all arrays.
    pub arrays: Arrays,
    /// Tables that became functions.
    pub tables: Vec<Table>,
    /// What went wrong.
    pub errors: Vec<Diagnostic>,
    /// Names whose declaration failed.
    broken: Vec<String>,
}

impl<'a> Names<'a> {
    /// Collects the declarations of a block.
    pub fn declare(
        tree: &'a Tree,
        block: &'a Block,
        graph: &mut Graph,
        open: Open<'_>,
        limits: &'a Limits,
    ) -> Names<'a> {
        let mut names = Names {
            tree,
            limits,
            sizes: FxHashMap::default(),
            spans: Vec::new(),
            declared: FxHashMap::default(),
            variables: FxHashMap::default(),
            species: FxHashMap::default(),
            lets: FxHashMap::default(),
            functions: FxHashMap::default(),
            calling: Vec::new(),
            states: Vec::new(),
            parameters: Vec::new(),
            arrays: Arrays::default(),
            tables: Vec::new(),
            errors: Vec::new(),
            broken: Vec::new(),
        };
        for statement in &block.statements {
            match &statement.content {
                Content::Declaration(d) => names.declaration(d, graph),
                Content::Function(f) if names.fresh(&f.name.text, f.name.span) => {
                    names.functions.insert(f.name.text.clone(), f);
                }
                Content::Table(t) if names.fresh(&t.name.text, t.name.span) => {
                    if let Err(error) = names.table(t, graph, open) {
                        names.broken.push(t.name.text.clone());
                        names.errors.push(error);
                    }
                }
                Content::Function(_)
                | Content::Table(_)
                | Content::When(_)
                | Content::Reaction(_)
                | Content::Simulate(_)
                | Content::Structural(_) => {}
            }
        }
        names
    }

    fn declaration(&mut self, d: &'a Declaration, graph: &mut Graph) {
        if matches!(d.role, Role::Initial | Role::Derivative | Role::Algebraic | Role::Reset) {
            return;
        }
        // `observe A` alone reports a name that exists already.
        if d.role == Role::Observe && d.value.is_none() {
            return;
        }
        if !self.fresh(&d.name.text, d.name.span) {
            return;
        }
        match d.role {
            Role::Size => match d.value.map(|v| integer(self.tree, v, self)) {
                Some(Ok(value)) => {
                    self.sizes.insert(d.name.text.clone(), value);
                }
                Some(Err(e)) => {
                    self.broken.push(d.name.text.clone());
                    self.errors.push(e);
                }
                None => {
                    self.broken.push(d.name.text.clone());
                    let message = format!("size `{}` has no value", d.name.text);
                    self.errors.push(Diagnostic::error(Kind::Syntax, d.name.span, message));
                }
            },
            Role::Parameter | Role::State | Role::Species | Role::Fixed => {
                let mut errors = Vec::new();
                let axes = self.axes(d, &mut errors);
                self.errors.append(&mut errors);
                let Some(axes) = axes else {
                    return self.broken.push(d.name.text.clone());
                };
                let is_state = d.role != Role::Parameter;
                if matches!(d.role, Role::Species | Role::Fixed) {
                    self.species.insert(d.name.text.clone(), d.role == Role::Fixed);
                }
                let list = if is_state { &mut self.states } else { &mut self.parameters };
                self.variables.insert(d.name.text.clone(), (is_state, list.len()));
                let offset = list.last().map_or(0, |v| v.offset + v.len());
                let variable = Variable { name: d.name.text.clone(), axes: axes.clone(), offset };
                if !axes.is_empty() {
                    self.arrays.insert(graph.intern(&d.name.text), axes);
                }
                list.push(variable);
            }
            Role::Let | Role::Observe => {
                let letters = d.ranges.iter().map(|r| self.tree.name(r.index).to_owned()).collect();
                let entry = Let { declaration: d, letters, term: None, active: false };
                self.lets.insert(d.name.text.clone(), entry);
            }
            Role::Initial | Role::Derivative | Role::Algebraic | Role::Reset => {}
        }
    }

    /// Notes a declared name; false, with an error, when it is taken.
    fn fresh(&mut self, name: &str, span: Span) -> bool {
        let error = if self.declared.contains_key(name) {
            format!("`{name}` is declared twice")
        } else if name == TIME {
            format!("`{TIME}` is the time")
        } else if name == "pi" || name == "π" || function_named(name).is_some() {
            format!("`{name}` has a meaning already")
        } else {
            self.declared.insert(name.to_owned(), self.spans.len());
            self.spans.push((name.to_owned(), span));
            return true;
        };
        self.errors.push(Diagnostic::error(Kind::Name, span, error).help("choose another name"));
        // What a name has of its own is no declaration of this block.
        if !self.declared.contains_key(name) {
            self.broken.push(name.to_owned());
        }
        false
    }

    /// Whether an error only says again that the declaration of a name has failed.
    pub fn is_consequence(&self, error: &Diagnostic) -> bool {
        let name = error.message.strip_prefix("unknown ").and_then(|rest| rest.split('`').nth(1));
        name.is_some_and(|name| self.is_broken(name))
    }

    /// Whether the declaration of a name has failed.
    pub fn is_broken(&self, name: &str) -> bool {
        self.broken.iter().any(|n| n == name)
    }

    /// Where a name was declared.
    pub fn span_of(&self, name: &str) -> Span {
        self.declared.get(name).map_or(Span::default(), |&at| self.spans[at].1)
    }

    /// The state of this name.
    pub fn state(&self, name: &str) -> Option<&Variable> {
        self.variable(name).filter(|(is_state, _)| *is_state).map(|(_, v)| v)
    }

    /// Whether the species of this name is fixed; `None` if it is no species.
    pub fn species(&self, name: &str) -> Option<bool> {
        self.species.get(name).copied()
    }

    /// The parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&Variable> {
        self.variable(name).filter(|(is_state, _)| !is_state).map(|(_, v)| v)
    }

    /// The state or parameter of this name, and whether it is a state.
    fn variable(&self, name: &str) -> Option<(bool, &Variable)> {
        let &(is_state, at) = self.variables.get(name)?;
        let list = if is_state { &self.states } else { &self.parameters };
        Some((is_state, list.get(at)?))
    }

    /// All names that may stand in an expression.
    pub fn all_names(&self) -> Vec<String> {
        self.spans.iter().map(|(n, _)| n.clone()).chain([TIME.to_owned()]).collect()
    }

    /// The index ranges of a declaration with their letters; binder 0 is the first.
    pub fn ranges(
        &self,
        d: &Declaration,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<(Vec<IndexRange>, Vec<String>)> {
        self.bound(&d.ranges, d.name.span, errors)
    }

    /// Written ranges with their letters; `at` is the place of what has so many members.
    pub fn bound(
        &self,
        written: &[Range],
        at: Span,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<(Vec<IndexRange>, Vec<String>)> {
        let (mut ranges, mut letters) = (Vec::new(), Vec::new());
        let mut cells = 1_i64;
        for (level, range) in written.iter().enumerate() {
            let ends = integer(self.tree, range.from, self)
                .and_then(|from| Ok((from, integer(self.tree, range.to, self)?)));
            match ends {
                Ok((from, to)) if from <= to => {
                    cells = cells.saturating_mul(to - from + 1);
                    ranges.push(IndexRange { binder: Binder(level as u8), from, to });
                    letters.push(self.tree.name(range.index).to_owned());
                }
                Ok((from, to)) => {
                    let span = self.tree.span(range.from).to(self.tree.span(range.to));
                    errors.push(Diagnostic::error(
                        Kind::Domain,
                        span,
                        format!("the range {from}..{to} is empty"),
                    ));
                    return None;
                }
                Err(e) => {
                    errors.push(e);
                    return None;
                }
            }
        }
        if cells > self.limits.cells as i64 {
            errors.push(Limits::exceeded("cells", self.limits.cells, "elements", Some(at)));
            return None;
        }
        Some((ranges, letters))
    }

    /// The dimensions that a declaration gives its name.
    pub fn axes(&self, d: &Declaration, errors: &mut Vec<Diagnostic>) -> Option<Vec<Axis>> {
        let (ranges, letters) = self.ranges(d, errors)?;
        let mut axes = Vec::new();
        for &id in &d.indices {
            let letter = match self.tree.item(id) {
                crate::syntax::Item::Name(n) => self.tree.name(*n),
                _ => "",
            };
            match letters.iter().position(|l| l == letter) {
                Some(k) => {
                    let (from, to) = (ranges[k].from, ranges[k].to);
                    axes.push(Axis { from, to, periodic: d.periodic.is_some() });
                }
                None => {
                    let message =
                        format!("`{}` is declared with an index that no range binds", d.name.text);
                    errors.push(
                        Diagnostic::error(Kind::Syntax, self.tree.span(id), message)
                            .help(format!("write `{}[i] = … for i in 1..N`", d.name.text)),
                    );
                    return None;
                }
            }
        }
        if axes.len() != ranges.len() {
            let message = format!("`{}` needs one index for each range", d.name.text);
            errors.push(Diagnostic::error(Kind::Arity, d.name.span, message));
            return None;
        }
        Some(axes)
    }

    fn table(
        &mut self,
        t: &TableText,
        graph: &mut Graph,
        open: Open<'_>,
    ) -> Result<(), Diagnostic> {
        let path = &t.path.text;
        let fail = |message: String, kind| Diagnostic::error(kind, t.path.span, message);
        let malformed = |e: String| fail(format!("`{path}`: {e}"), Kind::Format);
        let text = open(path)
            .map_err(|e| fail(format!("cannot read the table `{path}`: {e}"), Kind::Io))?;
        let columns = Columns::parse(&text).map_err(malformed)?;
        let spline = Spline::new(columns.arguments, columns.values);
        let spline = Arc::new(spline.map_err(|e| malformed(e.to_string()))?);
        let (name, range) = (t.name.text.clone(), spline.range());
        // Value, first and second derivative: each is the derivative of the one before.
        let orders: [(String, fn(&Spline, f64) -> f64); 3] = [
            (name.clone(), Spline::value),
            (format!("{name}'"), Spline::derivative),
            (format!("{name}''"), Spline::second_derivative),
        ];
        for (k, (order, value)) in orders.iter().enumerate().rev() {
            let (spline, value) = (Arc::clone(&spline), *value);
            let mut function = Function::unary(order, move |x| value(&spline, x));
            if let Some((next, _)) = orders.get(k + 1) {
                let next = next.clone();
                function.derivative =
                    Derivative::Rules(vec![Arc::new(move |g: &mut Graph, args: &[Term]| match g
                        .function_named(&next)
                    {
                        Some(id) => g.apply(id, args),
                        None => g.undefined(),
                    })]);
            }
            graph.register(function);
        }
        self.tables.push(Table { function: name, file: t.path.text.clone(), range, spline });
        Ok(())
    }

    /// The term of a scalar name.
    pub fn value_of(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
        self.symbol(graph, name)
    }

    /// The body of a let over its indices.
    fn let_body(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
        let entry = self.lets.get_mut(name)?;
        if let Some(term) = entry.term {
            return Some(term);
        }
        let span = entry.declaration.name.span;
        if std::mem::replace(&mut entry.active, true) {
            let message = format!("`{name}` is defined by itself");
            self.errors.push(Diagnostic::error(Kind::Name, span, message));
            return Some(graph.undefined());
        }
        let (value, letters) = (entry.declaration.value, entry.letters.clone());
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        let (tree, limits) = (self.tree, self.limits);
        let term = match value.map(|v| lower(tree, v, graph, self, &letters, limits)) {
            Some(Ok(term)) => term,
            Some(Err(mut errors)) => {
                self.errors.append(&mut errors);
                graph.undefined()
            }
            None => {
                let message = format!("`{name}` has no value");
                self.errors.push(Diagnostic::error(Kind::Syntax, span, message));
                graph.undefined()
            }
        };
        if let Some(entry) = self.lets.get_mut(name) {
            (entry.term, entry.active) = (Some(term), false);
        }
        Some(term)
    }
}

/// Binders from here on hold indices while they are exchanged for others.
const EXCHANGE: u8 = 24;

impl Scope for Names<'_> {
    fn symbol(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
        if name == TIME || self.variable(name).is_some_and(|(_, v)| v.axes.is_empty()) {
            return Some(graph.symbol(name));
        }
        let plain = self.lets.get(name).is_some_and(|l| l.letters.is_empty());
        if plain { self.let_body(graph, name) } else { None }
    }

    fn integer(&self, name: &str) -> Option<i64> {
        self.sizes.get(name).copied()
    }

    fn dimensions(&self, array: &str) -> Option<usize> {
        let axes = self.variable(array).map(|(_, v)| v.axes.len());
        let lets = || self.lets.get(array).map(|l| l.letters.len());
        axes.or_else(lets).filter(|&n| n > 0)
    }

    fn element(
        &mut self,
        graph: &mut Graph,
        array: &str,
        indices: &[Affine],
    ) -> Result<Term, Diagnostic> {
        if !self.lets.contains_key(array) {
            return Ok(graph.element(array, indices));
        }
        let Some(mut term) = self.let_body(graph, array) else { return Ok(graph.undefined()) };
        for k in 0..indices.len() {
            let held = Affine::binder(Binder(EXCHANGE + k as u8));
            term = graph.instantiate(term, Binder(k as u8), &held);
        }
        for (k, index) in indices.iter().enumerate() {
            term = graph.instantiate(term, Binder(EXCHANGE + k as u8), index);
        }
        Ok(term)
    }

    fn arity(&self, function: &str) -> Option<usize> {
        self.functions.get(function).map(|f| f.parameters.len())
    }

    fn call(
        &mut self,
        graph: &mut Graph,
        function: &str,
        args: &[Term],
        level: u8,
    ) -> Result<Term, Diagnostic> {
        let Some(&text) = self.functions.get(function) else { return Ok(graph.undefined()) };
        if self.calling.iter().any(|f| f == function) {
            return Err(Diagnostic::error(
                Kind::Name,
                text.name.span,
                format!("`{function}` calls itself"),
            ));
        }
        self.calling.push(function.to_owned());
        let held: Vec<String> =
            text.parameters.iter().map(|p| format!("{function}.{}", p.text)).collect();
        let symbols: Vec<Term> = held.iter().map(|n| graph.symbol(n)).collect();
        let parameters =
            text.parameters.iter().map(|p| p.text.clone()).zip(symbols.iter().copied()).collect();
        let letters = vec![""; usize::from(level)];
        let (tree, limits) = (self.tree, self.limits);
        let mut inner = Body { names: self, parameters };
        let body = lower(tree, text.body, graph, &mut inner, &letters, limits);
        self.calling.pop();
        match body {
            Ok(body) => {
                let map: Vec<(Term, Term)> =
                    symbols.into_iter().zip(args.iter().copied()).collect();
                Ok(substitute(graph, body, &map))
            }
            Err(mut errors) => Err(errors.remove(0)),
        }
    }

    fn names(&self) -> Vec<String> {
        self.all_names()
    }
}

/// The inside of a function: its parameters hide the names of the block.
struct Body<'n, 'a> {
    names: &'n mut Names<'a>,
    parameters: Vec<(String, Term)>,
}

impl Scope for Body<'_, '_> {
    fn symbol(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
        let own = self.parameters.iter().find(|(n, _)| n == name).map(|(_, t)| *t);
        own.or_else(|| self.names.symbol(graph, name))
    }
    fn integer(&self, name: &str) -> Option<i64> {
        self.names.integer(name)
    }
    fn dimensions(&self, array: &str) -> Option<usize> {
        self.names.dimensions(array)
    }
    fn element(
        &mut self,
        graph: &mut Graph,
        array: &str,
        indices: &[Affine],
    ) -> Result<Term, Diagnostic> {
        self.names.element(graph, array, indices)
    }
    fn arity(&self, function: &str) -> Option<usize> {
        self.names.arity(function)
    }
    fn call(
        &mut self,
        graph: &mut Graph,
        function: &str,
        args: &[Term],
        level: u8,
    ) -> Result<Term, Diagnostic> {
        self.names.call(graph, function, args, level)
    }
    fn names(&self) -> Vec<String> {
        let own = self.parameters.iter().map(|(n, _)| n.clone());
        own.chain(self.names.all_names()).collect()
    }
}
