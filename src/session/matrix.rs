//! Matrices of expressions: reading and printing.

use super::definitions::Formula;
use super::line::outer;
use crate::text::{Diagnostic, Kind, Limits};

/// Whether a text is a matrix `[[a, b], [c, d]]`.
pub fn is_matrix(text: &str) -> bool {
    inner(text).is_some()
}

/// What stands in one pair of brackets around all of a text.
fn inner(text: &str) -> Option<&str> {
    let text = text.trim();
    let whole = enclosed(text).is_some_and(|first| first.len() == text.len());
    if whole { text.strip_prefix('[')?.strip_suffix(']') } else { None }
}

/// The part of a text that begins with `[` up to the bracket that closes it.
pub fn enclosed(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (k, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return (c == ']').then_some(&text[..k + 1]);
        }
    }
    None
}

/// The texts of the entries of `[[a, b], [c, d]]` or `a, b; c, d`, by rows.
///
/// # Errors
/// When rows are not in brackets.
pub fn entries(text: &str) -> Result<Vec<Vec<&str>>, Vec<Diagnostic>> {
    let Some(list) = inner(text) else {
        return Ok(outer(text, ';').into_iter().map(|row| outer(row, ',')).collect());
    };
    let rows = outer(list, ',').into_iter().map(|row| match inner(row) {
        Some(row) => Ok(outer(row, ',')),
        None => {
            let message = format!("`{}` is no row of a matrix", row.trim());
            Err(vec![
                Diagnostic::without_place(Kind::Syntax, message)
                    .help("write a matrix as `[[a, b], [c, d]]`"),
            ])
        }
    });
    rows.collect()
}

/// The entries read as expressions.
///
/// # Errors
/// What is wrong with the matrix or an entry.
pub fn formulas(text: &str, limits: &Limits) -> Result<Vec<Vec<Formula>>, Vec<Diagnostic>> {
    let rows = entries(text)?;
    let shift = |entry: &str, errors: Vec<Diagnostic>| {
        // Entries are read alone; places are given in the whole.
        let start = entry.as_ptr() as usize - text.as_ptr() as usize;
        let moved = errors.into_iter().map(|mut e| {
            e.span = e
                .span
                .map(|s| crate::text::Span::new(start + s.start as usize, start + s.end as usize));
            e
        });
        moved.collect::<Vec<_>>()
    };
    let read = |entry: &str| Formula::parse(entry, limits).map_err(|e| shift(entry, e));
    let read: Result<Vec<Vec<Formula>>, _> =
        rows.iter().map(|row| row.iter().map(|e| read(e)).collect()).collect();
    let read = read?;
    let width = read.first().map_or(0, Vec::len);
    if let Some((k, row)) = read.iter().enumerate().find(|(_, r)| r.len() != width) {
        let message =
            format!("row {} of the matrix has {} entries, the first has {width}", k + 1, row.len());
        return Err(vec![Diagnostic::without_place(Kind::Arity, message)]);
    }
    Ok(read)
}

/// `[[a, b], [c, d]]`.
pub fn plain(cells: &[Vec<String>]) -> String {
    let rows: Vec<String> = cells.iter().map(|r| format!("[{}]", r.join(", "))).collect();
    format!("[{}]", rows.join(", "))
}

/// A `pmatrix` of amsmath.
pub fn latex(cells: &[Vec<String>]) -> String {
    let rows: Vec<String> = cells.iter().map(|r| r.join(" & ")).collect();
    format!("\\begin{{pmatrix}} {} \\end{{pmatrix}}", rows.join(" \\\\ "))
}

/// Rows in brackets that are as high as the matrix.
pub fn boxed(cells: &[Vec<String>]) -> String {
    let width = cells.first().map_or(0, Vec::len);
    let widest = |k: usize| {
        cells.iter().filter_map(|r| r.get(k)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..width).map(widest).collect();
    let last = cells.len().saturating_sub(1);
    let lines = cells.iter().enumerate().map(|(k, row)| {
        let (open, close) = match k {
            _ if last == 0 => ('[', ']'),
            0 => ('⎡', '⎤'),
            k if k == last => ('⎣', '⎦'),
            _ => ('⎢', '⎥'),
        };
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, &w)| format!("{cell}{}", " ".repeat(w - cell.chars().count())))
            .collect();
        format!("  {open} {} {close}", padded.join("  "))
    });
    lines.collect::<Vec<_>>().join("\n")
}
