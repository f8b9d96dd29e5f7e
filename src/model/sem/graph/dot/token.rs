//! The words, arrows and marks of DOT.

use crate::text::{Diagnostic, Kind, Span};

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// A name or number without quotes, which may be a keyword.
    Plain,
    /// A text in quotes or in `<` and `>`.
    Quoted,
    /// An arrow or a mark.
    Mark,
}

/// A piece of text with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// The text, without quotes.
    pub text: String,
    /// Its place.
    pub span: Span,
    /// What it is.
    pub sort: Sort,
}

/// The marks and arrows, longer ones first.
const MARKS: &[&str] = &["<->", "->", "<-", "--", "{", "}", "[", "]", "=", ";", ",", ":", "+"];

/// Divides a text.
///
/// # Errors
/// A quote, remark or HTML text that is not closed, a sign that DOT does not have.
pub fn tokens(text: &str) -> Result<Vec<Token>, Diagnostic> {
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let skipped = if c.is_whitespace() || c == '\u{feff}' {
            c.len_utf8()
        } else if c == '#' || rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            let error = || open(at, 2, "a remark that is not closed");
            rest.find("*/").ok_or_else(error)? + 2
        } else {
            0
        };
        if skipped > 0 {
            at += skipped;
            continue;
        }
        let is_value = found.last().is_some_and(|t| t.sort == Sort::Mark && t.text == "=");
        let (word, length, sort) = if c == '"' {
            let (word, length) =
                quoted(rest).ok_or_else(|| open(at, 1, "a quote that is not closed"))?;
            (word, length, Sort::Quoted)
        } else if c == '<' && is_value {
            let length = html(rest).ok_or_else(|| open(at, 1, "a `<` that is not closed"))?;
            (rest[..length].to_owned(), length, Sort::Quoted)
        } else if let Some(length) = plain(rest) {
            (rest[..length].to_owned(), length, Sort::Plain)
        } else if let Some(mark) = MARKS.iter().find(|m| rest.starts_with(**m)) {
            ((*mark).to_owned(), mark.len(), Sort::Mark)
        } else {
            let span = Span::new(at, at + c.len_utf8());
            return Err(Diagnostic::error(Kind::Syntax, span, format!("unexpected `{c}`")));
        };
        let span = Span::new(at, at + length);
        at += length;
        let (text, joined) = (word, join(&mut found));
        match joined {
            // `"a" + "b"` is one text.
            Some(first) if sort == Sort::Quoted => {
                found.push(Token { text: first.text + &text, span: first.span.to(span), sort });
            }
            Some(_) => {
                return Err(Diagnostic::error(
                    Kind::Syntax,
                    span,
                    "expected a text in quotes after `+`",
                ));
            }
            None => found.push(Token { text, span, sort }),
        }
    }
    Ok(found)
}

fn open(at: usize, length: usize, message: &str) -> Diagnostic {
    Diagnostic::error(Kind::Syntax, Span::new(at, at + length), message)
}

/// The text in quotes before a `+`, both taken off the list.
fn join(found: &mut Vec<Token>) -> Option<Token> {
    match found.as_slice() {
        [.., first, plus]
            if first.sort == Sort::Quoted && plus.sort == Sort::Mark && plus.text == "+" =>
        {
            found.pop();
            found.pop()
        }
        _ => None,
    }
}

/// The text that quotes enclose, and its length with them: `\"` is a quote in it, and a backslash
/// before the end of a line joins two lines.
fn quoted(rest: &str) -> Option<(String, usize)> {
    let mut word = String::new();
    let mut inside = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = inside.next() {
        match (c, inside.peek().map(|(_, d)| *d)) {
            ('"', _) => return Some((word, at + 1)),
            ('\\', Some('"')) => {
                word.push('"');
                inside.next();
            }
            ('\\', Some('\n')) => _ = inside.next(),
            ('\\', Some('\\')) => {
                word.push_str("\\\\");
                inside.next();
            }
            _ => word.push(c),
        }
    }
    None
}

/// The length of a text in `<` and `>` with what it holds of them.
fn html(rest: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in rest.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// The length of a name or number at the beginning of a text.
fn plain(rest: &str) -> Option<usize> {
    let letter = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let sign = match rest.strip_prefix('-') {
        Some(number) if number.starts_with(|d: char| d.is_ascii_digit() || d == '.') => 1,
        _ => 0,
    };
    let length: usize = rest[sign..].chars().take_while(|&c| letter(c)).map(char::len_utf8).sum();
    (length > 0).then_some(sign + length)
}
