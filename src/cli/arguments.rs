//! The arguments of the program, from the table of commands.

use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command as Clap};

use crate::session::COMMANDS;
use crate::session::command::{Argument, Command, Flag, Place, Sort};
use crate::text::{Limits, nearest};

/// What was asked for.
pub struct Given {
    /// The command; none for the prompt.
    pub name: Option<String>,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its options.
    pub options: Vec<(&'static str, String)>,
    /// Whether the answer is wanted as JSON.
    pub json: bool,
    /// The limits.
    pub limits: Limits,
    /// Files and folders of rules.
    pub rules: Vec<String>,
    /// How long each piece of work may take.
    pub seconds: Option<Duration>,
}

/// Options of the prompt.
const PROMPT: &[Flag] = &[Flag::with("history", "FILE", "where the history of lines is kept")];

/// Reads the arguments of the process; a mistake ends it with a message.
pub fn read() -> Given {
    let matches = program().get_matches();
    let limits = matches.get_many::<(String, usize)>("limit").unwrap_or_default().cloned();
    let limits = super::limits(limits);
    let rules = matches.get_many::<String>("rules").unwrap_or_default().cloned().collect();
    let seconds = matches.get_one::<Duration>("seconds").copied();
    let Some((name, given)) = chosen(&matches) else {
        let (arguments, options) = (Vec::new(), Vec::new());
        return Given { name: None, arguments, options, json: false, limits, rules, seconds };
    };
    let command = COMMANDS.iter().find(|c| c.name == name);
    let flags = command.map_or(PROMPT, |c| c.options);
    let texts = |id: &str| -> Vec<String> {
        given.try_get_many::<String>(id).ok().flatten().unwrap_or_default().cloned().collect()
    };
    let arguments = command.map_or(&[][..], |c| c.arguments);
    let arguments = arguments.iter().flat_map(|a| texts(a.name)).collect();
    let options = flags.iter().flat_map(|flag| match flag.value {
        Some(_) => texts(flag.long).into_iter().map(|v| (flag.long, v)).collect::<Vec<_>>(),
        None if given.try_get_one::<bool>(flag.long).ok().flatten() == Some(&true) => {
            vec![(flag.long, String::new())]
        }
        None => Vec::new(),
    });
    let options = options.collect();
    let json = given.try_get_one::<bool>("json").ok().flatten() == Some(&true);
    Given { name: Some(name), arguments, options, json, limits, rules, seconds }
}

/// The command and what was given to it; the words of its name are subcommands of each other.
fn chosen(matches: &ArgMatches) -> Option<(String, &ArgMatches)> {
    let (name, given) = matches.subcommand()?;
    Some(match given.subcommand() {
        Some((action, given)) => (format!("{name} {action}"), given),
        None => (name.to_owned(), given),
    })
}

/// The whole command line.
pub fn program() -> Clap {
    let limit = Arg::new("limit")
        .long("limit")
        .value_name("NAME=NUMBER")
        .global(true)
        .action(ArgAction::Append)
        .value_parser(limit)
        .help("raise or lower a limit, as in `--limit cells=1000000000`");
    let rules = Arg::new("rules")
        .long("rules")
        .value_name("FILE|DIR")
        .global(true)
        .action(ArgAction::Append)
        .help(
            "rewrite with the rules of a file beside the shipped ones, or with those of a folder in \
             their place; all are judged first; may be repeated",
        );
    let seconds = Arg::new("seconds")
        .long("seconds")
        .value_name("NUMBER")
        .global(true)
        .value_parser(seconds)
        .help("end work that takes longer, with the best that was found until then");
    let shell = COMMANDS.iter().filter(|c| c.place == Place::Everywhere);
    let (families, single): (Vec<_>, Vec<_>) = shell.partition(|c| c.name.contains(' '));
    let mut names: Vec<&str> = families.iter().filter_map(|c| c.name.split(' ').next()).collect();
    names.dedup();
    let families = names.into_iter().map(|name| {
        let actions = families.iter().filter(|c| c.name.split(' ').next() == Some(name));
        let list: Vec<&str> = actions.clone().filter_map(|c| c.name.split(' ').nth(1)).collect();
        Clap::new(name)
            .about(format!("{}: `isoterm help {name} ACTION` says more", list.join(", ")))
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommands(actions.map(|c| subcommand(c)))
    });
    let batch = Clap::new("batch").about("answers to requests in JSON, one on each line");
    let repl =
        Clap::new("repl").about("the prompt, as without a command").args(PROMPT.iter().map(option));
    Clap::new("isoterm")
        .version(env!("CARGO_PKG_VERSION"))
        .about("isoterm: from model text to exact terms, cheapest kernels and simulations.")
        .after_help("Without a command the prompt starts; `isoterm help COMMAND` says more.")
        .arg(limit)
        .arg(rules)
        .arg(seconds)
        .subcommands(single.into_iter().map(subcommand))
        .subcommands(families)
        .subcommand(batch)
        .subcommand(repl)
}

fn subcommand(command: &'static Command) -> Clap {
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue);
    Clap::new(command.name.split(' ').next_back().unwrap_or(command.name))
        .about(command.about)
        .after_help(command.more)
        .args(command.arguments.iter().map(positional))
        .args(command.options.iter().map(option))
        .arg(json.help("answer as one line of JSON"))
}

fn positional(argument: &'static Argument) -> Arg {
    let arg = Arg::new(argument.name).help(argument.about).required(!argument.optional);
    match argument.sort {
        // An expression may begin with a minus; several come in one word, divided by commas.
        Sort::Expression => arg.allow_hyphen_values(true).num_args(1),
        _ if argument.many => arg.action(ArgAction::Append).num_args(1..),
        _ => arg.num_args(1),
    }
}

fn option(flag: &'static Flag) -> Arg {
    let arg = Arg::new(flag.long).long(flag.long).help(flag.about);
    let arg = match flag.short {
        Some(short) => arg.short(short),
        None => arg,
    };
    let arg = match flag.value {
        None => return arg.action(ArgAction::SetTrue),
        Some(value) => arg.value_name(value).action(ArgAction::Append).allow_hyphen_values(true),
    };
    match flag.choices {
        [] => arg,
        choices => arg.value_parser(PossibleValuesParser::new(choices)),
    }
}

/// A time.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|&s| s > 0.0);
    let time = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
    time.ok_or_else(|| "expected a positive number of seconds".to_owned())
}

/// One `--limit`.
fn limit(text: &str) -> Result<(String, usize), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=NUMBER")?;
    let value = value.parse().map_err(|_| format!("`{value}` is not a whole number"))?;
    if Limits::default().set(name, value) {
        return Ok((name.to_owned(), value));
    }
    let meant = nearest(name, Limits::NAMES.iter().copied());
    let meant = meant.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
    Err(format!("unknown limit `{name}`; there are {}{meant}", Limits::NAMES.join(", ")))
}
