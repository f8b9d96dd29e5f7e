//! What a command is: the type of a row of the table that feeds shell, prompt, help and manual.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::Session;
use super::load::Refused;
use crate::rewrite::Ruleset;
use crate::term::Term;
use crate::text::{Diagnostic, Kind, Source};

/// A command.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line without a full stop.
    pub about: &'static str,
    /// What else there is to know; may be empty.
    pub more: &'static str,
    /// What follows the name.
    pub arguments: &'static [Argument],
    /// What may be chosen.
    pub options: &'static [Flag],
    /// Where it is understood.
    pub place: Place,
    /// Uses with their results; a test runs them all.
    pub examples: &'static [Example],
    /// Does it.
    pub run: fn(&mut Session, &Call<'_>) -> Result<Answer, Stop>,
}

/// Where a command is understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the shell and at the prompt.
    Everywhere,
    /// Only at the prompt.
    Prompt,
}

/// What an argument is, for the division of a line and for completion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// An expression; several are divided by commas at the prompt.
    Expression,
    /// A file; `-` is standard input.
    File,
    /// A word.
    Word,
    /// All that is left of the line.
    Rest,
}

/// Something that follows the name of a command.
pub struct Argument {
    /// Its name in the usage.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// What it is, for programs.
    pub sort: Sort,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it may be repeated.
    pub many: bool,
}

/// An option `--long VALUE`, or a switch when it has no value.
#[derive(Clone, Copy)]
pub struct Flag {
    /// The name after the two dashes.
    pub long: &'static str,
    /// One letter for it.
    pub short: Option<char>,
    /// The name of its value in the usage.
    pub value: Option<&'static str>,
    /// What it does, in one line.
    pub about: &'static str,
    /// The values there are, when they are few.
    pub choices: &'static [&'static str],
}

impl Flag {
    /// A switch.
    pub const fn switch(long: &'static str, about: &'static str) -> Flag {
        Flag { long, short: None, value: None, about, choices: &[] }
    }

    /// An option with a value; given several times, all values count.
    pub const fn with(long: &'static str, value: &'static str, about: &'static str) -> Flag {
        Flag { long, short: None, value: Some(value), about, choices: &[] }
    }

    /// `N` options in all, from lists that commands share and their own.
    pub const fn list<const N: usize>(parts: &[&[Flag]]) -> [Flag; N] {
        let mut all = [Flag::switch("", ""); N];
        let (mut count, mut part) = (0, 0);
        while part < parts.len() {
            let mut k = 0;
            while k < parts[part].len() {
                all[count] = parts[part][k];
                count += 1;
                k += 1;
            }
            part += 1;
        }
        assert!(count == N, "the number of options is wrong");
        all
    }
}

/// A use of a command as it is typed at the prompt, and what is printed.
pub struct Example {
    /// The line.
    pub line: &'static str,
    /// What is printed, or the beginning of it when it ends in `…`.
    pub result: &'static str,
}

/// A command with the words given to it.
pub struct Call<'h> {
    /// The row of the table.
    pub command: &'static Command,
    /// The arguments in order.
    pub arguments: Vec<String>,
    /// The options with their values, empty for a switch.
    pub options: Vec<(&'static str, String)>,
    /// The rules that terms are rewritten with.
    pub rules: Arc<Ruleset>,
    /// The world outside.
    pub host: &'h dyn Host,
}

/// What a command needs of the world outside.
pub trait Host {
    /// Microseconds since some moment.
    fn micros(&self) -> u64;

    /// What tells nanoseconds since some moment; `None` where there is no clock.
    fn clock(&self) -> Option<fn() -> u64> {
        None
    }

    /// Whether the work at hand should end.
    fn stop(&self) -> fn() -> bool;

    /// Shows how far a long run has come, from 0 to 1; more than 1 takes it away.
    fn progress(&self, fraction: f64);

    /// Columns and rows of the terminal.
    fn size(&self) -> (usize, usize);

    /// Whether colours are wanted.
    fn colour(&self) -> bool;
}

/// A host without clock and terminal, for tests and embedding.
pub struct Silent;

impl Host for Silent {
    fn micros(&self) -> u64 {
        0
    }

    fn stop(&self) -> fn() -> bool {
        || false
    }

    fn progress(&self, _: f64) {}

    fn size(&self) -> (usize, usize) {
        (80, 24)
    }

    fn colour(&self) -> bool {
        false
    }
}

