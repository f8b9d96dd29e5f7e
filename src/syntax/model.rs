//! The parser of model blocks.
//!
//! ```text
//! ode decay
//!   parameter k = 0.3
//!   state A = 1
//!   A' = -k*A
//!   simulate t = 0..10
//! end
//! ```

pub use super::block::*;
use super::definition::{definition, settings};
use super::expression::Reader;
use super::tree::{Id, Range, Tree};
use super::{lexeme, reaction, sem};
use crate::text::{Diagnostic, Kind, Limits, Source, Span, nearest};

/// Block keywords and what they open.
pub const BLOCKS: &[(&str, BlockKind)] =
    &[("ode", BlockKind::Ode), ("network", BlockKind::Network), ("sem", BlockKind::Sem)];

/// Statement keywords and the role of what they declare.
const ROLES: &[(&str, Role)] = &[
    ("size", Role::Size),
    ("parameter", Role::Parameter),
    ("state", Role::State),
    ("species", Role::Species),
    ("fixed", Role::Fixed),
    ("initial", Role::Initial),
    ("let", Role::Let),
    ("observe", Role::Observe),
];

/// Words that begin a statement, for suggestions and for the end of an unclosed bracket.
fn statement_words() -> impl Iterator<Item = &'static str> {
    let blocks = BLOCKS.iter().map(|(w, _)| *w);
    blocks.chain(ROLES.iter().map(|(w, _)| *w)).chain(["when", "simulate", "end"])
}

/// Parses a model file.
///
/// # Errors
/// All syntax errors of the file and what could be read in spite of them.
pub fn parse(source: &Source, limits: &Limits) -> Result<ModelText, Box<Failed>> {
    let mut parser = Parser { blocks: Vec::new(), open: None, skipping: false, errors: Vec::new() };
    let mut read_to = 0;
    let mut tree = Tree::new();
    if let Err(e) = limits.check_bytes(source.text().len()) {
        parser.errors.push(e);
    } else {
        let mut reader = Reader::new(source.text(), 0, &mut tree, limits);
        let words: Vec<&str> = statement_words().collect();
        for line in logical_lines(source.text(), &words) {
            if line.start < read_to {
                continue;
            }
            reader.within(line.start as usize, line.end as usize);
            parser.line(&mut reader, line);
            if let Some(block) = &mut parser.open
                && block.kind == BlockKind::Sem
            {
                let within = Span::new(line.end as usize, end_of(source.text(), line.end as usize));
                let (statements, errors) = sem::read(&mut reader, within, limits);
                block.statements = statements;
                parser.errors.extend(errors);
                read_to = within.end;
            }
            if parser.errors.len() >= limits.errors {
                break;
            }
        }
        parser.finish(source);
    }
    let model = ModelText { tree, blocks: parser.blocks };
    if parser.errors.is_empty() {
        Ok(model)
    } else {
        Err(Box::new(Failed { diagnostics: parser.errors, partial: model }))
    }
}

/// Stretches of text that hold one statement each: lines, joined while a bracket is open, after
/// an operator, a comma or a backslash. Comments alone give nothing.
///
/// A statement that is not complete does not swallow a line that begins with one of `words`.
pub fn logical_lines(text: &str, words: &[&str]) -> Vec<Span> {
    let mut lines = Vec::new();
    let (mut start, mut depth, mut continues) = (None::<usize>, 0usize, false);
    let mut end = 0;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let code = without_comment(line);
        let trimmed = code.trim();
        // `end` or `state x`; a variable of that name is followed by something else.
        let word = trimmed.find(|c| !lexeme::continues_name(c)).unwrap_or(trimmed.len());
        let after = trimmed[word..].trim_start();
        let keyword = words.contains(&&trimmed[..word])
            && (after.is_empty() || after.starts_with(lexeme::begins_name));
        if let Some(begin) = start
            && (keyword || !(continues || depth > 0))
        {
            lines.push(Span::new(begin, end));
            (start, depth) = (None, 0);
        }
        if !trimmed.is_empty() {
            start = start.or(Some(offset + code.len() - code.trim_start().len()));
            for c in trimmed.chars() {
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            continues = trimmed.ends_with(['\\', ',', '+', '-', '*', '/', '^', '=', '<', '>'])
                || ["and", "or", "not"].iter().any(|w| {
                    trimmed.strip_suffix(w).is_some_and(|r| !r.ends_with(lexeme::continues_name))
                });
            end = offset + code.trim_end().len();
        }
        offset += line.len();
    }
    if let Some(begin) = start {
        lines.push(Span::new(begin, end));
    }
    lines
}

