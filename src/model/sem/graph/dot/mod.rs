//! Mixed graphs in the language DOT of Graphviz, and as dagitty writes them.

mod token;

use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Draft, MixedGraph, Vertex};
use crate::term::Number;
use crate::text::{Diagnostic, Kind, Limits, Source, Span, nearest};
use token::{Sort, Token, tokens};

/// Reads a graph: `x -> y` is an effect; `x -> y [dir=both]`, `x <-> y` and `x -- y` are
/// covariances; the attribute `label` of an arrow is a label of its coefficient or its value.
///
/// A vertex with the attribute `latent` is latent, and where variables have different shapes one
/// of the shape `circle`, `ellipse` or `oval` is. What `node […]` and `edge […]` say holds from there
/// on inside their braces; subgraphs are their vertices; other attributes do not matter.
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
        depth: 0,
        strict: false,
        places: FxHashMap::default(),
        vertices: Vec::new(),
        drafts: Vec::new(),
        known: FxHashSet::default(),
        name: None,
    };
    reading.graph().map_err(|e| vec![e])?;
    let Reading { vertices, mut drafts, known, name, .. } = reading;
    // Where all variables are round, their shape says nothing.
    let mixed = vertices.iter().any(|v| !v.round);
    let latent = |v: &Drawn| v.latent.unwrap_or(v.round && mixed);
    let all = vertices.iter().map(|v| Vertex { name: v.name.clone(), latent: latent(v) }).collect();
    for v in (0..vertices.len()).filter(|&v| !known.contains(&(v, v, false))) {
        let (label, constant, start) = (None, None, None);
        drafts.push(Draft { from: v, to: v, directed: false, label, constant, start });
    }
    let name = name.unwrap_or_else(|| stem(source.name()));
    Ok(MixedGraph::assemble(&name, all, drafts, &FxHashMap::default()))
}

/// The name of a file without folder and ending.
pub(super) fn stem(name: &str) -> String {
    Path::new(name)
        .file_stem()
        .map_or_else(|| "graph".to_owned(), |s| s.to_string_lossy().into_owned())
}

/// A vertex as it is drawn.
struct Drawn {
    name: String,
    /// What its attribute `latent` says.
    latent: Option<bool>,
    /// Whether its shape is that of latent variables.
    round: bool,
}

impl Drawn {
    fn take(&mut self, attributes: &Attributes) {
        for (key, value, _) in attributes {
            match key.as_str() {
                "latent" => self.latent = Some(value != "false"),
                "shape" => {
                    self.round = ["circle", "ellipse", "oval"].contains(&value.as_str());
                }
                _ => {}
            }
        }
    }
}

/// Attributes in brackets, later ones over earlier ones.
type Attributes = Vec<(String, String, Span)>;

/// What holds for vertices and arrows that follow.
#[derive(Clone, Default)]
struct Defaults {
    node: Attributes,
    edge: Attributes,
}

struct Reading<'a> {
    tokens: &'a [Token],
    at: usize,
    end: Span,
    limits: &'a Limits,
    /// Braces that are open.
    depth: usize,
    /// Whether an arrow that is written twice is one.
    strict: bool,
    places: FxHashMap<String, usize>,
    vertices: Vec<Drawn>,
    drafts: Vec<Draft>,
    /// The ends of all drafts and whether they are directed; undirected ones in order.
    known: FxHashSet<(usize, usize, bool)>,
    name: Option<String>,
}

/// The most braces that are open at one place.
const DEEPEST: usize = 100;

/// The kinds of graph, of Graphviz and of dagitty.
const KINDS: [&str; 6] = ["digraph", "graph", "dag", "mag", "pdag", "admg"];

