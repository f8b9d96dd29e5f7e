//! The lines of a `.net` file: blocks, their columns, and nothing about what names mean.
//!
//! BioNetGen writes one entry a line, after its number. Blocks that only say where a network came
//! from (`reaction rules`, `molecule types`, …) and text outside of blocks are passed over, as
//! BioNetGen's own reader does.

use crate::term::Number;
use crate::text::{Diagnostic, Kind, Limits, Source, Span, nearest};

/// A stretch of the text on one line.
#[derive(Clone, Copy, Debug)]
pub struct Column<'t> {
    /// What is written.
    pub text: &'t str,
    /// Where.
    pub span: Span,
}

/// `index name value`.
#[derive(Clone, Debug)]
pub struct Definition<'t> {
    /// The name; of a species its pattern, without the `$`.
    pub name: Column<'t>,
    /// The arguments of a function.
    pub arguments: Vec<Column<'t>>,
    /// The rest of the line.
    pub value: Column<'t>,
    /// Whether a species is fixed.
    pub fixed: bool,
}

/// `index reactants products law`.
#[derive(Clone, Debug)]
pub struct ReactionLine<'t> {
    /// Numbers of species, from 0.
    pub reactants: Vec<u32>,
    /// Numbers of species, from 0.
    pub products: Vec<u32>,
    /// The rest of the line.
    pub law: Column<'t>,
    /// The whole line.
    pub span: Span,
}

/// `index name 2*5,7`.
#[derive(Clone, Debug)]
pub struct Group<'t> {
    /// The name.
    pub name: Column<'t>,
    /// Weights and numbers of species, from 0.
    pub parts: Vec<(Number, u32)>,
}

/// A `.net` file.
#[derive(Debug, Default)]
pub struct NetText<'t> {
    /// The block `parameters`.
    pub parameters: Vec<Definition<'t>>,
    /// The block `functions`.
    pub functions: Vec<Definition<'t>>,
    /// The block `species`.
    pub species: Vec<Definition<'t>>,
    /// The block `reactions`.
    pub reactions: Vec<ReactionLine<'t>>,
    /// The block `groups`.
    pub groups: Vec<Group<'t>>,
    /// What is wrong with the lines.
    pub errors: Vec<Diagnostic>,
}

/// Blocks that say something about the network.
const BLOCKS: [&str; 5] = ["parameters", "functions", "species", "reactions", "groups"];

/// Blocks that say where the network came from. The volumes of compartments are in the factors of
/// the reactions already.
const PASSED_OVER: [&str; 12] = [
    "model",
    "compartments",
    "molecule types",
    "observables",
    "reaction rules",
    "seed species",
    "energy patterns",
    "population types",
    "population maps",
    "actions",
    "reactions_text",
    "species_text",
];

/// Whether a file may have a block of this name.
pub fn is_block(name: &str) -> bool {
    let name = name.split('#').next().unwrap_or(name).trim_end();
    BLOCKS.iter().chain(&PASSED_OVER).any(|block| *block == name)
}

/// Reads the lines of a file.
pub fn read<'t>(source: &'t Source, limits: &Limits) -> NetText<'t> {
    let mut net = NetText::default();
    // Each number of a species with its place, to be checked once all species are known.
    let mut open: Option<Column<'t>> = None;
    let mut seen: Vec<&str> = Vec::new();
    for line in lines(source.text()) {
        if net.errors.len() >= limits.errors {
            return net;
        }
        let word = line.text.split_whitespace().next().unwrap_or("");
        if word == "begin" || word == "end" {
            let name = trimmed(after(line, word.len()));
            net.errors.extend(block(word, name, &mut open, &mut seen));
        } else if let Some(block) = open {
            let outcome = match block.text {
                "parameters" => definition(line, block).map(|d| net.parameters.push(d)),
                "functions" => function(line, block).map(|d| net.functions.push(d)),
                "species" => species(line, net.species.len()).map(|d| net.species.push(d)),
                "reactions" => reaction(line).map(|r| net.reactions.push(r)),
                "groups" => group(line).map(|g| net.groups.push(g)),
                _ => Ok(()),
            };
            net.errors.extend(outcome.err());
        }
    }
    if let Some(block) = open {
        let message = format!("the block `{}` is not ended", block.text);
        let error = Diagnostic::error(Kind::Syntax, block.span, message);
        net.errors.push(error.help(format!("end it with a line `end {}`", block.text)));
    }
    if net.species.is_empty() && net.errors.is_empty() {
        let message = "there are no species in this network";
        let error = Diagnostic::without_place(Kind::Syntax, message);
        net.errors.push(error.help("a `.net` file has a block `begin species` … `end species`"));
    }
    net
}