/// Where the line `end` begins after a place; the end of the text when there is none.
fn end_of(text: &str, from: usize) -> usize {
    let mut lines = text[from..].split_inclusive('\n');
    let before = lines.by_ref().take_while(|line| without_comment(line).trim() != "end");
    from + before.map(str::len).sum::<usize>()
}

/// The line up to a `#` that is not inside quotes.
fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

/// A word after blanks.
///
/// # Errors
/// When something else stands there.
pub(super) fn word(reader: &mut Reader<'_>, expected: &str) -> Result<Word, Diagnostic> {
    reader.skip_blank();
    let start = reader.at;
    match reader.take(lexeme::name) {
        Some(text) => Ok(Word { text: text.to_owned(), span: Span::new(start, reader.at) }),
        None => Err(reader.unexpected(expected)),
    }
}

struct Parser {
    blocks: Vec<Block>,
    open: Option<Block>,
    /// Within a block whose kind is unknown.
    skipping: bool,
    errors: Vec<Diagnostic>,
}

impl Parser {
    fn line(&mut self, reader: &mut Reader<'_>, line: Span) {
        let mut statements = Vec::new();
        let outcome = self.statement(reader, line, &mut statements).and_then(|()| {
            reader.skip_blank();
            if reader.rest().is_empty() {
                Ok(())
            } else {
                Err(reader.unexpected("the end of the statement"))
            }
        });
        if let Some(block) = &mut self.open {
            block.statements.append(&mut statements);
        }
        self.errors.extend(outcome.err());
    }

