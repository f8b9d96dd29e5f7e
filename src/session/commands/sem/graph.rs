//! The mixed graph that a command is about: of a model, of DOT or of matrices.

use std::path::Path;

use super::{conventions, target};
use crate::model::sem::graph::{read_adjacency, read_dot};
use crate::model::sem::{MixedGraph, StructuralModel};
use crate::session::command::{Call, Flag, Stop};
use crate::session::load::Refused;
use crate::session::{Session, load_text};
use crate::text::{Diagnostic, Kind, nearest};

/// The group of a model with several.
pub const NUMBER: Flag =
    Flag::with("group-number", "N", "the group of a model with several, from 1 [default: 1]");

/// The group that a call is about, counted from 0.
///
/// # Errors
/// When it is no number.
pub fn number(call: &Call<'_>) -> Result<usize, Stop> {
    let whole = |x: f64| x >= 1.0 && x.fract() == 0.0;
    let wanted = call.number(NUMBER.long, "a whole number from 1", whole)?;
    Ok(wanted.map_or(0, |x| x as usize - 1))
}

/// The mixed graph of the file that a call names, else of the current model.
///
/// Files that end in `.dot` or `.gv` are graphs in DOT, those in `.adj` matrices of 0 and 1.
///
/// # Errors
/// What is wrong with the file.
pub fn graph(session: &mut Session, call: &Call<'_>) -> Result<MixedGraph, Stop> {
    graph_of(session, call, call.arguments.first().map(String::as_str))
}

/// The mixed graph of a file, else of the current model.
///
/// # Errors
/// What is wrong with the file.
pub fn graph_of(
    session: &mut Session,
    call: &Call<'_>,
    file: Option<&str>,
) -> Result<MixedGraph, Stop> {
    let drawn = file.map(|file| drawn(session, file)).transpose()?.flatten();
    let graph = match drawn {
        Some(graph) => graph,
        None => {
            let (model, group) = completed(session, call)?;
            MixedGraph::of(&model, group)
        }
    };
    match graph.size() {
        0 => Err(Stop::refused(Kind::Config, "the graph has no variables")),
        _ => Ok(graph),
    }
}

/// The model that a call is about, completed, and which of its groups, counted from 0.
///
/// # Errors
/// What is wrong with the file, or that there is no such group.
pub fn completed(session: &mut Session, call: &Call<'_>) -> Result<(StructuralModel, usize), Stop> {
    let group = number(call)?;
    let model = target(session, call)?;
    if group >= model.groups {
        let message = format!("`{}` has {} group(s)", model.name, model.groups);
        return Err(Stop::refused(Kind::Config, message));
    }
    Ok((model.completed(&conventions(call)), group))
}

/// The graph in a file whose name ends in `.dot`, `.gv` or `.adj`; nothing for other files.
///
/// # Errors
/// What is wrong with the file.
pub fn drawn(session: &Session, file: &str) -> Result<Option<MixedGraph>, Stop> {
    let ending = Path::new(file).extension().map(|e| e.to_ascii_lowercase());
    let read = match ending.as_ref().and_then(|e| e.to_str()) {
        Some("dot" | "gv") => read_dot,
        Some("adj") => read_adjacency,
        _ => return Ok(None),
    };
    let (source, _) = load_text(file, &session.limits)?;
    match read(&source, &session.limits) {
        Ok(graph) => Ok(Some(graph)),
        Err(diagnostics) => Err(Refused { source: Some(source), diagnostics }.into()),
    }
}

/// The vertex of a name.
///
/// # Errors
/// When there is none, with the nearest name.
pub fn vertex(graph: &MixedGraph, name: &str) -> Result<usize, Stop> {
    graph.position(name).ok_or_else(|| {
        let error = Diagnostic::without_place(Kind::Name, format!("no variable `{name}`"));
        error.did_you_mean(nearest(name, (0..graph.size()).map(|v| graph.vertex_name(v)))).into()
    })
}
