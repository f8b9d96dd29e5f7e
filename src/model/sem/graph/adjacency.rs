//! Mixed graphs as matrices of zeros and ones.

use super::{MixedGraph, Vertex};
use crate::text::{Diagnostic, Kind, Limits, Source, Span};

/// Reads two matrices of 0 and 1, divided by an empty line: `L` with a row for each cause, and the
/// symmetric `O`, whose diagonal does not matter; without `O` nothing is bidirected.
///
/// A first line of names may stand above `L`; without it the variables are `1`, `2` and so on. Names
/// may be different numbers, where as many lines of 0 and 1 follow as there are names, or twice as many.
/// A line that begins with `#` is a remark.
///
/// # Errors
/// Entries other than 0 and 1, rows of different lengths, an effect of a variable on itself, an `O`
/// that is not symmetric.
pub fn read(source: &Source, limits: &Limits) -> Result<MixedGraph, Vec<Diagnostic>> {
    let one = |e: Diagnostic| vec![e];
    let (mut names, mut blocks): (Option<Vec<String>>, Vec<Vec<Row>>) = (None, vec![Vec::new()]);
    let mut header = Span::at(0);
    let mut at = 0;
    for line in source.text().split_inclusive('\n') {
        let start = at;
        at += line.len();
        let words = words(line, start);
        if line.trim().is_empty() {
            if blocks.last().is_some_and(|b| !b.is_empty()) {
                blocks.push(Vec::new());
            }
            continue;
        }
        if line.trim_start().starts_with('#') {
            continue;
        }
        let first = names.is_none() && blocks[0].is_empty();
        if first && are_names(&words, &source.text()[at..]) {
            names = Some(words.iter().map(|w| w.1.trim_matches('"').to_owned()).collect());
            header = Span::new(start, start + line.trim_end().len());
            continue;
        }
        let entry = |&(span, word): &(Span, &str)| {
            match word {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(Diagnostic::error(Kind::Format, span, "an entry is 0 or 1".to_owned())
                .help("1 in row i and column j of the first matrix is an arrow i -> j, of the second i <-> j")),
        }
        };
        let entries: Result<Vec<bool>, Diagnostic> = words.iter().map(entry).collect();
        let span = Span::new(start, start + line.trim_end().len());
        let block = blocks.len() - 1;
        blocks[block].push(Row { entries: entries.map_err(one)?, span });
    }
    blocks.retain(|b| !b.is_empty());
    let width = blocks.first().map_or(0, |b| b[0].entries.len());
    // Two matrices may also stand one directly above the other.
    if blocks.len() == 1 && blocks[0].len() == 2 * width {
        let below = blocks[0].split_off(width);
        blocks.push(below);
    }
    let whole = Span::new(0, source.text().len().min(1));
    if width == 0 {
        let error = Diagnostic::error(Kind::Format, whole, "there is no matrix".to_owned());
        return Err(one(error.help("write one row of 0 and 1 for each variable")));
    }
    if width > limits.variables {
        let what = "variables in a structural equation model";
        return Err(one(Limits::exceeded(
            "variables",
            limits.variables,
            what,
            Some(blocks[0][0].span),
        )));
    }
    if blocks.len() > 2 {
        let message =
            "a third matrix, where there are two: arrows `->` and arrows `<->`".to_owned();
        return Err(one(Diagnostic::error(Kind::Format, blocks[2][0].span, message)));
    }
    for block in &blocks {
        if let Some(row) = block.iter().find(|r| r.entries.len() != width) {
            let message =
                format!("a row of {} entries, where the first has {width}", row.entries.len());
            return Err(one(Diagnostic::error(Kind::Format, row.span, message)));
        }
        if block.len() != width {
            let last = block[block.len() - 1].span;
            let message =
                format!("a matrix of {} rows and {width} columns is not square", block.len());
            return Err(one(Diagnostic::error(Kind::Format, last, message)));
        }
    }
    let names = names.unwrap_or_else(|| (1..=width).map(|k| k.to_string()).collect());
    if names.len() != width {
        let message = format!("{} names for {width} variables", names.len());
        return Err(one(Diagnostic::error(Kind::Format, header, message)));
    }
    if let Some(k) = (1..width).find(|&k| names[..k].contains(&names[k])) {
        let message = format!("two variables are named `{}`", names[k]);
        return Err(one(Diagnostic::error(Kind::Name, header, message)));
    }
    let (mut directed, mut bidirected) = (Vec::new(), Vec::new());
    for (i, row) in blocks[0].iter().enumerate() {
        for (j, _) in row.entries.iter().enumerate().filter(|(_, on)| **on) {
            if i == j {
                let message = format!("`{}` cannot be an effect of itself", names[i]);
                return Err(one(Diagnostic::error(Kind::Domain, row.span, message)));
            }
            directed.push((i, j));
        }
    }
    let below = blocks.get(1).map_or(&[][..], Vec::as_slice);
    for (i, row) in below.iter().enumerate() {
        for (j, other) in below.iter().enumerate().skip(i + 1) {
            if row.entries[j] != other.entries[i] {
                let message =
                    format!("row {} and column {} of the second matrix differ", i + 1, i + 1);
                let error = Diagnostic::error(Kind::Format, row.span, message);
                return Err(one(
                    error.help("arrows `<->` have no direction, so their matrix is symmetric")
                ));
            }
            if row.entries[j] {
                bidirected.push((i, j));
            }
        }
    }
    let vertices = names.into_iter().map(|name| Vertex { name, latent: false }).collect();
    Ok(MixedGraph::with_arrows(&super::dot::stem(source.name()), vertices, &directed, &bidirected))
}

/// Whether the words of the first line are names, by what follows it.
fn are_names(words: &[(Span, &str)], rest: &str) -> bool {
    if !words.iter().all(|w| w.1.parse::<f64>().is_ok()) {
        return true;
    }
    let distinct = (1..words.len()).all(|k| words[..k].iter().all(|w| w.1 != words[k].1));
    if !distinct || words.iter().all(|w| w.1 == "0" || w.1 == "1") {
        return false;
    }
    let counts = |l: &&str| !l.trim().is_empty() && !l.trim_start().starts_with('#');
    let rows = rest.lines().filter(counts).count();
    rows == words.len() || rows == 2 * words.len()
}

/// A row with its place.
struct Row {
    entries: Vec<bool>,
    span: Span,
}

/// The words of a line with their places; commas and semicolons divide too.
fn words(line: &str, start: usize) -> Vec<(Span, &str)> {
    let divides = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let mut found = Vec::new();
    let mut at = 0;
    for word in line.split(divides) {
        if !word.is_empty() {
            let from = start + at;
            found.push((Span::new(from, from + word.len()), word));
        }
        // Every divider but an exotic blank is one byte; take its true length.
        at += word.len();
        at += line[at..].chars().next().map_or(0, char::len_utf8);
    }
    found
}
