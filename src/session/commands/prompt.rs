//! Commands of the prompt: help, definitions, assumptions, models at hand.

use super::models::{interpreted, read_file, stage};
use super::{COMMANDS, EXPRESSION};
use crate::kernel::{Layout, Options as Lowering, Output, Tape, Variable, jit};
use crate::session::command::{Answer, Argument, Call, Command, Example, Place, Sort, Stop};
use crate::session::commands::runs::assignments;
use crate::session::output::Partial;
use crate::session::request::Workspace;
use crate::session::state::STYLES;
use crate::session::{Session, contents, line, load_text};
use crate::study::Compiled;
use crate::syntax::lower::functions;
use crate::term::op::TABLE;
use crate::term::{Affine, Term};
use crate::text::{Diagnostic, Kind, Limits, nearest};

const fn word(name: &'static str, about: &'static str, optional: bool) -> Argument {
    Argument { name, about, sort: Sort::Word, optional, many: false }
}

/// The shape that the commands of the prompt share.
const PROMPT: Command = Command {
    name: "",
    about: "",
    more: "",
    arguments: &[],
    options: &[],
    place: Place::Prompt,
    examples: &[],
    run: |_, _| Ok(Answer::text("")),
};

/// Help.
pub const HELP: Command = Command {
    name: "help",
    about: "what there is, or what one command or function does",
    arguments: &[Argument { sort: Sort::Rest, ..word("NAME", "a command or a function", true) }],
    examples: &[Example { line: "help expand", result: "expand EXPRESSION [--assume FACT]…" }],
    run: |_, call| match call.arguments.first() {
        None => Ok(Answer::text(overview())),
        Some(name) => about(name).map(Answer::text),
    },
    ..PROMPT
};

fn overview() -> String {
    let mut text = "Type an expression to simplify it, `x = 3` or `f(x) = x^2` to define, a model \
                    from `ode NAME` to `end`, or a command:\n"
        .to_owned();
    for command in COMMANDS {
        text += &format!("  {:<14} {}\n", command.name, command.about);
    }
    let names: Vec<&str> = functions().collect();
    text += &format!("Functions: {}\n", names.join(", "));
    text + "`help NAME` says more; `ans` is the last result; Ctrl-D ends."
}

fn about(name: &str) -> Result<String, Stop> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = name.as_str();
    if let Some(command) = COMMANDS.iter().find(|c| c.name == name) {
        return Ok(manual(command));
    }
    let family = |c: &&Command| c.name.split_once(' ').is_some_and(|(first, _)| first == name);
    let actions: Vec<&Command> = COMMANDS.iter().filter(family).collect();
    if !actions.is_empty() {
        let lines = actions.iter().map(|c| format!("  {:<16} {}", c.name, c.about));
        return Ok(format!("{name} ACTION\n{}", lines.collect::<Vec<_>>().join("\n")));
    }
    if let Some(row) = TABLE.iter().find(|row| row.name == name) {
        let names = &["x", "y", "z"][..row.arity().min(3)];
        let slopes: Vec<String> = names.iter().filter_map(|by| slope(name, names, by)).collect();
        return Ok(format!("{name}({})\n{}", names.join(", "), slopes.join("\n")));
    }
    let known = COMMANDS.iter().map(|c| c.name).chain(functions());
    let error = Diagnostic::without_place(Kind::Name, format!("no command or function `{name}`"));
    Err(error.did_you_mean(nearest(name, known)).into())
}

/// The derivative of a function by an argument, as a line of help.
fn slope(name: &str, arguments: &[&str], by: &str) -> Option<String> {
    let mut workspace = Workspace::new(&Limits::default());
    let root = workspace.read(&format!("{name}({})", arguments.join(", "))).ok()?;
    let slope = workspace.differentiate(root, by, 1).ok()?;
    Some(format!("  derivative by {by}: {}", slope.expression))
}

