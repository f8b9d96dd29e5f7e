//! Commands about models that do not run them.

use serde_json::json;

use super::{ELIMINATE, EXACT_ORDER, FILE, MODEL, networks};
use crate::kernel::{Tape, jit};
use crate::model::{System, Times};
use crate::rewrite::{Options, optimise};
use crate::session::command::{Answer, Argument, Call, Command, Example, Flag, Place, Stop};
use crate::session::state::Model;
use crate::session::{Session, bytes, contents, describe, describe_structure, load_text, models};
use crate::study::line::Line;
use crate::study::{Compilation, Compiled};
use crate::syntax::print::{Latex, Notation, Plain, print_as};
use crate::term::{Graph, Term};
use crate::text::{Kind, Source, nearest};

/// The model that a call is about: of the file that it names, else the current one.
///
/// # Errors
/// What is wrong with the file, or that a model must be chosen.
pub fn target<'s>(session: &'s mut Session, call: &Call<'_>) -> Result<&'s mut Model, Stop> {
    let model = named(session, call)?;
    model.eliminate(call.has("eliminate"))?;
    Ok(model)
}

fn named<'s>(session: &'s mut Session, call: &Call<'_>) -> Result<&'s mut Model, Stop> {
    let chosen = call.option("model");
    if call.arguments.is_empty() {
        if let Some(name) = chosen {
            session.choose(name)?;
        }
        return session.model();
    }
    let file = call.argument(0);
    let (source, folder) = load_text(file, &session.limits)?;
    let text = source.text().to_owned();
    let mut systems = models(source, &folder, &session.limits)?;
    let names: Vec<String> = systems.iter().map(|s| s.name.clone()).collect();
    let refuse = |message: String| Err(Stop::refused(Kind::Config, message));
    let position = match chosen {
        Some(name) => match names.iter().position(|n| n == name) {
            Some(position) => position,
            None => {
                let meant = nearest(name, names.iter().map(String::as_str))
                    .map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                let list = names.join(", ");
                return refuse(format!("no model `{name}` in {file}; there are {list}{meant}"));
            }
        },
        None if names.is_empty() => return refuse(format!("{file} has no model")),
        None if names.len() == 1 => 0,
        None => return refuse(format!("choose one with --model: {}", names.join(", "))),
    };
    let system = systems.swap_remove(position);
    session.take_in(vec![system], &text);
    session.model()
}

