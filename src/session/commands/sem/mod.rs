//! The family `sem`: commands about structural equation models.

mod compile;
mod covariance;
mod data;
mod draw;
mod fit;
mod graph;
mod ideal;
mod info;
mod report;
mod simulate;
mod values;

pub use compile::COMPILE;
pub use covariance::COVARIANCE;
pub use draw::DRAW;
pub use fit::FIT;
pub use ideal::IDEAL;
pub use info::INFO;
pub use simulate::SIMULATE;

use super::{FILE, MODEL};
use crate::model::sem::{Conventions, StructuralModel};
use crate::session::command::{Argument, Call, Flag, Stop};
use crate::session::state::Structure;
use crate::session::{Refused, Session, load_text, structures};
use crate::text::{Diagnostic, Kind, nearest};

/// A file with a structural equation model.
const SEM_FILE: Argument = Argument {
    about: "a file of formulas; `-` is standard input; at the prompt the current model if left out",
    ..FILE
};

const AS_WRITTEN: Flag = Flag::switch(
    "as-written",
    "add nothing to the formulas but variances, and fix nothing that they leave free",
);
const FREE_X: Flag = Flag::switch(
    "free-x",
    "estimate variances and covariances of observed predictors instead of taking those of the data",
);
const STD_LV: Flag =
    Flag::switch("std-lv", "latent variables have the variance 1, and no loading is fixed");
const ORTHOGONAL: Flag =
    Flag::switch("orthogonal", "latent variables that nothing explains are uncorrelated");
const MEANSTRUCTURE: Flag = Flag::switch(
    "meanstructure",
    "the model has intercepts, and means are fitted too, as they are with groups of observations",
);
const NO_MEANS: Flag =
    Flag::switch("no-means", "covariances alone are fitted, also with groups of observations");

/// How the scales of latent variables are fixed.
const SCALES: &[Flag] = &[MODEL, AS_WRITTEN, STD_LV, ORTHOGONAL];
/// What a model takes for granted when it meets data.
const CONVENTIONS: &[Flag] = &[MEANSTRUCTURE, NO_MEANS, FREE_X];

/// What a call takes for granted of a model.
fn conventions(call: &Call<'_>) -> Conventions {
    Conventions {
        as_written: call.has(AS_WRITTEN.long),
        fixed_exogenous: !call.has(FREE_X.long),
        unit_latents: call.has(STD_LV.long),
        orthogonal: call.has(ORTHOGONAL.long),
        // With groups, as lavaan does it: they may differ in their means.
        intercepts: call.has(MEANSTRUCTURE.long)
            || call.has(data::GROUP.long) && !call.has(NO_MEANS.long),
    }
}

/// What is wrong with a variable, with the place that names it in the text of the model that a
/// call is about; a drawn graph has none.
fn about_variable(session: &Session, call: &Call<'_>, name: &str, mut error: Diagnostic) -> Stop {
    let meant = |s: &&Structure| call.arguments.first().is_none_or(|file| file == s.source.name());
    let structure = session.structures.last().filter(meant);
    let found =
        structure.and_then(|s| Some((s, s.model.variables.iter().find(|v| v.name == name)?)));
    let Some((structure, variable)) = found else { return error.into() };
    error.span = Some(variable.span);
    Refused { source: Some(structure.source.clone()), diagnostics: vec![error] }.into()
}

/// The structural equation model that a call is about: of the file that it names, else the
/// current one. A model of formulas becomes the current one.
///
/// # Errors
/// What is wrong with the file, or that a model must be chosen.
fn target(session: &mut Session, call: &Call<'_>) -> Result<StructuralModel, Stop> {
    let chosen = call.option("model").map(str::to_owned);
    if !call.arguments.is_empty() {
        let file = call.argument(0);
        if let Some(graph) = graph::drawn(session, file)? {
            return Ok(graph.to_model());
        }
        let (source, folder) = load_text(file, &session.limits)?;
        let found = structures(source.clone(), &folder, &session.limits)?;
        if found.len() > 1 && chosen.is_none() {
            let names: Vec<&str> = found.iter().map(|s| s.name.as_str()).collect();
            let message = format!("choose one with --model: {}", names.join(", "));
            return Err(Stop::refused(Kind::Config, message));
        }
        session.take_structures(found, &source);
    }
    let known = &mut session.structures;
    if let Some(name) = chosen {
        let Some(place) = known.iter().position(|s| s.model.name == name) else {
            let error = Diagnostic::without_place(Kind::Name, format!("no model `{name}`"));
            let names = known.iter().map(|s| s.model.name.as_str());
            return Err(error.did_you_mean(nearest(&name, names)).into());
        };
        let structure = known.remove(place);
        known.push(structure);
    }
    let current = known.last().map(|s| s.model.clone());
    current.ok_or_else(|| {
        let message = "there is no structural equation model";
        let help = "name a file of formulas, `load` one, or type one from `sem NAME` to `end`";
        Diagnostic::without_place(Kind::Config, message).help(help).into()
    })
}
