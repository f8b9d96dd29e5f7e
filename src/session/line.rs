//! A line of the prompt: a command with its words, a definition, a model or an expression.

use super::algebra::FUNCTIONS;
use super::command::{Command, Flag, Sort};
use super::commands::COMMANDS;
use crate::syntax::lexeme;
use crate::syntax::model::BLOCKS;
use crate::text::{Diagnostic, Kind, nearest};

/// What a line is.
#[derive(Debug)]
pub enum Line {
    /// Nothing.
    Blank,
    /// A command.
    Command {
        /// Its name.
        name: &'static str,
        /// The arguments.
        arguments: Vec<String>,
        /// The options with their values.
        options: Vec<(&'static str, String)>,
    },
    /// `x = …` or `f(x, y) = …`.
    Definition {
        /// The name.
        name: String,
        /// The arguments of a function.
        parameters: Vec<String>,
        /// What it stands for.
        body: String,
    },
    /// A model, from its keyword to `end`.
    Model,
    /// An expression.
    Expression,
}

/// Divides a text at a character outside brackets and quotes.
pub fn outer(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_i64, false);
    for (k, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            c if c == at && depth == 0 => {
                parts.push(&text[start..k]);
                start = k + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The words of a text; quotes keep blanks together.
pub fn words(text: &str) -> Vec<String> {
    let spaced = text.replace(['\t', '\n'], " ");
    let parts = outer(&spaced, ' ').into_iter().filter(|p| !p.is_empty());
    parts.map(|p| p.replace('"', "")).collect()
}

/// Whether more lines are needed: an open bracket or quote, a block without `end`.
pub fn is_open(text: &str) -> bool {
    let mut depth = 0_i64;
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    if begins_model(text) {
        return !text.lines().any(|l| without_comment(l) == "end");
    }
    depth > 0 || quoted || text.trim_end().ends_with('\\')
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or(line).trim()
}

/// The command that a text begins with, whose name may have two words, and what follows it.
pub fn command_at(text: &str) -> Option<(&'static Command, &str)> {
    let word = |text: &str| text.find(|c| !lexeme::continues_name(c)).unwrap_or(text.len());
    let end = word(text);
    let (first, rest) = text.split_at(end);
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let (second, after) = rest[blanks..].split_at(word(&rest[blanks..]));
    let pair = |name: &str| {
        name.split_once(' ').is_some_and(|(a, b)| a == first && b == second && blanks > 0)
    };
    let two = COMMANDS.iter().find(|c| pair(c.name)).map(|c| (c, after));
    two.or_else(|| COMMANDS.iter().find(|c| c.name == first).map(|c| (c, rest)))
}

/// The second words of the commands that begin with a word.
pub fn actions(family: &str) -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().filter_map(move |c| {
        c.name.split_once(' ').filter(|(first, _)| *first == family).map(|(_, second)| second)
    })
}

fn begins_model(text: &str) -> bool {
    let first = text.trim_start();
    if command_at(first).is_some_and(|(command, _)| command.name.contains(' ')) {
        return false;
    }
    BLOCKS.iter().any(|(word, _)| {
        first.strip_prefix(word).is_some_and(|rest| {
            let rest = rest.trim_start_matches([' ', '\t']);
            rest.starts_with('\n')
                || (rest.len() < first.len() - word.len()
                    && rest.starts_with(lexeme::begins_name)
                    && (actions(word).next().is_none() || is_alone(word, rest)))
        })
    })
}

/// Whether the text after a family's word names a model: nothing but a comment follows the name in its
/// line, since `sem fitt a` opens no block, and a name that stands alone is not a mistyped action.
fn is_alone(family: &str, text: &str) -> bool {
    let line = text.lines().next().unwrap_or("");
    let rest = line.trim_start_matches(lexeme::continues_name);
    let name = &line[..line.len() - rest.len()];
    let rest = rest.trim_start();
    let goes_on = text.trim_end().contains('\n');
    (rest.is_empty() || rest.starts_with(['#', '!']))
        && (goes_on || nearest(name, actions(family)).is_none())
}

/// Reads a line.
///
/// # Errors
/// An option that the command does not have, or one without its value.
pub fn read(text: &str) -> Result<Line, Diagnostic> {
    let text = text.trim();
    let text = text.strip_prefix(':').unwrap_or(text);
    if text.is_empty() || text.starts_with('#') {
        return Ok(Line::Blank);
    }
    if begins_model(text) {
        return Ok(Line::Model);
    }
    if let Some((name, parameters, body)) = definition(text) {
        return Ok(Line::Definition { name, parameters, body });
    }
    match command_at(text) {
        Some((c, rest)) if FUNCTIONS.contains(&c.name) && goes_on(rest) => Ok(Line::Expression),
        Some((command, rest)) => command_line(command, rest),
        None => unknown_action(text).map_or(Ok(Line::Expression), Err),
    }
}

/// The error about `sem fitt`, where `sem fit` is a command.
fn unknown_action(text: &str) -> Option<Diagnostic> {
    let mut words = text.split_whitespace();
    let first = words.next()?;
    let list: Vec<&str> = actions(first).collect();
    let second = words.next().filter(|_| !list.is_empty())?;
    let message = format!("`{first}` cannot `{second}`");
    let error = Diagnostic::without_place(Kind::Name, message);
    let meant = nearest(second, list.iter().copied());
    let other = "a model's name is less like one of these".to_owned();
    let error = error.note(format!("it can {}", list.join(", ")));
    Some(if words.next().is_none() { error.note(other) } else { error }.did_you_mean(meant))
}

/// Whether a text begins with a bracket that closes before its end, as in `(A) + B`.
fn goes_on(text: &str) -> bool {
    let mut depth = 0_i64;
    let end = text.char_indices().find_map(|(k, c)| {
        depth += i64::from(c == '(') - i64::from(c == ')');
        (depth == 0).then_some(k + c.len_utf8())
    });
    text.starts_with('(') && end.is_some_and(|end| !text[end..].trim().is_empty())
}

/// `name = body` or `name(a, b) = body`; comparisons are no definitions.
fn definition(text: &str) -> Option<(String, Vec<String>, String)> {
    let (left, body) = text.split_once('=')?;
    if body.starts_with('=') || left.ends_with(['<', '>', '!', '=']) {
        return None;
    }
    let left = left.trim();
    let (name, parameters) = match left.split_once('(') {
        None => (left, Vec::new()),
        Some((name, list)) => {
            let list = list.trim_end().strip_suffix(')')?;
            (name.trim(), list.split(',').map(|p| p.trim().to_owned()).collect())
        }
    };
    // `solve x + y = 3` is a command, and `2*x = 3` nothing at all.
    let word = !name.is_empty() && name.chars().all(lexeme::continues_name);
    word.then(|| (name.to_owned(), parameters, body.trim().to_owned()))
}

fn command_line(command: &'static Command, rest: &str) -> Result<Line, Diagnostic> {
    let (mut text, mut options) = (String::new(), Vec::new());
    let rest = long_options(command, rest);
    let mut pieces = rest.split(" --");
    text.push_str(pieces.next().unwrap_or(""));
    for piece in pieces {
        let end = piece.find(|c: char| !(c.is_alphanumeric() || c == '-')).unwrap_or(piece.len());
        let (name, value) = piece.split_at(end);
        let Some(flag) = command.options.iter().find(|f| f.long == name) else {
            // `x --y` is arithmetic when no option was meant.
            if options.is_empty()
                && command.arguments.iter().any(|a| a.sort == Sort::Expression)
                && nearest(name, command.options.iter().map(|f| f.long)).is_none()
            {
                text.push_str(" --");
                text.push_str(piece);
                continue;
            }
            return Err(unknown_option(command, name));
        };
        let value = value.strip_prefix('=').unwrap_or(value).trim();
        match flag.value {
            Some(what) if value.is_empty() => {
                let message = format!("`--{name}` needs a value {what}");
                return Err(Diagnostic::without_place(Kind::Config, message));
            }
            Some(_) => options.push((flag.long, value.replace('"', ""))),
            None => {
                options.push((flag.long, String::new()));
                // What stands after a switch belongs to the arguments.
                text.push(' ');
                text.push_str(value);
            }
        }
    }
    Ok(Line::Command { name: command.name, arguments: arguments(command, text.trim())?, options })
}

/// The text with `-o` spelled out; a letter after a minus is arithmetic in an expression.
fn long_options(command: &Command, rest: &str) -> String {
    let mut text = rest.to_owned();
    if command.arguments.first().is_none_or(|a| a.sort != Sort::Expression) {
        for flag in command.options {
            if let Some(short) = flag.short {
                text = text.replace(&format!(" -{short} "), &format!(" --{} ", flag.long));
            }
        }
    }
    text
}

/// The error about an option that a command does not have.
pub fn unknown_option(command: &Command, name: &str) -> Diagnostic {
    let known = || command.options.iter().map(|f: &Flag| f.long);
    let message = format!("`{}` has no option `--{name}`", command.name);
    let list: Vec<String> = known().map(|n| format!("--{n}")).collect();
    let error = Diagnostic::without_place(Kind::Config, message)
        .did_you_mean(nearest(name, known()).map(|n| format!("--{n}")).as_deref());
    if list.is_empty() { error } else { error.note(format!("it has {}", list.join(", "))) }
}

fn arguments(command: &Command, text: &str) -> Result<Vec<String>, Diagnostic> {
    let Some(first) = command.arguments.first() else {
        return match text {
            "" => Ok(Vec::new()),
            _ => {
                let message = format!("`{}` takes no argument, found `{text}`", command.name);
                Err(Diagnostic::without_place(Kind::Arity, message))
            }
        };
    };
    let found: Vec<String> = match first.sort {
        _ if text.is_empty() => Vec::new(),
        Sort::Rest => vec![text.to_owned()],
        Sort::Expression => {
            // `diff(x^2, x)` is `diff x^2, x`.
            let text = match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
                Some(inner) if !is_open(inner) && is_closed(inner) => inner,
                _ => text,
            };
            match command.arguments.len() {
                1 if !first.many => vec![text.trim().to_owned()],
                _ => outer(text, ',').into_iter().map(|p| p.trim().to_owned()).collect(),
            }
        }
        Sort::File | Sort::Word => words(text),
    };
    check_count(command, found.len())?;
    Ok(found)
}

/// Whether no bracket is closed that is not open.
fn is_closed(text: &str) -> bool {
    let mut depth = 0_i64;
    text.chars().all(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth >= 0
    })
}

