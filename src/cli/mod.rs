//! The command line: arguments, clock and terminal.

mod arguments;
mod batch;
mod host;
mod repl;

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use host::{Terminal, guard, interrupted, listen, pressed, reason};

use crate::rewrite::Ruleset;
use crate::session::command::Stop;
use crate::session::{Session, command, refusal, rules};
use crate::text::{Diagnostic, Kind, Limits};

/// Runs the program; exit code 0 is success, 1 a failed run or the answer no, 2 bad usage or
/// input, 130 a run that Ctrl-C stopped.
pub fn run() -> ExitCode {
    let given = arguments::read();
    if let Some(most) = given.seconds {
        guard(most);
    }
    let answered = rules(&given.rules, &given.limits).and_then(|rules| {
        match given.name.as_deref() {
            None | Some("repl") => return Ok(repl::run(&given.limits, rules, &given.options)),
            Some("batch") => return Ok(batch::run(&given.limits, &rules)),
            Some(_) => {}
        }
        listen(true);
        answer(&given, rules).map(|yes| ExitCode::from(u8::from(!yes)))
    });
    if let Some(why) = reason() {
        let found = if answered.is_ok() { "; this is the best found until then" } else { "" };
        let _ = writeln!(std::io::stderr(), "note: {why}{found}");
    }
    match answered {
        Ok(_) if pressed() => ExitCode::from(130),
        Ok(code) => code,
        Err(stop) => {
            if given.json {
                say(&format!("{}\n", refusal(&stop)));
            }
            let colour = std::io::stderr().is_terminal();
            let _ = write!(std::io::stderr(), "{}", stop.render(colour));
            ExitCode::from(if pressed() { 130 } else { stop.code })
        }
    }
}

/// Runs one command of the shell; whether its answer is yes.
fn answer(given: &arguments::Given, rules: Arc<Ruleset>) -> Result<bool, Stop> {
    if given.json && given.options.iter().any(|(name, to)| *name == "output" && to == "-") {
        let error = Diagnostic::without_place(Kind::Config, "`--json` and `-o -` both print");
        return Err(error.help("give `-o` a file, or leave one of the two out").into());
    }
    let mut session = Session::new(&given.limits, interrupted).with_rules(rules);
    session.shell = true;
    let command = command(given.name.as_deref().unwrap_or_default())?;
    let (arguments, options) = (given.arguments.clone(), given.options.clone());
    let mut answer = session.command(command, arguments, options, &Terminal::new())?;
    if reason().is_some() {
        answer.json["stopped"] = true.into();
    }
    let text = match given.json {
        true => answer.json.to_string(),
        false => session.plain(&answer)?,
    };
    if !text.is_empty() {
        say(&format!("{text}\n"));
    }
    Ok(answer.yes)
}

/// Prints; a closed pipe is the reader's choice and no failure, a full disk ends the program.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            let _ = writeln!(std::io::stderr(), "error: cannot write to standard output: {e}");
            std::process::exit(1);
        }
        _ => {}
    }
}

/// The limits with what `--limit` changes.
fn limits(given: impl Iterator<Item = (String, usize)>) -> Limits {
    let mut limits = Limits::default();
    for (name, value) in given {
        limits.set(&name, value);
    }
    limits
}
