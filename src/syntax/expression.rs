//! The parser of infix expressions: operands and operators on explicit stacks, no recursion.
//!
//! Lexemes are nom parsers; precedence comes from `grammar/operators.txt`. An expression ends
//! where neither an operator nor an open bracket can go on, and the caller decides what may
//! follow.

use nom::Parser;
use nom::combinator::opt;

use super::lexeme::{self, Parsed};
use super::operators::{Associativity, Fixity, Operator};
use super::tree::{Id, Item, Name, Range, Tree};
use crate::term::Number;
use crate::text::{Diagnostic, Kind, Limits, Source, Span};

/// Parses a whole source as one expression into `tree`.
///
/// # Errors
/// One `syntax_error` or `resource_error` at the first place that cannot be read.
pub fn parse(source: &Source, tree: &mut Tree, limits: &Limits) -> Result<Id, Vec<Diagnostic>> {
    let text = source.text();
    let mut reader = Reader::new(text, text.len(), tree, limits);
    let whole = limits.check_bytes(text.len()).and_then(|()| {
        let root = reader.expression(0)?;
        reader.skip_blank();
        if reader.at < text.len() {
            return Err(reader.unexpected("an operator or the end"));
        }
        Ok(root)
    });
    whole.map_err(|e| vec![e])
}

/// Reads expressions from a part of a text into a tree.
pub struct Reader<'t> {
    text: &'t str,
    /// The byte that is read next.
    pub at: usize,
    end: usize,
    /// Where items go.
    pub tree: &'t mut Tree,
    limits: &'t Limits,
    /// Digits of long numbers so far.
    digits: usize,
    /// What else is read, and how.
    pub dialect: Dialect,
}

/// Kinds of text whose expressions differ in a few signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// Models and the prompt.
    Model,
    /// Rules: `?x` is an operand, and `=>` ends an expression.
    Rules,
    /// Structural equation models: dots may stand in names, as in R, and `!` begins a comment.
    Lavaan,
    /// BioNetGen: logic is written `&&`, `||` and `!`, and no word is reserved.
    BioNetGen,
}

/// Operators that BioNetGen writes otherwise.
const BIONETGEN: [(&str, &str); 4] = [("&&", "and"), ("||", "or"), ("~=", "!="), ("!", "not")];

/// Characters that are written elsewhere, and what means the same here.
const LOOKALIKES: &[(&str, &str)] = &[
    ("·×⋅∙•", "a product as `x*y`"),
    ("÷", "a quotient as `x/y`"),
    ("−–—", "a minus as `-`"),
    ("⁰¹²³⁴⁵⁶⁷⁸⁹", "a power as `x^2`"),
    ("√", "a root as `sqrt(x)`"),
    ("∛", "a cube root as `cbrt(x)`"),
    ("½⅓⅔¼¾", "a fraction as `1/2`"),
    ("≤", "`<=`"),
    ("≥", "`>=`"),
    ("≠", "`!=`"),
    ("∧&", "`and`"),
    ("∨|", "`or`"),
    ("¬!", "`not`"),
    ("=", "a comparison as `x == y`"),
    ("₀₁₂₃₄₅₆₇₈₉", "an index as `x_1`"),
    (",", "a decimal with a point, as `1.5`"),
    ("∞", "a large number: there is no infinity"),
    ("→⟶", "an arrow as `->`"),
    ("⇒⟹", "an arrow as `=>`"),
    ("⇌↔⇄⟷", "an arrow as `<->`"),
    ("⇔⟺", "an arrow as `<=>`"),
    ("∅⌀", "nothing as `0`"),
];

/// Numbers of so many digits fit a machine word; only longer ones take more than linear time.
const WORD: usize = 18;

/// What is open around the place that is read.
enum Frame {
    Prefix(Operator, usize),
    Infix(Operator),
    Group(usize),
    Call(Name, usize, Vec<Id>),
    Element(Name, usize, Vec<Id>),
    Ranges(Name, usize, Id, Vec<Range>, Pending),
}

