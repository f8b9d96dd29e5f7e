//! Statements that begin with the name they define, and the settings of `simulate` and tables.

use super::block::{
    Content, FunctionText, Role, Setting, SettingValue, Statement, TableText, Word,
};
use super::expression::Reader;
use super::lexeme;
use super::model::{declaration, indices, word};
use crate::text::{Diagnostic, Kind, Span};

/// `x' = …`, `x[i]' = … for …`, `f(x) = …` or `f(t) = table("file.csv")`.
///
/// # Errors
/// The first place that cannot be read.
pub(super) fn definition(
    reader: &mut Reader<'_>,
    name: Word,
    line: Span,
) -> Result<Statement, Diagnostic> {
    if !reader.symbol("(") {
        let before = reader.at;
        let found = indices(reader)?;
        if !reader.symbol("'") {
            let target = if found.is_empty() { "`'`, `[` or `(`" } else { "`'`" };
            // Leibniz's notation is understood, but not read.
            let leibniz = name.text.strip_prefix('d').filter(|_| reader.rest().starts_with("/d"));
            let note = match leibniz {
                Some(state) => format!("an equation reads `{state}' = …`"),
                None => format!(
                    "an equation reads `{name}' = …` or `0 = …`; to name a value write \
                     `let {name} = …`",
                    name = name.text
                ),
            };
            return Err(reader.unexpected(target).note(note));
        }
        reader.at = before;
        let declaration = declaration(reader, Role::Derivative, name)?;
        return Ok(Statement { content: Content::Declaration(declaration), span: line });
    }
    let mut parameters = vec![word(reader, "the name of an argument")?];
    while reader.symbol(",") {
        parameters.push(word(reader, "the name of an argument")?);
    }
    if !reader.symbol(")") {
        return Err(reader.unexpected("`,` or `)`"));
    }
    if !reader.symbol("=") {
        return Err(reader.unexpected("`=`"));
    }
    let before = reader.at;
    if reader.keyword("table") && reader.symbol("(") {
        reader.skip_blank();
        let start = reader.at;
        if let Some(path) = reader.take(lexeme::string) {
            let path = Word { text: path.to_owned(), span: Span::new(start, reader.at) };
            let mut settings = Vec::new();
            while reader.symbol(",") {
                settings.push(setting(reader)?);
            }
            if !reader.symbol(")") {
                return Err(reader.unexpected("`,` or `)`"));
            }
            let parameter = parameters.remove(0);
            if let Some(extra) = parameters.first() {
                return Err(Diagnostic::error(
                    Kind::Arity,
                    extra.span,
                    "a table is a function of one argument",
                ));
            }
            let table = TableText { name, parameter, path, settings };
            return Ok(Statement { content: Content::Table(table), span: line });
        }
        return Err(reader.unexpected("the name of a file in quotes"));
    }
    reader.at = before;
    let body = reader.expression(0)?;
    let function = FunctionText { name, parameters, body };
    Ok(Statement { content: Content::Function(function), span: line })
}

/// `name = value` each, after commas; none at the end of the line.
///
/// # Errors
/// The first place that cannot be read.
pub(super) fn settings(reader: &mut Reader<'_>) -> Result<Vec<Setting>, Diagnostic> {
    let mut found = Vec::new();
    reader.skip_blank();
    if reader.rest().is_empty() {
        return Ok(found);
    }
    loop {
        found.push(setting(reader)?);
        if !reader.symbol(",") {
            return Ok(found);
        }
    }
}

/// `name = value [word]`, `name = from..to` or `name = "text"`.
fn setting(reader: &mut Reader<'_>) -> Result<Setting, Diagnostic> {
    let name = word(reader, "the name of a setting")?;
    if !reader.symbol("=") {
        return Err(reader.unexpected("`=`"));
    }
    reader.skip_blank();
    let start = reader.at;
    let value = if let Some(text) = reader.take(lexeme::string) {
        SettingValue::Text(Word { text: text.to_owned(), span: Span::new(start, reader.at) })
    } else {
        let from = reader.expression(0)?;
        if reader.symbol("..") {
            SettingValue::Range(from, reader.expression(0)?)
        } else {
            SettingValue::Expression(from)
        }
    };
    let end = reader.at;
    reader.skip_blank();
    let qualifier = if reader.rest().starts_with(lexeme::begins_name) {
        Some(word(reader, "a word")?)
    } else {
        reader.at = end;
        None
    };
    let span = Span::new(name.span.start as usize, reader.at);
    Ok(Setting { name, value, qualifier, span })
}
