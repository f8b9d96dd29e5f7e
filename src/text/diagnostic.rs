//! What there is to say about a place in a text, and how it is shown.

use super::source::Source;
use super::span::Span;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// Nothing comes of the input.
    Error,
    /// The input is used all the same.
    Warning,
}

/// What sort of problem it is; [`Kind::code`] is its name in protocols.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// The text does not follow the grammar.
    Syntax,
    /// A name that nothing declares, or that is declared twice.
    Name,
    /// A wrong number of arguments or indices.
    Arity,
    /// An expression without a value.
    Undefined,
    /// An argument outside of where a function has a value.
    Domain,
    /// A limit was passed.
    Resource,
    /// A data file that does not have the expected form.
    Format,
    /// The operating system refused.
    Io,
    /// A rewrite rule that cannot be admitted.
    Rule,
    /// A result that failed its own check.
    Unsound,
    /// The user stopped it.
    Interrupted,
    /// A setting with a value that makes no sense.
    Config,
}

impl Kind {
    /// The name in protocols, such as `syntax_error`.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Syntax => "syntax_error",
            Kind::Name => "name_error",
            Kind::Arity => "arity_error",
            Kind::Undefined => "undefined",
            Kind::Domain => "domain_error",
            Kind::Resource => "resource_error",
            Kind::Format => "format_error",
            Kind::Io => "io_error",
            Kind::Rule => "rule_error",
            Kind::Unsound => "unsound_detected",
            Kind::Interrupted => "interrupted",
            Kind::Config => "config_error",
        }
    }
}

/// One message about one place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What sort of problem it is.
    pub kind: Kind,
    /// Where it is, when it is in the text at all.
    pub span: Option<Span>,
    /// One sentence without a full stop.
    pub message: String,
    /// What to write beside the caret; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What else there is to know.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(kind: Kind, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { span: Some(span), ..Self::without_place(kind, message) }
    }

    /// A warning at a place.
    pub fn warning(kind: Kind, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Self::error(kind, span, message) }
    }

    /// An error that is not at a place of the text.
    pub fn without_place(kind: Kind, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            kind,
            span: None,
            message: message.into(),
            label: String::new(),
            help: None,
            notes: Vec::new(),
        }
    }

    /// With text beside the caret.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// With advice.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// With "did you mean …?" when there is a suggestion.
    pub fn did_you_mean(self, suggestion: Option<&str>) -> Diagnostic {
        match suggestion {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// With one more remark.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// The message as people read it: headline, place, source line, caret, help, notes.
    ///
    /// Control characters of the source never reach the output; `colour` adds ANSI colours.
    pub fn render(&self, source: &Source, colour: bool) -> String {
        let paint = Paint(colour);
        let (word, tint) = match self.severity {
            Severity::Error => ("error", "31"),
            Severity::Warning => ("warning", "33"),
        };
        let mut out = format!(
            "{}: {}\n",
            paint.with(&format!("1;{tint}"), word),
            paint.with("1", &printable(&self.message))
        );
        match self.span {
            Some(span) => self.render_place(source, span, tint, &paint, &mut out),
            None if !self.label.is_empty() => {
                out += &format!("  = note: {}\n", printable(&self.label));
            }
            None => {}
        }
        for note in &self.notes {
            out += &format!("  = note: {}\n", printable(note));
        }
        if let Some(help) = &self.help {
            out += &format!("{}: {}\n", paint.with("1;36", "help"), printable(help));
        }
        out
    }

    fn render_place(
        &self,
        source: &Source,
        span: Span,
        tint: &str,
        paint: &Paint,
        out: &mut String,
    ) {
        let from = source.position(span.start);
        let to = source.position(span.end.max(span.start));
        let number = from.line.to_string();
        let margin = " ".repeat(number.len());
        let bar = paint.with("1;34", "|");
        let arrow = paint.with("1;34", "-->");
        let name = printable(source.name());
        *out += &format!("{margin}{arrow} {name}:{}:{}\n", from.line, from.column);
        let line: Vec<char> = source.line(from.line).chars().collect();
        let start = (from.column - 1).min(line.len());
        let end = if to.line == from.line {
            (to.column - 1).clamp(start, line.len())
        } else {
            line.len()
        };
        // A very long line is shown around the caret only.
        let first = start.saturating_sub(WINDOW / 2);
        let last = (first + WINDOW).min(line.len());
        let (before, prefix) = (&line[first..start], if first > 0 { "…" } else { "" });
        let shown: String = line[first..last].iter().map(|c| cell(*c)).collect();
        let suffix = if last < line.len() { "…" } else { "" };
        let indent: usize =
            before.iter().map(|c| width(*c)).sum::<usize>() + prefix.chars().count();
        let length: usize = line[start..end.min(last)].iter().map(|c| width(*c)).sum();
        let carets = paint.with(&format!("1;{tint}"), &"^".repeat(length.max(1)));
        let label = printable(&self.label);
        *out += &format!("{margin} {bar}\n");
        *out += &format!("{} {bar} {prefix}{shown}{suffix}\n", paint.with("1;34", &number));
        let marks = format!("{}{carets} {label}", " ".repeat(indent));
        *out += &format!("{margin} {bar} {}\n", marks.trim_end());
    }
}

/// Characters of a source line that are shown.
const WINDOW: usize = 120;

struct Paint(bool);

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A character as it is shown: tabs as spaces, control characters as a replacement.
fn cell(c: char) -> String {
    match c {
        '\t' => "    ".to_owned(),
        c if hidden(c) => '\u{fffd}'.to_string(),
        c => c.to_string(),
    }
}

/// Control characters, and marks that reorder or break what is printed.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// Columns of a terminal that a character takes: two for the East Asian wide blocks, none for
/// combining marks, one for everything else.
fn width(c: char) -> usize {
    match c {
        '\t' => 4,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_line_caret_and_help() {
        let source = Source::new("decay.model", "ode decay\n\tA' = α*Bb\n");
        let shown = Diagnostic::error(Kind::Name, Span::new(19, 21), "unknown name `Bb`")
            .label("not declared")
            .did_you_mean(Some("B"))
            .render(&source, false);
        let expected = "\
error: unknown name `Bb`
 --> decay.model:2:9
  |
2 |     A' = α*Bb
  |            ^^ not declared
help: did you mean `B`?
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn control_characters_are_not_echoed() {
        let source = Source::new("input", "\x1b[31mx");
        let shown = Diagnostic::error(Kind::Syntax, Span::new(0, 1), "unexpected \x1b")
            .render(&source, false);
        assert!(!shown.contains('\x1b'));
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let source = Source::new("input", "x".repeat(10_000));
        let shown = Diagnostic::error(Kind::Syntax, Span::at(5000), "here").render(&source, false);
        assert!(shown.lines().all(|l| l.chars().count() < 140));
    }
}
