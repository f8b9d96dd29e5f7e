//! Rules that a person brings along: files beside the shipped rules, folders in their place.

use std::path::Path;
use std::sync::Arc;

use super::command::Stop;
use super::load::{Refused, load_text};
use crate::rewrite::Ruleset;
use crate::text::{Diagnostic, Kind, Limits};

/// The file of the shipped folder that is read by the calculus and holds no rewrite rules.
const DERIVATIVES: &str = "derivative.rules";

/// The rules to work with when a person names files and folders.
///
/// A folder takes the place of the shipped rules with all its files that end in `.rules`; the
/// rules of a file are added, and one with the name of a rule that is there already replaces it.
/// All of them are judged.
///
/// # Errors
/// Everything that cannot be read and every rule that is refused.
pub fn rules(paths: &[String], limits: &Limits) -> Result<Arc<Ruleset>, Stop> {
    if paths.is_empty() {
        return Ok(Ruleset::shared());
    }
    let (mut refused, mut added, mut replaced) = (Vec::new(), Ruleset::default(), None);
    for path in paths {
        let folder = Path::new(path).is_dir();
        let files = if folder { files_of(path) } else { Ok(vec![path.clone()]) };
        let mut read = Ruleset::default();
        match files {
            Err(e) => refused.push(e),
            Ok(files) => {
                for file in files {
                    match load(&file, limits) {
                        Ok(rules) => read = read.with(rules),
                        Err(e) => refused.push(e),
                    }
                }
            }
        }
        if folder {
            replaced = Some(replaced.unwrap_or_else(Ruleset::default).with(read));
        } else {
            added = added.with(read);
        }
    }
    if !refused.is_empty() {
        return Err(refused.into());
    }
    let base = replaced.unwrap_or_else(|| Ruleset::standard().clone());
    Ok(Arc::new(base.with(added)))
}

/// The judged rules of a file.
fn load(file: &str, limits: &Limits) -> Result<Ruleset, Refused> {
    let (source, _) = load_text(file, limits)?;
    Ruleset::load(&source).map_err(|diagnostics| Refused { source: Some(source), diagnostics })
}

/// The rules files of a folder, by name.
fn files_of(folder: &str) -> Result<Vec<String>, Refused> {
    let error = |kind, message: String| Refused::from(Diagnostic::without_place(kind, message));
    let entries = std::fs::read_dir(folder)
        .map_err(|e| error(Kind::Io, format!("cannot read `{folder}`: {e}")))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<String> = paths
        .filter(|p| p.extension().is_some_and(|e| e == "rules"))
        .filter(|p| p.file_name().is_none_or(|name| name != DERIVATIVES))
        .map(|p| p.to_string_lossy().into_owned())
        .collect();
    files.sort();
    match files.is_empty() {
        true => Err(error(Kind::Io, format!("`{folder}` has no file that ends in `.rules`"))),
        false => Ok(files),
    }
}
