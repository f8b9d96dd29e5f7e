//! `simulate`: runs of a model.

use std::cell::Cell;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::models::target;
use super::networks::taken_out;
use super::{ELIMINATE, EXACT_ORDER, FILE, MODEL};
use super::{pictures, steady};
use crate::kernel::Tape;
use crate::model::{System, Times};
use crate::numeric::integrate::{self, Cause, METHODS, Method};
use crate::session::command::{Answer, Call, Command, Example, Flag, Place, Stop};
use crate::session::output::{Partial, Table, format_of};
use crate::session::state::{Model, Run};
use crate::session::{Refused, batch};
use crate::study::sensitivity::{Direction, extend, tolerances};
use crate::study::{Compilation, Compiled, Error, Settings, Solution};
use crate::text::{Diagnostic, Kind, nearest};

/// Options that are about a course over time.
const OF_COURSES: [&str; 9] =
    ["scan", "sensitivity", "method", "points", "until", "plot", "picture", "log", "keep"];

/// Whether the options of a call go together.
///
/// # Errors
/// One that would have no effect.
fn together(call: &Call<'_>, shell: bool) -> Result<(), Stop> {
    let refuse = |message: String, help: &str| {
        Err(Diagnostic::without_place(Kind::Config, message).help(help).into())
    };
    if !call.has("steady") && call.has("hold") {
        return refuse(
            "--hold is the time of a steady state".to_owned(),
            "add `--steady`, or leave `--hold` out",
        );
    }
    if let Some(name) = OF_COURSES.iter().find(|n| call.has("steady") && call.has(n)) {
        return refuse(
            format!("--{name} is about a course over time, and a steady state has none"),
            "leave one of the two out",
        );
    }
    if shell && call.has("keep") {
        return refuse(
            "--keep draws the runs before this one, and in the shell there are none".to_owned(),
            "use it at the prompt, or compare runs with `--scan`",
        );
    }
    Ok(())
}

/// A simulation.
pub const SIMULATE: Command = Command {
    name: "simulate",
    about: "the solution of a model over its time range",
    more: "In the shell the solution goes to MODEL.csv unless `--output` names another file; the \
           ending decides on the format: csv, npy or json. `-o -` writes CSV to standard output. \
           At the prompt a file is only written when it is named.",
    arguments: &[FILE],
    options: &[
        MODEL,
        Flag {
            short: Some('o'),
            ..Flag::with("output", "FILE", "where to write the solution: .csv, .npy or .json")
        },
        Flag::with("set", "NAME=NUMBER", "another value of a parameter, or another initial value"),
        Flag::with("scan", "NAME=A,B,…", "one run for each of these values of a parameter"),
        Flag::with("method", "METHOD", "auto, tsit5, dop853, bdf, tr_bdf2 or esdirk34"),
        Flag::with("rtol", "NUMBER", "relative tolerance"),
        Flag::with("atol", "NUMBER", "absolute tolerance"),
        Flag::with("points", "N", "number of output times"),
        Flag::with("until", "TIME", "another end of the time range"),
        Flag {
            choices: &["jit", "interpreter"],
            ..Flag::with("backend", "BACKEND", "jit or interpreter [default: jit]")
        },
        EXACT_ORDER,
        ELIMINATE,
        Flag::with(
            "sensitivity",
            "NAMES",
            "also the derivatives by these parameters, or by initial values written `A(0)`",
        ),
        Flag::switch("steady", "the steady state that the model comes to, in place of a run"),
        Flag::with("hold", "TIME", "with --steady: the time at which to hold the equations"),
        pictures::CURVES,
        pictures::PICTURE,
        pictures::LOG,
        Flag::switch("keep", "draw the runs before this one with it"),
    ],
    place: Place::Everywhere,
    examples: &[Example {
        line: "simulate examples/models/lotka_volterra.model --set growth=2 --backend interpreter",
        result: "model        lotka_volterra: 2 states, 2 parameters…",
    }],
    run: |session, call| {
        let (shell, events) = (session.shell, session.limits.events);
        together(call, shell)?;
        let mut clock = Clock::start(call);
        clock.stage("read");
        let model = target(session, call)?;
        let set = [model.set.clone(), assignments(&call.list("set"))?].concat();
        let by = call.list("sensitivity");
        if by.is_empty() {
            return simulate(model, call, clock, &set, &[], (shell, events));
        }
        // The sensitivities are states of a larger model, which runs in place of this one.
        let extended = extend(&model.system, &by).map_err(failed)?;
        let mut larger = Model::new(extended.system, String::new());
        let directions = extended.directions;
        let answer = simulate(&mut larger, call, clock, &set, &directions, (shell, events))?;
        (model.drawn, model.runs) = (Some(larger.system), larger.runs);
        Ok(answer)
    },
};