/// A range whose ends are being read.
struct Pending {
    index: Name,
    index_span: Span,
    from: Option<Id>,
}

impl<'t> Reader<'t> {
    /// A reader of `text[..end]` from its start.
    pub fn new(text: &'t str, end: usize, tree: &'t mut Tree, limits: &'t Limits) -> Reader<'t> {
        Reader { text, at: 0, end, tree, limits, digits: 0, dialect: Dialect::Model }
    }

    /// Reads on in another stretch of the same text.
    pub fn within(&mut self, start: usize, end: usize) {
        (self.at, self.end) = (start, end);
    }

    /// The whole text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// What is left to read.
    pub fn rest(&self) -> &'t str {
        &self.text[self.at..self.end]
    }

    /// Skips blanks, comments and line breaks.
    pub fn skip_blank(&mut self) {
        if self.rest().starts_with([' ', '\t', '\r', '\n', '#', '\\']) {
            let _ = self.take(lexeme::blank);
        }
        while self.dialect == Dialect::Lavaan
            && self.rest().starts_with('!')
            && !self.rest().starts_with("!=")
        {
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            let _ = self.take(lexeme::blank);
        }
    }

    /// Takes a lexeme from the front, if it is there.
    pub fn take<T>(&mut self, lexeme: impl Fn(&'t str) -> Parsed<'t, T>) -> Option<T> {
        let rest = self.rest();
        let (after, value) = lexeme(rest).ok()?;
        self.at += rest.len() - after.len();
        Some(value)
    }

    /// Takes a symbol after blanks, if it is there.
    pub fn symbol(&mut self, text: &'static str) -> bool {
        self.skip_blank();
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    /// Takes a word after blanks, if it is that one.
    pub fn keyword(&mut self, text: &'static str) -> bool {
        self.skip_blank();
        self.take(lexeme::keyword(text)).is_some()
    }

    /// The error that something else was expected here.
    pub fn unexpected(&self, expected: &str) -> Diagnostic {
        let found = self.rest().chars().next();
        let len = found.map_or(0, char::len_utf8);
        let what = match found {
            None => "the end".to_owned(),
            Some('\n') => "the end of the line".to_owned(),
            Some(c) if c.is_control() => format!("the character U+{:04X}", u32::from(c)),
            Some(_) => match lexeme::word(self.rest()) {
                Ok((_, word)) => format!("`{word}`"),
                Err(_) => format!("`{}`", &self.rest()[..len]),
            },
        };
        let error = Diagnostic::error(
            Kind::Syntax,
            Span::new(self.at, self.at + len),
            format!("expected {expected}, found {what}"),
        );
        let operand = |c: char| lexeme::begins_name(c) || c.is_ascii_digit() || c == '(';
        let complete = expected.starts_with("an operator") || expected.starts_with("the end");
        match found {
            Some(_) if complete && what == "`if`" => {
                error.help("choose between values with `if(condition, a, b)`")
            }
            Some(c) if complete && operand(c) => {
                error.help("a product needs `*` and a function brackets, as in `2*sin(x)`")
            }
            Some('*') if self.text[..self.at].ends_with('*') => error.help("a power is `x^2`"),
            Some(c) if complete || !matches!(c, ',' | '=') => {
                match LOOKALIKES.iter().find(|(written, _)| written.contains(c)) {
                    Some((_, meant)) => error.help(format!("write {meant}")),
                    None => error,
                }
            }
            _ => error,
        }
    }

    /// Reads one expression whose operators bind tighter than `least`.
    ///
    /// # Errors
    /// The first place that cannot be read, or the limit that was passed.
    pub fn expression(&mut self, least: u8) -> Result<Id, Diagnostic> {
        let (mut operands, mut frames): (Vec<Id>, Vec<Frame>) = (Vec::new(), Vec::new());
        let mut open = 0usize;
        loop {
            // An operand: prefix operators and opening brackets, then a number or a name.
            self.skip_blank();
            let start = self.at;
            if open > self.limits.nesting {
                let span = Span::new(start, start);
                return Err(Limits::exceeded(
                    "nesting",
                    self.limits.nesting,
                    "nested brackets",
                    Some(span),
                ));
            }
            if self.tree.len() >= self.limits.items {
                let span = Span::new(start, start);
                return Err(Limits::exceeded(
                    "items",
                    self.limits.items,
                    "items in one text",
                    Some(span),
                ));
            }
            if let Some((operator, len)) = self.operator(Fixity::Prefix) {
                self.at += len;
                frames.push(Frame::Prefix(operator, start));
                continue;
            }
            if self.symbol("(") {
                open += 1;
                frames.push(Frame::Group(start));
                continue;
            }
            if let Some(id) = self.literal()? {
                operands.push(id);
            } else if let Some(word) = self.take_name() {
                let name = self.tree.intern(word);
                let after = self.at;
                if self.symbol("(") {
                    open += 1;
                    frames.push(Frame::Call(name, start, Vec::new()));
                    self.skip_blank();
                    if !self.rest().starts_with(')') {
                        continue;
                    }
                } else if self.symbol("[") {
                    open += 1;
                    frames.push(Frame::Element(name, start, Vec::new()));
                    continue;
                } else {
                    self.at = after;
                    operands.push(self.tree.push(Item::Name(name), Span::new(start, after)));
                }
            } else if self.dialect == Dialect::Rules && self.take(lexeme::symbol("?")).is_some() {
                let Some(word) = self.take(lexeme::word) else {
                    return Err(self.unexpected("the name of a pattern variable"));
                };
                let name = self.tree.intern(word);
                operands.push(self.tree.push(Item::Pattern(name), Span::new(start, self.at)));
            } else {
                return Err(self.unexpected("a number, a name or a bracket"));
            }
            // What follows an operand: closing brackets, then an operator or the end.
            if !self.follow(&mut operands, &mut frames, &mut open, least)? {
                return Ok(operands[0]);
            }
        }
    }

    /// Reads what follows an operand; whether another operand must come.
    fn follow(
        &mut self,
        operands: &mut Vec<Id>,
        frames: &mut Vec<Frame>,
        open: &mut usize,
        least: u8,
    ) -> Result<bool, Diagnostic> {
        loop {
            let end = self.at;
            self.skip_blank();
            let rest = self.rest();
            let arrow = self.dialect == Dialect::Rules
                && (rest.starts_with("=>") || rest.starts_with("<=>"));
            if !arrow && let Some((operator, len)) = self.operator(Fixity::Infix) {
                let row = operator.row();
                if *open > 0 || row.precedence > least {
                    let tighter = match row.associativity {
                        Associativity::Left => row.precedence,
                        Associativity::Right => row.precedence + 1,
                    };
                    self.reduce(operands, frames, tighter);
                    self.at += len;
                    frames.push(Frame::Infix(operator));
                    return Ok(true);
                }
            }
            self.reduce(operands, frames, 0);
            if *open == 0 {
                self.at = end;
                return Ok(false);
            }
            let Some(frame) = frames.pop() else {
                return Ok(false);
            };
            let value = |operands: &mut Vec<Id>| operands.pop();
            match frame {
                Frame::Group(_) if self.symbol(")") => *open -= 1,
                Frame::Call(name, start, mut args) => {
                    args.extend(self.argument(operands, start));
                    if self.symbol(")") {
                        *open -= 1;
                        let args = self.tree.push_arguments(&args);
                        let span = Span::new(start, self.at);
                        operands.push(self.tree.push(Item::Call(name, args), span));
                    } else if self.symbol(",") {
                        frames.push(Frame::Call(name, start, args));
                        return Ok(true);
                    } else if args.len() == 1 && self.keyword("for") {
                        let pending = self.range_head()?;
                        frames.push(Frame::Ranges(name, start, args[0], Vec::new(), pending));
                        return Ok(true);
                    } else {
                        return Err(self.unclosed(start, "an operator, `,` or `)`"));
                    }
                }
                Frame::Element(name, start, mut args) => {
                    args.extend(value(operands));
                    if self.symbol("]") {
                        *open -= 1;
                        let args = self.tree.push_arguments(&args);
                        let span = Span::new(start, self.at);
                        operands.push(self.tree.push(Item::Element(name, args), span));
                    } else if self.symbol(",") {
                        frames.push(Frame::Element(name, start, args));
                        return Ok(true);
                    } else {
                        return Err(self.unclosed(start, "an operator, `,` or `]`"));
                    }
                }
                Frame::Ranges(name, start, body, mut ranges, mut pending) => {
                    let Some(bound) = value(operands) else {
                        return Err(self.unexpected("a range"));
                    };
                    let Some(from) = pending.from else {
                        if !self.symbol("..") {
                            return Err(self.unexpected("`..`"));
                        }
                        pending.from = Some(bound);
                        frames.push(Frame::Ranges(name, start, body, ranges, pending));
                        return Ok(true);
                    };
                    let Pending { index, index_span, .. } = pending;
                    ranges.push(Range { index, index_span, from, to: bound });
                    if self.symbol(",") {
                        let pending = self.range_head()?;
                        frames.push(Frame::Ranges(name, start, body, ranges, pending));
                        return Ok(true);
                    }
                    if !self.symbol(")") {
                        return Err(self.unclosed(start, "an operator, `,` or `)`"));
                    }
                    *open -= 1;
                    let ranges = self.tree.push_ranges(ranges);
                    let span = Span::new(start, self.at);
                    operands.push(self.tree.push(Item::Reduce(name, body, ranges), span));
                }
                Frame::Group(start) => return Err(self.unclosed(start, "an operator or `)`")),
                Frame::Prefix(..) | Frame::Infix(_) => {}
            }
        }
    }

    /// The operator that comes next, and the length of its sign.
    fn operator(&self, fixity: Fixity) -> Option<(Operator, usize)> {
        let rest = self.rest();
        if self.dialect != Dialect::BioNetGen {
            return Operator::at_start(rest, fixity);
        }
        // Words are names here, and the signs of logic stand for the words of the table.
        let other = BIONETGEN.iter().find(|(sign, _)| rest.starts_with(sign));
        let meant = other.filter(|(sign, _)| *sign != "!" || !rest.starts_with("!="));
        match meant {
            Some((sign, word)) => Operator::at_start(word, fixity).map(|(o, _)| (o, sign.len())),
            None => Operator::at_start(rest, fixity).filter(|(o, _)| !o.row().is_word()),
        }
    }

    fn take_name(&mut self) -> Option<&'t str> {
        match self.dialect {
            Dialect::BioNetGen => self.take(lexeme::word),
            Dialect::Lavaan => self.take(lexeme::dotted_name),
            _ => self.take(lexeme::name),
        }
    }

    /// The argument that was just read; none for `f()`.
    fn argument(&self, operands: &mut Vec<Id>, start: usize) -> Option<Id> {
        let read = operands.last().is_some_and(|&id| self.tree.span(id).start as usize > start);
        if read { operands.pop() } else { None }
    }

    /// Builds items of waiting operators that bind at least as tight as `least`.
    fn reduce(&mut self, operands: &mut Vec<Id>, frames: &mut Vec<Frame>, least: u8) {
        loop {
            match frames.last() {
                Some(&Frame::Prefix(operator, start)) if operator.row().precedence >= least => {
                    let Some(a) = operands.pop() else { return };
                    let span = Span::new(start, self.tree.span(a).end as usize);
                    operands.push(self.tree.push(Item::Prefix(operator, a), span));
                }
                Some(&Frame::Infix(operator)) if operator.row().precedence >= least => {
                    let (Some(b), Some(a)) = (operands.pop(), operands.pop()) else {
                        return;
                    };
                    let span = self.tree.span(a).to(self.tree.span(b));
                    operands.push(self.tree.push(Item::Infix(operator, a, b), span));
                }
                _ => return,
            }
            frames.pop();
        }
    }

    /// `i in`, before the ends of a range.
    fn range_head(&mut self) -> Result<Pending, Diagnostic> {
        let (index, index_span) = self.range_index()?;
        Ok(Pending { index, index_span, from: None })
    }

    fn range_index(&mut self) -> Result<(Name, Span), Diagnostic> {
        self.skip_blank();
        let start = self.at;
        let Some(word) = self.take(lexeme::name) else {
            return Err(self.unexpected("the name of an index"));
        };
        let (index, span) = (self.tree.intern(word), Span::new(start, self.at));
        if !self.keyword("in") {
            return Err(self.unexpected("`in`"));
        }
        Ok((index, span))
    }

    /// `i in from..to`, outside of brackets.
    ///
    /// # Errors
    /// The first place that cannot be read.
    pub fn range(&mut self) -> Result<Range, Diagnostic> {
        let (index, index_span) = self.range_index()?;
        let (from, to) = self.bounds()?;
        Ok(Range { index, index_span, from, to })
    }

    /// Whether so many indices may be bound around a place.
    ///
    /// # Errors
    /// When there are more than the limit.
    pub fn check_indices(&self, count: usize, at: Span) -> Result<(), Diagnostic> {
        let most = self.limits.indices;
        if count <= most {
            return Ok(());
        }
        Err(Limits::exceeded("indices", most, "nested indices", Some(at)))
    }

    /// `from..to`.
    ///
    /// # Errors
    /// The first place that cannot be read.
    pub fn bounds(&mut self) -> Result<(Id, Id), Diagnostic> {
        let from = self.expression(0)?;
        if !self.symbol("..") {
            return Err(self.unexpected("`..`"));
        }
        Ok((from, self.expression(0)?))
    }

    /// A number, within the limits on digits.
    fn literal(&mut self) -> Result<Option<Id>, Diagnostic> {
        let start = self.at;
        if !self.rest().starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return Ok(None);
        }
        let Some(text) = self.take(lexeme::number) else {
            return Ok(None);
        };
        let span = Span::new(start, self.at);
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
        // Ten digits of an exponent are beyond every limit already.
        let power: usize =
            if exponent.len() > 9 { usize::MAX / 4 } else { exponent.parse().unwrap_or(0) };
        let digits = mantissa.len() + power;
        if digits > WORD {
            self.digits += digits;
        }
        if digits > self.limits.digits {
            return Err(Limits::exceeded(
                "digits",
                self.limits.digits,
                "digits in a number",
                Some(span),
            ));
        }
        if self.digits > self.limits.all_digits {
            let most = self.limits.all_digits;
            return Err(Limits::exceeded("all_digits", most, "digits in long numbers", Some(span)));
        }
        match Number::from_decimal(text) {
            Some(n) => Ok(Some(self.tree.push(Item::Number(n), span))),
            None => Err(Limits::exceeded(
                "digits",
                self.limits.digits,
                "digits in a number",
                Some(span),
            )),
        }
    }

    fn unclosed(&self, start: usize, expected: &str) -> Diagnostic {
        let opening = self.text[start..].find(['(', '[']).map_or(start, |k| start + k);
        let line = 1 + self.text[..opening].matches('\n').count();
        let column = self.text[..opening].chars().rev().take_while(|&c| c != '\n').count() + 1;
        self.unexpected(expected)
            .note(format!("the bracket opened at {line}:{column} is not closed"))
    }
}

/// Whether a text is one name and nothing else.
pub fn is_name(text: &str) -> bool {
    opt(lexeme::name).parse(text).is_ok_and(|(rest, found)| rest.is_empty() && found.is_some())
}
