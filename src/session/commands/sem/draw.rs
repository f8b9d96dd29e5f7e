//! `sem draw`: path diagrams of models, with estimates when data are given.

use std::path::Path;

use serde_json::json;

use super::data::{self, SAMPLE};
use super::fit::fitted;
use super::{CONVENTIONS, SCALES, SEM_FILE, conventions, target};
use crate::model::sem::diagram::{Sketch, dot, svg};
use crate::session::Session;
use crate::session::command::{Answer, Call, Command, Example, Flag, Place, Stop};
use crate::session::output::Partial;
use crate::text::Kind;

const STANDARDISED: Flag =
    Flag::switch("standardised", "writes the estimates for variables of variance 1");
const OUTPUT: Flag = Flag {
    short: Some('o'),
    ..Flag::with(
        "output",
        "FILE",
        "where the picture is written: .svg, or .dot for Graphviz; `-` is standard output, in DOT \
         [default: MODEL.svg]",
    )
};

/// Path diagrams.
pub const DRAW: Command = Command {
    name: "sem draw",
    about: "draws the path diagram of a structural equation model, with estimates when there are data",
    more: "Rectangles are observed, ellipses latent. Arrows with two heads are variances and \
           covariances. A file holds formulas, or a mixed graph: in DOT (.dot, .gv) or as two \
           matrices of 0 and 1 (.adj).",
    arguments: &[SEM_FILE],
    options: &Flag::list::<15>(&[&[OUTPUT, STANDARDISED], SAMPLE, SCALES, CONVENTIONS]),
    place: Place::Everywhere,
    examples: &[Example {
        line: "sem draw examples/models/feedback.sem -o -",
        result: "digraph feedback {…",
    }],
    run: answer,
};

/// Draws a model.
///
/// # Errors
/// What is wrong with model or data; a file that cannot be written.
fn answer(session: &mut Session, call: &Call<'_>) -> Result<Answer, Stop> {
    let (name, sketches) = sketches(session, call)?;
    let lines = sketches.iter().map(|s| s.lines.len()).max().unwrap_or(0);
    if lines > ARROWS {
        let message = format!("{lines} arrows, where a picture has at most {ARROWS}");
        return Err(Stop::failed(Kind::Resource, message));
    }
    let path = call.option(OUTPUT.long).map_or_else(|| format!("{name}.svg"), str::to_owned);
    let ending = Path::new(&path).extension().map(|e| e.to_string_lossy().to_lowercase());
    let text = match ending.as_deref() {
        Some("svg") => svg(&sketches),
        Some("dot" | "gv") => sketches.iter().map(|s| dot(s, &name)).collect(),
        None if path == "-" => sketches.iter().map(|s| dot(s, &name)).collect(),
        _ => {
            let message = format!("`{path}`: path diagrams are drawn as .svg or .dot");
            return Err(Stop::refused(Kind::Config, message));
        }
    };
    let file = Partial::create(&path)?;
    let count = sketches.first().map_or(0, |s| s.nodes.len());
    let json = json!({"model": name, "output": path, "variables": count, "arrows": lines});
    if path == "-" {
        return Ok(Answer::text(text.trim_end()).json(json));
    }
    file.write(text.as_bytes())?;
    Ok(Answer::text(format!("{path}: {count} variables, {lines} arrows")).json(json))
}

/// Arrows that a person can make out.
const ARROWS: usize = 2000;

/// The name of the model, and a diagram for each group.
fn sketches(session: &mut Session, call: &Call<'_>) -> Result<(String, Vec<Sketch>), Stop> {
    if data::given(call) {
        let (fit, _) = fitted(session, call)?;
        let sketch = |g: usize| {
            let label = |arrow: usize| {
                let mut all = fit.estimates.iter();
                let e = all.find(|e| e.group == g && e.arrow == arrow)?;
                let value = if call.has(STANDARDISED.long) { e.standardised } else { e.value };
                let faint = e.parameter.is_none() && !call.has(STANDARDISED.long);
                (!faint).then(|| format!("{value:.2}"))
            };
            let mut sketch = Sketch::of_model(&fit.model, g, &label);
            if fit.targets.len() > 1 {
                sketch.title.clone_from(&fit.targets[g].label);
            }
            sketch
        };
        return Ok((fit.model.name.clone(), (0..fit.targets.len()).map(sketch).collect()));
    }
    if call.has(STANDARDISED.long) {
        return Err(Stop::refused(Kind::Config, "--standardised needs data to estimate from"));
    }
    let taken = conventions(call);
    let model = target(session, call)?.completed(&taken);
    let sketch = |g: usize| {
        let mut sketch = Sketch::of_model(&model, g, &|_| None);
        if model.groups > 1 {
            sketch.title = format!("Group {}", g + 1);
        }
        sketch
    };
    Ok((model.name.clone(), (0..model.groups).map(sketch).collect()))
}
