//! What could stand at a place of a line: commands, options, functions, names, files.

use super::command::{Command, Sort};
use super::commands::COMMANDS;
use super::line;
use super::state::{STYLES, Session};
use crate::syntax::lexeme;
use crate::syntax::lower::functions;
use crate::syntax::model::BLOCKS;

/// What can be put in place of the text from a byte position to the cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Completion {
    /// These words, from this position on.
    Words(usize, Vec<String>),
    /// The name of a file.
    File,
}

/// The words that can be completed, gathered from a session between two lines.
#[derive(Clone, Default)]
pub struct Vocabulary {
    names: Vec<String>,
    models: Vec<String>,
    members: Vec<String>,
}

/// Names of array elements offered at most.
const ELEMENTS: usize = 200;

impl Vocabulary {
    /// What the session knows now.
    pub fn of(session: &Session) -> Vocabulary {
        let definitions = session.workspace.definitions.iter();
        let mut names: Vec<String> = definitions.map(|(n, _)| n.to_owned()).collect();
        names.extend(["pi", "e"].map(str::to_owned));
        let models = session.models.iter().map(|m| m.system.name.clone()).collect();
        let members = session.models.last().map_or_else(Vec::new, |m| {
            let all = m.system.parameters.iter().chain(m.system.variables());
            all.flat_map(|v| v.element_names().into_iter().take(ELEMENTS)).collect()
        });
        Vocabulary { names, models, members }
    }

    /// Whether a name means something: for colours.
    pub fn knows(&self, name: &str) -> bool {
        self.names.iter().any(|n| n == name)
    }

    /// What could be meant by the text before the cursor.
    pub fn complete(&self, before: &str) -> Completion {
        let start = before
            .rfind(|c| !lexeme::continues_name(c))
            .map_or(0, |k| k + before[k..].chars().next().map_or(1, char::len_utf8));
        let word = &before[start..];
        let pick = |start: usize, words: Vec<String>| {
            let typed = &before[start..];
            let mut words: Vec<String> =
                words.into_iter().filter(|w| w.starts_with(typed)).collect();
            words.sort();
            words.dedup();
            Completion::Words(start, words)
        };
        let head = before.trim_start();
        let first = head.split_whitespace().next().unwrap_or("");
        let in_first = head.len() == first.len();
        let typed = line::command_at(head).filter(|(_, rest)| !rest.is_empty());
        let command = typed.map(|(command, _)| command).filter(|_| !in_first);
        let mut actions = line::actions(first).peekable();
        if !in_first && command.is_none() && actions.peek().is_some() {
            return pick(start, actions.map(str::to_owned).collect());
        }
        if let Some(dashes) = before.rfind(" --")
            && let Some(command) = command
            && before[dashes + 3..].chars().all(|c| c.is_alphanumeric() || c == '-')
        {
            let flags = command.options.iter().map(|f| format!("--{}", f.long));
            return pick(dashes + 1, flags.collect());
        }
        let expressions = || {
            let words = functions().map(str::to_owned).chain(self.names.iter().cloned());
            words.chain(self.members.iter().cloned()).collect::<Vec<String>>()
        };
        match command {
            None if in_first => {
                let first_word = |name: &str| name.split(' ').next().unwrap_or(name).to_owned();
                let commands = COMMANDS.iter().map(|c| first_word(c.name));
                let blocks = BLOCKS.iter().map(|(w, _)| (*w).to_owned());
                pick(start, commands.chain(blocks).chain(expressions()).collect())
            }
            None => pick(start, expressions()),
            Some(command) => match after_option(command, before) {
                Some(choices) if !choices.is_empty() => {
                    pick(start, choices.iter().map(|c| (*c).to_owned()).collect())
                }
                _ => match command.arguments.first().map(|a| a.sort) {
                    Some(Sort::File) if !before.contains(" --") => Completion::File,
                    Some(sort) if sort == Sort::Word || command.name == "help" => {
                        pick(before.len() - word.len(), self.words(command))
                    }
                    _ => pick(start, expressions()),
                },
            },
        }
    }

    /// The words that a command takes.
    fn words(&self, command: &Command) -> Vec<String> {
        let fixed = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
        match command.name {
            "help" => fixed(COMMANDS.iter().map(|c| c.name).chain(functions()).collect()),
            "style" => fixed(STYLES.iter().map(|(n, _)| *n).collect()),
            "use" => self.models.clone(),
            _ => self.names.iter().chain(&self.members).cloned().collect(),
        }
    }
}

/// The choices of the option whose value is being typed.
fn after_option(command: &Command, before: &str) -> Option<&'static [&'static str]> {
    let (_, last) = before.rsplit_once(" --")?;
    let (name, _) = last.split_once([' ', '='])?;
    command.options.iter().find(|f| f.long == name).map(|f| f.choices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Limits;

    fn words(before: &str) -> Vec<String> {
        let mut session = Session::new(&Limits::default(), || false);
        session.line("speed = 3", &crate::session::command::Silent).expect("a definition");
        match Vocabulary::of(&session).complete(before) {
            Completion::Words(_, words) => words,
            Completion::File => vec!["<file>".to_owned()],
        }
    }

    #[test]
    fn every_kind_of_word_is_completed() {
        assert_eq!(words("simpl"), ["simplify"]);
        assert_eq!(words("sp"), ["speed"]);
        assert_eq!(words("2 + asin"), ["asin", "asinh"]);
        assert_eq!(words("simplify x --as"), ["--assume"]);
        assert_eq!(words("simulate exam"), ["<file>"]);
        assert_eq!(words("style un"), ["unicode"]);
        assert_eq!(words("help equ"), ["equal"]);
        assert_eq!(words("show --stage as"), ["asm"]);
        assert_eq!(words("xyz"), [] as [&str; 0]);
    }
}
