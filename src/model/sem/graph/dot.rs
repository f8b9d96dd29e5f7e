//! Mixed graphs in the language DOT of Graphviz, and as dagitty writes them.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::{Draft, MixedGraph, Vertex};
use crate::term::Number;
use crate::text::{Diagnostic, Kind, Limits, Source, Span};

/// Reads a graph: `x -> y` is an effect; `x -> y [dir=both]`, `x <-> y` and `x -- y` are
/// covariances; the attribute `label` is a label of the coefficient or its value; a vertex with the
/// attribute `latent`, or of the shape `circle` or `ellipse`, is latent.
///
/// # Errors
/// Text that is no such graph, with its place.
pub fn read(source: &Source, limits: &Limits) -> Result<MixedGraph, Vec<Diagnostic>> {
    let tokens = tokens(source.text()).map_err(|e| vec![e])?;
    let end = Span::at(source.text().trim_end().len().saturating_sub(1));
    let mut reading = Reading {
        tokens: &tokens,
        at: 0,
        end,
        limits,
        places: FxHashMap::default(),
        vertices: Vec::new(),
        drafts: Vec::new(),
        name: None,
    };
    reading.graph().map_err(|e| vec![e])?;
    let Reading { vertices, mut drafts, name, .. } = reading;
    for v in 0..vertices.len() {
        if !drafts.iter().any(|d| !d.directed && (d.from, d.to) == (v, v)) {
            let (label, constant, start) = (None, None, None);
            drafts.push(Draft { from: v, to: v, directed: false, label, constant, start });
        }
    }
    let name = name.unwrap_or_else(|| stem(source.name()));
    Ok(MixedGraph::assemble(&name, vertices, drafts, &FxHashMap::default()))
}

/// The name of a file without folder and ending.
pub(super) fn stem(name: &str) -> String {
    Path::new(name)
        .file_stem()
        .map_or_else(|| "graph".to_owned(), |s| s.to_string_lossy().into_owned())
}

/// A word, an arrow or a mark, with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Token {
    text: String,
    span: Span,
    /// Whether it is a name, in quotes or without.
    word: bool,
}

/// The marks and arrows, longer ones first.
const MARKS: &[&str] = &["<->", "->", "<-", "--", "{", "}", "[", "]", "=", ";", ",", ":"];

fn tokens(text: &str) -> Result<Vec<Token>, Diagnostic> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let skipped = if c.is_whitespace() {
            c.len_utf8()
        } else if c == '#' || rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |k| k + 2)
        } else {
            0
        };
        if skipped > 0 {
            at += skipped;
            continue;
        }
        let span = |length: usize| Span::new(at, at + length);
        if c == '"' {
            let Some(length) = rest[1..].find('"') else {
                return Err(Diagnostic::error(Kind::Syntax, span(1), "a quote that is not closed"));
            };
            found.push(Token {
                text: rest[1..=length].to_owned(),
                span: span(length + 2),
                word: true,
            });
            at += length + 2;
            continue;
        }
        let letter = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let length: usize = rest.chars().take_while(|&c| letter(c)).map(char::len_utf8).sum();
        if length > 0 {
            found.push(Token { text: rest[..length].to_owned(), span: span(length), word: true });
            at += length;
        } else if c == '-' && rest[1..].starts_with(|d: char| d.is_ascii_digit() || d == '.') {
            let length =
                1 + rest[1..].chars().take_while(|&c| letter(c)).map(char::len_utf8).sum::<usize>();
            found.push(Token { text: rest[..length].to_owned(), span: span(length), word: true });
            at += length;
        } else if let Some(mark) = MARKS.iter().find(|m| rest.starts_with(**m)) {
            found.push(Token { text: (*mark).to_owned(), span: span(mark.len()), word: false });
            at += mark.len();
        } else {
            let message = format!("unexpected `{c}`");
            return Err(Diagnostic::error(Kind::Syntax, span(c.len_utf8()), message));
        }
    }
    Ok(found)
}

struct Reading<'a> {
    tokens: &'a [Token],
    at: usize,
    end: Span,
    limits: &'a Limits,
    places: FxHashMap<String, usize>,
    vertices: Vec<Vertex>,
    drafts: Vec<Draft>,
    name: Option<String>,
}

/// Attributes in brackets.
type Attributes = Vec<(String, String, Span)>;

impl Reading<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is(&self, mark: &str) -> bool {
        self.peek().is_some_and(|t| !t.word && t.text == mark)
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    fn expected(&self, what: &str) -> Diagnostic {
        match self.peek() {
            Some(t) => Diagnostic::error(
                Kind::Syntax,
                t.span,
                format!("expected {what}, not `{}`", t.text),
            ),
            None => Diagnostic::error(
                Kind::Syntax,
                self.end,
                format!("expected {what}, but the text ends"),
            ),
        }
    }

    fn word(&mut self, what: &str) -> Result<Token, Diagnostic> {
        match self.peek() {
            Some(t) if t.word => {
                let token = t.clone();
                self.at += 1;
                Ok(token)
            }
            _ => Err(self.expected(what)),
        }
    }

