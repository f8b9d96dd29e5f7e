//! A session: what a person has defined, assumed, loaded and found so far.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::command::{Answer, Call, Command, Host, Shown, Stop};
use super::commands::COMMANDS;
use super::definitions::{Definition, Formula};
use super::line::{self, Line};
use super::matrix;
use super::request::{Workspace, too_long};
use crate::model::System;
use crate::model::network::eliminate::{Refusal, eliminate};
use crate::model::sem::StructuralModel;
use crate::rewrite::Ruleset;
use crate::study::{Compiled, Solution};
use crate::syntax::print::{Latex, Notation, Plain, Unicode, try_print};
use crate::term::{Node, Term};
use crate::text::{Diagnostic, Kind, Limits, Source, nearest};

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// In the language that is read.
    Plain,
    /// As mathematics in characters.
    Unicode,
    /// In LaTeX.
    Latex,
}

/// The styles by name.
pub const STYLES: &[(&str, Style)] =
    &[("unicode", Style::Unicode), ("plain", Style::Plain), ("latex", Style::Latex)];

impl Style {
    fn notation(self) -> &'static dyn Notation {
        match self {
            Style::Plain => &Plain,
            Style::Unicode => &Unicode,
            Style::Latex => &Latex,
        }
    }
}

/// A model that was loaded or typed.
pub struct Model {
    /// The text it came from.
    pub text: String,
    /// What it says.
    pub system: System,
    /// What it says in full, while `system` is what is left of it without dependent species.
    whole: Option<System>,
    /// Its kernels, once it has run.
    pub compiled: Option<Compiled>,
    /// Values that replace those of the model.
    pub set: Vec<(String, f64)>,
    /// What the runs below are solutions of: the model, or the model with its sensitivities.
    pub drawn: Option<System>,
    /// The last run, or those of a scan, and those kept with them.
    pub runs: Vec<Run>,
}

impl Model {
    /// A model that has not run.
    pub fn new(system: System, text: String) -> Model {
        let (set, runs) = (Vec::new(), Vec::new());
        Model { text, system, whole: None, compiled: None, set, drawn: None, runs }
    }

    /// Takes species that conservation laws give out of the equations, or puts them back.
    ///
    /// # Errors
    /// When the model has no conservation laws that are known.
    pub fn eliminate(&mut self, wanted: bool) -> Result<(), Stop> {
        if wanted == self.whole.is_some() {
            return Ok(());
        }
        self.compiled = None;
        if let Some(whole) = self.whole.take() {
            self.system = whole;
            return Ok(());
        }
        let smaller = eliminate(&self.system).map_err(|refusal| {
            let name = &self.system.name;
            let error = |kind, text: String| Diagnostic::without_place(kind, text);
            match refusal {
                Refusal::NoNetwork => {
                    error(Kind::Domain, format!("`{name}` is no reaction network"))
                        .help("--eliminate needs a block `network` or a `.net` file")
                }
                Refusal::TooLarge => error(
                    Kind::Resource,
                    format!("the conservation laws of `{name}` are too many to look at"),
                ),
            }
        })?;
        self.whole = Some(std::mem::replace(&mut self.system, smaller));
        Ok(())
    }
}

/// A structural equation model that was loaded or typed.
pub struct Structure {
    /// The text it came from, as a block.
    pub text: String,
    /// The text as it was read, which spans of the model are about.
    pub source: Source,
    /// What it says.
    pub model: StructuralModel,
}

/// A run of a model.
pub struct Run {
    /// What tells it apart from the model as written; may be empty.
    pub label: String,
    /// What it gave.
    pub solution: Solution,
}

impl Run {
    /// What the run is called in pictures.
    pub fn name(&self) -> String {
        if self.label.is_empty() { "as written".to_owned() } else { self.label.clone() }
    }
}

/// The state of a conversation.
pub struct Session {
    /// Limits on what is read and made.
    pub limits: Limits,
    /// Definitions, assumptions and terms.
    pub workspace: Workspace,
    /// How results are written.
    pub style: Style,
    /// Models, the current one last.
    pub models: Vec<Model>,
    /// Structural equation models, the current one last.
    pub structures: Vec<Structure>,
    /// Whether the session is one command of a shell: runs then write their solutions to files
    /// without being asked.
    pub shell: bool,
    /// Whether the person wants to leave.
    pub ended: bool,
    /// How many results were numbered.
    results: usize,
    stop: fn() -> bool,
    rules: Arc<Ruleset>,
}

