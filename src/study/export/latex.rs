//! LaTeX: the equations as displayed mathematics, parameters and initial values as tables.

use super::Error;
use crate::calculus::Equation;
use crate::model::{System, Variable};
use crate::study::line::Line;
use crate::syntax::print::{GREEK, Latex, Notation, try_print};
use crate::text::Limits;

/// The name of the language.
pub(super) const NAME: &str = "latex";
/// The extension of its files.
pub(super) const EXTENSION: &str = "tex";

/// Rows of one table, so that it fits a page.
const ROWS: usize = 40;

/// Greek letters that [`GREEK`] lacks since no name of a model is spelled so.
const MORE: &[(&str, char)] = &[
    ("pi", 'π'),
    ("Pi", 'Π'),
    ("upsilon", 'υ'),
    ("Upsilon", 'Υ'),
    ("varsigma", 'ς'),
    ("vartheta", 'ϑ'),
    ("phi", 'ϕ'),
    ("varpi", 'ϖ'),
    ("varrho", 'ϱ'),
    ("epsilon", 'ϵ'),
    ("mathrm{o}", 'ο'),
];

/// A document that needs the package amsmath only.
pub(super) fn document(system: &System) -> Result<String, Error> {
    let observables = system.observables.iter().map(|o| o.variable.clone()).collect::<Vec<_>>();
    for variable in system.unknowns.iter().chain(&system.parameters).chain(&observables) {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || is_greek(c);
        if let Some(c) = variable.name.chars().find(|&c| !fits(c)) {
            return Err(Error::Name(variable.name.clone(), c));
        }
    }
    let mut text = String::from(
        "\\documentclass{article}\n\\usepackage{amsmath}\n\\allowdisplaybreaks\n\\begin{document}\n",
    );
    text += &format!("\\section*{{{}}}\n", plain(&system.name));
    let time = Latex.symbol(&system.time);
    let mut lines = Vec::new();
    for equation in &system.equations {
        let rate = |left: &str| format!("\\frac{{\\mathrm{{d}} {left}}}{{\\mathrm{{d}} {time}}}");
        lines.push(displayed(system, &system.unknowns, equation, rate)?);
    }
    for equation in system.observables.iter().flat_map(|o| &o.equations) {
        lines.push(displayed(system, &observables, equation, str::to_owned)?);
    }
    if !lines.is_empty() {
        text += &format!("\\begin{{align*}}\n{}\n\\end{{align*}}\n", lines.join(" \\\\\n"));
    }
    if !system.events.is_empty() {
        text += "\\noindent Events change the states besides and are not shown.\n\n";
    }
    for table in &system.tables {
        text += &format!(
            "\\noindent Here ${}$ is the cubic spline through the points of \\texttt{{{}}}.\n\n",
            Latex.symbol(&table.function),
            plain(&table.file)
        );
    }
    text += &tables(system, "Parameter", &system.parameters, &system.parameter_values)?;
    text += &tables(system, "Initial value", &system.unknowns, &system.initial)?;
    text += "\\end{document}\n";
    Ok(text.chars().map(ascii).collect())
}

/// One line of the equations: left side, right side and ranges.
fn displayed(
    system: &System,
    variables: &[Variable],
    equation: &Equation,
    left: impl Fn(&str) -> String,
) -> Result<String, Error> {
    let line = Line::new(system, variables, equation, &Latex);
    let value = value(system, &line, equation)?;
    let ranges = ranges(&line);
    let ranges = if ranges.is_empty() { ranges } else { format!(" && {ranges}") };
    let left = if line.algebraic { "0".to_owned() } else { left(&line.left) };
    Ok(format!("{left} &= {value}{ranges}"))
}

fn value(system: &System, line: &Line, equation: &Equation) -> Result<String, Error> {
    try_print(&Latex, &system.graph, equation.value, &Limits::default())
        .map_err(|e| Error::TooLong(line.left.clone(), e.to_string()))
}

fn ranges(line: &Line) -> String {
    let range = |(index, from, to): &(String, i64, i64)| {
        if from == to {
            format!("{index} = {from}")
        } else {
            format!("{index} = {from}, \\dots, {to}")
        }
    };
    line.ranges.iter().map(range).collect::<Vec<_>>().join(",\\; ")
}

/// Tables of names, values and ranges.
fn tables(
    system: &System,
    title: &str,
    variables: &[Variable],
    equations: &[Equation],
) -> Result<String, Error> {
    let mut rows = Vec::new();
    for equation in equations {
        let line = Line::new(system, variables, equation, &Latex);
        let value = value(system, &line, equation)?;
        let ranges = ranges(&line);
        let ranges = if ranges.is_empty() { ranges } else { format!("${ranges}$") };
        rows.push(format!("${}$ & ${value}$ & {ranges} \\\\\n", line.left));
    }
    let table = |rows: &[String]| {
        format!(
            "\\begin{{center}}\n\\begin{{tabular}}{{lll}}\n\\hline\n{title} & & \\\\\n\\hline\n{}\\hline\n\
             \\end{{tabular}}\n\\end{{center}}\n",
            rows.concat()
        )
    };
    Ok(rows.chunks(ROWS).map(table).collect())
}

/// Text outside of mathematics.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\\' => "\\textbackslash{}".to_owned(),
            '~' => "\\textasciitilde{}".to_owned(),
            '^' => "\\textasciicircum{}".to_owned(),
            '_' | '%' | '$' | '#' | '&' | '{' | '}' => format!("\\{c}"),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

fn is_greek(c: char) -> bool {
    ('\u{370}'..='\u{3ff}').contains(&c)
}

/// A character as plain TeX has it.
fn ascii(c: char) -> String {
    /// Greek capitals that look like Latin ones.
    const CAPITALS: [(char, char); 13] = [
        ('Α', 'A'),
        ('Β', 'B'),
        ('Ε', 'E'),
        ('Ζ', 'Z'),
        ('Η', 'H'),
        ('Ι', 'I'),
        ('Κ', 'K'),
        ('Μ', 'M'),
        ('Ν', 'N'),
        ('Ο', 'O'),
        ('Ρ', 'P'),
        ('Τ', 'T'),
        ('Χ', 'X'),
    ];
    if c.is_ascii() {
        return c.to_string();
    }
    if let Some((name, _)) = GREEK.iter().chain(MORE).find(|(_, letter)| *letter == c) {
        return format!("\\ensuremath{{\\{name}}}");
    }
    match CAPITALS.iter().find(|(greek, _)| *greek == c) {
        Some((_, latin)) => format!("\\ensuremath{{\\mathrm{{{latin}}}}}"),
        None => format!("\\ensuremath{{\\mathrm{{U{:04X}}}}}", c as u32),
    }
}
