//! From expressions as written to terms.

mod call;

pub use call::{function_named, functions};

use crate::syntax::affine::{affine, integer, not_affine};
use crate::syntax::operators::Operator;
use crate::syntax::scope::Scope;
use crate::syntax::tree::{Id, Item, Name, Tree};
use crate::term::graph::Form;
use crate::term::op::Class;
use crate::term::{Affine, Binder, Graph, Number, Op, Term};
use crate::text::{Diagnostic, Kind, Limits, Span, nearest};

/// Builds the term of an expression, which must be a number.
///
/// `indices` are the names bound around the expression, outermost first; they are binders 0, 1, ….
///
/// # Errors
/// Every name, arity, index and truth-value error of the expression.
pub fn lower(
    tree: &Tree,
    root: Id,
    graph: &mut Graph,
    scope: &mut dyn Scope,
    indices: &[&str],
    limits: &Limits,
) -> Result<Term, Vec<Diagnostic>> {
    Lowering::new(tree, graph, scope, indices, limits).finish(root, Sort::Number)
}

/// Builds the term of an expression, which must be a condition; the rest is as in [`lower`].
///
/// # Errors
/// Those of [`lower`].
pub fn lower_condition(
    tree: &Tree,
    root: Id,
    graph: &mut Graph,
    scope: &mut dyn Scope,
    indices: &[&str],
    limits: &Limits,
) -> Result<Term, Vec<Diagnostic>> {
    Lowering::new(tree, graph, scope, indices, limits).finish(root, Sort::Truth)
}

/// Builds the term of an expression, a number or a condition, and says whether it is a condition,
/// which a pattern variable alone does not tell; the rest is as in [`lower`].
///
/// # Errors
/// Those of [`lower`].
pub fn lower_any(
    tree: &Tree,
    root: Id,
    graph: &mut Graph,
    scope: &mut dyn Scope,
    limits: &Limits,
) -> Result<(Term, Option<bool>), Vec<Diagnostic>> {
    let mut lowering = Lowering::new(tree, graph, scope, &[], limits);
    let value = lowering.run(root);
    let truth = (value.sort != Sort::Either).then_some(value.sort == Sort::Truth);
    Ok((lowering.end(value)?, truth))
}

/// What an item is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sort {
    Number,
    Truth,
    /// A pattern variable of a rule, or what follows from an error.
    Either,
}

#[derive(Clone, Copy)]
struct Value {
    term: Term,
    sort: Sort,
}

/// What is known of an item.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// The names bound around it.
    environment: usize,
    /// Whether its user takes it apart.
    apart: bool,
    /// Its value, once it is there.
    value: Option<Value>,
}

/// The names bound around an item: a chain from the innermost outward.
struct Environment {
    outer: usize,
    name: String,
}

struct Lowering<'a> {
    tree: &'a Tree,
    graph: &'a mut Graph,
    scope: &'a mut dyn Scope,
    limits: &'a Limits,
    environments: Vec<Environment>,
    /// The first item of the expression.
    first: Id,
    /// For each item from the first to the root.
    slots: Vec<Slot>,
    errors: Vec<Diagnostic>,
    base: usize,
}