/// What there is to know of a command.
pub fn manual(command: &Command) -> String {
    let mut text = format!("{}\n  {}\n", line::usage(command), command.about);
    if !command.more.is_empty() {
        text += &format!("  {}\n", command.more);
    }
    for argument in command.arguments {
        text += &format!("  {:<14} {}\n", argument.name, argument.about);
    }
    for flag in command.options {
        let value = flag.value.map_or(String::new(), |v| format!(" {v}"));
        text += &format!("  --{:<12} {}\n", format!("{}{value}", flag.long), flag.about);
    }
    for example in command.examples {
        text += &format!("  > {}\n    {}\n", example.line, example.result.replace('\n', "\n    "));
    }
    text.trim_end().to_owned()
}

/// Assumptions.
pub const ASSUME: Command = Command {
    name: "assume",
    about: "takes note of something known of a name; alone, lists what is known",
    arguments: &[Argument {
        sort: Sort::Rest,
        ..word("FACT", "as in `x > 0`, `x in 0..1` or `n integer`", true)
    }],
    examples: &[Example { line: "assume x > 0", result: "x > 0" }],
    run: |session, call| {
        if let Some(text) = call.arguments.first() {
            session.workspace.assume(text).map_err(|e| Stop::about("assumption", text, e))?;
        }
        Ok(Answer::text(session.workspace.assumed().join("\n")))
    },
    ..PROMPT
};

/// Forgetting.
pub const FORGET: Command = Command {
    name: "forget",
    about: "forgets definitions of names; alone, all assumptions",
    arguments: &[Argument { many: true, ..word("NAME", "a defined name", true) }],
    run: |session, call| {
        if call.arguments.is_empty() {
            session.workspace.know(Default::default());
            return Ok(Answer::text("no assumptions"));
        }
        for name in &call.arguments {
            if !session.workspace.definitions.forget(name) {
                let known = session.workspace.definitions.iter().map(|(n, _)| n);
                let message = format!("nothing is defined as `{name}`");
                let error = Diagnostic::without_place(Kind::Name, message);
                return Err(error.did_you_mean(nearest(name, known)).into());
            }
        }
        Ok(Answer::text(""))
    },
    ..PROMPT
};

/// What is defined.
pub const NAMES: Command = Command {
    name: "names",
    about: "the definitions, assumptions and models at hand",
    run: |session, _| {
        let results =
            |n: &str| n == "ans" || n.strip_prefix("ans").is_some_and(|k| k.parse::<u64>().is_ok());
        let definitions = session.workspace.definitions.iter().filter(|(n, _)| !results(n));
        let mut lines: Vec<String> = definitions.map(|(n, d)| d.text(n)).collect();
        lines.extend(session.workspace.assumed().iter().map(|a| format!("assume {a}")));
        let current = session.models.len();
        lines.extend(session.models.iter().enumerate().map(|(k, m)| {
            let mark = if k + 1 == current { " (current)" } else { "" };
            let set: Vec<String> = m.set.iter().map(|(n, v)| format!(", {n} = {v}")).collect();
            format!("model {}{mark}{}", m.system.name, set.concat())
        }));
        Ok(Answer::text(lines.join("\n")))
    },
    ..PROMPT
};

/// How results are written.
pub const STYLE: Command = Command {
    name: "style",
    about: "writes results as `unicode`, `plain` or `latex` from now on",
    arguments: &[word("STYLE", "unicode, plain or latex", false)],
    run: |session, call| {
        let name = call.argument(0);
        let names = || STYLES.iter().map(|(n, _)| *n);
        match STYLES.iter().find(|(n, _)| *n == name) {
            Some((_, style)) => session.style = *style,
            None => {
                let message = format!("no style `{name}`");
                let error = Diagnostic::without_place(Kind::Config, message)
                    .did_you_mean(nearest(name, names()))
                    .note(format!("styles are {}", names().collect::<Vec<_>>().join(", ")));
                return Err(error.into());
            }
        }
        Ok(Answer::text(""))
    },
    ..PROMPT
};

const PATH: Argument =
    Argument { name: "FILE", about: "a file", sort: Sort::File, optional: false, many: false };

