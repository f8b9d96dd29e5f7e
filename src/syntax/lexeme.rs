//! The smallest pieces of text: blanks, names, numbers, strings, symbols; each takes what it
//! wants from the front of the input and leaves the rest.

use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::digit1;
use nom::combinator::{opt, recognize, verify};
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Parser};

use super::operators::Operator;
use crate::text::{Diagnostic, Kind};

/// What a parser of this module and its neighbours gives.
pub type Parsed<'a, T> = IResult<&'a str, T, Unmet>;

/// Why a parser did not go on: how much input was left, and what would have been right there.
#[derive(Clone, Debug)]
pub struct Unmet {
    /// Bytes left where the problem is.
    pub left: usize,
    /// Bytes that the problem covers from there.
    pub len: usize,
    /// What was expected; empty when a finished message is given.
    pub expected: String,
    /// A finished message in place of "expected …".
    pub diagnostic: Option<Box<Diagnostic>>,
}

impl Unmet {
    /// An error that `alt` may still recover from: `expected` was not found at `input`.
    pub fn here<T>(input: &str, expected: impl Into<String>) -> Parsed<'_, T> {
        Err(nom::Err::Error(Unmet {
            left: input.len(),
            len: 0,
            expected: expected.into(),
            diagnostic: None,
        }))
    }

    /// A final error with a message of its own, covering `len` bytes.
    pub fn finally<T>(input: &str, len: usize, diagnostic: Diagnostic) -> Parsed<'_, T> {
        Err(nom::Err::Failure(Unmet {
            left: input.len(),
            len,
            expected: String::new(),
            diagnostic: Some(Box::new(diagnostic)),
        }))
    }
}

impl ParseError<&str> for Unmet {
    fn from_error_kind(input: &str, _: ErrorKind) -> Unmet {
        Unmet { left: input.len(), len: 0, expected: String::new(), diagnostic: None }
    }

    fn append(_: &str, _: ErrorKind, other: Unmet) -> Unmet {
        other
    }

    /// Of two alternatives the one that came further explains more.
    fn or(self, other: Unmet) -> Unmet {
        if self.left < other.left { self } else { other }
    }
}

/// Whether a character can begin a name: a Latin or Greek letter or an underscore.
pub fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || greek(c)
}

/// Whether a character can stand inside a name.
pub fn continues_name(c: char) -> bool {
    begins_name(c) || c.is_ascii_digit()
}

fn greek(c: char) -> bool {
    ('\u{370}'..='\u{3ff}').contains(&c) && c.is_alphabetic()
}

/// Words that are no names: the operators written as words, and those of index ranges.
pub fn is_reserved(word: &str) -> bool {
    matches!(word, "for" | "in") || Operator::is_word(word)
}

/// Spaces, tabs, line breaks, `#` comments, and a backslash before a line break.
pub fn blank(input: &str) -> Parsed<'_, ()> {
    let mut rest = input;
    loop {
        let start = rest;
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if rest.starts_with('#') {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        }
        if let Some(after) = rest.strip_prefix('\\') {
            let after = after.trim_start_matches([' ', '\t', '\r']);
            let comment = after.starts_with('#');
            let end = after.find('\n').unwrap_or(after.len());
            if comment || end == 0 {
                rest = &after[end..];
            }
        }
        if rest.len() == start.len() {
            return Ok((rest, ()));
        }
    }
}

/// `digits [. digits] [e [sign] digits]` or `. digits …`, as written.
///
/// A point needs a digit after it, so that `1..5` is a range.
pub fn number(input: &str) -> Parsed<'_, &str> {
    let fraction = || (tag("."), digit1);
    let exponent = (tag("e").or(tag("E")), opt(tag("+").or(tag("-"))), digit1);
    let whole = recognize((digit1, opt(fraction())));
    recognize((whole.or(recognize(fraction())), opt(exponent))).parse(input)
}

/// A letter or underscore, then letters, digits and underscores; not a reserved word.
pub fn name(input: &str) -> Parsed<'_, &str> {
    verify(word, |word: &str| !is_reserved(word)).parse(input)
}