/// Compiles, runs, writes, draws and tells.
fn simulate(
    model: &mut Model,
    call: &Call<'_>,
    mut clock: Clock<'_>,
    set: &[(String, f64)],
    directions: &[Direction],
    (shell, events): (bool, usize),
) -> Result<Answer, Stop> {
    let path = match call.option("output") {
        Some(path) => Some(path.to_owned()),
        None => shell.then(|| format!("{}.csv", model.system.name)),
    };
    let format = path.as_deref().map(format_of).transpose()?;
    if call.has("steady") {
        compile(model, call, &mut clock)?;
        let mut compiled = model.compiled.take().ok_or_else(missing)?;
        let found = compiled.set(&model.system, set).map_err(failed);
        let found = found.and_then(|()| steady::rest(model, &compiled, call));
        model.compiled = Some(compiled);
        let (answer, table) = found?;
        if let (Some(path), Some(format)) = (call.option("output"), format) {
            let bytes = table.bytes(format).map_err(|e| Stop::failed(Kind::Io, e))?;
            Partial::create(path)?.write(&bytes)?;
        }
        return Ok(answer);
    }
    let mut settings = Settings { events, ..settings(call, &model.system)? };
    let scan = scan(call)?;
    pictures::check(call, &model.system)?;
    let file = path.as_deref().map(Partial::create).transpose()?;
    compile(model, call, &mut clock)?;
    if let Some(compiled) = model.compiled.as_ref().filter(|_| !directions.is_empty()) {
        settings.integration.atol = tolerances(directions, compiled, &settings.integration.atol);
    }
    let runs = run_all(model, &settings, set, &scan, call, &mut clock)?;
    let rows = runs.iter().map(|(_, r)| r.solution.rows.len()).sum::<usize>();
    clock.stage("write");
    if let (Some(file), Some(format)) = (&file, format) {
        let table = table(&model.system, scan.as_ref().map(|s| s.0.as_str()), &runs);
        let bytes = table.bytes(format).map_err(|e| Stop::failed(Kind::Io, e))?;
        file.write(&bytes)?;
    }
    clock.stage("");
    let compiled = model.compiled.as_ref().ok_or_else(missing)?;
    let solution = &runs.last().ok_or_else(missing)?.1.solution;
    let mut text = summary(&model.system, compiled, solution, &clock);
    let json = json_summary(&model.system, compiled, solution, &clock, path.as_deref());
    if let Some(path) = &path {
        let _ = writeln!(text, "{:<12} {path} ({rows} rows)", "output");
    }
    if !call.has("keep") {
        model.runs.clear();
    }
    model.drawn = None;
    model.runs.extend(runs.into_iter().map(|(_, run)| run));
    if pictures::wanted(call) {
        text += &pictures::draw(call, &model.system, &model.runs, &call.list("plot"))?;
    }
    // Who asked for the solution on standard output wants nothing else there.
    let silent = path.as_deref() == Some("-");
    let text = if silent { String::new() } else { text.trim_end().to_owned() };
    Ok(Answer::text(text).json(json))
}

/// What cannot be: a run without its kernels.
fn missing() -> Stop {
    Stop::failed(Kind::Config, "the model was not compiled")
}

/// `NAME=NUMBER` each.
///
/// # Errors
/// When one has another form.
pub fn assignments(list: &[String]) -> Result<Vec<(String, f64)>, Stop> {
    let pairs = list.iter().map(|text| {
        let (name, value) = text.rsplit_once('=').ok_or_else(|| {
            Stop::refused(Kind::Config, format!("`{text}` is not of the form NAME=NUMBER"))
        })?;
        let value = batch::number(value).map_err(|e| Stop::about("value", value, e))?;
        Ok((name.trim().to_owned(), value.to_f64()))
    });
    pairs.collect()
}

/// The name and the values of `--scan`.
fn scan(call: &Call<'_>) -> Result<Option<(String, Vec<f64>)>, Stop> {
    let Some(text) = call.option("scan") else { return Ok(None) };
    let form = || Stop::refused(Kind::Config, format!("`{text}` is not of the form NAME=A,B,…"));
    let (name, values) = text.split_once('=').ok_or_else(form)?;
    let read =
        |v: &str| batch::number(v).map(|n| n.to_f64()).map_err(|e| Stop::about("value", v, e));
    let values: Result<Vec<f64>, Stop> = values.split(',').map(read).collect();
    Ok(Some((name.trim().to_owned(), values?)))
}