/// Whether a command can take so many arguments.
///
/// # Errors
/// What is missing or too much.
pub fn check_count(command: &Command, count: usize) -> Result<(), Diagnostic> {
    let needed = command.arguments.iter().filter(|a| !a.optional).count();
    let most = command.arguments.len();
    let many = command.arguments.iter().any(|a| a.many);
    if (needed..=most).contains(&count) || (many && count >= needed) {
        return Ok(());
    }
    let message = if count < needed {
        let missing: Vec<&str> =
            command.arguments.iter().filter(|a| !a.optional).skip(count).map(|a| a.name).collect();
        format!("`{}` needs {}", command.name, missing.join(" and "))
    } else {
        format!("`{}` takes {most} arguments, {count} given", command.name)
    };
    Err(Diagnostic::without_place(Kind::Arity, message).help(format!("usage: {}", usage(command))))
}

/// The usage of a command at the prompt.
pub fn usage(command: &Command) -> String {
    let mut text = command.name.to_owned();
    for (k, argument) in command.arguments.iter().enumerate() {
        let comma = if k > 0 && argument.sort == Sort::Expression { "," } else { "" };
        let dots = if argument.many { "…" } else { "" };
        text += &match argument.optional {
            true => format!("{comma} [{}{dots}]", argument.name),
            false => format!("{comma} {}{dots}", argument.name),
        };
    }
    for flag in command.options {
        text += &match flag.value {
            Some(value) => format!(" [--{} {value}]", flag.long),
            None => format!(" [--{}]", flag.long),
        };
    }
    text
}