/// A name of R: letters of any script, digits, underscores and dots, the first one no digit.
pub fn dotted(input: &str) -> Parsed<'_, &str> {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let begins = |word: &str| {
        let mut letters = word.chars();
        match letters.next() {
            Some('.') => letters.next().is_some_and(|c| c != '.' && !c.is_numeric()),
            Some(c) => !c.is_numeric(),
            None => false,
        }
    };
    verify(take_while1(inside), begins).parse(input)
}

/// A name of R that is no reserved word of expressions.
pub fn dotted_name(input: &str) -> Parsed<'_, &str> {
    verify(dotted, |word: &str| !is_reserved(word)).parse(input)
}

/// A name or a reserved word.
pub fn word(input: &str) -> Parsed<'_, &str> {
    verify(take_while1(continues_name), |word: &str| word.starts_with(begins_name)).parse(input)
}

/// One given reserved or contextual word, whole.
pub fn keyword<'a>(text: &'static str) -> impl Fn(&'a str) -> Parsed<'a, &'a str> {
    move |input| match word(input) {
        Ok((rest, found)) if found == text => Ok((rest, found)),
        _ => Unmet::here(input, format!("`{text}`")),
    }
}

/// One given symbol.
pub fn symbol<'a>(text: &'static str) -> impl Fn(&'a str) -> Parsed<'a, &'a str> {
    move |input| match input.strip_prefix(text) {
        Some(rest) => Ok((rest, &input[..text.len()])),
        None => Unmet::here(input, format!("`{text}`")),
    }
}

/// `"text"` on one line, without escapes; what is between the quotes.
pub fn string(input: &str) -> Parsed<'_, &str> {
    let (rest, _) = symbol("\"")(input)?;
    let (rest, text) = take_while(|c| c != '"' && c != '\n').parse(rest)?;
    match rest.strip_prefix('"') {
        Some(rest) => Ok((rest, text)),
        None => {
            let message = "the quoted text does not end on its line";
            let diagnostic = Diagnostic::without_place(Kind::Syntax, message);
            Unmet::finally(input, input.len() - rest.len(), diagnostic.label("begins here"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_they_should() {
        let taken = |text: &str| number(text).map(|(_, n)| n.to_owned()).ok();
        assert_eq!(taken("12").as_deref(), Some("12"));
        assert_eq!(taken("0.1x").as_deref(), Some("0.1"));
        assert_eq!(taken(".5").as_deref(), Some(".5"));
        assert_eq!(taken("3e7").as_deref(), Some("3e7"));
        assert_eq!(taken("3e-7*x").as_deref(), Some("3e-7"));
        assert_eq!(taken("1..5").as_deref(), Some("1"));
        assert_eq!(taken("2exp").as_deref(), Some("2"));
        assert_eq!(taken("x"), None);
    }

    #[test]
    fn names_are_latin_or_greek() {
        let taken = |text: &str| name(text).map(|(_, n)| n.to_owned()).ok();
        assert_eq!(taken("x2'").as_deref(), Some("x2"));
        assert_eq!(taken("β_1").as_deref(), Some("β_1"));
        assert_eq!(taken("and"), None);
        assert_eq!(taken("android").as_deref(), Some("android"));
        assert_eq!(taken("2x"), None);
        assert_eq!(taken("√x"), None);
    }

    #[test]
    fn names_of_formulas_may_have_dots() {
        let taken = |text: &str| dotted(text).map(|(_, n)| n.to_owned()).ok();
        assert_eq!(taken("x.1 + y").as_deref(), Some("x.1"));
        assert_eq!(taken(".p1.*x").as_deref(), Some(".p1."));
        assert_eq!(taken("größe_2~").as_deref(), Some("größe_2"));
        assert_eq!(taken(".5"), None);
        assert_eq!(taken("2x"), None);
        assert_eq!(taken("..x"), None);
    }

    #[test]
    fn blanks_hold_comments_and_continuations() {
        let rest = |text| blank(text).map(|(rest, ())| rest).unwrap_or(text);
        assert_eq!(rest("  # all\n\t x"), "x");
        assert_eq!(rest(" \\\n x"), "x");
        assert_eq!(rest(" \\ # why\n x"), "x");
        assert_eq!(rest("\\x"), "\\x");
    }
}