impl Reading<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is(&self, mark: &str) -> bool {
        self.peek().is_some_and(|t| t.sort == Sort::Mark && t.text == mark)
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    /// Whether a keyword in any letters comes next.
    fn is_keyword(&self, words: &[&str]) -> bool {
        let same = |t: &Token| words.iter().any(|w| t.text.eq_ignore_ascii_case(w));
        self.peek().is_some_and(|t| t.sort == Sort::Plain && same(t))
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
            Some(t) if t.sort != Sort::Mark => {
                let token = t.clone();
                self.at += 1;
                Ok(token)
            }
            _ => Err(self.expected(what)),
        }
    }

    fn graph(&mut self) -> Result<(), Diagnostic> {
        self.strict = self.is_keyword(&["strict"]);
        self.at += usize::from(self.strict);
        if !self.is_keyword(&KINDS) {
            let error = self
                .expected("`digraph` or `graph`")
                .help("a graph reads `digraph { x -> y; x -> z [dir=both] }`");
            return Err(error.did_you_mean(self.peek().and_then(|t| nearest(&t.text, KINDS))));
        }
        self.at += 1;
        if !self.is("{") {
            self.name = Some(self.word("`{`")?.text);
        }
        self.block(&mut Defaults::default(), &mut Vec::new())?;
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end of the text")),
        }
    }

    /// Statements in braces; the vertices that occur in them are added to a list.
    fn block(
        &mut self,
        defaults: &mut Defaults,
        inside: &mut Vec<usize>,
    ) -> Result<(), Diagnostic> {
        if !self.take("{") {
            return Err(self.expected("`{`"));
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            let message = format!("more than {DEEPEST} braces are open");
            return Err(Diagnostic::error(Kind::Resource, self.tokens[self.at - 1].span, message));
        }
        while !self.take("}") {
            if self.peek().is_none() {
                return Err(self.expected("`}`"));
            }
            if !self.take(";") && !self.take(",") {
                self.statement(defaults, inside)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn statement(
        &mut self,
        defaults: &mut Defaults,
        inside: &mut Vec<usize>,
    ) -> Result<(), Diagnostic> {
        let after = self.tokens.get(self.at + 1).filter(|t| t.sort == Sort::Mark);
        let after = after.map(|t| t.text.as_str());
        if self.is_keyword(&["graph", "node", "edge"]) && after == Some("[") {
            let keyword = self.word("an attribute")?.text.to_lowercase();
            let attributes = self.attributes()?;
            match keyword.as_str() {
                "node" => defaults.node.extend(attributes),
                "edge" => defaults.edge.extend(attributes),
                _ => {}
            }
            return Ok(());
        }
        if after == Some("=") {
            self.word("an attribute")?;
            self.at += 1;
            self.word("a value")?;
            return Ok(());
        }
        let mut chain = vec![self.operand(defaults)?];
        let mut arrows = Vec::new();
        while let Some(arrow) = self.arrow() {
            arrows.push(arrow);
            chain.push(self.operand(defaults)?);
        }
        let attributes = self.attributes()?;
        match chain.as_slice() {
            [only] => only.iter().for_each(|&v| self.vertices[v].take(&attributes)),
            _ => {
                let all = defaults.edge.iter().cloned().chain(attributes).collect();
                for ((arrow, span), ends) in arrows.iter().zip(chain.windows(2)) {
                    for &a in &ends[0] {
                        for &b in &ends[1] {
                            self.edge((a, b), arrow, *span, &all)?;
                        }
                    }
                }
            }
        }
        inside.extend(chain.into_iter().flatten());
        Ok(())
    }

    /// A variable, or the variables of a subgraph, each once.
    fn operand(&mut self, defaults: &Defaults) -> Result<Vec<usize>, Diagnostic> {
        let named = self.is_keyword(&["subgraph"]);
        self.at += usize::from(named);
        if named && !self.is("{") {
            self.word("`{`")?;
        }
        if !self.is("{") && !named {
            let first = self.word("a variable")?;
            return Ok(vec![self.vertex(&first, defaults)?]);
        }
        let mut all = Vec::new();
        self.block(&mut defaults.clone(), &mut all)?;
        let mut seen = FxHashSet::default();
        all.retain(|v| seen.insert(*v));
        Ok(all)
    }

    fn arrow(&mut self) -> Option<(String, Span)> {
        let is_arrow = |t: &&Token| ["->", "<-", "<->", "--"].contains(&t.text.as_str());
        let token = self.peek().filter(|t| t.sort == Sort::Mark).filter(is_arrow)?;
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
        let says = |key: &str| attributes.iter().rfind(|(k, _, _)| k == key);
        let dir = says("dir").map(|(_, value, _)| value.to_lowercase());
        let (from, to, directed) = match (arrow, dir.as_deref()) {
            ("<->" | "--", _) | (_, Some("both" | "none")) => (a.min(b), a.max(b), false),
            ("<-", _) | (_, Some("back")) => (b, a, true),
            _ => (a, b, true),
        };
        let name = |v: usize| &self.vertices[v].name;
        if from == to && directed {
            let message = format!("`{}` cannot be an effect of itself", name(from));
            return Err(Diagnostic::error(Kind::Domain, span, message));
        }
        if !self.known.insert((from, to, directed)) {
            if self.strict {
                return Ok(());
            }
            let sign = if directed { "->" } else { "<->" };
            let message = format!("`{} {sign} {}` is written twice", name(from), name(to));
            return Err(Diagnostic::error(Kind::Name, span, message));
        }
        let mut draft = Draft { from, to, directed, label: None, constant: None, start: None };
        if let Some((_, text, span)) = says("label") {
            let letter = |c: char| c.is_alphanumeric() || c == '_';
            match Number::from_decimal(text.strip_prefix('-').unwrap_or(text)) {
                Some(value) => {
                    draft.constant = Some(if text.starts_with('-') { -&value } else { value });
                }
                // An empty label is none.
                None if text.trim().is_empty() => {}
                None if text.starts_with(|c: char| letter(c) && !c.is_numeric())
                    && text.chars().all(letter) =>
                {
                    draft.label = Some(text.clone());
                }
                None => {
                    let message = format!("`{text}` is neither a label nor a value");
                    return Err(Diagnostic::error(Kind::Syntax, *span, message)
                        .help("a label is a name for the coefficient, as in [label=b]; what an arrow is called in a picture may be its `xlabel`"));
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

    fn vertex(&mut self, token: &Token, defaults: &Defaults) -> Result<usize, Diagnostic> {
        // A port `x:n` says where an arrow ends in a picture.
        while self.take(":") {
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
        let mut vertex = Drawn { name: token.text.clone(), latent: None, round: false };
        vertex.take(&defaults.node);
        self.vertices.push(vertex);
        self.places.insert(token.text.clone(), next);
        Ok(next)
    }
}
