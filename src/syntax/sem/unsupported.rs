//! Errors about what is no formula of a model: parts of lavaan's language that are not understood,
//! and what follows a complete statement.

use super::Statement;
use crate::syntax::expression::Reader;
use crate::syntax::lexeme;
use crate::text::{Diagnostic, Kind, Span};

/// The error about what follows a complete statement.
pub(super) fn trailing(reader: &Reader<'_>, statement: &Statement) -> Diagnostic {
    let expected = match statement {
        Statement::Formula(_) => "`+` or the end of the formula",
        Statement::Definition { .. } => "an operator or the end of the definition",
        Statement::Group(_) => "the end of the line",
        Statement::Constraint { .. } => "an operator or the end of the constraint",
    };
    let error = reader.unexpected(expected);
    match (statement, reader.rest().chars().next()) {
        (Statement::Formula(_), Some(':')) => {
            error.help("a product of variables is a column of the data: compute it there")
        }
        (Statement::Formula(_), Some('~' | '=' | '<' | '>')) => {
            error.help("a formula has one operator: begin another one in a new line")
        }
        (Statement::Formula(_), Some(c)) if lexeme::begins_name(c) => {
            error.help("terms are joined by `+`, a coefficient by `*`")
        }
        (Statement::Formula(_), Some('^' | '-' | '/')) => {
            error.help("formulas are linear: a function of a variable is a column of the data")
        }
        _ => error,
    }
}

/// The error about parts of lavaan's language that are not understood.
pub(super) fn unsupported(reader: &Reader<'_>, code: &str) -> Option<Diagnostic> {
    let place = |symbol: &str| {
        let at = reader.at + reader.rest().find(symbol).unwrap_or(0);
        Span::new(at, at + symbol.len())
    };
    let refuse = |symbol: &str, message: &str, help: &str| {
        Some(Diagnostic::error(Kind::Syntax, place(symbol), message).help(help))
    };
    for word in ["level", "block"] {
        if heads(code, word) {
            let help = "a model has one level; formulas of groups stand below `group: 1`";
            return refuse(word, &format!("`{word}:` is not understood"), help);
        }
    }
    if code.contains("~*~") || code.contains('|') {
        let symbol = if code.contains("~*~") { "~*~" } else { "|" };
        let help = "numbers stand for quantities here; there is no estimator for categories";
        return refuse(symbol, "ordinal variables are not understood", help);
    }
    if code.contains("<~") {
        let help = "write `f ~ x1 + x2` beside the indicators of f";
        return refuse("<~", "composites are not understood", help);
    }
    if let Some(arrow) = ["<->", "->", "<-"].iter().find(|arrow| code.contains(**arrow)) {
        let help = "write `y ~ x` for an arrow from x to y, and `x ~~ y` for one with two heads";
        return refuse(arrow, &format!("`{arrow}` is no operator of formulas"), help);
    }
    None
}

/// Whether a statement is a heading `word: …`.
pub(super) fn heads(code: &str, word: &str) -> bool {
    let rest = code.trim_start().strip_prefix(word).map(str::trim_start);
    rest.is_some_and(|rest| rest.starts_with(':') && !rest.starts_with(":="))
}
