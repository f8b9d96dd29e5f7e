//! A named text with line and column lookup.

use super::diagnostic::{Diagnostic, Kind};
use super::limits::Limits;
use super::span::Span;

/// A place in a source as people count it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A text, its name and where its lines begin.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    lines: Vec<usize>,
}

impl Source {
    /// A source from text that is already in memory; `name` is a file name or a word such as
    /// `input`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let text = text.into();
        let starts = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let lines = std::iter::once(0).chain(starts.map(|(i, _)| i + 1));
        Source { name: name.into(), lines: lines.collect(), text }
    }

    /// A source from bytes that nobody has looked at.
    ///
    /// # Errors
    /// `format_error` when the bytes are not UTF-8, `resource_error` above [`Limits::bytes`].
    pub fn from_bytes(
        name: impl Into<String>,
        bytes: Vec<u8>,
        limits: &Limits,
    ) -> Result<Source, Diagnostic> {
        let name = name.into();
        limits.check_bytes(bytes.len())?;
        match String::from_utf8(bytes) {
            // Some editors begin a file with a byte order mark, which is no part of its text.
            Ok(text) => Ok(Source::new(name, text.strip_prefix('\u{feff}').unwrap_or(&text))),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let byte = error.as_bytes()[at];
                let message = format!("{name} is not UTF-8 text: byte {at} is 0x{byte:02x}");
                Err(Diagnostic::without_place(Kind::Format, message))
            }
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a span; empty when the span is not of this source.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Line and column of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let offset = self.boundary(offset);
        let line = self.lines.partition_point(|&start| start <= offset);
        let start = self.lines[line - 1];
        Position { line, column: self.text[start..offset].chars().count() + 1 }
    }

    /// The number of characters before a byte offset.
    pub fn characters_before(&self, offset: u32) -> usize {
        self.text[..self.boundary(offset)].chars().count()
    }

    /// The text of a line, counted from 1, without its line break; empty beyond the last.
    pub fn line(&self, line: usize) -> &str {
        let Some(&start) = line.checked_sub(1).and_then(|i| self.lines.get(i)) else {
            return "";
        };
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// The number of lines.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The last character boundary that is not after the offset.
    fn boundary(&self, offset: u32) -> usize {
        let offset = (offset as usize).min(self.text.len());
        (0..=offset).rev().find(|&i| self.text.is_char_boundary(i)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let source = Source::new("s", "α = 1\r\nβ = αα\n");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(13), Position { line: 2, column: 5 });
        assert_eq!(source.characters_before(13), 11);
        assert_eq!(source.line(2), "β = αα");
        assert_eq!(source.line(1), "α = 1");
        assert_eq!(source.line(9), "");
        assert_eq!(source.position(999).line, 3);
    }

    #[test]
    fn bytes_must_be_text() {
        let limits = Limits::default();
        let error = Source::from_bytes("f", vec![b'x', 0xff], &limits).unwrap_err();
        assert_eq!(error.kind, Kind::Format);
        assert!(error.message.contains("byte 1 is 0xff"));
    }
}