/// Errors of model files.
pub const CHECK: Command = Command {
    name: "check",
    about: "every error of model files",
    more: "",
    arguments: &[Argument { optional: false, many: true, ..FILE }],
    options: &[],
    place: Place::Everywhere,
    examples: &[Example {
        line: "check examples/models/lorenz.model",
        result: "examples/models/lorenz.model: lorenz is sound: 3 states, 3 parameters",
    }],
    run: |session, call| {
        let (mut lines, mut found, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for file in &call.arguments {
            let source = match load_text(file, &session.limits) {
                Ok(loaded) => contents(loaded.0, &loaded.1, &session.limits),
                Err(e) => Err(e),
            };
            match source {
                Ok(all) => {
                    for s in &all.systems {
                        lines.push(format!("{file}: {}", describe(s)));
                        found.push(json!({"file": file, "model": s.name, "states": s.dimension()}));
                    }
                    for s in &all.structures {
                        lines.push(format!("{file}: {}", describe_structure(s)));
                        let variables = s.variables.len();
                        found.push(json!({"file": file, "model": s.name, "variables": variables}));
                    }
                }
                Err(e) => refused.push(e),
            }
        }
        // Every file is read before the command fails, so that all errors are seen at once.
        match refused.is_empty() {
            true => Ok(Answer::text(lines.join("\n")).json(json!({"sound": found}))),
            false => Err(Stop { refused, code: 2, found: json!({"sound": found}) }),
        }
    },
};

/// What a model consists of.
pub const INFO: Command = Command {
    name: "info",
    about: "what a model consists of, and what its kernels cost",
    more: "",
    arguments: &[FILE],
    options: &[MODEL, ELIMINATE],
    place: Place::Everywhere,
    examples: &[Example {
        line: "info examples/models/robertson.model",
        result: "model         robertson\nstates        3: A = 1, B = 0, C = 0…",
    }],
    run: |session, call| {
        let model = target(session, call)?;
        let compiled = Compiled::new(&model.system, &interpreted(call), &mut |_| {})
            .map_err(|e| Stop::failed(Kind::Domain, e))?;
        let (text, json) = info(&model.system, &compiled);
        Ok(Answer::text(text).json(json))
    },
};

/// Names listed at most.
const LISTED: usize = 8;

fn info(system: &System, compiled: &Compiled) -> (String, serde_json::Value) {
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("{name:<13} {value}"));
        }
    };
    let listed = |names: Vec<String>, values: &[f64]| {
        let count = names.len();
        let pairs = names.into_iter().zip(values).take(LISTED);
        let list: Vec<String> = pairs.map(|(n, v)| format!("{n} = {v}")).collect();
        let more = if count > LISTED { ", …" } else { "" };
        if count == 0 { String::new() } else { format!("{count}: {}{more}", list.join(", ")) }
    };
    let parameter_names: Vec<String> =
        system.parameters.iter().flat_map(|p| p.element_names()).collect();
    let observables = system.observable_names();
    let families = system.equations.iter().filter(|e| !e.ranges.is_empty()).count();
    let tables: Vec<String> =
        system.tables.iter().map(|t| format!("{} from {}", t.function, t.file)).collect();
    line("model", system.name.clone());
    line("states", listed(system.state_names(), compiled.initial()));
    line("parameters", listed(parameter_names.clone(), compiled.parameters()));
    line("observables", observables.join(", "));
    line("tables", tables.join(", "));
    let (all, scalars) = (system.equations.len(), system.equations.len() - families);
    let equations = match families {
        0 => format!("{all}"),
        _ => format!("{scalars} and {families} families over index ranges"),
    };
    line("equations", equations);
    if !system.algebraic.is_empty() {
        let names = system.algebraic.iter().take(LISTED).map(|&k| system.state_name(k));
        let names = names.collect::<Vec<_>>().join(", ");
        line("algebraic", format!("{}: {names}", system.algebraic.len()));
    }
    let start = system.plan.as_ref().map_or(0.0, |plan| plan.from);
    let network = networks::lines(system, &compiled.reported(system, start, compiled.initial()));
    for (name, value) in network.iter().flat_map(|(lines, _)| lines) {
        line(name, value.clone());
    }
    let events = system.events.iter().map(|e| format!("when {}", e.name)).collect::<Vec<_>>();
    line("events", events.join(", "));
    let n = system.dimension();
    let nonzeros = compiled.nonzeros();
    let share = 100.0 * nonzeros as f64 / (n as f64 * n as f64).max(1.0);
    line("Jacobian", format!("{nonzeros} nonzeros of {n} × {n} ({share:.3} %)"));
    let after = compiled.tape.operations_per_evaluation().total();
    let before = compiled.written.as_ref().map_or(after, |w| w.operations_per_evaluation().total());
    let slopes = compiled.jacobian_tape.operations_per_evaluation().total();
    line("operations", format!("{before} written, {after} compiled, {slopes} in the Jacobian"));
    let plan = system.plan.as_ref().map_or(String::new(), |p| {
        let points = match &p.times {
            Times::Linear(n) => format!("{n} points"),
            Times::Logarithmic(n) => format!("{n} points, logarithmic"),
            Times::At(times) => format!("{} points", times.len()),
        };
        format!("{} = {}..{}, {points}", system.time, p.from, p.to)
    });
    line("simulates", plan.clone());
    let json = json!({
        "model": system.name, "states": system.dimension(), "parameters": parameter_names,
        "observables": observables, "equations": all, "families": families,
        "nonzeros": nonzeros, "operations_written": before, "operations_compiled": after,
        "operations_jacobian": slopes, "simulates": plan,
        "network": network.map(|(_, json)| json),
    });
    (lines.join("\n"), json)
}

/// How to compile for looking at tapes only.
pub fn interpreted(call: &Call<'_>) -> Compilation {
    Compilation {
        backend: "interpreter".to_owned(),
        exact_order: call.has("exact-order"),
        rules: call.rules.clone(),
        ..Compilation::default()
    }
}

/// A stage on the way from terms to machine code.
struct Stage {
    name: &'static str,
    text: fn(&System, &Compilation) -> Result<String, Stop>,
}