    fn graph(&mut self) -> Result<(), Diagnostic> {
        if self.peek().is_some_and(|t| t.text == "strict") {
            self.at += 1;
        }
        const KINDS: [&str; 6] = ["digraph", "graph", "dag", "mag", "pdag", "admg"];
        match self.peek() {
            Some(t) if KINDS.contains(&t.text.as_str()) => self.at += 1,
            _ => {
                return Err(self
                    .expected("`digraph` or `graph`")
                    .help("a graph reads `digraph { x -> y; x -> z [dir=both] }`"));
            }
        }
        if !self.is("{") {
            self.name = Some(self.word("`{`")?.text);
        }
        if !self.take("{") {
            return Err(self.expected("`{`"));
        }
        while !self.take("}") {
            if self.peek().is_none() {
                return Err(self.expected("`}`"));
            }
            if !self.take(";") && !self.take(",") {
                self.statement()?;
            }
        }
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end of the text")),
        }
    }

    fn statement(&mut self) -> Result<(), Diagnostic> {
        let first = self.word("a variable")?;
        if ["graph", "node", "edge"].contains(&first.text.as_str()) && self.is("[") {
            self.attributes()?;
            return Ok(());
        }
        if first.text == "subgraph" {
            return Err(Diagnostic::error(
                Kind::Syntax,
                first.span,
                "a graph in a graph is not understood",
            ));
        }
        if self.take("=") {
            self.word("a value")?;
            return Ok(());
        }
        let mut chain = vec![self.vertex(&first)?];
        let mut arrows = Vec::new();
        while let Some(arrow) = self.arrow() {
            arrows.push(arrow);
            let next = self.word("a variable")?;
            chain.push(self.vertex(&next)?);
        }
        let attributes = self.attributes()?;
        if arrows.is_empty() {
            let latent = attributes.iter().any(|(key, value, _)| match key.as_str() {
                "latent" => value != "false",
                "shape" => value == "circle" || value == "ellipse",
                _ => false,
            });
            self.vertices[chain[0]].latent |= latent;
            return Ok(());
        }
        for (k, (arrow, span)) in arrows.into_iter().enumerate() {
            self.edge((chain[k], chain[k + 1]), &arrow, span, &attributes)?;
        }
        Ok(())
    }

    fn arrow(&mut self) -> Option<(String, Span)> {
        let token = self
            .peek()
            .filter(|t| !t.word && ["->", "<-", "<->", "--"].contains(&t.text.as_str()))?;
        let found = (token.text.clone(), token.span);
        self.at += 1;
        Some(found)
    }

    fn edge(
        &mut self,
        (a, b): (usize, usize),
        arrow: &str,
        span: Span,
        attributes: &Attributes,
    ) -> Result<(), Diagnostic> {
        let says = |key: &str| attributes.iter().find(|(k, _, _)| k == key);
        let dir = says("dir").map(|(_, value, _)| value.as_str());
        let (from, to, directed) = match (arrow, dir) {
            ("<->" | "--", _) | (_, Some("both" | "none")) => (a, b, false),
            ("<-", _) | (_, Some("back")) => (b, a, true),
            _ => (a, b, true),
        };
        let name = |v: usize| self.vertices[v].name.clone();
        if from == to && directed {
            let message = format!("`{}` cannot be an effect of itself", name(from));
            return Err(Diagnostic::error(Kind::Domain, span, message));
        }
        let ends =
            |d: &Draft| (d.from, d.to) == (from, to) || (!directed && (d.to, d.from) == (from, to));
        if self.drafts.iter().any(|d| d.directed == directed && ends(d)) {
            let sign = if directed { "->" } else { "<->" };
            let message = format!("`{} {sign} {}` is written twice", name(from), name(to));
            return Err(Diagnostic::error(Kind::Name, span, message));
        }
        let mut draft = Draft { from, to, directed, label: None, constant: None, start: None };
        if let Some((_, text, span)) = says("label") {
            match Number::from_decimal(text.strip_prefix('-').unwrap_or(text)) {
                Some(value) => {
                    draft.constant = Some(if text.starts_with('-') { -&value } else { value })
                }
                None if !text.is_empty()
                    && text.chars().all(|c| c.is_alphanumeric() || c == '_') =>
                {
                    draft.label = Some(text.clone());
                }
                None => {
                    let message = format!("`{text}` is neither a label nor a value");
                    return Err(Diagnostic::error(Kind::Syntax, *span, message));
                }
            }
        }
        self.drafts.push(draft);
        Ok(())
    }

    fn attributes(&mut self) -> Result<Attributes, Diagnostic> {
        let mut found = Vec::new();
        while self.take("[") {
            while !self.take("]") {
                if self.take(",") || self.take(";") {
                    continue;
                }
                let key = self.word("an attribute or `]`")?;
                let value = match self.take("=") {
                    true => self.word("a value")?,
                    false => Token { text: "true".to_owned(), ..key.clone() },
                };
                found.push((key.text.to_lowercase(), value.text, value.span));
            }
        }
        Ok(found)
    }

    fn vertex(&mut self, token: &Token) -> Result<usize, Diagnostic> {
        // A port `x:n` says where an arrow ends in a picture.
        if self.take(":") {
            self.word("a port")?;
        }
        if let Some(&known) = self.places.get(&token.text) {
            return Ok(known);
        }
        let next = self.vertices.len();
        if next >= self.limits.variables {
            let what = "variables in a structural equation model";
            return Err(Limits::exceeded(
                "variables",
                self.limits.variables,
                what,
                Some(token.span),
            ));
        }
        self.vertices.push(Vertex { name: token.text.clone(), latent: false });
        self.places.insert(token.text.clone(), next);
        Ok(next)
    }
}
