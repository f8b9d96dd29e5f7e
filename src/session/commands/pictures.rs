//! Pictures of runs: in files, and in characters at the prompt.

use serde_json::json;

use crate::model::{System, Times};
use crate::plot::{Curve, Error, Figure};
use crate::session::command::{Answer, Argument, Call, Command, Flag, Place, Sort, Stop};
use crate::session::output::Partial;
use crate::session::state::Run;
use crate::study::Solution;
use crate::text::{Diagnostic, Kind, nearest};

/// What to draw.
pub const CURVES: Flag = Flag::with(
    "plot",
    "CURVES",
    "draws states or observables over time, `x:z` one over the other, `all` everything",
);

/// Where to draw it.
pub const PICTURE: Flag =
    Flag::with("picture", "FILE", "draws into a file, .svg or .png; in the terminal if left out");

/// Logarithmic axes.
pub const LOG: Flag = Flag {
    choices: &["none", "x", "y", "xy"],
    ..Flag::with("log", "AXES", "logarithmic axes: none, x, y or xy")
};

/// Whether what a call asks for can be drawn, before the work that it takes.
///
/// # Errors
/// An unknown name or ending.
pub fn check(call: &Call<'_>, system: &System) -> Result<(), Stop> {
    if let Some(path) = call.option("picture") {
        kind_of(path)?;
    }
    figure(call, system, &[], &call.list("plot")).map(drop)
}

/// A kind of picture, and how it is drawn.
type Drawing = fn(&Figure) -> Result<Vec<u8>, Error>;

/// The kind of picture that the ending of a file asks for.
fn kind_of(path: &str) -> Result<Drawing, Stop> {
    match path.rsplit('.').next().map(str::to_lowercase).as_deref() {
        Some("svg") => Ok(|figure| figure.svg(SIZE.0, SIZE.1).map(String::into_bytes)),
        Some("png") => Ok(|figure| figure.png(SIZE.0, SIZE.1)),
        _ => {
            let message = format!("a picture ends in .svg or .png, not as `{path}`");
            Err(Stop::refused(Kind::Config, message))
        }
    }
}

/// Pixels of a picture.
const SIZE: (u32, u32) = (900, 600);

/// Curves drawn when none are named.
const USUAL: usize = 12;

/// Draws what a call asks for; text for the terminal, or nothing when it went to a file.
///
/// # Errors
/// An unknown name or ending, and a picture without a curve.
pub fn draw(
    call: &Call<'_>,
    system: &System,
    runs: &[Run],
    curves: &[String],
) -> Result<String, Stop> {
    let figure = figure(call, system, runs, curves)?;
    let wrong = |e: Error| Stop::failed(Kind::Domain, e);
    let Some(path) = call.option("picture") else {
        let (columns, rows) = call.host.size();
        let rows = rows.saturating_sub(4).clamp(MIN_ROWS, MAX_ROWS);
        return figure.braille(columns.min(MAX_COLUMNS), rows, call.host.colour()).map_err(wrong);
    };
    let bytes = kind_of(path)?(&figure).map_err(wrong)?;
    Partial::create(path)?.write(&bytes)?;
    Ok(format!("{:<12} {path}", "picture"))
}

/// Rows and columns of a picture in characters.
const MIN_ROWS: usize = 8;
const MAX_ROWS: usize = 40;
const MAX_COLUMNS: usize = 120;

/// Whether a call wants a picture.
pub fn wanted(call: &Call<'_>) -> bool {
    call.option("plot").is_some() || call.option("picture").is_some()
}