impl Session {
    /// An empty session; long work ends once `stop` says so.
    pub fn new(limits: &Limits, stop: fn() -> bool) -> Session {
        Session {
            limits: limits.clone(),
            workspace: Workspace::new(limits).until(stop),
            style: Style::Unicode,
            models: Vec::new(),
            structures: Vec::new(),
            shell: false,
            ended: false,
            results: 0,
            stop,
            rules: Ruleset::shared(),
        }
    }

    /// The same session with other rules than those that isoterm ships.
    pub fn with_rules(self, rules: Arc<Ruleset>) -> Session {
        let workspace = self.workspace.with_rules(rules.clone());
        Session { workspace, rules, ..self }
    }

    /// Forgets everything but the style.
    pub fn clear(&mut self) {
        let new = Session::new(&self.limits, self.stop).with_rules(self.rules.clone());
        *self = Session { style: self.style, ..new };
    }

    /// The current model.
    ///
    /// # Errors
    /// When there is none.
    pub fn model(&mut self) -> Result<&mut Model, Stop> {
        self.models.last_mut().ok_or_else(|| {
            let error = Diagnostic::without_place(Kind::Config, "there is no model");
            error.help("name a model file, `load` one, or type one from `ode` to `end`").into()
        })
    }

    /// Makes a loaded model the current one.
    ///
    /// # Errors
    /// When no model has this name.
    pub fn choose(&mut self, name: &str) -> Result<(), Stop> {
        match self.models.iter().position(|m| m.system.name == name) {
            Some(place) => {
                let model = self.models.remove(place);
                self.models.push(model);
                Ok(())
            }
            None if self.structures.iter().any(|s| s.model.name == name) => {
                let place = self.structures.iter().position(|s| s.model.name == name);
                let structure = self.structures.remove(place.unwrap_or(0));
                self.structures.push(structure);
                Ok(())
            }
            None => {
                let known = self.models.iter().map(|m| m.system.name.as_str());
                let structures = self.structures.iter().map(|s| s.model.name.as_str());
                let known = known.chain(structures);
                let error = Diagnostic::without_place(Kind::Name, format!("no model `{name}`"));
                Err(error.did_you_mean(nearest(name, known)).into())
            }
        }
    }

