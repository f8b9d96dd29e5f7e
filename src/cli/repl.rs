//! The prompt: lines with history, completion and colours, and what each says.

use std::borrow::Cow;
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor, Helper};

use super::host::{Terminal, begin, interrupted, listen, pressed, reason, resume};
use super::say;
use crate::rewrite::Ruleset;
use crate::session::completion::{Completion, Vocabulary};
use crate::session::{COMMANDS, Session, line};
use crate::syntax::lexeme;
use crate::syntax::lower::function_named;
use crate::text::Limits;

/// What is shown before a line.
const PROMPT: &str = "> ";

/// Lines of history that are kept.
const HISTORY: usize = 10_000;

/// Runs the prompt until Ctrl-D, `quit` or the end of the input.
pub fn run(limits: &Limits, rules: Arc<Ruleset>, options: &[(&'static str, String)]) -> ExitCode {
    listen(false);
    let mut session = Session::new(limits, interrupted).with_rules(rules);
    if !std::io::stdin().is_terminal() {
        return script(&mut session);
    }
    let history = options.iter().find(|(n, _)| *n == "history").map(|(_, v)| PathBuf::from(v));
    match converse(&mut session, history.or_else(history_file)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            let _ = writeln!(std::io::stderr(), "error: the terminal does not work: {e}");
            ExitCode::from(1)
        }
    }
}

/// Reads lines that nobody types; fails when one of them did.
fn script(session: &mut Session) -> ExitCode {
    let host = Terminal::new();
    let (mut pending, mut code) = (String::new(), 0);
    let mut reader = std::io::stdin().lock();
    loop {
        let mut bytes = Vec::new();
        let more = matches!(reader.read_until(b'\n', &mut bytes), Ok(n) if n > 0);
        pending += String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']);
        if more && line::is_open(&pending) {
            pending.push('\n');
            continue;
        }
        let whole = std::mem::take(&mut pending);
        begin();
        code = code.max(u8::from(!respond(session, &whole, &host, false)));
        if let Some(why) = reason() {
            let _ = writeln!(std::io::stderr(), "note: {why}");
        }
        if !more || session.ended || pressed() {
            return ExitCode::from(if pressed() { 130 } else { code });
        }
    }
}

/// Does what a line says and prints; whether it could be done.
fn respond(session: &mut Session, text: &str, host: &Terminal, colour: bool) -> bool {
    match session.line(text, host) {
        Ok(shown) if shown.is_empty() => true,
        Ok(shown) => {
            say(&format!("{shown}\n"));
            true
        }
        Err(stop) => {
            let _ = write!(std::io::stderr(), "{}", stop.render(colour));
            false
        }
    }
}

fn converse(session: &mut Session, history: Option<PathBuf>) -> rustyline::Result<()> {
    let config = Config::builder()
        .max_history_size(HISTORY)?
        .history_ignore_dups(true)?
        .completion_type(rustyline::CompletionType::List)
        .build();
    let mut editor: Editor<Assistant, FileHistory> = Editor::with_config(config)?;
    let host = Terminal::new();
    let colour = crate::session::command::Host::colour(&host);
    editor.set_helper(Some(Assistant {
        words: Vocabulary::of(session),
        files: FilenameCompleter::new(),
        colour,
    }));
    if let Some(file) = &history {
        // There is none the first time.
        let _ = editor.load_history(file);
    }
    say(&format!(
        "isoterm {}: `help` lists what there is, Ctrl-D ends\n",
        env!("CARGO_PKG_VERSION")
    ));
    while !session.ended {
        match editor.readline(PROMPT) {
            Ok(text) => {
                if text.trim().is_empty() {
                    continue;
                }
                let _ = editor.add_history_entry(text.as_str());
                resume();
                respond(session, &text, &host, colour);
                if let Some(why) = reason() {
                    say(&format!("{why}\n"));
                }
                if let Some(helper) = editor.helper_mut() {
                    helper.words = Vocabulary::of(session);
                }
            }
            // Ctrl-C takes back the line and nothing else.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(e) => return Err(e),
        }
    }
    if let Some(file) = &history {
        if let Some(folder) = file.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        if let Err(e) = editor.save_history(file) {
            let _ = writeln!(
                std::io::stderr(),
                "warning: the history cannot be kept in `{}`: {e}",
                file.display()
            );
        }
    }
    Ok(())
}

/// The file of the history: `$XDG_STATE_HOME/isoterm/history`, by default in `~/.local/state`.
fn history_file() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_STATE_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = || {
        let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
        Some(PathBuf::from(home).join(".local").join("state"))
    };
    Some(folder.or_else(home)?.join("isoterm").join("history"))
}

/// Completion, colours and the question whether a line is complete.
struct Assistant {
    words: Vocabulary,
    files: FilenameCompleter,
    colour: bool,
}

impl Helper for Assistant {}

impl Hinter for Assistant {
    type Hint = String;
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        match self.words.complete(&line[..pos]) {
            Completion::File => self.files.complete(line, pos, context),
            Completion::Words(start, words) => {
                let pairs = words.into_iter().map(|w| Pair { display: w.clone(), replacement: w });
                Ok((start, pairs.collect()))
            }
        }
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        // Two empty lines end what would wait forever for a bracket.
        let open = line::is_open(context.input()) && !context.input().ends_with("\n\n");
        Ok(if open { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

/// Colours of numbers, functions, commands and defined names.
const NUMBER: &str = "\x1b[36m";
const FUNCTION: &str = "\x1b[34m";
const COMMAND: &str = "\x1b[1;35m";
const DEFINED: &str = "\x1b[32m";
const PLAIN: &str = "\x1b[0m";

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.colour { Cow::Owned(self.coloured(line)) } else { Cow::Borrowed(line) }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.colour
    }
}

impl Assistant {
    fn coloured(&self, line: &str) -> String {
        let mut text = String::with_capacity(line.len() + 32);
        let mut rest = line;
        let mut first = true;
        while let Some(c) = rest.chars().next() {
            let is_name = lexeme::begins_name(c);
            let end = match c {
                _ if is_name => rest.find(|c| !lexeme::continues_name(c)),
                '0'..='9' => rest.find(|c: char| !c.is_ascii_digit() && c != '.'),
                _ => rest.char_indices().nth(1).map(|(k, _)| k),
            };
            let (piece, tail) = rest.split_at(end.unwrap_or(rest.len()));
            let colour = match c {
                '0'..='9' => Some(NUMBER),
                _ if !is_name => None,
                _ if first && COMMANDS.iter().any(|c| c.name.split(' ').next() == Some(piece)) => {
                    Some(COMMAND)
                }
                _ if function_named(piece).is_some() => Some(FUNCTION),
                _ if self.words.knows(piece) => Some(DEFINED),
                _ => None,
            };
            match colour {
                Some(colour) => text.extend([colour, piece, PLAIN]),
                None => text.push_str(piece),
            }
            first &= c.is_whitespace();
            rest = tail;
        }
        text
    }
}
