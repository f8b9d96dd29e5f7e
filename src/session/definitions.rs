//! Names that a person has given a meaning: values, functions and matrices.

use crate::syntax::lower::function_named;
use crate::syntax::{Id, Scope, Tree, expression, lower, lower_condition};
use crate::term::visit::substitute;
use crate::term::{Graph, Term};
use crate::text::{Diagnostic, Kind, Limits, Source};

/// What a name stands for. A definition is a formula: it follows what its own names mean when it
/// is used.
#[derive(Clone)]
pub struct Definition {
    /// The arguments of a function; none for a value.
    pub parameters: Vec<String>,
    /// The rows of a matrix; one row of one entry for a value or the body of a function.
    pub rows: Vec<Vec<Formula>>,
    matrix: bool,
}

/// An expression as written.
#[derive(Clone)]
pub struct Formula {
    /// The text.
    pub text: String,
    tree: Tree,
    root: Id,
}

impl Formula {
    /// Reads an expression; what its names mean is decided when it is used.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str, limits: &Limits) -> Result<Formula, Vec<Diagnostic>> {
        let mut tree = Tree::new();
        let root = expression::parse(&Source::new("expression", text), &mut tree, limits)?;
        Ok(Formula { text: text.trim().to_owned(), tree, root })
    }
}

impl Definition {
    /// A value.
    pub fn value(formula: Formula) -> Definition {
        Definition { parameters: Vec::new(), rows: vec![vec![formula]], matrix: false }
    }

    /// A function.
    pub fn function(parameters: Vec<String>, body: Formula) -> Definition {
        Definition { parameters, rows: vec![vec![body]], matrix: false }
    }

    /// A matrix by rows.
    pub fn matrix(rows: Vec<Vec<Formula>>) -> Definition {
        Definition { parameters: Vec::new(), rows, matrix: true }
    }

    /// Whether it is a matrix.
    pub fn is_matrix(&self) -> bool {
        self.matrix
    }

    /// The definition as it is typed.
    pub fn text(&self, name: &str) -> String {
        let row = |row: &Vec<Formula>| {
            let entries: Vec<&str> = row.iter().map(|f| f.text.as_str()).collect();
            entries.join(", ")
        };
        if self.matrix {
            let rows: Vec<String> = self.rows.iter().map(|r| format!("[{}]", row(r))).collect();
            return format!("{name} = [{}]", rows.join(", "));
        }
        let arguments = match self.parameters.as_slice() {
            [] => String::new(),
            names => format!("({})", names.join(", ")),
        };
        format!("{name}{arguments} = {}", row(&self.rows[0]))
    }
}

/// All definitions, in the order in which they were made.
#[derive(Clone, Default)]
pub struct Definitions {
    list: Vec<(String, Definition)>,
}

impl Definitions {
    /// Gives a name a meaning, in place of an earlier one.
    ///
    /// # Errors
    /// When the name is none, or is that of an operation.
    pub fn define(&mut self, name: &str, definition: Definition) -> Result<(), Diagnostic> {
        let refuse =
            |why: &str| Err(Diagnostic::without_place(Kind::Name, format!("`{name}` {why}")));
        if !expression::is_name(name) {
            return refuse("is not a name");
        }
        if function_named(name).is_some() {
            return refuse("is a function of isoterm; choose another name");
        }
        for parameter in &definition.parameters {
            if !expression::is_name(parameter) {
                let message = format!("`{parameter}` is not a name");
                return Err(Diagnostic::without_place(Kind::Name, message));
            }
        }
        match self.list.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = definition,
            None => self.list.push((name.to_owned(), definition)),
        }
        Ok(())
    }

    /// Forgets a name; whether there was one.
    pub fn forget(&mut self, name: &str) -> bool {
        let before = self.list.len();
        self.list.retain(|(n, _)| n != name);
        self.list.len() < before
    }

    /// The definition of a name.
    pub fn get(&self, name: &str) -> Option<&Definition> {
        self.list.iter().find(|(n, _)| n == name).map(|(_, d)| d)
    }

    /// The names and their definitions.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Definition)> {
        self.list.iter().map(|(n, d)| (n.as_str(), d))
    }

    /// The term of an expression; names without a definition are free real variables.
    ///
    /// # Errors
    /// What is wrong with the text, each with its place.
    pub fn term(
        &self,
        source: &Source,
        graph: &mut Graph,
        limits: &Limits,
    ) -> Result<Term, Vec<Diagnostic>> {
        let mut tree = Tree::new();
        let root = expression::parse(source, &mut tree, limits)?;
        self.part(&tree, root, graph, limits)
    }

    /// What names mean outside of any definition.
    fn names<'a>(&'a self, limits: &'a Limits) -> Names<'a> {
        Names { definitions: self, limits, arguments: Vec::new(), open: Vec::new() }
    }

    /// The term of a text, in a graph of its own that keeps what was written.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn written(
        &self,
        text: &str,
        apart: &mut Graph,
        limits: &Limits,
    ) -> Result<Term, Vec<Diagnostic>> {
        self.term(&Source::new("expression", text), apart, limits)
    }

    /// The term of a condition, such as `x > 0 and y < x`.
    ///
    /// # Errors
    /// As [`Definitions::term`]; a number is no condition.
    pub fn condition(
        &self,
        source: &Source,
        graph: &mut Graph,
        limits: &Limits,
    ) -> Result<Term, Vec<Diagnostic>> {
        let mut tree = Tree::new();
        let root = expression::parse(source, &mut tree, limits)?;
        lower_condition(&tree, root, graph, &mut self.names(limits), &[], limits)
    }

    /// The term of a formula.
    ///
    /// # Errors
    /// As [`Definitions::term`].
    pub fn formula(
        &self,
        formula: &Formula,
        graph: &mut Graph,
        limits: &Limits,
    ) -> Result<Term, Vec<Diagnostic>> {
        self.part(&formula.tree, formula.root, graph, limits)
    }

    /// The term of a part of an expression.
    ///
    /// # Errors
    /// As [`Definitions::term`].
    pub fn part(
        &self,
        tree: &Tree,
        root: Id,
        graph: &mut Graph,
        limits: &Limits,
    ) -> Result<Term, Vec<Diagnostic>> {
        lower(tree, root, graph, &mut self.names(limits), &[], limits)
    }
}