/// The settings of the model with what the call changes.
fn settings(call: &Call<'_>, system: &System) -> Result<Settings, Stop> {
    let mut settings = match Settings::of(system) {
        Err(Error::NoPlan) if call.option("until").is_some() => Settings::between(0.0, 0.0),
        settings => settings.map_err(|e| Stop::refused(Kind::Config, e))?,
    };
    let integration = &mut settings.integration;
    integration.clock = integrate::Clock(call.host.clock());
    if let Some(name) = call.option("method") {
        integration.method = Method::named(name).ok_or_else(|| {
            let names = || METHODS.iter().map(|(n, ..)| *n);
            let meant =
                nearest(name, names()).map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            let list = names().collect::<Vec<_>>().join(", ");
            Stop::refused(Kind::Config, format!("unknown method `{name}`; there are {list}{meant}"))
        })?;
    }
    let positive = |x: f64| x > 0.0 && x.is_finite();
    if let Some(rtol) = call.number("rtol", "a positive number", positive)? {
        integration.rtol = rtol;
    }
    if let Some(atol) = call.number("atol", "a positive number", positive)? {
        integration.atol = vec![atol];
    }
    let from = settings.from;
    if let Some(to) =
        call.number("until", "a time after the start", |x| x > from && x.is_finite())?
    {
        settings.to = to;
        if matches!(settings.times, Times::At(_)) {
            settings.times = Times::Linear(200);
        }
    }
    let most = |x: f64| (2.0..=1e7).contains(&x) && x.fract() == 0.0;
    if let Some(points) = call.number("points", "a whole number from 2 to 1e7", most)? {
        settings.times = match settings.times {
            Times::Logarithmic(_) => Times::Logarithmic(points as usize),
            _ => Times::Linear(points as usize),
        };
    }
    Ok(settings)
}

/// Compiles the model unless the same kernels are there.
fn compile(model: &mut Model, call: &Call<'_>, clock: &mut Clock<'_>) -> Result<(), Stop> {
    let usual = Compilation::default();
    let how = Compilation {
        backend: call.option("backend").map_or(usual.backend, str::to_owned),
        exact_order: call.has("exact-order"),
        stop: call.host.stop(),
        rules: call.rules.clone(),
        ..usual
    };
    if model.compiled.as_ref().is_none_or(|c| !c.how().agrees(&how)) {
        let compiled = Compiled::new(&model.system, &how, &mut |name| clock.stage(name));
        model.compiled = Some(compiled.map_err(failed)?);
    }
    Ok(())
}

fn failed(e: Error) -> Stop {
    let kind = match &e {
        Error::Integration { failure, .. } if failure.cause == Cause::Interrupted => {
            Kind::Interrupted
        }
        Error::Interrupted => Kind::Interrupted,
        Error::UnknownName(..) => return Stop::refused(Kind::Name, e),
        Error::TooManyEvents { .. } | Error::TooLarge(_) => Kind::Resource,
        _ => Kind::Domain,
    };
    Stop::failed(kind, e)
}

/// A failed run, with what to do about it.
fn stuck(e: Error, settings: &Settings) -> Stop {
    let cause = match &e {
        Error::Integration { failure, .. } => Some(failure.cause.clone()),
        _ => None,
    };
    let stop = failed(e);
    let rtol = settings.integration.rtol;
    let help = match cause {
        Some(Cause::StepTooSmall | Cause::StepLimit(_)) if rtol < FINEST => {
            format!("doubles have 16 digits: ask for less than `--rtol {rtol:e}`")
        }
        Some(Cause::StepTooSmall) => {
            "the solution may grow without bound there; end the run before it with `--until`"
                .to_owned()
        }
        Some(Cause::StepLimit(_)) => {
            "end the run before it with `--until`, or loosen `--rtol` and `--atol`".to_owned()
        }
        _ => return stop,
    };
    let helped = |r: Refused| Refused {
        diagnostics: r.diagnostics.into_iter().map(|d| d.help(help.clone())).collect(),
        ..r
    };
    Stop { refused: stop.refused.into_iter().map(helped).collect(), ..stop }
}

/// Relative tolerances below this are below the rounding of a step.
const FINEST: f64 = 1e-14;

