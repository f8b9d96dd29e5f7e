//! Reactions: `A + 2 B -> C, k`, `A <-> B, kf, kr`, `0 => A, v`, and families of them in
//! `for i in 0..n { … }`.

use super::block::{Arrow, Content, PartText, ReactionText, Statement, Word};
use super::expression::Reader;
use super::model::{another_range, indices, word};
use super::tree::Range;
use super::{Id, lexeme};
use crate::term::Number;
use crate::text::{Diagnostic, Kind, Span};

/// The arrows, longer ones first.
const ARROWS: [(&str, Arrow); 4] = [
    ("<->", Arrow { reversible: true, whole: false }),
    ("<=>", Arrow { reversible: true, whole: true }),
    ("->", Arrow { reversible: false, whole: false }),
    ("=>", Arrow { reversible: false, whole: true }),
];

/// How a reaction looks.
pub(super) const FORM: &str = "a reaction reads `A + 2 B -> C, k` or `A <-> B, kf, kr`";

/// Whether a statement is a reaction or a family of reactions: it begins with `for`, or has an
/// arrow outside of brackets.
pub(super) fn begins(text: &str) -> bool {
    lexeme::keyword("for")(text).is_ok() || arrow_in(text).is_some()
}

/// The place of the first arrow outside of brackets; what is no arrow here but elsewhere counts,
/// so that its error can say what to write.
fn arrow_in(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        let after = &text[at + c.len_utf8()..];
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '-' | '=' if depth == 0 && after.starts_with('>') => return Some(at),
            // Nothing that defines something has an arrow before its equals sign.
            '=' if depth == 0 && !text[..at].ends_with('<') => return None,
            '<' if depth == 0 && after.starts_with('-') => return Some(at),
            '→' | '⟶' | '⇒' | '⟹' | '⇌' | '↔' | '⇄' | '⟷' | '⇔' | '⟺' if depth == 0 =>
            {
                return Some(at);
            }
            _ => {}
        }
    }
    None
}

/// Reads a reaction, or all those of a `for … { }`, a statement each.
///
/// # Errors
/// The first place that cannot be read.
pub(super) fn statements(
    reader: &mut Reader<'_>,
    line: Span,
    statements: &mut Vec<Statement>,
) -> Result<(), Diagnostic> {
    if reader.keyword("for") {
        return groups(reader, statements);
    }
    let mut reaction = reaction(reader)?;
    if reader.keyword("for") {
        reaction.ranges = ranges(reader)?;
    }
    statements.push(Statement { content: Content::Reaction(reaction), span: line });
    Ok(())
}

/// `i in 0..n, j in 1..m`, after `for`.
fn ranges(reader: &mut Reader<'_>) -> Result<Vec<Range>, Diagnostic> {
    let mut ranges = vec![reader.range()?];
    while another_range(reader) {
        ranges.push(reader.range()?);
    }
    Ok(ranges)
}

/// What follows `for`: ranges and reactions in braces, groups inside of groups among them.
fn groups(reader: &mut Reader<'_>, statements: &mut Vec<Statement>) -> Result<(), Diagnostic> {
    // The groups that are open: their ranges with those around them, and their braces.
    let mut open: Vec<(Vec<Range>, Span)> = Vec::new();
    loop {
        let mut bound = open.last().map_or_else(Vec::new, |(ranges, _)| ranges.clone());
        bound.extend(ranges(reader)?);
        reader.skip_blank();
        let brace = Span::new(reader.at, reader.at + 1);
        if !reader.symbol("{") {
            let error = reader.unexpected("an operator, `,` or `{`");
            return Err(error.help("reactions of a family stand in braces: `for i in 0..n { … }`"));
        }
        reader.check_indices(bound.len(), brace)?;
        open.push((bound, brace));
        // Reactions and ends of groups, up to the next beginning of one.
        while let Some((bound, brace)) = open.last() {
            if reader.symbol("}") {
                open.pop();
                continue;
            }
            if reader.keyword("for") {
                break;
            }
            reader.skip_blank();
            let start = reader.at;
            if reader.rest().is_empty() {
                let message = "the `{` of these reactions is not closed";
                return Err(
                    Diagnostic::error(Kind::Syntax, *brace, message).help("close it with `}`")
                );
            }
            let reaction = ReactionText { ranges: bound.clone(), ..reaction(reader)? };
            let span = Span::new(start, reader.at);
            statements.push(Statement { content: Content::Reaction(reaction), span });
        }
        if open.is_empty() {
            return Ok(());
        }
    }
}