/// `begin name` or `end name`.
fn block<'t>(
    word: &str,
    name: Column<'t>,
    open: &mut Option<Column<'t>>,
    seen: &mut Vec<&'t str>,
) -> Option<Diagnostic> {
    let error = |message: String| Some(Diagnostic::error(Kind::Syntax, name.span, message));
    // Everything may stand in a block `model`.
    if name.text == "model" {
        return None;
    }
    match (word, open.take()) {
        ("begin", None) => {
            let known = || BLOCKS.iter().chain(&PASSED_OVER).copied();
            if !known().any(|k| k == name.text) {
                *open = Some(name);
                let message = format!("unknown block `{}`", name.text);
                return error(message).map(|e| e.did_you_mean(nearest(name.text, known())));
            }
            *open = Some(name);
            if BLOCKS.contains(&name.text) && seen.contains(&name.text) {
                return error(format!("a second block `{}`", name.text));
            }
            seen.push(name.text);
            None
        }
        ("begin", Some(outer)) => {
            *open = Some(name);
            error(format!("`begin {}` inside of the block `{}`", name.text, outer.text))
                .map(|e| e.help(format!("end that block with a line `end {}`", outer.text)))
        }
        (_, Some(outer)) if outer.text == name.text => None,
        (_, Some(outer)) => error(format!("`end {}` ends the block `{}`", name.text, outer.text))
            .map(|e| e.help(format!("write `end {}`", outer.text))),
        (_, None) => error(format!("`end {}` without a block to end", name.text)),
    }
}

/// Lines without comments and blanks around them; a backslash at its end joins a line to the next.
fn lines(text: &str) -> impl Iterator<Item = Column<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at;
            let mut end = start;
            loop {
                end = text[end..].find('\n').map_or(text.len(), |n| end + n);
                let joined = text[start..end].trim_end_matches('\r').ends_with('\\');
                if !joined || end == text.len() {
                    break;
                }
                end += 1;
            }
            at = end + 1;
            let line = &text[start..end.min(text.len())];
            let line = &line[..line.find('#').unwrap_or(line.len())];
            let line = trimmed(Column { text: line, span: Span::new(start, start + line.len()) });
            if !line.text.is_empty() {
                return Some(line);
            }
        }
        None
    })
}

fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\\'
}

