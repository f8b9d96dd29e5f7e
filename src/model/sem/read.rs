//! From the statements of a block to a structural equation model, with everything that is wrong.

use rustc_hash::{FxHashMap, FxHashSet};

use super::types::{
    Arrow, Coefficient, Comparison, Constraint, Kind, Quantity, StructuralModel, Value, Variable,
};
use crate::syntax::block::{Block, Content, Word};
use crate::syntax::sem::{self, Formula, Modifier, Operator, Relation, Role, Statement};
use crate::syntax::{Id, Item, Scope, Tree, lower};
use crate::term::{Graph, Number, Term};
use crate::text::{Diagnostic, Kind as Error, Limits, Source, Span, nearest};

/// Reads a block of formulas; nothing is added to what they say.
///
/// # Errors
/// Everything that is wrong with the block, each with its place.
pub fn read(
    source: &Source,
    tree: &Tree,
    block: &Block,
    limits: &Limits,
) -> Result<StructuralModel, Vec<Diagnostic>> {
    let mut reading = Reading {
        source,
        model: StructuralModel {
            name: block.name.text.clone(),
            variables: Vec::new(),
            arrows: Vec::new(),
            quantities: Vec::new(),
            constraints: Vec::new(),
            terms: Graph::new(),
            groups: 1,
            whole: false,
        },
        positions: FxHashMap::default(),
        places: FxHashMap::default(),
        groups: None,
        group: None,
        equal: Vec::new(),
        errors: Vec::new(),
    };
    let statements = || {
        block.statements.iter().filter_map(|s| match &s.content {
            Content::Structural(statement) => Some((statement, s.span)),
            _ => None,
        })
    };
    let formulas = || {
        statements().filter_map(|(s, _)| match s {
            Statement::Formula(formula) => Some(formula),
            _ => None,
        })
    };
    for formula in formulas() {
        reading.variables(formula, limits);
    }
    for formula in formulas().filter(|f| f.operator == Operator::Measured) {
        for word in &formula.left {
            let position = reading.positions[&word.text];
            reading.model.variables[position].latent = true;
        }
    }
    reading.formulas(&mut statements());
    reading.equalities();
    reading.sound();
    reading.relations(tree, &mut statements(), limits);
    let mut errors = reading.errors;
    if reading.model.variables.is_empty() && errors.is_empty() {
        let error = Diagnostic::error(Error::Syntax, block.span, "the model has no formula");
        errors.push(error.help("a formula reads `y ~ x`, `x ~~ y` or `f =~ x1 + x2`"));
    }
    errors.sort_by_key(|e| e.span.map_or(0, |s| s.start));
    errors.truncate(limits.errors);
    match errors.is_empty() {
        true => Ok(reading.model),
        false => Err(errors),
    }
}