    fn statement(
        &mut self,
        reader: &mut Reader<'_>,
        line: Span,
        statements: &mut Vec<Statement>,
    ) -> Result<(), Diagnostic> {
        if let Some(block) = &self.open
            && is_reaction(reader)
        {
            if block.kind == BlockKind::Network {
                return reaction::statements(reader, line, statements);
            }
            let message = "a reaction stands in a block `network`";
            reader.at = line.end as usize;
            return Err(Diagnostic::error(Kind::Syntax, line, message)
                .help("begin the block with `network NAME`; it may hold equations as well"));
        }
        if (self.open.is_some() || self.skipping)
            && let Some(zero) = zero(reader)
        {
            if self.open.is_none() {
                reader.at = line.end as usize;
                return Ok(());
            }
            let declaration = declaration(reader, Role::Algebraic, zero)?;
            statements.push(Statement { content: Content::Declaration(declaration), span: line });
            return Ok(());
        }
        let first = word(reader, "a statement")?;
        let after = reader.at;
        reader.skip_blank();
        // A keyword is followed by a name; `state = 1` or `end' = …` is about a variable.
        let named = reader.rest().starts_with(lexeme::begins_name);
        let alone = reader.rest().is_empty();
        reader.at = after;
        if let Some((_, kind)) = BLOCKS.iter().find(|(w, _)| *w == first.text)
            && (named || alone)
        {
            return self.begin(reader, first, *kind, named);
        }
        if first.text == "end" && alone {
            return match self.open.take() {
                Some(block) => {
                    self.blocks.push(Block { span: block.span.to(first.span), ..block });
                    Ok(())
                }
                None if std::mem::take(&mut self.skipping) => Ok(()),
                None => {
                    Err(Diagnostic::error(Kind::Syntax, first.span, "`end` without a block to end"))
                }
            };
        }
        if self.open.is_none() {
            if self.skipping {
                // What follows an unknown block says nothing new until it ends.
                reader.at = line.end as usize;
                return Ok(());
            }
            self.skipping = true;
            reader.at = line.end as usize;
            let blocks: Vec<&str> = BLOCKS.iter().map(|(w, _)| *w).collect();
            return Err(Diagnostic::error(
                Kind::Syntax,
                first.span,
                format!("expected a block such as `{} NAME`, found `{}`", blocks[0], first.text),
            )
            .did_you_mean(nearest(&first.text, blocks)));
        }
        if first.text == "simulate" && (named || alone) {
            let settings = settings(reader)?;
            statements.push(Statement { content: Content::Simulate(settings), span: line });
            return Ok(());
        }
        // A condition may begin with a bracket, as the arguments of a function `when` do.
        if first.text == "when" && (named || reader.rest().contains('{')) {
            let event = when(reader)?;
            statements.push(Statement { content: Content::When(event), span: line });
            return Ok(());
        }
        let kind = self.open.as_ref().map(|b| b.kind);
        if let Some((_, role)) = ROLES.iter().find(|(w, _)| *w == first.text)
            && named
        {
            if is_chemical(*role) && kind != Some(BlockKind::Network) {
                let message = format!("`{}` stands in a block `network`", first.text);
                reader.at = line.end as usize;
                return Err(Diagnostic::error(Kind::Syntax, first.span, message).help(
                    "begin the block with `network NAME`, or declare a `state` with its equation",
                ));
            }
            return declarations(reader, *role, statements);
        }
        if named {
            let chemical = kind == Some(BlockKind::Network);
            let roles = ROLES.iter().filter(|(_, role)| chemical || !is_chemical(*role));
            let listed: Vec<&str> =
                roles.map(|(w, _)| *w).chain(["when", "simulate", "end"]).collect();
            let more = if chemical { ", reactions `A + B -> C, k`" } else { "" };
            return Err(Diagnostic::error(
                Kind::Syntax,
                first.span,
                format!("unknown statement `{}`", first.text),
            )
            .did_you_mean(nearest(&first.text, statement_words()))
            .note(format!(
                "statements are {}{more}, equations `x' = …` and `0 = …`, and functions `f(x) = …`",
                listed.join(", ")
            )));
        }
        let definition = definition(reader, first, line);
        statements.push(match kind {
            Some(BlockKind::Network) => definition.map_err(|e| e.note(reaction::FORM))?,
            _ => definition?,
        });
        Ok(())
    }

    fn begin(
        &mut self,
        reader: &mut Reader<'_>,
        keyword: Word,
        kind: BlockKind,
        named: bool,
    ) -> Result<(), Diagnostic> {
        let name = if named { word(reader, "the name of the model")? } else { keyword.clone() };
        let span = keyword.span.to(name.span);
        self.skipping = false;
        let previous = self.open.replace(Block { kind, name, statements: Vec::new(), span });
        match previous {
            Some(block) => {
                let error = Diagnostic::error(
                    Kind::Syntax,
                    block.span,
                    format!("the block `{}` is not ended", block.name.text),
                )
                .help("end it with a line `end`");
                self.blocks.push(block);
                Err(error)
            }
            None => Ok(()),
        }
    }

    fn finish(&mut self, source: &Source) {
        if let Some(block) = self.open.take() {
            self.errors.push(
                Diagnostic::error(
                    Kind::Syntax,
                    block.span,
                    format!("the block `{}` is not ended", block.name.text),
                )
                .label(format!("no `end` up to line {}", source.line_count()))
                .help("end it with a line `end`"),
            );
            self.blocks.push(block);
        } else if self.blocks.is_empty() && self.errors.is_empty() {
            let at = Span::new(source.text().len(), source.text().len());
            self.errors.push(
                Diagnostic::error(Kind::Syntax, at, "there is no model in this text")
                    .help("a model is a block `ode NAME` … `end`"),
            );
        }
    }
}

