//! The one door through which model files come in.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::model::network::bionetgen;
use crate::model::sem::{self, StructuralModel};
use crate::model::{System, ode};
use crate::syntax::block::BlockKind;
use crate::syntax::{lexeme, model, sem as sem_text};
use crate::text::{Diagnostic, Kind, Limits, Source, nearest};

/// Why there is no result: the text as read, and everything that is wrong with it.
#[derive(Debug)]
pub struct Refused {
    /// The text; absent when the file could not be read.
    pub source: Option<Source>,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Refused {
    /// The errors as a person reads them, with the lines they are about.
    pub fn render(&self, colour: bool) -> String {
        let nothing = Source::new("", "");
        let source = self.source.as_ref().unwrap_or(&nothing);
        self.diagnostics.iter().map(|d| d.render(source, colour)).collect()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Refused {}

/// An error about no place of a text.
impl From<Diagnostic> for Refused {
    fn from(diagnostic: Diagnostic) -> Refused {
        Refused { source: None, diagnostics: vec![diagnostic] }
    }
}

/// The bytes of a file, or of standard input when its name is `-`; never more than
/// [`Limits::bytes`], and one so that the excess is noticed.
///
/// # Errors
/// When the file cannot be read.
pub fn bytes(file: &str, limits: &Limits) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    let most = limits.bytes as u64 + 1;
    let read = match file {
        "-" => std::io::stdin().lock().take(most).read_to_end(&mut bytes),
        _ => std::fs::File::open(file).and_then(|f| f.take(most).read_to_end(&mut bytes)),
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(e) => {
            let error = |why: &dyn fmt::Display| {
                Diagnostic::without_place(Kind::Io, format!("cannot read `{file}`: {why}"))
            };
            Err(match Path::new(file).is_dir() {
                true => error(&"it is a folder").help("name a file in it"),
                false => error(&e).did_you_mean(nearest_file(file).as_deref()),
            }
            .into())
        }
    }
}

/// The file beside a missing one whose name is nearest.
fn nearest_file(file: &str) -> Option<String> {
    let path = Path::new(file);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.take(FILES).collect();
    names.sort();
    let name = path.file_name()?.to_str()?;
    let near = nearest(name, names.iter().map(String::as_str))?;
    Some(folder.unwrap_or(Path::new("")).join(near).to_string_lossy().into_owned())
}

/// Files of a folder among which a misspelt one is sought.
const FILES: usize = 10_000;

/// The systems of a file; `-` is standard input. Files that a model names are sought beside it.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn load(file: &str, limits: &Limits) -> Result<Vec<System>, Refused> {
    let (source, folder) = load_text(file, limits)?;
    models(source, &folder, limits)
}

/// The text of a file, and the folder where it lies.
///
/// # Errors
/// When the file cannot be read as text.
pub fn load_text(file: &str, limits: &Limits) -> Result<(Source, PathBuf), Refused> {
    let source = Source::from_bytes(file, bytes(file, limits)?, limits)?;
    let folder = Path::new(file).parent().map(Path::to_path_buf).unwrap_or_default();
    Ok((source, folder))
}

/// A model in one line.
pub fn describe(system: &System) -> String {
    let (states, parameters) = (system.dimension(), system.parameters.len());
    format!("{} is sound: {states} states, {parameters} parameters", system.name)
}

/// A structural equation model in one line.
pub fn describe_structure(model: &StructuralModel) -> String {
    let observed = model.observed().len();
    let latent = model.variables.len() - observed;
    let arrows = model.arrows.len();
    let latent = if latent > 0 { format!(" and {latent} latent") } else { String::new() };
    format!("{} is sound: {observed} observed{latent} variables, {arrows} arrows", model.name)
}

/// What a text describes.
pub struct Contents {
    /// Systems of equations.
    pub systems: Vec<System>,
    /// Structural equation models.
    pub structures: Vec<StructuralModel>,
}

/// The systems of a text; files that they name are sought in `folder`.
///
/// # Errors
/// Everything that is wrong with the text.
pub fn models(source: Source, folder: &Path, limits: &Limits) -> Result<Vec<System>, Refused> {
    contents(source, folder, limits).map(|found| found.systems)
}

/// The models of a text; files that they name are sought in `folder`.
///
/// # Errors
/// Everything that is wrong with the text.
pub fn contents(source: Source, folder: &Path, limits: &Limits) -> Result<Contents, Refused> {
    let ending = Path::new(source.name()).extension();
    let formulas = ending.is_some_and(|e| e.eq_ignore_ascii_case("sem"));
    described(source, folder, limits, formulas)
}

/// The structural equation models of a text, which may be formulas alone; files that other models
/// of the text name are sought in `folder`.
///
/// # Errors
/// Everything that is wrong with the text, and that it has no such model.
pub fn structures(
    source: Source,
    folder: &Path,
    limits: &Limits,
) -> Result<Vec<StructuralModel>, Refused> {
    let name = source.name().to_owned();
    let found = described(source, folder, limits, true)?.structures;
    if found.is_empty() {
        let message = format!("{name} has no structural equation model");
        let error = Diagnostic::without_place(Kind::Config, message);
        return Err(error.help("a model stands from `sem NAME` to `end`").into());
    }
    Ok(found)
}

/// The models of a text; without a block it is formulas when `formulas` says so.
fn described(
    source: Source,
    folder: &Path,
    limits: &Limits,
    formulas: bool,
) -> Result<Contents, Refused> {
    if bionetgen::is_network(&source) {
        return match bionetgen::system(&source, limits) {
            Ok(system) => Ok(Contents { systems: vec![system], structures: Vec::new() }),
            Err(diagnostics) => Err(Refused { source: Some(source), diagnostics }),
        };
    }
    let open = |path: &str| std::fs::read_to_string(folder.join(path)).map_err(|e| e.to_string());
    let read = match formulas && !begins_block(source.text()) {
        true => sem_text::parse(&source, &stem(source.name()), limits),
        false => model::parse(&source, limits),
    };
    let (text, mut errors) = match read {
        Ok(text) => (text, Vec::new()),
        Err(failed) => (failed.partial, failed.diagnostics),
    };
    let mut found = Contents { systems: Vec::new(), structures: Vec::new() };
    // Half-read statements would only give errors that follow from the first ones.
    if errors.is_empty() {
        for (k, block) in text.blocks.iter().enumerate() {
            if text.blocks[..k].iter().any(|b| b.name.text == block.name.text) {
                let message = format!("two models are called `{}`", block.name.text);
                let error = Diagnostic::error(Kind::Name, block.name.span, message);
                errors.push(error.help("choose another name"));
            }
            let outcome = match block.kind {
                BlockKind::Ode | BlockKind::Network => {
                    ode::system(&text.tree, block, &open, limits)
                        .map(|system| found.systems.push(system))
                }
                BlockKind::Sem => sem::read(&source, &text.tree, block, limits)
                    .map(|model| found.structures.push(model)),
            };
            errors.extend(outcome.err().into_iter().flatten());
        }
    }
    if errors.is_empty() {
        Ok(found)
    } else {
        Err(Refused { source: Some(source), diagnostics: errors })
    }
}

/// Whether the first line of a text that says something opens a block.
pub fn begins_block(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with(['#', '!']));
    first.is_some_and(|line| {
        let mut words = line.split_whitespace();
        let begins = words.next().is_some_and(|w| model::BLOCKS.iter().any(|(b, _)| *b == w));
        begins && words.next().is_none_or(|w| w.starts_with(lexeme::begins_name))
    })
}

/// The name of a file without folder and ending, as a name of a model.
fn stem(name: &str) -> String {
    let stem = Path::new(name).file_stem().map(|s| s.to_string_lossy().into_owned());
    let stem = stem.filter(|s| s != "-").unwrap_or_else(|| "model".to_owned());
    let letter = |c: char| if lexeme::continues_name(c) { c } else { '_' };
    let name: String = stem.chars().map(letter).collect();
    if name.starts_with(lexeme::begins_name) { name } else { format!("_{name}") }
}