struct Reading<'a> {
    source: &'a Source,
    model: StructuralModel,
    positions: FxHashMap<String, usize>,
    /// Arrows by kind and ends, those of covariances in order.
    places: FxHashMap<(Kind, usize, usize), usize>,
    /// How many groups a modifier distinguishes, and where the first of them stands.
    groups: Option<(usize, Span)>,
    /// The group whose formulas are read, when groups have their own.
    group: Option<usize>,
    /// Coefficients that take the label of another one: arrow, group, what they name, where.
    equal: Vec<(usize, usize, String, Span)>,
    errors: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn error(&mut self, kind: Error, span: Span, message: String) -> &mut Diagnostic {
        self.errors.push(Diagnostic::error(kind, span, message));
        self.errors.last_mut().expect("the error that was added")
    }

    fn place(&self, span: Span) -> String {
        let at = self.source.position(span.start);
        format!("{}:{}", at.line, at.column)
    }

    /// Notes the variables of a formula.
    fn variables(&mut self, formula: &Formula, limits: &Limits) {
        let right = formula.terms.iter().filter_map(|t| t.variable.as_ref());
        for word in formula.left.iter().chain(right) {
            let next = self.model.variables.len();
            if next >= limits.variables && !self.positions.contains_key(&word.text) {
                if self.errors.is_empty() {
                    let what = "variables in a structural equation model";
                    let span = Some(word.span);
                    self.errors.push(Limits::exceeded("variables", limits.variables, what, span));
                }
                self.positions.insert(word.text.clone(), 0);
                continue;
            }
            self.positions.entry(word.text.clone()).or_insert_with(|| {
                let (name, span) = (word.text.clone(), word.span);
                self.model.variables.push(Variable { name, latent: false, span });
                next
            });
        }
    }

    /// Reads formulas, of all groups or of one after the other.
    fn formulas(&mut self, statements: &mut dyn Iterator<Item = (&Statement, Span)>) {
        let statements: Vec<(&Statement, Span)> = statements.collect();
        let headings = statements.iter().filter(|(s, _)| matches!(s, Statement::Group(_)));
        let blocks = headings.count();
        self.model.groups = blocks.max(1);
        let mut named: Vec<FxHashSet<usize>> = Vec::new();
        for &(statement, span) in &statements {
            match statement {
                Statement::Group(number) if *number == named.len() + 1 => {
                    self.group = Some(named.len());
                    named.push(FxHashSet::default());
                }
                Statement::Group(_) => {
                    let message = format!("here stand the formulas of group {}", named.len() + 1);
                    self.error(Error::Name, span, message).help =
                        Some("groups stand in their order, each once".to_owned());
                    return;
                }
                Statement::Formula(formula) => {
                    if blocks > 0 && named.is_empty() {
                        let message = "this formula stands above the first group".to_owned();
                        self.error(Error::Syntax, span, message);
                        return;
                    }
                    self.formula(formula);
                    let right = formula.terms.iter().filter_map(|t| t.variable.as_ref());
                    let words = formula.left.iter().chain(right);
                    if let Some(seen) = named.last_mut() {
                        seen.extend(words.map(|word| self.positions[&word.text]));
                    }
                }
                Statement::Definition { .. } | Statement::Constraint { .. } => {}
            }
        }
        for (k, seen) in named.iter().enumerate() {
            let absent = (0..self.model.variables.len()).find(|v| !seen.contains(v));
            if let Some(v) = absent {
                let Variable { name, span, .. } = self.model.variables[v].clone();
                let message = format!("the formulas of group {} do not name `{name}`", k + 1);
                self.error(Error::Name, span, message).help =
                    Some("groups have the same variables; an effect may be `0*x`".to_owned());
            }
        }
    }

    fn formula(&mut self, formula: &Formula) {
        for left in &formula.left {
            for term in &formula.terms {
                let a = self.positions[&left.text];
                let (kind, from, to) = match (&term.variable, formula.operator) {
                    (None, _) => (Kind::Intercept, a, a),
                    (Some(v), Operator::Measured) => (Kind::Loading, a, self.positions[&v.text]),
                    (Some(v), Operator::Regressed) => {
                        (Kind::Regression, self.positions[&v.text], a)
                    }
                    (Some(v), Operator::Covaries) => (Kind::Covariance, a, self.positions[&v.text]),
                };
                if from == to && matches!(kind, Kind::Loading | Kind::Regression) {
                    let message = match kind {
                        Kind::Loading => format!("`{}` cannot measure itself", left.text),
                        _ => format!("`{}` cannot be regressed on itself", left.text),
                    };
                    self.error(Error::Domain, term.span, message).help =
                        Some(format!("its variance is `{0} ~~ {0}`", left.text));
                    continue;
                }
                let arrow = self.arrow(kind, from, to, term.span, term.modifiers.is_empty());
                for modifier in &term.modifiers {
                    self.modify(arrow, modifier);
                }
            }
        }
    }

    /// The arrow of a kind between two variables; naming it twice is a mistake unless something
    /// is said of its coefficient.
    fn arrow(&mut self, kind: Kind, from: usize, to: usize, span: Span, bare: bool) -> usize {
        let key = match kind {
            Kind::Covariance => (kind, from.min(to), from.max(to)),
            _ => (kind, from, to),
        };
        if let Some(&known) = self.places.get(&key) {
            let first = &mut self.model.arrows[known];
            if let Some(coefficient) = self.group.map(|g| &mut first.coefficients[g])
                && coefficient.value == Value::Absent
            {
                coefficient.value = Value::Unsaid;
                return known;
            }
            let first = &self.model.arrows[known];
            if bare {
                let message = format!("`{}` is written twice", self.model.formula(first));
                let note = format!("the first time at {}", self.place(first.span));
                self.error(Error::Name, span, message).notes.push(note);
            }
            return known;
        }
        let mut coefficients = vec![Coefficient::default()];
        if let Some(group) = self.group {
            let absent = Coefficient { value: Value::Absent, ..Coefficient::default() };
            coefficients = vec![absent; self.model.groups];
            coefficients[group] = Coefficient::default();
        }
        let arrow = Arrow { kind, from, to, coefficients, added: None, span };
        self.model.arrows.push(arrow);
        self.places.insert(key, self.model.arrows.len() - 1);
        self.model.arrows.len() - 1
    }

    /// Says something of the coefficient of an arrow.
    fn modify(&mut self, arrow: usize, modifier: &Modifier) {
        let count = modifier.values.len();
        if count > 1 && self.group.is_some() {
            let message = format!("{count} values, in the formulas of one group");
            self.error(Error::Arity, modifier.span, message);
            return;
        }
        if count > 1 {
            match self.groups {
                None => {
                    self.groups = Some((count, modifier.span));
                    self.model.groups = count;
                }
                Some((groups, place)) if groups != count => {
                    let message =
                        format!("values for {count} groups, where there are {groups} elsewhere");
                    let note = format!("{groups} values stand at {}", self.place(place));
                    self.error(Error::Arity, modifier.span, message).notes.push(note);
                    return;
                }
                Some(_) => {}
            }
            let coefficients = &mut self.model.arrows[arrow].coefficients;
            if coefficients.len() == 1 {
                *coefficients = vec![coefficients[0].clone(); count];
            }
        }
        let all = 0..self.model.arrows[arrow].coefficients.len();
        for group in self.group.map_or(all, |g| g..g + 1) {
            let value = &modifier.values[group.min(count - 1)];
            if let sem::Value::Label(name) = value
                && modifier.role == Role::Equal
            {
                self.equal.push((arrow, group, name.clone(), modifier.span));
                continue;
            }
            let coefficient = &mut self.model.arrows[arrow].coefficients[group];
            if !set(coefficient, modifier.role, value) {
                let message = "the coefficient has another value already".to_owned();
                self.error(Error::Name, modifier.span, message);
                return;
            }
        }
    }

    /// Resolves `equal("f=~x1")` and `equal("a")`.
    fn equalities(&mut self) {
        for (arrow, group, name, span) in std::mem::take(&mut self.equal) {
            let wanted: String = name.chars().filter(|c| !c.is_whitespace()).collect();
            let plain = |text: String| text.replace(' ', "");
            let labelled = self.labels().any(|(label, _)| label == name);
            let named = (0..self.model.arrows.len())
                .find(|&k| plain(self.model.formula(&self.model.arrows[k])) == wanted);
            let label = match named {
                _ if labelled => name,
                Some(other) => {
                    let arrow = &mut self.model.arrows[other];
                    let at = group.min(arrow.coefficients.len() - 1);
                    arrow.coefficients[at].label.get_or_insert(wanted).clone()
                }
                None => {
                    let known: Vec<String> =
                        self.model.arrows.iter().map(|a| plain(self.model.formula(a))).collect();
                    let labels = self.labels().map(|(label, _)| label.to_owned());
                    let all: Vec<String> = known.into_iter().chain(labels).collect();
                    let meant = nearest(&wanted, all.iter().map(String::as_str)).map(str::to_owned);
                    let message = format!("no coefficient `{name}`");
                    let help = meant.map(|m| format!("did you mean `{m}`?"));
                    self.error(Error::Name, span, message).help = help;
                    continue;
                }
            };
            self.model.arrows[arrow].coefficients[group].label = Some(label);
        }
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &Coefficient)> {
        let all = self.model.arrows.iter().flat_map(|a| &a.coefficients);
        all.filter_map(|c| Some((c.label.as_deref()?, c)))
    }

    /// What no formula alone shows: two arrows in one direction, bounds that exclude each other.
    fn sound(&mut self) {
        let mut wrong = Vec::new();
        for arrow in &self.model.arrows {
            let twin = (Kind::Loading, arrow.from, arrow.to);
            if arrow.kind == Kind::Regression
                && let Some(&other) = self.places.get(&twin)
            {
                let (a, b) =
                    (self.model.formula(arrow), self.model.formula(&self.model.arrows[other]));
                wrong.push(
                    Diagnostic::error(
                        Error::Name,
                        arrow.span,
                        format!("`{a}` and `{b}` are one arrow, written twice"),
                    )
                    .note(format!(
                        "the first time at {}",
                        self.place(self.model.arrows[other].span)
                    )),
                );
            }
            for coefficient in &arrow.coefficients {
                if let (Some(low), Some(high)) = (&coefficient.lower, &coefficient.upper)
                    && low > high
                {
                    let message = format!("the lower bound {low} is above the upper bound {high}");
                    wrong.push(Diagnostic::error(Error::Domain, arrow.span, message));
                }
            }
        }
        // A label stands for one value.
        let mut fixed: FxHashMap<&str, &Number> = FxHashMap::default();
        for arrow in &self.model.arrows {
            for coefficient in &arrow.coefficients {
                if let (Some(label), Value::Fixed(value)) = (&coefficient.label, &coefficient.value)
                {
                    let known = *fixed.entry(label).or_insert(value);
                    if known != value {
                        let message = format!("`{label}` has two values, {known} and {value}");
                        wrong.push(Diagnostic::error(Error::Name, arrow.span, message));
                    }
                }
            }
        }
        self.errors.extend(wrong);
    }

    /// Quantities and constraints, which may name any label and the quantities before them.
    fn relations(
        &mut self,
        tree: &Tree,
        statements: &mut dyn Iterator<Item = (&Statement, Span)>,
        limits: &Limits,
    ) {
        let mut names: Vec<(String, Option<Term>)> = Vec::new();
        for (label, _) in self.labels() {
            if !names.iter().any(|(known, _)| known == label) {
                names.push((label.to_owned(), None));
            }
        }
        let mut scope = Labels { names, later: Vec::new() };
        let statements: Vec<(&Statement, Span)> = statements.collect();
        let defined = statements.iter().filter_map(|(s, _)| match s {
            Statement::Definition { name, .. } => Some(name),
            _ => None,
        });
        scope.later = defined.map(|name| name.text.clone()).collect();
        for (statement, span) in statements {
            let text = self.source.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
            match statement {
                Statement::Formula(_) | Statement::Group(_) => {}
                Statement::Definition { name, value } => {
                    let text = text.split_once(":=").map_or("", |(_, right)| right.trim());
                    self.quantity(tree, (name, text), *value, &mut scope, limits);
                }
                Statement::Constraint { left, relation, right } => {
                    let same = bare(tree, *left).zip(bare(tree, *right));
                    let same = same.filter(|_| *relation == Relation::Equal);
                    let mut side =
                        |id: Id| lower(tree, id, &mut self.model.terms, &mut scope, &[], limits);
                    let (left, right) = match (side(*left), side(*right)) {
                        (Ok(left), Ok(right)) => (left, right),
                        (a, b) => {
                            self.errors.extend([a.err(), b.err()].into_iter().flatten().flatten());
                            continue;
                        }
                    };
                    let (more, less) = match relation {
                        Relation::AtMost => (right, left),
                        Relation::Equal | Relation::AtLeast => (left, right),
                    };
                    let margin = self.model.terms.sub(more, less);
                    if self.model.terms.as_number(margin).is_some() {
                        let message = "this constraint says nothing about the labels".to_owned();
                        self.error(Error::Domain, span, message);
                        continue;
                    }
                    let comparison = match relation {
                        Relation::Equal => Comparison::Zero,
                        Relation::AtMost | Relation::AtLeast => Comparison::NotNegative,
                    };
                    self.model.constraints.push(Constraint { margin, comparison, same, text });
                }
            }
        }
    }

    fn quantity(
        &mut self,
        tree: &Tree,
        (name, text): (&Word, &str),
        value: Id,
        scope: &mut Labels,
        limits: &Limits,
    ) {
        scope.later.retain(|later| *later != name.text);
        if scope.names.iter().any(|(known, _)| *known == name.text) {
            let message = format!("`{}` is a label or a quantity already", name.text);
            self.error(Error::Name, name.span, message);
            return;
        }
        match lower(tree, value, &mut self.model.terms, scope, &[], limits) {
            Ok(value) => {
                scope.names.push((name.text.clone(), Some(value)));
                let (name, text) = (name.text.clone(), text.to_owned());
                self.model.quantities.push(Quantity { name, value, text });
            }
            Err(errors) => self.errors.extend(errors),
        }
    }
}

