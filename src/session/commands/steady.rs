//! `simulate --steady`: where a model comes to rest.

use std::cell::Cell;
use std::fmt::Write as _;

use serde_json::{Map, json};

use crate::model::System;
use crate::numeric::steady::Options as Search;
use crate::session::command::{Answer, Call, Stop};
use crate::session::output::Table;
use crate::session::state::Model;
use crate::study::Compiled;
use crate::study::steady::{Options, Steady, steady};
use crate::text::Kind;

/// States shown.
const SHOWN: usize = 20;
/// Eigenvalues shown.
const EIGENVALUES: usize = 4;

/// The steady state of a compiled model as an answer and as a table of one row.
///
/// # Errors
/// When there is none, or the search does not find it.
pub fn rest(model: &Model, compiled: &Compiled, call: &Call<'_>) -> Result<(Answer, Table), Stop> {
    let positive = |x: f64| x > 0.0 && x.is_finite();
    let usual = Search::default();
    let search = Search {
        rtol: call.number("rtol", "a positive number", positive)?.unwrap_or(usual.rtol),
        atol: call.number("atol", "a positive number", positive)?.unwrap_or(usual.atol),
        ..usual
    };
    let time = call.number("hold", "a time", f64::is_finite)?;
    let stop = call.host.stop();
    let steps = Cell::new(0);
    let watch = |done: usize| {
        steps.set(done);
        stop()
    };
    let found = steady(&model.system, compiled, &Options { search, time }, &watch);
    let interrupted = stop();
    let found = found.map_err(|e| match interrupted {
        true => Stop::failed(Kind::Interrupted, e),
        false => Stop::failed(Kind::Domain, e),
    })?;
    let system = &model.system;
    let time = found.held_at.unwrap_or(0.0);
    let names: Vec<String> = system.variables().iter().flat_map(|v| v.element_names()).collect();
    let mut states = compiled.reported(system, time, &found.states);
    states.truncate(names.len());
    let values: Map<String, _> =
        names.iter().cloned().zip(&states).map(|(n, v)| (n, json!(v))).collect();
    let spectrum = found.spectrum.as_ref();
    let json = json!({
        "model": system.name, "steady": values, "residual": found.residual, "steps": found.steps,
        "stability": spectrum.map(|s| s.stability.name()),
        "conserved": spectrum.map(|s| s.conserved),
        "eigenvalues": spectrum.map(|s| s.eigenvalues.clone()),
    });
    let text = text(system, &found, &names, &states);
    let table = Table { columns: names, rows: vec![states] };
    Ok((Answer::text(text).json(json), table))
}

fn text(system: &System, found: &Steady, names: &[String], states: &[f64]) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<12} {value}");
    };
    line("model", format!("{}: {} states", system.name, system.dimension()));
    line(
        "search",
        format!("{} steps, largest rate {:e} of `{}`", found.steps, found.residual, found.slowest),
    );
    if let Some(time) = found.held_at {
        line("held at", format!("{} = {time}", system.time));
    }
    if let Some(spectrum) = &found.spectrum {
        let shown = spectrum.eigenvalues.iter().take(EIGENVALUES).map(|(re, im)| match *im {
            0.0 => format!("{re:.4e}"),
            im => format!("{re:.4e} {} {:.4e}i", if im < 0.0 { '-' } else { '+' }, im.abs()),
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        let more = if spectrum.eigenvalues.len() > EIGENVALUES { ", …" } else { "" };
        let totals = match spectrum.conserved {
            0 => String::new(),
            1 => "; one conserved total".to_owned(),
            n => format!("; {n} conserved totals"),
        };
        let name = spectrum.stability.name();
        line("stability", format!("{name}; eigenvalues {shown}{more}{totals}"));
    }
    for (name, value) in names.iter().zip(states).take(SHOWN) {
        line(name, format!("{value:.12e}"));
    }
    if names.len() > SHOWN {
        line("…", format!("{} more", names.len() - SHOWN));
    }
    text.trim_end().to_owned()
}