/// Deepest chain of definitions that use one another.
const CHAIN: usize = 100;

/// The names of an expression, or of the body of a definition that is being used.
struct Names<'a> {
    definitions: &'a Definitions,
    limits: &'a Limits,
    /// The arguments of the function whose body is read, and what stands for them meanwhile.
    arguments: Vec<(String, Term)>,
    /// The definitions that are being used, outermost first.
    open: Vec<String>,
}

impl Names<'_> {
    fn body(
        &mut self,
        graph: &mut Graph,
        name: &str,
        args: &[Term],
        level: u8,
    ) -> Result<Term, Diagnostic> {
        let Some(definition) = self.definitions.get(name) else { return Ok(graph.undefined()) };
        let wrong = |message: String| Err(Diagnostic::without_place(Kind::Name, message));
        if definition.matrix {
            return wrong(format!("`{name}` is a matrix; an expression needs a number"));
        }
        if self.open.iter().any(|n| n == name) {
            return wrong(format!("`{name}` is defined by itself"));
        }
        if self.open.len() >= CHAIN {
            return wrong(format!("`{name}` needs more than {CHAIN} definitions in a row"));
        }
        let held: Vec<Term> =
            definition.parameters.iter().map(|p| graph.symbol(&format!("{name}.{p}"))).collect();
        let mut inner = Names {
            arguments: definition.parameters.iter().cloned().zip(held.iter().copied()).collect(),
            open: self.open.iter().cloned().chain([name.to_owned()]).collect(),
            ..*self
        };
        let formula = &definition.rows[0][0];
        let letters = vec![""; usize::from(level)];
        let body = lower(&formula.tree, formula.root, graph, &mut inner, &letters, self.limits);
        let map: Vec<(Term, Term)> = held.into_iter().zip(args.iter().copied()).collect();
        match body {
            Ok(body) => Ok(substitute(graph, body, &map)),
            Err(errors) => {
                let first = errors.into_iter().next();
                let message = first.map_or_else(String::new, |e| e.message);
                wrong(format!("in the definition of `{name}`: {message}"))
            }
        }
    }
}

impl Scope for Names<'_> {
    fn symbol(&mut self, _: &mut Graph, name: &str) -> Option<Term> {
        self.arguments.iter().find(|(n, _)| n == name).map(|(_, t)| *t)
    }

    fn value(
        &mut self,
        graph: &mut Graph,
        name: &str,
        level: u8,
    ) -> Option<Result<Term, Diagnostic>> {
        let definition = self.definitions.get(name)?;
        definition.parameters.is_empty().then(|| self.body(graph, name, &[], level))
    }

    fn arity(&self, function: &str) -> Option<usize> {
        let definition = self.definitions.get(function)?;
        (!definition.parameters.is_empty()).then_some(definition.parameters.len())
    }

    fn call(
        &mut self,
        graph: &mut Graph,
        name: &str,
        args: &[Term],
        level: u8,
    ) -> Result<Term, Diagnostic> {
        self.body(graph, name, args, level)
    }

    fn unknown(&mut self, graph: &mut Graph, name: &str) -> Option<Term> {
        Some(graph.symbol(name))
    }

    fn names(&self) -> Vec<String> {
        self.definitions.iter().map(|(n, _)| n.to_owned()).collect()
    }
}