fn figure(
    call: &Call<'_>,
    system: &System,
    runs: &[Run],
    wanted: &[String],
) -> Result<Figure, Stop> {
    let columns = Solution::columns(system);
    let named: Vec<String> = match wanted {
        [] => columns.iter().take(USUAL).cloned().collect(),
        [all] if all == "all" => columns.clone(),
        list => list.to_vec(),
    };
    let place = |name: &str| -> Result<Option<usize>, Stop> {
        if name == system.time {
            return Ok(None);
        }
        columns.iter().position(|c| c == name).map(Some).ok_or_else(|| {
            let message = format!("nothing of the solution is named `{name}`");
            let known = columns.iter().map(String::as_str);
            Diagnostic::without_place(Kind::Name, message)
                .did_you_mean(nearest(name, known))
                .note(format!("the columns are {}", listed(&columns)))
                .into()
        })
    };
    let alone = named.len() == 1 && runs.len() > 1;
    let mut curves = Vec::new();
    let (mut x_labels, mut y_labels) = (Vec::new(), Vec::new());
    for name in &named {
        let (x, y) = match name.split_once(':') {
            Some((x, y)) => (x.trim(), y.trim()),
            None => (system.time.as_str(), name.as_str()),
        };
        let (across, up) = (place(x)?, place(y)?);
        for (k, run) in runs.iter().enumerate() {
            let value = |at: Option<usize>, t: f64, row: &[f64]| at.map_or(t, |k| row[k]);
            let pairs = run.solution.times.iter().zip(&run.solution.rows);
            let points =
                pairs.map(|(&t, row)| (value(across, t, row), value(up, t, row))).collect();
            // Runs of one quantity differ in colour and are called by what is different in them.
            let (label, run) = match alone {
                true => (run.name(), 0),
                false => (y.to_owned(), k),
            };
            curves.push(Curve { label, points, run });
        }
        x_labels.push(x.to_owned());
        y_labels.push(y.to_owned());
    }
    x_labels.dedup();
    y_labels.dedup();
    let over_time = x_labels.iter().all(|x| *x == system.time);
    let logarithmic =
        system.plan.as_ref().is_some_and(|p| matches!(p.times, Times::Logarithmic(_)));
    let axes = match call.option("log") {
        Some(axes) => axes.to_owned(),
        None if over_time && logarithmic => "x".to_owned(),
        None => String::new(),
    };
    Ok(Figure {
        title: if alone { system.name.clone() } else { title(system, runs) },
        x_label: x_labels.join(", "),
        y_label: if y_labels.len() == 1 { y_labels.remove(0) } else { String::new() },
        x_log: axes.contains('x'),
        y_log: axes.contains('y'),
        curves,
    })
}

/// The model and, when there are several runs, what tells them apart.
fn title(system: &System, runs: &[Run]) -> String {
    if runs.len() < 2 {
        return system.name.clone();
    }
    let runs = runs.iter().enumerate().map(|(k, r)| format!("run {}: {}", k + 1, r.name()));
    let runs: Vec<String> = runs.collect();
    format!("{} ({})", system.name, runs.join("; "))
}

/// Names for a message.
fn listed(names: &[String]) -> String {
    let more = if names.len() > USUAL { ", …" } else { "" };
    format!("{}{more}", names.iter().take(USUAL).cloned().collect::<Vec<_>>().join(", "))
}

/// Pictures of the last run.
pub const PLOT: Command = Command {
    name: "plot",
    about: "draws the last run, and those kept with it",
    more: "`plot` alone draws the states over time, `plot x:z` one over the other.",
    arguments: &[Argument {
        name: "CURVES",
        about: "states or observables, divided by commas; `x:z` is z over x",
        sort: Sort::Rest,
        optional: true,
        many: false,
    }],
    options: &[PICTURE, LOG],
    place: Place::Prompt,
    examples: &[],
    run: |session, call| {
        let list = call.argument(0).split(',').map(|p| p.trim().to_owned());
        let curves: Vec<String> = list.filter(|p| !p.is_empty()).collect();
        let model = session.model()?;
        if model.runs.is_empty() {
            return Err(Stop::refused(Kind::Config, "nothing has run yet; `simulate` first"));
        }
        let drawn = model.drawn.as_ref().unwrap_or(&model.system);
        let text = draw(call, drawn, &model.runs, &curves)?;
        Ok(Answer::text(text.trim_end()).json(json!({"picture": call.option("picture")})))
    },
};