/// Whether what is declared takes part in reactions.
fn is_chemical(role: Role) -> bool {
    matches!(role, Role::Species | Role::Fixed)
}

/// Whether a statement is a reaction, and not one that begins with a keyword and a name.
fn is_reaction(reader: &mut Reader<'_>) -> bool {
    reader.skip_blank();
    let text = reader.rest();
    let led = lexeme::name(text).is_ok_and(|(rest, word)| {
        statement_words().any(|w| w == word) && rest.trim_start().starts_with(lexeme::begins_name)
    });
    !led && reaction::begins(text)
}

/// The zero that begins an algebraic equation; nothing is taken when something else stands there.
fn zero(reader: &mut Reader<'_>) -> Option<Word> {
    reader.skip_blank();
    let start = reader.at;
    match reader.take(lexeme::number) {
        Some("0") => Some(Word { text: "0".to_owned(), span: Span::new(start, reader.at) }),
        _ => {
            reader.at = start;
            None
        }
    }
}

/// `name [indices] [= value] [for ranges] [periodic]`, several after commas. The last `for` of a
/// line also binds the indices of those before it that have none of their own.
fn declarations(
    reader: &mut Reader<'_>,
    role: Role,
    statements: &mut Vec<Statement>,
) -> Result<(), Diagnostic> {
    let first = statements.len();
    loop {
        reader.skip_blank();
        let start = reader.at;
        let name = word(reader, "a name")?;
        let declaration = declaration(reader, role, name)?;
        let span = Span::new(start, reader.at);
        statements.push(Statement { content: Content::Declaration(declaration), span });
        if !reader.symbol(",") {
            break;
        }
    }
    if let Some(Content::Declaration(last)) = statements.last().map(|s| &s.content) {
        let (ranges, periodic) = (last.ranges.clone(), last.periodic);
        for statement in &mut statements[first..] {
            if let Content::Declaration(earlier) = &mut statement.content
                && earlier.ranges.is_empty()
                && binds(reader, &ranges, &earlier.indices)
            {
                earlier.ranges = ranges.clone();
                earlier.periodic = earlier.periodic.or(periodic);
            }
        }
    }
    Ok(())
}

/// Whether one of the indices is made of an index that the ranges bind.
fn binds(reader: &Reader<'_>, ranges: &[Range], indices: &[Id]) -> bool {
    indices.iter().any(|&index| {
        let names = reader.tree.free_names(index);
        names.iter().any(|(name, _)| ranges.iter().any(|r| r.index == *name))
    })
}

/// What follows the name of a declaration.
///
/// # Errors
/// The first place that cannot be read.
pub(super) fn declaration(
    reader: &mut Reader<'_>,
    role: Role,
    name: Word,
) -> Result<Declaration, Diagnostic> {
    let indices = if role == Role::Algebraic { Vec::new() } else { indices(reader)? };
    if role == Role::Derivative && !reader.symbol("'") {
        return Err(reader.unexpected("`'`"));
    }
    let value = if reader.symbol("=") { Some(reader.expression(0)?) } else { None };
    if matches!(role, Role::Derivative | Role::Algebraic | Role::Reset) && value.is_none() {
        let error = reader.unexpected("`=`");
        return Err(match reader.rest().starts_with('\'') {
            true => error.help("write a second derivative as two equations: `x' = v`, `v' = …`"),
            false => error,
        });
    }
    let mut ranges = Vec::new();
    if reader.keyword("for") {
        ranges.push(reader.range()?);
        while another_range(reader) {
            ranges.push(reader.range()?);
        }
    }
    let after = reader.at;
    reader.skip_blank();
    let at = reader.at;
    if role == Role::Reset {
        reader.at = after;
        return Ok(Declaration { role, name, indices, value, ranges, periodic: None });
    }
    let periodic = role != Role::Algebraic && reader.keyword("periodic");
    let periodic = periodic.then(|| Span::new(at, reader.at));
    Ok(Declaration { role, name, indices, value, ranges, periodic })
}