fn trimmed(column: Column<'_>) -> Column<'_> {
    let start = column.text.len() - column.text.trim_start_matches(is_blank).len();
    let text = column.text.trim_matches(is_blank);
    let start = column.span.start as usize + start;
    Column { text, span: Span::new(start, start + text.len()) }
}

fn after(column: Column<'_>, at: usize) -> Column<'_> {
    let start = column.span.start as usize + at;
    Column { text: &column.text[at..], span: Span::new(start, start + column.text.len() - at) }
}

/// The first column of a line, and the rest.
fn first(line: Column<'_>) -> (Column<'_>, Column<'_>) {
    let end = line.text.find(is_blank).unwrap_or(line.text.len());
    let start = line.span.start as usize;
    let word = Column { text: &line.text[..end], span: Span::new(start, start + end) };
    (word, trimmed(after(line, end)))
}

/// The line after its number, which may be missing.
fn numbered(line: Column<'_>) -> Column<'_> {
    let (number, rest) = first(line);
    match number.text.bytes().all(|b| b.is_ascii_digit()) {
        true => rest,
        false => line,
    }
}

fn missing(line: Column<'_>, what: &str, form: &str) -> Diagnostic {
    Diagnostic::error(Kind::Syntax, line.span, format!("this line has no {what}"))
        .help(format!("a line of this block reads `{form}`"))
}

fn definition<'t>(line: Column<'t>, block: Column<'t>) -> Result<Definition<'t>, Diagnostic> {
    let (name, value) = first(numbered(line));
    let form = format!("1 name value` in `begin {}", block.text);
    if !is_name(name.text) {
        let message = format!("expected a name, found `{}`", name.text);
        return Err(Diagnostic::error(Kind::Syntax, name.span, message));
    }
    // Older versions write `name = value`.
    let value = match value.text.strip_prefix('=') {
        Some(_) => trimmed(after(value, 1)),
        None => value,
    };
    if value.text.is_empty() {
        return Err(missing(line, "value", &form));
    }
    Ok(Definition { name, arguments: Vec::new(), value, fixed: false })
}

/// Whether a text is a name, as BioNetGen has them.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// `1 name(arguments) value`.
fn function<'t>(line: Column<'t>, block: Column<'t>) -> Result<Definition<'t>, Diagnostic> {
    let entry = numbered(line);
    let open = entry.text.find('(').unwrap_or(entry.text.len());
    let close = entry.text.find(')').unwrap_or(entry.text.len());
    let head = trimmed(Column {
        text: &entry.text[..open],
        span: Span::new(entry.span.start as usize, entry.span.start as usize + open),
    });
    if open >= close || !is_name(head.text) || close == entry.text.len() {
        return definition(line, block);
    }
    let mut arguments = Vec::new();
    let mut at = open + 1;
    for part in entry.text[at..close].split(',') {
        let start = entry.span.start as usize + at;
        let argument = trimmed(Column { text: part, span: Span::new(start, start + part.len()) });
        at += part.len() + 1;
        if is_name(argument.text) {
            arguments.push(argument);
        } else if !argument.text.is_empty() {
            let message = format!("expected an argument, found `{}`", argument.text);
            return Err(Diagnostic::error(Kind::Syntax, argument.span, message));
        }
    }
    let value = trimmed(after(entry, close + 1));
    let value = match value.text.strip_prefix('=') {
        Some(_) => trimmed(after(value, 1)),
        None => value,
    };
    if value.text.is_empty() {
        return Err(missing(line, "value", "1 name() expression"));
    }
    Ok(Definition { name: head, arguments, value, fixed: false })
}

/// `1 $pattern value`.
fn species(line: Column<'_>, count: usize) -> Result<Definition<'_>, Diagnostic> {
    let (number, rest) = first(line);
    if number.text.parse() != Ok(count + 1) {
        let message = format!("expected the number {}, found `{}`", count + 1, number.text);
        return Err(Diagnostic::error(Kind::Syntax, number.span, message)
            .help("species are numbered from 1, a line each; reactions refer to these numbers"));
    }
    let (name, value) = first(rest);
    if name.text.is_empty() || value.text.is_empty() {
        let what = if name.text.is_empty() { "species" } else { "initial value" };
        return Err(missing(line, what, "1 pattern value"));
    }
    let dollar = name.text.find('$');
    let at = dollar.map_or(0, |at| if at == 0 { 1 } else { 0 });
    Ok(Definition { name: after(name, at), arguments: Vec::new(), value, fixed: dollar.is_some() })
}

fn reaction(line: Column<'_>) -> Result<ReactionLine<'_>, Diagnostic> {
    let (number, rest) = first(line);
    let (reactants, rest) = first(rest);
    let (products, law) = first(rest);
    if law.text.is_empty() {
        return Err(missing(line, "rate", "1 reactants products rate"));
    }
    if !number.text.bytes().all(|b| b.is_ascii_digit()) {
        let message = format!("expected the number of the reaction, found `{}`", number.text);
        return Err(Diagnostic::error(Kind::Syntax, number.span, message));
    }
    Ok(ReactionLine {
        reactants: numbers(reactants)?,
        products: numbers(products)?,
        law,
        span: line.span,
    })
}

/// `1,2,2`; a zero stands for nothing.
fn numbers(column: Column<'_>) -> Result<Vec<u32>, Diagnostic> {
    let mut found = Vec::with_capacity(2);
    for part in column.text.split(',') {
        match part.parse::<u32>() {
            Ok(0) => {}
            Ok(n) => found.push(n - 1),
            Err(_) => return Err(not_a_species(column, part)),
        }
    }
    Ok(found)
}

fn not_a_species(column: Column<'_>, part: &str) -> Diagnostic {
    let found = if part.is_empty() { "nothing".to_owned() } else { format!("`{part}`") };
    let message = format!("expected the number of a species, found {found}");
    Diagnostic::error(Kind::Syntax, column.span, message)
        .help("species stand as numbers with commas between them, as in `1,2`, and nothing as `0`")
}

/// `1 name 2*5,7`; a group without species has only a name.
fn group(line: Column<'_>) -> Result<Group<'_>, Diagnostic> {
    let (name, list) = first(numbered(line));
    if !is_name(name.text) {
        let message = format!("expected the name of a group, found `{}`", name.text);
        return Err(Diagnostic::error(Kind::Syntax, name.span, message));
    }
    let mut parts = Vec::new();
    for part in list.text.split(',').map(|p| p.trim_matches(is_blank)).filter(|p| !p.is_empty()) {
        let (weight, number) = part.split_once('*').unwrap_or(("1", part));
        match (Number::from_decimal(weight), number.parse::<u32>()) {
            (Some(weight), Ok(number)) if number > 0 => parts.push((weight, number - 1)),
            _ => {
                let message = format!("expected a species such as `5` or `2*5`, found `{part}`");
                return Err(Diagnostic::error(Kind::Syntax, list.span, message));
            }
        }
    }
    Ok(Group { name, parts })
}