impl Call<'_> {
    /// Whether a switch was given.
    pub fn has(&self, long: &str) -> bool {
        self.options.iter().any(|(n, _)| *n == long)
    }

    /// The last value of an option.
    pub fn option(&self, long: &str) -> Option<&str> {
        self.options.iter().rev().find(|(n, _)| *n == long).map(|(_, v)| v.as_str())
    }

    /// All values of an option, divided at commas outside brackets.
    pub fn list(&self, long: &str) -> Vec<String> {
        let values = self.options.iter().filter(|(n, _)| *n == long);
        let parts = values.flat_map(|(_, v)| super::line::outer(v, ','));
        parts.map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()
    }

    /// An argument that is there, or empty.
    pub fn argument(&self, k: usize) -> &str {
        self.arguments.get(k).map_or("", String::as_str)
    }

    /// The value of an option as a number that `fits`; `what` says which numbers do.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn number(
        &self,
        long: &str,
        what: &str,
        fits: impl Fn(f64) -> bool,
    ) -> Result<Option<f64>, Stop> {
        let Some(text) = self.option(long) else { return Ok(None) };
        match text.trim().parse::<f64>() {
            Ok(x) if fits(x) => Ok(Some(x)),
            _ => Err(Stop::refused(Kind::Config, format!("--{long} is {what}, not `{text}`"))),
        }
    }
}

/// What a command has found.
pub struct Answer {
    /// What is shown.
    pub shown: Shown,
    /// The same for a program.
    pub json: Json,
    /// Whether the answer to a yes-or-no question is yes.
    pub yes: bool,
}

/// What is shown of an answer.
pub enum Shown {
    /// A text.
    Text(String),
    /// Expressions in the session's graph; at the prompt they become numbered results.
    Terms(Vec<Term>),
    /// A matrix in the session's graph.
    Matrix(Vec<Vec<Term>>),
}

impl Answer {
    /// A text.
    pub fn text(text: impl Into<String>) -> Answer {
        let text = text.into();
        Answer { json: json!({"text": text}), shown: Shown::Text(text), yes: true }
    }

    /// An expression.
    pub fn term(term: Term, json: Json) -> Answer {
        Answer { shown: Shown::Terms(vec![term]), json, yes: true }
    }

    /// The same with something else for programs.
    pub fn json(self, json: Json) -> Answer {
        Answer { json, ..self }
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub struct Stop {
    /// The errors, each with the text that it is about.
    pub refused: Vec<Refused>,
    /// Exit code: 1 when the run failed, 2 when the input is wrong.
    pub code: u8,
    /// What was found all the same, for programs: an object, or nothing.
    pub found: Json,
}

impl Stop {
    /// The run failed.
    pub fn failed(kind: Kind, message: impl std::fmt::Display) -> Stop {
        let diagnostic = Diagnostic::without_place(kind, message.to_string());
        Stop { refused: vec![diagnostic.into()], code: 1, found: Json::Null }
    }

    /// The input is wrong.
    pub fn refused(kind: Kind, message: impl std::fmt::Display) -> Stop {
        Stop::from(Diagnostic::without_place(kind, message.to_string()))
    }

    /// The input is wrong, with the text that it is about.
    pub fn about(name: &str, text: &str, diagnostics: Vec<Diagnostic>) -> Stop {
        Refused { source: Some(Source::new(name, text)), diagnostics }.into()
    }

    /// The errors as a person reads them.
    pub fn render(&self, colour: bool) -> String {
        self.refused.iter().map(|r| r.render(colour)).collect()
    }

    /// The first error for programs: its kind, what it says, and its place in characters.
    pub fn json(&self) -> Json {
        let Some(first) = self.refused.first() else { return Json::Null };
        let text = first.source.as_ref().map_or("", Source::text);
        super::batch::failure(&first.diagnostics, text)
    }

    /// All errors for programs, each with the name of the text that it is about.
    pub fn errors(&self) -> Vec<Json> {
        let each = self.refused.iter().flat_map(|r| r.diagnostics.iter().map(move |d| (r, d)));
        let error = each.map(|(r, d)| {
            let text = r.source.as_ref().map_or("", Source::text);
            let mut error = super::batch::failure(std::slice::from_ref(d), text);
            if let Some(source) = &r.source {
                error["in"] = source.name().into();
            }
            error
        });
        error.collect()
    }
}

impl From<Vec<Refused>> for Stop {
    fn from(refused: Vec<Refused>) -> Stop {
        Stop { refused, code: 2, found: Json::Null }
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Stop {
        vec![refused].into()
    }
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Stop {
        Refused::from(diagnostic).into()
    }
}

impl From<Vec<Diagnostic>> for Stop {
    fn from(diagnostics: Vec<Diagnostic>) -> Stop {
        Refused { source: None, diagnostics }.into()
    }
}