/// `condition { reset, …, stop }` after `when`; commas may be left out at the ends of lines.
fn when(reader: &mut Reader<'_>) -> Result<WhenText, Diagnostic> {
    let condition = reader.expression(0)?;
    reader.skip_blank();
    let open = Span::new(reader.at, reader.at + 1);
    if !reader.symbol("{") {
        return Err(reader
            .unexpected("an operator or `{`")
            .help("an event reads `when x < 0 { x = 1 }` or `when x < 0 { stop }`"));
    }
    let mut event = WhenText { condition, resets: Vec::new(), stop: false };
    while !reader.symbol("}") {
        reader.skip_blank();
        if reader.rest().is_empty() {
            let message = "the `{` of this event is not closed";
            return Err(Diagnostic::error(Kind::Syntax, open, message).help("close it with `}`"));
        }
        let name = word(reader, "a state to set, `stop` or `}`")?;
        let after = reader.at;
        reader.skip_blank();
        if name.text == "stop" && !reader.rest().starts_with(['=', '[']) {
            reader.at = after;
            event.stop = true;
        } else {
            let stop = nearest(&name.text, ["stop"]);
            let reset = declaration(reader, Role::Reset, name).map_err(|e| e.did_you_mean(stop));
            event.resets.push(reset?);
        }
        if reader.symbol(",") {
            reader.skip_blank();
            if reader.rest().starts_with('}') {
                return Err(reader.unexpected("a state to set or `stop`"));
            }
        }
    }
    Ok(event)
}

/// Takes a comma when `name in` follows it, and not the next declaration.
pub(super) fn another_range(reader: &mut Reader<'_>) -> bool {
    let before = reader.at;
    if reader.symbol(",") {
        let after = reader.at;
        reader.skip_blank();
        let range = reader.take(lexeme::name).is_some() && reader.keyword("in");
        reader.at = after;
        if range {
            return true;
        }
    }
    reader.at = before;
    false
}

/// The indices after a name, none without a bracket.
///
/// # Errors
/// The first place that cannot be read.
pub(super) fn indices(reader: &mut Reader<'_>) -> Result<Vec<Id>, Diagnostic> {
    let mut indices = Vec::new();
    if reader.symbol("[") {
        loop {
            indices.push(reader.expression(0)?);
            if reader.symbol("]") {
                break;
            }
            if !reader.symbol(",") {
                return Err(reader.unexpected("an operator, `,` or `]`"));
            }
        }
    }
    Ok(indices)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> ModelText {
        let source = Source::new("test.model", text);
        parse(&source, &Limits::default()).unwrap_or_else(|f| {
            panic!("{}", f.diagnostics.iter().map(|d| d.render(&source, false)).collect::<String>())
        })
    }

    #[test]
    fn statements_are_read() {
        let model = parsed(
            "# a comment\node m\n  size N = 4\n  parameter a = 1, b = 2 # two\n  state x[i] = if(i == 1,\n   2, 3) for i in 1..N periodic\n  x[i]' = a*x[i+1] - \n    b*sum(x[j] for j in 1..N) for i in 1..N\n  f(u, v) = u*v\n  g(t) = table(\"g.csv\")\n  observe total = sum(x[i] for i in 1..N)\n  simulate t = 0..1e5, points = 200 log, method = auto\nend\n",
        );
        assert_eq!(model.blocks.len(), 1);
        assert_eq!(model.blocks[0].statements.len(), 9);
    }

    #[test]
    fn all_errors_are_reported() {
        let text =
            "ode m\n  stat y = 2\n  x' = 1 +* 2\n  parameter = 3\n  state x = (1\n  let a = 1\n";
        let failed = parse(&Source::new("bad.model", text), &Limits::default()).unwrap_err();
        assert_eq!(failed.diagnostics.len(), 5, "{:#?}", failed.diagnostics);
    }
}