/// Files of models or of lines as they are typed.
pub const LOAD: Command = Command {
    name: "load",
    about: "reads the models of a file, or the lines of a saved session",
    arguments: &[PATH],
    examples: &[Example {
        line: "load examples/models/lorenz.model",
        result: "lorenz is sound: 3 states, 3 parameters",
    }],
    run: |session, call| {
        let file = call.argument(0);
        let text = read_file(file, session)?.text().to_owned();
        let session_file = text.lines().next().is_some_and(|l| l.trim() == SESSION);
        if !session_file {
            let (source, folder) = load_text(file, &session.limits)?;
            let found = contents(source.clone(), &folder, &session.limits)?;
            let systems = session.take_in(found.systems, &text);
            let structures = session.take_structures(found.structures, &source);
            return Ok(Answer::text([systems, structures].join("\n").trim()));
        }
        let mut pending = String::new();
        let mut count = 0;
        for (number, piece) in text.lines().enumerate() {
            pending += piece;
            if line::is_open(&pending) {
                pending.push('\n');
                continue;
            }
            let whole = std::mem::take(&mut pending);
            if matches!(line::read(&whole), Ok(line::Line::Command { name: "load", .. })) {
                let message = format!("line {} of `{file}` loads a file itself", number + 1);
                return Err(Stop::refused(Kind::Config, message));
            }
            session.line(&whole, call.host)?;
            count += usize::from(!whole.trim().is_empty());
        }
        Ok(Answer::text(format!("{count} lines of {file}")))
    },
    ..PROMPT
};

/// The first line of a saved session.
const SESSION: &str = "# isoterm session";

/// Saving.
pub const SAVE: Command = Command {
    name: "save",
    about: "writes definitions, assumptions and models so that `load` reads them back",
    arguments: &[PATH],
    run: |session, call| {
        let mut text = format!("{SESSION}\n");
        for model in &session.models {
            text += &format!("{}\n", model.text.trim());
            for (name, value) in &model.set {
                text += &format!("set {name}={value:e}\n");
            }
        }
        for (k, structure) in session.structures.iter().enumerate() {
            let written = session.models.iter().any(|m| m.text == structure.text)
                || session.structures[..k].iter().any(|s| s.text == structure.text);
            if !written {
                text += &format!("{}\n", structure.text.trim());
            }
        }
        for (name, definition) in session.workspace.definitions.iter() {
            text += &format!("{}\n", definition.text(name));
        }
        for assumption in session.workspace.assumed() {
            text += &format!("assume {assumption}\n");
        }
        let lines = text.lines().count();
        let file = Partial::create(call.argument(0))?;
        file.write(text.as_bytes())?;
        Ok(Answer::text(format!("{} ({lines} lines)", call.argument(0))))
    },
    ..PROMPT
};

/// Another model.
pub const USE: Command = Command {
    name: "use",
    about: "makes another of the loaded models the current one",
    arguments: &[word("MODEL", "its name", false)],
    run: |session, call| {
        let name = call.argument(0);
        session.choose(name)?;
        let structure = session.structures.last().filter(|s| s.model.name == name);
        Ok(Answer::text(match structure {
            Some(structure) => crate::session::describe_structure(&structure.model),
            None => crate::session::describe(&session.model()?.system),
        }))
    },
    ..PROMPT
};

/// Parameters.
pub const SET: Command = Command {
    name: "set",
    about: "gives parameters and initial values of the current model other values; alone, as the \
            model says",
    more: "Nothing is compiled again.",
    arguments: &[Argument {
        sort: Sort::Rest,
        ..word("NAME=NUMBER", "values, divided by commas", true)
    }],
    run: |session, call| {
        let list: Vec<String> = call
            .arguments
            .iter()
            .flat_map(|a| {
                line::outer(a, ',').into_iter().map(|p| p.trim().to_owned()).collect::<Vec<_>>()
            })
            .collect();
        let values = assignments(&list)?;
        let model = session.model()?;
        let mut set = if values.is_empty() { Vec::new() } else { model.set.clone() };
        for (name, value) in values {
            set.retain(|(n, _)| *n != name);
            set.push((name, value));
        }
        crate::study::check_values(&model.system, &set)
            .map_err(|e| Stop::refused(Kind::Name, e))?;
        model.set = set;
        let said: Vec<String> = model.set.iter().map(|(n, v)| format!("{n} = {v}")).collect();
        Ok(Answer::text(said.join("\n")))
    },
    ..PROMPT
};