    /// Runs a command with its words.
    ///
    /// # Errors
    /// What the command says.
    pub fn command(
        &mut self,
        command: &'static Command,
        arguments: Vec<String>,
        options: Vec<(&'static str, String)>,
        host: &dyn Host,
    ) -> Result<Answer, Stop> {
        line::check_count(command, arguments.len())?;
        for (name, value) in &options {
            let flag = command.options.iter().find(|f| f.long == *name);
            if let Some(flag) = flag
                && !flag.choices.is_empty()
                && !flag.choices.contains(&value.as_str())
            {
                let message = format!("--{name} has no choice `{value}`");
                return Err(Diagnostic::without_place(Kind::Config, message)
                    .did_you_mean(nearest(value, flag.choices.iter().copied()))
                    .note(format!("choices are {}", flag.choices.join(", ")))
                    .into());
            }
        }
        let rules = self.rules.clone();
        (command.run)(self, &Call { command, arguments, options, rules, host })
    }

    /// Does what a line says and gives what to print.
    ///
    /// # Errors
    /// What is wrong with the line, or what its command says.
    pub fn line(&mut self, text: &str, host: &dyn Host) -> Result<String, Stop> {
        let answer = match line::read(text)? {
            Line::Blank => return Ok(String::new()),
            Line::Command { name, arguments, options } => {
                let command = command(name)?;
                self.command(command, arguments, options, host)?
            }
            Line::Definition { name, parameters, body } => self.define(name, parameters, &body)?,
            Line::Model => self.define_model(text)?,
            Line::Expression => {
                let command = command("simplify")?;
                self.command(command, vec![text.trim().to_owned()], Vec::new(), host)
                    .map_err(|e| self.misspelt(text, e))?
            }
        };
        self.show(answer)
    }

    /// An error about an expression that may have been meant as a command.
    fn misspelt(&self, text: &str, stop: Stop) -> Stop {
        let word = text.split_whitespace().next().unwrap_or("");
        let meant = nearest(word, COMMANDS.iter().map(|c| c.name));
        match (meant, text.trim().len() > word.len()) {
            (Some(name), true) => {
                let mut stop = stop;
                for error in stop.refused.iter_mut().flat_map(|r| &mut r.diagnostics) {
                    error.help.get_or_insert_with(|| format!("did you mean the command `{name}`?"));
                }
                stop
            }
            _ => stop,
        }
    }

    /// Gives a name a meaning.
    fn define(
        &mut self,
        name: String,
        parameters: Vec<String>,
        body: &str,
    ) -> Result<Answer, Stop> {
        let refused = |e: Vec<Diagnostic>| Stop::about("definition", body, e);
        let definition = if matrix::is_matrix(body) && parameters.is_empty() {
            Definition::matrix(matrix::formulas(body, &self.limits).map_err(refused)?)
        } else if parameters.is_empty()
            && let Some(rows) = self.workspace.matrix(body).map_err(refused)?
        {
            // What is computed of matrices is computed at once.
            Definition::matrix(self.formulas(&rows)?)
        } else {
            let formula = Formula::parse(body, &self.limits).map_err(refused)?;
            match parameters.is_empty() {
                true => Definition::value(formula),
                false => Definition::function(parameters, formula),
            }
        };
        // A definition that cannot be used is refused now and not at its first use.
        let mut tried = self.workspace.definitions.clone();
        tried.define(&name, definition.clone())?;
        let mut graph = crate::term::Graph::new();
        let whole = definition.rows.iter().flatten();
        if definition.parameters.is_empty() {
            for formula in whole {
                tried.formula(formula, &mut graph, &self.limits).map_err(refused)?;
            }
            if !definition.is_matrix() {
                let used = Source::new("definition", name.as_str());
                tried.term(&used, &mut graph, &self.limits).map_err(refused)?;
            }
        } else {
            let mut inner = tried.clone();
            // The arguments stand for themselves.
            for parameter in &definition.parameters {
                inner.forget(parameter);
            }
            for formula in whole {
                inner.formula(formula, &mut graph, &self.limits).map_err(refused)?;
            }
        }
        let text = definition.text(&name);
        self.workspace.definitions = tried;
        Ok(Answer::text(text))
    }

    /// Takes in a model that was typed.
    fn define_model(&mut self, text: &str) -> Result<Answer, Stop> {
        let source = Source::new("model", text);
        let found = super::contents(source.clone(), "".as_ref(), &self.limits)?;
        let systems = self.take_in(found.systems, text);
        let structures = self.take_structures(found.structures, &source);
        Ok(Answer::text([systems, structures].join("\n").trim()))
    }

    /// Makes structural equation models known, the last one current, and says which.
    pub fn take_structures(&mut self, models: Vec<StructuralModel>, source: &Source) -> String {
        let mut said = Vec::new();
        let text = source.text();
        for model in models {
            self.structures.retain(|s| s.model.name != model.name);
            said.push(super::describe_structure(&model));
            let text = match super::load::begins_block(text) {
                true => text.to_owned(),
                false => format!("sem {}\n{text}\nend", model.name),
            };
            self.structures.push(Structure { text, source: source.clone(), model });
        }
        said.join("\n")
    }

    /// Makes models known, the last one current, and says which.
    pub fn take_in(&mut self, systems: Vec<System>, text: &str) -> String {
        let mut said = Vec::new();
        for system in systems {
            self.models.retain(|m| m.system.name != system.name);
            said.push(super::describe(&system));
            self.models.push(Model::new(system, text.to_owned()));
        }
        said.join("\n")
    }

    /// The text of an answer; expressions become numbered results.
    fn show(&mut self, answer: Answer) -> Result<String, Stop> {
        let terms = match answer.shown {
            Shown::Text(text) => return Ok(text),
            Shown::Matrix(rows) => {
                let name = self.number(Some(&rows), None)?;
                return Ok(format!("{name} = {}", self.matrix(&rows)?));
            }
            Shown::Terms(terms) => terms,
        };
        let mut lines = Vec::new();
        for term in terms {
            let name = self.number(None, Some(term))?;
            let written = self.written(term)?;
            let about = match approximation(&self.workspace, term) {
                Some(value) => format!("  ≈ {value}"),
                None => self.meant(term).unwrap_or_default(),
            };
            lines.push(format!("{name} = {written}{about}"));
        }
        Ok(lines.join("\n"))
    }

    /// A remark about a free name that looks like a command.
    fn meant(&self, term: Term) -> Option<String> {
        let graph = &self.workspace.graph;
        let Node::Symbol(symbol) = graph.node(term) else { return None };
        let name = graph.name(*symbol);
        let command = nearest(name, COMMANDS.iter().map(|c| c.name)).filter(|_| name.len() > 3)?;
        Some(format!("  (a free name; did you mean the command `{command}`?)"))
    }

    /// A term in the session's style.
    ///
    /// # Errors
    /// When it is too long.
    pub fn written(&self, term: Term) -> Result<String, Stop> {
        let graph = &self.workspace.graph;
        try_print(self.style.notation(), graph, term, &self.limits)
            .map_err(|e| Stop::from(too_long(e)))
    }

    /// A matrix in the session's style.
    fn matrix(&self, rows: &[Vec<Term>]) -> Result<String, Stop> {
        let mut cells = Vec::new();
        for row in rows {
            cells.push(row.iter().map(|&t| self.written(t)).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(match self.style {
            Style::Latex => matrix::latex(&cells),
            Style::Plain => matrix::plain(&cells),
            Style::Unicode => format!("\n{}", matrix::boxed(&cells)),
        })
    }

    fn formula(&self, term: Term) -> Result<Formula, Stop> {
        let text = self.workspace.print(term)?;
        Ok(Formula::parse(&text, &self.limits)?)
    }

    fn formulas(&self, rows: &[Vec<Term>]) -> Result<Vec<Vec<Formula>>, Stop> {
        rows.iter().map(|r| r.iter().map(|&t| self.formula(t)).collect()).collect()
    }

    /// Defines the next result and `ans`; the name of the result.
    fn number(&mut self, rows: Option<&[Vec<Term>]>, term: Option<Term>) -> Result<String, Stop> {
        let definition = match (rows, term) {
            (Some(rows), _) => Definition::matrix(self.formulas(rows)?),
            (None, Some(term)) => Definition::value(self.formula(term)?),
            (None, None) => return Ok(String::new()),
        };
        self.results += 1;
        let name = format!("ans{}", self.results);
        self.workspace.definitions.define(&name, definition.clone())?;
        self.workspace.definitions.define("ans", definition)?;
        Ok(name)
    }

    /// The answer as text for the shell, in the language that is read.
    ///
    /// # Errors
    /// When it is too long.
    pub fn plain(&self, answer: &Answer) -> Result<String, Stop> {
        match &answer.shown {
            Shown::Text(text) => Ok(text.clone()),
            Shown::Terms(terms) => {
                let lines: Result<Vec<String>, _> =
                    terms.iter().map(|&t| self.workspace.print(t)).collect();
                Ok(lines?.join("\n"))
            }
            Shown::Matrix(rows) => {
                let mut cells = Vec::new();
                for row in rows {
                    let printed: Result<Vec<String>, _> =
                        row.iter().map(|&t| self.workspace.print(t)).collect();
                    cells.push(printed?);
                }
                Ok(matrix::plain(&cells))
            }
        }
    }
}

/// The command of a name.
///
/// # Errors
/// When there is none, with the nearest name.
pub fn command(name: &str) -> Result<&'static Command, Stop> {
    COMMANDS.iter().find(|c| c.name == name).ok_or_else(|| {
        let error = Diagnostic::without_place(Kind::Name, format!("no command `{name}`"));
        error.did_you_mean(nearest(name, COMMANDS.iter().map(|c| c.name))).into()
    })
}

/// The value of a term without names that is no plain number, to a few digits.
fn approximation(workspace: &Workspace, term: Term) -> Option<String> {
    let graph = &workspace.graph;
    let names = super::request::names(graph, term);
    if !names.is_empty() || graph.as_number(term).is_some_and(|n| n.is_integer()) {
        return None;
    }
    let text = workspace.print(term).ok()?;
    workspace.evaluate(&text, &[], APPROXIMATION).ok().filter(|value| *value != text)
}

/// Digits of the value shown beside a result.
const APPROXIMATION: usize = 10;

/// Errors as JSON on one line, with what was found all the same.
pub fn refusal(stop: &Stop) -> Json {
    let mut reply = json!({"ok": false, "error": stop.json()});
    let all = stop.errors();
    if all.len() > 1 {
        reply["errors"] = all.into();
    }
    if let (Json::Object(reply), Json::Object(found)) = (&mut reply, &stop.found) {
        reply.extend(found.clone());
    }
    reply
}