impl<'a> Lowering<'a> {
    fn new(
        tree: &'a Tree,
        graph: &'a mut Graph,
        scope: &'a mut dyn Scope,
        indices: &[&str],
        limits: &'a Limits,
    ) -> Lowering<'a> {
        // Environment 0 binds nothing; each further one binds one more name.
        let mut environments = vec![Environment { outer: 0, name: String::new() }];
        for name in indices {
            environments
                .push(Environment { outer: environments.len() - 1, name: (*name).to_owned() });
        }
        let base = environments.len() - 1;
        Lowering {
            tree,
            graph,
            scope,
            limits,
            environments,
            first: Id(0),
            slots: Vec::new(),
            errors: Vec::new(),
            base,
        }
    }

    /// The term of the root, which must be of a sort.
    fn finish(mut self, root: Id, sort: Sort) -> Result<Term, Vec<Diagnostic>> {
        let value = self.run(root);
        if self.errors.is_empty() && value.sort != sort && value.sort != Sort::Either {
            self.wrong_sort(root, sort);
        }
        self.end(value)
    }

    /// The term of a value, when nothing was wrong on the way.
    fn end(mut self, value: Value) -> Result<Term, Vec<Diagnostic>> {
        if self.errors.is_empty() {
            return Ok(value.term);
        }
        self.errors.sort_by_key(|e| e.span.map_or(0, |s| s.start));
        self.errors.truncate(self.limits.errors);
        Err(self.errors)
    }

    fn run(&mut self, root: Id) -> Value {
        for id in self.survey(root) {
            let Slot { environment, apart, .. } = *self.slot(id);
            if !apart {
                let value = self.item(id, environment);
                self.slot(id).value = Some(value);
            }
        }
        self.value(root)
    }

    fn slot(&mut self, id: Id) -> &mut Slot {
        &mut self.slots[(id.0 - self.first.0) as usize]
    }

    /// The value of an item that comes before the one at hand.
    fn value(&mut self, id: Id) -> Value {
        self.slot(id).value.expect("parts come before what they are parts of")
    }

    /// Notes the place of each item below the root; arguments come before their users.
    fn survey(&mut self, root: Id) -> Vec<Id> {
        let mut order: Vec<(Id, usize, bool)> = Vec::new();
        let mut stack = vec![(root, self.base, false)];
        while let Some((id, environment, taken_apart)) = stack.pop() {
            order.push((id, environment, taken_apart));
            match self.tree.item(id) {
                Item::Element(..) => {}
                Item::Reduce(_, body, ranges) => {
                    let mut inner = environment;
                    for range in self.tree.ranges(*ranges) {
                        let name = self.tree.name(range.index).to_owned();
                        self.environments.push(Environment { outer: inner, name });
                        inner = self.environments.len() - 1;
                    }
                    stack.push((*body, inner, false));
                }
                item => {
                    let chain = self.chain(item);
                    self.tree.each_part(item, |part| {
                        let same = chain.is_some() && self.chain(self.tree.item(part)) == chain;
                        stack.push((part, environment, same));
                    });
                }
            }
        }
        order.sort_unstable();
        self.first = order[0].0;
        self.slots = vec![Slot::default(); (root.0 - self.first.0) as usize + 1];
        for &(id, environment, apart) in &order {
            *self.slot(id) = Slot { environment, apart, value: None };
        }
        order.into_iter().map(|(id, ..)| id).collect()
    }

    /// Whether an item belongs to a chain of sums or of products, which a canonical graph builds
    /// in one step; one by one a long chain would take quadratic time.
    fn chain(&self, item: &Item) -> Option<Op> {
        if self.graph.form() == Form::Written {
            return None;
        }
        match item {
            Item::Infix(o, ..) => match o.row().op {
                Op::Add | Op::Sub => Some(Op::Add),
                Op::Mul | Op::Div => Some(Op::Mul),
                _ => None,
            },
            Item::Prefix(o, _) if o.row().op == Op::Neg => Some(Op::Add),
            _ => None,
        }
    }

    fn item(&mut self, id: Id, environment: usize) -> Value {
        let span = self.tree.span(id);
        match self.tree.item(id) {
            Item::Number(n) => self.number(n.clone()),
            Item::Pattern(name) => {
                let name = format!("?{}", self.tree.name(*name));
                match self.scope.symbol(self.graph, &name) {
                    Some(term) => Value { term, sort: Sort::Either },
                    None => {
                        self.fail(Diagnostic::error(Kind::Name, span, format!("unknown `{name}`")))
                    }
                }
            }
            Item::Name(name) => self.name(*name, span, environment),
            item @ (Item::Prefix(..) | Item::Infix(..)) => match self.chain(item) {
                Some(op) => self.build_chain(id, op),
                None => self.operator(id),
            },
            Item::Call(name, args) => {
                let tree = self.tree;
                self.call(tree.name(*name), tree.arguments(*args), span, environment)
            }
            Item::Element(name, indices) => {
                let tree = self.tree;
                self.element(*name, tree.arguments(*indices), span, environment)
            }
            Item::Reduce(..) => self.reduction(id, environment),
        }
    }

    fn number(&mut self, n: Number) -> Value {
        Value { term: self.graph.number(n), sort: Sort::Number }
    }

    fn fail(&mut self, error: Diagnostic) -> Value {
        self.errors.push(error);
        Value { term: self.graph.undefined(), sort: Sort::Either }
    }

    /// The level of a bound name, innermost first.
    fn level(&self, mut environment: usize, name: &str) -> Option<u8> {
        while environment != 0 {
            if self.environments[environment].name == name {
                return Some(self.depth(environment) as u8 - 1);
            }
            environment = self.environments[environment].outer;
        }
        None
    }

    fn depth(&self, mut environment: usize) -> usize {
        let mut depth = 0;
        while environment != 0 {
            environment = self.environments[environment].outer;
            depth += 1;
        }
        depth
    }

    fn bound_names(&self, mut environment: usize) -> Vec<String> {
        let mut names = Vec::new();
        while environment != 0 {
            names.push(self.environments[environment].name.clone());
            environment = self.environments[environment].outer;
        }
        names.reverse();
        names
    }

    fn name(&mut self, name: Name, span: Span, environment: usize) -> Value {
        let text = self.tree.name(name);
        if let Some(level) = self.level(environment, text) {
            let term = self.graph.index(Affine::binder(Binder(level)));
            return Value { term, sort: Sort::Number };
        }
        if let Some(term) = self.scope.symbol(self.graph, text) {
            return Value { term, sort: Sort::Number };
        }
        let level = self.depth(environment) as u8;
        match self.scope.value(self.graph, text, level) {
            Some(Ok(term)) => return Value { term, sort: Sort::Number },
            Some(Err(e)) => return self.fail(Diagnostic { span: Some(span), ..e }),
            None => {}
        }
        if let Some(value) = self.scope.integer(text) {
            return self.number(value.into());
        }
        match text {
            "pi" | "π" => {
                let term = self.graph.call(Op::Pi, &[]);
                return Value { term, sort: Sort::Number };
            }
            "e" => {
                let one = self.graph.number(1);
                let term = self.graph.call(Op::Exp, &[one]);
                return Value { term, sort: Sort::Number };
            }
            _ => {}
        }
        if let Some(dimensions) = self.scope.dimensions(text) {
            let plural = if dimensions == 1 { "index" } else { "indices" };
            let message = format!("`{text}` is an array and needs {dimensions} {plural}");
            return self.fail(
                Diagnostic::error(Kind::Arity, span, message).help(format!("write `{text}[…]`")),
            );
        }
        if let Some(op) = function_named(text) {
            let message = format!(
                "`{text}` is a function and needs {} in brackets",
                count(op.arity(), "argument")
            );
            return self.fail(
                Diagnostic::error(Kind::Name, span, message).help(format!("write `{text}(…)`")),
            );
        }
        if let Some(term) = self.scope.unknown(self.graph, text) {
            return Value { term, sort: Sort::Number };
        }
        self.unknown("name", text, span, environment)
    }

    fn unknown(&mut self, what: &str, text: &str, span: Span, environment: usize) -> Value {
        let mut names = self.scope.names();
        names.extend(self.bound_names(environment));
        if what == "function" {
            names.extend(functions().map(str::to_owned));
        }
        let suggestion = nearest(text, names.iter().map(String::as_str)).map(str::to_owned);
        let error = Diagnostic::error(Kind::Name, span, format!("unknown {what} `{text}`"))
            .did_you_mean(suggestion.as_deref());
        self.fail(error)
    }

    fn expect(&mut self, id: Id, sort: Sort) -> Term {
        let value = self.value(id);
        if value.sort != sort && value.sort != Sort::Either {
            self.wrong_sort(id, sort);
        }
        value.term
    }

    fn wrong_sort(&mut self, id: Id, wanted: Sort) {
        let (message, help) = match wanted {
            Sort::Truth => {
                ("a number stands where a condition is needed", "compare it, as in `x > 0`")
            }
            _ => (
                "a condition stands where a number is needed",
                "choose between numbers with `if(condition, a, b)`",
            ),
        };
        self.errors.push(Diagnostic::error(Kind::Syntax, self.tree.span(id), message).help(help));
    }

    fn operator(&mut self, id: Id) -> Value {
        let (operator, parts): (Operator, Vec<Id>) = match self.tree.item(id) {
            Item::Prefix(o, a) => (*o, vec![*a]),
            Item::Infix(o, a, b) => (*o, vec![*a, *b]),
            _ => return self.fail(not_affine(self.tree.span(id))),
        };
        let row = operator.row();
        let wanted = if row.op.row().class == Class::Logic { Sort::Truth } else { Sort::Number };
        let mut args: Vec<Term> = parts.iter().map(|&p| self.expect(p, wanted)).collect();
        if row.swapped {
            args.reverse();
        }
        let mut term = self.graph.call(row.op, &args);
        if row.negated {
            term = self.graph.call(Op::Not, &[term]);
        }
        let sort = if row.op.is_truth() { Sort::Truth } else { Sort::Number };
        Value { term, sort }
    }

    fn build_chain(&mut self, root: Id, op: Op) -> Value {
        let mut parts: Vec<(Number, Term)> = Vec::new();
        let mut stack = vec![(root, Number::ONE)];
        while let Some((id, factor)) = stack.pop() {
            let apart = id == root || self.slot(id).apart;
            match self.tree.item(id) {
                Item::Infix(o, a, b) if apart => {
                    let inverse = matches!(o.row().op, Op::Sub | Op::Div);
                    stack.push((*b, if inverse { -&factor } else { factor.clone() }));
                    stack.push((*a, factor));
                }
                Item::Prefix(_, a) if apart => stack.push((*a, -&factor)),
                _ => parts.push((factor, self.expect(id, Sort::Number))),
            }
        }
        let term = match op {
            Op::Add => self.graph.sum(Number::ZERO, parts),
            _ => self.graph.product(parts.into_iter().map(|(e, t)| (t, e))),
        };
        Value { term, sort: Sort::Number }
    }

    fn element(&mut self, name: Name, indices: &[Id], span: Span, environment: usize) -> Value {
        let array = self.tree.name(name);
        let Some(dimensions) = self.scope.dimensions(array) else {
            if self.scope.symbol(self.graph, array).is_some() {
                let message = format!("`{array}` is not indexed");
                return self.fail(Diagnostic::error(Kind::Arity, span, message));
            }
            return self.unknown("array", array, span, environment);
        };
        if dimensions != indices.len() {
            let message =
                format!("`{array}` has {}, {} given", count(dimensions, "index"), indices.len());
            return self.fail(Diagnostic::error(Kind::Arity, span, message));
        }
        let names = self.bound_names(environment);
        let bound: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut affines = Vec::with_capacity(indices.len());
        for &index in indices {
            match affine(self.tree, index, self.scope, &bound) {
                Ok(a) => affines.push(a),
                Err(e) => return self.fail(e),
            }
        }
        match self.scope.element(self.graph, array, &affines) {
            Ok(term) => Value { term, sort: Sort::Number },
            Err(e) => self.fail(Diagnostic { span: Some(e.span.unwrap_or(span)), ..e }),
        }
    }

    fn reduction(&mut self, id: Id, environment: usize) -> Value {
        let Item::Reduce(name, body, ranges) = self.tree.item(id) else {
            return self.fail(not_affine(self.tree.span(id)));
        };
        let word = self.tree.name(*name);
        let mut term = self.expect(*body, Sort::Number);
        if word != "sum" {
            let span = self.tree.span(id);
            let message = format!("`{word}` cannot be taken over an index range");
            return self.fail(
                Diagnostic::error(Kind::Name, span, message).help("`sum(… for i in 1..N)` can"),
            );
        }
        let ranges = self.tree.ranges(*ranges).to_vec();
        let outer = self.depth(environment);
        if outer + ranges.len() > self.limits.indices.min(32) {
            let span = self.tree.span(id);
            return self.fail(Limits::exceeded(
                "indices",
                self.limits.indices,
                "nested indices",
                Some(span),
            ));
        }
        for (k, range) in ranges.iter().enumerate().rev() {
            let ends = integer(self.tree, range.from, self.scope)
                .and_then(|from| Ok((from, integer(self.tree, range.to, self.scope)?)));
            match ends {
                Ok((from, to)) => {
                    let binder = Binder((outer + k) as u8);
                    term = self.graph.reduce(binder, from, to, term);
                }
                Err(e) => return self.fail(e),
            }
        }
        Value { term, sort: Sort::Number }
    }
}

fn count(n: usize, what: &str) -> String {
    match (n, what) {
        (1, _) => format!("1 {what}"),
        (n, "index") => format!("{n} indices"),
        (n, what) => format!("{n} {what}s"),
    }
}
