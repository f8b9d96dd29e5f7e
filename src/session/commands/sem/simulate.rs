//! `sem simulate`: random samples of a model with values, or of a fitted one.

use serde_json::json;

use super::data::{self, SAMPLE};
use super::fit::fitted;
use super::{CONVENTIONS, SCALES, SEM_FILE, conventions, target};
use crate::session::Session;
use crate::session::command::{Answer, Call, Command, Example, Flag, Place, Stop};
use crate::session::output::{Partial, Table, format_of};
use crate::study::sem::population::{Drawn, Population, PopulationError};
use crate::text::{Diagnostic, Kind, Limits, nearest};

const COUNT: Flag = Flag {
    short: Some('n'),
    ..Flag::with(
        "count",
        "N",
        "observations of each group [default: 500; of a fitted model those of the data]",
    )
};
const SEED: Flag = Flag::with("seed", "N", "equal seeds give equal samples [default: 1]");
const SET: Flag = Flag::with(
    "set",
    "NAME=VALUE",
    "the value of a label or of a coefficient, as in `y~x=0.5`; may be repeated",
);
const LATENT: Flag = Flag::switch("latent", "writes the values of latent variables too");
const OUTPUT: Flag = Flag {
    short: Some('o'),
    ..Flag::with(
        "output",
        "FILE",
        "where the sample is written: .csv, .npy or .json; `-` is standard output [default: \
         MODEL_sample.csv]",
    )
};

/// Samples of a structural equation model.
pub const SIMULATE: Command = Command {
    name: "sem simulate",
    about: "draws observations from a structural equation model",
    more: "Coefficients have the values that the formulas give (`0.5*x`, `start(0.5)*x`) or `--set`; \
           without one, variances are 1, covariances and intercepts 0. With data the model is \
           fitted first, and its estimates are the values.",
    arguments: &[SEM_FILE],
    options: &Flag::list::<18>(&[
        &[COUNT, SEED, SET, LATENT],
        SAMPLE,
        SCALES,
        CONVENTIONS,
        &[OUTPUT],
    ]),
    place: Place::Everywhere,
    examples: &[Example {
        line: "sem simulate examples/models/feedback.sem --count 1000 --output /dev/null",
        result: "/dev/null: 1000 observations of 4 variables, seed 1…",
    }],
    run: answer,
};

/// Writes a sample.
///
/// # Errors
/// What is wrong with model, data or values; a file that cannot be written.
fn answer(session: &mut Session, call: &Call<'_>) -> Result<Answer, Stop> {
    let whole = |x: f64| x >= 0.0 && x.fract() == 0.0 && x <= 9_007_199_254_740_992.0;
    let seed = call.number(SEED.long, "a whole number", whole)?.map_or(1, |x| x as u64);
    let count = call.number(COUNT.long, "a whole number from 1", |x| whole(x) && x >= 1.0)?;
    let (population, sizes) = match data::given(call) {
        true => {
            if call.has(SET.long) {
                let message = "--set gives values, and with data they are estimated";
                return Err(Stop::refused(Kind::Config, message));
            }
            let (fit, _) = fitted(session, call)?;
            let sizes = fit.targets.iter().map(|t| t.count).collect();
            (Population::of_fit(&fit), sizes)
        }
        false => {
            let set = super::super::runs::assignments(&call.list(SET.long))?;
            let taken = conventions(call);
            let population = Population::new(&target(session, call)?, &taken, &set);
            let population = population.map_err(refusal)?;
            let sizes = vec![500.0; population.layout.groups.len()];
            (population, sizes)
        }
    };
    let counts: Vec<usize> = sizes.iter().map(|s| count.unwrap_or(*s) as usize).collect();
    let width = population.layout.size as f64;
    if counts.iter().map(|c| *c as f64 * width).sum::<f64>() > session.limits.cells as f64 {
        let what = "numbers in a table";
        return Err(Limits::exceeded("cells", session.limits.cells, what, None).into());
    }
    let path = match call.option(OUTPUT.long) {
        Some(path) => path.to_owned(),
        None => format!("{}_sample.csv", population.model.name),
    };
    let format = format_of(&path)?;
    let file = Partial::create(&path)?;
    let drawn = population.draw(&counts, seed, call.has(LATENT.long), &call.host.stop());
    let table = table(drawn.map_err(refusal)?);
    let bytes = table.bytes(format).map_err(|e| Stop::failed(Kind::Io, e))?;
    file.write(&bytes)?;
    let assumed = population.assumed.iter().map(|(name, value)| format!("{name} = {value}"));
    let json = json!({
        "model": population.model.name, "rows": table.rows.len(), "columns": table.columns,
        "seed": seed, "output": path, "assumed": assumed.clone().collect::<Vec<_>>(),
    });
    if path == "-" {
        return Ok(Answer::text("").json(json));
    }
    let mut text = format!(
        "{path}: {} observations of {} variables, seed {seed}",
        table.rows.len(),
        table.columns.len()
    );
    if !population.assumed.is_empty() {
        text += &format!("\ntaken for granted: {}", assumed.collect::<Vec<_>>().join(", "));
    }
    Ok(Answer::text(text).json(json))
}

/// One table, with a column `group` when there are several.
fn table(drawn: Drawn) -> Table {
    let several = drawn.groups.len() > 1;
    let mut columns = drawn.names;
    if several {
        columns.push("group".to_owned());
    }
    let mut rows = Vec::new();
    for (g, group) in drawn.groups.into_iter().enumerate() {
        rows.extend(group.into_iter().map(|mut row| {
            row.extend(several.then_some((g + 1) as f64));
            row
        }));
    }
    Table { columns, rows }
}

fn refusal(error: PopulationError) -> Stop {
    let kind = match &error {
        PopulationError::Missing(_) => Kind::Config,
        PopulationError::Unknown(..) => Kind::Name,
        PopulationError::Stopped => return Stop::failed(Kind::Interrupted, error),
        PopulationError::Singular(_) | PopulationError::Indefinite(..) => Kind::Domain,
    };
    let diagnostic = Diagnostic::without_place(kind, error.to_string());
    match &error {
        PopulationError::Missing(names) => {
            let first = names.first().map_or("", String::as_str);
            diagnostic.help(format!(
                "write it into the formula, as in `0.5*x`, or give it here: `--set {first}=0.5`"
            ))
        }
        PopulationError::Unknown(name, known) => {
            let list: Vec<&str> = known.iter().map(String::as_str).take(20).collect();
            diagnostic
                .did_you_mean(nearest(name, known.iter().map(String::as_str)))
                .note(format!("the parameters are {}", list.join(", ")))
        }
        _ => diagnostic,
    }
    .into()
}
