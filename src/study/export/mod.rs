//! A model as one file of another language: programs of its tapes, or LaTeX of its equations.

mod latex;

use std::fmt;

use super::line::Line;
use super::{Compilation, Compiled};
use crate::kernel::export::{self, Curve, Jacobian, LANGUAGES, Program};
use crate::model::System;
use crate::syntax::print::Plain;
use crate::text::nearest;

/// Why there is no file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Error {
    /// No language of this name, and the nearest one.
    UnknownLanguage(String, Option<&'static str>),
    /// What the program cannot hold.
    Program(export::Error),
    /// A name with a character that LaTeX has a use for: the name and the character.
    Name(String, char),
    /// An equation whose text is too long: what it defines, and what was said.
    TooLong(String, String),
    /// What kept the model from being compiled for a file.
    Compilation(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownLanguage(name, nearest) => {
                let known: Vec<&str> = languages().map(|(name, _)| name).collect();
                write!(f, "no language is named `{name}`")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => write!(f, "; there are {}", known.join(", ")),
                }
            }
            Error::Program(e) => write!(f, "{e}"),
            Error::Compilation(e) => f.write_str(e),
            Error::Name(name, c) => {
                write!(f, "the name `{name}` has the character {c:?}, which LaTeX cannot show")?;
                f.write_str("; use letters, digits and underscores")
            }
            Error::TooLong(what, why) => write!(f, "the equation of `{what}`: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<export::Error> for Error {
    fn from(e: export::Error) -> Self {
        Error::Program(e)
    }
}

/// The languages with the usual extensions of their files.
pub fn languages() -> impl Iterator<Item = (&'static str, &'static str)> {
    LANGUAGES.iter().map(|l| (l.name(), l.extension())).chain([(latex::NAME, latex::EXTENSION)])
}

/// A whole file of this language: see [`languages`].
///
/// A program holds the right-hand side and the Jacobian as they are compiled, with the parameters
/// and initial values that `compiled` starts from; LaTeX shows the equations, parameters and initial
/// values as the model has them.
///
/// # Errors
/// See [`Error`].
pub fn export(system: &System, compiled: &Compiled, language: &str) -> Result<String, Error> {
    if language == latex::NAME {
        return latex::document(system);
    }
    let Some(language) = LANGUAGES.iter().find(|l| l.name() == language) else {
        let nearest = nearest(language, languages().map(|(name, _)| name));
        let nearest = nearest.and_then(|n| languages().map(|l| l.0).find(|l| *l == n));
        return Err(Error::UnknownLanguage(language.to_owned(), nearest));
    };
    // Before the names of more elements than any file may hold are made.
    if system.dimension() > export::MAX_NUMBERS {
        return Err(export::Error::TooLarge(system.dimension()).into());
    }
    // A file of one function for each question has no place to keep values between calls.
    let plain;
    let compiled = match compiled.how().prologue {
        false => compiled,
        true => {
            let how = Compilation {
                prologue: false,
                backend: "interpreter".to_owned(),
                ..compiled.how().clone()
            };
            let mut found = Compiled::new(system, &how, &mut |_| {})
                .map_err(|e| Error::Compilation(e.to_string()))?;
            found.start_as(compiled);
            plain = found;
            &plain
        }
    };
    let elements = |variables: &[&crate::model::Variable]| -> Vec<String> {
        variables.iter().flat_map(|v| v.element_names()).collect()
    };
    let observables: Vec<_> = system.observables.iter().map(|o| &o.variable).collect();
    let curves: Vec<Curve> = system
        .tables
        .iter()
        .map(|table| {
            let [x, y, slope] = table.spline.points();
            let names = ["", "'", "''"].map(|dashes| format!("{}{dashes}", table.function));
            Curve { names, x, y, slope }
        })
        .collect();
    let sparsity = compiled.sparsity();
    let program = Program {
        name: &system.name,
        notes: &notes(system),
        states: &system.state_names(),
        parameters: &elements(&system.parameters.iter().collect::<Vec<_>>()),
        observables: &elements(&observables),
        initial: compiled.initial(),
        values: compiled.parameters(),
        right_hand_side: &compiled.tape,
        jacobian: Jacobian {
            tape: &compiled.jacobian_tape,
            column_starts: &sparsity.column_starts,
            row_indices: &sparsity.row_indices,
            positions: sparsity.positions.as_deref(),
        },
        observe: &compiled.observable_tape,
        curves: &curves,
    };
    Ok(export::export(&program, *language)?)
}

/// The most equations that a comment shows, and the most characters of each.
const NOTES: (usize, usize) = (60, 400);

/// The equations in the language of models, for a comment.
fn notes(system: &System) -> Vec<String> {
    let (lines, characters) = NOTES;
    let mut notes: Vec<String> = system
        .equations
        .iter()
        .take(lines)
        .map(|equation| {
            let line = Line::new(system, &system.unknowns, equation, &Plain);
            let value = crate::syntax::print(&system.graph, equation.value);
            let family = match line.family() {
                ranges if ranges.is_empty() => ranges,
                ranges => format!(" for {ranges}"),
            };
            let note = match line.algebraic {
                true => format!("0 = {value}{family}    (the row of {})", line.left),
                false => format!("{}' = {value}{family}", line.left),
            };
            match note.char_indices().nth(characters) {
                Some((end, _)) => format!("{} ...", &note[..end]),
                None => note,
            }
        })
        .collect();
    if system.equations.len() > lines {
        notes.push(format!("... and {} more", system.equations.len() - lines));
    }
    // What a file of rates cannot say must not go missing unsaid.
    if !system.algebraic.is_empty() {
        notes.push(
            "Rows `0 = ...` are residuals and not rates: integrate M u' = f with a".to_owned(),
        );
        notes.push("diagonal M that is zero there and one elsewhere.".to_owned());
    }
    let events = system.events.iter().map(|e| format!("NOT IN THIS FILE: when {}", e.name));
    notes.extend(events.take(lines));
    notes
}