/// Costs.
pub const COST: Command = Command {
    name: "cost",
    about: "operations and cycles of an expression as written and when it is compiled",
    arguments: &[EXPRESSION],
    run: |session, call| {
        let text = call.argument(0);
        let workspace = &mut session.workspace;
        let root = workspace.read(text).map_err(|e| Stop::about("expression", text, e))?;
        let best = workspace.cheapest(root);
        let count = |tape: Tape| {
            let o = tape.operations();
            format!("{} operations, about {} cycles", o.total(), o.cycles())
        };
        let (read, compiled) = (tape_of(session, root)?, tape_of(session, best)?);
        let size = session.workspace.size(root);
        Ok(Answer::text(format!(
            "read         {}, size {size}\ncompiled     {}",
            count(read),
            count(compiled)
        )))
    },
    ..PROMPT
};

/// The tape of an expression whose names are its arguments.
fn tape_of(session: &mut Session, root: Term) -> Result<Tape, Stop> {
    let graph = &mut session.workspace.graph;
    let names = crate::session::request::names(graph, root);
    let states = names
        .iter()
        .enumerate()
        .map(|(offset, n)| Variable { name: graph.intern(n), extents: Vec::new(), offset })
        .collect();
    let layout = Layout { time: None, states, parameters: Vec::new() };
    let output = Output { ranges: Vec::new(), place: Affine::constant(0), value: root };
    Tape::lower(graph, &layout, &[output], &Lowering::default())
        .map_err(|e| Stop::failed(Kind::Domain, e))
}

/// The time of a line.
pub const TIME: Command = Command {
    name: "time",
    about: "does what a line says and tells how long it took",
    arguments: &[Argument { sort: Sort::Rest, ..word("LINE", "a line", false) }],
    run: |session, call| {
        let begun = call.host.micros();
        let text = session.line(call.argument(0), call.host)?;
        let taken = call.host.micros() - begun;
        Ok(Answer::text(format!("{text}\n{:.3} ms", taken as f64 / 1e3)))
    },
    ..PROMPT
};

/// An expression, or the current model when there is none.
const SUBJECT: Argument = Argument {
    about: "an expression; the current model if left out",
    optional: true,
    ..EXPRESSION
};

/// The tape of an expression or of the current model.
fn subject(session: &mut Session, call: &Call<'_>) -> Result<Tape, Stop> {
    let Some(text) = call.arguments.first() else {
        let model = session.model()?;
        let compiled = Compiled::new(&model.system, &interpreted(call), &mut |_| {});
        return Ok(compiled.map_err(|e| Stop::failed(Kind::Domain, e))?.tape);
    };
    let root = session.workspace.read(text).map_err(|e| Stop::about("expression", text, e))?;
    let best = session.workspace.cheapest(root);
    tape_of(session, best)
}

/// Tapes.
pub const TAPE: Command = Command {
    name: "tape",
    about: "the tape of an expression, or of the current model",
    arguments: &[SUBJECT],
    run: |session, call| {
        if call.arguments.is_empty() {
            return Ok(Answer::text(stage(&session.model()?.system, "tape", &interpreted(call))?));
        }
        let tape = subject(session, call)?;
        Ok(Answer::text(tape.to_string().trim_end()))
    },
    ..PROMPT
};

/// Machine code.
pub const ASM: Command = Command {
    name: "asm",
    about: "the machine code of an expression, or of the current model",
    arguments: &[SUBJECT],
    run: |session, call| {
        let tape = subject(session, call)?;
        let text = jit::assembly(&tape).map_err(|e| Stop::failed(Kind::Resource, e))?;
        Ok(Answer::text(text.trim_end()))
    },
    ..PROMPT
};

/// A new beginning.
pub const CLEAR: Command = Command {
    name: "clear",
    about: "forgets all definitions, assumptions, results and models",
    run: |session, _| {
        session.clear();
        Ok(Answer::text(""))
    },
    ..PROMPT
};

/// The end.
pub const QUIT: Command = Command {
    name: "quit",
    about: "ends the session, as Ctrl-D does",
    run: |session, _| {
        session.ended = true;
        Ok(Answer::text(""))
    },
    ..PROMPT
};