const STAGES: &[Stage] = &[
    Stage {
        name: "terms",
        text: |system, _| {
            let values: Vec<Term> = system.equations.iter().map(|e| e.value).collect();
            Ok(equations(system, &system.graph, &values, false))
        },
    },
    Stage {
        name: "optimised",
        text: |system, how| {
            let mut graph = system.graph.clone();
            let values: Vec<Term> = system.equations.iter().map(|e| e.value).collect();
            let best = optimise(&mut graph, &values, &how.rules, &Options::kernel());
            Ok(equations(system, &graph, &best.roots, false))
        },
    },
    Stage {
        name: "tape",
        text: |system, how| {
            let compiled = tape(system, how)?;
            Ok(tapes(&compiled, &compiled.tape))
        },
    },
    Stage {
        name: "jacobian",
        text: |system, how| {
            let compiled = tape(system, how)?;
            Ok(tapes(&compiled, &compiled.jacobian_tape))
        },
    },
    Stage {
        name: "clif",
        text: |system, how| {
            jit::clif(&tape(system, how)?.tape).map_err(|e| Stop::failed(Kind::Resource, e))
        },
    },
    Stage {
        name: "asm",
        text: |system, how| {
            jit::assembly(&tape(system, how)?.tape).map_err(|e| Stop::failed(Kind::Resource, e))
        },
    },
    Stage {
        name: "latex",
        text: |system, _| {
            let values: Vec<Term> = system.equations.iter().map(|e| e.value).collect();
            Ok(equations(system, &system.graph, &values, true))
        },
    },
];

const STAGE: Flag = Flag {
    choices: &["terms", "optimised", "tape", "jacobian", "clif", "asm", "latex"],
    ..Flag::with(
        "stage",
        "STAGE",
        "terms, optimised, tape, jacobian (its tape), clif (Cranelift's code), asm or latex \
         [default: terms]",
    )
};

/// A tape after that of the prologue if there is one, and the functions that it is cut into if they
/// are several.
fn tapes(compiled: &Compiled, tape: &Tape) -> String {
    let prologue = &compiled.prologue_tape;
    let mut text = String::new();
    if prologue.output_length > 0 {
        let once = prologue.to_string().replace("out[", "prologue[");
        text += &format!("# once for each set of parameters\n{once}# for each evaluation\n");
    }
    match jit::pieces(tape).as_slice() {
        [] | [_] => {}
        pieces => text += &format!("# as {} functions of {pieces:?} steps\n", pieces.len()),
    }
    text + &tape.to_string()
}

fn tape(system: &System, how: &Compilation) -> Result<Compiled, Stop> {
    Compiled::new(system, how, &mut |_| {}).map_err(|e| Stop::failed(Kind::Domain, e))
}

/// A model at one stage.
///
/// # Errors
/// When the model cannot be brought there.
pub fn stage(system: &System, name: &str, how: &Compilation) -> Result<String, Stop> {
    let stage = STAGES.iter().find(|s| s.name == name);
    let stage = stage.ok_or_else(|| Stop::refused(Kind::Config, format!("no stage `{name}`")))?;
    (stage.text)(system, how).map(|text| text.trim_end().to_owned())
}

/// A model on its way to machine code.
pub const SHOW: Command = Command {
    name: "show",
    about: "a model at a stage of its way to machine code",
    more: "",
    arguments: &[FILE],
    options: &[STAGE, MODEL, EXACT_ORDER, ELIMINATE],
    place: Place::Everywhere,
    examples: &[Example {
        line: "show examples/models/lotka_volterra.model",
        result: "prey' = growth*prey - prey*predator\npredator' = prey*predator - predator*death",
    }],
    run: |session, call| {
        let name = call.option("stage").unwrap_or("terms").to_owned();
        let how = interpreted(call);
        let model = target(session, call)?;
        let text = stage(&model.system, &name, &how)?;
        let model = model.system.name.clone();
        let json = json!({"model": model, "stage": name, "text": text});
        Ok(Answer::text(text).json(json))
    },
};

fn equations(system: &System, graph: &Graph, values: &[Term], latex: bool) -> String {
    let lines = system.equations.iter().zip(values).map(|(equation, &value)| {
        let notation: &dyn Notation = if latex { &Latex } else { &Plain };
        let line = Line::new(system, &system.unknowns, equation, notation);
        let value = print_as(notation, graph, value);
        let left = match (line.algebraic, latex) {
            (true, _) => "0".to_owned(),
            (false, true) => format!("\\dot{{{}}}", line.left),
            (false, false) => format!("{}'", line.left),
        };
        let gap = if latex { " \\quad \\text{for } " } else { "  for " };
        let family = match line.family() {
            ranges if ranges.is_empty() => ranges,
            ranges => {
                format!(
                    "{gap}{}",
                    if latex {
                        ranges.replace(" in ", " = ").replace("..", ", \\dots, ")
                    } else {
                        ranges
                    }
                )
            }
        };
        format!("{left} = {value}{family}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text of a file of models and where it lies, for `load`.
///
/// # Errors
/// When it cannot be read.
pub fn read_file(file: &str, session: &Session) -> Result<Source, Stop> {
    let bytes = bytes(file, &session.limits)?;
    Ok(Source::from_bytes(file, bytes, &session.limits)?)
}