/// One run, or one for each value of a scan, each with that value.
fn run_all(
    model: &mut Model,
    settings: &Settings,
    set: &[(String, f64)],
    scan: &Option<(String, Vec<f64>)>,
    call: &Call<'_>,
    clock: &mut Clock<'_>,
) -> Result<Vec<(f64, Run)>, Stop> {
    let Some(compiled) = &mut model.compiled else { return Ok(Vec::new()) };
    let stop = call.host.stop();
    let values: Vec<Option<f64>> = match scan {
        Some((_, values)) => values.iter().copied().map(Some).collect(),
        None => vec![None],
    };
    let mut runs = Vec::new();
    for (k, value) in values.iter().enumerate() {
        let mut set = set.to_vec();
        // What is the same in all runs does not tell them apart.
        let mut label = if scan.is_some() { Vec::new() } else { set.clone() };
        if let (Some((name, _)), Some(value)) = (scan, value) {
            set.push((name.clone(), *value));
            label.push((name.clone(), *value));
        }
        compiled.set(&model.system, &set).map_err(failed)?;
        clock.stage("integrate");
        let calls = Cell::new(0_u32);
        let watch = |t: f64| {
            calls.set(calls.get().wrapping_add(1));
            if calls.get().is_multiple_of(STEPS_BETWEEN_REPORTS) {
                let part = fraction(settings, t);
                call.host.progress((k as f64 + part) / values.len() as f64);
            }
            stop()
        };
        let solution = compiled.run(&model.system, settings, &watch);
        call.host.progress(f64::INFINITY);
        let label: Vec<String> = label.iter().map(|(n, v)| format!("{n} = {v}")).collect();
        let run =
            Run { label: label.join(", "), solution: solution.map_err(|e| stuck(e, settings))? };
        runs.push((value.unwrap_or(f64::NAN), run));
    }
    Ok(runs)
}

/// Steps between two reports of progress.
const STEPS_BETWEEN_REPORTS: u32 = 256;

/// How far a time is on its way, in the spacing of the outputs.
fn fraction(settings: &Settings, t: f64) -> f64 {
    let (from, to) = (settings.from, settings.to);
    match settings.times {
        Times::Logarithmic(_) if t > from => {
            // The decades that a logarithmic grid from zero covers.
            let decades = ((to - from) / (t - from)).log10();
            (1.0 - decades / 12.0).clamp(0.0, 1.0)
        }
        _ => ((t - from) / (to - from)).clamp(0.0, 1.0),
    }
}

/// The runs as one table; those of a scan begin with the value.
fn table(system: &System, scanned: Option<&str>, runs: &[(f64, Run)]) -> Table {
    let first = scanned.map(str::to_owned).into_iter().chain([system.time.clone()]);
    let columns = first.chain(Solution::columns(system)).collect();
    let rows = runs.iter().flat_map(|(value, run)| {
        run.solution.times.iter().zip(&run.solution.rows).map(move |(t, row)| {
            let first = scanned.is_some().then_some(*value).into_iter().chain([*t]);
            first.chain(row.iter().copied()).collect()
        })
    });
    Table { columns, rows: rows.collect() }
}

/// Times of stages.
struct Clock<'a> {
    call: &'a Call<'a>,
    last: u64,
    current: &'static str,
    stages: Vec<(&'static str, u64)>,
}

impl<'a> Clock<'a> {
    fn start(call: &'a Call<'a>) -> Clock<'a> {
        Clock { call, last: call.host.micros(), current: "", stages: Vec::new() }
    }

    fn stage(&mut self, name: &'static str) {
        let now = self.call.host.micros();
        if !self.current.is_empty() {
            let taken = now - self.last;
            match self.stages.iter_mut().find(|(n, _)| *n == self.current) {
                Some((_, sum)) => *sum += taken,
                None => self.stages.push((self.current, taken)),
            }
        }
        (self.current, self.last) = (name, now);
    }
}

/// States shown in the summary.
const SHOWN: usize = 6;