/// Says one thing of a coefficient; whether nothing else was said before.
fn set(coefficient: &mut Coefficient, role: Role, value: &sem::Value) -> bool {
    fn put<T: PartialEq>(place: &mut Option<T>, value: T) -> bool {
        let fits = place.as_ref().is_none_or(|known| *known == value);
        *place = Some(value);
        fits
    }
    match (role, value) {
        (Role::Coefficient, sem::Value::Free) => {
            let fits = matches!(coefficient.value, Value::Unsaid | Value::Free);
            coefficient.value = Value::Free;
            fits
        }
        (Role::Coefficient, sem::Value::Number(n)) => {
            let value = Value::Fixed(n.clone());
            let fits = coefficient.value == Value::Unsaid || coefficient.value == value;
            coefficient.value = value;
            fits
        }
        (_, sem::Value::Label(name)) => put(&mut coefficient.label, name.clone()),
        (Role::Start, sem::Value::Number(n)) => put(&mut coefficient.start, n.clone()),
        (Role::Lower, sem::Value::Number(n)) => put(&mut coefficient.lower, n.clone()),
        (Role::Upper, sem::Value::Number(n)) => put(&mut coefficient.upper, n.clone()),
        _ => true,
    }
}

/// The name that an expression is, when it is nothing else.
fn bare(tree: &Tree, id: Id) -> Option<String> {
    match tree.item(id) {
        Item::Name(name) => Some(tree.name(*name).to_owned()),
        _ => None,
    }
}

/// What names mean in quantities and constraints.
struct Labels {
    /// Labels, and quantities with their terms.
    names: Vec<(String, Option<Term>)>,
    /// Quantities that are defined further below.
    later: Vec<String>,
}

impl Scope for Labels {
    fn symbol(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
        let (_, value) = self.names.iter().find(|(known, _)| known == name)?;
        Some(value.unwrap_or_else(|| graph.symbol(name)))
    }

    fn value(&mut self, _: &mut Graph, name: &str, _: u8) -> Option<Result<Term, Diagnostic>> {
        let later = self.later.iter().any(|later| later == name);
        later.then(|| {
            let message = format!("`{name}` is defined further below");
            Err(Diagnostic::without_place(Error::Name, message)
                .help("a quantity may name those above it"))
        })
    }

    fn names(&self) -> Vec<String> {
        self.names.iter().map(|(name, _)| name.clone()).collect()
    }
}