/// One reaction without ranges.
fn reaction(reader: &mut Reader<'_>) -> Result<ReactionText, Diagnostic> {
    reader.skip_blank();
    let start = reader.at;
    let reactants = side(reader, "a species, a number or `0`")?;
    let arrow = arrow(reader)?;
    let products = side(reader, "a species, a number or `0`")?;
    let span = Span::new(start, reader.at);
    if !reader.symbol(",") {
        let error = reader.unexpected("`+` or `,`");
        return Err(match reader.rest().chars().next() {
            None => Diagnostic::error(Kind::Syntax, span, "the reaction has no rate")
                .help(format!("write it after a comma: {FORM}")),
            Some(';') => error.help("the rate follows after a comma, as in `A -> B, k`"),
            _ => error.note(FORM),
        });
    }
    let mut rates: Vec<Id> = vec![reader.expression(0)?];
    if arrow.reversible {
        if !reader.symbol(",") {
            let error = reader.unexpected("an operator or `,`");
            return Err(match error.message.ends_with("the end") {
                true => Diagnostic::error(Kind::Syntax, span, "the way back has no rate")
                    .help("a reaction `A <-> B` has two rates: `A <-> B, kf, kr`"),
                false => error,
            });
        }
        rates.push(reader.expression(0)?);
    }
    let end = reader.at;
    if reader.symbol(",") {
        let span = Span::new(end, reader.at);
        let (message, help) = match arrow.reversible {
            true => ("a reaction has two rates at most", "the rates are those of `->` and of `<-`"),
            false => (
                "a reaction that goes one way has one rate",
                "write `<->`, or `<=>`, for a reaction that goes both ways",
            ),
        };
        return Err(Diagnostic::error(Kind::Syntax, span, message).help(help));
    }
    Ok(ReactionText { reactants, products, arrow, rates, ranges: Vec::new(), span })
}

fn arrow(reader: &mut Reader<'_>) -> Result<Arrow, Diagnostic> {
    for (sign, arrow) in ARROWS {
        if reader.symbol(sign) {
            return Ok(arrow);
        }
    }
    let rest = reader.rest();
    let error = reader.unexpected("`+` or an arrow");
    Err(if rest.starts_with("--") || rest.starts_with("==") {
        error.help("an arrow is `->`, or `=>` if the rate is the whole propensity")
    } else if rest.starts_with("<-") || rest.starts_with("<=") {
        error.help("write a reaction from its reactants to its products: `A -> B, k`")
    } else if rest.starts_with(',') {
        error.help("the rate stands at the end: `A -> B, k`")
    } else {
        error.note(FORM)
    })
}

/// `0`, or species with their stoichiometric numbers.
fn side(reader: &mut Reader<'_>, expected: &str) -> Result<Vec<PartText>, Diagnostic> {
    let mut parts = Vec::new();
    loop {
        reader.skip_blank();
        let start = reader.at;
        let count = match reader.take(lexeme::number) {
            Some(text) => {
                let span = Span::new(start, reader.at);
                let number = Number::from_decimal(text).ok_or_else(|| {
                    Diagnostic::error(Kind::Resource, span, "this number is too large")
                })?;
                reader.symbol("*");
                reader.skip_blank();
                Some((number, span))
            }
            None => None,
        };
        if let Some((number, span)) = &count
            && !reader.rest().starts_with(lexeme::begins_name)
        {
            if number.is_zero() && parts.is_empty() && reader.at >= span.end as usize {
                reader.at = span.end as usize;
                return Ok(parts);
            }
            return Err(reader.unexpected("a species"));
        }
        let name: Word = match count {
            Some(_) => word(reader, "a species")?,
            None => word(reader, expected)?,
        };
        let indices = indices(reader)?;
        let span = Span::new(start, reader.at);
        parts.push(PartText { count, name, indices, span });
        if !reader.symbol("+") {
            return Ok(parts);
        }
    }
}