fn summary(system: &System, compiled: &Compiled, solution: &Solution, clock: &Clock<'_>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<12} {value}");
    };
    let (states, parameters) = (system.dimension(), system.parameters.len());
    line("model", format!("{}: {states} states, {parameters} parameters", system.name));
    if let Some(eliminated) = &system.eliminated {
        line("eliminated", taken_out(eliminated));
    }
    let stages = clock.stages.iter().map(|(n, d)| format!("{n} {:.2} ms", *d as f64 / 1e3));
    line("stages", stages.collect::<Vec<_>>().join(", "));
    let written = compiled.written.as_ref().unwrap_or(&compiled.tape);
    let counts = |tape: &Tape| {
        let (text, run) = (tape.operations().total(), tape.operations_per_evaluation().total());
        if text == run { text.to_string() } else { format!("{text} in loops ({run} done)") }
    };
    line("operations", format!("{} written, {} compiled", counts(written), counts(&compiled.tape)));
    let operations = compiled.jacobian_tape.operations().total();
    line("Jacobian", format!("{} nonzeros, {operations} operations", compiled.nonzeros()));
    let s = &solution.statistics;
    let methods: Vec<&str> = s.methods.iter().map(|m| m.name()).collect();
    let switched = s.switched_at.map_or(String::new(), |t| format!(" (stiff from t = {t:.3e})"));
    line(
        "solver",
        format!(
            "{}{switched}, {} steps, {} refused, {} evaluations, {} Jacobians, {} factorizations",
            methods.join(", then "),
            s.steps,
            s.rejected,
            s.rhs_evaluations,
            s.jacobian_evaluations,
            s.factorizations
        ),
    );
    if let Some(solver) = s.linear {
        let krylov = match s.krylov_iterations {
            0 => String::new(),
            count => format!(", {count} iterations"),
        };
        let nanos = &s.nanos;
        let parts = [
            ("right-hand side", nanos.rhs),
            ("Jacobian", nanos.jacobian),
            ("analysis", nanos.analysis),
            ("factorization", nanos.factorization),
            ("solves", nanos.solve),
        ];
        let taken = parts.iter().filter(|(_, nanos)| *nanos > 0);
        let taken: String =
            taken.map(|(name, n)| format!(", {name} {:.2} ms", *n as f64 / 1e6)).collect();
        line("linear", format!("{solver}, {} entries, {} solves{krylov}{taken}", s.fill, s.solves));
    }
    if let Some(last) = solution.events.last() {
        let name = &system.events[last.event].name;
        let count = solution.events.len();
        line("events", format!("{count}, the last `{name}` at {} = {}", system.time, last.time));
    }
    if let (Some(t), Some(row)) = (solution.times.last(), solution.rows.last()) {
        let columns = Solution::columns(system);
        let shown: Vec<String> =
            columns.iter().zip(row).take(SHOWN).map(|(n, v)| format!("{n} = {v:.10e}")).collect();
        let more = if columns.len() > SHOWN { ", …" } else { "" };
        line("end", format!("{} = {t}: {}{more}", system.time, shown.join(", ")));
    }
    text
}

fn json_summary(
    system: &System,
    compiled: &Compiled,
    solution: &Solution,
    clock: &Clock<'_>,
    path: Option<&str>,
) -> Json {
    let s = &solution.statistics;
    let methods: Vec<&str> = s.methods.iter().map(|m| m.name()).collect();
    let stages = clock.stages.iter().map(|(n, d)| ((*n).to_owned(), json!(d)));
    let row = solution.rows.last().cloned().unwrap_or_default();
    let end = Solution::columns(system).into_iter().zip(row).map(|(n, v)| (n, json!(v)));
    json!({
        "model": system.name,
        "states": system.dimension(),
        "parameters": system.parameters.len(),
        "micros": serde_json::Map::from_iter(stages),
        "operations": compiled.tape.operations_per_evaluation().total(),
        "nonzeros": compiled.nonzeros(),
        "methods": methods,
        "switched_at": s.switched_at,
        "steps": s.steps,
        "rejected": s.rejected,
        "rhs_evaluations": s.rhs_evaluations,
        "jacobian_evaluations": s.jacobian_evaluations,
        "factorizations": s.factorizations,
        "linear_solver": s.linear,
        "fill": s.fill,
        "solves": s.solves,
        "krylov_iterations": s.krylov_iterations,
        "solver_micros": {
            "analysis": s.nanos.analysis / 1000,
            "rhs": s.nanos.rhs / 1000,
            "jacobian": s.nanos.jacobian / 1000,
            "factorization": s.nanos.factorization / 1000,
            "solve": s.nanos.solve / 1000,
        },
        "time": solution.times.last(),
        "end": serde_json::Map::from_iter(end),
        "events": solution.events.iter().map(|e| json!({
            "when": system.events[e.event].name, "time": e.time
        })).collect::<Vec<_>>(),
        "output": path,
    })
}
