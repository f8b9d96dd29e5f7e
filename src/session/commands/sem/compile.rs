//! `sem compile`: moments and their derivatives as machine code.

use serde_json::{Value as Json, json};

use super::graph::{NUMBER, completed, drawn};
use super::{MEANSTRUCTURE, SCALES, SEM_FILE};
use crate::kernel::Scratch;
use crate::session::Session;
use crate::session::command::{Answer, Call, Command, Example, Flag, Place, Stop};
use crate::session::commands::compare::nanoseconds;
use crate::study::sem::MomentKernels;
use crate::study::sem::kernels::{ENTRIES, Form, KernelError, Part};
use crate::text::Kind;

/// Kernels of the moments of a structural equation model.
pub const COMPILE: Command = Command {
    name: "sem compile",
    about: "covariances, means and their derivatives as machine code: the cheapest form, its operations and time",
    more: "Every form has the same values. One that divides by anything but det(I - Λ) has no \
           values where the model has some, and is not taken; of many covariances the one-connection \
           rule for each is not. `--json` has the order of \
           parameters, moments and derivatives in the kernels that `MomentKernels` of the library \
           makes.",
    arguments: &[SEM_FILE],
    options: &Flag::list::<6>(&[&[NUMBER, MEANSTRUCTURE], SCALES]),
    place: Place::Everywhere,
    examples: &[Example {
        line: "sem compile examples/models/political_democracy.sem",
        result: "political_democracy: 66 moments of 11 variables, 31 parameters…",
    }],
    run: |session, call| {
        let (name, kernels) = made(session, call)?;
        let at = vec![0.1; kernels.parameters.len()];
        let (mut scratch, mut output) = (Scratch::new(), Vec::new());
        let mut time = |part: &Part, entries: usize| {
            output.resize(entries, 0.0);
            nanoseconds(call, &mut || part.evaluate(&at, &mut output, &mut scratch))
        };
        let rows = [
            ("moments", Some((&kernels.values, kernels.moments.len()))),
            ("gradient", kernels.gradient.as_ref().map(|d| (&d.part, d.places.len()))),
            ("Hessian", kernels.hessian.as_ref().map(|d| (&d.part, d.places.len()))),
        ];
        let mut lines = vec![
            format!(
                "{name}: {} moments of {} variables, {} parameters",
                kernels.moments.len(),
                kernels.observed.len(),
                kernels.parameters.len()
            ),
            format!("{:<28}{:>12}", "form", "cycles"),
        ];
        for (form, cost) in &kernels.costs {
            let cost = cost.map_or("not taken".to_owned(), |c| format!("{c}"));
            let taken = if *form == kernels.form { "  taken" } else { "" };
            lines.push(format!("{:<28}{cost:>12}{taken}", form.name()));
        }
        lines.push(format!("{:<28}{:>12}{:>12}{:>15}", "kernel", "entries", "operations", "time"));
        let mut parts = serde_json::Map::new();
        for (what, row) in rows {
            let Some((part, entries)) = row else {
                lines.push(format!("{what:<28}{:>12}", format!("over {ENTRIES}")));
                continue;
            };
            let operations = part.tape.operations().total();
            let took = time(part, entries);
            lines.push(format!("{what:<28}{entries:>12}{operations:>12}{took:>12.1} ns"));
            let row = json!({"entries": entries, "operations": operations, "nanoseconds": took});
            parts.insert(what.to_lowercase(), row);
        }
        Ok(Answer::text(lines.join("\n")).json(json(&name, &kernels, parts.into())))
    },
};

/// The kernels that a call asks for, and the name of the model.
fn made(session: &mut Session, call: &Call<'_>) -> Result<(String, MomentKernels), Stop> {
    let file = call.arguments.first().map(String::as_str);
    let (name, kernels) = match file.map(|file| drawn(session, file)).transpose()?.flatten() {
        Some(graph) => (graph.name.clone(), MomentKernels::of_graph(&graph, call.host.stop())),
        None => {
            let (model, group) = completed(session, call)?;
            let kernels = MomentKernels::new(&model, group, call.host.stop());
            (model.name, kernels)
        }
    };
    let kind = |e: &KernelError| match e {
        KernelError::Stopped => Kind::Interrupted,
        KernelError::TooLarge => Kind::Resource,
        KernelError::Singular(_) | KernelError::Kernel(_) => Kind::Domain,
    };
    Ok((name, kernels.map_err(|e| Stop::failed(kind(&e), e))?))
}

fn json(name: &str, kernels: &MomentKernels, parts: Json) -> Json {
    let forms: Vec<Json> = kernels
        .costs
        .iter()
        .map(|(form, cost)| json!({"form": Form::name(*form), "cycles": cost}))
        .collect();
    json!({
        "model": name, "parameters": kernels.parameters, "variables": kernels.observed,
        "moments": kernels.moments, "means": kernels.means, "form": kernels.form.name(),
        "forms": forms, "kernels": parts, "gradient_places": kernels.gradient.as_ref().map(|d| &d.places),
        "hessian_places": kernels.hessian.as_ref().map(|d| &d.places),
    })
}
